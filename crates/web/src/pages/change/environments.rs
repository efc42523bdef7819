//! An environment: its flags in short, the keys of programs, and who fetched lately.

use askama::Template;

use crate::pages::{Badge, Link, Shell, When};

/// One environment, `GET /environments/NAME`.
#[derive(Clone, Debug, Template)]
#[template(path = "change/environment.html")]
pub struct EnvironmentPage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub flags: usize,
    pub killed: usize,
    /// What is served now.
    pub version: String,
    /// Where programs ask.
    pub url: String,
    pub bucketing: &'static str,
    pub keys: Vec<KeyRow>,
    pub readers: Vec<ReaderRow>,
    /// The key, once.
    pub secret: Option<String>,
    pub may_keys: bool,
    /// What was typed for a new key, if that was refused.
    pub typed: String,
    pub error: Option<String>,
    pub document_href: String,
    pub flags_link: Link,
}

/// A key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    pub id: String,
    pub title: String,
    pub kind: String,
    pub ending: String,
    pub by: String,
    pub at: When,
    pub state: Badge,
    pub may_revoke: bool,
}

/// A program that fetched.
#[derive(Clone, Debug)]
pub struct ReaderRow {
    pub key: String,
    /// `10.2.0.14, python-requests/2.32`.
    pub about: String,
    pub at: When,
    pub state: Badge,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl EnvironmentPage {
        pub(crate) fn sample() -> Self {
            let key = |title: &str, kind: &str, state, may_revoke| KeyRow {
                id: "evk_06f1k2m9qv7x3t1a".into(),
                title: title.into(),
                kind: kind.into(),
                ending: "4jmn".into(),
                by: "Ana Silva".into(),
                at: viewpoint().when(minutes_ago(4000)),
                state,
                may_revoke,
            };
            let reader = |key: &str, about: &str, minutes, state| ReaderRow {
                key: key.into(),
                about: about.into(),
                at: viewpoint().when(minutes_ago(minutes)),
                state,
            };
            Self {
                shell: Shell::sample(Section::Flags, "/environments/production"),
                name: "production".into(),
                title: "Production".into(),
                flags: 42,
                killed: 1,
                version: "9f3c21d87ab04e15".into(),
                url: "https://allclear.example.org".into(),
                bucketing: "canonical",
                keys: vec![
                    key("checkout service", "server", Badge::new(Tone::Good, "Holds"), true),
                    key("web shop", "client", Badge::new(Tone::Good, "Holds"), true),
                    key("old shop", "client", Badge::new(Tone::Quiet, "Revoked"), false),
                ],
                readers: vec![
                    reader(
                        "checkout service",
                        "10.2.0.14, python-requests/2.32.3",
                        0,
                        Badge::new(Tone::Good, "Up to date"),
                    ),
                    reader("web shop", "with users", 3, Badge::new(Tone::Warning, "An older version")),
                ],
                secret: Some("ack_mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjtb9d5mpjgae4jmn".into()),
                may_keys: true,
                typed: String::new(),
                error: None,
                document_href: "/documents/environment/production".into(),
                flags_link: Link::new("42 flags", "/flags"),
            }
        }

        pub(crate) fn sample_new() -> Self {
            Self { keys: vec![], readers: vec![], secret: None, killed: 0, ..Self::sample() }
        }
    }
}
