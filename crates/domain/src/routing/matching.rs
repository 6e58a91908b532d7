//! Places of waiting items, and matching until nothing fits (§2.3–2.5, R-PICK-1).
//!
//! # Invariants
//! - Before a command no pair fits; so every fitting pair has a dirty item or a dirty agent.
//! - A committed pair makes no other pair better. So a pair kept on the heap is never worse than it was
//!   when it was put there, and the one that is unchanged when it comes up is the smallest of all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::agents::{AgentRec, Rank};
use super::capacity::Size;
use super::classes::{Class, ClassKey};
use super::items::{AgentRef, ClassRef, ItemRec, ItemRef, Place};
use super::order::Key;
use super::queues::QueueRec;
use super::router::Router;
use super::timers::Due;
use super::types::{ItemState, Preferred};
use crate::time::Micros;

/// An item and an agent that fit, in order of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    /// 0 mandatory, 1 preferred, 2 any other.
    band: u8,
    ring: u8,
    key: Key,
    rank: Rank,
    item: ItemRef,
}

/// What became dirty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dirty {
    Item(ItemRef),
    Agent(AgentRef),
}

const ANY: u8 = 2;

/// A window without end is mandatory.
pub(super) fn band(preferred: Preferred) -> u8 {
    u8::from(preferred.until != Micros::MAX)
}

impl Router {
    /// Offers until nothing fits.
    pub(super) fn run_matching(&mut self) {
        let mut heap = BinaryHeap::new();
        loop {
            self.drain_dirty(&mut heap);
            let Some(Reverse((pair, dirty))) = heap.pop() else {
                return;
            };
            let Some(best) = self.best(dirty) else {
                continue;
            };
            if best == pair {
                self.commit_pair(best);
            }
            heap.extend(self.best(dirty).map(|next| Reverse((next, dirty))));
        }
    }

    fn drain_dirty(&mut self, heap: &mut BinaryHeap<Reverse<(Pair, Dirty)>>) {
        let items = std::mem::take(&mut self.dirty_items);
        let mut agents = std::mem::take(&mut self.dirty_agents);
        agents.sort_unstable();
        agents.dedup();
        let dirty = items.iter().map(|&item| Dirty::Item(item));
        for dirty in dirty.chain(agents.iter().map(|&agent| Dirty::Agent(agent))) {
            heap.extend(self.best(dirty).map(|pair| Reverse((pair, dirty))));
        }
        (self.dirty_items, self.dirty_agents) = (items, agents);
        self.dirty_items.clear();
        self.dirty_agents.clear();
    }

    fn commit_pair(&mut self, pair: Pair) {
        self.make_offer(pair.item, pair.rank.agent);
    }

    fn best(&self, dirty: Dirty) -> Option<Pair> {
        match dirty {
            Dirty::Item(item) => self.best_agent(item),
            Dirty::Agent(agent) => self.best_item(agent),
        }
    }

    fn best_agent(&self, item: ItemRef) -> Option<Pair> {
        let record = self.items.find_live(item)?;
        match record.place {
            Place::Out => None,
            Place::Preferred => self.preferred_pair(item, record),
            Place::Main => self.class_pair(item, record, false),
            Place::Side => self.class_pair(item, record, true),
        }
    }

    fn preferred_pair(&self, item: ItemRef, record: &ItemRec) -> Option<Pair> {
        let preferred = record.preferred_at(self.now)?;
        let agent = *self.agent_by.get(&preferred.agent)?;
        let is_free = self.is_free_for(self.agent(agent), record);
        is_free.then(|| self.direct_pair(item, record, agent, band(preferred)))
    }

    fn direct_pair(&self, item: ItemRef, record: &ItemRec, agent: AgentRef, band: u8) -> Pair {
        let model = self.queues.get(record.queue).config.agent_model;
        let rank = self.agent(agent).rank(model.into(), record.kind, agent);
        Pair { band, ring: 0, key: record.key(), rank, item }
    }

    /// Whether the agent may be offered this item now, whatever queues and skills say.
    fn is_free_for(&self, agent: &AgentRec, item: &ItemRec) -> bool {
        agent.lets_item_through(item, self.now)
            && agent.is_paced(item.kind, self.now)
            && agent.no_room(Size::of(item)).is_none()
            && !item.excludes(agent.id, self.now)
    }

    fn class_pair(&self, item: ItemRef, record: &ItemRec, is_side: bool) -> Option<Pair> {
        let class = &self.index.classes[record.class as usize];
        let best = class.profiles.iter().filter_map(|&(profile, ring, slot)| {
            let fitting = &self.index.profiles[profile as usize].fitting[slot].1;
            let mut ranks = fitting.iter();
            let rank = ranks.find(|rank| !is_side || !record.excludes(rank.id, self.now))?;
            Some((ring, *rank))
        });
        let (ring, rank) = best.min()?;
        Some(Pair { band: ANY, ring, key: record.key(), rank, item })
    }

    fn best_item(&self, agent: AgentRef) -> Option<Pair> {
        self.best_direct(agent).or_else(|| self.best_in_classes(agent))
    }

    fn best_direct(&self, agent: AgentRef) -> Option<Pair> {
        let record = self.agent(agent);
        let mut waiting = record.preferred.iter();
        let (&(band, _), &item) = waiting.find(|&(_, &item)| self.is_free_for(record, self.items.get(item)))?;
        Some(self.direct_pair(item, self.items.get(item), agent, band))
    }

    fn best_in_classes(&self, agent: AgentRef) -> Option<Pair> {
        let record = self.agent(agent);
        let profile = &self.index.profiles[record.profile as usize];
        let mut best: Option<(u8, Key, ClassRef)> = None;
        for class in self.index.waiting.both(&profile.compatible) {
            let demand = &self.index.classes[class as usize];
            if !record.fits.has(demand.shape) {
                continue;
            }
            let side = self.side_head(demand, record);
            let candidate = (profile.rings[class as usize], self.index.heads[class as usize].min(side), class);
            if candidate.1 != Key::LAST && best.is_none_or(|best| candidate < best) {
                best = Some(candidate);
            }
        }
        let (ring, key, class) = best?;
        let demand = &self.index.classes[class as usize];
        let item = *demand.main.get(&key).or_else(|| demand.side.get(&key))?;
        let shape = &self.index.shapes[demand.shape as usize];
        let rank = record.rank(shape.model, shape.size.kind, agent);
        Some(Pair { band: ANY, ring, key, rank, item })
    }

    fn side_head(&self, class: &Class, agent: &AgentRec) -> Key {
        let mut side = class.side.iter();
        let head = side.find(|&(_, &item)| !self.items.get(item).excludes(agent.id, self.now));
        head.map_or(Key::LAST, |(&key, _)| key)
    }

    /// Puts a queued item where it waits and makes it dirty.
    pub(super) fn put_in_line(&mut self, item: ItemRef) {
        let record = self.items.get(item);
        debug_assert_eq!(record.state, ItemState::Queued);
        let key = record.key();
        if let Some(preferred) = record.preferred_at(self.now) {
            let agent = self.intern_agent(preferred.agent);
            self.agent_mut(agent).preferred.insert((band(preferred), key), item);
            self.items.get_mut(item).place = Place::Preferred;
        } else {
            self.put_in_class(item, key);
        }
        self.arm_recheck(item);
        self.dirty_items.push(item);
    }

    fn put_in_class(&mut self, item: ItemRef, key: Key) {
        let class = self.class_of(item);
        let (now, record) = (self.now, self.items.get_mut(item));
        let is_side = record.extra().excluded.iter().any(|&(_, until)| until > now);
        record.class = class;
        record.place = if is_side { Place::Side } else { Place::Main };
        self.index.put(class, key, item, is_side);
    }

    fn class_of(&mut self, item: ItemRef) -> ClassRef {
        let record = self.items.get(item);
        let queue = self.queues.get(record.queue);
        let key = ClassKey {
            queue: record.queue,
            required: record.required,
            size: Size::of(record),
            is_transfer: record.is_transfer(),
            age_ms: outwaited(record, queue, self.now),
        };
        let required = self.items.required(record.required);
        let interned = self.index.class(key, queue.config.agent_model, required);
        if interned.is_new {
            self.queues.get_mut(key.queue).classes.push(interned.class);
        }
        for profile in interned.stale {
            self.refresh_profile(profile);
        }
        interned.class
    }

    /// Ranks the agents of a profile that gained a shape.
    pub(super) fn refresh_profile(&mut self, profile: u32) {
        let agents: Vec<AgentRef> = self.index.profiles[profile as usize].agents.iter().copied().collect();
        for agent in agents {
            self.refresh(agent);
        }
    }

    fn arm_recheck(&mut self, item: ItemRef) {
        let at = self.next_recheck(self.items.get(item));
        if let Some(at) = at {
            self.items.get_mut(item).extra_mut().recheck_at = Some(at);
            self.arm_item(at, Due::Recheck, item);
        }
    }

    fn next_recheck(&self, record: &ItemRec) -> Option<Micros> {
        let excluded = record.extra().excluded.iter().map(|&(_, until)| until);
        let window = record.preferred_at(self.now).map(|preferred| preferred.until);
        let delays = &self.queues.get(record.queue).delays;
        let delays = delays.iter().map(|&delay| record.enqueued_at.plus_ms(delay));
        let all = excluded.chain(window).chain(delays.filter(|_| window.is_none()));
        all.filter(|&at| at > self.now && at != Micros::MAX).min()
    }

    /// Takes an item out of the place where it waits.
    pub(super) fn take_out_of_line(&mut self, item: ItemRef) {
        let record = self.items.get(item);
        let (key, class) = (record.key(), record.class);
        match record.place {
            Place::Out => {}
            Place::Main => self.index.take(class, key, false),
            Place::Side => self.index.take(class, key, true),
            Place::Preferred => self.take_from_preferred(item, key),
        }
        self.items.get_mut(item).place = Place::Out;
        if self.items.get(item).extra().recheck_at.is_some() {
            let at = self.items.get_mut(item).extra_mut().recheck_at.take();
            self.disarm_item(at, Due::Recheck, item);
        }
    }

    fn take_from_preferred(&mut self, item: ItemRef, key: Key) {
        let Some(preferred) = self.items.get(item).extra().preferred else {
            return;
        };
        if let Some(&agent) = self.agent_by.get(&preferred.agent) {
            self.agent_mut(agent).preferred.remove(&(band(preferred), key));
        }
    }

    /// An exclusion, a window or a delay of a waiting item ended.
    pub(super) fn recheck(&mut self, item: ItemRef) {
        self.items.get_mut(item).extra_mut().recheck_at = None;
        self.take_out_of_line(item);
        self.put_in_line(item);
    }
}

fn outwaited(record: &ItemRec, queue: &QueueRec, now: Micros) -> i64 {
    let passed = queue.delays.iter().rev().find(|&&delay| record.enqueued_at.plus_ms(delay) <= now);
    passed.copied().unwrap_or(0)
}
