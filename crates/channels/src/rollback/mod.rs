//! Rollback adapters: asks a program elsewhere whether it could take something back, tells it to, and asks how that goes.
//!
//! A call is made once: nothing here tries again. What came of it is one of three: begun, certainly not begun, or nobody knows;
//! the last is looked up by the key that went along. It keeps nothing, decides nothing, and takes no word of an answer at more
//! than its length.

mod argo_cd;
mod github_actions;
mod gitlab;
mod webhook;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use domain::change::rollback_adapters::{Call, Handle, Mishap, RollbackAdapter, System};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::engage::contacts::check_url;
use domain::words::{Name, Timestamp};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::egress::{self, Egress, NoAnswer, Terms};
use crate::token::Token;
use crate::webhook::Secret;
use crate::{cut_bytes, one_line};

/// One program that takes back, at one moment. Each call takes no longer than the deadline of its document; what it asks before
/// or after that, as long again. Safe to cancel; a call that was cancelled is one of which nobody knows.
pub trait Adapter: Send + Sync {
    /// Whether it could, as far as that shows without doing it.
    fn preflight<'a>(&'a self, call: &'a Call) -> Asking<'a, Answer>;

    /// Tells it to. Once: it is for the caller to see to it that this is not said twice for one key.
    fn execute<'a>(&'a self, call: &'a Call) -> Asking<'a, Result<Handle, Mishap>>;

    /// How it goes. Without a handle it is looked for by its key, or by when it was set off. That nobody answers is
    /// [`Word::Nothing`].
    fn poll<'a>(&'a self, call: &'a Call, handle: Option<&'a Handle>) -> Asking<'a, Word>;
}

pub type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What this installation was told of its rollback adapters, by the name of the document. Never printed.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    pub tokens: BTreeMap<Name, Token>,
    /// What calls of webhooks are signed with.
    pub signing: BTreeMap<Name, Secret>,
}

/// The program that the document names, to be called at `now`. The error says what is not set up here: nothing was sent.
pub fn adapter<'e>(
    name: &Name,
    spec: &'e RollbackAdapter,
    secrets: &Secrets,
    egress: &'e Egress,
    now: Timestamp,
) -> Result<Box<dyn Adapter + 'e>, String> {
    egress.check_private(spec.system.url())?;
    let deadline = Duration::from_millis(u64::try_from(spec.deadline.as_millis()).unwrap_or_default());
    let line = || -> Result<Line<'e>, String> {
        let token = secrets.tokens.get(name).ok_or_else(|| no_secret(name, &spec.system))?.clone();
        let headers = token.headers().ok_or("the token of the adapter cannot stand in a header: is it whole?")?;
        let hidden = Hidden::Token(token);
        Ok(Line { egress, base: spec.system.url().trim_end_matches('/'), headers, hidden, deadline })
    };
    Ok(match &spec.system {
        System::GithubActions { repository, workflow, git_ref, inputs, .. } => {
            Box::new(github_actions::GithubActions::new(line()?, repository, workflow, git_ref, inputs))
        }
        System::Gitlab { project, git_ref, variables, .. } => {
            Box::new(gitlab::Gitlab::new(line()?, project, git_ref, variables))
        }
        System::ArgoCd { application, project, namespace, .. } => {
            Box::new(argo_cd::ArgoCd::new(line()?, application, project.as_deref(), namespace.as_deref()))
        }
        System::Webhook { url } => {
            let secret = secrets.signing.get(name).ok_or_else(|| no_secret(name, &spec.system))?;
            let hidden = Hidden::Secret(secret.clone());
            let line = Line { egress, base: url, headers: HeaderMap::new(), hidden, deadline };
            Box::new(webhook::Webhook::new(line, secret.clone(), now))
        }
    })
}

/// What to say when the server was told no secret for an adapter.
fn no_secret(name: &Name, system: &System) -> String {
    format!(
        "there is no {what} for this adapter: write {name}.{what}=... into the file of --adapter-secrets",
        what = system.secret()
    )
}

/// So much of an answer is read. An application of Argo CD may have a megabyte.
const ANSWER_BYTES_MOST: usize = 4 * 1024 * 1024;
/// So much of what the other side says is shown to people.
const WORDS_MOST: usize = 200;
const HANDLE_BYTES_MOST: usize = 1000;
const LINK_BYTES_MOST: usize = 500;

/// What must not come back in the words of the other side.
pub(crate) enum Hidden {
    Token(Token),
    Secret(Secret),
}

/// The way to one program.
pub(crate) struct Line<'e> {
    pub(crate) egress: &'e Egress,
    /// Without a slash at the end, except of a webhook.
    pub(crate) base: &'e str,
    pub(crate) headers: HeaderMap,
    pub(crate) hidden: Hidden,
    pub(crate) deadline: Duration,
}

impl Line<'_> {
    pub(crate) async fn get(&self, path: &str) -> Result<egress::Answer, NoAnswer> {
        self.ask(Method::GET, path, self.headers.clone(), Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<egress::Answer, NoAnswer> {
        self.ask(Method::POST, path, self.headers.clone(), body.to_string().into_bytes()).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<egress::Answer, NoAnswer> {
        let terms = Terms::ONCE.within(ANSWER_BYTES_MOST, self.deadline);
        self.egress.ask(method, &format!("{}{path}", self.base), headers, body, terms).await
    }

    /// The text without what we showed the other side.
    fn out_of(&self, text: &str) -> String {
        match &self.hidden {
            Hidden::Token(token) => token.out_of(text),
            Hidden::Secret(secret) => secret.out_of(text),
        }
    }

    /// What the other side said, as people may read it: short, and on one line.
    fn words(&self, text: &str) -> String {
        one_line(&self.out_of(text), WORDS_MOST)
    }

    /// What is kept of a call. A link that is none, or too long, is left out.
    fn handle(&self, text: &str, link: Option<&str>) -> Handle {
        Handle { text: cut_bytes(text, HANDLE_BYTES_MOST), link: link.and_then(|link| self.link(link)) }
    }

    /// A link that people may follow, if it is one, and not too long.
    pub(crate) fn link(&self, link: &str) -> Option<String> {
        let fits = link.len() <= LINK_BYTES_MOST && check_url(link).is_ok() && self.out_of(link) == link;
        fits.then(|| link.to_owned())
    }

    /// The status of an answer that is none, and what was said with it.
    pub(crate) fn said(&self, answer: &egress::Answer) -> String {
        let status = answer.status_line();
        if (300..400).contains(&answer.status) {
            return format!("it answered {status}: redirects are not followed; use the final address");
        }
        let said: Value = read(answer).unwrap_or_default();
        let message = ["message", "error_description", "error", "why"].iter().find_map(|field| message(&said[*field]));
        match message {
            Some(message) => self.words(&format!("it answered {status}: {message}")),
            None => format!("it answered {status}"),
        }
    }

    /// What an answer other than the wanted one means before anything is done.
    fn unready(&self, answer: &egress::Answer) -> Answer {
        let throttled = answer.status == 429
            || (answer.status == 403 && answer.headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0"));
        let why = self.said(answer);
        if (400..500).contains(&answer.status) && answer.status != 408 && !throttled {
            Answer::Denied(why)
        } else {
            Answer::Unreachable(why)
        }
    }

    /// What an answer other than the wanted one means for the call that it answers.
    fn mishap(&self, answer: &egress::Answer) -> Mishap {
        let why = self.said(answer);
        match answer.status {
            // A conflict may be one with ourselves, and whoever lost patience with us may have read us.
            408 | 409 => Mishap::Unknown { why },
            301 | 307 | 308 | 400..=499 => Mishap::Refused { why },
            _ => Mishap::Unknown { why },
        }
    }
}

/// The first text in a message, which may be a text, or texts in lists and by field.
fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Array(all) => all.iter().find_map(message),
        Value::Object(all) => all.values().find_map(message),
        _ => None,
    }
}

/// Nobody answered before anything was done.
fn unreachable(none: NoAnswer) -> Answer {
    Answer::Unreachable(none.why())
}

/// Nobody answered the call itself.
fn unanswered(none: NoAnswer) -> Mishap {
    match none {
        NoAnswer::Refused(why) | NoAnswer::Unreached(why) => Mishap::Refused { why },
        NoAnswer::Failed(why) => Mishap::Unknown { why },
    }
}

/// Nobody answered, or said nothing of it, when it was asked how it goes.
fn silence(why: &str) -> Word {
    tracing::debug!(why, "a rollback was asked after, and nothing was learned");
    Word::Nothing
}

pub(crate) fn read<T: DeserializeOwned>(answer: &egress::Answer) -> Option<T> {
    serde_json::from_slice(&answer.body).ok()
}

/// What a handle says that names nothing but the key.
const BY_KEY: &str = "key";

/// The number in a handle like `run 4711`; nothing: it is looked up by its key.
fn number(handle: Option<&Handle>, what: &str) -> Option<u64> {
    handle?.text.strip_prefix(what)?.trim_start().parse().ok()
}
