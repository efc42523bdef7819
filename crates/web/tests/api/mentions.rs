//! What is mentioned in a postmortem, on pages, in files and over the API: by its name of now, as far as the reader sees it; and pictures.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::postmortems::over;
use crate::support::{Answer, House, ask};

const GIF: &str = "GIF89a\u{1}\0\u{1}\0 a small picture";

/// rob writes about a postmortem that everybody sees, and was in an incident that max does not see.
struct Text {
    house: House,
    rob: String,
    max: String,
    id: String,
    hidden: String,
}

impl Text {
    async fn new() -> Self {
        let mut house = House::new();
        let (rob, max) = (house.token("rob", &[], None), house.token("max", &[], None));
        let id = over(&mut house, &rob, json!({ "title": "Payments failed", "class": "system" })).await;
        let new = json!({ "title": "Payroll was read", "class": "security", "visibility": "restricted" });
        let hidden = over(&mut house, &rob, new).await;
        Self { house, rob, max, id, hidden }
    }

    async fn get(&self, path: &str, by: &str) -> Answer {
        self.house.call(ask("GET", path).by(by)).await
    }

    async fn asks(&self, query: &str, by: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/incidents/{}/mentions?{query}", self.id), by).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["items"].as_array().unwrap().clone()
    }

    async fn notes(&self, incident: &str, text: &str) -> String {
        let path = format!("/api/v1/incidents/{incident}/entries");
        let made =
            self.house.call(ask("POST", &path).by(&self.rob).json(&json!({ "sort": "note", "text": text }))).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn keeps(&self, incident: &str, query: &str, bytes: &str) -> String {
        let path = format!("/api/v1/incidents/{incident}/evidence?{query}");
        let made = self.house.call(ask("POST", &path).by(&self.rob).text("image/gif", bytes)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn writes(&self, text: &str) {
        let path = format!("/api/v1/incidents/{}/postmortem/sections", self.id);
        let body = json!({ "sections": [{ "section": "summary", "text": text }] });
        let done = self.house.call(ask("POST", &path).by(&self.rob).json(&body)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_sees_the_names_of_what_they_may_see() {
    let text = Text::new().await;
    let (open, secret) =
        (text.notes(&text.id, "restarted the <pool>").await, text.notes(&text.hidden, "the key").await);
    text.writes(&format!("@rob wrote {open}; see {} and {secret}. `{open}` @nobody", text.hidden)).await;
    let base = format!("/incidents/{}/postmortem", text.id);
    let (section, page) = (format!("{base}/sections/summary"), base.clone());
    let files = ["html", "md"].map(|kind| format!("/api/v1{base}.{kind}"));

    for path in [&section, &files[0], &files[1]] {
        for (who, may) in [(&text.rob, true), (&text.max, false)] {
            let shown = text.get(path, who).await;
            assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.text);
            let shown = shown.text;
            assert!(shown.contains("restarted the"), "{path}: {shown}");
            assert_eq!(shown.contains("Payroll was read"), may, "{path}: {shown}");
            assert_eq!(shown.contains("the key"), may, "{path}: {shown}");
            assert!(shown.contains(&text.hidden), "the id stays: {path}: {shown}");
            assert!(!shown.contains("<pool>"), "{path}: {shown}");
        }
    }
    let shown = text.get(&section, &text.rob).await.text;
    assert!(shown.contains(&format!("<code>{open}</code>")) && shown.contains("@nobody"), "{shown}");
    assert!(shown.contains("data-live=\"postmortem entry incident\""), "{shown}");
    // The form has the text as it is written.
    let form = text.get(&page, &text.rob).await.text;
    assert!(form.contains(&format!("see {} and", text.hidden)), "{form}");
    let file = text.get(&files[1], &text.max).await.text;
    assert!(file.contains(&format!("see {} and {secret}", text.hidden)) && file.contains("## Mentioned"), "{file}");
    let pdf = text.get(&format!("/api/v1{base}.pdf"), &text.max).await;
    assert_eq!(pdf.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_those_of_now_and_offers_are_what_is_seen() {
    let text = Text::new().await;
    let entry = text.notes(&text.id, "it was db1").await;
    let secret = text.notes(&text.hidden, "it was the key").await;
    let of = format!("of=@rob,{entry},{secret},{}", text.hidden);
    let kinds = |all: &[Value]| all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&text.asks(&of, &text.rob).await), ["person", "entry", "entry", "incident"]);
    let seen = text.asks(&of, &text.max).await;
    assert_eq!(kinds(&seen), ["person", "entry"], "{seen:?}");
    assert!(seen[1]["title"].as_str().unwrap().ends_with(": it was db1"), "{seen:?}");
    assert_eq!(seen[1]["url"], format!("/incidents/{}/entries/{entry}", text.id));
    let path = format!("/api/v1/incidents/{}/entries/{entry}", text.id);
    let correct = json!({ "do": "correct", "text": "it was db2" });
    let done = text.house.call(ask("POST", &path).by(&text.rob).json(&correct)).await;
    assert!(done.status.is_success(), "{}", done.text);
    let path = format!("/api/v1/incidents/{}/act", text.hidden);
    let grade = json!({ "do": "reveal", "why": "it is known" });
    assert_eq!(text.house.call(ask("POST", &path).by(&text.rob).json(&grade)).await.status, StatusCode::OK);
    let seen = text.asks(&of, &text.max).await;
    assert!(seen[1]["title"].as_str().unwrap().ends_with(": it was db2"), "{seen:?}");
    assert_eq!(kinds(&seen), ["person", "entry", "entry", "incident"], "it is open now: {seen:?}");

    let people = text.asks("offer=people&text=ro", &text.max).await;
    assert!(people.iter().any(|one| one["mention"] == "@rob"), "{people:?}");
    let things = text.asks("offer=things&text=DB2", &text.max).await;
    assert_eq!(things.iter().map(|one| one["mention"].as_str().unwrap()).collect::<Vec<_>>(), [entry.as_str()]);
    assert!(!text.asks("offer=things", &text.rob).await.is_empty());
    for (query, at) in
        [("of=rob", "?of"), ("offer=teams", "?offer"), ("", ""), ("of=@rob&offer=people", ""), ("what=1", "?what")]
    {
        let refused = text.get(&format!("/api/v1/incidents/{}/mentions?{query}", text.id), &text.rob).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}: {}", refused.text);
        assert_eq!(refused.json()["at"].as_str().unwrap_or(""), at, "{query}: {}", refused.text);
    }
    let new = json!({ "title": "Another", "class": "security", "visibility": "restricted" });
    let made = text.house.call(ask("POST", "/api/v1/incidents").by(&text.rob).json(&new)).await.json();
    let hidden = format!("/api/v1/incidents/{}/mentions?offer=people", made["id"].as_str().unwrap());
    assert_eq!(text.get(&hidden, &text.max).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_shown_by_its_first_bytes_to_those_who_may_see_it() {
    let text = Text::new().await;
    let picture = text.keeps(&text.id, "title=The+graph&file=g.png&type=image/png", GIF).await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let fake = text.keeps(&text.id, "title=Fake&type=image/png", svg).await;
    let vector = text.keeps(&text.id, "title=Vector&type=image/svg%2Bxml", svg).await;
    let secret = text.keeps(&text.hidden, "title=Secret&type=image/gif", GIF).await;
    text.writes(&format!(
        "![the graph](evd_x) ![the graph]({picture}) ![]({vector}) ![a secret]({secret}) [it]({picture})"
    ))
    .await;
    let base = format!("/incidents/{}/postmortem", text.id);
    let src = |incident: &str, id: &str| format!("/incidents/{incident}/evidence/{id}/picture");
    let shown = text.get(&format!("{base}/sections/summary"), &text.max).await.text;
    let image = format!("<img src=\"{}\" alt=\"the graph\"", src(&text.id, &picture));
    assert!(shown.contains(&image), "{shown}");
    assert_eq!(shown.matches("<img src=\"/incidents").count(), 1, "{shown}");
    let shown = text.get(&format!("{base}/sections/summary"), &text.rob).await.text;
    assert!(shown.contains(&src(&text.hidden, &secret)), "{shown}");

    let got = text.get(&src(&text.id, &picture), &text.max).await;
    assert_eq!((got.status, got.text.as_str()), (StatusCode::OK, GIF));
    assert_eq!(got.headers["content-type"], "image/gif", "what it is, not what it was called");
    assert_eq!(got.headers["x-content-type-options"], "nosniff");
    assert_eq!(got.headers["cache-control"], "no-store");
    for (path, who) in [
        (src(&text.id, &fake), &text.rob),
        (src(&text.id, &vector), &text.rob),
        (src(&text.hidden, &secret), &text.max),
        // Not under another incident either.
        (src(&text.id, &secret), &text.max),
        (src(&text.id, &secret), &text.rob),
        (src(&text.id, "evd_06f1k2m9qv7x3t1a"), &text.rob),
    ] {
        let refused = text.get(&path, who).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{path}: {}", refused.text);
    }
    // Looking at it is no copy.
    let one = text.get(&format!("/api/v1/incidents/{}/evidence/{picture}", text.id), &text.rob).await.json();
    assert_eq!(one["custody"].as_array().unwrap().len(), 1, "{one}");

    // The file has it within itself; of what cannot be shown it tells the words.
    let file = text.get(&format!("/api/v1{base}.html"), &text.max).await.text;
    assert!(file.contains("<img src=\"data:image/gif;base64,R0lGODlh") && !file.contains("src=\"/"), "{file}");
    assert!(file.contains("<em>a secret</em>"), "{file}");

    // What was altered since is not shown.
    let sha256 = one["sha256"].as_str().unwrap();
    let kept = text.house.evidence.0.join(sha256);
    std::fs::write(&kept, GIF.replace("small", "other")).unwrap();
    assert_eq!(text.get(&src(&text.id, &picture), &text.max).await.status, StatusCode::NOT_FOUND);
}
