//! Postmortems over the API and on pages: judged, owned, written, reviewed, published; to those who see the incident.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

pub(crate) const POLICY: &str = "
kind: role
name: postmortem-owner
spec: { title: Postmortem owner, duties: [sees to it], single: true }
---
kind: postmortem-policy
name: default
spec:
  title: Postmortems
  calendar: { time_zone: UTC }
  accept_within: { business-days: 1 }
  dates: [{ draft: { business-days: 2 }, publish: { business-days: 10 } }]
  rules:
  - { name: near-miss, because: luck, when: { near_miss: true }, effect: required, form: light }
  - { name: data-lost, because: data was lost, when: { data_lost: true }, effect: required, form: light, waivable: false }
  - { name: requested, because: somebody asked, when: { requested: true }, effect: required, form: light }
";

/// An incident that is over, with a factor that somebody named.
pub(crate) async fn begun(house: &mut House, by: &str) -> (String, String) {
    let id = over(house, by, json!({ "title": "It failed", "class": "system" })).await;
    let path = format!("/api/v1/incidents/{id}/postmortem/factors");
    let made = house.call(ask("POST", &path).by(by).json(&json!({ "text": "Nothing refused it" }))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    (id, made.json()["id"].as_str().unwrap().to_owned())
}

/// What somebody says beside the postmortem of an incident, of a section that was written twice.
pub(crate) async fn commented(house: &mut House, by: &str, id: &str) -> String {
    let at = |rest: &str| format!("/api/v1/incidents/{id}/postmortem{rest}");
    for (from, text) in ["The pool was full.", "The pool was full for an hour."].into_iter().enumerate() {
        let body = json!({ "sections": [{ "section": "summary", "text": text, "from": from }] });
        let done = house.call(ask("POST", &at("/sections")).by(by).json(&body)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    let body = json!({ "section": "summary", "quote": "for an hour", "text": "Which <b>hour</b>?" });
    let said = house.call(ask("POST", &at("/comments")).by(by).json(&body)).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.text);
    said.json()["id"].as_str().unwrap().to_owned()
}

/// An incident that is over.
pub(crate) async fn over(house: &mut House, by: &str, new: Value) -> String {
    let made = house.call(ask("POST", "/api/v1/incidents").by(by).json(&new)).await;
    let id = made.json()["id"].as_str().unwrap_or_else(|| panic!("{}", made.text)).to_owned();
    let end = json!({ "do": "resolve", "why": "it works" });
    let done = house.call(ask("POST", &format!("/api/v1/incidents/{id}/act")).by(by).json(&end)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    id
}

#[tokio::test]
async fn it_goes_from_due_to_published() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, mia, vic) = (house.token("rob", &[], None), house.token("mia", &[], None), house.token("vic", &[], None));
    let id = over(&mut house, &rob, json!({ "title": "Near <i>miss</i>", "class": "system", "near_miss": true })).await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}/postmortem{rest}");
    let found = house.call(ask("GET", &at("")).by(&vic)).await.json();
    assert_eq!((found["state"].as_str(), found["effect"].as_str()), (Some("due"), Some("required")), "{found}");
    assert_eq!(found["reasons"][0]["seen"][0]["says"], "it was a near miss");
    assert_eq!(found["missing"].as_array().unwrap().len(), 4);
    assert!(found["asked"].is_string() && found["publish_due"].is_string(), "{found}");
    let listed = house.call(ask("GET", "/api/v1/postmortems").by(&vic)).await.json();
    assert_eq!(listed["items"][0]["incident"], id.as_str());

    let write = |section: &str, text: &str, from: u32| json!({ "sections": [{ "section": section, "text": text, "from": from }] });
    let sections = at("/sections");
    for (by, body, status) in [
        (&vic, write("summary", "x", 0), StatusCode::FORBIDDEN),
        (&rob, write("summmary", "x", 0), StatusCode::BAD_REQUEST),
        (&rob, write("summary", "It <b>nearly</b> failed.", 0), StatusCode::OK),
        (&mia, write("summary", "Other words.", 0), StatusCode::CONFLICT),
        (&rob, write("impact", "Nobody felt it.", 0), StatusCode::OK),
        (&rob, write("learning", "The check helped.", 0), StatusCode::OK),
    ] {
        let done = house.call(ask("POST", &sections).by(by).json(&body)).await;
        assert_eq!(done.status, status, "{body}: {}", done.text);
    }
    let factors = at("/factors");
    for (text, status) in [
        ("Rob Ode pressed the button", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
        ("The button asks nothing", StatusCode::CREATED),
    ] {
        let done = house.call(ask("POST", &factors).by(&rob).json(&json!({ "text": text }))).await;
        assert_eq!(done.status, status, "{text}: {}", done.text);
    }
    let deed = |deed: &str| json!({ "do": deed });
    for (by, body, status) in [
        (&mia, deed("publish"), StatusCode::CONFLICT),
        (&rob, deed("submit"), StatusCode::OK),
        (&rob, deed("publish"), StatusCode::FORBIDDEN),
        (&mia, json!({ "do": "send-back", "why": "how close?" }), StatusCode::OK),
        (&rob, deed("submit"), StatusCode::OK),
        (&mia, deed("publish"), StatusCode::OK),
        (&mia, json!({ "do": "waive", "why": "nothing is to be learned here, really nothing" }), StatusCode::CONFLICT),
        (&rob, json!({ "do": "correct", "correction": "It was a minute." }), StatusCode::OK),
    ] {
        let done = house.call(ask("POST", &at("")).by(by).json(&body)).await;
        assert_eq!(done.status, status, "{body}: {}", done.text);
    }
    let published = house.call(ask("GET", &at("")).by(&vic)).await.json();
    assert_eq!((published["state"].as_str(), published["reviewer"].as_str()), (Some("published"), Some("mia")));
    assert_eq!(published["versions"][1]["correction"], "It was a minute.");
    let text = house.call(ask("GET", &format!("/api/v1/incidents/{id}/postmortem.md")).by(&vic)).await;
    assert!(text.text.starts_with("# Near \\<i\\>miss") && text.text.contains("## Correction"), "{}", text.text);
    let history = house.call(ask("GET", &at("/sections/summary")).by(&vic)).await.json();
    assert_eq!(history["items"][0]["revision"], 1);
    assert_eq!(house.call(ask("GET", &at("/sections/nothing")).by(&vic)).await.status, StatusCode::NOT_FOUND);
    let ada = house.session("ada");
    let page = house.call(ask("GET", &format!("/incidents/{id}/postmortem")).with("cookie", &ada)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("What was published") && !page.text.contains("<b>nearly"), "{}", page.text);
    assert!(!page.text.contains("<i>miss"), "{}", page.text);
}

#[tokio::test]
async fn a_form_that_clashes_keeps_both_texts() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, mia) = (house.token("rob", &[], None), house.session("mia"));
    let id = over(&mut house, &rob, json!({ "title": "Near miss", "class": "system", "near_miss": true })).await;
    let body = json!({ "sections": [{ "section": "summary", "text": "His words." }] });
    house.call(ask("POST", &format!("/api/v1/incidents/{id}/postmortem/sections")).by(&rob).json(&body)).await;
    let here = format!("/incidents/{id}/postmortem");
    let form = "act=write&from-summary=0&text-summary=Her+words.&from-impact=0&text-impact=Nobody";
    let clash =
        house.call(ask("POST", &here).with("cookie", &mia).text("application/x-www-form-urlencoded", form)).await;
    assert_eq!(clash.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", clash.text);
    for text in ["His words.", "Her words.", "Nobody", "name=\"from-summary\" value=\"1\""] {
        assert!(clash.text.contains(text), "{text}: {}", clash.text);
    }
    let saved = house
        .call(
            ask("POST", &here)
                .with("cookie", &mia)
                .text("application/x-www-form-urlencoded", &form.replace("summary=0", "summary=1")),
        )
        .await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let list = house.call(ask("GET", "/postmortems").with("cookie", &mia)).await;
    assert!(
        list.text.contains("Near miss") && list.text.contains("It was a near miss")
            || list.text.contains("it was a near miss")
    );
}

#[tokio::test]
async fn one_of_a_restricted_incident_is_there_for_those_who_are_named() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, ada) = (house.token("rob", &[], None), house.token("ada", &[], None));
    let hidden = json!({ "title": "A token was used", "class": "security", "near_miss": true });
    let id = over(&mut house, &rob, hidden).await;
    let path = format!("/api/v1/incidents/{id}/postmortem");
    assert_eq!(house.call(ask("GET", &path).by(&rob)).await.status, StatusCode::OK);
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", format!("{path}.md")),
        ("GET", format!("{path}/sections/summary")),
        ("POST", path.clone()),
    ] {
        let body = json!({ "do": "submit" });
        let asked =
            if method == "POST" { ask(method, &path).by(&ada).json(&body) } else { ask(method, &path).by(&ada) };
        let answer = house.call(asked).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {}", answer.text);
        assert!(!answer.text.contains("token was used"));
    }
    let listed = house.call(ask("GET", "/api/v1/postmortems?state=all").by(&ada)).await;
    assert_eq!(listed.json()["items"], json!([]), "{}", listed.text);
    let open = house
        .call(ask("POST", "/api/v1/incidents").by(&rob).json(&json!({ "title": "Open", "class": "system" })))
        .await;
    let open = open.json()["id"].as_str().unwrap().to_owned();
    let none = house.call(ask("GET", &format!("/api/v1/incidents/{open}/postmortem")).by(&rob)).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text.contains("its response is not over"), "{}", none.text);
}
