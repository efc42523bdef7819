//! A refusal or a failure, as an answer: `application/problem+json` (RFC 9457) for programs, a page for people.
//!
//! What failed inside is logged with a number; the answer holds the number and nothing of what failed.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::words::{Refusal, RefusalKind};
use serde::Serialize;
use store::{ErrorKind, Halt};

/// The body of an error.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// A sentence for people.
    pub detail: String,
    /// Where in what was sent: a JSON pointer, or file and line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The number under which the log tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Everything that is wrong, where there is more than one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// For the header `Retry-After`, in seconds.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// One of several things that are wrong.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Fault {
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            at: None,
            incident: None,
            errors: Vec::new(),
            retry_after: None,
        }
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

pub fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Stale => StatusCode::PRECONDITION_FAILED,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // Not 429: Alertmanager drops what is answered so, and tries again after 503.
        RefusalKind::TooMany => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status_of(refusal.kind), refusal.message);
        problem.at = refusal.at;
        problem
    }
}

impl From<Halt> for Problem {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Refused(refusal) => refusal.into(),
            Halt::Failed(error) => error.into(),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        let incident = incident_number(&error.to_string());
        tracing::error!(%error, incident, "the store failed");
        let (status, detail) = match error.kind {
            ErrorKind::Busy | ErrorKind::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "the database cannot take this right now; try again")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong on our side"),
        };
        let mut problem = Self::new(status, detail);
        problem.incident = Some(incident);
        problem
    }
}

/// The same failure, the same number: whoever reports it and whoever reads the log mean the same.
fn incident_number(error: &str) -> String {
    let hash =
        error.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{:08x}", hash >> 32)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, Basic realm=\"Allclear\""));
        }
        if let Some(seconds) = self.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(2)) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // The frame around all handlers makes a page of it for those who asked for one.
        response.extensions_mut().insert(self);
        response
    }
}
