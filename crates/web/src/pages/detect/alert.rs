//! One alert: its state, why it paged whom, its page as it runs, and what happened.

use askama::Template;

use crate::pages::engage::pages::PageView;
use crate::pages::{Link, PersonTag, Severity, Shell, State, Tone, When};

/// One alert.
#[derive(Clone, Debug, Template)]
#[template(path = "detect/alert.html")]
pub struct AlertPage {
    pub shell: Shell,
    pub id: String,
    pub summary: String,
    pub severity: Severity,
    pub state: State,
    /// Who took it: `by Ana Silva`; until when it sleeps; what silences it.
    pub state_note: String,
    pub state_at: When,
    pub service: Option<Link>,
    pub integration: Link,
    pub since: When,
    /// When the source told us last.
    pub heard: When,
    pub count: u64,
    pub description: Option<String>,
    pub runbooks: Vec<Link>,
    /// The graph at the source, and what the annotations and the service link to.
    pub links: Vec<Link>,
    pub labels: Vec<Label>,
    pub annotations: Vec<(String, String)>,
    /// The acts that make sense now.
    pub may: May,
    pub why: Why,
    /// The running or last page of its group.
    pub page: Option<PageView>,
    /// The newest first.
    pub history: Vec<Happened>,
    /// Alerts of the same group.
    pub group: Vec<Fellow>,
    /// What the same alerts led to before, part by part, each with its record.
    pub memory: Vec<Link>,
    /// The incidents to which it belongs, of those that the viewer may see.
    pub incidents: Vec<Link>,
}

/// One label, with a link to all alerts that have it.
#[derive(Clone, Debug)]
pub struct Label {
    pub name: String,
    pub value: String,
    pub href: String,
}

/// Which acts make sense.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one per button")]
pub struct May {
    pub acknowledge: bool,
    pub unacknowledge: bool,
    pub escalate: bool,
    pub snooze: bool,
    pub resolve: bool,
    pub silence: bool,
}

/// Why it paged, whom, or why not.
#[derive(Clone, Debug)]
pub struct Why {
    /// In one or two sentences.
    pub said: String,
    /// The routes that were tried, in order; the last one is taken.
    pub routes: Vec<RouteTried>,
    /// Urgency, group, people: a word and its reason each.
    pub facts: Vec<(String, String)>,
}

/// A route, and what became of it.
#[derive(Clone, Debug)]
pub struct RouteTried {
    pub name: String,
    pub href: String,
    pub taken: bool,
    /// `alertname is "PaymentsErrorRate", not "Watchdog"`.
    pub because: String,
}

/// Something that happened, from the journal.
#[derive(Clone, Debug)]
pub struct Happened {
    pub when: When,
    pub tone: Tone,
    /// `Paged Ben Okafor by push`.
    pub text: String,
    pub who: Option<PersonTag>,
    /// The reason that was given.
    pub why: Option<String>,
}

/// Another alert of the same group.
#[derive(Clone, Debug)]
pub struct Fellow {
    pub link: Link,
    pub severity: Severity,
    pub state: State,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Badge, Section};

    fn happened(ago: i64, tone: Tone, text: &str, who: Option<(&str, &str)>, why: Option<&str>) -> Happened {
        Happened {
            when: viewpoint().when(minutes_ago(ago)),
            tone,
            text: text.into(),
            who: who.map(|(name, full)| PersonTag::new(name, full)),
            why: why.map(Into::into),
        }
    }

    impl AlertPage {
        pub(crate) fn sample() -> Self {
            let label = |name: &str, value: &str| Label {
                name: name.into(),
                value: value.into(),
                href: format!("/alerts?tab=all&q={name}%3D%22{value}%22"),
            };
            let route = |name: &str, taken, because: &str| RouteTried {
                name: name.into(),
                href: format!("/documents/route/{name}"),
                taken,
                because: because.into(),
            };
            Self {
                shell: Shell::sample(Section::Alerts, "/alerts/alr_06f1k2m9qv7x3t01"),
                id: "alr_06f1k2m9qv7x3t01".into(),
                summary: "Card payments: 14% of requests fail".into(),
                severity: Severity::of("critical"),
                state: State::Firing,
                state_note: "nobody has answered yet".into(),
                state_at: viewpoint().when(minutes_ago(4)),
                service: Some(Link::new("Card payments", "/services/payments")),
                integration: Link::new("Prometheus in Frankfurt", "/integrations/prometheus-fra"),
                since: viewpoint().when(minutes_ago(4)),
                heard: viewpoint().when(minutes_ago(0)),
                count: 14,
                description: Some("The error rate of POST /charge is 14.2% over the last five minutes; the threshold is 1%. Customers see \"Try again later\".".into()),
                runbooks: vec![
                    Link::new("Runbook of this alert", "https://runbooks.example.org/payments/errors"),
                    Link::new("Card payments fail", "/runbooks/payments-fail"),
                ],
                links: vec![
                    Link::new("Graph at the source", "https://prometheus.example.org/graph?g0.expr=x"),
                    Link::new("Dashboard: payments", "https://grafana.example.org/d/payments"),
                ],
                labels: vec![
                    label("alertname", "PaymentsErrorRate"),
                    label("instance", "pay-3.eu-central.example.org:9090"),
                    label("region", "eu-central"),
                    label("service", "payments"),
                    label("severity", "critical"),
                ],
                annotations: vec![("threshold".into(), "1%".into()), ("value".into(), "14.2%".into())],
                may: May { acknowledge: true, unacknowledge: false, escalate: true, snooze: true, resolve: true, silence: true },
                why: Why {
                    said: "Route payments took it. It paged Ana Silva, on call in Payments, primary, then Ben Okafor.".into(),
                    routes: vec![
                        route("watchdog", false, "alertname is \"PaymentsErrorRate\", not \"Watchdog\""),
                        route("databases", false, "job is absent; the route wants job=~\"postgres.*\""),
                        route("payments", true, "service=\"payments\" matches"),
                    ],
                    facts: vec![
                        ("Urgency".into(), "High, by severity critical: it may wake people.".into()),
                        ("Group".into(), "alertname=\"PaymentsErrorRate\", service=\"payments\": 3 alerts, paged once.".into()),
                        ("Whom".into(), "Policy Payments, step 1: schedule Payments, primary. Ana Silva holds it until 09:00 by layer Weekly.".into()),
                    ],
                },
                page: Some(PageView::sample()),
                history: vec![
                    happened(1, Tone::Info, "Paged Ben Okafor by push and mail: step 2 of Payments", None, None),
                    happened(3, Tone::Warning, "Mail to Ana Silva failed for good: recipient address rejected", None, None),
                    happened(4, Tone::Info, "Paged Ana Silva by push and mail: step 1 of Payments", None, None),
                    happened(4, Tone::Critical, "Fires: error rate 14.2%", None, None),
                    happened(1444, Tone::Good, "Resolved by the source after 22 minutes", None, None),
                    happened(1460, Tone::Quiet, "Acknowledged", Some(("ben", "Ben Okafor")), Some("rolling back 4.18")),
                ],
                memory: vec![
                    Link::new("seen 3 times before, the last time on 3 Nov 2026", "/incidents/inc_06f1k2m9qv7x3t01"),
                    Link::new("last fixed by rolling back “payments 4.18” in 6 min", "/changes/chg_06f1k2m9qv7x3t01"),
                    Link::new("its action item is 41 days overdue", "/action-items/act_06f1k2m9qv7x3t01"),
                ],
                incidents: vec![],
                group: vec![
                    Fellow {
                        link: Link::new("PaymentsLatencyHigh on pay-1", "/alerts/alr_06f1k2m9qv7x3t03"),
                        severity: Severity::of("critical"),
                        state: State::Firing,
                    },
                    Fellow {
                        link: Link::new("PaymentsErrorRate on pay-1", "/alerts/alr_06f1k2m9qv7x3t08"),
                        severity: Severity::of("warning"),
                        state: State::Firing,
                    },
                ],
            }
        }

        pub(crate) fn sample_acknowledged() -> Self {
            let mut page = Self::sample();
            page.state = State::Acknowledged;
            page.state_note = "by Ben Okafor".into();
            page.state_at = viewpoint().when(minutes_ago(1));
            page.may = May {
                unacknowledge: true,
                escalate: true,
                snooze: true,
                resolve: true,
                silence: true,
                ..May::default()
            };
            if let Some(view) = &mut page.page {
                view.state = Badge::new(Tone::Good, "Acknowledged");
                view.next = None;
            }
            page
        }
    }
}
