//! Signing in and out.

use app::organization::Outline;
use app::sessions::{Current, SignedIn};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use domain::ids::{OrganizationId, SessionId, UserId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::Answer;
use crate::auth::{self, Caller, Guest};
use crate::dto::List;
use crate::dto::people::{Session, SessionRow, SignIn, SignInByLink, SwitchOrganization};
use crate::dto::presence::Agent;
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::render;
use crate::state::Api;

/// Signs in by address and password.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Session), (status = "default", body = ProblemBody)))]
pub async fn sign_in(
    State(api): State<Api>,
    guest: Guest,
    jar: CookieJar,
    Json(input): Json<SignIn>,
) -> Answer<Response> {
    let signed_in =
        app::sessions::sign_in(api.ctx(), &input.email, &input.password, guest.ip, guest.user_agent).await?;
    welcome(&api, jar, signed_in).await
}

/// Signs in by a one-use link.
#[utoipa::path(post, path = "/session/link", tag = "session", request_body = SignInByLink,
    responses((status = 200, body = Session), (status = "default", body = ProblemBody)))]
pub async fn use_link(
    State(api): State<Api>,
    guest: Guest,
    jar: CookieJar,
    Json(input): Json<SignInByLink>,
) -> Answer<Response> {
    let signed_in = app::sessions::use_link(api.ctx(), &input.token, guest.ip, guest.user_agent).await?;
    welcome(&api, jar, signed_in).await
}

/// Answers somebody who just signed in: the session, and its cookie. A session that the cookie named before ends.
pub(crate) async fn welcome(api: &Api, jar: CookieJar, signed_in: SignedIn) -> Answer<Response> {
    if let Some(old) = jar.get(api.cookie())
        && let Ok(Current { session: Some(old), .. }) = app::sessions::by_token(api.ctx(), old.value()).await
    {
        app::sessions::sign_out(api.ctx(), old.organization_id, old.id).await?;
    }
    let current = app::sessions::by_token(api.ctx(), &signed_in.token).await?;
    let session = session(api, &current).await?;
    Ok((jar.add(auth::cookie(api, signed_in.token)), Json(session)).into_response())
}

async fn session(api: &Api, current: &Current) -> Answer<Session> {
    let outline = app::organization::outline(api.ctx(), &current.actor).await?;
    api.learn(&outline);
    let agent = own_agent(api, current, &outline).await?;
    Ok(describe(current, &outline, agent))
}

/// The session as the console sees it.
#[must_use]
pub fn describe(current: &Current, outline: &Outline, agent: Option<Agent>) -> Session {
    Session {
        user: (&current.user).into(),
        agent,
        organization: (&outline.organization).into(),
        grants: render::grants(&current.actor.standing),
        csrf_token: current.session.as_ref().map(|session| session.csrf_token.clone()).unwrap_or_default(),
    }
}

/// The agent somebody is, with presence and load.
///
/// # Errors
/// 503 while the router starts.
pub async fn own_agent(api: &Api, current: &Current, outline: &Outline) -> Answer<Option<Agent>> {
    let standing = &current.actor.standing;
    let Some(row) = outline.agents.iter().find(|row| Some(row.id) == standing.agent) else { return Ok(None) };
    let standpoint = app::presence::mine(api.ctx(), &current.actor).await?;
    let queues = standing.queues.iter().map(|id| id.0).collect();
    Ok(Some(render::agent(row, Some(&standpoint), queues, &api.labels(outline.organization.id))))
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = Session), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, Caller(current): Caller) -> Answer<Json<Session>> {
    session(&api, &current).await.map(Json)
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn sign_out(State(api): State<Api>, Caller(current): Caller, jar: CookieJar) -> Answer<Response> {
    let ctx = api.ctx();
    if current.session.is_some() && current.actor.standing.agent.is_some() {
        app::presence::signed_out(ctx, &current.actor).await?;
    }
    let session = current.session.ok_or(Code::NotFound)?;
    app::sessions::sign_out(ctx, current.actor.organization, session.id).await?;
    let gone = Cookie::build((api.cookie(), "")).path("/").build();
    Ok((StatusCode::NO_CONTENT, jar.remove(gone)).into_response())
}

/// Switches to another organization of the same person: a fresh session, the one before ends.
#[utoipa::path(post, path = "/session/organization", tag = "session", request_body = SwitchOrganization,
    responses((status = 200, body = Session), (status = "default", body = ProblemBody)))]
pub async fn switch(
    State(api): State<Api>,
    Caller(current): Caller,
    jar: CookieJar,
    Json(input): Json<SwitchOrganization>,
) -> Answer<Response> {
    let signed_in = app::sessions::switch(api.ctx(), &current, OrganizationId(input.organization_id)).await?;
    welcome(&api, jar, signed_in).await
}

/// Whose sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Somebody else's, with `users.edit`.
    pub user_id: Option<Uuid>,
    /// 1 to 200.
    pub limit: Option<i64>,
}

/// One's own sessions, newest first, or with `users.edit` somebody else's.
#[utoipa::path(get, path = "/sessions", tag = "session", params(SessionsQuery),
    responses((status = 200, body = List<SessionRow>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> Answer<Json<List<SessionRow>>> {
    super::limit(query.limit)?;
    let rows = app::sessions::list_of(api.ctx(), caller.actor(), query.user_id.map(UserId)).await?;
    let current = caller.actor().session.map(|id| id.0);
    Ok(Json(List::whole(rows.iter().map(|row| render::session_row(row, current)))))
}

/// Ends every session but this one.
#[utoipa::path(delete, path = "/sessions", tag = "session", params(SessionsQuery),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn revoke_others(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> Answer<StatusCode> {
    app::sessions::revoke_others(api.ctx(), caller.actor(), query.user_id.map(UserId)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session and its sockets: one's own, or with `users.edit` anybody's.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn revoke(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<StatusCode> {
    app::sessions::revoke(api.ctx(), caller.actor(), SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
