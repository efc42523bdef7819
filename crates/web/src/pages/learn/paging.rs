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
    /// What the policies that paged most would have come to with a shorter wait.
    pub waits: Vec<WaitView>,
    pub people_csv: String,
    pub alerts_csv: String,
}

/// What fell upon one person.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub person: Link,
    pub pages: Figure,
    pub by_night: Figure,
    pub nights: Figure,
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
    /// How many there are in all.
    pub count: usize,
    pub rows: Vec<OpenedRow>,
    /// Where the next ones are.
    pub next: Option<String>,
}

/// A page, or a night.
#[derive(Clone, Debug)]
pub struct OpenedRow {
    pub link: Link,
    pub at: Option<When>,
    pub note: Option<Badge>,
}

/// Had a policy waited less.
#[derive(Clone, Debug)]
pub struct WaitView {
    pub policy: Link,
    /// What would have won most.
    pub says: Option<String>,
    /// Why nothing is told.
    pub silence: Option<String>,
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
                nights: figure(nights),
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
                    count: 12,
                    rows: vec![OpenedRow {
                        link: Link::new("Disk full (payments)", "/alerts?tab=all"),
                        at: Some(viewpoint().when(minutes_ago(900))),
                        note: Some(Badge::new(Tone::Quiet, "by night")),
                    }],
                    next: Some("/insights/paging?person=ana&night=any&after=pag_06f1k2m9qv7x3t01#opened".into()),
                }),
                waits: vec![
                    WaitView {
                        policy: Link::new("Payments", "/escalation-policies/payments#past"),
                        says: Some("With step 1 waiting 2m instead of 5m, 7 of the last 12 pages would have called whoever answered 3m earlier; 1 would have called somebody who was not needed.".into()),
                        silence: None,
                    },
                    WaitView {
                        policy: Link::new("Databases", "/escalation-policies/db#past"),
                        says: None,
                        silence: Some("It cannot be told: 3 pages are too few, it takes 5.".into()),
                    },
                ],
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
                waits: vec![],
                error: Some("\"soon\" is not a time.".into()),
                ..Self::sample()
            }
        }
    }
}
