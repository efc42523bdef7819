//! A team: who belongs to it, and who leads it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Name;

/// The spec of a `team` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// What people call it: `Payments`.
    pub title: String,
    /// People.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
