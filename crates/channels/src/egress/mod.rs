//! The one HTTP client that speaks outward: guarded, patient within limits, with its connections kept warm.
//!
//! Addresses come from people, so the guard judges literal addresses in the URL and every address that a name
//! resolves to; the connection is made to what was judged. No redirects, no proxy from the environment, and of an
//! answer no more than 64 KiB is read, or 8 MiB where it was asked for.

mod guard;

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::words::{Refusal, Timestamp, text};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};

pub use guard::{Allow, Network, Place};

use crate::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT};

/// How much of an answer is read, for how long once its status is known, and whether a connection that breaks is tried
/// once more at once.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    cap: usize,
    patience: Duration,
    again: bool,
    within: Duration,
}

impl Terms {
    /// Where the status decides, and the body only frees the connection.
    const SHORT: Self = Self { cap: 64 * 1024, patience: Duration::from_secs(1), again: true, within: ATTEMPT_TIMEOUT };
    /// Where the body is what was asked for.
    pub const LONG: Self = Self { cap: 8 * 1024 * 1024, patience: ATTEMPT_TIMEOUT, again: true, ..Self::SHORT };
    /// The same, where the other side cannot tell a repeat.
    pub const ONCE: Self = Self { again: false, ..Self::LONG };

    /// The same, with so much of an answer, within another time.
    pub(crate) const fn within(self, cap: usize, within: Duration) -> Self {
        Self { cap, patience: within, within, ..self }
    }
}

/// So much of a page is looked through for a text.
const READ_MOST: usize = 1024 * 1024;

/// Looks up the addresses of a host name. A trait, so that a test can be a lying name server.
pub trait Resolve: Send + Sync + 'static {
    fn resolve(&self, host: String) -> Resolving;
}

pub type Resolving = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// The machine's own resolver.
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// What the other side answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// As much as was asked for, and came in time. Never shown to people.
    pub body: Vec<u8>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// When the other side asks us to come back: seconds or a date.
    pub fn retry_after(&self, now: Timestamp) -> Option<Timestamp> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(domain::words::Span::seconds(seconds.into()).after(now));
        }
        let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        Some(date.max(now))
    }

    /// The status as people know it: `503 Service Unavailable`.
    pub fn status_line(&self) -> String {
        reqwest::StatusCode::from_u16(self.status).map_or_else(|_| self.status.to_string(), |status| status.to_string())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The guard, or the URL itself: trying again cannot help.
    Refused(String),
    /// The network, the name or the certificate: nothing was sent. It may be better soon.
    Unreached(String),
    /// It was sent, perhaps not whole, and nobody knows what became of it. It may be better soon.
    Failed(String),
}

impl NoAnswer {
    pub fn why(self) -> String {
        match self {
            Self::Refused(why) | Self::Unreached(why) | Self::Failed(why) => why,
        }
    }
}

/// The guarded client. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    client: Client,
    allow: Arc<Allow>,
}

impl Egress {
    pub fn new(allow: Allow, trust: &rustls::ClientConfig) -> Result<Self, Refusal> {
        Self::with_resolver(allow, trust, Arc::new(SystemResolver))
    }

    /// The same, where nothing is sent over a connection that was used before: of one that the other side gave up just then,
    /// nobody could say whether the request arrived.
    pub fn fresh(allow: Allow, trust: &rustls::ClientConfig) -> Result<Self, Refusal> {
        Self::made(allow, trust, Arc::new(SystemResolver), 0)
    }

    pub fn with_resolver(
        allow: Allow,
        trust: &rustls::ClientConfig,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, Refusal> {
        Self::made(allow, trust, resolver, 32)
    }

    fn made(
        allow: Allow,
        trust: &rustls::ClientConfig,
        resolver: Arc<dyn Resolve>,
        kept_warm: usize,
    ) -> Result<Self, Refusal> {
        let allow = Arc::new(allow);
        let client = Client::builder()
            .tls_backend_preconfigured(trust.clone())
            .dns_resolver(Guarded { allow: Arc::clone(&allow), resolver })
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ATTEMPT_TIMEOUT)
            .pool_idle_timeout(Duration::from_mins(2))
            .pool_max_idle_per_host(kept_warm)
            .user_agent(concat!("Allclear/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|why| Refusal::invalid(format!("the HTTP client cannot be made: {}", root_cause(&why))))?;
        Ok(Self { client, allow })
    }

    /// Posts the bytes. Safe to cancel.
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, NoAnswer> {
        self.ask(Method::POST, url, headers, body, Terms::SHORT).await
    }

    pub async fn get(&self, url: &str, headers: HeaderMap) -> Result<Answer, NoAnswer> {
        self.ask(Method::GET, url, headers, Vec::new(), Terms::SHORT).await
    }

    /// Whether the guard lets this URL through, as far as that shows without asking a name server.
    pub fn check(&self, url: &str) -> Result<(), String> {
        self.allow.check_url(url).map(drop)
    }

    /// The same, for what is not to be read on the way: without TLS only to a place in the own network that is allowed by
    /// its name or address.
    pub fn check_private(&self, url: &str) -> Result<(), String> {
        let url = self.allow.check_url(url)?;
        if url.scheme() == "https" || self.allow.names(&url) {
            return Ok(());
        }
        Err("the URL must begin with https://; http:// is for hosts of the own network that an administrator allows by \
             name for egress"
            .into())
    }

    /// Asks for this URL, and says which server answered. Only a server that is broken or busy, or none, is an error.
    pub async fn probe(&self, url: &str) -> Result<String, String> {
        let host = self.allow.check_url(url)?;
        let host = host.host_str().unwrap_or_default();
        match self.get(url, HeaderMap::new()).await {
            Ok(answer) if answer.status >= 500 => Err(format!("{host} answers {}", answer.status)),
            Ok(_) => Ok(format!("{host} answers")),
            Err(none) => Err(none.why()),
        }
    }

    /// The status of a page and the beginning of its text; a redirect is an answer like any other.
    pub async fn read(&self, url: &str) -> Result<(u16, String), String> {
        let terms = Terms::LONG.within(READ_MOST, ATTEMPT_TIMEOUT);
        let answer = self.ask(Method::GET, url, HeaderMap::new(), Vec::new(), terms).await.map_err(NoAnswer::why)?;
        Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }

    /// Asks in any way, and reads as much of the answer as is said. Safe to cancel.
    pub async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        terms: Terms,
    ) -> Result<Answer, NoAnswer> {
        let mut url = self.allow.check_url(url).map_err(NoAnswer::Refused)?;
        url.set_fragment(None);
        let send = || {
            let request =
                self.client.request(method.clone(), url.clone()).headers(headers.clone()).timeout(terms.within);
            if method == Method::GET { request.send() } else { request.body(body.clone()).send() }
        };
        let attempt = async {
            match send().await {
                // A warm connection that the other side gave up just now looks like this. What may be sent again (the key
                // tells) is tried once more instead of waiting for the next attempt.
                Err(why) if terms.again && why.is_request() && !why.is_connect() && !why.is_timeout() => send().await,
                answer => answer,
            }
        };
        let too_late = || NoAnswer::Failed(format!("no answer within {} seconds", terms.within.as_secs()));
        let answered = tokio::time::timeout(terms.within, attempt).await.map_err(|_| too_late())?;
        let mut response = answered.map_err(|why| no_answer(&why, terms.within))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        // Terms to the end lets the connection be used again; what is too slow or too long is dropped with it.
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                let room = terms.cap.saturating_sub(body.len());
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(terms.patience, read).await;
        Ok(Answer { status, headers, body })
    }
}

/// Asks the resolver, and lets through only what the guard allows.
struct Guarded {
    allow: Arc<Allow>,
    resolver: Arc<dyn Resolve>,
}

impl reqwest::dns::Resolve for Guarded {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let host = name.as_str().to_owned();
        let found = self.resolver.resolve(host.clone());
        let allow = Arc::clone(&self.allow);
        Box::pin(async move {
            let found = found.await.map_err(|why| {
                format!(
                    "the name {} cannot be resolved: {}",
                    text::shorten(&host, 100),
                    text::shorten(&why.to_string(), 100)
                )
            })?;
            let mut refused = None;
            let mut allowed = Vec::with_capacity(found.len());
            for address in found {
                match allow.check(Some(&host), address) {
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(place) => refused = Some(place),
                }
            }
            match (allowed.is_empty(), refused) {
                (true, Some(place)) => Err(Forbidden(place.refusal(&host)).into()),
                (true, None) => Err(format!("the name {} has no address", text::shorten(&host, 100)).into()),
                (false, _) => Ok(Box::new(allowed.into_iter()) as reqwest::dns::Addrs),
            }
        })
    }
}

/// The guard's no, on its way through the layers of the client.
#[derive(Debug)]
struct Forbidden(String);

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Forbidden {}

fn no_answer(why: &reqwest::Error, within: Duration) -> NoAnswer {
    let mut cause = why.source();
    while let Some(deeper) = cause {
        if let Some(Forbidden(place)) = deeper.downcast_ref::<Forbidden>() {
            return NoAnswer::Refused(place.clone());
        }
        cause = deeper.source();
    }
    if why.is_builder() {
        return NoAnswer::Refused(format!("the request cannot be made: {}", root_cause(why)));
    }
    match (why.is_connect(), why.is_timeout()) {
        (true, true) => NoAnswer::Unreached(format!("no connection within {} seconds", CONNECT_TIMEOUT.as_secs())),
        (true, false) => NoAnswer::Unreached(format!("no connection: {}", root_cause(why))),
        (false, true) => NoAnswer::Failed(format!("no answer within {} seconds", within.as_secs())),
        (false, false) => NoAnswer::Failed(root_cause(why)),
    }
}

/// The deepest reason, which says most; the layers above say "error sending request" and the URL with its secrets.
fn root_cause(why: &reqwest::Error) -> String {
    let Some(mut deepest) = why.source() else { return "the request failed".into() };
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    let said = deepest.to_string();
    // "Connection refused (os error 111)": the number is for programs.
    text::shorten(said.split(" (os error").next().unwrap_or(&said), 200)
}
