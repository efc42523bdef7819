//! A schedule: who is on call when, as rotations in layers, in the wall-clock time of one zone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, OverrideId, Timestamp};

/// The spec of a `schedule` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// What people call it: `Payments, primary`.
    pub title: String,
    /// IANA name of the zone in which hand-offs and restrictions are written: `Europe/Berlin`.
    pub time_zone: String,
    /// A layer that stands later in the list takes precedence where it covers the instant.
    pub layers: Vec<Layer>,
    /// The team that looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
    /// Gaps are meant: nobody is on call then, and no one is told so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gaps_intended: bool,
}

/// One rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    pub name: String,
    /// In turn; the first is on call from `starts`.
    pub people: Vec<Name>,
    /// The first hand-off, local: `2026-11-02T09:00`. Weekly rotations hand off on its weekday.
    pub starts: String,
    /// Local end, if it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<String>,
    pub rotate: Rotate,
    /// Only within these hours and days; always, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Window>,
}

/// How long a turn is. Days and weeks, and 1, 2, 3, 4, 6, 8 and 12 hours, keep the wall clock; other hours are elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rotate {
    Hours(u16),
    Days(u16),
    Weeks(u16),
}

/// A local time of day on some days. `to` may be earlier than `from`: then it ends on the next day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it begins; every day, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Weekday>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; `24:00` is the end of the day.
    pub to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Somebody stands in, from one instant to another. An event, not part of the document: `apply` never undoes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub id: OverrideId,
    pub schedule: Name,
    /// Who is on call instead; nobody if absent.
    pub person: Option<Name>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub reason: Option<String>,
    pub created_by: Name,
}
