//! What an identified person has said on channels that share their history.

use db::Kind::Uuid as Id;
use db::{Error, Sql, Tx};
use domain::ids::ConversationId;
use uuid::Uuid;

use crate::cols::Cols;
use crate::visitors::Visitor;

const CONVERSATIONS: Sql = Sql::new(
    "shared_history.conversations",
    "SELECT c.id FROM conversations c WHERE c.organization_id = $1 AND c.customer_id = $2 AND c.deleted_at IS NULL
       AND NOT c.is_restricted AND ({cast $4 uuid} IS NULL OR c.id = $4)
       AND EXISTS (SELECT 1 FROM interactions i
         WHERE i.organization_id = $1 AND i.conversation_id = c.id AND i.channel_id {any_uuid $3})
     ORDER BY c.last_activity_at DESC, c.id DESC LIMIT $5",
    &[Id],
);
const LAST_MESSAGES: Sql = Sql::new(
    "shared_history.last_messages",
    "SELECT e.id FROM entries e JOIN (
       SELECT m.conversation_id, MAX(m.seq) AS seq FROM entries m
       WHERE m.organization_id = $1 AND m.conversation_id {any_uuid $2} AND m.channel_id {any_uuid $3}
         AND m.kind = 'message' AND m.audience <> 'internal' GROUP BY m.conversation_id
     ) newest ON newest.conversation_id = e.conversation_id AND newest.seq = e.seq
     WHERE e.organization_id = $1",
    &[Id],
);

pub(crate) const ALL: &[&Sql] = &[&CONVERSATIONS, &LAST_MESSAGES];

/// The person's conversations on these channels, newest activity first; or this one, if it is among them.
pub async fn conversations(
    tx: &mut Tx<'_>,
    v: &Visitor,
    channels: Vec<Uuid>,
    only: Option<ConversationId>,
    limit: i64,
) -> Result<Vec<ConversationId>, Error> {
    if channels.is_empty() {
        return Ok(Vec::new());
    }
    let only = only.map(|id| id.0);
    let params = [v.organization_id.0.into(), v.customer_id.0.into(), channels.into(), only.into(), limit.into()];
    tx.all(&CONVERSATIONS, &params, |row| Cols::new(row).id()).await
}

/// The newest message of each conversation on these channels.
pub async fn last_messages(
    tx: &mut Tx<'_>,
    v: &Visitor,
    channels: Vec<Uuid>,
    conversations: Vec<Uuid>,
) -> Result<Vec<Uuid>, Error> {
    if channels.is_empty() || conversations.is_empty() {
        return Ok(Vec::new());
    }
    let params = [v.organization_id.0.into(), conversations.into(), channels.into()];
    tx.all(&LAST_MESSAGES, &params, |row| row.get(0)).await
}
