//! The record for others: as far as it is told, by whoever sees it, and marked.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

async fn made(house: &House, token: &str, path: &str, body: Value) -> Value {
    let answer = house.call(ask("POST", &format!("/api/v1/incidents{path}")).by(token).json(&body)).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn an_export_goes_as_far_as_it_is_told_and_to_nobody_who_does_not_see_it() {
    let mut house = House::new();
    let (rob, ada) = (house.token("rob", &[], None), house.token("ada", &[], None));
    let quiet = made(&house, &rob, "", json!({ "title": "Heron", "class": "security" })).await;
    let id = quiet["id"].as_str().unwrap();
    let seen = json!({ "values": [{ "value": "bird.example" }], "tlp": "GREEN", "verdict": "malicious" });
    made(&house, &rob, &format!("/{id}/observables"), seen).await;
    let count = json!({ "precision": "exact", "value": 7 });
    made(&house, &rob, &format!("/{id}/affected"), json!({ "subject": "records", "count": count })).await;
    let get = |what: &str, token: &str| ask("GET", &format!("/api/v1/incidents/{id}/export.{what}")).by(token);

    let some = house.call(get("stix.json", &rob)).await;
    assert_eq!(some.status, StatusCode::OK, "{}", some.text);
    assert_eq!(some.headers["content-type"], "application/stix+json");
    assert!(some.text.contains("bird.example") && !some.text.contains("Heron"), "{}", some.text);
    let whole = house.call(get("stix.json?tlp=RED", &rob)).await.text;
    assert!(whole.contains("Heron") && whole.contains("affected: records: 7"), "{whole}");
    let veris = house.call(get("veris.json?tlp=RED", &rob)).await.json();
    assert_eq!((&veris["security_incident"], &veris["summary"]), (&json!("Confirmed"), &json!("Heron.")));
    for what in ["veris.json", "veris.json?tlp=AMBER%2BSTRICT", "stix.json?tlp=CLEAR"] {
        let answer = house.call(get(what, &rob)).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{what}: {}", answer.text);
        assert!(answer.text.contains("TLP:RED") && !answer.text.contains("Heron"), "{what}: {}", answer.text);
    }
    for what in ["stix.json?tlp=RED", "veris.json?tlp=RED"] {
        assert_eq!(house.call(get(what, &ada)).await.status, StatusCode::NOT_FOUND, "{what}");
    }
    assert_eq!(house.call(get("stix.json?tlp=PINK", &rob)).await.status, StatusCode::BAD_REQUEST);
    let drill = made(&house, &rob, "", json!({ "title": "Practice", "class": "security", "drill": true })).await;
    let path = format!("/api/v1/incidents/{}/export.stix.json?tlp=RED", drill["id"].as_str().unwrap());
    assert_eq!(house.call(ask("GET", &path).by(&rob)).await.status, StatusCode::CONFLICT);
}
