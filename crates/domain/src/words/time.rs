//! A span of time as people write it in documents and URLs: `90s`, `5m`, `1h30m`, `7d`. A day is 24 hours.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::refusal::Refusal;

/// A non-negative span of elapsed time, whole milliseconds, at most ten years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

const MOST_MS: i64 = 10 * 366 * 24 * 3600 * 1000;
const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl Span {
    pub const ZERO: Self = Self(0);

    pub const fn millis(ms: i64) -> Self {
        Self(if ms < 0 { 0 } else { ms })
    }

    pub const fn seconds(seconds: i64) -> Self {
        Self::millis(seconds * 1000)
    }

    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes * 60)
    }

    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours * 60)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// For `skip_serializing_if`.
    pub const fn is_zero_ref(&self) -> bool {
        self.0 == 0
    }

    /// The instant that is this span after `at`, or the end of time.
    pub fn after(self, at: Timestamp) -> Timestamp {
        at.saturating_add(SignedDuration::from_millis(self.0)).unwrap_or(Timestamp::MAX)
    }

    /// The instant that is this span before `at`, or the beginning of time.
    pub fn before(self, at: Timestamp) -> Timestamp {
        at.saturating_sub(SignedDuration::from_millis(self.0)).unwrap_or(Timestamp::MIN)
    }

    /// From `from` until `to`; zero if `to` is not later.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self::millis(to.as_millisecond() - from.as_millisecond())
    }
}

impl FromStr for Span {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::invalid(format!(
                "{:?} is not a span of time: write it like 30s, 5m, 1h30m or 7d",
                super::text::shorten(text, 40)
            ))
        };
        let mut rest = text.trim();
        let mut total = 0i64;
        if rest.is_empty() {
            return Err(wrong());
        }
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit = UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(wrong)?;
            rest = rest[letters..].trim_start();
            total = number
                .checked_mul(unit.1)
                .and_then(|ms| total.checked_add(ms))
                .filter(|ms| *ms <= MOST_MS)
                .ok_or_else(wrong)?;
        }
        Ok(Self(total))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, ms) in UNITS {
            if rest >= ms {
                write!(f, "{}{unit}", rest / ms)?;
                rest %= ms;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A span of time: 30s, 5m, 1h30m, 7d", "pattern": "^(0|([0-9]+(ms|s|m|h|d) ?)+)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print_as_people_write_them() {
        for (text, ms, shown) in [
            ("5m", 300_000, "5m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90s", 90_000, "1m30s"),
            ("7d", 604_800_000, "7d"),
            ("0", 0, "0s"),
            ("250ms", 250, "250ms"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.as_millis(), span.to_string().as_str()), (ms, shown));
        }
        for wrong in ["", "5", "m", "-5m", "5 minutes", "99999999999d", "1.5h"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
