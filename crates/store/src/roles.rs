//! Roles of an organization's own; the built-in ones stand in `domain::permissions`.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, RoleId};
use domain::permissions::Grant;
use jiff::Timestamp;

use crate::agents::Names;
use crate::cols::{Cols, json};

/// A role.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Role {
    pub id: RoleId,
    pub organization_id: OrganizationId,
    pub key: String,
    pub name: Names,
    pub grants: Vec<Grant>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl Role {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.id()?,
            organization_id: c.id()?,
            key: c.get()?,
            name: c.json()?,
            grants: c.json()?,
            created_at: c.get()?,
            updated_at: c.get()?,
            version: c.get()?,
        })
    }
}

const COLUMNS: &[db::Kind] = &[Id, Id, Text, Json, Json, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "roles.insert",
    "INSERT INTO roles (id, organization_id, key, name, grants, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $6, 1)",
    &[],
);
const LIST: Sql = Sql::new(
    "roles.list",
    "SELECT id, organization_id, key, name, grants, created_at, updated_at, version
     FROM roles WHERE organization_id = $1 ORDER BY key LIMIT 1000",
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "roles.find",
    "SELECT id, organization_id, key, name, grants, created_at, updated_at, version
     FROM roles WHERE organization_id = $1 AND id = $2",
    COLUMNS,
);
const UPDATE: Sql = Sql::new(
    "roles.update",
    "UPDATE roles SET name = $4, grants = $5, updated_at = $6, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const DELETE: Sql =
    Sql::new("roles.delete", "DELETE FROM roles WHERE organization_id = $1 AND id = $2 AND version = $3", &[]);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LIST, &FIND, &UPDATE, &DELETE];

/// Adds a role.
///
/// # Errors
/// [`Error::Unique`] when the key is taken.
pub async fn insert(tx: &mut Tx<'_>, r: &Role) -> Result<(), Error> {
    let params = [
        r.id.0.into(),
        r.organization_id.0.into(),
        r.key.as_str().into(),
        json(&r.name),
        json(&r.grants),
        r.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The organization's own roles, by key.
pub async fn list(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Role>, Error> {
    tx.all(&LIST, &[org.0.into()], Role::from_row).await
}

/// One role of the organization's own.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: RoleId) -> Result<Option<Role>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], Role::from_row).await
}

/// Writes a role whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, r: &mut Role, now: Timestamp) -> Result<(), Error> {
    let params =
        [r.organization_id.0.into(), r.id.0.into(), r.version.into(), json(&r.name), json(&r.grants), now.into()];
    tx.exec_one(&UPDATE, &params).await?;
    r.version += 1;
    r.updated_at = now;
    Ok(())
}

/// Removes a role whose `version` is the one that was read.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn delete(tx: &mut Tx<'_>, r: &Role) -> Result<(), Error> {
    tx.exec_one(&DELETE, &[r.organization_id.0.into(), r.id.0.into(), r.version.into()]).await
}
