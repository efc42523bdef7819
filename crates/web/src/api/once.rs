//! `Idempotency-Key`: what is asked for twice with one key is done once. Stands before the handler of every route that
//! lists the header; handlers know nothing of it.
//!
//! The key is noted in the transaction of the effect ([`store`] gives handlers a store that begins so), the answer is
//! kept once it is there, even if the caller has gone. What was refused is not kept: it may be asked again.
//!
//! A body of any size is not gathered to be recognised: its hash is said in the query, and held to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use actions::prepare::access::ANSWERS_KEPT;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::respond::evidence::Digest;
use domain::words::{Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::prepare::answers::{self, Answered, Asked};
use store::{Halt, Store, Tx};
use tracing::Instrument as _;

use super::body;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;
use crate::routes::Route;
use crate::upload::{hash_of, is_upload};

/// The header, as errors name it.
const HEADER: &str = "Idempotency-Key";
/// An answer that is not known after so long is lost.
const LOST_AFTER: Span = Span::seconds(60);

tokio::task_local! {
    static ASKED: Arc<Asked>;
}

/// Whether this route honours the header: everything that is made or done by a program.
pub fn honours(route: &Route) -> bool {
    // What is downloaded is not kept as an answer; each copy is one more.
    let is_none = ["/api/v1/plan", "/api/v1/gate", "/api/v1/drift", "/api/v1/documents/source", "/api/v1/language"]
        .contains(&route.path)
        || route.path.ends_with("/download");
    route.method == axum::http::Method::POST && !is_none && route.path.starts_with("/api/v1/")
}

/// The store for what is asked now: if that came with a key, each transaction begins by noting it.
pub fn store(store: &Store) -> Store {
    match ASKED.try_with(Arc::clone) {
        Ok(asked) => store.beginning_with(move |tx| begin(tx, &asked)),
        Err(_) => store.clone(),
    }
}

/// Does something under a key, as if a request had brought it: only the first with that key does it.
pub(crate) async fn under<T>(asked: Arc<Asked>, work: impl Future<Output = T>) -> T {
    ASKED.scope(asked, work).await
}

fn begin(tx: &mut Tx<'_>, asked: &Asked) -> Result<(), Halt> {
    if answers::note(tx, asked)? {
        return Ok(());
    }
    Err(Refusal::conflict("another request with this Idempotency-Key is being answered; try again").at(HEADER).into())
}

/// The keys that are being worked on by this node.
#[derive(Debug, Default)]
pub struct Working(Arc<Mutex<HashSet<(String, String)>>>);

/// Holds a key while it is worked on.
struct Held(Arc<Mutex<HashSet<(String, String)>>>, (String, String));

impl Working {
    fn hold(&self, asked: &Asked) -> Option<Held> {
        let key = (asked.actor.clone(), asked.key.clone());
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| Held(self.0.clone(), key))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Marks an answer that holds a secret: it is shown once, and kept nowhere.
#[derive(Clone, Copy, Debug)]
pub struct ShownOnce;

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    /// `None`: it held a secret.
    body: Option<String>,
}

/// Those that tell of what was made.
const KEPT_HEADERS: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

/// Stands before the handler.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    match answer(app, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(app: App, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = key(request.headers())? else { return Ok(next.run(request).await) };
    let actor = request.extensions().get::<Visitor>().map(|visitor| visitor.actor().to_string());
    let (parts, sent) = request.into_parts();
    let said = if is_upload(parts.uri.path()) { Some(said_hash(parts.uri.query())?) } else { None };
    let (sent, bytes) = if said.is_some() {
        (sent, Bytes::new())
    } else {
        let bytes = body::whole(sent, parts.uri.path()).await?;
        (Body::from(bytes.clone()), bytes)
    };
    let now = app.now();
    let asked = Arc::new(Asked {
        actor: actor.unwrap_or_default(),
        key,
        body_hash: body::digest(&parts, &bytes),
        turn: app.mint().id::<domain::words::EventId>(now).to_string(),
        at: now,
        forgotten_before: ANSWERS_KEPT.before(now),
    });
    let Some(held) = app.working().hold(&asked) else { return Err(in_the_works()) };
    let wanted = asked.clone();
    if let Some(before) = app.read(move |tx| Ok(answers::get(tx, &wanted)?)).await? {
        if let Some(said) = said
            && hash_of(sent).await? != said
        {
            return Err(for_another());
        }
        return again(before, &asked, now);
    }
    let request = Request::from_parts(parts, sent);
    let work = async move {
        let response = ASKED.scope(asked.clone(), next.run(request)).await;
        let response = keep(&app, asked, response).await;
        drop(held);
        response
    };
    // A task of its own: whoever does not wait for the answer will ask for it again.
    let done = tokio::spawn(work.in_current_span());
    match done.await {
        Ok(response) => Ok(response),
        Err(panic) => Err(Halt::from(store::Error::other(format!("a request was not finished: {panic}"))).into()),
    }
}

/// Keeps what was answered.
async fn keep(app: &App, asked: Arc<Asked>, response: Response) -> Response {
    let status = response.status();
    if status.is_server_error() {
        // Done or not: nobody knows. If it was, the key says so.
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer broke off").into_response();
    };
    let kept = status.is_success().then(|| {
        let secret = parts.extensions.get::<ShownOnce>().is_some();
        let body = (!secret).then(|| String::from_utf8_lossy(&bytes).into_owned());
        let headers = KEPT_HEADERS.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        });
        let kept = Kept { headers: headers.collect(), body };
        serde_json::to_string(&kept).unwrap_or_default()
    });
    let (again, code) = (app.clone(), status.as_u16());
    let note = tokio::task::spawn_blocking(move || {
        again.store().write(|tx| match &kept {
            Some(kept) => Ok(answers::keep(tx, &asked, code, kept).map(|_| ())?),
            None => Ok(answers::release(tx, &asked)?),
        })
    });
    match note.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the answer to a request with a key could not be kept"),
        Err(error) => tracing::warn!(%error, "the answer to a request with a key could not be kept"),
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The answer to what was asked before.
fn again(before: Answered, asked: &Asked, now: Timestamp) -> Result<Response, Problem> {
    if before.body_hash != asked.body_hash {
        return Err(for_another());
    }
    let Some((status, kept)) = before.answer else {
        if LOST_AFTER.after(before.at) > now {
            return Err(in_the_works());
        }
        let why = "this was done, but its answer was lost; look at what there is before you ask with a new key";
        return Err(at_key(Problem::new(StatusCode::CONFLICT, why)));
    };
    let unreadable = || Halt::from(store::Error::other("a kept answer cannot be read"));
    let kept: Kept = serde_json::from_str(&kept).map_err(|_| unreadable())?;
    let Some(body) = kept.body else {
        let why = "this was done already, and the secret was shown then; make another with a new Idempotency-Key";
        return Err(at_key(Problem::new(StatusCode::CONFLICT, why)));
    };
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.ok_or_else(unreadable)?, Bytes::from(body)).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for (name, value) in &kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    Ok(response)
}

fn for_another() -> Problem {
    let why = "this Idempotency-Key was used for another request; take a new one";
    at_key(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))
}

/// The hash of the body, as the query says it.
fn said_hash(query: Option<&str>) -> Result<Digest, Refusal> {
    let said = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("sha256="));
    let said = said.ok_or_else(|| {
        Refusal::invalid("with an Idempotency-Key, say the SHA-256 of what is sent: a repeat is told by it")
    });
    said.and_then(str::parse).map_err(|refusal| refusal.at("?sha256"))
}

fn in_the_works() -> Problem {
    let mut problem = at_key(Problem::new(
        StatusCode::CONFLICT,
        "another request with this Idempotency-Key is being answered; try again in a moment",
    ));
    problem.retry_after = Some(1);
    problem
}

fn at_key(mut problem: Problem) -> Problem {
    problem.at = Some(HEADER.into());
    problem
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    // A structured string is quoted; what is not is taken as it is.
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if text.is_empty() || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(
            Refusal::invalid("the header Idempotency-Key must be 1 to 200 printable ASCII characters").at(HEADER)
        );
    }
    Ok(Some(text.to_owned()))
}
