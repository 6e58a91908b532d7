//! Why an item is not offered to an agent: the first rule that fails (R-EXP, api.md's codes).

use serde::{Deserialize, Serialize};

use super::agents::AgentRec;
use super::capacity::Size;
use super::items::ItemRec;
use super::order::boost_ms;
use super::router::{Router, is_waiting};
use super::types::{ChannelPresence, ItemState, Member, SessionState, StatusKind};
use crate::ids::{AgentId, WorkItemId};
use crate::time::Micros;

/// The first rule that keeps an agent from an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstFailing {
    /// No session, or an offline status.
    Offline,
    /// The session was lost and may return.
    SessionGrace,
    /// A busy status.
    Busy,
    /// The status lets this kind not through.
    ChannelOff,
    /// The status lets only transfers and direct work through.
    TransfersOnly,
    /// The agent does not serve the queue.
    NotMember,
    /// The item has not waited long enough for this member.
    MembershipDelay,
    /// A required skill is missing.
    SkillMissing,
    /// A required skill is below the least level.
    SkillLevel,
    /// Left out for now: declined, missed, or asked a moment ago.
    ExcludedRound,
    /// The item waits for another agent for a while.
    AffinityWindow,
    /// The item is for another agent only.
    MandatoryOther,
    /// Too few units are free.
    OverCapacity,
    /// As many of this kind as allowed are held.
    ChannelMax,
    /// A hundred items are held.
    HeldMax,
    /// Exclusive work is going on, or held work would not let it start.
    ExclusiveBusy,
    /// Exclusive work is being wrapped up.
    WrapUpLock,
    /// Real-time work was offered a moment ago.
    OfferRate,
    /// The queue is closed, so the item waits for its opening.
    HoursClosed,
}

impl FirstFailing {
    /// How far an agent gets before this rule stops them: a higher number is nearer to eligible.
    #[must_use]
    pub const fn depth(self) -> u8 {
        match self {
            Self::HoursClosed => 0,
            Self::Offline => 1,
            Self::SessionGrace => 2,
            Self::Busy => 3,
            Self::ChannelOff => 4,
            Self::TransfersOnly => 5,
            Self::NotMember => 6,
            Self::MandatoryOther => 7,
            Self::AffinityWindow => 8,
            Self::SkillMissing => 9,
            Self::SkillLevel => 10,
            Self::MembershipDelay => 11,
            Self::ExcludedRound => 12,
            Self::HeldMax => 13,
            Self::ExclusiveBusy => 14,
            Self::WrapUpLock => 15,
            Self::ChannelMax => 16,
            Self::OverCapacity => 17,
            Self::OfferRate => 18,
        }
    }
}

/// What waiting work is served by: smaller is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Strict class, 0 first.
    pub tier: u8,
    /// Start of waiting in ms since 1970, moved back by carried age and boosts.
    pub at_ms: i64,
    /// Order of arrival.
    pub seq: u64,
    /// Head start by priority, in ms.
    pub priority_ms: i64,
    /// Head start by secondary priority, in ms.
    pub secondary_ms: i64,
}

impl Router {
    /// What a waiting item is served by; `None` for one that does not wait in line.
    #[must_use]
    pub fn order_of(&self, id: WorkItemId) -> Option<Order> {
        let record = self.items.get(self.items.find(id)?);
        let key = is_waiting(record.state).then(|| record.key())?;
        let (priority_ms, secondary_ms) = (boost_ms(record.priority, 9), boost_ms(0, record.secondary));
        Some(Order { tier: key.tier, at_ms: key.at_ms, seq: key.seq, priority_ms, secondary_ms })
    }

    /// Whether no member of the item's queue has the skills it asks for, and it prefers nobody.
    #[must_use]
    pub fn is_unstaffed(&self, id: WorkItemId) -> bool {
        let Some(item) = self.items.find(id).map(|item| self.items.get(item)) else { return false };
        let can = |member: &Member| {
            self.find_agent(member.agent).is_ok_and(|agent| self.unskilled(self.agent(agent), item).is_none())
        };
        let members = &self.queues.get(item.queue).config.members;
        item.extra().preferred.is_none() && !members.iter().any(can)
    }

    /// For every member of the item's queue, and the agent it prefers: why not, `None` when nothing fails.
    ///
    /// Empty when the item is unknown.
    #[must_use]
    pub fn why(&self, id: WorkItemId) -> Vec<(AgentId, Option<FirstFailing>)> {
        let Some(item) = self.items.find(id) else {
            return Vec::new();
        };
        let record = self.items.get(item);
        let members = &self.queues.get(record.queue).config.members;
        let preferred = record.preferred_at(self.now).map(|preferred| preferred.agent);
        let outsider = preferred.filter(|&agent| members.iter().all(|member| member.agent != agent));
        let agents = members.iter().map(|member| member.agent).chain(outsider);
        agents.map(|agent| (agent, self.first_failing(record, agent))).collect()
    }

    fn first_failing(&self, item: &ItemRec, id: AgentId) -> Option<FirstFailing> {
        let Ok(agent) = self.find_agent(id).map(|agent| self.agent(agent)) else {
            return Some(FirstFailing::Offline);
        };
        self.shut(item)
            .or_else(|| self.away(agent))
            .or_else(|| self.barred(agent, item))
            .or_else(|| self.not_for(agent, item))
            .or_else(|| item.excludes(id, self.now).then_some(FirstFailing::ExcludedRound))
            .or_else(|| agent.no_room(Size::of(item)))
            .or_else(|| (!agent.is_paced(item.kind, self.now)).then_some(FirstFailing::OfferRate))
    }

    fn shut(&self, item: &ItemRec) -> Option<FirstFailing> {
        let is_shut = item.state == ItemState::Deferred && !self.queues.get(item.queue).config.is_open;
        is_shut.then_some(FirstFailing::HoursClosed)
    }

    fn away(&self, agent: &AgentRec) -> Option<FirstFailing> {
        match agent.presence.session_state {
            SessionState::None => Some(FirstFailing::Offline),
            SessionState::Grace => Some(FirstFailing::SessionGrace),
            SessionState::Live => None,
        }
    }

    fn barred(&self, agent: &AgentRec, item: &ItemRec) -> Option<FirstFailing> {
        if agent.lets_item_through(item, self.now) {
            return None;
        }
        if agent.through[item.kind as usize] == ChannelPresence::TransfersOnly {
            return Some(FirstFailing::TransfersOnly);
        }
        let status = self.statuses.get(&agent.presence.status);
        Some(match status.map(|status| status.kind) {
            Some(StatusKind::Online) => FirstFailing::ChannelOff,
            Some(StatusKind::Busy) => FirstFailing::Busy,
            Some(StatusKind::Offline) | None => FirstFailing::Offline,
        })
    }

    fn not_for(&self, agent: &AgentRec, item: &ItemRec) -> Option<FirstFailing> {
        if let Some(preferred) = item.preferred_at(self.now) {
            let is_mandatory = preferred.until == Micros::MAX;
            let failing = if is_mandatory { FirstFailing::MandatoryOther } else { FirstFailing::AffinityWindow };
            return (preferred.agent != agent.id).then_some(failing);
        }
        let members = &self.queues.get(item.queue).config.members;
        let Some(member) = members.iter().find(|member| member.agent == agent.id) else {
            return Some(FirstFailing::NotMember);
        };
        self.unready(member, item).or_else(|| self.unskilled(agent, item))
    }

    fn unready(&self, member: &Member, item: &ItemRec) -> Option<FirstFailing> {
        let from = item.enqueued_at.plus_ms(member.delay_ms);
        (from > self.now).then_some(FirstFailing::MembershipDelay)
    }

    fn unskilled(&self, agent: &AgentRec, item: &ItemRec) -> Option<FirstFailing> {
        self.items.required(item.required).iter().find_map(|(skill, least)| match agent.config.skills.get(skill) {
            None => Some(FirstFailing::SkillMissing),
            Some(level) if level < least => Some(FirstFailing::SkillLevel),
            Some(_) => None,
        })
    }
}
