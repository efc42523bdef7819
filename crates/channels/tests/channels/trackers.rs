//! Trackers against servers on this machine that answer as the real ones do, and as nobody should.

use channels::Channels;
use channels::trackers::Trouble;
use domain::learn::trackers::{Issue, NewIssue, System, Tracker};
use domain::words::{ActionItemId, Id as _, Name};
use serde_json::json;

use crate::web_sink::{Request, Sink, response};
use crate::{channels_with, now};

/// As [`crate::channels_told`] tells of the tracker `shop`.
const TOKEN: &str = "tok_s3cr3t";

fn name() -> Name {
    "shop".parse().unwrap()
}

fn told() -> Channels {
    channels_with(None, "loopback", None)
}

fn github(sink: &Sink) -> Tracker {
    let labels = vec!["incident".to_owned()];
    Tracker {
        title: "Issues".into(),
        system: System::Github { api: sink.url("/"), repository: "example/shop".into(), labels },
    }
}

fn jira(sink: &Sink, account: Option<&str>) -> Tracker {
    let (url, account) = (sink.url("/"), account.map(str::to_owned));
    Tracker {
        title: "Issues".into(),
        system: System::Jira { url, project: "OPS".into(), issue_type: "Task".into(), account },
    }
}

fn new() -> NewIssue {
    NewIssue {
        item: ActionItemId::from_bits(7),
        title: "Limit it".into(),
        body: "When it is done".into(),
        asked_at: now(),
    }
}

fn issue(state: &str, body: &str) -> String {
    json!({
        "number": 12, "html_url": "https://github.com/example/shop/issues/12", "title": "Limit\nit", "state": state, "body": body,
    })
    .to_string()
}

fn said(came: Result<Option<Issue>, Trouble>) -> String {
    match came {
        Ok(Some(one)) => {
            format!("{} {} {}: {}", one.key, if one.open { "open" } else { "closed" }, one.status, one.title)
        }
        Ok(None) => "nothing".into(),
        Err(Trouble::Refused(why)) => format!("refused: {why}"),
        Err(Trouble::Later(why)) => format!("later: {why}"),
    }
}

#[tokio::test]
async fn what_github_answers_is_told_apart_and_our_token_never_comes_back() {
    for (status, headers, body, wanted) in [
        ("200 OK", "etag: W/\"1\"\r\n", issue("open", ""), "12 open open: Limit it"),
        ("200 OK", "", issue("closed", ""), "12 closed closed: Limit it"),
        ("304 Not Modified", "", String::new(), "nothing"),
        (
            "401 Unauthorized",
            "",
            json!({ "message": format!("Bad {TOKEN}") }).to_string(),
            "refused: it answered 401 Unauthorized: Bad (hidden)",
        ),
        (
            "404 Not Found",
            "",
            json!({ "message": "Not Found" }).to_string(),
            "refused: it answered 404 Not Found: Not Found",
        ),
        ("403 Forbidden", "x-ratelimit-remaining: 0\r\n", "{}".into(), "later: it answered 403 Forbidden"),
        ("502 Bad Gateway", "", "<html>".into(), "later: it answered 502 Bad Gateway"),
        ("200 OK", "", "{}".into(), "later: what answers there is not GitHub"),
        (
            "200 OK",
            "",
            issue("open", "").replace("https://github.com", "javascript:x"),
            "later: what answers there is not GitHub",
        ),
    ] {
        let answer = move |_: &Request| response(status, headers, &body);
        let sink = Sink::by(answer, usize::MAX).await;
        let (channels, spec) = (told(), github(&sink));
        let tracker = channels.tracker(&name(), &spec).unwrap();
        assert_eq!(said(tracker.read("12", Some("W/\"0\"")).await), wanted);
        let seen = sink.seen();
        assert_eq!(seen[0].header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(seen[0].header("if-none-match"), "W/\"0\"");
        assert!(seen[0].line.starts_with("GET /repos/example/shop/issues/12 "), "{}", seen[0].line);
    }
}

#[tokio::test]
async fn one_that_was_made_is_found_by_its_reference_alone() {
    let new = new();
    let mine = format!("text\nAllclear reference: {}", new.item);
    for (bodies, wanted) in
        [(vec!["other", mine.as_str()], "12 open open: Limit it"), (vec!["other"], "nothing"), (vec![], "nothing")]
    {
        let list = format!("[{}]", bodies.iter().map(|body| issue("open", body)).collect::<Vec<_>>().join(","));
        let sink = Sink::by(move |_: &Request| response("200 OK", "", &list), usize::MAX).await;
        let (channels, spec) = (told(), github(&sink));
        assert_eq!(said(channels.tracker(&name(), &spec).unwrap().find(&new).await), wanted);
    }
    let sink = Sink::by(|_: &Request| response("201 Created", "", &issue("open", "")), usize::MAX).await;
    let (channels, spec) = (told(), github(&sink));
    let made = channels.tracker(&name(), &spec).unwrap().create(&new).await;
    assert_eq!(said(made.map(Some)), "12 open open: Limit it");
    assert_eq!(
        sink.seen()[0].json(),
        json!({ "title": "Limit it", "body": "When it is done", "labels": ["incident"] })
    );
}

#[tokio::test]
async fn jira_is_moved_by_a_transition_that_leads_there_and_only_by_one() {
    for (to, wanted) in [
        ("done", "OPS-7 open In Progress: Limit it"),
        ("new", "refused: no transition leads to a status that is done: somebody must move it there"),
    ] {
        let status = json!({ "name": "In Progress", "statusCategory": { "key": "indeterminate" } });
        let one = json!({ "key": "OPS-7", "fields": { "summary": "Limit it", "status": status } }).to_string();
        let ways = json!({ "transitions": [{ "id": "31", "to": { "name": "x", "statusCategory": { "key": to } } }] })
            .to_string();
        let answer = move |request: &Request| match request.line.as_str() {
            line if line.starts_with("POST") => response("204 No Content", "", ""),
            line if line.contains("/transitions") => response("200 OK", "", &ways),
            _ => response("200 OK", "", &one),
        };
        let sink = Sink::by(answer, usize::MAX).await;
        let (channels, spec) = (told(), jira(&sink, Some("ops@example.org")));
        // The server here stands still: what counts is that it was told.
        assert_eq!(said(channels.tracker(&name(), &spec).unwrap().set_open("OPS-7", false).await.map(Some)), wanted);
        let seen = sink.seen();
        assert_eq!(seen[0].header("authorization"), "Basic b3BzQGV4YW1wbGUub3JnOnRva19zM2NyM3Q=");
        let told: Vec<_> = seen.iter().filter(|one| one.line.starts_with("POST")).map(Request::json).collect();
        assert_eq!(told, if to == "done" { vec![json!({ "transition": { "id": "31" } })] } else { vec![] });
    }
}

#[tokio::test]
async fn what_is_not_set_up_is_told_and_nothing_is_sent() {
    let sink = Sink::by(|_: &Request| response("200 OK", "", "{}"), usize::MAX).await;
    let (channels, spec) = (told(), jira(&sink, None));
    let why = channels.tracker(&"other".parse().unwrap(), &spec).err().unwrap();
    assert_eq!(why, "there is no token for this tracker: write other.token=... into the file of --tracker-secrets");
    let inside = channels_with(None, "", None);
    assert!(inside.tracker(&name(), &spec).is_err(), "the own network is not reached unless it is allowed");
    assert_eq!(sink.seen().len(), 0);
}
