//! Work from outside.

use app::work_create::{NewWork, Preference};
use axum::extract::State;
use domain::ids::{AgentId, CustomerId, QueueId, SkillId};
use domain::permissions::{Permission, Resource};
use http::{HeaderMap, StatusCode};

use crate::Answer;
use crate::auth::Caller;
use crate::dto::work::{CreatedWork, NewWorkInput};
use crate::extract::Json;
use crate::problem::{Code, FieldError, ProblemBody};
use crate::state::Api;

/// Takes work in that belongs to no channel; it is routed at once. Needs an `Idempotency-Key`.
#[utoipa::path(post, path = "/work-items", tag = "work", request_body = NewWorkInput,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = CreatedWork), (status = "default", body = ProblemBody)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Json(input): Json<NewWorkInput>,
) -> Answer<(StatusCode, Json<CreatedWork>)> {
    caller.actor().authorize(Permission::WorkCreate, Resource::Any)?;
    let key = headers.get("idempotency-key").map(|key| key.as_bytes().len());
    if key.is_none_or(|length| length == 0 || length > 255) {
        return Err(Code::IdempotencyKeyRequired.into());
    }
    let created = app::work_create::create(api.ctx(), caller.actor(), new_work(input)).await?;
    let unstaffed = created.is_unstaffed.then(|| FieldError::new("/queue_id", "unstaffed_class"));
    let body = CreatedWork { item: (&created.work).into(), warnings: unstaffed.into_iter().collect() };
    Ok((StatusCode::CREATED, Json(body)))
}

fn new_work(input: NewWorkInput) -> NewWork {
    NewWork {
        kind: input.kind,
        routing_kind: input.routing_kind.into(),
        queue: QueueId(input.queue_id),
        subject: input.subject,
        customer: input.customer_id.map(CustomerId),
        priority: input.priority,
        secondary: input.secondary,
        units_milli: input.units_milli,
        is_interruptible: input.is_interruptible,
        required: input.required.iter().map(|skill| (SkillId(skill.skill_id), skill.min_level)).collect(),
        preferred: input
            .preferred
            .map(|wish| Preference { agent: AgentId(wish.agent_id), until: wish.until_at.map(|at| at.0) }),
        attributes: input.attributes,
        enqueued_at: input.enqueued_at.map(|at| at.0),
        wake_at: input.wake_at.map(|at| at.0),
        external_id: input.external_id,
    }
}
