//! A server on an empty store, and a browser without JavaScript that keeps its cookies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actions::detect::intake::intake;
use actions::node::Identity;
use actions::{Moment, Node};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::engage::links::LinkKey;
use domain::words::{Actor, Mint, Timestamp};
use store::{Place, Store};
use tower::ServiceExt as _;

pub(crate) const HOME: &str = "https://allclear.example.org";
pub(crate) const KEY: [u8; 32] = [3; 32];
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Running.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) router: Router,
    second: Arc<AtomicI64>,
}

impl House {
    /// As it is on the first start: the defaults, and nobody.
    pub(crate) fn new() -> Self {
        let second = Arc::new(AtomicI64::new(1_790_000_000));
        let ticks = second.clone();
        let clock: web::app::Clock =
            Arc::new(move || Timestamp::from_second(ticks.load(Ordering::Relaxed)).expect("an instant"));
        let store = Store::open(&Place::Memory).expect("a store");
        let mut mint = Mint::seeded(7);
        let mut moment = Moment::new(clock(), Actor::System, &mut mint);
        store.write(|tx| actions::prepare::defaults::load(tx, &mut moment)).expect("the defaults");
        let identity = Identity { name: "one".into(), public_url: HOME.into(), link_key: LinkKey::new(KEY) };
        let node = Arc::new(Node::alone(identity));
        let (intake, writer) = intake(&store, &node);
        std::thread::spawn(move || writer.run(Mint::seeded(8)));
        let settings = web::Settings {
            public_url: HOME.into(),
            secure_cookies: true,
            ingest_bytes_most: 1 << 20,
            // Made with the first file, and these pages send none.
            evidence: store::Blobs::new(std::env::temp_dir().join("allclear-pages-none"), 1 << 20),
            mail: true,
            proxies: web::address::Proxies::default(),
            webhook_secrets: web::WebhookSecrets(Arc::new(|of| match of {
                web::SecretOf::Address(of) | web::SecretOf::Key(of) => format!("whsec_of_{of}"),
            })),
            watch_secret: None,
            chat_secrets: web::ChatSecrets::default(),
            tracker_secrets: web::TrackerSecrets::default(),
            version: "0",
        };
        let app = web::App::new(store.clone(), node, intake, clock, Mint::seeded(9), settings);
        Self { store, router: web::routes::router(&app), second }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.second.load(Ordering::Relaxed)).expect("an instant")
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), site: "same-origin" }
    }

    /// Set up, with Ana signed in and on call, and a token for Prometheus.
    pub(crate) async fn with_ana() -> (Self, Browser, String) {
        let house = Self::new();
        let mut ana = house.browser();
        let fields = [
            ("full_name", "Ana Silva"),
            ("email", "ana@example.org"),
            ("password", PASSWORD),
            ("time_zone", "Europe/Berlin"),
        ];
        assert_eq!(ana.post("/welcome", &fields).await.path, "/welcome/page");
        let sent = ana.post("/welcome/page", &[("channel", "email")]).await;
        assert!(sent.text.contains("On its way to you"), "{}", sent.text);
        let rotated = ana.post("/integrations/prometheus/rotate", &[]).await;
        let token = between(&rotated.text, "<code id=\"token\">", "</code>");
        (house, ana, token)
    }

    /// Prometheus tells of an alert; the answer is its id.
    pub(crate) async fn fires(&self, ana: &mut Browser, token: &str, name: &str) -> String {
        let body = format!(
            r#"[{{"labels":{{"alertname":"{name}","severity":"critical"}},"annotations":{{"summary":"<b>{name}</b> & more"}}}}]"#
        );
        let request = Request::post("/in/prometheus/api/v2/alerts")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body))
            .expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let list = ana.get(&format!("/alerts?tab=all&q=alertname%3D%22{name}%22")).await;
        between(&list.text, "href=\"/alerts/alr_", "\"").split('"').next().map(|id| format!("alr_{id}")).expect("an id")
    }
}

/// The text between two marks.
pub(crate) fn between(text: &str, from: &str, to: &str) -> String {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1;
    rest.split_once(to).expect("an end").0.to_owned()
}

/// Follows redirects, keeps cookies.
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What `Sec-Fetch-Site` says of its posts.
    pub(crate) site: &'static str,
}

/// Where it came to, and what it sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Seen {
        self.ask(Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let escape = web::handlers::fields::escape;
        let pairs: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect();
        self.ask(Method::POST, path, pairs.join("&")).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: String) -> Seen {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        for _ in 0..10 {
            let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let mut request = Request::builder().method(&method).uri(&path).header("accept", "text/html");
            request = request.header("cookie", cookies.join("; "));
            if method == Method::POST {
                request = request
                    .header("sec-fetch-site", self.site)
                    .header("content-type", "application/x-www-form-urlencoded");
            }
            let answer = self
                .router
                .clone()
                .oneshot(request.body(Body::from(body)).expect("a request"))
                .await
                .expect("an answer");
            for set in answer.headers().get_all("set-cookie") {
                let set = set.to_str().expect("text");
                assert!(set.contains("; Path=/; HttpOnly; SameSite=Lax") && set.ends_with("; Secure"), "{set}");
                let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
                if set.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let status = answer.status();
            if status == StatusCode::SEE_OTHER {
                path = answer.headers()["location"].to_str().expect("text").to_owned();
                (method, body) = (Method::GET, String::new());
                continue;
            }
            let bytes = axum::body::to_bytes(answer.into_body(), 1 << 22).await.expect("a body");
            return Seen { status, path, text: String::from_utf8(bytes.to_vec()).expect("text") };
        }
        panic!("{path} leads in a circle");
    }
}
