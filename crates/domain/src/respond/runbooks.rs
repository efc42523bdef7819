//! Runbooks: what to do when something of a kind breaks, as documents, shown where it breaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{Labels, Matcher, Name, Refusal};

/// A longer runbook is several.
const TEXT_MOST: usize = 100_000;

/// The spec of a `runbook` document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// What people call it: `Card payments fail`.
    pub title: String,
    /// It is about these services; about any, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Name>,
    /// It is about alerts that all of these match: `alertname=~"Kube.*"`; without any, about whatever goes wrong.
    #[serde(default, rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub matchers: Vec<Matcher>,
    /// What to do, in Markdown.
    pub text: String,
}

impl Runbook {
    /// Whether it is about something that goes wrong in these services with these alerts.
    pub fn fits(&self, services: &[Name], alerts: &[Labels]) -> bool {
        let concerns = self.services.is_empty() || self.services.iter().any(|one| services.contains(one));
        let all_match = |labels: &Labels| self.matchers.iter().all(|one| one.matches(labels));
        concerns && (self.matchers.is_empty() || alerts.iter().any(all_match))
    }

    /// What is wrong in it on its own; each refusal has a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        if self.services.is_empty() && self.matchers.is_empty() {
            let message = "it would be shown nowhere: name `services`, or alerts by `match`";
            found.push(Refusal::invalid(message).at("/services"));
        }
        if self.text.trim().is_empty() {
            found.push(Refusal::invalid("`text` is empty: write what to do").at("/text"));
        } else if self.text.len() > TEXT_MOST {
            let message = format!("`text` has {} bytes: at most {TEXT_MOST}", self.text.len());
            found.push(Refusal::invalid(message).at("/text"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbook(services: &[&str], matchers: &[&str]) -> Runbook {
        Runbook {
            title: "x".into(),
            services: services.iter().map(|name| name.parse().unwrap()).collect(),
            matchers: matchers.iter().flat_map(|text| Matcher::parse_list(text).unwrap()).collect(),
            text: "Look.".into(),
        }
    }

    #[test]
    fn it_is_shown_where_its_service_or_its_alert_is() {
        let shown = |runbook: &Runbook, services: &[&str], alerts: &[&[(&str, &str)]]| {
            let services: Vec<Name> = services.iter().map(|name| name.parse().unwrap()).collect();
            let alerts: Vec<Labels> = alerts.iter().map(|pairs| Labels::from_pairs(pairs.iter().copied())).collect();
            runbook.fits(&services, &alerts)
        };
        let disk: &[(&str, &str)] = &[("alertname", "DiskFull"), ("mount", "/var")];
        let late: &[(&str, &str)] = &[("alertname", "Latency")];

        let of_service = runbook(&["payments"], &[]);
        assert!(shown(&of_service, &["payments", "ledger"], &[]));
        assert!(!shown(&of_service, &["ledger"], &[disk]));
        assert!(!shown(&of_service, &[], &[disk]));

        let of_alert = runbook(&[], &["alertname=DiskFull"]);
        assert!(shown(&of_alert, &[], &[late, disk]));
        assert!(!shown(&of_alert, &["payments"], &[late]));
        assert!(!shown(&of_alert, &["payments"], &[]));

        let of_both = runbook(&["payments"], &["alertname=DiskFull", "mount=/var"]);
        assert!(shown(&of_both, &["payments"], &[disk]));
        assert!(!shown(&of_both, &["ledger"], &[disk]));
        assert!(!shown(&of_both, &["payments"], &[late]));
    }

    #[test]
    fn all_matchers_match_on_one_alert() {
        let both = runbook(&[], &["alertname=A", "pod=p"]);
        let alerts = [Labels::from_pairs([("alertname", "A")]), Labels::from_pairs([("pod", "p")])];
        assert!(!both.fits(&[], &alerts));
    }

    #[test]
    fn what_is_shown_nowhere_or_says_nothing_is_refused() {
        let pointers = |runbook: &Runbook| -> Vec<String> {
            runbook.check().iter().map(|refusal| refusal.at.clone().unwrap_or_default()).collect()
        };
        assert!(pointers(&runbook(&["payments"], &[])).is_empty());
        assert_eq!(pointers(&runbook(&[], &[])), ["/services"]);
        assert_eq!(pointers(&Runbook { text: " \n".into(), ..runbook(&["payments"], &[]) }), ["/text"]);
        let long = "x".repeat(TEXT_MOST + 1);
        assert_eq!(pointers(&Runbook { text: long, ..runbook(&["payments"], &[]) }), ["/text"]);
    }
}
