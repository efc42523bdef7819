//! What is affected, and how many: people, records, hosts, accounts, customers, money.
//!
//! A count is a claim, as a stamp is: with a precision, a source and an author. What is known grows, so the last count
//! stands and all before it stay on record; obligations ask what was known when. Unknown stays unknown.

use std::fmt;
use std::str::FromStr;

use super::entries::{line, past, text};
use crate::words::choices::choices;
use crate::words::{AffectedId, Refusal, Result, Timestamp};

choices! {
    /// What is counted.
    Subject: "what is affected" at "/subject" {
        /// People whose data it is.
        DataSubjects = "data-subjects",
        Records = "records",
        Hosts = "hosts",
        Accounts = "accounts",
        Customers = "customers",
        /// In the unit: `EUR`.
        Money = "money",
        /// In the unit: `shipments`.
        Other = "other",
    }
}

impl Subject {
    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::DataSubjects => "people whose data it is",
            _ => self.word(),
        }
    }
}

/// Kinds of data that are offered; any other may be written.
pub const DATA: [&str; 10] = [
    "credentials",
    "contact data",
    "payment data",
    "health data",
    "identity documents",
    "location data",
    "communications",
    "employment data",
    "source code",
    "business secrets",
];

/// How many, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Exact(u64),
    AtLeast(u64),
    About(u64),
    Between(u64, u64),
    Unknown,
}

/// More than there is of anything that is counted here, and less than engines and browsers keep exactly.
const MOST: u64 = 1_000_000_000_000_000;

impl Amount {
    /// `exact`, `at-least`, `about`, `between`, `unknown`
    pub const fn precision(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::AtLeast(_) => "at-least",
            Self::About(_) => "about",
            Self::Between(..) => "between",
            Self::Unknown => "unknown",
        }
    }

    /// Its numbers: the one, or the first and the last.
    pub const fn numbers(self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::Exact(one) | Self::AtLeast(one) | Self::About(one) => (Some(one), None),
            Self::Between(low, high) => (Some(low), Some(high)),
            Self::Unknown => (None, None),
        }
    }

    /// Of a precision and its numbers.
    pub fn of(precision: &str, value: Option<u64>, to: Option<u64>) -> Result<Self> {
        let wrong = |message: &str, place: &str| Refusal::invalid(message).at(place);
        if [value, to].into_iter().flatten().any(|number| number > MOST) {
            return Err(wrong("nobody counts so far", "/value"));
        }
        Ok(match (precision, value, to) {
            ("exact", Some(value), None) => Self::Exact(value),
            ("at-least", Some(value), None) => Self::AtLeast(value),
            ("about", Some(value), None) => Self::About(value),
            ("between", Some(low), Some(high)) if low < high => Self::Between(low, high),
            ("between", ..) => {
                return Err(wrong("between takes two numbers, the smaller as value and the larger as to", "/to"));
            }
            ("unknown", None, None) => Self::Unknown,
            ("unknown", ..) => return Err(wrong("what is unknown has no number", "/value")),
            ("exact" | "at-least" | "about", None, _) => return Err(wrong("say how many", "/value")),
            ("exact" | "at-least" | "about", ..) => return Err(wrong("only between takes a second number", "/to")),
            _ => {
                let all = "the precision is one of exact, at-least, about, between, unknown";
                return Err(wrong(all, "/precision"));
            }
        })
    }
}

impl fmt::Display for Amount {
    /// As [`Amount::from_str`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(one) => f.write_str(&grouped(*one)),
            Self::AtLeast(one) => write!(f, "at least {}", grouped(*one)),
            Self::About(one) => write!(f, "about {}", grouped(*one)),
            Self::Between(low, high) => write!(f, "{} to {}", grouped(*low), grouped(*high)),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// `12,345`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl FromStr for Amount {
    type Err = Refusal;

    /// As people write it: `1,204`, `about 1200`, `~1200`, `at least 40`, `>= 40`, `30 to 45`, `30-45`, `unknown`, `?`.
    fn from_str(typed: &str) -> Result<Self> {
        let wrong = || {
            let shown = crate::words::text::shorten(typed, 40);
            Refusal::invalid(format!("{shown:?} is no count: write 1204, about 1200, at least 40, 30 to 45 or unknown"))
                .at("/count")
        };
        let number = |text: &str| -> Result<u64> {
            let digits: String =
                text.chars().filter(|c| !matches!(c, ',' | '_' | ' ' | '\u{a0}' | '\u{202f}')).collect();
            digits.parse().map_err(|_| wrong())
        };
        let lower = typed.trim().to_lowercase();
        if lower.is_empty() {
            return Err(Refusal::invalid("say how many, or that it is unknown").at("/count"));
        }
        if matches!(lower.as_str(), "unknown" | "?") {
            return Ok(Self::Unknown);
        }
        for (lead, precision) in
            [("about", "about"), ("~", "about"), ("at least", "at-least"), (">=", "at-least"), ("≥", "at-least")]
        {
            if let Some(rest) = lower.strip_prefix(lead) {
                return Self::of(precision, Some(number(rest)?), None).map_err(|refusal| refusal.at("/count"));
            }
        }
        for between in [" to ", "–", "-"] {
            if let Some((low, high)) = lower.split_once(between) {
                let (low, high) = (number(low)?, number(high)?);
                return Self::of("between", Some(low), Some(high)).map_err(|refusal| refusal.at("/count"));
            }
        }
        Self::of("exact", Some(number(&lower)?), None).map_err(|refusal| refusal.at("/count"))
    }
}

/// Something that is affected, with every count of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    pub id: AffectedId,
    pub what: What,
    /// The last one stands.
    pub counts: Vec<Count>,
}

impl Affected {
    /// The count that stands.
    pub fn now(&self) -> Option<&Count> {
        self.counts.last()
    }
}

/// What is counted, in whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    pub subject: Subject,
    /// Which of them: `customers of the shop in the EU`.
    pub label: Option<String>,
    /// What kind of data: `payment data`.
    pub data: Option<String>,
    /// Of money and other things: `EUR`.
    pub unit: Option<String>,
}

impl What {
    /// The same, fit to be kept; or why not.
    pub fn checked(self) -> Result<Self> {
        let some = |said: Option<String>, most: usize, place: &str| {
            said.filter(|said| !said.trim().is_empty()).map(|said| line(&said, most, place)).transpose()
        };
        let unit = some(self.unit, 40, "/unit")?;
        let wants = matches!(self.subject, Subject::Money | Subject::Other);
        if wants && unit.is_none() {
            return Err(Refusal::invalid("say in which unit it is counted: EUR, shipments").at("/unit"));
        }
        let (label, data) = (some(self.label, 200, "/label")?, some(self.data, 60, "/data")?);
        Ok(Self { subject: self.subject, label, data, unit: unit.filter(|_| wants) })
    }
}

impl fmt::Display for What {
    /// `customers, of the shop in the EU (payment data)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.unit.as_deref().unwrap_or(self.subject.title()))?;
        if let Some(label) = &self.label {
            write!(f, ", {label}")?;
        }
        if let Some(data) = &self.data {
            write!(f, " ({data})")?;
        }
        Ok(())
    }
}

/// A claim of how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// From 1, without a gap; a later one supersedes.
    pub number: u32,
    pub amount: Amount,
    /// Of when it is.
    pub at: Timestamp,
    /// How it is known: a query, a log, a guess.
    pub source: Option<String>,
    pub note: Option<String>,
    /// `person:ana`
    pub by: String,
    pub entered_at: Timestamp,
}

/// What somebody claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub amount: Amount,
    /// Now, if absent.
    pub at: Option<Timestamp>,
    pub source: Option<String>,
    pub note: Option<String>,
}

impl Claim {
    /// The next count; or why it cannot be.
    pub fn count(&self, before: &[Count], by: String, now: Timestamp) -> Result<Count> {
        let at = past(self.at.unwrap_or(now), now)?;
        let source = self.source.as_deref().filter(|said| !said.trim().is_empty());
        let note = self.note.as_deref().filter(|said| !said.trim().is_empty());
        Ok(Count {
            number: before.last().map_or(1, |count| count.number + 1),
            amount: self.amount,
            at,
            source: source.map(|said| line(said, 200, "/source")).transpose()?,
            note: note.map(|said| text(said, "/note")).transpose()?,
            by,
            entered_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn counts_read_as_people_write_them_and_are_said_so_again() {
        for (typed, amount, said) in [
            ("1204", Amount::Exact(1204), "1,204"),
            ("1,204", Amount::Exact(1204), "1,204"),
            ("12 000", Amount::Exact(12_000), "12,000"),
            ("0", Amount::Exact(0), "0"),
            ("about 1200", Amount::About(1200), "about 1,200"),
            ("~ 1200", Amount::About(1200), "about 1,200"),
            ("at least 40", Amount::AtLeast(40), "at least 40"),
            (">=40", Amount::AtLeast(40), "at least 40"),
            ("30-45", Amount::Between(30, 45), "30 to 45"),
            ("1000 to 1,000,000", Amount::Between(1000, 1_000_000), "1,000 to 1,000,000"),
            ("Unknown", Amount::Unknown, "unknown"),
            ("?", Amount::Unknown, "unknown"),
        ] {
            assert_eq!(typed.parse(), Ok(amount), "{typed}");
            assert_eq!(amount.to_string(), said);
            assert_eq!(said.parse(), Ok(amount));
            let (value, to) = amount.numbers();
            assert_eq!(Amount::of(amount.precision(), value, to), Ok(amount));
        }
        for wrong in ["", "many", "-5", "45-30", "5 to 5", "99999999999999999", "about", "1.5", "1 to"] {
            assert_eq!(wrong.parse::<Amount>().unwrap_err().at.as_deref(), Some("/count"), "{wrong}");
        }
    }

    #[test]
    fn a_precision_has_the_numbers_that_it_needs() {
        for (precision, value, to, place) in [
            ("exact", None, None, "/value"),
            ("about", Some(1), Some(2), "/to"),
            ("between", Some(2), Some(1), "/to"),
            ("between", Some(2), None, "/to"),
            ("unknown", Some(2), None, "/value"),
            ("roughly", Some(2), None, "/precision"),
            ("exact", Some(u64::MAX), None, "/value"),
        ] {
            assert_eq!(Amount::of(precision, value, to).unwrap_err().at.as_deref(), Some(place), "{precision}");
        }
    }

    #[test]
    fn a_later_count_stands_and_money_has_a_unit() {
        let claim = |amount| Claim { amount, at: None, source: Some(" ".into()), note: None };
        let first = claim(Amount::AtLeast(40)).count(&[], "person:ana".into(), at(0)).unwrap();
        let second = claim(Amount::Exact(52)).count(std::slice::from_ref(&first), "person:ben".into(), at(9)).unwrap();
        assert_eq!((first.number, second.number, second.at, second.source.clone()), (1, 2, at(9), None));
        let early = Claim { at: Some(at(99)), ..claim(Amount::Unknown) };
        assert_eq!(early.count(&[], String::new(), at(0)).unwrap_err().at.as_deref(), Some("/at"));
        let what = |subject, unit: Option<&str>| What {
            subject,
            label: Some("of the shop".into()),
            data: Some("payment data".into()),
            unit: unit.map(str::to_owned),
        };
        assert_eq!(what(Subject::Money, None).checked().unwrap_err().at.as_deref(), Some("/unit"));
        assert_eq!(what(Subject::Money, Some("EUR")).checked().unwrap().to_string(), "EUR, of the shop (payment data)");
        assert_eq!(what(Subject::Hosts, Some("x")).checked().unwrap().unit, None);
        for subject in Subject::ALL {
            assert_eq!(subject.word().parse(), Ok(*subject));
        }
    }
}
