//! Documents that files and people share: what an apply keeps, where they drift apart, and what if they were in force.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::flows::firing;
use crate::support::{House, ask};

const FILES: &str = "kind: team\nname: shops\nspec: { title: Shops, members: [rob] }\n";

fn team(title: &str) -> Value {
    json!({ "kind": "team", "name": "shops", "spec": { "title": title, "members": ["rob"] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_by_hand_is_kept_told_and_taken() {
    let mut house = House::new();
    let (ada, mia) = (house.token("ada", &[], None), house.token("mia", &[], None));
    let post = |path: &str, body: &Value| ask("POST", path).by(&ada).json(body);
    let files = |text: &str| json!({ "files": [{ "name": "shops.yaml", "text": text }], "reason": "files" });
    assert_eq!(house.call(post("/api/v1/apply", &files(FILES))).await.status, StatusCode::OK);
    let put = ask("PUT", "/api/v1/documents/team/shops?reason=it+sells+more").by(&ada).json(&team("Stores"));
    assert_eq!(house.call(put.with("if-match", "\"1\"")).await.status, StatusCode::OK);
    let planned = house.call(post("/api/v1/plan", &files(FILES))).await.json();
    assert_eq!(planned["changes"], json!([]));
    let kept = &planned["kept"][0];
    assert_eq!(
        (&kept["field"], &kept["in_force"], &kept["in_files"], &kept["set"]["via"], &kept["set"]["reason"]),
        (&json!("team/shops:/title"), &json!("Stores"), &json!("Shops"), &json!("api"), &json!("it sells more"))
    );
    // The same over YAML, and by the drift of files and of what they said last.
    let yaml = house.call(ask("POST", "/api/v1/drift").by(&mia).text("application/yaml", FILES)).await.json();
    let drift: Vec<&str> = yaml["items"].as_array().unwrap().iter().map(|one| one["how"].as_str().unwrap()).collect();
    assert_eq!(drift, ["differs"], "{yaml}");
    let last = house.call(ask("GET", "/api/v1/drift").by(&mia)).await.json();
    assert_eq!(last["items"][0]["fields"][0], *kept);
    for wrong in ["team/db:/title", "team/shops:title", "teem/shops"] {
        let body = json!({ "files": [{ "name": "a", "text": FILES }], "take": [wrong] });
        let refused = house.call(post("/api/v1/plan", &body)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(refused.json()["at"].as_str().unwrap().starts_with("/take"), "{}", refused.text);
    }
    // Somebody who may not change the document cannot make it the files' either.
    let db = "kind: team\nname: shops\nspec: { title: Stores, members: [rob] }\n";
    let same = ask("POST", "/api/v1/apply").by(&mia).text("application/yaml", db);
    assert_eq!(house.call(same).await.status, StatusCode::OK);
    assert_eq!(house.call(post("/api/v1/plan", &files(FILES))).await.json()["kept"].as_array().unwrap().len(), 1);
    let take =
        ask("POST", "/api/v1/apply?take=team/shops:/title&reason=agreed").by(&ada).text("application/yaml", FILES);
    let taken = house.call(take).await.json();
    assert_eq!(taken["plan"]["changes"][0]["fields"][0]["after"], "Shops");
    assert_eq!(house.call(ask("GET", "/api/v1/drift").by(&mia)).await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_whom_past_signals_would_reach_and_what_is_no_longer_covered() {
    let mut house = House::new();
    let (source, ada) = (house.source("prom"), house.token("ada", &[], None));
    let mut alert = firing(&["Disk"]);
    alert[0]["labels"]["service"] = "shop".into();
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&alert)).await;
    house.wait(7200);
    let plan = async |house: &House, spec: &str, days: u32| {
        let text = format!("kind: escalation-policy\nname: web\nspec: {spec}\n");
        let body = json!({ "files": [{ "name": "web.yaml", "text": text }], "take_all": true, "what_if": days });
        house.call(ask("POST", "/api/v1/plan").by(&ada).json(&body)).await
    };
    let found = plan(&house, "{ title: Web, team: web, steps: [{ notify: [{ person: max }] }] }", 30).await.json();
    let replay = &found["what_if"]["replay"];
    assert_eq!(replay["sentence"], "1 of 1 page of the last 30 days changes recipient.", "{found}");
    assert_eq!((&replay["changes"][0]["after"], &replay["reaches_others"]), (&json!(["max"]), &json!(true)));
    assert!(found["what_if"]["coverage"]["sentence"].as_str().unwrap().starts_with("Proven: "), "{found}");
    let hooks = "{ title: Web, team: web, steps: [{ notify: [{ webhook: 'https://hooks.example.org/x' }] }] }";
    let found = plan(&house, hooks, 7).await.json();
    assert_eq!(found["what_if"]["coverage"]["lost"][0]["document"], "escalation-policy/web", "{found}");
    assert_eq!(plan(&house, hooks, 0).await.json()["what_if"], Value::Null);
    let far = plan(&house, hooks, 91).await;
    assert_eq!((far.status, &far.json()["at"]), (StatusCode::BAD_REQUEST, &json!("/what_if")));
    // What pages nobody is not played.
    let team = json!({ "documents": [{ "kind": "role", "name": "scribe", "spec": { "title": "S", "duties": ["writes"] } }], "what_if": 30 });
    let found = house.call(ask("POST", "/api/v1/plan").by(&ada).json(&team)).await.json();
    assert_eq!(found["what_if"], Value::Null);
}
