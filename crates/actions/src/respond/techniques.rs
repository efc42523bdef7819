//! Techniques of ATT&CK: named for an incident or an entry of its timeline, and withdrawn.

use domain::respond::entries;
use domain::respond::sight::Sight;
use domain::respond::techniques::{Named, TechniqueId, Withdrawn, name as called};
use domain::words::{EventId, EventKind, IncidentId, Refusal};
use serde_json::json;
use store::respond::techniques as rows;
use store::{Halt, Tx, journal};

use super::incidents::{find, seen};
use super::room::shows;
use crate::announce::Told;
use crate::{Moment, announce};

/// Names a technique. One that was withdrawn comes back.
pub fn name(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    technique: &TechniqueId,
    entry: Option<EventId>,
    note: Option<&str>,
) -> Result<Named, Halt> {
    find(tx, moment, incident)?;
    if let Some(entry) = entry {
        let there = journal::get(tx, entry, Sight::of(&moment.actor))?;
        let there = match there {
            Some(there) => there.incident == Some(incident) || shows(tx, incident, &there)?,
            None => false,
        };
        if !there {
            return Err(Refusal::invalid(format!("there is no entry {entry} on this timeline")).at("/entry").into());
        }
    }
    let note = note.filter(|note| !note.trim().is_empty()).map(|note| entries::text(note, "/note")).transpose()?;
    if rows::get(tx, incident, technique, entry)?.is_some_and(|before| before.withdrawn.is_none()) {
        return Err(Refusal::conflict(format!("{technique} is named already")).at("/technique").into());
    }
    let named = Named {
        technique: technique.clone(),
        entry,
        note,
        by: moment.actor.to_string(),
        at: moment.now,
        withdrawn: None,
    };
    write(tx, moment, incident, &named, EventKind::TechniqueNamed, None)?;
    Ok(named)
}

/// Withdraws one that does not hold. It stays on record.
pub fn withdraw(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    technique: &TechniqueId,
    entry: Option<EventId>,
    why: &str,
) -> Result<Named, Halt> {
    find(tx, moment, incident)?;
    let named = rows::get(tx, incident, technique, entry)?.filter(|named| named.withdrawn.is_none());
    let mut named = named.ok_or_else(|| Refusal::not_found(format!("technique {technique} here")))?;
    let why = entries::line(why, 200, "/why")?;
    named.withdrawn = Some(Withdrawn { why: why.clone(), by: moment.actor.to_string(), at: moment.now });
    write(tx, moment, incident, &named, EventKind::TechniqueWithdrawn, Some(&why))?;
    Ok(named)
}

/// All of an incident, for whoever may see it; also those that were withdrawn.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<Named>, Halt> {
    seen(tx, incident, sight)?;
    Ok(rows::of_incident(tx, incident)?)
}

fn write(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    named: &Named,
    kind: EventKind,
    why: Option<&str>,
) -> Result<(), Halt> {
    rows::save(tx, incident, named)?;
    let data = json!({
        "technique": named.technique.as_str(),
        "name": called(&named.technique),
        "entry": named.entry,
        "note": named.note,
    });
    announce::of_incident(tx, moment, kind, incident, Vec::new(), Told { why, data, at: None })?;
    Ok(())
}
