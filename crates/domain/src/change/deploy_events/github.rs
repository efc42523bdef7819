//! What GitHub's webhooks tell of deployments, pushes, releases and runs of workflows, and whether GitHub signed them.
//!
//! The number of the deployment, the release or the run is the key: GitHub sends in no order, and a person may send again.
//! What it sends besides is passed over. A deployment that became `inactive` was followed by another; it did not fail.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::parts::Part;
use super::{Draft, Names, Told, version};
use crate::change::observations::Stage;
use crate::change::proposals::Kind;
use crate::words::{Result, Timestamp};

/// Whether `X-Hub-Signature-256` is over these bytes with this key. HMAC takes the SHA-256 of a key that is longer than its block,
/// which the tokens of integrations are: of those, the hash that is kept is all that is needed.
pub fn is_signed(key: &[u8], signature: &str, body: &[u8]) -> bool {
    let Some(shown) = signature.trim().strip_prefix("sha256=").and_then(from_hex) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(body);
    // In the same time, wherever they differ.
    mac.verify_slice(&shown).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?).ok();
    (text.len() == 64).then(|| text.as_bytes().chunks(2).map(byte).collect())?
}

/// Reads one event. `event` is what `X-GitHub-Event` says.
pub fn read(event: &str, body: &Value, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let body = Part::whole(body).object()?;
    match event {
        "deployment" => deployment(&body, None, names, now),
        "deployment_status" => {
            let status = body.at("deployment_status").object()?;
            deployment(&body, Some(&status), names, now)
        }
        "push" => push(&body, names, now),
        "release" => release(&body, names, now),
        "workflow_run" => workflow_run(&body, names, now),
        "ping" => Ok(Told::ignored("ping: this integration hears GitHub")),
        other => Ok(Told::ignored(format!("{other} is no change"))),
    }
}

fn repository(body: &Part<'_>) -> Result<String> {
    body.at("repository").object()?.need("full_name")
}

fn by(of: &Part<'_>, who: &str) -> String {
    of.at(who).word("login").map(|login| format!("by {login} on GitHub")).unwrap_or_default()
}

fn deployment(body: &Part<'_>, status: Option<&Part<'_>>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let repository = repository(body)?;
    let deployment = body.at("deployment").object()?;
    let (id, environment) = (deployment.need("id")?, deployment.need("environment")?);
    let of = deployment.word("ref");
    let (stage, at) = match status {
        None => (Stage::Began, deployment.need_time("created_at", now)?),
        Some(status) => {
            let stage = match status.need("state")?.as_str() {
                "queued" | "pending" | "waiting" | "in_progress" => Stage::Began,
                "success" => Stage::Finished,
                "failure" | "error" => Stage::Failed,
                "inactive" => return Ok(Told::ignored("inactive: another deployment took its place")),
                other => return Ok(Told::ignored(format!("a deployment that is {other} says nothing new"))),
            };
            (stage, status.need_time("created_at", now)?)
        }
    };
    let said = status.filter(|_| stage == Stage::Failed).and_then(|status| status.word("description"));
    let shown = of.as_deref().map(|of| format!("{of} of ")).unwrap_or_default();
    let draft = Draft {
        key: &["deployment", &id],
        stage,
        at,
        kind: Kind::Deploy,
        title: format!("Deploy {shown}{repository} to {environment}"),
        why: by(&deployment, "creator"),
        words: &[&repository],
        own: &repository,
        environment: Some(&environment),
        to: version(of.as_deref(), deployment.word("sha").as_deref()),
        said: said.unwrap_or_default(),
        link: status.and_then(|status| status.link(&["log_url", "target_url", "environment_url"])),
    };
    Ok(Told::one(draft.report(names)))
}

fn push(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    if !names.settings.pushes {
        return Ok(Told::ignored("pushes are no changes unless the integration says pushes: true"));
    }
    let repository = repository(body)?;
    let (of, after) = (body.need("ref")?, body.need("after")?);
    let branch = body.at("repository").word("default_branch").unwrap_or_default();
    if of != format!("refs/heads/{branch}") || body.is("deleted") {
        return Ok(Told::ignored(format!("{of} is not the default branch")));
    }
    // When it was pushed, which may be long after it was written. Elsewhere in the API this is a text.
    let head = body.at("head_commit");
    let at = match body.at("repository").time("pushed_at", now)? {
        Some(at) => at,
        None => head.need_time("timestamp", now)?,
    };
    let message = head.value.get("message").and_then(Value::as_str).and_then(|text| text.lines().next());
    let draft = Draft {
        key: &["push", &repository, &after],
        stage: Stage::Finished,
        at,
        kind: Kind::Config,
        title: format!("Push to {repository}: {}", message.unwrap_or("no message")),
        why: by(body, "sender"),
        words: &[&repository],
        own: &repository,
        environment: None,
        to: version(None, Some(&after)),
        said: String::new(),
        link: body.link(&["compare"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn release(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let action = body.need("action")?;
    if action != "published" {
        return Ok(Told::ignored(format!("a release that was {action} is no change; one that was published is")));
    }
    let repository = repository(body)?;
    let release = body.at("release").object()?;
    let (id, tag) = (release.need("id")?, release.need("tag_name")?);
    let draft = Draft {
        key: &["release", &id],
        stage: Stage::Finished,
        at: release.need_time("published_at", now)?,
        kind: Kind::Deploy,
        title: format!("Release {tag} of {repository}"),
        why: by(&release, "author"),
        words: &[&repository],
        own: &repository,
        environment: None,
        to: Some(tag.clone()),
        said: String::new(),
        link: release.link(&["html_url"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn workflow_run(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let run = body.at("workflow_run").object()?;
    let path = run.word("path");
    // With the branch behind it: `.github/workflows/deploy.yml@refs/heads/main`.
    let file = path.as_deref().and_then(|path| path.split('@').next()?.rsplit('/').next());
    let name = run.word("name").or_else(|| file.map(str::to_owned)).unwrap_or_default();
    if !names.takes_workflow(&[Some(&name), file]) {
        return Ok(Told::ignored(format!("the workflow {name} is none that the integration lists under workflows")));
    }
    let repository = repository(body)?;
    let id = run.need("id")?;
    let attempt = run.word("run_attempt").unwrap_or_else(|| "1".into());
    let conclusion = run.word("conclusion").unwrap_or_default();
    let (stage, at) = match body.need("action")?.as_str() {
        "requested" | "in_progress" => {
            let started = run.time("run_started_at", now)?;
            (Stage::Began, started.map_or_else(|| run.need_time("created_at", now), Ok)?)
        }
        _ => {
            let stage = match conclusion.as_str() {
                "success" => Stage::Finished,
                "failure" | "timed_out" | "startup_failure" | "cancelled" => Stage::Failed,
                other => return Ok(Told::ignored(format!("a run that came to {other} changed nothing"))),
            };
            (stage, run.need_time("updated_at", now)?)
        }
    };
    let commit = run.word("head_sha");
    let number = run.word("run_number").unwrap_or_else(|| id.clone());
    let draft = Draft {
        key: &["workflow_run", &id, &attempt],
        stage,
        at,
        kind: Kind::Deploy,
        title: format!("{name} {number} of {repository}"),
        why: by(&run, "actor"),
        words: &[&name, &repository],
        own: &repository,
        environment: names.settings.environments.contains_key(&name).then_some(name.as_str()),
        to: version(run.word("head_branch").as_deref(), commit.as_deref()),
        said: if stage == Stage::Failed { conclusion } else { String::new() },
        link: run.link(&["html_url"]),
    };
    Ok(Told::one(draft.report(names)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{lines, now, with_names};
    use super::*;

    const COMMIT: &str = "9c0d1e3b5a7f4f2a9c0d1e3b5a7f4f2a9c0d1e3b";

    fn body(more: &Value) -> Value {
        let mut body = json!({
            "repository": { "full_name": "acme/shop", "default_branch": "main", "pushed_at": 1_795_313_529 },
            "sender": { "login": "octavia" },
            "deployment": {
                "id": 4711, "ref": "v4.2.0", "sha": COMMIT, "environment": "Production", "task": "deploy",
                "created_at": "2026-11-29T11:00:00Z", "creator": { "login": "octavia" }, "payload": {},
            },
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn status(state: &str) -> Value {
        body(&json!({ "deployment_status": {
            "id": 9, "state": state, "created_at": "2026-11-29T11:05:00Z", "description": "3 of 9 pods\nare up",
            "log_url": "", "target_url": "https://ci.example/runs/7",
        } }))
    }

    fn run(action: &str, conclusion: Option<&str>, path: &str) -> Value {
        body(&json!({ "action": action, "workflow_run": {
            "id": 77, "run_attempt": 2, "run_number": 12, "name": "Deploy", "path": path, "head_branch": "main",
            "head_sha": COMMIT, "conclusion": conclusion, "created_at": "2026-11-29T10:59:00Z",
            "run_started_at": "2026-11-29T11:00:00Z", "updated_at": "2026-11-29T11:09:00Z",
            "html_url": "https://github.example/acme/shop/actions/runs/77", "actor": { "login": "octavia" },
        } }))
    }

    #[test]
    fn each_event_is_read_as_what_it_changes() {
        let settings = json!({
            "pushes": true, "workflows": ["deploy.yml"], "environments": { "Production": "live", "Deploy": "live" },
        });
        let push =
            |of: &str| json!({ "ref": of, "after": COMMIT, "head_commit": { "message": "Sell more\n\nat once" } });
        let release = |action: &str| {
            json!({ "action": action, "release": {
            "id": 5, "tag_name": "v4.2.0", "published_at": "2026-11-29T11:30:00Z", "html_url": "https://github.example/r/5",
        } })
        };
        let file = ".github/workflows/deploy.yml@refs/heads/main";
        let mut nameless = run("completed", Some("timed_out"), file);
        nameless["workflow_run"]["name"] = json!("");
        with_names(settings, |names| {
            for (event, body, expected) in [
                (
                    "deployment",
                    body(&json!({})),
                    "deployment/4711 began 2026-11-29T11:00:00Z | deploy Deploy v4.2.0 of acme/shop to Production | shop@live v4.2.0",
                ),
                (
                    "deployment_status",
                    status("in_progress"),
                    "deployment/4711 began 2026-11-29T11:05:00Z | deploy Deploy v4.2.0 of acme/shop to Production | shop@live v4.2.0",
                ),
                (
                    "deployment_status",
                    status("success"),
                    "deployment/4711 finished 2026-11-29T11:05:00Z | deploy Deploy v4.2.0 of acme/shop to Production | shop@live v4.2.0",
                ),
                (
                    "deployment_status",
                    status("error"),
                    "deployment/4711 failed 2026-11-29T11:05:00Z | deploy Deploy v4.2.0 of acme/shop to Production | shop@live v4.2.0 (3 of 9 pods are up)",
                ),
                ("deployment_status", status("inactive"), "ignored: inactive: another deployment took its place"),
                ("deployment_status", status("dreaming"), "ignored: a deployment that is dreaming says nothing new"),
                (
                    "push",
                    body(&push("refs/heads/main")),
                    "push/acme/shop/9c0d1e3b5a7f4f2a9c0d1e3b5a7f4f2a9c0d1e3b finished 2026-11-22T02:12:09Z | config Push to acme/shop: Sell more | shop@- 9c0d1e3b5a7f",
                ),
                ("push", body(&push("refs/heads/try")), "ignored: refs/heads/try is not the default branch"),
                (
                    "release",
                    body(&release("published")),
                    "release/5 finished 2026-11-29T11:30:00Z | deploy Release v4.2.0 of acme/shop | shop@- v4.2.0",
                ),
                (
                    "release",
                    body(&release("edited")),
                    "ignored: a release that was edited is no change; one that was published is",
                ),
                (
                    "workflow_run",
                    run("requested", None, file),
                    "workflow_run/77/2 began 2026-11-29T11:00:00Z | deploy Deploy 12 of acme/shop | shop@live 9c0d1e3b5a7f",
                ),
                (
                    "workflow_run",
                    run("completed", Some("success"), file),
                    "workflow_run/77/2 finished 2026-11-29T11:09:00Z | deploy Deploy 12 of acme/shop | shop@live 9c0d1e3b5a7f",
                ),
                (
                    "workflow_run",
                    run("completed", Some("cancelled"), file),
                    "workflow_run/77/2 failed 2026-11-29T11:09:00Z | deploy Deploy 12 of acme/shop | shop@live 9c0d1e3b5a7f (cancelled)",
                ),
                (
                    "workflow_run",
                    run("completed", Some("skipped"), file),
                    "ignored: a run that came to skipped changed nothing",
                ),
                (
                    "workflow_run",
                    run("completed", Some("success"), ".github/workflows/test.yml"),
                    "ignored: the workflow Deploy is none that the integration lists under workflows",
                ),
                (
                    "workflow_run",
                    nameless,
                    "workflow_run/77/2 failed 2026-11-29T11:09:00Z | deploy deploy.yml 12 of acme/shop | shop@- 9c0d1e3b5a7f (timed_out)",
                ),
                ("ping", body(&json!({})), "ignored: ping: this integration hears GitHub"),
                ("installation", body(&json!({})), "ignored: installation is no change"),
            ] {
                assert_eq!(lines(&read(event, &body, names, now())), expected, "{event}");
            }
        });
    }

    #[test]
    fn nothing_is_assumed_of_a_repository_that_nobody_named() {
        with_names(json!({}), |names| {
            let mut other = status("success");
            other["repository"]["full_name"] = json!("acme/warehouse\u{202e}");
            let read_it = |event: &str, body: &Value| read(event, body, names, now());
            let told = read_it("deployment_status", &other).unwrap();
            assert_eq!(told.reports[0].unmapped, ["acme/warehouse"]);
            assert_eq!(told.reports[0].observation.proposal.targets, []);
            assert_eq!(told.reports[0].observation.link.as_deref(), Some("https://ci.example/runs/7"));
            assert_eq!(read_it("push", &body(&json!({}))).unwrap().reports, [], "pushes are asked for");
            for (event, spoiled, place) in [
                ("deployment", json!({}), "/repository"),
                ("deployment", body(&json!({ "deployment": { "id": 7 } })), "/deployment/environment"),
                (
                    "deployment_status",
                    body(&json!({ "deployment_status": { "state": "success" } })),
                    "/deployment_status/created_at",
                ),
                (
                    "deployment_status",
                    body(&json!({ "deployment_status": { "state": "success", "created_at": "2036-01-01T00:00:00Z" } })),
                    "/deployment_status/created_at",
                ),
                ("release", body(&json!({ "action": "published", "release": [] })), "/release"),
                ("ping", json!([]), "/"),
            ] {
                assert_eq!(read_it(event, &spoiled).unwrap_err().at.as_deref(), Some(place), "{event} {spoiled}");
            }
        });
    }

    #[test]
    fn a_signature_is_verified_by_the_hash_of_the_token() {
        use crate::prepare::access::{Secret, SecretKind};
        let secret = Secret::new(SecretKind::IntegrationToken, [7; 32]);
        // As GitHub does it: with the token itself.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).unwrap();
        mac.update(b"Hello, World!");
        let bytes = mac.finalize().into_bytes();
        let signature = bytes.iter().fold("sha256=".to_owned(), |hex, byte| format!("{hex}{byte:02x}"));
        assert!(is_signed(&secret.hash(), &signature, b"Hello, World!"));
        assert!(!is_signed(&secret.hash(), &signature, b"Hello, World?"));
        assert!(!is_signed(&[7; 32], &signature, b"Hello, World!"));
        for wrong in [
            "",
            "sha256=",
            "sha1=757107ea0eb2509fc211221cce984b8a",
            &signature[..70],
            &signature.replace('=', ""),
            "sha256=é",
        ] {
            assert!(!is_signed(&secret.hash(), wrong, b"Hello, World!"), "{wrong}");
        }
        // As GitHub documents it, of a key that is shorter than a block.
        let documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(b"It's a Secret to Everybody", documented, b"Hello, World!"));
        assert!(!is_signed(&secret.hash(), &format!("sha256={}", "zé".repeat(21) + "z"), b""));
    }
}
