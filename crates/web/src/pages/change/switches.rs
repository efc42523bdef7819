//! The switches that can be pulled now: a list that stands on pages of what breaks, such as the room of an incident.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::pages::{Badge, Link};

/// The switches of some services; it prints itself, also within another page.
#[derive(Clone, Debug, Template)]
#[template(path = "change/switches.html")]
pub struct SwitchList {
    pub rows: Vec<SwitchRow>,
}

/// One flag in one environment.
#[derive(Clone, Debug)]
pub struct SwitchRow {
    /// The flag; with the incident in the link, so that the kill names it.
    pub flag: Link,
    pub environment: String,
    /// `acts on payments`, `payments, 2 steps away`.
    pub near: String,
    /// `Killed`, `Unproven`, `Thrown 3 d ago`.
    pub state: Badge,
}

impl HtmlSafe for SwitchList {}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Tone;

    impl SwitchList {
        pub(crate) fn sample() -> Self {
            let row = |flag: &str, near: &str, state| SwitchRow {
                flag: Link::new(flag, "/flags/new-checkout?in=production&incident=inc_1#kill"),
                environment: "production".into(),
                near: near.into(),
                state,
            };
            let rows = vec![
                row("New checkout", "acts on card-payments", Badge::new(Tone::Warning, "Unproven")),
                row("Fraud check", "ledger, 1 step away", Badge::new(Tone::Good, "Thrown 3 d ago")),
            ];
            Self { rows }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Tone;

    #[test]
    fn it_prints_itself_within_another_page() {
        let row = |flag: &str, near: &str, state| SwitchRow {
            flag: Link::new(flag, "/flags/new-checkout?in=production"),
            environment: "production".into(),
            near: near.into(),
            state,
        };
        let rows = vec![
            row("Payments read only", "acts on payments", Badge::new(Tone::Warning, "Unproven")),
            row("New <checkout>", "shop, 1 step away", Badge::new(Tone::Critical, "Killed")),
        ];
        let shown = SwitchList { rows }.to_string();
        assert_eq!(shown.matches("<li").count(), 2);
        assert!(shown.contains("Unproven") && shown.contains("acts on payments") && !shown.contains("<checkout>"));
    }
}
