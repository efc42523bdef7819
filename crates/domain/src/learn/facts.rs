//! The sections of a draft that tell facts: each a list of sentences from one side of the record.

use std::collections::{BTreeMap, BTreeSet};

use super::drafts::{Part, as_known};
use super::insights::in_words;
use super::ledgers::{is_of_its_time, took_in_words};
use super::records::{Cite, Record, cite_suspect, person_of};
use super::sentences::{Sentence, Words, capital, quoted, roles_held};
use crate::change::rollbacks::State as Run;
use crate::change::suspects::Finding;
use crate::change::verdicts::Outcome;
use crate::respond::affected::Amount;
use crate::respond::incidents::Class;
use crate::respond::obligations::Standing as Clock;
use crate::respond::stamps::{Measure, Milestone, Source, Stamp, standing};
use crate::respond::tasks::State as Task;
use crate::respond::updates::{Audience, Fate, kept};
use crate::words::{EventKind, Name, Span, Timestamp};

/// A gap that is longer begins a new burst.
const BURST: Span = Span::minutes(5);
/// So many of a kind are told one by one.
const FEW: usize = 20;

/// `2026-11-22 02:05`
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `1 alert`, `3 alerts`
pub(super) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

fn cites<'s>(stamps: impl IntoIterator<Item = &'s Stamp>) -> Vec<Cite> {
    stamps.into_iter().map(|stamp| Cite::of(stamp.id)).collect()
}

pub(super) fn summary(record: &Record, words: &Words<'_>) -> Vec<Sentence> {
    let held = standing(&record.stamps);
    let mut said = Vec::new();
    let class = match record.class {
        Class::Security => "a security incident",
        Class::System => "a failure of a system",
        Class::Operational => "a disruption of operations",
    };
    let severity = record.severity.as_ref().map_or_else(String::new, |level| format!(" of severity {level}"));
    let touched =
        if record.services.is_empty() { String::new() } else { format!("; it touched {}", record.services.join(", ")) };
    let near = if record.near_miss { ", a near miss" } else { "" };
    let mut from = record.this();
    from.extend(record.of_kind(EventKind::IncidentGraded).last().map(|event| Cite::of(event.id)));
    said.push(Sentence::new(format!("{} was {class}{severity}{near}{touched}.", quoted(&record.title)), from));
    let points = [
        (Milestone::ImpactStarted, "the impact started"),
        (Milestone::Detected, "it was noticed"),
        (Milestone::Declared, "it was declared"),
        (Milestone::Mitigated, "the impact was back under the threshold"),
        (Milestone::Resolved, "the response was over"),
    ];
    let known: Vec<(&Stamp, String)> = points
        .iter()
        .filter_map(|(milestone, says)| Some((*held.get(milestone)?, says)))
        .map(|(stamp, says)| (stamp, format!("{says} at {}", as_known(&stamp.when))))
        .collect();
    if !known.is_empty() {
        let text: Vec<&str> = known.iter().map(|(_, text)| text.as_str()).collect();
        said.push(Sentence::new(
            format!("{}.", capital(&text.join("; "))),
            cites(known.iter().map(|(stamp, _)| *stamp)),
        ));
    }
    let begun = record
        .events
        .iter()
        .filter(|event| !event.merged)
        .find(|event| matches!(event.kind, Some(EventKind::IncidentDeclared | EventKind::IncidentReported)));
    if let (Some(event), Some(because)) = (begun, &record.because) {
        let who = capital(&words.who(event));
        said.push(Sentence::new(format!("{who} gave as the reason: {}.", quoted(because)), event.cite()));
    }
    if record.retrospective {
        said.push(Sentence::new("It was written down afterwards.", record.this()));
    }
    if record.reopened > 0 {
        let from: Vec<Cite> = record.of_kind(EventKind::IncidentReopened).map(|event| Cite::of(event.id)).collect();
        let from = if from.is_empty() { record.this() } else { from };
        said.push(Sentence::new(
            format!("It came back and was reopened: {}.", count(record.reopened as usize, "time")),
            from,
        ));
    }
    said.extend(record.rollbacks.iter().filter(|one| helped(one.verdict.as_ref())).map(|one| {
        let (outcome, _) = one.verdict.as_ref().map_or((Outcome::Blind, ""), |(outcome, why)| (*outcome, why.as_str()));
        let text = format!("Taking back {} was judged: {}.", quoted(&one.title), spaced(outcome.word()));
        Sentence::new(text, vec![Cite::of(one.run.id)])
    }));
    said
}

fn helped(verdict: Option<&(Outcome, String)>) -> bool {
    matches!(verdict, Some((Outcome::Resolved | Outcome::Partial, _)))
}

fn spaced(word: &str) -> String {
    word.replace('-', " ")
}

pub(super) fn impact(record: &Record) -> Vec<Sentence> {
    let held = standing(&record.stamps);
    let mut said = Vec::new();
    if let Some(impact) = &record.impact {
        let described = record.of_kind(EventKind::IncidentDescribed).filter(|event| !event.data["impact"].is_null());
        let mut from = record.this();
        from.extend(described.last().map(|event| Cite::of(event.id)));
        said.push(Sentence::new(format!("The impact was described as {}.", quoted(impact)), from));
    }
    if let Some((from, to)) = Measure::Mitigate.ends(&held) {
        let took = Measure::Mitigate.of(&held).map(took_in_words).unwrap_or_default();
        said.push(Sentence::new(format!("It was felt for {took}."), cites([from, to])));
    }
    for one in &record.affected {
        let Some(now) = one.now() else { continue };
        let what = one.what.label.clone().unwrap_or_else(|| one.what.subject.word().replace('-', " "));
        let source =
            now.source.as_ref().map_or("no source was given".to_owned(), |source| format!("by {}", quoted(source)));
        let amount = match now.amount {
            Amount::Unknown => "how many is not known".to_owned(),
            amount => amount.to_string(),
        };
        let text = format!("Affected, {}: {amount} ({source}, as of {}).", quoted(&what), minute(now.at));
        said.push(Sentence::new(text, vec![Cite::of(one.id)]));
    }
    if let (Some(from), Some(to)) = (held.get(&Milestone::DataLossStarted), held.get(&Milestone::DataLossEnded)) {
        let text = format!("Data was lost from {} until {}.", as_known(&from.when), as_known(&to.when));
        said.push(Sentence::new(text, cites([*from, *to])));
    }
    said.extend(by_severity(record).into_iter().map(|(level, seconds, from)| {
        Sentence::new(format!("It was of severity {level} for {}.", in_words(seconds)), from)
    }));
    said
}

/// How long it was of which severity while people responded, the first first, with the entries that say so.
fn by_severity(record: &Record) -> Vec<(String, i64, Vec<Cite>)> {
    let mut all: Vec<(String, i64, Vec<Cite>)> = Vec::new();
    let mut level: Option<(String, Cite)> = None;
    let mut since: Option<(Timestamp, Cite)> = None;
    let mut spend =
        |level: &Option<(String, Cite)>, since: &Option<(Timestamp, Cite)>, until: Timestamp, end: Option<Cite>| {
            let (Some((name, said)), Some((from, began))) = (level, since) else { return };
            let found = all.iter().position(|(other, ..)| other == name);
            let place = found.unwrap_or_else(|| {
                all.push((name.clone(), 0, Vec::new()));
                all.len() - 1
            });
            let entry = &mut all[place];
            entry.1 += seconds(*from, until).max(0);
            entry.2.extend([said.clone(), began.clone()].into_iter().chain(end));
            entry.2.dedup();
        };
    for event in record.events.iter().filter(|event| !event.merged && is_of_its_time(record, event.at)) {
        let here = Cite::of(event.id);
        match event.kind {
            Some(EventKind::IncidentDeclared | EventKind::IncidentReopened) => since = Some((event.at, here)),
            Some(EventKind::IncidentGraded) => {
                spend(&level, &since, event.at, Some(here.clone()));
                since = since.map(|_| (event.at, here.clone()));
                level = Some((event.text("severity").to_owned(), here));
            }
            Some(EventKind::IncidentResolved | EventKind::IncidentCancelled | EventKind::IncidentMerged) => {
                spend(&level, &since, event.at, Some(here));
                since = None;
            }
            _ => {}
        }
    }
    spend(&level, &since, record.now, None);
    all.retain(|(_, seconds, _)| *seconds > 0);
    all
}

pub(super) fn detection(record: &Record) -> Vec<Sentence> {
    let held = standing(&record.stamps);
    let mut said = Vec::new();
    if let Some(stamp) = held.get(&Milestone::Detected) {
        let by = match stamp.source {
            Source::Monitor => "a monitor",
            Source::Human => "people",
            Source::Import => "what was read in",
            Source::Derived => "what this program recorded",
        };
        let text = format!("It was noticed at {}, according to {by}.", as_known(&stamp.when));
        said.push(Sentence::new(text, cites([*stamp])));
    }
    if let Some((from, to)) = Measure::Detect.ends(&held) {
        let took = Measure::Detect.of(&held);
        let text = match took {
            Some(took) if took.is_before() => {
                format!("It was noticed {} than anybody felt it.", took_in_words(took))
            }
            _ => format!("It was felt for {} before it was noticed.", took.map(took_in_words).unwrap_or_default()),
        };
        said.push(Sentence::new(text, cites([from, to])));
    }
    if let Some(first) = record.alerts.iter().min_by_key(|alert| (alert.fired_at, alert.id)) {
        let text = format!(
            "The first alert that belongs to it fired at {}: {}.",
            minute(first.fired_at),
            quoted(&first.summary)
        );
        said.push(Sentence::new(text, vec![Cite::of(first.id)]));
    } else {
        said.push(Sentence::new("No alert belongs to it.", record.this()));
    }
    if let Some(stamp) = held.get(&Milestone::FirstSignal) {
        let text = format!("The first signal that pointed here, seen in retrospect, was at {}.", as_known(&stamp.when));
        said.push(Sentence::new(text, cites([*stamp])));
    }
    said
}

/// What happened, in bursts: with more than five minutes of nothing a new one begins.
pub(super) fn timeline(record: &Record, words: &Words<'_>) -> Vec<Part> {
    let mut lines: Vec<(Timestamp, Sentence)> = Vec::new();
    for event in &record.events {
        if let Some(told) = words.told(event) {
            lines.push((event.at, Sentence::at(event.at, told, event.cite())));
        }
    }
    // What this program derived has an entry of its own.
    for stamp in standing(&record.stamps).values().filter(|stamp| stamp.source != Source::Derived) {
        let told = format!("{} ({}).", capital(&stamp.milestone.to_string()), as_known(&stamp.when));
        lines.push((stamp.when.at, Sentence::at(stamp.when.at, told, vec![Cite::of(stamp.id)])));
    }
    for suspect in &record.suspects {
        let found = suspect.candidate.found.as_ref().map(|found| found.finding);
        if matches!(found, Some(Finding::Trigger | Finding::Contributed)) {
            let title = quoted(&suspect.candidate.title);
            lines.extend(suspect.candidate.stages.iter().map(|at| {
                (*at, Sentence::at(*at, format!("The change {title} went out."), vec![cite_suspect(suspect)]))
            }));
        }
    }
    lines.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.cites.cmp(&other.cites)));
    let mut parts: Vec<Part> = Vec::new();
    let mut bounds: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (at, sentence) in lines {
        match (parts.last_mut(), bounds.last_mut()) {
            (Some(part), Some((_, last))) if at <= BURST.after(*last) => {
                *last = at;
                part.sentences.push(sentence);
            }
            _ => {
                bounds.push((at, at));
                parts.push(Part { title: None, sentences: vec![sentence] });
            }
        }
    }
    let mut before: Option<Timestamp> = None;
    for (part, (from, to)) in parts.iter_mut().zip(bounds) {
        let quiet =
            before.map_or_else(String::new, |last| format!(", after {} of silence", in_words(seconds(last, from))));
        let until = if minute(from) == minute(to) { String::new() } else { format!(" to {}", to.strftime("%H:%M")) };
        part.title = Some(format!("{}{until}{quiet}", minute(from)));
        before = Some(to);
    }
    parts
}

/// What was tried: taken back, switched off, done, decided, and what came of it.
pub(super) fn tried(record: &Record, words: &Words<'_>) -> Vec<Part> {
    let part = |title: &str, sentences| Part { title: Some(title.to_owned()), sentences };
    let written = |sort: &str| -> Vec<Sentence> {
        let entries = record.of_kind(EventKind::EntryAdded).filter(|event| event.text("sort") == sort);
        let told = entries.filter_map(|event| Some(Sentence::at(event.at, words.told(event)?, event.cite())));
        told.collect()
    };
    let mut tasks = Vec::new();
    for task in &record.tasks {
        let text = match &task.state {
            Task::Done { result, .. } => format!("The task {} was done: {}.", quoted(&task.title), quoted(result)),
            Task::Dropped { why, .. } => format!("The task {} was dropped: {}.", quoted(&task.title), quoted(why)),
            Task::Taken { .. } => format!("The task {} was taken, and has no result.", quoted(&task.title)),
            Task::Given => format!("The task {} was given, and nobody took it.", quoted(&task.title)),
        };
        tasks.push(Sentence::at(task.given_at, text, vec![Cite::of(task.id)]));
    }
    vec![
        part("Taken back", rollbacks(record)),
        part("Switched", kills(record)),
        part("Done", written("action")),
        part("Decided", written("decision")),
        part("Tasks", tasks),
    ]
}

fn rollbacks(record: &Record) -> Vec<Sentence> {
    let sources = record.sources();
    let told = record.rollbacks.iter().map(|one| {
        let run = &one.run;
        let ended = match &run.state {
            Run::Asked => "it waited for a second person".to_owned(),
            Run::Running { .. } => "it is under way".to_owned(),
            Run::Unknown { .. } => "nobody knows what became of it".to_owned(),
            Run::Succeeded { at } => {
                format!(
                    "it was carried out after {} (the plan said {})",
                    in_words(seconds(run.asked_at, *at)),
                    span(run.estimate)
                )
            }
            Run::Failed { why, .. } => format!("it failed: {}", quoted(why)),
            Run::CalledOff { .. } => "it was called off".to_owned(),
        };
        let verdict = match &one.verdict {
            Some((outcome, why)) => {
                format!(" Verdict: {}, because {}.", spaced(outcome.word()), why.trim_end_matches('.'))
            }
            None => String::new(),
        };
        let text = format!("Somebody asked to take back {}; {ended}.{verdict}", quoted(&one.title));
        let change = Cite::of(run.change);
        let known = sources.contains(&change);
        let from = std::iter::once(Cite::of(run.id)).chain(known.then_some(change));
        Sentence::at(run.asked_at, text, from.collect())
    });
    told.collect()
}

pub(super) fn span(span: Span) -> String {
    in_words(span.as_millis() / 1000)
}

fn kills(record: &Record) -> Vec<Sentence> {
    let told = record.kills.iter().map(|one| {
        let kill = &one.kill;
        let to = match &kill.to {
            crate::change::kills::KillTo::Variant(name) => format!("to {}", quoted(name)),
            crate::change::kills::KillTo::Disabled => "off".to_owned(),
        };
        let end = match &kill.lifted {
            Some(lifted) => format!("it was lifted at {}", minute(lifted.at)),
            None if kill.expires_at <= record.now => format!("it expired at {}", minute(kill.expires_at)),
            None => format!("it is in force until {}", minute(kill.expires_at)),
        };
        let text = format!(
            "The flag {} in {} was switched {to}; {end}. Reason: {}.",
            quoted(&kill.flag),
            one.environment,
            quoted(&kill.why)
        );
        Sentence::at(kill.at, text, vec![Cite::of(one.id)])
    });
    told.collect()
}

/// Changes before and during it, with what people found.
pub(super) fn changes(record: &Record) -> Vec<Sentence> {
    let mut said: Vec<Sentence> = record
        .suspects
        .iter()
        .filter(|one| one.candidate.found.is_some() || one.is_near())
        .take(FEW)
        .map(|one| {
            let verdict = match &one.candidate.found {
                Some(found) => {
                    let says = match found.finding {
                        Finding::Trigger => "it set the incident off",
                        Finding::Contributed => "it contributed",
                        Finding::RuledOut => "it was ruled out",
                        Finding::Unknown => "nobody knows yet",
                    };
                    format!("People found: {says}; {}.", quoted(&found.why))
                }
                None => "Nobody gave a verdict.".to_owned(),
            };
            let reasons = one.reasons();
            let text = format!("{} was suspect {} ({reasons}). {verdict}", quoted(&one.candidate.title), one.rank);
            let at = one.candidate.stages.iter().max().copied();
            Sentence { at, text, cites: vec![cite_suspect(one)] }
        })
        .collect();
    said.extend(record.changes.iter().take(FEW).map(|one| {
        let services = one.services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let made = if one.is_own { "was made in the incident" } else { "was made while it went on" };
        let of = if services.is_empty() { String::new() } else { format!(", of {services}") };
        let text = format!("{}{of}, {made}; it is {}.", quoted(&one.title), spaced(one.state));
        Sentence { at: one.began_at, text, cites: vec![Cite::of(one.id)] }
    }));
    said
}

/// Alerts by groups, pages, and what was sent.
pub(super) fn alerts(record: &Record) -> Vec<Part> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for alert in &record.alerts {
        groups.entry(alert.group).or_default().push(alert);
    }
    let mut fired: Vec<Sentence> = Vec::new();
    for alerts in groups.values() {
        let Some(first) = alerts.iter().min_by_key(|alert| (alert.fired_at, alert.id)) else { continue };
        let open = alerts.iter().filter(|alert| alert.resolved_at.is_none()).count();
        let cleared = alerts.iter().filter_map(|alert| alert.resolved_at).max();
        let end = match (open, cleared) {
            (0, Some(at)) => format!("the last cleared at {}", minute(at)),
            (0, None) => String::new(),
            (open, _) => format!("{open} had not cleared"),
        };
        let noise = alerts.iter().filter(|alert| alert.noise.is_some()).count();
        let noise = if noise > 0 { format!("; {noise} marked as noise") } else { String::new() };
        let text = format!("{}, {} in its group; {end}{noise}.", quoted(&first.summary), count(alerts.len(), "alert"));
        let from = alerts.iter().map(|alert| Cite::of(alert.id)).take(FEW).collect();
        fired.push(Sentence::at(first.fired_at, text, from));
    }
    fired.sort_by_key(|one| one.at);
    let mut pages = Vec::new();
    for page in record.pages.iter().take(FEW) {
        let of_it = || record.deliveries.iter().filter(|one| one.page == page.id);
        let sent = of_it().filter(|one| one.sent_at.is_some());
        let channels: BTreeSet<&str> = sent.clone().map(|one| one.channel.as_str()).collect();
        let (sent, failed) = (sent.count(), of_it().filter(|one| one.failed).count());
        let by = channels.into_iter().collect::<Vec<_>>().join(", ");
        let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
        let failed = if failed > 0 { format!("; {failed} could not be delivered") } else { String::new() };
        let first = of_it().filter_map(|one| one.sent_at).min();
        let first = first.map_or_else(String::new, |at| {
            format!(", the first {} after it began", in_words(seconds(page.started_at, at)))
        });
        let text = format!("Page {}: {} sent{by}{first}{failed}.", quoted(&page.title), count(sent, "message"));
        let from = std::iter::once(Cite::of(page.id)).chain(of_it().map(|one| Cite::of(one.id)).take(FEW)).collect();
        pages.push(Sentence::at(page.started_at, text, from));
    }
    vec![
        Part { title: Some("Alerts".into()), sentences: fired },
        Part { title: Some("Pages".into()), sentences: pages },
    ]
}

/// What people inside and outside were told, and which promises of the next word were kept.
pub(super) fn updates(record: &Record) -> Vec<Sentence> {
    let mut said: Vec<Sentence> = record
        .updates
        .iter()
        .filter_map(|update| {
            let at = update.posted_at()?;
            let text = match (update.audience, update.stage) {
                (Audience::Public, Some(stage)) => format!("Public, {stage}: {}.", quoted(&update.text)),
                (Audience::Public, None) => format!("Public: {}.", quoted(&update.text)),
                (Audience::Internal, _) => format!("Inside: {}.", quoted(&update.text)),
            };
            Some(Sentence::at(at, text, vec![Cite::of(update.id)]))
        })
        .collect();
    let promises = kept(record.promises.iter(), record.now);
    if promises.of > 0 {
        let mut from: Vec<Cite> = record.of_kind(EventKind::UpdateMissed).map(|event| Cite::of(event.id)).collect();
        from.extend(record.updates.iter().map(|update| Cite::of(update.id)).take(FEW));
        let from = if from.is_empty() { record.this() } else { from };
        let text = format!(
            "Of {} of a next update, {} kept.",
            count(promises.of as usize, "promise"),
            match promises.kept {
                1 => "1 was".to_owned(),
                n => format!("{n} were"),
            }
        );
        said.push(Sentence::new(text, from));
    }
    for promise in &record.promises {
        if let Fate::Answered { why: Some(why), at } = &promise.fate {
            let text = format!(
                "An update that was promised by {} came at {}: {}.",
                minute(promise.by),
                minute(*at),
                quoted(why)
            );
            let answer = record.updates.iter().find(|update| update.posted_at() == Some(*at));
            said.push(Sentence::new(text, answer.map_or_else(|| record.this(), |update| vec![Cite::of(update.id)])));
        }
    }
    said
}

pub(super) fn obligations(record: &Record) -> Vec<Sentence> {
    let told = record.clocks.iter().map(|clock| {
        let stands = match &clock.standing {
            Clock::NotDue => "was decided not to be due".to_owned(),
            Clock::Waits(anchor) => format!("has not started: {anchor} is not on record"),
            Clock::Running(deadline) => match deadline.at() {
                Some(at) => format!("runs until {}", minute(at)),
                None => "runs, without undue delay".to_owned(),
            },
            Clock::Overdue { since } => format!("is overdue since {}", minute(*since)),
            Clock::Met { at } => format!("was met at {}", minute(*at)),
            Clock::Late { at, due } => format!("was met late, at {}; it was due at {}", minute(*at), minute(*due)),
        };
        let why = clock.why.as_ref().map_or_else(String::new, |why| format!(" Reason: {}.", quoted(why)));
        let from = if clock.cites.is_empty() { record.this() } else { clock.cites.clone() };
        Sentence::new(format!("{} {stands}.{why}", quoted(&clock.title)), from)
    });
    told.collect()
}

pub(super) fn earlier(record: &Record) -> Vec<Sentence> {
    let told = record.earlier.iter().map(|one| {
        let mut like = Vec::new();
        if one.groups > 0 {
            like.push(format!("{} of the same route and labels", count(one.groups, "group")));
        }
        if !one.services.is_empty() {
            let names = one.services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            like.push(format!("the same {}: {names}", if one.services.len() == 1 { "service" } else { "services" }));
        }
        let text = format!(
            "{} on {} is like it by {}.",
            quoted(&one.title),
            one.reported_at.strftime("%Y-%m-%d"),
            like.join(" and ")
        );
        Sentence::new(text, vec![Cite::of(one.id)])
    });
    told.collect()
}

/// Who played which role, and who else did something: the only place in which people are named.
pub(super) fn people(record: &Record, words: &Words<'_>) -> Vec<Sentence> {
    let name = |person: &str| {
        let known = person.parse::<Name>().ok().and_then(|name| record.people.get(&name));
        known.cloned().unwrap_or_else(|| person.to_owned())
    };
    let held = roles_held(record);
    let mut said: Vec<Sentence> = held
        .iter()
        .map(|one| {
            let until = one.until.map_or_else(|| "to the end".to_owned(), |until| format!("until {}", minute(until)));
            let text = format!(
                "{}: {}, from {} {until}.",
                capital(&words.role(one.role.as_str())),
                name(one.person.as_str()),
                minute(one.from)
            );
            Sentence::new(text, one.cites.clone())
        })
        .collect();
    let mut others: BTreeMap<&str, Vec<Cite>> = BTreeMap::new();
    for event in &record.events {
        if let Some(person) =
            person_of(&event.actor).filter(|person| held.iter().all(|one| one.person.as_str() != *person))
        {
            others.entry(person).or_default().push(Cite::of(event.id));
        }
    }
    said.extend(others.into_iter().map(|(person, cites)| {
        let n = cites.len();
        let text = format!(
            "Without a role: {}, in {}.",
            name(person),
            if n == 1 { "1 entry".into() } else { format!("{n} entries") }
        );
        Sentence::new(text, cites.into_iter().take(5).collect())
    }));
    said
}
