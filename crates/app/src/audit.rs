//! The audit trail: who changed what, read back, sealed into a chain, and verified.
//!
//! # Invariants
//! - Each record is joined to the one before by SHA-256; whoever changes, removes or slips in a record breaks the chain.
//! - Sealing is a job of its own, never part of the change: a busy chain slows nobody.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::OrganizationId;
use domain::permissions::{Permission, Resource};
use jiff::Span;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::audit::{Filter, Stored};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::limits::Limit;
use crate::live::Hub;
use crate::{Actor, Ctx, Error, roles};

pub use store::audit::Filter as Query;

/// Records sealed in one transaction.
const BATCH: i64 = 500;
/// How often the job looks by itself.
const SAFETY_NET: Duration = Duration::from_secs(60);

/// Records, newest first, before `before`.
///
/// # Errors
/// [`Error::Denied`].
pub async fn list(
    ctx: &Ctx,
    actor: &Actor,
    filter: Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Stored>, Error> {
    actor.authorize(Permission::AuditRead, Resource::Any)?;
    let filter = Filter { operations_only: is_narrow(actor), ..filter };
    let input = (actor.organization, filter, before.unwrap_or_else(roles::newest), limit);
    ctx.store()
        .read("audit.list", input, |tx, (org, filter, before, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::audit::list(tx, org, &filter, before, limit).await?) })
        })
        .await
}

/// Supervisors see live operations only: what was done with work, agents and queues.
fn is_narrow(actor: &Actor) -> bool {
    actor.authorize(Permission::AuditRead, Resource::Organization).is_err()
}

/// What the chain is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Every record fits the one before.
    pub is_intact: bool,
    /// Sealed records that were looked at.
    pub sealed_count: i64,
    /// Records that wait for the job.
    pub unsealed_count: i64,
    /// The first record that does not fit.
    pub first_broken_id: Option<Uuid>,
    /// The hash at the end of the chain, to be kept elsewhere.
    pub last_hash: Option<Vec<u8>>,
}

/// Computes the chain anew and compares.
///
/// # Errors
/// [`Error::Denied`].
pub async fn verify(ctx: &Ctx, actor: &Actor) -> Result<Verdict, Error> {
    actor.authorize(Permission::AuditRead, Resource::Organization)?;
    let org = actor.organization;
    let mut verdict =
        Verdict { is_intact: true, sealed_count: 0, unsealed_count: 0, first_broken_id: None, last_hash: None };
    let mut hash = vec![0; 32];
    loop {
        let page = page(ctx, org, verdict.sealed_count).await?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            let expected = sealed_hash(&hash, &stored);
            let is_next = stored.seal == Some(verdict.sealed_count + 1);
            if !is_next || stored.prev_hash.as_ref() != Some(&hash) || stored.hash.as_ref() != Some(&expected) {
                return Ok(Verdict { is_intact: false, first_broken_id: Some(stored.record.id), ..verdict });
            }
            verdict.sealed_count += 1;
            verdict.last_hash = Some(expected.clone());
            hash = expected;
        }
    }
    verdict.unsealed_count = waiting(ctx, org).await?;
    Ok(verdict)
}

async fn page(ctx: &Ctx, org: OrganizationId, after: i64) -> Result<Vec<Stored>, Error> {
    ctx.store()
        .read("audit.sealed", (org, after), |tx, (org, after)| {
            Box::pin(async move { Ok::<_, Error>(store::audit::sealed(tx, org, after, BATCH).await?) })
        })
        .await
}

async fn waiting(ctx: &Ctx, org: OrganizationId) -> Result<i64, Error> {
    let unsealed = ctx.store().read("audit.unsealed", org, |tx, org| {
        Box::pin(async move { Ok::<_, Error>(store::audit::unsealed(tx, org, BATCH).await?.len()) })
    });
    Ok(i64::try_from(unsealed.await?).unwrap_or(BATCH))
}

/// The hash of a record after the one whose hash is `previous`.
#[must_use]
pub fn sealed_hash(previous: &[u8], stored: &Stored) -> Vec<u8> {
    let record = &stored.record;
    let text = json!([
        record.id,
        record.organization_id,
        record.at.as_microsecond(),
        canonical(&record.actor),
        record.action,
        record.resource_type,
        record.resource_id,
        record.before.as_ref().map(canonical),
        record.after.as_ref().map(canonical),
        record.reason,
        stored.ip,
        stored.session_id,
    ]);
    Sha256::new().chain_update(previous).chain_update(text.to_string()).finalize().to_vec()
}

/// The same value with its keys in order: the engines keep them in different ones.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let sorted: std::collections::BTreeMap<&String, Value> =
                fields.iter().map(|(key, value)| (key, canonical(value))).collect();
            Value::Array(sorted.into_iter().map(|(key, value)| json!([key, value])).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Seals what waits; how many records.
///
/// # Errors
/// What the store refuses; somebody else sealing at the same time for one.
pub async fn seal(ctx: &Ctx, org: OrganizationId) -> Result<usize, Error> {
    let mut sealed = 0;
    loop {
        let now = ctx.plain_store().write("audit.seal", org, |tx, org| Box::pin(seal_batch(tx, org))).await?;
        sealed += now;
        if i64::try_from(now).is_ok_and(|now| now < BATCH) {
            return Ok(sealed);
        }
    }
}

async fn seal_batch(tx: &mut db::Tx<'_>, org: OrganizationId) -> Result<usize, Error> {
    let last = store::audit::last(tx, org).await?;
    let mut place = last.as_ref().and_then(|last| last.seal).unwrap_or_default();
    let mut hash = last.and_then(|last| last.hash).unwrap_or_else(|| vec![0; 32]);
    let waiting = store::audit::unsealed(tx, org, BATCH).await?;
    for stored in &waiting {
        let next = sealed_hash(&hash, stored);
        place += 1;
        store::audit::seal(tx, org, stored.record.id, place, &hash, &next).await?;
        hash = next;
    }
    Ok(waiting.len())
}

/// Starts the job: it seals when something was recorded, and once a minute looks by itself and sweeps old keys.
pub(crate) fn start(ctx: &Ctx, org: OrganizationId, hub: Arc<Hub>) -> JoinHandle<()> {
    tokio::spawn(run(ctx.clone(), org, hub))
}

async fn run(ctx: Ctx, org: OrganizationId, hub: Arc<Hub>) {
    while !hub.is_closed() {
        if let Err(error) = seal(&ctx, org).await {
            tracing::warn!(%error, "audit records could not be sealed; trying again");
        }
        let is_woken = tokio::time::timeout(SAFETY_NET, hub.recorded()).await.is_ok();
        if !is_woken && let Err(error) = sweep(&ctx, org).await {
            tracing::warn!(%error, "old idempotency keys could not be swept");
        }
    }
}

/// Forgets idempotency keys that are too old to matter.
async fn sweep(ctx: &Ctx, org: OrganizationId) -> Result<(), Error> {
    let hours = ctx.limits().get(Limit::IdempotencyHours);
    let before = ctx.now().checked_sub(Span::new().hours(hours)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    ctx.plain_store()
        .write("idempotency.sweep", (org, before), |tx, (org, before)| {
            Box::pin(async move { Ok::<_, Error>(store::idempotency::sweep(tx, org, before).await.map(drop)?) })
        })
        .await
}
