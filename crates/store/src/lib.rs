//! Every SQL statement and migration, one module per noun. One text serves both engines.
//!
//! # Invariants
//! - Nothing else in the workspace writes SQL.
//! - Every statement is in [`all`]; one test prepares each on both engines and compares its columns.
//! - The organization is a required argument wherever rows of one organization are meant.

mod built;
mod cols;
mod keyed;

pub mod access;
pub mod agents;
pub mod api_tokens;
pub mod attachments;
pub mod audit;
pub mod business_hours;
pub mod channels;
pub mod conversation_history;
pub mod conversation_lists;
pub mod conversation_merges;
pub mod conversations;
pub mod customer_merges;
pub mod customers;
pub mod dead_letters;
pub mod decline_reasons;
pub mod deliveries;
pub mod demo;
pub mod desk_nouns;
pub mod dispositions;
pub mod drafts;
pub mod entries;
pub mod erasure;
pub mod events;
pub mod figures;
pub mod followers;
pub mod idempotency;
pub mod identities;
pub mod jobs;
pub mod letters;
pub mod mails;
pub mod notices;
pub mod notifications;
pub mod organizations;
pub mod places;
pub mod queues;
pub mod ratings;
pub mod roles;
pub mod search;
pub mod shared_history;
pub mod skills;
pub mod teams;
pub mod timers;
pub mod undos;
pub mod users;
pub mod visitors;
pub mod work;
pub mod wrap_up_codes;

pub use keyed::Keyed;

use db::{Migration, Sql};

/// Every migration, oldest first. Published ones never change.
pub const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_init", text: include_str!("../migrations/0001_init.sql") },
    Migration { name: "0002_email", text: include_str!("../migrations/0002_email.sql") },
    Migration { name: "0003_access", text: include_str!("../migrations/0003_access.sql") },
    Migration { name: "0004_routing", text: include_str!("../migrations/0004_routing.sql") },
    Migration { name: "0005_desk", text: include_str!("../migrations/0005_desk.sql") },
    Migration { name: "0006_visitor", text: include_str!("../migrations/0006_visitor.sql") },
    Migration { name: "0007_ops", text: include_str!("../migrations/0007_ops.sql") },
    Migration {
        name: "0007_previews_and_identity",
        text: include_str!("../migrations/0007_previews_and_identity.sql"),
    },
    Migration { name: "0008_search", text: include_str!("../migrations/0008_search.sql") },
    Migration { name: "0010_search_pending", text: include_str!("../migrations/0010_search_pending.sql") },
    Migration { name: "0011_hot_paths", text: include_str!("../migrations/0011_hot_paths.sql") },
    Migration { name: "0020_visitor_more", text: include_str!("../migrations/0020_visitor_more.sql") },
    Migration { name: "0030_desk_more", text: include_str!("../migrations/0030_desk_more.sql") },
];

/// Every statement there is.
#[must_use]
pub fn all() -> Vec<&'static Sql> {
    [
        access::ALL,
        agents::ALL,
        api_tokens::ALL,
        attachments::ALL,
        audit::ALL,
        business_hours::ALL,
        channels::ALL,
        conversation_history::ALL,
        conversation_lists::ALL,
        conversation_merges::ALL,
        conversations::ALL,
        customer_merges::ALL,
        customers::ALL,
        dead_letters::ALL,
        decline_reasons::ALL,
        deliveries::ALL,
        demo::ALL,
        desk_nouns::ALL,
        dispositions::ALL,
        drafts::ALL,
        entries::ALL,
        erasure::ALL,
        events::ALL,
        figures::ALL,
        followers::ALL,
        idempotency::ALL,
        identities::ALL,
        jobs::ALL,
        letters::ALL,
        mails::ALL,
        notices::ALL,
        notifications::ALL,
        organizations::ALL,
        places::ALL,
        queues::ALL,
        ratings::ALL,
        roles::ALL,
        search::ALL,
        shared_history::ALL,
        skills::ALL,
        teams::ALL,
        timers::ALL,
        undos::ALL,
        users::ALL,
        visitors::ALL,
        work::ALL,
        wrap_up_codes::ALL,
    ]
    .concat()
}
