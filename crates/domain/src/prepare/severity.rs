//! The severity matrix: what SEV1 means here, for each class of incident, and what follows from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Span;

/// The spec of a `severity-matrix` document. The highest row that any column meets counts; unsure means higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityMatrix {
    /// From the worst to the mildest.
    pub levels: Vec<Level>,
}

/// One row of the matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// `SEV1`.
    pub name: String,
    /// In a word: `critical`.
    pub title: String,
    /// When a system failure is of this level.
    pub system: String,
    /// When an operational disruption is of this level.
    pub operational: String,
    /// When a security incident is of this level.
    pub security: String,
    /// What follows.
    pub response: String,
    /// The next public or internal update is due after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_every: Option<Span>,
    /// If nobody has accepted command after this long, the escalation policy of the role `incident-commander` is paged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commander_within: Option<Span>,
    /// What is said in public waits until a second person has approved it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_person: bool,
    /// As long as an incident of it is open, nothing else is changed where it may be felt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub freezes_changes: bool,
    /// What follows from an incident of it is done within this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_items_within: Option<Span>,
}
