//! Resolving and reopening.

use domain::conversation::{InteractionEnd, InteractionState, StatusCategory};
use domain::ids::ConversationId;
use domain::permissions::Permission;
use domain::routing::{CancelReason, Command, ItemState};
use jiff::Timestamp;
use serde_json::json;
use store::conversations::Conversation;
use store::work::WorkItem;
use uuid::Uuid;

use super::reachable;
use crate::events::event;
use crate::{Actor, Ctx, Error};

#[derive(Clone)]
struct Input {
    actor: Actor,
    id: ConversationId,
    outcome: Option<String>,
    now: Timestamp,
    event_id: Uuid,
}

/// Resolves: ends every engagement, completes the work held and withdraws what waits. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn resolve(
    ctx: &Ctx,
    actor: &Actor,
    id: ConversationId,
    outcome: Option<String>,
) -> Result<Conversation, Error> {
    let input = Input { actor: actor.clone(), id, outcome, now: ctx.now(), event_id: ctx.new_id() };
    let (conversation, work) =
        ctx.store().write("conversations.resolve", input, |tx, input| Box::pin(close(tx, input))).await?;
    let runtime = ctx.runtime(actor.organization)?;
    for w in work {
        let command = match w.item.state {
            ItemState::Active | ItemState::Paused => Command::Complete { item: w.item.id },
            ItemState::New | ItemState::Deferred | ItemState::Queued | ItemState::Offered => {
                Command::Cancel { item: w.item.id, reason: CancelReason::Withdrawn }
            }
            ItemState::WrapUp | ItemState::Closed | ItemState::Cancelled => continue,
        };
        match runtime.owner.apply(command, actor.as_json()).await {
            // Somebody else ended it meanwhile: that is what was wanted.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    runtime.hub.wake();
    Ok(conversation)
}

async fn close(tx: &mut db::Tx<'_>, input: Input) -> Result<(Conversation, Vec<WorkItem>), Error> {
    let Input { actor, id, outcome, now, event_id } = input;
    let org = actor.organization;
    let mut conversation = reachable(tx, &actor, id, Permission::ConversationsEdit).await?;
    let work = store::work::live_of(tx, org, vec![id.0]).await?;
    if conversation.status_category == StatusCategory::Resolved {
        return Ok((conversation, work));
    }
    conversation.status_category = StatusCategory::Resolved;
    conversation.resolved_at = Some(now);
    conversation.waiting_since_at = None;
    conversation.snoozed_until = None;
    conversation.outcome = outcome.or(conversation.outcome);
    store::conversations::update(tx, &mut conversation, now).await?;
    store::search::index_conversation(tx, &conversation).await?;
    for interaction in store::conversations::interactions(tx, org, id).await? {
        let (state, reason) = (InteractionState::Ended, InteractionEnd::Resolved);
        store::conversations::end_interaction(tx, org, interaction.id, state, reason, now).await?;
    }
    let data = json!({ "conversation_id": id });
    let told = event(event_id, org, "conversation.resolved", now, actor.as_json(), data);
    store::events::insert(tx, &told).await?;
    Ok((conversation, work))
}

/// Opens a resolved conversation again. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn reopen(ctx: &Ctx, actor: &Actor, id: ConversationId) -> Result<Conversation, Error> {
    let input = Input { actor: actor.clone(), id, outcome: None, now: ctx.now(), event_id: ctx.new_id() };
    let conversation = ctx
        .store()
        .write("conversations.reopen", input, |tx, input| {
            Box::pin(async move {
                let Input { actor, id, now, event_id, .. } = input;
                let mut conversation = reachable(tx, &actor, id, Permission::ConversationsEdit).await?;
                if conversation.status_category != StatusCategory::Resolved {
                    return Ok::<_, Error>(conversation);
                }
                conversation.status_category = StatusCategory::Open;
                conversation.resolved_at = None;
                conversation.reopened_count += 1;
                store::conversations::update(tx, &mut conversation, now).await?;
                let data = json!({ "conversation_id": id });
                let told = event(event_id, actor.organization, "conversation.reopened", now, actor.as_json(), data);
                store::events::insert(tx, &told).await?;
                Ok(conversation)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(conversation)
}
