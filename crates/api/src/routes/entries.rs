//! The timeline of a conversation: reading, answering, noting.

use app::conversations::{Anchor, Around, MessageInput, NoteInput};
use axum::extract::State;
use domain::ids::{ChannelId, IdentityId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::conversations::resolve_handle;
use super::limit;
use crate::auth::Caller;
use crate::dto::entries::{Entry, NewMessage, NewNote, SentEntry};
use crate::dto::words::EntryKind;
use crate::dto::{List, Page, Undo};
use crate::extract::{Ids, Json, Query};
use crate::problem::{Code, ProblemBody};
use crate::state::Api;
use crate::{Answer, Problem, render};

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// Older than this `seq`, or than the entry with this id.
    before: Option<String>,
    /// Newer than this `seq`, or than the entry with this id.
    after: Option<String>,
    /// Half before, half after this `seq` or entry, with it.
    around: Option<String>,
    /// Repeated: any of them.
    kinds: Vec<EntryKind>,
    /// 1 to 200.
    limit: Option<i64>,
}

fn anchor(name: &str, text: &str) -> Answer<Anchor> {
    let by_seq = text.parse().ok().map(Anchor::Seq);
    by_seq
        .or_else(|| text.parse().ok().map(Anchor::Entry))
        .ok_or_else(|| Problem::invalid(format!("?{name}"), "format"))
}

fn around(query: &EntriesQuery) -> Answer<Around> {
    match (&query.before, &query.after, &query.around) {
        (None, None, None) => Ok(Around::Newest),
        (Some(text), None, None) => anchor("before", text).map(Around::Before),
        (None, Some(text), None) => anchor("after", text).map(Around::After),
        (None, None, Some(text)) => anchor("around", text).map(Around::Middle),
        (_, Some(_), _) => Err(Problem::invalid("?after", "duplicate")),
        (Some(_), None, Some(_)) => Err(Problem::invalid("?around", "duplicate")),
    }
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
    let (around, limit) = (around(&query)?, limit(query.limit)?);
    let kinds = query.kinds.iter().map(|kind| (*kind).into()).collect();
    let found = app::conversations::entries(api.ctx(), caller.actor(), id, around, kinds, limit).await?;
    let place = |row: Option<&app::model::Entry>| {
        row.map(|row| if found.is_merged { row.id.to_string() } else { row.seq.to_string() })
    };
    let page = Page {
        next: place(found.entries.first()),
        prev: place(found.entries.last()).filter(|_| found.has_older),
        has_more: if query.after.is_some() { found.has_newer } else { found.has_older },
    };
    Ok(Json(List { items: render::entries(&api, &found.entries).await?, page }))
}

/// Answers the customer. Repeating it with the same `client_message_id` answers the same entry.
#[utoipa::path(post, path = "/conversations/{conversation}/messages", tag = "conversations",
    params(("conversation" = String, Path)), request_body = NewMessage,
    responses((status = 201, body = SentEntry), (status = "default", body = ProblemBody)))]
pub async fn send(
    State(api): State<Api>,
    caller: Caller,
    Ids(handle): Ids<String>,
    Json(input): Json<NewMessage>,
) -> Answer<(StatusCode, Json<SentEntry>)> {
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
        reply_to_id: input.reply_to_id.map(domain::ids::EntryId),
    };
    let entry = app::conversations::post_message(api.ctx(), caller.actor(), id, message).await?;
    let entry = one(&api, entry).await?;
    let until = entry.delivery.as_ref().and_then(|delivery| delivery.undo_until_at);
    let undo = until.map(|expires_at| Undo { id: entry.id, expires_at });
    Ok((StatusCode::CREATED, Json(SentEntry { entry, undo })))
}

async fn one(api: &Api, row: app::model::Entry) -> Answer<Entry> {
    render::entries(api, &[row]).await?.pop().ok_or(Code::NotFound.into())
}

/// What no channel of this build can do is refused, never dropped silently.
fn refuse_unsupported(input: &NewMessage) -> Answer<()> {
    let asked = [("html", input.html.is_some()), ("send_at", input.send_at.is_some())];
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
