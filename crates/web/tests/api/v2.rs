//! Alertmanager's API, version 2: its odd corners, as Prometheus, `amtool` and others rely on them.

use axum::http::StatusCode;
use domain::words::Span;
use serde_json::{Value, json};

use crate::support::{House, ask};

const ZERO: &str = "0001-01-01T00:00:00Z";

fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["labels"]["alertname"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_are_unset_are_filled_in_as_alertmanager_does() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    let now = house.now();
    let later = Span::minutes(4).after(now);
    let sent = json!([
        { "labels": { "alertname": "zero", "empty": "" }, "startsAt": ZERO, "endsAt": ZERO },
        { "labels": { "alertname": "ends" }, "endsAt": later },
        { "labels": { "alertname": "over" }, "endsAt": Span::minutes(1).before(now) },
    ]);
    let answer = house.call(ask("POST", "/api/v2/alerts").by(&source).json(&sent)).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    let listed = house.call(ask("GET", "/api/v2/alerts").by(&rob)).await.json();
    assert_eq!(names(&listed), ["ends", "zero"], "what is over is not listed");
    let of = |name: &str| {
        let all = listed.as_array().unwrap().iter();
        all.clone().find(|one| one["labels"]["alertname"] == name).unwrap().clone()
    };
    assert_eq!(of("zero")["startsAt"], json!(now));
    assert_eq!(of("zero")["endsAt"], json!(Span::minutes(5).after(now)));
    assert_eq!(of("zero")["labels"], json!({ "alertname": "zero" }), "an empty label is none");
    assert_eq!(of("ends")["endsAt"], json!(later));
    for (field, value) in [("receivers", json!([{ "name": "rest" }])), ("generatorURL", json!(""))] {
        assert_eq!(of("zero")[field], value);
    }
    let status = &of("zero")["status"];
    assert_eq!(*status, json!({ "state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [] }));
    assert_eq!(of("zero")["fingerprint"].as_str().unwrap().len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_select_as_in_alertmanager() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    let sent = json!([
        { "labels": { "alertname": "a", "service": "shop", "cluster": "c1" } },
        { "labels": { "alertname": "b", "service": "shop" } },
        { "labels": { "alertname": "c", "job": "api-1" } },
    ]);
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&sent)).await;
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": "b", "isRegex": false }],
        "startsAt": house.now(), "endsAt": Span::hours(1).after(house.now()), "createdBy": "ben", "comment": "c",
    });
    house.call(ask("POST", "/api/v2/silences").by(&rob).json(&silence)).await;
    for (query, found) in [
        ("", &["a", "b", "c"][..]),
        ("filter=service%3D%22shop%22", &["a", "b"]),
        ("filter=service%3Dshop&filter=cluster%3Dc1", &["a"]),
        ("filter=job%3D~%22api-.%22", &["c"]),
        ("filter=job%3D~%22api%22", &[]),
        ("filter=cluster%21%3Dc1", &["b", "c"]),
        ("filter=cluster%3D%22%22", &["b", "c"]),
        ("silenced=false", &["a", "c"]),
        ("active=false", &["b"]),
        ("active=false&silenced=false", &[]),
        ("receiver=sh.*", &["a", "b"]),
        ("receiver=sh", &[]),
        ("unprocessed=true&inhibited=true", &["a", "b", "c"]),
    ] {
        let listed = house.call(ask("GET", &format!("/api/v2/alerts?{query}")).by(&rob)).await;
        assert_eq!(names(&listed.json()), found, "{query}");
        let groups = house.call(ask("GET", &format!("/api/v2/alerts/groups?{query}")).by(&rob)).await.json();
        let inside: usize = groups.as_array().unwrap().iter().map(|one| one["alerts"].as_array().unwrap().len()).sum();
        assert_eq!(inside, found.len(), "{query}: {groups}");
    }
    for query in ["filter=%7B", "active=maybe", "receiver=%28"] {
        let answer = house.call(ask("GET", &format!("/api/v2/alerts?{query}")).by(&rob)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_is_changed_in_place_or_replaced_and_expires_twice() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let silence = |id: Option<&str>, value: &str, hours: i64| {
        json!({
            "id": id, "matchers": [{ "name": "service", "value": value, "isRegex": false, "isEqual": true }],
            "startsAt": Span::hours(1).before(house.now()), "endsAt": Span::hours(hours).after(house.now()),
            "createdBy": "ben", "comment": "moving house",
        })
    };
    let put = |body: Value| ask("POST", "/api/v2/silences").by(&rob).json(&body);
    let first = house.call(put(silence(None, "shop", 1))).await.json()["silenceID"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 36);
    let get = |id: &str| ask("GET", &format!("/api/v2/silence/{id}")).by(&rob);
    let read = house.call(get(&first)).await.json();
    assert_eq!(
        (&read["startsAt"], &read["status"]["state"]),
        (&json!(house.now()), &json!("active")),
        "clamped to now"
    );
    let same = house.call(put(silence(Some(&first), "shop", 2))).await.json();
    assert_eq!(same["silenceID"], json!(first), "only the end changed: the id stays");
    let second =
        house.call(put(silence(Some(&first), "cart", 2))).await.json()["silenceID"].as_str().unwrap().to_owned();
    assert_ne!(second, first);
    assert_eq!(house.call(get(&first)).await.json()["status"]["state"], "expired");
    let listed = house.call(ask("GET", "/api/v2/silences?filter=service%3Dcart").by(&rob)).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    for status in [200, 200] {
        let gone = house.call(ask("DELETE", &format!("/api/v2/silence/{second}")).by(&rob)).await;
        assert_eq!(gone.status.as_u16(), status, "{}", gone.text);
    }
    let unknown = "00000000-0000-0000-0000-000000000001";
    assert_eq!(house.call(get(unknown)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.call(put(silence(Some(unknown), "shop", 1))).await.status, StatusCode::NOT_FOUND);
    for (matchers, hours) in [
        (json!([]), 1),
        (json!([{ "name": "a", "value": ".*", "isRegex": true }]), 1),
        (json!([{ "name": "a", "value": "b", "isRegex": false }]), -1),
    ] {
        let mut body = silence(None, "shop", hours.max(0));
        body["matchers"] = matchers;
        let refused = house.call(put(body)).await;
        let fine = hours < 0;
        assert!(refused.status == StatusCode::BAD_REQUEST || fine, "{}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_amtool_and_others_ask_first_is_there() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    for by in [&source, &rob] {
        let status = house.call(ask("GET", "/api/v2/status").by(by)).await.json();
        assert_eq!(status["cluster"], json!({ "status": "disabled", "peers": [] }));
        assert_eq!(status["uptime"], "2026-09-21T14:13:20Z");
        assert_eq!(status["versionInfo"]["version"], "0.25.0");
        assert_eq!(status["versionInfo"]["revision"], "allclear 0.0.0");
        let original = status["config"]["original"].as_str().unwrap();
        let (_, routes) = original.split_once('\n').unwrap();
        let expected = "route:
  receiver: nobody
  routes:
  - {\"receiver\":\"shop\",\"matchers\":[\"service=\\\"shop\\\"\"],\"group_by\":[\"alertname\",\"service\"],\"group_wait\":\"0s\"}
  - {\"receiver\":\"rest\",\"matchers\":[],\"group_by\":[\"alertname\",\"service\"],\"group_wait\":\"0s\"}
receivers:
- {\"name\":\"nobody\"}
- {\"name\":\"shop\"}
- {\"name\":\"rest\"}
";
        assert_eq!(routes, expected);
    }
    let receivers = house.call(ask("GET", "/api/v2/receivers").by(&rob)).await.json();
    assert_eq!(receivers, json!([{ "name": "shop" }, { "name": "rest" }]));
    for path in ["/-/ready", "/-/healthy", "/in/prom/-/ready"] {
        assert_eq!(house.call(ask("GET", path)).await.text, "OK");
    }
    assert!(house.call(ask("GET", "/metrics")).await.text.contains("alertmanager_build_info{version="));
    let form = ask("POST", "/api/v2/alerts").by(&source).text("text/plain", "[]");
    assert_eq!(house.call(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let empty = ask("POST", "/api/v2/alerts").by(&source).json(&json!([]));
    assert_eq!(house.call(empty).await.status, StatusCode::OK);
    let other = ask("PUT", "/api/v2/alerts").by(&source);
    let other = house.call(other).await;
    assert_eq!(other.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(other.headers.contains_key("allow"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_with_a_wrong_alert_the_others_are_kept() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    let sent = json!([{ "labels": { "alertname": "fine" } }, { "labels": {} }]);
    let answer = house.call(ask("POST", "/api/v2/alerts").by(&source).json(&sent)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(names(&house.call(ask("GET", "/api/v2/alerts").by(&rob)).await.json()), ["fine"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_insists_on_json_gets_errors_in_the_shapes_of_alertmanager() {
    let mut house = House::new();
    let rob = house.token("rob", &[], None);
    let silence = json!({ "matchers": [], "endsAt": Span::hours(1).after(house.now()), "comment": "x" });
    let put = ask("POST", "/api/v2/silences").by(&rob).json(&silence);
    let stranger = ask("GET", "/api/v2/alerts");
    let unknown = ask("GET", "/api/v2/silence/00000000-0000-0000-0000-000000000001").by(&rob);
    for (asked, status, said) in [
        (put.clone(), 400, json!("/matchers: a silence needs at least one matcher")),
        (unknown, 404, json!({ "code": 404, "message": "there is no silence with this id" })),
        (stranger, 401, json!({ "code": 401, "message": "sign in, or send an API token, first" })),
    ] {
        let answer = house.call(asked.with("accept", "application/json")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, said));
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(answer.headers.contains_key("content-security-policy"));
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    }
    assert_eq!(house.call(put).await.headers["content-type"], "application/problem+json");
}
