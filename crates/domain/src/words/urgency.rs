//! May it wake somebody? A word of every phase: a route decides it, an alert and a page have it, a ladder asks for it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::text;

/// May it wake somebody?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Waits for waking hours, and goes to the first step only.
    Low,
    /// Wakes people, and escalates.
    High,
}

impl Urgency {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Urgency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Urgency {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        match word {
            "low" => Ok(Self::Low),
            "high" => Ok(Self::High),
            _ => Err(Refusal::invalid(format!("{:?} is not an urgency: write high or low", text::shorten(word, 40)))),
        }
    }
}
