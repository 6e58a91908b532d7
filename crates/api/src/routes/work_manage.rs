//! Work beside answering it: pausing, giving to others, changing, ending.

use app::work_manage::Change;
use axum::extract::State;
use domain::ids::{QueueId, WorkItemId};
use uuid::Uuid;

use super::work_items::target;
use crate::auth::Caller;
use crate::dto::Nothing;
use crate::dto::work::{CancelInput, PauseInput, ReassignInput, WorkItem, WorkItemChange};
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem};

/// Puts work aside. Repeating it answers the same.
#[utoipa::path(post, path = "/work-items/{id}/pause", tag = "work", params(("id" = Uuid, Path)),
    request_body = PauseInput, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn pause(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<PauseInput>,
) -> Answer<Json<WorkItem>> {
    let row = app::work_manage::pause(api.ctx(), caller.actor(), WorkItemId(id), input.reason.into()).await?;
    Ok(Json((&row).into()))
}

/// Takes work up again. Repeating it answers the same.
#[utoipa::path(post, path = "/work-items/{id}/resume", tag = "work", params(("id" = Uuid, Path)),
    request_body = Nothing, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn resume(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<WorkItem>> {
    let row = app::work_manage::resume(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&row).into()))
}

/// Gives work to an agent at once, or to a queue; what goes on is answered.
#[utoipa::path(post, path = "/work-items/{id}/reassign", tag = "work", params(("id" = Uuid, Path)),
    request_body = ReassignInput, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn reassign(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<ReassignInput>,
) -> Answer<Json<WorkItem>> {
    if input.is_forced == Some(false) {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "reassign.offer"));
    }
    let to = target(&input.to)?;
    let row = app::work_manage::reassign(api.ctx(), caller.actor(), WorkItemId(id), to, &input.reason).await?;
    Ok(Json((&row).into()))
}

/// Ends work that is not finished, with a reason and on record.
#[utoipa::path(post, path = "/work-items/{id}/cancel", tag = "work", params(("id" = Uuid, Path)),
    request_body = CancelInput, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<CancelInput>,
) -> Answer<Json<WorkItem>> {
    let row = app::work_manage::cancel(api.ctx(), caller.actor(), WorkItemId(id), &input.reason).await?;
    Ok(Json((&row).into()))
}

/// Changes waiting work; its age is kept. Attributes may be changed in any state.
#[utoipa::path(patch, path = "/work-items/{id}", tag = "work", params(("id" = Uuid, Path)),
    request_body = WorkItemChange, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<WorkItemChange>,
) -> Answer<Json<WorkItem>> {
    let change = Change {
        priority: input.priority,
        secondary: input.secondary,
        queue: input.queue_id.map(QueueId),
        attributes: input.attributes,
    };
    let row = app::work_manage::edit(api.ctx(), caller.actor(), WorkItemId(id), change).await?;
    Ok(Json((&row).into()))
}
