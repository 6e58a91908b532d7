//! How work ended.

use axum::extract::State;
use domain::ids::{WorkItemId, WrapUpCodeId};
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::work::{Disposition, DispositionInput};
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;

/// How an item ended or is to end.
#[utoipa::path(get, path = "/work-items/{id}/disposition", tag = "work", params(("id" = Uuid, Path)),
    responses((status = 200, body = Disposition), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Disposition>> {
    let found = app::dispositions::find(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    let found = found.ok_or(Code::NotFound)?;
    Ok(Json((&found).into()))
}

/// Says how an item ends; a later word replaces an earlier one, until it is closed.
#[utoipa::path(put, path = "/work-items/{id}/disposition", tag = "work", params(("id" = Uuid, Path)),
    request_body = DispositionInput,
    responses((status = 200, body = Disposition), (status = "default", body = ProblemBody)))]
pub async fn set(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<DispositionInput>,
) -> Answer<Json<Disposition>> {
    let code = input.code_id.map(WrapUpCodeId);
    let set = app::dispositions::set(api.ctx(), caller.actor(), WorkItemId(id), code, input.note).await?;
    Ok(Json((&set).into()))
}
