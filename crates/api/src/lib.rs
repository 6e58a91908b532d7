//! REST and WebSocket: the contract.
//!
//! # Invariants
//! - No handler opens a transaction or decides anything: it reads the request, calls one use case, and renders.
//! - Every write goes through REST; sockets carry events, signals and nothing else.

mod admission;
mod auth;
mod cors;
mod cursor;
pub mod dto;
mod envelope;
mod error;
mod etag;
mod extract;
mod guard;
mod metrics;
mod problem;
mod render;
mod render_desk;
mod router;
mod routes;
mod signing;
mod socket;
mod state;
mod transfer;
mod versions;
mod visitor;

pub use cors::allowed_origins;
pub use problem::{Answer, Code, Problem};
pub use router::{openapi, router};
