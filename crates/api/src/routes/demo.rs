//! The demonstration: brought along, and taken away again, by one call each.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::conversation_commands::accepted;
use crate::Answer;
use crate::auth::Caller;
use crate::dto::desk::Job;
use crate::problem::ProblemBody;
use crate::state::Api;

/// Brings demonstration data along: colleagues, and some days of history. The answer alone carries their passwords.
#[utoipa::path(post, path = "/demo", tag = "demo", responses((status = 202, body = Job), (status = "default", body = ProblemBody)))]
pub async fn seed(State(api): State<Api>, caller: Caller) -> Answer<Response> {
    let seeded = app::demo::seed(api.ctx(), caller.actor()).await?;
    let result = |has_passwords: bool| {
        let colleague = |c: &app::demo::Colleague| {
            let password = if has_passwords { json!(c.password) } else { Value::Null };
            json!({ "name": c.name, "email": c.email, "password": password })
        };
        let colleagues: Vec<_> = seeded.colleagues.iter().map(colleague).collect();
        json!({ "colleagues": colleagues, "conversation_count": seeded.conversation_count })
    };
    let job = app::demo::remember(api.ctx(), caller.actor(), "demo.seed", result(false)).await?;
    Ok(accepted(&Job { result: Some(result(true)), ..Job::from(&job) }))
}

/// Takes it away again, with all that its customers and people did; everything else stays.
#[utoipa::path(delete, path = "/demo", tag = "demo", responses((status = 202, body = Job), (status = "default", body = ProblemBody)))]
pub async fn clear(State(api): State<Api>, caller: Caller) -> Answer<Response> {
    let cleared = app::demo::clear(api.ctx(), caller.actor()).await?;
    let result = json!({ "conversation_count": cleared.conversation_count, "customer_count": cleared.customer_count,
        "user_count": cleared.user_count });
    let job = app::demo::remember(api.ctx(), caller.actor(), "demo.clear", result).await?;
    Ok(accepted(&Job::from(&job)))
}
