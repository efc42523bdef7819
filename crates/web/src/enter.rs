//! The door: who is it, and may they? Every route says who may call it; this is where that is held.
//!
//! A browser shows a session cookie; a program an API token; a source the token of its integration. A change that a
//! browser asks for must come from our own pages.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use domain::prepare::access::{Scope, Secret, SecretKind};
use domain::prepare::addresses::Reader;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{Actor, Name, Refusal, RefusalKind, Span, Timestamp, TokenId};
use store::{Halt, Tx};

use crate::app::App;
use crate::limits::Bucket;
use crate::problem::Problem;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Anybody, without saying who they are.
    Anyone,
    /// Anybody, but only until there is the first account.
    Setup,
    /// Whoever holds a signed link: the handler reads it.
    Link,
    /// A provider that signs what it sends: the handler verifies it.
    Signed,
    /// A source, with the token of its integration; or a person who may do as much.
    Source,
    /// The same; but the source may prove itself in a way of its own, which the handler verifies.
    Proof,
    /// A program that asks for flags, with the key of an environment: the handler knows the keys. It stands beside the door.
    EnvironmentKey,
    /// A person, or a program with a person's API token.
    Person(Access, Scope),
}

impl May {
    pub const fn view() -> Self {
        Self::Person(Access::Viewer, Scope::Read)
    }

    pub const fn respond() -> Self {
        Self::Person(Access::Responder, Scope::Alerts)
    }
}

/// The cookie of a session. The prefix makes browsers insist on TLS and on our own host.
pub const COOKIE_SECURE: &str = "__Host-allclear";
/// The same where the public URL is not https.
pub const COOKIE_PLAIN: &str = "allclear";

/// Who came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visitor {
    Nobody,
    Person { name: Name, access: Access, session: [u8; 32] },
    Program { token: TokenId, name: Name, access: Access, scopes: Vec<Scope> },
    Source { integration: Name },
}

impl Visitor {
    pub fn actor(&self) -> Actor {
        match self {
            Self::Nobody => Actor::System,
            Self::Person { name, .. } => Actor::Person(name.clone()),
            Self::Program { token, name, .. } => Actor::Token(*token, name.clone()),
            Self::Source { integration } => Actor::Integration(integration.clone()),
        }
    }

    pub fn person(&self) -> Option<&Name> {
        match self {
            Self::Person { name, .. } | Self::Program { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Which incidents they see.
    pub fn sight(&self) -> Sight<'_> {
        self.person().map_or(Sight::Open, Sight::Of)
    }

    /// Which addresses in documents they see.
    pub fn reader(&self) -> Reader {
        Reader::new(self.person(), self.access())
    }

    pub fn access(&self) -> Option<Access> {
        match self {
            Self::Person { access, .. } | Self::Program { access, .. } => Some(*access),
            _ => None,
        }
    }

    /// May they do what a route asks for?
    pub fn allowed(&self, may: May) -> Result<(), Refusal> {
        let stranger = || Refusal::new(RefusalKind::Unauthenticated, "sign in, or send an API token, first");
        match (may, self) {
            (May::Anyone | May::Setup | May::Link | May::Signed | May::EnvironmentKey, _)
            | (May::Source, Self::Source { .. })
            | (May::Proof, Self::Nobody) => Ok(()),
            (May::Proof, _) => self.allowed(May::Source),
            (May::Source, Self::Nobody) => {
                Err(Refusal::new(RefusalKind::Unauthenticated, "send the token of the integration"))
            }
            (May::Source, Self::Person { .. }) => {
                Err(Refusal::forbidden("signals come in with the token of an integration, or an API token"))
            }
            (May::Source, Self::Program { .. }) => self.allowed(May::respond()),
            (May::Person(..), Self::Nobody) => Err(stranger()),
            (May::Person(..), Self::Source { .. }) => {
                Err(Refusal::forbidden("the token of an integration may only bring signals; use an API token"))
            }
            (May::Person(needed, _), Self::Person { access, .. }) => enough(*access, needed),
            (May::Person(needed, scope), Self::Program { access, scopes, .. }) => {
                if !scope.allowed(scopes) {
                    return Err(Refusal::forbidden(format!("this token does not have the scope {scope}")));
                }
                enough(*access, needed)
            }
        }
    }
}

fn enough(access: Access, needed: Access) -> Result<(), Refusal> {
    if access >= needed {
        return Ok(());
    }
    Err(Refusal::forbidden(format!("this needs the access {}", word(needed))))
}

pub const fn word(access: Access) -> &'static str {
    match access {
        Access::Viewer => "viewer",
        Access::Responder => "responder",
        Access::Manager => "manager",
        Access::Administrator => "administrator",
    }
}

/// What was found out about secrets a moment ago, so that a thousand calls a second cost one look-up.
#[derive(Default)]
pub struct Doors(RwLock<HashMap<[u8; 32], (Visitor, Timestamp)>>);

/// For so long a secret that was taken back may still open.
const REMEMBERED: Span = Span::seconds(3);
const REMEMBERED_MOST: usize = 10_000;

impl Doors {
    fn recall(&self, hash: &[u8; 32], now: Timestamp) -> Option<Visitor> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|(_, until)| *until > now).map(|(visitor, _)| visitor.clone())
    }

    fn remember(&self, hash: [u8; 32], visitor: Visitor, now: Timestamp) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MOST {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() < REMEMBERED_MOST {
            known.insert(hash, (visitor, REMEMBERED.after(now)));
        }
    }

    /// Forgets everything: somebody signed out, a token was taken back, access changed.
    pub fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doors")
    }
}

/// Stands before the handler of one route.
pub async fn enter(State((app, may)): State<(App, May)>, mut request: Request, next: Next) -> Response {
    let visitor = match identify(&app, request.headers(), request.uri().query()).await {
        Ok(visitor) => visitor,
        Err(halt) => return Problem::from(halt).into_response(),
    };
    if let Err(refusal) = visitor.allowed(may) {
        if refusal.kind == RefusalKind::Unauthenticated && wants_page(&request) {
            return to_sign_in(&request);
        }
        return Problem::from(refusal).into_response();
    }
    if may == May::Setup {
        match app.read(|tx| Ok(store::prepare::access::has_accounts(tx)?)).await {
            Ok(false) => {}
            Ok(true) if request.method() == Method::GET => return Redirect::to("/").into_response(),
            Ok(true) => {
                return Problem::from(Refusal::forbidden("this installation is set up already")).into_response();
            }
            Err(halt) => return Problem::from(halt).into_response(),
        }
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let browser = !matches!(visitor, Visitor::Program { .. } | Visitor::Source { .. });
    // A link is its own proof: the app of a push service runs in a browser, and its script presses from its own site.
    let browser = browser && !(may == May::Link && is_of_script(request.headers()));
    if changes && browser && !from_our_pages(request.headers(), &app.settings().public_url) {
        let why = "this change was asked for by another site; open Allclear itself and try again";
        return Problem::from(Refusal::forbidden(why)).into_response();
    }
    let caller = match &visitor {
        Visitor::Program { token, .. } => Some(token.to_string()),
        Visitor::Person { name, .. } => Some(name.to_string()),
        Visitor::Nobody | Visitor::Source { .. } => None,
    };
    let left = match caller.filter(|_| request.uri().path().starts_with("/api/v1/")) {
        Some(caller) => {
            app.limits().forget();
            match app.limits().call(&caller, Bucket::of(request.uri().path())) {
                Ok(left) => Some(left),
                Err(problem) => return problem.into_response(),
            }
        }
        None => None,
    };
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
    response
}

fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or("");
    accepts.contains("text/html") && !request.uri().path().starts_with("/api/")
}

fn to_sign_in(request: &Request) -> Response {
    let wanted = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |path| path.as_str()),
        _ => "/",
    };
    let next: String = wanted.bytes().map(percent).collect();
    Redirect::to(&format!("/sign-in?next={next}")).into_response()
}

fn percent(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

/// Whether a script asks, one that may read the answer; not a form of another site.
fn is_of_script(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "cors")
}

/// A browser says where a request comes from; what no browser sends (no such header at all) carries no cookie of ours
/// against its owner's will.
fn from_our_pages(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => true,
        Some(_) => false,
        None => match text(ORIGIN.as_str()) {
            None => true,
            Some(origin) => {
                let host = text(HOST.as_str()).unwrap_or("");
                origin == public_url || origin.split_once("://").is_some_and(|(_, rest)| rest == host)
            }
        },
    }
}

/// Whether a browser says that a page of ours asks. What says nothing of it is no browser of today.
pub(crate) fn is_our_page(headers: &HeaderMap, public_url: &str) -> bool {
    headers.contains_key(ORIGIN) && from_our_pages(headers, public_url)
}

/// Who shows these headers?
pub async fn identify(app: &App, headers: &HeaderMap, query: Option<&str>) -> Result<Visitor, Halt> {
    match secret(headers, query) {
        Some((kind, shown)) => of_secret(app, kind, &shown).await,
        None => Ok(Visitor::Nobody),
    }
}

/// The source whose token this is. Some show it in a way of their own.
pub(crate) async fn source_of(app: &App, shown: &str) -> Result<Visitor, Halt> {
    of_secret(app, SecretKind::IntegrationToken, shown).await
}

async fn of_secret(app: &App, kind: SecretKind, shown: &str) -> Result<Visitor, Halt> {
    let now = app.now();
    let Some(secret) = Secret::read(kind, shown) else { return unknown(kind) };
    let hash = secret.hash();
    if let Some(visitor) = app.doors().recall(&hash, now) {
        return Ok(visitor);
    }
    let found = {
        let app = app.clone();
        let look = move || app.store().read(|tx| look_up(tx, &app, kind, hash, now));
        match tokio::task::spawn_blocking(look).await {
            Ok(found) => found?,
            Err(panic) => return Err(store::Error::other(format!("the door did not open: {panic}")).into()),
        }
    };
    match found {
        Some((visitor, news)) => {
            app.doors().remember(hash, visitor.clone(), now);
            if news {
                note_use(app, visitor.clone(), hash, now);
            }
            Ok(visitor)
        }
        None => unknown(kind),
    }
}

/// Notes that a session or token is in use. Nobody waits for it, and pages go first.
pub(crate) fn note_use(app: &App, visitor: Visitor, hash: [u8; 32], now: Timestamp) {
    use store::prepare::access;
    let store = app.store().clone();
    tokio::task::spawn_blocking(move || {
        let noted = store.write_bulk(|tx| {
            match &visitor {
                Visitor::Nobody => {}
                Visitor::Person { session, .. } => access::touch_session(tx, session, now)?,
                Visitor::Program { token, .. } => access::touch_api_token(tx, *token, now)?,
                Visitor::Source { .. } => access::touch_integration_token(tx, &hash, now)?,
            }
            Ok(())
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "that a token or session is in use could not be noted");
        }
    });
}

/// An old session is nobody: the browser is shown the sign-in page. A wrong token is an error that a program can log.
fn unknown(kind: SecretKind) -> Result<Visitor, Halt> {
    match kind {
        SecretKind::Session => Ok(Visitor::Nobody),
        _ => Err(Refusal::new(RefusalKind::Unauthenticated, "this token is not known, or is no longer valid").into()),
    }
}

fn secret(headers: &HeaderMap, query: Option<&str>) -> Option<(SecretKind, String)> {
    let kind = |shown: String| {
        let kind = if shown.starts_with(SecretKind::IntegrationToken.prefix()) {
            SecretKind::IntegrationToken
        } else {
            SecretKind::ApiToken
        };
        (kind, shown)
    };
    if let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        if let Some(token) = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")) {
            return Some(kind(token.trim().to_owned()));
        }
        if let Some(basic) = value.strip_prefix("Basic ").or_else(|| value.strip_prefix("basic ")) {
            let decoded = base64::engine::general_purpose::STANDARD.decode(basic.trim()).unwrap_or_default();
            let decoded = String::from_utf8(decoded).unwrap_or_default();
            return Some(kind(decoded.split_once(':').map_or(String::new(), |(_, password)| password.to_owned())));
        }
        return Some((SecretKind::ApiToken, String::new()));
    }
    // Some sources can be given a URL and nothing else. Only they: URLs end up in logs and histories.
    let in_query = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("token="));
    if let Some(token) = in_query.filter(|token| token.starts_with(SecretKind::IntegrationToken.prefix())) {
        return Some((SecretKind::IntegrationToken, token.to_owned()));
    }
    session_cookie(headers).map(|shown| (SecretKind::Session, shown.to_owned()))
}

/// The session's secret, as the browser shows it.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_SECURE || *name == COOKIE_PLAIN).map(|(_, value)| value)
}

/// Whose secret it is, and whether its use is worth a note.
fn look_up(
    tx: &mut Tx<'_>,
    app: &App,
    kind: SecretKind,
    hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<(Visitor, bool)>, Halt> {
    use actions::prepare::access::is_use_worth_noting as worth;
    use store::prepare::access;
    let rules = app.node().rules(tx)?;
    let person = |name: &Name| rules.catalog.people.get(name).filter(|person| !person.inactive);
    Ok(match kind {
        // It opens the flags of its environment, which have a door of their own.
        SecretKind::EnvironmentKey => None,
        SecretKind::Session => {
            let session = access::session(tx, &hash)?.filter(|session| {
                session.expires_at > now && domain::prepare::access::SESSION_IDLE.after(session.seen_at) > now
            });
            session.and_then(|session| {
                let access = person(&session.person)?.access;
                let news = worth(Some(session.seen_at), now);
                Some((Visitor::Person { name: session.person, access, session: hash }, news))
            })
        }
        SecretKind::ApiToken => {
            let token = access::api_token_by_hash(tx, &hash)?.filter(|token| {
                token.revoked_at.is_none() && token.expires_at.is_none_or(|expires_at| expires_at > now)
            });
            token.and_then(|token| {
                // A token never may more than its person may today.
                let access = person(&token.person)?.access.min(token.access);
                let news = worth(token.last_used_at, now);
                Some((Visitor::Program { token: token.id, name: token.person, access, scopes: token.scopes }, news))
            })
        }
        SecretKind::IntegrationToken => {
            let token = access::integration_token_by_hash(tx, &hash)?;
            let token = token.filter(|token| token.expires_at.is_none_or(|expires_at| expires_at > now));
            token
                .filter(|token| rules.catalog.integrations.contains_key(&token.integration))
                .map(|token| (Visitor::Source { integration: token.integration }, worth(token.used_at, now)))
        }
    })
}
