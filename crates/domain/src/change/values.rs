//! A value that targeting reckons with, and how one kind of value becomes another.
//!
//! Like JSON, but compact, and whole numbers stay whole. Coercion is that of flagd's reference evaluator, which follows
//! JavaScript where it can: `"5"` is 5 beside a number, an empty list is false, a map is true. Deliberately no
//! improvement on it: a flag must not mean one thing here and another in a client.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of a context, of a rule, or in between.
#[derive(Clone, Debug, Default)]
pub enum Data {
    #[default]
    Null,
    Bool(bool),
    /// Whole numbers beyond 64 bits become [`Data::Float`].
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(Box<[Data]>),
    Map(Map),
}

/// Names and values, sorted by the hash of the name: numbers compare faster than names.
#[derive(Clone, Debug, Default)]
pub struct Map(Box<[Entry]>);

#[derive(Clone, Debug)]
struct Entry {
    hash: u32,
    name: Box<str>,
    value: Data,
}

/// So many names are few.
const FEW: usize = 12;

/// The hash of a name. It is the same in every process, so that it can be reckoned when a rule is compiled.
pub(super) fn hash_of(name: &str) -> u32 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    hasher.write(name.as_bytes());
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

impl Map {
    pub fn get(&self, name: &str) -> Option<&Data> {
        self.get_hashed(hash_of(name), name)
    }

    #[inline]
    pub(super) fn get_hashed(&self, hash: u32, name: &str) -> Option<&Data> {
        // Most contexts have a few names: looking at one after the other is faster than halving them.
        if self.0.len() <= FEW {
            return self
                .0
                .iter()
                .find(|entry| entry.hash == hash && entry.name.as_ref() == name)
                .map(|entry| &entry.value);
        }
        let from = self.0.partition_point(|entry| entry.hash < hash);
        let alike = self.0[from..].iter().take_while(|entry| entry.hash == hash);
        alike.map(|entry| (&entry.name, &entry.value)).find(|(own, _)| own.as_ref() == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Data)> {
        self.0.iter().map(|entry| (entry.name.as_ref(), &entry.value))
    }
}

impl<N: Into<Box<str>>> FromIterator<(N, Data)> for Map {
    /// Of two values with one name, the later counts.
    fn from_iter<I: IntoIterator<Item = (N, Data)>>(pairs: I) -> Self {
        let entries = pairs.into_iter().map(|(name, value)| {
            let name = name.into();
            Entry { hash: hash_of(&name), name, value }
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.reverse();
        entries.sort_by(|a, b| a.hash.cmp(&b.hash).then_with(|| a.name.cmp(&b.name)));
        entries.dedup_by(|later, earlier| later.name == earlier.name);
        Self(entries.into())
    }
}

impl From<&serde_json::Value> for Data {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(is) => Self::Bool(*is),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Map(map.iter().map(|(name, value)| (name.as_str(), value.into())).collect()),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reading)
    }
}

/// Reads any JSON at once, without a tree in between.
struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Data;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Data, E> {
        Ok(Data::Bool(is))
    }

    fn visit_i64<E>(self, whole: i64) -> Result<Data, E> {
        Ok(Data::Int(whole))
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 64 bits with a sign they are broken numbers")]
    fn visit_u64<E>(self, whole: u64) -> Result<Data, E> {
        Ok(i64::try_from(whole).map_or(Data::Float(whole as f64), Data::Int))
    }

    fn visit_f64<E>(self, broken: f64) -> Result<Data, E> {
        Ok(Data::Float(broken))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Data, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Data::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Data, A::Error> {
        let mut map: Vec<(Box<str>, Data)> = Vec::with_capacity(pairs.size_hint().unwrap_or(8).min(1024));
        while let Some(pair) = pairs.next_entry()? {
            map.push(pair);
        }
        Ok(Data::Map(map.into_iter().collect()))
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// A number, whole as long as it can be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

pub(super) const NAN: Number = Number::Float(f64::NAN);

impl From<Number> for Data {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(whole) => Self::Int(whole),
            Number::Float(broken) => Self::Float(broken),
        }
    }
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "that is what a sum of a whole and a broken number does")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(whole) => whole as f64,
            Self::Float(broken) => broken,
        }
    }

    /// Exact, also where a whole number has more digits than a broken one can hold; nothing for what is no number.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Float(b)) => whole_with_broken(a, b),
            (Self::Float(a), Self::Int(b)) => whole_with_broken(b, a).map(Ordering::reverse),
        }
    }

    /// The whole number that is left without the fraction; none for infinity and what is no number.
    #[expect(clippy::cast_possible_truncation, reason = "beyond 64 bits the nearest will do: no text is as long")]
    pub(super) fn whole(self) -> Option<i64> {
        match self {
            Self::Int(whole) => Some(whole),
            Self::Float(broken) => broken.is_finite().then_some(broken as i64),
        }
    }

    pub(super) fn is_nan(self) -> bool {
        matches!(self, Self::Float(broken) if broken.is_nan())
    }
}

/// Two to the power of 63: the first number that is too large for 64 bits with a sign.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn whole_with_broken(whole: i64, broken: f64) -> Option<Ordering> {
    if broken.is_nan() {
        None
    } else if broken >= TOO_LARGE {
        Some(Ordering::Less)
    } else if broken < -TOO_LARGE {
        Some(Ordering::Greater)
    } else {
        let floor = broken.floor();
        Some(whole.cmp(&(floor as i64)).then(if broken > floor { Ordering::Less } else { Ordering::Equal }))
    }
}

impl Data {
    #[inline]
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(is) => *is,
            Self::Int(whole) => *whole != 0,
            Self::Float(broken) => *broken != 0.0 && !broken.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(_) => true,
        }
    }

    /// A number as it stands, without coercion; true is 1.
    #[inline]
    pub(super) fn as_number(&self) -> Option<Number> {
        match self {
            Self::Bool(is) => Some(Number::Int((*is).into())),
            Self::Int(whole) => Some(Number::Int(*whole)),
            Self::Float(broken) => Some(Number::Float(*broken)),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Number {
        match self {
            Self::Null => Number::Int(0),
            Self::Text(text) => Number::Float(read_number(text)),
            Self::List(items) => match items.as_ref() {
                [] => Number::Int(0),
                [one] => one.number(),
                _ => NAN,
            },
            Self::Map(_) => NAN,
            _ => self.as_number().unwrap_or(NAN),
        }
    }

    /// Appends the value as `cat` shows it.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            // The reference is written in Python, and shows it here.
            Self::Bool(is) => out.push_str(if *is { "True" } else { "False" }),
            Self::Int(whole) => write!(out, "{whole}").unwrap_or_default(),
            Self::Float(broken) => write_float(*broken, out),
            Self::Text(text) => out.push_str(text),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
            }
            Self::Map(_) => out.push_str("[object Object]"),
        }
    }

    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        if let Self::Text(text) = self {
            return text.as_ref().into();
        }
        let mut out = String::new();
        self.write(&mut out);
        out.into()
    }

    /// `===`: the same value, through and through; 1, 1.0 and true are the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Map(a), Self::Map(b)) => {
                a.0.len() == b.0.len() && a.iter().zip(b.iter()).all(|(a, b)| a.0 == b.0 && a.1.same(b.1))
            }
            _ => match (self.as_number(), other.as_number()) {
                (Some(a), Some(b)) => a.compare(b) == Some(Ordering::Equal),
                _ => false,
            },
        }
    }

    /// `==`: the same value after coercion. Lists and maps are equal to themselves only.
    pub(super) fn equals(&self, other: &Self) -> bool {
        let equal = |a: Number, b: Number| a.compare(b) == Some(Ordering::Equal);
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(_) | Self::Map(_), Self::List(_) | Self::Map(_)) => std::ptr::eq(self, other),
            (Self::Text(text), list @ (Self::List(_) | Self::Map(_)))
            | (list @ (Self::List(_) | Self::Map(_)), Self::Text(text)) => list.text() == text.as_ref(),
            _ => match (self.as_number(), other.as_number()) {
                (Some(a), Some(b)) => equal(a, b),
                (Some(a), None) => equal(a, other.number()),
                (None, Some(b)) => equal(self.number(), b),
                (None, None) => false,
            },
        }
    }

    /// Which of two is less: texts by their letters, all else as numbers; nothing if one is no number.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        let numeric = self.as_number().is_some() || other.as_number().is_some();
        if !numeric && (matches!(self, Self::Text(_)) || matches!(other, Self::Text(_))) {
            return Some(self.text().cmp(&other.text()));
        }
        self.number().compare(other.number())
    }

    /// How much there is to copy.
    #[inline]
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::Text(text) => 1 + weight_of_text(text.len()),
            Self::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(item.weight())),
            Self::Map(map) => map.iter().fold(1, |sum, (_, item)| sum.saturating_add(1 + item.weight())),
            _ => 1,
        }
    }
}

/// How much a text weighs beside a step of a rule.
pub(super) fn weight_of_text(bytes: usize) -> u32 {
    u32::try_from(bytes / 32).unwrap_or(u32::MAX)
}

/// What is no number is NaN.
fn read_number(text: &str) -> f64 {
    let text = text.trim();
    let bare = text.trim_start_matches(['+', '-']);
    if bare.eq_ignore_ascii_case("inf") {
        return f64::NAN;
    }
    if !text.contains('_') {
        return text.parse().unwrap_or(f64::NAN);
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let between = |at: usize| at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1));
    if bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || between(at)) {
        return text.replace('_', "").parse().unwrap_or(f64::NAN);
    }
    f64::NAN
}

/// Fifteen digits, as `%.15g` of C.
fn write_float(number: f64, out: &mut String) {
    const DIGITS: i32 = 15;
    if number.is_nan() {
        return out.push_str("nan");
    }
    if number.is_infinite() {
        return out.push_str(if number > 0.0 { "inf" } else { "-inf" });
    }
    let scientific = format!("{number:.14e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..DIGITS).contains(&exponent) {
        let places = usize::try_from(DIGITS - 1 - exponent).unwrap_or_default();
        out.push_str(without_zeros(&format!("{number:.places$}")));
    } else {
        out.push_str(without_zeros(digits));
        write_exponent(exponent, out);
    }
}

/// As few digits as tell it apart, as Python shows a number: what a variant or a version is called that came out as one.
pub(super) fn shortest(number: f64) -> String {
    if !number.is_finite() {
        let mut out = String::new();
        write_float(number, &mut out);
        return out;
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return format!("{number:?}");
    }
    let mut out = digits.to_owned();
    write_exponent(exponent, &mut out);
    out
}

fn write_exponent(exponent: i32, out: &mut String) {
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(out, "e{sign}{:02}", exponent.abs()).unwrap_or_default();
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn data(value: &Value) -> Data {
        Data::from(value)
    }

    #[test]
    fn numbers_read_as_text_and_back() {
        for (number, shown, name) in [
            (0.1, "0.1", "0.1"),
            (1.0, "1", "1.0"),
            (-0.0, "-0", "-0.0"),
            (0.1 + 0.2, "0.3", "0.30000000000000004"),
            (1e15, "1e+15", "1000000000000000.0"),
            (1e16, "1e+16", "1e+16"),
            (1.5e-7, "1.5e-07", "1.5e-07"),
            (0.0001, "0.0001", "0.0001"),
            (123_456_789.5, "123456789.5", "123456789.5"),
            (f64::INFINITY, "inf", "inf"),
        ] {
            assert_eq!((data(&json!(null)).text().as_ref(), Data::Float(number).text().as_ref()), ("null", shown));
            assert_eq!(shortest(number), name);
        }
        for (text, number) in [("5", 5.0), (" 5 ", 5.0), ("1e3", 1000.0), (".5", 0.5), ("1_000", 1000.0)] {
            assert_eq!(Data::from(text).number().float().to_bits(), f64::to_bits(number), "{text}");
        }
        for text in ["", "inf", "-INF", "five", "0x10", "_1", "1__0", "1_"] {
            assert!(Data::from(text).number().is_nan(), "{text}");
        }
    }

    #[test]
    fn truth_and_equality_follow_the_reference() {
        for (value, truth) in [
            (json!(null), false),
            (json!(0), false),
            (json!(0.0), false),
            (json!(""), false),
            (json!("0"), true),
            (json!([]), false),
            (json!([0]), true),
            (json!({}), true),
        ] {
            assert_eq!(data(&value).is_true(), truth, "{value}");
        }
        for (a, b, loose, strict) in [
            (json!(1), json!("1"), true, false),
            (json!(1), json!(true), true, true),
            (json!(0), json!(null), true, false),
            (json!(""), json!(0), false, false),
            (json!(null), json!(null), true, true),
            (json!(null), json!(""), false, false),
            (json!([1]), json!([1]), false, true),
            (json!([1, 2]), json!("1,2"), true, false),
            (json!({"a": 1}), json!({"a": 1.0}), false, true),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), false, false),
        ] {
            let (a, b) = (data(&a), data(&b));
            assert_eq!((a.equals(&b), b.equals(&a)), (loose, loose), "{a:?} == {b:?}");
            assert_eq!((a.same(&b), b.same(&a)), (strict, strict), "{a:?} === {b:?}");
        }
    }

    #[test]
    fn of_two_values_with_one_name_the_later_counts() {
        let map: Map = [("b", Data::Int(1)), ("a", Data::Int(2)), ("b", Data::Int(3))].into_iter().collect();
        assert_eq!(map.iter().len(), 2);
        assert!(map.get("b").is_some_and(|value| value.same(&Data::Int(3))));
    }

    proptest! {
        #[test]
        fn whole_and_broken_numbers_compare_exactly(whole: i64, broken in prop_oneof![any::<f64>(), any::<i64>().prop_map(|whole| Number::Int(whole).float())]) {
            let ordering = Number::Int(whole).compare(Number::Float(broken));
            let back = Number::Float(broken).compare(Number::Int(whole));
            prop_assert_eq!(ordering, back.map(Ordering::reverse));
            if broken.is_finite() && broken.abs() < 1e30 {
                #[expect(clippy::cast_possible_truncation, reason = "checked before")]
                let exact = i128::from(whole).cmp(&(broken.floor() as i128));
                prop_assert_eq!(ordering, Some(exact.then(if broken.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })));
            }
        }

        #[test]
        fn a_number_shown_shortest_reads_back(number: f64) {
            prop_assume!(number.is_finite());
            prop_assert_eq!(shortest(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
    }
}
