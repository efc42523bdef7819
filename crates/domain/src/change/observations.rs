//! What programs report of changes that they do: a deployment began, went on, succeeded, failed, was taken back.
//!
//! Reports come in any order and any number of times. A change is what all of them say together, so that the order in which
//! they came shows nowhere: the latest decides, and of two of one instant the one that says more.

use super::changes::State;
use super::proposals::Proposal;
use crate::words::choices::choices;
use crate::words::{Refusal, Result, Timestamp};

choices! {
    /// How far a program says that a change is.
    Stage: "the stage of a change" at "/stage" {
        Began = "began",
        /// A part of it went out: to a share of the users, to one place of several.
        Stage = "stage",
        Finished = "finished",
        Failed = "failed",
        RolledBack = "rolled-back",
    }
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What the program calls the change; the same for all that it says of it.
    pub key: String,
    pub stage: Stage,
    pub at: Timestamp,
    pub proposal: Proposal,
    /// Of a part, or of a failure: more in words.
    pub said: String,
    /// An http(s) URL where people can look.
    pub link: Option<String>,
}

/// The longest key that is taken.
pub const KEY_MOST: usize = 255;

impl Observation {
    /// What is wrong with it.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        if self.key.is_empty() || self.key.len() > KEY_MOST || self.key.contains(char::is_control) {
            return Err(Refusal::invalid(format!("a key has 1 to {KEY_MOST} bytes, in one line")).at("/key"));
        }
        if self.at > crate::words::Span::hours(24).after(now) {
            return Err(Refusal::invalid("it is more than a day ahead: is the clock of the sender right?").at("/at"));
        }
        self.proposal.check()
    }
}

/// How a change stands by all that was said of it; nothing, if nothing was.
pub fn stands(said: &[(Timestamp, Stage, String)]) -> Option<State> {
    let (at, stage, words) = said.iter().max()?;
    Some(match stage {
        Stage::Began | Stage::Stage => {
            let since = said.iter().map(|(at, ..)| *at).min().unwrap_or(*at);
            State::Running { since }
        }
        Stage::Finished => State::Finished { at: *at },
        Stage::Failed => State::Failed { at: *at, why: words.clone() },
        Stage::RolledBack => State::RolledBack { at: *at, outcome: None },
    })
}

/// When it began and when it ended, by all that was said of it.
pub fn stretch(said: &[(Timestamp, Stage, String)]) -> (Option<Timestamp>, Option<Timestamp>) {
    let began = said.iter().map(|(at, ..)| *at).min();
    let ended = said.iter().max().filter(|(_, stage, _)| *stage >= Stage::Finished).map(|(at, ..)| *at);
    (began, ended)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn said(minute: i64, stage: Stage) -> (Timestamp, Stage, String) {
        (at(minute), stage, String::new())
    }

    #[test]
    fn the_latest_word_decides() {
        for (all, state) in [
            (vec![], None),
            (vec![said(1, Stage::Began)], Some(State::Running { since: at(1) })),
            (vec![said(1, Stage::Began), said(4, Stage::Stage)], Some(State::Running { since: at(1) })),
            (vec![said(1, Stage::Began), said(1, Stage::Finished)], Some(State::Finished { at: at(1) })),
            (
                vec![said(3, Stage::Failed), said(1, Stage::Began)],
                Some(State::Failed { at: at(3), why: String::new() }),
            ),
            (vec![said(9, Stage::Began), said(3, Stage::Failed)], Some(State::Running { since: at(3) })),
        ] {
            assert_eq!(stands(&all), state, "{all:?}");
        }
        assert_eq!(stretch(&[said(4, Stage::Finished), said(1, Stage::Began)]), (Some(at(1)), Some(at(4))));
        assert_eq!(stretch(&[said(4, Stage::Stage)]), (Some(at(4)), None));
    }

    proptest! {
        #[test]
        fn no_order_and_no_repetition_shows(
            all in prop::collection::vec((0i64..5, prop::sample::select(Stage::ALL), "[ab]?"), 1..8).prop_map(|all| {
                all.into_iter().map(|(minute, stage, words)| (at(minute), stage, words)).collect::<Vec<_>>()
            }),
        ) {
            let mut other = all.clone();
            other.extend(all.iter().rev().cloned());
            prop_assert_eq!(stands(&other), stands(&all));
            prop_assert_eq!(stretch(&other), stretch(&all));
        }
    }
}
