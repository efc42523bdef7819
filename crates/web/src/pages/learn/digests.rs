//! One's own weekly digest: what it would say now, and whether it is sent. `GET /me/digest`.

use askama::Template;
use domain::learn::digests::Section as Told;

use crate::pages::Shell;

/// The preview.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/digest.html")]
pub struct DigestPage {
    pub shell: Shell,
    pub wanted: bool,
    /// Where it is sent: `ana@example.org`.
    pub address: String,
    pub sections: Vec<Told>,
}

#[cfg(test)]
mod samples {
    use domain::learn::digests::{About, Line};

    use super::*;
    use crate::pages::Section;

    impl DigestPage {
        pub(crate) fn sample() -> Self {
            let line = |title: &str, note: &str, path: &str| Line::new(title, note, path);
            let learned = vec![line(
                "Card payments fail for a fifth of customers",
                "its postmortem was published on 18 Nov 2026",
                "/incidents/inc_06f1k2m9qv7x3t01/postmortem",
            )];
            let overdue = vec![
                line("Limit the queue to 1000", "41 days overdue, yours", "/action-items/act_06f1k2m9qv7x3t01"),
                line(
                    "Add a runbook for the replica that falls behind when nobody looks",
                    "1 day overdue, Ben Okafor",
                    "/action-items/act_06f1k2m9qv7x3t02",
                ),
            ];
            let section = |about, lines, more| Told { about, lines, more };
            Self {
                shell: Shell::sample(Section::Me, "/me/digest"),
                wanted: true,
                address: "ana@example.org".into(),
                sections: vec![section(About::Learned, learned, 0), section(About::Overdue, overdue, 3)],
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { wanted: false, sections: vec![], ..Self::sample() }
        }
    }
}
