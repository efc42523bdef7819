//! The public page: read by anybody, kept by caches, equal in page, feed and JSON; nothing hostile passes, nothing of the
//! inside stands in it.

use axum::http::StatusCode;
use domain::words::Span;
use serde_json::{Value, json};

use crate::support::{House, ask, at};

pub(crate) const PAGE: &str = "
kind: status-page
name: main
spec:
  title: Shop status
  about: How the shop is
  support: mailto:help@example.org
  groups:
  - title: Shop
    components:
    - { name: web, title: Website, services: [shop], since: 2026-01-01 }
    - { name: api, title: API }
";

/// Every public address that is there without an id.
const PUBLIC: [&str; 14] = [
    "/status",
    "/status/history",
    "/status/history/2026",
    "/status/subscribe",
    "/status/feed.atom",
    "/status/feed.rss",
    "/api/v2/summary.json",
    "/api/v2/status.json",
    "/api/v2/components.json",
    "/api/v2/incidents.json",
    "/api/v2/incidents/unresolved.json",
    "/api/v2/scheduled-maintenances.json",
    "/api/v2/scheduled-maintenances/upcoming.json",
    "/api/v2/scheduled-maintenances/active.json",
];

/// A house with a page, and somebody who may tell the public.
async fn told(house: &House, rob: &str, path: &str, body: Value) -> Value {
    let answer = house.call(ask("POST", path).by(rob).json(&body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

/// What a reader sees of a piece of HTML or XML.
pub(crate) fn seen(markup: &str) -> String {
    let text = regex::Regex::new(r"<(br|/p|/li|/h\d|p|li)[^>]*>").unwrap().replace_all(markup, " ").into_owned();
    let text = regex::Regex::new(r"<[^>]*>").unwrap().replace_all(&text, "").into_owned();
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")]
        .into_iter()
        .chain([("&#34;", "\""), ("&#38;", "&"), ("&amp;", "&")])
        .fold(text, |text, (code, letter)| text.replace(code, letter));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_public_without_a_page_or_while_it_is_hidden() {
    let mut house = House::new();
    let hidden = PAGE.replace("title: Shop status", "title: Shop status\n  hidden: true");
    for page in [None, Some(hidden)] {
        if let Some(page) = page {
            house.apply(&page);
        }
        for path in PUBLIC.into_iter().chain(["/status/heartbeat.json", "/status/notices/ntc_06f1k2m9qv7x3t01"]) {
            let answer = house.call(ask("GET", path)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
        }
        let form = ask("POST", "/status/subscribe").text("application/x-www-form-urlencoded", "email=a%40example.org");
        assert_eq!(house.call(form).await.status, StatusCode::NOT_FOUND);
    }
    house.apply(PAGE);
    for path in PUBLIC {
        assert_eq!(house.call(ask("GET", path)).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_answer_is_kept_by_caches_and_told_by_its_content() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    house.apply(PAGE);
    let mut tags = Vec::new();
    for path in PUBLIC.into_iter().filter(|path| *path != "/status/subscribe") {
        let answer = house.call(ask("GET", path)).await;
        assert_eq!(answer.headers["cache-control"], "public, max-age=30", "{path}");
        assert!(!answer.headers.contains_key("set-cookie"), "{path}");
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        for sent in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
            let again = house.call(ask("GET", path).with("if-none-match", &sent)).await;
            assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path} {sent}");
            assert_eq!(again.headers["etag"], tag.as_str());
        }
        let shared = path.starts_with("/api/v2/") || path.contains("feed");
        assert_eq!(answer.headers.contains_key("access-control-allow-origin"), shared, "{path}");
        tags.push((path, tag));
    }
    told(
        &house,
        &rob,
        "/api/v1/notices",
        json!({ "title": "It is slow", "text": "We look.", "components": { "web": "degraded" } }),
    )
    .await;
    for (path, tag) in tags {
        // Nothing was planned.
        let same = path.contains("scheduled");
        let again = house.call(ask("GET", path).with("if-none-match", &tag)).await;
        let page_moved = again.status == StatusCode::OK;
        assert!(page_moved || same, "{path}");
    }
    // Who is signed in sees the same.
    let cookie = house.session("ada");
    let (stranger, ada) = (ask("GET", "/status"), ask("GET", "/status").with("cookie", &cookie));
    assert_eq!(house.call(stranger).await.text, house.call(ada).await.text);
}

/// Histories as real pages have them: title, worst, and posts from the first on: minute, state (empty: an update), text.
type History = (&'static str, &'static str, &'static [(i64, &'static str, &'static str)]);
const HISTORIES: [History; 6] = [
    (
        "It went as it should",
        "partial-outage",
        &[
            (0, "investigating", "We are looking into errors."),
            (12, "identified", "It was a change of this morning."),
            (40, "monitoring", "We took it back, and watch."),
            (75, "resolved", "It is over."),
        ],
    ),
    ("Written down afterwards", "degraded", &[(0, "resolved", "From 19:12 to 19:29 UTC the `search` was slow.")]),
    (
        "It came back",
        "major-outage",
        &[
            (0, "investigating", "We look."),
            (10, "monitoring", "It seems to be over."),
            (25, "investigating", "It is not."),
            (26, "", "Still looking:\n- EU\n- US"),
            (60, "resolved", "Now it is."),
        ],
    ),
    (
        "With a lesson",
        "degraded",
        &[
            (0, "identified", "We know."),
            (5, "resolved", "Over."),
            (9000, "postmortem", "What we learnt: https://example.org/lesson?a=1&b=2\n\nWe **changed** it."),
        ],
    ),
    (
        "Opened again after it was resolved",
        "partial-outage",
        &[(0, "resolved", "Over."), (20, "identified", "Not quite."), (20, "resolved", "Over & done < for good.")],
    ),
    ("Nothing but updates", "operational", &[(0, "", "Something is odd."), (3, "", "Still.")]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_history_comes_back_equal_in_page_feed_and_json() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    house.apply(PAGE);
    for (place, (title, worst, posts)) in HISTORIES.into_iter().enumerate() {
        let begin = at(-86_400 * (30 + i64::try_from(place).unwrap()));
        let time = |minute: i64| Span::minutes(minute).after(begin);
        let mut id = String::new();
        for (number, (minute, state, text)) in posts.iter().enumerate() {
            let mut body = json!({ "text": text, "at": time(*minute), "quiet": true });
            if !state.is_empty() {
                body["state"] = json!(state);
            }
            if number == 0 {
                body["title"] = json!(title);
                body["components"] = json!({ "web": worst });
                id = told(&house, &rob, "/api/v1/notices", body).await["id"].as_str().unwrap().to_owned();
            } else {
                told(&house, &rob, &format!("/api/v1/notices/{id}/posts"), body).await;
            }
            house.wait(1);
        }
        let page = house.call(ask("GET", &format!("/status/notices/{id}"))).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let (page, html) = (seen(&page.text), page.text);
        let incidents = house.call(ask("GET", "/api/v2/incidents.json")).await.json();
        let incident =
            incidents["incidents"].as_array().unwrap().iter().find(|one| one["name"] == title).unwrap().clone();
        let feed = house.call(ask("GET", "/status/feed.atom")).await.text;
        let rss = house.call(ask("GET", "/status/feed.rss")).await.text;
        // What was told last stands first.
        let entry = feed.split("<entry>").nth(1).unwrap();
        let item = rss.split("<item>").nth(1).unwrap();
        let updates = incident["incident_updates"].as_array().unwrap();
        assert_eq!(updates.len(), posts.len(), "{title}");
        let mut from = 0;
        for (update, (minute, state, text)) in updates.iter().zip(posts.iter().rev()) {
            assert_eq!(update["body"], *text, "{title}: the text as it was written");
            let shown = time(*minute).strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
            assert_eq!(update["display_at"], shown.as_str(), "{title}");
            let heading = match *state {
                "" => "Update".to_owned(),
                state => format!("{}{}", state[..1].to_uppercase(), &state[1..]),
            };
            let said = text.replace("**", "").replace(['`'], "").replace("- ", "");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let when = time(*minute).strftime("%-d %b %Y, %H:%M UTC").to_string();
            let line = format!("{heading} {when} {said}");
            let found = page[from..].find(&line).unwrap_or_else(|| panic!("{title}: {line:?} in order in {page}"));
            from += found + line.len();
            let line = format!("{heading}, {when} {said}");
            for fed in [entry, item] {
                // Text of HTML is text of XML once more.
                let fed =
                    seen(&fed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&quot;", "\""));
                assert!(fed.contains(&line), "{title}: {line:?} in {fed}");
            }
        }
        assert!(html.contains(&format!("<title>{title}")), "{title}");
        let last =
            posts.iter().rev().find(|(_, state, _)| !state.is_empty()).map_or("investigating", |(_, state, _)| state);
        assert_eq!(incident["status"], last, "{title}");
        let impact = match worst {
            "operational" => "none",
            "degraded" => "minor",
            "partial-outage" => "major",
            _ => "critical",
        };
        assert_eq!(incident["impact"], impact, "{title}");
    }
    let history = house.call(ask("GET", "/status/history")).await.text;
    let titles: Vec<bool> = HISTORIES.iter().map(|(title, _, _)| history.contains(title)).collect();
    assert_eq!(titles, [true; 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_is_text_wherever_it_is_read() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>]]>&lt;b&gt;";
    house.apply(&json_page(evil));
    let wrong = ["\u{202e}", "\u{0}"];
    let notice = json!({ "title": evil, "state": "investigating", "components": { "web": "major-outage" },
        "text": format!("{evil}\n[a](javascript:alert(1)) [b](https://x\"onclick=alert(1)) {}", wrong.concat()) });
    let id = told(&house, &rob, "/api/v1/notices", notice).await["id"].as_str().unwrap().to_owned();
    let planned = json!({ "title": evil, "text": evil, "kind": "maintenance", "scheduled_for": Span::hours(1).after(house.now()),
        "scheduled_until": Span::hours(2).after(house.now()), "components": { "api": "maintenance" } });
    told(&house, &rob, "/api/v1/notices", planned).await;
    let tags = regex::Regex::new(r"<(/?)([a-zA-Z:?]+)[^<>]*?(/?)>").unwrap();
    for path in PUBLIC.into_iter().map(str::to_owned).chain([format!("/status/notices/{id}")]) {
        let answer = house.call(ask("GET", &path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        if path.starts_with("/api/v2/") {
            assert!(answer.json().is_object(), "{path}");
            continue;
        }
        for bad in ["<script>alert", "<img", "javascript:alert(1)\"", "onclick=alert(1)\"", "\u{202e}", "\u{0}"] {
            assert!(!answer.text.contains(bad), "{path}: {bad}");
        }
        if path.contains("feed") {
            let mut open: Vec<String> = Vec::new();
            for tag in tags.captures_iter(&answer.text) {
                let name = tag[2].to_owned();
                match (&tag[1], &tag[3]) {
                    ("/", _) => assert_eq!(open.pop().as_deref(), Some(name.as_str()), "{path}"),
                    (_, "/") => {}
                    _ if name.starts_with('?') => {}
                    _ => open.push(name),
                }
            }
            assert!(open.is_empty() && !answer.text.contains("&nbsp;"), "{path}: {open:?}");
        }
    }
}

fn json_page(title: &str) -> String {
    let page = json!({ "kind": "status-page", "name": "main", "spec": { "title": title, "about": title, "groups": [
        { "title": title, "components": [{ "name": "web", "title": title, "description": title }, { "name": "api", "title": "API" }] },
    ] } });
    page.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_public_reads_holds_nothing_of_the_inside() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    house.apply(PAGE);
    let incident = json!({ "title": "The database of the shop burns", "class": "system", "services": ["shop"] });
    let incident = told(&house, &rob, "/api/v1/incidents", incident).await["id"].as_str().unwrap().to_owned();
    let notice =
        json!({ "title": "Slow pages", "text": "We look.", "components": { "web": "degraded" }, "incident": incident });
    let id = told(&house, &rob, "/api/v1/notices", notice).await["id"].as_str().unwrap().to_owned();
    for path in PUBLIC.into_iter().map(str::to_owned).chain([format!("/status/notices/{id}")]) {
        let text = house.call(ask("GET", &path)).await.text;
        for inside in ["burns", "inc_", "\"shop\"", "person:", "rob", "Rob Ode", "tok_", "pst_"] {
            assert!(!text.contains(inside), "{path}: {inside}");
        }
    }
    // The room tells what the public was told.
    let cookie = house.session("rob");
    let room = house
        .call(ask("GET", &format!("/incidents/{incident}")).with("cookie", &cookie).with("accept", "text/html"))
        .await;
    assert!(room.text.contains("Told the public: Slow pages. We look."), "{}", room.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_shows_what_they_will_read_before_it_is_public_and_says_what_is_wrong() {
    let mut house = House::new();
    let (cookie, vic) = (house.session("rob"), house.token("vic", &[], None));
    house.apply(PAGE);
    let press = async |path: &str, form: &str| {
        let kind = "application/x-www-form-urlencoded";
        house.call(ask("POST", path).with("cookie", &cookie).with("accept", "text/html").text(kind, form)).await
    };
    let form = "kind=incident&title=It+is+slow&state=investigating&text=We+**look**&component.web=degraded&next=20m";
    let preview = press("/notices", &format!("{form}&how=preview")).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(
        preview.text.contains("They will read") && preview.text.contains("We <strong>look</strong>"),
        "{}",
        preview.text
    );
    assert!(preview.text.contains("value=\"It is slow\""), "what was filled in stays");
    let none = house.call(ask("GET", "/api/v2/incidents.json")).await.json();
    assert_eq!(none["incidents"], json!([]), "a preview keeps nothing");
    let wrong = press("/notices", "kind=incident&title=x&text=&how=post").await;
    assert!(wrong.text.contains("Write what the public is to read."), "{}", wrong.text);
    let done = press("/notices", &format!("{form}&how=post")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let here = done.headers["location"].to_str().unwrap().to_owned();
    let shown = house.call(ask("GET", "/status")).await.text;
    assert!(
        shown.contains("We <strong>look</strong>") && shown.contains("Next update by 21 Sep 2026, 14:33 UTC"),
        "{shown}"
    );
    assert!(preview.text.contains("Next update by 21 Sep 2026, 14:33 UTC"));
    let notice = here.rsplit('/').next().unwrap().to_owned();
    let one = house.call(ask("GET", &format!("/api/v1/notices/{notice}")).by(&vic)).await.json();
    let post = one["posts"][0]["id"].as_str().unwrap();
    let corrected = press(&format!("/notices/{notice}/posts/{post}"), "text=We+looked").await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER);
    let shown = house.call(ask("GET", "/status")).await.text;
    assert!(shown.contains("We looked") && shown.contains("corrected 21 Sep 2026, 14:13 UTC"), "{shown}");
}
