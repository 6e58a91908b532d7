//! Taking commands back.

use domain::conversation::StatusCategory;
use domain::ids::{AgentId, ConversationId};
use domain::permissions::Permission;
use domain::routing::{By, Command, ItemState};
use serde_json::{Value, json};
use store::conversations::Conversation;
use store::work::WorkItem;
use uuid::Uuid;

use super::change::Step;
use super::commands::{Applied, again, end_work};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error};

/// Work that goes back to the agent who had it when the matter was resolved.
#[derive(Clone, Debug)]
struct Returning {
    ended: WorkItem,
    agent: AgentId,
    /// In its stead, should wrap-up be over.
    fresh: WorkItem,
}

#[derive(Clone, Debug, Default)]
struct TakenBack {
    conversations: Vec<Conversation>,
    returning: Vec<Returning>,
    ending: Vec<WorkItem>,
    /// Work that belongs to another conversation again.
    moved: Option<(super::split::Moved, ConversationId)>,
}

/// Takes a command back: everything it set is as before, or nothing is.
///
/// # Errors
/// [`Error::NotFound`] for somebody else's, [`Error::UndoExpired`], [`Error::UndoStale`].
pub async fn take_back(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<Vec<Conversation>, Error> {
    let taken = ctx
        .store()
        .write("undos.take_back", (Pen::new(ctx, actor), id), |tx, (pen, id)| Box::pin(back(tx, pen, id)))
        .await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.timers.wake();
    runtime.hub.wake();
    if let Some((moved, to)) = taken.moved {
        super::split::relink(ctx, actor, moved, to).await?;
    }
    end_work(ctx, actor, &taken.ending).await?;
    for returning in &taken.returning {
        give_back(ctx, actor, returning).await?;
    }
    Ok(taken.conversations)
}

async fn back(tx: &mut db::Tx<'_>, mut pen: Pen, id: Uuid) -> Result<TakenBack, Error> {
    let org = pen.actor.organization;
    let undo = store::undos::lock(tx, org, id).await?.ok_or(Error::NotFound)?;
    if undo.user_id != pen.actor.standing.user {
        return Err(Error::NotFound);
    }
    if undo.used_at.is_some() {
        return Err(Error::UndoStale);
    }
    if undo.expires_at <= pen.now {
        return Err(Error::UndoExpired);
    }
    store::undos::use_up(tx, org, id, pen.now).await?;
    let named = |name: &str| undo.data.get(name).and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    match undo.kind.as_str() {
        "conversations" => steps(tx, &mut pen, &undo.data).await,
        "conversation_merge" => {
            let merge = named("merge_id").ok_or(Error::NotFound)?;
            let (target, source) = super::merge::unmerge_in(tx, &mut pen, merge).await?;
            Ok(TakenBack { conversations: vec![target, source], ..TakenBack::default() })
        }
        super::split::KIND => {
            let (old, moved) = super::split::back(tx, &mut pen, &undo.data).await?;
            let moved = Some((moved, old.id));
            Ok(TakenBack { conversations: vec![old], moved, ..TakenBack::default() })
        }
        "customer_merge" => {
            let merge = named("merge_id").ok_or(Error::NotFound)?;
            crate::customers::unmerge_in(tx, &mut pen, merge).await?;
            Ok(TakenBack::default())
        }
        "message" => {
            let entry = named("entry_id").ok_or(Error::NotFound)?;
            crate::entries::cancel_in(tx, &mut pen, entry.into()).await.map_err(|error| match error {
                Error::NotPending => Error::UndoExpired,
                other => other,
            })?;
            Ok(TakenBack::default())
        }
        _ => Err(Error::NotFound),
    }
}

async fn steps(tx: &mut db::Tx<'_>, pen: &mut Pen, data: &Value) -> Result<TakenBack, Error> {
    let steps: Vec<Step> = data
        .get("steps")
        .and_then(|steps| serde_json::from_value(steps.clone()).ok())
        .ok_or(Error::Unavailable("an undo cannot be read"))?;
    let mut taken = TakenBack::default();
    for step in &steps {
        // What was set within the actor's reach may leave it again; the step itself proves the right.
        let mut c = super::changeable(tx, &pen.actor, step.conversation_id, Permission::ConversationsRead).await?;
        let before = c.clone();
        step.take_back(&mut c)?;
        let Applied { conversation, ending, .. } = put_back(tx, pen, before, c).await?;
        taken.ending.extend(ending);
        if conversation.status_category != StatusCategory::Resolved {
            bring_back(tx, pen, step, &conversation, &mut taken).await?;
        }
        taken.conversations.push(conversation);
    }
    Ok(taken)
}

/// Writes what an undo put back, as it was: a reopening is not counted, nothing is asked for once more.
async fn put_back(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    before: Conversation,
    mut c: Conversation,
) -> Result<Applied, Error> {
    let org = c.organization_id;
    let timer = store::timers::TimerKind::Snooze;
    match c.snoozed_until {
        Some(due_at) if due_at > pen.now => {
            store::timers::put(tx, org, store::timers::Timer { kind: timer, subject_id: c.id.0, due_at }).await?;
        }
        Some(_) => c.wake(),
        None => drop(store::timers::delete(tx, org, timer, c.id.0).await?),
    }
    super::change::save(tx, pen, &before, &mut c).await?;
    let is_done_again =
        c.status_category == StatusCategory::Resolved && before.status_category != StatusCategory::Resolved;
    let ending = if is_done_again { store::work::live_of(tx, org, vec![c.id.0]).await? } else { Vec::new() };
    Ok(Applied { conversation: c, step: None, ending, beginning: None, has_timer: true })
}

/// Engagements and work that a resolution ended come back.
async fn bring_back(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    step: &Step,
    c: &Conversation,
    taken: &mut TakenBack,
) -> Result<(), Error> {
    let org = c.organization_id;
    for interaction in &step.ended_interactions {
        if store::conversation_history::reopen_interaction(tx, org, *interaction).await? {
            let data = json!({ "interaction_id": interaction, "conversation_id": c.id });
            pen.tell(tx, "interaction.resumed", data).await?;
        }
    }
    let ids = step.ended_work.iter().filter_map(|w| w.get("work_item_id")?.as_str()?.parse().ok()).collect();
    for ended in store::work::find_many(tx, org, ids).await? {
        let held_by = step
            .ended_work
            .iter()
            .find(|w| w.get("work_item_id").and_then(Value::as_str) == Some(ended.item.id.to_string().as_str()));
        let agent = held_by.and_then(|w| w.get("agent_id")?.as_str()?.parse::<Uuid>().ok()).map(AgentId);
        let Some(agent) = agent.or(pen.actor.standing.agent) else { continue };
        let fresh = again(pen, &ended, ended.interaction_id, Some(agent));
        taken.returning.push(Returning { ended, agent, fresh });
    }
    Ok(())
}

/// T17 while it wraps up; afterwards new work, given to the same agent at once.
async fn give_back(ctx: &Ctx, actor: &Actor, returning: &Returning) -> Result<(), Error> {
    let owner = &ctx.runtime(actor.organization)?.owner;
    let id = returning.ended.item.id;
    let state = owner.look(move |router| router.item(id).map(|item| item.state)).await?;
    if state == Some(ItemState::WrapUp) {
        match owner.apply(Command::Return { item: id }, actor.as_json()).await {
            Ok(_) => return Ok(()),
            // Its wrap-up ended this moment: new work it is.
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let input = (Pen::new(ctx, actor), returning.fresh.clone());
    ctx.store()
        .write("undos.give_back", input, |tx, (mut pen, work)| {
            Box::pin(async move {
                store::work::insert(tx, pen.actor.organization, &work).await?;
                let data = json!({ "work_item_id": work.item.id, "conversation_id": work.conversation_id,
                    "queue_id": work.item.queue, "row": 1 });
                pen.tell(tx, "work_item.created", data).await
            })
        })
        .await?;
    owner.enqueue(&returning.fresh).await;
    let item = returning.fresh.item.id;
    let pull = Command::Pull { item, agent: returning.agent, by: By::Agent(returning.agent) };
    match owner.apply(pull, actor.as_json()).await {
        // Somebody else took it meanwhile, or it rings at the right place already.
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
