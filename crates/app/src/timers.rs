//! The one task of an organization that waits for what falls due: snoozes that end, messages that leave their
//! undo window, answers that nobody has read.
//!
//! # Invariants
//! - A timer is a row: a restart loses none, and what fell due meanwhile is done at once.
//! - A timer is done and removed in one transaction, so it is done once.
//! - It sleeps until the next deadline, or until a command has set one; it never polls.

use std::sync::Arc;
use std::time::Duration;

use domain::conversation::DeliveryState;
use domain::ids::{ConversationId, EntryId, OrganizationId};
use domain::time::Micros;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::timers::{Timer, TimerKind};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::events::{event, system};
use crate::live::Hub;
use crate::widget::notify;
use crate::{Ctx, Error};

/// Timers done by one transaction.
const BATCH: i64 = 100;
/// How long to wait after the store failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How long to sleep when nothing is due.
const IDLE: Duration = Duration::from_secs(3_600);

/// The way to the task.
#[derive(Clone, Debug, Default)]
pub struct Timers(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    changed: Notify,
    is_closed: std::sync::atomic::AtomicBool,
}

impl Timers {
    /// Says that a deadline was set or moved.
    pub fn wake(&self) {
        self.0.changed.notify_one();
    }

    /// Asks the task to end.
    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, std::sync::atomic::Ordering::SeqCst);
        self.0.changed.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// Starts the task.
pub(crate) fn start(ctx: &Ctx, org: OrganizationId, hub: Arc<Hub>) -> (Timers, JoinHandle<()>) {
    let timers = Timers::default();
    let task = tokio::spawn(run(ctx.clone(), org, hub, timers.clone()));
    (timers, task)
}

async fn run(ctx: Ctx, org: OrganizationId, hub: Arc<Hub>, timers: Timers) {
    while !timers.is_closed() {
        let wait = match due(&ctx, org).await {
            Ok(None) => {
                hub.wake();
                if let Ok(runtime) = ctx.runtime(org) {
                    runtime.outbox.wake();
                }
                continue;
            }
            Ok(Some(wait)) => wait,
            Err(error) => {
                tracing::warn!(%error, "timers could not be carried out; trying again");
                PAUSE
            }
        };
        drop(tokio::time::timeout(wait, timers.0.changed.notified()).await);
    }
}

/// Carries out what is due. `None` when something was; else how long to wait.
///
/// # Errors
/// What the store refuses.
async fn due(ctx: &Ctx, org: OrganizationId) -> Result<Option<Duration>, Error> {
    let next = ctx
        .store()
        .read("timers.next", org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::timers::next(tx, org, BATCH).await?) })
        })
        .await?;
    let now = ctx.now();
    let Some(first) = next.first() else { return Ok(Some(IDLE)) };
    if first.due_at > now {
        let us = Micros::from(first.due_at).0.saturating_sub(Micros::from(now).0);
        return Ok(Some(Duration::from_micros(u64::try_from(us).unwrap_or_default()).min(IDLE)));
    }
    let due: Vec<(Timer, Uuid)> = next.into_iter().filter(|t| t.due_at <= now).map(|t| (t, ctx.new_id())).collect();
    ctx.store()
        .write("timers.due", (org, due, now), |tx, (org, due, now)| {
            Box::pin(async move {
                for (timer, event_id) in due {
                    // Whoever removes the row does the work.
                    if store::timers::delete(tx, org, timer.kind, timer.subject_id).await? {
                        carry_out(tx, org, timer, event_id, now).await?;
                    }
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(None)
}

async fn carry_out(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    timer: Timer,
    event_id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    match timer.kind {
        TimerKind::Snooze => end_snooze(tx, org, timer.subject_id.into(), event_id, now).await,
        TimerKind::Release => release(tx, org, timer.subject_id.into(), event_id, now).await,
        TimerKind::Notice => notify::fell_due(tx, org, timer.subject_id.into(), event_id, now).await,
    }
}

async fn end_snooze(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    id: ConversationId,
    event_id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(mut c) = store::conversations::lock(tx, org, id).await? else { return Ok(()) };
    if c.snoozed_until.is_none_or(|at| at > now) {
        return Ok(());
    }
    let previous = json!({ "snoozed_until": c.snoozed_until, "snoozed_until_reply": c.is_snoozed_until_reply });
    c.wake();
    store::conversations::update(tx, &mut c, now).await?;
    let data = json!({ "conversation_id": id, "changed": ["snooze"], "previous": previous });
    let told = event(event_id, org, "conversation.unsnoozed", now, system(), data);
    Ok(store::events::insert(tx, &told).await?)
}

/// A held message is sent: where the customer's own connection fetches it, from now on they see it.
async fn release(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    id: EntryId,
    event_id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(entry) = store::entries::lock(tx, org, id).await? else { return Ok(()) };
    let held = entry.delivery.clone().filter(|d| state(d) == Some(DeliveryState::Held.as_str()));
    let Some(mut delivery) = held else { return Ok(()) };
    delivery["state"] = json!(DeliveryState::Sent);
    delivery["sent_at"] = json!(now);
    delivery["undo_until_at"] = Value::Null;
    store::entries::set_delivery(tx, org, id, delivery).await?;
    let data = json!({ "entry_id": id, "conversation_id": entry.conversation_id, "previous_state": "held" });
    let told = event(event_id, org, "entry.delivery_changed", now, system(), data);
    Ok(store::events::insert(tx, &told).await?)
}

fn state(delivery: &Value) -> Option<&str> {
    delivery.get("state").and_then(Value::as_str)
}
