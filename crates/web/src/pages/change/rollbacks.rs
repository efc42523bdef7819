//! Rollbacks: what one would do, before anybody says yes; and how a run stands.
//!
//! `GET /incidents/ID/rollback?suspect=…`; `POST` there with `suspect` and `why`; `/changes/ID/rollback` without an
//! incident, and without `suspect`; `POST /rollbacks/ID` with `act` (`confirm`,
//! `call-off`, `done`, `failed`) and `why`.

use askama::Template;

use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// What taking a suspect back would do.
#[derive(Clone, Debug, Template)]
#[template(path = "change/rollback.html")]
pub struct RollbackPage {
    pub shell: Shell,
    /// The room, or the page of the change. What is posted goes to `/rollback` under it.
    pub from: Link,
    pub restricted: Option<String>,
    pub suspect: String,
    pub title: String,
    /// `One call to argo: rollback checkout`.
    pub way: String,
    pub steps: Vec<String>,
    pub estimate: String,
    pub owner: String,
    /// What becomes of the data.
    pub data: String,
    pub verification: Vec<String>,
    /// With how many steps they are away.
    pub radius: Vec<(Link, u32)>,
    pub undone: Vec<Link>,
    /// What keeps it from running.
    pub blocked: Vec<String>,
    pub warnings: Vec<String>,
    pub second_person: Option<String>,
    /// One that goes on already.
    pub run: Option<RunView>,
    pub may_write: bool,
    /// In a drill nothing real is taken back, but it can be gone through: what is followed by that.
    pub walk: Option<Vec<String>>,
    /// What was typed and refused, and why not.
    pub why: String,
    pub error: Option<String>,
}

/// A run, as it stands.
#[derive(Clone, Debug)]
pub struct RunView {
    pub id: String,
    pub title: String,
    pub state: Badge,
    pub since: When,
    pub by: Option<PersonTag>,
    /// Why it failed; what the alerts say; what is waited for.
    pub said: Option<String>,
    pub link: Option<String>,
    /// What a person does next, if one is waited for.
    pub by_hand: Option<String>,
    /// A second person is asked to say yes, and the viewer may.
    pub asks_viewer: bool,
    /// It waits for a second person: it may be called off.
    pub waits: bool,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl RunView {
        fn sample(state: Badge) -> Self {
            Self {
                id: "rbk_1".into(),
                title: "checkout 4.2.1 to live".into(),
                state,
                since: viewpoint().when(minutes_ago(3)),
                by: Some(PersonTag::new("ana", "Ana Silva")),
                said: None,
                link: None,
                by_hand: None,
                asks_viewer: false,
                waits: false,
            }
        }

        pub(crate) fn sample_running() -> Self {
            let link = Some("https://ci.example.org/runs/7".into());
            Self { link, ..Self::sample(Badge::new(Tone::Info, "is being taken back")) }
        }

        pub(crate) fn sample_asked() -> Self {
            let said = Some("the business stops without what it touches".into());
            Self {
                said,
                waits: true,
                asks_viewer: true,
                ..Self::sample(Badge::new(Tone::Warning, "waits for a second person"))
            }
        }

        pub(crate) fn sample_over() -> Self {
            let said = Some("3 alerts that fired cleared".into());
            Self { said, ..Self::sample(Badge::new(Tone::Good, "resolved")) }
        }

        pub(crate) fn sample_failed() -> Self {
            let said = Some("argo does not let us: it answered 403 Forbidden".into());
            Self { said, ..Self::sample(Badge::new(Tone::Critical, "failed")) }
        }
    }

    impl RollbackPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_1/rollback"),
                from: Link::new("Card payments are declined", "/incidents/inc_1"),
                restricted: None,
                suspect: "cng_1".into(),
                title: "checkout 4.2.1 to live".into(),
                way: "One call to argo: rollback checkout".into(),
                steps: Vec::new(),
                estimate: "5m".into(),
                owner: "payments".into(),
                data: "The old program reads what the new one wrote.".into(),
                verification: vec!["the alert CheckoutErrors clears".into()],
                radius: vec![
                    (Link::new("Card payments", "/services/card-payments"), 0),
                    (Link::new("Shop", "/services/shop"), 1),
                ],
                undone: vec![Link::new("checkout 4.2.2 to live", "/changes/cng_2")],
                blocked: Vec::new(),
                warnings: vec!["it was never rehearsed".into()],
                second_person: None,
                run: None,
                walk: None,
                may_write: true,
                why: String::new(),
                error: None,
            }
        }

        pub(crate) fn sample_blocked() -> Self {
            Self {
                blocked: vec!["argo does not let us: it answered 403 Forbidden".into()],
                second_person: Some("the business stops without what it touches".into()),
                ..Self::sample()
            }
        }
    }
}
