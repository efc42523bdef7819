//! The language aid on pages: what it found, and a page to try a text on.
//!
//! A field that is marked `data-language` shows the same list under itself while somebody writes (`js/language.ts`).

use askama::Template;

use crate::pages::Shell;

/// What was found in a text; stands under the text, on any page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "learn/language_findings.html")]
pub struct Findings {
    pub list: Vec<FindingView>,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct FindingView {
    pub is_flag: bool,
    /// `What was left out`
    pub title: String,
    /// The sentence up to what is pointed out, that itself, and the rest.
    pub before: String,
    pub said: String,
    pub after: String,
    pub why: String,
    pub ask: String,
}

/// `GET /language`, and the answer of `POST /language`.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/language.html")]
pub struct LanguagePage {
    pub shell: Shell,
    pub text: String,
    /// Once a text was looked at.
    pub findings: Option<Findings>,
    pub error: Option<String>,
}

#[cfg(test)]
mod samples {
    use domain::learn::language::{Directory, findings};

    use super::*;
    use crate::handlers::learn::language::views;
    use crate::pages::Section;

    impl LanguagePage {
        pub(crate) fn sample() -> Self {
            let text = "The on-call engineer failed to notice that the replica was 40 minutes behind, because nobody was watching that \
                panel.\n\nAt 14:02 the directory of the primary was accidentally deleted. It should have been tested on the replica first.\n\n\
                The health check failed to connect, so the balancer took the node away.";
            let directory = Directory::default();
            let found = findings(text, &directory).unwrap();
            Self {
                shell: Shell::sample(Section::Insights, "/language"),
                findings: Some(views(text, found)),
                text: text.to_owned(),
                error: None,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { text: String::new(), findings: None, ..Self::sample() }
        }

        pub(crate) fn sample_well() -> Self {
            let text = "A developer ran the suite in a terminal that still pointed at production. The prompt does not show it.";
            Self { text: text.into(), findings: Some(Findings::default()), ..Self::sample() }
        }
    }
}
