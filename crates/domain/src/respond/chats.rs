//! A chat of others, Slack or Matrix, in which incidents are spoken of: where they are announced, which get a room of
//! their own, what is said there, and how what comes from it is known to be genuine.
//!
//! The chat is a mirror and a keyboard, never the record: everything works without it. It knows no token and sends
//! nothing.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::incidents::Class;
use crate::engage::contacts::check_url;
use crate::engage::deliveries::{self, Outcome, Settled};
use crate::prepare::people::{ChatIds, Person};
use crate::words::{EventKind, IncidentId, Name, Refusal, RefusalKind, Span, Timestamp, text};

/// The spec of a `chat` document. Its token and its signing secret are no part of it: the server is told them in a file
/// (`--chat-secrets`), because documents are exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// What people call it: `Operations chat`.
    pub title: String,
    /// Who provides it.
    pub provider: Provider,
    /// The channel or room in which incidents are announced: its id (`C0123ABCD`, `!abc`), or in Matrix its alias
    /// (`#incidents:example.org`). Allclear must have been invited to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announce: Option<String>,
    /// Which incidents get a room of their own. None, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Rooms>,
    /// While it is `false` nothing is said in it, and nothing is heard from it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
}

/// Who provides a chat, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Provider {
    /// A workspace of Slack.
    Slack {
        /// Where its Web API is; another one for governments.
        #[serde(default = "slack_api", skip_serializing_if = "is_slack_api")]
        api: String,
    },
    /// An account on a homeserver of Matrix.
    Matrix {
        /// Where the homeserver answers: `https://matrix.example.org`. `http://` only to a host in the own network that
        /// the settings of the server allow by its name or address.
        homeserver: String,
    },
}

/// Which incidents get a room of their own, what it is called, and who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rooms {
    /// Only incidents of these classes. All, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub classes: Vec<Class>,
    /// Only incidents of these severities. All, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<String>,
    /// What a room is called: `{date}` (of the declaration) and `{title}` are filled in, and a piece of the incident's id
    /// follows, so that no two rooms have one name.
    #[serde(default = "room_pattern", skip_serializing_if = "is_room_pattern")]
    pub name: String,
    /// Invited are whoever declared the incident and those who hold or are offered one of these roles; any role, if
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Name>,
    /// These people are invited to each room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Name>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this form")]
const fn is_yes(enabled: &bool) -> bool {
    *enabled
}

fn slack_api() -> String {
    "https://slack.com/api".into()
}

fn is_slack_api(api: &String) -> bool {
    *api == slack_api()
}

fn room_pattern() -> String {
    "inc-{date}-{title}".into()
}

fn is_room_pattern(pattern: &String) -> bool {
    *pattern == room_pattern()
}

impl Provider {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Matrix { .. } => "matrix",
        }
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        match self {
            Self::Slack { api } => api,
            Self::Matrix { homeserver } => homeserver,
        }
    }

    /// Where in the spec that stands.
    pub const fn place(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "/provider/slack/api",
            Self::Matrix { .. } => "/provider/matrix/homeserver",
        }
    }

    /// How a command begins.
    pub const fn prefix(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "/allclear",
            Self::Matrix { .. } => "!allclear",
        }
    }

    /// What a person is called there, if that is known.
    pub fn id_of<'p>(&self, person: &'p Person) -> Option<&'p str> {
        let ChatIds { slack, matrix } = &person.chat;
        match self {
            Self::Slack { .. } => slack.as_deref(),
            Self::Matrix { .. } => matrix.as_deref(),
        }
    }

    /// Where a browser opens a room.
    pub fn link(&self, room: &str) -> String {
        let room: String = url_part(room);
        match self {
            Self::Slack { .. } => format!("https://slack.com/app_redirect?channel={room}"),
            Self::Matrix { .. } => format!("https://matrix.to/#/{room}"),
        }
    }
}

/// What stands in a URL without a meaning of its own there.
pub fn url_part(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

const PARTS: [&str; 2] = ["{date}", "{title}"];

impl Chat {
    /// Whether an incident of this class and severity gets a room of its own.
    pub fn wants_room(&self, class: Class, severity: Option<&str>) -> bool {
        self.rooms.as_ref().is_some_and(|rooms| {
            (rooms.classes.is_empty() || rooms.classes.contains(&class))
                && (rooms.severities.is_empty()
                    || severity.is_some_and(|severity| rooms.severities.iter().any(|one| one == severity)))
        })
    }

    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found = Vec::new();
        let place = self.provider.place();
        match check_url(self.provider.url()) {
            Err(refusal) => found.push(refusal.at(place)),
            Ok(()) if self.provider.url().contains(['?', '#']) => {
                found.push(Refusal::invalid("write the address alone, without ? and #").at(place));
            }
            Ok(()) => {}
        }
        if let Some(room) = &self.announce {
            let begins = match &self.provider {
                Provider::Slack { .. } => {
                    room.starts_with(['C', 'G']) && room.chars().all(|c| c.is_ascii_alphanumeric())
                }
                Provider::Matrix { .. } => room.starts_with(['!', '#']),
            };
            if !begins || room.len() > 255 || room.chars().any(|c| c.is_whitespace() || c.is_control()) {
                let like = match &self.provider {
                    Provider::Slack { .. } => {
                        "the id of a channel, C0123ABCD: it stands at the end of the channel's details"
                    }
                    Provider::Matrix { .. } => "the alias or id of a room, #incidents:example.org",
                };
                let shown = text::shorten(room, 60);
                found.push(Refusal::invalid(format!("{shown:?} names no room: write {like}")).at("/announce"));
            }
        }
        let Some(rooms) = &self.rooms else { return found };
        let mut rest = rooms.name.clone();
        for part in PARTS {
            rest = rest.replace(part, "");
        }
        if rooms.name.trim().is_empty()
            || rooms.name.len() > 80
            || rest.contains(['{', '}'])
            || rest.chars().any(char::is_control)
        {
            let why = "the name of a room is a short line, in which {date} and {title} may stand";
            found.push(Refusal::invalid(why).at("/rooms/name"));
        }
        let mut seen = BTreeSet::new();
        for (place, level) in rooms.severities.iter().enumerate() {
            if level.trim().is_empty() || !seen.insert(level) {
                let why = "name each severity once, as the severity matrix calls it";
                found.push(Refusal::invalid(why).at(format!("/rooms/severities/{place}")));
            }
        }
        found
    }
}

// --- Rooms

/// Slack allows eighty; a part of the id follows.
const ROOM_NAME_MOST: usize = 70;
/// So much of an id tells two rooms apart.
const ID_PART: usize = 6;

/// What the room of an incident is called: small letters, digits and hyphens, as both providers allow.
pub fn room_name(pattern: &str, incident: IncidentId, title: &str, declared: Timestamp) -> String {
    let date = declared.strftime("%Y-%m-%d").to_string();
    let filled = pattern.replace("{date}", &date).replace("{title}", title);
    let mut name = String::new();
    for letter in filled.to_lowercase().chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '_' => name.push(letter),
            // Words stay apart; what has no place here is left out with them.
            _ if !name.ends_with('-') && !name.is_empty() => name.push('-'),
            _ => {}
        }
        if name.len() >= ROOM_NAME_MOST {
            break;
        }
    }
    let id = incident.to_string().to_lowercase();
    format!("{}-{}", name.trim_end_matches('-'), &id[id.len() - ID_PART..]).trim_start_matches('-').to_owned()
}

/// What finds the room of an incident again: made with it, and asked for before it is made once more.
pub fn room_alias(chat: &Name, incident: IncidentId) -> String {
    format!("allclear-{chat}-{incident}").to_lowercase()
}

// --- What is said

/// What is told of an event in the room of its incident; `None`: not what people want in a chat.
pub fn tells(kind: EventKind, data: &Value, why: Option<&str>) -> Option<String> {
    let text = |field: &str| data[field].as_str().unwrap_or_default().to_owned();
    let because = why.map(|why| format!(": {why}")).unwrap_or_default();
    Some(match kind {
        EventKind::IncidentDeclared => {
            let impact = data["impact"].as_str().map(|impact| format!("\nImpact: {impact}")).unwrap_or_default();
            format!("Declared{because}{impact}")
        }
        EventKind::IncidentGraded => match data["before"].as_str() {
            Some(before) => format!("Severity {} (it was {before}){because}", text("severity")),
            None => format!("Severity {}{because}", text("severity")),
        },
        EventKind::IncidentReclassified => format!("It is a {} incident now{because}", text("class")),
        EventKind::IncidentActivityBegan => format!("{} began", capital(&text("activity"))),
        EventKind::IncidentMitigated => format!("Mitigated{because}"),
        EventKind::IncidentResolved => format!("Resolved{because}"),
        EventKind::IncidentReopened => format!("Open again{because}"),
        EventKind::IncidentCancelled => format!("Cancelled{because}"),
        EventKind::IncidentMerged => format!("Merged into another incident{because}"),
        EventKind::RoleAccepted => format!("{} is {} now", text("person"), spoken(&text("role"))),
        EventKind::UpdatePosted => {
            let audience = if data["audience"] == "public" { "Public update" } else { "Update" };
            let by = data["author"].as_str().map(|author| format!(" by {author}")).unwrap_or_default();
            let next = data["next_by"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
            let next = next.map(|at| format!("\nNext update by {}", at.strftime("%H:%M UTC"))).unwrap_or_default();
            format!("{audience}{by}: {}{next}", text("text"))
        }
        EventKind::RollbackSuggested => format!("A rule would take back {}{because}", text("title")),
        EventKind::RollbackCounting => {
            let at = text("due_at").parse::<Timestamp>().ok();
            let at = at.map(|at| format!(" at {}", at.strftime("%H:%M:%S UTC"))).unwrap_or_default();
            let how = "unless somebody stops it: in the room, or here with \"stop rollback\"";
            format!("A rule takes back {}{at}, {how}{because}", text("title"))
        }
        EventKind::RollbackStopped => format!("Stopped: no rule takes back {}{because}", text("title")),
        EventKind::RollbackLapsed => format!("No rule takes back {} after all{because}", text("title")),
        EventKind::RollbackStarted => format!("{} is being taken back", text("title")),
        _ => return None,
    })
}

/// Whether it is told where incidents are announced, too; without a room of its own, more is.
pub fn announces(kind: EventKind, has_room: bool) -> bool {
    match kind {
        EventKind::IncidentDeclared
        | EventKind::IncidentGraded
        | EventKind::IncidentResolved
        | EventKind::IncidentReopened
        | EventKind::IncidentCancelled
        // Whoever wants to stop it has two minutes.
        | EventKind::RollbackCounting => true,
        EventKind::UpdatePosted | EventKind::IncidentMitigated | EventKind::IncidentMerged => !has_room,
        EventKind::RollbackStopped | EventKind::RollbackLapsed | EventKind::RollbackStarted => !has_room,
        _ => false,
    }
}

/// Whether somebody is invited because of it.
pub const fn invites(kind: EventKind) -> bool {
    matches!(kind, EventKind::RoleOffered | EventKind::RoleAccepted)
}

/// What is said in a room whose incident is no longer for everybody. Nothing of it, not even what it is called.
pub const HIDDEN: &str = "This goes on in Allclear only. Nothing more of it is said here.";

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn spoken(name: &str) -> String {
    name.replace('-', " ")
}

// --- On its way

/// So much waits for one chat at most; the journal waits for the rest.
pub const WAITING_MOST: u32 = 500;

const CHANNEL: &str = "chat/";

/// The channel of the outbox that holds what is said in this chat.
pub fn channel(chat: &Name) -> String {
    format!("{CHANNEL}{chat}")
}

/// The chat whose messages are in this channel of the outbox, if they are of one.
pub fn of_channel(channel: &str) -> Option<Name> {
    channel.strip_prefix(CHANNEL)?.parse().ok()
}

/// Waits between attempts, in seconds: quick at first, then every five minutes for two days. A chat that was away is
/// spoken in again soon after it is back.
const WAITS: [i64; 580] = {
    let mut waits = [300; 580];
    (waits[0], waits[1], waits[2], waits[3], waits[4]) = (2, 5, 15, 30, 60);
    waits
};

/// A provider may ask for more patience, up to this.
const MOST_PATIENCE: Span = Span::hours(1);

/// What follows from the outcome of attempt number `attempt` (the first is 1).
pub fn settle(outcome: Outcome, attempt: u32, now: Timestamp, chance: u64) -> Settled {
    deliveries::settle_by(outcome, &WAITS, MOST_PATIENCE, attempt, now, chance)
}

/// One thing to be done in a chat. Complete: whoever does it looks nothing up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    pub chat: Name,
    pub provider: Provider,
    /// The same on each attempt.
    pub key: String,
    /// An earlier attempt may have been done.
    pub again: bool,
    pub deed: Deed,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Opens a room; the receipt is its id. One that was opened under this alias is opened already.
    Open {
        name: String,
        alias: String,
        topic: String,
    },
    Invite {
        room: String,
        user: String,
    },
    /// Goes where we were invited.
    Join {
        room: String,
    },
    /// Says something in a room; `aside`, if nobody need be told that it was said.
    Say {
        room: String,
        text: String,
        reply_to: Option<String>,
        aside: bool,
    },
    /// Says something in a room to one person alone.
    Whisper {
        room: String,
        user: String,
        text: String,
    },
}

// --- What comes in

/// A request that is older is a repeat of somebody else's.
const SLACK_PATIENCE: Span = Span::minutes(5);

/// Whether Slack signed these bytes with this secret, a moment ago.
pub fn check_slack(secret: &str, timestamp: &str, signature: &str, body: &[u8], now: Timestamp) -> Result<(), Refusal> {
    let no = |why: &str| Err(Refusal::new(RefusalKind::Unauthenticated, why));
    let Ok(second) = timestamp.parse::<i64>() else { return no("the request is not signed by Slack") };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    for part in [b"v0:", timestamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    let expected = mac.finalize().into_bytes().iter().fold("v0=".to_owned(), |mut hex, byte| {
        use std::fmt::Write as _;
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    if secret.is_empty() || !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
        return no("the signature is not that of Slack: is the signing secret right?");
    }
    let age = now.as_second().saturating_sub(second).saturating_abs();
    if age > SLACK_PATIENCE.as_millis() / 1000 {
        return no("the request was signed more than five minutes ago: is the clock of this server right?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::Mint;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn matrix() -> Chat {
        serde_json::from_value(json!({
            "title": "Ops", "provider": { "matrix": { "homeserver": "https://matrix.example.org" } },
            "announce": "#incidents:example.org",
            "rooms": { "classes": ["system"], "severities": ["SEV1", "SEV2"] },
        }))
        .unwrap()
    }

    #[test]
    fn only_incidents_of_the_classes_and_severities_get_a_room() {
        let all =
            Chat { rooms: Some(Rooms { classes: vec![], severities: vec![], ..matrix().rooms.unwrap() }), ..matrix() };
        let none = Chat { rooms: None, ..matrix() };
        for (chat, class, severity, wanted) in [
            (matrix(), Class::System, Some("SEV1"), true),
            (matrix(), Class::System, Some("SEV3"), false),
            (matrix(), Class::System, None, false),
            (matrix(), Class::Operational, Some("SEV1"), false),
            (all, Class::Operational, None, true),
            (none, Class::System, Some("SEV1"), false),
        ] {
            assert_eq!(chat.wants_room(class, severity), wanted, "{class:?} {severity:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_chat_is_said_with_its_place() {
        let said = |chat: Chat| chat.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(said(matrix()), "");
        let wrong = Chat {
            provider: Provider::Matrix { homeserver: "matrix.example.org".into() },
            announce: Some("incidents".into()),
            rooms: Some(Rooms {
                name: "inc-{number}".into(),
                severities: vec!["SEV1".into(), "SEV1".into()],
                ..matrix().rooms.unwrap()
            }),
            ..matrix()
        };
        insta::assert_snapshot!(said(wrong), @r#"
        /provider/matrix/homeserver: "matrix.example.org" is not a URL to post to: it begins with https:// or http://
        /announce: "incidents" names no room: write the alias or id of a room, #incidents:example.org
        /rooms/name: the name of a room is a short line, in which {date} and {title} may stand
        /rooms/severities/1: name each severity once, as the severity matrix calls it
        "#);
        let slack = Chat { provider: Provider::Slack { api: slack_api() }, announce: Some("#ops".into()), ..matrix() };
        assert!(said(slack).starts_with("/announce: \"#ops\" names no room: write the id of a channel"));
    }

    #[test]
    fn a_room_is_called_in_letters_that_both_providers_take_and_never_like_another() {
        let (mut mint, day) = (Mint::seeded(3), at("2026-11-29T02:00:00Z"));
        let ids: [IncidentId; 2] = [mint.id(day), mint.id(day)];
        let name = |id, title: &str| room_name(&room_pattern(), id, title, day);
        let tail = |id: IncidentId| id.to_string()[14..].to_owned();
        for (title, start) in [
            ("Card payments fail", "inc-2026-11-29-card-payments-fail-"),
            ("Ünïcode & <!channel>", "inc-2026-11-29-n-code-channel-"),
            ("  --  ", "inc-2026-11-29-"),
            ("日本語", "inc-2026-11-29-"),
        ] {
            assert_eq!(name(ids[0], title), format!("{start}{}", tail(ids[0])), "{title}");
        }
        assert_ne!(name(ids[0], "x"), name(ids[1], "x"));
        assert!(name(ids[0], &"long ".repeat(100)).len() <= 80);
        let ops: Name = "ops".parse().unwrap();
        assert_ne!(room_alias(&ops, ids[0]), room_alias(&ops, ids[1]));
        assert_eq!((of_channel(&channel(&ops)), of_channel("email")), (Some(ops), None));
    }

    #[test]
    fn a_chat_is_told_what_people_want_to_know_and_no_more() {
        let told: Vec<String> = [
            (EventKind::IncidentDeclared, json!({ "title": "x", "impact": "Nobody can pay" }), Some("cards fail")),
            (EventKind::IncidentGraded, json!({ "severity": "SEV1", "before": "SEV2" }), Some("it spreads")),
            (EventKind::IncidentActivityBegan, json!({ "activity": "containment" }), None),
            (EventKind::RoleAccepted, json!({ "role": "incident-commander", "person": "ana" }), None),
            (
                EventKind::UpdatePosted,
                json!({ "audience": "internal", "author": "ana", "text": "We roll back", "next_by": "2026-11-29T03:30:00Z" }),
                None,
            ),
            (EventKind::IncidentResolved, json!({}), None),
            (EventKind::TaskGiven, json!({ "title": "x" }), None),
            (EventKind::EntryAdded, json!({ "text": "secret musings" }), None),
            (EventKind::ObservableAdded, json!({ "value": "10.0.0.1" }), None),
        ]
        .into_iter()
        .filter_map(|(kind, data, why)| tells(kind, &data, why))
        .collect();
        insta::assert_snapshot!(told.join("\n"), @"
        Declared: cards fail
        Impact: Nobody can pay
        Severity SEV1 (it was SEV2): it spreads
        Containment began
        ana is incident commander now
        Update by ana: We roll back
        Next update by 03:30 UTC
        Resolved
        ");
        for kind in EventKind::ALL {
            assert!(!announces(*kind, true) || announces(*kind, false), "{kind}: a room of its own adds nothing here");
            assert!(!announces(*kind, false) || tells(*kind, &json!({}), None).is_some(), "{kind} has no words");
        }
    }

    #[test]
    fn a_chat_that_is_away_is_tried_again_for_two_days() {
        let now = at("2026-11-29T02:00:00Z");
        let (mut at, mut attempt) = (now, 1);
        while let Settled::Again { at: next, .. } =
            settle(Outcome::Later { at: None, why: "refused".into() }, attempt, at, 0)
        {
            (at, attempt) = (next, attempt + 1);
        }
        assert!(Span::between(now, at) > Span::hours(36), "{attempt} attempts until {at}");
        let asked = Outcome::Later { at: Some(Span::seconds(30).after(now)), why: "429".into() };
        let Settled::Again { at, .. } = settle(asked, 1, now, 0) else { panic!("it is tried again") };
        assert_eq!(at, Span::seconds(30).after(now), "Retry-After is honoured");
    }

    /// The example of Slack's documentation.
    #[test]
    fn a_signature_is_that_of_slack_and_fresh() {
        let (secret, second) = ("8f742231b10e8888abcd99yyyzzz85a5", "1531420618");
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let now = Timestamp::from_second(1_531_420_618).unwrap();
        assert_eq!(check_slack(secret, second, signature, body, now), Ok(()));
        assert_eq!(check_slack(secret, second, signature, body, Span::seconds(300).after(now)), Ok(()));
        let longer = [body.as_slice(), b"&"].concat();
        for (secret, second, signature, body, now) in [
            (secret, second, signature, body.as_slice(), Span::seconds(301).after(now)),
            (secret, second, signature, body.as_slice(), Span::seconds(301).before(now)),
            (secret, "1531420619", signature, body.as_slice(), now),
            (secret, "", signature, body.as_slice(), now),
            (secret, second, "", body.as_slice(), now),
            (secret, second, &signature[..66], body.as_slice(), now),
            (secret, second, signature, longer.as_slice(), now),
            ("another", second, signature, body.as_slice(), now),
            ("", second, signature, body.as_slice(), now),
        ] {
            let refused = check_slack(secret, second, signature, body, now).unwrap_err();
            assert_eq!(refused.kind, RefusalKind::Unauthenticated);
            assert!(!refused.message.contains(secret) || secret.is_empty());
        }
    }
}
