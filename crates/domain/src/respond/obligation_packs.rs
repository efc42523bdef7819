//! An obligation pack: what one regime, or one contract, asks to be told, in documents. Not legal advice.
//!
//! A pack says what starts its clocks, what must be told to whom within how long, and what trap lies there. It decides
//! nothing: whether it applies to us an operator says in the document, whether it is about an incident a person says in it.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::incidents::Class;
use super::obligations::{Anchor, Calendar, Clock, Offset};
use crate::engage::schedules::{Weekday, zone};
use crate::words::{Name, Refusal, Timestamp};

/// The spec of an `obligation-pack` document. Not legal advice: read the source, and ask counsel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObligationPack {
    /// What people call it: `GDPR: breach of personal data`.
    pub title: String,
    /// Where it holds: `European Union`.
    pub jurisdiction: String,
    /// Law and articles, or contract and clause.
    pub source: String,
    /// Where that can be read: an http(s) URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How far its authors checked it against the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
    /// Whether it applies to this organisation. Absent: nobody has said, and it stays out of the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<bool>,
    /// Why it applies, or does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Why its clocks cannot run: a bill, a rule that is not final. It is shown as inactive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactive: Option<String>,
    /// The first day on which it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub from: Option<Date>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<Date>,
    /// The question that decides whether an incident falls under it.
    pub asks: String,
    /// Incidents for which that question is put by itself. Absent: every incident.
    #[serde(default, skip_serializing_if = "Consider::is_always")]
    pub consider: Consider,
    /// Who answers for it, and is reminded. Absent: the incident commander.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accountable: Option<Accountable>,
    /// Whoever the first step of this policy tells, such as who is on call for counsel, is reminded as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<Name>,
    /// The days of those who are to be told.
    pub calendar: Days,
    /// The moments that start clocks; each is recorded by a person.
    pub anchors: Vec<Moment>,
    /// What is to be told, in the order in which it mostly falls due.
    pub clocks: Vec<Duty>,
}

/// When a pack is thought of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consider {
    /// Incidents of these classes: `security`, `system`, `operational`; all, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub classes: Vec<Class>,
    /// Incidents that touch one of these services; all, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Name>,
}

impl Consider {
    fn is_always(&self) -> bool {
        self.classes.is_empty() && self.services.is_empty()
    }

    fn fits(&self, class: Class, services: &[Name]) -> bool {
        (self.classes.is_empty() || self.classes.contains(&class))
            && (self.services.is_empty() || services.iter().any(|service| self.services.contains(service)))
    }
}

/// Who answers for a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accountable {
    Person(Name),
    /// Everybody in it.
    Team(Name),
}

/// The days of those who are to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// An IANA name: `Europe/Berlin`. Days, months and years are counted there; hours elapse anywhere.
    pub time_zone: String,
    /// Days of the week that are no business days: Saturday and Sunday, if absent.
    #[serde(default = "saturday_and_sunday")]
    pub weekend: Vec<Weekday>,
    /// Other days that are none. A list that has run out makes deadlines too early, never too late.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "BTreeSet<String>")]
    pub holidays: BTreeSet<Date>,
    /// When a business day ends for them: `17:30`. With the day, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub closes: Option<Time>,
}

impl Days {
    /// As rules count by it. A zone that is none was refused when the document was applied.
    pub fn calendar(&self) -> Calendar {
        let day = |day: &Weekday| match day {
            Weekday::Monday => jiff::civil::Weekday::Monday,
            Weekday::Tuesday => jiff::civil::Weekday::Tuesday,
            Weekday::Wednesday => jiff::civil::Weekday::Wednesday,
            Weekday::Thursday => jiff::civil::Weekday::Thursday,
            Weekday::Friday => jiff::civil::Weekday::Friday,
            Weekday::Saturday => jiff::civil::Weekday::Saturday,
            Weekday::Sunday => jiff::civil::Weekday::Sunday,
        };
        Calendar {
            zone: zone(&self.time_zone).unwrap_or(TimeZone::UTC),
            holidays: self.holidays.clone(),
            weekend: self.weekend.iter().map(day).collect(),
            closes: self.closes,
        }
    }

    /// What is wrong in it; each refusal has a pointer from here.
    pub fn check(&self) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        if let Err(refusal) = zone(&self.time_zone) {
            wrong.push(refusal.at("/time_zone"));
        }
        if self.weekend.iter().collect::<BTreeSet<_>>().len() == Weekday::ALL.len() {
            wrong.push(Refusal::invalid("there is no business day left").at("/weekend"));
        }
        wrong
    }
}

fn saturday_and_sunday() -> Vec<Weekday> {
    vec![Weekday::Saturday, Weekday::Sunday]
}

/// A moment that starts clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// What clocks call it: `aware`.
    pub name: Name,
    /// What people call it: `Aware of the breach`.
    pub title: String,
    /// What it means, so that whoever records it decides the right thing.
    pub means: String,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// What other clocks call it: `authority`.
    pub name: Name,
    /// What people call it: `Tell the supervisory authority`.
    pub title: String,
    /// Whom.
    pub to: String,
    /// What starts it.
    pub from: Anchor,
    /// How long after. Absent: without undue delay, which has no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Offset>,
    /// And at the latest by the end of this clock, unless what starts this one came later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Clock>,
    /// If it would end on a day that is no business day: at this time of the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub when_closed: Option<Time>,
    /// The case in which it is due at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<String>,
    /// What must be in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<String>,
    /// What people get wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<String>,
}

impl Duty {
    /// Its deadline, as a rule.
    pub fn rule(&self) -> Clock {
        Clock {
            from: self.from.clone(),
            within: self.within,
            at_most: self.at_most.clone().map(Box::new),
            when_closed: self.when_closed,
        }
    }
}

/// Why the clocks of a pack do not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It is no law yet, or no more.
    Inactive(String),
    /// It does not apply to this organisation.
    NotOurs,
    /// Nobody has said whether it does.
    Undecided,
}

impl ObligationPack {
    /// Whether it can be about an incident of that day at all: in force, and not marked as inactive.
    pub fn in_force(&self, at: Timestamp) -> Result<(), String> {
        if let Some(why) = &self.inactive {
            return Err(why.clone());
        }
        let day = at.to_zoned(self.days().zone).date();
        match (self.from.filter(|from| day < *from), self.until.filter(|until| day > *until)) {
            (Some(from), _) => Err(format!("it is in force from {from}")),
            (_, Some(until)) => Err(format!("it was in force until {until}")),
            (None, None) => Ok(()),
        }
    }

    /// Whether it is thought of by itself in incidents of that day, or why not.
    pub fn is_ours(&self, at: Timestamp) -> Result<(), Idle> {
        self.in_force(at).map_err(Idle::Inactive)?;
        match self.applies {
            Some(true) => Ok(()),
            Some(false) => Err(Idle::NotOurs),
            None => Err(Idle::Undecided),
        }
    }

    /// Whether its question is put by itself in such an incident.
    pub fn fits(&self, class: Class, services: &[Name]) -> bool {
        self.consider.fits(class, services)
    }

    /// The calendar that its clocks go by.
    pub fn days(&self) -> Calendar {
        self.calendar.calendar()
    }

    pub fn clock(&self, name: &Name) -> Option<&Duty> {
        self.clocks.iter().find(|clock| clock.name == *name)
    }

    pub fn anchor(&self, name: &Name) -> Option<&Moment> {
        self.anchors.iter().find(|anchor| anchor.name == *name)
    }

    /// What is wrong in it on its own; each refusal has a pointer into the spec. Titles and links are checked as those
    /// of all documents are.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut refuse = |pointer: String, message: String| found.push(Refusal::invalid(message).at(pointer));
        for (place, text) in [("jurisdiction", &self.jurisdiction), ("source", &self.source), ("asks", &self.asks)] {
            if text.trim().is_empty() {
                refuse(format!("/{place}"), format!("`{place}` is empty"));
            }
        }
        for refusal in self.calendar.check() {
            refuse(format!("/calendar{}", refusal.at.unwrap_or_default()), refusal.message);
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until < from
        {
            refuse("/until".into(), format!("it would end on {until}, before it begins on {from}"));
        }
        if self.clocks.is_empty() {
            refuse("/clocks".into(), "a pack has at least one clock".into());
        }
        let mut seen = BTreeSet::new();
        for (place, anchor) in self.anchors.iter().enumerate() {
            if !seen.insert(&anchor.name) {
                refuse(format!("/anchors/{place}/name"), format!("there is another anchor {:?} already", anchor.name));
            }
        }
        let mut before = BTreeSet::new();
        for (place, clock) in self.clocks.iter().enumerate() {
            let at = format!("/clocks/{place}");
            if clock.at_most.is_some() && clock.within.is_none() {
                refuse(format!("{at}/at_most"), "`at_most` limits `within`, which is missing".into());
            }
            let froms = [("from", Some(&clock.from)), ("at_most/from", clock.at_most.as_ref().map(|most| &most.from))];
            for (part, from) in froms.into_iter().filter_map(|(part, from)| Some((part, from?))) {
                let (moments, clocks) = from.names();
                if moments.is_empty() && clocks.is_empty() {
                    refuse(format!("{at}/{part}"), "it names nothing that could start it".into());
                }
                for moment in moments.into_iter().filter(|name| self.anchor(name).is_none()) {
                    refuse(format!("{at}/{part}"), format!("the pack has no anchor {moment:?}"));
                }
                // What comes before stands before: so there are no circles.
                for other in clocks.into_iter().filter(|name| !before.contains(name)) {
                    let message = format!("there is no clock {other:?} before this one");
                    refuse(format!("{at}/{part}"), message);
                }
            }
            if !before.insert(&clock.name) {
                refuse(format!("{at}/name"), format!("there is another clock {:?} already", clock.name));
            }
        }
        found
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

    fn pack() -> ObligationPack {
        ObligationPack {
            title: "A regime".into(),
            jurisdiction: "Here".into(),
            source: "An act".into(),
            url: None,
            checked: None,
            applies: Some(true),
            because: None,
            inactive: None,
            from: Some("2026-09-11".parse().unwrap()),
            until: Some("2027-09-10".parse().unwrap()),
            asks: "Is it one?".into(),
            consider: Consider { classes: vec![Class::Security], services: vec![name("cards")] },
            accountable: None,
            escalation_policy: None,
            calendar: Days {
                time_zone: "Europe/Berlin".into(),
                weekend: saturday_and_sunday(),
                holidays: BTreeSet::new(),
                closes: None,
            },
            anchors: vec![Moment { name: name("aware"), title: "Aware".into(), means: "Known.".into() }],
            clocks: vec![Duty {
                name: name("notice"),
                title: "Notice".into(),
                to: "Them".into(),
                from: Anchor::Recorded(name("aware")),
                within: Some(Offset::Hours(24)),
                at_most: None,
                when_closed: None,
                only_if: None,
                contents: vec![],
                trap: None,
            }],
        }
    }

    #[test]
    fn a_pack_is_ours_only_while_it_is_in_force_and_somebody_said_so() {
        let (before, within) = (at("2026-09-10T21:59:59Z"), at("2026-09-10T22:00:00Z"));
        assert_eq!(pack().is_ours(before), Err(Idle::Inactive("it is in force from 2026-09-11".into())));
        assert_eq!(pack().is_ours(within), Ok(()), "midnight in Berlin");
        assert!(pack().is_ours(at("2027-09-11T12:00:00Z")).is_err());
        assert_eq!(ObligationPack { applies: None, ..pack() }.is_ours(within), Err(Idle::Undecided));
        assert_eq!(ObligationPack { applies: Some(false), ..pack() }.is_ours(within), Err(Idle::NotOurs));
        let bill = ObligationPack { inactive: Some("a bill".into()), ..pack() };
        assert_eq!(bill.is_ours(within), Err(Idle::Inactive("a bill".into())));
    }

    #[test]
    fn its_question_is_put_in_incidents_that_it_may_be_about() {
        let cards = [name("search"), name("cards")];
        assert!(pack().fits(Class::Security, &cards));
        assert!(!pack().fits(Class::System, &cards) && !pack().fits(Class::Security, &cards[..1]));
        assert!(ObligationPack { consider: Consider::default(), ..pack() }.fits(Class::Operational, &[]));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_with_its_place() {
        let said = |pack: &ObligationPack| {
            let found = pack.check();
            found.iter().map(|one| one.at.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(said(&pack()), Vec::<String>::new());
        let clock = || pack().clocks.remove(0);
        let with = |second: Duty| ObligationPack { clocks: vec![clock(), second], ..pack() };
        let second = || Duty { name: name("final"), ..clock() };
        let table = [
            (ObligationPack { asks: " ".into(), ..pack() }, "/asks"),
            (ObligationPack { until: Some("2026-01-01".parse().unwrap()), ..pack() }, "/until"),
            (ObligationPack { clocks: vec![], ..pack() }, "/clocks"),
            (with(clock()), "/clocks/1/name"),
            (with(Duty { from: Anchor::Recorded(name("awake")), ..second() }), "/clocks/1/from"),
            (with(Duty { from: Anchor::Submitted(name("final")), ..second() }), "/clocks/1/from"),
            (with(Duty { from: Anchor::Latest(vec![]), ..second() }), "/clocks/1/from"),
            (with(Duty { within: None, at_most: Some(clock().rule()), ..second() }), "/clocks/1/at_most"),
        ];
        for (wrong, place) in table {
            assert_eq!(said(&wrong), [place]);
        }
        let mut nowhere = pack();
        nowhere.calendar.time_zone = "Mars/Olympus".into();
        nowhere.calendar.weekend = Weekday::ALL.to_vec();
        assert_eq!(said(&nowhere), ["/calendar/time_zone", "/calendar/weekend"]);
    }
}
