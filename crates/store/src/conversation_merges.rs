//! Conversations shown as one.

use db::Kind::{Json, Text, Time, Uuid as Id};
use db::{Error, Row, Sql, Tx};
use domain::ids::{ConversationId, InteractionId, OrganizationId, UserId, WorkItemId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::built::Parts;
use crate::cols::{Cols, opt};
use crate::entries::{COLUMNS as ENTRY, Entry, entry};

/// One conversation shown within another.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "columns")]
pub struct ConversationMerge {
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub target_id: ConversationId,
    pub source_id: ConversationId,
    /// `merged` or `unmerged`, one way.
    pub state: String,
    /// What stood in the source before, and what was re-pointed.
    pub data: serde_json::Value,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub unmerged_at: Option<Timestamp>,
}

fn merge(row: &Row<'_>) -> Result<ConversationMerge, Error> {
    let mut c = Cols::new(row);
    Ok(ConversationMerge {
        id: c.get()?,
        organization_id: c.id()?,
        target_id: c.id()?,
        source_id: c.id()?,
        state: c.get()?,
        data: c.get()?,
        created_by: c.opt_id()?,
        created_at: c.get()?,
        unmerged_at: c.get()?,
    })
}

const INSERT: Sql = Sql::new(
    "conversation_merges.insert",
    "INSERT INTO conversation_merges (id, organization_id, target_id, source_id, state, data, created_by, created_at)
     VALUES ($1, $2, $3, $4, 'merged', $5, $6, $7)",
    &[],
);
const LOCK: Sql = Sql::new(
    "conversation_merges.lock",
    "SELECT id, organization_id, target_id, source_id, state, data, created_by, created_at, unmerged_at
     FROM conversation_merges WHERE organization_id = $1 AND id = $2 {for_update}",
    &[Id, Id, Id, Id, Text, Json, Id, Time, Time],
);
const UNMERGE: Sql = Sql::new(
    "conversation_merges.unmerge",
    "UPDATE conversation_merges SET state = 'unmerged', unmerged_at = $3
     WHERE organization_id = $1 AND id = $2 AND state = 'merged'",
    &[],
);
const SOURCES: Sql = Sql::new(
    "conversation_merges.sources",
    "SELECT id FROM conversations WHERE organization_id = $1 AND merged_into_id {any_uuid $2} LIMIT 1000",
    &[Id],
);
const POINT_INTERACTION: Sql = Sql::new(
    "conversation_merges.point_interaction",
    "UPDATE interactions SET conversation_id = $3, version = version + 1 WHERE organization_id = $1 AND id = $2",
    &[],
);
const POINT_WORK: Sql = Sql::new(
    "conversation_merges.point_work",
    "UPDATE work_items SET conversation_id = $3, version = version + 1 WHERE organization_id = $1 AND id = $2",
    &[],
);
const AT_SEQ: Sql = Sql::new(
    "conversation_merges.entry_at",
    concat!(
        "SELECT ",
        crate::entries::columns!(),
        " FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1"
    ),
    ENTRY,
);
const MOVE_ENTRY: Sql = Sql::new(
    "conversation_merges.move_entry",
    "UPDATE entries SET conversation_id = $3, seq = $4 WHERE organization_id = $1 AND id = $2",
    &[],
);

const DROP_STUB: Sql = Sql::new(
    "conversation_merges.drop_stub",
    "DELETE FROM entries WHERE organization_id = $1 AND id = $2 AND conversation_id = $3 AND kind = 'event'",
    &[],
);

pub(crate) const ALL: &[&Sql] =
    &[&INSERT, &LOCK, &UNMERGE, &SOURCES, &POINT_INTERACTION, &POINT_WORK, &AT_SEQ, &MOVE_ENTRY, &DROP_STUB];

/// Remembers a merge.
pub async fn insert(tx: &mut Tx<'_>, m: &ConversationMerge) -> Result<(), Error> {
    let params = [
        m.id.into(),
        m.organization_id.0.into(),
        m.target_id.0.into(),
        m.source_id.0.into(),
        m.data.clone().into(),
        opt(m.created_by),
        m.created_at.into(),
    ];
    tx.exec_one(&INSERT, &params).await
}

/// One, held until the transaction ends.
pub async fn lock(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid) -> Result<Option<ConversationMerge>, Error> {
    tx.optional(&LOCK, &[org.0.into(), id.into()], merge).await
}

/// Ends it.
///
/// # Errors
/// [`Error::Conflict`] when it was ended before.
pub async fn unmerge(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, now: Timestamp) -> Result<(), Error> {
    tx.exec_one(&UNMERGE, &[org.0.into(), id.into(), now.into()]).await
}

/// The conversation and all that are shown in it, directly or through others.
pub async fn shown_in(tx: &mut Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<Vec<Uuid>, Error> {
    let (mut all, mut level) = (vec![id.0], vec![id.0]);
    while !level.is_empty() && all.len() <= 1_000 {
        level = tx.all(&SOURCES, &[org.0.into(), level.into()], |row| Cols::new(row).get::<Uuid>()).await?;
        level.retain(|id| !all.contains(id));
        all.extend(&level);
    }
    Ok(all)
}

/// Gives an engagement to another conversation.
pub async fn point_interaction(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: InteractionId,
    to: ConversationId,
) -> Result<(), Error> {
    tx.exec_one(&POINT_INTERACTION, &[org.0.into(), id.0.into(), to.0.into()]).await
}

/// Gives a work item to another conversation; what the router knows of it stays as it is.
pub async fn point_work(tx: &mut Tx<'_>, org: OrganizationId, id: WorkItemId, to: ConversationId) -> Result<(), Error> {
    tx.exec_one(&POINT_WORK, &[org.0.into(), id.0.into(), to.0.into()]).await
}

/// Which entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntrySpan {
    /// Of one conversation, before this `seq`, newest first.
    BeforeSeq(i64),
    /// Of one conversation, after this `seq`, oldest first.
    AfterSeq(i64),
    /// Before a time and id, newest first.
    Before(Timestamp, Uuid),
    /// After a time and id, oldest first.
    After(Timestamp, Uuid),
}

/// Entries of these conversations; of these kinds, or of any when none is named.
///
/// # Errors
/// What the engine refuses.
pub async fn entries(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversations: Vec<Uuid>,
    kinds: &[String],
    span: EntrySpan,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let mut parts = Parts::new(org);
    let conversations = parts.bind(conversations);
    parts.push(concat!("SELECT ", crate::entries::columns!(), " FROM entries WHERE organization_id = $1"));
    parts.push(&format!(" AND conversation_id {{any_uuid {conversations}}}"));
    if !kinds.is_empty() {
        let kinds = parts.bind(kinds.to_vec());
        parts.push(&format!(" AND kind {{any_text {kinds}}}"));
    }
    let order = match span {
        EntrySpan::BeforeSeq(seq) => {
            let seq = parts.bind(seq);
            parts.push(&format!(" AND seq < {seq}"));
            "seq DESC"
        }
        EntrySpan::AfterSeq(seq) => {
            let seq = parts.bind(seq);
            parts.push(&format!(" AND seq > {seq}"));
            "seq"
        }
        EntrySpan::Before(at, id) => {
            let (at, id) = (parts.bind(at), parts.bind(id));
            parts.push(&format!(" AND (created_at, id) < ({at}, {id})"));
            "created_at DESC, id DESC"
        }
        EntrySpan::After(at, id) => {
            let (at, id) = (parts.bind(at), parts.bind(id));
            parts.push(&format!(" AND (created_at, id) > ({at}, {id})"));
            "created_at, id"
        }
    };
    let limit = parts.bind(limit);
    parts.push(&format!(" ORDER BY {order} LIMIT {limit}"));
    let (sql, params) = parts.finish("conversation_merges.entries")?;
    tx.all_built(&sql, &params, entry).await
}

/// The entry at `seq`, or the last one before it.
pub async fn entry_at(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    conversation: ConversationId,
    seq: i64,
) -> Result<Option<Entry>, Error> {
    tx.optional(&AT_SEQ, &[org.0.into(), conversation.0.into(), seq.into()], entry).await
}

/// Takes away what a split left in an entry's place; whether it was there.
pub async fn drop_stub(tx: &mut Tx<'_>, org: OrganizationId, id: Uuid, of: ConversationId) -> Result<bool, Error> {
    Ok(tx.exec(&DROP_STUB, &[org.0.into(), id.into(), of.0.into()]).await? > 0)
}

/// Moves an entry to another conversation.
pub async fn move_entry(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: Uuid,
    to: ConversationId,
    seq: i64,
) -> Result<(), Error> {
    tx.exec_one(&MOVE_ENTRY, &[org.0.into(), id.into(), to.0.into(), seq.into()]).await?;
    crate::search::move_entry(tx, org, id, to).await
}
