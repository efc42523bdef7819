//! What people write on the timeline of an incident, beside all that comes there by itself.
//!
//! An entry is never changed: a correction stands in its place and names it, what does not hold is struck with a reason,
//! and both stay in the journal. An entry may be about an earlier time than the one at which it was written.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::drill_files::Event;
use super::entry_facts::EntryFact;
use crate::words::{ChangeId, Name, Refusal, Result, Span, Timestamp};

/// What kind of thing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    Note,
    /// What somebody saw.
    Observation,
    /// What somebody did.
    Action,
    /// What was decided, with the objections to it.
    Decision,
}

impl Sort {
    pub const ALL: [Self; 4] = [Self::Note, Self::Observation, Self::Action, Self::Decision];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Observation => "observation",
            Self::Action => "action",
            Self::Decision => "decision",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Sort {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word).ok_or_else(|| {
            let near = crate::words::text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("an entry is a note, an observation, an action or a decision{near}")).at("/sort")
        })
    }
}

/// What somebody writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub sort: Sort,
    pub text: String,
    /// Who objected to a decision, and why.
    pub objections: Option<String>,
    /// When it was; now, if absent.
    pub at: Option<Timestamp>,
    pub shows: Shows,
}

/// What an entry shows beside its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shows {
    pub facts: BTreeSet<EntryFact>,
    /// What was followed, or gone through.
    pub followed: BTreeSet<Followed>,
    /// The event of a drill's file that it plays. What is played is there to be found; nobody found it yet.
    pub played: Option<Box<Event>>,
}

/// What people go by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Followed {
    Runbook(Name),
    /// How a change is taken back.
    Plan(ChangeId),
    /// The program that a plan calls.
    Adapter(Name),
}

impl fmt::Display for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runbook(name) => write!(f, "runbook/{name}"),
            Self::Plan(change) => write!(f, "{change}"),
            Self::Adapter(name) => write!(f, "rollback-adapter/{name}"),
        }
    }
}

impl FromStr for Followed {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            let shown = crate::words::text::shorten(text, 60);
            let message =
                format!("{shown:?}: what is followed is runbook/NAME, rollback-adapter/NAME or a change (cng_…)");
            Refusal::invalid(message).at("/followed")
        };
        match text.split_once('/') {
            Some(("runbook", name)) => name.parse().map(Self::Runbook).map_err(|_| wrong()),
            Some(("rollback-adapter", name)) => name.parse().map(Self::Adapter).map_err(|_| wrong()),
            _ => text.parse().map(Self::Plan).map_err(|_| wrong()),
        }
    }
}

/// Letters in an entry.
pub const TEXT_MOST: usize = 10_000;
/// Clocks differ a little.
const AHEAD_MOST: Span = Span::minutes(2);

impl Entry {
    /// Of now, with nothing beside its words.
    pub fn new(sort: Sort, text: impl Into<String>) -> Self {
        Self { sort, text: text.into(), objections: None, at: None, shows: Shows::default() }
    }

    /// The entry without what is empty; refused if it says nothing, too much, or what has not happened yet.
    pub fn checked(self, now: Timestamp) -> Result<Self> {
        let text = text(&self.text, "/text")?;
        let objections = self.objections.filter(|said| !said.trim().is_empty());
        if objections.is_some() && self.sort != Sort::Decision {
            return Err(Refusal::invalid("objections belong to a decision").at("/objections"));
        }
        let objections = objections.map(|said| self::text(&said, "/objections")).transpose()?;
        let at = self.at.map(|at| past(at, now)).transpose()?;
        Ok(Self { sort: self.sort, text, objections, at, shows: self.shows })
    }
}

/// Words that are to be kept: not empty, not too many, without what a screen cannot show.
pub fn text(text: &str, place: &str) -> Result<String> {
    let text: String = text.trim().replace("\r\n", "\n");
    let letters = text.chars().count();
    if letters == 0 {
        return Err(Refusal::invalid("write something").at(place));
    }
    if letters > TEXT_MOST {
        return Err(Refusal::invalid(format!("it has {letters} letters; {TEXT_MOST} are the most")).at(place));
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t') {
        return Err(Refusal::invalid("it has letters that cannot be shown").at(place));
    }
    Ok(text)
}

/// The same in one line, of at most so many letters.
pub fn line(said: &str, most: usize, place: &str) -> Result<String> {
    let said = text(said, place)?;
    if said.chars().count() > most || said.contains(['\n', '\t']) {
        return Err(Refusal::invalid(format!("write one line of at most {most} letters")).at(place));
    }
    Ok(said)
}

/// A time that is not to come.
pub fn past(at: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if at > AHEAD_MOST.after(now) {
        return Err(Refusal::invalid("that time is still to come").at("/at"));
    }
    Ok(at.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn entry(sort: Sort, text: &str) -> Entry {
        Entry::new(sort, text)
    }

    #[test]
    fn an_entry_says_something_that_has_happened() {
        let kept = entry(Sort::Note, "  line 1\r\nline 2\t ").checked(at(0)).unwrap();
        assert_eq!(kept.text, "line 1\nline 2");
        let earlier = Entry { at: Some(at(-60)), ..entry(Sort::Action, "rolled back") }.checked(at(0)).unwrap();
        assert_eq!(earlier.at, Some(at(-60)));
        let place = |entry: Entry| entry.checked(at(0)).unwrap_err().at.unwrap();
        assert_eq!(place(entry(Sort::Note, " \n ")), "/text");
        assert_eq!(place(entry(Sort::Note, &"x".repeat(TEXT_MOST + 1))), "/text");
        assert_eq!(place(entry(Sort::Note, "a\u{7}b")), "/text");
        assert_eq!(place(Entry { at: Some(at(3)), ..entry(Sort::Note, "x") }), "/at");
        assert_eq!(Entry { at: Some(at(1)), ..entry(Sort::Note, "x") }.checked(at(0)).unwrap().at, Some(at(0)));
    }

    #[test]
    fn only_a_decision_has_objections() {
        let objected = |sort| Entry { objections: Some("Ben: too early".into()), ..entry(sort, "fail over") };
        assert_eq!(objected(Sort::Decision).checked(at(0)).unwrap().objections.as_deref(), Some("Ben: too early"));
        assert_eq!(objected(Sort::Note).checked(at(0)).unwrap_err().at.as_deref(), Some("/objections"));
        let none = Entry { objections: Some(" ".into()), ..entry(Sort::Note, "x") };
        assert_eq!(none.checked(at(0)).unwrap().objections, None);
    }

    #[test]
    fn what_is_followed_reads_back() {
        let change = "cng_06f1k2m9qv7x3t1a";
        for text in ["runbook/payments-fail", "rollback-adapter/deploys", change] {
            assert_eq!(text.parse::<Followed>().map(|one| one.to_string()).as_deref(), Ok(text));
        }
        for wrong in ["payments-fail", "runbook/", "runbook/No Name", "service/shop", "inc_06f1k2m9qv7x3t1a", ""] {
            assert_eq!(wrong.parse::<Followed>().unwrap_err().at.as_deref(), Some("/followed"), "{wrong}");
        }
    }

    #[test]
    fn every_sort_reads_back() {
        for sort in Sort::ALL {
            assert_eq!(sort.word().parse(), Ok(sort));
        }
        assert!("notes".parse::<Sort>().unwrap_err().message.ends_with("(did you mean \"note\"?)"));
    }
}
