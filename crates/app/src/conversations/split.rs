//! Some entries become a conversation of their own.

use std::collections::BTreeSet;

use domain::conversation::{ActorType, Audience, Direction, EntryKind};
use domain::ids::{ConversationId, EntryId, InteractionId, WorkItemId};
use domain::permissions::Permission;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::conversation_merges;
use store::conversations::{Conversation, Desk};
use store::entries::{Entry, Marks};
use uuid::Uuid;

use super::change::{self, Undo};
use super::commands::checked;
use super::{changeable, last_entry};
use crate::owner::Links;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Most entries that are split off at once.
const MAX_ENTRIES: usize = 200;

#[derive(Clone)]
struct Input {
    pen: Pen,
    id: ConversationId,
    entries: Vec<Uuid>,
    subject: Option<String>,
    number: i64,
}

/// What a split left and made.
#[derive(Clone, Debug)]
pub struct Split {
    /// The conversation it was split off.
    pub old: Conversation,
    /// The new one.
    pub new: Conversation,
    /// How to take it back.
    pub undo: Undo,
}

/// Splits entries off into a new conversation; a stub stays in each one's place. Engagements whose every entry goes
/// along go with them, and so does their live work.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::Denied`].
pub async fn split(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    entries: Vec<Uuid>,
    subject: Option<String>,
) -> Result<Split, Error> {
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(Error::field("/entry_ids", "length", format!("1 to {MAX_ENTRIES}")));
    }
    let subject = checked("/subject", subject, 500)?;
    let number = ctx.next_number(actor.organization).await?;
    let input = Input { pen: Pen::new(ctx, actor), id, entries, subject, number };
    let (split, moved) =
        ctx.store().write("conversations.split", input, |tx, input| Box::pin(apart(tx, input))).await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    relink(ctx, actor, moved, split.new.id).await?;
    Ok(split)
}

/// Work that went along, with its engagement.
pub(super) type Moved = Vec<(WorkItemId, InteractionId)>;

/// After the commit: the router learns which conversation the work belongs to.
pub(super) async fn relink(ctx: &Ctx, actor: &Actor, moved: Moved, to: ConversationId) -> Result<(), Error> {
    let owner = &ctx.runtime(actor.organization)?.owner;
    for (item, interaction) in moved {
        owner.relink(item, Links { interaction: Some(interaction), conversation: Some(to) }).await;
    }
    Ok(())
}

async fn apart(tx: &mut db::Tx<'_>, input: Input) -> Result<(Split, Moved), Error> {
    let Input { mut pen, id, entries, subject, number } = input;
    let org = pen.actor.organization;
    let mut old = changeable(tx, &pen.actor, id, Permission::ConversationsMerge).await?;
    let chosen = chosen(tx, &old, entries).await?;
    let mut new = fresh(&mut pen, &old, subject, number);
    store::conversations::insert(tx, &new).await?;
    let mut places = Vec::new();
    for (entry, seq) in chosen.iter().zip(1..) {
        conversation_merges::move_entry(tx, org, entry.id.0, new.id, seq).await?;
        let stub = stub(&mut pen, &old, &new, entry);
        store::entries::insert(tx, &stub).await?;
        places.push(PlaceTaken { entry: entry.id.0, seq: entry.seq, stub: stub.id.0 });
    }
    new.last_entry_seq = i64::try_from(chosen.len()).unwrap_or_default();
    new.last_entry = chosen.last().map(|entry| last_entry(&Entry { seq: new.last_entry_seq, ..entry.clone() }));
    new.channel_kinds = kinds(&chosen);
    store::conversations::update(tx, &mut new, pen.now).await?;
    if let Some(entry) = store::entries::before(tx, org, old.id, i64::MAX, 1).await?.first() {
        old.last_entry = Some(last_entry(entry));
    }
    store::conversations::update(tx, &mut old, pen.now).await?;
    let (interactions, moved) = move_engagements(tx, &old, &new, &chosen).await?;
    pen.tell(tx, "conversation.created", json!({ "conversation_id": new.id })).await?;
    pen.tell(tx, "conversation.split", json!({ "conversation_id": old.id, "other_id": new.id })).await?;
    pen.audit(tx, "conversation.split", ("conversation", old.id.0), None, Some(json!({ "new_id": new.id }))).await?;
    let data = json!(Traces { old: old.id, new: new.id, places, interactions, work: moved.clone() });
    let undo = change::remember_kind(tx, &mut pen, KIND, data, UNDO_FOR_MS).await?;
    Ok((Split { old, new, undo }, moved))
}

/// The kind of its undo.
pub(super) const KIND: &str = "conversation_split";
/// How long a split can be taken back, in milliseconds.
const UNDO_FOR_MS: i64 = 10 * 60 * 1_000;

/// Where an entry stood, and what stands there now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct PlaceTaken {
    entry: Uuid,
    seq: i64,
    stub: Uuid,
}

/// What a split must know to be taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Traces {
    old: ConversationId,
    new: ConversationId,
    places: Vec<PlaceTaken>,
    interactions: Vec<InteractionId>,
    work: Moved,
}

/// Takes a split back: every entry stands where it stood, the new conversation is gone.
///
/// # Errors
/// [`Error::UndoStale`] once something was said in the new conversation, or either of the two is not what it was.
pub(super) async fn back(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    data: &serde_json::Value,
) -> Result<(Conversation, Moved), Error> {
    let org = pen.actor.organization;
    let traces: Traces =
        serde_json::from_value(data.clone()).map_err(|_| Error::Unavailable("an undo cannot be read"))?;
    let stale = |error| if matches!(error, Error::NotFound | Error::Erased) { Error::UndoStale } else { error };
    let mut old = changeable(tx, &pen.actor, traces.old, Permission::ConversationsMerge).await.map_err(stale)?;
    let new = changeable(tx, &pen.actor, traces.new, Permission::ConversationsRead).await.map_err(stale)?;
    if new.last_entry_seq != i64::try_from(traces.places.len()).unwrap_or_default() {
        return Err(Error::UndoStale);
    }
    for place in &traces.places {
        if !conversation_merges::drop_stub(tx, org, place.stub, old.id).await? {
            return Err(Error::UndoStale);
        }
        conversation_merges::move_entry(tx, org, place.entry, old.id, place.seq).await?;
    }
    for interaction in &traces.interactions {
        conversation_merges::point_interaction(tx, org, *interaction, old.id).await?;
    }
    for (item, _) in &traces.work {
        conversation_merges::point_work(tx, org, *item, old.id).await?;
    }
    if let Some(entry) = store::entries::before(tx, org, old.id, i64::MAX, 1).await?.first() {
        old.last_entry = Some(last_entry(entry));
    }
    store::conversations::update(tx, &mut old, pen.now).await?;
    pen.tell(tx, "conversation.updated", json!({ "conversation_id": old.id })).await?;
    let resource = ("conversation", old.id.0);
    pen.audit(tx, "conversation.split_undone", resource, Some(json!({ "new_id": new.id })), None).await?;
    // Nothing is left in it: only its tombstone is made.
    super::erase::wipe(tx, pen, new).await?;
    Ok((old, traces.work))
}

/// The entries, oldest first: messages and notes of this very conversation, but not all of them.
async fn chosen(tx: &mut db::Tx<'_>, old: &Conversation, ids: Vec<Uuid>) -> Result<Vec<Entry>, Error> {
    let wanted: BTreeSet<Uuid> = ids.into_iter().collect();
    let mut found = store::entries::find_many(tx, old.organization_id, wanted.iter().copied().collect()).await?;
    found.retain(|e| e.conversation_id == old.id && matches!(e.kind, EntryKind::Message | EntryKind::Note));
    if found.len() != wanted.len() {
        return Err(Error::field("/entry_ids", "unknown_reference", "messages and notes of this conversation"));
    }
    if i64::try_from(found.len()).unwrap_or(i64::MAX) >= old.last_entry_seq {
        return Err(Error::field("/entry_ids", "range", "some entries stay"));
    }
    found.sort_by_key(|e| e.seq);
    Ok(found)
}

fn kinds(chosen: &[Entry]) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for kind in chosen.iter().filter_map(|e| e.channel_kind.as_ref()) {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds
}

fn fresh(pen: &mut Pen, old: &Conversation, subject: Option<String>, number: i64) -> Conversation {
    Conversation {
        id: pen.id().into(),
        number,
        subject,
        outcome: None,
        status_category: domain::conversation::StatusCategory::Open,
        tags: Vec::new(),
        fields: json!({}),
        snoozed_until: None,
        is_snoozed_until_reply: false,
        waiting_since_at: None,
        first_response_at: None,
        last_activity_at: pen.now,
        last_entry_seq: 0,
        last_entry: None,
        resolved_at: None,
        reopened_count: 0,
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
        desk: Desk {
            effective_customer_id: old.desk.effective_customer_id,
            is_test: old.desk.is_test,
            ..Desk::default()
        },
        ..old.clone()
    }
}

/// What stays where an entry stood.
fn stub(pen: &mut Pen, old: &Conversation, new: &Conversation, entry: &Entry) -> Entry {
    let (author_type, author_id) = match (pen.actor.standing.agent, pen.actor.standing.user) {
        (Some(agent), _) => (ActorType::Agent, Some(agent.0)),
        (None, Some(user)) => (ActorType::User, Some(user.0)),
        (None, None) => (ActorType::Api, None),
    };
    let data = json!({ "conversation_id": new.id, "number": new.number, "entry_id": entry.id });
    Entry {
        id: EntryId(pen.id()),
        organization_id: old.organization_id,
        conversation_id: old.id,
        interaction_id: None,
        customer_id: entry.customer_id,
        seq: entry.seq,
        kind: EntryKind::Event,
        direction: Direction::Internal,
        audience: Audience::Internal,
        author_type,
        author_id,
        author_name: Some(pen.actor.name.clone()),
        channel_id: None,
        channel_kind: None,
        body: json!({ "event_id": null, "type": "conversation.split", "data": data }),
        attachment_ids: Vec::new(),
        external_id: None,
        client_message_id: None,
        client_id: None,
        mail: None,
        delivery: None,
        is_truncated: false,
        occurred_at: pen.now,
        created_at: entry.created_at,
        marks: Marks::default(),
    }
}

/// Engagements that are wholly among the chosen go along, with their live work.
async fn move_engagements(
    tx: &mut db::Tx<'_>,
    old: &Conversation,
    new: &Conversation,
    chosen: &[Entry],
) -> Result<(Vec<InteractionId>, Moved), Error> {
    let org = old.organization_id;
    let touched: BTreeSet<InteractionId> = chosen.iter().filter_map(|e| e.interaction_id).collect();
    let live = store::work::live_of(tx, org, vec![old.id.0]).await?;
    let (mut gone, mut moved) = (Vec::new(), Vec::new());
    for interaction in touched {
        if store::conversation_history::has_entries(tx, org, old.id, interaction).await? {
            continue;
        }
        conversation_merges::point_interaction(tx, org, interaction, new.id).await?;
        gone.push(interaction);
        for work in live.iter().filter(|w| w.interaction_id == Some(interaction)) {
            conversation_merges::point_work(tx, org, work.item.id, new.id).await?;
            moved.push((work.item.id, interaction));
        }
    }
    Ok((gone, moved))
}
