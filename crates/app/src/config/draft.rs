//! A change in the making: the configuration as it was, and as it would be. Pure.
//!
//! # Invariants
//! - Absent fields keep what is stored, `null` clears, lists replace whole (RFC 7396).
//! - What nobody changed is not written: an object counts as changed when its document does.

use std::collections::{BTreeMap, BTreeSet};

use domain::routing::Member;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::build::{Built, Faults, Index, Site, build};
use super::rows::{Catalog, Noun, Row};
use super::show::{References, document};
use crate::{Error, FieldError};

/// One document of a change.
pub(super) struct Entry {
    pub noun: Noun,
    /// The object it is about; a new one gets this id.
    pub id: Uuid,
    pub input: Map<String, Value>,
    /// Where it stands in the document of the whole.
    pub pointer: String,
}

/// The configuration before and after.
pub(super) struct Draft {
    pub before: Catalog,
    pub after: Catalog,
    index: Index,
    now: Timestamp,
}

/// What a change comes to.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub created: Vec<Row>,
    /// Before and after.
    pub updated: Vec<(Row, Row)>,
    pub removed: Vec<Row>,
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }
}

impl Draft {
    pub fn new(before: Catalog, now: Timestamp) -> Self {
        Self { after: before.clone(), index: Index::new(&before), before, now }
    }

    /// What a document of this kind is about: by key, an agent also by its user.
    pub fn find(&self, noun: Noun, input: &Map<String, Value>) -> Option<Uuid> {
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let by_key = text("key").and_then(|key| self.index.find(noun, key));
        let user = text("user_id").filter(|_| noun == Noun::Agent).and_then(|named| self.index.person(named));
        by_key.or_else(|| {
            let is_theirs = |row: &&Row| matches!(row, Row::Agent(agent) if agent.user_id.map(|id| id.0) == user);
            user.and_then(|_| self.after.of(Noun::Agent).find(is_theirs)).map(Row::id)
        })
    }

    /// Lets documents refer to an object that is about to be created.
    pub fn announce(&mut self, noun: Noun, key: &str, id: Uuid) {
        self.index.add(noun, key.to_owned(), id);
    }

    /// Takes one document in.
    pub fn put(&mut self, entry: Entry) -> Result<(), Vec<FieldError>> {
        let Entry { noun, id, input, pointer } = entry;
        let old = self.after.get(noun, id).cloned();
        if old.as_ref().is_some_and(Row::is_fixed) {
            return Err(vec![fault(pointer, "enum", "the system's own; it cannot be changed")]);
        }
        let mut wanted = old.as_ref().map_or_else(|| Value::Object(Map::new()), |row| document(row, References::Ids));
        merge(&mut wanted, input);
        let place = 1 + i64::try_from(self.after.of(Noun::PresenceStatus).count()).unwrap_or(i64::MAX - 1);
        let (organization, now, index) = (self.after.organization, self.now, &self.index);
        let faults = Faults::default();
        let mut site = Site { organization, index, now, id, old: old.as_ref(), place, faults };
        let built = build(noun, wanted, &mut site);
        let mut faults = site.faults;
        let built = built.map_err(|wrong| faults.0.push(wrong)).ok();
        if let (Some(built), Some(old)) = (&built, &old) {
            check_lasting(&built.row, old, &mut faults);
        }
        match built {
            Some(Built { row, queues }) if faults.0.is_empty() => {
                self.after.put(row);
                queues.into_iter().for_each(|queues| self.join(id, &queues));
                Ok(())
            }
            Some(_) | None => Err(faults.0.into_iter().map(|wrong| below(&pointer, wrong)).collect()),
        }
    }

    /// Makes an agent a named member of exactly these queues; a place they have is kept.
    pub fn join(&mut self, agent: Uuid, queues: &[Uuid]) {
        for row in self.after.rows.values_mut() {
            let Row::Queue(row) = row else { continue };
            let is_wanted = queues.contains(&row.queue.id.0);
            let is_member = row.agents.iter().any(|member| member.agent.0 == agent);
            if is_wanted && !is_member {
                row.agents.push(Member { agent: agent.into(), tier: 0, delay_ms: 0 });
                row.agents.sort_unstable_by_key(|member| member.agent);
            } else if !is_wanted {
                row.agents.retain(|member| member.agent.0 != agent);
            }
        }
    }

    /// Takes an object out.
    pub fn remove(&mut self, noun: Noun, id: Uuid) {
        self.after.rows.remove(&(noun, id));
    }

    /// Checks what no single document shows: keys, references, circles.
    pub fn check(&self) -> Result<(), Error> {
        self.check_keys()?;
        self.check_references()?;
        self.check_overflow()?;
        self.check_parents()
    }

    fn check_keys(&self) -> Result<(), Error> {
        let mut seen: BTreeMap<(Noun, String), Uuid> = BTreeMap::new();
        let mut people: BTreeMap<Uuid, Uuid> = BTreeMap::new();
        for row in self.after.rows.values() {
            let user = match row {
                Row::Agent(agent) => agent.user_id.map(|id| id.0),
                _ => None,
            };
            let other = seen.insert((row.noun(), row.key()), row.id());
            let twin = user.and_then(|user| people.insert(user, row.id()));
            if let Some(existing) = other.or(twin) {
                return Err(Error::AlreadyExists { existing_id: Some(existing) });
            }
        }
        Ok(())
    }

    fn check_references(&self) -> Result<(), Error> {
        let missing = |row: &&Row| row.references().iter().any(|&(noun, id)| self.after.get(noun, id).is_none());
        let by: Vec<String> = self.after.rows.values().filter(missing).map(Row::name).collect();
        if by.is_empty() { Ok(()) } else { Err(Error::InUse { by }) }
    }

    fn check_overflow(&self) -> Result<(), Error> {
        let next: BTreeMap<Uuid, Vec<Uuid>> = self
            .after
            .of(Noun::Queue)
            .filter_map(|row| match row {
                Row::Queue(row) => Some((row.queue.id.0, row.spills())),
                _ => None,
            })
            .collect();
        let name = |id: &Uuid| self.after.get(Noun::Queue, *id).map(Row::key).unwrap_or_default();
        match circle(&next) {
            Some(path) => Err(Error::OverflowCycle(path.iter().map(name).collect::<Vec<_>>().join(" → "))),
            None => Ok(()),
        }
    }

    fn check_parents(&self) -> Result<(), Error> {
        let parents: BTreeMap<Uuid, Vec<Uuid>> = self
            .after
            .of(Noun::WrapUpCode)
            .filter_map(|row| match row {
                Row::WrapUpCode(row) => Some((row.id, row.settings.parent_id.iter().map(|id| id.0).collect())),
                _ => None,
            })
            .collect();
        match circle(&parents) {
            Some(_) => Err(Error::field("/parent_id", "enum", "a code cannot stand above itself")),
            None => Ok(()),
        }
    }

    /// What differs.
    pub fn difference(&self) -> Difference {
        let mut difference = Difference::default();
        for (place, row) in &self.after.rows {
            match self.before.rows.get(place) {
                None => difference.created.push(row.clone()),
                Some(old) if document(old, References::Ids) != document(row, References::Ids) => {
                    difference.updated.push((old.clone(), row.clone()));
                }
                Some(_) => {}
            }
        }
        let gone = self.before.rows.iter().filter(|(place, _)| !self.after.rows.contains_key(place));
        difference.removed = gone.map(|(_, row)| row.clone()).collect();
        difference
    }
}

fn fault(pointer: String, code: &'static str, detail: &str) -> FieldError {
    FieldError { pointer, code, detail: detail.to_owned() }
}

fn below(pointer: &str, wrong: FieldError) -> FieldError {
    FieldError { pointer: format!("{pointer}{}", wrong.pointer), ..wrong }
}

/// Keys never change, and neither does what an agent is; an agent's first key may be given later.
fn check_lasting(row: &Row, old: &Row, faults: &mut Faults) {
    let is_first_key = matches!(old, Row::Agent(old) if old.key.is_none());
    if row.key() != old.key() && !is_first_key {
        faults.add("/key", "pattern", "a key never changes");
    }
    if let (Row::Agent(row), Row::Agent(old)) = (row, old) {
        if row.kind != old.kind {
            faults.add("/kind", "enum", "a human stays a human, a bot a bot");
        }
        if row.user_id != old.user_id {
            faults.add("/user_id", "pattern", "an agent stays the same user");
        }
    }
}

/// JSON merge patch (RFC 7396).
fn merge(target: &mut Value, patch: Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        match value {
            Value::Null => drop(fields.remove(&name)),
            Value::Object(inner) => merge(fields.entry(name).or_insert(Value::Null), inner),
            value => drop(fields.insert(name, value)),
        }
    }
}

/// A circle in a graph, with its first node at both ends.
///
/// Takes away, again and again, what leads nowhere; what is left leads into a circle.
fn circle(next: &BTreeMap<Uuid, Vec<Uuid>>) -> Option<Vec<Uuid>> {
    let mut left: BTreeSet<Uuid> = next.keys().copied().collect();
    loop {
        let leads_on = |id: &Uuid| next[id].iter().any(|to| left.contains(to));
        let dead: BTreeSet<Uuid> = left.iter().copied().filter(|id| !leads_on(id)).collect();
        if dead.is_empty() {
            break;
        }
        left.retain(|id| !dead.contains(id));
    }
    let mut path = vec![*left.first()?];
    loop {
        let here = path.last()?;
        let to = next[here].iter().copied().find(|to| left.contains(to))?;
        let seen = path.iter().position(|&seen| seen == to);
        path.push(to);
        if let Some(at) = seen {
            return Some(path.split_off(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graph(edges: &[(u128, u128)], nodes: u128) -> BTreeMap<Uuid, Vec<Uuid>> {
        let to = |from| edges.iter().filter(move |edge| edge.0 == from).map(|edge| Uuid::from_u128(edge.1)).collect();
        (1..=nodes).map(|node| (Uuid::from_u128(node), to(node))).collect()
    }

    #[test]
    fn a_circle_is_found_wherever_it_hangs() {
        assert_eq!(circle(&graph(&[(1, 2), (2, 3), (1, 3)], 3)), None);
        let path = circle(&graph(&[(1, 2), (2, 3), (3, 4), (4, 2)], 4)).expect("a circle");
        assert_eq!(path.first(), path.last());
        assert_eq!(path.len(), 4, "1 only leads to it");
        assert_eq!(circle(&graph(&[(1, 1)], 1)).map(|path| path.len()), Some(2));
    }

    #[test]
    fn a_patch_keeps_what_is_absent_clears_what_is_null_and_replaces_lists() {
        let mut target = json!({ "a": 1, "b": { "c": 1, "d": 2 }, "e": [1, 2] });
        let patch = json!({ "b": { "c": null, "x": 3 }, "e": [9] });
        merge(&mut target, patch.as_object().expect("an object").clone());
        assert_eq!(target, json!({ "a": 1, "b": { "d": 2, "x": 3 }, "e": [9] }));
    }
}
