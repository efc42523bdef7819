//! GitHub Actions, as its REST API answers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use channels::egress::{Allow, Egress, Resolve, Resolving};
use channels::rollback::{self, Secrets};
use channels::tls;
use channels::token::Token;
use domain::change::rollback_adapters::{RollbackAdapter, System};
use serde_json::{Value, json};

use super::{TOKEN, call, execute, name, poll, preflight, spec};
use crate::now;
use crate::web_sink::{Sink, response};

fn github(sink: &Sink, base: &str) -> RollbackAdapter {
    let inputs = [("version", "{{ to }}"), ("where", "{{ service }}/{{ environment }}")];
    spec(System::GithubActions {
        api: sink.url(base),
        repository: "acme/shop.web".into(),
        workflow: "rollback.yml".into(),
        git_ref: "main".into(),
        inputs: inputs.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
    })
}

fn workflow(state: &str) -> String {
    json!({
        "id": 161_335, "node_id": "MDg6V29ya2Zsb3cxNjEzMzU=", "name": "Rollback", "path": ".github/workflows/rollback.yml",
        "state": state, "created_at": "2026-01-08T23:48:37.000-08:00", "updated_at": "2026-01-08T23:50:21.000-08:00",
        "html_url": "https://github.com/acme/shop.web/blob/main/.github/workflows/rollback.yml",
    })
    .to_string()
}

fn run(id: u64, title: &str, status: &str, conclusion: Option<&str>) -> Value {
    json!({
        "id": id, "name": "Rollback", "display_title": title, "event": "workflow_dispatch", "status": status,
        "conclusion": conclusion, "head_branch": "main", "run_attempt": 1, "workflow_id": 161_335,
        "html_url": format!("https://github.com/acme/shop.web/actions/runs/{id}"),
        "created_at": "2026-11-02T03:12:09Z", "actor": { "login": "allclear[bot]", "id": 1 },
    })
}

#[tokio::test]
async fn a_workflow_is_asked_for_with_the_token() {
    for (status, headers, body, said) in [
        ("200 OK", "", workflow("active"), "ready"),
        ("200 OK", "", workflow("disabled_inactivity"), "denied: the workflow is disabled inactivity"),
        ("200 OK", "", workflow("disabled_manually"), "denied: the workflow is disabled manually"),
        ("200 OK", "", "<html>".into(), "unreachable: what answers there is not GitHub"),
        (
            "401 Unauthorized",
            "",
            r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#.into(),
            "denied: it answered 401 Unauthorized: Bad credentials",
        ),
        (
            "404 Not Found",
            "",
            r#"{"message":"Not Found"}"#.into(),
            "denied: there is no such workflow that this token may see",
        ),
        (
            "403 Forbidden",
            "x-ratelimit-remaining: 0\r\n",
            r#"{"message":"API rate limit exceeded"}"#.into(),
            "unreachable: it answered 403 Forbidden: API rate limit exceeded",
        ),
        (
            "403 Forbidden",
            "x-ratelimit-remaining: 4999\r\n",
            r#"{"message":"Resource not accessible by personal access token"}"#.into(),
            "denied: it answered 403 Forbidden: Resource not accessible by personal access token",
        ),
        ("502 Bad Gateway", "", "<html>".into(), "unreachable: it answered 502 Bad Gateway"),
    ] {
        let sink = Sink::with(status, headers, &body).await;
        assert_eq!(preflight(&github(&sink, "/api/v3/"), &call()).await, said);
        let seen = &sink.seen()[0];
        assert_eq!(seen.line, "GET /api/v3/repos/acme/shop.web/actions/workflows/rollback.yml HTTP/1.1");
        assert_eq!(seen.header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(
            (seen.header("x-github-api-version"), seen.header("accept")),
            ("2022-11-28", "application/vnd.github+json")
        );
    }
}

#[tokio::test]
async fn a_dispatch_carries_the_key_and_answers_with_the_run_or_with_nothing() {
    let named = r#"{"workflow_run_id":22334455,"run_url":"https://api.github.com/repos/acme/shop.web/actions/runs/22334455","html_url":"https://github.com/acme/shop.web/actions/runs/22334455"}"#;
    for (status, body, said) in [
        ("200 OK", named, "begun run 22334455 at https://github.com/acme/shop.web/actions/runs/22334455"),
        ("204 No Content", "", "begun key"),
        ("200 OK", r#"{"workflow_run_id":22334455,"html_url":"javascript:x"}"#, "begun run 22334455"),
        ("200 OK", r#"{"workflow_run_id":"../../../user"}"#, "begun key"),
        (
            "422 Unprocessable Entity",
            r#"{"message":"Unexpected inputs provided: [\"key\"]","status":"422"}"#,
            "refused: it answered 422 Unprocessable Entity: Unexpected inputs provided: [\"key\"]",
        ),
        (
            "422 Unprocessable Entity",
            r#"{"message":"Workflow does not have 'workflow_dispatch' trigger"}"#,
            "refused: it answered 422 Unprocessable Entity: Workflow does not have 'workflow_dispatch' trigger",
        ),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(execute(&github(&sink, ""), &call()).await, said);
        let seen = &sink.seen()[0];
        assert_eq!(seen.line, "POST /repos/acme/shop.web/actions/workflows/rollback.yml/dispatches HTTP/1.1");
        // Only GitHub itself takes the question for the run: an older server of one's own refuses what it does not know.
        let inputs = json!({ "version": "v41", "where": "checkout/production", "key": call().key });
        assert_eq!(seen.json(), json!({ "ref": "main", "inputs": inputs }));
    }
}

/// A name server that leads everything here.
struct Here;

impl Resolve for Here {
    fn resolve(&self, _: String) -> Resolving {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

#[tokio::test]
async fn only_github_itself_is_asked_to_name_the_run() {
    let sink = Sink::with("204 No Content", "", "").await;
    let hosts = ["api.github.com", "api.acme.ghe.com", "github.acme.example.org", "api.github.com.evil.example.org"];
    let allow: Allow = hosts.join(",").parse().unwrap();
    let egress = Egress::with_resolver(allow, &tls::trust(None).unwrap(), Arc::new(Here)).unwrap();
    let secrets = Secrets { tokens: [(name(), Token::new(TOKEN))].into(), ..Secrets::default() };
    for (host, asked) in hosts.into_iter().zip([true, true, false, false]) {
        let spec = spec(System::GithubActions {
            api: format!("http://{host}:{}", sink.port),
            repository: "acme/shop".into(),
            workflow: "rollback.yml".into(),
            git_ref: "main".into(),
            inputs: BTreeMap::new(),
        });
        let adapter = rollback::adapter(&name(), &spec, &secrets, &egress, now()).unwrap();
        assert_eq!(adapter.execute(&call()).await.unwrap().text, "key");
        let body = sink.seen().last().unwrap().json();
        assert_eq!(body["return_run_details"] == true, asked, "{host}");
    }
}

#[tokio::test]
async fn a_text_that_cannot_be_filled_in_is_refused_before_anything_is_sent() {
    let sink = Sink::with("204 No Content", "", "").await;
    let spec = spec(System::GithubActions {
        api: sink.url(""),
        repository: "acme/shop".into(),
        workflow: "7".into(),
        git_ref: "main".into(),
        inputs: BTreeMap::from([("x".into(), "{{ to|shout }}".into())]),
    });
    assert!(execute(&spec, &call()).await.starts_with("refused: "));
    assert!(preflight(&spec, &call()).await.starts_with("denied: "));
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn a_run_is_followed_to_its_end() {
    for (status, conclusion, said) in [
        ("queued", None, "running"),
        ("waiting", None, "running"),
        ("in_progress", None, "running"),
        ("completed", Some("success"), "succeeded"),
        ("completed", Some("failure"), "failed: the run ended as failure"),
        ("completed", Some("timed_out"), "failed: the run ended as timed out"),
        ("completed", Some("cancelled"), "failed: the run ended as cancelled"),
        ("completed", Some("skipped"), "failed: the run ended as skipped"),
        ("completed", None, "running"),
    ] {
        let sink = Sink::with("200 OK", "", &run(7, "x", status, conclusion).to_string()).await;
        assert_eq!(poll(&github(&sink, ""), &call(), Some("run 7")).await, said, "{status} {conclusion:?}");
        assert_eq!(sink.seen()[0].line, "GET /repos/acme/shop.web/actions/runs/7 HTTP/1.1");
    }
    for status in ["404 Not Found", "401 Unauthorized", "500 Internal Server Error"] {
        let sink = Sink::with(status, "", &run(7, "x", "completed", Some("success")).to_string()).await;
        assert_eq!(poll(&github(&sink, ""), &call(), Some("run 7")).await, "nothing");
    }
}

#[tokio::test]
async fn a_run_without_a_number_is_found_by_the_key_in_its_name() {
    let key = call().key.to_string();
    let mine = format!("Rollback of checkout ({key})");
    let others = || vec![run(9, "Rollback of cart (rbk_0000000000000000)", "completed", Some("failure"))];
    let with = |one: Value| others().into_iter().chain([one]).collect::<Vec<_>>();
    for (runs, said) in [
        (with(run(8, &mine, "in_progress", None)), "running"),
        (with(run(8, &mine, "completed", Some("success"))), "succeeded"),
        (others(), "nothing"),
        (vec![], "nothing"),
    ] {
        let body = json!({ "total_count": runs.len(), "workflow_runs": runs }).to_string();
        let sink = Sink::by(move |_| response("200 OK", "", &body), usize::MAX).await;
        for handle in [None, Some("key"), Some("run ../../user")] {
            assert_eq!(poll(&github(&sink, ""), &call(), handle).await, said);
        }
        assert_eq!(
            sink.seen()[0].line,
            "GET /repos/acme/shop.web/actions/workflows/rollback.yml/runs?event=workflow_dispatch&per_page=50&created=%3E%3D2026-11-02T03%3A02%3A07Z HTTP/1.1"
        );
    }
}
