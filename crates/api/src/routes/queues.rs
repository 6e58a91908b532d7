//! Queues: who serves them, when they are open, and what they do with what they cannot take.

use app::config::docs::QueueDoc;
use domain::ids::QueueId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::routing::Queue;

fn shown(row: &Row) -> Option<Queue> {
    match row {
        Row::Queue(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::Queue, "/queues", "/queues/{id}", Queue, QueueDoc, shown);

/// Why a queue is opened or closed by hand.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueStateInput {
    /// For the record.
    pub reason: Option<String>,
}

/// Opens a queue that was closed by hand; its hours still hold.
#[utoipa::path(post, path = "/queues/{id}/open", tag = "routing", params(("id" = Uuid, Path)),
    request_body = QueueStateInput, responses((status = 200, body = Queue), (status = "default", body = ProblemBody)))]
pub async fn open(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<QueueStateInput>,
) -> Answer<Versioned<Queue>> {
    set(&api, &caller, id, "open", input).await
}

/// Closes a queue at once: what arrives waits, goes on or is refused, as the queue says.
#[utoipa::path(post, path = "/queues/{id}/close", tag = "routing", params(("id" = Uuid, Path)),
    request_body = QueueStateInput, responses((status = 200, body = Queue), (status = "default", body = ProblemBody)))]
pub async fn close(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<QueueStateInput>,
) -> Answer<Versioned<Queue>> {
    set(&api, &caller, id, "closed", input).await
}

async fn set(
    api: &Api,
    caller: &Caller,
    id: Uuid,
    state: &'static str,
    input: QueueStateInput,
) -> Answer<Versioned<Queue>> {
    let row = app::config::set_queue_state(api.ctx(), caller.actor(), QueueId(id), state, input.reason).await?;
    Ok(Versioned::shown(row.version(), shown(&row).ok_or(Code::NotFound)?))
}
