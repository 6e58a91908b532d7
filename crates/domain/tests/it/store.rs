//! What a shell would have in its store: effects committed by id.

use std::collections::BTreeMap;

use domain::ids::{AgentId, AssignmentId, OfferId, QueueId, StatusId, WorkItemId};
use domain::routing::{
    AgentConfig, Assignment, AssignmentState, Effect, Item, ItemState, Offer, OfferState, Presence, QueueConfig,
    Router, Snapshot, StatusConfig,
};

/// Committed records, whole, by id.
#[derive(Clone, Default)]
pub struct Store {
    pub queues: BTreeMap<QueueId, QueueConfig>,
    pub statuses: BTreeMap<StatusId, StatusConfig>,
    pub agents: BTreeMap<AgentId, AgentConfig>,
    pub presences: BTreeMap<AgentId, Presence>,
    pub items: BTreeMap<WorkItemId, Item>,
    pub offers: BTreeMap<OfferId, Offer>,
    pub assignments: BTreeMap<AssignmentId, Assignment>,
}

impl Store {
    /// Upserts what the effects carry.
    pub fn commit(&mut self, effects: &[Effect]) {
        for effect in effects {
            self.commit_one(effect.clone());
        }
    }

    fn commit_one(&mut self, effect: Effect) {
        match effect {
            Effect::Item { item, previous, .. } => {
                let before = self.items.insert(item.id, item).map(|before| before.state);
                assert_eq!(
                    before.filter(|&state| state != ItemState::New),
                    previous.filter(|&state| state != ItemState::New)
                );
            }
            Effect::Offer { offer, previous } => {
                let before = self.offers.insert(offer.id, offer).map(|before| before.state);
                assert_eq!(before, previous, "the offer's previous state is the stored one");
            }
            Effect::Assignment { assignment } => {
                self.assignments.insert(assignment.id, assignment);
            }
            Effect::Presence { presence, .. } => {
                self.presences.insert(presence.agent, presence);
            }
        }
    }

    /// Items not finished.
    pub fn live(&self) -> impl Iterator<Item = &Item> {
        self.items.values().filter(|item| !item.state.is_terminal())
    }

    /// What a restart would read.
    pub fn snapshot(&self) -> Snapshot {
        let is_live = |held: &&Assignment| held.state != AssignmentState::Ended;
        let is_pending = |offer: &&Offer| offer.state == OfferState::Pending;
        Snapshot {
            queues: self.queues.values().cloned().collect(),
            statuses: self.statuses.values().cloned().collect(),
            agents: self.agents.values().cloned().collect(),
            presences: self.presences.values().cloned().collect(),
            items: self.live().cloned().collect(),
            offers: self.offers.values().filter(is_pending).cloned().collect(),
            assignments: self.assignments.values().filter(is_live).cloned().collect(),
        }
    }

    /// INV-5: what is committed is what the router believes.
    pub fn assert_same_as(&self, router: &Router) {
        let live = self.live().filter(|item| item.state != ItemState::New).count();
        assert_eq!(live, router.live_count(), "INV-4: stored and known live items");
        for item in self.live().filter(|item| item.state != ItemState::New) {
            assert_eq!(Some(item), router.item(item.id).as_ref(), "INV-5: stored and known item");
        }
        for held in self.assignments.values().filter(|held| held.state != AssignmentState::Ended) {
            assert_eq!(Some(held), router.assignment_of(held.item), "INV-5: stored and known assignment");
        }
        for offer in self.offers.values() {
            assert_eq!(offer.state == OfferState::Pending, router.is_pending(offer.id), "INV-5: {offer:?}");
        }
        for agent in router.agent_ids() {
            let known = router.presence(agent).cloned().map(without_pace);
            assert_eq!(self.presences.get(&agent).cloned().map(without_pace), known, "INV-5: presence");
        }
    }
}

/// The pace of offers is the router's own: losing it in a restart loses nothing.
fn without_pace(mut presence: Presence) -> Presence {
    presence.last_offer_at = None;
    presence
}
