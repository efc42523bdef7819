//! Documents that are proposed as a change, and edits that are held.

use axum::http::StatusCode;
use domain::prepare::access::Scope;
use serde_json::{Value, json};

use crate::support::{House, ask};

fn service(title: &str, description: &str) -> Value {
    let spec = json!({ "title": title, "team": "web", "escalation_policy": "web", "description": description });
    json!({ "kind": "service", "name": "shop", "spec": spec })
}

fn proposal(title: &str, document: &Value) -> Value {
    json!({ "title": title, "why": "it is called so", "set": { "documents": [document], "take_all": true } })
}

const FREEZE: &str = "
kind: freeze
name: sale
spec: { title: The sale, why: most money is made, from: 2026-01-01T00:00:00Z, to: 2027-12-31T00:00:00Z, services: [shop] }
";

#[tokio::test(flavor = "multi_thread")]
async fn documents_go_from_their_proposal_to_their_rollback() {
    let mut house = House::new();
    let [rob, mia, max, vic] = ["rob", "mia", "max", "vic"].map(|person| house.token(person, &[], None));
    let body = proposal("The store", &service("Store", "where people buy"));
    let no = house.call(ask("POST", "/api/v1/changes/documents").by(&vic).json(&body)).await;
    assert_eq!(no.status, StatusCode::FORBIDDEN, "{}", no.text);
    let made = house.call(ask("POST", "/api/v1/changes/documents").by(&rob).json(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    insta::assert_snapshot!("documents_proposed", made.shown());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let at = |deed: &str| format!("/api/v1/changes/{id}/{deed}");
    insta::assert_snapshot!("proposed_documents", house.call(ask("GET", &at("documents")).by(&vic)).await.shown());
    // Who may write it approves it; who manages another team does not.
    let yes = json!({ "revision": 1 });
    assert_eq!(house.call(ask("POST", &at("approve")).by(&max).json(&yes)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call(ask("POST", &at("apply")).by(&rob)).await.status, StatusCode::CONFLICT);
    let begun = house.call(ask("POST", &at("begin")).by(&mia)).await;
    assert_eq!(begun.status, StatusCode::CONFLICT, "{}", begun.text);
    assert_eq!(house.call(ask("POST", &at("approve")).by(&mia).json(&yes)).await.status, StatusCode::OK);
    let mut edit = proposal("The store", &service("Store", "where people pay"));
    edit["revision"] = json!(1);
    assert_eq!(house.call(ask("POST", &at("documents")).by(&rob).json(&edit)).await.json()["revision"], 2);
    assert_eq!(house.call(ask("POST", &at("apply")).by(&rob)).await.status, StatusCode::CONFLICT, "it is void");
    house.call(ask("POST", &at("approve")).by(&mia).json(&json!({ "revision": 2 }))).await;
    // Somebody else changes the same, then something else.
    house.apply("kind: service\nname: shop\nspec: { title: Bazaar, team: web, escalation_policy: web }\n");
    let refused = house.call(ask("POST", &at("apply")).by(&rob)).await;
    assert_eq!(
        (refused.status, refused.json()["at"].as_str()),
        (StatusCode::CONFLICT, Some("/documents")),
        "{}",
        refused.text
    );
    let shown = house.call(ask("GET", &at("documents")).by(&rob)).await.json();
    assert_eq!(
        shown["conflicts"],
        json!([{ "document": "service/shop", "pointer": "/title", "in_force": "Bazaar", "proposed": "Store" }])
    );
    house.apply("kind: service\nname: shop\nspec: { title: Shop, team: web, escalation_policy: web, tier: 2 }\n");
    assert_eq!(house.call(ask("POST", &at("documents/update")).by(&rob)).await.json()["revision"], 3);
    house.call(ask("POST", &at("approve")).by(&mia).json(&json!({ "revision": 3 }))).await;
    let done = house.call(ask("POST", &at("apply")).by(&rob)).await.json();
    assert_eq!(
        (&done["change"]["state"], &done["change"]["source"]),
        (&json!("finished"), &json!("documents")),
        "{done}"
    );
    let shop = house.call(ask("GET", "/api/v1/documents/service/shop").by(&vic)).await.json();
    assert_eq!((&shop["spec"]["title"], &shop["spec"]["tier"]), (&json!("Store"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_said_before_and_let_through_by_who_may() {
    let mut house = House::new();
    house.apply(FREEZE);
    let [rob, mia, ada] = ["rob", "mia", "ada"].map(|person| house.token(person, &[], None));
    let mut set = json!({ "documents": [service("Store", "where people buy")] });
    let plan = house.call(ask("POST", "/api/v1/plan").by(&rob).json(&set)).await.json();
    assert_eq!(
        plan["held"],
        json!([{ "rule": "freeze", "about": "sale", "message": "The sale until 2027-12-31 00:00 UTC: most money is made", "may_exempt": "a manager" }])
    );
    let held = house.call(ask("POST", "/api/v1/apply").by(&mia).json(&set)).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    assert!(held.json()["detail"].as_str().unwrap().ends_with("(a manager may exempt)"), "{}", held.text);
    set["override"] = json!("the name was sold");
    let through = house.call(ask("POST", "/api/v1/apply").by(&mia).json(&set)).await;
    assert_eq!(through.status, StatusCode::OK, "{}", through.text);
    let all = house.call(ask("GET", "/api/v1/changes?path=observed").by(&rob)).await.json();
    let id = all["items"][0]["id"].as_str().unwrap();
    let sheet = house.call(ask("GET", &format!("/api/v1/changes/{id}")).by(&rob)).await.json();
    assert_eq!(
        (&sheet["exemptions"][0]["by"], &sheet["exemptions"][0]["why"]),
        (&json!("mia"), &json!("the name was sold"))
    );
    // Back is free, and what does not act on what runs.
    let back =
        house.call(ask("POST", "/api/v1/documents/service/shop/rollback").by(&mia).json(&json!({ "to": 1 }))).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    let team = json!({ "documents": [{ "kind": "team", "name": "web", "spec": { "title": "Site", "members": ["mia", "rob"] } }] });
    assert_eq!(house.call(ask("POST", "/api/v1/apply").by(&mia).json(&team)).await.status, StatusCode::OK);
    // A review is of any kind; an administrator alone lets an edit through.
    house.apply("kind: review\nname: teams\nspec: { title: Teams, why: two see more, kinds: [team] }\n");
    let put = |title: &str| json!({ "documents": [{ "kind": "team", "name": "web", "spec": { "title": title, "members": ["mia"] } }], "override": "now" });
    assert_eq!(house.call(ask("POST", "/api/v1/apply").by(&mia).json(&put("A"))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call(ask("POST", "/api/v1/apply").by(&ada).json(&put("A"))).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proposed_is_said_with_its_place() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let good = service("Store", "");
    for (body, status, at) in [
        (json!({ "title": "x", "why": "y", "set": {} }), StatusCode::BAD_REQUEST, None),
        (json!({ "title": " ", "why": "y", "set": { "documents": [good] } }), StatusCode::BAD_REQUEST, Some("/title")),
        (json!({ "title": "x", "why": "", "set": { "documents": [good] } }), StatusCode::BAD_REQUEST, Some("/why")),
        (json!({ "titel": "x" }), StatusCode::BAD_REQUEST, Some("/titel")),
        (
            json!({ "title": "x", "why": "y", "emergency": true, "set": { "documents": [good] } }),
            StatusCode::BAD_REQUEST,
            Some("/incident"),
        ),
    ] {
        let answer = house.call(ask("POST", "/api/v1/changes/documents").by(&rob).json(&body)).await;
        assert_eq!((answer.status, answer.json()["at"].as_str()), (status, at), "{}", answer.text);
    }
    let none = house.call(ask("GET", "/api/v1/changes/cng_06gt0v0m00pes9qp/documents").by(&rob)).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_pages_a_proposal_may_be_an_emergency_and_is_applied_by_who_may_write_documents() {
    let mut house = House::new();
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let narrow = house.token("mia", &[Scope::Read, Scope::Incidents], None);
    let said = json!({ "title": "Nobody can buy", "class": "system", "services": ["shop"] });
    let incident = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&said)).await.json()["id"].clone();
    let incident = incident.as_str().unwrap();
    let yaml = "kind: service\nname: shop\nspec: { title: Store, team: web, escalation_policy: web }\n";
    let form = |path: &str, by: &str, fields: &[(&str, &str)]| {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        ask("POST", path).by(by).with("accept", "text/html").text("application/x-www-form-urlencoded", &body.join("&"))
    };
    let plan = house.call(form("/documents/plan", &rob, &[("yaml", yaml)])).await;
    assert!(plan.text.contains("Emergency in") && plan.text.contains(incident), "{}", plan.text);
    let emergency = |of: &str| {
        let fields =
            [("yaml", yaml), ("title", "Change service/shop"), ("reason", "the name breaks it"), ("emergency", of)];
        form("/changes/documents", &rob, &fields)
    };
    let wrong = house.call(emergency("inc_nonsense")).await;
    assert_eq!(wrong.headers["location"], "/documents", "{}", wrong.text);
    let made = house.call(emergency(incident)).await;
    let page = made.headers["location"].to_str().unwrap().to_owned();
    assert!(page.starts_with("/changes/cng_"), "{page}");
    let change = house.call(ask("GET", &format!("/api/v1{page}")).by(&rob)).await.json()["change"].clone();
    assert_eq!((&change["path"], &change["incident"]), (&json!("emergency"), &json!(incident)));
    let shown = house.call(ask("GET", &page).by(&mia).with("accept", "text/html")).await;
    assert!(shown.text.contains(&format!("formaction=\"{page}/apply\"")), "{}", shown.text);
    // It writes documents: the scope of incidents is not enough, and who may not write them does not.
    let apply = format!("{page}/apply");
    assert_eq!(house.call(form(&apply, &narrow, &[])).await.status, StatusCode::FORBIDDEN);
    let old = house.call(form(&format!("{page}/act"), &mia, &[("act", "apply")])).await;
    assert_eq!(old.headers["location"], page.as_str(), "there is no such button");
    let state =
        async || house.call(ask("GET", &format!("/api/v1{page}")).by(&rob)).await.json()["change"]["state"].clone();
    house.call(form(&apply, &rob, &[])).await;
    assert_eq!(state().await, json!("proposed"), "he may not write it");
    let applied = house.call(form(&apply, &mia, &[])).await;
    assert_eq!(applied.headers["location"], page.as_str());
    assert_eq!(state().await, json!("finished"));
    let shop = house.call(ask("GET", "/api/v1/documents/service/shop").by(&rob)).await.json();
    assert_eq!(shop["spec"]["title"], "Store");
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02X}"))
}
