//! A drill as a file: what happened when, to be played against a running server, and what must come out of it.
//!
//! Events tell the times; what they do not tell, the file may state under `expected`. Nothing is played here: `drill_reading` reads it;
//! this knows which event means what.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::entries::Sort;
use super::entry_facts::EntryFact;
use super::incidents::Class;
use super::stamps::{Measure, Milestone, Precision, Took, When};
use crate::words::{Name, Refusal, text};
use jiff::Timestamp;

/// A file of a drill.
#[derive(Clone, Debug, PartialEq)]
pub struct DrillFile {
    pub title: String,
    pub class: Class,
    /// The level that the file suggests.
    pub severity: Option<String>,
    pub services: Vec<String>,
    pub roles: Vec<String>,
    /// In the order of their times.
    pub events: Vec<Event>,
    pub expected: Expected,
    /// What people should look at themselves, afterwards.
    pub drill_checks: Vec<String>,
    /// The incident that it was written from.
    pub practises: Option<String>,
}

/// What must come out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// When what was reached. `None`: the file says that nobody knows.
    pub timestamps: BTreeMap<Milestone, Option<Timestamp>>,
    pub derived: Vec<Derived>,
    /// Clocks that must be due at a time.
    pub clocks: Vec<ExpectedClock>,
    pub traps: Vec<String>,
    /// Which duties to think of, in words.
    pub regulatory: Vec<String>,
    /// Why something is to be learned from it: conditions of postmortem policies, or words.
    pub triggers: Vec<String>,
}

/// A span of time that must come out of the stamps.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// As the file has it: `time_to_detect_min`.
    pub name: String,
    pub from: Milestone,
    pub to: Milestone,
    /// What Allclear calls it, if it measures it.
    pub measure: Option<Measure>,
    pub minutes: f64,
}

impl Derived {
    /// Whether a span is what was expected, to the second.
    #[expect(clippy::cast_precision_loss, reason = "seconds of an incident are few")]
    pub fn is(&self, seconds: i64) -> bool {
        (self.minutes * 60.0 - seconds as f64).abs() < 1.0
    }
}

/// A clock that must be due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedClock {
    pub pack: Name,
    pub clock: Name,
    pub due_at: Timestamp,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Timestamp,
    /// To the second, or to the minute.
    pub precision: Precision,
    pub kind: Kind,
    pub text: String,
    pub source: Option<String>,
    /// The part that whoever did it played.
    pub role: Option<String>,
    pub services: Vec<String>,
    pub change: Option<Change>,
    /// Of an anchor: the pack, and which of its anchors.
    pub anchor: Option<(Name, Name)>,
    /// What the file says that it shows; see [`Event::shows`].
    pub facts: BTreeSet<EntryFact>,
}

/// A change, as the file tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: String,
    pub sort: Option<String>,
    pub rollback: Option<String>,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Change,
    Impact,
    /// A source tells of it: an alert fires, and pages.
    Alert,
    /// Somebody or something noticed it, without an alert.
    Detection,
    Acknowledgement,
    Declaration,
    Role,
    Finding,
    Decision,
    Action,
    Containment,
    Mitigation,
    Recovery,
    Comms,
    /// The moment at which clocks of an obligation pack start.
    Anchor,
    Resolution,
    Note,
}

impl Kind {
    pub const ALL: [Self; 17] = [
        Self::Change,
        Self::Impact,
        Self::Alert,
        Self::Detection,
        Self::Acknowledgement,
        Self::Declaration,
        Self::Role,
        Self::Finding,
        Self::Decision,
        Self::Action,
        Self::Containment,
        Self::Mitigation,
        Self::Recovery,
        Self::Comms,
        Self::Anchor,
        Self::Resolution,
        Self::Note,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Impact => "impact",
            Self::Alert => "alert",
            Self::Detection => "detection",
            Self::Acknowledgement => "acknowledgement",
            Self::Declaration => "declaration",
            Self::Role => "role",
            Self::Finding => "finding",
            Self::Decision => "decision",
            Self::Action => "action",
            Self::Containment => "containment",
            Self::Mitigation => "mitigation",
            Self::Recovery => "recovery",
            Self::Comms => "comms",
            Self::Anchor => "anchor",
            Self::Resolution => "resolution",
            Self::Note => "note",
        }
    }

    pub fn from_word(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("there is no kind {:?}{near}", text::shorten(word, 40)))
        })
    }

    /// Whether it is there to be found: what responders take in, or miss.
    pub const fn is_evidence(self) -> bool {
        matches!(self, Self::Alert | Self::Impact | Self::Detection | Self::Finding | Self::Change)
    }

    /// As what it stands on the timeline.
    pub const fn sort(self) -> Sort {
        match self {
            Self::Impact | Self::Alert | Self::Detection | Self::Finding => Sort::Observation,
            Self::Change | Self::Action | Self::Containment | Self::Mitigation | Self::Recovery => Sort::Action,
            Self::Decision | Self::Declaration | Self::Resolution => Sort::Decision,
            Self::Acknowledgement | Self::Role | Self::Comms | Self::Anchor | Self::Note => Sort::Note,
        }
    }
}

/// Who plays a part that no person does.
const PROGRAMS: [&str; 2] = ["automation", "program"];

impl Event {
    /// With nothing beside its words.
    pub fn new(at: Timestamp, kind: Kind, text: impl Into<String>) -> Self {
        Self {
            at,
            precision: Precision::Second,
            kind,
            text: text.into(),
            source: None,
            role: None,
            services: Vec::new(),
            change: None,
            anchor: None,
            facts: BTreeSet::new(),
        }
    }

    /// What it shows: what the file says, and what follows from its fields. A change of the type `rollback` or `kill-switch` is one;
    /// a recovery by somebody who is no program was by hand. Words are not guessed from.
    pub fn shows(&self) -> BTreeSet<EntryFact> {
        let sort = self.change.as_ref().and_then(|change| change.sort.as_deref()).unwrap_or_default();
        let by_change = match sort.trim().to_lowercase().replace(['_', ' '], "-").as_str() {
            "rollback" => Some(EntryFact::RolledBack),
            "kill-switch" => Some(EntryFact::KillSwitchUsed),
            _ => None,
        };
        let by_somebody = self.role.as_deref().is_some_and(|role| !PROGRAMS.contains(&role.trim()));
        let by_hand = (self.kind == Kind::Recovery && by_somebody).then_some(EntryFact::ManualRecovery);
        self.facts.iter().copied().chain(by_change).chain(by_hand).collect()
    }

    /// As a file has it: what `drill_reading` reads back.
    pub fn to_json(&self) -> Value {
        let mut event = json!({
            "t": self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "precision": if self.precision == Precision::Second { "second" } else { "minute" },
            "kind": self.kind.word(),
            "text": self.text,
        });
        let texts = [("source", &self.source), ("actor_role", &self.role)];
        for (name, said) in texts.into_iter().filter_map(|(name, said)| Some((name, said.as_ref()?))) {
            event[name] = json!(said);
        }
        if !self.services.is_empty() {
            event["services"] = json!(self.services);
        }
        if let Some(change) = &self.change {
            event["change"] = json!({ "id": change.id, "type": change.sort, "rollback": change.rollback });
        }
        if let Some((pack, anchor)) = &self.anchor {
            (event["pack"], event["anchor"]) = (json!(pack), json!(anchor));
        }
        if !self.facts.is_empty() {
            event["facts"] = json!(self.facts);
        }
        event
    }

    /// When it was, as far as the file knows.
    pub fn when(&self) -> When {
        claim(self.at, self.precision)
    }

    /// What is written on the timeline.
    pub fn entry(&self) -> String {
        let mut said = match (&self.change, self.kind) {
            (Some(change), _) => {
                let sort = change.sort.as_deref().unwrap_or("change");
                let back = change.rollback.as_deref().unwrap_or("none");
                format!("Change {} ({sort}; rollback: {back}): {}", change.id, self.text)
            }
            // A drill says nothing in public.
            (None, Kind::Comms) => format!("Told outside, in the drill alone: {}", self.text),
            (None, _) => self.text.clone(),
        };
        if let Some(role) = &self.role {
            said = format!("{role}: {said}");
        }
        if let Some(source) = &self.source {
            said = format!("{said}\nSource: {source}");
        }
        said
    }
}

fn claim(at: Timestamp, precision: Precision) -> When {
    if precision == Precision::Second {
        return When::exactly(at);
    }
    let start = at.as_second().div_euclid(60) * 60;
    let minute = |second| Timestamp::from_second(second).unwrap_or(at);
    When { at: minute(start), until: minute(start + 60), precision: Precision::Minute }
}

/// A time that the file tells, and the event that tells it; none if the file states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub milestone: Milestone,
    pub when: When,
    pub event: Option<usize>,
}

impl DrillFile {
    /// Which time each milestone has: as the first event that means it tells, or the last one that ends it; what no event
    /// tells, as the file states it.
    pub fn told(&self) -> Vec<Told> {
        use Kind as K;
        use Milestone as M;
        let first = |kinds: &[Kind]| self.events.iter().position(|event| kinds.contains(&event.kind));
        let last = |kinds: &[Kind]| self.events.iter().rposition(|event| kinds.contains(&event.kind));
        let by_event = [
            (M::ImpactStarted, first(&[K::Impact])),
            (M::Detected, first(&[K::Alert, K::Detection])),
            (M::Alerted, first(&[K::Alert])),
            // Where nothing else is said, somebody took the first alert at once.
            (M::Acknowledged, first(&[K::Acknowledgement]).or_else(|| first(&[K::Alert]))),
            // Without a declaration in the file, the drill is declared when something is noticed.
            (M::Declared, first(&[K::Declaration]).or_else(|| first(&[K::Alert, K::Detection]))),
            (M::Contained, first(&[K::Containment])),
            (M::Mitigated, last(&[K::Mitigation]).or_else(|| last(&[K::Resolution]))),
            (M::Recovered, last(&[K::Recovery])),
            (M::Resolved, last(&[K::Resolution])),
        ];
        let told = |(milestone, event): (Milestone, Option<usize>)| {
            event.map(|event| Told { milestone, when: self.events[event].when(), event: Some(event) })
        };
        let mut all: Vec<Told> = by_event.into_iter().filter_map(told).collect();
        for (milestone, at) in &self.expected.timestamps {
            if let (Some(at), false) = (at, all.iter().any(|one| one.milestone == *milestone)) {
                all.push(Told { milestone: *milestone, when: claim(*at, Precision::Minute), event: None });
            }
        }
        all.sort_by_key(|one| one.milestone);
        all
    }

    /// The span that a derived value has by what the file tells; nothing, if it does not tell both ends.
    pub fn span(&self, derived: &Derived) -> Option<i64> {
        let told = self.told();
        let when = |milestone| told.iter().find(|one| one.milestone == milestone).map(|one| &one.when);
        Some(Took::between(when(derived.from)?, when(derived.to)?).seconds)
    }
}

/// Seconds as minutes, as a file has them.
#[expect(clippy::cast_precision_loss, reason = "seconds of an incident are few")]
pub fn minutes(seconds: i64) -> f64 {
    (seconds as f64 / 6.0).round() / 10.0
}
