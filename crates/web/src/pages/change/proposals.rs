//! The form in which a change is proposed and written anew; it teaches what a plan of rollback must say.
//!
//! `GET /changes/new`, `GET /changes/ID/edit`; `POST /changes` and `POST /changes/ID/edit` with `kind`, `title`, `why`, rows of
//! `target.*`, `step.*`, `back.*` and `abort.*`, `way` and the fields of that way. With `how=more` it is shown again with more rows.

use askama::Template;

use crate::pages::{Link, Shell};

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "change/change_form.html")]
pub struct ChangeFormPage {
    pub shell: Shell,
    /// Where it posts to.
    pub action: String,
    /// Of one that is written anew.
    pub change: Option<Link>,
    pub revision: u32,
    /// Whose approval is void when it is saved.
    pub voids: Vec<String>,
    pub form: ChangeForm,
    pub error: Option<String>,
    pub kinds: Vec<(&'static str, &'static str)>,
    pub services: Vec<(String, String)>,
    pub runbooks: Vec<(String, String)>,
    /// People and teams.
    pub owners: Vec<(String, String)>,
    /// Open incidents that the viewer sees.
    pub incidents: Vec<(String, String)>,
    pub zone: String,
}

/// What is filled in, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeForm {
    pub kind: String,
    pub title: String,
    pub why: String,
    pub targets: Vec<TargetRow>,
    pub steps: Vec<StepRow>,
    /// A line each.
    pub verification: String,
    pub emergency: bool,
    pub incident: String,
    pub way: String,
    pub adapter: String,
    pub action: String,
    pub script: Vec<StepRow>,
    pub environment: String,
    pub flag: String,
    pub changeset: String,
    pub runbook: String,
    pub why_not_back: String,
    pub fix: String,
    pub reason: String,
    pub forward_fix: String,
    pub owner: String,
    pub estimate: String,
    pub aborts: Vec<AbortRow>,
    pub data: String,
    pub no_return: String,
    /// A line each.
    pub back_verification: String,
    pub rehearsed: String,
    pub safe_until: String,
    /// How long the alerts are looked at: handed on as it was.
    pub watch: String,
}

/// What is changed, where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRow {
    pub service: String,
    pub environment: String,
    pub from: String,
    pub to: String,
}

/// One step; of a script perhaps by a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepRow {
    pub text: String,
    pub minutes: String,
    pub adapter: String,
}

/// When it is taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AbortRow {
    pub when: String,
    pub minutes: String,
}

impl ChangeForm {
    /// The ways to take something back, and what each is.
    pub const WAYS: [(&'static str, &'static str, &'static str); 8] = [
        ("", "Not known yet", "Then nobody can approve it."),
        ("flag-off", "Switch a flag off", "Best, where there is one: nothing is deployed."),
        ("automatic", "One call to one program", "The pipeline or the cluster goes back to the version before."),
        ("scripted", "Steps in order", "By programs and by people."),
        ("manual", "By hand, by a runbook", "Somebody follows what is written down."),
        ("documents", "Documents of Allclear go back", "To what they were before a changeset."),
        ("roll-forward", "Forward instead of back", "The old state is worse. Two people approve it."),
        ("irreversible", "Not at all", "There is no way back. Two people approve it."),
    ];

    pub const DATA: [(&'static str, &'static str); 4] = [
        ("untouched", "No data is touched"),
        ("reversible", "The old program reads what the new one wrote"),
        ("forward-only", "The old program does not read what was written meanwhile"),
        ("restore-needed", "A backup must be restored"),
    ];
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;

    impl ChangeFormPage {
        pub(crate) fn sample() -> Self {
            let step = |text: &str, minutes: &str| StepRow {
                text: text.into(),
                minutes: minutes.into(),
                ..StepRow::default()
            };
            Self {
                shell: Shell::sample(Section::Changes, "/changes/new"),
                action: "/changes".into(),
                change: None,
                revision: 0,
                voids: vec![],
                form: ChangeForm {
                    kind: "deploy".into(),
                    title: "Checkout 4.2".into(),
                    targets: vec![
                        TargetRow {
                            service: "payments".into(),
                            environment: "live".into(),
                            to: "4.2.0".into(),
                            ..TargetRow::default()
                        },
                        TargetRow::default(),
                    ],
                    steps: vec![step("Deploy to one of five", "5"), step("", "")],
                    way: "automatic".into(),
                    adapter: "argo".into(),
                    owner: "ben".into(),
                    aborts: vec![
                        AbortRow { when: "errors over 2 of 100".into(), minutes: "3".into() },
                        AbortRow::default(),
                    ],
                    script: vec![StepRow::default()],
                    data: "untouched".into(),
                    ..ChangeForm::default()
                },
                error: None,
                kinds: vec![("deploy", "Deploy: another version of a program"), ("schema", "Schema")],
                services: vec![("payments".into(), "Card payments".into())],
                runbooks: vec![("undo".into(), "Undo a deployment".into())],
                owners: vec![("ana".into(), "Ana Silva".into()), ("ben".into(), "Ben Okafor".into())],
                incidents: vec![("inc_06f1k2m9qv7x3t01".into(), "SEV1: Card payments: 14% fail".into())],
                zone: "Europe/Berlin".into(),
            }
        }

        pub(crate) fn sample_edit() -> Self {
            let mut page = Self::sample();
            page.form.way = "scripted".into();
            Self {
                action: "/changes/cng_06f1k2m9qv7x3t01/edit".into(),
                change: Some(Link::new("Checkout 4.2", "/changes/cng_06f1k2m9qv7x3t01")),
                revision: 2,
                voids: vec!["Ben Okafor".into()],
                error: Some("Rollback: say who answers for it.".into()),
                ..page
            }
        }
    }
}
