//! The leak check: what in a text for customers may tell more than is meant: who works here, where machines are, secrets, tickets.
//!
//! It finds by looks and by the directory, and knows neither customers by name nor what a sentence implies: people read the text
//! all the same. A finding is answered by whoever takes it out, or says why it may stay.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::mentions::{self, Mention};
use crate::prepare::catalog::Catalog;
use crate::respond::observables::{self, Kind as Observable};
use crate::words::choices::choices;
use crate::words::text::shorten;

choices! {
    /// What something that was found may be.
    Kind: "the kind of a finding" at "/kind" {
        Person = "person",
        Email = "email",
        /// A name of a machine.
        Host = "host",
        /// An address of the web that is not of the status page.
        Url = "url",
        /// A number of the network.
        Address = "address",
        Ticket = "ticket",
        Secret = "secret",
        Flag = "flag",
    }
}

impl Kind {
    /// What is asked of whoever publishes.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Person => "names somebody who works here",
            Self::Email => "is an e-mail address",
            Self::Host => "looks like the name of a machine",
            Self::Url => "is an address on the web that is not of the status page",
            Self::Address => "is an address in a network",
            Self::Ticket => "looks like the number of a ticket, or of something inside",
            Self::Secret => "looks like a secret",
            Self::Flag => "is the key of a flag",
        }
    }
}

/// Something that was found in a text for customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The same for the same words of the same kind, wherever they stand: by it the finding is answered.
    pub key: String,
    pub kind: Kind,
    /// As it stands; of a secret only how it begins.
    pub quote: String,
    /// Where: `Summary`.
    pub places: Vec<String>,
}

/// What is known of this house, to be found in texts.
#[derive(Clone, Debug, Default)]
pub struct House {
    /// Names in lower case, as words next to each other.
    people: BTreeSet<String>,
    flags: BTreeSet<String>,
    /// Hosts and addresses that the public knows.
    open: BTreeSet<String>,
}

impl House {
    /// Of the documents in force; `base` is where the public reads the status page.
    pub fn of(catalog: &Catalog, base: &str) -> Self {
        let mut people = BTreeSet::new();
        for (name, person) in &catalog.people {
            people.insert(format!("@{name}"));
            people.insert(person.full_name.to_lowercase());
            people.extend(person.full_name.split_whitespace().filter(|part| is_name(part)).map(str::to_lowercase));
        }
        let host = |address: &str| match address.strip_prefix("mailto:") {
            Some(address) => Some(address.to_owned()),
            None => Some(Url::parse(address).ok()?.host_str()?.to_owned()),
        };
        let page = catalog.status_pages.values().next();
        let support = page.and_then(|page| page.support.as_deref());
        Self {
            people,
            flags: catalog.flags.keys().map(ToString::to_string).collect(),
            open: [Some(base), support].into_iter().flatten().filter_map(host).collect(),
        }
    }
}

/// A part of a name that is no initial and no particle.
fn is_name(part: &str) -> bool {
    part.chars().count() > 2 && part.chars().next().is_some_and(char::is_uppercase)
}

/// Everything in texts, each with its title, that may tell too much; what stands in several places once.
pub fn leaks(texts: &[(&str, &str)], house: &House) -> Vec<Leak> {
    let mut found: Vec<Leak> = Vec::new();
    for (title, text) in texts {
        for (kind, words) in of_text(text, house) {
            let key = key(kind, &words);
            if let Some(known) = found.iter_mut().find(|one| one.key == key) {
                if !known.places.iter().any(|place| place == title) {
                    known.places.push((*title).to_owned());
                }
                continue;
            }
            let quote = match kind {
                Kind::Secret => format!("{}…", words.chars().take(4).collect::<String>()),
                _ => shorten(&words, 120),
            };
            found.push(Leak { key, kind, quote, places: vec![(*title).to_owned()] });
        }
    }
    found.sort_by(|a, b| (a.kind, &a.quote).cmp(&(b.kind, &b.quote)));
    found
}

/// Stands for words of a kind for good, and tells nothing of them.
fn key(kind: Kind, words: &str) -> String {
    let hash = Sha256::new().chain_update(kind.word()).chain_update([0]).chain_update(words).finalize();
    hash[..8].iter().fold(String::new(), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn of_text(text: &str, house: &House) -> BTreeSet<(Kind, String)> {
    let mut found = BTreeSet::new();
    for (kind, value) in observables::extract(text) {
        match kind {
            Observable::Email if !house.open.contains(&value) => _ = found.insert((Kind::Email, value)),
            Observable::Ipv4 | Observable::Ipv6 => _ = found.insert((Kind::Address, value)),
            Observable::Domain if !house.open.contains(&value) => _ = found.insert((Kind::Host, value)),
            _ => {}
        }
    }
    // What is written as a link is not seen as a word of its own.
    for (at, _) in text.match_indices("://") {
        let scheme = text[..at].chars().rev().take_while(|c| c.is_ascii_alphanumeric() || *c == '+').count();
        let begin = at - scheme;
        let end =
            text[at..].find(|c: char| c.is_whitespace() || "<>\"'`)]|".contains(c)).map_or(text.len(), |to| at + to);
        let address = text[begin..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
        let host = Url::parse(address).ok().and_then(|url| match url.host()? {
            Host::Domain(host) => Some(host.to_owned()),
            other => Some(other.to_string()),
        });
        if host.is_none_or(|host| !house.open.contains(&host)) {
            found.insert((Kind::Url, address.to_owned()));
        }
    }
    let sides = |c: char| c.is_whitespace() || "`\"'()[]{}<>,;!?*|=/“”‘’".contains(c);
    for word in text.split(sides) {
        let word = word.trim_matches(['.', ':', '_', '~']);
        if is_secret(word) {
            found.insert((Kind::Secret, word.to_owned()));
        } else if is_ticket(word) {
            found.insert((Kind::Ticket, word.to_owned()));
        } else if house.flags.contains(word) && (word.contains(['-', '_', '.']) || text.contains(&format!("`{word}`")))
        {
            found.insert((Kind::Flag, word.to_owned()));
        } else if is_machine(word) {
            found.insert((Kind::Host, word.to_owned()));
        }
    }
    // Wherever they stand: `see:alr_…`, `![…](evd_…)`.
    for (place, mention) in mentions::find(text) {
        if !matches!(mention, Mention::Person(_)) {
            found.insert((Kind::Ticket, text[place].to_owned()));
        }
    }
    for key in ["password", "passwd", "secret", "token", "api key", "api_key", "apikey"] {
        found.extend(given(text, key).map(|value| (Kind::Secret, value)));
    }
    if text.contains("-----BEGIN ") {
        found.insert((Kind::Secret, "-----BEGIN".to_owned()));
    }
    let people = house.people.iter().filter_map(|name| Some((Kind::Person, standing(text, name)?)));
    found.extend(people);
    // Who is named in full is not named by parts as well.
    let full: Vec<String> = found
        .iter()
        .filter(|(kind, words)| *kind == Kind::Person && words.contains(' '))
        .map(|(_, words)| words.clone())
        .collect();
    found.retain(|(kind, words)| {
        *kind != Kind::Person
            || words.contains(' ')
            || !full.iter().any(|name| name.split(' ').any(|part| part == words))
    });
    // An address that is found as a link is not found as a host, too.
    let links: Vec<String> =
        found.iter().filter(|(kind, _)| *kind == Kind::Url).map(|(_, words)| words.clone()).collect();
    found.retain(|(kind, words)| {
        !matches!(kind, Kind::Host | Kind::Address) || !links.iter().any(|link| link.contains(words.as_str()))
    });
    found
}

/// How a name stands in a text, between words; a part of a name only where it is written as one.
fn standing(text: &str, name: &str) -> Option<String> {
    let lower = text.to_lowercase();
    // Some letters are longer in lower case: then places do not fit, and case is not looked at.
    let text = if lower.len() == text.len() { text } else { lower.as_str() };
    let is_word = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
    let whole = name.contains(' ') || name.starts_with('@');
    lower.match_indices(name).map(|(at, found)| (at, at + found.len())).find_map(|(from, to)| {
        let stands = !is_word(lower[..from].chars().next_back()) && !is_word(lower[to..].chars().next());
        let shown = text.get(from..to)?;
        (stands && (whole || text == lower || shown.chars().next().is_some_and(char::is_uppercase)))
            .then(|| shown.to_owned())
    })
}

/// Beginnings of secrets that their makers chose so that they are found.
const SECRETS: [&str; 16] = [
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-",
    "eyJ",
    "AIza",
    "npm_",
];

fn is_secret(word: &str) -> bool {
    let letters = word.len();
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/.=".contains(&byte));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let known = SECRETS.iter().any(|begin| word.starts_with(begin)) && letters >= 16;
    // Long, and of letters and digits that no word has: a token, or a hash.
    plain && (known || letters >= 32 && digits >= 4 && letters - digits >= 4 && !word.contains("--"))
}

/// What is given after a word that announces a secret: `password: hunter2`.
fn given<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = String> + 't {
    let lower = text.to_ascii_lowercase();
    let ends: Vec<usize> = lower.match_indices(key).map(|(at, found)| at + found.len()).collect();
    ends.into_iter().filter_map(move |end| {
        let value = text[end..].trim_start_matches(['`', '"', '\'']).strip_prefix([':', '='])?;
        let value = value.trim_start_matches([' ', '`', '"', '\'']);
        let value: String = value.chars().take_while(|c| !c.is_whitespace() && !"`\"',;".contains(*c)).collect();
        (value.chars().count() >= 4).then_some(value)
    })
}

/// Letters before a number that are no project.
const NO_TICKETS: [&str; 12] = ["SEV", "CVE", "RFC", "ISO", "UTF", "SHA", "TLS", "HTTP", "COVID", "P", "Q", "H"];

fn is_ticket(word: &str) -> bool {
    if let Some(number) = word.strip_prefix('#') {
        return number.len() >= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    // Ids of ours: three letters, a line, sixteen letters or more.
    if let Some((kind, rest)) = word.split_once('_')
        && kind.len() == 3
        && rest.len() >= 16
        && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return true;
    }
    let Some((project, number)) = word.split_once('-') else { return false };
    let is_project = (2..=10).contains(&project.len()) && project.bytes().all(|byte| byte.is_ascii_uppercase());
    is_project
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !NO_TICKETS.contains(&project)
}

/// Words with a number that are no machines.
const NO_MACHINES: [&str; 6] = ["utf", "sha", "ipv", "iso", "covid", "http"];

/// `db-2`, `web-prod-01`: small letters with a line, and a number at the end.
fn is_machine(word: &str) -> bool {
    let Some((name, number)) = word.rsplit_once('-') else { return false };
    let digits = number.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && name.bytes().all(fits)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && name.len() >= 2
        && !NO_MACHINES.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prepare::reading::from_yaml;

    fn house() -> House {
        let text = "kind: person\nname: ana\nspec: { full_name: Ana da Silva, email: a@example.org }\n---\n\
            kind: status-page\nname: main\nspec: { title: Shop, support: 'https://help.example.org/now', groups: [] }\n";
        let mut catalog = Catalog::default();
        for proposal in from_yaml("test", text).proposals {
            catalog.insert(proposal.document);
        }
        House {
            flags: BTreeSet::from(["new-checkout".into(), "search".into()]),
            ..House::of(&catalog, "https://status.example.org")
        }
    }

    fn told(text: &str) -> Vec<(Kind, String)> {
        leaks(&[("Summary", text)], &house()).into_iter().map(|one| (one.kind, one.quote)).collect()
    }

    #[test]
    fn what_tells_too_much_is_found() {
        for (text, kind, quote) in [
            ("Ana da Silva saw it.", Kind::Person, "Ana da Silva"),
            ("It was silva's idea, said ANA.", Kind::Person, "ANA"),
            ("ask @ana", Kind::Person, "@ana"),
            ("write to ops@example.org", Kind::Email, "ops@example.org"),
            ("it ran on db1.prod.internal.", Kind::Host, "db1.prod.internal"),
            ("**db-2** and `web-prod-01`", Kind::Host, "db-2"),
            ("see [this](https://wiki.corp/page)", Kind::Url, "https://wiki.corp/page"),
            ("see http://10.0.0.7:9090/graph.", Kind::Url, "http://10.0.0.7:9090/graph"),
            ("from 10.0.0.7", Kind::Address, "10.0.0.7"),
            ("OPS-1234 says more", Kind::Ticket, "OPS-1234"),
            ("fixed in #4711", Kind::Ticket, "#4711"),
            ("see /incidents/inc_06f1k2m9qv7x3t1a", Kind::Ticket, "inc_06f1k2m9qv7x3t1a"),
            ("see:alr_06f1k2m9qv7x3t1a", Kind::Ticket, "alr_06f1k2m9qv7x3t1a"),
            ("![the graph](evd_06f1k2m9qv7x3t1a)", Kind::Ticket, "evd_06f1k2m9qv7x3t1a"),
            ("the key AKIAIOSFODNN7EXAMPLE", Kind::Secret, "AKIA…"),
            ("password: hunter2", Kind::Secret, "hunt…"),
            ("the flag new-checkout was on", Kind::Flag, "new-checkout"),
            ("the flag `search` was on", Kind::Flag, "search"),
        ] {
            assert!(told(text).contains(&(kind, quote.to_owned())), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn what_customers_may_read_is_left_alone() {
        for text in [
            "For 27 minutes one in five payments failed, from 02:02 to 02:29 UTC on 22 Nov 2026.",
            "It was a SEV-1, tracked as CVE-2026-1234 (RFC-9110, UTF-8, SHA-256, utf-8).",
            "See https://status.example.org/status and https://help.example.org.",
            "An ana\u{ad}lysis of the search follows; the checkout was slow.",
            "We rotated every password and token. The token was not read.",
            "A well-known, short-lived, 10-minute retry; version 4.2.1.",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn the_same_words_in_two_places_are_one_finding_with_one_key() {
        let found = leaks(&[("Summary", "OPS-1 and OPS-1"), ("Impact", "OPS-1")], &house());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].places, ["Summary", "Impact"]);
        assert_eq!(found[0].key, leaks(&[("Other", "in OPS-1.")], &house())[0].key);
        assert_ne!(found[0].key, leaks(&[("Other", "in OPS-2.")], &house())[0].key);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(text in "(?s).{0,80}|((://|http://|é|İ|@|#|ana|Ana da Silva|token=|`|-|_|1|\\.| ) ?){0,30}") {
            for one in leaks(&[("Summary", &text)], &house()) {
                prop_assert!(!one.key.is_empty());
            }
        }
    }
}
