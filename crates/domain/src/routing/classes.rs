//! Demand classes, agent profiles and the shapes between them: what makes matching touch heads only.
//!
//! A *class* is all items that are the same to agents: queue, kind, required skills, units, pool, whether
//! they came by transfer, and the membership delay they have outwaited. A *profile* is all agents that are
//! the same to items: skills and memberships. A *shape* is what a class asks of one agent's room, with
//! the model that ranks them; each profile keeps, per shape it can meet, the agents that fit now.
//!
//! # Invariants
//! - `heads[class]` is the first key of the class's main set, [`Key::LAST`] when empty.
//! - `waiting` has a class's bit exactly when its main or side set is not empty.
//! - `compatible` of a profile and `profiles` of a class say the same.

use std::collections::{BTreeMap, BTreeSet};

use super::agents::Rank;
use super::capacity::Size;
use super::items::{AgentRef, ClassRef, ItemRef, QueueRef, RequiredRef};
use super::order::Key;
use super::types::AgentModel;
use crate::ids::SkillId;

/// Handle of a profile.
pub(super) type ProfileRef = u32;
/// Handle of a shape.
pub(super) type ShapeRef = u32;

/// A growing set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Puts `index` in or takes it out.
    pub fn set(&mut self, index: u32, is_in: bool) {
        let (word, bit) = ((index / 64) as usize, 1 << (index % 64));
        if is_in {
            if self.0.len() <= word {
                self.0.resize(word + 1, 0);
            }
            self.0[word] |= bit;
        } else if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Whether `index` is in.
    pub fn has(&self, index: u32) -> bool {
        self.0.get((index / 64) as usize).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// What is in both, ascending.
    pub fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let words = self.0.iter().zip(&other.0).map(|(a, b)| a & b);
        (0_u32..).zip(words).flat_map(|(index, word)| ones(word).map(move |bit| index * 64 + bit))
    }
}

fn ones(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit)
    })
}

/// What makes items the same to agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClassKey {
    pub queue: QueueRef,
    pub required: RequiredRef,
    pub size: Size,
    pub is_transfer: bool,
    /// Largest membership delay of the queue that the items have outwaited.
    pub age_ms: i64,
}

/// Items that are the same to agents.
#[derive(Debug)]
pub(super) struct Class {
    pub key: ClassKey,
    pub shape: ShapeRef,
    pub main: BTreeMap<Key, ItemRef>,
    /// Items that leave somebody out for now.
    pub side: BTreeMap<Key, ItemRef>,
    /// Compatible profiles with the ring they serve this queue in, and the slot of the shape there.
    pub profiles: Vec<(ProfileRef, u8, usize)>,
}

/// What a class asks of an agent's room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub size: Size,
    pub is_transfer: bool,
    pub model: Model,
}

/// [`AgentModel`] with an order, so that shapes can be interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "see AgentModel")]
pub(super) enum Model {
    MostAvailable,
    LeastActive,
    LongestIdle,
    RoundRobin,
}

impl From<AgentModel> for Model {
    fn from(model: AgentModel) -> Self {
        match model {
            AgentModel::MostAvailable => Self::MostAvailable,
            AgentModel::LeastActive => Self::LeastActive,
            AgentModel::LongestIdle => Self::LongestIdle,
            AgentModel::RoundRobin => Self::RoundRobin,
        }
    }
}

/// Membership of a queue, as a profile has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Membership {
    pub queue: QueueRef,
    pub ring: u8,
    pub delay_ms: i64,
}

/// What makes agents the same to items. Both lists are ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProfileKey {
    pub skills: Vec<(SkillId, u8)>,
    pub memberships: Vec<Membership>,
}

impl ProfileKey {
    /// The membership of a queue.
    pub fn membership(&self, queue: QueueRef) -> Option<&Membership> {
        let found = self.memberships.binary_search_by_key(&queue, |membership| membership.queue);
        found.ok().map(|index| &self.memberships[index])
    }

    /// The level of a skill, 0 when missing.
    pub fn level(&self, skill: SkillId) -> u8 {
        let found = self.skills.binary_search_by_key(&skill, |&(skill, _)| skill);
        found.map_or(0, |index| self.skills[index].1)
    }

    fn ring_for(&self, class: &ClassKey, required: &[(SkillId, u8)]) -> Option<u8> {
        let membership = self.membership(class.queue)?;
        let is_skilled = required.iter().all(|&(skill, least)| self.level(skill) >= least);
        (membership.delay_ms <= class.age_ms && is_skilled).then_some(membership.ring)
    }
}

/// Agents that are the same to items.
#[derive(Debug)]
pub(super) struct Profile {
    pub key: ProfileKey,
    pub agents: BTreeSet<AgentRef>,
    /// Classes its agents may serve.
    pub compatible: Bits,
    /// The ring in which a class is served, by class; meaningless where not compatible.
    pub rings: Vec<u8>,
    /// Per shape that a compatible class asks: the agents that fit now, best first.
    pub fitting: Vec<(ShapeRef, BTreeSet<Rank>)>,
}

impl Profile {
    fn slot(&mut self, shape: ShapeRef) -> (usize, bool) {
        if let Some(slot) = self.fitting.iter().position(|&(have, _)| have == shape) {
            return (slot, false);
        }
        self.fitting.push((shape, BTreeSet::new()));
        (self.fitting.len() - 1, true)
    }

    fn make_compatible(&mut self, class: ClassRef, ring: u8) {
        self.compatible.set(class, true);
        if self.rings.len() <= class as usize {
            self.rings.resize(class as usize + 1, 0);
        }
        self.rings[class as usize] = ring;
    }
}

/// All classes, profiles and shapes.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub classes: Vec<Class>,
    class_by: BTreeMap<ClassKey, ClassRef>,
    pub heads: Vec<Key>,
    pub waiting: Bits,
    pub profiles: Vec<Profile>,
    profile_by: BTreeMap<ProfileKey, ProfileRef>,
    pub shapes: Vec<Shape>,
    shape_by: BTreeMap<Shape, ShapeRef>,
}

fn handle(length: usize) -> u32 {
    u32::try_from(length).expect("invariant: fewer than 2^32 interned values")
}

/// A class and what its interning made stale.
pub(super) struct Interned {
    pub class: ClassRef,
    pub is_new: bool,
    /// Profiles that gained a shape: their agents must be ranked for it.
    pub stale: Vec<ProfileRef>,
}

impl Index {
    /// The handle of a class; `required` are the skills of `key.required`.
    pub fn class(&mut self, key: ClassKey, model: AgentModel, required: &[(SkillId, u8)]) -> Interned {
        if let Some(&class) = self.class_by.get(&key) {
            return Interned { class, is_new: false, stale: Vec::new() };
        }
        let class = handle(self.classes.len());
        let shape = self.shape(key, model);
        let (main, side) = (BTreeMap::new(), BTreeMap::new());
        self.classes.push(Class { key, shape, main, side, profiles: Vec::new() });
        self.heads.push(Key::LAST);
        self.class_by.insert(key, class);
        let profiles = 0..handle(self.profiles.len());
        let stale = profiles.filter(|&profile| self.join(profile, class, required)).collect();
        Interned { class, is_new: true, stale }
    }

    fn shape(&mut self, key: ClassKey, model: AgentModel) -> ShapeRef {
        let shape = Shape { size: key.size, is_transfer: key.is_transfer, model: model.into() };
        let shapes = &mut self.shapes;
        *self.shape_by.entry(shape).or_insert_with(|| {
            shapes.push(shape);
            handle(shapes.len() - 1)
        })
    }

    /// Makes profile and class known to each other if they fit; tells whether the profile gained a shape.
    fn join(&mut self, profile: ProfileRef, class: ClassRef, required: &[(SkillId, u8)]) -> bool {
        let record = &mut self.profiles[profile as usize];
        let demand = &mut self.classes[class as usize];
        let Some(ring) = record.key.ring_for(&demand.key, required) else {
            return false;
        };
        record.make_compatible(class, ring);
        let (slot, is_new) = record.slot(demand.shape);
        demand.profiles.push((profile, ring, slot));
        is_new
    }

    /// The handle of a profile; `required` gives the skills of an interned set.
    pub fn profile<'a>(
        &mut self,
        key: ProfileKey,
        required: impl Fn(RequiredRef) -> &'a [(SkillId, u8)],
    ) -> ProfileRef {
        if let Some(&profile) = self.profile_by.get(&key) {
            return profile;
        }
        let profile = handle(self.profiles.len());
        self.profile_by.insert(key.clone(), profile);
        self.profiles.push(Profile {
            key,
            agents: BTreeSet::new(),
            compatible: Bits::default(),
            rings: Vec::new(),
            fitting: Vec::new(),
        });
        for class in 0..handle(self.classes.len()) {
            let skills = required(self.classes[class as usize].key.required);
            self.join(profile, class, skills);
        }
        profile
    }

    /// Gives a class another model; returns the profiles that gained a shape.
    pub fn remodel(&mut self, class: ClassRef, model: AgentModel) -> Vec<ProfileRef> {
        let shape = self.shape(self.classes[class as usize].key, model);
        let (demand, profiles) = (&mut self.classes[class as usize], &mut self.profiles);
        demand.shape = shape;
        let mut stale = Vec::new();
        for (profile, _, slot) in &mut demand.profiles {
            let (new_slot, is_new) = profiles[*profile as usize].slot(shape);
            *slot = new_slot;
            if is_new {
                stale.push(*profile);
            }
        }
        stale
    }

    /// Puts an item into its class.
    pub fn put(&mut self, class: ClassRef, key: Key, item: ItemRef, is_side: bool) {
        let demand = &mut self.classes[class as usize];
        if is_side {
            demand.side.insert(key, item);
        } else {
            demand.main.insert(key, item);
        }
        self.note_head(class);
    }

    /// Takes an item out of its class.
    pub fn take(&mut self, class: ClassRef, key: Key, is_side: bool) {
        let demand = &mut self.classes[class as usize];
        if is_side {
            demand.side.remove(&key);
        } else {
            demand.main.remove(&key);
        }
        self.note_head(class);
    }

    fn note_head(&mut self, class: ClassRef) {
        let demand = &self.classes[class as usize];
        let head = demand.main.first_key_value().map(|(&key, _)| key);
        self.heads[class as usize] = head.unwrap_or(Key::LAST);
        self.waiting.set(class, head.is_some() || !demand.side.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_remember_what_was_put_in_and_meet_in_order() {
        let (mut a, mut b) = (Bits::default(), Bits::default());
        for index in [1, 64, 200] {
            a.set(index, true);
            b.set(index, true);
        }
        a.set(3, true);
        b.set(64, false);
        assert_eq!(a.both(&b).collect::<Vec<_>>(), [1, 200]);
        assert!(a.has(64) && !b.has(64) && !a.has(1_000));
    }
}
