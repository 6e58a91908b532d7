//! What a visitor may ask for beside the conversation: a transcript, word of answers, a rating.

use app::widget::Opinion;
use axum::extract::State;
use domain::ids::ConversationId;
use http::StatusCode;
use uuid::Uuid;

use super::widget::Caller;
use crate::dto::widget_after::{NotifyInput, NotifyState, RatingInput, TranscriptInput, VisitorRating};
use crate::extract::{Ids, Json};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem};

/// Mails what was said to an address. It becomes a claimed one of the visitor's, and opens nothing.
#[utoipa::path(post, path = "/conversations/{id}/transcript", tag = "widget",
    params(("key" = String, Path), ("id" = Uuid, Path)), request_body = TranscriptInput,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn transcript(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(input): Json<TranscriptInput>,
) -> Answer<StatusCode> {
    app::widget::transcript(api.ctx(), caller.visitor(), ConversationId(id), &input.email).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where answers go that the visitor has not read, once somebody who reads mail there has confirmed it.
#[utoipa::path(put, path = "/conversations/{id}/notify", tag = "widget",
    params(("key" = String, Path), ("id" = Uuid, Path)), request_body = NotifyInput,
    responses((status = 200, body = NotifyState), (status = "default", body = ProblemBody)))]
pub async fn notify(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(input): Json<NotifyInput>,
) -> Answer<Json<NotifyState>> {
    let email = match (input.email, input.phone) {
        (Some(email), None) => email,
        // No channel writes to phones yet.
        (None, Some(_)) => return Err(Problem::from(Code::CapabilityUnsupported).with("feature", "phone")),
        (Some(_), Some(_)) => return Err(Problem::invalid("/phone", "duplicate")),
        (None, None) => return Err(Problem::invalid("/email", "required")),
    };
    let state = app::widget::notify(api.ctx(), caller.visitor(), ConversationId(id), &email).await?;
    Ok(Json(NotifyState { state: state.as_str().to_owned() }))
}

/// What the visitor thinks of their last engagement in a conversation; may be changed for a day.
#[utoipa::path(post, path = "/conversations/{id}/rating", tag = "widget",
    params(("key" = String, Path), ("id" = Uuid, Path)), request_body = RatingInput,
    responses((status = 200, body = VisitorRating), (status = "default", body = ProblemBody)))]
pub async fn rate(
    State(api): State<Api>,
    caller: Caller,
    Ids((_, id)): Ids<(String, Uuid)>,
    Json(input): Json<RatingInput>,
) -> Answer<Json<VisitorRating>> {
    let opinion = Opinion { stars: input.stars, comment: input.comment };
    let rating = app::widget::rate(api.ctx(), caller.visitor(), ConversationId(id), opinion).await?;
    Ok(Json(VisitorRating { stars: rating.stars, comment: rating.comment, updated_at: rating.updated_at.into() }))
}
