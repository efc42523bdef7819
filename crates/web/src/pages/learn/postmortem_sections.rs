//! One section of a postmortem, with what is said beside it and every text that it had.
//!
//! `GET /incidents/ID/postmortem/sections/SECTION`; `POST` there with `act` (`comment`, `resolve`, `restore`) and what that needs.

use askama::Template;

use crate::pages::respond::obligations::Typed;
use crate::pages::{Link, PersonTag, Shell, When};

/// A section.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/postmortem_section.html")]
pub struct PostmortemSectionPage {
    pub shell: Shell,
    pub incident: Link,
    pub restricted: Option<String>,
    pub name: &'static str,
    pub title: &'static str,
    /// What stands there now, as HTML.
    pub html: String,
    /// Whether whoever looks may write and comment now.
    pub may: bool,
    pub open: Vec<ThreadView>,
    pub settled: Vec<ThreadView>,
    /// The newest first.
    pub revisions: Vec<RevisionView>,
    /// So many older ones are not shown.
    pub older: usize,
    /// Words that somebody selected to comment on.
    pub quote: String,
    /// What else this page listens for: kinds of what is mentioned.
    pub topics: String,
    pub typed: Typed,
}

impl PostmortemSectionPage {
    /// Where its forms go.
    pub fn action(&self) -> String {
        format!("{}/postmortem/sections/{}", self.incident.href, self.name)
    }

    /// Why the form was refused.
    pub fn wrong(&self, form: &str) -> Option<&str> {
        self.typed.error.as_deref().filter(|_| self.typed.is(form))
    }
}

/// A comment with its answers.
#[derive(Clone, Debug)]
pub struct ThreadView {
    pub id: String,
    pub quote: Option<String>,
    /// The words that it is about stand there no more.
    pub gone: bool,
    pub said: Vec<SaidView>,
    pub resolved: Option<(PersonTag, When)>,
}

/// What one person said.
#[derive(Clone, Debug)]
pub struct SaidView {
    pub by: PersonTag,
    pub when: When,
    pub html: String,
}

/// A text that the section had.
#[derive(Clone, Debug)]
pub struct RevisionView {
    pub number: u32,
    pub by: PersonTag,
    pub others: Vec<PersonTag>,
    pub when: When,
    /// What changed against the one before: `same`, `gone` or `new`, and the words.
    pub pieces: Vec<(&'static str, String)>,
    pub current: bool,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    fn when(minutes: i64) -> When {
        viewpoint().when(minutes_ago(minutes))
    }

    fn person(name: &str, full: &str) -> PersonTag {
        PersonTag::new(name, full)
    }

    impl PostmortemSectionPage {
        pub(crate) fn sample() -> Self {
            let said = |name: &str, full: &str, html: &str| SaidView {
                by: person(name, full),
                when: when(40),
                html: html.into(),
            };
            let thread = |id: &str, quote: Option<&str>, gone| ThreadView {
                id: id.into(),
                quote: quote.map(str::to_owned),
                gone,
                said: vec![said("ben", "Ben Okoye", "<p>Was that all customers, or those with cards?</p>")],
                resolved: None,
            };
            let mut answered = thread("cmt_06f1k2m9qv7x3t1a", Some("half of all customers"), false);
            answered.said.push(said("ana", "Ana Silva", "<p>Those with cards.</p>"));
            let settled = ThreadView {
                resolved: Some((person("ana", "Ana Silva"), when(20))),
                ..thread("cmt_06f1k2m9qv7x3t1c", None, false)
            };
            Self {
                shell: Shell::sample(
                    Section::Postmortems,
                    "/incidents/inc_06f1k2m9qv7x3t1a/postmortem/sections/summary",
                ),
                incident: Link::new("Checkout fails for half of all customers", "/incidents/inc_06f1k2m9qv7x3t1a"),
                restricted: None,
                name: "summary",
                title: "Summary",
                html: "<p>For 27 minutes half of all customers could not pay.</p>".into(),
                may: true,
                open: vec![answered, thread("cmt_06f1k2m9qv7x3t1b", Some("for an hour"), true)],
                settled: vec![settled],
                revisions: vec![
                    RevisionView {
                        number: 2,
                        by: person("ana", "Ana Silva"),
                        others: vec![person("ben", "Ben Okoye")],
                        when: when(60),
                        pieces: vec![
                            ("same", "For ".into()),
                            ("gone", "an hour".into()),
                            ("new", "27 minutes".into()),
                            ("same", " half of all customers could not pay.".into()),
                        ],
                        current: true,
                    },
                    RevisionView {
                        number: 1,
                        by: person("ben", "Ben Okoye"),
                        others: vec![],
                        when: when(90),
                        pieces: vec![("new", "For an hour half of all customers could not pay.".into())],
                        current: false,
                    },
                ],
                older: 0,
                quote: String::new(),
                topics: " alert".into(),
                typed: Typed::default(),
            }
        }
    }
}
