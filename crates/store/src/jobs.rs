//! Long work: what was asked for, how far it is, what came of it.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// One piece of long work.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Job {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub kind: String,
    /// `queued`, `running`, `paused`, `succeeded`, `failed`, `cancelled` or `undone`.
    pub state: String,
    pub done_count: i64,
    pub total_count: Option<i64>,
    pub result: Option<serde_json::Value>,
    /// `{code}`
    pub error: Option<serde_json::Value>,
    /// `{id, expires_at}`
    pub undo: Option<serde_json::Value>,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

fn job(row: &Row<'_>) -> Result<Job, Error> {
    let mut c = Cols::new(row);
    Ok(Job {
        id: c.get()?,
        organization_id: c.id()?,
        kind: c.get()?,
        state: c.get()?,
        done_count: c.get()?,
        total_count: c.get()?,
        result: c.get()?,
        error: c.get()?,
        undo: c.get()?,
        created_by: c.opt_id()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, kind, state, done_count, total_count, result, error, undo, created_by, created_at, updated_at,
         version"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Text, Text, Int, Int, Json, Json, Json, Id, Time, Time, Int];

const INSERT: Sql = Sql::new(
    "jobs.insert",
    concat!("INSERT INTO jobs (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"),
    &[],
);
const FIND_MANY: Sql = Sql::new(
    "jobs.find_many",
    concat!("SELECT ", columns!(), " FROM jobs WHERE organization_id = $1 AND id {any_uuid $2}"),
    COLUMNS,
);
const LIST: Sql = Sql::new(
    "jobs.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE organization_id = $1 AND id < $2
            AND ({cast $3 uuid} IS NULL OR created_by = {cast $3 uuid}) ORDER BY id DESC LIMIT $4"
    ),
    COLUMNS,
);
const UPDATE: Sql = Sql::new(
    "jobs.update",
    "UPDATE jobs SET state = $4, done_count = $5, total_count = $6, result = $7, error = $8, undo = $9, updated_at = $10,
       version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const INTERRUPTED: Sql = Sql::new(
    "jobs.interrupted",
    concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE organization_id = $1 AND state IN ('queued', 'running') AND kind {any_text $2} LIMIT 1000"
    ),
    COLUMNS,
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &FIND_MANY, &LIST, &UPDATE, &INTERRUPTED];

/// Adds one.
pub async fn insert(tx: &mut Tx<'_>, j: &Job) -> Result<(), Error> {
    let params = [
        j.id.into(),
        j.organization_id.0.into(),
        j.kind.as_str().into(),
        j.state.as_str().into(),
        j.done_count.into(),
        j.total_count.into(),
        j.result.clone().into(),
        j.error.clone().into(),
        j.undo.clone().into(),
        opt(j.created_by),
        j.created_at.into(),
        j.updated_at.into(),
        j.version.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// Those with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Job>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], job).await
}

/// One.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<Job>, Error> {
    Ok(find_many(tx, org, vec![id]).await?.pop())
}

/// Newest first: all of them, or one user's.
pub async fn list(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    before: Uuid,
    user: Option<UserId>,
    limit: i64,
) -> Result<Vec<Job>, Error> {
    tx.all(&LIST, &[org.0.into(), before.into(), opt(user), limit.into()], job).await
}

/// Writes one whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, j: &mut Job, now: Timestamp) -> Result<(), Error> {
    let params = [
        j.organization_id.0.into(),
        j.id.into(),
        j.version.into(),
        j.state.as_str().into(),
        j.done_count.into(),
        j.total_count.into(),
        j.result.clone().into(),
        j.error.clone().into(),
        j.undo.clone().into(),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    j.version += 1;
    j.updated_at = now;
    Ok(())
}

/// Those of these kinds that no process works on any more: they were under way when it ended.
pub async fn interrupted(tx: &mut Tx<'_>, org: OrganizationId, kinds: Vec<String>) -> Result<Vec<Job>, Error> {
    tx.all(&INTERRUPTED, &[org.0.into(), kinds.into()], job).await
}
