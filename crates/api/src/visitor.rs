//! From rows to what a visitor may see. Agent ids, notes and routing never pass.

use app::model;
use domain::conversation::{Direction, EntryKind, StatusCategory};
use serde_json::Value;

use crate::dto::widget::{AnsweringAgent, Author, Message, QueuePlace, VisitorConversation};
use crate::dto::words::AuthorKind;
use crate::state::Labels;

/// An entry as the visitor sees it.
#[must_use]
pub fn message(row: &model::Entry) -> Message {
    let is_own = row.direction == Direction::In;
    Message {
        id: row.id.0,
        seq: row.seq,
        conversation_id: row.conversation_id.0,
        author: Author { kind: author_kind(row), name: row.author_name.clone().filter(|_| !is_own) },
        text: row.text().to_owned(),
        blocks: Vec::new(),
        attachments: Vec::new(),
        created_at: row.created_at.into(),
        state: is_own.then(|| "received".to_owned()),
        client_message_id: row.client_message_id.filter(|_| is_own),
    }
}

fn author_kind(row: &model::Entry) -> AuthorKind {
    use domain::conversation::ActorType as Type;
    match row.author_type {
        Type::Customer => AuthorKind::Me,
        Type::Agent | Type::User | Type::Api => AuthorKind::Agent,
        Type::Bot => AuthorKind::Bot,
        Type::Rule | Type::Flow | Type::System => AuthorKind::System,
    }
}

/// Whether a visitor may see an entry at all.
#[must_use]
pub fn is_shown(row: &model::Entry) -> bool {
    row.kind == EntryKind::Message && row.direction != Direction::Internal
}

/// A conversation as the visitor sees it.
#[must_use]
pub fn conversation(
    row: &model::Conversation,
    last: Option<Message>,
    queue: Option<QueuePlace>,
    labels: &Labels,
) -> VisitorConversation {
    let name = row.owner_agent_id.and_then(|id| labels.agents.get(&id)).cloned();
    VisitorConversation {
        id: row.id.0,
        state: if row.status_category == StatusCategory::Resolved { "closed" } else { "open" }.to_owned(),
        subject: row.subject.clone(),
        unread_count: 0,
        last_message: last,
        agent: name.or_else(|| last_agent(row)).map(|display_name| AnsweringAgent { display_name }),
        queue,
    }
}

/// Who answered last, from the conversation's own last entry.
fn last_agent(row: &model::Conversation) -> Option<String> {
    let last = row.last_entry.as_ref().filter(|_| row.owner_agent_id.is_some())?;
    let is_answer = last.get("direction").and_then(Value::as_str) == Some("out");
    last.get("author_name").and_then(Value::as_str).filter(|_| is_answer).map(str::to_owned)
}

/// The place in the queue; where one order does not hold for all, only a band.
#[must_use]
pub fn place(place: app::widget::Place) -> QueuePlace {
    let band = match place.waiting {
        0..=3 => "short",
        4..=10 => "medium",
        _ => "long",
    };
    QueuePlace { position: place.position.map(i64::from), wait_band: Some(band.to_owned()), estimated_wait_ms: None }
}
