//! Work items, offers, assignments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::conversations::Conversation;
use super::words::{
    AssignmentEnd, AssignmentState, CancelReason, CloseReason, OfferState, PauseReason, RoutingKind, WorkItemState,
};
use super::{Object, Ts};

/// How long it may take.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct EstimatedWait {
    pub band: String,
    pub ms: Option<i64>,
}

/// One stay of something routable in the router.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct WorkItem {
    pub id: Uuid,
    /// `interaction`, or what `POST /work-items` was given.
    pub kind: String,
    pub routing_kind: RoutingKind,
    pub interaction_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    #[schema(value_type = Option<Object>)]
    pub subject: Option<Object>,
    pub external_id: Option<String>,
    #[schema(value_type = Object)]
    pub attributes: Object,
    pub channel_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
    pub direction: String,
    pub language: Option<String>,
    pub priority: u8,
    pub secondary: u8,
    pub tier: u8,
    pub due_at: Option<Ts>,
    pub units_milli: i64,
    pub is_interruptible: bool,
    pub is_exclusive: bool,
    pub state: WorkItemState,
    pub pause_reason: Option<PauseReason>,
    pub close_reason: Option<CloseReason>,
    pub cancel_reason: Option<CancelReason>,
    pub enqueued_at: Option<Ts>,
    pub age_adjust_ms: i64,
    pub position: Option<i64>,
    pub estimated_wait: Option<EstimatedWait>,
    pub attempt: u32,
    pub agent_id: Option<Uuid>,
    pub assignment_id: Option<Uuid>,
    pub previous_id: Option<Uuid>,
    pub wake_at: Option<Ts>,
    pub wrap_up_deadline_at: Option<Ts>,
    pub created_at: Ts,
    pub updated_at: Ts,
    pub version: i64,
}

/// The customer on a card.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct CardCustomer {
    pub id: Uuid,
    pub name: Option<String>,
    pub is_vip: bool,
}

/// What an agent sees of an offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct OfferCard {
    pub channel_kind: Option<String>,
    pub queue_name: String,
    pub customer: Option<CardCustomer>,
    pub waited_ms: i64,
    pub preview: Option<String>,
    pub language: Option<String>,
    pub last_relation: Option<String>,
    pub next_agent_name: Option<String>,
}

/// A work item held for one agent while it rings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Offer {
    pub id: Uuid,
    pub work_item_id: Uuid,
    pub agent_id: Uuid,
    pub epoch: u64,
    pub state: OfferState,
    pub mode: String,
    pub created_at: Ts,
    pub deadline_at: Ts,
    pub ended_at: Option<Ts>,
    pub end_reason: Option<String>,
    pub decline_reason_id: Option<Uuid>,
    pub card: OfferCard,
    /// 1 while pending, 2 once ended.
    pub version: i64,
}

/// One interval in which an agent holds a work item.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Assignment {
    pub id: Uuid,
    pub work_item_id: Uuid,
    pub agent_id: Uuid,
    pub offer_id: Option<Uuid>,
    pub state: AssignmentState,
    pub started_at: Ts,
    pub ended_at: Option<Ts>,
    pub end_reason: Option<AssignmentEnd>,
    pub active_ms: i64,
    pub paused_ms: i64,
    pub interrupted_ms: i64,
    pub wrap_up_ms: i64,
    pub wrap_up_deadline_at: Option<Ts>,
    pub extensions_used: u32,
}

/// The answer to an offer.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInput {
    /// The epoch of the offer.
    pub epoch: u64,
}

/// Why an offer is declined.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.4")]
pub struct DeclineInput {
    pub epoch: u64,
    pub reason_id: Option<Uuid>,
    pub note: Option<String>,
}

/// What an accepted offer became.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.4")]
pub struct AcceptResult {
    pub offer: Offer,
    pub work_item: WorkItem,
    /// `null` when it ended meanwhile.
    pub assignment: Option<Assignment>,
    pub conversation: Option<Conversation>,
}

/// Why work pauses.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseInput {
    /// The reason.
    pub reason: PauseReason,
}

/// How work ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteInput {
    /// Resolves the conversation too.
    #[serde(default)]
    pub resolve: bool,
}

/// Where work goes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct TransferTarget {
    pub agent_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
}

/// A transfer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct TransferInput {
    pub to: TransferTarget,
    /// `blind` or `consult`.
    pub mode: Option<String>,
    pub note: Option<String>,
    pub keep_age: Option<bool>,
}

/// Both sides of a transfer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct TransferResult {
    pub closed: WorkItem,
    pub created: WorkItem,
}

/// How work ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Disposition {
    pub work_item_id: Uuid,
    pub code_id: Option<Uuid>,
    pub note: Option<String>,
    /// It closed by time in a queue that wants a code, without one.
    pub is_code_missing: bool,
    pub agent_id: Option<Uuid>,
    pub updated_at: Ts,
    pub version: i64,
}

impl From<&app::model::Disposition> for Disposition {
    fn from(row: &app::model::Disposition) -> Self {
        Self {
            work_item_id: row.work_item_id.0,
            code_id: row.code_id.map(|id| id.0),
            note: row.note.clone(),
            is_code_missing: row.is_code_missing,
            agent_id: row.agent_id.map(|id| id.0),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// How work ends.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct DispositionInput {
    pub code_id: Option<Uuid>,
    pub note: Option<String>,
}

/// Who gets the work, and why.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct ReassignInput {
    pub to: TransferTarget,
    pub is_forced: Option<bool>,
    #[serde(default)]
    pub reason: String,
}

/// Why work is cancelled.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct CancelInput {
    #[serde(default)]
    pub reason: String,
}

/// What to change of waiting work; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct WorkItemChange {
    pub priority: Option<u8>,
    pub secondary: Option<u8>,
    pub queue_id: Option<Uuid>,
    #[schema(value_type = Option<Object>)]
    pub attributes: Option<Object>,
}

/// A skill that work asks for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct RequiredSkill {
    pub skill_id: Uuid,
    /// 1 to 10.
    #[serde(default = "least_level")]
    pub min_level: u8,
}

fn least_level() -> u8 {
    1
}

/// Whom work should go to.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct PreferredInput {
    pub agent_id: Uuid,
    /// Anybody else after this; a minute when nothing is said.
    pub until_at: Option<Ts>,
}

/// Work from outside.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct NewWorkInput {
    /// `callback`, `task`, `case`, `lead`, `post`, `visit` or `custom`.
    pub kind: String,
    pub routing_kind: RoutingKind,
    pub queue_id: Uuid,
    /// `{type, id, title, url}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub subject: Object,
    pub customer_id: Option<Uuid>,
    pub priority: Option<u8>,
    pub secondary: Option<u8>,
    pub units_milli: Option<i64>,
    pub is_interruptible: Option<bool>,
    #[serde(default)]
    pub required: Vec<RequiredSkill>,
    pub preferred: Option<PreferredInput>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Object,
    pub enqueued_at: Option<Ts>,
    pub wake_at: Option<Ts>,
    pub external_id: Option<String>,
}

/// Work as it was taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.5")]
pub struct CreatedWork {
    #[serde(flatten)]
    pub item: WorkItem,
    pub warnings: Vec<crate::problem::FieldError>,
}
