//! Checks that prove an action item: what would have to be so, as a type, and what was seen when somebody looked.
//!
//! A check is asked for evidence, not for an opinion: yes, no, or that nobody could tell. Where no machine can look, a named
//! person does, and that is said wherever the item is shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::prepare::addresses::Reader;
use crate::prepare::catalog::Catalog;
use crate::prepare::documents::{Kind, Reference};
use crate::words::choices::choices;
use crate::words::{Name, Refusal, Result, Span, Timestamp, text};

/// What proves an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// The signals of the incident, played through the documents in force, page somebody.
    Replay {
        /// The page is about this service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<Name>,
        /// It goes by this route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<Name>,
        /// It calls by this escalation policy.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<Name>,
        /// Somebody is told within so long after the first signal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        within: Option<Span>,
    },
    /// A document says something.
    Document {
        /// `service/payments`.
        document: String,
        /// A JSON pointer into its spec: `/runbook`.
        field: String,
        must: Must,
    },
    /// A page answers.
    Url {
        url: String,
        /// With this text in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contains: Option<String>,
    },
    /// A commit, or what was merged, is there: its address on the forge answers.
    Commit { url: String },
    /// A drill was closed after the item was done, in which it was practised.
    Drill {
        /// It touches this service; or else its title or reason names the item by its id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<Name>,
    },
    /// Somebody other than the owner looked. No machine proves it.
    Manual {},
}

/// What a field must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Must {
    /// It is there, and neither empty nor false.
    Exist,
    /// It is this text, number or truth value.
    Be(Value),
    /// It has this text in it, or is a list with it.
    Contain(String),
}

choices! {
    /// What a check said.
    Answer: "the answer of a check" at "/answer" {
        Yes = "yes",
        No = "no",
        /// Nobody could tell: a server did not answer, there is nothing to play.
        Unknown = "unknown",
    }
}

/// What was seen, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub answer: Answer,
    /// In words, for whoever reads it next year.
    pub said: String,
}

impl Seen {
    pub fn new(answer: Answer, said: impl AsRef<str>) -> Self {
        Self { answer, said: text::shorten(said.as_ref(), SAID_MOST) }
    }
}

/// What was seen, and from when to when it was the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub at: Timestamp,
    pub until: Timestamp,
    pub seen: Seen,
    /// Who looked, where no machine did.
    pub by: Option<Name>,
}

/// So much is kept of what was seen.
const SAID_MOST: usize = 500;
const URL_MOST: usize = 2_000;
const TEXT_MOST: usize = 500;
const POINTER_MOST: usize = 300;
/// "Within" is at most this long.
const WITHIN_MOST: Span = Span::hours(24);

impl Check {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Replay { .. } => "replay",
            Self::Document { .. } => "document",
            Self::Url { .. } => "url",
            Self::Commit { .. } => "commit",
            Self::Drill { .. } => "drill",
            Self::Manual {} => "manual",
        }
    }

    /// Somebody's word, not a machine's.
    pub const fn is_manual(&self) -> bool {
        matches!(self, Self::Manual {})
    }

    /// It needs the world outside, or much time: not for a transaction.
    pub const fn is_slow(&self) -> bool {
        matches!(self, Self::Replay { .. } | Self::Url { .. } | Self::Commit { .. })
    }

    /// The document that it is about.
    pub fn document(&self) -> Option<Reference> {
        match self {
            Self::Document { document, .. } => document.parse().ok(),
            _ => None,
        }
    }

    /// The address that it asks.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Url { url, .. } | Self::Commit { url } => Some(url),
            _ => None,
        }
    }

    /// What is wrong with it on its own, and with what it names.
    pub fn refuse(&self, catalog: &Catalog) -> Result<()> {
        match self {
            Self::Manual {} => Ok(()),
            Self::Replay { service, route, policy, within } => {
                must_name(catalog, Kind::Service, service.as_ref(), "/check/service")?;
                must_name(catalog, Kind::Route, route.as_ref(), "/check/route")?;
                must_name(catalog, Kind::EscalationPolicy, policy.as_ref(), "/check/policy")?;
                match within {
                    Some(span) if span.as_millis() <= 0 || *span > WITHIN_MOST => {
                        Err(Refusal::invalid("within: more than nothing, and a day at most").at("/check/within"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Document { document, field, must } => {
                // It may be about a document that is to be written.
                document
                    .parse::<Reference>()
                    .map_err(|refusal| Refusal { at: None, ..refusal }.at("/check/document"))?;
                if !field.starts_with('/') || field.len() > POINTER_MOST {
                    let message = "the field is a JSON pointer into the spec of the document, such as /runbook";
                    return Err(Refusal::invalid(message).at("/check/field"));
                }
                match must {
                    Must::Be(Value::Array(_) | Value::Object(_) | Value::Null) => {
                        Err(Refusal::invalid("a field is a text, a number, true or false").at("/check/must"))
                    }
                    Must::Contain(text) if text.is_empty() || text.len() > TEXT_MOST => {
                        Err(Refusal::invalid(format!("name a text of at most {TEXT_MOST} letters")).at("/check/must"))
                    }
                    Must::Be(Value::String(text)) if text.len() > TEXT_MOST => {
                        Err(Refusal::invalid(format!("name a text of at most {TEXT_MOST} letters")).at("/check/must"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Url { url, contains } => {
                must_be_url(url)?;
                match contains {
                    Some(text) if text.is_empty() || text.len() > TEXT_MOST => {
                        Err(Refusal::invalid(format!("name a text of at most {TEXT_MOST} letters"))
                            .at("/check/contains"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Commit { url } => must_be_url(url),
            Self::Drill { service } => must_name(catalog, Kind::Service, service.as_ref(), "/check/service"),
        }
    }
}

fn must_be_url(url: &str) -> Result<()> {
    let is_http = url.starts_with("https://") || url.starts_with("http://");
    let is_plain = !url.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if is_http && is_plain && url.len() <= URL_MOST && url.len() > "https://".len() {
        return Ok(());
    }
    Err(Refusal::invalid("write an address that begins with https:// or http://").at("/check/url"))
}

fn must_name(catalog: &Catalog, kind: Kind, name: Option<&Name>, place: &str) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    if catalog.has(kind, name.as_str()) {
        return Ok(());
    }
    let near = text::did_you_mean(name.as_str(), catalog.names(kind).into_iter().map(Name::as_str));
    Err(Refusal::invalid(format!("there is no {} {name}{near}", kind.word())).at(place))
}

impl fmt::Display for Must {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exist => f.write_str("is there"),
            Self::Be(Value::String(text)) => write!(f, "is {text}"),
            Self::Be(value) => write!(f, "is {value}"),
            Self::Contain(text) => write!(f, "has {text}"),
        }
    }
}

/// In words that follow "It is proven when".
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replay { service, route, policy, within } => {
                f.write_str("the signals of the incident, played through what is set up today, page somebody")?;
                if let Some(service) = service {
                    write!(f, " about {service}")?;
                }
                if let Some(route) = route {
                    write!(f, " by the route {route}")?;
                }
                if let Some(policy) = policy {
                    write!(f, " as {policy} says")?;
                }
                match within {
                    Some(within) => write!(f, " within {within}"),
                    None => Ok(()),
                }
            }
            Self::Document { document, field, must } => write!(f, "{field} of {document} {must}"),
            Self::Url { url, contains: None } => write!(f, "{url} answers"),
            Self::Url { url, contains: Some(text) } => write!(f, "{url} answers with {text:?} in it"),
            Self::Commit { url } => write!(f, "the commit {url} is there"),
            Self::Drill { service: Some(service) } => {
                write!(f, "a drill that touches {service} was closed after it was done")
            }
            Self::Drill { service: None } => f.write_str("a drill that names this item was closed after it was done"),
            Self::Manual {} => f.write_str("somebody who does not own it looked; no machine proves it"),
        }
    }
}

/// What the documents in force say to a check of a document.
pub fn ask_document(document: &Reference, field: &str, must: &Must, catalog: &Catalog) -> Seen {
    let Some(spec) = catalog.get(document) else {
        return Seen::new(Answer::No, format!("there is no {document}"));
    };
    // What a check saw is read by everybody: addresses that are not everybody's are masked, and nobody can ask them out.
    let json = Reader::NOBODY.spec(document, &spec).to_json();
    let found = json.pointer(field);
    let said = match found {
        None => format!("{document} has no {field}"),
        Some(value) => format!("{field} of {document} is {}", text::shorten(&shown(value), 200)),
    };
    let holds = found.is_some_and(|value| holds(must, value));
    Seen::new(if holds { Answer::Yes } else { Answer::No }, said)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn holds(must: &Must, value: &Value) -> bool {
    match (must, value) {
        (Must::Exist, Value::Null | Value::Bool(false)) => false,
        (Must::Exist, Value::String(text)) => !text.trim().is_empty(),
        (Must::Exist, Value::Array(list)) => !list.is_empty(),
        (Must::Exist, Value::Object(map)) => !map.is_empty(),
        (Must::Exist, _) => true,
        // A form knows texts only.
        (Must::Be(wanted), value) => wanted == value || wanted.as_str().is_some_and(|wanted| wanted == shown(value)),
        (Must::Contain(wanted), Value::Array(list)) => list.iter().any(|one| shown(one) == *wanted),
        (Must::Contain(wanted), value) => shown(value).contains(wanted.as_str()),
    }
}

/// A drill, as far as a check looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillSeen {
    pub id: String,
    /// Title, reason and impact in one.
    pub words: String,
    pub services: Vec<Name>,
    pub closed_at: Timestamp,
}

/// What the drills that were closed say to a check by drill. An item that is not done was not practised.
pub fn ask_drills(item: &str, service: Option<&Name>, done_at: Option<Timestamp>, drills: &[DrillSeen]) -> Seen {
    let Some(done_at) = done_at else {
        return Seen::new(Answer::No, "it is not done yet, so that no drill has practised it");
    };
    let fits = |drill: &&DrillSeen| {
        drill.closed_at >= done_at
            && match service {
                Some(service) => drill.services.contains(service),
                None => drill.words.contains(item),
            }
    };
    match drills.iter().find(fits) {
        Some(drill) => Seen::new(Answer::Yes, format!("the drill {} was closed after it was done", drill.id)),
        None => Seen::new(Answer::No, "no drill of it was closed since it was done"),
    }
}

/// A page that a replay made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSeen {
    pub title: String,
    pub service: Option<Name>,
    pub route: Option<Name>,
    pub policy: Option<Name>,
    /// When somebody was told first.
    pub told_at: Timestamp,
    /// Names of people.
    pub whom: Vec<String>,
}

/// What a replay says to a check by replay. `first` is when the first signal of the incident came.
pub fn ask_replay(check: &Check, first: Timestamp, pages: &[PageSeen]) -> Seen {
    let Check::Replay { service, route, policy, within } = check else {
        return Seen::new(Answer::Unknown, "this check is none by replay");
    };
    let same = |wanted: &Option<Name>, found: &Option<Name>| wanted.is_none() || wanted == found;
    let fits = |page: &&PageSeen| {
        !page.whom.is_empty()
            && same(service, &page.service)
            && same(route, &page.route)
            && same(policy, &page.policy)
            && page.told_at >= first
    };
    let Some(page) = pages.iter().filter(fits).min_by_key(|page| page.told_at) else {
        let other = if pages.is_empty() { "nobody is paged" } else { "somebody is paged, but for something else" };
        return Seen::new(Answer::No, format!("played through what is set up today, {other}"));
    };
    let after = Span::millis(Span::between(first, page.told_at).as_millis());
    let said = format!("{} is paged {after} after the first signal: {}", page.whom.join(" and "), page.title);
    match within {
        Some(within) if after > *within => Seen::new(Answer::No, format!("{said}; that is later than {within}")),
        _ => Seen::new(Answer::Yes, said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let spec =
            json!({ "title": "Shop", "team": "shop", "tier": 2, "runbook": "https://wiki/shop", "depends_on": ["db"] });
        catalog.services.insert(name("shop"), serde_json::from_value(spec).unwrap());
        catalog
    }

    #[test]
    fn a_document_is_asked_by_its_field() {
        let table = [
            ("service/shop", "/runbook", Must::Exist, Answer::Yes),
            ("service/shop", "/escalation_policy", Must::Exist, Answer::No),
            ("service/shop", "/tier", Must::Be(json!(2)), Answer::Yes),
            ("service/shop", "/tier", Must::Be(json!("2")), Answer::Yes),
            ("service/shop", "/tier", Must::Be(json!(1)), Answer::No),
            ("service/shop", "/runbook", Must::Contain("wiki".into()), Answer::Yes),
            ("service/shop", "/depends_on", Must::Contain("db".into()), Answer::Yes),
            ("service/shop", "/depends_on", Must::Contain("d".into()), Answer::No),
            ("service/gone", "/runbook", Must::Exist, Answer::No),
        ];
        for (document, field, must, answer) in table {
            let seen = ask_document(&document.parse().unwrap(), field, &must, &catalog());
            assert_eq!(seen.answer, answer, "{document} {field} {must}: {}", seen.said);
        }
    }

    #[test]
    fn an_address_that_is_not_everybodys_cannot_be_asked_out() {
        let mut catalog = catalog();
        let contacts = json!([{ "name": "phone", "ntfy": "https://ntfy.example/secret-topic" }]);
        let spec = json!({ "full_name": "Ana", "email": "ana@example.org", "contacts": contacts });
        catalog.people.insert(name("ana"), serde_json::from_value(spec).unwrap());
        for must in [Must::Contain("secret-topic".into()), Must::Exist] {
            let seen = ask_document(&"person/ana".parse().unwrap(), "/contacts/0/ntfy", &must, &catalog);
            assert!(!seen.said.contains("secret"), "{}", seen.said);
            assert_eq!(seen.answer == Answer::Yes, must == Must::Exist);
        }
    }

    #[test]
    fn a_check_that_could_never_hold_is_refused_with_its_place() {
        let catalog = catalog();
        let document = |document: &str, field: &str, must: Must| Check::Document {
            document: document.into(),
            field: field.into(),
            must,
        };
        let url = |url: &str| Check::Url { url: url.into(), contains: None };
        let replay = |service: Option<&str>, within| Check::Replay {
            service: service.map(name),
            route: None,
            policy: None,
            within,
        };
        let table = [
            (document("shop", "/a", Must::Exist), Some("/check/document")),
            (document("service/shop", "runbook", Must::Exist), Some("/check/field")),
            (document("service/shop", "/a", Must::Be(json!([]))), Some("/check/must")),
            (document("service/later", "/a", Must::Exist), None),
            (url("ftp://x"), Some("/check/url")),
            (url("https://x y"), Some("/check/url")),
            (url("https://x"), None),
            (replay(Some("shpo"), None), Some("/check/service")),
            (replay(Some("shop"), Some(Span::ZERO)), Some("/check/within")),
            (replay(Some("shop"), Some(Span::minutes(5))), None),
            (Check::Manual {}, None),
        ];
        for (check, place) in table {
            let refused = check.refuse(&catalog).err();
            assert_eq!(refused.and_then(|refusal| refusal.at).as_deref(), place, "{check}");
        }
    }

    #[test]
    fn a_check_reads_back_as_it_was_written() {
        for text in [
            json!({ "by": "manual" }),
            json!({ "by": "drill", "service": "shop" }),
            json!({ "by": "commit", "url": "https://forge/x" }),
            json!({ "by": "document", "document": "service/shop", "field": "/runbook", "must": "exist" }),
            json!({ "by": "document", "document": "service/shop", "field": "/tier", "must": { "be": 1 } }),
            json!({ "by": "replay", "within": "5m" }),
        ] {
            let check: Check = serde_json::from_value(text.clone()).unwrap();
            assert_eq!(serde_json::to_value(&check).unwrap(), text);
        }
        assert!(serde_json::from_value::<Check>(json!({ "by": "manual", "more": 1 })).is_err());
    }

    #[test]
    fn a_replay_proves_that_somebody_is_told_of_the_right_thing_in_time() {
        let page = |minute, service: &str, whom: &[&str]| PageSeen {
            title: "5xx high".into(),
            service: Some(name(service)),
            route: Some(name("all")),
            policy: None,
            told_at: at(minute),
            whom: whom.iter().map(|one| (*one).to_owned()).collect(),
        };
        let check = |service: Option<&str>, minutes: Option<i64>| Check::Replay {
            service: service.map(name),
            route: None,
            policy: None,
            within: minutes.map(Span::minutes),
        };
        let pages = [page(3, "shop", &["ana"]), page(1, "db", &[])];
        for (check, pages, answer) in [
            (check(None, None), &pages[..], Answer::Yes),
            (check(None, None), &pages[1..], Answer::No),
            (check(None, None), &[], Answer::No),
            (check(Some("shop"), Some(3)), &pages, Answer::Yes),
            (check(Some("shop"), Some(2)), &pages, Answer::No),
            (check(Some("db"), None), &pages, Answer::No),
        ] {
            assert_eq!(ask_replay(&check, at(0), pages).answer, answer, "{check}");
        }
    }

    #[test]
    fn a_drill_counts_that_was_closed_after_it_was_done() {
        let drill = DrillSeen {
            id: "inc_1".into(),
            words: "practise act_1".into(),
            services: vec![name("shop")],
            closed_at: at(10),
        };
        let ask = |service: Option<&str>, done: Option<i64>| {
            ask_drills("act_1", service.map(name).as_ref(), done.map(at), std::slice::from_ref(&drill)).answer
        };
        assert_eq!(
            [
                ask(None, Some(5)),
                ask(Some("shop"), Some(5)),
                ask(Some("db"), Some(5)),
                ask(None, Some(11)),
                ask(None, None)
            ],
            [Answer::Yes, Answer::Yes, Answer::No, Answer::No, Answer::No]
        );
    }
}
