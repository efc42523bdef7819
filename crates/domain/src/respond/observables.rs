//! Observables: addresses, names and hashes that were seen, and whether they are harmful.
//!
//! A value is kept once in one spelling, and is shown so that nobody follows it by accident (defanged). It is read in
//! either form. Nothing is looked up anywhere: asking a service about an address tells its owner that we know.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Position, Url};

use super::entries::{line, text};
use super::tlp::Tlp;
use crate::words::choices::choices;
use crate::words::{ObservableId, Refusal, Result, Timestamp};

choices! {
    /// What it is.
    Kind: "the type of an observable" at "/type" {
        Ipv4 = "ipv4",
        Ipv6 = "ipv6",
        Domain = "domain",
        Url = "url",
        Email = "email",
        Md5 = "md5",
        Sha1 = "sha1",
        Sha256 = "sha256",
        Filename = "filename",
        Process = "process",
        Account = "account",
        UserAgent = "user-agent",
        Other = "other",
    }
}

choices! {
    /// What we think of it.
    Verdict: "the verdict" at "/verdict" {
        Malicious = "malicious",
        Suspicious = "suspicious",
        Benign = "benign",
        Unknown = "unknown",
    }
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observable {
    pub id: ObservableId,
    pub kind: Kind,
    /// In its one spelling.
    pub value: String,
    pub seen: Seen,
    /// `person:ana`
    pub added_by: String,
    pub added_at: Timestamp,
    pub struck: Option<Struck>,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub verdict: Verdict,
    pub tlp: Tlp,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub note: Option<String>,
    /// Who told us, or where it was found.
    pub source: Option<String>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { verdict: Verdict::Unknown, tlp: Tlp::Amber, first: None, last: None, note: None, source: None }
    }
}

/// It does not belong here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    pub why: String,
    pub by: String,
    pub at: Timestamp,
}

impl Seen {
    /// The same, fit to be kept; or why not.
    pub fn checked(self) -> Result<Self> {
        if let (Some(first), Some(last)) = (self.first, self.last)
            && last < first
        {
            return Err(Refusal::invalid("it was last seen before it was first seen").at("/last_seen"));
        }
        let some = |said: &Option<String>| said.clone().filter(|said| !said.trim().is_empty());
        Ok(Self {
            note: some(&self.note).map(|said| text(&said, "/note")).transpose()?,
            source: some(&self.source).map(|said| line(&said, 200, "/source")).transpose()?,
            ..self
        })
    }
}

/// Bytes of a value: what an index of either engine takes, and longer than the URLs that browsers used to take.
const VALUE_MOST: usize = 2048;

/// The value in its one spelling; or why it is none of its kind. It may come defanged.
pub fn normalise(kind: Kind, typed: &str) -> Result<String> {
    let typed = line(typed, VALUE_MOST, "/value")?;
    let wrong = || {
        let shown = crate::words::text::shorten(&typed, 60);
        Refusal::invalid(format!("{shown:?} is not of the type {kind}")).at("/value")
    };
    let hash = |letters: usize| {
        let lower = typed.to_ascii_lowercase();
        (lower.len() == letters && lower.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(lower)
    };
    let found = match kind {
        Kind::Ipv4 => refang(&typed).parse::<Ipv4Addr>().ok().map(|address| address.to_string()),
        Kind::Ipv6 => refang(&typed).parse::<Ipv6Addr>().ok().map(|address| address.to_string()),
        Kind::Domain => domain(&refang(&typed)),
        Kind::Url => url(&refang(&typed)),
        Kind::Email => email(&refang(&typed)),
        Kind::Md5 => hash(32),
        Kind::Sha1 => hash(40),
        Kind::Sha256 => hash(64),
        Kind::Filename | Kind::Process | Kind::Account | Kind::UserAgent | Kind::Other => Some(typed.clone()),
    };
    let found = found.ok_or_else(wrong)?;
    if found.len() > VALUE_MOST {
        return Err(Refusal::invalid(format!("it is longer than {VALUE_MOST} bytes")).at("/value"));
    }
    Ok(found)
}

/// What it is, by its looks, and its one spelling. Names of files, accounts and the like cannot be told by their looks.
pub fn classify(typed: &str) -> Option<(Kind, String)> {
    let by_looks = [Kind::Ipv4, Kind::Ipv6, Kind::Sha256, Kind::Sha1, Kind::Md5, Kind::Url, Kind::Email, Kind::Domain];
    by_looks.into_iter().find_map(|kind| Some((kind, normalise(kind, typed).ok()?)))
}

fn domain(plain: &str) -> Option<String> {
    let Ok(Host::Domain(name)) = Host::parse(plain.trim_end_matches('.')) else { return None };
    is_name(&name).then_some(name)
}

/// A name of the DNS with a dot, as hosts have it.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.contains('.') && name.split('.').all(label) && last.bytes().any(|b| !b.is_ascii_digit())
}

fn url(plain: &str) -> Option<String> {
    let read = Url::parse(plain).ok()?;
    let host = match read.host()? {
        Host::Domain(name) => name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b)),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    let brackets = ['(', ')', '[', ']', '{', '}'];
    if !host || read.username().contains(brackets) || read.password().is_some_and(|word| word.contains(brackets)) {
        return None;
    }
    // Square brackets are no letters of a path (RFC 3986); spelt out they are not taken for a defanged dot.
    let rest = read[Position::BeforePath..].replace('[', "%5B").replace(']', "%5D");
    Some(format!("{}{rest}", &read[..Position::BeforePath]))
}

fn email(plain: &str) -> Option<String> {
    let (local, host) = plain.rsplit_once('@')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`|~.".contains(&byte);
    let fits = !local.is_empty() && local.len() <= 64 && local.bytes().all(fits);
    Some(format!("{local}@{}", domain(host).filter(|_| fits)?))
}

/// The value so that nothing makes a link of it, and nobody follows it by accident.
pub fn defang(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Ipv4 | Kind::Domain => value.replace('.', "[.]"),
        Kind::Ipv6 => value.replace(':', "[:]").replace('.', "[.]"),
        Kind::Email => value.replace('@', "[@]").replace('.', "[.]"),
        Kind::Url => {
            let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
            let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let scheme = DEFANGED.iter().find(|(plain, _)| *plain == scheme).map_or(scheme, |(_, shown)| shown);
            format!("{scheme}://{}{rest}", authority.replace('.', "[.]").replace('@', "[@]"))
        }
        _ => value.to_owned(),
    }
}

const DEFANGED: [(&str, &str); 4] = [("http", "hxxp"), ("https", "hxxps"), ("ftp", "fxp"), ("ftps", "fxps")];

/// The value as a program takes it: `hxxps://evil[.]example`, `ana(at)evil[dot]example` and the like as they are meant.
pub fn refang(shown: &str) -> String {
    let plain = marks(shown.trim(), &['[']);
    let Some((scheme, rest)) = plain.split_once("://") else { return marks(&plain, &['[', '(', '{']) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let lower = scheme.to_ascii_lowercase();
    let scheme = DEFANGED.iter().find(|(_, shown)| *shown == lower).map_or(scheme, |(plain, _)| plain);
    // In what follows the host, round brackets are letters like any other.
    format!("{scheme}://{}{rest}", marks(authority, &['(', '{']))
}

/// What people write in brackets for one letter.
const MARKS: [(&str, &str); 8] =
    [(".", "."), ("dot", "."), (":", ":"), ("@", "@"), ("at", "@"), ("://", "://"), ("/", "/"), ("//", "//")];

fn marks(text: &str, open: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(open) {
        out += &rest[..at];
        let close = match rest.as_bytes()[at] {
            b'[' => ']',
            b'(' => ')',
            _ => '}',
        };
        let inside = &rest[at + 1..];
        let mark = MARKS.iter().find(|(mark, _)| {
            inside.get(..mark.len()).is_some_and(|part| part.eq_ignore_ascii_case(mark))
                && inside[mark.len()..].starts_with(close)
        });
        let taken = if let Some((mark, letter)) = mark {
            out += letter;
            mark.len() + 2
        } else {
            out += &rest[at..=at];
            1
        };
        rest = &rest[at + taken..];
    }
    out + rest
}

/// More are not taken from one text.
pub const FOUND_MOST: usize = 500;

/// Endings that are those of files, though some of them are also top-level domains.
const FILES: [&str; 44] = [
    "exe", "dll", "sys", "scr", "msi", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "hta", "lnk",
    "jar", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "pdf", "rtf", "txt", "csv", "log", "rar", "7z",
    "gz", "tgz", "iso", "img", "vhd", "dmp", "php", "aspx", "jsp", "bin", "elf", "dat",
];

/// Addresses, names and hashes in a text that was pasted, in the order in which they stand there, each once.
pub fn extract(text: &str) -> Vec<(Kind, String)> {
    let mut found: Vec<(Kind, String)> = Vec::new();
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '<' | '>' | '|' | '`' | '\u{201c}' | '\u{201d}')
    };
    for word in text.split(ends).map(trimmed).filter(|word| word.len() > 3 && word.len() <= VALUE_MOST) {
        let one = read_word(word);
        if let Some(one) = one.filter(|one| !found.contains(one)) {
            found.push(one);
        }
        if found.len() == FOUND_MOST {
            break;
        }
    }
    found
}

/// Without what ends a sentence or encloses it.
fn trimmed(word: &str) -> &str {
    let mut word = word.trim_matches(['.', ':', '!', '?', '*', '_', '=']);
    loop {
        let before = word;
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            let (opened, closed) = (word.matches(open).count(), word.matches(close).count());
            if word.starts_with(open) && (word.ends_with(close) || opened > closed) && !begins_with_mark(word) {
                word = &word[1..];
            }
            if word.ends_with(close) && word.matches(close).count() > word.matches(open).count() {
                word = &word[..word.len() - 1];
            }
        }
        word = word.trim_end_matches(['.', ':', '!', '?']);
        if word == before {
            return word;
        }
    }
}

fn begins_with_mark(word: &str) -> bool {
    marks(word, &['[', '(', '{']).len() + 2 <= word.len() && marks(&word[..1], &['[']) != word[..1]
}

fn read_word(word: &str) -> Option<(Kind, String)> {
    let plain = refang(word);
    let defanged = plain != word;
    if let Some((kind, value)) = classify(word) {
        if kind != Kind::Domain {
            return Some((kind, value));
        }
        let ending = value.rsplit('.').next().unwrap_or_default();
        if !defanged && FILES.contains(&ending) {
            return Some((Kind::Filename, word.to_owned()));
        }
        // "e.g" and "3.14a" are words of a sentence; a top-level domain has two letters or more and no digit.
        let top = ending.len() >= 2 && (ending.starts_with("xn--") || ending.bytes().all(|b| b.is_ascii_alphabetic()));
        return (top && value.split('.').any(|label| label.len() > 2)).then_some((kind, value));
    }
    // An address with its port.
    let (host, port) = plain.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    classify(host).filter(|(kind, _)| is_port && matches!(kind, Kind::Ipv4 | Kind::Domain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_have_one_spelling_and_are_shown_so_that_nobody_follows_them() {
        for (kind, typed, value, shown) in [
            (Kind::Ipv4, "192.0.2.7", "192.0.2.7", "192[.]0[.]2[.]7"),
            (Kind::Ipv4, "192[.]0.2(.)7", "192.0.2.7", "192[.]0[.]2[.]7"),
            (Kind::Ipv6, "2001:DB8:0:0::7", "2001:db8::7", "2001[:]db8[:][:]7"),
            (Kind::Ipv6, "::ffff:192.0.2.7", "::ffff:192.0.2.7", "[:][:]ffff[:]192[.]0[.]2[.]7"),
            (Kind::Domain, "Evil[.]Example.", "evil.example", "evil[.]example"),
            (Kind::Domain, "evil[dot]example", "evil.example", "evil[.]example"),
            (Kind::Domain, "bücher.example", "xn--bcher-kva.example", "xn--bcher-kva[.]example"),
            (Kind::Domain, "_dmarc.evil.example", "_dmarc.evil.example", "_dmarc[.]evil[.]example"),
            (
                Kind::Url,
                "hxxps://evil[.]example/a.php?x=1",
                "https://evil.example/a.php?x=1",
                "hxxps://evil[.]example/a.php?x=1",
            ),
            (Kind::Url, "hXXp[:]//EVIL[.]example", "http://evil.example/", "hxxp://evil[.]example/"),
            (
                Kind::Url,
                "http[://]evil.example:8080/p[.]html",
                "http://evil.example:8080/p.html",
                "hxxp://evil[.]example:8080/p.html",
            ),
            (Kind::Url, "http://a.example/x(at)y", "http://a.example/x(at)y", "hxxp://a[.]example/x(at)y"),
            (Kind::Url, "http://[2001:db8::7]/x[1]", "http://[2001:db8::7]/x%5B1%5D", "hxxp://[2001:db8::7]/x%5B1%5D"),
            (Kind::Url, "fxp://u:p@evil[.]example/f", "ftp://u:p@evil.example/f", "fxp://u:p[@]evil[.]example/f"),
            (Kind::Email, "Bad.Man(at)Evil[.]example", "Bad.Man@evil.example", "Bad[.]Man[@]evil[.]example"),
            (
                Kind::Md5,
                "D41D8CD98F00B204E9800998ECF8427E",
                "d41d8cd98f00b204e9800998ecf8427e",
                "d41d8cd98f00b204e9800998ecf8427e",
            ),
            (Kind::Filename, "invoice.pdf.exe", "invoice.pdf.exe", "invoice.pdf.exe"),
            (Kind::Account, "CORP\\ana[.]x", "CORP\\ana[.]x", "CORP\\ana[.]x"),
        ] {
            assert_eq!(normalise(kind, typed).as_deref(), Ok(value), "{typed}");
            assert_eq!(defang(kind, value), shown);
            assert_eq!(normalise(kind, shown).as_deref(), Ok(value), "{shown}");
        }
    }

    #[test]
    fn what_is_not_of_its_kind_is_refused_with_its_place() {
        for (kind, typed) in [
            (Kind::Ipv4, "192.0.2.256"),
            (Kind::Ipv4, "192.0.2"),
            (Kind::Ipv4, "10.0.0.0/8"),
            (Kind::Ipv6, "2001:db8"),
            (Kind::Domain, "localhost"),
            (Kind::Domain, "192.0.2.7"),
            (Kind::Domain, "a..example"),
            (Kind::Domain, "a b.example"),
            (Kind::Url, "evil.example/x"),
            (Kind::Url, "javascript:alert(1)"),
            (Kind::Url, "http://"),
            (Kind::Url, "http://(evil).example/"),
            (Kind::Email, "@evil.example"),
            (Kind::Email, "a b@evil.example"),
            (Kind::Sha256, "abc"),
            (Kind::Sha1, "zz1d8cd98f00b204e9800998ecf8427ed41d8cd9"),
            (Kind::Other, " "),
            (Kind::Other, "a\nb"),
            (Kind::Filename, "a\u{7}b"),
        ] {
            assert_eq!(normalise(kind, typed).unwrap_err().at.as_deref(), Some("/value"), "{kind} {typed:?}");
        }
        assert!(normalise(Kind::Other, &"é".repeat(1025)).is_err());
    }

    #[test]
    fn a_pasted_text_gives_what_is_in_it_each_once() {
        let text = "We saw hxxps://evil[.]example/login.php (see http://evil.example/login.php?x=1).\n\
            The host pay-1 spoke to 192[.]0[.]2[.]7, 192.0.2.7:443 and [2001:db8::7]; mail came from billing(at)evil[.]example.\n\
            Dropped \"invoice.pdf.exe\", i.e. D41D8CD98F00B204E9800998ECF8427E. It resolves cdn.evil[.]example, and \
            evil[.]zip. Version 3.14, e.g. and etc. are words; so are a.m. and 10:30.";
        let found = extract(text);
        let shown: Vec<String> = found.iter().map(|(kind, value)| format!("{kind} {}", defang(*kind, value))).collect();
        assert_eq!(
            shown,
            [
                "url hxxps://evil[.]example/login.php",
                "url hxxp://evil[.]example/login.php?x=1",
                "ipv4 192[.]0[.]2[.]7",
                "ipv6 2001[:]db8[:][:]7",
                "email billing[@]evil[.]example",
                "filename invoice.pdf.exe",
                "md5 d41d8cd98f00b204e9800998ecf8427e",
                "domain cdn[.]evil[.]example",
                "domain evil[.]zip",
            ]
        );
        let many = (0..600).map(|n| format!("10.0.{}.{} ", n / 256, n % 256)).collect::<Vec<_>>().concat();
        assert_eq!(extract(&many).len(), FOUND_MOST);
    }

    #[test]
    fn it_is_seen_in_an_order() {
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        let seen = |first, last| Seen { first, last, ..Seen::default() }.checked();
        assert!(seen(Some(at(0)), Some(at(0))).is_ok() && seen(None, Some(at(0))).is_ok());
        assert_eq!(seen(Some(at(1)), Some(at(0))).unwrap_err().at.as_deref(), Some("/last_seen"));
        for kind in Kind::ALL {
            assert_eq!(kind.word().parse(), Ok(*kind));
        }
    }

    /// Texts that may be anything, with what is special to us more often than by chance.
    fn anything() -> impl Strategy<Value = String> {
        let bits = prop::sample::select(vec![
            "http",
            "hxxps",
            "://",
            "[:]//",
            "[.]",
            "(dot)",
            "[at]",
            "(at)",
            "@",
            ".",
            ":",
            "/",
            "?",
            "#",
            "[",
            "]",
            "(",
            ")",
            "{.}",
            "evil",
            "example",
            "192.0.2.7",
            "2001:db8::",
            "a",
            "-",
            "%5B",
            "é",
            "[://]",
            "FXP",
        ]);
        prop::collection::vec(bits, 1..9).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_is_defanged_is_read_again_as_it_was(typed in anything()) {
            for kind in Kind::ALL.iter().copied() {
                if let Ok(value) = normalise(kind, &typed) {
                    let shown = defang(kind, &value);
                    if matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Domain | Kind::Url | Kind::Email) {
                        prop_assert_eq!(refang(&shown), value.clone(), "{} of {:?}", kind, typed);
                    }
                    prop_assert_eq!(normalise(kind, &shown), Ok(value), "{} of {:?}", kind, typed);
                }
            }
        }

        #[test]
        fn no_text_breaks_the_reading(text in "\\PC{0,200}") {
            for (kind, value) in extract(&text) {
                prop_assert_eq!(normalise(kind, &value), Ok(value));
            }
        }
    }
}
