//! What happened to a conversation: its work items and events.

use db::Kind::{Int, Json, Text, Time, Uuid as Id};
use db::{Error, Sql, Tx};
use domain::ids::{ConversationId, InteractionId, OrganizationId};

use crate::cols::Cols;
use crate::events::Event;
use crate::work::WorkItem;

const WORK_IDS: Sql = Sql::new(
    "conversation_history.work_ids",
    "SELECT id FROM work_items WHERE organization_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT 200",
    &[Id],
);
const EVENTS: Sql = Sql::new(
    "conversation_history.events",
    "SELECT position, organization_id, id, type, version, at, actor, cause_id, data FROM events
     WHERE organization_id = $1 AND (data ->> 'conversation_id') = $2 AND position < $3 ORDER BY position DESC LIMIT $4",
    &[Int, Id, Id, Text, Int, Time, Json, Id, Json],
);
const REOPEN_INTERACTION: Sql = Sql::new(
    "conversation_history.reopen_interaction",
    "UPDATE interactions SET state = 'open', ended_at = NULL, end_reason = NULL, version = version + 1
     WHERE organization_id = $1 AND id = $2
       AND NOT EXISTS (SELECT 1 FROM interactions o WHERE o.organization_id = $1 AND o.state = 'open'
         AND o.conversation_id = interactions.conversation_id AND o.channel_id = interactions.channel_id
         AND o.identity_id = interactions.identity_id)",
    &[],
);

const HAS_ENTRIES: Sql = Sql::new(
    "conversation_history.has_entries",
    "SELECT id FROM entries WHERE organization_id = $1 AND conversation_id = $2 AND interaction_id = $3 LIMIT 1",
    &[Id],
);

pub(crate) const ALL: &[&Sql] = &[&WORK_IDS, &EVENTS, &REOPEN_INTERACTION, &HAS_ENTRIES];

/// The work items of a conversation, newest first; at most 200.
pub async fn work_items(tx: &mut Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<Vec<WorkItem>, Error> {
    let ids = tx.all(&WORK_IDS, &[org.0.into(), id.0.into()], |row| Cols::new(row).get()).await?;
    let mut items = crate::work::find_many(tx, org, ids).await?;
    items.sort_by_key(|row| std::cmp::Reverse(row.item.id));
    Ok(items)
}

/// Events of a conversation with their places, newest first, before a place.
pub async fn events(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ConversationId,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Event)>, Error> {
    tx.all(&EVENTS, &[org.0.into(), id.to_string().into(), before.into(), limit.into()], |row| {
        let mut c = Cols::new(row);
        let position = c.get()?;
        let event = Event {
            organization_id: c.id()?,
            id: c.id()?,
            kind: c.get()?,
            version: c.get()?,
            at: c.get()?,
            actor: c.get()?,
            cause_id: c.get()?,
            data: c.get()?,
        };
        Ok((position, event))
    })
    .await
}

/// Opens an engagement that a resolution had ended, unless another one took its place.
pub async fn reopen_interaction(tx: &mut Tx<'_>, org: OrganizationId, id: InteractionId) -> Result<bool, Error> {
    Ok(tx.exec(&REOPEN_INTERACTION, &[org.0.into(), id.0.into()]).await? > 0)
}

/// Whether a conversation still has entries of an engagement.
pub async fn has_entries(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: ConversationId,
    interaction: InteractionId,
) -> Result<bool, Error> {
    let params = [org.0.into(), id.0.into(), interaction.0.into()];
    Ok(tx.optional(&HAS_ENTRIES, &params, |row| Cols::new(row).get::<uuid::Uuid>()).await?.is_some())
}
