//! Action items: what is to be done so that it does not happen again, or is seen sooner, or hurts less.
//!
//! An item has one owner who accepted it, a bound that says when it is done, and a check that proves it. Done is what the owner
//! says; verified is what the check says, and a check that fails later takes it back. Nothing here counts a percentage.

use serde_json::Value;

use super::item_checks::{Answer, Check};
use super::wording;
use crate::prepare::severity::SeverityMatrix;
use crate::respond::entries;
use crate::words::choices::choices;
use crate::words::{ActionItemId, EventKind, Name, Refusal, Result, Span, Timestamp};

choices! {
    /// What an item is for.
    Kind: "the kind of an action item" at "/kind" {
        /// It does not happen again.
        Prevent = "prevent",
        /// It is seen sooner.
        Detect = "detect",
        /// It hurts less, or is over sooner.
        Mitigate = "mitigate",
        /// People work together otherwise.
        Process = "process",
    }
}

choices! {
    /// How much it matters.
    Priority: "the priority of an action item" at "/priority" {
        High = "high",
        Normal = "normal",
        Low = "low",
    }
}

choices! {
    /// By what curves are told apart.
    By: "what curves are told apart by" at "/by" {
        /// One curve of all.
        All = "all",
        Kind = "kind",
        Priority = "priority",
        Service = "service",
    }
}

/// Something that follows from an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionItem {
    pub id: ActionItemId,
    pub title: String,
    /// How anybody can tell that it is done.
    pub bound: String,
    /// One person, who accepts it.
    pub owner: Name,
    pub kind: Kind,
    pub priority: Priority,
    pub due_at: Timestamp,
    /// The contributing factor that it answers, by its short name.
    pub factor: Option<String>,
    pub check: Check,
    pub proposed_at: Timestamp,
    pub state: State,
    /// How often it was reopened.
    pub reopened: u32,
    /// Somebody asked for it not to be done, and somebody else has not decided yet.
    pub drop_asked: Option<DropAsked>,
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The owner has not said yet that they do it.
    Proposed,
    Accepted {
        at: Timestamp,
    },
    /// The owner says so.
    Done {
        at: Timestamp,
    },
    /// The check says so; or, where no machine can, a person.
    Verified {
        at: Timestamp,
        done_at: Timestamp,
        by: Option<Name>,
    },
    WontDo {
        at: Timestamp,
        why: String,
        asked_by: Name,
        approved_by: Name,
    },
}

/// That an item is not to be done, as somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropAsked {
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Accepted { .. } => "accepted",
            Self::Done { .. } => "done",
            Self::Verified { .. } => "verified",
            Self::WontDo { .. } => "wont-do",
        }
    }

    /// Every word, in the order of a life.
    pub const WORDS: [&'static str; 5] = ["proposed", "accepted", "done", "verified", "wont-do"];

    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Proposed | Self::Accepted { .. })
    }

    /// When the owner said that it was done, if that stands.
    pub const fn done_at(&self) -> Option<Timestamp> {
        match self {
            Self::Done { at } | Self::Verified { done_at: at, .. } => Some(*at),
            _ => None,
        }
    }
}

/// What is said when an item is proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    pub title: String,
    pub bound: String,
    pub owner: Name,
    pub kind: Kind,
    pub priority: Priority,
    /// As the severity has it, if absent.
    pub due_at: Option<Timestamp>,
    pub factor: Option<String>,
    pub check: Check,
}

/// What is said anew of an item. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub title: Option<String>,
    pub bound: Option<String>,
    pub kind: Option<Kind>,
    pub priority: Option<Priority>,
    pub due_at: Option<Timestamp>,
    /// Empty: none any more.
    pub factor: Option<String>,
    pub check: Option<Check>,
}

/// What somebody wants of an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// I do it.
    Accept,
    /// Somebody else owns it, who accepts it anew.
    Give { to: Name },
    /// A later due date has a reason.
    Edit { edit: Box<Edit>, why: Option<String> },
    /// It is done, says the owner.
    Done { said: Option<String> },
    /// It is proven, says somebody who is not the owner, where the check is by hand.
    Confirm { seen: String },
    /// It is not to be done.
    AskDrop { why: String },
    /// A second person agrees.
    ApproveDrop,
    /// It is to be done after all.
    Keep { why: String },
    /// It was not enough.
    Reopen { why: String },
}

/// A title has this many letters at most.
pub const TITLE_MOST: usize = 200;
/// A short name of a factor.
const FACTOR_MOST: usize = 80;
/// The reminder before it is due.
pub const BEFORE: Span = Span::hours(3 * 24);
/// After it is due, so often.
pub const EVERY: Span = Span::hours(7 * 24);
/// An incident within so long after which the same comes back reopens its items.
pub const RECURS_WITHIN: Span = Span::hours(90 * 24);
/// A due date is this far away at most: what takes longer is cut.
const DUE_MOST: Span = Span::hours(366 * 24);
/// A check by a machine is asked again so often.
const CHECK_EVERY: Span = Span::hours(24);
/// A check that held for so long is asked more rarely.
const HELD_FOR: Span = Span::hours(90 * 24);

/// How long an item may take by the severity of its incident, where the matrix does not say. From the practice that
/// PagerDuty publishes for SEV1 and SEV2; milder ones get twice as long.
const DEFAULT_WITHIN: [Span; 3] = [Span::hours(15 * 24), Span::hours(30 * 24), Span::hours(60 * 24)];

/// How long an item may take, by the severity of its incident: as the matrix says, or by the place of the level in it.
pub fn within(matrix: Option<&SeverityMatrix>, severity: Option<&str>) -> Span {
    let levels = matrix.map_or(&[][..], |matrix| &matrix.levels);
    let place = severity.and_then(|severity| levels.iter().position(|level| level.name == severity));
    let said = place.and_then(|place| levels[place].action_items_within);
    said.unwrap_or(DEFAULT_WITHIN[place.unwrap_or(2).min(2)])
}

impl ActionItem {
    /// Proposes an item. Whoever proposes it for themselves has accepted it.
    pub fn propose(id: ActionItemId, new: &NewItem, by: Option<&Name>, within: Span, now: Timestamp) -> Result<Self> {
        let title = entries::line(&new.title, TITLE_MOST, "/title")?;
        let bound = entries::text(&new.bound, "/bound")?;
        wording::refuse(&title, &bound)?;
        let due_at = match new.due_at {
            Some(at) => due(at, now)?,
            None => within.after(now),
        };
        Ok(Self {
            id,
            title,
            bound,
            owner: new.owner.clone(),
            kind: new.kind,
            priority: new.priority,
            due_at,
            factor: factor(new.factor.as_deref())?,
            check: new.check.clone(),
            proposed_at: now,
            state: if by == Some(&new.owner) { State::Accepted { at: now } } else { State::Proposed },
            reopened: 0,
            drop_asked: None,
        })
    }

    /// It is past its due date and not done.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.is_open() && self.due_at < now
    }

    /// Whole days since it was due.
    pub fn days_overdue(&self, now: Timestamp) -> i64 {
        Span::between(self.due_at, now).as_millis().max(0) / (24 * 3_600_000)
    }

    /// Does what was asked, or says why not. `by` is a person; rules use the acts below.
    pub fn act(&self, wish: &Wish, by: &Name, now: Timestamp) -> Result<(Self, EventKind)> {
        let mut next = self.clone();
        let owns = *by == self.owner;
        let event = match wish {
            Wish::Accept => {
                if !owns {
                    return Err(Refusal::forbidden(format!(
                        "it is for {} to accept: ask for it to be given to you",
                        self.owner
                    )));
                }
                if self.state != State::Proposed {
                    return Err(self.stands());
                }
                next.state = State::Accepted { at: now };
                EventKind::ActionItemAccepted
            }
            Wish::Give { to } => {
                self.must_be_open()?;
                if *to == self.owner {
                    return Err(Refusal::conflict(format!("{to} owns it already")).at("/owner"));
                }
                next.owner = to.clone();
                next.state = if by == to { State::Accepted { at: now } } else { State::Proposed };
                EventKind::ActionItemGiven
            }
            Wish::Edit { edit, why } => {
                if matches!(self.state, State::WontDo { .. }) {
                    return Err(self.stands());
                }
                next.edit(edit, why.as_deref(), now)?;
                if next == *self {
                    return Err(Refusal::conflict("it says that already"));
                }
                EventKind::ActionItemEdited
            }
            Wish::Done { .. } => {
                if !owns {
                    return Err(Refusal::forbidden(format!("only {}, who owns it, says that it is done", self.owner)));
                }
                self.must_be_open()?;
                next.state = State::Done { at: now };
                next.drop_asked = None;
                EventKind::ActionItemDone
            }
            Wish::Confirm { .. } => {
                if !self.check.is_manual() {
                    return Err(Refusal::conflict("its check is by a machine: run that"));
                }
                if owns {
                    return Err(Refusal::forbidden("whoever owns it does not prove it: somebody else looks"));
                }
                let State::Done { at: done_at } = self.state else {
                    return Err(match self.state {
                        State::Verified { .. } => self.stands(),
                        _ => Refusal::conflict("it is not done yet: its owner says that first"),
                    });
                };
                next.state = State::Verified { at: now, done_at, by: Some(by.clone()) };
                EventKind::ActionItemVerified
            }
            Wish::AskDrop { why } => {
                self.must_be_open()?;
                if self.drop_asked.is_some() {
                    return Err(Refusal::conflict("somebody asked for that already: a second person decides"));
                }
                next.drop_asked = Some(DropAsked { by: by.clone(), why: why.clone(), at: now });
                EventKind::ActionItemDropAsked
            }
            Wish::ApproveDrop => {
                self.must_be_open()?;
                let Some(asked) = next.drop_asked.take() else {
                    return Err(Refusal::conflict("nobody asked for it not to be done: say why first"));
                };
                if asked.by == *by || owns {
                    return Err(Refusal::forbidden(
                        "a second person says that it need not be done: neither its owner nor whoever asked",
                    ));
                }
                next.state = State::WontDo { at: now, why: asked.why, asked_by: asked.by, approved_by: by.clone() };
                EventKind::ActionItemDropped
            }
            Wish::Keep { .. } => {
                if next.drop_asked.take().is_none() {
                    return Err(Refusal::conflict("nobody asked for it not to be done"));
                }
                EventKind::ActionItemKept
            }
            Wish::Reopen { .. } => {
                if self.state.is_open() {
                    return Err(self.stands());
                }
                next.reopen(now);
                EventKind::ActionItemReopened
            }
        };
        Ok((next, event))
    }

    fn edit(&mut self, edit: &Edit, why: Option<&str>, now: Timestamp) -> Result<()> {
        if let Some(title) = &edit.title {
            self.title = entries::line(title, TITLE_MOST, "/title")?;
        }
        if let Some(bound) = &edit.bound {
            self.bound = entries::text(bound, "/bound")?;
        }
        wording::refuse(&self.title, &self.bound)?;
        self.kind = edit.kind.unwrap_or(self.kind);
        self.priority = edit.priority.unwrap_or(self.priority);
        if let Some(at) = edit.due_at.filter(|at| *at != self.due_at) {
            if at > self.due_at && why.is_none_or(|why| why.trim().is_empty()) {
                return Err(Refusal::invalid("a later due date has a reason: say why").at("/why"));
            }
            self.due_at = due(at, now)?;
        }
        if let Some(text) = &edit.factor {
            self.factor = factor(Some(text))?;
        }
        if let Some(check) = edit.check.as_ref().filter(|check| **check != self.check) {
            self.check = check.clone();
            // What was proven was proven by another check.
            if let State::Verified { done_at, .. } = self.state {
                self.state = State::Done { at: done_at };
            }
        }
        Ok(())
    }

    /// It was not enough: the owner has it again.
    pub fn reopen(&mut self, now: Timestamp) {
        self.state = State::Accepted { at: now };
        self.reopened += 1;
        self.drop_asked = None;
    }

    /// What the check said; nothing, if that changes nothing of how it stands.
    pub fn checked(&self, answer: Answer, now: Timestamp) -> Option<(Self, EventKind)> {
        let (state, event) = match (&self.state, answer) {
            (State::Done { at }, Answer::Yes) => {
                (State::Verified { at: now, done_at: *at, by: None }, EventKind::ActionItemVerified)
            }
            (State::Verified { done_at, .. }, Answer::No) => {
                (State::Done { at: *done_at }, EventKind::ActionItemUnproven)
            }
            _ => return None,
        };
        Some((Self { state, ..self.clone() }, event))
    }

    /// When whoever owns it is reminded next, if they were last at `last`; before, at, and after the due date.
    pub fn next_reminder(&self, last: Option<Timestamp>) -> Option<Timestamp> {
        if !self.state.is_open() {
            return None;
        }
        let before = BEFORE.before(self.due_at);
        // What is due within days of being proposed is not asked for before.
        let first = if before > self.proposed_at { before } else { self.due_at };
        let Some(last) = last else { return Some(first) };
        if last < first {
            return Some(first);
        }
        if last < self.due_at {
            return Some(self.due_at);
        }
        let weeks = Span::between(self.due_at, last).as_millis() / EVERY.as_millis() + 1;
        Some(Span::millis(EVERY.as_millis() * weeks).after(self.due_at))
    }

    /// From the second week on it is not the owner's alone.
    pub fn is_escalated(&self, now: Timestamp) -> bool {
        self.state.is_open() && EVERY.after(self.due_at) <= now
    }

    /// When a machine asks its check again, after it was asked at `last`; nothing, where it does not by itself.
    pub fn next_check(&self, last: Timestamp) -> Option<Timestamp> {
        let since = match self.state {
            State::Done { at } | State::Verified { at, .. } if !self.check.is_manual() => at,
            _ => return None,
        };
        let held = matches!(self.state, State::Verified { .. }) && HELD_FOR.after(since) <= last;
        Some(if held { EVERY } else { CHECK_EVERY }.after(last))
    }

    fn must_be_open(&self) -> Result<()> {
        if self.state.is_open() { Ok(()) } else { Err(self.stands()) }
    }

    fn stands(&self) -> Refusal {
        Refusal::conflict(match self.state {
            State::WontDo { .. } => "it will not be done: reopen it first".to_owned(),
            _ => format!("it is {} already", self.state.word()),
        })
    }

    /// The fields that a journal entry keeps.
    pub fn particulars(&self) -> Value {
        serde_json::json!({
            "action_item": self.id,
            "title": self.title,
            "person": self.owner,
            "state": self.state.word(),
            "kind": self.kind,
            "priority": self.priority,
            "due_at": self.due_at,
            "check": self.check.word(),
        })
    }
}

fn due(at: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if at <= now {
        return Err(Refusal::invalid("it is due in the past: name a day to come").at("/due_at"));
    }
    if DUE_MOST.after(now) < at {
        return Err(Refusal::invalid("it is due in more than a year: cut it into items that end").at("/due_at"));
    }
    Ok(at)
}

fn factor(said: Option<&str>) -> Result<Option<String>> {
    match said.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => entries::line(text, FACTOR_MOST, "/factor").map(Some),
    }
}

#[cfg(test)]
#[path = "action_items_tests.rs"]
mod tests;
