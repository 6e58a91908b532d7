//! The pure rules of the contact centre.
//!
//! # Invariants
//! - No clock, no random source, no I/O, no `async`: time and ids come in as arguments.
//! - Ordered collections and integers only, so that a seed replays to the same result.
#![deny(missing_docs)]

mod text_enum;

pub mod attachment;
pub mod canonical;
pub mod conditions;
pub mod conversation;
pub mod customers;
pub mod fold;
pub mod hours;
pub mod ids;
pub mod permissions;
pub mod routing;
pub mod search;
pub mod time;

pub use text_enum::UnknownWord;
