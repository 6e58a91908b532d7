//! From the rows that use cases return to what stands on the wire. Pure.

use std::collections::BTreeMap;

use app::agents::AgentView;
use app::config::QueueRow;
use app::model;
use app::offers::OfferView;
use app::presence::Standpoint;
use domain::conversation::ActorType;
use domain::permissions::Standing;
use domain::routing::{self, RoutingKind as Kind};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::dto::channels::{Channel, ChannelHealth, ChannelSummary, HealthError};
use crate::dto::conversations::{Conversation, ConversationWork, Draft, DraftBody, Interaction, ReplyRoute, Snooze};
use crate::dto::customers::{Customer, Identity};
use crate::dto::entries::{Attachment, Delivery, Entry, EntryBody};
use crate::dto::people::{Grant, Organization, SessionRow, User};
use crate::dto::presence::{Agent, AgentLoad, AgentSkill, KindLoad, Presence, PresenceStatus};
use crate::dto::routing::{Queue, QueueMember, RoutingConfig, Spill, WrapUp};
use crate::dto::words::{ChannelPresence, DraftMode, RoutingKind};
use crate::dto::work::{Assignment, CardCustomer, Offer, OfferCard, WorkItem};
use crate::dto::{Actor, Object, words};
use crate::signing::Shows;
use crate::state::{Api, Labels};

/// Every kind of work, for the effective channels of a presence.
const KINDS: [Kind; 11] = [
    Kind::Voice,
    Kind::Video,
    Kind::Chat,
    Kind::Messaging,
    Kind::Sms,
    Kind::Email,
    Kind::Social,
    Kind::Task,
    Kind::Case,
    Kind::Callback,
    Kind::Visit,
];
/// Characters of a preview on a card.
const PREVIEW_CHARS: usize = 140;

/// A JSON object; anything else becomes an empty one.
fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { Value::Object(Object::new()) }
}

impl From<&model::Organization> for Organization {
    fn from(row: &model::Organization) -> Self {
        Self {
            id: row.id.0,
            name: row.name.clone(),
            key: row.key.clone(),
            default_language: row.default_language.clone(),
            languages: vec!["es".to_owned(), "en".to_owned()],
            time_zone: row.time_zone.clone(),
            undo_send_ms: row.settings.get("undo_send_ms").and_then(Value::as_i64).unwrap_or_default(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&model::RoutingConfig> for RoutingConfig {
    fn from(row: &model::RoutingConfig) -> Self {
        let settings = &row.settings;
        Self {
            id: row.id.0,
            key: row.key.clone(),
            tier: settings.tier,
            order_mode: "aged".to_owned(),
            agent_model: settings.agent_model.into(),
            units_milli: settings.units_milli,
            capacity_pool: settings.capacity_pool.into(),
            offer_timeout_ms: settings.offer_timeout_ms,
            offer_mode: "single".to_owned(),
            auto_accept: settings.is_auto_accept,
            misses_before_away: settings.misses_before_away,
            exclusion_ttl_ms: settings.exclusion_ttl_ms,
            retry_gap_ms: settings.retry_gap_ms,
            wrap_up: WrapUp {
                mode: if settings.wrap_up_ms > 0 { "timeboxed" } else { "none" }.to_owned(),
                max_ms: settings.wrap_up_ms,
                extension_ms: settings.wrap_up_extension_ms,
                extensions_max: settings.wrap_up_extensions_max,
                blocks: Vec::new(),
            },
            version: row.version,
        }
    }
}

impl From<&model::User> for User {
    fn from(row: &model::User) -> Self {
        Self {
            id: row.id.0,
            email: row.email.clone(),
            name: row.name.clone(),
            language: row.language.clone(),
            time_zone: row.time_zone.clone(),
            role_ids: app::users::role_ids(row).into_iter().map(|id| id.0).collect(),
            state: row.state.clone(),
            has_password: row.password_hash.is_some(),
            last_sign_in_at: row.last_sign_in_at.map(Into::into),
            preferences: object(&row.preferences),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// A session in the list of one's own.
#[must_use]
pub fn session_row(row: &model::Session, current: Option<Uuid>) -> SessionRow {
    SessionRow {
        id: row.id.0,
        user_id: row.user_id.0,
        created_at: row.created_at.into(),
        last_seen_at: row.last_seen_at.into(),
        ip: row.ip.clone(),
        user_agent: row.user_agent.clone(),
        is_current: Some(row.id.0) == current,
    }
}

/// What somebody holds.
#[must_use]
pub fn grants(standing: &Standing) -> Vec<Grant> {
    let grant =
        |g: &domain::permissions::Grant| Grant { permission: g.permission.as_str().to_owned(), scope: g.scope.into() };
    standing.grants.iter().map(grant).collect()
}

impl From<&model::PresenceStatus> for PresenceStatus {
    fn from(row: &model::PresenceStatus) -> Self {
        Self {
            id: row.id.0,
            key: row.key.clone(),
            name: row.name.clone(),
            kind: row.kind.into(),
            channels: row.channels.iter().map(|(kind, lets)| ((*kind).into(), (*lets).into())).collect(),
            activity: row.activity.clone(),
            is_paid: row.is_paid,
            is_productive: row.is_productive,
            max_duration_ms: None,
            needs_approval: false,
            is_system: row.is_system,
            version: row.version,
        }
    }
}

/// What comes through in a status, per kind of work.
fn effective(status: Option<&model::PresenceStatus>) -> BTreeMap<RoutingKind, ChannelPresence> {
    let Some(status) = status else { return BTreeMap::new() };
    let rest = match status.kind {
        routing::StatusKind::Online => routing::ChannelPresence::Online,
        routing::StatusKind::Busy | routing::StatusKind::Offline => routing::ChannelPresence::Off,
    };
    KINDS.iter().map(|kind| ((*kind).into(), status.channels.get(kind).copied().unwrap_or(rest).into())).collect()
}

/// A presence, with the channels its status lets through.
#[must_use]
pub fn presence(row: &routing::Presence, labels: &Labels) -> Presence {
    Presence {
        agent_id: row.agent.0,
        status_id: row.status.0,
        since_at: row.since.into(),
        next_status_id: row.next_status.map(|id| id.0),
        session: row.session_state.into(),
        grace_until_at: row.grace_until.map(Into::into),
        epoch: row.epoch,
        is_wrap_up_locked: false,
        channels: effective(labels.statuses.get(&row.status)),
    }
}

fn load(row: &routing::Load) -> AgentLoad {
    let channels = row.channels.iter().map(|(kind, (held, max))| ((*kind).into(), KindLoad { held: *held, max: *max }));
    AgentLoad {
        primary_milli: row.primary_milli,
        interruptible_milli: row.interruptible_milli,
        cap_primary_milli: row.cap_primary_milli,
        cap_interruptible_milli: row.cap_interruptible_milli,
        channels: channels.collect(),
    }
}

/// An agent with what the router believes of them.
#[must_use]
pub fn agent(row: &model::Agent, standpoint: Option<&Standpoint>, queues: Vec<Uuid>, labels: &Labels) -> Agent {
    let skill =
        |(id, level): (&domain::ids::SkillId, &u8)| AgentSkill { skill_id: id.0, level: *level, until_at: None };
    Agent {
        id: row.id.0,
        user_id: row.user_id.map(|id| id.0),
        key: row.key.clone().unwrap_or_else(|| row.id.to_string()),
        kind: row.kind.clone(),
        display_name: row.display_name.clone(),
        team_ids: Vec::new(),
        presence_config_id: row.presence_config_id.0,
        skills: row.skills.iter().map(skill).collect(),
        queue_ids: queues,
        state: row.state.clone(),
        presence: standpoint.map(|at| presence(&at.presence, labels)),
        load: standpoint.map(|at| load(&at.load)),
        idle_since_at: standpoint.and_then(|at| at.presence.idle_since).map(Into::into),
        version: row.version,
    }
}

/// An agent of a list.
#[must_use]
pub fn agent_view(view: &AgentView, labels: &Labels) -> Agent {
    let queues = view.queues.iter().map(|id| id.0).collect();
    let team_ids = view.teams.iter().map(|id| id.0).collect();
    Agent { team_ids, ..agent(&view.agent, view.standpoint.as_ref(), queues, labels) }
}

fn spill(spill: routing::Spill) -> Spill {
    let (action, queue_id) = match spill {
        routing::Spill::Wait => ("wait", None),
        routing::Spill::Reject => ("reject", None),
        routing::Spill::Overflow { queue } => ("overflow", Some(queue.0)),
    };
    Spill { action: action.to_owned(), queue_id, text_key: None }
}

impl From<&QueueRow> for Queue {
    fn from(row: &QueueRow) -> Self {
        let agents = row.agents.iter().map(|member| QueueMember {
            agent_id: Some(member.agent.0),
            team_id: None,
            tier: member.tier,
            delay_ms: member.delay_ms,
        });
        let teams = row.teams.iter().map(|team| QueueMember {
            agent_id: None,
            team_id: Some(team.team.0),
            tier: team.tier,
            delay_ms: team.delay_ms,
        });
        Self { members: agents.chain(teams).collect(), ..Self::from(&row.queue) }
    }
}

impl From<&model::Queue> for Queue {
    fn from(row: &model::Queue) -> Self {
        Self {
            id: row.id.0,
            key: row.key.clone(),
            name: row.name.clone(),
            routing_config_id: row.routing_config_id.0,
            hours_id: row.settings.hours_id.map(|id| id.0),
            members: Vec::new(),
            max_waiting: Some(row.settings.max_waiting).filter(|max| *max > 0),
            max_wait_ms: None,
            on_full: spill(row.settings.on_full),
            on_closed: spill(row.settings.on_closed),
            service_target_ms: Some(row.settings.service_target_ms),
            wrap_up_code_required: row.settings.is_wrap_up_code_required,
            state: row.state.clone(),
            version: row.version,
        }
    }
}

fn health(value: &Value) -> ChannelHealth {
    let at = |name: &str| value.get(name).and_then(Value::as_str)?.parse::<Timestamp>().ok().map(Into::into);
    ChannelHealth {
        state: value.get("state").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
        last_in_at: at("last_in_at"),
        last_out_at: at("last_out_at"),
        error: value.get("error").and_then(health_error),
    }
}

fn health_error(value: &Value) -> Option<HealthError> {
    Some(HealthError {
        code: value.get("code")?.as_str()?.to_owned(),
        text: serde_json::from_value(value.get("text")?.clone()).ok()?,
        since_at: value.get("since_at")?.as_str()?.parse::<Timestamp>().ok()?.into(),
    })
}

impl From<&model::Channel> for ChannelSummary {
    fn from(row: &model::Channel) -> Self {
        Self { id: row.id.0, name: row.name.clone(), kind: row.kind.clone(), health: Some(health(&row.health)) }
    }
}

impl From<&model::Channel> for Channel {
    fn from(row: &model::Channel) -> Self {
        Self {
            id: row.id.0,
            r#type: row.kind.clone(),
            name: row.name.clone(),
            key: row.key.clone(),
            state: row.state.clone(),
            config: object(&row.config),
            secrets: BTreeMap::new(),
            hook_url: None,
            widget_key: app::channels::has_widget(&row.kind).then(|| row.public_key.clone()),
            queue_id: row.queue_id.map(|id| id.0),
            hours_id: None,
            capabilities: app::channels::capabilities(&row.kind),
            health: health(&row.health),
            is_test: false,
            version: row.version,
        }
    }
}

impl From<&model::Identity> for Identity {
    fn from(row: &model::Identity) -> Self {
        Self {
            id: row.id.0,
            customer_id: row.customer_id.0,
            kind: row.kind.clone(),
            address: row.address.clone(),
            display: row.display.clone(),
            channel_id: row.channel_id.map(|id| id.0),
            verification: row.verification.into(),
            verified_at: row.verified_at.map(Into::into),
            verified_by: row.verified_by.clone(),
            reachability: row.reachability.clone(),
            is_authenticated: row.is_authenticated,
            is_shared: row.is_shared,
            is_primary: row.is_primary,
            version: row.version,
        }
    }
}

/// A customer; the addresses only where one customer is asked for.
#[must_use]
pub fn customer(row: &model::Customer, identities: Option<&[model::Identity]>) -> Customer {
    Customer {
        id: row.id.0,
        name: row.name.clone(),
        given_name: row.profile.given_name.clone(),
        family_name: row.profile.family_name.clone(),
        language: row.language.clone(),
        time_zone: row.time_zone.clone(),
        company_id: row.profile.company_id,
        owner_agent_id: row.profile.owner_agent_id.map(|id| id.0),
        is_vip: row.is_vip,
        is_blocked: row.is_blocked,
        value: row.profile.value.clone().and_then(|value| serde_json::from_value(value).ok()),
        renewal_on: row.profile.renewal_on.clone(),
        fields: object(&row.fields),
        tags: row.tags.clone(),
        state: row.state.clone(),
        merged_into_id: row.profile.merged_into_id.map(|id| id.0),
        first_seen_at: row.first_seen_at.into(),
        last_seen_at: Some(row.last_seen_at.into()),
        first_source: row.profile.first_source.clone(),
        is_demo: row.is_demo,
        identities: identities.map(|all| all.iter().map(Into::into).collect()),
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        version: row.version,
    }
}

fn conversation_work(row: &model::WorkItem) -> ConversationWork {
    ConversationWork {
        work_item_id: row.item.id.0,
        state: row.item.state.into(),
        agent_id: row.item.agent.map(|id| id.0),
        queue_id: Some(row.item.queue.0),
    }
}

fn snooze(row: &model::Conversation) -> Option<Snooze> {
    let is_snoozed = row.snoozed_until.is_some() || row.is_snoozed_until_reply;
    is_snoozed.then(|| Snooze {
        until_at: row.snoozed_until.map(Into::into),
        until_reply: row.is_snoozed_until_reply,
        by: row.desk.snoozed_by.map(|user| user.0),
    })
}

/// A conversation with its live work; `unread` is the caller's, unknown in events.
#[must_use]
pub fn conversation(row: &model::Conversation, work: &[model::WorkItem], unread: Option<i64>) -> Conversation {
    let is_its = |w: &&model::WorkItem| w.conversation_id == Some(row.id);
    Conversation {
        id: row.id.0,
        number: row.number,
        subject: row.subject.clone(),
        outcome: row.outcome.clone(),
        status_id: row.desk.status_id,
        status_category: row.status_category.into(),
        priority: row.priority.into(),
        customer_id: row.effective_customer().0,
        owner_agent_id: row.owner_agent_id.map(|id| id.0),
        team_id: None,
        queue_id: row.queue_id.map(|id| id.0),
        reply_route: row
            .reply_channel_id
            .map(|channel| ReplyRoute { channel_id: channel.0, identity_id: row.reply_identity_id.map(|id| id.0) }),
        channel_kinds: row.channel_kinds.clone(),
        language: row.language.clone(),
        tags: row.tags.clone(),
        fields: object(&row.fields),
        snooze: snooze(row),
        follower_ids: row.desk.follower_ids.iter().map(|user| user.0).collect(),
        sla: None,
        waiting_since_at: row.waiting_since_at.map(Into::into),
        first_response_at: row.first_response_at.map(Into::into),
        last_activity_at: row.last_activity_at.into(),
        last_entry: row.last_entry.clone().and_then(|value| serde_json::from_value(value).ok()),
        last_entry_seq: row.last_entry_seq,
        unread_count: unread,
        work: work.iter().filter(is_its).map(conversation_work).collect(),
        merged_into_id: row.desk.merged_into_id.map(|id| id.0),
        linked_ids: row.desk.linked_ids.iter().map(|id| id.0).collect(),
        is_blocked: row.is_blocked,
        is_restricted: row.desk.is_restricted,
        is_test: row.desk.is_test,
        is_demo: row.is_demo,
        resolved_at: row.resolved_at.map(Into::into),
        reopened_count: row.reopened_count,
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        version: row.version,
        customer: None,
        owner: None,
        queue: None,
    }
}

impl From<&model::Interaction> for Interaction {
    fn from(row: &model::Interaction) -> Self {
        Self {
            id: row.id.0,
            conversation_id: row.conversation_id.0,
            customer_id: row.customer_id.0,
            channel_id: row.channel_id.0,
            channel_kind: row.channel_kind.clone(),
            shape: row.shape.into(),
            direction: row.direction.clone(),
            state: row.state.into(),
            started_at: row.started_at.into(),
            ended_at: row.ended_at.map(Into::into),
            end_reason: row.end_reason.clone(),
            continued_from_id: None,
            external_ref: None,
            version: row.version,
        }
    }
}

/// A file, with addresses that are good for five minutes.
#[must_use]
pub fn attachment(api: &Api, row: &model::Attachment) -> Attachment {
    use domain::attachment::AttachmentState as State;
    let now = api.ctx().now();
    let is_there = row.state == State::Ready && row.file_key.is_some();
    let address = |shows| is_there.then(|| api.signer().address(row.id.0, shows, now));
    let pixels = |side: Option<i64>| side.and_then(|side| u32::try_from(side).ok());
    Attachment {
        id: row.id.0,
        name: row.name.clone(),
        media_type: row.media_type.clone(),
        size_bytes: row.size_bytes,
        sha256: Some(row.sha256.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))),
        state: row.state.as_str().to_owned(),
        width: pixels(row.width),
        height: pixels(row.height),
        download_url: address(Shows::Content),
        preview_url: address(Shows::Preview).filter(|_| row.width.is_some()),
    }
}

/// Entries with their files: one query, and none where nothing is attached.
///
/// # Errors
/// What the store refuses.
pub async fn entries(api: &Api, rows: &[model::Entry]) -> Result<Vec<Entry>, app::Error> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let files = app::attachments::of_entries(api.ctx(), first.organization_id, rows).await?;
    Ok(rows.iter().map(|row| entry(api, row, &files)).collect())
}

/// One entry with those of `files` that are its own.
#[must_use]
pub fn entry(api: &Api, row: &model::Entry, files: &[model::Attachment]) -> Entry {
    let own = files.iter().filter(|file| file.entry_id == Some(row.id));
    Entry { attachments: own.map(|file| attachment(api, file)).collect(), ..row.into() }
}

/// The delivery of an outbound message, as stored.
#[must_use]
pub fn delivery(value: &Value) -> Option<Delivery> {
    serde_json::from_value(value.clone()).ok()
}

impl From<&model::Entry> for Entry {
    fn from(row: &model::Entry) -> Self {
        let author = Actor { r#type: row.author_type.into(), id: row.author_id, name: row.author_name.clone() };
        Self {
            id: row.id.0,
            conversation_id: row.conversation_id.0,
            interaction_id: row.interaction_id.map(|id| id.0),
            customer_id: row.customer_id.0,
            seq: row.seq,
            kind: row.kind.into(),
            direction: row.direction.into(),
            author,
            channel_id: row.channel_id.map(|id| id.0),
            channel_kind: row.channel_kind.clone(),
            occurred_at: row.occurred_at.into(),
            audience: row.audience.into(),
            language: None,
            // What was deleted is only marked here; what it said is not shown again.
            body: if row.marks.deleted_at.is_some() { EntryBody::default() } else { body(&row.body) },
            attachments: Vec::new(),
            reply_to_id: row.marks.reply_to_id.map(|id| id.0),
            reactions: objects(&row.marks.reactions),
            delivery: row.delivery.as_ref().and_then(delivery),
            external_id: row.external_id.clone(),
            client_message_id: row.client_message_id,
            mail: row.mail.clone().and_then(|value| serde_json::from_value(value).ok()),
            edits: objects(&row.marks.edits),
            edited_at: row.marks.edited_at.map(Into::into),
            deleted_at: row.marks.deleted_at.map(Into::into),
            is_redacted: row.marks.is_redacted,
            is_truncated: row.is_truncated,
            raw_available: row.mail.as_ref().and_then(|mail| mail.get("raw_available")).is_some_and(|is| is == true),
            created_at: row.created_at.into(),
        }
    }
}

fn objects(values: &[Value]) -> Vec<Object> {
    values.iter().filter_map(|value| value.as_object().cloned()).collect()
}

fn body(value: &Value) -> EntryBody {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

impl From<&model::Draft> for Draft {
    fn from(row: &model::Draft) -> Self {
        let part = |name: &str| row.content.get(name).cloned().unwrap_or_default();
        Self {
            conversation_id: row.conversation_id.0,
            user_id: row.user_id.0,
            mode: DraftMode::parse(&row.mode).unwrap_or(DraftMode::Reply),
            body: serde_json::from_value::<DraftBody>(part("body")).unwrap_or_default(),
            attachment_ids: serde_json::from_value(part("attachment_ids")).unwrap_or_default(),
            reply_route: serde_json::from_value(part("reply_route")).unwrap_or_default(),
            base_seq: row.base_seq,
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

impl From<&model::WorkItem> for WorkItem {
    fn from(row: &model::WorkItem) -> Self {
        let item = &row.item;
        Self {
            id: item.id.0,
            kind: row.matter.as_ref().map_or_else(|| "interaction".to_owned(), |matter| matter.kind.clone()),
            routing_kind: item.kind.into(),
            interaction_id: row.interaction_id.map(|id| id.0),
            conversation_id: row.conversation_id.map(|id| id.0),
            customer_id: item.customer.map(|id| id.0),
            subject: row.matter.as_ref().and_then(|matter| matter.subject.as_ref()?.as_object().cloned()),
            external_id: row.matter.as_ref().and_then(|matter| matter.external_id.clone()),
            attributes: row.matter.as_ref().and_then(|m| m.attributes.as_object().cloned()).unwrap_or_default(),
            channel_id: row.channel_id.map(|id| id.0),
            queue_id: Some(item.queue.0),
            direction: "in".to_owned(),
            language: None,
            priority: item.priority,
            secondary: item.secondary,
            tier: item.tier,
            due_at: None,
            units_milli: item.units_milli,
            is_interruptible: item.pool == routing::Pool::Interruptible,
            is_exclusive: item.kind.is_exclusive(),
            state: item.state.into(),
            pause_reason: item.pause_reason.map(Into::into),
            close_reason: item.close_reason.map(Into::into),
            cancel_reason: item.cancel_reason.map(Into::into),
            enqueued_at: Some(item.enqueued_at.into()),
            age_adjust_ms: item.age_adjust_ms,
            position: None,
            estimated_wait: None,
            attempt: item.attempt,
            agent_id: item.agent.map(|id| id.0),
            assignment_id: item.assignment.map(|id| id.0),
            previous_id: item.previous.map(|id| id.0),
            wake_at: item.wake_at.map(Into::into),
            wrap_up_deadline_at: item.wrap_up_deadline.map(Into::into),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            version: row.version,
        }
    }
}

/// What an agent sees of an offer.
fn card(view: &OfferView, labels: &Labels) -> OfferCard {
    let customer = view.customer.as_ref();
    let last = view.conversation.as_ref().and_then(|c| c.last_entry.as_ref());
    let text = |name: &str| last.and_then(|entry| entry.get(name)).and_then(Value::as_str);
    let subject = view.work.matter.as_ref().and_then(|matter| matter.subject.as_ref());
    let title = subject.and_then(|subject| subject.get("title")).and_then(Value::as_str);
    OfferCard {
        channel_kind: text("channel_kind").map(str::to_owned),
        queue_name: labels.queue_name(view.work.item.queue),
        customer: customer.map(|c| CardCustomer { id: c.id.0, name: c.name.clone(), is_vip: c.is_vip }),
        waited_ms: view.offer.created_at.ms_since(view.work.item.enqueued_at),
        preview: text("text").or(title).map(|text| text.chars().take(PREVIEW_CHARS).collect()),
        language: view.conversation.as_ref().and_then(|c| c.language.clone()),
        last_relation: None,
        next_agent_name: None,
    }
}

/// An offer with its card.
#[must_use]
pub fn offer(view: &OfferView, labels: &Labels) -> Offer {
    let row = &view.offer;
    let rescinded = row.rescind_reason.map(|reason| words::RescindReason::from(reason).as_word());
    Offer {
        id: row.id.0,
        work_item_id: row.item.0,
        agent_id: row.agent.0,
        epoch: row.epoch,
        state: row.state.into(),
        mode: "single".to_owned(),
        created_at: row.created_at.into(),
        deadline_at: row.deadline.into(),
        ended_at: row.ended_at.map(Into::into),
        end_reason: rescinded.map(str::to_owned),
        decline_reason_id: row.decline_reason.map(|id| id.0),
        card: card(view, labels),
        version: if row.state == routing::OfferState::Pending { 1 } else { 2 },
    }
}

/// An assignment; wrap-up's end and extensions stand on its item.
#[must_use]
pub fn assignment(row: &routing::Assignment, item: &routing::Item) -> Assignment {
    Assignment {
        id: row.id.0,
        work_item_id: row.item.0,
        agent_id: row.agent.0,
        offer_id: row.offer.map(|id| id.0),
        state: row.state.into(),
        started_at: row.started_at.into(),
        ended_at: row.ended_at.map(Into::into),
        end_reason: row.end_reason.map(Into::into),
        active_ms: row.active_ms,
        paused_ms: row.paused_ms,
        interrupted_ms: 0,
        wrap_up_ms: row.wrap_up_ms,
        wrap_up_deadline_at: item.wrap_up_deadline.map(Into::into),
        extensions_used: item.extensions_used,
    }
}

/// An event as it was recorded.
#[must_use]
pub fn event(row: &model::Event) -> crate::dto::stream::Event {
    crate::dto::stream::Event {
        id: row.id.0,
        r#type: row.kind.clone(),
        version: row.version,
        timestamp: row.at.into(),
        actor: actor(&row.actor),
        cause_id: row.cause_id,
        data: row.data.clone(),
    }
}

/// The actor of an event, as stored.
#[must_use]
pub fn actor(value: &Value) -> Actor {
    let system = Actor { r#type: ActorType::System.into(), id: None, name: None };
    serde_json::from_value(value.clone()).unwrap_or(system)
}
