//! The score sheet of a drill: `GET /incidents/ID/score-sheet`.

use askama::Template;

use crate::pages::{Badge, Link, Shell, Tone, When};

/// How a drill went.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/score_sheet.html")]
pub struct ScoreSheetPage {
    pub shell: Shell,
    pub drill: Link,
    /// What it practises.
    pub original: Option<Link>,
    pub others: usize,
    pub rows: Vec<ScoreRow>,
    /// What was there to be found.
    pub evidence: Vec<EvidenceRow>,
    pub markdown: String,
}

impl ScoreSheetPage {
    fn missed(&self) -> usize {
        self.evidence.iter().filter(|one| one.taken.tone == Tone::Warning).count()
    }
}

/// A line.
#[derive(Clone, Debug)]
pub struct ScoreRow {
    pub title: &'static str,
    pub drill: String,
    pub original: String,
    pub others: String,
}

/// Something that was there to be found.
#[derive(Clone, Debug)]
pub struct EvidenceRow {
    pub sort: String,
    pub title: String,
    /// When it was, as the file or the real incident has it.
    pub at: When,
    /// How it was taken in, or that nobody did.
    pub taken: Badge,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl ScoreSheetPage {
        pub(crate) fn sample() -> Self {
            let row = |title, drill: &str, original: &str, others: &str| ScoreRow {
                title,
                drill: drill.into(),
                original: original.into(),
                others: others.into(),
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01/score-sheet"),
                drill: Link::new("DRILL: Card payments fail", "/incidents/inc_06f1k2m9qv7x3t01"),
                original: Some(Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t02")),
                others: 4,
                rows: vec![
                    row("Time to a commander", "1m30s", "9m", "4m in the middle of 4"),
                    row("Time to containment", "14m", "41m", "22m in the middle of 3"),
                    row("Updates", "3, none missed", "2, 1 missed", ""),
                    row("Trigger named", "New cart for all, after 6m", "none of 3 suspects", ""),
                    row("Hand-overs with the situation", "1 of 1", "0 of 2", ""),
                ],
                evidence: vec![
                    EvidenceRow {
                        sort: "Alert".into(),
                        title: "PoolExhausted: no connection is free".into(),
                        at: viewpoint().when(minutes_ago(90)),
                        taken: Badge::new(Tone::Warning, "missed"),
                    },
                    EvidenceRow {
                        sort: "Trigger".into(),
                        title: "New cart for all".into(),
                        at: viewpoint().when(minutes_ago(95)),
                        taken: Badge::new(Tone::Good, "judged after 6m"),
                    },
                ],
                markdown: "/api/v1/incidents/inc_06f1k2m9qv7x3t01/score-sheet.md".into(),
            }
        }
    }
}
