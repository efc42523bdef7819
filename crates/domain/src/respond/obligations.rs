//! Obligations: what must be told to whom by when, by law or by contract. Not legal advice.
//!
//! A clock starts at an anchor that somebody recorded (aware, classified as major, found to be material), at the submission
//! of what came before it in a chain, or at the end of a year: never at a guess. It does not pause. Whether it
//! is met, late or not due is on record with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, Timestamp};

/// What a clock starts at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// A moment that a person recorded: `aware`, `classified-major`, `materiality-determined`.
    Recorded(Name),
    /// The latest submission of another obligation.
    Submitted(Name),
    /// The end of the calendar year in which a recorded moment lies.
    YearOf(Name),
}

/// How long after its anchor something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Offset {
    /// Hours that elapse, whatever the clocks do.
    Hours(u16),
    /// Calendar days: to the same time of the clock.
    Days(u16),
    /// Calendar months: to the same day and time, or the last day of a shorter month.
    Months(u16),
    /// Days that are neither weekend nor holiday, to the end of the last of them.
    BusinessDays(u16),
}

/// A deadline that is counted from an anchor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub from: Anchor,
    /// Nothing: without undue delay, which has no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Offset>,
    /// And at the latest by this, unless the anchor itself came later (DORA: four hours from the classification, but
    /// a day from becoming aware).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Box<Clock>>,
    /// If it falls on a weekend or holiday: until this time of the next business day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub when_closed: Option<Time>,
}

/// The days of those who are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: TimeZone,
    pub holidays: BTreeSet<Date>,
}

impl Calendar {
    fn is_business(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.holidays.contains(&day)
    }

    /// The first business day after one.
    fn next_business(&self, day: Date) -> Option<Date> {
        day.series(1.day()).skip(1).take(MOST_CLOSED).find(|day| self.is_business(*day))
    }

    fn on(&self, day: Date, time: Time) -> Option<Zoned> {
        day.to_datetime(time).to_zoned(self.zone.clone()).ok()
    }
}

/// No authority is closed for so many days.
const MOST_CLOSED: usize = 60;

/// What is on record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub anchors: BTreeMap<Name, Timestamp>,
    /// The latest submission of each obligation.
    pub submitted: BTreeMap<Name, Timestamp>,
}

/// When something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The clock has not started: this is not on record.
    Waits(Anchor),
    /// Without undue delay since then.
    Prompt { since: Timestamp },
    /// The clock started then, and this is its end.
    Due { since: Timestamp, at: Timestamp },
}

impl Deadline {
    /// The end, if it has one.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Due { at, .. } => Some(*at),
            Self::Waits(_) | Self::Prompt { .. } => None,
        }
    }

    /// When whoever is accountable is to be reminded: half, three quarters and nine tenths of the time are over.
    pub fn reminders(&self) -> Vec<Timestamp> {
        let Self::Due { since, at } = self else { return Vec::new() };
        let whole = at.duration_since(*since).as_secs().max(0);
        let after = |share: i64| since.saturating_add(SignedDuration::from_secs(whole / 100 * share));
        [50, 75, 90].into_iter().filter_map(|share| after(share).ok()).collect()
    }
}

impl Clock {
    /// When it ends, by what is on record.
    pub fn deadline(&self, facts: &Facts, calendar: &Calendar) -> Deadline {
        let Some(since) = self.from.at(facts, calendar) else { return Deadline::Waits(self.from.clone()) };
        let Some(within) = self.within else { return Deadline::Prompt { since } };
        let mut at = within.after(since, calendar);
        if let Some(Deadline::Due { at: most, .. }) = self.at_most.as_ref().map(|most| most.deadline(facts, calendar))
            && since <= most
        {
            at = at.min(most);
        }
        Deadline::Due { since, at: self.opened(at, calendar) }
    }

    /// The same, or if nobody is there then, when somebody is again.
    fn opened(&self, at: Timestamp, calendar: &Calendar) -> Timestamp {
        let day = at.to_zoned(calendar.zone.clone()).date();
        let Some(until) = self.when_closed.filter(|_| !calendar.is_business(day)) else { return at };
        let next = calendar.next_business(day).and_then(|day| calendar.on(day, until));
        next.map_or(at, |next| next.timestamp())
    }
}

impl Anchor {
    fn at(&self, facts: &Facts, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Self::Recorded(name) => facts.anchors.get(name).copied(),
            Self::Submitted(name) => facts.submitted.get(name).copied(),
            Self::YearOf(name) => {
                let year = facts.anchors.get(name)?.to_zoned(calendar.zone.clone()).year();
                let next = Date::new(year + 1, 1, 1).ok()?;
                calendar.on(next, Time::midnight()).map(|next| next.timestamp())
            }
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(name) => write!(f, "{name}"),
            Self::Submitted(name) => write!(f, "the submission of {name}"),
            Self::YearOf(name) => write!(f, "the end of the year of {name}"),
        }
    }
}

impl Offset {
    fn after(self, since: Timestamp, calendar: &Calendar) -> Timestamp {
        let local = since.to_zoned(calendar.zone.clone());
        let later = |span: jiff::Span| local.checked_add(span).ok().map(|at| at.timestamp());
        let at = match self {
            Self::Hours(hours) => since.checked_add(SignedDuration::from_hours(hours.into())).ok(),
            Self::Days(days) => later(i64::from(days).days()),
            Self::Months(months) => later(i64::from(months).months()),
            Self::BusinessDays(days) => {
                let last = (0..days).try_fold(local.date(), |day, _| calendar.next_business(day));
                let end = last.and_then(|day| day.tomorrow().ok()).and_then(|day| calendar.on(day, Time::midnight()));
                end.map(|end| end.timestamp())
            }
        };
        at.unwrap_or(Timestamp::MAX)
    }
}

/// How an obligation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody decided that it is not due; that is a record too.
    NotDue,
    Waits(Anchor),
    Running(Deadline),
    Overdue {
        since: Timestamp,
    },
    Met {
        at: Timestamp,
    },
    Late {
        at: Timestamp,
        due: Timestamp,
    },
}

/// How it stands at `now`. `not_due` is that somebody decided so; `submitted` is when it was first done.
pub fn standing(deadline: &Deadline, not_due: bool, submitted: Option<Timestamp>, now: Timestamp) -> Standing {
    match (deadline, submitted) {
        (_, Some(at)) => match deadline.at().filter(|due| at > *due) {
            Some(due) => Standing::Late { at, due },
            None => Standing::Met { at },
        },
        (_, None) if not_due => Standing::NotDue,
        (Deadline::Waits(anchor), None) => Standing::Waits(anchor.clone()),
        (Deadline::Due { at, .. }, None) if now > *at => Standing::Overdue { since: *at },
        (deadline, None) => Standing::Running(deadline.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn calendar(zone: &str, holidays: &[&str]) -> Calendar {
        let holidays = holidays.iter().map(|day| day.parse().unwrap()).collect();
        Calendar { zone: TimeZone::get(zone).unwrap(), holidays }
    }

    fn facts(anchors: &[(&str, &str)], submitted: &[(&str, &str)]) -> Facts {
        let read = |list: &[(&str, &str)]| list.iter().map(|(key, time)| (name(key), at(time))).collect();
        Facts { anchors: read(anchors), submitted: read(submitted) }
    }

    fn recorded(anchor: &str, within: Offset) -> Clock {
        Clock { from: Anchor::Recorded(name(anchor)), within: Some(within), at_most: None, when_closed: None }
    }

    fn due(clock: &Clock, facts: &Facts, calendar: &Calendar) -> String {
        clock.deadline(facts, calendar).at().unwrap().to_zoned(calendar.zone.clone()).to_string()
    }

    #[test]
    fn hours_elapse_and_days_and_months_go_by_the_calendar() {
        let berlin = calendar("Europe/Berlin", &[]);
        let table = [
            // The clocks go forward in the night of 28 March 2027: 72 hours are 72 hours.
            ("2027-03-26T17:00:00+01:00", Offset::Hours(72), "2027-03-29T18:00:00+02:00[Europe/Berlin]"),
            ("2027-03-26T17:00:00+01:00", Offset::Days(3), "2027-03-29T17:00:00+02:00[Europe/Berlin]"),
            // A month from the last of January ends with February, in a leap year and in another.
            ("2028-01-31T10:00:00+01:00", Offset::Months(1), "2028-02-29T10:00:00+01:00[Europe/Berlin]"),
            ("2027-01-31T10:00:00+01:00", Offset::Months(1), "2027-02-28T10:00:00+01:00[Europe/Berlin]"),
            ("2026-12-31T23:30:00+01:00", Offset::Hours(24), "2027-01-01T23:30:00+01:00[Europe/Berlin]"),
        ];
        for (aware, within, expected) in table {
            assert_eq!(
                due(&recorded("aware", within), &facts(&[("aware", aware)], &[]), &berlin),
                expected,
                "{within:?}"
            );
        }
    }

    #[test]
    fn business_days_skip_weekends_and_holidays_and_end_with_the_day() {
        // SEC, form 8-K, item 1.05: four business days from the determination that it is material.
        let new_york = calendar("America/New_York", &["2026-11-26"]);
        let clock = recorded("materiality-determined", Offset::BusinessDays(4));
        let from = |text: &str| due(&clock, &facts(&[("materiality-determined", text)], &[]), &new_york);
        assert_eq!(from("2026-11-23T18:00:00-05:00"), "2026-12-01T00:00:00-05:00[America/New_York]");
        assert_eq!(
            from("2026-11-21T09:00:00-05:00"),
            "2026-11-28T00:00:00-05:00[America/New_York]",
            "found on a Saturday"
        );
    }

    #[test]
    fn the_first_notice_of_dora_is_due_by_the_earlier_of_two_clocks() {
        let clock = Clock {
            at_most: Some(Box::new(recorded("aware", Offset::Hours(24)))),
            when_closed: Some(Time::constant(12, 0, 0, 0)),
            ..recorded("classified-major", Offset::Hours(4))
        };
        let berlin = calendar("Europe/Berlin", &[]);
        let by = |aware: &str, classified: &str| {
            let facts = facts(&[("aware", aware), ("classified-major", classified)], &[]);
            due(&clock, &facts, &berlin).replace("[Europe/Berlin]", "")
        };
        assert_eq!(by("2026-11-24T08:00:00+01:00", "2026-11-24T10:00:00+01:00"), "2026-11-24T14:00:00+01:00");
        assert_eq!(by("2026-11-24T08:00:00+01:00", "2026-11-25T06:00:00+01:00"), "2026-11-25T08:00:00+01:00");
        assert_eq!(
            by("2026-11-24T08:00:00+01:00", "2026-11-26T10:00:00+01:00"),
            "2026-11-26T14:00:00+01:00",
            "classified late"
        );
        assert_eq!(
            by("2026-11-28T08:00:00+01:00", "2026-11-28T10:00:00+01:00"),
            "2026-11-30T12:00:00+01:00",
            "on a Saturday"
        );
        let unclassified = clock.deadline(&facts(&[("aware", "2026-11-24T08:00:00Z")], &[]), &berlin);
        assert_eq!(unclassified, Deadline::Waits(Anchor::Recorded(name("classified-major"))));
    }

    #[test]
    fn a_chain_starts_at_the_submission_before_and_starts_again_with_a_later_one() {
        // NIS 2, article 23(4)(d): a month from the submission of the notification, not from becoming aware.
        let last = Clock { from: Anchor::Submitted(name("notification")), ..recorded("aware", Offset::Months(1)) };
        let berlin = calendar("Europe/Berlin", &[]);
        let aware = facts(&[("aware", "2027-01-28T09:00:00Z")], &[]);
        assert_eq!(last.deadline(&aware, &berlin), Deadline::Waits(Anchor::Submitted(name("notification"))));
        let told = facts(&[("aware", "2027-01-28T09:00:00Z")], &[("notification", "2027-01-31T08:00:00Z")]);
        assert_eq!(due(&last, &told, &berlin), "2027-02-28T09:00:00+01:00[Europe/Berlin]");
        // HIPAA, fewer than 500 people: sixty days from the end of the year of the discovery.
        let log = Clock { from: Anchor::YearOf(name("discovered")), ..recorded("discovered", Offset::Days(60)) };
        let found = facts(&[("discovered", "2026-03-10T15:00:00Z")], &[]);
        assert_eq!(
            due(&log, &found, &calendar("America/New_York", &[])),
            "2027-03-02T00:00:00-05:00[America/New_York]"
        );
    }

    #[test]
    fn whether_it_is_met_is_told_by_what_is_on_record() {
        let utc = calendar("UTC", &[]);
        let clock = recorded("aware", Offset::Hours(72));
        let aware = facts(&[("aware", "2026-11-01T00:00:00Z")], &[]);
        let deadline = clock.deadline(&aware, &utc);
        let end = at("2026-11-04T00:00:00Z");
        assert_eq!(
            deadline.reminders(),
            [at("2026-11-02T12:00:00Z"), at("2026-11-03T06:00:00Z"), at("2026-11-03T16:48:00Z")]
        );
        let (before, after) = (at("2026-11-03T23:59:59Z"), at("2026-11-04T00:00:01Z"));
        assert_eq!(standing(&deadline, false, None, before), Standing::Running(deadline.clone()));
        assert_eq!(standing(&deadline, false, None, after), Standing::Overdue { since: end });
        assert_eq!(standing(&deadline, false, Some(before), after), Standing::Met { at: before });
        assert_eq!(standing(&deadline, false, Some(after), after), Standing::Late { at: after, due: end });
        assert_eq!(standing(&deadline, true, None, after), Standing::NotDue);
        let prompt = Clock { within: None, ..clock };
        let since = at("2026-11-01T00:00:00Z");
        assert_eq!(prompt.deadline(&aware, &utc), Deadline::Prompt { since });
        assert_eq!(
            standing(&Deadline::Prompt { since }, false, None, after),
            Standing::Running(Deadline::Prompt { since })
        );
        assert_eq!(
            standing(&prompt.deadline(&Facts::default(), &utc), false, None, after),
            Standing::Waits(Anchor::Recorded(name("aware")))
        );
    }
}
