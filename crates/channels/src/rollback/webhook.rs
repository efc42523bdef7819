//! Any program, by signed posts to one URL as Standard Webhooks has it: `rollback.preflight`, `rollback.execute` and
//! `rollback.status`. What is done has the key as its `webhook-id`; what is only asked has another id each time, so that a receiver
//! that drops what it has seen drops no question.
//!
//! A receiver must say that it is ready in so many words: one that answers 200 to everything has not understood the question.

use domain::change::rollback_adapters::{Call, Handle, Mishap};
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::words::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Adapter, Asking, Line, read, silence, unanswered, unreachable};
use crate::egress::{self, NoAnswer};
use crate::webhook::{Secret, headers};

pub(super) struct Webhook<'e> {
    line: Line<'e>,
    secret: Secret,
    now: Timestamp,
}

/// What a receiver may answer. Nothing in it is needed but `state`, and that not to `rollback.execute`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    state: Option<String>,
    why: Option<String>,
    handle: Option<String>,
    link: Option<String>,
}

impl<'e> Webhook<'e> {
    pub(super) fn new(line: Line<'e>, secret: Secret, now: Timestamp) -> Self {
        Self { line, secret, now }
    }

    async fn post(&self, kind: &str, id: &str, call: &Call, more: Option<&str>) -> Result<egress::Answer, NoAnswer> {
        let mut data = json!({
            "key": call.key,
            "action": call.action,
            "change": call.change,
            "title": call.title,
            "service": call.service,
            "environment": call.environment,
            "from": call.from,
            "to": call.to,
        });
        if let Some(handle) = more {
            data["handle"] = json!(handle);
        }
        let body = json!({ "type": kind, "timestamp": self.now, "data": data }).to_string().into_bytes();
        let headers = headers(id, self.now, &body, std::slice::from_ref(&self.secret))
            .ok_or_else(|| NoAnswer::Refused("the key cannot stand in a header".into()))?;
        self.line.ask(Method::POST, "", headers, body).await
    }

    /// The id of a question.
    fn question(&self, what: &str, call: &Call) -> String {
        format!("{}-{what}-{}", call.key, self.now.as_millisecond())
    }

    fn why(&self, said: &Said) -> String {
        let why = said.why.as_deref().map(|why| self.line.words(why)).unwrap_or_default();
        if why.is_empty() { "it does not say why".into() } else { why }
    }
}

fn said(answer: &egress::Answer) -> Option<Said> {
    read::<Value>(answer).filter(Value::is_object).and_then(|value| Said::deserialize(value).ok())
}

impl Adapter for Webhook<'_> {
    fn preflight<'a>(&'a self, call: &'a Call) -> Asking<'a, Answer> {
        Box::pin(async move {
            match self.post("rollback.preflight", &self.question("preflight", call), call, None).await {
                Ok(answer) if answer.is_success() => {
                    let said = said(&answer).unwrap_or_default();
                    match said.state.as_deref() {
                        Some("ready") => Answer::Ready,
                        Some("no-target") => Answer::NoTarget(match &said.why {
                            Some(_) => self.why(&said),
                            None => "the version to go back to".into(),
                        }),
                        Some("denied") => Answer::Denied(self.why(&said)),
                        _ => Answer::Denied(format!(
                            "it answered {} without the state ready, denied or no-target",
                            answer.status_line()
                        )),
                    }
                }
                Ok(answer) => self.line.unready(&answer),
                Err(none) => unreachable(none),
            }
        })
    }

    fn execute<'a>(&'a self, call: &'a Call) -> Asking<'a, Result<Handle, Mishap>> {
        Box::pin(async move {
            let key = call.key.to_string();
            let answer = self.post("rollback.execute", &key, call, None).await.map_err(unanswered)?;
            if !answer.is_success() {
                return Err(self.line.mishap(&answer));
            }
            let said = said(&answer).unwrap_or_default();
            let own = said.handle.as_deref().map(|own| self.line.words(own)).filter(|own| !own.is_empty());
            Ok(self.line.handle(own.as_deref().unwrap_or(&key), said.link.as_deref()))
        })
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: Option<&'a Handle>) -> Asking<'a, Word> {
        Box::pin(async move {
            let handle = handle.map(|handle| handle.text.as_str());
            match self.post("rollback.status", &self.question("status", call), call, handle).await {
                Ok(answer) if answer.is_success() => {
                    let said = said(&answer).unwrap_or_default();
                    match said.state.as_deref() {
                        Some("running") => Word::Running,
                        Some("succeeded") => Word::Succeeded,
                        Some("failed") => Word::Failed { why: self.why(&said) },
                        _ => silence("it does not know the key"),
                    }
                }
                Ok(answer) => silence(&self.line.said(&answer)),
                Err(none) => silence(&none.why()),
            }
        })
    }
}
