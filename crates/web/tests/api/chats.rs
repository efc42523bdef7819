//! What Slack brings: verified before anything is read, obeyed once, answered; and how chats are shown.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::support::{Answer, Ask, CHAT_SECRET, House, ask};

const CHATS: &str = "
kind: person
name: rob
spec: { full_name: Rob Ode, email: rob@example.org, access: responder, chat: { slack: U0ROB } }
---
kind: chat
name: firm
spec: { title: Work, provider: { slack: {} }, announce: C0HALL }
---
kind: chat
name: ops
spec: { title: Ops, provider: { matrix: { homeserver: 'https://matrix.example.org' } } }
";

fn signed(house: &House, path: &str, kind: &str, body: &str, secret: &str, age: i64) -> Ask {
    let second = (house.now().as_second() - age).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{second}:{body}").as_bytes());
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let ask = ask("POST", path).text(kind, body);
    ask.with("x-slack-request-timestamp", &second).with("x-slack-signature", &format!("v0={hex}"))
}

fn slash(text: &str, user: &str, trigger: &str) -> String {
    let text = text.replace('%', "%25").replace('&', "%26").replace(' ', "+").replace('<', "%3C").replace('>', "%3E");
    format!("command=%2Fallclear&text={text}&user_id={user}&channel_id=C0HALL&trigger_id={trigger}")
}

const FORM: &str = "application/x-www-form-urlencoded";
const HERE: &str = "/chats/firm/slack";

async fn say(house: &House, text: &str, user: &str, trigger: &str) -> Answer {
    house.call(signed(house, HERE, FORM, &slash(text, user, trigger), CHAT_SECRET, 0)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_did_not_sign_a_moment_ago_is_refused_and_changes_nothing() {
    let mut house = House::new();
    house.apply(CHATS);
    let (before, body) = (house.events(), slash("declare It burns", "U0ROB", "1"));
    let good = signed(&house, HERE, FORM, &body, CHAT_SECRET, 0);
    for (what, asked) in [
        ("nothing", ask("POST", HERE).text(FORM, &body)),
        ("another secret", signed(&house, HERE, FORM, &body, "other", 0)),
        ("no secret", signed(&house, HERE, FORM, &body, "", 0)),
        ("too old", signed(&house, HERE, FORM, &body, CHAT_SECRET, 301)),
        ("of the future", signed(&house, HERE, FORM, &body, CHAT_SECRET, -301)),
        ("another body", good.clone().text(FORM, &body.replace("burns", "leaks"))),
        ("no such chat", signed(&house, "/chats/none/slack", FORM, &body, CHAT_SECRET, 0)),
        ("a chat of Matrix", signed(&house, "/chats/ops/slack", FORM, &body, CHAT_SECRET, 0)),
        ("no name", signed(&house, "/chats/%00/slack", FORM, &body, CHAT_SECRET, 0)),
    ] {
        let answer = house.call(asked).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.text);
        assert!(!answer.text.contains(CHAT_SECRET));
    }
    assert_eq!(house.events(), before);
    assert_eq!(house.call(good).await.status, StatusCode::OK);
    assert!(house.events() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_obeyed_once_and_its_answer_calls_nobody() {
    let mut house = House::new();
    house.apply(CHATS);
    let first = say(&house, "declare Orders &lt;!channel&gt; vanish", "U0ROB", "7.1").await.json();
    assert_eq!(first["response_type"], "ephemeral");
    let text = first["text"].as_str().unwrap();
    assert!(
        text.starts_with(
            "Declared: system · Orders &lt;!channel&gt; vanish\nhttps://allclear.example.org/incidents/inc_"
        ),
        "{text}"
    );
    let events = house.events();
    assert_eq!(say(&house, "declare Orders &lt;!channel&gt; vanish", "U0ROB", "7.1").await.json(), first);
    assert_eq!(house.events(), events, "brought again, it changes nothing");
    let vic = house.token("vic", &[], None);
    let listed = house.call(ask("GET", "/api/v1/incidents").by(&vic)).await.json();
    let all = listed["items"].as_array().unwrap();
    assert_eq!(
        (all.len(), &all[0]["title"], &all[0]["reported_by"]),
        (1, &json!("Orders <!channel> vanish"), &json!("chat:firm:rob"))
    );
    let events = house.events();
    let unknown = say(&house, "update all is well", "U0EVE", "7.2").await.json();
    assert!(unknown["text"].as_str().unwrap().contains("chat: { slack: 'U0EVE' }"), "{unknown}");
    assert_eq!(house.events(), events);
    house.apply(&CHATS.replace("announce: C0HALL", "enabled: false"));
    assert_eq!(say(&house, "status", "U0ROB", "7.3").await.json()["text"], "This chat is switched off.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_to_be_so_and_what_is_not_for_us_is_taken_in_silence() {
    let mut house = House::new();
    house.apply(CHATS);
    let before = house.events();
    let json = "application/json";
    for (kind, body, status) in [
        (json, r#"{"type":"url_verification","challenge":"3eZ"}"#, StatusCode::OK),
        (json, r#"{"type":"event_callback","event":{"type":"message","text":"declare It burns"}}"#, StatusCode::OK),
        (json, "[", StatusCode::BAD_REQUEST),
        (FORM, "payload=%7B%22type%22%3A%22block_actions%22%7D", StatusCode::OK),
        (FORM, "payload=%7B", StatusCode::BAD_REQUEST),
        (FORM, "command=%2Fallclear&text=declare+It+burns", StatusCode::BAD_REQUEST),
        (FORM, "", StatusCode::BAD_REQUEST),
        ("text/plain", "command=x", StatusCode::BAD_REQUEST),
    ] {
        let answer = house.call(signed(&house, HERE, kind, body, CHAT_SECRET, 0)).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        if body.contains("challenge") {
            assert_eq!(answer.json(), json!({ "challenge": "3eZ" }));
        }
    }
    assert_eq!(house.events(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_are_shown_with_how_they_stand_and_without_a_secret() {
    let mut house = House::new();
    house.apply(CHATS);
    let (vic, ada) = (house.token("vic", &[], None), house.token("ada", &[], None));
    let shown = house.call(ask("GET", "/api/v1/chats").by(&vic)).await;
    insta::assert_snapshot!(shown.shown(), @r#"
    200 OK
    {
      "items": [
        {
          "name": "firm",
          "title": "Work",
          "provider": "slack",
          "state": "quiet",
          "waiting": 0,
          "request_url": "https://allclear.example.org/chats/firm/slack",
          "rooms": []
        },
        {
          "name": "ops",
          "title": "Ops",
          "provider": "matrix",
          "state": "no-token",
          "waiting": 0,
          "rooms": []
        }
      ]
    }
    "#);
    assert!(!shown.text.contains(CHAT_SECRET));
    assert_eq!(house.call(ask("POST", "/api/v1/chats/firm/test").by(&vic)).await.status, StatusCode::FORBIDDEN);
    let tested = house.call(ask("POST", "/api/v1/chats/firm/test").by(&ada)).await;
    assert_eq!((tested.status, &tested.json()["waiting"]), (StatusCode::ACCEPTED, &json!(1)), "{}", tested.text);
    let nowhere = house.call(ask("POST", "/api/v1/chats/ops/test").by(&ada)).await;
    assert_eq!(nowhere.status, StatusCode::CONFLICT);
    assert_eq!(house.call(ask("POST", "/api/v1/chats/none/test").by(&ada)).await.status, StatusCode::NOT_FOUND);
}
