//! What agents and supervisors do with work beside answering it: pausing, handing on, moving, ending.

use domain::ids::{AgentId, QueueId, WorkItemId};
use domain::permissions::{Permission, Resource};
use domain::routing::{CancelReason, Command, Item, ItemState, PauseReason, Preferred};
use domain::time::Micros;
use serde_json::json;
use store::work::WorkItem;

use crate::conversations::{self, NoteInput};
use crate::presence::{by_supervisor, needed_reason};
use crate::work::{Transferred, apply, find, held, read};
use crate::{Actor, Ctx, Error};

/// How long work handed to an agent rings only there: real-time, and other.
const DIRECT_MS: (i64, i64) = (60_000, 600_000);

/// Where work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To an agent: first there, after a while to anybody of the queue.
    Agent(AgentId),
    /// To a queue.
    Queue(QueueId),
}

/// T13: the agent puts the work aside. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn pause(ctx: &Ctx, actor: &Actor, id: WorkItemId, reason: PauseReason) -> Result<WorkItem, Error> {
    if reason == PauseReason::Interrupted {
        return Err(Error::field("/reason", "enum", "agent, waiting_customer, snoozed"));
    }
    let work = held(ctx, actor, id).await?;
    if work.item.state == ItemState::Paused && work.item.pause_reason == Some(reason) {
        return Ok(work);
    }
    apply(ctx, actor, id, Command::Pause { item: id, reason }).await
}

/// T14: the agent takes the work up again. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn resume(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let work = held(ctx, actor, id).await?;
    if work.item.state == ItemState::Active {
        return Ok(work);
    }
    apply(ctx, actor, id, Command::Resume { item: id }).await
}

/// T18: hands work in hand to a queue or an agent; its age goes with it unless told otherwise.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`], [`Error::Invalid`] for an unknown target.
pub async fn transfer(
    ctx: &Ctx,
    actor: &Actor,
    id: WorkItemId,
    target: Target,
    keep_age: bool,
    note: Option<String>,
) -> Result<Transferred, Error> {
    let work = held(ctx, actor, id).await?;
    let new = continuation(ctx, actor, &work, target).await?;
    if let (Some(conversation), Some(text)) = (work.conversation_id, note.filter(|note| !note.trim().is_empty())) {
        conversations::post_note(ctx, actor, conversation, NoteInput { text, ..NoteInput::default() }).await?;
    }
    hand_on(ctx, actor, id, new, keep_age).await
}

async fn hand_on(ctx: &Ctx, actor: &Actor, id: WorkItemId, new: Item, keep_age: bool) -> Result<Transferred, Error> {
    let created = new.id;
    let command = Command::Transfer { item: id, new, keep_age };
    ctx.runtime(actor.organization)?.owner.apply(command, actor.as_json()).await?;
    Ok(Transferred { closed: read(ctx, actor, id).await?, created: read(ctx, actor, created).await? })
}

/// The item that goes on where `work` ends.
async fn continuation(ctx: &Ctx, actor: &Actor, work: &WorkItem, target: Target) -> Result<Item, Error> {
    let (queue, preferred) = match target {
        Target::Queue(queue) => (queue, None),
        Target::Agent(agent) => {
            if work.item.agent == Some(agent) {
                return Err(Error::field("/to/agent_id", "duplicate", "they hold it already"));
            }
            let (real_time_ms, other_ms) = DIRECT_MS;
            let ms = if work.item.kind.is_real_time() { real_time_ms } else { other_ms };
            let until = Micros::from(ctx.now()).plus_ms(ms);
            (work.item.queue, Some(Preferred { agent, until }))
        }
    };
    let known = known(ctx, actor, target).await?;
    if !known {
        let pointer = match target {
            Target::Agent(_) => "/to/agent_id",
            Target::Queue(_) => "/to/queue_id",
        };
        return Err(Error::field(pointer, "unknown_reference", "no such target"));
    }
    let owner = &ctx.runtime(actor.organization)?.owner;
    let config = owner.look(move |router| router.queue_config(queue).cloned()).await?.ok_or(Error::NotFound)?;
    Ok(Item {
        id: ctx.new_id().into(),
        queue,
        tier: config.tier,
        units_milli: config.units_milli,
        pool: config.pool,
        enqueued_at: ctx.now().into(),
        state: ItemState::New,
        pause_reason: None,
        preferred,
        agent: None,
        assignment: None,
        previous: Some(work.item.id),
        attempt: 0,
        excluded: Vec::new(),
        wake_at: None,
        wrap_up_deadline: None,
        extensions_used: 0,
        ..work.item.clone()
    })
}

/// Whether the target exists: an active agent, or a queue that was not removed.
async fn known(ctx: &Ctx, actor: &Actor, target: Target) -> Result<bool, Error> {
    let input = (actor.organization, target);
    ctx.store()
        .read("work.target", input, |tx, (org, target)| {
            Box::pin(async move {
                Ok::<_, Error>(match target {
                    Target::Queue(id) => store::queues::list(tx, org).await?.iter().any(|queue| queue.id == id),
                    Target::Agent(id) => {
                        let agents = store::agents::list(tx, org).await?;
                        agents.iter().any(|agent| agent.id == id && agent.state == "active")
                    }
                })
            })
        })
        .await
}

/// Manages work of others: the permission on the item, and on where it goes.
fn may_manage(actor: &Actor, work: &WorkItem, target: Option<Target>) -> Result<(), Error> {
    let agents: Vec<AgentId> = work.item.agent.into_iter().collect();
    actor.authorize(Permission::WorkManage, Resource::Work { queue: Some(work.item.queue), agents: &agents })?;
    match target {
        Some(Target::Agent(agent)) => {
            actor.authorize(Permission::WorkManage, Resource::Work { queue: None, agents: &[agent] })
        }
        Some(Target::Queue(queue)) => {
            actor.authorize(Permission::WorkManage, Resource::Work { queue: Some(queue), agents: &[] })
        }
        None => Ok(()),
    }
}

/// Gives work to an agent at once (T20 in hand, T12 waiting), or to a queue (T18 in hand, T8 waiting);
/// the item that goes on.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::ReasonRequired`], [`Error::Refused`], [`Error::Invalid`].
pub async fn reassign(
    ctx: &Ctx,
    actor: &Actor,
    id: WorkItemId,
    target: Target,
    reason: &str,
) -> Result<WorkItem, Error> {
    let work = find(ctx, actor, id).await?;
    may_manage(actor, &work, Some(target))?;
    let reason = needed_reason(reason)?;
    if !known(ctx, actor, target).await? {
        return Err(Error::field("/to", "unknown_reference", "no such target"));
    }
    let by = by_supervisor(actor);
    let is_held = work.item.state.is_held();
    let after = match target {
        Target::Agent(to) if is_held && work.item.agent == Some(to) => return Ok(work),
        Target::Agent(to) if is_held => apply(ctx, actor, id, Command::Reassign { item: id, to, by }).await?,
        Target::Agent(agent) => apply(ctx, actor, id, Command::Pull { item: id, agent, by }).await?,
        Target::Queue(_) if is_held => {
            let new = continuation(ctx, actor, &work, target).await?;
            hand_on(ctx, actor, id, new, true).await?.created
        }
        Target::Queue(queue) => {
            let edit = Command::Edit { item: id, priority: None, secondary: None, queue: Some(queue) };
            apply(ctx, actor, id, edit).await?
        }
    };
    let said = json!({ "agent_id": after.item.agent, "queue_id": after.item.queue, "work_item_id": after.item.id });
    crate::config::record(ctx, actor, "work_item.reassigned", ("work_item", id.0), said, &reason).await?;
    Ok(after)
}

/// T9, T22, T24 by a supervisor, with a reason and on record. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::ReasonRequired`], [`Error::Refused`].
pub async fn cancel(ctx: &Ctx, actor: &Actor, id: WorkItemId, reason: &str) -> Result<WorkItem, Error> {
    let work = find(ctx, actor, id).await?;
    may_manage(actor, &work, None)?;
    let reason = needed_reason(reason)?;
    if work.item.state == ItemState::Cancelled {
        return Ok(work);
    }
    let command = Command::Cancel { item: id, reason: CancelReason::Supervisor };
    let after = apply(ctx, actor, id, command).await?;
    let said = json!({ "state": "cancelled" });
    crate::config::record(ctx, actor, "work_item.cancelled", ("work_item", id.0), said, &reason).await?;
    Ok(after)
}

/// What to change of a waiting item; `None` keeps.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Change {
    pub priority: Option<u8>,
    pub secondary: Option<u8>,
    pub queue: Option<QueueId>,
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Most attributes of an item.
pub(crate) const ATTRIBUTES_MAX: usize = 64;

/// T8: changes an item; its age is kept.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`] when it does not wait, [`Error::Invalid`].
pub async fn edit(ctx: &Ctx, actor: &Actor, id: WorkItemId, change: Change) -> Result<WorkItem, Error> {
    let mut work = find(ctx, actor, id).await?;
    may_manage(actor, &work, change.queue.map(Target::Queue))?;
    if change.priority.is_some_and(|priority| priority > 100) {
        return Err(Error::field("/priority", "range", "0 to 100"));
    }
    if change.secondary.is_some_and(|secondary| secondary > 9) {
        return Err(Error::field("/secondary", "range", "0 to 9"));
    }
    if let Some(queue) = change.queue
        && !known(ctx, actor, Target::Queue(queue)).await?
    {
        return Err(Error::field("/queue_id", "unknown_reference", "no such queue"));
    }
    if change.priority.is_some() || change.secondary.is_some() || change.queue.is_some() {
        let (priority, secondary, queue) = (change.priority, change.secondary, change.queue);
        work = apply(ctx, actor, id, Command::Edit { item: id, priority, secondary, queue }).await?;
    }
    match change.attributes {
        Some(attributes) => set_attributes(ctx, actor, id, attributes).await,
        None => Ok(work),
    }
}

async fn set_attributes(
    ctx: &Ctx,
    actor: &Actor,
    id: WorkItemId,
    attributes: serde_json::Map<String, serde_json::Value>,
) -> Result<WorkItem, Error> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(Error::field("/attributes", "length", format!("at most {ATTRIBUTES_MAX}")));
    }
    let input = (actor.organization, id, serde_json::Value::Object(attributes), ctx.now());
    ctx.store()
        .write("work.attributes", input, |tx, (org, id, attributes, now)| {
            Box::pin(async move { Ok::<_, Error>(store::work::set_attributes(tx, org, id, attributes, now).await?) })
        })
        .await?;
    read(ctx, actor, id).await
}
