//! Business hours: when a calendar is open, when that changes, and how much open time lies between two
//! instants.
//!
//! Intervals are local wall time. One that lies in the hour a clock skips shrinks; one in the hour a clock
//! repeats counts once, in the first of the two. The shell looks the time zone up; this module only counts.
//!
//! # Invariants
//! - The open spans of a day are ascending, not empty, and neither overlap nor touch.
//! - An exception replaces the whole day it names; no intervals there mean closed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Days looked ahead for the next change: a year, with every date once.
const HORIZON_DAYS: i32 = 366;

/// Minutes since local midnight, 0–1440; `24:00` is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MinuteOfDay(u16);

/// A time of day that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time of day {0:?} is not between 00:00 and 24:00")]
pub struct NotATimeOfDay(String);

impl FromStr for MinuteOfDay {
    type Err = NotATimeOfDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotATimeOfDay(text.to_owned());
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let part = |part: &str| part.parse::<u16>().ok().filter(|_| part.len() == 2);
        let (hours, minutes) = (part(hours).ok_or_else(wrong)?, part(minutes).ok_or_else(wrong)?);
        let is_time = hours < 24 && minutes < 60 || (hours, minutes) == (24, 0);
        is_time.then(|| Self(hours * 60 + minutes)).ok_or_else(wrong)
    }
}

impl TryFrom<String> for MinuteOfDay {
    type Error = NotATimeOfDay;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MinuteOfDay> for String {
    fn from(minute: MinuteOfDay) -> Self {
        minute.to_string()
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Open from `from` until just before `to`, local wall time of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    /// Opening.
    pub from: MinuteOfDay,
    /// Closing; after `from`.
    pub to: MinuteOfDay,
}

/// A date that differs from its weekday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Which date.
    pub on: Date,
    /// When it is open instead; empty: closed all day.
    pub intervals: Vec<Interval>,
    /// What the day is called.
    pub name: String,
}

/// A calendar of opening hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessHours {
    /// IANA name of the time zone.
    pub time_zone: String,
    /// Intervals per weekday, Monday first.
    pub weekly: [Vec<Interval>; 7],
    /// Dated exceptions.
    pub exceptions: Vec<Exception>,
    /// Closed now, whatever the calendar says.
    pub is_emergency_closed: bool,
}

/// Why a calendar makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// An interval ends before or when it begins.
    #[error("interval {from} to {to} is empty")]
    EmptyInterval {
        /// Its beginning.
        from: MinuteOfDay,
        /// Its end.
        to: MinuteOfDay,
    },
    /// A date is named by two exceptions.
    #[error("date {0} has two exceptions")]
    RepeatedDate(Date),
}

/// A checked calendar, ready to be asked.
#[derive(Clone, Debug)]
pub struct Hours {
    time_zone: TimeZone,
    weekly: [Vec<Interval>; 7],
    exceptions: BTreeMap<Date, Vec<Interval>>,
    is_emergency_closed: bool,
}

/// Open from the first instant until just before the second.
type OpenSpan = (Timestamp, Timestamp);

impl Hours {
    /// Checks a calendar; `time_zone` is the zone that `hours.time_zone` names.
    ///
    /// # Errors
    /// [`HoursError`] when an interval is empty or a date has two exceptions.
    pub fn new(hours: BusinessHours, time_zone: TimeZone) -> Result<Self, HoursError> {
        let mut exceptions = BTreeMap::new();
        for exception in hours.exceptions {
            if exceptions.insert(exception.on, exception.intervals).is_some() {
                return Err(HoursError::RepeatedDate(exception.on));
            }
        }
        let all = hours.weekly.iter().chain(exceptions.values()).flatten();
        if let Some(&Interval { from, to }) = all.into_iter().find(|interval| interval.from >= interval.to) {
            return Err(HoursError::EmptyInterval { from, to });
        }
        let (weekly, is_emergency_closed) = (hours.weekly, hours.is_emergency_closed);
        Ok(Self { time_zone, weekly, exceptions, is_emergency_closed })
    }

    /// Whether it is open at `at`.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let is_in = |&(from, to): &OpenSpan| from <= at && at < to;
        !self.is_emergency_closed && self.spans_from(at, 1).iter().any(is_in)
    }

    /// The next instant after `at` at which open turns to closed or back.
    ///
    /// `None` within a year: always open, or always closed. An emergency closure has no known end.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_emergency_closed {
            return None;
        }
        let spans = self.spans_from(at, HORIZON_DAYS);
        let (from, to) = spans.into_iter().find(|&(_, to)| to > at)?;
        let is_beyond = |change: Timestamp| change.duration_since(at).as_hours() >= i64::from(HORIZON_DAYS) * 24 - 48;
        let change = if from > at { from } else { to };
        (!is_beyond(change)).then_some(change)
    }

    /// Milliseconds of open time between two instants; 0 when `to` is not after `from`.
    ///
    /// An emergency closure does not count: it stops no clock that runs in business time.
    #[must_use]
    pub fn open_ms(&self, from: Timestamp, to: Timestamp) -> i64 {
        if to <= from {
            return 0;
        }
        let days = i32::try_from(to.duration_since(from).as_hours() / 24 + 2).unwrap_or(i32::MAX);
        let shared_ms = |(open, close): OpenSpan| {
            let (open, close) = (open.max(from), close.min(to));
            (close.as_millisecond() - open.as_millisecond()).max(0)
        };
        self.spans_from(from, days).into_iter().map(shared_ms).sum()
    }

    /// The open spans of `days` local days from that of `at`, joined where they touch.
    fn spans_from(&self, at: Timestamp, days: i32) -> Vec<OpenSpan> {
        let first = at.to_zoned(self.time_zone.clone()).date();
        let dates = (0..days).map_while(|day| first.checked_add(Span::new().days(day)).ok());
        let mut spans: Vec<OpenSpan> = Vec::new();
        for span in dates.flat_map(|date| self.spans_on(date)) {
            match spans.last_mut() {
                Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
                _ => spans.push(span),
            }
        }
        spans
    }

    fn spans_on(&self, date: Date) -> Vec<OpenSpan> {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let mut intervals = self.exceptions.get(&date).unwrap_or(&self.weekly[weekday]).clone();
        intervals.sort_unstable();
        let spans = intervals
            .into_iter()
            .filter_map(|Interval { from, to }| Some((self.instant(date, from)?, self.instant(date, to)?)));
        spans.filter(|(from, to)| from < to).collect()
    }

    /// The instant of a wall time: in a skipped hour its end, in a repeated hour the first.
    fn instant(&self, date: Date, minute: MinuteOfDay) -> Option<Timestamp> {
        let midnight = DateTime::from_parts(date, jiff::civil::Time::midnight());
        let wall = midnight.checked_add(Span::new().minutes(i64::from(minute.0))).ok()?;
        let ambiguous = self.time_zone.to_ambiguous_timestamp(wall);
        let AmbiguousOffset::Gap { before, .. } = ambiguous.offset() else {
            return ambiguous.earlier().ok();
        };
        let after_gap = before.to_timestamp(wall).ok()?.checked_add(Span::new().nanoseconds(1)).ok()?;
        self.time_zone.preceding(after_gap).next().map(|transition| transition.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(text: &str) -> Interval {
        let (from, to) = text.split_once('-').expect("from-to");
        Interval { from: from.parse().expect("time"), to: to.parse().expect("time") }
    }

    fn every_day(intervals: &[&str]) -> BusinessHours {
        let day: Vec<Interval> = intervals.iter().map(|text| interval(text)).collect();
        BusinessHours {
            time_zone: "Europe/Madrid".into(),
            weekly: std::array::from_fn(|_| day.clone()),
            exceptions: Vec::new(),
            is_emergency_closed: false,
        }
    }

    /// Madrid's rule as a POSIX string, so that no file is read: summer from 29 March to 25 October 2026.
    fn hours(hours: BusinessHours) -> Hours {
        let madrid = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        Hours::new(hours, madrid).expect("a calendar")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn it_is_open_from_the_first_minute_until_just_before_the_last() {
        let hours = hours(every_day(&["09:00-14:00", "16:00-18:00"]));
        let open = ["07:59:59", "08:00:00", "12:59:59", "13:00:00", "15:00:00"]
            .map(|utc| hours.is_open(at(&format!("2026-11-25T{utc}Z"))));
        assert_eq!(open, [false, true, true, false, true]);
    }

    #[test]
    fn the_next_change_is_the_next_opening_or_closing() {
        let hours = hours(every_day(&["09:00-14:00"]));
        assert_eq!(hours.next_change(at("2026-11-25T07:00:00Z")), Some(at("2026-11-25T08:00:00Z")));
        assert_eq!(hours.next_change(at("2026-11-25T08:00:00Z")), Some(at("2026-11-25T13:00:00Z")));
        assert_eq!(hours.next_change(at("2026-11-25T13:00:00Z")), Some(at("2026-11-26T08:00:00Z")));
    }

    #[test]
    fn an_exception_replaces_its_day() {
        let mut calendar = every_day(&["09:00-14:00"]);
        let on = Date::new(2026, 12, 25).expect("a date");
        calendar.exceptions = vec![Exception { on, intervals: Vec::new(), name: "Navidad".into() }];
        let hours = hours(calendar);
        assert!(!hours.is_open(at("2026-12-25T10:00:00Z")));
        assert_eq!(hours.next_change(at("2026-12-24T13:00:00Z")), Some(at("2026-12-26T08:00:00Z")));
    }

    #[test]
    fn midnight_between_two_open_days_is_no_change() {
        let mut calendar = every_day(&[]);
        calendar.weekly[2] = vec![interval("20:00-24:00")];
        calendar.weekly[3] = vec![interval("00:00-02:00")];
        let hours = hours(calendar);
        assert_eq!(hours.next_change(at("2026-11-25T20:00:00Z")), Some(at("2026-11-26T01:00:00Z")));
    }

    #[test]
    fn what_never_closes_or_never_opens_has_no_next_change() {
        let now = at("2026-11-25T10:00:00Z");
        assert_eq!(hours(every_day(&["00:00-24:00"])).next_change(now), None);
        assert_eq!(hours(every_day(&[])).next_change(now), None);
    }

    #[test]
    fn an_emergency_closes_at_once_with_no_known_end() {
        let hours = hours(BusinessHours { is_emergency_closed: true, ..every_day(&["00:00-24:00"]) });
        let now = at("2026-11-25T10:00:00Z");
        assert_eq!((hours.is_open(now), hours.next_change(now)), (false, None));
    }

    #[test]
    fn an_interval_in_the_skipped_hour_shrinks() {
        let night = (at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
        let open_ms = |text: &str| hours(every_day(&[text])).open_ms(night.0, night.1);
        assert_eq!(open_ms("02:00-03:00"), 0);
        assert_eq!(open_ms("02:30-04:00"), 3_600_000, "from 03:00, which follows 02:00");
        assert_eq!(open_ms("01:00-02:30"), 3_600_000);
        assert!(hours(every_day(&["02:30-04:00"])).is_open(at("2026-03-29T01:00:00Z")));
    }

    #[test]
    fn an_interval_in_the_repeated_hour_counts_once() {
        let hours = hours(every_day(&["02:15-02:45"]));
        assert_eq!(hours.open_ms(at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z")), 1_800_000);
        assert!(hours.is_open(at("2026-10-25T00:30:00Z")));
        assert!(!hours.is_open(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn open_time_counts_only_what_both_share() {
        let hours = hours(every_day(&["09:00-14:00", "13:00-15:00"]));
        assert_eq!(hours.open_ms(at("2026-11-25T13:30:00Z"), at("2026-11-26T08:30:00Z")), 3_600_000);
        assert_eq!(hours.open_ms(at("2026-11-26T08:30:00Z"), at("2026-11-25T13:30:00Z")), 0);
    }

    #[test]
    fn calendars_that_make_no_sense_are_refused() {
        let empty = every_day(&["10:00-10:00"]);
        assert!(matches!(Hours::new(empty, TimeZone::UTC), Err(HoursError::EmptyInterval { .. })));
        let mut twice = every_day(&[]);
        let on = Date::new(2026, 1, 1).expect("a date");
        let exception = Exception { on, intervals: Vec::new(), name: String::new() };
        twice.exceptions = vec![exception.clone(), exception];
        assert!(matches!(Hours::new(twice, TimeZone::UTC), Err(HoursError::RepeatedDate(_))));
    }

    #[test]
    fn times_of_day_are_two_digits_each_and_end_with_24_00() {
        for text in ["9:00", "24:01", "12:60", "1200", "", "aa:bb"] {
            assert!(text.parse::<MinuteOfDay>().is_err(), "{text}");
        }
        for text in ["00:00", "09:05", "24:00"] {
            assert_eq!(text.parse::<MinuteOfDay>().expect("a time").to_string(), text);
        }
    }
}
