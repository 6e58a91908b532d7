//! Routing configurations: how queues offer their work.

use app::config::docs::RoutingConfigDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::routing::RoutingConfig;

fn shown(row: &Row) -> Option<RoutingConfig> {
    match row {
        Row::RoutingConfig(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::RoutingConfig, "/routing-configs", "/routing-configs/{id}", RoutingConfig, RoutingConfigDoc, shown);
