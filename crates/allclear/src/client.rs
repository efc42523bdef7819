//! Speaks to a server over its API, for the commands. What goes over the wire is typed in `web::api`.
//!
//! One call at a time, no proxy, no redirect, an end to every wait; the token is shown to nobody but the server.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use clap::Args;
use domain::words::{Refusal, RefusalKind, Timestamp};
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use web::api::Listing;

use crate::cli::Failure;
use crate::clock;

const ADDRESS: &str = "http://127.0.0.1:8080";
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(30);
/// For a file, on a slow line.
const FILE: Duration = Duration::from_hours(6);
/// An answer that is longer is none of ours.
const ANSWER_MOST: usize = 64 << 20;

/// Where the server is, and who asks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Server {
    #[arg(
        long,
        global = true,
        env = "ALLCLEAR_URL",
        value_name = "URL",
        help = "The server: https://allclear.example.org; http://127.0.0.1:8080, if absent"
    )]
    pub(crate) url: Option<String>,

    /// An API token (acl_...); better in the environment, since others can see the command line
    #[arg(long, global = true, env = "ALLCLEAR_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificate authorities to trust besides the usual ones (PEM)
    #[arg(long, global = true, env = "ALLCLEAR_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// The file of settings for the commands.
fn settings_file() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(base.or_else(home)?.join("allclear").join("client.toml"))
}

/// `url = "..."`, `token = "..."`, `ca = "..."`, a line each. All that we need of TOML.
fn read_settings(text: &str) -> Result<Server, Refusal> {
    let mut server = Server::default();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| Refusal::invalid(why).at(format!("line {}", at + 1));
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("write a setting as url = \"...\""))?;
        let value = value.trim();
        let quoted = value.get(1..).and_then(|rest| value.chars().next().and_then(|quote| rest.split_once(quote)));
        let (value, rest) = quoted
            .filter(|_| value.starts_with(['"', '\'']))
            .ok_or_else(|| wrong("the value belongs in quotes: url = \"...\""))?;
        if !rest.trim().is_empty() && !rest.trim().starts_with('#') {
            return Err(wrong("there is more after the value"));
        }
        match key.trim() {
            "url" => server.url = Some(value.to_owned()),
            "token" => server.token = Some(value.to_owned()),
            "ca" => server.ca = Some(value.into()),
            _ => return Err(wrong("the settings are url, token and ca")),
        }
    }
    Ok(server)
}

impl Server {
    /// What was given, and beneath it what the file says.
    fn settled(&self) -> Result<Self, Failure> {
        let mut settled = self.clone();
        let Some(file) = settings_file() else { return Ok(settled) };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(settled),
            Err(error) => return Err(Failure::invalid(format!("{} cannot be read: {error}", file.display()))),
        };
        let kept = read_settings(&text).map_err(|wrong| Failure::invalid(format!("{}: {wrong}", file.display())))?;
        // A token belongs to the server that it is kept with, and is not shown to another.
        let same = settled.url.is_none() || settled.url == kept.url;
        settled.url = settled.url.or(kept.url);
        settled.token = settled.token.or(kept.token.filter(|_| same));
        settled.ca = settled.ca.or(kept.ca);
        Ok(settled)
    }

    /// Ready to speak to it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let settled = self.settled()?;
        let text = settled.url.as_deref().unwrap_or(ADDRESS).trim_end_matches('/');
        let wrong = || Failure::invalid(format!("--url {text:?} is no address: write https://allclear.example.org"));
        let base = Url::parse(text).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong());
        }
        let mut authorization = None;
        if let Some(token) = settled.token.as_deref().map(str::trim).filter(|token| !token.is_empty()) {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| Failure::invalid("the token has letters that no token has"))?;
            value.set_sensitive(true);
            authorization = Some(value);
        }
        let authorities = settled
            .ca
            .as_ref()
            .map(|file| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display())));
        let trust = channels::tls::trust(authorities.transpose()?.as_deref())?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured((*trust).clone())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(concat!("allclear/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client cannot be made")?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime cannot be made")?;
        Ok(Client { http, runtime, base, authorization })
    }
}

/// A server to speak to.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    base: Url,
    /// For the API; what anybody may ask is asked without, so that a wrong token is not in the way.
    authorization: Option<HeaderValue>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The clock of the server.
    pub(crate) date: Option<Timestamp>,
    pub(crate) body: Vec<u8>,
}

/// Why the server refused, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) at: Option<String>,
    #[serde(default)]
    pub(crate) incident: Option<String>,
    #[serde(default)]
    pub(crate) errors: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Fault {
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) at: Option<String>,
}

impl Problem {
    /// For people: what is wrong, where, and what to do.
    pub(crate) fn sentence(&self) -> String {
        let mut text = String::new();
        if let Some(at) = self.at.as_deref().filter(|at| !at.is_empty()) {
            text = format!("{at}: ");
        }
        text += &self.detail;
        if let Some(incident) = &self.incident {
            _ = write!(text, " (the log of the server tells more under {incident})");
        }
        if self.status == 401 {
            text += "; set ALLCLEAR_TOKEN or --token (allclear token create makes one)";
        }
        for fault in &self.errors {
            let at = fault.at.as_deref().map(|at| format!("{at}: ")).unwrap_or_default();
            _ = write!(text, "\n  {at}{}", fault.detail);
        }
        text
    }
}

impl Client {
    /// The server without anything secret.
    pub(crate) fn shown(&self) -> String {
        let mut url = self.base.clone();
        _ = url.set_username("");
        _ = url.set_password(None);
        url.to_string().trim_end_matches('/').to_owned()
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &[&str], query: &impl Serialize) -> Result<T, Failure> {
        self.read(&self.call(&Method::GET, path, query, None)?)
    }

    /// Everything of a list, up to so many; whether there is more.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &impl Serialize,
        most: usize,
    ) -> Result<(Vec<T>, bool), Failure> {
        let mut query = serde_json::to_value(query).unwrap_or_default();
        let mut items = Vec::new();
        loop {
            let part: Listing<T> = self.get(path, &query)?;
            items.extend(part.items);
            let more = part.next_cursor.is_some();
            if !more || items.len() >= most {
                let cut = items.len() > most;
                items.truncate(most);
                return Ok((items, more || cut));
            }
            query["cursor"] = part.next_cursor.into();
        }
    }

    pub(crate) fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).context("what is to be sent has no form as JSON")?;
        self.post_as_it_is(path, &(), body)
    }

    pub(crate) fn put<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).context("what is to be sent has no form as JSON")?;
        self.read(&self.call(&Method::PUT, path, &(), Some(body))?)
    }

    /// Sends JSON that is there already.
    pub(crate) fn post_as_it_is<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &impl Serialize,
        body: Vec<u8>,
    ) -> Result<T, Failure> {
        self.read(&self.call(&Method::POST, path, query, Some(body))?)
    }

    /// Sends what is answered with nothing.
    pub(crate) fn post_quietly(&self, path: &[&str], body: &impl Serialize) -> Result<(), Failure> {
        let body = serde_json::to_vec(body).context("what is to be sent has no form as JSON")?;
        self.call(&Method::POST, path, &(), Some(body)).map(drop)
    }

    /// Sends a file as it is; the query says its hash.
    pub(crate) fn upload<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &impl Serialize,
        file: File,
        size: u64,
    ) -> Result<T, Failure> {
        let request = self.request(&Method::POST, &[&["api", "v1"], path].concat(), query);
        let request = request.header(CONTENT_TYPE, "application/octet-stream").header("idempotency-key", key()?);
        let request = request.timeout(FILE).body(reqwest::Body::wrap(Whole { file, left: size }));
        let answer = self.runtime.block_on(self.whole_answer(request));
        self.read(&self.accepted(answer?)?)
    }

    /// Writes what is answered to a file, part by part.
    pub(crate) fn download(&self, path: &[&str], file: &mut File) -> Result<(), Failure> {
        let request = self.request(&Method::POST, &[&["api", "v1"], path].concat(), &()).timeout(FILE);
        let answer = self.runtime.block_on(async {
            let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
            let (status, mut body) = (response.status(), Vec::new());
            while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
                if status.is_success() {
                    file.write_all(&part).context("the file cannot be written")?;
                } else if body.len() < ANSWER_MOST {
                    body.extend_from_slice(&part);
                }
            }
            Ok::<_, Failure>(Answer { status, date: None, body })
        });
        self.accepted(answer?).map(drop)
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.call(&Method::DELETE, path, &(), None).map(drop)
    }

    /// An answer that is text.
    pub(crate) fn text(&self, path: &[&str], query: &impl Serialize) -> Result<String, Failure> {
        let answer = self.call(&Method::GET, path, query, None)?;
        String::from_utf8(answer.body).map_err(|_| self.strange())
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Failure> {
        serde_json::from_slice(&answer.body).map_err(|_| self.strange())
    }

    fn strange(&self) -> Failure {
        Failure::invalid(format!(
            "what {} answers is not understood: is it an Allclear of version {}?",
            self.shown(),
            env!("CARGO_PKG_VERSION")
        ))
    }

    fn call(
        &self,
        method: &Method,
        path: &[&str],
        query: &impl Serialize,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        self.accepted(self.ask(method, &[&["api", "v1"], path].concat(), query, body)?)
    }

    /// The answer, unless it is a refusal.
    fn accepted(&self, answer: Answer) -> Result<Answer, Failure> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if !problem.detail.is_empty() => Err(Failure::Answered(Box::new(problem))),
            _ => {
                let (status, shown) = (answer.status, self.shown());
                Err(Failure::invalid(format!("{shown} answers {status} and does not say why: is it an Allclear?")))
            }
        }
    }

    /// One call, whatever is answered.
    pub(crate) fn ask(
        &self,
        method: &Method,
        path: &[&str],
        query: &impl Serialize,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        let mut request = self.request(method, path, query);
        if let Some(body) = body {
            // The same key if it is sent again on the way, so that it is done once.
            request = request.header(CONTENT_TYPE, "application/json").header("idempotency-key", key()?).body(body);
        }
        self.runtime.block_on(self.whole_answer(request))
    }

    /// Passes a message on to an address of the server's own, whatever is answered.
    pub(crate) fn pass(&self, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Answer, Failure> {
        let mut request = self.request(&Method::POST, &[path], &()).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.runtime.block_on(self.whole_answer(request))
    }

    /// A request, in the name of whoever asks.
    fn request(&self, method: &Method, path: &[&str], query: &impl Serialize) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        for (name, value) in pairs(query) {
            url.query_pairs_mut().append_pair(&name, &value);
        }
        let request = self.http.request(method.clone(), url).header(ACCEPT, "application/json, */*;q=0.5");
        match self.authorization.clone().filter(|_| matches!(path.first(), Some(&("api" | "in" | "mcp")))) {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    async fn whole_answer(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|date| date.timestamp());
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            body.extend_from_slice(&part);
            if body.len() > ANSWER_MOST {
                return Err(self.strange());
            }
        }
        Ok(Answer { status, date, body })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let why = if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() };
        Failure::Unreachable(format!("{} cannot be reached: {why}", self.shown()))
    }

    /// Tells of alerts, as a source does: by the integration of this name, or the first that speaks Alertmanager's language.
    pub(crate) fn post_alerts(&self, integration: Option<&str>, alerts: &impl Serialize) -> Result<(), Failure> {
        let body = serde_json::to_vec(alerts).context("what is to be sent has no form as JSON")?;
        let path = match integration {
            Some(name) => vec!["in", name, "api", "v2", "alerts"],
            None => vec!["api", "v2", "alerts"],
        };
        self.accepted(self.ask(&Method::POST, &path, &(), Some(body))?).map(drop)
    }

    /// Ctrl-C is told to whoever waits, from now on, instead of ending the program.
    pub(crate) fn interrupts(&self) -> Result<Interrupts, Failure> {
        let _inside = self.runtime.enter();
        let kind = tokio::signal::unix::SignalKind::interrupt();
        Ok(Interrupts(tokio::signal::unix::signal(kind).context("cannot listen for Ctrl-C")?))
    }

    /// Waits; true if Ctrl-C came, now or since it was asked last.
    pub(crate) fn rest_or_stop(&self, span: Duration, interrupts: &mut Interrupts) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = interrupts.0.recv() => true,
                () = tokio::time::sleep(span) => false,
            }
        })
    }

    /// Waits; for those who follow.
    pub(crate) fn rest(&self, span: Duration) {
        // The sleep is made inside: it wants to know its runtime.
        self.runtime.block_on(async { tokio::time::sleep(span).await });
    }
}

/// Ctrl-C, as it comes.
#[derive(Debug)]
pub(crate) struct Interrupts(tokio::signal::unix::Signal);

/// The same for one request, however often it is sent on the way.
fn key() -> Result<String, Failure> {
    Ok(clock::mint()?.secret().iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")))
}

/// A file as a body: read part by part as it is sent. Reading blocks, and nothing else waits for this thread.
struct Whole {
    file: File,
    left: u64,
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut part = vec![0; usize::try_from(self.left).unwrap_or(usize::MAX).min(256 << 10)];
        let length = match self.file.read(&mut part) {
            Ok(0) => return Poll::Ready(Some(Err(std::io::Error::other("the file became shorter while it was sent")))),
            Ok(length) => length,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        part.truncate(length);
        self.left -= length as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(part)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The fields of a query, those that are there.
fn pairs(query: &impl Serialize) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(query) else { return Vec::new() };
    let text = |value: Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(RefusalKind::Invalid, problem.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_settings_is_read_and_a_slip_is_told_with_its_line() {
        let server = read_settings("# mine\nurl = \"https://a.example\" # there\n\ntoken='acl_1'\n").unwrap();
        assert_eq!((server.url.as_deref(), server.token.as_deref()), (Some("https://a.example"), Some("acl_1")));
        for (text, says) in [
            ("url", "line 1: write a setting as url = \"...\""),
            ("\nurl = x", "line 2: the value belongs in quotes: url = \"...\""),
            ("url = \"x\" y", "line 1: there is more after the value"),
            ("[server]\n", "line 1: write a setting as url = \"...\""),
            ("secret = \"x\"", "line 1: the settings are url, token and ca"),
            ("url = é", "line 1: the value belongs in quotes: url = \"...\""),
        ] {
            assert_eq!(read_settings(text).unwrap_err().to_string(), says);
        }
    }

    #[test]
    fn a_problem_is_told_with_its_place_and_what_to_do() {
        let problem: Problem = serde_json::from_str(
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"sign in, or send an API token, first"}"#,
        )
        .unwrap();
        insta::assert_snapshot!(problem.sentence(), @"sign in, or send an API token, first; set ALLCLEAR_TOKEN or --token (allclear token create makes one)");
        let problem: Problem = serde_json::from_str(
            r#"{"status":400,"detail":"2 things are wrong","errors":[{"detail":"a","at":"x.yaml:1"},{"detail":"b"}]}"#,
        )
        .unwrap();
        insta::assert_snapshot!(problem.sentence(), @"
        2 things are wrong
          x.yaml:1: a
          b
        ");
    }

    #[test]
    fn a_query_has_the_fields_that_are_there() {
        let query = serde_json::json!({ "limit": 5, "state": "open", "cursor": null, "all": true });
        let expected = [("limit", "5"), ("state", "open"), ("all", "true")];
        assert_eq!(pairs(&query), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
