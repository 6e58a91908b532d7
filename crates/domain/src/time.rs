//! Instants and durations inside the router: whole microseconds, so that arithmetic is exact.

use serde::{Deserialize, Serialize};

/// An instant, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// The latest representable instant.
    pub const MAX: Self = Self(i64::MAX);

    /// This instant plus `ms` milliseconds, saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this instant; 0 when the clock went backwards.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        let span = self.0.saturating_sub(earlier.0) / 1_000;
        if span < 0 { 0 } else { span }
    }
}

impl From<jiff::Timestamp> for Micros {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at.as_microsecond())
    }
}

impl From<Micros> for jiff::Timestamp {
    /// Clamps to the range of [`jiff::Timestamp`].
    fn from(at: Micros) -> Self {
        Self::from_microsecond(at.0).unwrap_or(if at.0 < 0 { Self::MIN } else { Self::MAX })
    }
}
