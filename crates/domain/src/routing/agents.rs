//! Agents as the router keeps them: limits, presence, what they hold, and their rank (R-SEL).
//!
//! # Invariants
//! - `sums` is the sum over `held` after every command (INV-3).
//! - `entries[slot]` is the agent's rank in its profile's shape `slot`, exactly while the agent fits it.
//! - A handle is never given to another agent. One named before it was put, or removed, is a *ghost*:
//!   it takes no work and commands that name it are refused.

use std::collections::BTreeMap;

use super::capacity::{KINDS, Size, Sums};
use super::classes::{Bits, Membership, Model, ProfileKey, ProfileRef, Shape};
use super::items::{AgentRef, ItemRec, ItemRef, NONE};
use super::order::Key;
use super::router::Router;
use super::timers::Due;
use super::types::{
    AgentConfig, ChannelPresence, Presence, Refused, RoutingKind, SessionState, StatusConfig, StatusKind,
};
use crate::ids::{AgentId, StatusId};
use crate::time::Micros;

/// Least time between two offers of real-time work to one agent (R-REQ-4).
pub(super) const OFFER_RATE_MS: i64 = 2_000;

/// Place of an agent among those that fit: smaller is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// What the model compares.
    pub value: i64,
    /// Idle since, in µs.
    pub idle: i64,
    pub id: AgentId,
    pub agent: AgentRef,
}

/// An agent.
#[derive(Debug)]
pub(super) struct AgentRec {
    pub id: AgentId,
    pub config: AgentConfig,
    pub is_known: bool,
    pub presence: Presence,
    /// What the status lets through per kind; nothing while the session is not live.
    pub through: [ChannelPresence; KINDS],
    /// Items offered to or held by the agent.
    pub held: Vec<ItemRef>,
    pub sums: Sums,
    /// Items that wait for this agent alone: mandatory (0) before preferred (1), then by key.
    pub preferred: BTreeMap<(u8, Key), ItemRef>,
    pub profile: ProfileRef,
    pub entries: Vec<Option<Rank>>,
    /// Shapes the agent fits.
    pub fits: Bits,
    /// Armed timer of the offer rate.
    pub rate_until: Option<Micros>,
}

impl AgentRec {
    /// An agent who is not there and may take nothing.
    pub fn ghost(id: AgentId) -> Self {
        let nobody = StatusId(uuid::Uuid::nil());
        Self {
            id,
            config: no_limits(id, nobody),
            is_known: false,
            presence: absent(id, nobody, Micros(0)),
            through: [ChannelPresence::Off; KINDS],
            held: Vec::new(),
            sums: Sums::default(),
            preferred: BTreeMap::new(),
            profile: NONE,
            entries: Vec::new(),
            fits: Bits::default(),
            rate_until: None,
        }
    }

    /// Whether presence lets one more item of this kind through.
    pub fn lets_through(&self, kind: RoutingKind, is_direct: bool) -> bool {
        match self.through[kind as usize] {
            ChannelPresence::Online => true,
            ChannelPresence::TransfersOnly => is_direct,
            ChannelPresence::Off => false,
        }
    }

    /// Whether presence lets this very item through.
    pub fn lets_item_through(&self, item: &ItemRec, now: Micros) -> bool {
        let is_asked_for = item.preferred_at(now).is_some_and(|preferred| preferred.agent == self.id);
        self.lets_through(item.kind, item.is_transfer() || is_asked_for)
    }

    /// Whether the rate of offers lets one more of this kind through.
    pub fn is_paced(&self, kind: RoutingKind, now: Micros) -> bool {
        let last = self.presence.last_offer_at.filter(|_| kind.is_real_time());
        last.is_none_or(|last| last.plus_ms(OFFER_RATE_MS) <= now)
    }

    /// Whether one more item of the shape may be offered now.
    pub fn fits_shape(&self, shape: &Shape, now: Micros) -> bool {
        let Size { kind, .. } = shape.size;
        self.lets_through(kind, shape.is_transfer) && self.is_paced(kind, now) && self.no_room(shape.size).is_none()
    }

    /// The agent's place under a model.
    pub fn rank(&self, model: Model, kind: RoutingKind, agent: AgentRef) -> Rank {
        let value = match model {
            Model::MostAvailable => self.sums.primary - self.config.cap_primary_milli,
            Model::LeastActive => self.sums.active,
            Model::LongestIdle => 0,
            Model::RoundRobin => self.presence.last_assigned.get(&kind).map_or(i64::MIN, |at| at.0),
        };
        let idle = self.presence.idle_since.map_or(i64::MAX, |at| at.0);
        Rank { value, idle, id: self.id, agent }
    }

    /// Works out again what presence lets through.
    pub fn note_presence(&mut self, status: Option<&StatusConfig>) {
        let is_here = self.is_known && self.presence.session_state == SessionState::Live;
        self.through = match status.filter(|_| is_here) {
            Some(status) => channels(status),
            None => [ChannelPresence::Off; KINDS],
        };
    }
}

fn channels(status: &StatusConfig) -> [ChannelPresence; KINDS] {
    let usual = match status.kind {
        StatusKind::Online => ChannelPresence::Online,
        StatusKind::Busy | StatusKind::Offline => ChannelPresence::Off,
    };
    let mut through = [usual; KINDS];
    for (&kind, &presence) in &status.channels {
        through[kind as usize] = presence;
    }
    through
}

fn no_limits(id: AgentId, status: StatusId) -> AgentConfig {
    AgentConfig {
        id,
        cap_primary_milli: 0,
        cap_interruptible_milli: 0,
        channel_max: BTreeMap::new(),
        auto_accept: false,
        decline_allowed: false,
        decline_reason_required: false,
        status_on_decline: None,
        status_on_timeout: status,
        status_offline: status,
        grace_ms: 0,
        skills: BTreeMap::new(),
    }
}

/// The presence of somebody who never signed in.
pub(super) fn absent(agent: AgentId, status: StatusId, since: Micros) -> Presence {
    Presence {
        agent,
        status,
        since,
        next_status: None,
        session: None,
        session_state: SessionState::None,
        grace_until: None,
        epoch: 0,
        misses: 0,
        idle_since: None,
        last_assigned: BTreeMap::new(),
        last_offer_at: None,
    }
}

impl Router {
    /// An agent that was put.
    pub(super) fn find_agent(&self, id: AgentId) -> Result<AgentRef, Refused> {
        let found = self.agent_by.get(&id).copied().filter(|&agent| self.agent(agent).is_known);
        found.ok_or(Refused::UnknownAgent)
    }

    /// The handle of an agent, a ghost if not put yet.
    pub(super) fn intern_agent(&mut self, id: AgentId) -> AgentRef {
        if let Some(&agent) = self.agent_by.get(&id) {
            return agent;
        }
        let agent = u32::try_from(self.agents.len()).expect("invariant: fewer than 2^32 agents");
        self.agents.push(AgentRec::ghost(id));
        self.agent_by.insert(id, agent);
        self.reprofile(agent);
        agent
    }

    pub(super) fn agent(&self, agent: AgentRef) -> &AgentRec {
        &self.agents[agent as usize]
    }

    pub(super) fn agent_mut(&mut self, agent: AgentRef) -> &mut AgentRec {
        &mut self.agents[agent as usize]
    }

    /// Gives the agent to an item's load.
    pub(super) fn hold(&mut self, agent: AgentRef, item: ItemRef) {
        self.items.get_mut(item).agent = agent;
        self.agent_mut(agent).held.push(item);
        self.note_load(agent);
    }

    /// Takes an item off its agent's load.
    pub(super) fn let_go(&mut self, item: ItemRef) -> AgentRef {
        let agent = std::mem::replace(&mut self.items.get_mut(item).agent, NONE);
        self.agent_mut(agent).held.retain(|&held| held != item);
        self.note_load(agent);
        self.dirty_agents.push(agent);
        agent
    }

    /// Works out again what the agent holds and fits. Only [`Router::let_go`] makes room: the agent is
    /// not dirty by this.
    pub(super) fn note_load(&mut self, agent: AgentRef) {
        let (agents, items) = (&mut self.agents, &self.items);
        let record = &mut agents[agent as usize];
        record.sums = Sums::default();
        for &item in &record.held {
            record.sums.add(items.get(item));
        }
        self.refresh(agent);
    }

    /// Works out again which shapes the agent fits, and where the agent stands.
    pub(super) fn refresh(&mut self, agent: AgentRef) {
        let (record, now) = (&mut self.agents[agent as usize], self.now);
        let profile = &mut self.index.profiles[record.profile as usize];
        record.entries.resize(profile.fitting.len(), None);
        for (slot, (shape_ref, fitting)) in profile.fitting.iter_mut().enumerate() {
            let shape = &self.index.shapes[*shape_ref as usize];
            let fits = record.fits_shape(shape, now);
            let rank = fits.then(|| record.rank(shape.model, shape.size.kind, agent));
            let old = record.entries[slot];
            if rank == old {
                continue;
            }
            record.entries[slot] = rank;
            record.fits.set(*shape_ref, fits);
            old.inspect(|old| {
                fitting.remove(old);
            });
            fitting.extend(rank);
        }
    }

    /// Moves the agent to the profile of its skills and memberships.
    pub(super) fn reprofile(&mut self, agent: AgentRef) {
        self.leave_profile(agent);
        let key = self.profile_key(agent);
        let items = &self.items;
        let profile = self.index.profile(key, |required| items.required(required));
        self.index.profiles[profile as usize].agents.insert(agent);
        self.agent_mut(agent).profile = profile;
        self.refresh(agent);
        self.dirty_agents.push(agent);
    }

    fn leave_profile(&mut self, agent: AgentRef) {
        let record = &mut self.agents[agent as usize];
        if record.profile == NONE {
            return;
        }
        let profile = &mut self.index.profiles[record.profile as usize];
        profile.agents.remove(&agent);
        for (entry, (_, fitting)) in record.entries.drain(..).zip(&mut profile.fitting) {
            entry.inspect(|rank| {
                fitting.remove(rank);
            });
        }
        record.fits = Bits::default();
    }

    fn profile_key(&self, agent: AgentRef) -> ProfileKey {
        let record = self.agent(agent);
        let skills = record.config.skills.iter().map(|(&skill, &level)| (skill, level)).collect();
        let mut memberships: Vec<Membership> = self.memberships_of(record.id).collect();
        memberships.sort_unstable();
        ProfileKey { skills, memberships }
    }

    fn memberships_of(&self, id: AgentId) -> impl Iterator<Item = Membership> {
        let queues = self.member_of.get(&id).into_iter().flatten();
        queues.filter_map(move |&queue| {
            let members = &self.queues.get(queue).config.members;
            let member = members.iter().find(|member| member.agent == id)?;
            Some(Membership { queue, ring: member.tier, delay_ms: member.delay_ms })
        })
    }

    /// The agent may be offered real-time work again.
    pub(super) fn rate_over(&mut self, agent: AgentRef) {
        self.agent_mut(agent).rate_until = None;
        self.refresh(agent);
        self.dirty_agents.push(agent);
    }

    /// Remembers an offer of real-time work, for the rate.
    pub(super) fn note_offer(&mut self, agent: AgentRef) {
        let now = self.now;
        self.agent_mut(agent).presence.last_offer_at = Some(now);
        self.arm_rate(agent);
    }

    /// Arms the end of the pause after the last offer of real-time work.
    pub(super) fn arm_rate(&mut self, agent: AgentRef) {
        self.disarm_agent(self.agent(agent).rate_until, Due::Rate, agent);
        let last = self.agent(agent).presence.last_offer_at;
        let until = last.map(|last| last.plus_ms(OFFER_RATE_MS)).filter(|&until| until > self.now);
        self.agent_mut(agent).rate_until = until;
        if let Some(until) = until {
            self.arm_agent(until, Due::Rate, agent);
        }
    }
}
