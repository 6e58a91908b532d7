//! How fast the engine decides, to see that the design holds. Runs only when asked:
//! `FIGURES=1 cargo test --release -p domain --test it figures -- --nocapture`.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::routing::{
    AgentConfig, AgentModel, By, Command, Effect, Item, ItemState, Member, OfferState, Pool, QueueConfig, Router,
    RoutingKind,
};
use domain::time::Micros;

use crate::script::{agent, chat, item_id, queue, skill_id};
use crate::world::{Counter, Rng, agent_id, queue_id, status_id, statuses};

const AGENTS: u64 = 10_000;
const QUEUES: u64 = 40;
const SKILLS: u64 = 64;
/// Sets of skills with memberships among agents.
const PROFILES: u64 = 200;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn figures_of_decisions_per_second() {
    if std::env::var("FIGURES").is_err() {
        return;
    }
    let waiting = number("ITEMS", 1_000_000);
    let mut field = Field::new();
    field.slack(200_000);
    let before = resident_bytes();
    field.fill(waiting);
    println!("resident bytes per queued item: {}", (resident_bytes() - before) / waiting.max(1));
    field.overload(300_000);
    field.churn(300_000);
}

struct Field {
    router: Router,
    rng: Rng,
    now: Micros,
    items: u64,
    /// Active items, to complete.
    held: Vec<u64>,
}

impl Field {
    fn new() -> Self {
        let mut field = Self {
            router: Router::new(Box::new(Counter(0))),
            rng: Rng(1),
            now: Micros(1_700_000_000_000_000),
            items: 0,
            held: Vec::new(),
        };
        for status in statuses() {
            field.apply(Command::PutStatus { status });
        }
        for number in 0..QUEUES {
            field.apply(Command::PutQueue { queue: field_queue(number) });
        }
        for number in 0..AGENTS {
            field.apply(Command::PutAgent { agent: field_agent(number) });
            let (agent, session) = (agent_id(number), domain::ids::SessionId(crate::world::id(5, number)));
            field.apply(Command::SessionOpened { agent, session });
            let status = status_id(0);
            field.apply(Command::SetPresence { agent, status, is_next: false, by: By::System });
        }
        field
    }

    fn apply(&mut self, command: Command) -> Vec<Effect> {
        self.now = Micros(self.now.0 + 5);
        let effects = self.router.apply(command, self.now).expect("it is allowed");
        for effect in &effects {
            if let Effect::Item { item, .. } = effect
                && item.state == ItemState::Active
            {
                self.held.push(u64::try_from(item.id.0.as_u128() & 0xffff_ffff).expect("small"));
            }
        }
        effects
    }

    fn arrive(&mut self) -> Vec<Effect> {
        self.items += 1;
        let item = self.new_item();
        self.apply(Command::Enqueue { item })
    }

    fn new_item(&mut self) -> Item {
        let profile = self.rng.below(PROFILES);
        let skill = profile % SKILLS;
        let required = if self.rng.percent(50) { [(skill_id(skill), 3)].into() } else { BTreeMap::new() };
        Item {
            queue: queue_id(profile % QUEUES),
            kind: if self.rng.percent(70) { RoutingKind::Messaging } else { RoutingKind::Sms },
            seq: self.items,
            enqueued_at: self.now,
            priority: u8::try_from(self.rng.below(20)).expect("small"),
            required,
            pool: Pool::Primary,
            customer: None,
            ..chat(self.items)
        }
    }

    fn finish_one(&mut self) -> Vec<Effect> {
        let index = usize::try_from(self.rng.below(self.held.len() as u64)).expect("small");
        let item = self.held.swap_remove(index);
        self.apply(Command::Complete { item: item_id(item) })
    }

    /// Arrivals find a free agent, and half as many completions make room.
    fn slack(&mut self, count: u64) {
        let mut taken = Samples::new("slack: arrival, completion");
        for _ in 0..count {
            taken.time(|| self.arrive());
            if self.held.len() > 15_000 {
                taken.time(|| self.finish_one());
            }
        }
        taken.tell();
    }

    fn fill(&mut self, count: u64) {
        let began = Instant::now();
        while self.router.live_count() < usize::try_from(count).expect("fits") {
            self.arrive();
        }
        println!("filled to {count} items in {:?}", began.elapsed());
    }

    /// Everybody is full: a completion takes the best waiting item, and a new one arrives.
    fn overload(&mut self, count: u64) {
        let mut taken = Samples::new("overload: completion with pick, arrival");
        for _ in 0..count {
            taken.time(|| self.finish_one());
            taken.time(|| self.arrive());
        }
        taken.tell();
    }

    /// As overload, with flapping presence.
    fn churn(&mut self, count: u64) {
        let mut taken = Samples::new("churn: completion, arrival, presence");
        for step in 0..count {
            taken.time(|| self.finish_one());
            taken.time(|| self.arrive());
            if step % 100 == 0 {
                let agent = agent_id(self.rng.below(AGENTS));
                for status in [2, 0] {
                    let status = status_id(status);
                    taken.time(|| self.apply(Command::SetPresence { agent, status, is_next: false, by: By::System }));
                }
            }
        }
        taken.tell();
    }
}

fn field_queue(number: u64) -> QueueConfig {
    let members = (0..AGENTS).filter(|agent| (agent % PROFILES + number) % QUEUES < 3);
    let members = members.map(|agent| Member {
        agent: agent_id(agent),
        tier: u8::try_from(agent % 2).expect("small"),
        delay_ms: 0,
    });
    let members = members.collect();
    let agent_model = if number.is_multiple_of(2) { AgentModel::LongestIdle } else { AgentModel::MostAvailable };
    QueueConfig { members, agent_model, auto_accept: true, ..queue(number, &[]) }
}

fn field_agent(number: u64) -> AgentConfig {
    let profile = number % PROFILES;
    let skills = (0..8).map(|step| (skill_id((profile + step * 7) % SKILLS), 5));
    AgentConfig { skills: skills.collect(), ..agent(number) }
}

/// Nanoseconds of each call, and how many of them decided.
struct Samples {
    name: &'static str,
    nanos: Vec<u64>,
    decisions: u64,
}

impl Samples {
    fn new(name: &'static str) -> Self {
        Self { name, nanos: Vec::new(), decisions: 0 }
    }

    fn time(&mut self, call: impl FnOnce() -> Vec<Effect>) {
        let began = Instant::now();
        let effects = call();
        self.nanos.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let accepted =
            |effect: &&Effect| matches!(effect, Effect::Offer { offer, .. } if offer.state == OfferState::Accepted);
        self.decisions += effects.iter().filter(accepted).count() as u64;
    }

    fn tell(mut self) {
        self.nanos.sort_unstable();
        let at = |share: usize| self.nanos[(self.nanos.len() - 1) * share / 1_000];
        let seconds = self.nanos.iter().sum::<u64>() as f64 / 1e9;
        println!(
            "{}: {} calls {:.0}/s, {} decisions {:.0}/s, p50 {} p99 {} p999 {} max {} ns",
            self.name,
            self.nanos.len(),
            self.nanos.len() as f64 / seconds,
            self.decisions,
            self.decisions as f64 / seconds,
            at(500),
            at(990),
            at(999),
            at(1_000),
        );
    }
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.as_deref().and_then(|text| text.split(' ').nth(1)).and_then(|pages| pages.parse::<u64>().ok());
    resident.unwrap_or(0) * 4_096
}
