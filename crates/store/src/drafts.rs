//! Drafts and read marks: what one user alone has in a conversation.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ConversationId, OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::Cols;

/// An unsent text.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Draft {
    pub organization_id: OrganizationId,
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    /// `reply`, `note` or `side`.
    pub mode: String,
    pub content: serde_json::Value,
    pub base_seq: i64,
    pub updated_at: Timestamp,
    pub version: i64,
}

fn draft(row: &Row<'_>) -> Result<Draft, Error> {
    let mut c = Cols::new(row);
    Ok(Draft {
        organization_id: c.id()?,
        conversation_id: c.id()?,
        user_id: c.id()?,
        mode: c.get()?,
        content: c.get()?,
        base_seq: c.get()?,
        updated_at: c.get()?,
        version: c.get()?,
    })
}

const COLUMNS: &[db::Kind] = &[Id, Id, Id, Text, Json, Int, Time, Int];

const PUT: Sql = Sql::new(
    "drafts.put",
    "INSERT INTO drafts (organization_id, conversation_id, user_id, mode, content, base_seq, updated_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
     ON CONFLICT (conversation_id, user_id, mode) DO UPDATE SET content = excluded.content,
       base_seq = excluded.base_seq, updated_at = excluded.updated_at, version = drafts.version + 1
     RETURNING organization_id, conversation_id, user_id, mode, content, base_seq, updated_at, version",
    COLUMNS,
);
const FIND: Sql = Sql::new(
    "drafts.find",
    "SELECT organization_id, conversation_id, user_id, mode, content, base_seq, updated_at, version
     FROM drafts WHERE organization_id = $1 AND conversation_id = $2 AND user_id = $3 AND mode = $4",
    COLUMNS,
);
const DELETE: Sql = Sql::new(
    "drafts.delete",
    "DELETE FROM drafts WHERE organization_id = $1 AND conversation_id = $2 AND user_id = $3 AND mode = $4",
    &[],
);
const OF_USER: Sql = Sql::new(
    "drafts.of_user",
    "SELECT organization_id, conversation_id, user_id, mode, content, base_seq, updated_at, version
     FROM drafts WHERE organization_id = $1 AND user_id = $2 ORDER BY updated_at DESC LIMIT 200",
    COLUMNS,
);
const MARK_READ: Sql = Sql::new(
    "drafts.mark_read",
    "INSERT INTO read_marks (organization_id, conversation_id, reader_id, seq, updated_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (conversation_id, reader_id) DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at
     WHERE read_marks.seq < excluded.seq",
    &[],
);
const READ_MARKS: Sql = Sql::new(
    "drafts.read_marks",
    "SELECT conversation_id, seq FROM read_marks
     WHERE organization_id = $1 AND reader_id = $2 AND conversation_id {any_uuid $3}",
    &[Id, Int],
);

const SET_MARK: Sql = Sql::new(
    "drafts.set_mark",
    "INSERT INTO read_marks (organization_id, conversation_id, reader_id, seq, updated_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (conversation_id, reader_id) DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&PUT, &FIND, &DELETE, &OF_USER, &MARK_READ, &READ_MARKS, &SET_MARK];

/// Saves a draft.
pub async fn put(tx: &mut Tx<'_>, d: &Draft) -> Result<Draft, Error> {
    let params = [
        d.organization_id.0.into(),
        d.conversation_id.0.into(),
        d.user_id.0.into(),
        d.mode.as_str().into(),
        d.content.clone().into(),
        d.base_seq.into(),
        d.updated_at.into(),
    ];
    tx.one(&PUT, &params, draft).await
}

/// One draft.
pub async fn find(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    user: UserId,
    mode: &str,
) -> Result<Option<Draft>, Error> {
    tx.optional(&FIND, &[org.0.into(), conversation.0.into(), user.0.into(), mode.into()], draft).await
}

/// Throws a draft away.
pub async fn delete(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    user: UserId,
    mode: &str,
) -> Result<(), Error> {
    tx.exec(&DELETE, &[org.0.into(), conversation.0.into(), user.0.into(), mode.into()]).await.map(drop)
}

/// The drafts of a user, newest first.
pub async fn of_user(tx: &mut Tx<'_>, org: OrganizationId, user: UserId) -> Result<Vec<Draft>, Error> {
    tx.all(&OF_USER, &[org.0.into(), user.0.into()], draft).await
}

/// Raises a reader's mark; it never goes back.
pub async fn mark_read(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    reader: Uuid,
    seq: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    let params = [org.0.into(), conversation.0.into(), reader.into(), seq.into(), now.into()];
    Ok(tx.exec(&MARK_READ, &params).await? > 0)
}

/// A reader's marks in these conversations.
pub async fn read_marks(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    reader: Uuid,
    conversations: Vec<Uuid>,
) -> Result<Vec<(ConversationId, i64)>, Error> {
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    let params = [org.0.into(), reader.into(), conversations.into()];
    tx.all(&READ_MARKS, &params, |row| {
        let mut c = Cols::new(row);
        Ok((c.id()?, c.get()?))
    })
    .await
}

/// Sets a reader's mark, also back.
pub async fn set_mark(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    reader: Uuid,
    seq: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let params = [org.0.into(), conversation.0.into(), reader.into(), seq.into(), now.into()];
    tx.exec_one(&SET_MARK, &params).await
}
