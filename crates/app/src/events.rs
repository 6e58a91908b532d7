//! Events as use cases write them: one line each, ids and states only.

use domain::ids::OrganizationId;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::events::Event;
use uuid::Uuid;

/// The actor of things that happen by themselves.
pub fn system() -> Value {
    json!({ "type": "system", "id": null })
}

/// An event of version 1.
pub fn event(id: Uuid, organization: OrganizationId, kind: &str, at: Timestamp, actor: Value, data: Value) -> Event {
    Event {
        id: id.into(),
        organization_id: organization,
        kind: kind.to_owned(),
        version: 1,
        at,
        actor,
        cause_id: None,
        data,
    }
}
