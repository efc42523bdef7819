//! Postmortem policies: which incidents must be learned from, and until when, as documents.
//!
//! A rule fires when all that its `when` names is so; several rules are judged side by side, and every one that fires is
//! kept with the values that made it fire. The triggers are those that the field agrees on: Google SRE (harm that users see,
//! any loss of data, a manual intervention such as a rollback, a resolution that took long, monitoring that failed, anybody
//! who asks), PagerDuty and Atlassian (by severity).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::postmortem_facts::Seen;
use super::records::Cite;
use crate::respond::incidents::Class;
use crate::respond::obligation_packs::Days;
use crate::respond::obligations::Offset;
use crate::words::choices::choices;
use crate::words::{Name, Refusal, Span, Timestamp};

/// The spec of a `postmortem-policy` document. Of several that fit an incident all rules count, and the earliest dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostmortemPolicy {
    /// What people call it: `Postmortems of payments`.
    pub title: String,
    /// Incidents of these classes: `security`, `system`, `operational`; all, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub classes: Vec<Class>,
    /// Incidents that touch one of these services; all, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<Name>,
    /// The business days of those who write. What counts as night is told by its zone.
    pub calendar: Days,
    /// Whoever is asked to own it accepts within this time, or somebody else is asked.
    pub accept_within: Offset,
    /// By when, from the end of the response on. The first that fits counts; the last fits all.
    pub dates: Vec<Dates>,
    pub rules: Vec<Rule>,
}

/// By when a postmortem is written and published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// Where the worst that it was is one of these levels; any, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<String>,
    /// Somebody has begun to write.
    pub draft: Offset,
    /// It is reviewed and published.
    pub publish: Offset,
}

/// One reason to learn from an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What reasons and reports call it: `data-lost`.
    pub name: Name,
    /// Why, for those who are asked to write.
    pub because: String,
    pub when: When,
    /// `required` or `recommended`
    #[schemars(with = "String")]
    pub effect: Effect,
    /// `full` or `light`
    #[serde(default = "full", skip_serializing_if = "is_full")]
    #[schemars(with = "String")]
    pub form: Form,
    /// Somebody may waive it, by name and with a reason.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub waivable: bool,
}

const fn full() -> Form {
    Form::Full
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_full(form: &Form) -> bool {
    matches!(form, Form::Full)
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_yes(yes: &bool) -> bool {
    *yes
}

choices! {
    /// How much a rule asks for.
    Effect: "the effect of a rule" at "/effect" {
        /// It is shown, and nobody is asked.
        Recommended = "recommended",
        /// Somebody owns it, and it ends published or waived.
        Required = "required",
    }
}

choices! {
    /// How long the form is.
    Form: "the form of a postmortem" at "/form" {
        Light = "light",
        Full = "full",
    }
}

choices! {
    /// Who noticed an incident.
    Noticed: "who noticed it" at "/noticed_by" {
        Monitor = "monitor",
        People = "people",
    }
}

/// What must be so for a rule to fire: all that is named. Nothing named fits every incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of its own, as documents name it")]
pub struct When {
    /// The worst that it was is one of these levels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub classes: Vec<Class>,
    /// It could have been an incident, but for luck or a catch.
    #[serde(skip_serializing_if = "is_no")]
    pub near_miss: bool,
    /// A stamp says that data was lost.
    #[serde(skip_serializing_if = "is_no")]
    pub data_lost: bool,
    /// A stamp says that somebody got in, or people or records are counted as affected in a security incident.
    #[serde(skip_serializing_if = "is_no")]
    pub intrusion: bool,
    /// Its impact was felt for longer than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub felt_longer: Option<Span>,
    /// From the detection to the end of the response it took longer than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_longer: Option<Span>,
    /// `people` or `monitor`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub noticed_by: Option<Noticed>,
    /// A change was taken back, or a flag was switched off; or an entry says so of what is elsewhere (`rolled-back`, `kill-switch-used`).
    #[serde(skip_serializing_if = "is_no")]
    pub taken_back: bool,
    /// A rollback failed, had no effect, or made it worse; or an entry says so (`rollback-failed`).
    #[serde(skip_serializing_if = "is_no")]
    pub taking_back_failed: bool,
    /// An entry says that people brought it back by hand (`manual-recovery`), sent traffic another way (`traffic-rerouted`), or failed
    /// over (`failed-over`).
    #[serde(skip_serializing_if = "is_no")]
    pub by_hand: bool,
    /// An entry says that a restore failed (`restore-failed`), or that a step of a runbook did not fit (`runbook-failed`).
    #[serde(skip_serializing_if = "is_no")]
    pub recovery_failed: bool,
    /// An entry says that a tool of those who responded was not available (`tool-unavailable`).
    #[serde(skip_serializing_if = "is_no")]
    pub tool_unavailable: bool,
    /// A clock of an obligation ran.
    #[serde(skip_serializing_if = "is_no")]
    pub obligation: bool,
    /// A clock of an obligation was missed.
    #[serde(skip_serializing_if = "is_no")]
    pub clock_missed: bool,
    /// The same alerts belonged to another incident within this time before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurred_within: Option<Span>,
    /// So many promises of an update were missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promises_missed: Option<u32>,
    /// So many pages began at night: from 22:00 to 07:00.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paged_at_night: Option<u32>,
    /// It was cancelled after so many people had taken part. No other rule is about what was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_with: Option<u32>,
    /// Somebody asked for it.
    #[serde(skip_serializing_if = "is_no")]
    pub requested: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_no(yes: &bool) -> bool {
    !*yes
}

impl PostmortemPolicy {
    /// What is wrong in the document; each refusal has a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut wrong: Vec<Refusal> = Vec::new();
        let mut refuse = |at: String, message: &str| wrong.push(Refusal::invalid(message).at(at));
        for refusal in self.calendar.check() {
            refuse(format!("/calendar{}", refusal.at.unwrap_or_default()), &refusal.message);
        }
        match self.dates.last() {
            None => refuse("/dates".into(), "say by when it is written and published"),
            Some(last) if !last.severities.is_empty() => {
                let place = self.dates.len() - 1;
                refuse(format!("/dates/{place}/severities"), "the last dates are for all other levels: leave it out");
            }
            Some(_) => {}
        }
        if self.rules.is_empty() {
            refuse("/rules".into(), "a policy has at least one rule");
        }
        let mut seen = BTreeSet::new();
        for (place, rule) in self.rules.iter().enumerate() {
            if !seen.insert(&rule.name) {
                refuse(format!("/rules/{place}/name"), "there is another rule of this name already");
            }
            if rule.because.trim().is_empty() {
                refuse(format!("/rules/{place}/because"), "say why, for those who are asked to write");
            }
            for (zero, field) in [
                (rule.when.promises_missed == Some(0), "promises_missed"),
                (rule.when.paged_at_night == Some(0), "paged_at_night"),
                (rule.when.cancelled_with == Some(0), "cancelled_with"),
            ] {
                if zero {
                    refuse(format!("/rules/{place}/when/{field}"), "at least 1");
                }
            }
        }
        wrong
    }

    /// Whether it is about an incident.
    pub fn fits(&self, class: Class, services: &[Name]) -> bool {
        let of_class = self.classes.is_empty() || self.classes.contains(&class);
        of_class && (self.services.is_empty() || services.iter().any(|one| self.services.contains(one)))
    }

    fn dates_of(&self, worst: Option<&str>) -> Option<&Dates> {
        let fits =
            |dates: &&Dates| dates.severities.is_empty() || worst.is_some_and(|level| has(&dates.severities, level));
        self.dates.iter().find(fits)
    }
}

fn has(levels: &[String], level: &str) -> bool {
    levels.iter().any(|one| one == level)
}

/// A rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The document that it stands in, and its name there.
    pub policy: Name,
    pub rule: Name,
    pub because: String,
    pub effect: Effect,
    pub form: Form,
    pub waivable: bool,
    /// What was seen: `it was SEV1`, with what it rests on.
    pub seen: Vec<Observation>,
}

/// One value that made a rule fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Which condition it met: `data_lost`; nothing where that was not kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    pub says: String,
    /// Ids of entries, stamps, alerts and the rest.
    pub cites: Vec<String>,
}

impl Observation {
    pub(super) fn new(says: impl Into<String>, cites: impl IntoIterator<Item = Cite>) -> Self {
        Self {
            condition: String::new(),
            says: says.into(),
            cites: cites.into_iter().map(|cite| cite.to_string()).collect(),
        }
    }
}

/// What the policies say of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Nothing if no rule fired.
    pub effect: Option<Effect>,
    pub reasons: Vec<Reason>,
}

impl Judgement {
    /// As long as the longest form that a reason asks for.
    pub fn form(&self) -> Form {
        self.reasons.iter().map(|reason| reason.form).max().unwrap_or(Form::Light)
    }

    /// Reasons that nobody may waive.
    pub fn binding(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.effect == Effect::Required && !reason.waivable)
    }

    /// Whether the rules that fired are the same, whatever the values.
    pub fn is_alike(&self, other: &Self) -> bool {
        let rules = |all: &Self| -> Vec<_> {
            all.reasons
                .iter()
                .map(|one| (one.policy.clone(), one.rule.clone(), one.effect, one.form, one.waivable))
                .collect()
        };
        rules(self) == rules(other)
    }
}

/// Judges an incident by the policies that are about it. In a drill, and of what was written down when it was long over, a
/// postmortem is recommended at most: nobody is chased for those.
pub fn judge<'p>(policies: impl Iterator<Item = (&'p Name, &'p PostmortemPolicy)>, seen: &Seen<'_>) -> Judgement {
    let mut reasons = Vec::new();
    let gentle = seen.drill || seen.record.retrospective && seen.record.reopened == 0;
    for (policy, spec) in policies.filter(|(_, spec)| spec.fits(seen.record.class, seen.services)) {
        for rule in &spec.rules {
            let Some(values) = seen.meets(&rule.when, &spec.calendar.calendar().zone) else { continue };
            reasons.push(Reason {
                policy: policy.clone(),
                rule: rule.name.clone(),
                because: rule.because.clone(),
                effect: if gentle { Effect::Recommended } else { rule.effect },
                form: rule.form,
                waivable: rule.waivable,
                seen: values,
            });
        }
    }
    Judgement { effect: reasons.iter().map(|reason| reason.effect).max(), reasons }
}

/// By when whoever is asked accepts, and it is drafted and published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub accept: Timestamp,
    pub draft: Timestamp,
    pub publish: Timestamp,
}

/// The dates of a postmortem, counted from the end of the response: the earliest that a policy with a reason asks for.
pub fn due<'p>(
    policies: impl Iterator<Item = (&'p Name, &'p PostmortemPolicy)>,
    judgement: &Judgement,
    worst: Option<&str>,
    over: Timestamp,
) -> Option<Due> {
    let with_reason = policies.filter(|(name, _)| judgement.reasons.iter().any(|reason| reason.policy == **name));
    let due = |(_, spec): (&Name, &PostmortemPolicy)| {
        let (dates, calendar) = (spec.dates_of(worst)?, spec.calendar.calendar());
        Some(Due {
            accept: spec.accept_within.after(over, &calendar),
            draft: dates.draft.after(over, &calendar),
            publish: dates.publish.after(over, &calendar),
        })
    };
    with_reason.filter_map(due).reduce(|a, b| Due {
        accept: a.accept.min(b.accept),
        draft: a.draft.min(b.draft),
        publish: a.publish.min(b.publish),
    })
}

/// By when the next one who is asked accepts.
pub fn accept_by<'p>(
    policies: impl Iterator<Item = (&'p Name, &'p PostmortemPolicy)>,
    judgement: &Judgement,
    asked: Timestamp,
) -> Option<Timestamp> {
    let with_reason = policies.filter(|(name, _)| judgement.reasons.iter().any(|reason| reason.policy == **name));
    with_reason.map(|(_, spec)| spec.accept_within.after(asked, &spec.calendar.calendar())).min()
}
