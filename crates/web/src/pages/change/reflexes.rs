//! Automatic rollback: what a rule makes of the first suspect, in the room; and on the page of a service, how far it lets rules go,
//! with the record that this rests on.
//!
//! `POST /services/NAME` with `ramp` (`off`, `suggest`, `countdown`, `automatic`) and `why`; `POST /reflexes/ID` with `why` stops.

use crate::pages::{Badge, Link, PersonTag, When};

/// What a rule made of a change in an incident.
#[derive(Clone, Debug)]
pub struct ReflexView {
    pub id: String,
    pub title: String,
    pub change: String,
    /// Where it was; in its own room it need not be said.
    pub incident: Option<Link>,
    pub state: Badge,
    pub at: When,
    /// Why it was stopped, lapsed or left to people.
    pub said: Option<String>,
    pub by: Option<PersonTag>,
    /// When it is done, unless somebody stops it; and that by the clock.
    pub until: Option<(When, String)>,
    /// `people agreed`
    pub agreed: Badge,
    /// How that is known.
    pub because: String,
}

/// How far a service lets rules go.
#[derive(Clone, Debug)]
pub struct RampPanel {
    /// `/services/NAME`.
    pub href: String,
    /// All four, in order.
    pub steps: Vec<RampStep>,
    /// Who said so last, when, why.
    pub said: Option<(PersonTag, When, String)>,
    /// Of how many suggestions it is known, of how many that it takes; how many of a hundred people agreed with.
    pub suggested: u32,
    pub least_suggested: u32,
    pub agreed: u32,
    pub agreed_of_100: Option<u32>,
    pub least_agreed: u32,
    pub proven: bool,
    pub record: Vec<ReflexView>,
    pub may_set: bool,
    /// A move that was refused: where to, what was typed, why not.
    pub refused: Option<(String, String, String)>,
}

/// One step of the ramp.
#[derive(Clone, Debug)]
pub struct RampStep {
    pub word: &'static str,
    pub title: &'static str,
    pub means: String,
    pub is_now: bool,
    /// Why it cannot be set now.
    pub not_yet: Option<String>,
}

impl RampPanel {
    /// What is chosen in the form: what was refused, or the first that is possible.
    pub(crate) fn is_chosen(&self, step: &RampStep) -> bool {
        match &self.refused {
            Some((ramp, ..)) => ramp == step.word,
            None => false,
        }
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Tone;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl ReflexView {
        fn sample(state: Badge, agreed: Badge, because: &str, minutes: i64) -> Self {
            Self {
                id: format!("rfx_{minutes}"),
                title: "checkout 4.2.1 to live".into(),
                change: "/changes/cng_1".into(),
                incident: None,
                state,
                at: viewpoint().when(minutes_ago(minutes)),
                said: None,
                by: None,
                until: None,
                agreed,
                because: because.into(),
            }
        }

        pub(crate) fn sample_counting() -> Self {
            let open = Badge::new(Tone::Quiet, "open");
            let state = Badge::new(Tone::Critical, "counts down");
            Self {
                until: Some((viewpoint().when(minutes_ago(-2)), "14:05:10".into())),
                ..Self::sample(state, open, "Nobody has said yet.", 0)
            }
        }

        pub(crate) fn sample_suggested() -> Self {
            let open = Badge::new(Tone::Quiet, "open");
            let state = Badge::new(Tone::Info, "would take it back");
            let said = Some("A second person is asked, for the business stops without what it touches.".into());
            Self { said, ..Self::sample(state, open, "Nobody has said yet.", 1) }
        }

        fn in_record(self, title: &str, incident: &str) -> Self {
            Self { title: title.into(), incident: Some(Link::new(incident, "/incidents/inc_1")), ..self }
        }
    }

    impl RampPanel {
        pub(crate) fn sample() -> Self {
            let (yes, no) = (Badge::new(Tone::Good, "people agreed"), Badge::new(Tone::Warning, "people disagreed"));
            let would = || Badge::new(Tone::Info, "would take it back");
            let took = "A person took it back.";
            let first = ReflexView::sample(would(), yes.clone(), took, 200);
            let mut stopped =
                ReflexView::sample(Badge::new(Tone::Warning, "stopped"), no.clone(), "Somebody stopped it.", 3000);
            stopped.said = Some("It is the cache, not the deploy.".into());
            stopped.by = Some(PersonTag::new("ben", "Ben Okafor"));
            let found = ReflexView::sample(would(), no, "People found that another change was the trigger.", 9000);
            let lacks = "people agreed with 16 of 17 suggestions: it takes 20, and 95 of 100";
            let step = |word, title, means: &str, is_now, not_yet: Option<&str>| RampStep {
                word,
                title,
                means: means.into(),
                is_now,
                not_yet: not_yet.map(Into::into),
            };
            Self {
                href: "/services/payments".into(),
                steps: vec![
                    step(
                        "off",
                        "Off",
                        "No rule takes anything back, and nothing is kept of what it would have done.",
                        false,
                        None,
                    ),
                    step(
                        "suggest",
                        "Suggest",
                        "The room is told what the rule would take back; people decide, and the record keeps whether they agreed.",
                        true,
                        None,
                    ),
                    step(
                        "countdown",
                        "Countdown",
                        "The rule takes it back after two minutes, unless somebody stops it.",
                        false,
                        Some(lacks),
                    ),
                    step(
                        "automatic",
                        "Automatic",
                        "The rule takes it back at once.",
                        false,
                        Some("one step at a time"),
                    ),
                ],
                said: Some((
                    PersonTag::new("ana", "Ana Silva"),
                    viewpoint().when(minutes_ago(40_000)),
                    "We want to know how good it is.".into(),
                )),
                suggested: 17,
                least_suggested: 20,
                agreed: 16,
                agreed_of_100: Some(94),
                least_agreed: 95,
                proven: false,
                record: vec![
                    first.in_record("payments 7.3.0 to live", "Card payments are declined"),
                    stopped.in_record("payments 7.2.2 to live", "Checkout is slow"),
                    found.in_record("payments 7.2.0 to live", "Refunds fail"),
                ],
                may_set: true,
                refused: None,
            }
        }

        pub(crate) fn sample_off() -> Self {
            let mut off = Self::sample();
            for step in &mut off.steps {
                step.is_now = step.word == "off";
                step.not_yet =
                    (step.word == "countdown" || step.word == "automatic").then(|| "one step at a time".into());
            }
            Self { said: None, suggested: 0, agreed: 0, agreed_of_100: None, record: Vec::new(), ..off }
        }

        pub(crate) fn sample_refused() -> Self {
            let why = "People agreed with 16 of 17 suggestions: it takes 20, and 95 of 100.".into();
            Self { refused: Some(("countdown".into(), "we trust it".into(), why)), ..Self::sample() }
        }
    }
}
