//! Result rows of both engines, read by position.

use std::error::Error as StdError;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

use crate::Error;

/// One result row.
pub enum Row<'r> {
    /// Of SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of PostgreSQL.
    Postgres(&'r tokio_postgres::Row),
}

/// A type a column can be read as.
///
/// Newtypes delegate: `Uuid::from_column(row, index).map(CustomerId)`; enums parse their text and report a word they do
/// not know with [`Error::column`].
pub trait FromValue: Sized {
    /// Reads the column at `index`, from 0.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is missing, null or of another type.
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error>;
}

impl Row<'_> {
    /// Reads the column at `index`, from 0.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is missing, null (and `T` is no `Option`) or of another type.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, Error> {
        T::from_column(self, index)
    }

    /// Reads the JSON column at `index`, from 0, as a type of its own.
    ///
    /// # Errors
    /// [`Error::Column`] when the column is missing, null or not what `T` reads.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T, Error> {
        if let Row::Sqlite(row) = self
            && let ValueRef::Text(bytes) = sqlite_cell(row, index)?
        {
            return serde_json::from_slice(bytes).map_err(|error| Error::column(index, error));
        }
        let value = self.get::<serde_json::Value>(index)?;
        serde_json::from_value(value).map_err(|error| Error::column(index, error))
    }

    fn is_null(&self, index: usize) -> Result<bool, Error> {
        match self {
            Row::Sqlite(row) => Ok(sqlite_cell(row, index)? == ValueRef::Null),
            Row::Postgres(row) => Ok(postgres_cell(row, index)?.is_none()),
        }
    }
}

/// A PostgreSQL column before its type is looked at.
struct Cell<'a> {
    ty: Type,
    bytes: &'a [u8],
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self { ty: ty.clone(), bytes })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn sqlite_cell<'r>(row: &'r rusqlite::Row<'r>, index: usize) -> Result<ValueRef<'r>, Error> {
    row.get_ref(index).map_err(|error| Error::column(index, error))
}

fn postgres_cell(row: &tokio_postgres::Row, index: usize) -> Result<Option<Cell<'_>>, Error> {
    row.try_get(index).map_err(|error| Error::column(index, error))
}

/// Reads a column that is not null with one of the client's own conversions.
fn postgres_value<'r, T: FromSql<'r>>(row: &'r tokio_postgres::Row, index: usize) -> Result<T, Error> {
    let Some(cell) = postgres_cell(row, index)? else {
        return Err(Error::column(index, "is null"));
    };
    if !T::accepts(&cell.ty) {
        return Err(Error::column(index, format!("cannot be read from {}", cell.ty)));
    }
    T::from_sql(&cell.ty, cell.bytes).map_err(|error| Error::column(index, error))
}

fn expected<T>(index: usize, kind: &str, found: ValueRef<'_>) -> Result<T, Error> {
    Err(Error::column(index, format!("expected {kind}, found {}", found.data_type())))
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        if row.is_null(index)? { Ok(None) } else { T::from_column(row, index).map(Some) }
    }
}

impl FromValue for bool {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Integer(0) => Ok(false),
                ValueRef::Integer(1) => Ok(true),
                found => expected(index, "0 or 1", found),
            },
        }
    }
}

impl FromValue for i64 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_integer(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Integer(value) => Ok(value),
                found => expected(index, "an integer", found),
            },
        }
    }
}

fn postgres_integer(row: &tokio_postgres::Row, index: usize) -> Result<i64, Error> {
    let Some(cell) = postgres_cell(row, index)? else {
        return Err(Error::column(index, "is null"));
    };
    match cell.ty {
        // An xid8 travels as 8 bytes, like a bigint.
        Type::INT8 | Type::XID8 => i64::from_sql(&Type::INT8, cell.bytes),
        Type::INT4 => i32::from_sql(&cell.ty, cell.bytes).map(i64::from),
        Type::INT2 => i16::from_sql(&cell.ty, cell.bytes).map(i64::from),
        other => Err(format!("expected an integer, found {other}").into()),
    }
    .map_err(|error| Error::column(index, error))
}

impl FromValue for i32 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        i64::from_column(row, index)?.try_into().map_err(|error| Error::column(index, error))
    }
}

impl FromValue for u32 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        i64::from_column(row, index)?.try_into().map_err(|error| Error::column(index, error))
    }
}

impl FromValue for f64 {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Real(value) => Ok(value),
                found => expected(index, "a real number", found),
            },
        }
    }
}

impl FromValue for String {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Text(bytes) => utf8(bytes, index).map(str::to_owned),
                found => expected(index, "text", found),
            },
        }
    }
}

fn utf8(bytes: &[u8], index: usize) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| Error::column(index, error))
}

impl FromValue for Vec<u8> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
                found => expected(index, "bytes", found),
            },
        }
    }
}

impl FromValue for Uuid {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Blob(bytes) => Self::from_slice(bytes).map_err(|error| Error::column(index, error)),
                found => expected(index, "a uuid", found),
            },
        }
    }
}

impl FromValue for serde_json::Value {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Text(bytes) => serde_json::from_slice(bytes).map_err(|error| Error::column(index, error)),
                found => expected(index, "json", found),
            },
        }
    }
}

impl FromValue for Timestamp {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, Error> {
        match row {
            Row::Postgres(row) => postgres_value(row, index),
            Row::Sqlite(row) => match sqlite_cell(row, index)? {
                ValueRef::Integer(value) => Self::from_microsecond(value).map_err(|error| Error::column(index, error)),
                found => expected(index, "microseconds", found),
            },
        }
    }
}
