//! Outgoing webhooks over the API: made, told of events, replayed; what nobody else may see of them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

const TICKETS: &str =
    "kind: outgoing-webhook\nname: tickets\nspec: { title: Tickets, url: 'https://tickets.example.org/hook/s3cret' }";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_sent_as_the_journal_shows_it_and_can_be_replayed() {
    let mut house = House::new();
    let ada = house.token("ada", &[], None);
    let spec = json!({
        "title": "Tickets", "url": "https://tickets.example.org/hook", "events": ["incident.*", "page.startet"]
    });
    let put = async |spec: &Value| {
        let document = json!({ "kind": "outgoing-webhook", "name": "tickets", "spec": spec });
        house.call(ask("PUT", "/api/v1/documents/outgoing-webhook/tickets").by(&ada).json(&document)).await
    };
    let refused = put(&spec).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.text.contains("page.started"), "with what was meant: {}", refused.text);
    let made =
        put(&json!({ "title": "Tickets", "url": "https://tickets.example.org/hook", "events": ["incident.*"] })).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    house.follow();
    let secrets = "/api/v1/outgoing-webhooks/tickets/secrets";
    let shown = house.call(ask("POST", secrets).by(&ada).json(&json!({}))).await;
    assert_eq!(shown.status, StatusCode::CREATED, "{}", shown.text);
    assert!(shown.json()["secret"].as_str().unwrap().starts_with("whsec_of_tickets/"), "{}", shown.text);
    let wrong = house.call(ask("POST", secrets).by(&ada).json(&json!({ "overlap": "31d" }))).await;
    assert_eq!((wrong.status, wrong.json()["at"].as_str()), (StatusCode::BAD_REQUEST, Some("/overlap")));

    let body = json!({ "title": "It fails", "class": "system" });
    let declared = house.call(ask("POST", "/api/v1/incidents").by(&ada).json(&body)).await;
    assert_eq!(declared.status, StatusCode::CREATED);
    house.follow();
    let list = house.call(ask("GET", "/api/v1/outgoing-webhooks/tickets/deliveries").by(&ada)).await.json();
    let [line] = &list["items"].as_array().unwrap()[..] else { panic!("{list:#}") };
    assert_eq!((line["event"].as_str(), line["state"].as_str()), (Some("incident.declared"), Some("queued")));
    let at = format!("/api/v1/outgoing-webhooks/tickets/deliveries/{}", line["id"].as_str().unwrap());
    let whole = house.call(ask("GET", &at).by(&ada)).await.json();
    let journal = house.call(ask("GET", "/api/v1/journal?since=0&limit=500").by(&ada)).await.json();
    let entry = journal["items"].as_array().unwrap().iter().find(|entry| entry["id"] == line["event_id"]).unwrap();
    assert_eq!(whole["body"], json!({ "type": "incident.declared", "timestamp": entry["at"], "data": entry }));
    assert_eq!(whole["tried"], json!([]));
    house.wait(1);
    let again = house.call(ask("POST", &format!("{at}/replay")).by(&ada)).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    let again = again.json();
    assert!(again["id"] != line["id"] && again["webhook_id"] == line["webhook_id"] && again["body"] == whole["body"]);
    let one = house.call(ask("GET", "/api/v1/outgoing-webhooks/tickets").by(&ada)).await.json();
    assert_eq!((one["waiting"].as_u64(), one["last"]["id"].clone()), (Some(1), again["id"].clone()), "{one:#}");
    // In parts, the newest first.
    let part = house.call(ask("GET", "/api/v1/outgoing-webhooks/tickets/deliveries?limit=1").by(&ada)).await.json();
    let rest = format!("/api/v1/outgoing-webhooks/tickets/deliveries?cursor={}", part["next_cursor"].as_str().unwrap());
    let rest = house.call(ask("GET", &rest).by(&ada)).await.json();
    assert_eq!(
        (part["items"][0]["id"].clone(), rest["items"][0]["id"].clone()),
        (again["id"].clone(), line["id"].clone())
    );
    let nowhere = house.call(ask("GET", "/api/v1/outgoing-webhooks/ticket").by(&ada)).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_exported_and_the_path_of_a_url_is_for_managers() {
    let mut house = House::new();
    house.apply(TICKETS);
    let (ada, rob) = (house.token("ada", &[], None), house.token("rob", &[], None));
    house.follow();
    let secrets = "/api/v1/outgoing-webhooks/tickets/secrets";
    let shown = house.call(ask("POST", secrets).by(&ada).json(&json!({}))).await.json();
    let seed = shown["secret"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for path in [
        "/api/v1/outgoing-webhooks",
        "/api/v1/outgoing-webhooks/tickets",
        "/api/v1/documents/outgoing-webhook/tickets",
        "/api/v1/export",
        "/api/v1/journal?since=0&limit=500",
    ] {
        let (all, some) = (house.call(ask("GET", path).by(&ada)).await, house.call(ask("GET", path).by(&rob)).await);
        assert!(!all.text.contains(&seed) && !all.text.contains("whsec_"), "{path}: {}", all.text);
        assert_eq!(all.text.contains("s3cret"), !path.contains("journal"), "{path}: {}", all.text);
        assert!(!some.text.contains("s3cret"), "{path}: {}", some.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_leaves_out_what_is_restricted_and_nobody_replays_it() {
    let mut house = House::new();
    house.apply(TICKETS);
    let (ada, rob) = (house.token("ada", &[], None), house.token("rob", &[], None));
    house.follow();
    let body = json!({ "title": "The heron was seen", "class": "system" });
    let incident = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&body)).await.json();
    let id = incident["id"].as_str().unwrap();
    house.follow();
    let log = "/api/v1/outgoing-webhooks/tickets/deliveries";
    let before = house.call(ask("GET", log).by(&ada)).await.json();
    let declared = before["items"].as_array().unwrap().iter().find(|one| one["event"] == "incident.declared").unwrap();
    let declared = format!("{log}/{}", declared["id"].as_str().unwrap());
    assert_eq!(house.call(ask("GET", &declared).by(&ada)).await.status, StatusCode::OK);
    let restrict = json!({ "do": "restrict", "why": "quietly" });
    let done = house.call(ask("POST", &format!("/api/v1/incidents/{id}/act")).by(&rob).json(&restrict)).await;
    assert!(done.status.is_success(), "{}", done.text);
    let [theirs, mine] = [&ada, &rob].map(async |who| house.call(ask("GET", log).by(who)).await.json());
    let (theirs, mine) = (theirs.await, mine.await);
    let count = |list: &Value| list["items"].as_array().unwrap().len();
    assert!(count(&theirs) < count(&mine), "{theirs:#}");
    assert!(!theirs.to_string().contains("incident."), "{theirs:#}");
    let one = house.call(ask("GET", "/api/v1/outgoing-webhooks/tickets").by(&ada)).await.json();
    assert_eq!(one["waiting"].as_u64(), Some(count(&theirs) as u64), "nor is it counted");
    assert_eq!(house.call(ask("GET", &declared).by(&ada)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.call(ask("GET", &declared).by(&rob)).await.status, StatusCode::OK);
    let replay = house.call(ask("POST", &format!("{declared}/replay")).by(&ada)).await;
    assert_eq!(replay.status, StatusCode::NOT_FOUND, "{}", replay.text);
    house.call(ask("POST", &format!("/api/v1/incidents/{id}/people")).by(&rob).json(&json!({ "person": "ada" }))).await;
    let replay = house.call(ask("POST", &format!("{declared}/replay")).by(&ada)).await;
    assert_eq!(replay.status, StatusCode::CONFLICT, "also who may see it does not send it out: {}", replay.text);
}
