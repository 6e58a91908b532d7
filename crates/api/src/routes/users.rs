//! Users.

use app::people::Invitation;
use app::users::{self, Change, Force};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::{TeamId, UserId};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::api_tokens::{PageQuery, page};
use crate::auth::Caller;
use crate::dto::people::User;
use crate::dto::{List, Object};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, etag};

/// A user to make. They set a password of their own, by invitation or reset.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct UserInput {
    pub email: String,
    pub name: String,
    pub language: Option<String>,
    /// Ids or keys of roles.
    pub role_ids: Vec<String>,
    #[serde(default)]
    pub team_ids: Vec<Uuid>,
}

/// What to change of a user; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct UserChange {
    pub name: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    /// Ids or keys of roles.
    pub role_ids: Option<Vec<String>>,
    pub team_ids: Option<Vec<Uuid>>,
    #[schema(value_type = Option<Object>)]
    pub preferences: Option<Object>,
}

/// How to take a user's access away.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableInput {
    /// Although their agent holds work: it goes back to its queue.
    #[serde(default, alias = "force")]
    pub is_forced: bool,
}

/// The users, newest first: everybody, or one's teams.
#[utoipa::path(get, path = "/users", tag = "people", params(PageQuery),
    responses((status = 200, body = List<User>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller, Query(query): Query<PageQuery>) -> Answer<Json<List<User>>> {
    let (before, limit) = query.place("users")?;
    let rows = users::list(api.ctx(), caller.actor(), before.map(UserId), limit + 1).await?;
    Ok(Json(page("users", rows, limit, |row| row.id.0)))
}

/// Makes a user, who is invited.
#[utoipa::path(post, path = "/users", tag = "people", request_body = UserInput,
    responses((status = 201, body = User), (status = "default", body = ProblemBody)))]
pub async fn create(State(api): State<Api>, caller: Caller, Json(input): Json<UserInput>) -> Answer<Response> {
    let invitation = Invitation {
        email: input.email,
        name: input.name,
        roles: input.role_ids,
        teams: input.team_ids.into_iter().map(TeamId).collect(),
        language: input.language.unwrap_or_else(|| caller.0.user.language.clone()),
    };
    let invited = app::people::invite(api.ctx(), caller.actor(), invitation).await?;
    Ok(etag::tagged(StatusCode::CREATED, invited.user.version, User::from(&invited.user)))
}

/// One user.
#[utoipa::path(get, path = "/users/{id}", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = User), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    let user = users::find(api.ctx(), caller.actor(), UserId(id)).await?;
    Ok(etag::tagged(StatusCode::OK, user.version, User::from(&user)))
}

/// Changes a user; one's own name, language, time zone and preferences need no permission.
#[utoipa::path(patch, path = "/users/{id}", tag = "people", request_body = UserChange,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = User), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<UserChange>,
) -> Answer<Response> {
    let change = Change {
        name: input.name,
        language: input.language,
        time_zone: input.time_zone,
        role_ids: input.role_ids,
        team_ids: input.team_ids.map(|ids| ids.into_iter().map(TeamId).collect()),
        preferences: input.preferences.map(serde_json::Value::Object),
    };
    let version = etag::optional(&headers)?;
    let user = users::update(api.ctx(), caller.actor(), UserId(id), version, change).await?;
    Ok(etag::tagged(StatusCode::OK, user.version, User::from(&user)))
}

/// Removes a user who never came; others are disabled.
#[utoipa::path(delete, path = "/users/{id}", tag = "people",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<Response> {
    users::delete(api.ctx(), caller.actor(), UserId(id), etag::optional(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes a user's access away: sessions end, their agent takes no more work.
#[utoipa::path(post, path = "/users/{id}/disable", tag = "people", request_body = DisableInput,
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = User), (status = "default", body = ProblemBody)))]
pub async fn disable(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<DisableInput>,
) -> Answer<Response> {
    let force = if input.is_forced { Force::Yes } else { Force::No };
    let version = etag::optional(&headers)?;
    let user = users::disable(api.ctx(), caller.actor(), UserId(id), version, force).await?;
    Ok(etag::tagged(StatusCode::OK, user.version, User::from(&user)))
}

/// Gives a user their access back.
#[utoipa::path(post, path = "/users/{id}/enable", tag = "people",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = User), (status = "default", body = ProblemBody)))]
pub async fn enable(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Answer<Response> {
    let user = users::enable(api.ctx(), caller.actor(), UserId(id), etag::optional(&headers)?).await?;
    Ok(etag::tagged(StatusCode::OK, user.version, User::from(&user)))
}
