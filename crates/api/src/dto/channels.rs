//! Channels as the console sees them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Localized, Ts};

/// What is wrong with a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct HealthError {
    pub code: String,
    pub text: Localized,
    pub since_at: Ts,
}

/// Whether a channel works.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct ChannelHealth {
    /// `ok`, `degraded`, `down` or `unknown`.
    pub state: String,
    pub last_in_at: Option<Ts>,
    pub last_out_at: Option<Ts>,
    pub error: Option<HealthError>,
}

/// What is known of a secret without showing it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct SecretState {
    pub is_set: bool,
    pub last4: Option<String>,
    pub set_at: Option<Ts>,
}

/// One configured account of a channel type.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct Channel {
    pub id: Uuid,
    /// The kind.
    pub r#type: String,
    pub name: String,
    pub key: String,
    /// `draft`, `ready`, `enabled`, `draining`, `disabled` or `archived`.
    pub state: String,
    #[schema(value_type = Object)]
    pub config: serde_json::Value,
    pub secrets: BTreeMap<String, SecretState>,
    pub hook_url: Option<String>,
    /// What pages name to show the widget; `null` for channels without one.
    pub widget_key: Option<String>,
    pub queue_id: Option<Uuid>,
    pub hours_id: Option<Uuid>,
    #[schema(value_type = Object)]
    pub capabilities: serde_json::Value,
    pub health: ChannelHealth,
    pub is_test: bool,
    pub version: i64,
}

/// What everybody who is signed in may know of a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct ChannelSummary {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub health: Option<ChannelHealth>,
}
