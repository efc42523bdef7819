//! Changes: the list with what holds them, and one change with all that people want to know of it.
//!
//! `GET /changes?tab=open|all`; `GET /changes/ID`; `POST /changes/ID/act` with `act` (`approve`, `schedule`, `begin`, `finish`,
//! `fail`, `cancel`, `review`, `exempt`, `preflight`, `apply`, `update`) and what that needs: `revision`, `from` and `to`, `why`, `rule` and `about`.

use askama::Template;

use super::document_proposals::DocumentsView;
use super::rollbacks::RunView;
use crate::pages::detect::alert::Happened;
use crate::pages::filters::{Filter, Tab};
use crate::pages::{Badge, Link, PersonTag, Shell, Tone, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "change/changes.html")]
pub struct ChangesPage {
    pub shell: Shell,
    pub may_write: bool,
    pub tabs: Vec<Tab>,
    pub filter: Filter,
    pub rows: Vec<ChangeLine>,
    /// Where older ones are listed.
    pub next: Option<String>,
    pub tally: TallyView,
    /// Emergencies that nobody has looked at since, the oldest first.
    pub reviews: Vec<ReviewLine>,
    pub freezes: Vec<FreezeLine>,
    /// Open incidents that hold what touches the same services.
    pub incidents: Vec<Link>,
}

impl ChangesPage {
    /// Whether anything holds or will.
    pub fn holds(&self) -> bool {
        !self.freezes.is_empty() || !self.incidents.is_empty()
    }
}

/// One change in a list.
#[derive(Clone, Debug)]
pub struct ChangeLine {
    pub link: Link,
    pub state: Badge,
    pub kind: String,
    pub emergency: bool,
    /// Reported by a program: by which.
    pub source: Option<String>,
    /// `Shop (live)`.
    pub targets: Vec<String>,
    pub authors: Vec<PersonTag>,
    /// When it was done, or is to be, or was proposed.
    pub when: When,
    /// `begins`, `proposed`, `began`.
    pub when_word: &'static str,
    /// What it waits for, and so who is next.
    pub next: Option<String>,
}

/// How changes stand as a whole, of the last 90 days.
#[derive(Clone, Debug)]
pub struct TallyView {
    pub emergencies: u32,
    pub of: u32,
    pub exempted: usize,
    pub unreviewed: u32,
    pub overdue: u32,
}

/// An emergency whose review is owed.
#[derive(Clone, Debug)]
pub struct ReviewLine {
    pub link: Link,
    pub due: When,
    pub late: bool,
}

/// A freeze that holds, or will.
#[derive(Clone, Debug)]
pub struct FreezeLine {
    /// To its document.
    pub link: Link,
    pub holds: bool,
    pub hard: bool,
    pub why: String,
    pub from: When,
    pub to: When,
    /// `all services`, `Shop, Cart in live`.
    pub about: String,
}

/// One change.
#[derive(Clone, Debug, Template)]
#[template(path = "change/change.html")]
pub struct ChangePage {
    pub shell: Shell,
    pub id: String,
    pub title: String,
    pub state: Badge,
    pub kind: String,
    pub emergency: bool,
    pub source: Option<String>,
    /// What it puts in force.
    pub documents: Option<DocumentsView>,
    pub revision: u32,
    pub why: String,
    /// Why it failed, is stuck, or was cancelled.
    pub because: Option<String>,
    /// What it waits for, and so who is next.
    pub next: Option<String>,
    pub incident: Option<Link>,
    pub link: Option<String>,
    pub authors: Vec<PersonTag>,
    pub proposed: When,
    pub window: Option<(When, When)>,
    pub targets: Vec<TargetView>,
    pub steps: Vec<StepView>,
    /// `1h30m` in all.
    pub estimate: String,
    pub verification: Vec<String>,
    pub plan: Option<PlanView>,
    /// What it lacks to be approved: the field of the form, and what is to be said there.
    pub missing: Vec<(Link, String)>,
    pub approvals: Vec<(PersonTag, When)>,
    pub needed: u8,
    /// Why the viewer does not approve it, where they might want to.
    pub not_you: Option<String>,
    pub risk: RiskView,
    pub allowed: bool,
    pub reasons: Vec<ReasonView>,
    pub readiness: ReadinessView,
    pub stages: Vec<(When, String, String)>,
    /// The newest first.
    pub rollbacks: Vec<RunView>,
    pub later: Vec<Link>,
    pub history: Vec<Happened>,
    pub may: MayView,
    pub may_write: bool,
    pub zone: String,
    /// As the browser writes it: a window that may be proposed.
    pub from: String,
    pub to: String,
}

/// Which buttons the viewer has.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one button, and any of them may be there")]
pub struct MayView {
    pub edit: bool,
    pub approve: bool,
    pub schedule: bool,
    pub begin: bool,
    /// Its documents are put in force.
    pub apply: bool,
    /// What others changed is taken in.
    pub update: bool,
    pub finish: bool,
    pub fail: bool,
    pub cancel: bool,
    pub review: bool,
    pub roll_back: bool,
    pub preflight: bool,
}

impl MayView {
    pub const fn any(&self) -> bool {
        self.edit
            || self.approve
            || self.schedule
            || self.begin
            || self.apply
            || self.update
            || self.finish
            || self.fail
            || self.cancel
            || self.review
            || self.roll_back
    }
}

/// What is changed, where.
#[derive(Clone, Debug)]
pub struct TargetView {
    pub service: Link,
    pub environment: Option<String>,
    /// `4.1 to 4.2`.
    pub versions: Option<String>,
}

/// One step of it.
#[derive(Clone, Debug)]
pub struct StepView {
    pub text: String,
    pub estimate: String,
    /// From here on there is no way back.
    pub no_return: bool,
}

/// How it is taken back.
#[derive(Clone, Debug)]
pub struct PlanView {
    /// `Automatic: argo does “rollback shop”`.
    pub says: String,
    pub steps: Vec<String>,
    pub owner: PersonTag,
    pub estimate: String,
    pub abort_when: Vec<String>,
    pub data: &'static str,
    pub no_return: Option<u16>,
    pub verification: Vec<String>,
    pub rehearsed: Option<When>,
    /// The drill in which it was last gone through, and when.
    pub drilled: Option<(Link, When)>,
    pub safe_until: Option<When>,
}

/// What speaks against it, in points.
#[derive(Clone, Debug)]
pub struct RiskView {
    pub points: i32,
    pub band: &'static str,
    pub tone: Tone,
    /// `+10`, and why.
    pub terms: Vec<(String, String)>,
}

/// One thing that speaks against beginning it now.
#[derive(Clone, Debug)]
pub struct ReasonView {
    pub rule: &'static str,
    pub about: String,
    pub message: String,
    pub link: Option<Link>,
    pub may_exempt: String,
    /// Who exempted it, and why.
    pub exempted: Option<(PersonTag, String)>,
    /// The viewer may exempt it.
    pub yours: bool,
}

/// Whether it could be taken back now.
#[derive(Clone, Debug)]
pub struct ReadinessView {
    pub could: bool,
    pub has_plan: bool,
    /// Whether it blocks, and what it is.
    pub missing: Vec<(bool, String)>,
    pub asked: Option<When>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::samples::planned;

    pub(crate) fn line(title: &str, state: Badge) -> ChangeLine {
        ChangeLine {
            link: Link::new(title, "/changes/cng_06f1k2m9qv7x3t01"),
            state,
            kind: "deploy".into(),
            emergency: false,
            source: None,
            targets: vec!["Card payments (live)".into()],
            authors: vec![PersonTag::new("ana", "Ana Silva")],
            when: viewpoint().when(minutes_ago(90)),
            when_word: "proposed",
            next: Some("waits for an approval by somebody other than Ana Silva".into()),
        }
    }

    impl ChangesPage {
        pub(crate) fn sample() -> Self {
            let tab = |title, count, current| Tab { title, href: "/changes".into(), count, current };
            Self {
                shell: Shell::sample(Section::Changes, "/changes"),
                may_write: true,
                tabs: vec![tab("Open", None, true), tab("All", None, false)],
                filter: Filter { clear_href: "/changes?tab=open".into(), ..Filter::sample_incidents() },
                rows: vec![
                    line("Checkout 4.2", Badge::new(Tone::Info, "Proposed")),
                    ChangeLine {
                        emergency: true,
                        kind: "config".into(),
                        when_word: "began",
                        next: Some("goes on".into()),
                        ..line(
                            "Raise the pool of connections to the database of payments",
                            Badge::new(Tone::Warning, "Running"),
                        )
                    },
                    ChangeLine {
                        source: Some("github".into()),
                        authors: vec![],
                        next: None,
                        ..line("shop 4f2a9c1", Badge::new(Tone::Good, "Finished"))
                    },
                ],
                next: Some("/changes?tab=all&before=cng_06f1k2m9qv7x3t01".into()),
                tally: TallyView { emergencies: 3, of: 41, exempted: 2, unreviewed: 1, overdue: 1 },
                reviews: vec![ReviewLine {
                    link: Link::new("Raise the pool of connections", "/changes/cng_06f1k2m9qv7x3t02"),
                    due: viewpoint().when(minutes_ago(300)),
                    late: true,
                }],
                freezes: vec![
                    FreezeLine {
                        link: Link::new("Black Friday", "/documents/freeze/black-friday"),
                        holds: true,
                        hard: true,
                        why: "Most of the year's money is made on these days.".into(),
                        from: viewpoint().when(minutes_ago(3000)),
                        to: viewpoint().when(minutes_ago(-3000)),
                        about: "Card payments, with all that they need, in live".into(),
                    },
                    FreezeLine {
                        link: Link::new("Christmas", "/documents/freeze/christmas"),
                        holds: false,
                        hard: false,
                        why: "Few people are here.".into(),
                        from: viewpoint().when(minutes_ago(-40_000)),
                        to: viewpoint().when(minutes_ago(-50_000)),
                        about: "everything".into(),
                    },
                ],
                incidents: vec![Link::new("SEV1: Card payments: 14% fail", "/incidents/inc_06f1k2m9qv7x3t01")],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], next: None, reviews: vec![], freezes: vec![], incidents: vec![], ..Self::sample() }
        }
    }

    impl ChangePage {
        pub(crate) fn sample() -> Self {
            let when = |minutes| viewpoint().when(minutes_ago(minutes));
            Self {
                shell: Shell::sample(Section::Changes, "/changes/cng_06f1k2m9qv7x3t01"),
                id: "cng_06f1k2m9qv7x3t01".into(),
                title: "Checkout 4.2".into(),
                state: Badge::new(Tone::Info, "Approved"),
                kind: "deploy".into(),
                emergency: false,
                source: None,
                documents: None,
                revision: 2,
                why: "Paying takes half the time: the address is no longer asked twice.".into(),
                because: None,
                next: Some("waits for somebody to begin it".into()),
                incident: None,
                link: Some("https://git.example.org/shop/pull/812".into()),
                authors: vec![PersonTag::new("ana", "Ana Silva")],
                proposed: when(600),
                window: Some((when(-60), when(-120))),
                targets: vec![TargetView {
                    service: Link::new("Card payments", "/services/payments"),
                    environment: Some("live".into()),
                    versions: Some("4.1.7 to 4.2.0".into()),
                }],
                steps: vec![
                    StepView { text: "Deploy to one of five".into(), estimate: "5m".into(), no_return: false },
                    StepView { text: "Drop the old column".into(), estimate: "10m".into(), no_return: true },
                ],
                estimate: "15m".into(),
                verification: vec!["The share of failed payments stays under 1 of 100".into()],
                plan: Some(PlanView {
                    says: "Automatic: argo does “rollback checkout”".into(),
                    steps: vec![],
                    owner: PersonTag::new("ben", "Ben Okafor"),
                    estimate: "5m".into(),
                    abort_when: vec!["errors over 2 of 100 for 3m".into()],
                    data: "The old program reads what the new one wrote.",
                    no_return: Some(2),
                    verification: vec!["The alert CheckoutErrors clears".into()],
                    rehearsed: Some(when(20_000)),
                    drilled: Some((Link::new("a drill", "/incidents/inc_06f1k2m9qv7x3t09"), when(9_000))),
                    safe_until: None,
                }),
                missing: vec![],
                approvals: vec![(PersonTag::new("ben", "Ben Okafor"), when(120))],
                needed: 1,
                not_you: None,
                risk: RiskView {
                    points: 23,
                    band: "medium",
                    tone: Tone::Warning,
                    terms: vec![
                        ("+10".into(), "2 services stand on what it changes".into()),
                        ("+15".into(), "an incident is open on payments".into()),
                        ("-8".into(), "it says what shows that it worked".into()),
                    ],
                },
                allowed: false,
                reasons: vec![
                    ReasonView {
                        rule: "freeze",
                        about: "black-friday".into(),
                        message: "Black Friday until 2026-11-30 09:00 UTC: most money is made".into(),
                        link: Some(Link::new("Black Friday", "/documents/freeze/black-friday")),
                        may_exempt: "an administrator".into(),
                        exempted: None,
                        yours: true,
                    },
                    ReasonView {
                        rule: "window",
                        about: String::new(),
                        message: "its time is from 2026-11-22 03:12 to 2026-11-22 04:12 UTC".into(),
                        link: None,
                        may_exempt: "a manager".into(),
                        exempted: Some((PersonTag::new("mo", "Mo Adler"), "the vendor waits".into())),
                        yours: false,
                    },
                ],
                readiness: ReadinessView {
                    could: true,
                    has_plan: true,
                    missing: vec![(false, "nobody has asked argo yet whether it could".into())],
                    asked: None,
                },
                stages: vec![],
                rollbacks: vec![RunView::sample_over()],
                later: vec![Link::new("Cart 2.1", "/changes/cng_06f1k2m9qv7x3t03")],
                history: vec![Happened {
                    when: when(600),
                    tone: Tone::Info,
                    text: "Proposed: “Checkout 4.2”".into(),
                    who: Some(PersonTag::new("ana", "Ana Silva")),
                    why: Some("Paying takes half the time".into()),
                }],
                may: MayView { edit: true, schedule: true, cancel: true, preflight: true, ..MayView::default() },
                may_write: true,
                zone: "Europe/Berlin".into(),
                from: "2026-11-22T04:00".into(),
                to: "2026-11-22T05:00".into(),
            }
        }

        pub(crate) fn sample_documents() -> Self {
            let sample = Self::sample_proposed();
            Self {
                title: "Chidi joins the rotation".into(),
                kind: "document".into(),
                next: Some("waits for an approval by somebody other than Ana Silva".into()),
                missing: vec![],
                link: None,
                steps: vec![StepView {
                    text: "Apply schedule/payments-primary".into(),
                    estimate: "1m".into(),
                    no_return: false,
                }],
                documents: Some(DocumentsView::sample(vec![planned()])),
                not_you: None,
                may: MayView { edit: true, cancel: true, approve: true, update: true, ..MayView::default() },
                ..sample
            }
        }

        pub(crate) fn sample_proposed() -> Self {
            Self {
                state: Badge::new(Tone::Info, "Proposed"),
                next: Some("Ana Silva completes it: 2 things are missing".into()),
                plan: None,
                missing: vec![
                    (
                        Link::new("Rollback", "/changes/cng_06f1k2m9qv7x3t01/edit#rollback"),
                        "say how it is taken back: without a plan nothing is approved".into(),
                    ),
                    (Link::new("Why", "/changes/cng_06f1k2m9qv7x3t01/edit#why"), "say why it is done".into()),
                ],
                approvals: vec![],
                needed: 2,
                not_you: Some("You wrote a part of it: somebody else approves it.".into()),
                readiness: ReadinessView { could: false, has_plan: false, missing: vec![], asked: None },
                window: None,
                ..Self::sample()
            }
        }

        pub(crate) fn sample_done() -> Self {
            let when = |minutes| viewpoint().when(minutes_ago(minutes));
            Self {
                state: Badge::new(Tone::Critical, "Failed"),
                emergency: true,
                because: Some("The new pods do not start: a secret is missing.".into()),
                next: Some("waits for a review by somebody other than Ana Silva".into()),
                incident: Some(Link::new("Card payments: 14% fail", "/incidents/inc_06f1k2m9qv7x3t01")),
                stages: vec![
                    (when(50), "began".into(), String::new()),
                    (when(20), "failed".into(), "a secret is missing".into()),
                ],
                may: MayView { review: true, roll_back: true, preflight: true, ..MayView::default() },
                window: None,
                reasons: vec![],
                ..Self::sample()
            }
        }
    }
}
