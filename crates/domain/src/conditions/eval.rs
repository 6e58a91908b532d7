//! What a condition means, in memory. The store renders the same to SQL; a property test holds both together.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::{Condition, Flag, Measure, Measured, Order, WordField};
use crate::conversation::{Priority, StatusCategory};
use crate::fold::fold;
use crate::time::Micros;

/// Who looks, and when: what `me` and spans of time mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The agent behind `me`.
    pub agent: Option<Uuid>,
    /// Now.
    pub now: Micros,
}

/// What a condition may ask of a conversation.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Facts {
    pub number: i64,
    pub status_category: StatusCategory,
    pub status_key: Option<String>,
    pub channel_kinds: Vec<String>,
    pub channel_ids: Vec<Uuid>,
    pub queue_id: Option<Uuid>,
    pub queue_key: Option<String>,
    pub owner_id: Option<Uuid>,
    pub priority: Priority,
    pub tags: Vec<String>,
    /// Whom merges lead to.
    pub customer_id: Uuid,
    /// The customer's own name, folded.
    pub customer_key: String,
    pub language: Option<String>,
    pub fields: BTreeMap<String, Value>,
    pub flags: Vec<Flag>,
    pub due_at: Option<Micros>,
    pub waiting_since_at: Option<Micros>,
    pub last_activity_at: Micros,
    pub created_at: Micros,
    /// Subject, outcome and newest text, folded.
    pub text_key: String,
}

impl Condition {
    /// Whether a conversation meets it.
    #[must_use]
    pub fn is_met(&self, facts: &Facts, viewer: Viewer) -> bool {
        match self {
            Self::All(inner) => inner.iter().all(|c| c.is_met(facts, viewer)),
            Self::Any(inner) => inner.iter().any(|c| c.is_met(facts, viewer)),
            Self::Not(inner) => !inner.is_met(facts, viewer),
            Self::Is { field, any } => any.iter().any(|word| is_word(facts, viewer, field, word)),
            Self::Compare { field, order, value } => compares(facts, viewer, *field, *order, *value),
            Self::Text(words) => holds_text(facts, words),
        }
    }
}

fn is_word(facts: &Facts, viewer: Viewer, field: &WordField, word: &str) -> bool {
    let id = word.parse::<Uuid>().ok();
    match field {
        WordField::Status => facts.status_category.as_str() == word || facts.status_key.as_deref() == Some(word),
        WordField::Channel => facts.channel_kinds.iter().any(|kind| kind == word),
        WordField::ChannelId => id.is_some_and(|id| facts.channel_ids.contains(&id)),
        WordField::Queue => (id.is_some() && id == facts.queue_id) || facts.queue_key.as_deref() == Some(word),
        WordField::Owner => match word {
            "none" => facts.owner_id.is_none(),
            "me" => facts.owner_id.is_some() && facts.owner_id == viewer.agent,
            _ => id.is_some() && id == facts.owner_id,
        },
        WordField::Priority => facts.priority.as_str() == word,
        WordField::Tag => facts.tags.iter().any(|tag| tag == word),
        WordField::Customer => id == Some(facts.customer_id),
        WordField::Language => facts.language.as_deref() == Some(word),
        WordField::Is => word.parse::<Flag>().is_ok_and(|flag| facts.flags.contains(&flag)),
        WordField::Custom(key) => {
            let value = facts.fields.get(key).map(Value::to_string);
            value.is_some_and(|value| WordField::json_forms(word).contains(&value))
        }
    }
}

impl WordField {
    /// The JSON values a word of a custom field stands for: the text, and the number or truth it may be written as.
    #[must_use]
    pub fn json_forms(word: &str) -> Vec<String> {
        let text = Value::String(word.to_owned()).to_string();
        let plain = match serde_json::from_str::<Value>(word) {
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
            Ok(Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_)) | Err(_) => None,
        };
        std::iter::once(text).chain(plain).collect()
    }
}

fn compares(facts: &Facts, viewer: Viewer, field: Measured, order: Order, value: Measure) -> bool {
    let at = match field {
        Measured::Due => facts.due_at,
        Measured::Waiting => facts.waiting_since_at,
        Measured::Activity => Some(facts.last_activity_at),
        Measured::Created => Some(facts.created_at),
        Measured::Number => {
            return matches!(value, Measure::Number(number) if order.holds(facts.number, number));
        }
    };
    let bound = field.bound(order, value, viewer.now);
    at.zip(bound).is_some_and(|(at, (order, bound))| order.holds(at.0, bound.0))
}

fn holds_text(facts: &Facts, words: &str) -> bool {
    let wanted = fold(words);
    let is_number = wanted.parse::<i64>().is_ok_and(|number| number == facts.number);
    is_number || facts.text_key.contains(&wanted) || facts.customer_key.contains(&wanted)
}
