//! A page as it runs: its steps, and each message on its way to each contact. Shown on the alert, and by signed
//! link to somebody without a session.

use askama::Template;
use domain::engage::pages::About;

use crate::pages::{Badge, Link, PersonTag, Severity, State, Theme, When};

/// A page on the alert it is about.
#[derive(Clone, Debug)]
pub struct PageView {
    /// `Calling`, `Acknowledged`, `Ended`.
    pub state: Badge,
    pub policy: Link,
    pub started: When,
    /// What comes next unless somebody answers: `Step 2, Payments, secondary`, and when.
    pub next: Option<(String, When)>,
    pub steps: Vec<StepView>,
}

/// One step of the policy, as it went or will go.
#[derive(Clone, Debug)]
pub struct StepView {
    pub number: String,
    /// `Payments, primary`.
    pub title: String,
    pub progress: Progress,
    /// `Waits 5 min`, `Skipped at once: nobody is on call`.
    pub note: String,
    pub at: Option<When>,
    pub deliveries: Vec<DeliveryView>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Done,
    Now,
    Later,
}

impl Progress {
    /// The class of the row.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Done => "is-done",
            Self::Now => "is-now",
            Self::Later => "is-later",
        }
    }
}

/// One message to one contact.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    pub person: PersonTag,
    /// `mail`, `push` or `webhook`: the icon.
    pub channel: &'static str,
    /// `mail · ana@example.org`.
    pub contact: String,
    /// `Queued`, `Sent`, `Seen`, `Failed`, `Cancelled`.
    pub state: Badge,
    pub when: When,
    /// What the provider said last.
    pub answer: Option<String>,
    /// Every attempt, if there was more than one: when and what came of it.
    pub attempts: Vec<(When, String)>,
}

/// The page by signed link, `GET /p/TOKEN`: it works without a session, and nothing happens until somebody
/// presses (a link scanner only reads). The form posts to the same address.
#[derive(Clone, Debug, Template)]
#[template(path = "engage/page.html")]
pub struct PageByLink {
    pub theme: Theme,
    pub token: String,
    /// Whom the link was sent to; what is pressed is recorded under this name.
    pub person: String,
    pub now: LinkState,
}

/// What the link shows now.
#[derive(Clone, Debug)]
pub enum LinkState {
    /// Still waits for an answer.
    Waiting(Call),
    /// Answered, by the reader or somebody else: `Acknowledged by you`, `Ben Okafor has acknowledged it`.
    Acknowledged { title: String, at: When, call: Call },
    /// Went on to the next step because the reader asked.
    Escalated { to: String, at: When, call: Call },
    /// Over.
    Resolved { at: When, call: Call },
    /// Too old, or not ours.
    Expired { why: String },
}

/// What the page is about.
#[derive(Clone, Debug)]
pub struct Call {
    pub about: About,
    pub severity: Severity,
    pub state: State,
    pub summary: String,
    pub service: Option<String>,
    pub since: When,
    /// `You are on call in Payments, primary`.
    pub why: String,
    /// The worst few labels, or the description.
    pub detail: Option<String>,
    /// `2 more alerts in this group`.
    pub others: Option<String>,
    /// `Goes to Payments, secondary in 3 min`.
    pub next: Option<String>,
    /// What the same alerts led to before, part by part, each with its record.
    pub memory: Vec<Link>,
    pub runbook: Option<Link>,
    /// The alert or the incident, for those with a session.
    pub href: String,
}

impl Call {
    /// Somebody tests how pages reach them.
    pub fn is_test(&self) -> bool {
        self.about == About::Test
    }

    pub const fn is_of_incident(&self) -> bool {
        self.about.incident().is_some()
    }

    /// Whether there is somebody else to call.
    pub const fn escalates(&self) -> bool {
        self.about.escalates()
    }

    /// What answering it is.
    pub const fn answer(&self) -> &'static str {
        match self.about {
            About::Command(_) => "Take command",
            About::Group(_) | About::Reminder(_) | About::Kill(_) | About::Test => "Acknowledge",
        }
    }

    /// What its reader can look at.
    pub const fn onward(&self) -> &'static str {
        match self.about {
            About::Test => "My page",
            About::Kill(_) => "Open the flag",
            About::Group(_) => "Open the alert",
            About::Command(_) | About::Reminder(_) => "Open the incident",
        }
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::Tone;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    pub(crate) fn delivery(
        person: (&str, &str),
        channel: &'static str,
        contact: &str,
        state: (Tone, &str),
        ago: i64,
    ) -> DeliveryView {
        DeliveryView {
            person: PersonTag::new(person.0, person.1),
            channel,
            contact: contact.into(),
            state: Badge::new(state.0, state.1),
            when: viewpoint().when(minutes_ago(ago)),
            answer: None,
            attempts: vec![],
        }
    }

    impl PageView {
        pub(crate) fn sample() -> Self {
            let ana = ("ana", "Ana Silva");
            let ben = ("ben", "Ben Okafor");
            Self {
                state: Badge::new(Tone::Critical, "Calling"),
                policy: Link::new("Payments", "/escalation-policies/payments"),
                started: viewpoint().when(minutes_ago(4)),
                next: Some(("Step 3: Erin Weiss".into(), viewpoint().when(minutes_ago(-3)))),
                steps: vec![
                    StepView {
                        number: "1".into(),
                        title: "Payments, primary".into(),
                        progress: Progress::Done,
                        note: "Waited 3 min, nobody answered".into(),
                        at: Some(viewpoint().when(minutes_ago(4))),
                        deliveries: vec![
                            delivery(ana, "push", "phone · ntfy.example.org/ana-9f3k", (Tone::Good, "Sent"), 4),
                            DeliveryView {
                                answer: Some(
                                    "550 5.1.1 <ana@exmaple.org>: Recipient address rejected: Domain not found".into(),
                                ),
                                attempts: vec![
                                    (
                                        viewpoint().when(minutes_ago(4)),
                                        "Later: 451 4.7.1 greylisted, try again in 30 s".into(),
                                    ),
                                    (
                                        viewpoint().when(minutes_ago(3)),
                                        "Never: 550 5.1.1 recipient address rejected".into(),
                                    ),
                                ],
                                ..delivery(ana, "mail", "mail · ana@exmaple.org", (Tone::Critical, "Failed"), 3)
                            },
                        ],
                    },
                    StepView {
                        number: "2".into(),
                        title: "Payments, secondary".into(),
                        progress: Progress::Now,
                        note: "Waits 5 min for an answer".into(),
                        at: Some(viewpoint().when(minutes_ago(1))),
                        deliveries: vec![
                            delivery(ben, "push", "phone · ntfy.example.org/ben-2c1d", (Tone::Info, "Seen"), 1),
                            delivery(ben, "mail", "mail · ben@example.org", (Tone::Quiet, "Queued"), -1),
                        ],
                    },
                    StepView {
                        number: "3".into(),
                        title: "Erin Weiss".into(),
                        progress: Progress::Later,
                        note: "In 3 min unless somebody answers".into(),
                        at: None,
                        deliveries: vec![],
                    },
                ],
            }
        }
    }

    pub(crate) fn call() -> Call {
        Call {
            about: About::Group(domain::words::Mint::seeded(1).id(minutes_ago(6))),
            severity: Severity::of("critical"),
            state: State::Firing,
            summary: "Card payments: 14% of requests fail".into(),
            service: Some("Card payments".into()),
            since: viewpoint().when(minutes_ago(4)),
            why: "You are on call in Payments, primary until 09:00.".into(),
            detail: Some("Error rate of POST /charge is 14.2% (threshold 1%) on pay-1, pay-3.".into()),
            others: Some("2 more alerts in this group".into()),
            next: Some("Goes to Payments, secondary in 3 min".into()),
            memory: vec![
                Link::new("seen 3 times before, the last time on 3 Nov 2026", "/incidents/inc_06f1k2m9qv7x3t01"),
                Link::new("last fixed by rolling back “payments 4.18” in 6 min", "/changes/chg_06f1k2m9qv7x3t01"),
            ],
            runbook: Some(Link::new("Runbook: card payments fail", "https://runbooks.example.org/payments")),
            href: "/alerts/alr_06f1k2m9qv7x3t01".into(),
        }
    }

    impl PageByLink {
        pub(crate) fn samples() -> Vec<(&'static str, Self)> {
            let at = || viewpoint().when(minutes_ago(1));
            let page = |now| Self { theme: Theme::Auto, token: "tkn".into(), person: "Ana Silva".into(), now };
            let calm = |state| Call { state, next: None, ..call() };
            vec![
                ("page", page(LinkState::Waiting(call()))),
                (
                    "page-acknowledged",
                    page(LinkState::Acknowledged {
                        title: "Acknowledged by you".into(),
                        at: at(),
                        call: calm(State::Acknowledged),
                    }),
                ),
                (
                    "page-acknowledged-other",
                    page(LinkState::Acknowledged {
                        title: "Ben Okafor has acknowledged it".into(),
                        at: at(),
                        call: calm(State::Acknowledged),
                    }),
                ),
                (
                    "page-test",
                    page(LinkState::Waiting(Call {
                        about: About::Test,
                        summary: "Test page".into(),
                        why: "You are told because: they asked for a test page.".into(),
                        service: None,
                        detail: None,
                        others: None,
                        next: None,
                        memory: vec![],
                        runbook: None,
                        href: "/me".into(),
                        ..call()
                    })),
                ),
                (
                    "page-escalated",
                    page(LinkState::Escalated { to: "Payments, secondary".into(), at: at(), call: call() }),
                ),
                ("page-resolved", page(LinkState::Resolved { at: at(), call: calm(State::Resolved) })),
                (
                    "page-expired",
                    page(LinkState::Expired { why: "Links work for 24 hours. This one was made 3 days ago.".into() }),
                ),
            ]
        }
    }
}
