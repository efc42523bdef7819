//! Suspects: the changes that may have caused an incident, with every reason and number, and the verdicts of people. A panel of
//! the room, and a page.
//!
//! `GET /incidents/ID/suspects`; `POST` there with `suspect`, `finding` (`trigger`, `contributed`, `ruled-out`, `unknown`), `why`.

use askama::Template;

use super::reflexes::ReflexView;
use super::rollbacks::RunView;
use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// All of them.
#[derive(Clone, Debug, Template)]
#[template(path = "change/suspects.html")]
pub struct SuspectsPage {
    pub shell: Shell,
    pub incident: Link,
    /// What it is called where others might read it, if it is restricted.
    pub restricted: Option<String>,
    pub drill: bool,
    pub may_write: bool,
    pub began: When,
    pub services: Vec<Link>,
    pub suspects: Vec<SuspectView>,
    /// How many changes were too long ago to be looked at.
    pub older: usize,
    pub runs: Vec<RunView>,
    /// A verdict that was refused: of which suspect, what was typed, why not.
    pub refused: Option<(String, String, String)>,
}

/// The first of them, in the room.
#[derive(Clone, Debug, Default)]
pub struct SuspectsPanel {
    pub href: String,
    /// Three at most.
    pub suspects: Vec<SuspectView>,
    pub more: usize,
    pub runs: Vec<RunView>,
    /// What rules made of them; a run that one set off stands among the runs.
    pub reflexes: Vec<ReflexView>,
    pub may_write: bool,
}

impl SuspectsPanel {
    /// Something is told of rules that does not stand at the top of the room.
    pub(crate) fn has_told(&self) -> bool {
        self.reflexes.iter().any(|one| one.until.is_none())
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub struct SuspectView {
    pub id: String,
    /// `1`, or `1=` where several share it.
    pub rank: String,
    pub title: String,
    /// The change or the documents, if there is a page.
    pub href: Option<String>,
    /// `deploy`, `documents`.
    pub kind: String,
    pub went_out: Option<When>,
    /// In one line.
    pub reasons: String,
    pub score: String,
    /// Term, points, sentence.
    pub terms: Vec<(String, String, String)>,
    /// What taking it back came to.
    pub outcome: Option<Badge>,
    pub verdict: Option<VerdictView>,
    /// Where one sees what taking it back would do, and does it.
    pub rollback: Option<String>,
}

/// What somebody found.
#[derive(Clone, Debug)]
pub struct VerdictView {
    pub badge: Badge,
    pub why: String,
    pub by: PersonTag,
    pub when: When,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::Tone;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    fn suspect(rank: &str, title: &str, minutes: i64, score: &str, reasons: &str) -> SuspectView {
        SuspectView {
            id: format!("cng_{minutes}"),
            rank: rank.into(),
            title: title.into(),
            href: Some("/changes/cng_1".into()),
            kind: "deploy".into(),
            went_out: Some(viewpoint().when(minutes_ago(minutes))),
            reasons: reasons.into(),
            score: score.into(),
            terms: vec![
                ("distance".into(), "3.00".into(), "it changed card-payments, which is hit".into()),
                ("recency".into(), "3.61".into(), "6m before it began".into()),
                ("spread".into(), "0.50".into(), "it would explain 1 of the 2 services that are hit".into()),
            ],
            outcome: None,
            verdict: None,
            rollback: Some("/incidents/inc_1/rollback?suspect=cng_1".into()),
        }
    }

    impl SuspectsPanel {
        pub(crate) fn sample() -> Self {
            let mut second = suspect(
                "2",
                "service/card-payments: limits raised",
                44,
                "4.02",
                "it changed card-payments, which is hit; 44m before it began",
            );
            second.kind = "documents".into();
            second.verdict = Some(VerdictView {
                badge: Badge::new(Tone::Quiet, "ruled out"),
                why: "the limits are not read on this path".into(),
                by: PersonTag::new("ben", "Ben Okafor"),
                when: viewpoint().when(minutes_ago(2)),
            });
            let mut third = suspect(
                "3=",
                "ledger 7.1.0",
                190,
                "2.95",
                "it changed ledger, which card-payments needs; 3h before it began",
            );
            third.outcome = Some(Badge::new(Tone::Warning, "taken back: no effect"));
            Self {
                href: "/incidents/inc_1/suspects".into(),
                suspects: vec![
                    suspect(
                        "1",
                        "checkout 4.2.1 to live",
                        6,
                        "7.11",
                        "it changed card-payments, which is hit; 6m before it began",
                    ),
                    second,
                    third,
                ],
                more: 2,
                runs: vec![RunView::sample_running(), RunView::sample_asked()],
                reflexes: vec![ReflexView::sample_counting(), ReflexView::sample_suggested()],
                may_write: true,
            }
        }
    }

    impl SuspectsPage {
        pub(crate) fn sample() -> Self {
            let panel = SuspectsPanel::sample();
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_1/suspects"),
                incident: Link::new("Card payments are declined", "/incidents/inc_1"),
                restricted: None,
                drill: false,
                may_write: true,
                began: viewpoint().when(minutes_ago(12)),
                services: vec![Link::new("Card payments", "/services/card-payments")],
                suspects: panel.suspects,
                older: 4,
                runs: vec![RunView::sample_over(), RunView::sample_failed()],
                refused: None,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { suspects: Vec::new(), runs: Vec::new(), older: 0, ..Self::sample() }
        }
    }
}
