//! The list of alerts: tabs, filters that stand in the URL, rows with their why, and what can be done with many
//! at once. One alert has its own file.
//!
//! Every act on alerts is one form: `POST /alerts/act` with `alert` (once per id), `act`, perhaps `reason`, and
//! `back`. `act` is a word, or a word and a span: `acknowledge`, `snooze:1h`, `silence:4h`.

use askama::Template;

use crate::pages::filters::{Filter, Tab};
use crate::pages::{Link, PersonTag, Severity, Shell, State, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/alerts.html")]
pub struct AlertsPage {
    pub shell: Shell,
    pub tabs: Vec<Tab>,
    pub filter: Filter,
    /// `7 alerts`, `The first 50 of 312`.
    pub shown: String,
    pub rows: Vec<AlertRow>,
    /// The address of the following rows.
    pub next: Option<String>,
    /// What to say and offer when there are no rows.
    pub empty: Empty,
}

/// One alert in the list.
#[derive(Clone, Debug)]
pub struct AlertRow {
    pub id: String,
    pub severity: Severity,
    pub state: State,
    pub summary: String,
    pub service: Option<Link>,
    /// The few labels that tell it from others: `instance="pay-3"`.
    pub labels: Vec<String>,
    /// In one line: why it paged, whom, or why not.
    pub why: String,
    pub who: Option<Who>,
    pub since: When,
    /// How often the source has told us.
    pub count: u64,
}

/// Who has to do with an alert: `Paging Ana Silva`, `Acknowledged by Ben Okafor 2 min ago`.
#[derive(Clone, Debug)]
pub struct Who {
    pub what: String,
    pub person: Option<PersonTag>,
    pub when: Option<When>,
}

/// An empty list teaches.
#[derive(Clone, Debug)]
pub struct Empty {
    pub title: String,
    pub text: String,
    /// The first is the one to press.
    pub links: Vec<Link>,
}

impl Empty {
    /// Nothing has ever come in.
    pub fn never() -> Self {
        Self {
            title: "No alerts yet".into(),
            text: "Point Prometheus or Alertmanager here, and what fires appears on this page. It takes two minutes."
                .into(),
            links: vec![
                Link::new("Connect Prometheus", "/integrations/new?source=alertmanager"),
                Link::new("Connect something else", "/integrations/new"),
            ],
        }
    }

    /// Alerts have come in before, and none is in this tab.
    pub fn all_clear() -> Self {
        Self {
            title: "All clear".into(),
            text: "Nothing fires. What was resolved is kept in its own tab.".into(),
            links: vec![Link::new("Show resolved", "/alerts?tab=resolved")],
        }
    }

    /// The filters let nothing through.
    pub fn filtered(clear_href: &str) -> Self {
        Self {
            title: "No alert matches these filters".into(),
            text: "All matchers must hold. Write words to search the summary, or matchers such as severity=\"critical\" or instance=~\"pay-.*\"."
                .into(),
            links: vec![Link::new("Clear the filters", clear_href)],
        }
    }
}

/// How long to snooze, as `act` says it and as people do.
pub const SNOOZES: [(&str, &str); 4] =
    [("15m", "15 minutes"), ("1h", "1 hour"), ("4h", "4 hours"), ("morning", "Until the morning")];

/// How long to silence.
pub const SILENCES: [(&str, &str); 4] = [("1h", "1 hour"), ("4h", "4 hours"), ("1d", "1 day"), ("7d", "1 week")];

/// Why an alert was not worth a page. The rule's owner reads them later.
pub const NOISE_REASONS: [&str; 5] = [
    "Nothing to do about it",
    "Flapping: went away by itself",
    "Too sensitive: the threshold is wrong",
    "Duplicate of another alert",
    "Test or maintenance",
];

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::filters::{Choice, Chosen};
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Notice, Section, Toast, Tone, Undo};

    fn row(place: u32, severity: &str, state: State, summary: &str, since: i64, count: u64) -> AlertRow {
        AlertRow {
            id: format!("alr_06f1k2m9qv7x3t{place:02}"),
            severity: Severity::of(severity),
            state,
            summary: summary.into(),
            service: Some(Link::new("Card payments", "/services/payments")),
            labels: vec!["instance=\"pay-3\"".into(), "region=\"eu-central\"".into()],
            why: String::new(),
            who: None,
            since: viewpoint().when(minutes_ago(since)),
            count,
        }
    }

    fn who(what: &str, person: Option<(&str, &str)>, ago: Option<i64>) -> Who {
        Who {
            what: what.into(),
            person: person.map(|(name, full)| PersonTag::new(name, full)),
            when: ago.map(|minutes| viewpoint().when(minutes_ago(minutes))),
        }
    }

    impl AlertsPage {
        pub(crate) fn sample() -> Self {
            let mut rows = vec![
                AlertRow {
                    why: "Paged by route payments: severity critical, group of 3".into(),
                    who: Some(who("Paging", Some(("ana", "Ana Silva")), Some(2))),
                    ..row(1, "critical", State::Firing, "Card payments: 14% of requests fail", 4, 14)
                },
                AlertRow {
                    service: Some(Link::new("Ledger", "/services/ledger")),
                    labels: vec!["db=\"ledger-main\"".into()],
                    why: "Paged by route databases: severity error".into(),
                    who: Some(who("Paging", Some(("ben", "Ben Okafor")), Some(1))),
                    ..row(2, "error", State::Firing, "Replication of ledger-main is 312 s behind", 6, 3)
                },
                AlertRow {
                    labels: vec!["instance=\"pay-1\"".into()],
                    why: "Joined the group of PaymentsErrorRate: paged already, nothing new in severity or service"
                        .into(),
                    who: Some(who("Paging", Some(("ana", "Ana Silva")), Some(2))),
                    ..row(
                        3,
                        "critical",
                        State::Firing,
                        "PaymentsLatencyHigh: p99 of POST /charge at 4.2 s for five minutes in a row",
                        3,
                        2,
                    )
                },
                AlertRow {
                    service: Some(Link::new("Checkout", "/services/checkout")),
                    labels: vec!["pod=\"checkout-7d9f\"".into()],
                    why: "Low urgency by severity warning: told in waking hours".into(),
                    who: Some(who("Acknowledged by", Some(("chidi", "Chidi Anyanwu")), Some(18))),
                    ..row(4, "warning", State::Acknowledged, "Checkout pods restart: 5 in 10 minutes", 26, 7)
                },
                AlertRow {
                    service: None,
                    labels: vec!["job=\"node\"".into(), "mountpoint=\"/var\"".into()],
                    why: "No route names a policy and no service is set: nobody was paged".into(),
                    who: Some(who("Nobody paged", None, None)),
                    ..row(5, "warning", State::Firing, "Disk /var on build-2 will be full in 9 hours", 51, 1)
                },
                AlertRow {
                    service: Some(Link::new("Search", "/services/search")),
                    labels: vec!["cluster=\"search-eu\"".into()],
                    why: "Snoozed by Ana Silva: waiting for the reindex".into(),
                    who: Some(who("Wakes up at 06:00", None, None)),
                    ..row(6, "info", State::Snoozed, "Search index is 40 minutes old", 190, 22)
                },
                AlertRow {
                    labels: vec!["instance=\"pay-2\"".into()],
                    why: "Muted while NodeDown fires for node=\"rack-4\"".into(),
                    ..row(7, "", State::Inhibited, "Exporter on pay-2 does not answer", 12, 4)
                },
            ];
            rows[1].service = Some(Link::new("Ledger", "/services/ledger"));
            let tab =
                |title, word: &str, count, current| Tab { title, href: format!("/alerts?tab={word}"), count, current };
            let options = |titles: &[&str], chosen: &str| {
                titles
                    .iter()
                    .map(|title| Chosen {
                        value: title.to_lowercase(),
                        title: (*title).to_owned(),
                        chosen: *title == chosen,
                    })
                    .collect()
            };
            Self {
                shell: Shell {
                    notices: vec![Notice {
                        tone: Tone::Warning,
                        text: "Nobody is on call for Search, secondary from Sat 28 Nov 18:00 to Mon 30 Nov 09:00."
                            .into(),
                        link: Some(Link::new("Show the gap", "/schedules/search-secondary")),
                    }],
                    ..Shell::sample(Section::Alerts, "/alerts?tab=open")
                },
                tabs: vec![
                    tab("Open", "open", Some(7), true),
                    tab("Unacknowledged", "unacknowledged", Some(3), false),
                    tab("Acknowledged", "acknowledged", Some(1), false),
                    tab("Snoozed", "snoozed", Some(1), false),
                    tab("Silenced", "silenced", Some(1), false),
                    tab("Resolved", "resolved", None, false),
                    tab("All", "all", None, false),
                ],
                filter: Filter {
                    tab: "open".into(),
                    text: String::new(),
                    error: None,
                    choices: vec![
                        Choice {
                            name: "service",
                            title: "Service",
                            any: "All services",
                            options: options(&["Card payments", "Checkout", "Ledger", "Search"], ""),
                        },
                        Choice {
                            name: "severity",
                            title: "Severity",
                            any: "All severities",
                            options: options(&["critical", "error", "warning", "info"], ""),
                        },
                        Choice {
                            name: "integration",
                            title: "Integration",
                            any: "All integrations",
                            options: options(&["Prometheus in Frankfurt", "Nightly backup"], ""),
                        },
                        Choice {
                            name: "sort",
                            title: "Order",
                            any: "Newest first",
                            options: options(&["Oldest first", "Worst first"], ""),
                        },
                    ],
                    chips: vec![],
                    clear_href: "/alerts?tab=open".into(),
                },
                shown: "7 open alerts".into(),
                rows,
                next: Some("/alerts?tab=open&after=alr_06f1k2m9qv7x3t07".into()),
                empty: Empty::all_clear(),
            }
        }

        /// Filtered, with something just done.
        pub(crate) fn sample_filtered() -> Self {
            let mut page = Self::sample();
            page.filter.text = "severity=~\"critical|error\" region=\"eu".into();
            page.filter.error = Some("region=\"eu: the quote is not closed".into());
            page.filter.chips = vec![Link::new("service: Card payments", "/alerts?tab=open")];
            page.shell.notices = vec![Notice {
                tone: Tone::Critical,
                text: "The database does not answer. Alerts are kept in the spool, and pages go out from the last snapshot (12:04).".into(),
                link: Some(Link::new("What to do", "/health")),
            }];
            page.shell.toast = Some(Toast {
                tone: Tone::Good,
                text: "Acknowledged 2 alerts".into(),
                undo: Some(Undo {
                    action: "/alerts/act".into(),
                    fields: vec![
                        ("act".into(), "unacknowledge".into()),
                        ("alert".into(), "alr_06f1k2m9qv7x3t01".into()),
                    ],
                }),
            });
            page.rows.truncate(3);
            page.next = None;
            page
        }

        pub(crate) fn sample_empty() -> Self {
            let mut page = Self::sample();
            page.rows.clear();
            page.shell.notices.clear();
            page.shell.unacknowledged = 0;
            page.tabs.iter_mut().for_each(|tab| tab.count = tab.count.map(|_| 0));
            page.empty = Empty::never();
            page
        }
    }
}
