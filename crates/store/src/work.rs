//! Work items, offers, assignments and presences: what the router knows. Only its owner writes here,
//! but for the insertion of new items.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{
    AgentId, AssignmentId, ChannelId, ConversationId, CustomerId, InteractionId, OfferId, OrganizationId, QueueId,
    StatusId, WorkItemId,
};
use domain::permissions::Reach;
use domain::routing::{Assignment, Item, Offer, Presence};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json, opt};
use crate::events::Event;

/// A work item with what routing does not need to know.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct WorkItem {
    pub item: Item,
    pub interaction_id: Option<InteractionId>,
    pub conversation_id: Option<ConversationId>,
    pub channel_id: Option<ChannelId>,
    /// What came by `POST /work-items` says what it is about.
    pub matter: Option<Matter>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

/// What work from outside is about.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "columns")]
pub struct Matter {
    /// `callback`, `task`, `case`, `lead`, `post`, `visit` or `custom`.
    pub kind: String,
    /// `{type, id, title, url}`.
    pub subject: Option<serde_json::Value>,
    pub attributes: serde_json::Value,
    pub external_id: Option<String>,
}

fn work_item(row: &Row<'_>) -> Result<WorkItem, Error> {
    let mut c = Cols::new(row);
    Ok(WorkItem {
        item: c.json()?,
        interaction_id: c.opt_id()?,
        conversation_id: c.opt_id()?,
        channel_id: c.opt_id()?,
        matter: matter(&mut c)?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

fn matter(c: &mut Cols<'_, '_>) -> Result<Option<Matter>, Error> {
    let kind: Option<String> = c.get()?;
    let (subject, attributes): (_, Option<serde_json::Value>) = (c.get()?, c.get()?);
    let external_id = c.get()?;
    Ok(kind.map(|kind| Matter { kind, subject, attributes: attributes.unwrap_or_default(), external_id }))
}

/// The word an enum has in JSON, for the columns beside the record.
fn word<T: serde::Serialize>(value: &T) -> db::Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text.into(),
        _ => String::new().into(),
    }
}

const ITEM: &[db::Kind] = &[Json, Id, Id, Id, Text, Json, Json, Text, Time, Time, Int];
macro_rules! columns {
    () => {
        "record, interaction_id, conversation_id, channel_id, kind, subject, attributes, external_id, created_at, \
         updated_at, version"
    };
}

const INSERT: Sql = Sql::new(
    "work.insert",
    "INSERT INTO work_items (id, organization_id, state, routing_kind, queue_id, interaction_id, conversation_id,
       customer_id, channel_id, enqueued_at, record, created_at, updated_at, version, kind, subject, attributes,
       external_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 1, $13, $14, $15, $16)",
    &[],
);
const UPDATE: Sql = Sql::new(
    "work.update",
    "UPDATE work_items SET state = $3, queue_id = $4, agent_id = $5, assignment_id = $6, enqueued_at = $7,
       record = $8, updated_at = $9, version = version + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
);
const FIND_MANY: Sql = Sql::new(
    "work.find_many",
    concat!("SELECT ", columns!(), " FROM work_items WHERE organization_id = $1 AND id {any_uuid $2}"),
    ITEM,
);
const LIVE: Sql = Sql::new(
    "work.live",
    concat!(
        "SELECT ",
        columns!(),
        " FROM work_items WHERE organization_id = $1 AND state NOT IN ('closed', 'cancelled') LIMIT 5000000"
    ),
    ITEM,
);
const LIVE_OF: Sql = Sql::new(
    "work.live_of_conversations",
    concat!(
        "SELECT ",
        columns!(),
        " FROM work_items WHERE organization_id = $1 AND conversation_id {any_uuid $2}
          AND state NOT IN ('closed', 'cancelled')"
    ),
    ITEM,
);
const LIVE_IN: Sql = Sql::new(
    "work.live_in_conversation",
    concat!(
        "SELECT ",
        columns!(),
        " FROM work_items WHERE organization_id = $1 AND conversation_id = $2 AND state NOT IN ('closed', 'cancelled')"
    ),
    ITEM,
);
const PUT_OFFER: Sql = Sql::new(
    "work.put_offer",
    "INSERT INTO offers (id, organization_id, work_item_id, agent_id, state, record, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record, updated_at = excluded.updated_at",
    &[],
);
const PENDING_OFFERS: Sql = Sql::new(
    "work.pending_offers",
    "SELECT record FROM offers WHERE organization_id = $1 AND state = 'pending' LIMIT 1000000",
    &[Json],
);
const FIND_OFFERS: Sql =
    Sql::new("work.find_offers", "SELECT record FROM offers WHERE organization_id = $1 AND id {any_uuid $2}", &[Json]);
const PUT_ASSIGNMENT: Sql = Sql::new(
    "work.put_assignment",
    "INSERT INTO assignments (id, organization_id, work_item_id, agent_id, state, record, started_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record, ended_at = excluded.ended_at",
    &[],
);
const LIVE_ASSIGNMENTS: Sql = Sql::new(
    "work.live_assignments",
    "SELECT record FROM assignments WHERE organization_id = $1 AND state <> 'ended' LIMIT 5000000",
    &[Json],
);
const FIND_ASSIGNMENTS: Sql = Sql::new(
    "work.find_assignments",
    "SELECT record FROM assignments WHERE organization_id = $1 AND id {any_uuid $2}",
    &[Json],
);
const PUT_PRESENCE: Sql = Sql::new(
    "work.put_presence",
    "INSERT INTO presences (agent_id, organization_id, record, updated_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (agent_id) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at",
    &[],
);
const PRESENCES: Sql =
    Sql::new("work.presences", "SELECT record FROM presences WHERE organization_id = $1 LIMIT 100000", &[Json]);
const END_INTERVAL: Sql = Sql::new(
    "work.end_interval",
    "UPDATE presence_intervals SET to_at = $3 WHERE organization_id = $1 AND agent_id = $2 AND to_at IS NULL",
    &[],
);
const START_INTERVAL: Sql = Sql::new(
    "work.start_interval",
    "INSERT INTO presence_intervals (id, organization_id, agent_id, status_id, reason, from_at)
     VALUES ($1, $2, $3, $4, $5, $6)",
    &[],
);
const INSERT_NEXT: Sql = Sql::new(
    "work.insert_next",
    "INSERT INTO work_items (id, organization_id, state, routing_kind, queue_id, interaction_id, conversation_id,
       customer_id, channel_id, enqueued_at, record, created_at, updated_at, version, kind, subject, attributes)
     SELECT {cast $3 uuid}, organization_id, {cast $4 text}, routing_kind, {cast $5 uuid}, interaction_id,
       conversation_id, customer_id, channel_id, {cast $6 time}, {cast $7 json}, {cast $8 time}, {cast $8 time}, 1, kind,
       subject, attributes
     FROM work_items WHERE organization_id = $1 AND id = $2
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, queue_id = excluded.queue_id, record = excluded.record,
       enqueued_at = excluded.enqueued_at, updated_at = excluded.updated_at, version = work_items.version + 1",
    &[],
);
const PAGE: Sql = Sql::new(
    "work.page",
    concat!(
        "SELECT ",
        columns!(),
        " FROM work_items WHERE organization_id = $1 AND id < $2 AND state {any_text $3}
           AND ({cast $4 uuid} IS NULL OR queue_id = $4) AND ({cast $5 uuid} IS NULL OR agent_id = $5)
           AND ({cast $6 uuid} IS NULL OR customer_id = $6) AND ({cast $7 uuid} IS NULL OR conversation_id = $7)
           AND ({cast $8 text} IS NULL OR coalesce(kind, 'interaction') = $8)
           AND ({cast $9 bool} OR queue_id {any_uuid $10} OR agent_id {any_uuid $11})
         ORDER BY id DESC LIMIT $12"
    ),
    ITEM,
);
const BY_EXTERNAL: Sql = Sql::new(
    "work.by_external",
    concat!("SELECT ", columns!(), " FROM work_items WHERE organization_id = $1 AND external_id = $2"),
    ITEM,
);
const LIVE_IN_QUEUE: Sql = Sql::new(
    "work.live_in_queue",
    "SELECT id FROM work_items WHERE organization_id = $1 AND queue_id = $2
       AND state NOT IN ('closed', 'cancelled') LIMIT 1",
    &[Id],
);
const HELD_BY: Sql = Sql::new(
    "work.held_by",
    "SELECT id FROM work_items WHERE organization_id = $1 AND agent_id {any_uuid $2}
       AND state IN ('active', 'paused', 'wrap_up') LIMIT 1000",
    &[Id],
);
const SET_ATTRIBUTES: Sql = Sql::new(
    "work.set_attributes",
    "UPDATE work_items SET attributes = $3, updated_at = $4, version = version + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
);
const HISTORY: Sql = Sql::new(
    "work.history",
    "SELECT organization_id, id, type, version, at, actor, cause_id, data FROM events
     WHERE organization_id = $1 AND data->>'work_item_id' = $2 AND type LIKE 'work_item.%'
     ORDER BY position LIMIT 1000",
    &[Id, Id, Text, Int, Time, Json, Id, Json],
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT_NEXT,
    &PAGE,
    &BY_EXTERNAL,
    &LIVE_IN_QUEUE,
    &HELD_BY,
    &SET_ATTRIBUTES,
    &HISTORY,
    &INSERT,
    &UPDATE,
    &FIND_MANY,
    &LIVE,
    &LIVE_OF,
    &LIVE_IN,
    &PUT_OFFER,
    &PENDING_OFFERS,
    &FIND_OFFERS,
    &PUT_ASSIGNMENT,
    &LIVE_ASSIGNMENTS,
    &FIND_ASSIGNMENTS,
    &PUT_PRESENCE,
    &PRESENCES,
    &END_INTERVAL,
    &START_INTERVAL,
];

/// Adds a new item (state `new`).
pub async fn insert(tx: &mut Tx<'_>, org: OrganizationId, w: &WorkItem) -> Result<(), Error> {
    let params = [
        w.item.id.0.into(),
        org.0.into(),
        word(&w.item.state),
        word(&w.item.kind),
        w.item.queue.0.into(),
        opt(w.interaction_id),
        opt(w.conversation_id),
        opt(w.item.customer),
        opt(w.channel_id),
        Timestamp::from(w.item.enqueued_at).into(),
        json(&w.item),
        w.created_at.into(),
        w.matter.as_ref().map(|m| m.kind.clone()).into(),
        w.matter.as_ref().and_then(|m| m.subject.clone()).into(),
        w.matter.as_ref().map(|m| m.attributes.clone()).into(),
        w.matter.as_ref().and_then(|m| m.external_id.clone()).into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// Writes what the router says of an item.
pub async fn update(tx: &mut Tx<'_>, org: OrganizationId, item: &Item, now: Timestamp) -> Result<(), Error> {
    let params = [
        org.0.into(),
        item.id.0.into(),
        word(&item.state),
        item.queue.0.into(),
        opt(item.agent),
        opt(item.assignment),
        Timestamp::from(item.enqueued_at).into(),
        json(item),
        now.into(),
    ];
    tx.exec_one(&UPDATE, &params).await
}

/// The items with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<WorkItem>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], work_item).await
}

/// One item.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: WorkItemId) -> Result<Option<WorkItem>, Error> {
    Ok(find_many(tx, org, vec![id.0]).await?.pop())
}

/// Every item that is not finished.
pub async fn live(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<WorkItem>, Error> {
    tx.all(&LIVE, &[org.0.into()], work_item).await
}

/// The unfinished items of these conversations.
pub async fn live_of(tx: &mut Tx<'_>, org: OrganizationId, conversations: Vec<Uuid>) -> Result<Vec<WorkItem>, Error> {
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&LIVE_OF, &[org.0.into(), conversations.into()], work_item).await
}

/// Unfinished work of one conversation.
pub async fn live_in(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
) -> Result<Vec<WorkItem>, Error> {
    tx.all(&LIVE_IN, &[org.0.into(), conversation.0.into()], work_item).await
}

/// Adds or changes an offer.
pub async fn put_offer(tx: &mut Tx<'_>, org: OrganizationId, o: &Offer, now: Timestamp) -> Result<(), Error> {
    let params = [
        o.id.0.into(),
        org.0.into(),
        o.item.0.into(),
        o.agent.0.into(),
        word(&o.state),
        json(o),
        Timestamp::from(o.created_at).into(),
        now.into(),
    ];
    tx.exec_one(&PUT_OFFER, &params).await
}

/// Every offer that rings.
pub async fn pending_offers(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Offer>, Error> {
    tx.all(&PENDING_OFFERS, &[org.0.into()], |row| Cols::new(row).json()).await
}

/// The offers with these ids, in no order.
pub async fn find_offers(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<OfferId>) -> Result<Vec<Offer>, Error> {
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_OFFERS, &[org.0.into(), ids.into()], |row| Cols::new(row).json()).await
}

/// Adds or changes an assignment.
pub async fn put_assignment(tx: &mut Tx<'_>, org: OrganizationId, a: &Assignment) -> Result<(), Error> {
    let params = [
        a.id.0.into(),
        org.0.into(),
        a.item.0.into(),
        a.agent.0.into(),
        word(&a.state),
        json(a),
        Timestamp::from(a.started_at).into(),
        a.ended_at.map(Timestamp::from).into(),
    ];
    tx.exec_one(&PUT_ASSIGNMENT, &params).await
}

/// Every assignment that is not over.
pub async fn live_assignments(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Assignment>, Error> {
    tx.all(&LIVE_ASSIGNMENTS, &[org.0.into()], |row| Cols::new(row).json()).await
}

/// One assignment.
pub async fn find_assignment(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: AssignmentId,
) -> Result<Option<Assignment>, Error> {
    let ids = vec![id.0];
    Ok(tx.all(&FIND_ASSIGNMENTS, &[org.0.into(), ids.into()], |row| Cols::new(row).json()).await?.pop())
}

/// Writes what the router believes of an agent.
pub async fn put_presence(tx: &mut Tx<'_>, org: OrganizationId, p: &Presence, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&PUT_PRESENCE, &[p.agent.0.into(), org.0.into(), json(p), now.into()]).await
}

/// What the router believes of every agent.
pub async fn presences(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<Presence>, Error> {
    tx.all(&PRESENCES, &[org.0.into()], |row| Cols::new(row).json()).await
}

/// Ends the agent's interval and starts one in `status`, so that intervals partition time exactly.
pub async fn change_interval(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    agent: AgentId,
    status: StatusId,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec(&END_INTERVAL, &[org.0.into(), agent.0.into(), now.into()]).await?;
    let params = [id.into(), org.0.into(), agent.0.into(), status.0.into(), reason.into(), now.into()];
    tx.exec_one(&START_INTERVAL, &params).await
}

/// Writes the item that goes on where another ends: what it belongs to is the same. It may stand there as new already.
pub async fn insert_next(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    previous: WorkItemId,
    item: &Item,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [
        org.0.into(),
        previous.0.into(),
        item.id.0.into(),
        word(&item.state),
        item.queue.0.into(),
        Timestamp::from(item.enqueued_at).into(),
        json(item),
        now.into(),
    ];
    tx.exec_one(&INSERT_NEXT, &params).await
}

/// Which items a page holds.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct PageQuery {
    pub before: Uuid,
    pub states: Vec<String>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    pub customer: Option<CustomerId>,
    pub conversation: Option<ConversationId>,
    pub kind: Option<String>,
    pub reach: Reach,
    pub limit: i64,
}

/// Items, newest first.
pub async fn page(tx: &mut Tx<'_>, org: OrganizationId, query: PageQuery) -> Result<Vec<WorkItem>, Error> {
    let queues: Vec<Uuid> = query.reach.queues.iter().map(|id| id.0).collect();
    let agents: Vec<Uuid> = query.reach.agents.iter().map(|id| id.0).collect();
    let params = [
        org.0.into(),
        query.before.into(),
        query.states.into(),
        opt(query.queue),
        opt(query.agent),
        opt(query.customer),
        opt(query.conversation),
        query.kind.into(),
        query.reach.is_everything.into(),
        queues.into(),
        agents.into(),
        query.limit.into(),
    ];
    tx.all(&PAGE, &params, work_item).await
}

/// The item with the caller's own id, whatever its state.
pub async fn by_external(tx: &mut Tx<'_>, org: OrganizationId, id: &str) -> Result<Option<WorkItem>, Error> {
    tx.optional(&BY_EXTERNAL, &[org.0.into(), id.into()], work_item).await
}

/// Whether unfinished work is in a queue.
pub async fn is_live_in_queue(tx: &mut Tx<'_>, org: OrganizationId, queue: QueueId) -> Result<bool, Error> {
    let params = [org.0.into(), queue.0.into()];
    Ok(tx.optional(&LIVE_IN_QUEUE, &params, |row| Cols::new(row).get::<Uuid>()).await?.is_some())
}

/// The items that these agents hold.
pub async fn held_by(tx: &mut Tx<'_>, org: OrganizationId, agents: Vec<Uuid>) -> Result<Vec<WorkItemId>, Error> {
    tx.all(&HELD_BY, &[org.0.into(), agents.into()], |row| Cols::new(row).id()).await
}

/// Writes what the caller attached to an item; routing does not read it.
pub async fn set_attributes(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: WorkItemId,
    attributes: serde_json::Value,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec_one(&SET_ATTRIBUTES, &[org.0.into(), id.0.into(), attributes.into(), now.into()]).await
}

/// What happened to an item, oldest first.
pub async fn history(tx: &mut Tx<'_>, org: OrganizationId, id: WorkItemId) -> Result<Vec<Event>, Error> {
    tx.all(&HISTORY, &[org.0.into(), id.0.to_string().into()], crate::events::plain).await
}
