//! Versions as `sem_ver` compares them: three numbers, what comes before a release, and a build that does not count.
//!
//! Lenient as flagd is: a leading `v`, and `1` or `1.2` for `1.0.0` or `1.2.0`. Numbers of any length compare by their
//! digits, so nothing can overflow.

use std::cmp::Ordering;

/// A version, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    numbers: [&'a str; 3],
    /// Empty for a release.
    before: &'a str,
}

impl<'a> Version<'a> {
    /// Nothing if it is no version.
    pub fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let (numeric, rest) = text.split_at(end);
        let mut numbers = ["0"; 3];
        let mut parts = numeric.split('.');
        for (number, part) in numbers.iter_mut().zip(&mut parts) {
            *number = part;
        }
        if parts.next().is_some() || !numbers.iter().all(|number| is_number(number)) {
            return None;
        }
        let (before, build) = match rest.split_once('+') {
            Some((before, build)) => (before, Some(build)),
            None => (rest, None),
        };
        let before = match before.strip_prefix('-') {
            Some(before) if before.split('.').all(is_before) => before,
            Some(_) => return None,
            None => "",
        };
        match build {
            Some(build) if !build.split('.').all(is_word) => None,
            _ => Some(Self { numbers, before }),
        }
    }

    /// Is the version what the operator says of the other? Nothing for an operator that there is not.
    pub fn is(&self, operator: &str, other: &Self) -> Option<bool> {
        Some(match operator {
            "=" => self.compare(other) == Ordering::Equal,
            "!=" => self.compare(other) != Ordering::Equal,
            "<" => self.compare(other) == Ordering::Less,
            "<=" => self.compare(other) != Ordering::Greater,
            ">" => self.compare(other) == Ordering::Greater,
            ">=" => self.compare(other) != Ordering::Less,
            "^" => self.numbers[0] == other.numbers[0],
            "~" => self.numbers[..2] == other.numbers[..2],
            _ => return None,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.iter().zip(other.numbers).map(|(a, b)| compare_numbers(a, b));
        numbers.fold(Ordering::Equal, Ordering::then).then_with(|| match (self.before, other.before) {
            (a, b) if a == b => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => a.split('.').map(Word).cmp(b.split('.').map(Word)),
        })
    }
}

/// A version that is compared with others again and again: read once.
#[derive(Debug)]
pub(super) struct Ahead {
    operator: Box<str>,
    version: Box<str>,
    /// The numbers, if it is a plain release.
    numbers: Option<[u64; 3]>,
}

impl Ahead {
    /// Nothing if it is no version, or the operator is none.
    pub(super) fn new(operator: &str, version: &str) -> Option<Self> {
        Version::read(version)?;
        OPERATORS.contains(&operator).then(|| Self {
            operator: operator.into(),
            version: version.into(),
            numbers: plain(version),
        })
    }

    pub(super) fn texts(&self) -> [&str; 2] {
        [&self.operator, &self.version]
    }

    /// Whether another version is to it as the operator says; nothing if that is no version.
    #[inline]
    pub(super) fn holds(&self, other: &str) -> Option<bool> {
        let (Some(other), Some(own)) = (plain(other), self.numbers) else {
            return Version::read(other)?.is(&self.operator, &Version::read(&self.version)?);
        };
        Some(match self.operator.as_ref() {
            "=" => other == own,
            "!=" => other != own,
            "<" => other < own,
            "<=" => other <= own,
            ">" => other > own,
            ">=" => other >= own,
            "^" => other[0] == own[0],
            "~" => other[..2] == own[..2],
            _ => return None,
        })
    }
}

/// The numbers of a release that has nothing but numbers, each of at most 18 digits; nothing for all else, which may be a
/// version too.
#[inline]
fn plain(text: &str) -> Option<[u64; 3]> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (mut numbers, mut place, mut digits, mut first) = ([0_u64; 3], 0, 0, b'1');
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                if digits == 0 {
                    first = byte;
                }
                digits += 1;
                if digits > 18 || digits > 1 && first == b'0' {
                    return None;
                }
                numbers[place] = numbers[place] * 10 + u64::from(byte - b'0');
            }
            b'.' if digits > 0 && place < 2 => {
                place += 1;
                digits = 0;
            }
            _ => return None,
        }
    }
    (digits > 0).then_some(numbers)
}

/// The operators of `sem_ver`.
pub const OPERATORS: &[&str] = &["=", "!=", "<", "<=", ">", ">=", "^", "~"];

/// One word of what comes before a release: numbers stand before letters.
#[derive(PartialEq, Eq)]
struct Word<'a>(&'a str);

impl Ord for Word<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (is_digits(self.0), is_digits(other.0)) {
            (true, true) => compare_numbers(self.0, other.0),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.0.cmp(other.0),
        }
    }
}

impl PartialOrd for Word<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Without leading zeros, so that digits compare by their count.
fn is_number(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_before(text: &str) -> bool {
    is_word(text) && (!is_digits(text) || is_number(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(a: &str, operator: &str, b: &str) -> Option<bool> {
        Version::read(a)?.is(operator, &Version::read(b)?)
    }

    proptest! {
        #[test]
        fn what_was_read_ahead_comes_to_the_same(
            a in "[vV]?[0-9]{1,3}(\\.[0-9]{0,20}){0,3}(-[a-c0-9.]{0,3})?(\\+[a-z]{0,2})?",
            b in "v?[0-9]{1,2}(\\.[0-9]{1,2}){0,2}(-[a-c0-9]{1,2})?",
            operator in prop::sample::select(OPERATORS),
        ) {
            match Ahead::new(operator, &b) {
                Some(ahead) => prop_assert_eq!(ahead.holds(&a), compare(&a, operator, &b)),
                None => prop_assert!(Version::read(&b).is_none()),
            }
        }
    }

    #[test]
    fn versions_compare_as_semantic_versioning_says() {
        let ascending = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "v1",
            "1.0.1",
            "1.2",
            "1.10.0",
            "2.0.0-99999999999999999999999999",
            "2",
        ];
        for (at, a) in ascending.iter().enumerate() {
            for (bt, b) in ascending.iter().enumerate() {
                let told = [compare(a, "<", b), compare(a, "=", b), compare(a, ">", b)];
                assert_eq!(told, [Some(at < bt), Some(at == bt), Some(at > bt)], "{a} {b}");
                let told = [compare(a, "<=", b), compare(a, "!=", b), compare(a, ">=", b)];
                assert_eq!(told, [Some(at <= bt), Some(at != bt), Some(at >= bt)], "{a} {b}");
            }
        }
    }

    #[test]
    fn builds_do_not_count_and_ranges_look_at_the_first_numbers() {
        assert_eq!(compare("1.2.3+a", "=", "1.2.3+b.7"), Some(true));
        assert_eq!(compare("1.9", "^", "1.2.3-rc"), Some(true));
        assert_eq!(compare("2.0", "^", "1.2.3"), Some(false));
        assert_eq!(compare("1.2.9", "~", "1.2.3"), Some(true));
        assert_eq!(compare("1.3.0", "~", "1.2.3"), Some(false));
        assert_eq!(compare("1.2.3", "=>", "1.2.3"), None);
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "",
            "v",
            "1.2.3.4",
            "1.",
            ".1",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "vv1",
            "-1",
            "1.2.x",
        ] {
            assert!(Version::read(text).is_none(), "{text}");
        }
        for text in ["V1.2.3", "1.2-rc.1", "1+build", "0.0.0-0", "1.2.3----", "1.2.3-a+b-c.001"] {
            assert!(Version::read(text).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(a in "[v0-9.+a-z-]{0,12}", b in ".{0,8}") {
            for operator in OPERATORS {
                let told = compare(&a, operator, &b);
                prop_assert_eq!(told.is_some(), Version::read(&a).is_some() && Version::read(&b).is_some());
            }
        }
    }
}
