//! What an agent does with the work they hold.

use app::work::Filter;
use app::work_manage::Target;
use axum::extract::State;
use domain::ids::{AgentId, QueueId, WorkItemId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::auth::Caller;
use crate::dto::words::WorkItemState;
use crate::dto::work::{CompleteInput, TransferInput, TransferResult, TransferTarget, WorkItem};
use crate::dto::{List, Nothing, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem, cursor};

/// Which work.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct WorkQuery {
    /// `me`, or the id of an agent.
    agent_id: Option<String>,
    /// Repeated: any of these.
    state: Vec<WorkItemState>,
    queue_id: Option<Uuid>,
    /// `interaction`, or a kind of `POST /work-items`.
    kind: Option<String>,
    customer_id: Option<Uuid>,
    conversation_id: Option<Uuid>,
    /// 1 to 200.
    limit: Option<i64>,
    /// Where the page before ended.
    after: Option<String>,
}

impl WorkQuery {
    /// What an agent has in hand: the question of a console that has just been opened.
    fn is_own(&self) -> bool {
        let asks_for_me = self.agent_id.as_deref().is_none_or(|agent| agent == "me");
        let is_filtered = self.queue_id.is_some() || self.customer_id.is_some() || self.conversation_id.is_some();
        asks_for_me && !is_filtered && self.state.is_empty() && self.kind.is_none() && self.after.is_none()
    }
}

/// Work the caller may read, newest first; without a filter, or of `me`, the unfinished work that the caller holds.
#[utoipa::path(get, path = "/work-items", tag = "work", params(WorkQuery),
    responses((status = 200, body = List<WorkItem>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<WorkQuery>,
) -> Answer<Json<List<WorkItem>>> {
    let actor = caller.actor();
    if query.is_own() && actor.standing.agent.is_some() {
        let rows = app::conversations::work(api.ctx(), actor).await?;
        return Ok(Json(List::whole(&rows)));
    }
    let limit = super::limit(query.limit)?;
    let before = cursor::id("work_items", query.after.as_deref())?;
    let agent = match query.agent_id.as_deref() {
        None => None,
        Some("me") => Some(actor.agent()?),
        Some(id) => Some(id.parse::<AgentId>().map_err(|_| Problem::invalid("?agent_id", "format"))?),
    };
    let filter = Filter {
        states: query.state.iter().map(|state| (*state).into()).collect(),
        queue: query.queue_id.map(Into::into),
        agent,
        customer: query.customer_id.map(Into::into),
        conversation: query.conversation_id.map(Into::into),
        kind: query.kind.clone(),
    };
    let mut rows = app::work::list(api.ctx(), actor, filter, before, limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|row| cursor::of_id("work_items", row.item.id.0));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page: Page { next, prev: None, has_more } }))
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

/// Hands the work to a queue, or to an agent who is asked first; its age goes with it.
#[utoipa::path(post, path = "/work-items/{id}/transfer", tag = "work", params(("id" = Uuid, Path)),
    request_body = TransferInput, responses((status = 200, body = TransferResult), (status = "default", body = ProblemBody)))]
pub async fn transfer(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<TransferInput>,
) -> Answer<Json<TransferResult>> {
    if input.mode.as_deref().is_some_and(|mode| mode != "blind") {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "transfer.consult"));
    }
    let (to, keep_age) = (target(&input.to)?, input.keep_age.unwrap_or(true));
    let (ctx, actor) = (api.ctx(), caller.actor());
    let made = app::work_manage::transfer(ctx, actor, WorkItemId(id), to, keep_age, input.note).await?;
    Ok(Json(TransferResult { closed: (&made.closed).into(), created: (&made.created).into() }))
}

/// Where work goes.
pub(super) fn target(to: &TransferTarget) -> Answer<Target> {
    match (to.agent_id, to.queue_id) {
        (Some(agent), None) => Ok(Target::Agent(AgentId(agent))),
        (None, Some(queue)) => Ok(Target::Queue(QueueId(queue))),
        (None, None) | (Some(_), Some(_)) => Err(Problem::invalid("/to", "required")),
    }
}
