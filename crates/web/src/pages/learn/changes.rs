//! Insights about changes, and the changes behind each number.
//!
//! `GET /insights/changes?from=&to=&service=`; with `which` (`done`, `failed`, `recovered`, `lead`, `written`, `emergency`,
//! `exempted`) the list of those.

use askama::Template;

use super::axes::Axis;
use super::insights::{Figure, QuantileView};
use super::strips::Strip;
use crate::pages::filters::{Choice, Tab};
use crate::pages::{Badge, Link, Shell, When};

/// The overview.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/changes.html")]
pub struct ChangeInsightsPage {
    pub shell: Shell,
    /// `2026-09-01`, as it was typed.
    pub from: String,
    pub to: String,
    pub services: Choice,
    /// `31 Aug 2026 to 29 Nov 2026`.
    pub period: String,
    pub error: Option<String>,
    pub shares: Vec<ShareView>,
    pub lengths: Vec<LengthsView>,
    pub axis: Axis,
    pub weeks: Vec<WeekView>,
    pub readiness: Vec<ReadyView>,
    /// Where all that is counted is downloaded.
    pub csv: String,
}

/// How many of how many.
#[derive(Clone, Debug)]
pub struct ShareView {
    pub title: &'static str,
    pub means: &'static str,
    pub hits: Figure,
    pub of: Figure,
    /// `20% (6% to 44% in the long run)`, or why there is none.
    pub says: String,
}

/// Lengths of time.
#[derive(Clone, Debug)]
pub struct LengthsView {
    pub word: &'static str,
    pub title: &'static str,
    pub means: &'static str,
    pub known: Figure,
    pub unknown: usize,
    pub quantiles: Vec<QuantileView>,
    pub strip: Option<Strip>,
    pub few: Option<String>,
}

/// One week.
#[derive(Clone, Debug)]
pub struct WeekView {
    /// `23 Nov`.
    pub from: String,
    pub changes: Figure,
    pub failed: Figure,
    pub incidents: Figure,
}

/// Whether the last change of a service could be taken back now.
#[derive(Clone, Debug)]
pub struct ReadyView {
    pub service: Link,
    pub change: Link,
    pub state: Badge,
    /// `automatic`, or that there is no plan.
    pub way: String,
    pub rehearsed: Option<When>,
}

/// What is behind a number.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/changes_list.html")]
pub struct ChangeListPage {
    pub shell: Shell,
    pub title: &'static str,
    pub period: String,
    pub back: String,
    pub tabs: Vec<Tab>,
    pub rows: Vec<CaseView>,
}

/// One change in it.
#[derive(Clone, Debug)]
pub struct CaseView {
    pub link: Link,
    /// `deploy`, `emergency`.
    pub said: String,
    pub at: When,
    pub state: Badge,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::learn::axes::{self, Happening};
    use crate::pages::{Section, Tone};

    fn figure(number: &str, says: &str) -> Figure {
        Figure { number: number.into(), says: says.into(), href: "/insights/changes?which=failed".into() }
    }

    impl ChangeInsightsPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Insights, "/insights/changes"),
                from: String::new(),
                to: String::new(),
                services: Choice { name: "service", title: "Service", any: "Any service", options: vec![] },
                period: "31 Aug 2026 to 29 Nov 2026".into(),
                error: None,
                shares: vec![ShareView {
                    title: "Failed",
                    means: "Failed, taken back, or found to be the trigger of an incident; of those that are over.",
                    hits: figure("4", "failed"),
                    of: figure("41", "are over"),
                    says: "10% (in the long run 3% to 23%).".into(),
                }],
                lengths: vec![LengthsView {
                    word: "recovery",
                    title: "Until it was well again",
                    means: "From the beginning of a change that failed until it was taken back, or the next one mended it.",
                    known: figure("4", "known"),
                    unknown: 1,
                    quantiles: vec![],
                    strip: None,
                    few: Some("Fewer than 20: each value stands for itself, and there are no quantiles.".into()),
                }],
                axis: {
                    let happened = |from: i64, minutes: Option<i64>, bad| Happening {
                        from: minutes_ago(from),
                        to: minutes.map(|minutes| minutes_ago(from - minutes)),
                        bad,
                        title: "12 Nov 03:10: Checkout 4.2".into(),
                        href: "/changes/cng_06f1k2m9qv7x3t01".into(),
                    };
                    let changes: Vec<_> = (0..41).map(|n| happened(n * n * 70 + 900, None, n % 11 == 3)).collect();
                    let incidents = [
                        happened(90_000, Some(400), false),
                        happened(14_000, Some(9000), true),
                        happened(9000, None, false),
                    ];
                    let ticks =
                        [(minutes_ago(86_400), "30 Sep".to_owned()), (minutes_ago(43_200), "30 Oct".to_owned())];
                    axes::draw(&changes, &incidents, &ticks, minutes_ago(129_600), minutes_ago(0))
                },
                weeks: vec![WeekView {
                    from: "16 Nov".into(),
                    changes: figure("12", ""),
                    failed: figure("2", ""),
                    incidents: figure("1", ""),
                }],
                readiness: vec![ReadyView {
                    service: Link::new("Card payments", "/services/payments"),
                    change: Link::new("Checkout 4.2", "/changes/cng_06f1k2m9qv7x3t01"),
                    state: Badge::new(Tone::Good, "could"),
                    way: "automatic".into(),
                    rehearsed: Some(viewpoint().when(minutes_ago(50_000))),
                }],
                csv: "/api/v1/insights/changes.csv".into(),
            }
        }
    }

    impl ChangeListPage {
        pub(crate) fn sample() -> Self {
            let tab =
                |title, count, current| Tab { title, href: "/insights/changes?which=done".into(), count, current };
            Self {
                shell: Shell::sample(Section::Insights, "/insights/changes?which=failed"),
                title: "Changes that failed",
                period: "31 Aug 2026 to 29 Nov 2026".into(),
                back: "/insights/changes".into(),
                tabs: vec![tab("Over", Some(41), false), tab("Failed", Some(4), true)],
                rows: vec![CaseView {
                    link: Link::new("Checkout 4.2", "/changes/cng_06f1k2m9qv7x3t01"),
                    said: "deploy".into(),
                    at: viewpoint().when(minutes_ago(9000)),
                    state: Badge::new(Tone::Critical, "Failed"),
                }],
            }
        }
    }
}
