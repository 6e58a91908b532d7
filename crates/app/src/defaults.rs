//! What every new organization begins with, and the reading of its routing configuration.

use std::collections::BTreeMap;

use db::Tx;
use domain::ids::{AgentId, OrganizationId, QueueId};
use domain::routing::{
    AgentConfig, AgentModel, ChannelPresence, Member, Pool, Presence, QueueConfig, RoutingKind, SessionState, Snapshot,
    StatusConfig, StatusKind,
};
use jiff::Timestamp;
use store::agents::{Agent, Names, PresenceConfig, PresenceSettings, PresenceStatus};
use store::channels::Channel;
use store::queues::{Queue, QueueSettings, RoutingConfig, RoutingSettings};
use uuid::Uuid;

use crate::Error;
use crate::opening::{self, Opening};

/// A name in both languages.
#[must_use]
pub fn names(es: &str, en: &str) -> Names {
    BTreeMap::from([("es".to_owned(), es.to_owned()), ("en".to_owned(), en.to_owned())])
}

/// What routing needs to know of an organization beside its work.
#[derive(Debug)]
pub struct RoutingConfiguration {
    /// Agents and statuses.
    pub snapshot: Snapshot,
    /// Queues with what opens and closes them.
    pub queues: Vec<Opening>,
}

/// Everything routing needs, except presences, items, offers and assignments.
///
/// # Errors
/// What the store refuses.
pub async fn routing_config(tx: &mut Tx<'_>, org: OrganizationId) -> Result<RoutingConfiguration, Error> {
    let statuses = store::agents::statuses(tx, org).await?;
    let presence_configs = store::agents::configs(tx, org).await?;
    let agents = store::agents::list(tx, org).await?;
    let routing_configs = store::queues::configs(tx, org).await?;
    let members = store::queues::members(tx, org).await?;
    let queues = store::queues::list(tx, org).await?;
    let calendars = store::business_hours::list(tx, org).await?;
    let status_id = |key: &str| statuses.iter().find(|s| s.key == key).map(|s| s.id);
    let (missed, offline) = (status_id("missed"), status_id("offline"));
    let agent = |a: Agent| {
        let settings = &presence_configs.iter().find(|p| p.id == a.presence_config_id)?.settings;
        Some(AgentConfig {
            id: a.id,
            cap_primary_milli: settings.cap_primary_milli,
            cap_interruptible_milli: settings.cap_interruptible_milli,
            channel_max: settings.channel_max.clone(),
            auto_accept: settings.is_auto_accept,
            decline_allowed: settings.is_decline_allowed,
            decline_reason_required: settings.is_decline_reason_required || !settings.decline_reason_ids.is_empty(),
            status_on_decline: settings.status_on_decline,
            status_on_timeout: settings.status_on_timeout.or(missed)?,
            status_offline: offline?,
            grace_ms: settings.grace_ms,
            skills: a.skills,
        })
    };
    let mut by_queue: BTreeMap<QueueId, Vec<Member>> = BTreeMap::new();
    for m in members {
        by_queue.entry(m.queue).or_default().push(m.member);
    }
    let mut queue = |q: Queue| {
        let routing = &routing_configs.iter().find(|r| r.id == q.routing_config_id)?.settings;
        let calendar = calendars.iter().find(|c| Some(c.id) == q.settings.hours_id.map(|id| id.0));
        Some(Opening {
            is_open_by_hand: q.state == "open",
            hours: calendar.and_then(|c| opening::hours(&c.settings)),
            config: queue_config(&q, routing, by_queue.remove(&q.id).unwrap_or_default()),
        })
    };
    let queues = queues.into_iter().filter_map(&mut queue).collect();
    let statuses = statuses.iter().map(|s| StatusConfig { id: s.id, kind: s.kind, channels: s.channels.clone() });
    let snapshot = Snapshot {
        agents: agents.into_iter().filter(|a| a.state == "active").filter_map(agent).collect(),
        statuses: statuses.collect(),
        ..Snapshot::default()
    };
    Ok(RoutingConfiguration { snapshot, queues })
}

fn queue_config(q: &Queue, routing: &RoutingSettings, members: Vec<Member>) -> QueueConfig {
    QueueConfig {
        id: q.id,
        tier: routing.tier,
        agent_model: routing.agent_model,
        units_milli: routing.units_milli,
        pool: routing.capacity_pool,
        offer_timeout_ms: routing.offer_timeout_ms,
        auto_accept: routing.is_auto_accept,
        misses_before_away: routing.misses_before_away,
        exclusion_ttl_ms: routing.exclusion_ttl_ms,
        retry_gap_ms: routing.retry_gap_ms,
        wrap_up_ms: routing.wrap_up_ms,
        wrap_up_extension_ms: routing.wrap_up_extension_ms,
        wrap_up_extensions_max: routing.wrap_up_extensions_max,
        wrap_up_code_required: q.settings.is_wrap_up_code_required,
        is_open: q.state == "open",
        on_closed: q.settings.on_closed,
        max_waiting: q.settings.max_waiting,
        on_full: q.settings.on_full,
        members,
    }
}

/// The configuration an organization begins with.
#[derive(Clone, Debug)]
pub struct Beginnings {
    /// Statuses.
    pub statuses: Vec<PresenceStatus>,
    /// The presence configuration of everybody.
    pub presence_config: PresenceConfig,
    /// How the first queue routes.
    pub routing_config: RoutingConfig,
    /// The first queue.
    pub queue: Queue,
    /// The web chat.
    pub channel: Channel,
}

/// What an organization begins with: seven statuses and two of the system, one queue, one web chat.
#[must_use]
pub fn beginnings(org: OrganizationId, mut id: impl FnMut() -> Uuid, public_key: String, now: Timestamp) -> Beginnings {
    let routing_config = RoutingConfig {
        id: id().into(),
        organization_id: org,
        key: "chat".to_owned(),
        settings: RoutingSettings {
            tier: 0,
            agent_model: AgentModel::LongestIdle,
            units_milli: 1_000,
            capacity_pool: Pool::Primary,
            offer_timeout_ms: 30_000,
            is_auto_accept: false,
            misses_before_away: 2,
            exclusion_ttl_ms: 120_000,
            retry_gap_ms: 15_000,
            wrap_up_ms: 0,
            wrap_up_extension_ms: 60_000,
            wrap_up_extensions_max: 3,
        },
        version: 1,
    };
    let queue = Queue {
        id: id().into(),
        organization_id: org,
        key: "general".to_owned(),
        name: names("General", "General"),
        routing_config_id: routing_config.id,
        settings: QueueSettings { service_target_ms: 60_000, ..QueueSettings::default() },
        state: "open".to_owned(),
        version: 1,
    };
    Beginnings {
        statuses: statuses(org, &mut id),
        presence_config: presence_config(org, id()),
        channel: web_chat(org, id(), queue.id, public_key, now),
        routing_config,
        queue,
    }
}

fn presence_config(org: OrganizationId, id: Uuid) -> PresenceConfig {
    let channel_max = BTreeMap::from([(RoutingKind::Chat, 4), (RoutingKind::Messaging, 4), (RoutingKind::Email, 5)]);
    PresenceConfig {
        id: id.into(),
        organization_id: org,
        key: "default".to_owned(),
        settings: PresenceSettings {
            cap_primary_milli: 8_000,
            cap_interruptible_milli: 8_000,
            channel_max,
            is_decline_allowed: true,
            is_decline_reason_required: false,
            grace_ms: 30_000,
            is_auto_accept: false,
            decline_reason_ids: Vec::new(),
            status_on_decline: None,
            status_on_timeout: None,
        },
        version: 1,
    }
}

fn web_chat(org: OrganizationId, id: Uuid, queue: QueueId, public_key: String, now: Timestamp) -> Channel {
    Channel {
        id: id.into(),
        organization_id: org,
        kind: "web_chat".to_owned(),
        key: "web-chat".to_owned(),
        name: "Web chat".to_owned(),
        state: "enabled".to_owned(),
        config: serde_json::json!({ "allowed_origins": [], "brand_colour": "#15614a" }),
        public_key,
        queue_id: Some(queue),
        hours_id: None,
        health: serde_json::json!({ "state": "ok" }),
        is_demo: false,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn statuses(org: OrganizationId, mut id: impl FnMut() -> Uuid) -> Vec<PresenceStatus> {
    use StatusKind::{Busy, Offline, Online};
    let rows: [(&str, &str, &str, StatusKind, bool); 9] = [
        ("available", "Disponible", "Available", Online, false),
        ("chat_only", "Solo chat", "Chat only", Online, false),
        ("busy", "Con otra tarea", "Busy", Busy, false),
        ("break", "Pausa", "Break", Busy, false),
        ("training", "Formación", "Training", Busy, false),
        ("offline", "Fuera", "Offline", Offline, false),
        ("missed", "Sin respuesta", "No answer", Busy, true),
        ("disconnected", "Sin conexión", "Disconnected", Offline, true),
        ("wrapping_shift", "Cerrando turno", "Wrapping up the shift", Busy, true),
    ];
    let mut place = 0;
    rows.map(|(key, es, en, kind, is_system)| {
        place += 1;
        let off = (RoutingKind::Email, ChannelPresence::Off);
        let channels = if key == "chat_only" { BTreeMap::from([off]) } else { BTreeMap::new() };
        PresenceStatus {
            id: id().into(),
            organization_id: org,
            key: key.to_owned(),
            name: names(es, en),
            kind,
            channels,
            activity: None,
            is_paid: kind != Offline,
            is_productive: kind == Online,
            is_system,
            place,
            version: 1,
        }
    })
    .to_vec()
}

/// The presence of somebody who never signed in.
#[must_use]
pub fn absent(agent: AgentId, statuses: &[PresenceStatus], now: Timestamp) -> Option<Presence> {
    let offline = statuses.iter().find(|s| s.key == "offline")?;
    Some(Presence {
        agent,
        status: offline.id,
        since: now.into(),
        next_status: None,
        session: None,
        session_state: SessionState::None,
        grace_until: None,
        epoch: 0,
        misses: 0,
        idle_since: None,
        last_assigned: BTreeMap::new(),
        last_offer_at: None,
    })
}
