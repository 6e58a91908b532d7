//! Statuses, presence and agents.

use std::collections::BTreeMap;

use app::agents::AgentView;
use app::model;
use app::presence::Standpoint;
use domain::routing::{self, RoutingKind as Kind};
use uuid::Uuid;

use crate::dto::presence::{Agent, AgentLoad, AgentSkill, KindLoad, Presence, PresenceStatus};
use crate::dto::words::{ChannelPresence, RoutingKind};
use crate::state::Labels;

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
