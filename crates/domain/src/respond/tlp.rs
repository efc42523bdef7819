//! The Traffic Light Protocol, version 2.0 (FIRST, August 2022): who may be told of something.
//!
//! It marks what is shared; it encrypts nothing. What is marked RED stays with those who are named for the incident or
//! hold a role in it, also where the incident itself is open. What is marked above AMBER is told in the journal without
//! its content, since the journal leaves by feeds and webhooks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::{Refusal, Result, text};

/// A marking, from what everybody may know to what stays among those who were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// No limit.
    Clear,
    /// The community.
    Green,
    /// The organisation and its clients, as far as they need to know.
    #[default]
    Amber,
    /// The organisation alone, as far as it needs to know.
    AmberStrict,
    /// For the eyes and ears of those who take part, no further.
    Red,
}

impl Tlp {
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// As FIRST spells it, without `TLP:`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Red => "RED",
        }
    }

    /// Whether the journal may say what it is, and not only that it is.
    pub const fn is_told(self) -> bool {
        matches!(self, Self::Clear | Self::Green | Self::Amber)
    }

    /// The text, if the journal may say it.
    pub fn told(self, text: &str) -> Option<&str> {
        self.is_told().then_some(text)
    }
}

impl fmt::Display for Tlp {
    /// `TLP:AMBER+STRICT`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLP:{}", self.word())
    }
}

impl FromStr for Tlp {
    type Err = Refusal;

    /// With or without `TLP:`, in any case; and as a query string spells a plus that was not escaped.
    fn from_str(typed: &str) -> Result<Self> {
        let upper = typed.trim().to_uppercase();
        let word = upper.strip_prefix("TLP:").unwrap_or(&upper).trim();
        let word = word.replace(' ', "+");
        let word = word.as_str();
        Self::ALL.into_iter().find(|one| one.word() == word).ok_or_else(|| {
            let hint = match word {
                "WHITE" => ": version 2.0 calls it CLEAR".to_owned(),
                _ => text::did_you_mean(word, Self::ALL.map(Self::word)),
            };
            Refusal::invalid(format!("TLP is one of RED, AMBER+STRICT, AMBER, GREEN, CLEAR{hint}")).at("/tlp")
        })
    }
}

impl Serialize for Tlp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Tlp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(|refusal: Refusal| serde::de::Error::custom(refusal.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_first_and_their_order_is_how_far_they_go() {
        let words: Vec<String> = Tlp::ALL.iter().rev().map(ToString::to_string).collect();
        assert_eq!(words, ["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"]);
        assert!(Tlp::ALL.is_sorted());
        for one in Tlp::ALL {
            assert_eq!(one.to_string().parse(), Ok(one));
            assert_eq!(one.word().to_lowercase().parse(), Ok(one));
        }
        assert!("white".parse::<Tlp>().unwrap_err().message.ends_with("version 2.0 calls it CLEAR"));
        assert!("GREN".parse::<Tlp>().unwrap_err().message.ends_with("(did you mean \"GREEN\"?)"));
        assert_eq!("amber strict".parse(), Ok(Tlp::AmberStrict));
        assert_eq!(Tlp::Amber.told("x"), Some("x"));
        assert_eq!((Tlp::AmberStrict.told("x"), Tlp::Red.told("x")), (None, None));
    }
}
