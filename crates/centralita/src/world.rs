//! The real clock and the real random source: read here and nowhere else.

use app::{Clock, Entropy};
use jiff::Timestamp;
use rand::TryRngCore;
use rand::rngs::OsRng;

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random source.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has none to give: no token may then be made.
    fn fill(&self, bytes: &mut [u8]) {
        OsRng.try_fill_bytes(bytes).expect("invariant: the operating system gives random bytes");
    }
}
