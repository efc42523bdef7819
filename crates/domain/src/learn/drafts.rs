//! The cited draft: what the record of an incident says, in sentences that each name what they rest on.
//!
//! A pure function of the record: the same record gives the same words. It tells facts and asks about gaps; what they mean is
//! for people, so the parts of a postmortem that explain are questions here and never filled in. No person is named outside
//! of the section of people. Times are UTC, so that everybody reads the same text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::ledgers::{Ledger, Row, Spent, Stage, ledger, took_in_words};
use super::records::{Cite, Record};
pub use super::sentences::Sentence;
use super::sentences::Words;
use super::{facts, questions};
use crate::respond::stamps::{Precision, When};
use crate::words::{IncidentId, Timestamp};

/// What the record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub incident: IncidentId,
    pub title: String,
    /// Sections of facts, in the order in which they are read; the last asks about gaps. None of them is empty.
    pub sections: Vec<Section>,
    pub ledger: Ledger,
    /// What people are asked, for the parts that explain.
    pub prompts: &'static [Prompt],
    /// The places in the journal of the entries that are cited, where they have one.
    pub numbers: BTreeMap<Cite, i64>,
    /// Where to look for what has no page of its own.
    pub leads: BTreeMap<Cite, Cite>,
    /// The beginning of the timeline is not in it: there is too much.
    pub truncated: bool,
}

/// A section of facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `timeline`
    pub name: &'static str,
    pub title: &'static str,
    pub parts: Vec<Part>,
}

/// Sentences that belong together: a burst of the timeline, one sort of thing that was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub title: Option<String>,
    pub sentences: Vec<Sentence>,
}

/// Questions for people, for a part of a postmortem that explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// As sections of postmortems are called: `went-well`.
    pub name: &'static str,
    pub title: &'static str,
    pub questions: &'static [&'static str],
}

/// Writes it.
pub fn draft(record: &Record) -> Draft {
    let words = Words::of(record);
    let ledger = ledger(record);
    let plain = |name, title, sentences| Section { name, title, parts: vec![Part { title: None, sentences }] };
    let mut sections = vec![
        plain("summary", "Summary", facts::summary(record, &words)),
        plain("impact", "Impact", facts::impact(record)),
        plain("detection", "Detection", facts::detection(record)),
        Section { name: "timeline", title: "Timeline", parts: facts::timeline(record, &words) },
        Section { name: "response", title: "What was tried", parts: facts::tried(record, &words) },
        plain("changes", "Changes around it", facts::changes(record)),
        Section { name: "alerts", title: "Alerts and deliveries", parts: facts::alerts(record) },
        plain("updates", "What was said", facts::updates(record)),
        plain("obligations", "Clocks of obligations", facts::obligations(record)),
        plain("earlier", "Similar earlier incidents", facts::earlier(record)),
        plain("people", "People", facts::people(record, &words)),
        Section { name: "questions", title: "Open questions", parts: questions::all(record, &ledger) },
    ];
    for section in &mut sections {
        section.parts.retain(|part| !part.sentences.is_empty());
    }
    sections.retain(|section| !section.parts.is_empty());
    let mut all = Draft {
        incident: record.id,
        title: record.title.clone(),
        sections,
        ledger,
        prompts: PROMPTS,
        numbers: record.numbers(),
        leads: record.leads(),
        truncated: record.truncated,
    };
    let cited: BTreeSet<Cite> = all.cited().cloned().collect();
    all.numbers.retain(|cite, _| cited.contains(cite));
    all.leads.retain(|cite, _| cited.contains(cite));
    all
}

impl Draft {
    /// All sentences of its sections.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.sections.iter().flat_map(|section| &section.parts).flat_map(|part| &part.sentences)
    }

    /// Everything that it cites, some of it more than once.
    pub fn cited(&self) -> impl Iterator<Item = &Cite> {
        let rows = self.ledger.rows.iter().flat_map(|row| match &row.spent {
            Spent::Known { from, to, .. } => from.cites.iter().chain(&to.cites),
            Spent::Unknown { cites, .. } => cites.iter().chain(&[]),
        });
        let totals = self.ledger.totals.iter().flat_map(|total| &total.took).flat_map(|(from, to, _)| [from, to]);
        self.sentences().flat_map(|sentence| &sentence.cites).chain(rows).chain(totals)
    }

    /// How a citation is written: the entry's place in the journal, or what it is.
    pub fn label(&self, cite: &Cite) -> String {
        self.numbers.get(cite).map_or_else(|| cite.word().to_owned(), |number| format!("#{number}"))
    }

    /// As Markdown; `address` says where a citation leads.
    pub fn markdown(&self, address: impl Fn(&Cite) -> String) -> String {
        let mut out = format!("# {}\n\nWhat the record says. Times are UTC.\n", plain(&self.title));
        let cites = |cites: &[Cite]| -> String {
            let link = |cite: &Cite| format!(" [{}]({})", plain(&self.label(cite)), address(cite));
            cites.iter().map(link).collect()
        };
        for section in &self.sections {
            _ = writeln!(out, "\n## {}", section.title);
            for part in &section.parts {
                if let Some(title) = &part.title {
                    _ = writeln!(out, "\n### {}", plain(title));
                }
                out.push('\n');
                for sentence in &part.sentences {
                    let at = sentence.at.map_or_else(String::new, |at| format!("{} ", clock(at)));
                    _ = writeln!(out, "- {at}{}{}", plain(&sentence.text), cites(&sentence.cites));
                }
            }
            if section.name == "detection" {
                out.push_str("\n## Where the minutes went\n\n| Stage | Minutes | From | Until | Source |\n| --- | --- | --- | --- | --- |\n");
                for row in &self.ledger.rows {
                    out.push_str(&line(row, cites));
                }
                if let Some((from, to, took)) = &self.ledger.whole {
                    let (from_says, to_says) = (point(&from.when, from.says), point(&to.when, to.says));
                    let took = took_in_words(*took);
                    _ = writeln!(out, "| **Together** | **{took}** | {from_says} | {to_says} | |");
                }
            }
        }
        out.push_str("\n## For people to answer\n");
        for prompt in self.prompts {
            _ = writeln!(out, "\n### {}\n", prompt.title);
            for question in prompt.questions {
                _ = writeln!(out, "- {question}");
            }
        }
        out
    }
}

/// A row of the ledger as a line of a table.
fn line(row: &Row, cites: impl Fn(&[Cite]) -> String) -> String {
    let title = row.stage.title();
    match &row.spent {
        Spent::Known { from, to, took } => format!(
            "| {title} | {} | {}{} | {}{} | {} |\n",
            took_in_words(*took),
            point(&from.when, from.says),
            cites(&from.cites),
            point(&to.when, to.says),
            cites(&to.cites),
            to.source.word(),
        ),
        Spent::Unknown { why, cites: shown } => {
            format!("| {title} | not known | {}{} | | |\n", plain(why), cites(shown))
        }
    }
}

fn point(when: &When, says: &str) -> String {
    format!("{}, {says}", as_known(when))
}

/// `2026-11-22 02:05`, as much of it as is known, in UTC.
pub fn as_known(when: &When) -> String {
    let form = match when.precision {
        Precision::Second => "%Y-%m-%d %H:%M:%S",
        Precision::Minute => "%Y-%m-%d %H:%M",
        Precision::Hour => "%Y-%m-%d, the hour from %H:00",
        Precision::Day => "%Y-%m-%d",
        Precision::Month => "%Y-%m",
        Precision::Year => "%Y",
    };
    // The beginning of a day of somewhere else may lie on the day before in UTC; its middle does not.
    let at = match when.precision {
        Precision::Day | Precision::Month | Precision::Year => middle(when),
        _ => when.at,
    };
    at.strftime(form).to_string()
}

fn middle(when: &When) -> Timestamp {
    let half = when.until.duration_since(when.at).checked_div(2).unwrap_or_default();
    when.at.checked_add(half).unwrap_or(when.at)
}

/// `02:05:09`
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// Text in which nothing is taken for a sign of Markdown.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

impl Stage {
    /// What is asked where nobody knows how long it took.
    pub(super) const fn question(self) -> &'static str {
        match self {
            Self::Detect => "When did the first person or system feel it, and who or what noticed it when?",
            Self::Alert => "When did the first alert fire?",
            Self::GroupWait => "Why was nobody paged, or where is that recorded?",
            Self::Page => "Whom did the page try to reach?",
            Self::Deliver => "Why did no message reach anybody?",
            Self::Acknowledge => "When did a person take it?",
            Self::Assemble => "Who led the response, and from when?",
            Self::Contain => "When was further harm stopped?",
            Self::Mitigate => "When was the impact back under the threshold?",
            Self::Recover => "When did everything work as before?",
            Self::Resolve => "When was the response over?",
        }
    }
}

/// How and what, not why of a person.
pub(super) const PROMPTS: &[Prompt] = &[
    Prompt {
        name: "background",
        title: "Background",
        questions: &["How does this normally work?", "Why does it normally go right?"],
    },
    Prompt {
        name: "trigger",
        title: "Trigger",
        questions: &["Which event set it off?", "What made it possible for that event to have this effect?"],
    },
    Prompt {
        name: "factors",
        title: "Contributing factors",
        questions: &[
            "Which conditions had to come together? Name two or more, and what shows each.",
            "Which of them were there before, and for how long?",
        ],
    },
    Prompt {
        name: "response",
        title: "Response",
        questions: &[
            "What did people see at each turn, and what made that stand out?",
            "Which options were there, and what was expected to happen next?",
            "What helped, and what slowed the response down?",
        ],
    },
    Prompt {
        name: "went-well",
        title: "What went well",
        questions: &["What worked, and would be missed if it were gone?"],
    },
    Prompt {
        name: "was-hard",
        title: "What was hard",
        questions: &["What was harder than it should be: to see, to decide, to reach?"],
    },
    Prompt {
        name: "lucky",
        title: "Where luck helped",
        questions: &["What could have made it worse, and did not happen?"],
    },
    Prompt {
        name: "surprised",
        title: "What surprised us",
        questions: &["What did we believe about our systems that was not so?"],
    },
];

#[cfg(test)]
#[path = "drafts_tests.rs"]
mod tests;
