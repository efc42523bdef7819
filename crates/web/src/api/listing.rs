//! Long answers come in parts. The cursor says where the next part begins; it is opaque, and stays right while new
//! things come in at the front.

use axum::Json;
use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::words::{Refusal, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for what follows. Absent: this was all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// Everything at once.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// A part; `next` says in our own words where the next one begins.
    pub fn part(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next_cursor: next.map(|place| URL_SAFE_NO_PAD.encode(place)) }
    }
}

impl<T: Serialize> Listing<T> {
    /// The answer, with `Link: <..>; rel="next"` if there is more.
    pub fn answer(self, uri: &Uri) -> Response {
        let link = self.next_cursor.as_ref().map(|cursor| {
            let others = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
            let others: Vec<&str> = others.filter(|pair| !pair.starts_with("cursor=")).collect();
            let query = [others.join("&"), format!("cursor={cursor}")];
            let query: Vec<&str> = query.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))
        });
        let mut response = Json(self).into_response();
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

/// What a cursor says, in our own words.
pub fn place(cursor: Option<&str>) -> Result<Option<String>> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)?;
    Ok(Some(text))
}

/// The refusal of a cursor that is none of ours.
pub fn wrong() -> Refusal {
    Refusal::invalid("this is not a cursor of this list: take it from next_cursor").at("?cursor")
}

/// A cursor that is one id.
pub fn after<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>> {
    place(cursor)?.map(|text| text.parse().map_err(|_| wrong())).transpose()
}

/// How many in one part.
pub fn limit(wanted: Option<u32>) -> Result<usize> {
    match wanted {
        None => Ok(50),
        Some(limit @ 1..=500) => Ok(limit as usize),
        Some(_) => Err(Refusal::invalid("the limit is a number from 1 to 500").at("?limit")),
    }
}
