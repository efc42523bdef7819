//! Every table that is downloaded: what it is called, that no cell of it runs, and that it tells nobody of what they do not see.

use axum::http::StatusCode;
use domain::words::Span;
use serde_json::{Value, json};

use crate::action_items::item;
use crate::paging::Nights;
use crate::support::{ask, at};

const TABLES: [(&str, &str); 8] = [
    ("/api/v1/insights.csv", "measure,known,of,before,seconds_50"),
    ("/api/v1/insights/incidents.csv", "incident,title,class,severity,at,detect_seconds"),
    ("/api/v1/insights/promises.csv", "incident,title,audience,given_at,by,answered_at,kept"),
    ("/api/v1/insights/changes.csv", "change,title,kind,path,state,services"),
    ("/api/v1/insights/paging/people.csv", "person,pages,by_night,nights"),
    ("/api/v1/insights/paging/alerts.csv", "alert,service,pages,nothing,incident,answered,open"),
    ("/api/v1/action-items.csv", "action_item,title,bound,owner,kind,priority,state,due_at,overdue,incident"),
    ("/api/v1/incidents/ID/observables.csv", "type,value,defanged,verdict"),
];

/// What a spreadsheet would run, each in its own way.
const FORMULAS: [&str; 4] = ["=HYPERLINK(1)", "+cmd|calc", "-2+3", "@SUM(1)"];

async fn make(nights: &Nights, by: &str, path: &str, body: &Value) -> Value {
    let made = nights.house.call(ask("POST", path).by(by).json(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.text);
    nights.house.wait(1);
    made.json()
}

/// An incident with something for each table, every word of which is a formula.
async fn furnished(nights: &Nights, formula: &str, more: Value) -> String {
    let mut body = json!({ "title": formula, "class": "system", "services": ["shop"], "stamps": [
        { "milestone": "impact-started", "at": at(-9000).to_string() }, { "milestone": "mitigated", "at": at(-8000).to_string() }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let incident = make(nights, &nights.rob, "/api/v1/incidents", &body).await["id"].as_str().unwrap().to_owned();
    let of = |what: &str| format!("/api/v1/incidents/{incident}/{what}");
    let promise =
        json!({ "audience": "internal", "text": "We look.", "next_by": Span::hours(1).after(nights.house.now()) });
    make(nights, &nights.rob, &of("updates"), &promise).await;
    let mut item = item("Limit the queue to 1000", "rob");
    item["bound"] = json!(format!("{formula} is refused"));
    make(nights, &nights.rob, &of("action-items"), &item).await;
    let seen = json!({ "values": [{ "value": formula, "type": "process" }], "source": formula, "note": formula, "tlp": "GREEN" });
    make(nights, &nights.rob, &of("observables"), &seen).await;
    incident
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_one_and_no_cell_of_it_is_a_formula() {
    let mut nights = Nights::new();
    let mut last = String::new();
    for formula in FORMULAS {
        nights.fire(formula, false).await;
        last = furnished(&nights, formula, json!({})).await;
    }
    nights.wait(2 * 86_400);
    let mut ran = 0;
    for (path, headings) in TABLES {
        let answer = nights.house.call(ask("GET", &path.replace("ID", &last)).by(&nights.ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8", "{path}");
        assert!(answer.text.starts_with(headings) && answer.text.ends_with("\r\n"), "{path}: {}", answer.text);
        for line in answer.text.lines() {
            // None of these words holds a comma, so that a cell is what stands between two.
            for cell in line.split(',').map(|cell| cell.trim_start_matches('"')) {
                let number = cell.parse::<f64>().is_ok();
                assert!(number || !cell.starts_with(['=', '+', '-', '@']), "{path}: {cell} in {line}");
            }
        }
        ran += FORMULAS.iter().filter(|formula| answer.text.contains(&format!("'{formula}"))).count();
    }
    // Titles in three tables, of alerts in one, bounds in one, and the observable of the last incident.
    assert_eq!(ran, 4 * 4 + 1, "each was told where it belongs");
    let named = nights.house.call(ask("GET", &TABLES[7].0.replace("ID", &last)).by(&nights.ada)).await;
    assert_eq!(named.headers["content-disposition"], format!("attachment; filename=\"{last}-observables.csv\""));
    for (path, _) in TABLES {
        let answer = nights.house.call(ask("GET", &path.replace("ID", &last))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_incident_is_in_no_table_of_others() {
    let mut nights = Nights::new();
    nights.fire("Disk", false).await;
    furnished(&nights, "Open to all", json!({})).await;
    nights.wait(2 * 86_400);
    let everything = async |nights: &Nights, by: &str| {
        let mut all = Vec::new();
        for (path, _) in &TABLES[..7] {
            // The time stands still, so that the tables do not differ by it.
            let query = if path.contains("action-items") { "" } else { "?from=2026-09-20&to=2026-09-23" };
            all.push(nights.house.call(ask("GET", &format!("{path}{query}")).by(by)).await.text);
        }
        all
    };
    let (before, mine) = (everything(&nights, &nights.ada).await, everything(&nights, &nights.rob).await);
    let hidden = furnished(&nights, "The heron flew", json!({ "class": "security", "visibility": "restricted" })).await;
    assert_eq!(everything(&nights, &nights.ada).await, before, "to ada nothing happened");
    let now = everything(&nights, &nights.rob).await;
    let told: Vec<bool> = now.iter().zip(&mine).map(|(now, before)| now != before).collect();
    // It proves something, since he who is named sees it: among the measures, the incidents and the action items.
    assert_eq!(told, [true, true, false, false, false, false, true], "{now:#?}");
    let path = TABLES[7].0.replace("ID", &hidden);
    assert_eq!(nights.house.call(ask("GET", &path).by(&nights.ada)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_action_items_has_the_filters_of_the_page() {
    let mut nights = Nights::new();
    let incident = make(
        &nights,
        &nights.rob,
        "/api/v1/incidents",
        &json!({ "title": "The queue is full", "class": "system", "services": ["shop"] }),
    )
    .await;
    let path = format!("/api/v1/incidents/{}/action-items", incident["id"].as_str().unwrap());
    let mut detect = item("Alert on the length of the queue", "mia");
    detect["kind"] = json!("detect");
    detect["due_at"] = json!(at(3600));
    make(&nights, &nights.rob, &path, &item("Limit the queue to 1000", "rob")).await;
    make(&nights, &nights.rob, &path, &detect).await;
    nights.wait(7200);
    let titles = async |query: &str| {
        let answer = nights.house.call(ask("GET", &format!("/api/v1/action-items.csv?{query}")).by(&nights.rob)).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
        let lines: Vec<String> =
            answer.text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect();
        lines
    };
    let (limit, alert) = ("Limit the queue to 1000", "Alert on the length of the queue");
    for (query, listed) in [
        ("", vec![alert, limit]),
        ("owner=me", vec![limit]),
        ("owner=mia&state=open", vec![alert]),
        ("kind=detect", vec![alert]),
        ("overdue=true", vec![alert]),
        ("service=shop&kind=prevent", vec![limit]),
        ("priority=high", vec![]),
        ("state=verified", vec![]),
    ] {
        assert_eq!(titles(query).await, listed, "{query}");
    }
    let refused = nights.house.call(ask("GET", "/api/v1/action-items.csv?kind=wish").by(&nights.rob)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    // What the page offers is what it lists.
    let cookie = nights.house.session("rob");
    let link = regex::Regex::new(r#"href="(/api/v1/action-items.csv[^"]*)">As CSV"#).unwrap();
    for (query, listed) in
        [("", 1), ("?tab=open", 2), ("?tab=overdue", 1), ("?tab=all&kind=detect", 1), ("?tab=all&service=shop", 2)]
    {
        let page = nights
            .house
            .call(ask("GET", &format!("/action-items{query}")).with("accept", "text/html").with("cookie", &cookie))
            .await;
        let href = link.captures(&page.text).unwrap()[1].replace("&#38;", "&").replace("&amp;", "&");
        let table = nights.house.call(ask("GET", &href).by(&nights.rob)).await;
        assert_eq!(table.text.lines().count() - 1, listed, "{query}: {href}");
    }
}
