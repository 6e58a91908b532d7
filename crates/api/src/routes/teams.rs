//! Teams.

use app::teams::{self, Change, Input, TeamView};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::{TeamId, UserId};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::api_tokens::{PageQuery, page};
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::routing::Team;
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, etag};

impl From<&TeamView> for Team {
    fn from(view: &TeamView) -> Self {
        Self {
            id: view.team.id.0,
            key: view.team.key.clone(),
            name: view.team.name.clone(),
            user_ids: view.user_ids.iter().map(|id| id.0).collect(),
            lead_ids: view.lead_ids.iter().map(|id| id.0).collect(),
            created_at: view.team.created_at.into(),
            version: view.team.version,
        }
    }
}

/// A team to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct TeamInput {
    pub key: String,
    pub name: String,
    #[serde(default)]
    pub user_ids: Vec<Uuid>,
    #[serde(default)]
    pub lead_ids: Vec<Uuid>,
}

/// What to change of a team; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct TeamChange {
    pub name: Option<String>,
    pub user_ids: Option<Vec<Uuid>>,
    pub lead_ids: Option<Vec<Uuid>>,
}

fn users(ids: Vec<Uuid>) -> Vec<UserId> {
    ids.into_iter().map(UserId).collect()
}

/// The teams, newest first.
#[utoipa::path(get, path = "/teams", tag = "people", params(PageQuery),
    responses((status = 200, body = List<Team>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller, Query(query): Query<PageQuery>) -> Answer<Json<List<Team>>> {
    let (before, limit) = query.place("teams")?;
    let rows = teams::list(api.ctx(), caller.actor(), before.map(TeamId), limit + 1).await?;
    Ok(Json(page("teams", rows, limit, |view| view.team.id.0)))
}

/// Makes a team.
#[utoipa::path(post, path = "/teams", tag = "people", request_body = TeamInput,
    responses((status = 201, body = Team), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<TeamInput>) -> Answer<Response> {
    let input =
        Input { key: input.key, name: input.name, user_ids: users(input.user_ids), lead_ids: users(input.lead_ids) };
    let view = teams::create(api.ctx(), caller.actor(), input).await?;
    Ok(etag::tagged(StatusCode::CREATED, view.team.version, Team::from(&view)))
}

/// One team.
#[utoipa::path(get, path = "/teams/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = Team), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    let view = teams::find(api.ctx(), caller.actor(), TeamId(id)).await?;
    Ok(etag::tagged(StatusCode::OK, view.team.version, Team::from(&view)))
}

/// Changes a team.
#[utoipa::path(patch, path = "/teams/{id}", tag = "people", request_body = TeamChange,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Team), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<TeamChange>,
) -> Answer<Response> {
    let change = Change { name: input.name, user_ids: input.user_ids.map(users), lead_ids: input.lead_ids.map(users) };
    let version = etag::optional(&headers)?;
    let view = teams::update(api.ctx(), caller.actor(), TeamId(id), version, change).await?;
    Ok(etag::tagged(StatusCode::OK, view.team.version, Team::from(&view)))
}

/// Removes a team; its members stay as they are.
#[utoipa::path(delete, path = "/teams/{id}", tag = "people",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<Response> {
    teams::delete(api.ctx(), caller.actor(), TeamId(id), etag::optional(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
