//! The weekly digest of one person: what it would say, to whom, and that it can be ended.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::action_items::item;
use crate::support::{House, ask, at};

async fn digest(house: &House, by: &str) -> Value {
    let answer = house.call(ask("GET", "/api/v1/me/digest").by(by)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn lines<'v>(digest: &'v Value, about: &str) -> Vec<&'v str> {
    let sections = digest["sections"].as_array().unwrap().iter().filter(|one| one["about"] == about);
    sections.flat_map(|one| one["lines"].as_array().unwrap()).map(|line| line["title"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_is_overdue_near_oneself_and_nothing_of_what_one_does_not_see() {
    let mut house = House::new();
    let [rob, mia, max, vic] = ["rob", "mia", "max", "vic"].map(|person| house.token(person, &[], None));
    let propose = async |title: &str, more: Value| {
        let mut said = json!({ "title": title, "class": "system", "services": ["shop"] });
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&said)).await.json();
        let mut wanted = item(&format!("Limit {title}"), "rob");
        wanted["due_at"] = json!(at(3600));
        let path = format!("/api/v1/incidents/{}/action-items", made["id"].as_str().unwrap());
        let made = house.call(ask("POST", &path).by(&rob).json(&wanted)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let open = propose("the queue", json!({})).await;
    propose("the heron", json!({ "class": "security", "visibility": "restricted" })).await;
    assert_eq!(digest(&house, &rob).await["sections"], json!([]), "nothing is overdue yet");
    house.wait(2 * 86_400);
    let mine = digest(&house, &rob).await;
    assert_eq!(lines(&mine, "overdue"), ["Limit the queue", "Limit the heron"]);
    let of_open =
        mine["sections"][0]["lines"].as_array().unwrap().iter().find(|one| one["title"] == "Limit the queue").unwrap();
    assert_eq!(of_open["path"], format!("/action-items/{open}"));
    assert!(of_open["note"].as_str().unwrap().contains("yours"), "{of_open}");
    // Mia is of the team of the shop, and not named for what is restricted; the others have nothing to do with it.
    assert_eq!(lines(&digest(&house, &mia).await, "overdue"), ["Limit the queue"]);
    for other in [&max, &vic] {
        assert_eq!(digest(&house, other).await["sections"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ended_and_begun_again_by_whoever_it_is_for() {
    let mut house = House::new();
    let (vic, mia) = (house.token("vic", &[], None), house.token("mia", &[], None));
    assert_eq!(digest(&house, &vic).await["wanted"], true);
    for wanted in [false, false, true] {
        let said = house.call(ask("PUT", "/api/v1/me/digest").by(&vic).json(&json!({ "wanted": wanted }))).await;
        assert_eq!((said.status, &said.json()["wanted"]), (StatusCode::OK, &json!(wanted)));
        assert_eq!(digest(&house, &vic).await["wanted"], wanted);
        assert_eq!(digest(&house, &mia).await["wanted"], true, "it is somebody's own");
    }
    let wrong = house.call(ask("PUT", "/api/v1/me/digest").by(&vic).json(&json!({ "wanted": "yes" }))).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.text);
    assert_eq!(house.call(ask("GET", "/api/v1/me/digest")).await.status, StatusCode::UNAUTHORIZED);
}
