//! A small desk for scripts: one line of text per effect.

use std::collections::BTreeMap;

use domain::ids::{AgentId, CustomerId, DeclineReasonId, OfferId, SessionId, SkillId, WorkItemId};
use domain::routing::{
    AgentConfig, AgentModel, By, CancelReason, Command, Effect, Item, ItemState, Member, Offer, Pool, Preferred,
    QueueConfig, Refused, Router, RoutingKind, Snapshot, Spill,
};
use domain::time::Micros;

use crate::store::Store;
use crate::world::{Counter, agent_id, id, queue_id, status_id, statuses};

pub const AVAILABLE: u64 = 0;
pub const CHAT_ONLY: u64 = 1;
pub const BUSY: u64 = 2;
pub const OFFLINE: u64 = 3;

const STATUS_NAMES: [&str; 5] = ["available", "chat_only", "busy", "offline", "missed"];

/// A router with the statuses of [`statuses`], a clock in milliseconds, and the store it commits to.
pub struct Desk {
    pub router: Router,
    pub store: Store,
    pub now_ms: i64,
    seq: u64,
}

pub fn item_id(number: u64) -> WorkItemId {
    WorkItemId(id(6, number))
}

pub fn skill_id(number: u64) -> SkillId {
    SkillId(id(4, number))
}

pub fn reason_id() -> DeclineReasonId {
    DeclineReasonId(id(8, 1))
}

fn session_id(number: u64) -> SessionId {
    SessionId(id(5, number))
}

/// A plain chat of 250 for queue 1.
pub fn chat(number: u64) -> Item {
    Item {
        id: item_id(number),
        queue: queue_id(1),
        kind: RoutingKind::Chat,
        customer: Some(CustomerId(id(7, number))),
        priority: 0,
        secondary: 9,
        tier: 0,
        enqueued_at: Micros::MAX,
        age_adjust_ms: 0,
        seq: 0,
        units_milli: 250,
        pool: Pool::Primary,
        required: BTreeMap::new(),
        preferred: None,
        state: ItemState::New,
        pause_reason: None,
        close_reason: None,
        cancel_reason: None,
        attempt: 0,
        agent: None,
        assignment: None,
        excluded: Vec::new(),
        wake_at: None,
        wrap_up_deadline: None,
        extensions_used: 0,
        previous: None,
    }
}

pub fn email(number: u64) -> Item {
    Item { kind: RoutingKind::Email, pool: Pool::Interruptible, units_milli: 200, ..chat(number) }
}

pub fn voice(number: u64) -> Item {
    Item { kind: RoutingKind::Voice, units_milli: 1_000, ..chat(number) }
}

pub fn mandatory(item: Item, agent: u64) -> Item {
    Item { preferred: Some(Preferred { agent: agent_id(agent), until: Micros::MAX }), ..item }
}

/// Queue with everyone given as a member of ring 0 without delay.
pub fn queue(number: u64, members: &[u64]) -> QueueConfig {
    let member = |&agent| Member { agent: agent_id(agent), tier: 0, delay_ms: 0 };
    QueueConfig {
        id: queue_id(number),
        tier: 0,
        agent_model: AgentModel::LongestIdle,
        units_milli: 250,
        pool: Pool::Primary,
        offer_timeout_ms: 30_000,
        auto_accept: false,
        misses_before_away: 2,
        exclusion_ttl_ms: 120_000,
        retry_gap_ms: 15_000,
        wrap_up_ms: 0,
        wrap_up_extension_ms: 10_000,
        wrap_up_extensions_max: 1,
        wrap_up_code_required: false,
        is_open: true,
        on_closed: Spill::Wait,
        max_waiting: 0,
        on_full: Spill::Reject,
        members: members.iter().map(member).collect(),
    }
}

pub fn agent(number: u64) -> AgentConfig {
    AgentConfig {
        id: agent_id(number),
        cap_primary_milli: 1_000,
        cap_interruptible_milli: 1_000,
        channel_max: BTreeMap::new(),
        auto_accept: false,
        decline_allowed: true,
        decline_reason_required: false,
        status_on_decline: None,
        status_on_timeout: status_id(4),
        status_offline: status_id(OFFLINE),
        grace_ms: 30_000,
        skills: BTreeMap::new(),
    }
}

impl Desk {
    /// Queue 1 with the given members, who are available with a session of their own number.
    pub fn new(members: &[u64]) -> Self {
        Self::with(queue(1, members), members)
    }

    pub fn with(config: QueueConfig, agents: &[u64]) -> Self {
        let router = Router::new(Box::new(Counter(0)));
        let mut desk = Self { router, store: Store::default(), now_ms: 1_000_000, seq: 0 };
        for status in statuses() {
            desk.ok(Command::PutStatus { status });
        }
        desk.put_queue(config);
        for &number in agents {
            desk.put_agent(agent(number));
            desk.online(number);
        }
        desk
    }

    /// Signs an agent in and makes them available.
    pub fn online(&mut self, number: u64) {
        self.open(number, number);
        self.status(number, AVAILABLE);
    }

    pub fn put_queue(&mut self, queue: QueueConfig) -> Vec<String> {
        self.store.queues.insert(queue.id, queue.clone());
        self.ok(Command::PutQueue { queue })
    }

    pub fn put_agent(&mut self, agent: AgentConfig) -> Vec<String> {
        self.store.agents.insert(agent.id, agent.clone());
        self.ok(Command::PutAgent { agent })
    }

    pub fn enqueue(&mut self, item: Item) -> Vec<String> {
        let item = self.numbered(item);
        self.ok(Command::Enqueue { item })
    }

    /// Gives the item the next sequence number and, unless it has its own, the time of now.
    pub fn numbered(&mut self, mut item: Item) -> Item {
        self.seq += 1;
        item.seq = self.seq;
        item.enqueued_at = item.enqueued_at.min(self.now());
        item
    }

    pub fn now(&self) -> Micros {
        Micros(self.now_ms * 1_000)
    }

    /// Moves the clock and lets what is due happen.
    pub fn wait(&mut self, ms: i64) -> Vec<String> {
        self.now_ms += ms;
        self.ok(Command::Tick)
    }

    pub fn offer_of(&self, item: u64) -> Offer {
        self.router.offer_of(item_id(item)).expect("it is offered").clone()
    }

    pub fn accept(&mut self, item: u64) -> Vec<String> {
        let offer = self.offer_of(item);
        self.ok(Command::Accept { offer: offer.id, agent: offer.agent, epoch: offer.epoch })
    }

    pub fn decline(&mut self, item: u64) -> Vec<String> {
        let offer = self.offer_of(item);
        self.ok(decline(&offer))
    }

    pub fn complete(&mut self, item: u64) -> Vec<String> {
        self.ok(Command::Complete { item: item_id(item) })
    }

    pub fn cancel(&mut self, item: u64, reason: CancelReason) -> Vec<String> {
        self.ok(Command::Cancel { item: item_id(item), reason })
    }

    pub fn pull(&mut self, item: u64, agent: u64, by: By) -> Vec<String> {
        self.ok(Command::Pull { item: item_id(item), agent: agent_id(agent), by })
    }

    pub fn status(&mut self, agent: u64, status: u64) -> Vec<String> {
        let (agent, status) = (agent_id(agent), status_id(status));
        self.ok(Command::SetPresence { agent, status, is_next: false, by: By::Agent(agent) })
    }

    pub fn open(&mut self, agent: u64, session: u64) -> Vec<String> {
        self.ok(Command::SessionOpened { agent: agent_id(agent), session: session_id(session) })
    }

    pub fn lose(&mut self, agent: u64, session: u64) -> Vec<String> {
        self.ok(Command::SessionLost { agent: agent_id(agent), session: session_id(session) })
    }

    /// Whom an item is offered to or held by.
    pub fn who(&self, item: u64) -> Option<AgentId> {
        self.router.agent_of(item_id(item))
    }

    pub fn item(&self, number: u64) -> Item {
        self.router.item(item_id(number)).expect("the item is live")
    }

    /// The process dies after a commit and a new one rebuilds from the store.
    pub fn restart(&mut self) -> Vec<String> {
        let snapshot: Snapshot = self.store.snapshot();
        let ids = Box::new(Counter(1 << 64));
        let (router, effects) = Router::restore(snapshot, self.now(), ids);
        self.router = router;
        self.tell(&effects)
    }

    pub fn ok(&mut self, command: Command) -> Vec<String> {
        let effects = self.router.apply(command, self.now()).expect("it is allowed");
        self.tell(&effects)
    }

    pub fn refused(&mut self, command: Command) -> Refused {
        self.router.apply(command, self.now()).expect_err("it is refused")
    }

    fn tell(&mut self, effects: &[Effect]) -> Vec<String> {
        self.store.commit(effects);
        self.router.check_invariants().expect("the invariants hold");
        self.store.statuses = statuses().into_iter().map(|status| (status.id, status)).collect();
        self.store.assert_same_as(&self.router);
        effects.iter().filter_map(line).collect()
    }
}

pub fn decline(offer: &Offer) -> Command {
    Command::Decline { offer: offer.id, agent: offer.agent, epoch: offer.epoch, reason: None }
}

pub fn accept(offer: &Offer) -> Command {
    Command::Accept { offer: offer.id, agent: offer.agent, epoch: offer.epoch }
}

pub fn unknown_offer() -> OfferId {
    OfferId(id(9, 9))
}

fn number(id: uuid::Uuid) -> u64 {
    u64::try_from(id.as_u128() & 0xffff_ffff).expect("small")
}

fn word<T: std::fmt::Debug>(value: T) -> String {
    let mut text = String::new();
    for (index, letter) in format!("{value:?}").char_indices() {
        if letter.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// One line per effect; presence counters are left out.
fn line(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Item { item, previous, row, reason } => {
            let from = previous.map_or("-".into(), word);
            let row = row.map_or("-".into(), |row| row.to_string());
            format!("item {} {from}>{} T{row} {}", number(item.id.0), word(item.state), reason.unwrap_or("-"))
        }
        Effect::Offer { offer, .. } => {
            let why = offer.rescind_reason.map_or(String::new(), |reason| format!(" {}", word(reason)));
            let agent = number(offer.agent.0);
            format!("offer {} to {agent} {}{why}", number(offer.item.0), word(offer.state))
        }
        Effect::Assignment { assignment: held } => {
            let end = held.end_reason.map_or(String::new(), |reason| format!(" {}", word(reason)));
            let over = held.override_reason.map_or(String::new(), |reason| format!(" over:{}", word(reason)));
            let agent = number(held.agent.0);
            format!("assignment {} of {agent} {}{end}{over}", number(held.item.0), word(held.state))
        }
        Effect::Presence { reason: "counters", .. } => return None,
        Effect::Presence { presence, reason, .. } => {
            let status = usize::try_from(number(presence.status.0)).expect("small");
            let (agent, status) = (number(presence.agent.0), STATUS_NAMES[status]);
            format!("presence {agent} {status} {} {reason}", word(presence.session_state))
        }
    })
}
