//! The clockwork: what happens without a person, when its time has come.
//!
//! Every due time is a column. `tick` does what is due and says when to come again; coming early or twice changes
//! nothing, coming late makes things late but loses nothing.

use domain::words::{Mint, Timestamp};
use store::{Error, Halt, Store, Tx, change as changes, detect, engage, inform, learn, respond};

use crate::change::{kills, reflexes, rollbacks};
use crate::detect::{alerts, heartbeats, silences};
use crate::engage::pages;
use crate::inform::{notices, subscribers};
use crate::learn::{item_checks, item_reminders, postmortem_owners, shared_texts};
use crate::respond::{command, reminders, tasks, updates};
use crate::{Node, board};

/// How much may be due at once before others get a turn.
const ROUNDS_MOST: usize = 50;

/// One thing that is done when its time has come.
struct Duty {
    /// When that is next.
    next: Next,
    /// Does some of what is due: how much. Nothing is due any more, or it is done elsewhere: 0.
    keep: fn(&Store, &Node, &mut Mint, Timestamp) -> Result<usize, Halt>,
}

enum Next {
    InStore(fn(&mut Tx<'_>) -> Result<Option<Timestamp>, Error>),
    OnBoard(fn(&Node, Timestamp) -> Option<Timestamp>),
}
use Next::{InStore, OnBoard};

/// Sources first, people last: an alert that is over need not be escalated.
const DUTIES: [Duty; 19] = [
    Duty { next: InStore(detect::silences::next_due), keep: silences::keep_time },
    Duty { next: InStore(detect::heartbeats::next_due), keep: heartbeats::look_for_missed },
    Duty { next: OnBoard(|node, now| node.board_mut().next_lapse(now)), keep: alerts::close_lapsed },
    Duty { next: InStore(detect::alerts::next_snooze), keep: alerts::end_snoozes },
    Duty { next: InStore(detect::groups::next_due), keep: alerts::end_waits },
    Duty { next: InStore(respond::incidents::next_command_due), keep: command::call_due },
    Duty { next: InStore(respond::tasks::next_due), keep: tasks::remind_late },
    Duty { next: InStore(respond::updates::next_due), keep: updates::keep_time },
    Duty { next: InStore(respond::obligations::next_reminder), keep: reminders::remind_due },
    Duty { next: InStore(changes::rollbacks::next_verdict), keep: rollbacks::judge_due },
    Duty { next: InStore(changes::reflexes::next_due), keep: reflexes::keep_time },
    Duty { next: InStore(learn::action_items::next_check), keep: item_checks::keep_time },
    Duty { next: InStore(learn::action_items::next_reminder), keep: item_reminders::remind_due },
    Duty { next: InStore(engage::pages::next_due), keep: pages::advance_due },
    Duty { next: InStore(changes::kills::next_due), keep: kills::keep_time },
    Duty { next: InStore(learn::postmortems::next_due), keep: postmortem_owners::keep_time },
    Duty {
        next: InStore(learn::shared_texts::next_due),
        keep: |store, _, mint, now| shared_texts::keep_time(store, mint, now),
    },
    Duty { next: InStore(inform::notices::next_due), keep: notices::keep_time },
    Duty {
        next: InStore(inform::notices::next_telling),
        keep: |store, _, mint, now| subscribers::tell(store, mint, now),
    },
];

/// Does everything that is due by `now`. Answers when something is due next; the same instant, if there is more to do.
pub fn tick(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    board::refresh(store, node, now)?;
    for _ in 0..ROUNDS_MOST {
        let dues = dues(store, node, now)?;
        if dues.iter().flatten().all(|due| *due > now) {
            return Ok(dues.into_iter().flatten().min());
        }
        let mut done = 0;
        // What comes up in this round is done in the next one.
        for (duty, due) in DUTIES.iter().zip(dues) {
            if due.is_some_and(|due| due <= now) {
                done += (duty.keep)(store, node, mint, now)?;
            }
        }
        if done == 0 {
            return next_due(store, node, now);
        }
    }
    Ok(Some(now))
}

/// When something is due next, as far as the store and this node's board know.
pub fn next_due(store: &Store, node: &Node, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    Ok(dues(store, node, now)?.into_iter().flatten().min())
}

/// When each duty is due next.
fn dues(store: &Store, node: &Node, now: Timestamp) -> Result<[Option<Timestamp>; DUTIES.len()], Halt> {
    let mut dues = store.read(|tx| {
        let mut dues = [None; DUTIES.len()];
        for (due, duty) in dues.iter_mut().zip(&DUTIES) {
            if let InStore(next) = duty.next {
                *due = next(tx)?;
            }
        }
        Ok(dues)
    })?;
    // Apart: whoever holds the board may be waiting for the store.
    for (due, duty) in dues.iter_mut().zip(&DUTIES) {
        if let OnBoard(next) = duty.next {
            *due = next(node, now);
        }
    }
    Ok(dues)
}
