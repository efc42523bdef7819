//! What people are told meanwhile, as the room shows it: when the next update is due, what waits for a second person, what
//! was said, and the form for the next one.

use std::collections::BTreeMap;

use crate::pages::inform::notices::GapLine;
use crate::pages::{Badge, Link, PersonTag, When};

/// The panel.
#[derive(Clone, Debug)]
pub struct UpdatesView {
    pub promises: Vec<PromiseView>,
    /// The notice on the status page that tells of it, and its state there.
    pub public: Option<(Badge, Link)>,
    /// Where the status page says something else than what goes on.
    pub gaps: Vec<GapLine>,
    /// Who owes the next one.
    pub owes: Option<PersonTag>,
    /// `3 of 4 came in time`.
    pub kept: Option<String>,
    /// What waits for a second person.
    pub drafts: Vec<UpdateView>,
    /// What was said, the latest first; the first few, and all before.
    pub said: Vec<UpdateView>,
    pub said_before: Vec<UpdateView>,
    /// What is said in public waits for a second person.
    pub second_person: bool,
    /// An update is late: the next one says why.
    pub is_late: bool,
    pub form: UpdateForm,
}

/// An update that is due.
#[derive(Clone, Debug)]
pub struct PromiseView {
    /// `internal`, `public`.
    pub audience: &'static str,
    pub by: When,
    pub missed: bool,
}

/// One update.
#[derive(Clone, Debug)]
pub struct UpdateView {
    pub id: String,
    /// `internal`, `public: monitoring`, `withdrawn`.
    pub state: Badge,
    pub text: String,
    pub at: When,
    pub who: Option<PersonTag>,
    /// Who approved it.
    pub approved: Option<PersonTag>,
    pub late_because: Option<String>,
    /// The viewer may approve it.
    pub may_approve: bool,
}

/// What stands in the form: what was typed and refused, or comes from a template.
#[derive(Clone, Debug, Default)]
pub struct UpdateForm {
    pub public: bool,
    pub stage: String,
    /// The status page has no notice of it yet: the first public update says what that is called.
    pub needs_title: bool,
    pub title: String,
    pub text: String,
    /// Name, title, what was chosen, and how it is now.
    pub components: Vec<(String, String, String, &'static str)>,
    pub statuses: Vec<(&'static str, &'static str)>,
    /// What was chosen of components, by their names.
    pub chosen: BTreeMap<String, String>,
    pub next: String,
    pub late_because: String,
    pub error: Option<String>,
    /// Where the form comes filled in: title, address.
    pub templates: Vec<(String, String)>,
}

impl UpdateForm {
    /// Whether it is shown open: somebody writes in it.
    pub const fn is_open(&self) -> bool {
        self.error.is_some() || !self.text.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::Tone;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl UpdatesView {
        pub(crate) fn sample() -> Self {
            let at = |ago| viewpoint().when(minutes_ago(ago));
            let update = |number: u32, state: Badge, text: &str, ago| UpdateView {
                id: format!("upd_06f1k2m9qv7x3t{number:02}"),
                state,
                text: text.into(),
                at: at(ago),
                who: Some(PersonTag::new("ben", "Ben Okafor")),
                approved: None,
                late_because: None,
                may_approve: false,
            };
            let public = "Some card payments are refused since 01:31 UTC. Trying again after a minute often helps. We have taken two servers out of use.";
            Self {
                promises: vec![
                    PromiseView { audience: "internal", by: at(3), missed: true },
                    PromiseView { audience: "public", by: at(-12), missed: false },
                ],
                public: Some((
                    Badge::new(Tone::Info, "Investigating"),
                    Link::new("Some card payments fail", "/notices/ntc_06f1k2m9qv7x3t01"),
                )),
                gaps: vec![GapLine {
                    about: "Checkout".into(),
                    says: "SEV1 since 02:05, and the page says operational".into(),
                    link: None,
                    since: at(31),
                    took: "31 min".into(),
                    serious: true,
                }],
                owes: Some(PersonTag::new("ben", "Ben Okafor")),
                kept: Some("1 of 2 came in time".into()),
                drafts: vec![UpdateView {
                    may_approve: true,
                    ..update(3, Badge::new(Tone::Warning, "public: identified"), public, 2)
                }],
                said: vec![UpdateView {
                    approved: Some(PersonTag::new("ana", "Ana Silva")),
                    late_because: Some("Everybody was on the database".into()),
                    ..update(
                        2,
                        Badge::new(Tone::Info, "public: investigating"),
                        "We look into failing card payments.",
                        18,
                    )
                }],
                said_before: vec![update(1, Badge::new(Tone::Quiet, "internal"), "SEV1, Ana commands.", 30)],
                second_person: true,
                is_late: true,
                form: UpdateForm {
                    templates: vec![(
                        "First public word".into(),
                        "/incidents/inc_06f1k2m9qv7x3t01?template=first".into(),
                    )],
                    ..UpdateForm::default()
                },
            }
        }

        pub(crate) fn sample_refused() -> Self {
            Self {
                public: None,
                gaps: vec![],
                promises: vec![],
                owes: None,
                kept: None,
                drafts: vec![],
                said: vec![],
                said_before: vec![],
                is_late: false,
                form: UpdateForm {
                    public: true,
                    stage: "monitoring".into(),
                    needs_title: true,
                    text: "It is better".into(),
                    components: vec![("checkout".into(), "Checkout".into(), "degraded".into(), "Operational")],
                    statuses: vec![("operational", "Operational"), ("degraded", "Degraded performance")],
                    next: "30m".into(),
                    error: Some("It has letters that cannot be shown.".into()),
                    ..UpdateForm::default()
                },
                ..Self::sample()
            }
        }
    }
}
