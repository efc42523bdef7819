//! What customers read of a postmortem, prepared beside what was published inside: what goes out, what is taken out, what was found.
//!
//! `GET /incidents/ID/customer-postmortem`; `POST` there with `act` (`prepare`, `answer`, `agree`, `publish`) and what that needs.

use askama::Template;

use crate::pages::{Link, PersonTag, Shell, When};

/// One of an incident.
#[derive(Clone, Debug, Template)]
#[template(path = "learn/customer_postmortem.html")]
pub struct CustomerPostmortemPage {
    pub shell: Shell,
    pub incident: Link,
    pub postmortem: String,
    pub restricted: Option<String>,
    pub revision: u32,
    pub may_prepare: bool,
    pub may_agree: bool,
    /// What stands in the way of whoever looks; empty: they may publish.
    pub hindrances: Vec<String>,
    pub agreed: Option<(PersonTag, String)>,
    pub form: PlanForm,
    pub blocks: Vec<BlockView>,
    pub opening: String,
    pub findings: Vec<FindingView>,
    pub promises: Vec<String>,
    pub versions: Vec<VersionView>,
    /// Where the public reads it.
    pub link: Option<String>,
    /// Why what was asked last was refused.
    pub error: Option<String>,
}

impl CustomerPostmortemPage {
    /// Findings that nobody has answered.
    pub fn open(&self) -> usize {
        self.findings.iter().filter(|one| one.answer.is_none()).count()
    }
}

/// The form of a plan: what is kept, or what was typed.
#[derive(Clone, Debug, Default)]
pub struct PlanForm {
    pub title: String,
    pub opening: String,
    /// Name, title, whether it goes out.
    pub blocks: Vec<(String, String, bool)>,
    /// Words, reason, what stands there instead; with empty ones to fill in.
    pub cuts: Vec<(String, String, String)>,
    /// Word and title.
    pub reasons: Vec<(&'static str, &'static str)>,
    /// Id, title, whether it is promised.
    pub items: Vec<(String, String, bool)>,
    pub correction: String,
    /// Something was published, and this is a correction of it.
    pub corrects: bool,
}

/// A block, inside and outside.
#[derive(Clone, Debug)]
pub struct BlockView {
    pub title: String,
    /// Words that stay, or words that are taken out with why and what stands there instead.
    pub inside: Vec<(String, Option<(&'static str, String)>)>,
    /// As HTML; nothing: it stays inside.
    pub outside: Option<String>,
}

/// Something that may tell too much.
#[derive(Clone, Debug)]
pub struct FindingView {
    pub key: String,
    pub quote: String,
    pub says: &'static str,
    pub places: String,
    pub answer: Option<(PersonTag, String)>,
    /// A secret never may stay.
    pub never: bool,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct VersionView {
    pub number: u32,
    pub by: PersonTag,
    pub when: When,
    pub correction: Option<String>,
    pub hash: String,
    pub href: String,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Section;
    use crate::pages::gallery::{minutes_ago, viewpoint};

    impl CustomerPostmortemPage {
        pub(crate) fn sample() -> Self {
            let person = || PersonTag::new("ana", "Ana Silva");
            Self {
                shell: Shell::sample(Section::Postmortems, "/incidents/inc_06f1k2m9qv7x3t1a/customer-postmortem"),
                incident: Link::new("Checkout fails for half of all customers", "/incidents/inc_06f1k2m9qv7x3t1a"),
                postmortem: "/incidents/inc_06f1k2m9qv7x3t1a/postmortem".into(),
                restricted: None,
                revision: 2,
                may_prepare: true,
                may_agree: false,
                hindrances: vec![
                    "1 finding of the leak check is open: take the words out, or say why they may stay".into(),
                ],
                agreed: None,
                form: PlanForm {
                    title: "Card payments failed".into(),
                    opening: "We are sorry: for 27 minutes half of all payments failed.".into(),
                    blocks: vec![
                        ("summary".into(), "Summary".into(), true),
                        ("response".into(), "Response".into(), false),
                    ],
                    cuts: vec![
                        ("Acme Hosting".into(), "vendor".into(), "our host".into()),
                        (String::new(), "security".into(), String::new()),
                    ],
                    reasons: vec![("security", "security"), ("vendor", "a vendor’s name")],
                    items: vec![("act_06f1k2m9qv7x3t1a".into(), "Add a limit to the pool".into(), true)],
                    correction: String::new(),
                    corrects: false,
                },
                blocks: vec![
                    BlockView {
                        title: "Summary".into(),
                        inside: vec![
                            ("A pool at ".into(), None),
                            ("Acme Hosting".into(), Some(("a vendor’s name", "our host".into()))),
                            (" ran full on db-2.".into(), None),
                        ],
                        outside: Some("<p>A pool at our host ran full on db-2.</p>".into()),
                    },
                    BlockView {
                        title: "Response".into(),
                        inside: vec![("Ben rolled it back.".into(), None)],
                        outside: None,
                    },
                ],
                opening: "<p>We are sorry: for 27 minutes half of all payments failed.</p>".into(),
                findings: vec![
                    FindingView {
                        key: "00aa".into(),
                        quote: "db-2".into(),
                        says: "looks like the name of a machine",
                        places: "Summary".into(),
                        answer: None,
                        never: false,
                    },
                    FindingView {
                        key: "00ab".into(),
                        quote: "OPS-12".into(),
                        says: "looks like the number of a ticket, or of something inside",
                        places: "Summary".into(),
                        answer: Some((person(), "customers have this number".into())),
                        never: false,
                    },
                ],
                promises: vec!["Add a limit to the pool".into()],
                versions: vec![],
                link: None,
                error: None,
            }
        }

        pub(crate) fn sample_published() -> Self {
            let mut page = Self::sample();
            page.findings.clear();
            page.hindrances = vec!["it was published before: say what is corrected, and why".into()];
            page.form.corrects = true;
            page.link = Some("https://status.example.org/status/notices/ntc_06f1k2m9qv7x3t01/postmortem".into());
            page.versions = vec![VersionView {
                number: 1,
                by: PersonTag::new("ben", "Ben Okafor"),
                when: viewpoint().when(minutes_ago(40)),
                correction: None,
                hash: "9f86d081884c7d65".into(),
                href: "https://status.example.org/status/notices/ntc_06f1k2m9qv7x3t01/postmortem/1".into(),
            }];
            page
        }

        pub(crate) fn sample_restricted() -> Self {
            let mut page = Self::sample();
            page.restricted = Some("quiet heron".into());
            page.may_agree = true;
            page
        }
    }
}
