//! How work items ended: a wrap-up code and a note, or the mark that none was given in time.

use db::Kind::{Bool, Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{AgentId, OrganizationId, WorkItemId, WrapUpCodeId};
use jiff::Timestamp;

use crate::cols::{Cols, opt};

/// How a work item ended.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Disposition {
    pub work_item_id: WorkItemId,
    pub code_id: Option<WrapUpCodeId>,
    pub note: Option<String>,
    pub is_code_missing: bool,
    pub agent_id: Option<AgentId>,
    pub updated_at: Timestamp,
    pub version: i64,
}

fn disposition(row: &Row<'_>) -> Result<Disposition, Error> {
    let mut c = Cols::new(row);
    Ok(Disposition {
        work_item_id: c.id()?,
        code_id: c.opt_id()?,
        note: c.get()?,
        is_code_missing: c.get()?,
        agent_id: c.opt_id()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

const FIND: Sql = Sql::new(
    "dispositions.find",
    "SELECT work_item_id, code_id, note, is_code_missing, agent_id, updated_at, version FROM dispositions
     WHERE organization_id = $1 AND work_item_id = $2",
    &[Id, Id, Text, Bool, Id, Time, Int],
);
const PUT: Sql = Sql::new(
    "dispositions.put",
    "INSERT INTO dispositions (work_item_id, organization_id, code_id, note, is_code_missing, agent_id,
       created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, FALSE, $5, $6, $6, 1)
     ON CONFLICT (work_item_id) DO UPDATE SET code_id = excluded.code_id, note = excluded.note,
       is_code_missing = FALSE, agent_id = excluded.agent_id, updated_at = excluded.updated_at,
       version = dispositions.version + 1",
    &[],
);
const MARK_MISSING: Sql = Sql::new(
    "dispositions.mark_missing",
    "INSERT INTO dispositions (work_item_id, organization_id, is_code_missing, agent_id, created_at, updated_at, version)
     VALUES ($1, $2, TRUE, $3, $4, $4, 1)
     ON CONFLICT (work_item_id) DO UPDATE SET is_code_missing = (dispositions.code_id IS NULL)",
    &[],
);
const CODE_IN_USE: Sql = Sql::new(
    "dispositions.code_in_use",
    "SELECT work_item_id FROM dispositions WHERE organization_id = $1 AND code_id = $2 LIMIT 1",
    &[Id],
);

pub(crate) const ALL: &[&Sql] = &[&FIND, &PUT, &MARK_MISSING, &CODE_IN_USE];

/// How an item ended, if anybody said so.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: WorkItemId) -> Result<Option<Disposition>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], disposition).await
}

/// Says how an item ended; a later word replaces an earlier one.
pub async fn put(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: WorkItemId,
    code: Option<WrapUpCodeId>,
    note: Option<String>,
    agent: Option<AgentId>,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [id.0.into(), org.0.into(), opt(code), note.into(), opt(agent), now.into()];
    tx.exec_one(&PUT, &params).await
}

/// Notes that an item closed without the code it should have had; one that has a code keeps it.
pub async fn mark_missing(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: WorkItemId,
    agent: Option<AgentId>,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec_one(&MARK_MISSING, &[id.0.into(), org.0.into(), opt(agent), now.into()]).await
}

/// Whether any work ended with this code.
pub async fn is_code_used(tx: &mut Tx<'_>, org: OrganizationId, code: WrapUpCodeId) -> Result<bool, Error> {
    let params = [org.0.into(), code.0.into()];
    Ok(tx.optional(&CODE_IN_USE, &params, |row| Cols::new(row).get::<uuid::Uuid>()).await?.is_some())
}
