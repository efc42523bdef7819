//! `Idempotency-Key`: a creation that is asked for twice is done once. The answer is kept in the transaction of the
//! effect; asked again with the same key and body it is given again, with another body it is refused.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::words::{Actor, Refusal, Timestamp};
use serde::Serialize;
use serde_json::Value;
use store::prepare::access::{Answered, answered, keep_answer};
use store::{Halt, Tx};

use crate::problem::Problem;

/// The key of a request, if it has one.
#[derive(Clone, Debug)]
pub struct Key(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or("").trim();
        // A structured string is quoted; what is not is taken as it is.
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        if text.is_empty() || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            let why = "the header Idempotency-Key must be 1 to 200 printable ASCII characters";
            return Err(Refusal::invalid(why).at("Idempotency-Key").into());
        }
        Ok(Self(Some(text.to_owned())))
    }
}

impl Key {
    /// The key, bound to what was sent with it and by whom.
    pub fn of(self, digest: [u8; 32], actor: &Actor) -> Once {
        Once { key: self.0, digest, actor: actor.to_string() }
    }
}

/// A creation that may come again.
#[derive(Clone, Debug)]
pub struct Once {
    key: Option<String>,
    digest: [u8; 32],
    actor: String,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Done {
    /// Done just now.
    Now(StatusCode, Value),
    /// Was done before: the answer of then.
    Before(StatusCode, Value),
    /// The key was used for another request.
    Other,
}

impl Once {
    /// What was answered before, if it was.
    pub fn before(&self, tx: &mut Tx<'_>) -> Result<Option<Done>, Halt> {
        let Some(key) = &self.key else { return Ok(None) };
        let Some(before) = answered(tx, &self.actor, key)? else { return Ok(None) };
        if before.body_hash != self.digest {
            return Ok(Some(Done::Other));
        }
        let status = u16::try_from(before.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let value = serde_json::from_str(&before.response).unwrap_or(Value::Null);
        Ok(Some(Done::Before(status.unwrap_or(StatusCode::OK), value)))
    }

    /// Keeps the answer, in the transaction of the effect. An error if another request with the key was faster: then
    /// this one must not stand.
    pub fn keep(&self, tx: &mut Tx<'_>, now: Timestamp, status: StatusCode, value: &Value) -> Result<(), Halt> {
        let Some(key) = &self.key else { return Ok(()) };
        let answer = Answered {
            body_hash: self.digest.to_vec(),
            status: i64::from(status.as_u16()),
            response: value.to_string(),
            at: now,
        };
        if keep_answer(tx, &self.actor, key, &answer)? {
            return Ok(());
        }
        Err(Refusal::conflict("another request with this Idempotency-Key is being answered; try again").into())
    }

    /// Does it once: answers as before, or acts and keeps the answer.
    pub fn run<T: Serialize>(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        status: StatusCode,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, Halt>,
    ) -> Result<Done, Halt> {
        if let Some(done) = self.before(tx)? {
            return Ok(done);
        }
        let value = as_json(&act(tx)?);
        self.keep(tx, now, status, &value)?;
        Ok(Done::Now(status, value))
    }
}

/// As JSON; our own types always have one.
pub fn as_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

impl Done {
    /// With the address of what was made.
    pub fn at(self, path: impl FnOnce(&Value) -> Option<String>) -> Response {
        let location = match &self {
            Self::Now(status, value) | Self::Before(status, value) if *status == StatusCode::CREATED => path(value),
            _ => None,
        };
        let mut response = self.into_response();
        if let Some(location) = location.and_then(|path| HeaderValue::from_str(&path).ok()) {
            response.headers_mut().insert(axum::http::header::LOCATION, location);
        }
        response
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        match self {
            Self::Now(status, value) => (status, Json(value)).into_response(),
            Self::Before(status, value) => {
                let replayed = (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
                (status, [replayed], Json(value)).into_response()
            }
            Self::Other => {
                let why = "this Idempotency-Key was used for another request; take a new one";
                let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why);
                problem.at = Some("Idempotency-Key".into());
                problem.into_response()
            }
        }
    }
}
