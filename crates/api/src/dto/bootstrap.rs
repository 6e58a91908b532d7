//! The console's first request.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::Object;
use super::channels::ChannelSummary;
use super::conversations::InboxCounts;
use super::people::Session;
use super::presence::{Agent, Presence, PresenceStatus};
use super::routing::Queue;
use super::work::{Offer, WorkItem};

/// Everything the console needs to draw its first picture.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §3.1")]
pub struct Bootstrap {
    pub session: Session,
    pub agent: Option<Agent>,
    pub presence: Option<Presence>,
    pub offers: Vec<Offer>,
    pub work: Vec<WorkItem>,
    pub statuses: Vec<PresenceStatus>,
    pub queues: Vec<Queue>,
    pub views: Vec<Object>,
    pub channels: Vec<ChannelSummary>,
    pub counts: InboxCounts,
    pub limits: BTreeMap<String, i64>,
    pub features: BTreeMap<String, bool>,
    /// Taken before everything above was read: start the stream after it.
    pub cursor: String,
}
