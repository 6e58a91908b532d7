//! Work items, offers and assignments.

use app::model;
use app::offers::OfferView;
use domain::routing;
use serde_json::Value;

use crate::dto::words;
use crate::dto::work::{Assignment, CardCustomer, Offer, OfferCard, WorkItem};
use crate::state::Labels;

/// Characters of a preview on a card.
const PREVIEW_CHARS: usize = 140;

impl From<&model::WorkItem> for WorkItem {
    fn from(row: &model::WorkItem) -> Self {
        let item = &row.item;
        Self {
            id: item.id.0,
            kind: row.matter.as_ref().map_or_else(|| "interaction".to_owned(), |matter| matter.kind.clone()),
            routing_kind: item.kind.into(),
            interaction_id: row.interaction_id.map(|id| id.0),
            conversation_id: row.conversation_id.map(|id| id.0),
            customer_id: item.customer.map(|id| id.0),
            subject: row.matter.as_ref().and_then(|matter| matter.subject.as_ref()?.as_object().cloned()),
            external_id: row.matter.as_ref().and_then(|matter| matter.external_id.clone()),
            attributes: row.matter.as_ref().and_then(|m| m.attributes.as_object().cloned()).unwrap_or_default(),
            channel_id: row.channel_id.map(|id| id.0),
            queue_id: Some(item.queue.0),
            direction: "in".to_owned(),
            language: None,
            priority: item.priority,
            secondary: item.secondary,
            tier: item.tier,
            due_at: None,
            units_milli: item.units_milli,
            is_interruptible: item.pool == routing::Pool::Interruptible,
            is_exclusive: item.kind.is_exclusive(),
            state: item.state.into(),
            pause_reason: item.pause_reason.map(Into::into),
            close_reason: item.close_reason.map(Into::into),
            cancel_reason: item.cancel_reason.map(Into::into),
            enqueued_at: Some(item.enqueued_at.into()),
            age_adjust_ms: item.age_adjust_ms,
            position: None,
            estimated_wait: None,
            attempt: item.attempt,
            agent_id: item.agent.map(|id| id.0),
            assignment_id: item.assignment.map(|id| id.0),
            previous_id: item.previous.map(|id| id.0),
            wake_at: item.wake_at.map(Into::into),
            wrap_up_deadline_at: item.wrap_up_deadline.map(Into::into),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// What an agent sees of an offer.
fn card(view: &OfferView, labels: &Labels) -> OfferCard {
    let customer = view.customer.as_ref();
    let last = view.conversation.as_ref().and_then(|c| c.last_entry.as_ref());
    let text = |name: &str| last.and_then(|entry| entry.get(name)).and_then(Value::as_str);
    let subject = view.work.matter.as_ref().and_then(|matter| matter.subject.as_ref());
    let title = subject.and_then(|subject| subject.get("title")).and_then(Value::as_str);
    OfferCard {
        channel_kind: text("channel_kind").map(str::to_owned),
        queue_name: labels.queue_name(view.work.item.queue),
        customer: customer.map(|c| CardCustomer { id: c.id.0, name: c.name.clone(), is_vip: c.is_vip }),
        waited_ms: view.offer.created_at.ms_since(view.work.item.enqueued_at),
        preview: text("text").or(title).map(|text| text.chars().take(PREVIEW_CHARS).collect()),
        language: view.conversation.as_ref().and_then(|c| c.language.clone()),
        last_relation: None,
        next_agent_name: None,
    }
}

/// An offer with its card.
#[must_use]
pub fn offer(view: &OfferView, labels: &Labels) -> Offer {
    let row = &view.offer;
    let rescinded = row.rescind_reason.map(|reason| words::RescindReason::from(reason).as_word());
    Offer {
        id: row.id.0,
        work_item_id: row.item.0,
        agent_id: row.agent.0,
        epoch: row.epoch,
        state: row.state.into(),
        mode: "single".to_owned(),
        created_at: row.created_at.into(),
        deadline_at: row.deadline.into(),
        ended_at: row.ended_at.map(Into::into),
        end_reason: rescinded.map(str::to_owned),
        decline_reason_id: row.decline_reason.map(|id| id.0),
        card: card(view, labels),
        version: if row.state == routing::OfferState::Pending { 1 } else { 2 },
    }
}

/// An assignment; wrap-up's end and extensions stand on its item.
#[must_use]
pub fn assignment(row: &routing::Assignment, item: &routing::Item) -> Assignment {
    Assignment {
        id: row.id.0,
        work_item_id: row.item.0,
        agent_id: row.agent.0,
        offer_id: row.offer.map(|id| id.0),
        state: row.state.into(),
        started_at: row.started_at.into(),
        ended_at: row.ended_at.map(Into::into),
        end_reason: row.end_reason.map(Into::into),
        active_ms: row.active_ms,
        paused_ms: row.paused_ms,
        interrupted_ms: 0,
        wrap_up_ms: row.wrap_up_ms,
        wrap_up_deadline_at: item.wrap_up_deadline.map(Into::into),
        extensions_used: item.extensions_used,
    }
}
