//! A token: what this installation was told to show to a chat or to a program that takes back. Never printed, never in a document.

use std::fmt;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

/// What we show to the other side. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The headers of a call with it; `None` if it cannot stand in one.
    pub(crate) fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        let mut shown = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        shown.set_sensitive(true);
        headers.insert(AUTHORIZATION, shown);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        Some(headers)
    }

    /// The same, where it is the password of an account.
    pub(crate) fn basic_headers(&self, account: &str) -> Option<HeaderMap> {
        use base64::Engine as _;
        let shown = base64::engine::general_purpose::STANDARD.encode(format!("{account}:{}", self.0));
        let mut headers = self.headers()?;
        let mut shown = HeaderValue::from_str(&format!("Basic {shown}")).ok()?;
        shown.set_sensitive(true);
        headers.insert(AUTHORIZATION, shown);
        Some(headers)
    }

    /// The text without it: whoever was shown it might say it back.
    pub(crate) fn out_of(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "(hidden)") }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}
