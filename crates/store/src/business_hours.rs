//! Calendars of opening hours.

pub use domain::hours::BusinessHours;

use crate::keyed::{Table, noun, table};

const TABLE: Table = table!("business_hours");

noun!(BusinessHours, TABLE);
