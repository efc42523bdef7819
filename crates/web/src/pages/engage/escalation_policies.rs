//! Escalation policies: whom they would tell right now, step by step.

use askama::Template;

use crate::pages::{Link, PersonTag, Shell};

/// All policies.
#[derive(Clone, Debug, Template)]
#[template(path = "engage/escalation_policies.html")]
pub struct PoliciesPage {
    pub shell: Shell,
    pub rows: Vec<PolicyRow>,
}

/// One policy in a line.
#[derive(Clone, Debug)]
pub struct PolicyRow {
    pub href: String,
    pub title: String,
    pub team: Option<String>,
    /// `3 steps in 13 min, twice`.
    pub steps: String,
    /// Whom the first step would tell now.
    pub first: Vec<PersonTag>,
    /// `4 services, 2 routes`.
    pub used: String,
    /// The first step reaches nobody now, or the like.
    pub problem: Option<String>,
}

/// One policy.
#[derive(Clone, Debug, Template)]
#[template(path = "engage/escalation_policy.html")]
pub struct PolicyPage {
    pub shell: Shell,
    pub title: String,
    pub team: Option<Link>,
    /// `Nobody answered after 13 min: the steps are gone through again, twice in all.`
    pub repeats: String,
    /// `An acknowledged page calls again after 30 min while its alerts fire.`
    pub ack_timeout: Option<String>,
    pub steps: Vec<PolicyStep>,
    /// What is wrong with it now: a step that reaches nobody, a contact that fails.
    pub problems: Vec<String>,
    /// Services and routes.
    pub used_by: Vec<Link>,
    pub document_href: String,
    pub past: PolicyPast,
}

/// What past pages say to other waits.
#[derive(Clone, Debug, Default)]
pub struct PolicyPast {
    pub n: usize,
    pub left_out: usize,
    pub told: Vec<String>,
    /// Why nothing is told.
    pub silence: Option<String>,
    /// The step and the wait that were asked for, as typed; and why they were refused.
    pub step: String,
    pub wait: String,
    pub error: Option<String>,
    /// How many steps another follows.
    pub steps: usize,
}

/// One step.
#[derive(Clone, Debug)]
pub struct PolicyStep {
    pub number: String,
    /// When it begins, counted from the start of the page: `At once`, `After 3 min`.
    pub after: String,
    /// `Waits 5 min for an answer`.
    pub waits: String,
    pub targets: Vec<PolicyTarget>,
}

/// Whom a step names, and whom that reaches now.
#[derive(Clone, Debug)]
pub struct PolicyTarget {
    /// `me` (a person), `schedules` or `webhook`: the icon.
    pub icon: &'static str,
    pub title: String,
    /// Webhooks have none.
    pub href: Option<String>,
    pub people: Vec<PersonTag>,
    /// `until Mon 09:00`, `nobody is on call until Mon 09:00: the step is skipped at once`.
    pub note: String,
    /// What the receiver of a webhook verifies with, for those who may see it.
    pub secret: Option<String>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;

    fn person(name: &str, full: &str) -> PersonTag {
        PersonTag::new(name, full)
    }

    impl PoliciesPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, name: &str, first: Vec<PersonTag>, steps: &str| PolicyRow {
                href: format!("/escalation-policies/{name}"),
                title: title.into(),
                team: Some(title.into()),
                steps: steps.into(),
                first,
                used: "4 services, 2 routes".into(),
                problem: None,
            };
            Self {
                shell: Shell::sample(Section::Policies, "/escalation-policies"),
                rows: vec![
                    row("Payments", "payments", vec![person("ana", "Ana Silva")], "3 steps in 13 min, then once more"),
                    row(
                        "Databases",
                        "databases",
                        vec![person("ben", "Ben Okafor"), person("erin", "Erin Weiss")],
                        "2 steps in 10 min",
                    ),
                    PolicyRow {
                        problem: Some("Step 1 reaches nobody now: Search, secondary is empty".into()),
                        used: "Not used by any service or route".into(),
                        ..row("Search", "search", vec![], "1 step, waits 5 min")
                    },
                ],
            }
        }
    }

    impl PolicyPage {
        pub(crate) fn sample() -> Self {
            let target = |icon, title: &str, href: &str, people, note: &str| PolicyTarget {
                icon,
                title: title.into(),
                href: Some(href.into()),
                people,
                note: note.into(),
                secret: None,
            };
            Self {
                shell: Shell::sample(Section::Policies, "/escalation-policies/payments"),
                title: "Payments".into(),
                team: Some(Link::new("Payments", "/documents/team/payments")),
                repeats: "If nobody answers in 13 minutes, the steps are gone through once more.".into(),
                ack_timeout: Some(
                    "An acknowledged page calls again after 30 minutes while its alerts still fire.".into(),
                ),
                steps: vec![
                    PolicyStep {
                        number: "1".into(),
                        after: "At once".into(),
                        waits: "waits 3 min for an answer".into(),
                        targets: vec![
                            target(
                                "schedules",
                                "Payments, primary",
                                "/schedules/payments-primary",
                                vec![person("ana", "Ana Silva")],
                                "until Mon 09:00",
                            ),
                            PolicyTarget {
                                href: None,
                                secret: Some("whsec_FhFm926WljKD/UhMpbkPxkHu3U/u0BhZG7veMLJ4rXY=".into()),
                                ..target("webhook", "hooks.example.org", "", vec![], "a signed webhook")
                            },
                        ],
                    },
                    PolicyStep {
                        number: "2".into(),
                        after: "After 3 min".into(),
                        waits: "waits 5 min for an answer".into(),
                        targets: vec![target(
                            "schedules",
                            "Office hours",
                            "/schedules/office-hours",
                            vec![],
                            "nobody is on call until Mon 09:00: skipped at once",
                        )],
                    },
                    PolicyStep {
                        number: "3".into(),
                        after: "After 8 min".into(),
                        waits: "waits 5 min for an answer".into(),
                        targets: vec![target(
                            "me",
                            "Erin Weiss",
                            "/people/erin",
                            vec![person("erin", "Erin Weiss")],
                            "",
                        )],
                    },
                ],
                problems: vec!["Step 2 reaches nobody now: Office hours is empty until Mon 09:00.".into()],
                used_by: vec![
                    Link::new("Service: Card payments", "/services/payments"),
                    Link::new("Route: payments", "/documents/route/payments"),
                ],
                document_href: "/documents/escalation-policy/payments".into(),
                past: PolicyPast {
                    n: 12,
                    left_out: 2,
                    told: vec!["With step 1 waiting 2m instead of 5m, 7 of the last 12 pages would have called whoever answered 3m earlier; 1 would have called somebody who was not needed.".into()],
                    steps: 2,
                    ..PolicyPast::default()
                },
            }
        }
    }
}
