//! A small firm on an empty store, with a clock that stands still until it is moved, and a router to call.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actions::detect::intake::intake;
use actions::node::Identity;
use actions::prepare::access::{NewToken, Visitor, begin_session, create_api_token, rotate_integration_token};
use actions::prepare::documents::{Order, apply, read_files};
use actions::{Moment, Node};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use domain::engage::deliveries::Outcome;
use domain::engage::links::LinkKey;
use domain::prepare::access::Scope;
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::words::{Actor, Mint, Name, Span, Timestamp};
use serde_json::Value;
use store::{Place, Store};
use tower::ServiceExt as _;

pub(crate) const FIRM: &str = "
kind: person
name: ada
spec: { full_name: Ada King, email: ada@example.org, access: administrator }
---
kind: person
name: mia
spec: { full_name: Mia Chen, email: mia@example.org, access: manager }
---
kind: person
name: max
spec: { full_name: Max Roy, email: max@example.org, access: manager }
---
kind: person
name: rob
spec: { full_name: Rob Ode, email: rob@example.org, access: responder }
---
kind: person
name: vic
spec: { full_name: Vic Lum, email: vic@example.org, access: viewer }
---
kind: team
name: web
spec: { title: Web, members: [mia, rob] }
---
kind: team
name: db
spec: { title: Databases, members: [max] }
---
kind: schedule
name: web
spec:
  title: Web
  time_zone: Europe/Berlin
  team: web
  layers: [{ name: primary, people: [rob, mia], starts: 2026-09-07T09:00, rotate: { weeks: 1 } }]
---
kind: escalation-policy
name: web
spec:
  title: Web
  team: web
  steps:
    - notify: [{ schedule: web }]
      wait: 5m
    - notify: [{ person: mia }]
---
kind: service
name: shop
spec: { title: Shop, team: web, escalation_policy: web }
---
kind: route
name: shop
spec: { match: ['service=\"shop\"'], service: shop }
---
kind: route
name: rest
spec: { order: 900 }
---
kind: integration
name: prom
spec: { title: Prometheus, team: web, source: { alertmanager: {} } }
---
kind: integration
name: hook
spec:
  title: Hook
  source: { webhook: { mapping: { summary: /title, severity: /level, status: /state, resolved: [ok] } } }
---
kind: integration
name: backup
spec: { title: Backup, source: { heartbeat: { every: 1h, grace: 5m } } }
";

/// What Slack signs with.
pub(crate) const CHAT_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// What the trackers `shop` and `ops` sign with.
pub(crate) const TRACKER_SECRET: &str = "It's a Secret to Everybody";
/// What links are signed with.
pub(crate) const KEY: [u8; 32] = [7; 32];
/// The largest piece of evidence.
pub(crate) const EVIDENCE_MOST: u64 = 64 << 20;
pub(crate) const HOME: &str = "https://allclear.example.org";

/// The firm, running.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) app: web::App,
    router: Router,
    second: Arc<AtomicI64>,
    mint: Mint,
    pub(crate) evidence: Folder,
}

/// A folder of the test's own, gone when it ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicI64 = AtomicI64::new(0);
        let name = format!("allclear-web-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: Option<std::net::IpAddr>,
}

pub(crate) fn ask(method: &str, path: &str) -> Ask {
    let method = method.parse().unwrap();
    Ask { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new(), peer: None }
}

impl Ask {
    pub(crate) fn by(self, secret: &str) -> Self {
        self.with("authorization", &format!("Bearer {secret}"))
    }

    /// From this address.
    pub(crate) fn from(mut self, peer: &str) -> Self {
        self.peer = Some(peer.parse().unwrap());
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub(crate) fn text(mut self, kind: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.with("content-type", kind)
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|why| panic!("{why}: {}", self.text))
    }

    /// Status, headers that tell something, and body; ids without their letters.
    pub(crate) fn shown(&self) -> String {
        let mut out = self.status.to_string();
        for name in ["etag", "location", "link", "retry-after", "idempotent-replayed", "www-authenticate", "allow"] {
            if let Some(value) = self.headers.get(name) {
                out += &format!("\n{name}: {}", value.to_str().unwrap());
            }
        }
        let body = serde_json::from_str::<Value>(&self.text)
            .map_or_else(|_| self.text.clone(), |value| serde_json::to_string_pretty(&value).unwrap());
        without_ids(&format!("{out}\n{body}"))
    }
}

/// Ids and secrets are chance: their kind is what counts.
pub(crate) fn without_ids(text: &str) -> String {
    let ids = regex::Regex::new(r"\b([a-z]{3})_[0-9a-hjkmnp-tv-z]{16}\b").unwrap();
    let text = ids.replace_all(text, "${1}_*").into_owned();
    regex::Regex::new(r"\b(ac[liks])_[0-9a-z]{58,64}\b").unwrap().replace_all(&text, "${1}_*").into_owned()
}

pub(crate) fn at(second: i64) -> Timestamp {
    // Monday, 21 September 2026, 14:13:20 UTC
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

impl House {
    pub(crate) fn new() -> Self {
        let store = Store::open(&Place::Memory).unwrap();
        let identity = Identity { name: "test".into(), public_url: HOME.into(), link_key: LinkKey::new(KEY) };
        let node = Arc::new(Node::alone(identity));
        let (intake, writer) = intake(&store, &node);
        std::thread::spawn(move || writer.run(Mint::seeded(11)));
        let second = Arc::new(AtomicI64::new(0));
        let hand = second.clone();
        let evidence = Folder::new();
        let settings = web::Settings {
            public_url: HOME.into(),
            secure_cookies: true,
            ingest_bytes_most: 1 << 16,
            evidence: store::Blobs::new(evidence.0.clone(), EVIDENCE_MOST),
            mail: true,
            proxies: "10.1.0.0/16".parse().unwrap(),
            webhook_secrets: web::WebhookSecrets(Arc::new(|of| match of {
                web::SecretOf::Address(of) | web::SecretOf::Key(of) => format!("whsec_of_{of}"),
            })),
            watch_secret: Some("a-secret-of-the-watch".into()),
            chat_secrets: web::ChatSecrets {
                signing: [(name("firm"), CHAT_SECRET.to_owned())].into(),
                tokens: [name("firm")].into(),
            },
            tracker_secrets: web::TrackerSecrets(
                ["shop", "ops"].map(|tracker| (name(tracker), TRACKER_SECRET.to_owned())).into(),
            ),
            version: "0.0.0",
        };
        let clock = Arc::new(move || at(hand.load(Ordering::Relaxed)));
        let app = web::App::new(store.clone(), node, intake, clock, Mint::seeded(12), settings);
        let router = web::routes::router(&app);
        let mut house = Self { store, app, router, second, mint: Mint::seeded(13), evidence };
        house.apply(FIRM);
        house
    }

    pub(crate) fn apply(&mut self, yaml: &str) {
        let reading = read_files([("firm", yaml)]);
        assert_eq!(reading.problems, []);
        let order = Order { proposals: reading.proposals, ..Order::default() };
        let now = self.now();
        let mint = &mut self.mint;
        let outcome =
            self.store.write(|tx| apply(tx, &mut Moment::new(now, Actor::System, mint), &order, Conditions::at(now)));
        outcome.unwrap().into_result().unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        at(self.second.load(Ordering::Relaxed))
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The secret of a new token of this person.
    pub(crate) fn token(&mut self, person: &str, scopes: &[Scope], expires_at: Option<Timestamp>) -> String {
        let now = self.now();
        let mint = &mut self.mint;
        let made = self.store.write(|tx| {
            let catalog = store::prepare::documents::load_all(tx)?;
            let access: Access = catalog.people[person].access;
            let new = NewToken { name: "test".into(), access, scopes: scopes.to_vec(), expires_at, person: None };
            let mut moment = Moment::new(now, Actor::Person(name(person)), mint);
            create_api_token(tx, &mut moment, &catalog, new)
        });
        made.unwrap().1.reveal().to_owned()
    }

    pub(crate) fn source(&mut self, integration: &str) -> String {
        let now = self.now();
        let mint = &mut self.mint;
        let made = self.store.write(|tx| {
            let catalog = store::prepare::documents::load_all(tx)?;
            let mut moment = Moment::new(now, Actor::System, mint);
            rotate_integration_token(tx, &mut moment, &catalog, &name(integration), Span::hours(1))
        });
        made.unwrap().reveal().to_owned()
    }

    /// The cookie of a new session of this person.
    pub(crate) fn session(&mut self, person: &str) -> String {
        let now = self.now();
        let mint = &mut self.mint;
        let made = self.store.write(|tx| {
            let mut moment = Moment::new(now, Actor::System, mint);
            begin_session(tx, &mut moment, &name(person), Visitor::default())
        });
        format!("__Host-allclear={}", made.unwrap().reveal())
    }

    /// Reads on in the journal for all outgoing webhooks, as the rounds do.
    pub(crate) fn follow(&mut self) {
        let identity = Identity { name: "two".into(), public_url: HOME.into(), link_key: LinkKey::new(KEY) };
        let (node, now) = (Node::new(identity), self.now());
        while actions::inform::outgoing_webhooks::follow(&self.store, &node, &mut self.mint, now).unwrap() {}
    }

    /// What is due happens, and every message arrives at once, as the rounds do it.
    pub(crate) fn turn(&mut self) {
        let identity = Identity { name: "two".into(), public_url: HOME.into(), link_key: LinkKey::new(KEY) };
        let (node, now) = (Node::new(identity), self.now());
        actions::clockwork::tick(&self.store, &node, &mut self.mint, now).unwrap();
        loop {
            let claimed = actions::courier::claim(&self.store, &node, now, &|_| 64).unwrap();
            for one in &claimed {
                let sent = Outcome::Sent { receipt: None };
                actions::courier::settle(&self.store, &mut self.mint, one, &sent, now).unwrap();
            }
            if claimed.is_empty() {
                return;
            }
        }
    }

    /// How long the journal is.
    pub(crate) fn events(&self) -> i64 {
        self.store.read(|tx| Ok(store::journal::last(tx)?)).unwrap()
    }

    /// The router, to be listened for.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn call(&self, ask: Ask) -> Answer {
        let mut request =
            Request::builder().method(ask.method.clone()).uri(&ask.path).header("host", "allclear.example.org");
        if let Some(peer) = ask.peer {
            request = request.extension(web::address::Peer(peer));
        }
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(ask.body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let streams = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = if streams { Vec::new().into() } else { axum::body::to_bytes(body, 1 << 26).await.unwrap() };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        crate::shapes::look(&ask.method, &ask.path, parts.status, kind, &text);
        Answer { status: parts.status, headers: parts.headers, text }
    }
}
