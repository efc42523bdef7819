//! Flags over HTTP: OFREP as the protocol says it, kills above it, keys, and flagd's file in and out.

use axum::http::StatusCode;
use domain::change::exposures::Exposure;
use serde_json::{Value, json};
use store::change::exposures;

use crate::support::{Answer, Ask, House, ask, without_ids};

const FLAGS: &str = "
kind: environment
name: production
spec: { title: Production, metadata: { flagSetId: shop }, questions_per_second: 1000 }
---
kind: flag
name: checkout
spec:
  title: New checkout
  key: New checkout!
  purpose: operational
  services: [shop]
  variants: { on: true, off: false }
  environments:
    production: { state: ENABLED, defaultVariant: 'off', targeting: { if: [{ ends_with: [{ var: email }, '@example.org'] }, 'on'] } }
---
kind: flag
name: retired
spec:
  title: Retired
  purpose: kill-switch
  variants: { on: 1.0 }
  environments: { production: { state: DISABLED } }
";

struct Shop {
    house: House,
    ada: String,
    server: String,
    client: String,
}

impl Shop {
    async fn new() -> Self {
        let mut house = House::new();
        house.apply(FLAGS);
        let ada = house.token("ada", &[], None);
        let mut keys = Vec::new();
        for kind in ["server", "client"] {
            let asked = ask("POST", "/api/v1/environments/production/keys").by(&ada);
            let made = house.call(asked.json(&json!({ "kind": kind, "title": "a program" }))).await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            keys.push(made.json()["secret"].as_str().unwrap().to_owned());
        }
        let client = keys.pop().unwrap();
        Self { house, ada, server: keys.pop().unwrap(), client }
    }

    async fn one(&self, key: &str, body: &Value) -> Answer {
        let path = format!("/ofrep/v1/evaluate/flags/{key}");
        self.house.call(ask("POST", &path).by(&self.server).json(body)).await
    }

    async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let asked = ask(method, &format!("/api/v1/{path}")).by(&self.ada);
        self.house
            .call(match body {
                Some(body) => asked.json(&body),
                None => asked,
            })
            .await
    }

    async fn kill(&self, body: Value) -> Answer {
        self.api("POST", "flags/checkout/kills", Some(body)).await
    }
}

fn bulk() -> Ask {
    ask("POST", "/ofrep/v1/evaluate/flags")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flag_is_answered_as_the_protocol_says() {
    let shop = Shop::new().await;
    let ours = json!({ "context": { "targetingKey": "ana", "email": "ana@example.org" } });
    let mut said = String::new();
    for (key, body) in [
        ("New%20checkout!", ours.clone()),
        ("New%20checkout!", json!({})),
        ("retired", ours.clone()),
        ("nothing/here", ours.clone()),
        ("retired", json!({ "context": [1] })),
    ] {
        let answer = shop.one(key, &body).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        said += &format!("{key} {}: {}\n", answer.status.as_u16(), answer.text);
    }
    let path = "/ofrep/v1/evaluate/flags/retired";
    let broken = shop.house.call(ask("POST", path).by(&shop.server).text("application/json", "{")).await;
    said += &format!("no JSON {}: {}\n", broken.status.as_u16(), broken.json()["errorCode"]);
    let large =
        shop.house.call(ask("POST", path).by(&shop.server).text("application/json", &" ".repeat(300 << 10))).await;
    said += &format!("too large {}: {}\n", large.status.as_u16(), large.json()["errorCode"]);
    for (who, key) in [("nobody", None), ("a stranger", Some("ack_nobody")), ("a token", Some(shop.ada.as_str()))] {
        let asked = ask("POST", path).json(&json!({}));
        let answer = shop
            .house
            .call(match key {
                Some(key) => asked.by(key),
                None => asked,
            })
            .await;
        said += &format!("{who} {}: {:?}\n", answer.status.as_u16(), answer.text);
    }
    insta::assert_snapshot!(said);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_flags_have_a_tag_that_goes_by_the_context_and_by_kills() {
    let shop = Shop::new().await;
    let ask_for = async |email: &str, tag: Option<&str>| {
        let asked = bulk().with("x-api-key", &shop.client).json(&json!({ "context": { "email": email } }));
        shop.house
            .call(match tag {
                Some(tag) => asked.with("if-none-match", tag),
                None => asked,
            })
            .await
    };
    let ours = ask_for("ana@example.org", None).await;
    let stream = ours.json()["eventStreams"][0]["endpoint"]["requestUri"].as_str().unwrap().to_owned();
    let shown = serde_json::to_string_pretty(&ours.json()).unwrap().replace(&stream, "/ofrep/v1/stream/NAME");
    insta::assert_snapshot!(shown);
    let tag = ours.headers["etag"].to_str().unwrap().to_owned();
    let again = ask_for("ana@example.org", Some(&tag)).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(ask_for("eve@elsewhere.org", Some(&tag)).await.status, StatusCode::OK);
    // A stream tells of changes, and opens nothing.
    assert_eq!(shop.house.call(ask("GET", &stream)).await.headers["content-type"], "text/event-stream");
    assert_eq!(shop.house.call(ask("GET", "/ofrep/v1/stream/nobody")).await.status, StatusCode::NOT_FOUND);
    let kill = shop.kill(json!({ "environment": "production", "why": "orders twice", "for": "1h" })).await;
    assert_eq!(kill.status, StatusCode::CREATED, "{}", kill.text);
    let killed = ask_for("ana@example.org", Some(&tag)).await;
    assert_eq!(killed.json()["flags"][0]["variant"], "off");
    // It ends by the clock.
    shop.house.wait(3600);
    assert_eq!(ask_for("ana@example.org", Some(&tag)).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_is_made_shown_extended_and_lifted() {
    let shop = Shop::new().await;
    for (body, place) in [
        (json!({ "environment": "production", "why": " ", "for": "1h" }), "/why"),
        (json!({ "environment": "staging", "why": "a", "for": "1h" }), "/environment"),
        (json!({ "environment": "production", "why": "a", "for": "1h", "variant": "of" }), "/variant"),
        (json!({ "environment": "production", "why": "a", "for": "3000h" }), "/expires_at"),
        (json!({ "environment": "production", "why": "a" }), "/expires_at"),
        (
            json!({ "environment": "production", "why": "a", "for": "1h", "incident": "inc_0000000000000000" }),
            "/incident",
        ),
    ] {
        let answer = shop.kill(body).await;
        assert!(answer.status.is_client_error(), "{}", answer.text);
        assert_eq!(answer.json()["at"], place, "{}", answer.text);
    }
    let ours = json!({ "context": { "email": "ana@example.org" } });
    assert_eq!(shop.one("New%20checkout!", &ours).await.json()["value"], true);
    let made = shop.kill(json!({ "environment": "production", "why": "orders twice", "for": "1h" })).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        shop.one("New%20checkout!", &ours).await.json(),
        json!({
            "key": "New checkout!", "value": false, "variant": "off", "metadata": { "flagSetId": "shop" }, "reason": "STATIC",
        })
    );
    let shown = shop.api("GET", &format!("kills/{id}"), None).await;
    insta::assert_snapshot!(without_ids(&serde_json::to_string_pretty(&shown.json()).unwrap()));
    let listed = shop.api("GET", "flags", None).await.json();
    assert_eq!(listed["items"][0]["environments"][0]["kill"]["id"], id.as_str());
    assert_eq!(shop.api("GET", "switches?services=shop", None).await.json()["items"][0]["kill"], id.as_str());
    let longer = shop.api("POST", &format!("kills/{id}/extend"), Some(json!({ "for": "5h" }))).await;
    assert_eq!(longer.json()["expires_at"], "2026-09-21T19:13:20Z");
    let lifted = shop.api("POST", &format!("kills/{id}/lift"), Some(json!({ "why": "mended" }))).await;
    assert_eq!((&lifted.json()["state"], &lifted.json()["lifted_by"]), (&json!("lifted"), &json!("ada")));
    assert_eq!(shop.one("New%20checkout!", &ours).await.json()["value"], true);
    let twice = shop.api("POST", &format!("kills/{id}/lift"), Some(json!({}))).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_environment_until_it_is_revoked_and_one_of_users_no_rules() {
    let shop = Shop::new().await;
    let definitions = async |key: &str| shop.house.call(ask("GET", "/flagd/flags.json").by(key)).await;
    let whole = definitions(&shop.server).await;
    assert!(whole.json()["flags"]["New checkout!"]["targeting"].is_object(), "{}", whole.text);
    assert_eq!(definitions(&shop.client).await.status, StatusCode::FORBIDDEN);
    shop.kill(json!({ "environment": "production", "why": "a", "for": "1h" })).await;
    let killed = definitions(&shop.server).await.json();
    assert_eq!(killed["flags"]["New checkout!"]["defaultVariant"], "off");
    assert!(killed["flags"]["New checkout!"]["targeting"].is_null());
    // So many questions a second, then with patience.
    let answers = async || {
        let mut refused = None;
        for _ in 0..1500 {
            let answer = shop.one("retired", &json!({})).await;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer.headers["retry-after"].to_str().unwrap().to_owned());
                break;
            }
        }
        refused
    };
    assert_eq!(answers().await.as_deref(), Some("1"));
    let keys = shop.api("GET", "environments/production/keys", None).await.json();
    for key in keys["items"].as_array().unwrap() {
        let path = format!("environments/production/keys/{}", key["id"].as_str().unwrap());
        assert_eq!(shop.api("DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(shop.one("retired", &json!({})).await.status, StatusCode::UNAUTHORIZED);
    for (body, place) in
        [(json!({ "kind": "both", "title": "a" }), "/kind"), (json!({ "kind": "server", "title": " " }), "/title")]
    {
        let refused = shop.api("POST", "environments/production/keys", Some(body)).await;
        assert_eq!(refused.json()["at"], place, "{}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flagds_file_goes_in_and_comes_out() {
    let shop = Shop::new().await;
    let file = json!({
        "flags": {"ofBlue": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on", "targeting": {"if": [{"$ref": "ours"}, "off"]}}},
        "$evaluators": {"ours": {"==": [{"var": "a"}, 1]}},
    });
    let tried = shop.api("POST", "environments/blue/flags?dry_run=true", Some(file.clone())).await;
    let verbs: Vec<String> = tried.json()["plan"]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["verb"], one["document"]))
        .collect();
    assert_eq!(verbs, [r#""create" "environment/blue""#, r#""create" "flag/ofblue""#]);
    assert_eq!(shop.api("GET", "environments/blue/flags", None).await.status, StatusCode::NOT_FOUND);
    let done = shop.api("POST", "environments/blue/flags?reason=moved", Some(file.clone())).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(shop.api("GET", "environments/blue/flags", None).await.json(), file);
    let wrong = json!({"flags": {"x": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "onn", "targeting": {"iff": []}}}});
    let refused = shop.api("POST", "environments/blue/flags", Some(wrong)).await;
    let told: Vec<&str> = ["/flags/x/defaultVariant", "/flags/x/targeting/iff"].into();
    let errors = refused.json()["errors"].clone();
    let places: Vec<&str> = errors.as_array().unwrap().iter().filter_map(|one| one["at"].as_str()).collect();
    assert_eq!(places, told, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_held_is_let_through_by_who_may_and_says_why() {
    let mut shop = Shop::new().await;
    shop.house.apply(
        "kind: freeze\nname: sale\nspec: { title: The sale, why: most money is made, from: 2026-01-01T00:00:00Z, \
         to: 2027-12-31T00:00:00Z, services: [shop] }\n",
    );
    let file = json!({ "flags": { "fresh": { "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "on" } } });
    let at = |query: &str| format!("environments/production/flags{query}");
    let tried = shop.api("POST", &at("?dry_run=true"), Some(file.clone())).await;
    assert_eq!(tried.json()["plan"]["held"][0]["about"], "sale", "{}", tried.text);
    let held = shop.api("POST", &at(""), Some(file.clone())).await;
    assert_eq!(held.status, StatusCode::CONFLICT, "{}", held.text);
    let rob = shop.house.token("rob", &[], None);
    let by_rob = ask("POST", &format!("/api/v1/{}", at("?override=now"))).by(&rob).json(&file);
    assert_eq!(shop.house.call(by_rob).await.status, StatusCode::FORBIDDEN);
    let blank = shop.api("POST", &at("?override=%20"), Some(file.clone())).await;
    assert_eq!(blank.status, StatusCode::CONFLICT, "a reason is said");
    let through = shop.api("POST", &at("?override=checkout%20fails"), Some(file.clone())).await;
    assert_eq!(through.status, StatusCode::OK, "{}", through.text);
    let all = shop.api("GET", "changes?path=observed", None).await.json();
    let sheet = shop.api("GET", &format!("changes/{}", all["items"][0]["id"].as_str().unwrap()), None).await.json();
    assert_eq!(
        (&sheet["exemptions"][0]["by"], &sheet["exemptions"][0]["why"]),
        (&json!("ada"), &json!("checkout fails"))
    );
    let share = shop.api("GET", "insights/changes", None).await.json();
    assert_eq!((&share["exempted"]["hits"], &share["exempted"]["n"]), (&json!(1), &json!(1)), "{share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_still_asks_is_told_and_what_nobody_asks_for_is_stale() {
    let shop = Shop::new().await;
    let count = |flag: &str, variant: &str, count: u64| {
        let environment = "production".parse().unwrap();
        let one =
            Exposure { environment, flag: flag.into(), variant: variant.into(), count, last_at: shop.house.now() };
        shop.house.store.write(|tx| Ok(exposures::add(tx, &one)?)).unwrap();
    };
    count("New checkout!", "on", 5);
    let told = shop.api("GET", "flags/retired", None).await.json();
    assert_eq!(told["environments"][0]["evaluations"], json!({}));
    assert_eq!((&told["environments"][0]["evaluated_at"], &told["stale"]), (&Value::Null, &Value::Null));
    shop.house.wait(31 * 24 * 3600);
    for (variant, times) in [("on", 90), ("off", 9), ("", 1), ("on", 1)] {
        count("New checkout!", variant, times);
    }
    let told = shop.api("GET", "flags/checkout", None).await.json();
    assert_eq!(told["environments"][0]["evaluations"], json!({ "": 1, "off": 9, "on": 91 }));
    assert_eq!((&told["environments"][0]["evaluated_at"], &told["stale"]), (&json!(shop.house.now()), &Value::Null));
    let stale = || async { shop.api("GET", "flags/retired", None).await.json()["stale"].clone() };
    assert_eq!(stale().await, "No program has asked for it in 30 days.");
    // Whoever evaluates by themselves may know it.
    count("", "", 1);
    assert_eq!(stale().await, Value::Null);
}
