//! The channels against real servers on the loopback: a mail server and an HTTP server that record and fail as told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod certificate;
mod email;
mod http;
mod mail_sink;
mod rollback;
mod trackers;
mod web_sink;

use channels::egress::Allow;
use channels::webhook::Secret;
use channels::{Channels, Settings};
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Urgency};
use domain::words::Timestamp;

pub(crate) fn now() -> Timestamp {
    "2026-11-02T03:12:07Z".parse().unwrap()
}

pub(crate) fn message() -> Message {
    let link = |label: &str, kind| MessageLink {
        label: label.into(),
        url: format!("https://allclear.example.org/l/{}", label.to_lowercase()),
        kind,
    };
    Message {
        key: "dlv_06f1k2m9qv7x3t1a".into(),
        subject: "Checkout is slow (3 alerts)".into(),
        text: "service: checkout\nseverity: critical\n\np99 latency is 4.2 s; see https://runbooks.example.org/checkout.\n"
            .into(),
        html: None,
        urgency: Urgency::High,
        links: vec![
            link("Acknowledge", LinkKind::Acknowledge),
            link("Escalate", LinkKind::Escalate),
            link("Open", LinkKind::Open),
        ],
        thread: "pag_06f1k2m9qv7x3t1b".into(),
        event: "page.started".into(),
        data: serde_json::json!({ "at": "2026-11-02T03:12:05Z", "page": "pag_06f1k2m9qv7x3t1b" }),
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    }
}

/// The authority as an operator would give it: PEM.
pub(crate) fn authority() -> Vec<u8> {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", certificate::AUTHORITY).into_bytes()
}

/// Channels that may reach the loopback.
pub(crate) fn channels(smtp: Option<&str>) -> Channels {
    channels_with(smtp, "loopback", Some(authority()))
}

pub(crate) fn channels_with(smtp: Option<&str>, allow: &str, authorities: Option<Vec<u8>>) -> Channels {
    channels_told(smtp, allow, authorities, channels::rollback::Secrets::default())
}

pub(crate) fn channels_told(
    smtp: Option<&str>,
    allow: &str,
    authorities: Option<Vec<u8>>,
    rollbacks: channels::rollback::Secrets,
) -> Channels {
    Channels::new(Settings {
        email: smtp.map(|url| channels::email::Settings::parse(url, "Allclear <alerts@example.org>").unwrap()),
        webhook_secret: Secret::from_bytes([7; 32]),
        allow: allow.parse::<Allow>().unwrap(),
        authorities,
        chats: std::collections::BTreeMap::new(),
        rollbacks,
        trackers: [("shop".parse().unwrap(), channels::token::Token::new("tok_s3cr3t"))].into(),
    })
    .unwrap()
}
