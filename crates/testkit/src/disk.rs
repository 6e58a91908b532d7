//! A disk that fills up and is freed again, under a store at work.
//!
//! On SQLite the file may not grow beyond what it is, so the next page that is needed is refused by the engine itself.
//! On PostgreSQL a trigger says what the server says of a full disk, SQLSTATE 53100.

use db::{Sql, SqliteOptions, Store};

use crate::stores::{Address, Ephemeral, stranger};

/// Size at which the file of [`roomy`] is full, in pages of 4 KiB.
const PAGES: u32 = 2_048;

const CREATE: Sql = Sql::global("disk.create", "CREATE TABLE IF NOT EXISTS filler (body BLOB)", &[], "a test's own");
const GROW: Sql = Sql::global(
    "disk.grow",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
     INSERT INTO filler (body) SELECT zeroblob(4000) FROM n",
    &[],
    "a test's own",
);
const FREE: Sql = Sql::global("disk.free", "DELETE FROM filler", &[], "a test's own");

const REFUSE: &str = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse();
    CREATE TRIGGER full_disk BEFORE INSERT ON customers FOR EACH STATEMENT EXECUTE FUNCTION refuse()";
const ALLOW: &str = "DROP TRIGGER full_disk ON events; DROP TRIGGER full_disk ON customers";

impl Ephemeral {
    /// The same store opened so that its file may not grow beyond 8 MiB; PostgreSQL is left as it is.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[must_use]
    pub async fn limited(mut self) -> Self {
        if let Address::Sqlite(path) = &self.address {
            let options = SqliteOptions { max_pages: Some(PAGES), ..SqliteOptions::default() };
            let limited = Store::open_sqlite(path, options).await.expect("the store opens");
            std::mem::replace(&mut self.store, limited).close().await;
        }
        self
    }

    /// Leaves no room for anything more.
    ///
    /// # Panics
    /// When the disk cannot be filled.
    pub async fn fill(&self) {
        match &self.address {
            Address::Sqlite(_) => self.sqlite(&[(&CREATE, None), (&GROW, Some(i64::from(PAGES)))]).await,
            Address::Postgres(_) => self.postgres(REFUSE).await,
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When the disk cannot be freed.
    pub async fn free(&self) {
        match &self.address {
            Address::Sqlite(_) => self.sqlite(&[(&FREE, None)]).await,
            Address::Postgres(_) => self.postgres(ALLOW).await,
        }
    }

    /// Works through a connection of its own, which has no limit.
    async fn sqlite(&self, statements: &[(&'static Sql, Option<i64>)]) {
        let other = self.address.open().await;
        for statement in statements {
            let ran = other.write("disk", *statement, |tx, (sql, number)| {
                Box::pin(async move {
                    let params: Vec<db::Value> = number.into_iter().map(Into::into).collect();
                    tx.exec(sql, &params).await
                })
            });
            ran.await.expect("the other connection has room");
        }
        other.close().await;
    }

    async fn postgres(&self, script: &str) {
        stranger(&self.address).await.batch_execute(script).await.expect("the script runs");
    }
}
