//! An escalation policy: whom to tell first, whom next, after how long, how often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, Span};

/// The spec of an `escalation-policy` document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    pub title: String,
    pub steps: Vec<Step>,
    /// How often the steps are gone through again when nobody answered.
    #[serde(default = "twice")]
    pub repeat: u8,
    /// An acknowledged page whose alerts still fire pages again after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_timeout: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
}

/// One step: everybody named is told at once. A step that reaches nobody is skipped at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub notify: Vec<Target>,
    /// How long to wait for an acknowledgement before the next step.
    #[serde(default = "five_minutes")]
    pub wait: Span,
}

/// Whom a step tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    Person(Name),
    /// Whoever is on call there when the step begins.
    Schedule(Name),
    /// A URL that gets a signed webhook (Standard Webhooks).
    Webhook(String),
}

fn twice() -> u8 {
    2
}

fn five_minutes() -> Span {
    Span::minutes(5)
}
