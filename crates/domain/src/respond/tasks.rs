//! Tasks: what one named person does by when. "Can someone ..." is none.
//!
//! A task is given, and the person takes it; until then nobody may count on it. It has a time box, at whose end the person
//! says how it stands, and it ends with a result in words, or is dropped with a reason.

use crate::words::{EventKind, Name, Refusal, Result, Span, TaskId, Timestamp};

/// Something to be done in an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub id: TaskId,
    pub title: String,
    pub owner: Name,
    pub given_at: Timestamp,
    /// When the owner reports, done or not.
    pub due_at: Option<Timestamp>,
    pub state: State,
}

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The owner has not said yet that they do it.
    Given,
    Taken {
        at: Timestamp,
    },
    Done {
        at: Timestamp,
        result: String,
    },
    Dropped {
        at: Timestamp,
        why: String,
    },
}

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Taken { .. } => "taken",
            Self::Done { .. } => "done",
            Self::Dropped { .. } => "dropped",
        }
    }
}

/// What somebody wants of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Take,
    /// To somebody else, who takes it anew.
    Give {
        to: Name,
    },
    /// The owner reports later.
    Extend {
        by: Span,
    },
    Done {
        result: String,
    },
    Drop {
        why: String,
    },
}

/// A time box is this long at most: what takes longer is cut into tasks that end.
pub const BOX_MOST: Span = Span::hours(24);

impl Task {
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Given | State::Taken { .. })
    }

    /// Its time box is over, and the owner has not reported.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.is_open() && self.due_at.is_some_and(|due| due < now)
    }

    /// A new one. Whoever gives it to themselves has taken it.
    pub fn give(
        id: TaskId,
        title: String,
        to: Name,
        by: Option<&Name>,
        within: Option<Span>,
        now: Timestamp,
    ) -> Result<Self> {
        let state = if by == Some(&to) { State::Taken { at: now } } else { State::Given };
        let due_at = within.map(boxed).transpose()?.map(|within| within.after(now));
        Ok(Self { id, title, owner: to, given_at: now, due_at, state })
    }

    /// Does what was asked, or says why not. `leads` is whether whoever asks commands the incident or is deputy.
    pub fn act(&self, wish: &Wish, by: Option<&Name>, leads: bool, now: Timestamp) -> Result<(Self, EventKind)> {
        if !self.is_open() {
            return Err(Refusal::conflict(format!("it is {} already", self.state.word())));
        }
        let owns = by == Some(&self.owner);
        let must_own = |what: &str| {
            if owns || leads {
                return Ok(());
            }
            Err(Refusal::forbidden(format!("{} has it: only they, the commander and the deputy {what}", self.owner)))
        };
        let mut next = self.clone();
        let event = match wish {
            Wish::Take if !owns => {
                return Err(Refusal::forbidden(format!(
                    "it is given to {}: ask for it to be given to you",
                    self.owner
                )));
            }
            Wish::Take if self.state != State::Given => return Err(Refusal::conflict("you have it already")),
            Wish::Take => {
                next.state = State::Taken { at: now };
                EventKind::TaskTaken
            }
            Wish::Give { to } => {
                must_own("give it to somebody else")?;
                if *to == self.owner {
                    return Err(Refusal::conflict(format!("{to} has it already")));
                }
                next.owner = to.clone();
                next.state = if by == Some(to) { State::Taken { at: now } } else { State::Given };
                EventKind::TaskGiven
            }
            Wish::Extend { by: span } => {
                must_own("say how long it takes")?;
                next.due_at = Some(boxed(*span)?.after(now));
                EventKind::TaskExtended
            }
            Wish::Done { result } => {
                must_own("say that it is done")?;
                next.state = State::Done { at: now, result: result.clone() };
                EventKind::TaskDone
            }
            Wish::Drop { why } => {
                must_own("drop it")?;
                next.state = State::Dropped { at: now, why: why.clone() };
                EventKind::TaskDropped
            }
        };
        Ok((next, event))
    }
}

fn boxed(span: Span) -> Result<Span> {
    if span.as_millis() <= 0 || span > BOX_MOST {
        return Err(Refusal::invalid("a time box is longer than nothing and a day at most").at("/within"));
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, RefusalKind};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn given(by: &str, to: &str) -> Task {
        let id = Mint::seeded(1).id(at(0));
        Task::give(id, "look".into(), name(to), Some(&name(by)), Some(Span::minutes(20)), at(0)).unwrap()
    }

    #[test]
    fn nobody_counts_on_a_task_before_it_was_taken() {
        let task = given("ana", "ben");
        assert_eq!(task.state, State::Given);
        assert!(!task.is_late(at(20)) && task.is_late(at(21)));
        let by = |who: &str, wish: &Wish| task.act(wish, Some(&name(who)), false, at(1));
        assert_eq!(by("cleo", &Wish::Take).unwrap_err().kind, RefusalKind::Forbidden);
        let (taken, event) = by("ben", &Wish::Take).unwrap();
        assert_eq!((taken.state.clone(), event), (State::Taken { at: at(1) }, EventKind::TaskTaken));
        assert!(taken.act(&Wish::Take, Some(&name("ben")), false, at(2)).is_err());
        assert_eq!(
            given("ben", "ben").state,
            State::Taken { at: at(0) },
            "whoever gives it to themselves has taken it"
        );
    }

    #[test]
    fn the_owner_and_whoever_leads_say_what_becomes_of_it() {
        let task = given("ana", "ben");
        let done = Wish::Done { result: "it was the cache".into() };
        assert_eq!(task.act(&done, Some(&name("cleo")), false, at(1)).unwrap_err().kind, RefusalKind::Forbidden);
        for (who, leads) in [("ben", false), ("ana", true)] {
            let (over, event) = task.act(&done, Some(&name(who)), leads, at(1)).unwrap();
            assert_eq!(event, EventKind::TaskDone);
            assert!(!over.is_open() && !over.is_late(at(99)));
            assert_eq!(
                over.act(&Wish::Take, Some(&name("ben")), false, at(2)).unwrap_err().message,
                "it is done already"
            );
        }
        let (moved, _) = task.act(&Wish::Give { to: name("cleo") }, Some(&name("ana")), true, at(1)).unwrap();
        assert_eq!((moved.owner, moved.state), (name("cleo"), State::Given));
        let (longer, _) = task.act(&Wish::Extend { by: Span::minutes(30) }, Some(&name("ben")), false, at(10)).unwrap();
        assert_eq!(longer.due_at, Some(at(40)));
        for wrong in [Span::ZERO, Span::hours(25)] {
            assert!(task.act(&Wish::Extend { by: wrong }, Some(&name("ben")), false, at(1)).is_err());
        }
    }
}
