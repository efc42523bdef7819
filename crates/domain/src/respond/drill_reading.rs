//! Reads a file of a drill, and says everything that is wrong with it, each with its place.
//!
//! What is misspelt is told, not passed over: a check that is not read would not be missed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::drill_files::{Change, Derived, DrillFile, Event, Expected, ExpectedClock, Kind, minutes};
use super::entries::TEXT_MOST;
use super::entry_facts::EntryFact;
use super::incidents::Class;
use super::stamps::{Measure, Milestone, Precision};
use crate::words::{IncidentId, Name, Refusal, text};

/// Reads a file, or says everything that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<DrillFile, Vec<Refusal>> {
    let body: Value = match serde_json::from_slice(bytes) {
        Ok(body) => body,
        Err(error) => return Err(vec![Refusal::invalid(format!("this is no JSON: {error}"))]),
    };
    let mut reader = Reader::default();
    match reader.file(&body) {
        Some(file) if reader.problems.is_empty() => Ok(file),
        _ => Err(reader.problems),
    }
}

/// Reads one event of a file, or says the first that is wrong with it, below a place.
pub fn read_event(body: &Value, place: &str) -> Result<Event, Refusal> {
    let mut reader = Reader::default();
    let event = reader.event(body, place);
    match (event, reader.problems.into_iter().next()) {
        (Some(event), None) => Ok(event),
        (_, Some(problem)) => Err(problem),
        (None, None) => Err(Refusal::invalid("this is no event").at(place)),
    }
}

/// More events nobody plays.
const EVENTS_MOST: usize = 2000;
const TITLE_MOST: usize = 190;

const FILE_FIELDS: [&str; 16] = [
    "id",
    "title",
    "kind",
    "class",
    "zone",
    "sources",
    "services",
    "roles",
    "events",
    "expected",
    "contributing_factors",
    "what_helped",
    "action_items",
    "drill_checks",
    "licence_note",
    "note",
];
const EVENT_FIELDS: [&str; 11] =
    ["t", "precision", "kind", "text", "source", "actor_role", "services", "change", "pack", "anchor", "facts"];
const EXPECTED_FIELDS: [&str; 7] =
    ["timestamps", "derived_minutes", "clocks", "traps", "severity_suggested", "postmortem_triggers", "regulatory"];

/// Which span a derived value is.
const DERIVED: [(&str, Milestone, Milestone, Option<Measure>); 9] = [
    ("time_to_detect_min", Milestone::ImpactStarted, Milestone::Detected, Some(Measure::Detect)),
    ("time_to_acknowledge_min", Milestone::Alerted, Milestone::Acknowledged, Some(Measure::Acknowledge)),
    ("time_to_declare_min", Milestone::Detected, Milestone::Declared, Some(Measure::Declare)),
    ("time_to_contain_min", Milestone::Detected, Milestone::Contained, Some(Measure::Contain)),
    ("time_to_mitigate_min", Milestone::ImpactStarted, Milestone::Mitigated, Some(Measure::Mitigate)),
    ("time_to_recover_min", Milestone::ImpactStarted, Milestone::Recovered, Some(Measure::Recover)),
    ("time_to_resolve_min", Milestone::Detected, Milestone::Resolved, Some(Measure::Resolve)),
    ("detect_to_mitigate_min", Milestone::Detected, Milestone::Mitigated, None),
    ("impact_to_resolved_min", Milestone::ImpactStarted, Milestone::Resolved, None),
];

/// The milestone of a name under `timestamps`.
fn milestone(name: &str) -> Result<Milestone, Refusal> {
    match name {
        "data_loss_window_start" => Ok(Milestone::DataLossStarted),
        "data_loss_window_end" => Ok(Milestone::DataLossEnded),
        other => other.replace('_', "-").parse(),
    }
}

/// Collects what is wrong on the way.
#[derive(Debug, Default)]
struct Reader {
    problems: Vec<Refusal>,
}

impl Reader {
    fn wrong(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Refusal::invalid(message).at(place));
    }

    fn object<'v>(&mut self, value: &'v Value, place: &str, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(fields) = value.as_object() else {
            self.wrong(place, "must be an object");
            return None;
        };
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            let near = text::did_you_mean(name, known.iter().copied());
            let shown = text::shorten(name, 40);
            self.wrong(&format!("{place}/{}", pointer(name)), format!("there is no field {shown:?} here{near}"));
        }
        Some(fields)
    }

    /// A text that must be there, if `needed`; what is null is absent.
    fn text(&mut self, fields: &Map<String, Value>, name: &str, place: &str, needed: bool) -> Option<String> {
        let place = format!("{place}/{name}");
        match fields.get(name) {
            None | Some(Value::Null) if !needed => None,
            None | Some(Value::Null) => {
                self.wrong(&place, "is missing");
                None
            }
            Some(Value::String(said)) if said.trim().is_empty() => {
                self.wrong(&place, "is empty");
                None
            }
            Some(Value::String(said)) if said.chars().count() > TEXT_MOST / 2 => {
                self.wrong(&place, format!("is longer than {} letters", TEXT_MOST / 2));
                None
            }
            Some(Value::String(said)) if said.chars().any(|c| c.is_control() && c != '\n' && c != '\t') => {
                self.wrong(&place, "has control characters");
                None
            }
            Some(Value::String(said)) => Some(said.clone()),
            Some(_) => {
                self.wrong(&place, "must be a text");
                None
            }
        }
    }

    fn texts(&mut self, fields: &Map<String, Value>, name: &str, place: &str) -> Vec<String> {
        let place = format!("{place}/{name}");
        let Some(items) = self.items(fields.get(name), &place) else { return Vec::new() };
        let mut all = Vec::new();
        for (n, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(said) => all.push(said.to_owned()),
                None => self.wrong(&format!("{place}/{n}"), "must be a text"),
            }
        }
        all
    }

    fn items<'v>(&mut self, value: Option<&'v Value>, place: &str) -> Option<&'v Vec<Value>> {
        match value {
            None | Some(Value::Null) => None,
            Some(Value::Array(items)) => Some(items),
            Some(_) => {
                self.wrong(place, "must be a list");
                None
            }
        }
    }

    fn time(&mut self, value: Option<&Value>, place: &str) -> Option<Timestamp> {
        let read = value.and_then(Value::as_str).and_then(|text| text.parse().ok());
        if read.is_none() {
            self.wrong(place, "must be a time with its offset: 2026-03-04T09:30:00Z");
        }
        read
    }

    fn name(&mut self, fields: &Map<String, Value>, name: &str, place: &str) -> Option<Name> {
        let said = self.text(fields, name, place, true)?;
        said.parse().map_err(|refusal: Refusal| self.wrong(&format!("{place}/{name}"), refusal.message)).ok()
    }

    fn file(&mut self, body: &Value) -> Option<DrillFile> {
        let fields = self.object(body, "", &FILE_FIELDS)?;
        let title = self.text(fields, "title", "", true);
        if title.as_ref().is_some_and(|title| title.chars().count() > TITLE_MOST || title.contains(['\n', '\t'])) {
            self.wrong("/title", format!("is one line of at most {TITLE_MOST} letters"));
        }
        let class = match self.text(fields, "class", "", false).map(|class| class.parse::<Class>()) {
            None => Class::System,
            Some(Ok(class)) => class,
            Some(Err(refusal)) => {
                self.wrong("/class", refusal.message);
                Class::System
            }
        };
        let events = self.events(fields.get("events"));
        let empty = Value::Object(Map::new());
        let (expected, severity) = self.expected(fields.get("expected").unwrap_or(&empty));
        let file = DrillFile {
            title: title?,
            class,
            severity,
            services: self.texts(fields, "services", ""),
            roles: self.texts(fields, "roles", ""),
            events,
            expected,
            drill_checks: self.texts(fields, "drill_checks", ""),
            practises: self.text(fields, "id", "", false).filter(|id| id.parse::<IncidentId>().is_ok()),
        };
        self.compare(&file);
        Some(file)
    }

    fn events(&mut self, value: Option<&Value>) -> Vec<Event> {
        let items: &[Value] = self.items(value, "/events").map_or(&[], Vec::as_slice);
        if items.is_empty() {
            self.wrong("/events", "there is nothing to play: list what happened");
        }
        if items.len() > EVENTS_MOST {
            self.wrong("/events", format!("has {} events; the most is {EVENTS_MOST}", items.len()));
            return Vec::new();
        }
        let mut all: Vec<Event> = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let place = format!("/events/{n}");
            if let Some(event) = self.event(item, &place) {
                if all.last().is_some_and(|before| before.at > event.at) {
                    self.wrong(
                        &format!("{place}/t"),
                        "is before the event above it: put them in the order of their times",
                    );
                }
                all.push(event);
            }
        }
        all
    }

    fn event(&mut self, item: &Value, place: &str) -> Option<Event> {
        let fields = self.object(item, place, &EVENT_FIELDS)?;
        let at = self.time(fields.get("t"), &format!("{place}/t"));
        let said = self.text(fields, "text", place, true);
        let kind = self.text(fields, "kind", place, true).and_then(|word| {
            Kind::from_word(&word).map_err(|refusal| self.wrong(&format!("{place}/kind"), refusal.message)).ok()
        });
        let precision = match self.text(fields, "precision", place, false).as_deref() {
            Some("second") => Precision::Second,
            None | Some("minute" | "approximate" | "order only") => Precision::Minute,
            Some(_) => {
                self.wrong(&format!("{place}/precision"), "is one of second, minute, approximate and order only");
                Precision::Minute
            }
        };
        let anchor = if kind == Some(Kind::Anchor) {
            let (pack, anchor) = (self.name(fields, "pack", place), self.name(fields, "anchor", place));
            pack.zip(anchor)
        } else {
            for name in ["pack", "anchor"].into_iter().filter(|name| fields.contains_key(*name)) {
                self.wrong(&format!("{place}/{name}"), "only an event of the kind anchor has this");
            }
            None
        };
        let change = match fields.get("change") {
            None | Some(Value::Null) => None,
            Some(Value::Object(change)) => {
                let place = format!("{place}/change");
                self.text(change, "id", &place, true).map(|id| Change {
                    id,
                    sort: self.text(change, "type", &place, false),
                    rollback: self.text(change, "rollback", &place, false),
                })
            }
            Some(_) => {
                self.wrong(&format!("{place}/change"), "must be an object");
                None
            }
        };
        let mut facts = BTreeSet::new();
        for (n, said) in self.texts(fields, "facts", place).iter().enumerate() {
            match said.replace('_', "-").parse::<EntryFact>() {
                Ok(fact) => _ = facts.insert(fact),
                Err(refusal) => self.wrong(&format!("{place}/facts/{n}"), refusal.message),
            }
        }
        Some(Event {
            facts,
            source: self.text(fields, "source", place, false),
            role: self.text(fields, "actor_role", place, false),
            services: self.texts(fields, "services", place),
            at: at?,
            precision,
            kind: kind?,
            text: said?,
            change,
            anchor,
        })
    }

    fn expected(&mut self, value: &Value) -> (Expected, Option<String>) {
        let Some(fields) = self.object(value, "/expected", &EXPECTED_FIELDS) else { return Default::default() };
        let mut expected = Expected {
            traps: self.texts(fields, "traps", "/expected"),
            regulatory: self.texts(fields, "regulatory", "/expected"),
            triggers: self.texts(fields, "postmortem_triggers", "/expected"),
            ..Expected::default()
        };
        for (name, value) in self.pairs(fields, "timestamps") {
            let place = format!("/expected/timestamps/{}", pointer(name));
            match milestone(name) {
                Ok(milestone) if value.is_null() => _ = expected.timestamps.insert(milestone, None),
                Ok(milestone) => {
                    let at = self.time(Some(value), &place);
                    expected.timestamps.insert(milestone, at);
                }
                Err(refusal) => self.wrong(&place, refusal.message),
            }
        }
        for (name, value) in self.pairs(fields, "derived_minutes") {
            let place = format!("/expected/derived_minutes/{}", pointer(name));
            let found = DERIVED.iter().find(|(known, ..)| known == name);
            match (found, value.as_f64()) {
                (Some((_, from, to, measure)), Some(minutes)) => expected.derived.push(Derived {
                    name: name.clone(),
                    from: *from,
                    to: *to,
                    measure: *measure,
                    minutes,
                }),
                (Some(_), None) => self.wrong(&place, "must be a number of minutes"),
                (None, _) => {
                    let near = text::did_you_mean(name, DERIVED.map(|(known, ..)| known));
                    self.wrong(&place, format!("nothing of this name is measured{near}"));
                }
            }
        }
        let clocks: &[Value] = self.items(fields.get("clocks"), "/expected/clocks").map_or(&[], Vec::as_slice);
        for (n, item) in clocks.iter().enumerate() {
            let place = format!("/expected/clocks/{n}");
            let Some(clock) = self.object(item, &place, &["pack", "clock", "due_at"]) else { continue };
            let (pack, name) = (self.name(clock, "pack", &place), self.name(clock, "clock", &place));
            let due_at = self.time(clock.get("due_at"), &format!("{place}/due_at"));
            if let (Some(pack), Some(name), Some(due_at)) = (pack, name, due_at) {
                expected.clocks.push(ExpectedClock { pack, clock: name, due_at });
            }
        }
        (expected, self.text(fields, "severity_suggested", "/expected", false))
    }

    fn pairs<'v>(&mut self, fields: &'v Map<String, Value>, name: &str) -> Vec<(&'v String, &'v Value)> {
        match fields.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(pairs)) => pairs.iter().collect(),
            Some(_) => {
                self.wrong(&format!("/expected/{name}"), "must be an object");
                Vec::new()
            }
        }
    }

    /// What the file expects must follow from what it tells.
    fn compare(&mut self, file: &DrillFile) {
        if !self.problems.is_empty() {
            return;
        }
        for derived in &file.expected.derived {
            let place = format!("/expected/derived_minutes/{}", derived.name);
            match file.span(derived) {
                None => {
                    let (from, to) = (derived.from, derived.to);
                    self.wrong(&place, format!("the file does not tell both {from:?} and {to:?}: add an event"));
                }
                Some(seconds) if !derived.is(seconds) => {
                    let message = format!("the events give {}, not {}", minutes(seconds), derived.minutes);
                    self.wrong(&place, message);
                }
                Some(_) => {}
            }
        }
    }
}

/// A name as a part of a JSON pointer.
fn pointer(name: &str) -> String {
    text::shorten(name, 60).replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(t: &str, kind: &str) -> Value {
        json!({ "t": format!("2026-03-04T{t}Z"), "kind": kind, "text": "It happens" })
    }

    fn file(events: &[Value], expected: &Value) -> Value {
        json!({ "title": "The queue stands still", "events": events, "expected": expected })
    }

    fn good() -> Value {
        let events = [
            event("09:00:00", "change"),
            event("09:10:40", "impact"),
            event("09:12:00", "alert"),
            event("09:20:00", "mitigation"),
            event("09:31:00", "mitigation"),
            event("10:00:00", "resolution"),
        ];
        file(&events, &json!({ "derived_minutes": { "time_to_detect_min": 2.0, "time_to_mitigate_min": 21 } }))
    }

    fn reading(body: &Value) -> Result<DrillFile, Vec<String>> {
        let said = |all: Vec<Refusal>| all.iter().map(ToString::to_string).collect();
        super::read(body.to_string().as_bytes()).map_err(said)
    }

    fn told(body: &Value) -> Vec<String> {
        let all = reading(body).unwrap().told();
        all.iter().map(|one| format!("{} {}", one.milestone.word(), one.when.at.strftime("%H:%M:%S"))).collect()
    }

    #[test]
    fn events_tell_when_what_was_reached() {
        assert_eq!(
            told(&good()),
            [
                // To the minute: what is not exact is not made so.
                "impact-started 09:10:00",
                "detected 09:12:00",
                "alerted 09:12:00",
                "acknowledged 09:12:00",
                "declared 09:12:00",
                // The last one counts.
                "mitigated 09:31:00",
                "resolved 10:00:00",
            ]
        );
        // What is noticed without an alert; a mitigation that nothing tells is the end; what no event tells is stated.
        let mut exact = event("08:00:07", "detection");
        exact["precision"] = json!("second");
        let events =
            [exact, event("09:10:00", "impact"), event("09:15:00", "acknowledgement"), event("10:00:00", "resolution")];
        let stated = json!({ "timestamps": {
            "data_loss_window_start": "2026-03-04T07:00:00Z",
            "cause_introduced": null,
            "detected": "2026-03-04T08:00:00Z",
        } });
        assert_eq!(
            told(&file(&events, &stated)),
            [
                "impact-started 09:10:00",
                "detected 08:00:07",
                "acknowledged 09:15:00",
                "declared 08:00:07",
                "mitigated 10:00:00",
                "resolved 10:00:00",
                "data-loss-started 07:00:00",
            ]
        );
    }

    #[test]
    fn an_entry_says_who_did_it_what_changed_and_who_tells() {
        let mut change = event("09:00:00", "mitigation");
        change["change"] = json!({ "id": "KILL", "type": "emergency", "rollback": null, "flag": "x" });
        change["actor_role"] = json!("lead");
        change["source"] = json!("the log");
        let body = file(&[change, event("09:05:00", "comms")], &json!({}));
        let entries: Vec<String> = reading(&body).unwrap().events.iter().map(Event::entry).collect();
        assert_eq!(
            entries,
            [
                "lead: Change KILL (emergency; rollback: none): It happens\nSource: the log",
                "Told outside, in the drill alone: It happens",
            ]
        );
    }

    #[test]
    fn an_event_shows_what_its_file_says_and_what_follows_from_its_fields() {
        let shows = |kind: &str, also: &Value| -> Vec<&str> {
            let mut body = event("09:00:00", kind);
            body.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
            let read = read_event(&body, "/played").unwrap();
            assert_eq!(read_event(&read.to_json(), "").unwrap(), read, "it reads back");
            read.shows().iter().map(|fact| fact.word()).collect()
        };
        assert_eq!(shows("action", &json!({})), Vec::<&str>::new());
        assert_eq!(
            shows("action", &json!({ "facts": ["manual_recovery", "restore-failed"] })),
            ["manual-recovery", "restore-failed"]
        );
        let change =
            |sort: &str| json!({ "change": { "id": "C", "type": sort, "rollback": null }, "services": ["web"] });
        assert_eq!(shows("mitigation", &change("Kill switch")), ["kill-switch-used"]);
        assert_eq!(shows("mitigation", &change("rollback")), ["rolled-back"]);
        assert_eq!(shows("mitigation", &change("emergency")), Vec::<&str>::new());
        assert_eq!(shows("recovery", &json!({ "actor_role": "lead", "source": "the log" })), ["manual-recovery"]);
        assert_eq!(shows("recovery", &json!({ "actor_role": "automation" })), Vec::<&str>::new());
        assert_eq!(shows("anchor", &json!({ "pack": "gdpr", "anchor": "aware" })), Vec::<&str>::new());
        let wrong = read_event(&json!({ "t": "now", "kind": "alert", "text": "x" }), "/played").unwrap_err();
        assert_eq!(wrong.at.as_deref(), Some("/played/t"));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_place() {
        let with = |change: fn(&mut Value)| {
            let mut body = good();
            change(&mut body);
            body
        };
        let table: [(Value, &[&str]); 23] = [
            (json!([]), &[": must be an object"]),
            (
                with(|b| b["titel"] = json!("x")),
                &["/titel: there is no field \"titel\" here (did you mean \"title\"?)"],
            ),
            (with(|b| b["title"] = json!(7)), &["/title: must be a text"]),
            (with(|b| b["title"] = json!("a\nb")), &["/title: is one line of at most 190 letters"]),
            (with(|b| b["title"] = json!(" ")), &["/title: is empty"]),
            (with(|b| b["class"] = json!("sytem")), &["/class: "]),
            (with(|b| b["services"] = json!("web")), &["/services: must be a list"]),
            (with(|b| b["roles"] = json!(["lead", 3])), &["/roles/1: must be a text"]),
            (with(|b| b["events"] = json!([])), &["/events: there is nothing to play: list what happened"]),
            (with(|b| b["events"] = json!({})), &["/events: must be a list", "/events: there is nothing to play"]),
            (with(|b| b["events"][1]["t"] = json!("soon")), &["/events/1/t: must be a time with its offset"]),
            (
                with(|b| b["events"][1]["t"] = json!("2026-03-04T08:00:00Z")),
                &["/events/1/t: is before the event above it"],
            ),
            (
                with(|b| b["events"][2]["kind"] = json!("alrt")),
                &["/events/2/kind: there is no kind \"alrt\" (did you mean \"alert\"?)"],
            ),
            (with(|b| b["events"][2]["text"] = json!(null)), &["/events/2/text: is missing"]),
            (with(|b| b["events"][2]["text"] = json!("a\u{7}")), &["/events/2/text: has control characters"]),
            (with(|b| b["events"][2]["precision"] = json!("roughly")), &["/events/2/precision: is one of"]),
            (with(|b| b["events"][2]["change"] = json!({})), &["/events/2/change/id: is missing"]),
            (
                with(|b| b["events"][2]["facts"] = json!(["manual_recovery", "restore_fails"])),
                &["/events/2/facts/1: what an entry shows is one of kill-switch-used, "],
            ),
            (with(|b| b["events"][2]["pack"] = json!("gdpr")), &["/events/2/pack: only an event of the kind anchor"]),
            (
                with(|b| b["events"][2]["kind"] = json!("anchor")),
                &["/events/2/pack: is missing", "/events/2/anchor: is missing"],
            ),
            (
                with(|b| b["expected"]["timestamps"] = json!({ "detectd": null, "resolved": "x" })),
                &[
                    "/expected/timestamps/detectd: there is no milestone",
                    "/expected/timestamps/resolved: must be a time",
                ],
            ),
            (
                with(|b| {
                    b["expected"]["derived_minutes"] = json!({ "time_to_detekt_min": 1, "time_to_contain_min": "x" });
                }),
                &[
                    "/expected/derived_minutes/time_to_detekt_min: nothing of this name is measured (did you mean",
                    "/expected/derived_minutes/time_to_contain_min: must be a number",
                ],
            ),
            (
                with(|b| {
                    b["expected"]["derived_minutes"] = json!({ "time_to_detect_min": 3, "time_to_contain_min": 1 });
                }),
                &[
                    "/expected/derived_minutes/time_to_detect_min: the events give 2, not 3",
                    "/expected/derived_minutes/time_to_contain_min: the file does not tell both",
                ],
            ),
        ];
        for (body, expected) in table {
            let found = reading(&body).unwrap_err();
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.starts_with(expected), "{found}\n{expected}");
            }
        }
        assert!(super::read(b"{").unwrap_err()[0].to_string().starts_with("this is no JSON"));
        assert!(reading(&good()).is_ok());
    }
}
