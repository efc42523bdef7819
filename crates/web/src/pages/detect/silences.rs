//! Silences: what pages nobody for a while, and why.
//!
//! `GET /silences?tab=active|coming|ended`; `GET /silences/new?alert=ID`; `POST /silences` with `matchers` (one a
//! line), `for` (a span) or `to` (local), `reason`, and `act=preview` to see what it would match; `POST
//! /silences/ID/end`.

use askama::Template;

use crate::pages::detect::alert::Fellow;
use crate::pages::filters::Tab;
use crate::pages::{Badge, PersonTag, Shell, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/silences.html")]
pub struct SilencesPage {
    pub shell: Shell,
    pub tabs: Vec<Tab>,
    pub rows: Vec<SilenceRow>,
}

/// One silence.
#[derive(Clone, Debug)]
pub struct SilenceRow {
    pub id: String,
    /// `alertname="DiskFull"`.
    pub matchers: Vec<String>,
    pub state: Badge,
    pub from: When,
    pub to: When,
    pub reason: String,
    pub by: PersonTag,
    /// How many alerts it mutes now, and where they are listed.
    pub mutes: u64,
    pub mutes_href: String,
    /// It may be ended by this viewer.
    pub may_end: bool,
}

/// The form for a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/silence_new.html")]
pub struct NewSilencePage {
    pub shell: Shell,
    /// One a line.
    pub matchers: String,
    /// The chosen span: `1h`.
    pub span: String,
    /// Or an end, local.
    pub to: String,
    pub reason: String,
    pub viewer_zone: String,
    pub error: Option<String>,
    /// What it would mute now, once asked.
    pub preview: Option<Preview>,
}

impl NewSilencePage {
    /// Room for all matchers and one more.
    pub fn lines(&self) -> usize {
        self.matchers.lines().count().clamp(3, 15) + 1
    }
}

/// What a silence would mute now.
#[derive(Clone, Debug)]
pub struct Preview {
    /// `2 of 7 open alerts`, `Every open alert!`.
    pub said: String,
    pub alerts: Vec<Fellow>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Link, Section, Severity, State, Tone};

    impl SilencesPage {
        pub(crate) fn sample() -> Self {
            let tab = |title, count, current| Tab { title, href: "/silences".into(), count: Some(count), current };
            Self {
                shell: Shell::sample(Section::Silences, "/silences"),
                tabs: vec![tab("Active", 1, true), tab("Coming", 1, false), tab("Ended", 12, false)],
                rows: vec![
                    SilenceRow {
                        id: "sil_06f1k2m9qv7x3t01".into(),
                        matchers: vec!["alertname=~\"Disk.*\"".into(), "instance=\"build-2\"".into()],
                        state: Badge::new(Tone::Info, "Active"),
                        from: viewpoint().when(minutes_ago(50)),
                        to: viewpoint().when(minutes_ago(-190)),
                        reason: "New disk is on its way".into(),
                        by: PersonTag::new("ben", "Ben Okafor"),
                        mutes: 2,
                        mutes_href: "/alerts?tab=silenced&silence=sil_06f1k2m9qv7x3t01".into(),
                        may_end: true,
                    },
                    SilenceRow {
                        id: "sil_06f1k2m9qv7x3t02".into(),
                        matchers: vec!["service=\"search\"".into()],
                        state: Badge::new(Tone::Quiet, "Coming"),
                        from: viewpoint().when(minutes_ago(-600)),
                        to: viewpoint().when(minutes_ago(-720)),
                        reason: "Reindex on Sunday".into(),
                        by: PersonTag::new("chidi", "Chidi Anyanwu"),
                        mutes: 0,
                        mutes_href: "/alerts".into(),
                        may_end: true,
                    },
                ],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    impl NewSilencePage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Silences, "/silences/new"),
                matchers: "alertname=\"PaymentsErrorRate\"\nservice=\"payments\"\nregion=\"eu-central\"".into(),
                span: "1h".into(),
                to: String::new(),
                reason: String::new(),
                viewer_zone: "Europe/Berlin".into(),
                error: None,
                preview: Some(Preview {
                    said: "2 of 7 open alerts".into(),
                    alerts: vec![Fellow {
                        link: Link::new("Card payments: 14% of requests fail", "/alerts/alr_06f1k2m9qv7x3t01"),
                        severity: Severity::of("critical"),
                        state: State::Firing,
                    }],
                }),
            }
        }
    }
}
