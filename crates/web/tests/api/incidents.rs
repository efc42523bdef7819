//! The list of incidents by what it is filtered by, and the runbooks of one.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::flows::firing;
use crate::support::{House, ask};

async fn declare(house: &House, by: &str, new: Value) -> String {
    let made = house.call(ask("POST", "/api/v1/incidents").by(by).json(&new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_is_filtered_by_class_severity_and_words() {
    let mut house = House::new();
    let level =
        |name: &str| format!("{{ name: {name}, title: a, system: a, operational: a, security: a, response: a }}");
    let levels = format!("{}, {}", level("SEV1"), level("SEV3"));
    house.apply(&format!("kind: severity-matrix\nname: default\nspec: {{ levels: [{levels}] }}"));
    let (rob, ada) = (house.token("rob", &[], None), house.session("ada"));
    for new in [
        json!({ "title": "Payments fail", "class": "system", "severity": "SEV1", "impact": "One in 5" }),
        json!({ "title": "Deliveries are late", "class": "operational", "severity": "SEV3" }),
        json!({ "title": "A heron in the data", "class": "security" }),
    ] {
        declare(&house, &rob, new).await;
    }
    let shown = async |query: &str| {
        let page = house.call(ask("GET", &format!("/incidents?{query}")).with("cookie", &ada)).await;
        assert_eq!(page.status, StatusCode::OK);
        let titles = ["Payments fail", "Deliveries are late", "A heron in the data"];
        titles.into_iter().filter(|title| page.text.contains(&format!("data-open>{title}"))).collect::<Vec<_>>()
    };
    // The one about security is restricted, and ada is not named.
    assert_eq!(shown("").await, ["Payments fail", "Deliveries are late"]);
    assert_eq!(shown("class=operational").await, ["Deliveries are late"]);
    assert_eq!(shown("severity=SEV1").await, ["Payments fail"]);
    assert_eq!(shown("q=ONE+in").await, ["Payments fail"]);
    assert_eq!(shown("q=late&class=system").await, [""; 0]);
    for hidden in ["q=heron", "class=security", "tab=all&q=heron"] {
        assert_eq!(shown(hidden).await, [""; 0], "{hidden}");
    }
    let none = house.call(ask("GET", "/incidents?tab=all&q=%3Cscript%3E").with("cookie", &ada)).await;
    assert!(none.text.contains("No incident matches these filters") && !none.text.contains("<script>\""));
    assert!(none.text.contains("href=\"/incidents?tab=all\""), "the filters can be cleared");
}

const RUNBOOKS: &str = "
kind: runbook
name: disk
spec:
  title: A disk is full
  match: ['alertname=\"Disk\"']
  text: |
    # Find it

    Run `df -h` <script>alert(1)</script> and [look](javascript:alert(1)).
---
kind: runbook
name: elsewhere
spec: { title: Something else, match: ['alertname=\"Other\"'], text: Look. }
";

#[tokio::test]
async fn an_incident_shows_the_runbooks_of_its_alerts_also_when_they_are_over() {
    let mut house = House::new();
    let source = house.source("prom");
    for document in RUNBOOKS.split("---") {
        house.apply(document);
    }
    let (rob, session) = (house.token("rob", &[], None), house.session("rob"));
    let mut alert = firing(&["Disk"]);
    alert[0]["annotations"] = json!({ "summary": "Disk", "runbook_url": "javascript:alert(1)" });
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&alert)).await;
    let alerts = house.call(ask("GET", "/api/v1/alerts").by(&rob)).await.json();
    let alert = alerts["items"][0]["id"].as_str().unwrap().to_owned();
    let id = declare(&house, &rob, json!({ "title": "Full", "class": "system", "from": [alert] })).await;

    let of =
        async || house.call(ask("GET", &format!("/api/v1/incidents/{id}")).by(&rob)).await.json()["runbooks"].clone();
    assert_eq!(of().await, json!([{ "runbook": "disk", "title": "A disk is full" }]));
    let room = house.call(ask("GET", &format!("/incidents/{id}")).with("cookie", &session)).await.text;
    assert!(room.contains("href=\"/runbooks/disk\"") && !room.contains("/runbooks/elsewhere"));
    assert!(!room.contains("href=\"javascript"), "an alert that names no address names none");

    let resolve = json!({ "alerts": [alert] });
    let resolved = house.call(ask("POST", "/api/v1/alerts/resolve").by(&rob).json(&resolve)).await;
    assert!(resolved.status.is_success(), "{}", resolved.text);
    assert_eq!(of().await, json!([{ "runbook": "disk", "title": "A disk is full" }]));

    let page = house.call(ask("GET", "/runbooks/disk").with("cookie", &session)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<h2>Find it</h2>") && page.text.contains("<code>df -h</code>"));
    assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("href=\"javascript"));
    for gone in ["/runbooks/none", "/runbooks/%3Cscript%3E"] {
        assert_eq!(house.call(ask("GET", gone).with("cookie", &session)).await.status, StatusCode::NOT_FOUND);
    }
}
