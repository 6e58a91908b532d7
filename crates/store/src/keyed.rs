//! Configuration nouns that are a key and a document: read whole, written by key and version.
//!
//! # Invariants
//! - A key is unique within its noun and organization and never changes.
//! - A write names the version it was read at.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::OrganizationId;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::cols::{Cols, json};

/// A configuration object.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Keyed<T> {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub key: String,
    pub settings: T,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// The statements of one noun.
pub(crate) struct Table {
    pub list: Sql,
    pub insert: Sql,
    pub update: Sql,
    pub delete: Sql,
}

pub(crate) const COLUMNS: &[db::Kind] = &[Id, Id, Text, Json, Time, Time, Int];

/// The statements over a table of the shape of [`Keyed`].
macro_rules! table {
    ($name:literal) => {
        $crate::keyed::Table {
            list: db::Sql::new(
                concat!($name, ".list"),
                concat!(
                    "SELECT id, organization_id, key, settings, created_at, updated_at, version FROM ",
                    $name,
                    " WHERE organization_id = $1 ORDER BY key LIMIT 10000"
                ),
                $crate::keyed::COLUMNS,
            ),
            insert: db::Sql::new(
                concat!($name, ".insert"),
                concat!(
                    "INSERT INTO ",
                    $name,
                    " (id, organization_id, key, settings, created_at, updated_at, version)
                      VALUES ($1, $2, $3, $4, $5, $5, 1)"
                ),
                &[],
            ),
            update: db::Sql::new(
                concat!($name, ".update"),
                concat!(
                    "UPDATE ",
                    $name,
                    " SET settings = $4, updated_at = $5, version = version + 1
                      WHERE organization_id = $1 AND id = $2 AND version = $3"
                ),
                &[],
            ),
            delete: db::Sql::new(
                concat!($name, ".delete"),
                concat!("DELETE FROM ", $name, " WHERE organization_id = $1 AND id = $2 AND version = $3"),
                &[],
            ),
        }
    };
}
pub(crate) use table;

/// The public face of a noun: the same four functions over its table.
macro_rules! noun {
    ($settings:ty, $table:ident) => {
        pub(crate) const ALL: &[&db::Sql] = &[&$table.list, &$table.insert, &$table.update, &$table.delete];

        /// All of them, by key.
        pub async fn list(
            tx: &mut db::Tx<'_>,
            org: domain::ids::OrganizationId,
        ) -> Result<Vec<$crate::keyed::Keyed<$settings>>, db::Error> {
            $crate::keyed::list(tx, &$table, org).await
        }

        /// Adds one.
        ///
        /// # Errors
        /// [`db::Error::Unique`] when the key is taken.
        pub async fn insert(
            tx: &mut db::Tx<'_>,
            row: &$crate::keyed::Keyed<$settings>,
            now: jiff::Timestamp,
        ) -> Result<(), db::Error> {
            $crate::keyed::insert(tx, &$table, row, now).await
        }

        /// Writes one whose `version` is the one that was read.
        ///
        /// # Errors
        /// [`db::Error::Conflict`] when somebody else changed it meanwhile.
        pub async fn update(
            tx: &mut db::Tx<'_>,
            row: &$crate::keyed::Keyed<$settings>,
            now: jiff::Timestamp,
        ) -> Result<(), db::Error> {
            $crate::keyed::update(tx, &$table, row, now).await
        }

        /// Removes one whose `version` is the one that was read.
        ///
        /// # Errors
        /// [`db::Error::Conflict`] when somebody else changed it meanwhile.
        pub async fn delete(tx: &mut db::Tx<'_>, row: &$crate::keyed::Keyed<$settings>) -> Result<(), db::Error> {
            $crate::keyed::delete(tx, &$table, row).await
        }
    };
}
pub(crate) use noun;

fn keyed<T: DeserializeOwned>(row: &Row<'_>) -> Result<Keyed<T>, Error> {
    let mut c = Cols::new(row);
    Ok(Keyed {
        id: c.get()?,
        organization_id: c.id()?,
        key: c.get()?,
        settings: c.json()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

pub(crate) async fn list<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    table: &Table,
    org: OrganizationId,
) -> Result<Vec<Keyed<T>>, Error> {
    tx.all(&table.list, &[org.0.into()], keyed).await
}

pub(crate) async fn insert<T: Serialize>(
    tx: &mut Tx<'_>,
    table: &Table,
    row: &Keyed<T>,
    now: Timestamp,
) -> Result<(), Error> {
    let params =
        [row.id.into(), row.organization_id.0.into(), row.key.as_str().into(), json(&row.settings), now.into()];
    tx.exec_one(&table.insert, &params).await
}

pub(crate) async fn update<T: Serialize>(
    tx: &mut Tx<'_>,
    table: &Table,
    row: &Keyed<T>,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [row.organization_id.0.into(), row.id.into(), row.version.into(), json(&row.settings), now.into()];
    tx.exec_one(&table.update, &params).await
}

pub(crate) async fn delete<T>(tx: &mut Tx<'_>, table: &Table, row: &Keyed<T>) -> Result<(), Error> {
    tx.exec_one(&table.delete, &[row.organization_id.0.into(), row.id.into(), row.version.into()]).await
}
