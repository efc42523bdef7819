//! The record of an incident: all that a draft of its postmortem may tell, as far as whoever reads it may see it.
//!
//! Rows and entries are gathered elsewhere and stand here as they are; nothing is judged or left out. Whatever has an id
//! can be cited by it, and nothing else can: a sentence without a source is no fact.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::change::kills::Kill;
use crate::change::rollbacks::Rollback;
use crate::change::suspects::Suspect;
use crate::change::verdicts::Outcome;
use crate::respond::affected::Affected;
use crate::respond::incidents::{Class, Phase};
use crate::respond::obligations::Standing;
use crate::respond::stamps::Stamp;
use crate::respond::tasks::Task;
use crate::respond::updates::{Promise, Update};
use crate::words::{
    AlertId, ChangeId, DeliveryId, EventId, EventKind, GroupId, Id, IncidentId, KillId, Name, PageId, Span, Timestamp,
    Urgency,
};

/// What a sentence rests on, by its id: `evt_…`, `stm_…`, `alr_…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cite(String);

impl Cite {
    /// Of whatever has an id.
    pub fn of(id: impl Id) -> Self {
        Self(id.to_string())
    }

    /// Of something named by its id in words, if it is one.
    fn named(id: &impl fmt::Display) -> Self {
        Self(id.to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is, in a word for people.
    pub fn word(&self) -> &'static str {
        match self.0.split_once('_').map_or("", |(prefix, _)| prefix) {
            "evt" => "entry",
            "stm" => "stamp",
            "tsk" => "task",
            "upd" => "update",
            "alr" => "alert",
            "pag" => "page",
            "dlv" => "delivery",
            "cng" => "change",
            "chg" => "documents",
            "rbk" => "rollback",
            "kil" => "kill",
            "aff" => "count",
            "anc" => "anchor",
            "sub" => "submission",
            "dec" => "ruling",
            _ => "incident",
        }
    }
}

impl fmt::Display for Cite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry of its timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    pub id: EventId,
    /// Its place in the journal; on PostgreSQL it has none for a moment.
    pub number: Option<i64>,
    /// Nothing if a newer program wrote it.
    pub kind: Option<EventKind>,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    /// `person:ana`, `rule:escalation`.
    pub actor: String,
    pub subjects: Vec<String>,
    pub why: Option<String>,
    pub data: Value,
    /// What it says now, if it was corrected.
    pub corrected: Option<String>,
    /// It does not hold.
    pub struck: bool,
    /// It comes from an incident that was merged into this one.
    pub merged: bool,
}

impl Happened {
    /// A text among its particulars.
    pub(super) fn text(&self, name: &str) -> &str {
        self.data[name].as_str().unwrap_or("")
    }

    pub(super) fn cite(&self) -> Vec<Cite> {
        vec![Cite::of(self.id)]
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertFact {
    pub id: AlertId,
    pub group: GroupId,
    /// One line for people.
    pub summary: String,
    pub service: Option<Name>,
    pub fired_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    /// Why people say that it should not have paged.
    pub noise: Option<String>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFact {
    pub id: PageId,
    /// The alerts that it is about; nothing if it is about the incident itself.
    pub group: Option<GroupId>,
    /// Others are called when nobody answers; a reminder is for one person.
    pub escalates: bool,
    pub title: String,
    pub urgency: Urgency,
    pub started_at: Timestamp,
}

/// A message of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFact {
    pub id: DeliveryId,
    pub page: PageId,
    pub channel: String,
    pub queued_at: Timestamp,
    /// When it left, if it did.
    pub sent_at: Option<Timestamp>,
    /// Every attempt failed, or the other side said never.
    pub failed: bool,
    pub attempts: u32,
}

/// A run of a plan that takes something back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackFact {
    pub run: Rollback,
    /// The title of what it takes back.
    pub title: String,
    /// What it came to, and why that is said.
    pub verdict: Option<(Outcome, String)>,
}

/// A flag that was switched above its definition.
#[derive(Clone, Debug, PartialEq)]
pub struct KillFact {
    pub id: KillId,
    pub environment: Name,
    pub kill: Kill,
}

/// A change that was made because of the incident, or while it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFact {
    pub id: ChangeId,
    pub title: String,
    pub services: BTreeSet<Name>,
    /// It was made in the incident.
    pub is_own: bool,
    pub began_at: Option<Timestamp>,
    /// How it stands, in a word.
    pub state: &'static str,
}

/// A clock of an obligation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockFact {
    /// What it is called, under which pack: `Tell the authority (GDPR)`.
    pub title: String,
    pub standing: Standing,
    /// Why it is not due, or came late.
    pub why: Option<String>,
    /// What is on record of it.
    pub cites: Vec<Cite>,
}

impl ClockFact {
    /// Cites what is on record of it: anchors, submissions, rulings.
    pub fn cite(&mut self, id: impl Id) {
        self.cites.push(Cite::of(id));
    }
}

/// An earlier incident that is like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierFact {
    pub id: IncidentId,
    pub title: String,
    pub reported_at: Timestamp,
    pub phase: Phase,
    /// What both are about.
    pub services: BTreeSet<Name>,
    /// How many groups of alerts are of the same route and labels.
    pub groups: usize,
}

/// All that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: IncidentId,
    /// As everybody reads it: of a drill with the mark.
    pub title: String,
    pub class: Class,
    pub phase: Phase,
    pub severity: Option<String>,
    /// By what people call them.
    pub services: Vec<String>,
    pub because: Option<String>,
    pub impact: Option<String>,
    pub reported_at: Timestamp,
    pub retrospective: bool,
    pub near_miss: bool,
    pub reopened: u32,
    /// When it was read: what is open is open until then.
    pub now: Timestamp,
    /// Longer than this nothing happens without a question.
    pub quiet_after: Span,
    /// The earliest first.
    pub events: Vec<Happened>,
    /// Earlier ones than these are not told: there are too many.
    pub truncated: bool,
    pub stamps: Vec<Stamp>,
    pub tasks: Vec<Task>,
    pub updates: Vec<Update>,
    pub promises: Vec<Promise>,
    pub affected: Vec<Affected>,
    /// Those of the groups that belong to it.
    pub alerts: Vec<AlertFact>,
    /// Those that fired near it and do not belong to it.
    pub alerts_near: Vec<AlertFact>,
    pub pages: Vec<PageFact>,
    pub deliveries: Vec<DeliveryFact>,
    pub suspects: Vec<Suspect>,
    pub changes: Vec<ChangeFact>,
    pub rollbacks: Vec<RollbackFact>,
    pub kills: Vec<KillFact>,
    pub clocks: Vec<ClockFact>,
    /// Packs of obligations that fit, and of which nobody has said whether they are about it.
    pub packs_asked: Vec<String>,
    pub earlier: Vec<EarlierFact>,
    /// What people and roles are called.
    pub people: BTreeMap<Name, String>,
    pub roles: BTreeMap<Name, String>,
}

impl Record {
    /// Everything that can be cited.
    pub fn sources(&self) -> BTreeSet<Cite> {
        let mut all = BTreeSet::from([Cite::of(self.id)]);
        all.extend(self.events.iter().map(|one| Cite::of(one.id)));
        all.extend(self.stamps.iter().map(|one| Cite::of(one.id)));
        all.extend(self.tasks.iter().map(|one| Cite::of(one.id)));
        all.extend(self.updates.iter().map(|one| Cite::of(one.id)));
        all.extend(self.affected.iter().map(|one| Cite::of(one.id)));
        all.extend(self.alerts.iter().chain(&self.alerts_near).map(|one| Cite::of(one.id)));
        all.extend(self.pages.iter().map(|one| Cite::of(one.id)));
        all.extend(self.deliveries.iter().map(|one| Cite::of(one.id)));
        all.extend(self.suspects.iter().map(cite_suspect));
        all.extend(self.changes.iter().map(|one| Cite::of(one.id)));
        all.extend(self.rollbacks.iter().map(|one| Cite::of(one.run.id)));
        all.extend(self.kills.iter().map(|one| Cite::of(one.id)));
        all.extend(self.clocks.iter().flat_map(|one| one.cites.iter().cloned()));
        all.extend(self.earlier.iter().map(|one| Cite::of(one.id)));
        all
    }

    /// The places in the journal of the entries that have one.
    pub fn numbers(&self) -> BTreeMap<Cite, i64> {
        self.events.iter().filter_map(|one| Some((Cite::of(one.id), one.number?))).collect()
    }

    /// Where to look for what has no page of its own: a page and its messages at the alert that they are about, a rollback
    /// at its change, a kill at the entry that tells of it.
    pub fn leads(&self) -> BTreeMap<Cite, Cite> {
        let mut leads = BTreeMap::new();
        for page in &self.pages {
            let alert = self.alerts.iter().find(|alert| Some(alert.group) == page.group);
            let to = alert.map_or_else(|| Cite::of(self.id), |alert| Cite::of(alert.id));
            let messages = self.deliveries.iter().filter(|one| one.page == page.id);
            leads.extend(messages.map(|one| (Cite::of(one.id), to.clone())));
            leads.insert(Cite::of(page.id), to);
        }
        leads.extend(self.rollbacks.iter().map(|one| (Cite::of(one.run.id), Cite::of(one.run.change))));
        for one in &self.kills {
            let told = self.of_kind(EventKind::FlagKilled).find(|event| event.text("flag") == one.kill.flag);
            leads.extend(told.map(|event| (Cite::of(one.id), Cite::of(event.id))));
        }
        leads
    }

    /// An incident in which nothing happened yet.
    #[cfg(test)]
    pub(super) fn sample(id: IncidentId, at: Timestamp) -> Self {
        Self {
            id,
            title: "Payments fail".into(),
            class: Class::System,
            phase: Phase::Active,
            severity: None,
            services: vec![],
            because: None,
            impact: None,
            reported_at: at,
            retrospective: false,
            near_miss: false,
            reopened: 0,
            now: Span::hours(2).after(at),
            quiet_after: Span::hours(1),
            events: vec![],
            truncated: false,
            stamps: vec![],
            tasks: vec![],
            updates: vec![],
            promises: vec![],
            affected: vec![],
            alerts: vec![],
            alerts_near: vec![],
            pages: vec![],
            deliveries: vec![],
            suspects: vec![],
            changes: vec![],
            rollbacks: vec![],
            kills: vec![],
            clocks: vec![],
            packs_asked: vec![],
            earlier: vec![],
            people: BTreeMap::new(),
            roles: BTreeMap::new(),
        }
    }

    pub(super) fn this(&self) -> Vec<Cite> {
        vec![Cite::of(self.id)]
    }

    pub(super) fn of_kind(&self, kind: EventKind) -> impl Iterator<Item = &Happened> {
        // What was written in another that goes on in this one counts here; how that one stood does not.
        let counts = |one: &&Happened| !one.merged || one.kind == Some(EventKind::EntryAdded);
        self.events.iter().filter(counts).filter(move |one| one.kind == Some(kind))
    }
}

/// The change that a suspect is.
pub(super) fn cite_suspect(suspect: &Suspect) -> Cite {
    Cite::named(&suspect.candidate.which)
}

/// The person behind an actor, if it was one.
pub(super) fn person_of(actor: &str) -> Option<&str> {
    match actor.split_once(':')? {
        ("person", name) => Some(name),
        ("token" | "chat", rest) => Some(rest.split_once(':').map_or(rest, |(_, name)| name)),
        _ => None,
    }
}
