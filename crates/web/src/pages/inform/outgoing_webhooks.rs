//! Outgoing webhooks: who is told of what happens, the log of what was sent, and one delivery with its attempts.

use askama::Template;

use crate::pages::{Badge, Link, Shell, When};

/// All of them, `GET /outgoing-webhooks`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/outgoing_webhooks.html")]
pub struct OutgoingWebhooksPage {
    pub shell: Shell,
    pub rows: Vec<OutgoingWebhookRow>,
    pub may_edit: bool,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct OutgoingWebhookRow {
    pub href: String,
    pub title: String,
    /// The URL, or the host alone for those who do not see addresses.
    pub url: String,
    /// `incident.*, page.started`, `All events`.
    pub events: String,
    pub state: Badge,
    /// `12 wait`.
    pub waiting: Option<String>,
}

/// The form for a new one, `GET /outgoing-webhooks/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/outgoing_webhook_new.html")]
pub struct NewOutgoingWebhookPage {
    pub shell: Shell,
    pub title: String,
    pub name: String,
    pub url: String,
    pub events: String,
    /// Every kind of event, by noun.
    pub kinds: Vec<(String, Vec<&'static str>)>,
    pub error: Option<String>,
}

/// One of them with its log, `GET /outgoing-webhooks/NAME`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/outgoing_webhook.html")]
pub struct OutgoingWebhookPage {
    pub shell: Shell,
    pub name: String,
    pub title: String,
    pub url: String,
    pub state: Badge,
    /// Why nothing is sent, if nothing is.
    pub off: Option<String>,
    /// Whether it can be switched on here.
    pub may_enable: bool,
    pub events: Vec<String>,
    pub services: Vec<Link>,
    pub waiting: u64,
    /// The secret, once.
    pub secret: Option<String>,
    pub secret_note: String,
    pub lines: Vec<LogLine>,
    /// Whether only what did not arrive is listed.
    pub unsent: bool,
    /// Where the log goes on.
    pub older: Option<String>,
    pub may_edit: bool,
    pub document_href: String,
}

/// A delivery in the log.
#[derive(Clone, Debug)]
pub struct LogLine {
    pub href: String,
    /// `page.started`.
    pub event: String,
    pub state: Badge,
    pub when: When,
    /// What the event is about: `inc_06f1k2m9qv7x3t1a`.
    pub about: Option<String>,
    /// What was answered last, if it did not arrive.
    pub answer: Option<String>,
    /// Where **Replay** posts to.
    pub replay: Option<String>,
}

/// One delivery, `GET /outgoing-webhooks/NAME/deliveries/ID`.
#[derive(Clone, Debug, Template)]
#[template(path = "inform/outgoing_webhook_delivery.html")]
pub struct OutgoingWebhookDeliveryPage {
    pub shell: Shell,
    pub webhook: Link,
    pub event: String,
    pub state: Badge,
    pub id: String,
    pub webhook_id: String,
    pub created: When,
    /// When it is tried next.
    pub next: Option<When>,
    /// Why it was not sent, or what was answered last.
    pub answer: Option<String>,
    pub attempts: Vec<AttemptRow>,
    /// What is posted, laid out.
    pub body: String,
    pub replay: Option<String>,
}

/// An attempt that ended.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub number: u32,
    pub state: Badge,
    pub at: When,
    pub took: String,
    pub answer: String,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::gallery::{minutes_ago, viewpoint};
    use crate::pages::{Section, Tone};

    const HERE: &str = "/outgoing-webhooks/tickets";

    fn line(event: &str, tone: Tone, state: &str, minutes: i64, answer: Option<&str>) -> LogLine {
        LogLine {
            href: format!("{HERE}/deliveries/dlv_06f1k2m9qv7x3t{minutes:02}"),
            event: event.into(),
            state: Badge::new(tone, state),
            when: viewpoint().when(minutes_ago(minutes)),
            about: Some("inc_06f1k2m9qv7x3t1a".into()),
            answer: answer.map(Into::into),
            replay: Some(format!("{HERE}/deliveries/dlv_06f1k2m9qv7x3t{minutes:02}/replay")),
        }
    }

    impl OutgoingWebhooksPage {
        pub(crate) fn sample() -> Self {
            let row = |title: &str, events: &str, state| OutgoingWebhookRow {
                href: HERE.into(),
                title: title.into(),
                url: "https://tickets.example.org/hooks/allclear-production-eu-central".into(),
                events: events.into(),
                state,
                waiting: None,
            };
            Self {
                shell: Shell::sample(Section::OutgoingWebhooks, "/outgoing-webhooks"),
                rows: vec![
                    row("Ticket system", "incident.*, page.started", Badge::new(Tone::Good, "Sent 4 min ago")),
                    OutgoingWebhookRow {
                        waiting: Some("212 wait".into()),
                        ..row("Data warehouse", "All events", Badge::new(Tone::Warning, "Next try in 2 h"))
                    },
                    row("Old wiki", "incident.closed", Badge::new(Tone::Critical, "Gone since Mon 09:00")),
                ],
                may_edit: true,
            }
        }

        pub(crate) fn sample_empty() -> Self {
            Self { rows: vec![], ..Self::sample() }
        }
    }

    impl NewOutgoingWebhookPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::OutgoingWebhooks, "/outgoing-webhooks/new"),
                title: "Ticket system".into(),
                name: "tickets".into(),
                url: "https://tickets.example.org/in".into(),
                events: "incident".into(),
                kinds: vec![("page".into(), vec!["page.started", "page.ended"])],
                error: Some("There is no kind of event \"incident\" (did you mean \"incident.*\"?).".into()),
            }
        }
    }

    impl OutgoingWebhookPage {
        pub(crate) fn sample() -> Self {
            Self {
                shell: Shell::sample(Section::OutgoingWebhooks, HERE),
                name: "tickets".into(),
                title: "Ticket system".into(),
                url: "https://tickets.example.org/hooks/allclear-production-eu-central".into(),
                state: Badge::new(Tone::Warning, "Next try in 5 min"),
                off: None,
                may_enable: false,
                events: vec!["incident.*".into(), "page.started".into()],
                services: vec![Link::new("payments", "/services/payments")],
                waiting: 2,
                secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
                secret_note: "Made just now. The one before signs, too, until Mon 03:12.".into(),
                lines: vec![
                    line("page.started", Tone::Quiet, "Sending", 0, None),
                    line(
                        "incident.activity-began",
                        Tone::Warning,
                        "Next try in 5 min",
                        4,
                        Some("the receiver answered 503 Service Unavailable"),
                    ),
                    line("incident.declared", Tone::Good, "Sent", 31, None),
                    line(
                        "page.started",
                        Tone::Critical,
                        "Given up",
                        64,
                        Some("given up after 10 attempts: no answer within 10 seconds"),
                    ),
                ],
                unsent: false,
                older: Some(format!("{HERE}?before=dlv_06f1k2m9qv7x3t64")),
                may_edit: true,
                document_href: "/documents/outgoing-webhook/tickets".into(),
            }
        }

        pub(crate) fn sample_gone() -> Self {
            Self {
                state: Badge::new(Tone::Critical, "Gone"),
                off: Some("Its receiver answered 410 Gone 3 h ago: it wants no more. Nothing is sent.".into()),
                may_enable: true,
                secret: None,
                events: vec![],
                services: vec![],
                waiting: 0,
                lines: vec![],
                older: None,
                ..Self::sample()
            }
        }
    }

    impl OutgoingWebhookDeliveryPage {
        pub(crate) fn sample() -> Self {
            let attempt = |number, tone, state: &str, minutes, answer: &str| AttemptRow {
                number,
                state: Badge::new(tone, state),
                at: viewpoint().when(minutes_ago(minutes)),
                took: "212 ms".into(),
                answer: answer.into(),
            };
            Self {
                shell: Shell::sample(Section::OutgoingWebhooks, HERE),
                webhook: Link::new("Ticket system", HERE),
                event: "page.started".into(),
                state: Badge::new(Tone::Warning, "Next try in 5 min"),
                id: "dlv_06f1k2m9qv7x3t04".into(),
                webhook_id: "msg_9b0c61b33c6f5d0e6a4c0f8f2f0f1a77".into(),
                created: viewpoint().when(minutes_ago(4)),
                next: Some(viewpoint().when(minutes_ago(-5))),
                answer: Some("the receiver answered 503 Service Unavailable".into()),
                attempts: vec![
                    attempt(1, Tone::Warning, "Later", 4, "the receiver answered 503 Service Unavailable"),
                    attempt(2, Tone::Warning, "Later", 3, "no answer within 10 seconds"),
                ],
                body: "{\n  \"type\": \"page.started\",\n  \"timestamp\": \"2026-11-22T02:08:09Z\",\n  \"data\": {\n    \"id\": \"evt_06f1k2m9qv7x3t01\"\n  }\n}".into(),
                replay: Some(format!("{HERE}/deliveries/dlv_06f1k2m9qv7x3t04/replay")),
            }
        }
    }
}
