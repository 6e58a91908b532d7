//! The configuration as one document, JSON or YAML.

use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::config::Applied;
use crate::extract::{Json, MAX_JSON_BYTES, Query, read};
use crate::problem::{Code, Problem, ProblemBody};
use crate::routes::config::relearn;
use crate::state::Api;

/// A document in either notation.
#[derive(Debug)]
pub struct Notation(Value);

impl<S: Send + Sync> FromRequest<S> for Notation {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_yaml(media) {
            return Json::<Value>::from_request(request, state).await.map(|Json(value)| Self(value));
        }
        let bytes = read(request, MAX_JSON_BYTES).await?;
        let wrong = |error: String| Problem::from(Code::MalformedBody).detail(error);
        app::config::from_yaml(&bytes).map(Self).map_err(wrong)
    }
}

fn is_yaml(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["application/yaml", "application/x-yaml", "text/yaml"].contains(&&*media)
}

/// The routing configuration with keys for references; as YAML where `Accept` says so.
#[utoipa::path(get, path = "/config", tag = "routing",
    responses((status = 200, body = Object), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, headers: HeaderMap) -> Answer<Response> {
    let document = app::config::show(api.ctx(), caller.actor()).await?;
    let wants_yaml = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(is_yaml);
    if !wants_yaml {
        return Ok(Json(document).into_response());
    }
    let mut response = app::config::to_yaml(&document).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    Ok(response)
}

/// How to apply.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ApplyQuery {
    /// Only says what would change.
    is_dry_run: bool,
}

/// Applies a document `{version: 1, queues: […], …}` as a whole or not at all; objects are matched by key.
#[utoipa::path(post, path = "/config/apply", tag = "routing", params(ApplyQuery), request_body = Object,
    responses((status = 200, body = Applied), (status = "default", body = ProblemBody)))]
pub async fn apply(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<ApplyQuery>,
    Notation(document): Notation,
) -> Answer<Json<Applied>> {
    let applied = app::config::apply(api.ctx(), caller.actor(), document, query.is_dry_run).await?;
    relearn(&api, &caller).await?;
    Ok(Json((&applied).into()))
}
