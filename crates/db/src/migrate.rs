//! Migrations: one list, one text for both engines, each applied once and never changed.
//!
//! What was applied is kept in `schema_migrations(name, checksum, applied_at)`.
//!
//! # Invariants
//! - What is applied is always the beginning of the list: the same order everywhere.
//! - A migration is applied whole or not at all.
//! - One process migrates at a time: under an advisory lock on PostgreSQL, under SQLite's write lock.

use deadpool_postgres::Object;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::{Engine, Error, dialect, statistics};

/// One step of the schema's history. Once published it never changes.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Unique and sorted by age: `"0001_organizations"`.
    pub name: &'static str,
    /// SQL with the type words and sections of [`crate::dialect`].
    pub text: &'static str,
}

/// The key of the advisory lock: "centrali" in ASCII.
const LOCK: i64 = 0x6365_6e74_7261_6c69;

const READ: &str = "SELECT name, checksum FROM schema_migrations ORDER BY name";

/// A migration as the database remembers it.
struct Applied {
    name: String,
    checksum: String,
}

impl Migration {
    /// Fingerprint of the text, in hexadecimal.
    fn checksum(&self) -> String {
        Sha256::digest(self.text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn render(&self, engine: Engine) -> Result<String, Error> {
        dialect::migration(engine, self.text).map_err(|reason| refused(self.name, reason))
    }
}

/// The statements of this module may take the engine's own clock: nothing decides by `applied_at`.
fn create(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL, \
             applied_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))) STRICT"
        }
        Engine::Postgres => {
            "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, checksum text NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT now())"
        }
    }
}

fn refused(name: &str, reason: impl ToString) -> Error {
    Error::Migration { name: name.to_owned(), reason: reason.to_string() }
}

/// The end of the list that is still to be applied.
fn missing<'m>(migrations: &'m [Migration], applied: &[Applied]) -> Result<&'m [Migration], Error> {
    for (index, migration) in migrations.iter().enumerate() {
        if migrations[..index].iter().any(|earlier| earlier.name >= migration.name) {
            return Err(refused(migration.name, "the list is not sorted by name"));
        }
    }
    for known in applied {
        refuse_changed(migrations, known)?;
    }
    match migrations.iter().zip(applied).find(|(listed, known)| listed.name != known.name) {
        Some((listed, known)) => {
            Err(refused(listed.name, format!("comes before {}, which is already applied", known.name)))
        }
        None => Ok(&migrations[applied.len()..]),
    }
}

fn refuse_changed(migrations: &[Migration], known: &Applied) -> Result<(), Error> {
    match migrations.iter().find(|listed| listed.name == known.name) {
        None => {
            Err(refused(&known.name, "was applied by a newer version of the program, which this one must not touch"))
        }
        Some(listed) if listed.checksum() != known.checksum => {
            Err(refused(listed.name, "was changed after it was applied"))
        }
        Some(_) => Ok(()),
    }
}

pub(crate) fn sqlite(connection: &mut Connection, migrations: &[Migration]) -> Result<Vec<&'static str>, Error> {
    let mut done = Vec::new();
    while let Some(name) = sqlite_next(connection, migrations)? {
        done.push(name);
    }
    Ok(done)
}

/// Applies the first missing migration. Looking and applying are one transaction, since another process may migrate too.
fn sqlite_next(connection: &mut Connection, migrations: &[Migration]) -> Result<Option<&'static str>, Error> {
    let failed = |error| Error::sqlite("schema_migrations", &error);
    let immediate = rusqlite::TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(immediate).map_err(failed)?;
    transaction.execute_batch(create(Engine::Sqlite)).map_err(failed)?;
    let applied = sqlite_applied(&transaction).map_err(failed)?;
    let Some(migration) = missing(migrations, &applied)?.first() else {
        tell_figures(transaction).map_err(failed)?;
        return Ok(None);
    };
    let text = migration.render(Engine::Sqlite)?;
    sqlite_apply(transaction, migration, &text)
        .map_err(|error| refused(migration.name, Error::sqlite("migration", &error)))?;
    Ok(Some(migration.name))
}

/// The migrations an embedded store has not seen.
pub(crate) fn sqlite_pending(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<Vec<&'static str>, Error> {
    let failed = |error| Error::sqlite("schema_migrations", &error);
    let is_there = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations')";
    let is_there: bool = connection.query_row(is_there, [], |row| row.get(0)).map_err(failed)?;
    let applied = if is_there { sqlite_applied(connection).map_err(failed)? } else { Vec::new() };
    Ok(missing(migrations, &applied)?.iter().map(|migration| migration.name).collect())
}

/// The migrations a PostgreSQL database has not seen.
pub(crate) async fn postgres_pending(
    connection: &Object,
    migrations: &[Migration],
) -> Result<Vec<&'static str>, Error> {
    let failed = |error| Error::postgres("schema_migrations", &error);
    let row = connection.query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[]).await.map_err(failed)?;
    let is_there: bool = row.try_get(0).map_err(failed)?;
    let rows = if is_there { connection.query(READ, &[]).await.map_err(failed)? } else { Vec::new() };
    let applied: Result<Vec<_>, _> = rows.iter().map(postgres_applied).collect();
    Ok(missing(migrations, &applied.map_err(failed)?)?.iter().map(|migration| migration.name).collect())
}

/// A store whose schema an older program made has no figures for the planner yet.
fn tell_figures(transaction: rusqlite::Transaction<'_>) -> rusqlite::Result<()> {
    if statistics::are_there(&transaction)? {
        return Ok(());
    }
    statistics::write(&transaction)?;
    transaction.commit()
}

fn sqlite_applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    let mut statement = connection.prepare(READ)?;
    let rows = statement.query_map([], |row| Ok(Applied { name: row.get(0)?, checksum: row.get(1)? }))?;
    rows.collect()
}

fn sqlite_apply(transaction: rusqlite::Transaction<'_>, migration: &Migration, text: &str) -> rusqlite::Result<()> {
    transaction.execute_batch(text)?;
    let record = "INSERT INTO schema_migrations (name, checksum) VALUES (?1, ?2)";
    transaction.execute(record, (migration.name, migration.checksum()))?;
    statistics::write(&transaction)?;
    transaction.commit()
}

/// Takes the connection out of the pool: closing it at the end frees the lock however this ends.
pub(crate) async fn postgres(connection: Object, migrations: &[Migration]) -> Result<Vec<&'static str>, Error> {
    let mut client = Object::take(connection);
    let failed = |error| Error::postgres("schema_migrations", &error);
    // Waiting for another node and rewriting a large table both take longer than any other statement may.
    client.batch_execute("SET statement_timeout = 0").await.map_err(failed)?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(failed)?;
    client.batch_execute(create(Engine::Postgres)).await.map_err(failed)?;
    let rows = client.query(READ, &[]).await.map_err(failed)?;
    let applied: Result<Vec<_>, _> = rows.iter().map(postgres_applied).collect();
    let applied = applied.map_err(failed)?;
    let missing = missing(migrations, &applied)?;
    for migration in missing {
        let text = migration.render(Engine::Postgres)?;
        postgres_apply(&mut client, migration, &text)
            .await
            .map_err(|error| refused(migration.name, Error::postgres("migration", &error)))?;
    }
    Ok(missing.iter().map(|migration| migration.name).collect())
}

fn postgres_applied(row: &tokio_postgres::Row) -> Result<Applied, tokio_postgres::Error> {
    Ok(Applied { name: row.try_get(0)?, checksum: row.try_get(1)? })
}

async fn postgres_apply(
    client: &mut tokio_postgres::Client,
    migration: &Migration,
    text: &str,
) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(text).await?;
    let record = "INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)";
    transaction.execute(record, &[&migration.name, &migration.checksum()]).await?;
    transaction.commit().await
}
