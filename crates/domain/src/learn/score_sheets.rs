//! The score sheet of a drill: how it went, beside how it went when it was real, and in earlier drills of the same.
//!
//! It names no person and passes nobody: a drill is there to find out what is hard. Only what happened in the room is counted, by when it
//! was written down, so that times that a file claims do not count. What cannot be known is absent, not nought.

use std::fmt::Write as _;

use super::drill_evidence::Evidence;
use super::records::{Happened, Record};
use crate::change::suspects::Finding;
use crate::words::{EventKind, IncidentId, Span, Timestamp};

/// The role that commands.
const COMMANDER: &str = "incident-commander";

/// How it went, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// From the declaration to a commander.
    pub command: Option<Span>,
    /// From the declaration to the containment or mitigation.
    pub contain: Option<Span>,
    /// Updates that were posted, and promises of one that were missed.
    pub updates: usize,
    pub missed: usize,
    /// The longest time without an update, from the declaration to the end of the response.
    pub silence: Option<Span>,
    /// What was judged to be the trigger, and how long after the declaration.
    pub trigger: Option<(String, Span)>,
    /// Changes that were suspected.
    pub suspects: usize,
    /// Hand-overs of roles, and those of them that said how things stand.
    pub handovers: usize,
    pub briefed: usize,
    /// Observations and pieces of evidence on record.
    pub evidence: usize,
    /// Alerts that fired near it, and that nobody took in.
    pub left_out: usize,
}

/// Reads how it went from the record.
pub fn score(record: &Record) -> Score {
    let first = |kind: EventKind| record.of_kind(kind).next();
    let begun = first(EventKind::IncidentDeclared).or_else(|| first(EventKind::IncidentReported));
    let from = begun.map_or(record.reported_at, |event| event.recorded_at);
    let after = |at: Timestamp| Span::between(from, at);
    let command = record.of_kind(EventKind::RoleAccepted).find(|event| event.text("role") == COMMANDER);
    let contained = record
        .of_kind(EventKind::IncidentActivityEnded)
        .filter(|event| event.text("activity") == "containment")
        .chain(record.of_kind(EventKind::IncidentMitigated))
        .map(|event| event.recorded_at)
        .min();
    let end = first(EventKind::IncidentResolved).map_or(record.now, |event| event.recorded_at);
    let posted: Vec<Timestamp> = record.of_kind(EventKind::UpdatePosted).map(|event| event.recorded_at).collect();
    let marks: Vec<Timestamp> =
        std::iter::once(from).chain(posted.iter().copied().filter(|at| *at < end)).chain([end]).collect();
    let silence = marks.windows(2).map(|two| Span::between(two[0], two[1])).max();
    let judged = record.suspects.iter().filter_map(|one| one.candidate.found.as_ref().map(|found| (one, found)));
    let trigger = judged.filter(|(_, found)| found.finding == Finding::Trigger).min_by_key(|(_, found)| found.at);
    let offers: Vec<bool> = record
        .of_kind(EventKind::RoleHandedOver)
        .map(|event| {
            let role = event.text("role");
            let before = record.of_kind(EventKind::RoleOffered);
            let offered = before.filter(|offer| offer.text("role") == role && offer.recorded_at <= event.recorded_at);
            offered.last().is_some_and(|offer| !offer.text("situation").trim().is_empty())
        })
        .collect();
    let by_people = |event: &&Happened| !event.struck && event.data.get("played").is_none();
    let entries = record.of_kind(EventKind::EntryAdded).filter(by_people);
    let seen = entries.filter(|event| event.text("sort") == "observation");
    Score {
        command: command.map(|event| after(event.recorded_at)),
        contain: contained.map(after),
        updates: posted.len(),
        missed: record.of_kind(EventKind::UpdateMissed).count(),
        silence,
        trigger: trigger.map(|(one, found)| (one.candidate.title.clone(), after(found.at))),
        suspects: record.suspects.len(),
        handovers: offers.len(),
        briefed: offers.iter().filter(|briefed| **briefed).count(),
        evidence: seen.count() + record.of_kind(EventKind::EvidenceCollected).count(),
        left_out: record.alerts_near.len(),
    }
}

/// The incident that a drill practises: what its reason names by id.
pub fn practises(because: Option<&str>) -> Option<IncidentId> {
    let words = because?.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("inc_")).find_map(|word| word.parse().ok())
}

/// A line of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub title: &'static str,
    pub drill: String,
    /// When it was real, if that is known.
    pub original: Option<String>,
    /// Of how many other drills of the same something is known, and what the middle of them is; nothing where none is.
    pub others: Option<(usize, String)>,
}

const UNKNOWN: &str = "not on record";

/// The sheet.
pub fn sheet(drill: &Score, original: Option<&Score>, others: &[Score]) -> Vec<Line> {
    let span = |one: Option<Span>| one.map_or_else(|| UNKNOWN.to_owned(), |one| rounded(one).to_string());
    let middle = |of: &dyn Fn(&Score) -> Option<Span>| {
        let mut all: Vec<Span> = others.iter().filter_map(of).collect();
        all.sort();
        all.get(all.len() / 2).map(|middle| (all.len(), rounded(*middle).to_string()))
    };
    let timed = |title: &'static str, of: &dyn Fn(&Score) -> Option<Span>| Line {
        title,
        drill: span(of(drill)),
        original: original.map(|one| span(of(one))),
        others: middle(of),
    };
    let said = |title: &'static str, says: &dyn Fn(&Score) -> String| Line {
        title,
        drill: says(drill),
        original: original.map(says),
        others: None,
    };
    vec![
        timed("Time to a commander", &|one| one.command),
        timed("Time to containment", &|one| one.contain),
        said("Updates", &|one| match one.missed {
            0 => format!("{}, none missed", one.updates),
            missed => format!("{}, {missed} missed", one.updates),
        }),
        timed("Longest silence", &|one| one.silence),
        said("Trigger named", &|one| match &one.trigger {
            Some((title, after)) => format!("{title}, after {}", rounded(*after)),
            None if one.suspects == 0 => "no change was suspected".to_owned(),
            None => format!("none of {} suspects", one.suspects),
        }),
        timed("Time to the trigger", &|one| one.trigger.as_ref().map(|(_, after)| *after)),
        said("Hand-overs with the situation", &|one| format!("{} of {}", one.briefed, one.handovers)),
        said("Observations and evidence", &|one| one.evidence.to_string()),
        said("Alerts near it that nobody took in", &|one| one.left_out.to_string()),
    ]
}

/// To the second.
fn rounded(span: Span) -> Span {
    Span::seconds(span.as_millis() / 1000)
}

/// The sheet as Markdown. Titles come from outside, and are escaped.
pub fn markdown(title: &str, original: Option<&str>, lines: &[Line], evidence: &[Evidence]) -> String {
    let plain = |text: &str| {
        let escaped: String =
            text.chars().flat_map(|c| if "\\|`*_[]<>#".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        escaped.replace(['\n', '\r'], " ")
    };
    let mut text = format!("# Score sheet: {}\n\n", plain(title));
    if let Some(original) = original {
        text.extend(["It practises ", &plain(original), ".\n\n"]);
    }
    text.push_str("| | this drill | when it was real | other drills of it |\n| --- | --- | --- | --- |\n");
    for line in lines {
        let others = line.others.as_ref().map_or(String::new(), |(n, middle)| format!("{middle} in the middle of {n}"));
        let original = line.original.as_deref().unwrap_or_default();
        for cell in [line.title, &plain(&line.drill), &plain(original), &others] {
            text.extend(["| ", cell, " "]);
        }
        text.push_str("|\n");
    }
    if !evidence.is_empty() {
        text.push_str("\n## What was there\n\n");
    }
    for one in evidence {
        let at = one.at.strftime("%Y-%m-%d %H:%MZ");
        let nobody = if one.taken.is_none() { ", nobody took it in" } else { "" };
        _ = writeln!(text, "- {} ({at}{nobody})", plain(&one.says()));
    }
    text.push_str("\nNobody passes or fails: it says what is hard, and names no person.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::drill_evidence::{How, Sort};

    fn score_of(command: Option<i64>, trigger: Option<&str>) -> Score {
        Score {
            command: command.map(Span::seconds),
            trigger: trigger.map(|title| (title.to_owned(), Span::minutes(9))),
            updates: 3,
            missed: 1,
            suspects: 2,
            handovers: 2,
            briefed: 1,
            ..Score::default()
        }
    }

    #[test]
    fn a_sheet_sets_a_drill_beside_what_was_real_and_other_drills() {
        let others = [score_of(Some(60), None), score_of(Some(300), None), score_of(None, None)];
        let lines = sheet(&score_of(Some(90), Some("New cart | for all")), Some(&score_of(None, None)), &others);
        let there = |title: &str, taken| Evidence {
            sort: Sort::Alert,
            title: title.into(),
            at: "2026-03-04T14:03:00Z".parse().unwrap(),
            taken,
        };
        let evidence = [there("Pool_Exhausted", None), there("Errors", Some((How::Acknowledged, Span::seconds(90))))];
        insta::assert_snapshot!(markdown("DRILL: shop", Some("inc *1*"), &lines, &evidence), @r"
        # Score sheet: DRILL: shop

        It practises inc \*1\*.

        | | this drill | when it was real | other drills of it |
        | --- | --- | --- | --- |
        | Time to a commander | 1m30s | not on record | 5m in the middle of 2 |
        | Time to containment | not on record | not on record |  |
        | Updates | 3, 1 missed | 3, 1 missed |  |
        | Longest silence | not on record | not on record |  |
        | Trigger named | New cart \| for all, after 9m | none of 2 suspects |  |
        | Time to the trigger | 9m | not on record |  |
        | Hand-overs with the situation | 1 of 2 | 1 of 2 |  |
        | Observations and evidence | 0 | 0 |  |
        | Alerts near it that nobody took in | 0 | 0 |  |

        ## What was there

        - missed: alert Pool\_Exhausted (2026-03-04 14:03Z, nobody took it in)
        - acknowledged after 1m30s: alert Errors (2026-03-04 14:03Z)

        Nobody passes or fails: it says what is hard, and names no person.
        ");
        let alone = sheet(&Score::default(), None, &[]);
        assert!(alone.iter().all(|line| line.original.is_none() && line.others.is_none()));
        assert_eq!(alone[0].drill, "not on record", "what is not known is not nought");
    }

    #[test]
    fn a_drill_says_what_it_practises() {
        let id = "inc_06f1k2m9qv7x3t1a";
        assert_eq!(practises(Some(&format!("Practises {id}."))).map(|id| id.to_string()).as_deref(), Some(id));
        assert_eq!(practises(Some("The drill of queue.json is played")), None);
        assert_eq!(practises(None), None);
    }
}
