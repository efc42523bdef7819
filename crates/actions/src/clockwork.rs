//! The clockwork: what happens without a person, when its time has come.
//!
//! Every due time is a column. `tick` does what is due and says when to come again; coming early or twice changes
//! nothing, coming late makes things late but loses nothing.

use domain::words::{Mint, Timestamp};
use store::{Halt, Store};

use crate::change::{kills, reflexes, rollbacks};
use crate::detect::{alerts, heartbeats, silences};
use crate::engage::pages;
use crate::inform::{notices, subscribers};
use crate::learn::{item_checks, item_reminders, postmortem_owners, shared_texts};
use crate::respond::{command, reminders, tasks, updates};
use crate::{Node, board};

/// How much may be due at once before others get a turn.
const ROUNDS_MOST: usize = 50;

/// Does everything that is due by `now`. Answers when something is due next; the same instant, if there is more to do.
pub fn tick(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    board::refresh(store, node, now)?;
    for _ in 0..ROUNDS_MOST {
        // Sources first, people last: an alert that is over need not be escalated.
        let done = silences::keep_time(store, node, mint, now)?
            + heartbeats::look_for_missed(store, node, mint, now)?
            + alerts::close_lapsed(store, node, mint, now)?
            + alerts::end_snoozes(store, node, mint, now)?
            + alerts::end_waits(store, node, mint, now)?
            + command::call_due(store, node, mint, now)?
            + tasks::remind_late(store, node, mint, now)?
            + updates::keep_time(store, node, mint, now)?
            + reminders::remind_due(store, node, mint, now)?
            + rollbacks::judge_due(store, node, mint, now)?
            + reflexes::keep_time(store, node, mint, now)?
            + item_checks::keep_time(store, node, mint, now)?
            + item_reminders::remind_due(store, node, mint, now)?
            + pages::advance_due(store, node, mint, now)?
            + kills::keep_time(store, node, mint, now)?
            + postmortem_owners::keep_time(store, node, mint, now)?
            + shared_texts::keep_time(store, mint, now)?
            + notices::keep_time(store, node, mint, now)?
            + subscribers::tell(store, mint, now)?;
        if done == 0 {
            return next_due(store, node, now);
        }
    }
    Ok(Some(now))
}

/// When something is due next, as far as the store and this node's board know.
pub fn next_due(store: &Store, node: &Node, now: Timestamp) -> Result<Option<Timestamp>, Halt> {
    let in_store = store.read(|tx| {
        Ok([
            store::detect::silences::next_due(tx)?,
            store::detect::heartbeats::next_due(tx)?,
            store::detect::alerts::next_snooze(tx)?,
            store::detect::groups::next_due(tx)?,
            store::engage::pages::next_due(tx)?,
            store::respond::incidents::next_command_due(tx)?,
            store::respond::tasks::next_due(tx)?,
            store::respond::updates::next_due(tx)?,
            store::respond::obligations::next_reminder(tx)?,
            store::change::rollbacks::next_verdict(tx)?,
            store::change::reflexes::next_due(tx)?,
            store::change::kills::next_due(tx)?,
            store::learn::postmortems::next_due(tx)?,
            store::learn::shared_texts::next_due(tx)?,
            store::learn::action_items::next_due(tx)?,
            store::inform::notices::next_due(tx)?,
            store::inform::notices::telling(tx)?.map(|_| now),
        ]
        .into_iter()
        .flatten()
        .min())
    })?;
    let lapse = node.board_mut().next_lapse(now);
    Ok(in_store.into_iter().chain(lapse).min())
}
