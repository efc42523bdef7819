//! A rollback plan: how a change is taken back, as a type and not as a text box, so that it can be checked before it is needed.
//!
//! Two questions are told apart. Is the plan complete: asked of whoever writes it, and nothing is approved without. Could it
//! run now: asked of the world each time, with a list of what is missing; what nobody has looked at is said, too, and looked at before the run.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proposals::Kind;
use crate::words::{Name, Refusal, Span, Timestamp};

/// How a change is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackPlan {
    pub way: Way,
    /// Who answers for it, and does it where it is done by hand.
    pub owner: Name,
    /// How long it takes.
    pub estimate: Span,
    /// When to take it back without asking anybody.
    pub abort_when: Vec<Abort>,
    pub data: Data,
    /// From this step of the change on there is no way back: counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_of_no_return: Option<u16>,
    /// What shows that it worked: alerts that clear, a page that answers.
    pub verification: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_rehearsed: Option<Timestamp>,
    /// It can be taken back until then only: the old key is revoked, the old column dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub safe_until: Option<Timestamp>,
    /// How long the alerts are looked at before they say what it came to; as long as usual, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
}

/// How long the alerts are looked at after a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Before this nothing is said: the time over which the alerts look, and how often they are evaluated.
    pub settle: Span,
    /// What cleared stays clear for so long.
    pub hold: Span,
    /// What still fires after this long will not clear by it.
    pub patience: Span,
}

/// In which way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Way {
    /// One call to one program.
    Automatic { adapter: Name, action: String },
    /// Steps in order, by programs and by people.
    Scripted { steps: Vec<ScriptStep> },
    /// A switch is set to what is safe. Preferred: nothing is deployed.
    FlagOff { environment: Name, flag: Name },
    /// Documents of this program get the revisions that they had before a changeset.
    Documents { changeset: i64 },
    /// By hand, by a runbook.
    Manual { runbook: Name },
    /// The old state is worse: the way out is forward.
    RollForward { why_not_back: String, fix: String },
    /// There is no way back.
    Irreversible { reason: String, forward_fix: String },
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptStep {
    pub text: String,
    pub estimate: Span,
    /// Nothing: a person does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Name>,
}

/// When to take it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    /// What is looked at, and what is too much: `errors at checkout over 2 of 100`.
    pub when: String,
    /// For how long it must be so.
    pub lasting: Span,
}

/// What becomes of the data when it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// No data is touched.
    Untouched,
    /// The old program reads what the new one wrote.
    Reversible,
    /// What was written in the meantime is not read by the old program.
    ForwardOnly,
    /// A backup must be restored.
    RestoreNeeded,
}

impl Way {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Automatic { .. } => "automatic",
            Self::Scripted { .. } => "scripted",
            Self::FlagOff { .. } => "flag-off",
            Self::Documents { .. } => "documents",
            Self::Manual { .. } => "manual",
            Self::RollForward { .. } => "roll-forward",
            Self::Irreversible { .. } => "irreversible",
        }
    }

    /// Whether it leads back to where it was.
    pub const fn leads_back(&self) -> bool {
        !matches!(self, Self::RollForward { .. } | Self::Irreversible { .. })
    }

    /// Whether it needs nobody's hands.
    pub fn is_hands_free(&self) -> bool {
        match self {
            Self::Automatic { .. } | Self::FlagOff { .. } | Self::Documents { .. } => true,
            Self::Scripted { steps } => steps.iter().all(|step| step.adapter.is_some()),
            Self::Manual { .. } | Self::RollForward { .. } | Self::Irreversible { .. } => false,
        }
    }

    /// The programs that it calls.
    pub fn adapters(&self) -> Vec<&Name> {
        match self {
            Self::Automatic { adapter, .. } => vec![adapter],
            Self::Scripted { steps } => steps.iter().filter_map(|step| step.adapter.as_ref()).collect(),
            _ => Vec::new(),
        }
    }
}

/// A plan that was not rehearsed for this long is stale.
pub const FRESH_FOR: Span = Span::hours(90 * 24);

impl RollbackPlan {
    /// What the plan does not say and must, for a change of this kind with so many steps. Nothing: it is complete.
    pub fn problems(&self, kind: Kind, steps: usize) -> Vec<Refusal> {
        let mut problems = Vec::new();
        let mut need = |said: bool, at: &str, message: &str| {
            if !said {
                problems.push(Refusal::invalid(message).at(format!("/rollback{at}")));
            }
        };
        let said = |text: &str| !text.trim().is_empty();
        match &self.way {
            Way::Automatic { action, .. } => need(said(action), "/way/automatic/action", "say what is called"),
            Way::Scripted { steps } => {
                need(!steps.is_empty(), "/way/scripted/steps", "a script has at least one step");
                for (place, step) in steps.iter().enumerate() {
                    need(said(&step.text), &format!("/way/scripted/steps/{place}/text"), "say what is done");
                    let at = format!("/way/scripted/steps/{place}/estimate");
                    need(!step.estimate.is_zero(), &at, "say how long it takes");
                }
                let whole: i64 = steps.iter().map(|step| step.estimate.as_millis()).sum();
                let fits = whole <= self.estimate.as_millis();
                need(fits, "/estimate", "its steps take longer than the whole is said to take");
            }
            Way::FlagOff { .. } | Way::Documents { .. } | Way::Manual { .. } => {}
            Way::RollForward { why_not_back, fix } => {
                need(said(why_not_back), "/way/roll-forward/why_not_back", "say why not back");
                need(said(fix), "/way/roll-forward/fix", "say how it is mended forward");
            }
            Way::Irreversible { reason, forward_fix } => {
                need(said(reason), "/way/irreversible/reason", "say why there is no way back");
                need(said(forward_fix), "/way/irreversible/forward_fix", "say how it is mended forward");
                let where_to = "say from which step on there is no way back";
                need(self.point_of_no_return.is_some(), "/point_of_no_return", where_to);
            }
        }
        need(!self.estimate.is_zero(), "/estimate", "say how long it takes");
        need(!self.abort_when.is_empty(), "/abort_when", "say when to take it back");
        for (place, abort) in self.abort_when.iter().enumerate() {
            need(
                said(&abort.when),
                &format!("/abort_when/{place}/when"),
                "say what is looked at, and what is too much",
            );
        }
        let verified = self.verification.iter().any(|check| said(check));
        need(verified, "/verification", "say what shows that it worked");
        if let Some(step) = self.point_of_no_return {
            let message = format!("the change has {steps} steps, counted from 1");
            need((1..=steps).contains(&step.into()), "/point_of_no_return", &message);
        }
        let touches = matches!(kind, Kind::Schema | Kind::Data) && self.data == Data::Untouched;
        need(!touches, "/data", "a change of a schema or of data touches data: say what becomes of it");
        let late = self.way.is_hands_free() && matches!(self.data, Data::ForwardOnly | Data::RestoreNeeded);
        let message = "where data is not read back, no program alone can take it back: script it, with a person, or do it by hand";
        need(!late, "/way", message);
        problems
    }

    /// What is missing for it to run now; nothing: it could. What only warns does not keep it from running.
    pub fn missing(&self, facts: &Preflight, now: Timestamp) -> Vec<Missing> {
        let mut missing = Vec::new();
        let mut lack = |blocks, what: String| missing.push(Missing { blocks, what });
        match &self.way {
            Way::RollForward { fix, .. } => lack(true, format!("it is not taken back but mended forward: {fix}")),
            Way::Irreversible { reason, .. } => lack(true, format!("there is no way back: {reason}")),
            Way::Manual { runbook } if !facts.runbooks.contains(runbook) => {
                lack(true, format!("there is no runbook {runbook}"));
            }
            Way::FlagOff { environment, flag } if !facts.flags.contains(&(environment.clone(), flag.clone())) => {
                lack(true, format!("there is no flag {flag} in {environment}"));
            }
            _ => {}
        }
        for adapter in self.way.adapters() {
            match facts.adapters.get(adapter) {
                Some(Answer::Ready) => {}
                Some(Answer::Denied(why)) => lack(true, format!("{adapter} does not let us: {why}")),
                Some(Answer::Unreachable(why)) => lack(true, format!("{adapter} does not answer: {why}")),
                Some(Answer::NoTarget(what)) => lack(true, format!("{adapter} does not have {what} any more")),
                // A run asks before it calls.
                None => lack(false, format!("nobody has asked {adapter} yet whether it could")),
            }
        }
        if let Some(step) = self.point_of_no_return.filter(|step| facts.steps_done >= *step && self.way.leads_back()) {
            lack(true, format!("step {step} is done, from which on there is no way back"));
        }
        if let Some(until) = self.safe_until.filter(|until| *until <= now) {
            lack(true, format!("it could be taken back until {} only", until.strftime("%Y-%m-%d %H:%M UTC")));
        }
        if let Some(by) = &facts.under_way {
            lack(true, format!("{by} is taking back something there already"));
        }
        if !self.way.is_hands_free() && !facts.owner_on_duty {
            lack(false, format!("{} answers for it and is not on duty", self.owner));
        }
        match self.last_rehearsed {
            None => lack(false, "it was never rehearsed".into()),
            Some(at) if FRESH_FOR.after(at) < now => {
                lack(false, format!("it was last rehearsed on {}", at.strftime("%Y-%m-%d")));
            }
            Some(_) => {}
        }
        if self.data == Data::ForwardOnly {
            lack(false, "what was written since is not read by the old program".into());
        }
        missing
    }

    /// Whether it was rehearsed, and not too long ago.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.last_rehearsed.is_some_and(|at| FRESH_FOR.after(at) >= now)
    }
}

/// What is so in the world when it is asked whether a plan could run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    pub adapters: BTreeMap<Name, Answer>,
    pub runbooks: BTreeSet<Name>,
    /// By environment and key.
    pub flags: BTreeSet<(Name, Name)>,
    pub owner_on_duty: bool,
    /// How many steps of the change are done.
    pub steps_done: u16,
    /// Who takes back something of the same target at this moment.
    pub under_way: Option<Name>,
}

/// What a program answered when it was asked whether it could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Ready,
    Denied(String),
    Unreachable(String),
    /// The version before is not there any more.
    NoTarget(String),
}

/// Something that a plan lacks at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Whether it keeps the plan from running, or only warns.
    pub blocks: bool,
    /// A sentence for people, without a final full stop.
    pub what: String,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    pub(in super::super) fn plan() -> RollbackPlan {
        RollbackPlan {
            way: Way::Automatic { adapter: name("argo"), action: "rollback checkout".into() },
            owner: name("ben"),
            estimate: Span::minutes(5),
            abort_when: vec![Abort { when: "errors over 2 of 100".into(), lasting: Span::minutes(3) }],
            data: Data::Reversible,
            point_of_no_return: None,
            verification: vec!["the alert CheckoutErrors clears".into()],
            last_rehearsed: Some(at(0)),
            safe_until: None,
            watch: None,
        }
    }

    fn ready() -> Preflight {
        Preflight { adapters: [(name("argo"), Answer::Ready)].into(), owner_on_duty: true, ..Preflight::default() }
    }

    type Spoil = fn(&mut RollbackPlan);
    type SpoilBoth = fn(&mut RollbackPlan, &mut Preflight);

    #[test]
    fn a_plan_says_what_it_must() {
        assert_eq!(plan().problems(Kind::Deploy, 2), []);
        let hand =
            |text: &str, minutes| ScriptStep { text: text.into(), estimate: Span::minutes(minutes), adapter: None };
        let steps = vec![hand("restore", 4), hand("", 4)];
        let table: [(Kind, Spoil, &[&str]); 10] = [
            (Kind::Deploy, |plan| plan.abort_when.clear(), &["/rollback/abort_when"]),
            (Kind::Deploy, |plan| plan.abort_when[0].when = " ".into(), &["/rollback/abort_when/0/when"]),
            (Kind::Deploy, |plan| plan.verification = vec![" ".into()], &["/rollback/verification"]),
            (Kind::Deploy, |plan| plan.estimate = Span::ZERO, &["/rollback/estimate"]),
            (Kind::Deploy, |plan| plan.point_of_no_return = Some(3), &["/rollback/point_of_no_return"]),
            (Kind::Deploy, |plan| plan.point_of_no_return = Some(0), &["/rollback/point_of_no_return"]),
            (Kind::Schema, |plan| plan.data = Data::Untouched, &["/rollback/data"]),
            (Kind::Schema, |plan| plan.data = Data::RestoreNeeded, &["/rollback/way"]),
            (
                Kind::Deploy,
                |plan| plan.way = Way::Irreversible { reason: String::new(), forward_fix: "patch".into() },
                &["/rollback/way/irreversible/reason", "/rollback/point_of_no_return"],
            ),
            (
                Kind::Deploy,
                |plan| plan.way = Way::RollForward { why_not_back: "a hole".into(), fix: String::new() },
                &["/rollback/way/roll-forward/fix"],
            ),
        ];
        for (kind, spoil, places) in table {
            let mut plan = plan();
            spoil(&mut plan);
            let found = plan.problems(kind, 2);
            let found: Vec<&str> = found.iter().filter_map(|problem| problem.at.as_deref()).collect();
            assert_eq!(found, places);
        }
        let scripted = RollbackPlan { way: Way::Scripted { steps }, ..plan() };
        let found: Vec<_> = scripted.problems(Kind::Deploy, 2).into_iter().filter_map(|problem| problem.at).collect();
        assert_eq!(found, ["/rollback/way/scripted/steps/1/text", "/rollback/estimate"]);
    }

    #[test]
    fn a_plan_that_could_not_run_says_what_is_missing() {
        assert_eq!(plan().missing(&ready(), at(1)), []);
        let table: [(SpoilBoth, bool, &str); 10] = [
            (|_, facts| facts.adapters.clear(), false, "nobody has asked argo yet whether it could"),
            (
                |_, facts| {
                    facts.adapters.insert(name("argo"), Answer::Denied("the token is revoked".into()));
                },
                true,
                "argo does not let us: the token is revoked",
            ),
            (
                |_, facts| {
                    facts.adapters.insert(name("argo"), Answer::NoTarget("revision 41".into()));
                },
                true,
                "argo does not have revision 41 any more",
            ),
            (
                |plan, facts| {
                    plan.point_of_no_return = Some(2);
                    facts.steps_done = 2;
                },
                true,
                "step 2 is done, from which on there is no way back",
            ),
            (|plan, _| plan.safe_until = Some(at(1)), true, "it could be taken back until 2026-09-22 14:13 UTC only"),
            (|_, facts| facts.under_way = Some(name("ana")), true, "ana is taking back something there already"),
            (|plan, _| plan.way = Way::Manual { runbook: name("undo") }, true, "there is no runbook undo"),
            (
                |plan, _| plan.way = Way::FlagOff { environment: name("live"), flag: name("new-cart") },
                true,
                "there is no flag new-cart in live",
            ),
            (|plan, _| plan.last_rehearsed = None, false, "it was never rehearsed"),
            (|plan, _| plan.last_rehearsed = Some(at(-90)), false, "it was last rehearsed on 2026-06-23"),
        ];
        for (spoil, blocks, what) in table {
            let (mut plan, mut facts) = (plan(), ready());
            spoil(&mut plan, &mut facts);
            assert_eq!(plan.missing(&facts, at(1)), [Missing { blocks, what: what.into() }]);
        }
        let none = RollbackPlan {
            way: Way::Irreversible { reason: "the mails are sent".into(), forward_fix: "write again".into() },
            ..plan()
        };
        assert!(none.missing(&ready(), at(1)).iter().any(|lack| lack.blocks));
    }
}
