//! What customers read, over the API, on its page and in public: derived, looked through, published by another, corrected.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::postmortems::{POLICY, over};
use crate::support::{House, ask};

/// An incident of which a postmortem is published inside.
pub(crate) async fn learned(house: &mut House, writer: &str, reviewer: &str) -> String {
    let new = json!({ "title": "Pool <i>full</i>", "class": "system", "near_miss": true });
    let id = over(house, writer, new).await;
    let at = |rest: &str| format!("/api/v1/incidents/{id}/postmortem{rest}");
    let section = |name: &str, text: &str| json!({ "section": name, "text": text });
    let text = "Acme <script>alert(1)</script> failed, see OPS-12.\n\n![x](https://evil.example/p.png)";
    let sections = json!({ "sections": [
        section("summary", text), section("impact", "40 payments"), section("learning", "Rob saw it"),
    ]});
    for (path, by, body) in [
        (at("/sections"), writer, sections),
        (at("/factors"), writer, json!({ "text": "The pool has no limit" })),
        (at(""), writer, json!({ "do": "submit" })),
        (at(""), reviewer, json!({ "do": "publish" })),
    ] {
        let done = house.call(ask("POST", &path).by(by).json(&body)).await;
        assert!(done.status.is_success(), "{path}: {}", done.text);
    }
    id
}

fn plan(instead: &str) -> Value {
    json!({
        "title": "Payments <b>failed</b>",
        "opening": "We are **sorry**.",
        "blocks": ["summary", "factors"],
        "redactions": [{ "words": "Acme", "reason": "vendor", "instead": instead }],
    })
}

#[tokio::test]
async fn it_goes_from_inside_to_the_public_and_is_corrected_there() {
    let mut house = House::new();
    house.apply(POLICY);
    house.apply(crate::status::PAGE);
    let (rob, mia, vic) = (house.token("rob", &[], None), house.token("mia", &[], None), house.token("vic", &[], None));
    let id = learned(&mut house, &rob, &mia).await;
    let path = format!("/api/v1/incidents/{id}/customer-postmortem");
    let first = house.call(ask("GET", &path).by(&vic)).await.json();
    assert_eq!((first["revision"].as_u64(), first["plan"]["title"].as_str()), (Some(0), Some("")), "{first}");
    let prepare = |revision: u32, plan: Value| json!({ "do": "prepare", "revision": revision, "plan": plan });
    let mut unknown = plan("a vendor");
    unknown["blocks"] = json!(["sumary"]);
    let mut nowhere = plan("a vendor");
    nowhere["redactions"][0]["words"] = json!("Globex");
    for (by, body, status) in [
        (&vic, prepare(0, plan("a vendor")), StatusCode::FORBIDDEN),
        (&rob, json!({ "do": "publish", "revision": 0 }), StatusCode::CONFLICT),
        (&rob, prepare(0, unknown), StatusCode::BAD_REQUEST),
        (&rob, prepare(0, nowhere), StatusCode::BAD_REQUEST),
        (&rob, prepare(0, plan("a vendor")), StatusCode::OK),
        (&rob, prepare(0, plan("a vendor")), StatusCode::CONFLICT),
        (&mia, json!({ "do": "publish", "revision": 1 }), StatusCode::CONFLICT),
    ] {
        let done = house.call(ask("POST", &path).by(by).json(&body)).await;
        assert_eq!(done.status, status, "{body}: {}", done.text);
    }
    let found = house.call(ask("GET", &path).by(&rob)).await.json();
    let kinds: Vec<&str> =
        found["findings"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["url", "ticket"], "{found}");
    for finding in found["findings"].as_array().unwrap() {
        let body = json!({ "do": "answer", "finding": finding["finding"], "why": "customers know it" });
        let done = house.call(ask("POST", &path).by(&rob).json(&body)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    let publish = |revision: u32| json!({ "do": "publish", "revision": revision });
    let done = house.call(ask("POST", &path).by(&mia).json(&publish(1))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let url = done.json()["public_url"].as_str().unwrap().to_owned();
    let public = url[url.find("/status").unwrap()..].to_owned();
    let shown = house.call(ask("GET", &public)).await;
    assert_eq!(shown.status, StatusCode::OK);
    for text in ["Payments &#60;b&#62;failed", "a vendor", "We are <strong>sorry</strong>", "The pool has no limit"] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    for text in ["Acme", "<script>alert", "<img", "40 payments", "Rob", &id] {
        assert!(!shown.text.contains(text), "{text}: {}", shown.text);
    }
    let notice = public.trim_end_matches("/postmortem");
    assert!(house.call(ask("GET", notice)).await.text.contains(&public));
    assert!(house.call(ask("GET", "/status/feed.atom")).await.text.contains("Postmortem"));

    let mut fixed = plan("our host");
    fixed["correction"] = json!("It was our host, as it says itself.");
    let again = house.call(ask("POST", &path).by(&rob).json(&prepare(2, fixed))).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    let done = house.call(ask("POST", &path).by(&mia).json(&publish(3))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    house.wait(20);
    let now = house.call(ask("GET", &public)).await.text;
    assert!(now.contains("It was our host") && now.contains("our host &lt;script"), "{now}");
    let old = house.call(ask("GET", &format!("{public}/1"))).await.text;
    assert!(old.contains("a vendor") && old.contains("It was corrected") && !old.contains("our host"), "{old}");
    for path in [format!("{public}/3"), format!("{public}/x"), "/status/notices/ntc_0000000000000000/postmortem".into()]
    {
        assert_eq!(house.call(ask("GET", &path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (end, kind) in [("html", "text/html; charset=utf-8"), ("pdf", "application/pdf")] {
        for path in [format!("{path}.{end}"), format!("/api/v1/incidents/{id}/postmortem.{end}")] {
            let file = house.call(ask("GET", &path).by(&vic)).await;
            assert_eq!((file.status, file.headers["content-type"].to_str().unwrap()), (StatusCode::OK, kind), "{path}");
            assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"), "{path}");
            let begins = if end == "pdf" { "%PDF-1.7" } else { "<!doctype html>" };
            assert!(file.text.starts_with(begins) && !file.text.contains("<script"), "{path}");
        }
    }
    let outside = house.call(ask("GET", &format!("{path}.html")).by(&vic)).await.text;
    assert!(outside.contains("our host") && !outside.contains("Acme") && !outside.contains("40 payments"), "{outside}");
    let ada = house.session("ada");
    let page = house.call(ask("GET", &format!("/incidents/{id}/customer-postmortem")).with("cookie", &ada)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<del>Acme</del>") && !page.text.contains("<script>alert"), "{}", page.text);
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let id = learned(&mut house, &rob, &mia).await;
    let (here, cookie) = (format!("/incidents/{id}/customer-postmortem"), house.session("rob"));
    let form = |words: &str| {
        format!(
            "act=prepare&revision=0&title=It+failed&opening=Sorry&block=summary&words={words}&reason=vendor&instead="
        )
    };
    let post =
        |body: String| ask("POST", &here).with("cookie", &cookie).text("application/x-www-form-urlencoded", &body);
    let refused = house.call(post(form("Globex"))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    for text in ["Globex", "It failed", "stands nowhere"] {
        assert!(refused.text.contains(text), "{text}: {}", refused.text);
    }
    assert_eq!(house.call(post(form("Acme"))).await.status, StatusCode::SEE_OTHER);
    let page = house.call(ask("GET", &here).with("cookie", &cookie)).await;
    assert!(page.text.contains("[a vendor]") && page.text.contains("no status page"), "{}", page.text);
}

#[tokio::test]
async fn that_of_a_restricted_incident_is_there_for_those_who_are_named() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, ada) = (house.token("rob", &[], None), house.token("ada", &[], None));
    let hidden = json!({ "title": "A token was used", "class": "security", "near_miss": true });
    let id = over(&mut house, &rob, hidden).await;
    for path in ["customer-postmortem", "review", "review.ics"].map(|end| format!("/api/v1/incidents/{id}/{end}")) {
        let answer = house.call(ask("GET", &path).by(&ada)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
        assert!(!answer.text.contains("token was used") && !answer.text.contains("published"), "{}", answer.text);
    }
}
