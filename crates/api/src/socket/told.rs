//! The events of every message, from rows to text without a tree of values between.

use app::live::{Content, Live};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dto::conversations::Conversation;
use crate::dto::entries::Entry;
use crate::dto::{Actor, Ts};
use crate::render;
use crate::state::Api;

#[derive(Serialize)]
struct Told<'a, D> {
    id: Uuid,
    r#type: &'a str,
    version: i64,
    timestamp: Ts,
    actor: Actor,
    cause_id: Option<Uuid>,
    data: D,
}

#[derive(Serialize)]
struct Said {
    entry: Entry,
    conversation: Option<Where>,
}

/// The conversation of an entry, as far as whoever has it open needs it.
#[derive(Serialize)]
struct Where {
    id: Uuid,
    number: i64,
    last_entry_seq: i64,
    version: i64,
}

#[derive(Serialize)]
struct Changed<'a> {
    conversation: Conversation,
    changed: Value,
    previous: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_id: Option<&'a Value>,
}

/// The text of an event of an entry or a conversation; `None` for others, and where what it is about is gone.
pub(super) fn text(api: &Api, live: &Live) -> Option<String> {
    let kind = live.event.kind.as_str();
    match kind.split_once('.')?.0 {
        "entry" if kind != "entry.delivery_changed" => envelope(live, said(api, live)?),
        "conversation" => envelope(live, changed(live)?),
        _ => None,
    }
}

fn envelope<D: Serialize>(live: &Live, data: D) -> Option<String> {
    let event = &live.event;
    let told = Told {
        id: event.id.0,
        r#type: &event.kind,
        version: event.version,
        timestamp: event.at.into(),
        actor: render::actor(&event.actor),
        cause_id: event.cause_id,
        data,
    };
    serde_json::to_string(&told).ok()
}

fn said(api: &Api, live: &Live) -> Option<Said> {
    let content = &live.content;
    let about = content.conversation.as_ref().map(|c| Where {
        id: c.id.0,
        number: c.number,
        last_entry_seq: c.last_entry_seq,
        version: c.version,
    });
    Some(Said { entry: render::entry(api, content.entry.as_ref()?, &content.files), conversation: about })
}

fn changed(live: &Live) -> Option<Changed<'_>> {
    let told = &live.event.data;
    Some(Changed {
        conversation: conversation(&live.content)?,
        changed: told.get("changed").cloned().unwrap_or_else(|| json!([])),
        previous: told.get("previous").cloned().unwrap_or_else(|| json!({})),
        other_id: told.get("other_id"),
        merge_id: told.get("merge_id"),
    })
}

/// A conversation with its customer, as events carry it.
pub(super) fn conversation(content: &Content) -> Option<Conversation> {
    let mut rendered = render::conversation(content.conversation.as_ref()?, &content.work, None);
    rendered.customer = content.customer.as_ref().map(|customer| Some(render::customer(customer, None)));
    Some(rendered)
}
