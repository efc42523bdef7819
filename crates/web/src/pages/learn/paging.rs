//! How paging falls upon people, and what it was good for: `GET /insights/paging?from=&to=`; with `person` or with `alert` the
//! pages behind a number.

use askama::Template;

use super::insights::Figure;
use crate::pages::{Badge, Link, Shell, When};

/// The two tables, and what is behind one of their numbers.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/paging.html")]
pub struct PagingPage {
    pub shell: Shell,
    /// `2026-09-01`, as it was typed.
    pub from: String,
    pub to: String,
    /// `31 Aug 2026 to 29 Nov 2026`.
    pub period: String,
    pub error: Option<String>,
    /// Everybody is shown, not only the reader.
    pub all: bool,
    pub people: Vec<PersonView>,
    pub alerts: Vec<AlertView>,
    /// The pages behind the number that was opened.
    pub opened: Option<OpenedView>,
    pub people_csv: String,
    pub alerts_csv: String,
}

/// What fell upon one person.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub person: Link,
    pub pages: Figure,
    pub by_night: Figure,
    pub nights: usize,
}

/// What the pages of an alert were good for.
#[derive(Clone, Debug)]
pub struct AlertView {
    /// All alerts of this name.
    pub alert: Link,
    pub service: Option<Link>,
    pub pages: Figure,
    pub nothing: Figure,
    pub incident: Figure,
    pub answered: Figure,
    pub open: Figure,
}

/// What is behind a number.
#[derive(Clone, Debug)]
pub struct OpenedView {
    /// `Ana Silva, by night`.
    pub title: String,
    pub rows: Vec<OpenedRow>,
    /// There are more than are shown.
    pub more: bool,
}

/// A page.
#[derive(Clone, Debug)]
pub struct OpenedRow {
    pub link: Link,
    pub at: When,
    pub note: Option<Badge>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl PagingPage {
        pub(crate) fn sample() -> Self {
            let figure = |n: usize| Figure {
                number: n.to_string(),
                says: String::new(),
                href: "/insights/paging?person=ana".into(),
            };
            let person = |name: &str, title: &str, pages, by_night, nights| PersonView {
                person: Link::new(title, format!("/people/{name}")),
                pages: figure(pages),
                by_night: figure(by_night),
                nights,
            };
            let alert = |name: &str, counts: [usize; 5]| AlertView {
                alert: Link::new(name, "/alerts?tab=all"),
                service: Some(Link::new("Card payments", "/services/payments")),
                pages: figure(counts[0]),
                nothing: figure(counts[1]),
                incident: figure(counts[2]),
                answered: figure(counts[3]),
                open: figure(counts[4]),
            };
            Self {
                shell: Shell::sample(Section::Insights, "/insights/paging"),
                from: "2026-08-24".into(),
                to: String::new(),
                period: "24 Aug 2026 to 22 Nov 2026".into(),
                error: None,
                all: true,
                people: vec![
                    person("ana", "Ana Silva", 31, 12, 7),
                    person("ben", "Ben Okafor", 18, 0, 0),
                    person("chen", "Chen Wei, who has a rather long name", 5, 5, 4),
                ],
                alerts: vec![
                    alert("DiskWillFillIn4Hours", [22, 19, 0, 3, 0]),
                    alert("PaymentsErrorRateIsHighForAFewMinutesOnOneInstance", [9, 2, 5, 1, 1]),
                ],
                opened: Some(OpenedView {
                    title: "Ana Silva, by night".into(),
                    rows: vec![OpenedRow {
                        link: Link::new("Disk full (payments)", "/alerts?tab=all"),
                        at: viewpoint().when(minutes_ago(900)),
                        note: Some(Badge::new(Tone::Quiet, "by night")),
                    }],
                    more: true,
                }),
                people_csv: "/api/v1/insights/paging/people.csv".into(),
                alerts_csv: "/api/v1/insights/paging/alerts.csv".into(),
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self {
                all: false,
                people: vec![],
                alerts: vec![],
                opened: None,
                error: Some("\"soon\" is not a time.".into()),
                ..Self::sample()
            }
        }
    }
}
