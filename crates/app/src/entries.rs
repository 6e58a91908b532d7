//! What may be done to an entry after it was written.
//!
//! # Invariants
//! - An entry keeps its place: editing leaves what stood there before, deleting leaves a mark.
//! - Redaction cannot be taken back: neither text nor earlier versions keep what was masked.

use connector::Delivery;
use domain::conversation::{DeliveryState, Direction, EntryKind};
use domain::ids::EntryId;
use domain::permissions::Permission;
use serde_json::{Value, json};
use store::conversations::Conversation;
use store::entries::Entry;

use crate::conversations::{self, last_entry};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Most earlier versions that are kept of an entry; the first one always is.
const MAX_EDITS: usize = 100;
/// Most reactions to an entry.
const MAX_REACTIONS: usize = 200;

/// One entry.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: EntryId) -> Result<Entry, Error> {
    ctx.store()
        .read("entries.find", (actor.clone(), id), |tx, (actor, id)| {
            Box::pin(async move {
                let found = store::entries::find_many(tx, actor.organization, vec![id.0]).await?.pop();
                let entry = found.ok_or(Error::NotFound)?;
                conversations::readable(tx, &actor, entry.conversation_id).await?;
                Ok::<_, Error>(entry)
            })
        })
        .await
}

/// The entry and its conversation, both held, if the actor may do this.
async fn held(
    tx: &mut db::Tx<'_>,
    pen: &Pen,
    id: EntryId,
    permission: Permission,
) -> Result<(Entry, Conversation), Error> {
    let org = pen.actor.organization;
    let known = store::entries::find_many(tx, org, vec![id.0]).await?.pop().ok_or(Error::NotFound)?;
    let conversation = conversations::reachable(tx, &pen.actor, known.conversation_id, permission).await?;
    let entry = store::entries::lock(tx, org, id).await?.ok_or(Error::NotFound)?;
    Ok((entry, conversation))
}

/// Whether the actor wrote it.
fn is_own(actor: &Actor, entry: &Entry) -> bool {
    let me = actor.standing.agent.map(|a| a.0).or(actor.standing.user.map(|u| u.0));
    me.is_some() && entry.author_id == me && entry.direction != Direction::In
}

/// Whether the customer sees what becomes of a message that has left.
fn can_change(entry: &Entry) -> bool {
    let kind = entry.channel_kind.as_deref().and_then(channels::find);
    kind.is_none_or(|kind| kind.meta().delivery == Delivery::Stored)
}

/// Keeps the conversation's preview true, and tells of the change.
async fn told(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    entry: &Entry,
    conversation: &mut Conversation,
    kind: &str,
) -> Result<(), Error> {
    if conversation.last_entry_seq == entry.seq {
        conversation.last_entry = Some(last_entry(entry));
        store::conversations::update(tx, conversation, pen.now).await?;
    }
    store::search::reindex_entry(tx, entry.organization_id, entry.id).await?;
    let data = json!({ "entry_id": entry.id, "conversation_id": entry.conversation_id });
    pen.tell(tx, kind, data).await
}

/// Changes the text of one's own message or note. Where the channel cannot follow, it is refused.
///
/// # Errors
/// [`Error::Unsupported`], [`Error::Denied`] for somebody else's, [`Error::NotFound`], [`Error::Invalid`].
pub async fn edit(ctx: &Ctx, actor: &Actor, id: EntryId, text: String) -> Result<Entry, Error> {
    conversations::check_text(&text, false, conversations::NOTE_MAX)?;
    let entry = ctx
        .store()
        .write("entries.edit", (Pen::new(ctx, actor), id, text), |tx, (mut pen, id, text)| {
            Box::pin(async move {
                let (mut entry, mut conversation) = held(tx, &pen, id, Permission::ConversationsRead).await?;
                own(&pen, &entry, &conversation)?;
                if entry.marks.deleted_at.is_some() {
                    return Err(Error::NotFound);
                }
                if entry.kind == EntryKind::Message && !can_change(&entry) {
                    return Err(Error::Unsupported { feature: "edit" });
                }
                if entry.text() == text {
                    return Ok(entry);
                }
                if entry.marks.edits.len() >= MAX_EDITS {
                    entry.marks.edits.remove(1);
                }
                entry.marks.edits.push(json!({ "at": pen.now, "body": entry.body }));
                entry.body["text"] = json!(text);
                if let Some(body) = entry.body.as_object_mut() {
                    body.remove("html");
                }
                entry.marks.edited_at = Some(pen.now);
                store::entries::mark(tx, &entry).await?;
                told(tx, &mut pen, &entry, &mut conversation, "entry.updated").await?;
                Ok::<_, Error>(entry)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}

/// One's own, and still within what one may write.
fn own(pen: &Pen, entry: &Entry, conversation: &Conversation) -> Result<(), Error> {
    let needed = match entry.kind {
        EntryKind::Message => Permission::ConversationsReply,
        EntryKind::Note => Permission::ConversationsNote,
        EntryKind::CallLeg | EntryKind::Event => return Err(Error::Unsupported { feature: "edit" }),
    };
    let agents: Vec<_> = conversation.owner_agent_id.into_iter().chain(pen.actor.standing.agent).collect();
    let resource = domain::permissions::Resource::Work { queue: conversation.queue_id, agents: &agents };
    pen.actor.authorize(needed, resource)?;
    if is_own(&pen.actor, entry) {
        return Ok(());
    }
    let scope = domain::permissions::Scope::Own;
    Err(Error::Denied(domain::permissions::Denied::OutOfScope { permission: needed, scope }))
}

/// Deletes one's own message or note: the channel follows where it can, else it is only marked here.
///
/// # Errors
/// [`Error::Denied`] for somebody else's, [`Error::NotFound`].
pub async fn delete(ctx: &Ctx, actor: &Actor, id: EntryId) -> Result<(), Error> {
    ctx.store()
        .write("entries.delete", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move {
                let (mut entry, mut conversation) = held(tx, &pen, id, Permission::ConversationsRead).await?;
                own(&pen, &entry, &conversation)?;
                if entry.marks.deleted_at.is_some() {
                    return Ok(());
                }
                entry.marks.deleted_at = Some(pen.now);
                store::entries::mark(tx, &entry).await?;
                told(tx, &mut pen, &entry, &mut conversation, "entry.deleted").await
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(())
}

/// A stretch of text, in code points: from the first up to, without, the second.
pub type Range = (usize, usize);

/// Masks stretches of an entry's text for good, everywhere it is kept.
///
/// # Errors
/// [`Error::Invalid`] for ranges outside the text; [`Error::NotFound`], [`Error::Denied`].
pub async fn redact(ctx: &Ctx, actor: &Actor, id: EntryId, ranges: Vec<Range>) -> Result<Entry, Error> {
    let entry = ctx
        .store()
        .write("entries.redact", (Pen::new(ctx, actor), id, ranges), |tx, (mut pen, id, ranges)| {
            Box::pin(async move {
                let (mut entry, mut conversation) = held(tx, &pen, id, Permission::EntriesRedact).await?;
                let text = masked(entry.text(), &ranges)?;
                entry.body["text"] = json!(text);
                if let Some(body) = entry.body.as_object_mut() {
                    body.remove("html");
                    body.remove("blocks");
                }
                entry.marks.edits = Vec::new();
                entry.marks.is_redacted = true;
                store::entries::mark(tx, &entry).await?;
                let what = json!({ "range_count": ranges.len() });
                pen.audit(tx, "entry.redacted", ("entry", id.0), None, Some(what)).await?;
                told(tx, &mut pen, &entry, &mut conversation, "entry.redacted").await?;
                Ok::<_, Error>(entry)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}

/// The text with each character of these stretches masked.
fn masked(text: &str, ranges: &[Range]) -> Result<String, Error> {
    let length = text.chars().count();
    let is_inside = |(from, to): &&Range| from < to && *to <= length;
    if ranges.is_empty() || ranges.len() > 100 || ranges.iter().filter(is_inside).count() != ranges.len() {
        return Err(Error::field("/ranges", "range", format!("1 to 100 stretches within 0 to {length}")));
    }
    let is_hidden = |at: usize| ranges.iter().any(|(from, to)| (*from..*to).contains(&at));
    Ok(text.chars().enumerate().map(|(at, c)| if is_hidden(at) && !c.is_whitespace() { '█' } else { c }).collect())
}

/// Adds the actor's reaction, or takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// There from now on.
    Added,
    /// Gone from now on.
    Removed,
}

/// Reacts to an entry. Repeating it answers the same.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn react(ctx: &Ctx, actor: &Actor, id: EntryId, emoji: String, reaction: Reaction) -> Result<Entry, Error> {
    let length = emoji.chars().count();
    if length == 0 || length > 16 || emoji.chars().any(|c| c.is_control() || c.is_ascii_alphanumeric()) {
        return Err(Error::field("/emoji", "format", "one emoji"));
    }
    let input = (Pen::new(ctx, actor), id, emoji, reaction);
    let entry = ctx
        .store()
        .write("entries.react", input, |tx, (mut pen, id, emoji, reaction)| {
            Box::pin(async move {
                let (mut entry, _) = held(tx, &pen, id, Permission::ConversationsReply).await?;
                let me = pen.actor.as_json();
                let is_mine = |r: &Value| r.get("emoji") == Some(&json!(emoji)) && r.get("actor") == Some(&me);
                let has = entry.marks.reactions.iter().any(is_mine);
                if has == (reaction == Reaction::Added) {
                    return Ok(entry);
                }
                entry.marks.reactions.retain(|r| !is_mine(r));
                if reaction == Reaction::Added {
                    if entry.marks.reactions.len() >= MAX_REACTIONS {
                        return Err(Error::field("/emoji", "length", format!("at most {MAX_REACTIONS} reactions")));
                    }
                    entry.marks.reactions.push(json!({ "emoji": emoji, "actor": me, "at": pen.now }));
                }
                store::entries::mark(tx, &entry).await?;
                let data = json!({ "entry_id": id, "conversation_id": entry.conversation_id });
                pen.tell(tx, "entry.reaction_changed", data).await?;
                Ok::<_, Error>(entry)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}

/// Whether a message waits here for its undo window, with no provider to be called off at.
pub(crate) async fn is_held_here(ctx: &Ctx, actor: &Actor, id: EntryId) -> Result<bool, Error> {
    let entry = find(ctx, actor, id).await?;
    let state = entry.delivery.as_ref().and_then(|d| d.get("state")).and_then(Value::as_str);
    Ok(state == Some("held") && can_change(&entry))
}

/// Calls off a message that has not left yet.
///
/// # Errors
/// [`Error::NotPending`] once it has; [`Error::NotFound`], [`Error::Denied`].
pub(crate) async fn cancel(ctx: &Ctx, actor: &Actor, id: EntryId) -> Result<Entry, Error> {
    let entry = ctx
        .store()
        .write("entries.cancel", (Pen::new(ctx, actor), id), |tx, (mut pen, id)| {
            Box::pin(async move { cancel_in(tx, &mut pen, id).await })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}

/// Calls off a message that has not left yet, in a transaction.
///
/// # Errors
/// [`Error::NotPending`] once it has; [`Error::NotFound`], [`Error::Denied`].
pub(crate) async fn cancel_in(tx: &mut db::Tx<'_>, pen: &mut Pen, id: EntryId) -> Result<Entry, Error> {
    let (mut entry, mut conversation) = held(tx, pen, id, Permission::ConversationsReply).await?;
    let state = entry.delivery.as_ref().and_then(|d| d.get("state")).and_then(Value::as_str);
    let Some(was) = state.filter(|s| ["held", "queued"].contains(s)).map(str::to_owned) else {
        return Err(Error::NotPending);
    };
    if let Some(delivery) = &mut entry.delivery {
        delivery["state"] = json!(DeliveryState::Cancelled);
        delivery["undo_until_at"] = Value::Null;
        store::entries::set_delivery(tx, entry.organization_id, id, delivery.clone()).await?;
    }
    let is_called_off = store::erasure::call_off(tx, entry.organization_id, id, pen.now).await?;
    if !is_called_off && !can_change(&entry) {
        // The outbox has it in hand this moment.
        return Err(Error::NotPending);
    }
    store::timers::delete(tx, entry.organization_id, store::timers::TimerKind::Release, id.0).await?;
    if conversation.last_entry_seq == entry.seq {
        conversation.last_entry = Some(last_entry(&entry));
        store::conversations::update(tx, &mut conversation, pen.now).await?;
    }
    let data = json!({ "entry_id": id, "conversation_id": entry.conversation_id, "previous_state": was });
    pen.tell(tx, "entry.delivery_changed", data).await?;
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn masking_keeps_the_length_and_nothing_else() {
        assert_eq!(masked("mi DNI es 1234", &[(10, 14)]).expect("inside"), "mi DNI es ████");
        assert_eq!(masked("ñá b", &[(0, 4)]).expect("inside"), "██ █");
        assert!(masked("abc", &[(1, 4)]).is_err());
        assert!(masked("abc", &[(2, 2)]).is_err());
        assert!(masked("abc", &[]).is_err());
    }
}
