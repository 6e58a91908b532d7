//! From rows to what a visitor may see. Agent ids, notes and routing never pass.

use app::model;
use app::widget::Own;
use domain::attachment::AttachmentState;
use domain::conversation::{Direction, EntryKind, StatusCategory};
use domain::ids::OrganizationId;

use crate::dto::widget::{AnsweringAgent, Author, Message, QueuePlace, VisitorAttachment, VisitorConversation};
use crate::dto::words::AuthorKind;
use crate::signing::Shows;
use crate::state::Api;

/// An entry as the visitor sees it, with those of `files` that are its own.
#[must_use]
pub fn message(api: &Api, row: &model::Entry, files: &[model::Attachment]) -> Message {
    let is_own = row.direction == Direction::In;
    let own = files.iter().filter(|file| file.entry_id == Some(row.id));
    Message {
        id: row.id.0,
        seq: row.seq,
        conversation_id: row.conversation_id.0,
        author: Author { kind: author_kind(row), name: row.author_name.clone().filter(|_| !is_own) },
        text: row.text().to_owned(),
        blocks: app::widget::rich(row).into_iter().collect(),
        attachments: own.map(|file| attachment(api, file)).collect(),
        created_at: row.created_at.into(),
        state: is_own.then(|| "received".to_owned()),
        client_message_id: row.client_message_id.filter(|_| is_own),
    }
}

/// A file as the visitor sees it.
#[must_use]
pub fn attachment(api: &Api, row: &model::Attachment) -> VisitorAttachment {
    let now = api.ctx().now();
    let is_there = row.state == AttachmentState::Ready && row.file_key.is_some();
    let address = |shows| is_there.then(|| format!("{}{}", api.origin(), api.signer().address(row.id.0, shows, now)));
    VisitorAttachment {
        id: row.id.0,
        name: row.name.clone(),
        media_type: row.media_type.clone(),
        size_bytes: row.size_bytes,
        download_url: address(Shows::Content),
        preview_url: address(Shows::Preview).filter(|_| row.width.is_some()),
    }
}

/// Entries with their files, those that a visitor may see.
///
/// # Errors
/// What the store refuses.
pub async fn messages(api: &Api, rows: &[model::Entry]) -> Result<Vec<Message>, app::Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let files = app::attachments::of_entries(api.ctx(), first.organization_id, rows).await?;
    Ok(rows.iter().filter(|row| is_shown(row)).map(|row| message(api, row, &files)).collect())
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

/// Conversations as their visitor sees them.
///
/// # Errors
/// What the store refuses.
pub async fn conversations(
    api: &Api,
    organization: OrganizationId,
    own: Vec<Own>,
) -> Result<Vec<VisitorConversation>, app::Error> {
    let last: Vec<model::Entry> = own.iter().filter_map(|view| view.last.clone()).collect();
    let last = messages(api, &last).await?;
    let mut shown = Vec::with_capacity(own.len());
    for view in own {
        let row = view.conversation;
        let is_over = row.status_category == StatusCategory::Resolved || !view.is_going_on;
        let agent = match row.owner_agent_id {
            Some(id) => api.agent_name(organization, id).await,
            None => None,
        };
        shown.push(VisitorConversation {
            id: row.id.0,
            state: if is_over { "closed" } else { "open" }.to_owned(),
            subject: row.subject,
            unread_count: view.unread_count,
            last_message: last.iter().find(|message| message.conversation_id == row.id.0).cloned(),
            agent: agent.map(|display_name| AnsweringAgent { display_name }),
            queue: view.place.map(place),
            rating: view.rating,
        });
    }
    Ok(shown)
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
