//! What the record of an incident says: as JSON, as Markdown, as a page; to those who see it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

#[tokio::test]
async fn every_sentence_of_a_draft_leads_somewhere() {
    let mut house = House::new();
    let (rob, ada) = (house.token("rob", &[], None), house.session("ada"));
    let new = json!({ "title": "Payments <b>fail</b>", "class": "system", "because": "one in five" });
    let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    for (path, body) in [
        ("/stamps", json!({ "milestone": "impact-started", "at": "2026-09-21T13:00:00Z" })),
        ("/entries", json!({ "sort": "decision", "text": "we [turn](javascript:alert(1)) it off" })),
    ] {
        let done = house.call(ask("POST", &at(path)).by(&rob).json(&body)).await;
        assert!(done.status.is_success(), "{path}: {}", done.text);
    }

    let found = house.call(ask("GET", &at("/draft")).by(&rob)).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text);
    let draft = found.json();
    let list = |value: &Value, name: &str| value[name].as_array().unwrap().clone();
    let mut addresses = Vec::new();
    for section in list(&draft, "sections") {
        for sentence in list(&section, "parts").iter().flat_map(|part| list(part, "sentences")) {
            let cites = list(&sentence, "cites");
            assert!(!cites.is_empty(), "{sentence}");
            addresses.extend(cites.iter().map(|cite| cite["href"].as_str().unwrap().to_owned()));
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    assert!(addresses.iter().any(|href| href.contains("/entries/evt_")), "{addresses:?}");
    for href in &addresses {
        let page = house.call(ask("GET", href.split('#').next().unwrap()).with("cookie", &ada)).await;
        assert_eq!(page.status, StatusCode::OK, "{href}");
    }
    let names: Vec<String> =
        list(&draft, "sections").iter().map(|section| section["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["summary", "detection", "timeline", "response", "people", "questions"]);
    let rows = list(&draft["ledger"], "rows");
    assert_eq!(rows[0]["unknown"], "there is no stamp of “detected”");
    assert!(!draft["prompts"].as_array().unwrap().is_empty());

    let text = house.call(ask("GET", &at("/draft.md")).by(&rob)).await;
    assert_eq!(text.status, StatusCode::OK);
    assert!(text.text.starts_with("# Payments \\<b\\>fail"), "{}", text.text);
    assert!(text.text.contains("we \\[turn\\](javascript:"), "what looks like a link is none: {}", text.text);

    let page = house.call(ask("GET", &format!("/incidents/{id}/draft")).with("cookie", &ada)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("What the record says") && !page.text.contains("<b>fail"), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"/incidents/{id}/entries/evt_")));
    let room = house.call(ask("GET", &format!("/incidents/{id}")).with("cookie", &ada)).await;
    assert!(!room.text.contains("/draft\""), "it goes on: the room does not speak of it yet");

    let none = house.call(ask("GET", "/api/v1/incidents/inc_0000000000000000/draft").by(&rob)).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}
