//! The organization.

use app::organization::Outline;
use axum::extract::State;
use axum::response::Response;
use domain::permissions::{Permission, Resource};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::Answer;
use crate::auth::Caller;
use crate::dto::people::Organization;
use crate::etag;
use crate::extract::Json;
use crate::problem::ProblemBody;
use crate::state::Api;

/// These lists fit one page; the parameters are taken so that every list is asked for alike.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct WholeQuery {
    /// 1 to 200.
    pub limit: Option<i64>,
}

async fn outline(api: &Api, caller: &Caller, query: &WholeQuery) -> Answer<Outline> {
    super::limit(query.limit)?;
    let outline = app::organization::outline(api.ctx(), caller.actor()).await?;
    api.learn(&outline);
    Ok(outline)
}

/// The caller's organization.
#[utoipa::path(get, path = "/organization", tag = "settings",
    responses((status = 200, body = Organization), (status = "default", body = ProblemBody)))]
pub async fn organization(State(api): State<Api>, caller: Caller) -> Answer<Response> {
    let outline = outline(&api, &caller, &WholeQuery::default()).await?;
    let row = &outline.organization;
    Ok(etag::tagged(StatusCode::OK, row.version, Organization::from(row)))
}

/// What to change of the organization; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct OrganizationChange {
    pub name: Option<String>,
    pub default_language: Option<String>,
    pub time_zone: Option<String>,
    pub undo_send_ms: Option<i64>,
    /// `all` or `scoped`.
    pub customer_history: Option<String>,
}

/// Changes the organization; `If-Match` names the version it was read at.
#[utoipa::path(patch, path = "/organization", tag = "settings", request_body = OrganizationChange,
    params(("If-Match" = String, Header)),
    responses((status = 200, body = Organization), (status = "default", body = ProblemBody)))]
pub async fn update_organization(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Json(input): Json<OrganizationChange>,
) -> Answer<Response> {
    let change = app::organization::Change {
        name: input.name,
        default_language: input.default_language,
        time_zone: input.time_zone,
        undo_send_ms: input.undo_send_ms,
        customer_history: input.customer_history,
    };
    caller.actor().authorize(Permission::OrganizationEdit, Resource::Organization)?;
    let version = etag::required(&headers)?;
    let row = app::organization::update(api.ctx(), caller.actor(), version, change).await?;
    Ok(etag::tagged(StatusCode::OK, row.version, Organization::from(&row)))
}
