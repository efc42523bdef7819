//! Labels, and matchers over them, in Alertmanager's words and grammar.

use std::fmt;
use std::str::FromStr;

use super::refusal::Refusal;
use super::text::shorten;

/// Pairs of name and value, sorted by name, each name once, no value empty. Two allocations, whatever the number.
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Labels {
    text: Box<str>,
    /// Where each name and each value ends in `text`.
    ends: Box<[u32]>,
}

impl Labels {
    /// Empty values are left out, as Alertmanager does; of a name that comes twice the last counts.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut pairs: Vec<(N, V)> = pairs.into_iter().collect();
        pairs.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
        let length = pairs.iter().map(|(n, v)| n.as_ref().len() + v.as_ref().len()).sum();
        let (mut text, mut ends) = (String::with_capacity(length), Vec::with_capacity(2 * pairs.len()));
        for (place, (name, value)) in pairs.iter().enumerate() {
            let again = pairs.get(place + 1).is_some_and(|next| next.0.as_ref() == name.as_ref());
            if again || value.as_ref().is_empty() {
                continue;
            }
            for part in [name.as_ref(), value.as_ref()] {
                text.push_str(part);
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
            }
        }
        Self { text: text.into(), ends: ends.into() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = 0usize;
        self.ends.chunks_exact(2).map(move |ends| {
            let (middle, end) = (ends[0] as usize, ends[1] as usize);
            let pair = (&self.text[from..middle], &self.text[middle..end]);
            from = end;
            pair
        })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.ends.len() / 2
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Alertmanager's fingerprint.
    pub fn fingerprint(&self) -> u64 {
        fingerprint(self.iter())
    }
}

/// Alertmanager's fingerprint: FNV-1a over `name 0xff value 0xff`, in the order of the names.
pub fn fingerprint<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let eat = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    pairs.fold(0xcbf2_9ce4_8422_2325, |hash, (name, value)| {
        let hash = eat(name.bytes().fold(hash, eat), 0xff);
        eat(value.bytes().fold(hash, eat), 0xff)
    })
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name}={value:?}", if place > 0 { ", " } else { "" })?;
        }
        f.write_str("}")
    }
}

impl serde::Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::from_pairs(std::collections::BTreeMap::<String, String>::deserialize(from)?))
    }
}

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    NotEqual,
    /// The whole value matches the regular expression.
    Matches,
    NotMatches,
}

impl Compare {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

/// `name="value"`, `name!="value"`, `name=~"regex"`, `name!~"regex"`. A label that is absent counts as empty.
#[derive(Clone)]
pub struct Matcher {
    pub name: String,
    pub compare: Compare,
    pub value: String,
    regex: Option<regex::Regex>,
}

/// A regular expression's compiled size, so that a hostile one costs little.
const REGEX_BYTES: usize = 1 << 18;

impl Matcher {
    pub fn new(name: impl Into<String>, compare: Compare, value: impl Into<String>) -> Result<Self, Refusal> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() {
            return Err(Refusal::invalid("a matcher needs a label name"));
        }
        let regex = match compare {
            Compare::Equal | Compare::NotEqual => None,
            Compare::Matches | Compare::NotMatches => Some(
                regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(REGEX_BYTES).build().map_err(|_| {
                    Refusal::invalid(format!(
                        "{:?} is not a regular expression of a sensible size",
                        shorten(&value, 80)
                    ))
                })?,
            ),
        };
        Ok(Self { name, compare, value, regex })
    }

    /// Does a value (empty if the label is absent) match?
    pub fn matches_value(&self, value: &str) -> bool {
        let regex = || self.regex.as_ref().is_some_and(|regex| regex.is_match(value));
        match self.compare {
            Compare::Equal => value == self.value,
            Compare::NotEqual => value != self.value,
            Compare::Matches => regex(),
            Compare::NotMatches => !regex(),
        }
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.name).unwrap_or(""))
    }

    /// Reads a list such as `{severity="page", job=~"api.*"}`; braces may be left out, an empty list matches all.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Refusal> {
        let text = text.trim();
        let inner = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'));
        let inner = inner.ok_or_else(|| Refusal::invalid("bad matcher format: a { without its }"))?;
        split_outside_quotes(inner).into_iter().filter(|part| !part.trim().is_empty()).map(str::parse).collect()
    }
}

/// Splits at commas that are not inside double quotes.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

impl FromStr for Matcher {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::invalid(format!(
                "bad matcher format: {} (write it like severity=\"critical\" or job=~\"api.*\")",
                shorten(text, 80)
            ))
        };
        let text = text.trim();
        let (name, rest) = if text.starts_with('"') {
            let end = closing_quote(text).ok_or_else(wrong)?;
            (unquote(&text[..=end]).ok_or_else(wrong)?, text[end + 1..].trim_start())
        } else {
            let end = text.find(['=', '!']).ok_or_else(wrong)?;
            (text[..end].trim().to_owned(), &text[end..])
        };
        let signs = [Compare::Matches, Compare::NotMatches, Compare::NotEqual, Compare::Equal];
        let compare = signs.into_iter().find(|c| rest.starts_with(c.sign())).ok_or_else(wrong)?;
        let value = rest[compare.sign().len()..].trim();
        let value = if value.starts_with('"') {
            if closing_quote(value) != Some(value.len() - 1) {
                return Err(wrong());
            }
            unquote(value).ok_or_else(wrong)?
        } else if value.contains('"') {
            return Err(wrong());
        } else {
            value.to_owned()
        };
        if name.is_empty() || name.contains(char::is_whitespace) || name.contains(['"', '{', '}', ',']) {
            return Err(wrong());
        }
        Self::new(name, compare, value)
    }
}

/// Where the double quote that opens the text is closed.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(at, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        '"' => Some(at),
        _ => None,
    })
}

fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let (mut out, mut chars) = (String::with_capacity(inner.len()), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                c @ ('"' | '\\') => out.push(c),
                // Alertmanager keeps other escapes as they are: they belong to the regular expression.
                c => out.extend(['\\', c]),
            },
            c => out.push(c),
        }
    }
    Some(out)
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "{}{}\"{value}\"", self.name, self.compare.sign())
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.compare, &self.value) == (&other.name, other.compare, &other.value)
    }
}

impl serde::Serialize for Matcher {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Matcher {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Matcher {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A label matcher: severity=\"critical\", team!=\"web\", job=~\"api.*\", env!~\"dev|test\"" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_alertmanagers() {
        let labels = Labels::from_pairs([("severity", "warning"), ("cluster", "c1"), ("alertname", "Flap")]);
        assert_eq!(format!("{:016x}", labels.fingerprint()), "9f6f92509f0f9a9c");
    }

    #[test]
    fn labels_are_sorted_and_empty_values_left_out() {
        let labels = Labels::from_pairs([("b", "2"), ("a", "1"), ("c", ""), ("b", "3")]);
        assert_eq!(labels.to_string(), r#"{a="1", b="3"}"#);
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"a":"1","b":"3"}"#);
        assert_eq!(serde_json::from_str::<Labels>(r#"{"b":"3","a":"1"}"#).unwrap(), labels);
    }

    #[test]
    fn matchers_read_as_amtool_writes_them() {
        let labels = Labels::from_pairs([("job", "api-eu"), ("severity", "page")]);
        for (text, expected) in [
            (r#"severity="page""#, true),
            ("severity=page", true),
            (r#" job =~ "api.*" "#, true),
            ("job=~api", false),
            ("team!=web", true),
            (r#"team=~"|web""#, true),
            (r#"job!~"api.*""#, false),
            (r#""severity" = "page""#, true),
        ] {
            assert_eq!(text.parse::<Matcher>().unwrap().matches(&labels), expected, "{text}");
        }
        for wrong in ["", "=x", "severity", r#"a="b"#, r#"a="b"c"#, "a=~(", "a b=c", r#"a=b"c"#] {
            assert!(wrong.parse::<Matcher>().is_err(), "{wrong}");
        }
        let list = Matcher::parse_list(r#"{a="x,\"y", b=~"c|d"}"#).unwrap();
        assert_eq!(list[0].value, r#"x,"y"#);
        assert_eq!(list.len(), 2);
        assert_eq!(list[0].to_string().parse::<Matcher>().unwrap(), list[0]);
    }
}
