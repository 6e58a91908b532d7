//! The safety invariants, worked out again from scratch; for tests.

use std::collections::BTreeMap;

use super::capacity::Sums;
use super::items::{AgentRef, ItemRec, ItemRef, NONE, Place};
use super::order::Key;
use super::router::{Router, is_waiting};
use super::types::{ItemState, OfferState};
use crate::ids::AgentId;

impl Router {
    /// Checks INV-1, 3, 4, 10, 13 and 17 of the routing rules. Slow: looks at every pair.
    ///
    /// INV-2 cannot be seen in a state: limits may have been lowered since. It holds when offers are made.
    ///
    /// # Errors
    /// The first invariant that does not hold, in words.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.check_items()?;
        self.check_offers()?;
        self.check_loads()?;
        self.check_index()?;
        self.check_work_conservation()
    }

    fn check_items(&self) -> Result<(), String> {
        let mut waiting: BTreeMap<u32, u32> = BTreeMap::new();
        for (handle, item) in self.items.iter() {
            *waiting.entry(item.queue).or_default() += u32::from(is_waiting(item.state));
            self.check_item(handle, item).map_err(|wrong| format!("INV-1/4: {}: {wrong}", item.id))?;
        }
        for (handle, queue) in self.queues.iter() {
            let counted = waiting.get(&handle).copied().unwrap_or(0);
            ensure(queue.waiting == counted, || format!("INV-3: {} counts {}", queue.config.id, queue.waiting))?;
        }
        Ok(())
    }

    fn check_item(&self, handle: ItemRef, item: &ItemRec) -> Result<(), String> {
        let extra = item.extra();
        let is_taken = item.state.is_held() || item.state == ItemState::Offered;
        ensure(!item.state.is_terminal() && item.state != ItemState::New, || format!("{:?} is kept", item.state))?;
        ensure((item.place != Place::Out) == (item.state == ItemState::Queued), || {
            format!("{:?} at {:?}", item.state, item.place)
        })?;
        ensure((item.agent != NONE) == is_taken, || format!("{:?} has agent {}", item.state, item.agent))?;
        ensure(extra.offer.is_some() == (item.state == ItemState::Offered), || "offer".into())?;
        ensure(extra.assignment.is_some() == item.state.is_held(), || "assignment".into())?;
        ensure(extra.pause_reason.is_some() == (item.state == ItemState::Paused), || "pause".into())?;
        ensure(extra.wrap_up_deadline.is_some() == (item.state == ItemState::WrapUp), || "wrap-up".into())?;
        let is_held_once = || self.agents.iter().flat_map(|agent| &agent.held).filter(|&&h| h == handle).count() == 1;
        ensure(!is_taken || is_held_once(), || "not held exactly once".into())
    }

    fn check_offers(&self) -> Result<(), String> {
        for offer in self.offers.pending() {
            let item = self.items.find(offer.item).map(|item| self.items.get(item));
            let is_its = item.is_some_and(|item| item.extra().offer == Some(offer.id));
            ensure(is_its, || format!("INV-1: {} pends for nothing", offer.id))?;
            ensure(offer.state == OfferState::Pending, || "INV-1: ended offer pends".into())?;
            ensure(offer.deadline >= self.now, || format!("INV-17: {} is overdue", offer.id))?;
        }
        Ok(())
    }

    fn check_loads(&self) -> Result<(), String> {
        for agent in &self.agents {
            let mut sums = Sums::default();
            agent.held.iter().for_each(|&item| sums.add(self.items.get(item)));
            ensure(sums == agent.sums, || format!("INV-3: {} counts {:?}, holds {sums:?}", agent.id, agent.sums))?;
            let handle = self.agent_by[&agent.id];
            let strays = agent.held.iter().any(|&item| self.items.get(item).agent != handle);
            ensure(!strays, || format!("INV-4: {} holds another's item", agent.id))?;
        }
        Ok(())
    }

    fn check_index(&self) -> Result<(), String> {
        for (class, record) in (0_u32..).zip(&self.index.classes) {
            let head = record.main.first_key_value().map_or(Key::LAST, |(&key, _)| key);
            ensure(self.index.heads[class as usize] == head, || format!("class {class}: wrong head"))?;
            for (key, &item) in record.main.iter().chain(&record.side) {
                let item = self.items.get(item);
                ensure(item.class == class && item.key() == *key, || format!("INV-4: {} misplaced", item.id))?;
            }
        }
        for (handle, agent) in (0_u32..).zip(&self.agents) {
            self.check_entries(handle, agent.id)?;
        }
        Ok(())
    }

    fn check_entries(&self, handle: AgentRef, id: AgentId) -> Result<(), String> {
        let agent = self.agent(handle);
        let profile = &self.index.profiles[agent.profile as usize];
        for (slot, (shape_ref, fitting)) in profile.fitting.iter().enumerate() {
            let shape = &self.index.shapes[*shape_ref as usize];
            let fits = agent.fits_shape(shape, self.now);
            let rank = fits.then(|| agent.rank(shape.model, shape.size.kind, handle));
            let listed = fitting.iter().find(|rank| rank.agent == handle).copied();
            let entry = agent.entries.get(slot).copied().flatten();
            ensure(rank == listed && rank == entry && fits == agent.fits.has(*shape_ref), || {
                format!("INV-3: {id} is ranked {listed:?}, not {rank:?}")
            })?;
        }
        Ok(())
    }

    /// INV-13: no queued item and free agent that fit each other.
    fn check_work_conservation(&self) -> Result<(), String> {
        let queued = self.items.iter().filter(|(_, item)| item.state == ItemState::Queued);
        for (_, item) in queued {
            let idle = self.why(item.id).into_iter().find(|(_, failing)| failing.is_none());
            ensure(idle.is_none(), || format!("INV-13: {} waits while {idle:?} is free", item.id))?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}
