//! Hours and days within which something counts: `09:00` to `17:00` on weekdays, waking hours.
//!
//! Wall-clock time that comes round every week. Windows that touch or overlap are one.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::rotations::{instant, jump};
use super::schedules::{Weekday, Window};
use crate::words::{Refusal, text};

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;

/// A part of each week, as minutes since Monday 00:00 local: sorted, apart from each other, never the whole week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Week {
    spans: Vec<(i64, i64)>,
}

impl Week {
    /// `None`: always. What is wrong in the windows is pushed to `refusals`, with the place below `at`.
    pub(super) fn new(windows: &[Window], at: &str, refusals: &mut Vec<Refusal>) -> Option<Self> {
        let mut spans = Vec::new();
        for (i, window) in windows.iter().enumerate() {
            let from = minutes(&window.from, false).map_err(|r| refusals.push(r.at(format!("{at}/{i}/from"))));
            let to = minutes(&window.to, true).map_err(|r| refusals.push(r.at(format!("{at}/{i}/to"))));
            let (Ok(from), Ok(to)) = (from, to) else { continue };
            if from == to {
                let message = format!(
                    "the window from {} to {} is empty; for the whole day write from 00:00 to 24:00",
                    window.from, window.to
                );
                refusals.push(Refusal::invalid(message).at(format!("{at}/{i}")));
                continue;
            }
            let length = (to - from).rem_euclid(DAY);
            let length = if length == 0 { DAY } else { length };
            let days: &[Weekday] = if window.days.is_empty() { &Weekday::ALL } else { &window.days };
            spans.extend(days.iter().map(|day| {
                let begins = day.since_monday() * DAY + from;
                (begins, begins + length)
            }));
        }
        Self::of(spans)
    }

    /// The same hours on every day.
    pub(super) fn daily(from: i64, to: i64) -> Option<Self> {
        let length = (to - from).rem_euclid(DAY);
        if length == 0 {
            return None;
        }
        Self::of((0..7).map(|day| (day * DAY + from, day * DAY + from + length)).collect())
    }

    fn of(mut spans: Vec<(i64, i64)>) -> Option<Self> {
        if spans.is_empty() {
            return None;
        }
        spans.sort_unstable();
        let mut spans = union(spans);
        // What reaches over Sunday midnight may touch what begins on Monday.
        while let (Some(first), Some(last)) = (spans.first().copied(), spans.last().copied()) {
            if last.1 - last.0 >= WEEK || (spans.len() == 1 && last.1 - WEEK >= first.0) {
                return None;
            }
            if last.1 - WEEK < first.0 {
                break;
            }
            let last_place = spans.len() - 1;
            spans[last_place].1 = last.1.max(first.1 + WEEK);
            spans.remove(0);
        }
        Some(Self { spans })
    }

    /// The stretches of time within the windows that touch `[from, to]`, whole, in order, apart from each other.
    pub(super) fn open(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        // A span is shorter than a week, and a clock change moves it by a day at most.
        let first = zone.to_datetime(from).date().saturating_sub(9.days());
        let last = zone.to_datetime(to).date().saturating_add(2.days());
        let mut monday = first.saturating_sub(i64::from(first.weekday().to_monday_zero_offset()).days());
        let mut stretches = Vec::new();
        while monday <= last {
            for (begins, ends) in &self.spans {
                let (mut begins, ends) = (local(monday, *begins), local(monday, *ends));
                let end = instant(zone, ends);
                let mut begin = instant(zone, begins);
                if begin >= end {
                    // It begins in a gap, and is shorter than that: it begins when the gap is over.
                    begins = jump(zone, begins).map_or(begins, |jump| jump.to);
                    begin = instant(zone, begins);
                }
                if begin < end && end >= from && begin <= to {
                    stretches.push((begin, end));
                }
            }
            match monday.checked_add(7.days()) {
                Ok(next) => monday = next,
                Err(_) => break,
            }
        }
        stretches.sort_unstable();
        union(stretches)
    }

    /// Whether any of it lies between two local times, as the calendar shows them (clock changes left aside).
    pub(super) fn touches(&self, from: DateTime, to: DateTime) -> bool {
        let monday = from.date().saturating_sub(i64::from(from.date().weekday().to_monday_zero_offset()).days());
        let second = |at: DateTime| at.duration_since(monday.to_datetime(jiff::civil::Time::midnight())).as_secs();
        let (from, to) = (second(from), second(to));
        to - from >= WEEK * 60
            || [-WEEK, 0, WEEK].iter().any(|week| {
                self.spans.iter().any(|(begins, ends)| (begins + week) * 60 < to && from < (ends + week) * 60)
            })
    }
}

/// `HH:MM` as minutes of the day. Two digits each, so that `9:00` and `09:00` are not two spellings of one thing.
pub(super) fn minutes(time: &str, or_midnight: bool) -> Result<i64, Refusal> {
    let wrong =
        |remedy: &str| Refusal::invalid(format!("{:?} is not a time of day: {remedy}", text::shorten(time, 20)));
    let bytes = time.as_bytes();
    if bytes.len() == 4 && bytes[1] == b':' {
        return Err(wrong(&format!("write it with two digits each, 0{time}")));
    }
    let digits = |at: usize| i64::from(bytes[at].wrapping_sub(b'0'));
    let fits = bytes.len() == 5 && bytes[2] == b':' && [0, 1, 3, 4].iter().all(|at| bytes[*at].is_ascii_digit());
    if !fits {
        return Err(wrong("write HH:MM, like 09:00"));
    }
    let (hour, minute) = (digits(0) * 10 + digits(1), digits(3) * 10 + digits(4));
    match (hour, minute) {
        (0..24, 0..60) => Ok(hour * 60 + minute),
        (24, 0) if or_midnight => Ok(DAY),
        (24, 0) => Err(wrong("a day begins at 00:00")),
        _ => Err(wrong("hours go from 00 to 23 and minutes from 00 to 59")),
    }
}

fn local(monday: Date, minutes: i64) -> DateTime {
    monday.to_datetime(jiff::civil::Time::midnight()).saturating_add(SignedDuration::from_mins(minutes))
}

/// Sorted stretches, those that touch made one.
pub(super) fn union<T: Ord + Copy>(sorted: Vec<(T, T)>) -> Vec<(T, T)> {
    let mut out: Vec<(T, T)> = Vec::with_capacity(sorted.len());
    for (begins, ends) in sorted {
        match out.last_mut() {
            Some(last) if begins <= last.1 => last.1 = last.1.max(ends),
            _ => out.push((begins, ends)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Weekday], from: &str, to: &str) -> Window {
        Window { days: days.to_vec(), from: from.into(), to: to.into() }
    }

    fn week(windows: &[Window]) -> Option<Week> {
        let mut refusals = Vec::new();
        let week = Week::new(windows, "/only", &mut refusals);
        assert_eq!(refusals, []);
        week
    }

    fn open(windows: &[Window], zone: &str, from: &str, to: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let stretches = week(windows).unwrap().open(&zone, from.parse().unwrap(), to.parse().unwrap());
        let show = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %H:%M%:z").to_string();
        stretches.into_iter().map(|(a, b)| format!("{} - {}", show(a), show(b))).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn windows_that_cover_the_week_are_no_restriction() {
        assert_eq!(week(&[window(&[], "00:00", "24:00")]), None);
        assert_eq!(week(&[window(&[], "08:00", "20:00"), window(&[], "20:00", "08:00")]), None);
        let (weekend, rest) = (&[Weekday::Saturday, Weekday::Sunday], &Weekday::ALL[..5]);
        assert_eq!(week(&[window(weekend, "00:00", "24:00"), window(rest, "00:00", "24:00")]), None);
        assert!(week(&[window(rest, "00:00", "24:00")]).is_some());
    }

    #[test]
    fn windows_that_touch_over_sunday_midnight_are_one() {
        let both = [window(&[Weekday::Sunday], "22:00", "24:00"), window(&[Weekday::Monday], "00:00", "06:00")];
        assert_eq!(week(&both), week(&[window(&[Weekday::Sunday], "22:00", "06:00")]));
    }

    #[test]
    fn office_hours_keep_the_wall_clock() {
        let office = [window(&Weekday::ALL[..5], "09:00", "17:00")];
        insta::assert_snapshot!(open(&office, "Europe/Berlin", "2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z"), @r"
        Fri 27 09:00+01:00 - Fri 27 17:00+01:00
        Mon 30 09:00+02:00 - Mon 30 17:00+02:00
        ");
    }

    #[test]
    fn a_night_is_an_hour_shorter_or_longer_when_the_clocks_change() {
        let night = [window(&[], "22:00", "06:00")];
        insta::assert_snapshot!(open(&night, "America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T10:00:00Z"), @"Sat 07 22:00-05:00 - Sun 08 06:00-04:00");
        insta::assert_snapshot!(open(&night, "America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T10:00:00Z"), @"Sat 31 22:00-04:00 - Sun 01 06:00-05:00");
    }

    #[test]
    fn a_window_that_lies_in_the_gap_takes_place_after_it() {
        let small = [window(&[], "02:15", "02:45")];
        insta::assert_snapshot!(open(&small, "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z"), @"Sun 29 03:15+02:00 - Sun 29 03:45+02:00");
        let over_its_end = [window(&[], "02:45", "03:15")];
        insta::assert_snapshot!(open(&over_its_end, "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z"), @"Sun 29 03:00+02:00 - Sun 29 03:15+02:00");
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        assert_eq!(minutes("09:30", false).unwrap(), 570);
        assert_eq!(minutes("24:00", true).unwrap(), 1440);
        let wrong = ["9:00", "24:00", "25:00", "09:60", "0900", "nine", "", "09:0x", "é9:00"];
        let said: Vec<_> = wrong.iter().map(|time| minutes(time, false).unwrap_err().message).collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        "9:00" is not a time of day: write it with two digits each, 09:00
        "24:00" is not a time of day: a day begins at 00:00
        "25:00" is not a time of day: hours go from 00 to 23 and minutes from 00 to 59
        "09:60" is not a time of day: hours go from 00 to 23 and minutes from 00 to 59
        "0900" is not a time of day: write HH:MM, like 09:00
        "nine" is not a time of day: write HH:MM, like 09:00
        "" is not a time of day: write HH:MM, like 09:00
        "09:0x" is not a time of day: write HH:MM, like 09:00
        "é9:00" is not a time of day: write HH:MM, like 09:00
        "#);
    }
}
