//! W1: a customer's message from the widget's door to the agent's socket, against its floor.
//!
//! Three mixes in closed loops: nine in ten messages in existing conversations; every message from a new customer, who
//! is identified, gets a conversation, is routed, and is offered where an agent is free (routing offers a chat to an
//! agent at most every two seconds; the others wait in the queue); three receipts after each message. And an open loop
//! at a fixed rate, for cost and time.
//!
//! # Invariants
//! - What was acknowledged was seen on an agent's socket, once, in order within its conversation; else the run is void.
//! - Product and floor run in turns within each round; the verdict is the median of the rounds' ratios.

pub mod floor;
mod load;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::W1Options;
use crate::http::Connection;
use crate::process::{Server, raise_priority, wait_until};
use crate::report::{Report, Target, median, percentile};
use crate::socket;
use load::{Outcome, Side};
use world::{AgentSession, Cast};

/// Messages per second of the open loop.
const OPEN_RATE: u32 = 1_000;
/// What a message costs the floor at small batches, in µs of CPU, as measured when the benchmark was made.
const FLOOR_CPU_US: f64 = 98.0;
/// Limits that keep one visitor from flooding others; here a few visitors stand for many.
const LIMITS: &str =
    "visitor_messages_per_min=100000000,visitor_calls_per_min=100000000,session_calls_per_min=100000000";
const STARTING: Duration = Duration::from_secs(30);

/// Who writes what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mix {
    /// Nine in ten messages in existing conversations.
    Existing,
    /// Every message from somebody new.
    New,
    /// Three receipts after each message.
    Receipts,
}

/// The mixes with their names and the least ratio of rates.
const MIXES: [(Mix, &str, f64); 3] =
    [(Mix::Existing, "existing", 0.35), (Mix::New, "new", 0.15), (Mix::Receipts, "receipts", 0.5)];

/// Runs it.
///
/// # Errors
/// When it could not be measured.
pub async fn run(options: W1Options) -> anyhow::Result<bool> {
    let is_real_time = !options.no_chrt && raise_priority();
    println!("w1, {} rounds, real-time priority: {}", options.rounds, if is_real_time { "yes" } else { "no" });
    let folder = tempfile::tempdir().context("a folder")?;
    let strangers = usize::try_from(options.seconds).unwrap_or(usize::MAX) * options.rounds * 3_500 + 2_000;
    let cast = world::prepare(folder.path(), options.connections, strangers + options.connections).await?;
    let (product, _agents) = product(folder.path(), cast, is_real_time, options.connections).await?;
    if options.product_only {
        return profile(&product, &options).await;
    }
    let (floor, _socket) = self::floor(folder.path(), is_real_time, options.connections, strangers).await?;
    let mut rounds = Rounds::default();
    for round in 1..=options.rounds {
        println!("round {round}");
        rounds.play(&product, &floor, &options, round).await?;
    }
    rounds.report(&product, &floor)
}

/// Loads the product alone.
async fn profile(product: &Arc<Side>, options: &W1Options) -> anyhow::Result<bool> {
    println!("process {}", product.server.id());
    for _ in 0..options.rounds {
        for (mix, name, _) in MIXES.into_iter().filter(|(_, name, _)| is_wanted(options, name)) {
            say(name, "product", &load::closed(product, mix, options.seconds).await?);
        }
        if is_wanted(options, "open") {
            say("open", "product", &load::open(product, OPEN_RATE, options.open_seconds).await?);
        }
    }
    Ok(true)
}

fn is_wanted(options: &W1Options, name: &str) -> bool {
    options.only.is_empty() || options.only.iter().any(|wanted| wanted == name)
}

fn say(name: &str, side: &str, outcome: &Outcome) {
    let (p50, p99) = (percentile(&outcome.seen_ms, 50.0), percentile(&outcome.seen_ms, 99.0));
    println!(
        "  {name:<9} {side:<8} {:>8.0}/s  {:>6.0} us CPU  p50 {p50:.2} ms  p99 {p99:.2} ms",
        outcome.rate, outcome.cpu_us
    );
}

/// The product on its prepared installation, its agents available.
async fn product(
    folder: &std::path::Path,
    cast: Cast,
    is_real_time: bool,
    connections: usize,
) -> anyhow::Result<(Arc<Side>, Vec<JoinHandle<()>>)> {
    let data = folder.to_string_lossy().into_owned();
    let server = Server::start(&["run", "--data-dir", &data, "--limits", LIMITS], is_real_time)?;
    let origin = format!("http://{}", server.address);
    ready(&server).await?;
    let (known, strangers) = split(cast.visitors, connections);
    let base = format!("/api/v1/widget/{}", cast.key);
    let side = Side::new(server, base, format!("origin: {origin}\r\n"), known, strangers);
    let mut sockets = Vec::new();
    for (number, agent) in cast.agents.iter().enumerate() {
        sockets.push(come(&side, &origin, agent, number == 0).await?);
    }
    load::begin(&side).await?;
    Ok((Arc::new(side), sockets))
}

fn split(mut all: Vec<String>, known: usize) -> (Vec<String>, Vec<String>) {
    let strangers = all.split_off(known.min(all.len()));
    (all, strangers)
}

/// An agent opens the console and is available; the first one also watches the inbox.
async fn come(side: &Side, origin: &str, agent: &AgentSession, has_inbox: bool) -> anyhow::Result<JoinHandle<()>> {
    let headers = [
        ("cookie", agent.cookie.clone()),
        ("origin", origin.to_owned()),
        ("sec-websocket-protocol", "centralita.v1".to_owned()),
    ];
    let topics = if has_inbox { r#"["inbox"]"# } else { "[]" };
    let start = format!(r#"{{"op":"start","topics":{topics},"routable":true,"client":"bench/1"}}"#);
    let address = side.server.address;
    let listening = socket::listen(address, "/api/v1/stream", &headers, Some(start), side.ear.clone()).await?;
    let mut connection = Connection::open(address).await?;
    let headers = format!("cookie: {}\r\norigin: {origin}\r\nx-csrf-token: {}\r\n", agent.cookie, agent.csrf);
    let available = r#"{"status":"available"}"#;
    connection.call("PUT", "/api/v1/me/presence", &headers, available).await?.success().context("presence")?;
    Ok(listening)
}

async fn floor(
    folder: &std::path::Path,
    is_real_time: bool,
    connections: usize,
    strangers: usize,
) -> anyhow::Result<(Arc<Side>, JoinHandle<()>)> {
    let file = folder.join("floor.db").to_string_lossy().into_owned();
    let server = Server::start(&["bench", "floor", "--file", &file], is_real_time)?;
    ready(&server).await?;
    let tokens = |count: usize| (0..count).map(|_| floor::token(Uuid::now_v7())).collect::<Vec<_>>();
    // The floor is quicker and meets more strangers.
    let side = Side::new(server, String::new(), String::new(), tokens(connections), tokens(strangers * 8));
    let headers = [];
    let listening = socket::listen(side.server.address, "/stream", &headers, None, side.ear.clone()).await?;
    load::begin(&side).await?;
    Ok((Arc::new(side), listening))
}

async fn ready(server: &Server) -> anyhow::Result<()> {
    let address = server.address;
    let is_there = async || {
        let Ok(mut connection) = Connection::open(address).await else { return false };
        connection.call("GET", "/healthz", "", "").await.is_ok_and(|answer| answer.status == 200)
    };
    wait_until(STARTING, "a server's start", is_there).await.map(drop)
}

/// Figures by name, one value per round.
#[derive(Default)]
struct Rounds {
    values: BTreeMap<String, Vec<f64>>,
    complaints: Vec<String>,
}

impl Rounds {
    async fn play(
        &mut self,
        product: &Arc<Side>,
        floor: &Arc<Side>,
        options: &W1Options,
        round: usize,
    ) -> anyhow::Result<()> {
        for (mix, name, _) in MIXES.into_iter().filter(|(_, name, _)| is_wanted(options, name)) {
            let (ours, least) = if round.is_multiple_of(2) {
                let least = load::closed(floor, mix, options.seconds).await?;
                (load::closed(product, mix, options.seconds).await?, least)
            } else {
                let ours = load::closed(product, mix, options.seconds).await?;
                (ours, load::closed(floor, mix, options.seconds).await?)
            };
            self.keep(name, ours, least);
        }
        if is_wanted(options, "open") {
            let ours = load::open(product, OPEN_RATE, options.open_seconds).await?;
            let least = load::open(floor, OPEN_RATE, options.open_seconds).await?;
            self.keep("open", ours, least);
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, mut ours: Outcome, least: Outcome) {
        say(name, "product", &ours);
        say(name, "floor", &least);
        self.complaints.append(&mut ours.complaints);
        self.complaints.extend(least.complaints.iter().map(|text| format!("floor: {text}")));
        for (side, outcome) in [("product", &ours), ("floor", &least)] {
            self.put(&format!("{name}_{side}_per_second"), outcome.rate);
            self.put(&format!("{name}_{side}_cpu_us"), outcome.cpu_us);
            for percent in [50.0, 99.0] {
                self.put(&format!("{name}_{side}_p{percent}_ms"), percentile(&outcome.seen_ms, percent));
            }
        }
        self.put(&format!("{name}_rate_ratio"), ours.rate / least.rate);
        self.put(&format!("{name}_cpu_ratio"), ours.cpu_us / least.cpu_us);
        let p50 = |outcome: &Outcome| percentile(&outcome.seen_ms, 50.0);
        self.put(&format!("{name}_p50_ratio"), p50(&ours) / p50(&least));
    }

    fn put(&mut self, name: &str, value: f64) {
        self.values.entry(name.to_owned()).or_default().push(value);
    }

    fn report(mut self, product: &Side, floor: &Side) -> anyhow::Result<bool> {
        ensure!(!self.values.is_empty(), "nothing was measured");
        let mut report = Report::new("w1");
        let is_ratio = |name: &str| name.ends_with("_ratio");
        for (name, values) in self.values.iter().filter(|(name, _)| !is_ratio(name)) {
            report.spread(name, values);
        }
        for (_, name, least) in MIXES {
            if let Some(values) = self.values.get(&format!("{name}_rate_ratio")) {
                report.ratio(&format!("{name}_rate_ratio"), values, Target::AtLeast(least));
            }
        }
        for name in ["open_cpu_ratio", "open_p50_ratio"] {
            if let Some(values) = self.values.get(name) {
                report.ratio(name, values, Target::AtMost(3.0));
            }
        }
        self.complaints.extend(product.ear.faults());
        self.complaints.extend(floor.ear.faults().iter().map(|text| format!("floor: {text}")));
        report.must("what was acknowledged was seen once and in order", &self.complaints);
        if let Some(values) = self.values.get("open_floor_cpu_us") {
            let share = median(values) / FLOOR_CPU_US;
            if !(0.5..=2.0).contains(&share) {
                report.fault(format!("the floor's CPU per message is {share:.2} of what it is known to be"));
            }
        }
        report.finish()
    }
}
