//! The git source: what its branch would change, and the form that applies it.
//!
//! `GET /documents/source`; its form `POST /documents/source` with `commit`, `revision`, `reason`, and `take` for each field
//! that is overwritten though it was set by hand.

use askama::Template;

use super::documents::{PlanProblem, PlannedChange};
use super::ownership::FieldRow;
use super::what_if::WhatIfView;
use crate::pages::change::document_proposals::HeldView;
use crate::pages::{Link, Shell, When};

/// What waits in the source.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/source.html")]
pub struct SourcePage {
    pub shell: Shell,
    pub place: String,
    pub branch: String,
    /// `main at abc1234`, once it was fetched.
    pub title: Option<String>,
    pub subject: String,
    pub commit: String,
    pub fetched: Option<When>,
    pub error: Option<String>,
    pub changes: Vec<PlannedChange>,
    pub kept: Vec<FieldRow>,
    pub problems: Vec<PlanProblem>,
    pub warnings: Vec<PlanProblem>,
    pub what_if: Option<WhatIfView>,
    /// The revision of the catalog it was planned against.
    pub revision: i64,
    pub reason: String,
    /// Why the viewer does not apply it.
    pub may_not: Option<String>,
    pub held: HeldView,
    /// The proposal that follows the branch, if one is open.
    pub proposed: Option<Link>,
    pub may_propose: bool,
    /// Open incidents in which it can be an emergency.
    pub incidents: Vec<(String, String)>,
}

impl SourcePage {
    fn may_apply(&self) -> bool {
        self.may_not.is_none() && (!self.held.is_held() || self.held.yours)
    }
}

/// The line about it on the page of documents: `main at abc1234 would change 3 documents`.
#[derive(Clone, Debug)]
pub struct SourceLine {
    pub text: String,
    pub is_wrong: bool,
}
