//! Speaks: carries one message over one channel and says what became of it: sent, later or never.
//!
//! Knows nothing of pages, retries or the outbox, keeps nothing, and reads no clock: `now` is an argument. Everything
//! that an address or an answer says is hostile, so all HTTP goes through one guarded client ([`egress`]).

pub mod chat;
pub mod egress;
pub mod email;
pub mod matrix;
pub mod ntfy;
pub mod rollback;
mod slack;
pub mod tls;
pub mod token;
pub mod trackers;
pub mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::change::rollback_adapters::RollbackAdapter;
use domain::engage::deliveries::{Message, Outcome};
use domain::prepare::people::Address;
use domain::respond::chats::Errand;
use domain::words::{Name, Refusal, Timestamp, text};

/// How long a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a whole attempt may take. A mail waits up to four seconds for its turn before that: the courier's lease must
/// be longer than both.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// What an installation sets about speaking outward.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The mail server; without it, e-mail answers `Never`, and the ladder goes on.
    pub email: Option<email::Settings>,
    /// What webhooks are signed with; each address gets its own secret from it.
    pub webhook_secret: webhook::Secret,
    /// Which places inside the own network may be reached.
    pub allow: egress::Allow,
    /// Certificate authorities (PEM) that are trusted besides the usual ones.
    pub authorities: Option<Vec<u8>>,
    /// What we show in chats, by the name of the chat.
    pub chats: BTreeMap<Name, token::Token>,
    /// The same for rollback adapters, and what we sign with.
    pub rollbacks: rollback::Secrets,
    /// The same for trackers of issues.
    pub trackers: trackers::Secrets,
}

/// All channels of an installation. Cheap to clone; keeps its connections warm.
#[derive(Clone)]
pub struct Channels {
    email: Option<email::Email>,
    ntfy: ntfy::Ntfy,
    webhook: webhook::Webhook,
    /// For addresses that anybody may name: nothing inside the own network is reached.
    public_webhook: webhook::Webhook,
    chats: chat::Chats,
    rollbacks: Arc<(egress::Egress, rollback::Secrets)>,
    trackers: Arc<trackers::Secrets>,
}

impl Channels {
    /// Opens nothing yet: the first message opens the first connection.
    pub fn new(settings: Settings) -> Result<Self, Refusal> {
        let trust = tls::trust(settings.authorities.as_deref())?;
        let fresh = egress::Egress::fresh(settings.allow.clone(), &trust)?;
        let egress = Arc::new(egress::Egress::new(settings.allow, &trust)?);
        let outside = Arc::new(egress::Egress::new(egress::Allow::default(), &trust)?);
        let public = settings.webhook_secret.clone();
        Ok(Self {
            email: settings.email.map(|email| email::Email::new(email, trust)),
            ntfy: ntfy::Ntfy::new(Arc::clone(&egress)),
            chats: chat::Chats::new(Arc::clone(&egress), settings.chats),
            webhook: webhook::Webhook::new(egress, settings.webhook_secret),
            public_webhook: webhook::Webhook::new(outside, public),
            rollbacks: Arc::new((fresh, settings.rollbacks)),
            trackers: Arc::new(settings.trackers),
        })
    }

    /// Sends one message to one address over the named channel: `email`, `ntfy`, `webhook`, or `public-webhook` for an
    /// address that anybody may have named.
    ///
    /// Safe to cancel: a connection that was being used is dropped, never used again.
    pub async fn send(&self, channel: &str, address: &str, message: &Message, now: Timestamp) -> Outcome {
        match (channel, &self.email) {
            ("email", Some(email)) => email.send(address, message, now).await,
            ("email", None) => {
                never("e-mail is not set up here: set the address of a mail server (smtp://...) in the settings")
            }
            ("ntfy", _) => self.ntfy.send(address, message, now).await,
            ("webhook", _) => self.webhook.send(address, message, now).await,
            ("public-webhook", _) => self.public_webhook.send(address, message, now).await,
            (other, _) => never(format!(
                "there is no channel {:?}{}",
                text::shorten(other, 40),
                text::did_you_mean(other, ["email", "ntfy", "webhook"])
            )),
        }
    }

    /// Posts one event to an outgoing webhook, signed with the secrets of these keys.
    ///
    /// Safe to cancel, as [`Channels::send`].
    pub async fn send_event(&self, url: &str, message: &Message, keys: &[String], now: Timestamp) -> Outcome {
        self.webhook.send_event(url, message, keys, now).await
    }

    /// Does one thing in a chat.
    ///
    /// Safe to cancel, as [`Channels::send`].
    pub async fn carry(&self, errand: &Errand, now: Timestamp) -> Outcome {
        self.chats.carry(errand, now).await
    }

    /// The chats, to be listened to.
    pub fn chats(&self) -> &chat::Chats {
        &self.chats
    }

    /// The program that takes back by this document, to be asked, told and asked after at this moment. The error says in words
    /// what is not set up here: nothing was sent.
    pub fn rollback_adapter<'a>(
        &'a self,
        name: &Name,
        spec: &'a RollbackAdapter,
        now: Timestamp,
    ) -> Result<Box<dyn rollback::Adapter + 'a>, String> {
        let (egress, secrets) = &*self.rollbacks;
        rollback::adapter(name, spec, secrets, egress, now)
    }

    /// The tracker of this document. The error says in words what is not set up here: nothing was sent.
    pub fn tracker<'a>(
        &'a self,
        name: &Name,
        spec: &'a domain::learn::trackers::Tracker,
    ) -> Result<Box<dyn trackers::Tracker + 'a>, String> {
        trackers::tracker(name, spec, &self.trackers, &self.rollbacks.0)
    }

    /// Whether an outgoing webhook may post to this URL, or a chat be asked there, as things are set up here. Opens nothing, asks no name server.
    pub fn may_post(&self, url: &str) -> Result<(), String> {
        self.webhook.may_post(url)
    }

    /// Whether a message could go there as things are set up here. Opens nothing, and asks no name server.
    pub fn accepts(&self, address: &Address) -> Result<(), String> {
        match address {
            Address::Email(_) if self.email.is_none() => Err("no mail server is set up (--smtp)".into()),
            Address::Email(_) => Ok(()),
            Address::Ntfy(topic) => self.ntfy.accepts(topic),
            Address::Webhook(url) => self.webhook.accepts(url),
        }
    }

    /// Speaks with whoever takes the messages for this address, as far as that goes without sending one: the mail
    /// server up to the sign-in, the push or webhook server up to its first answer. Says what was found.
    pub async fn probe(&self, address: &Address) -> Result<String, String> {
        match (address, &self.email) {
            (Address::Email(_), Some(email)) => email.probe().await,
            (Address::Email(_), None) => Err("no mail server is set up (--smtp)".into()),
            (Address::Ntfy(topic), _) => self.ntfy.probe(topic).await,
            (Address::Webhook(url), _) => self.webhook.probe(url).await,
        }
    }

    /// What a page says, by the guarded client: its status, and the beginning of its text. No redirect is followed.
    ///
    /// Safe to cancel. The error says in words why there is no answer.
    pub async fn read(&self, url: &str) -> Result<(u16, String), String> {
        self.webhook.read(url).await
    }

    /// Can messages go out by mail?
    pub fn has_email(&self) -> bool {
        self.email.is_some()
    }
}

fn sent(receipt: impl Into<Option<String>>) -> Outcome {
    Outcome::Sent { receipt: receipt.into() }
}

fn later(why: impl Into<String>) -> Outcome {
    Outcome::Later { at: None, why: why.into() }
}

fn never(why: impl Into<String>) -> Outcome {
    Outcome::Never { why: why.into() }
}

/// One line without anything that moves the cursor, reorders letters or breaks a line; cut at `most` characters.
fn one_line(text: &str, most: usize) -> String {
    let harmless: String = text
        .chars()
        .map(|c| match c {
            // Line and paragraph separators, and what turns the direction of writing around.
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    let words: Vec<&str> = harmless.split_whitespace().collect();
    text::shorten(&words.join(" "), most)
}

/// The text, cut to at most so many bytes of UTF-8, with an ellipsis where it was cut.
fn cut_bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most.saturating_sub("…".len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// What the reader is told when an earlier attempt may have arrived.
fn repeat_note(message: &Message) -> Option<String> {
    let at = message.repeat_of?;
    Some(format!("Repeat of {}: an earlier attempt may have arrived.", at.strftime("%H:%M:%S UTC")))
}
