//! The record of an incident: evidence with its custody, observables, what is affected, techniques of ATT&CK.
//!
//! `GET /incidents/ID/record`; `POST /incidents/ID/evidence` (multipart) and `/evidence/EVIDENCE` (`hand-over`),
//! `/evidence/EVIDENCE/download`; `POST /incidents/ID/observables` with `act` (`look`, `add`) and
//! `/observables/OBSERVABLE` (`judge`, `strike`); `POST /incidents/ID/affected` and `/affected/ID`; `POST
//! /incidents/ID/techniques` with `act` (`name`, `withdraw`).

use askama::Template;

use crate::pages::{Badge, Link, PersonTag, Shell, When};

/// The record.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/record.html")]
pub struct RecordPage {
    pub shell: Shell,
    pub id: String,
    pub incident: Link,
    /// Whether the viewer may add to it.
    pub may_write: bool,
    /// Whether the viewer sees what is marked RED.
    pub inside: bool,
    pub evidence: Vec<EvidenceView>,
    pub observables: Vec<ObservableView>,
    pub affected: Vec<AffectedView>,
    pub techniques: Vec<TechniqueView>,
    /// The markings that can be chosen.
    pub tlps: Vec<&'static str>,
    pub kinds: Vec<&'static str>,
    pub verdicts: Vec<&'static str>,
    /// What can be counted: word, title.
    pub subjects: Vec<(&'static str, &'static str)>,
    pub data: Vec<&'static str>,
    /// Techniques to pick from: id, name.
    pub attack: Vec<(&'static str, String)>,
    pub notice: &'static str,
    /// The viewer, as they are named.
    pub viewer: String,
    pub viewer_zone: String,
    /// The largest file that is kept here: `2 GiB`.
    pub most: String,
}

/// How much there is of it: for the room.
#[derive(Clone, Debug)]
pub struct RecordTally {
    pub href: String,
    pub evidence: u64,
    pub observables: u64,
    pub affected: usize,
    pub techniques: usize,
    /// It is shown at once: it is a breach, or there is something.
    pub open: bool,
}

/// Somebody of ours, or in words.
#[derive(Clone, Debug)]
pub enum Who {
    Person(PersonTag),
    Words(String),
}

/// A piece of evidence.
#[derive(Clone, Debug)]
pub struct EvidenceView {
    pub id: String,
    pub title: String,
    pub tlp: Badge,
    pub kept: bool,
    /// `3.4 MiB`
    pub size: Option<String>,
    pub sha256: Option<String>,
    pub why_no_hash: Option<String>,
    pub file: Option<String>,
    pub collector: Who,
    pub collected: When,
    pub place: Option<String>,
    pub note: Option<String>,
    pub holder: Option<Who>,
    pub altered: Option<When>,
    pub custody: Vec<CustodyView>,
}

/// A line of the log of custody.
#[derive(Clone, Debug)]
pub struct CustodyView {
    pub when: When,
    /// `Ana Silva gave it to Lab Ltd`
    pub text: String,
    pub place: Option<String>,
    pub why: Option<String>,
    /// When it was written down, if that was later.
    pub recorded: Option<When>,
}

/// Something that was seen.
#[derive(Clone, Debug)]
pub struct ObservableView {
    pub id: String,
    pub kind: &'static str,
    /// So that nobody follows it.
    pub shown: String,
    pub verdict: Badge,
    pub tlp: Badge,
    pub first: Option<When>,
    pub last: Option<When>,
    pub note: Option<String>,
    pub source: Option<String>,
    pub added: When,
    pub by: Option<PersonTag>,
    pub also: Vec<Link>,
    /// Why it does not belong here.
    pub struck: Option<String>,
}

/// What is affected.
#[derive(Clone, Debug)]
pub struct AffectedView {
    pub id: String,
    pub what: String,
    /// The one that stands comes first.
    pub counts: Vec<CountView>,
}

/// A claim of how many.
#[derive(Clone, Debug)]
pub struct CountView {
    pub count: String,
    /// Of when it is.
    pub when: When,
    pub by: Option<PersonTag>,
    pub source: Option<String>,
    pub note: Option<String>,
}

/// What the other side did.
#[derive(Clone, Debug)]
pub struct TechniqueView {
    pub technique: String,
    pub name: Option<String>,
    pub tactics: String,
    pub warning: Option<&'static str>,
    /// The entry that shows it.
    pub entry: Option<Link>,
    /// Its id, for the form.
    pub entry_id: String,
    pub note: Option<String>,
    pub withdrawn: Option<String>,
}

/// What was found in a text that was pasted, before it is added.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/observables_found.html")]
pub struct FoundPage {
    pub shell: Shell,
    pub id: String,
    pub incident: Link,
    pub found: Vec<FoundView>,
    pub verdict: String,
    pub tlp: String,
    pub source: String,
    pub note: String,
}

/// A value that can be added.
#[derive(Clone, Debug)]
pub struct FoundView {
    pub kind: &'static str,
    pub value: String,
    pub shown: String,
    /// It stands there already.
    pub known: bool,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    impl RecordPage {
        pub(crate) fn sample() -> Self {
            let ana = || PersonTag::new("ana", "Ana Silva");
            let at = |ago| viewpoint().when(minutes_ago(ago));
            let amber = || Badge::new(Tone::Warning, "TLP:AMBER");
            let line = |ago, text: &str| CustodyView {
                when: at(ago),
                text: text.into(),
                place: Some("Data centre Frankfurt, row 4".into()),
                why: Some("to be imaged".into()),
                recorded: None,
            };
            let evidence = EvidenceView {
                id: "evd_06f1k2m9qv7x3t01".into(),
                title: "Memory of pay-1".into(),
                tlp: amber(),
                kept: true,
                size: Some("3.4 GiB".into()),
                sha256: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
                why_no_hash: None,
                file: Some("pay-1-2026-11-22-a-name-that-is-very-long-and-has-no-blank-in-it.mem.raw".into()),
                collector: Who::Person(ana()),
                collected: at(90),
                place: Some("Data centre Frankfurt, row 4".into()),
                note: Some("taken before the restart".into()),
                holder: Some(Who::Words("Forensics Ltd".into())),
                altered: None,
                custody: vec![line(90, "Collected by Ana Silva"), line(40, "Ana Silva gave it to Forensics Ltd")],
            };
            let observable = |number: u32, kind: &'static str, shown: &str, tone, verdict: &str| ObservableView {
                id: format!("obs_06f1k2m9qv7x3t{number:02}"),
                kind,
                shown: shown.into(),
                verdict: Badge::new(tone, verdict),
                tlp: amber(),
                first: Some(at(300)),
                last: None,
                note: Some("called every five minutes".into()),
                source: Some("proxy log".into()),
                added: at(20),
                by: Some(ana()),
                also: vec![],
                struck: None,
            };
            let count = |count: &str, ago| CountView {
                count: count.into(),
                when: at(ago),
                by: Some(ana()),
                source: Some("query on the ledger".into()),
                note: None,
            };
            let technique = |technique: &str, name: Option<&str>| TechniqueView {
                technique: technique.into(),
                name: name.map(str::to_owned),
                tactics: "Initial Access".into(),
                warning: None,
                entry: None,
                entry_id: String::new(),
                note: Some("the invoice of 19 November".into()),
                withdrawn: None,
            };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01/record"),
                id: "inc_06f1k2m9qv7x3t01".into(),
                incident: Link::new("A token was used from elsewhere", "/incidents/inc_06f1k2m9qv7x3t01"),
                may_write: true,
                inside: true,
                evidence: vec![
                    evidence.clone(),
                    EvidenceView {
                        id: "evd_06f1k2m9qv7x3t02".into(),
                        title: "Disk of ana's laptop".into(),
                        tlp: Badge::new(Tone::Critical, "TLP:RED"),
                        kept: false,
                        size: None,
                        sha256: None,
                        why_no_hash: Some("it has not been imaged yet".into()),
                        file: None,
                        altered: Some(at(3)),
                        ..evidence
                    },
                ],
                observables: vec![
                    ObservableView {
                        also: vec![Link::new("Phishing in October", "/incidents/inc_06f1k2m9qv7x3t09")],
                        ..observable(1, "domain", "invoice-portal[.]example", Tone::Critical, "malicious")
                    },
                    observable(
                        2,
                        "url",
                        "hxxps://invoice-portal[.]example/a/very/long/path/that/does/not/end?with=a&query=string&that=goes-on-and-on-and-on",
                        Tone::Warning,
                        "suspicious",
                    ),
                    ObservableView {
                        struck: Some("it is our own proxy".into()),
                        ..observable(3, "ipv4", "192[.]0[.]2[.]7", Tone::Quiet, "unknown")
                    },
                ],
                affected: vec![AffectedView {
                    id: "aff_06f1k2m9qv7x3t01".into(),
                    what: "Customers, of the shop (payment data)".into(),
                    counts: vec![count("about 1,200", 10), count("at least 40", 60)],
                }],
                techniques: vec![
                    technique("T1566.001", Some("Phishing: Spearphishing Attachment")),
                    TechniqueView {
                        warning: Some("not in the list of this version: look whether it is written right"),
                        entry: Some(Link::new("an entry", "/incidents/x/entries/y")),
                        tactics: String::new(),
                        entry_id: "evt_06f1k2m9qv7x3t01".into(),
                        ..technique("T9999", None)
                    },
                    TechniqueView {
                        withdrawn: Some("it was our own test".into()),
                        ..technique("T1078", Some("Valid Accounts"))
                    },
                ],
                tlps: vec!["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"],
                kinds: vec!["ipv4", "domain"],
                verdicts: vec!["malicious", "unknown"],
                subjects: vec![("customers", "customers"), ("money", "money")],
                data: vec!["payment data"],
                attack: vec![("T1566", "Phishing".into())],
                notice: domain::respond::techniques::NOTICE,
                viewer: "ana".into(),
                viewer_zone: "Europe/Berlin".into(),
                most: "2 GiB".into(),
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self {
                evidence: vec![],
                observables: vec![],
                affected: vec![],
                techniques: vec![],
                inside: false,
                ..Self::sample()
            }
        }
    }

    impl FoundPage {
        pub(crate) fn sample() -> Self {
            let found = |kind, shown: &str, known| FoundView { kind, value: "x".into(), shown: shown.into(), known };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/inc_06f1k2m9qv7x3t01/observables"),
                id: "inc_06f1k2m9qv7x3t01".into(),
                incident: Link::new("A token was used from elsewhere", "/incidents/inc_06f1k2m9qv7x3t01"),
                found: vec![
                    found("domain", "invoice-portal[.]example", false),
                    found(
                        "url",
                        "hxxps://invoice-portal[.]example/a/very/long/path/that/does/not/end?with=a&query=string&and=more",
                        false,
                    ),
                    found("ipv4", "192[.]0[.]2[.]7", true),
                ],
                verdict: "suspicious".into(),
                tlp: "AMBER".into(),
                source: "mail gateway".into(),
                note: String::new(),
            }
        }
    }
}
