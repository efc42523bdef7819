//! What the rules of postmortem policies look at, read from the record of an incident.
//!
//! Each condition answers with what was seen and what that rests on, or with nothing. What is not known does not fire a rule: it
//! is judged again when somebody claims it.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::postmortem_policies::{Noticed, Observation, When};
use super::records::{Cite, Happened, Record, person_of};
use crate::change::rollbacks::State as Run;
use crate::change::verdicts::Outcome;
use crate::respond::affected::{Amount, Subject};
use crate::respond::entry_facts::EntryFact;
use crate::respond::incidents::{Class, Phase};
use crate::respond::obligations::Standing as Clock;
use crate::respond::stamps::{Measure, Milestone, Source, Standing, standing};
use crate::words::{EventKind, Name, Span, Timestamp};

/// Somebody asked for a postmortem.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

/// An incident, as it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub record: &'a Record,
    /// The services that it touches, by name.
    pub services: &'a [Name],
    /// Levels of the severity matrix, from the worst to the mildest.
    pub levels: &'a [String],
    pub drill: bool,
    pub requests: &'a [Request],
}

/// Night is from this hour,
const NIGHT_FROM: i8 = 22;
/// until this one.
const NIGHT_UNTIL: i8 = 7;

type Met = Option<Observation>;

impl Seen<'_> {
    /// The worst severity that it had, with the entry that set it.
    pub fn worst(&self) -> Option<(&str, Vec<Cite>)> {
        let graded = self.record.of_kind(EventKind::IncidentGraded).map(|event| (event.text("severity"), event.cite()));
        let now = self.record.severity.as_deref().map(|level| (level, self.record.this()));
        let place = |level: &str| self.levels.iter().position(|one| one == level).unwrap_or(usize::MAX);
        graded.chain(now).filter(|(level, _)| !level.is_empty()).min_by_key(|(level, _)| place(level))
    }

    /// What was seen of each condition, if all of them are so.
    pub(super) fn meets(&self, when: &When, zone: &TimeZone) -> Option<Vec<Observation>> {
        let cancelled = self.record.phase == Phase::Cancelled;
        // What was none is judged by rules about that alone, and for whoever asks.
        let fits =
            if cancelled { when.cancelled_with.is_some() || when.requested } else { when.cancelled_with.is_none() };
        if self.record.phase == Phase::Merged || !fits {
            return None;
        }
        let held = standing(&self.record.stamps);
        let flags = [
            ("near_miss", when.near_miss, Self::near_miss as fn(&Self, &Standing<'_>) -> Met),
            ("data_lost", when.data_lost, Self::data_lost),
            ("intrusion", when.intrusion, Self::intrusion),
            ("taken_back", when.taken_back, Self::taken_back),
            ("taking_back_failed", when.taking_back_failed, Self::taking_back_failed),
            ("by_hand", when.by_hand, Self::by_hand),
            ("recovery_failed", when.recovery_failed, Self::recovery_failed),
            ("tool_unavailable", when.tool_unavailable, Self::tool_unavailable),
            ("obligation", when.obligation, Self::obligation),
            ("clock_missed", when.clock_missed, Self::clock_missed),
            ("requested", when.requested, Self::requested),
        ];
        let felt = |most| longer(&held, Measure::Mitigate, most, "was felt");
        let took = |most| longer(&held, Measure::Resolve, most, "took");
        let asked: [(&str, bool, Met); 9] = [
            ("severities", !when.severities.is_empty(), self.severity(&when.severities)),
            ("classes", !when.classes.is_empty(), self.class(&when.classes)),
            ("felt_longer", when.felt_longer.is_some(), when.felt_longer.and_then(felt)),
            ("took_longer", when.took_longer.is_some(), when.took_longer.and_then(took)),
            ("noticed_by", when.noticed_by.is_some(), when.noticed_by.and_then(|by| noticed(&held, by))),
            (
                "recurred_within",
                when.recurred_within.is_some(),
                when.recurred_within.and_then(|span| self.recurred(span)),
            ),
            (
                "promises_missed",
                when.promises_missed.is_some(),
                when.promises_missed.and_then(|least| self.promises_missed(least)),
            ),
            (
                "paged_at_night",
                when.paged_at_night.is_some(),
                when.paged_at_night.and_then(|least| self.paged_at_night(least, zone)),
            ),
            (
                "cancelled_with",
                when.cancelled_with.is_some(),
                when.cancelled_with.and_then(|least| self.took_part(least)),
            ),
        ];
        let flags = flags.into_iter().filter(|(_, asked, _)| *asked).map(|(name, _, look)| (name, look(self, &held)));
        let asked = asked.into_iter().filter(|(_, asked, _)| *asked).map(|(name, _, met)| (name, met));
        let named = |(name, met): (&str, Met)| met.map(|met| Observation { condition: name.to_owned(), ..met });
        let mut all = asked.chain(flags).map(named).collect::<Option<Vec<_>>>()?;
        if all.is_empty() {
            all.push(Observation::new("every incident", self.record.this()));
        }
        Some(all)
    }

    fn severity(&self, levels: &[String]) -> Met {
        let (worst, cites) = self.worst()?;
        let met = levels.iter().any(|level| level == worst);
        met.then(|| Observation::new(format!("the worst that it was is {worst}"), cites))
    }

    fn class(&self, classes: &[Class]) -> Met {
        let class = self.record.class;
        classes.contains(&class).then(|| Observation::new(format!("its class is {class}"), self.record.this()))
    }

    fn near_miss(&self, _: &Standing<'_>) -> Met {
        self.record.near_miss.then(|| Observation::new("it was a near miss", self.record.this()))
    }

    #[expect(clippy::unused_self, reason = "all conditions are asked alike")]
    fn data_lost(&self, held: &Standing<'_>) -> Met {
        let stamp = held.get(&Milestone::DataLossStarted).or_else(|| held.get(&Milestone::DataLossEnded))?;
        Some(Observation::new("data was lost", [Cite::of(stamp.id)]))
    }

    fn intrusion(&self, held: &Standing<'_>) -> Met {
        if self.record.class != Class::Security {
            return None;
        }
        if let Some(stamp) = held.get(&Milestone::CompromiseStarted) {
            return Some(Observation::new("it is known since when somebody was in", [Cite::of(stamp.id)]));
        }
        let touches = |one: &Subject| matches!(one, Subject::DataSubjects | Subject::Records | Subject::Accounts);
        let counted = self.record.affected.iter().filter(|one| touches(&one.what.subject));
        let mut some =
            counted.filter_map(|one| Some((one, one.now()?))).filter(|(_, now)| now.amount != Amount::Exact(0));
        let (one, now) = some.next()?;
        let what = one.what.subject.title();
        let says = match now.amount {
            Amount::Unknown => format!("affected, nobody knows yet how many: {what}"),
            amount => format!("affected: {amount} {what}"),
        };
        Some(Observation::new(says, [Cite::of(one.id)]))
    }

    fn taken_back(&self, _: &Standing<'_>) -> Met {
        let ran =
            self.record.rollbacks.iter().filter(|one| !matches!(one.run.state, Run::Asked | Run::CalledOff { .. }));
        let cites: Vec<Cite> = ran.map(|one| Cite::of(one.run.id)).collect();
        if let Some(count) = some(cites.len()) {
            return Some(Observation::new(format!("{count} taken back"), cites));
        }
        let cites: Vec<Cite> = self.record.kills.iter().map(|one| Cite::of(one.id)).collect();
        let count = cites.len();
        let flags = if count == 1 { "a flag was".to_owned() } else { format!("{count} flags were") };
        let here = (count > 0).then(|| Observation::new(format!("{flags} switched by hand"), cites));
        here.or_else(|| self.shown(&[EntryFact::RolledBack, EntryFact::KillSwitchUsed]))
    }

    fn taking_back_failed(&self, _: &Standing<'_>) -> Met {
        let failed = self.record.rollbacks.iter().find_map(|one| {
            let verdict = one.verdict.as_ref().map(|(outcome, _)| *outcome);
            let says = match (&one.run.state, verdict) {
                (Run::Failed { .. }, _) => "failed",
                (_, Some(Outcome::NoEffect)) => "had no effect",
                (_, Some(Outcome::Worse)) => "made it worse",
                _ => return None,
            };
            Some((one, says))
        });
        let here = failed
            .map(|(one, says)| Observation::new(format!("taking back “{}” {says}", one.title), [Cite::of(one.run.id)]));
        here.or_else(|| self.shown(&[EntryFact::RollbackFailed]))
    }

    fn by_hand(&self, _: &Standing<'_>) -> Met {
        self.shown(&[EntryFact::ManualRecovery, EntryFact::FailedOver, EntryFact::TrafficRerouted])
    }

    fn recovery_failed(&self, _: &Standing<'_>) -> Met {
        self.shown(&[EntryFact::RestoreFailed, EntryFact::RunbookFailed])
    }

    fn tool_unavailable(&self, _: &Standing<'_>) -> Met {
        self.shown(&[EntryFact::ToolUnavailable])
    }

    /// The first of these that an entry shows, with every entry that shows it.
    fn shown(&self, facts: &[EntryFact]) -> Met {
        facts.iter().find_map(|fact| {
            let shows = |event: &&Happened| {
                let said = event.data["facts"].as_array().into_iter().flatten();
                !event.struck && said.into_iter().any(|one| one == fact.word())
            };
            let cites: Vec<Cite> =
                self.record.of_kind(EventKind::EntryAdded).filter(shows).flat_map(Happened::cite).collect();
            (!cites.is_empty()).then(|| Observation::new(fact.says(), cites))
        })
    }

    fn obligation(&self, _: &Standing<'_>) -> Met {
        let runs = |clock: &&super::records::ClockFact| !matches!(clock.standing, Clock::NotDue | Clock::Waits(_));
        let clock = self.record.clocks.iter().find(runs)?;
        Some(Observation::new(format!("a clock ran: {}", clock.title), clock.cites.iter().cloned()))
    }

    fn clock_missed(&self, _: &Standing<'_>) -> Met {
        let missed =
            |clock: &&super::records::ClockFact| matches!(clock.standing, Clock::Overdue { .. } | Clock::Late { .. });
        let clock = self.record.clocks.iter().find(missed)?;
        Some(Observation::new(format!("a clock was missed: {}", clock.title), clock.cites.iter().cloned()))
    }

    fn requested(&self, _: &Standing<'_>) -> Met {
        let request = self.requests.first()?;
        let others = match self.requests.len() {
            1 => String::new(),
            more => format!(" (and {} more)", more - 1),
        };
        Some(Observation::new(format!("asked for{others}: {}", request.why), self.record.this()))
    }

    fn recurred(&self, within: Span) -> Met {
        let since = within.before(self.record.reported_at);
        let like = |one: &&super::records::EarlierFact| one.groups > 0 && one.reported_at >= since;
        let earlier = self.record.earlier.iter().filter(like).max_by_key(|one| one.reported_at)?;
        let says = format!("the same alerts belonged to “{}” within {within} before", earlier.title);
        Some(Observation::new(says, [Cite::of(earlier.id)]))
    }

    fn promises_missed(&self, least: u32) -> Met {
        let missed = self.record.promises.iter().filter(|one| one.is_missed(self.record.now)).count();
        let enough = missed >= usize::try_from(least).unwrap_or(usize::MAX);
        enough
            .then(|| Observation::new(format!("promises of an update that were missed: {missed}"), self.record.this()))
    }

    fn paged_at_night(&self, least: u32, zone: &TimeZone) -> Met {
        let at_night = |at: Timestamp| {
            let hour = at.to_zoned(zone.clone()).hour();
            !(NIGHT_UNTIL..NIGHT_FROM).contains(&hour)
        };
        let pages = self.record.pages.iter().filter(|page| page.escalates && at_night(page.started_at));
        let cites: Vec<Cite> = pages.map(|page| Cite::of(page.id)).collect();
        let enough = cites.len() >= usize::try_from(least).unwrap_or(usize::MAX);
        enough.then(|| Observation::new(format!("pages that began at night: {}", cites.len()), cites))
    }

    fn took_part(&self, least: u32) -> Met {
        let people: BTreeSet<&str> = self.record.events.iter().filter_map(|event| person_of(&event.actor)).collect();
        let enough = people.len() >= usize::try_from(least).unwrap_or(usize::MAX);
        let says = format!("it was no incident, and {} people took part", people.len());
        enough.then(|| Observation::new(says, self.record.this()))
    }
}

fn some(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("a change was".to_owned()),
        more => Some(format!("{more} changes were")),
    }
}

/// Only what certainly took longer: what is known to the day only is judged by the least that it can have been.
fn longer(held: &Standing<'_>, measure: Measure, most: Span, says: &str) -> Met {
    let (from, to) = measure.ends(held)?;
    let took = measure.of(held)?;
    let least = took.least.min(took.most);
    let met = Span::seconds(least) > most;
    let cites = [Cite::of(from.id), Cite::of(to.id)];
    met.then(|| Observation::new(format!("it {says} for longer than {most}: {}", Span::seconds(least)), cites))
}

fn noticed(held: &Standing<'_>, by: Noticed) -> Met {
    let stamp = held.get(&Milestone::Detected)?;
    let (met, says) = match by {
        Noticed::Monitor => (stamp.source == Source::Monitor, "a monitor noticed it"),
        Noticed::People => (stamp.source == Source::Human, "people noticed it, no monitor"),
    };
    met.then(|| Observation::new(says, [Cite::of(stamp.id)]))
}
