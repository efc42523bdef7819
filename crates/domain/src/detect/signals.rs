//! A signal: one thing that a source told us about one alert.
//!
//! The signals log keeps what came in, in one form: Alertmanager's v2 JSON array, as it was posted, or as our own
//! mapping wrote it.
//! What a signal means for an alert is decided in `pipeline`.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::words::{Labels, Refusal, Result, text};

/// The most alerts in one call.
pub const ALERTS_MOST: usize = 10_000;
/// The most labels, and the most annotations, of one alert.
pub const PAIRS_MOST: usize = 256;
/// The longest label name or value, in bytes.
pub const LABEL_BYTES_MOST: usize = 4096;
/// The longest annotation value, in bytes.
pub const ANNOTATION_BYTES_MOST: usize = 65_536;

/// Pairs of name and value, borrowed from the body where they need no unescaping.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// One alert of a body. Annotations stay in the body: a repeat of a known alert never looks at them.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Its place in the body: 0 for the first.
    pub position: u32,
    pub labels: Labels,
    /// What tells the alert from others within its integration: the fingerprint of its labels, or the hash of the
    /// source's own key.
    pub key: u64,
    /// The source's own key, if it told one.
    pub told_key: Option<Box<str>>,
    /// Where the annotations stand in the body.
    annotations: Option<Range<usize>>,
    /// Of the annotations as they were written: the same bytes, the same hash.
    pub annotations_hash: u64,
    /// As told; Alertmanager's zero time counts as not told.
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub link: Option<Box<str>>,
}

impl Signal {
    /// Resolved if it says that it ended by now.
    pub fn resolved(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// The annotations, checked. `body` is what the signal was read from.
    pub fn annotations(&self, body: &[u8]) -> Result<Labels> {
        let Some(raw) = self.annotations.as_ref().and_then(|range| body.get(range.clone())) else {
            return Ok(Labels::default());
        };
        let pairs: Read<'_> = serde_json::from_slice(raw).map_err(|_| {
            Refusal::invalid("must be an object of texts").at(format!("/{}/annotations", self.position))
        })?;
        check_pairs(&pairs.0, ANNOTATION_BYTES_MOST)
            .map_err(|refusal| inside(refusal, self.position, "annotations"))?;
        Ok(Labels::from_pairs(pairs.0))
    }
}

#[derive(serde::Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    labels: Read<'a>,
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "startsAt")]
    starts_at: Option<Text<'a>>,
    #[serde(borrow, default, rename = "endsAt")]
    ends_at: Option<Text<'a>>,
    #[serde(borrow, default, rename = "generatorURL")]
    link: Option<Text<'a>>,
    /// Ours: the source's own key for the alert.
    #[serde(borrow, default, rename = "dedupKey")]
    key: Option<Text<'a>>,
}

/// Reads a body. `extra` are the integration's own labels, given to every alert that does not have them.
pub fn read(body: &[u8], extra: &[(String, String)]) -> Result<Vec<Signal>> {
    let wires: Vec<Wire<'_>> = serde_json::from_slice(body).map_err(|error| explain(body, &error))?;
    if wires.len() > ALERTS_MOST {
        return Err(Refusal::invalid(format!("{} alerts in one call; the most is {ALERTS_MOST}", wires.len())));
    }
    wires.into_iter().zip(0u32..).map(|(wire, position)| signal(wire, position, body, extra)).collect()
}

/// The one alert at a place of a body; none, if it has no such place. The others are passed over, not read.
pub fn nth(body: &[u8], position: u32) -> Result<Option<Signal>> {
    let mut from = serde_json::Deserializer::from_slice(body);
    let wire = from.deserialize_seq(Nth(position)).map_err(|error| explain(body, &error))?;
    wire.map(|wire| signal(wire, position, body, &[])).transpose()
}

/// Reads the element at a place.
struct Nth(u32);

impl<'de> Visitor<'de> for Nth {
    type Value = Option<Wire<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of alerts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        for _ in 0..self.0 {
            if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = elements.next_element()?;
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Of a body that was refused: the alerts that can be read by themselves, as a body of their own, if there are any.
/// Prometheus does not send again what was refused, and shall not lose good alerts for one that is wrong.
pub fn readable(body: &[u8], extra: &[(String, String)]) -> Option<Vec<u8>> {
    let elements: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    if elements.len() > ALERTS_MOST {
        return None;
    }
    let is_readable = |element: &&str| read(format!("[{element}]").as_bytes(), extra).is_ok();
    let kept: Vec<&str> = elements.into_iter().map(RawValue::get).filter(is_readable).collect();
    (!kept.is_empty()).then(|| format!("[{}]", kept.join(",")).into_bytes())
}

fn signal(wire: Wire<'_>, position: u32, body: &[u8], extra: &[(String, String)]) -> Result<Signal> {
    let mut pairs = wire.labels.0;
    for (name, value) in extra {
        if !pairs.iter().any(|(n, v)| n == name && !v.is_empty()) {
            pairs.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
    }
    check_pairs(&pairs, LABEL_BYTES_MOST).map_err(|refusal| inside(refusal, position, "labels"))?;
    let labels = Labels::from_pairs(pairs);
    if labels.is_empty() {
        return Err(Refusal::invalid("at least one label pair required").at(format!("/{position}/labels")));
    }
    let starts_at = told_time(wire.starts_at.as_ref(), position, "startsAt")?;
    let ends_at = told_time(wire.ends_at.as_ref(), position, "endsAt")?;
    if let (Some(starts), Some(ends)) = (starts_at, ends_at)
        && ends < starts
    {
        return Err(Refusal::invalid("start time must be before end time").at(format!("/{position}/endsAt")));
    }
    let told_key: Option<Box<str>> = wire.key.map(|key| key.0.into());
    let key = told_key.as_deref().map_or_else(|| labels.fingerprint(), |key| hash(0x6b65_7921, key.as_bytes()));
    let annotations_hash = wire.annotations.map_or(0, |raw| hash(1, raw.get().as_bytes()));
    let annotations = wire.annotations.map(|raw| {
        let from = raw.get().as_ptr().addr() - body.as_ptr().addr();
        from..from + raw.get().len()
    });
    let link = wire.link.filter(|link| !link.0.is_empty()).map(|link| link.0.into());
    Ok(Signal { position, labels, key, told_key, annotations, annotations_hash, starts_at, ends_at, link })
}

fn inside(refusal: Refusal, position: u32, part: &str) -> Refusal {
    let name = refusal.at.clone().unwrap_or_default();
    refusal.at(format!("/{position}/{part}{name}"))
}

fn check_pairs(pairs: &[(Cow<'_, str>, Cow<'_, str>)], value_bytes_most: usize) -> Result<()> {
    if pairs.len() > PAIRS_MOST {
        return Err(Refusal::invalid(format!("{} pairs; the most is {PAIRS_MOST}", pairs.len())));
    }
    for (name, value) in pairs {
        let place = || format!("/{}", pointer_part(&text::shorten(name, 80)));
        if name.is_empty() {
            return Err(Refusal::invalid("a name is empty").at(place()));
        }
        if name.len() > LABEL_BYTES_MOST || value.len() > value_bytes_most {
            let most = if name.len() > LABEL_BYTES_MOST { LABEL_BYTES_MOST } else { value_bytes_most };
            return Err(Refusal::invalid(format!("too long: the most is {most} bytes")).at(place()));
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(Refusal::invalid("contains a NUL character").at(place()));
        }
    }
    Ok(())
}

fn told_time(told: Option<&Text<'_>>, position: u32, field: &str) -> Result<Option<Timestamp>> {
    let Some(told) = told else { return Ok(None) };
    // Alertmanager's and amtool's way of saying nothing.
    if told.0.is_empty() || told.0.starts_with("0001-01-01T00:00:00") {
        return Ok(None);
    }
    told.0.parse().map(Some).map_err(|_| {
        let shown = text::shorten(&told.0, 40);
        Refusal::invalid(format!("{shown:?} is not a time: write it like 2026-11-22T02:05:00Z"))
            .at(format!("/{position}/{field}"))
    })
}

/// The words for what is no JSON, or is nested deeper than a parser on a small stack can bear.
pub fn unreadable(error: &serde_json::Error) -> Refusal {
    let what = match error.to_string() {
        why if why.starts_with("recursion limit") => "the body is nested too deep",
        _ if error.is_eof() => "the body ends too early",
        _ => "the body is not JSON that can be read",
    };
    Refusal::invalid(format!("{what} (line {}, column {})", error.line(), error.column()))
}

/// Finds the words for a body that does not read: which field, and what it should be.
fn explain(body: &[u8], error: &serde_json::Error) -> Refusal {
    let value = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => value,
        // What it was read as stops at the first thing that is wrong; this one has read it as JSON alone.
        Err(plain) => return unreadable(if error.is_eof() { error } else { &plain }),
    };
    let Some(alerts) = value.as_array() else {
        return Refusal::invalid("the body must be an array of alerts").at("");
    };
    for (position, alert) in alerts.iter().enumerate() {
        let at = |part: &str| format!("/{position}{part}");
        let Some(fields) = alert.as_object() else { return Refusal::invalid("must be an object").at(at("")) };
        match fields.get("labels") {
            None => return Refusal::invalid("missing: every alert needs labels").at(at("/labels")),
            Some(serde_json::Value::Object(labels)) => {
                if let Some((name, _)) = labels.iter().find(|(_, value)| !value.is_string()) {
                    let name = pointer_part(&text::shorten(name, 80));
                    return Refusal::invalid("must be a text").at(at(&format!("/labels/{name}")));
                }
            }
            Some(_) => return Refusal::invalid("must be an object of texts").at(at("/labels")),
        }
        for field in ["startsAt", "endsAt", "generatorURL", "dedupKey"] {
            if fields.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
                return Refusal::invalid("must be a text").at(at(&format!("/{field}")));
            }
        }
    }
    Refusal::invalid(format!("the body does not read as alerts (line {}, column {})", error.line(), error.column()))
}

fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// FNV-1a, as the fingerprint uses it.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325u64 ^ seed;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A text that is borrowed from the body where it can be.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Reads)
    }
}

/// An object of texts.
struct Read<'a>(Pairs<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Read<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Read<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(12);
                while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
                    pairs.push((name.0, value.0));
                }
                Ok(Read(pairs))
            }
        }
        from.deserialize_map(Reads)
    }
}

/// One alert as a mapping made it, to be written in the form of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    pub labels: Labels,
    pub annotations: Labels,
    #[serde(rename = "startsAt", skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    #[serde(rename = "endsAt", skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(rename = "dedupKey", skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Writes the form of the log: what `read` reads.
pub fn write(told: &[Told]) -> Vec<u8> {
    serde_json::to_vec(told).expect("texts and times have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        read(body.as_bytes(), &[]).unwrap_err().to_string()
    }

    #[test]
    fn a_body_reads_with_the_integrations_own_labels() {
        let body = r#"[{"labels":{"severity":"page","alertname":"Disk","empty":""},"annotations":{"summary":"full"},
            "startsAt":"2026-11-22T02:05:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/"}]"#;
        let extra = [("team".to_owned(), "core".to_owned()), ("severity".to_owned(), "info".to_owned())];
        let signals = read(body.as_bytes(), &extra).unwrap();
        assert_eq!(signals[0].labels.to_string(), r#"{alertname="Disk", severity="page", team="core"}"#);
        assert_eq!(signals[0].annotations(body.as_bytes()).unwrap().get("summary"), Some("full"));
        assert_eq!(signals[0].key, signals[0].labels.fingerprint());
        assert!(signals[0].ends_at.is_none() && signals[0].starts_at.is_some());
    }

    #[test]
    fn of_a_refused_body_the_readable_alerts_are_kept() {
        let kept = |body: &str| readable(body.as_bytes(), &[]).map(|rest| String::from_utf8(rest).unwrap());
        let good = r#"{"labels":{"a":"b"}}"#;
        assert_eq!(kept(&format!("[{good}, {{}}, 1, {good}]")), Some(format!("[{good},{good}]")));
        assert_eq!(kept("[{}]"), None);
        assert_eq!(kept("{}"), None);
        assert_eq!(kept(&format!("[{good}")), None);
    }

    #[test]
    fn a_bad_body_is_refused_with_the_place() {
        for (body, expected) in [
            ("", "the body ends too early (line 1, column 0)"),
            ("{}", ": the body must be an array of alerts"),
            ("[1]", "/0: must be an object"),
            ("[{}]", "/0/labels: missing: every alert needs labels"),
            (r#"[{"labels":{"a":"b"}},{"labels":{"a":1}}]"#, "/1/labels/a: must be a text"),
            (r#"[{"labels":{"a":""}}]"#, "/0/labels: at least one label pair required"),
            (
                r#"[{"labels":{"a":"b"},"startsAt":"yesterday"}]"#,
                r#"/0/startsAt: "yesterday" is not a time: write it like 2026-11-22T02:05:00Z"#,
            ),
            (
                r#"[{"labels":{"a":"b"},"startsAt":"2026-11-22T02:05:00Z","endsAt":"2026-11-22T02:04:00Z"}]"#,
                "/0/endsAt: start time must be before end time",
            ),
            (r#"[{"labels":{"a":"b"},"endsAt":7}]"#, "/0/endsAt: must be a text"),
        ] {
            assert_eq!(refused(body), expected, "{body}");
        }
        let body = br#"[{"labels":{"a":"b"},"annotations":{"x":[1]}}]"#;
        let bad = read(body, &[]).unwrap();
        assert_eq!(bad[0].annotations(body).unwrap_err().to_string(), "/0/annotations: must be an object of texts");
        let deep = format!(r#"[{{"labels":{{"a":"b"}},"annotations":{}}}]"#, "[".repeat(100_000));
        assert!(read(deep.as_bytes(), &[]).is_err());
    }

    #[test]
    fn what_a_mapping_wrote_reads_back() {
        let told =
            Told { labels: Labels::from_pairs([("alertname", "x\"y")]), key: Some("k1".into()), ..Told::default() };
        let body = write(std::slice::from_ref(&told));
        let back = read(&body, &[]).unwrap();
        assert_eq!(back[0].labels, told.labels);
        assert_ne!(back[0].key, back[0].labels.fingerprint());
    }

    #[test]
    fn one_alert_reads_alone_as_it_does_among_the_others() {
        let told: Vec<Told> = (0..5)
            .map(|number| Told {
                labels: Labels::from_pairs([("alertname".to_owned(), format!("a{number}"))]),
                annotations: Labels::from_pairs([("summary".to_owned(), format!("s{number}"))]),
                ..Told::default()
            })
            .collect();
        let body = write(&told);
        let all = read(&body, &[]).unwrap();
        for (signal, position) in all.iter().zip(0..) {
            let alone = nth(&body, position).unwrap().unwrap();
            assert_eq!(format!("{alone:?}"), format!("{signal:?}"));
        }
        assert!(nth(&body, 5).unwrap().is_none());
        assert_eq!(nth(b"[{}]", 0).unwrap_err().to_string(), "/0/labels: missing: every alert needs labels");
    }
}
