//! Customers who are one person: merges move nothing, what is shown follows from the merges in force.
//!
//! # Invariants
//! - A merge leads from one who stands alone to one who stands alone: the merges in force are a forest.
//! - Ending merges in any order leaves each customer exactly as they were.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::ids::CustomerId;

/// Whom `id` leads to; `parents` says whom each merged customer was merged into.
#[must_use]
pub fn root(parents: &BTreeMap<CustomerId, CustomerId>, id: CustomerId) -> CustomerId {
    let (mut at, mut seen) = (id, BTreeSet::new());
    while let Some(next) = parents.get(&at).filter(|_| seen.insert(at)) {
        at = *next;
    }
    at
}

/// A merge in force as composing sees it.
#[derive(Clone, Debug)]
pub struct Join<'a> {
    /// Who is shown.
    pub target: CustomerId,
    /// Who is shown within them.
    pub source: CustomerId,
    /// By field: `target` or `source`.
    pub choices: &'a Map<String, Value>,
}

/// What a customer and everybody merged into them are together, in the order of the merges.
///
/// A field that only one of them has is theirs; where both differ the choice decides, and the target without one.
#[must_use]
pub fn compose(
    id: CustomerId,
    own: &BTreeMap<CustomerId, Map<String, Value>>,
    joins: &[Join<'_>],
) -> Map<String, Value> {
    let mut shown = own.get(&id).cloned().unwrap_or_default();
    for join in joins.iter().filter(|join| join.target == id) {
        let source = compose(join.source, own, joins);
        for (field, theirs) in source {
            let chosen = choose(shown.get(&field), &theirs, join.choices.get(&field));
            shown.insert(field, chosen);
        }
    }
    shown
}

fn choose(target: Option<&Value>, source: &Value, choice: Option<&Value>) -> Value {
    let mine = target.cloned().unwrap_or(Value::Null);
    match choice.and_then(Value::as_str) {
        Some("source") => source.clone(),
        Some("target") => mine,
        _ if mine.is_null() => source.clone(),
        _ => mine,
    }
}

/// Fields that both have, with different values, and nobody has chosen.
#[must_use]
pub fn conflicts(
    target: &Map<String, Value>,
    source: &Map<String, Value>,
    choices: &Map<String, Value>,
) -> Vec<String> {
    let differs = |field: &&String| {
        let (mine, theirs) = (target.get(*field), source.get(*field));
        let is_set = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
        is_set(mine) && is_set(theirs) && mine != theirs && !choices.contains_key(*field)
    };
    let mut fields: Vec<String> = target.keys().filter(differs).cloned().collect();
    fields.sort_unstable();
    fields
}
