//! The operations, one file per noun.

pub mod agents;
pub mod bootstrap;
pub mod companies;
pub mod conversation_commands;
pub mod conversation_statuses;
pub mod conversations;
pub mod customer_changes;
pub mod customers;
pub mod drafts;
pub mod entries;
pub mod entry_marks;
pub mod fields;
pub mod health;
pub mod jobs;
pub mod notifications;
pub mod offers;
pub mod people;
pub mod presence;
pub mod routing_configs;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod tags;
pub mod views;
pub mod widget;
pub mod work_items;

/// Rows of a page when nothing is said.
pub const DEFAULT_LIMIT: i64 = 50;
/// Most rows of a page.
pub const MAX_LIMIT: i64 = 200;

/// The size of a page.
///
/// # Errors
/// 422 `invalid` outside 1 to 200.
pub fn limit(asked: Option<i64>) -> Result<i64, crate::Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) { Ok(limit) } else { Err(crate::Problem::invalid("?limit", "range")) }
}
