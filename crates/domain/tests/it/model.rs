//! The engine against the naive reference: seeded worlds, random commands, crashes (routing.md §3).
//!
//! `SEEDS=n` runs seeds 1 to n (default 2000); `SEED=n` replays one and prints its commands.

use std::collections::BTreeSet;

use domain::ids::WorkItemId;
use domain::routing::{Command, Effect, Item, ItemState, OfferState, Refused, Router};
use domain::time::Micros;

use crate::reference::Reference;
use crate::store::Store;
use crate::world::{Counter, Rows, World};

/// Rows of table 1.3 that commands can take now (7 needs plans, 21 is a new item, 23 needs callbacks).
const REACHABLE: [u8; 21] = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24];

const COMMANDS: u32 = 300;

/// Prints the seed of a run that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with SEED={}", self.0);
        }
    }
}

struct Run {
    world: World,
    router: Router,
    reference: Reference,
    /// Everything told so far.
    told: Store,
    /// What survives a crash.
    committed: Store,
    batch: Vec<Effect>,
    /// Items enqueued in the batch: their request is redelivered after a crash.
    inbox: Vec<Item>,
    finished: BTreeSet<WorkItemId>,
    now: Micros,
    ids: u128,
    rows: Rows,
    is_loud: bool,
}

#[test]
fn the_engine_does_what_the_naive_router_does_in_every_seeded_world() {
    let one = std::env::var("SEED").ok().map(|seed| seed.parse::<u64>().expect("SEED is a number"));
    if let Some(seed) = one {
        Run::new(seed, true).play(seed);
        return;
    }
    let seeds = std::env::var("SEEDS").map_or(2_000, |seeds| seeds.parse().expect("SEEDS is a number"));
    let rows = play_all(seeds);
    println!("rows of table 1.3 taken: {rows:?}");
    for row in REACHABLE {
        assert!(rows.contains_key(&row), "row {row} was never taken");
    }
}

fn play_all(seeds: u64) -> Rows {
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get() as u64);
    let play = |worker: u64| {
        let mut rows = Rows::new();
        for seed in (1..=seeds).filter(|seed| seed % workers == worker) {
            add(&mut rows, Run::new(seed, false).play(seed));
        }
        rows
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || play(worker))).collect();
        let mut rows = Rows::new();
        for thread in threads {
            add(&mut rows, thread.join().expect("no seed fails"));
        }
        rows
    })
}

fn add(rows: &mut Rows, more: Rows) {
    for (row, count) in more {
        *rows.entry(row).or_default() += count;
    }
}

impl Run {
    fn new(seed: u64, is_loud: bool) -> Self {
        Self {
            world: World::new(seed),
            router: Router::new(Box::new(Counter(0))),
            reference: Reference::new(Box::new(Counter(0))),
            told: Store::default(),
            committed: Store::default(),
            batch: Vec::new(),
            inbox: Vec::new(),
            finished: BTreeSet::new(),
            now: Micros(1_700_000_000_000_000),
            ids: 0,
            rows: Rows::new(),
            is_loud,
        }
    }

    fn play(mut self, seed: u64) -> Rows {
        let _guard = Seed(seed);
        for command in self.world.set_up() {
            self.apply(command);
        }
        for _ in 0..COMMANDS {
            let later = self.world.later(self.now, self.router.next_deadline());
            self.now = self.now.max(later);
            if self.world.rng.percent(1) {
                self.crash();
            }
            let command = self.world.command(&self.told, self.now);
            let given = if self.world.rng.percent(2) { later } else { self.now };
            self.apply_at(command, given);
        }
        self.rows
    }

    fn apply(&mut self, command: Command) {
        self.apply_at(command, self.now);
    }

    /// `given` may be before the latest time seen: the clock of a shell may step back.
    fn apply_at(&mut self, command: Command, given: Micros) {
        if self.is_loud {
            println!("{} {command:?}", self.now.0);
        }
        let result = self.both(command.clone(), given);
        if result.is_err() {
            self.both(Command::Tick, self.now).expect("time passes");
        }
        self.check();
        self.note(&command, result.is_ok());
        if is_answer(&command) && result.is_ok() && self.world.rng.percent(30) {
            self.repeat(command);
        }
        if self.world.rng.percent(30) {
            self.commit();
        }
    }

    /// Repeats an answer once nothing is due any longer.
    fn repeat(&mut self, answer: Command) {
        while self.router.next_deadline().is_some_and(|due| due <= self.now) {
            self.both(Command::Tick, self.now).expect("time passes");
        }
        let again = self.both(answer, self.now);
        assert_eq!(again, Ok(Vec::new()), "INV-8: an answer repeated changes nothing");
    }

    /// Gives the command to both routers and takes in what they agree on.
    fn both(&mut self, command: Command, now: Micros) -> Result<Vec<Effect>, Refused> {
        let expected = self.reference.apply(command.clone(), now);
        let actual = self.router.apply(command, now);
        if self.is_loud {
            actual.iter().flatten().for_each(|effect| println!("    {}", brief(effect)));
            actual.as_ref().err().inspect(|refused| println!("    refused: {refused}"));
        }
        assert_same(&expected, &actual);
        if let Ok(effects) = &actual {
            self.take_in(effects);
        }
        actual
    }

    fn take_in(&mut self, effects: &[Effect]) {
        for effect in effects {
            self.check_effect(effect);
            self.told.commit(std::slice::from_ref(effect));
        }
        self.batch.extend_from_slice(effects);
    }

    fn check_effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Item { item, previous, row, .. } => {
                assert!(!self.finished.contains(&item.id), "INV-10: {} came back", item.id);
                assert!(is_in_table(*previous, *row, item.state), "INV-10: {previous:?} {row:?} {:?}", item.state);
                self.check_key(item, *row);
                if item.state.is_terminal() {
                    self.finished.insert(item.id);
                }
                if let Some(row) = row {
                    *self.rows.entry(*row).or_default() += 1;
                }
            }
            Effect::Offer { offer, previous: None } if offer.state == OfferState::Pending => {
                self.check_turn(&self.told.items[&offer.item]);
            }
            Effect::Offer { offer, previous } => {
                let is_legal = *previous == Some(OfferState::Pending) || previous.is_none();
                assert!(is_legal && offer.state != OfferState::Pending, "INV-10: {previous:?} {offer:?}");
            }
            Effect::Assignment { assignment } => {
                let spent_ms = assignment.active_ms + assignment.paused_ms + assignment.wrap_up_ms;
                let (from, to) = (assignment.started_at.0, assignment.state_since.0);
                let length_ms = to.div_euclid(1_000) - from.div_euclid(1_000);
                assert_eq!(spent_ms, length_ms, "INV-21: the sums are the length");
            }
            Effect::Presence { .. } => {}
        }
    }

    /// INV-14: a requeue keeps the key.
    fn check_key(&self, item: &Item, row: Option<u8>) {
        if row == Some(11) || row == Some(6) {
            let before = &self.told.items[&item.id];
            let key = |item: &Item| (item.tier, item.enqueued_at, item.age_adjust_ms, item.priority, item.seq);
            assert_eq!(key(before), key(item), "INV-14: the key is kept");
        }
    }

    /// INV-11: nothing that is the same but older is passed over.
    fn check_turn(&self, item: &Item) {
        let now = self.now;
        if item.preferred.is_some_and(|preferred| now < preferred.until) {
            return;
        }
        let class = |item: &Item| {
            (item.queue, item.kind, item.units_milli, item.pool, item.previous.is_some(), item.required.clone())
        };
        let level = |item: &Item| (item.tier, item.priority, item.secondary, item.age_adjust_ms);
        let age = |item: &Item| (item.enqueued_at.0.div_euclid(1_000), item.seq);
        let passed = self.told.live().find(|other| {
            other.state == ItemState::Queued
                && class(other) == class(item)
                && level(other) == level(item)
                && age(other) < age(item)
                && other.enqueued_at <= item.enqueued_at
                && other.excluded.iter().all(|&(_, until)| until <= now)
                && other.preferred.is_none_or(|preferred| preferred.until <= now)
        });
        assert_eq!(passed, None, "INV-11: {} was passed over by {}", passed.map_or(item.id, |p| p.id), item.id);
    }

    fn check(&self) {
        if let Err(wrong) = self.router.check_invariants() {
            panic!("{wrong}");
        }
        self.told.assert_same_as(&self.router);
    }

    /// Configuration is in the store before the router hears of it.
    fn note(&mut self, command: &Command, is_done: bool) {
        if !is_done {
            return;
        }
        for store in [&mut self.told, &mut self.committed] {
            match command.clone() {
                Command::PutQueue { queue } => drop(store.queues.insert(queue.id, queue)),
                Command::PutStatus { status } => drop(store.statuses.insert(status.id, status)),
                Command::PutAgent { agent } => drop(store.agents.insert(agent.id, agent)),
                Command::RemoveAgent { agent } => drop(store.agents.remove(&agent)),
                _ => {}
            }
        }
        match command {
            Command::Enqueue { item } => self.inbox.push(item.clone()),
            Command::PutQueue { .. } | Command::PutStatus { .. } => self.commit(),
            Command::PutAgent { .. } | Command::RemoveAgent { .. } => self.commit(),
            _ => {}
        }
    }

    fn commit(&mut self) {
        self.committed.commit(&self.batch);
        self.batch.clear();
        self.inbox.clear();
    }

    /// The process dies, with or without the last batch in the store, and a new one rebuilds.
    fn crash(&mut self) {
        let is_batch_lost = self.world.rng.percent(50);
        if !is_batch_lost {
            self.commit();
        }
        if self.is_loud {
            println!("{} crash, batch lost: {is_batch_lost}", self.now.0);
        }
        self.batch.clear();
        self.told = self.committed.clone();
        self.finished = self.told.items.values().filter(|item| item.state.is_terminal()).map(|item| item.id).collect();
        self.ids += 1 << 64;
        let snapshot = self.committed.snapshot();
        let (reference, expected) = Reference::restore(snapshot.clone(), self.now, Box::new(Counter(self.ids)));
        let (router, actual) = Router::restore(snapshot, self.now, Box::new(Counter(self.ids)));
        (self.router, self.reference) = (router, reference);
        assert_same(&Ok(expected), &Ok(actual.clone()));
        self.take_in(&actual);
        self.check();
        self.commit();
        for item in std::mem::take(&mut self.inbox) {
            self.apply(Command::Enqueue { item });
        }
    }
}

fn is_answer(command: &Command) -> bool {
    matches!(command, Command::Accept { .. } | Command::Decline { .. })
}

fn assert_same(expected: &Result<Vec<Effect>, Refused>, actual: &Result<Vec<Effect>, Refused>) {
    if expected == actual {
        return;
    }
    let (Ok(expected), Ok(actual)) = (expected, actual) else {
        panic!("the reference says {expected:#?}, the engine {actual:#?}");
    };
    let same = expected.iter().zip(actual).take_while(|(expected, actual)| expected == actual).count();
    panic!("effect {same}: the reference says\n{:#?}\nthe engine\n{:#?}", expected.get(same), actual.get(same));
}

fn brief(effect: &Effect) -> String {
    match effect {
        Effect::Item { item, previous, row, reason } => {
            format!("{} {previous:?} -> {:?} row {row:?} {reason:?}", item.id, item.state)
        }
        Effect::Offer { offer, .. } => format!("{offer:?}"),
        Effect::Assignment { assignment } => format!("{assignment:?}"),
        Effect::Presence { presence, reason, .. } => format!("{reason} {presence:?}"),
    }
}

/// Table 1.3 with T22 and T24.
fn is_in_table(from: Option<ItemState>, row: Option<u8>, to: ItemState) -> bool {
    use ItemState as S;
    let Some(row) = row else { return from == Some(to) };
    match (row, from) {
        (1, None) => to == S::New,
        (2, Some(S::New)) | (4, Some(S::Deferred)) | (8, Some(S::Queued)) | (11, Some(S::Offered)) => to == S::Queued,
        (3, Some(S::New)) => to == S::Deferred,
        (5, Some(S::New)) => to == S::New || to == S::Cancelled,
        (5, Some(S::Queued)) => to == S::Cancelled,
        (6, Some(S::Queued)) => to == S::Offered,
        (9, Some(S::Queued | S::Offered)) | (22, Some(S::Deferred)) => to == S::Cancelled,
        (10, Some(S::Offered)) | (12, Some(S::Queued)) => to == S::Active,
        (13, Some(S::Active)) => to == S::Paused,
        (14, Some(S::Paused)) | (17, Some(S::WrapUp)) => to == S::Active,
        (15, Some(S::Active | S::Paused)) => matches!(to, S::WrapUp | S::Closed),
        (16, Some(S::WrapUp)) | (18, Some(S::Active | S::Paused)) => to == S::Closed,
        (19, Some(S::Active | S::Paused)) => to == S::Queued,
        (20, Some(S::Active | S::Paused | S::WrapUp)) => to == S::Active,
        (24, Some(S::Active | S::Paused)) => to == S::Cancelled,
        _ => false,
    }
}
