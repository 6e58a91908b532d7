//! Rebuilding the router from what the store holds (R-LOSS, restart).
//!
//! # Invariants
//! - Nobody's session is known, so everybody who had one is in grace, counted from the restart.
//! - Offers that were ringing are taken back; their items keep their key.
//! - Deadlines are those that were stored.

use std::collections::BTreeMap;

use super::items::{AgentRef, ItemRef};
use super::offers::End;
use super::requeue::Left;
use super::router::Router;
use super::timers::Due;
use super::types::{
    AgentConfig, Assignment, Effect, Item, ItemState, Offer, OfferState, Presence, RescindReason, SessionState,
    Snapshot,
};
use crate::ids::{IdSource, WorkItemId};
use crate::time::Micros;

impl Router {
    /// A router with the state of `snapshot`, and the effects of the restart.
    ///
    /// Items still `New` and terminal ones are left out: the first are enqueued by the shell's inbox.
    /// An item that names an unknown queue or agent is kept and waits for it to be put.
    #[must_use]
    pub fn restore(snapshot: Snapshot, now: Micros, ids: Box<dyn IdSource>) -> (Self, Vec<Effect>) {
        let mut router = Self::new(ids);
        router.now = now;
        router.load_config(snapshot.queues, snapshot.statuses, snapshot.agents, snapshot.presences);
        let waiting = router.load_items(snapshot.items, snapshot.offers, snapshot.assignments);
        router.settle(&waiting);
        router.run_due();
        router.match_and_fill();
        router.tell_touched();
        let effects = std::mem::take(&mut router.out);
        (router, effects)
    }

    fn load_config(
        &mut self,
        queues: Vec<super::types::QueueConfig>,
        statuses: Vec<super::types::StatusConfig>,
        agents: Vec<AgentConfig>,
        presences: Vec<Presence>,
    ) {
        self.statuses = statuses.into_iter().map(|status| (status.id, status)).collect();
        for queue in queues {
            let handle = self.queues.intern(queue.id);
            self.set_queue(handle, queue);
        }
        for config in agents {
            let agent = self.intern_agent(config.id);
            let status = config.status_offline;
            let record = self.agent_mut(agent);
            record.is_known = true;
            record.presence.status = status;
            record.config = config;
            self.reprofile(agent);
        }
        for presence in presences {
            let agent = self.intern_agent(presence.agent);
            self.agent_mut(agent).presence = presence;
        }
    }

    /// Loads the items and returns those that must go into line.
    fn load_items(&mut self, mut items: Vec<Item>, offers: Vec<Offer>, assignments: Vec<Assignment>) -> Vec<ItemRef> {
        let mut offers: BTreeMap<WorkItemId, Offer> = by_item(offers, |offer| offer.item);
        let mut assignments = by_item(assignments, |assignment| assignment.item);
        items.sort_by_key(|item| item.seq);
        let live = items.into_iter().filter(|item| item.state != ItemState::New && !item.state.is_terminal());
        let mut waiting = Vec::new();
        for item in live {
            let (id, agent) = (item.id, item.agent);
            let queue = self.queues.intern(item.queue);
            let handle = self.items.insert(item, queue);
            let extra = (offers.remove(&id), assignments.remove(&id));
            let agent = agent.map(|agent| self.intern_agent(agent));
            self.load_item(handle, agent, extra);
            waiting.push(handle);
        }
        waiting
    }

    fn load_item(
        &mut self,
        item: ItemRef,
        agent: Option<AgentRef>,
        (offer, assignment): (Option<Offer>, Option<Assignment>),
    ) {
        let record = self.items.get_mut(item);
        let state = record.state;
        if let Some(assignment) = assignment.filter(|_| state.is_held()) {
            record.extra_mut().assignment = Some(assignment);
        }
        if let Some(offer) = offer.filter(|offer| state == ItemState::Offered && offer.state == OfferState::Pending) {
            record.extra_mut().offer = Some(offer.id);
            self.offers.insert(offer);
        }
        if let Some(agent) = agent.filter(|_| state.is_held() || state == ItemState::Offered) {
            self.hold(agent, item);
        }
        self.recount(item, state);
    }

    /// Counts a loaded item in its queue, as if it had just come into its state.
    fn recount(&mut self, item: ItemRef, state: ItemState) {
        self.items.get_mut(item).state = ItemState::New;
        self.set_state(item, state);
    }

    fn settle(&mut self, items: &[ItemRef]) {
        let agents: Vec<AgentRef> = self.agent_by.values().copied().collect();
        for agent in agents {
            self.settle_agent(agent);
        }
        for &item in items {
            self.settle_item(item);
        }
        self.dirty_items.clear();
    }

    fn settle_agent(&mut self, agent: AgentRef) {
        self.arm_rate(agent);
        match self.agent(agent).presence.session_state {
            SessionState::Live | SessionState::Grace => self.begin_grace(agent, "router_restart"),
            SessionState::None => self.note_availability(agent),
        }
    }

    fn settle_item(&mut self, item: ItemRef) {
        let record = self.items.get(item);
        let (agent, extra) = (record.agent, record.extra());
        match record.state {
            ItemState::Queued => self.put_in_line(item),
            ItemState::Offered if agent != super::items::NONE => {
                self.requeue_offered(item, End::Rescinded(RescindReason::RouterRestart), Left::Gap);
            }
            ItemState::Offered => self.requeue_unheld(item),
            ItemState::Deferred => match extra.wake_at {
                Some(at) => self.arm_item(at, Due::Wake, item),
                None => self.wake_if_open(item),
            },
            ItemState::WrapUp => {
                let at = extra.wrap_up_deadline.unwrap_or(self.now);
                self.items.get_mut(item).extra_mut().wrap_up_deadline = Some(at);
                self.arm_item(at, Due::WrapUp, item);
            }
            ItemState::Active | ItemState::Paused if agent == super::items::NONE => self.requeue_unheld(item),
            ItemState::Active | ItemState::Paused => {}
            ItemState::New | ItemState::Closed | ItemState::Cancelled => {}
        }
    }

    fn wake_if_open(&mut self, item: ItemRef) {
        let queue = self.queues.get(self.items.get(item).queue);
        if queue.config.is_open && !queue.is_full() {
            self.wake(item);
        }
    }

    /// A stored item that should be somebody's but names nobody is not lost: it waits.
    fn requeue_unheld(&mut self, item: ItemRef) {
        self.items.get_mut(item).extra_mut().pause_reason = None;
        let row = if self.items.get(item).state == ItemState::Offered { 11 } else { 19 };
        let previous = self.set_state(item, ItemState::Queued);
        self.tell_item(item, Some(previous), Some(row), "router_restart");
        self.put_in_line(item);
    }
}

fn by_item<T>(records: Vec<T>, item: impl Fn(&T) -> WorkItemId) -> BTreeMap<WorkItemId, T> {
    records.into_iter().map(|record| (item(&record), record)).collect()
}
