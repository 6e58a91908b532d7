//! Queues, routing configurations, teams: what bootstrap and settings show.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{AgentModel, Pool};
use super::{Localized, Ts};

/// A member of a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct QueueMember {
    pub agent_id: Option<Uuid>,
    pub team_id: Option<Uuid>,
    pub tier: u8,
    pub delay_ms: i64,
}

/// What a queue does with work it cannot take now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Spill {
    /// `wait`, `overflow` or `reject`.
    pub action: String,
    pub queue_id: Option<Uuid>,
    pub text_key: Option<String>,
}

/// Time after the work.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct WrapUp {
    /// `none` or `timeboxed`.
    pub mode: String,
    pub max_ms: i64,
    pub extension_ms: i64,
    pub extensions_max: u32,
    pub blocks: Vec<String>,
}

/// A queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct Queue {
    pub id: Uuid,
    pub key: String,
    pub name: Localized,
    pub routing_config_id: Uuid,
    pub hours_id: Option<Uuid>,
    pub members: Vec<QueueMember>,
    pub max_waiting: Option<u32>,
    pub max_wait_ms: Option<i64>,
    pub on_full: Spill,
    pub on_closed: Spill,
    pub service_target_ms: Option<i64>,
    pub wrap_up_code_required: bool,
    /// `open`, `closed` or `emergency`.
    pub state: String,
    pub version: i64,
}

/// How a queue routes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct RoutingConfig {
    pub id: Uuid,
    pub key: String,
    pub tier: u8,
    pub order_mode: String,
    pub agent_model: AgentModel,
    pub units_milli: i64,
    pub capacity_pool: Pool,
    pub offer_timeout_ms: i64,
    pub offer_mode: String,
    pub auto_accept: bool,
    pub misses_before_away: u32,
    pub exclusion_ttl_ms: i64,
    pub retry_gap_ms: i64,
    pub wrap_up: WrapUp,
    pub version: i64,
}

/// A group of users.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.1")]
pub struct Team {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub user_ids: Vec<Uuid>,
    pub lead_ids: Vec<Uuid>,
    pub created_at: Ts,
    pub version: i64,
}
