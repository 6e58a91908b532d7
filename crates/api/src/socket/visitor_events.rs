//! Events as a visitor sees them: other names, less content.

use app::Ctx;
use app::live::{Live, Signal};
use app::model::{Conversation, Visitor};
use serde_json::{Value, json};

use crate::state::Labels;
use crate::visitor;

/// The visitor's event for `live` as `(type, data)`; `None` when it is none of theirs.
pub(super) async fn translated(
    ctx: &Ctx,
    visitor_row: &Visitor,
    live: &Live,
    labels: &Labels,
) -> Option<(&'static str, Value)> {
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
        return Some((kind, json!({ "message": visitor::message(entry) })));
    }
    let conversation = content
        .conversation
        .as_ref()
        .filter(|row| row.channel_kinds.iter().any(|kind| app::channels::has_widget(kind)))?;
    match live.event.kind.as_str() {
        "conversation.created" => Some(("conversation.opened", whole(ctx, visitor_row, conversation, labels).await)),
        "conversation.resolved" => Some(("conversation.closed", whole(ctx, visitor_row, conversation, labels).await)),
        "conversation.reopened" => Some(("conversation.reopened", whole(ctx, visitor_row, conversation, labels).await)),
        "conversation.owner_changed" => joined(conversation, labels),
        "work_item.queued" | "work_item.offered" | "work_item.active" | "work_item.cancelled" => {
            Some(("queue.position", position(ctx, visitor_row, conversation).await))
        }
        _ => None,
    }
}

async fn whole(ctx: &Ctx, visitor_row: &Visitor, row: &Conversation, labels: &Labels) -> Value {
    let place = app::widget::place(ctx, visitor_row, row.id).await.ok().flatten().map(visitor::place);
    json!({ "conversation": visitor::conversation(row, None, place, labels) })
}

fn joined(row: &Conversation, labels: &Labels) -> Option<(&'static str, Value)> {
    let name = row.owner_agent_id.and_then(|id| labels.agents.get(&id))?;
    Some(("agent.joined", json!({ "conversation_id": row.id, "display_name": name })))
}

async fn position(ctx: &Ctx, visitor_row: &Visitor, row: &Conversation) -> Value {
    let place = app::widget::place(ctx, visitor_row, row.id).await.ok().flatten().map(visitor::place);
    let mut data = json!({ "conversation_id": row.id, "position": null, "wait_band": null, "estimated_wait_ms": null });
    if let Some(place) = place {
        data["position"] = json!(place.position);
        data["wait_band"] = json!(place.wait_band);
    }
    data
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
