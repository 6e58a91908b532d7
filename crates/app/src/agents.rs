//! Agents with their presence and load.

use std::collections::BTreeMap;

use domain::ids::{AgentId, OrganizationId, QueueId, SkillId, StatusId, TeamId, UserId};
use domain::permissions::{Permission, Resource};
use store::agents::Agent;
use uuid::Uuid;

use crate::presence::{self, Standpoint};
use crate::{Actor, Ctx, Error};

/// An agent with what the router believes of them.
#[derive(Clone, Debug)]
pub struct AgentView {
    /// The row.
    pub agent: Agent,
    /// Queues they serve, by name or by a team.
    pub queues: Vec<QueueId>,
    /// Teams of their user.
    pub teams: Vec<TeamId>,
    /// Presence and load; `None` for inactive ones.
    pub standpoint: Option<Standpoint>,
}

/// Which agents.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Filter {
    pub team: Option<TeamId>,
    pub queue: Option<QueueId>,
    pub skill: Option<SkillId>,
    pub status: Option<StatusId>,
}

impl Filter {
    fn takes(&self, view: &AgentView) -> bool {
        let status = view.standpoint.as_ref().map(|at| at.presence.status);
        self.team.is_none_or(|team| view.teams.contains(&team))
            && self.queue.is_none_or(|queue| view.queues.contains(&queue))
            && self.skill.is_none_or(|skill| view.agent.skills.contains_key(&skill))
            && self.status.is_none_or(|wanted| status == Some(wanted))
    }
}

/// The agents the actor may know of.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(ctx: &Ctx, actor: &Actor) -> Result<Vec<AgentView>, Error> {
    list_where(ctx, actor, Filter::default()).await
}

/// The agents the actor may know of that a filter takes, by id.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list_where(ctx: &Ctx, actor: &Actor, filter: Filter) -> Result<Vec<AgentView>, Error> {
    actor.authorize(Permission::AgentsRead, Resource::Any)?;
    let reach = actor.reach(Permission::AgentsRead)?;
    let (agents, mut queues, teams) = ctx
        .store()
        .read("agents.list", actor.organization, |tx, org| Box::pin(async move { rows(tx, org).await }))
        .await?;
    let standpoints = presence::of_all(ctx, actor).await?;
    let mut standpoints: BTreeMap<AgentId, Standpoint> =
        standpoints.into_iter().map(|standpoint| (standpoint.presence.agent, standpoint)).collect();
    let view = |agent: Agent| AgentView {
        standpoint: standpoints.remove(&agent.id),
        queues: queues.remove(&agent.id).unwrap_or_default(),
        teams: agent.user_id.and_then(|user| teams.get(&user).cloned()).unwrap_or_default(),
        agent,
    };
    let readable = agents.into_iter().filter(|a| reach.covers(None, &[a.id]));
    Ok(readable.map(view).filter(|view| filter.takes(view)).collect())
}

type Rows = (Vec<Agent>, BTreeMap<AgentId, Vec<QueueId>>, BTreeMap<UserId, Vec<TeamId>>);

async fn rows(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<Rows, Error> {
    const TEAMS_MAX: i64 = 10_000;
    let agents = store::agents::list(tx, org).await?;
    let mut queues: BTreeMap<AgentId, Vec<QueueId>> = BTreeMap::new();
    for member in store::queues::members(tx, org).await? {
        queues.entry(member.member.agent).or_default().push(member.queue);
    }
    let ids = store::teams::list(tx, org, Uuid::max().into(), TEAMS_MAX).await?.iter().map(|team| team.id.0).collect();
    let mut teams: BTreeMap<UserId, Vec<TeamId>> = BTreeMap::new();
    for member in store::teams::members(tx, org, ids).await? {
        teams.entry(member.user).or_default().push(member.team);
    }
    Ok((agents, queues, teams))
}

/// One agent.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn find(ctx: &Ctx, actor: &Actor, id: AgentId) -> Result<AgentView, Error> {
    list(ctx, actor).await?.into_iter().find(|view| view.agent.id == id).ok_or(Error::NotFound)
}
