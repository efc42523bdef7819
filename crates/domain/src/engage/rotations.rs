//! Turns of a rotation: when turn n begins, and which turn an instant falls into.
//!
//! Always anchor + n × length, in the wall-clock time of the zone, never one step after another:
//! stepping through a day whose 02:30 does not exist would hand off at 03:30 for ever after.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::schedules::Rotate;

/// Hours that divide the day keep the wall clock; others would begin at another hour each day anyway.
const WALL_HOURS: [u16; 7] = [1, 2, 3, 4, 6, 8, 12];
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A clock change: at this instant the local clock jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub at: Timestamp,
    /// What the clock shows when it jumps, and what it shows then.
    pub from: DateTime,
    pub to: DateTime,
}

/// The instant of a local time. In a gap the offset before it counts, in a fold the first of the two (RFC 5545's
/// reading, jiff's "compatible").
pub fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(local).compatible().unwrap_or(if local.year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}

/// The clock change that makes this local time not exist or happen twice; `None`: it exists once.
pub fn jump(zone: &TimeZone, local: DateTime) -> Option<Jump> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let (before, after) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => return None,
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => (before, after),
    };
    let not_before = ambiguous.later().ok()?;
    let at = zone.preceding(not_before + SignedDuration::from_nanos(1)).next()?.timestamp();
    Some(Jump { at, from: before.to_datetime(at), to: after.to_datetime(at) })
}

/// A rotation in its zone: an anchor and the length of a turn. Turns are counted from 0.
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    zone: TimeZone,
    anchor: DateTime,
    first: Timestamp,
    turn: Turn,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    /// Seconds on the wall clock.
    Wall(i64),
    /// Seconds of elapsed time.
    Elapsed(i64),
}

impl Rotation {
    /// `rotate` is not zero: that was refused before.
    pub(super) fn new(zone: TimeZone, anchor: DateTime, rotate: Rotate) -> Self {
        let turn = match rotate {
            Rotate::Hours(hours) if WALL_HOURS.contains(&hours) => Turn::Wall(i64::from(hours) * HOUR),
            Rotate::Hours(hours) => Turn::Elapsed(i64::from(hours.max(1)) * HOUR),
            Rotate::Days(days) => Turn::Wall(i64::from(days.max(1)) * DAY),
            Rotate::Weeks(weeks) => Turn::Wall(i64::from(weeks.max(1)) * 7 * DAY),
        };
        let first = instant(&zone, anchor);
        Self { zone, anchor, first, turn }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(super) fn first(&self) -> Timestamp {
        self.first
    }

    pub(super) fn anchor(&self) -> DateTime {
        self.anchor
    }

    /// The length of a turn on the wall clock, in seconds; `None` if turns are elapsed time.
    pub(super) fn wall_seconds(&self) -> Option<i64> {
        match self.turn {
            Turn::Wall(seconds) => Some(seconds),
            Turn::Elapsed(_) => None,
        }
    }

    /// When turn `n` begins and turn `n - 1` ends.
    pub(super) fn hand_off(&self, n: i64) -> Timestamp {
        match self.turn {
            Turn::Elapsed(seconds) => self
                .first
                .saturating_add(SignedDuration::from_secs(n.saturating_mul(seconds)))
                .unwrap_or(Timestamp::MAX),
            Turn::Wall(seconds) => {
                let begins = self.local(n, seconds);
                let at = instant(&self.zone, begins);
                // A time in a gap is read with the offset before it, which puts it after the gap by as much as it lay
                // within. A gap longer than a turn (Apia left out a whole day) would so put it after later hand-offs:
                // it takes place no later than the first hand-off that exists again.
                match jump(&self.zone, begins).filter(|jump| jump.to > jump.from) {
                    None => at,
                    Some(gap) => {
                        let missing = gap.to.duration_since(begins).as_secs().max(0);
                        let next = n + missing.div_euclid(seconds) + i64::from(missing % seconds != 0);
                        at.min(instant(&self.zone, self.local(next, seconds)))
                    }
                }
            }
        }
    }

    /// The turn that is on at this instant; `None` before the first. A turn that a clock change left no time never is.
    pub(super) fn turn_at(&self, at: Timestamp) -> Option<i64> {
        if at < self.first {
            return None;
        }
        let n = match self.turn {
            Turn::Elapsed(seconds) => at.duration_since(self.first).as_secs().div_euclid(seconds),
            Turn::Wall(seconds) => {
                // Exact but for the hours around a clock change: there, a few turns to look at.
                let mut n = self.zone.to_datetime(at).duration_since(self.anchor).as_secs().div_euclid(seconds).max(0);
                while n > 0 && self.hand_off(n) > at {
                    n -= 1;
                }
                loop {
                    let next = self.hand_off(n + 1);
                    if next > at || next == Timestamp::MAX {
                        break;
                    }
                    n += 1;
                }
                n
            }
        };
        Some(n)
    }

    fn local(&self, n: i64, seconds: i64) -> DateTime {
        self.anchor.saturating_add(SignedDuration::from_secs(n.saturating_mul(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(zone: &str, anchor: &str, rotate: Rotate) -> Rotation {
        Rotation::new(TimeZone::get(zone).unwrap(), anchor.parse().unwrap(), rotate)
    }

    /// The hand-offs of `count` turns from the one that is on at `from`, in local time.
    fn hand_offs(zone: &str, anchor: &str, rotate: Rotate, from: &str, count: i64) -> String {
        let rotation = rotation(zone, anchor, rotate);
        let first = rotation.turn_at(from.parse().unwrap()).unwrap();
        let show = |n| rotation.hand_off(n).to_zoned(rotation.zone.clone()).strftime("%a %F %H:%M %:z").to_string();
        (first..first + count).map(show).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_weekly_hand_off_stays_at_nine_through_both_clock_changes() {
        let weekly = |from| hand_offs("Europe/Berlin", "2026-01-05T09:00", Rotate::Weeks(1), from, 3);
        insta::assert_snapshot!(weekly("2026-03-24T00:00:00Z"), @r"
        Mon 2026-03-23 09:00 +01:00
        Mon 2026-03-30 09:00 +02:00
        Mon 2026-04-06 09:00 +02:00
        ");
        insta::assert_snapshot!(weekly("2026-10-20T00:00:00Z"), @r"
        Mon 2026-10-19 09:00 +02:00
        Mon 2026-10-26 09:00 +01:00
        Mon 2026-11-02 09:00 +01:00
        ");
    }

    #[test]
    fn a_daily_hand_off_in_the_gap_takes_place_after_it_and_does_not_drift() {
        let daily = hand_offs("Europe/Berlin", "2026-03-01T02:30", Rotate::Days(1), "2026-03-28T12:00:00Z", 3);
        insta::assert_snapshot!(daily, @r"
        Sat 2026-03-28 02:30 +01:00
        Sun 2026-03-29 03:30 +02:00
        Mon 2026-03-30 02:30 +02:00
        ");
        let fold = hand_offs("Europe/Berlin", "2026-03-01T02:30", Rotate::Days(1), "2026-10-24T12:00:00Z", 3);
        insta::assert_snapshot!(fold, @r"
        Sat 2026-10-24 02:30 +02:00
        Sun 2026-10-25 02:30 +02:00
        Mon 2026-10-26 02:30 +01:00
        ");
    }

    #[test]
    fn lord_howe_moves_by_half_an_hour() {
        let hourly = |from| hand_offs("Australia/Lord_Howe", "2026-01-01T00:00", Rotate::Hours(1), from, 4);
        // Forward on 4 October, 02:00 to 02:30; back on 5 April, 02:00 to 01:30.
        insta::assert_snapshot!(hourly("2026-10-03T14:30:00Z"), @r"
        Sun 2026-10-04 01:00 +10:30
        Sun 2026-10-04 02:30 +11:00
        Sun 2026-10-04 03:00 +11:00
        Sun 2026-10-04 04:00 +11:00
        ");
        insta::assert_snapshot!(hourly("2026-04-04T14:00:00Z"), @r"
        Sun 2026-04-05 01:00 +11:00
        Sun 2026-04-05 02:00 +10:30
        Sun 2026-04-05 03:00 +10:30
        Sun 2026-04-05 04:00 +10:30
        ");
    }

    #[test]
    fn apia_left_out_a_day() {
        let daily = hand_offs("Pacific/Apia", "2011-12-01T09:00", Rotate::Days(1), "2011-12-29T20:00:00Z", 3);
        // The turn of the 30th has no time at all; who it belongs to is next in turn all the same.
        insta::assert_snapshot!(daily, @r"
        Thu 2011-12-29 09:00 -10:00
        Sat 2011-12-31 09:00 +14:00
        Sat 2011-12-31 09:00 +14:00
        ");
        let hours = hand_offs("Pacific/Apia", "2011-12-01T00:30", Rotate::Hours(12), "2011-12-30T09:00:00Z", 4);
        insta::assert_snapshot!(hours, @r"
        Thu 2011-12-29 12:30 -10:00
        Sat 2011-12-31 00:30 +14:00
        Sat 2011-12-31 00:30 +14:00
        Sat 2011-12-31 00:30 +14:00
        ");
    }

    #[test]
    fn hours_that_divide_the_day_keep_the_wall_clock_and_others_elapse() {
        let turns =
            |hours| hand_offs("Europe/Berlin", "2026-03-28T20:00", Rotate::Hours(hours), "2026-03-28T19:00:00Z", 4);
        insta::assert_snapshot!(turns(4), @r"
        Sat 2026-03-28 20:00 +01:00
        Sun 2026-03-29 00:00 +01:00
        Sun 2026-03-29 04:00 +02:00
        Sun 2026-03-29 08:00 +02:00
        ");
        insta::assert_snapshot!(turns(5), @r"
        Sat 2026-03-28 20:00 +01:00
        Sun 2026-03-29 01:00 +01:00
        Sun 2026-03-29 07:00 +02:00
        Sun 2026-03-29 12:00 +02:00
        ");
    }

    #[test]
    fn zones_without_clock_changes_are_plain() {
        for zone in ["Africa/Nairobi", "Asia/Kolkata", "UTC"] {
            let rotation = rotation(zone, "2026-01-05T09:00", Rotate::Days(1));
            for n in 0..400 {
                assert_eq!(rotation.hand_off(n).duration_since(rotation.first()).as_secs(), n * DAY, "{zone} {n}");
            }
        }
    }

    #[test]
    fn the_end_of_time_is_no_trap() {
        let rotation = rotation("America/New_York", "2026-01-05T09:00", Rotate::Hours(1));
        assert!(rotation.turn_at(Timestamp::MAX).is_some());
        assert_eq!(rotation.turn_at(Timestamp::MIN), None);
        assert_eq!(rotation.hand_off(i64::MAX), Timestamp::MAX);
    }

    /// Every zone of the database, ten years, around each of its clock changes.
    #[test]
    fn hand_offs_never_go_back_in_any_zone() {
        let from: Timestamp = "2009-01-01T00:00:00Z".parse().unwrap();
        let to: Timestamp = "2019-01-01T00:00:00Z".parse().unwrap();
        let mut looked_at = 0;
        for name in jiff::tz::db().available() {
            let zone = TimeZone::get(name.as_str()).unwrap();
            let changes: Vec<Timestamp> = zone.following(from).map(|t| t.timestamp()).take_while(|t| *t < to).collect();
            for (rotate, anchor, around) in [
                (Rotate::Hours(1), "2008-12-29T00:30", 26),
                (Rotate::Hours(8), "2008-12-29T00:00", 4),
                (Rotate::Days(1), "2008-12-29T02:30", 2),
            ] {
                let rotation = Rotation::new(zone.clone(), anchor.parse().unwrap(), rotate);
                for change in &changes {
                    let turn = rotation.turn_at(*change).unwrap();
                    for n in (turn - around).max(0)..turn + around {
                        let (begins, ends) = (rotation.hand_off(n), rotation.hand_off(n + 1));
                        assert!(begins <= ends, "{name} {rotate:?} turn {n} ends before it begins");
                        if begins < ends {
                            assert_eq!(rotation.turn_at(begins), Some(n), "{name} {rotate:?} begin of {n}");
                            let last = ends - SignedDuration::from_millis(1);
                            assert_eq!(rotation.turn_at(last), Some(n), "{name} {rotate:?} end of {n}");
                        }
                        looked_at += 1;
                    }
                }
            }
        }
        assert!(looked_at > 100_000, "only {looked_at}");
    }
}
