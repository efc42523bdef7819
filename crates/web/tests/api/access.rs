//! Walks the table of routes: every route, called by everybody who might. What is expected is data, for people to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::{Method, StatusCode};
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use web::enter::May;
use web::routes::table;

use crate::support::{Ask, House, ask, at};

/// Everybody who might call, and what they show.
struct Callers {
    house: House,
    secrets: BTreeMap<&'static str, String>,
}

const CALLERS: [&str; 11] = [
    "stranger",
    "source",
    "viewer",
    "responder",
    "manager",
    "other-team",
    "administrator",
    "no-scope",
    "revoked",
    "expired",
    "session",
];

impl Callers {
    fn new() -> Self {
        let mut house = House::new();
        let mut secrets = BTreeMap::new();
        for (caller, person) in [
            ("viewer", "vic"),
            ("responder", "rob"),
            ("manager", "mia"),
            ("other-team", "max"),
            ("administrator", "ada"),
        ] {
            secrets.insert(caller, house.token(person, &[], None));
        }
        secrets.insert("source", house.source("prom"));
        for scope in Scope::ALL {
            // Every scope but this one.
            let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
            secrets.insert(scope.word(), house.token("ada", &others, None));
        }
        secrets.insert("expired", house.token("ada", &[], Some(at(1))));
        secrets.insert("session-expired", house.session("ada"));
        let revoked = house.token("ada", &[], None);
        house
            .store
            .write(|tx| {
                let last = store::prepare::access::api_tokens(tx, None)?;
                let secret =
                    domain::prepare::access::Secret::read(domain::prepare::access::SecretKind::ApiToken, &revoked);
                let id = store::prepare::access::api_token_by_hash(tx, &secret.unwrap().hash())?.unwrap().id;
                assert!(last.iter().any(|token| token.id == id));
                store::prepare::access::revoke_api_token(tx, id, at(0))?;
                // The first-run page is for before the first account.
                let account = store::prepare::access::Account {
                    person: "ada".parse().unwrap(),
                    password_hash: "none".into(),
                    password_set_at: at(0),
                };
                Ok(store::prepare::access::put_account(tx, &account)?)
            })
            .unwrap();
        secrets.insert("revoked", revoked);
        house.wait(60);
        Self { house, secrets }
    }

    fn dressed(&self, caller: &str, may: May, ask: Ask) -> Ask {
        match caller {
            "stranger" => ask,
            "session" => ask.with("cookie", "__Host-allclear=acs_nobody"),
            "no-scope" => match may {
                May::Person(_, scope) => ask.by(&self.secrets[scope.word()]),
                _ => ask.by(&self.secrets["administrator"]),
            },
            caller => ask.by(&self.secrets[caller]),
        }
    }
}

/// A path with something in the place of each parameter.
fn filled(path: &str) -> String {
    let mut out = path.to_owned();
    for (parameter, value) in
        [("{integration}", "prom"), ("{kind}", "team"), ("{number}", "1"), ("{id}", "none"), ("{token}", "none")]
    {
        out = out.replace(parameter, value);
    }
    if path.contains("/integrations/") {
        out = out.replace("{name}", "prom");
    }
    let parameter = regex::Regex::new(r"\{[^}]*\}").unwrap();
    parameter.replace_all(&out, "web").into_owned()
}

fn request(method: &Method, path: &str) -> Ask {
    let ask = ask(method.as_str(), &filled(path));
    // Nothing that any act would take: the door is what is asked.
    if matches!(*method, Method::GET | Method::HEAD) { ask } else { ask.json(&serde_json::json!({ "nothing": 1 })) }
}

/// What the entry says that this caller gets: 401, 403, or in.
fn expected(may: May, caller: &str) -> &'static str {
    let access = match caller {
        "viewer" => Some(Access::Viewer),
        "responder" => Some(Access::Responder),
        "manager" | "other-team" => Some(Access::Manager),
        "administrator" | "no-scope" => Some(Access::Administrator),
        _ => None,
    };
    match (may, caller) {
        // No token is a key: what asks for none tells nothing without one.
        (May::EnvironmentKey, _) => "401",
        // Whoever shows a token that does not hold is told so, wherever they go.
        (_, "revoked" | "expired") => "401",
        // This installation has an account: setting up is over for everybody.
        (May::Setup, _) => "403",
        // A token is no signature.
        (May::Signed, _) => "401",
        (May::Anyone | May::Link, _) | (May::Source | May::Proof, "source") => "in",
        (May::Source | May::Proof, "stranger" | "session") | (May::Person(..), "stranger" | "session") => "401",
        (May::Person(..), "source" | "no-scope") => "403",
        (May::Source | May::Proof, _) => match access {
            Some(access) if access >= Access::Responder => "in",
            _ => "403",
        },
        (May::Person(needed, _), _) => match access {
            Some(access) if access >= needed => "in",
            _ => "403",
        },
    }
}

/// Where the handler asks for more than the entry.
const FINER: [(&str, &str, &str); 3] = [
    ("POST", "/api/v1/integrations/{name}/tokens", "other-team"),
    ("GET", "/api/v1/documents/{kind}/{name}/webhook-secrets", "viewer"),
    ("GET", "/api/v1/documents/{kind}/{name}/webhook-secrets", "responder"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_whom_its_entry_says_and_nobody_else() {
    let callers = Callers::new();
    let (mut checked, mut wrong, mut shown) = (0, String::new(), String::new());
    for route in table() {
        if route.may == May::EnvironmentKey && (route.method == Method::OPTIONS || route.path.contains("/stream/")) {
            continue;
        }
        let mut line = format!("{:<6} {:<52}", route.method.as_str(), route.path);
        for caller in CALLERS {
            let ask = callers.dressed(caller, route.may, request(&route.method, route.path));
            let answer = callers.house.call(ask).await;
            let was = match answer.status {
                StatusCode::UNAUTHORIZED => "401",
                StatusCode::FORBIDDEN => "403",
                StatusCode::SEE_OTHER | StatusCode::TEMPORARY_REDIRECT if route.may == May::Setup => "403",
                _ => "in",
            };
            checked += 1;
            let finer = FINER.contains(&(route.method.as_str(), route.path, caller));
            if was != expected(route.may, caller) && !finer {
                writeln!(wrong, "{} {} {caller}: {} {}", route.method, route.path, answer.status, answer.text).unwrap();
            }
            assert!(!answer.status.is_server_error(), "{} {} {caller}: {}", route.method, route.path, answer.text);
            write!(line, " {:<4}", if was == "in" { "." } else { was }).unwrap();
        }
        writeln!(shown, "{}", line.trim_end()).unwrap();
    }
    assert!(wrong.is_empty(), "of {checked} cells these are wrong:\n{wrong}");
    let head = format!("{:<59} {}\n", "", CALLERS.map(|caller| format!("{:<4}", &caller[..4])).join(" "));
    insta::assert_snapshot!("who_may_call_what", format!("{head}{shown}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_another_site_asks_for_is_refused() {
    let mut callers = Callers::new();
    let cookie = callers.house.session("ada");
    let asks_only = |method: &Method| matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    for route in table().into_iter().filter(|route| !asks_only(&route.method) && route.may != May::EnvironmentKey) {
        for (header, value) in
            [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
        {
            let ask = request(&route.method, route.path).with("cookie", &cookie).with(header, value);
            let before = callers.house.events();
            let answer = callers.house.call(ask).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {} {header}: {value}", route.method, route.path);
            assert_eq!(callers.house.events(), before);
        }
        // Our own pages may.
        if route.path.starts_with("/api/v1/") {
            let ask = request(&route.method, route.path).with("cookie", &cookie).with("origin", crate::support::HOME);
            let answer = callers.house.call(ask).await;
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let callers = Callers::new();
    // A heartbeat may call in by GET, so that any tool can.
    let looks = table().into_iter().filter(|route| route.method == Method::GET && !route.path.contains("heartbeat"));
    for route in looks {
        let before = callers.house.events();
        callers.house.call(callers.dressed("administrator", route.may, request(&route.method, route.path))).await;
        assert_eq!(callers.house.events(), before, "GET {}", route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_keep_browsers_safe() {
    let callers = Callers::new();
    let mut asks: Vec<(String, Ask)> = Vec::new();
    // Programs ask for flags beside the door and all layers: nothing of theirs is shown in a browser.
    for route in table().into_iter().filter(|route| route.may != May::EnvironmentKey) {
        for caller in ["stranger", "administrator"] {
            let ask = callers.dressed(caller, route.may, request(&route.method, route.path));
            asks.push((format!("{} {} {caller}", route.method, route.path), ask));
        }
    }
    asks.push(("nothing there".into(), ask("GET", "/nothing/there")));
    asks.push(("another method".into(), ask("TRACE", "/health")));
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (what, ask) in asks {
        let answer = callers.house.call(ask).await;
        let told = answer.headers.iter().filter(|(name, _)| {
            let varies = ["content-type", "content-length", "etag", "last-modified", "location", "link", "allow"];
            let own = ["www-authenticate", "ratelimit", "retry-after", "allclear-proof", "set-cookie", "vary"];
            // A signed link is pressed by scripts of other sites; nothing else is.
            let public = what.contains("/api/v2/") && what.contains(".json") || what.contains("/status/feed.");
            let shared = (public || what.contains(" /p/{token} ")) && name.as_str().starts_with("access-control-");
            !varies.contains(&name.as_str()) && !own.contains(&name.as_str()) && !shared
        });
        let told: Vec<String> = told
            .filter(|(name, _)| !matches!(name.as_str(), "cache-control" | "ratelimit-policy"))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert!(answer.headers.contains_key("cache-control"), "{what}");
        *kinds.entry(told.join("\n")).or_default() += 1;
    }
    assert_eq!(kinds.len(), 1, "{kinds:#?}");
    insta::assert_snapshot!(kinds.into_keys().next().unwrap(), @"
    content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'
    x-content-type-options: nosniff
    referrer-policy: same-origin
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    x-frame-options: DENY
    strict-transport-security: max-age=31536000
    ");
}
