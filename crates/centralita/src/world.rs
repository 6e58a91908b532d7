//! The real clock and the real random source: read here and nowhere else.

use app::{Clock, Entropy};
use jiff::Timestamp;
use rand::RngCore;

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A generator fit for secrets (ChaCha), seeded and reseeded by the operating system: every id asks it, and asking the
/// kernel each time costs more than the rest of an id.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has no seed to give: no token may then be made.
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
