//! Incidents: the list, and the form that declares one.
//!
//! `GET /incidents?tab=open|all`; `GET /incidents/new?alert=ID` or `?group=ID`; `POST /incidents` with `title`, `class`,
//! `severity`, `because`, `impact`, `service` (any number), `visibility`, `drill`, `from`, and `how` (`declare`, `report`, `near-miss`).

use askama::Template;

use crate::pages::filters::{Filter, Tab};
use crate::pages::{Badge, Link, PersonTag, Severity, Shell, When};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/incidents.html")]
pub struct IncidentsPage {
    pub shell: Shell,
    pub tabs: Vec<Tab>,
    pub filter: Filter,
    pub rows: Vec<IncidentLine>,
    /// Where older ones are listed.
    pub next: Option<String>,
}

/// One incident in a list.
#[derive(Clone, Debug)]
pub struct IncidentLine {
    pub link: Link,
    pub severity: Severity,
    /// `SEV2`, or that there is none yet.
    pub level: String,
    pub phase: Badge,
    /// `system`, `security`.
    pub class: &'static str,
    /// `Restricted: quiet heron`.
    pub restricted: Option<String>,
    /// It is only practised.
    pub drill: bool,
    pub services: Vec<String>,
    pub commander: Option<PersonTag>,
    /// When it was reported.
    pub since: When,
    /// `analysis, recovery`.
    pub going: String,
}

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "respond/incident_new.html")]
pub struct NewIncidentPage {
    pub shell: Shell,
    pub title: String,
    pub class: String,
    pub severity: String,
    pub because: String,
    pub impact: String,
    pub visibility: String,
    pub drill: bool,
    pub levels: Vec<LevelChoice>,
    pub services: Vec<ServiceChoice>,
    /// What it comes from: the id, and what that is called.
    pub from: Vec<(String, String)>,
    pub error: Option<String>,
}

impl NewIncidentPage {
    /// Whether a service is chosen: then the list of them is unfolded.
    pub fn has_service(&self) -> bool {
        self.services.iter().any(|one| one.chosen)
    }
}

/// A row of the severity matrix, to choose.
#[derive(Clone, Debug)]
pub struct LevelChoice {
    pub name: String,
    /// `Critical`.
    pub title: String,
    /// What it means for a failure, a disruption, a breach.
    pub system: String,
    pub operational: String,
    pub security: String,
}

/// A service, to choose.
#[derive(Clone, Debug)]
pub struct ServiceChoice {
    pub name: String,
    pub title: String,
    pub chosen: bool,
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    pub(crate) fn line(title: &str, severity: &str, phase: Badge) -> IncidentLine {
        IncidentLine {
            link: Link::new(title, "/incidents/inc_06f1k2m9qv7x3t01"),
            severity: Severity::of(severity),
            level: if severity.is_empty() { "no severity yet".into() } else { severity.into() },
            phase,
            class: "system",
            restricted: None,
            drill: false,
            services: vec!["Card payments".into()],
            commander: Some(PersonTag::new("ana", "Ana Silva")),
            since: viewpoint().when(minutes_ago(34)),
            going: "analysis, containment".into(),
        }
    }

    impl IncidentsPage {
        pub(crate) fn sample() -> Self {
            let tab = |title, count, current| Tab { title, href: "/incidents".into(), count, current };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents"),
                tabs: vec![tab("Open", Some(3), true), tab("All", None, false)],
                filter: Filter::sample_incidents(),
                rows: vec![
                    line("Card payments fail for a fifth of customers", "SEV1", Badge::new(Tone::Critical, "Active")),
                    IncidentLine {
                        class: "security",
                        restricted: Some("quiet heron".into()),
                        commander: None,
                        services: vec![],
                        going: "containment".into(),
                        ..line(
                            "Token of a build server used from elsewhere",
                            "SEV2",
                            Badge::new(Tone::Critical, "Active"),
                        )
                    },
                    IncidentLine {
                        drill: true,
                        ..line("A warehouse burns", "SEV2", Badge::new(Tone::Critical, "Active"))
                    },
                    IncidentLine {
                        class: "operational",
                        commander: None,
                        going: String::new(),
                        ..line("Deliveries of the night shift are late", "", Badge::new(Tone::Warning, "Reported"))
                    },
                ],
                next: Some("/incidents?tab=all&before=inc_06f1k2m9qv7x3t01".into()),
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], next: None, ..Self::sample() }
        }

        pub(crate) fn sample_filtered() -> Self {
            let mut page = Self::sample_empty();
            page.filter.text = "heron".into();
            page.filter.chips = vec![Link::new("heron", "/incidents?tab=open")];
            page
        }
    }

    impl NewIncidentPage {
        pub(crate) fn sample() -> Self {
            let level = |name: &str, title: &str| LevelChoice {
                name: name.into(),
                title: title.into(),
                system: "A core service cannot be used by a quarter of its users or more.".into(),
                operational: "A process that the business lives from has stopped.".into(),
                security: "Somebody certainly read, changed or took customer data.".into(),
            };
            let service =
                |name: &str, title: &str, chosen| ServiceChoice { name: name.into(), title: title.into(), chosen };
            Self {
                shell: Shell::sample(Section::Incidents, "/incidents/new"),
                title: "Card payments: 14% of requests fail".into(),
                class: "system".into(),
                severity: "SEV2".into(),
                because: String::new(),
                impact: String::new(),
                visibility: String::new(),
                drill: false,
                levels: vec![level("SEV1", "Critical"), level("SEV2", "Major")],
                services: vec![service("payments", "Card payments", true), service("search", "Search", false)],
                from: vec![("grp_06f1k2m9qv7x3t01".into(), "Card payments: 14% of requests fail".into())],
                error: None,
            }
        }

        pub(crate) fn sample_refused() -> Self {
            Self { error: Some("Write something.".into()), title: String::new(), from: vec![], ..Self::sample() }
        }
    }
}
