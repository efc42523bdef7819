//! A role in an incident: incident commander, scribe and the rest, with its duties.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Name;

/// The spec of a `role` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// What people call it: `Incident commander`.
    pub title: String,
    /// What the holder does, one sentence each.
    pub duties: Vec<String>,
    /// What the holder must not do meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// At most one person holds it at a time.
    #[serde(default)]
    pub single: bool,
    /// Of the role `incident-commander`: who is paged while nobody has accepted it. How soon, the severity says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<Name>,
}
