//! What somebody asks for: words, "words in this order", -words that must not be there, and filters such as `kind:change`.
//!
//! Reading never fails: what cannot be meant is said beside what was found. A query that was printed reads the same.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::search::Found;
use super::terms::{says_little, stems};
use crate::respond::incidents::Class;
use crate::words::text::{did_you_mean, shorten};
use crate::words::{AlertId, ChangeId, EventId, IncidentId, Name, Timestamp};

/// A query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub wanted: Vec<Clause>,
    pub unwanted: Vec<Clause>,
    /// Any of these.
    pub kinds: BTreeSet<Found>,
    pub services: BTreeSet<Name>,
    pub severities: BTreeSet<String>,
    pub classes: BTreeSet<Class>,
    /// Only what is part of this incident.
    pub incident: Option<IncidentId>,
    /// From the beginning of this day, in UTC.
    pub since: Option<Date>,
    /// To the end of this day.
    pub until: Option<Date>,
    /// The last word is still being written: others begin with it.
    pub is_open: bool,
}

/// A word, or words in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// As it was said.
    pub said: String,
    /// Its terms. A name with joints has several.
    pub stems: Vec<String>,
    pub quoted: bool,
}

/// A query, and what in it cannot be meant, in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub query: Query,
    pub oddities: Vec<String>,
}

/// More letters are not read.
pub const LETTERS_MOST: usize = 1_000;
/// More words are not asked for.
pub const CLAUSES_MOST: usize = 48;

/// The names of filters.
const FILTERS: [&str; 7] = ["kind", "service", "severity", "class", "incident", "since", "until"];

/// Reads what was typed.
pub fn read(typed: &str) -> Reading {
    let mut reading = Reading::default();
    let typed: String = typed.chars().take(LETTERS_MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let (unwanted, after) = match rest.strip_prefix('-') {
            Some(after) if after.starts_with(|next: char| next == '"' || next.is_alphanumeric()) => (true, after),
            _ => (false, rest),
        };
        let (said, quoted, after) = if let Some(inside) = after.strip_prefix('"') {
            let (said, after) = inside.split_once('"').unwrap_or((inside, ""));
            (said, true, after)
        } else {
            // A quotation mark within a word begins the next one.
            let end = after.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(after.len());
            (&after[..end], false, &after[end..])
        };
        let before = reading.query.wanted.len();
        let is_filter = !quoted && !unwanted && reading.filter(said);
        if !is_filter {
            reading.clause(said, quoted, unwanted);
        }
        let is_word = !quoted && reading.query.wanted.len() > before;
        reading.query.is_open = is_word && after.is_empty();
        rest = after.trim_start();
    }
    reading
}

impl Reading {
    fn clause(&mut self, said: &str, quoted: bool, unwanted: bool) {
        let stems = stems(said);
        if stems.is_empty() {
            return;
        }
        let query = &mut self.query;
        if query.wanted.len() + query.unwanted.len() >= CLAUSES_MOST {
            let odd = format!("Only the first {CLAUSES_MOST} words were asked for.");
            if !self.oddities.contains(&odd) {
                self.oddities.push(odd);
            }
            return;
        }
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let to = if unwanted { &mut query.unwanted } else { &mut query.wanted };
        to.push(Clause { said, stems, quoted });
    }

    /// Whether it is a filter; what is like one and none is a word.
    fn filter(&mut self, said: &str) -> bool {
        let Some((name, value)) = said.split_once(':') else { return false };
        let name = name.to_ascii_lowercase();
        if !FILTERS.contains(&name.as_str()) || value.is_empty() {
            return false;
        }
        let query = &mut self.query;
        let lower = value.to_lowercase();
        let odd = match name.as_str() {
            "kind" => {
                let kind = lower.parse().or_else(|_| lower.trim_end_matches('s').parse::<Found>());
                let near = || did_you_mean(&lower, Found::ALL.iter().map(|kind| kind.word()));
                let odd = kind.is_err().then(|| format!("There is no kind {value:?}{}.", near()));
                query.kinds.extend(kind);
                odd
            }
            "service" => match lower.parse() {
                Ok(name) => {
                    query.services.insert(name);
                    None
                }
                Err(_) => Some(format!("A service is not called {value:?}.")),
            },
            "severity" => {
                query.severities.insert(lower);
                None
            }
            "class" => {
                let class = Class::ALL.into_iter().find(|class| class.word() == lower);
                let near = || did_you_mean(&lower, Class::ALL.iter().map(|class| class.word()));
                let odd = class.is_none().then(|| format!("There is no class {value:?}{}.", near()));
                query.classes.extend(class);
                odd
            }
            "incident" => match lower.parse() {
                Ok(id) => {
                    query.incident = Some(id);
                    None
                }
                Err(_) => Some(format!("{value:?} is not the id of an incident.")),
            },
            _ => match value.parse::<Date>() {
                Ok(day) if (1..=9998).contains(&day.year()) => {
                    *(if name == "since" { &mut query.since } else { &mut query.until }) = Some(day);
                    None
                }
                _ => Some(format!("{value:?} is not a day: write {name}:2026-01-31.")),
            },
        };
        self.oddities.extend(odd.map(|odd| shorten(&odd, 200)));
        true
    }
}

impl Query {
    /// Whether it asks for nothing at all.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && !self.has_filter()
    }

    pub fn has_filter(&self) -> bool {
        !self.kinds.is_empty()
            || !self.services.is_empty()
            || !self.severities.is_empty()
            || !self.classes.is_empty()
            || self.incident.is_some()
            || self.since.is_some()
            || self.until.is_some()
    }

    /// The clauses to look for: without those that say little, unless there is nothing else.
    pub fn telling(&self) -> Vec<&Clause> {
        let all = || self.wanted.iter();
        let tells = |clause: &&Clause| clause.quoted || clause.stems.len() > 1 || !says_little(&clause.stems[0]);
        if all().any(|clause| tells(&clause)) { all().filter(tells).collect() } else { all().collect() }
    }

    /// Every stem that is asked for: what is marked in a snippet.
    pub fn stems(&self) -> BTreeSet<String> {
        self.telling().iter().flat_map(|clause| clause.stems.iter().cloned()).collect()
    }

    /// When things must have happened: from the first instant to before the second.
    pub fn stretch(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let start = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
        (self.since.and_then(start), self.until.and_then(|day| start(day.tomorrow().ok()?)))
    }

    /// The record that is meant, if nothing but an id was typed.
    pub fn id(&self) -> Option<Id> {
        let [clause] = self.wanted.as_slice() else { return None };
        if self.has_filter() || !self.unwanted.is_empty() {
            return None;
        }
        let said = clause.said.to_lowercase();
        Id::read(&said)
    }
}

/// An id that leads straight to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    Incident(IncidentId),
    Change(ChangeId),
    Alert(AlertId),
    Event(EventId),
}

impl Id {
    fn read(said: &str) -> Option<Self> {
        let incident = said.parse().map(Self::Incident);
        let change = || said.parse().map(Self::Change);
        let alert = || said.parse().map(Self::Alert);
        incident.or_else(|_| change()).or_else(|_| alert()).or_else(|_| said.parse().map(Self::Event)).ok()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let say = |clause: &Clause| {
            if clause.quoted { format!("\"{}\"", clause.said) } else { clause.said.clone() }
        };
        parts.extend(self.kinds.iter().map(|kind| format!("kind:{kind}")));
        parts.extend(self.services.iter().map(|name| format!("service:{name}")));
        parts.extend(self.severities.iter().map(|name| format!("severity:{name}")));
        parts.extend(self.classes.iter().map(|class| format!("class:{class}")));
        parts.extend(self.incident.map(|id| format!("incident:{id}")));
        parts.extend(self.since.map(|day| format!("since:{day}")));
        parts.extend(self.until.map(|day| format!("until:{day}")));
        parts.extend(self.unwanted.iter().map(|clause| format!("-{}", say(clause))));
        parts.extend(self.wanted.iter().map(say));
        let text = parts.join(" ");
        f.write_str(&text)?;
        // What is open ends with the last word, and what is not does not.
        if !self.is_open && self.wanted.last().is_some_and(|last| !last.quoted) {
            f.write_char(' ')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(typed: &str) -> String {
        let Reading { query, oddities } = read(typed);
        let clauses = |all: &[Clause]| {
            let say = |one: &Clause| format!("{}{}", one.stems.join("+"), if one.quoted { "!" } else { "" });
            all.iter().map(say).collect::<Vec<_>>().join(" ")
        };
        let filters = Query { wanted: Vec::new(), unwanted: Vec::new(), ..query.clone() };
        let parts = [
            clauses(&query.wanted),
            query.unwanted.first().map(|_| format!("without {}", clauses(&query.unwanted))).unwrap_or_default(),
            filters.to_string(),
            oddities.join(" "),
            if query.is_open { "…".into() } else { String::new() },
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn what_was_typed_is_read() {
        let table = [
            ("payments fail", "payment fail | …"),
            ("payments fail ", "payment fail"),
            ("\"rolled back\" deploy", "roll+back! deploy | …"),
            ("\"rolled back", "roll+back!"),
            ("db-1.shop -staging -\"by hand\"", "db+1+shop | without stag by+hand!"),
            ("- -- ->", ""),
            ("kind:change kind:incidents shop ", "shop | kind:incident kind:change"),
            ("kind:chang x", "x | There is no kind \"chang\" (did you mean \"change\"?). | …"),
            ("service:shop severity:SEV1 class:security", "service:shop severity:sev1 class:security"),
            ("class:secret", "There is no class \"secret\"."),
            (
                "since:2026-01-01 until:2026-02-30",
                "since:2026-01-01 | \"2026-02-30\" is not a day: write until:2026-01-31.",
            ),
            ("alertname:KubePodCrash", "alertnam+kubepodcrash | …"),
            ("kind:", "kind | …"),
            ("a\u{0}b", "a b | …"),
        ];
        for (typed, wanted) in table {
            assert_eq!(show(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn words_that_say_little_are_left_out_where_others_say_more() {
        let telling = |typed: &str| {
            let query = read(typed).query;
            query.telling().iter().map(|clause| clause.said.clone()).collect::<Vec<_>>()
        };
        assert_eq!(telling("what is the cause of it"), ["cause"]);
        assert_eq!(telling("to be or not"), ["to", "be", "or", "not"]);
        assert_eq!(telling("\"to be\" shop"), ["to be", "shop"]);
    }

    #[test]
    fn an_id_alone_leads_to_its_record() {
        let mut mint = crate::words::Mint::seeded(1);
        let incident: IncidentId = mint.id(Timestamp::UNIX_EPOCH);
        let change: ChangeId = mint.id(Timestamp::UNIX_EPOCH);
        let id = |typed: &str| read(typed).query.id();
        assert_eq!(id(&incident.to_string().to_uppercase()), Some(Id::Incident(incident)));
        assert_eq!(id(&format!(" {change} ")), Some(Id::Change(change)));
        assert_eq!(id(&format!("{change} shop")), None);
        assert_eq!(id(&format!("kind:change {change}")), None);
        assert_eq!(id("shop"), None);
    }

    #[test]
    fn days_are_whole() {
        let query = read("since:2026-01-01 until:2026-01-01").query;
        let (from, to) = query.stretch();
        assert_eq!(from.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(to.unwrap().to_string(), "2026-01-02T00:00:00Z");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn a_query_that_was_printed_reads_the_same(
            typed in "(\\PC{0,12}|[a-z\"' :-]{0,12}|kind:change|service:shop|since:2026-01-0[1-9]|-\"a b\"){0,6}"
        ) {
            let first = read(&typed).query;
            let second = read(&first.to_string());
            prop_assert_eq!(&first, &second.query, "{}", first);
            prop_assert_eq!(second.oddities, Vec::<String>::new());
        }
    }
}
