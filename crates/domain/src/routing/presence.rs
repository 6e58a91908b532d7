//! Presence: statuses, sessions, grace, loss (routing.md §1.6, §1.8).
//!
//! # Invariants
//! - One routable session per agent; each new one has a higher epoch.
//! - Offers ring only while the session is live and the status lets the kind through.
//! - `idle_since` is set from the first availability of a shift until the agent is offline.

use super::items::AgentRef;
use super::offers::End;
use super::requeue::Left;
use super::router::Router;
use super::timers::Due;
use super::types::{By, ItemState, Refused, RescindReason, SessionState, StatusKind};
use crate::ids::{AgentId, SessionId, StatusId};

impl Router {
    pub(super) fn set_presence(
        &mut self,
        agent: AgentId,
        status: StatusId,
        is_next: bool,
        by: By,
    ) -> Result<(), Refused> {
        let agent = self.find_agent(agent)?;
        if !self.statuses.contains_key(&status) {
            return Err(Refused::UnknownStatus);
        }
        if is_next && self.agent(agent).sums.assigned > 0 {
            self.plan_status(agent, Some(status), by);
        } else if self.agent(agent).presence.status == status {
            self.plan_status(agent, None, by);
        } else {
            self.set_status(agent, status, by, "set");
        }
        Ok(())
    }

    fn plan_status(&mut self, agent: AgentRef, next: Option<StatusId>, by: By) {
        let presence = &mut self.agent_mut(agent).presence;
        if presence.next_status != next {
            presence.next_status = next;
            let status = presence.status;
            self.tell_presence(agent, status, by, "next_status");
        }
    }

    /// Puts a status in force and takes back what it does not let through (R-OFF-5).
    pub(super) fn set_status(&mut self, agent: AgentRef, status: StatusId, by: By, reason: &'static str) {
        let (now, record) = (self.now, self.agent_mut(agent));
        let previous = record.presence.status;
        if previous == status {
            return;
        }
        record.presence.status = status;
        record.presence.since = now;
        record.presence.next_status = None;
        self.note_availability(agent);
        self.tell_presence(agent, previous, by, reason);
        self.rescind_barred(agent);
    }

    /// Takes back the offers that presence no longer lets through.
    pub(super) fn rescind_barred(&mut self, agent: AgentRef) {
        let (now, through) = (self.now, self.agent(agent));
        let barred =
            self.held_where(agent, |item| item.state == ItemState::Offered && !through.lets_item_through(item, now));
        for item in barred {
            self.requeue_offered(item, End::Rescinded(RescindReason::StatusChange), Left::Gap);
        }
    }

    /// Works out again what presence lets through, idle time, and where the agent stands.
    pub(super) fn note_availability(&mut self, agent: AgentRef) {
        let (now, status) = (self.now, self.statuses.get(&self.agent(agent).presence.status).cloned());
        let record = self.agent_mut(agent);
        record.note_presence(status.as_ref());
        let kind = status.map_or(StatusKind::Offline, |status| status.kind);
        let is_live = record.presence.session_state == SessionState::Live;
        match kind {
            StatusKind::Offline => record.presence.idle_since = None,
            StatusKind::Online if is_live => record.presence.idle_since = record.presence.idle_since.or(Some(now)),
            StatusKind::Online | StatusKind::Busy => {}
        }
        self.refresh(agent);
        self.dirty_agents.push(agent);
    }

    /// One more offer was missed; after `limit` in a row (0: never) the agent is set away.
    pub(super) fn count_miss(&mut self, agent: AgentRef, limit: u32) {
        let record = self.agent_mut(agent);
        record.presence.misses = record.presence.misses.saturating_add(1);
        let is_away = limit > 0 && record.presence.misses >= limit;
        let status = record.config.status_on_timeout;
        self.touch(agent);
        if is_away {
            self.agent_mut(agent).presence.misses = 0;
            self.set_status(agent, status, By::System, "missed");
        }
    }

    /// After work left the agent's hands: interrupted work goes on, a planned status comes into force.
    pub(super) fn after_release(&mut self, agent: AgentRef) {
        self.resume_interrupted(agent);
        let record = self.agent(agent);
        if record.sums.assigned > 0 {
            return;
        }
        if let Some(status) = record.presence.next_status {
            self.agent_mut(agent).presence.next_status = None;
            self.touch(agent);
            self.set_status(agent, status, By::System, "next_status");
        }
    }

    pub(super) fn session_opened(&mut self, agent: AgentId, session: SessionId) -> Result<(), Refused> {
        let id = agent;
        let agent = self.find_agent(agent)?;
        let presence = &self.agent(agent).presence;
        let is_same = presence.session == Some(session);
        let reason = match presence.session_state {
            SessionState::Live if is_same => return Ok(()),
            SessionState::Live => "session_replaced",
            SessionState::Grace => "session_returned",
            SessionState::None => "session_opened",
        };
        self.rescind_all(agent, RescindReason::SessionLost);
        self.disarm_agent(self.agent(agent).presence.grace_until, Due::Grace, agent);
        let presence = &mut self.agent_mut(agent).presence;
        presence.session = Some(session);
        presence.session_state = SessionState::Live;
        presence.grace_until = None;
        presence.epoch += 1;
        let status = presence.status;
        self.note_availability(agent);
        self.tell_presence(agent, status, By::Agent(id), reason);
        Ok(())
    }

    pub(super) fn session_lost(&mut self, agent: AgentId, session: SessionId) -> Result<(), Refused> {
        let agent = self.find_agent(agent)?;
        let presence = &self.agent(agent).presence;
        if presence.session == Some(session) && presence.session_state == SessionState::Live {
            self.begin_grace(agent, "session_lost");
            self.rescind_all(agent, RescindReason::SessionLost);
        }
        Ok(())
    }

    /// The session is gone and may return until the grace ends.
    pub(super) fn begin_grace(&mut self, agent: AgentRef, reason: &'static str) {
        let until = self.now.plus_ms(self.agent(agent).config.grace_ms);
        let presence = &mut self.agent_mut(agent).presence;
        presence.session_state = SessionState::Grace;
        presence.grace_until = Some(until);
        let status = presence.status;
        self.arm_agent(until, Due::Grace, agent);
        self.note_availability(agent);
        self.tell_presence(agent, status, By::System, reason);
    }

    pub(super) fn grace_over(&mut self, agent: AgentRef) {
        self.lose(agent, By::System, "disconnected");
    }

    /// As if the grace had run out, at once.
    pub(super) fn signed_out(&mut self, agent: AgentId) -> Result<(), Refused> {
        let by = By::Agent(agent);
        let agent = self.find_agent(agent)?;
        self.lose(agent, by, "signed_out");
        Ok(())
    }

    /// The agent is gone: offline, offers taken back, real-time work to the front of the line.
    pub(super) fn lose(&mut self, agent: AgentRef, by: By, reason: &'static str) {
        self.disarm_agent(self.agent(agent).presence.grace_until, Due::Grace, agent);
        let (now, record) = (self.now, self.agent_mut(agent));
        let (presence, offline) = (&mut record.presence, record.config.status_offline);
        let before = presence.clone();
        presence.session = None;
        presence.session_state = SessionState::None;
        presence.grace_until = None;
        presence.next_status = None;
        presence.idle_since = None;
        if presence.status != offline {
            presence.status = offline;
            presence.since = now;
        }
        let is_changed = *presence != before;
        self.note_availability(agent);
        if is_changed {
            self.tell_presence(agent, before.status, by, reason);
        }
        self.rescind_all(agent, RescindReason::SessionLost);
        self.requeue_real_time(agent);
    }

    fn requeue_real_time(&mut self, agent: AgentRef) {
        let lost = self.held_where(agent, |item| {
            item.kind.is_real_time() && matches!(item.state, ItemState::Active | ItemState::Paused)
        });
        for item in lost {
            self.requeue_lost(item, agent);
        }
        self.resume_interrupted(agent);
    }
}
