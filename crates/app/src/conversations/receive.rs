//! What comes in from outside: conversation, interaction, entry, events and work, in one transaction. Every channel
//! comes through here; what threads by references brings an [`Extra`].

use std::collections::BTreeMap;
use std::sync::Arc;

use connector::Meta;
use domain::conversation::{
    ActorType, Audience, Candidate, Continuity, Direction, EntryKind, InteractionState, Placement, Priority, Shape,
    StatusCategory, place,
};
use domain::ids::{ConversationId, EntryId, InteractionId, OrganizationId};
use domain::routing::{Item, ItemState, Pool};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::attachments::Attachment;
use store::channels::Channel;
use store::conversations::{Candidate as StoredCandidate, Conversation, Interaction};
use store::customers::{Customer, Identity};
use store::entries::Entry;
use store::mails::Reference;
use store::work::WorkItem;
use uuid::Uuid;

use super::{append, append_only};
use crate::events::event;
use crate::{Ctx, Error, attachments};

/// A message from outside, its sender already known.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub struct Inbound {
    pub channel: Arc<Channel>,
    pub customer: Customer,
    pub identity: Identity,
    /// Plain text.
    pub text: String,
    /// The conversation it names, if it names one.
    pub conversation: Option<ConversationId>,
    /// Who chose `client_message_id`.
    pub client_id: Option<Uuid>,
    pub client_message_id: Option<Uuid>,
    /// The provider's id; unique within the channel.
    pub external_id: Option<String>,
    pub attachment_ids: Vec<Uuid>,
    pub occurred_at: Timestamp,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The entry.
    pub entry: Entry,
    /// Where it stands.
    pub conversation: Conversation,
    /// It was here before; nothing was changed.
    pub is_repeated: bool,
    /// The work it made, if it made some.
    pub work: Option<WorkItem>,
    /// Unfinished work of the conversation, with what it made.
    pub live: Vec<WorkItem>,
}

/// What a message may bring beside its text.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named for what they are")]
pub(crate) struct Extra {
    /// The conversation it proved to belong to.
    pub referred: Option<ConversationId>,
    /// Of a new conversation.
    pub subject: Option<String>,
    /// Sanitised.
    pub html: Option<String>,
    /// Headers, as they are shown.
    pub mail: Option<Value>,
    /// By which answers will name it.
    pub reference: Option<String>,
    /// Where its raw bytes stand.
    pub raw_key: Option<String>,
    pub is_truncated: bool,
    /// A person wants something. What is not contentful opens, reopens and routes nothing (api.md §2.5).
    pub is_contentful: bool,
    pub author: ActorType,
    /// Files, already on disk.
    pub files: Vec<Attachment>,
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            referred: None,
            subject: None,
            html: None,
            mail: None,
            reference: None,
            raw_key: None,
            is_truncated: false,
            is_contentful: true,
            author: ActorType::Customer,
            files: Vec::new(),
        }
    }
}

/// What a transaction needs that must not change when it runs again.
#[derive(Clone)]
pub(crate) struct Slots {
    pub org: OrganizationId,
    pub now: Timestamp,
    pub number: i64,
    conversation_id: Uuid,
    interaction_id: Uuid,
    pub entry_id: Uuid,
    work_id: Uuid,
    event_ids: [Uuid; 5],
}

impl Slots {
    pub(crate) async fn new(ctx: &Ctx, org: OrganizationId) -> Result<Self, Error> {
        let [conversation_id, interaction_id, entry_id, work_id] = ctx.new_ids();
        Ok(Self {
            org,
            now: ctx.now(),
            number: ctx.next_number(org).await?,
            conversation_id,
            interaction_id,
            entry_id,
            work_id,
            event_ids: ctx.new_ids(),
        })
    }
}

/// A message and everything known of it.
#[derive(Clone)]
pub(crate) struct Input {
    pub inbound: Inbound,
    pub extra: Extra,
    meta: &'static Meta,
    slots: Slots,
}

impl Input {
    pub(crate) fn new(inbound: Inbound, extra: Extra, slots: Slots) -> Result<Self, Error> {
        let meta = channels::find(&inbound.channel.kind).ok_or(Error::ChannelDisabled)?.meta();
        Ok(Self { inbound, extra, meta, slots })
    }
}

impl std::ops::Deref for Input {
    type Target = Slots;

    fn deref(&self) -> &Slots {
        &self.slots
    }
}

/// What follows the commit: routing at once, and everybody hears of it. `number` was kept for a new conversation.
pub(crate) async fn follow(ctx: &Ctx, org: OrganizationId, received: &Received, number: i64) -> Result<(), Error> {
    if received.conversation.number != number {
        ctx.give_back_number(org, number).await;
    }
    let runtime = ctx.runtime(org)?;
    if let Some(work) = &received.work {
        runtime.owner.enqueue(work).await;
    }
    runtime.hub.wake();
    Ok(())
}

/// Takes a message in. Its sender may have said meanwhile who they are.
pub(crate) async fn take(tx: &mut db::Tx<'_>, input: Input) -> Result<Received, Error> {
    let input = settled(tx, input).await?;
    take_settled(tx, input).await
}

/// Takes a message in whose sender's identity is held.
pub(crate) async fn take_settled(tx: &mut db::Tx<'_>, input: Input) -> Result<Received, Error> {
    if let Some(received) = seen(tx, &input).await? {
        return Ok(received);
    }
    let Placed { mut conversation, is_new, is_reopened } = placed(tx, &input).await?;
    let before = (!is_new && !is_reopened).then(|| conversation.clone());
    let (interaction, is_started) = interaction(tx, &input, conversation.id).await?;
    let mut entry = entry(&input, &conversation, interaction.id);
    if input.extra.is_contentful {
        touch(&mut conversation, &input);
    }
    if before.as_ref() == Some(&conversation) {
        append_only(tx, &mut conversation, &mut entry, input.now).await?;
    } else {
        append(tx, &mut conversation, &mut entry, input.now).await?;
    }
    if let Some(uploader) = input.inbound.client_id.filter(|_| !entry.attachment_ids.is_empty()) {
        attachments::attach(tx, &entry, uploader).await?;
    }
    keep(tx, &input, &entry).await?;
    let mut live = store::work::live_in(tx, input.org, conversation.id).await?;
    let is_work = input.extra.is_contentful && !is_covered(&input, &interaction, &live);
    let work = if is_work { work(tx, &input, &conversation, &interaction).await? } else { None };
    live.extend(work.clone());
    let mut ids = input.event_ids.into_iter();
    let mut tell = Vec::new();
    let about = json!({ "conversation_id": conversation.id });
    if is_new {
        tell.push(("conversation.created", about.clone()));
    } else if is_reopened {
        tell.push(("conversation.reopened", about.clone()));
    } else {
        tell.push(("conversation.updated", about));
    }
    if is_started {
        tell.push((
            "interaction.started",
            json!({ "interaction_id": interaction.id, "conversation_id": conversation.id }),
        ));
    }
    tell.push(("entry.created", json!({ "entry_id": entry.id, "conversation_id": conversation.id })));
    if let Some(work) = &work {
        let data = json!({ "work_item_id": work.item.id, "conversation_id": conversation.id,
            "queue_id": work.item.queue, "row": 1 });
        tell.push(("work_item.created", data));
    }
    let actor = json!({ "type": input.extra.author, "id": entry.author_id });
    for (kind, data) in tell {
        let id = ids.next().expect("invariant: at most five events");
        store::events::insert(tx, &event(id, input.org, kind, input.now, actor.clone(), data)).await?;
    }
    Ok(Received { entry, conversation, is_repeated: false, work, live })
}

/// The sender as they stand now: somebody may have said meanwhile who they are.
async fn settled(tx: &mut db::Tx<'_>, mut input: Input) -> Result<Input, Error> {
    let Some(identity) = store::customers::hold_identity(tx, input.org, input.inbound.identity.id).await? else {
        return Ok(input);
    };
    if identity.customer_id != input.inbound.customer.id {
        let customer = store::customers::find(tx, input.org, identity.customer_id).await?;
        input.inbound.customer = customer.ok_or(Error::NotFound)?;
    }
    input.inbound.identity = identity;
    Ok(input)
}

/// What stands beside an entry: files, raw bytes, and the reference by which answers name it.
async fn keep(tx: &mut db::Tx<'_>, input: &Input, entry: &Entry) -> Result<(), Error> {
    let (extra, org) = (&input.extra, input.org);
    for file in &extra.files {
        let (entry_id, conversation_id) = (Some(entry.id), Some(entry.conversation_id));
        store::attachments::insert(tx, &Attachment { entry_id, conversation_id, ..file.clone() }).await?;
    }
    if !extra.files.is_empty() {
        store::search::reindex_entry(tx, org, entry.id).await?;
    }
    if let Some(key) = &extra.raw_key {
        store::mails::set_raw(tx, org, entry.id, key).await?;
    }
    if let Some(reference) = &extra.reference {
        let (message_id, conversation_id) = (reference.clone(), entry.conversation_id);
        let reference = Reference { message_id, conversation_id, entry_id: entry.id };
        store::mails::remember(tx, org, &reference).await?;
    }
    Ok(())
}

/// The same message, if it is here already.
async fn seen(tx: &mut db::Tx<'_>, input: &Input) -> Result<Option<Received>, Error> {
    let Some((client, message)) = input.inbound.client_id.zip(input.inbound.client_message_id) else {
        return Ok(None);
    };
    let Some(entry) = store::entries::by_client(tx, input.org, client, message).await? else { return Ok(None) };
    if entry.text() != input.inbound.text || entry.attachment_ids != input.inbound.attachment_ids {
        return Err(Error::IdempotencyMismatch);
    }
    let conversation = store::conversations::find(tx, input.org, entry.conversation_id).await?;
    let conversation = conversation.ok_or(Error::NotFound)?;
    let live = store::work::live_in(tx, input.org, conversation.id).await?;
    Ok(Some(Received { entry, conversation, is_repeated: true, work: None, live }))
}

/// The conversation a message belongs to.
struct Placed {
    conversation: Conversation,
    is_new: bool,
    is_reopened: bool,
}

/// Finds the conversation it belongs to, or begins one (api.md §2.5).
async fn placed(tx: &mut db::Tx<'_>, input: &Input) -> Result<Placed, Error> {
    let placement = match referred(tx, input).await? {
        Some(placement) => placement,
        None if input.inbound.customer.is_blocked => Placement::New,
        None => {
            let found = store::conversations::candidates(tx, input.org, input.inbound.customer.id, 20).await?;
            let candidates: Vec<_> = found.iter().map(candidate).collect();
            let is_mail = input.meta.shape == Shape::MailExchange;
            place(&candidates, Continuity::default(), is_mail, input.now.into())
        }
    };
    let (id, is_reopened) = match placement {
        Placement::Continue(id) => (id, false),
        Placement::Reopen(id) => (id, true),
        Placement::New => {
            let conversation = fresh(input);
            store::conversations::insert(tx, &conversation).await?;
            return Ok(Placed { conversation, is_new: true, is_reopened: false });
        }
    };
    let mut conversation = store::conversations::lock(tx, input.org, id).await?.ok_or(Error::NotFound)?;
    if is_reopened {
        conversation.reopened_count += 1;
        conversation.resolved_at = None;
    }
    Ok(Placed { conversation, is_new: false, is_reopened })
}

/// Where a message goes that names its conversation: there, or, when that is resolved, there by the reopen rule alone.
async fn referred(tx: &mut db::Tx<'_>, input: &Input) -> Result<Option<Placement<ConversationId>>, Error> {
    let Some(id) = input.extra.referred.or(input.inbound.conversation) else { return Ok(None) };
    let Some(found) = shown(tx, input.org, id).await? else { return Ok(None) };
    if found.status_category != StatusCategory::Resolved || !input.extra.is_contentful {
        return Ok(Some(Placement::Continue(found.id)));
    }
    let found = StoredCandidate {
        id: found.id,
        status_category: found.status_category,
        last_activity_at: found.last_activity_at,
        resolved_at: found.resolved_at,
        channel_kinds: found.channel_kinds,
    };
    Ok(Some(place(&[candidate(&found)], Continuity::default(), false, input.now.into())))
}

/// The conversation as it is shown now: the one it was merged into; `None` when it was deleted.
async fn shown(tx: &mut db::Tx<'_>, org: OrganizationId, id: ConversationId) -> Result<Option<Conversation>, Error> {
    /// Most merges in a row that are followed.
    const MAX_MERGES: usize = 20;
    let mut at = id;
    for _ in 0..MAX_MERGES {
        let Some(found) = store::conversations::find(tx, org, at).await? else { return Ok(None) };
        match found.desk.merged_into_id {
            Some(into) => at = into,
            None => return Ok(Some(found).filter(|c| c.desk.deleted_at.is_none())),
        }
    }
    Ok(None)
}

fn candidate(c: &StoredCandidate) -> Candidate<ConversationId> {
    Candidate {
        id: c.id,
        category: c.status_category,
        last_activity_at: c.last_activity_at.into(),
        resolved_at: c.resolved_at.map(Into::into),
        has_mail_thread: c.channel_kinds.iter().any(|k| shape(k) == Some(Shape::MailExchange)),
    }
}

fn shape(kind: &str) -> Option<Shape> {
    channels::find(kind).map(|t| t.meta().shape)
}

fn fresh(input: &Input) -> Conversation {
    let Inbound { channel, customer, identity, .. } = &input.inbound;
    let is_blocked = customer.is_blocked;
    Conversation {
        id: input.conversation_id.into(),
        organization_id: input.org,
        number: input.number,
        subject: input.extra.subject.clone().filter(|s| !s.trim().is_empty()),
        outcome: None,
        status_category: if is_blocked { StatusCategory::Resolved } else { StatusCategory::Open },
        priority: Priority::Normal,
        customer_id: customer.id,
        owner_agent_id: None,
        queue_id: channel.queue_id,
        reply_channel_id: Some(channel.id),
        reply_identity_id: Some(identity.id),
        channel_kinds: vec![channel.kind.clone()],
        language: customer.language.clone(),
        tags: Vec::new(),
        fields: json!({}),
        snoozed_until: None,
        is_snoozed_until_reply: false,
        waiting_since_at: (!is_blocked).then_some(input.now),
        first_response_at: None,
        last_activity_at: input.now,
        last_entry_seq: 0,
        last_entry: None,
        is_blocked,
        is_demo: channel.is_demo,
        resolved_at: is_blocked.then_some(input.now),
        reopened_count: 0,
        created_at: input.now,
        updated_at: input.now,
        version: 1,
        desk: store::conversations::Desk::default(),
    }
}

/// What a contentful inbound changes in a conversation.
fn touch(conversation: &mut Conversation, input: &Input) {
    let Inbound { channel, customer, identity, .. } = &input.inbound;
    if conversation.is_blocked {
        return;
    }
    conversation.set_category(StatusCategory::Open);
    conversation.wake();
    conversation.waiting_since_at = conversation.waiting_since_at.or(Some(input.now));
    // Somebody who joined does not take the conversation over.
    if conversation.customer_id == customer.id {
        conversation.reply_channel_id = Some(channel.id);
        conversation.reply_identity_id = Some(identity.id);
    }
    if conversation.queue_id.is_none() {
        conversation.queue_id = channel.queue_id;
    }
    if !conversation.channel_kinds.contains(&channel.kind) {
        conversation.channel_kinds.push(channel.kind.clone());
    }
}

async fn interaction(
    tx: &mut db::Tx<'_>,
    input: &Input,
    conversation: ConversationId,
) -> Result<(Interaction, bool), Error> {
    let Inbound { channel, customer, identity, .. } = &input.inbound;
    let open = store::conversations::open_interaction(tx, input.org, conversation, channel.id, identity.id).await?;
    if let Some(open) = open {
        return Ok((open, false));
    }
    let interaction = Interaction {
        id: input.interaction_id.into(),
        organization_id: input.org,
        conversation_id: conversation,
        customer_id: customer.id,
        channel_id: channel.id,
        channel_kind: channel.kind.clone(),
        identity_id: identity.id,
        shape: input.meta.shape,
        direction: "in".to_owned(),
        state: InteractionState::Open,
        started_at: input.now,
        ended_at: None,
        end_reason: None,
        last_activity_at: input.now,
        version: 1,
    };
    store::conversations::insert_interaction(tx, &interaction).await?;
    Ok((interaction, true))
}

fn entry(input: &Input, conversation: &Conversation, interaction: InteractionId) -> Entry {
    let inbound = &input.inbound;
    let files = input.extra.files.iter().map(|f| f.id.0);
    Entry {
        id: EntryId(input.entry_id),
        organization_id: input.org,
        conversation_id: conversation.id,
        interaction_id: Some(interaction),
        customer_id: inbound.customer.id,
        seq: 0,
        kind: EntryKind::Message,
        direction: Direction::In,
        audience: Audience::Private,
        author_type: input.extra.author,
        author_id: (input.extra.author == ActorType::Customer).then_some(inbound.customer.id.0),
        author_name: inbound.customer.name.clone().filter(|_| input.extra.author == ActorType::Customer),
        channel_id: Some(inbound.channel.id),
        channel_kind: Some(inbound.channel.kind.clone()),
        body: body(input),
        attachment_ids: inbound.attachment_ids.iter().copied().chain(files).collect(),
        external_id: inbound.external_id.clone(),
        client_message_id: inbound.client_message_id,
        client_id: inbound.client_id,
        mail: input.extra.mail.clone(),
        delivery: None::<Value>,
        is_truncated: input.extra.is_truncated,
        occurred_at: inbound.occurred_at.min(input.now),
        created_at: input.now,
        marks: store::entries::Marks::default(),
    }
}

fn body(input: &Input) -> Value {
    let mut body = json!({ "text": input.inbound.text });
    if let Some(html) = &input.extra.html {
        body["html"] = json!(html);
    }
    body
}

/// Whether the engagement has work already (api.md §2.6).
fn is_covered(input: &Input, interaction: &Interaction, live: &[WorkItem]) -> bool {
    let is_real_time = input.meta.routing_kind.is_real_time();
    live.iter().any(|w| {
        let is_asynchronous = !w.item.kind.is_real_time() && !is_real_time;
        w.interaction_id == Some(interaction.id) || is_asynchronous
    })
}

/// New work, where the channel has a queue.
async fn work(
    tx: &mut db::Tx<'_>,
    input: &Input,
    conversation: &Conversation,
    interaction: &Interaction,
) -> Result<Option<WorkItem>, Error> {
    let Inbound { channel, customer, .. } = &input.inbound;
    let Some(queue) = channel.queue_id.filter(|_| !conversation.is_blocked) else { return Ok(None) };
    let kind = input.meta.routing_kind;
    let settings = store::queues::routing_of(tx, input.org, queue).await?;
    let (priority, secondary) = conversation.priority.points();
    let work = WorkItem {
        item: Item {
            id: input.work_id.into(),
            queue,
            kind,
            customer: Some(customer.id),
            priority,
            secondary,
            tier: settings.as_ref().map_or(0, |s| s.tier),
            enqueued_at: input.now.into(),
            age_adjust_ms: 0,
            seq: 0,
            units_milli: settings.as_ref().map_or(1_000, |s| s.units_milli),
            pool: settings.as_ref().map_or(Pool::Primary, |s| s.capacity_pool),
            required: BTreeMap::new(),
            preferred: None,
            state: ItemState::New,
            pause_reason: None,
            close_reason: None,
            cancel_reason: None,
            attempt: 0,
            agent: None,
            assignment: None,
            excluded: Vec::new(),
            wake_at: None,
            wrap_up_deadline: None,
            extensions_used: 0,
            previous: None,
        },
        interaction_id: Some(interaction.id),
        conversation_id: Some(conversation.id),
        channel_id: Some(channel.id),
        matter: None,
        created_at: input.now,
        updated_at: input.now,
        version: 1,
    };
    store::work::insert(tx, input.org, &work).await?;
    Ok(Some(work))
}
