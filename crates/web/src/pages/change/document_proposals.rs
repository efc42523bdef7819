//! Documents that are proposed as a change: what they would do, on the page of the change; the form in which they are edited; and what
//! holds an edit of documents now.
//!
//! `POST /changes/documents` with `yaml`, `title`, `reason` (or with `commit` and `take`, of the git source), and `emergency`; `GET` and `POST
//! /changes/ID/documents` with `revision`, `title`, `why`, `yaml`, `delete`.

use askama::Template;

use crate::pages::prepare::documents::{PlanProblem, PlannedChange};
use crate::pages::prepare::what_if::WhatIfView;
use crate::pages::{Link, Shell};

/// What holds an edit of documents now; nothing, if nothing does.
#[derive(Clone, Debug, Default)]
pub struct HeldView {
    pub reasons: Vec<HeldLine>,
    /// The viewer may let it through.
    pub yours: bool,
}

impl HeldView {
    pub fn is_held(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// One reason.
#[derive(Clone, Debug)]
pub struct HeldLine {
    pub message: String,
    pub link: Option<Link>,
    pub may_override: String,
}

/// The documents of a change.
#[derive(Clone, Debug)]
pub struct DocumentsView {
    pub changes: Vec<PlannedChange>,
    pub problems: Vec<PlanProblem>,
    pub warnings: Vec<PlanProblem>,
    pub conflicts: Vec<ConflictLine>,
    /// What others changed since it was proposed.
    pub moved: Vec<Link>,
    /// The branch that it follows.
    pub branch: Option<String>,
    pub what_if: Option<WhatIfView>,
    /// They are in force, or were.
    pub is_done: bool,
}

/// A field that somebody else changed, too.
#[derive(Clone, Debug)]
pub struct ConflictLine {
    pub document: Link,
    pub pointer: String,
    pub in_force: String,
    pub proposed: String,
}

/// The form in which the documents of a change are edited.
#[derive(Clone, Debug, Template)]
#[template(path = "change/documents_edit.html")]
pub struct DocumentsEditPage {
    pub shell: Shell,
    pub change: Link,
    pub action: String,
    pub revision: u32,
    pub title: String,
    pub why: String,
    pub yaml: String,
    /// Documents that it takes away.
    pub deletes: Vec<String>,
    pub conflicts: Vec<ConflictLine>,
    pub problems: Vec<PlanProblem>,
    pub error: Option<String>,
    /// Whose approval a new revision voids.
    pub voids: Vec<String>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::Section;

    impl HeldView {
        pub(crate) fn sample() -> Self {
            let line =
                |message: &str, link, may: &str| HeldLine { message: message.into(), link, may_override: may.into() };
            Self {
                reasons: vec![
                    line(
                        "Black Friday until 2026-11-30 09:00 UTC: most money is made",
                        Some(Link::new("Its document", "/documents/freeze/black-friday")),
                        "a manager",
                    ),
                    line(
                        "Card payments: 14% fail is open (SEV1) and touches the same services",
                        Some(Link::new("The incident", "/incidents/inc_06f1k2m9qv7x3t01")),
                        "the commander of the incident",
                    ),
                ],
                yours: true,
            }
        }
    }

    fn conflict() -> ConflictLine {
        ConflictLine {
            document: Link::new("flag/new-checkout", "/documents/flag/new-checkout"),
            pointer: "/environments/live/defaultVariant".into(),
            in_force: "off".into(),
            proposed: "on".into(),
        }
    }

    impl DocumentsView {
        pub(crate) fn sample(changes: Vec<PlannedChange>) -> Self {
            Self {
                changes,
                problems: vec![],
                warnings: vec![],
                conflicts: vec![conflict()],
                moved: vec![Link::new("flag/new-checkout", "/documents/flag/new-checkout/history")],
                branch: Some("main".into()),
                what_if: None,
                is_done: false,
            }
        }
    }

    impl DocumentsEditPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Changes, "/changes/cng_06f1k2m9qv7x3t01/documents"),
                change: Link::new("New checkout for a tenth", "/changes/cng_06f1k2m9qv7x3t01"),
                action: "/changes/cng_06f1k2m9qv7x3t01/documents".into(),
                revision: 2,
                title: "New checkout for a tenth".into(),
                why: "It is ready to be looked at".into(),
                yaml: "kind: flag\nname: new-checkout\nspec:\n  title: New checkout\n".into(),
                deletes: vec!["flag/old-checkout".into()],
                conflicts: vec![conflict()],
                problems: vec![],
                error: None,
                voids: vec!["Ben Okafor".into()],
            }
        }
    }
}
