//! The ways through the API that people and programs take, from a signal to the end of a page.

use axum::http::StatusCode;
use domain::prepare::access::Scope;
use domain::seals::bundles::{self, Bundle};
use domain::seals::notes::{Checkpoint, PublicKey};
use serde_json::{Value, json};

use crate::support::{HOME, House, ask};

pub(crate) fn firing(names: &[&str]) -> Value {
    let alerts = names.iter().map(|name| {
        json!({
            "labels": { "alertname": name, "service": "shop", "severity": "critical", "instance": name },
            "annotations": { "summary": format!("{name} is down") },
            "generatorURL": "http://prom.example.org/graph",
        })
    });
    alerts.collect::<Vec<_>>().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_the_alerts_of_an_incident_stands_on_its_timeline() {
    let mut house = House::new();
    let (source, ada) = (house.source("prom"), house.token("ada", &[], None));
    let one = |instance: &str| {
        let mut alert = firing(&["Disk"]);
        alert[0]["labels"]["instance"] = json!(instance);
        alert
    };
    let send = async |body: &Value| house.call(ask("POST", "/api/v2/alerts").by(&source).json(body)).await;
    send(&one("a")).await;
    let alerts = house.call(ask("GET", "/api/v1/alerts").by(&ada)).await.json();
    let body = json!({ "title": "Disks fill", "class": "system", "from": [alerts["items"][0]["id"]] });
    let made = house.call(ask("POST", "/api/v1/incidents").by(&ada).json(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    // More of the same group, and the answer of a person, after it was declared.
    house.wait(30);
    send(&one("b")).await;
    let page = alerts["items"][0]["page"].as_str().unwrap();
    house.call(ask("POST", &format!("/api/v1/pages/{page}/acknowledge")).by(&ada).json(&json!({}))).await;
    let timeline = house.call(ask("GET", &format!("/api/v1/incidents/{id}/timeline")).by(&ada)).await.json();
    let kinds: Vec<&str> =
        timeline["items"].as_array().unwrap().iter().rev().map(|entry| entry["kind"].as_str().unwrap()).collect();
    let count = |kind: &str| kinds.iter().filter(|one| **one == kind).count();
    assert_eq!((count("alerts.fired"), count("page.started"), count("page.acknowledged")), (2, 1, 1), "{kinds:?}");
    let stamps = house.call(ask("GET", &format!("/api/v1/incidents/{id}/stamps")).by(&ada)).await.json();
    let milestones: Vec<&str> =
        stamps["items"].as_array().unwrap().iter().map(|stamp| stamp["milestone"].as_str().unwrap()).collect();
    assert_eq!(milestones, ["declared", "detected", "alerted", "acknowledged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_comes_in_pages_is_acknowledged_and_resolves() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    let sent = house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&["Disk"]))).await;
    assert_eq!((sent.status, sent.text.as_str()), (StatusCode::OK, ""));
    let listed = house.call(ask("GET", "/api/v1/alerts?service=shop&severity=critical").by(&rob)).await;
    insta::assert_snapshot!("flow_1_listed", listed.shown());
    let id = listed.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let page = listed.json()["items"][0]["page"].as_str().unwrap().to_owned();
    let one = house.call(ask("GET", &format!("/api/v1/alerts/{id}")).by(&rob)).await;
    insta::assert_snapshot!("flow_2_one_with_its_why", one.shown());
    house.wait(30);
    let body = json!({ "alerts": [id] });
    let acknowledge = ask("POST", "/api/v1/alerts/acknowledge").by(&rob).json(&body);
    assert_eq!(house.call(acknowledge.clone()).await.json(), json!({ "changed": 1 }));
    assert_eq!(house.call(acknowledge).await.json(), json!({ "changed": 0 }), "it was so already");
    let paged = house.call(ask("GET", &format!("/api/v1/pages/{page}")).by(&rob)).await.json();
    assert_eq!((&paged["state"], &paged["acknowledged_by"]), (&json!("acknowledged"), &json!("rob")));
    let none = house.call(ask("GET", "/api/v1/alerts?state=firing").by(&rob)).await.json();
    assert_eq!(none["items"], json!([]));
    house.wait(30);
    let over = json!([{
        "labels": { "alertname": "Disk", "service": "shop", "severity": "critical", "instance": "Disk" },
        "endsAt": house.now(),
    }]);
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&over)).await;
    let resolved = house.call(ask("GET", "/api/v1/alerts?state=resolved").by(&rob)).await.json();
    assert_eq!((&resolved["items"][0]["id"], &resolved["items"][0]["closing"]), (&json!(id), &json!("source")));
    let ended = house.call(ask("GET", &format!("/api/v1/pages/{page}")).by(&rob)).await.json();
    assert_eq!((&ended["state"], &ended["ended"]), (&json!("ended"), &json!("resolved")));
    let told = house.call(ask("GET", &format!("/api/v1/alerts/{id}")).by(&rob)).await.json();
    let kinds = told["history"].as_array().unwrap().iter().rev().map(|one| one["kind"].as_str().unwrap());
    let kinds: Vec<&str> = kinds.collect();
    let all =
        ["alerts.fired", "page.started", "alerts.acknowledged", "page.acknowledged", "alerts.resolved", "page.ended"];
    assert_eq!(kinds, all);
    // The journal tells of the alert without its pages, in parts as well.
    let (mut kinds, mut path) = (Vec::new(), format!("/api/v1/journal?subject={id}&limit=1"));
    for _ in 0..9 {
        let part = house.call(ask("GET", &path).by(&rob)).await.json();
        kinds.extend(part["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()));
        let Some(cursor) = part["next_cursor"].as_str() else { break };
        path = format!("/api/v1/journal?subject={id}&limit=1&cursor={cursor}");
    }
    assert_eq!(kinds.first().map(String::as_str), Some("page.ended"), "{kinds:?}");
    for kind in ["alerts.fired", "alerts.acknowledged", "alerts.resolved"] {
        assert_eq!(kinds.iter().filter(|one| *one == kind).count(), 1, "{kinds:?}");
    }
    let none = house.call(ask("GET", "/api/v1/journal?subject=alr_0000000000000000").by(&rob)).await.json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_comes_in_parts_that_stay_right_while_more_comes_in() {
    let mut house = House::new();
    let (source, vic) = (house.source("prom"), house.token("vic", &[], None));
    let names: Vec<String> = (0..7).map(|n| format!("a{n}")).collect();
    for name in &names {
        house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&[name]))).await;
        house.wait(1);
    }
    let rob = house.token("rob", &[], None);
    let all = house.call(ask("GET", "/api/v1/alerts").by(&rob)).await.json();
    let gone: Vec<&Value> = all["items"].as_array().unwrap().iter().skip(4).map(|one| &one["id"]).collect();
    house.call(ask("POST", "/api/v1/alerts/resolve").by(&rob).json(&json!({ "alerts": gone }))).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/alerts?state=all&limit=2".to_owned());
    for turn in 0..9 {
        let answer = house.call(ask("GET", &path).by(&vic)).await;
        let body = answer.json();
        let names = body["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        seen.extend(names);
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(link.is_some(), body["next_cursor"].is_string());
        let Some(link) = link else { break };
        path = link.strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
        // What comes in at the front moves nothing.
        house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&[&format!("new{turn}")]))).await;
    }
    // Open ones newest first, then those that are over (all ended at once: by id).
    assert_eq!(seen, ["a6", "a5", "a4", "a3", "a2", "a1", "a0"]);
    for (query, status) in [
        ("cursor=zzz", 400),
        ("limit=0", 400),
        ("limit=501", 400),
        ("state=frozen", 400),
        ("severity=bad", 400),
        ("matcher=%7B", 400),
        ("sevrity=critical", 400),
        ("matcher=alertname%3D~%22a%5B56%5D%22", 200),
    ] {
        let answer = house.call(ask("GET", &format!("/api/v1/alerts?{query}")).by(&vic)).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
        if status == 400 {
            assert!(answer.json()["at"].as_str().unwrap().starts_with('?'), "{query}: {}", answer.text);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_its_place_and_kept_to_be_looked_at() {
    let mut house = House::new();
    let (prom, hook, ada) = (house.source("prom"), house.source("hook"), house.token("ada", &[], None));
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let large = format!("[\"{}\"]", "x".repeat(1 << 17));
    let mut shown = String::new();
    for (token, path, body) in [
        (&prom, "/api/v2/alerts", r#"[{"labels": {"alertname": 7}}]"#),
        (&prom, "/api/v2/alerts", r#"[{"labels": {}}]"#),
        (&prom, "/api/v2/alerts", "<alerts/>"),
        (&prom, "/api/v2/alerts", &deep),
        (&prom, "/api/v2/alerts", &large),
        (&prom, "/in/prom/alertmanager", r#"{"version": "4", "alerts": [{"status": "firing", "labels": "x"}]}"#),
        (&hook, "/in/hook/webhook", r#"{"tilte": "typo"}"#),
        (&hook, "/in/hook/webhook", &deep),
    ] {
        house.wait(1);
        let answer = house.call(ask("POST", path).by(token).text("application/json", body)).await;
        let told = answer.json();
        let at = told["at"].as_str().unwrap_or("-");
        shown += &format!("{} {path} {at}: {}\n", answer.status.as_u16(), told["detail"].as_str().unwrap());
    }
    insta::assert_snapshot!("refused_at_the_door", shown);
    let kept = house.call(ask("GET", "/api/v1/integrations/prom/rejections").by(&ada)).await.json();
    assert_eq!((kept["count"].as_i64(), kept["items"].as_array().unwrap().len()), (Some(6), 6));
    assert_eq!(kept["items"][5]["excerpt"], r#"[{"labels": {"alertname": 7}}]"#);
    let none = house.call(ask("GET", "/api/v1/alerts?state=all").by(&ada)).await.json();
    assert_eq!(none["items"], json!([]), "nothing of it became an alert");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_rotated_and_no_signal_is_lost() {
    let mut house = House::new();
    let (old, mia, max) = (house.source("prom"), house.token("mia", &[], None), house.token("max", &[], None));
    let path = "/api/v1/integrations/prom/tokens";
    let refused = house.call(ask("POST", path).by(&max).json(&json!({}))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let made = house.call(ask("POST", path).by(&mia).json(&json!({ "grace": "1h" }))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let new = made.json()["secret"].as_str().unwrap().to_owned();
    let post = |token: &str| ask("POST", "/api/v2/alerts").by(token).json(&json!([]));
    for (wait, works) in [(0, [200, 200]), (3500, [200, 200]), (200, [401, 200])] {
        house.wait(wait);
        let statuses = [house.call(post(&old)).await.status.as_u16(), house.call(post(&new)).await.status.as_u16()];
        assert_eq!(statuses, works);
    }
    let listed = house.call(ask("GET", path).by(&mia)).await;
    assert!(!listed.text.contains(&new) && listed.json()["items"].as_array().unwrap().len() == 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_only_overwritten_by_who_has_seen_it() {
    let mut house = House::new();
    let (ada, mia) = (house.token("ada", &[], None), house.token("mia", &[], None));
    let path = "/api/v1/documents/team/web";
    let team = |title: &str| json!({ "kind": "team", "name": "web", "spec": { "title": title, "members": ["mia"] } });
    let read = house.call(ask("GET", path).by(&mia)).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    let put = |by: &str, title: &str| ask("PUT", path).by(by).json(&team(title));
    let mut shown = String::new();
    for ask in [
        put(&mia, "Blind"),
        put(&mia, "First").with("if-match", "\"1\""),
        put(&ada, "Late").with("if-match", "\"1\""),
        put(&ada, "Late").with("if-none-match", "*"),
        put(&ada, "Late").with("if-match", "W/\"2\""),
        put(&ada, "Again").with("if-match", "\"2\""),
        ask("DELETE", "/api/v1/documents/team/db").by(&ada),
        ask("DELETE", "/api/v1/documents/team/db").by(&mia).with("if-match", "\"1\""),
        ask("DELETE", "/api/v1/documents/team/db").by(&ada).with("if-match", "\"1\""),
        ask("GET", "/api/v1/documents/team/db").by(&ada),
        ask("GET", path).by(&ada).with("if-none-match", "\"3\""),
    ] {
        let answer = house.call(ask).await;
        let etag = answer.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let said = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
        let said = said["detail"].as_str().map(str::to_owned);
        shown += &format!("{} {etag} {}\n", answer.status.as_u16(), said.unwrap_or_default());
    }
    insta::assert_snapshot!("who_has_seen_it", shown);
    let history = house.call(ask("GET", &format!("{path}/history")).by(&ada)).await.json();
    assert_eq!(history["items"].as_array().unwrap().len(), 3);
    let back = ask("POST", &format!("{path}/rollback")).by(&ada).json(&json!({ "to": 1 }));
    assert_eq!(house.call(back).await.status, StatusCode::OK);
    let now = house.call(ask("GET", path).by(&ada)).await.json();
    assert_eq!((&now["spec"]["title"], &now["revision"]), (&json!("Web"), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_documents_is_planned_and_applied_all_or_nothing() {
    let mut house = House::new();
    let (ada, mia, vic) = (house.token("ada", &[], None), house.token("mia", &[], None), house.token("vic", &[], None));
    let wrong = "kind: service\nname: cart\nspec:\n  title: Cart\n  team: wbe\n---\nkind: team\nname: x\nspce: {}\n";
    let planned = house.call(ask("POST", "/api/v1/plan").by(&mia).text("application/yaml", wrong)).await;
    insta::assert_snapshot!("plan_refused", planned.shown());
    let fine = "kind: service\nname: cart\nspec: { title: Cart, team: web }\n";
    let planned = house.call(ask("POST", "/api/v1/plan").by(&mia).text("application/yaml", fine)).await;
    assert_eq!(planned.json()["changes"][0]["verb"], "create");
    let events = house.events();
    let set = json!({ "files": [{ "name": "cart.yaml", "text": fine }], "reason": "a cart" });
    for (by, status) in [(&vic, 403), (&mia, 200), (&mia, 200)] {
        let applied = house.call(ask("POST", "/api/v1/apply").by(by).json(&set)).await;
        assert_eq!(applied.status.as_u16(), status, "{}", applied.text);
    }
    assert_eq!(house.events(), events + 1, "what says the same makes no second changeset");
    let foreign =
        json!({ "documents": [{ "kind": "team", "name": "db", "spec": { "title": "Mine", "members": ["mia"] } }] });
    let refused = house.call(ask("POST", "/api/v1/apply").by(&mia).json(&foreign)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let stale = json!({ "documents": [{ "kind": "service", "name": "cart", "spec": { "title": "C", "team": "web" } }], "base": 1 });
    assert_eq!(house.call(ask("POST", "/api/v1/apply").by(&ada).json(&stale)).await.status.as_u16(), 412);
    let export = house.call(ask("GET", "/api/v1/export?of=service").by(&vic)).await;
    assert_eq!(export.headers["content-type"], "application/yaml");
    let again = house.call(ask("POST", "/api/v1/plan").by(&mia).text("application/yaml", &export.text)).await.json();
    assert_eq!((&again["changes"], again["unchanged"].as_array().unwrap().len()), (&json!([]), 2));
    let form = ask("POST", "/api/v1/plan").by(&mia).text("application/x-www-form-urlencoded", "a=b");
    assert_eq!(house.call(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // Everybody may change how they are reached, and nothing else of themselves.
    let own = |access: &str| {
        json!({ "kind": "person", "name": "vic", "spec": {
            "full_name": "Vic Lum", "email": "vic@example.org", "access": access,
            "contacts": [{ "name": "phone", "ntfy": "https://ntfy.example.org/vic" }],
        } })
    };
    for (access, status) in [("viewer", 200), ("administrator", 403)] {
        let ask = ask("PUT", "/api/v1/documents/person/vic").by(&vic).json(&own(access)).with("if-match", "\"1\"");
        assert_eq!(house.call(ask).await.status.as_u16(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_no_greater_token_and_a_wrong_body_changes_nothing() {
    let mut house = House::new();
    let narrow = house.token("ada", &[Scope::Administration], None);
    let rob = house.token("rob", &[], None);
    let mut shown = String::new();
    let events = house.events();
    for (by, method, path, body) in [
        (&narrow, "POST", "/api/v1/tokens", json!({ "name": "all", "access": "administrator" })),
        (&narrow, "POST", "/api/v1/tokens", json!({ "name": "doc", "access": "viewer", "scopes": ["documents"] })),
        (&rob, "POST", "/api/v1/tokens", json!({ "name": "up", "access": "manager" })),
        (&rob, "POST", "/api/v1/tokens", json!({ "name": "odd", "access": "viewer", "scopes": ["read", "reed"] })),
        (&rob, "POST", "/api/v1/pages/test", json!({ "person": "mia" })),
        (&rob, "POST", "/api/v1/silences", json!({ "matchers": ["a=~\"(\""], "for": "1h", "comment": "x" })),
        (&rob, "POST", "/api/v1/silences", json!({ "matchers": ["a=~\".*\""], "for": "1h", "comment": "x" })),
        (&rob, "POST", "/api/v1/silences", json!({ "matchers": ["a=\"b\""], "for": "1h", "comment": " " })),
        (&rob, "POST", "/api/v1/silences", json!({ "matchers": ["a=\"b\""], "for": "1 hour", "comment": "x" })),
        (
            &rob,
            "POST",
            "/api/v1/silences",
            json!({ "matchers": ["a=\"b\""], "ends_at": "2020-01-01T00:00:00Z", "comment": "x" }),
        ),
        (&rob, "POST", "/api/v1/alerts/acknowledge", json!({ "alerts": [] })),
        (&rob, "POST", "/api/v1/alerts/acknowledge", json!({ "alerts": ["alr_0000000000000000"] })),
        (&rob, "POST", "/api/v1/alerts/acknowledge", json!({ "alerts": ["pag_0000000000000000"] })),
        (&rob, "POST", "/api/v1/alerts/acknowledge", json!({ "alert": "x" })),
        (&rob, "POST", "/api/v1/alerts/snooze", json!({ "alerts": ["alr_0000000000000000"] })),
        (
            &rob,
            "POST",
            "/api/v1/schedules/web/overrides",
            json!({ "person": "mai", "starts_at": house.now(), "ends_at": house.now() }),
        ),
        (
            &rob,
            "POST",
            "/api/v1/schedules/nope/overrides",
            json!({ "starts_at": "2026-09-22T00:00:00Z", "ends_at": "2026-09-23T00:00:00Z" }),
        ),
        (&rob, "GET", "/api/v1/schedules/web/shifts?from=yesterday", json!(null)),
        (&rob, "GET", "/api/v1/alerts/nope", json!(null)),
        (&rob, "PATCH", "/api/v1/alerts", json!(null)),
    ] {
        let answer = house.call(ask(method, path).by(by).json(&body)).await;
        let told = answer.json();
        let at = told["at"].as_str().unwrap_or("-");
        shown += &format!("{} {method} {path} {at}: {}\n", answer.status.as_u16(), told["detail"].as_str().unwrap());
    }
    insta::assert_snapshot!("refused_by_the_api", shown);
    assert_eq!(house.events(), events, "nothing happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_call_is_told_with_the_reason() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let mut shown = String::new();
    for path in [
        "/api/v1/on-call",
        "/api/v1/schedules/web/on-call?at=2026-09-29T12:00:00Z",
        "/api/v1/escalation-policies/web/would-tell",
        "/api/v1/schedules/web/shifts?from=2026-10-24T00:00:00Z&to=2026-10-27T00:00:00Z",
        "/api/v1/heartbeats",
        "/api/v1/me",
    ] {
        let answer = house.call(ask("GET", path).by(&rob)).await;
        shown += &format!("{path}\n{}\n", answer.shown());
    }
    insta::assert_snapshot!("on_call", shown);
    let answer = house.call(ask("GET", "/api/v1/me").by(&rob)).await;
    assert_eq!(answer.headers["ratelimit-policy"], "\"default\";q=6000;w=60");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_alert_takes_the_way_of_all_alerts() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let sent = house.call(ask("POST", "/api/v1/integrations/prom/test").by(&rob)).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);
    let id = sent.json()["alert"].as_str().unwrap().to_owned();
    let one = house.call(ask("GET", &format!("/api/v1/alerts/{id}")).by(&rob)).await.json();
    assert_eq!((&one["name"], &one["why"]["verdict"]), (&json!("AllclearTest"), &json!("nobody")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_is_signed_for_the_watch() {
    use domain::engage::watch::{Observation, observe};
    let house = House::new();
    let answer = house.call(ask("GET", "/api/v1/proof")).await;
    let signature = answer.headers["allclear-proof"].to_str().unwrap();
    let Observation::Proof(proof) =
        observe(b"a-secret-of-the-watch", answer.status.as_u16(), signature, answer.text.as_bytes())
    else {
        panic!("{}", answer.shown())
    };
    assert_eq!((proof.instance.as_str(), proof.at), (HOME, house.now()));
    assert!(matches!(observe(b"another", 200, signature, answer.text.as_bytes()), Observation::NoProof(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_usually_goes_wrong_is_looked_at_by_the_server() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let checks = house.call(ask("GET", "/api/v1/checks").by(&rob)).await;
    insta::assert_snapshot!(checks.shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_an_incident_proves_itself_and_the_checkpoint_is_a_text_to_keep() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let get = async |path: &str| house.call(ask("GET", path).by(&rob)).await;
    assert_eq!(get("/api/v1/journal/checkpoint").await.status, StatusCode::NOT_FOUND, "nothing is sealed yet");
    let wanted = json!({ "title": "Payments fail", "class": "system" });
    let made = house.call(ask("POST", "/api/v1/incidents").by(&rob).json(&wanted)).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let note = json!({ "text": "pay-1 is out of the pool" });
    house.call(ask("POST", &format!("/api/v1/incidents/{id}/entries")).by(&rob).json(&note)).await;
    let before = house.events();
    let answer = get(&format!("/api/v1/incidents/{id}/bundle")).await;
    assert_eq!(answer.headers["content-disposition"], format!("attachment; filename=\"{id}.bundle.json\""));
    assert_eq!(house.events(), before, "whoever reads writes nothing on the record");
    let key: PublicKey = get("/api/v1/journal/key").await.text.parse().unwrap();
    let bundle: Bundle = serde_json::from_str(&answer.text).unwrap();
    let report = bundles::verify(&bundle, Some(&key));
    assert_eq!(
        (report.flaws.as_slice(), report.unsealed, bundle.incident["title"].as_str()),
        ([].as_slice(), 0, Some("Payments fail"))
    );
    assert_eq!(
        bundle.entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(),
        ["incident.declared", "entry.added"]
    );
    assert!(report.statement.last().unwrap().contains(":rob"), "{:?}", report.statement);
    let kept = get("/api/v1/journal/checkpoint").await.text;
    assert_eq!(Checkpoint::open(&kept, &key).ok(), report.checkpoint);
    assert_eq!(kept, bundle.checkpoint);
}
