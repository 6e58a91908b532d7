//! What a connection brings: read, placed, and stored together with the place in the mailbox.
//!
//! # Invariants
//! - The place moves in the transaction that stores what arrived, or that knows it is stored already.
//! - What arrived is known by its content: the same bytes are taken in once, other bytes never count as the same.
//! - Raw bytes are on disk before anybody looks at them; a reader that panics leaves a dead letter, not a gap.

use std::sync::Arc;

use async_trait::async_trait;
use connector::{
    Account, Arrival, Claim, Failing, Fate, Health, InboundEvent, Inbox, Kept, Letter, Notice, Origin, Place, Poller,
    RawKey, RawSink, Unstored, Verdict,
};
use domain::attachment::AttachmentState;
use domain::conversation::{ActorType, DeliveryState, Verification};
use domain::ids::{AttachmentId, ChannelId, ConversationId, CustomerId, EntryId, IdentityId, OrganizationId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::attachments::Attachment;
use store::channels::Channel;
use store::conversations::Conversation;
use store::customers::{Customer, Identity};
use store::dead_letters::DeadLetter;
use store::entries::Entry;
use uuid::Uuid;

use super::admin::whole;
use super::{Side, account_of, health, report};
use crate::conversations::{Extra, Inbound, Input, Received, Slots, follow, take};
use crate::deliveries::{show, state_of};
use crate::events::{event, system};
use crate::files::Upload;
use crate::{Ctx, Error, deliveries};

/// Most code points of a text that is stored; the whole stands beside it as a file.
const MAX_TEXT: usize = 100_000;
/// Most bytes of HTML that are stored; beyond, the raw mail has it.
const MAX_HTML_BYTES: usize = 1024 * 1024;
/// Most bytes kept of something that is too large to be opened.
const MAX_RAW_BYTES: u64 = 1024 * 1024 * 1024;
/// Tries when two arrivals of the same new sender meet.
const TRIES: usize = 3;

/// The inbox of one channel.
pub(super) struct ChannelInbox {
    ctx: Ctx,
    org: OrganizationId,
    channel: ChannelId,
    account: Account,
}

impl ChannelInbox {
    pub(super) fn new(ctx: Ctx, org: OrganizationId, channel: ChannelId, account: Account) -> Self {
        Self { ctx, org, channel, account }
    }

    /// The inbox of a channel that need not be connected.
    pub(super) async fn of_channel(ctx: &Ctx, org: OrganizationId, id: ChannelId) -> Result<Self, Error> {
        let (channel, sealed) = ctx
            .store()
            .read("channels.inbox", (org, id), |tx, (org, id)| Box::pin(async move { whole(tx, org, id).await }))
            .await?;
        let account = account_of(ctx, &channel, &sealed).map_err(|_| Error::Unavailable("the secrets do not open"))?;
        Ok(Self::new(ctx.clone(), org, id, account))
    }

    /// What listens for this channel.
    pub(super) async fn poller(&self) -> Option<&'static dyn Poller> {
        let found = self.channel_row().await.ok()?;
        channels::find(&found.kind)?.poller()
    }

    async fn channel_row(&self) -> Result<Channel, Error> {
        self.ctx
            .store()
            .read("channels.row", (self.org, self.channel), |tx, (org, id)| {
                Box::pin(async move {
                    let all = store::channels::list(tx, org).await?;
                    all.into_iter().find(|c| c.id == id).ok_or(Error::NotFound)
                })
            })
            .await
    }
}

fn unstored(error: &Error) -> Unstored {
    tracing::error!(error = error as &dyn std::error::Error, "what arrived could not be stored");
    Unstored(error.to_string())
}

struct Sink(Upload);

#[async_trait]
impl RawSink for Sink {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Unstored> {
        self.0.write(bytes).await.map_err(|error| unstored(&error))
    }

    async fn finish(self: Box<Self>) -> Result<RawKey, Unstored> {
        let stored = self.0.finish().await.map_err(|error| unstored(&error))?;
        Ok(RawKey { key: stored.key, sha256: stored.sha256 })
    }
}

#[async_trait]
impl Inbox for ChannelInbox {
    async fn place(&self) -> Result<Option<Place>, Unstored> {
        let found = self
            .ctx
            .store()
            .read("mails.place", (self.org, self.channel), |tx, (org, channel)| {
                Box::pin(async move { Ok::<_, Error>(store::mails::place(tx, org, channel).await?) })
            })
            .await;
        let found = found.map_err(|error| unstored(&error))?;
        Ok(found.map(|place| Place { validity: place.uid_validity, last: place.last_uid }))
    }

    async fn take(&self, arrival: Arrival) -> Result<(), Unstored> {
        take_in(self, arrival).await.map_err(|error| unstored(&error))
    }

    async fn move_to(&self, place: Place) -> Result<(), Unstored> {
        let input = (self.org, self.channel, place, self.ctx.now());
        let moved = self.ctx.store().write("mails.move_to", input, |tx, (org, channel, place, now)| {
            Box::pin(async move { move_on(tx, org, channel, Some(place), now).await })
        });
        moved.await.map_err(|error| unstored(&error))
    }

    async fn keep(&self) -> Result<Box<dyn RawSink>, Unstored> {
        let upload = self.ctx.files().create(self.org).await.map_err(|error| unstored(&error))?;
        Ok(Box::new(Sink(upload.with_raw_limit(MAX_RAW_BYTES))))
    }

    async fn health(&self, health: Health) {
        if let Err(error) = report(&self.ctx, self.org, self.channel, Side::In, health, false).await {
            tracing::warn!(%error, "the health of a channel could not be stored");
        }
    }

    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.ctx.entropy().fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

async fn move_on(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    channel: ChannelId,
    place: Option<Place>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(Place { validity, last }) = place else { return Ok(()) };
    let place = store::mails::Place { uid_validity: validity, last_uid: last };
    Ok(store::mails::move_to(tx, org, channel, place, now).await?)
}

/// What the transaction works on; everything else was done before it.
#[derive(Clone)]
struct Taking {
    slots: Slots,
    channel: Arc<Channel>,
    account: Account,
    event: Arc<InboundEvent>,
    files: Vec<Attachment>,
    raw_key: String,
    external_id: String,
    is_truncated: bool,
    place: Option<Place>,
    /// The dead letter this was until now.
    was: Option<Uuid>,
    ids: [Uuid; 8],
}

/// Takes one arrival in.
async fn take_in(inbox: &ChannelInbox, arrival: Arrival) -> Result<(), Error> {
    let sha256 = arrival.raw.as_ref().map_or_else(|| Sha256::digest(&arrival.bytes).to_vec(), |raw| raw.sha256.clone());
    let external_id = format!("sha256:{}", hex(&sha256));
    if known(inbox, &external_id, arrival.place).await? {
        return Ok(());
    }
    let raw_key = match arrival.raw {
        Some(raw) => raw.key,
        None => put_raw(inbox, &arrival.bytes).await?,
    };
    let channel = inbox.channel_row().await?;
    let event = read(inbox, &channel, arrival.bytes, arrival.is_whole).await?;
    let place = Some(arrival.place);
    store_event(inbox, channel, event, raw_key, external_id, place, None).await.map(drop)
}

/// Takes a dead letter in again, whatever kind of mail it is; whether it became a message.
pub(super) async fn again(inbox: &ChannelInbox, letter: &DeadLetter, raw_key: &str) -> Result<bool, Error> {
    let bytes = inbox.ctx.files().read(inbox.org, raw_key).await?;
    let channel = inbox.channel_row().await?;
    let event = match read(inbox, &channel, bytes, true).await? {
        InboundEvent::Letter(letter) if letter.from.is_some() => {
            InboundEvent::Letter(Box::new(Letter { origin: Origin::Person, ..*letter }))
        }
        InboundEvent::Notice(notice) if notice.letter.from.is_some() => {
            InboundEvent::Letter(Box::new(Letter { origin: Origin::Person, ..notice.letter }))
        }
        InboundEvent::Letter(_) | InboundEvent::Notice(_) | InboundEvent::Unreadable(_) => return Ok(false),
    };
    let external_id = letter.external_id.clone().unwrap_or_else(|| format!("dead:{}", letter.id));
    let was = Some(letter.id);
    Ok(store_event(inbox, channel, event, raw_key.to_owned(), external_id, None, was).await?.is_some())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it is here already; the place moves on then.
async fn known(inbox: &ChannelInbox, external_id: &str, place: Place) -> Result<bool, Error> {
    let input = (inbox.org, inbox.channel, external_id.to_owned(), place, inbox.ctx.now());
    inbox
        .ctx
        .store()
        .write("mails.known", input, |tx, (org, channel, external_id, place, now)| {
            Box::pin(async move {
                let is_taken = store::mails::is_taken(tx, org, channel, &external_id).await?;
                if is_taken {
                    move_on(tx, org, channel, Some(place), now).await?;
                }
                Ok::<_, Error>(is_taken)
            })
        })
        .await
}

async fn put_raw(inbox: &ChannelInbox, bytes: &[u8]) -> Result<String, Error> {
    let mut upload = inbox.ctx.files().create(inbox.org).await?.with_raw_limit(MAX_RAW_BYTES);
    upload.write(bytes).await?;
    Ok(upload.finish().await?.key)
}

/// Reads the bytes away from the async threads. A reader that panics makes it unreadable, nothing else.
async fn read(inbox: &ChannelInbox, channel: &Channel, bytes: Vec<u8>, is_whole: bool) -> Result<InboundEvent, Error> {
    let kind = channels::find(&channel.kind).ok_or(Error::NotFound)?;
    let own = own_addresses(inbox).await?;
    let account = inbox.account.clone();
    let reading = tokio::task::spawn_blocking(move || kind.normalise(&account, &own, &bytes, is_whole));
    Ok(reading.await.unwrap_or_else(|_| {
        tracing::error!("a mail could not be read; its bytes are kept");
        InboundEvent::Unreadable(Kept { reason: "parser_failed", ..Kept::default() })
    }))
}

/// The addresses people write to us at, over all channels.
async fn own_addresses(inbox: &ChannelInbox) -> Result<Vec<String>, Error> {
    let all = inbox
        .ctx
        .store()
        .read("channels.own_addresses", inbox.org, |tx, org| {
            Box::pin(async move { Ok::<_, Error>(store::channels::list(tx, org).await?) })
        })
        .await?;
    let live = all.iter().filter(|c| c.state != "archived");
    Ok(live.filter_map(|c| channels::find(&c.kind)?.own_address(&c.config)).collect())
}

/// Files to disk, then everything else in one transaction, then what follows.
async fn store_event(
    inbox: &ChannelInbox,
    channel: Channel,
    event: InboundEvent,
    raw_key: String,
    external_id: String,
    place: Option<Place>,
    was: Option<Uuid>,
) -> Result<Option<Received>, Error> {
    let ctx = &inbox.ctx;
    let (event, files, is_truncated) = with_files(inbox, event).await?;
    let (event, channel) = (Arc::new(event), Arc::new(channel));
    let mut left = TRIES;
    loop {
        let taking = Taking {
            slots: Slots::new(ctx, inbox.org).await?,
            channel: Arc::clone(&channel),
            account: inbox.account.clone(),
            event: Arc::clone(&event),
            files: files.clone(),
            raw_key: raw_key.clone(),
            external_id: external_id.clone(),
            is_truncated,
            place,
            was,
            ids: ctx.new_ids(),
        };
        let (fallback, number) = (taking.clone(), taking.slots.number);
        left -= 1;
        match ctx.store().write("mails.take", taking, |tx, taking| Box::pin(placed(tx, taking))).await {
            Ok(received) => {
                tell(inbox, received.as_ref(), number).await?;
                return Ok(received);
            }
            // Somebody else added the same sender meanwhile: now they are known.
            Err(Error::Store(db::Error::Unique { .. })) if left > 0 => {}
            Err(error) if is_passing(&error) => return Err(error),
            // It will never fit: kept as it came, instead of being offered for ever.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a mail could not be placed");
                let kept = ctx.store().write("mails.keep", fallback, |tx, taking| {
                    Box::pin(async move { unplaced(tx, &taking, "not_stored", json!({})).await })
                });
                kept.await?;
                tell(inbox, None, number).await?;
                return Ok(None);
            }
        }
    }
}

/// Whether trying again may work.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::StorageFull | Error::Unavailable(_) | Error::Files(_) => true,
        Error::Store(error) => !matches!(
            error,
            db::Error::Mismatch { .. }
                | db::Error::Constraint { .. }
                | db::Error::Unique { .. }
                | db::Error::Column { .. }
        ),
        _ => false,
    }
}

async fn tell(inbox: &ChannelInbox, received: Option<&Received>, number: i64) -> Result<(), Error> {
    match received {
        Some(received) => follow(&inbox.ctx, inbox.org, received, number).await,
        None => {
            inbox.ctx.give_back_number(inbox.org, number).await;
            inbox.ctx.runtime(inbox.org)?.hub.wake();
            Ok(())
        }
    }
}

/// Puts the files of an arrival on disk and takes their bytes out of it; cuts a text that is too long, whose whole
/// becomes a file. Says whether something was cut.
async fn with_files(inbox: &ChannelInbox, event: InboundEvent) -> Result<(InboundEvent, Vec<Attachment>, bool), Error> {
    let (mut letter, wrap): (Letter, Box<dyn FnOnce(Letter) -> InboundEvent + Send>) = match event {
        InboundEvent::Letter(letter) => (*letter, Box::new(|letter| InboundEvent::Letter(Box::new(letter)))),
        InboundEvent::Notice(notice) => {
            let Notice { letter, about, recipients } = *notice;
            (letter, Box::new(|letter| InboundEvent::Notice(Box::new(Notice { letter, about, recipients }))))
        }
        InboundEvent::Unreadable(kept) => return Ok((InboundEvent::Unreadable(kept), Vec::new(), false)),
    };
    let mut is_truncated = letter.notes.iter().any(|(name, _)| *name == "unreadable");
    if let Some((at, _)) = letter.text.char_indices().nth(MAX_TEXT) {
        is_truncated = true;
        let whole = std::mem::take(&mut letter.text);
        letter.text = whole[..at].to_owned();
        letter.files.push(connector::File {
            name: "text.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content_id: None,
            bytes: whole.into_bytes(),
        });
    }
    if letter.html.as_ref().is_some_and(|html| html.len() > MAX_HTML_BYTES) {
        is_truncated = true;
        letter.html = None;
    }
    let mut rows = Vec::with_capacity(letter.files.len());
    for file in std::mem::take(&mut letter.files) {
        rows.push(row_of(inbox, file).await?);
    }
    Ok((wrap(letter), rows, is_truncated))
}

async fn row_of(inbox: &ChannelInbox, file: connector::File) -> Result<Attachment, Error> {
    let mut upload = inbox.ctx.files().create(inbox.org).await?.with_raw_limit(MAX_RAW_BYTES);
    upload.write(&file.bytes).await?;
    let stored = upload.finish().await?;
    let cut = |text: String, max: usize| text.chars().take(max).collect::<String>();
    Ok(Attachment {
        id: AttachmentId(inbox.ctx.new_id()),
        organization_id: inbox.org,
        entry_id: None,
        conversation_id: None,
        uploader_id: None,
        name: cut(file.name, 255),
        media_type: cut(file.media_type, 255),
        size_bytes: i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
        sha256: stored.sha256,
        content_id: file.content_id,
        state: AttachmentState::Ready,
        preview_key: None,
        file_key: Some(stored.key),
        width: None,
        height: None,
        created_at: inbox.ctx.now(),
    })
}

/// The transaction: what arrived becomes an entry or a dead letter, and the place moves on.
async fn placed(tx: &mut db::Tx<'_>, taking: Taking) -> Result<Option<Received>, Error> {
    let (org, now, channel) = (taking.slots.org, taking.slots.now, taking.channel.id);
    if let Some(was) = taking.was {
        store::dead_letters::release(tx, org, was, now).await?;
    }
    let received = if store::mails::is_taken(tx, org, channel, &taking.external_id).await? {
        None
    } else {
        health::passed(tx, org, channel, Side::In, now).await?;
        let event = Arc::clone(&taking.event);
        match &*event {
            InboundEvent::Letter(letter) => placed_letter(tx, &taking, letter).await?,
            InboundEvent::Notice(notice) => placed_notice(tx, &taking, notice).await?,
            InboundEvent::Unreadable(kept) => {
                let about = json!({ "subject": kept.subject, "message_id": kept.reference });
                unplaced(tx, &taking, kept.reason, about).await?;
                None
            }
        }
    };
    move_on(tx, org, channel, taking.place, now).await?;
    Ok(received)
}

/// Keeps what belongs nowhere, and moves on.
async fn unplaced(tx: &mut db::Tx<'_>, taking: &Taking, reason: &str, about: Value) -> Result<(), Error> {
    let (org, now, channel) = (taking.slots.org, taking.slots.now, taking.channel.id);
    let letter = DeadLetter {
        id: taking.ids[0],
        organization_id: org,
        channel_id: channel,
        direction: "in".to_owned(),
        reason: reason.to_owned(),
        raw_key: Some(taking.raw_key.clone()),
        entry_id: None,
        external_id: Some(taking.external_id.clone()),
        about,
        created_at: now,
        settled_at: None,
    };
    store::dead_letters::insert(tx, &letter).await?;
    let data = json!({ "dead_letter_id": letter.id, "channel_id": channel, "reason": reason });
    store::events::insert(tx, &event(taking.ids[1], org, "dead_letter.created", now, system(), data)).await?;
    move_on(tx, org, channel, taking.place, now).await
}

fn about(letter: &Letter) -> Value {
    let from = letter.from.as_ref().map(|from| from.address.as_str());
    json!({ "from": from, "subject": letter.subject, "message_id": letter.reference })
}

/// Why a letter that belongs nowhere is a dead one.
const fn reason(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "no_sender",
        Origin::AutoReply => "auto_reply",
        Origin::List => "list_mail",
        Origin::Own => "loop",
    }
}

async fn placed_letter(tx: &mut db::Tx<'_>, taking: &Taking, letter: &Letter) -> Result<Option<Received>, Error> {
    let known = known_sender(tx, taking, letter).await?;
    let referred = referred(tx, taking, letter, known.as_ref()).await?;
    let is_contentful = letter.origin == Origin::Person;
    let (Some(from), true) = (&letter.from, is_contentful || referred.is_some()) else {
        unplaced(tx, taking, reason(letter.origin), about(letter)).await?;
        return Ok(None);
    };
    if letter.origin == Origin::Own {
        // Our own mail came back: what it says stands in its conversation already.
        unplaced(tx, taking, reason(letter.origin), about(letter)).await?;
        return Ok(None);
    }
    let (customer, identity) = sender(tx, taking, letter, known, referred.as_ref()).await?;
    let is_new_participant = referred.as_ref().is_some_and(|c| c.customer_id != customer.id);
    let extra = Extra {
        referred: referred.as_ref().map(|c| c.id),
        subject: Some(letter.subject.chars().take(500).collect()),
        html: letter.html.clone(),
        mail: Some(headers(letter, &from.address, is_new_participant)),
        reference: Some(letter.reference.clone()),
        raw_key: Some(taking.raw_key.clone()),
        is_truncated: taking.is_truncated,
        is_contentful,
        author: ActorType::Customer,
        files: taking.files.clone(),
    };
    let inbound = inbound(taking, letter, customer, identity);
    take(tx, Input::new(inbound, extra, taking.slots.clone())?).await.map(Some)
}

fn inbound(taking: &Taking, letter: &Letter, customer: Customer, identity: Identity) -> Inbound {
    Inbound {
        channel: Arc::clone(&taking.channel),
        customer,
        identity,
        text: letter.text.clone(),
        conversation: None,
        client_id: None,
        client_message_id: None,
        external_id: Some(taking.external_id.clone()),
        attachment_ids: Vec::new(),
        occurred_at: letter.written_at.unwrap_or(taking.slots.now),
    }
}

/// What is shown of a letter beside its text.
fn headers(letter: &Letter, from: &str, is_new_participant: bool) -> Value {
    let mut headers = json!({
        "message_id": letter.reference, "subject": letter.subject, "from": from, "to": letter.to, "cc": letter.cc,
        "references": letter.chain, "quoted_from": letter.quoted_from, "raw_available": true,
    });
    for (name, value) in &letter.notes {
        headers[*name] = if value == "true" { json!(true) } else { json!(value) };
    }
    if is_new_participant {
        headers["is_new_participant"] = json!(true);
    }
    headers
}

/// The identity by which the sender is known, before anything is added.
async fn known_sender(tx: &mut db::Tx<'_>, taking: &Taking, letter: &Letter) -> Result<Option<Identity>, Error> {
    let Some(from) = &letter.from else { return Ok(None) };
    let (org, kind) = (taking.slots.org, identity_kind(taking));
    if letter.verdict == Verdict::Fail {
        // Whoever pretends to be somebody gets nothing of theirs.
        return Ok(store::identities::in_state(tx, org, kind, &from.address, Verification::Failed, None).await?);
    }
    Ok(store::customers::matching_identity(tx, org, kind, &from.address).await?)
}

fn identity_kind(taking: &Taking) -> &'static str {
    channels::find(&taking.channel.kind).map_or("external_user", |kind| kind.meta().identity_kind)
}

/// The conversation the letter proves to belong to (api.md §2.5, rule 1, and C26).
async fn referred(
    tx: &mut db::Tx<'_>,
    taking: &Taking,
    letter: &Letter,
    sender: Option<&Identity>,
) -> Result<Option<Conversation>, Error> {
    if let Some(found) = by_claim(tx, taking, letter.claim.as_ref()).await? {
        return Ok(Some(found));
    }
    if letter.verdict == Verdict::Fail {
        return Ok(None);
    }
    if let Some(found) = by_answer(tx, taking, letter, sender).await? {
        return Ok(Some(found));
    }
    let Some((number, sender)) = letter.number.zip(sender) else { return Ok(None) };
    let found = store::conversations::by_number(tx, taking.slots.org, number).await?;
    Ok(found.filter(|c| c.customer_id == sender.customer_id))
}

async fn by_claim(tx: &mut db::Tx<'_>, taking: &Taking, claim: Option<&Claim>) -> Result<Option<Conversation>, Error> {
    let Some((claim, kind)) = claim.zip(channels::find(&taking.channel.kind)) else { return Ok(None) };
    let found = store::conversations::find(tx, taking.slots.org, ConversationId(claim.id)).await?;
    Ok(found.filter(|c| kind.is_genuine(&taking.account, claim, c.customer_id.0)))
}

/// By a message it answers: when the sender is proven, or takes part already.
async fn by_answer(
    tx: &mut db::Tx<'_>,
    taking: &Taking,
    letter: &Letter,
    sender: Option<&Identity>,
) -> Result<Option<Conversation>, Error> {
    let org = taking.slots.org;
    let known = store::mails::references(tx, org, letter.answers.clone()).await?;
    let first = letter.answers.iter().find_map(|id| known.iter().find(|k| k.message_id == *id));
    let Some(first) = first else { return Ok(None) };
    let Some(found) = store::conversations::find(tx, org, first.conversation_id).await? else { return Ok(None) };
    if letter.verdict == Verdict::Pass {
        return Ok(Some(found));
    }
    let Some(sender) = sender else { return Ok(None) };
    let is_theirs = found.customer_id == sender.customer_id;
    let engagements = store::conversations::interactions(tx, org, found.id).await?;
    let takes_part = is_theirs || engagements.iter().any(|i| i.identity_id == sender.id);
    Ok(Some(found).filter(|_| takes_part))
}

/// The sender, known or new (api.md §2.8).
async fn sender(
    tx: &mut db::Tx<'_>,
    taking: &Taking,
    letter: &Letter,
    known: Option<Identity>,
    referred: Option<&Conversation>,
) -> Result<(Customer, Identity), Error> {
    let (org, now) = (taking.slots.org, taking.slots.now);
    let from = letter.from.as_ref().ok_or(Error::NotFound)?;
    let claimed = match (&known, referred.filter(|_| letter.claim.is_some() && letter.verdict != Verdict::Fail)) {
        // The token of their conversation shows that the address they only named is theirs.
        (None, Some(conversation)) => {
            let (kind, whose) = (identity_kind(taking), Some(conversation.customer_id));
            store::identities::in_state(tx, org, kind, &from.address, Verification::Claimed, whose).await?
        }
        (Some(_), _) | (None, None) => None,
    };
    let Some(mut identity) = known.or(claimed) else { return newcomer(tx, taking, letter).await };
    if raised(&mut identity, letter.verdict) {
        store::identities::set_verification(tx, &identity, now).await?;
    }
    let mut customer = store::customers::find(tx, org, identity.customer_id).await?.ok_or(Error::NotFound)?;
    if let (None, Some(name)) = (&customer.name, &from.name) {
        store::customers::name(tx, org, customer.id, name, now).await?;
        customer.name = Some(name.clone());
    }
    Ok((customer, identity))
}

/// Raises an identity by what the channel knows; never lowers it. Whether it changed.
fn raised(identity: &mut Identity, verdict: Verdict) -> bool {
    let before = (identity.verification, identity.is_authenticated);
    if matches!(identity.verification, Verification::Claimed | Verification::Asserted) {
        identity.verification = Verification::Observed;
    }
    if verdict == Verdict::Pass && identity.verification != Verification::Failed {
        identity.is_authenticated = true;
    }
    before != (identity.verification, identity.is_authenticated)
}

async fn newcomer(tx: &mut db::Tx<'_>, taking: &Taking, letter: &Letter) -> Result<(Customer, Identity), Error> {
    let (org, now) = (taking.slots.org, taking.slots.now);
    let from = letter.from.clone().ok_or(Error::NotFound)?;
    let customer = Customer {
        id: CustomerId(taking.ids[2]),
        organization_id: org,
        name: from.name.clone(),
        language: letter.language.clone(),
        time_zone: None,
        is_vip: false,
        is_blocked: false,
        fields: json!({}),
        tags: Vec::new(),
        state: "active".to_owned(),
        is_demo: taking.channel.is_demo,
        first_seen_at: now,
        last_seen_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
        profile: store::customers::Profile::default(),
    };
    let is_fake = letter.verdict == Verdict::Fail;
    let identity = Identity {
        id: IdentityId(taking.ids[3]),
        organization_id: org,
        customer_id: customer.id,
        kind: identity_kind(taking).to_owned(),
        address: from.address,
        display: from.name,
        channel_id: None,
        verification: if is_fake { Verification::Failed } else { Verification::Observed },
        is_authenticated: letter.verdict == Verdict::Pass,
        is_primary: true,
        reachability: "ok".to_owned(),
        verified_at: None,
        created_at: now,
        version: 1,
        is_shared: false,
        verified_by: None,
    };
    store::customers::insert(tx, &customer).await?;
    store::customers::insert_identity(tx, &identity).await?;
    arrived(tx, taking, &customer, &identity).await?;
    Ok((customer, identity))
}

/// Tells of somebody new and of their address.
async fn arrived(tx: &mut db::Tx<'_>, taking: &Taking, customer: &Customer, identity: &Identity) -> Result<(), Error> {
    let (org, now) = (taking.slots.org, taking.slots.now);
    let actor = json!({ "type": "customer", "id": customer.id, "name": customer.name });
    let of_customer = json!({ "customer_id": customer.id });
    let of_identity = json!({ "identity_id": identity.id, "customer_id": customer.id });
    for (id, kind, data) in
        [(taking.ids[6], "customer.created", of_customer), (taking.ids[7], "identity.added", of_identity)]
    {
        store::events::insert(tx, &event(id, org, kind, now, actor.clone(), data)).await?;
    }
    Ok(())
}

/// A report about a message of ours: the message shows it, its address too, and the report stands beside it.
async fn placed_notice(tx: &mut db::Tx<'_>, taking: &Taking, notice: &Notice) -> Result<Option<Received>, Error> {
    let org = taking.slots.org;
    let Some(entry) = reported(tx, taking, notice).await? else {
        unplaced(tx, taking, "report_unknown", about(&notice.letter)).await?;
        return Ok(None);
    };
    let conversation = store::conversations::find(tx, org, entry.conversation_id).await?.ok_or(Error::NotFound)?;
    let Some(identity) = recipient(tx, &entry).await? else {
        unplaced(tx, taking, "report_unknown", about(&notice.letter)).await?;
        return Ok(None);
    };
    for failing in notice.recipients.iter().filter(|f| is_about(f, &identity)) {
        mark(tx, taking, &entry, &identity, failing).await?;
    }
    let letter = &notice.letter;
    let from = letter.from.as_ref().map(|f| f.address.clone()).unwrap_or_default();
    let mut mail = headers(letter, &from, false);
    mail["is_report"] = json!(true);
    let customer = store::customers::find(tx, org, identity.customer_id).await?.ok_or(Error::NotFound)?;
    let extra = Extra {
        referred: Some(conversation.id),
        subject: None,
        html: letter.html.clone(),
        mail: Some(mail),
        reference: None,
        raw_key: Some(taking.raw_key.clone()),
        is_truncated: taking.is_truncated,
        is_contentful: false,
        author: ActorType::System,
        files: taking.files.clone(),
    };
    let inbound = inbound(taking, letter, customer, identity);
    take(tx, Input::new(inbound, extra, taking.slots.clone())?).await.map(Some)
}

/// Our message that a report is about, by its reference.
async fn reported(tx: &mut db::Tx<'_>, taking: &Taking, notice: &Notice) -> Result<Option<Entry>, Error> {
    let org = taking.slots.org;
    let ids: Vec<String> = notice.about.iter().chain(&notice.letter.answers).cloned().collect();
    let known = store::mails::references(tx, org, ids.clone()).await?;
    let first = ids.iter().find_map(|id| known.iter().find(|k| k.message_id == *id));
    let Some(first) = first else { return Ok(None) };
    let found = store::entries::find_many(tx, org, vec![first.entry_id.0]).await?.pop();
    // Only what left can come back.
    Ok(found.filter(|entry| entry.delivery.is_some()))
}

async fn recipient(tx: &mut db::Tx<'_>, entry: &Entry) -> Result<Option<Identity>, Error> {
    let Some(identity) = deliveries::addressee(tx, entry).await? else { return Ok(None) };
    Ok(store::identities::find(tx, entry.organization_id, identity).await?)
}

/// Whether a line of a report means this identity; a report that names nobody means its only recipient.
fn is_about(failing: &Failing, identity: &Identity) -> bool {
    failing.address.is_empty() || store::customers::key(&failing.address) == store::customers::key(&identity.address)
}

/// Shows on a message what a report says of it, and on the address what that means.
async fn mark(
    tx: &mut db::Tx<'_>,
    taking: &Taking,
    entry: &Entry,
    identity: &Identity,
    failing: &Failing,
) -> Result<(), Error> {
    let (org, now) = (taking.slots.org, taking.slots.now);
    if let Some(reach) = failing.fate.reach() {
        store::identities::set_reachability(tx, org, identity.id, reach.as_str(), now).await?;
    }
    let (receipt, code) = match failing.fate {
        Fate::Hard => (DeliveryState::Failed, "recipient_unknown"),
        Fate::Refused => (DeliveryState::Failed, "bounced"),
        Fate::Delivered => (DeliveryState::Delivered, ""),
        Fate::Read => (DeliveryState::Read, ""),
        // Still on its way, or it arrived and was not wanted.
        Fate::Soft | Fate::Complaint | Fate::Nothing => return Ok(()),
    };
    let was = state_of(entry);
    let state = was.receive(receipt);
    if state == was {
        return Ok(());
    }
    let mut delivery = entry.delivery.clone().unwrap_or_else(|| json!({ "attempt": 1 }));
    delivery["state"] = json!(state);
    match state {
        DeliveryState::Failed => {
            delivery["error"] = json!({
                "code": code, "class": "permanent", "provider_code": failing.status, "text": failing.text,
            });
        }
        DeliveryState::Read => delivery["read_at"] = json!(now),
        DeliveryState::Delivered => delivery["delivered_at"] = json!(now),
        DeliveryState::Held
        | DeliveryState::Queued
        | DeliveryState::Sending
        | DeliveryState::Unknown
        | DeliveryState::Sent
        | DeliveryState::Cancelled => {}
    }
    settle_waiting(tx, entry.id, org, now).await?;
    show(tx, entry, delivery, was, (taking.ids[4], now)).await
}

/// A report settles the message: an attempt that still waits is not made.
async fn settle_waiting(tx: &mut db::Tx<'_>, entry: EntryId, org: OrganizationId, now: Timestamp) -> Result<(), Error> {
    if let Some(newest) = store::deliveries::newest(tx, org, entry).await? {
        store::deliveries::shift(tx, org, newest.id, ["queued", "cancelled"], None, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(verification: Verification) -> Identity {
        Identity {
            id: IdentityId(Uuid::nil()),
            organization_id: OrganizationId(Uuid::nil()),
            customer_id: CustomerId(Uuid::nil()),
            kind: "email".to_owned(),
            address: "Eva@clientes.es".to_owned(),
            display: None,
            channel_id: None,
            verification,
            is_authenticated: false,
            is_primary: true,
            reachability: "ok".to_owned(),
            verified_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
            is_shared: false,
            verified_by: None,
        }
    }

    #[test]
    fn a_verdict_raises_an_identity_and_never_lowers_it() {
        use Verification as V;
        for (before, verdict, after) in [
            (V::Asserted, Verdict::Unknown, (V::Observed, false)),
            (V::Claimed, Verdict::Pass, (V::Observed, true)),
            (V::Observed, Verdict::Pass, (V::Observed, true)),
            (V::Verified, Verdict::Unknown, (V::Verified, false)),
            (V::Failed, Verdict::Pass, (V::Failed, false)),
        ] {
            let mut found = identity(before);
            raised(&mut found, verdict);
            assert_eq!((found.verification, found.is_authenticated), after, "{before:?} {verdict:?}");
        }
        let mut known = identity(V::Observed);
        known.is_authenticated = true;
        assert!(!raised(&mut known, Verdict::Unknown) && known.is_authenticated);
    }

    #[test]
    fn a_report_means_the_recipient_it_names_or_the_only_one() {
        let line = |address: &str| Failing {
            address: address.to_owned(),
            fate: Fate::Hard,
            status: String::new(),
            text: String::new(),
        };
        let eva = identity(Verification::Observed);
        assert!(is_about(&line("eva@CLIENTES.es"), &eva) && is_about(&line(""), &eva));
        assert!(!is_about(&line("otra@clientes.es"), &eva));
    }
}
