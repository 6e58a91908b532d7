//! Dead letters: what could not be placed or delivered.

use app::channels::DeadLetterView;
use axum::extract::State;
use axum::response::Response;
use domain::ids::ChannelId;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::customers::cut;
use super::deliveries::download;
use super::limit;
use crate::auth::Caller;
use crate::dto::channel_setup::DeadLetter;
use crate::dto::{List, Nothing};
use crate::extract::{Ids, Json, Query};
use crate::problem::ProblemBody;
use crate::state::Api;
use crate::{Answer, cursor};

/// Which dead letters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeadLettersQuery {
    channel_id: Option<Uuid>,
    /// 1 to 200.
    limit: Option<i64>,
    after: Option<String>,
}

impl From<&DeadLetterView> for DeadLetter {
    fn from(view: &DeadLetterView) -> Self {
        let letter = &view.letter;
        Self {
            id: letter.id,
            channel_id: letter.channel_id.0,
            channel_kind: view.channel.as_ref().map(|c| c.kind.clone()),
            channel_name: view.channel.as_ref().map(|c| c.name.clone()),
            direction: letter.direction.clone(),
            reason: letter.reason.clone(),
            entry_id: letter.entry_id.map(|id| id.0),
            about: if letter.about.is_object() { letter.about.clone() } else { serde_json::json!({}) },
            raw_available: letter.raw_key.is_some(),
            created_at: letter.created_at.into(),
            settled_at: letter.settled_at.map(Into::into),
        }
    }
}

/// Open dead letters, newest first.
#[utoipa::path(get, path = "/dead-letters", tag = "channels", params(DeadLettersQuery),
    responses((status = 200, body = List<DeadLetter>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Query(query): Query<DeadLettersQuery>,
) -> Answer<Json<List<DeadLetter>>> {
    let limit = limit(query.limit)?;
    let before = cursor::id("dead_letters", query.after.as_deref())?;
    let channel = query.channel_id.map(ChannelId);
    let mut rows = app::channels::dead_letters(api.ctx(), caller.actor(), channel, before, limit + 1).await?;
    let page = cut(&mut rows, limit, |row| cursor::of_id("dead_letters", row.letter.id));
    Ok(Json(List { items: rows.iter().map(Into::into).collect(), page }))
}

/// Its bytes as they came.
#[utoipa::path(get, path = "/dead-letters/{id}/raw", tag = "channels", params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "message/rfc822"), (status = "default", body = ProblemBody)))]
pub async fn raw(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Response> {
    download(app::channels::raw(api.ctx(), caller.actor(), id).await?, id)
}

/// Tries it again: sends it anew, or takes it in whatever it is.
#[utoipa::path(post, path = "/dead-letters/{id}/retry", tag = "channels", request_body = Nothing,
    params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn retry(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<StatusCode> {
    app::channels::retry(api.ctx(), caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets it go.
#[utoipa::path(post, path = "/dead-letters/{id}/discard", tag = "channels", request_body = Nothing,
    params(("id" = Uuid, Path)), responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn discard(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(_): Json<Nothing>,
) -> Answer<StatusCode> {
    app::channels::discard(api.ctx(), caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
