//! Events as a visitor sees them: other names, less content.

use app::live::{Live, Signal};
use app::model::{Conversation, Visitor};
use domain::ids::ConversationId;
use serde_json::{Value, json};

use crate::state::Api;
use crate::visitor;

/// The visitor's event for `live` as `(type, data)`; `None` when it is none of theirs.
pub(super) async fn translated(api: &Api, visitor_row: &Visitor, live: &Live) -> Option<(&'static str, Value)> {
    let content = &live.content;
    if let Some(entry) = &content.entry {
        let was_held = live.event.data.get("previous_state").and_then(Value::as_str) == Some("held");
        let kind = match live.event.kind.as_str() {
            "entry.created" => "message.created",
            // It left its undo window: the visitor sees it for the first time.
            "entry.delivery_changed" if was_held => "message.created",
            "entry.updated" | "entry.redacted" => "message.updated",
            "entry.deleted" => {
                let data = json!({ "id": entry.id, "conversation_id": entry.conversation_id });
                return Some(("message.deleted", data));
            }
            _ => return None,
        };
        return Some((kind, json!({ "message": visitor::message(api, entry, &content.files) })));
    }
    if matches!(live.event.kind.as_str(), "queue.opened" | "queue.closed") {
        let is_open = live.event.kind == "queue.opened";
        return Some(("hours.changed", json!({ "is_open": is_open })));
    }
    let conversation = content.conversation.as_ref()?;
    match live.event.kind.as_str() {
        "conversation.created" => whole(api, visitor_row, conversation).await.map(|data| ("conversation.opened", data)),
        "conversation.resolved" => {
            whole(api, visitor_row, conversation).await.map(|data| ("conversation.closed", data))
        }
        "conversation.reopened" => {
            whole(api, visitor_row, conversation).await.map(|data| ("conversation.reopened", data))
        }
        "conversation.owner_changed" => joined(api, conversation).await,
        "work_item.wrap_up" => left(api, live, conversation).await,
        "work_item.closed" if was_held(live) => left(api, live, conversation).await,
        "work_item.queued" | "work_item.offered" | "work_item.active" | "work_item.cancelled" => {
            place(api, visitor_row, conversation.id).await.map(|data| ("queue.position", data))
        }
        _ => None,
    }
}

/// Whether work ended while somebody held it, without a wrap-up that told of it before.
fn was_held(live: &Live) -> bool {
    let previous = live.event.data.get("previous_state").and_then(Value::as_str);
    matches!(previous, Some("active" | "paused"))
}

async fn whole(api: &Api, visitor_row: &Visitor, row: &Conversation) -> Option<Value> {
    let own = app::widget::own(api.ctx(), visitor_row, row.id).await.ok()?;
    let shown = visitor::conversations(api, row.organization_id, vec![own]).await.ok()?.pop()?;
    Some(json!({ "conversation": shown }))
}

async fn joined(api: &Api, row: &Conversation) -> Option<(&'static str, Value)> {
    let name = api.agent_name(row.organization_id, row.owner_agent_id?).await?;
    Some(("agent.joined", json!({ "conversation_id": row.id, "display_name": name, "avatar": null })))
}

async fn left(api: &Api, live: &Live, row: &Conversation) -> Option<(&'static str, Value)> {
    let held = live.content.work_item.as_ref().and_then(|work| work.item.agent);
    let name = api.agent_name(row.organization_id, held.or(row.owner_agent_id)?).await?;
    Some(("agent.left", json!({ "conversation_id": row.id, "display_name": name, "avatar": null })))
}

/// The place of a conversation; `None` when it is not the visitor's on this channel.
pub(super) async fn place(api: &Api, visitor_row: &Visitor, id: ConversationId) -> Option<Value> {
    let place = app::widget::place(api.ctx(), visitor_row, id).await.ok()?.map(visitor::place);
    Some(json!({
        "conversation_id": id,
        "position": place.as_ref().and_then(|place| place.position),
        "wait_band": place.as_ref().and_then(|place| place.wait_band.clone()),
        "estimated_wait_ms": place.as_ref().and_then(|place| place.estimated_wait_ms),
    }))
}

/// A signal as the visitor sees it: a name, no id.
pub(super) fn signal(signal: &Signal) -> Value {
    let name = signal.data.get("actor").and_then(|actor| actor.get("name"));
    json!({
        "conversation_id": signal.conversation,
        "is_on": signal.data.get("is_on").and_then(Value::as_bool).unwrap_or(true),
        "actor": { "name": name },
    })
}
