//! What agents may take at once, and how they may answer.

use app::config::docs::PresenceConfigDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::presence_configs::PresenceConfig;

fn shown(row: &Row) -> Option<PresenceConfig> {
    match row {
        Row::PresenceConfig(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(
    Noun::PresenceConfig,
    "/presence-configs",
    "/presence-configs/{id}",
    PresenceConfig,
    PresenceConfigDoc,
    shown
);
