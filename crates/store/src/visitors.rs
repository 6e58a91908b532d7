//! Visitors: the anonymous or identified person behind a widget token.

use db::Kind::{Bool, Int, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ChannelId, ConversationId, CustomerId, IdentityId, OrganizationId, VisitorId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;
use crate::entries::Entry;

/// One visitor of one web channel.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Visitor {
    pub id: VisitorId,
    pub organization_id: OrganizationId,
    pub channel_id: ChannelId,
    pub customer_id: CustomerId,
    pub identity_id: IdentityId,
    pub subject: Option<String>,
    pub language: String,
    pub is_blocked: bool,
    pub expires_at: Timestamp,
}

fn visitor(row: &Row<'_>) -> Result<Visitor, Error> {
    let mut c = Cols::new(row);
    Ok(Visitor {
        id: c.id()?,
        organization_id: c.id()?,
        channel_id: c.id()?,
        customer_id: c.id()?,
        identity_id: c.id()?,
        subject: c.get()?,
        language: c.get()?,
        is_blocked: c.get()?,
        expires_at: c.get()?,
    })
}

const COLUMNS: &[db::Kind] = &[Id, Id, Id, Id, Id, Text, Text, Bool, Time];

const INSERT: Sql = Sql::new(
    "visitors.insert",
    "INSERT INTO visitors (id, organization_id, channel_id, customer_id, identity_id, token_hash, subject, language,
       is_blocked, expires_at, created_at, last_seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
    &[],
);
const BY_TOKEN: Sql = Sql::global(
    "visitors.by_token",
    "SELECT v.id, v.organization_id, v.channel_id, v.customer_id, v.identity_id, v.subject, v.language,
       v.is_blocked OR c.is_blocked OR COALESCE((SELECT r.is_blocked FROM customers r
         WHERE r.organization_id = c.organization_id AND r.id = c.merged_into_id), FALSE), v.expires_at
     FROM visitors v JOIN customers c ON c.organization_id = v.organization_id AND c.id = v.customer_id
     WHERE v.token_hash = $1 AND c.state <> 'erased'",
    COLUMNS,
    "the token names the organization",
);
const CURRENT: Sql = Sql::new(
    "visitors.current",
    "SELECT v.id, v.organization_id, v.channel_id, v.customer_id, v.identity_id, v.subject, v.language,
       v.is_blocked OR c.is_blocked OR COALESCE((SELECT r.is_blocked FROM customers r
         WHERE r.organization_id = c.organization_id AND r.id = c.merged_into_id), FALSE), v.expires_at, h.state
     FROM visitors v JOIN customers c ON c.organization_id = v.organization_id AND c.id = v.customer_id
       JOIN channels h ON h.organization_id = v.organization_id AND h.id = v.channel_id
     WHERE v.organization_id = $1 AND v.id = $2 AND c.state <> 'erased'",
    &[Id, Id, Id, Id, Id, Text, Text, Bool, Time, Text],
);
const READING: Sql = Sql::new(
    "visitors.reading",
    "SELECT c.last_entry_seq, COALESCE((SELECT r.seq FROM read_marks r
       WHERE r.organization_id = $1 AND r.conversation_id = c.id AND r.reader_id = $5), 0)
     FROM conversations c WHERE c.organization_id = $1 AND c.id = $4 AND c.customer_id = $2
       AND EXISTS (SELECT 1 FROM interactions i
         WHERE i.organization_id = $1 AND i.conversation_id = c.id AND i.channel_id = $3)",
    &[Int, Int],
);
const MESSAGES_TO: Sql = Sql::new(
    "visitors.messages_to",
    concat!(
        "SELECT ",
        crate::entries::columns!(),
        " FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND channel_id = $3 AND kind = 'message'
           AND direction = 'out' AND seq <= $4 ORDER BY seq DESC LIMIT $5"
    ),
    crate::entries::COLUMNS,
);
const EXTEND: Sql = Sql::new(
    "visitors.extend",
    "UPDATE visitors SET expires_at = $3, last_seen_at = $4 WHERE organization_id = $1 AND id = $2",
    &[],
);
const FORGET: Sql = Sql::new("visitors.forget", "DELETE FROM visitors WHERE organization_id = $1 AND id = $2", &[]);
const OF_CUSTOMER: Sql = Sql::new(
    "visitors.of_customer",
    "SELECT id, organization_id, channel_id, customer_id, identity_id, subject, language, is_blocked, expires_at
     FROM visitors WHERE organization_id = $1 AND customer_id = $2 ORDER BY id DESC LIMIT 100",
    COLUMNS,
);

const CONVERSATIONS: Sql = Sql::new(
    "visitors.conversations",
    "SELECT c.id FROM conversations c WHERE c.organization_id = $1 AND c.customer_id = $2
       AND ({cast $4 uuid} IS NULL OR c.id = $4)
       AND EXISTS (SELECT 1 FROM interactions i
         WHERE i.organization_id = $1 AND i.conversation_id = c.id AND i.channel_id = $3)
     ORDER BY c.last_activity_at DESC, c.id DESC LIMIT $5",
    &[Id],
);
const LAST_MESSAGES: Sql = Sql::new(
    "visitors.last_messages",
    "SELECT (SELECT m.id FROM entries m
       WHERE m.organization_id = $1 AND m.conversation_id = c.id AND m.channel_id = $3 AND m.kind = 'message'
         AND m.audience <> 'internal' ORDER BY m.seq DESC LIMIT 1)
     FROM conversations c WHERE c.organization_id = $1 AND c.id {any_uuid $2}",
    &[Id],
);
const UNREAD: Sql = Sql::new(
    "visitors.unread",
    "SELECT e.conversation_id, COUNT(*) FROM entries e
     WHERE e.organization_id = $1 AND e.conversation_id {any_uuid $2} AND e.channel_id = $3 AND e.kind = 'message'
       AND e.direction = 'out' AND e.audience <> 'internal'
       AND e.seq > COALESCE((SELECT r.seq FROM read_marks r
         WHERE r.organization_id = $1 AND r.conversation_id = e.conversation_id AND r.reader_id = $4), 0)
     GROUP BY e.conversation_id",
    &[Id, Int],
);
const UNREAD_IN: Sql = Sql::new(
    "visitors.unread_in",
    "SELECT COUNT(*) FROM entries e
     WHERE e.organization_id = $1 AND e.conversation_id = $2 AND e.channel_id = $3 AND e.kind = 'message'
       AND e.direction = 'out' AND e.audience <> 'internal'
       AND e.seq > COALESCE((SELECT r.seq FROM read_marks r
         WHERE r.organization_id = $1 AND r.conversation_id = $2 AND r.reader_id = $4), 0)",
    &[Int],
);
const GOING_ON: Sql = Sql::new(
    "visitors.going_on",
    "SELECT DISTINCT conversation_id FROM interactions
     WHERE organization_id = $1 AND conversation_id {any_uuid $2} AND channel_id = $3 AND state = 'open'",
    &[Id],
);
const HOLD: Sql = Sql::new(
    "visitors.hold",
    "SELECT id, organization_id, channel_id, customer_id, identity_id, subject, language, is_blocked, expires_at
     FROM visitors WHERE organization_id = $1 AND id = $2 {for_update}",
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "visitors.find",
    "SELECT id, organization_id, channel_id, customer_id, identity_id, subject, language, is_blocked, expires_at
     FROM visitors WHERE organization_id = $1 AND id = $2",
    COLUMNS,
);
const BIND: Sql = Sql::new(
    "visitors.bind",
    "UPDATE visitors SET customer_id = $3, subject = $4 WHERE organization_id = $1 AND id = $2",
    &[],
);
const USE_TOKEN_ID: Sql = Sql::new(
    "visitors.use_token_id",
    "INSERT INTO used_token_ids (organization_id, channel_id, token_id, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (channel_id, token_id) DO NOTHING",
    &[],
);
const DROP_TOKEN_IDS: Sql = Sql::new(
    "visitors.drop_token_ids",
    "DELETE FROM used_token_ids WHERE organization_id = $1 AND channel_id = $2 AND expires_at < $3",
    &[],
);
const JOIN_CONVERSATIONS: Sql = Sql::new(
    "visitors.join_conversations",
    "UPDATE conversations SET customer_id = $3, updated_at = $4, version = version + 1
     WHERE organization_id = $1 AND customer_id = $2 RETURNING id",
    &[Id],
);
const JOIN_INTERACTIONS: Sql = Sql::new(
    "visitors.join_interactions",
    "UPDATE interactions SET customer_id = $3, version = version + 1 WHERE organization_id = $1 AND customer_id = $2",
    &[],
);
const JOIN_ENTRIES: Sql = Sql::new(
    "visitors.join_entries",
    "UPDATE entries SET customer_id = $3 WHERE organization_id = $1 AND customer_id = $2",
    &[],
);
const JOIN_IDENTITIES: Sql = Sql::new(
    "visitors.join_identities",
    "UPDATE identities SET customer_id = $3, updated_at = $4, version = version + 1
     WHERE organization_id = $1 AND customer_id = $2",
    &[],
);
const JOIN_VISITORS: Sql = Sql::new(
    "visitors.join_visitors",
    "UPDATE visitors SET customer_id = $3 WHERE organization_id = $1 AND customer_id = $2",
    &[],
);
const RETIRE: Sql = Sql::new(
    "visitors.retire_customer",
    "UPDATE customers SET state = 'merged', updated_at = $3, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND state = 'active'",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[
    &INSERT,
    &BY_TOKEN,
    &CURRENT,
    &READING,
    &MESSAGES_TO,
    &EXTEND,
    &FORGET,
    &OF_CUSTOMER,
    &CONVERSATIONS,
    &LAST_MESSAGES,
    &UNREAD,
    &UNREAD_IN,
    &GOING_ON,
    &HOLD,
    &FIND,
    &BIND,
    &USE_TOKEN_ID,
    &DROP_TOKEN_IDS,
    &JOIN_CONVERSATIONS,
    &JOIN_INTERACTIONS,
    &JOIN_ENTRIES,
    &JOIN_IDENTITIES,
    &JOIN_VISITORS,
    &RETIRE,
];

/// Adds a visitor under the hash of their token.
pub async fn insert(tx: &mut Tx<'_>, v: &Visitor, token_hash: &[u8], now: Timestamp) -> Result<(), Error> {
    let params = [
        v.id.0.into(),
        v.organization_id.0.into(),
        v.channel_id.0.into(),
        v.customer_id.0.into(),
        v.identity_id.0.into(),
        token_hash.to_vec().into(),
        v.subject.clone().into(),
        v.language.as_str().into(),
        v.is_blocked.into(),
        v.expires_at.into(),
        now.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// The visitor of a token's hash, expired or not.
pub async fn by_token(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<Option<Visitor>, Error> {
    tx.optional(&BY_TOKEN, &[token_hash.to_vec().into()], visitor).await
}

/// A visitor as they are now, expired or not, with the state of their channel.
pub async fn current(tx: &mut Tx<'_>, org: OrganizationId, id: VisitorId) -> Result<Option<(Visitor, String)>, Error> {
    tx.optional(&CURRENT, &[org.0.into(), id.0.into()], |row| Ok((visitor(row)?, row.get(9)?))).await
}

/// The last `seq` of a conversation of the visitor's on their channel, and up to where `reader` has read it.
pub async fn reading(
    tx: &mut Tx<'_>,
    v: &Visitor,
    conversation: ConversationId,
    reader: Uuid,
) -> Result<Option<(i64, i64)>, Error> {
    let params = [
        v.organization_id.0.into(),
        v.customer_id.0.into(),
        v.channel_id.0.into(),
        conversation.0.into(),
        reader.into(),
    ];
    tx.optional(&READING, &params, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Messages to the visitor in a conversation on their channel, up to `seq`, newest first.
pub async fn messages_to(
    tx: &mut Tx<'_>,
    v: &Visitor,
    conversation: ConversationId,
    seq: i64,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let params = [v.organization_id.0.into(), conversation.0.into(), v.channel_id.0.into(), seq.into(), limit.into()];
    tx.all(&MESSAGES_TO, &params, crate::entries::entry).await
}

/// Moves the end of a visitor's token.
pub async fn extend(tx: &mut Tx<'_>, v: &Visitor, expires_at: Timestamp, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&EXTEND, &[v.organization_id.0.into(), v.id.0.into(), expires_at.into(), now.into()]).await
}

/// Forgets a visitor on this device.
pub async fn forget(tx: &mut Tx<'_>, org: OrganizationId, id: VisitorId) -> Result<(), Error> {
    tx.exec(&FORGET, &[org.0.into(), id.0.into()]).await.map(drop)
}

/// The visitors of a customer, newest first.
pub async fn of_customer(tx: &mut Tx<'_>, org: OrganizationId, customer: CustomerId) -> Result<Vec<Visitor>, Error> {
    tx.all(&OF_CUSTOMER, &[org.0.into(), customer.0.into()], visitor).await
}

/// The customer's conversations on the visitor's channel, newest activity first; or this one, if it is among them.
pub async fn conversations(
    tx: &mut Tx<'_>,
    v: &Visitor,
    only: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<ConversationId>, Error> {
    let only = only.map(|id| id.0);
    let params = [v.organization_id.0.into(), v.customer_id.0.into(), v.channel_id.0.into(), only.into(), limit.into()];
    tx.all(&CONVERSATIONS, &params, |row| Cols::new(row).id()).await
}

/// The newest entry of each conversation that the visitor may see.
pub async fn last_messages(tx: &mut Tx<'_>, v: &Visitor, conversations: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
    let params = [v.organization_id.0.into(), conversations.into(), v.channel_id.0.into()];
    let found = tx.all(&LAST_MESSAGES, &params, |row| row.get::<Option<Uuid>>(0)).await?;
    Ok(found.into_iter().flatten().collect())
}

/// How many messages to the visitor stand after the mark of `reader`, for conversations that have any.
pub async fn unread(
    tx: &mut Tx<'_>,
    v: &Visitor,
    conversations: Vec<Uuid>,
    reader: Uuid,
) -> Result<Vec<(ConversationId, i64)>, Error> {
    let params = [v.organization_id.0.into(), conversations.into(), v.channel_id.0.into(), reader.into()];
    tx.all(&UNREAD, &params, |row| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?))
    })
    .await
}

/// How many messages to the visitor stand after the mark of `reader` in one conversation.
pub async fn unread_in(tx: &mut Tx<'_>, v: &Visitor, conversation: ConversationId, reader: Uuid) -> Result<i64, Error> {
    let params = [v.organization_id.0.into(), conversation.0.into(), v.channel_id.0.into(), reader.into()];
    tx.one(&UNREAD_IN, &params, |row| row.get(0)).await
}

/// Those of the conversations in which the visitor's chat goes on.
pub async fn going_on(tx: &mut Tx<'_>, v: &Visitor, conversations: Vec<Uuid>) -> Result<Vec<ConversationId>, Error> {
    let params = [v.organization_id.0.into(), conversations.into(), v.channel_id.0.into()];
    tx.all(&GOING_ON, &params, |row| Cols::new(row).id()).await
}

/// A visitor as they are now, held until the transaction ends.
pub async fn hold(tx: &mut Tx<'_>, org: OrganizationId, id: VisitorId) -> Result<Option<Visitor>, Error> {
    tx.optional(&HOLD, &[org.0.into(), id.0.into()], visitor).await
}

/// A visitor; `None` once the device has forgotten them.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: VisitorId) -> Result<Option<Visitor>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], visitor).await
}

/// Binds a visitor to whom the site says they are.
pub async fn bind(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: VisitorId,
    customer: CustomerId,
    subject: &str,
) -> Result<(), Error> {
    tx.exec_one(&BIND, &[org.0.into(), id.0.into(), customer.0.into(), subject.into()]).await
}

/// Notes that an identity token was used; `false` when it was before.
pub async fn use_token_id(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    token_id: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    tx.exec(&DROP_TOKEN_IDS, &[org.0.into(), channel.0.into(), now.into()]).await?;
    let params = [org.0.into(), channel.0.into(), token_id.into(), expires_at.into()];
    Ok(tx.exec(&USE_TOKEN_ID, &params).await? > 0)
}

/// Gives everything of one customer to another: conversations with what is in them, addresses, visitors. The
/// conversations that moved. The first customer stays, marked as merged.
pub async fn join(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    from: CustomerId,
    into: CustomerId,
    now: Timestamp,
) -> Result<Vec<ConversationId>, Error> {
    let ids = [org.0.into(), from.0.into(), into.0.into()];
    let timed = [org.0.into(), from.0.into(), into.0.into(), now.into()];
    // Addresses first: whoever takes a message in holds its sender's address, and so waits or goes before.
    tx.exec(&JOIN_IDENTITIES, &timed).await?;
    let moved = tx.all(&JOIN_CONVERSATIONS, &timed, |row| Cols::new(row).id()).await?;
    for sql in [&JOIN_INTERACTIONS, &JOIN_ENTRIES, &JOIN_VISITORS] {
        tx.exec(sql, &ids).await?;
    }
    tx.exec(&RETIRE, &[org.0.into(), from.0.into(), now.into()]).await?;
    crate::search::index_customer(tx, org, from).await?;
    crate::search::index_customer(tx, org, into).await?;
    Ok(moved)
}
