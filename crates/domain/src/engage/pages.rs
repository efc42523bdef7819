//! What a page is about, and with that what answering it means.

use crate::words::{GroupId, IncidentId, KillId};

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Alerts that fire: they are whoever's who acknowledges.
    Group(GroupId),
    /// An incident that nobody leads: whoever acknowledges has accepted command.
    Command(IncidentId),
    /// Something that its reader owes to an incident: a report, an update.
    Reminder(IncidentId),
    /// A kill of a flag that its reader made, and that ends soon.
    Kill(KillId),
    /// Somebody sent it to themselves, to see what one looks like.
    Test,
}

impl About {
    /// The word that is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group(_) => "alert",
            Self::Command(_) => "command",
            Self::Reminder(_) | Self::Kill(_) => "reminder",
            Self::Test => "test",
        }
    }

    /// The alerts, if it is about some.
    pub const fn group(self) -> Option<GroupId> {
        match self {
            Self::Group(group) => Some(group),
            Self::Command(_) | Self::Reminder(_) | Self::Kill(_) | Self::Test => None,
        }
    }

    /// The incident, if it is about one: then only those may see the page who may see the incident.
    pub const fn incident(self) -> Option<IncidentId> {
        match self {
            Self::Command(incident) | Self::Reminder(incident) => Some(incident),
            Self::Group(_) | Self::Kill(_) | Self::Test => None,
        }
    }

    /// Whether others are called when its first reader does not answer.
    pub const fn escalates(self) -> bool {
        matches!(self, Self::Group(_) | Self::Command(_))
    }
}
