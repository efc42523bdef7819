//! The public pages: how everything is, what was, one notice. They know no session and need no script; the same pages are
//! written as files for another host.

use askama::Template;

/// Around every public page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the status page is called.
    pub title: String,
    pub about: Option<String>,
    /// Where whoever needs help turns to.
    pub support: Option<String>,
    /// Where one subscribes: this server, wherever the page is read.
    pub subscribe: String,
    /// When it was made, to the minute, for machines and for people; only of pages that the clock changes.
    pub as_of: Option<(String, String)>,
    /// Moves when there is something new to read.
    pub changed: String,
}

/// `GET /status`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/status_page.html")]
pub struct PublicPage {
    pub frame: Frame,
    /// The worst that is: `operational`, `major-outage`; it decides colour and shape.
    pub standing: &'static str,
    /// `All systems operational`.
    pub headline: String,
    pub open: Vec<NoticeView>,
    pub upcoming: Vec<NoticeView>,
    pub groups: Vec<GroupView>,
    /// How many days the bars show.
    pub bar_days: u8,
    pub days: Vec<DayView>,
}

/// Components that stand together.
#[derive(Clone, Debug)]
pub struct GroupView {
    pub title: Option<String>,
    pub components: Vec<ComponentView>,
}

/// One component with its bar.
#[derive(Clone, Debug)]
pub struct ComponentView {
    pub name: String,
    pub title: String,
    pub description: Option<String>,
    /// `operational`, `degraded`.
    pub status: &'static str,
    pub status_title: &'static str,
    pub days: Vec<BarDay>,
    /// `99.98 % uptime`.
    pub uptime: Option<String>,
    /// The bar in words.
    pub said: String,
}

impl ComponentView {
    /// How wide the bar's drawing is, in its own units.
    pub fn width(&self) -> usize {
        self.days.len() * 10
    }
}

/// One day of a bar.
#[derive(Clone, Debug)]
pub struct BarDay {
    pub x: usize,
    /// A status, or `none`.
    pub status: &'static str,
    /// `21 Sep 2026: major outage, 1 h 30 min`.
    pub said: String,
}

/// What happened on one day.
#[derive(Clone, Debug)]
pub struct DayView {
    pub title: String,
    pub notices: Vec<NoticeView>,
}

/// A notice with all that was said.
#[derive(Clone, Debug)]
pub struct NoticeView {
    pub href: String,
    pub title: String,
    /// `incident`, `maintenance`.
    pub sort: &'static str,
    /// `Monitoring`.
    pub state: &'static str,
    pub open: bool,
    /// The worst that it said of anything.
    pub worst: &'static str,
    /// When a maintenance is to be.
    pub window: Option<String>,
    /// What it touches: `Checkout, API`.
    pub touched: String,
    /// The newest first.
    pub posts: Vec<PostView>,
}

/// One thing that was said.
#[derive(Clone, Debug)]
pub struct PostView {
    pub heading: &'static str,
    /// Made by `domain::inform::prose` alone.
    pub html: String,
    pub iso: String,
    pub at: String,
    pub corrected: Option<String>,
    /// Component, status in a word, status as it is read.
    pub effects: Vec<(String, &'static str, &'static str)>,
    pub next: Option<String>,
}

/// `GET /status/history`, of one year.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/status_history.html")]
pub struct HistoryPage {
    pub frame: Frame,
    pub year: i16,
    /// Every year with its address.
    pub years: Vec<(i16, String)>,
    pub months: Vec<MonthView>,
}

/// What happened in one month.
#[derive(Clone, Debug)]
pub struct MonthView {
    pub title: String,
    pub lines: Vec<LineView>,
}

/// A notice in a list.
#[derive(Clone, Debug)]
pub struct LineView {
    pub href: String,
    pub title: String,
    pub worst: &'static str,
    pub worst_title: &'static str,
    pub state: &'static str,
    pub at: String,
    /// How long it was.
    pub took: Option<String>,
}

/// `GET /status/notices/ID`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/status_notice.html")]
pub struct NoticePublicPage {
    pub frame: Frame,
    pub notice: NoticeView,
}

#[cfg(test)]
mod samples {
    use super::*;

    fn frame() -> Frame {
        Frame {
            title: "Example Shop".into(),
            about: Some("How our shop and its services are.".into()),
            support: Some("https://example.org/help".into()),
            subscribe: "https://allclear.example.org/status/subscribe".into(),
            as_of: Some(("2026-11-22T02:12:00Z".into(), "22 Nov 2026, 02:12 UTC".into())),
            changed: "7".into(),
        }
    }

    fn notice(open: bool) -> NoticeView {
        NoticeView {
            href: "/status/notices/ntc_06f1k2m9qv7x3t01".into(),
            title: "Card payments fail".into(),
            sort: "incident",
            state: if open { "Identified" } else { "Resolved" },
            open,
            worst: "partial-outage",
            window: None,
            touched: "Checkout, API".into(),
            posts: vec![PostView {
                heading: "Identified",
                html: "<p>One in five payments fails. <strong>Paying later works.</strong></p>".into(),
                iso: "2026-11-22T02:02:00Z".into(),
                at: "22 Nov 2026, 02:02 UTC".into(),
                corrected: Some("22 Nov 2026, 02:05 UTC".into()),
                effects: vec![("Checkout".into(), "partial-outage", "Partial outage")],
                next: Some("22 Nov 2026, 02:30 UTC".into()),
            }],
        }
    }

    impl PublicPage {
        pub(crate) fn sample() -> Self {
            let day = |x: usize| BarDay {
                x: x * 10,
                status: ["none", "operational", "degraded", "partial-outage", "major-outage", "maintenance"][x % 6],
                said: "21 Sep 2026: operational".into(),
            };
            let component = |title: &str, status, status_title| ComponentView {
                name: title.to_lowercase(),
                title: title.into(),
                description: Some("What customers pay with".into()),
                status,
                status_title,
                days: (0..90).map(day).collect(),
                uptime: Some("99.95 % uptime".into()),
                said: "Over 90 days: 99.95 % uptime".into(),
            };
            Self {
                frame: frame(),
                standing: "partial-outage",
                headline: "Partial outage".into(),
                open: vec![notice(true)],
                upcoming: vec![NoticeView {
                    sort: "maintenance",
                    state: "Scheduled",
                    window: Some("23 Nov 2026, 02:00 UTC to 04:00 UTC".into()),
                    worst: "maintenance",
                    ..notice(true)
                }],
                groups: vec![
                    GroupView {
                        title: Some("Shop".into()),
                        components: vec![
                            component("Checkout", "partial-outage", "Partial outage"),
                            component("Search", "operational", "Operational"),
                        ],
                    },
                    GroupView { title: None, components: vec![component("API", "degraded", "Degraded performance")] },
                ],
                bar_days: 90,
                days: vec![
                    DayView { title: "22 November 2026".into(), notices: vec![] },
                    DayView { title: "21 November 2026".into(), notices: vec![notice(false)] },
                ],
            }
        }
    }

    impl HistoryPage {
        pub(crate) fn sample() -> Self {
            Self {
                frame: Frame { as_of: None, ..frame() },
                year: 2026,
                years: vec![(2026, "/status/history".into()), (2025, "/status/history/2025".into())],
                months: vec![MonthView {
                    title: "November 2026".into(),
                    lines: vec![LineView {
                        href: "/status/notices/ntc_06f1k2m9qv7x3t01".into(),
                        title: "Card payments fail".into(),
                        worst: "partial-outage",
                        worst_title: "Partial outage",
                        state: "Resolved",
                        at: "21 Nov 2026, 14:02 UTC".into(),
                        took: Some("1 h 5 min".into()),
                    }],
                }],
            }
        }
    }

    impl NoticePublicPage {
        pub(crate) fn sample() -> Self {
            Self { frame: Frame { as_of: None, ..frame() }, notice: notice(false) }
        }
    }
}
