//! What a user should know: named in a note, given a conversation.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ConversationId, EntryId, OrganizationId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cols::{Cols, opt};

/// One of them.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct Notification {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub user_id: UserId,
    /// `mention` or `assignment`.
    pub kind: String,
    pub conversation_id: Option<ConversationId>,
    pub entry_id: Option<EntryId>,
    pub actor: serde_json::Value,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

fn notification(row: &Row<'_>) -> Result<Notification, Error> {
    let mut c = Cols::new(row);
    Ok(Notification {
        id: c.get()?,
        organization_id: c.id()?,
        user_id: c.id()?,
        kind: c.get()?,
        conversation_id: c.opt_id()?,
        entry_id: c.opt_id()?,
        actor: c.get()?,
        created_at: c.get()?,
        read_at: c.get()?,
    })
}

macro_rules! columns {
    () => {
        "id, organization_id, user_id, kind, conversation_id, entry_id, actor, created_at, read_at"
    };
}
const COLUMNS: &[db::Kind] = &[Id, Id, Id, Text, Id, Id, Json, Time, Time];

const INSERT: Sql = Sql::new(
    "notifications.insert",
    "INSERT INTO notifications (id, organization_id, user_id, kind, conversation_id, entry_id, actor, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    &[],
);
const LIST: Sql = Sql::new(
    "notifications.list",
    concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE organization_id = $1 AND user_id = $2 AND id < $3
            AND ({cast $4 bool} IS NULL OR (read_at IS NULL) = {cast $4 bool}) ORDER BY id DESC LIMIT $5"
    ),
    COLUMNS,
);
const FIND_MANY: Sql = Sql::new(
    "notifications.find_many",
    concat!("SELECT ", columns!(), " FROM notifications WHERE organization_id = $1 AND id {any_uuid $2}"),
    COLUMNS,
);
const READ: Sql = Sql::new(
    "notifications.read",
    "UPDATE notifications SET read_at = $4
     WHERE organization_id = $1 AND user_id = $2 AND id <= $3 AND read_at IS NULL",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&INSERT, &LIST, &FIND_MANY, &READ];

/// Adds one.
pub async fn insert(tx: &mut Tx<'_>, n: &Notification) -> Result<(), Error> {
    let params = [
        n.id.into(),
        n.organization_id.0.into(),
        n.user_id.0.into(),
        n.kind.as_str().into(),
        opt(n.conversation_id),
        opt(n.entry_id),
        n.actor.clone().into(),
        n.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// A user's, newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    user: UserId,
    before: Uuid,
    is_unread: Option<bool>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    let params = [org.0.into(), user.0.into(), before.into(), is_unread.into(), limit.into()];
    tx.all(&LIST, &params, notification).await
}

/// Those with these ids, in no order.
pub async fn find_many(tx: &mut Tx<'_>, org: OrganizationId, ids: Vec<Uuid>) -> Result<Vec<Notification>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.all(&FIND_MANY, &[org.0.into(), ids.into()], notification).await
}

/// Marks a user's notifications up to this one as read; how many were not.
pub async fn read(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    user: UserId,
    up_to: Uuid,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.exec(&READ, &[org.0.into(), user.0.into(), up_to.into(), now.into()]).await
}
