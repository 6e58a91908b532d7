//! What every channel type is. A type is data and pure functions; the registry is an explicit list in `channels`.
//!
//! # Invariants
//! - Nothing outside a type's own file asks which kind a channel is: it asks the type's [`Meta`].
#![deny(missing_docs)]

use domain::conversation::Shape;
use domain::routing::RoutingKind;

/// A name in both languages of the product.
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
    /// Its name for people.
    pub name: Name,
    /// How an engagement on it begins and ends.
    pub shape: Shape,
    /// What it is to routing.
    pub routing_kind: RoutingKind,
    /// Most code points of one message.
    pub text_max: usize,
    /// How messages leave.
    pub delivery: Delivery,
    /// Visitors reach it by a public widget key.
    pub has_widget: bool,
}

/// One type of channel.
pub trait ChannelType: Send + Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;
}
