//! Routing configurations.

use axum::extract::State;
use domain::ids::RoutingConfigId;
use http::HeaderMap;
use http::header::IF_MATCH;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::routing::RoutingConfig;
use crate::extract::{Ids, Json};
use crate::problem::{Code, Problem, ProblemBody};
use crate::state::Api;

/// What to change; what is absent stays.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct RoutingConfigChange {
    pub offer_timeout_ms: Option<i64>,
    pub auto_accept: Option<bool>,
    pub misses_before_away: Option<u32>,
    pub units_milli: Option<i64>,
    pub wrap_up_ms: Option<i64>,
    pub retry_gap_ms: Option<i64>,
}

/// Every routing configuration.
#[utoipa::path(get, path = "/routing-configs", tag = "settings",
    responses((status = 200, body = List<RoutingConfig>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<RoutingConfig>>> {
    Ok(Json(List::whole(&app::routing::configs(api.ctx(), caller.actor()).await?)))
}

/// Changes a routing configuration; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/routing-configs/{id}", tag = "settings", request_body = RoutingConfigChange,
    params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = RoutingConfig), (status = "default", body = ProblemBody)))]
pub async fn update(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
    Json(input): Json<RoutingConfigChange>,
) -> Answer<Json<RoutingConfig>> {
    let version = version(&headers)?;
    let change = app::routing::Change {
        offer_timeout_ms: input.offer_timeout_ms,
        is_auto_accept: input.auto_accept,
        misses_before_away: input.misses_before_away,
        units_milli: input.units_milli,
        wrap_up_ms: input.wrap_up_ms,
        retry_gap_ms: input.retry_gap_ms,
    };
    let id = RoutingConfigId(id);
    let config = app::routing::update_config(api.ctx(), caller.actor(), id, version, change).await?;
    Ok(Json((&config).into()))
}

/// The version `If-Match` names.
fn version(headers: &HeaderMap) -> Result<i64, Problem> {
    let value = headers.get(IF_MATCH).ok_or(Code::PreconditionRequired)?;
    let text = value.to_str().ok().map(|text| text.trim().trim_matches('"'));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| Code::BadHeader.into())
}
