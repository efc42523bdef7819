//! Checklists: what is easily forgotten while something burns, by class and by what goes on, as documents.
//!
//! A list commands nobody: whoever did an item ticks it, whoever finds that it has no place here says why, and both can
//! be taken back. What was ticked stays with the incident, whatever becomes of the document.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::incidents::{Activity, Class, Incident};
use crate::words::{Name, Refusal, Timestamp};

/// The spec of a `checklist` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// What people call it: `Contain a breach`.
    pub title: String,
    /// Incidents of these classes: `security`, `system`, `operational`; all, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub classes: Vec<Class>,
    /// While one of these goes on: `analysis`, `containment`, `eradication`, `recovery`, `monitoring`; always, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub activities: Vec<Activity>,
    /// In the order in which they are mostly done.
    pub items: Vec<Item>,
}

/// One thing to do, or to make sure of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// It stays when the words change: `image-first`.
    pub name: Name,
    /// What to do, in a sentence.
    pub says: String,
    /// What goes wrong without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The role whose duty it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
}

impl Checklist {
    /// Whether it is about an incident as it stands now.
    pub fn fits(&self, incident: &Incident) -> bool {
        let goes_on = |activity: &Activity| incident.activities.contains_key(activity);
        (self.classes.is_empty() || self.classes.contains(&incident.class))
            && (self.activities.is_empty() || self.activities.iter().any(goes_on))
    }

    /// What is wrong in it on its own; each refusal has a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut refuse = |pointer: String, message: String| found.push(Refusal::invalid(message).at(pointer));
        if self.items.is_empty() {
            refuse("/items".into(), "a checklist has at least one item".into());
        }
        let mut seen = BTreeSet::new();
        for (place, item) in self.items.iter().enumerate() {
            if item.says.trim().is_empty() {
                refuse(format!("/items/{place}/says"), "`says` is empty: write what to do".into());
            }
            if !seen.insert(&item.name) {
                refuse(format!("/items/{place}/name"), format!("there is another item {:?} already", item.name));
            }
        }
        found
    }
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was ticked, and that was taken back.
    Open,
    Done {
        note: Option<String>,
    },
    /// It has no place in this incident.
    NotApplicable {
        why: String,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done { .. } => "done",
            Self::NotApplicable { .. } => "not-applicable",
        }
    }

    /// The note, or the reason.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Done { note } => note.as_deref(),
            Self::NotApplicable { why } => Some(why),
        }
    }
}

/// What somebody said last of an item of a checklist in an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    pub checklist: Name,
    pub item: Name,
    pub state: State,
    /// `person:ana`.
    pub by: String,
    pub at: Timestamp,
}

/// Refuses what would change nothing.
pub fn tick(before: Option<&State>, wanted: &State) -> Result<(), Refusal> {
    let same = match (before.unwrap_or(&State::Open), wanted) {
        (State::Open, State::Open) | (State::Done { .. }, State::Done { .. }) => true,
        (before, wanted) => before == wanted,
    };
    if same {
        return Err(Refusal::conflict(format!("it is {} already", wanted.word().replace('-', " "))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> Item {
        Item { name: name.parse().unwrap(), says: "Do it".into(), why: None, role: None }
    }

    #[test]
    fn a_list_is_shown_by_class_and_by_what_goes_on() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let list = |classes: &[Class], activities: &[Activity]| Checklist {
            title: "List".into(),
            classes: classes.to_vec(),
            activities: activities.to_vec(),
            items: vec![item("a")],
        };
        let mut breach = Incident::reported(Class::Security, now);
        breach.activities.insert(Activity::Containment, now);
        assert!(list(&[], &[]).fits(&breach) && list(&[Class::Security], &[]).fits(&breach));
        assert!(list(&[Class::Security], &[Activity::Recovery, Activity::Containment]).fits(&breach));
        assert!(!list(&[Class::System], &[]).fits(&breach) && !list(&[], &[Activity::Recovery]).fits(&breach));
    }

    #[test]
    fn items_have_names_of_their_own_and_say_something() {
        let list = |items| Checklist { title: "List".into(), classes: vec![], activities: vec![], items };
        let said = |items| list(items).check().into_iter().map(|one| one.at.unwrap()).collect::<Vec<_>>();
        assert_eq!(said(vec![item("a"), item("b")]), [""; 0]);
        assert_eq!(said(vec![]), ["/items"]);
        assert_eq!(said(vec![item("a"), Item { says: " ".into(), ..item("a") }]), ["/items/1/says", "/items/1/name"]);
    }

    #[test]
    fn an_item_is_ticked_once_and_can_be_taken_back() {
        let done = State::Done { note: None };
        let none = State::NotApplicable { why: "no host".into() };
        assert!(
            tick(None, &done).is_ok() && tick(Some(&done), &State::Open).is_ok() && tick(Some(&done), &none).is_ok()
        );
        assert!(tick(None, &State::Open).is_err() && tick(Some(&State::Open), &State::Open).is_err());
        let again = tick(Some(&done), &State::Done { note: Some("again".into()) });
        assert_eq!(again.unwrap_err().message, "it is done already");
    }
}
