//! What rarely changes: users, channels, the organization.

use app::organization::Outline;
use axum::extract::State;
use domain::permissions::{Permission, Resource};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::channels::Channel;
use crate::dto::people::{Organization, User};
use crate::extract::{Json, Query};
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
pub async fn organization(State(api): State<Api>, caller: Caller) -> Answer<Json<Organization>> {
    let outline = outline(&api, &caller, &WholeQuery::default()).await?;
    Ok(Json((&outline.organization).into()))
}

/// The users.
#[utoipa::path(get, path = "/users", tag = "settings", params(WholeQuery),
    responses((status = 200, body = List<User>), (status = "default", body = ProblemBody)))]
pub async fn users(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WholeQuery>,
) -> Answer<Json<List<User>>> {
    super::limit(query.limit)?;
    Ok(Json(List::whole(&app::organization::users(api.ctx(), caller.actor()).await?)))
}

/// The channels, without their secrets.
#[utoipa::path(get, path = "/channels", tag = "settings", params(WholeQuery),
    responses((status = 200, body = List<Channel>), (status = "default", body = ProblemBody)))]
pub async fn channels(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WholeQuery>,
) -> Answer<Json<List<Channel>>> {
    caller.actor().authorize(Permission::ChannelsRead, Resource::Any)?;
    Ok(Json(List::whole(&outline(&api, &caller, &query).await?.channels)))
}
