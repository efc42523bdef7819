//! Drills over the API: declared, listed, told in JSON and in pages, refused to the public.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::status::PAGE;
use crate::support::{House, ask};

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_says_so_wherever_it_is_named_and_nothing_in_public() {
    let mut house = House::new();
    house.apply(PAGE);
    let rob = house.token("rob", &[], None);
    let declare = async |title: &str, drill: Option<bool>| -> Value {
        let mut body = json!({ "title": title, "class": "system" });
        if let Some(drill) = drill {
            body["drill"] = json!(drill);
        }
        let answer = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    };
    let (drill, real) = (declare("A rack burns", Some(true)).await, declare("Payments fail", None).await);
    assert_eq!(
        (&drill["drill"], &real["drill"], &drill["title"]),
        (&json!(true), &json!(false), &json!("A rack burns"))
    );
    let id = drill["id"].as_str().unwrap();
    let listed = async |query: &str| -> Vec<String> {
        let found = house.call(ask("GET", &format!("/api/v1/incidents?{query}")).by(&rob)).await.json();
        found["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("drill=true").await, ["A rack burns"]);
    assert_eq!(listed("drill=false").await, ["Payments fail"]);
    assert_eq!(listed("").await.len(), 2);
    let wrong = house.call(ask("GET", "/api/v1/incidents?drill=maybe").by(&rob)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text);

    // The journal, and the file that proves itself.
    let bundle = house.call(ask("GET", &format!("/api/v1/incidents/{id}/bundle")).by(&rob)).await;
    assert!(bundle.text.contains("\"drill\":true") || bundle.text.contains("\"drill\": true"), "{}", bundle.text);

    for (path, body, place) in [
        (
            format!("/api/v1/incidents/{id}/updates"),
            json!({ "audience": "public", "stage": "investigating", "text": "It burns", "title": "Fire" }),
            "/audience",
        ),
        (
            "/api/v1/notices".to_owned(),
            json!({ "title": "Fire", "state": "investigating", "text": "It burns", "incident": id }),
            "/incident",
        ),
    ] {
        let refused = house.call(ask("POST", &path).by(&rob).json(&body)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
        assert_eq!(refused.json()["at"], place);
        assert!(refused.text.contains("a drill says nothing in public"), "{}", refused.text);
    }
    let public = house.call(ask("GET", "/status")).await.text;
    assert!(!public.contains("burns") && !public.contains("Fire"), "{public}");
    let audit = house.call(ask("GET", "/api/v1/status-audit").by(&rob)).await.text;
    assert!(!audit.contains("A rack burns"), "the audit is of what is real: {audit}");
}
