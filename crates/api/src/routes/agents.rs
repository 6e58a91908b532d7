//! Agents with presence and load.

use app::agents::{AgentView, Filter};
use app::config::Noun;
use app::config::docs::{AgentDoc, AgentSkillDoc};
use app::presence::Change;
use axum::extract::State;
use domain::ids::AgentId;
use domain::permissions::{Permission, Resource};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::Caller;
use crate::dto::presence::{Agent, Presence};
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::routes::config::{Fields, Versioned, change as change_row, create as create_row, if_match};
use crate::state::Api;
use crate::{Answer, cursor, render};

/// Which agents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AgentQuery {
    /// 1 to 200; 200 when nothing is said.
    limit: Option<i64>,
    /// Where the page before ended.
    after: Option<String>,
    /// In this team.
    team_id: Option<Uuid>,
    /// Serving this queue.
    queue_id: Option<Uuid>,
    /// With this skill.
    skill_id: Option<Uuid>,
    /// In this status.
    status: Option<Uuid>,
}

/// The agents the caller may know of.
#[utoipa::path(get, path = "/agents", tag = "agents", params(AgentQuery),
    responses((status = 200, body = List<Agent>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<AgentQuery>,
) -> Answer<Json<List<Agent>>> {
    let limit = usize::try_from(super::limit(query.limit.or(Some(super::MAX_LIMIT)))?).unwrap_or_default();
    let after = cursor::id("agents", query.after.as_deref())?;
    let filter = Filter {
        team: query.team_id.map(Into::into),
        queue: query.queue_id.map(Into::into),
        skill: query.skill_id.map(Into::into),
        status: query.status.map(Into::into),
    };
    let mut views = app::agents::list_where(api.ctx(), caller.actor(), filter).await?;
    views.retain(|view| after.is_none_or(|after| view.agent.id.0 > after));
    let has_more = views.len() > limit;
    views.truncate(limit);
    let next = views.last().filter(|_| has_more).map(|view| cursor::of_id("agents", view.agent.id.0));
    let labels = api.labels(caller.actor().organization);
    let items = views.iter().map(|view| render::agent_view(view, &labels)).collect();
    Ok(Json(List { items, page: Page { next, prev: None, has_more } }))
}

async fn shown(api: &Api, caller: &Caller, id: Uuid) -> Answer<(i64, Agent)> {
    let view: AgentView = app::agents::find(api.ctx(), caller.actor(), AgentId(id)).await?;
    Ok((view.agent.version, render::agent_view(&view, &api.labels(caller.actor().organization))))
}

/// Adds an agent: a bot, or a user who takes no work yet.
#[utoipa::path(post, path = "/agents", tag = "agents", request_body = AgentDoc,
    responses((status = 201, body = Agent), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, fields: Fields) -> Answer<Versioned<Agent>> {
    let row = create_row(&api, &caller, Noun::Agent, fields).await?;
    let (version, agent) = shown(&api, &caller, row.id()).await?;
    Ok(Versioned::created(version, agent))
}

/// One agent.
#[utoipa::path(get, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 200, body = Agent), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Versioned<Agent>> {
    let (version, agent) = shown(&api, &caller, id).await?;
    Ok(Versioned::shown(version, agent))
}

/// Changes an agent: JSON merge patch.
#[utoipa::path(patch, path = "/agents/{id}", tag = "agents", request_body = AgentDoc, params(("id" = Uuid, Path)),
    responses((status = 200, body = Agent), (status = "default", body = ProblemBody)))]
pub async fn change(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    fields: Fields,
) -> Answer<Versioned<Agent>> {
    change_row(&api, &caller, Noun::Agent, id, if_match(&headers)?, fields).await?;
    let (version, agent) = shown(&api, &caller, id).await?;
    Ok(Versioned::shown(version, agent))
}

/// Switches an agent off who holds nothing; what they did stays.
#[utoipa::path(delete, path = "/agents/{id}", tag = "agents", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    app::config::remove(api.ctx(), caller.actor(), Noun::Agent, id, if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The skills of an agent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentSkillsInput {
    /// All of them.
    pub skills: Vec<AgentSkillDoc>,
}

/// Replaces the skills of an agent.
#[utoipa::path(put, path = "/agents/{id}/skills", tag = "agents", request_body = AgentSkillsInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = Agent), (status = "default", body = ProblemBody)))]
pub async fn set_skills(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<AgentSkillsInput>,
) -> Answer<Versioned<Agent>> {
    let (version, skills) = (if_match(&headers)?, json!(input.skills));
    app::config::set_agent_skills(api.ctx(), caller.actor(), AgentId(id), version, skills).await?;
    let (version, agent) = shown(&api, &caller, id).await?;
    Ok(Versioned::shown(version, agent))
}

/// The queues of an agent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentQueuesInput {
    /// All of them that the agent serves by name.
    pub queue_ids: Vec<Uuid>,
}

/// Replaces the queues that an agent serves by name; a ring and delay they have there are kept.
#[utoipa::path(put, path = "/agents/{id}/queues", tag = "agents", request_body = AgentQueuesInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = Agent), (status = "default", body = ProblemBody)))]
pub async fn set_queues(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<AgentQueuesInput>,
) -> Answer<Versioned<Agent>> {
    let (version, queues) = (if_match(&headers)?, json!(input.queue_ids));
    app::config::set_agent_queues(api.ctx(), caller.actor(), AgentId(id), version, queues).await?;
    let (version, agent) = shown(&api, &caller, id).await?;
    Ok(Versioned::shown(version, agent))
}

/// A change of somebody else's status.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.4")]
pub struct AgentPresenceInput {
    /// Id or key of a status.
    pub status: String,
    #[serde(default)]
    pub reason: String,
    /// Takes effect when the work at hand ends.
    #[serde(default)]
    pub is_next: bool,
}

/// Sets somebody else's status, with a reason and on record.
#[utoipa::path(put, path = "/agents/{id}/presence", tag = "agents", request_body = AgentPresenceInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = Presence), (status = "default", body = ProblemBody)))]
pub async fn set_presence(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<AgentPresenceInput>,
) -> Answer<Json<Presence>> {
    let (ctx, actor, agent) = (api.ctx(), caller.actor(), AgentId(id));
    actor.authorize(Permission::AgentsOperate, Resource::Any)?;
    app::agents::find(ctx, actor, agent).await?;
    let change = Change { status: input.status, is_next: input.is_next, is_confirmed: true };
    let standpoint = app::presence::set_for(ctx, actor, agent, change, &input.reason).await?;
    super::presence::rendered(&api, &caller, &standpoint).await
}

/// Why somebody is signed out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForceLogoutInput {
    /// For the record.
    #[serde(default)]
    pub reason: String,
}

/// Signs somebody else out everywhere; their real-time work is served next.
#[utoipa::path(post, path = "/agents/{id}/force-logout", tag = "agents", request_body = ForceLogoutInput,
    params(("id" = Uuid, Path)), responses((status = 200, body = Presence), (status = "default", body = ProblemBody)))]
pub async fn force_logout(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<ForceLogoutInput>,
) -> Answer<Json<Presence>> {
    let (ctx, actor, agent) = (api.ctx(), caller.actor(), AgentId(id));
    actor.authorize(Permission::AgentsOperate, Resource::Any)?;
    app::agents::find(ctx, actor, agent).await?;
    let standpoint = app::presence::force_logout(ctx, actor, agent, &input.reason).await?;
    super::presence::rendered(&api, &caller, &standpoint).await
}
