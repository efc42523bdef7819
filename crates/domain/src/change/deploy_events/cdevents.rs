//! CDEvents 0.4 and 0.5, carried by CloudEvents 1.0 (binary, structured, batch) or posted bare.
//!
//! The chain of a delivery is the key of what it does to a service, so that its way back is seen as one change; without a chain it
//! is the source and id of the event. Artifacts, builds and tests change nothing that runs, and are passed over, as is all that is
//! no CDEvent.

use serde_json::Value;

use super::parts::{Part, line};
use super::{Draft, Names, Told, VERSION_MOST};
use crate::change::observations::Stage;
use crate::change::proposals::Kind;
use crate::words::{Refusal, Result, Timestamp};

/// In one call are no more.
const EVENTS_MOST: usize = 1000;
const OURS: &str = "dev.cdevents.";

/// Reads a call. `ce_type` and `ce_version` are what the headers `ce-type` and `ce-specversion` say, if they are there: then the
/// body is the data itself.
pub fn read(
    content_type: &str,
    ce_type: Option<&str>,
    ce_version: Option<&str>,
    body: &Value,
    names: Names<'_>,
    now: Timestamp,
) -> Result<Told> {
    let whole = Part::whole(body);
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_list = media == "application/cloudevents-batch+json" || body.is_array();
    if is_list {
        let events = whole.items();
        if !body.is_array() {
            return Err(whole.wrong("a batch of CloudEvents is an array"));
        }
        if events.len() > EVENTS_MOST {
            return Err(whole.wrong(format!("{} events in one call; the most is {EVENTS_MOST}", events.len())));
        }
        return events.into_iter().try_fold(Told::default(), |told, event| Ok(told.and(one(event, names, now)?)));
    }
    if let Some(spoken) = ce_version {
        must_speak(spoken, "ce-specversion")?;
        let kind = ce_type
            .filter(|kind| !kind.is_empty())
            .ok_or_else(|| Refusal::invalid("missing: a CloudEvent has a type").at("ce-type"))?;
        return data(&percent_decoded(kind), &whole.object()?, names, now);
    }
    one(whole, names, now)
}

fn must_speak(version: &str, place: &str) -> Result<()> {
    if version == "1.0" || version.starts_with("1.0.") {
        return Ok(());
    }
    Err(Refusal::invalid("this version of CloudEvents is not known; 1.0 is").at(place))
}

/// A structured CloudEvent, or a CDEvent as it is.
fn one(event: Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let event = event.object()?;
    let Some(spoken) = event.word("specversion") else {
        let kind = event.at("context").object()?.need("type")?;
        return data(&kind, &event, names, now);
    };
    must_speak(&spoken, &format!("{}/specversion", event.place))?;
    for needed in ["id", "source"] {
        event.need(needed)?;
    }
    let kind = event.need("type")?;
    if !kind.starts_with(OURS) {
        return Ok(Told::ignored(format!("{kind} is no CDEvent")));
    }
    if event.value.get("data_base64").is_some() {
        return Err(event.at("data_base64").wrong("a CDEvent is JSON: send it as data"));
    }
    data(&kind, &event.at("data").object()?, names, now)
}

fn data(carried_as: &str, event: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    if !carried_as.starts_with(OURS) {
        return Ok(Told::ignored(format!("{carried_as} is no CDEvent")));
    }
    let context = event.at("context").object()?;
    let kind = context.need("type")?;
    let Some(what) = kind.strip_prefix(OURS) else {
        return Err(context.at("type").wrong("is none of CDEvents: it begins with dev.cdevents."));
    };
    // subject.predicate, and the version of that.
    let mut parts = what.split('.');
    let (subject, predicate) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let event = Event { context, subject: event.at("subject").object()?, names, now };
    match (subject, predicate) {
        ("service", "deployed" | "upgraded" | "rolledback" | "published" | "removed") => event.service(predicate),
        ("environment", "created" | "modified" | "deleted") => event.environment(predicate),
        ("change", "merged") => event.merge(),
        ("pipelinerun", "started" | "finished") => event.pipeline(predicate),
        _ => Ok(Told::ignored(format!("{subject}.{predicate} is no change of what runs"))),
    }
}

struct Event<'e> {
    context: Part<'e>,
    subject: Part<'e>,
    names: Names<'e>,
    now: Timestamp,
}

impl Event<'_> {
    fn at(&self) -> Result<Timestamp> {
        self.context.need_time("timestamp", self.now)
    }

    fn source(&self) -> Result<(String, String)> {
        Ok((self.context.need("source")?, self.context.need("id")?))
    }

    fn link(&self) -> Option<String> {
        self.subject.at("content").link(&["uri", "url"]).or_else(|| self.context.link(&["source"]))
    }

    fn service(&self, predicate: &str) -> Result<Told> {
        let (source, id) = self.source()?;
        let (content, service) = (self.subject.at("content"), self.subject.need("id")?);
        let environment = content.at("environment").object()?.need("id")?;
        let to = content.word("artifactId").map(|artifact| artifact_version(&artifact));
        // A chain is one delivery: what it deploys, and takes back again, is one change.
        let chain =
            self.context.word("chainId").filter(|_| matches!(predicate, "deployed" | "upgraded" | "rolledback"));
        let back = predicate == "rolledback";
        let (verb, preposition) = match predicate {
            "published" => ("Publish", "in"),
            "removed" => ("Remove", "from"),
            "rolledback" if chain.is_none() => ("Roll back", "in"),
            _ => ("Deploy", "to"),
        };
        let in_chain = chain.is_some();
        let what = format!("service.{predicate}");
        let key = match &chain {
            Some(chain) => vec!["chain", chain, &service, &environment],
            None => vec!["event", &what, &source, &id],
        };
        let draft = Draft {
            key: &key,
            stage: if back && in_chain { Stage::RolledBack } else { Stage::Finished },
            at: self.at()?,
            kind: Kind::Deploy,
            title: format!("{verb} {service} {preposition} {environment}"),
            why: String::new(),
            words: &[&service, &source],
            own: &service,
            environment: Some(&environment),
            said: match &to {
                Some(to) if back && in_chain => format!("back to {to}"),
                _ => String::new(),
            },
            // Where a chain went back to is not where it went to.
            to: to.filter(|_| !(back && in_chain)),
            link: self.link(),
        };
        Ok(Told::one(draft.report(self.names)))
    }

    fn environment(&self, predicate: &str) -> Result<Told> {
        let (source, id) = self.source()?;
        let subject = self.subject.need("id")?;
        let name = self.subject.at("content").word("name").unwrap_or_else(|| subject.clone());
        let verb = match predicate {
            "created" => "Create",
            "modified" => "Change",
            _ => "Delete",
        };
        let what = format!("environment.{predicate}");
        let draft = Draft {
            key: &["event", &what, &source, &id],
            stage: Stage::Finished,
            at: self.at()?,
            kind: Kind::Infrastructure,
            title: format!("{verb} the environment {name}"),
            why: String::new(),
            words: &[&subject, &name, &source],
            own: &subject,
            environment: Some(&subject),
            to: None,
            said: String::new(),
            link: self.link(),
        };
        let mut report = draft.report(self.names);
        // It is of an environment; that no service is called so is no fault.
        report.unmapped.clear();
        report.observation.proposal.why.clear();
        Ok(Told::one(report))
    }

    fn merge(&self) -> Result<Told> {
        if !self.names.settings.pushes {
            return Ok(Told::ignored("merges are no changes unless the integration says pushes: true"));
        }
        let (source, _) = self.source()?;
        let (subject, content) = (self.subject.need("id")?, self.subject.at("content"));
        let repository = content.at("repository").word("id").unwrap_or_else(|| source.clone());
        let draft = Draft {
            key: &["change", &repository, &subject],
            stage: Stage::Finished,
            at: self.at()?,
            kind: Kind::Config,
            title: format!("Merge {subject} into {repository}"),
            why: content.word("description").unwrap_or_default(),
            words: &[&repository, &source],
            own: &repository,
            environment: None,
            to: None,
            said: String::new(),
            link: self.link(),
        };
        Ok(Told::one(draft.report(self.names)))
    }

    fn pipeline(&self, predicate: &str) -> Result<Told> {
        let (source, _) = self.source()?;
        let (id, content) = (self.subject.need("id")?, self.subject.at("content"));
        let name = content.word("pipelineName").unwrap_or_else(|| id.clone());
        if !self.names.takes_workflow(&[Some(&name)]) {
            let why = format!("the pipeline {name} is none that the integration lists under workflows");
            return Ok(Told::ignored(why));
        }
        let outcome = content.word("outcome").unwrap_or_default();
        let stage = match (predicate, outcome.as_str()) {
            ("started", _) => Stage::Began,
            (_, "" | "success") => Stage::Finished,
            _ => Stage::Failed,
        };
        let failed = stage == Stage::Failed;
        let draft = Draft {
            key: &["pipelinerun", &source, &id],
            stage,
            at: self.at()?,
            kind: Kind::Deploy,
            title: format!("Pipeline {name}, run {id}"),
            why: String::new(),
            words: &[&name, &source],
            own: &name,
            environment: self.names.settings.environments.contains_key(&name).then_some(name.as_str()),
            to: None,
            said: if failed { content.word("errors").unwrap_or(outcome) } else { String::new() },
            link: self.link(),
        };
        Ok(Told::one(draft.report(self.names)))
    }
}

/// The version in a package URL: `pkg:oci/shop@sha256%3A0b31…` is of `sha256:0b31…`, whose first letters will do.
fn artifact_version(artifact: &str) -> String {
    let plain = artifact.split(['?', '#']).next().unwrap_or(artifact);
    let version = plain.rsplit_once('@').map_or(plain, |(_, version)| version);
    let version = percent_decoded(version);
    match version.split_once(':') {
        Some((algorithm, hash)) if hash.len() > 12 => {
            format!("{algorithm}:{}", hash.chars().take(12).collect::<String>())
        }
        _ => line(&version, VERSION_MOST),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.filter(|two| two.bytes().all(|one| one.is_ascii_hexdigit()));
        let byte = byte.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{lines, now, with_names};
    use super::*;

    const JSON: &str = "application/json";

    fn event(kind: &str, chain: Option<&str>, content: impl Into<Value>) -> Value {
        let content: Value = content.into();
        json!({
            "context": {
                "version": "0.4.1", "id": "e-1", "source": "/ci/berlin", "type": format!("dev.cdevents.{kind}.0.2.0"),
                "timestamp": "2026-11-29T11:00:00.5Z", "chainId": chain,
            },
            "subject": { "id": "cluster/shop", "source": "/cluster", "content": content },
        })
    }

    fn deployed(kind: &str, chain: Option<&str>) -> Value {
        let artifact = "pkg:oci/shop@sha256%3A0b31b1c02ff458ad9b7b?tag=4.2";
        event(kind, chain, json!({ "environment": { "id": "prod" }, "artifactId": artifact }))
    }

    fn structured(data: &Value) -> Value {
        json!({ "specversion": "1.0", "id": "e-1", "source": "/ci/berlin", "type": data["context"]["type"], "data": data })
    }

    #[test]
    fn what_runs_is_changed_by_services_environments_merges_and_pipelines() {
        let run = |kind: &str, outcome: Option<&str>| {
            let content = json!({ "pipelineName": "Ship", "outcome": outcome, "errors": "no\ndisk", "url": "https://ci.example/9" });
            event(kind, None, content)
        };
        let merged = event("change.merged", None, json!({ "repository": { "id": "acme/shop" } }));
        with_names(json!({ "workflows": ["Ship"], "pushes": true, "services": { "/ci/berlin": "cart" } }), |names| {
            for (body, expected) in [
                (
                    deployed("service.deployed", None),
                    "event/service.deployed//ci/berlin/e-1 finished 2026-11-29T11:00:00.5Z | deploy Deploy cluster/shop to prod | cart@prod sha256:0b31b1c02ff4",
                ),
                (
                    deployed("service.rolledback", None),
                    "event/service.rolledback//ci/berlin/e-1 finished 2026-11-29T11:00:00.5Z | deploy Roll back cluster/shop in prod | cart@prod sha256:0b31b1c02ff4",
                ),
                (
                    deployed("service.upgraded", Some("c-7")),
                    "chain/c-7/cluster/shop/prod finished 2026-11-29T11:00:00.5Z | deploy Deploy cluster/shop to prod | cart@prod sha256:0b31b1c02ff4",
                ),
                (
                    deployed("service.rolledback", Some("c-7")),
                    "chain/c-7/cluster/shop/prod rolled-back 2026-11-29T11:00:00.5Z | deploy Deploy cluster/shop to prod | cart@prod - (back to sha256:0b31b1c02ff4)",
                ),
                (
                    deployed("service.removed", Some("c-7")),
                    "event/service.removed//ci/berlin/e-1 finished 2026-11-29T11:00:00.5Z | deploy Remove cluster/shop from prod | cart@prod sha256:0b31b1c02ff4",
                ),
                (
                    event("environment.modified", None, json!({ "name": "Berlin" })),
                    "event/environment.modified//ci/berlin/e-1 finished 2026-11-29T11:00:00.5Z | infrastructure Change the environment Berlin | cart@cluster-shop -",
                ),
                (
                    merged,
                    "change/acme/shop/cluster/shop finished 2026-11-29T11:00:00.5Z | config Merge cluster/shop into acme/shop | cart@- -",
                ),
                (
                    run("pipelinerun.started", None),
                    "pipelinerun//ci/berlin/cluster/shop began 2026-11-29T11:00:00.5Z | deploy Pipeline Ship, run cluster/shop | cart@- -",
                ),
                (
                    run("pipelinerun.finished", Some("success")),
                    "pipelinerun//ci/berlin/cluster/shop finished 2026-11-29T11:00:00.5Z | deploy Pipeline Ship, run cluster/shop | cart@- -",
                ),
                (
                    run("pipelinerun.finished", Some("failure")),
                    "pipelinerun//ci/berlin/cluster/shop failed 2026-11-29T11:00:00.5Z | deploy Pipeline Ship, run cluster/shop | cart@- - (no disk)",
                ),
                (event("artifact.published", None, json!({})), "ignored: artifact.published is no change of what runs"),
                (event("incident.detected", None, json!({})), "ignored: incident.detected is no change of what runs"),
                (event("service.deployed", None, json!({})), "refused: /subject/content/environment: missing"),
                (json!({ "context": { "type": "dev.cdevents.service.deployed.0.2.0" } }), "refused: /subject: missing"),
                (json!({ "hello": 1 }), "refused: /context: missing"),
            ] {
                assert_eq!(lines(&read(JSON, None, None, &body, names, now())), expected);
            }
        });
        with_names(json!({}), |names| {
            let told = lines(&read(JSON, None, None, &deployed("service.deployed", None), names, now()));
            assert!(told.ends_with("| shop@prod sha256:0b31b1c02ff4"), "{told}");
            let told = lines(&read(JSON, None, None, &run("pipelinerun.started", None), names, now()));
            assert_eq!(told, "ignored: the pipeline Ship is none that the integration lists under workflows");
        });
    }

    #[test]
    fn cloud_events_carry_it_in_three_ways() {
        let data = deployed("service.deployed", None);
        let one = structured(&data);
        with_names(json!({}), |names| {
            let bare = lines(&read(JSON, None, None, &data, names, now()));
            let structured_as = "application/cloudevents+json; charset=utf-8";
            let batch = "application/cloudevents-batch+json";
            assert_eq!(lines(&read(structured_as, None, None, &one, names, now())), bare);
            let kind = "dev.cdevents.service%2Edeployed.0.2.0";
            assert_eq!(lines(&read(JSON, Some(kind), Some("1.0"), &data, names, now())), bare);
            assert_eq!(lines(&read(batch, None, None, &json!([one, one]), names, now())), format!("{bare}\n{bare}"));
            assert_eq!(lines(&read(batch, None, None, &json!([]), names, now())), "");
            let other =
                json!({ "specversion": "1.0", "id": "1", "source": "/x", "type": "com.example.slept", "data": 7 });
            assert_eq!(
                lines(&read(structured_as, None, None, &other, names, now())),
                "ignored: com.example.slept is no CDEvent"
            );
            let spoil = |name: &str, value: Value| {
                let mut spoiled = one.clone();
                spoiled[name] = value;
                spoiled
            };
            for (kind, version, body, expected) in [
                (
                    structured_as,
                    None,
                    spoil("specversion", json!("0.3")),
                    "refused: /specversion: this version of CloudEvents is not known; 1.0 is",
                ),
                (structured_as, None, spoil("id", json!("")), "refused: /id: missing, or no text"),
                (structured_as, None, spoil("data", json!("x")), "refused: /data: must be an object"),
                (
                    structured_as,
                    None,
                    spoil("data_base64", json!("e30=")),
                    "refused: /data_base64: a CDEvent is JSON: send it as data",
                ),
                (batch, None, json!([one, spoil("source", json!(null))]), "refused: /1/source: missing, or no text"),
                (batch, None, one.clone(), "refused: /: a batch of CloudEvents is an array"),
                (JSON, Some("1.0"), data.clone(), "refused: ce-type: missing: a CloudEvent has a type"),
                (
                    JSON,
                    Some("2.0"),
                    data.clone(),
                    "refused: ce-specversion: this version of CloudEvents is not known; 1.0 is",
                ),
            ] {
                assert_eq!(lines(&read(kind, None, version, &body, names, now())), expected);
            }
        });
    }

    #[test]
    fn versions_are_read_from_package_urls() {
        for (artifact, expected) in [
            ("pkg:golang/mygit.example/acme/shop@234fd47e07d1", "234fd47e07d1"),
            ("pkg:oci/shop@sha256%3a0b31b1c02ff458ad?x=1", "sha256:0b31b1c02ff4"),
            ("registry.example/shop:4.2", "registry.example/shop:4.2"),
            ("%", "%"),
            ("%é%4", "%é%4"),
        ] {
            assert_eq!(artifact_version(artifact), expected);
        }
    }
}
