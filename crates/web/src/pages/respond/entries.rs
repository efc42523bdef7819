//! One entry of a timeline: as it stands, what was done to it, and the forms that correct, strike and pin it.
//!
//! `GET /incidents/ID/entries/ENTRY`; `POST` there with `act` (`correct`, `strike`, `pin`, `unpin`), `text`, `why`.

use askama::Template;

use super::room::LineView;
use crate::pages::{Link, Shell, When};

/// The entry.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/entry.html")]
pub struct EntryPage {
    pub shell: Shell,
    pub incident: Link,
    pub line: LineView,
    /// What it says now, to begin a correction with.
    pub text: String,
    /// People wrote it, so that it can be corrected.
    pub may_correct: bool,
    pub may_pin: bool,
    /// `evt_…`, the kind, and when it was recorded.
    pub kind: String,
    pub recorded: When,
    pub error: Option<String>,
}

#[cfg(test)]
mod samples {
    use super::super::room::samples::line;
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl EntryPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(
                    Section::Incidents,
                    "/incidents/inc_06f1k2m9qv7x3t01/entries/evt_06f1k2m9qv7x3t01",
                ),
                incident: Link::new("Card payments fail for a fifth of customers", "/incidents/inc_06f1k2m9qv7x3t01"),
                line: LineView {
                    sort: Some("note"),
                    corrected: Some("18 % on pay-1".into()),
                    ..line(7, 9, Tone::Quiet, "28 % on pay-1")
                },
                text: "18 % on pay-1".into(),
                may_correct: true,
                may_pin: true,
                kind: "entry.added".into(),
                recorded: viewpoint().when(minutes_ago(5)),
                error: None,
            }
        }
    }
}
