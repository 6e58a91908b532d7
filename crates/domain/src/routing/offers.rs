//! Offers: made, answered, lapsed, taken back (routing.md §1.4, R-OFF).
//!
//! # Invariants
//! - An item has at most one pending offer, and the agent named there holds it.
//! - Ended offers are remembered, the newest [`REMEMBERED`], so that a late or repeated answer is told why.

use std::collections::{BTreeMap, VecDeque};

use super::items::{AgentRef, ItemRef};
use super::requeue::Left;
use super::router::Router;
use super::timers::Due;
use super::types::{Effect, ItemState, Offer, OfferState, Refused, RescindReason};
use crate::ids::{AgentId, DeclineReasonId, OfferId};

/// Ended offers kept to answer late clients; older ones are unknown here and live in the store.
const REMEMBERED: usize = 65_536;

/// Pending and lately ended offers.
#[derive(Debug, Default)]
pub(super) struct Offers {
    by_id: BTreeMap<OfferId, Offer>,
    ended: VecDeque<OfferId>,
}

impl Offers {
    pub fn get(&self, id: OfferId) -> Option<&Offer> {
        self.by_id.get(&id)
    }

    pub fn pending(&self) -> impl Iterator<Item = &Offer> {
        self.by_id.values().filter(|offer| offer.state == OfferState::Pending)
    }

    pub fn insert(&mut self, offer: Offer) {
        self.by_id.insert(offer.id, offer);
    }

    fn end(&mut self, offer: Offer) {
        self.ended.push_back(offer.id);
        self.by_id.insert(offer.id, offer);
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front().inspect(|old| {
                self.by_id.remove(old);
            });
        }
    }
}

/// How an offer ends.
#[derive(Clone, Copy)]
pub(super) enum End {
    Accepted,
    Declined(Option<DeclineReasonId>),
    TimedOut,
    Cancelled,
    Rescinded(RescindReason),
}

impl End {
    fn state(self) -> OfferState {
        match self {
            Self::Accepted => OfferState::Accepted,
            Self::Declined(_) => OfferState::Declined,
            Self::TimedOut => OfferState::TimedOut,
            Self::Cancelled => OfferState::Cancelled,
            Self::Rescinded(_) => OfferState::Rescinded,
        }
    }

    /// The word for a requeued item's history.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined(_) => "declined",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Rescinded(RescindReason::LostRace) => "lost_race",
            Self::Rescinded(RescindReason::Supervisor) => "supervisor",
            Self::Rescinded(RescindReason::SessionLost) => "session_lost",
            Self::Rescinded(RescindReason::StatusChange) => "status_change",
            Self::Rescinded(RescindReason::RouterRestart) => "router_restart",
            Self::Rescinded(RescindReason::Merged) => "merged",
        }
    }
}

impl Router {
    /// T6, with T10 at once where queue or agent accept by themselves (R-OFF-4).
    pub(super) fn make_offer(&mut self, item: ItemRef, agent: AgentRef) {
        self.take_out_of_line(item);
        self.set_state(item, ItemState::Offered);
        if self.items.get(item).kind.is_real_time() {
            self.note_offer(agent);
        }
        self.hold(agent, item);
        let offer = self.new_offer(item, agent);
        self.items.get_mut(item).extra_mut().offer = Some(offer.id);
        self.tell_item(item, Some(ItemState::Queued), Some(6), "matched");
        let queue = self.items.get(item).queue;
        if self.queues.get(queue).config.auto_accept || self.agent(agent).config.auto_accept {
            self.auto_accept(item, agent, offer);
        } else {
            self.ring(item, offer);
        }
    }

    fn ring(&mut self, item: ItemRef, offer: Offer) {
        self.arm_item(offer.deadline, Due::Offer, item);
        self.offers.insert(offer.clone());
        self.out.push(Effect::Offer { offer, previous: None });
    }

    fn auto_accept(&mut self, item: ItemRef, agent: AgentRef, mut offer: Offer) {
        offer.state = OfferState::Accepted;
        offer.ended_at = Some(self.now);
        self.items.get_mut(item).extra_mut().offer = None;
        self.offers.end(offer.clone());
        let assignment = self.activate(item, agent, Some(offer.id), None);
        self.tell_item(item, Some(ItemState::Offered), Some(10), "auto_accept");
        self.out.push(Effect::Offer { offer, previous: None });
        self.tell_assignment(assignment);
        self.interrupt_for(item, agent);
    }

    fn new_offer(&mut self, item: ItemRef, agent: AgentRef) -> Offer {
        let record = self.items.get(item);
        let timeout_ms = self.queues.get(record.queue).config.offer_timeout_ms;
        Offer {
            id: OfferId(self.ids.next_id()),
            item: record.id,
            agent: self.agent(agent).id,
            epoch: self.agent(agent).presence.epoch,
            state: OfferState::Pending,
            created_at: self.now,
            deadline: self.now.plus_ms(timeout_ms),
            ended_at: None,
            rescind_reason: None,
            decline_reason: None,
        }
    }

    /// Ends the pending offer of an item and tells it.
    pub(super) fn end_offer(&mut self, item: ItemRef, end: End) {
        let offer = self.items.get_mut(item).extra_mut().offer.take();
        let Some(mut offer) = offer.and_then(|id| self.offers.get(id)).cloned() else {
            return;
        };
        self.disarm_item(Some(offer.deadline), Due::Offer, item);
        offer.state = end.state();
        offer.ended_at = Some(self.now);
        match end {
            End::Declined(reason) => offer.decline_reason = reason,
            End::Rescinded(reason) => offer.rescind_reason = Some(reason),
            End::Accepted | End::TimedOut | End::Cancelled => {}
        }
        self.offers.end(offer.clone());
        self.out.push(Effect::Offer { offer, previous: Some(OfferState::Pending) });
    }

    /// T10. The first answer wins; repeating the one that won changes nothing.
    pub(super) fn accept(&mut self, offer: OfferId, agent: AgentId, epoch: u64) -> Result<(), Refused> {
        let Some((item, agent)) = self.answered(offer, agent, epoch, OfferState::Accepted)? else {
            return Ok(());
        };
        self.end_offer(item, End::Accepted);
        self.agent_mut(agent).presence.misses = 0;
        let assignment = self.activate(item, agent, Some(offer), None);
        self.tell_item(item, Some(ItemState::Offered), Some(10), "accepted");
        self.tell_assignment(assignment);
        self.interrupt_for(item, agent);
        Ok(())
    }

    /// T11 by the agent's word.
    pub(super) fn decline(
        &mut self,
        offer: OfferId,
        agent: AgentId,
        epoch: u64,
        reason: Option<DeclineReasonId>,
    ) -> Result<(), Refused> {
        let Some((item, agent)) = self.answered(offer, agent, epoch, OfferState::Declined)? else {
            return Ok(());
        };
        let config = &self.agent(agent).config;
        if !config.decline_allowed {
            return Err(Refused::DeclineNotAllowed);
        }
        if config.decline_reason_required && reason.is_none() {
            return Err(Refused::DeclineReasonRequired);
        }
        let status = config.status_on_decline;
        self.requeue_offered(item, End::Declined(reason), Left::Round);
        if let Some(status) = status {
            self.set_status(agent, status, super::types::By::System, "declined");
        }
        Ok(())
    }

    /// Checks an answer. `None` when it repeats one already given.
    fn answered(
        &self,
        offer: OfferId,
        agent: AgentId,
        epoch: u64,
        wanted: OfferState,
    ) -> Result<Option<(ItemRef, AgentRef)>, Refused> {
        let offer = self.offers.get(offer).ok_or(Refused::UnknownOffer)?;
        if offer.agent != agent {
            return Err(Refused::OfferNotYours);
        }
        if offer.epoch != epoch {
            return Err(Refused::StaleEpoch);
        }
        match offer.state {
            OfferState::Pending => Ok(Some((self.find_item(offer.item)?, self.find_agent(agent)?))),
            state if state == wanted => Ok(None),
            OfferState::TimedOut => Err(Refused::OfferExpired),
            state @ (OfferState::Accepted | OfferState::Declined | OfferState::Cancelled | OfferState::Rescinded) => {
                Err(Refused::OfferClosed { state })
            }
        }
    }

    /// T11 by the clock.
    pub(super) fn time_out(&mut self, item: ItemRef) {
        let record = self.items.get(item);
        let (agent, queue) = (record.agent, record.queue);
        self.requeue_offered(item, End::TimedOut, Left::Round);
        self.count_miss(agent, self.queues.get(queue).config.misses_before_away);
    }

    /// Takes back every pending offer of an agent.
    pub(super) fn rescind_all(&mut self, agent: AgentRef, reason: RescindReason) {
        for item in self.held_where(agent, |item| item.state == ItemState::Offered) {
            self.requeue_offered(item, End::Rescinded(reason), Left::Gap);
        }
    }
}
