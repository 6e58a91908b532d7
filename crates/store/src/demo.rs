//! What a demonstration brings along, and its end: rows tagged `is_demo`, and everything that hangs on them.

use db::Kind::{Text, Uuid as Id};
use db::{Error, Sql, Tx, Value};
use domain::ids::{AgentId, OrganizationId, UserId};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::cols::Cols;

const TAG_USER: Sql =
    Sql::new("demo.tag_user", "UPDATE users SET is_demo = TRUE WHERE organization_id = $1 AND id = $2", &[]);
const INSERT_CUSTOMER: Sql = Sql::new(
    "demo.insert_customer",
    "INSERT INTO customers (organization_id, id, name, name_key, language, is_vip, is_blocked, fields, tags, state,
       is_demo, first_seen_at, last_seen_at, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, FALSE, FALSE, $6, $7, 'active', TRUE, $8, $8, $8, $8, 1)",
    &[],
);
const INSERT_CONVERSATION: Sql = Sql::new(
    "demo.insert_conversation",
    "INSERT INTO conversations (organization_id, id, number, subject, status_category, priority, customer_id,
       owner_agent_id, queue_id, reply_channel_id, reply_identity_id, channel_kinds, language, tags, fields,
       snoozed_until_reply, first_response_at, last_activity_at, last_entry_seq, last_entry, is_blocked, is_demo,
       resolved_at, reopened_count, created_at, updated_at, version)
     VALUES ($1, $2, $3, $4, 'resolved', 'normal', $5, $6, $7, $8, $9, $10, $11, $12, $13, FALSE, $14, $15, $16, $17,
       FALSE, TRUE, $15, 0, $18, $15, 1)",
    &[],
);
const INSERT_IDENTITY: Sql = Sql::new(
    "demo.insert_identity",
    "INSERT INTO identities (organization_id, id, customer_id, kind, address, address_key, channel_id, verification,
       is_authenticated, is_primary, reachability, created_at, updated_at, version)
     VALUES ($1, $2, $3, 'visitor', $4, $4, $5, 'observed', FALSE, TRUE, 'ok', $6, $6, 1)",
    &[],
);
const INSERT_INTERACTION: Sql = Sql::new(
    "demo.insert_interaction",
    "INSERT INTO interactions (organization_id, id, conversation_id, customer_id, channel_id, channel_kind, identity_id,
       shape, direction, state, started_at, ended_at, end_reason, last_activity_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'chat_session', 'in', 'ended', $8, $9, 'agent', $9, 1)",
    &[],
);
const INSERT_ENTRY: Sql = Sql::new(
    "demo.insert_entry",
    "INSERT INTO entries (organization_id, id, conversation_id, interaction_id, customer_id, seq, kind, direction,
       audience, author_type, author_id, author_name, channel_id, channel_kind, body, attachment_ids, is_truncated,
       occurred_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, 'message', $7, 'private', $8, $9, $10, $11, $12, $13, $14, FALSE, $15, $15)",
    &[],
);
const CONVERSATIONS: Sql = Sql::new(
    "demo.conversations",
    "SELECT id FROM conversations WHERE organization_id = $1 AND is_demo LIMIT $2",
    &[Id],
);
const CUSTOMERS: Sql =
    Sql::new("demo.customers", "SELECT id FROM customers WHERE organization_id = $1 AND is_demo LIMIT $2", &[Id]);
const PEOPLE: Sql = Sql::new(
    "demo.people",
    "SELECT u.id, u.email, a.id FROM users u LEFT JOIN agents a ON a.organization_id = $1 AND a.user_id = u.id
     WHERE u.organization_id = $1 AND u.is_demo LIMIT 1000",
    &[Id, Text, Id],
);

/// What hangs on conversations; each takes their ids as `$2`.
const OF_CONVERSATIONS: [Sql; 14] = [
    Sql::new(
        "demo.delete_notifications",
        "DELETE FROM notifications WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_conversation_people",
        "DELETE FROM conversation_people WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_deliveries",
        "DELETE FROM deliveries WHERE organization_id = $1 AND entry_id IN
           (SELECT id FROM entries WHERE organization_id = $1 AND conversation_id {any_uuid $2})",
        &[],
    ),
    Sql::new(
        "demo.delete_dead_letters",
        "DELETE FROM dead_letters WHERE organization_id = $1 AND entry_id IN
           (SELECT id FROM entries WHERE organization_id = $1 AND conversation_id {any_uuid $2})",
        &[],
    ),
    Sql::new(
        "demo.delete_offers",
        "DELETE FROM offers WHERE organization_id = $1 AND work_item_id IN
           (SELECT id FROM work_items WHERE organization_id = $1 AND conversation_id {any_uuid $2})",
        &[],
    ),
    Sql::new(
        "demo.delete_assignments",
        "DELETE FROM assignments WHERE organization_id = $1 AND work_item_id IN
           (SELECT id FROM work_items WHERE organization_id = $1 AND conversation_id {any_uuid $2})",
        &[],
    ),
    Sql::new(
        "demo.delete_work_items",
        "DELETE FROM work_items WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_attachments",
        "DELETE FROM attachments WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_drafts",
        "DELETE FROM drafts WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_read_marks",
        "DELETE FROM read_marks WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_mail_references",
        "DELETE FROM mail_references WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_entries",
        "DELETE FROM entries WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_interactions",
        "DELETE FROM interactions WHERE organization_id = $1 AND conversation_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_conversations",
        "DELETE FROM conversations WHERE organization_id = $1 AND id {any_uuid $2}",
        &[],
    ),
];

/// What hangs on customers; each takes their ids as `$2`.
const OF_CUSTOMERS: [Sql; 3] = [
    Sql::new(
        "demo.delete_visitors",
        "DELETE FROM visitors WHERE organization_id = $1 AND customer_id {any_uuid $2}",
        &[],
    ),
    Sql::new(
        "demo.delete_identities",
        "DELETE FROM identities WHERE organization_id = $1 AND customer_id {any_uuid $2}",
        &[],
    ),
    Sql::new("demo.delete_customers", "DELETE FROM customers WHERE organization_id = $1 AND id {any_uuid $2}", &[]),
];

/// What hangs on a person; each takes user as `$2` or agent as `$2`.
const OF_USER: [Sql; 4] = [
    Sql::new("demo.delete_sessions", "DELETE FROM sessions WHERE organization_id = $1 AND user_id = $2", &[]),
    Sql::new("demo.delete_links", "DELETE FROM link_tokens WHERE organization_id = $1 AND user_id = $2", &[]),
    Sql::new("demo.delete_team_members", "DELETE FROM team_members WHERE organization_id = $1 AND user_id = $2", &[]),
    Sql::new("demo.delete_user", "DELETE FROM users WHERE organization_id = $1 AND id = $2 AND is_demo", &[]),
];
const OF_AGENT: [Sql; 4] = [
    Sql::new(
        "demo.delete_queue_members",
        "DELETE FROM queue_members WHERE organization_id = $1 AND agent_id = $2",
        &[],
    ),
    Sql::new("demo.delete_presences", "DELETE FROM presences WHERE organization_id = $1 AND agent_id = $2", &[]),
    Sql::new(
        "demo.delete_presence_intervals",
        "DELETE FROM presence_intervals WHERE organization_id = $1 AND agent_id = $2",
        &[],
    ),
    Sql::new("demo.delete_agent", "DELETE FROM agents WHERE organization_id = $1 AND id = $2", &[]),
];

pub(crate) const ALL: &[&Sql] = &[
    &TAG_USER,
    &INSERT_CUSTOMER,
    &INSERT_IDENTITY,
    &INSERT_CONVERSATION,
    &INSERT_INTERACTION,
    &INSERT_ENTRY,
    &CONVERSATIONS,
    &CUSTOMERS,
    &PEOPLE,
    &OF_CONVERSATIONS[0],
    &OF_CONVERSATIONS[1],
    &OF_CONVERSATIONS[2],
    &OF_CONVERSATIONS[3],
    &OF_CONVERSATIONS[4],
    &OF_CONVERSATIONS[5],
    &OF_CONVERSATIONS[6],
    &OF_CONVERSATIONS[7],
    &OF_CONVERSATIONS[8],
    &OF_CONVERSATIONS[9],
    &OF_CONVERSATIONS[10],
    &OF_CONVERSATIONS[11],
    &OF_CONVERSATIONS[12],
    &OF_CONVERSATIONS[13],
    &OF_CUSTOMERS[0],
    &OF_CUSTOMERS[1],
    &OF_CUSTOMERS[2],
    &OF_USER[0],
    &OF_USER[1],
    &OF_USER[2],
    &OF_USER[3],
    &OF_AGENT[0],
    &OF_AGENT[1],
    &OF_AGENT[2],
    &OF_AGENT[3],
];

/// A conversation of the past, ended and resolved, with its customer.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Past {
    pub number: i64,
    pub ids: PastIds,
    pub channel_id: Uuid,
    pub channel_kind: String,
    pub queue_id: Option<Uuid>,
    pub agent: (AgentId, String),
    pub customer_name: String,
    /// Folded for search.
    pub customer_key: String,
    pub language: String,
    pub subject: String,
    pub tags: Vec<String>,
    /// Who speaks is the customer first, and by turns: text and when.
    pub lines: Vec<(Uuid, String, Timestamp)>,
}

/// Fresh ids.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct PastIds {
    pub customer: Uuid,
    pub identity: Uuid,
    pub conversation: Uuid,
    pub interaction: Uuid,
}

/// Tags a person as brought along.
pub async fn tag_user(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<(), Error> {
    tx.exec_one(&TAG_USER, &[org.0.into(), user.0.into()]).await
}

/// Writes a conversation of the past.
pub async fn insert_past(tx: &mut Tx<'_>, org: OrganizationId, past: &Past) -> Result<(), Error> {
    let (Some(first), Some(last)) = (past.lines.first(), past.lines.last()) else { return Ok(()) };
    let (began, ended) = (first.2, last.2);
    insert_customer(tx, org, past, began).await?;
    insert_conversation(tx, org, past, began, last).await?;
    let PastIds { customer, identity, conversation, interaction } = past.ids;
    let params = [
        org.0.into(),
        interaction.into(),
        conversation.into(),
        customer.into(),
        past.channel_id.into(),
        past.channel_kind.as_str().into(),
        identity.into(),
        began.into(),
        ended.into(),
    ];
    tx.exec_one(&INSERT_INTERACTION, &params).await?;
    for (place, line) in past.lines.iter().enumerate() {
        insert_entry(tx, org, past, place, line).await?;
    }
    Ok(())
}

async fn insert_customer(tx: &mut Tx<'_>, org: OrganizationId, past: &Past, at: Timestamp) -> Result<(), Error> {
    let PastIds { customer, identity, .. } = past.ids;
    let params = [
        org.0.into(),
        customer.into(),
        past.customer_name.as_str().into(),
        past.customer_key.as_str().into(),
        past.language.as_str().into(),
        json!({}).into(),
        json!([]).into(),
        at.into(),
    ];
    tx.exec_one(&INSERT_CUSTOMER, &params).await?;
    let address = identity.to_string();
    let params = [org.0.into(), identity.into(), customer.into(), address.into(), past.channel_id.into(), at.into()];
    tx.exec_one(&INSERT_IDENTITY, &params).await
}

async fn insert_conversation(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    past: &Past,
    began: Timestamp,
    last: &(Uuid, String, Timestamp),
) -> Result<(), Error> {
    let PastIds { customer, identity, conversation, .. } = past.ids;
    let count = i64::try_from(past.lines.len()).unwrap_or(i64::MAX);
    let (direction, author) = speaker(past, past.lines.len() - 1);
    let shown = json!({ "id": last.0, "seq": count, "kind": "message", "direction": direction, "author_name": author,
        "text": last.1, "channel_kind": past.channel_kind, "created_at": last.2 });
    let params = [
        org.0.into(),
        conversation.into(),
        past.number.into(),
        past.subject.as_str().into(),
        customer.into(),
        past.agent.0.0.into(),
        past.queue_id.into(),
        past.channel_id.into(),
        identity.into(),
        json!([past.channel_kind]).into(),
        past.language.as_str().into(),
        json!(past.tags).into(),
        json!({}).into(),
        past.lines.get(1).map(|line| line.2).into(),
        last.2.into(),
        count.into(),
        shown.into(),
        began.into(),
    ];
    tx.exec_one(&INSERT_CONVERSATION, &params).await
}

/// Direction and name of who says the line at `place`.
fn speaker(past: &Past, place: usize) -> (&'static str, &str) {
    if place.is_multiple_of(2) { ("in", &past.customer_name) } else { ("out", &past.agent.1) }
}

async fn insert_entry(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    past: &Past,
    place: usize,
    (id, text, at): &(Uuid, String, Timestamp),
) -> Result<(), Error> {
    let PastIds { customer, conversation, interaction, .. } = past.ids;
    let (direction, name) = speaker(past, place);
    let (author, author_id) = if direction == "in" { ("customer", customer) } else { ("agent", past.agent.0.0) };
    let params = [
        org.0.into(),
        (*id).into(),
        conversation.into(),
        interaction.into(),
        customer.into(),
        i64::try_from(place + 1).unwrap_or(i64::MAX).into(),
        direction.into(),
        author.into(),
        author_id.into(),
        name.into(),
        past.channel_id.into(),
        past.channel_kind.as_str().into(),
        json!({ "text": text }).into(),
        json!([]).into(),
        (*at).into(),
    ];
    tx.exec_one(&INSERT_ENTRY, &params).await
}

/// Some conversations that were brought along.
pub async fn conversations(tx: &mut Tx<'_>, org: OrganizationId, limit: i64) -> Result<Vec<Uuid>, Error> {
    tx.all(&CONVERSATIONS, &[org.0.into(), limit.into()], |row| row.get(0)).await
}

/// Some customers who were brought along.
pub async fn customers(tx: &mut Tx<'_>, org: OrganizationId, limit: i64) -> Result<Vec<Uuid>, Error> {
    tx.all(&CUSTOMERS, &[org.0.into(), limit.into()], |row| row.get(0)).await
}

/// People who were brought along: user, address, agent.
pub async fn people(tx: &mut Tx<'_>, org: OrganizationId) -> Result<Vec<(UserId, String, Option<AgentId>)>, Error> {
    tx.all(&PEOPLE, &[org.0.into()], |row| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?, c.opt_id()?))
    })
    .await
}

/// Deletes conversations with everything that hangs on them.
pub async fn delete_conversations(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<(), Error> {
    each(tx, &OF_CONVERSATIONS, &[org.0.into(), ids.into()]).await
}

/// Deletes customers with their identities and visitors.
pub async fn delete_customers(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<(), Error> {
    each(tx, &OF_CUSTOMERS, &[org.0.into(), ids.into()]).await
}

/// Deletes a person who was brought along.
pub async fn delete_person(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    user: UserId,
    agent: Option<AgentId>,
) -> Result<(), Error> {
    if let Some(agent) = agent {
        each(tx, &OF_AGENT, &[org.0.into(), agent.0.into()]).await?;
    }
    each(tx, &OF_USER, &[org.0.into(), user.0.into()]).await
}

async fn each(tx: &mut Tx<'_>, statements: &'static [Sql], params: &[Value]) -> Result<(), Error> {
    for sql in statements {
        tx.exec(sql, params).await?;
    }
    Ok(())
}
