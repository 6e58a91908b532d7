//! Agents with presence and load.

use axum::extract::State;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::presence::Agent;
use crate::extract::{Json, Query};
use crate::problem::ProblemBody;
use crate::render;
use crate::routes::settings::WholeQuery;
use crate::state::Api;

/// The agents the caller may know of.
#[utoipa::path(get, path = "/agents", tag = "agents", params(WholeQuery),
    responses((status = 200, body = List<Agent>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WholeQuery>,
) -> Answer<Json<List<Agent>>> {
    super::limit(query.limit)?;
    let views = app::agents::list(api.ctx(), caller.actor()).await?;
    let labels = api.labels(caller.actor().organization);
    Ok(Json(List::whole(views.iter().map(|view| render::agent_view(view, &labels)))))
}
