//! Every SQL statement and migration, one module per noun. One text serves both engines.
//!
//! # Invariants
//! - Nothing else in the workspace writes SQL.
//! - Every statement is in [`all`]; one test prepares each on both engines and compares its columns.
//! - The organization is a required argument wherever rows of one organization are meant.

mod cols;

pub mod access;
pub mod agents;
pub mod attachments;
pub mod channels;
pub mod conversations;
pub mod customers;
pub mod drafts;
pub mod entries;
pub mod events;
pub mod organizations;
pub mod queues;
pub mod search;
pub mod users;
pub mod visitors;
pub mod work;

use db::{Migration, Sql};

/// Every migration, oldest first. Published ones never change.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_init", text: include_str!("../migrations/0001_init.sql") },
    Migration { name: "0006_visitor", text: include_str!("../migrations/0006_visitor.sql") },
    Migration {
        name: "0007_previews_and_identity",
        text: include_str!("../migrations/0007_previews_and_identity.sql"),
    },
    Migration { name: "0008_search", text: include_str!("../migrations/0008_search.sql") },
];

/// Every statement there is.
#[must_use]
pub fn all() -> Vec<&'static Sql> {
    [
        access::ALL,
        agents::ALL,
        attachments::ALL,
        channels::ALL,
        conversations::ALL,
        customers::ALL,
        drafts::ALL,
        entries::ALL,
        events::ALL,
        organizations::ALL,
        queues::ALL,
        search::ALL,
        users::ALL,
        visitors::ALL,
        work::ALL,
    ]
    .concat()
}
