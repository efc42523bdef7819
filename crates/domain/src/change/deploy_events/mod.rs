//! What other programs tell of deployments, read as reports of changes: a file for each language that is spoken.
//!
//! Reading is pure and says where something is wrong. What is no change is passed over with a word, and what no service is
//! found for is kept all the same. Texts of strangers are made short and one line before they go anywhere.

pub mod cdevents;
pub mod generic;
pub mod github;
pub mod gitlab;
pub mod pagerduty;
mod parts;

use std::collections::BTreeMap;

use super::observations::{KEY_MOST, Observation, Stage};
use super::proposals::{Kind, Proposal, Target};
use crate::detect::integrations::Reports;
use crate::prepare::services::Service;
use crate::words::{Name, Timestamp, text};

/// What one call told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub reports: Vec<Report>,
    /// A sentence for each event that is no change here.
    pub ignored: Vec<String>,
}

impl Told {
    fn one(report: Report) -> Self {
        Self { reports: vec![report], ignored: Vec::new() }
    }

    fn ignored(why: impl Into<String>) -> Self {
        Self { reports: Vec::new(), ignored: vec![text::shorten(&why.into(), 200)] }
    }

    fn and(mut self, other: Self) -> Self {
        self.reports.extend(other.reports);
        self.ignored.extend(other.ignored);
        self
    }
}

/// One report of a change, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub observation: Observation,
    /// Its source tells no time, so it is that of the arrival: of several the first stands.
    pub on_arrival: bool,
    /// What no service was found for: what the document of the integration would have to name.
    pub unmapped: Vec<String>,
}

/// Which service and which environment is meant by the words of a source.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    pub settings: &'a Reports,
    pub services: &'a BTreeMap<Name, Service>,
}

impl Names<'_> {
    /// The service that the document names for one of the words, the first that it names; else the service that is called as
    /// the last part of `own`.
    fn service(&self, words: &[&str], own: &str) -> Option<Name> {
        let named = words.iter().find_map(|word| self.settings.services.get(*word));
        named.cloned().or_else(|| {
            let last = own.trim_end_matches('/').rsplit('/').next().unwrap_or(own).to_lowercase();
            self.services.get_key_value(last.as_str()).map(|(name, _)| name.clone())
        })
    }

    /// The environment: as the document names it, else as the source does, if that can be a name.
    fn environment(&self, word: Option<&str>) -> Option<Name> {
        let word = word?;
        let own = || word.to_lowercase().replace([' ', '/', ':'], "-").parse().ok();
        self.settings.environments.get(word).cloned().or_else(own)
    }

    fn takes_workflow(&self, words: &[Option<&str>]) -> bool {
        words.iter().flatten().any(|word| self.settings.workflows.iter().any(|one| one == word))
    }
}

/// The words of a source, before it is known which service they mean.
#[derive(Clone, Debug)]
struct Draft<'d> {
    /// Parts of the key: what kind of thing it is, and what the source calls it.
    key: &'d [&'d str],
    stage: Stage,
    at: Timestamp,
    kind: Kind,
    title: String,
    why: String,
    /// Words for the service, the most telling first.
    words: &'d [&'d str],
    /// The word whose last part may be the name of a service.
    own: &'d str,
    environment: Option<&'d str>,
    to: Option<String>,
    said: String,
    link: Option<String>,
}

impl Draft<'_> {
    fn report(self, names: Names<'_>) -> Report {
        let at_environment = self.environment.map(|environment| format!("{}:{environment}", self.own));
        let words: Vec<&str> = at_environment.as_deref().into_iter().chain(self.words.iter().copied()).collect();
        let service = names.service(&words, self.own);
        let nobody = service.is_none() && !self.own.is_empty();
        let unmapped: Vec<String> = nobody.then(|| text::shorten(self.own, 200)).into_iter().collect();
        let environment = names.environment(self.environment);
        let why = with_unmapped(&self.why, &unmapped);
        let to = self.to.map(|to| parts::line(&to, VERSION_MOST));
        let targets: Vec<Target> =
            service.map(|service| Target { service, environment, from: None, to }).into_iter().collect();
        let observation = Observation {
            key: key(self.key),
            stage: self.stage,
            at: self.at,
            proposal: proposal(self.kind, &self.title, &why, targets),
            said: parts::line(&self.said, SAID_MOST),
            link: self.link,
        };
        Report { observation, on_arrival: false, unmapped }
    }
}

const TITLE_MOST: usize = 199;
const SAID_MOST: usize = 400;
const WHY_MOST: usize = 2000;
const VERSION_MOST: usize = 100;

fn proposal(kind: Kind, title: &str, why: &str, targets: Vec<Target>) -> Proposal {
    let title = parts::line(title, TITLE_MOST);
    Proposal {
        kind,
        title: if title.is_empty() { "A change".into() } else { title },
        why: parts::line(why, WHY_MOST),
        targets,
        steps: Vec::new(),
        rollback: None,
        verification: Vec::new(),
    }
}

/// Why, with what no service was found for: so that it is kept where people read it.
fn with_unmapped(why: &str, unmapped: &[String]) -> String {
    if unmapped.is_empty() {
        return why.to_owned();
    }
    let gap = if why.is_empty() { "" } else { ". " };
    format!("{why}{gap}No service is known for {}.", unmapped.join(", "))
}

/// What a source calls a change, in one line that is no longer than a key may be.
fn key(words: &[&str]) -> String {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};
    let whole = words.join("/");
    if whole.len() <= KEY_MOST && !whole.contains(char::is_control) {
        return whole;
    }
    Sha256::digest(whole.as_bytes()).iter().fold("sha256:".to_owned(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A version to be read: a tag as it is, the hash of a commit by its first letters.
fn version(of: Option<&str>, commit: Option<&str>) -> Option<String> {
    let is_tag = |of: &&str| {
        let plain = of.trim_start_matches('v');
        plain.starts_with(|letter: char| letter.is_ascii_digit()) && plain.contains('.')
    };
    let short = |commit: &str| commit.chars().take(12).collect::<String>();
    let found = of.filter(is_tag).map(str::to_owned).or_else(|| commit.map(short)).or_else(|| of.map(str::to_owned))?;
    Some(parts::line(&found, VERSION_MOST))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::words::Refusal;

    pub(super) fn now() -> Timestamp {
        "2026-11-29T12:00:00Z".parse().unwrap()
    }

    pub(super) fn with_names<T>(settings: Value, then: impl FnOnce(Names<'_>) -> T) -> T {
        let settings: Reports = serde_json::from_value(settings).unwrap();
        let service: Service = serde_json::from_value(json!({ "title": "Shop", "team": "web" })).unwrap();
        let services = ["shop", "cart"].map(|name| (name.parse().unwrap(), service.clone())).into();
        then(Names { settings: &settings, services: &services })
    }

    /// A line for each report: what a test compares.
    pub(super) fn lines(told: &Result<Told, Refusal>) -> String {
        let told = match told {
            Ok(told) => told,
            Err(refusal) => return format!("refused: {refusal}"),
        };
        let report = |report: &Report| {
            let it = &report.observation;
            let place = |target: &Target| {
                let environment = target.environment.as_ref().map_or("-", Name::as_str);
                format!("{}@{environment} {}", target.service, target.to.as_deref().unwrap_or("-"))
            };
            let targets: Vec<String> = it.proposal.targets.iter().map(place).collect();
            let targets =
                if targets.is_empty() { format!("nobody knows {:?}", report.unmapped) } else { targets.join(", ") };
            let said = if it.said.is_empty() { String::new() } else { format!(" ({})", it.said) };
            format!("{} {} {} | {} {} | {targets}{said}", it.key, it.stage, it.at, it.proposal.kind, it.proposal.title)
        };
        let all = told.reports.iter().map(report).chain(told.ignored.iter().map(|why| format!("ignored: {why}")));
        all.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_document_names_services_and_what_is_called_alike_is_found() {
        let settings = json!({
            "services": { "acme/web": "cart", "acme/mono:eu": "shop" }, "environments": { "PROD": "live" },
        });
        with_names(settings, |names| {
            for (words, own, found) in [
                (vec!["acme/web"], "acme/web", Some("cart")),
                (vec!["acme/mono:eu", "acme/mono"], "acme/mono", Some("shop")),
                (vec!["acme/Shop"], "acme/Shop", Some("shop")),
                (vec!["shop/docs"], "shop/docs", None),
                (vec![], "", None),
            ] {
                let service = names.service(&words, own);
                assert_eq!(service.as_ref().map(Name::as_str), found, "{words:?} {own}");
            }
            for (word, found) in [
                (Some("PROD"), Some("live")),
                (Some("Staging EU"), Some("staging-eu")),
                (Some("review/add-cart"), Some("review-add-cart")),
                (Some("生产"), None),
                (None, None),
            ] {
                assert_eq!(names.environment(word).as_ref().map(Name::as_str), found, "{word:?}");
            }
        });
    }

    /// A value of a body: mostly of the kind that is looked for, and sometimes of any.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            prop::string::string_regex("(\u{0}|\u{202e}|x|\n){0,600}").unwrap().prop_map(Value::from),
            prop::sample::select(vec![
                "2026-11-29T11:00:00Z",
                "2026-11-29 11:00:00 UTC",
                "9999-12-31T23:59:59Z",
                "soon"
            ])
            .prop_map(Value::from),
            prop::sample::select(vec![
                "success",
                "failure",
                "running",
                "published",
                "create",
                "finished",
                "completed",
                "deploy"
            ])
            .prop_map(Value::from),
        ];
        leaf.boxed()
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_body_is_refused_or_can_be_taken(values in prop::collection::vec(value(), 24), which in 0usize..24) {
            let at = |place: usize| values[(place * 7 + which) % values.len()].clone();
            let part = json!({
                "id": at(0), "ref": at(1), "sha": at(2), "environment": at(3), "created_at": at(4), "creator": { "login": at(5) },
                "state": at(6), "description": at(7), "log_url": at(8), "name": at(9), "path": at(10), "tag_name": at(11),
                "published_at": at(4), "conclusion": at(6), "updated_at": at(4), "run_started_at": at(12), "status": at(6),
                "finished_at": at(4), "active": at(13), "timestamp": at(4), "message": at(14), "type": "dev.cdevents.service.deployed.0.2.0",
                "source": at(15), "chainId": at(16), "content": { "environment": { "id": at(3) }, "artifactId": at(17) }, "summary": at(18),
                "custom_details": { "service": at(19), "version": at(20) },
            });
            let mut body = part.clone();
            for (name, value) in [
                ("deployment", part.clone()), ("deployment_status", part.clone()), ("workflow_run", part.clone()), ("release", part.clone()),
                ("repository", json!({ "full_name": at(21), "default_branch": "main", "pushed_at": at(22) })),
                ("project", json!({ "path_with_namespace": at(21), "default_branch": "main" })),
                ("object_attributes", part.clone()), ("context", part.clone()), ("subject", part.clone()), ("payload", part.clone()),
                ("commits", json!([part])), ("head_commit", at(23)), ("deployment_id", at(0)), ("status_changed_at", at(4)), ("tag", at(11)),
                ("ref", json!("refs/heads/main")), ("after", at(2)), ("action", at(6)),
            ] {
                body[name] = value;
            }
            let ours = json!({ "key": at(0), "stage": at(6), "at": at(4), "title": at(1), "why": at(2), "said": at(3), "link": at(8),
                "targets": [{ "service": at(9), "environment": at(3), "from": at(10), "to": at(11) }] });
            with_names(json!({ "pushes": true, "workflows": ["success"] }), |names| {
                let mut all = Vec::new();
                for event in ["deployment", "deployment_status", "push", "release", "workflow_run"] {
                    all.push(github::read(event, &body, names, now()));
                }
                for kind in ["deployment", "push", "pipeline", "release", "feature_flag"] {
                    body["object_kind"] = json!(kind);
                    all.push(gitlab::read(None, &body, names, now()));
                }
                for kind in ["service.deployed", "service.rolledback", "environment.created", "change.merged", "pipelinerun.finished"] {
                    body["context"]["type"] = json!(format!("dev.cdevents.{kind}.0.2.0"));
                    all.push(cdevents::read("application/json", None, None, &body, names, now()));
                }
                all.push(pagerduty::read(&body, names, now()));
                all.push(generic::read(&ours, names, now()));
                for told in all {
                    match told {
                        Ok(told) => {
                            for report in told.reports {
                                report.observation.check(now()).unwrap();
                                assert!(!report.observation.proposal.title.contains(char::is_control));
                                assert!(report.observation.said.len() < 2000, "it is part of a key in the database");
                            }
                        }
                        Err(refusal) => assert!(refusal.at.is_some(), "{refusal}"),
                    }
                }
            });
        }
    }

    #[test]
    fn keys_are_short_and_versions_are_read() {
        assert_eq!(key(&["deployment", "7"]), "deployment/7");
        let long = key(&["deployment", &"x".repeat(300)]);
        assert!(long.starts_with("sha256:") && long.len() == 71, "{long}");
        assert_ne!(key(&["a\nb"]), key(&["a b"]));
        let hash = "4f2a9c0d1e3b5a7f9c0d1e3b5a7f9c0d1e3b5a7f";
        for (of, commit, found) in [
            (Some("v4.2.0"), Some(hash), Some("v4.2.0")),
            (Some("main"), Some(hash), Some("4f2a9c0d1e3b")),
            (Some("main"), None, Some("main")),
            (None, None, None),
        ] {
            assert_eq!(version(of, commit).as_deref(), found);
        }
    }
}
