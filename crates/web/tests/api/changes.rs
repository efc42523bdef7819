//! Changes over the API: from the proposal to the end, what the gate answers, and who may.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask};

pub(crate) const FREEZE: &str = "kind: freeze\nname: sale\nspec: { title: Sale, why: much is sold, from: 2026-09-01T00:00:00Z, to: 2026-12-01T00:00:00Z, services: [shop], except: [config, flag] }";
pub(crate) const RUNBOOK: &str =
    "kind: runbook\nname: undo\nspec: { title: Undo, text: Do it backwards, services: [shop] }";

pub(crate) fn proposal(title: &str, kind: &str) -> Value {
    json!({
        "kind": kind, "title": title, "why": "it is faster", "targets": [{ "service": "shop", "environment": "live", "to": "4.2" }],
        "steps": [{ "text": "deploy it", "estimate": "5m" }], "verification": ["it answers"],
        "rollback": { "way": { "manual": { "runbook": "undo" } }, "owner": "mia", "estimate": "10m",
            "abort_when": [{ "when": "errors", "lasting": "3m" }], "data": "untouched", "verification": ["it answers"] }
    })
}

/// Changes of mia's in each state that some act asks for, by that act. `incident` is open.
pub(crate) async fn stand(house: &mut House, incident: &str) -> Vec<(&'static str, String)> {
    house.apply(RUNBOOK);
    house.apply(FREEZE);
    let (mia, max) = (house.token("mia", &[], None), house.token("max", &[], None));
    let mut found = Vec::new();
    for act in [
        "edit",
        "approve",
        "schedule",
        "begin",
        "finish",
        "fail",
        "cancel",
        "review",
        "exempt",
        "preflight",
        "rollbacks",
    ] {
        // What may begin is of a kind that goes on in the freeze, and of services of its own.
        let kind = if act == "exempt" { "deploy" } else { "config" };
        let mut body = proposal(act, kind);
        body["targets"][0]["environment"] = json!(act);
        if act == "review" {
            body["emergency"] = json!(true);
            body["incident"] = json!(incident);
        }
        let made = house.call(ask("POST", "/api/v1/changes").by(&mia).json(&body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let steps: &[(&str, Value)] = match act {
            "schedule" | "begin" | "exempt" => &[("approve", json!({ "revision": 1 }))],
            "finish" | "fail" | "rollbacks" => &[("approve", json!({ "revision": 1 })), ("begin", json!({}))],
            "review" => &[("begin", json!({})), ("finish", json!({}))],
            _ => &[],
        };
        for (step, body) in steps {
            // Another change of the same service goes on: whoever may says that it matters not.
            let sheet = house.call(ask("GET", &format!("/api/v1/changes/{id}")).by(&max)).await.json();
            for reason in sheet["reasons"].as_array().unwrap().iter().filter(|one| one["rule"] == "collision") {
                let body = json!({ "rule": "collision", "about": reason["about"], "why": "they are apart" });
                house.call(ask("POST", &format!("/api/v1/changes/{id}/exempt")).by(&max).json(&body)).await;
            }
            let at = format!("/api/v1/changes/{id}/{step}");
            let done = house.call(ask("POST", &at).by(&max).json(body)).await;
            assert_eq!(done.status, StatusCode::OK, "{act} {step}: {}", done.text);
        }
        found.push((act, id));
    }
    let team =
        |name: &str, title: &str| json!({ "kind": "team", "name": name, "spec": { "title": title, "members": [] } });
    for (act, name) in [("documents", "one"), ("documents/update", "two"), ("apply", "three")] {
        house.apply(&format!("kind: team\nname: {name}\nspec: {{ title: Old, members: [] }}\n"));
        let body = json!({ "title": name, "why": "so", "set": { "documents": [team(name, "New")], "take_all": true } });
        let made = house.call(ask("POST", "/api/v1/changes/documents").by(&mia).json(&body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        if act == "documents/update" {
            house.apply(&format!("kind: team\nname: {name}\nspec: {{ title: Old, members: [mia] }}\n"));
        }
        if act == "apply" {
            let ada = house.token("ada", &[], None);
            let at = format!("/api/v1/changes/{id}/approve");
            let done = house.call(ask("POST", &at).by(&ada).json(&json!({ "revision": 1 }))).await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        }
        found.push((act, id));
    }
    // None goes on any more where another is to begin.
    let begin = found.iter().find(|(act, _)| *act == "begin").unwrap().1.clone();
    for reason in
        house.call(ask("GET", &format!("/api/v1/changes/{begin}")).by(&max)).await.json()["reasons"].as_array().unwrap()
    {
        let body = json!({ "rule": reason["rule"], "about": reason["about"], "why": "they are apart" });
        house.call(ask("POST", &format!("/api/v1/changes/{begin}/exempt")).by(&max).json(&body)).await;
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_goes_from_its_proposal_to_its_end() {
    let mut house = House::new();
    house.apply(RUNBOOK);
    let (mia, max) = (house.token("mia", &[], None), house.token("max", &[], None));
    let mut draft = proposal("Shop 4.2", "deploy");
    draft["rollback"] = Value::Null;
    let made = house.call(ask("POST", "/api/v1/changes").by(&mia).json(&draft)).await;
    insta::assert_snapshot!("a_change_proposed", made.shown());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let at = |deed: &str| format!("/api/v1/changes/{id}/{deed}");
    let refused = house.call(ask("POST", &at("approve")).by(&max).json(&json!({ "revision": 1 }))).await;
    assert_eq!(
        (refused.status, refused.json()["at"].as_str()),
        (StatusCode::CONFLICT, Some("/rollback")),
        "{}",
        refused.text
    );
    let mut edit = proposal("Shop 4.2", "deploy");
    edit["revision"] = json!(1);
    assert_eq!(house.call(ask("POST", &at("edit")).by(&mia).json(&edit)).await.status, StatusCode::OK);
    let own = house.call(ask("POST", &at("approve")).by(&mia).json(&json!({ "revision": 2 }))).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text);
    let stale = house.call(ask("POST", &at("approve")).by(&max).json(&json!({ "revision": 1 }))).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{}", stale.text);
    let approved = house.call(ask("POST", &at("approve")).by(&max).json(&json!({ "revision": 2 }))).await;
    insta::assert_snapshot!("a_change_approved", approved.shown());
    let begun = house.call(ask("POST", &at("begin")).by(&mia)).await;
    assert_eq!(begun.json()["change"]["state"], "running", "{}", begun.text);
    house.wait(300);
    let done = house.call(ask("POST", &at("finish")).by(&mia)).await;
    assert_eq!(done.json()["change"]["state"], "finished");
    let again = house.call(ask("POST", &at("begin")).by(&mia)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let would = house.call(ask("GET", &at("rollbacks/preview")).by(&mia)).await;
    assert_eq!(
        (would.json()["way"].as_str(), would.json()["blocked_by"].as_array().unwrap().len()),
        (Some("manual"), 0)
    );
    let listed = house.call(ask("GET", "/api/v1/changes?service=shop&state=finished").by(&mia)).await.json();
    assert_eq!(listed["items"][0]["id"], id.as_str());
    let wrong = house.call(ask("GET", "/api/v1/changes?state=finnished").by(&mia)).await;
    assert_eq!(
        (wrong.status, wrong.json()["at"].as_str()),
        (StatusCode::BAD_REQUEST, Some("?state")),
        "{}",
        wrong.text
    );
    // Taken back without an incident: asked for twice, it is one run; and somebody says that it is done.
    let speechless = house.call(ask("POST", &at("rollbacks")).by(&mia).json(&json!({ "why": " " }))).await;
    assert_eq!(speechless.json()["at"], "/why", "{}", speechless.text);
    let back = ask("POST", &at("rollbacks")).by(&mia).json(&json!({ "why": "errors" }));
    let run = house.call(back).await;
    assert_eq!((run.status, run.json()["state"].as_str()), (StatusCode::CREATED, Some("running")), "{}", run.text);
    let again = house.call(ask("POST", &at("rollbacks")).by(&max).json(&json!({ "why": "errors" }))).await;
    assert_eq!(again.json()["id"], run.json()["id"], "{}", again.text);
    let run = format!("/api/v1/rollbacks/{}", run.json()["id"].as_str().unwrap());
    let done = house.call(ask("POST", &run).by(&mia).json(&json!({ "do": "done", "said": "by the runbook" }))).await;
    assert_eq!(done.json()["state"], "succeeded", "{}", done.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_a_change_is_said_with_its_pointer() {
    let mut house = House::new();
    let mia = house.token("mia", &[], None);
    for (spoil, at) in [
        (json!({ "titel": "x" }), "/titel"),
        (json!({ "kind": "deplyo" }), "/kind"),
        (json!({ "steps": [{ "text": "x", "estimate": "long" }] }), "/steps/0/estimate"),
        (json!({ "targets": [{ "service": "shpo" }] }), "/targets"),
        (json!({ "emergency": true }), "/incident"),
        (json!({ "title": " " }), "/title"),
    ] {
        let mut body = proposal("Shop 4.2", "deploy");
        body.as_object_mut().unwrap().extend(spoil.as_object().unwrap().clone());
        let refused = house.call(ask("POST", "/api/v1/changes").by(&mia).json(&body)).await;
        assert_eq!(
            (refused.status, refused.json()["at"].as_str()),
            (StatusCode::BAD_REQUEST, Some(at)),
            "{}",
            refused.text
        );
    }
    assert_eq!(house.call(ask("GET", "/api/v1/changes").by(&mia)).await.json()["items"], json!([]), "nothing was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_answers_either_way_with_the_same_words() {
    let mut house = House::new();
    house.apply(FREEZE);
    let read = house.token("vic", &[domain::prepare::access::Scope::Read], None);
    let asked = house.call(ask("GET", "/api/v1/gate?service=shop&environment=live&kind=deploy").by(&read)).await;
    insta::assert_snapshot!("the_gate_of_a_frozen_service", asked.shown());
    let body = json!({ "services": ["shop"], "environment": "live", "kind": "deploy" });
    let posted = house.call(ask("POST", "/api/v1/gate").by(&read).json(&body)).await;
    assert_eq!(posted.json(), asked.json());
    let open = house.call(ask("GET", "/api/v1/gate?service=shop&kind=config").by(&read)).await.json();
    assert_eq!((&open["allowed"], &open["reasons"]), (&json!(true), &json!([])));
    for (query, at) in [
        ("service=shpo", "/services"),
        ("kind=x", "?kind"),
        ("change=cng_0000000000000001&kind=flag", "?change"),
        ("servce=shop", "?servce"),
    ] {
        let refused = house.call(ask("GET", &format!("/api/v1/gate?{query}")).by(&read)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}: {}", refused.text);
        assert_eq!(refused.json()["at"], at, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_is_exempted_by_whoever_may_and_counts_for_one_revision() {
    let mut house = House::new();
    house.apply(RUNBOOK);
    house.apply(FREEZE);
    let (rob, mia, max) = (house.token("rob", &[], None), house.token("mia", &[], None), house.token("max", &[], None));
    let made = house.call(ask("POST", "/api/v1/changes").by(&mia).json(&proposal("Shop 4.2", "deploy"))).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let at = |deed: &str| format!("/api/v1/changes/{id}/{deed}");
    house.call(ask("POST", &at("approve")).by(&max).json(&json!({ "revision": 1 }))).await;
    let held = house.call(ask("POST", &at("begin")).by(&mia)).await;
    assert_eq!(held.status, StatusCode::CONFLICT, "{}", held.text);
    let exempt = json!({ "rule": "freeze", "about": "sale", "why": "the certificate ends" });
    for (who, status) in [(&rob, StatusCode::FORBIDDEN), (&mia, StatusCode::FORBIDDEN), (&max, StatusCode::OK)] {
        let answer = house.call(ask("POST", &at("exempt")).by(who).json(&exempt)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let gate = house.call(ask("GET", &format!("/api/v1/gate?change={id}")).by(&rob)).await.json();
    assert_eq!((&gate["allowed"], &gate["reasons"][0]["exempted_by"]), (&json!(true), &json!("max")));
    let mut edit = proposal("Shop 4.3", "deploy");
    edit["revision"] = json!(1);
    house.call(ask("POST", &at("edit")).by(&mia).json(&edit)).await;
    let gate = house.call(ask("GET", &format!("/api/v1/gate?change={id}")).by(&rob)).await.json();
    assert_eq!(gate["allowed"], false);
    assert!(gate["reasons"].as_array().unwrap().iter().all(|one| one["exempted_by"].is_null()), "{gate}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_of_the_calendar_is_read_by_its_address_and_tells_nothing_that_is_restricted() {
    let mut house = House::new();
    house.apply(RUNBOOK);
    house.apply(FREEZE);
    let (rob, session) = (house.token("rob", &[], None), house.session("rob"));
    let room = json!({ "title": "The heron was seen", "class": "security" });
    let room = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&room)).await.json();
    for (title, incident) in [("Catch the heron", Some(room["id"].clone())), ("Shop, 4.2", None)] {
        let mut body = proposal(title, "config");
        body["emergency"] = json!(incident.is_some());
        if let Some(incident) = incident {
            body["incident"] = incident;
        }
        let made = house.call(ask("POST", "/api/v1/changes").by(&rob).json(&body)).await.json();
        let at = |deed: &str| format!("/api/v1/changes/{}/{deed}", made["id"].as_str().unwrap());
        if title.contains("heron") {
            let begun = house.call(ask("POST", &at("begin")).by(&rob)).await;
            assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
            house.call(ask("POST", &at("finish")).by(&rob)).await;
        } else {
            let max = house.token("max", &[], None);
            house.call(ask("POST", &at("approve")).by(&max).json(&json!({ "revision": 1 }))).await;
            let window = json!({ "from": "2026-09-22T02:00:00Z", "to": "2026-09-22T03:00:00Z" });
            let scheduled = house.call(ask("POST", &at("schedule")).by(&rob).json(&window)).await;
            assert_eq!(scheduled.status, StatusCode::OK, "{}", scheduled.text);
        }
    }
    let page = house.call(ask("GET", "/changes/calendar").with("accept", "text/html").with("cookie", &session)).await;
    assert!(page.text.contains("Catch the heron") && page.text.contains("The heron was seen"), "he is named for it");
    let (_, after) = page.text.split_once(&format!("{}/changes/calendar/", crate::support::HOME)).unwrap();
    let token = after.split('<').next().unwrap();
    let feed = house.call(ask("GET", &format!("/changes/calendar/{token}"))).await;
    assert_eq!(feed.headers["content-type"], "text/calendar; charset=utf-8");
    assert!(!feed.text.contains("heron"), "{}", feed.text);
    insta::assert_snapshot!("the_feed_of_the_calendar", crate::support::without_ids(&feed.text.replace('\r', "")));
    for wrong in ["x.ics".to_owned(), token.replace("cm9i", "YWRh")] {
        assert_eq!(house.call(ask("GET", &format!("/changes/calendar/{wrong}"))).await.status, StatusCode::NOT_FOUND);
    }
}
