//! The outbox of an organization: what has to leave for a provider leaves once, in time, and visibly.
//!
//! # Invariants
//! - An attempt is taken by changing its row from `queued` to `sending`; only one worker can.
//! - What was `sending` when its worker vanished becomes `unknown` and is never sent again by itself.
//! - Every change of state, the message's own delivery and its event commit together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connector::{Failure, Health, Outbound, Party, Reach, SendOutcome};
use domain::conversation::{DeliveryState, EntryKind};
use domain::ids::{ChannelId, EntryId, IdentityId, OrganizationId};
use domain::permissions::Permission;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::attachments::Attachment;
use store::dead_letters::DeadLetter;
use store::deliveries::Attempt;
use store::entries::Entry;
use store::mails::Reference;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::channels::{Side, account_of, drained, report};
use crate::conversations::reachable;
use crate::events::{event, system};
use crate::{Actor, Ctx, Error, account_mails, letters};

/// Messages leaving at the same time.
const PARALLEL: usize = 8;
/// How long a provider may take over one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(240);
/// How long an attempt belongs to its worker.
const LEASE: SignedDuration = SignedDuration::from_secs(300);
/// How long a message is tried.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Waits between attempts: the first, doubled each time, at most the second; in ms.
const BACK_OFF_MS: (i64, i64) = (5_000, 3_600_000);
const SAFETY_NET: Duration = Duration::from_secs(1);

/// Wakes and ends the worker of an organization.
#[derive(Debug, Default)]
pub struct Outbox {
    committed: Notify,
    is_stopping: AtomicBool,
}

impl Outbox {
    /// Tells that something may be due.
    pub fn wake(&self) {
        self.committed.notify_one();
    }

    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.committed.notify_one();
    }
}

/// Puts a message into the outbox, in the transaction that wrote it.
pub(crate) async fn enqueue(
    tx: &mut db::Tx<'_>,
    entry: &Entry,
    channel: ChannelId,
    id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let attempt = Attempt {
        id,
        organization_id: entry.organization_id,
        entry_id: entry.id,
        channel_id: channel,
        state: DeliveryState::Queued.as_str().to_owned(),
        attempt: 1,
        next_at: now,
        created_at: now,
    };
    Ok(store::deliveries::insert(tx, &attempt).await?)
}

/// Starts the worker of an organization. There is one where its router runs.
pub(crate) fn start(ctx: &Ctx, org: OrganizationId, outbox: Arc<Outbox>) -> JoinHandle<()> {
    tokio::spawn(work(ctx.clone(), org, outbox))
}

async fn work(ctx: Ctx, org: OrganizationId, outbox: Arc<Outbox>) {
    // Whoever was sending before this start is gone.
    abandon(&ctx, org, Timestamp::MAX).await;
    let mut sending = JoinSet::new();
    while !outbox.is_stopping.load(Ordering::SeqCst) {
        match begin(&ctx, org, PARALLEL - sending.len()).await {
            Ok(jobs) => {
                for job in jobs {
                    sending.spawn(carry_out(ctx.clone(), job));
                }
            }
            Err(error) => tracing::warn!(%error, "the outbox could not be read; trying again"),
        }
        match account_mails::take(&ctx, org, PARALLEL - sending.len()).await {
            Ok(letters) => {
                for letter in letters {
                    sending.spawn(account_mails::carry_out(ctx.clone(), letter));
                }
            }
            Err(error) => tracing::warn!(%error, "mails about accounts could not be read; trying again"),
        }
        let pause = if sending.len() < PARALLEL { until_due(&ctx, org).await } else { SEND_TIMEOUT };
        tokio::select! {
            () = outbox.committed.notified() => {}
            () = tokio::time::sleep(pause) => abandon(&ctx, org, ctx.now()).await,
            Some(_) = sending.join_next() => {}
        }
    }
    while sending.join_next().await.is_some() {}
}

/// Until the next attempt is due; once a second when none is, as a safety net.
async fn until_due(ctx: &Ctx, org: OrganizationId) -> Duration {
    let next = ctx
        .store()
        .read("deliveries.next_due", org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::deliveries::next_due(tx, org).await?) })
        })
        .await;
    let wait = next.ok().flatten().map(|at| at.duration_since(ctx.now()));
    wait.and_then(|wait| Duration::try_from(wait).ok()).map_or(SAFETY_NET, |wait| wait.min(SAFETY_NET))
}

/// Sends everything that is due now and returns when it is settled. For tests and for an orderly end.
///
/// # Errors
/// What the store refuses.
pub async fn run_due(ctx: &Ctx, org: OrganizationId) -> Result<usize, Error> {
    let jobs = begin(ctx, org, PARALLEL).await?;
    let count = jobs.len();
    for job in jobs {
        carry_out(ctx.clone(), job).await;
    }
    Ok(count)
}

/// An attempt that was taken, with what is needed to carry it out.
#[derive(Clone, Debug)]
struct Job {
    attempt: Attempt,
    channel: store::channels::Channel,
    secrets: Value,
    outbound: Outbound,
    files: Vec<Attachment>,
}

async fn begin(ctx: &Ctx, org: OrganizationId, room: usize) -> Result<Vec<Job>, Error> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let limit = i64::try_from(room).unwrap_or(1);
    let due = ctx
        .store()
        .read("deliveries.due", (org, ctx.now(), limit), |tx, (org, now, limit)| {
            Box::pin(async move { Ok::<_, Error>(store::deliveries::due(tx, org, now, limit).await?) })
        })
        .await?;
    let mut jobs = Vec::with_capacity(due.len());
    for attempt in due {
        let take = Take { attempt, now: ctx.now(), event_id: ctx.new_id(), chance: chance(ctx), ctx: ctx.clone() };
        match ctx.store().write("deliveries.begin", take, |tx, take| Box::pin(take_up(tx, take))).await {
            Ok(job) => jobs.extend(job),
            // One that cannot be prepared holds up no other.
            Err(error) => tracing::error!(%error, "a delivery could not be prepared"),
        }
    }
    if !jobs.is_empty() {
        ctx.runtime(org)?.hub.wake();
    }
    Ok(jobs)
}

fn chance(ctx: &Ctx) -> u64 {
    let mut bytes = [0; 8];
    ctx.entropy().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[derive(Clone)]
struct Take {
    attempt: Attempt,
    now: Timestamp,
    event_id: Uuid,
    chance: u64,
    ctx: Ctx,
}

/// Takes an attempt: from here on it is `sending`. `None` when somebody else took it or it was called off.
async fn take_up(tx: &mut db::Tx<'_>, take: Take) -> Result<Option<Job>, Error> {
    let Take { attempt, now, .. } = &take;
    let org = attempt.organization_id;
    let lease = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
    if !store::deliveries::shift(tx, org, attempt.id, ["queued", "sending"], Some(lease), *now).await? {
        return Ok(None);
    }
    let entry = store::entries::find_many(tx, org, vec![attempt.entry_id.0]).await?.pop().ok_or(Error::NotFound)?;
    let channels = store::channels::list(tx, org).await?;
    let channel = channels.into_iter().find(|c| c.id == attempt.channel_id).ok_or(Error::NotFound)?;
    let all = store::channels::secrets(tx, org).await?;
    let secrets = all.into_iter().find(|(id, _)| *id == channel.id).map(|(_, s)| s).unwrap_or_default();
    let outbound = match entry.kind {
        EntryKind::Event => letter(tx, &take, &entry, &channel).await?,
        EntryKind::Message | EntryKind::Note | EntryKind::CallLeg => Some(outbound(tx, &take, &entry, &channel).await?),
    };
    let Some(outbound) = outbound else {
        store::deliveries::shift(tx, org, attempt.id, ["sending", "cancelled"], None, *now).await?;
        let delivery = json!({ "state": "cancelled", "attempt": attempt.attempt });
        show(tx, &entry, delivery, state_of(&entry), (take.event_id, *now)).await?;
        return Ok(None);
    };
    let files = store::attachments::of_entries(tx, org, vec![entry.id.0]).await?;
    let was = state_of(&entry);
    let delivery = json!({ "state": "sending", "attempt": attempt.attempt });
    show(tx, &entry, delivery, was, (take.event_id, *now)).await?;
    Ok(Some(Job { attempt: attempt.clone(), channel, secrets, outbound, files }))
}

/// A letter; `None` when nobody wants it any more, or its conversation was erased.
async fn letter(
    tx: &mut db::Tx<'_>,
    take: &Take,
    entry: &Entry,
    channel: &store::channels::Channel,
) -> Result<Option<Outbound>, Error> {
    let Some(letter) = store::letters::find(tx, entry.organization_id, entry.id).await? else { return Ok(None) };
    letters::outbound(tx, &take.ctx, entry, &letter, || reference(take, entry, channel)).await
}

/// The message with everything around it. The reference is chosen once and kept for every attempt.
async fn outbound(
    tx: &mut db::Tx<'_>,
    take: &Take,
    entry: &Entry,
    channel: &store::channels::Channel,
) -> Result<Outbound, Error> {
    let org = entry.organization_id;
    let conversation = store::conversations::find(tx, org, entry.conversation_id).await?.ok_or(Error::NotFound)?;
    let to = recipient(tx, entry).await?;
    let thread = store::mails::thread(tx, org, conversation.id, entry.seq).await?;
    let known = entry.mail.as_ref().and_then(|m| m.get("message_id")).and_then(Value::as_str);
    let reference = match known {
        Some(reference) => reference.to_owned(),
        None => reference(take, entry, channel),
    };
    let (answers, chain) = answered(&thread);
    let of_thread = thread.iter().find_map(|(_, mail)| mail.get("subject")?.as_str()).map(str::to_owned);
    let subject = conversation.subject.clone().or(of_thread).unwrap_or_else(|| channel.name.clone());
    if known.is_none() && !reference.is_empty() {
        let mail = json!({
            "message_id": reference, "subject": subject, "to": [to.address], "in_reply_to": answers,
            "references": chain,
        });
        store::mails::set_mail(tx, org, entry.id, mail).await?;
        let (conversation_id, entry_id) = (conversation.id, entry.id);
        store::mails::remember(tx, org, &Reference { message_id: reference.clone(), conversation_id, entry_id })
            .await?;
    }
    Ok(Outbound {
        conversation_id: conversation.id.0,
        conversation_number: conversation.number,
        customer_id: conversation.customer_id.0,
        entry_id: entry.id.0,
        reference,
        to,
        author: entry.author_name.clone(),
        subject,
        text: entry.text().to_owned(),
        answers,
        chain,
        files: Vec::new(),
        automatic: None,
        at: entry.created_at,
    })
}

fn reference(take: &Take, entry: &Entry, channel: &store::channels::Channel) -> String {
    let kind = channels::find(&channel.kind);
    let account = account_of(&take.ctx, channel, &Value::Null);
    let made = kind
        .zip(account.ok())
        .and_then(|(kind, account)| kind.reference(&account, entry.conversation_id.0, entry.id.0, take.chance));
    made.unwrap_or_default()
}

/// Who gets it: the identity of its engagement.
async fn recipient(tx: &mut db::Tx<'_>, entry: &Entry) -> Result<Party, Error> {
    let org = entry.organization_id;
    let Some(interaction) = entry.interaction_id else { return Ok(Party::default()) };
    let interaction = store::conversations::find_interaction(tx, org, interaction).await?.ok_or(Error::NotFound)?;
    let identity = store::identities::find(tx, org, interaction.identity_id).await?.ok_or(Error::NotFound)?;
    let customer = store::customers::find(tx, org, identity.customer_id).await?;
    let name = identity.display.clone().or(customer.and_then(|c| c.name));
    Ok(Party { address: identity.address, name })
}

/// What an answer in this thread names: the newest mail of the customer's, else our own newest; and the chain before.
fn answered(thread: &[(String, Value)]) -> (Option<String>, Vec<String>) {
    let is_letter = |mail: &Value| mail.get("is_report").is_none();
    let newest = thread.iter().find(|(direction, mail)| direction == "in" && is_letter(mail)).or(thread.first());
    let Some((_, mail)) = newest else { return (None, Vec::new()) };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let chain = mail.get("references").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect();
    (mail.get("message_id").and_then(text), chain)
}

async fn carry_out(ctx: Ctx, job: Job) {
    let outcome = match prepared(&ctx, &job).await {
        Ok((account, outbound)) => {
            let kind = channels::find(&job.channel.kind);
            match kind {
                Some(kind) => {
                    let sending = kind.send(&account, &outbound);
                    tokio::time::timeout(SEND_TIMEOUT, sending)
                        .await
                        .unwrap_or_else(|_| SendOutcome::Unknown(Failure::new("timeout", "the provider took too long")))
                }
                None => SendOutcome::Permanent(Failure::new("unsupported", "the channel type is unknown")),
            }
        }
        Err(outcome) => outcome,
    };
    tell_health(&ctx, &job, &outcome).await;
    let channel = job.channel.clone();
    let settle = Settle { job, outcome, now: ctx.now(), ids: ctx.new_ids(), jitter: chance(&ctx) };
    let org = settle.job.attempt.organization_id;
    let settled = ctx.store().write("deliveries.settle", settle, |tx, settle| Box::pin(settle_in(tx, settle))).await;
    if let Err(error) = settled {
        // The row stays `sending`; its lease ends and it becomes `unknown`.
        tracing::error!(%error, "the outcome of a delivery could not be stored");
    }
    if channel.state == "draining"
        && let Err(error) = drained(&ctx, org, channel.id).await
    {
        tracing::warn!(%error, "a channel could not be switched off");
    }
    if let Ok(runtime) = ctx.runtime(org) {
        runtime.hub.wake();
        runtime.outbox.wake();
    }
}

/// Secrets opened and files read; what cannot be had now is tried again.
async fn prepared(ctx: &Ctx, job: &Job) -> Result<(connector::Account, Outbound), SendOutcome> {
    let retry = |failure| SendOutcome::Retry { failure, after: None, is_down: true };
    let account = account_of(ctx, &job.channel, &job.secrets)
        .map_err(|locked| retry(Failure::new("secrets_locked", locked.to_string())))?;
    let mut outbound = job.outbound.clone();
    for file in &job.files {
        let Some(key) = &file.file_key else { continue };
        let bytes = ctx.files().read(job.attempt.organization_id, key).await;
        let bytes = bytes.map_err(|error| SendOutcome::Retry {
            failure: Failure::new("file_unreadable", error.to_string()),
            after: None,
            is_down: false,
        })?;
        outbound.files.push(connector::File {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            content_id: file.content_id.clone(),
            bytes,
        });
    }
    Ok((account, outbound))
}

async fn tell_health(ctx: &Ctx, job: &Job, outcome: &SendOutcome) {
    let health = match outcome {
        SendOutcome::Accepted { .. } | SendOutcome::Permanent(_) => Health::Ok,
        SendOutcome::Retry { failure, is_down: true, .. } => Health::Down(failure.clone()),
        SendOutcome::Retry { .. } | SendOutcome::Unknown(_) => return,
    };
    let (org, channel) = (job.attempt.organization_id, job.channel.id);
    let has_sent = matches!(outcome, SendOutcome::Accepted { .. });
    if let Err(error) = report(ctx, org, channel, Side::Out, health, has_sent).await {
        tracing::warn!(%error, "the health of a channel could not be stored");
    }
}

#[derive(Clone)]
struct Settle {
    job: Job,
    outcome: SendOutcome,
    now: Timestamp,
    ids: [Uuid; 4],
    jitter: u64,
}

async fn settle_in(tx: &mut db::Tx<'_>, settle: Settle) -> Result<(), Error> {
    let Settle { job, outcome, now, ids, .. } = &settle;
    let org = job.attempt.organization_id;
    let state = match outcome {
        SendOutcome::Accepted { .. } => DeliveryState::Sent,
        SendOutcome::Permanent(_) | SendOutcome::Retry { .. } => DeliveryState::Failed,
        SendOutcome::Unknown(_) => DeliveryState::Unknown,
    };
    let taken = store::deliveries::shift(tx, org, job.attempt.id, ["sending", state.as_str()], None, *now).await?;
    if !taken {
        // Somebody settled it meanwhile.
        return Ok(());
    }
    let entry = store::entries::find_many(tx, org, vec![job.attempt.entry_id.0]).await?.pop().ok_or(Error::NotFound)?;
    let was = state_of(&entry);
    if was != DeliveryState::Sending {
        // A report overtook the provider's answer; it knows more.
        return Ok(());
    }
    let attempt = job.attempt.attempt;
    let delivery = match outcome {
        SendOutcome::Accepted { provider_id } => {
            json!({ "state": "sent", "attempt": attempt, "provider_id": provider_id, "sent_at": now })
        }
        SendOutcome::Unknown(failure) => {
            json!({ "state": "unknown", "attempt": attempt, "error": described(failure, "unknown") })
        }
        SendOutcome::Permanent(failure) => given_up(tx, &settle, &entry, failure, "permanent").await?,
        SendOutcome::Retry { failure, after, .. } => retried(tx, &settle, &entry, failure, *after).await?,
    };
    show(tx, &entry, delivery, was, (ids[0], *now)).await
}

fn described(failure: &Failure, class: &str) -> Value {
    json!({ "code": failure.code, "class": class, "provider_code": failure.provider_code, "text": failure.text })
}

/// A new attempt later, or the end of trying.
async fn retried(
    tx: &mut db::Tx<'_>,
    settle: &Settle,
    entry: &Entry,
    failure: &Failure,
    after: Option<Duration>,
) -> Result<Value, Error> {
    let Settle { job, now, ids, jitter, .. } = settle;
    if now.duration_since(entry.created_at) >= GIVE_UP_AFTER {
        return given_up(tx, settle, entry, failure, "retry").await;
    }
    let asked = after.and_then(|after| i64::try_from(after.as_millis()).ok());
    let wait = asked.unwrap_or_else(|| back_off_ms(job.attempt.attempt, *jitter));
    let next_at = now.checked_add(SignedDuration::from_millis(wait)).unwrap_or(Timestamp::MAX);
    let attempt = job.attempt.attempt + 1;
    let next =
        Attempt { id: ids[1], state: "queued".to_owned(), attempt, next_at, created_at: *now, ..job.attempt.clone() };
    store::deliveries::insert(tx, &next).await?;
    Ok(json!({
        "state": "queued", "attempt": attempt, "error": described(failure, "retry"), "next_retry_at": next_at,
    }))
}

/// Doubled from attempt to attempt, four fifths to six fifths of it.
fn back_off_ms(attempt: i64, jitter: u64) -> i64 {
    let doublings = u32::try_from((attempt - 1).clamp(0, 20)).unwrap_or(20);
    let base = (BACK_OFF_MS.0 << doublings).min(BACK_OFF_MS.1);
    let part = i64::try_from(jitter % 401).unwrap_or(200);
    base * (800 + part) / 1_000
}

async fn given_up(
    tx: &mut db::Tx<'_>,
    settle: &Settle,
    entry: &Entry,
    failure: &Failure,
    class: &str,
) -> Result<Value, Error> {
    let Settle { job, now, ids, .. } = settle;
    let org = job.attempt.organization_id;
    let letter = DeadLetter {
        id: ids[2],
        organization_id: org,
        channel_id: job.channel.id,
        direction: "out".to_owned(),
        reason: failure.code.to_owned(),
        raw_key: None,
        entry_id: Some(entry.id),
        external_id: None,
        about: json!({ "to": job.outbound.to.address, "subject": job.outbound.subject, "error": described(failure, class) }),
        created_at: *now,
        settled_at: None,
    };
    store::dead_letters::insert(tx, &letter).await?;
    let data = json!({ "dead_letter_id": letter.id, "channel_id": letter.channel_id, "reason": letter.reason });
    store::events::insert(tx, &event(ids[3], org, "dead_letter.created", *now, system(), data)).await?;
    if failure.code == "recipient_unknown"
        && let Some(identity) = addressee(tx, entry).await?
    {
        let reach = Reach::HardBounce.as_str();
        store::identities::set_reachability(tx, org, identity, reach, *now).await?;
    }
    Ok(json!({ "state": "failed", "attempt": job.attempt.attempt, "error": described(failure, class) }))
}

/// Whose address an entry was to go to.
pub(crate) async fn addressee(tx: &mut db::Tx<'_>, entry: &Entry) -> Result<Option<IdentityId>, Error> {
    let Some(interaction) = entry.interaction_id else { return letters::addressee(tx, entry).await };
    let interaction = store::conversations::find_interaction(tx, entry.organization_id, interaction).await?;
    Ok(interaction.map(|interaction| interaction.identity_id))
}

/// The state a message shows.
pub(crate) fn state_of(entry: &Entry) -> DeliveryState {
    let word = entry.delivery.as_ref().and_then(|d| d.get("state")).and_then(Value::as_str);
    word.and_then(|word| word.parse().ok()).unwrap_or(DeliveryState::Queued)
}

/// Shows a message's new delivery, and tells of it.
pub(crate) async fn show(
    tx: &mut db::Tx<'_>,
    entry: &Entry,
    delivery: Value,
    was: DeliveryState,
    (event_id, now): (Uuid, Timestamp),
) -> Result<(), Error> {
    let org = entry.organization_id;
    let data = json!({
        "entry_id": entry.id, "conversation_id": entry.conversation_id, "previous_state": was,
        "state": delivery.get("state"),
    });
    store::entries::set_delivery(tx, org, entry.id, delivery).await?;
    store::events::insert(tx, &event(event_id, org, "entry.delivery_changed", now, system(), data)).await?;
    Ok(())
}

/// What was leaving when its worker vanished: nobody knows whether it left.
async fn abandon(ctx: &Ctx, org: OrganizationId, until: Timestamp) {
    let late = ctx
        .store()
        .read("deliveries.late", (org, until), |tx, (org, until)| {
            Box::pin(async move { Ok::<_, Error>(store::deliveries::late(tx, org, until).await?.len()) })
        })
        .await;
    if matches!(late, Ok(0)) {
        return;
    }
    let input = (org, until, ctx.now(), ctx.new_id());
    let abandoned = ctx
        .store()
        .write("deliveries.abandon", input, |tx, (org, until, now, seed)| {
            Box::pin(async move {
                let late = store::deliveries::late(tx, org, until).await?;
                for (at, attempt) in late.iter().enumerate() {
                    let is_ours =
                        store::deliveries::shift(tx, org, attempt.id, ["sending", "unknown"], None, now).await?;
                    let entry = store::entries::find_many(tx, org, vec![attempt.entry_id.0]).await?.pop();
                    let Some(entry) = entry.filter(|_| is_ours) else { continue };
                    let failure = Failure::new("interrupted", "the process ended while sending");
                    let delivery = json!({
                        "state": "unknown", "attempt": attempt.attempt, "error": described(&failure, "unknown"),
                    });
                    // Ids of one transaction: the first is fresh, the others follow it.
                    let event_id = Uuid::from_u128(seed.as_u128().wrapping_add(at as u128));
                    show(tx, &entry, delivery, state_of(&entry), (event_id, now)).await?;
                }
                Ok::<_, Error>(late.len())
            })
        })
        .await;
    match abandoned {
        Ok(0) => {}
        Ok(count) => {
            tracing::warn!(count, "messages were leaving when the process ended; nobody knows whether they left");
            if let Ok(runtime) = ctx.runtime(org) {
                runtime.hub.wake();
            }
        }
        Err(error) => tracing::warn!(%error, "the outbox could not be looked through"),
    }
}

#[derive(Clone)]
struct Wish {
    actor: Actor,
    entry: EntryId,
    now: Timestamp,
    ids: [Uuid; 2],
}

/// Finds a message the actor may act on, with its newest attempt.
async fn message(tx: &mut db::Tx<'_>, wish: &Wish) -> Result<(Entry, Attempt), Error> {
    let org = wish.actor.organization;
    let entry = store::entries::find_many(tx, org, vec![wish.entry.0]).await?.pop().ok_or(Error::NotFound)?;
    reachable(tx, &wish.actor, entry.conversation_id, Permission::ConversationsReply).await?;
    let attempt = store::deliveries::newest(tx, org, entry.id).await?.ok_or(Error::NotPending)?;
    Ok((entry, attempt))
}

async fn wish(ctx: &Ctx, actor: &Actor, entry: EntryId, body: db::Body<Wish, Entry, Error>) -> Result<Entry, Error> {
    let wish = Wish { actor: actor.clone(), entry, now: ctx.now(), ids: ctx.new_ids() };
    let entry = ctx.store().write("deliveries.wish", wish, body).await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.hub.wake();
    runtime.outbox.wake();
    Ok(entry)
}

/// Tries a failed or unknown message again; one that waits for its next attempt is tried at once.
///
/// # Errors
/// [`Error::NotPending`] when it left or is leaving; [`Error::NotFound`], [`Error::Denied`].
pub async fn retry(ctx: &Ctx, actor: &Actor, entry: EntryId) -> Result<Entry, Error> {
    wish(ctx, actor, entry, |tx, wish| Box::pin(retry_in(tx, wish))).await
}

async fn retry_in(tx: &mut db::Tx<'_>, wish: Wish) -> Result<Entry, Error> {
    let (mut entry, newest) = message(tx, &wish).await?;
    let (org, now) = (entry.organization_id, wish.now);
    let was = state_of(&entry);
    match was {
        DeliveryState::Queued if store::deliveries::hasten(tx, org, newest.id, now).await? => return Ok(entry),
        DeliveryState::Failed | DeliveryState::Unknown => {}
        DeliveryState::Held
        | DeliveryState::Queued
        | DeliveryState::Sending
        | DeliveryState::Sent
        | DeliveryState::Delivered
        | DeliveryState::Read
        | DeliveryState::Cancelled => return Err(Error::NotPending),
    }
    let attempt = newest.attempt + 1;
    let next =
        Attempt { id: wish.ids[0], state: "queued".to_owned(), attempt, next_at: now, created_at: now, ..newest };
    store::deliveries::insert(tx, &next).await?;
    store::dead_letters::settle_of_entry(tx, org, entry.id, now).await?;
    let delivery = json!({ "state": "queued", "attempt": attempt });
    show(tx, &entry, delivery.clone(), was, (wish.ids[1], now)).await?;
    entry.delivery = Some(delivery);
    Ok(entry)
}

/// Calls a message off that has not left.
///
/// # Errors
/// [`Error::NotPending`] when it is too late; [`Error::NotFound`], [`Error::Denied`].
pub async fn cancel(ctx: &Ctx, actor: &Actor, entry: EntryId) -> Result<Entry, Error> {
    if crate::entries::is_held_here(ctx, actor, entry).await? {
        return crate::entries::cancel(ctx, actor, entry).await;
    }
    wish(ctx, actor, entry, |tx, wish| Box::pin(cancel_in(tx, wish))).await
}

async fn cancel_in(tx: &mut db::Tx<'_>, wish: Wish) -> Result<Entry, Error> {
    let (mut entry, newest) = message(tx, &wish).await?;
    let was = state_of(&entry);
    if was == DeliveryState::Cancelled {
        return Ok(entry);
    }
    let org = entry.organization_id;
    if !store::deliveries::shift(tx, org, newest.id, ["queued", "cancelled"], None, wish.now).await? {
        return Err(Error::NotPending);
    }
    let delivery = json!({ "state": "cancelled", "attempt": newest.attempt });
    show(tx, &entry, delivery.clone(), was, (wish.ids[1], wish.now)).await?;
    entry.delivery = Some(delivery);
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_with_a_fifth_of_chance() {
        for jitter in [0, 200, 400, u64::MAX] {
            let waits: Vec<i64> = (1..=30).map(|attempt| back_off_ms(attempt, jitter)).collect();
            assert!(waits.is_sorted(), "{waits:?}");
            assert!((4_000..=6_000).contains(&waits[0]) && waits[29] <= 4_320_000, "{waits:?}");
        }
    }

    #[test]
    fn an_answer_names_the_customers_newest_mail_and_keeps_its_chain() {
        let mail = |id: &str, references: &[&str]| json!({ "message_id": id, "references": references });
        let report = json!({ "message_id": "bounce@x", "is_report": true });
        let thread = [
            ("in".to_owned(), report),
            ("out".to_owned(), mail("ours@x", &[])),
            ("in".to_owned(), mail("theirs@y", &["first@y"])),
        ];
        assert_eq!(answered(&thread), (Some("theirs@y".to_owned()), vec!["first@y".to_owned()]));
        assert_eq!(answered(&thread[1..2]), (Some("ours@x".to_owned()), Vec::new()));
        assert_eq!(answered(&[]), (None, Vec::new()));
    }
}
