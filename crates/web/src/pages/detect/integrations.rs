//! Integrations: where signals come from, each with its own address and token, and what was rejected.
//!
//! `GET /integrations/new?source=` with the word of a source; `POST /integrations` with `title`, `name`,
//! `source`, and for heartbeats `every`, `grace`; `POST /integrations/NAME/rotate`; `POST /integrations/NAME/test`.
//! The token is shown on the answer to making or rotating it, and never again.

use askama::Template;

use crate::pages::{Badge, Link, Shell, When};

/// All integrations.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/integrations.html")]
pub struct IntegrationsPage {
    pub shell: Shell,
    pub rows: Vec<IntegrationRow>,
}

/// One integration in a line.
#[derive(Clone, Debug)]
pub struct IntegrationRow {
    pub href: String,
    pub title: String,
    /// `Prometheus and Alertmanager`, `Webhook`, `Heartbeat, every 5 min`.
    pub source: String,
    /// `Heard 12 s ago`, `Never heard of`, `Missed`.
    pub state: Badge,
    /// `14 signals in the last hour`.
    pub traffic: String,
    /// `3 calls were rejected today`.
    pub problem: Option<String>,
}

/// The form for a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/integration_new.html")]
pub struct NewIntegrationPage {
    pub shell: Shell,
    /// The chosen source, by its word in documents: `alertmanager`, `github`.
    pub source: String,
    pub title: String,
    pub name: String,
    pub error: Option<String>,
}

/// One integration.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/integration.html")]
pub struct IntegrationPage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub source: String,
    pub state: Badge,
    /// Where its source posts to.
    pub url: String,
    /// Only right after it was made or rotated.
    pub token: Option<String>,
    /// `made 3 wk ago by Ana Silva`; until when the old one still works.
    pub token_note: String,
    /// What to paste where, with the address in it (and the token while it is shown).
    pub snippets: Vec<Snippet>,
    pub heartbeat: Option<Heartbeat>,
    /// It brings reports of changes, and no alerts.
    pub brings_changes: bool,
    /// Changes that no service was found for, the newest first.
    pub unmapped: Vec<Unmapped>,
    /// The test alert that was sent, if one was.
    pub tested: Option<Link>,
    pub heard: Option<When>,
    /// Signals, alerts, rejections: in the last hour and the last day.
    pub figures: Vec<Figure>,
    pub rejections: Vec<Rejection>,
    pub may_edit: bool,
    pub document_href: String,
}

/// Something to copy.
#[derive(Clone, Debug)]
pub struct Snippet {
    /// `prometheus.yml`.
    pub title: String,
    pub about: String,
    pub text: String,
}

/// How a heartbeat stands.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// `every 5 min, with 1 min of grace`.
    pub expects: String,
    /// When it will be missed.
    pub due: When,
}

/// A number and what it counts.
#[derive(Clone, Debug)]
pub struct Figure {
    pub number: String,
    pub what: String,
    pub href: Option<String>,
}

/// A change that no service was found for.
#[derive(Clone, Debug)]
pub struct Unmapped {
    pub when: When,
    pub title: String,
    /// `No service is known for acme/warehouse.`
    pub why: String,
}

/// A call that was refused.
#[derive(Clone, Debug)]
pub struct Rejection {
    pub when: When,
    /// `400`.
    pub status: u16,
    /// `/alerts/0/startsAt: "yesterday" is not a time`.
    pub reason: String,
    /// The beginning of what was sent.
    pub body: Option<String>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl IntegrationsPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, name: &str, source: &str, state: Badge| IntegrationRow {
                href: format!("/integrations/{name}"),
                title: title.into(),
                source: source.into(),
                state,
                traffic: "412 signals in the last hour".into(),
                problem: None,
            };
            Self {
                shell: Shell::sample(Section::Integrations, "/integrations"),
                rows: vec![
                    row(
                        "Prometheus in Frankfurt",
                        "prometheus-fra",
                        "Prometheus and Alertmanager",
                        Badge::new(Tone::Good, "Heard 12 s ago"),
                    ),
                    IntegrationRow {
                        problem: Some("3 calls were rejected today".into()),
                        ..row("Cloud events", "cloud", "Webhook", Badge::new(Tone::Good, "Heard 4 min ago"))
                    },
                    IntegrationRow {
                        traffic: "1 call a day".into(),
                        ..row(
                            "Nightly backup",
                            "backup",
                            "Heartbeat, every 1 d",
                            Badge::new(Tone::Critical, "Missed 2 h ago"),
                        )
                    },
                    IntegrationRow {
                        traffic: "nothing yet".into(),
                        ..row(
                            "Prometheus in Oregon",
                            "prometheus-oregon",
                            "Prometheus and Alertmanager",
                            Badge::new(Tone::Quiet, "Never heard of"),
                        )
                    },
                ],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    impl NewIntegrationPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::Integrations, "/integrations/new"),
                source: "alertmanager".into(),
                title: String::new(),
                name: String::new(),
                error: None,
            }
        }
    }

    impl IntegrationPage {
        pub(crate) fn sample() -> Self {
            let figure = |number: &str, what: &str, href: Option<&str>| Figure {
                number: number.into(),
                what: what.into(),
                href: href.map(Into::into),
            };
            Self {
                shell: Shell::sample(Section::Integrations, "/integrations/prometheus-fra"),
                name: "prometheus-fra".into(),
                title: "Prometheus in Frankfurt".into(),
                source: "Prometheus and Alertmanager".into(),
                state: Badge::new(Tone::Good, "Heard 12 s ago"),
                url: "https://allclear.example.org/in/prometheus-fra".into(),
                token: Some("aci_7c2m4x9k1q8v5z3b6n0j".into()),
                token_note: "Made just now. The old token works for another 24 hours.".into(),
                snippets: vec![
                    Snippet {
                        title: "prometheus.yml".into(),
                        about: "Prometheus posts straight here; no Alertmanager is needed.".into(),
                        text: "alerting:\n  alertmanagers:\n    - scheme: https\n      path_prefix: /in/prometheus-fra\n      authorization:\n        credentials: aci_7c2m4x9k1q8v5z3b6n0j\n      static_configs:\n        - targets: [allclear.example.org]\n".into(),
                    },
                    Snippet {
                        title: "alertmanager.yml".into(),
                        about: "Or keep Alertmanager, and send what it sends here.".into(),
                        text: "receivers:\n  - name: allclear\n    webhook_configs:\n      - url: https://allclear.example.org/in/prometheus-fra/alertmanager\n        send_resolved: true\n        http_config:\n          authorization:\n            credentials: aci_7c2m4x9k1q8v5z3b6n0j\n".into(),
                    },
                    Snippet {
                        title: "curl".into(),
                        about: "Or try it by hand.".into(),
                        text: "curl -H 'Authorization: Bearer aci_7c2m4x9k1q8v5z3b6n0j' \\\n  -d '[{\"labels\":{\"alertname\":\"Test\"}}]' \\\n  https://allclear.example.org/in/prometheus-fra/api/v2/alerts\n".into(),
                    },
                ],
                heartbeat: None,
                brings_changes: false,
                unmapped: vec![],
                tested: Some(Link::new("Test alert from Allclear", "/alerts/alr_06f1k2m9qv7x3t09")),
                heard: Some(viewpoint().when(minutes_ago(0))),
                figures: vec![
                    figure("412", "signals in the last hour", None),
                    figure("6", "open alerts", Some("/alerts?integration=prometheus-fra")),
                    figure("2", "rejected today", Some("#rejections")),
                ],
                rejections: vec![
                    Rejection {
                        when: viewpoint().when(minutes_ago(31)),
                        status: 400,
                        reason: "/alerts/0/startsAt: \"yesterday\" is not a time; write it like 2026-11-22T02:12:09Z".into(),
                        body: Some("{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\",\"startsAt\":\"yesterday\"".into()),
                    },
                    Rejection { when: viewpoint().when(minutes_ago(400)), status: 401, reason: "The token is not known".into(), body: None },
                ],
                may_edit: true,
                document_href: "/documents/integration/prometheus-fra".into(),
            }
        }

        pub(crate) fn sample_github() -> Self {
            Self {
                title: "GitHub".into(),
                name: "github".into(),
                source: "Deployments on GitHub".into(),
                url: "https://allclear.example.org/in/github/github".into(),
                token: None,
                tested: None,
                brings_changes: true,
                unmapped: vec![Unmapped {
                    when: viewpoint().when(minutes_ago(12)),
                    title: "Deploy v4.2.0 of acme/warehouse to production".into(),
                    why: "by octavia on GitHub. No service is known for acme/warehouse.".into(),
                }],
                snippets: vec![Snippet {
                    title: "Webhook of a repository or an organisation".into(),
                    about: "Settings, Webhooks, Add webhook.".into(),
                    text: "Payload URL:  https://allclear.example.org/in/github/github\nContent type: application/json\nSecret:       TOKEN\n".into(),
                }],
                figures: vec![Figure { number: "0".into(), what: "calls were rejected".into(), href: None }],
                rejections: vec![],
                ..Self::sample()
            }
        }

        pub(crate) fn sample_heartbeat() -> Self {
            Self {
                title: "Nightly backup".into(),
                source: "Heartbeat".into(),
                state: Badge::new(Tone::Good, "Heard 3 h ago"),
                token: None,
                tested: None,
                heartbeat: Some(Heartbeat {
                    expects: "every 1 d, with 1 h of grace".into(),
                    due: viewpoint().when(minutes_ago(-1300)),
                }),
                rejections: vec![],
                ..Self::sample()
            }
        }
    }
}
