//! Setting channels up: types, requests, steps, dead letters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::RoutingKind;
use super::{Localized, Object, Ts};

/// A type of channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct ChannelType {
    pub kind: String,
    pub family: String,
    pub name: Localized,
    pub shape: String,
    pub routing_kind: RoutingKind,
    #[schema(value_type = Object)]
    pub capabilities: serde_json::Value,
    /// JSON Schema with `x-secret`, `x-help` and `x-step`.
    #[schema(value_type = Object)]
    pub config_schema: serde_json::Value,
    pub setup_steps: Vec<SetupStepType>,
}

/// A step of set-up, as its type describes it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct SetupStepType {
    pub key: String,
    /// `input`, `oauth`, `show_webhook_url`, `call_check` or `wait_first_event`.
    pub kind: String,
    pub name: Localized,
    /// Values it fills, by their dotted names.
    pub fields: Vec<String>,
    /// Secrets it fills.
    pub secrets: Vec<String>,
}

/// A step of a channel's set-up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct SetupStep {
    pub key: String,
    pub kind: String,
    pub name: Localized,
    pub fields: Vec<String>,
    pub secrets: Vec<String>,
    /// `todo`, `running`, `done` or `failed`.
    pub state: String,
    #[schema(value_type = Option<Object>)]
    pub error: Option<serde_json::Value>,
    /// What is set, by dotted names; never secrets.
    #[schema(value_type = Object)]
    pub values: Object,
}

/// A new channel.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct NewChannel {
    /// The kind.
    pub r#type: String,
    pub name: String,
    /// Made of the name when absent.
    pub key: Option<String>,
    pub queue_id: Option<Uuid>,
    /// Its own hours; without them it has those of its queue.
    pub hours_id: Option<Uuid>,
    #[schema(value_type = Option<Object>)]
    pub config: Option<serde_json::Value>,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct ChannelChange {
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::extract::present")]
    #[schema(value_type = Option<Uuid>)]
    pub queue_id: Option<Option<Uuid>>,
    /// Its own hours; `null` for those of its queue.
    #[serde(default, deserialize_with = "crate::extract::present")]
    #[schema(value_type = Option<Uuid>)]
    pub hours_id: Option<Option<Uuid>>,
    /// A merge patch of the configuration.
    #[schema(value_type = Option<Object>)]
    pub config: Option<serde_json::Value>,
}

/// Secrets by name; null removes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Secrets {
    /// For how long what each secret was goes on to be believed; 0 when absent, at most seven days.
    pub overlap_ms: Option<i64>,
    /// The secrets of the channel type.
    #[serde(flatten)]
    pub values: BTreeMap<String, Option<String>>,
}

/// How to switch a channel off.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelDisableInput {
    /// What waits to leave still does.
    #[serde(default)]
    pub is_draining: bool,
}

/// Values of a step.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSetupInput {
    /// By dotted names; secrets by theirs.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub inputs: Object,
}

/// What could not be placed or delivered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.9")]
pub struct DeadLetter {
    pub id: Uuid,
    pub channel_id: Uuid,
    pub channel_kind: Option<String>,
    pub channel_name: Option<String>,
    /// `in` or `out`.
    pub direction: String,
    /// A stable word: `list_mail`, `auto_reply`, `loop`, `parser_failed`, `recipient_unknown` …
    pub reason: String,
    pub entry_id: Option<Uuid>,
    /// `from`, `to`, `subject`, `error` …
    #[schema(value_type = Object)]
    pub about: serde_json::Value,
    pub raw_available: bool,
    pub created_at: Ts,
    pub settled_at: Option<Ts>,
}
