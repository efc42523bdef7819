//! Coming in: how often one may try to sign in, how much may be sent, and a signed link that another site presses.

use axum::http::StatusCode;
use domain::engage::deliveries::LinkKind;
use domain::engage::links::{Claim, LinkKey, mint};
use domain::words::Span;
use serde_json::json;

use crate::flows::firing;
use crate::support::{Ask, House, KEY, ask, name};

fn sign_in(login: &str) -> Ask {
    ask("POST", "/sign-in").text("application/x-www-form-urlencoded", &format!("email={login}&password=wrong"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_too_often_is_told_when_again() {
    let house = House::new();
    for _ in 0..5 {
        assert_eq!(house.call(sign_in("ada@example.org").from("203.0.113.9")).await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = house.call(sign_in("ada@example.org").from("198.51.100.7")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "an account is one, from wherever");
    assert_eq!(refused.headers["retry-after"], "12");
    assert!(refused.text.contains("Too many attempts: wait 12 seconds."), "{}", refused.text);
    house.wait(12);
    assert_eq!(house.call(sign_in("ada@example.org")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_names_from_one_address_are_too_many_and_a_proxy_is_believed_only_if_it_was_named() {
    let house = House::new();
    let sign_in = |turn: usize, peer: &str, passed_on: &str| {
        sign_in(&format!("nobody-{turn}@example.org")).from(peer).with("x-forwarded-for", passed_on)
    };
    for turn in 0..50 {
        let asked = sign_in(turn, "10.1.0.7", "198.51.100.1");
        assert_eq!(house.call(asked).await.status, StatusCode::UNAUTHORIZED, "{turn}");
    }
    for (peer, passed_on, status) in [
        ("10.1.0.7", "198.51.100.1", 429),
        ("10.1.0.7", "192.0.2.1, 198.51.100.1", 429),
        ("198.51.100.1", "192.0.2.1", 429),
        ("10.1.0.7", "198.51.100.2", 401),
        ("203.0.113.9", "198.51.100.1", 401),
    ] {
        let answer = house.call(sign_in(99, peer, passed_on)).await;
        assert_eq!(answer.status.as_u16(), status, "{peer} {passed_on}");
        assert_eq!(answer.headers.contains_key("retry-after"), status == 429);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_fits_into_one_call_and_more_does_not() {
    let mut house = House::new();
    let ada = house.token("ada", &[], None);
    let text = |bytes: usize| format!("kind: team\nname: big\nspec: {{ title: Big }}\n#{}\n", "x".repeat(bytes));
    for path in ["/api/v1/plan", "/api/v1/apply"] {
        let call = |bytes: usize| house.call(ask("POST", path).by(&ada).text("application/yaml", &text(bytes)));
        let done = call(15 << 20).await;
        assert_eq!(done.status, StatusCode::OK, "{path}: {}", done.text);
        let refused = call(16 << 20).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(refused.text.contains("the body is larger than 16777216 bytes"), "{}", refused.text);
    }
    let long = json!({ "name": "x".repeat(1 << 20), "access": "viewer" });
    let refused = house.call(ask("POST", "/api/v1/tokens").by(&ada).json(&long)).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "elsewhere a mebibyte is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_link_is_pressed_by_the_script_of_another_site_and_nothing_else_is() {
    let mut house = House::new();
    let (source, rob) = (house.source("prom"), house.token("rob", &[], None));
    house.call(ask("POST", "/api/v2/alerts").by(&source).json(&firing(&["Disk"]))).await;
    let alerts = house.call(ask("GET", "/api/v1/alerts").by(&rob)).await.json();
    let page = alerts["items"][0]["page"].as_str().unwrap().to_owned();
    let claim = Claim {
        page: page.parse().unwrap(),
        person: name("rob"),
        action: LinkKind::Acknowledge,
        expires: Span::hours(1).after(house.now()),
    };
    let path = format!("/p/{}", mint(&LinkKey::new(KEY), &claim));
    let script = |method: &str, path: &str| {
        let asked = ask(method, path).with("origin", "https://app.ntfy.example").with("accept", "*/*");
        asked.with("sec-fetch-site", "cross-site").with("sec-fetch-mode", "cors")
    };
    let asked = house.call(script("OPTIONS", &path)).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(
        (&asked.headers["access-control-allow-origin"], &asked.headers["access-control-allow-methods"]),
        (&"*".parse().unwrap(), &"POST".parse().unwrap())
    );
    let form = ask("POST", &path).with("sec-fetch-site", "cross-site").with("sec-fetch-mode", "navigate");
    assert_eq!(house.call(form).await.status, StatusCode::FORBIDDEN, "a form of another site is not its script");
    let pressed = house.call(script("POST", &path)).await;
    assert_eq!(pressed.status, StatusCode::NO_CONTENT, "{}", pressed.text);
    assert_eq!(pressed.headers["access-control-allow-origin"], "*");
    assert!(!pressed.headers.contains_key("access-control-allow-credentials"));
    let paged = house.call(ask("GET", &format!("/api/v1/pages/{page}")).by(&rob)).await.json();
    assert_eq!(paged["acknowledged_by"], "rob");
    // The page itself, and everything else, is for our own pages only.
    let cookie = house.session("rob");
    for (method, other) in
        [("GET", path.as_str()), ("GET", "/api/v1/me"), ("POST", "/api/v1/pages/test"), ("POST", "/me/test")]
    {
        let answer = house.call(script(method, other).with("cookie", &cookie).json(&json!({}))).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{method} {other}");
        assert!(method == "GET" || answer.status == StatusCode::FORBIDDEN, "{method} {other}");
    }
}
