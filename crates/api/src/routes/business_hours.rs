//! Calendars of opening hours.

use app::config::docs::HoursDoc;

use super::config::routes_of;
use super::config::uses::*;
use crate::dto::hours::BusinessHours;

fn shown(row: &Row) -> Option<BusinessHours> {
    match row {
        Row::Hours(row) => Some(row.into()),
        _ => None,
    }
}

routes_of!(Noun::Hours, "/business-hours", "/business-hours/{id}", BusinessHours, HoursDoc, shown);
