//! Writes an incident that was real as a file of a drill, from its record: what `drill_reading` reads.
//!
//! It names no person: whoever did something stands there by their role. Titles and words are those of the record; look through them
//! before the file goes to somebody who may not see the incident.

use serde_json::{Value, json};

use super::drill_evidence::played;
use super::records::{Happened, Record};
use super::score_sheets::practises;
use crate::prepare::drills::MARK;
use crate::respond::drill_files::Kind;
use crate::words::{EventKind, IncidentId, Timestamp, text};

/// More events no file has.
const EVENTS_MOST: usize = 1_000;
const WORDS_MOST: usize = 1_000;

/// The file; nothing, if nothing in the record can be played. Of a drill that was played from a file: what was played, which practises
/// the same.
pub fn from_record(record: &Record, drill: bool) -> Option<Value> {
    let played: Vec<(Timestamp, Value)> = record
        .of_kind(EventKind::EntryAdded)
        .filter(|entry| drill && !entry.struck)
        .filter_map(played)
        .map(|event| (event.at, event.to_json()))
        .collect();
    let events = if played.is_empty() { happened(record) } else { played };
    let practised = if drill { practises(record.because.as_deref()) } else { Some(record.id) };
    file(record, practised, events)
}

fn happened(record: &Record) -> Vec<(Timestamp, Value)> {
    let mut events: Vec<(Timestamp, Value)> = record.events.iter().filter_map(|one| event(record, one)).collect();
    for alert in &record.alerts {
        let Some(mut told) = said(alert.fired_at, Kind::Alert, &alert.summary) else { continue };
        if let Some(service) = &alert.service {
            told["services"] = json!([service]);
        }
        events.push((alert.fired_at, told));
    }
    for change in record.changes.iter().filter(|change| !change.is_own) {
        if let Some(at) = change.began_at {
            events.extend(said(at, Kind::Change, &change.title).map(|told| (at, told)));
        }
    }
    events
}

fn file(record: &Record, practised: Option<IncidentId>, mut events: Vec<(Timestamp, Value)>) -> Option<Value> {
    events.sort_by_key(|(at, _)| *at);
    events.truncate(EVENTS_MOST);
    if events.is_empty() {
        return None;
    }
    let mut roles: Vec<&String> = record.roles.values().collect();
    roles.dedup();
    // What is played is marked again.
    let title = record.title.strip_prefix(MARK).unwrap_or(&record.title).trim_start_matches([':', ' ']);
    let mut file = json!({
        "title": text::shorten(title, 180),
        "class": record.class.word(),
        "services": record.services,
        "roles": roles,
        "events": events.into_iter().map(|(_, event)| event).collect::<Vec<_>>(),
    });
    if let Some(id) = practised {
        (file["id"], file["note"]) = (json!(id), json!(format!("Practises {id}")));
    }
    if let Some(severity) = &record.severity {
        file["expected"] = json!({ "severity_suggested": severity });
    }
    Some(file)
}

fn said(at: Timestamp, kind: Kind, words: &str) -> Option<Value> {
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = text::shorten(words.trim(), WORDS_MOST);
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    (!words.is_empty()).then(|| json!({ "t": at, "precision": "second", "kind": kind.word(), "text": words }))
}

fn event(record: &Record, one: &Happened) -> Option<(Timestamp, Value)> {
    if one.struck || one.merged {
        return None;
    }
    let text = |name: &str| one.data[name].as_str().unwrap_or_default().to_owned();
    let role = || {
        record
            .roles
            .iter()
            .find(|(name, _)| name.as_str() == text("role"))
            .map_or(text("role"), |(_, title)| title.clone())
    };
    let (kind, words) = match one.kind? {
        EventKind::AlertsAcknowledged | EventKind::PageAcknowledged => {
            (Kind::Acknowledgement, "Somebody has it".to_owned())
        }
        EventKind::IncidentDeclared => (Kind::Declaration, "An incident is declared".to_owned()),
        EventKind::RoleAccepted => (Kind::Role, format!("Somebody takes a role: {}", role())),
        EventKind::EntryAdded => {
            let kind = match text("sort").as_str() {
                "observation" => Kind::Finding,
                "action" => Kind::Action,
                "decision" => Kind::Decision,
                _ => Kind::Note,
            };
            (kind, one.corrected.clone().unwrap_or_else(|| text("text")))
        }
        EventKind::UpdatePosted => (Kind::Comms, text("text")),
        EventKind::IncidentMitigated => (Kind::Mitigation, "It is mitigated".to_owned()),
        EventKind::IncidentResolved => {
            (Kind::Resolution, one.why.clone().unwrap_or_else(|| "It is resolved".to_owned()))
        }
        _ => return None,
    };
    let mut told = said(one.at, kind, &words)?;
    if one.data["facts"].is_array() {
        told["facts"] = one.data["facts"].clone();
    }
    Some((one.at, told))
}
