//! The store: one face for both engines.

use std::path::Path;
use std::sync::Arc;

use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{Body, Error, Migration, PostgresOptions, Sql, SqliteOptions, TxError, check, migrate, prepare_check};

/// Which database is behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Embedded SQLite.
    Sqlite,
    /// PostgreSQL 14 or newer.
    Postgres,
}

/// What the store has done and what waits; totals since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Writes waiting for the writer thread, or on PostgreSQL for a connection.
    pub write_queue_depth: u64,
    /// Reads waiting for a reader thread; 0 on PostgreSQL.
    pub read_queue_depth: u64,
    /// Commits tried, each of one or more writes.
    pub batches: u64,
    /// Writes in the last commit.
    pub last_batch_jobs: u64,
    /// Writes run.
    pub jobs: u64,
    /// Transactions that took longer than the options allow without a word.
    pub slow_jobs: u64,
    /// Transactions run again after losing against another one; 0 on SQLite.
    pub retries: u64,
}

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens or creates the SQLite database at `path`. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Open`] when the file cannot be opened.
    pub async fn open_sqlite(path: &Path, options: SqliteOptions) -> Result<Self, Error> {
        Ok(Self(Arc::new(Backend::Sqlite(Sqlite::open(path, options).await?))))
    }

    /// Connects to the PostgreSQL database at `url`, `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// [`Error::Open`] when the URL is wrong, nothing answers or the server is too old.
    pub async fn open_postgres(url: &str, options: PostgresOptions) -> Result<Self, Error> {
        Ok(Self(Arc::new(Backend::Postgres(Postgres::open(url, options).await?))))
    }

    /// Which database this is.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `body` in one transaction and returns once it is durable. `name` says in logs what it is for.
    ///
    /// `body` may await nothing but its `Tx`. A caller that stops waiting does not stop a write that has begun. On
    /// PostgreSQL the body runs again, at most five times, when it lost against another transaction.
    ///
    /// # Errors
    /// What `body` returns, and then nothing was written; or the commit's error. Only after [`Error::CommitUnknown`] it
    /// is open whether the work was written.
    pub async fn write<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.write(name, input, body).await,
            Backend::Postgres(postgres) => postgres.write(name, input, body).await,
        }
    }

    /// Runs `body` on one snapshot of the store; it cannot write.
    ///
    /// # Errors
    /// What `body` returns, and the engine's refusal of any write.
    pub async fn read<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.read(name, input, body).await,
            Backend::Postgres(postgres) => postgres.read(name, input, body).await,
        }
    }

    /// Applies the migrations that are missing, in order, each in a transaction of its own; their names.
    ///
    /// # Errors
    /// [`Error::Migration`] when one fails, was changed after it was applied, or the database knows more than the list.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<Vec<&'static str>, Error> {
        match &*self.0 {
            Backend::Sqlite(sqlite) => {
                let migrations = migrations.to_vec();
                sqlite.alone(move |connection| migrate::sqlite(connection, &migrations)).await
            }
            Backend::Postgres(postgres) => migrate::postgres(postgres.connection().await?, migrations).await,
        }
    }

    /// The migrations that [`Store::migrate`] would apply; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Migration`] when one was changed after it was applied, or the database knows more than the list.
    pub async fn pending(&self, migrations: &[Migration]) -> Result<Vec<&'static str>, Error> {
        match &*self.0 {
            Backend::Sqlite(sqlite) => {
                let migrations = migrations.to_vec();
                sqlite.alone(move |connection| migrate::sqlite_pending(connection, &migrations)).await
            }
            Backend::Postgres(postgres) => migrate::postgres_pending(&postgres.connection().await?, migrations).await,
        }
    }

    /// What is wrong with the stored data as far as the engine can tell; empty when all is well. Reads all of an
    /// embedded store.
    ///
    /// # Errors
    /// When the engine cannot even look.
    pub async fn faults(&self) -> Result<Vec<String>, Error> {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.alone(check::sqlite).await,
            Backend::Postgres(postgres) => check::postgres(&postgres.connection().await?).await,
        }
    }

    /// Prepares the statement and compares its columns and parameters with what it declares.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when they differ; the engine's error when it does not compile.
    pub async fn prepare_check(&self, sql: &Sql) -> Result<(), Error> {
        let rendered = crate::dialect::statement(self.engine(), sql)?;
        let (name, returns) = (sql.name, sql.returns);
        match &*self.0 {
            Backend::Sqlite(sqlite) => {
                sqlite.alone(move |connection| prepare_check::sqlite(connection, name, &rendered, returns)).await
            }
            Backend::Postgres(postgres) => {
                prepare_check::postgres(&postgres.connection().await?, name, &rendered, returns).await
            }
        }
    }

    /// Copies the SQLite database as it is now to the new file `to`, while work goes on.
    ///
    /// # Errors
    /// [`Error::Backup`] when `to` exists or cannot be written, and always on PostgreSQL; [`Error::Full`].
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.backup(to).await,
            Backend::Postgres(_) => Err(Error::Backup("use pg_dump to back up a PostgreSQL database".into())),
        }
    }

    /// What the store has done and what waits.
    pub fn metrics(&self) -> Metrics {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.metrics(),
            Backend::Postgres(postgres) => postgres.metrics(),
        }
    }

    /// Finishes the work that has begun and closes every connection. Clones fail with [`Error::Closed`] from now on.
    pub async fn close(self) {
        match &*self.0 {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}
