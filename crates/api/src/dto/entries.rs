//! Entries of the timeline and their attachments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::conversations::ReplyRoute;
use super::words::{Audience, DeliveryState, Direction, EntryKind};
use super::{Actor, Object, Ts, Undo};

/// What an entry says; a field is there for the kinds that have it.
pub type EntryBody = EntryBodyObject;

/// JSON object whose fields depend on the kind: `text`, `html`, `mentions`, `role`, `from`, `to`, `type`, `data` …
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = EntryBody)]
pub struct EntryBodyObject {
    /// Always there for messages and notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Sanitised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Users named in a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentions: Option<Vec<Uuid>>,
    /// Whatever else the kind has.
    #[serde(flatten)]
    pub rest: Object,
}

/// Why a delivery failed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.7")]
pub struct DeliveryError {
    pub code: String,
    /// `retry`, `permanent`, `unknown` or `policy`.
    pub class: String,
    #[serde(default)]
    pub provider_code: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
}

/// Where an outbound message stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.7")]
pub struct Delivery {
    pub state: DeliveryState,
    #[serde(default)]
    pub attempt: u32,
    #[serde(default)]
    pub provider_id: Option<String>,
    #[serde(default)]
    pub error: Option<DeliveryError>,
    #[serde(default)]
    pub sent_at: Option<Ts>,
    #[serde(default)]
    pub delivered_at: Option<Ts>,
    #[serde(default)]
    pub read_at: Option<Ts>,
    #[serde(default)]
    pub next_retry_at: Option<Ts>,
    #[serde(default)]
    pub undo_until_at: Option<Ts>,
    #[serde(default)]
    pub segments: Option<u32>,
}

/// A file.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Attachment {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub sha256: Option<String>,
    /// `uploading`, `scanning`, `ready`, `rejected` or `expired`.
    pub state: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub download_url: Option<String>,
    pub preview_url: Option<String>,
}

/// Headers of a mail.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct MailHeaders {
    pub message_id: Option<String>,
    pub subject: Option<String>,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub spf: Option<String>,
    pub dkim: Option<String>,
    pub dmarc: Option<String>,
    /// Code points of the text before the quoted history.
    pub quoted_from: Option<i64>,
    /// The address the mail came from.
    pub from: Option<String>,
    pub is_signed: bool,
    pub is_encrypted: bool,
    /// The sender did not take part before.
    pub is_new_participant: bool,
    /// A mail server's report about a message of ours.
    pub is_report: bool,
    /// Why the mail could not be opened; its bytes are there.
    pub unreadable: Option<String>,
}

/// One line of the timeline.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Entry {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub interaction_id: Option<Uuid>,
    pub customer_id: Uuid,
    /// Per conversation: 1, 2, 3 … without gaps.
    pub seq: i64,
    pub kind: EntryKind,
    pub direction: Direction,
    pub author: Actor,
    pub channel_id: Option<Uuid>,
    pub channel_kind: Option<String>,
    pub occurred_at: Ts,
    pub audience: Audience,
    pub language: Option<String>,
    pub body: EntryBody,
    pub attachments: Vec<Attachment>,
    pub reply_to_id: Option<Uuid>,
    pub reactions: Vec<Object>,
    pub delivery: Option<Delivery>,
    pub external_id: Option<String>,
    pub client_message_id: Option<Uuid>,
    pub mail: Option<MailHeaders>,
    pub edits: Vec<Object>,
    pub edited_at: Option<Ts>,
    pub deleted_at: Option<Ts>,
    pub is_redacted: bool,
    pub is_truncated: bool,
    pub raw_available: bool,
    pub created_at: Ts,
}

/// A message as it was sent, with how to take it back while it is held.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentEntry {
    /// The message.
    #[serde(flatten)]
    pub entry: Entry,
    /// While it is held.
    pub undo: Option<Undo>,
}

/// An answer to the customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct NewMessage {
    pub text: String,
    pub html: Option<String>,
    #[serde(default)]
    pub attachment_ids: Vec<Uuid>,
    pub reply_to_id: Option<Uuid>,
    pub reply_route: Option<ReplyRoute>,
    pub audience: Option<Audience>,
    /// The newest entry the author had seen.
    pub seen_seq: i64,
    /// Send although newer entries arrived.
    #[serde(default)]
    pub is_forced: bool,
    pub send_at: Option<Ts>,
    pub client_message_id: Option<Uuid>,
}

/// A note for colleagues.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct NewNote {
    pub text: String,
    #[serde(default)]
    pub mentions: Vec<Uuid>,
    #[serde(default)]
    pub attachment_ids: Vec<Uuid>,
}
