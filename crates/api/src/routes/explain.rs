//! Why work is where it is.

use axum::extract::State;
use domain::ids::WorkItemId;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::explain::{Explanation, Transition};
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::state::Api;

/// Every transition of an item, oldest first.
#[utoipa::path(get, path = "/work-items/{id}/history", tag = "work", params(("id" = Uuid, Path)),
    responses((status = 200, body = List<Transition>), (status = "default", body = ProblemBody)))]
pub async fn history(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<List<Transition>>> {
    Ok(Json(List::whole(&app::explain::history(api.ctx(), caller.actor(), WorkItemId(id)).await?)))
}

/// Place in line, and what keeps each agent in the caller's scope from it, nearest to eligible first.
#[utoipa::path(get, path = "/work-items/{id}/explain", tag = "work", params(("id" = Uuid, Path)),
    responses((status = 200, body = Explanation), (status = "default", body = ProblemBody)))]
pub async fn explain(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Explanation>> {
    let explanation = app::explain::explain(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&explanation).into()))
}
