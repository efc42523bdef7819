//! `Idempotency-Key`: every route whose description lists the header honours it, also at once, and also when the answer
//! was lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use web::api::openapi::described;

use crate::flows::firing;
use crate::support::{Ask, House, ask};

/// The routes that list the header.
fn listed() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in described()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            if parameters.into_iter().any(|one| one["name"] == "Idempotency-Key") {
                found.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    found
}

/// A house where an alert fires and is paged.
struct Burning {
    house: House,
    ada: String,
    alert: String,
    page: String,
    incident: String,
    entry: String,
    task: String,
    update: String,
    evidence: String,
    observable: String,
    affected: String,
    delivery: String,
    notice: String,
    post: String,
    /// Something that was deployed, and something else that waits for a second person to be taken back.
    change: String,
    rollback: String,
    /// A rule that counts down.
    reflex: String,
    item: String,
    /// An incident with an alert, that can be pinned; and the pin of the other.
    full: String,
    pin: String,
    /// By the act that each waits for.
    changes: Vec<(&'static str, String)>,
    kill: String,
    /// Incidents that are over: of one nobody wrote anything, of the other somebody named a factor.
    over: String,
    learned: (String, String),
    /// What was learned of it is published inside.
    told: String,
    /// What somebody said beside the postmortem of the other.
    comment: String,
}

impl Burning {
    async fn new() -> Self {
        let mut house = House::new();
        let (source, ada) = (house.source("prom"), house.token("ada", &[], None));
        house.apply("kind: team\nname: db\nspec: { title: Data, members: [max] }");
        house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&["Disk"]))).await;
        let alerts = house.call(ask("GET", "/api/v1/alerts").by(&ada)).await.json();
        let text = |name: &str| alerts["items"][0][name].as_str().unwrap().to_owned();
        let (alert, page) = (text("id"), text("page"));
        house.apply("kind: role\nname: scribe\nspec: { title: Scribe, duties: [writes] }");
        house.apply("kind: severity-matrix\nname: default\nspec: { levels: [{ name: SEV1, title: a, system: a, operational: a, security: a, response: a, second_person: true }] }");
        house.apply("kind: role\nname: incident-commander\nspec: { title: Commander, duties: [leads], single: true, escalation_policy: web }");
        house.apply("kind: checklist\nname: first\nspec: { title: First, items: [{ name: a, says: Look at the heron }, { name: b, says: Look again }] }");
        house.apply("kind: obligation-pack\nname: gdpr\nspec: { title: Breach of data, jurisdiction: EU, source: Article 33, applies: true, asks: 'Is it?', calendar: { time_zone: Europe/Berlin }, anchors: [{ name: aware, title: Aware, means: Known }], clocks: [{ name: authority, title: Notify, to: Them, from: { recorded: aware }, within: { hours: 72 } }] }");
        house.apply("kind: service\nname: core\nspec: { title: Core, team: db, tier: 1 }\n---\nkind: service\nname: side\nspec: { title: Side, team: db }");
        house.apply("kind: rollback-adapter\nname: hook\nspec: { title: Hook, system: { webhook: { url: 'https://deploy.example.org/' } }, deploys: { services: [core, side], estimate: 5m } }");
        house.apply(
            "kind: outgoing-webhook\nname: tickets\nspec: { title: Tickets, url: 'https://tickets.example.org/' }",
        );
        house.apply("kind: chat\nname: firm\nspec: { title: Work, provider: { slack: {} }, announce: C0HALL }");
        let made = async |path: &str, body: Value| {
            let answer = house.call(ask("POST", path).by(&ada).json(&body)).await;
            answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
        };
        let incident = made("/api/v1/incidents", json!({ "title": "It fails", "class": "system" })).await;
        let entry = made(&format!("/api/v1/incidents/{incident}/entries"), json!({ "text": "locks" })).await;
        let task =
            made(&format!("/api/v1/incidents/{incident}/tasks"), json!({ "title": "look", "owner": "ada" })).await;
        let update = json!({ "audience": "public", "stage": "investigating", "text": "we look" });
        let update = made(&format!("/api/v1/incidents/{incident}/updates"), update).await;
        let of = |what: &str| format!("/api/v1/incidents/{incident}/{what}");
        let evidence = made(&of("evidence/elsewhere"), json!({ "title": "A disk", "why_no_hash": "a disk" })).await;
        let affected = made(&of("affected"), json!({ "subject": "hosts", "count": { "value": 1 } })).await;
        let seen = json!({ "values": [{ "value": "evil.example" }] });
        let seen = house.call(ask("POST", &of("observables")).by(&ada).json(&seen)).await.json();
        let observable = seen["added"][0]["id"].as_str().unwrap().to_owned();
        let tested = house.call(ask("POST", "/api/v1/outgoing-webhooks/tickets/test").by(&ada)).await;
        let delivery = tested.json()["id"].as_str().unwrap_or_else(|| panic!("{}", tested.text)).to_owned();
        let deployed = async |service: &str| {
            let body =
                json!({ "key": service, "stage": "finished", "title": service, "targets": [{ "service": service }] });
            let answer = house.call(ask("POST", "/api/v1/changes/observed").by(&ada).json(&body)).await.json();
            answer["changes"][0].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
        };
        let (core, change) = (deployed("core").await, deployed("side").await);
        let rollback = made(&of("rollbacks"), json!({ "suspect": core, "why": "it broke" })).await;
        let item = made(&of("action-items"), crate::action_items::item("Limit the queue", "ada")).await;
        let full = crate::pins::paged(&mut house, &ada).await;
        let pin = crate::pins::pinned(&house, &incident, "It fails");
        let reflex = crate::reflexes::counts_down(&house, &incident, &change);
        house.apply(crate::status::PAGE);
        let notice = json!({ "title": "It is slow", "text": "We look." });
        let notice = house.call(ask("POST", "/api/v1/notices").by(&ada).json(&notice)).await.json();
        let (post, notice) = (notice["posts"][0]["id"].clone(), notice["id"].clone());
        house.apply("kind: environment\nname: db\nspec: { title: Data }");
        house.apply("kind: flag\nname: db\nspec: { title: Data, purpose: operational, variants: { on: true, off: false }, environments: { db: { state: ENABLED, defaultVariant: 'on' } } }");
        let kill = json!({ "environment": "db", "why": "locks", "for": "1h" });
        let kill = house.call(ask("POST", "/api/v1/flags/db/kills").by(&ada).json(&kill)).await.json()["id"].clone();
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let kill = text(kill);
        let (notice, post) = (text(notice), text(post));
        let over =
            crate::postmortems::over(&mut house, &ada, json!({ "title": "It is over", "class": "system" })).await;
        let learned = crate::postmortems::begun(&mut house, &ada).await;
        let told = {
            house.apply(crate::postmortems::POLICY);
            let mia = house.token("mia", &[], None);
            crate::customer_postmortems::learned(&mut house, &ada, &mia).await
        };
        let comment = crate::postmortems::commented(&mut house, &ada, &learned.0).await;
        let changes = crate::changes::stand(&mut house, &incident).await;
        Self {
            house,
            ada,
            alert,
            page,
            incident,
            entry,
            task,
            update,
            evidence,
            observable,
            affected,
            delivery,
            notice,
            post,
            change,
            rollback,
            reflex,
            item,
            full,
            pin,
            changes,
            kill,
            over,
            learned,
            told,
            comment,
        }
    }

    /// Something that can be asked for at this route, and something else.
    fn bodies(&self, route: &str) -> Option<(String, Value, Value)> {
        let (_, path) = route.split_once(' ').unwrap();
        let now = self.house.now();
        let end = domain::words::Span::hours(1).after(now);
        let alerts = json!({ "alerts": [self.alert] });
        let team =
            |title: &str| json!({ "kind": "team", "name": "db", "spec": { "title": title, "members": ["max"] } });
        let (one, other) = match path.trim_start_matches("/api/v1/") {
            "alerts/acknowledge" | "alerts/unacknowledge" | "alerts/resolve" => {
                (alerts.clone(), json!({ "alerts": [self.alert, self.alert] }))
            }
            "alerts/snooze" => {
                (json!({ "alerts": [self.alert], "for": "1h" }), json!({ "alerts": [self.alert], "for": "2h" }))
            }
            "alerts/noise" => {
                (json!({ "alerts": [self.alert], "reason": "a" }), json!({ "alerts": [self.alert], "reason": "b" }))
            }
            "changes/observed" => {
                let change = |key: &str| json!({ "key": key, "stage": "finished", "title": "Shop 4.2" });
                (change("1"), change("2"))
            }
            "silences" => {
                let silence = |comment: &str| json!({ "matchers": ["a=\"b\""], "for": "1h", "comment": comment });
                (silence("moving house"), silence("something else"))
            }
            "pages/{id}/acknowledge"
            | "pages/{id}/escalate"
            | "integrations/{name}/test"
            | "outgoing-webhooks/{name}/test"
            | "chats/{name}/test"
            | "outgoing-webhooks/{name}/enable"
            | "outgoing-webhooks/{name}/deliveries/{delivery}/replay" => (json!({}), json!({ "a": 1 })),
            "incidents" => {
                let incident = |title: &str| json!({ "title": title, "class": "security" });
                (incident("It leaks"), incident("It leaks more"))
            }
            "incidents/{id}/describe" => (json!({ "impact": "many" }), json!({ "impact": "few" })),
            "incidents/{id}/act" => {
                (json!({ "do": "mitigate" }), json!({ "do": "grade", "severity": "SEV1", "why": "many" }))
            }
            "incidents/{id}/links" => (json!({ "subject": self.alert }), json!({ "subject": self.page })),
            "incidents/{id}/people" => (json!({ "person": "max" }), json!({ "person": "rob" })),
            "incidents/{id}/roles" => {
                let offer = |person: &str| json!({ "do": "offer", "role": "scribe", "person": person });
                (offer("max"), offer("rob"))
            }
            "incidents/{id}/stamps" => {
                let stamp = |at: &str| json!({ "milestone": "detected", "at": at });
                (stamp("2026-08"), stamp("2026-09"))
            }
            "incidents/{id}/tasks" => {
                let task = |title: &str| json!({ "title": title, "owner": "max", "within": "20m" });
                (task("look"), task("look again"))
            }
            "incidents/{id}/tasks/{task}" => {
                (json!({ "do": "done", "result": "a" }), json!({ "do": "extend", "within": "1h" }))
            }
            "incidents/{id}/updates" => {
                let update = |text: &str| json!({ "audience": "internal", "text": text });
                (update("a"), update("b"))
            }
            "incidents/{id}/updates/{update}" => (json!({ "do": "withdraw" }), json!({ "do": "approve" })),
            "incidents/{id}/call" => (json!({}), json!({ "a": 1 })),
            "incidents/{id}/evidence" => (json!({ "bytes": "a" }), json!({ "bytes": "b" })),
            "incidents/{id}/evidence/elsewhere" => {
                let disk = |title: &str| json!({ "title": title, "why_no_hash": "a disk" });
                (disk("one"), disk("two"))
            }
            "incidents/{id}/evidence/{evidence}/hand-over" => {
                (json!({ "to": "max", "why": "to look" }), json!({ "to": "rob", "why": "to look" }))
            }
            "incidents/{id}/observables" => {
                let seen = |value: &str| json!({ "values": [{ "value": value }] });
                (seen("192.0.2.7"), seen("192.0.2.8"))
            }
            "incidents/{id}/observables/{observable}" => {
                (json!({ "do": "judge", "verdict": "malicious" }), json!({ "do": "strike", "why": "ours" }))
            }
            "incidents/{id}/affected" => {
                let count = |value: u32| json!({ "subject": "customers", "count": { "value": value } });
                (count(4), count(5))
            }
            "incidents/{id}/affected/{affected}" => (json!({ "value": 2 }), json!({ "precision": "unknown" })),
            "incidents/{id}/techniques" => {
                let name = |technique: &str| json!({ "do": "name", "technique": technique });
                (name("T1566"), name("T1078"))
            }
            "incidents/{id}/checklists" => {
                let tick = |item: &str| json!({ "do": "tick", "checklist": "first", "item": item });
                (tick("a"), tick("b"))
            }
            "incidents/{id}/suspects" => {
                let verdict = |finding: &str| json!({ "suspect": self.change, "finding": finding, "why": "seen" });
                (verdict("trigger"), verdict("ruled-out"))
            }
            "incidents/{id}/rollbacks" => {
                let ask = |why: &str| json!({ "suspect": self.change, "why": why });
                (ask("it broke"), ask("it broke, too"))
            }
            "rollbacks/{id}" => (json!({ "do": "call-off" }), json!({ "do": "confirm" })),
            "reflexes/{id}" => (json!({ "do": "stop", "why": "a" }), json!({ "do": "stop", "why": "b" })),
            "incidents/{id}/action-items" => {
                (crate::action_items::item("Cap the queue", "max"), crate::action_items::item("Cap it", "max"))
            }
            "action-items/{id}" => {
                (json!({ "do": "give", "owner": "max" }), json!({ "do": "ask-drop", "why": "it goes away" }))
            }
            "incidents/{id}/pins" => {
                let pin = |within: &str| json!({ "whom": "anybody", "within": within });
                (pin("5m"), pin("6m"))
            }
            "pins/{id}" => (json!({ "do": "retire", "why": "a" }), json!({ "do": "retire", "why": "b" })),
            "action-items/{id}/describe" => (json!({ "priority": "high" }), json!({ "priority": "low" })),
            "incidents/{id}/obligations" => {
                let consider = |why: &str| json!({ "do": "consider", "pack": "gdpr", "why": why });
                (consider("a table was read"), consider("two tables were read"))
            }
            "incidents/{id}/postmortem" => {
                let ask = |why: &str| json!({ "do": "request", "why": why });
                (ask("to learn"), ask("to learn more"))
            }
            "incidents/{id}/postmortem/sections" => {
                let write = |text: &str| json!({ "sections": [{ "section": "impact", "text": text }] });
                (write("40 orders"), write("41 orders"))
            }
            "incidents/{id}/postmortem/sections/{section}/restore" => {
                (json!({ "revision": 1 }), json!({ "revision": 2 }))
            }
            "incidents/{id}/postmortem/comments" => {
                let say = |text: &str| json!({ "section": "summary", "text": text });
                (say("Since when?"), say("Until when?"))
            }
            "incidents/{id}/postmortem/comments/{comment}/resolve" => (json!({}), json!({ "a": 1 })),
            "incidents/{id}/postmortem/factors" => {
                (json!({ "text": "The pool has no limit" }), json!({ "text": "The alert came late" }))
            }
            "incidents/{id}/postmortem/factors/{factor}/strike" => (json!({ "why": "a" }), json!({ "why": "b" })),
            "incidents/{id}/customer-postmortem" => {
                let prepare = |title: &str| json!({ "do": "prepare", "revision": 0, "plan": { "title": title, "blocks": ["summary"] } });
                (prepare("It failed"), prepare("It was slow"))
            }
            "incidents/{id}/review" => {
                let plan = |place: &str| json!({ "do": "plan", "meeting": { "starts_at": end, "facilitator": "max", "place": place, "invitees": [{ "person": "rob" }] } });
                (plan("Room 4"), plan("Room 5"))
            }
            "incidents/{id}/entries" => (json!({ "text": "a" }), json!({ "text": "b" })),
            "incidents/{id}/entries/{entry}" => (json!({ "do": "pin" }), json!({ "do": "strike", "why": "a" })),
            "flags/{name}/kills" => {
                let kill = |why: &str| json!({ "environment": "db", "why": why, "for": "1h" });
                (kill("locks"), kill("more locks"))
            }
            "kills/{id}/lift" => (json!({ "why": "a" }), json!({ "why": "b" })),
            "kills/{id}/extend" => (json!({ "for": "2h" }), json!({ "for": "3h" })),
            "environments/{name}/flags" => {
                let file = |key: &str| json!({ "flags": { key: { "state": "DISABLED", "variants": { "on": true } } } });
                (file("one"), file("two"))
            }
            "environments/{name}/keys" => {
                (json!({ "kind": "server", "title": "a" }), json!({ "kind": "client", "title": "a" }))
            }
            "notices" => {
                let notice = |title: &str| json!({ "title": title, "text": "We look." });
                (notice("One"), notice("Two"))
            }
            "changes" => (crate::changes::proposal("One", "deploy"), crate::changes::proposal("Two", "deploy")),
            "changes/documents" => {
                let set = |title: &str| json!({ "title": title, "why": "so", "set": { "documents": [team(title)], "take_all": true } });
                (set("One"), set("Two"))
            }
            "changes/{id}/documents" => {
                let one =
                    |title: &str| json!({ "kind": "team", "name": "one", "spec": { "title": title, "members": [] } });
                let edit = |title: &str| json!({ "revision": 1, "title": title, "why": "so", "set": { "documents": [one(title)] } });
                (edit("A"), edit("B"))
            }
            "changes/{id}/documents/update" | "changes/{id}/apply" => (json!({}), json!({ "a": 1 })),
            "changes/{id}/edit" => {
                let edit = |title: &str| {
                    let mut edit = crate::changes::proposal(title, "deploy");
                    edit["revision"] = json!(1);
                    edit
                };
                (edit("One"), edit("Two"))
            }
            "changes/{id}/approve" => (json!({ "revision": 1 }), json!({ "revision": 2 })),
            "changes/{id}/schedule" => {
                let later = domain::words::Span::hours(2).after(now);
                (json!({ "from": now, "to": end }), json!({ "from": now, "to": later }))
            }
            "changes/{id}/begin" | "changes/{id}/finish" | "changes/{id}/review" | "changes/{id}/preflight" => {
                (json!({}), json!({ "a": 1 }))
            }
            "changes/{id}/fail" | "changes/{id}/cancel" | "changes/{id}/rollbacks" => {
                (json!({ "why": "a" }), json!({ "why": "b" }))
            }
            "changes/{id}/exempt" => {
                let exempt = |why: &str| json!({ "rule": "freeze", "about": "sale", "why": why });
                (exempt("a"), exempt("b"))
            }
            "notices/{id}/posts" => (json!({ "text": "More" }), json!({ "text": "Less" })),
            "notices/{id}/posts/{post}" => (json!({ "text": "We looked." }), json!({ "text": "We saw." })),
            "notices/{id}/describe" => (json!({ "title": "Slow" }), json!({ "title": "Fast" })),
            "pages/test" => (json!({}), json!({ "person": "rob" })),
            "schedules/{name}/overrides" => (
                json!({ "person": "mia", "starts_at": now, "ends_at": end }),
                json!({ "person": "rob", "starts_at": now, "ends_at": end }),
            ),
            "documents/{kind}/{name}/rollback" => (json!({ "to": 1 }), json!({ "to": 2 })),
            "apply" => (json!({ "documents": [team("One")] }), json!({ "documents": [team("Two")] })),
            "outgoing-webhooks/{name}/secrets" => (json!({ "overlap": "1h" }), json!({ "overlap": "2h" })),
            "integrations/{name}/tokens" => (json!({ "grace": "1h" }), json!({ "grace": "2h" })),
            "tokens" => (json!({ "name": "ci", "access": "viewer" }), json!({ "name": "cd", "access": "viewer" })),
            _ => return None,
        };
        let name = if path.contains("outgoing-webhooks") {
            "tickets"
        } else if path.contains("integrations") {
            "prom"
        } else if path.contains("chats") {
            "firm"
        } else if path.contains("schedules") {
            "web"
        } else {
            "db"
        };
        let id = if let Some((_, id)) =
            self.changes.iter().find(|(act, _)| path.ends_with(&format!("changes/{{id}}/{act}")))
        {
            id
        } else if path.ends_with("customer-postmortem") {
            &self.told
        } else if path.ends_with("postmortem") || path.ends_with("review") && path.contains("incidents") {
            &self.over
        } else if path.contains("postmortem") {
            &self.learned.0
        } else if path.ends_with("incidents/{id}/pins") {
            &self.full
        } else if path.contains("incidents") {
            &self.incident
        } else if path.contains("pins") {
            &self.pin
        } else if path.contains("rollbacks") {
            &self.rollback
        } else if path.contains("action-items") {
            &self.item
        } else if path.contains("reflexes") {
            &self.reflex
        } else if path.contains("notices") {
            &self.notice
        } else if path.contains("kills") {
            &self.kill
        } else {
            &self.page
        };
        let path = path
            .replace("{post}", &self.post)
            .replace("{task}", &self.task)
            .replace("{evidence}", &self.evidence)
            .replace("{observable}", &self.observable)
            .replace("{affected}", &self.affected)
            .replace("{entry}", &self.entry)
            .replace("{factor}", &self.learned.1)
            .replace("{comment}", &self.comment)
            .replace("{section}", "summary")
            .replace("{update}", &self.update)
            .replace("{delivery}", &self.delivery)
            .replace("{id}", id)
            .replace("{kind}", "team")
            .replace("{name}", name);
        // Of a body of any size the query says the hash.
        let hash = domain::respond::evidence::Digest(Sha256::digest(one.to_string()).into());
        let path = if path.ends_with("/evidence") { format!("{path}?title=Memory&sha256={hash}") } else { path };
        Some((path, one, other))
    }

    fn asked(&self, path: &str, body: &Value, key: &str) -> Ask {
        ask("POST", path).by(&self.ada).json(body).with("idempotency-key", key)
    }
}

const SHOWN_ONCE: [&str; 4] = [
    "POST /api/v1/tokens",
    "POST /api/v1/integrations/{name}/tokens",
    "POST /api/v1/outgoing-webhooks/{name}/secrets",
    "POST /api/v1/environments/{name}/keys",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_lists_the_key_does_once_what_is_asked_twice() {
    let routes = listed();
    assert!(routes.len() >= 15, "{routes:?}");
    for route in &routes {
        let burning = Burning::new().await;
        let (path, one, other) = burning.bodies(route).unwrap_or_else(|| panic!("say here what to send to {route}"));
        let house = &burning.house;
        let first = house.call(burning.asked(&path, &one, "\"k1\"")).await;
        assert!(first.status.is_success(), "{route}: {}", first.text);
        assert!(!first.headers.contains_key("idempotent-replayed"));
        let events = house.events();
        house.wait(5);
        let again = house.call(burning.asked(&path, &one, "k1")).await;
        if SHOWN_ONCE.contains(&route.as_str()) {
            assert_eq!(again.status, StatusCode::CONFLICT, "{route}: a secret is kept nowhere");
            assert!(again.text.contains("the secret was shown then"), "{}", again.text);
        } else {
            assert_eq!((again.status, &again.text), (first.status, &first.text), "{route}");
            assert_eq!(again.headers["idempotent-replayed"], "true", "{route}");
            for header in ["location", "content-type"] {
                assert_eq!(again.headers.get(header), first.headers.get(header), "{route}");
            }
        }
        let wrong = house.call(burning.asked(&path, &other, "k1")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{route}: {}", wrong.text);
        assert_eq!(wrong.json()["at"], "Idempotency-Key");
        assert_eq!(house.events(), events, "{route}: nothing more happened");
    }
}

/// Holds the thread that made the next commit until it is let go.
struct Gate {
    armed: Arc<AtomicBool>,
    held: tokio::sync::mpsc::UnboundedReceiver<()>,
    let_go: std::sync::mpsc::Sender<()>,
}

impl Gate {
    fn of(house: &House) -> Self {
        let (tell, held) = tokio::sync::mpsc::unbounded_channel();
        let (let_go, wait) = std::sync::mpsc::channel();
        let armed = Arc::new(AtomicBool::new(false));
        let (again, wait) = (armed.clone(), Mutex::new(wait));
        house.store.on_commit(move || {
            if again.swap(false, Ordering::SeqCst) {
                tell.send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
            }
        });
        Self { armed, held, let_go }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_is_done_and_the_other_is_told_to_wait() {
    for route in listed() {
        let burning = Burning::new().await;
        let house = &burning.house;
        let (path, one, _) = burning.bodies(&route).unwrap();
        // That the token is in use is noted by and by; that commit is not the one to hold.
        let noted = async || {
            let tokens = house.call(ask("GET", "/api/v1/tokens").by(&burning.ada)).await.json();
            tokens["items"][0]["last_used_at"].is_string()
        };
        while !noted().await {}
        let mut gate = Gate::of(house);
        gate.armed.store(true, Ordering::SeqCst);
        let second = async {
            gate.held.recv().await.unwrap();
            let answer = house.call(burning.asked(&path, &one, "k1")).await;
            gate.let_go.send(()).unwrap();
            answer
        };
        let (first, second) = tokio::join!(house.call(burning.asked(&path, &one, "k1")), second);
        assert!(first.status.is_success(), "{route}: {}", first.text);
        assert_eq!(second.status, StatusCode::CONFLICT, "{route}: {}", second.shown());
        assert_eq!(second.headers["retry-after"], "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_ones_own_lasts_a_day_and_outlives_a_lost_answer() {
    let mut burning = Burning::new().await;
    let mia = burning.house.token("mia", &[], None);
    let (path, one, _) = burning.bodies("POST /api/v1/silences").unwrap();
    let silences = async |burning: &Burning| {
        let listed = burning.house.call(ask("GET", "/api/v1/silences").by(&burning.ada)).await.json();
        listed["items"].as_array().unwrap().len()
    };
    let first = burning.house.call(burning.asked(&path, &one, "k1")).await;
    let others = ask("POST", &path).by(&mia).json(&one).with("idempotency-key", "k1");
    assert_eq!(burning.house.call(others).await.status, StatusCode::CREATED);
    assert_eq!(silences(&burning).await, 2);
    // The node stopped between the act and its answer.
    let forget = "UPDATE idempotency_keys SET status = 0, response = 'gone' WHERE key = $1";
    burning.house.store.write(|tx| Ok(tx.execute(forget, &["k1".into()])?)).unwrap();
    let now = burning.house.call(burning.asked(&path, &one, "k1")).await;
    assert!(now.status == StatusCode::CONFLICT && now.text.contains("is being answered"), "{}", now.text);
    burning.house.wait(61);
    let later = burning.house.call(burning.asked(&path, &one, "k1")).await;
    assert!(later.status == StatusCode::CONFLICT && later.text.contains("its answer was lost"), "{}", later.text);
    assert_eq!(silences(&burning).await, 2);
    // What was refused may be asked again.
    let wrong = json!({ "matchers": ["a=\"b\""], "for": "1h", "comment": " " });
    for _ in 0..2 {
        let refused = burning.house.call(burning.asked(&path, &wrong, "k2")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(!refused.headers.contains_key("idempotent-replayed"));
    }
    burning.house.wait(24 * 3600);
    let afresh = burning.house.call(burning.asked(&path, &one, "k1")).await;
    assert_eq!(afresh.status, StatusCode::CREATED);
    assert_ne!(afresh.json()["id"], first.json()["id"]);
    for key in ["", "a\tb", &"k".repeat(201)] {
        let wrong = burning.house.call(burning.asked(&path, &one, key)).await;
        assert_eq!((wrong.status, wrong.json()["at"].as_str()), (StatusCode::BAD_REQUEST, Some("Idempotency-Key")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_shows_its_secret_once_and_ends_for_good() {
    let mut house = House::new();
    let (mia, ada) = (house.token("mia", &[], None), house.token("ada", &[], None));
    let new = json!({ "name": "ci", "access": "viewer", "scopes": ["read"] });
    let made = house.call(ask("POST", "/api/v1/tokens").by(&ada).json(&new).with("idempotency-key", "t1")).await;
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let kept = house.store.read(|tx| Ok(tx.query("SELECT response FROM idempotency_keys", &[])?)).unwrap();
    assert!(!kept[0].text("response").unwrap().contains(&secret), "it is kept nowhere");
    assert_eq!(house.call(ask("GET", "/api/v1/me").by(&secret)).await.json()["access"], "viewer");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let end = |by: &str| ask("DELETE", &format!("/api/v1/tokens/{id}")).by(by);
    assert_eq!(house.call(end(&mia)).await.status, StatusCode::NOT_FOUND, "another's, and none: alike");
    assert_eq!(house.call(end(&ada)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.call(ask("GET", "/api/v1/me").by(&secret)).await.status, StatusCode::UNAUTHORIZED);
}
