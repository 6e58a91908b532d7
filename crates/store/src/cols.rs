//! Reads a row column by column, in the order of the statement.

use db::{Error, FromValue, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A row with the next column to read.
pub(crate) struct Cols<'a, 'r> {
    row: &'a Row<'r>,
    next: usize,
}

impl<'a, 'r> Cols<'a, 'r> {
    pub(crate) fn new(row: &'a Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn get<T: FromValue>(&mut self) -> Result<T, Error> {
        let at = self.next;
        self.next += 1;
        self.row.get(at)
    }

    pub(crate) fn id<T: From<Uuid>>(&mut self) -> Result<T, Error> {
        Ok(self.get::<Uuid>()?.into())
    }

    pub(crate) fn opt_id<T: From<Uuid>>(&mut self) -> Result<Option<T>, Error> {
        Ok(self.get::<Option<Uuid>>()?.map(Into::into))
    }

    pub(crate) fn word<T>(&mut self) -> Result<T, Error>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let at = self.next;
        self.get::<String>()?.parse().map_err(|error: T::Err| Error::column(at, error))
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let at = self.next;
        self.next += 1;
        self.row.json(at)
    }
}

/// A value as JSON; our own types always render.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> db::Value {
    db::Value::Json(serde_json::to_value(value).expect("invariant: our own types have string keys"))
}

/// An optional id as a parameter.
pub(crate) fn opt<T: Into<Uuid>>(id: Option<T>) -> db::Value {
    id.map(Into::<Uuid>::into).into()
}
