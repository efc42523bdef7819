//! ntfy and webhooks, and the guard between them and the network.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use channels::egress::{Allow, Egress, NoAnswer, Resolve, Resolving};
use channels::tls;
use channels::webhook::Secret;
use domain::engage::deliveries::{Message, Outcome, Urgency};
use domain::prepare::people::Address;

use crate::web_sink::Sink;
use crate::{channels, channels_with, message, now};

fn say(outcome: Outcome) -> String {
    match outcome {
        Outcome::Sent { receipt } => format!("sent {}", receipt.unwrap_or_default()),
        Outcome::Later { at: Some(at), why } => format!("later at {at}: {why}"),
        Outcome::Later { at: None, why } => format!("later: {why}"),
        Outcome::Never { why } => format!("never: {why}"),
        Outcome::Gone { why } => format!("gone: {why}"),
    }
}

#[tokio::test]
async fn a_push_says_what_it_is_and_has_three_buttons() {
    let sink = Sink::with("200 OK", "", r#"{"id":"xE73Iyuabi","event":"message"}"#).await;
    let outcome = channels(None).send("ntfy", &sink.url("/ana-9f3k?auth=tk_secret"), &message(), now()).await;
    assert_eq!(say(outcome), "sent xE73Iyuabi");
    let seen = &sink.seen()[0];
    assert_eq!((seen.line.as_str(), seen.header("authorization")), ("POST / HTTP/1.1", "Bearer tk_secret"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&seen.json()).unwrap(), @r#"
    {
      "topic": "ana-9f3k",
      "title": "Checkout is slow (3 alerts)",
      "message": "service: checkout\nseverity: critical\n\np99 latency is 4.2 s; see https://runbooks.example.org/checkout.",
      "priority": 5,
      "tags": [
        "rotating_light"
      ],
      "actions": [
        {
          "action": "http",
          "label": "Acknowledge",
          "url": "https://allclear.example.org/l/acknowledge",
          "method": "POST",
          "clear": true
        },
        {
          "action": "view",
          "label": "Escalate",
          "url": "https://allclear.example.org/l/escalate"
        },
        {
          "action": "view",
          "label": "Open",
          "url": "https://allclear.example.org/l/open"
        }
      ],
      "click": "https://allclear.example.org/l/open",
      "sequence_id": "dlv_06f1k2m9qv7x3t1a"
    }
    "#);
}

#[tokio::test]
async fn a_push_keeps_to_the_limits_of_ntfy() {
    let sink = Sink::with("200 OK", "", "{}").await;
    let long = Message {
        text: "höchst wichtig ".repeat(1000),
        subject: "ü".repeat(5000),
        urgency: Urgency::Low,
        repeat_of: Some(now()),
        event: "page.ended".into(),
        ..message()
    };
    let outcome = channels(None).send("ntfy", &sink.url("/ana"), &long, now()).await;
    assert_eq!(say(outcome), "sent ");
    let body = sink.seen()[0].json();
    let bytes = |name: &str| body[name].as_str().unwrap().len();
    assert!(bytes("message") <= 2500 && bytes("title") <= 250, "{body}");
    assert!(body["message"].as_str().unwrap().starts_with("Repeat of 03:12:07 UTC"));
    assert_eq!((body["priority"].as_u64(), body["tags"][0].as_str()), (Some(2), Some("white_check_mark")));
    assert!(sink.seen()[0].body.len() < 4096);
}

#[tokio::test]
async fn a_webhook_is_signed_with_the_secret_of_its_address() {
    let sink = Sink::with("204 No Content", "", "").await;
    let url = sink.url("/hook?team=web");
    let outcome = channels(None).send("webhook", &url, &message(), now()).await;
    assert_eq!(say(outcome), "sent 204 No Content");
    let seen = &sink.seen()[0];
    assert_eq!(seen.line, "POST /hook?team=web HTTP/1.1");
    insta::assert_snapshot!(String::from_utf8_lossy(&seen.body), @r#"{"type":"page.started","timestamp":"2026-11-02T03:12:05Z","data":{"at":"2026-11-02T03:12:05Z","page":"pag_06f1k2m9qv7x3t1b"}}"#);
    let secret = Secret::from_bytes([7; 32]).for_address(&url);
    assert_eq!(seen.header("webhook-id"), "dlv_06f1k2m9qv7x3t1a");
    assert_eq!(seen.header("webhook-timestamp"), now().as_second().to_string());
    assert_eq!(seen.header("webhook-signature"), secret.sign("dlv_06f1k2m9qv7x3t1a", now().as_second(), &seen.body));
    assert!(seen.header("user-agent").starts_with("Allclear/"));
    // A repeat is the same event in the same bytes.
    let repeat = Message { repeat_of: Some(now()), ..message() };
    channels(None).send("webhook", &url, &repeat, domain::words::Span::seconds(5).after(now())).await;
    let seen = sink.seen();
    assert_eq!((&seen[0].body, seen[0].header("webhook-id")), (&seen[1].body, seen[1].header("webhook-id")));
}

#[tokio::test]
async fn each_status_says_what_to_do_next() {
    for (status, headers, webhook, ntfy) in [
        ("200 OK", "", "sent 200 OK", "sent "),
        ("299 Fine", "", "sent 299 <unknown status code>", "sent "),
        (
            "410 Gone",
            "",
            "never: the receiver answered 410 Gone: it wants no more of these",
            "never: the ntfy server answered 410 Gone",
        ),
        (
            "404 Not Found",
            "",
            "never: the receiver answered 404 Not Found",
            "never: the ntfy server answered 404 Not Found",
        ),
        (
            "401 Unauthorized",
            "",
            "never: the receiver answered 401 Unauthorized",
            "never: the ntfy server answered 401 Unauthorized: the topic asks for a token, or for another one",
        ),
        (
            "429 Too Many Requests",
            "retry-after: 30\r\n",
            "later at 2026-11-02T03:12:37Z: the receiver answered 429 Too Many Requests",
            "later at 2026-11-02T03:12:37Z: the ntfy server answered 429 Too Many Requests",
        ),
        (
            "503 Service Unavailable",
            "retry-after: Mon, 02 Nov 2026 03:15:00 GMT\r\n",
            "later at 2026-11-02T03:15:00Z: the receiver answered 503 Service Unavailable",
            "later at 2026-11-02T03:15:00Z: the ntfy server answered 503 Service Unavailable",
        ),
        (
            "503 Service Unavailable",
            "retry-after: Mon, 02 Nov 2020 03:15:00 GMT\r\n",
            "later at 2026-11-02T03:12:07Z: the receiver answered 503 Service Unavailable",
            "later at 2026-11-02T03:12:07Z: the ntfy server answered 503 Service Unavailable",
        ),
        (
            "503 Service Unavailable",
            "retry-after: soon\r\n",
            "later: the receiver answered 503 Service Unavailable",
            "later: the ntfy server answered 503 Service Unavailable",
        ),
        (
            "500 Internal Server Error",
            "",
            "later: the receiver answered 500 Internal Server Error",
            "later: the ntfy server answered 500 Internal Server Error",
        ),
        (
            "408 Request Timeout",
            "",
            "later: the receiver answered 408 Request Timeout",
            "later: the ntfy server answered 408 Request Timeout",
        ),
        (
            "301 Moved Permanently",
            "location: http://127.0.0.1:1/\r\n",
            "never: the receiver answered 301 Moved Permanently: redirects are not followed; use the final address",
            "never: the ntfy server answered 301 Moved Permanently: redirects are not followed; use the final address",
        ),
    ] {
        let sink = Sink::with(status, headers, "no words for people").await;
        let channels = channels(None);
        assert_eq!(say(channels.send("webhook", &sink.url("/x"), &message(), now()).await), webhook);
        assert_eq!(say(channels.send("ntfy", &sink.url("/x"), &message(), now()).await), ntfy);
        assert_eq!(sink.seen().len(), 2, "{status}: each asked once");
    }
    let sink = Sink::with("403 Forbidden", "", r#"{"code":40301,"http":403,"error":"forbidden"}"#).await;
    let outcome = channels(None).send("ntfy", &sink.url("/x"), &message(), now()).await;
    assert_eq!(
        say(outcome),
        "never: the ntfy server answered 403 Forbidden (ntfy error 40301): the topic asks for a token, or for another one"
    );
}

#[tokio::test]
async fn a_redirect_into_the_own_network_is_not_followed() {
    let inner = Sink::with("200 OK", "", "").await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let outer = Sink::with(status, &format!("location: {}\r\n", inner.url("/")), "").await;
        let outcome = channels(None).send("webhook", &outer.url("/x"), &message(), now()).await;
        assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
    }
    assert!(inner.seen().is_empty());
}

#[tokio::test]
async fn the_network_fails_and_that_may_be_better_soon() {
    let closed = "http://127.0.0.1:2/x";
    assert_eq!(
        say(channels(None).send("webhook", closed, &message(), now()).await),
        "later: no connection: Connection refused"
    );
    let garbage = Sink::answering("SSH-2.0-OpenSSH_9.2p1\r\n\r\n").await;
    let outcome = channels(None).send("webhook", &garbage.url("/x"), &message(), now()).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    let tls_expected = Sink::with("200 OK", "", "").await;
    let url = format!("https://localhost:{}/x", tls_expected.port);
    let outcome = say(channels(None).send("webhook", &url, &message(), now()).await);
    assert!(outcome.starts_with("later: no connection"), "{outcome}");
}

#[tokio::test]
async fn a_silent_receiver_is_given_up_in_time() {
    let silent = Sink::answering("").await;
    let half = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 5").await;
    let (channels, message, urls) = (channels(None), message(), [silent.url("/x"), half.url("/x")]);
    let (silent, half) = tokio::join!(
        channels.send("webhook", &urls[0], &message, now()),
        channels.send("webhook", &urls[1], &message, now()),
    );
    for outcome in [silent, half] {
        assert_eq!(say(outcome), "later: no answer within 10 seconds");
    }
}

#[tokio::test]
async fn an_endless_or_slow_answer_costs_neither_memory_nor_time() {
    let endless = Sink::answering(
        [b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n".to_vec(), vec![b'x'; 1_000_000]].concat(),
    )
    .await;
    let slow = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx").await;
    let egress = Egress::new("loopback".parse().unwrap(), &tls::trust(None).unwrap()).unwrap();
    for sink in [endless, slow] {
        let url = sink.url("/x");
        let asked = egress.post(&url, reqwest::header::HeaderMap::new(), b"{}".to_vec());
        let answer = tokio::time::timeout(Duration::from_secs(3), asked).await.expect("in time").unwrap();
        assert!(answer.is_success() && answer.body.len() <= 64 * 1024, "{}", answer.body.len());
    }
}

#[tokio::test]
async fn posts_to_one_place_share_a_warm_connection() {
    let sink = Sink::with("200 OK", "", "ok").await;
    let channels = channels(None);
    let url = sink.url("/x");
    channels.send("webhook", &url, &message(), now()).await;
    let begin = tokio::time::Instant::now();
    for _ in 0..100 {
        channels.send("webhook", &url, &message(), now()).await;
    }
    println!("one webhook over a warm connection: {:?}", begin.elapsed() / 100);
    let connections: Vec<usize> = sink.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1; 101]);
}

#[tokio::test]
async fn a_warm_connection_that_was_given_up_costs_no_page() {
    let sink = Sink::serving("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 1).await;
    let channels = channels(None);
    for _ in 0..3 {
        let outcome = channels.send("webhook", &sink.url("/x"), &message(), now()).await;
        assert_eq!(say(outcome), "sent 200 OK");
    }
    let seen: Vec<_> = sink.seen().iter().map(|r| (r.connection, r.header("webhook-id").to_owned())).collect();
    assert_eq!(seen.iter().map(|(connection, _)| *connection).collect::<Vec<_>>(), [1, 1, 2, 2, 3]);
    assert!(seen.iter().all(|(_, id)| *id == message().key), "the same key, so the receiver can tell");
}

#[tokio::test]
async fn nothing_reaches_the_loopback_unless_it_is_allowed() {
    let sink = Sink::with("200 OK", "", "").await;
    let strict = channels_with(None, "private, 10.0.0.0/8", None);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "0",
        "[::]",
        "good.example@127.0.0.1",
        "%6c%6f%63%61%6c%68%6f%73%74",
        "127。0。0。1",
    ] {
        for channel in ["webhook", "ntfy"] {
            let url = format!("http://{host}:{}/x", sink.port);
            let outcome = strict.send(channel, &url, &message(), now()).await;
            // Not every resolver knows `localhost.`.
            let refused = matches!(outcome, Outcome::Never { .. })
                || host.ends_with('.') && !matches!(outcome, Outcome::Sent { .. });
            assert!(refused, "{url}: {outcome:?}");
        }
    }
    assert!(sink.seen().is_empty(), "{:?}", sink.seen());
    for allow in ["loopback", "127.0.0.0/8", "127.0.0.1"] {
        let outcome = channels_with(None, allow, None).send("webhook", &sink.url("/x"), &message(), now()).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{allow}: {outcome:?}");
    }
}

/// A name server that gives another answer each time, in turn.
struct Turncoat {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Resolve for Turncoat {
    fn resolve(&self, _: String) -> Resolving {
        let answer = self.answers[self.asked.fetch_add(1, Ordering::SeqCst) % self.answers.len()].clone();
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_name_that_turns_to_the_own_network_reaches_nothing() {
    let sink = Sink::with("200 OK", "connection: close\r\n", "").await;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    // Reserved for tests of networks: nobody answers there, and the guard would not ask.
    let public = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
    let egress = |answers: Vec<Vec<IpAddr>>, allow: &str| {
        let resolver = Arc::new(Turncoat { answers, asked: AtomicUsize::new(0) });
        Egress::with_resolver(allow.parse::<Allow>().unwrap(), &tls::trust(None).unwrap(), resolver).unwrap()
    };
    let url = format!("http://rebind.example:{}/x", sink.port);
    let post = async |egress: &Egress| egress.post(&url, reqwest::header::HeaderMap::new(), Vec::new()).await;

    let always = egress(vec![vec![here], vec![mapped], vec!["::1".parse().unwrap()], vec![public, here]], "");
    for _ in 0..8 {
        let answer = post(&always).await;
        assert!(matches!(&answer, Err(NoAnswer::Refused(why)) if why.contains("rebind.example")), "{answer:?}");
    }
    assert!(sink.seen().is_empty());

    // The name is allowed by an administrator: now it may point inside. The very same client asks again each time.
    let named = egress(vec![vec![here]], "rebind.example");
    assert!(post(&named).await.is_ok());
    assert_eq!(sink.seen().len(), 1);

    // First to a place that is allowed, then to one that is not: what was judged before does not count.
    let turning = egress(vec![vec![here], vec!["127.0.0.2".parse().unwrap()]], "127.0.0.1");
    assert!(post(&turning).await.is_ok());
    assert!(matches!(post(&turning).await, Err(NoAnswer::Refused(_))));
    // Mixed answers: only the allowed address is connected to.
    let mixed = egress(vec![vec!["127.0.0.2".parse().unwrap(), here]], "127.0.0.1");
    assert!(post(&mixed).await.is_ok());
    assert_eq!(sink.seen().len(), 3);

    let nowhere = egress(vec![vec![]], "");
    assert_eq!(
        post(&nowhere).await.unwrap_err(),
        NoAnswer::Unreached("no connection: the name rebind.example has no address".into())
    );
}

#[tokio::test]
async fn an_unknown_channel_is_refused_with_a_suggestion() {
    let outcome = channels(None).send("webhok", "x", &message(), now()).await;
    assert_eq!(say(outcome), "never: there is no channel \"webhok\" (did you mean \"webhook\"?)");
}

#[tokio::test]
async fn a_probe_sends_no_message_and_says_what_it_found() {
    let (ntfy, hook, broken) = (
        Sink::with("200 OK", "", "{\"healthy\":true}").await,
        Sink::with("404 Not Found", "", "").await,
        Sink::with("502 Bad Gateway", "", "").await,
    );
    let all = channels(None);
    let push = |sink: &Sink| Address::Ntfy(sink.url("/ana"));
    assert_eq!(all.probe(&push(&ntfy)).await.as_deref(), Ok("127.0.0.1 answers"));
    assert_eq!(all.probe(&Address::Webhook(hook.url("/secret?key=1"))).await.as_deref(), Ok("127.0.0.1 answers"));
    assert_eq!(all.probe(&push(&broken)).await, Err("127.0.0.1 answers 502".into()));
    let asked = |sink: &Sink| sink.seen().iter().map(|one| one.line.clone()).collect::<Vec<_>>();
    assert_eq!(asked(&ntfy), ["GET /v1/health HTTP/1.1"]);
    assert_eq!(asked(&hook), ["GET / HTTP/1.1"]);
    let mail = Address::Email("ana@example.org".into());
    assert_eq!(all.probe(&mail).await, Err("no mail server is set up (--smtp)".into()));
}

#[tokio::test]
async fn what_is_not_allowed_is_not_accepted_before_anything_is_sent() {
    let strict = channels_with(None, "", None);
    for (address, accepted) in [
        (Address::Ntfy("http://127.0.0.1:8090/ana".into()), false),
        (Address::Webhook("http://10.0.0.7/hook".into()), false),
        (Address::Ntfy("https://ntfy.example.org/ana".into()), true),
        (Address::Email("ana@example.org".into()), false),
    ] {
        assert_eq!(strict.accepts(&address).is_ok(), accepted, "{address:?}");
    }
}

/// An event to an outgoing webhook.
fn event() -> Message {
    let data =
        serde_json::json!({ "id": "evt_06f1k2m9qv7x3t1a", "kind": "page.started", "at": "2026-11-02T03:12:05Z" });
    Message { key: "msg_9b0c61b33c6f5d0e6a4c0f8f2f0f1a77".into(), urgency: Urgency::Low, data, ..message() }
}

#[tokio::test]
async fn an_event_is_signed_by_every_secret_that_holds() {
    let sink = Sink::with("200 OK", "", "thanks").await;
    let keys = ["tickets/aa".to_owned(), "tickets/bb".to_owned()];
    let outcome = channels(None).send_event(&sink.url("/in?x=1"), &event(), &keys, now()).await;
    assert_eq!(say(outcome), "sent 200 OK", "what it says is not kept");
    let seen = sink.seen();
    let one = &seen[0];
    assert_eq!((one.line.as_str(), one.header("content-type")), ("POST /in?x=1 HTTP/1.1", "application/json"));
    assert_eq!(one.header("webhook-timestamp"), now().as_second().to_string());
    let body = String::from_utf8(one.body.clone()).unwrap();
    insta::assert_snapshot!(body, @r#"{"type":"page.started","timestamp":"2026-11-02T03:12:05Z","data":{"id":"evt_06f1k2m9qv7x3t1a","kind":"page.started","at":"2026-11-02T03:12:05Z"}}"#);
    let secrets = keys.each_ref().map(|key| Secret::from_bytes([7; 32]).for_key(key));
    assert_ne!(secrets[0].reveal(), secrets[1].reveal());
    let signatures = secrets.map(|secret| secret.sign(&event().key, now().as_second(), &one.body)).join(" ");
    assert_eq!(one.header("webhook-signature"), signatures);
    // A repeat has the same id and the same bytes.
    channels(None).send_event(&sink.url("/in?x=1"), &event(), &keys, now()).await;
    let again = &sink.seen()[1];
    assert_eq!((again.header("webhook-id"), &again.body), (event().key.as_str(), &one.body));
}

#[tokio::test]
async fn only_410_ends_an_outgoing_webhook_and_nothing_is_followed() {
    let keys = ["tickets/aa".to_owned()];
    for (status, headers, said) in [
        ("204 No Content", "", "sent 204 No Content"),
        ("410 Gone", "", "gone: the receiver answered 410 Gone"),
        ("404 Not Found", "", "later: the receiver answered 404 Not Found"),
        ("401 Unauthorized", "", "later: the receiver answered 401 Unauthorized"),
        ("500 Internal Server Error", "", "later: the receiver answered 500 Internal Server Error"),
        (
            "503 Service Unavailable",
            "retry-after: 120\r\n",
            "later at 2026-11-02T03:14:07Z: the receiver answered 503 Service Unavailable",
        ),
        (
            "302 Found",
            "location: http://127.0.0.1:9/elsewhere\r\n",
            "later: the receiver answered 302 Found: redirects are not followed; use the final address",
        ),
    ] {
        let sink = Sink::with(status, headers, "").await;
        assert_eq!(say(channels(None).send_event(&sink.url("/"), &event(), &keys, now()).await), said);
        assert_eq!(sink.seen().len(), 1, "{status}");
    }
    let sink = Sink::with("200 OK", "", "").await;
    let outcome = say(channels(None).send_event(&sink.url("/"), &event(), &[], now()).await);
    assert!(outcome.starts_with("later: ") && sink.seen().is_empty(), "nothing is sent unsigned: {outcome}");
}

#[tokio::test]
async fn an_event_goes_to_no_private_address_that_is_not_allowed_by_name() {
    let sink = Sink::with("200 OK", "", "").await;
    let keys = ["tickets/aa".to_owned()];
    for (allow, url, said) in [
        ("", sink.url("/"), "never: 127.0.0.1 is this machine itself"),
        ("", format!("https://127.0.0.1:{}/", sink.port), "never: 127.0.0.1 is this machine itself"),
        ("", format!("https://localhost:{}/", sink.port), "never: localhost is this machine itself"),
        ("", format!("http://localhost:{}/", sink.port), "never: the URL must begin with https://"),
        ("private", sink.url("/"), "never: 127.0.0.1 is this machine itself"),
        ("", "http://hooks.example.org/".into(), "never: the URL must begin with https://"),
        ("", "http://169.254.169.254/latest/meta-data".into(), "never: 169.254.169.254 is link-local"),
    ] {
        let channels = channels_with(None, allow, None);
        let outcome = say(channels.send_event(&url, &event(), &keys, now()).await);
        assert!(outcome.starts_with(said), "{allow:?} {url}: {outcome}");
    }
    assert_eq!(sink.seen().len(), 0);
    let named = channels_with(None, "localhost", None);
    assert_eq!(
        say(named.send_event(&format!("http://localhost:{}/", sink.port), &event(), &keys, now()).await),
        "sent 200 OK"
    );
}
