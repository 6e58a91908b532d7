//! What can go wrong, told apart by what a caller can do about it.
//!
//! # Invariants
//! - No message holds a parameter or a stored value: PostgreSQL's `DETAIL` is dropped, statements go by name.
//! - Errors are plain data and `Clone`, since one failed commit is told to every transaction of its batch.

use rusqlite::ffi;
use tokio_postgres::error::SqlState;

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// SQLite refused; `code` is its extended result code.
    #[error("{statement}: sqlite error {code}: {message}")]
    Sqlite {
        /// Name of the statement or step.
        statement: &'static str,
        /// Extended result code.
        code: i32,
        /// SQLite's words.
        message: String,
    },
    /// PostgreSQL refused; `code` is its SQLSTATE, empty when the client refused before sending.
    #[error("{statement}: postgres error {code}: {message}")]
    Postgres {
        /// Name of the statement or step.
        statement: &'static str,
        /// SQLSTATE.
        code: String,
        /// PostgreSQL's words, without the detail.
        message: String,
    },
    /// No connection could be had from the pool in time.
    #[error("no database connection: {0}")]
    Pool(String),
    /// The connection broke before the commit was sent: nothing was written, trying again is safe.
    #[error("{statement}: the database connection was lost: {message}")]
    ConnectionLost {
        /// Name of the statement or step.
        statement: &'static str,
        /// The client's words.
        message: String,
    },
    /// Two transactions got in each other's way (40001 or 40P01): nothing was written, trying again is safe.
    #[error("{statement}: the transaction lost against another one ({code})")]
    Serialization {
        /// Name of the statement or step.
        statement: &'static str,
        /// SQLSTATE.
        code: String,
    },
    /// The connection broke while committing: the transaction may be written or not. Never tried again here.
    #[error("the outcome of the commit is unknown: {0}")]
    CommitUnknown(String),
    /// A row with this key exists. The same text on both engines: `"messages.channel_id, messages.external_id"`.
    #[error("{statement}: another row already has this {columns}")]
    Unique {
        /// Name of the statement.
        statement: &'static str,
        /// Columns of the violated key, each as `table.column`.
        columns: String,
    },
    /// A foreign key, check or not-null constraint was violated.
    #[error("{statement}: {constraint}")]
    Constraint {
        /// Name of the statement; `"commit"` for a deferred constraint.
        statement: &'static str,
        /// The engine's words.
        constraint: String,
    },
    /// A statement that must touch exactly one row touched `rows`, 0 when the row is gone or its version moved on.
    #[error("{statement}: expected one row, found {rows}")]
    Conflict {
        /// Name of the statement.
        statement: &'static str,
        /// Rows touched or found; counting stops at 2 for rows that are read.
        rows: u64,
    },
    /// The disk, or the size the store may grow to, is full.
    #[error("the disk of the database is full")]
    Full,
    /// A column did not hold what the mapping expects.
    #[error("column {index}: {message}")]
    Column {
        /// Position in the row, from 0.
        index: usize,
        /// What was expected and found.
        message: String,
    },
    /// The text of a statement or migration uses an unknown placeholder, or not every `$n` up to the highest.
    #[error("{statement}: {message}")]
    Text {
        /// Name of the statement.
        statement: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The statement compiles, but not to the declared columns or parameters.
    #[error("{statement}: {message}")]
    Mismatch {
        /// Name of the statement.
        statement: &'static str,
        /// What was declared and what the engine says.
        message: String,
    },
    /// A transaction awaited something besides the database. It was rolled back.
    #[error("transaction {0} waited for something other than the database")]
    Suspended(&'static str),
    /// A transaction panicked. It was rolled back.
    #[error("transaction {0} panicked")]
    Panicked(&'static str),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// Migrating stopped at `name`; its transaction was rolled back.
    #[error("migration {name}: {reason}")]
    Migration {
        /// The migration.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Backing up failed.
    #[error("backup: {0}")]
    Backup(String),
    /// Opening failed.
    #[error("opening the store: {0}")]
    Open(String),
}

impl Error {
    /// A column that does not hold what its mapping expects, for [`crate::FromValue`] of other crates.
    pub fn column(index: usize, message: impl ToString) -> Self {
        Self::Column { index, message: message.to_string() }
    }

    /// Whether a row with the same key exists.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// Whether the violated key contains `column`, given as `table.column`.
    pub fn is_unique_on(&self, column: &str) -> bool {
        matches!(self, Self::Unique { columns, .. } if columns.split(", ").any(|one| one == column))
    }

    /// Whether nothing was written and the same transaction may well pass when run again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization { .. } | Self::ConnectionLost { .. })
    }

    pub(crate) fn sqlite(statement: &'static str, error: &rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => {
                let message = message.clone().unwrap_or_else(|| failure.to_string());
                from_sqlite_code(statement, failure.extended_code, message)
            }
            // The other variants are mistakes of the binding, all with a message of their own.
            other => Self::Sqlite { statement, code: ffi::SQLITE_MISUSE, message: other.to_string() },
        }
    }

    pub(crate) fn postgres(statement: &'static str, error: &tokio_postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            return from_sqlstate(statement, db);
        }
        let message = with_source(error);
        if is_connection_failure(error) {
            return Self::ConnectionLost { statement, message };
        }
        Self::Postgres { statement, code: String::new(), message }
    }

    /// The error of a COMMIT: an answer from the server is definite, a broken connection is not.
    pub(crate) fn postgres_commit(error: &tokio_postgres::Error) -> Self {
        match Self::postgres("commit", error) {
            Self::ConnectionLost { message, .. } => Self::CommitUnknown(message),
            definite => definite,
        }
    }
}

fn from_sqlite_code(statement: &'static str, code: i32, message: String) -> Error {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let columns = message.trim_start_matches("UNIQUE constraint failed: ").to_owned();
            Error::Unique { statement, columns }
        }
        code if code & 0xff == ffi::SQLITE_CONSTRAINT => Error::Constraint { statement, constraint: message },
        code if code & 0xff == ffi::SQLITE_FULL => Error::Full,
        code => Error::Sqlite { statement, code, message },
    }
}

fn from_sqlstate(statement: &'static str, db: &tokio_postgres::error::DbError) -> Error {
    let code = db.code();
    let (text, message) = (code.code().to_owned(), db.message().to_owned());
    if *code == SqlState::UNIQUE_VIOLATION {
        return Error::Unique { statement, columns: violated_columns(db) };
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Serialization { statement, code: text };
    }
    if *code == SqlState::DISK_FULL {
        return Error::Full;
    }
    match text.as_bytes() {
        [b'2', b'3', ..] => Error::Constraint { statement, constraint: message },
        [b'0', b'8', ..] | b"57P01" | b"57P02" | b"57P03" => Error::ConnectionLost { statement, message },
        _ => Error::Postgres { statement, code: text, message },
    }
}

/// The columns of a violated key as SQLite writes them, read from `Key (a, b)=(…) already exists.` in any language;
/// the values are left behind. Falls back to the constraint's name.
fn violated_columns(db: &tokio_postgres::error::DbError) -> String {
    let columns = db.detail().and_then(|detail| {
        let (_, rest) = detail.split_once('(')?;
        Some(rest.split_once(")=(")?.0)
    });
    match (db.table(), columns) {
        (Some(table), Some(columns)) => {
            let named: Vec<_> = columns.split(", ").map(|column| format!("{table}.{column}")).collect();
            named.join(", ")
        }
        (Some(_) | None, _) => db.constraint().unwrap_or_default().to_owned(),
    }
}

fn is_connection_failure(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// The client's words with their cause: its `Display` alone says little more than "error communicating".
fn with_source(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
