//! What woke whom and what for, on the API and on the page: each number lists what it counts; and had a policy waited less.

use axum::http::StatusCode;
use domain::words::Span;
use serde_json::{Value, json};

use crate::support::{House, ask};

/// A firm that is paged. Rob is on call first, and Mia is called after five minutes.
pub(crate) struct Nights {
    pub(crate) house: House,
    source: String,
    pub(crate) ada: String,
    pub(crate) rob: String,
    pub(crate) vic: String,
}

impl Nights {
    pub(crate) fn new() -> Self {
        let mut house = House::new();
        let source = house.source("prom");
        let [ada, rob, vic] = ["ada", "rob", "vic"].map(|person| house.token(person, &[], None));
        Self { house, source, ada, rob, vic }
    }

    /// Sends an alert of the shop. One that begins has its message a minute later: another node takes up what was to be sent.
    pub(crate) async fn fire(&mut self, alertname: &str, over: bool) {
        let now = self.house.now();
        let ends = if over { Span::seconds(1).before(now) } else { Span::hours(48).after(now) };
        let one = json!({ "labels": { "alertname": alertname, "service": "shop", "severity": "critical" }, "endsAt": ends,
            "annotations": { "summary": format!("{alertname} of the shop") } });
        let sent = self.house.call(ask("POST", "/api/v2/alerts").by(&self.source).json(&json!([one]))).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
        self.wait(if over { 0 } else { 60 });
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.house.wait(seconds);
        self.house.turn();
    }

    pub(crate) async fn get(&self, path: &str, by: &str) -> Value {
        let answer = self.house.call(ask("GET", path).by(by)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    /// The alert of this name that fires.
    pub(crate) async fn alert(&self, alertname: &str) -> Value {
        let all = self.get("/api/v1/alerts", &self.ada).await;
        let mut all = all["items"].as_array().unwrap().iter();
        all.find(|one| one["labels"]["alertname"] == alertname).unwrap().clone()
    }

    async fn acknowledge(&self, alertname: &str, by: &str) {
        let page = self.alert(alertname).await["page"].as_str().unwrap().to_owned();
        let done =
            self.house.call(ask("POST", &format!("/api/v1/pages/{page}/acknowledge")).by(by).json(&json!({}))).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }

    async fn page(&mut self, person: &str, path: &str) -> String {
        let cookie = self.house.session(person);
        let answer = self.house.call(ask("GET", path).with("accept", "text/html").with("cookie", &cookie)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.text
    }

    /// It began in the afternoon (16:13 in Berlin): one page for nothing, one answered by day, and by night two in one night
    /// and one in the next, of which one is part of an incident.
    async fn through_two_nights() -> Self {
        let mut nights = Self::new();
        nights.fire("Disk", false).await;
        nights.wait(60);
        nights.fire("Disk", true).await;
        nights.wait(60);
        nights.fire("Queue", false).await;
        nights.acknowledge("Queue", &nights.rob).await;
        nights.fire("Queue", true).await;
        nights.wait(8 * 3600);
        nights.fire("Disk", false).await;
        nights.wait(60);
        nights.fire("Disk", true).await;
        nights.wait(4 * 3600);
        nights.fire("Queue", false).await;
        let (from, made) = (nights.alert("Queue").await["id"].clone(), "/api/v1/incidents");
        let body = json!({ "title": "The queue is full", "class": "system", "from": [from] });
        let made = nights.house.call(ask("POST", made).by(&nights.rob).json(&body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        nights.acknowledge("Queue", &nights.rob).await;
        nights.fire("Queue", true).await;
        nights.wait(24 * 3600);
        nights.fire("=Disk", false).await;
        nights
    }
}

fn people(found: &Value) -> Vec<(&str, u64, u64, u64)> {
    let count = |one: &Value, name: &str| one[name].as_u64().unwrap();
    let said = |one| (count(one, "pages"), count(one, "by_night"), count(one, "nights"));
    let all = found["people"].as_array().unwrap().iter();
    all.map(|one| (one["person"].as_str().unwrap(), said(one).0, said(one).1, said(one).2)).collect()
}

fn alerts(found: &Value) -> Vec<(&str, [u64; 5])> {
    let counts =
        |one: &Value| ["pages", "nothing", "incident", "answered", "open"].map(|name| one[name].as_u64().unwrap());
    found["alerts"].as_array().unwrap().iter().map(|one| (one["alert"].as_str().unwrap(), counts(one))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_their_own_nights_and_who_manages_sees_all() {
    let nights = Nights::through_two_nights().await;
    let found = nights.get("/api/v1/insights/paging", &nights.ada).await;
    assert_eq!(people(&found), [("rob", 5, 3, 2)]);
    assert_eq!(alerts(&found), [("Disk", [2, 2, 0, 0, 0]), ("Queue", [2, 0, 1, 1, 0]), ("=Disk", [1, 0, 0, 0, 1])]);
    let told = found["people"][0]["told"].as_array().unwrap();
    assert_eq!(
        told.iter().map(|one| one["by_night"].as_bool().unwrap()).collect::<Vec<_>>(),
        [true, true, true, false, false]
    );
    assert_eq!(people(&nights.get("/api/v1/insights/paging", &nights.rob).await), [("rob", 5, 3, 2)]);
    assert_eq!(people(&nights.get("/api/v1/insights/paging", &nights.vic).await), [], "nobody else's");
    let first = nights.get("/api/v1/insights/paging?from=2026-09-21&to=2026-09-21", &nights.ada).await;
    assert_eq!(people(&first), [("rob", 3, 1, 1)], "days of UTC");
    for (query, place) in
        [("?from=soon", "?from"), ("?from=2026-09-22&to=2026-09-21", "?to"), ("?person=rob", "person")]
    {
        let answer = nights.house.call(ask("GET", &format!("/api/v1/insights/paging{query}")).by(&nights.ada)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text.contains(place), "{query}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_of_the_page_opens_a_list_of_as_many() {
    let mut nights = Nights::through_two_nights().await;
    let cell = regex::Regex::new(r#"<a href="(/insights/paging\?[^"]+)#opened" aria-label="(\d+): ([^"]+)""#).unwrap();
    let page = nights.page("ada", "/insights/paging").await;
    let links: Vec<(String, usize, String)> = cell
        .captures_iter(&page)
        .map(|found| {
            (found[1].replace("&amp;", "&").replace("&#38;", "&"), found[2].parse().unwrap(), found[3].to_owned())
        })
        .collect();
    // Three of Rob; of the alerts the pages, and what they were good for.
    assert_eq!(links.len(), 3 + 2 + 3 + 2, "{links:?}");
    assert!(links.iter().any(|(_, n, says)| (*n, says.as_str()) == (2, "nights")), "{links:?}");
    let night = regex::Regex::new(r#"href="(/insights/paging\?person=rob[^"]+night=\d[^"]+)#opened""#).unwrap();
    for (href, n, says) in links {
        let opened = nights.page("ada", &href).await;
        assert_eq!(opened.matches("<li data-opened>").count(), n, "{says}: {href}");
        if says == "nights" {
            // The number of each night opens its pages.
            let each: Vec<String> = night.captures_iter(&opened).map(|found| found[1].replace("&#38;", "&")).collect();
            let mut pages = Vec::new();
            for href in &each {
                pages.push(nights.page("ada", href).await.matches("<li data-opened>").count());
            }
            assert_eq!(pages, [1, 2], "{each:?}");
        }
    }
    // What is not there opens nothing, and what is not somebody's to see neither.
    for (person, path) in [
        ("ada", "?person=nobody"),
        ("ada", "?alert=Nothing"),
        ("vic", "?person=rob"),
        ("vic", "?person=rob&night=each"),
    ] {
        let page = nights.page(person, &format!("/insights/paging{path}")).await;
        assert!(!page.contains("id=\"opened\""), "{person} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_behind_a_number_goes_on() {
    let mut nights = Nights::new();
    for _ in 0..203 {
        nights.fire("Disk", false).await;
        nights.wait(1);
        nights.fire("Disk", true).await;
        nights.wait(1);
    }
    let mut path = "/insights/paging?person=rob".to_owned();
    let mut seen = Vec::new();
    let next = regex::Regex::new(r#"href="([^"]+)#opened" rel="next""#).unwrap();
    loop {
        let page = nights.page("rob", &path).await;
        seen.push(page.matches("<li data-opened>").count());
        let Some(found) = next.captures(&page) else { break };
        path = found[1].replace("&#38;", "&").replace("&amp;", "&");
    }
    assert_eq!(seen, [200, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_alert_is_part_of_a_restricted_incident_is_told_to_nobody_else() {
    let mut nights = Nights::new();
    nights.fire("Login", false).await;
    let from = nights.alert("Login").await["id"].clone();
    let before = nights.get("/api/v1/insights/paging", &nights.ada).await;
    assert_eq!(alerts(&before), [("Login", [1, 0, 0, 0, 1])]);
    let body = json!({ "title": "The heron flew", "class": "security", "visibility": "restricted", "from": [from] });
    let made = nights.house.call(ask("POST", "/api/v1/incidents").by(&nights.rob).json(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let (rob, ada, vic) = (nights.rob.clone(), nights.ada.clone(), nights.vic.clone());
    let of = async |by: &str| nights.get("/api/v1/insights/paging", by).await["alerts"].clone();
    assert_eq!(of(&rob).await[0]["incident"], 1);
    for other in [&ada, &vic] {
        assert_eq!(of(other).await, before["alerts"], "nothing happened, to them");
        let csv = nights.house.call(ask("GET", "/api/v1/insights/paging/alerts.csv").by(other)).await.text;
        assert!(csv.ends_with("Login,shop,1,0,0,0,1\r\n"), "{csv}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn past_pages_say_what_a_shorter_wait_would_have_won() {
    let mut nights = Nights::new();
    let mia = nights.house.token("mia", &[], None);
    let path = "/api/v1/escalation-policies/web/counterfactuals";
    for turn in 0..6 {
        let name = format!("Disk{turn}");
        nights.fire(&name, false).await;
        // Rob sleeps; Mia is called after five minutes, and answers within one.
        nights.wait(240);
        nights.wait(60);
        nights.acknowledge(&name, &mia).await;
        nights.fire(&name, true).await;
        nights.wait(600);
        let found = nights.get(path, &nights.vic).await;
        assert_eq!((&found["n"], found["told"] == json!([])), (&json!(turn + 1), turn < 4), "it takes five: {found}");
    }
    let found = nights.get(path, &nights.vic).await;
    let best = &found["told"][0];
    assert_eq!(
        (&found["n"], &found["left_out"], &best["step"], &best["was"]),
        (&json!(6), &json!(0), &json!(1), &json!("5m"))
    );
    assert_eq!((&best["earlier"], &best["more_called"]), (&json!(6), &json!(0)), "{found}");
    let asked = nights.get(&format!("{path}?step=1&wait=2m"), &nights.vic).await;
    assert_eq!((&asked["told"][0]["wait"], &asked["told"][0]["by"]), (&json!("2m"), &json!("3m")));
    for (query, place) in
        [("?step=1", "?wait"), ("?wait=2m", "?step"), ("?step=9&wait=2m", "/step"), ("?step=1&wait=soon", "wait")]
    {
        let answer = nights.house.call(ask("GET", &format!("{path}{query}")).by(&nights.vic)).await;
        assert!(answer.status.is_client_error() && answer.text.contains(place), "{query}: {}", answer.text);
    }
    let gone = nights.house.call(ask("GET", "/api/v1/escalation-policies/wbe/counterfactuals").by(&nights.vic)).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    // The insights show it beside what paged, and lead on to the policy.
    let page = nights.page("vic", "/insights/paging").await;
    let sentence = best["sentence"].as_str().unwrap();
    let shown = page.split("id=\"waits\"").nth(1).unwrap();
    assert!(shown.to_lowercase().contains(&sentence.to_lowercase()), "{sentence} in {shown}");
    assert!(shown.contains("href=\"/escalation-policies/web#past\""), "{shown}");
    // Of a time in which nothing paged it says nothing.
    assert!(!nights.page("vic", "/insights/paging?from=2026-01-01&to=2026-01-02").await.contains("id=\"waits\""));
}
