//! Conversations that staff opens.

use domain::conversation::{InteractionState, Priority, StatusCategory};
use domain::ids::{ChannelId, CustomerId, OrganizationId, QueueId};
use domain::permissions::{Permission, Resource};
use serde_json::{Map, Value, json};
use store::conversations::{Conversation, Desk, Interaction};
use store::customers::Identity;

use super::commands::checked;
use super::{MessageInput, post_message};
use crate::pen::Pen;
use crate::{Actor, Ctx, Error, customers, nouns};

/// With whom.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody known.
    Customer(CustomerId),
    /// Whoever has this address; they are added when nobody has it.
    Address(customers::NewIdentity, Option<String>),
}

/// A conversation to open.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields of the contract")]
pub struct OpenInput {
    pub who: Who,
    pub channel: Option<ChannelId>,
    pub queue: Option<QueueId>,
    pub subject: Option<String>,
    pub priority: Priority,
    pub fields: Map<String, Value>,
    /// Sent at once.
    pub message: Option<String>,
}

/// Opens a conversation; its owner is the agent who opens it. With a message, that is sent by the channel.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NoReplyRoute`], [`Error::ChannelDisabled`], [`Error::Denied`], [`Error::NotFound`].
pub async fn open(ctx: &Ctx, actor: &Actor, input: OpenInput) -> Result<Conversation, Error> {
    let agents: Vec<_> = actor.standing.agent.into_iter().collect();
    // Owning what one opens does not open a queue that is not one's own.
    let agents = if input.queue.is_none() { agents } else { Vec::new() };
    let resource = Resource::Work { queue: input.queue, agents: &agents };
    actor.authorize(Permission::ConversationsReply, resource)?;
    let message = input.message.clone();
    if let Some(text) = &message {
        super::write::check_text(text, false, super::write::MESSAGE_MAX)?;
    }
    let number = ctx.next_number(actor.organization).await?;
    let input = (Pen::new(ctx, actor), input, number);
    let conversation = ctx
        .store()
        .write("conversations.open", input, |tx, (pen, input, number)| Box::pin(begin(tx, pen, input, number)))
        .await?;
    ctx.runtime(actor.organization)?.hub.wake();
    if let Some(text) = message {
        let message = MessageInput { text, is_forced: true, ..MessageInput::default() };
        post_message(ctx, actor, conversation.id, message).await?;
    }
    Ok(conversation)
}

async fn begin(tx: &mut db::Tx<'_>, mut pen: Pen, input: OpenInput, number: i64) -> Result<Conversation, Error> {
    let org = pen.actor.organization;
    if let Some(queue) = input.queue
        && store::queues::list(tx, org).await?.iter().all(|known| known.id != queue)
    {
        return Err(Error::field("/queue_id", "unknown_reference", "no such queue"));
    }
    let (customer, identity) = whom(tx, &mut pen, &input).await?;
    let fields = nouns::patch_fields(tx, org, "conversation", &json!({}), &input.fields).await?;
    let channel = channel(tx, org, input.channel).await?;
    if let Some(queue) = channel.as_ref().and_then(|channel| channel.queue_id) {
        pen.actor.authorize(Permission::ConversationsReply, Resource::Work { queue: Some(queue), agents: &[] })?;
    }
    let route = channel.as_ref().zip(identity.as_ref());
    if input.message.is_some() && route.is_none() {
        return Err(Error::NoReplyRoute);
    }
    let conversation = Conversation {
        id: pen.id().into(),
        organization_id: org,
        number,
        subject: checked("/subject", input.subject, 500)?,
        outcome: None,
        status_category: StatusCategory::Open,
        priority: input.priority,
        customer_id: customer.id,
        owner_agent_id: pen.actor.standing.agent,
        queue_id: input.queue.or(channel.as_ref().and_then(|c| c.queue_id)),
        reply_channel_id: route.map(|(channel, _)| channel.id),
        reply_identity_id: route.map(|(_, identity)| identity.id),
        channel_kinds: channel.iter().map(|c| c.kind.clone()).collect(),
        language: customer.language.clone(),
        tags: Vec::new(),
        fields,
        snoozed_until: None,
        is_snoozed_until_reply: false,
        waiting_since_at: None,
        first_response_at: None,
        last_activity_at: pen.now,
        last_entry_seq: 0,
        last_entry: None,
        is_blocked: false,
        is_demo: customer.is_demo,
        resolved_at: None,
        reopened_count: 0,
        created_at: pen.now,
        updated_at: pen.now,
        version: 1,
        desk: Desk { effective_customer_id: customer.profile.merged_into_id, ..Desk::default() },
    };
    store::conversations::insert(tx, &conversation).await?;
    pen.tell(tx, "conversation.created", json!({ "conversation_id": conversation.id })).await?;
    if let Some((channel, identity)) = route {
        let interaction = engagement(&mut pen, &conversation, channel, identity)?;
        store::conversations::insert_interaction(tx, &interaction).await?;
        let data = json!({ "interaction_id": interaction.id, "conversation_id": conversation.id });
        pen.tell(tx, "interaction.started", data).await?;
    }
    Ok(conversation)
}

/// The customer, and the address by which the channel reaches them.
async fn whom(
    tx: &mut db::Tx<'_>,
    pen: &mut Pen,
    input: &OpenInput,
) -> Result<(store::customers::Customer, Option<Identity>), Error> {
    let org = pen.actor.organization;
    match &input.who {
        Who::Customer(id) => {
            let unknown = || Error::field("/customer_id", "unknown_reference", "no such customer");
            let customer = store::customers::find(tx, org, *id).await?.ok_or_else(unknown)?;
            if customer.state == "erased" {
                return Err(unknown());
            }
            let identity = match &input.channel {
                Some(channel) => reach(tx, &customer, *channel).await?,
                None => None,
            };
            Ok((customer, identity))
        }
        Who::Address(address, name) => {
            pen.actor.authorize(Permission::CustomersEdit, Resource::Any)?;
            customers::known_or_new(tx, pen, address, name.clone()).await
        }
    }
}

/// The best address of a customer for a channel: the channel's own, else one of the kind it delivers to.
async fn reach(
    tx: &mut db::Tx<'_>,
    customer: &store::customers::Customer,
    channel: ChannelId,
) -> Result<Option<Identity>, Error> {
    let org = customer.organization_id;
    let kind = store::channels::list(tx, org).await?.into_iter().find(|c| c.id == channel).map(|c| c.kind);
    let root = customer.profile.merged_into_id.unwrap_or(customer.id);
    let people = store::customer_merges::group(tx, org, vec![root.0]).await?;
    let mut known = store::customers::identities_of(tx, org, people.iter().map(|p| p.id.0).collect()).await?;
    let is_usable = |i: &Identity| {
        let is_its_own = i.channel_id == Some(channel);
        let is_same_kind = i.channel_id.is_none() && Some(&i.kind) == kind.as_ref();
        (is_its_own || is_same_kind) && i.verification != domain::conversation::Verification::Revoked
    };
    known.retain(is_usable);
    known.sort_by_key(|i| (!i.is_primary, std::cmp::Reverse(i.verification), i.id));
    Ok(known.into_iter().next())
}

async fn channel(
    tx: &mut db::Tx<'_>,
    org: OrganizationId,
    id: Option<ChannelId>,
) -> Result<Option<store::channels::Channel>, Error> {
    let Some(id) = id else { return Ok(None) };
    let found = store::channels::list(tx, org).await?.into_iter().find(|c| c.id == id);
    let channel = found.ok_or_else(|| Error::field("/channel_id", "unknown_reference", "no such channel"))?;
    if channel.state == "enabled" { Ok(Some(channel)) } else { Err(Error::ChannelDisabled) }
}

fn engagement(
    pen: &mut Pen,
    conversation: &Conversation,
    channel: &store::channels::Channel,
    identity: &Identity,
) -> Result<Interaction, Error> {
    let meta = channels::find(&channel.kind).ok_or(Error::ChannelDisabled)?.meta();
    Ok(Interaction {
        id: pen.id().into(),
        organization_id: conversation.organization_id,
        conversation_id: conversation.id,
        customer_id: conversation.customer_id,
        channel_id: channel.id,
        channel_kind: channel.kind.clone(),
        identity_id: identity.id,
        shape: meta.shape,
        direction: "out".to_owned(),
        state: InteractionState::Open,
        started_at: pen.now,
        ended_at: None,
        end_reason: None,
        last_activity_at: pen.now,
        version: 1,
    })
}
