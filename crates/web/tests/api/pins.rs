//! Pins over the API and on pages: what was missed once holds the documents by which it would be missed again.

use axum::http::StatusCode;
use domain::learn::pins::{Expectation, Pin, Whom};
use domain::words::{Mint, Span};
use serde_json::{Value, json};

use crate::support::{House, ask, at};

/// An incident that rob was paged for, with an alert of its own.
pub(crate) async fn paged(house: &mut House, by: &str) -> String {
    let source = house.source("prom");
    let body = json!([{ "labels": { "alertname": "Orders fail", "service": "shop", "severity": "critical" } }]);
    let told = house.call(ask("POST", "/api/v2/alerts").by(&source).json(&body)).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let alerts = house.call(ask("GET", "/api/v1/alerts").by(by)).await.json();
    let all = alerts["items"].as_array().unwrap();
    let alert = all.iter().find(|one| one["labels"]["alertname"] == "Orders fail").unwrap()["id"].clone();
    let said = json!({ "title": "Orders fail", "class": "system", "services": ["shop"], "from": [alert] });
    let made = house.call(ask("POST", "/api/v1/incidents").by(by).json(&said)).await.json();
    made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// A pin of an incident, as if it had been made before.
pub(crate) fn pinned(house: &House, incident: &str, title: &str) -> String {
    let pin = Pin {
        id: Mint::seeded(77).id(at(0)),
        incident: incident.parse().unwrap(),
        title: title.to_owned(),
        expect: Expectation { whom: Whom::Anybody, within: Span::minutes(5) },
        pinned_by: "rob".parse().unwrap(),
        pinned_at: at(0),
        first_at: at(0),
        signals: 0,
        retired: None,
    };
    house.store.write(|tx| Ok(store::learn::pins::save(tx, &pin)?)).unwrap();
    pin.id.to_string()
}

const LATE: &str = "kind: escalation-policy\nname: web\nspec:\n  title: Web\n  team: web\n  steps:\n  \
    - { notify: [{ person: max }], wait: 20m }\n  - { notify: [{ schedule: web }], wait: 5m }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_holds_what_would_miss_it_again_until_somebody_who_may_says_why() {
    let mut house = House::new();
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let browser = house.session("mia");
    let incident = paged(&mut house, &rob).await;
    let post = async |house: &House, path: String, by: &str, body: Value| {
        house.call(ask("POST", &path).by(by).json(&body)).await
    };
    let pins = format!("/api/v1/incidents/{incident}/pins");
    for (wrong, place) in [
        (json!({ "whom": "schedule/none" }), "there is no schedule none"),
        (json!({ "whom": "nobody" }), "name whom it must reach"),
        (json!({ "within": "0s" }), "more than nothing"),
    ] {
        let refused = post(&house, pins.clone(), &rob, wrong).await;
        assert!(refused.status.is_client_error() && refused.text.contains(place), "{}", refused.text);
    }
    let made = post(&house, pins.clone(), &rob, json!({ "why": "it cost a day" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    assert_eq!((&made["whom"], &made["within"], &made["signals"]), (&json!("schedule/web"), &json!("5m"), &json!(1)));
    assert_eq!(post(&house, pins, &rob, json!({})).await.status, StatusCode::CONFLICT, "it is pinned already");
    let id = made["id"].as_str().unwrap().to_owned();
    let shown = house.call(ask("GET", &format!("/api/v1/pins/{id}")).by(&rob)).await.json();
    assert_eq!(shown["standing"], "holds", "{shown}");
    // A plan tells the story, and apply is held by it.
    let file = json!([{ "name": "late.yaml", "text": LATE }]);
    let plan = post(&house, "/api/v1/plan".into(), &mia, json!({ "files": file, "take_all": true })).await.json();
    assert_eq!((&plan["pins"]["pins"], &plan["pins"]["hold"]), (&json!(1), &json!(0)), "{plan}");
    assert_eq!(plan["pins"]["others"][0]["said"], "rob is called after 20m, which is later than 5m");
    assert_eq!((&plan["held"][0]["rule"], &plan["held"][0]["about"]), (&json!("pin"), &json!(id)));
    let refused = post(&house, "/api/v1/apply".into(), &mia, json!({ "files": file, "take_all": true })).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("would fail") && refused.text.contains("a manager may exempt"), "{}", refused.text);
    // What pages nobody else is not held, and a change of a title is played, too.
    let fine = "kind: team\nname: web\nspec: { title: The web, members: [mia, rob] }\n";
    let fine = post(
        &house,
        "/api/v1/apply".into(),
        &mia,
        json!({ "files": [{ "name": "a", "text": fine }], "take_all": true }),
    )
    .await;
    assert_eq!(fine.status, StatusCode::OK, "{}", fine.text);
    let over = json!({ "files": file, "take_all": true, "override": "rob is away until Monday" });
    let applied = post(&house, "/api/v1/apply".into(), &mia, over).await;
    assert_eq!(applied.status, StatusCode::OK, "{}", applied.text);
    let shown = house.call(ask("GET", &format!("/api/v1/pins/{id}")).by(&rob)).await.json();
    assert_eq!((&shown["standing"], &shown["overridden"]), (&json!("fails"), &json!(1)), "{shown}");
    assert!(shown["story"].as_array().unwrap().len() >= 2, "{shown}");
    // The pages say the same.
    for (path, word) in [
        ("/pins".to_owned(), "One pin fails"),
        (format!("/pins/{id}"), "rob is called after 20m, which is later than 5m"),
        (format!("/incidents/{incident}"), "Not missed again"),
    ] {
        let page = house.call(ask("GET", &path).with("accept", "text/html").with("cookie", &browser)).await;
        assert!(page.status == StatusCode::OK && page.text.to_lowercase().contains(&word.to_lowercase()), "{path}");
    }
    // Whoever responds may pin, and not take away what holds others.
    let act = format!("/api/v1/pins/{id}");
    let retire = json!({ "do": "retire", "why": "the shop is gone" });
    assert_eq!(post(&house, act.clone(), &rob, retire.clone()).await.status, StatusCode::FORBIDDEN);
    let edit = json!({ "do": "edit", "within": "30m", "why": "it can wait" });
    assert_eq!(post(&house, act.clone(), &mia, edit).await.json()["within"], "30m");
    assert_eq!(house.call(ask("GET", &act).by(&rob)).await.json()["standing"], "holds");
    assert_eq!(post(&house, act.clone(), &mia, retire.clone()).await.status, StatusCode::OK);
    assert_eq!(post(&house, act, &mia, retire).await.status, StatusCode::CONFLICT);
    let none = house.call(ask("GET", "/api/v1/pins").by(&rob)).await.json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restricted_or_was_never_told_is_not_pinned() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let incident = paged(&mut house, &rob).await;
    let restrict = json!({ "do": "restrict", "why": "it may be theft" });
    house.call(ask("POST", &format!("/api/v1/incidents/{incident}/act")).by(&rob).json(&restrict)).await;
    let shown = house.call(ask("GET", &format!("/api/v1/incidents/{incident}")).by(&rob)).await.json();
    assert_eq!(shown["visibility"], "restricted", "{shown}");
    let path = format!("/api/v1/incidents/{incident}/pins");
    let refused = house.call(ask("POST", &path).by(&rob).json(&json!({}))).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let said = json!({ "title": "Somebody called", "class": "system", "services": ["shop"] });
    let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&said)).await.json();
    let path = format!("/api/v1/incidents/{}/pins", made["id"].as_str().unwrap());
    let refused = house.call(ask("POST", &path).by(&rob).json(&json!({}))).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("no alerts belong"), "{}", refused.text);
}
