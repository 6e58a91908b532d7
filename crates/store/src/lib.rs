//! Every SQL statement and migration, one module per noun. One text serves both engines.
//!
//! # Invariants
//! - Nothing else in the workspace writes SQL.
//! - Every statement is in [`all`]; one test prepares each on both engines and compares its columns.
//! - The organization is a required argument wherever rows of one organization are meant.

mod built;
mod cols;

pub mod access;
pub mod agents;
pub mod channels;
pub mod conversation_history;
pub mod conversation_lists;
pub mod conversation_merges;
pub mod conversations;
pub mod customer_merges;
pub mod customers;
pub mod desk_nouns;
pub mod drafts;
pub mod entries;
pub mod erasure;
pub mod events;
pub mod followers;
pub mod jobs;
pub mod notifications;
pub mod organizations;
pub mod queues;
pub mod timers;
pub mod undos;
pub mod users;
pub mod visitors;
pub mod work;

use db::{Migration, Sql};

/// Every migration, oldest first. Published ones never change.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_init", text: include_str!("../migrations/0001_init.sql") },
    Migration { name: "0005_desk", text: include_str!("../migrations/0005_desk.sql") },
];

/// Every statement there is.
#[must_use]
pub fn all() -> Vec<&'static Sql> {
    [
        access::ALL,
        agents::ALL,
        channels::ALL,
        conversation_history::ALL,
        conversation_lists::ALL,
        conversation_merges::ALL,
        conversations::ALL,
        customer_merges::ALL,
        customers::ALL,
        desk_nouns::ALL,
        drafts::ALL,
        entries::ALL,
        erasure::ALL,
        events::ALL,
        followers::ALL,
        jobs::ALL,
        notifications::ALL,
        organizations::ALL,
        queues::ALL,
        timers::ALL,
        undos::ALL,
        users::ALL,
        visitors::ALL,
        work::ALL,
    ]
    .concat()
}
