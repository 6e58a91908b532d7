//! What every channel type is. A type is data and pure functions around a few impure ones (send, check, poll); the
//! registry is an explicit list in `channels`.
//!
//! # Invariants
//! - Nothing outside a type's own file asks which kind a channel is: it asks the type's [`Meta`].
//! - Types know neither the store nor the application: what comes in goes to an [`Inbox`], what goes out is an
//!   [`Outbound`], and every outcome says what may be done about it.
//! - No error text holds a secret.
#![deny(missing_docs)]

mod account;
mod inbound;
mod outbound;
mod poll;

pub use account::{Account, Checked, ConfigError, Failure, Health, Secret, SetupKind, SetupStep, SigningKey};
pub use inbound::{Claim, Failing, Fate, File, InboundEvent, Kept, Letter, Notice, Origin, Party, Reach, Verdict};
pub use outbound::{Automatic, Outbound, SendOutcome};
pub use poll::{Arrival, Inbox, Place, Poller, RawKey, RawSink, Stop, Unstored};

use async_trait::async_trait;
use domain::conversation::Shape;
use domain::routing::RoutingKind;
use serde_json::Value;
use uuid::Uuid;

/// A text in both languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Spanish.
    pub es: &'static str,
    /// English.
    pub en: &'static str,
}

/// How a channel type carries what staff sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The customer's own connection fetches it: committed is sent.
    Stored,
    /// A provider takes it, through the outbox.
    Provider,
}

/// What a channel type is, as data.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// Its key in the store and on the wire.
    pub kind: &'static str,
    /// The family it is shown in.
    pub family: &'static str,
    /// Its name for people.
    pub name: Name,
    /// How an engagement on it begins and ends.
    pub shape: Shape,
    /// What it is to routing.
    pub routing_kind: RoutingKind,
    /// Most code points of one message.
    pub text_max: usize,
    /// Most bytes of the files of one message together.
    pub files_max_bytes: u64,
    /// How messages leave.
    pub delivery: Delivery,
    /// Visitors reach it by a public widget key.
    pub has_widget: bool,
    /// The kind of address people have on it.
    pub identity_kind: &'static str,
    /// Text may carry the Markdown subset.
    pub has_markdown: bool,
    /// What a person does, step by step, until it works.
    pub setup: &'static [SetupStep],
}

/// One type of channel. What has a default is what a type without a provider needs not do.
#[async_trait]
pub trait ChannelType: Send + Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;

    /// JSON Schema of its configuration and secrets: `x-secret`, `x-help`, `x-step` beside the usual words.
    fn config_schema(&self) -> Value;

    /// What is wrong with a configuration, each with its JSON Pointer; missing values count only when `is_whole`.
    fn check_config(&self, config: &Value, is_whole: bool) -> Vec<ConfigError>;

    /// Names of the secrets it cannot work without under this configuration.
    fn required_secrets(&self, _config: &Value) -> Vec<&'static str> {
        Vec::new()
    }

    /// The address people write to, where the type has one.
    fn own_address(&self, _config: &Value) -> Option<String> {
        None
    }

    /// Asks the provider whether the account works.
    async fn check(&self, _account: &Account) -> Checked {
        Checked { incoming: Health::Ok, outgoing: Health::Ok }
    }

    /// What listens for messages as long as the channel is enabled.
    fn poller(&self) -> Option<&dyn Poller> {
        None
    }

    /// Turns what arrived into what it means. Pure: the same bytes give the same result. Never panics for bad bytes.
    /// `own` are the organization's own addresses, by which loops are known.
    fn normalise(&self, _account: &Account, _own: &[String], _raw: &[u8], _is_whole: bool) -> InboundEvent {
        InboundEvent::Unreadable(Kept { reason: "unexpected", ..Kept::default() })
    }

    /// Whether a claim was signed by us for a conversation of this customer. Pure.
    fn is_genuine(&self, _account: &Account, _claim: &Claim, _customer: Uuid) -> bool {
        false
    }

    /// The reference by which answers and reports will name a message of ours, chosen before it leaves.
    fn reference(&self, _account: &Account, _conversation: Uuid, _entry: Uuid, _chance: u64) -> Option<String> {
        None
    }

    /// Delivers a message: accepted, to be tried again, refused for good, or nobody knows.
    async fn send(&self, _account: &Account, _message: &Outbound) -> SendOutcome {
        SendOutcome::Permanent(Failure::new("unsupported", "this channel sends nothing"))
    }
}
