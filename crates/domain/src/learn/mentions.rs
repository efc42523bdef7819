//! Mentions: people and things that a text names as they are called here, `@ana` and `alr_06f1k2m9qv7x3t1a`.
//!
//! A mention is plain text: a form, a file, a search and a diff carry it as any other word. Whoever draws the text puts beside it
//! what it names, as that is then and as far as the reader may see it. What is code is for the reader of Markdown to know: here
//! come words that are none.

use std::fmt;
use std::ops::Range;

use crate::words::{ActionItemId, AlertId, ChangeId, EventId, EvidenceId, IncidentId, Name};

/// So many different mentions of a document are looked up; those after them stay as they are written.
pub const MOST: usize = 200;

/// What is mentioned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mention {
    Person(Name),
    Incident(IncidentId),
    Alert(AlertId),
    /// On a timeline.
    Entry(EventId),
    Change(ChangeId),
    ActionItem(ActionItemId),
    Evidence(EvidenceId),
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "@{name}"),
            Self::Incident(id) => id.fmt(f),
            Self::Alert(id) => id.fmt(f),
            Self::Entry(id) => id.fmt(f),
            Self::Change(id) => id.fmt(f),
            Self::ActionItem(id) => id.fmt(f),
            Self::Evidence(id) => id.fmt(f),
        }
    }
}

impl Mention {
    /// What a word mentions, if it is one from its first letter to its last.
    pub fn of(word: &str) -> Option<Self> {
        if let Some(name) = word.strip_prefix('@') {
            return name.parse().ok().map(Self::Person);
        }
        Some(match word.get(..4)? {
            "inc_" => Self::Incident(word.parse().ok()?),
            "alr_" => Self::Alert(word.parse().ok()?),
            "evt_" => Self::Entry(word.parse().ok()?),
            "cng_" => Self::Change(word.parse().ok()?),
            "act_" => Self::ActionItem(word.parse().ok()?),
            "evd_" => Self::Evidence(word.parse().ok()?),
            _ => return None,
        })
    }

    /// What kind of thing it is, in a word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Incident(_) => "incident",
            Self::Alert(_) => "alert",
            Self::Entry(_) => "entry",
            Self::Change(_) => "change",
            Self::ActionItem(_) => "action-item",
            Self::Evidence(_) => "evidence",
        }
    }
}

/// The mentions in words, each with its place. What stands in an address or in a longer word is none: neither `ops@example.org`
/// nor `/incidents/inc_…`.
pub fn find(words: &str) -> Vec<(Range<usize>, Mention)> {
    let is_part = |letter: char| letter.is_alphanumeric() || "@_-.".contains(letter);
    let goes_before = |letter: char| is_part(letter) || letter == '/' || letter == '\\';
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(begin) = words[from..].find(|letter: char| letter == '@' || letter.is_ascii_lowercase()) {
        let begin = from + begin;
        let end = words[begin..].find(|letter| !is_part(letter)).map_or(words.len(), |end| begin + end);
        let is_inside = words[..begin].chars().next_back().is_some_and(goes_before);
        // What ends a sentence is no part of a name.
        let word = words[begin..end].trim_end_matches(['.', '-']);
        if !is_inside && let Some(mention) = Mention::of(word) {
            found.push((begin..begin + word.len(), mention));
        }
        from = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::Id as _;

    fn found(words: &str) -> Vec<String> {
        find(words).into_iter().map(|(_, mention)| mention.to_string()).collect()
    }

    #[test]
    fn people_and_things_are_mentioned() {
        for (words, expected) in [
            ("@ana saw it", &["@ana"][..]),
            ("(@ana, @ben-2.) and @j.doe.", &["@ana", "@ben-2", "@j.doe"]),
            ("**alr_06f1k2m9qv7x3t1a**: cng_06f1k2m9qv7x3t1b.", &["alr_06f1k2m9qv7x3t1a", "cng_06f1k2m9qv7x3t1b"]),
            (
                "inc_06f1k2m9qv7x3t1a act_06f1k2m9qv7x3t1a evt_06f1k2m9qv7x3t1a evd_06f1k2m9qv7x3t1a",
                &["inc_06f1k2m9qv7x3t1a", "act_06f1k2m9qv7x3t1a", "evt_06f1k2m9qv7x3t1a", "evd_06f1k2m9qv7x3t1a"],
            ),
            ("„@ana“ é@ana", &["@ana"]),
        ] {
            assert_eq!(found(words), expected, "{words}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for words in [
            "ops@example.org",
            "@",
            "@@ana",
            "@Ana",
            "/incidents/inc_06f1k2m9qv7x3t1a",
            "https://allclear.example.org/alerts/alr_06f1k2m9qv7x3t1a",
            "alr_06f1k2m9qv7x3t1",
            "alr_06f1k2m9qv7x3t1aa",
            "ALR_06f1k2m9qv7x3t1a",
            "xalr_06f1k2m9qv7x3t1a",
            "pag_06f1k2m9qv7x3t1a",
            "alr_",
            "al",
        ] {
            assert_eq!(found(words), Vec::<String>::new(), "{words}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_and_each_place_says_what_was_found(
            words in "(?s).{0,80}|(@|ana|alr_|06f1k2m9qv7x3t1a|é|İ|\\.|-|_|/| |\n){0,30}"
        ) {
            let mut last = 0;
            for (place, mention) in find(&words) {
                prop_assert!(place.start >= last);
                last = place.end;
                prop_assert_eq!(&words[place], &mention.to_string());
            }
        }

        #[test]
        fn what_is_written_as_a_mention_is_found_again(bits in any::<u128>(), name in "[a-z0-9][a-z0-9_]{0,20}", which in 0..7) {
            let mention = match which {
                0 => Mention::Person(name.parse().unwrap()),
                1 => Mention::Incident(IncidentId::from_bits(bits)),
                2 => Mention::Alert(AlertId::from_bits(bits)),
                3 => Mention::Entry(EventId::from_bits(bits)),
                4 => Mention::Change(ChangeId::from_bits(bits)),
                5 => Mention::ActionItem(ActionItemId::from_bits(bits)),
                _ => Mention::Evidence(EvidenceId::from_bits(bits)),
            };
            let words = format!("So ({mention}), says é{}", '\u{2026}');
            let all = find(&words);
            prop_assert_eq!(all.len(), 1);
            prop_assert_eq!(&all[0].1, &mention);
        }
    }
}
