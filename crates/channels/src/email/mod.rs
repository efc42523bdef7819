//! E-mail over SMTP. The Message-ID is made from the delivery, so a mail that is sent again is the same mail.
//!
//! Refused for good (5xx) is `Never`; everything that may be better soon is `Later`, also a sign-in that is refused,
//! because that is ours to repair and no reason to give up the address.

mod compose;
pub mod html;
mod settings;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::engage::deliveries::{Message, Outcome};
use domain::words::{Span, Timestamp, text};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use rustls::ClientConfig;
use tokio::sync::Semaphore;

pub use settings::{Settings, Tls};

use crate::{ATTEMPT_TIMEOUT, later, never, sent};

/// More at once makes a mail server slower, not faster; many refuse more than ten from one client.
const CONNECTIONS: usize = 8;
/// How long a delivery waits for its turn at one of them: short, so that a mail server that hangs does not hold up
/// whoever carries the messages, and well within the courier's lease together with the attempt.
const TURN_TIMEOUT: Duration = Duration::from_secs(4);
/// A connection that was idle for longer is not used again: servers drop them after minutes, firewalls sooner.
const IDLE: Span = Span::seconds(60);

/// The channel. Cheap to clone: all clones share the warm connections.
#[derive(Clone)]
pub struct Email {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    trust: Arc<ClientConfig>,
    turns: Semaphore,
    parked: Mutex<Vec<Parked>>,
}

/// An idle connection, between two mails, and since when.
struct Parked {
    connection: AsyncSmtpConnection,
    since: Timestamp,
}

impl Email {
    pub fn new(settings: Settings, trust: Arc<ClientConfig>) -> Self {
        let turns = Semaphore::new(CONNECTIONS);
        Self { inner: Arc::new(Inner { settings, trust, turns, parked: Mutex::default() }) }
    }

    /// Sends one mail.
    ///
    /// A connection is parked again only after a whole conversation. Whatever ends early, by a fault, a timeout or
    /// because the caller gave up, drops its connection: the next mail must not read this one's answer.
    pub async fn send(&self, address: &str, message: &Message, now: Timestamp) -> Outcome {
        let inner = &*self.inner;
        let mail = match compose::compose(&inner.settings.from, address, message, now) {
            Ok(mail) => mail,
            Err(why) => return never(why),
        };
        let Ok(Ok(_turn)) = tokio::time::timeout(TURN_TIMEOUT, inner.turns.acquire()).await else {
            return later("the mail server is busy with the mails before this one");
        };
        let attempt = async {
            let mut connection = match inner.connection(now).await {
                Ok(connection) => connection,
                Err(why) => return later(why),
            };
            match connection.send(&mail.envelope, &mail.bytes).await {
                Ok(answer) => {
                    inner.park(connection, now);
                    sent(answer.first_line().map(|line| crate::one_line(line, 200)))
                }
                Err(why) => outcome(&why),
            }
        };
        tokio::time::timeout(ATTEMPT_TIMEOUT, attempt).await.unwrap_or_else(|_| {
            later(format!("the mail server did not finish within {} seconds", ATTEMPT_TIMEOUT.as_secs()))
        })
    }

    /// Connects, encrypts and signs in as for a mail, and hangs up.
    pub async fn probe(&self) -> Result<String, String> {
        let settings = &self.inner.settings;
        let attempt = async {
            let mut connection = wire::connect(settings, &self.inner.trust).await?;
            _ = connection.quit().await;
            let signed_in = if settings.credentials.is_some() { ", and the sign-in is accepted" } else { "" };
            Ok(format!("{}:{} answers{signed_in}", settings.host, settings.port))
        };
        tokio::time::timeout(ATTEMPT_TIMEOUT, attempt).await.unwrap_or_else(|_| {
            Err(format!("the mail server did not finish within {} seconds", ATTEMPT_TIMEOUT.as_secs()))
        })
    }
}

impl Inner {
    /// A warm connection that still answers, or a new one.
    async fn connection(&self, now: Timestamp) -> Result<AsyncSmtpConnection, String> {
        while let Some(mut parked) = self.take() {
            if Span::between(parked.since, now) <= IDLE && parked.connection.test_connected().await {
                return Ok(parked.connection);
            }
        }
        wire::connect(&self.settings, &self.trust).await
    }

    fn take(&self) -> Option<Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn park(&self, connection: AsyncSmtpConnection, since: Timestamp) {
        if !connection.has_broken() {
            self.parked.lock().unwrap_or_else(PoisonError::into_inner).push(Parked { connection, since });
        }
    }
}

fn outcome(why: &lettre::transport::smtp::Error) -> Outcome {
    let said = crate::one_line(&why.to_string(), 300);
    let Some(code) = why.status().map(u16::from) else {
        return if why.is_client() {
            // Nothing was sent: the server cannot take such an address.
            never(format!("the mail server cannot take this mail: {said}"))
        } else {
            later(format!("the conversation with the mail server broke off: {said}"))
        };
    };
    match code {
        // Says nothing about this mail: the server wants us to sign in, or with more encryption.
        530 | 534 | 535 | 538 => later(format!(
            "SIGN-IN REFUSED by the mail server: no mail goes out until the settings are right ({})",
            text::shorten(&said, 200)
        )),
        500..=599 => never(format!("the mail server refused: {said}")),
        _ => later(format!("the mail server said not now: {said}")),
    }
}
