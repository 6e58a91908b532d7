//! What staff writes: messages to the customer, notes to colleagues.

use connector::{Delivery, Meta};
use domain::conversation::{ActorType, Audience, Direction, EntryKind, InteractionState, Verification};
use domain::ids::{ChannelId, ConversationId, EntryId, IdentityId, InteractionId};
use domain::permissions::Permission;
use jiff::Timestamp;
use serde_json::json;
use store::channels::Channel;
use store::conversations::{Conversation, Interaction};
use store::customers::Identity;
use store::entries::Entry;
use store::timers::{Timer, TimerKind};
use uuid::Uuid;

use super::{append, changeable, reachable};
use crate::events::event;
use crate::pen::Pen;
use crate::{Actor, Ctx, Error, attachments, notifications};

/// Code points of the longest message any channel takes; each has its own limit below it.
pub const MESSAGE_MAX: usize = 100_000;
/// Code points of a note.
pub const NOTE_MAX: usize = 50_000;

/// A message to the customer.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct MessageInput {
    pub text: String,
    pub attachment_ids: Vec<Uuid>,
    pub reply_route: Option<(ChannelId, IdentityId)>,
    /// The last entry the author has seen.
    pub seen_seq: Option<i64>,
    /// Send although something newer came.
    pub is_forced: bool,
    pub client_message_id: Option<Uuid>,
    /// The entry it answers.
    pub reply_to_id: Option<EntryId>,
}

/// A note to colleagues.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct NoteInput {
    pub text: String,
    pub mentions: Vec<Uuid>,
    pub attachment_ids: Vec<Uuid>,
}

/// A way to the customer, and why it is closed if it is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct Route {
    pub channel: Channel,
    pub meta: &'static Meta,
    pub identity_id: IdentityId,
    /// How the identity is reached; `None` where that says nothing to people.
    pub address: Option<String>,
    pub is_allowed: bool,
    /// A code: `channel_disabled`, `identity_revoked`, `hard_bounce`, `opted_out`.
    pub why_not: Option<&'static str>,
    pub is_current: bool,
}

pub(crate) fn check_text(text: &str, has_attachments: bool, max: usize) -> Result<(), Error> {
    if text.trim().is_empty() && !has_attachments {
        return Err(Error::field("/text", "required", "a text or an attachment"));
    }
    if text.contains('\0') {
        return Err(Error::field("/text", "format", "no U+0000"));
    }
    if text.chars().count() > max {
        return Err(Error::TextTooLong { max });
    }
    Ok(())
}

#[derive(Clone)]
struct Message {
    actor: Actor,
    conversation: ConversationId,
    input: MessageInput,
    now: Timestamp,
    entry_id: Uuid,
    interaction_id: Uuid,
    delivery_id: Uuid,
    event_ids: [Uuid; 3],
}

/// Sends a message to the customer. Repeating it with the same client id answers the same entry.
///
/// # Errors
/// [`Error::NewerEntries`], [`Error::NoReplyRoute`], [`Error::ChannelDisabled`], [`Error::TextTooLong`],
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn post_message(
    ctx: &Ctx,
    actor: &Actor,
    conversation: ConversationId,
    input: MessageInput,
) -> Result<Entry, Error> {
    check_text(&input.text, !input.attachment_ids.is_empty(), MESSAGE_MAX)?;
    let message = Message {
        actor: actor.clone(),
        conversation,
        input,
        now: ctx.now(),
        entry_id: ctx.new_id(),
        interaction_id: ctx.new_id(),
        delivery_id: ctx.new_id(),
        event_ids: ctx.new_ids(),
    };
    let entry = ctx.store().write("conversations.message", message, |tx, m| Box::pin(send(tx, m))).await?;
    let runtime = ctx.runtime(actor.organization)?;
    runtime.timers.wake();
    runtime.hub.wake();
    runtime.outbox.wake();
    Ok(entry)
}

async fn send(tx: &mut db::Tx<'_>, m: Message) -> Result<Entry, Error> {
    let org = m.actor.organization;
    let mut conversation = changeable(tx, &m.actor, m.conversation, Permission::ConversationsReply).await?;
    let client = m.actor.standing.user.map(|u| u.0);
    if let Some((client, id)) = client.zip(m.input.client_message_id)
        && let Some(entry) = store::entries::by_client(tx, org, client, id).await?
    {
        let is_same = entry.text() == m.input.text && entry.attachment_ids == m.input.attachment_ids;
        return if is_same { Ok(entry) } else { Err(Error::IdempotencyMismatch) };
    }
    refuse_when_behind(tx, &m, &conversation).await?;
    let route = routes(tx, &conversation).await?;
    let wanted = m.input.reply_route;
    let route = match wanted {
        Some((channel, identity)) => route.into_iter().find(|r| r.channel.id == channel && r.identity_id == identity),
        None => route.into_iter().find(|r| r.is_current),
    };
    let route = route.ok_or(Error::NoReplyRoute)?;
    match route.why_not {
        Some("channel_disabled") => return Err(Error::ChannelDisabled),
        Some(_) => return Err(Error::NoReplyRoute),
        None => {}
    }
    check_text(&m.input.text, !m.input.attachment_ids.is_empty(), route.meta.text_max)?;
    answered(tx, &conversation, m.input.reply_to_id).await?;
    let window_ms = undo_window(tx, &route.channel).await?;
    let mut entry = outbound(&m, &conversation, &route, window_ms);
    let interaction = interaction(tx, &m, &conversation, &route).await?;
    entry.interaction_id = Some(interaction);
    conversation.first_response_at = conversation.first_response_at.or(Some(m.now));
    conversation.waiting_since_at = None;
    conversation.reply_channel_id = Some(route.channel.id);
    conversation.reply_identity_id = Some(route.identity_id);
    if !conversation.channel_kinds.contains(&route.channel.kind) {
        conversation.channel_kinds.push(route.channel.kind.clone());
    }
    append(tx, &mut conversation, &mut entry, m.now).await?;
    attach(tx, &m.actor, &entry).await?;
    let until = hold(tx, &m, &entry, route.meta.delivery).await?;
    if route.meta.delivery == Delivery::Provider {
        // The outbox takes up what is due: a held message when its window is over.
        crate::deliveries::enqueue(tx, &entry, route.channel.id, m.delivery_id, until.unwrap_or(m.now)).await?;
    }
    if route.meta.has_widget {
        crate::widget::notify::answered(tx, &conversation, m.now).await?;
    }
    if let Some(user) = m.actor.standing.user {
        store::drafts::delete(tx, org, conversation.id, user, "reply").await?;
        store::drafts::mark_read(tx, org, conversation.id, user.0, entry.seq, m.now).await?;
    }
    tell(tx, &m.actor, &conversation, &entry, [m.event_ids[0], m.event_ids[1]], m.now).await?;
    Ok(entry)
}

/// Gives the files to what carries them.
async fn attach(tx: &mut db::Tx<'_>, actor: &Actor, entry: &Entry) -> Result<(), Error> {
    if entry.attachment_ids.is_empty() { Ok(()) } else { attachments::attach(tx, entry, actor.user()?.0).await }
}

/// The engagement a message belongs to; on another channel than before it begins a new one (api.md §2.6).
async fn interaction(
    tx: &mut db::Tx<'_>,
    m: &Message,
    conversation: &Conversation,
    route: &Route,
) -> Result<InteractionId, Error> {
    let (org, channel) = (m.actor.organization, &route.channel);
    let open = store::conversations::open_interaction(tx, org, conversation.id, channel.id, route.identity_id).await?;
    if let Some(open) = open {
        return Ok(open.id);
    }
    let interaction = Interaction {
        id: m.interaction_id.into(),
        organization_id: org,
        conversation_id: conversation.id,
        customer_id: conversation.customer_id,
        channel_id: channel.id,
        channel_kind: channel.kind.clone(),
        identity_id: route.identity_id,
        shape: route.meta.shape,
        direction: "out".to_owned(),
        state: InteractionState::Open,
        started_at: m.now,
        ended_at: None,
        end_reason: None,
        last_activity_at: m.now,
        version: 1,
    };
    store::conversations::insert_interaction(tx, &interaction).await?;
    let data = json!({ "interaction_id": interaction.id, "conversation_id": conversation.id });
    let told = event(m.event_ids[2], org, "interaction.started", m.now, m.actor.as_json(), data);
    store::events::insert(tx, &told).await?;
    Ok(interaction.id)
}

async fn refuse_when_behind(tx: &mut db::Tx<'_>, m: &Message, conversation: &Conversation) -> Result<(), Error> {
    let Some(seen) = m.input.seen_seq.filter(|_| !m.input.is_forced) else { return Ok(()) };
    let newer = store::entries::after(tx, m.actor.organization, conversation.id, seen, 50).await?;
    let me = m.actor.standing.agent.map(|a| a.0).or(m.actor.standing.user.map(|u| u.0));
    let by_others = |e: &&Entry| e.audience != Audience::Internal && e.author_id != me;
    match newer.iter().find(by_others) {
        Some(entry) => Err(Error::NewerEntries { first_seq: entry.seq }),
        None => Ok(()),
    }
}

pub(super) fn author(actor: &Actor) -> (ActorType, Option<Uuid>) {
    match (actor.standing.agent, actor.standing.user) {
        (Some(agent), _) => (ActorType::Agent, Some(agent.0)),
        (None, Some(user)) => (ActorType::User, Some(user.0)),
        (None, None) => (ActorType::Api, None),
    }
}

fn outbound(m: &Message, conversation: &Conversation, route: &Route, window_ms: i64) -> Entry {
    let (author_type, author_id) = author(&m.actor);
    Entry {
        id: EntryId(m.entry_id),
        organization_id: m.actor.organization,
        conversation_id: conversation.id,
        interaction_id: None,
        customer_id: conversation.customer_id,
        seq: 0,
        kind: EntryKind::Message,
        direction: Direction::Out,
        audience: Audience::Private,
        author_type,
        author_id,
        author_name: Some(m.actor.name.clone()),
        channel_id: Some(route.channel.id),
        channel_kind: Some(route.channel.kind.clone()),
        body: json!({ "text": m.input.text }),
        attachment_ids: m.input.attachment_ids.clone(),
        external_id: None,
        client_message_id: m.input.client_message_id,
        client_id: m.actor.standing.user.map(|u| u.0),
        mail: None,
        delivery: Some(delivery(&route.channel, window_ms, m.now)),
        is_truncated: false,
        occurred_at: m.now,
        created_at: m.now,
        marks: store::entries::Marks { reply_to_id: m.input.reply_to_id, ..Default::default() },
    }
}

/// How a message starts its way: where the customer's own connection fetches it, committed is sent, unless it is held
/// for `window_ms` first.
fn delivery(channel: &Channel, window_ms: i64, now: Timestamp) -> serde_json::Value {
    match channels::find(&channel.kind).map(|t| t.meta().delivery) {
        Some(Delivery::Stored | Delivery::Provider) if window_ms > 0 => {
            let until: Timestamp = domain::time::Micros::from(now).plus_ms(window_ms).into();
            json!({ "state": "held", "attempt": 1, "undo_until_at": until })
        }
        Some(Delivery::Stored) => json!({ "state": "sent", "attempt": 1, "sent_at": now }),
        Some(Delivery::Provider) | None => json!({ "state": "queued", "attempt": 1 }),
    }
}

/// How long a message of a channel can be called off: what the channel says, else the organization's window for mail
/// and none for chat.
async fn undo_window(tx: &mut db::Tx<'_>, channel: &Channel) -> Result<i64, Error> {
    const MAIL_MS: i64 = 10_000;
    const MOST_MS: i64 = 120_000;
    if let Some(ms) = channel.config.get("undo_send_ms").and_then(serde_json::Value::as_i64) {
        return Ok(ms.clamp(0, MOST_MS));
    }
    let shape = channels::find(&channel.kind).map(|t| t.meta().shape);
    if shape != Some(domain::conversation::Shape::MailExchange) {
        return Ok(0);
    }
    let organization = store::organizations::find(tx, channel.organization_id).await?;
    let window = organization.and_then(|o| o.settings.get("undo_send_ms").and_then(serde_json::Value::as_i64));
    Ok(window.unwrap_or(MAIL_MS).clamp(0, MOST_MS))
}

/// A held message can be taken back under its own id until its window is over; until when, if it is held.
async fn hold(tx: &mut db::Tx<'_>, m: &Message, entry: &Entry, delivery: Delivery) -> Result<Option<Timestamp>, Error> {
    let until = entry.delivery.as_ref().and_then(|d| d.get("undo_until_at")).and_then(serde_json::Value::as_str);
    let Some(due_at) = until.and_then(|at| at.parse::<Timestamp>().ok()) else { return Ok(None) };
    if delivery == Delivery::Stored {
        let timer = Timer { kind: TimerKind::Release, subject_id: entry.id.0, due_at };
        store::timers::put(tx, entry.organization_id, timer).await?;
    }
    let undo = store::undos::Undo {
        id: entry.id.0,
        organization_id: entry.organization_id,
        user_id: m.actor.standing.user,
        kind: "message".to_owned(),
        data: json!({ "entry_id": entry.id }),
        created_at: m.now,
        expires_at: due_at,
        used_at: None,
    };
    store::undos::insert(tx, &undo).await?;
    Ok(Some(due_at))
}

/// What a message answers stands in the same conversation.
async fn answered(tx: &mut db::Tx<'_>, conversation: &Conversation, to: Option<EntryId>) -> Result<(), Error> {
    let Some(to) = to else { return Ok(()) };
    let shown = store::conversation_merges::shown_in(tx, conversation.organization_id, conversation.id).await?;
    let found = store::entries::find_many(tx, conversation.organization_id, vec![to.0]).await?.pop();
    match found.filter(|entry| shown.contains(&entry.conversation_id.0)) {
        Some(_) => Ok(()),
        None => Err(Error::field("/reply_to_id", "unknown_reference", "an entry of this conversation")),
    }
}

async fn tell(
    tx: &mut db::Tx<'_>,
    actor: &Actor,
    conversation: &Conversation,
    entry: &Entry,
    ids: [Uuid; 2],
    now: Timestamp,
) -> Result<(), Error> {
    let about = json!({ "conversation_id": conversation.id });
    let of_entry = json!({ "entry_id": entry.id, "conversation_id": conversation.id });
    for (id, kind, data) in [(ids[0], "conversation.updated", about), (ids[1], "entry.created", of_entry)] {
        store::events::insert(tx, &event(id, actor.organization, kind, now, actor.as_json(), data)).await?;
    }
    Ok(())
}

/// The ways to the customer: every channel and address they wrote from, and the addresses known of them that an
/// enabled channel can write to.
async fn routes(tx: &mut db::Tx<'_>, conversation: &Conversation) -> Result<Vec<Route>, Error> {
    let org = conversation.organization_id;
    let channels = store::channels::list(tx, org).await?;
    let used = store::conversations::interactions(tx, org, conversation.id).await?;
    let known = store::customers::identities(tx, org, conversation.customer_id).await?;
    let mut routes: Vec<Route> = Vec::new();
    for interaction in used {
        let Some(channel) = channels.iter().find(|c| c.id == interaction.channel_id) else { continue };
        let identity = match known.iter().find(|i| i.id == interaction.identity_id) {
            Some(identity) => Some(identity.clone()),
            // Of somebody else who takes part.
            None => store::identities::find(tx, org, interaction.identity_id).await?,
        };
        add(&mut routes, conversation, channel, interaction.identity_id, identity.as_ref());
    }
    for channel in channels.iter().filter(|c| c.state == "enabled") {
        let Some(meta) = channels::find(&channel.kind).map(|t| t.meta()) else { continue };
        let reaches = |i: &&Identity| i.kind == meta.identity_kind && i.channel_id.is_none_or(|c| c == channel.id);
        for identity in known.iter().filter(|_| meta.delivery == Delivery::Provider).filter(reaches) {
            add(&mut routes, conversation, channel, identity.id, Some(identity));
        }
    }
    Ok(routes)
}

fn add(
    routes: &mut Vec<Route>,
    conversation: &Conversation,
    channel: &Channel,
    identity_id: IdentityId,
    identity: Option<&Identity>,
) {
    let is_there = routes.iter().any(|r| r.channel.id == channel.id && r.identity_id == identity_id);
    let Some(meta) = channels::find(&channel.kind).map(|t| t.meta()).filter(|_| !is_there) else { return };
    let why_not = why_not(channel, identity);
    routes.push(Route {
        is_current: conversation.reply_channel_id == Some(channel.id)
            && conversation.reply_identity_id == Some(identity_id),
        address: identity.filter(|_| !meta.has_widget).map(|i| i.address.clone()),
        identity_id,
        is_allowed: why_not.is_none(),
        why_not,
        meta,
        channel: channel.clone(),
    });
}

/// Why a way is closed (api.md §2.8).
fn why_not(channel: &Channel, identity: Option<&Identity>) -> Option<&'static str> {
    if channel.state != "enabled" {
        return Some("channel_disabled");
    }
    let identity = identity?;
    match (identity.verification, identity.reachability.as_str()) {
        (Verification::Revoked, _) => Some("identity_revoked"),
        (_, "hard_bounce") => Some("hard_bounce"),
        (_, "opted_out") => Some("opted_out"),
        // A claimed or failed address gets what an agent chooses to send, and nothing by itself.
        (
            Verification::Claimed
            | Verification::Asserted
            | Verification::Observed
            | Verification::Verified
            | Verification::Failed,
            _,
        ) => None,
    }
}

/// What the composer may offer now.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`].
pub async fn composer(ctx: &Ctx, actor: &Actor, conversation: ConversationId) -> Result<Vec<Route>, Error> {
    ctx.store()
        .write("conversations.composer", (actor.clone(), conversation), |tx, (actor, id)| {
            Box::pin(async move {
                let conversation = reachable(tx, &actor, id, Permission::ConversationsReply).await?;
                routes(tx, &conversation).await
            })
        })
        .await
}

/// Writes a note. The customer never sees it, on no channel.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], [`Error::TextTooLong`].
pub async fn post_note(
    ctx: &Ctx,
    actor: &Actor,
    conversation: ConversationId,
    input: NoteInput,
) -> Result<Entry, Error> {
    check_text(&input.text, !input.attachment_ids.is_empty(), NOTE_MAX)?;
    let input = (Pen::new(ctx, actor), conversation, input, ctx.new_ids::<3>());
    let entry = ctx
        .store()
        .write("conversations.note", input, |tx, (mut pen, id, input, ids)| {
            Box::pin(async move {
                let (actor, now) = (pen.actor.clone(), pen.now);
                let mut conversation = changeable(tx, &actor, id, Permission::ConversationsNote).await?;
                let mentions = notifications::named(tx, &mut conversation, &input.mentions).await?;
                let (author_type, author_id) = author(&actor);
                let mut entry = Entry {
                    id: EntryId(ids[0]),
                    organization_id: actor.organization,
                    conversation_id: conversation.id,
                    interaction_id: None,
                    customer_id: conversation.customer_id,
                    seq: 0,
                    kind: EntryKind::Note,
                    direction: Direction::Internal,
                    audience: Audience::Internal,
                    author_type,
                    author_id,
                    author_name: Some(actor.name.clone()),
                    channel_id: None,
                    channel_kind: None,
                    body: json!({ "text": input.text, "mentions": mentions }),
                    attachment_ids: input.attachment_ids,
                    external_id: None,
                    client_message_id: None,
                    client_id: None,
                    mail: None,
                    delivery: None,
                    is_truncated: false,
                    occurred_at: now,
                    created_at: now,
                    marks: store::entries::Marks::default(),
                };
                append(tx, &mut conversation, &mut entry, now).await?;
                attach(tx, &actor, &entry).await?;
                if let Some(user) = actor.standing.user {
                    store::drafts::delete(tx, actor.organization, conversation.id, user, "note").await?;
                    store::drafts::mark_read(tx, actor.organization, conversation.id, user.0, entry.seq, now).await?;
                }
                tell(tx, &actor, &conversation, &entry, [ids[1], ids[2]], now).await?;
                notifications::mentioned(tx, &mut pen, &mut conversation, entry.id, &mentions).await?;
                Ok::<_, Error>(entry)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}
