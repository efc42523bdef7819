//! The ledger of minutes: where the time of an incident went, from the first harm to the end of the response.
//!
//! One chain of points, each a stamp or something that this program recorded, and a row from each known point to the next
//! one: the rows add up to the whole. A point that is not known is said to be so, with the reason; its time is then in the
//! row after it, which says from where it counts. No point is guessed.

use super::insights::{in_words, range_in_words};
use super::records::{Cite, Record};
use crate::respond::stamps::{Measure, Milestone, Source, Stamp, Standing, Took, When, standing};
use crate::words::choices::choices;
use crate::words::{EventKind, Span, Timestamp};

choices! {
    /// A part of the way. Each ends where its point is reached.
    Stage: "a stage of the ledger" at "/stage" {
        /// Until somebody or something noticed.
        Detect = "detect",
        /// From the first notice to the first alert, or to the call where no alert fired: people noticed first.
        Alert = "alert",
        /// The group of alerts waited for company.
        GroupWait = "group-wait",
        /// Until the page had a message for somebody.
        Page = "page",
        /// Until the first message had left.
        Deliver = "deliver",
        /// Until a person took it.
        Acknowledge = "acknowledge",
        /// Until somebody commanded.
        Assemble = "assemble",
        /// Until further harm was stopped.
        Contain = "contain",
        /// Until the impact was back under the threshold.
        Mitigate = "mitigate",
        /// Until all worked as before.
        Recover = "recover",
        /// Until the response was over.
        Resolve = "resolve",
    }
}

impl Stage {
    /// As a heading of its row.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Detect => "Detect",
            Self::Alert => "Until the alarm",
            Self::GroupWait => "Group wait",
            Self::Page => "Page",
            Self::Deliver => "Deliver",
            Self::Acknowledge => "Acknowledge",
            Self::Assemble => "Assemble",
            Self::Contain => "Contain",
            Self::Mitigate => "Mitigate",
            Self::Recover => "Recover",
            Self::Resolve => "Wind down",
        }
    }
}

/// A point on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// `the impact started`
    pub says: &'static str,
    pub when: When,
    /// Who says so.
    pub source: Source,
    pub cites: Vec<Cite>,
}

/// A row: how long a stage took, or why nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub stage: Stage,
    pub spent: Spent,
}

/// What is known of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    Known {
        from: Point,
        to: Point,
        took: Took,
    },
    Unknown {
        why: String,
        /// What shows that it is not known.
        cites: Vec<Cite>,
    },
}

/// A measure between two milestones, as insights count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    pub measure: Measure,
    /// The stamps between which it is measured, and how long it took.
    pub took: Option<(Cite, Cite, Took)>,
}

/// Where the minutes went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub rows: Vec<Row>,
    /// From the first point that is known to the last: what the rows add up to.
    pub whole: Option<(Point, Point, Took)>,
    pub totals: Vec<Total>,
}

impl Row {
    /// In a sentence, with what it rests on.
    pub fn says(&self) -> (String, Vec<Cite>) {
        match &self.spent {
            Spent::Known { from, to, took } => {
                let cites = from.cites.iter().chain(&to.cites).cloned().collect();
                (format!("{}, from when {} until {}.", took_in_words(*took), from.says, to.says), cites)
            }
            Spent::Unknown { why, cites } => (format!("Not known: {why}."), cites.clone()),
        }
    }

    /// How long it took, if that is known.
    pub const fn took(&self) -> Option<Took> {
        match &self.spent {
            Spent::Known { took, .. } => Some(*took),
            Spent::Unknown { .. } => None,
        }
    }
}

/// `27 min`, `2 h 5 min (1 h to 3 h)`, `12 min earlier`.
pub fn took_in_words(took: Took) -> String {
    let range = range_in_words(took).map_or_else(String::new, |range| format!(" ({range})"));
    if took.seconds < 0 {
        return format!("{} earlier{range}", in_words(-took.seconds));
    }
    format!("{}{range}", in_words(took.seconds))
}

/// Its own point is known, and none before it.
pub(super) const NOTHING_BEFORE: &str = "nothing before it is known";
/// So far from what people claim, what this program recorded is of another time: somebody played it, or wrote it down later.
const APART: Span = Span::hours(24);
/// An alert that fired this soon after the first notice is the first notice.
const AT_ONCE_SECONDS: i64 = 60;

/// Reckons it.
pub fn ledger(record: &Record) -> Ledger {
    let held = standing(&record.stamps);
    let points = Points { record, held: &held, claimed: claimed(&held) };
    let mut rows = Vec::new();
    let mut last: Option<Point> = points.stamp(Milestone::ImpactStarted, "the impact started").ok();
    let first = last.clone();
    let mut begin = first;
    for stage in Stage::ALL {
        let found = match (points.of(*stage), &last) {
            // A point of its own only where it is one.
            (Ok(Some(point)), _) => Ok(point),
            (Ok(None), _) => continue,
            (Err(why), _) => Err(why),
        };
        let spent = match (found, last.take()) {
            (Ok(to), Some(from)) => {
                let took = Took::between(&from.when, &to.when);
                last = Some(to.clone());
                Spent::Known { from, to, took }
            }
            (Ok(to), None) => {
                let why = match stage {
                    Stage::Detect => "nobody has said when the impact started".to_owned(),
                    _ => NOTHING_BEFORE.to_owned(),
                };
                let cites = to.cites.clone();
                begin = Some(to.clone());
                last = Some(to);
                Spent::Unknown { why, cites }
            }
            (Err((why, cites)), before) => {
                last = before;
                Spent::Unknown { why, cites }
            }
        };
        rows.push(Row { stage: *stage, spent });
    }
    let whole = begin.zip(last).filter(|(from, to)| from != to);
    Ledger {
        rows,
        whole: whole.map(|(from, to)| {
            let took = Took::between(&from.when, &to.when);
            (from, to, took)
        }),
        totals: totals(&held),
    }
}

fn totals(held: &Standing<'_>) -> Vec<Total> {
    let took = |measure: Measure| {
        let (from, to) = measure.ends(held)?;
        Some((Cite::of(from.id), Cite::of(to.id), Took::between(&from.when, &to.when)))
    };
    Measure::ALL.into_iter().map(|measure| Total { measure, took: took(measure) }).collect()
}

/// Whether what this program recorded at an instant is of the time that people claim, where they say when it ended.
pub(super) fn is_of_its_time(record: &Record, at: Timestamp) -> bool {
    claimed(&standing(&record.stamps)).is_none_or(|(from, to)| from <= at && at <= to)
}

/// The stretch of time in which people say that it was, if they said when it ended.
fn claimed(held: &Standing<'_>) -> Option<(Timestamp, Timestamp)> {
    let said = |milestone: &Milestone| held.get(milestone).filter(|stamp| stamp.source != Source::Derived);
    let ends = [Milestone::Mitigated, Milestone::Recovered, Milestone::Resolved];
    let end = ends.iter().filter_map(said).map(|stamp| stamp.when.until).max()?;
    let begins = [Milestone::ImpactStarted, Milestone::Detected, Milestone::Declared];
    let begin = begins.iter().filter_map(said).map(|stamp| stamp.when.at).min().unwrap_or(end);
    Some((APART.before(begin), APART.after(end)))
}

type Unknown = (String, Vec<Cite>);

struct Points<'r> {
    record: &'r Record,
    held: &'r Standing<'r>,
    claimed: Option<(Timestamp, Timestamp)>,
}

impl Points<'_> {
    /// The point at which a stage ends; nothing if it has none of its own here.
    fn of(&self, stage: Stage) -> Result<Option<Point>, Unknown> {
        match stage {
            Stage::Detect => self.detected().map(Some),
            Stage::Alert => Ok(self.alarm_after_people()),
            Stage::GroupWait => self.waited().map(Some),
            Stage::Page => self.queued().map(Some),
            Stage::Deliver => self.sent().map(Some),
            Stage::Acknowledge => self.acknowledged().map(Some),
            Stage::Assemble => self.stamp(Milestone::CommanderAccepted, "somebody commanded").map(Some),
            Stage::Contain => self.stamp(Milestone::Contained, "further harm was stopped").map(Some),
            Stage::Mitigate => self.stamp(Milestone::Mitigated, "the impact was back under the threshold").map(Some),
            Stage::Recover => self.stamp(Milestone::Recovered, "all worked as before").map(Some),
            Stage::Resolve => self.stamp(Milestone::Resolved, "the response was over").map(Some),
        }
    }

    fn stamp(&self, milestone: Milestone, says: &'static str) -> Result<Point, Unknown> {
        let Some(stamp) = self.held.get(&milestone) else {
            return Err((format!("there is no stamp of “{milestone}”"), self.record.this()));
        };
        if stamp.source == Source::Derived && !self.is_near(stamp.when.at) {
            return Err((OTHER_TIME.to_owned(), vec![Cite::of(stamp.id)]));
        }
        Ok(of_stamp(stamp, says))
    }

    /// Whether what this program recorded at an instant is of the same time as what people claim.
    fn is_near(&self, at: Timestamp) -> bool {
        self.claimed.is_none_or(|(from, to)| from <= at && at <= to)
    }

    fn recorded(&self, at: Timestamp, says: &'static str, cites: Vec<Cite>) -> Result<Point, Unknown> {
        if !self.is_near(at) {
            return Err((OTHER_TIME.to_owned(), cites));
        }
        Ok(Point { says, when: When::exactly(at), source: Source::Derived, cites })
    }

    fn detected(&self) -> Result<Point, Unknown> {
        self.stamp(Milestone::Detected, "it was noticed").or_else(|unknown| match self.first_alert() {
            Some(point) => point,
            None => Err(unknown),
        })
    }

    fn first_alert(&self) -> Option<Result<Point, Unknown>> {
        let first = self.record.alerts.iter().min_by_key(|alert| (alert.fired_at, alert.id))?;
        Some(self.recorded(first.fired_at, "the first alert fired", vec![Cite::of(first.id)]))
    }

    /// People were first, and an alert came later, or a call without one.
    fn alarm_after_people(&self) -> Option<Point> {
        let noticed = self.detected().ok()?;
        let alarm = self.first_alert().and_then(Result::ok).or_else(|| self.paged().ok())?;
        let later = alarm.when.at.duration_since(noticed.when.at).as_secs() > AT_ONCE_SECONDS;
        (later && alarm.when.at >= noticed.when.until).then_some(alarm)
    }

    /// The page began. A group of alerts that did not fire then did not wait.
    fn waited(&self) -> Result<Point, Unknown> {
        let paged = self.paged()?;
        let called = self.first_alert().is_none_or(|alert| alert.is_err());
        if called && self.alarm_after_people().is_some() {
            return Err(("no alert fired that could have waited for others".into(), paged.cites));
        }
        Ok(paged)
    }

    fn paged(&self) -> Result<Point, Unknown> {
        if let Ok(point) = self.stamp(Milestone::Alerted, "the page began") {
            return Ok(point);
        }
        let Some(page) = self.pages().min_by_key(|page| (page.started_at, page.id)) else {
            return Err(("nobody was paged".into(), self.record.this()));
        };
        self.recorded(page.started_at, "the page began", vec![Cite::of(page.id)])
    }

    /// The pages about its alerts; about the incident itself, if there are none.
    fn pages(&self) -> impl Iterator<Item = &super::records::PageFact> {
        let calling = || self.record.pages.iter().filter(|page| page.escalates);
        let of_alerts = calling().any(|page| page.group.is_some());
        calling().filter(move |page| page.group.is_some() == of_alerts)
    }

    fn queued(&self) -> Result<Point, Unknown> {
        let first = self.deliveries().min_by_key(|one| (one.queued_at, one.id));
        let Some(first) = first else { return Err(("no message was written".into(), self.record.this())) };
        self.recorded(first.queued_at, "the first message was written", vec![Cite::of(first.id)])
    }

    fn sent(&self) -> Result<Point, Unknown> {
        let sent = self.deliveries().filter_map(|one| Some((one.sent_at?, one.id))).min();
        if let Some((at, id)) = sent {
            return self.recorded(at, "the first message had left", vec![Cite::of(id)]);
        }
        let tried: Vec<Cite> = self.deliveries().map(|one| Cite::of(one.id)).take(3).collect();
        if tried.is_empty() {
            Err(("no message left".into(), self.record.this()))
        } else {
            Err(("none of its messages left".into(), tried))
        }
    }

    fn deliveries(&self) -> impl Iterator<Item = &super::records::DeliveryFact> {
        let pages: Vec<_> = self.pages().map(|page| page.id).collect();
        self.record.deliveries.iter().filter(move |one| pages.contains(&one.page))
    }

    fn acknowledged(&self) -> Result<Point, Unknown> {
        self.stamp(Milestone::Acknowledged, "a person took it").or_else(|unknown| {
            match self.record.of_kind(EventKind::PageAcknowledged).next() {
                Some(event) => self.recorded(event.at, "a person took it", event.cite()),
                None => Err(unknown),
            }
        })
    }
}

const OTHER_TIME: &str =
    "this program recorded it at another time than people say it was: it was played, or written down afterwards";

fn of_stamp(stamp: &Stamp, says: &'static str) -> Point {
    Point { says, when: stamp.when.clone(), source: stamp.source, cites: vec![Cite::of(stamp.id)] }
}
