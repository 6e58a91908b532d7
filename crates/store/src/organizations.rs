//! Organizations, the blocks of their conversation numbers, and the leases of their routers.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::OrganizationId;
use jiff::Timestamp;

use crate::cols::Cols;

/// A tenant.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Organization {
    pub id: OrganizationId,
    pub name: String,
    pub key: String,
    pub default_language: String,
    pub time_zone: String,
    pub settings: serde_json::Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl Organization {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        let mut c = Cols::new(row);
        Ok(Self {
            id: c.id()?,
            name: c.get()?,
            key: c.get()?,
            default_language: c.get()?,
            time_zone: c.get()?,
            settings: c.get()?,
            created_at: c.get()?,
            updated_at: c.get()?,
            version: c.get()?,
        })
    }
}

const INSERT: Sql = Sql::global(
    "organizations.insert",
    "INSERT INTO organizations (id, name, key, default_language, time_zone, settings, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)",
    &[],
    "creates an organization",
);
const LIST: Sql = Sql::global(
    "organizations.list",
    "SELECT id, name, key, default_language, time_zone, settings, created_at, updated_at, version
     FROM organizations ORDER BY id LIMIT 10000",
    &[Id, Text, Text, Text, Text, Json, Time, Time, Int],
    "the organizations of this installation",
);
const FIND: Sql = Sql::global(
    "organizations.find",
    "SELECT id, name, key, default_language, time_zone, settings, created_at, updated_at, version
     FROM organizations WHERE id = $1",
    &[Id, Text, Text, Text, Text, Json, Time, Time, Int],
    "the row of an organization is its own scope",
);
const UPDATE: Sql = Sql::global(
    "organizations.update",
    "UPDATE organizations SET name = $3, default_language = $4, time_zone = $5, settings = $6, updated_at = $7,
       version = version + 1 WHERE id = $1 AND version = $2",
    &[],
    "the row of an organization is its own scope",
);
const START_NUMBERS: Sql = Sql::new(
    "organizations.start_numbers",
    "INSERT INTO number_blocks (organization_id, next_number) VALUES ($1, 1)",
    &[],
);
const LEASE_NUMBERS: Sql = Sql::new(
    "organizations.lease_numbers",
    "UPDATE number_blocks SET next_number = next_number + $2 WHERE organization_id = $1 RETURNING next_number",
    &[Int],
);
const START_LEASE: Sql = Sql::new(
    "organizations.start_lease",
    "INSERT INTO router_leases (organization_id, fence, holder, renewed_at) VALUES ($1, 0, '', $2)",
    &[],
);
const TAKE_LEASE: Sql = Sql::new(
    "organizations.take_lease",
    "UPDATE router_leases SET fence = fence + 1, holder = $2, renewed_at = $3 WHERE organization_id = $1 RETURNING fence",
    &[Int],
);
const HOLD_LEASE: Sql = Sql::new(
    "organizations.hold_lease",
    "UPDATE router_leases SET renewed_at = $3 WHERE organization_id = $1 AND fence = $2",
    &[],
);

pub(crate) const ALL: &[&Sql] =
    &[&INSERT, &LIST, &FIND, &UPDATE, &START_NUMBERS, &LEASE_NUMBERS, &START_LEASE, &TAKE_LEASE, &HOLD_LEASE];

/// Creates an organization with its number block and router lease.
pub async fn insert(tx: &mut Tx<'_>, o: &Organization) -> Result<(), Error> {
    let params = [
        o.id.0.into(),
        o.name.as_str().into(),
        o.key.as_str().into(),
        o.default_language.as_str().into(),
        o.time_zone.as_str().into(),
        o.settings.clone().into(),
        o.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await?;
    tx.exec_one(&START_NUMBERS, &[o.id.0.into()]).await?;
    tx.exec_one(&START_LEASE, &[o.id.0.into(), o.created_at.into()]).await
}

/// Every organization of this installation.
pub async fn list(tx: &mut Tx<'_>) -> Result<Vec<Organization>, Error> {
    tx.all(&LIST, &[], Organization::from_row).await
}

/// One organization.
pub async fn find(tx: &mut Tx<'_>, id: OrganizationId) -> Result<Option<Organization>, Error> {
    tx.optional(&FIND, &[id.0.into()], Organization::from_row).await
}

/// Leases `count` conversation numbers; the first of them.
pub async fn lease_numbers(tx: &mut Tx<'_>, org: OrganizationId, count: i64) -> Result<i64, Error> {
    let next: i64 = tx.one(&LEASE_NUMBERS, &[org.0.into(), count.into()], |row| row.get(0)).await?;
    Ok(next - count)
}

/// Takes the router of an organization over; the new fence. Every earlier holder is fenced from now on.
pub async fn take_lease(tx: &mut Tx<'_>, org: OrganizationId, holder: &str, now: Timestamp) -> Result<i64, Error> {
    tx.one(&TAKE_LEASE, &[org.0.into(), holder.into(), now.into()], |row| row.get(0)).await
}

/// Confirms that `fence` is still ours.
///
/// # Errors
/// [`Error::Conflict`] when somebody took over.
pub async fn hold_lease(tx: &mut Tx<'_>, org: OrganizationId, fence: i64, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&HOLD_LEASE, &[org.0.into(), fence.into(), now.into()]).await
}

/// Writes an organization whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, o: &mut Organization, now: Timestamp) -> Result<(), Error> {
    let params = [
        o.id.0.into(),
        o.version.into(),
        o.name.as_str().into(),
        o.default_language.as_str().into(),
        o.time_zone.as_str().into(),
        o.settings.clone().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    o.version += 1;
    o.updated_at = now;
    Ok(())
}
