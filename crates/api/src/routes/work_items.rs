//! What an agent does with the work they hold.

use axum::extract::State;
use domain::ids::{QueueId, WorkItemId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::auth::Caller;
use crate::dto::work::{CompleteInput, TransferInput, TransferResult, WorkItem};
use crate::dto::{List, Nothing};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem};

/// Which work.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkQuery {
    /// `me`, or the caller's own agent id.
    agent_id: Option<String>,
}

/// Unfinished work that the caller holds.
#[utoipa::path(get, path = "/work-items", tag = "work", params(WorkQuery),
    responses((status = 200, body = List<WorkItem>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WorkQuery>,
) -> Answer<Json<List<WorkItem>>> {
    let me = caller.actor().agent()?.to_string();
    if query.agent_id.is_some_and(|wanted| wanted != "me" && wanted != me) {
        return Err(Problem::from(Code::OutOfScope).with("permission", "work.read").with("scope", "own"));
    }
    let rows = app::conversations::work(api.ctx(), caller.actor()).await?;
    Ok(Json(List::whole(&rows)))
}

/// One item.
#[utoipa::path(get, path = "/work-items/{id}", tag = "work", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<WorkItem>> {
    let row = app::work::find(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&row).into()))
}

/// Takes a waiting item.
#[utoipa::path(post, path = "/work-items/{id}/pull", tag = "work", params(("id" = Uuid, Path)), request_body = Nothing,
    responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn pull(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<WorkItem>> {
    let row = app::work::pull(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&row).into()))
}

/// The work is done; with `resolve` the matter is too.
#[utoipa::path(post, path = "/work-items/{id}/complete", tag = "work", params(("id" = Uuid, Path)),
    request_body = CompleteInput, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn complete(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<CompleteInput>,
) -> Answer<Json<WorkItem>> {
    let (ctx, actor) = (api.ctx(), caller.actor());
    let mut row = app::work::complete(ctx, actor, WorkItemId(id)).await?;
    if let Some(conversation) = row.conversation_id.filter(|_| input.resolve) {
        app::conversations::resolve(ctx, actor, conversation, None).await?;
        row = app::work::find(ctx, actor, WorkItemId(id)).await?;
    }
    Ok(Json((&row).into()))
}

/// Wrap-up is done.
#[utoipa::path(post, path = "/work-items/{id}/wrap-up/finish", tag = "work", params(("id" = Uuid, Path)),
    request_body = Nothing, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn finish_wrap_up(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<WorkItem>> {
    let row = app::work::finish_wrap_up(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&row).into()))
}

/// Takes more time for wrap-up.
#[utoipa::path(post, path = "/work-items/{id}/wrap-up/extend", tag = "work", params(("id" = Uuid, Path)),
    request_body = Nothing, responses((status = 200, body = WorkItem), (status = "default", body = ProblemBody)))]
pub async fn extend_wrap_up(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<WorkItem>> {
    let row = app::work::extend_wrap_up(api.ctx(), caller.actor(), WorkItemId(id)).await?;
    Ok(Json((&row).into()))
}

/// Hands the work to a queue; its age goes with it.
#[utoipa::path(post, path = "/work-items/{id}/transfer", tag = "work", params(("id" = Uuid, Path)),
    request_body = TransferInput, responses((status = 200, body = TransferResult), (status = "default", body = ProblemBody)))]
pub async fn transfer(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<TransferInput>,
) -> Answer<Json<TransferResult>> {
    let queue = transfer_target(&input)?;
    let made = app::work::transfer_to_queue(api.ctx(), caller.actor(), WorkItemId(id), queue).await?;
    Ok(Json(TransferResult { closed: (&made.closed).into(), created: (&made.created).into() }))
}

fn transfer_target(input: &TransferInput) -> Answer<QueueId> {
    if input.to.agent_id.is_some() {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "transfer.agent"));
    }
    if input.mode.as_deref().is_some_and(|mode| mode != "blind") {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "transfer.consult"));
    }
    input.to.queue_id.map(QueueId).ok_or_else(|| Problem::invalid("/to/queue_id", "required"))
}
