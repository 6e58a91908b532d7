//! Why an item is not offered to an agent: the first rule that fails (R-EXP, api.md's codes).

use serde::{Deserialize, Serialize};

use super::agents::AgentRec;
use super::capacity::Size;
use super::items::ItemRec;
use super::router::Router;
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

impl Router {
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
