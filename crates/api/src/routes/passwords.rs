//! Forgotten passwords.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Answer;
use crate::auth::Guest;
use crate::extract::Json;
use crate::problem::ProblemBody;
use crate::state::Api;

/// Whose password was forgotten.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetInput {
    /// The address of the account.
    pub email: String,
}

/// A new password, by a one-use link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct ResetCompletion {
    pub token: String,
    pub password: String,
}

/// Asks for a reset. The answer is the same whether the account exists or not.
#[utoipa::path(post, path = "/password-resets", tag = "session", request_body = ResetInput,
    responses((status = 202), (status = "default", body = ProblemBody)))]
pub async fn request(State(api): State<Api>, _guest: Guest, Json(input): Json<ResetInput>) -> Answer<StatusCode> {
    app::passwords::request(api.ctx(), &input.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Sets a new password; every session of the account ends.
#[utoipa::path(post, path = "/password-resets/complete", tag = "session", request_body = ResetCompletion,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn complete(State(api): State<Api>, _guest: Guest, Json(input): Json<ResetCompletion>) -> Answer<StatusCode> {
    app::passwords::complete(api.ctx(), &input.token, input.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
