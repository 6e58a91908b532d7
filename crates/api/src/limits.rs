//! How often somebody may call: one bucket per rule and caller, refilled evenly.
//!
//! # Invariants
//! - Time comes from the context; a bucket is one instant (the generic cell rate algorithm), never a list of calls.
//! - Memory is bounded: two generations of at most [`GENERATION`] buckets. Forgetting one only forgives.
//! - A call that is refused costs nothing.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;
use http::HeaderMap;
use jiff::Timestamp;
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// Buckets of a generation; the older of two goes when the younger is full.
const GENERATION: usize = 50_000;
/// A network address calls this many times as often as one visitor behind it.
const VISITORS_BEHIND_AN_ADDRESS: u32 = 10;

/// How often: `count` within `window_ms`, all at once or evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, for `GET /limits` and the log.
    pub name: &'static str,
    /// Calls.
    pub count: u32,
    /// Milliseconds until a whole bucket is full again.
    pub window_ms: i64,
}

impl Rule {
    const fn per_minute(name: &'static str, count: u32) -> Self {
        Self { name, count, window_ms: 60_000 }
    }

    const fn times(self, factor: u32) -> Self {
        Self { count: self.count.saturating_mul(factor), ..self }
    }
}

/// New visitor sessions of one address.
pub const VISITOR_SESSIONS: Rule = Rule::per_minute("visitor_sessions", 10);
/// New visitor sessions of one network: /24 or /48.
pub const VISITOR_SESSIONS_OF_NETWORK: Rule = Rule::per_minute("visitor_sessions_of_network", 300);
/// Messages of a visitor.
pub const VISITOR_MESSAGES: Rule = Rule::per_minute("visitor_messages", 20);
/// Uploads of a visitor.
pub const VISITOR_UPLOADS: Rule = Rule { name: "visitor_uploads", count: 10, window_ms: 600_000 };
/// Searches of a visitor.
pub const VISITOR_SEARCHES: Rule = Rule::per_minute("visitor_searches", 30);
/// Identity tokens of a visitor.
pub const VISITOR_IDENTIFICATIONS: Rule = Rule::per_minute("visitor_identifications", 10);
/// Batches of page views and the like of a visitor.
pub const VISITOR_EVENTS: Rule = Rule::per_minute("visitor_events", 60);
/// Everything else that a visitor changes: read marks, ratings, transcripts.
pub const VISITOR_CHANGES: Rule = Rule::per_minute("visitor_changes", 120);

/// Every rule for visitors.
pub const VISITOR_RULES: [Rule; 8] = [
    VISITOR_SESSIONS,
    VISITOR_SESSIONS_OF_NETWORK,
    VISITOR_MESSAGES,
    VISITOR_UPLOADS,
    VISITOR_SEARCHES,
    VISITOR_IDENTIFICATIONS,
    VISITOR_EVENTS,
    VISITOR_CHANGES,
];

/// Whose bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// An address.
    Address(IpAddr),
    /// The network of an address: /24 or /48.
    Network(IpAddr),
    /// A visitor, user or token.
    Id(Uuid),
}

impl Whose {
    /// The network of `address`.
    #[must_use]
    pub fn network(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::from([v4.octets()[0], v4.octets()[1], v4.octets()[2], 0]),
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
            }
        })
    }
}

/// What is left after a call that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Calls that may follow at once.
    pub count: u32,
    /// Milliseconds until the bucket is full.
    pub reset_ms: i64,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<(&'static str, Whose), i64>,
    old: HashMap<(&'static str, Whose), i64>,
}

impl Generations {
    fn get(&self, key: &(&'static str, Whose)) -> Option<i64> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn put(&mut self, key: (&'static str, Whose), full_at: i64) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, full_at);
    }
}

/// The buckets of this process.
#[derive(Debug)]
pub struct Limits {
    /// Every count is multiplied by it; 0 switches the limits off.
    factor: u32,
    buckets: Mutex<Generations>,
}

impl Limits {
    /// Limits whose counts are multiplied by `factor`; 0 lets everything through.
    #[must_use]
    pub fn new(factor: u32) -> Self {
        Self { factor, buckets: Mutex::default() }
    }

    /// A rule as it holds here.
    #[must_use]
    pub fn scaled(&self, rule: Rule) -> Rule {
        rule.times(self.factor)
    }

    /// Takes one call out of a bucket.
    ///
    /// # Errors
    /// 429 `rate_limited` with the time to wait.
    pub fn take(&self, rule: Rule, whose: Whose, now: Timestamp) -> Result<Left, Problem> {
        let rule = self.scaled(rule);
        if rule.count == 0 {
            return Ok(Left { count: u32::MAX, reset_ms: 0 });
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (rule.name, whose);
        let (window, now) = (rule.window_ms.saturating_mul(1_000), now.as_microsecond());
        let step = (window / i64::from(rule.count)).max(1);
        let full_at = buckets.get(&key).unwrap_or(now).max(now) + step;
        let over = full_at - now - window;
        if over > 0 {
            let wait_ms = u64::try_from(over).unwrap_or_default().div_ceil(1_000);
            return Err(Problem::from(Code::RateLimited).with("limit", rule.name).retry_after_ms(wait_ms));
        }
        buckets.put(key, full_at);
        let count = u32::try_from((window - (full_at - now)) / step).unwrap_or_default();
        Ok(Left { count, reset_ms: (full_at - now) / 1_000 })
    }

    /// Takes one call of a visitor, and one of the address they come from.
    ///
    /// # Errors
    /// 429 `rate_limited`.
    pub fn visitor(&self, rule: Rule, visitor: Uuid, from: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
        self.take(rule, Whose::Id(visitor), now)?;
        match from {
            Some(from) => self.take(rule.times(VISITORS_BEHIND_AN_ADDRESS), Whose::Address(from), now).map(drop),
            None => Ok(()),
        }
    }

    /// Takes one identity token that comes with a new session.
    ///
    /// # Errors
    /// 429 `rate_limited`.
    pub fn identification(&self, from: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
        let Some(from) = from else { return Ok(()) };
        self.take(VISITOR_IDENTIFICATIONS.times(VISITORS_BEHIND_AN_ADDRESS), Whose::Address(from), now).map(drop)
    }

    /// Takes one new session of an address.
    ///
    /// # Errors
    /// 429 `rate_limited`.
    pub fn session(&self, from: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
        let Some(from) = from else { return Ok(()) };
        self.take(VISITOR_SESSIONS, Whose::Address(from), now)?;
        self.take(VISITOR_SESSIONS_OF_NETWORK, Whose::network(from), now).map(drop)
    }
}

/// Where a request comes from; `None` without a connection.
#[derive(Clone, Copy, Debug)]
pub struct From(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(address(&parts.extensions, &parts.headers)))
    }
}

/// Where a request comes from: the other end of the connection; behind a proxy on this machine, whom that names last.
#[must_use]
pub fn address(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let named = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = named.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    Some(last.filter(|_| peer.is_loopback()).map_or(peer, |address| address.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule::per_minute("test", 3);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_793_534_400_000 + ms).expect("in range")
    }

    fn someone(n: u128) -> Whose {
        Whose::Id(Uuid::from_u128(n))
    }

    #[test]
    fn a_full_bucket_empties_and_refills_evenly() {
        let limits = Limits::new(1);
        let take = |ms| limits.take(RULE, someone(1), at(ms));
        assert_eq!([0, 0, 0].map(|ms| take(ms).expect("there is room").count), [2, 1, 0]);
        let refused = take(0).expect_err("the bucket is empty");
        assert_eq!((refused.code, refused.retry_after_s()), (Code::RateLimited, Some(20)));
        assert!(take(19_999).is_err());
        assert!(take(20_000).is_ok(), "a third is back after a third of the window");
        assert!(take(20_000).is_err());
        assert_eq!(take(200_000).expect("all is back").count, 2);
    }

    #[test]
    fn callers_and_rules_have_buckets_of_their_own() {
        let limits = Limits::new(1);
        for _ in 0..3 {
            limits.take(RULE, someone(1), at(0)).expect("there is room");
        }
        assert!(limits.take(RULE, someone(1), at(0)).is_err());
        assert!(limits.take(RULE, someone(2), at(0)).is_ok());
        assert!(limits.take(Rule::per_minute("other", 3), someone(1), at(0)).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_the_window() {
        let limits = Limits::new(1);
        limits.take(RULE, someone(1), at(100_000)).expect("there is room");
        let refused = limits.take(RULE, someone(1), at(0)).expect_err("the bucket fills later");
        assert!(refused.retry_after_s().is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits::new(1);
        for n in 0..(3 * GENERATION as u128) {
            limits.take(RULE, someone(n + 10), at(0)).expect("each is new");
        }
        let buckets = limits.buckets.lock().expect("not poisoned");
        assert!(buckets.young.len() <= GENERATION && buckets.old.len() <= GENERATION);
    }

    #[test]
    fn the_factor_scales_and_zero_switches_off() {
        let (wide, off) = (Limits::new(10), Limits::new(0));
        for _ in 0..30 {
            wide.take(RULE, someone(1), at(0)).expect("ten times as much");
        }
        assert!(wide.take(RULE, someone(1), at(0)).is_err());
        for _ in 0..1_000 {
            off.take(RULE, someone(1), at(0)).expect("off");
        }
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        let network = |text: &str| Whose::network(text.parse().expect("an address"));
        assert_eq!(network("203.0.113.7"), network("203.0.113.200"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.9"));
        assert_ne!(network("203.0.113.7"), network("203.0.114.7"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::9"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
    }

    #[test]
    fn a_forwarded_address_counts_only_from_this_machine() {
        let from = |peer: &str, forwarded: Option<&'static str>| {
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo::<SocketAddr>(peer.parse().expect("an address")));
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
            }
            address(&extensions, &headers).map(|ip| ip.to_string())
        };
        assert_eq!(from("203.0.113.7:1", Some("1.2.3.4")).as_deref(), Some("203.0.113.7"));
        assert_eq!(from("127.0.0.1:1", Some("6.6.6.6, 1.2.3.4")).as_deref(), Some("1.2.3.4"));
        assert_eq!(from("[::1]:1", None).as_deref(), Some("::1"));
        assert_eq!(from("127.0.0.1:1", Some("nonsense")).as_deref(), Some("127.0.0.1"));
    }
}
