//! `POST /chats/CHAT/slack`: what Slack brings of a workspace: a command, a message that is to stand on the timeline, the
//! question whether we are there. Signed by Slack, verified over the bytes as they came, before anything is read.

use actions::respond::chat_commands::{self, Heard, Pinned, Reply, What};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use domain::respond::chats::{Provider, check_slack};
use domain::words::{Actor, Name, Refusal, Timestamp};
use serde_json::{Value, json};

use crate::app::App;
use crate::problem::Problem;

/// How Slack calls the entry in the menu of a message; see the manifest in the guide.
const PIN: &str = "pin";

pub async fn post_slack(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Whether there is such a chat is told to nobody who cannot sign.
    let chat = name.parse::<Name>().ok();
    let secret =
        chat.as_ref().and_then(|chat| app.settings().chat_secrets.signing.get(chat)).map_or("", String::as_str);
    let (timestamp, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    check_slack(secret, timestamp, signature, &body, app.now())?;
    let chat = known(&app, chat).await?;
    if header(CONTENT_TYPE.as_str()).starts_with("application/json") {
        return event(&body);
    }
    let fields = form(&headers, body).await?;
    let field = |name: &str| fields.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value.as_str());
    if !field("payload").is_empty() {
        let payload: Value =
            serde_json::from_str(field("payload")).map_err(|_| Refusal::invalid("the payload is no JSON"))?;
        if let Some(heard) = shortcut(&chat, &payload) {
            hear(&app, heard).await?;
        }
        // What is answered comes as a message to whoever asked.
        return Ok(StatusCode::OK.into_response());
    }
    let id = field("trigger_id");
    if field("command").is_empty() || id.is_empty() {
        return Err(Refusal::invalid("this is neither a command nor a shortcut of Slack").into());
    }
    let heard = Heard {
        chat,
        id: format!("command/{id}"),
        room: field("channel_id").to_owned(),
        sender: field("user_id").to_owned(),
        what: What::Line(unescaped(field("text"))),
        reply: Reply::Here,
    };
    let said = hear(&app, heard).await?.unwrap_or_else(|| "This chat is switched off.".into());
    Ok(Json(json!({ "response_type": "ephemeral", "text": escaped(&said) })).into_response())
}

/// The chat, if it is one of Slack.
async fn known(app: &App, chat: Option<Name>) -> Result<Name, Problem> {
    let again = app.clone();
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let found = chat.as_ref().and_then(|name| Some((name, rules.catalog.chats.get(name)?)));
        Ok(found.filter(|(_, chat)| matches!(chat.provider, Provider::Slack { .. })).map(|(name, _)| name.clone()))
    });
    Ok(found.await?.ok_or_else(|| Refusal::not_found("chat of Slack with this name"))?)
}

async fn hear(app: &App, heard: Heard) -> Result<Option<String>, Problem> {
    let done = app.act(Actor::System, move |store, node, moment| {
        let now = moment.now;
        chat_commands::hear(store, node, moment.mint, now, &heard)
    });
    Ok(done.await?)
}

/// The Events API asks once whether this URL is ours. Of events nothing is wanted.
fn event(body: &Bytes) -> Result<Response, Problem> {
    let event: Value = serde_json::from_slice(body).map_err(|_| Refusal::invalid("the body is no JSON"))?;
    match (event["type"].as_str(), event["challenge"].as_str()) {
        (Some("url_verification"), Some(challenge)) => Ok(Json(json!({ "challenge": challenge })).into_response()),
        _ => Ok(StatusCode::OK.into_response()),
    }
}

async fn form(headers: &HeaderMap, body: Bytes) -> Result<Vec<(String, String)>, Problem> {
    let unreadable = || Problem::from(Refusal::invalid("the body is neither a form nor JSON"));
    let kind = headers.get(CONTENT_TYPE).cloned().ok_or_else(unreadable)?;
    let request = Request::builder().method(Method::POST).header(CONTENT_TYPE, kind).body(Body::from(body));
    let request = request.map_err(|_| unreadable())?;
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|_| unreadable())?;
    Ok(fields)
}

/// "Pin to the timeline" in the menu of a message.
fn shortcut(chat: &Name, payload: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if payload["type"] != "message_action" || payload["callback_id"] != PIN {
        return None;
    }
    let (room, message) = (text(&payload["channel"]["id"])?, &payload["message"]);
    let author = text(&message["user"]).or_else(|| text(&message["username"])).or_else(|| text(&message["bot_id"]));
    let pinned = text(&message["ts"]).zip(text(&message["text"])).map(|(ts, said)| Pinned {
        id: format!("{room}/{ts}"),
        author: author.unwrap_or_else(|| "somebody".into()),
        text: unescaped(&said),
        at: instant(&ts),
    });
    Some(Heard {
        chat: chat.clone(),
        id: format!("shortcut/{}", text(&payload["trigger_id"])?),
        sender: text(&payload["user"]["id"])?,
        room,
        what: What::Pin { message: pinned, named: true },
        reply: Reply::Whisper,
    })
}

/// `1531420618.000200`
fn instant(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.')?;
    let micros: i64 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    Timestamp::from_microsecond(seconds.checked_mul(1_000_000)?.checked_add(micros)?).ok()
}

/// Slack writes what people type with these three in their HTML form.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_read_as_it_was_typed_and_an_instant_to_the_microsecond() {
        for text in ["a < b && c > d", "&lt;", "<@U1>"] {
            assert_eq!(unescaped(&escaped(text)), text);
        }
        for (ts, read) in [
            ("1531420618.000200", Some("2018-07-12T18:36:58.0002Z")),
            ("1531420618.5", Some("2018-07-12T18:36:58.5Z")),
            ("1531420618", None),
            ("99999999999999999999.1", None),
            ("x.y", None),
            ("", None),
        ] {
            assert_eq!(instant(ts), read.map(|read| read.parse().unwrap()), "{ts}");
        }
    }

    #[test]
    fn only_the_entry_of_ours_in_the_menu_of_a_message_pins() {
        let chat: Name = "ops".parse().unwrap();
        let payload = json!({
            "type": "message_action", "callback_id": "pin", "trigger_id": "1.2.3", "user": { "id": "U1" },
            "channel": { "id": "C1" }, "message": { "user": "U2", "ts": "1531420618.000200", "text": "5 &lt; 6" },
        });
        let heard = shortcut(&chat, &payload).unwrap();
        let What::Pin { message: Some(pinned), named: true } = &heard.what else { panic!("{heard:?}") };
        assert_eq!((heard.sender.as_str(), pinned.author.as_str(), pinned.text.as_str()), ("U1", "U2", "5 < 6"));
        for (pointer, wrong) in [
            ("/type", json!("block_actions")),
            ("/callback_id", json!("other")),
            ("/user", json!(7)),
            ("/channel", json!({})),
            ("/trigger_id", json!("")),
        ] {
            let mut payload = payload.clone();
            *payload.pointer_mut(pointer).unwrap() = wrong;
            assert_eq!(shortcut(&chat, &payload), None, "{pointer}");
        }
        let mut empty = payload;
        empty["message"] = json!({ "ts": "1.0", "text": "" });
        assert_eq!(shortcut(&chat, &empty).unwrap().what, What::Pin { message: None, named: true });
    }
}
