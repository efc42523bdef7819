//! What a change does: its targets and steps, how it is taken back, and what shows that it worked. As it is edited and approved.
//!
//! A draft may lack anything but a title; what it lacks keeps it from being approved, each with its place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rollback_plans::RollbackPlan;
use crate::words::choices::choices;
use crate::words::{Name, Refusal, RefusalKind, Result, Span, Timestamp};

choices! {
    /// What is changed.
    Kind: "the kind of a change" at "/kind" {
        /// Another version of a program.
        Deploy = "deploy",
        Config = "config",
        Flag = "flag",
        Schema = "schema",
        Infrastructure = "infrastructure",
        /// Data is moved or rewritten.
        Data = "data",
        Network = "network",
        Certificate = "certificate",
        /// Who may do what.
        Access = "access",
        /// Somebody outside changed what we stand on.
        Vendor = "vendor",
        /// Documents of this program.
        Document = "document",
    }
}

/// What it does, as it is edited and approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    pub kind: Kind,
    pub title: String,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    pub targets: Vec<Target>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub rollback: Option<RollbackPlan>,
    /// What shows that the change worked.
    #[serde(default)]
    pub verification: Vec<String>,
}

/// What is changed, where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub service: Name,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Name>,
    /// From which version to which, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub text: String,
    pub estimate: Span,
}

/// From when until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Window {
    pub fn contains(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

const TITLE_MOST: usize = 200;
const MANY: usize = 100;

impl Proposal {
    /// The services that it touches.
    pub fn services(&self) -> BTreeSet<Name> {
        self.targets.iter().map(|target| target.service.clone()).collect()
    }

    /// How long its steps take.
    pub fn estimate(&self) -> Span {
        Span::millis(self.steps.iter().map(|step| step.estimate.as_millis()).fold(0, i64::saturating_add))
    }

    /// What it lacks to be approved.
    pub fn problems(&self) -> Vec<Refusal> {
        let mut problems = Vec::new();
        let mut need = |said: bool, at: &str, message: &str| {
            if !said {
                problems.push(Refusal::invalid(message).at(at));
            }
        };
        need(!self.why.trim().is_empty(), "/why", "say why it is done");
        // Documents of ours may be about no service.
        need(self.kind == Kind::Document || !self.targets.is_empty(), "/targets", "say what it changes");
        need(!self.steps.is_empty(), "/steps", "say what is done, step by step");
        for (place, step) in self.steps.iter().enumerate() {
            need(!step.text.trim().is_empty(), &format!("/steps/{place}/text"), "say what is done");
            need(!step.estimate.is_zero(), &format!("/steps/{place}/estimate"), "say how long it takes");
        }
        need(!self.verification.is_empty(), "/verification", "say what shows that it worked");
        need(self.rollback.is_some(), "/rollback", "say how it is taken back: without a plan nothing is approved");
        let plan = self.rollback.iter().flat_map(|plan| plan.problems(self.kind, self.steps.len()));
        problems.extend(plan);
        problems
    }

    /// What is wrong even in a draft.
    pub(super) fn check(&self) -> Result<()> {
        let letters = self.title.trim().chars().count();
        if letters == 0 || letters > TITLE_MOST {
            return Err(Refusal::invalid(format!("a title has 1 to {TITLE_MOST} letters")).at("/title"));
        }
        for (count, at) in
            [(self.targets.len(), "/targets"), (self.steps.len(), "/steps"), (self.verification.len(), "/verification")]
        {
            if count > MANY {
                return Err(Refusal::invalid(format!("{MANY} at most; make several changes of it")).at(at));
            }
        }
        let mut seen = BTreeSet::new();
        match self.targets.iter().position(|target| !seen.insert((&target.service, &target.environment))) {
            Some(place) => Err(Refusal::invalid("it is named twice").at(format!("/targets/{place}"))),
            None => Ok(()),
        }
    }

    pub(super) fn must_be_complete(&self) -> Result<()> {
        self.problems().into_iter().next().map_or(Ok(()), |first| Err(Refusal { kind: RefusalKind::Conflict, ..first }))
    }

    pub(super) fn check_window(&self, window: &Window, now: Timestamp) -> Result<()> {
        if window.to <= window.from || window.to <= now {
            return Err(Refusal::invalid("the window ends after it begins, and in time to come").at("/window/to"));
        }
        let estimate = self.estimate();
        if Span::between(window.from, window.to) < estimate {
            return Err(Refusal::invalid(format!("its steps take {estimate}, longer than the window")).at("/window/to"));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::change::rollback_plans::tests::plan;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(in super::super) fn proposal(title: &str, service: &str) -> Proposal {
        Proposal {
            kind: Kind::Deploy,
            title: title.into(),
            why: "customers wait".into(),
            targets: vec![Target { service: name(service), environment: None, from: None, to: Some("4.2".into()) }],
            steps: vec![Step { text: "deploy".into(), estimate: Span::minutes(10) }],
            rollback: Some(plan()),
            verification: vec!["orders come in".into()],
        }
    }

    type Spoil = fn(&mut Proposal);

    #[test]
    fn a_proposal_says_what_it_must() {
        assert_eq!(proposal("4.2", "shop").problems(), []);
        let table: [(Spoil, &[&str]); 7] = [
            (|it| it.why = " ".into(), &["/why"]),
            (|it| it.targets.clear(), &["/targets"]),
            (|it| it.steps.clear(), &["/steps"]),
            (|it| it.steps[0].estimate = Span::ZERO, &["/steps/0/estimate"]),
            (|it| it.verification.clear(), &["/verification"]),
            (|it| it.rollback = None, &["/rollback"]),
            (|it| it.rollback.as_mut().unwrap().verification.clear(), &["/rollback/verification"]),
        ];
        for (spoil, places) in table {
            let mut proposal = proposal("4.2", "shop");
            spoil(&mut proposal);
            let found = proposal.problems();
            assert_eq!(found.iter().filter_map(|one| one.at.as_deref()).collect::<Vec<_>>(), places);
            assert!(proposal.check().is_ok(), "a draft may lack it");
            assert_eq!(proposal.must_be_complete().unwrap_err().kind, RefusalKind::Conflict);
        }
    }

    #[test]
    fn even_a_draft_has_a_title_and_names_nothing_twice() {
        let long = "x".repeat(201);
        let step = || Step { text: "deploy".into(), estimate: Span::minutes(1) };
        let mut many = proposal("4.2", "shop");
        many.steps = std::iter::repeat_with(step).take(101).collect();
        let mut twice = proposal("4.2", "shop");
        twice.targets.push(twice.targets[0].clone());
        for (proposal, place) in [
            (proposal(" ", "shop"), "/title"),
            (proposal(&long, "shop"), "/title"),
            (many, "/steps"),
            (twice, "/targets/1"),
        ] {
            assert_eq!(proposal.check().unwrap_err().at.as_deref(), Some(place));
        }
    }
}
