//! What GitLab's webhooks tell of deployments, pushes, pipelines, releases and feature flags.
//!
//! The number that GitLab gives is the key. A push has no time of its own, so it is that of its last commit; the switch of a flag
//! has none at all, and is known again by the id of its delivery.

use serde_json::Value;

use super::parts::Part;
use super::{Draft, Names, Told, version};
use crate::change::observations::Stage;
use crate::change::proposals::Kind;
use crate::words::{Result, Timestamp};

/// Reads one event. `delivery` is what `Idempotency-Key` or `X-Gitlab-Event-UUID` says.
pub fn read(delivery: Option<&str>, body: &Value, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let body = Part::whole(body).object()?;
    match body.need("object_kind")?.as_str() {
        "deployment" => deployment(&body, names, now),
        "push" => push(&body, names, now),
        "pipeline" => pipeline(&body, names, now),
        "release" => release(&body, names, now),
        "feature_flag" => feature_flag(delivery, &body, names, now),
        other => Ok(Told::ignored(format!("{other} is no change"))),
    }
}

fn project(body: &Part<'_>) -> Result<String> {
    body.at("project").object()?.need("path_with_namespace")
}

fn by(body: &Part<'_>) -> String {
    let who = body.at("user").word("username").or_else(|| body.word("user_username"));
    who.map(|who| format!("by {who} on GitLab")).unwrap_or_default()
}

fn deployment(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let stage = match body.need("status")?.as_str() {
        "running" => Stage::Began,
        "success" => Stage::Finished,
        // Called off, with one l or two.
        status if status == "failed" || status.starts_with("cancel") => Stage::Failed,
        other => return Ok(Told::ignored(format!("a deployment that is {other} did not begin"))),
    };
    let (project, id, environment) = (project(body)?, body.need("deployment_id")?, body.need("environment")?);
    let of = body.word("ref");
    let shown = of.as_deref().map(|of| format!("{of} of ")).unwrap_or_default();
    let draft = Draft {
        key: &["deployment", &id],
        stage,
        at: body.need_time("status_changed_at", now)?,
        kind: Kind::Deploy,
        title: format!("Deploy {shown}{project} to {environment}"),
        why: by(body),
        words: &[&project],
        own: &project,
        environment: Some(&environment),
        to: version(of.as_deref(), body.word("short_sha").as_deref()),
        said: if stage == Stage::Failed { body.need("status")? } else { String::new() },
        link: body.link(&["deployable_url", "commit_url"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn push(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    if !names.settings.pushes {
        return Ok(Told::ignored("pushes are no changes unless the integration says pushes: true"));
    }
    let (project, of, after) = (project(body)?, body.need("ref")?, body.need("after")?);
    let branch = body.at("project").word("default_branch").unwrap_or_default();
    if of != format!("refs/heads/{branch}") || after.bytes().all(|byte| byte == b'0') {
        return Ok(Told::ignored(format!("{of} is not the default branch")));
    }
    let commits = body.at("commits").items();
    let last = commits.iter().find(|commit| commit.word("id").as_deref() == Some(&after)).or(commits.last());
    let Some(last) = last else { return Ok(Told::ignored("a push without a commit changes nothing")) };
    let message = last.value.get("message").and_then(Value::as_str).and_then(|text| text.lines().next());
    let draft = Draft {
        key: &["push", &project, &after],
        stage: Stage::Finished,
        at: last.need_time("timestamp", now)?,
        kind: Kind::Config,
        title: format!("Push to {project}: {}", message.unwrap_or("no message")),
        why: by(body),
        words: &[&project],
        own: &project,
        environment: None,
        to: version(None, Some(&after)),
        said: String::new(),
        link: last.link(&["url"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn pipeline(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let run = body.at("object_attributes").object()?;
    let (name, of) = (run.word("name"), run.word("ref"));
    let called = name.clone().or_else(|| of.clone()).unwrap_or_default();
    if !names.takes_workflow(&[name.as_deref(), of.as_deref()]) {
        let why = format!("the pipeline {called} is none that the integration lists under workflows");
        return Ok(Told::ignored(why));
    }
    let status = run.need("status")?;
    let (stage, at) = match status.as_str() {
        "running" => (Stage::Began, run.need_time("created_at", now)?),
        "success" => (Stage::Finished, run.need_time("finished_at", now)?),
        status if status == "failed" || status.starts_with("cancel") => {
            (Stage::Failed, run.need_time("finished_at", now)?)
        }
        other => return Ok(Told::ignored(format!("a pipeline that is {other} did not begin"))),
    };
    let (project, id) = (project(body)?, run.need("id")?);
    let draft = Draft {
        key: &["pipeline", &id],
        stage,
        at,
        kind: Kind::Deploy,
        title: format!("Pipeline {called} {id} of {project}"),
        why: by(body),
        words: &[&called, &project],
        own: &project,
        environment: names.settings.environments.contains_key(&called).then_some(called.as_str()),
        to: version(of.as_deref(), run.word("sha").as_deref()),
        said: if stage == Stage::Failed { status } else { String::new() },
        link: run.link(&["url"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn release(body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let action = body.need("action")?;
    if action != "create" {
        return Ok(Told::ignored(format!("{action} of a release is no change; create is")));
    }
    let (project, id, tag) = (project(body)?, body.need("id")?, body.need("tag")?);
    let draft = Draft {
        key: &["release", &id],
        stage: Stage::Finished,
        // Not `released_at`, which may lie months ahead.
        at: body.need_time("created_at", now)?,
        kind: Kind::Deploy,
        title: format!("Release {tag} of {project}"),
        why: by(body),
        words: &[&project],
        own: &project,
        environment: None,
        to: Some(tag.clone()),
        said: String::new(),
        link: body.link(&["url"]),
    };
    Ok(Told::one(draft.report(names)))
}

fn feature_flag(delivery: Option<&str>, body: &Part<'_>, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let flag = body.at("object_attributes").object()?;
    let (project, id, name) = (project(body)?, flag.need("id")?, flag.need("name")?);
    let state = if flag.is("active") { "on" } else { "off" };
    let arrived = now.to_string();
    let draft = Draft {
        key: &["feature_flag", &id, state, delivery.unwrap_or(&arrived)],
        stage: Stage::Finished,
        at: now,
        kind: Kind::Flag,
        title: format!("Feature flag {name} of {project} is {state}"),
        why: by(body),
        words: &[&project],
        own: &project,
        environment: None,
        to: Some(state.into()),
        said: String::new(),
        link: body.at("project").link(&["web_url"]),
    };
    let mut report = draft.report(names);
    report.on_arrival = true;
    Ok(Told::one(report))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{lines, now, with_names};
    use super::*;

    fn body(more: &Value) -> Value {
        let mut body = json!({
            "project": { "path_with_namespace": "acme/shop", "default_branch": "main", "web_url": "https://gitlab.example/acme/shop" },
            "user": { "username": "gilda" },
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn deployment(status: &str) -> Value {
        body(&json!({
            "object_kind": "deployment", "status": status, "status_changed_at": "2026-11-29 12:05:00 +0100",
            "deployment_id": 15, "environment": "production", "ref": "main", "short_sha": "279484c0",
            "deployable_url": "https://gitlab.example/acme/shop/-/jobs/796",
        }))
    }

    #[test]
    fn each_event_is_read_as_what_it_changes() {
        let pipeline = |status: &str| {
            body(&json!({ "object_kind": "pipeline", "object_attributes": {
            "id": 31, "name": null, "ref": "main", "sha": "bcbb5ec396a2", "status": status,
            "created_at": "2026-11-29 11:00:00 UTC", "finished_at": "2026-11-29 11:09:00 UTC",
        } }))
        };
        let push = |after: &str| {
            body(&json!({
                "object_kind": "push", "ref": "refs/heads/main", "after": after, "user_username": "gilda",
                "commits": [
                    { "id": "a1", "message": "One", "timestamp": "2026-11-29T10:00:00+00:00" },
                    { "id": "b2", "message": "Two\n", "timestamp": "2026-11-29T11:00:00+00:00", "url": "https://gitlab.example/b2" },
                ],
            }))
        };
        let release = |action: &str| {
            body(&json!({
                "object_kind": "release", "id": 1, "tag": "v1.1", "action": action, "created_at": "2026-11-29 11:00:00 UTC",
                "released_at": "2027-11-29 11:00:00 UTC",
            }))
        };
        let flag = body(
            &json!({ "object_kind": "feature_flag", "object_attributes": { "id": 6, "name": "new-cart", "active": true } }),
        );
        with_names(json!({ "pushes": true, "workflows": ["main"] }), |names| {
            for (body, expected) in [
                (
                    deployment("running"),
                    "deployment/15 began 2026-11-29T11:05:00Z | deploy Deploy main of acme/shop to production | shop@production 279484c0",
                ),
                (
                    deployment("success"),
                    "deployment/15 finished 2026-11-29T11:05:00Z | deploy Deploy main of acme/shop to production | shop@production 279484c0",
                ),
                (
                    deployment("cancelled"),
                    "deployment/15 failed 2026-11-29T11:05:00Z | deploy Deploy main of acme/shop to production | shop@production 279484c0 (cancelled)",
                ),
                (deployment("blocked"), "ignored: a deployment that is blocked did not begin"),
                (
                    pipeline("running"),
                    "pipeline/31 began 2026-11-29T11:00:00Z | deploy Pipeline main 31 of acme/shop | shop@- bcbb5ec396a2",
                ),
                (
                    pipeline("failed"),
                    "pipeline/31 failed 2026-11-29T11:09:00Z | deploy Pipeline main 31 of acme/shop | shop@- bcbb5ec396a2 (failed)",
                ),
                (pipeline("skipped"), "ignored: a pipeline that is skipped did not begin"),
                (
                    push("b2"),
                    "push/acme/shop/b2 finished 2026-11-29T11:00:00Z | config Push to acme/shop: Two | shop@- b2",
                ),
                (push("0000"), "ignored: refs/heads/main is not the default branch"),
                (
                    release("create"),
                    "release/1 finished 2026-11-29T11:00:00Z | deploy Release v1.1 of acme/shop | shop@- v1.1",
                ),
                (release("update"), "ignored: update of a release is no change; create is"),
                (
                    flag.clone(),
                    "feature_flag/6/on/uuid-1 finished 2026-11-29T12:00:00Z | flag Feature flag new-cart of acme/shop is on | shop@- on",
                ),
                (body(&json!({ "object_kind": "note" })), "ignored: note is no change"),
                (body(&json!({})), "refused: /object_kind: missing, or no text"),
                (
                    body(&json!({ "object_kind": "deployment", "status": "success" })),
                    "refused: /deployment_id: missing, or no text",
                ),
            ] {
                assert_eq!(lines(&read(Some("uuid-1"), &body, names, now())), expected);
            }
            assert!(read(None, &flag, names, now()).unwrap().reports[0].on_arrival);
        });
        with_names(json!({}), |names| {
            for body in [push("b2"), pipeline("success")] {
                assert_eq!(read(None, &body, names, now()).unwrap().reports, [], "they are asked for");
            }
        });
    }
}
