//! Automatic rollback over the API: who moves the ramp of a service, what the record says, and who stops a countdown.

use axum::http::StatusCode;
use domain::change::reflexes::{Made, Ramp, State};
use domain::words::{Id as _, ReflexId, Span};
use serde_json::{Value, json};

use crate::support::{House, ask};

/// A rule counts down to take a change back in an incident: what it made.
pub(crate) fn counts_down(house: &House, incident: &str, change: &str) -> String {
    let made = Made {
        id: ReflexId::from_bits(77),
        incident: incident.parse().unwrap(),
        change: change.parse().unwrap(),
        ramp: Ramp::Countdown,
        at: house.now(),
        state: State::Counting { until: Span::minutes(2).after(house.now()) },
    };
    assert!(house.store.write(|tx| Ok(store::change::reflexes::add(tx, &made)?)).unwrap());
    made.id.to_string()
}

async fn stands(house: &House, by: &str, visibility: &str) -> (String, String) {
    let deploy = json!({ "key": "4.2", "stage": "finished", "title": "Shop 4.2", "targets": [{ "service": "shop" }] });
    let seen = house.call(ask("POST", "/api/v1/changes/observed").by(by).json(&deploy)).await.json();
    let change = seen["changes"][0].as_str().unwrap().to_owned();
    let said = json!({ "title": "It fails", "class": "system", "services": ["shop"], "visibility": visibility });
    let made = house.call(ask("POST", "/api/v1/incidents").by(by).json(&said)).await.json();
    (made["id"].as_str().unwrap().to_owned(), change)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_ramped_by_whoever_may_edit_it_and_by_its_record() {
    let mut house = House::new();
    let (mia, max, rob) = (house.token("mia", &[], None), house.token("max", &[], None), house.token("rob", &[], None));
    house.apply("kind: team\nname: data\nspec: { title: Data, members: [max] }");
    let set = async |by: &str, service: &str, body: Value| {
        house.call(ask("PUT", &format!("/api/v1/services/{service}/ramp")).by(by).json(&body)).await
    };
    let to = |ramp: &str| json!({ "ramp": ramp, "why": "we want to know" });
    let before = house.call(ask("GET", "/api/v1/services/shop/ramp").by(&rob)).await.json();
    assert_eq!((&before["ramp"], &before["record"]), (&json!("off"), &json!([])));
    for (by, service, body, status) in [
        (&rob, "shop", to("suggest"), StatusCode::FORBIDDEN),
        (&max, "shop", to("suggest"), StatusCode::FORBIDDEN),
        (&mia, "nothing", to("suggest"), StatusCode::NOT_FOUND),
        (&mia, "No Name", to("suggest"), StatusCode::NOT_FOUND),
        (&mia, "shop", to("sideways"), StatusCode::BAD_REQUEST),
        (&mia, "shop", json!({ "ramp": "suggest", "why": " " }), StatusCode::BAD_REQUEST),
        (&mia, "shop", json!({ "ramp": "suggest", "why": "x", "history": 99 }), StatusCode::BAD_REQUEST),
        (&mia, "shop", to("countdown"), StatusCode::CONFLICT),
        (&mia, "shop", to("suggest"), StatusCode::OK),
        (&mia, "shop", to("suggest"), StatusCode::CONFLICT),
        (&mia, "shop", to("countdown"), StatusCode::CONFLICT),
    ] {
        let path = service.replace(' ', "%20");
        let answer = set(by, &path, body.clone()).await;
        assert_eq!(answer.status, status, "{service} {body}: {}", answer.text);
    }
    let refused = set(&mia, "shop", to("countdown")).await.json();
    assert_eq!(refused["detail"], "people agreed with 0 of 0 suggestions: it takes 20, and 95 of 100");
    let after = house.call(ask("GET", "/api/v1/services/shop/ramp").by(&rob)).await.json();
    assert_eq!(
        (&after["ramp"], &after["set_by"], &after["why"]),
        (&json!("suggest"), &json!("mia"), &json!("we want to know"))
    );
    assert_eq!(house.call(ask("GET", "/api/v1/services/nothing/ramp").by(&rob)).await.status, StatusCode::NOT_FOUND);
    let all = house.call(ask("GET", "/api/v1/ramps").by(&rob)).await.json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&all["items"][0]["service"], &all["items"][0]["ramp"]), (&json!("shop"), &json!("suggest")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countdown_is_stopped_by_whoever_may_take_something_back() {
    let mut house = House::new();
    let (rob, vic) = (house.token("rob", &[], None), house.token("vic", &[], None));
    let (incident, change) = stands(&house, &rob, "open").await;
    let id = counts_down(&house, &incident, &change);
    let all = house.call(ask("GET", &format!("/api/v1/incidents/{incident}/reflexes")).by(&vic)).await.json();
    assert_eq!((&all["items"][0]["state"], &all["items"][0]["title"]), (&json!("counting"), &json!("Shop 4.2")));
    let stop = async |by: &str, id: &str, body: Value| {
        house.call(ask("POST", &format!("/api/v1/reflexes/{id}")).by(by).json(&body)).await
    };
    let why = json!({ "do": "stop", "why": "it is the cache" });
    let counting = async || house.call(ask("GET", "/api/v1/reflexes").by(&vic)).await.json()["items"].clone();
    assert_eq!(counting().await[0]["id"], json!(id));
    assert_eq!(stop(&vic, &id, why.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stop(&rob, "rfx_0", why.clone()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stop(&rob, &id, json!({ "do": "run" })).await.status, StatusCode::BAD_REQUEST);
    for said in [why, json!({ "do": "stop" })] {
        let stopped = stop(&rob, &id, said).await.json();
        assert_eq!(
            (&stopped["state"], &stopped["stopped_by"], &stopped["why"], &stopped["agreed"]),
            (&json!("stopped"), &json!("rob"), &json!("it is the cache"), &json!(false))
        );
    }
    assert_eq!(counting().await, json!([]));
    let record = house.call(ask("GET", "/api/v1/services/shop/ramp").by(&vic)).await.json();
    assert_eq!((&record["suggested"], &record["agreed"]), (&json!(1), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_restricted_the_record_tells_nothing() {
    let mut house = House::new();
    let (mia, rob) = (house.token("mia", &[], None), house.token("rob", &[], None));
    let (incident, change) = stands(&house, &mia, "restricted").await;
    let id = counts_down(&house, &incident, &change);
    let stop = json!({ "do": "stop" });
    for (path, body) in
        [(format!("/api/v1/incidents/{incident}/reflexes"), None), (format!("/api/v1/reflexes/{id}"), Some(&stop))]
    {
        let asked = match body {
            Some(body) => ask("POST", &path).by(&rob).json(body),
            None => ask("GET", &path).by(&rob),
        };
        assert_eq!(house.call(asked).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (by, count) in [(&mia, 1), (&rob, 0)] {
        let counting = house.call(ask("GET", "/api/v1/reflexes").by(by)).await.json();
        assert_eq!(counting["items"].as_array().map(Vec::len), Some(count));
        let record = house.call(ask("GET", "/api/v1/services/shop/ramp").by(by)).await.json();
        assert_eq!((&record["record"], &record["suggested"]), (&json!([]), &json!(0)), "for everybody the same");
    }
    let own = house.call(ask("GET", &format!("/api/v1/incidents/{incident}/reflexes")).by(&mia)).await.json();
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
}
