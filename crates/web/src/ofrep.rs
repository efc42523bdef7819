//! OFREP: programs ask for the flags of the environment that their key opens, and hear when to ask again.
//!
//! Answers come from memory, also while the database is away; nothing here waits for it once the flags are there. It
//! stands beside the door and the layers of the other routes: a key opens nothing else, and no cookie counts. Follows
//! protocol 0.3 (open-feature/protocol on GitHub); beside it, flagd's own file for those who evaluate themselves.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actions::Node;
use actions::change::flags::{Flags, Held, Snapshot, refresh};
use axum::body::{Body, Bytes};
use axum::extract::{FromRef, Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, RETRY_AFTER, USER_AGENT, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, options, post};
use domain::change::environment_keys::KeyKind;
use domain::change::flag_sets::{Context, ErrorCode};
use domain::change::ofrep;
use domain::words::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::Store;
use tokio::sync::watch;

use crate::address::{Proxies, Source};
use crate::app::{App, Clock};

/// The largest question.
const QUESTION_MOST: usize = 256 << 10;
/// Changes that come quickly one after another are told together.
const TOGETHER: Duration = Duration::from_millis(100);
const BEAT: Duration = Duration::from_secs(15);

/// All that the questions of programs need, so that they are answered also before there is a store.
#[derive(Clone)]
pub struct Programs(Arc<Inside>);

struct Inside {
    flags: Arc<Flags>,
    clock: Clock,
    bell: watch::Receiver<u64>,
    proxies: Proxies,
    /// From where flags are read if none are there.
    from: Option<(Store, Arc<Node>)>,
}

impl std::fmt::Debug for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Programs")
    }
}

impl FromRef<App> for Programs {
    fn from_ref(app: &App) -> Self {
        app.programs().clone()
    }
}

impl Programs {
    pub fn new(flags: Arc<Flags>, clock: Clock, proxies: Proxies, from: Option<(Store, Arc<Node>)>) -> Self {
        let (ring, bell) = watch::channel(0);
        flags.on_change(move || ring.send_modify(|count| *count += 1));
        Self(Arc::new(Inside { flags, clock, bell, proxies, from }))
    }

    /// Since when what is served has not been read from the database.
    pub(crate) fn kept_at(&self) -> Option<Timestamp> {
        self.0.flags.snapshot().kept_at
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }
}

/// Where programs ask.
pub(crate) fn lines<S>() -> Vec<(Method, &'static str, MethodRouter<S>)>
where
    S: Clone + Send + Sync + 'static,
    Programs: FromRef<S>,
{
    let mut all = Vec::new();
    for path in ["/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/"] {
        all.push((Method::POST, path, post(post_all)));
        all.push((Method::OPTIONS, path, options(preflight)));
    }
    let one = "/ofrep/v1/evaluate/flags/{*key}";
    all.push((Method::POST, one, post(post_one)));
    all.push((Method::OPTIONS, one, options(preflight)));
    all.push((Method::GET, "/ofrep/v1/stream/{name}", get(get_stream)));
    all.push((Method::GET, "/flagd/flags.json", get(get_definitions)));
    all
}

/// What a program asks.
#[derive(Deserialize)]
struct Question {
    context: Option<Context>,
}

/// `POST /ofrep/v1/evaluate/flags/KEY`.
async fn post_one(State(programs): State<Programs>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (held, now) = match enter(&programs, &parts).await {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let path = parts.uri.path();
    let key = match path.strip_prefix(ONE) {
        Some(key) if key.contains('%') => percent_decoded(key),
        key => key.unwrap_or_default().to_owned(),
    };
    let context = match read(body).await {
        Ok(context) => context,
        Err((status, code, why)) => {
            return with_body(status, ofrep::failure(&key, code, &why).to_string().into_bytes());
        }
    };
    let Some(serving) = &held.serving else { return bare(StatusCode::FORBIDDEN) };
    let answer = serving.set.compiled.evaluate(&key, &context, &serving.kills, now);
    serving.set.counts.note(&answer);
    let status = match &answer.error {
        _ if ofrep::is_success(&answer) => StatusCode::OK,
        Some((ErrorCode::FlagNotFound, _)) => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    with_body(status, serving.set.answers.one(&key, &answer))
}

/// What stands before the key of a flag.
const ONE: &str = "/ofrep/v1/evaluate/flags/";

/// `POST /ofrep/v1/evaluate/flags`.
async fn post_all(State(programs): State<Programs>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (held, now) = match enter(&programs, &parts).await {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let context = match read(body).await {
        Ok(context) => context,
        Err((status, code, why)) => {
            return with_body(status, json!({ "errorCode": code, "errorDetails": why }).to_string().into_bytes());
        }
    };
    let Some(serving) = &held.serving else { return bare(StatusCode::FORBIDDEN) };
    let stream = format!(
        "[{{\"type\":\"sse\",\"endpoint\":{{\"requestUri\":\"/ofrep/v1/stream/{}\"}},\"inactivityDelaySec\":120}}]",
        held.stream
    );
    let answers = serving.set.compiled.evaluate_all(&context, &serving.kills, now);
    let answers = answers.inspect(|answer| serving.set.counts.note(answer));
    let body = serving.set.answers.all(answers, &stream);
    // Of what was answered, and not of what is set: one context changes where another does not, and time alone may do it.
    let tag = ofrep::etag(&body);
    let asked = parts.headers.get(IF_NONE_MATCH).and_then(|asked| asked.to_str().ok()).unwrap_or_default();
    let same = asked.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if same { bare(StatusCode::NOT_MODIFIED) } else { with_body(StatusCode::OK, body) };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// `GET /ofrep/v1/stream/NAME`: says when to ask again.
async fn get_stream(State(programs): State<Programs>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Ok(snapshot) = snapshot(&programs).await else { return bare(StatusCode::SERVICE_UNAVAILABLE) };
    if snapshot.stream(&name).is_none() {
        return bare(StatusCode::NOT_FOUND);
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let events = async_stream::stream! {
        let (mut bell, mut told) = (programs.0.bell.clone(), last);
        loop {
            bell.mark_unchanged();
            // One that has just come asked a moment ago; whatever happened since is told, too.
            let version = match programs.0.flags.snapshot().stream(&name) {
                Some(held) if held.key.is_valid(programs.now()) => held.serving.as_ref().map(|serving| serving.version.clone()),
                _ => None,
            };
            let Some(version) = version else { break };
            if version != told {
                let data = json!({ "type": "refetchEvaluation", "etag": version, "lastModified": programs.now().as_second() });
                yield Ok::<_, Infallible>(Event::default().event("message").id(&version).data(data.to_string()));
                told = version;
                tokio::time::sleep(TOGETHER).await;
            }
            if bell.changed().await.is_err() {
                break;
            }
        }
    };
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT)).into_response();
    for_any_site(response.headers_mut());
    response
}

/// `GET /flagd/flags.json`: the flags of the environment as flagd's file, with kills in force, for programs on servers that
/// evaluate themselves.
async fn get_definitions(State(programs): State<Programs>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (held, now) = match enter(&programs, &parts).await {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    // What is with users never gets rules.
    let Some(serving) = held.serving.as_ref().filter(|_| held.key.kind == KeyKind::Server) else {
        return bare(StatusCode::FORBIDDEN);
    };
    serving.set.fetched.store(true, Ordering::Relaxed);
    let body = serde_json::to_vec(&serving.kills.applied(&serving.set.flags, now)).unwrap_or_default();
    let tag = ofrep::etag(&body);
    let same = parts.headers.get(IF_NONE_MATCH).is_some_and(|asked| *asked == *tag);
    let mut response = if same { bare(StatusCode::NOT_MODIFIED) } else { with_body(StatusCode::OK, body) };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// `OPTIONS`: a browser asks whether a page of another site may ask.
async fn preflight() -> Response {
    let mut response = bare(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, if-none-match, last-event-id, x-api-key"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

/// Whose key is shown, and when; or the answer to one who shows none that opens anything.
async fn enter(programs: &Programs, parts: &Parts) -> Result<(Arc<Held>, Timestamp), Box<Response>> {
    let refuse = |status| Box::new(bare(status));
    let shown = shown(&parts.headers).ok_or_else(|| refuse(StatusCode::UNAUTHORIZED))?;
    let snapshot = snapshot(programs).await.map_err(|()| refuse(StatusCode::SERVICE_UNAVAILABLE))?;
    let now = programs.now();
    let hash: [u8; 32] = Sha256::digest(shown).into();
    let held = snapshot.key(&hash).filter(|held| held.key.is_valid(now));
    let held = held.ok_or_else(|| refuse(StatusCode::UNAUTHORIZED))?;
    if let Err(seconds) = held.take(now) {
        let mut response = bare(StatusCode::TOO_MANY_REQUESTS);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
        return Err(Box::new(response));
    }
    let address = Source::of(&programs.0.proxies, &parts.extensions, &parts.headers).0;
    let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    programs.0.flags.note(held, address, agent, now);
    Ok((held.clone(), now))
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")).map(str::trim);
    }
    headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim)
}

/// What is served now; read from the store only if nothing was read yet.
async fn snapshot(programs: &Programs) -> Result<Arc<Snapshot>, ()> {
    let snapshot = programs.0.flags.snapshot();
    if snapshot.is_there {
        return Ok(snapshot);
    }
    let again = programs.clone();
    let read = move || again.0.from.as_ref().map(|(store, node)| refresh(store, node, again.now()));
    match tokio::task::spawn_blocking(read).await {
        Ok(Some(Ok(_))) => Ok(programs.0.flags.snapshot()),
        Ok(Some(Err(halt))) => {
            tracing::warn!(%halt, "the flags could not be read");
            Err(())
        }
        Ok(None) | Err(_) => Err(()),
    }
}

type Wrong = (StatusCode, &'static str, String);

async fn read(body: Body) -> Result<Context, Wrong> {
    let bytes = axum::body::to_bytes(body, QUESTION_MOST).await.map_err(|_| {
        let why = format!("the question is larger than {QUESTION_MOST} bytes, or broke off");
        (StatusCode::PAYLOAD_TOO_LARGE, "GENERAL", why)
    })?;
    if bytes.is_empty() {
        return Ok(Context::empty());
    }
    match serde_json::from_slice::<Question>(&bytes) {
        Ok(question) => Ok(question.context.unwrap_or_else(Context::empty)),
        Err(error) => Err(wrong(&bytes, &error)),
    }
}

fn wrong(bytes: &Bytes, error: &serde_json::Error) -> Wrong {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(_) => {
            (StatusCode::BAD_REQUEST, "INVALID_CONTEXT", "the context must be an object of names and values".into())
        }
        Err(_) => (StatusCode::BAD_REQUEST, "PARSE_ERROR", format!("this is no JSON: {error}")),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, hex(0), hex(1)) {
            out.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for_any_site(headers);
    response
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for_any_site(response.headers_mut());
    response
}

/// Whoever shows a key may read the answer: no cookie of ours counts here.
fn for_any_site(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, retry-after"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
