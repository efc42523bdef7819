//! The record of an incident in the languages of others, as far as whoever asks sees it.

use domain::respond::exports::{Language, Record, write};
use domain::respond::observables::Observable;
use domain::respond::sight::Sight;
use domain::respond::tlp::Tlp;
use domain::words::IncidentId;
use serde_json::Value;
use store::respond::{affected, observables, stamps, techniques};
use store::{Halt, Tx};

use super::incidents::seen;
use crate::Node;

/// Writes the record in a language, up to a marking.
pub fn export(
    tx: &mut Tx<'_>,
    node: &Node,
    incident: IncidentId,
    sight: Sight<'_>,
    language: Language,
    most: Tlp,
) -> Result<Value, Halt> {
    let row = seen(tx, incident, sight)?;
    let observables: Vec<Observable> = observables::of_incident(tx, incident, sight)?;
    let (stamps, affected) = (stamps::of_incident(tx, incident)?, affected::of_incident(tx, incident)?);
    let techniques = techniques::of_incident(tx, incident)?;
    let record = Record {
        public_url: &node.identity.public_url,
        id: incident,
        title: &row.title,
        because: row.because.as_deref(),
        impact: row.impact.as_deref(),
        class: row.state.class,
        phase: row.state.phase,
        severity: row.state.severity.as_deref(),
        visibility: row.state.visibility,
        near_miss: row.near_miss,
        drill: row.drill,
        reported_at: row.reported_at,
        since: row.state.since,
        stamps: &stamps,
        observables: &observables,
        affected: &affected,
        techniques: &techniques,
    };
    Ok(write(language, &record, most)?)
}
