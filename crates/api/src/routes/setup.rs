//! First run.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use http::StatusCode;

use crate::Answer;
use crate::auth::{self, Guest};
use crate::dto::people::{SetupDone, SetupInput, SetupState};
use crate::dto::words::SetupPhase;
use crate::extract::Json;
use crate::problem::ProblemBody;
use crate::state::Api;

/// Whether set-up is still to be done.
#[utoipa::path(get, path = "/setup", tag = "setup", responses((status = 200, body = SetupState)))]
pub async fn show(State(api): State<Api>) -> Answer<Json<SetupState>> {
    let is_required = app::setup::is_required(api.ctx()).await?;
    let state = if is_required { SetupPhase::Required } else { SetupPhase::Done };
    Ok(Json(SetupState { state }))
}

/// Creates the organization and its first administrator, and signs them in.
#[utoipa::path(post, path = "/setup", tag = "setup", request_body = SetupInput,
    responses((status = 201, body = SetupDone), (status = "default", body = ProblemBody)))]
pub async fn complete(
    State(api): State<Api>,
    guest: Guest,
    jar: CookieJar,
    Json(input): Json<SetupInput>,
) -> Answer<Response> {
    let has_demo = input.demo.as_ref().is_some_and(|demo| demo.is_enabled);
    let signed_in = app::setup::complete(
        api.ctx(),
        app::setup::Setup {
            token: input.token,
            organization_name: input.organization_name,
            name: input.name,
            email: input.email,
            password: input.password,
            language: input.language,
            time_zone: input.time_zone,
            ip: guest.ip,
            user_agent: guest.user_agent,
        },
    )
    .await?;
    if has_demo {
        bring_demo(&api, &signed_in.token).await;
    }
    let done = SetupDone {
        user: (&signed_in.user).into(),
        organization: (&signed_in.organization).into(),
        csrf_token: signed_in.session.csrf_token,
    };
    Ok((StatusCode::CREATED, jar.add(auth::cookie(&api, signed_in.token)), Json(done)).into_response())
}

/// Set-up is done, whether the demonstration comes along or not: it can be asked for again.
async fn bring_demo(api: &Api, token: &str) {
    let seeded = match app::sessions::by_token(api.ctx(), token).await {
        Ok(current) => app::demo::seed(api.ctx(), &current.actor).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = seeded {
        tracing::warn!(%error, "the demonstration did not come along");
    }
}
