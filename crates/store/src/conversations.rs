//! Conversations and their interactions.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::conversation::{InteractionEnd, InteractionState, Priority, Shape, StatusCategory};
use domain::ids::{
    AgentId, ChannelId, ConversationId, CustomerId, IdentityId, InteractionId, OrganizationId, QueueId, UserId,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json, opt};

/// The lasting matter with a customer.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "columns")]
pub struct Conversation {
    pub id: ConversationId,
    pub organization_id: OrganizationId,
    pub number: i64,
    pub subject: Option<String>,
    pub outcome: Option<String>,
    pub status_category: StatusCategory,
    pub priority: Priority,
    pub customer_id: CustomerId,
    pub owner_agent_id: Option<AgentId>,
    pub queue_id: Option<QueueId>,
    pub reply_channel_id: Option<ChannelId>,
    pub reply_identity_id: Option<IdentityId>,
    pub channel_kinds: Vec<String>,
    pub language: Option<String>,
    pub tags: Vec<String>,
    pub fields: serde_json::Value,
    pub snoozed_until: Option<Timestamp>,
    pub is_snoozed_until_reply: bool,
    pub waiting_since_at: Option<Timestamp>,
    pub first_response_at: Option<Timestamp>,
    pub last_activity_at: Timestamp,
    pub last_entry_seq: i64,
    pub last_entry: Option<serde_json::Value>,
    pub is_blocked: bool,
    pub is_demo: bool,
    pub resolved_at: Option<Timestamp>,
    pub reopened_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub desk: Desk,
}

/// What the desk knows of a conversation beside the course of the matter itself.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "columns")]
pub struct Desk {
    pub status_id: Option<Uuid>,
    pub snoozed_by: Option<UserId>,
    pub follower_ids: Vec<UserId>,
    /// Users named in notes.
    pub mentioned_ids: Vec<UserId>,
    pub linked_ids: Vec<ConversationId>,
    pub merged_into_id: Option<ConversationId>,
    pub is_restricted: bool,
    pub is_test: bool,
    /// When the next promise falls due.
    pub next_due_at: Option<Timestamp>,
    /// Erased: only its number is left.
    pub deleted_at: Option<Timestamp>,
    /// Whom `customer_id` leads to through merges. Read only; empty in a row that was never read.
    pub effective_customer_id: Option<CustomerId>,
}

impl Conversation {
    /// The customer as responses name them: merges move nothing, they only lead here.
    #[must_use]
    pub fn effective_customer(&self) -> CustomerId {
        self.desk.effective_customer_id.unwrap_or(self.customer_id)
    }

    /// Moves it to a category; a custom status of another category falls away.
    pub fn set_category(&mut self, category: StatusCategory) {
        if self.status_category != category {
            self.status_category = category;
            self.desk.status_id = None;
        }
    }

    /// Takes it up again.
    pub fn wake(&mut self) {
        self.snoozed_until = None;
        self.is_snoozed_until_reply = false;
        self.desk.snoozed_by = None;
    }

    /// Whether it is put aside now.
    #[must_use]
    pub fn is_snoozed(&self) -> bool {
        self.snoozed_until.is_some() || self.is_snoozed_until_reply
    }

    /// Whether a user follows it or was named in it.
    #[must_use]
    pub fn concerns(&self, user: UserId) -> bool {
        self.desk.follower_ids.contains(&user) || self.desk.mentioned_ids.contains(&user)
    }

    /// Subject, outcome and newest text, folded.
    #[must_use]
    pub fn text_key(&self) -> String {
        let last = self.last_entry.as_ref().and_then(|e| e.get("text")).and_then(serde_json::Value::as_str);
        let parts = [self.subject.as_deref(), self.outcome.as_deref(), last];
        domain::fold::fold(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

/// One engagement on one channel.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Interaction {
    pub id: InteractionId,
    pub organization_id: OrganizationId,
    pub conversation_id: ConversationId,
    pub customer_id: CustomerId,
    pub channel_id: ChannelId,
    pub channel_kind: String,
    pub identity_id: IdentityId,
    pub shape: Shape,
    pub direction: String,
    pub state: InteractionState,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<String>,
    pub last_activity_at: Timestamp,
    pub version: i64,
}

pub(crate) fn conversation(row: &Row<'_>) -> Result<Conversation, Error> {
    let mut c = Cols::new(row);
    Ok(Conversation {
        id: c.id()?,
        organization_id: c.id()?,
        number: c.get()?,
        subject: c.get()?,
        outcome: c.get()?,
        status_category: c.word()?,
        priority: c.word()?,
        customer_id: c.id()?,
        owner_agent_id: c.opt_id()?,
        queue_id: c.opt_id()?,
        reply_channel_id: c.opt_id()?,
        reply_identity_id: c.opt_id()?,
        channel_kinds: c.json()?,
        language: c.get()?,
        tags: c.json()?,
        fields: c.get()?,
        snoozed_until: c.get()?,
        is_snoozed_until_reply: c.get()?,
        waiting_since_at: c.get()?,
        first_response_at: c.get()?,
        last_activity_at: c.get()?,
        last_entry_seq: c.get()?,
        last_entry: c.get()?,
        is_blocked: c.get()?,
        is_demo: c.get()?,
        resolved_at: c.get()?,
        reopened_count: c.get()?,
        created_at: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
        desk: Desk {
            status_id: c.get()?,
            snoozed_by: c.opt_id()?,
            follower_ids: c.json()?,
            mentioned_ids: c.json()?,
            linked_ids: c.json()?,
            merged_into_id: c.opt_id()?,
            is_restricted: c.get()?,
            is_test: c.get()?,
            next_due_at: c.get()?,
            deleted_at: c.get()?,
            effective_customer_id: c.opt_id()?,
        },
    })
}

fn interaction(row: &Row<'_>) -> Result<Interaction, Error> {
    let mut c = Cols::new(row);
    Ok(Interaction {
        id: c.id()?,
        organization_id: c.id()?,
        conversation_id: c.id()?,
        customer_id: c.id()?,
        channel_id: c.id()?,
        channel_kind: c.get()?,
        identity_id: c.id()?,
        shape: c.word()?,
        direction: c.get()?,
        state: c.word()?,
        started_at: c.get()?,
        ended_at: c.get()?,
        end_reason: c.get()?,
        last_activity_at: c.get()?,
        version: c.get()?,
    })
}

macro_rules! own_columns {
    () => {
        "id, organization_id, number, subject, outcome, status_category, priority, customer_id, owner_agent_id,
         queue_id, reply_channel_id, reply_identity_id, channel_kinds, language, tags, fields, snoozed_until,
         snoozed_until_reply, waiting_since_at, first_response_at, last_activity_at, last_entry_seq, last_entry,
         is_blocked, is_demo, resolved_at, reopened_count, created_at, updated_at, version, status_id, snoozed_by,
         follower_ids, mentioned_ids, linked_ids, merged_into_id, is_restricted, is_test, next_due_at, deleted_at"
    };
}
macro_rules! columns {
    () => {
        concat!(
            own_columns!(),
            ", COALESCE((SELECT k.merged_into_id FROM customers k WHERE k.organization_id = conversations.organization_id
                 AND k.id = conversations.customer_id), customer_id)"
        )
    };
}
/// What is read of a conversation.
pub(crate) const COLUMNS: &str = columns!();
macro_rules! interaction_columns {
    () => {
        "id, organization_id, conversation_id, customer_id, channel_id, channel_kind, identity_id, shape, direction,
         state, started_at, ended_at, end_reason, last_activity_at, version"
    };
}
pub(crate) const CONVERSATION: &[db::Kind] = &[
    Id, Id, Int, Text, Text, Text, Text, Id, Id, Id, Id, Id, Json, Text, Json, Json, Time, Bool, Time, Time, Time, Int,
    Json, Bool, Bool, Time, Int, Time, Time, Int, Id, Id, Json, Json, Json, Id, Bool, Bool, Time, Time, Id,
];
const INTERACTION: &[db::Kind] = &[Id, Id, Id, Id, Id, Text, Id, Text, Text, Text, Time, Time, Text, Time, Int];

const INSERT: Sql = Sql::new(
    "conversations.insert",
    concat!(
        "INSERT INTO conversations (",
        own_columns!(),
        ", text_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
          $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)"
    ),
    &[],
);
const UPDATE: Sql = Sql::new(
    "conversations.update",
    "UPDATE conversations SET subject = $4, outcome = $5, status_category = $6, priority = $7, owner_agent_id = $8,
       queue_id = $9, reply_channel_id = $10, reply_identity_id = $11, channel_kinds = $12, language = $13, tags = $14,
       snoozed_until = $15, snoozed_until_reply = $16, waiting_since_at = $17, first_response_at = $18,
       last_activity_at = $19, last_entry_seq = $20, last_entry = $21, is_blocked = $22, resolved_at = $23,
       reopened_count = $24, updated_at = $25, fields = $26, status_id = $27, snoozed_by = $28, follower_ids = $29,
       mentioned_ids = $30, linked_ids = $31, merged_into_id = $32, is_restricted = $33, next_due_at = $34,
       deleted_at = $35, text_key = $36, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const LOCK: Sql = Sql::new(
    "conversations.lock",
    concat!("SELECT ", columns!(), " FROM conversations WHERE organization_id = $1 AND id = $2 {for_update}"),
    CONVERSATION,
);
const FIND_MANY: Sql = Sql::new(
    "conversations.find_many",
    concat!("SELECT ", columns!(), " FROM conversations WHERE organization_id = $1 AND id {any_uuid $2}"),
    CONVERSATION,
);
const BY_NUMBER: Sql = Sql::new(
    "conversations.by_number",
    concat!("SELECT ", columns!(), " FROM conversations WHERE organization_id = $1 AND number = $2"),
    CONVERSATION,
);
const CANDIDATES: Sql = Sql::new(
    "conversations.candidates",
    "SELECT id, status_category, last_activity_at, resolved_at, channel_kinds FROM conversations
     WHERE organization_id = $1 AND customer_id = $2 AND merged_into_id IS NULL AND deleted_at IS NULL
     ORDER BY last_activity_at DESC, id DESC LIMIT $3",
    &[Id, Text, Time, Time, Json],
);
const ADVANCE: Sql = Sql::new(
    "conversations.advance",
    "UPDATE conversations SET last_activity_at = $4, last_entry_seq = $5, last_entry = $6, text_key = $7, updated_at = $4,
       version = version + 1
     WHERE organization_id = $1 AND id = $2 AND version = $3",
    &[],
);
const INSERT_INTERACTION: Sql = Sql::new(
    "conversations.insert_interaction",
    concat!(
        "INSERT INTO interactions (",
        interaction_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, NULL, $11, 1)"
    ),
    &[],
);
const OPEN_INTERACTION: Sql = Sql::new(
    "conversations.open_interaction",
    concat!(
        "SELECT ",
        interaction_columns!(),
        " FROM interactions WHERE organization_id = $1 AND conversation_id = $2 AND channel_id = $3 AND identity_id = $4
          AND state = 'open'"
    ),
    INTERACTION,
);
const INTERACTIONS: Sql = Sql::new(
    "conversations.interactions",
    concat!(
        "SELECT ",
        interaction_columns!(),
        " FROM interactions WHERE organization_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT 200"
    ),
    INTERACTION,
);
const FIND_INTERACTION: Sql = Sql::new(
    "conversations.find_interaction",
    concat!("SELECT ", interaction_columns!(), " FROM interactions WHERE organization_id = $1 AND id = $2"),
    INTERACTION,
);
const END_INTERACTION: Sql = Sql::new(
    "conversations.end_interaction",
    "UPDATE interactions SET state = $3, ended_at = $4, end_reason = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND state <> 'ended'",
    &[],
);

const SET_OWNER: Sql = Sql::new(
    "conversations.set_owner",
    "UPDATE conversations SET owner_agent_id = $3, queue_id = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[
    &SET_OWNER,
    &INSERT,
    &UPDATE,
    &LOCK,
    &FIND_MANY,
    &BY_NUMBER,
    &CANDIDATES,
    &ADVANCE,
    &INSERT_INTERACTION,
    &OPEN_INTERACTION,
    &INTERACTIONS,
    &FIND_INTERACTION,
    &END_INTERACTION,
];

/// Adds a conversation.
pub async fn insert(tx: &mut Tx<'_>, c: &Conversation) -> Result<(), Error> {
    let params = [
        c.id.0.into(),
        c.organization_id.0.into(),
        c.number.into(),
        c.subject.clone().into(),
        c.outcome.clone().into(),
        c.status_category.as_str().into(),
        c.priority.as_str().into(),
        c.customer_id.0.into(),
        opt(c.owner_agent_id),
        opt(c.queue_id),
        opt(c.reply_channel_id),
        opt(c.reply_identity_id),
        json(&c.channel_kinds),
        c.language.clone().into(),
        json(&c.tags),
        c.fields.clone().into(),
        c.snoozed_until.into(),
        c.is_snoozed_until_reply.into(),
        c.waiting_since_at.into(),
        c.first_response_at.into(),
        c.last_activity_at.into(),
        c.last_entry_seq.into(),
        c.last_entry.clone().into(),
        c.is_blocked.into(),
        c.is_demo.into(),
        c.resolved_at.into(),
        c.reopened_count.into(),
        c.created_at.into(),
        c.updated_at.into(),
        c.version.into(),
        c.desk.status_id.into(),
        opt(c.desk.snoozed_by),
        json(&c.desk.follower_ids),
        json(&c.desk.mentioned_ids),
        json(&c.desk.linked_ids),
        opt(c.desk.merged_into_id),
        c.desk.is_restricted.into(),
        c.desk.is_test.into(),
        c.desk.next_due_at.into(),
        c.desk.deleted_at.into(),
        c.text_key().into(),
    ];
    tx.exec_one(&INSERT, &params).await?;
    crate::search::index_conversation(tx, c).await
}

/// Writes a conversation whose `version` is the one that was read, and raises it.
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn update(tx: &mut Tx<'_>, c: &mut Conversation, now: Timestamp) -> Result<(), Error> {
    let params = [
        c.organization_id.0.into(),
        c.id.0.into(),
        c.version.into(),
        c.subject.clone().into(),
        c.outcome.clone().into(),
        c.status_category.as_str().into(),
        c.priority.as_str().into(),
        opt(c.owner_agent_id),
        opt(c.queue_id),
        opt(c.reply_channel_id),
        opt(c.reply_identity_id),
        json(&c.channel_kinds),
        c.language.clone().into(),
        json(&c.tags),
        c.snoozed_until.into(),
        c.is_snoozed_until_reply.into(),
        c.waiting_since_at.into(),
        c.first_response_at.into(),
        c.last_activity_at.into(),
        c.last_entry_seq.into(),
        c.last_entry.clone().into(),
        c.is_blocked.into(),
        c.resolved_at.into(),
        c.reopened_count.into(),
        now.into(),
        c.fields.clone().into(),
        c.desk.status_id.into(),
        opt(c.desk.snoozed_by),
        json(&c.desk.follower_ids),
        json(&c.desk.mentioned_ids),
        json(&c.desk.linked_ids),
        opt(c.desk.merged_into_id),
        c.desk.is_restricted.into(),
        c.desk.next_due_at.into(),
        c.desk.deleted_at.into(),
        c.text_key().into(),
    ];
    tx.exec_one(&UPDATE, &params).await?;
    c.version += 1;
    c.updated_at = now;
    Ok(())
}

/// Writes no more of a conversation than that something was said in it; otherwise as [`update`].
///
/// # Errors
/// [`Error::Conflict`] when somebody else changed it meanwhile.
pub async fn advance(tx: &mut Tx<'_>, c: &mut Conversation, now: Timestamp) -> Result<(), Error> {
    let params = [
        c.organization_id.0.into(),
        c.id.0.into(),
        c.version.into(),
        now.into(),
        c.last_entry_seq.into(),
        c.last_entry.clone().into(),
        c.text_key().into(),
    ];
    tx.exec_one(&ADVANCE, &params).await?;
    c.version += 1;
    c.last_activity_at = now;
    c.updated_at = now;
    Ok(())
}

/// One conversation, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<Option<Conversation>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.0.into()], conversation).await
}

/// The conversations with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Conversation>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], conversation).await
}

/// One conversation.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<Option<Conversation>, Error> {
    Ok(find_many(tx, org, vec![id.0]).await?.pop())
}

/// The conversation with this number.
pub async fn by_number(tx: &mut Tx<'_>, org: OrganizationId, number: i64) -> Result<Option<Conversation>, Error> {
    tx.optional(&BY_NUMBER, &[org.0.into(), number.into()], conversation).await
}

/// What is asked of a conversation when somebody writes who may mean it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Candidate {
    pub id: ConversationId,
    pub status_category: StatusCategory,
    pub last_activity_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub channel_kinds: Vec<String>,
}

/// What a customer may mean who writes without naming a conversation, newest activity first.
pub async fn candidates(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customer: CustomerId,
    limit: i64,
) -> Result<Vec<Candidate>, Error> {
    tx.all(&CANDIDATES, &[org.0.into(), customer.0.into(), limit.into()], |row| {
        let mut c = Cols::new(row);
        Ok(Candidate {
            id: c.id()?,
            status_category: c.word()?,
            last_activity_at: c.get()?,
            resolved_at: c.get()?,
            channel_kinds: c.json()?,
        })
    })
    .await
}

/// Where a page of a list begins: everything before this activity.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Activity of the last row of the page before.
    pub at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl Before {
    /// The first page.
    pub const FIRST: Self = Self { at: Timestamp::MAX, id: Uuid::max() };
}

/// Starts an interaction.
pub async fn insert_interaction(tx: &mut Tx<'_>, i: &Interaction) -> Result<(), Error> {
    let params = [
        i.id.0.into(),
        i.organization_id.0.into(),
        i.conversation_id.0.into(),
        i.customer_id.0.into(),
        i.channel_id.0.into(),
        i.channel_kind.as_str().into(),
        i.identity_id.0.into(),
        i.shape.as_str().into(),
        i.direction.as_str().into(),
        i.state.as_str().into(),
        i.started_at.into(),
    ];
    tx.exec_one(&INSERT_INTERACTION, &params).await
}

/// The open interaction of a conversation on a channel with an identity.
pub async fn open_interaction(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    channel: ChannelId,
    identity: IdentityId,
) -> Result<Option<Interaction>, Error> {
    let params = [org.0.into(), conversation.0.into(), channel.0.into(), identity.0.into()];
    tx.optional(&OPEN_INTERACTION, &params, interaction).await
}

/// The interactions of a conversation, newest first.
pub async fn interactions(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
) -> Result<Vec<Interaction>, Error> {
    tx.all(&INTERACTIONS, &[org.0.into(), conversation.0.into()], interaction).await
}

/// One interaction.
pub async fn find_interaction(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: InteractionId,
) -> Result<Option<Interaction>, Error> {
    tx.optional(&FIND_INTERACTION, &[org.0.into(), id.0.into()], interaction).await
}

/// Ends an interaction, or sets it to wrapping; whether it was not over yet.
pub async fn end_interaction(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: InteractionId,
    state: InteractionState,
    reason: InteractionEnd,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = [org.0.into(), id.0.into(), state.as_str().into(), now.into(), reason.as_str().into()];
    Ok(tx.exec(&END_INTERACTION, &params).await? > 0)
}

/// Gives a conversation to the agent who took its work.
pub async fn set_owner(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ConversationId,
    agent: AgentId,
    queue: QueueId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.exec_one(&SET_OWNER, &[org.0.into(), id.0.into(), agent.0.into(), queue.0.into(), now.into()]).await
}
