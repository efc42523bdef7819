//! A restricted incident is not there for those who are not named: every route is walked, as an administrator who is not,
//! and as a responder who is.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use web::routes::table;

use crate::flows::firing;
use crate::support::{Answer, House, ask};

const TITLE: &str = "The heron was seen";

/// A house in which rob declared something from an alert that everybody sees.
struct Quiet {
    house: House,
    /// The administrator, who is not named: token and session.
    ada: (String, String),
    /// Rob, who is.
    rob: (String, String),
    alert: String,
    incident: String,
    codename: String,
    entry: String,
    stamp: String,
    /// The page that calls for its commander.
    page: String,
    evidence: String,
    observable: String,
    affected: String,
    /// A kill of a flag that contains it.
    kill: String,
    /// An incident that everybody sees, in which the same was seen.
    open: String,
    /// A change that is part of it.
    change: String,
    /// What is to be done after it.
    item: String,
    /// Its pin, from before it was restricted.
    pin: String,
    /// What the public is told of it: nothing of it is in there.
    notice: String,
}

impl Quiet {
    async fn new() -> Self {
        let mut house = House::new();
        let source = house.source("prom");
        house.apply(
            "kind: escalation-policy\nname: quiet\nspec: { title: Quiet, steps: [{ notify: [{ person: rob }] }] }",
        );
        house.apply("kind: role\nname: incident-commander\nspec: { title: Commander, duties: [leads], single: true, escalation_policy: quiet }");
        house.apply("kind: role\nname: scribe\nspec: { title: Scribe, duties: [writes] }");
        house.apply("kind: checklist\nname: first\nspec: { title: First, items: [{ name: a, says: Look at it }, { name: b, says: Look again }] }");
        house.apply("kind: obligation-pack\nname: gdpr\nspec: { title: Breach of data, jurisdiction: EU, source: Article 33, applies: true, asks: 'Is it?', calendar: { time_zone: Europe/Berlin }, anchors: [{ name: aware, title: Aware, means: Known }], clocks: [{ name: authority, title: Notify, to: Them, from: { recorded: aware }, within: { hours: 72 } }] }");
        let ada = (house.token("ada", &[], None), house.session("ada"));
        let rob = (house.token("rob", &[], None), house.session("rob"));
        house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&["Disk"]))).await;
        let alerts = house.call(ask("GET", "/api/v1/alerts").by(&rob.0)).await.json();
        let alert = alerts["items"][0]["id"].as_str().unwrap().to_owned();
        let made = async |house: &House, path: String, body: Value| {
            let answer = house.call(ask("POST", &path).by(&rob.0).json(&body)).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
            answer.json()
        };
        let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        let incident = json!({ "title": TITLE, "class": "security", "from": [alert], "impact": "A heron in the data", "because": "heron" });
        let incident = made(&house, "/api/v1/incidents".into(), incident).await;
        let id = text(&incident, "id");
        let entry =
            made(&house, format!("/api/v1/incidents/{id}/entries"), json!({ "text": "the heron was here" })).await;
        let stamp = made(
            &house,
            format!("/api/v1/incidents/{id}/stamps"),
            json!({ "milestone": "compromise-started", "at": "2026" }),
        )
        .await;
        made(&house, format!("/api/v1/incidents/{id}/tasks"), json!({ "title": "follow the heron", "owner": "rob" }))
            .await;
        let item = crate::action_items::item("Limit the heron", "rob");
        let item = text(&made(&house, format!("/api/v1/incidents/{id}/action-items"), item).await, "id");
        let pin = crate::pins::pinned(&house, &id, TITLE);
        let update = json!({ "audience": "internal", "text": "the heron flew" });
        made(&house, format!("/api/v1/incidents/{id}/updates"), update).await;
        let called = house.call(ask("POST", &format!("/api/v1/incidents/{id}/call")).by(&rob.0)).await;
        assert_eq!(called.status, StatusCode::NO_CONTENT, "{}", called.text);
        let pages = house.call(ask("GET", "/api/v1/pages?state=open").by(&rob.0)).await.json();
        let pages = pages["items"].as_array().unwrap();
        let page = text(pages.iter().find(|page| page["kind"] == "command").unwrap(), "id");
        let of = |what: &str| format!("/api/v1/incidents/{id}/{what}");
        let evidence = house
            .call(
                ask("POST", &format!("{}?title=Feather+of+the+heron&tlp=GREEN", of("evidence")))
                    .by(&rob.0)
                    .text("x/y", "heron"),
            )
            .await;
        assert_eq!(evidence.status, StatusCode::CREATED, "{}", evidence.text);
        let seen =
            made(&house, of("observables"), json!({ "values": [{ "value": "bird.example" }], "tlp": "CLEAR" })).await;
        let affected =
            json!({ "subject": "other", "unit": "herons", "count": { "precision": "at-least", "value": 1 } });
        let affected = made(&house, of("affected"), affected).await;
        let named = json!({ "do": "name", "technique": "T1566", "note": "the heron's letter" });
        let named = house.call(ask("POST", &of("techniques")).by(&rob.0).json(&named)).await;
        assert_eq!(named.status, StatusCode::OK, "{}", named.text);
        // The same was seen in what everybody sees.
        let open = made(&house, "/api/v1/incidents".into(), json!({ "title": "Birds", "class": "system" })).await;
        let open = text(&open, "id");
        made(
            &house,
            format!("/api/v1/incidents/{open}/observables"),
            json!({ "values": [{ "value": "bird.example" }] }),
        )
        .await;
        let (evidence, observable) = (text(&evidence.json(), "id"), text(&seen["added"][0], "id"));
        let affected = text(&affected, "id");
        let now = house.now();
        for deed in [
            json!({ "do": "consider", "pack": "gdpr", "why": "a heron table was read" }),
            json!({ "do": "anchor", "pack": "gdpr", "anchor": "aware", "at": now, "basis": "the heron log" }),
        ] {
            made(&house, format!("/api/v1/incidents/{id}/obligations"), deed).await;
        }
        let tick = json!({ "do": "tick", "checklist": "first", "item": "a", "note": "a heron on it" });
        let ticked =
            house.call(ask("POST", &format!("/api/v1/incidents/{id}/checklists")).by(&rob.0).json(&tick)).await;
        assert_eq!(ticked.status, StatusCode::OK, "{}", ticked.text);
        let role = json!({ "do": "offer", "role": "scribe", "person": "rob" });
        let taken = house.call(ask("POST", &format!("/api/v1/incidents/{id}/roles")).by(&rob.0).json(&role)).await;
        assert_eq!(taken.status, StatusCode::NO_CONTENT, "{}", taken.text);
        house.apply(crate::changes::RUNBOOK);
        let mut change = crate::changes::proposal("Catch the heron", "config");
        (change["emergency"], change["incident"]) = (json!(true), json!(id));
        let change = text(&made(&house, "/api/v1/changes".into(), change).await, "id");
        let begun = house.call(ask("POST", &format!("/api/v1/changes/{change}/begin")).by(&rob.0)).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
        house.apply(crate::status::PAGE);
        let notice = json!({ "title": "Some pages are slow", "text": "We look into it.", "state": "investigating",
            "components": { "web": "degraded" }, "incident": id });
        let notice = house.call(ask("POST", "/api/v1/notices").by(&rob.0).json(&notice)).await;
        assert_eq!(notice.json()["incident"], id.as_str(), "{}", notice.text);
        let notice = text(&notice.json(), "id");
        house.apply("kind: environment\nname: web\nspec: { title: Web }");
        house.apply("kind: flag\nname: web\nspec: { title: Birds, purpose: operational, services: [shop], variants: { on: true, off: false }, environments: { web: { state: ENABLED, defaultVariant: 'on' } } }");
        let kill = json!({ "environment": "web", "why": "the heron again", "for": "1h", "incident": id });
        let kill = text(&made(&house, "/api/v1/flags/web/kills".into(), kill).await, "id");
        let (codename, entry, stamp) = (text(&incident, "codename"), text(&entry, "id"), text(&stamp, "id"));
        Self {
            house,
            ada,
            rob,
            alert,
            incident: id,
            codename,
            entry,
            stamp,
            page,
            evidence,
            observable,
            affected,
            kill,
            open,
            change,
            item,
            pin,
            notice,
        }
    }

    fn path(&self, template: &str) -> String {
        let template = template
            .replace("{evidence}", &self.evidence)
            .replace("{observable}", &self.observable)
            .replace("{affected}", &self.affected)
            .replace("{measure}", "command");
        let id = if template.contains("/incidents/") {
            &self.incident
        } else if template.contains("/action-items/") {
            &self.item
        } else if template.contains("/pins/") {
            &self.pin
        } else if template.contains("/changes/") {
            &self.change
        } else if template.contains("/notices/") {
            &self.notice
        } else if template.contains("/kills/") {
            &self.kill
        } else {
            &self.alert
        };
        let filled = template.replace("{id}", id).replace("{entry}", &self.entry).replace("{subject}", &self.alert);
        filled.replace("{person}", "rob").replace("{kind}", "team").replace("{name}", "web").replace("{number}", "1")
    }

    async fn get(&self, path: &str, who: &(String, String)) -> Answer {
        let page = ask("GET", path).with("accept", "text/html");
        let by = if path.starts_with("/api/") { page.by(&who.0) } else { page.with("cookie", &who.1) };
        self.house.call(by).await
    }

    /// What gives it away: its id was asked for, and may stand in the refusal.
    fn shows(&self, path: &str, answer: &Answer) -> bool {
        let words = [
            "heron",
            self.codename.as_str(),
            self.page.as_str(),
            self.entry.as_str(),
            self.stamp.as_str(),
            self.evidence.as_str(),
            self.observable.as_str(),
            self.affected.as_str(),
            "compromise",
        ];
        let asked_for = path.contains(&self.incident) || path.contains(&self.entry);
        words.iter().any(|word| answer.text.contains(word) && !path.contains(word))
            || !asked_for && answer.text.contains(&self.incident)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_it_to_those_who_are_not_named() {
    let quiet = Quiet::new().await;
    let mut paths: Vec<String> = table()
        .iter()
        .filter(|route| route.method == Method::GET && route.path != "/live" && !route.path.contains("{token}"))
        .map(|route| quiet.path(route.path))
        .collect();
    paths.extend(
        [
            "/api/v1/incidents?state=all",
            "/api/v1/incidents?state=all&class=security",
            "/api/v1/journal?since=0&limit=500",
            "/api/v1/journal?limit=500",
            "/incidents?tab=all",
            "/search?q=Disk",
            "/api/v1/pages?state=all",
            "/insights/command?which=unknown",
            "/api/v1/insights/command?which=unknown",
            "/insights/changes?which=begun",
            "/changes?tab=all",
        ]
        .map(str::to_owned),
    );
    paths.extend([&quiet.incident, &quiet.entry].map(|subject| format!("/api/v1/journal?subject={subject}")));
    let mut seen = Vec::new();
    for path in &paths {
        let mine = quiet.get(path, &quiet.rob).await;
        if quiet.shows(path, &mine) {
            seen.push(path.as_str());
        }
        let theirs = quiet.get(path, &quiet.ada).await;
        assert!(!quiet.shows(path, &theirs), "{path} as ada:\n{}", theirs.text);
        if path.starts_with(&format!("/incidents/{}", quiet.incident))
            && !["/entries", "/updates", "/observables", "/pins"].iter().any(|back| path.ends_with(back))
            || path.starts_with(&format!("/api/v1/incidents/{}", quiet.incident))
        {
            assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    // The walk proves something only if it finds it where it is.
    for path in [
        "/incidents",
        "/obligations",
        "/flags",
        "/flags/web",
        "/api/v1/flags",
        "/api/v1/flags/web",
        "/api/v1/kills",
        "/insights/incidents",
        "/insights/command?which=unknown",
        "/api/v1/insights/incidents",
        "/api/v1/insights/command?which=unknown",
        "/api/v1/incidents",
        "/api/v1/obligations",
        "/action-items",
        "/api/v1/action-items",
        "/pins",
        "/api/v1/pins",
        "/changes",
        "/changes/calendar",
        "/api/v1/changes",
        "/insights/changes?which=begun",
        "/api/v1/insights/changes.csv",
        "/api/v1/journal?limit=500",
        "/api/v1/journal?since=0&limit=500",
    ] {
        assert!(seen.contains(&path), "{path} is not among {seen:#?}");
    }
    assert!(
        seen.iter().any(|path| path.starts_with("/alerts/alr_")),
        "an alert names the incident to which it belongs"
    );
    assert!(seen.len() >= 14, "{seen:#?}");
    // Found by its words; and an answer that finds nothing is the same as for words that are nowhere.
    let search =
        async |words: &str, who| quiet.get(&format!("/search?q={words}"), who).await.text.replace(words, "WORDS");
    assert!(search("heron", &quiet.rob).await.contains(&quiet.incident));
    assert!(search("heron", &quiet.ada).await == search("zebra", &quiet.ada).await, "as for words that are nowhere");
    // What was seen in both is told to him who sees both.
    for path in [format!("/api/v1/incidents/{}/observables", quiet.open), format!("/incidents/{}/record", quiet.open)] {
        assert!(quiet.get(&path, &quiet.rob).await.text.contains(&quiet.incident), "{path}");
        let theirs = quiet.get(&path, &quiet.ada).await;
        assert!(theirs.text.contains("bird") && !quiet.shows(&path, &theirs), "{path}: {}", theirs.text);
    }
    // The number on the rail counts what is seen.
    let open = |text: &str, count: u32| text.contains(&format!("aria-label=\"{count} open\""));
    assert!(
        open(&quiet.get("/alerts", &quiet.rob).await.text, 2) && open(&quiet.get("/alerts", &quiet.ada).await.text, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_reaches_it_of_those_who_are_not_named() {
    let quiet = Quiet::new().await;
    let before = quiet.house.events();
    let none = quiet.incident.replace("inc_0", "inc_1");
    for (path, body) in [
        ("describe", json!({ "title": "x" })),
        ("act", json!({ "do": "mitigate" })),
        ("act", json!({ "do": "reveal", "why": "x" })),
        ("act", json!({ "do": "restrict" })),
        ("links", json!({ "subject": quiet.alert })),
        ("people", json!({ "person": "ada" })),
        ("roles", json!({ "do": "offer", "role": "scribe", "person": "ada" })),
        ("roles", json!({ "do": "accept", "role": "scribe" })),
        ("stamps", json!({ "milestone": "detected", "at": "2026" })),
        ("entries", json!({ "text": "x" })),
        ("tasks", json!({ "title": "x", "owner": "ada" })),
        ("action-items", crate::action_items::item("Limit it", "ada")),
        ("pins", json!({})),
        ("updates", json!({ "audience": "internal", "text": "x" })),
        ("call", json!({})),
        ("evidence?title=x", json!({ "x": 1 })),
        ("evidence/elsewhere", json!({ "title": "x", "why_no_hash": "x" })),
        ("observables", json!({ "values": [{ "value": "192.0.2.7" }] })),
        ("affected", json!({ "subject": "hosts", "count": { "value": 1 } })),
        ("techniques", json!({ "do": "name", "technique": "T1566" })),
        ("checklists", json!({ "do": "tick", "checklist": "first", "item": "b" })),
        ("checklists", json!({ "do": "untick", "checklist": "first", "item": "a" })),
        ("suspects", json!({ "suspect": "chg_0", "finding": "trigger", "why": "x" })),
        ("rollbacks", json!({ "suspect": "chg_0", "why": "x" })),
        ("obligations", json!({ "do": "consider", "pack": "gdpr", "why": "x" })),
        ("obligations", json!({ "do": "rule-out", "pack": "gdpr", "why": "x" })),
        ("obligations", json!({ "do": "not-due", "pack": "gdpr", "clock": "authority", "why": "x" })),
        ("obligations", json!({ "do": "due", "pack": "gdpr", "clock": "authority", "why": "x" })),
        (
            "obligations",
            json!({ "do": "anchor", "pack": "gdpr", "anchor": "aware", "at": "2026-01-01T00:00:00Z", "basis": "x" }),
        ),
        ("obligations", json!({ "do": "submit", "pack": "gdpr", "clock": "authority", "text": "x" })),
        (
            "obligations",
            json!({ "do": "postpone", "pack": "gdpr", "clock": "authority", "until": "2027-01-01T00:00:00Z", "why": "x" }),
        ),
    ] {
        let asked = async |id: &str| {
            let at = format!("/api/v1/incidents/{id}/{path}");
            quiet.house.call(ask("POST", &at).by(&quiet.ada.0).json(&body)).await
        };
        let (there, nowhere) = (asked(&quiet.incident).await, asked(&none).await);
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{path}: {}", there.text);
        let same = |answer: &Answer, id: &str| answer.text.replace(id, "ID");
        assert_eq!(same(&there, &quiet.incident), same(&nowhere, &none), "{path}: as little as of one that never was");
    }
    let of_entry = format!("/api/v1/incidents/{}/entries/{}", quiet.incident, quiet.entry);
    let pin = quiet.house.call(ask("POST", &of_entry).by(&quiet.ada.0).json(&json!({ "do": "pin" }))).await;
    assert_eq!(pin.status, StatusCode::NOT_FOUND);
    // Nor what is changed for it.
    let none_of_these = quiet.change.replace("cng_0", "cng_1");
    for (deed, body) in [
        ("edit", {
            let mut edit = crate::changes::proposal("x", "config");
            edit["revision"] = json!(1);
            edit
        }),
        ("approve", json!({ "revision": 1 })),
        ("schedule", json!({ "from": "2026-12-01T00:00:00Z", "to": "2026-12-01T01:00:00Z" })),
        ("begin", json!({})),
        ("finish", json!({})),
        ("fail", json!({ "why": "x" })),
        ("cancel", json!({ "why": "x" })),
        ("review", json!({})),
        ("exempt", json!({ "rule": "window", "about": "", "why": "x" })),
        ("preflight", json!({})),
    ] {
        let asked = async |id: &str| {
            let at = format!("/api/v1/changes/{id}/{deed}");
            quiet.house.call(ask("POST", &at).by(&quiet.ada.0).json(&body)).await
        };
        let (there, nowhere) = (asked(&quiet.change).await, asked(&none_of_these).await);
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{deed}: {}", there.text);
        assert_eq!(there.text.replace(&quiet.change, "ID"), nowhere.text.replace(&none_of_these, "ID"), "{deed}");
    }
    // Nor what is to be done after it.
    let nothing = quiet.item.replace("act_0", "act_1");
    for (way, body) in
        [("", json!({ "do": "accept" })), ("", json!({ "do": "check" })), ("/describe", json!({ "priority": "low" }))]
    {
        let asked = async |id: &str| {
            quiet.house.call(ask("POST", &format!("/api/v1/action-items/{id}{way}")).by(&quiet.ada.0).json(&body)).await
        };
        let (there, nowhere) = (asked(&quiet.item).await, asked(&nothing).await);
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{body}: {}", there.text);
        assert_eq!(there.text.replace(&quiet.item, "ID"), nowhere.text.replace(&nothing, "ID"), "{body}");
    }
    // Nor its pin.
    let nothing = quiet.pin.replace("pin_0", "pin_1");
    for body in [json!({ "do": "retire", "why": "x" }), json!({ "do": "edit", "within": "9m", "why": "x" })] {
        let asked = async |id: &str| {
            quiet.house.call(ask("POST", &format!("/api/v1/pins/{id}")).by(&quiet.ada.0).json(&body)).await
        };
        let (there, nowhere) = (asked(&quiet.pin).await, asked(&nothing).await);
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{body}: {}", there.text);
        assert_eq!(there.text.replace(&quiet.pin, "ID"), nowhere.text.replace(&nothing, "ID"), "{body}");
    }
    // Nor the page that calls for its commander.
    for deed in ["acknowledge", "escalate"] {
        let at = format!("/api/v1/pages/{}/{deed}", quiet.page);
        assert_eq!(quiet.house.call(ask("POST", &at).by(&quiet.ada.0)).await.status, StatusCode::NOT_FOUND);
    }
    let at = format!("/api/v1/pages/{}", quiet.page);
    assert_eq!(quiet.get(&at, &quiet.ada).await.status, StatusCode::NOT_FOUND);
    assert!(quiet.get(&at, &quiet.rob).await.text.contains(&quiet.codename));
    for (path, body) in [
        (format!("evidence/{}/hand-over", quiet.evidence), json!({ "to": "ada", "why": "x" })),
        (format!("evidence/{}/download", quiet.evidence), json!({})),
        (format!("observables/{}", quiet.observable), json!({ "do": "strike", "why": "x" })),
        (format!("affected/{}", quiet.affected), json!({ "value": 2 })),
    ] {
        // Nor by another incident, which she may see.
        for incident in [&quiet.incident, &quiet.open] {
            let at = format!("/api/v1/incidents/{incident}/{path}");
            let answer = quiet.house.call(ask("POST", &at).by(&quiet.ada.0).json(&body)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{at}: {}", answer.text);
            assert!(!answer.text.contains("heron"), "{at}: {}", answer.text);
        }
    }
    for gone in ["people/rob".to_owned(), format!("links/{}", quiet.alert)] {
        let at = format!("/api/v1/incidents/{}/{gone}", quiet.incident);
        assert_eq!(quiet.house.call(ask("DELETE", &at).by(&quiet.ada.0)).await.status, StatusCode::NOT_FOUND);
    }
    // From outside, too, nothing can be hung onto it.
    let made = quiet.house.call(
        ask("POST", "/api/v1/incidents")
            .by(&quiet.ada.0)
            .json(&json!({ "title": "Mine", "class": "system", "from": [quiet.incident] })),
    );
    assert_eq!(made.await.status, StatusCode::NOT_FOUND);
    assert_eq!(quiet.house.events(), before, "nothing happened");
    // Once she is named she is in; and out again.
    let people = format!("/api/v1/incidents/{}/people", quiet.incident);
    let named = quiet.house.call(ask("POST", &people).by(&quiet.rob.0).json(&json!({ "person": "ada" }))).await;
    assert_eq!(named.status, StatusCode::NO_CONTENT);
    let room = format!("/api/v1/incidents/{}", quiet.incident);
    assert_eq!(quiet.get(&room, &quiet.ada).await.status, StatusCode::OK);
    quiet.house.call(ask("DELETE", &format!("{people}/ada")).by(&quiet.rob.0)).await;
    assert_eq!(quiet.get(&room, &quiet.ada).await.status, StatusCode::NOT_FOUND);
}
