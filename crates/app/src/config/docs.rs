//! The configuration as people write it: one document per object, the same for single changes and for
//! `POST /config/apply`.
//!
//! # Invariants
//! - A field that is not here is refused: what the engine does not honour cannot be set.
//! - What names another object takes its id or its key.

use std::collections::BTreeMap;

use domain::hours::{Exception, Interval};
use domain::routing::{AgentModel, ChannelPresence, Pool, RoutingKind, StatusKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text per language.
pub type Names = BTreeMap<String, String>;

fn yes() -> bool {
    true
}

/// A member of a queue: an agent, or every agent of a team.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct MemberDoc {
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub team_id: Option<String>,
    #[serde(default)]
    pub tier: u8,
    #[serde(default)]
    pub delay_ms: i64,
}

/// What a queue does with work it cannot take now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct SpillDoc {
    /// `wait`, `overflow` or `reject`.
    pub action: String,
    #[serde(default)]
    pub queue_id: Option<String>,
}

impl Default for SpillDoc {
    fn default() -> Self {
        Self { action: "wait".to_owned(), queue_id: None }
    }
}

/// A queue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct QueueDoc {
    pub key: String,
    #[serde(default)]
    pub name: Names,
    pub routing_config_id: String,
    #[serde(default)]
    pub hours_id: Option<String>,
    #[serde(default)]
    pub members: Vec<MemberDoc>,
    /// `null`: no limit.
    #[serde(default)]
    pub max_waiting: Option<u32>,
    #[serde(default)]
    pub on_full: SpillDoc,
    #[serde(default)]
    pub on_closed: SpillDoc,
    #[serde(default = "minute")]
    pub service_target_ms: i64,
    #[serde(default)]
    pub wrap_up_code_required: bool,
    /// `open`, `closed` or `emergency`.
    #[serde(default = "open")]
    pub state: String,
}

fn minute() -> i64 {
    60_000
}

fn open() -> String {
    "open".to_owned()
}

/// Time after the work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct WrapUpDoc {
    /// `none` or `timeboxed`.
    pub mode: String,
    pub max_ms: i64,
    pub extension_ms: i64,
    pub extensions_max: u32,
}

impl Default for WrapUpDoc {
    fn default() -> Self {
        Self { mode: "none".to_owned(), max_ms: 0, extension_ms: 60_000, extensions_max: 3 }
    }
}

/// How queues offer their work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoutingConfigInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct RoutingConfigDoc {
    pub key: String,
    #[serde(default)]
    pub tier: u8,
    #[serde(default = "aged")]
    pub order_mode: String,
    #[serde(default = "longest_idle")]
    #[schema(value_type = String)]
    pub agent_model: AgentModel,
    #[serde(default = "point")]
    pub units_milli: i64,
    #[serde(default = "primary")]
    #[schema(value_type = String)]
    pub capacity_pool: Pool,
    #[serde(default = "half_minute")]
    pub offer_timeout_ms: i64,
    #[serde(default = "single")]
    pub offer_mode: String,
    #[serde(default)]
    pub auto_accept: bool,
    #[serde(default = "two")]
    pub misses_before_away: u32,
    #[serde(default = "two_minutes")]
    pub exclusion_ttl_ms: i64,
    #[serde(default = "quarter_minute")]
    pub retry_gap_ms: i64,
    #[serde(default)]
    pub wrap_up: WrapUpDoc,
    /// Short for a time-boxed `wrap_up` of this length; 0 for none.
    #[serde(default, skip_serializing)]
    pub wrap_up_ms: Option<i64>,
}

fn aged() -> String {
    "aged".to_owned()
}
fn single() -> String {
    "single".to_owned()
}
fn longest_idle() -> AgentModel {
    AgentModel::LongestIdle
}
fn primary() -> Pool {
    Pool::Primary
}
fn point() -> i64 {
    1_000
}
fn two() -> u32 {
    2
}
fn half_minute() -> i64 {
    30_000
}
fn two_minutes() -> i64 {
    120_000
}
fn quarter_minute() -> i64 {
    15_000
}

/// A presence status.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PresenceStatusInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct PresenceStatusDoc {
    pub key: String,
    #[serde(default)]
    pub name: Names,
    #[schema(value_type = String)]
    pub kind: StatusKind,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub channels: BTreeMap<RoutingKind, ChannelPresence>,
    #[serde(default)]
    pub activity: Option<String>,
    #[serde(default = "yes")]
    pub is_paid: bool,
    #[serde(default)]
    pub is_productive: bool,
}

/// What agents may take at once, and how they may answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PresenceConfigInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct PresenceConfigDoc {
    pub key: String,
    #[serde(default = "eight_points")]
    pub cap_primary_milli: i64,
    /// As `cap_primary_milli` when nothing is said.
    #[serde(default)]
    pub cap_interruptible_milli: Option<i64>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u32>)]
    pub channel_max: BTreeMap<RoutingKind, u32>,
    #[serde(default)]
    pub auto_accept: bool,
    /// Not together with `auto_accept`; allowed when nothing is said and `auto_accept` is off.
    #[serde(default)]
    pub decline_allowed: Option<bool>,
    /// Reasons to choose from; with any, one must be named.
    #[serde(default)]
    pub decline_reason_ids: Vec<String>,
    #[serde(default)]
    pub status_on_decline: Option<String>,
    /// `missed` when nothing is said.
    #[serde(default)]
    pub status_on_timeout: Option<String>,
    /// How long a lost session may return.
    #[serde(default = "half_minute")]
    pub grace_ms: i64,
}

fn eight_points() -> i64 {
    8_000
}

/// A reason for declining an offer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclineReasonInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct DeclineReasonDoc {
    pub key: String,
    #[serde(default)]
    pub name: Names,
}

/// A wrap-up code.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WrapUpCodeInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct WrapUpCodeDoc {
    pub key: String,
    #[serde(default)]
    pub name: Names,
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Empty: for every queue.
    #[serde(default)]
    pub queue_ids: Vec<String>,
}

/// A skill.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkillInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct SkillDoc {
    pub key: String,
    #[serde(default)]
    pub name: Names,
    /// `skill`, `language` or `licence`.
    #[serde(default = "skill")]
    pub kind: String,
}

fn skill() -> String {
    "skill".to_owned()
}

/// A calendar of opening hours; local wall time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BusinessHoursInput)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct HoursDoc {
    pub key: String,
    /// IANA name.
    pub time_zone: String,
    /// Seven lists of `{from, to}`, Monday first.
    #[schema(value_type = Vec<Vec<BTreeMap<String, String>>>)]
    pub weekly: [Vec<Interval>; 7],
    /// `{on, intervals, name}`.
    #[serde(default)]
    #[schema(value_type = Vec<BTreeMap<String, serde_json::Value>>)]
    pub exceptions: Vec<Exception>,
    #[serde(default)]
    pub is_emergency_closed: bool,
}

/// A team.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct TeamDoc {
    pub key: String,
    #[serde(default)]
    pub name: Option<String>,
    /// Ids or addresses.
    #[serde(default)]
    pub user_ids: Vec<String>,
    #[serde(default)]
    pub lead_ids: Vec<String>,
}

/// A skill of an agent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct AgentSkillDoc {
    pub skill_id: String,
    /// 1 to 10.
    pub level: u8,
}

/// Somebody who takes work.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgentInput)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct AgentDoc {
    #[serde(default)]
    pub key: Option<String>,
    /// Id or address of the user; none for bots.
    #[serde(default)]
    pub user_id: Option<String>,
    /// `human` or `bot`; follows from `user_id` when nothing is said.
    #[serde(default)]
    pub kind: Option<String>,
    pub display_name: String,
    /// `default` when nothing is said.
    #[serde(default)]
    pub presence_config_id: Option<String>,
    #[serde(default)]
    pub skills: Vec<AgentSkillDoc>,
    /// Replaces the queues the agent is a member of by name; kept when nothing is said.
    #[serde(default, skip_serializing)]
    pub queue_ids: Option<Vec<String>>,
    /// `active` or `inactive`.
    #[serde(default = "active")]
    pub state: String,
}

fn active() -> String {
    "active".to_owned()
}
