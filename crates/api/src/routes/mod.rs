//! The operations, one file per noun.

pub mod agents;
pub mod api_tokens;
pub mod attachments;
pub mod audit;
pub mod bootstrap;
pub mod business_hours;
pub mod channel_types;
pub mod channels;
pub mod companies;
pub mod config;
pub mod config_document;
pub mod conversation_commands;
pub mod conversation_statuses;
pub mod conversations;
pub mod customer_changes;
pub mod customers;
pub mod dead_letters;
pub mod decline_reasons;
pub mod deliveries;
pub mod demo;
pub mod dispositions;
pub mod drafts;
pub mod entries;
pub mod entry_marks;
pub mod explain;
pub mod fields;
pub mod health;
pub mod jobs;
pub mod notifications;
pub mod offers;
pub mod passwords;
pub mod people;
pub mod presence;
pub mod presence_configs;
pub mod presence_statuses;
pub mod queues;
pub mod roles;
pub mod routing_configs;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod simulator;
pub mod skills;
pub mod small_nouns;
pub mod tags;
pub mod teams;
pub mod transcripts;
pub mod users;
pub mod views;
pub mod widget;
pub mod widget_after;
pub mod widget_files;
pub mod work_create;
pub mod work_items;
pub mod work_manage;
pub mod wrap_up_codes;

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
