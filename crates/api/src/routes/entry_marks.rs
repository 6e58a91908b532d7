//! What may be done to an entry after it was written.

use app::entries::{self, Reaction};
use axum::extract::State;
use domain::ids::EntryId;
use http::StatusCode;
use uuid::Uuid;

use crate::Answer;
use crate::auth::Caller;
use crate::dto::desk::{EntryPatch, RedactInput};
use crate::dto::entries::Entry;
use crate::extract::{Ids, Json};
use crate::problem::ProblemBody;
use crate::state::Api;

/// One entry.
#[utoipa::path(get, path = "/entries/{id}", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn show(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<Json<Entry>> {
    Ok(Json((&entries::find(api.ctx(), caller.actor(), EntryId(id)).await?).into()))
}

/// Changes the text of one's own message or note.
#[utoipa::path(patch, path = "/entries/{id}", tag = "conversations", params(("id" = Uuid, Path)),
    request_body = EntryPatch,
    responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn edit(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<EntryPatch>,
) -> Answer<Json<Entry>> {
    Ok(Json((&entries::edit(api.ctx(), caller.actor(), EntryId(id), input.text).await?).into()))
}

/// Deletes one's own message or note; where the channel cannot follow, it is only marked here.
#[utoipa::path(delete, path = "/entries/{id}", tag = "conversations", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn delete(State(api): State<Api>, caller: Caller, Ids(id): Ids<Uuid>) -> Answer<StatusCode> {
    entries::delete(api.ctx(), caller.actor(), EntryId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Masks stretches of an entry's text for good.
#[utoipa::path(post, path = "/entries/{id}/redact", tag = "conversations", params(("id" = Uuid, Path)),
    request_body = RedactInput,
    responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn redact(
    State(api): State<Api>,
    caller: Caller,
    Ids(id): Ids<Uuid>,
    Json(input): Json<RedactInput>,
) -> Answer<Json<Entry>> {
    let ranges = input.ranges.iter().map(|range| (range.from, range.to)).collect();
    Ok(Json((&entries::redact(api.ctx(), caller.actor(), EntryId(id), ranges).await?).into()))
}

/// Reacts to an entry.
#[utoipa::path(put, path = "/entries/{id}/reactions/{emoji}", tag = "conversations",
    params(("id" = Uuid, Path), ("emoji" = String, Path)),
    responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn react(
    State(api): State<Api>,
    caller: Caller,
    Ids((id, emoji)): Ids<(Uuid, String)>,
) -> Answer<Json<Entry>> {
    let entry = entries::react(api.ctx(), caller.actor(), EntryId(id), emoji, Reaction::Added).await?;
    Ok(Json((&entry).into()))
}

/// Takes a reaction away.
#[utoipa::path(delete, path = "/entries/{id}/reactions/{emoji}", tag = "conversations",
    params(("id" = Uuid, Path), ("emoji" = String, Path)),
    responses((status = 200, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn unreact(
    State(api): State<Api>,
    caller: Caller,
    Ids((id, emoji)): Ids<(Uuid, String)>,
) -> Answer<Json<Entry>> {
    let entry = entries::react(api.ctx(), caller.actor(), EntryId(id), emoji, Reaction::Removed).await?;
    Ok(Json((&entry).into()))
}
