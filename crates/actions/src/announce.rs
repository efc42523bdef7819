//! Writes to the journal, in the transaction of the act.

use domain::words::{Event, EventKind};
use serde_json::Value;
use store::{Halt, Tx};

use crate::Moment;

/// Notes that something happened, now, by whoever acts.
pub fn event(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    subjects: Vec<String>,
    why: Option<&str>,
    data: Value,
) -> Result<(), Halt> {
    let event = Event {
        id: moment.mint.id(moment.now),
        kind,
        at: moment.now,
        actor: moment.actor.clone(),
        subjects,
        why: why.map(str::to_owned),
        data,
    };
    store::journal::append(tx, &event, moment.now)?;
    Ok(())
}
