//! Notices from inside: the list with the truth audit, the form with what the public would read, one notice with
//! corrections.

use askama::Template;

use super::status_pages::NoticeView;
use crate::pages::{Badge, Link, Shell, When};

/// `GET /notices`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/notices.html")]
pub struct NoticesPage {
    pub shell: Shell,
    /// Where the page stands.
    pub state: PageState,
    pub gaps: Vec<GapLine>,
    pub open: Vec<NoticeLine>,
    pub past: Vec<NoticeLine>,
    /// How many are told.
    pub subscribers: u64,
    pub may_write: bool,
}

impl NoticesPage {
    /// Whether there is a page at all.
    pub fn exists(&self) -> bool {
        self.state != PageState::Missing
    }

    pub fn plural(&self) -> bool {
        self.subscribers != 1
    }
}

/// Whether the public sees anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageState {
    /// There is no document.
    Missing,
    /// There is one, and it is not shown.
    Hidden {
        document: String,
    },
    Shown {
        document: String,
    },
}

/// A difference between inside and outside.
#[derive(Clone, Debug)]
pub struct GapLine {
    /// What it is about: `Checkout`.
    pub about: String,
    pub says: String,
    pub link: Option<Link>,
    pub since: When,
    /// `31 min`.
    pub took: String,
    pub serious: bool,
}

/// A notice in a list.
#[derive(Clone, Debug)]
pub struct NoticeLine {
    pub link: Link,
    pub state: Badge,
    pub sort: &'static str,
    pub touched: String,
    pub window: Option<String>,
    pub changed: When,
    /// What it is about inside, if the viewer may see that.
    pub incident: Option<Link>,
}

/// `GET /notices/new`, and `GET /notices/ID`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/notice.html")]
pub struct NoticePage {
    pub shell: Shell,
    pub heading: String,
    /// As the public reads it; none of a new one.
    pub notice: Option<NoticeView>,
    /// As the public would read it.
    pub preview: Option<NoticeView>,
    pub incident: Option<Link>,
    pub form: PostForm,
    pub corrections: Vec<CorrectionForm>,
    pub describe: Option<DescribeForm>,
    pub may_write: bool,
}

/// What is filled in.
#[derive(Clone, Debug, Default)]
pub struct PostForm {
    pub action: String,
    pub new: bool,
    pub maintenance: bool,
    pub title: String,
    /// In the zone of the viewer, as the browser writes it.
    pub from: String,
    pub until: String,
    /// Word, title, whether it is chosen.
    pub states: Vec<(&'static str, &'static str, bool)>,
    pub text: String,
    /// Name, title, the word that is chosen (nothing: as it is), how it is now.
    pub components: Vec<(String, String, String, &'static str)>,
    pub statuses: Vec<(&'static str, &'static str)>,
    /// The promise: a span in words that read back.
    pub next: String,
    pub at: String,
    pub quiet: bool,
    /// What it is about inside: its id.
    pub incident: String,
    pub error: Option<String>,
    pub zone: String,
}

impl PostForm {
    /// What may be promised.
    pub const NEXT: [(&'static str, &'static str); 6] = [
        ("", "No promise"),
        ("20m", "in 20 minutes"),
        ("30m", "in 30 minutes"),
        ("1h", "in an hour"),
        ("2h", "in two hours"),
        ("1d", "in a day"),
    ];
}

/// One post, to be said anew.
#[derive(Clone, Debug)]
pub struct CorrectionForm {
    pub action: String,
    pub heading: String,
    pub text: String,
}

/// Title and time, to be said anew.
#[derive(Clone, Debug)]
pub struct DescribeForm {
    pub action: String,
    pub title: String,
    pub window: Option<(String, String)>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::inform::status_pages::PublicPage;
    use crate::pages::{Section, Tone};

    impl NoticesPage {
        pub(crate) fn sample() -> Self {
            let line = |title: &str| NoticeLine {
                link: Link::new(title, "/notices/ntc_06f1k2m9qv7x3t01"),
                state: Badge::new(Tone::Critical, "Identified"),
                sort: "incident",
                touched: "Checkout, API".into(),
                window: None,
                changed: viewpoint().when(minutes_ago(12)),
                incident: Some(Link::new("Card payments: 14% fail", "/incidents/inc_06f1k2m9qv7x3t01")),
            };
            Self {
                shell: Shell::sample(Section::Notices, "/notices"),
                state: PageState::Shown { document: "/documents/status-page/default".into() },
                gaps: vec![GapLine {
                    about: "Search".into(),
                    says: "SEV1 since 03:12, the page says operational".into(),
                    link: Some(Link::new("Search is down", "/incidents/inc_06f1k2m9qv7x3t01")),
                    since: viewpoint().when(minutes_ago(31)),
                    took: "31 min".into(),
                    serious: true,
                }],
                open: vec![line("Card payments fail")],
                past: vec![NoticeLine {
                    state: Badge::new(Tone::Good, "Resolved"),
                    incident: None,
                    ..line("Slow pages")
                }],
                subscribers: 214,
                may_write: true,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { state: PageState::Missing, gaps: vec![], open: vec![], past: vec![], ..Self::sample() }
        }
    }

    impl NoticePage {
        pub(crate) fn sample() -> Self {
            let notice = PublicPage::sample().open.remove(0);
            Self {
                shell: Shell::sample(Section::Notices, "/notices/ntc_06f1k2m9qv7x3t01"),
                heading: "Card payments fail".into(),
                notice: Some(notice.clone()),
                preview: Some(notice),
                incident: Some(Link::new("Card payments: 14% fail", "/incidents/inc_06f1k2m9qv7x3t01")),
                form: PostForm {
                    action: "/notices/ntc_06f1k2m9qv7x3t01".into(),
                    states: vec![("", "No change", true), ("monitoring", "Monitoring", false)],
                    components: vec![("web".into(), "Checkout".into(), String::new(), "Partial outage")],
                    statuses: vec![("operational", "Operational"), ("degraded", "Degraded performance")],
                    zone: "Europe/Berlin".into(),
                    error: Some("Write what the public is to read.".into()),
                    ..PostForm::default()
                },
                corrections: vec![CorrectionForm {
                    action: "/notices/ntc_06f1k2m9qv7x3t01/posts/pst_06f1k2m9qv7x3t01".into(),
                    heading: "Identified, 22 Nov 2026, 02:02 UTC".into(),
                    text: "One in five payments fails.".into(),
                }],
                describe: Some(DescribeForm {
                    action: "/notices/ntc_06f1k2m9qv7x3t01/describe".into(),
                    title: "Card payments fail".into(),
                    window: None,
                }),
                may_write: true,
            }
        }

        pub(crate) fn sample_new() -> Self {
            let sample = Self::sample();
            Self {
                heading: "Plan a maintenance".into(),
                notice: None,
                preview: None,
                corrections: vec![],
                describe: None,
                form: PostForm { new: true, maintenance: true, error: None, ..sample.form.clone() },
                ..sample
            }
        }
    }
}
