//! What is found: incidents, what was written on their timelines, changes, what tells people what to do, reports.
//!
//! A document here is what the index keeps of one thing: its words, and what it is filtered by. Which of them somebody may
//! read is asked of the store when they search; the index only knows to which incident each belongs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::changes::Change;
use crate::respond::checklists::Checklist;
use crate::respond::evidence::Evidence;
use crate::respond::incidents::Class;
use crate::respond::observables::Observable;
use crate::respond::runbooks::Runbook;
use crate::respond::tasks::{self, Task};
use crate::respond::tlp::Tlp;
use crate::respond::updates::Update;
use crate::words::choices::choices;
use crate::words::text::shorten;
use crate::words::{EventKind, IncidentId, Name, Timestamp};

choices! {
    /// What kind of thing is found.
    Found: "what is found" at "/kind" {
        Incident = "incident",
        /// What somebody wrote on a timeline.
        Entry = "entry",
        Update = "update",
        Task = "task",
        Evidence = "evidence",
        Observable = "observable",
        Change = "change",
        Runbook = "runbook",
        Checklist = "checklist",
        /// The whole of an incident that was written down afterwards, as one text.
        Report = "report",
        Postmortem = "postmortem",
    }
}

impl Found {
    /// Several of it, for a heading.
    pub const fn many(self) -> &'static str {
        match self {
            Self::Incident => "Incidents",
            Self::Entry => "Timeline entries",
            Self::Update => "Updates",
            Self::Task => "Tasks",
            Self::Evidence => "Evidence",
            Self::Observable => "Observables",
            Self::Change => "Changes",
            Self::Runbook => "Runbooks",
            Self::Checklist => "Checklists",
            Self::Report => "Reports",
            Self::Postmortem => "Postmortems",
        }
    }

    /// Its place among all kinds, which the index keeps.
    pub fn code(self) -> u64 {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or_default() as u64
    }

    /// The kind at that place.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// What is kept, and found again, under one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub kind: Found,
    /// Its id, or its name. Of a report and a postmortem, the id of the incident.
    pub id: String,
    /// The incident that it is part of.
    pub incident: Option<IncidentId>,
}

/// What the index keeps of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub key: Key,
    /// Empty for what has none: an entry, an update.
    pub title: String,
    pub text: String,
    pub services: Vec<Name>,
    pub severity: Option<String>,
    pub class: Option<Class>,
    /// When it happened or was written.
    pub at: Timestamp,
    /// Only those see it who are inside its incident: it is marked RED.
    pub red: bool,
}

/// More of a text is not kept, in bytes.
pub const TEXT_MOST: usize = 400_000;

impl Document {
    /// The same with no more text than is kept.
    fn fit(mut self) -> Self {
        if self.text.len() > TEXT_MOST {
            let end = (0..=TEXT_MOST).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default();
            self.text.truncate(end);
        }
        self
    }
}

/// What is known of the incident that a document is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of<'a> {
    pub id: IncidentId,
    pub title: Cow<'a, str>,
    pub class: Class,
    pub severity: Option<&'a str>,
    pub services: &'a [Name],
}

impl Of<'_> {
    fn document(&self, kind: Found, id: String, title: String, text: String, at: Timestamp) -> Document {
        let document = Document {
            key: Key { kind, id, incident: Some(self.id) },
            title,
            text,
            services: self.services.to_vec(),
            severity: self.severity.map(str::to_owned),
            class: Some(self.class),
            at,
            red: false,
        };
        document.fit()
    }

    /// The incident itself. Its codename is no part of it: whoever sees that is not told what it stands for.
    pub fn incident(&self, because: Option<&str>, impact: Option<&str>, at: Timestamp) -> Document {
        let text = paragraphs([because.unwrap_or_default(), impact.unwrap_or_default()]);
        self.document(Found::Incident, self.id.to_string(), self.title.to_string(), text, at)
    }

    /// What somebody wrote.
    pub fn entry(&self, id: String, said: &str, objections: Option<&str>, at: Timestamp) -> Document {
        let text = paragraphs([said, objections.unwrap_or_default()]);
        self.document(Found::Entry, id, String::new(), text, at)
    }

    /// All that was written of it, as one.
    pub fn report(&self, texts: &[String], at: Timestamp) -> Document {
        let text = paragraphs(texts.iter().map(String::as_str));
        self.document(Found::Report, self.id.to_string(), self.title.to_string(), text, at)
    }

    /// What people wrote of what is to be learned, with the factors that hold.
    pub fn postmortem(&self, texts: &[String], at: Timestamp) -> Document {
        let text = paragraphs(texts.iter().map(String::as_str));
        self.document(Found::Postmortem, self.id.to_string(), self.title.to_string(), text, at)
    }

    /// What people are told; nothing as long as it is a draft, or once it is withdrawn.
    pub fn update(&self, update: &Update) -> Option<Document> {
        let at = update.posted_at()?;
        let title = update.title.clone().unwrap_or_default();
        Some(self.document(Found::Update, update.id.to_string(), title, update.text.clone(), at))
    }

    pub fn task(&self, task: &Task) -> Document {
        let said = match &task.state {
            tasks::State::Done { result, .. } => result.as_str(),
            tasks::State::Dropped { why, .. } => why.as_str(),
            tasks::State::Given | tasks::State::Taken { .. } => "",
        };
        self.document(Found::Task, task.id.to_string(), task.title.clone(), said.to_owned(), task.given_at)
    }

    pub fn evidence(&self, evidence: &Evidence) -> Document {
        let found = &evidence.found;
        let hash = evidence.content.sha256().map(|hash| hash.to_string());
        let parts = [&found.note, &found.file, &found.place, &hash];
        let text = paragraphs(parts.into_iter().flatten().map(String::as_str));
        let id = evidence.id.to_string();
        let document = self.document(Found::Evidence, id, found.title.clone(), text, evidence.added_at);
        Document { red: found.tlp == Tlp::Red, ..document }
    }

    /// Nothing, once it was struck.
    pub fn observable(&self, one: &Observable) -> Option<Document> {
        if one.struck.is_some() {
            return None;
        }
        let parts = [&one.seen.note, &one.seen.source];
        let text = paragraphs(parts.into_iter().flatten().map(String::as_str));
        let document = self.document(Found::Observable, one.id.to_string(), one.value.clone(), text, one.added_at);
        Some(Document { red: one.seen.tlp == Tlp::Red, ..document })
    }
}

/// A change, with what it does and how it is taken back.
pub fn change(change: &Change, source_key: Option<&str>, at: Timestamp) -> Document {
    let proposal = &change.proposal;
    let plan = proposal.rollback.as_ref().map(|plan| words_in(&serde_json::to_value(plan).unwrap_or_default()));
    let versions = proposal.targets.iter().flat_map(|target| [&target.from, &target.to]).flatten();
    let parts = std::iter::once(proposal.why.as_str())
        .chain(proposal.steps.iter().map(|step| step.text.as_str()))
        .chain(proposal.verification.iter().map(String::as_str))
        .chain(versions.map(String::as_str))
        .chain(plan.as_deref())
        .chain(source_key);
    Document {
        key: Key { kind: Found::Change, id: change.id.to_string(), incident: change.incident },
        title: proposal.title.clone(),
        text: paragraphs(parts),
        services: proposal.services().into_iter().collect(),
        severity: None,
        class: None,
        at,
        red: false,
    }
    .fit()
}

/// A runbook, as it is in force since an instant.
pub fn runbook(name: &Name, runbook: &Runbook, at: Timestamp) -> Document {
    let services = runbook.services.clone();
    standing(Found::Runbook, name, &runbook.title, runbook.text.clone(), services, at)
}

/// The same of a checklist.
pub fn checklist(name: &Name, checklist: &Checklist, at: Timestamp) -> Document {
    let parts = checklist.items.iter().flat_map(|item| [Some(item.says.as_str()), item.why.as_deref()]);
    let text = paragraphs(parts.flatten());
    standing(Found::Checklist, name, &checklist.title, text, Vec::new(), at)
}

fn standing(kind: Found, name: &Name, title: &str, text: String, services: Vec<Name>, at: Timestamp) -> Document {
    let key = Key { kind, id: name.to_string(), incident: None };
    Document { key, title: title.to_owned(), text, services, severity: None, class: None, at, red: false }.fit()
}

/// What an entry of the journal makes old in the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Everything of an incident: what it is filtered by changed.
    Whole(IncidentId),
    /// One thing.
    One(Key),
    /// What was written on a timeline, by the id of its entry in the journal.
    Entry(IncidentId, String),
}

/// Kinds of entries of which something is kept: nobody else need read them.
pub fn is_read(kind: EventKind) -> bool {
    let word = kind.word();
    kind == EventKind::DocumentsApplied
        || ["incident.", "entry.", "task.", "update.", "evidence.", "observable.", "change.", "postmortem.", "factor."]
            .iter()
            .any(|start| word.starts_with(start))
}

/// What an entry of the journal makes old: read again, each is as it stands now.
pub fn touched(
    kind: EventKind,
    id: &str,
    subjects: &[String],
    incident: Option<IncidentId>,
    data: &Value,
) -> BTreeSet<Touched> {
    let mut found = BTreeSet::new();
    if !is_read(kind) {
        return found;
    }
    let word = kind.word();
    let subject = |prefix: &str| subjects.iter().find(|one| one.starts_with(prefix)).cloned();
    let one = |kind, id: Option<String>| id.map(|id| Touched::One(Key { kind, id, incident }));
    if word.starts_with("change.") {
        found.extend(one(Found::Change, subject("cng_")));
    } else if kind == EventKind::DocumentsApplied {
        let names = subjects.iter().filter_map(|one| one.split_once('/'));
        found.extend(names.filter_map(|(kind, name)| {
            let kind = [Found::Runbook, Found::Checklist].into_iter().find(|one| one.word() == kind)?;
            Some(Touched::One(Key { kind, id: name.to_owned(), incident: None }))
        }));
    }
    let Some(of) = incident else { return found };
    match kind {
        EventKind::EntryAdded => found.extend([Touched::Entry(of, id.to_owned()), report(of)]),
        EventKind::EntryCorrected | EventKind::EntryStruck => {
            let entry = data["entry"].as_str().unwrap_or_default().to_owned();
            found.extend([Touched::Entry(of, entry), report(of)]);
        }
        EventKind::IncidentGraded
        | EventKind::IncidentReclassified
        | EventKind::IncidentDescribed
        | EventKind::IncidentDeclared => _ = found.insert(Touched::Whole(of)),
        _ if word.starts_with("incident.") => {
            found.extend(one(Found::Incident, Some(of.to_string())));
        }
        _ if word.starts_with("postmortem.") || word.starts_with("factor.") => {
            found.extend(one(Found::Postmortem, Some(of.to_string())));
        }
        _ if word.starts_with("task.") => found.extend(one(Found::Task, subject("tsk_"))),
        _ if word.starts_with("update.") => found.extend(one(Found::Update, subject("upd_"))),
        _ if word.starts_with("evidence.") => found.extend(one(Found::Evidence, subject("evd_"))),
        _ if word.starts_with("observable.") => {
            found.extend(
                subjects
                    .iter()
                    .filter(|one| one.starts_with("obs_"))
                    .map(|id| Touched::One(Key { kind: Found::Observable, id: id.clone(), incident })),
            );
        }
        _ => {}
    }
    found
}

fn report(of: IncidentId) -> Touched {
    Touched::One(Key { kind: Found::Report, id: of.to_string(), incident: Some(of) })
}

/// Texts with an empty line between them.
fn paragraphs<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(part);
    }
    text
}

/// All texts in a value, a line each.
fn words_in(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words_in).collect::<Vec<_>>().join("\n"),
        Value::Object(all) => all.values().map(words_in).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// A part of a text that shows why it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Pieces in their order, each with whether it was asked for.
    pub pieces: Vec<(String, bool)>,
}

/// Letters of a snippet, about.
const SNIPPET: usize = 240;
/// Terms before the first that was asked for.
const BEFORE: usize = 8;

/// The part of a text with the most of the stems that were asked for; its beginning, if it has none.
pub fn snippet(text: &str, asked: &BTreeSet<String>) -> Snippet {
    let mut hits = Vec::new();
    let mut starts = Vec::new();
    super::terms::each(text, |at, stem| {
        if asked.contains(stem) {
            hits.push((starts.len(), at.clone(), stem.to_owned()));
        }
        starts.push(at.start);
    });
    // The stretch that begins with the hit after which the most different ones follow.
    let weight = |first: usize| {
        let from: usize = hits[first].1.start;
        let near = hits[first..].iter().take_while(|hit| hit.1.end <= from + SNIPPET);
        near.map(|hit| hit.2.as_str()).collect::<BTreeSet<_>>().len()
    };
    let best = (0..hits.len().min(400)).max_by_key(|first| (weight(*first), std::cmp::Reverse(*first)));
    let from = best.map_or(0, |best| {
        let term = hits[best].0;
        // What is short before it is shown from its beginning.
        starts[..=term].iter().rev().take(BEFORE + 1).copied().min().unwrap_or_default()
    });
    let from = if text[..from].chars().count() <= 20 { 0 } else { from };
    let end = text[from..].char_indices().nth(SNIPPET).map_or(text.len(), |(at, _)| from + at);
    let end = starts
        .iter()
        .copied()
        .rfind(|start| *start > from && *start <= end)
        .map_or(end, |start| if end == text.len() { end } else { start });
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut say = |text: &str, hit: bool| {
        let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        if !text.is_empty() {
            pieces.push((text, hit));
        }
    };
    let mut done = from;
    for (_, at, _) in hits.iter().filter(|hit| hit.1.start >= from && hit.1.end <= end) {
        say(&text[done..at.start], false);
        say(&text[at.clone()], true);
        done = at.end;
    }
    say(&text[done..end], false);
    if from > 0 {
        pieces.insert(0, ("… ".into(), false));
    }
    if end < text.len() {
        match pieces.last_mut() {
            Some((last, false)) => *last = format!("{} …", last.trim_end()),
            _ => pieces.push((" …".into(), false)),
        }
    }
    Snippet { pieces }
}

/// What stands for a title where there is none: the beginning of the text.
pub fn heading(title: &str, text: &str) -> String {
    if title.is_empty() { shorten(text.trim(), 90) } else { title.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::learn::terms::stems;
    use crate::words::Mint;

    type Row<'a> = (EventKind, &'a [&'a str], Option<IncidentId>, Value, &'a [&'a str]);

    fn incident() -> IncidentId {
        Mint::seeded(1).id(Timestamp::UNIX_EPOCH)
    }

    fn keys(kind: EventKind, subjects: &[&str], of: Option<IncidentId>, data: &Value) -> Vec<String> {
        let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        let found = touched(kind, "evt_1", &subjects, of, data);
        let say = |one: &Touched| match one {
            Touched::Whole(_) => "whole".to_owned(),
            Touched::One(key) => format!("{} {}", key.kind, if key.kind == Found::Report { "-" } else { &key.id }),
            Touched::Entry(_, id) => format!("entry {id}"),
        };
        found.iter().map(say).collect()
    }

    #[test]
    fn what_is_in_the_journal_makes_old_what_it_tells_of() {
        let of = Some(incident());
        let none = json!({});
        let whole = incident().to_string();
        let told = format!("incident {whole}");
        let table: &[Row<'_>] = &[
            (EventKind::EntryAdded, &[&whole], of, none.clone(), &["report -", "entry evt_1"]),
            (EventKind::EntryCorrected, &[&whole], of, json!({ "entry": "evt_0" }), &["report -", "entry evt_0"]),
            (EventKind::IncidentReported, &[&whole], of, none.clone(), &[&told]),
            (EventKind::IncidentGraded, &[&whole], of, none.clone(), &["whole"]),
            (EventKind::TaskDone, &[&whole, "tsk_1"], of, none.clone(), &["task tsk_1"]),
            (EventKind::ChangeProposed, &["cng_1", "service/shop"], None, none.clone(), &["change cng_1"]),
            (EventKind::ChangeBegun, &[&whole, "cng_1"], of, none.clone(), &["change cng_1"]),
            (
                EventKind::ObservableAdded,
                &[&whole, "obs_1", "obs_2"],
                of,
                none.clone(),
                &["observable obs_1", "observable obs_2"],
            ),
            (
                EventKind::DocumentsApplied,
                &["runbook/pay", "checklist/x", "person/ana"],
                None,
                none.clone(),
                &["runbook pay", "checklist x"],
            ),
            (EventKind::AlertsFired, &["grp_1"], None, none, &[]),
        ];
        for (kind, subjects, of, data, wanted) in table {
            assert_eq!(keys(*kind, subjects, *of, data), *wanted, "{kind}");
        }
    }

    #[test]
    fn a_snippet_shows_where_the_most_of_what_was_asked_stands() {
        let asked = |words: &str| stems(words).into_iter().collect::<BTreeSet<_>>();
        let show = |text: &str, words: &str| -> String {
            let snippet = snippet(text, &asked(words));
            snippet.pieces.iter().map(|(text, hit)| if *hit { format!("[{text}]") } else { text.clone() }).collect()
        };
        assert_eq!(show("Payments failed at the till", "payment fail"), "[Payments] [failed] at the till");
        assert_eq!(show("nothing here", "payment"), "nothing here");
        assert_eq!(show("", "payment"), "");
        let long = format!(
            "{} the deploy of checkout broke payments {}",
            "One thing led to another. ".repeat(20),
            "x ".repeat(300)
        );
        let shown = show(&long, "checkout deploy");
        assert!(
            shown.starts_with("… ") && shown.contains("[deploy] of [checkout]") && shown.ends_with(" …"),
            "{shown}"
        );
        assert!(shown.chars().count() < SNIPPET + 20);
        assert_eq!(show("a\u{7}<b>db-1</b>", "db-1"), "a <b>[db]-[1]</b>");
    }

    #[test]
    fn every_kind_comes_back_from_its_code() {
        for kind in Found::ALL {
            assert_eq!(Found::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(Found::from_code(99), None);
    }
}
