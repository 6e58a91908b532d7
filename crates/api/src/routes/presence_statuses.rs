//! Presence statuses.

use app::config::docs::PresenceStatusDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::presence::PresenceStatus;

fn shown(row: &Row) -> Option<PresenceStatus> {
    match row {
        Row::PresenceStatus(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(
    Noun::PresenceStatus,
    "/presence-statuses",
    "/presence-statuses/{id}",
    PresenceStatus,
    PresenceStatusDoc,
    shown
);
