//! The enums of the wire. Each mirrors one of the domain; a new word there must be given its place here.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! mirrors {
    ($($(#[$doc:meta])* $name:ident = $domain:path { $($variant:ident $text:literal)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum $name { $(#[serde(rename = $text)] $variant,)* }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub const fn as_word(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word { $(<$domain>::$variant => Self::$variant,)* }
            }
        }
        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => <$domain>::$variant,)* }
            }
        }
        words_schema!($name [$($text)*]);
    )*};
}

macro_rules! words_schema {
    ($name:ident [$($text:literal)*]) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($text),*])).into()
            }
        }
        impl ToSchema for $name {}
    };
}

mirrors! {
    /// What drives a conversation.
    StatusCategory = domain::conversation::StatusCategory { Open "open" Waiting "waiting" Resolved "resolved" }
    /// How urgent it is.
    Priority = domain::conversation::Priority { Low "low" Normal "normal" High "high" Urgent "urgent" }
    /// One line of the timeline.
    EntryKind = domain::conversation::EntryKind { Message "message" Note "note" CallLeg "call_leg" Event "event" }
    /// Which way it goes.
    Direction = domain::conversation::Direction { In "in" Out "out" Internal "internal" }
    /// Who outside may see it.
    Audience = domain::conversation::Audience { Private "private" Public "public" Internal "internal" }
    /// Who acts.
    ActorType = domain::conversation::ActorType {
        Customer "customer" Agent "agent" User "user" Bot "bot" Rule "rule" Flow "flow" Api "api" System "system"
    }
    /// The course of an engagement.
    InteractionState = domain::conversation::InteractionState { Open "open" Wrapping "wrapping" Ended "ended" }
    /// How it begins and ends.
    Shape = domain::conversation::Shape {
        ChatSession "chat_session" MessageSession "message_session" Call "call" MailExchange "mail_exchange"
        PostThread "post_thread" Visit "visit"
    }
    /// What is known of an address.
    Verification = domain::conversation::Verification {
        Claimed "claimed" Asserted "asserted" Observed "observed" Verified "verified" Failed "failed" Revoked "revoked"
    }
    /// Where an outbound message stands.
    DeliveryState = domain::conversation::DeliveryState {
        Held "held" Queued "queued" Sending "sending" Unknown "unknown" Sent "sent" Failed "failed"
        Delivered "delivered" Read "read" Cancelled "cancelled"
    }
    /// How far a grant reaches.
    Scope = domain::permissions::Scope { Own "own" Queue "queue" Team "team" Organization "organization" }
    /// The kind of work as routing sees it.
    RoutingKind = domain::routing::RoutingKind {
        Voice "voice" Video "video" Chat "chat" Messaging "messaging" Sms "sms" Email "email" Social "social"
        Task "task" Case "case" Callback "callback" Visit "visit"
    }
    /// What a status lets through.
    ChannelPresence = domain::routing::ChannelPresence {
        Online "online" TransfersOnly "transfers_only" Off "off"
    }
    /// The broad meaning of a status.
    StatusKind = domain::routing::StatusKind { Online "online" Busy "busy" Offline "offline" }
    /// Whether the routable session is there.
    SessionState = domain::routing::SessionState { Live "live" Grace "grace" None "none" }
    /// States of a work item.
    WorkItemState = domain::routing::ItemState {
        New "new" Deferred "deferred" Queued "queued" Offered "offered" Active "active" Paused "paused"
        WrapUp "wrap_up" Closed "closed" Cancelled "cancelled"
    }
    /// Why work is paused.
    PauseReason = domain::routing::PauseReason {
        Interrupted "interrupted" Agent "agent" WaitingCustomer "waiting_customer" Snoozed "snoozed"
    }
    /// Why work was closed.
    CloseReason = domain::routing::CloseReason {
        Completed "completed" Transferred "transferred" Reassigned "reassigned" Merged "merged"
    }
    /// Why work was cancelled.
    CancelReason = domain::routing::CancelReason {
        Abandoned "abandoned" Withdrawn "withdrawn" Merged "merged" Rejected "rejected"
        CallbackUnreachable "callback_unreachable" Supervisor "supervisor" Blocked "blocked"
    }
    /// States of an offer.
    OfferState = domain::routing::OfferState {
        Pending "pending" Accepted "accepted" Declined "declined" TimedOut "timed_out" Cancelled "cancelled"
        Rescinded "rescinded"
    }
    /// Why an offer was taken back.
    RescindReason = domain::routing::RescindReason {
        LostRace "lost_race" Supervisor "supervisor" SessionLost "session_lost" StatusChange "status_change"
        RouterRestart "router_restart" Merged "merged"
    }
    /// States of an assignment.
    AssignmentState = domain::routing::AssignmentState { Active "active" Paused "paused" WrapUp "wrap_up" Ended "ended" }
    /// Why an assignment ended.
    AssignmentEnd = domain::routing::AssignmentEnd {
        Completed "completed" Transferred "transferred" Reassigned "reassigned" Lost "lost" Merged "merged"
    }
    /// How a queue ranks agents.
    AgentModel = domain::routing::AgentModel {
        MostAvailable "most_available" LeastActive "least_active" LongestIdle "longest_idle" RoundRobin "round_robin"
    }
    /// Which pool of capacity work is booked on.
    Pool = domain::routing::Pool { Primary "primary" Interruptible "interruptible" }
}

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum $name { $(#[serde(rename = $text)] $variant,)* }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// The value of a word; `None` when there is none.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$variant),)* _ => None }
            }
        }
        words_schema!($name [$($text)*]);
    )*};
}

plain! {
    /// A text that was not sent yet: for whom.
    DraftMode { Reply "reply" Note "note" Side "side" }
    /// Whether set-up is due.
    SetupPhase { Required "required" Done "done" }
    /// States of a user.
    UserState { Invited "invited" Active "active" Disabled "disabled" }
    /// Lists of the inbox.
    InboxList {
        Mine "mine" Unassigned "unassigned" Mentions "mentions" Following "following" Snoozed "snoozed"
        Drafts "drafts" All "all"
    }
    /// Who wrote a message, as the visitor sees it.
    AuthorKind { Me "me" Agent "agent" Bot "bot" System "system" }
}
