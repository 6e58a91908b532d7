//! Why work is where it is: its history, its place in line, and what keeps each agent from it.

use domain::ids::{AgentId, WorkItemId};
use domain::permissions::{Permission, Resource};
use domain::routing::{FirstFailing, Item, ItemState, Order, Router};
use jiff::Timestamp;
use serde_json::Value;

use crate::{Actor, Ctx, Error, work};

/// Most agents of an explanation.
const AGENTS_MAX: usize = 200;

/// One transition of an item.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Transition {
    /// The row of the table of transitions.
    pub row: i64,
    pub from: Option<String>,
    pub to: String,
    pub at: Timestamp,
    pub reason: Option<String>,
    pub actor: Value,
}

/// Every transition of an item, oldest first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn history(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<Vec<Transition>, Error> {
    work::find(ctx, actor, id).await?;
    let events = ctx
        .store()
        .read("work.history", (actor.organization, id), |tx, (org, id)| {
            Box::pin(async move { Ok::<_, Error>(store::work::history(tx, org, id).await?) })
        })
        .await?;
    Ok(events.into_iter().filter_map(transition).collect())
}

fn transition(event: store::events::Event) -> Option<Transition> {
    let word = |name: &str| event.data.get(name).and_then(Value::as_str).map(str::to_owned);
    let state = event.kind.split_once('.')?.1;
    let (to, row) = match state {
        "created" => ("new", Some(1)),
        "updated" => ("new", event.data.get("row").and_then(Value::as_i64)),
        state => (state, event.data.get("row").and_then(Value::as_i64)),
    };
    Some(Transition {
        row: row?,
        from: word("previous_state"),
        to: to.to_owned(),
        at: event.at,
        reason: word("reason").or_else(|| (row == Some(1)).then(|| "created".to_owned())),
        actor: event.actor,
    })
}

/// What keeps an agent from an item.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Candidate {
    pub agent: AgentId,
    /// `None`: nothing.
    pub first_failing: Option<FirstFailing>,
}

/// Why an item is where it is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Explanation {
    pub work_item: WorkItemId,
    pub as_of: Timestamp,
    pub state: ItemState,
    /// Where it stands among what waits; `None` when it does not wait.
    pub order: Option<Order>,
    pub position: Option<u32>,
    /// When it is looked at again by itself.
    pub next_at: Option<Timestamp>,
    pub agents: Vec<Candidate>,
    pub is_truncated: bool,
}

/// Explains an item: the agents in the actor's scope, nearest to eligible first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn explain(ctx: &Ctx, actor: &Actor, id: WorkItemId) -> Result<Explanation, Error> {
    let stored = work::find(ctx, actor, id).await?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    let look = move |router: &Router| {
        let item: Option<Item> = router.item(id);
        (item, router.why(id), router.order_of(id), router.position(id))
    };
    let (item, why, order, position) = owner.look(look).await?;
    let reach = actor.reach(Permission::AgentsRead).unwrap_or_default();
    actor.authorize(Permission::WorkRead, Resource::Any)?;
    let mut agents: Vec<Candidate> = why
        .into_iter()
        .filter(|(agent, _)| reach.covers(None, &[*agent]))
        .map(|(agent, first_failing)| Candidate { agent, first_failing })
        .collect();
    agents.sort_by_key(|candidate| std::cmp::Reverse(candidate.first_failing.map_or(u8::MAX, FirstFailing::depth)));
    let is_truncated = agents.len() > AGENTS_MAX;
    agents.truncate(AGENTS_MAX);
    let item = item.unwrap_or(stored.item);
    Ok(Explanation {
        work_item: id,
        as_of: ctx.now(),
        state: item.state,
        order,
        position,
        next_at: item.wake_at.map(Into::into),
        agents,
        is_truncated,
    })
}
