//! Reports of changes come in: whose they are, in which language, once; and what cannot be read is kept to be looked at.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use store::change::changes::{self as rows, ChangeRow, Filter};

use crate::support::{Ask, House, ask};

const SOURCES: &str = "
kind: integration
name: gh
spec: { title: GitHub, source: { github: { services: { acme/web: shop } } } }
---
kind: integration
name: gl
spec: { title: GitLab, source: { gitlab: {} } }
---
kind: integration
name: ce
spec: { title: CDEvents, source: { cdevents: {} } }
---
kind: integration
name: pd
spec: { title: PagerDuty, source: { pagerduty-changes: {} } }
---
kind: integration
name: ci
spec: { title: Scripts, source: { deploys: {} } }
";

const FORM: &str = "application/x-www-form-urlencoded";

fn house() -> House {
    let mut house = House::new();
    house.apply(SOURCES);
    house
}

/// As GitHub signs: with the token, over the bytes.
fn signature(token: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn github(token: &str, event: &str, kind: &str, body: &str) -> Ask {
    let ask = ask("POST", "/in/gh/github").text(kind, body);
    ask.with("x-github-event", event).with("x-hub-signature-256", &signature(token, body))
}

fn deployment(repository: &str, state: &str) -> String {
    json!({
        "action": "created",
        "repository": { "full_name": repository },
        "deployment": { "id": 4711, "ref": "v4.2.0", "sha": "9c0d1e3b5a7f4f2a", "environment": "production", "created_at": "2026-09-21T14:00:00Z" },
        "deployment_status": { "state": state, "created_at": "2026-09-21T14:05:00Z" },
    })
    .to_string()
}

fn deployed() -> Value {
    json!({
        "context": { "version": "0.4.1", "id": "e-1", "source": "/ci", "type": "dev.cdevents.service.deployed.0.2.0", "timestamp": "2026-09-21T14:00:00Z" },
        "subject": { "id": "shop", "content": { "environment": { "id": "live" }, "artifactId": "pkg:oci/shop@4.2" } },
    })
}

fn changes(house: &House) -> Vec<ChangeRow> {
    let sight = domain::respond::sight::Sight::Open;
    house.store.read(|tx| Ok(rows::list(tx, &Filter::default(), sight, None, 99)?)).unwrap()
}

fn shown(house: &House) -> Vec<String> {
    let line = |row: &ChangeRow| {
        let proposal = &row.change.proposal;
        let targets: Vec<&str> = proposal.targets.iter().map(|target| target.service.as_str()).collect();
        format!("{} {} {}", proposal.title, row.change.state.word(), targets.join(","))
    };
    changes(house).iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_did_not_sign_with_the_token_is_refused_and_changes_nothing() {
    let mut house = house();
    let (token, other) = (house.source("gh"), house.source("gl"));
    let (person, session) = (house.token("vic", &[], None), house.session("ada"));
    let (before, body) = (house.events(), deployment("acme/web", "success"));
    let good = github(&token, "deployment_status", "application/json", &body);
    let bare =
        || ask("POST", "/in/gh/github").text("application/json", &body).with("x-github-event", "deployment_status");
    for (what, asked, status) in [
        ("nothing", bare(), 401),
        ("another token", github(&other, "deployment_status", "application/json", &body), 401),
        ("another body", good.clone().text("application/json", &body.replace("4711", "4712")), 401),
        ("a wrong signature beside the right token", github("x", "ping", "application/json", &body).by(&token), 401),
        ("the token of another integration", bare().by(&other), 403),
        ("a person who may only look", bare().by(&person), 403),
        ("a browser that is signed in", bare().with("cookie", &session), 403),
        ("no token at all", bare().by("aci_"), 401),
    ] {
        let answer = house.call(asked).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        assert!(!answer.text.contains(&token), "{what}");
    }
    assert_eq!(house.events(), before, "nothing happened");
    for asked in [good, bare().by(&token)] {
        let answer = house.call(asked).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    }
    assert_eq!(shown(&house), ["Deploy v4.2.0 of acme/web to production finished shop"]);
    // A new token; the one before signs for a while.
    let new = house.source("gh");
    for (token, wait, status) in [(&new, 0, 202), (&token, 0, 202), (&token, 3600, 401), (&new, 0, 202)] {
        house.wait(wait);
        let answer = house.call(github(token, "deployment_status", "application/json", &body)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
    assert_eq!(shown(&house).len(), 1);
    let tokens =
        house.store.read(|tx| Ok(store::prepare::access::integration_tokens(tx, &crate::support::name("gh"))?));
    assert!(tokens.unwrap()[0].used_at.is_some(), "that it is heard of is noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_github_come_as_json_or_as_a_form_and_what_is_no_change_is_passed_over() {
    let mut house = house();
    let token = house.source("gh");
    let house = &mut house;
    let call = async |house: &House, event: &str, kind: &str, body: &str| {
        house.call(github(&token, event, kind, body)).await.json()
    };
    let json = "application/json";
    let begun = call(house, "deployment", json, &deployment("acme/web", "")).await;
    assert_eq!((&begun["new"], &begun["more"]), (&json!(1), &json!(0)), "{begun}");
    let encoded: String =
        deployment("acme/web", "failure").bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let failed = call(house, "deployment_status", FORM, &format!("payload={encoded}")).await;
    assert_eq!((&failed["more"], &failed["changes"]), (&json!(1), &begun["changes"]), "{failed}");
    let again = call(house, "deployment_status", json, &deployment("acme/web", "failure")).await;
    assert_eq!((&again["known"], &again["changes"]), (&json!(1), &begun["changes"]), "{again}");
    assert_eq!(shown(house), ["Deploy v4.2.0 of acme/web to production failed shop"]);
    let before = house.events();
    for (event, says) in [("ping", "ping"), ("installation", "no change"), ("push", "pushes: true")] {
        let told = call(house, event, json, &deployment("acme/web", "success")).await;
        assert!(told["ignored"][0].as_str().unwrap().contains(says), "{told}");
    }
    assert_eq!(house.events(), before);
    let unknown = deployment("acme/warehouse", "success").replace("4711", "4712");
    let told = call(house, "deployment_status", json, &unknown).await;
    assert_eq!((&told["new"], &told["unmapped"]), (&json!(1), &json!(["acme/warehouse"])));
    let session = house.session("ada");
    let page = house.call(ask("GET", "/integrations/gh").with("cookie", &session)).await;
    assert!(page.text.contains("No service is known for acme/warehouse."), "{}", page.text);
    assert!(!page.text.contains("Send a test alert"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_proves_itself_in_its_own_way() {
    let mut house = house();
    let tokens = ["gl", "ce", "pd", "ci"].map(|name| house.source(name));
    let [gl, ce, pd, ci] = &tokens;
    let person = house.token("rob", &[], None);
    let json = "application/json";
    let gitlab = json!({
        "object_kind": "deployment", "status": "success", "status_changed_at": "2026-09-21 14:00:00 UTC", "deployment_id": 15,
        "environment": "live", "project": { "path_with_namespace": "acme/shop" },
    });
    let event = |key: &str| json!({ "routing_key": key, "payload": { "summary": "Shop 4.2", "source": "shop", "timestamp": "2026-09-21T14:00:00Z" } });
    let script = json!({ "key": "7", "stage": "finished", "title": "Shop", "targets": [{ "service": "shop" }] });
    let data = deployed();
    let carried =
        json!({ "specversion": "1.0", "id": "e-1", "source": "/ci", "type": data["context"]["type"], "data": data });
    let (one, many) = ("application/cloudevents+json; charset=utf-8", "application/cloudevents-batch+json");
    let (gitlab_at, cdevents, enqueue) = ("/in/gl/gitlab", "/in/ce/cdevents", "/in/pd/v2/change/enqueue");
    for (what, asked, status) in [
        ("gitlab", ask("POST", gitlab_at).with("x-gitlab-token", gl).json(&gitlab), 202),
        ("gitlab, another's token", ask("POST", gitlab_at).with("x-gitlab-token", ce).json(&gitlab), 403),
        ("gitlab, a wrong token", ask("POST", gitlab_at).with("x-gitlab-token", "s3cret").json(&gitlab), 401),
        ("gitlab, none", ask("POST", gitlab_at).json(&gitlab), 401),
        ("cdevents, bare", ask("POST", cdevents).by(ce).json(&data), 202),
        ("cdevents, structured", ask("POST", cdevents).by(ce).text(one, &carried.to_string()), 202),
        ("cdevents, a batch", ask("POST", cdevents).by(ce).text(many, &json!([carried, carried]).to_string()), 202),
        (
            "cdevents, binary",
            ask("POST", cdevents)
                .by(ce)
                .json(&data)
                .with("ce-specversion", "1.0")
                .with("ce-type", "dev.cdevents.service.deployed.0.2.0"),
            202,
        ),
        ("cdevents, the token in the address", ask("POST", &format!("{cdevents}?token={ce}")).json(&data), 202),
        ("cdevents, none", ask("POST", cdevents).json(&data), 401),
        ("pagerduty", ask("POST", enqueue).json(&event(pd)), 202),
        ("pagerduty, another's token", ask("POST", enqueue).json(&event(gl)), 403),
        ("pagerduty, a wrong one", ask("POST", enqueue).json(&event("R0UT1NGKEY")), 401),
        ("a script", ask("POST", "/in/ci/deploys").by(ci).json(&script), 202),
        ("a script of a person", ask("POST", "/in/ci/deploys").by(&person).json(&script), 202),
        ("the wrong address", ask("POST", "/in/ci/cdevents").by(ci).json(&script), 409),
        ("alerts at an address of changes", ask("POST", "/in/prom/deploys").by(&person).json(&script), 409),
        ("no such integration", ask("POST", "/in/none/gitlab").with("x-gitlab-token", gl).json(&gitlab), 403),
    ] {
        let answer = house.call(asked).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
        assert!(!tokens.iter().any(|token| answer.text.contains(token)), "{what}");
    }
    let mut all = shown(&house);
    all.sort();
    assert_eq!(
        all,
        [
            "Deploy acme/shop to live finished shop",
            "Deploy shop to live finished shop",
            "Shop 4.2 finished shop",
            "Shop finished shop"
        ]
    );
    let answer = house.call(ask("POST", enqueue).json(&event(pd))).await.json();
    assert_eq!((&answer["status"], &answer["message"]), (&json!("success"), &json!("Change event processed")));
    assert!(house.call(ask("POST", gitlab_at).text(json, "{}").by(gl)).await.status == StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn cloud_events_asks_whether_it_may_send() {
    let house = house();
    let asked = ask("OPTIONS", "/in/ce/cdevents").with("webhook-request-origin", "eventemitter.example.com");
    let answer = house.call(asked.with("webhook-request-rate", "120")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["webhook-allowed-origin"], "eventemitter.example.com");
    assert_eq!(answer.headers["webhook-allowed-rate"], "*");
    assert_eq!(house.call(ask("OPTIONS", "/in/ce/cdevents")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_its_place_and_kept() {
    let mut house = house();
    let (ci, gh, ada) = (house.source("ci"), house.source("gh"), house.token("ada", &[], None));
    let whole = json!({ "key": "7", "stage": "finished", "title": "Shop" });
    for (body, place) in [
        (json!({ "key": "7", "stage": "done", "title": "Shop" }).to_string(), "/stage"),
        (json!([whole, { "key": "8", "stage": "began" }]).to_string(), "/1/title"),
        (json!({ "key": "7", "stage": "began", "title": "x", "at": "2036-01-01T00:00:00Z" }).to_string(), "/at"),
    ] {
        let answer = house.call(ask("POST", "/in/ci/deploys").by(&ci).text("application/json", &body)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["at"].as_str()), (400, Some(place)), "{}", answer.text);
    }
    for body in ["<xml/>".to_owned(), "[".repeat(500), format!("\"{}\"", "x".repeat(1 << 17))] {
        let answer = house.call(ask("POST", "/in/ci/deploys").by(&ci).text("application/json", &body)).await;
        assert!(answer.status.is_client_error(), "{}", answer.text);
    }
    let without = ask("POST", "/in/gh/github").text("application/json", "{}").by(&gh);
    assert_eq!(house.call(without).await.json()["at"], "X-GitHub-Event");
    assert_eq!(house.call(github(&gh, "ping", FORM, "other=1")).await.json()["at"], "payload");
    assert_eq!(shown(&house), Vec::<String>::new(), "nothing of it became a change");
    let kept = house.call(ask("GET", "/api/v1/integrations/ci/rejections").by(&ada)).await.json();
    assert_eq!(kept["count"], 6, "{kept}");
    assert!(kept["items"].as_array().unwrap().iter().all(|one| one["format"] == "deploys"));
    assert_eq!(house.call(ask("GET", "/api/v1/integrations/gh/rejections").by(&ada)).await.json()["count"], 2);
    let pd = house.source("pd");
    let bad = ask("POST", "/in/pd/v2/change/enqueue")
        .json(&json!({ "routing_key": pd, "payload": { "summary": 7, "timestamp": "soon" } }));
    assert_eq!(house.call(bad).await.json()["at"], "/payload/timestamp");
    let kept = house.call(ask("GET", "/api/v1/integrations/pd/rejections").by(&ada)).await;
    assert!(kept.text.contains("soon") && !kept.text.contains(&pd), "{}", kept.text);
    let test = house.call(ask("POST", "/api/v1/integrations/ci/test").by(&ada).json(&json!({}))).await;
    assert_eq!(test.status, StatusCode::CONFLICT, "it brings no alerts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reports_over_the_api_and_names_services_as_they_are() {
    let mut house = house();
    let (rob, vic) = (house.token("rob", &[], None), house.token("vic", &[], None));
    let at = "/api/v1/changes/observed";
    let change = |stage: &str, service: &str| json!({ "key": "run/1", "stage": stage, "title": "Shop 4.2", "targets": [{ "service": service, "to": "4.2" }] });
    assert_eq!(house.call(ask("POST", at).by(&vic).json(&change("began", "shop"))).await.status, StatusCode::FORBIDDEN);
    let unknown = house.call(ask("POST", at).by(&rob).json(&change("began", "shpo"))).await;
    assert_eq!((unknown.status, unknown.json()["at"].as_str()), (StatusCode::BAD_REQUEST, Some("/targets/0/service")));
    let began = house.call(ask("POST", at).by(&rob).json(&change("began", "shop"))).await;
    assert_eq!((began.status, &began.json()["new"]), (StatusCode::ACCEPTED, &json!(1)), "{}", began.text);
    house.wait(60);
    let ended = house
        .call(ask("POST", at).by(&rob).json(&json!([change("finished", "shop"), change("began", "shop")])))
        .await
        .json();
    assert_eq!((&ended["more"], &ended["known"]), (&json!(1), &json!(1)), "{ended}");
    assert_eq!(shown(&house), ["Shop 4.2 finished shop"]);
    let row = &changes(&house)[0];
    assert_eq!(
        domain::words::Span::between(row.began_at.unwrap(), row.ended_at.unwrap()),
        domain::words::Span::minutes(1)
    );
    assert!(row.proposed_by.contains("rob"), "{}", row.proposed_by);
}
