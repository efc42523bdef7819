//! Insights: how long things took in many incidents, as distributions.
//!
//! Each number says of how many it speaks, and which they are. Fewer than twenty values are told as they are; from twenty on
//! there are quantiles, each with an interval; there is never a mean. Unknown stays unknown and is counted as such. It
//! compares two stretches of time, and says when no difference can be seen; it never compares people or teams.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::permutations::{self, RARE};
use super::quantiles::{SURE, SURE_OF_TWO, between, place, share_between};
use crate::respond::incidents::{Class, Phase};
use crate::respond::stamps::{Measure, Milestone, Stamp, Standing, Took, standing};
use crate::respond::updates::{Fate, Promise};
use crate::words::{IncidentId, Name, Refusal, Result, Span, Timestamp, choices::choices};

/// From so many values on there are quantiles.
pub const ENOUGH: usize = 20;
/// What is looked at, if nothing is said: so many days up to now.
pub const DAYS: i64 = 90;
/// The quantiles that are told, in percent.
const TOLD: [u8; 3] = [50, 75, 90];

/// An incident, as far as it is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: IncidentId,
    pub title: String,
    /// What it is called outside, if it is restricted.
    pub codename: Option<String>,
    pub class: Class,
    pub severity: Option<String>,
    pub phase: Phase,
    pub services: Vec<Name>,
    pub reported_at: Timestamp,
    pub near_miss: bool,
    /// It was practised.
    pub drill: bool,
    /// Written down when it was over.
    pub retrospective: bool,
    pub stamps: Vec<Stamp>,
    pub promises: Vec<Promise>,
}

/// What an incident is taken for its time, the best first.
const BEST: [Milestone; 9] = [
    Milestone::Declared,
    Milestone::Detected,
    Milestone::Alerted,
    Milestone::Acknowledged,
    Milestone::ImpactStarted,
    Milestone::Contained,
    Milestone::Mitigated,
    Milestone::Recovered,
    Milestone::Resolved,
];

impl Case {
    /// When it was: when it was declared, or the best that is known; when it was reported, if nothing is.
    pub fn at(&self) -> Timestamp {
        self.at_by(&standing(&self.stamps))
    }

    fn at_by(&self, standing: &Standing<'_>) -> Timestamp {
        BEST.iter().find_map(|milestone| standing.get(milestone)).map_or(self.reported_at, |stamp| stamp.when.at)
    }

    /// Among which it is counted. Whatever is no measure of a response is told apart here, and nowhere else.
    pub const fn cohort(&self) -> Cohort {
        match self.phase {
            _ if self.drill => Cohort::Drill,
            Phase::Merged => Cohort::Merged,
            Phase::Cancelled => Cohort::Cancelled,
            _ if self.near_miss => Cohort::NearMiss,
            _ if self.retrospective => Cohort::Retrospective,
            _ => Cohort::Counted,
        }
    }
}

choices! {
    /// Which incidents belong together when they are counted.
    Cohort: "the cohort" at "?which" {
        /// Their times are measured.
        Counted = "counted",
        /// It did not come to an incident: shown apart.
        NearMiss = "near-miss",
        /// Written down afterwards: no measure of how quick the response was. They are counted if that is asked for.
        Retrospective = "retrospective",
        /// It was none.
        Cancelled = "cancelled",
        /// Part of another, which is counted.
        Merged = "merged",
        /// Practised, and in no measure.
        Drill = "drill",
    }
}

choices! {
    /// Which incidents of a measure.
    Which: "the incidents" at "?which" {
        /// Those of which it is known.
        Known = "known",
        /// Those of which an end of it is not recorded.
        Unknown = "unknown",
        /// Those in which the end certainly came first: for the detection good news.
        Before = "before",
    }
}

choices! {
    /// Which promises.
    Promised: "the promises" at "?which" {
        /// Those that fell due.
        Due = "due",
        Kept = "kept",
        Missed = "missed",
    }
}

/// Which incidents are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The stretch of time: the first instant of it, and the first that is not.
    pub from: Timestamp,
    pub to: Timestamp,
    pub class: Option<Class>,
    pub severity: Option<String>,
    /// Those that touch one of these.
    pub services: Option<Vec<Name>>,
    /// What was written down afterwards is measured, too.
    pub retrospective: bool,
}

impl Filter {
    /// A stretch of time, of everything. What is not said ends now, and begins [`DAYS`] before its end.
    pub fn period(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Result<Self> {
        let to = to.unwrap_or_else(|| Span::seconds(1).after(now));
        let from = from.unwrap_or_else(|| Span::hours(24 * DAYS).before(to));
        if from >= to {
            return Err(Refusal::invalid("the period ends before it begins").at("?to"));
        }
        Ok(Self { from, to, class: None, severity: None, services: None, retrospective: false })
    }

    /// The same for as long a time before.
    pub fn before(&self) -> Self {
        let from = self.from.saturating_sub(self.to.duration_since(self.from)).unwrap_or(Timestamp::MIN);
        Self { from, to: self.from, ..self.clone() }
    }

    fn admits(&self, case: &Case, at: Timestamp) -> bool {
        self.from <= at
            && at < self.to
            && self.class.is_none_or(|class| class == case.class)
            && self.severity.as_ref().is_none_or(|level| case.severity.as_ref() == Some(level))
            && self.services.as_ref().is_none_or(|all| all.iter().any(|one| case.services.contains(one)))
    }
}

/// What came of many incidents.
#[derive(Debug)]
pub struct Insights<'c> {
    /// All that are looked at, the newest first in each.
    pub cohorts: BTreeMap<Cohort, Vec<&'c Case>>,
    /// One for each measure, in their order.
    pub distributions: Vec<Distribution<'c>>,
    pub promises: Promises<'c>,
}

/// A measure in many incidents.
#[derive(Debug)]
pub struct Distribution<'c> {
    pub measure: Measure,
    /// The incidents of which it is known, the quickest first.
    pub points: Vec<Point<'c>>,
    /// Those of which it is not, the newest first.
    pub unknown: Vec<&'c Case>,
}

/// A measure in one incident, with the claims between which it was measured.
#[derive(Clone, Copy, Debug)]
pub struct Point<'c> {
    pub case: &'c Case,
    pub took: Took,
    pub from: &'c Stamp,
    pub to: &'c Stamp,
}

impl Point<'_> {
    /// Where it stands among the others: in the middle of what it can have been.
    pub const fn seconds(&self) -> i64 {
        self.took.middle()
    }
}

/// A quantile: as many as this share of the incidents took no longer than this one.
#[derive(Clone, Copy, Debug)]
pub struct Quantile<'c> {
    pub percent: u8,
    pub point: Point<'c>,
    /// Between which two the quantile is in the long run, in 95 of 100 cases; nothing where too few were seen to say.
    pub least: Option<Point<'c>>,
    pub most: Option<Point<'c>>,
}

/// Promises of updates, of the incidents that are counted.
#[derive(Debug, Default)]
pub struct Promises<'c> {
    /// Those that fell due, the newest first.
    pub due: Vec<(&'c Case, &'c Promise)>,
    now: Timestamp,
}

/// Two stretches of time beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// One of them has too few values.
    TooFew { before: usize },
    /// How much longer the median took, and between which two the difference is in 95 of 100 cases.
    Difference {
        before: usize,
        seconds: i64,
        least: i64,
        most: i64,
        /// How often in a thousand shuffles the two differ as much.
        chance: u32,
        /// How many it takes in each to see that it took half as long; nothing, where that is not known.
        needed: Option<usize>,
    },
}

impl Comparison {
    /// Whether a difference can be seen at all.
    pub const fn is_detectable(self) -> bool {
        matches!(self, Self::Difference { chance, .. } if chance <= RARE)
    }
}

/// What came of those that the filter admits.
pub fn insights<'c>(cases: &'c [Case], filter: &Filter, now: Timestamp) -> Insights<'c> {
    let mut admitted: Vec<(Timestamp, &Case, Standing<'c>)> = cases
        .iter()
        .map(|case| (standing(&case.stamps), case))
        .map(|(standing, case)| (case.at_by(&standing), case, standing))
        .filter(|(at, case, _)| filter.admits(case, *at))
        .collect();
    admitted.sort_by_key(|(at, case, _)| Reverse((*at, case.id)));
    let mut cohorts: BTreeMap<Cohort, Vec<&Case>> = BTreeMap::new();
    let mut measured = Vec::new();
    for (_, case, standing) in &admitted {
        let cohort = match case.cohort() {
            Cohort::Retrospective if filter.retrospective => Cohort::Counted,
            cohort => cohort,
        };
        cohorts.entry(cohort).or_default().push(case);
        if cohort == Cohort::Counted {
            measured.push((*case, standing));
        }
    }
    let due = measured.iter().flat_map(|(case, _)| case.promises.iter().map(|promise| (*case, promise)));
    let mut due: Vec<_> = due.filter(|(_, promise)| fell_due(promise, now)).collect();
    due.sort_by_key(|(case, promise)| Reverse((promise.by, case.id)));
    Insights {
        distributions: Measure::ALL.map(|measure| Distribution::of(measure, &measured)).into(),
        promises: Promises { due, now },
        cohorts,
    }
}

impl<'c> Insights<'c> {
    /// The incidents of a cohort, the newest first.
    pub fn of(&self, cohort: Cohort) -> &[&'c Case] {
        self.cohorts.get(&cohort).map_or(&[], Vec::as_slice)
    }

    pub fn distribution(&self, measure: Measure) -> &Distribution<'c> {
        let found = self.distributions.iter().find(|one| one.measure == measure);
        found.expect("each measure has a distribution")
    }
}

impl<'c> Distribution<'c> {
    fn of(measure: Measure, cases: &[(&'c Case, &Standing<'c>)]) -> Self {
        let (mut points, mut unknown) = (Vec::new(), Vec::new());
        for (case, standing) in cases {
            match measure.ends(standing) {
                Some((from, to)) => {
                    points.push(Point { case, took: Took::between(&from.when, &to.when), from, to });
                }
                None => unknown.push(*case),
            }
        }
        points.sort_by_key(|point| (point.seconds(), point.case.id));
        Self { measure, points, unknown }
    }

    /// Of how many it is known.
    pub const fn n(&self) -> usize {
        self.points.len()
    }

    /// Of how many it could be.
    pub const fn of_all(&self) -> usize {
        self.points.len() + self.unknown.len()
    }

    /// In how many the end certainly came first.
    pub fn before(&self) -> usize {
        self.points.iter().filter(|point| point.took.is_before()).count()
    }

    /// Nothing, if there are too few: then only the values are told.
    pub fn quantiles(&self) -> Vec<Quantile<'c>> {
        let n = self.n();
        if n < ENOUGH {
            return Vec::new();
        }
        let quantile = |percent: u8| {
            let (least, most) = between(n, percent.into(), SURE);
            let at = |place: usize| self.points.get(place).copied();
            let point = place(n, percent.into()).and_then(at)?;
            Some(Quantile { percent, point, least: least.and_then(at), most: most.and_then(at) })
        };
        TOLD.into_iter().filter_map(quantile).collect()
    }

    /// How this one differs from that of the time before: by the medians, each with an interval that is wide enough for
    /// both to hold together. That is wider than it would have to be, and says nothing that is not so.
    pub fn against(&self, before: &Self) -> Comparison {
        let n = before.n();
        match (self.median(), before.median()) {
            (Some((now, now_least, now_most)), Some((then, then_least, then_most))) => Comparison::Difference {
                before: n,
                seconds: now - then,
                least: now_least - then_most,
                most: now_most - then_least,
                chance: permutations::chance(&self.seconds(), &before.seconds()).unwrap_or(1000),
                needed: permutations::needed(&[self.seconds(), before.seconds()].concat(), 0.5),
            },
            _ => Comparison::TooFew { before: n },
        }
    }

    fn seconds(&self) -> Vec<i64> {
        self.points.iter().map(Point::seconds).collect()
    }

    fn median(&self) -> Option<(i64, i64, i64)> {
        let n = self.n();
        let (least, most) = between(n, 50, SURE_OF_TWO);
        let at = |place: usize| self.points.get(place).map(Point::seconds);
        if n < ENOUGH {
            return None;
        }
        Some((at(place(n, 50)?)?, at(least?)?, at(most?)?))
    }
}

/// Whether an update had to come by now, or came. What was over before owes none.
fn fell_due(promise: &Promise, now: Timestamp) -> bool {
    match promise.fate {
        Fate::Answered { .. } => true,
        Fate::Open | Fate::Over { .. } => promise.is_missed(now),
    }
}

impl<'c> Promises<'c> {
    pub fn is_kept(&self, promise: &Promise) -> bool {
        !promise.is_missed(self.now)
    }

    pub fn kept(&self) -> usize {
        self.due.iter().filter(|(_, promise)| self.is_kept(promise)).count()
    }

    /// The share that was kept, and between which two it is in the long run; nothing, if there are too few.
    pub fn share(&self) -> Option<(f64, f64, f64)> {
        let (kept, n) = (self.kept(), self.due.len());
        if n < ENOUGH {
            return None;
        }
        let real = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (least, most) = share_between(kept, n);
        Some((real(kept) / real(n), least, most))
    }

    /// Those that are asked for.
    pub fn list(&self, which: Promised) -> Vec<(&'c Case, &'c Promise)> {
        let wanted = |promise: &Promise| match which {
            Promised::Due => true,
            Promised::Kept => self.is_kept(promise),
            Promised::Missed => !self.is_kept(promise),
        };
        self.due.iter().copied().filter(|(_, promise)| wanted(promise)).collect()
    }
}

/// What a measure is called.
pub const fn title(measure: Measure) -> &'static str {
    match measure {
        Measure::Detect => "Time to detect",
        Measure::Dwell => "Time undetected",
        Measure::Acknowledge => "Time to acknowledge",
        Measure::Declare => "Time to declare",
        Measure::Command => "Time to a commander",
        Measure::FirstPublicWord => "Time to the first public word",
        Measure::Contain => "Time to contain",
        Measure::Mitigate => "Time to mitigate",
        Measure::Recover => "Time to recover",
        Measure::Resolve => "Time to resolve",
    }
}

/// What a measure measures, in words.
pub const fn meaning(measure: Measure) -> &'static str {
    match measure {
        Measure::Detect => {
            "From the start of the impact to its detection. Below nought it was caught before anybody was affected."
        }
        Measure::Dwell => "From the first unauthorised action to the detection: how long somebody was inside unseen.",
        Measure::Acknowledge => "From the first page that was sent to the first person who took it.",
        Measure::Declare => "From the detection to the declaration: the part that culture changes.",
        Measure::Command => "From the declaration to the commander who accepted.",
        Measure::FirstPublicWord => {
            "From the detection, or the start of the impact if that came later, to the first public update."
        }
        Measure::Contain => "From the detection until further harm was stopped.",
        Measure::Mitigate => "From the start of the impact until it was back under the threshold. A workaround counts.",
        Measure::Recover => "From the start of the impact until function, redundancy and data were restored.",
        Measure::Resolve => "From the detection until the response was over.",
    }
}

/// A length of time, as people say it: `9 s`, `2 min 10 s`, `27 min`, `1 h 5 min`, `3 d 2 h`, `2 y 40 d`; `−3 h` if it is below nought.
pub fn in_words(seconds: i64) -> String {
    const MINUTE: u64 = 60;
    const TEN_MINUTES: u64 = 10 * MINUTE;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    let size = seconds.unsigned_abs();
    let two = |unit: u64, name: &str, below: u64, lesser: &str| match size % unit / below {
        0 => format!("{} {name}", size / unit),
        rest => format!("{} {name} {rest} {lesser}", size / unit),
    };
    let said = match size {
        0..MINUTE => format!("{size} s"),
        MINUTE..TEN_MINUTES => two(MINUTE, "min", 1, "s"),
        TEN_MINUTES..HOUR => format!("{} min", size / MINUTE),
        HOUR..DAY => two(HOUR, "h", MINUTE, "min"),
        DAY..YEAR => two(DAY, "d", HOUR, "h"),
        _ => two(YEAR, "y", DAY, "d"),
    };
    if seconds < 0 { format!("−{said}") } else { said }
}

/// What it can have been, if that is known less exactly: `3 h to 5 h`.
pub fn range_in_words(took: Took) -> Option<String> {
    took.is_vague().then(|| format!("{} to {}", in_words(took.least), in_words(took.most)))
}

#[cfg(test)]
#[path = "insights_tests.rs"]
mod tests;
