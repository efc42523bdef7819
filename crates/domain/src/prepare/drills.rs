//! Drills: what is only practised, and how everybody can tell.
//!
//! A drill runs through the same rules as what is real, so that it proves something. It is marked wherever it is named, it
//! is never said in public, and nothing of it stands for something real: its alerts are not grouped with others and mute
//! none.

use std::borrow::Cow;

/// The word that nobody overlooks.
pub const MARK: &str = "DRILL";
/// The label of an alert that is part of a drill: `drill="true"`.
pub const LABEL: &str = "drill";
/// What the label says then.
pub const YES: &str = "true";
/// The label that names the incident of the drill.
pub const INCIDENT_LABEL: &str = "drill_incident";

/// Whether what has these labels is part of a drill.
pub fn labelled<'l>(label: impl Fn(&str) -> Option<&'l str>) -> bool {
    label(LABEL) == Some(YES)
}

/// What something is called: with the mark in front, if it is part of a drill and does not say so yet.
pub fn marked(drill: bool, name: &str) -> Cow<'_, str> {
    if drill && !name.starts_with(MARK) { Cow::Owned(format!("{MARK}: {name}")) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_drill_is_marked_and_only_once() {
        assert_eq!(marked(false, "Disk full"), "Disk full");
        assert_eq!(marked(true, "Disk full"), "DRILL: Disk full");
        assert_eq!(marked(true, &marked(true, "Disk full")), "DRILL: Disk full");
        for (value, is) in [(Some("true"), true), (Some("True"), false), (Some(""), false), (None, false)] {
            assert_eq!(labelled(|name| value.filter(|_| name == "drill")), is, "{value:?}");
        }
    }
}
