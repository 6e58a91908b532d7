//! What staff writes: messages to the customer, notes to colleagues.

use connector::Delivery;
use domain::conversation::{ActorType, Audience, Direction, EntryKind};
use domain::ids::{ChannelId, ConversationId, EntryId, IdentityId};
use domain::permissions::Permission;
use jiff::Timestamp;
use serde_json::json;
use store::channels::Channel;
use store::conversations::Conversation;
use store::entries::Entry;
use uuid::Uuid;

use super::{append, reachable};
use crate::events::event;
use crate::{Actor, Ctx, Error, attachments};

/// Code points of a message to a web chat.
pub const MESSAGE_MAX: usize = 10_000;
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
    pub identity_id: IdentityId,
    pub is_allowed: bool,
    /// A code: `channel_disabled`.
    pub why_not: Option<&'static str>,
    pub is_current: bool,
}

fn check_text(text: &str, has_attachments: bool, max: usize) -> Result<(), Error> {
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
    event_ids: [Uuid; 2],
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
        event_ids: ctx.new_ids(),
    };
    let entry = ctx.store().write("conversations.message", message, |tx, m| Box::pin(send(tx, m))).await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}

async fn send(tx: &mut db::Tx<'_>, m: Message) -> Result<Entry, Error> {
    let org = m.actor.organization;
    let mut conversation = reachable(tx, &m.actor, m.conversation, Permission::ConversationsReply).await?;
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
    if !route.is_allowed {
        return Err(Error::ChannelDisabled);
    }
    let mut entry = outbound(&m, &conversation, &route);
    let interaction =
        store::conversations::open_interaction(tx, org, conversation.id, route.channel.id, route.identity_id);
    entry.interaction_id = interaction.await?.map(|i| i.id);
    conversation.first_response_at = conversation.first_response_at.or(Some(m.now));
    conversation.waiting_since_at = None;
    conversation.reply_channel_id = Some(route.channel.id);
    conversation.reply_identity_id = Some(route.identity_id);
    append(tx, &mut conversation, &mut entry, m.now).await?;
    attach(tx, &m.actor, &entry).await?;
    if let Some(user) = m.actor.standing.user {
        store::drafts::delete(tx, org, conversation.id, user, "reply").await?;
        store::drafts::mark_read(tx, org, conversation.id, user.0, entry.seq, m.now).await?;
    }
    tell(tx, &m.actor, &conversation, &entry, m.event_ids, m.now).await?;
    Ok(entry)
}

/// Gives the files to what carries them.
async fn attach(tx: &mut db::Tx<'_>, actor: &Actor, entry: &Entry) -> Result<(), Error> {
    if entry.attachment_ids.is_empty() { Ok(()) } else { attachments::attach(tx, entry, actor.user()?.0).await }
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

fn author(actor: &Actor) -> (ActorType, Option<Uuid>) {
    match (actor.standing.agent, actor.standing.user) {
        (Some(agent), _) => (ActorType::Agent, Some(agent.0)),
        (None, Some(user)) => (ActorType::User, Some(user.0)),
        (None, None) => (ActorType::Api, None),
    }
}

fn outbound(m: &Message, conversation: &Conversation, route: &Route) -> Entry {
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
        delivery: Some(delivery(&route.channel, m.now)),
        is_truncated: false,
        occurred_at: m.now,
        created_at: m.now,
    }
}

/// How a message starts its way: where the customer's own connection fetches it, committed is sent.
fn delivery(channel: &Channel, now: Timestamp) -> serde_json::Value {
    match channels::find(&channel.kind).map(|t| t.meta().delivery) {
        Some(Delivery::Stored) => json!({ "state": "sent", "attempt": 1, "sent_at": now }),
        Some(Delivery::Provider) | None => json!({ "state": "queued", "attempt": 1 }),
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

/// The ways to the customer: every channel and address they wrote from.
async fn routes(tx: &mut db::Tx<'_>, conversation: &Conversation) -> Result<Vec<Route>, Error> {
    let org = conversation.organization_id;
    let channels = store::channels::list(tx, org).await?;
    let used = store::conversations::interactions(tx, org, conversation.id).await?;
    let mut routes: Vec<Route> = Vec::new();
    for interaction in used {
        let is_there = |r: &Route| r.channel.id == interaction.channel_id && r.identity_id == interaction.identity_id;
        if routes.iter().any(is_there) {
            continue;
        }
        let Some(channel) = channels.iter().find(|c| c.id == interaction.channel_id).cloned() else { continue };
        let is_allowed = channel.state == "enabled";
        routes.push(Route {
            is_current: conversation.reply_channel_id == Some(channel.id)
                && conversation.reply_identity_id == Some(interaction.identity_id),
            identity_id: interaction.identity_id,
            is_allowed,
            why_not: (!is_allowed).then_some("channel_disabled"),
            channel,
        });
    }
    Ok(routes)
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
    let input = (actor.clone(), conversation, input, ctx.now(), ctx.new_ids::<3>());
    let entry = ctx
        .store()
        .write("conversations.note", input, |tx, (actor, id, input, now, ids)| {
            Box::pin(async move {
                let mut conversation = reachable(tx, &actor, id, Permission::ConversationsNote).await?;
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
                    body: json!({ "text": input.text, "mentions": input.mentions }),
                    attachment_ids: input.attachment_ids,
                    external_id: None,
                    client_message_id: None,
                    client_id: None,
                    mail: None,
                    delivery: None,
                    is_truncated: false,
                    occurred_at: now,
                    created_at: now,
                };
                append(tx, &mut conversation, &mut entry, now).await?;
                attach(tx, &actor, &entry).await?;
                if let Some(user) = actor.standing.user {
                    store::drafts::delete(tx, actor.organization, conversation.id, user, "note").await?;
                }
                tell(tx, &actor, &conversation, &entry, [ids[1], ids[2]], now).await?;
                Ok::<_, Error>(entry)
            })
        })
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    Ok(entry)
}
