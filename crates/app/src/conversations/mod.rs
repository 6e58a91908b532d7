//! Conversations: reading them, writing in them, and what comes in from outside.

mod drafts;
mod lists;
mod raw;
mod receive;
mod resolve;
mod write;

pub use drafts::{DraftInput, delete_draft, draft, drafts, mark_read, save_draft};
pub(crate) use lists::readable;
pub use lists::{
    ConversationView, ListKind, ListQuery, counts, entries, entries_after, find, interactions, list, work,
};
pub use raw::raw;
pub(crate) use receive::{Extra, Input, Slots, follow, take};
pub use receive::{Inbound, Received, receive};
pub use resolve::{reopen, resolve};
pub use write::{MessageInput, NoteInput, Route, composer, post_message, post_note};

use domain::ids::ConversationId;
use domain::permissions::{Permission, Resource};
use jiff::Timestamp;
use serde_json::json;
use store::conversations::Conversation;
use store::entries::Entry;

use crate::{Actor, Error};

/// Characters of a message that lists show.
const PREVIEW: usize = 140;

/// A conversation, by either of its names.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    /// Its id.
    Id(ConversationId),
    /// Its number.
    Number(i64),
}

/// Finds a conversation and asks whether the actor may do this with it.
pub(crate) async fn reachable(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    id: ConversationId,
    permission: Permission,
) -> Result<Conversation, Error> {
    let conversation = store::conversations::lock(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
    let work = store::work::live_of(tx, actor.organization, vec![id.0]).await?;
    let agents: Vec<_> =
        conversation.owner_agent_id.into_iter().chain(work.iter().filter_map(|w| w.item.agent)).collect();
    let resource = Resource::Work { queue: conversation.queue_id, agents: &agents };
    actor.authorize(Permission::ConversationsRead, resource).map_err(|_| Error::NotFound)?;
    actor.authorize(permission, resource)?;
    Ok(conversation)
}

/// Appends an entry: it gets the next `seq`, and the conversation shows it as its last.
async fn append(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    entry: &mut Entry,
    now: Timestamp,
) -> Result<(), Error> {
    conversation.last_entry_seq += 1;
    entry.seq = conversation.last_entry_seq;
    let text: String = entry.text().chars().take(PREVIEW).collect();
    conversation.last_activity_at = now;
    conversation.last_entry = Some(json!({
        "id": entry.id, "seq": entry.seq, "kind": entry.kind, "direction": entry.direction,
        "author_name": entry.author_name, "text": text, "channel_kind": entry.channel_kind,
        "created_at": entry.created_at, "delivery_state": entry.delivery.as_ref().and_then(|d| d.get("state")),
    }));
    store::conversations::update(tx, conversation, now).await?;
    store::entries::insert(tx, entry).await?;
    Ok(())
}
