//! What was found: in the index by its words, and a few of everything by its name. The palette reads the same page.

use askama::Template;

use crate::pages::filters::Tab;
use crate::pages::{Link, Shell, When};

/// `GET /search?q=`.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/search.html")]
pub struct SearchPage {
    pub shell: Shell,
    /// What was typed.
    pub text: String,
    pub newest: bool,
    pub orders: Vec<Tab>,
    pub kinds: Vec<Tab>,
    /// How far the index is, while it is being made.
    pub progress: Option<String>,
    /// What could not be meant, and what was searched for besides, in sentences.
    pub notes: Vec<String>,
    /// Where the record is whose id was typed.
    pub record: Option<Link>,
    pub results: Vec<ResultView>,
    pub back: Option<String>,
    pub more: Option<String>,
    pub groups: Vec<FoundGroup>,
}

impl SearchPage {
    /// Whether something was asked for, and nothing is there.
    pub fn is_nothing(&self) -> bool {
        let none = self.results.is_empty() && self.groups.is_empty() && self.record.is_none();
        none && !self.text.is_empty() && self.progress.is_none()
    }
}

/// One result.
#[derive(Clone, Debug)]
pub struct ResultView {
    /// `entry`, `change` ...
    pub kind: &'static str,
    pub link: Link,
    /// It has no title: its text stands for it.
    pub untitled: bool,
    /// A part of its text, with whether each piece was asked for.
    pub pieces: Vec<(String, bool)>,
    pub when: When,
    /// The incident that it is part of.
    pub incident: Option<Link>,
    /// Severity, services, and how much of the words it has.
    pub facts: Vec<String>,
}

/// Alerts, services, schedules, people, documents.
#[derive(Clone, Debug)]
pub struct FoundGroup {
    pub title: String,
    /// One of it: `alert`. The palette shows it beside the title.
    pub kind: String,
    pub found: Vec<Named>,
    /// More than are shown.
    pub more: Option<Link>,
}

/// One thing whose name has the words.
#[derive(Clone, Debug)]
pub struct Named {
    pub link: Link,
    pub note: String,
}

/// An incident that is like another, with the reasons.
#[derive(Clone, Debug)]
pub struct SimilarView {
    pub link: Link,
    /// `may be the same` or `like this one`.
    pub word: &'static str,
    pub when: When,
    pub reasons: Vec<String>,
}

#[cfg(test)]
impl SimilarView {
    pub(crate) fn sample() -> Self {
        use crate::pages::gallery::{minutes_ago, viewpoint};
        Self {
            link: Link::new("Card payments time out", "/incidents/inc_06f1k2m9qv7x3t00"),
            word: "like this one",
            when: viewpoint().when(minutes_ago(60_000)),
            reasons: vec!["told in the same words: payments, gateway".into(), "both are about payments".into()],
        }
    }
}

#[cfg(test)]
impl SearchPage {
    pub(crate) fn sample() -> Self {
        use crate::pages::gallery::{minutes_ago, viewpoint};
        let found = |title: &str, href: &str, note: &str| Named { link: Link::new(title, href), note: note.into() };
        let tab = |title, current| Tab { title, href: "/search?q=pay".into(), count: None, current };
        Self {
            shell: Shell::sample(crate::pages::Section::Nowhere, "/search?q=pay"),
            text: "pay gatewya".into(),
            newest: false,
            orders: vec![tab("Best match", true), tab("Newest", false)],
            kinds: vec![
                tab("Everything", true),
                tab("Incidents", false),
                tab("Timeline entries", false),
                tab("Changes", false),
            ],
            progress: Some(
                "The index is being made: 120,000 of 450,000 entries are read. What is found may not be all.".into(),
            ),
            notes: vec!["Nothing has “gatewya”: gateway was searched for, too.".into()],
            record: None,
            results: vec![
                ResultView {
                    kind: "entry",
                    link: Link::new(
                        "The payment gateway answers again since the failover of db-1",
                        "/incidents/inc_06f1k2m9qv7x3t01/entries/evt_06f1k2m9qv7x3t02",
                    ),
                    untitled: true,
                    pieces: vec![
                        ("The ".into(), false),
                        ("payment".into(), true),
                        (" ".into(), false),
                        ("gateway".into(), true),
                        (" answers again since the failover of db-1".into(), false),
                    ],
                    when: viewpoint().when(minutes_ago(30)),
                    incident: Some(Link::new("Card payments fail", "/incidents/inc_06f1k2m9qv7x3t01")),
                    facts: vec!["SEV1".into(), "payments".into()],
                },
                ResultView {
                    kind: "change",
                    link: Link::new("payments 2.14.0", "/changes/cng_06f1k2m9qv7x3t03"),
                    untitled: false,
                    pieces: vec![("Raise the pool of the ".into(), false), ("gateway".into(), true)],
                    when: viewpoint().when(minutes_ago(90)),
                    incident: None,
                    facts: vec!["some of the words".into()],
                },
            ],
            back: None,
            more: Some("/search?q=pay&skip=20".into()),
            groups: vec![
                FoundGroup {
                    title: "Alerts".into(),
                    kind: "alert".into(),
                    found: vec![found(
                        "Card payments: 14% of requests fail",
                        "/alerts/alr_06f1k2m9qv7x3t01",
                        "firing, 4 min",
                    )],
                    more: Some(Link::new("All 7 alerts with “pay”", "/alerts?tab=all&q=pay")),
                },
                FoundGroup {
                    title: "Schedules".into(),
                    kind: "schedule".into(),
                    found: vec![
                        found("Payments, primary", "/schedules/payments-primary", "Ana Silva until Mon 09:00"),
                        found("Payments, secondary", "/schedules/payments-secondary", "Ben Okafor until Mon 09:00"),
                    ],
                    more: None,
                },
            ],
        }
    }

    pub(crate) fn sample_empty() -> Self {
        Self {
            text: "zzz".into(),
            progress: None,
            notes: Vec::new(),
            results: Vec::new(),
            more: None,
            groups: Vec::new(),
            ..Self::sample()
        }
    }
}
