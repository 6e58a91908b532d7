//! Everything that happens by itself, as absolute deadlines (R-LOSS-1).
//!
//! # Invariants
//! - Timers due at one instant fire in the order of their kinds, then by item sequence or agent id.
//! - A timer is disarmed when what it waits for ends another way, so none fires in vain.

use std::collections::BTreeSet;

use super::items::{AgentRef, ItemRef};
use super::router::Router;
use crate::time::Micros;

/// What falls due. The order is the order of firing at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A lost session did not return.
    Grace,
    /// An offer lapses.
    Offer,
    /// Wrap-up ends.
    WrapUp,
    /// A deferred item wakes.
    Wake,
    /// A waiting item's place changes: an exclusion, a window or a membership delay ends.
    Recheck,
    /// An agent may be offered real-time work again.
    Rate,
}

/// One deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub at: Micros,
    pub due: Due,
    order: u128,
    what: u32,
}

/// All deadlines.
pub(super) type Timers = BTreeSet<Timer>;

impl Router {
    fn item_timer(&self, at: Micros, due: Due, item: ItemRef) -> Timer {
        Timer { at, due, order: u128::from(self.items.get(item).seq), what: item }
    }

    fn agent_timer(&self, at: Micros, due: Due, agent: AgentRef) -> Timer {
        Timer { at, due, order: self.agent(agent).id.0.as_u128(), what: agent }
    }

    /// Arms a timer of an item.
    pub(super) fn arm_item(&mut self, at: Micros, due: Due, item: ItemRef) {
        let timer = self.item_timer(at, due, item);
        self.timers.insert(timer);
    }

    /// Disarms a timer of an item, if it was armed.
    pub(super) fn disarm_item(&mut self, at: Option<Micros>, due: Due, item: ItemRef) {
        if let Some(at) = at {
            let timer = self.item_timer(at, due, item);
            self.timers.remove(&timer);
        }
    }

    /// Arms a timer of an agent.
    pub(super) fn arm_agent(&mut self, at: Micros, due: Due, agent: AgentRef) {
        let timer = self.agent_timer(at, due, agent);
        self.timers.insert(timer);
    }

    /// Disarms a timer of an agent, if it was armed.
    pub(super) fn disarm_agent(&mut self, at: Option<Micros>, due: Due, agent: AgentRef) {
        if let Some(at) = at {
            let timer = self.agent_timer(at, due, agent);
            self.timers.remove(&timer);
        }
    }

    /// Carries out what is due by now, in order.
    pub(super) fn run_due(&mut self) {
        while let Some(&timer) = self.timers.first().filter(|timer| timer.at <= self.now) {
            self.timers.remove(&timer);
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer.due {
            Due::Grace => self.grace_over(timer.what),
            Due::Offer => self.time_out(timer.what),
            Due::WrapUp => self.close_wrap_up(timer.what, "time"),
            Due::Wake => self.wake(timer.what),
            Due::Recheck => self.recheck(timer.what),
            Due::Rate => self.rate_over(timer.what),
        }
    }
}
