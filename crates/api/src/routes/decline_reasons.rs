//! Reasons for declining an offer.

use app::config::docs::DeclineReasonDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::codes::DeclineReason;

fn shown(row: &Row) -> Option<DeclineReason> {
    match row {
        Row::DeclineReason(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::DeclineReason, "/decline-reasons", "/decline-reasons/{id}", DeclineReason, DeclineReasonDoc, shown);
