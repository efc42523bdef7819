//! What happened, in a sentence: who did what, by the words of their role at that time.
//!
//! No person is named here; what people wrote is quoted as they wrote it. What is only bookkeeping has no sentence.

use std::collections::BTreeMap;

use super::records::{Cite, Happened, Record, person_of};
use crate::respond::entries::Sort;
use crate::words::{EventKind, Name, Timestamp, text};

/// A sentence with what it rests on, and when that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub at: Option<Timestamp>,
    pub text: String,
    /// At least one.
    pub cites: Vec<Cite>,
}

impl Sentence {
    pub(super) fn new(text: impl Into<String>, cites: Vec<Cite>) -> Self {
        Self { at: None, text: text.into(), cites }
    }

    pub(super) fn at(at: Timestamp, text: impl Into<String>, cites: Vec<Cite>) -> Self {
        Self { at: Some(at), text: text.into(), cites }
    }
}

/// Who played which role from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub role: Name,
    pub person: Name,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub cites: Vec<Cite>,
}

/// Who played which role, as the timeline has it, in the order in which they took it.
pub(super) fn roles_held(record: &Record) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    for event in record.events.iter().filter(|event| !event.merged) {
        let (Ok(role), Ok(person)) = (event.text("role").parse::<Name>(), event.text("person").parse::<Name>()) else {
            continue;
        };
        match event.kind {
            Some(EventKind::RoleAccepted) => {
                held.push(Held { role, person, from: event.recorded_at, until: None, cites: event.cite() });
            }
            Some(EventKind::RoleHandedOver | EventKind::RoleEnded) => {
                let open = |one: &&mut Held| one.until.is_none() && one.role == role && one.person == person;
                if let Some(one) = held.iter_mut().rev().find(open) {
                    one.until = Some(event.recorded_at);
                    one.cites.extend(event.cite());
                }
            }
            _ => {}
        }
    }
    held
}

/// The words for people and things of one record.
#[derive(Debug)]
pub(super) struct Words<'r> {
    record: &'r Record,
    held: Vec<Held>,
    groups: BTreeMap<String, &'r str>,
}

/// Who is named first, of the roles that somebody plays.
const COMMANDER: &str = "incident-commander";

impl<'r> Words<'r> {
    pub(super) fn of(record: &'r Record) -> Self {
        let groups = record.alerts.iter().rev().map(|alert| (alert.group.to_string(), alert.summary.as_str()));
        Self { record, held: roles_held(record), groups: groups.collect() }
    }

    /// `incident commander`
    pub(super) fn role(&self, role: &str) -> String {
        let title = role.parse::<Name>().ok().and_then(|name| self.record.roles.get(&name));
        lower(title.map_or(role, String::as_str))
    }

    /// `the incident commander`, `a responder`
    pub(super) fn person(&self, name: &str, at: Timestamp) -> String {
        let theirs = self.held.iter().filter(|one| one.person.as_str() == name);
        let then = theirs.filter(|one| one.from <= at && one.until.is_none_or(|until| at <= until));
        let best = then.min_by_key(|one| (one.role.as_str() != COMMANDER, one.from));
        best.map_or_else(|| "a responder".to_owned(), |one| format!("the {}", self.role(one.role.as_str())))
    }

    /// Whoever did it.
    pub(super) fn who(&self, event: &Happened) -> String {
        if let Some(name) = person_of(&event.actor) {
            return self.person(name, event.recorded_at);
        }
        match event.actor.split_once(':') {
            Some(("integration", name)) => format!("the integration {name}"),
            Some(("local", _)) => "somebody at the server".to_owned(),
            _ => "Allclear".to_owned(),
        }
    }

    fn of_whom(&self, event: &Happened) -> String {
        self.person(event.text("person"), event.recorded_at)
    }

    /// Which of its alerts an entry is about: ` (“Checkout fails”)`.
    fn which(&self, event: &Happened) -> String {
        let found = event.subjects.iter().find_map(|subject| self.groups.get(subject));
        found.map_or_else(String::new, |title| format!(" ({})", quoted(title)))
    }

    /// What happened, or nothing if it is only bookkeeping.
    pub(super) fn told(&self, event: &Happened) -> Option<String> {
        if event.struck {
            return None;
        }
        let kind = event.kind?;
        let who = capital(&self.who(event));
        let said = |name: &str| quoted(event.text(name));
        let told = match kind {
            EventKind::EntryAdded => {
                let written = quoted(event.corrected.as_deref().unwrap_or_else(|| event.text("text")));
                let objected = Some(event.text("objections")).filter(|said| !said.is_empty());
                let objected = objected.map_or_else(String::new, |said| format!(" Objections: {}.", quoted(said)));
                let verb = match event.text("sort").parse() {
                    Ok(Sort::Observation) => "saw",
                    Ok(Sort::Action) => "did",
                    Ok(Sort::Decision) => "decided",
                    Ok(Sort::Note) | Err(_) => "noted",
                };
                format!("{who} {verb}: {written}.{objected}")
            }
            EventKind::AlertsFired => format!("Alerts fired{}.", self.which(event)),
            EventKind::AlertsResolved => format!("Alerts cleared{}.", self.which(event)),
            EventKind::AlertsClosed => format!("Alerts were closed: nothing was heard of them{}.", self.which(event)),
            EventKind::AlertsAcknowledged => format!("{who} acknowledged alerts{}.", self.which(event)),
            EventKind::AlertsMarkedNoise => format!("{who} marked an alert as noise."),
            EventKind::PageStarted => format!("Allclear began to page{}.", self.which(event)),
            EventKind::PageRestarted => format!("Allclear paged again{}.", self.which(event)),
            EventKind::PageEscalated => {
                let step = event.data["step"].as_u64().unwrap_or(1);
                let told = event.data["told"].as_array().is_some_and(|told| !told.is_empty());
                if told {
                    format!("The page went on to step {step}.")
                } else {
                    format!("The page went on: step {step} reached nobody.")
                }
            }
            EventKind::PageAcknowledged => format!("{who} acknowledged the page."),
            EventKind::PageEnded => format!("The page ended: {}.", event.text("ended")),
            EventKind::DeliveryFailed => format!("A message by {} could not be delivered.", event.text("channel")),
            EventKind::IncidentReported => format!("{who} reported the incident."),
            EventKind::IncidentDeclared => format!("{who} declared the incident."),
            EventKind::IncidentCancelled => format!("{who} said that it was no incident."),
            EventKind::IncidentGraded => match event.data["before"].as_str() {
                Some(before) => format!("{who} set the severity to {}; it was {before}.", event.text("severity")),
                None => format!("{who} set the severity to {}.", event.text("severity")),
            },
            EventKind::IncidentReclassified => format!("{who} changed the class to {}.", event.text("class")),
            EventKind::IncidentActivityBegan => format!("{} began.", capital(event.text("activity"))),
            EventKind::IncidentActivityEnded => format!("{} was done.", capital(event.text("activity"))),
            EventKind::IncidentMitigated => format!("{who} said that the impact was back under the threshold."),
            EventKind::IncidentResolved => format!("{who} said that the response was over."),
            EventKind::IncidentReopened => format!("{who} reopened the incident."),
            EventKind::IncidentClosed => format!("{who} closed the incident."),
            EventKind::IncidentMerged => format!("{who} merged it into another incident."),
            EventKind::IncidentRestricted => format!("{who} restricted the incident to those who are named."),
            EventKind::IncidentRevealed => format!("{who} opened the incident to everybody."),
            EventKind::IncidentDescribed => {
                let words = ["title", "impact", "because", "services"];
                let anew: Vec<&str> = words.into_iter().filter(|name| !event.data[*name].is_null()).collect();
                format!("{who} said anew: {}.", anew.join(", "))
            }
            EventKind::IncidentLinked => format!("{who} linked {}.", self.linked(event)),
            EventKind::IncidentUnlinked => format!("{who} took away the link to {}.", self.linked(event)),
            EventKind::RoleOffered => format!("{who} asked somebody to be {}.", self.role(event.text("role"))),
            EventKind::RoleAccepted => format!("Somebody took the role of {}.", self.role(event.text("role"))),
            EventKind::RoleDeclined => format!("Somebody could not be {}.", self.role(event.text("role"))),
            EventKind::RoleHandedOver => format!("The role of {} was handed over.", self.role(event.text("role"))),
            EventKind::RoleEnded => format!("Somebody laid down the role of {}.", self.role(event.text("role"))),
            EventKind::TaskGiven => format!("{who} gave a task to {}: {}.", self.of_whom(event), said("title")),
            EventKind::TaskTaken => format!("{} took the task {}.", capital(&self.of_whom(event)), said("title")),
            EventKind::TaskDone => format!("The task {} was done: {}.", said("title"), said("result")),
            EventKind::TaskDropped => format!("The task {} was dropped.", said("title")),
            EventKind::TaskLate => format!("Nobody had reported on the task {} in time.", said("title")),
            EventKind::ActionItemProposed => {
                format!("{who} proposed the action item {} to {}.", said("title"), self.of_whom(event))
            }
            EventKind::ActionItemDone => format!("The action item {} was done.", said("title")),
            EventKind::ActionItemVerified => format!("It was proven that the action item {} holds.", said("title")),
            EventKind::ActionItemReopened => format!("The action item {} was reopened.", said("title")),
            EventKind::ActionItemRecalled => "Action items of earlier incidents address the same.".to_owned(),
            EventKind::UpdatePosted => match event.data["stage"].as_str() {
                Some(stage) => format!("Said in public ({stage}): {}.", said("text")),
                None => format!("Said inside: {}.", said("text")),
            },
            EventKind::UpdateMissed => {
                format!("The next {} update did not come when it was promised.", event.text("audience"))
            }
            EventKind::NoticeOpened | EventKind::NoticeUpdated => format!("The public was told: {}.", said("text")),
            EventKind::NoticeCorrected => format!("What the public was told was corrected: {}.", said("text")),
            EventKind::FlagKilled => format!("{who} killed the flag {}.", event.text("flag")),
            EventKind::FlagKillLifted => format!("{who} lifted the kill of the flag {}.", event.text("flag")),
            EventKind::FlagKillExpired => format!("The kill of the flag {} expired.", event.text("flag")),
            EventKind::SuspectsNamed => "Changes that might have to do with it were found.".to_owned(),
            EventKind::SuspectJudged => {
                format!("{who} gave a verdict on a suspect: {}.", event.text("finding").replace('-', " "))
            }
            EventKind::RollbackAsked => format!("{who} asked to take {} back.", said("title")),
            EventKind::RollbackConfirmed => format!("{who} confirmed to take {} back.", said("title")),
            EventKind::RollbackCalledOff => format!("The rollback of {} was called off.", said("title")),
            EventKind::RollbackStarted => format!("The rollback of {} began.", said("title")),
            EventKind::RollbackSucceeded => format!("The rollback of {} was carried out.", said("title")),
            EventKind::RollbackFailed => format!("The rollback of {} failed.", said("title")),
            EventKind::RollbackUnknown => format!("Nobody knows what became of the rollback of {}.", said("title")),
            EventKind::RollbackJudged => format!(
                "The verdict on the rollback of {}: {}.",
                said("title"),
                event.text("outcome").replace('-', " ")
            ),
            EventKind::ChangeBegun => format!("The change {} began.", said("title")),
            EventKind::ChangeFinished => format!("The change {} was finished.", said("title")),
            EventKind::ChangeFailed => format!("The change {} failed.", said("title")),
            EventKind::EvidenceCollected => "Evidence was collected.".to_owned(),
            EventKind::TechniqueNamed => "A technique was named.".to_owned(),
            EventKind::AffectedCounted => "Somebody counted what is affected.".to_owned(),
            EventKind::ObligationAnchored => "A moment that starts clocks of obligations was recorded.".to_owned(),
            EventKind::ObligationSubmitted => "Something was told under an obligation.".to_owned(),
            EventKind::ObligationRuledOut => "An obligation was ruled out.".to_owned(),
            _ => return None,
        };
        let told = if event.merged { format!("In an incident that goes on in this one: {told}") } else { told };
        let gives_reason = !matches!(kind, EventKind::DeliveryFailed | EventKind::IncidentDescribed);
        let why = event.why.as_deref().filter(|why| gives_reason && !why.trim().is_empty());
        Some(why.map_or(told.clone(), |why| format!("{told} Reason: {}.", quoted(why))))
    }

    fn linked(&self, event: &Happened) -> String {
        let subject = event.text("subject");
        match self.groups.get(subject) {
            Some(title) => format!("the alerts {}", quoted(title)),
            None if subject.starts_with("inc_") => "another incident".to_owned(),
            None => "alerts".to_owned(),
        }
    }
}

/// So many letters of what somebody wrote are shown; the rest is where the citation leads.
const QUOTED: usize = 400;

/// What somebody wrote, in one line.
pub(super) fn quoted(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = text::shorten(&line, QUOTED);
    format!("“{}”", line.trim_end_matches(['.', ' ']))
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Without a capital, unless it is an abbreviation.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}
