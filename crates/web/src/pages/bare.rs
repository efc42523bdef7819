//! Pages that belong to no noun: search, and errors.

use askama::Template;

use crate::pages::{Link, Shell, Theme};

/// What was found, `GET /search?q=`. The palette reads the same page.
#[derive(Clone, Debug, Template)]
#[template(path = "search.html")]
pub struct SearchPage {
    pub shell: Shell,
    pub text: String,
    pub groups: Vec<FoundGroup>,
}

/// Alerts, services, schedules, people, documents.
#[derive(Clone, Debug)]
pub struct FoundGroup {
    pub title: String,
    /// One of it: `alert`. The palette shows it beside the title.
    pub kind: String,
    pub found: Vec<Found>,
    /// More than are shown.
    pub more: Option<Link>,
}

/// One thing.
#[derive(Clone, Debug)]
pub struct Found {
    pub link: Link,
    pub note: String,
}

/// Something went wrong, or is not there, or not for this person. Shown without the frame, since what is wrong
/// may be what the frame needs.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub theme: Theme,
    pub status: u16,
    /// `There is no such page`.
    pub title: String,
    /// What is wrong, where, and what to do.
    pub text: String,
    /// The id under which the log has the particulars.
    pub id: Option<String>,
    pub links: Vec<Link>,
}

impl ErrorPage {
    fn alerts() -> Vec<Link> {
        vec![Link::new("Go to the alerts", "/alerts")]
    }

    /// 404.
    pub fn not_found(theme: Theme, what: &str) -> Self {
        Self {
            theme,
            status: 404,
            title: "There is nothing here".into(),
            text: format!("{what} It may have been removed, or the address is not quite right."),
            id: None,
            links: Self::alerts(),
        }
    }

    /// 403.
    pub fn forbidden(theme: Theme, why: &str) -> Self {
        Self {
            theme,
            status: 403,
            title: "Not for you to do".into(),
            text: why.into(),
            id: None,
            links: Self::alerts(),
        }
    }

    /// 500 and 503: nothing was changed.
    pub fn failed(theme: Theme, id: &str) -> Self {
        Self {
            theme,
            status: 500,
            title: "Something went wrong on our side".into(),
            text: "Nothing was changed. Try again; if it stays, the log has the particulars under the id below. Paging goes on meanwhile.".into(),
            id: Some(id.into()),
            links: Self::alerts(),
        }
    }
}

#[cfg(test)]
impl SearchPage {
    pub(crate) fn sample() -> Self {
        let found = |title: &str, href: &str, note: &str| Found { link: Link::new(title, href), note: note.into() };
        Self {
            shell: Shell::sample(crate::pages::Section::Nowhere, "/search?q=pay"),
            text: "pay".into(),
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
                    title: "Services".into(),
                    kind: "service".into(),
                    found: vec![found("Card payments", "/services/payments", "tier 1, Payments")],
                    more: None,
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
        Self { text: "zzz".into(), groups: vec![], ..Self::sample() }
    }
}
