//! Codenames: what a restricted incident is called wherever others might read it, on a lock screen or in a chat.
//!
//! Two calm words that say nothing of what happened.

use crate::words::{Id as _, IncidentId, Refusal, Result};

const FIRST: [&str; 32] = [
    "amber", "autumn", "blue", "bright", "calm", "cedar", "clear", "cobalt", "copper", "coral", "crystal", "distant",
    "early", "gentle", "golden", "green", "hidden", "indigo", "ivory", "lunar", "marble", "misty", "northern", "olive",
    "quiet", "scarlet", "silver", "slow", "southern", "velvet", "violet", "winter",
];
const SECOND: [&str; 32] = [
    "badger", "beacon", "birch", "bridge", "canyon", "comet", "crane", "delta", "falcon", "fern", "garden", "harbour",
    "heron", "island", "juniper", "lantern", "lark", "meadow", "mountain", "otter", "pebble", "pine", "prairie",
    "raven", "river", "robin", "sparrow", "summit", "thistle", "valley", "willow", "wren",
];

/// The codename of an incident, unless somebody gives it another: by the chance in its id.
pub fn of(id: IncidentId) -> String {
    let place = |shift: u32| usize::try_from((id.bits() >> shift) & 31).unwrap_or(0);
    format!("{} {}", FIRST[place(0)], SECOND[place(5)])
}

/// A codename that somebody chose: 3 to 40 letters, digits and spaces.
pub fn checked(text: &str) -> Result<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        (3..=40).contains(&text.chars().count()) && text.chars().all(|c| c.is_alphanumeric() || " -".contains(c));
    if fits {
        Ok(text)
    } else {
        Err(Refusal::invalid("a codename has 3 to 40 letters, digits and spaces").at("/codename"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, Timestamp};

    #[test]
    fn names_differ_and_say_nothing() {
        let mut mint = Mint::seeded(1);
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let names: std::collections::BTreeSet<String> = (0..50).map(|_| of(mint.id(now))).collect();
        assert!(names.len() > 40, "{names:?}");
        assert!(names.iter().all(|name| checked(name).as_ref() == Ok(name)));
    }

    #[test]
    fn a_chosen_name_is_short_and_plain() {
        assert_eq!(checked("  Quiet   heron "), Ok("Quiet heron".into()));
        for wrong in ["", "ab", "<b>bold</b>", &"x".repeat(41)] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}
