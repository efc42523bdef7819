//! Services: what may break, who owns it, what it stands on, and what fires there now.

use askama::Template;

use crate::pages::change::reflexes::RampPanel;
use crate::pages::detect::alert::Fellow;
use crate::pages::{Link, PersonTag, Severity, Shell, When};

/// All services.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/services.html")]
pub struct ServicesPage {
    pub shell: Shell,
    pub rows: Vec<ServiceRow>,
}

/// One service in a line.
#[derive(Clone, Debug)]
pub struct ServiceRow {
    pub href: String,
    pub title: String,
    pub tier: u8,
    pub team: Option<String>,
    /// Whom its policy would tell first, now.
    pub first: Vec<PersonTag>,
    /// `No escalation policy: alerts page nobody`.
    pub problem: Option<String>,
    /// The worst severity that fires, and how many alerts are open.
    pub open: Option<(Severity, String)>,
}

/// One service.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/service.html")]
pub struct ServicePage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub description: Option<String>,
    pub tier: u8,
    /// `The business stops`.
    pub tier_means: String,
    pub team: Option<Link>,
    pub policy: Option<Link>,
    pub first: Vec<PersonTag>,
    pub runbook: Option<Link>,
    /// The drill that touched it last, and when that was over.
    pub rehearsed: Option<(Link, When)>,
    pub links: Vec<Link>,
    pub depends_on: Vec<Neighbour>,
    pub needed_by: Vec<Neighbour>,
    pub alerts: Vec<Fellow>,
    /// All its alerts, open or not.
    pub alerts_href: String,
    pub problems: Vec<String>,
    pub document_href: String,
    /// How far it lets rules take back changes of it.
    pub ramp: RampPanel,
}

/// A service beside this one.
#[derive(Clone, Debug)]
pub struct Neighbour {
    pub link: Link,
    pub tier: u8,
    /// The worst that fires there.
    pub worst: Option<Severity>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::{Section, State};

    impl ServicesPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, name: &str, tier, open| ServiceRow {
                href: format!("/services/{name}"),
                title: title.into(),
                tier,
                team: Some("Payments".into()),
                first: vec![PersonTag::new("ana", "Ana Silva")],
                problem: None,
                open,
            };
            Self {
                shell: Shell::sample(Section::Services, "/services"),
                rows: vec![
                    row("Card payments", "payments", 1, Some((Severity::of("critical"), "3 open".into()))),
                    row("Checkout", "checkout", 1, Some((Severity::of("warning"), "1 open".into()))),
                    row("Ledger", "ledger", 2, None),
                    ServiceRow {
                        first: vec![],
                        problem: Some("No escalation policy: its alerts page nobody".into()),
                        team: Some("Search".into()),
                        ..row("Search", "search", 3, None)
                    },
                ],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    impl ServicePage {
        pub(crate) fn sample() -> Self {
            let neighbour = |title: &str, name: &str, tier, worst| Neighbour {
                link: Link::new(title, format!("/services/{name}")),
                tier,
                worst,
            };
            Self {
                shell: Shell::sample(Section::Services, "/services/payments"),
                name: "payments".into(),
                title: "Card payments".into(),
                description: Some(
                    "Takes card payments for the shop and the partner API. Two regions, active in both.".into(),
                ),
                tier: 1,
                tier_means: "The business stops".into(),
                team: Some(Link::new("Payments", "/documents/team/payments")),
                policy: Some(Link::new("Payments", "/escalation-policies/payments")),
                first: vec![PersonTag::new("ana", "Ana Silva")],
                runbook: Some(Link::new("Runbook", "https://runbooks.example.org/payments")),
                rehearsed: None,
                links: vec![
                    Link::new("Dashboard", "https://grafana.example.org/d/payments"),
                    Link::new("Source", "https://git.example.org/payments"),
                ],
                depends_on: vec![
                    neighbour("Ledger", "ledger", 2, None),
                    neighbour("Fraud check", "fraud", 2, Some(Severity::of("warning"))),
                ],
                needed_by: vec![neighbour("Checkout", "checkout", 1, Some(Severity::of("warning")))],
                alerts: vec![
                    Fellow {
                        link: Link::new("Card payments: 14% of requests fail", "/alerts/alr_06f1k2m9qv7x3t01"),
                        severity: Severity::of("critical"),
                        state: State::Firing,
                    },
                    Fellow {
                        link: Link::new("Exporter on pay-2 does not answer", "/alerts/alr_06f1k2m9qv7x3t07"),
                        severity: Severity::of(""),
                        state: State::Inhibited,
                    },
                ],
                alerts_href: "/alerts?tab=all&service=payments".into(),
                problems: vec!["Fraud check fires: it may be the cause.".into()],
                document_href: "/documents/service/payments".into(),
                ramp: RampPanel::sample(),
            }
        }

        pub(crate) fn sample_off() -> Self {
            Self { ramp: RampPanel::sample_off(), ..Self::sample() }
        }

        pub(crate) fn sample_refused() -> Self {
            Self { ramp: RampPanel::sample_refused(), ..Self::sample() }
        }
    }
}
