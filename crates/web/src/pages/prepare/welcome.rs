//! The first run: three calm steps from an empty directory to a first page on the phone.
//!
//! `GET /welcome` and `POST /welcome` with `full_name`, `email`, `password`, `time_zone` while there is nobody
//! yet; then, signed in, `GET /welcome/page` and `POST /welcome/page` with `channel` (`email`, `ntfy` or
//! `webhook`), `address` (the topic) and `webhook` (the URL): it saves the contact and sends.

use askama::Template;

use crate::pages::engage::pages::DeliveryView;
use crate::pages::{Link, Theme};

/// Step one: the administrator.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/welcome.html")]
pub struct WelcomePage {
    pub theme: Theme,
    /// As typed, if it was refused.
    pub full_name: String,
    pub email: String,
    /// The zone of the server until the browser says better.
    pub time_zone: String,
    /// What is wrong, by the name of the field.
    pub errors: Vec<FieldError>,
}

/// What is wrong with a field of a form.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// The `name` of the field; empty for the form as a whole.
    pub field: &'static str,
    pub text: String,
}

impl WelcomePage {
    /// What is wrong with this field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.text.as_str())
    }
}

/// Steps two and three: send the first page to yourself, and see what became of it.
#[derive(Clone, Debug, Template)]
#[template(path = "prepare/welcome_page.html")]
pub struct FirstPage {
    pub theme: Theme,
    /// `Ana`.
    pub first_name: String,
    /// The channels that are set up, and whether the form proposes them.
    pub email: String,
    /// The channel that is chosen: `ntfy`, `email`, `webhook`.
    pub channel: &'static str,
    /// A topic of the configured ntfy server that nobody can guess.
    pub ntfy: String,
    /// The URL of a webhook, as typed or as it was.
    pub webhook: String,
    /// Mail can be sent: an SMTP server is configured. If not, how to configure it.
    pub mail_ready: bool,
    pub error: Option<String>,
    /// What happened to the page that was sent, as it happens.
    pub sent: Option<FirstSent>,
}

impl FirstPage {
    /// It was sent, and the person answered.
    pub fn worked(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.acknowledged)
    }
}

/// The first page, on its way.
#[derive(Clone, Debug)]
pub struct FirstSent {
    pub deliveries: Vec<DeliveryView>,
    /// What the receiver of the webhook verifies with, if it went there.
    pub secret: Option<String>,
    /// The person pressed Acknowledge.
    pub acknowledged: bool,
    /// What to do next, once it worked.
    pub next: Vec<Link>,
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::pages::Tone;
    use crate::pages::engage::pages::samples::delivery;

    impl WelcomePage {
        pub(crate) fn sample() -> Self {
            Self {
                theme: Theme::Auto,
                full_name: String::new(),
                email: String::new(),
                time_zone: "Europe/Berlin".into(),
                errors: vec![],
            }
        }

        pub(crate) fn sample_refused() -> Self {
            Self {
                full_name: "Ana Silva".into(),
                email: "ana@example".into(),
                errors: vec![
                    FieldError { field: "password", text: "Use at least 12 characters; this has 6.".into() },
                    FieldError {
                        field: "email",
                        text: "This is not an e-mail address: the part after @ needs a dot.".into(),
                    },
                ],
                ..Self::sample()
            }
        }
    }

    impl FirstPage {
        pub(crate) fn sample() -> Self {
            Self {
                theme: Theme::Auto,
                first_name: "Ana".into(),
                email: "ana@example.org".into(),
                channel: "ntfy",
                ntfy: "https://ntfy.sh/allclear-9f3kq7w2".into(),
                webhook: String::new(),
                mail_ready: false,
                error: None,
                sent: None,
            }
        }

        pub(crate) fn sample_refused() -> Self {
            Self {
                channel: "webhook",
                webhook: "hooks.example.org".into(),
                error: Some("\"hooks.example.org\" is no address of a webhook: write https://.".into()),
                mail_ready: true,
                ..Self::sample()
            }
        }

        pub(crate) fn sample_sent() -> Self {
            Self {
                sent: Some(FirstSent {
                    deliveries: vec![delivery(
                        ("ana", "Ana Silva"),
                        "push",
                        "ntfy.sh/allclear-9f3kq7w2",
                        (Tone::Good, "Sent"),
                        0,
                    )],
                    secret: Some("whsec_FhFm926WljKD/UhMpbkPxkHu3U/u0BhZG7veMLJ4rXY=".into()),
                    acknowledged: false,
                    next: vec![],
                }),
                ..Self::sample()
            }
        }

        pub(crate) fn sample_acknowledged() -> Self {
            Self {
                sent: Some(FirstSent {
                    deliveries: vec![delivery(
                        ("ana", "Ana Silva"),
                        "push",
                        "ntfy.sh/allclear-9f3kq7w2",
                        (Tone::Info, "Seen"),
                        0,
                    )],
                    secret: None,
                    acknowledged: true,
                    next: vec![
                        Link::new("Connect Prometheus", "/integrations/new?source=alertmanager"),
                        Link::new("Write the first schedule", "/documents/new?kind=schedule"),
                        Link::new("Go to the alerts", "/alerts"),
                    ],
                }),
                ..Self::sample()
            }
        }
    }
}
