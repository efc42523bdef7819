//! Postmortems: all that are owed, and one with its words, those who own it, why it is due, and what was published.
//!
//! `GET /postmortems`; `GET /incidents/ID/postmortem`; `POST` there with `act` (`write`, `factor`, `strike`, `submit`, `send-back`,
//! `publish`, `correct`, `waive`, `request`, `own`, `decline`) and what that needs. A form that is refused keeps what was typed.

use askama::Template;

use crate::pages::learn::action_items::ItemLine;
use crate::pages::respond::obligations::Typed;
use crate::pages::{Badge, Link, PersonTag, Severity, Shell, When};

/// All that somebody may see.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/postmortems.html")]
pub struct PostmortemsPage {
    pub shell: Shell,
    pub tabs: Vec<Tab>,
    pub rows: Vec<PostmortemRow>,
    /// Only those of whoever looks.
    pub mine: bool,
}

/// One choice of the list.
#[derive(Clone, Debug)]
pub struct Tab {
    pub href: String,
    pub title: &'static str,
    pub count: Option<u32>,
    pub current: bool,
}

/// One of the list.
#[derive(Clone, Debug)]
pub struct PostmortemRow {
    pub link: Link,
    pub severity: Option<Severity>,
    pub restricted: Option<String>,
    pub drill: bool,
    pub state: Badge,
    pub owner: Option<PersonTag>,
    pub asked: Option<PersonTag>,
    /// By when it is published.
    pub due: Option<When>,
    /// What is late.
    pub late: Option<&'static str>,
    /// Why it is due, in a few words; who waived it and why.
    pub says: String,
}

/// One of an incident.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/postmortem.html")]
pub struct PostmortemPage {
    pub shell: Shell,
    pub incident: Link,
    pub restricted: Option<String>,
    pub drill: bool,
    pub severity: Option<Severity>,
    pub state: Badge,
    pub since: When,
    pub is_light: bool,
    pub reasons: Vec<ReasonView>,
    pub dates: Vec<(&'static str, When)>,
    pub late: Option<&'static str>,
    pub owner: Option<PersonTag>,
    pub asked: Option<PersonTag>,
    pub accept_by: Option<When>,
    pub waiver: Option<WaiverView>,
    pub missing: Vec<String>,
    pub advice: Vec<String>,
    pub sections: Vec<SectionView>,
    pub factors: Vec<FactorView>,
    /// The taxonomy: groups with the names and titles of their kinds.
    pub kinds: Vec<(String, Vec<(String, String)>)>,
    /// What is to be done, of this incident.
    pub items: Vec<ItemLine>,
    pub items_href: String,
    /// What was published last.
    pub published: Option<PublishedView>,
    pub corrections: Vec<CorrectionView>,
    pub versions: Vec<(u32, When, PersonTag)>,
    pub may: May,
    /// The record in sentences, and the same text as Markdown.
    pub draft: String,
    pub markdown: String,
    /// What else this page listens for: kinds of what is mentioned.
    pub topics: String,
    pub typed: Typed,
}

impl PostmortemPage {
    /// Whether the form of sections was refused.
    pub fn wrong(&self, form: &str) -> Option<&str> {
        self.typed.error.as_deref().filter(|_| self.typed.is(form))
    }
}

/// What whoever looks may do now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
pub struct May {
    pub answer: bool,
    pub write: bool,
    pub submit: bool,
    pub review: bool,
    /// Why they cannot publish it, though it is in review.
    pub review_not: Option<&'static str>,
    pub correct: bool,
    pub waive: bool,
    pub request: bool,
    pub own: bool,
}

/// A rule that fired.
#[derive(Clone, Debug)]
pub struct ReasonView {
    pub rule: Link,
    pub because: String,
    pub required: bool,
    pub binding: bool,
    pub seen: Vec<String>,
}

/// That none is written.
#[derive(Clone, Debug)]
pub struct WaiverView {
    pub by: PersonTag,
    pub when: When,
    pub why: String,
}

/// A section, as it is written.
#[derive(Clone, Debug)]
pub struct SectionView {
    pub name: &'static str,
    pub title: &'static str,
    pub questions: &'static [&'static str],
    /// What stands in the field: what was typed, or what is kept.
    pub text: String,
    /// The same as HTML, to be read.
    pub html: String,
    pub revision: u32,
    /// So many comments are not settled.
    pub comments: usize,
    pub by: Option<PersonTag>,
    pub when: Option<When>,
    /// What somebody else wrote meanwhile, if this was refused for that.
    pub theirs: Option<String>,
    pub rows: usize,
}

/// A factor.
#[derive(Clone, Debug)]
pub struct FactorView {
    pub id: String,
    pub text: String,
    pub kind: Option<String>,
    pub evidence: Option<String>,
    pub by: PersonTag,
    pub struck: Option<String>,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct PublishedView {
    pub when: When,
    pub reviewer: PersonTag,
    /// Titles and HTML.
    pub sections: Vec<(String, String)>,
    pub factors: Vec<(String, Option<String>)>,
    pub minutes: Vec<(String, String)>,
}

/// What was not so.
#[derive(Clone, Debug)]
pub struct CorrectionView {
    pub when: When,
    pub by: PersonTag,
    pub html: String,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::markdown::html;
    use crate::pages::{Section, Tone};

    fn when(minutes: i64) -> When {
        viewpoint().when(minutes_ago(minutes))
    }

    fn person(name: &str, full: &str) -> PersonTag {
        PersonTag::new(name, full)
    }

    fn section(name: &'static str, title: &'static str, text: &str) -> SectionView {
        SectionView {
            name,
            title,
            questions: &["What did users feel, since when, and how did it end?"],
            text: text.into(),
            html: html(text),
            revision: u32::from(!text.is_empty()),
            comments: usize::from(name == "summary"),
            by: (!text.is_empty()).then(|| person("ana", "Ana Silva")),
            when: (!text.is_empty()).then(|| when(90)),
            theirs: None,
            rows: 4,
        }
    }

    fn page() -> PostmortemPage {
        PostmortemPage {
            shell: Shell::sample(Section::Postmortems, "/incidents/inc_06f1k2m9qv7x3t1a/postmortem"),
            incident: Link::new("Checkout fails for half of all customers", "/incidents/inc_06f1k2m9qv7x3t1a"),
            restricted: None,
            drill: false,
            severity: Some(Severity::of("SEV1")),
            state: Badge::new(Tone::Warning, "Draft"),
            since: when(120),
            is_light: false,
            reasons: vec![
                ReasonView {
                    rule: Link::new("severe", "/documents/postmortem-policy/default"),
                    because: "Whatever was this bad is told to everybody who can learn from it.".into(),
                    required: true,
                    binding: false,
                    seen: vec!["the worst that it was is SEV1".into()],
                },
                ReasonView {
                    rule: Link::new("data-lost", "/documents/postmortem-policy/default"),
                    because: "Data was lost. Any amount counts.".into(),
                    required: true,
                    binding: true,
                    seen: vec!["data was lost".into()],
                },
            ],
            dates: vec![("Drafted by", when(-2000)), ("Published by", when(-9000))],
            late: None,
            owner: Some(person("ana", "Ana Silva")),
            asked: None,
            accept_by: None,
            waiver: None,
            missing: vec![
                "Where luck helped is empty".into(),
                "name two contributing factors or more, there is one".into(),
            ],
            advice: vec![],
            sections: vec![
                section(
                    "summary",
                    "Summary",
                    "For 27 minutes **half of all customers** could not pay. A rollback ended it.",
                ),
                section("impact", "Impact", "- 1,204 orders were not placed\n- measured by the order log"),
                section("lucky", "Where luck helped", ""),
            ],
            factors: vec![
                FactorView {
                    id: "fac_06f1k2m9qv7x3t1a".into(),
                    text: "The pool of connections has no limit".into(),
                    kind: Some("No limit, no back-off".into()),
                    evidence: Some("Graph of connections, 02:05".into()),
                    by: person("ben", "Ben Okoye"),
                    struck: None,
                },
                FactorView {
                    id: "fac_06f1k2m9qv7x3t1b".into(),
                    text: "The alert came late".into(),
                    kind: None,
                    evidence: None,
                    by: person("ana", "Ana Silva"),
                    struck: Some("it came within a minute".into()),
                },
            ],
            kinds: vec![("Design".into(), vec![("no-limit".into(), "No limit, no back-off".into())])],
            items: vec![],
            items_href: "/action-items?tab=all&incident=inc_06f1k2m9qv7x3t1a".into(),
            published: None,
            corrections: vec![],
            versions: vec![],
            may: May { write: true, submit: true, waive: false, own: true, ..May::default() },
            draft: "/incidents/inc_06f1k2m9qv7x3t1a/draft".into(),
            markdown: "/api/v1/incidents/inc_06f1k2m9qv7x3t1a/postmortem.md".into(),
            topics: " alert".into(),
            typed: Typed::default(),
        }
    }

    fn row(state: Badge, says: &str) -> PostmortemRow {
        PostmortemRow {
            link: Link::new("Checkout fails for half of all customers", "/incidents/inc_06f1k2m9qv7x3t1a/postmortem"),
            severity: Some(Severity::of("SEV1")),
            restricted: None,
            drill: false,
            state,
            owner: Some(person("ana", "Ana Silva")),
            asked: None,
            due: Some(when(-3000)),
            late: None,
            says: says.into(),
        }
    }

    impl PostmortemsPage {
        pub(crate) fn sample() -> Self {
            let late = PostmortemRow {
                owner: None,
                asked: Some(person("ben", "Ben Okoye")),
                due: Some(when(3000)),
                late: Some("it was to be published"),
                ..row(Badge::new(Tone::Critical, "Due"), "data was lost")
            };
            let tab = |href: &str, title, count, current| Tab { href: href.into(), title, count, current };
            Self {
                shell: Shell::sample(Section::Postmortems, "/postmortems"),
                tabs: vec![
                    tab("/postmortems", "To do", Some(2), true),
                    tab("/postmortems?state=published", "Published", Some(12), false),
                    tab("/postmortems?state=waived", "Waived", Some(1), false),
                ],
                rows: vec![late, row(Badge::new(Tone::Warning, "Draft"), "the worst that it was is SEV1")],
                mine: false,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    impl PostmortemPage {
        pub(crate) fn sample() -> Self {
            page()
        }

        pub(crate) fn sample_asked() -> Self {
            Self {
                state: Badge::new(Tone::Critical, "Due"),
                owner: None,
                asked: Some(person("ana", "Ana Silva")),
                accept_by: Some(when(-600)),
                may: May { answer: true, write: true, waive: true, ..May::default() },
                ..page()
            }
        }

        /// Somebody else wrote the same section.
        pub(crate) fn sample_clash() -> Self {
            let mut clash = page();
            clash.sections[0].theirs = Some("For 30 minutes nobody could pay.".into());
            let error = Some("Summary was written anew by ben since you began.".into());
            clash.typed = Typed { form: "write".into(), error, ..Typed::default() };
            clash
        }

        pub(crate) fn sample_published() -> Self {
            Self {
                state: Badge::new(Tone::Good, "Published"),
                published: Some(PublishedView {
                    when: when(30),
                    reviewer: person("cleo", "Cleo Park"),
                    sections: vec![("Summary".into(), html("For 27 minutes **half of all customers** could not pay."))],
                    factors: vec![(
                        "The pool of connections has no limit".into(),
                        Some("No limit, no back-off".into()),
                    )],
                    minutes: vec![("Detected".into(), "3 min".into()), ("Contained".into(), "24 min".into())],
                }),
                corrections: vec![CorrectionView {
                    when: when(10),
                    by: person("ana", "Ana Silva"),
                    html: html("It was 1,240 orders, not 1,204."),
                }],
                versions: vec![(1, when(30), person("cleo", "Cleo Park"))],
                missing: vec![],
                may: May { correct: true, ..May::default() },
                ..page()
            }
        }

        pub(crate) fn sample_waived() -> Self {
            Self {
                state: Badge::new(Tone::Quiet, "Waived"),
                waiver: Some(WaiverView {
                    by: person("cleo", "Cleo Park"),
                    when: when(30),
                    why: "The same lesson was published last week for the very same fault.".into(),
                }),
                may: May { request: true, ..May::default() },
                sections: vec![],
                missing: vec![],
                ..page()
            }
        }
    }
}
