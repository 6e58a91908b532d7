//! Entries: the lines of the timeline. Append-only but for delivery.

use db::Kind::{Bool, Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::conversation::{ActorType, Audience, Direction, EntryKind};
use domain::ids::{ChannelId, ConversationId, CustomerId, EntryId, InteractionId, OrganizationId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, json, opt};

/// One line of the timeline.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Entry {
    pub id: EntryId,
    pub organization_id: OrganizationId,
    pub conversation_id: ConversationId,
    pub interaction_id: Option<InteractionId>,
    pub customer_id: CustomerId,
    /// Position within the conversation: 1, 2, 3 … without gaps.
    pub seq: i64,
    pub kind: EntryKind,
    pub direction: Direction,
    pub audience: Audience,
    pub author_type: ActorType,
    pub author_id: Option<Uuid>,
    pub author_name: Option<String>,
    pub channel_id: Option<ChannelId>,
    pub channel_kind: Option<String>,
    pub body: serde_json::Value,
    pub attachment_ids: Vec<Uuid>,
    pub external_id: Option<String>,
    pub client_message_id: Option<Uuid>,
    /// Whose client chose `client_message_id`: a visitor or a user.
    pub client_id: Option<Uuid>,
    pub mail: Option<serde_json::Value>,
    pub delivery: Option<serde_json::Value>,
    pub is_truncated: bool,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
    pub marks: Marks,
}

/// What happened to an entry after it was written.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "columns")]
pub struct Marks {
    pub reply_to_id: Option<EntryId>,
    /// `[{emoji, actor, at}]`
    pub reactions: Vec<serde_json::Value>,
    /// `[{at, body}]`, oldest first: what stood there before.
    pub edits: Vec<serde_json::Value>,
    pub edited_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub is_redacted: bool,
}

impl Entry {
    /// Whether the customer may see it: it has left, and was not deleted.
    #[must_use]
    pub fn is_out(&self) -> bool {
        let state = self.delivery.as_ref().and_then(|d| d.get("state")).and_then(serde_json::Value::as_str);
        !matches!(state, Some("held" | "cancelled")) && self.marks.deleted_at.is_none()
    }

    /// The plain text of a message or note.
    #[must_use]
    pub fn text(&self) -> &str {
        self.body.get("text").and_then(serde_json::Value::as_str).unwrap_or_default()
    }
}

pub(crate) fn entry(row: &Row<'_>) -> Result<Entry, Error> {
    let mut c = Cols::new(row);
    Ok(Entry {
        id: c.id()?,
        organization_id: c.id()?,
        conversation_id: c.id()?,
        interaction_id: c.opt_id()?,
        customer_id: c.id()?,
        seq: c.get()?,
        kind: c.word()?,
        direction: c.word()?,
        audience: c.word()?,
        author_type: c.word()?,
        author_id: c.get()?,
        author_name: c.get()?,
        channel_id: c.opt_id()?,
        channel_kind: c.get()?,
        body: c.get()?,
        attachment_ids: c.json()?,
        external_id: c.get()?,
        client_message_id: c.get()?,
        client_id: c.get()?,
        mail: c.get()?,
        delivery: c.get()?,
        is_truncated: c.get()?,
        occurred_at: c.get()?,
        created_at: c.get()?,
        marks: Marks {
            reply_to_id: c.opt_id()?,
            reactions: c.json()?,
            edits: c.json()?,
            edited_at: c.get()?,
            deleted_at: c.get()?,
            is_redacted: c.get()?,
        },
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, conversation_id, interaction_id, customer_id, seq, kind, direction, audience, author_type,
         author_id, author_name, channel_id, channel_kind, body, attachment_ids, external_id, client_message_id,
         client_id, mail, delivery, is_truncated, occurred_at, created_at, reply_to_id, reactions, edits, edited_at,
         deleted_at, is_redacted"
    };
}
pub(crate) use columns;
pub(crate) const COLUMNS: &[db::Kind] = &[
    Id, Id, Id, Id, Id, Int, Text, Text, Text, Text, Id, Text, Id, Text, Json, Json, Text, Id, Id, Json, Json, Bool,
    Time, Time, Id, Json, Json, Time, Time, Bool,
];

const INSERT: Sql = Sql::new(
    "entries.insert",
    concat!(
        "INSERT INTO entries (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
          $23, $24, $25, $26, $27, $28, $29, $30)"
    ),
    &[],
);
const FIND_MANY: Sql = Sql::new(
    "entries.find_many",
    concat!("SELECT ", columns!(), " FROM entries WHERE organization_id = $1 AND id {any_uuid $2}"),
    COLUMNS,
);
const BY_CLIENT: Sql = Sql::new(
    "entries.by_client",
    concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE organization_id = $1 AND client_id = $2 AND client_message_id = $3"
    ),
    COLUMNS,
);
const BEFORE: Sql = Sql::new(
    "entries.before",
    concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"
    ),
    COLUMNS,
);
const AFTER: Sql = Sql::new(
    "entries.after",
    concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq LIMIT $4"
    ),
    COLUMNS,
);
const OF_CUSTOMER: Sql = Sql::new(
    "entries.of_customer",
    concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE organization_id = $1 AND customer_id = $2 AND (created_at, id) < ($3, $4)
          ORDER BY created_at DESC, id DESC LIMIT $5"
    ),
    COLUMNS,
);
const SET_DELIVERY: Sql =
    Sql::new("entries.set_delivery", "UPDATE entries SET delivery = $3 WHERE organization_id = $1 AND id = $2", &[]);

const MARK: Sql = Sql::new(
    "entries.mark",
    "UPDATE entries SET body = $3, attachment_ids = $4, reactions = $5, edits = $6, edited_at = $7, deleted_at = $8,
       is_redacted = $9, author_name = $10, mail = $11
     WHERE organization_id = $1 AND id = $2",
    &[],
);
const LOCK: Sql = Sql::new(
    "entries.lock",
    concat!("SELECT ", columns!(), " FROM entries WHERE organization_id = $1 AND id = $2 {for_update}"),
    COLUMNS,
);

pub(crate) const ALL: &[&Sql] =
    &[&INSERT, &FIND_MANY, &BY_CLIENT, &BEFORE, &AFTER, &OF_CUSTOMER, &SET_DELIVERY, &MARK, &LOCK];

/// Adds an entry.
///
/// # Errors
/// [`Error::Unique`] when the same message is there already.
pub async fn insert(tx: &mut Tx<'_>, e: &Entry) -> Result<(), Error> {
    let params = [
        e.id.0.into(),
        e.organization_id.0.into(),
        e.conversation_id.0.into(),
        opt(e.interaction_id),
        e.customer_id.0.into(),
        e.seq.into(),
        e.kind.as_str().into(),
        e.direction.as_str().into(),
        e.audience.as_str().into(),
        e.author_type.as_str().into(),
        e.author_id.into(),
        e.author_name.clone().into(),
        opt(e.channel_id),
        e.channel_kind.clone().into(),
        e.body.clone().into(),
        json(&e.attachment_ids),
        e.external_id.clone().into(),
        e.client_message_id.into(),
        e.client_id.into(),
        e.mail.clone().into(),
        e.delivery.clone().into(),
        e.is_truncated.into(),
        e.occurred_at.into(),
        e.created_at.into(),
        opt(e.marks.reply_to_id),
        json(&e.marks.reactions),
        json(&e.marks.edits),
        e.marks.edited_at.into(),
        e.marks.deleted_at.into(),
        e.marks.is_redacted.into(),
    ];
    tx.exec_one(&INSERT, &params).await?;
    crate::search::index_entry(tx, e, &[]).await
}

/// The entries with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Entry>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], entry).await
}

/// The entry a client sent under this id of its own.
pub async fn by_client(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    client: Uuid,
    client_message_id: Uuid,
) -> Result<Option<Entry>, Error> {
    tx.optional(&BY_CLIENT, &[org.0.into(), client.into(), client_message_id.into()], entry).await
}

/// Entries before `seq`, newest first.
pub async fn before(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    tx.all(&BEFORE, &[org.0.into(), conversation.0.into(), seq.into(), limit.into()], entry).await
}

/// Entries after `seq`, oldest first.
pub async fn after(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    tx.all(&AFTER, &[org.0.into(), conversation.0.into(), seq.into(), limit.into()], entry).await
}

/// A customer's entries over all conversations, newest first.
pub async fn of_customer(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    customer: CustomerId,
    before: crate::conversations::Before,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let params = [org.0.into(), customer.0.into(), before.at.into(), before.id.into(), limit.into()];
    tx.all(&OF_CUSTOMER, &params, entry).await
}

/// Sets the delivery of an outbound message.
pub async fn set_delivery(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: EntryId,
    delivery: serde_json::Value,
) -> Result<(), Error> {
    tx.exec_one(&SET_DELIVERY, &[org.0.into(), id.0.into(), delivery.into()]).await
}

/// One entry, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: EntryId) -> Result<Option<Entry>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.0.into()], entry).await
}

/// Writes what happened to an entry after it was written: edits, deletion, redaction, reactions, erasure.
pub async fn mark(tx: &mut Tx<'_>, e: &Entry) -> Result<(), Error> {
    let params = [
        e.organization_id.0.into(),
        e.id.0.into(),
        e.body.clone().into(),
        json(&e.attachment_ids),
        json(&e.marks.reactions),
        json(&e.marks.edits),
        e.marks.edited_at.into(),
        e.marks.deleted_at.into(),
        e.marks.is_redacted.into(),
        e.author_name.clone().into(),
        e.mail.clone().into(),
    ];
    tx.exec_one(&MARK, &params).await?;
    if e.marks.deleted_at.is_some() {
        return crate::search::remove(tx, e.organization_id, crate::search::Kind::Entry, vec![e.id.0]).await;
    }
    crate::search::reindex_entry(tx, e.organization_id, e.id).await
}
