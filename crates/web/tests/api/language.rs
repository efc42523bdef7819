//! The language aid: advice on a text, over the API and on its page; nothing is kept and nothing is refused for its words.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{House, ask};

const PATH: &str = "/api/v1/language";

#[tokio::test]
async fn advice_names_the_place_and_asks_a_question() {
    let mut house = House::new();
    let ada = house.token("ada", &[], None);
    let text = "Später:\n\nThe developer failed to read the alert, and the pods failed to start.";
    let answer = house.call(ask("POST", PATH).by(&ada).json(&json!({ "text": text }))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let found = answer.json();
    let all = found["findings"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{found}");
    let one = &all[0];
    let place = |name: &str| usize::try_from(one[name].as_u64().unwrap()).unwrap();
    assert_eq!(&text[place("from")..place("to")], "failed to read");
    assert_eq!((&one["group"], &one["severity"]), (&json!("omission"), &json!("flag")));
    assert!(one["ask"].as_str().unwrap().ends_with('?'));
}

#[tokio::test]
async fn who_is_in_the_directory_is_a_person() {
    let mut house = House::new();
    let ada = house.token("ada", &[], None);
    for (text, count) in [("Ada failed to read the alert.", 1), ("Atlas failed to read the alert.", 0)] {
        let found = house.call(ask("POST", PATH).by(&ada).json(&json!({ "text": text }))).await.json();
        assert_eq!(found["findings"].as_array().unwrap().len(), count, "{text}: {found}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_said_with_its_place() {
    let mut house = House::new();
    let ada = house.token("ada", &[], None);
    for (body, says) in [
        (json!({}), "missing field `text`"),
        (json!({ "text": 1 }), "/text"),
        (json!({ "text": "", "more": 1 }), "/more"),
        (json!({ "text": "a".repeat(200_001) }), "at most 200000"),
    ] {
        let answer = house.call(ask("POST", PATH).by(&ada).json(&body)).await;
        assert!(answer.status.is_client_error() && answer.text.contains(says), "{}: {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn the_page_works_without_scripts() {
    let mut house = House::new();
    let browser = house.session("ada");
    let asked = ask("POST", "/language").with("cookie", &browser).with("sec-fetch-site", "same-origin");
    let answer = house
        .call(asked.text("application/x-www-form-urlencoded", "text=%3Cb%3EThe+cause+was+human+error.%3C%2Fb%3E"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("<mark>human error</mark>"), "{}", answer.text);
    assert!(!answer.text.contains("<b>The cause"), "what was typed is text");
}
