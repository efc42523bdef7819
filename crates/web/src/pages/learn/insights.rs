//! Insights: how long things took in many incidents; and the lists behind each number.
//!
//! `GET /insights?from=&to=&class=&severity=&service=&team=&retrospective=`; `GET /insights/MEASURE`, `/insights/incidents` and
//! `/insights/promises` with the same, `which`, and of a measure `at_least` and `below` in seconds.

use askama::Template;

use super::strips::Strip;
use crate::pages::filters::{Choice, Tab};
use crate::pages::{Badge, Link, Severity, Shell, When};

/// The overview.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/insights.html")]
pub struct InsightsPage {
    pub shell: Shell,
    /// Where the tables are downloaded.
    pub csv: Vec<Link>,
    pub filter: FilterView,
    /// How many incidents there are of which sort: the number, what it counts, and where they are listed.
    pub cohorts: Vec<Figure>,
    pub measures: Vec<MeasureView>,
    pub promises: PromisesView,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub struct FilterView {
    /// `2026-09-01`, as it was typed.
    pub from: String,
    pub to: String,
    pub choices: Vec<Choice>,
    /// What was written down afterwards is measured, too.
    pub retrospective: bool,
    /// `31 Aug 2026 to 29 Nov 2026`.
    pub period: String,
    pub error: Option<String>,
}

/// A number that leads to what it counts.
#[derive(Clone, Debug)]
pub struct Figure {
    pub number: String,
    pub says: String,
    pub href: String,
}

/// A measure.
#[derive(Clone, Debug)]
pub struct MeasureView {
    /// `mitigate`.
    pub word: &'static str,
    pub title: &'static str,
    /// What it measures, in words.
    pub means: &'static str,
    /// `12 of 40 incidents`, and where they are listed.
    pub known: Figure,
    pub unknown: Option<Figure>,
    /// `2 before the impact`.
    pub before: Option<Figure>,
    pub quantiles: Vec<QuantileView>,
    /// Nothing, if it is known of none.
    pub strip: Option<Strip>,
    /// Why there are no quantiles.
    pub few: Option<String>,
    /// How it was for as long a time before.
    pub compared: String,
}

/// A quantile.
#[derive(Clone, Debug)]
pub struct QuantileView {
    /// `Half within`.
    pub says: &'static str,
    /// `27 min`, and the incident in which it took that.
    pub value: Link,
    /// `21 min to 35 min`.
    pub interval: String,
}

/// Promises of updates.
#[derive(Clone, Debug)]
pub struct PromisesView {
    pub kept: Figure,
    pub due: Figure,
    pub missed: Figure,
    /// `76% (55% to 91%)`, or why there is none.
    pub share: String,
}

/// What is behind a number.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/insight_list.html")]
pub struct InsightListPage {
    pub shell: Shell,
    pub title: String,
    /// What it measures, in words.
    pub means: String,
    /// What is looked at: `31 Aug 2026 to 29 Nov 2026 · system · SEV1`.
    pub about: String,
    /// `took 10 min to 20 min`.
    pub between: Option<String>,
    pub back: String,
    pub tabs: Vec<Tab>,
    /// Of incidents or of promises.
    pub columns: &'static [&'static str],
    pub rows: Vec<RowView>,
    /// Where the rest is listed.
    pub next: Option<String>,
    pub error: Option<String>,
}

/// An incident in a list.
#[derive(Clone, Debug)]
pub struct RowView {
    pub severity: Severity,
    pub link: Link,
    pub restricted: Option<String>,
    /// `system`, `public`.
    pub class: String,
    pub at: When,
    /// `27 min`.
    pub took: Option<String>,
    /// `23 min to 31 min`, if it is not known exactly.
    pub range: Option<String>,
    /// The two claims, or the two times of a promise.
    pub ends: Vec<EndView>,
    pub state: Option<Badge>,
}

/// One end of what was measured.
#[derive(Clone, Debug)]
pub struct EndView {
    /// `impact started`.
    pub what: String,
    pub when: Option<When>,
    /// `to the minute, by a person`.
    pub note: String,
}

#[cfg(test)]
pub(crate) mod samples {
    use domain::respond::stamps::Took;

    use super::super::strips::{Drawing, Mark, Value};
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    fn figure(number: &str, says: &str) -> Figure {
        Figure { number: number.into(), says: says.into(), href: "/insights/incidents?which=counted".into() }
    }

    fn strip(seconds: &[i64], vague: bool, quantiles: Vec<Mark>) -> Strip {
        let beside = if vague { 3600 } else { 60 };
        let value = |seconds: &i64| Value {
            took: Took { seconds: *seconds, least: seconds - beside, most: seconds + beside },
            title: "Card payments fail: 27 min".into(),
            href: "/incidents/inc_06f1k2m9qv7x3t01".into(),
        };
        Drawing {
            values: seconds.iter().map(value).collect(),
            quantiles,
            list: "/insights/mitigate?which=known".into(),
        }
        .draw()
    }

    fn measure(word: &'static str, title: &'static str, strip: Option<Strip>) -> MeasureView {
        MeasureView {
            word,
            title,
            means: "From the start of the impact until it was back under the threshold. A workaround counts.",
            known: figure("7", "of 40 incidents"),
            unknown: Some(figure("33", "not known")),
            before: None,
            quantiles: vec![],
            strip,
            few: Some("Fewer than 20: each value stands for itself, and there are no quantiles.".into()),
            compared: "In the 90 days before it was known of 4: too few to compare.".into(),
        }
    }

    impl InsightsPage {
        pub(crate) fn sample() -> Self {
            let mark = |label: &str, seconds, least, most| Mark {
                label: label.into(),
                seconds,
                least: Some(least),
                most,
                title: format!("{label} within 27 min"),
                href: "/incidents/inc_06f1k2m9qv7x3t01".into(),
            };
            let many: Vec<i64> = (1..400).map(|number| number * number * 7 % 20_000).collect();
            let some: Vec<i64> = (1..40).map(|number| number * number * 11).collect();
            let says = |says, value: &str, interval: &str| QuantileView {
                says,
                value: Link::new(value, "/incidents/inc_06f1k2m9qv7x3t01"),
                interval: interval.into(),
            };
            let marks = vec![
                mark("50%", 4400, 2200, Some(6800)),
                mark("75%", 9200, 7000, Some(13_000)),
                mark("90%", 14_000, 11_000, None),
            ];
            Self {
                shell: Shell::sample(Section::Insights, "/insights"),
                csv: vec![Link::new("Measures", "/api/v1/insights.csv"), Link::new("Incidents", "/api/v1/insights/incidents.csv")],
                filter: FilterView {
                    from: "2026-08-24".into(),
                    to: String::new(),
                    choices: vec![Choice { name: "class", title: "Class", any: "Any class", options: vec![] }],
                    retrospective: false,
                    period: "24 Aug 2026 to 22 Nov 2026".into(),
                    error: None,
                },
                cohorts: vec![figure("40", "measured"), figure("3", "near misses"), figure("5", "written down afterwards")],
                measures: vec![
                    MeasureView {
                        before: Some(figure("2", "before the impact")),
                        ..measure("detect", "Time to detect", Some(strip(&[-10_800, -600, 30, 240, 250, 260, 3600], false, vec![])))
                    },
                    measure("dwell", "Time undetected", Some(strip(&[86_400, 900_000, 94_000_000], true, vec![]))),
                    measure("contain", "Time to contain", None),
                    MeasureView {
                        quantiles: vec![
                            says("Half within", "1 h 13 min", "36 min to 1 h 53 min"),
                            says("Three quarters within", "2 h 33 min", "1 h 56 min to 3 h 36 min"),
                            says("Nine tenths within", "3 h 53 min", "3 h 3 min or more"),
                        ],
                        few: None,
                        compared: "The median took 12 min less than in the 90 days before (40 min less to 5 min more, n = 38): no detectable difference.".into(),
                        ..measure("mitigate", "Time to mitigate", Some(strip(&some, false, marks.clone())))
                    },
                    MeasureView { few: None, ..measure("resolve", "Time to resolve", Some(strip(&many, false, marks))) },
                ],
                promises: PromisesView {
                    kept: figure("19", "kept"),
                    due: figure("25", "promises that fell due"),
                    missed: figure("6", "missed"),
                    share: "76% were kept (55% to 91%).".into(),
                },
            }
        }

        pub(crate) fn sample_refused() -> Self {
            let mut page = Self::sample();
            page.filter.error = Some("\"soon\" is not a time.".into());
            page.measures.truncate(1);
            page
        }
    }

    impl InsightListPage {
        pub(crate) fn sample() -> Self {
            let end = |what: &str, minutes, note: &str| EndView {
                what: what.into(),
                when: Some(viewpoint().moment(minutes_ago(minutes))),
                note: note.into(),
            };
            let row = |title: &str, severity: &str| RowView {
                severity: Severity::of(severity),
                link: Link::new(title, "/incidents/inc_06f1k2m9qv7x3t01"),
                restricted: None,
                class: "system".into(),
                at: viewpoint().when(minutes_ago(4000)),
                took: Some("27 min".into()),
                range: None,
                ends: vec![
                    end("impact started", 4000, "to the minute, by a person"),
                    end("mitigated", 3973, "to the second, recorded"),
                ],
                state: None,
            };
            let tab = |title, count, current| Tab { title, href: "/insights/mitigate".into(), count, current };
            Self {
                shell: Shell::sample(Section::Insights, "/insights/mitigate"),
                title: "Time to mitigate".into(),
                means: "From the start of the impact until it was back under the threshold. A workaround counts."
                    .into(),
                about: "24 Aug 2026 to 22 Nov 2026".into(),
                between: Some("took 10 min to 1 h".into()),
                back: "/insights".into(),
                tabs: vec![tab("Known", Some(7), true), tab("Not known", Some(33), false)],
                columns: &["Incident", "Took", "From", "To"],
                rows: vec![
                    row("Card payments fail for a fifth of customers", "SEV1"),
                    RowView {
                        restricted: Some("quiet heron".into()),
                        class: "security".into(),
                        range: Some("13 min to 1 h 13 min".into()),
                        ..row("Token of a build server used from elsewhere", "SEV2")
                    },
                ],
                next: Some("/insights/mitigate?after=inc_06f1k2m9qv7x3t01".into()),
                error: None,
            }
        }

        pub(crate) fn sample_promises() -> Self {
            let mut page = Self::sample();
            page.title = "Promises of updates".into();
            page.between = None;
            page.columns = &["Incident", "Promised by", "Came"];
            for (place, row) in page.rows.iter_mut().enumerate() {
                (row.took, row.range) = (None, None);
                row.ends[1].when = row.ends[1].when.take().filter(|_| place == 0);
                row.state =
                    Some(if place == 0 { Badge::new(Tone::Good, "Kept") } else { Badge::new(Tone::Warning, "Missed") });
            }
            page
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], next: None, between: None, ..Self::sample() }
        }
    }
}
