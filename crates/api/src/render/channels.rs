//! Channels and their health.

use std::collections::BTreeMap;

use app::model;
use jiff::Timestamp;
use serde_json::Value;

use super::object;
use crate::dto::channels::{Channel, ChannelHealth, ChannelSummary, HealthError};

fn health(value: &Value) -> ChannelHealth {
    let at = |name: &str| value.get(name).and_then(Value::as_str)?.parse::<Timestamp>().ok().map(Into::into);
    ChannelHealth {
        state: value.get("state").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
        last_in_at: at("last_in_at"),
        last_out_at: at("last_out_at"),
        error: value.get("error").and_then(health_error),
    }
}

fn health_error(value: &Value) -> Option<HealthError> {
    Some(HealthError {
        code: value.get("code")?.as_str()?.to_owned(),
        text: serde_json::from_value(value.get("text")?.clone()).ok()?,
        since_at: value.get("since_at")?.as_str()?.parse::<Timestamp>().ok()?.into(),
    })
}

impl From<&model::Channel> for ChannelSummary {
    fn from(row: &model::Channel) -> Self {
        Self { id: row.id.0, name: row.name.clone(), kind: row.kind.clone(), health: Some(health(&row.health)) }
    }
}

impl From<&model::Channel> for Channel {
    fn from(row: &model::Channel) -> Self {
        Self {
            id: row.id.0,
            r#type: row.kind.clone(),
            name: row.name.clone(),
            key: row.key.clone(),
            state: row.state.clone(),
            config: object(&row.config),
            secrets: BTreeMap::new(),
            hook_url: None,
            widget_key: app::channels::has_widget(&row.kind).then(|| row.public_key.clone()),
            queue_id: row.queue_id.map(|id| id.0),
            hours_id: row.hours_id.map(|id| id.0),
            capabilities: app::channels::capabilities(&row.kind),
            health: health(&row.health),
            is_test: false,
            version: row.version,
        }
    }
}
