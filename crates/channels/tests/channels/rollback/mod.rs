//! Rollback adapters against servers on this machine that answer as the real ones do, and as nobody should.

mod argo_cd;
mod github_actions;
mod gitlab;
mod webhook;

use std::sync::LazyLock;
use std::time::Duration;

use channels::Channels;
use channels::rollback::Secrets;
use channels::token::Token;
use channels::webhook::Secret;
use domain::change::rollback_adapters::{Call, Handle, Mishap, RollbackAdapter, System};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::words::{ChangeId, Id as _, Name, RollbackId, Span};

use crate::web_sink::Sink;
use crate::{channels_told, now};

pub(crate) const TOKEN: &str = "tok_5ecret";

pub(crate) fn name() -> Name {
    "shop".parse().unwrap()
}

pub(crate) fn secret() -> Secret {
    Secret::from_bytes([9; 32])
}

/// Channels that were told a token and a signing secret of the adapter `shop`. No connection of theirs outlives a call.
static TOLD: LazyLock<Channels> = LazyLock::new(|| {
    let tokens = [(name(), Token::new(TOKEN))].into();
    channels_told(None, "loopback", None, Secrets { tokens, signing: [(name(), secret())].into() })
});

pub(crate) fn spec(system: System) -> RollbackAdapter {
    RollbackAdapter { title: "Rollback".into(), system, deadline: Span::seconds(1), deploys: None }
}

pub(crate) fn call() -> Call {
    Call {
        key: RollbackId::from_bits(0x1234_5678_9abc_def0),
        action: "rollback".into(),
        change: ChangeId::from_bits(42),
        title: "Checkout 42".into(),
        service: "checkout".parse().unwrap(),
        environment: Some("production".parse().unwrap()),
        from: Some("v42".into()),
        to: Some("v41".into()),
        at: now(),
    }
}

pub(crate) async fn preflight(spec: &RollbackAdapter, call: &Call) -> String {
    match TOLD.rollback_adapter(&name(), spec, now()).unwrap().preflight(call).await {
        Answer::Ready => "ready".into(),
        Answer::Denied(why) => format!("denied: {why}"),
        Answer::Unreachable(why) => format!("unreachable: {why}"),
        Answer::NoTarget(what) => format!("no target: {what}"),
    }
}

pub(crate) async fn execute(spec: &RollbackAdapter, call: &Call) -> String {
    match TOLD.rollback_adapter(&name(), spec, now()).unwrap().execute(call).await {
        Ok(Handle { text, link: Some(link) }) => format!("begun {text} at {link}"),
        Ok(Handle { text, link: None }) => format!("begun {text}"),
        Err(Mishap::Refused { why }) => format!("refused: {why}"),
        Err(Mishap::Unknown { why }) => format!("unknown: {why}"),
    }
}

pub(crate) async fn poll(spec: &RollbackAdapter, call: &Call, handle: Option<&str>) -> String {
    let handle = handle.map(|text| Handle { text: text.into(), link: None });
    match TOLD.rollback_adapter(&name(), spec, now()).unwrap().poll(call, handle.as_ref()).await {
        Word::Running => "running".into(),
        Word::Succeeded => "succeeded".into(),
        Word::Failed { why } => format!("failed: {why}"),
        Word::Nothing => "nothing".into(),
    }
}

fn all_at(url: &str) -> Vec<System> {
    vec![
        System::GithubActions {
            api: url.into(),
            repository: "acme/shop".into(),
            workflow: "rollback.yml".into(),
            git_ref: "main".into(),
            inputs: std::collections::BTreeMap::new(),
        },
        System::Gitlab {
            url: url.into(),
            project: "acme/shop".into(),
            git_ref: "main".into(),
            variables: std::collections::BTreeMap::new(),
        },
        System::Webhook { url: url.into() },
    ]
}

#[tokio::test]
async fn what_an_answer_means_for_a_call_is_certain_or_unknown_and_nothing_is_sent_twice() {
    for (status, headers, said) in [
        ("400 Bad Request", "", "refused: it answered 400 Bad Request: no, (hidden)!"),
        ("401 Unauthorized", "", "refused: it answered 401 Unauthorized: no, (hidden)!"),
        ("404 Not Found", "", "refused: it answered 404 Not Found: no, (hidden)!"),
        ("422 Unprocessable Entity", "", "refused: it answered 422 Unprocessable Entity: no, (hidden)!"),
        ("429 Too Many Requests", "retry-after: 1\r\n", "refused: it answered 429 Too Many Requests: no, (hidden)!"),
        ("408 Request Timeout", "", "unknown: it answered 408 Request Timeout: no, (hidden)!"),
        ("409 Conflict", "", "unknown: it answered 409 Conflict: no, (hidden)!"),
        ("500 Internal Server Error", "", "unknown: it answered 500 Internal Server Error: no, (hidden)!"),
        (
            "503 Service Unavailable",
            "retry-after: 1\r\n",
            "unknown: it answered 503 Service Unavailable: no, (hidden)!",
        ),
        (
            "307 Temporary Redirect",
            "location: http://127.0.0.1:9/\r\n",
            "refused: it answered 307 Temporary Redirect: redirects are not followed; use the final address",
        ),
        (
            "303 See Other",
            "location: http://127.0.0.1:9/\r\n",
            "unknown: it answered 303 See Other: redirects are not followed; use the final address",
        ),
    ] {
        // It says back what it was shown.
        let shown = [format!("no,\r\n {TOKEN}!"), format!("no, {}!", secret().reveal().trim_start_matches("whsec_"))];
        for (place, message) in [&shown[0], &shown[0], &shown[1]].into_iter().enumerate() {
            let sink = Sink::with(status, headers, &serde_json::json!({ "message": message }).to_string()).await;
            let system = all_at(&sink.url("")).remove(place);
            assert_eq!(execute(&spec(system.clone()), &call()).await, said, "{system:?}");
            assert_eq!(sink.seen().len(), 1, "{status} {system:?}");
        }
    }
}

#[tokio::test]
async fn silence_and_broken_connections_are_unknown_and_no_connection_is_certain() {
    tokio::join!(without_an_answer(0), without_an_answer(1), without_an_answer(2));
}

async fn without_an_answer(place: usize) {
    let silent = Sink::answering("").await;
    let hangs_up = Sink::serving("", 0).await;
    let half = Sink::answering("HTTP/1.1 200 OK\r\ncontent-le").await;
    let at = |url: String| spec(all_at(&url).remove(place));
    assert_eq!(execute(&at(silent.url("")), &call()).await, "unknown: no answer within 1 seconds");
    assert_eq!(preflight(&at(silent.url("")), &call()).await, "unreachable: no answer within 1 seconds");
    assert!(execute(&at(half.url("")), &call()).await.starts_with("unknown: "));
    assert!(execute(&at(hangs_up.url("")), &call()).await.starts_with("unknown: "));
    assert_eq!(hangs_up.seen().len(), 1, "a call is made once");
    assert_eq!(poll(&at(hangs_up.url("")), &call(), None).await, "nothing");
    // Nobody listens on a port that was just given back, for as long as this takes: nothing was sent.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let refused = execute(&at(format!("http://127.0.0.1:{closed}")), &call()).await;
    assert_eq!(refused, "refused: no connection: Connection refused");
}

#[tokio::test]
async fn no_answer_is_too_large_or_too_strange() {
    let long = format!(r#"{{"message":"{}"}}"#, "ä\\u202e<b>\\n".repeat(20_000));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let list = "[1,2,3]";
    let strange =
        r#"{"message":{"base":[[],{"x":null},"Reference not found"]},"state":7,"id":"x","workflow_run_id":-1}"#;
    for body in [long.as_str(), deep.as_str(), list, strange, "\u{0}\u{1}", "null"] {
        for place in 0..3 {
            for status in ["200 OK", "400 Bad Request", "500 Internal Server Error"] {
                let sink = Sink::with(status, "", body).await;
                let spec = spec(all_at(&sink.url("")).remove(place));
                for said in [
                    preflight(&spec, &call()).await,
                    execute(&spec, &call()).await,
                    poll(&spec, &call(), None).await,
                    poll(&spec, &call(), Some("run 1")).await,
                    poll(&spec, &call(), Some("pipeline 1")).await,
                ] {
                    let harmless = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
                    assert!(said.chars().count() < 260 && said.chars().all(harmless), "{said:?}");
                    assert!(!said.starts_with("ready") && !said.starts_with("succeeded"), "{said:?}");
                }
            }
        }
    }
    let endless = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{\"id\":1,").await;
    let spec = spec(all_at(&endless.url("")).remove(1));
    let said = tokio::time::timeout(Duration::from_secs(4), execute(&spec, &call())).await;
    assert_eq!(said.as_deref(), Ok("begun key"), "it was taken: by its status");
}

#[tokio::test]
async fn nothing_is_sent_without_a_secret_or_to_where_nothing_may_be_sent() {
    let sink = Sink::with("200 OK", "", "{}").await;
    let refused = |channels: &Channels, system: System| {
        channels.rollback_adapter(&name(), &spec(system), now()).err().unwrap_or_default()
    };
    let untold = channels_told(None, "loopback", None, Secrets::default());
    let said: Vec<String> = all_at(&sink.url("")).into_iter().map(|system| refused(&untold, system)).collect();
    let token =
        "there is no token for this adapter: write shop.token=... into the file of --adapter-secrets".to_owned();
    let signing = token.replace("no token", "no signing-secret").replace("shop.token", "shop.signing-secret");
    assert_eq!(said, [token.clone(), token, signing]);
    let tokens = [(name(), Token::new("a\nb"))].into();
    let broken = channels_told(None, "loopback", None, Secrets { tokens, ..Secrets::default() });
    assert!(refused(&broken, all_at(&sink.url("")).remove(0)).contains("is it whole?"));
    let strict =
        channels_told(None, "", None, Secrets { tokens: [(name(), Token::new("t"))].into(), ..Secrets::default() });
    assert!(refused(&strict, all_at(&sink.url("")).remove(1)).starts_with("127.0.0.1 is this machine itself"));
    assert!(
        refused(&strict, all_at("http://gitlab.example.org").remove(1)).starts_with("the URL must begin with https")
    );
    assert!(sink.seen().is_empty());
}
