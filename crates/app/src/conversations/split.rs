//! Some entries become a conversation of their own.

use std::collections::BTreeSet;

use domain::conversation::{ActorType, Audience, Direction, EntryKind};
use domain::ids::{ConversationId, EntryId, InteractionId};
use domain::permissions::Permission;
use serde_json::json;
use store::conversation_merges;
use store::conversations::{Conversation, Desk};
use store::entries::{Entry, Marks};
use uuid::Uuid;

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
) -> Result<(Conversation, Conversation), Error> {
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(Error::field("/entry_ids", "length", format!("1 to {MAX_ENTRIES}")));
    }
    let subject = checked("/subject", subject, 500)?;
    let number = ctx.next_number(actor.organization).await?;
    let input = Input { pen: Pen::new(ctx, actor), id, entries, subject, number };
    let (old, new, moved) =
        ctx.store().write("conversations.split", input, |tx, input| Box::pin(apart(tx, input))).await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    for (item, interaction) in moved {
        runtime.owner.relink(item, Links { interaction: Some(interaction), conversation: Some(new.id) }).await;
    }
    Ok((old, new))
}

type Moved = Vec<(domain::ids::WorkItemId, InteractionId)>;

async fn apart(tx: &mut db::Tx<'_>, input: Input) -> Result<(Conversation, Conversation, Moved), Error> {
    let Input { mut pen, id, entries, subject, number } = input;
    let org = pen.actor.organization;
    let mut old = changeable(tx, &pen.actor, id, Permission::ConversationsMerge).await?;
    let chosen = chosen(tx, &old, entries).await?;
    let mut new = fresh(&mut pen, &old, subject, number);
    store::conversations::insert(tx, &new).await?;
    for (entry, seq) in chosen.iter().zip(1..) {
        conversation_merges::move_entry(tx, org, entry.id.0, new.id, seq).await?;
        let stub = stub(&mut pen, &old, &new, entry);
        store::entries::insert(tx, &stub).await?;
    }
    new.last_entry_seq = i64::try_from(chosen.len()).unwrap_or_default();
    new.last_entry = chosen.last().map(|entry| last_entry(&Entry { seq: new.last_entry_seq, ..entry.clone() }));
    new.channel_kinds = kinds(&chosen);
    store::conversations::update(tx, &mut new, pen.now).await?;
    if let Some(entry) = store::entries::before(tx, org, old.id, i64::MAX, 1).await?.first() {
        old.last_entry = Some(last_entry(entry));
    }
    store::conversations::update(tx, &mut old, pen.now).await?;
    let moved = move_engagements(tx, &old, &new, &chosen).await?;
    pen.tell(tx, "conversation.created", json!({ "conversation_id": new.id })).await?;
    pen.tell(tx, "conversation.split", json!({ "conversation_id": old.id, "other_id": new.id })).await?;
    pen.audit(tx, "conversation.split", ("conversation", old.id.0), None, Some(json!({ "new_id": new.id }))).await?;
    Ok((old, new, moved))
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
) -> Result<Moved, Error> {
    let org = old.organization_id;
    let touched: BTreeSet<InteractionId> = chosen.iter().filter_map(|e| e.interaction_id).collect();
    let live = store::work::live_of(tx, org, vec![old.id.0]).await?;
    let mut moved = Vec::new();
    for interaction in touched {
        if store::conversation_history::has_entries(tx, org, old.id, interaction).await? {
            continue;
        }
        conversation_merges::point_interaction(tx, org, interaction, new.id).await?;
        for work in live.iter().filter(|w| w.interaction_id == Some(interaction)) {
            conversation_merges::point_work(tx, org, work.item.id, new.id).await?;
            moved.push((work.item.id, interaction));
        }
    }
    Ok(moved)
}
