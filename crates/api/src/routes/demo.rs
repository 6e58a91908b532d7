//! The demonstration: brought along, and taken away again, by one call each.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::Answer;
use crate::auth::Caller;
use crate::problem::ProblemBody;
use crate::state::Api;

/// Work that was done within the call, in the form of a job.
fn done(api: &Api, kind: &str, result: &Value) -> Response {
    let (id, now) = (api.ctx().new_id(), api.ctx().now());
    let job = json!({ "id": id, "kind": kind, "state": "succeeded", "progress": { "done": 1, "total": 1 },
        "result": result, "error": null, "created_at": now, "updated_at": now });
    (StatusCode::ACCEPTED, axum::Json(job)).into_response()
}

/// Brings demonstration data along: colleagues with their passwords, and some days of history.
#[utoipa::path(post, path = "/demo", tag = "demo", responses((status = 202, body = Object), (status = "default", body = ProblemBody)))]
pub async fn seed(State(api): State<Api>, caller: Caller) -> Answer<Response> {
    let seeded = app::demo::seed(api.ctx(), caller.actor()).await?;
    let colleagues: Vec<_> =
        seeded.colleagues.iter().map(|c| json!({ "name": c.name, "email": c.email, "password": c.password })).collect();
    let result = json!({ "colleagues": colleagues, "conversation_count": seeded.conversation_count });
    Ok(done(&api, "demo.seed", &result))
}

/// Takes it away again, with all that its customers and people did; everything else stays.
#[utoipa::path(delete, path = "/demo", tag = "demo", responses((status = 202, body = Object), (status = "default", body = ProblemBody)))]
pub async fn clear(State(api): State<Api>, caller: Caller) -> Answer<Response> {
    let cleared = app::demo::clear(api.ctx(), caller.actor()).await?;
    let result = json!({ "conversation_count": cleared.conversation_count, "customer_count": cleared.customer_count,
        "user_count": cleared.user_count });
    Ok(done(&api, "demo.clear", &result))
}
