//! Files of members of staff: added before the message that carries them, fetched by whoever may read it.

use app::model::Attachment as Row;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::ids::AttachmentId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::entries::Attachment;
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, Problem, ProblemBody};
use crate::signing::Shows;
use crate::state::Api;
use crate::{render, transfer};

/// How the file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NameQuery {
    /// Its name; a path before it is dropped.
    pub name: String,
}

/// Adds a file: the raw bytes, streamed. What it is, its bytes say. It expires unless a message takes it within a day.
#[utoipa::path(post, path = "/attachments", tag = "attachments", params(NameQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Attachment), (status = "default", body = ProblemBody)))]
pub async fn add(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<NameQuery>,
    request: Request,
) -> Answer<(StatusCode, Json<Attachment>)> {
    let mut upload = app::attachments::begin(api.ctx(), caller.actor()).await?;
    transfer::take_in(request, &mut upload).await?;
    let row = app::attachments::complete(api.ctx(), caller.actor(), &query.name, upload).await?;
    Ok((StatusCode::CREATED, Json(render::attachment(&api, &row))))
}

/// What is known of a file.
#[utoipa::path(get, path = "/attachments/{id}", tag = "attachments", params(("id" = Uuid, Path)),
    responses((status = 200, body = Attachment), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Attachment>> {
    let row = app::attachments::find(api.ctx(), caller.actor(), AttachmentId(id)).await?;
    Ok(Json(render::attachment(&api, &row)))
}

/// The signature of an address; without one a session is needed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SignedQuery {
    /// Until when, in seconds since 1970.
    expires: Option<i64>,
    /// As `download_url` and `preview_url` carry it.
    signature: Option<String>,
}

/// Who asks for bytes: a session, if there is one.
pub struct Anybody(Result<Caller, Problem>);

impl FromRequestParts<Api> for Anybody {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        Ok(Self(Caller::from_request_parts(parts, api).await))
    }
}

async fn row(api: &Api, anybody: Anybody, id: Uuid, shows: Shows, query: SignedQuery) -> Answer<Row> {
    let id = AttachmentId(id);
    match (query.expires, query.signature) {
        (Some(expires), Some(signature)) => {
            if !api.signer().is_good(id.0, shows, expires, &signature, api.ctx().now()) {
                return Err(Code::NotFound.into());
            }
            Ok(app::attachments::signed(api.ctx(), id).await?)
        }
        (None, None) => Ok(app::attachments::find(api.ctx(), anybody.0?.actor(), id).await?),
        (Some(_), None) => Err(Problem::invalid("?signature", "required")),
        (None, Some(_)) => Err(Problem::invalid("?expires", "required")),
    }
}

/// The bytes of a file, always as a download.
#[utoipa::path(get, path = "/attachments/{id}/content", tag = "attachments", params(("id" = Uuid, Path), SignedQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn content(
    State(api): State<Api>,
    anybody: Anybody,
    Ids(id): Ids<Uuid>,
    Query(query): Query<SignedQuery>,
) -> Answer<Response> {
    let row = row(&api, anybody, id, Shows::Content, query).await?;
    let file = app::attachments::content(api.ctx(), &row).await?;
    Ok(transfer::download(&row, file))
}

/// A small picture of a picture, drawn anew.
#[utoipa::path(get, path = "/attachments/{id}/preview", tag = "attachments", params(("id" = Uuid, Path), SignedQuery),
    responses((status = 200, content_type = "image/png", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn preview(
    State(api): State<Api>,
    anybody: Anybody,
    Ids(id): Ids<Uuid>,
    Query(query): Query<SignedQuery>,
) -> Answer<Response> {
    let row = row(&api, anybody, id, Shows::Preview, query).await?;
    Ok(transfer::picture(app::attachments::preview(api.ctx(), &row).await?))
}
