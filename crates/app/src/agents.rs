//! Agents with their presence and load.

use domain::permissions::{Permission, Resource};
use store::agents::Agent;

use crate::presence::{self, Standpoint};
use crate::{Actor, Ctx, Error};

/// An agent with what the router believes of them.
#[derive(Clone, Debug)]
pub struct AgentView {
    /// The row.
    pub agent: Agent,
    /// Presence and load; `None` for inactive ones.
    pub standpoint: Option<Standpoint>,
}

/// The agents the actor may know of.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor) -> Result<Vec<AgentView>, Error> {
    actor.authorize(Permission::AgentsRead, Resource::Any)?;
    let reach = actor.reach(Permission::AgentsRead)?;
    let agents = ctx
        .store()
        .read("agents.list", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::agents::list(tx, org).await?) })
        })
        .await?;
    let standpoints = presence::of_all(ctx, actor).await?;
    let view = |agent: Agent| AgentView {
        standpoint: standpoints.iter().find(|s| s.presence.agent == agent.id).cloned(),
        agent,
    };
    Ok(agents.into_iter().filter(|a| reach.covers(None, &[a.id])).map(view).collect())
}
