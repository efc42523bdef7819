//! Obligations: what an incident may owe to whom by when, with the forms; a panel of the room; and all clocks that run.
//!
//! `GET /incidents/ID/obligations`; `POST` there with `act` (`consider`, `rule-out`, `anchor`, `submit`, `not-due`, `due`,
//! `postpone`), `pack`, `anchor` or `clock`, and what that needs; `GET /obligations`. Every one of them says that it is no
//! legal advice.

use std::collections::BTreeMap;

use askama::Template;

use crate::pages::{Badge, Link, PersonTag, Severity, Shell, When};

/// What one incident may owe.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/obligations.html")]
pub struct ObligationsPage {
    pub shell: Shell,
    pub incident: Link,
    /// What it is called where others might read it, if it is restricted.
    pub restricted: Option<String>,
    pub notice: &'static str,
    pub may_write: bool,
    pub regimes: Vec<RegimeView>,
    /// Packs that can be considered by hand: name, title, why they are not thought of.
    pub others: Vec<OtherView>,
    /// Packs that are no law, or not yet.
    pub inactive: Vec<OtherView>,
    /// Times of the incident, to look at beside a form: nothing is copied from them.
    pub times: Vec<(String, When)>,
    pub viewer_zone: String,
    /// What was typed and refused.
    pub typed: Typed,
}

/// A form that was refused: which, what was in it, and why.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub form: String,
    pub fields: BTreeMap<String, String>,
    pub error: Option<String>,
}

impl Typed {
    /// Whether it was this form.
    pub fn is(&self, form: &str) -> bool {
        self.form == form
    }

    /// What was typed into a field of this form.
    pub fn text(&self, form: &str, field: &str) -> &str {
        if self.form == form { self.fields.get(field).map_or("", String::as_str) } else { "" }
    }
}

/// A pack that the incident may fall under.
#[derive(Clone, Debug)]
pub struct RegimeView {
    pub name: String,
    pub title: String,
    /// `question open`, `considered`, `ruled out`.
    pub state: Badge,
    pub is_open: bool,
    pub is_asked: bool,
    pub jurisdiction: String,
    pub source: String,
    pub url: Option<String>,
    pub checked: Option<String>,
    pub asks: String,
    pub decision: Option<DecisionView>,
    pub accountable: Vec<PersonTag>,
    pub anchors: Vec<AnchorView>,
    pub clocks: Vec<ClockView>,
    /// The document is no longer there; what was recorded is.
    pub gone: bool,
}

/// Who decided what, and why.
#[derive(Clone, Debug)]
pub struct DecisionView {
    pub said: String,
    pub why: String,
    pub by: Option<PersonTag>,
    pub when: When,
}

/// A moment that starts clocks.
#[derive(Clone, Debug)]
pub struct AnchorView {
    pub name: String,
    pub title: String,
    pub means: String,
    pub record: Option<RecordView>,
}

/// A moment that is on record.
#[derive(Clone, Debug)]
pub struct RecordView {
    pub id: String,
    /// `Fri 27 Nov 2026, 10:12 CET`.
    pub at: String,
    pub basis: String,
    pub evidence: Option<String>,
    pub by: Option<PersonTag>,
    pub entered: When,
}

/// A clock.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each decides which forms there are")]
pub struct ClockView {
    pub name: String,
    pub title: String,
    pub to: String,
    pub state: Badge,
    /// `72 hours from “Aware of the breach”`.
    pub rule: String,
    pub deadline: Option<DeadlineView>,
    pub only_if: Option<String>,
    pub contents: Vec<String>,
    pub trap: Option<String>,
    pub submissions: Vec<SubmissionView>,
    pub decision: Option<DecisionView>,
    pub is_started: bool,
    /// Something is still to be told.
    pub is_open: bool,
    /// Somebody decided that it is not due, or postponed it.
    pub can_be_revoked: bool,
    pub is_not_due: bool,
    /// What was told last, which the next one amends.
    pub amends: Option<String>,
}

/// When a clock ends.
#[derive(Clone, Debug)]
pub struct DeadlineView {
    /// `Mon 30 Nov 2026, 12:00 CET`, in the viewer's zone.
    pub at: String,
    /// `in 3 h`, `2 h ago`.
    pub relative: When,
    /// The same in the zone of those who are to be told, if that is another.
    pub theirs: Option<String>,
}

/// What was told.
#[derive(Clone, Debug)]
pub struct SubmissionView {
    pub id: String,
    pub at: String,
    pub receipt: Option<String>,
    pub text: String,
    pub by: Option<PersonTag>,
    pub amends: bool,
    pub why_late: Option<String>,
}

/// A pack that is not thought of.
#[derive(Clone, Debug)]
pub struct OtherView {
    pub name: String,
    pub title: String,
    pub why: String,
}

/// What the room shows.
#[derive(Clone, Debug, Default)]
pub struct ObligationsPanel {
    pub href: String,
    /// Questions that nobody has answered: pack, question.
    pub questions: Vec<(String, String)>,
    pub clocks: Vec<PanelClock>,
    /// Moments that nobody has recorded: pack, titles.
    pub waits: Vec<(String, String)>,
}

/// A clock that was started, or is over.
#[derive(Clone, Debug)]
pub struct PanelClock {
    pub title: String,
    pub pack: String,
    pub state: Badge,
    pub deadline: Option<DeadlineView>,
}

/// All clocks that run.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/obligations_running.html")]
pub struct RunningPage {
    pub shell: Shell,
    pub notice: &'static str,
    pub rows: Vec<RunningView>,
    pub viewer_zone: String,
}

/// A clock that runs, and of what incident.
#[derive(Clone, Debug)]
pub struct RunningView {
    pub link: Link,
    pub incident: Link,
    pub severity: Severity,
    pub restricted: Option<String>,
    pub pack: String,
    pub to: String,
    pub state: Badge,
    pub deadline: Option<DeadlineView>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    fn deadline(minutes: i64, theirs: Option<&str>) -> DeadlineView {
        let at = minutes_ago(-minutes);
        DeadlineView {
            at: "Tue 24 Nov 2026, 20:12 CET".into(),
            relative: viewpoint().when(at),
            theirs: theirs.map(str::to_owned),
        }
    }

    fn ana() -> PersonTag {
        PersonTag::new("ana", "Ana Silva")
    }

    fn decision(said: &str, why: &str) -> DecisionView {
        DecisionView { said: said.into(), why: why.into(), by: Some(ana()), when: viewpoint().when(minutes_ago(9)) }
    }

    fn clock(name: &str, title: &str, state: Badge) -> ClockView {
        ClockView {
            name: name.into(),
            title: title.into(),
            to: "The competent supervisory authority".into(),
            state,
            rule: "72 hours from “Aware of the breach”".into(),
            deadline: None,
            only_if: None,
            contents: vec![],
            trap: None,
            submissions: vec![],
            decision: None,
            is_started: true,
            is_open: true,
            can_be_revoked: false,
            is_not_due: false,
            amends: None,
        }
    }

    impl ObligationsPanel {
        pub(crate) fn sample() -> Self {
            Self {
                href: "/incidents/inc_06f1k2m9qv7x3t01/obligations".into(),
                questions: vec![("GDPR".into(), "Were personal data lost, changed, seen or taken?".into())],
                clocks: vec![PanelClock {
                    title: "Initial notification".into(),
                    pack: "DORA: major ICT-related incident".into(),
                    state: Badge::new(Tone::Warning, "runs"),
                    deadline: Some(deadline(180, None)),
                }],
                waits: vec![("NIS 2".into(), "Aware of a significant incident".into())],
            }
        }
    }

    impl ObligationsPage {
        pub(crate) fn sample() -> Self {
            let regime = |name: &str, title: &str, state: Badge| RegimeView {
                name: name.into(),
                title: title.into(),
                state,
                is_open: true,
                is_asked: false,
                jurisdiction: "European Union".into(),
                source: "Regulation (EU) 2016/679, articles 33 and 34".into(),
                url: Some("https://eur-lex.europa.eu/eli/reg/2016/679/oj".into()),
                checked: Some("Against a faithful copy, November 2026.".into()),
                asks: "Were personal data lost, changed, seen or taken by somebody who should not have?".into(),
                decision: None,
                accountable: vec![ana()],
                anchors: vec![],
                clocks: vec![],
                gone: false,
            };
            let submission = SubmissionView {
                id: "sub_06f1k2m9qv7x3t01".into(),
                at: "Sun 22 Nov 2026, 01:30 CET".into(),
                receipt: Some("2026-117".into()),
                text: "We report a breach.\nIt began on Saturday.".into(),
                by: Some(ana()),
                amends: false,
                why_late: Some("The form was away for two hours".into()),
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01/obligations"),
                incident: Link::new("Token of a build server used from elsewhere", "/incidents/inc_06f1k2m9qv7x3t01"),
                restricted: Some("quiet heron".into()),
                notice: domain::respond::obligations::NOTICE,
                may_write: true,
                regimes: vec![
                    RegimeView {
                        decision: Some(decision("Considered", "The token read the customer table")),
                        anchors: vec![
                            AnchorView {
                                name: "aware".into(),
                                title: "Aware of the breach".into(),
                                means: "We are reasonably certain that personal data were compromised.".into(),
                                record: Some(RecordView {
                                    id: "anc_06f1k2m9qv7x3t01".into(),
                                    at: "Sat 21 Nov 2026, 20:12 CET".into(),
                                    basis: "Ana and the privacy officer read the log: 2 117 rows were read".into(),
                                    evidence: Some("Ticket 4711".into()),
                                    by: Some(ana()),
                                    entered: viewpoint().when(minutes_ago(30)),
                                }),
                            },
                            AnchorView {
                                name: "high-risk".into(),
                                title: "Found to be a high risk for people".into(),
                                means: "Somebody decided that the risk is high.".into(),
                                record: None,
                            },
                        ],
                        clocks: vec![
                            ClockView {
                                deadline: Some(deadline(180, Some("20:12 in Brussels"))),
                                only_if: Some("Not due where a risk is unlikely".into()),
                                contents: vec!["What happened".into(), "Likely consequences".into()],
                                trap: Some("Hours run through weekends.".into()),
                                ..clock(
                                    "authority",
                                    "Notify the supervisory authority",
                                    Badge::new(Tone::Warning, "runs"),
                                )
                            },
                            ClockView {
                                submissions: vec![submission],
                                amends: Some("sub_06f1k2m9qv7x3t01".into()),
                                is_open: false,
                                deadline: Some(deadline(-70, None)),
                                ..clock("ico", "Notify the ICO", Badge::new(Tone::Warning, "told late"))
                            },
                            ClockView {
                                decision: Some(decision("Not due", "The data were encrypted")),
                                can_be_revoked: true,
                                is_not_due: true,
                                is_open: false,
                                ..clock("people", "Tell the people concerned", Badge::new(Tone::Quiet, "not due"))
                            },
                        ],
                        ..regime("gdpr", "GDPR: breach of personal data", Badge::new(Tone::Info, "considered"))
                    },
                    RegimeView {
                        is_asked: true,
                        asks: "Is it significant, or may it become so?".into(),
                        ..regime("nis2", "NIS 2: significant incident", Badge::new(Tone::Warning, "question open"))
                    },
                    RegimeView {
                        is_open: false,
                        decision: Some(decision("Ruled out", "We are no financial entity")),
                        ..regime("dora", "DORA: major ICT-related incident", Badge::new(Tone::Quiet, "ruled out"))
                    },
                ],
                others: vec![OtherView {
                    name: "pci".into(),
                    title: "Payment cards: account data compromised".into(),
                    why: "nobody has said whether it applies to us".into(),
                }],
                inactive: vec![OtherView {
                    name: "circia".into(),
                    title: "CIRCIA: covered cyber incident".into(),
                    why: "The duty begins with a final rule.".into(),
                }],
                times: vec![("detected".into(), viewpoint().moment(minutes_ago(36)))],
                viewer_zone: "Europe/Berlin".into(),
                typed: Typed {
                    form: "submit:gdpr:authority".into(),
                    fields: BTreeMap::from([("text".to_owned(), "We report".to_owned())]),
                    error: Some("It comes after the deadline: say why.".into()),
                },
            }
        }
    }

    impl RunningPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, state: Badge, deadline| RunningView {
                link: Link::new(title, "/incidents/inc_06f1k2m9qv7x3t01/obligations#gdpr"),
                incident: Link::new("Token of a build server used from elsewhere", "/incidents/inc_06f1k2m9qv7x3t01"),
                severity: Severity::of("SEV1"),
                restricted: None,
                pack: "GDPR: breach of personal data".into(),
                to: "The competent supervisory authority".into(),
                state,
                deadline,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/obligations"),
                notice: domain::respond::obligations::NOTICE,
                rows: vec![
                    row("Tell the people concerned", Badge::new(Tone::Warning, "without delay"), None),
                    RunningView {
                        restricted: Some("quiet heron".into()),
                        ..row(
                            "Initial notification",
                            Badge::new(Tone::Critical, "overdue"),
                            Some(deadline(-20, Some("14:00 in New York"))),
                        )
                    },
                    row("Notify the supervisory authority", Badge::new(Tone::Info, "runs"), Some(deadline(900, None))),
                ],
                viewer_zone: "Europe/Berlin".into(),
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }
}
