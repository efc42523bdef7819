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
    /// Where the postmortem for customers is.
    pub report: Option<String>,
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

/// `GET /status/notices/ID/postmortem`, and of each version that there was.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/status_report.html")]
pub struct ReportPage {
    pub frame: Frame,
    pub title: String,
    /// `21 Sep 2026, 14:13 UTC to 14:40 UTC (27 min)`.
    pub took: Option<String>,
    pub notice: String,
    pub version: u32,
    /// When the first version was published: for machines and for people.
    pub published: (String, String),
    /// When it was corrected last.
    pub corrected: Option<(String, String)>,
    /// Of a version that was corrected since: where it is as it is now.
    pub current: Option<String>,
    /// Made by `pages::markdown` alone, as are the parts.
    pub opening: String,
    /// Titles and HTML.
    pub parts: Vec<(String, String)>,
    /// `4 of 5 done`.
    pub promised: String,
    pub promises: Vec<PromiseView>,
    /// The newest first.
    pub corrections: Vec<CorrectionLine>,
    pub hash: String,
}

/// Something that is promised in public.
#[derive(Clone, Debug)]
pub struct PromiseView {
    pub text: String,
    /// `done`, `open`, `dropped`.
    pub kind: &'static str,
    /// `by 12 Dec 2026`.
    pub says: String,
}

/// What was not so in a version.
#[derive(Clone, Debug)]
pub struct CorrectionLine {
    pub version: u32,
    pub iso: String,
    pub at: String,
    pub html: String,
    pub before: String,
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
            report: (!open).then(|| "/status/notices/ntc_06f1k2m9qv7x3t01/postmortem".into()),
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

    impl ReportPage {
        pub(crate) fn sample() -> Self {
            let promise = |text: &str, kind, says: &str| PromiseView { text: text.into(), kind, says: says.into() };
            let at = |day: u8| (format!("2026-11-{day}T10:00:00Z"), format!("{day} Nov 2026, 10:00 UTC"));
            Self {
                frame: Frame { as_of: None, ..frame() },
                title: "Card payments failed".into(),
                took: Some("22 Nov 2026, 02:02 UTC to 02:29 UTC (27 min)".into()),
                notice: "/status/notices/ntc_06f1k2m9qv7x3t01".into(),
                version: 2,
                published: at(24),
                corrected: Some(at(26)),
                current: None,
                opening: "<p>We are sorry: for 27 minutes half of all card payments failed.</p>".into(),
                parts: vec![
                    (
                        "Summary".into(),
                        "<p>A pool of connections ran full.</p><ul><li>1,240 payments failed</li></ul>".into(),
                    ),
                    ("Mitigation and resolution".into(), "<p>We took the release back.</p>".into()),
                ],
                promised: "1 of 3 done".into(),
                promises: vec![
                    promise("Add a limit to the pool", "done", "done"),
                    promise("Try releases with two pools", "open", "by 12 Dec 2026"),
                    promise("Write to everybody", "dropped", "will not be done"),
                ],
                corrections: vec![CorrectionLine {
                    version: 2,
                    iso: at(26).0,
                    at: at(26).1,
                    html: "<p>It was 1,240 payments, not 1,204: some were counted twice.</p>".into(),
                    before: "/status/notices/ntc_06f1k2m9qv7x3t01/postmortem/1".into(),
                }],
                hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            }
        }
    }

    impl NoticePublicPage {
        pub(crate) fn sample() -> Self {
            Self { frame: Frame { as_of: None, ..frame() }, notice: notice(false) }
        }
    }
}
