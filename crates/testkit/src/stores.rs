//! A fresh store per test: SQLite in a temporary folder, PostgreSQL in a database of its own on the server
//! that `CENTRALITA_TEST_POSTGRES` names.

use db::{PostgresOptions, SqliteOptions, Store};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// The engines every suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// The server of the tests.
    Postgres,
}

/// Both.
pub const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A store that nothing else uses, with the folder it lives in.
pub struct Ephemeral {
    /// The store, migrated.
    pub store: Store,
    /// A folder for files, gone with this value.
    pub folder: TempDir,
    /// How to open the same store again.
    pub address: Address,
}

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Address {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A database.
    Postgres(String),
}

impl Address {
    /// Opens the store once more.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Store {
        match self {
            Self::Sqlite(path) => Store::open_sqlite(path, SqliteOptions::default()).await,
            Self::Postgres(url) => Store::open_postgres(url, PostgresOptions::default()).await,
        }
        .expect("the store opens")
    }
}

impl Ephemeral {
    /// A fresh store.
    ///
    /// # Panics
    /// When it cannot be made; for PostgreSQL the message says how to start a server.
    pub async fn new(engine: Engine) -> Self {
        let ephemeral = Self::bare(engine).await;
        ephemeral.store.migrate(store::MIGRATIONS).await.expect("the migrations run");
        ephemeral
    }

    /// A fresh store without any schema.
    ///
    /// # Panics
    /// As [`Ephemeral::new`].
    pub async fn bare(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = match engine {
            Engine::Sqlite => Address::Sqlite(folder.path().join("centralita.db")),
            Engine::Postgres => Address::Postgres(database().await),
        };
        let store = address.open().await;
        Self { store, folder, address }
    }
}

/// A connection to a PostgreSQL database beside the store's own: another client, a test's own trigger.
///
/// # Panics
/// When the address is a file, or nothing answers.
pub async fn stranger(address: &Address) -> tokio_postgres::Client {
    let Address::Postgres(url) = address else { panic!("only PostgreSQL takes a second client") };
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
    // It ends by itself when the client is dropped.
    drop(tokio::spawn(connection));
    client
}

async fn database() -> String {
    let server = std::env::var("CENTRALITA_TEST_POSTGRES").expect(
        "CENTRALITA_TEST_POSTGRES is not set; start a server with `scripts/postgres.sh start DIR PORT` and set it to the URL it prints",
    );
    let (client, connection) = tokio_postgres::connect(&server, NoTls).await.expect("the server of the tests answers");
    let driver = tokio::spawn(connection);
    let name = format!("test_{}", Uuid::now_v7().simple());
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database of its own");
    drop(client);
    driver.await.expect("the connection ends").expect("the connection ends well");
    let (base, _) = server.rsplit_once('/').expect("the URL ends with a database");
    format!("{base}/{name}")
}
