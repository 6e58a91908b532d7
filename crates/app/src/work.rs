//! Work items: what an agent does with the work they hold.

use domain::ids::{QueueId, WorkItemId};
use domain::permissions::{Permission, Resource};
use domain::routing::{Command, Item, ItemState};
use store::work::WorkItem;

use crate::{Actor, Ctx, Error};

/// One item the actor may read.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let found = ctx
        .store()
        .read("work.find", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::work::find(tx, org, id).await?) })
        })
        .await?
        .ok_or(Error::NotFound)?;
    let agents: Vec<_> = found.item.agent.into_iter().collect();
    let resource = Resource::Work { queue: Some(found.item.queue), agents: &agents };
    actor.authorize(Permission::WorkRead, resource).map_err(|_| Error::NotFound)?;
    Ok(found)
}

/// The item, if the actor holds it or may manage it.
async fn held(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let work = find(ctx, actor, id).await?;
    if work.item.agent.is_some() && work.item.agent == actor.standing.agent {
        return Ok(work);
    }
    let agents: Vec<_> = work.item.agent.into_iter().collect();
    let resource = Resource::Work { queue: Some(work.item.queue), agents: &agents };
    actor.authorize(Permission::WorkManage, resource)?;
    Ok(work)
}

async fn apply(ctx: &Ctx, actor: &Actor, id: WorkItemId, command: Command) -> Result<WorkItem, Error> {
    ctx.runtime(actor.organization)?.owner.apply(command, actor.as_json()).await?;
    find(ctx, actor, id).await
}

/// T15: the work is done; wrap-up follows if the queue has it. Repeating it answers the same.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn complete(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let work = held(ctx, actor, id).await?;
    if matches!(work.item.state, ItemState::WrapUp | ItemState::Closed) {
        return Ok(work);
    }
    apply(ctx, actor, id, Command::Complete { item: id }).await
}

/// T16: wrap-up is done.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn finish_wrap_up(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    held(ctx, actor, id).await?;
    apply(ctx, actor, id, Command::FinishWrapUp { item: id }).await
}

/// Takes more time for wrap-up.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn extend_wrap_up(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    held(ctx, actor, id).await?;
    apply(ctx, actor, id, Command::ExtendWrapUp { item: id }).await
}

/// T12: the actor takes a waiting item.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn pull(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let agent = actor.agent()?;
    let work = find(ctx, actor, id).await?;
    actor.authorize(Permission::WorkPull, Resource::Work { queue: Some(work.item.queue), agents: &[] })?;
    apply(ctx, actor, id, Command::Pull { item: id, agent, by: domain::routing::By::Agent(agent) }).await
}

/// What a transfer made.
#[derive(Clone, Debug)]
pub struct Transferred {
    /// The item that ended.
    pub closed: WorkItem,
    /// The item that goes on.
    pub created: WorkItem,
}

/// T18: the item goes to a queue; its age goes with it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn transfer_to_queue(ctx: &Ctx, actor: &Actor, id: WorkItemId, queue: QueueId) -> Result<Transferred, Error> {
    let work = held(ctx, actor, id).await?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    let config = owner.look(move |router| router.queue_config(queue).cloned()).await?;
    let config = config.ok_or_else(|| Error::field("/to/queue_id", "unknown_reference", "no such queue"))?;
    let now = ctx.now();
    let new = WorkItem {
        item: Item {
            id: ctx.new_id().into(),
            queue,
            tier: config.tier,
            units_milli: config.units_milli,
            pool: config.pool,
            enqueued_at: now.into(),
            state: ItemState::New,
            agent: None,
            assignment: None,
            previous: Some(id),
            attempt: 0,
            excluded: Vec::new(),
            ..work.item.clone()
        },
        created_at: now,
        updated_at: now,
        version: 1,
        ..work
    };
    let input = (actor.organization, new.clone());
    ctx.store()
        .write("work.transfer", input, |tx, (org, new)| {
            Box::pin(async move { Ok::<_, Error>(store::work::insert(tx, org, &new).await?) })
        })
        .await?;
    let command = Command::Transfer { item: id, new: new.item.clone(), keep_age: true };
    owner.apply(command, actor.as_json()).await?;
    Ok(Transferred { closed: read(ctx, actor, id).await?, created: read(ctx, actor, new.item.id).await? })
}

async fn read(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    ctx.store()
        .read("work.read", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { store::work::find(tx, org, id).await?.ok_or(Error::NotFound) })
        })
        .await
}
