//! The answers of OFREP, the protocol by which programs ask for flags, as JSON: each prepared once, when a set is
//! compiled, and then only put one after the other.
//!
//! Follows protocol 0.3 (open-feature/protocol on GitHub), and what its clients really read: `variant` stands also where
//! there is none, since the Python client fails without it. Deliberately without HTTP.

use serde_json::{Value, json};

use super::flag_sets::{Compiled, ErrorCode, Metadata, Reason, Resolution};

/// The prepared answers of a compiled set.
#[derive(Debug)]
pub struct Answers {
    flags: Box<[Prepared]>,
    /// `,"metadata":{...}` of the set, or nothing.
    metadata: Box<str>,
}

/// The answers of one flag, up to the reason.
#[derive(Debug)]
struct Prepared {
    variants: Box<[Box<str>]>,
    /// Without a value.
    none: Box<str>,
    /// The key, in quotes, for what went wrong.
    key: Box<str>,
}

impl Answers {
    pub fn new(compiled: &Compiled, metadata: &Metadata) -> Self {
        let flags = compiled.flags().map(|(key, variants, metadata)| {
            let key = quoted(key);
            let metadata = of_metadata(metadata);
            let variants = variants.iter().map(|(name, value)| {
                format!("{{\"key\":{key},\"value\":{value},\"variant\":{}{metadata},\"reason\":\"", quoted(name)).into()
            });
            Prepared {
                variants: variants.collect(),
                none: format!("{{\"key\":{key},\"variant\":\"\"{metadata},\"reason\":\"").into(),
                key: key.into(),
            }
        });
        Self { flags: flags.collect(), metadata: of_metadata(metadata).into() }
    }

    /// One answer.
    pub fn one(&self, key: &str, answer: &Resolution<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        if let Some(place) = answer.place {
            self.write(place, answer, &mut out);
            return out;
        }
        let (code, message) = answer.error.as_ref().map_or((ErrorCode::General, ""), |(code, said)| (*code, said));
        write_failure(&quoted(key), code, message, &mut out);
        out
    }

    /// All answers, as the body of a bulk evaluation. `streams` is what stands under `eventStreams`, as JSON.
    pub fn all<'a>(&self, answers: impl Iterator<Item = Resolution<'a>>, streams: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + streams.len() + self.flags.len() * 128);
        out.extend_from_slice(b"{\"flags\":[");
        for (place, answer) in answers.enumerate() {
            if place > 0 {
                out.push(b',');
            }
            self.write(place, &answer, &mut out);
        }
        out.push(b']');
        out.extend_from_slice(self.metadata.as_bytes());
        out.extend_from_slice(b",\"eventStreams\":");
        out.extend_from_slice(streams.as_bytes());
        out.push(b'}');
        out
    }

    fn write(&self, place: usize, answer: &Resolution<'_>, out: &mut Vec<u8>) {
        let Some(flag) = self.flags.get(place) else { return };
        if let Some((code, message)) = &answer.error {
            return write_failure(&flag.key, *code, message, out);
        }
        let prepared = answer.variant_place.and_then(|place| flag.variants.get(place)).unwrap_or(&flag.none);
        out.extend_from_slice(prepared.as_bytes());
        out.extend_from_slice(answer.reason.word().as_bytes());
        out.extend_from_slice(b"\"}");
    }
}

/// What tells one body from another, as an `ETag`. The same on every node.
pub fn etag(body: &[u8]) -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write(body);
    format!("\"{:016x}\"", hasher.finish())
}

/// What is said of a flag that there is no answer for.
pub fn failure(key: &str, code: &str, details: &str) -> Value {
    json!({ "key": key, "errorCode": code, "errorDetails": details })
}

fn write_failure(key: &str, code: ErrorCode, details: &str, out: &mut Vec<u8>) {
    let text = format!("{{\"key\":{key},\"errorCode\":\"{}\",\"errorDetails\":{}}}", code.word(), quoted(details));
    out.extend_from_slice(text.as_bytes());
}

fn of_metadata(metadata: &Metadata) -> String {
    if metadata.is_empty() {
        return String::new();
    }
    let object: serde_json::Map<String, Value> =
        metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    format!(",\"metadata\":{}", Value::Object(object))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Whether an answer is a success: then it is answered with 200.
pub fn is_success(answer: &Resolution<'_>) -> bool {
    answer.error.is_none() && answer.reason != Reason::Error
}

#[cfg(test)]
mod tests {
    use super::super::flag_sets::{Context, FlagSet};
    use super::super::fractional::Bucketing;
    use super::super::kills::Overlay;
    use super::*;

    #[test]
    fn every_answer_is_json_that_clients_read() {
        let set: FlagSet = serde_json::from_value(json!({
            "flags": {
                "a\"b": {"state": "ENABLED", "variants": {"on": 0.0, "off": 1}, "defaultVariant": "on"},
                "broken": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"nothing": []}},
                "callers": {"state": "ENABLED", "variants": {"on": {"x": [1, "é"]}}},
                "off": {"state": "DISABLED", "variants": {"on": true}, "metadata": {"ticket": 7}},
                "rule": {"state": "ENABLED", "variants": {"on": "x"}, "targeting": {"if": [{"var": "vip"}, "on"]}},
            },
            "metadata": {"flagSetId": "shop"},
        }))
        .unwrap();
        let compiled = Compiled::new(&set, Bucketing::Canonical);
        let answers = Answers::new(&compiled, &set.metadata);
        let context = Context::read(&json!({"vip": true})).unwrap();
        let (kills, now) = (Overlay::none(), jiff::Timestamp::from_second(1_790_000_000).unwrap());
        let all = answers.all(compiled.evaluate_all(&context, &kills, now), "[]");
        assert_eq!(String::from_utf8(all.clone()).unwrap().matches("0.0").count(), 1, "a broken number stays one");
        let all: Value = serde_json::from_slice(&all).unwrap();
        let set = json!({"flagSetId": "shop"});
        assert_eq!(
            all,
            json!({
                "flags": [
                    {"key": "a\"b", "value": 0.0, "variant": "on", "metadata": set, "reason": "STATIC"},
                    {"key": "broken", "errorCode": "PARSE_ERROR", "errorDetails": "targeting has no operator \"nothing\""},
                    {"key": "callers", "variant": "", "metadata": set, "reason": "DEFAULT"},
                    {"key": "off", "variant": "", "metadata": {"flagSetId": "shop", "ticket": 7}, "reason": "DISABLED"},
                    {"key": "rule", "value": "x", "variant": "on", "metadata": set, "reason": "TARGETING_MATCH"},
                ],
                "metadata": set,
                "eventStreams": [],
            })
        );
        for (place, (key, ..)) in compiled.flags().enumerate() {
            let one: Value =
                serde_json::from_slice(&answers.one(key, &compiled.evaluate(key, &context, &kills, now))).unwrap();
            assert_eq!(one, all["flags"][place]);
        }
        let none = answers.one("a\n", &compiled.evaluate("a\n", &context, &kills, now));
        let none: Value = serde_json::from_slice(&none).unwrap();
        assert_eq!((&none["key"], &none["errorCode"]), (&json!("a\n"), &json!("FLAG_NOT_FOUND")));
    }
}
