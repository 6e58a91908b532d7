//! The timeline of a conversation: reading, answering, noting.

use app::conversations::{MessageInput, NoteInput};
use axum::extract::State;
use domain::ids::{ChannelId, IdentityId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::conversations::resolve_handle;
use super::limit;
use crate::auth::Caller;
use crate::dto::entries::{Entry, NewMessage, NewNote};
use crate::dto::words::EntryKind;
use crate::dto::{List, Page};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem, render};

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// Older than this `seq`.
    before: Option<i64>,
    /// Newer than this `seq`.
    after: Option<i64>,
    /// Repeated: any of them.
    kinds: Vec<EntryKind>,
    /// 1 to 200.
    limit: Option<i64>,
}

/// Entries, newest first; `prev` goes on towards older ones, `next` towards newer ones.
#[utoipa::path(get, path = "/conversations/{conversation}/entries", tag = "conversations",
    params(("conversation" = String, Path), EntriesQuery),
    responses((status = 200, body = List<Entry>), (status = "default", body = ProblemBody)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Query(query): Query<EntriesQuery>,
) -> Answer<Json<List<Entry>>> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let (ctx, actor, limit) = (api.ctx(), caller.actor(), limit(query.limit)?);
    let mut rows = match query.after {
        Some(after) => app::conversations::entries_after(ctx, actor, id, after, limit + 1).await?,
        None => app::conversations::entries(ctx, actor, id, query.before, limit + 1).await?,
    };
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    if query.after.is_some() {
        rows.reverse();
    }
    let place = |row: Option<&app::model::Entry>| row.map(|row| row.seq.to_string());
    let page = Page {
        next: place(rows.first()),
        prev: place(rows.last()).filter(|_| has_more || query.after.is_some()),
        has_more,
    };
    let is_wanted = |row: &&app::model::Entry| query.kinds.is_empty() || query.kinds.contains(&row.kind.into());
    let rows: Vec<app::model::Entry> = rows.iter().filter(is_wanted).cloned().collect();
    Ok(Json(List { items: render::entries(&api, &rows).await?, page }))
}

/// Answers the customer. Repeating it with the same `client_message_id` answers the same entry.
#[utoipa::path(post, path = "/conversations/{conversation}/messages", tag = "conversations",
    params(("conversation" = String, Path)), request_body = NewMessage,
    responses((status = 201, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn send(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<NewMessage>,
) -> Answer<(StatusCode, Json<Entry>)> {
    refuse_unsupported(&input)?;
    let id = resolve_handle(&api, &caller, &handle).await?;
    let reply_route = match input.reply_route {
        Some(route) => {
            let identity = route.identity_id.ok_or_else(|| Problem::invalid("/reply_route/identity_id", "required"))?;
            Some((ChannelId(route.channel_id), IdentityId(identity)))
        }
        None => None,
    };
    let message = MessageInput {
        text: input.text,
        attachment_ids: input.attachment_ids,
        reply_route,
        seen_seq: Some(input.seen_seq),
        is_forced: input.is_forced,
        client_message_id: input.client_message_id,
    };
    let entry = app::conversations::post_message(api.ctx(), caller.actor(), id, message).await?;
    Ok((StatusCode::CREATED, Json(one(&api, entry).await?)))
}

async fn one(api: &Api, row: app::model::Entry) -> Answer<Entry> {
    render::entries(api, &[row]).await?.pop().ok_or(Code::NotFound.into())
}

/// What no channel of this build can do is refused, never dropped silently.
fn refuse_unsupported(input: &NewMessage) -> Answer<()> {
    let asked = [
        ("html", input.html.is_some()),
        ("send_at", input.send_at.is_some()),
        ("reply_to", input.reply_to_id.is_some()),
    ];
    match asked.iter().find(|(_, is_asked)| *is_asked) {
        Some((feature, _)) => Err(Problem::from(Code::CapabilityUnsupported).with("feature", *feature)),
        None => Ok(()),
    }
}

/// Writes a note for colleagues.
#[utoipa::path(post, path = "/conversations/{conversation}/notes", tag = "conversations",
    params(("conversation" = String, Path)), request_body = NewNote,
    responses((status = 201, body = Entry), (status = "default", body = ProblemBody)))]
pub async fn note(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<NewNote>,
) -> Answer<(StatusCode, Json<Entry>)> {
    let id = resolve_handle(&api, &caller, &handle).await?;
    let note = NoteInput { text: input.text, mentions: input.mentions, attachment_ids: input.attachment_ids };
    let entry = app::conversations::post_note(api.ctx(), caller.actor(), id, note).await?;
    Ok((StatusCode::CREATED, Json(one(&api, entry).await?)))
}
