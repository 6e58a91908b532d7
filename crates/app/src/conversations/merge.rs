//! One conversation shown within another, and taking that back.
//!
//! # Invariants
//! - Entries stay where they are; a merge only says where they are shown.
//! - Engagements and live work go along and come back.

use std::collections::BTreeMap;

use domain::conversation::{InteractionEnd, InteractionState, StatusCategory};
use domain::ids::{ConversationId, InteractionId, WorkItemId};
use domain::permissions::Permission;
use domain::routing::{CancelReason, Command, ItemState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::conversation_merges::{self, ConversationMerge};
use store::conversations::Conversation;
use store::work::WorkItem;
use uuid::Uuid;

use super::change::{self, Undo};
use super::reachable;
use crate::owner::Links;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// A merge with how to take it back.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Merged {
    pub id: Uuid,
    pub target: Conversation,
    pub source: Conversation,
    pub undo: Undo,
}

/// What a merge has to remember.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Memory {
    source: Map<String, Value>,
    target_kinds: Vec<String>,
    interactions: Vec<InteractionId>,
    work: Vec<WorkItemId>,
}

#[derive(Clone, Debug, Default)]
struct Routed {
    /// Work that goes along.
    moved: Vec<WorkItem>,
    /// Work that ends.
    cancelled: Vec<WorkItemId>,
}

/// How long a merge can be taken back from its answer; the merge itself has no end.
const UNDO_FOR_MS: i64 = 10 * 60 * 1_000;

/// Shows `source` within `target`.
///
/// # Errors
/// [`Error::CannotMerge`], [`Error::ConversationMerged`], [`Error::NotFound`], [`Error::Denied`].
pub async fn merge(ctx: &Ctx, actor: &Actor, source: ConversationId, target: ConversationId) -> Result<Merged, Error> {
    if source == target {
        return Err(Error::CannotMerge("a conversation with itself"));
    }
    let input = (Pen::new(ctx, actor), source, target);
    let (merged, routed) = ctx
        .store()
        .write("conversations.merge", input, |tx, (mut pen, source, target)| {
            Box::pin(async move { merge_in(tx, &mut pen, source, target).await })
        })
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    for work in &routed.moved {
        let links = Links { interaction: work.interaction_id, conversation: Some(target) };
        runtime.owner.relink(work.item.id, links).await;
    }
    for item in routed.cancelled {
        let command = Command::Cancel { item, reason: CancelReason::Merged };
        match runtime.owner.apply(command, actor.as_json()).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(merged)
}

/// Holds both rows, always in one order, so that two of these never wait for each other.
async fn both(
    tx: &mut db::Tx<'_>,
    pen: &Pen,
    source: ConversationId,
    target: ConversationId,
) -> Result<(Conversation, Conversation), Error> {
    let mut found = BTreeMap::new();
    for id in [source.min(target), source.max(target)] {
        found.insert(id, reachable(tx, &pen.actor, id, Permission::ConversationsMerge).await?);
    }
    let mut take = |id: &ConversationId| found.remove(id).ok_or(Error::NotFound);
    Ok((take(&source)?, take(&target)?))
}

async fn merge_in(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    source: ConversationId,
    target: ConversationId,
) -> Result<(Merged, Routed), Error> {
    let org = pen.actor.organization;
    let (mut b, mut a) = both(tx, pen, source, target).await?;
    for c in [&b, &a] {
        if let Some(into) = c.desk.merged_into_id {
            return Err(Error::ConversationMerged { into });
        }
    }
    if a.effective_customer() != b.effective_customer() {
        return Err(Error::CannotMerge("conversations of different customers"));
    }
    let mut memory = Memory { source: change::facets(&b), target_kinds: a.channel_kinds.clone(), ..Memory::default() };
    let routed = move_work(tx, &a, &b).await?;
    memory.work = routed.moved.iter().map(|w| w.item.id).collect();
    memory.interactions = move_interactions(tx, pen, &a, &b).await?;
    let before = b.clone();
    b.desk.merged_into_id = Some(a.id);
    b.set_category(StatusCategory::Resolved);
    b.resolved_at = b.resolved_at.or(Some(pen.now));
    b.waiting_since_at = None;
    b.wake();
    store::timers::delete(tx, org, store::timers::TimerKind::Snooze, b.id.0).await?;
    change::save(tx, pen, &before, &mut b).await?;
    take_over(&mut a, &before);
    store::conversations::update(tx, &mut a, pen.now).await?;
    let merge = ConversationMerge {
        id: pen.id(),
        organization_id: org,
        target_id: a.id,
        source_id: b.id,
        state: "merged".to_owned(),
        data: json!(memory),
        created_by: pen.actor.standing.user,
        created_at: pen.now,
        unmerged_at: None,
    };
    conversation_merges::insert(tx, &merge).await?;
    let data = json!({ "conversation_id": a.id, "other_id": b.id, "merge_id": merge.id });
    pen.tell(tx, "conversation.merged", data).await?;
    pen.audit(tx, "conversation.merged", ("conversation", a.id.0), None, Some(json!({ "source_id": b.id }))).await?;
    let undo =
        change::remember_kind(tx, pen, "conversation_merge", json!({ "merge_id": merge.id }), UNDO_FOR_MS).await?;
    Ok((Merged { id: merge.id, target: a, source: b, undo }, routed))
}

/// What the target takes over from the source.
fn take_over(a: &mut Conversation, b: &Conversation) {
    for kind in &b.channel_kinds {
        if !a.channel_kinds.contains(kind) {
            a.channel_kinds.push(kind.clone());
        }
    }
    a.last_activity_at = a.last_activity_at.max(b.last_activity_at);
    if a.status_category == StatusCategory::Resolved && b.status_category != StatusCategory::Resolved {
        // What is not done in the source is not done in the target.
        a.set_category(b.status_category);
        a.resolved_at = None;
    }
    if a.status_category != StatusCategory::Resolved {
        a.waiting_since_at = [a.waiting_since_at, b.waiting_since_at].into_iter().flatten().min();
    }
}

/// Which work goes along and which ends (api.md §2.6).
async fn move_work(tx: &mut db::Tx<'_>, a: &Conversation, b: &Conversation) -> Result<Routed, Error> {
    let org = a.organization_id;
    let live = store::work::live_of(tx, org, vec![a.id.0, b.id.0]).await?;
    let (of_a, of_b): (Vec<WorkItem>, Vec<WorkItem>) = live.into_iter().partition(|w| w.conversation_id == Some(a.id));
    let holder = of_a.iter().find_map(|w| w.item.agent.filter(|_| is_held(w)));
    let mut routed = Routed::default();
    for work in of_b {
        let ends = if is_held(&work) { holder.is_some_and(|h| Some(h) != work.item.agent) } else { !of_a.is_empty() };
        if ends {
            routed.cancelled.push(work.item.id);
        } else {
            conversation_merges::point_work(tx, org, work.item.id, a.id).await?;
            routed.moved.push(work);
        }
    }
    Ok(routed)
}

fn is_held(w: &WorkItem) -> bool {
    matches!(w.item.state, ItemState::Active | ItemState::Paused | ItemState::WrapUp)
}

/// Gives the source's engagements to the target; one that the target has open already ends.
async fn move_interactions(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    a: &Conversation,
    b: &Conversation,
) -> Result<Vec<InteractionId>, Error> {
    let org = a.organization_id;
    let mut moved = Vec::new();
    for i in store::conversations::interactions(tx, org, b.id).await? {
        let open = store::conversations::open_interaction(tx, org, a.id, i.channel_id, i.identity_id).await?;
        if open.is_some() && i.state == InteractionState::Open {
            let (state, reason) = (InteractionState::Ended, InteractionEnd::Merged);
            store::conversations::end_interaction(tx, org, i.id, state, reason, pen.now).await?;
            pen.tell(tx, "interaction.ended", json!({ "interaction_id": i.id, "conversation_id": a.id })).await?;
        }
        conversation_merges::point_interaction(tx, org, i.id, a.id).await?;
        moved.push(i.id);
    }
    Ok(moved)
}

/// Shows a merged conversation by itself again.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::UndoStale`] when something later depends on it.
pub async fn unmerge(ctx: &Ctx, actor: &Actor, merge: Uuid) -> Result<(Conversation, Conversation), Error> {
    let both = ctx
        .store()
        .write("conversations.unmerge", (Pen::new(ctx, actor), merge), |tx, (mut pen, merge)| {
            Box::pin(async move { unmerge_in(tx, &mut pen, merge).await })
        })
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    relink_all(ctx, actor, &both.1).await?;
    Ok(both)
}

/// The router learns whose work it is again.
async fn relink_all(ctx: &Ctx, actor: &Actor, source: &Conversation) -> Result<(), Error> {
    let work = ctx
        .store()
        .read("conversations.relink", (actor.organization, source.id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::work::live_of(tx, org, vec![id.0]).await?) })
        })
        .await?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    for w in work {
        owner.relink(w.item.id, Links { interaction: w.interaction_id, conversation: w.conversation_id }).await;
    }
    Ok(())
}

/// The transaction's part: target and source as they are then.
pub(super) async fn unmerge_in(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    id: Uuid,
) -> Result<(Conversation, Conversation), Error> {
    let org = pen.actor.organization;
    let merge = conversation_merges::lock(tx, org, id).await?.ok_or(Error::NotFound)?;
    let (mut b, mut a) = both(tx, pen, merge.source_id, merge.target_id).await?;
    if merge.state != "merged" || b.desk.merged_into_id != Some(a.id) {
        return Err(Error::UndoStale);
    }
    let memory: Memory =
        serde_json::from_value(merge.data).map_err(|_| Error::Unavailable("a merge cannot be read"))?;
    for interaction in &memory.interactions {
        conversation_merges::point_interaction(tx, org, *interaction, b.id).await?;
    }
    for work in &memory.work {
        conversation_merges::point_work(tx, org, *work, b.id).await?;
    }
    let before = b.clone();
    b.desk.merged_into_id = None;
    change::put_all(&mut b, &memory.source);
    change::save(tx, pen, &before, &mut b).await?;
    a.channel_kinds = memory.target_kinds;
    store::conversations::update(tx, &mut a, pen.now).await?;
    conversation_merges::unmerge(tx, org, id, pen.now).await?;
    let data = json!({ "conversation_id": a.id, "other_id": b.id, "merge_id": id });
    pen.tell(tx, "conversation.unmerged", data).await?;
    pen.audit(tx, "conversation.unmerged", ("conversation", a.id.0), Some(json!({ "source_id": b.id })), None).await?;
    Ok((a, b))
}
