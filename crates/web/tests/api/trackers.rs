//! Webhooks of trackers: what is not signed changes nothing, and what is signed only has the issue looked at.

use axum::http::StatusCode;
use domain::words::ActionItemId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::action_items::item;
use crate::support::{Ask, House, TRACKER_SECRET, ask};

const TRACKERS: &str = "
kind: tracker
name: shop
spec: { title: Issues, system: { github: { repository: example/shop } } }
---
kind: tracker
name: ops
spec: { title: Operations, system: { jira: { url: 'https://example.atlassian.net', project: OPS } } }
---
kind: tracker
name: quiet
spec: { title: Without a secret, system: { github: { repository: example/quiet } } }
";

const GITHUB: &str = "x-hub-signature-256";
const JIRA: &str = "x-hub-signature";

fn signed(tracker: &str, header: &str, kind: &str, body: &str, secret: &str) -> Ask {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    ask("POST", &format!("/trackers/{tracker}/webhook")).text(kind, body).with(header, &format!("sha256={hex}"))
}

/// An item that is followed by this issue, which was looked at just now.
async fn followed(house: &House, by: &str, tracker: &str, url: &str) -> ActionItemId {
    let said = json!({ "title": "The queue is full", "class": "system", "services": ["shop"] });
    let incident = house.call(ask("POST", "/api/v1/incidents").by(by).json(&said)).await.json();
    let path = format!("/api/v1/incidents/{}/action-items", incident["id"].as_str().unwrap());
    let made = house.call(ask("POST", &path).by(by).json(&item("Limit the queue", "mia"))).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let track = json!({ "do": "track", "tracker": tracker, "issue": url });
    let done = house.call(ask("POST", &format!("/api/v1/action-items/{id}")).by(by).json(&track)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let (id, now): (ActionItemId, _) = (id.parse().unwrap(), house.now());
    let later = domain::words::Span::hours(1).after(now);
    house
        .store
        .write(|tx| {
            let row = store::learn::trackers::get(tx, id)?.unwrap();
            Ok(store::learn::trackers::save(
                tx,
                &store::learn::trackers::TrackedRow { heard_at: Some(now), due_at: Some(later), ..row },
            )?)
        })
        .unwrap();
    id
}

fn due_in(house: &House, id: ActionItemId) -> i64 {
    let row = house.store.read(|tx| Ok(store::learn::trackers::get(tx, id)?)).unwrap().unwrap();
    row.due_at.unwrap().as_second() - house.now().as_second()
}

fn github(repository: &str, number: u32) -> Value {
    json!({ "action": "closed", "issue": { "number": number, "state": "closed" }, "repository": { "full_name": repository } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_is_refused_and_changes_nothing() {
    let mut house = House::new();
    house.apply(TRACKERS);
    let mia = house.token("mia", &[], None);
    let id = followed(&house, &mia, "shop", "https://github.com/example/shop/issues/12").await;
    let (before, body) = (house.events(), github("example/shop", 12).to_string());
    let good = signed("shop", GITHUB, "application/json", &body, TRACKER_SECRET);
    for (what, asked) in [
        ("nothing", ask("POST", "/trackers/shop/webhook").text("application/json", &body)),
        ("a token of ours", ask("POST", "/trackers/shop/webhook").text("application/json", &body).by(&mia)),
        ("another secret", signed("shop", GITHUB, "application/json", &body, "other")),
        ("no secret", signed("shop", GITHUB, "application/json", &body, "")),
        ("another body", good.clone().text("application/json", &body.replace("12", "13"))),
        ("the header of another", signed("shop", JIRA, "application/json", &body, TRACKER_SECRET)),
        (
            "an old way",
            ask("POST", "/trackers/shop/webhook").text("application/json", &body).with(GITHUB, "sha1=757107ea0eb2509f"),
        ),
        ("a tracker without a secret", signed("quiet", GITHUB, "application/json", &body, "")),
        ("no such tracker", signed("none", GITHUB, "application/json", &body, TRACKER_SECRET)),
        ("no name", signed("%00", GITHUB, "application/json", &body, TRACKER_SECRET)),
    ] {
        let answer = house.call(asked).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}: {}", answer.text);
        assert!(answer.text.contains("webhook secret"), "{what}: {}", answer.text);
    }
    let large = format!("{{\"x\":\"{}\"}}", "a".repeat(1 << 17));
    let answer = house.call(signed("shop", GITHUB, "application/json", &large, TRACKER_SECRET)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text);
    let answer = house.call(signed("shop", GITHUB, "application/json", "{", TRACKER_SECRET)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    assert_eq!((due_in(&house, id), house.events()), (3600, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_call_only_has_its_issue_looked_at_soon_and_as_often_as_it_is_said_once() {
    let mut house = House::new();
    house.apply(TRACKERS);
    let mia = house.token("mia", &[], None);
    let shop = followed(&house, &mia, "shop", "https://github.com/example/shop/issues/12").await;
    let ops = followed(&house, &mia, "ops", "https://example.atlassian.net/browse/OPS-7").await;
    let before = house.events();
    let form = format!("payload={}", github("example/shop", 13).to_string().replace('"', "%22"));
    let ping = json!({ "zen": "Design for failure.", "repository": { "full_name": "example/shop" } }).to_string();
    for (kind, body) in [
        ("application/json", github("example/shop", 13).to_string()),
        ("application/json", github("example/other", 12).to_string()),
        ("application/json", ping),
        ("application/x-www-form-urlencoded", form.clone()),
    ] {
        let answer = house.call(signed("shop", GITHUB, kind, &body, TRACKER_SECRET)).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""), "{body}");
    }
    assert_eq!(due_in(&house, shop), 3600, "none of these is its issue");
    let body = form.replace("13", "12");
    for _ in 0..3 {
        let answer =
            house.call(signed("shop", GITHUB, "application/x-www-form-urlencoded", &body, TRACKER_SECRET)).await;
        assert_eq!((answer.status, due_in(&house, shop)), (StatusCode::NO_CONTENT, 5), "{}", answer.text);
    }
    let body = json!({ "webhookEvent": "jira:issue_updated", "issue": { "key": "OPS-7" } }).to_string();
    let answer = house.call(signed("ops", JIRA, "application/json", &body, TRACKER_SECRET)).await;
    assert_eq!((answer.status, due_in(&house, ops)), (StatusCode::NO_CONTENT, 5), "{}", answer.text);
    assert_eq!(house.events(), before, "a look is no event");
    let shown = house.call(ask("GET", &format!("/api/v1/action-items/{shop}")).by(&mia)).await.json();
    assert_eq!(shown["state"], "accepted", "the body says that it is closed, and nobody believes it");
}
