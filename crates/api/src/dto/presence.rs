//! Agents, presence, statuses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{ChannelPresence, RoutingKind, SessionState, StatusKind};
use super::{Localized, Ts};

/// A skill of an agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct AgentSkill {
    pub skill_id: Uuid,
    /// 1 to 10.
    pub level: u8,
    pub until_at: Option<Ts>,
}

/// What an agent holds of one kind.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct KindLoad {
    pub held: u32,
    /// `null` where only capacity limits it.
    pub max: Option<u32>,
}

/// What an agent holds, in thousandths of a point.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct AgentLoad {
    pub primary_milli: i64,
    pub interruptible_milli: i64,
    pub cap_primary_milli: i64,
    pub cap_interruptible_milli: i64,
    pub channels: BTreeMap<RoutingKind, KindLoad>,
}

/// Somebody who takes work.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct Agent {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    /// For configuration documents.
    pub key: String,
    /// `human` or `bot`.
    pub kind: String,
    pub display_name: String,
    pub team_ids: Vec<Uuid>,
    pub presence_config_id: Uuid,
    pub skills: Vec<AgentSkill>,
    pub queue_ids: Vec<Uuid>,
    /// `active` or `inactive`.
    pub state: String,
    pub presence: Option<Presence>,
    pub load: Option<AgentLoad>,
    pub idle_since_at: Option<Ts>,
    pub version: i64,
}

/// What the router believes of an agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Presence {
    pub agent_id: Uuid,
    pub status_id: Uuid,
    pub since_at: Ts,
    pub next_status_id: Option<Uuid>,
    pub session: SessionState,
    pub grace_until_at: Option<Ts>,
    pub epoch: u64,
    pub is_wrap_up_locked: bool,
    /// What comes through now, per kind of work.
    pub channels: BTreeMap<RoutingKind, ChannelPresence>,
}

/// A status an agent may be in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct PresenceStatus {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub kind: StatusKind,
    pub channels: BTreeMap<RoutingKind, ChannelPresence>,
    pub activity: Option<String>,
    pub is_paid: bool,
    pub is_productive: bool,
    pub max_duration_ms: Option<i64>,
    pub needs_approval: bool,
    pub is_system: bool,
    pub version: i64,
}

/// A change of one's own status.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.4")]
pub struct PresenceInput {
    /// Id or key of a status.
    pub status: String,
    pub reason: Option<String>,
    /// Takes effect when the work at hand ends.
    #[serde(default)]
    pub is_next: bool,
    pub until_at: Option<Ts>,
    /// Offline although real-time work is held.
    #[serde(default)]
    pub is_confirmed: bool,
}
