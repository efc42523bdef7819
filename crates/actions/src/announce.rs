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
    let event = new(moment, kind, subjects, why, data);
    store::journal::append(tx, &event, moment.now)?;
    Ok(())
}

/// What happened to alerts and groups that find it in another way than by their names, but for these groups.
pub fn of_groups(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    subjects: Vec<String>,
    found_by: &[String],
    data: Value,
) -> Result<(), Halt> {
    let event = new(moment, kind, subjects, None, data);
    store::journal::append_found_by(tx, &event, moment.now, found_by)?;
    Ok(())
}

fn new(moment: &mut Moment<'_>, kind: EventKind, subjects: Vec<String>, why: Option<&str>, data: Value) -> Event {
    Event {
        id: moment.mint.id(moment.now),
        kind,
        at: moment.now,
        actor: moment.actor.clone(),
        subjects,
        why: why.map(str::to_owned),
        data,
    }
}
