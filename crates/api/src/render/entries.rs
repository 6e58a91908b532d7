//! Entries of the timeline with their files.

use app::model;
use serde_json::Value;

use crate::dto::entries::{Attachment, Delivery, Entry, EntryBody};
use crate::dto::{Actor, Object};
use crate::signing::Shows;
use crate::state::Api;

/// A file, with addresses that are good for five minutes.
#[must_use]
pub fn attachment(api: &Api, row: &model::Attachment) -> Attachment {
    use domain::attachment::AttachmentState as State;
    let now = api.ctx().now();
    let is_there = row.state == State::Ready && row.file_key.is_some();
    let address = |shows| is_there.then(|| api.signer().address(row.id.0, shows, now));
    let pixels = |side: Option<i64>| side.and_then(|side| u32::try_from(side).ok());
    Attachment {
        id: row.id.0,
        name: row.name.clone(),
        media_type: row.media_type.clone(),
        size_bytes: row.size_bytes,
        sha256: Some(row.sha256.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))),
        state: row.state.as_str().to_owned(),
        width: pixels(row.width),
        height: pixels(row.height),
        download_url: address(Shows::Content),
        preview_url: address(Shows::Preview).filter(|_| row.width.is_some()),
    }
}

/// Entries with their files: one query, and none where nothing is attached.
///
/// # Errors
/// What the store refuses.
pub async fn entries(api: &Api, rows: &[model::Entry]) -> Result<Vec<Entry>, app::Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let files = app::attachments::of_entries(api.ctx(), first.organization_id, rows).await?;
    Ok(rows.iter().map(|row| entry(api, row, &files)).collect())
}

/// One entry with those of `files` that are its own.
#[must_use]
pub fn entry(api: &Api, row: &model::Entry, files: &[model::Attachment]) -> Entry {
    let own: Vec<&model::Attachment> = files.iter().filter(|file| file.entry_id == Some(row.id)).collect();
    let mut entry = Entry { attachments: own.iter().map(|file| attachment(api, file)).collect(), ..row.into() };
    if let Some(html) = &mut entry.body.html {
        let now = api.ctx().now();
        let address = |file: &model::Attachment| api.signer().address(file.id.0, Shows::Content, now);
        *html = app::attachments::with_pictures(html, &own, address);
    }
    entry
}

/// The delivery of an outbound message, as stored.
#[must_use]
pub fn delivery(value: &Value) -> Option<Delivery> {
    serde_json::from_value(value.clone()).ok()
}

impl From<&model::Entry> for Entry {
    fn from(row: &model::Entry) -> Self {
        let author = Actor { r#type: row.author_type.into(), id: row.author_id, name: row.author_name.clone() };
        Self {
            id: row.id.0,
            conversation_id: row.conversation_id.0,
            interaction_id: row.interaction_id.map(|id| id.0),
            customer_id: row.customer_id.0,
            seq: row.seq,
            kind: row.kind.into(),
            direction: row.direction.into(),
            author,
            channel_id: row.channel_id.map(|id| id.0),
            channel_kind: row.channel_kind.clone(),
            occurred_at: row.occurred_at.into(),
            audience: row.audience.into(),
            language: None,
            // What was deleted is only marked here; what it said is not shown again.
            body: if row.marks.deleted_at.is_some() { EntryBody::default() } else { body(&row.body) },
            attachments: Vec::new(),
            reply_to_id: row.marks.reply_to_id.map(|id| id.0),
            reactions: objects(&row.marks.reactions),
            delivery: row.delivery.as_ref().and_then(delivery),
            external_id: row.external_id.clone(),
            client_message_id: row.client_message_id,
            mail: row.mail.clone().and_then(|value| serde_json::from_value(value).ok()),
            edits: objects(&row.marks.edits),
            edited_at: row.marks.edited_at.map(Into::into),
            deleted_at: row.marks.deleted_at.map(Into::into),
            is_redacted: row.marks.is_redacted,
            is_truncated: row.is_truncated,
            raw_available: row.mail.as_ref().and_then(|mail| mail.get("raw_available")).is_some_and(|is| is == true),
            created_at: row.created_at.into(),
        }
    }
}

fn objects(values: &[Value]) -> Vec<Object> {
    values.iter().filter_map(|value| value.as_object().cloned()).collect()
}

fn body(value: &Value) -> EntryBody {
    serde_json::from_value(value.clone()).unwrap_or_default()
}
