//! Calls that take effect once: the key of a call is committed with its first write.
//!
//! One mechanism for every use case: while a call with a key runs, [`Store::write`] adds the key to the first
//! transaction that commits. A second call with the key cannot commit anything, whichever process it runs in. What was
//! answered is noted afterwards, before the caller hears it.
//!
//! # Invariants
//! - Effect and key commit together; a crash between them is impossible.
//! - A refusal leaves no key behind.
//! - A call whose answer was lost in a crash is never run again; the caller is told that it took effect.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use db::{Body, BoxFuture, TxError};
use jiff::Timestamp;
use serde_json::Value;
use store::idempotency::Record;

pub use store::idempotency::Call;

use crate::limits::Limit;
use crate::{Ctx, Error};

/// How long a call without an answer counts as still running.
const RUNNING_MS: i64 = 30_000;

const FREE: u8 = 0;
const CARRIED: u8 = 1;
const COMMITTED: u8 = 2;
const LOST: u8 = 3;

tokio::task_local! {
    static CLAIM: Arc<Claim>;
}

/// The right to run a call.
#[derive(Debug)]
pub struct Claim {
    call: Call,
    body_hash: Vec<u8>,
    now: Timestamp,
    state: AtomicU8,
    running: Arc<Running>,
}

impl Claim {
    /// Another process was first; nothing of this call was written.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.state.load(Ordering::SeqCst) == LOST
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.running.locked().remove(&self.call);
    }
}

/// The calls that run in this process.
#[derive(Debug, Default)]
pub struct Running(Mutex<BTreeSet<Call>>);

impl Running {
    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeSet<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do with a call that has a key.
#[derive(Debug)]
pub enum Begun {
    /// Run it in [`scope`], then [`finish`].
    Run(Arc<Claim>),
    /// It was answered before.
    Answered {
        /// Status of the answer.
        status: u16,
        /// Its body.
        body: Value,
    },
}

/// Asks whether a call may run.
///
/// # Errors
/// [`Error::IdempotencyInProgress`], [`Error::IdempotencyMismatch`], and [`Error::AlreadyExists`] for a call that took
/// effect and whose answer was lost.
pub async fn begin(ctx: &Ctx, call: Call, body_hash: Vec<u8>) -> Result<Begun, Error> {
    let running = ctx.running();
    if !running.locked().insert(call.clone()) {
        return Err(Error::IdempotencyInProgress);
    }
    let now = ctx.now();
    let claim = Claim { call, body_hash, now, state: AtomicU8::new(FREE), running: Arc::clone(running) };
    let kept_ms = ctx.limits().get(Limit::IdempotencyHours) * 3_600_000;
    let known = ctx
        .plain_store()
        .read("idempotency.find", claim.call.clone(), |tx, call| {
            Box::pin(async move { Ok::<_, Error>(store::idempotency::find(tx, &call).await?) })
        })
        .await?;
    let Some(record) = known else { return Ok(Begun::Run(Arc::new(claim))) };
    let age_ms = now.as_millisecond() - record.created_at.as_millisecond();
    if age_ms >= kept_ms {
        forget(ctx, &claim.call).await?;
        return Ok(Begun::Run(Arc::new(claim)));
    }
    known_before(record, &claim.body_hash, age_ms)
}

fn known_before(record: Record, body_hash: &[u8], age_ms: i64) -> Result<Begun, Error> {
    if record.body_hash != body_hash {
        return Err(Error::IdempotencyMismatch);
    }
    match u16::try_from(record.status).unwrap_or_default() {
        0 if age_ms < RUNNING_MS => Err(Error::IdempotencyInProgress),
        0 => Err(Error::AlreadyExists { existing_id: None }),
        status => Ok(Begun::Answered { status, body: record.response }),
    }
}

/// Runs a call under its claim.
pub async fn scope<F: Future>(claim: Arc<Claim>, call: F) -> F::Output {
    CLAIM.scope(claim, call).await
}

/// Notes what a call was answered; a refusal (`None`) may be tried again.
///
/// # Errors
/// What the store refuses.
pub async fn finish(ctx: &Ctx, claim: &Claim, answer: Option<(u16, Value)>) -> Result<(), Error> {
    let Some((status, response)) = answer else {
        let is_committed = claim.state.load(Ordering::SeqCst) == COMMITTED;
        return if is_committed { forget(ctx, &claim.call).await } else { Ok(()) };
    };
    let record =
        Record { body_hash: claim.body_hash.clone(), status: i64::from(status), response, created_at: claim.now };
    ctx.plain_store()
        .write("idempotency.answer", (claim.call.clone(), record), |tx, (call, record)| {
            Box::pin(async move { Ok::<_, Error>(store::idempotency::answer(tx, &call, &record).await?) })
        })
        .await
}

async fn forget(ctx: &Ctx, call: &Call) -> Result<(), Error> {
    ctx.plain_store()
        .write("idempotency.forget", call.clone(), |tx, call| {
            Box::pin(async move { Ok::<_, Error>(store::idempotency::forget(tx, &call).await?) })
        })
        .await
}

/// The store as use cases write to it: the first write of a call with a key carries the key.
#[derive(Clone)]
pub struct Store(db::Store);

impl std::ops::Deref for Store {
    type Target = db::Store;

    fn deref(&self) -> &db::Store {
        &self.0
    }
}

struct Carried<I, T, E> {
    input: I,
    claim: Option<Arc<Claim>>,
    body: Body<I, T, E>,
}

impl<I: Clone, T, E> Clone for Carried<I, T, E> {
    fn clone(&self) -> Self {
        Self { input: self.input.clone(), claim: self.claim.clone(), body: self.body }
    }
}

impl Store {
    pub(crate) fn new(store: db::Store) -> Self {
        Self(store)
    }

    pub(crate) fn plain(&self) -> &db::Store {
        &self.0
    }

    /// Runs `body` in one transaction and returns once it is durable; see [`db::Store::write`].
    ///
    /// # Errors
    /// What `body` returns, and then nothing was written; or the commit's error.
    pub async fn write<I, T, E>(&self, name: &'static str, input: I, body: Body<I, T, E>) -> Result<T, E>
    where
        I: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: TxError,
    {
        let claim = CLAIM.try_with(Arc::clone).ok().filter(take);
        let carried = Carried { input, claim: claim.clone(), body };
        let outcome = self.0.write(name, carried, write_claimed).await;
        if let Some(claim) = claim {
            let next = if outcome.is_ok() { COMMITTED } else { FREE };
            claim.state.compare_exchange(CARRIED, next, Ordering::SeqCst, Ordering::SeqCst).ok();
        }
        outcome
    }
}

/// Takes the claim for a write, if no other write has it.
fn take(claim: &Arc<Claim>) -> bool {
    claim.state.compare_exchange(FREE, CARRIED, Ordering::SeqCst, Ordering::SeqCst).is_ok()
}

/// One body for all writes, so that each is compiled once, with a claim or without.
fn write_claimed<'t, I, T, E>(tx: &'t mut db::Tx<'_>, carried: Carried<I, T, E>) -> BoxFuture<'t, Result<T, E>>
where
    I: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: TxError,
{
    let Carried { input, claim, body } = carried;
    let Some(claim) = claim else { return body(tx, input) };
    Box::pin(async move {
        noted_in(tx, &claim).await?;
        body(tx, input).await
    })
}

async fn noted_in(tx: &mut db::Tx<'_>, claim: &Claim) -> Result<(), db::Error> {
    let noted = store::idempotency::claim(tx, &claim.call, &claim.body_hash, claim.now).await;
    if noted.as_ref().is_err_and(db::Error::is_unique) {
        claim.state.store(LOST, Ordering::SeqCst);
    }
    noted
}
