//! Checklists in the room: what is easily forgotten now, and who did it.
//!
//! `POST /incidents/ID/checklists` with `act` (`tick`, `not-applicable`, `untick`), `checklist`, `item`, `said`.

use crate::pages::{PersonTag, When};

/// A checklist in the room.
#[derive(Clone, Debug)]
pub struct ChecklistView {
    pub name: String,
    pub title: String,
    /// The first that is about what goes on now and is not through: one is enough to look at.
    pub unfolded: bool,
    /// `2 of 7`.
    pub tally: String,
    pub items: Vec<ItemView>,
}

/// One item.
#[derive(Clone, Debug)]
pub struct ItemView {
    pub name: String,
    pub says: String,
    pub why: Option<String>,
    /// The role whose duty it is.
    pub role: Option<String>,
    pub is_done: bool,
    pub is_not_applicable: bool,
    /// The note, or the reason.
    pub said: Option<String>,
    pub by: Option<PersonTag>,
    pub when: Option<When>,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl ChecklistView {
        pub(crate) fn sample() -> Self {
            let item = |name: &str, says: &str| ItemView {
                name: name.into(),
                says: says.into(),
                why: None,
                role: None,
                is_done: false,
                is_not_applicable: false,
                said: None,
                by: None,
                when: None,
            };
            let ana = || Some(PersonTag::new("ana", "Ana Silva"));
            let at = |ago| Some(viewpoint().when(minutes_ago(ago)));
            Self {
                name: "contain-a-breach".into(),
                title: "Contain a breach".into(),
                unfolded: true,
                tally: "2 of 3".into(),
                items: vec![
                    ItemView {
                        is_done: true,
                        said: Some("pay-1 and pay-3".into()),
                        by: ana(),
                        when: at(9),
                        ..item("image-first", "Take an image before anything is changed.")
                    },
                    ItemView {
                        is_not_applicable: true,
                        said: Some("no host is touched".into()),
                        by: ana(),
                        when: at(5),
                        ..item("isolate", "Cut the hosts off from the network, but leave them running.")
                    },
                    ItemView {
                        why: Some("Whoever is inside reads along".into()),
                        role: Some("Security lead".into()),
                        ..item("out-of-band", "Talk on a channel that does not depend on what may be compromised.")
                    },
                ],
            }
        }
    }
}
