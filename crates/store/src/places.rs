//! Where work and conversations stand: what the owner of the router asks before it moves them.

use std::collections::BTreeMap;

use db::Kind::Uuid as Id;
use db::{Error, Row, Sql, Tx};
use domain::ids::{AgentId, OrganizationId, QueueId};
use uuid::Uuid;

use crate::cols::Cols;

/// Whose something is, and in which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its owner, or who holds it or is asked.
    pub agent: Option<AgentId>,
    /// Its queue.
    pub queue: Option<QueueId>,
}

const OF_CONVERSATIONS: Sql = Sql::new(
    "places.of_conversations",
    "SELECT id, owner_agent_id, queue_id FROM conversations WHERE organization_id = $1 AND id {any_uuid $2}",
    &[Id, Id, Id],
);
const OF_WORK: Sql = Sql::new(
    "places.of_work",
    "SELECT id, agent_id, queue_id FROM work_items WHERE organization_id = $1 AND id {any_uuid $2}",
    &[Id, Id, Id],
);

pub(crate) const ALL: &[&Sql] = &[&OF_CONVERSATIONS, &OF_WORK];

fn place(row: &Row<'_>) -> Result<(Uuid, Place), Error> {
    let mut c = Cols::new(row);
    Ok((c.get()?, Place { agent: c.opt_id()?, queue: c.opt_id()? }))
}

async fn places(
    tx: &mut Tx<'_>,
    sql: &Sql,
    org: OrganizationId,
    ids: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, Place>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(tx.all(sql, &[org.0.into(), ids.into()], place).await?.into_iter().collect())
}

/// Owner and queue of these conversations.
pub async fn of_conversations(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    ids: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, Place>, Error> {
    places(tx, &OF_CONVERSATIONS, org, ids).await
}

/// Who holds these work items or is asked, and their queues.
pub async fn of_work(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Place>, Error> {
    places(tx, &OF_WORK, org, ids).await
}
