//! Events by their type: one schema per kind of data, and their union, for clients that generate types. Events are
//! rendered in [`crate::socket`]; what is here is their description.
//!
//! # Invariants
//! - Every type of event that a socket can carry stands in exactly one group; a test renders events and looks them up.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Discriminator, ObjectBuilder, Schema, Type};
use utoipa::openapi::{OpenApi, RefOr};
use uuid::Uuid;

use super::channels::Channel;
use super::conversations::Conversation;
use super::customers::{Customer, Identity, MergeProposal};
use super::desk::{Job, Notification};
use super::entries::{Delivery, Entry};
use super::presence::Presence;
use super::work::{Assignment, Offer, WorkItem};
use super::{Actor, Object, Ts};

/// A conversation as it is now, and what the event changed of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct ConversationEventData {
    pub conversation: Conversation,
    /// Names of fields.
    pub changed: Vec<String>,
    /// What stood there before, where that may be told.
    #[schema(value_type = Object)]
    pub previous: Object,
    /// The other one of a merge or a split.
    pub other_id: Option<Uuid>,
    pub merge_id: Option<Uuid>,
}

/// What may not be seen any more.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.4")]
pub struct HiddenEventData {
    pub id: Uuid,
}

/// The place of a conversation beside one of its entries.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct EntryPlace {
    pub id: Uuid,
    pub number: i64,
    pub last_entry_seq: i64,
    pub version: i64,
}

/// An entry, and where its conversation stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct EntryEventData {
    pub entry: Entry,
    pub conversation: Option<EntryPlace>,
}

/// Who was named, in which entry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct MentionEventData {
    pub entry: Entry,
    pub conversation: Option<EntryPlace>,
    /// `{entry_id, conversation_id, user_id}`.
    #[schema(value_type = Object)]
    pub mention: Object,
}

/// How far a message has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct DeliveryEventData {
    pub entry_id: Uuid,
    pub conversation_id: Uuid,
    pub delivery: Option<Delivery>,
    pub previous_state: Option<String>,
}

/// An engagement.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct InteractionEventData {
    pub interaction_id: Uuid,
    pub conversation_id: Uuid,
}

/// Work as it is now, and by which row of the table it got there.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct WorkItemEventData {
    pub work_item: WorkItem,
    pub previous_state: Option<String>,
    /// 1 to 24; none for a change within a state.
    pub row: Option<u8>,
    pub reason: Option<String>,
    pub assignment: Option<Assignment>,
    /// For whoever takes it.
    pub conversation: Option<Conversation>,
}

/// An offer, and why it ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct OfferEventData {
    pub offer: Offer,
    pub reason: Option<String>,
}

/// An agent's presence.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct PresenceEventData {
    pub presence: Presence,
    pub previous: Option<Presence>,
    pub previous_status_id: Option<Uuid>,
    pub actor: Actor,
    pub reason: Option<String>,
}

/// A customer, and what the event changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct CustomerEventData {
    pub customer: Customer,
    /// Names of fields.
    pub changed: Vec<String>,
    pub other_id: Option<Uuid>,
    pub merge_id: Option<Uuid>,
    pub is_blocked: Option<bool>,
}

/// An address.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct IdentityEventData {
    pub identity: Identity,
}

/// A proposal to merge.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct MergeProposalEventData {
    pub proposal: MergeProposal,
}

/// A notification.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct NotificationEventData {
    pub notification: Notification,
}

/// Long work.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct JobEventData {
    pub job: Job,
}

/// A channel, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[allow(missing_docs, reason = "api.md §4.5")]
pub struct ChannelEventData {
    pub channel: Channel,
}

/// Ids and figures.
type Ids = Object;

macro_rules! groups {
    ($($(#[$doc:meta])* $name:ident { $(#[$schema:meta])* $data:ty } [$($kind:literal),+ $(,)?];)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, ToSchema)]
            #[allow(missing_docs, reason = "api.md §4.5")]
            pub struct $name {
                pub id: Uuid,
                pub r#type: String,
                pub version: i64,
                pub timestamp: Ts,
                pub actor: Actor,
                pub cause_id: Option<Uuid>,
                /// Where what it is about is gone meanwhile, only ids.
                $(#[$schema])*
                pub data: $data,
            }
        )+

        /// Any event. Skip those whose type you do not know: types are added.
        #[derive(Clone, Debug, Serialize, ToSchema)]
        #[serde(untagged)]
        #[allow(missing_docs, clippy::large_enum_variant, reason = "a description, never built")]
        pub enum StreamEvent {
            $($name($name),)+
        }

        /// Schemas with the types of event they describe.
        const GROUPS: &[(&str, &[&str])] = &[$((stringify!($name), &[$($kind),+])),+];
    };
}

groups! {
    /// Something about a conversation.
    ConversationEvent { ConversationEventData } [
        "conversation.created", "conversation.updated", "conversation.status_changed", "conversation.resolved",
        "conversation.reopened", "conversation.owner_changed", "conversation.snoozed", "conversation.unsnoozed",
        "conversation.followers_changed", "conversation.deleted", "conversation.merged", "conversation.unmerged",
        "conversation.split", "conversation.linked",
    ];
    /// Something went out of sight.
    HiddenEvent { HiddenEventData } ["conversation.hidden", "work_item.hidden"];
    /// Something about an entry.
    EntryEvent { EntryEventData } [
        "entry.created", "entry.updated", "entry.deleted", "entry.redacted", "entry.reaction_changed",
    ];
    /// A message came further.
    DeliveryEvent { DeliveryEventData } ["entry.delivery_changed"];
    /// Somebody was named.
    MentionEvent { MentionEventData } ["mention.created"];
    /// Something about an engagement.
    InteractionEvent { InteractionEventData } [
        "interaction.started", "interaction.wrapping", "interaction.resumed", "interaction.ended",
    ];
    /// Something about work.
    WorkItemEvent { WorkItemEventData } [
        "work_item.created", "work_item.deferred", "work_item.queued", "work_item.offered", "work_item.active",
        "work_item.paused", "work_item.wrap_up", "work_item.closed", "work_item.cancelled", "work_item.updated",
    ];
    /// Something about an offer.
    OfferEvent { OfferEventData } [
        "offer.created", "offer.accepted", "offer.declined", "offer.timed_out", "offer.cancelled", "offer.rescinded",
    ];
    /// An agent came, went or changed.
    PresenceEvent { PresenceEventData } ["presence.changed", "presence.session_changed"];
    /// Something about a customer.
    CustomerEvent { CustomerEventData } [
        "customer.created", "customer.updated", "customer.merged", "customer.unmerged", "customer.erased",
        "customer.blocked",
    ];
    /// Something about an address.
    IdentityEvent { IdentityEventData } [
        "identity.added", "identity.updated", "identity.verified", "identity.failed", "identity.removed",
    ];
    /// Something about a proposal.
    MergeProposalEvent { MergeProposalEventData } ["merge_proposal.created", "merge_proposal.decided"];
    /// Something to notice.
    NotificationEvent { NotificationEventData } ["notification.created"];
    /// Long work came further.
    JobEvent { JobEventData } ["job.updated"];
    /// Something about a channel.
    ChannelEvent { ChannelEventData } [
        "channel.created", "channel.updated", "channel.enabled", "channel.disabled", "channel.archived",
        "channel.health_changed",
    ];
    /// Ids of what changed; fetch it if it is shown.
    OtherEvent { #[schema(value_type = Object)] Ids } [
        "agent.updated", "api_token.created", "api_token.revoked", "api_token.updated", "audit.recorded",
        "company.created", "company.deleted", "company.updated", "config.published", "dead_letter.created",
        "disposition.set", "draft.changed", "queue.closed", "queue.created", "queue.opened", "queue.updated",
        "role.created", "role.deleted", "role.updated", "session.revoked", "team.created", "team.deleted",
        "team.updated", "user.created", "user.deleted", "user.disabled", "user.enabled", "user.updated",
        "view.created", "view.deleted", "view.updated",
    ];
}

/// The schema that describes a type of event.
#[must_use]
pub fn schema_of(kind: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(_, kinds)| kinds.contains(&kind)).map(|(schema, _)| *schema)
}

/// Names the types of each schema, and how the union tells them apart.
pub(crate) fn describe(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (schema, kinds) in GROUPS {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(*schema) {
            let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(kinds.iter().copied()));
            object.properties.insert("type".to_owned(), words.into());
        }
    }
    if let Some(RefOr::T(Schema::OneOf(union))) = components.schemas.get_mut("StreamEvent") {
        let place = |schema: &str| format!("#/components/schemas/{schema}");
        let of_group = |(schema, kinds): &(&str, &'static [&'static str])| {
            let place = place(schema);
            kinds.iter().map(move |kind| ((*kind).to_owned(), place.clone())).collect::<Vec<_>>()
        };
        union.discriminator = Some(Discriminator::with_mapping("type", GROUPS.iter().flat_map(of_group)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_type_stands_in_one_group() {
        let all: Vec<&str> = GROUPS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(schema_of("entry.created"), Some("EntryEvent"));
    }

    #[test]
    fn the_document_has_a_union_told_apart_by_type() {
        let document = serde_json::to_value(crate::openapi()).expect("JSON");
        let schemas = &document["components"]["schemas"];
        let union = &schemas["StreamEvent"];
        assert_eq!(union["oneOf"].as_array().map(Vec::len), Some(GROUPS.len()), "{union}");
        assert_eq!(union["discriminator"]["propertyName"], "type");
        assert_eq!(union["discriminator"]["mapping"]["offer.created"], "#/components/schemas/OfferEvent");
        let words = schemas["OfferEvent"]["properties"]["type"]["enum"].as_array().expect("words");
        assert!(words.contains(&serde_json::json!("offer.rescinded")), "{words:?}");
        assert_eq!(schemas["OfferEvent"]["properties"]["data"]["$ref"], "#/components/schemas/OfferEventData");
    }
}
