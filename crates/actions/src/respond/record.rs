//! The record of an incident at a glance: how much there is of each, for the room.

use domain::respond::sight::Sight;
use domain::words::IncidentId;
use store::respond::{affected, evidence, observables, techniques};
use store::{Error, Tx};

/// How much of the record whoever looks may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub evidence: u64,
    pub observables: u64,
    pub affected: usize,
    pub techniques: usize,
}

impl Tally {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Counts it. The incident itself must have been found before.
pub fn tally(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Tally, Error> {
    Ok(Tally {
        evidence: evidence::count(tx, incident, sight)?,
        observables: observables::count(tx, incident, sight)?,
        affected: affected::of_incident(tx, incident)?.len(),
        techniques: techniques::of_incident(tx, incident)?.iter().filter(|one| one.withdrawn.is_none()).count(),
    })
}
