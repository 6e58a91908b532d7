//! Events as they are kept.

use app::model;
use domain::conversation::ActorType;
use serde_json::Value;

use crate::dto::Actor;

/// An event as it was recorded.
#[must_use]
pub fn event(row: &model::Event) -> crate::dto::stream::Event {
    crate::dto::stream::Event {
        id: row.id.0,
        r#type: row.kind.clone(),
        version: row.version,
        timestamp: row.at.into(),
        actor: actor(&row.actor),
        cause_id: row.cause_id,
        data: row.data.clone(),
    }
}

/// The actor of an event, as stored.
#[must_use]
pub fn actor(value: &Value) -> Actor {
    let system = Actor { r#type: ActorType::System.into(), id: None, name: None };
    serde_json::from_value(value.clone()).unwrap_or(system)
}
