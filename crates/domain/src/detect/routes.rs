//! A route: which alerts go to whom, grouped how, how urgent. The first route that matches counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Matcher, Name, Span};

/// The spec of a `route` document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Routes are tried from the lowest order to the highest, then by name.
    #[serde(default = "hundred")]
    pub order: i32,
    /// All must match; an empty list matches every alert.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub matchers: Vec<Matcher>,
    /// The service it is about; if absent, the label `service` where a service of that name exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Name>,
    /// Who is paged; if absent, the service's policy. With neither, nobody is, and the alert says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<Name>,
    #[serde(default)]
    pub urgency: UrgencyRule,
    /// Alerts that agree in these labels are paged once.
    #[serde(default = "by_name_and_service")]
    pub group_by: Vec<String>,
    /// How long a new group waits for company before it pages.
    #[serde(default, skip_serializing_if = "Span::is_zero_ref")]
    pub group_wait: Span,
    /// A label whose new value in a group that was paged already pages again.
    #[serde(default = "severity_and_service")]
    pub novelty: Vec<String>,
    /// An alert that was not heard of for this long is closed.
    #[serde(default = "a_week")]
    pub auto_close: Span,
    /// Alerts of this route that are muted while another fires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inhibit: Vec<Inhibit>,
}

/// How urgent the alerts of a route are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UrgencyRule {
    /// By the label `severity`: `info`, `warning`, `low`, `none`, `notice`, `debug`, `sev4`, `sev5` are low; all else, and none, is high.
    #[default]
    BySeverity,
    High,
    /// Never wakes anyone.
    Low,
    /// Recorded, shown, and never paged.
    None,
}

/// While an alert that matches `source` fires, alerts that match `target` and agree with it in the labels `equal` are muted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inhibit {
    pub source: Vec<Matcher>,
    #[serde(default)]
    pub target: Vec<Matcher>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equal: Vec<String>,
}

fn hundred() -> i32 {
    100
}

fn by_name_and_service() -> Vec<String> {
    vec!["alertname".into(), "service".into()]
}

fn severity_and_service() -> Vec<String> {
    vec!["severity".into(), "service".into()]
}

fn a_week() -> Span {
    Span::hours(7 * 24)
}
