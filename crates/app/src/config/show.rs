//! From stored objects to documents. Pure.

use domain::routing::Spill;
use serde_json::{Value, json};
use uuid::Uuid;

use super::docs::{
    AgentDoc, AgentSkillDoc, DeclineReasonDoc, HoursDoc, MemberDoc, PresenceConfigDoc, PresenceStatusDoc, QueueDoc,
    RoutingConfigDoc, SkillDoc, SpillDoc, TeamDoc, WrapUpCodeDoc, WrapUpDoc,
};
use super::rows::{Catalog, Noun, QueueRow, Row, TeamRow};

/// How a document refers to other objects.
#[derive(Clone, Copy, Debug)]
pub enum References<'a> {
    /// By id.
    Ids,
    /// By key, where there is one.
    Keys(&'a Catalog),
}

impl References<'_> {
    fn to(self, noun: Noun, id: Uuid) -> String {
        let known = match self {
            Self::Ids => None,
            Self::Keys(catalog) => catalog.get(noun, id).map(Row::key),
        };
        known.unwrap_or_else(|| id.to_string())
    }

    fn user(self, id: Uuid) -> String {
        let known = match self {
            Self::Ids => None,
            Self::Keys(catalog) => catalog.people.iter().find(|(user, _)| *user == id).map(|(_, email)| email.clone()),
        };
        known.unwrap_or_else(|| id.to_string())
    }
}

/// The document of an object.
#[must_use]
pub fn document(row: &Row, to: References<'_>) -> Value {
    let document = match row {
        Row::Agent(row) => serde_json::to_value(agent(row, to)),
        Row::DeclineReason(row) => {
            serde_json::to_value(DeclineReasonDoc { key: row.key.clone(), name: row.settings.name.clone() })
        }
        Row::Hours(row) => serde_json::to_value(HoursDoc {
            key: row.key.clone(),
            time_zone: row.settings.time_zone.clone(),
            weekly: row.settings.weekly.clone(),
            exceptions: row.settings.exceptions.clone(),
            is_emergency_closed: row.settings.is_emergency_closed,
        }),
        Row::PresenceConfig(row) => serde_json::to_value(presence_config(row, to)),
        Row::PresenceStatus(row) => serde_json::to_value(PresenceStatusDoc {
            key: row.key.clone(),
            name: row.name.clone(),
            kind: row.kind,
            channels: row.channels.clone(),
            activity: row.activity.clone(),
            is_paid: row.is_paid,
            is_productive: row.is_productive,
        }),
        Row::Queue(row) => serde_json::to_value(queue(row, to)),
        Row::RoutingConfig(row) => serde_json::to_value(routing_config(row)),
        Row::Skill(row) => serde_json::to_value(SkillDoc {
            key: row.key.clone(),
            name: row.settings.name.clone(),
            kind: row.settings.kind.clone(),
        }),
        Row::Team(row) => serde_json::to_value(team(row, to)),
        Row::WrapUpCode(row) => serde_json::to_value(WrapUpCodeDoc {
            key: row.key.clone(),
            name: row.settings.name.clone(),
            parent_id: row.settings.parent_id.map(|id| to.to(Noun::WrapUpCode, id.0)),
            queue_ids: row.settings.queue_ids.iter().map(|id| to.to(Noun::Queue, id.0)).collect(),
        }),
    };
    document.unwrap_or_else(|_| json!({}))
}

fn agent(row: &store::agents::Agent, to: References<'_>) -> AgentDoc {
    let skill =
        |(id, level): (&domain::ids::SkillId, &u8)| AgentSkillDoc { skill_id: to.to(Noun::Skill, id.0), level: *level };
    AgentDoc {
        key: Some(row.key.clone().unwrap_or_else(|| row.id.to_string())),
        user_id: row.user_id.map(|id| to.user(id.0)),
        kind: Some(row.kind.clone()),
        display_name: row.display_name.clone(),
        presence_config_id: Some(to.to(Noun::PresenceConfig, row.presence_config_id.0)),
        skills: row.skills.iter().map(skill).collect(),
        queue_ids: None,
        state: row.state.clone(),
    }
}

fn presence_config(row: &store::agents::PresenceConfig, to: References<'_>) -> PresenceConfigDoc {
    let settings = &row.settings;
    let status = |id: domain::ids::StatusId| to.to(Noun::PresenceStatus, id.0);
    PresenceConfigDoc {
        key: row.key.clone(),
        cap_primary_milli: settings.cap_primary_milli,
        cap_interruptible_milli: Some(settings.cap_interruptible_milli),
        channel_max: settings.channel_max.clone(),
        auto_accept: settings.is_auto_accept,
        decline_allowed: Some(settings.is_decline_allowed),
        decline_reason_ids: settings.decline_reason_ids.iter().map(|id| to.to(Noun::DeclineReason, id.0)).collect(),
        status_on_decline: settings.status_on_decline.map(status),
        status_on_timeout: settings.status_on_timeout.map(status),
        grace_ms: settings.grace_ms,
    }
}

fn queue(row: &QueueRow, to: References<'_>) -> QueueDoc {
    let QueueRow { queue, agents, teams } = row;
    let agents = agents.iter().map(|member| MemberDoc {
        agent_id: Some(to.to(Noun::Agent, member.agent.0)),
        team_id: None,
        tier: member.tier,
        delay_ms: member.delay_ms,
    });
    let teams = teams.iter().map(|team| MemberDoc {
        agent_id: None,
        team_id: Some(to.to(Noun::Team, team.team.0)),
        tier: team.tier,
        delay_ms: team.delay_ms,
    });
    QueueDoc {
        key: queue.key.clone(),
        name: queue.name.clone(),
        routing_config_id: to.to(Noun::RoutingConfig, queue.routing_config_id.0),
        hours_id: queue.settings.hours_id.map(|id| to.to(Noun::Hours, id.0)),
        members: agents.chain(teams).collect(),
        max_waiting: Some(queue.settings.max_waiting).filter(|most| *most > 0),
        on_full: spill(queue.settings.on_full, to),
        on_closed: spill(queue.settings.on_closed, to),
        service_target_ms: queue.settings.service_target_ms,
        wrap_up_code_required: queue.settings.is_wrap_up_code_required,
        state: queue.state.clone(),
    }
}

fn spill(spill: Spill, to: References<'_>) -> SpillDoc {
    let (action, queue_id) = match spill {
        Spill::Wait => ("wait", None),
        Spill::Reject => ("reject", None),
        Spill::Overflow { queue } => ("overflow", Some(to.to(Noun::Queue, queue.0))),
    };
    SpillDoc { action: action.to_owned(), queue_id }
}

fn routing_config(row: &store::queues::RoutingConfig) -> RoutingConfigDoc {
    let settings = &row.settings;
    let mode = if settings.wrap_up_ms > 0 { "timeboxed" } else { "none" };
    RoutingConfigDoc {
        key: row.key.clone(),
        tier: settings.tier,
        order_mode: "aged".to_owned(),
        agent_model: settings.agent_model,
        units_milli: settings.units_milli,
        capacity_pool: settings.capacity_pool,
        offer_timeout_ms: settings.offer_timeout_ms,
        offer_mode: "single".to_owned(),
        auto_accept: settings.is_auto_accept,
        misses_before_away: settings.misses_before_away,
        exclusion_ttl_ms: settings.exclusion_ttl_ms,
        retry_gap_ms: settings.retry_gap_ms,
        wrap_up: WrapUpDoc {
            mode: mode.to_owned(),
            max_ms: settings.wrap_up_ms,
            extension_ms: settings.wrap_up_extension_ms,
            extensions_max: settings.wrap_up_extensions_max,
        },
        wrap_up_ms: None,
    }
}

fn team(row: &TeamRow, to: References<'_>) -> TeamDoc {
    let mut user_ids: Vec<String> = row.users.iter().map(|member| to.user(member.user.0)).collect();
    let leads = row.users.iter().filter(|member| member.is_lead);
    let mut lead_ids: Vec<String> = leads.map(|member| to.user(member.user.0)).collect();
    user_ids.sort_unstable();
    lead_ids.sort_unstable();
    TeamDoc { key: row.team.key.clone(), name: Some(row.team.name.clone()), user_ids, lead_ids }
}
