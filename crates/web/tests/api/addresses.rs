//! Who reads the addresses of people and of webhooks: in every place of the API and of the pages that shows documents.

use axum::http::StatusCode;
use serde_json::json;

use crate::flows::firing;
use crate::support::{House, ask};

const VIC: &str = "
kind: person
name: vic
spec:
  full_name: Vic Lum
  email: vic@example.org
  access: viewer
  contacts:
    - { name: phone, ntfy: 'https://ntfy.example.org/vics-topic' }
    - { name: desk, webhook: 'https://hooks.example.org/vics-hook' }
---
kind: escalation-policy
name: hooks
spec: { title: Hooks, steps: [{ notify: [{ webhook: 'https://hooks.example.org/all-of-us' }] }] }
";
/// What only some may read.
const OF_VIC: [&str; 3] = ["vic@example.org", "vics-topic", "vics-hook"];
const OF_POLICY: &str = "all-of-us";

fn house() -> House {
    let mut house = House::new();
    house.apply(VIC);
    house.apply(&VIC.replace("vics-topic", "vics-topic-2").replace("title: Hooks", "title: Our hooks"));
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_read_by_their_person_and_by_managers() {
    let mut house = house();
    let plan = "kind: person\nname: vic\nspec: { full_name: Vic, email: new@example.org }";
    let mut seen = String::new();
    for (reader, person_shown, policy_shown) in
        [("vic", true, false), ("rob", false, false), ("mia", true, true), ("max", true, true), ("ada", true, true)]
    {
        let secret = house.token(reader, &[], None);
        let cookie = house.session(reader);
        for path in [
            "/api/v1/documents",
            "/api/v1/documents/person/vic",
            "/api/v1/documents/person/vic/history",
            "/api/v1/documents/person/vic/diff?from=1&to=2",
            "/api/v1/documents/person/vic/diff?from=0",
            "/api/v1/documents/escalation-policy/hooks",
            "/api/v1/documents/escalation-policy/hooks/history",
            "/api/v1/changesets/2",
            "/api/v1/export",
            "/api/v1/plan",
            "/documents/person/vic",
            "/documents/person/vic/edit",
            "/documents/person/vic/history?from=2&to=3",
            "/documents/escalation-policy/hooks",
            "/people",
            "/people/vic",
            "/search?q=vic",
        ] {
            let asked = if path == "/api/v1/plan" {
                ask("POST", path).text("application/yaml", plan)
            } else {
                ask("GET", path)
            };
            let asked = if path.starts_with("/api/") {
                asked.by(&secret)
            } else {
                asked.with("cookie", &cookie).with("accept", "text/html")
            };
            let answer = house.call(asked).await;
            assert_eq!(answer.status, StatusCode::OK, "{reader} {path}: {}", answer.text);
            let shown = OF_VIC.iter().any(|address| answer.text.contains(address));
            assert!(person_shown || !shown, "{reader} {path}: {}", answer.text);
            assert!(policy_shown || !answer.text.contains(OF_POLICY), "{reader} {path}: {}", answer.text);
            if reader == "ada" && (shown || answer.text.contains(OF_POLICY)) {
                seen += &format!("{path}\n");
            }
        }
        // A rollback shows what it would bring back.
        let back = ask("POST", "/documents/person/vic/rollback").text("application/x-www-form-urlencoded", "to=1");
        let back = house.call(back.with("cookie", &cookie).with("accept", "text/html")).await;
        assert_eq!(OF_VIC.iter().any(|address| back.text.contains(address)), person_shown, "{reader}: {}", back.text);
    }
    // The test looks at places where there is something to see.
    insta::assert_snapshot!(seen, @"
    /api/v1/documents
    /api/v1/documents/person/vic
    /api/v1/documents/person/vic/history
    /api/v1/documents/person/vic/diff?from=1&to=2
    /api/v1/documents/person/vic/diff?from=0
    /api/v1/documents/escalation-policy/hooks
    /api/v1/documents/escalation-policy/hooks/history
    /api/v1/changesets/2
    /api/v1/export
    /api/v1/plan
    /documents/person/vic
    /documents/person/vic/edit
    /documents/person/vic/history?from=2&to=3
    /documents/escalation-policy/hooks
    /people
    /people/vic
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_export_says_how_people_are_reached_and_cannot_be_applied() {
    let mut house = house();
    let (rob, ada) = (house.token("rob", &[], None), house.token("ada", &[], None));
    let masked = house.call(ask("GET", "/api/v1/export?of=person/vic,escalation-policy/hooks").by(&rob)).await;
    insta::assert_snapshot!(masked.text, @"
    kind: person
    name: vic
    spec:
      full_name: Vic Lum
      email: v…@example.org
      access: viewer
      contacts:
      - { name: phone, ntfy: https://ntfy.example.org/… }
      - { name: desk, webhook: https://hooks.example.org/… }
    ---
    kind: escalation-policy
    name: hooks
    spec:
      title: Our hooks
      steps:
      - notify:
        - { webhook: https://hooks.example.org/… }
        wait: 5m
      repeat: 2
    ");
    let events = house.events();
    let refused = house.call(ask("POST", "/api/v1/apply").by(&ada).text("application/yaml", &masked.text)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let told: Vec<String> =
        refused.json()["errors"].as_array().unwrap().iter().map(|one| one["detail"].to_string()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        told.iter().all(|one| one.contains("is masked: it was read by somebody who may not see the whole")),
        "{told:?}"
    );
    assert_eq!(house.events(), events, "nothing changed");
    let whole = house.call(ask("GET", "/api/v1/export").by(&ada)).await;
    let same = house.call(ask("POST", "/api/v1/apply").by(&ada).text("application/yaml", &whole.text)).await;
    assert_eq!((same.status, &same.json()["changeset"]), (StatusCode::OK, &json!(null)), "{}", same.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_of_a_page_masks_mail_addresses() {
    let mut house = House::new();
    let source = house.source("prom");
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&["Disk"]))).await;
    let ada = house.token("ada", &[], None);
    let alerts = house.call(ask("GET", "/api/v1/alerts").by(&ada)).await.json();
    let (alert, page) = (alerts["items"][0]["id"].as_str().unwrap(), alerts["items"][0]["page"].as_str().unwrap());
    for (reader, shown) in [("rob", "rob@example.org"), ("vic", "r…@example.org"), ("ada", "rob@example.org")] {
        let secret = house.token(reader, &[], None);
        let told = house.call(ask("GET", &format!("/api/v1/pages/{page}")).by(&secret)).await.json();
        assert_eq!(told["deliveries"][0]["address"], shown, "{reader}");
        let told = house.call(ask("GET", &format!("/api/v1/alerts/{alert}")).by(&secret)).await.json();
        assert_eq!(told["pages"][0]["deliveries"][0]["address"], shown, "{reader}");
        let cookie = house.session(reader);
        let seen =
            house.call(ask("GET", &format!("/alerts/{alert}")).with("cookie", &cookie).with("accept", "text/html"));
        assert_eq!(seen.await.text.contains("rob@example.org"), shown.starts_with("rob"), "{reader}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_webhooks_are_signed_with_is_told_to_those_who_set_up_the_receiver() {
    let mut house = house();
    for (reader, document, status) in [
        ("vic", "person/vic", 200),
        ("rob", "person/vic", 403),
        ("mia", "person/vic", 200),
        ("vic", "escalation-policy/hooks", 403),
        ("mia", "escalation-policy/hooks", 200),
        ("mia", "escalation-policy/none", 404),
    ] {
        let secret = house.token(reader, &[], None);
        let answer = house.call(ask("GET", &format!("/api/v1/documents/{document}/webhook-secrets")).by(&secret)).await;
        assert_eq!(answer.status.as_u16(), status, "{reader} {document}: {}", answer.text);
        if status == 200 {
            let (place, url) = match document {
                "person/vic" => ("desk", "https://hooks.example.org/vics-hook"),
                _ => ("step 1", "https://hooks.example.org/all-of-us"),
            };
            let one = json!({ "place": place, "url": url, "secret": format!("whsec_of_{url}") });
            assert_eq!(answer.json()["items"], json!([one]));
        }
    }
}
