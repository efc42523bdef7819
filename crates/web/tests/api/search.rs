//! Search: found as soon as it is written, by the words, in either order; and what is alike, with its reasons.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

/// Makes an incident; its id.
async fn declare(house: &House, token: &str, body: &Value) -> String {
    let made = house.call(ask("POST", "/api/v1/incidents").by(token).json(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn write(house: &House, token: &str, incident: &str, text: &str) {
    let path = format!("/api/v1/incidents/{incident}/entries");
    let made = house.call(ask("POST", &path).by(token).json(&json!({ "text": text }))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
}

async fn found(house: &House, token: &str, query: &str) -> Value {
    let answer = house.call(ask("GET", &format!("/api/v1/search?q={query}")).by(token)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn titles(found: &Value) -> Vec<&str> {
    found["results"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_was_written_is_found_with_its_place_and_why() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let id = declare(&house, &rob, &json!({ "title": "Checkout <fails>", "class": "system" })).await;
    write(&house, &rob, &id, "Rolled back <b>checkout</b> on db-1.shop.example").await;
    let answer = found(&house, &rob, "rolled+db-1").await;
    assert_eq!(titles(&answer), ["Rolled back <b>checkout</b> on db-1.shop.example"]);
    let one = &answer["results"][0];
    assert_eq!((&one["kind"], &one["matched"], &one["incident"]), (&json!("entry"), &json!("all"), &json!(id)));
    assert_eq!(one["href"], format!("/incidents/{id}/entries/{}", one["id"].as_str().unwrap()));
    let hits: Vec<&str> = one["snippet"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|piece| piece["hit"] == true)
        .map(|piece| piece["text"].as_str().unwrap())
        .collect();
    assert_eq!(hits, ["Rolled", "db", "1"]);
    assert_eq!(titles(&found(&house, &rob, "kind:incident+checkout").await), ["Checkout <fails>"]);
    assert_eq!(
        found(&house, &rob, "kind:incidnt+x").await["oddities"][0],
        "There is no kind \"incidnt\" (did you mean \"incident\"?)."
    );
    assert_eq!(found(&house, &rob, &id).await["record"], format!("/incidents/{id}"));
    assert_eq!(found(&house, &rob, "").await["results"], json!([]));
    // On the page what was written by people is text, and what was asked for is marked.
    let browser = house.session("rob");
    let page = house.call(ask("GET", "/search?q=checkout").with("cookie", &browser)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("&#60;b&#62;<mark>checkout</mark>&#60;/b&#62;"), "{}", page.text);
    assert!(!page.text.contains("<b>checkout"), "what people wrote is text");
}

#[tokio::test]
async fn the_newest_come_first_if_that_is_asked_and_pages_go_on() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let id = declare(&house, &rob, &json!({ "title": "Lag", "class": "system" })).await;
    for number in 0..5 {
        write(&house, &rob, &id, &format!("failover number{number}")).await;
    }
    let first = found(&house, &rob, "failover&order=newest&limit=2").await;
    assert_eq!((titles(&first).len(), &first["more"]), (2, &json!(true)));
    let rest = found(&house, &rob, "failover&order=newest&limit=10&skip=2").await;
    assert_eq!((titles(&rest).len(), &rest["more"]), (3, &json!(false)));
    for wrong in ["x&order=oldest", "x&limit=0", "x&limit=101", "x&more=1"] {
        let answer = house.call(ask("GET", &format!("/api/v1/search?q={wrong}")).by(&rob)).await;
        assert!(answer.status.is_client_error(), "{wrong}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_is_restricted_is_found_by_nobody_else_and_likens_to_nothing() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let ada = house.token("ada", &[], None);
    let because = "the pool of connections of the ledger is exhausted";
    let quiet = json!({ "title": "Ledger times out", "class": "security", "because": because });
    let quiet = declare(&house, &rob, &quiet).await;
    write(&house, &rob, &quiet, "the intruder used the vault").await;
    let open =
        declare(&house, &rob, &json!({ "title": "Ledger times out again", "class": "system", "because": because }))
            .await;
    assert_eq!(titles(&found(&house, &rob, "ledger").await).len(), 2);
    assert_eq!(titles(&found(&house, &ada, "ledger").await), ["Ledger times out again"]);
    assert_eq!(titles(&found(&house, &ada, "intruder").await), Vec::<&str>::new());
    let like = async |token: &str| {
        let answer = house.call(ask("GET", &format!("/api/v1/incidents/{open}/similar")).by(token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["similar"].as_array().unwrap().clone()
    };
    assert_eq!(like(&ada).await, Vec::<Value>::new());
    let seen = like(&rob).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["id"], quiet);
    assert!(seen[0]["parts"][0]["says"].as_str().unwrap().starts_with("told in the same words: "), "{seen:?}");
    let hidden = house.call(ask("GET", &format!("/api/v1/incidents/{quiet}/similar")).by(&ada)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}
