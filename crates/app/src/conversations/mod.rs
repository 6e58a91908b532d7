//! Conversations: reading them, writing in them, and what comes in from outside.

mod bulk;
pub(crate) mod change;
mod commands;
mod drafts;
mod erase;
mod happening;
mod lists;
mod merge;
mod open;
mod raw;
mod receive;
mod split;
mod timeline;
mod transcript;
mod undo;
mod write;

pub use bulk::{BulkInput, BulkOutcome, Excluded, bulk};
pub use change::Undo;
pub use commands::{Act, Done, Patch, act, link, resolve, unlink};
pub(crate) use commands::{checked, tags};
pub use drafts::{DraftInput, delete_draft, draft, drafts, mark_read, mark_unread, save_draft};
pub use erase::erase;
pub(crate) use erase::{after_wiping, wipe};
pub(crate) use happening::{By, Happening, happened};
pub use lists::{
    Beside, ConversationView, InboxCounts, ListKind, ListPage, ListQuery, count_view, counts, events, find, find_with,
    interactions, list, place, work, work_items,
};
pub(crate) use lists::{Statuses, readable};
pub use merge::{Merged, merge, unmerge};
pub use open::{OpenInput, Who, open};
pub use raw::raw;
pub(crate) use receive::{Extra, Input, Slots, follow, take, take_settled};
pub use receive::{Inbound, Received};
pub use split::{Split, split};
pub use store::conversation_lists::{Counted, Place, Sort, Span};
pub use timeline::{Anchor, Around, EntriesPage, entries};
pub use transcript::{To, transcript};
pub use undo::take_back;
pub(crate) use write::check_text;
pub use write::{MessageInput, NOTE_MAX, NoteInput, Route, composer, post_message, post_note};

use domain::ids::{AgentId, ConversationId};
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

/// Finds a conversation and asks whether the actor may do this with it. Holds its row.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Erased`].
/// Finds a conversation and asks whether the actor may do this with it.
pub(crate) async fn reachable(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    id: ConversationId,
    permission: Permission,
) -> Result<Conversation, Error> {
    let conversation = store::conversations::lock(tx, actor.organization, id).await?.ok_or(Error::NotFound)?;
    let agents = agents_of(tx, &conversation).await?;
    may_read(tx, actor, &conversation, &agents).await?;
    if conversation.desk.deleted_at.is_some() {
        return Err(Error::Erased);
    }
    may(actor, &conversation, &agents, permission)?;
    Ok(conversation)
}

/// As [`reachable`], and refuses one that is shown within another.
async fn changeable(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    id: ConversationId,
    permission: Permission,
) -> Result<Conversation, Error> {
    let conversation = reachable(tx, actor, id, permission).await?;
    match conversation.desk.merged_into_id {
        Some(into) => Err(Error::ConversationMerged { into }),
        None => Ok(conversation),
    }
}

/// Who owns a conversation or holds its live work.
async fn agents_of(tx: &mut db::Tx<'_>, c: &Conversation) -> Result<Vec<AgentId>, Error> {
    let work = store::work::live_of(tx, c.organization_id, vec![c.id.0]).await?;
    Ok(c.owner_agent_id.into_iter().chain(work.iter().filter_map(|w| w.item.agent)).collect())
}

/// Asks the one rule; what somebody follows, or is named in, is their own (api.md §7).
fn may(actor: &Actor, c: &Conversation, agents: &[AgentId], permission: Permission) -> Result<(), Error> {
    let is_concerned = actor.standing.user.is_some_and(|user| c.concerns(user));
    let resource = if is_concerned { Resource::Any } else { Resource::Work { queue: c.queue_id, agents } };
    actor.authorize(permission, resource)
}

/// Whether the actor may read a conversation: by scope, because it concerns them, or by the customer-history rule.
///
/// # Errors
/// [`Error::NotFound`] when not.
async fn may_read(tx: &mut db::Tx<'_>, actor: &Actor, c: &Conversation, agents: &[AgentId]) -> Result<(), Error> {
    if may(actor, c, agents, Permission::ConversationsRead).is_ok() {
        return Ok(());
    }
    let is_open = !c.desk.is_restricted && actor.authorize(Permission::ConversationsRead, Resource::Any).is_ok();
    let has_history = is_open && crate::customers::has_history(tx, actor, c.effective_customer()).await?;
    if has_history { Ok(()) } else { Err(Error::NotFound) }
}

/// Appends an entry: it gets the next `seq`, and the conversation shows it as its last.
async fn append(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    entry: &mut Entry,
    now: Timestamp,
) -> Result<(), Error> {
    follow_up(conversation, entry, now);
    store::conversations::update(tx, conversation, now).await?;
    store::entries::insert(tx, entry).await?;
    Ok(())
}

/// As [`append`], to a conversation in which nothing else changed since it was read.
async fn append_only(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    entry: &mut Entry,
    now: Timestamp,
) -> Result<(), Error> {
    follow_up(conversation, entry, now);
    store::conversations::advance(tx, conversation, now).await?;
    store::entries::insert(tx, entry).await?;
    Ok(())
}

fn follow_up(conversation: &mut Conversation, entry: &mut Entry, now: Timestamp) {
    conversation.last_entry_seq += 1;
    entry.seq = conversation.last_entry_seq;
    conversation.last_activity_at = now;
    conversation.last_entry = Some(last_entry(entry));
}

/// An entry as lists show the newest one.
pub(crate) fn last_entry(entry: &Entry) -> serde_json::Value {
    let text: String = entry.text().chars().take(PREVIEW).collect();
    json!({
        "id": entry.id, "seq": entry.seq, "kind": entry.kind, "direction": entry.direction,
        "author_name": entry.author_name, "text": text, "channel_kind": entry.channel_kind,
        "created_at": entry.created_at, "delivery_state": entry.delivery.as_ref().and_then(|d| d.get("state")),
    })
}
