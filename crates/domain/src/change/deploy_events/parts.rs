//! A part of a body of JSON, and where in it that is: so that each refusal says its place. It reads; what the words mean is
//! not its business.

use jiff::fmt::strtime;
use serde_json::Value;

use crate::words::{Refusal, Result, Span, Timestamp};

/// A part of a body. What is not there is null.
#[derive(Clone, Debug)]
pub(super) struct Part<'b> {
    pub(super) value: &'b Value,
    pub(super) place: String,
}

/// No word of a source is longer.
const WORD_MOST: usize = 500;
const LINK_MOST: usize = 2000;

impl<'b> Part<'b> {
    pub(super) fn whole(value: &'b Value) -> Self {
        Self { value, place: String::new() }
    }

    pub(super) fn at(&self, name: &str) -> Self {
        Self { value: self.value.get(name).unwrap_or(&Value::Null), place: format!("{}/{name}", self.place) }
    }

    /// It must be an object, as this source sends it.
    pub(super) fn object(self) -> Result<Self> {
        if self.value.is_object() {
            return Ok(self);
        }
        Err(self.wrong(if self.value.is_null() { "missing" } else { "must be an object" }))
    }

    pub(super) fn items(&self) -> Vec<Self> {
        let item = |(place, value)| Self { value, place: format!("{}/{place}", self.place) };
        self.value.as_array().into_iter().flatten().enumerate().map(item).collect()
    }

    pub(super) fn wrong(&self, why: impl Into<String>) -> Refusal {
        Refusal::invalid(why).at(if self.place.is_empty() { "/".to_owned() } else { self.place.clone() })
    }

    /// A text or a number, in one line. Nothing, if it is empty or something else.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let found = match self.value.get(name)? {
            Value::String(text) => line(text, WORD_MOST),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!found.is_empty()).then_some(found)
    }

    pub(super) fn need(&self, name: &str) -> Result<String> {
        self.word(name).ok_or_else(|| self.at(name).wrong("missing, or no text"))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A time, if there is one. What is more than a day ahead is none.
    pub(super) fn time(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        let part = self.at(name);
        let read = match part.value {
            Value::Null => return Ok(None),
            Value::String(text) => time(text),
            Value::Number(number) => number.as_i64().and_then(|second| Timestamp::from_second(second).ok()),
            _ => None,
        };
        let Some(at) = read else { return Err(part.wrong("is not a time; write it like 2026-11-22T02:12:09Z")) };
        if at > Span::hours(24).after(now) {
            return Err(part.wrong("is more than a day ahead: is the clock of the sender right?"));
        }
        Ok(Some(at))
    }

    pub(super) fn need_time(&self, name: &str, now: Timestamp) -> Result<Timestamp> {
        self.time(name, now)?.ok_or_else(|| self.at(name).wrong("missing: it says when this was"))
    }

    /// The first of these that is an address people can open.
    pub(super) fn link(&self, names: &[&str]) -> Option<String> {
        names.iter().filter_map(|name| self.value.get(*name)?.as_str()).find(|link| is_link(link)).map(str::to_owned)
    }
}

pub(super) fn is_link(text: &str) -> bool {
    text.len() <= LINK_MOST
        && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace())
        && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

/// RFC 3339; or as GitLab writes it: `2026-11-22 02:12:09 +0100`, `2026-11-22 02:12:09 UTC`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let numeric = text.replace(" UTC", " +0000");
    let read = strtime::parse("%Y-%m-%d %H:%M:%S %z", &numeric);
    read.or_else(|_| strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", &numeric)).ok()?.to_timestamp().ok()
}

/// One line of at most so many letters. What breaks lines or turns the direction of writing is a space.
pub(super) fn line(text: &str, most: usize) -> String {
    let breaks = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let flat: String = text.chars().take(most * 4).map(|letter| if breaks(letter) { ' ' } else { letter }).collect();
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= most {
        return flat;
    }
    flat.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_as_sources_write_them() {
        for (text, second) in [
            ("2026-11-22T02:12:09Z", Some(1_795_313_529)),
            ("2026-11-22T03:12:09+01:00", Some(1_795_313_529)),
            ("2026-11-22T02:12:09.315+0000", Some(1_795_313_529)),
            ("2026-11-22 03:12:09 +0100", Some(1_795_313_529)),
            ("2026-11-22 02:12:09 UTC", Some(1_795_313_529)),
            ("yesterday", None),
            ("2026-13-40 02:12:09 UTC", None),
        ] {
            assert_eq!(time(text).map(Timestamp::as_second), second, "{text}");
        }
    }

    #[test]
    fn what_strangers_write_is_one_short_line() {
        assert_eq!(line(" a\n\tb\u{202e}c\u{2028}d\0 ", 200), "a b c d");
        assert_eq!(line(&"ü".repeat(300), 200).chars().count(), 200);
        for (link, good) in [
            ("https://ci.example/1", true),
            ("javascript:alert(1)", false),
            ("https://ci.example/\n1", false),
            ("//ci.example", false),
        ] {
            assert_eq!(Part::whole(&json!({ "url": link })).link(&["url"]).is_some(), good, "{link}");
        }
    }

    #[test]
    fn a_refusal_says_where() {
        let body = json!({ "a": { "at": "soon", "far": "2036-01-01T00:00:00Z", "list": [] } });
        let (part, now) = (Part::whole(&body).at("a"), "2026-11-29T12:00:00Z".parse().unwrap());
        for (refusal, place) in [
            (part.need_time("at", now).unwrap_err(), "/a/at"),
            (part.need_time("far", now).unwrap_err(), "/a/far"),
            (part.need_time("none", now).unwrap_err(), "/a/none"),
            (part.need("list").unwrap_err(), "/a/list"),
            (part.at("b").object().unwrap_err(), "/a/b"),
            (part.at("list").object().unwrap_err(), "/a/list"),
        ] {
            assert_eq!(refusal.at.as_deref(), Some(place));
        }
    }
}
