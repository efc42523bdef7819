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
