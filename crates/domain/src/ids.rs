//! Identifiers: UUIDv7 newtypes, and the source they come from.

use uuid::Uuid;

/// Where new ids come from. The binary gives one fed by clock and random source, tests a seeded one.
pub trait IdSource: Send {
    /// A fresh UUIDv7: never returned before, increasing with time to the millisecond.
    fn next_id(&mut self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A tenant, the partition key of everything.
    OrganizationId
    /// Someone who signs in.
    UserId
    /// Someone (or a bot) who takes work.
    AgentId
    /// A group of users.
    TeamId
    /// A set of grants.
    RoleId
    /// One configured account of a channel type.
    ChannelId
    /// The person outside.
    CustomerId
    /// An address of a customer.
    IdentityId
    /// The lasting matter with a customer.
    ConversationId
    /// One engagement on one channel.
    InteractionId
    /// One line of the timeline.
    EntryId
    /// One stay of something routable in the router.
    WorkItemId
    /// A work item held for one agent while it rings.
    OfferId
    /// One interval in which an agent holds a work item.
    AssignmentId
    /// A queue.
    QueueId
    /// How a queue routes.
    RoutingConfigId
    /// A presence status.
    StatusId
    /// What an agent may take at once.
    PresenceConfigId
    /// A calendar of opening hours.
    BusinessHoursId
    /// A skill.
    SkillId
    /// A reason for declining an offer.
    DeclineReasonId
    /// A wrap-up code.
    WrapUpCodeId
    /// A file.
    AttachmentId
    /// A sign-in session.
    SessionId
    /// A visitor of a web channel.
    VisitorId
    /// An event of the durable stream.
    EventId
}
