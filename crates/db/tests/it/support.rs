//! Stores for tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use db::{BoxFuture, Error, Kind, Migration, PostgresOptions, Row, Sql, SqliteOptions, Store, Tx, Value};

/// Declares each function as two tests, `name::sqlite` and `name::postgres`.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(crate::support::World::sqlite().await).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(crate::support::World::postgres().await).await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

/// A store that is empty at first and gone with the test.
pub struct World {
    pub store: Store,
    /// The SQLite file; empty on PostgreSQL.
    pub file: PathBuf,
    /// The address of the database; empty on SQLite.
    pub url: String,
    folder: tempfile::TempDir,
}

impl World {
    pub async fn sqlite() -> Self {
        Self::sqlite_with(SqliteOptions::default()).await
    }

    pub async fn sqlite_with(options: SqliteOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("test.db");
        let store = Store::open_sqlite(&file, options).await.expect("sqlite opens");
        Self { store, file, url: String::new(), folder }
    }

    pub async fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = new_database().await;
        let store = open_postgres(&url).await;
        Self { store, file: PathBuf::new(), url, folder }
    }

    /// With the table `notes`, which most tests use.
    pub async fn with_notes(self) -> Self {
        self.store.migrate(&[NOTES]).await.expect("the table is created");
        self
    }

    /// A path in the test's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the same database once more.
    pub async fn reopen(&self) -> Store {
        if self.url.is_empty() {
            Store::open_sqlite(&self.file, SqliteOptions::default()).await.expect("sqlite opens")
        } else {
            open_postgres(&self.url).await
        }
    }
}

/// Drops the test's PostgreSQL database, in a runtime of its own since the test's may be ending.
impl Drop for World {
    fn drop(&mut self) {
        let Some((base, name)) = self.url.rsplit_once('/') else {
            return;
        };
        let (server, name) = (format!("{base}/postgres"), name.to_owned());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                stranger(&server).await.batch_execute(&drop).await.expect("the database is dropped");
            });
        });
        if dropping.join().is_err() && !std::thread::panicking() {
            panic!("the test's database could not be dropped");
        }
    }
}

pub async fn open_postgres(url: &str) -> Store {
    let options = PostgresOptions { connections: 6, ..PostgresOptions::default() };
    Store::open_postgres(url, options).await.expect("postgres opens")
}

/// A connection beside the store's, for what another node would do.
pub async fn stranger(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("postgres answers");
    tokio::spawn(connection);
    client
}

/// Creates an empty database on the test server; its address.
async fn new_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("CENTRALITA_TEST_POSTGRES").expect(
        "CENTRALITA_TEST_POSTGRES is not set; start a server with `scripts/postgres.sh start DIR PORT` \
         and set the variable to the address it prints",
    );
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("db_{}_{number}", std::process::id());
    let client = stranger(&server).await;
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.expect("no leftovers");
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    let (base, _) = server.rsplit_once('/').expect("the address ends with /database");
    format!("{base}/{name}")
}

pub const NOTES: Migration = Migration {
    name: "0001_notes",
    text: "CREATE TABLE notes (id {int} PRIMARY KEY, grp {int} NOT NULL, body {text} NOT NULL,
               version {int} NOT NULL DEFAULT 1, UNIQUE (grp, body)) {strict};
           CREATE TABLE replies (id {int} PRIMARY KEY,
               note {int} NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED) {strict};",
};

pub const ADD: Sql =
    Sql::global("notes.add", "INSERT INTO notes (id, grp, body) VALUES ($1, $2, $3)", &[], "test table");
pub const ADD_REPLY: Sql =
    Sql::global("replies.add", "INSERT INTO replies (id, note) VALUES ($1, $2)", &[], "test table");
pub const COUNT: Sql = Sql::global("notes.count", "SELECT count(*) FROM notes", &[Kind::Int], "test table");
pub const RENAME: Sql = Sql::global(
    "notes.rename",
    "UPDATE notes SET body = $3, version = version + 1 WHERE version = $2 AND id = $1",
    &[],
    "test table",
);
pub const BODIES: Sql = Sql::global("notes.bodies", "SELECT body FROM notes ORDER BY id", &[Kind::Text], "test table");

/// The first column.
pub fn first<T: db::FromValue>(row: &Row<'_>) -> Result<T, Error> {
    row.get(0)
}

/// Body: adds the note `id` to group 1.
pub fn add<'t>(tx: &'t mut Tx<'_>, id: i64) -> BoxFuture<'t, Result<(), Error>> {
    Box::pin(async move {
        let body = format!("note {id}");
        tx.exec_one(&ADD, &[id.into(), 1.into(), body.into()]).await
    })
}

pub async fn count(store: &Store) -> i64 {
    let counted = store.read("count", (), |tx, ()| Box::pin(tx.one(&COUNT, &[], first::<i64>)));
    counted.await.expect("notes can be counted")
}

/// Runs one statement that returns one value.
pub async fn one<T: db::FromValue + Send + 'static>(
    store: &Store,
    sql: &'static Sql,
    params: Vec<Value>,
) -> Result<T, Error> {
    let input = (sql, params);
    store
        .write("one", input, |tx, (sql, params): (&'static Sql, Vec<Value>)| {
            Box::pin(async move { tx.one(sql, &params, first::<T>).await })
        })
        .await
}

/// Runs one statement without a result; how many rows it changed.
pub async fn exec(store: &Store, sql: &'static Sql, params: Vec<Value>) -> Result<u64, Error> {
    let input = (sql, params);
    store
        .write("exec", input, |tx, (sql, params): (&'static Sql, Vec<Value>)| {
            Box::pin(async move { tx.exec(sql, &params).await })
        })
        .await
}
