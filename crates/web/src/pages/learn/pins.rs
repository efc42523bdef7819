//! Pins: all of them, one with what its replay says, and the panel of a room.
//!
//! `GET /pins?retired=yes`; `GET /pins/ID`; `POST /pins/ID` with `act` (`edit`, `retire`) and what that needs; `POST /incidents/ID/pins`
//! with `whom`, `within` and `why`.

use askama::Template;

use crate::pages::detect::alert::Happened;
use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/pins.html")]
pub struct PinsPage {
    pub shell: Shell,
    pub rows: Vec<PinLine>,
    /// Those that are retired are listed, too.
    pub retired: bool,
    /// How many fail.
    pub failing: usize,
}

/// A pin in a list.
#[derive(Clone, Debug)]
pub struct PinLine {
    pub link: Link,
    pub incident: Link,
    pub state: Badge,
    /// `It must reach whoever is on call for payments-primary within 5m.`
    pub expects: String,
    pub said: String,
    pub overridden: i64,
}

/// One pin.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/pin.html")]
pub struct PinPage {
    pub shell: Shell,
    pub id: String,
    pub title: String,
    pub incident: Link,
    pub state: Badge,
    pub expects: String,
    pub said: String,
    pub story: Vec<String>,
    pub pinned_by: PersonTag,
    pub pinned_at: When,
    pub signals: u32,
    pub overridden: i64,
    /// It holds nothing any more: since when, and why.
    pub retired: Option<(When, String)>,
    pub history: Vec<Happened>,
    /// The viewer may say it anew and retire it.
    pub may: bool,
    pub form: PinForm,
}

/// The fields of the form, as they were typed or as they stand.
#[derive(Clone, Debug, Default)]
pub struct PinForm {
    pub whom: String,
    pub within: String,
    pub why: String,
    /// What may be named: word, title.
    pub choices: Vec<(String, String)>,
    /// Why it was refused.
    pub error: Option<String>,
}

/// The panel of a room.
#[derive(Clone, Debug, Default)]
pub struct PinPanel {
    pub pin: Option<PinLine>,
    /// The form that pins it, for whoever may, where it can be.
    pub form: Option<PinForm>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    fn line(title: &str, tone: Tone, word: &str, said: &str) -> PinLine {
        PinLine {
            link: Link::new(title, "/pins/pin_06f1k2m9qv7x3t01"),
            incident: Link::new(title, "/incidents/inc_06f1k2m9qv7x3t01"),
            state: Badge::new(tone, word),
            expects: "Its signals must reach whoever is on call for payments-primary within 5m.".into(),
            said: said.into(),
            overridden: i64::from(tone == Tone::Critical),
        }
    }

    impl PinsPage {
        pub(crate) fn sample() -> Self {
            let rows = vec![
                line("Card payments fail", Tone::Good, "holds", "Ben is called after 2m."),
                line("Nightly jobs stand still", Tone::Critical, "fails", "Nobody is called."),
                line(
                    "Disk full on the ledger",
                    Tone::Warning,
                    "out of date",
                    "Ana left; Ben is called after 1m instead: say anew whom it must reach.",
                ),
            ];
            Self { shell: Shell::sample(Section::Incidents, "/pins"), rows, retired: false, failing: 1 }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], failing: 0, ..Self::sample() }
        }
    }

    impl PinForm {
        pub(crate) fn sample() -> Self {
            Self {
                whom: "schedule/payments-primary".into(),
                within: "5m".into(),
                why: String::new(),
                choices: vec![
                    ("anybody".into(), "Anybody".into()),
                    ("schedule/payments-primary".into(), "On call: Payments, primary".into()),
                ],
                error: None,
            }
        }
    }

    impl PinPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Incidents, "/pins/pin_06f1k2m9qv7x3t01"),
                id: "pin_06f1k2m9qv7x3t01".into(),
                title: "Nightly jobs stand still".into(),
                incident: Link::new("Nightly jobs stand still", "/incidents/inc_06f1k2m9qv7x3t01"),
                state: Badge::new(Tone::Critical, "fails"),
                expects: "Its signals must reach whoever is on call for payments-primary within 5m.".into(),
                said: "Carla is called after 0s instead.".into(),
                story: vec![
                    "+0s carla by email: 5xx high (api) (named in step 1)".into(),
                    "+20m ben by ntfy: 5xx high (api) (on call for payments-primary: weeks, turn 44)".into(),
                ],
                pinned_by: PersonTag::new("ana", "Ana Silva"),
                pinned_at: viewpoint().when(minutes_ago(3 * 24 * 60)),
                signals: 12,
                overridden: 1,
                retired: None,
                history: vec![],
                may: true,
                form: PinForm::sample(),
            }
        }
    }
}
