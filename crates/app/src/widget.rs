//! The visitor's side: sessions by token, messages, history, read marks, the place in the queue.
//!
//! # Invariants
//! - A visitor sees only their own conversations on their own channel.
//! - An address typed by a visitor is `claimed`: it matches nothing and opens nobody's history.

use domain::conversation::{Audience, EntryKind, Verification};
use domain::ids::{ConversationId, CustomerId, IdentityId, VisitorId};
use domain::routing::{CancelReason, Command, ItemState};
use jiff::Timestamp;
use serde_json::json;
use store::channels::Channel;
use store::conversations::Conversation;
use store::customers::{Customer, Identity};
use store::entries::Entry;
use store::events::Cursor;
use store::visitors::Visitor;
use uuid::Uuid;

use crate::conversations::{Inbound, Received, receive};
use crate::events::event;
use crate::setup::days_later;
use crate::{Ctx, Error, secrets};

/// Code points of a visitor's message.
pub const MESSAGE_MAX: usize = 10_000;
/// Conversations shown to a visitor.
const SHOWN: i64 = 10;
/// Days a visitor's token lives after its last use.
const TOKEN_DAYS: i64 = 30;

/// The channel behind a widget key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::ChannelDisabled`].
pub async fn channel(ctx: &Ctx, widget_key: &str) -> Result<Channel, Error> {
    let found = ctx
        .store()
        .read("widget.channel", widget_key.to_owned(), |tx, key| {
            Box::pin(async move { Ok::<_, Error>(store::channels::by_public_key(tx, &key).await?) })
        })
        .await?;
    let channel = found.filter(|c| has_widget(&c.kind) && c.state != "archived").ok_or(Error::NotFound)?;
    if channel.state == "enabled" { Ok(channel) } else { Err(Error::ChannelDisabled) }
}

fn has_widget(kind: &str) -> bool {
    channels::find(kind).is_some_and(|t| t.meta().has_widget)
}

/// What a visitor says when they come.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Arrival {
    pub token: Option<String>,
    pub language: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// A visitor's session.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Session {
    pub token: String,
    pub visitor: Visitor,
    pub customer: Customer,
    pub conversations: Vec<Conversation>,
    pub cursor: Cursor,
    /// An old token was given and is no longer good.
    pub was_reset: bool,
    pub is_new: bool,
}

#[derive(Clone)]
struct Newcomer {
    customer: Customer,
    identities: Vec<Identity>,
    visitor: Visitor,
    token_hash: Vec<u8>,
    now: Timestamp,
}

/// Resumes the session of a token, or begins an anonymous one.
///
/// # Errors
/// [`Error::VisitorBlocked`]; what the store refuses.
pub async fn open(ctx: &Ctx, channel: &Channel, arrival: Arrival) -> Result<Session, Error> {
    if let Some(token) = &arrival.token {
        match by_token(ctx, channel, token).await {
            Ok(visitor) => return resume(ctx, visitor, token.clone()).await,
            Err(Error::Unauthenticated) => {}
            Err(error) => return Err(error),
        }
    }
    let token = format!("ctv_{}", secrets::token(ctx.entropy()));
    let newcomer = newcomer(ctx, channel, &arrival, &token);
    let (visitor, customer) = (newcomer.visitor.clone(), newcomer.customer.clone());
    let cursor = ctx
        .store()
        .write("widget.open", newcomer, |tx, n| {
            Box::pin(async move {
                store::customers::insert(tx, &n.customer).await?;
                for identity in &n.identities {
                    store::customers::insert_identity(tx, identity).await?;
                }
                store::visitors::insert(tx, &n.visitor, &n.token_hash, n.now).await?;
                Ok::<_, Error>(store::events::head(tx, n.visitor.organization_id).await?)
            })
        })
        .await?;
    let was_reset = arrival.token.is_some();
    Ok(Session { token, visitor, customer, conversations: Vec::new(), cursor, was_reset, is_new: true })
}

fn newcomer(ctx: &Ctx, channel: &Channel, arrival: &Arrival, token: &str) -> Newcomer {
    let now = ctx.now();
    let org = channel.organization_id;
    let [visitor_id, customer_id, identity_id, email_id] = ctx.new_ids();
    let clean = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let customer = Customer {
        id: CustomerId(customer_id),
        organization_id: org,
        name: clean(&arrival.name).map(|n| n.chars().take(200).collect()),
        language: Some(arrival.language.clone()),
        time_zone: None,
        is_vip: false,
        is_blocked: false,
        fields: json!({}),
        tags: Vec::new(),
        state: "active".to_owned(),
        is_demo: channel.is_demo,
        first_seen_at: now,
        last_seen_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
        profile: store::customers::Profile::default(),
    };
    let identity = |id: Uuid, kind: &str, address: String, verification| Identity {
        id: IdentityId(id),
        organization_id: org,
        customer_id: customer.id,
        kind: kind.to_owned(),
        display: None,
        channel_id: (kind == "visitor").then_some(channel.id),
        verification,
        is_authenticated: false,
        is_primary: kind == "visitor",
        reachability: "ok".to_owned(),
        verified_at: None,
        created_at: now,
        version: 1,
        is_shared: false,
        verified_by: None,
        address,
    };
    let visitor_identity = identity(identity_id, "visitor", visitor_id.to_string(), Verification::Observed);
    let email = clean(&arrival.email).filter(|e| e.contains('@') && e.chars().count() <= 320);
    let claimed = email.map(|address| identity(email_id, "email", address, Verification::Claimed));
    let visitor = Visitor {
        id: VisitorId(visitor_id),
        organization_id: org,
        channel_id: channel.id,
        customer_id: customer.id,
        identity_id: visitor_identity.id,
        subject: None,
        language: arrival.language.clone(),
        is_blocked: false,
        expires_at: days_later(now, TOKEN_DAYS),
    };
    let identities = std::iter::once(visitor_identity).chain(claimed).collect();
    Newcomer { customer, identities, visitor, token_hash: secrets::hash(token), now }
}

async fn resume(ctx: &Ctx, visitor: Visitor, token: String) -> Result<Session, Error> {
    let now = ctx.now();
    let (customer, conversations, cursor) = ctx
        .store()
        .write("widget.resume", (visitor.clone(), now), |tx, (visitor, now)| {
            Box::pin(async move {
                let org = visitor.organization_id;
                store::visitors::extend(tx, &visitor, days_later(now, TOKEN_DAYS), now).await?;
                let customer = store::customers::find(tx, org, visitor.customer_id).await?.ok_or(Error::NotFound)?;
                let cursor = store::events::head(tx, org).await?;
                Ok::<_, Error>((customer, own(tx, &visitor).await?, cursor))
            })
        })
        .await?;
    Ok(Session { token, visitor, customer, conversations, cursor, was_reset: false, is_new: false })
}

/// The conversations of a visitor on their channel.
async fn own(tx: &mut db::Tx<'_>, visitor: &Visitor) -> Result<Vec<Conversation>, Error> {
    let org = visitor.organization_id;
    let all = store::conversations::newest_of_customer(tx, org, visitor.customer_id, SHOWN).await?;
    Ok(all.into_iter().filter(|c| c.channel_kinds.iter().any(|k| has_widget(k))).collect())
}

/// The visitor of a token on this channel.
///
/// # Errors
/// [`Error::Unauthenticated`] for unknown, expired and other channels' tokens; [`Error::VisitorBlocked`].
pub async fn by_token(ctx: &Ctx, channel: &Channel, token: &str) -> Result<Visitor, Error> {
    let found = ctx
        .store()
        .read("widget.by_token", secrets::hash(token), |tx, hash| {
            Box::pin(async move { Ok::<_, Error>(store::visitors::by_token(tx, &hash).await?) })
        })
        .await?;
    let now = ctx.now();
    let visitor = found.filter(|v| v.channel_id == channel.id && v.expires_at > now).ok_or(Error::Unauthenticated)?;
    if visitor.is_blocked { Err(Error::VisitorBlocked) } else { Ok(visitor) }
}

/// A visitor's message.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct VisitorMessage {
    pub client_message_id: Uuid,
    pub conversation: Option<ConversationId>,
    pub text: String,
    pub attachment_ids: Vec<Uuid>,
    pub sent_at: Option<Timestamp>,
}

/// Takes a visitor's message in.
///
/// # Errors
/// [`Error::TextTooLong`], [`Error::IdempotencyMismatch`], [`Error::Invalid`], [`Error::NotFound`] for a
/// conversation that is not theirs.
pub async fn post_message(
    ctx: &Ctx,
    channel: &Channel,
    visitor: &Visitor,
    message: VisitorMessage,
) -> Result<Received, Error> {
    if message.text.trim().is_empty() && message.attachment_ids.is_empty() {
        return Err(Error::field("/text", "required", "a text or an attachment"));
    }
    if message.text.contains('\0') {
        return Err(Error::field("/text", "format", "no U+0000"));
    }
    if message.text.chars().count() > MESSAGE_MAX {
        return Err(Error::TextTooLong { max: MESSAGE_MAX });
    }
    let (customer, identity) = ctx
        .store()
        .read("widget.sender", (visitor.clone(), message.conversation), |tx, (visitor, named)| {
            Box::pin(async move {
                let org = visitor.organization_id;
                let customer = store::customers::find(tx, org, visitor.customer_id).await?.ok_or(Error::NotFound)?;
                let identities = store::customers::identities(tx, org, visitor.customer_id).await?;
                let identity = identities.into_iter().find(|i| i.id == visitor.identity_id).ok_or(Error::NotFound)?;
                if let Some(id) = named {
                    theirs(tx, &visitor, id).await?;
                }
                Ok::<_, Error>((customer, identity))
            })
        })
        .await?;
    let inbound = Inbound {
        channel: channel.clone(),
        customer,
        identity,
        text: message.text,
        conversation: message.conversation,
        client_id: Some(visitor.id.0),
        client_message_id: Some(message.client_message_id),
        external_id: None,
        attachment_ids: message.attachment_ids,
        occurred_at: message.sent_at.unwrap_or_else(|| ctx.now()),
    };
    receive(ctx, inbound).await
}

async fn theirs(tx: &mut db::Tx<'_>, visitor: &Visitor, id: ConversationId) -> Result<Conversation, Error> {
    let found = store::conversations::find(tx, visitor.organization_id, id).await?;
    found.filter(|c| c.customer_id == visitor.customer_id).ok_or(Error::NotFound)
}

/// The visitor's conversations, newest activity first.
///
/// # Errors
/// What the store refuses.
pub async fn conversations(ctx: &Ctx, visitor: &Visitor) -> Result<Vec<Conversation>, Error> {
    ctx.store()
        .read("widget.conversations", visitor.clone(), |tx, visitor| Box::pin(async move { own(tx, &visitor).await }))
        .await
}

/// Messages of a conversation on the visitor's channel, newest first.
///
/// # Errors
/// [`Error::NotFound`] for a conversation that is not theirs.
pub async fn messages(
    ctx: &Ctx,
    visitor: &Visitor,
    id: ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let input = (visitor.clone(), id, before.unwrap_or(i64::MAX), limit);
    ctx.store()
        .read("widget.messages", input, |tx, (visitor, id, before, limit)| {
            Box::pin(async move {
                theirs(tx, &visitor, id).await?;
                let entries = store::entries::before(tx, visitor.organization_id, id, before, limit).await?;
                let is_shown = |e: &Entry| {
                    e.kind == EntryKind::Message
                        && e.audience != Audience::Internal
                        && e.channel_id == Some(visitor.channel_id)
                        && e.is_out()
                };
                Ok::<_, Error>(entries.into_iter().filter(is_shown).collect())
            })
        })
        .await
}

/// The visitor has read up to `seq`: messages to them become `read`.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn mark_read(ctx: &Ctx, visitor: &Visitor, id: ConversationId, seq: i64) -> Result<(), Error> {
    let input = (visitor.clone(), id, seq, ctx.now(), ctx.new_id());
    let has_changed = ctx
        .store()
        .write("widget.mark_read", input, |tx, (visitor, id, seq, now, event_id)| {
            Box::pin(async move {
                let org = visitor.organization_id;
                let conversation = theirs(tx, &visitor, id).await?;
                let seq = seq.min(conversation.last_entry_seq);
                if !store::drafts::mark_read(tx, org, id, visitor.id.0, seq, now).await? {
                    return Ok::<_, Error>(false);
                }
                let Some(last) = read_up_to(tx, &visitor, id, seq, now).await? else { return Ok(false) };
                let actor = json!({ "type": "customer", "id": visitor.customer_id });
                let data = json!({ "entry_id": last, "conversation_id": id, "up_to_seq": seq });
                let told = event(event_id, org, "entry.delivery_changed", now, actor, data);
                store::events::insert(tx, &told).await?;
                Ok(true)
            })
        })
        .await?;
    if has_changed {
        ctx.runtime(visitor.organization_id)?.hub.wake();
    }
    Ok(())
}

/// Marks the unread messages to the visitor; the last of them.
async fn read_up_to(
    tx: &mut db::Tx<'_>,
    visitor: &Visitor,
    id: ConversationId,
    seq: i64,
    now: Timestamp,
) -> Result<Option<Uuid>, Error> {
    use domain::conversation::Direction;
    let org = visitor.organization_id;
    let mut last = None;
    for entry in store::entries::before(tx, org, id, seq + 1, 50).await? {
        let Some(mut delivery) = entry.delivery.clone().filter(|_| entry.direction == Direction::Out) else { continue };
        if delivery.get("state").and_then(serde_json::Value::as_str) == Some("read") {
            break;
        }
        delivery["state"] = json!("read");
        delivery["read_at"] = json!(now);
        store::entries::set_delivery(tx, org, entry.id, delivery).await?;
        last = last.or(Some(entry.id.0));
    }
    Ok(last)
}

/// The visitor ends a conversation: work that waits is withdrawn, work that is held goes on to its end.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end(ctx: &Ctx, visitor: &Visitor, id: ConversationId) -> Result<(), Error> {
    let work = ctx
        .store()
        .read("widget.end", (visitor.clone(), id), |tx, (visitor, id)| {
            Box::pin(async move {
                theirs(tx, &visitor, id).await?;
                Ok::<_, Error>(store::work::live_of(tx, visitor.organization_id, vec![id.0]).await?)
            })
        })
        .await?;
    let owner = &ctx.runtime(visitor.organization_id)?.owner;
    let actor = json!({ "type": "customer", "id": visitor.customer_id });
    for w in work {
        let command = match w.item.state {
            ItemState::Queued | ItemState::Offered | ItemState::Deferred | ItemState::New => {
                Command::Cancel { item: w.item.id, reason: CancelReason::Abandoned }
            }
            ItemState::Active | ItemState::Paused => Command::Complete { item: w.item.id },
            ItemState::WrapUp | ItemState::Closed | ItemState::Cancelled => continue,
        };
        match owner.apply(command, actor.clone()).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Forgets the visitor on this device.
///
/// # Errors
/// What the store refuses.
pub async fn sign_out(ctx: &Ctx, visitor: &Visitor) -> Result<(), Error> {
    ctx.store()
        .write("widget.sign_out", visitor.clone(), |tx, visitor| {
            Box::pin(
                async move { Ok::<_, Error>(store::visitors::forget(tx, visitor.organization_id, visitor.id).await?) },
            )
        })
        .await
}

/// Where a waiting conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Only in queues where one order holds for all.
    pub position: Option<u32>,
    /// How many wait in the queue.
    pub waiting: u32,
}

/// The place in the queue of a conversation's waiting work; `None` when nothing waits.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn place(ctx: &Ctx, visitor: &Visitor, id: ConversationId) -> Result<Option<Place>, Error> {
    let work = ctx
        .store()
        .read("widget.place", (visitor.clone(), id), |tx, (visitor, id)| {
            Box::pin(async move {
                theirs(tx, &visitor, id).await?;
                Ok::<_, Error>(store::work::live_of(tx, visitor.organization_id, vec![id.0]).await?)
            })
        })
        .await?;
    let owner = &ctx.runtime(visitor.organization_id)?.owner;
    let waits = |s: ItemState| matches!(s, ItemState::New | ItemState::Queued | ItemState::Offered);
    let Some(item) = work.into_iter().map(|w| w.item).find(|i| waits(i.state)) else { return Ok(None) };
    let look = move |router: &domain::routing::Router| Place {
        position: router.position(item.id),
        waiting: router.waiting(item.queue),
    };
    owner.look(look).await.map(Some)
}
