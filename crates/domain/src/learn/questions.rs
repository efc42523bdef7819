//! The open questions of a draft: what the record does not tell, or tells in an odd way. They ask and accuse nobody.

use super::drafts::Part;
use super::facts::{count, minute, span};
use super::insights::in_words;
use super::ledgers::{Ledger, NOTHING_BEFORE, Spent};
use super::records::{Cite, Record, cite_suspect};
use super::sentences::{Sentence, quoted};
use crate::change::rollbacks::State as Run;
use crate::respond::incidents::{Class, Phase};
use crate::respond::stamps::{Milestone, Oddity, Stamp, oddities, standing};
use crate::respond::updates::Fate;
use crate::words::{EventKind, Span, Timestamp};

/// So many of a kind are asked one by one.
const FEW: usize = 10;

/// All of them, by what they are about.
pub(super) fn all(record: &Record, ledger: &Ledger) -> Vec<Part> {
    let part = |title: &str, sentences| Part { title: Some(title.to_owned()), sentences };
    vec![
        part("Times that are missing", missing(record, ledger)),
        part("Times that look odd", odd(record)),
        part("Silences", silences(record)),
        part("Decisions without a reason", unreasoned(record)),
        part("What was nearby", near(record)),
        part("Promises, plans and ends", unkept(record)),
    ]
}

/// Rows of the ledger that are not known, and milestones that should be.
fn missing(record: &Record, ledger: &Ledger) -> Vec<Sentence> {
    let rows = ledger.rows.iter().filter_map(|row| match &row.spent {
        // What was never paged has no such stages; only a breach must be contained; mitigation may be all there is.
        Spent::Unknown { why, cites } if why != NOTHING_BEFORE && asks(record, row.stage) => {
            Some(Sentence::new(format!("{} ({}: {why}.)", row.stage.question(), row.stage.title()), cites.clone()))
        }
        _ => None,
    });
    rows.collect()
}

fn asks(record: &Record, stage: super::ledgers::Stage) -> bool {
    use super::ledgers::Stage as S;
    match stage {
        S::Alert => false,
        S::GroupWait => !record.alerts.is_empty() && record.pages.is_empty(),
        S::Page | S::Deliver => record.pages.iter().any(|page| page.escalates),
        S::Contain => record.class == Class::Security,
        S::Recover | S::Resolve => matches!(record.phase, Phase::Resolved | Phase::InReview | Phase::Closed),
        S::Detect | S::Acknowledge | S::Assemble | S::Mitigate => true,
    }
}

fn odd(record: &Record) -> Vec<Sentence> {
    let held = standing(&record.stamps);
    let of = |milestone: Milestone| held.get(&milestone).map(|stamp| Cite::of(stamp.id));
    let told = oddities(&record.stamps, record.now).into_iter().map(|oddity| {
        let from: Vec<Cite> = match oddity {
            Oddity::Disordered { first, then } => of(first).into_iter().chain(of(then)).collect(),
            Oddity::Future(one) | Oddity::FarOff(one) => of(one).into_iter().collect(),
            Oddity::Disputed(one) => {
                let claims = record.stamps.iter().filter(|stamp| stamp.milestone == one);
                claims.map(|stamp: &Stamp| Cite::of(stamp.id)).collect()
            }
        };
        Sentence::new(format!("Is that right? {oddity}."), from)
    });
    told.collect()
}

/// When an entry is of, and which it is.
type Told = (Timestamp, Cite);

/// Stretches of the response in which nothing is recorded.
fn silences(record: &Record) -> Vec<Sentence> {
    let Some((from, to)) = active(record) else { return Vec::new() };
    let told = record.events.iter().filter(|event| from <= event.at && event.at <= to && !event.struck);
    let mut points: Vec<Told> = told.map(|event| (event.at, Cite::of(event.id))).collect();
    points.sort();
    let mut gaps: Vec<(i64, &Told, &Told)> = points
        .iter()
        .zip(points.iter().skip(1))
        .filter(|((before, _), (after, _))| Span::between(*before, *after) > record.quiet_after)
        .map(|(before, after)| (after.0.duration_since(before.0).as_secs(), before, after))
        .collect();
    gaps.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    gaps.truncate(FEW);
    gaps.sort_by(|a, b| a.1.cmp(b.1));
    let told = gaps.into_iter().map(|(seconds, before, after)| {
        let text = format!(
            "What happened between {} and {}? Nothing is recorded for {}.",
            minute(before.0),
            minute(after.0),
            in_words(seconds)
        );
        Sentence::new(text, vec![before.1.clone(), after.1.clone()])
    });
    told.collect()
}

/// From when to when people responded, as far as anybody says.
fn active(record: &Record) -> Option<(Timestamp, Timestamp)> {
    let held = standing(&record.stamps);
    let at = |milestone: Milestone| held.get(&milestone).map(|stamp| stamp.when.at);
    let from = [at(Milestone::Detected), at(Milestone::Declared)].into_iter().flatten().min()?;
    let to = at(Milestone::Resolved).or_else(|| record.phase.is_open().then_some(record.now))?;
    Some((from, to))
}

/// Words by which people give a reason.
const REASONS: [&str; 10] = [
    "because",
    "since ",
    "so that",
    "as it ",
    "in order to",
    "to avoid",
    "reason",
    "due to",
    "otherwise",
    "given that",
];

fn unreasoned(record: &Record) -> Vec<Sentence> {
    let decided =
        record.of_kind(EventKind::EntryAdded).filter(|event| event.text("sort") == "decision" && !event.struck);
    let bare = decided.filter(|event| {
        let said = event.corrected.as_deref().unwrap_or_else(|| event.text("text")).to_lowercase();
        event.why.is_none() && !REASONS.iter().any(|word| said.contains(word))
    });
    let told = bare.take(FEW).map(|event| {
        let said = event.corrected.as_deref().unwrap_or_else(|| event.text("text"));
        let text = format!("What was known when this was decided, and which options were there? {}.", quoted(said));
        Sentence::at(event.at, text, event.cite())
    });
    told.collect()
}

/// Alerts that fired near it and are not linked, and changes near it that nobody has judged.
fn near(record: &Record) -> Vec<Sentence> {
    let mut said = Vec::new();
    for alert in record.alerts_near.iter().take(FEW) {
        let text =
            format!("Does the alert {} belong to it? It fired near it and is not linked.", quoted(&alert.summary));
        said.push(Sentence::at(alert.fired_at, text, vec![Cite::of(alert.id)]));
    }
    let rest = record.alerts_near.len().saturating_sub(FEW);
    if rest > 0 {
        let from = record.alerts_near.iter().skip(FEW).take(FEW).map(|alert| Cite::of(alert.id)).collect();
        said.push(Sentence::new(format!("And {} more that fired near it?", count(rest, "alert")), from));
    }
    let unjudged = record.suspects.iter().filter(|one| one.is_near() && one.candidate.found.is_none());
    said.extend(unjudged.take(FEW).map(|one| {
        let text = format!("Did {} have to do with it? Nobody gave a verdict.", quoted(&one.candidate.title));
        let at = one.candidate.stages.iter().max().copied();
        Sentence { at, text, cites: vec![cite_suspect(one)] }
    }));
    said.extend(record.changes.iter().filter(|one| !one.is_own).take(FEW).map(|one| {
        let text =
            format!("Did {} make it better or worse? It was made while the incident went on.", quoted(&one.title));
        Sentence { at: one.began_at, text, cites: vec![Cite::of(one.id)] }
    }));
    said
}

/// Missed promises, plans that took another time than they said, and what was left when it was called over.
fn unkept(record: &Record) -> Vec<Sentence> {
    let mut said = Vec::new();
    for promise in record.promises.iter().filter(|promise| promise.is_missed(record.now)) {
        let why = matches!(&promise.fate, Fate::Answered { why: Some(_), .. });
        let missed = record
            .of_kind(EventKind::UpdateMissed)
            .find(|event| event.text("due_at").parse::<Timestamp>().is_ok_and(|due| due == promise.by));
        let from = missed.map_or_else(|| record.this(), super::records::Happened::cite);
        let asks = if why { "What would have made it easier?" } else { "What kept it?" };
        let text =
            format!("The {} update promised by {} did not come in time. {asks}", promise.audience, minute(promise.by));
        said.push(Sentence::new(text, from));
    }
    for one in &record.rollbacks {
        let Run::Succeeded { at } = &one.run.state else { continue };
        let real = Span::between(one.run.asked_at, *at);
        if real.as_millis() > one.run.estimate.as_millis() * 3 / 2 && real > Span::minutes(1) {
            let text = format!(
                "Taking back {} took {}, the plan said {}. What does the plan not know?",
                quoted(&one.title),
                span(real),
                span(one.run.estimate)
            );
            said.push(Sentence::new(text, vec![Cite::of(one.run.id)]));
        }
    }
    for event in record.of_kind(EventKind::IncidentResolved) {
        let unmet: Vec<&str> =
            event.data["unmet"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
        if !unmet.is_empty() {
            let text =
                format!("When it was said to be over, this was not so yet: {}. What became of it?", unmet.join("; "));
            said.push(Sentence::new(text, event.cite()));
        }
    }
    said.extend(record.packs_asked.iter().map(|title| {
        let text = format!("Is {} about this incident? Nobody has said so, or ruled it out.", quoted(title));
        Sentence::new(text, record.this())
    }));
    if !record.phase.is_open() {
        said.extend(record.tasks.iter().filter(|task| task.is_open()).take(FEW).map(|task| {
            let text = format!("What became of the task {}? It has no result.", quoted(&task.title));
            Sentence::new(text, vec![Cite::of(task.id)])
        }));
    }
    let failed: Vec<Cite> = record.deliveries.iter().filter(|one| one.failed).map(|one| Cite::of(one.id)).collect();
    if !failed.is_empty() {
        let text = format!("Why could {} not be delivered?", count(failed.len(), "message"));
        said.push(Sentence::new(text, failed.into_iter().take(FEW).collect()));
    }
    said
}
