//! Reads what was sent: JSON bodies and query strings, strictly. What cannot be read is refused with its place.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::words::{Refusal, RefusalKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The largest body of a call of the API, in bytes.
pub const MOST: usize = 1 << 20;
/// The same for a set of documents: everything that a large organisation has fits.
pub const SET_MOST: usize = 16 << 20;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T> {
    pub value: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = Raw::from_request(request, state).await?;
        if !is_json(&raw.headers) {
            return Err(wrong_type("application/json"));
        }
        Ok(Self { value: read_json(&raw.bytes)? })
    }
}

/// A body as it came.
#[derive(Debug)]
pub struct Raw {
    pub bytes: Bytes,
    pub headers: HeaderMap,
}

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body, parts.uri.path()).await?;
        Ok(Self { bytes, headers: parts.headers })
    }
}

/// The largest body that this route takes, in bytes.
pub fn most(path: &str) -> usize {
    let is_set = matches!(path, "/api/v1/plan" | "/api/v1/drift" | "/api/v1/apply")
        || path.starts_with("/api/v1/environments/") && path.ends_with("/flags");
    if is_set { SET_MOST } else { MOST }
}

/// The whole body, unless it is larger than its route takes.
pub(crate) async fn whole(body: axum::body::Body, path: &str) -> Result<Bytes, Problem> {
    let most = most(path);
    axum::body::to_bytes(body, most).await.map_err(|error| {
        if crate::listen::is_too_slow(&error) {
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
        }
        let message = format!("the body is larger than {most} bytes, or broke off");
        Refusal::new(RefusalKind::TooLarge, message).into()
    })
}

/// SHA-256 of method, path and body: what a request is recognised by when it is sent again.
pub(crate) fn digest(parts: &Parts, bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update(b" ");
    hash.update(parts.uri.path_and_query().map_or("", |path| path.as_str()));
    hash.update(b"\n");
    hash.update(bytes);
    hash.finalize().into()
}

/// Whether the body calls itself JSON. One without a type does: `curl -d` calls it a form, which is refused.
pub fn is_json(headers: &HeaderMap) -> bool {
    content_type(headers).is_none_or(|kind| kind == "application/json" || kind.ends_with("+json"))
}

/// The media type, without its parameters.
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
}

pub(crate) fn wrong_type(wanted: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send the body as {wanted}"))
}

/// Reads JSON. Says where it is wrong: the pointer, or line and column if it is no JSON at all.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => Refusal::invalid(without_place(&error.to_string())).at(pointer),
            serde_json::error::Category::Eof => Refusal::invalid(format!("the body ends too early (line {line})")),
            _ => Refusal::invalid(format!("the body is not JSON that can be read (line {line}, column {column})")),
        }
    })?;
    from.end().map_err(|error| {
        Refusal::invalid(format!("there is more after the end (line {}, column {})", error.line(), error.column()))
    })?;
    Ok(value)
}

/// serde's sentence without ` at line 1 column 2`: the pointer says it better.
fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}

fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}

/// The answer to a creation, with the address of what was made.
pub(crate) fn created<T: Serialize>(path: &str, made: &T) -> Response {
    let location = HeaderValue::from_str(path).map(|path| [(LOCATION, path)]);
    (StatusCode::CREATED, location.ok(), Json(made)).into_response()
}

/// A query string. A field that is not known is refused, so that a slip of the pen does not widen the answer.
#[derive(Debug)]
pub struct Search<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Search<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                let (at, message) = match said.split_once(": ") {
                    Some((field, message)) if !field.contains(' ') => (format!("?{field}"), message.to_owned()),
                    _ => ("?".to_owned(), said.to_owned()),
                };
                Err(Refusal::invalid(message).at(at).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sent {
        list: Vec<u8>,
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (body, says) in [
            (r#"{"list": [1, "x"]}"#, r#"/list/1: invalid type: string "x", expected u8"#),
            (r#"{"lst": []}"#, "/lst: unknown field `lst`, expected `list`"),
            (r#"{"list": []"#, "the body ends too early (line 1)"),
            (r#"{"list": []} {"#, "there is more after the end (line 1, column 14)"),
            ("<xml>", "the body is not JSON that can be read (line 1, column 1)"),
            ("{}", "missing field `list`"),
        ] {
            let refusal = read_json::<Sent>(body.as_bytes()).unwrap_err();
            let said = refusal.to_string();
            assert_eq!(said.strip_prefix(": ").unwrap_or(&said), says);
        }
        let deep = format!("{{\"list\": {}", "[".repeat(200));
        assert!(read_json::<serde_json::Value>(deep.as_bytes()).is_err());
    }
}
