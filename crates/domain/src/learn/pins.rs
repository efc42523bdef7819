//! Pins: incidents that are not to be missed again. Their signals, played through what is proposed, must still reach the right
//! people in time.
//!
//! A pin says what must be so, and what a replay saw says whether it is. It ages: where it names a person, a team or a schedule that
//! is no more, that is said, and it holds nothing, as long as somebody is called at all. What a person answers is not replayed:
//! "reached" is that a message went out to them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::change::gates::{Exempter, Reason, Rule};
use crate::engage::oncall::on_call;
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::Kind;
use crate::prepare::people::Access;
use crate::words::choices::choices;
use crate::words::{IncidentId, Name, PinId, Refusal, Result, Span, Timestamp, text};

/// Whom the signals must reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// Any person.
    Anybody,
    Person(Name),
    /// Whoever is on call by it.
    Schedule(Name),
    /// Anybody who is a member.
    Team(Name),
}

type Named = (&'static str, Kind, fn(Name) -> Whom);

/// Words of [`Whom`] that say which document they name.
const NAMED: [Named; 3] = [
    ("person/", Kind::Person, Whom::Person),
    ("schedule/", Kind::Schedule, Whom::Schedule),
    ("team/", Kind::Team, Whom::Team),
];

impl FromStr for Whom {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self> {
        if word == "anybody" {
            return Ok(Self::Anybody);
        }
        for (prefix, _, make) in NAMED {
            if let Some(name) = word.strip_prefix(prefix) {
                return Ok(make(name.parse().map_err(|refusal: Refusal| refusal.at("/whom"))?));
            }
        }
        let message = "name whom it must reach: anybody, person/NAME, schedule/NAME or team/NAME";
        Err(Refusal::invalid(message).at("/whom"))
    }
}

impl Whom {
    /// As it is written: `schedule/payments-primary`.
    pub fn word(&self) -> String {
        match self {
            Self::Anybody => "anybody".to_owned(),
            Self::Person(name) => format!("person/{name}"),
            Self::Schedule(name) => format!("schedule/{name}"),
            Self::Team(name) => format!("team/{name}"),
        }
    }

    fn document(&self) -> Option<(Kind, &Name)> {
        match self {
            Self::Anybody => None,
            Self::Person(name) => Some((Kind::Person, name)),
            Self::Schedule(name) => Some((Kind::Schedule, name)),
            Self::Team(name) => Some((Kind::Team, name)),
        }
    }

    /// Why nobody can be that any more; nothing, if somebody can.
    pub fn gone(&self, catalog: &Catalog) -> Option<String> {
        let (kind, name) = self.document()?;
        if !catalog.has(kind, name.as_str()) {
            return Some(format!("there is no {} {name} any more", kind.word()));
        }
        match self {
            Self::Person(name) => {
                catalog.people.get(name).filter(|person| person.inactive).map(|_| format!("{name} left"))
            }
            Self::Team(name) => {
                let members = &catalog.teams.get(name)?.members;
                let stays = |one: &Name| catalog.people.get(one).is_some_and(|person| !person.inactive);
                (!members.iter().any(stays)).then(|| format!("nobody is left in team {name}"))
            }
            _ => None,
        }
    }

    /// Whether somebody who is called is meant.
    fn takes(&self, person: &Name, at: Timestamp, catalog: &Catalog) -> bool {
        match self {
            Self::Anybody => true,
            Self::Person(name) => name == person,
            Self::Team(name) => catalog.teams.get(name).is_some_and(|team| team.members.contains(person)),
            Self::Schedule(name) => {
                let schedule = catalog.schedules.get(name);
                schedule.is_some_and(|schedule| on_call(schedule, &[], at).person.as_ref() == Some(person))
            }
        }
    }
}

/// In words that follow "must reach".
impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("somebody"),
            Self::Person(name) => name.fmt(f),
            Self::Schedule(name) => write!(f, "whoever is on call for {name}"),
            Self::Team(name) => write!(f, "somebody of team {name}"),
        }
    }
}

/// What must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    pub whom: Whom,
    /// After the first signal.
    pub within: Span,
}

/// Longer nobody waits for a page.
const WITHIN_MOST: Span = Span::hours(24);
/// Less is not asked of anybody where the expectation is drawn from what happened: a little slack is no regression.
const WITHIN_LEAST: Span = Span::minutes(5);

impl Expectation {
    /// What happened, as an expectation: whoever was called first, in whole minutes, and five at least.
    pub fn drawn(whom: Whom, took: Span) -> Self {
        let minutes = (took.as_millis() + 59_999) / 60_000;
        Self { whom, within: Span::minutes(minutes).clamp(WITHIN_LEAST, WITHIN_MOST) }
    }

    /// Refuses what cannot be, with what is in force.
    pub fn refuse(&self, catalog: &Catalog) -> Result<()> {
        if self.within.as_millis() <= 0 || self.within > WITHIN_MOST {
            return Err(Refusal::invalid("within: more than nothing, and a day at most").at("/within"));
        }
        if let Some((kind, name)) = self.whom.document()
            && !catalog.has(kind, name.as_str())
        {
            let near = text::did_you_mean(name.as_str(), catalog.names(kind).into_iter().map(Name::as_str));
            return Err(Refusal::invalid(format!("there is no {} {name}{near}", kind.word())).at("/whom"));
        }
        match self.whom.gone(catalog) {
            Some(why) => Err(Refusal::invalid(format!("{why}: name somebody who is here")).at("/whom")),
            None => Ok(()),
        }
    }

    /// The zone whose clock the replay keeps: a night shift stays one when the clocks change.
    pub fn zone(&self, catalog: &Catalog) -> TimeZone {
        let schedule = match &self.whom {
            Whom::Schedule(name) => catalog.schedules.get(name),
            _ => None,
        };
        let zone = schedule.and_then(|schedule| schedule.roster().ok().map(|roster| roster.zone().clone()));
        zone.unwrap_or(TimeZone::UTC)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must reach {} within {}", self.whom, self.within)
    }
}

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    pub id: PinId,
    pub incident: IncidentId,
    /// The name of the incident when it was pinned.
    pub title: String,
    pub expect: Expectation,
    pub pinned_by: Name,
    pub pinned_at: Timestamp,
    /// The first of its signals.
    pub first_at: Timestamp,
    /// How many calls of sources it keeps.
    pub signals: u32,
    /// It holds nothing any more: since when, by whom, and why.
    pub retired: Option<Retired>,
}

/// That a pin holds nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    pub at: Timestamp,
    pub by: Name,
    pub why: String,
}

choices! {
    /// How a pin stands with a configuration.
    Standing: "the standing of a pin" at "/standing" {
        Holds = "holds",
        Fails = "fails",
        /// What it names is no more; but somebody is called.
        Stale = "stale",
        /// Nobody could tell.
        Unknown = "unknown",
    }
}

/// What a replay said of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub standing: Standing,
    /// In one sentence, without a full stop.
    pub said: String,
    /// What would happen, line by line, from the first signal.
    pub story: Vec<String>,
}

impl Verdict {
    /// Nobody could tell, and why.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { standing: Standing::Unknown, said: why.into(), story: Vec::new() }
    }
}

/// Somebody was called in a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSeen {
    pub at: Timestamp,
    /// Absent: a machine.
    pub person: Option<Name>,
    pub channel: String,
    /// What the page is about.
    pub title: String,
    pub because: String,
}

/// More lines no story has.
const STORY_MOST: usize = 20;

/// What the calls of a replay say to a pin. `first` is when the first signal came in it, `sources` who tells of them.
pub fn judge(
    expect: &Expectation,
    first: Timestamp,
    calls: &[CallSeen],
    sources: &BTreeSet<Name>,
    catalog: &Catalog,
) -> Verdict {
    let after = |at: Timestamp| Span::between(first, at);
    let line = |call: &CallSeen| {
        let who = call.person.as_ref().map_or("a machine", Name::as_str);
        format!("+{} {who} by {}: {} ({})", after(call.at), call.channel, call.title, call.because)
    };
    let mut story: Vec<String> = calls.iter().take(STORY_MOST).map(line).collect();
    if calls.len() > STORY_MOST {
        story.push(format!("and {} more calls", calls.len() - STORY_MOST));
    }
    if calls.is_empty() {
        story.push("nobody is called".to_owned());
    }
    let verdict = |standing, said: String| Verdict { standing, said, story: story.clone() };
    let people = || calls.iter().filter_map(|call| call.person.as_ref().map(|person| (person, call.at)));
    let reached = people().find(|(person, at)| expect.whom.takes(person, *at, catalog));
    if let Some((person, at)) = reached.filter(|(_, at)| after(*at) <= expect.within) {
        return verdict(Standing::Holds, format!("{person} is called after {}", after(at)));
    }
    if !sources.is_empty() && !sources.iter().any(|one| catalog.has(Kind::Integration, one.as_str())) {
        let all: Vec<&str> = sources.iter().map(Name::as_str).collect();
        let (is, all) = (if all.len() == 1 { "is" } else { "are" }, all.join(" and "));
        return verdict(Standing::Stale, format!("{all} {is} not connected any more, so that nothing tells of it"));
    }
    let first_person = people().next();
    let instead = match first_person {
        Some((person, at)) => format!("{person} is called after {} instead", after(at)),
        None => "nobody is called".to_owned(),
    };
    if let (Some(gone), Some((_, at))) = (expect.whom.gone(catalog), first_person)
        && after(at) <= expect.within
    {
        return verdict(Standing::Stale, format!("{gone}; {instead}: say anew whom it must reach"));
    }
    let said = match reached {
        Some((person, at)) => format!("{person} is called after {}, which is later than {}", after(at), expect.within),
        None => instead,
    };
    verdict(Standing::Fails, said)
}

/// Whether a change of such documents can change who is paged at all.
pub const fn matters(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Person
            | Kind::Team
            | Kind::Schedule
            | Kind::EscalationPolicy
            | Kind::Service
            | Kind::Route
            | Kind::Integration
    )
}

/// What can change who is paged, in a few bytes: two catalogs with the same page the same people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Print([u8; 32]);

/// The print of a catalog.
pub fn print(catalog: &Catalog) -> Print {
    let mut sum = Sha256::new();
    for kind in Kind::ALL.into_iter().filter(|kind| matters(*kind)) {
        for document in catalog.of_kind(kind) {
            sum.update(document.reference().to_string());
            sum.update([0]);
            sum.update(document.spec.to_json().to_string());
            sum.update([0]);
        }
    }
    Print(sum.finalize().into())
}

/// What a verdict is of: a pin as it stands, a configuration, and the week into which it is played.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pin: PinId,
    expect: (Whom, Span),
    from: Timestamp,
    print: Print,
}

impl Pin {
    /// What a verdict of it is found by.
    pub fn key(&self, catalog: &Catalog, print: Print, now: Timestamp) -> Key {
        let Expectation { whom, within } = &self.expect;
        Key { pin: self.id, expect: (whom.clone(), *within), from: self.played_at(catalog, now), print }
    }

    /// When its first signal comes in a replay: at the same hour of the same day of the week, for the first time that is not past.
    /// Schedules of today may not reach back to when it was.
    pub fn played_at(&self, catalog: &Catalog, now: Timestamp) -> Timestamp {
        let first = self.first_at.to_zoned(self.expect.zone(catalog));
        let week = 7 * 24 * 3600;
        let weeks = (now.as_second() - self.first_at.as_second()).div_euclid(week);
        let later = |weeks: i64| {
            let span = jiff::Span::new().try_weeks(weeks).ok()?;
            first.checked_add(span).ok().map(|later| later.timestamp())
        };
        // A clock that was changed since may make it an hour earlier or later.
        (weeks - 1..=weeks + 2).filter_map(later).find(|at| *at >= now).unwrap_or(self.first_at.max(now))
    }

    /// What speaks against a change of documents, for the gate: what the pin says to them, and to what is in force. A pin that fails
    /// already holds nothing more: it stands where pins are shown.
    pub fn against(&self, before: Option<&Verdict>, after: Option<&Verdict>) -> Option<Reason> {
        let fails = |verdict: &Verdict| verdict.standing == Standing::Fails;
        let message = match after {
            None => format!("the pin {:?} was not played through it yet: ask again", self.title),
            Some(verdict) => match verdict.standing {
                Standing::Holds | Standing::Stale => return None,
                Standing::Fails if before.is_some_and(fails) => return None,
                Standing::Fails => format!("the pin {:?} would fail: it {}; {}", self.title, self.expect, verdict.said),
                Standing::Unknown => {
                    format!("nobody can tell whether the pin {:?} would hold: {}", self.title, verdict.said)
                }
            },
        };
        let exempter = Exempter::Access(Access::Manager);
        Some(Reason { rule: Rule::Pin(self.id), message, exempter, exemption: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::reading::from_yaml;

    const FIRM: &str = "
kind: person
name: ana
spec: { full_name: Ana Silva, email: ana@example.org }
---
kind: person
name: ben
spec: { full_name: Ben Ode, email: ben@example.org }
---
kind: team
name: payments
spec: { title: Payments, members: [ana, ben] }
---
kind: schedule
name: nights
spec:
  title: Nights
  time_zone: Europe/Berlin
  layers: [{ name: week, people: [ana], starts: '2026-01-05T09:00', rotate: { weeks: 1 } }]
---
kind: integration
name: prometheus
spec: { title: Prometheus, source: { alertmanager: { resolve_timeout: 1h } } }
";

    fn firm(more: &str) -> Catalog {
        let mut catalog = Catalog::default();
        for text in [FIRM, more] {
            let reading = from_yaml("firm", text);
            assert_eq!(reading.problems, []);
            for proposal in reading.proposals {
                catalog.insert(proposal.document);
            }
        }
        catalog
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn call(minute: i64, person: Option<&str>) -> CallSeen {
        CallSeen {
            at: Span::minutes(minute).after(at("2026-11-03T01:00:00Z")),
            person: person.map(|name| name.parse().unwrap()),
            channel: "ntfy".into(),
            title: "5xx high".into(),
            because: "named in step 1".into(),
        }
    }

    fn ask(whom: &str, calls: &[CallSeen], catalog: &Catalog) -> (Standing, String) {
        let expect = Expectation { whom: whom.parse().unwrap(), within: Span::minutes(5) };
        let sources = ["prometheus".parse().unwrap()].into();
        let verdict = judge(&expect, at("2026-11-03T01:00:00Z"), calls, &sources, catalog);
        (verdict.standing, verdict.said)
    }

    #[test]
    fn a_pin_holds_if_the_right_person_is_called_in_time() {
        let catalog = firm("");
        let (ana, ben) = (call(2, Some("ana")), call(0, Some("ben")));
        for (whom, calls, standing, said) in [
            ("anybody", vec![ben.clone()], Standing::Holds, "ben is called after 0s"),
            ("person/ana", vec![ben.clone(), ana.clone()], Standing::Holds, "ana is called after 2m"),
            ("schedule/nights", vec![ben.clone(), ana], Standing::Holds, "ana is called after 2m"),
            ("team/payments", vec![call(0, None), ben.clone()], Standing::Holds, "ben is called after 0s"),
            ("schedule/nights", vec![ben.clone()], Standing::Fails, "ben is called after 0s instead"),
            (
                "person/ana",
                vec![call(9, Some("ana"))],
                Standing::Fails,
                "ana is called after 9m, which is later than 5m",
            ),
            ("anybody", vec![call(0, None)], Standing::Fails, "nobody is called"),
            ("anybody", vec![], Standing::Fails, "nobody is called"),
        ] {
            assert_eq!(ask(whom, &calls, &catalog), (standing, said.to_owned()), "{whom}");
        }
    }

    #[test]
    fn who_left_makes_a_pin_stale_but_silence_fails_it() {
        let left =
            firm("kind: person\nname: ana\nspec: { full_name: Ana Silva, email: ana@example.org, inactive: true }\n");
        let ben = call(1, Some("ben"));
        let (standing, said) = ask("person/ana", std::slice::from_ref(&ben), &left);
        assert_eq!(
            (standing, said.as_str()),
            (Standing::Stale, "ana left; ben is called after 1m instead: say anew whom it must reach")
        );
        assert_eq!(ask("person/ana", &[], &left).0, Standing::Fails, "nobody is called at all");
        assert_eq!(ask("person/ana", &[call(30, Some("ben"))], &left).0, Standing::Fails, "and not that late");
        let (standing, said) = ask("team/renamed", std::slice::from_ref(&ben), &left);
        assert_eq!(standing, Standing::Stale, "{said}");
        let mut cut = firm("");
        cut.integrations.clear();
        assert_eq!(ask("anybody", &[], &cut).0, Standing::Stale);
    }

    #[test]
    fn it_is_played_at_the_same_hour_of_the_week_also_when_the_clocks_changed() {
        let expect = |whom: &str| Expectation { whom: whom.parse().unwrap(), within: Span::minutes(5) };
        let mut pin = Pin {
            id: crate::words::Id::from_bits(1),
            incident: crate::words::Id::from_bits(2),
            title: "5xx".into(),
            expect: expect("schedule/nights"),
            pinned_by: "ana".parse().unwrap(),
            pinned_at: at("2026-11-03T09:00:00Z"),
            first_at: at("2026-11-03T01:00:00Z"),
            signals: 1,
            retired: None,
        };
        let catalog = firm("");
        let played = |pin: &Pin, now: &str| pin.played_at(&catalog, at(now)).to_string();
        assert_eq!(played(&pin, "2026-11-03T00:30:00Z"), "2026-11-03T01:00:00Z");
        assert_eq!(played(&pin, "2026-11-03T01:00:01Z"), "2026-11-10T01:00:00Z");
        // Two in the morning in Berlin, in summer too.
        assert_eq!(played(&pin, "2027-06-30T12:00:00Z"), "2027-07-06T00:00:00Z");
        pin.expect = expect("anybody");
        assert_eq!(played(&pin, "2027-06-30T12:00:00Z"), "2027-07-06T01:00:00Z");
        let (now, same) = (at("2027-06-30T12:00:00Z"), print(&catalog));
        assert_eq!(pin.key(&catalog, same, now), pin.key(&catalog, same, Span::hours(1).after(now)));
        let other = print(&firm("kind: team\nname: web\nspec: { title: Web }\n"));
        assert_ne!(pin.key(&catalog, same, now), pin.key(&catalog, other, now));
    }

    #[test]
    fn only_what_breaks_a_pin_is_held() {
        let pin = Pin {
            id: crate::words::Id::from_bits(1),
            incident: crate::words::Id::from_bits(2),
            title: "5xx".into(),
            expect: Expectation { whom: Whom::Anybody, within: Span::minutes(5) },
            pinned_by: "ana".parse().unwrap(),
            pinned_at: at("2026-11-03T09:00:00Z"),
            first_at: at("2026-11-03T01:00:00Z"),
            signals: 1,
            retired: None,
        };
        let verdict = |standing| Verdict { standing, said: "nobody is called".into(), story: vec![] };
        let (holds, fails) = (verdict(Standing::Holds), verdict(Standing::Fails));
        assert_eq!(pin.against(Some(&holds), Some(&holds)), None);
        assert_eq!(pin.against(Some(&fails), Some(&fails)), None, "it was let through already");
        assert_eq!(pin.against(None, Some(&verdict(Standing::Stale))), None);
        let reason = pin.against(Some(&holds), Some(&fails)).unwrap();
        assert_eq!(reason.message, "the pin \"5xx\" would fail: it must reach somebody within 5m; nobody is called");
        assert_eq!(reason.exempter.to_string(), "a manager");
        assert!(pin.against(None, None).is_some(), "what was not played is not let through");
        assert!(pin.against(Some(&fails), Some(&verdict(Standing::Unknown))).is_some());
    }

    #[test]
    fn what_happened_is_what_is_expected_with_some_slack() {
        let drawn = |seconds| Expectation::drawn(Whom::Anybody, Span::seconds(seconds)).within.to_string();
        assert_eq!((drawn(3), drawn(301), drawn(60 * 60 * 30)), ("5m".into(), "6m".into(), "1d".into()));
        for (whom, within, fine) in [
            ("anybody", 5, true),
            ("schedule/nights", 5, true),
            ("schedule/night", 5, false),
            ("person/ana", 0, false),
            ("person/ana", 1441, false),
        ] {
            let expect = Expectation { whom: whom.parse().unwrap(), within: Span::minutes(within) };
            assert_eq!(expect.refuse(&firm("")).is_ok(), fine, "{whom} {within}");
        }
        for wrong in ["", "ana", "person/", "policy/x"] {
            assert!(wrong.parse::<Whom>().is_err(), "{wrong}");
        }
        assert_eq!("team/payments".parse::<Whom>().unwrap().word(), "team/payments");
    }
}
