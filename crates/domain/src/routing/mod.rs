//! Routing: who gets which work, when, and why not.
//!
//! [`Router`] is the one state machine of an organization: commands in, effects out, time and ids as
//! arguments. The shell commits the effects in order, in one transaction, before anyone hears of them.
//!
//! # How it decides
//! Between two commands nothing that fits is left undone. A command makes some items or agents *dirty*;
//! matching then takes, again and again, the smallest of all fitting pairs, ordered by: mandatory for the
//! agent, then preferred inside its window, then the rest; the ring of the membership; the item's static
//! key; the agent's rank under the queue's model. For one agent this is the rule of picking, for one item
//! the rule of ranking, and it does not depend on the order in which things became dirty.
//!
//! # Invariants
//! - An event touches one item or one agent. Only changes of configuration touch many.
//! - Capacity is reserved when the offer is made.
//! - A requeued item keeps its key: `enqueued_at`, age and sequence never change by being offered.
//! - Nothing that was refused changed anything; work that fell due before it is told with the next effects.

mod agents;
mod capacity;
mod classes;
mod config;
mod invariants;
mod items;
mod matching;
mod offers;
mod order;
mod presence;
mod queues;
mod requeue;
mod restore;
mod room;
mod router;
mod timers;
mod types;
mod views;
mod why;
mod work;

pub use router::Router;
pub use types::*;
pub use views::Load;
pub use why::{FirstFailing, Order};
