//! A service: what may break, who owns it, what it stands on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Name;

/// The spec of a `service` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What people call it: `Card payments`.
    pub title: String,
    /// The owning team.
    pub team: Name,
    /// 1 (the business stops) to 4 (nobody notices today).
    #[serde(default = "tier_three")]
    #[schemars(range(min = 1, max = 4))]
    pub tier: u8,
    /// Services that this one needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Name>,
    /// Who is paged when a route does not say so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<Name>,
    /// An http(s) URL of what to do when it breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A named http(s) URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub title: String,
    pub url: String,
}

fn tier_three() -> u8 {
    3
}
