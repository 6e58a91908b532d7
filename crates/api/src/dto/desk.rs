//! The small nouns of the desk, notifications, jobs and undos.

use domain::conditions::Condition;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::conversations::Conversation;
use super::words::StatusCategory;
use super::{Actor, Localized, Object, Ts, Undo};
use crate::extract::present;

/// What a conversation's state is called.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct ConversationStatus {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub category: StatusCategory,
    pub is_default: bool,
    pub position: i64,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A status to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct NewConversationStatus {
    pub key: String,
    pub name: Localized,
    pub category: StatusCategory,
    #[serde(default)]
    pub is_default: bool,
    #[serde(default)]
    pub position: i64,
}

/// What to change of a status.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct ConversationStatusPatch {
    pub name: Option<Localized>,
    pub category: Option<StatusCategory>,
    pub is_default: Option<bool>,
    pub position: Option<i64>,
}

/// A label.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Tag {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub colour: String,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A label to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct NewTag {
    pub key: String,
    pub name: Option<String>,
    pub colour: Option<String>,
}

/// What to change of a label.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct TagPatch {
    pub name: Option<String>,
    pub colour: Option<String>,
}

/// What values a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum FieldType {
    Text,
    Number,
    Date,
    Bool,
    Choice,
    Money,
    Url,
}

/// A field that the organization adds to a noun.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct CustomField {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    /// `conversation`, `customer` or `company`.
    pub noun: String,
    pub r#type: FieldType,
    pub options: Vec<String>,
    pub is_required_to_resolve: bool,
    pub position: i64,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A field to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct NewCustomField {
    pub key: String,
    pub name: Option<Localized>,
    pub noun: String,
    pub r#type: FieldType,
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default)]
    pub is_required_to_resolve: bool,
    #[serde(default)]
    pub position: i64,
}

/// What to change of a field; what it belongs to and takes never changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct CustomFieldPatch {
    pub name: Option<Localized>,
    pub options: Option<Vec<String>>,
    pub is_required_to_resolve: Option<bool>,
    pub position: Option<i64>,
}

/// Whom customers work for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct Company {
    pub id: Uuid,
    pub name: String,
    pub domains: Vec<String>,
    #[schema(value_type = Object)]
    pub fields: Object,
    pub owner_agent_id: Option<Uuid>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A company to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct NewCompany {
    pub name: String,
    #[serde(default)]
    pub domains: Vec<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: Object,
    pub owner_agent_id: Option<Uuid>,
}

/// What to change of a company.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.2")]
pub struct CompanyPatch {
    pub name: Option<String>,
    pub domains: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Object>,
    #[serde(default, deserialize_with = "present")]
    pub owner_agent_id: Option<Option<Uuid>>,
}

/// With whom a view is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum SharedWith {
    Me,
    Team,
    Organization,
}

/// A saved filter.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct View {
    pub id: Uuid,
    pub name: String,
    /// The filter as text.
    pub q: String,
    /// The same filter as a tree.
    #[schema(value_type = Object)]
    pub r#where: Condition,
    pub sort: String,
    pub columns: Vec<String>,
    pub shared_with: SharedWith,
    pub user_id: Option<Uuid>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// A view to save, or what to change of one. Text or tree: one of them says both.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct ViewInput {
    pub name: Option<String>,
    pub q: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub r#where: Option<Condition>,
    pub sort: Option<String>,
    pub columns: Option<Vec<String>>,
    pub shared_with: Option<SharedWith>,
}

/// A filter in one of its forms.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.8")]
pub struct FilterInput {
    pub q: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub r#where: Option<Condition>,
}

/// A filter in both forms.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.8")]
pub struct Filter {
    /// The text form, written out anew.
    pub q: String,
    #[schema(value_type = Object)]
    pub r#where: Condition,
}

/// What a user should know.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.13")]
pub struct Notification {
    pub id: Uuid,
    pub user_id: Uuid,
    /// `mention` or `assignment`.
    pub kind: String,
    pub conversation_id: Option<Uuid>,
    pub entry_id: Option<Uuid>,
    pub actor: Actor,
    pub created_at: Ts,
    pub read_at: Option<Ts>,
}

/// Up to which notification.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationsRead {
    /// The newest one that was seen.
    pub up_to: Uuid,
}

/// How far long work is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct JobProgress {
    pub done_count: i64,
    pub total_count: Option<i64>,
}

/// Long work.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    /// `queued`, `running`, `paused`, `succeeded`, `failed`, `cancelled` or `undone`.
    pub state: String,
    pub progress: JobProgress,
    #[schema(value_type = Option<Object>)]
    pub result: Option<serde_json::Value>,
    #[schema(value_type = Option<Object>)]
    pub error: Option<serde_json::Value>,
    pub undo: Option<Undo>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// What taking a command back restored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UndoResult {
    /// The conversations as they are again.
    pub conversations: Vec<Conversation>,
}

/// What to mask of a text.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactRange {
    /// The first code point.
    pub from: usize,
    /// The code point after the last one.
    pub to: usize,
}

/// Which stretches to mask for good.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactInput {
    /// In code points of the text.
    pub ranges: Vec<RedactRange>,
}

/// A new text for one's own message or note.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryPatch {
    /// Plain text.
    pub text: String,
}
