//! Whether it lives, whether it is ready, what it is.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::extract::Json;
use crate::state::Api;

/// `GET /healthz`: as soon as the process serves; asks nothing.
pub async fn healthz() -> Response {
    axum::Json(json!({ "status": "ok" })).into_response()
}

/// `GET /readyz`: whether the store answers.
pub async fn readyz(State(api): State<Api>) -> Response {
    let is_ready = app::setup::is_required(api.ctx()).await.is_ok();
    let word = if is_ready { "ok" } else { "failed" };
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({ "checks": { "store": word } }))).into_response()
}

/// What is running.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Version {
    /// Of the binary.
    pub version: &'static str,
    /// Operations to be withdrawn.
    pub deprecations: Vec<String>,
}

/// What is running.
#[utoipa::path(get, path = "/version", tag = "operation", responses((status = 200, body = Version)))]
pub async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION"), deprecations: Vec::new() })
}
