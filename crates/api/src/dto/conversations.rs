//! Conversations, their engagements, drafts, and the lists of the inbox.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::customers::Customer;
use super::presence::Agent;
use super::routing::Queue;
use super::words::{
    DeliveryState, Direction, DraftMode, EntryKind, InteractionState, Priority, Shape, StatusCategory, WorkItemState,
};
use super::{Object, Ts, Undo};
use crate::extract::present;

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct ReplyRoute {
    pub channel_id: Uuid,
    pub identity_id: Option<Uuid>,
}

/// Put aside until then.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Snooze {
    pub until_at: Option<Ts>,
    pub until_reply: bool,
    pub by: Option<Uuid>,
}

/// What is due next.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct SlaSummary {
    pub next_kind: String,
    pub next_due_at: Option<Ts>,
    /// `ok`, `warning`, `breached` or `paused`.
    pub state: String,
}

/// The newest entry in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct LastEntry {
    pub id: Uuid,
    pub seq: i64,
    pub kind: EntryKind,
    pub direction: Direction,
    #[serde(default)]
    pub author_name: Option<String>,
    /// At most 140 characters.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub channel_kind: Option<String>,
    pub created_at: Ts,
    #[serde(default)]
    pub delivery_state: Option<DeliveryState>,
}

/// A live work item of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct ConversationWork {
    pub work_item_id: Uuid,
    pub state: WorkItemState,
    pub agent_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
}

/// The lasting matter with a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Conversation {
    pub id: Uuid,
    /// Unique in the organization, rising, with gaps.
    pub number: i64,
    pub subject: Option<String>,
    pub outcome: Option<String>,
    pub status_id: Option<Uuid>,
    pub status_category: StatusCategory,
    pub priority: Priority,
    pub customer_id: Uuid,
    pub owner_agent_id: Option<Uuid>,
    pub team_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
    pub reply_route: Option<ReplyRoute>,
    pub channel_kinds: Vec<String>,
    pub language: Option<String>,
    pub tags: Vec<String>,
    #[schema(value_type = Object)]
    pub fields: serde_json::Value,
    pub snooze: Option<Snooze>,
    pub follower_ids: Vec<Uuid>,
    pub sla: Option<SlaSummary>,
    pub waiting_since_at: Option<Ts>,
    pub first_response_at: Option<Ts>,
    pub last_activity_at: Ts,
    pub last_entry: Option<LastEntry>,
    pub last_entry_seq: i64,
    /// Entries from outside that the caller has not read; absent in events, which go to many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<i64>,
    pub work: Vec<ConversationWork>,
    pub merged_into_id: Option<Uuid>,
    pub linked_ids: Vec<Uuid>,
    pub is_blocked: bool,
    pub is_restricted: bool,
    pub is_test: bool,
    pub is_demo: bool,
    pub resolved_at: Option<Ts>,
    pub reopened_count: i64,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
    /// With `expand=customer`; `null` when the caller may not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable)]
    pub customer: Option<Option<Customer>>,
    /// With `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable)]
    pub owner: Option<Option<Agent>>,
    /// With `expand=queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable)]
    pub queue: Option<Option<Queue>>,
}

/// A conversation after a command that can be taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConversationResult {
    /// As it is now.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// How to take it back.
    pub undo: Option<Undo>,
}

/// One engagement on one channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Interaction {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub customer_id: Uuid,
    pub channel_id: Uuid,
    pub channel_kind: String,
    pub shape: Shape,
    pub direction: String,
    pub state: InteractionState,
    pub started_at: Ts,
    pub ended_at: Option<Ts>,
    pub end_reason: Option<String>,
    pub continued_from_id: Option<Uuid>,
    pub external_ref: Option<String>,
    pub version: i64,
}

/// What may be changed of a conversation; absent keeps, `null` clears.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct ConversationPatch {
    #[serde(default, deserialize_with = "present")]
    pub subject: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub outcome: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub language: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub owner_agent_id: Option<Option<Uuid>>,
    pub status_id: Option<Uuid>,
    pub priority: Option<Priority>,
    pub tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Object>,
    pub reply_route: Option<ReplyRoute>,
}

/// How a matter ended.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct ResolveInput {
    pub outcome: Option<String>,
    pub wrap_up: Option<WrapUpInput>,
}

/// A wrap-up code with a note.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct WrapUpInput {
    pub code_id: Uuid,
    pub note: Option<String>,
}

/// Until when to put aside.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct SnoozeInput {
    #[serde(default)]
    pub until_at: Option<Ts>,
    #[serde(default)]
    pub until_reply: bool,
}

/// Unread again from here on.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnreadInput {
    /// The first entry that counts as unread; the newest when absent.
    pub seq: Option<i64>,
}

/// Whom a conversation is opened with, when they may not be known yet.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct OpenIdentity {
    pub kind: String,
    pub address: String,
    pub name: Option<String>,
}

/// The first message of an opened conversation.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OpenMessage {
    /// Its text.
    Text(String),
    /// Its text, as in `POST …/messages`.
    Whole {
        /// Plain text.
        text: String,
    },
}

/// A conversation to open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct NewConversation {
    pub customer_id: Option<Uuid>,
    pub identity: Option<OpenIdentity>,
    pub channel_id: Option<Uuid>,
    pub subject: Option<String>,
    pub message: Option<OpenMessage>,
    pub queue_id: Option<Uuid>,
    pub priority: Option<Priority>,
    #[schema(value_type = Option<Object>)]
    pub fields: Option<Object>,
}

/// Into which conversation.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The conversation it is shown in from now on.
    pub into: Uuid,
}

/// A merge of two conversations.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct MergeResult {
    /// For `POST /conversation-merges/{id}/undo`.
    pub merge_id: Uuid,
    /// The one that is shown.
    pub conversation: Conversation,
    /// The one that is shown in it.
    pub source: Conversation,
    pub undo: Option<Undo>,
}

/// Two conversations that are two again.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct UnmergeResult {
    pub conversation: Conversation,
    pub source: Conversation,
}

/// What to split off.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct SplitInput {
    pub entry_ids: Vec<Uuid>,
    pub subject: Option<String>,
}

/// What a split left and made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct SplitResult {
    /// The new one.
    pub conversation: Conversation,
    /// The one it was split off.
    pub original: Conversation,
    pub undo: Option<Undo>,
}

/// One command for many conversations.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub enum BulkAction {
    Resolve {
        outcome: Option<String>,
    },
    Reopen {},
    Assign {
        #[serde(alias = "owner_agent_id")]
        agent_id: Option<Uuid>,
    },
    Tag {
        #[serde(default)]
        add: Vec<String>,
        #[serde(default)]
        remove: Vec<String>,
    },
    Priority {
        priority: Priority,
    },
    Snooze {
        until_at: Option<Ts>,
        #[serde(default)]
        until_reply: bool,
    },
    Unsnooze {},
    Read {},
    Macro {
        macro_id: Option<Uuid>,
    },
}

/// Which conversations, by ids or by a filter, and what to do with them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §1.7")]
pub struct BulkInput {
    /// At most 500.
    #[serde(default)]
    pub ids: Vec<Uuid>,
    /// The filter language, in the place of ids.
    pub q: Option<String>,
    pub action: BulkAction,
    /// Look only.
    #[serde(default)]
    pub is_preview: bool,
}

/// One that is left out, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §1.7")]
pub struct BulkExcluded {
    pub id: Uuid,
    pub code: String,
}

/// What a bulk command would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §1.7")]
pub struct BulkPreview {
    pub affected_count: usize,
    pub excluded: Vec<BulkExcluded>,
}

/// Read up to here.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInput {
    /// The last entry seen.
    pub seq: i64,
}

/// An unsent text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.3")]
pub struct Draft {
    pub conversation_id: Uuid,
    pub user_id: Uuid,
    pub mode: DraftMode,
    pub body: DraftBody,
    pub attachment_ids: Vec<Uuid>,
    pub reply_route: Option<ReplyRoute>,
    pub base_seq: i64,
    pub updated_at: Ts,
    pub version: i64,
}

/// A draft to save.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct DraftInput {
    pub body: DraftBody,
    #[serde(default)]
    pub attachment_ids: Vec<Uuid>,
    pub reply_route: Option<ReplyRoute>,
    #[serde(default)]
    pub base_seq: i64,
}

/// The text of a draft.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct DraftBody {
    #[serde(default)]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Uuid>,
}

/// How many there are, exact to 1,000.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct Count {
    pub count: i64,
    pub unread_count: i64,
    pub is_capped: bool,
}

/// The figures beside the lists of the inbox.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct InboxCounts {
    /// By list: `mine`, `offers`, `mentions`, `snoozed`, `drafts`.
    pub lists: BTreeMap<String, Count>,
    /// By queue.
    pub queues: BTreeMap<Uuid, Count>,
    /// By view.
    pub views: BTreeMap<Uuid, Count>,
}

/// How long a text may be.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct TextMax {
    pub value: i64,
    pub unit: String,
}

/// One way to answer, and whether it is open now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.2")]
pub struct ComposerRoute {
    pub channel_id: Uuid,
    pub identity_id: Option<Uuid>,
    pub channel_kind: String,
    pub channel_name: String,
    pub address: Option<String>,
    pub is_allowed: bool,
    pub why_not: Option<String>,
    #[schema(value_type = Object)]
    pub capabilities: serde_json::Value,
    pub window_closes_at: Option<Ts>,
    pub text_max: Option<TextMax>,
}

/// What is legal now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ComposerState {
    /// The default route first.
    pub routes: Vec<ComposerRoute>,
}
