//! An agent's presence: what the router believes, and the wish to change it.

use domain::ids::AgentId;
use domain::permissions::{Permission, Resource};
use domain::routing::{By, Command, Load, Presence, StatusKind};
use serde_json::json;
use store::agents::PresenceStatus;

use crate::owner::Said;
use crate::{Actor, Ctx, Error};

/// Presence and load of one agent.
#[derive(Clone, Debug)]
pub struct Standpoint {
    /// What the router believes.
    pub presence: Presence,
    /// What they hold.
    pub load: Load,
}

/// Presence and load of every agent the router knows.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn of_all(ctx: &Ctx, actor: &Actor) -> Result<Vec<Standpoint>, Error> {
    let look = |router: &domain::routing::Router| {
        let ids: Vec<AgentId> = router.agent_ids().collect();
        ids.into_iter().filter_map(|id| standpoint(router, id)).collect()
    };
    ctx.runtime(actor.organization)?.owner.look(look).await
}

fn standpoint(router: &domain::routing::Router, id: AgentId) -> Option<Standpoint> {
    Some(Standpoint { presence: router.presence(id)?.clone(), load: router.load(id)? })
}

/// The actor's own.
///
/// # Errors
/// [`Error::NotFound`] for somebody who takes no work.
pub async fn mine(ctx: &Ctx, actor: &Actor) -> Result<Standpoint, Error> {
    let agent = actor.agent()?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    owner.look(move |router| standpoint(router, agent)).await?.ok_or(Error::NotFound)
}

/// A wish to change status.
#[derive(Clone, Debug)]
pub struct Change {
    /// Id or key of a status.
    pub status: String,
    /// Take it when the work at hand ends.
    pub is_next: bool,
    /// Go although customers are being served.
    pub is_confirmed: bool,
}

/// Sets the actor's own status; what the router believes afterwards.
///
/// # Errors
/// [`Error::Invalid`] for an unknown status, [`Error::AgentHasWork`] when going offline would leave somebody alone.
pub async fn set_own(ctx: &Ctx, actor: &Actor, change: Change) -> Result<Standpoint, Error> {
    set_own_for(ctx, actor, change, None).await
}

/// [`set_own`] with a reason that stays with the interval.
///
/// # Errors
/// As [`set_own`].
pub async fn set_own_for(
    ctx: &Ctx,
    actor: &Actor,
    change: Change,
    reason: Option<String>,
) -> Result<Standpoint, Error> {
    let agent = actor.agent()?;
    check_reason(reason.as_deref())?;
    actor.authorize(Permission::PresenceSetOwn, Resource::Agent(agent))?;
    let status = find_status(ctx, actor, &change.status).await?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    if status.kind == StatusKind::Offline && !change.is_confirmed {
        let held = owner.look(move |r| r.held(agent).iter().filter(|i| i.kind.is_real_time()).count()).await?;
        if held > 0 {
            return Err(Error::AgentHasWork { count: u32::try_from(held).unwrap_or(u32::MAX) });
        }
    }
    let command = Command::SetPresence { agent, status: status.id, is_next: change.is_next, by: By::Agent(agent) };
    owner.apply(command, Said { actor: actor.as_json(), reason }).await?;
    mine(ctx, actor).await
}

fn check_reason(reason: Option<&str>) -> Result<(), Error> {
    const REASON_MAX: usize = 500;
    match reason {
        Some(reason) if reason.chars().count() > REASON_MAX => {
            Err(Error::field("/reason", "length", format!("at most {REASON_MAX} characters")))
        }
        Some(_) | None => Ok(()),
    }
}

/// A reason that is there and says something.
pub(crate) fn needed_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    check_reason(Some(reason))?;
    if reason.is_empty() { Err(Error::ReasonRequired) } else { Ok(reason.to_owned()) }
}

/// As whom a supervisor acts on others.
pub(crate) fn by_supervisor(actor: &Actor) -> By {
    actor.standing.agent.map_or(By::System, By::Supervisor)
}

/// Sets the status of somebody else; with a reason, and on record.
///
/// # Errors
/// [`Error::Denied`], [`Error::ReasonRequired`], [`Error::Invalid`], [`Error::Refused`].
pub async fn set_for(
    ctx: &Ctx,
    actor: &Actor,
    agent: AgentId,
    change: Change,
    reason: &str,
) -> Result<Standpoint, Error> {
    actor.authorize(Permission::AgentsOperate, Resource::Agent(agent))?;
    let reason = needed_reason(reason)?;
    let status = find_status(ctx, actor, &change.status).await?;
    let by = by_supervisor(actor);
    let command = Command::SetPresence { agent, status: status.id, is_next: change.is_next, by };
    let owner = &ctx.runtime(actor.organization)?.owner;
    owner.apply(command, Said { actor: actor.as_json(), reason: Some(reason.clone()) }).await?;
    let after = json!({ "status": status.key, "is_next": change.is_next });
    crate::config::record(ctx, actor, "agent.presence_set", ("agent", agent.0), after, &reason).await?;
    owner.look(move |router| standpoint(router, agent)).await?.ok_or(Error::NotFound)
}

/// Signs somebody else out everywhere: real-time work goes back in line first, other work stays theirs.
///
/// # Errors
/// [`Error::Denied`], [`Error::ReasonRequired`], [`Error::Refused`].
pub async fn force_logout(ctx: &Ctx, actor: &Actor, agent: AgentId, reason: &str) -> Result<Standpoint, Error> {
    actor.authorize(Permission::AgentsOperate, Resource::Agent(agent))?;
    let reason = needed_reason(reason)?;
    let runtime = ctx.runtime(actor.organization)?;
    let said = Said { actor: actor.as_json(), reason: Some(reason.clone()) };
    runtime.owner.apply(Command::SignedOut { agent }, said).await?;
    let ended = ctx
        .store()
        .write("presence.force_logout", (actor.organization, agent), |tx, (org, agent)| {
            Box::pin(async move { end_sessions(tx, org, agent).await })
        })
        .await?;
    for session in &ended {
        runtime.hub.revoke(session.0);
    }
    let after = json!({ "sessions": ended.len() });
    crate::config::record(ctx, actor, "agent.forced_out", ("agent", agent.0), after, &reason).await?;
    runtime.owner.look(move |router| standpoint(router, agent)).await?.ok_or(Error::NotFound)
}

async fn end_sessions(
    tx: &mut db::Tx<'_>,
    org: domain::ids::OrganizationId,
    agent: AgentId,
) -> Result<Vec<domain::ids::SessionId>, Error> {
    let agents = store::agents::list(tx, org).await?;
    let Some(user) = agents.into_iter().find(|a| a.id == agent).and_then(|a| a.user_id) else { return Ok(Vec::new()) };
    let mut ended = Vec::new();
    for session in store::access::list_sessions(tx, org, user).await? {
        store::access::delete_session(tx, org, session.id).await?;
        ended.push(session.id);
    }
    Ok(ended)
}

async fn find_status(ctx: &Ctx, actor: &Actor, wanted: &str) -> Result<PresenceStatus, Error> {
    let statuses = ctx
        .store()
        .read("presence.statuses", actor.organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::agents::statuses(tx, org).await?) })
        })
        .await?;
    let is_it = |s: &PresenceStatus| (s.key == wanted || s.id.0.to_string() == wanted) && !s.is_system;
    let found = statuses.into_iter().find(is_it);
    found.ok_or_else(|| Error::field("/status", "unknown_reference", "no such status"))
}

/// A routable socket of the actor's session opened.
///
/// # Errors
/// [`Error::NotFound`] for somebody who takes no work; [`Error::Unavailable`].
pub async fn session_opened(ctx: &Ctx, actor: &Actor) -> Result<Presence, Error> {
    let (agent, session) = (actor.agent()?, actor.session.ok_or(Error::NotFound)?);
    let owner = &ctx.runtime(actor.organization)?.owner;
    owner.apply(Command::SessionOpened { agent, session }, actor.as_json()).await?;
    Ok(mine(ctx, actor).await?.presence)
}

/// The last routable socket of the actor's session closed.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn session_lost(ctx: &Ctx, actor: &Actor) -> Result<(), Error> {
    let (agent, session) = (actor.agent()?, actor.session.ok_or(Error::NotFound)?);
    let owner = &ctx.runtime(actor.organization)?.owner;
    owner.apply(Command::SessionLost { agent, session }, actor.as_json()).await.map(drop)
}

/// The actor signed out.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn signed_out(ctx: &Ctx, actor: &Actor) -> Result<(), Error> {
    let agent = actor.agent()?;
    let owner = &ctx.runtime(actor.organization)?.owner;
    owner.apply(Command::SignedOut { agent }, actor.as_json()).await.map(drop)
}
