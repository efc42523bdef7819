//! Writes to the journal, in the transaction of the act.

use domain::words::{Event, EventId, EventKind, IncidentId, Timestamp};
use serde_json::Value;
use store::{Halt, Tx};

use crate::Moment;
use crate::learn::postmortem_policies;

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

/// Notes that something happened in an incident: on its timeline, for those who may see it. Answers with the entry's id.
pub fn of_incident(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    kind: EventKind,
    incident: IncidentId,
    also: Vec<String>,
    told: Told<'_>,
) -> Result<EventId, Halt> {
    let subjects = std::iter::once(incident.to_string()).chain(also).collect();
    let mut event = new(moment, kind, subjects, told.why, told.data);
    event.incident = Some(incident);
    event.at = told.at.unwrap_or(event.at);
    store::journal::append(tx, &event, moment.now)?;
    postmortem_policies::note(tx, incident, kind, moment.now)?;
    Ok(event.id)
}

/// What is told of something that happened in an incident.
#[derive(Debug, Default)]
pub struct Told<'a> {
    pub why: Option<&'a str>,
    pub data: Value,
    /// When it happened, if that was before now.
    pub at: Option<Timestamp>,
}

impl Told<'_> {
    pub fn of(data: Value) -> Self {
        Self { data, ..Self::default() }
    }
}

fn new(moment: &mut Moment<'_>, kind: EventKind, subjects: Vec<String>, why: Option<&str>, data: Value) -> Event {
    Event {
        id: moment.mint.id(moment.now),
        kind,
        at: moment.now,
        actor: moment.actor.clone(),
        subjects,
        incident: None,
        why: why.map(str::to_owned),
        data,
    }
}
