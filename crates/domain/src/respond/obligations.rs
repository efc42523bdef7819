//! Obligations: what must be told to whom by when, by law or by contract. Not legal advice.
//!
//! A clock starts at an anchor that somebody recorded (aware, classified as major, found to be material), at the submission
//! of what came before it in a chain, or at the end of a year: never at a guess. It does not pause; only a law that is
//! named postpones it. Whether it is met, late or not due is on record with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _, Zoned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{AnchorId, DecisionId, Name, SubmissionId, Timestamp};

/// What is said wherever an obligation is shown.
pub const NOTICE: &str = "Not legal advice. Clocks and packs are a help to keep count; what applies, and from when, is decided \
    by the people named, with their counsel.";

/// What a clock starts at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// A moment that a person recorded: `aware`, `classified-major`, `materiality-determined`.
    Recorded(Name),
    /// The first submission of another clock. What is amended later does not move what follows (NIS 2).
    Submitted(Name),
    /// The latest submission of another clock: with each update that follows starts anew (DORA, the final report).
    LastSubmitted(Name),
    /// The end of the calendar year in which a recorded moment lies.
    YearOf(Name),
    /// Whichever of these is known to have come first.
    Earliest(Vec<Anchor>),
    /// The last of these; nothing before all of them are known.
    Latest(Vec<Anchor>),
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
    /// Days on which those who are to be told work, to the end of the last of them.
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
    /// Days of the week that are never business days.
    pub weekend: Vec<Weekday>,
    /// When a business day ends: with the day, if absent.
    pub closes: Option<Time>,
}

impl Calendar {
    fn is_business(&self, day: Date) -> bool {
        !self.weekend.contains(&day.weekday()) && !self.holidays.contains(&day)
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
    /// The first and the latest submission of each clock.
    pub submitted: BTreeMap<Name, (Timestamp, Timestamp)>,
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

    /// When whoever is accountable is to be reminded: when half, three quarters, nine tenths and all of the time are
    /// over, in hundredths.
    pub fn reminders(&self) -> Vec<(u8, Timestamp)> {
        let Self::Due { since, at } = self else { return Vec::new() };
        let whole = at.duration_since(*since).as_secs().max(0);
        let after = |share: u8| since.checked_add(SignedDuration::from_secs(whole * i64::from(share) / 100)).ok();
        [50, 75, 90, 100].into_iter().filter_map(|share| Some((share, after(share)?))).collect()
    }

    /// The same clock, with an end that a law or an authority moved.
    #[must_use]
    pub fn postponed(self, until: Timestamp) -> Self {
        match self {
            Self::Due { since, .. } | Self::Prompt { since } => Self::Due { since, at: until },
            waits @ Self::Waits(_) => waits,
        }
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
            Self::Submitted(name) => facts.submitted.get(name).map(|(first, _)| *first),
            Self::LastSubmitted(name) => facts.submitted.get(name).map(|(_, last)| *last),
            Self::Earliest(any) => any.iter().filter_map(|one| one.at(facts, calendar)).min(),
            Self::Latest(all) => {
                let all: Option<Vec<Timestamp>> = all.iter().map(|one| one.at(facts, calendar)).collect();
                all?.into_iter().max()
            }
            Self::YearOf(name) => {
                let year = facts.anchors.get(name)?.to_zoned(calendar.zone.clone()).year();
                let next = Date::new(year + 1, 1, 1).ok()?;
                calendar.on(next, Time::midnight()).map(|next| next.timestamp())
            }
        }
    }

    /// The moments and the submissions that it names, in the order in which they stand.
    pub fn names(&self) -> (Vec<&Name>, Vec<&Name>) {
        match self {
            Self::Recorded(name) | Self::YearOf(name) => (vec![name], Vec::new()),
            Self::Submitted(name) | Self::LastSubmitted(name) => (Vec::new(), vec![name]),
            Self::Earliest(several) | Self::Latest(several) => {
                let (moments, clocks): (Vec<_>, Vec<_>) = several.iter().map(Self::names).unzip();
                (moments.concat(), clocks.concat())
            }
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(name) => write!(f, "{name}"),
            Self::Submitted(name) => write!(f, "the submission of {name}"),
            Self::LastSubmitted(name) => write!(f, "the latest submission of {name}"),
            Self::YearOf(name) => write!(f, "the end of the year of {name}"),
            Self::Earliest(several) => write!(f, "the earliest of {}", listed(several)),
            Self::Latest(several) => write!(f, "the latest of {}", listed(several)),
        }
    }
}

fn listed(several: &[Anchor]) -> String {
    several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self {
            Self::Hours(count) => (count, "hour"),
            Self::Days(count) => (count, "day"),
            Self::Months(count) => (count, "month"),
            Self::BusinessDays(count) => (count, "business day"),
        };
        write!(f, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

impl Offset {
    /// When that time is over.
    pub fn after(self, since: Timestamp, calendar: &Calendar) -> Timestamp {
        let local = since.to_zoned(calendar.zone.clone());
        let later = |span: jiff::Span| local.checked_add(span).ok().map(|at| at.timestamp());
        let at = match self {
            Self::Hours(hours) => since.checked_add(SignedDuration::from_hours(hours.into())).ok(),
            Self::Days(days) => later(i64::from(days).days()),
            Self::Months(months) => later(i64::from(months).months()),
            Self::BusinessDays(days) => {
                let last = (0..days).try_fold(local.date(), |day, _| calendar.next_business(day));
                let end = match calendar.closes {
                    Some(time) => last.and_then(|day| calendar.on(day, time)),
                    None => last.and_then(|day| day.tomorrow().ok()).and_then(|day| calendar.on(day, Time::midnight())),
                };
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

/// A moment that starts clocks, as a named person recorded it. It is never changed: a later record supersedes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub id: AnchorId,
    pub pack: Name,
    pub anchor: Name,
    pub at: Timestamp,
    /// Who decided it, on what facts.
    pub basis: String,
    /// Where it is shown.
    pub evidence: Option<String>,
    pub by: String,
    pub entered_at: Timestamp,
    pub supersedes: Option<AnchorId>,
}

/// Something that was told to those who are to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    pub id: SubmissionId,
    pub pack: Name,
    pub clock: Name,
    pub at: Timestamp,
    /// The number under which they took it.
    pub receipt: Option<String>,
    /// Exactly what was sent.
    pub text: String,
    pub by: String,
    pub entered_at: Timestamp,
    /// What it corrects or completes.
    pub amends: Option<SubmissionId>,
    /// If it came after the deadline: why.
    pub why_late: Option<String>,
}

/// What somebody decided of a pack in an incident, or of one of its clocks. A later decision takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub id: DecisionId,
    pub pack: Name,
    /// Nothing: of the whole pack.
    pub clock: Option<Name>,
    pub ruling: Ruling,
    /// On what facts, by what article.
    pub why: String,
    pub by: String,
    pub at: Timestamp,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The pack is about this incident, or may be: its clocks are kept.
    Considered,
    /// It is not: no personal data, not significant, not material.
    RuledOut,
    /// Nothing has to be told under this clock.
    NotDue,
    /// It has, after all.
    Due,
    /// By law, or by an authority: not before then. Nothing else postpones.
    Postponed { until: Timestamp },
}

impl Ruling {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Considered => "considered",
            Self::RuledOut => "ruled-out",
            Self::NotDue => "not-due",
            Self::Due => "due",
            Self::Postponed { .. } => "postponed",
        }
    }

    /// Whether it is about one clock, and not about a whole pack.
    pub const fn is_of_a_clock(self) -> bool {
        matches!(self, Self::NotDue | Self::Due | Self::Postponed { .. })
    }
}

/// Everything that is on record of an incident, each in the order in which it was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    pub anchors: Vec<Recorded>,
    pub submissions: Vec<Submission>,
    pub decisions: Vec<Decision>,
}

impl Records {
    /// The record of an anchor that counts: the one that none supersedes.
    pub fn anchor(&self, pack: &Name, anchor: &Name) -> Option<&Recorded> {
        self.anchors.iter().rev().find(|one| one.pack == *pack && one.anchor == *anchor)
    }

    /// What was decided last of a pack, or of one of its clocks.
    pub fn decision(&self, pack: &Name, clock: Option<&Name>) -> Option<&Decision> {
        self.decisions.iter().rev().find(|one| one.pack == *pack && one.clock.as_ref() == clock)
    }

    /// What was told under a clock, in the order in which it was told.
    pub fn submissions(&self, pack: &Name, clock: &Name) -> Vec<&Submission> {
        let mut told: Vec<_> = self.submissions.iter().filter(|one| one.pack == *pack && one.clock == *clock).collect();
        told.sort_by_key(|one| (one.at, one.id));
        told
    }

    /// Whether anything is on record under a pack that can start or stop a clock.
    pub fn has_facts(&self, pack: &Name) -> bool {
        self.anchors.iter().any(|one| one.pack == *pack) || self.submissions.iter().any(|one| one.pack == *pack)
    }

    /// What the clocks of a pack go by.
    pub fn facts(&self, pack: &Name) -> Facts {
        let mut facts = Facts::default();
        for one in self.anchors.iter().filter(|one| one.pack == *pack) {
            facts.anchors.insert(one.anchor.clone(), one.at);
        }
        for one in self.submissions.iter().filter(|one| one.pack == *pack) {
            let (first, last) = facts.submitted.entry(one.clock.clone()).or_insert((one.at, one.at));
            (*first, *last) = ((*first).min(one.at), (*last).max(one.at));
        }
        facts
    }

    /// When a clock of a pack ends, and how it stands at `now`.
    pub fn stands(
        &self,
        pack: &Name,
        clock: &Name,
        rule: &Clock,
        calendar: &Calendar,
        now: Timestamp,
    ) -> (Deadline, Standing) {
        let facts = self.facts(pack);
        let ruling = self.decision(pack, Some(clock)).map(|one| one.ruling);
        let deadline = match (rule.deadline(&facts, calendar), ruling) {
            (deadline, Some(Ruling::Postponed { until })) => deadline.postponed(until),
            (deadline, _) => deadline,
        };
        let first = facts.submitted.get(clock).map(|(first, _)| *first);
        let standing = standing(&deadline, ruling == Some(Ruling::NotDue), first, now);
        (deadline, standing)
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
        let weekend = vec![Weekday::Saturday, Weekday::Sunday];
        Calendar { zone: TimeZone::get(zone).unwrap(), holidays, weekend, closes: None }
    }

    fn facts(anchors: &[(&str, &str)], submitted: &[(&str, &str)]) -> Facts {
        let mut facts = Facts::default();
        facts.anchors.extend(anchors.iter().map(|(key, time)| (name(key), at(time))));
        for (key, time) in submitted {
            facts.submitted.entry(name(key)).or_insert((at(time), at(time))).1 = at(time);
        }
        facts
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
    fn a_chain_starts_at_the_submission_before_and_starts_again_only_where_the_law_says_so() {
        // NIS 2, article 23(4)(d): a month from the submission of the notification, not from becoming aware.
        let last = Clock { from: Anchor::Submitted(name("notification")), ..recorded("aware", Offset::Months(1)) };
        let berlin = calendar("Europe/Berlin", &[]);
        let aware = facts(&[("aware", "2027-01-28T09:00:00Z")], &[]);
        assert_eq!(last.deadline(&aware, &berlin), Deadline::Waits(Anchor::Submitted(name("notification"))));
        let told = facts(&[("aware", "2027-01-28T09:00:00Z")], &[("notification", "2027-01-31T08:00:00Z")]);
        assert_eq!(due(&last, &told, &berlin), "2027-02-28T09:00:00+01:00[Europe/Berlin]");
        // An amendment does not move it; the final report of DORA is counted from the latest intermediate report.
        let twice = [("notification", "2027-01-31T08:00:00Z"), ("notification", "2027-02-03T08:00:00Z")];
        let amended = facts(&[], &twice);
        assert_eq!(due(&last, &amended, &berlin), "2027-02-28T09:00:00+01:00[Europe/Berlin]");
        let anew = Clock { from: Anchor::LastSubmitted(name("notification")), ..last };
        assert_eq!(due(&anew, &amended, &berlin), "2027-03-03T09:00:00+01:00[Europe/Berlin]");
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
            [
                (50, at("2026-11-02T12:00:00Z")),
                (75, at("2026-11-03T06:00:00Z")),
                (90, at("2026-11-03T16:48:00Z")),
                (100, end)
            ]
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

    #[test]
    fn a_clock_may_go_by_the_first_or_the_last_of_several_moments() {
        let utc = calendar("UTC", &[]);
        let both = || vec![Anchor::Recorded(name("told")), Anchor::Recorded(name("found"))];
        let with = |from| Clock { from, ..recorded("told", Offset::Hours(24)) };
        let (first, last) = (with(Anchor::Earliest(both())), with(Anchor::Latest(both())));
        let one = facts(&[("found", "2026-11-03T00:00:00Z")], &[]);
        let two = facts(&[("found", "2026-11-03T00:00:00Z"), ("told", "2026-11-02T00:00:00Z")], &[]);
        assert_eq!(first.deadline(&one, &utc).at(), Some(at("2026-11-04T00:00:00Z")));
        assert_eq!(last.deadline(&one, &utc).at(), None, "not before both are known");
        assert_eq!(first.deadline(&two, &utc).at(), Some(at("2026-11-03T00:00:00Z")));
        assert_eq!(last.deadline(&two, &utc).at(), Some(at("2026-11-04T00:00:00Z")));
        assert_eq!(last.from.to_string(), "the latest of told, found");
        assert_eq!(last.from.names().0, [&name("told"), &name("found")]);
    }

    #[test]
    fn the_calendar_of_those_who_are_told_says_when_a_business_day_is_and_ends() {
        // The desk closes at half past five, and works from Sunday to Thursday.
        let desk = Calendar {
            weekend: vec![Weekday::Friday, Weekday::Saturday],
            closes: Some(Time::constant(17, 30, 0, 0)),
            ..calendar("Asia/Riyadh", &["2026-11-22"])
        };
        let clock = recorded("aware", Offset::BusinessDays(2));
        // From Thursday 19 November: Friday and Saturday are the weekend, Sunday is a holiday; Monday, Tuesday.
        let from = facts(&[("aware", "2026-11-19T10:00:00+03:00")], &[]);
        assert_eq!(due(&clock, &from, &desk), "2026-11-24T17:30:00+03:00[Asia/Riyadh]");
    }

    #[test]
    fn records_say_what_counts_and_decisions_can_be_revoked() {
        let mut mint = crate::words::Mint::seeded(1);
        let (gdpr, aware, authority) = (name("gdpr"), name("aware"), name("authority"));
        let mut records = Records::default();
        let utc = calendar("UTC", &[]);
        let clock = recorded("aware", Offset::Hours(72));
        let now = at("2026-11-02T00:00:00Z");
        let stands = |records: &Records| records.stands(&gdpr, &authority, &clock, &utc, now);
        assert!(matches!(stands(&records).1, Standing::Waits(_)));
        let mut record = |time: &str, supersedes| Recorded {
            id: mint.id(now),
            pack: gdpr.clone(),
            anchor: aware.clone(),
            at: at(time),
            basis: "the privacy officer looked at the log".into(),
            evidence: None,
            by: "person:ana".into(),
            entered_at: now,
            supersedes,
        };
        let first = record("2026-11-01T12:00:00Z", None);
        let second = record("2026-11-01T06:00:00Z", Some(first.id));
        records.anchors = vec![first, second];
        let due = at("2026-11-04T06:00:00Z");
        assert_eq!(stands(&records).0.at(), Some(due), "the later record counts");
        let mut decide = |ruling| {
            let decision = Decision {
                id: mint.id(now),
                pack: gdpr.clone(),
                clock: Some(authority.clone()),
                ruling,
                why: "unlikely to be a risk".into(),
                by: "person:ana".into(),
                at: now,
            };
            records.decisions.push(decision);
            stands(&records)
        };
        assert_eq!(decide(Ruling::NotDue).1, Standing::NotDue);
        assert!(matches!(decide(Ruling::Due).1, Standing::Running(_)));
        let until = at("2026-12-01T00:00:00Z");
        assert_eq!(decide(Ruling::Postponed { until }).0.at(), Some(until));
        let submission = Submission {
            id: mint.id(now),
            pack: gdpr.clone(),
            clock: authority.clone(),
            at: now,
            receipt: Some("2026/117".into()),
            text: "We report ...".into(),
            by: "person:ana".into(),
            entered_at: now,
            amends: None,
            why_late: None,
        };
        records.submissions.push(submission);
        assert_eq!(stands(&records).1, Standing::Met { at: now });
        assert!(records.has_facts(&gdpr) && !records.has_facts(&name("nis2")));
    }
}
