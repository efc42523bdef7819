//! A document: kind, name, spec. The one form of everything that an administrator sets.

use std::fmt;
use std::str::FromStr;

use crate::words::{Refusal, text};

/// The kinds of document. The word is the same in files, URLs and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Person,
    Team,
    Service,
    Schedule,
    EscalationPolicy,
    Route,
    Integration,
    SeverityMatrix,
    Role,
    NotificationTemplate,
}

impl Kind {
    /// In the order in which they refer to each other.
    pub const ALL: [Self; 10] = [
        Self::Person,
        Self::Team,
        Self::Schedule,
        Self::EscalationPolicy,
        Self::Service,
        Self::Route,
        Self::Integration,
        Self::SeverityMatrix,
        Self::Role,
        Self::NotificationTemplate,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Team => "team",
            Self::Service => "service",
            Self::Schedule => "schedule",
            Self::EscalationPolicy => "escalation-policy",
            Self::Route => "route",
            Self::Integration => "integration",
            Self::SeverityMatrix => "severity-matrix",
            Self::Role => "role",
            Self::NotificationTemplate => "notification-template",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("there is no kind of document {:?}{near}", text::shorten(word, 40)))
        })
    }
}
