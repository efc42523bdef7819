//! Matrix, by the client API of a homeserver. A message is sent under the id of its delivery, so a repeat is the same
//! event; a room is found again by its alias. Ids are never taken apart: since room version 12 they name no server.
//!
//! Rooms that are encrypted are not for us: what is said there we cannot read.

use std::collections::BTreeMap;

use domain::engage::deliveries::Outcome;
use domain::respond::chats::{Deed, Errand, url_part};
use domain::words::{Span, Timestamp};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::egress::{Answer, Egress, NoAnswer, Terms};
use crate::{cut_bytes, later, never, one_line, sent};

/// A homeserver takes 64 KiB for a whole event.
const TEXT_CAP: usize = 30_000;
/// So long a homeserver may wait for something to be said, in milliseconds: less than an attempt may take.
const POLL_MS: u32 = 6_000;
/// So many events of a room come with one answer; the rest is asked for.
const EVENTS_MOST: usize = 50;
/// So many times the rest of a room is asked for.
const PAGES_MOST: usize = 40;

/// One homeserver, for the time of an errand.
pub(crate) struct Matrix<'e> {
    egress: &'e Egress,
    base: &'e str,
    headers: HeaderMap,
    now: Timestamp,
}

/// What was said since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Up to where that goes.
    pub next: String,
    pub said: Vec<Said>,
}

/// Something that somebody else said or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub room: String,
    pub event: String,
    pub sender: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message, and the one that it answers.
    Text { body: String, answers: Option<Message> },
    /// A mark on a message.
    Mark { key: String, on: Message },
    /// We are asked to come.
    Invitation,
}

/// A message that another one is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub event: String,
    /// Who wrote it, what, and when, once it was asked for and if it can be read.
    pub content: Option<(String, String, Option<Timestamp>)>,
}

impl<'e> Matrix<'e> {
    pub(crate) fn new(egress: &'e Egress, homeserver: &'e str, headers: HeaderMap, now: Timestamp) -> Self {
        Self { egress, base: homeserver.trim_end_matches('/'), headers, now }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let url = format!("{}/_matrix/client/v3{path}", self.base);
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer = self.egress.ask(method, &url, self.headers.clone(), body, Terms::LONG).await;
        match answer {
            Ok(answer) => read(&answer, self.now),
            Err(NoAnswer::Refused(why)) => Err(Failure::of(never(why))),
            Err(NoAnswer::Unreached(why) | NoAnswer::Failed(why)) => Err(Failure::of(later(why))),
        }
    }

    pub(crate) async fn carry(&self, errand: &Errand) -> Outcome {
        let done = match &errand.deed {
            Deed::Open { name, alias, topic } => self.open(name, alias, topic).await.map(Some),
            Deed::Invite { room, user } => self.invite(room, user).await.map(|()| None),
            Deed::Join { room } => self.join(room).await.map(Some),
            Deed::Say { room, text, reply_to, aside } => {
                self.say(room, &errand.key, text, reply_to.as_deref(), *aside).await.map(Some)
            }
            // There is nothing that only one person of a room sees.
            Deed::Whisper { room, text, .. } => self.say(room, &errand.key, text, None, true).await.map(Some),
        };
        match done {
            Ok(receipt) => sent(receipt),
            Err(failure) => failure.outcome,
        }
    }

    async fn open(&self, name: &str, alias: &str, topic: &str) -> Result<String, Failure> {
        let body = json!({
            "room_alias_name": alias, "name": name, "topic": cut_bytes(topic, 1000), "preset": "private_chat",
        });
        match self.call(Method::POST, "/createRoom", Some(body)).await {
            Ok(answer) => id(&answer, "room_id"),
            Err(failure) if failure.code == "M_ROOM_IN_USE" => self.opened(alias).await,
            Err(failure) => Err(failure),
        }
    }

    /// The room that was opened under this alias, if we are in it: another would be somebody's trap.
    async fn opened(&self, alias: &str) -> Result<String, Failure> {
        let own = self.own_id().await?;
        let server = own.split_once(':').map(|(_, server)| server).unwrap_or_default();
        let alias = url_part(&format!("#{alias}:{server}"));
        let room = id(&self.call(Method::GET, &format!("/directory/room/{alias}"), None).await?, "room_id")?;
        let joined = self.call(Method::GET, "/joined_rooms", None).await?;
        let ours = joined["joined_rooms"].as_array().is_some_and(|all| all.iter().any(|one| *one == json!(room)));
        if ours {
            Ok(room)
        } else {
            Err(Failure::of(never("a room with this alias is there that Allclear did not open")))
        }
    }

    async fn own_id(&self) -> Result<String, Failure> {
        id(&self.call(Method::GET, "/account/whoami", None).await?, "user_id")
    }

    async fn invite(&self, room: &str, user: &str) -> Result<(), Failure> {
        let room = url_part(room);
        match self.call(Method::POST, &format!("/rooms/{room}/invite"), Some(json!({ "user_id": user }))).await {
            Ok(_) => Ok(()),
            // Whoever is there already cannot be invited.
            Err(failure) if failure.code == "M_FORBIDDEN" => {
                let member = format!("/rooms/{room}/state/m.room.member/{}", url_part(user));
                let there = self.call(Method::GET, &member, None).await;
                if there.is_ok_and(|state| state["membership"] == "join") { Ok(()) } else { Err(failure) }
            }
            Err(failure) => Err(failure),
        }
    }

    async fn join(&self, room: &str) -> Result<String, Failure> {
        id(&self.call(Method::POST, &format!("/join/{}", url_part(room)), Some(json!({}))).await?, "room_id")
    }

    async fn say(
        &self,
        room: &str,
        key: &str,
        text: &str,
        reply_to: Option<&str>,
        aside: bool,
    ) -> Result<String, Failure> {
        let mut body = json!({
            "msgtype": if aside { "m.notice" } else { "m.text" },
            "body": cut_bytes(text, TEXT_CAP),
            // Whatever the words are: nobody is called by them.
            "m.mentions": {},
        });
        if let Some(event) = reply_to {
            body["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event } });
        }
        // An alias is asked for, and where we were only invited we go.
        let alias = room.starts_with('#');
        let room = if alias { self.join(room).await? } else { room.to_owned() };
        let path = |room: &str| format!("/rooms/{}/send/m.room.message/{}", url_part(room), url_part(key));
        let said = match self.call(Method::PUT, &path(&room), Some(body.clone())).await {
            Err(failure) if failure.code == "M_FORBIDDEN" && !alias => {
                self.join(&room).await.map_err(|_| failure)?;
                self.call(Method::PUT, &path(&room), Some(body)).await?
            }
            answer => answer?,
        };
        id(&said, "event_id")
    }

    // --- Listening

    /// What was said after `since`; where there is none, since it was begun to listen: older words are not obeyed.
    pub(crate) async fn listen(&self, since: Option<&str>, begun: Timestamp) -> Result<Batch, Outcome> {
        self.sync(since, begun).await.map_err(|failure| failure.outcome)
    }

    async fn sync(&self, since: Option<&str>, begun: Timestamp) -> Result<Batch, Failure> {
        let own = self.own_id().await?;
        let filter = json!({
            "presence": { "types": [] }, "account_data": { "types": [] },
            "room": {
                "state": { "types": [] }, "ephemeral": { "types": [] }, "account_data": { "types": [] },
                "timeline": { "types": TYPES, "limit": EVENTS_MOST },
            },
        });
        let since_then = match since {
            Some(since) => format!("since={}&timeout={POLL_MS}", url_part(since)),
            None => "timeout=0".to_owned(),
        };
        let path = format!("/sync?{since_then}&filter={}", url_part(&filter.to_string()));
        let answer = self.call(Method::GET, &path, None).await?;
        let answer: Sync = Deserialize::deserialize(&answer)
            .map_err(|_| Failure::of(later("the homeserver answered something that is no sync")))?;
        let mut batch = Batch { next: answer.next_batch, said: Vec::new() };
        for (room, invited) in answer.rooms.invite {
            let said = invitation(&room, &own, &batch.next, &invited);
            batch.said.extend(said);
        }
        // Only the first time there is no mark from which on all is new.
        let oldest = since.map_or_else(|| CLOCKS_APART.before(begun).as_millisecond(), |_| i64::MIN);
        for (room, joined) in answer.rooms.join {
            let events = self.whole(&room, &own, joined.timeline, since, oldest).await?;
            let new = |event: &&Event| event.sender != own && event.origin_server_ts >= oldest;
            for event in events.iter().filter(new) {
                batch.said.extend(said(&room, event));
            }
        }
        Ok(batch)
    }

    /// Everything that was said in a room after `since`, or back to the oldest of interest, and after we came; the oldest
    /// first.
    async fn whole(
        &self,
        room: &str,
        own: &str,
        timeline: Timeline,
        since: Option<&str>,
        oldest: i64,
    ) -> Result<Vec<Event>, Failure> {
        let mut events = timeline.events;
        let (mut limited, mut from) = (timeline.limited, timeline.prev_batch);
        for _ in 0..PAGES_MOST {
            if let Some(came) = events.iter().rposition(|event| event.is_arrival_of(own)) {
                events.drain(..=came);
                return Ok(events);
            }
            let reached = events.first().is_some_and(|event| event.origin_server_ts < oldest);
            let Some(token) = from.take().filter(|_| limited && !reached) else { break };
            let filter = url_part(&json!({ "types": TYPES }).to_string());
            let until = since.map_or_else(String::new, |since| format!("&to={}", url_part(since)));
            let path = format!(
                "/rooms/{}/messages?dir=b&limit=100&from={}{until}&filter={filter}",
                url_part(room),
                url_part(&token),
            );
            let answer = self.call(Method::GET, &path, None).await?;
            let mut page: Page = Deserialize::deserialize(&answer)
                .map_err(|_| Failure::of(later("the homeserver answered something that is no history")))?;
            (limited, from) = (page.end.is_some(), page.end);
            page.chunk.reverse();
            events.splice(0..0, page.chunk);
        }
        Ok(events)
    }

    /// Reads the message that something is about. What cannot be read is left out; that nobody answers is a failure.
    pub(crate) async fn message(&self, room: &str, event: &str) -> Result<Message, Outcome> {
        let path = format!("/rooms/{}/event/{}", url_part(room), url_part(event));
        let content = match self.call(Method::GET, &path, None).await {
            Ok(found) => {
                let found: Option<Event> = Deserialize::deserialize(&found).ok();
                found.and_then(|event| {
                    let body = event.content["body"].as_str()?.to_owned();
                    Some((event.sender, body, Timestamp::from_millisecond(event.origin_server_ts).ok()))
                })
            }
            Err(Failure { outcome: Outcome::Never { .. }, .. }) => None,
            Err(failure) => return Err(failure.outcome),
        };
        Ok(Message { event: event.to_owned(), content })
    }
}

/// What an event says, with the message that it is about.
fn said(room: &str, event: &Event) -> Option<Said> {
    let content = &event.content;
    let relation = &content["m.relates_to"];
    let what = match event.kind.as_str() {
        "m.room.message" if content["msgtype"] == "m.text" && relation["rel_type"] != "m.replace" => {
            let body = content["body"].as_str()?;
            let answers = relation["m.in_reply_to"]["event_id"].as_str().map(unread);
            What::Text { body: body.to_owned(), answers }
        }
        "m.reaction" if relation["rel_type"] == "m.annotation" => {
            let (key, on) = (relation["key"].as_str()?, relation["event_id"].as_str()?);
            What::Mark { key: key.to_owned(), on: unread(on) }
        }
        _ => return None,
    };
    let (room, id, sender) = (room.to_owned(), event.id.clone(), event.sender.clone());
    Some(Said { room, event: id, sender, what })
}

fn unread(event: &str) -> Message {
    Message { event: event.to_owned(), content: None }
}

/// So far apart the clocks of the homeserver and ours may be.
const CLOCKS_APART: Span = Span::seconds(10);
const TYPES: [&str; 3] = ["m.room.message", "m.reaction", "m.room.member"];

#[derive(Deserialize)]
struct Sync {
    next_batch: String,
    #[serde(default)]
    rooms: Rooms,
}

#[derive(Default, Deserialize)]
struct Rooms {
    #[serde(default)]
    join: BTreeMap<String, Joined>,
    #[serde(default)]
    invite: BTreeMap<String, Invited>,
}

#[derive(Deserialize)]
struct Joined {
    #[serde(default)]
    timeline: Timeline,
}

#[derive(Default, Deserialize)]
struct Timeline {
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    limited: bool,
    prev_batch: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    chunk: Vec<Event>,
    end: Option<String>,
}

#[derive(Default, Deserialize)]
struct Invited {
    #[serde(default)]
    invite_state: InviteState,
}

#[derive(Default, Deserialize)]
struct InviteState {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sender: String,
    #[serde(default, rename = "event_id")]
    id: String,
    #[serde(default)]
    origin_server_ts: i64,
    state_key: Option<String>,
    #[serde(default)]
    content: Value,
}

impl Event {
    fn is_arrival_of(&self, user: &str) -> bool {
        self.kind == "m.room.member" && self.state_key.as_deref() == Some(user) && self.content["membership"] == "join"
    }
}

fn invitation(room: &str, own: &str, next: &str, invited: &Invited) -> Option<Said> {
    let ours = |event: &&Event| {
        event.kind == "m.room.member"
            && event.state_key.as_deref() == Some(own)
            && event.content["membership"] == "invite"
    };
    let event = invited.invite_state.events.iter().find(ours)?;
    // An invitation has no id for whoever is not in the room yet.
    let id = format!("invitation/{next}/{room}");
    Some(Said { room: room.to_owned(), event: id, sender: event.sender.clone(), what: What::Invitation })
}

/// Why a call did not succeed: what to do next, and the code of the homeserver.
struct Failure {
    outcome: Outcome,
    code: String,
}

impl Failure {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, code: String::new() }
    }
}

fn id(answer: &Value, field: &str) -> Result<String, Failure> {
    let found = answer[field].as_str().filter(|id| !id.is_empty() && id.len() <= 255);
    found.map(str::to_owned).ok_or_else(|| Failure::of(later(format!("the homeserver answered without {field}"))))
}

fn read(answer: &Answer, now: Timestamp) -> Result<Value, Failure> {
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.is_success() {
        return said
            .ok_or_else(|| Failure::of(later("the homeserver answered something that is no JSON, or too much")));
    }
    let said = said.unwrap_or_default();
    // The code is of a few known ones; the text beside it comes from elsewhere.
    let code: String = said["errcode"].as_str().unwrap_or_default().chars().take(60).collect();
    let code = if code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') { code } else { String::new() };
    let named = if code.is_empty() { String::new() } else { format!(" ({code})") };
    let why = format!("the homeserver answered {}{named}", one_line(&answer.status_line(), 60));
    let outcome = match answer.status {
        429 => {
            let asked = said["retry_after_ms"].as_i64().map(|ms| Span::millis(ms.clamp(0, 3_600_000)).after(now));
            Outcome::Later { at: asked.or_else(|| answer.retry_after(now)), why }
        }
        401 => later(format!("{why}: the token of this chat is not accepted")),
        408 | 425 | 500..=599 => Outcome::Later { at: answer.retry_after(now), why },
        300..=399 => later(format!("{why}: redirects are not followed; use the final address")),
        _ => never(why),
    };
    Err(Failure { outcome, code })
}
