//! Queues and how they route.

use app::config::QueueRow;
use app::model;
use domain::routing;

use crate::dto::routing::{Queue, QueueMember, RoutingConfig, Spill, WrapUp};

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
