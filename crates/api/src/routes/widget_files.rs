//! Files of visitors: theirs until a message takes them, and those of messages they were shown.

use axum::extract::{Request, State};
use axum::response::Response;
use domain::ids::AttachmentId;
use http::StatusCode;
use uuid::Uuid;

use super::attachments::NameQuery;
use super::widget::Caller;
use crate::Answer;
use crate::cors::Door;
use crate::dto::widget::VisitorAttachment;
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{transfer, visitor};

/// Adds a file: the raw bytes. Types and size are those of the channel's configuration.
#[utoipa::path(post, path = "/attachments", tag = "widget", params(("key" = String, Path), NameQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = VisitorAttachment), (status = "default", body = ProblemBody)))]
pub async fn add(
    State(api): State<Api>,
    Door(channel): Door,
    caller: Caller,
    Query(query): Query<NameQuery>,
    request: Request,
) -> Answer<(StatusCode, Json<VisitorAttachment>)> {
    let mut upload = app::widget::begin_attachment(api.ctx(), &channel).await?;
    transfer::take_in(request, &mut upload).await?;
    let row = app::widget::add_attachment(api.ctx(), &channel, caller.visitor(), &query.name, upload).await?;
    Ok((StatusCode::CREATED, Json(visitor::attachment(&api, &row))))
}

/// The bytes of a file, as a download.
#[utoipa::path(get, path = "/attachments/{id}", tag = "widget", params(("key" = String, Path), ("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn content(State(api): State<Api>, caller: Caller, Ids((_, id)): Ids<(String, Uuid)>) -> Answer<Response> {
    let row = app::attachments::find_for_visitor(api.ctx(), caller.visitor(), AttachmentId(id)).await?;
    let file = app::attachments::content(api.ctx(), &row).await?;
    Ok(transfer::download(&row, file))
}
