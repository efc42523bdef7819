//! A webhook that takes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::change::rollback_adapters::System;
use serde_json::json;

use super::{call, execute, poll, preflight, secret, spec};
use crate::now;
use crate::web_sink::{Request, Sink, response};

/// As a receiver verifies it, by another implementation of HMAC than ours.
fn verify(request: &Request) {
    let (id, timestamp) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &request.body].concat();
    let key = STANDARD.decode(secret().reveal().trim_start_matches("whsec_")).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let signature = request.header("webhook-signature").strip_prefix("v1,").unwrap();
    ring::hmac::verify(&key, &signed, &STANDARD.decode(signature).unwrap()).unwrap();
    assert!(ring::hmac::verify(&key, &signed[1..], &STANDARD.decode(signature).unwrap()).is_err());
    assert_eq!(timestamp, now().as_second().to_string());
    assert!(!id.contains('.'));
}

#[tokio::test]
async fn each_call_is_signed_and_says_what_it_is() {
    let sink = Sink::by(
        |request| {
            let said = match request.json()["type"].as_str().unwrap() {
                "rollback.preflight" => json!({ "state": "ready" }),
                "rollback.execute" => json!({ "handle": "job 7", "link": "https://jobs.example.org/7" }),
                _ => json!({ "state": "running" }),
            };
            response("200 OK", "", &said.to_string())
        },
        usize::MAX,
    )
    .await;
    let spec = spec(System::Webhook { url: sink.url("/rollback?team=shop") });
    assert_eq!(preflight(&spec, &call()).await, "ready");
    assert_eq!(execute(&spec, &call()).await, "begun job 7 at https://jobs.example.org/7");
    assert_eq!(poll(&spec, &call(), Some("job 7")).await, "running");
    assert_eq!(poll(&spec, &call(), None).await, "running");
    let seen = sink.seen();
    for one in &seen {
        verify(one);
        assert_eq!(
            (one.line.as_str(), one.header("content-type")),
            ("POST /rollback?team=shop HTTP/1.1", "application/json")
        );
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&seen[1].json()).unwrap(), @r#"
    {
      "type": "rollback.execute",
      "timestamp": "2026-11-02T03:12:07Z",
      "data": {
        "key": "rbk_00014d2pf2dbsqqg",
        "action": "rollback",
        "change": "cng_000000000000001a",
        "title": "Checkout 42",
        "service": "checkout",
        "environment": "production",
        "from": "v42",
        "to": "v41"
      }
    }
    "#);
    let key = call().key.to_string();
    let ids: Vec<&str> = seen.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids[1], key, "what is done has the key as its id");
    assert_eq!(ids[0], format!("{key}-preflight-{}", now().as_millisecond()));
    assert_eq!(ids[2], format!("{key}-status-{}", now().as_millisecond()));
    assert_eq!(seen[2].json()["data"]["handle"], "job 7");
    assert!(seen[3].json()["data"].get("handle").is_none());
    let connections: std::collections::BTreeSet<usize> = seen.iter().map(|one| one.connection).collect();
    assert_eq!(connections.len(), seen.len(), "nothing goes over a connection that may be half gone");
}

#[tokio::test]
async fn a_receiver_must_say_that_it_is_ready() {
    for (status, body, said) in [
        ("200 OK", r#"{"state":"ready"}"#, "ready"),
        ("200 OK", r#"{"state":"denied","why":"frozen\nuntil Monday"}"#, "denied: frozen until Monday"),
        ("200 OK", r#"{"state":"denied"}"#, "denied: it does not say why"),
        ("200 OK", r#"{"state":"no-target","why":"the image v41"}"#, "no target: the image v41"),
        ("200 OK", r#"{"state":"no-target"}"#, "no target: the version to go back to"),
        ("200 OK", "", "denied: it answered 200 OK without the state ready, denied or no-target"),
        ("204 No Content", "", "denied: it answered 204 No Content without the state ready, denied or no-target"),
        ("200 OK", "<html>ready</html>", "denied: it answered 200 OK without the state ready, denied or no-target"),
        ("401 Unauthorized", "", "denied: it answered 401 Unauthorized"),
        ("404 Not Found", r#"{"why":"no such path"}"#, "denied: it answered 404 Not Found: no such path"),
        ("429 Too Many Requests", "", "unreachable: it answered 429 Too Many Requests"),
        ("503 Service Unavailable", "", "unreachable: it answered 503 Service Unavailable"),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(preflight(&spec(System::Webhook { url: sink.url("/") }), &call()).await, said, "{status} {body}");
    }
}

#[tokio::test]
async fn a_receiver_may_say_little_when_it_takes_a_call() {
    let key = call().key.to_string();
    let own = secret().reveal().replace("whsec_", "");
    let said_back = json!({ "handle": own, "link": format!("https://x.example.org/?{own}") }).to_string();
    for (status, body, said) in [
        ("202 Accepted", "", format!("begun {key}")),
        ("204 No Content", "", format!("begun {key}")),
        ("200 OK", r#"{"handle":"a\u0000b"}"#, "begun a b".to_owned()),
        ("200 OK", r#"{"handle":7,"link":"https://x.example.org/"}"#, format!("begun {key}")),
        ("200 OK", r#"{"link":"javascript:alert(1)"}"#, format!("begun {key}")),
        ("200 OK", said_back.as_str(), "begun (hidden)".to_owned()),
        ("200 OK", r#"{"link":"https://user:pw@x.example.org/"}"#, format!("begun {key}")),
        ("200 OK", r#"{"link":"https://x.example.org/a b"}"#, format!("begun {key}")),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(execute(&spec(System::Webhook { url: sink.url("/") }), &call()).await, said, "{status} {body}");
    }
}

#[tokio::test]
async fn only_a_state_that_is_known_is_believed() {
    for (status, body, said) in [
        ("200 OK", r#"{"state":"running"}"#, "running"),
        ("200 OK", r#"{"state":"succeeded"}"#, "succeeded"),
        ("200 OK", r#"{"state":"failed","why":"the image is gone"}"#, "failed: the image is gone"),
        ("200 OK", r#"{"state":"failed"}"#, "failed: it does not say why"),
        ("200 OK", r#"{"state":"unknown"}"#, "nothing"),
        ("200 OK", r#"{"state":"Succeeded"}"#, "nothing"),
        ("200 OK", "", "nothing"),
        ("404 Not Found", r#"{"state":"succeeded"}"#, "nothing"),
        ("500 Internal Server Error", r#"{"state":"failed"}"#, "nothing"),
    ] {
        let sink = Sink::with(status, "", body).await;
        assert_eq!(poll(&spec(System::Webhook { url: sink.url("/") }), &call(), None).await, said, "{status} {body}");
    }
}
