//! What was there to be found in a drill, and whether anybody took it in: linked, acknowledged, judged, or named in words.
//!
//! What a drill plays is there from when it is played; what only the record of the real incident has, from when the drill began.
//! Whoever plays takes nothing in by it. To name something is to write its id, what it is called, or most of what it says.

use std::collections::BTreeSet;

use super::records::{AlertFact, Happened, Record};
use super::terms;
use crate::change::suspects::Finding;
use crate::prepare::drills::MARK;
use crate::respond::drill_files::{Event, Kind};
use crate::respond::drill_reading::read_event;
use crate::words::choices::choices;
use crate::words::{EventKind, PageId, Span, Timestamp, text};

choices! {
    /// What kind of evidence it is.
    Sort: "a kind of evidence" at "/sort" {
        Alert = "alert",
        Observation = "observation",
        Finding = "finding",
        Change = "change",
        /// The change that set it off, as people found when it was real.
        Trigger = "trigger",
    }
}

choices! {
    /// How it was taken in.
    How: "how evidence is taken in" at "/how" {
        Linked = "linked",
        Acknowledged = "acknowledged",
        Judged = "judged",
        Named = "named",
    }
}

/// Something that was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub sort: Sort,
    pub title: String,
    /// When it was, as the file or the real record has it.
    pub at: Timestamp,
    /// How it was taken in first, and how long after it was there; nothing: it was missed.
    pub taken: Option<(How, Span)>,
}

impl Evidence {
    /// In a line, without when it was: `missed: alert PoolExhausted`.
    pub fn says(&self) -> String {
        let (sort, title) = (self.sort, &self.title);
        match &self.taken {
            None => format!("missed: {sort} {title}"),
            Some((how, after)) => format!("{how} after {}: {sort} {title}", Span::seconds(after.as_millis() / 1000)),
        }
    }
}

/// More than these nobody reads.
const MOST: usize = 200;
const TITLE_MOST: usize = 160;

/// Everything that was there in a drill, in the order of its times.
pub fn of_drill(drill: &Record, original: Option<&Record>) -> Vec<Evidence> {
    let played: Vec<(&Happened, Event)> = drill
        .of_kind(EventKind::EntryAdded)
        .filter(|entry| !entry.struck)
        .filter_map(|entry| Some((entry, played(entry)?)))
        .collect();
    let players: BTreeSet<&str> = played.iter().map(|(entry, _)| entry.actor.as_str()).collect();
    let room = Room { drill, players, said: said(drill) };
    let mut things: Vec<Thing> = played
        .iter()
        .filter(|(_, event)| event.kind.is_evidence())
        .map(|(entry, event)| Thing::played(entry, event))
        .collect();
    if let Some(original) = original {
        if played.is_empty() {
            things.extend(recorded(original, drill.reported_at));
        }
        things.extend(trigger(original, drill.reported_at));
    }
    for alert in &drill.alerts_near {
        let title = plain(&alert.summary);
        if !things.iter().any(|thing| thing.sort == Sort::Alert && thing.is(&title)) {
            things.push(Thing::of_alert(alert, alert.fired_at));
        }
    }
    things.truncate(MOST);
    let mut all: Vec<Evidence> = things
        .into_iter()
        .map(|thing| Evidence {
            taken: room.took(&thing).map(|(how, at)| (how, Span::between(thing.there_at, at))),
            sort: thing.sort,
            title: text::shorten(&thing.title, TITLE_MOST),
            at: thing.at,
        })
        .collect();
    all.sort_by(|a, b| (a.at, a.sort, &a.title).cmp(&(b.at, b.sort, &b.title)));
    all
}

/// The event that an entry plays.
pub(super) fn played(entry: &Happened) -> Option<Event> {
    read_event(entry.data.get("played")?, "").ok()
}

/// Something that can be taken in.
#[derive(Debug)]
struct Thing {
    sort: Sort,
    title: String,
    /// What it may be called: the name of an alert, the ids of what it is.
    names: Vec<String>,
    at: Timestamp,
    there_at: Timestamp,
}

impl Thing {
    fn played(entry: &Happened, event: &Event) -> Self {
        let sort = match event.kind {
            Kind::Alert => Sort::Alert,
            Kind::Change => Sort::Change,
            Kind::Finding => Sort::Finding,
            _ => Sort::Observation,
        };
        let title = plain(&event.text);
        let mut names = vec![entry.id.to_string()];
        names.extend(event.change.as_ref().map(|change| change.id.clone()));
        if sort == Sort::Alert {
            names.push(called(&title));
        }
        Self { sort, title, names, at: event.at, there_at: entry.recorded_at }
    }

    fn of_alert(alert: &AlertFact, there_at: Timestamp) -> Self {
        let title = plain(&alert.summary);
        let names = vec![alert.id.to_string(), called(&title)];
        Self { sort: Sort::Alert, title, names, at: alert.fired_at, there_at }
    }

    fn is(&self, title: &str) -> bool {
        self.title.eq_ignore_ascii_case(title)
    }

    /// When somebody named it first, since it was there.
    fn named(&self, said: &[Said]) -> Option<Timestamp> {
        let (names, own) = (self.names.iter().map(|name| (name.to_lowercase(), spaced(name))), telling(&self.title));
        let names: Vec<(String, String)> = names.collect();
        let by_name = |words: &Said| {
            names
                .iter()
                .any(|(name, padded)| name.contains('_') && words.lower.contains(name) || words.padded.contains(padded))
        };
        let by_words = |words: &Said| {
            let common = own.intersection(&words.telling).count();
            common >= 2 && common * 2 >= own.len()
        };
        let named = said.iter().find(|words| words.at >= self.there_at && (by_name(words) || by_words(words)));
        named.map(|words| words.at)
    }
}

/// Words that somebody wrote, read once for all that they may name.
#[derive(Debug)]
struct Said {
    at: Timestamp,
    lower: String,
    padded: String,
    telling: BTreeSet<String>,
}

impl Said {
    fn new(at: Timestamp, words: &str) -> Self {
        Self { at, lower: words.to_lowercase(), padded: spaced(words), telling: telling(words) }
    }
}

/// The stems that tell one thing from another.
fn telling(words: &str) -> BTreeSet<String> {
    terms::stems(words).into_iter().filter(|stem| !terms::says_little(stem)).collect()
}

/// What the record of the real incident has.
fn recorded(original: &Record, there_at: Timestamp) -> Vec<Thing> {
    let alerts = original.alerts.iter().map(|alert| Thing::of_alert(alert, there_at));
    let observed = original
        .of_kind(EventKind::EntryAdded)
        .filter(|entry| entry.text("sort") == "observation" && !entry.struck)
        .map(|entry| {
            let title = plain(entry.corrected.as_deref().unwrap_or(entry.text("text")));
            Thing { sort: Sort::Observation, title, names: vec![entry.id.to_string()], at: entry.at, there_at }
        });
    let changed = original.changes.iter().filter(|change| !change.is_own).filter_map(|change| {
        let (title, names) = (plain(&change.title), vec![change.id.to_string()]);
        Some(Thing { sort: Sort::Change, title, names, at: change.began_at?, there_at })
    });
    alerts.chain(observed).chain(changed).collect()
}

fn trigger(original: &Record, there_at: Timestamp) -> Option<Thing> {
    let judged = original.suspects.iter().filter_map(|one| Some((&one.candidate, one.candidate.found.as_ref()?)));
    let (candidate, found) =
        judged.filter(|(_, found)| found.finding == Finding::Trigger).min_by_key(|(_, found)| found.at)?;
    let at = candidate.stages.iter().copied().filter(|at| *at <= original.reported_at).max().unwrap_or(found.at);
    let names = vec![candidate.which.to_string()];
    Some(Thing { sort: Sort::Trigger, title: plain(&candidate.title), names, at, there_at })
}

/// What people did and wrote in a drill.
#[derive(Debug)]
struct Room<'r> {
    drill: &'r Record,
    /// Who played the file.
    players: BTreeSet<&'r str>,
    said: Vec<Said>,
}

impl Room<'_> {
    /// How something was taken in first, and when.
    fn took(&self, thing: &Thing) -> Option<(How, Timestamp)> {
        let alert = self.alert(thing);
        let judged = self.judged(thing).map(|at| (How::Judged, at));
        let named = thing.named(&self.said).map(|at| (How::Named, at));
        alert.into_iter().chain(judged).chain(named).min_by_key(|(_, at)| *at)
    }

    /// By the alert itself: it was linked by somebody who does not play, or acknowledged.
    fn alert(&self, thing: &Thing) -> Option<(How, Timestamp)> {
        if thing.sort != Sort::Alert {
            return None;
        }
        let alert = self.drill.alerts.iter().find(|alert| thing.is(&plain(&alert.summary)))?;
        let (group, id) = (alert.group.to_string(), alert.id.to_string());
        let pages: Vec<PageId> =
            self.drill.pages.iter().filter(|page| page.group == Some(alert.group)).map(|page| page.id).collect();
        let about = |event: &Happened| event.subjects.iter().any(|one| *one == group || *one == id);
        let by_page = |event: &Happened| pages.iter().any(|page| event.subjects.contains(&page.to_string()));
        let taken = self.drill.events.iter().filter_map(|event| {
            let how = match event.kind? {
                EventKind::IncidentDeclared | EventKind::IncidentReported if about(event) => How::Linked,
                EventKind::IncidentLinked if about(event) && !self.players.contains(event.actor.as_str()) => {
                    How::Linked
                }
                EventKind::AlertsAcknowledged if about(event) => How::Acknowledged,
                EventKind::PageAcknowledged if about(event) || by_page(event) => How::Acknowledged,
                _ => return None,
            };
            Some((how, event.recorded_at))
        });
        taken.filter(|(_, at)| *at >= thing.there_at).min_by_key(|(_, at)| *at)
    }

    /// Somebody said what it is among the suspects.
    fn judged(&self, thing: &Thing) -> Option<Timestamp> {
        if !matches!(thing.sort, Sort::Change | Sort::Trigger) {
            return None;
        }
        let found = self.drill.suspects.iter().filter_map(|one| {
            let same = thing.names.contains(&one.candidate.which.to_string()) || thing.is(&plain(&one.candidate.title));
            let judged = one.candidate.found.as_ref().filter(|found| found.finding != Finding::Unknown);
            judged.filter(|_| same)
        });
        found.map(|found| found.at).filter(|at| *at >= thing.there_at).min()
    }
}

/// What people wrote, in the order in which they did: on the timeline, in updates, tasks and hand-overs.
fn said(drill: &Record) -> Vec<Said> {
    use EventKind as K;
    let by_people = |event: &&Happened| {
        let words = matches!(
            event.kind,
            Some(K::EntryAdded | K::UpdatePosted | K::TaskGiven | K::TaskTaken | K::TaskDone | K::RoleOffered)
        );
        words && !event.struck && event.data.get("played").is_none()
    };
    let mut all: Vec<Said> = drill
        .events
        .iter()
        .filter(by_people)
        .map(|event| {
            let data = event.data.as_object().into_iter().flatten();
            let mut words: Vec<&str> = data.filter_map(|(_, value)| value.as_str()).collect();
            words.extend(event.why.as_deref().into_iter().chain(event.corrected.as_deref()));
            Said::new(event.recorded_at, &words.join("\n"))
        })
        .collect();
    all.sort_by_key(|words| words.at);
    all
}

/// One line, without the mark of a drill.
fn plain(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default().trim();
    line.strip_prefix(MARK).map_or(line, |rest| rest.trim_start_matches([':', ' '])).to_owned()
}

/// What an alert is called: what stands before the first `:` or `;`.
fn called(title: &str) -> String {
    title.split([':', ';']).next().unwrap_or(title).trim().to_owned()
}

/// Words in small letters, each with a space on both sides.
pub(super) fn spaced(words: &str) -> String {
    let letters: String =
        words.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let words: Vec<&str> = letters.split_whitespace().collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::words::{GroupId, Id, Mint};

    struct Drill {
        record: Record,
        mint: Mint,
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    impl Drill {
        fn new() -> Self {
            let mut mint = Mint::seeded(3);
            Self { record: Record::sample(mint.id(at(0)), at(0)), mint }
        }

        fn id<T: Id>(&mut self) -> T {
            self.mint.id(at(0))
        }

        fn happens(&mut self, minute: i64, kind: EventKind, actor: &str, subjects: &[String], data: Value) {
            let event = Happened {
                id: self.id(),
                number: None,
                kind: Some(kind),
                at: at(minute),
                recorded_at: at(minute),
                actor: actor.into(),
                subjects: subjects.to_vec(),
                why: None,
                data,
                corrected: None,
                struck: false,
                merged: false,
            };
            self.record.events.push(event);
        }

        fn plays(&mut self, minute: i64, kind: Kind, words: &str) {
            let event = Event::new(at(minute - 9000), kind, words).to_json();
            let data = json!({ "sort": "observation", "text": words, "played": event });
            self.happens(minute, EventKind::EntryAdded, "token:drills:ana", &[], data);
        }

        fn writes(&mut self, minute: i64, words: &str) {
            let data = json!({ "sort": "note", "text": words });
            self.happens(minute, EventKind::EntryAdded, "person:ben", &[], data);
        }

        fn alert(&mut self, summary: &str) -> GroupId {
            let group = self.id();
            let fact = AlertFact {
                id: self.id(),
                group,
                summary: summary.into(),
                service: None,
                fired_at: at(0),
                resolved_at: None,
                noise: None,
            };
            self.record.alerts.push(fact);
            group
        }

        fn says(&self, original: Option<&Record>) -> Vec<String> {
            of_drill(&self.record, original).iter().map(Evidence::says).collect()
        }
    }

    #[test]
    fn what_was_played_is_missed_until_somebody_names_it() {
        let mut drill = Drill::new();
        drill.plays(1, Kind::Alert, "PoolExhausted: no connection is free");
        drill.plays(2, Kind::Finding, "The replica stands still since the vacuum began");
        drill.plays(3, Kind::Change, "New cart for all");
        drill.plays(4, Kind::Decision, "Nobody restarts the pool");
        assert_eq!(
            drill.says(None),
            [
                "missed: alert PoolExhausted: no connection is free",
                "missed: finding The replica stands still since the vacuum began",
                "missed: change New cart for all",
            ],
            "a decision is nothing to be found"
        );
        drill.writes(5, "we look at something else");
        drill.writes(6, "it is poolexhausted, I think");
        drill.writes(8, "the vacuum makes the replica stand still");
        assert_eq!(
            drill.says(None),
            [
                "named after 5m: alert PoolExhausted: no connection is free",
                "named after 6m: finding The replica stands still since the vacuum began",
                "missed: change New cart for all",
            ]
        );
    }

    #[test]
    fn whoever_plays_takes_in_nothing_and_whoever_acknowledges_does() {
        let mut drill = Drill::new();
        let group = drill.alert("DRILL: Errors are up");
        drill.plays(1, Kind::Alert, "Errors are up");
        drill.happens(1, EventKind::IncidentLinked, "token:drills:ana", &[group.to_string()], json!({}));
        assert_eq!(drill.says(None), ["missed: alert Errors are up"]);
        drill.happens(4, EventKind::AlertsAcknowledged, "person:ben", &[group.to_string()], json!({}));
        assert_eq!(drill.says(None), ["acknowledged after 3m: alert Errors are up"]);
        drill.happens(3, EventKind::IncidentLinked, "person:cleo", &[group.to_string()], json!({}));
        assert_eq!(drill.says(None), ["linked after 2m: alert Errors are up"], "the first counts");
    }

    #[test]
    fn without_a_file_what_was_on_record_when_it_was_real_counts() {
        let mut real = Drill::new();
        real.alert("Errors are up");
        real.writes(1, "not an observation");
        let observed = json!({ "sort": "observation", "text": "cards of one bank alone fail" });
        real.happens(2, EventKind::EntryAdded, "person:ana", &[], observed);
        let mut drill = Drill::new();
        let near = drill.alert("DRILL: Disk full");
        drill.record.alerts_near = std::mem::take(&mut drill.record.alerts);
        assert_eq!(
            drill.says(Some(&real.record)),
            [
                "missed: alert Disk full",
                "missed: alert Errors are up",
                "missed: observation cards of one bank alone fail"
            ],
            "{near}"
        );
        drill.writes(3, "it is cards, of one bank only");
        assert_eq!(drill.says(Some(&real.record))[2], "named after 3m: observation cards of one bank alone fail");
    }

    #[test]
    fn what_is_struck_or_was_written_before_counts_for_nothing() {
        let mut drill = Drill::new();
        drill.writes(0, "PoolExhausted fires every night");
        drill.plays(1, Kind::Alert, "PoolExhausted");
        assert_eq!(drill.says(None), ["missed: alert PoolExhausted"]);
        drill.record.events[1].struck = true;
        assert_eq!(drill.says(None), Vec::<String>::new());
    }
}
