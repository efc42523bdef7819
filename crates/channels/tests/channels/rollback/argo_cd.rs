//! Argo CD, as its API server answers.

use std::sync::Mutex;

use domain::change::rollback_adapters::{Call, RollbackAdapter, System};
use serde_json::{Value, json};

use super::{TOKEN, call, execute, poll, preflight, spec};
use crate::web_sink::{Request, Sink, response};

const GOOD: &str = "4f5e6d7c8b9a0f1e2d3c4b5a69788796a5b4c3d2";
const BAD: &str = "9a0f1e2d3c4b5a69788796a5b4c3d24f5e6d7c8b";

fn argo(sink: &Sink) -> RollbackAdapter {
    spec(System::ArgoCd {
        url: sink.url(""),
        application: "checkout".into(),
        project: Some("shop".into()),
        namespace: Some("argo-apps".into()),
    })
}

fn to(version: Option<&str>) -> Call {
    Call { from: None, to: version.map(str::to_owned), ..call() }
}

fn entry(id: i64, revision: &str, deployed_at: &str) -> Value {
    let source = json!({ "repoURL": "https://git.example.org/shop", "path": "checkout", "targetRevision": "main" });
    json!({ "id": id, "revision": revision, "deployedAt": deployed_at, "source": source })
}

fn state(started_at: &str, phase: &str, revision: &str, dry: bool) -> Value {
    json!({
        "phase": phase, "message": "one or more objects failed to apply", "startedAt": started_at,
        "operation": {
            "sync": { "revision": revision, "dryRun": dry, "source": { "repoURL": "https://git.example.org/shop" } },
            "initiatedBy": { "username": "proj:shop:allclear" },
        },
    })
}

const BEFORE: &str = "2026-11-02T02:50:00Z";
/// The call is at 03:12:07.
const SINCE: &str = "2026-11-02T03:12:08Z";

fn application() -> Value {
    json!({
        "metadata": { "name": "checkout", "namespace": "argo-apps" },
        "spec": { "project": "shop", "syncPolicy": {} },
        "status": {
            "sync": { "status": "Synced", "revision": BAD },
            "health": { "status": "Degraded" },
            "history": [
                entry(3, "1111111111111111111111111111111111111111", "2026-10-01T09:00:00Z"),
                entry(4, GOOD, "2026-10-20T09:00:00Z"),
                entry(5, BAD, BEFORE),
            ],
            "operationState": state(BEFORE, "Succeeded", BAD, false),
        },
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut application = application();
    *application.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
    if application.pointer(path).is_none() {
        let (parent, field) = path.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() { &mut application } else { application.pointer_mut(parent).unwrap() };
        parent[field] = value;
    }
    application
}

/// Answers a rollback with this, and questions for the application in turn; the last again and again.
async fn serving(applications: Vec<Value>, rollback: (&'static str, &'static str)) -> Sink {
    let left = Mutex::new(applications);
    let answer = move |request: &Request| {
        if request.line.contains("/rollback ") {
            return response(rollback.0, "", rollback.1);
        }
        let mut left = left.lock().unwrap();
        let one = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        response("200 OK", "", &one.to_string())
    };
    Sink::by(answer, usize::MAX).await
}

const TAKEN: (&str, &str) = ("200 OK", r#"{"metadata":{"name":"checkout"}}"#);

#[tokio::test]
async fn a_preflight_tries_it_without_doing_it() {
    let dry = |phase| with("/status/operationState", state("2026-11-02T03:12:07Z", phase, GOOD, true));
    for (after, said) in [
        (vec![dry("Succeeded")], "ready"),
        (vec![application(), dry("Running"), dry("Succeeded")], "ready"),
        (vec![dry("Failed")], "denied: the dry run failed: one or more objects failed to apply"),
        (vec![dry("Running")], "unreachable: its dry run is not over yet: ask again"),
    ] {
        let sink = serving([application()].into_iter().chain(after).collect(), TAKEN).await;
        assert_eq!(preflight(&argo(&sink), &to(None)).await, said);
        let seen = sink.seen();
        assert_eq!(seen[0].line, "GET /api/v1/applications/checkout?project=shop&appNamespace=argo-apps HTTP/1.1");
        assert_eq!(seen[0].header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(seen[1].line, "POST /api/v1/applications/checkout/rollback HTTP/1.1");
        let body = json!({
            "name": "checkout", "id": 4, "dryRun": true, "prune": false, "project": "shop", "appNamespace": "argo-apps",
        });
        assert_eq!(seen[1].json(), body);
    }
    // One that runs already is waited for, and not begun again.
    let sink = serving(vec![dry("Running"), dry("Succeeded")], TAKEN).await;
    assert_eq!(preflight(&argo(&sink), &to(None)).await, "ready");
    assert!(sink.seen().iter().all(|one| one.line.starts_with("GET")));
}

#[tokio::test]
async fn a_preflight_says_what_stands_in_the_way() {
    let auto = "denied: auto-sync is on, and Argo CD sets nothing back meanwhile: switch it off, or revert in Git";
    for (application, said) in [
        (with("/spec/syncPolicy", json!({ "automated": {} })), auto),
        (with("/spec/syncPolicy", json!({ "automated": { "prune": true, "selfHeal": true } })), auto),
        (with("/status/history", json!([entry(5, BAD, BEFORE)])), "no target: an earlier deployment in the history"),
        (with("/status/history", json!(null)), "no target: an earlier deployment in the history"),
        (
            with("/status/history", json!([{ "id": "x" }, entry(5, BAD, BEFORE)])),
            "no target: a deployment in the history that can be read",
        ),
        (
            with("/status/operationState", state(BEFORE, "Running", BAD, false)),
            "denied: another operation is under way in Argo CD",
        ),
        (json!({ "hello": 1 }), "unreachable: what answers there is not Argo CD"),
    ] {
        let sink = serving(vec![application], TAKEN).await;
        assert_eq!(preflight(&argo(&sink), &to(None)).await, said);
        assert!(sink.seen().iter().all(|one| one.line.starts_with("GET")), "{said}");
    }
    for (status, body, said) in [
        (
            "403 Forbidden",
            r#"{"error":"permission denied","code":7,"message":"permission denied"}"#,
            "denied: it answered 403 Forbidden: permission denied",
        ),
        (
            "404 Not Found",
            r#"{"code":5,"message":"applications.argoproj.io \"checkout\" not found"}"#,
            "denied: there is no such application that this token may see",
        ),
        (
            "401 Unauthorized",
            r#"{"error":"invalid session: token signature is invalid","code":16}"#,
            "denied: it answered 401 Unauthorized: invalid session: token signature is invalid",
        ),
        (
            "307 Temporary Redirect",
            "",
            "unreachable: it answered 307 Temporary Redirect: redirects are not followed; use the final address",
        ),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(preflight(&argo(&sink), &to(None)).await, said);
    }
    let manual = with("/spec/syncPolicy", json!({ "automated": { "enabled": false } }));
    let refused = ("400 Bad Request", r#"{"code":9,"message":"another operation is already in progress"}"#);
    let sink = serving(vec![manual], refused).await;
    let said = preflight(&argo(&sink), &to(None)).await;
    assert_eq!(said, "denied: it answered 400 Bad Request: another operation is already in progress");
}

#[tokio::test]
async fn it_is_set_back_to_the_version_that_was_named_or_to_the_one_before() {
    let images = |tag: &str| json!({ "kustomize": { "images": [format!("registry.example.org/checkout:{tag}")] } });
    let chart = |version: &str| json!({ "chart": "checkout", "targetRevision": version });
    let parameter = |tag: &str| json!({ "helm": { "parameters": [{ "name": "image.tag", "value": tag }] } });
    let of = |id: i64, source: Value| json!({ "id": id, "revision": format!("{id:040}"), "deployedAt": BEFORE, "source": source });
    let history = |all: Vec<Value>| with("/status/history", Value::Array(all));
    let many =
        json!({ "id": 0, "revisions": ["aaaa", "bbbb"], "deployedAt": BEFORE, "sources": [chart("v41"), chart("9")] });
    for (application, from, wanted, id) in [
        (application(), None, None, Ok(4)),
        (application(), None, Some(GOOD), Ok(4)),
        (application(), None, Some("11111111"), Ok(3)),
        (application(), None, Some("1111"), Err("a deployment of 1111 in the history")),
        (
            application(),
            None,
            Some(BAD),
            Err("a deployment of 9a0f1e2d3c4b5a69788796a5b4c3d24f5e6d7c8b in the history"),
        ),
        (application(), None, Some("v41"), Err("a deployment of v41 in the history")),
        // Somebody set it back already, so that the last deployment is not the one that is to go.
        (application(), Some(GOOD), None, Ok(3)),
        (application(), Some("v42"), None, Ok(4)),
        (history(vec![of(0, images("v41")), of(1, images("v42"))]), None, Some("v41"), Ok(0)),
        (
            history(vec![of(0, images("rev41")), of(1, images("v42"))]),
            None,
            Some("v41"),
            Err("a deployment of v41 in the history"),
        ),
        (history(vec![of(0, chart("v41")), of(1, chart("v41")), of(2, chart("v42"))]), None, Some("v41"), Ok(1)),
        (history(vec![of(0, parameter("v41")), of(1, parameter("v42"))]), None, Some("v41"), Ok(0)),
        (history(vec![many, of(1, chart("v42"))]), None, Some("v41"), Ok(0)),
    ] {
        let sink = serving(vec![application], TAKEN).await;
        let call = Call { from: from.map(str::to_owned), ..to(wanted) };
        let said = execute(&argo(&sink), &call).await;
        match id {
            Ok(id) => {
                assert!(said.starts_with("begun "), "{said}");
                let body = sink.seen()[1].json();
                assert_eq!((&body["id"], &body["dryRun"]), (&json!(id), &json!(false)), "{from:?} {wanted:?}");
            }
            Err(what) => {
                assert_eq!(said, format!("refused: Argo CD does not have {what}"));
                assert_eq!(sink.seen().len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn a_call_keeps_where_it_leads_and_what_was_before() {
    let sink = serving(vec![application()], TAKEN).await;
    let link = sink.url("/applications/argo-apps/checkout");
    assert_eq!(execute(&argo(&sink), &to(None)).await, format!("begun {BEFORE} {GOOD} at {link}"));
    let sink = serving(vec![with("/status/operationState", state(BEFORE, "Succeeded", GOOD, true))], TAKEN).await;
    assert!(execute(&argo(&sink), &to(None)).await.starts_with(&format!("begun - {GOOD} at ")));
    for (rollback, said) in [
        (
            ("400 Bad Request", r#"{"error":"rollback cannot be initiated when auto-sync is enabled","code":9}"#),
            "refused: it answered 400 Bad Request: rollback cannot be initiated when auto-sync is enabled",
        ),
        (
            ("403 Forbidden", r#"{"message":"permission denied: applications, sync, shop/checkout"}"#),
            "refused: it answered 403 Forbidden: permission denied: applications, sync, shop/checkout",
        ),
        (
            ("500 Internal Server Error", r#"{"message":"error setting app operation: timeout"}"#),
            "unknown: it answered 500 Internal Server Error: error setting app operation: timeout",
        ),
    ] {
        let sink = serving(vec![application()], rollback).await;
        assert_eq!(execute(&argo(&sink), &to(None)).await, said);
    }
    // What goes wrong before it was told anything is certain, also what would not be so afterwards.
    for (status, said) in [
        ("502 Bad Gateway", "refused: it answered 502 Bad Gateway"),
        ("403 Forbidden", "refused: it answered 403 Forbidden"),
    ] {
        let sink = Sink::with(status, "", "").await;
        assert_eq!(execute(&argo(&sink), &to(None)).await, said);
    }
    let silent = Sink::answering("").await;
    assert_eq!(execute(&argo(&silent), &to(None)).await, "refused: no answer within 1 seconds");
}

#[tokio::test]
async fn an_operation_is_followed_to_its_end() {
    let now = |phase: &str| with("/status/operationState", state(SINCE, phase, GOOD, false));
    let healthy = |health: &str| {
        let mut application = now("Succeeded");
        application["status"]["health"]["status"] = json!(health);
        application
    };
    let mut superseded = with("/status/operationState", state("2026-11-02T03:20:00Z", "Running", BAD, false));
    let nothing = superseded.clone();
    superseded["status"]["history"].as_array_mut().unwrap().push(entry(6, GOOD, "2026-11-02T03:13:00Z"));
    let waiting = with("/operation", json!({ "sync": { "revision": GOOD, "source": {} } }));
    let handle = format!("{BEFORE} {GOOD}");
    for (application, with_handle, without) in [
        (application(), "nothing", "nothing"),
        (waiting, "running", "running"),
        (now("Running"), "running", "running"),
        (now("Terminating"), "running", "running"),
        (healthy("Progressing"), "running", "running"),
        (healthy("Healthy"), "succeeded", "succeeded"),
        (healthy("Degraded"), "succeeded", "succeeded"),
        (now("Failed"), "failed: one or more objects failed to apply", "failed: one or more objects failed to apply"),
        (now("Error"), "failed: one or more objects failed to apply", "failed: one or more objects failed to apply"),
        // A dry run, a sync to elsewhere, and what was there before are not ours.
        (with("/status/operationState", state(SINCE, "Succeeded", GOOD, true)), "nothing", "nothing"),
        (with("/status/operationState", state(SINCE, "Succeeded", "2222222", false)), "nothing", "nothing"),
        (with("/status/operationState", state(BEFORE, "Succeeded", GOOD, false)), "nothing", "nothing"),
        (nothing, "nothing", "running"),
        (superseded, "succeeded", "running"),
    ] {
        let sink = serving(vec![application.clone()], TAKEN).await;
        assert_eq!(poll(&argo(&sink), &to(None), Some(&handle)).await, with_handle, "{application:#}");
        assert_eq!(poll(&argo(&sink), &to(None), None).await, without, "{application:#}");
        assert!(sink.seen().iter().all(|one| one.line.starts_with("GET")));
    }
    // Without a handle, but with a version, what leads elsewhere is somebody else's.
    let elsewhere = with("/status/operationState", state(SINCE, "Succeeded", BAD, false));
    let sink = serving(vec![elsewhere], TAKEN).await;
    assert_eq!(poll(&argo(&sink), &to(Some(GOOD)), None).await, "nothing");
    let sink = Sink::with("503 Service Unavailable", "", "").await;
    assert_eq!(poll(&argo(&sink), &to(None), Some(&handle)).await, "nothing");
}
