//! Compares what a statement declares with what the engine makes of it.

use deadpool_postgres::Object;
use rusqlite::Connection;
use tokio_postgres::types::Type;

use crate::dialect::Rendered;
use crate::{Error, Kind};

/// SQLite: number of columns and parameters, and the declared type of each column that comes straight from a table.
pub(crate) fn sqlite(
    connection: &mut Connection,
    name: &'static str,
    rendered: &Rendered,
    returns: &[Kind],
) -> Result<(), Error> {
    let statement = connection.prepare(&rendered.text).map_err(|error| Error::sqlite(name, &error))?;
    let columns = statement.columns();
    same(name, "columns", returns.len(), columns.len())?;
    same(name, "parameters", rendered.parameters, statement.parameter_count())?;
    for (index, (kind, column)) in returns.iter().zip(columns).enumerate() {
        if let Some(found) = column.decl_type() {
            same_type(name, index, *kind, found, found.eq_ignore_ascii_case(sqlite_type(*kind)))?;
        }
    }
    Ok(())
}

/// PostgreSQL: number of columns and parameters, and the exact type of every column.
pub(crate) async fn postgres(
    connection: &Object,
    name: &'static str,
    rendered: &Rendered,
    returns: &[Kind],
) -> Result<(), Error> {
    let prepared = connection.prepare(&rendered.text).await;
    let statement = prepared.map_err(|error| Error::postgres(name, &error))?;
    same(name, "columns", returns.len(), statement.columns().len())?;
    same(name, "parameters", rendered.parameters, statement.params().len())?;
    for (index, (kind, column)) in returns.iter().zip(statement.columns()).enumerate() {
        let found = column.type_();
        same_type(name, index, *kind, found.name(), *found == postgres_type(*kind))?;
    }
    Ok(())
}

fn sqlite_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool | Kind::Int | Kind::Time => "INTEGER",
        Kind::Real => "REAL",
        Kind::Text | Kind::Json => "TEXT",
        Kind::Blob | Kind::Uuid => "BLOB",
    }
}

fn postgres_type(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::BOOL,
        Kind::Int => Type::INT8,
        Kind::Real => Type::FLOAT8,
        Kind::Text => Type::TEXT,
        Kind::Blob => Type::BYTEA,
        Kind::Uuid => Type::UUID,
        Kind::Json => Type::JSONB,
        Kind::Time => Type::TIMESTAMPTZ,
    }
}

fn same(statement: &'static str, what: &str, declared: usize, found: usize) -> Result<(), Error> {
    if declared == found {
        return Ok(());
    }
    Err(Error::Mismatch { statement, message: format!("declares {declared} {what}, the engine finds {found}") })
}

fn same_type(statement: &'static str, index: usize, kind: Kind, found: &str, same: bool) -> Result<(), Error> {
    if same {
        return Ok(());
    }
    Err(Error::Mismatch { statement, message: format!("column {index} is declared {kind:?}, the engine says {found}") })
}
