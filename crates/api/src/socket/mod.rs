//! The two sockets: events in commit order, signals, nothing else.
//!
//! # Invariants
//! - An event reaches a connection at most once, in commit order; `n` counts them.
//! - What was missed is replayed before anything live; what cannot be is a `resync`.
//! - A connection that takes nothing for [`WRITE_TIMEOUT`], or misses two pings, is closed.

mod connection;
mod events;
mod seats;
mod staff;
mod told;
mod visitor;
mod visitor_events;

use std::time::Duration;

pub use seats::Sockets;
pub use staff::open as staff;
pub use visitor::open as visitor;

/// How long the first frame may take.
const FIRST_FRAME: Duration = Duration::from_secs(5);
/// How long a connection may take nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Events read at once in a replay.
const REPLAY_PAGE: i64 = 500;

/// Why a connection ends: the close code of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// The other side went away; there is nobody to tell.
    Gone,
    BadFrame,
    Unauthenticated,
    Forbidden,
    HeartbeatLost,
    Replaced,
    Revoked,
    TooLarge,
    TooMany,
    Restart,
}

impl Close {
    const fn code(self) -> u16 {
        match self {
            Self::Gone => 1000,
            Self::BadFrame => 4400,
            Self::Unauthenticated => 4401,
            Self::Forbidden => 4403,
            Self::HeartbeatLost => 4408,
            Self::Replaced => 4409,
            Self::Revoked => 4410,
            Self::TooLarge => 4413,
            Self::TooMany => 4429,
            Self::Restart => 1012,
        }
    }
}
