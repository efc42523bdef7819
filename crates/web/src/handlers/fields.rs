//! The fields of a form, as a browser sends them: in order, and a name perhaps more than once.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use domain::words::{Refusal, text};

use crate::app::App;
use crate::problem::Problem;

/// More fields than any form of ours sends.
const FIELDS_MOST: usize = 2000;

/// What was filled in.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a query string the same way.
    pub fn of_query(query: Option<&str>) -> Self {
        let uri = format!("/?{}", query.unwrap_or(""));
        let read = uri.parse().ok().and_then(|uri| axum::extract::Query::try_from_uri(&uri).ok());
        Self(read.map(|axum::extract::Query(fields)| fields).unwrap_or_default())
    }

    /// The field, without spaces around it; empty if it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The field exactly as it was typed: a password, a document.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().rev().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The field, if something was filled in.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All fields whose names begin so, by what follows.
    pub fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.trim())))
    }

    /// The field, read as what it should be.
    pub fn parse<T: std::str::FromStr<Err = Refusal>>(&self, name: &str) -> Result<T, Refusal> {
        self.text(name).parse()
    }

    /// All fields but one, for a link that drops a filter.
    pub fn without<'f>(&'f self, names: &'f [&str]) -> impl Iterator<Item = (&'f str, &'f str)> {
        let kept = self.0.iter().filter(move |(name, value)| !names.contains(&name.as_str()) && !value.is_empty());
        kept.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, app).await.map_err(|rejection| {
            let status =
                if rejection.status().is_client_error() { rejection.status() } else { StatusCode::BAD_REQUEST };
            Problem::new(status, format!("this form does not read: {}", text::shorten(&rejection.body_text(), 200)))
        })?;
        if fields.len() > FIELDS_MOST {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "this form has too many fields"));
        }
        Ok(Self(fields))
    }
}

/// A path and query of ours, or the fallback: nobody is led to another site.
pub fn local_path(path: &str, fallback: &str) -> String {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { path.to_owned() } else { fallback.to_owned() }
}

/// A value for a query string.
pub fn escape(value: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            _ => _ = write!(escaped, "%{byte:02X}"),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_lead_on() {
        for (path, leads) in [
            ("/alerts?tab=open&q=a%20b", "/alerts?tab=open&q=a%20b"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local_path(path, "/"), leads);
        }
    }

    #[test]
    fn a_query_reads_as_a_form_does() {
        let fields = Fields::of_query(Some("q=severity%3D%22page%22+x&alert=1&alert=2&empty="));
        assert_eq!(fields.text("q"), "severity=\"page\" x");
        assert_eq!(fields.all("alert").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.some("empty"), None);
        assert_eq!(escape("a b&c=\"é\""), "a%20b%26c%3D%22%C3%A9%22");
    }
}
