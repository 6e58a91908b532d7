//! Events as staff sees them: the envelope with snapshots of what it names, rendered once for everybody.

use app::Ctx;
use app::live::{Hidden, Live};
use app::offers::OfferView;
use domain::ids::OrganizationId;
use domain::routing::Assignment;
use serde_json::{Value, json};
use uuid::Uuid;

use super::told;
use crate::dto::channels::Channel;
use crate::dto::stream::Event;
use crate::dto::work::WorkItem;
use crate::render;
use crate::state::{Api, Labels};

/// The event as JSON.
pub(super) async fn rendered<'a>(api: &Api, organization: OrganizationId, live: &'a Live, labels: &Labels) -> &'a str {
    if let Some(text) = live.rendered.get() {
        return text;
    }
    if let Some(text) = told::text(api, live) {
        return live.rendered.get_or_init(|| text);
    }
    let assignment = assignment(api.ctx(), organization, live).await;
    live.rendered.get_or_init(|| {
        let event = envelope(api, live, labels, assignment.as_ref());
        serde_json::to_string(&event).unwrap_or_else(|_| "null".to_owned())
    })
}

async fn assignment(ctx: &Ctx, organization: OrganizationId, live: &Live) -> Option<Assignment> {
    let item = live.content.work_item.as_ref().filter(|_| live.event.kind.starts_with("work_item."))?;
    item.item.assignment?;
    let id = item.item.id;
    let runtime = ctx.runtime(organization).ok()?;
    runtime.owner.look(move |router| router.assignment_of(id).cloned()).await.ok()?
}

fn envelope(api: &Api, live: &Live, labels: &Labels, assignment: Option<&Assignment>) -> Event {
    let event = &live.event;
    Event {
        id: event.id.0,
        r#type: event.kind.clone(),
        version: event.version,
        timestamp: event.at.into(),
        actor: render::actor(&event.actor),
        cause_id: event.cause_id,
        data: data(api, live, labels, assignment).unwrap_or_else(|| event.data.clone()),
    }
}

/// What the event carries; `None` when what it is about is gone meanwhile, then only the ids are left.
fn data(api: &Api, live: &Live, labels: &Labels, assignment: Option<&Assignment>) -> Option<Value> {
    let content = &live.content;
    let noun = live.event.kind.split('.').next().unwrap_or_default();
    match noun {
        "entry" => entry(api, live),
        "customer" => customer(live),
        "identity" => {
            content.identity.as_ref().map(|row| json!({ "identity": crate::dto::customers::Identity::from(row) }))
        }
        "merge_proposal" => {
            content.proposal.as_ref().map(|row| json!({ "proposal": crate::render_desk::proposal(row, None) }))
        }
        "notification" => content
            .notification
            .as_ref()
            .map(|row| json!({ "notification": crate::dto::desk::Notification::from(row) })),
        "mention" => entry(api, live).map(|mut data| {
            data["mention"] = live.event.data.clone();
            data
        }),
        "job" => content.job.as_ref().map(|row| json!({ "job": crate::dto::desk::Job::from(row) })),
        "work_item" => work_item(live, assignment),
        "offer" => offer(live, labels),
        "presence" => presence(live, labels),
        "channel" => content.channel.as_ref().map(|row| json!({ "channel": Channel::from(row) })),
        _ => None,
    }
}

fn customer(live: &Live) -> Option<Value> {
    let row = live.content.customer.as_ref()?;
    let told = &live.event.data;
    let mut data = json!({
        "customer": render::customer(row, None),
        "changed": told.get("changed").cloned().unwrap_or_else(|| json!([])),
    });
    for name in ["other_id", "merge_id", "is_blocked"] {
        if let Some(value) = told.get(name) {
            data[name] = value.clone();
        }
    }
    Some(data)
}

/// What a socket is told of what it may not see any more: which, and nothing else.
pub(super) fn hidden(live: &Live, lost: Hidden) -> Vec<String> {
    let conversation = lost.conversation.map(|id| hidden_one(live, "conversation.hidden", id.0));
    let work_item = lost.work_item.map(|id| hidden_one(live, "work_item.hidden", id.0));
    conversation.into_iter().chain(work_item).collect()
}

/// Each has an id of its own, the same whenever the event is told again.
fn hidden_one(live: &Live, kind: &str, id: Uuid) -> String {
    let event = Event {
        id: Uuid::from_u128(live.event.id.0.as_u128() ^ id.as_u128().rotate_left(64)),
        r#type: kind.to_owned(),
        version: 1,
        timestamp: live.event.at.into(),
        actor: render::actor(&Value::Null),
        cause_id: Some(live.event.id.0),
        data: json!({ "id": id }),
    };
    serde_json::to_string(&event).unwrap_or_else(|_| "null".to_owned())
}

fn entry(api: &Api, live: &Live) -> Option<Value> {
    let row = live.content.entry.as_ref()?;
    if live.event.kind == "entry.delivery_changed" {
        let delivery = row.delivery.as_ref().and_then(render::delivery);
        let previous = live.event.data.get("previous_state");
        return Some(json!({
            "entry_id": row.id, "conversation_id": row.conversation_id, "delivery": delivery, "previous_state": previous,
        }));
    }
    let about =
        live.content.conversation.as_ref().map(
            |c| json!({ "id": c.id, "number": c.number, "last_entry_seq": c.last_entry_seq, "version": c.version }),
        );
    Some(json!({ "entry": render::entry(api, row, &live.content.files), "conversation": about }))
}

fn work_item(live: &Live, assignment: Option<&Assignment>) -> Option<Value> {
    let row = live.content.work_item.as_ref()?;
    let told = |name: &str| live.event.data.get(name).cloned().unwrap_or_default();
    let mut data = json!({
        "work_item": WorkItem::from(row),
        "previous_state": told("previous_state"), "row": told("row"), "reason": told("reason"),
    });
    if let Some(assignment) = assignment {
        data["assignment"] = json!(render::assignment(assignment, &row.item));
    }
    if live.event.kind == "work_item.active" {
        data["conversation"] = json!(told::conversation(&live.content)?);
    }
    Some(data)
}

fn offer(live: &Live, labels: &Labels) -> Option<Value> {
    let view = OfferView {
        offer: live.content.offer.clone()?,
        work: live.content.work_item.clone()?,
        conversation: live.content.conversation.clone(),
        customer: live.content.customer.clone(),
    };
    Some(json!({ "offer": render::offer(&view, labels), "reason": live.event.data.get("reason") }))
}

fn presence(live: &Live, labels: &Labels) -> Option<Value> {
    let row = live.content.presence.as_ref()?;
    let told = |name: &str| live.event.data.get(name).cloned().unwrap_or_default();
    Some(json!({
        "presence": render::presence(row, labels), "previous": Value::Null, "previous_status_id": told("previous"),
        "actor": render::actor(&live.event.actor), "reason": told("reason"),
    }))
}
