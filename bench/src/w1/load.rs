//! The driver: closed and open loops over one side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Mix;
use crate::http::Connection;
use crate::process::Server;
use crate::socket::Ear;

/// Receipts after each message, in that mix.
const RECEIPTS: usize = 3;
/// One message in so many comes from somebody new, in the mix of existing conversations.
const NEW_EVERY: usize = 10;
/// How long after a loop everything must have been heard.
const PATIENCE: Duration = Duration::from_secs(10);

const TEXT: &str = "Hola, buenas tardes. Hice un pedido la semana pasada y todavía no me ha llegado ningún aviso del \
                    transporte. ¿Me pueden decir cuándo llega? Gracias.";

/// Product or floor, with everybody who takes part.
#[derive(Debug)]
pub struct Side {
    /// Its process.
    pub server: Server,
    /// Where the visitors' calls begin.
    pub base: String,
    /// Headers of every call, as lines.
    pub headers: String,
    /// What agents hear.
    pub ear: Ear,
    /// Tokens of those who have a conversation, one per connection.
    pub known: Vec<String>,
    /// Tokens of those who have none yet.
    pub strangers: Vec<String>,
    next: AtomicUsize,
}

/// A message that was acknowledged.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    entry: Uuid,
    /// When it was sent, or should have been.
    began: Instant,
}

/// What a loop did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Operations per second.
    pub rate: f64,
    /// CPU of the server per operation, in µs.
    pub cpu_us: f64,
    /// Times from sending to the agent's socket, sorted, in ms.
    pub seen_ms: Vec<f64>,
    /// What was lost.
    pub complaints: Vec<String>,
}

#[derive(Deserialize)]
struct Posted {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    id: Uuid,
    seq: i64,
    conversation_id: Uuid,
}

impl Side {
    /// A side whose strangers have not yet written.
    #[must_use]
    pub fn new(server: Server, base: String, headers: String, known: Vec<String>, strangers: Vec<String>) -> Self {
        Self { server, base, headers, ear: Ear::default(), known, strangers, next: AtomicUsize::new(0) }
    }

    /// Somebody who has never written.
    fn stranger(&self) -> anyhow::Result<&str> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.strangers.get(at).map(String::as_str).context("more strangers are needed than were prepared")
    }

    async fn send(&self, connection: &mut Connection, token: &str) -> anyhow::Result<Message> {
        let body = format!(r#"{{"client_message_id":"{}","text":"{TEXT}"}}"#, Uuid::now_v7());
        let headers = format!("authorization: Bearer {token}\r\n{}", self.headers);
        let answer = connection.call("POST", &format!("{}/messages", self.base), &headers, &body).await?.success()?;
        let posted: Posted = serde_json::from_slice(&answer.body).context("the answer")?;
        Ok(posted.message)
    }

    async fn receipt(&self, connection: &mut Connection, token: &str, of: &Message) -> anyhow::Result<()> {
        let path = format!("{}/conversations/{}/read", self.base, of.conversation_id);
        let headers = format!("authorization: Bearer {token}\r\n{}", self.headers);
        connection.call("PUT", &path, &headers, &format!(r#"{{"seq":{}}}"#, of.seq)).await?.success()?;
        Ok(())
    }
}

/// What one connection did.
#[derive(Debug, Default)]
struct Done {
    acknowledged: Vec<Acknowledged>,
    operations: usize,
}

/// Each connection sends its next request as soon as the last is answered, for `seconds`.
///
/// # Errors
/// When a call is refused.
pub async fn closed(side: &Arc<Side>, mix: Mix, seconds: u64) -> anyhow::Result<Outcome> {
    let (cpu, began) = (side.server.cpu()?, Instant::now());
    let until = began + Duration::from_secs(seconds);
    let mut workers = JoinSet::new();
    for worker in 0..side.known.len() {
        let side = Arc::clone(side);
        workers.spawn(async move { connection(&side, mix, worker, until).await });
    }
    finish(side, workers, cpu, began).await
}

async fn connection(side: &Side, mix: Mix, worker: usize, until: Instant) -> anyhow::Result<Done> {
    let mut connection = Connection::open(side.server.address).await?;
    let mut done = Done::default();
    let mut number = worker;
    while Instant::now() < until {
        number += 1;
        step(side, &mut connection, mix, worker, number, Instant::now(), &mut done).await?;
    }
    Ok(done)
}

/// One message, with its receipts where the mix has some.
async fn step(
    side: &Side,
    connection: &mut Connection,
    mix: Mix,
    worker: usize,
    number: usize,
    began: Instant,
    done: &mut Done,
) -> anyhow::Result<()> {
    let is_new = match mix {
        Mix::Existing => number.is_multiple_of(NEW_EVERY),
        Mix::New => true,
        Mix::Receipts => false,
    };
    let token = if is_new { side.stranger()? } else { &side.known[worker] };
    let message = side.send(connection, token).await?;
    done.acknowledged.push(Acknowledged { entry: message.id, began });
    done.operations += 1;
    if mix == Mix::Receipts {
        for _ in 0..RECEIPTS {
            side.receipt(connection, token, &message).await?;
            done.operations += 1;
        }
    }
    Ok(())
}

/// Messages leave at a fixed rate, whether the ones before are answered or not; times count from when each should
/// have left.
///
/// # Errors
/// When a call is refused.
pub async fn open(side: &Arc<Side>, per_second: u32, seconds: u64) -> anyhow::Result<Outcome> {
    let (cpu, began) = (side.server.cpu()?, Instant::now());
    let mut workers = JoinSet::new();
    let mut desks = Vec::new();
    for worker in 0..side.known.len() {
        let (sender, mut due) = mpsc::unbounded_channel::<(usize, Instant)>();
        desks.push(sender);
        let side = Arc::clone(side);
        workers.spawn(async move {
            let mut connection = Connection::open(side.server.address).await?;
            let mut done = Done::default();
            while let Some((number, at)) = due.recv().await {
                step(&side, &mut connection, Mix::Existing, worker, number, at, &mut done).await?;
            }
            Ok(done)
        });
    }
    let metronome = thread::spawn(move || beat(&desks, per_second, seconds));
    let outcome = finish(side, workers, cpu, began).await;
    ensure!(metronome.join().is_ok(), "the metronome broke");
    outcome
}

/// Hands out each message at its time; a thread of its own sleeps more exactly than the runtime's timer.
fn beat(desks: &[mpsc::UnboundedSender<(usize, Instant)>], per_second: u32, seconds: u64) {
    let began = Instant::now() + Duration::from_millis(20);
    let period = Duration::from_secs(1) / per_second;
    let count = usize::try_from(u64::from(per_second) * seconds).unwrap_or(usize::MAX);
    let mut at = began;
    for number in 0..count {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if desks[number % desks.len()].send((number, at)).is_err() {
            // That worker failed; its error is told by whoever joins it.
            return;
        }
        at += period;
    }
}

async fn finish(
    side: &Side,
    mut workers: JoinSet<anyhow::Result<Done>>,
    cpu: f64,
    began: Instant,
) -> anyhow::Result<Outcome> {
    let mut all = Done::default();
    while let Some(worker) = workers.join_next().await {
        let done = worker.context("a worker")??;
        all.acknowledged.extend(done.acknowledged);
        all.operations += done.operations;
    }
    let took = began.elapsed();
    let complaints = listen(side, &all.acknowledged).await;
    let cpu = side.server.cpu()? - cpu;
    let mut seen_ms: Vec<f64> = all
        .acknowledged
        .iter()
        .filter_map(|a| Some(side.ear.when(a.entry)?.saturating_duration_since(a.began).as_secs_f64() * 1_000.0))
        .collect();
    seen_ms.sort_by(f64::total_cmp);
    side.ear.clear();
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let operations = all.operations.max(1) as f64;
    Ok(Outcome { rate: operations / took.as_secs_f64(), cpu_us: cpu * 1e6 / operations, seen_ms, complaints })
}

/// Waits until every acknowledged message was heard; those that were not.
async fn listen(side: &Side, acknowledged: &[Acknowledged]) -> Vec<String> {
    let until = Instant::now() + PATIENCE;
    let missing = |side: &Side| acknowledged.iter().filter(|a| side.ear.when(a.entry).is_none()).count();
    while missing(side) > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lost = acknowledged.iter().filter(|a| side.ear.when(a.entry).is_none());
    lost.map(|a| format!("entry {} was acknowledged and never seen", a.entry)).collect()
}

/// Everybody who is known writes once, so that they have a conversation.
///
/// # Errors
/// When a call is refused.
pub async fn begin(side: &Side) -> anyhow::Result<()> {
    let mut connection = Connection::open(side.server.address).await?;
    let mut first = Vec::new();
    for token in &side.known {
        let began = Instant::now();
        first.push(Acknowledged { entry: side.send(&mut connection, token).await?.id, began });
    }
    let lost = listen(side, &first).await;
    ensure!(lost.is_empty(), "{} first messages reached no agent", lost.len());
    Ok(())
}
