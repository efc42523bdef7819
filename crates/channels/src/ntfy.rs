//! Push by ntfy: posts JSON to the server of a topic URL. A tap on "Acknowledge" posts to the signed link.
//!
//! The delivery is the sequence id, so a push that is sent again replaces the first one on the phone (servers before
//! 2.16 show it twice). Topics are passwords: no reason that is shown to others names one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Outcome, Urgency};
use domain::words::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use crate::egress::{Answer, Egress, NoAnswer};
use crate::{cut_bytes, later, never, one_line, repeat_note, sent};

/// ntfy takes 4096 bytes of message and makes an attachment of more; what goes through Google's push has 4000 bytes
/// for everything, three signed links included.
const TEXT_CAP: usize = 2500;
const TITLE_CAP: usize = 250;
/// ntfy shows at most three.
const ACTIONS: usize = 3;

/// The channel. Cheap to clone.
#[derive(Clone)]
pub struct Ntfy {
    egress: Arc<Egress>,
}

/// A topic URL taken apart.
struct Topic {
    /// The server, with the path before the topic.
    server: Url,
    name: String,
    authorization: Option<HeaderValue>,
}

impl Ntfy {
    pub fn new(egress: Arc<Egress>) -> Self {
        Self { egress }
    }

    /// Publishes to the topic URL: `https://ntfy.example.org/ana-9f3k`, with `?auth=tk_...` or `user:password@` where
    /// the topic asks for it.
    pub async fn send(&self, address: &str, message: &Message, now: Timestamp) -> Outcome {
        let topic = match Topic::parse(address) {
            Ok(topic) => topic,
            Err(why) => return never(why),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(authorization) = topic.authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let body = body(&topic.name, message).to_string().into_bytes();
        match self.egress.post(topic.server.as_str(), headers, body).await {
            Ok(answer) => outcome(&answer, now),
            Err(NoAnswer::Refused(why)) => never(why),
            Err(NoAnswer::Unreached(why) | NoAnswer::Failed(why)) => later(why),
        }
    }
}

impl Ntfy {
    pub(crate) fn accepts(&self, address: &str) -> Result<(), String> {
        self.egress.check(Topic::parse(address)?.server.as_str())
    }

    /// Asks the server for its health, which every ntfy answers without a sign-in.
    pub(crate) async fn probe(&self, address: &str) -> Result<String, String> {
        let mut health = Topic::parse(address)?.server;
        health.set_path(&format!("{}/v1/health", health.path().trim_end_matches('/')));
        self.egress.probe(health.as_str()).await
    }
}

impl Topic {
    fn parse(address: &str) -> Result<Self, String> {
        let wrong = || "the topic URL must look like https://ntfy.example.org/topic".to_owned();
        let mut server = Url::parse(address.trim()).map_err(|_| wrong())?;
        let topic = server.path_segments().and_then(|mut path| path.next_back()).unwrap_or_default().to_owned();
        let fits = (1..=64).contains(&topic.len())
            && topic.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !fits || server.cannot_be_a_base() {
            return Err(wrong());
        }
        let token = server.query_pairs().find(|(name, _)| name == "auth").map(|(_, value)| value.into_owned());
        let password = server.password().map(percent_decode);
        let user = percent_decode(server.username());
        let authorization = match (token, user, password) {
            (Some(token), _, _) => Some(format!("Bearer {token}")),
            (None, _, Some(token)) if token.starts_with("tk_") => Some(format!("Bearer {token}")),
            (None, user, Some(password)) => Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
            (None, user, None) if user.starts_with("tk_") => Some(format!("Bearer {user}")),
            (None, ..) => None,
        };
        let authorization = authorization
            .map(|value| {
                let mut value =
                    HeaderValue::from_str(&value).map_err(|_| "the token in the topic URL is not ASCII".to_owned())?;
                value.set_sensitive(true);
                Ok::<_, String>(value)
            })
            .transpose()?;
        let before = server.path().strip_suffix(&topic).unwrap_or("/").to_owned();
        server.set_path(&before);
        server.set_query(None);
        server.set_fragment(None);
        // Both can only fail for URLs without a host, which the guard refuses.
        let _ = server.set_username("");
        let _ = server.set_password(None);
        Ok(Self { server, name: topic, authorization })
    }
}

fn percent_decode(part: &str) -> String {
    url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

/// What is published.
fn body(topic: &str, message: &Message) -> Value {
    let high = message.urgency == Urgency::High;
    let text = match repeat_note(message) {
        Some(note) => format!("{note}\n{}", message.text),
        None => message.text.clone(),
    };
    let over = ["resolved", "ended", "returned", "all-clear"].iter().any(|end| message.event.ends_with(end));
    let tag = match (over, high) {
        (true, _) => "white_check_mark",
        (false, true) => "rotating_light",
        (false, false) => "memo",
    };
    let mut body = json!({
        "topic": topic,
        "title": cut_bytes(&one_line(&message.subject, 200), TITLE_CAP),
        // ntfy would put "triggered" for an empty message.
        "message": cut_bytes(if text.trim().is_empty() { "(no text)" } else { text.trim_end() }, TEXT_CAP),
        "priority": if high { 5 } else { 2 },
        "tags": [tag],
        "actions": actions(&message.links),
    });
    if let Some(open) = message.links.iter().find(|link| link.kind == LinkKind::Open) {
        body["click"] = json!(open.url);
    }
    let fits = (1..=64).contains(&message.key.len())
        && message.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits {
        body["sequence_id"] = json!(message.key);
    }
    body
}

/// Acknowledge acts at once by POST: pressing the button is the confirmation. Escalate wakes others, so it opens the
/// page that asks again.
fn actions(links: &[MessageLink]) -> Vec<Value> {
    links
        .iter()
        .take(ACTIONS)
        .map(|link| match link.kind {
            LinkKind::Acknowledge => {
                json!({ "action": "http", "label": link.label, "url": link.url, "method": "POST", "clear": true })
            }
            LinkKind::Escalate | LinkKind::Open => json!({ "action": "view", "label": link.label, "url": link.url }),
        })
        .collect()
}

fn outcome(answer: &Answer, now: Timestamp) -> Outcome {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    // The number of an ntfy error is harmless and tells more than the status; its text comes from elsewhere.
    let code = said["code"].as_u64().map(|code| format!(" (ntfy error {code})")).unwrap_or_default();
    let why = format!("the ntfy server answered {}{code}", answer.status_line());
    match answer.status {
        200..=299 => sent(said["id"].as_str().map(|id| one_line(id, 64))),
        408 | 425 | 429 | 500..=599 => Outcome::Later { at: answer.retry_after(now), why },
        300..=399 => never(format!("{why}: redirects are not followed; use the final address")),
        401 | 403 => never(format!("{why}: the topic asks for a token, or for another one")),
        _ => never(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_url_is_taken_apart() {
        let parse = |url: &str| {
            Topic::parse(url).map(|topic| {
                let authorization =
                    topic.authorization.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
                format!("{} {} {authorization}", topic.server, topic.name).trim_end().to_owned()
            })
        };
        for (url, expected) in [
            ("https://ntfy.sh/ana-9f3k", "https://ntfy.sh/ ana-9f3k"),
            ("http://push.lan:8080/ntfy/ana_1", "http://push.lan:8080/ntfy/ ana_1"),
            ("https://ntfy.sh/a?auth=tk_abc", "https://ntfy.sh/ a Bearer tk_abc"),
            ("https://:tk_abc@ntfy.sh/a", "https://ntfy.sh/ a Bearer tk_abc"),
            ("https://tk_abc@ntfy.sh/a", "https://ntfy.sh/ a Bearer tk_abc"),
            ("https://ana:p%40ss%2B+@ntfy.sh/a", "https://ntfy.sh/ a Basic YW5hOnBAc3MrKw=="),
            ("https://ntfy.sh/ntfy.sh/ntfy", "https://ntfy.sh/ntfy.sh/ ntfy"),
        ] {
            assert_eq!(parse(url).as_deref(), Ok(expected), "{url}");
        }
        for wrong in [
            "",
            "ana",
            "https://ntfy.sh/",
            "https://ntfy.sh",
            "https://ntfy.sh/a/",
            "https://ntfy.sh/a%20b",
            "https://ntfy.sh/ä",
            "mailto:a",
            "https://ntfy.sh/a?auth=t%0d%0aX: y",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}: {:?}", parse(wrong));
        }
    }
}
