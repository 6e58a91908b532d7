//! What visitors see. Agent ids, notes, routing data and other customers are never in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::AuthorKind;
use super::{Localized, Object, Ts};

/// How the widget looks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Brand {
    pub name: String,
    #[serde(default)]
    pub color: Option<String>,
    #[serde(default)]
    pub logo_url: Option<String>,
}

/// Texts of the channel in one language.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct WidgetTexts {
    pub greeting: Option<String>,
    pub outside_hours: Option<String>,
}

/// An option of a field.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct PrechatOption {
    pub value: String,
    pub label: Localized,
}

/// A question before the chat.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct PrechatField {
    pub key: String,
    /// `text`, `email`, `phone` or `choice`.
    pub r#type: String,
    pub label: Localized,
    #[serde(default)]
    pub is_required: bool,
    #[serde(default)]
    pub options: Vec<PrechatOption>,
}

/// The questions before the chat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Prechat {
    /// In order.
    pub fields: Vec<PrechatField>,
}

/// Whether somebody is there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Hours {
    pub is_open: bool,
    pub reopens_at: Option<Ts>,
    pub closes_at: Option<Ts>,
}

/// What the widget may offer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct WidgetFeatures {
    pub upload: bool,
    pub search: bool,
    pub transcript: bool,
    pub proactive: bool,
    /// Answers by mail after the visitor has gone.
    pub notify: bool,
    /// Stars at the end of a chat.
    pub rating: bool,
}

/// What the server takes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct WidgetLimits {
    pub max_attachment_bytes: i64,
    pub attachment_types: Vec<String>,
    pub max_text_chars: i64,
}

/// `GET /config`
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct WidgetConfig {
    pub brand: Brand,
    pub texts: BTreeMap<String, WidgetTexts>,
    pub prechat: Option<Prechat>,
    pub hours: Hours,
    pub consent_notice: Option<Localized>,
    pub features: WidgetFeatures,
    pub limits: WidgetLimits,
}

/// The page the visitor is on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitedPage {
    pub url: String,
    #[serde(default)]
    pub title: String,
    pub referrer: Option<String>,
}

/// `POST /sessions`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorSessionInput {
    pub visitor_token: Option<String>,
    pub identity_token: Option<String>,
    #[serde(default)]
    pub language: Option<String>,
    pub page: Option<VisitedPage>,
    #[serde(default)]
    pub prechat: Option<BTreeMap<String, String>>,
}

/// `POST /identify`
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyInput {
    /// A JWT signed by the site.
    pub identity_token: String,
}

/// The visitor as they may know themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Visitor {
    pub id: Uuid,
    pub is_identified: bool,
    pub display_name: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Author {
    pub kind: AuthorKind,
    pub name: Option<String>,
}

/// A file of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorAttachment {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    /// Good for five minutes, without a token.
    pub download_url: Option<String>,
    /// A small picture, for pictures; good for five minutes, without a token.
    pub preview_url: Option<String>,
}

/// An entry as the visitor sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Message {
    pub id: Uuid,
    pub seq: i64,
    pub conversation_id: Uuid,
    pub author: Author,
    pub text: String,
    pub blocks: Vec<Object>,
    pub attachments: Vec<VisitorAttachment>,
    pub created_at: Ts,
    /// Own messages: `received` or `read`.
    pub state: Option<String>,
    /// Own messages: the id the client gave it.
    pub client_message_id: Option<Uuid>,
}

/// The place in the queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct QueuePlace {
    pub position: Option<i64>,
    pub wait_band: Option<String>,
    pub estimated_wait_ms: Option<i64>,
}

/// Who is answering.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct AnsweringAgent {
    pub display_name: String,
}

/// A conversation as the visitor sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = VisitorConversation)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorConversation {
    pub id: Uuid,
    /// `open` or `closed`.
    pub state: String,
    pub subject: Option<String>,
    pub unread_count: i64,
    pub last_message: Option<Message>,
    pub agent: Option<AnsweringAgent>,
    pub queue: Option<QueuePlace>,
    /// Stars the visitor gave their last engagement, once it has ended.
    pub rating: Option<i64>,
}

/// A visitor's session.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorSession {
    pub visitor_token: String,
    pub expires_at: Ts,
    pub visitor: Visitor,
    pub conversations: Vec<VisitorConversation>,
    pub stream_url: String,
    pub cursor: String,
    pub server_now: Ts,
    pub was_reset: bool,
}

/// A choice of an earlier message.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct ChoiceInput {
    pub entry_id: Uuid,
    pub value: String,
}

/// `POST /messages`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct VisitorMessageInput {
    pub client_message_id: Uuid,
    pub conversation_id: Option<Uuid>,
    pub text: Option<String>,
    pub choice: Option<ChoiceInput>,
    #[schema(value_type = Option<Object>)]
    pub form: Option<Object>,
    #[serde(default)]
    pub attachment_ids: Vec<Uuid>,
    pub page: Option<VisitedPage>,
    #[serde(default)]
    pub articles_read: Vec<String>,
    /// When the visitor wrote it, for messages that waited for a connection.
    pub sent_at: Option<Ts>,
}

/// A message that arrived.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §5")]
pub struct Posted {
    pub message: Message,
    pub conversation: VisitorConversation,
    pub queue: Option<QueuePlace>,
}

/// `PUT /conversations/{id}/read`
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitorReadInput {
    /// The last message seen.
    pub seq: i64,
}

/// `POST /events`
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitorEvents {
    /// At most 50: `{type, …}` each.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Object>,
}
