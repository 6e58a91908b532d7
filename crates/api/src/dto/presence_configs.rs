//! What agents may take at once.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::RoutingKind;

/// What agents of this configuration may take at once, and how they may answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §2.4")]
pub struct PresenceConfig {
    pub id: Uuid,
    pub key: String,
    pub cap_primary_milli: i64,
    pub cap_interruptible_milli: i64,
    pub channel_max: BTreeMap<RoutingKind, u32>,
    pub auto_accept: bool,
    pub decline_allowed: bool,
    /// Reasons to choose from when declining.
    pub decline_reason_ids: Vec<Uuid>,
    pub is_decline_reason_required: bool,
    pub status_on_decline: Option<Uuid>,
    /// `null`: the status `missed`.
    pub status_on_timeout: Option<Uuid>,
    pub grace_ms: i64,
    pub version: i64,
}

impl From<&app::model::PresenceConfig> for PresenceConfig {
    fn from(row: &app::model::PresenceConfig) -> Self {
        let settings = &row.settings;
        Self {
            id: row.id.0,
            key: row.key.clone(),
            cap_primary_milli: settings.cap_primary_milli,
            cap_interruptible_milli: settings.cap_interruptible_milli,
            channel_max: settings.channel_max.iter().map(|(kind, most)| ((*kind).into(), *most)).collect(),
            auto_accept: settings.is_auto_accept,
            decline_allowed: settings.is_decline_allowed,
            decline_reason_ids: settings.decline_reason_ids.iter().map(|id| id.0).collect(),
            is_decline_reason_required: settings.is_decline_reason_required || !settings.decline_reason_ids.is_empty(),
            status_on_decline: settings.status_on_decline.map(|id| id.0),
            status_on_timeout: settings.status_on_timeout.map(|id| id.0),
            grace_ms: settings.grace_ms,
            version: row.version,
        }
    }
}
