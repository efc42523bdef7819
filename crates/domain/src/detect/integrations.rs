//! An integration: one source of signals or of reports of changes, with its own token, and how its words become ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Name, Span};

/// The spec of an `integration` document. Its token is not part of it: tokens are minted and rotated apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// What people call it: `Prometheus in Frankfurt`.
    pub title: String,
    pub source: Source,
    /// Labels that every alert of this integration gets unless it has them itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The team that looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Name>,
}

/// What speaks to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// Alertmanager's webhook (version 4), or Prometheus and `amtool` at the v2 API.
    Alertmanager {
        /// An alert without an end is resolved when it was not sent again for this long.
        #[serde(default = "five_minutes")]
        resolve_timeout: Span,
    },
    /// Any JSON, read by a mapping.
    Webhook { mapping: Mapping },
    /// A check that must call in.
    Heartbeat {
        /// It calls at least this often.
        every: Span,
        /// And is given this much grace.
        #[serde(default)]
        grace: Span,
    },
    /// GitHub's webhooks: deployments, and what else changes something.
    Github(Reports),
    /// GitLab's webhooks, the same way.
    Gitlab(Reports),
    /// CDEvents, carried by CloudEvents 1.0.
    Cdevents(Reports),
    /// Change events as they are sent to PagerDuty.
    PagerdutyChanges(Reports),
    /// Changes in our own words, as a script posts them.
    Deploys(Reports),
}

/// How the words of a source that reports changes become ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// Which service a word of the source means: `acme/web`, or `acme/web:production` for one environment of it. What is not
    /// named is the service that is called as the last part of the repository, if there is one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Name>,
    /// What the environments of the source are called here. Others are called as the source does.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, Name>,
    /// Whether a push to the default branch, or a merge, is a change of the kind `config`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pushes: bool,
    /// The workflows and pipelines whose runs are deployments, by name; those of GitHub also by file (`deploy.yml`), those of
    /// GitLab also by branch. Others are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
}

impl Source {
    /// How it reports changes; nothing, if it brings alerts.
    pub const fn reports(&self) -> Option<&Reports> {
        match self {
            Self::Alertmanager { .. } | Self::Webhook { .. } | Self::Heartbeat { .. } => None,
            Self::Github(reports)
            | Self::Gitlab(reports)
            | Self::Cdevents(reports)
            | Self::PagerdutyChanges(reports)
            | Self::Deploys(reports) => Some(reports),
        }
    }

    /// As it is written in documents.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Alertmanager { .. } => "alertmanager",
            Self::Webhook { .. } => "webhook",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Github(_) => "github",
            Self::Gitlab(_) => "gitlab",
            Self::Cdevents(_) => "cdevents",
            Self::PagerdutyChanges(_) => "pagerduty-changes",
            Self::Deploys(_) => "deploys",
        }
    }
}

/// Where in a JSON body the parts of an alert are. Each is a JSON pointer (`/event/title`), or a text in
/// single quotes (`'disk'`) that is taken as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The array of alerts in the body, if it holds several; other pointers then start at each element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// What is wrong, in a line. Becomes the label `alertname` unless `labels` names one.
    pub summary: String,
    /// What tells this alert from others; the labels if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where the state stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The exact tokens at `status` that mean resolved; everything else fires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Further labels: name to pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

fn five_minutes() -> Span {
    Span::minutes(5)
}
