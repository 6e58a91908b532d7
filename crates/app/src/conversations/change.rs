//! How a conversation changes: what differs is written, told and can be taken back, all by one rule.
//!
//! # Invariants
//! - A change that changes nothing writes and tells nothing.
//! - Events name the fields that changed; before-values stand in them only where they are ids, states, figures or times.

use domain::conversation::StatusCategory;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::conversations::Conversation;

use crate::Error;
use crate::pen::Pen;

/// Fields whose before-value may stand in an event.
const TOLD: [&str; 13] = [
    "status_id",
    "status_category",
    "priority",
    "owner_agent_id",
    "queue_id",
    "snoozed_until",
    "snoozed_until_reply",
    "waiting_since_at",
    "resolved_at",
    "reopened_count",
    "merged_into_id",
    "is_restricted",
    "follower_ids",
];

/// What of a conversation commands change, by name.
pub(super) fn facets(c: &Conversation) -> Map<String, Value> {
    let route = c.reply_channel_id.map(|channel| json!({ "channel_id": channel, "identity_id": c.reply_identity_id }));
    let facets = json!({
        "subject": c.subject, "outcome": c.outcome, "status_id": c.desk.status_id, "status_category": c.status_category,
        "priority": c.priority, "owner_agent_id": c.owner_agent_id, "queue_id": c.queue_id, "reply_route": route,
        "language": c.language, "tags": c.tags, "fields": c.fields, "snoozed_until": c.snoozed_until,
        "snoozed_until_reply": c.is_snoozed_until_reply, "snoozed_by": c.desk.snoozed_by,
        "waiting_since_at": c.waiting_since_at, "resolved_at": c.resolved_at, "reopened_count": c.reopened_count,
        "follower_ids": c.desk.follower_ids, "mentioned_ids": c.desk.mentioned_ids, "linked_ids": c.desk.linked_ids,
        "merged_into_id": c.desk.merged_into_id, "is_restricted": c.desk.is_restricted,
    });
    match facets {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// Puts one facet back; unknown names and values are left alone.
fn put(c: &mut Conversation, name: &str, value: &Value) {
    fn set<T: serde::de::DeserializeOwned>(place: &mut T, value: &Value) {
        if let Ok(value) = serde_json::from_value(value.clone()) {
            *place = value;
        }
    }
    match name {
        "subject" => set(&mut c.subject, value),
        "outcome" => set(&mut c.outcome, value),
        "status_id" => set(&mut c.desk.status_id, value),
        "status_category" => set(&mut c.status_category, value),
        "priority" => set(&mut c.priority, value),
        "owner_agent_id" => set(&mut c.owner_agent_id, value),
        "queue_id" => set(&mut c.queue_id, value),
        "reply_route" => {
            set(&mut c.reply_channel_id, value.get("channel_id").unwrap_or(&Value::Null));
            set(&mut c.reply_identity_id, value.get("identity_id").unwrap_or(&Value::Null));
        }
        "language" => set(&mut c.language, value),
        "tags" => set(&mut c.tags, value),
        "fields" => set(&mut c.fields, value),
        "snoozed_until" => set(&mut c.snoozed_until, value),
        "snoozed_until_reply" => set(&mut c.is_snoozed_until_reply, value),
        "snoozed_by" => set(&mut c.desk.snoozed_by, value),
        "waiting_since_at" => set(&mut c.waiting_since_at, value),
        "resolved_at" => set(&mut c.resolved_at, value),
        "reopened_count" => set(&mut c.reopened_count, value),
        _ => {}
    }
}

/// Puts facets back as they were remembered.
pub(super) fn put_all(c: &mut Conversation, facets: &Map<String, Value>) {
    for (name, value) in facets {
        put(c, name, value);
    }
}

/// One conversation's part of an undo: what a command set, and what stood there before.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(crate) struct Step {
    pub conversation_id: domain::ids::ConversationId,
    pub set: Map<String, Value>,
    pub before: Map<String, Value>,
    /// Work that a resolution ended: `{work_item_id, agent_id?}`.
    #[serde(default)]
    pub ended_work: Vec<Value>,
    /// Engagements that a resolution ended.
    #[serde(default)]
    pub ended_interactions: Vec<domain::ids::InteractionId>,
}

impl Step {
    /// Puts the before-values back.
    ///
    /// # Errors
    /// [`Error::UndoStale`] when something has changed what the command set.
    pub(super) fn take_back(&self, c: &mut Conversation) -> Result<(), Error> {
        let now = facets(c);
        if self.set.iter().any(|(name, value)| now.get(name) != Some(value)) {
            return Err(Error::UndoStale);
        }
        for (name, value) in &self.before {
            put(c, name, value);
        }
        Ok(())
    }
}

/// Writes what differs from `before` and tells of it; what an undo needs, or `None` when nothing differs.
pub(super) async fn save(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    before: &Conversation,
    after: &mut Conversation,
) -> Result<Option<Step>, Error> {
    let (was, is) = (facets(before), facets(after));
    let changed: Vec<&String> =
        is.iter().filter(|(name, value)| was.get(*name) != Some(*value)).map(|(n, _)| n).collect();
    if changed.is_empty() {
        return Ok(None);
    }
    store::conversations::update(tx, after, pen.now).await?;
    store::search::index_conversation(tx, after).await?;
    let previous: Map<String, Value> = was
        .iter()
        .filter(|(name, _)| changed.contains(name) && TOLD.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let names = wire_names(&changed);
    for kind in kinds(before, after, &changed) {
        let data = json!({ "conversation_id": after.id, "changed": names, "previous": previous });
        pen.tell(tx, kind, data).await?;
    }
    let pick = |from: &Map<String, Value>| {
        changed.iter().filter_map(|name| Some(((*name).clone(), from.get(*name)?.clone()))).collect()
    };
    Ok(Some(Step {
        conversation_id: after.id,
        set: pick(&is),
        before: pick(&was),
        ended_work: Vec::new(),
        ended_interactions: Vec::new(),
    }))
}

/// The fields' names on the wire, each once.
fn wire_names(changed: &[&String]) -> Vec<String> {
    let mut names: Vec<String> = changed
        .iter()
        .filter(|name| name.as_str() != "mentioned_ids")
        .map(|name| if name.starts_with("snoozed_") { "snooze".to_owned() } else { (*name).clone() })
        .collect();
    names.dedup();
    names
}

/// Which events tell of a change.
fn kinds(before: &Conversation, after: &Conversation, changed: &[&String]) -> Vec<&'static str> {
    let has = |name: &str| changed.iter().any(|c| c.as_str() == name);
    let mut kinds = Vec::new();
    match (before.status_category, after.status_category) {
        (was, StatusCategory::Resolved) if was != StatusCategory::Resolved => kinds.push("conversation.resolved"),
        (StatusCategory::Resolved, is) if is != StatusCategory::Resolved => kinds.push("conversation.reopened"),
        (was, is) if was != is || has("status_id") => kinds.push("conversation.status_changed"),
        (StatusCategory::Open | StatusCategory::Waiting | StatusCategory::Resolved, _) => {}
    }
    if has("owner_agent_id") {
        kinds.push("conversation.owner_changed");
    }
    if has("snoozed_until") || has("snoozed_until_reply") {
        kinds.push(if after.is_snoozed() { "conversation.snoozed" } else { "conversation.unsnoozed" });
    }
    if has("follower_ids") {
        kinds.push("conversation.followers_changed");
    }
    let rest =
        ["subject", "outcome", "priority", "queue_id", "reply_route", "language", "tags", "fields", "linked_ids"];
    if rest.iter().any(|name| has(name)) || kinds.is_empty() {
        kinds.push("conversation.updated");
    }
    kinds
}

/// How long a command can be taken back.
const UNDO_FOR_MS: i64 = 10 * 60 * 1_000;

/// How to take a command back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undo {
    /// For `POST /undos/{id}`.
    pub id: uuid::Uuid,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Remembers how to take a command back; `None` when it changed nothing.
pub(super) async fn remember(tx: &mut db::Tx<'_>, pen: &mut Pen, steps: &[Step]) -> Result<Option<Undo>, Error> {
    if steps.is_empty() {
        return Ok(None);
    }
    remember_kind(tx, pen, "conversations", json!({ "steps": steps }), UNDO_FOR_MS).await.map(Some)
}

/// Remembers how to take back a command of any kind.
pub(crate) async fn remember_kind(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    kind: &str,
    data: Value,
    for_ms: i64,
) -> Result<Undo, Error> {
    let expires_at = domain::time::Micros::from(pen.now).plus_ms(for_ms).into();
    let undo = store::undos::Undo {
        id: pen.id(),
        organization_id: pen.actor.organization,
        user_id: pen.actor.standing.user,
        kind: kind.to_owned(),
        data,
        created_at: pen.now,
        expires_at,
        used_at: None,
    };
    store::undos::insert(tx, &undo).await?;
    Ok(Undo { id: undo.id, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snooze_is_one_field_on_the_wire() {
        let names = ["snoozed_by", "snoozed_until", "snoozed_until_reply"].map(str::to_owned);
        assert_eq!(wire_names(&names.iter().collect::<Vec<_>>()), ["snooze"]);
    }
}
