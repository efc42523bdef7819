//! Insights: each number lists what it counts, on the API and on the pages; and tells nothing of what is not seen.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{House, ask, at};

/// A house, and who looks: ada, the administrator, by token and by session; rob, who responds.
struct Past {
    house: House,
    ada: String,
    browser: String,
    rob: String,
}

impl Past {
    fn new() -> Self {
        let mut house = House::new();
        let (ada, browser, rob) = (house.token("ada", &[], None), house.session("ada"), house.token("rob", &[], None));
        Self { house, ada, browser, rob }
    }

    async fn declare(&self, by: &str, body: Value) -> String {
        let answer = self.house.call(ask("POST", "/api/v1/incidents").by(by).json(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        // Ids of one instant have no order.
        self.house.wait(1);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// An incident whose impact was mitigated after so many minutes.
    async fn mitigated(&self, minutes: i64, more: Value) -> String {
        let mut body = json!({ "title": format!("It took {minutes}"), "class": "system", "services": ["shop"], "stamps": [
            { "milestone": "impact-started", "at": at(-90_000).to_string() },
            { "milestone": "mitigated", "at": at(-90_000 + minutes * 60).to_string() },
        ] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.declare(&self.rob, body).await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.house.call(ask("GET", path).by(&self.ada)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.house.call(ask("GET", path).with("accept", "text/html").with("cookie", &self.browser)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }
}

fn measure<'v>(found: &'v Value, word: &str) -> &'v Value {
    found["measures"].as_array().unwrap().iter().find(|one| one["measure"] == word).unwrap()
}

fn count(found: &Value) -> usize {
    found["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn below_twenty_the_values_are_told_and_each_number_lists_what_it_counts() {
    let past = Past::new();
    let quick = past.mitigated(5, json!({})).await;
    let slow = past.mitigated(50, json!({})).await;
    past.mitigated(7, json!({ "retrospective": true })).await;
    past.mitigated(8, json!({ "near_miss": true, "only_reported": true })).await;
    let unknown = past.declare(&past.rob, json!({ "title": "Nobody looked", "class": "operational" })).await;
    let early = json!([{ "milestone": "impact-started", "at": "2026-09-21 10:00" }, { "milestone": "detected", "at": "2026-09-21 07:00" }]);
    let early = past.declare(&past.rob, json!({ "title": "Caught", "class": "system", "stamps": early })).await;

    let found = past.get("/api/v1/insights").await;
    let cohorts: Vec<String> =
        found["incidents"].as_array().unwrap().iter().map(|one| format!("{} {}", one["n"], one["which"])).collect();
    assert_eq!(
        cohorts,
        ["4 \"counted\"", "1 \"near-miss\"", "1 \"retrospective\"", "0 \"cancelled\"", "0 \"merged\"", "0 \"drill\""]
    );
    let mitigate = measure(&found, "mitigate");
    assert_eq!((&mitigate["n"], &mitigate["of"], &mitigate["quantiles"]), (&json!(2), &json!(4), &json!([])));
    let points: Vec<(&Value, &Value)> =
        mitigate["points"].as_array().unwrap().iter().map(|one| (&one["incident"], &one["took"]["seconds"])).collect();
    assert_eq!(points, [(&json!(quick), &json!(300)), (&json!(slow), &json!(3000))], "the quickest first, and no mean");
    assert_eq!(mitigate["points"][0]["took"]["from"]["precision"], "second");
    assert_eq!(mitigate["compared"], json!({ "n_before": 0, "detectable": false }));
    let detect = measure(&found, "detect");
    assert_eq!((&detect["before"], &detect["points"][0]["took"]["seconds"]), (&json!(1), &json!(-10_800)));
    assert_eq!(detect["points"][0]["took"]["least"], json!(-10_860));

    for (path, listed) in [
        ("mitigate", vec![&slow, &quick]),
        ("mitigate?which=unknown", vec![&early, &unknown]),
        ("mitigate?at_least=301", vec![&slow]),
        ("mitigate?below=3000", vec![&quick]),
        ("mitigate?which=before", vec![]),
        ("detect?which=before", vec![&early]),
        ("mitigate?class=operational", vec![]),
        ("mitigate?service=shop&team=web", vec![&slow, &quick]),
        ("mitigate?team=db", vec![]),
        ("mitigate?from=2026-09-22&to=2026-09-30", vec![]),
        ("mitigate?from=2026-09-21&to=2026-09-21", vec![&slow, &quick]),
        ("incidents", vec![&early, &unknown, &slow, &quick]),
    ] {
        let found = past.get(&format!("/api/v1/insights/{path}")).await;
        let ids: Vec<&str> =
            found["items"].as_array().unwrap().iter().map(|one| one["incident"].as_str().unwrap()).collect();
        assert_eq!(ids, listed, "{path}");
        // The page lists the same.
        let page = past.page(&format!("/insights/{path}")).await;
        assert_eq!(page.matches("<tr data-row>").count(), listed.len(), "{path}");
        assert!(listed.iter().all(|id| page.contains(&format!("/incidents/{id}"))), "{path}");
    }
    assert_eq!(count(&past.get("/api/v1/insights/mitigate?retrospective=true").await), 3, "if they are asked for");
    assert_eq!(count(&past.get("/api/v1/insights/incidents?which=near-miss").await), 1);

    let page = past.page("/insights").await;
    assert_eq!(
        page.matches("<circle class=\"insight-dot\"").count(),
        3,
        "two mitigated, and one declared once detected"
    );
    assert_eq!(page.matches("insight-dot is-before").count(), 1);
    assert!(
        page.contains(&format!("<a href=\"/incidents/{quick}\" tabindex=\"-1\" aria-label=\"It took 5: 5 min\">")),
        "{page}"
    );
    assert!(
        page.contains("<a href=\"/insights/mitigate?which=known\"><strong>2</strong> of 4 incidents</a>"),
        "{page}"
    );
    let page = past.page("/insights?from=soon").await;
    assert!(page.contains("is not a time") && page.contains("of 4 incidents"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_twenty_on_there_are_quantiles_and_a_list_comes_in_parts() {
    let past = Past::new();
    for minutes in 1..=24 {
        past.mitigated(minutes * 10, json!({})).await;
    }
    let found = past.get("/api/v1/insights").await;
    let mitigate = measure(&found, "mitigate");
    assert_eq!((&mitigate["n"], &mitigate["points"]), (&json!(24), &json!([])));
    let quantile = |place: usize| {
        let one = &mitigate["quantiles"][place];
        (one["percent"].clone(), one["seconds"].clone(), one["least"].clone(), one["most"].clone())
    };
    assert_eq!(quantile(0), (json!(50), json!(7200), json!(4200), json!(10_800)));
    assert_eq!(quantile(2), (json!(90), json!(13_200), json!(10_800), Value::Null), "too few to say how bad it gets");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = past.get(&format!("/api/v1/insights/mitigate?limit=10{cursor}")).await;
        seen.extend(part["items"].as_array().unwrap().iter().map(|one| one["took"]["seconds"].as_i64().unwrap()));
        let Some(next) = part["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (1..=24).rev().map(|one| one * 600).collect::<Vec<i64>>(), "the longest first");
    let page = past.page("/insights").await;
    assert!(page.contains("3 h or more"), "{page}");
    assert_eq!(page.matches("insight-quantile\"").count(), 3);
    // As long a time later everything is in the time before.
    past.house.wait(90 * 24 * 3600);
    let found = past.get("/api/v1/insights").await;
    assert_eq!(measure(&found, "mitigate")["compared"], json!({ "n_before": 24, "detectable": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn promises_count_once_they_fell_due() {
    let past = Past::new();
    let id = past.declare(&past.rob, json!({ "title": "Slow", "class": "system" })).await;
    let say = async |next_by: Option<i64>, why: Option<&str>| {
        let body =
            json!({ "audience": "internal", "text": "We look.", "next_by": next_by.map(at), "late_because": why });
        let answer =
            past.house.call(ask("POST", &format!("/api/v1/incidents/{id}/updates")).by(&past.rob).json(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    };
    let promises = async || {
        let found = past.get("/api/v1/insights").await;
        (found["promises"]["kept"].as_u64().unwrap(), found["promises"]["due"].as_u64().unwrap())
    };
    say(Some(600), None).await;
    assert_eq!(promises().await, (0, 0), "its time has not come");
    past.house.wait(300);
    say(Some(900), None).await;
    assert_eq!(promises().await, (1, 1));
    past.house.wait(1200);
    assert_eq!(promises().await, (1, 2), "the other one is missed");
    say(None, Some("I was away")).await;
    assert_eq!(promises().await, (1, 2));
    for (which, kept) in [("due", vec![false, true]), ("kept", vec![true]), ("missed", vec![false])] {
        let found = past.get(&format!("/api/v1/insights/promises?which={which}")).await;
        let listed: Vec<bool> =
            found["items"].as_array().unwrap().iter().map(|one| one["kept"].as_bool().unwrap()).collect();
        assert_eq!(listed, kept, "{which}");
        let page = past.page(&format!("/insights/promises?which={which}")).await;
        assert_eq!(page.matches("<tr data-row>").count(), kept.len(), "{which}");
    }
}

/// How many rows a list has, on all its pages.
async fn rows(past: &Past, href: &str) -> usize {
    let next = regex::Regex::new(r#"<p class="more"><a class="button" href="([^"]+)""#).unwrap();
    let (mut href, mut count) = (plain(href), 0);
    loop {
        let page = past.page(&href).await;
        count += page.matches("<tr data-row>").count();
        let Some(found) = next.captures(&page) else { return count };
        href = plain(&found[1]);
    }
}

fn plain(href: &str) -> String {
    href.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_of_the_page_opens_a_list_of_as_many() {
    let past = Past::new();
    // So many that dots become bars, and that a list has more than one page.
    for minutes in 1..=205 {
        past.mitigated(minutes * minutes % 1400 + 1, json!({})).await;
    }
    for more in [json!({ "retrospective": true }), json!({ "near_miss": true, "only_reported": true })] {
        past.mitigated(7, more).await;
    }
    let early = json!([{ "milestone": "impact-started", "at": "2026-09-21 10:00" }, { "milestone": "detected", "at": "2026-09-21 07:00" }]);
    let id = past.declare(&past.rob, json!({ "title": "Caught", "class": "system", "stamps": early })).await;
    let promise = json!({ "audience": "internal", "text": "We look.", "next_by": at(700) });
    past.house.call(ask("POST", &format!("/api/v1/incidents/{id}/updates")).by(&past.rob).json(&promise)).await;
    past.house.wait(3600);
    let figure = regex::Regex::new(r#"<a href="(/insights/[^"]+)"><strong>(\d+)</strong> ([^<]*)</a>"#).unwrap();
    let cell = regex::Regex::new(r#"<td><a href="(/insights/[^"]+)">(\d+)</a>"#).unwrap();
    let bar = regex::Regex::new(r#"<a href="(/insights/[^"]+)" tabindex="-1" aria-label="(\d+): ([^"]*)""#).unwrap();
    let tab = regex::Regex::new(r#"<a href="(/insights/[^"]+)"[^>]*>[^<]*<span class="count">(\d+)</span>"#).unwrap();
    for query in ["", "?retrospective=true&from=2026-09-21", "?class=security"] {
        let page = past.page(&format!("/insights{query}")).await;
        let found = |pattern: &regex::Regex, page: &str| -> Vec<(String, usize)> {
            pattern.captures_iter(page).map(|one| (one[1].to_owned(), one[2].parse().unwrap())).collect()
        };
        let (figures, bars) = (found(&figure, &page), found(&bar, &page));
        assert!(figures.len() >= 14 && (query == "?class=security" || bars.len() > 5), "{query}: {figures:?} {bars:?}");
        for (href, n) in figures.iter().chain(&found(&cell, &page)).chain(&bars) {
            assert_eq!(rows(&past, href).await, *n, "{query}: {href}");
        }
        // On the lists, each tab has as many as it says.
        for path in ["/insights/mitigate", "/insights/incidents", "/insights/promises", "/insights/detect?which=before"]
        {
            let page = past
                .page(&if query.is_empty() {
                    path.to_owned()
                } else {
                    format!("{path}{}{}", if path.contains('?') { "&" } else { "?" }, &query[1..])
                })
                .await;
            let tabs = found(&tab, &page);
            assert!(tabs.len() >= 2, "{path}: {tabs:?}");
            for (href, n) in tabs {
                assert_eq!(rows(&past, &href).await, n, "{query}: {href}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_where_it_stands() {
    let past = Past::new();
    for (path, status, says) in [
        ("?from=soon", 400, "?from"),
        ("?from=2026-09-22&to=2026-09-21", 400, "?to"),
        ("?class=sytem", 400, "?class"),
        ("?team=wbe", 400, "?team"),
        ("?service=No!", 400, "?service"),
        ("?retrospective=perhaps", 400, "?retrospective"),
        ("?which=known", 400, "which"),
        ("/mitigate?which=counted", 400, "?which"),
        ("/incidents?which=known", 400, "?which"),
        ("/promises?which=broken", 400, "?which"),
        ("/mitigate?limit=0", 400, "?limit"),
        ("/mitigate?cursor=eA", 400, "?cursor"),
        ("/mitigate?at_least=1h", 400, "?at_least"),
        ("/mitgate", 404, "did you mean"),
    ] {
        let answer = past.house.call(ask("GET", &format!("/api/v1/insights{path}")).by(&past.ada)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert!(answer.text.contains(says), "{path}: {}", answer.text);
    }
    let page = ask("GET", "/insights/average").with("accept", "text/html").with("cookie", &past.browser);
    assert_eq!(past.house.call(page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_incident_changes_no_number_for_others() {
    let past = Past::new();
    for minutes in 1..=21 {
        past.mitigated(minutes, json!({})).await;
    }
    let everywhere = async |who: &str| {
        let mut seen = Vec::new();
        for path in [
            "?",
            "?retrospective=true&",
            "/mitigate?",
            "/dwell?which=unknown&",
            "/incidents?which=counted&",
            "/incidents?which=near-miss&",
            "/incidents?which=retrospective&",
            "/incidents?which=cancelled&",
            "/promises?",
        ] {
            let path = format!("/api/v1/insights{path}from=2026-09-20&to=2026-09-21");
            seen.push(past.house.call(ask("GET", &path).by(who)).await.text);
        }
        seen
    };
    let pages = async || {
        let strip = |page: String| page.split("<main").nth(1).unwrap().to_owned();
        let mut seen = Vec::new();
        for path in ["/insights", "/insights/mitigate", "/insights/incidents", "/insights/promises"] {
            seen.push(strip(past.page(&format!("{path}?from=2026-09-20&to=2026-09-21")).await));
        }
        seen
    };
    let (before, looked, mine) = (everywhere(&past.ada).await, pages().await, everywhere(&past.rob).await);
    for more in [json!({}), json!({ "near_miss": true, "only_reported": true }), json!({ "retrospective": true })] {
        let mut body = json!({ "class": "security" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let id = past.mitigated(9000, body).await;
        let update = json!({ "audience": "internal", "text": "The heron flew.", "next_by": at(600) });
        let told =
            past.house.call(ask("POST", &format!("/api/v1/incidents/{id}/updates")).by(&past.rob).json(&update)).await;
        // What is over when it is written down has no next update.
        assert!(told.status.is_success() || more["retrospective"] == true, "{}", told.text);
    }
    let cancelled = past.mitigated(8000, json!({ "class": "security" })).await;
    let cancel = json!({ "do": "cancel", "why": "a test" });
    let done =
        past.house.call(ask("POST", &format!("/api/v1/incidents/{cancelled}/act")).by(&past.rob).json(&cancel)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(everywhere(&past.ada).await, before, "to ada nothing happened");
    assert_eq!(pages().await, looked);
    let now = everywhere(&past.rob).await;
    // It proves something only if he who is named sees another number in each of them but the promises, which are not due.
    let changed = now.iter().zip(&mine).filter(|(now, before)| now != before).count();
    assert_eq!(changed, now.len() - 1, "{now:#?}");
    past.house.wait(900);
    let due = past.house.call(ask("GET", "/api/v1/insights").by(&past.rob)).await.json();
    assert_eq!(due["promises"], json!({ "kept": 0, "due": 1 }), "of the one that is counted");
    assert_eq!(past.get("/api/v1/insights").await["promises"], json!({ "kept": 0, "due": 0 }));
}
