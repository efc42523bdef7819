//! Rollback adapters that play a part: what the program elsewhere answers is told by the story.
//!
//! It remembers every call by its key: what was told once, and that nothing was told twice, can be asked of it afterwards.

use std::collections::BTreeMap;

use actions::change::rollbacks::Called;
use domain::change::rollback_plans::Answer;
use domain::change::rollbacks::Word;
use domain::words::{RollbackId, Span, Timestamp};

/// How the program treats calls from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes them, and is done after so long.
    Works(Span),
    /// It would not take them, and says so when it is asked.
    Denies(String),
    /// It does not take them, though it said that it would.
    Refuses(String),
    /// It does what it is told, and the answer never comes; asked afterwards, it knows.
    TimesOut,
    /// Nothing of the call comes through, and nobody can tell.
    Loses,
    /// It takes them, and fails.
    Fails(String),
}

/// The program elsewhere.
#[derive(Clone, Debug)]
pub struct Adapters {
    pub manner: Manner,
    /// How often each key was called, and since when, in which manner.
    calls: BTreeMap<RollbackId, Vec<(Timestamp, Manner)>>,
}

impl Default for Adapters {
    fn default() -> Self {
        Self { manner: Manner::Works(Span::ZERO), calls: BTreeMap::new() }
    }
}

impl Adapters {
    /// Whether it could.
    pub fn preflight(&self) -> Answer {
        match &self.manner {
            Manner::Denies(why) => Answer::Denied(why.clone()),
            _ => Answer::Ready,
        }
    }

    /// It is called.
    pub fn execute(&mut self, key: RollbackId, now: Timestamp) -> Called {
        let calls = self.calls.entry(key).or_default();
        calls.push((now, self.manner.clone()));
        match &self.manner {
            Manner::Works(_) | Manner::Fails(_) => {
                Called::Taken { handle: Some(format!("run {}", calls.len())), link: None }
            }
            Manner::Denies(why) | Manner::Refuses(why) => Called::Refused { why: why.clone() },
            Manner::TimesOut | Manner::Loses => Called::Unknown { why: "no answer within 10s".into() },
        }
    }

    /// It is asked how a call goes.
    pub fn poll(&self, key: RollbackId, now: Timestamp) -> Word {
        match self.calls.get(&key).and_then(|calls| calls.first()) {
            Some((since, Manner::Works(takes))) if takes.after(*since) > now => Word::Running,
            Some((_, Manner::Works(_) | Manner::TimesOut)) => Word::Succeeded,
            Some((_, Manner::Fails(why))) => Word::Failed { why: why.clone() },
            Some((_, Manner::Denies(_) | Manner::Refuses(_) | Manner::Loses)) | None => Word::Nothing,
        }
    }

    /// How often it was called under each key.
    pub fn called(&self) -> impl Iterator<Item = (RollbackId, usize)> {
        self.calls.iter().map(|(key, calls)| (*key, calls.len()))
    }
}
