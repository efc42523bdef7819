//! Slack, by its Web API. Everything but a throttle is answered 200, and says in its body whether it is well.
//!
//! A message carries the id of its delivery as metadata, and before it is sent again the channel is asked whether it
//! arrived. A channel is found again by its name, in which there is a piece of the incident's id.

use domain::engage::deliveries::Outcome;
use domain::respond::chats::{Deed, Errand, url_part};
use domain::words::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::egress::{Answer, Egress, NoAnswer, Terms};
use crate::{cut_bytes, later, never, sent};

/// Slack cuts longer messages itself, where it likes.
const TEXT_CAP: usize = 12_000;
/// So many pages of channels are looked through for one that is there already.
const PAGES_MOST: usize = 20;

/// One workspace, for the time of an errand.
pub(crate) struct Slack<'e> {
    egress: &'e Egress,
    base: &'e str,
    headers: HeaderMap,
    now: Timestamp,
}

/// Why a call did not succeed: what to do next, and what Slack calls it.
struct Failure {
    outcome: Outcome,
    error: String,
}

/// What trying again cannot mend: of the room or the message. Everything else, such as a token that is not accepted,
/// somebody can mend.
const HOPELESS: [&str; 22] = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "is_inactive",
    "user_not_found",
    "user_not_in_channel",
    "users_not_found",
    "user_is_restricted",
    "user_is_ultra_restricted",
    "cant_invite",
    "ura_max_channels",
    "msg_too_long",
    "no_text",
    "no_user",
    "invalid_arguments",
    "invalid_name",
    "invalid_name_required",
    "invalid_name_punctuation",
    "invalid_name_maxlength",
    "invalid_name_specials",
    "method_not_supported_for_channel_type",
    "restricted_action",
];

impl<'e> Slack<'e> {
    pub(crate) fn new(egress: &'e Egress, api: &'e str, headers: HeaderMap, now: Timestamp) -> Self {
        Self { egress, base: api.trim_end_matches('/'), headers, now }
    }

    async fn post(&self, method: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::POST, format!("{}/{method}", self.base), body.to_string().into_bytes()).await
    }

    async fn get(&self, method: &str, fields: &[(&str, &str)]) -> Result<Value, Failure> {
        let query: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", url_part(value))).collect();
        self.ask(Method::GET, format!("{}/{method}?{}", self.base, query.join("&")), Vec::new()).await
    }

    async fn ask(&self, method: Method, url: String, body: Vec<u8>) -> Result<Value, Failure> {
        let terms = if method == Method::GET { Terms::LONG } else { Terms::ONCE };
        match self.egress.ask(method, &url, self.headers.clone(), body, terms).await {
            Ok(answer) => read(&answer, self.now),
            Err(NoAnswer::Refused(why)) => Err(never(why).into()),
            Err(NoAnswer::Unreached(why) | NoAnswer::Failed(why)) => Err(later(why).into()),
        }
    }

    pub(crate) async fn carry(&self, errand: &Errand) -> Outcome {
        let done = match &errand.deed {
            Deed::Open { name, topic, .. } => self.open(name, topic).await.map(Some),
            Deed::Invite { room, user } => self.invite(room, user).await.map(|()| None),
            Deed::Join { room } => self.join(room).await.map(|()| None),
            Deed::Say { room, text, reply_to, .. } => self.say(errand, room, text, reply_to.as_deref()).await,
            Deed::Whisper { room, user, text } => {
                let body = json!({ "channel": room, "user": user, "text": plain(text) });
                self.post("chat.postEphemeral", body).await.map(|_| None)
            }
        };
        match done {
            Ok(receipt) => sent(receipt),
            Err(failure) => failure.outcome,
        }
    }

    async fn open(&self, name: &str, topic: &str) -> Result<String, Failure> {
        let made = match self.post("conversations.create", json!({ "name": name, "is_private": false })).await {
            Ok(made) => id(&made["channel"]["id"])?,
            Err(failure) if failure.error == "name_taken" => return self.opened(name).await,
            Err(failure) => return Err(failure),
        };
        // A channel without a topic is a channel.
        _ = self.post("conversations.setTopic", json!({ "channel": made, "topic": cut_bytes(topic, 240) })).await;
        Ok(made)
    }

    /// The channel of this name, if we are in it: another would be somebody's own.
    async fn opened(&self, name: &str) -> Result<String, Failure> {
        let mut cursor = String::new();
        for _ in 0..PAGES_MOST {
            let fields =
                [("types", "public_channel"), ("exclude_archived", "true"), ("limit", "1000"), ("cursor", &cursor)];
            let page = self.get("conversations.list", &fields).await?;
            let channels = page["channels"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(found) = channels.iter().find(|one| one["name"] == name) {
                let why = "a channel of this name is there that Allclear did not open";
                return if found["is_member"] == true { id(&found["id"]) } else { Err(never(why).into()) };
            }
            page["response_metadata"]["next_cursor"].as_str().unwrap_or_default().clone_into(&mut cursor);
            if cursor.is_empty() {
                break;
            }
        }
        Err(never("a channel of this name is there that cannot be found").into())
    }

    async fn invite(&self, room: &str, user: &str) -> Result<(), Failure> {
        match self.post("conversations.invite", json!({ "channel": room, "users": user })).await {
            Ok(_) => Ok(()),
            Err(failure) if ["already_in_channel", "cant_invite_self"].contains(&failure.error.as_str()) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn join(&self, room: &str) -> Result<(), Failure> {
        self.post("conversations.join", json!({ "channel": room })).await.map(drop)
    }

    async fn say(
        &self,
        errand: &Errand,
        room: &str,
        text: &str,
        thread: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        if errand.again
            && let Some(before) = self.said(room, &errand.key).await?
        {
            return Ok(Some(before));
        }
        let mut body = json!({
            "channel": room,
            "text": plain(text),
            "link_names": false,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": { "event_type": "allclear_delivery", "event_payload": { "delivery": errand.key } },
        });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        let said = match self.post("chat.postMessage", body.clone()).await {
            // In a public channel we may speak once we are there.
            Err(failure) if failure.error == "not_in_channel" => {
                self.join(room).await.map_err(|_| failure)?;
                self.post("chat.postMessage", body).await?
            }
            answer => answer?,
        };
        Ok(said["ts"].as_str().map(|ts| cut_bytes(ts, 40)))
    }

    /// Whether a message is there already. Without the right to read the channel that is not known, and it is sent again.
    async fn said(&self, room: &str, key: &str) -> Result<Option<String>, Failure> {
        let fields = [("channel", room), ("limit", "100"), ("include_all_metadata", "true")];
        let history = match self.get("conversations.history", &fields).await {
            Ok(history) => history,
            Err(failure) if matches!(failure.error.as_str(), "missing_scope" | "not_in_channel") => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let messages = history["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found = messages.iter().find(|one| one["metadata"]["event_payload"]["delivery"] == key);
        Ok(found.map(|one| cut_bytes(one["ts"].as_str().unwrap_or_default(), 40)))
    }
}

impl From<Outcome> for Failure {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, error: String::new() }
    }
}

/// Words and nothing else: no mention, no link that says one thing and leads to another.
fn plain(text: &str) -> String {
    cut_bytes(text, TEXT_CAP).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn id(value: &Value) -> Result<String, Failure> {
    let found = value.as_str().filter(|id| !id.is_empty() && id.len() <= 64);
    found.map(str::to_owned).ok_or_else(|| later("Slack answered without the id of the channel").into())
}

fn read(answer: &Answer, now: Timestamp) -> Result<Value, Failure> {
    let why = format!("Slack answered {}", answer.status_line());
    match answer.status {
        200 => {}
        429 => return Err(Outcome::Later { at: answer.retry_after(now), why }.into()),
        300..=399 => return Err(later(format!("{why}: redirects are not followed; use the final address")).into()),
        _ => return Err(Outcome::Later { at: answer.retry_after(now), why }.into()),
    }
    let Ok(said) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(later("Slack answered something that is no JSON, or too much").into());
    };
    if said["ok"] == true {
        return Ok(said);
    }
    let error: String = said["error"].as_str().unwrap_or_default().chars().take(60).collect();
    let error = if error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') { error } else { String::new() };
    let why = format!("Slack says no: {}", if error.is_empty() { "without a reason" } else { &error });
    let outcome = match error.as_str() {
        "ratelimited" | "rate_limited" => Outcome::Later { at: answer.retry_after(now), why },
        error if HOPELESS.contains(&error) => never(why),
        _ => later(why),
    };
    Err(Failure { outcome, error })
}
