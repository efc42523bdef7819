//! What the record of an incident says, in sentences that each lead to what they rest on; to be read and printed.
//!
//! `GET /incidents/ID/draft`. The same piece can stand in another page: `learn/draft.html` needs a [`DraftView`] called `draft`.

use askama::Template;

use crate::pages::{Link, Shell};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/draft_page.html")]
pub struct DraftPage {
    pub shell: Shell,
    pub incident: Link,
    /// What it is called where others might read it, if it is restricted.
    pub restricted: Option<String>,
    pub drill: bool,
    /// The same as Markdown.
    pub markdown: String,
    /// `2026-11-22 02:12`, in UTC.
    pub read_at: String,
    pub draft: DraftView,
}

/// What the record says.
#[derive(Clone, Debug, Default)]
pub struct DraftView {
    pub sections: Vec<DraftSection>,
    pub ledger: LedgerView,
    pub prompts: Vec<DraftPrompt>,
    /// The beginning of the timeline is not in it.
    pub truncated: bool,
}

/// A section of facts.
#[derive(Clone, Debug)]
pub struct DraftSection {
    pub name: &'static str,
    pub title: &'static str,
    pub parts: Vec<DraftPart>,
}

impl DraftSection {
    /// Where the minutes went stands after how it was noticed.
    pub fn is_before_ledger(&self) -> bool {
        self.name == "detection"
    }

    /// Its sentences are read one after the other, not as a list.
    pub fn is_prose(&self) -> bool {
        matches!(self.name, "summary" | "impact" | "detection")
    }
}

/// Sentences that belong together.
#[derive(Clone, Debug)]
pub struct DraftPart {
    pub title: Option<String>,
    pub sentences: Vec<DraftSentence>,
}

/// A sentence.
#[derive(Clone, Debug)]
pub struct DraftSentence {
    /// `02:05:09`, in UTC.
    pub at: Option<String>,
    pub text: String,
    pub cites: Vec<DraftCite>,
}

/// What a sentence rests on.
#[derive(Clone, Debug)]
pub struct DraftCite {
    /// `#41`, `alert`.
    pub label: String,
    pub href: String,
    /// `evt_…`: what it is called.
    pub id: String,
}

/// Where the minutes went.
#[derive(Clone, Debug, Default)]
pub struct LedgerView {
    pub rows: Vec<LedgerRow>,
    /// What the rows add up to.
    pub whole: Option<String>,
    pub totals: Vec<(&'static str, Option<String>)>,
}

/// A row of it.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    pub title: &'static str,
    /// `27 min`; nothing if it is not known.
    pub took: Option<String>,
    /// How wide its bar is, of a hundred.
    pub share: u8,
    /// From which point to which, or why it is not known.
    pub says: String,
    /// `monitor`, `human, to the minute`.
    pub source: String,
    pub cites: Vec<DraftCite>,
}

/// Questions for people.
#[derive(Clone, Debug)]
pub struct DraftPrompt {
    pub name: &'static str,
    pub title: &'static str,
    pub questions: &'static [&'static str],
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;

    fn cite(label: &str) -> DraftCite {
        DraftCite {
            label: label.into(),
            href: "/incidents/inc_1/entries/evt_1".into(),
            id: "evt_06f1k2m9qv7x3t1a".into(),
        }
    }

    fn said(at: Option<&str>, text: &str, cites: &[&str]) -> DraftSentence {
        DraftSentence {
            at: at.map(str::to_owned),
            text: text.into(),
            cites: cites.iter().map(|label| cite(label)).collect(),
        }
    }

    fn section(name: &'static str, title: &'static str, sentences: Vec<DraftSentence>) -> DraftSection {
        DraftSection { name, title, parts: vec![DraftPart { title: None, sentences }] }
    }

    fn row(title: &'static str, took: &str, share: u8, says: &str) -> LedgerRow {
        let source = "derived, to the second".to_owned();
        LedgerRow { title, took: Some(took.into()), share, says: says.into(), source, cites: vec![cite("stamp")] }
    }

    impl DraftPage {
        pub(crate) fn sample() -> Self {
            let mut unknown = row("Recover", "", 0, "there is no stamp of “recovered”");
            unknown.took = None;
            unknown.source = String::new();
            let part = |title: &str, sentences| DraftPart { title: Some(title.into()), sentences };
            let draft = DraftView {
                sections: vec![
                    section(
                        "summary",
                        "Summary",
                        vec![
                            said(
                                None,
                                "“Card payments are declined” was a failure of a system of severity SEV2; it touched Card payments.",
                                &["incident", "#12"],
                            ),
                            said(
                                None,
                                "The impact started at 2026-11-22 01:53; it was noticed at 2026-11-22 02:02:10; the impact was back under the threshold at 2026-11-22 02:52:00.",
                                &["stamp", "stamp", "stamp"],
                            ),
                            said(None, "Taking back “checkout 4.2.1” was judged: resolved.", &["rollback"]),
                        ],
                    ),
                    section(
                        "impact",
                        "Impact",
                        vec![
                            said(
                                None,
                                "The impact was described as “every third payment by card fails in the EU”.",
                                &["incident"],
                            ),
                            said(
                                None,
                                "Affected, “customers of the shop in the EU”: about 1,200 (by “orders that were begun and not paid”, as of 2026-11-22 03:10).",
                                &["count"],
                            ),
                        ],
                    ),
                    section(
                        "detection",
                        "Detection",
                        vec![
                            said(None, "It was felt for 9 min before it was noticed.", &["stamp", "stamp"]),
                            said(
                                None,
                                "The first alert that belongs to it fired at 2026-11-22 02:02: “Card payments: too many are declined”.",
                                &["alert"],
                            ),
                        ],
                    ),
                    DraftSection {
                        name: "timeline",
                        title: "Timeline",
                        parts: vec![
                            part(
                                "2026-11-22 01:51 to 01:53",
                                vec![
                                    said(Some("01:51:00"), "The change “checkout 4.2.1” went out.", &["change"]),
                                    said(Some("01:53:00"), "Impact started (2026-11-22 01:53).", &["stamp"]),
                                ],
                            ),
                            part(
                                "2026-11-22 02:10 to 02:15, after 17 min of silence",
                                vec![
                                    said(
                                        Some("02:10:31"),
                                        "A responder declared the incident. Reason: “every third payment fails”.",
                                        &["#11"],
                                    ),
                                    said(
                                        Some("02:14:02"),
                                        "The incident commander decided: “We take checkout 4.2.1 back because the errors began with it”.",
                                        &["#14"],
                                    ),
                                ],
                            ),
                        ],
                    },
                    DraftSection {
                        name: "questions",
                        title: "Open questions",
                        parts: vec![
                            part(
                                "Times that are missing",
                                vec![said(
                                    None,
                                    "When did everything work as before? (Recover: there is no stamp of “recovered”.)",
                                    &["incident"],
                                )],
                            ),
                            part(
                                "Silences",
                                vec![said(
                                    None,
                                    "What happened between 2026-11-22 02:15 and 2026-11-22 02:52? Nothing is recorded for 37 min.",
                                    &["#15", "#16"],
                                )],
                            ),
                        ],
                    },
                ],
                ledger: LedgerView {
                    rows: vec![
                        row(
                            "Detect",
                            "9 min",
                            15,
                            "from when the impact started (2026-11-22 01:53) until it was noticed (2026-11-22 02:02:10)",
                        ),
                        row("Group wait", "30 s", 1, "from when it was noticed until the page began"),
                        row("Acknowledge", "5 min", 8, "from when the first message had left until a person took it"),
                        row(
                            "Mitigate",
                            "40 min",
                            68,
                            "from when somebody commanded until the impact was back under the threshold",
                        ),
                        unknown,
                    ],
                    whole: Some("59 min".into()),
                    totals: vec![("Time to detect", Some("9 min".into())), ("Time to recover", None)],
                },
                prompts: vec![DraftPrompt {
                    name: "background",
                    title: "Background",
                    questions: &["How does this normally work?", "Why does it normally go right?"],
                }],
                truncated: false,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_1/draft"),
                incident: Link::new("Card payments are declined", "/incidents/inc_1"),
                restricted: Some("quiet-heron".into()),
                drill: true,
                markdown: "/api/v1/incidents/inc_1/draft.md".into(),
                read_at: "2026-11-22 03:40".into(),
                draft,
            }
        }
    }
}
