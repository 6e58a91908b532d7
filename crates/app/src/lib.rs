//! Use cases: one function per command or query. A use case takes the context, who asks, and its input,
//! and owns its transaction.
//!
//! # Invariants
//! - Every use case that acts for somebody asks `domain::permissions::authorize` first.
//! - State, events and new work commit in one transaction; nobody hears of them before.
//! - Only [`owner`] changes what the router knows: work items, offers, assignments, presence.

mod context;
mod error;
mod events;
mod pen;
mod secrets;
mod stamp;

pub(crate) mod account_mails;
pub mod agents;
pub mod api_tokens;
pub mod attachments;
pub mod audit;
pub mod channels;
pub mod config;
pub mod conversations;
pub mod customers;
pub mod defaults;
pub mod deliveries;
pub mod demo;
pub mod dispositions;
pub mod entries;
pub mod explain;
pub mod files;
pub mod health;
pub mod idempotency;
pub mod identity_tokens;
mod indexing;
pub mod jobs;
pub mod keyring;
mod letters;
pub mod limits;
pub mod live;
pub mod notifications;
pub mod nouns;
pub mod offers;
pub mod opening;
pub mod organization;
pub mod owner;
pub mod passwords;
pub mod people;
mod pictures;
pub mod presence;
pub mod rates;
pub mod roles;
pub mod search;
pub mod sessions;
pub mod setup;
pub mod simulator;
pub mod teams;
pub mod timers;
pub mod users;
pub mod views;
pub mod widget;
pub mod work;
pub mod work_create;
pub mod work_manage;

pub use context::{Actor, Clock, Ctx, Entropy, Runtime, Settings};
pub use error::{Error, FieldError};
pub use ipnet::IpNet as Network;

/// What use cases return: the store's rows.
pub mod model {
    pub use store::Keyed;
    pub use store::access::{AccountMail, Session};
    pub use store::agents::{Agent, Names, PresenceConfig, PresenceSettings, PresenceStatus};
    pub use store::api_tokens::ApiToken;
    pub use store::attachments::Attachment;
    pub use store::audit::Stored as AuditEntry;
    pub use store::channels::Channel;
    pub use store::conversations::{Before, Conversation, Interaction};
    pub use store::customer_merges::{CustomerFilter, Merge, Proposal};
    pub use store::customers::{Customer, Identity};
    pub use store::dead_letters::DeadLetter;
    pub use store::decline_reasons::DeclineReason;
    pub use store::desk_nouns::NounRow;
    pub use store::dispositions::Disposition;
    pub use store::drafts::Draft;
    pub use store::entries::Entry;
    pub use store::events::{Cursor, Event};
    pub use store::jobs::Job;
    pub use store::notifications::Notification;
    pub use store::organizations::Organization;
    pub use store::queues::{Queue, QueueMember, QueueSettings, RoutingConfig, RoutingSettings};
    pub use store::ratings::Rating;
    pub use store::skills::Skill;
    pub use store::users::User;
    pub use store::visitors::Visitor;
    pub use store::work::{Matter, WorkItem};
    pub use store::wrap_up_codes::WrapUpCode;
}
