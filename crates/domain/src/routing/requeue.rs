//! Back into line: exclusions, gaps and what is kept (R-REQ-1, 2, 4, 5).
//!
//! # Invariants
//! - The key of a requeued item is what it was; only an agent lost with real-time work gives a boost.
//! - Nobody is offered the same item twice within [`GAP_MS`].

use super::items::{AgentRef, ItemRec, ItemRef};
use super::offers::End;
use super::router::Router;
use super::types::{AssignmentEnd, ItemState};
use crate::ids::AgentId;
use crate::time::Micros;

/// Least time between two offers of one item to one agent (R-REQ-4).
pub(super) const GAP_MS: i64 = 1_000;

/// Head start of real-time work whose agent was lost (R-REQ-5).
const RECOVER_BOOST_MS: i64 = 30 * 60_000;

/// How the agent of an ended offer is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// For the rest of this round (R-REQ-2).
    Round,
    /// Only for the gap between two offers.
    Gap,
}

impl Router {
    /// T11: the offer ended unaccepted, the item goes back to its place.
    pub(super) fn requeue_offered(&mut self, item: ItemRef, end: End, left: Left) {
        let offered_at = self.offered_at(item);
        self.end_offer(item, end);
        match left {
            Left::Round => self.leave_out_for_round(item),
            Left::Gap => self.leave_out(item, offered_at.plus_ms(GAP_MS)),
        }
        self.let_go(item);
        let previous = self.set_state(item, ItemState::Queued);
        let record = self.items.get_mut(item);
        record.attempt = record.attempt.saturating_add(1);
        self.tell_item(item, Some(previous), Some(11), end.word());
        self.put_in_line(item);
    }

    fn offered_at(&self, item: ItemRef) -> Micros {
        let offer = self.items.get(item).extra().offer.and_then(|id| self.offers.get(id));
        offer.map_or(self.now, |offer| offer.created_at)
    }

    fn leave_out(&mut self, item: ItemRef, until: Micros) {
        let (agent, now) = (self.agent(self.items.get(item).agent).id, self.now);
        if until <= now && self.items.get(item).extra().excluded.is_empty() {
            return;
        }
        let excluded = &mut self.items.get_mut(item).extra_mut().excluded;
        excluded.retain(|&(who, until)| until > now && who != agent);
        if until > now {
            excluded.push((agent, until));
        }
    }

    /// R-REQ-2. When everybody who could take it was tried, the round is over: the sole agent is asked
    /// again after the retry gap, several after the gap between offers.
    fn leave_out_for_round(&mut self, item: ItemRef) {
        self.drop_affinity(item);
        let record = self.items.get(item);
        let config = &self.queues.get(record.queue).config;
        let (ttl_ms, retry_ms) = (config.exclusion_ttl_ms.max(GAP_MS), config.retry_gap_ms.max(GAP_MS));
        self.leave_out(item, self.now.plus_ms(ttl_ms));
        let Some(eligible) = self.eligible_when_all_tried(item) else {
            return;
        };
        let end = self.now.plus_ms(if eligible <= 1 { retry_ms } else { GAP_MS });
        for (_, until) in &mut self.items.get_mut(item).extra_mut().excluded {
            *until = end.min(*until);
        }
    }

    /// A preferred agent who does not answer is not waited for any longer; a mandatory one is.
    fn drop_affinity(&mut self, item: ItemRef) {
        let record = self.items.get(item);
        let agent = self.agent(record.agent).id;
        let is_over = record
            .extra()
            .preferred
            .is_some_and(|preferred| preferred.agent == agent && preferred.until != Micros::MAX);
        if is_over {
            self.items.get_mut(item).extra_mut().preferred = None;
        }
    }

    /// How many could take the item now by queue, skills and presence, if all of them were tried.
    fn eligible_when_all_tried(&self, item: ItemRef) -> Option<usize> {
        let record = self.items.get(item);
        if let Some(preferred) = record.preferred_at(self.now) {
            let is_tried = record.excludes(preferred.agent, self.now);
            return (is_tried || !self.is_reachable(preferred.agent, record)).then_some(1);
        }
        let members = &self.queues.get(record.queue).config.members;
        let mut eligible = 0;
        for member in members {
            let has_waited = record.enqueued_at.plus_ms(member.delay_ms) <= self.now;
            if has_waited && self.is_reachable(member.agent, record) && self.is_skilled(member.agent, record) {
                if !record.excludes(member.agent, self.now) {
                    return None;
                }
                eligible += 1;
            }
        }
        Some(eligible)
    }

    fn is_reachable(&self, agent: AgentId, item: &ItemRec) -> bool {
        let agent = self.agent_by.get(&agent).map(|&agent| self.agent(agent));
        agent.is_some_and(|agent| agent.lets_item_through(item, self.now))
    }

    fn is_skilled(&self, agent: AgentId, item: &ItemRec) -> bool {
        let Some(agent) = self.agent_by.get(&agent).map(|&agent| self.agent(agent)) else {
            return false;
        };
        let required = self.items.required(item.required);
        let has = |skill| agent.config.skills.get(skill).copied().unwrap_or(0);
        required.iter().all(|(skill, least)| has(skill) >= *least)
    }

    /// T19: real-time work of a lost agent is served next.
    pub(super) fn requeue_lost(&mut self, item: ItemRef, agent: AgentRef) {
        let id = self.agent(agent).id;
        let record = self.items.get_mut(item);
        record.age_adjust_ms = record.age_adjust_ms.saturating_add(RECOVER_BOOST_MS);
        if record.extra().preferred.is_some_and(|preferred| preferred.agent == id) {
            record.extra_mut().preferred = None;
        }
        self.end_held(item, ItemState::Queued, AssignmentEnd::Lost, (19, "agent_lost"));
        self.put_in_line(item);
    }
}
