//! The meeting about a postmortem, over the API and on its page: planned, changed, led, held.

use axum::http::StatusCode;
use domain::words::Span;
use serde_json::json;

use crate::postmortems::{POLICY, over};
use crate::support::{House, ask};

#[tokio::test]
async fn it_is_planned_led_and_held() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, mia, vic) = (house.token("rob", &[], None), house.token("mia", &[], None), house.token("vic", &[], None));
    let id = over(&mut house, &rob, json!({ "title": "It <i>failed</i>", "class": "system", "near_miss": true })).await;
    let path = format!("/api/v1/incidents/{id}/review");
    let found = house.call(ask("GET", &path).by(&vic)).await.json();
    assert_eq!((&found["meeting"], &found["involved"]), (&json!(null), &json!(["rob"])), "{found}");
    assert_eq!(found["suggested"][0]["person"], "rob");
    let starts = Span::seconds(60).after(house.now());
    let plan = |by: &str, person: &str| json!({ "do": "plan", "meeting": { "starts_at": starts, "facilitator": by, "invitees": [{ "person": person }] } });
    for (by, body, status) in [
        (&vic, plan("mia", "rob"), StatusCode::FORBIDDEN),
        (&mia, plan("rob", "rob"), StatusCode::CONFLICT),
        (&mia, plan("mia", "nobody"), StatusCode::BAD_REQUEST),
        (&mia, json!({ "do": "decide", "text": "x" }), StatusCode::NOT_FOUND),
        (&mia, plan("mia", "rob"), StatusCode::OK),
        (&mia, plan("mia", "rob"), StatusCode::CONFLICT),
        (&mia, json!({ "do": "note", "topic": "wlak", "text": "x" }), StatusCode::BAD_REQUEST),
        (&mia, json!({ "do": "note", "topic": "walk", "text": "<b>Two</b> graphs" }), StatusCode::OK),
        (&mia, json!({ "do": "decide", "text": "A limit" }), StatusCode::OK),
        (&mia, json!({ "do": "hold", "attended": ["rob"] }), StatusCode::CONFLICT),
    ] {
        let done = house.call(ask("POST", &path).by(by).json(&body)).await;
        assert_eq!(done.status, status, "{body}: {}", done.text);
    }
    let file = house.call(ask("GET", &format!("{path}.ics")).by(&vic)).await;
    assert_eq!(file.headers["content-type"], "text/calendar; charset=utf-8");
    assert!(file.text.contains("METHOD:REQUEST\r\n") && file.text.contains("ATTENDEE;"), "{}", file.text);
    let cookie = house.session("mia");
    let page = house.call(ask("GET", &format!("/incidents/{id}/review")).with("cookie", &cookie)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("&#60;b&#62;Two") && page.text.contains("What did you expect"), "{}", page.text);
    house.wait(90);
    let done = house.call(ask("POST", &path).by(&mia).json(&json!({ "do": "hold", "attended": ["rob", "mia"] }))).await;
    assert_eq!(done.json()["meeting"]["state"], "held", "{}", done.text);
    assert_eq!(found["survey"], json!(null), "nothing was asked before");
}

#[tokio::test]
async fn what_it_was_good_for_is_asked_once_counted_and_told_of_nobody() {
    let mut house = House::new();
    house.apply(POLICY);
    let (rob, mia, vic) = (house.token("rob", &[], None), house.token("mia", &[], None), house.token("vic", &[], None));
    let id = over(&mut house, &rob, json!({ "title": "It failed", "class": "system", "near_miss": true })).await;
    let path = format!("/api/v1/incidents/{id}/review");
    let starts = Span::seconds(60).after(house.now());
    let plan = json!({ "do": "plan", "meeting": { "starts_at": starts, "facilitator": "mia", "invitees": [{ "person": "rob" }] } });
    let answer = json!({ "do": "answer", "learned": 4, "blameless": 5, "actions": 2, "said": "Less of the timeline" });
    let with = |name: &str, value: serde_json::Value| {
        let mut one = answer.clone();
        one[name] = value;
        one
    };
    assert_eq!(house.call(ask("POST", &path).by(&mia).json(&plan)).await.status, StatusCode::OK);
    assert_eq!(
        house.call(ask("POST", &path).by(&rob).json(&answer)).await.status,
        StatusCode::CONFLICT,
        "not held yet"
    );
    house.wait(90);
    let (rob, mia) = (house.token("rob", &[], None), house.token("mia", &[], None));
    let held =
        house.call(ask("POST", &path).by(&mia).json(&json!({ "do": "hold", "attended": ["rob", "mia", "vic"] }))).await;
    assert_eq!(held.status, StatusCode::OK, "{}", held.text);
    let before = house.events();
    for (by, body, status) in [
        (&vic, answer.clone(), StatusCode::FORBIDDEN),
        (&rob, with("learned", json!(0)), StatusCode::BAD_REQUEST),
        (&rob, with("actions", json!(6)), StatusCode::BAD_REQUEST),
        (&rob, with("said", json!("a\nb")), StatusCode::BAD_REQUEST),
        (&rob, answer.clone(), StatusCode::OK),
        (&rob, with("learned", json!(1)), StatusCode::CONFLICT),
    ] {
        let done = house.call(ask("POST", &path).by(by).json(&body)).await;
        assert_eq!(done.status, status, "{body}: {}", done.text);
    }
    let survey = async |by: &str| house.call(ask("GET", &path).by(by)).await.json()["survey"].clone();
    let (of_rob, of_mia) = (survey(&rob).await, survey(&mia).await);
    assert_eq!((&of_rob["asks_you"], &of_mia["asks_you"]), (&json!(false), &json!(true)));
    for (name, value) in [("answers", json!(1)), ("shown", json!(0)), ("said", json!([]))] {
        assert_eq!(of_mia[name], value, "{name}");
    }
    assert_eq!(of_mia["questions"][0]["counts"], json!([0, 0, 0, 0, 0]), "one answer is nobody's to read");
    assert_eq!(house.events(), before, "an entry would say whose it is");
    let cookie = house.session("mia");
    let page = house.call(ask("GET", &format!("/incidents/{id}/review")).with("cookie", &cookie)).await;
    assert!(page.text.contains("What it was good for") && !page.text.contains("Less of the timeline"), "{}", page.text);
    let form = "act=answer&learned=3&blameless=&actions=3&said=Typed+already";
    let post = ask("POST", &format!("/incidents/{id}/review")).with("cookie", &cookie);
    let refused = house.call(post.text("application/x-www-form-urlencoded", form)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("Typed already") && refused.text.contains("number from 1 to 5"), "{}", refused.text);
}

#[tokio::test]
async fn a_form_plans_in_the_zone_of_whoever_fills_it_in() {
    let mut house = House::new();
    house.apply(POLICY);
    let rob = house.token("rob", &[], None);
    let id = over(&mut house, &rob, json!({ "title": "It failed", "class": "system", "near_miss": true })).await;
    let (here, cookie) = (format!("/incidents/{id}/review"), house.session("mia"));
    let post = |body: &str| ask("POST", &here).with("cookie", &cookie).text("application/x-www-form-urlencoded", body);
    let past = "act=plan&at=2020-01-01T10:00&minutes=45&place=Room+4&facilitator=mia&invite=rob&why:rob=took+part";
    let refused = house.call(post(past)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("Room 4") && refused.text.contains("value=\"2020-01-01T10:00\""), "{}", refused.text);
    assert_eq!(house.call(post(&past.replace("2020", "2099"))).await.status, StatusCode::SEE_OTHER);
    let page = house.call(ask("GET", &here).with("cookie", &cookie)).await;
    assert!(page.text.contains("10:00 to 10:45") && page.text.contains("took part"), "{}", page.text);
}
