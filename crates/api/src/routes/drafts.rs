//! Unsent texts; only their authors read them.

use app::conversations::DraftInput as Input;
use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::conversations::resolve_handle;
use crate::Answer;
use crate::auth::Caller;
use crate::dto::List;
use crate::dto::conversations::{Draft, DraftInput};
use crate::dto::words::DraftMode;
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;

fn mode(word: &str) -> Answer<DraftMode> {
    DraftMode::parse(word).ok_or(Code::NotFound.into())
}

/// Saves the caller's draft.
#[utoipa::path(put, path = "/conversations/{conversation}/drafts/{mode}", tag = "drafts",
    params(("conversation" = String, Path), ("mode" = DraftMode, Path)), request_body = DraftInput,
    responses((status = 200, body = Draft), (status = "default", body = ProblemBody)))]
pub async fn save(
    State(api): State<Api>,
    caller: Caller,
    Ids((handle, word)): Ids<(String, String)>,
    Json(input): Json<DraftInput>,
) -> Answer<Json<Draft>> {
    let mode = mode(&word)?;
    let id = resolve_handle(&api, &caller, &handle).await?;
    let content = json!({
        "body": input.body, "attachment_ids": input.attachment_ids, "reply_route": input.reply_route,
    });
    let draft = Input { mode: mode.as_str().to_owned(), content, base_seq: input.base_seq };
    let saved = app::conversations::save_draft(api.ctx(), caller.actor(), id, draft).await?;
    Ok(Json((&saved).into()))
}

/// The caller's draft.
#[utoipa::path(get, path = "/conversations/{conversation}/drafts/{mode}", tag = "drafts",
    params(("conversation" = String, Path), ("mode" = DraftMode, Path)),
    responses((status = 200, body = Draft), (status = "default", body = ProblemBody)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    Ids((handle, word)): Ids<(String, String)>,
) -> Answer<Json<Draft>> {
    let mode = mode(&word)?;
    let id = resolve_handle(&api, &caller, &handle).await?;
    let draft = app::conversations::draft(api.ctx(), caller.actor(), id, mode.as_str()).await?;
    Ok(Json((&draft).into()))
}

/// Throws the caller's draft away.
#[utoipa::path(delete, path = "/conversations/{conversation}/drafts/{mode}", tag = "drafts",
    params(("conversation" = String, Path), ("mode" = DraftMode, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Ids((handle, word)): Ids<(String, String)>,
) -> Answer<StatusCode> {
    let mode = mode(&word)?;
    let id = resolve_handle(&api, &caller, &handle).await?;
    app::conversations::delete_draft(api.ctx(), caller.actor(), id, mode.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's drafts, newest first.
#[utoipa::path(get, path = "/drafts", tag = "drafts",
    responses((status = 200, body = List<Draft>), (status = "default", body = ProblemBody)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<Draft>>> {
    let rows = app::conversations::drafts(api.ctx(), caller.actor()).await?;
    Ok(Json(List::whole(&rows)))
}
