//! Events of the timeline: what happened beside what was said.
//!
//! # Invariants
//! - Lists go on showing what was said last, and when: an event is no activity of anybody.
//! - Customers never see one.

use domain::conversation::{ActorType, Audience, Direction, EntryKind};
use domain::ids::{EntryId, InteractionId};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::channels::Channel;
use store::conversations::Conversation;
use store::entries::{Entry, Marks};
use uuid::Uuid;

use crate::events::event;
use crate::{Actor, Error};

/// By whom something happened.
#[derive(Clone, Debug)]
pub(crate) struct By {
    kind: ActorType,
    id: Option<Uuid>,
    name: Option<String>,
}

impl By {
    /// A colleague.
    pub(crate) fn staff(actor: &Actor) -> Self {
        let (kind, id) = super::write::author(actor);
        Self { kind, id, name: Some(actor.name.clone()) }
    }

    /// The customer, whose name is `name`.
    pub(crate) fn customer(id: Uuid, name: Option<String>) -> Self {
        Self { kind: ActorType::Customer, id: Some(id), name }
    }

    /// Nobody.
    pub(crate) const fn itself() -> Self {
        Self { kind: ActorType::System, id: None, name: None }
    }

    fn as_json(&self) -> Value {
        json!({ "type": self.kind, "id": self.id })
    }
}

/// What happened.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub(crate) struct Happening<'a> {
    /// `noun.verbed`
    pub kind: &'a str,
    pub data: Value,
    pub by: By,
    pub channel: Option<&'a Channel>,
    pub interaction: Option<InteractionId>,
    /// How it leaves, if something of it does.
    pub delivery: Option<Value>,
    /// Of the entry and of its event.
    pub ids: [Uuid; 2],
    pub now: Timestamp,
}

/// Appends an event to the timeline of a conversation that is held.
pub(crate) async fn happened(
    tx: &mut db::Tx<'_>,
    conversation: &mut Conversation,
    happening: Happening<'_>,
) -> Result<Entry, Error> {
    let Happening { now, ids, .. } = happening;
    conversation.last_entry_seq += 1;
    let actor = happening.by.as_json();
    let entry = entry(conversation, happening);
    store::conversations::update(tx, conversation, now).await?;
    store::entries::insert(tx, &entry).await?;
    let data = json!({ "entry_id": entry.id, "conversation_id": conversation.id });
    let told = event(ids[1], conversation.organization_id, "entry.created", now, actor, data);
    store::events::insert(tx, &told).await?;
    Ok(entry)
}

fn entry(conversation: &Conversation, happening: Happening<'_>) -> Entry {
    let Happening { kind, data, by, channel, interaction, delivery, ids, now } = happening;
    Entry {
        id: EntryId(ids[0]),
        organization_id: conversation.organization_id,
        conversation_id: conversation.id,
        interaction_id: interaction,
        customer_id: conversation.customer_id,
        seq: conversation.last_entry_seq,
        kind: EntryKind::Event,
        direction: Direction::Internal,
        audience: Audience::Internal,
        author_type: by.kind,
        author_id: by.id,
        author_name: by.name,
        channel_id: channel.map(|channel| channel.id),
        channel_kind: channel.map(|channel| channel.kind.clone()),
        body: json!({ "event_id": ids[1], "type": kind, "data": data }),
        attachment_ids: Vec::new(),
        external_id: None,
        client_message_id: None,
        client_id: None,
        mail: None,
        delivery,
        is_truncated: false,
        occurred_at: now,
        created_at: now,
        marks: Marks::default(),
    }
}
