//! What crosses the router's border: configuration, records, commands, effects, refusals.
//!
//! Ids are the outside UUIDv7 newtypes here; the engine interns them into `u32` handles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{
    AgentId, AssignmentId, CustomerId, DeclineReasonId, OfferId, QueueId, SessionId, SkillId, StatusId, WorkItemId,
};
use crate::time::Micros;

/// The kind of work as routing sees it (one letter-case on the wire: `snake_case`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the field's own")]
pub enum RoutingKind {
    Voice,
    Video,
    Chat,
    Messaging,
    Sms,
    Email,
    Social,
    Task,
    Case,
    Callback,
    Visit,
}

impl RoutingKind {
    /// Real-time work needs the agent's live session; it is requeued when the agent is lost.
    #[must_use]
    pub const fn is_real_time(self) -> bool {
        matches!(self, Self::Voice | Self::Video | Self::Chat | Self::Visit)
    }

    /// Exclusive work is one to one: nothing else may be held beside it.
    #[must_use]
    pub const fn is_exclusive(self) -> bool {
        matches!(self, Self::Voice | Self::Video | Self::Visit)
    }
}

/// How a queue ranks eligible agents (routing.md §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentModel {
    /// Most free primary units first.
    MostAvailable,
    /// Least held units first.
    LeastActive,
    /// Longest since the last handled work ended.
    LongestIdle,
    /// Longest since the last assignment on this kind of work.
    RoundRobin,
}

/// Which pool of an agent's capacity work is booked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Work that others wait for while it goes on.
    Primary,
    /// Work that may be put aside for primary work.
    Interruptible,
}

/// A member of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// 0 is the first ring; a higher one is preferred only when the lower ones have nobody.
    pub tier: u8,
    /// Milliseconds an item must have waited before this member competes for it.
    pub delay_ms: i64,
}

/// What a queue does with work it cannot take now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Spill {
    /// It waits, deferred, until the queue can take it.
    #[default]
    Wait,
    /// It goes to another queue and keeps its age.
    Overflow {
        /// Which.
        queue: QueueId,
    },
    /// It is cancelled, with the reason `rejected`.
    Reject,
}

/// A queue with its routing configuration, as the router needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueConfig {
    /// Which queue.
    pub id: QueueId,
    /// 0 is served strictly before 1, and so on.
    pub tier: u8,
    /// How agents are ranked.
    pub agent_model: AgentModel,
    /// Capacity one item takes, in thousandths of a point.
    pub units_milli: i64,
    /// The pool it is booked on.
    pub pool: Pool,
    /// How long an offer rings.
    pub offer_timeout_ms: i64,
    /// Offers become assignments at once, with nothing to answer.
    pub auto_accept: bool,
    /// Misses in a row before the agent is set to the time-out status.
    pub misses_before_away: u32,
    /// How long a decliner is left out while others are tried (R-REQ-2).
    pub exclusion_ttl_ms: i64,
    /// When the only eligible agent declined, how long until they are tried again.
    pub retry_gap_ms: i64,
    /// After-work time: 0 closes at once.
    pub wrap_up_ms: i64,
    /// How long one extension of wrap-up is.
    pub wrap_up_extension_ms: i64,
    /// How many extensions are allowed.
    pub wrap_up_extensions_max: u32,
    /// Closing needs a wrap-up code.
    pub wrap_up_code_required: bool,
    /// Whether the queue takes items at all now (hours, manual close).
    pub is_open: bool,
    /// What happens to items that arrive while it is closed.
    pub on_closed: Spill,
    /// At most this many waiting; 0 = no limit.
    pub max_waiting: u32,
    /// What happens to items that arrive while it is full.
    pub on_full: Spill,
    /// Who serves it.
    pub members: Vec<Member>,
}

/// What a status lets through for one kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelPresence {
    /// Takes new work.
    Online,
    /// Takes only transfers and direct work.
    TransfersOnly,
    /// Takes nothing.
    Off,
}

/// The broad meaning of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the field's own")]
pub enum StatusKind {
    Online,
    Busy,
    Offline,
}

/// A presence status as the router needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusConfig {
    /// Which status.
    pub id: StatusId,
    /// Broad meaning.
    pub kind: StatusKind,
    /// Kinds of work not named here follow `kind`: online lets all through, the others none.
    pub channels: BTreeMap<RoutingKind, ChannelPresence>,
}

/// An agent with the limits of their presence configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// Who.
    pub id: AgentId,
    /// Primary capacity, in thousandths of a point.
    pub cap_primary_milli: i64,
    /// Capacity for interruptible work together with primary work.
    pub cap_interruptible_milli: i64,
    /// Most items of a kind held at once; a kind not named has no limit but capacity (exclusive kinds: 1).
    pub channel_max: BTreeMap<RoutingKind, u32>,
    /// Offers become assignments at once, whatever the queue says.
    pub auto_accept: bool,
    /// Declining is allowed.
    pub decline_allowed: bool,
    /// A reason must be named when declining.
    pub decline_reason_required: bool,
    /// Status set on a decline, if any.
    pub status_on_decline: Option<StatusId>,
    /// Status set after too many misses.
    pub status_on_timeout: StatusId,
    /// Status when the session is gone for good.
    pub status_offline: StatusId,
    /// How long a lost session may return before real-time work is requeued.
    pub grace_ms: i64,
    /// Skills with their levels (1–10); interned into profiles.
    pub skills: BTreeMap<SkillId, u8>,
}

/// States of a work item (routing.md §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the table")]
pub enum ItemState {
    New,
    Deferred,
    Queued,
    Offered,
    Active,
    Paused,
    WrapUp,
    Closed,
    Cancelled,
}

impl ItemState {
    /// Closed and cancelled are final.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }

    /// An agent holds it: active, paused or in wrap-up.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Active | Self::Paused | Self::WrapUp)
    }
}

/// Why an item is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum PauseReason {
    Interrupted,
    Agent,
    WaitingCustomer,
    Snoozed,
}

/// Why an item was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum CloseReason {
    Completed,
    Transferred,
    Reassigned,
    Merged,
}

/// Why an item was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum CancelReason {
    Abandoned,
    Withdrawn,
    Merged,
    Rejected,
    CallbackUnreachable,
    Supervisor,
    Blocked,
}

/// A work item as the router knows it and the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which.
    pub id: WorkItemId,
    /// The queue it is in or came from.
    pub queue: QueueId,
    /// What kind of work.
    pub kind: RoutingKind,
    /// The customer behind it.
    pub customer: Option<CustomerId>,
    /// 0–100, one point is one minute of waiting.
    pub priority: u8,
    /// 0 (best) to 9.
    pub secondary: u8,
    /// Strict class: 0 first.
    pub tier: u8,
    /// When waiting began; kept for life.
    pub enqueued_at: Micros,
    /// Waiting carried over from an earlier item, in ms; also recovery boosts.
    pub age_adjust_ms: i64,
    /// Order of arrival; breaks ties. Rises for life, kept by the store.
    pub seq: u64,
    /// Capacity it takes, in thousandths.
    pub units_milli: i64,
    /// The pool it is booked on.
    pub pool: Pool,
    /// Skills with their least level; interned with queue and kind into demand classes.
    pub required: BTreeMap<SkillId, u8>,
    /// Only (`mandatory`) or first this agent.
    pub preferred: Option<Preferred>,
    /// State.
    pub state: ItemState,
    /// Set while paused.
    pub pause_reason: Option<PauseReason>,
    /// Set once closed.
    pub close_reason: Option<CloseReason>,
    /// Set once cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// Rounds of offers that ended unaccepted.
    pub attempt: u32,
    /// Who holds it (active, paused, wrap-up) or is being asked (offered).
    pub agent: Option<AgentId>,
    /// The live assignment.
    pub assignment: Option<AssignmentId>,
    /// Agents left out of this round, with the end of their exclusion.
    pub excluded: Vec<(AgentId, Micros)>,
    /// When a deferred item wakes.
    pub wake_at: Option<Micros>,
    /// When wrap-up ends by itself.
    pub wrap_up_deadline: Option<Micros>,
    /// Extensions of wrap-up used.
    pub extensions_used: u32,
    /// The item this one continues.
    pub previous: Option<WorkItemId>,
}

/// Affinity of an item to one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferred {
    /// Whom.
    pub agent: AgentId,
    /// The window's end; afterwards anyone.
    pub until: Micros,
}

/// States of an offer (routing.md §1.4, api.md §8 C4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the table")]
pub enum OfferState {
    Pending,
    Accepted,
    Declined,
    TimedOut,
    Cancelled,
    Rescinded,
}

/// Why an offer was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum RescindReason {
    LostRace,
    Supervisor,
    SessionLost,
    StatusChange,
    RouterRestart,
    Merged,
}

/// A work item held for one agent while it rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which.
    pub id: OfferId,
    /// For what.
    pub item: WorkItemId,
    /// For whom.
    pub agent: AgentId,
    /// The agent's session epoch when it was made; answers with another one are stale.
    pub epoch: u64,
    /// State.
    pub state: OfferState,
    /// When it began to ring.
    pub created_at: Micros,
    /// When it lapses.
    pub deadline: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Why it was rescinded.
    pub rescind_reason: Option<RescindReason>,
    /// Why it was declined.
    pub decline_reason: Option<DeclineReasonId>,
}

/// States of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum AssignmentState {
    Active,
    Paused,
    WrapUp,
    Ended,
}

/// Why an assignment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the contract")]
pub enum AssignmentEnd {
    Completed,
    Transferred,
    Reassigned,
    Lost,
    Merged,
}

/// Why an agent may hold more than capacity allows (R-CAP-9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the rule")]
pub enum Override {
    SupervisorAssign,
    SelfPick,
    Reopen,
    Reassign,
    IdleReturn,
    DirectIgnoreCapacity,
}

/// One interval in which an agent holds a work item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Which.
    pub id: AssignmentId,
    /// What is held.
    pub item: WorkItemId,
    /// By whom.
    pub agent: AgentId,
    /// The offer it came from; none when picked or forced.
    pub offer: Option<OfferId>,
    /// State.
    pub state: AssignmentState,
    /// When it began.
    pub started_at: Micros,
    /// When the present state began; the three sums below count up to here.
    pub state_since: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Why it ended.
    pub end_reason: Option<AssignmentEnd>,
    /// Milliseconds active.
    pub active_ms: i64,
    /// Milliseconds paused.
    pub paused_ms: i64,
    /// Milliseconds in wrap-up.
    pub wrap_up_ms: i64,
    /// Why it may exceed capacity.
    pub override_reason: Option<Override>,
}

/// Whether an agent's routable session is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// A socket is open.
    Live,
    /// It was lost and may still return.
    Grace,
    /// There is none.
    None,
}

/// What the router believes of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub agent: AgentId,
    /// The status in force.
    pub status: StatusId,
    /// Since when.
    pub since: Micros,
    /// Status to take when the work at hand ends.
    pub next_status: Option<StatusId>,
    /// The sign-in session that is routable.
    pub session: Option<SessionId>,
    /// Whether it is there.
    pub session_state: SessionState,
    /// When the grace ends.
    pub grace_until: Option<Micros>,
    /// Rises with every new routable session; fences answers.
    pub epoch: u64,
    /// Misses in a row.
    pub misses: u32,
    /// When the last handled work ended, or the shift's first availability: for longest idle.
    pub idle_since: Option<Micros>,
    /// When an item was last assigned, per kind: for round robin.
    pub last_assigned: BTreeMap<RoutingKind, Micros>,
    /// When an offer was last made: for the offer rate limit (R-REQ-4).
    pub last_offer_at: Option<Micros>,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum By {
    Agent(AgentId),
    Supervisor(AgentId),
    System,
}

/// What may be asked of the router.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub enum Command {
    /// Adds or replaces a queue; members and limits act at once.
    PutQueue { queue: QueueConfig },
    /// Adds or replaces a status.
    PutStatus { status: StatusConfig },
    /// Adds or replaces an agent's limits and skills.
    PutAgent { agent: AgentConfig },
    /// Deactivates an agent who holds nothing (else refused).
    RemoveAgent { agent: AgentId },
    /// T1 with T2, T3 or T5: a new item enters. `item.state` is `New`; `seq` is given by the store.
    Enqueue { item: Item },
    /// T8: changes priority, secondary, tier or queue; the age is kept.
    Edit { item: WorkItemId, priority: Option<u8>, secondary: Option<u8>, queue: Option<QueueId> },
    /// T9, T22, T24: ends an item that is not finished.
    Cancel { item: WorkItemId, reason: CancelReason },
    /// T10. Idempotent: repeating the accept that won answers the same.
    Accept { offer: OfferId, agent: AgentId, epoch: u64 },
    /// T11 for this agent.
    Decline { offer: OfferId, agent: AgentId, epoch: u64, reason: Option<DeclineReasonId> },
    /// T12: an agent or supervisor takes a queued (or offered to others) item.
    Pull { item: WorkItemId, agent: AgentId, by: By },
    /// T13.
    Pause { item: WorkItemId, reason: PauseReason },
    /// T14.
    Resume { item: WorkItemId },
    /// T15: wrap-up if the queue has it, else closed.
    Complete { item: WorkItemId },
    /// T16.
    FinishWrapUp { item: WorkItemId },
    /// Extends wrap-up once more.
    ExtendWrapUp { item: WorkItemId },
    /// T17.
    Return { item: WorkItemId },
    /// T18: closes this item and enqueues `new` (state `New`, age carried over when `keep_age`).
    Transfer { item: WorkItemId, new: Item, keep_age: bool },
    /// T20: moves a held item to another agent at once.
    Reassign { item: WorkItemId, to: AgentId, by: By },
    /// The agent's, a supervisor's or the system's change of status.
    SetPresence { agent: AgentId, status: StatusId, is_next: bool, by: By },
    /// A routable socket of a sign-in session opened (first one of that session).
    SessionOpened { agent: AgentId, session: SessionId },
    /// The last routable socket of that session closed.
    SessionLost { agent: AgentId, session: SessionId },
    /// The agent signed out: as if grace had run out, status offline.
    SignedOut { agent: AgentId },
    /// Time passed; carries out everything due.
    Tick,
}

/// What the shell must commit, in order, and then tell. Every record is whole: upsert by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub enum Effect {
    /// A work item changed. `row` is the row of table 1.3 (1–24); `None` for a change within a state.
    Item { item: Item, previous: Option<ItemState>, row: Option<u8>, reason: Option<&'static str> },
    /// An offer was made or ended.
    Offer { offer: Offer, previous: Option<OfferState> },
    /// An assignment began, changed or ended.
    Assignment { assignment: Assignment },
    /// An agent's presence changed. `previous_status` differs from the present one when the status changed.
    Presence { presence: Presence, previous_status: StatusId, by: By, reason: &'static str },
}

/// Why a command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Refused {
    #[error("work item is unknown to the router")]
    UnknownItem,
    #[error("offer is unknown to the router")]
    UnknownOffer,
    #[error("agent is unknown to the router")]
    UnknownAgent,
    #[error("queue is unknown to the router")]
    UnknownQueue,
    #[error("status is unknown to the router")]
    UnknownStatus,
    #[error("the offer ran out before the answer arrived")]
    OfferExpired,
    #[error("the offer is no longer open")]
    OfferClosed { state: OfferState },
    #[error("the answer comes from an earlier session")]
    StaleEpoch,
    #[error("the offer is another agent's")]
    OfferNotYours,
    #[error("declining is not allowed")]
    DeclineNotAllowed,
    #[error("declining needs a reason")]
    DeclineReasonRequired,
    #[error("the work item is in a state that does not allow this")]
    ItemState { state: ItemState },
    #[error("another agent holds the work item")]
    AlreadyAssigned { agent: AgentId },
    #[error("no extension of wrap-up is left")]
    NoExtensionLeft,
    #[error("the agent still holds work")]
    AgentHasWork { count: u32 },
    #[error("a value is out of range: {0}")]
    OutOfRange(&'static str),
    #[error("the work item exists already")]
    AlreadyExists,
}

/// The whole of a router's durable state, to rebuild it from the store.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Snapshot {
    pub queues: Vec<QueueConfig>,
    pub statuses: Vec<StatusConfig>,
    pub agents: Vec<AgentConfig>,
    pub presences: Vec<Presence>,
    /// Live items only (not terminal).
    pub items: Vec<Item>,
    /// Pending offers only; they are rescinded (`router_restart`).
    pub offers: Vec<Offer>,
    /// Assignments not ended.
    pub assignments: Vec<Assignment>,
}
