//! How often something happened lately: counted per key in windows, in bounded memory.
//!
//! # Invariants
//! - No more than [`KEYS_MAX`] keys are kept; when they are all in use, those whose windows end first make room.
//! - Counting decides and notes in one step: calls at the same time cannot pass together.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Keys kept at most.
const KEYS_MAX: usize = 100_000;

/// How many in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name in headers.
    pub name: &'static str,
    /// How many.
    pub count: i64,
    /// In how many seconds.
    pub window_s: i64,
}

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of which.
    pub quota: Quota,
    /// How many are left.
    pub remaining: i64,
    /// When the window ends, in ms from now.
    pub reset_ms: i64,
    /// Whether this one was still within it.
    pub is_within: bool,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_ms: i64,
    used: i64,
}

/// Windows by the hash of their key: nobody can choose keys that meet, as the hash is seeded anew in each process.
#[derive(Debug, Default)]
pub struct Rates {
    windows: Mutex<HashMap<u64, Window>>,
    hasher: RandomState,
}

impl Rates {
    /// Counts one for `key`.
    pub fn count(&self, quota: Quota, key: impl Hash, now: Timestamp) -> Standing {
        let now_ms = now.as_millisecond();
        let name = self.hasher.hash_one((quota.name, key));
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS_MAX && !windows.contains_key(&name) {
            make_room(&mut windows, now_ms);
        }
        let fresh = Window { ends_ms: now_ms + quota.window_s * 1_000, used: 0 };
        let window = windows.entry(name).or_insert(fresh);
        if window.ends_ms <= now_ms {
            *window = fresh;
        }
        let is_within = window.used < quota.count;
        window.used += i64::from(is_within);
        Standing { quota, remaining: quota.count - window.used, reset_ms: window.ends_ms - now_ms, is_within }
    }

    /// Takes back one that turned out not to count.
    pub fn take_back(&self, quota: Quota, key: impl Hash) {
        let name = self.hasher.hash_one((quota.name, key));
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&name) {
            window.used = (window.used - 1).max(0);
        }
    }
}

/// Forgets windows that are over; while that is not enough, an eighth of the others, those that end first.
fn make_room(windows: &mut HashMap<u64, Window>, now_ms: i64) {
    let room = KEYS_MAX - KEYS_MAX / 8;
    windows.retain(|_, window| window.ends_ms > now_ms);
    if windows.len() <= room {
        return;
    }
    let mut ends: Vec<(i64, u64)> = windows.iter().map(|(name, window)| (window.ends_ms, *name)).collect();
    let surplus = windows.len() - room;
    let (first, _, _) = ends.select_nth_unstable(surplus);
    for (_, name) in first {
        windows.remove(name);
    }
}

/// Waits that grow with each failure of an account.
#[derive(Debug, Default)]
pub struct Failures(Mutex<BTreeMap<String, Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    count: u32,
    last_ms: i64,
}

/// Failures are forgotten after this.
const FORGET_MS: i64 = 3_600_000;
/// The longest wait.
const WAIT_MAX_MS: i64 = 900_000;

impl Failures {
    /// Notes an attempt, as failed until [`Failures::succeeded`]; how long it must wait first, if it must.
    pub fn attempt(&self, account: &str, free: i64, now: Timestamp) -> Option<i64> {
        let now_ms = now.as_millisecond();
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, failed| now_ms - failed.last_ms < FORGET_MS);
        if failures.len() >= KEYS_MAX && !failures.contains_key(account) {
            return Some(WAIT_MAX_MS);
        }
        let failed = failures.entry(account.to_owned()).or_insert(Failed { count: 0, last_ms: now_ms });
        let until_ms = failed.last_ms + wait_ms(failed.count, free);
        if until_ms > now_ms {
            return Some(until_ms - now_ms);
        }
        *failed = Failed { count: failed.count.saturating_add(1), last_ms: now_ms };
        None
    }

    /// The attempt was right: earlier failures are forgotten.
    pub fn succeeded(&self, account: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

/// 1 s after the first failure that is too many, twice as long after each further one.
fn wait_ms(count: u32, free: i64) -> i64 {
    let beyond = i64::from(count) - free;
    let doublings = u32::try_from(beyond.clamp(0, 20)).unwrap_or_default();
    if beyond < 0 { 0 } else { (1_000_i64 << doublings).min(WAIT_MAX_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).expect("in range")
    }

    #[test]
    fn a_window_holds_its_quota_and_then_begins_anew() {
        let rates = Rates::default();
        let quota = Quota { name: "x", count: 2, window_s: 60 };
        let within = |ms| rates.count(quota, "a", at(ms)).is_within;
        assert_eq!([within(0), within(1), within(59_999), within(60_000)], [true, true, false, true]);
        assert!(rates.count(quota, "b", at(2)).is_within, "another key has a window of its own");
        let standing = rates.count(quota, "a", at(61_000));
        assert_eq!((standing.remaining, standing.reset_ms), (0, 59_000));
        rates.take_back(quota, "a");
        assert!(rates.count(quota, "a", at(61_000)).is_within);
    }

    #[test]
    fn memory_is_bounded() {
        let rates = Rates::default();
        let quota = Quota { name: "x", count: 1, window_s: 60 };
        for key in 0..KEYS_MAX + 10 {
            rates.count(quota, key, at(0));
        }
        assert!(rates.windows.lock().expect("no panic").len() <= KEYS_MAX);
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let failures = Failures::default();
        for _ in 0..5 {
            assert_eq!(failures.attempt("a", 5, at(0)), None);
        }
        assert_eq!(failures.attempt("a", 5, at(0)), Some(1_000));
        assert_eq!(failures.attempt("a", 5, at(1_000)), None);
        assert_eq!(failures.attempt("a", 5, at(1_000)), Some(2_000));
        assert_eq!(failures.attempt("b", 5, at(1_000)), None);
        failures.succeeded("a");
        assert_eq!(failures.attempt("a", 5, at(1_000)), None);
        assert_eq!(wait_ms(60, 5), WAIT_MAX_MS);
    }
}
