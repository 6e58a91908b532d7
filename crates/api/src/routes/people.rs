//! Inviting colleagues, and their answer.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use domain::ids::TeamId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Answer;
use crate::auth::{Caller, Guest};
use crate::dto::people::{Session, User};
use crate::extract::Json;
use crate::guard::ShownOnce;
use crate::problem::ProblemBody;
use crate::state::Api;

/// Whom to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct InvitationInput {
    pub email: String,
    pub name: String,
    /// Ids or keys of roles.
    pub role_ids: Vec<String>,
    #[serde(default)]
    pub team_ids: Vec<Uuid>,
    #[serde(default)]
    pub language: Option<String>,
}

/// Somebody invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct Invited {
    pub user: User,
    /// The one-use link to hand over; it is shown only now and ends after a day.
    pub link: Option<String>,
}

/// The answer of somebody invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct InvitationAcceptInput {
    pub token: String,
    #[serde(default)]
    pub name: Option<String>,
    pub password: String,
    #[serde(default)]
    pub language: Option<String>,
}

/// Invites a colleague; who takes work becomes a member of every queue.
#[utoipa::path(post, path = "/invitations", tag = "people", request_body = InvitationInput,
    responses((status = 201, body = Invited), (status = "default", body = ProblemBody)))]
pub async fn invite(State(api): State<Api>, caller: Caller, Json(input): Json<InvitationInput>) -> Answer<Response> {
    let invitation = app::people::Invitation {
        email: input.email,
        name: input.name,
        roles: input.role_ids,
        teams: input.team_ids.into_iter().map(TeamId).collect(),
        language: input.language.unwrap_or_else(|| caller.0.user.language.clone()),
    };
    let invited = app::people::invite(api.ctx(), caller.actor(), invitation).await?;
    let link = format!("{}/invitation?token={}", api.ctx().settings().public_url, invited.token);
    let user = User::from(&invited.user);
    let repeated = ShownOnce(json!({ "user": user, "link": null }));
    let mut response = (StatusCode::CREATED, Json(Invited { user, link: Some(link) })).into_response();
    response.extensions_mut().insert(repeated);
    Ok(response)
}

/// Accepts an invitation with a password of one's own, and signs in.
#[utoipa::path(post, path = "/invitations/accept", tag = "people", request_body = InvitationAcceptInput,
    responses((status = 200, body = Session), (status = "default", body = ProblemBody)))]
pub async fn accept(
    State(api): State<Api>,
    guest: Guest,
    jar: CookieJar,
    Json(input): Json<InvitationAcceptInput>,
) -> Answer<Response> {
    let acceptance = app::people::Acceptance {
        token: input.token,
        name: input.name,
        password: input.password,
        language: input.language,
        ip: guest.ip,
        user_agent: guest.user_agent,
    };
    let signed_in = app::people::accept(api.ctx(), acceptance).await?;
    super::sessions::welcome(&api, jar, signed_in).await
}
