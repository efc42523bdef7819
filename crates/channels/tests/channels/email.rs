//! Whole conversations with a mail server over the loopback.

use std::time::Duration;

use channels::Channels;
use domain::engage::deliveries::{Message, Outcome, Urgency};
use domain::words::Span;

use crate::mail_sink::{Plan, Server};
use crate::{authority, channels, channels_with, message, now};

async fn send(channels: &Channels, message: &Message) -> Outcome {
    channels.send("email", "ana@example.net", message, now()).await
}

/// The header of a mail, unfolded, as (name, value).
fn headers(mail: &str) -> Vec<(String, String)> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n")
        .map(|line| line.split_once(": ").map(|(name, value)| (name.into(), value.into())).expect("name: value"))
        .collect()
}

fn header(mail: &str, name: &str) -> String {
    headers(mail).into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
}

/// The decoded parts: text and HTML.
fn parts(mail: &str) -> Vec<String> {
    let boundary = header(mail, "Content-Type").split("boundary=\"").nth(1).unwrap().trim_end_matches('"').to_owned();
    mail.split(&format!("--{boundary}"))
        .skip(1)
        .filter(|part| !part.starts_with("--"))
        .map(|part| {
            let (head, body) = part.trim_start_matches("\r\n").split_once("\r\n\r\n").unwrap();
            if !head.contains("quoted-printable") {
                assert!(head.contains("7bit"), "{head}");
                return body.to_owned();
            }
            let bytes = body.replace("=\r\n", "").into_bytes();
            let mut out = Vec::new();
            let mut at = 0;
            while at < bytes.len() {
                if bytes[at] == b'=' {
                    let pair = std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
                    out.push(u8::from_str_radix(pair, 16).unwrap());
                    at += 3;
                } else {
                    out.push(bytes[at]);
                    at += 1;
                }
            }
            String::from_utf8(out).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn a_mail_has_text_html_links_and_headers_that_thread_it() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none&hello=allclear.example.org")));
    let outcome = send(&channels, &message()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: Some("2.0.0 Ok: queued as 4XyZ".into()) });
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].envelope, ["MAIL FROM:<alerts@example.org>", "RCPT TO:<ana@example.net>"]);
    let shown: Vec<String> =
        headers(&mails[0].text).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    From: Allclear <alerts@example.org>
    To: ana@example.net
    Subject: Checkout is slow (3 alerts)
    Date: Mon, 02 Nov 2026 03:12:07 +0000
    Message-ID: <dlv_06f1k2m9qv7x3t1a@example.org>
    In-Reply-To: <pag_06f1k2m9qv7x3t1b.thread@example.org>
    References: <pag_06f1k2m9qv7x3t1b.thread@example.org>
    Auto-Submitted: auto-generated
    X-Auto-Response-Suppress: All
    X-Priority: 1 (Highest)
    Importance: high
    MIME-Version: 1.0
    Content-Type: multipart/alternative; boundary="1cd6da4eb3ac3b22e6a6a5684396a9"
    "#);
    let parts = parts(&mails[0].text);
    insta::assert_snapshot!(parts[0].replace("\r\n", "\n"), @r#"
    service: checkout
    severity: critical

    p99 latency is 4.2 s; see https://runbooks.example.org/checkout.

    Acknowledge: https://allclear.example.org/l/acknowledge

    Escalate: https://allclear.example.org/l/escalate

    Open: https://allclear.example.org/l/open

    The links are for you alone: they act in your name. Do not forward this mail.
    "#);
    assert!(
        parts[1].contains("<a class=\"button\" href=\"https://allclear.example.org/l/acknowledge\""),
        "{}",
        parts[1]
    );
    assert_eq!(parts.len(), 2);
}

#[tokio::test]
async fn the_same_delivery_is_the_same_mail_each_time_it_is_sent() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none")));
    for at in [now(), now(), Span::seconds(5).after(now())] {
        channels.send("email", "ana@example.net", &message(), at).await;
    }
    let mails = server.mails();
    assert_eq!(mails[0].text, mails[1].text);
    assert_eq!(header(&mails[0].text, "Message-ID"), header(&mails[2].text, "Message-ID"));
    let other = Message { key: "dlv_06f1k2m9qv7x3t1c".into(), ..message() };
    send(&channels, &other).await;
    let last = server.mails().pop().unwrap().text;
    assert_ne!(header(&last, "Message-ID"), header(&mails[0].text, "Message-ID"));
    assert_eq!(header(&last, "References"), header(&mails[0].text, "References"), "one page, one thread");
}

#[tokio::test]
async fn a_repeat_says_so() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none")));
    send(&channels, &Message { repeat_of: Some(now()), ..message() }).await;
    let parts = parts(&server.mails()[0].text);
    for part in &parts {
        assert!(part.contains("Repeat of 03:12:07 UTC"), "{part}");
    }
}

#[tokio::test]
async fn nothing_that_comes_from_outside_can_add_a_header_or_end_the_mail() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none")));
    send(&channels, &message()).await;
    let names = |mail: &str| headers(mail).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let usual = names(&server.mails()[0].text);
    for evil in [
        "\r\nBcc: eve@example.com",
        "\nBcc: eve@example.com",
        "\rBcc: eve@example.com",
        "\r\n\r\n<script>alert(1)</script>",
        "x\r\n.\r\nMAIL FROM:<eve@example.com>\r\n",
        "\n.\nQUIT\n",
        "\r.\rQUIT\r",
        "\u{2028}Bcc: eve@example.com",
        "\u{85}Bcc: eve@example.com",
        "\0\u{b}\u{c}\u{1b}[31m",
        "é\r\nBcc: eve@example.com",
        "=?utf-8?q?=0D=0ABcc:_eve@example.com?=",
        "> <eve@example.com",
        "\u{202e}gro.elpmaxe",
        &"long ".repeat(400),
    ] {
        let with = |text: &str| format!("{text}{evil}");
        let usual_one = message();
        let hostile = Message {
            key: with(&usual_one.key),
            subject: with(&usual_one.subject),
            text: with(&usual_one.text),
            links: usual_one
                .links
                .iter()
                .cloned()
                .map(|mut link| {
                    link.label = with(&link.label);
                    link.url = with(&link.url);
                    link
                })
                .collect(),
            thread: with(&usual_one.thread),
            event: with(&usual_one.event),
            ..usual_one
        };
        let before = server.mails().len();
        let outcome = send(&channels, &hostile).await;
        assert!(matches!(outcome, Outcome::Sent { .. }), "{evil:?}: {outcome:?}");
        let mails = server.mails();
        assert_eq!(mails.len(), before + 1, "{evil:?}");
        let mail = &mails[before];
        assert_eq!(mail.envelope, ["MAIL FROM:<alerts@example.org>", "RCPT TO:<ana@example.net>"], "{evil:?}");
        assert_eq!(names(&mail.text), usual, "{evil:?}");
        assert!(!mail.text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{evil:?}: a bare line end");
        assert!(mail.text.lines().all(|line| line.len() <= 998), "{evil:?}: too long a line");
        let parts = parts(&mail.text);
        assert_eq!(parts.len(), 2, "{evil:?}");
        assert!(!parts[1].contains("<script>") && !parts[1].contains('\u{1b}'), "{evil:?}");
        // Addresses that are none are refused before anything is sent.
        let outcome = channels.send("email", &with("ana@example.net"), &message(), now()).await;
        assert!(matches!(outcome, Outcome::Never { .. }), "{evil:?}: {outcome:?}");
        assert_eq!(server.mails().len(), before + 1);
    }
    assert!(server.commands().iter().all(|command| !command.contains("eve@")));
}

#[tokio::test]
async fn each_answer_of_the_server_says_what_to_do_next() {
    for (at, says, expected) in [
        ("RCPT", "550 5.1.1 no such user", "never the mail server refused: permanent error (550): 5.1.1 no such user"),
        ("RCPT", "451 4.7.1 greylisted", "later the mail server said not now: transient error (451): 4.7.1 greylisted"),
        (
            "MAIL",
            "421 4.3.2 shutting down",
            "later the mail server said not now: transient error (421): 4.3.2 shutting down",
        ),
        ("DATA", "451 4.3.0 try again", "later the mail server said not now: transient error (451): 4.3.0 try again"),
        ("message", "552 5.3.4 too big", "never the mail server refused: permanent error (552): 5.3.4 too big"),
        (
            "message",
            "451 4.3.0 try again",
            "later the mail server said not now: transient error (451): 4.3.0 try again",
        ),
        (
            "message",
            "hang up",
            "later the conversation with the mail server broke off: response error: incomplete response",
        ),
        (
            "DATA",
            "hang up",
            "later the conversation with the mail server broke off: response error: incomplete response",
        ),
        (
            "MAIL",
            "530 5.7.0 sign in first",
            "later SIGN-IN REFUSED by the mail server: no mail goes out until the settings are right (permanent error (530): 5.7.0 sign in first)",
        ),
        ("greeting", "554 no service", "later localhost:PORT: permanent error (554): no service"),
        ("greeting", "hang up", "later localhost:PORT: response error: incomplete response"),
        (
            "RCPT",
            "nonsense",
            "later the conversation with the mail server broke off: response error: error Tag at: nonsense",
        ),
    ] {
        let server = Server::start(Plan { instead: vec![(at, says)], ..Plan::default() }).await;
        let channels = channels(Some(&server.url("?tls=none")));
        let outcome = match send(&channels, &message()).await {
            Outcome::Sent { .. } => "sent".to_owned(),
            Outcome::Later { why, .. } => format!("later {why}"),
            Outcome::Never { why } | Outcome::Gone { why } => format!("never {why}"),
        };
        let outcome = outcome.replace(&server.port.to_string(), "PORT");
        assert!(outcome.starts_with(expected), "{at} {says}\n got {outcome}\nwant {expected}");
    }
    let channels = channels(Some("smtp://localhost:1?tls=none"));
    let outcome = send(&channels, &message()).await;
    assert_eq!(outcome, Outcome::Later { at: None, why: "no connection to localhost:1: Connection refused".into() });
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time_and_its_connection_is_not_used_again() {
    let server = Server::start(Plan { instead: vec![("RCPT", "silence")], ..Plan::default() }).await;
    let channels = channels(Some(&server.url("?tls=none")));
    let before = tokio::time::Instant::now();
    let first: Vec<_> = (0..8)
        .map(|_| {
            let channels = channels.clone();
            tokio::spawn(async move { send(&channels, &message()).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ninth = send(&channels, &message()).await;
    assert!(matches!(&ninth, Outcome::Later { why, .. } if why.contains("is busy")), "{ninth:?}");
    assert!(before.elapsed() <= Duration::from_secs(6), "it does not wait for the eight that hang");
    for outcome in first {
        let outcome = outcome.await.unwrap();
        assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("10 seconds")), "{outcome:?}");
    }
    assert!(before.elapsed() <= Duration::from_secs(11));
    let _ = tokio::time::timeout(Duration::from_millis(300), send(&channels, &message())).await;
    assert!(server.commands().iter().any(|command| command.starts_with("9 EHLO")), "{:?}", server.commands());
}

#[tokio::test]
async fn connections_stay_warm_and_old_ones_are_left() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none")));
    for seconds in [0, 1, 59, 180] {
        let outcome = channels.send("email", "ana@example.net", &message(), Span::seconds(seconds).after(now())).await;
        assert!(matches!(outcome, Outcome::Sent { .. }));
    }
    let greeted: Vec<String> =
        server.commands().iter().filter(|command| command.contains("EHLO")).map(|c| c[..1].to_owned()).collect();
    assert_eq!(greeted, ["1", "2"], "{:?}", server.commands());
}

#[tokio::test]
async fn a_mail_that_is_cancelled_midway_leaves_no_connection_behind() {
    let server = Server::start(Plan { instead: vec![("message", "silence")], ..Plan::default() }).await;
    let channels = channels(Some(&server.url("?tls=none")));
    let cancelled = tokio::time::timeout(Duration::from_millis(300), send(&channels, &message())).await;
    assert!(cancelled.is_err());
    let _ = tokio::time::timeout(Duration::from_millis(300), send(&channels, &message())).await;
    let seconds: Vec<_> = server.commands().into_iter().filter(|command| command.starts_with("2 ")).collect();
    assert!(seconds[0].starts_with("2 EHLO"), "{seconds:?}");
}

#[tokio::test]
async fn required_encryption_never_falls_back() {
    // No STARTTLS on offer: nothing but EHLO is said.
    let server = Server::start(Plan { auth: Some("235 ok"), ..Plan::default() }).await;
    let url = format!("smtp://ana:geheim@localhost:{}?tls=required", server.port);
    let outcome = send(&channels(Some(&url)), &message()).await;
    assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("no encryption (STARTTLS)")), "{outcome:?}");
    assert_eq!(server.commands().len(), 1, "{:?}", server.commands());

    // Refused STARTTLS, a certificate of nobody, a wrong name: the same.
    for (plan, host, authorities, says) in [
        (
            Plan { starttls: true, instead: vec![("STARTTLS", "454 not now")], ..Plan::default() },
            "localhost",
            true,
            "454 not now",
        ),
        (Plan { starttls: true, ..Plan::default() }, "localhost", false, "UnknownIssuer"),
        (Plan { starttls: true, ..Plan::default() }, "127.0.0.1", true, "certificate"),
        (
            Plan { starttls: true, injection: Some("\r\n250-evil\r\n250 ok"), ..Plan::default() },
            "localhost",
            true,
            "in between",
        ),
    ] {
        let server = Server::start(plan).await;
        let url = format!("smtp://ana:geheim@{host}:{}?tls=required", server.port);
        let channels = channels_with(Some(&url), "", authorities.then(authority));
        let outcome = send(&channels, &message()).await;
        assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains(says)), "{says}: {outcome:?}");
        assert!(server.mails().is_empty() && server.commands().iter().all(|command| !command.contains("AUTH")));
    }
}

#[tokio::test]
async fn mail_goes_out_encrypted_and_signed_in() {
    for (plan, scheme, rest) in [
        (Plan { starttls: true, auth: Some("235 welcome"), ..Plan::default() }, "smtp", ""),
        (Plan { starttls: true, auth: Some("235 welcome"), ..Plan::default() }, "smtp", "?tls=opportunistic"),
        (Plan { implicit_tls: true, auth: Some("235 welcome"), ..Plan::default() }, "smtps", ""),
    ] {
        let server = Server::start(plan).await;
        let url = format!("{scheme}://ana:p%40ss@localhost:{}{rest}", server.port);
        let channels = channels(Some(&url));
        for _ in 0..2 {
            let outcome = send(&channels, &message()).await;
            assert!(matches!(outcome, Outcome::Sent { .. }), "{url}: {outcome:?}");
        }
        assert!(server.mails().iter().all(|mail| mail.encrypted));
        let signed_in = server.commands().iter().filter(|command| command.contains("AUTH PLAIN AGFuYQBwQHNz")).count();
        assert_eq!(signed_in, 1, "{:?}", server.commands());
    }
}

#[tokio::test]
async fn a_password_is_not_sent_in_the_clear_and_a_refused_one_is_said_loudly() {
    let server = Server::start(Plan { auth: Some("235 ok"), ..Plan::default() }).await;
    let url = format!("smtp://ana:geheim@localhost:{}?tls=opportunistic", server.port);
    let outcome = send(&channels(Some(&url)), &message()).await;
    assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("password is not sent")), "{outcome:?}");
    assert!(server.commands().iter().all(|command| !command.contains("AUTH")), "{:?}", server.commands());

    let refusing = Server::start(Plan { starttls: true, auth: Some("535 5.7.8 wrong"), ..Plan::default() }).await;
    let url = format!("smtp://ana:geheim@localhost:{}", refusing.port);
    let outcome = send(&channels(Some(&url)), &message()).await;
    let Outcome::Later { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.starts_with("SIGN-IN REFUSED by localhost") && !why.contains("geheim"), "{why}");
    // Without sign-in and without encryption on offer, opportunistic sends.
    let outcome = send(&channels(Some(&server.url("?tls=opportunistic"))), &message()).await;
    assert!(matches!(outcome, Outcome::Sent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_probe_signs_in_and_sends_nothing() {
    let address = domain::prepare::people::Address::Email("ana@example.org".into());
    for (answer, finds) in
        [("235 welcome", "answers, and the sign-in is accepted"), ("535 5.7.8 wrong", "SIGN-IN REFUSED")]
    {
        let server = Server::start(Plan { starttls: true, auth: Some(answer), ..Plan::default() }).await;
        let url = format!("smtp://ana:geheim@localhost:{}", server.port);
        let found = channels(Some(&url)).probe(&address).await.unwrap_or_else(|why| why);
        assert!(found.contains(finds) && !found.contains("geheim"), "{found}");
        assert!(server.mails().is_empty(), "{:?}", server.commands());
        assert!(server.commands().iter().all(|command| !command.starts_with("MAIL")), "{:?}", server.commands());
    }
}

#[tokio::test]
async fn low_urgency_and_no_mail_server_are_told_apart() {
    let server = Server::start(Plan::default()).await;
    let channels = channels(Some(&server.url("?tls=none")));
    send(&channels, &Message { urgency: Urgency::Low, ..message() }).await;
    assert_eq!(header(&server.mails()[0].text, "X-Priority"), "");
    let none = channels_with(None, "", None);
    let outcome = send(&none, &message()).await;
    assert!(matches!(&outcome, Outcome::Never { why } if why.contains("not set up here")), "{outcome:?}");
}
