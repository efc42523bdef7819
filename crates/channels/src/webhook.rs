//! Webhooks signed as Standard Webhooks has it, so that receivers verify them with a library that exists.
//!
//! Each address has a secret of its own, derived from the installation's secret and the URL: nothing to store, the
//! same on every node, and a receiver that leaks its secret endangers nobody else's. The answer is never shown.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::engage::deliveries::{Message, Outcome};
use domain::words::{Refusal, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::json;
use sha2::Sha256;
use url::Url;

use crate::egress::{Answer, Egress, NoAnswer};
use crate::{later, never, sent};

/// A signing secret: 24 to 64 bytes, written `whsec_` and base64. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// As a receiver's library wants it: `whsec_...`.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The secret of one address, to be shown to whoever sets up the receiver.
    ///
    /// Two spellings of one URL have one secret.
    pub fn for_address(&self, address: &str) -> Self {
        let url = Url::parse(address.trim()).map_or_else(|_| address.trim().to_owned(), String::from);
        Self(hmac(&self.0, &[b"allclear webhook secret\0", url.as_bytes()]).to_vec())
    }

    /// The secret of an outgoing webhook, by what it is derived from (`domain::inform::outgoing_webhooks::key`).
    pub fn for_key(&self, key: &str) -> Self {
        Self(hmac(&self.0, &[b"allclear outgoing webhook secret\0", key.as_bytes()]).to_vec())
    }

    /// The text without it: whoever knows it might say it back.
    pub(crate) fn out_of(&self, text: &str) -> String {
        text.replace(&STANDARD.encode(&self.0), "(hidden)")
    }

    /// The value of `webhook-signature` for these bytes.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signature = hmac(&self.0, &[id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body]);
        format!("v1,{}", STANDARD.encode(signature))
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl FromStr for Secret {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        text.trim()
            .strip_prefix("whsec_")
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .filter(|bytes| (24..=64).contains(&bytes.len()))
            .map(Self)
            .ok_or_else(|| Refusal::invalid("a webhook secret is whsec_ and the base64 of 24 to 64 bytes"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_(hidden)")
    }
}

/// The channel. Cheap to clone.
#[derive(Clone)]
pub struct Webhook {
    egress: Arc<Egress>,
    secret: Secret,
}

impl Webhook {
    pub fn new(egress: Arc<Egress>, secret: Secret) -> Self {
        Self { egress, secret }
    }

    /// Posts `{type, timestamp, data}` to the URL, signed.
    pub async fn send(&self, address: &str, message: &Message, now: Timestamp) -> Outcome {
        let body = body(message, now);
        // The id is part of what is signed, joined by full stops.
        let id = message.key.replace('.', "-");
        let secret = self.secret.for_address(address);
        let Some(headers) = headers(&id, now, &body, &[secret]) else {
            return never("the key of the message cannot stand in a header");
        };
        match self.egress.post(address.trim(), headers, body).await {
            Ok(answer) => outcome(&answer, now),
            Err(NoAnswer::Refused(why)) => never(why),
            Err(NoAnswer::Unreached(why) | NoAnswer::Failed(why)) => later(why),
        }
    }

    /// Posts an event to an outgoing webhook, signed with each secret that holds. The key of the message is the
    /// `webhook-id`. Everything but a 2xx may be better soon, as the standard has it, and 410 ends it for good.
    pub async fn send_event(&self, url: &str, message: &Message, keys: &[String], now: Timestamp) -> Outcome {
        if let Err(why) = self.may_post(url) {
            return never(why);
        }
        if keys.is_empty() {
            return later("the outgoing webhook has no secret to sign with yet");
        }
        let body = body(message, now);
        let secrets: Vec<Secret> = keys.iter().map(|key| self.secret.for_key(key)).collect();
        let Some(headers) = headers(&message.key, now, &body, &secrets) else {
            return never("the id of the message cannot stand in a header");
        };
        match self.egress.post(url, headers, body).await {
            Ok(answer) => event_outcome(&answer, now),
            Err(NoAnswer::Refused(why)) => never(why),
            Err(NoAnswer::Unreached(why) | NoAnswer::Failed(why)) => later(why),
        }
    }

    /// Whether events may be posted to this URL, as far as that shows without asking a name server: over TLS, or within
    /// the own network to a host that is allowed by its name.
    pub fn may_post(&self, url: &str) -> Result<(), String> {
        self.egress.check_private(url)
    }
}

/// The headers of Standard Webhooks. `None` if the id cannot stand in one.
pub(crate) fn headers(id: &str, now: Timestamp, body: &[u8], secrets: &[Secret]) -> Option<HeaderMap> {
    let seconds = now.as_second();
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, seconds, body)).collect();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", HeaderValue::from_str(id).ok()?);
    headers.insert("webhook-timestamp", HeaderValue::from(seconds));
    headers.insert("webhook-signature", HeaderValue::from_str(&signatures.join(" ")).ok()?);
    Some(headers)
}

impl Webhook {
    pub(crate) fn accepts(&self, address: &str) -> Result<(), String> {
        self.egress.check(address.trim())
    }

    /// What a page says.
    pub(crate) async fn read(&self, url: &str) -> Result<(u16, String), String> {
        self.egress.read(url).await
    }

    /// Asks the root of the server: a request to the address itself would be a message.
    pub(crate) async fn probe(&self, address: &str) -> Result<String, String> {
        let mut root = Url::parse(address.trim()).map_err(|why| format!("not a URL: {why}"))?;
        root.set_path("/");
        root.set_query(None);
        root.set_fragment(None);
        // Both can only fail for URLs without a host, which the guard refuses.
        _ = root.set_username("");
        _ = root.set_password(None);
        self.egress.probe(root.as_str()).await
    }
}

/// The instant is that of the event (`data.at`) where the message says it, so that a repeat has the same body.
fn body(message: &Message, now: Timestamp) -> Vec<u8> {
    let at = message.data["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()).unwrap_or(now);
    json!({ "type": message.event, "timestamp": at, "data": message.data }).to_string().into_bytes()
}

fn outcome(answer: &Answer, now: Timestamp) -> Outcome {
    let status = answer.status_line();
    let why = format!("the receiver answered {status}");
    match answer.status {
        200..=299 => sent(status),
        408 | 425 | 429 | 500..=599 => Outcome::Later { at: answer.retry_after(now), why },
        410 => never(format!("{why}: it wants no more of these")),
        300..=399 => never(format!("{why}: redirects are not followed; use the final address")),
        _ => never(why),
    }
}

fn event_outcome(answer: &Answer, now: Timestamp) -> Outcome {
    let status = answer.status_line();
    let why = format!("the receiver answered {status}");
    match answer.status {
        200..=299 => sent(status),
        410 => Outcome::Gone { why },
        300..=399 => later(format!("{why}: redirects are not followed; use the final address")),
        _ => Outcome::Later { at: answer.retry_after(now), why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_address_has_a_secret_of_its_own_and_it_never_changes() {
        let secret = Secret::from_bytes([7; 32]);
        let of = |url: &str| secret.for_address(url).reveal();
        insta::assert_snapshot!(of("https://a.example/hook"), @"whsec_FhFm926WljKD/UhMpbkPxkHu3U/u0BhZG7veMLJ4rXY=");
        assert_eq!(of("https://a.example/hook"), of(" HTTPS://A.example:443/hook "));
        let all = [
            "https://a.example/hook",
            "https://a.example/hook2",
            "http://a.example/hook",
            "https://b.example/hook",
            "no url",
        ]
        .map(of);
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one) && one.parse::<Secret>().is_ok());
        }
        assert_ne!(
            of("https://a.example/hook"),
            Secret::from_bytes([8; 32]).for_address("https://a.example/hook").reveal()
        );
    }

    #[test]
    fn secrets_are_read_and_never_printed() {
        for wrong in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!"] {
            assert!(wrong.parse::<Secret>().is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", Secret::from_bytes([7; 32])), "whsec_(hidden)");
    }
}
