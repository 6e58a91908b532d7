//! A naive router, written from the routing rules without a thought for speed: it scans everything.
//!
//! It shares nothing with the engine but the types at the border. Tests give both the same commands and
//! the same id source and demand the same effects. Where the engine keeps indexes, timers and dirty sets,
//! this one asks every item and every agent, every time.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{
    AgentId, AssignmentId, DeclineReasonId, IdSource, OfferId, QueueId, SessionId, StatusId, WorkItemId,
};
use domain::routing::{
    AgentConfig, AgentModel, Assignment, AssignmentEnd, AssignmentState, By, CancelReason, ChannelPresence,
    CloseReason, Command, Effect, Item, ItemState, Offer, OfferState, Override, PauseReason, Pool, Presence,
    QueueConfig, Refused, RescindReason, RoutingKind, SessionState, Snapshot, Spill, StatusConfig, StatusKind,
};
use domain::time::Micros;

/// Least time between two offers of one item to one agent.
const GAP_MS: i64 = 1_000;
/// Least time between two offers of real-time work to one agent.
const RATE_MS: i64 = 2_000;
/// Head start of real-time work whose agent was lost.
const RECOVER_MS: i64 = 30 * 60_000;

/// Order of service of a fitting pair: band, ring, item tier, item time, sequence, model value, idle, agent.
type Order = (u8, u8, u8, i64, u64, i64, i64, AgentId);

/// The naive router.
pub struct Reference {
    ids: Box<dyn IdSource>,
    now: Micros,
    queues: BTreeMap<QueueId, QueueConfig>,
    statuses: BTreeMap<StatusId, StatusConfig>,
    agents: BTreeMap<AgentId, AgentConfig>,
    presences: BTreeMap<AgentId, Presence>,
    items: BTreeMap<WorkItemId, Item>,
    offers: BTreeMap<OfferId, Offer>,
    assignments: BTreeMap<WorkItemId, Assignment>,
    changed: BTreeSet<AgentId>,
    out: Vec<Effect>,
}

fn floor_ms(at: Micros) -> i64 {
    at.0.div_euclid(1_000)
}

fn is_waiting(item: &Item) -> bool {
    matches!(item.state, ItemState::Queued | ItemState::Offered)
}

fn is_interrupted(item: &Item) -> bool {
    item.pause_reason == Some(PauseReason::Interrupted)
}

fn is_excluded(item: &Item, agent: AgentId, now: Micros) -> bool {
    item.excluded.iter().any(|&(who, until)| who == agent && now < until)
}

/// Commands and time.
impl Reference {
    /// A router that knows nothing yet.
    #[must_use]
    pub fn new(ids: Box<dyn IdSource>) -> Self {
        Self {
            ids,
            now: Micros(0),
            queues: BTreeMap::new(),
            statuses: BTreeMap::new(),
            agents: BTreeMap::new(),
            presences: BTreeMap::new(),
            items: BTreeMap::new(),
            offers: BTreeMap::new(),
            assignments: BTreeMap::new(),
            changed: BTreeSet::new(),
            out: Vec::new(),
        }
    }

    /// The state of `snapshot`, and what a restart does to it.
    #[must_use]
    pub fn restore(snapshot: Snapshot, now: Micros, ids: Box<dyn IdSource>) -> (Self, Vec<Effect>) {
        let mut it = Self::new(ids);
        it.now = now;
        it.queues = snapshot.queues.into_iter().map(|queue| (queue.id, queue)).collect();
        it.statuses = snapshot.statuses.into_iter().map(|status| (status.id, status)).collect();
        it.agents = snapshot.agents.into_iter().map(|agent| (agent.id, agent)).collect();
        it.presences = snapshot.presences.into_iter().map(|presence| (presence.agent, presence)).collect();
        let live = snapshot.items.into_iter().filter(|item| item.state != ItemState::New && !item.state.is_terminal());
        it.items = live.map(|item| (item.id, item)).collect();
        it.offers = snapshot.offers.into_iter().map(|offer| (offer.id, offer)).collect();
        it.assignments = snapshot.assignments.into_iter().map(|held| (held.item, held)).collect();
        it.restart();
        it.run_due();
        it.matching();
        it.tell_changed();
        let effects = std::mem::take(&mut it.out);
        (it, effects)
    }

    fn restart(&mut self) {
        let with_session = self.presences.values().filter(|p| p.session_state != SessionState::None);
        for agent in with_session.map(|presence| presence.agent).collect::<Vec<_>>() {
            self.begin_grace(agent, "router_restart");
        }
        for id in self.by_seq(|_| true) {
            let item = &self.items[&id];
            if item.state == ItemState::Offered {
                self.rescind(id, RescindReason::RouterRestart);
            } else if item.state == ItemState::Deferred && item.wake_at.is_none() && self.takes(item.queue) {
                self.queue_up(id, 4, "woken");
            }
        }
    }

    /// What is due, then the command, then matching until nothing fits.
    ///
    /// # Errors
    /// The refusal; effects of what was due come with the next call.
    pub fn apply(&mut self, command: Command, now: Micros) -> Result<Vec<Effect>, Refused> {
        self.now = self.now.max(now);
        self.run_due();
        let done = self.carry_out(command);
        self.matching();
        self.tell_changed();
        done.map(|()| std::mem::take(&mut self.out))
    }

    fn run_due(&mut self) {
        while let Some((_, what, _, id)) = self.next_due() {
            match what {
                0 => self.lose(AgentId(id), By::System, "disconnected"),
                1 => self.time_out(WorkItemId(id)),
                2 => self.finish(WorkItemId(id), "time"),
                _ => self.wake(WorkItemId(id)),
            }
        }
    }

    fn next_due(&self) -> Option<(Micros, u8, u128, uuid::Uuid)> {
        let graces = self
            .presences
            .values()
            .filter_map(|presence| Some((presence.grace_until?, 0, presence.agent.0.as_u128(), presence.agent.0)));
        let of = |item: WorkItemId| u128::from(self.items[&item].seq);
        let pending = self.offers.values().filter(|offer| offer.state == OfferState::Pending);
        let offers = pending.map(|offer| (offer.deadline, 1, of(offer.item), offer.item.0));
        let wrap_ups = self.items.values().filter_map(|item| Some((item.wrap_up_deadline?, 2, of(item.id), item.id.0)));
        let deferred = self.items.values().filter(|item| item.state == ItemState::Deferred);
        let wakes = deferred.filter_map(|item| Some((item.wake_at?, 3, of(item.id), item.id.0)));
        let all = graces.chain(offers).chain(wrap_ups).chain(wakes);
        all.filter(|due| due.0 <= self.now).min()
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Refused> {
        use Command as C;
        match command {
            C::PutQueue { queue } => self.put_queue(queue),
            C::PutStatus { status } => self.put_status(status),
            C::PutAgent { agent } => self.put_agent(agent),
            C::RemoveAgent { agent } => self.remove_agent(agent),
            C::Enqueue { item } => self.enqueue(item),
            C::Edit { item, priority, secondary, queue } => self.edit(item, priority, secondary, queue),
            C::Cancel { item, reason } => self.cancel(item, reason),
            C::Accept { offer, agent, epoch } => self.accept(offer, agent, epoch),
            C::Decline { offer, agent, epoch, reason } => self.decline(offer, agent, epoch, reason),
            C::Pull { item, agent, by } => self.pull(item, agent, by),
            C::Pause { item, reason } => self.pause(item, reason),
            C::Resume { item } => self.resume(item),
            C::Complete { item } => self.complete(item),
            C::FinishWrapUp { item } => {
                self.need(item, &[ItemState::WrapUp])?;
                self.finish(item, "finished");
                Ok(())
            }
            C::ExtendWrapUp { item } => self.extend(item),
            C::Return { item } => self.take_up_again(item),
            C::Transfer { item, new, keep_age } => self.transfer(item, new, keep_age),
            C::Reassign { item, to, by: _ } => self.reassign(item, to),
            C::SetPresence { agent, status, is_next, by } => self.set_presence(agent, status, is_next, by),
            C::SessionOpened { agent, session } => self.session_opened(agent, session),
            C::SessionLost { agent, session } => self.session_lost(agent, session),
            C::SignedOut { agent } => {
                self.known(agent)?;
                self.lose(agent, By::Agent(agent), "signed_out");
                Ok(())
            }
            C::Tick => Ok(()),
        }
    }
}

/// Who may take what.
impl Reference {
    fn matching(&mut self) {
        loop {
            while let Some((_, item, agent)) = self.best_pair() {
                self.offer(item, agent);
            }
            let queues: Vec<QueueId> = self.queues.keys().copied().collect();
            let filled = queues.into_iter().map(|queue| self.fill(queue, "room")).max();
            if filled.is_none_or(|filled| !filled) {
                return;
            }
        }
    }

    /// Whether a queue is open with room.
    fn takes(&self, queue: QueueId) -> bool {
        let config = &self.queues[&queue];
        let waiting = self.items.values().filter(|other| other.queue == queue && is_waiting(other)).count();
        config.is_open && (config.max_waiting == 0 || waiting < config.max_waiting as usize)
    }

    fn fill(&mut self, queue: QueueId, reason: &'static str) -> bool {
        let waits = |item: &Item| item.queue == queue && item.state == ItemState::Deferred && item.wake_at.is_none();
        let mut has_filled = false;
        while self.takes(queue) {
            let Some(&item) = self.by_seq(waits).first() else { break };
            self.queue_up(item, 4, reason);
            has_filled = true;
        }
        has_filled
    }

    fn best_pair(&self) -> Option<(Order, WorkItemId, AgentId)> {
        let queued = self.items.values().filter(|item| item.state == ItemState::Queued);
        let pairs = queued.flat_map(|item| {
            self.agents.keys().filter_map(move |&agent| Some((self.order(item, agent)?, item.id, agent)))
        });
        pairs.min()
    }

    /// The order of service of a pair, `None` when they do not fit.
    fn order(&self, item: &Item, agent: AgentId) -> Option<Order> {
        let presence = &self.presences[&agent];
        let last_offer = presence.last_offer_at.filter(|_| item.kind.is_real_time());
        let is_too_soon = last_offer.is_some_and(|at| self.now < at.plus_ms(RATE_MS));
        if is_too_soon || !self.lets_through(agent, item) || is_excluded(item, agent, self.now) {
            return None;
        }
        let (band, ring) = self.claim(item, agent)?;
        if !self.fits(agent, item) {
            return None;
        }
        let boost = [30, 20, 10, 5].get(usize::from(item.secondary)).copied().unwrap_or(0);
        let boost_ms = (i64::from(item.priority) + boost) * 60_000;
        let at_ms = floor_ms(item.enqueued_at) - item.age_adjust_ms - boost_ms;
        let value = self.model_value(item, agent);
        let idle = presence.idle_since.map_or(i64::MAX, |at| at.0);
        Some((band, ring, item.tier, at_ms, item.seq, value, idle, agent))
    }

    /// Mandatory for the agent, preferred inside its window, or by membership and skills with the ring.
    fn claim(&self, item: &Item, agent: AgentId) -> Option<(u8, u8)> {
        if let Some(preferred) = item.preferred.filter(|preferred| self.now < preferred.until) {
            let band = if preferred.until == Micros::MAX { 0 } else { 1 };
            return (preferred.agent == agent).then_some((band, 0));
        }
        let member = self.queues[&item.queue].members.iter().find(|member| member.agent == agent)?;
        let has_waited = item.enqueued_at.plus_ms(member.delay_ms) <= self.now;
        let skills = &self.agents.get(&agent)?.skills;
        let is_skilled =
            item.required.iter().all(|(skill, least)| skills.get(skill).is_some_and(|level| level >= least));
        (has_waited && is_skilled).then_some((2, member.tier))
    }

    fn lets_through(&self, agent: AgentId, item: &Item) -> bool {
        let presence = &self.presences[&agent];
        if presence.session_state != SessionState::Live || !self.agents.contains_key(&agent) {
            return false;
        }
        let Some(status) = self.statuses.get(&presence.status) else { return false };
        let usual = if status.kind == StatusKind::Online { ChannelPresence::Online } else { ChannelPresence::Off };
        let is_preferred =
            item.preferred.is_some_and(|preferred| preferred.agent == agent && self.now < preferred.until);
        match status.channels.get(&item.kind).copied().unwrap_or(usual) {
            ChannelPresence::Online => true,
            ChannelPresence::TransfersOnly => item.previous.is_some() || is_preferred,
            ChannelPresence::Off => false,
        }
    }

    fn load_of(&self, agent: AgentId) -> impl Iterator<Item = &Item> {
        let takes = |item: &Item| item.state == ItemState::Offered || item.state.is_held();
        self.items.values().filter(move |item| item.agent == Some(agent) && takes(item))
    }

    fn units(&self, agent: AgentId, choose: impl Fn(&Item) -> bool) -> i64 {
        self.load_of(agent).filter(|item| choose(item)).map(|item| item.units_milli).sum()
    }

    /// R-CAP-3 and R-CAP-5.
    fn fits(&self, agent: AgentId, item: &Item) -> bool {
        let config = &self.agents[&agent];
        let others = || self.load_of(agent).filter(|other| other.id != item.id);
        if others().count() >= 100 || others().any(|other| other.kind.is_exclusive()) {
            return false;
        }
        if item.kind.is_exclusive() && others().any(|other| other.pool == Pool::Primary) {
            return false;
        }
        let usual_max = if item.kind.is_exclusive() { 1 } else { u32::MAX };
        let max = config.channel_max.get(&item.kind).copied().unwrap_or(usual_max);
        if others().filter(|other| other.kind == item.kind).count() >= max as usize {
            return false;
        }
        let primary = self.units(agent, |other| other.id != item.id && other.pool == Pool::Primary);
        let interruptible = self
            .units(agent, |other| other.id != item.id && other.pool == Pool::Interruptible && !is_interrupted(other));
        match item.pool {
            Pool::Primary => primary + item.units_milli <= config.cap_primary_milli,
            Pool::Interruptible => primary + interruptible + item.units_milli <= config.cap_interruptible_milli,
        }
    }

    fn model_value(&self, item: &Item, agent: AgentId) -> i64 {
        match self.queues[&item.queue].agent_model {
            AgentModel::MostAvailable => {
                self.units(agent, |held| held.pool == Pool::Primary) - self.agents[&agent].cap_primary_milli
            }
            AgentModel::LeastActive => self.units(agent, |held| held.state != ItemState::Paused),
            AgentModel::LongestIdle => 0,
            AgentModel::RoundRobin => self.presences[&agent].last_assigned.get(&item.kind).map_or(i64::MIN, |at| at.0),
        }
    }
}

/// Telling, and small steps that many rules share.
impl Reference {
    fn known(&self, agent: AgentId) -> Result<(), Refused> {
        self.agents.contains_key(&agent).then_some(()).ok_or(Refused::UnknownAgent)
    }

    fn need(&self, item: WorkItemId, states: &[ItemState]) -> Result<(), Refused> {
        let state = self.items.get(&item).ok_or(Refused::UnknownItem)?.state;
        states.contains(&state).then_some(()).ok_or(Refused::ItemState { state })
    }

    fn item(&mut self, item: WorkItemId) -> &mut Item {
        self.items.get_mut(&item).expect("the item is live")
    }

    fn presence(&mut self, agent: AgentId) -> &mut Presence {
        self.presences.get_mut(&agent).expect("the agent has a presence")
    }

    fn by_seq(&self, choose: impl Fn(&Item) -> bool) -> Vec<WorkItemId> {
        let mut chosen: Vec<&Item> = self.items.values().filter(|item| choose(item)).collect();
        chosen.sort_by_key(|item| item.seq);
        chosen.into_iter().map(|item| item.id).collect()
    }

    fn of_agent(&self, agent: AgentId, choose: impl Fn(&Item) -> bool) -> Vec<WorkItemId> {
        self.by_seq(|item| item.agent == Some(agent) && choose(item))
    }

    /// Moves an item and tells it; terminal items are forgotten.
    fn step(&mut self, item: WorkItemId, to: ItemState, row: u8, reason: &'static str) {
        let record = self.item(item);
        let previous = std::mem::replace(&mut record.state, to);
        let record = record.clone();
        if to.is_terminal() {
            self.items.remove(&item);
        }
        self.out.push(Effect::Item { item: record, previous: Some(previous), row: Some(row), reason: Some(reason) });
    }

    fn tell_presence(&mut self, agent: AgentId, previous_status: StatusId, by: By, reason: &'static str) {
        self.changed.remove(&agent);
        let presence = self.presences[&agent].clone();
        self.out.push(Effect::Presence { presence, previous_status, by, reason });
    }

    fn tell_changed(&mut self) {
        for agent in std::mem::take(&mut self.changed) {
            self.tell_presence(agent, self.presences[&agent].status, By::System, "counters");
        }
    }

    fn turn(&mut self, item: WorkItemId, to: AssignmentState, why: Option<Override>) -> Option<Effect> {
        let now = self.now;
        let assignment = self.assignments.get_mut(&item)?;
        let spent_ms = floor_ms(now) - floor_ms(assignment.state_since);
        *match assignment.state {
            AssignmentState::Active => &mut assignment.active_ms,
            AssignmentState::Paused => &mut assignment.paused_ms,
            AssignmentState::WrapUp | AssignmentState::Ended => &mut assignment.wrap_up_ms,
        } += spent_ms;
        assignment.state = to;
        assignment.state_since = now;
        if why.is_some() {
            assignment.override_reason = why;
        }
        Some(Effect::Assignment { assignment: assignment.clone() })
    }

    fn end_assignment(&mut self, item: WorkItemId, end: AssignmentEnd) -> Option<Effect> {
        self.turn(item, AssignmentState::Ended, None);
        let mut assignment = self.assignments.remove(&item)?;
        assignment.ended_at = Some(self.now);
        assignment.end_reason = Some(end);
        Some(Effect::Assignment { assignment })
    }
}

/// Offers.
impl Reference {
    fn offer(&mut self, item: WorkItemId, agent: AgentId) {
        let now = self.now;
        let queue = self.queues[&self.items[&item].queue].clone();
        let mut offer = Offer {
            id: OfferId(self.ids.next_id()),
            item,
            agent,
            epoch: self.presences[&agent].epoch,
            state: OfferState::Pending,
            created_at: now,
            deadline: now.plus_ms(queue.offer_timeout_ms),
            ended_at: None,
            rescind_reason: None,
            decline_reason: None,
        };
        if self.items[&item].kind.is_real_time() {
            self.presence(agent).last_offer_at = Some(now);
        }
        self.item(item).agent = Some(agent);
        self.step(item, ItemState::Offered, 6, "matched");
        let auto_accept = queue.auto_accept || self.agents[&agent].auto_accept;
        if auto_accept {
            offer.state = OfferState::Accepted;
            offer.ended_at = Some(now);
        }
        self.offers.insert(offer.id, offer.clone());
        if auto_accept {
            let assignment = self.begin(item, agent, Some(offer.id), None);
            self.step(item, ItemState::Active, 10, "auto_accept");
            self.out.push(Effect::Offer { offer, previous: None });
            self.out.push(assignment);
            self.interrupt(item, agent);
        } else {
            self.out.push(Effect::Offer { offer, previous: None });
        }
    }

    /// A new assignment; the item still has to step to active.
    fn begin(
        &mut self,
        item: WorkItemId,
        agent: AgentId,
        offer: Option<OfferId>,
        override_reason: Option<Override>,
    ) -> Effect {
        let now = self.now;
        let assignment = Assignment {
            id: AssignmentId(self.ids.next_id()),
            item,
            agent,
            offer,
            state: AssignmentState::Active,
            started_at: now,
            state_since: now,
            ended_at: None,
            end_reason: None,
            active_ms: 0,
            paused_ms: 0,
            wrap_up_ms: 0,
            override_reason,
        };
        self.assignments.insert(item, assignment.clone());
        let record = self.item(item);
        record.agent = Some(agent);
        record.assignment = Some(assignment.id);
        record.excluded.clear();
        let kind = record.kind;
        self.presence(agent).last_assigned.insert(kind, now);
        self.changed.insert(agent);
        Effect::Assignment { assignment }
    }

    fn interrupt(&mut self, item: WorkItemId, agent: AgentId) {
        if !self.items[&item].kind.is_exclusive() {
            return;
        }
        let goes_on = |other: &Item| other.state == ItemState::Active && other.pool == Pool::Interruptible;
        for other in self.of_agent(agent, |other| other.id != item && goes_on(other)) {
            self.set_paused(other, PauseReason::Interrupted, "interrupted");
        }
        self.rescind_all(agent, RescindReason::LostRace);
    }

    fn pending(&mut self, item: WorkItemId) -> Option<&mut Offer> {
        self.offers.values_mut().find(|offer| offer.item == item && offer.state == OfferState::Pending)
    }

    fn end_offer(&mut self, item: WorkItemId, state: OfferState, change: impl FnOnce(&mut Offer)) -> Micros {
        let now = self.now;
        let Some(offer) = self.pending(item) else { return now };
        offer.state = state;
        offer.ended_at = Some(now);
        change(offer);
        let offer = offer.clone();
        let began = offer.created_at;
        self.out.push(Effect::Offer { offer, previous: Some(OfferState::Pending) });
        began
    }

    fn back_in_line(&mut self, item: WorkItemId, reason: &'static str) {
        let record = self.item(item);
        record.agent = None;
        record.attempt += 1;
        self.step(item, ItemState::Queued, 11, reason);
    }

    fn rescind(&mut self, item: WorkItemId, reason: RescindReason) {
        let began = self.end_offer(item, OfferState::Rescinded, |offer| offer.rescind_reason = Some(reason));
        self.leave_out(item, began.plus_ms(GAP_MS));
        let word = match reason {
            RescindReason::LostRace => "lost_race",
            RescindReason::Supervisor => "supervisor",
            RescindReason::SessionLost => "session_lost",
            RescindReason::StatusChange => "status_change",
            RescindReason::RouterRestart => "router_restart",
            RescindReason::Merged => "merged",
        };
        self.back_in_line(item, word);
    }

    fn rescind_all(&mut self, agent: AgentId, reason: RescindReason) {
        for item in self.of_agent(agent, |item| item.state == ItemState::Offered) {
            self.rescind(item, reason);
        }
    }

    fn leave_out(&mut self, item: WorkItemId, until: Micros) {
        let now = self.now;
        let record = self.item(item);
        let agent = record.agent.expect("somebody was asked");
        record.excluded.retain(|&(who, until)| who != agent && now < until);
        if now < until {
            record.excluded.push((agent, until));
        }
    }

    /// R-REQ-2.
    fn leave_out_for_round(&mut self, item: WorkItemId) {
        let now = self.now;
        let queue = self.queues[&self.items[&item].queue].clone();
        self.leave_out(item, now.plus_ms(queue.exclusion_ttl_ms.max(GAP_MS)));
        let record = self.item(item);
        let asked = record.agent;
        record.preferred = record.preferred.filter(|p| Some(p.agent) != asked || p.until == Micros::MAX);
        let record = record.clone();
        let can = |&&agent: &&AgentId| self.lets_through(agent, &record) && self.claim(&record, agent).is_some();
        let eligible: Vec<AgentId> = self.agents.keys().filter(can).copied().collect();
        if !eligible.iter().all(|&agent| is_excluded(&record, agent, now)) {
            return;
        }
        let gap_ms = if eligible.len() <= 1 { queue.retry_gap_ms.max(GAP_MS) } else { GAP_MS };
        for (_, until) in &mut self.item(item).excluded {
            *until = now.plus_ms(gap_ms).min(*until);
        }
    }

    fn answer(&self, offer: OfferId, agent: AgentId, epoch: u64, same: OfferState) -> Result<bool, Refused> {
        let offer = self.offers.get(&offer).ok_or(Refused::UnknownOffer)?;
        if offer.agent != agent {
            Err(Refused::OfferNotYours)
        } else if offer.epoch != epoch {
            Err(Refused::StaleEpoch)
        } else if offer.state == OfferState::Pending || offer.state == same {
            Ok(offer.state == OfferState::Pending)
        } else if offer.state == OfferState::TimedOut {
            Err(Refused::OfferExpired)
        } else {
            Err(Refused::OfferClosed { state: offer.state })
        }
    }

    fn accept(&mut self, offer: OfferId, agent: AgentId, epoch: u64) -> Result<(), Refused> {
        if self.answer(offer, agent, epoch, OfferState::Accepted)? {
            let item = self.offers[&offer].item;
            self.end_offer(item, OfferState::Accepted, |_| ());
            self.presence(agent).misses = 0;
            let assignment = self.begin(item, agent, Some(offer), None);
            self.step(item, ItemState::Active, 10, "accepted");
            self.out.push(assignment);
            self.interrupt(item, agent);
        }
        Ok(())
    }

    fn decline(
        &mut self,
        offer: OfferId,
        agent: AgentId,
        epoch: u64,
        reason: Option<DeclineReasonId>,
    ) -> Result<(), Refused> {
        if !self.answer(offer, agent, epoch, OfferState::Declined)? {
            return Ok(());
        }
        let config = &self.agents[&agent];
        let status = config.status_on_decline;
        if !config.decline_allowed {
            return Err(Refused::DeclineNotAllowed);
        } else if config.decline_reason_required && reason.is_none() {
            return Err(Refused::DeclineReasonRequired);
        }
        let item = self.offers[&offer].item;
        self.end_offer(item, OfferState::Declined, |offer| offer.decline_reason = reason);
        self.leave_out_for_round(item);
        self.back_in_line(item, "declined");
        if let Some(status) = status {
            self.set_status(agent, status, By::System, "declined");
        }
        Ok(())
    }

    fn time_out(&mut self, item: WorkItemId) {
        let agent = self.items[&item].agent.expect("somebody was asked");
        self.end_offer(item, OfferState::TimedOut, |_| ());
        self.leave_out_for_round(item);
        self.back_in_line(item, "timed_out");
        let limit = self.queues[&self.items[&item].queue].misses_before_away;
        let away = self.agents[&agent].status_on_timeout;
        self.changed.insert(agent);
        let presence = self.presence(agent);
        presence.misses += 1;
        if limit > 0 && presence.misses >= limit {
            presence.misses = 0;
            self.set_status(agent, away, By::System, "missed");
        }
    }
}

/// Work that waits.
impl Reference {
    fn check_new(&self, item: &Item) -> Result<(), Refused> {
        if !self.queues.contains_key(&item.queue) {
            return Err(Refused::UnknownQueue);
        } else if self.items.contains_key(&item.id) {
            return Err(Refused::AlreadyExists);
        } else if item.state != ItemState::New {
            return Err(Refused::ItemState { state: item.state });
        } else if item.units_milli < 0 || item.units_milli > 1_000_000_000 {
            return Err(Refused::OutOfRange("units_milli"));
        }
        check_priority(Some(item.priority), Some(item.secondary))
    }

    fn enqueue(&mut self, item: Item) -> Result<(), Refused> {
        self.check_new(&item)?;
        self.enter(item, false);
        Ok(())
    }

    fn enter(&mut self, mut item: Item, is_transfer: bool) {
        let id = item.id;
        item.enqueued_at = item.enqueued_at.min(self.now);
        item.wake_at = item.wake_at.filter(|&at| self.now < at);
        item.attempt = 0;
        self.items.insert(id, item.clone());
        self.out.push(Effect::Item { item: item.clone(), previous: None, row: Some(1), reason: Some("created") });
        if item.wake_at.is_some() {
            self.step(id, ItemState::Deferred, 3, "scheduled");
        } else {
            self.place(id, is_transfer);
        }
    }

    fn place(&mut self, id: WorkItemId, is_transfer: bool) {
        for _ in 0..5 {
            let queue = self.queues[&self.items[&id].queue].clone();
            let (spill, waits, goes_on) = if !queue.is_open {
                (queue.on_closed, "queue_closed", "overflow_closed")
            } else if !is_transfer && !self.takes(queue.id) {
                (queue.on_full, "queue_full", "overflow_full")
            } else {
                return self.queue_up(id, 2, "queued");
            };
            match spill {
                Spill::Reject if !is_transfer => {
                    self.item(id).cancel_reason = Some(CancelReason::Rejected);
                    return self.step(id, ItemState::Cancelled, 5, "rejected");
                }
                Spill::Overflow { queue } if self.queues.contains_key(&queue) => {
                    let tier = self.queues[&queue].tier;
                    let item = self.item(id);
                    item.queue = queue;
                    item.tier = tier;
                    self.step(id, ItemState::New, 5, goes_on);
                }
                Spill::Wait | Spill::Reject | Spill::Overflow { .. } => {
                    return self.step(id, ItemState::Deferred, 3, waits);
                }
            }
        }
        self.step(id, ItemState::Deferred, 3, "overflow_limit");
    }

    fn queue_up(&mut self, item: WorkItemId, row: u8, reason: &'static str) {
        self.step(item, ItemState::Queued, row, reason);
    }

    fn wake(&mut self, item: WorkItemId) {
        self.item(item).wake_at = None;
        if self.queues[&self.items[&item].queue].is_open {
            self.queue_up(item, 4, "woken");
        } else {
            let record = self.items[&item].clone();
            let previous = Some(ItemState::Deferred);
            self.out.push(Effect::Item { item: record, previous, row: None, reason: Some("queue_closed") });
        }
    }

    fn edit(
        &mut self,
        item: WorkItemId,
        priority: Option<u8>,
        secondary: Option<u8>,
        queue: Option<QueueId>,
    ) -> Result<(), Refused> {
        self.need(item, &[ItemState::Queued])?;
        check_priority(priority, secondary)?;
        let moved = queue.filter(|&queue| queue != self.items[&item].queue);
        let tier = match queue {
            Some(queue) => Some(self.queues.get(&queue).ok_or(Refused::UnknownQueue)?.tier),
            None => None,
        };
        let record = self.item(item);
        record.priority = priority.unwrap_or(record.priority);
        record.secondary = secondary.unwrap_or(record.secondary);
        if let (Some(queue), Some(tier)) = (moved, tier) {
            record.queue = queue;
            record.tier = tier;
            record.excluded.clear();
        }
        self.step(item, ItemState::Queued, 8, "edited");
        Ok(())
    }

    fn cancel(&mut self, item: WorkItemId, reason: CancelReason) -> Result<(), Refused> {
        use CancelReason as R;
        use ItemState as S;
        let state = self.items.get(&item).ok_or(Refused::UnknownItem)?.state;
        let row = match (state, reason) {
            (S::Queued | S::Offered, _) => 9,
            (S::Deferred, R::Withdrawn | R::Merged | R::Supervisor | R::CallbackUnreachable | R::Blocked) => 22,
            (S::Active | S::Paused, R::Merged | R::Supervisor | R::Blocked) => 24,
            _ => return Err(Refused::ItemState { state }),
        };
        let word = match reason {
            R::Abandoned => "abandoned",
            R::Withdrawn => "withdrawn",
            R::Merged => "merged",
            R::Rejected => "rejected",
            R::CallbackUnreachable => "callback_unreachable",
            R::Supervisor => "supervisor",
            R::Blocked => "blocked",
        };
        self.item(item).cancel_reason = Some(reason);
        if row == 24 {
            let end = if reason == R::Merged { AssignmentEnd::Merged } else { AssignmentEnd::Completed };
            let agent = self.put_down(item, ItemState::Cancelled, end, row, word);
            self.released(agent);
        } else {
            self.end_offer(item, OfferState::Cancelled, |_| ());
            self.item(item).agent = None;
            self.step(item, ItemState::Cancelled, row, word);
        }
        Ok(())
    }

    fn pull(&mut self, item: WorkItemId, agent: AgentId, by: By) -> Result<(), Refused> {
        let record = self.items.get(&item).ok_or(Refused::UnknownItem)?;
        self.known(agent)?;
        if let (true, Some(agent)) = (record.state.is_held(), record.agent) {
            return Err(Refused::AlreadyAssigned { agent });
        }
        self.need(item, &[ItemState::Queued, ItemState::Offered])?;
        let is_own = matches!(by, By::Agent(_));
        if self.items[&item].state == ItemState::Offered {
            self.rescind(item, if is_own { RescindReason::LostRace } else { RescindReason::Supervisor });
        }
        let why = if is_own { Override::SelfPick } else { Override::SupervisorAssign };
        let why = (!self.fits(agent, &self.items[&item])).then_some(why);
        let assignment = self.begin(item, agent, None, why);
        self.step(item, ItemState::Active, 12, if is_own { "self_pick" } else { "supervisor_assign" });
        self.out.push(assignment);
        self.interrupt(item, agent);
        Ok(())
    }
}

/// Work in hand.
impl Reference {
    fn pause(&mut self, item: WorkItemId, reason: PauseReason) -> Result<(), Refused> {
        let word = match reason {
            PauseReason::Interrupted => {
                return Err(Refused::OutOfRange("reason: the router alone interrupts"));
            }
            PauseReason::Agent => "agent",
            PauseReason::WaitingCustomer => "waiting_customer",
            PauseReason::Snoozed => "snoozed",
        };
        self.need(item, &[ItemState::Active])?;
        self.set_paused(item, reason, word);
        Ok(())
    }

    fn set_paused(&mut self, item: WorkItemId, reason: PauseReason, word: &'static str) {
        self.item(item).pause_reason = Some(reason);
        let assignment = self.turn(item, AssignmentState::Paused, None);
        self.step(item, ItemState::Paused, 13, word);
        self.out.extend(assignment);
    }

    fn is_busy_alone(&self, agent: AgentId) -> bool {
        self.load_of(agent).any(|item| item.kind.is_exclusive() && item.state.is_held())
    }

    fn resume(&mut self, item: WorkItemId) -> Result<(), Refused> {
        self.need(item, &[ItemState::Paused])?;
        let record = &self.items[&item];
        if is_interrupted(record) && record.agent.is_some_and(|agent| self.is_busy_alone(agent)) {
            return Err(Refused::ItemState { state: record.state });
        }
        self.set_active(item, "resumed");
        Ok(())
    }

    fn set_active(&mut self, item: WorkItemId, word: &'static str) {
        let record = self.item(item);
        let was_interrupted = is_interrupted(record);
        record.pause_reason = None;
        let agent = record.agent.expect("paused work is held");
        let total = self.units(agent, |held| held.pool == Pool::Primary || !is_interrupted(held));
        let cap = self.agents.get(&agent).map_or(0, |agent| agent.cap_interruptible_milli);
        let why = (was_interrupted && total > cap).then_some(Override::IdleReturn);
        let assignment = self.turn(item, AssignmentState::Active, why);
        self.step(item, ItemState::Active, 14, word);
        self.out.extend(assignment);
    }

    fn resume_interrupted(&mut self, agent: AgentId) {
        while !self.is_busy_alone(agent) {
            let interrupted = self.load_of(agent).filter(|item| is_interrupted(item));
            let last = interrupted.max_by_key(|item| (self.assignments[&item.id].state_since, item.seq));
            let Some(item) = last.map(|item| item.id) else { return };
            self.set_active(item, "interruption_over");
        }
    }

    fn complete(&mut self, item: WorkItemId) -> Result<(), Refused> {
        self.need(item, &[ItemState::Active, ItemState::Paused])?;
        let wrap_up_ms = self.queues[&self.items[&item].queue].wrap_up_ms;
        if wrap_up_ms == 0 {
            self.close(item, CloseReason::Completed, AssignmentEnd::Completed, 15, "completed");
            return Ok(());
        }
        let until = self.now.plus_ms(wrap_up_ms);
        let record = self.item(item);
        record.pause_reason = None;
        record.extensions_used = 0;
        record.wrap_up_deadline = Some(until);
        let assignment = self.turn(item, AssignmentState::WrapUp, None);
        self.step(item, ItemState::WrapUp, 15, "wrap_up");
        self.out.extend(assignment);
        Ok(())
    }

    fn finish(&mut self, item: WorkItemId, word: &'static str) {
        self.close(item, CloseReason::Completed, AssignmentEnd::Completed, 16, word);
    }

    fn close(&mut self, item: WorkItemId, close: CloseReason, end: AssignmentEnd, row: u8, word: &'static str) {
        self.item(item).close_reason = Some(close);
        let agent = self.put_down(item, ItemState::Closed, end, row, word);
        self.released(agent);
    }

    fn extend(&mut self, item: WorkItemId) -> Result<(), Refused> {
        self.need(item, &[ItemState::WrapUp])?;
        let queue = self.queues[&self.items[&item].queue].clone();
        let record = self.item(item);
        if record.extensions_used >= queue.wrap_up_extensions_max {
            return Err(Refused::NoExtensionLeft);
        }
        record.extensions_used += 1;
        record.wrap_up_deadline = record.wrap_up_deadline.map(|at| at.plus_ms(queue.wrap_up_extension_ms));
        let (item, previous) = (record.clone(), Some(ItemState::WrapUp));
        self.out.push(Effect::Item { item, previous, row: None, reason: Some("wrap_up_extended") });
        Ok(())
    }

    fn take_up_again(&mut self, item: WorkItemId) -> Result<(), Refused> {
        self.need(item, &[ItemState::WrapUp])?;
        let record = self.item(item);
        record.wrap_up_deadline = None;
        let agent = record.agent.expect("wrap-up is held");
        let assignment = self.turn(item, AssignmentState::Active, Some(Override::Reopen));
        self.step(item, ItemState::Active, 17, "customer_returned");
        self.out.extend(assignment);
        self.interrupt(item, agent);
        Ok(())
    }

    fn transfer(&mut self, item: WorkItemId, mut new: Item, keep_age: bool) -> Result<(), Refused> {
        self.need(item, &[ItemState::Active, ItemState::Paused])?;
        self.check_new(&new)?;
        let old = &self.items[&item];
        let age_ms = floor_ms(self.now) - floor_ms(old.enqueued_at) + old.age_adjust_ms;
        new.previous = Some(item);
        new.enqueued_at = self.now;
        new.age_adjust_ms = if keep_age { age_ms } else { 0 };
        self.item(item).close_reason = Some(CloseReason::Transferred);
        let agent = self.put_down(item, ItemState::Closed, AssignmentEnd::Transferred, 18, "transferred");
        self.enter(new, true);
        self.released(agent);
        Ok(())
    }

    fn reassign(&mut self, item: WorkItemId, to: AgentId) -> Result<(), Refused> {
        let record = self.items.get(&item).ok_or(Refused::UnknownItem)?;
        self.known(to)?;
        self.need(item, &[ItemState::Active, ItemState::Paused, ItemState::WrapUp])?;
        let from = record.agent.expect("it is held");
        if from == to {
            return Err(Refused::AlreadyAssigned { agent: to });
        }
        let old = self.end_assignment(item, AssignmentEnd::Reassigned);
        self.handled(from);
        self.lay_aside(item);
        let why = (!self.fits(to, &self.items[&item])).then_some(Override::Reassign);
        let new = self.begin(item, to, None, why);
        self.step(item, ItemState::Active, 20, "reassigned");
        self.out.extend(old);
        self.out.push(new);
        self.interrupt(item, to);
        self.released(from);
        Ok(())
    }

    fn lay_aside(&mut self, item: WorkItemId) {
        let record = self.item(item);
        record.agent = None;
        record.assignment = None;
        record.pause_reason = None;
        record.wrap_up_deadline = None;
        record.extensions_used = 0;
    }

    fn handled(&mut self, agent: AgentId) {
        let now = self.now;
        let presence = self.presence(agent);
        if presence.idle_since.is_some_and(|since| since != now) {
            presence.idle_since = Some(now);
            self.changed.insert(agent);
        }
    }

    fn put_down(
        &mut self,
        item: WorkItemId,
        to: ItemState,
        end: AssignmentEnd,
        row: u8,
        word: &'static str,
    ) -> AgentId {
        let agent = self.items[&item].agent.expect("it is held");
        let assignment = self.end_assignment(item, end);
        if end != AssignmentEnd::Lost {
            self.handled(agent);
        }
        self.lay_aside(item);
        self.step(item, to, row, word);
        self.out.extend(assignment);
        agent
    }

    fn released(&mut self, agent: AgentId) {
        self.resume_interrupted(agent);
        let is_free = !self.load_of(agent).any(|item| item.state.is_held());
        if let Some(next) = self.presences[&agent].next_status.filter(|_| is_free) {
            self.presence(agent).next_status = None;
            self.changed.insert(agent);
            self.set_status(agent, next, By::System, "next_status");
        }
    }
}

/// Presence.
impl Reference {
    fn set_presence(&mut self, agent: AgentId, status: StatusId, is_next: bool, by: By) -> Result<(), Refused> {
        self.known(agent)?;
        if !self.statuses.contains_key(&status) {
            return Err(Refused::UnknownStatus);
        }
        let has_work = self.load_of(agent).any(|item| item.state.is_held());
        let presence = self.presence(agent);
        let current = presence.status;
        if (is_next && has_work) || current == status {
            let next = (is_next && has_work).then_some(status);
            if presence.next_status != next {
                presence.next_status = next;
                self.tell_presence(agent, current, by, "next_status");
            }
        } else {
            self.set_status(agent, status, by, "set");
        }
        Ok(())
    }

    fn set_status(&mut self, agent: AgentId, status: StatusId, by: By, reason: &'static str) {
        let now = self.now;
        let presence = self.presence(agent);
        let previous = presence.status;
        if previous == status {
            return;
        }
        presence.status = status;
        presence.since = now;
        presence.next_status = None;
        self.note_shift(agent);
        self.tell_presence(agent, previous, by, reason);
        self.rescind_barred(agent);
    }

    fn rescind_barred(&mut self, agent: AgentId) {
        let barred = |item: &Item| item.state == ItemState::Offered && !self.lets_through(agent, item);
        for item in self.of_agent(agent, barred) {
            self.rescind(item, RescindReason::StatusChange);
        }
    }

    /// A shift begins with the first availability and ends offline.
    fn note_shift(&mut self, agent: AgentId) {
        let now = self.now;
        let status = self.presences[&agent].status;
        let kind = self.statuses.get(&status).map_or(StatusKind::Offline, |status| status.kind);
        let presence = self.presence(agent);
        if kind == StatusKind::Offline {
            presence.idle_since = None;
        } else if kind == StatusKind::Online && presence.session_state == SessionState::Live {
            presence.idle_since = presence.idle_since.or(Some(now));
        }
    }

    fn session_opened(&mut self, agent: AgentId, session: SessionId) -> Result<(), Refused> {
        self.known(agent)?;
        let reason = match self.presences[&agent].session_state {
            SessionState::Live if self.presences[&agent].session == Some(session) => return Ok(()),
            SessionState::Live => "session_replaced",
            SessionState::Grace => "session_returned",
            SessionState::None => "session_opened",
        };
        self.rescind_all(agent, RescindReason::SessionLost);
        let presence = self.presence(agent);
        presence.session = Some(session);
        presence.session_state = SessionState::Live;
        presence.grace_until = None;
        presence.epoch += 1;
        let status = presence.status;
        self.note_shift(agent);
        self.tell_presence(agent, status, By::Agent(agent), reason);
        Ok(())
    }

    fn session_lost(&mut self, agent: AgentId, session: SessionId) -> Result<(), Refused> {
        self.known(agent)?;
        let presence = &self.presences[&agent];
        if presence.session == Some(session) && presence.session_state == SessionState::Live {
            self.begin_grace(agent, "session_lost");
            self.rescind_all(agent, RescindReason::SessionLost);
        }
        Ok(())
    }

    fn begin_grace(&mut self, agent: AgentId, reason: &'static str) {
        let grace_ms = self.agents.get(&agent).map_or(0, |agent| agent.grace_ms);
        let until = self.now.plus_ms(grace_ms);
        let presence = self.presence(agent);
        presence.session_state = SessionState::Grace;
        presence.grace_until = Some(until);
        let status = presence.status;
        self.note_shift(agent);
        self.tell_presence(agent, status, By::System, reason);
    }

    fn lose(&mut self, agent: AgentId, by: By, reason: &'static str) {
        let now = self.now;
        let before = self.presences[&agent].clone();
        let offline = self.agents.get(&agent).map_or(before.status, |agent| agent.status_offline);
        let presence = self.presence(agent);
        presence.session = None;
        presence.session_state = SessionState::None;
        presence.grace_until = None;
        presence.next_status = None;
        presence.idle_since = None;
        if presence.status != offline {
            presence.status = offline;
            presence.since = now;
        }
        if *presence != before {
            self.tell_presence(agent, before.status, by, reason);
        }
        self.rescind_all(agent, RescindReason::SessionLost);
        let in_hand = |item: &Item| matches!(item.state, ItemState::Active | ItemState::Paused);
        for item in self.of_agent(agent, |item| item.kind.is_real_time() && in_hand(item)) {
            let record = self.item(item);
            record.age_adjust_ms += RECOVER_MS;
            record.preferred = record.preferred.filter(|preferred| preferred.agent != agent);
            self.put_down(item, ItemState::Queued, AssignmentEnd::Lost, 19, "agent_lost");
        }
        self.resume_interrupted(agent);
    }
}

/// Configuration.
impl Reference {
    fn put_queue(&mut self, queue: QueueConfig) -> Result<(), Refused> {
        let agents: BTreeSet<AgentId> = queue.members.iter().map(|member| member.agent).collect();
        if agents.len() != queue.members.len() {
            return Err(Refused::OutOfRange("members: an agent is named twice"));
        }
        let id = queue.id;
        let was_open = self.queues.insert(id, queue).is_some_and(|old| old.is_open);
        self.fill(id, if was_open { "room" } else { "queue_opened" });
        Ok(())
    }

    fn put_status(&mut self, status: StatusConfig) -> Result<(), Refused> {
        let id = status.id;
        self.statuses.insert(id, status);
        for agent in self.agents.keys().copied().collect::<Vec<_>>() {
            if self.presences[&agent].status == id {
                self.note_shift(agent);
                self.rescind_barred(agent);
            }
        }
        Ok(())
    }

    fn put_agent(&mut self, agent: AgentConfig) -> Result<(), Refused> {
        let named = [Some(agent.status_offline), Some(agent.status_on_timeout), agent.status_on_decline];
        if named.iter().flatten().any(|status| !self.statuses.contains_key(status)) {
            return Err(Refused::UnknownStatus);
        }
        let (id, status) = (agent.id, agent.status_offline);
        let is_new = self.agents.insert(id, agent).is_none();
        if is_new {
            let epoch = self.presences.get(&id).map_or(0, |presence| presence.epoch);
            let presence = Presence {
                agent: id,
                status,
                since: self.now,
                next_status: None,
                session: None,
                session_state: SessionState::None,
                grace_until: None,
                epoch,
                misses: 0,
                idle_since: None,
                last_assigned: BTreeMap::new(),
                last_offer_at: None,
            };
            self.presences.insert(id, presence);
            self.tell_presence(id, status, By::System, "created");
        }
        self.note_shift(id);
        Ok(())
    }

    fn remove_agent(&mut self, agent: AgentId) -> Result<(), Refused> {
        self.known(agent)?;
        let count = self.load_of(agent).filter(|item| item.state.is_held()).count();
        if count > 0 {
            return Err(Refused::AgentHasWork { count: u32::try_from(count).unwrap_or(u32::MAX) });
        }
        self.lose(agent, By::System, "removed");
        self.agents.remove(&agent);
        Ok(())
    }
}

fn check_priority(priority: Option<u8>, secondary: Option<u8>) -> Result<(), Refused> {
    match (priority, secondary) {
        (Some(101..), _) => Err(Refused::OutOfRange("priority")),
        (_, Some(10..)) => Err(Refused::OutOfRange("secondary")),
        _ => Ok(()),
    }
}

/// The kinds of work, for tests that draw one.
pub const KINDS: [RoutingKind; 11] = [
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
