//! One's own presence.

use app::presence::{Change, Standpoint};
use axum::extract::State;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::presence::{Presence, PresenceInput};
use crate::extract::Json;
use crate::problem::{Code, Problem, ProblemBody};
use crate::render;
use crate::state::Api;

/// What the router believes of the caller.
#[utoipa::path(get, path = "/me/presence", tag = "presence",
    responses((status = 200, body = Presence), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller) -> Answer<Json<Presence>> {
    let standpoint = app::presence::mine(api.ctx(), caller.actor()).await?;
    rendered(&api, &caller, &standpoint).await
}

/// Changes the caller's status.
#[utoipa::path(put, path = "/me/presence", tag = "presence", request_body = PresenceInput,
    responses((status = 200, body = Presence), (status = "default", body = ProblemBody)))]
pub async fn set(State(api): State<Api>, caller: Caller, Json(input): Json<PresenceInput>) -> Answer<Json<Presence>> {
    if input.until_at.is_some() {
        return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "presence.until_at"));
    }
    let change = Change { status: input.status, is_next: input.is_next, is_confirmed: input.is_confirmed };
    let standpoint = app::presence::set_own_for(api.ctx(), caller.actor(), change, input.reason).await?;
    rendered(&api, &caller, &standpoint).await
}

pub(super) async fn rendered(api: &Api, caller: &Caller, standpoint: &Standpoint) -> Answer<Json<Presence>> {
    let mut labels = api.labels(caller.actor().organization);
    if !labels.statuses.contains_key(&standpoint.presence.status) {
        labels = api.learn(&app::organization::outline(api.ctx(), caller.actor()).await?);
    }
    Ok(Json(render::presence(&standpoint.presence, &labels)))
}
