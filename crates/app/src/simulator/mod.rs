//! Simulated customers: they follow a script and walk in through the public doors, like everybody else. They have no
//! handle on the store, and cannot reach real people.
//!
//! # Invariants
//! - A run is bounded: [`RUNS_MAX`] at a time, [`AT_ONCE_MAX`] customers inside, [`RATE_MAX`] a minute.
//! - Seed and script decide what is said and how long is thought; only the answers are not foreseen.
//! - Runs live in memory: the end of the process ends them.

mod door;
pub mod script;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::stamp::Stamp;
use crate::{Actor, Ctx, Error};
use door::{Door, Shut};
use script::{Act, Customer, Script};

/// Runs at a time.
pub const RUNS_MAX: usize = 5;
/// Customers of a run at a time; further ones come when somebody has left.
pub const AT_ONCE_MAX: usize = 200;
/// Customers a minute.
pub const RATE_MAX: u32 = 500;
/// How often a customer tries a door that asked them to wait.
const TRIES: u32 = 20;

/// A run to start.
#[derive(Clone, Debug)]
pub struct Input {
    /// The script's key.
    pub script: String,
    /// What makes it definite.
    pub seed: u64,
    /// Customers a minute.
    pub rate_per_min: u32,
}

/// A run.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Run {
    pub id: Uuid,
    pub script: String,
    pub seed: u64,
    pub rate_per_min: u32,
    pub started_at: Timestamp,
    /// Customers who came.
    pub started_count: u64,
    /// Customers who were turned away.
    pub failed_count: u64,
}

#[derive(Debug, Default)]
struct Counts {
    started: AtomicU64,
    failed: AtomicU64,
}

struct Running {
    organization: OrganizationId,
    run: Run,
    counts: Arc<Counts>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// The runs of this process.
#[derive(Default)]
pub struct Simulator(Mutex<BTreeMap<Uuid, Running>>);

impl Simulator {
    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Uuid, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every run.
    pub async fn stop(&self) {
        let all = std::mem::take(&mut *self.locked());
        for running in all.into_values() {
            end(running).await;
        }
    }

    fn of(&self, organization: OrganizationId) -> Vec<Run> {
        self.locked().values().filter(|r| r.organization == organization).map(Running::now).collect()
    }
}

impl Running {
    fn now(&self) -> Run {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Run { started_count: count(&self.counts.started), failed_count: count(&self.counts.failed), ..self.run.clone() }
    }
}

async fn end(running: Running) {
    running.stop.send_replace(true);
    if running.task.await.is_err() {
        tracing::error!("a simulated run ended by a panic");
    }
}

/// Every script.
///
/// # Errors
/// [`Error::Denied`].
pub fn scripts(actor: &Actor) -> Result<Vec<Script>, Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    Ok(script::all())
}

/// The runs of the actor's organization, oldest first.
///
/// # Errors
/// [`Error::Denied`].
pub fn runs(ctx: &Ctx, actor: &Actor) -> Result<Vec<Run>, Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    Ok(ctx.simulator().of(actor.organization))
}

/// Lets customers come.
///
/// # Errors
/// [`Error::Denied`], [`Error::Invalid`]; [`Error::ChannelDisabled`] without a web chat that is on;
/// [`Error::Unavailable`] when too many runs go on, or the installation is reached by https alone.
pub async fn start(ctx: &Ctx, actor: &Actor, input: Input) -> Result<Run, Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    if !(1..=RATE_MAX).contains(&input.rate_per_min) {
        return Err(Error::field("/rate_per_min", "range", format!("1 to {RATE_MAX}")));
    }
    let script = script::all().into_iter().find(|script| script.key == input.script);
    let script = script.ok_or_else(|| Error::field("/script", "unknown_reference", "no such script"))?;
    if ctx.simulator().locked().len() >= RUNS_MAX {
        return Err(Error::Unavailable("as many simulated runs as may be are under way"));
    }
    let key = web_chat(ctx, actor.organization).await?;
    let door = Door::new(&ctx.settings().public_url, &key)
        .ok_or(Error::Unavailable("simulated customers come by plain http, and this installation has none"))?;
    let run = Run {
        id: ctx.new_id(),
        script: input.script,
        seed: input.seed,
        rate_per_min: input.rate_per_min,
        started_at: ctx.now(),
        started_count: 0,
        failed_count: 0,
    };
    note(ctx, actor, "simulator.started", &run).await?;
    begin(ctx, actor.organization, run.clone(), script, door);
    Ok(run)
}

fn begin(ctx: &Ctx, organization: OrganizationId, run: Run, script: Script, door: Door) {
    let (stop, stopped) = watch::channel(false);
    let counts = Arc::new(Counts::default());
    let crowd = Crowd { door, script, seed: run.seed, counts: Arc::clone(&counts), ids: ctx.clone() };
    let task = tokio::spawn(crowd.come(run.rate_per_min, stopped));
    ctx.simulator().locked().insert(run.id, Running { organization, run, counts, stop, task });
}

/// Ends a run; customers inside leave at once.
///
/// # Errors
/// [`Error::Denied`], [`Error::NotFound`].
pub async fn stop(ctx: &Ctx, actor: &Actor, id: Uuid) -> Result<(), Error> {
    actor.authorize(Permission::DemoManage, Resource::Organization)?;
    let found = {
        let mut all = ctx.simulator().locked();
        let is_own = all.get(&id).is_some_and(|running| running.organization == actor.organization);
        if is_own { all.remove(&id) } else { None }
    };
    let running = found.ok_or(Error::NotFound)?;
    let run = running.now();
    end(running).await;
    note(ctx, actor, "simulator.stopped", &run).await
}

async fn web_chat(ctx: &Ctx, organization: OrganizationId) -> Result<String, Error> {
    let channels = ctx
        .store()
        .read("simulator.channel", organization, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::channels::list(tx, org).await?) })
        })
        .await?;
    let is_open = |c: &store::channels::Channel| c.kind == "web_chat" && c.state == "enabled";
    let mut open: Vec<_> = channels.into_iter().filter(is_open).collect();
    open.sort_by_key(|channel| !channel.is_demo);
    open.into_iter().next().map(|channel| channel.public_key).ok_or(Error::ChannelDisabled)
}

async fn note(ctx: &Ctx, actor: &Actor, action: &'static str, run: &Run) -> Result<(), Error> {
    let after = json!({ "script": run.script, "seed": run.seed, "rate_per_min": run.rate_per_min });
    let input = (Stamp::new(ctx, actor), action, run.id, after);
    ctx.store()
        .write("simulator.note", input, |tx, (stamp, action, id, after): (Stamp, &str, Uuid, Value)| {
            Box::pin(async move { stamp.audit(tx, action, ("simulator_run", id), None, Some(after)).await })
        })
        .await
}

/// Those who come in a run.
struct Crowd {
    door: Door,
    script: Script,
    seed: u64,
    counts: Arc<Counts>,
    ids: Ctx,
}

impl Crowd {
    async fn come(self, rate_per_min: u32, mut stopped: watch::Receiver<bool>) {
        let period = Duration::from_secs(60) / rate_per_min.max(1);
        let mut inside = JoinSet::new();
        let mut next = Instant::now();
        for number in 0.. {
            tokio::select! {
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
                () = tokio::time::sleep_until(next) => {}
            }
            next += period;
            while inside.try_join_next().is_some() {}
            if inside.len() < AT_ONCE_MAX {
                let (door, counts, ids) = (self.door.clone(), Arc::clone(&self.counts), self.ids.clone());
                let customer = self.script.customer(self.seed, number);
                counts.started.fetch_add(1, Ordering::Relaxed);
                inside.spawn(async move {
                    if let Err(error) = visit(&door, customer, &ids).await {
                        counts.failed.fetch_add(1, Ordering::Relaxed);
                        tracing::debug!(%error, "a simulated customer was turned away");
                    }
                });
            }
        }
        inside.shutdown().await;
    }
}

/// One customer's visit.
async fn visit(door: &Door, customer: Customer, ids: &Ctx) -> Result<(), Shut> {
    let arrival = json!({ "language": customer.language, "prechat": { "name": customer.name } });
    let session = knock(door, "/sessions", None, &arrival).await?;
    let token = session["visitor_token"].as_str().ok_or_else(|| Shut::Refused("no session".to_owned()))?.to_owned();
    let mut ear = door.listen(&token).await?;
    let mut conversation = None;
    for act in customer.acts {
        match act {
            Act::Say(think, text) => {
                sleep(think).await;
                let message = json!({ "client_message_id": ids.new_id(), "text": text });
                let posted = knock(door, "/messages", Some(&token), &message).await?;
                conversation = posted.pointer("/conversation/id").and_then(Value::as_str).map(str::to_owned);
            }
            Act::Wait(patience) => {
                if !timeout(patience, ear.answered()).await.unwrap_or(false) {
                    return Ok(());
                }
            }
            Act::End(think) => {
                sleep(think).await;
                if let Some(id) = &conversation {
                    knock(door, &format!("/conversations/{id}/end"), Some(&token), &json!({})).await?;
                }
            }
        }
    }
    Ok(())
}

/// Tries a door, again when asked to wait.
async fn knock(door: &Door, path: &str, token: Option<&str>, body: &Value) -> Result<Value, Shut> {
    let mut tries = 1;
    loop {
        match door.post(path, token, body).await {
            Err(Shut::Later(wait)) if tries < TRIES => {
                tries += 1;
                sleep(wait).await;
            }
            outcome => return outcome,
        }
    }
}
