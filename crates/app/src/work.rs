//! Work items: what an agent does with the work they hold.

use domain::ids::{AgentId, ConversationId, CustomerId, QueueId, WorkItemId};
use domain::permissions::{Permission, Resource};
use domain::routing::{Command, ItemState, Refused};
use store::work::WorkItem;
use uuid::Uuid;

use crate::dispositions::{self, Ends};
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
pub(crate) async fn held(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let work = find(ctx, actor, id).await?;
    if work.item.agent.is_some() && work.item.agent == actor.standing.agent {
        return Ok(work);
    }
    let agents: Vec<_> = work.item.agent.into_iter().collect();
    let resource = Resource::Work { queue: Some(work.item.queue), agents: &agents };
    actor.authorize(Permission::WorkManage, resource)?;
    Ok(work)
}

pub(crate) async fn apply(ctx: &Ctx, actor: &Actor, id: WorkItemId, command: Command) -> Result<WorkItem, Error> {
    let applied = ctx.runtime(actor.organization)?.owner.apply(command, actor.as_json()).await;
    let work = find(ctx, actor, id).await?;
    match applied {
        Ok(_) => Ok(work),
        // The router forgets what is finished; the store does not.
        Err(Error::Refused(Refused::UnknownItem)) => Err(Refused::ItemState { state: work.item.state }.into()),
        Err(error) => Err(error),
    }
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
    dispositions::check(ctx, actor, id, work.item.queue, Ends::WithoutWrapUp).await?;
    apply(ctx, actor, id, Command::Complete { item: id }).await
}

/// T16: wrap-up is done.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::Refused`].
pub async fn finish_wrap_up(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    let work = held(ctx, actor, id).await?;
    if work.item.state == ItemState::Closed {
        return Ok(work);
    }
    if work.item.state == ItemState::WrapUp {
        dispositions::check(ctx, actor, id, work.item.queue, Ends::Now).await?;
    }
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

/// Which items.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Filter {
    /// None: every state.
    pub states: Vec<ItemState>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    pub customer: Option<CustomerId>,
    pub conversation: Option<ConversationId>,
    pub kind: Option<String>,
}

const STATES: [ItemState; 9] = [
    ItemState::New,
    ItemState::Deferred,
    ItemState::Queued,
    ItemState::Offered,
    ItemState::Active,
    ItemState::Paused,
    ItemState::WrapUp,
    ItemState::Closed,
    ItemState::Cancelled,
];

/// A page of the items the actor may read, newest first, before the item `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(
    ctx: &Ctx,
    actor: &Actor,
    filter: Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WorkItem>, Error> {
    let reach = actor.reach(Permission::WorkRead)?;
    let states = if filter.states.is_empty() { STATES.to_vec() } else { filter.states };
    let word = |state: &ItemState| serde_json::to_value(state).ok()?.as_str().map(str::to_owned);
    let query = store::work::PageQuery {
        before: before.unwrap_or(Uuid::max()),
        states: states.iter().filter_map(word).collect(),
        queue: filter.queue,
        agent: filter.agent,
        customer: filter.customer,
        conversation: filter.conversation,
        kind: filter.kind,
        reach,
        limit,
    };
    ctx.store()
        .read("work.list", (actor.organization, query), |tx, (org, query)| {
            Box::pin(async move { Ok::<_, Error>(store::work::page(tx, org, query).await?) })
        })
        .await
}

pub(crate) async fn read(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<WorkItem, Error> {
    ctx.store()
        .read("work.read", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { store::work::find(tx, org, id).await?.ok_or(Error::NotFound) })
        })
        .await
}
