//! The static order of waiting items, mode `aged` (R-ORD-1, R-ORD-8).
//!
//! # Invariants
//! - The key depends on the item alone, never on the clock, so waiting items need no re-sorting.
//! - Comparing is total: `seq` is unique.

use crate::time::Micros;

/// One priority point is one minute of waiting.
const POINT_MS: i64 = 60_000;

/// Head start of a secondary priority, in milliseconds; the better half only.
const SECONDARY_BOOST_MS: [i64; 4] = [30 * POINT_MS, 20 * POINT_MS, 10 * POINT_MS, 5 * POINT_MS];

/// What an item is served by: smaller is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Strict class, 0 first.
    pub tier: u8,
    /// Start of waiting in milliseconds, moved back by carried age and priority.
    pub at_ms: i64,
    /// Order of arrival.
    pub seq: u64,
}

impl Key {
    /// After every real key: the head of an empty set.
    pub const LAST: Self = Self { tier: u8::MAX, at_ms: i64::MAX, seq: u64::MAX };
}

/// Milliseconds that priority and secondary priority are worth.
pub(super) fn boost_ms(priority: u8, secondary: u8) -> i64 {
    let secondary = SECONDARY_BOOST_MS.get(usize::from(secondary)).copied().unwrap_or(0);
    i64::from(priority) * POINT_MS + secondary
}

/// Whole milliseconds of an instant, rounded down also before the epoch.
pub(super) const fn floor_ms(at: Micros) -> i64 {
    at.0.div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_point_of_priority_is_one_minute_of_waiting() {
        assert_eq!(boost_ms(10, 9), 600_000);
    }

    #[test]
    fn only_the_four_best_secondary_priorities_give_a_head_start() {
        let boosts: Vec<i64> = (0..=9).map(|secondary| boost_ms(0, secondary) / POINT_MS).collect();
        assert_eq!(boosts, [30, 20, 10, 5, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn instants_before_the_epoch_round_down_too() {
        assert_eq!(floor_ms(Micros(-1)), -1);
        assert_eq!(floor_ms(Micros(1_999)), 1);
    }
}
