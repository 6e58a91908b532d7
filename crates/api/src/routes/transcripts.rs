//! What was said, by mail.

use app::conversations::To;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::IdentityId;
use http::StatusCode;

use super::conversations::resolve_handle;
use crate::auth::Caller;
use crate::dto::entries::Entry;
use crate::dto::transcripts::{TranscriptFormat, TranscriptInput};
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, Problem};

/// Mails a conversation, without notes and events, to an address of the customer's or to any other.
#[utoipa::path(post, path = "/conversations/{conversation}/transcript", tag = "conversations",
    params(("conversation" = String, Path)), request_body = TranscriptInput,
    responses((status = 201, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn send(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<TranscriptInput>,
) -> Answer<Response> {
    let to = match (input.to_identity_id, input.email) {
        (Some(id), None) => To::Identity(IdentityId(id)),
        (None, Some(email)) => To::Email(email),
        (Some(_), Some(_)) => return Err(Problem::invalid("/email", "duplicate")),
        (None, None) => return Err(Problem::invalid("/email", "required")),
    };
    let format = match input.format {
        TranscriptFormat::Html => "html",
        TranscriptFormat::Text => "text",
    };
    let id = resolve_handle(&api, &caller, &handle).await?;
    let entry = app::conversations::transcript(api.ctx(), caller.actor(), id, to, format).await?;
    Ok((StatusCode::CREATED, Json(Entry::from(&entry))).into_response())
}
