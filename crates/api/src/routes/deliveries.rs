//! One entry on its way: its raw bytes, trying again, calling off.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use domain::ids::EntryId;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::Nothing;
use crate::dto::entries::Entry;
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;

/// A file as a download: never shown by the browser itself.
pub(super) fn download(file: tokio::fs::File, id: Uuid) -> Answer<Response> {
    Response::builder()
        .header(CONTENT_TYPE, "message/rfc822")
        .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.eml\""))
        .header(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")
        .body(Body::from_stream(ReaderStream::new(file)))
        .map_err(|_| Code::Internal.into())
}

/// The original bytes of an entry that came by mail.
#[utoipa::path(get, path = "/entries/{id}/raw", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "message/rfc822"), (status = "default", body = ProblemBody)))]
pub async fn raw(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    download(app::conversations::raw(api.ctx(), caller.actor(), EntryId(id)).await?, id)
}

/// Tries a failed or unknown message again; one that waits is tried at once.
#[utoipa::path(post, path = "/entries/{id}/retry", tag = "conversations", request_body = Nothing,
    params(("id" = Uuid, Path)), responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn retry(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<Entry>> {
    let entry = app::deliveries::retry(api.ctx(), caller.actor(), EntryId(id)).await?;
    Ok(Json((&entry).into()))
}

/// Calls a message off that has not left.
#[utoipa::path(post, path = "/entries/{id}/cancel", tag = "conversations", request_body = Nothing,
    params(("id" = Uuid, Path)), responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<Json<Entry>> {
    let entry = app::deliveries::cancel(api.ctx(), caller.actor(), EntryId(id)).await?;
    Ok(Json((&entry).into()))
}
