//! Comments beside a postmortem, and the history of a section, over the API and on its page; and the line on which it is written
//! together, as far as it is asked for without a WebSocket.

use axum::http::StatusCode;
use serde_json::json;

use crate::postmortems::{commented, over};
use crate::support::{House, ask};

#[tokio::test]
async fn a_comment_is_said_answered_and_settled_and_outlives_its_words() {
    let mut house = House::new();
    let (rob, vic) = (house.token("rob", &[], None), house.token("vic", &[], None));
    let id = over(&mut house, &rob, json!({ "title": "It failed", "class": "system" })).await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}/postmortem{rest}");
    let comment = commented(&mut house, &rob, &id).await;
    let answer = json!({ "section": "summary", "reply_to": comment, "text": "From two on." });
    assert_eq!(house.call(ask("POST", &at("/comments")).by(&rob).json(&answer)).await.status, StatusCode::CREATED);
    let unsaid = json!({ "section": "summary", "quote": "no such words", "text": "What?" });
    let refused = house.call(ask("POST", &at("/comments")).by(&rob).json(&unsaid)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.text.contains("do not stand in Summary"), "{}", refused.text);
    assert_eq!(house.call(ask("POST", &at("/comments")).by(&vic).json(&answer)).await.status, StatusCode::FORBIDDEN);
    let all = house.call(ask("GET", &at("/comments")).by(&vic)).await.json();
    assert_eq!((all["items"].as_array().unwrap().len(), all["items"][0]["gone"].as_bool()), (2, Some(false)), "{all}");

    // An earlier text stands again, and the words that it was about are gone.
    let restored =
        house.call(ask("POST", &at("/sections/summary/restore")).by(&rob).json(&json!({ "revision": 1 }))).await;
    assert_eq!(restored.json()["sections"][0]["text"], "The pool was full.", "{}", restored.text);
    assert_eq!(restored.json()["sections"][0]["revision"], 3);
    let unknown =
        house.call(ask("POST", &at("/sections/summary/restore")).by(&rob).json(&json!({ "revision": 9 }))).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let page = house.call(ask("GET", &format!("/incidents/{id}/postmortem/sections/summary")).by(&vic)).await;
    for words in
        ["The text it was about is gone", "for an hour", "From two on.", "Which &lt;b&gt;hour&lt;/b&gt;?", "Revision 3"]
    {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let settled = house.call(ask("POST", &at(&format!("/comments/{comment}/resolve"))).by(&rob)).await.json();
    assert_eq!((settled["resolved_by"].as_str(), settled["gone"].as_bool()), (Some("rob"), Some(true)), "{settled}");
}

#[tokio::test]
async fn what_is_restricted_is_hidden_here_too() {
    let mut house = House::new();
    let (rob, ada) = (house.token("rob", &[], None), house.token("ada", &[], None));
    let hidden = json!({ "title": "Payroll", "class": "security" });
    let id = over(&mut house, &rob, hidden).await;
    let comment = commented(&mut house, &rob, &id).await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}/postmortem{rest}");
    let say = json!({ "section": "summary", "text": "words" });
    for asked in [
        ask("GET", &at("/comments")),
        ask("POST", &at("/comments")).json(&say),
        ask("POST", &at(&format!("/comments/{comment}/resolve"))),
        ask("POST", &at("/sections/summary/restore")).json(&json!({ "revision": 1 })),
        ask("GET", &format!("/incidents/{id}/postmortem/sections/summary")),
        ask("GET", &format!("/incidents/{id}/postmortem/live")),
    ] {
        let answer = house.call(asked.by(&ada)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    }
    let plain = house.call(ask("GET", &format!("/incidents/{id}/postmortem/live")).by(&rob)).await;
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
    assert!(plain.text.contains("WebSocket"), "{}", plain.text);
}
