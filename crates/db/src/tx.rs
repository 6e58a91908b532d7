//! One transaction, on either engine.

use std::pin::Pin;
use std::sync::Arc;

use rusqlite::{Connection, params_from_iter};
use tokio_postgres::types::ToSql;

use crate::{Built, Engine, Error, Row, Sql, Value, dialect};

/// A boxed future, as the bodies of transactions return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a transaction: a plain function of its input, so that it can run again.
pub type Body<I, T, E> = for<'t, 'c> fn(&'t mut Tx<'c>, I) -> BoxFuture<'t, Result<T, E>>;

/// The error of a transaction's body.
pub trait TxError: From<Error> + Send + 'static {
    /// Whether nothing was written and the same body may well pass when run again: see [`Error::is_retryable`].
    fn is_retryable(&self) -> bool;
}

impl TxError for Error {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

/// One transaction. It ends with the body it was given to: commit on `Ok`, rollback on `Err`.
pub struct Tx<'a>(Connected<'a>);

pub(crate) enum Connected<'a> {
    /// With the first engine error, which says why SQLite may have rolled back more than this transaction.
    Sqlite(&'a mut Connection, Option<Error>),
    Postgres(deadpool_postgres::Transaction<'a>),
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(connection: &'a mut Connection) -> Self {
        Self(Connected::Sqlite(connection, None))
    }

    pub(crate) fn postgres(transaction: deadpool_postgres::Transaction<'a>) -> Self {
        Self(Connected::Postgres(transaction))
    }

    pub(crate) fn connected(&mut self) -> &mut Connected<'a> {
        &mut self.0
    }

    pub(crate) fn into_inner(self) -> Connected<'a> {
        self.0
    }

    /// The engine this transaction runs on.
    pub fn engine(&self) -> Engine {
        match self.0 {
            Connected::Sqlite(..) => Engine::Sqlite,
            Connected::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// What the engine refuses.
    pub async fn exec(&mut self, sql: &Sql, params: &[Value]) -> Result<u64, Error> {
        let text = self.text(sql, params)?;
        match &mut self.0 {
            Connected::Sqlite(connection, failure) => {
                let run = |connection: &mut Connection| {
                    connection.prepare_cached(&text.text)?.execute(params_from_iter(params))
                };
                run(connection).map(|rows| rows as u64).map_err(|error| noted(sql.name, &error, failure))
            }
            Connected::Postgres(transaction) => {
                let failed = |error| Error::postgres(sql.name, &error);
                let statement = transaction.prepare_cached(&text.text).await.map_err(failed)?;
                transaction.execute(&statement, &references(params)).await.map_err(failed)
            }
        }
    }

    /// Runs a statement that must change exactly one row: an update by key and version.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it changed another number of rows; what the engine refuses.
    pub async fn exec_one(&mut self, sql: &Sql, params: &[Value]) -> Result<(), Error> {
        match self.exec(sql, params).await? {
            1 => Ok(()),
            rows => Err(Error::Conflict { statement: sql.name, rows }),
        }
    }

    /// The one row of a statement.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is none or more than one; what the engine or `map` refuses.
    pub async fn one<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        map: fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = self.optional(sql, params, map).await?;
        found.ok_or(Error::Conflict { statement: sql.name, rows: 0 })
    }

    /// The one row of a statement, or `None`.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is more than one; what the engine or `map` refuses.
    pub async fn optional<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        map: fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut rows = self.rows(sql, params, map, 2).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            rows => Err(Error::Conflict { statement: sql.name, rows: rows as u64 }),
        }
    }

    /// All rows of a statement, which bounds their number itself.
    ///
    /// # Errors
    /// What the engine or `map` refuses.
    pub async fn all<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        map: fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.rows(sql, params, map, usize::MAX).await
    }

    /// All rows of a statement that was put together at run time, which bounds their number itself.
    ///
    /// # Errors
    /// What the engine or `map` refuses.
    pub async fn all_built<T>(
        &mut self,
        sql: &Built,
        params: &[Value],
        map: fn(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let text = dialect::built(self.engine(), sql.name, &sql.text)?;
        check(sql.name, &text, params)?;
        match &mut self.0 {
            Connected::Sqlite(connection, failure) => sqlite_rows(connection, &text.text, params, map, usize::MAX)
                .map_err(|error| match error {
                    RowsError::Engine(error) => noted(sql.name, &error, failure),
                    RowsError::Mapping(error) => error,
                }),
            Connected::Postgres(transaction) => {
                let failed = |error| Error::postgres(sql.name, &error);
                let statement = transaction.prepare(&text.text).await.map_err(failed)?;
                let rows = transaction.query(&statement, &references(params)).await.map_err(failed)?;
                rows.iter().map(|row| map(&Row::Postgres(row))).collect()
            }
        }
    }

    /// At most `limit` rows.
    async fn rows<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        map: fn(&Row<'_>) -> Result<T, Error>,
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        let text = self.text(sql, params)?;
        match &mut self.0 {
            Connected::Sqlite(connection, failure) => {
                sqlite_rows(connection, &text.text, params, map, limit).map_err(|error| match error {
                    RowsError::Engine(error) => noted(sql.name, &error, failure),
                    RowsError::Mapping(error) => error,
                })
            }
            Connected::Postgres(transaction) => {
                let failed = |error| Error::postgres(sql.name, &error);
                let statement = transaction.prepare_cached(&text.text).await.map_err(failed)?;
                let rows = transaction.query(&statement, &references(params)).await.map_err(failed)?;
                rows.iter().take(limit).map(|row| map(&Row::Postgres(row))).collect()
            }
        }
    }

    fn text(&self, sql: &Sql, params: &[Value]) -> Result<Arc<dialect::Rendered>, Error> {
        let rendered = dialect::statement(self.engine(), sql)?;
        check(sql.name, &rendered, params)?;
        Ok(rendered)
    }
}

/// Refuses parameters that do not fit a statement.
fn check(statement: &'static str, rendered: &dialect::Rendered, params: &[Value]) -> Result<(), Error> {
    let mismatch = |message| Err(Error::Mismatch { statement, message });
    if rendered.parameters != params.len() {
        return mismatch(format!("takes {} parameters, got {}", rendered.parameters, params.len()));
    }
    match (1..).zip(params).find_map(|(number, value)| Some((number, value.flaw()?))) {
        Some((number, flaw)) => mismatch(format!("parameter ${number} {flaw}")),
        None => Ok(()),
    }
}

enum RowsError {
    Engine(rusqlite::Error),
    Mapping(Error),
}

impl From<rusqlite::Error> for RowsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

fn sqlite_rows<T>(
    connection: &mut Connection,
    text: &str,
    params: &[Value],
    map: fn(&Row<'_>) -> Result<T, Error>,
    limit: usize,
) -> Result<Vec<T>, RowsError> {
    let mut statement = connection.prepare_cached(text)?;
    let mut rows = statement.query(params_from_iter(params))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        found.push(map(&Row::Sqlite(row)).map_err(RowsError::Mapping)?);
    }
    Ok(found)
}

/// The error for the caller, remembered as the transaction's first failure.
fn noted(statement: &'static str, error: &rusqlite::Error, failure: &mut Option<Error>) -> Error {
    let error = Error::sqlite(statement, error);
    failure.get_or_insert_with(|| error.clone());
    error
}

fn references(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
