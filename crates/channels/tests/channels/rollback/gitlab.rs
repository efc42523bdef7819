//! GitLab, as its REST API answers.

use domain::change::rollback_adapters::{RollbackAdapter, System};
use serde_json::{Value, json};

use super::{TOKEN, call, execute, poll, preflight, spec};
use crate::web_sink::{Request, Sink, response};

fn gitlab(sink: &Sink) -> RollbackAdapter {
    spec(System::Gitlab {
        url: sink.url("/git/"),
        project: "acme/shop".into(),
        git_ref: "release/7".into(),
        variables: [("ROLLBACK_TO".to_owned(), "{{ to }}".to_owned())].into(),
    })
}

fn project(more: &Value) -> String {
    let mut project = json!({
        "id": 4711, "path_with_namespace": "acme/shop", "archived": false, "jobs_enabled": true,
        "builds_access_level": "enabled", "ci_pipeline_variables_minimum_override_role": "developer",
        "permissions": { "project_access": { "access_level": 30, "notification_level": 3 }, "group_access": null },
    });
    for (name, value) in more.as_object().unwrap() {
        project[name] = value.clone();
    }
    project.to_string()
}

fn pipeline(id: u64, name: Option<&str>, status: &str) -> Value {
    json!({
        "id": id, "iid": 12, "project_id": 4711, "name": name, "sha": "eb94b618fb5865b26e80fdd8ae531b7a63ad851a",
        "ref": "release/7", "status": status, "source": "api", "created_at": "2026-11-02T03:12:09.512Z",
        "updated_at": "2026-11-02T03:12:11.128Z", "web_url": format!("https://gitlab.example.org/acme/shop/-/pipelines/{id}"),
    })
}

const COMMIT: &str = r#"{"id":"eb94b618fb5865b26e80fdd8ae531b7a63ad851a","short_id":"eb94b618"}"#;

async fn with_project(project: String, commit: (&'static str, &'static str)) -> Sink {
    let answer = move |request: &Request| {
        if request.line.contains("/repository/") {
            response(commit.0, "", commit.1)
        } else {
            response("200 OK", "", &project)
        }
    };
    Sink::by(answer, usize::MAX).await
}

#[tokio::test]
async fn a_project_is_asked_whether_a_pipeline_could_be_made() {
    let none = "no_one_allowed";
    for (more, said) in [
        (json!({}), "ready"),
        (json!({ "permissions": { "project_access": null, "group_access": null } }), "ready"),
        (json!({ "archived": true }), "denied: the project is archived"),
        (json!({ "jobs_enabled": false }), "denied: pipelines are switched off in the project"),
        (
            json!({ "ci_pipeline_variables_minimum_override_role": none }),
            "denied: the project lets nobody set variables of a pipeline (Settings, CI/CD, Variables)",
        ),
        (
            json!({ "ci_pipeline_variables_minimum_override_role": "maintainer" }),
            "denied: setting variables of a pipeline takes the role maintainer in the project, and the token has less",
        ),
        (
            json!({ "permissions": { "project_access": { "access_level": 20 }, "group_access": null } }),
            "denied: setting variables of a pipeline takes the role developer in the project, and the token has less",
        ),
        (
            json!({ "permissions": { "project_access": { "access_level": 20 }, "group_access": { "access_level": 40 } } }),
            "ready",
        ),
    ] {
        let sink = with_project(project(&more), ("200 OK", COMMIT)).await;
        assert_eq!(preflight(&gitlab(&sink), &call()).await, said);
        let seen = sink.seen();
        assert_eq!(seen[0].line, "GET /git/api/v4/projects/acme%2Fshop HTTP/1.1");
        assert_eq!(seen[0].header("authorization"), format!("Bearer {TOKEN}"));
        if said == "ready" {
            assert_eq!(seen[1].line, "GET /git/api/v4/projects/acme%2Fshop/repository/commits/release%2F7 HTTP/1.1");
        }
    }
    let gone = ("404 Not Found", r#"{"message":"404 Commit Not Found"}"#);
    let sink = with_project(project(&json!({})), gone).await;
    assert_eq!(preflight(&gitlab(&sink), &call()).await, "no target: the branch or tag release/7");
    for (status, body, said) in [
        (
            "404 Not Found",
            r#"{"message":"404 Project Not Found"}"#,
            "denied: there is no such project that this token may see",
        ),
        (
            "401 Unauthorized",
            r#"{"message":"401 Unauthorized"}"#,
            "denied: it answered 401 Unauthorized: 401 Unauthorized",
        ),
        (
            "403 Forbidden",
            r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges","scope":"api"}"#,
            "denied: it answered 403 Forbidden: The request requires higher privileges",
        ),
        ("200 OK", "<html>", "unreachable: what answers there is not GitLab"),
        ("502 Bad Gateway", "<html>", "unreachable: it answered 502 Bad Gateway"),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(preflight(&gitlab(&sink), &call()).await, said);
    }
}

#[tokio::test]
async fn a_pipeline_is_made_with_the_key() {
    for (status, body, said) in [
        (
            "201 Created",
            pipeline(61, None, "created").to_string(),
            "begun pipeline 61 at https://gitlab.example.org/acme/shop/-/pipelines/61",
        ),
        ("201 Created", String::new(), "begun key"),
        (
            "400 Bad Request",
            r#"{"message":{"base":["Insufficient permissions to set pipeline variables"]}}"#.into(),
            "refused: it answered 400 Bad Request: Insufficient permissions to set pipeline variables",
        ),
        (
            "400 Bad Request",
            r#"{"message":{"base":["Reference not found"]}}"#.into(),
            "refused: it answered 400 Bad Request: Reference not found",
        ),
        ("500 Internal Server Error", String::new(), "unknown: it answered 500 Internal Server Error"),
    ] {
        let sink = Sink::with(status, "", &body).await;
        assert_eq!(execute(&gitlab(&sink), &call()).await, said);
        let seen = &sink.seen()[0];
        assert_eq!(seen.line, "POST /git/api/v4/projects/acme%2Fshop/pipeline HTTP/1.1");
        let variables =
            [json!({ "key": "ALLCLEAR_KEY", "value": call().key }), json!({ "key": "ROLLBACK_TO", "value": "v41" })];
        assert_eq!(seen.json(), json!({ "ref": "release/7", "variables": variables }));
    }
}

#[tokio::test]
async fn a_pipeline_is_followed_to_its_end() {
    for (status, said) in [
        ("created", "running"),
        ("waiting_for_resource", "running"),
        ("pending", "running"),
        ("running", "running"),
        ("manual", "running"),
        (concat!("cance", "ling"), "running"),
        ("success", "succeeded"),
        ("failed", "failed: the pipeline ended as failed"),
        (concat!("cance", "led"), "failed: the pipeline ended as cancelled"),
        ("skipped", "failed: the pipeline ended as skipped"),
    ] {
        let sink = Sink::with("200 OK", "", &pipeline(61, None, status).to_string()).await;
        assert_eq!(poll(&gitlab(&sink), &call(), Some("pipeline 61")).await, said, "{status}");
        assert_eq!(sink.seen()[0].line, "GET /git/api/v4/projects/acme%2Fshop/pipelines/61 HTTP/1.1");
    }
    let sink = Sink::with("404 Not Found", "", r#"{"message":"404 Not found"}"#).await;
    assert_eq!(poll(&gitlab(&sink), &call(), Some("pipeline 61")).await, "nothing");
}

#[tokio::test]
async fn a_pipeline_without_a_number_is_found_by_its_name_or_its_variables() {
    let key = call().key.to_string();
    let named = format!("Rollback {key}");
    let variable =
        |value: &str| json!([{ "variable_type": "env_var", "key": "ALLCLEAR_KEY", "value": value, "raw": false }]);
    let finding = |pipelines: Vec<Value>, of: u64, variables: Value| async move {
        let answer = move |request: &Request| {
            if request.line.contains(&format!("/pipelines/{of}/variables ")) {
                response("200 OK", "", &variables.to_string())
            } else if request.line.contains("/variables ") {
                response("403 Forbidden", "", r#"{"message":"403 Forbidden"}"#)
            } else {
                response("200 OK", "", &Value::Array(pipelines.clone()).to_string())
            }
        };
        let sink = Sink::by(answer, usize::MAX).await;
        (poll(&gitlab(&sink), &call(), None).await, sink.seen())
    };
    let (said, seen) =
        finding(vec![pipeline(9, None, "failed"), pipeline(8, Some(&named), "success")], 0, json!([])).await;
    assert_eq!((said.as_str(), seen.len()), ("succeeded", 1));
    assert_eq!(
        seen[0].line,
        "GET /git/api/v4/projects/acme%2Fshop/pipelines?source=api&ref=release%2F7&updated_after=2026-11-02T03%3A02%3A07Z&order_by=id&sort=desc&per_page=50 HTTP/1.1"
    );
    let unnamed = || (1..=9).rev().map(|id| pipeline(id, None, "running")).collect::<Vec<_>>();
    assert_eq!(finding(unnamed(), 8, variable(&key)).await.0, "running");
    let (said, seen) = finding(unnamed(), 8, variable("rbk_0000000000000000")).await;
    assert_eq!((said.as_str(), seen.len()), ("nothing", 6), "not every pipeline is asked");
    assert_eq!(finding(vec![], 0, json!([])).await.0, "nothing");
}
