//! A seeded world: its configuration and what happens in it.

use std::collections::BTreeMap;

use domain::ids::{
    AgentId, CustomerId, DeclineReasonId, IdSource, OfferId, QueueId, SessionId, SkillId, StatusId, WorkItemId,
};
use domain::routing::{
    AgentConfig, AgentModel, By, CancelReason, ChannelPresence, Command, Item, ItemState, Member, OfferState,
    PauseReason, Pool, Preferred, QueueConfig, RoutingKind, SessionState, Spill, StatusConfig, StatusKind,
};
use domain::time::Micros;
use uuid::Uuid;

use crate::reference::KINDS;
use crate::store::Store;

/// SplitMix64.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let index = usize::try_from(self.below(from.len() as u64)).expect("small");
        from.get(index).cloned()
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        self.pick(from).expect("not empty")
    }
}

/// Ids by counting, so that two routers given the same commands name things alike.
pub struct Counter(pub u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

pub fn id(kind: u8, number: u64) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 100) | u128::from(number))
}

pub fn agent_id(number: u64) -> AgentId {
    AgentId(id(2, number))
}

pub fn queue_id(number: u64) -> QueueId {
    QueueId(id(1, number))
}

pub fn status_id(number: u64) -> StatusId {
    StatusId(id(3, number))
}

fn skill_id(number: u64) -> SkillId {
    SkillId(id(4, number))
}

/// 0 available, 1 chat only, 2 busy, 3 offline, 4 missed.
pub fn statuses() -> Vec<StatusConfig> {
    let status = |number, kind, channels: &[(RoutingKind, ChannelPresence)]| StatusConfig {
        id: status_id(number),
        kind,
        channels: channels.iter().copied().collect(),
    };
    let chat_only = [
        (RoutingKind::Voice, ChannelPresence::Off),
        (RoutingKind::Video, ChannelPresence::Off),
        (RoutingKind::Email, ChannelPresence::TransfersOnly),
    ];
    vec![
        status(0, StatusKind::Online, &[]),
        status(1, StatusKind::Online, &chat_only),
        status(2, StatusKind::Busy, &[]),
        status(3, StatusKind::Offline, &[]),
        status(4, StatusKind::Busy, &[]),
    ]
}

/// Circles and queues that do not exist are among them.
fn spill(rng: &mut Rng, queues: u64) -> Spill {
    let queue = queue_id(rng.below(queues + 1));
    rng.of(&[Spill::Wait, Spill::Overflow { queue }, Spill::Reject])
}

/// What may happen in a seed, and what has happened so far that later commands need.
pub struct World {
    pub rng: Rng,
    queues: u64,
    agents: u64,
    items: u64,
    sessions: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let (queues, agents) = (1 + rng.below(8), 1 + rng.below(12));
        Self { rng, queues, agents, items: 0, sessions: 0 }
    }

    /// The commands that set the world up.
    pub fn set_up(&mut self) -> Vec<Command> {
        let statuses = statuses().into_iter().map(|status| Command::PutStatus { status });
        let mut commands: Vec<Command> = statuses.collect();
        // Queues may name members who are not put yet, and the other way round.
        let agents_first = self.rng.percent(50);
        let queues: Vec<Command> =
            (0..self.queues).map(|queue| Command::PutQueue { queue: self.queue(queue) }).collect();
        let agents: Vec<Command> =
            (0..self.agents).map(|agent| Command::PutAgent { agent: self.agent(agent) }).collect();
        let (first, second) = if agents_first { (agents, queues) } else { (queues, agents) };
        commands.extend(first);
        commands.extend(second);
        for agent in 0..self.agents {
            commands.push(self.session_opened(agent_id(agent)));
            let (agent, status) = (agent_id(agent), status_id(0));
            commands.push(Command::SetPresence { agent, status, is_next: false, by: By::Agent(agent) });
        }
        commands
    }

    fn queue(&mut self, number: u64) -> QueueConfig {
        let rng = &mut self.rng;
        let model = rng.of(&[
            AgentModel::MostAvailable,
            AgentModel::LeastActive,
            AgentModel::LongestIdle,
            AgentModel::RoundRobin,
        ]);
        let with_delays = rng.percent(30);
        let members = (0..self.agents).filter(|_| rng.percent(70)).collect::<Vec<_>>();
        let members = members.into_iter().map(|agent| Member {
            agent: agent_id(agent),
            tier: u8::try_from(rng.below(3)).expect("small"),
            delay_ms: if with_delays { rng.of(&[0, 0, 5_000, 30_000]) } else { 0 },
        });
        let members = members.collect();
        QueueConfig {
            id: queue_id(number),
            tier: rng.of(&[0, 0, 0, 1]),
            agent_model: model,
            units_milli: 250,
            pool: Pool::Primary,
            offer_timeout_ms: rng.of(&[0, 5_000, 20_000, 60_000]),
            auto_accept: rng.percent(20),
            misses_before_away: rng.of(&[0, 1, 2]),
            exclusion_ttl_ms: rng.of(&[0, 10_000, 120_000]),
            retry_gap_ms: rng.of(&[0, 3_000, 15_000]),
            wrap_up_ms: rng.of(&[0, 0, 10_000, 30_000]),
            wrap_up_extension_ms: 10_000,
            wrap_up_extensions_max: rng.of(&[0, 1, 2]),
            wrap_up_code_required: false,
            is_open: rng.percent(85),
            on_closed: spill(rng, self.queues),
            max_waiting: rng.of(&[0, 0, 0, 3, 10]),
            on_full: spill(rng, self.queues),
            members,
        }
    }

    fn agent(&mut self, number: u64) -> AgentConfig {
        let rng = &mut self.rng;
        let limits = [RoutingKind::Chat, RoutingKind::Email, RoutingKind::Voice];
        let limits = limits.into_iter().filter(|_| rng.percent(30)).collect::<Vec<_>>();
        let limits = limits.into_iter().map(|kind| (kind, u32::try_from(rng.below(4)).expect("small")));
        let channel_max = limits.collect();
        let skills = (0..3).filter(|_| rng.percent(60)).collect::<Vec<_>>();
        let skills = skills.into_iter().map(|skill| (skill_id(skill), rng.of(&[1, 3, 5, 10]))).collect();
        AgentConfig {
            id: agent_id(number),
            cap_primary_milli: rng.of(&[500, 1_000, 1_000, 2_000]),
            cap_interruptible_milli: rng.of(&[500, 1_000, 2_000]),
            channel_max,
            auto_accept: rng.percent(10),
            decline_allowed: rng.percent(85),
            decline_reason_required: rng.percent(20),
            status_on_decline: rng.percent(20).then(|| status_id(2)),
            status_on_timeout: status_id(4),
            status_offline: status_id(3),
            grace_ms: rng.of(&[0, 5_000, 30_000]),
            skills,
        }
    }

    fn session_opened(&mut self, agent: AgentId) -> Command {
        self.sessions += 1;
        Command::SessionOpened { agent, session: SessionId(id(5, self.sessions)) }
    }

    fn any_agent(&mut self) -> AgentId {
        agent_id(self.rng.below(self.agents))
    }

    fn any_queue(&mut self) -> QueueId {
        queue_id(self.rng.below(self.queues))
    }

    fn new_item(&mut self, now: Micros) -> Item {
        self.items += 1;
        let (queue, preferred) = (self.any_queue(), self.any_agent());
        let rng = &mut self.rng;
        let kind = rng.of(&[RoutingKind::Voice, RoutingKind::Chat, RoutingKind::Email, RoutingKind::Task]);
        let kind = if rng.percent(10) { rng.of(&KINDS) } else { kind };
        let is_async = !kind.is_real_time();
        let pool = if is_async && rng.percent(80) { Pool::Interruptible } else { Pool::Primary };
        let until = if rng.percent(20) { Micros::MAX } else { now.plus_ms(rng.of(&[1, 5_000, 30_000])) };
        let required = (0..3).filter(|_| rng.percent(12)).collect::<Vec<_>>();
        let required = required.into_iter().map(|skill| (skill_id(skill), rng.of(&[1, 3, 5]))).collect();
        Item {
            id: WorkItemId(id(6, self.items)),
            queue,
            kind,
            customer: rng.percent(50).then(|| CustomerId(id(7, self.items))),
            priority: rng.of(&[0, 0, 0, 5, 100]),
            secondary: rng.of(&[9, 9, 9, 0, 2, 3]),
            tier: rng.of(&[0, 0, 0, 1]),
            enqueued_at: if rng.percent(80) { now } else { now.plus_ms(rng.of(&[-60_000, -1_000, 60_000])) },
            age_adjust_ms: rng.of(&[0, 0, 0, 1_000]),
            seq: self.items,
            units_milli: rng.of(&[0, 250, 250, 500, 1_000]),
            pool,
            required,
            preferred: rng.percent(15).then_some(Preferred { agent: preferred, until }),
            state: ItemState::New,
            pause_reason: None,
            close_reason: None,
            cancel_reason: None,
            attempt: 0,
            agent: None,
            assignment: None,
            excluded: Vec::new(),
            wake_at: rng.percent(7).then(|| now.plus_ms(rng.of(&[-5, 1_000, 60_000]))),
            wrap_up_deadline: None,
            extensions_used: 0,
            previous: None,
        }
    }

    /// How far time moves before the next command; `due` is the next deadline.
    pub fn later(&mut self, now: Micros, due: Option<Micros>) -> Micros {
        let rng = &mut self.rng;
        match (rng.below(20), due) {
            (0..=2, _) => now,
            (3..=4, Some(due)) => due.max(now),
            (5, Some(due)) => Micros(due.0 - 1).max(now),
            (6, _) => now.plus_ms(60_000),
            (7, _) if rng.percent(20) => now.plus_ms(3_600_000),
            (7, _) => now.plus_ms(-1_000),
            (8..=9, _) => now.plus_ms(10_000),
            (10..=12, _) => now.plus_ms(1_000),
            _ => Micros(now.0 + i64::try_from(rng.below(3_000_000)).expect("small")),
        }
    }

    /// The next thing that happens, often sensible for the state in `store`.
    pub fn command(&mut self, store: &Store, now: Micros) -> Command {
        match self.rng.below(100) {
            0..=24 => Command::Enqueue { item: self.new_item(now) },
            25..=41 => self.answer(store, 70),
            42..=46 => self.answer(store, 10),
            47..=58 => self.progress(store),
            59..=68 => self.presence(store),
            69..=76 => self.session(store),
            77..=80 => self.cancel(store),
            81..=84 => self.edit(store),
            85..=88 => self.pull(store),
            89..=91 => self.transfer(store, now),
            92..=93 => self.reassign(store),
            94..=95 => self.config(store),
            96 => self.nonsense(),
            _ => Command::Tick,
        }
    }

    fn item_in(&mut self, store: &Store, states: &[ItemState]) -> WorkItemId {
        let wanted = store.live().filter(|item| states.contains(&item.state)).map(|item| item.id);
        let wanted: Vec<WorkItemId> = wanted.collect();
        self.rng.pick(&wanted).unwrap_or_else(|| self.any_item())
    }

    fn any_item(&mut self) -> WorkItemId {
        WorkItemId(id(6, 1 + self.rng.below(self.items + 2)))
    }

    fn answer(&mut self, store: &Store, accepts: u64) -> Command {
        let is_late = self.rng.percent(8);
        let open = |state| state == OfferState::Pending || is_late;
        let offers = store.offers.values().filter(|offer| open(offer.state));
        let offers: Vec<(OfferId, AgentId, u64)> = offers.map(|offer| (offer.id, offer.agent, offer.epoch)).collect();
        let Some((offer, agent, epoch)) = self.rng.pick(&offers) else { return Command::Tick };
        let epoch = if self.rng.percent(3) { epoch.wrapping_sub(1) } else { epoch };
        let agent = if self.rng.percent(3) { self.any_agent() } else { agent };
        if self.rng.percent(accepts) {
            return Command::Accept { offer, agent, epoch };
        }
        let reason = self.rng.percent(70).then(|| DeclineReasonId(id(8, 1)));
        Command::Decline { offer, agent, epoch, reason }
    }

    fn progress(&mut self, store: &Store) -> Command {
        use ItemState as S;
        match self.rng.below(20) {
            0..=8 => Command::Complete { item: self.item_in(store, &[S::Active, S::Paused]) },
            9..=11 => Command::FinishWrapUp { item: self.item_in(store, &[S::WrapUp]) },
            12 => Command::ExtendWrapUp { item: self.item_in(store, &[S::WrapUp]) },
            13..=14 => Command::Return { item: self.item_in(store, &[S::WrapUp]) },
            15..=16 => {
                let reasons =
                    [PauseReason::Agent, PauseReason::WaitingCustomer, PauseReason::Snoozed, PauseReason::Interrupted];
                let reason = self.rng.of(&reasons);
                Command::Pause { item: self.item_in(store, &[S::Active]), reason }
            }
            _ => Command::Resume { item: self.item_in(store, &[S::Paused]) },
        }
    }

    fn presence(&mut self, store: &Store) -> Command {
        let agent = self.any_agent();
        if self.rng.percent(5) {
            return Command::SignedOut { agent };
        }
        let is_away = store.presences.get(&agent).is_some_and(|presence| presence.status != status_id(0));
        let status = if is_away && self.rng.percent(75) { 0 } else { self.rng.below(5) };
        let by = self.rng.of(&[By::Agent(agent), By::Supervisor(agent_id(0)), By::System]);
        Command::SetPresence { agent, status: status_id(status), is_next: self.rng.percent(25), by }
    }

    fn session(&mut self, store: &Store) -> Command {
        let agent = self.any_agent();
        let Some(presence) = store.presences.get(&agent) else { return self.session_opened(agent) };
        match (presence.session, presence.session_state) {
            (Some(session), SessionState::Live) if self.rng.percent(60) => Command::SessionLost { agent, session },
            (Some(session), SessionState::Grace) if self.rng.percent(70) => Command::SessionOpened { agent, session },
            (Some(session), _) if self.rng.percent(20) => Command::SessionOpened { agent, session },
            _ => self.session_opened(agent),
        }
    }

    fn cancel(&mut self, store: &Store) -> Command {
        use CancelReason as R;
        use ItemState as S;
        let states: &[S] = self.rng.of(&[
            &[S::Queued, S::Offered] as &[S],
            &[S::Queued, S::Offered],
            &[S::Deferred],
            &[S::Active, S::Paused, S::WrapUp],
        ]);
        let reason =
            self.rng.of(&[R::Abandoned, R::Withdrawn, R::Merged, R::Supervisor, R::CallbackUnreachable, R::Blocked]);
        Command::Cancel { item: self.item_in(store, states), reason }
    }

    fn edit(&mut self, store: &Store) -> Command {
        let item = self.item_in(store, &[ItemState::Queued]);
        let queue = self.any_queue();
        let rng = &mut self.rng;
        Command::Edit {
            item,
            priority: rng.percent(60).then(|| rng.of(&[0, 10, 50, 100, 101])),
            secondary: rng.percent(40).then(|| rng.of(&[0, 1, 9])),
            queue: rng.percent(40).then_some(queue),
        }
    }

    fn pull(&mut self, store: &Store) -> Command {
        let item = self.item_in(store, &[ItemState::Queued, ItemState::Offered]);
        let agent = self.any_agent();
        Command::Pull { item, agent, by: self.rng.of(&[By::Agent(agent), By::Supervisor(agent_id(0))]) }
    }

    fn transfer(&mut self, store: &Store, now: Micros) -> Command {
        let item = self.item_in(store, &[ItemState::Active, ItemState::Paused]);
        Command::Transfer { item, new: self.new_item(now), keep_age: self.rng.percent(70) }
    }

    fn reassign(&mut self, store: &Store) -> Command {
        let item = self.item_in(store, &[ItemState::Active, ItemState::Paused, ItemState::WrapUp]);
        Command::Reassign { item, to: self.any_agent(), by: By::Supervisor(agent_id(0)) }
    }

    fn config(&mut self, store: &Store) -> Command {
        match self.rng.below(10) {
            0..=3 => {
                let number = self.rng.below(self.queues);
                Command::PutQueue { queue: self.queue(number) }
            }
            4..=5 => {
                let id = self.any_queue();
                let mut queue = store.queues[&id].clone();
                queue.is_open = !queue.is_open;
                Command::PutQueue { queue }
            }
            6..=7 => {
                let number = self.rng.below(self.agents);
                Command::PutAgent { agent: self.agent(number) }
            }
            8 => Command::RemoveAgent { agent: self.any_agent() },
            _ => self.other_status(),
        }
    }

    fn other_status(&mut self) -> Command {
        let mut status = self.rng.pick(&statuses()[..2]).expect("two");
        let presence = self.rng.of(&[ChannelPresence::Online, ChannelPresence::TransfersOnly, ChannelPresence::Off]);
        status.channels.insert(RoutingKind::Chat, presence);
        Command::PutStatus { status }
    }

    /// Things nobody should ask for.
    fn nonsense(&mut self) -> Command {
        let (agent, item) = (self.any_agent(), self.any_item());
        let nobody = agent_id(999);
        let mut new = self.new_item(Micros(0));
        match self.rng.below(8) {
            0 => Command::Accept { offer: OfferId(id(9, 9)), agent, epoch: 1 },
            1 => Command::Pull { item, agent: nobody, by: By::System },
            2 => Command::SetPresence { agent, status: status_id(99), is_next: false, by: By::System },
            3 => Command::SessionLost { agent, session: SessionId(id(5, 9_999)) },
            4 => {
                new.queue = queue_id(99);
                Command::Enqueue { item: new }
            }
            5 => {
                new.state = ItemState::Queued;
                Command::Enqueue { item: new }
            }
            6 => {
                new.units_milli = -1;
                Command::Enqueue { item: new }
            }
            _ => Command::Edit { item, priority: None, secondary: Some(10), queue: Some(queue_id(99)) },
        }
    }
}

/// How often each row of table 1.3 was taken.
pub type Rows = BTreeMap<u8, u64>;
