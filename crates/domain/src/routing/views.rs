//! What others may read of the router.

use std::collections::BTreeMap;

use super::items::{ItemRec, ItemRef, NONE, Place};
use super::router::Router;
use super::types::{AgentConfig, Assignment, Item, ItemState, Offer, OfferState, Presence, QueueConfig, RoutingKind};
use crate::ids::{AgentId, OfferId, QueueId, WorkItemId};

/// What an agent holds and may hold; offers count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Units of primary work, in thousandths.
    pub primary_milli: i64,
    /// Units of interruptible work that is not interrupted, in thousandths.
    pub interruptible_milli: i64,
    /// Capacity for primary work.
    pub cap_primary_milli: i64,
    /// Capacity for primary and interruptible work together.
    pub cap_interruptible_milli: i64,
    /// Per kind that is held or limited: items held, and the most that may be.
    pub channels: BTreeMap<RoutingKind, (u32, Option<u32>)>,
}

/// Positions that are told; nobody is helped by a larger number.
const POSITIONS_TOLD: usize = 1_000;

const KINDS: [RoutingKind; super::capacity::KINDS] = [
    RoutingKind::Voice,
    RoutingKind::Video,
    RoutingKind::Chat,
    RoutingKind::Messaging,
    RoutingKind::Sms,
    RoutingKind::Email,
    RoutingKind::Social,
    RoutingKind::Task,
    RoutingKind::Case,
    RoutingKind::Callback,
    RoutingKind::Visit,
];

impl Router {
    /// A live item; `None` when unknown or finished.
    #[must_use]
    pub fn item(&self, id: WorkItemId) -> Option<Item> {
        self.items.find(id).map(|item| self.export(item))
    }

    /// A pending or lately ended offer.
    #[must_use]
    pub fn offer(&self, id: OfferId) -> Option<&Offer> {
        self.offers.get(id)
    }

    /// The pending offer of an item.
    #[must_use]
    pub fn offer_of(&self, item: WorkItemId) -> Option<&Offer> {
        let item = self.items.find(item)?;
        self.items.get(item).extra().offer.and_then(|id| self.offers.get(id))
    }

    /// The live assignment of an item.
    #[must_use]
    pub fn assignment_of(&self, item: WorkItemId) -> Option<&Assignment> {
        let item = self.items.find(item)?;
        self.items.get(item).extra().assignment.as_ref()
    }

    /// What is believed of an agent.
    #[must_use]
    pub fn presence(&self, id: AgentId) -> Option<&Presence> {
        self.find_agent(id).ok().map(|agent| &self.agent(agent).presence)
    }

    /// An agent's limits and skills, as put.
    #[must_use]
    pub fn agent_config(&self, id: AgentId) -> Option<&AgentConfig> {
        self.find_agent(id).ok().map(|agent| &self.agent(agent).config)
    }

    /// Every agent that was put and not removed, by id.
    pub fn agent_ids(&self) -> impl Iterator<Item = AgentId> {
        self.agent_by.iter().filter(|&(_, &agent)| self.agent(agent).is_known).map(|(&id, _)| id)
    }

    /// A queue's configuration, as put.
    #[must_use]
    pub fn queue_config(&self, id: QueueId) -> Option<&QueueConfig> {
        self.queues.find(id).map(|queue| &self.queues.get(queue).config)
    }

    /// What an agent holds and may hold.
    #[must_use]
    pub fn load(&self, id: AgentId) -> Option<Load> {
        let record = self.agent(self.find_agent(id).ok()?);
        let channels = KINDS.into_iter().filter_map(|kind| {
            let held = u32::from(record.sums.kinds[kind as usize]);
            let most = record.kind_max(kind);
            (held > 0 || record.config.channel_max.contains_key(&kind)).then_some((kind, (held, most)))
        });
        Some(Load {
            primary_milli: record.sums.primary,
            interruptible_milli: record.sums.interruptible,
            cap_primary_milli: record.config.cap_primary_milli,
            cap_interruptible_milli: record.config.cap_interruptible_milli,
            channels: channels.collect(),
        })
    }

    /// The offers ringing at an agent, by arrival of their items.
    #[must_use]
    pub fn pending_offers(&self, id: AgentId) -> Vec<&Offer> {
        let items = self.of_agent(id, |item| item.state == ItemState::Offered);
        items.into_iter().filter_map(|item| self.offers.get(self.items.get(item).extra().offer?)).collect()
    }

    /// The items an agent has active, paused or in wrap-up, by arrival.
    #[must_use]
    pub fn held(&self, id: AgentId) -> Vec<Item> {
        let items = self.of_agent(id, |item| item.state.is_held());
        items.into_iter().map(|item| self.export(item)).collect()
    }

    fn of_agent(&self, id: AgentId, choose: impl Fn(&ItemRec) -> bool) -> Vec<ItemRef> {
        self.find_agent(id).map(|agent| self.held_where(agent, choose)).unwrap_or_default()
    }

    /// How many of a queue wait for an answer: queued or offered. 0 for an unknown queue.
    #[must_use]
    pub fn waiting(&self, id: QueueId) -> u32 {
        self.queues.find(id).map_or(0, |queue| self.queues.get(queue).waiting)
    }

    /// Whether all that is queued there asks the same of agents, so that a position means something.
    #[must_use]
    pub fn is_single_class(&self, id: QueueId) -> bool {
        let Some(queue) = self.queues.find(id) else {
            return false;
        };
        let classes = self.queues.get(queue).classes.iter();
        let mut asked = classes.filter(|&&class| self.index.waiting.has(class)).map(|&class| {
            let key = self.index.classes[class as usize].key;
            (key.required, key.size, key.is_transfer)
        });
        asked.next().is_none_or(|first| asked.all(|other| other == first))
    }

    /// Place in line, 1 first; only for queued items of single-class queues that wait for nobody special.
    ///
    /// `None` beyond the first thousand: counting along the line takes time in proportion to the position.
    #[must_use]
    pub fn position(&self, id: WorkItemId) -> Option<u32> {
        let record = self.items.get(self.items.find(id)?);
        let queue = self.queues.get(record.queue);
        let is_in_line = matches!(record.place, Place::Main | Place::Side);
        if !is_in_line || !self.is_single_class(queue.config.id) {
            return None;
        }
        let key = record.key();
        let classes = queue.classes.iter().map(|&class| &self.index.classes[class as usize]);
        let mut ahead = 0;
        for class in classes {
            let both = class.main.range(..key).chain(class.side.range(..key));
            ahead += both.take(POSITIONS_TOLD - ahead).count();
            if ahead == POSITIONS_TOLD {
                return None;
            }
        }
        u32::try_from(ahead + 1).ok()
    }

    /// Whether an offer still rings.
    #[must_use]
    pub fn is_pending(&self, id: OfferId) -> bool {
        self.offers.get(id).is_some_and(|offer| offer.state == OfferState::Pending)
    }

    /// Live items: everything not closed or cancelled.
    #[must_use]
    pub fn live_count(&self) -> usize {
        self.items.len()
    }

    /// Who holds an item or is being asked.
    #[must_use]
    pub fn agent_of(&self, id: WorkItemId) -> Option<AgentId> {
        let agent = self.items.get(self.items.find(id)?).agent;
        (agent != NONE).then(|| self.agent(agent).id)
    }
}
