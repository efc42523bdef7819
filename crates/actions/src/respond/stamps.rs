//! Stamps: what people and machines claim of when something happened.

use domain::respond::entries;
use domain::respond::stamps::{Milestone, Source, Stamp, When, standing};
use domain::words::{EventKind, IncidentId, Refusal, StampId};
use serde_json::json;
use store::respond::stamps as rows;
use store::{Halt, Tx};

use super::incidents::find;
use crate::announce::Told;
use crate::{Moment, announce};

/// What somebody claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub milestone: Milestone,
    pub when: When,
    pub source: Source,
    /// Where it is shown.
    pub evidence: Option<String>,
    pub note: Option<String>,
    /// The claim that this one replaces.
    pub supersedes: Option<StampId>,
}

impl Claim {
    /// Somebody says so.
    pub fn by_person(milestone: Milestone, when: When) -> Self {
        Self { milestone, when, source: Source::Human, evidence: None, note: None, supersedes: None }
    }
}

/// Enters a claim. An odd time is kept as it is; it shows among the oddities.
pub fn claim(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId, claim: &Claim) -> Result<Stamp, Halt> {
    find(tx, moment, incident)?;
    if let Some(earlier) = claim.supersedes {
        let there = rows::of_incident(tx, incident)?;
        match there.iter().find(|stamp| stamp.id == earlier) {
            Some(stamp) if stamp.milestone == claim.milestone => {}
            Some(stamp) => {
                let message = format!("{earlier} is of \"{}\": only a claim of the same is replaced", stamp.milestone);
                return Err(Refusal::invalid(message).at("/supersedes").into());
            }
            None => return Err(Refusal::invalid(format!("there is no stamp {earlier}")).at("/supersedes").into()),
        }
        if there.iter().any(|stamp| stamp.supersedes == Some(earlier)) {
            let message = format!("{earlier} is superseded already: replace the claim that stands now");
            return Err(Refusal::conflict(message).at("/supersedes").into());
        }
    }
    let said = |text: Option<&String>, place: &str| -> Result<Option<String>, Refusal> {
        text.filter(|text| !text.trim().is_empty()).map(|text| entries::text(text, place)).transpose()
    };
    let (evidence, note) = (said(claim.evidence.as_ref(), "/evidence")?, said(claim.note.as_ref(), "/note")?);
    enter(tx, moment, incident, EventKind::StampClaimed, &Claim { evidence, note, ..claim.clone() })
}

/// What this program recorded itself, unless something better is claimed: a later one of its own gives way to an
/// earlier, and what a person said stays.
pub(crate) fn derive(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    milestone: Milestone,
    when: When,
    source: Source,
) -> Result<(), Halt> {
    let all = rows::of_incident(tx, incident)?;
    let held = standing(&all).get(&milestone).map(|stamp| (*stamp).clone());
    let supersedes = match held {
        None => None,
        Some(held) if matches!(held.source, Source::Monitor | Source::Derived) && when.is_before(&held.when) => {
            Some(held.id)
        }
        Some(_) => return Ok(()),
    };
    let claim = Claim { milestone, when, source, evidence: None, note: None, supersedes };
    enter(tx, moment, incident, EventKind::StampDerived, &claim)?;
    Ok(())
}

/// A milestone is reached now, and again if it was before: an incident that came back is resolved anew.
pub(super) fn reach(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    milestone: Milestone,
) -> Result<(), Halt> {
    let all = rows::of_incident(tx, incident)?;
    let supersedes = standing(&all).get(&milestone).map(|stamp| stamp.id);
    if milestone == Milestone::Declared && supersedes.is_some() {
        return Ok(());
    }
    let when = When::exactly(moment.now);
    let claim = Claim { milestone, when, source: Source::Derived, evidence: None, note: None, supersedes };
    enter(tx, moment, incident, EventKind::StampDerived, &claim)?;
    Ok(())
}

fn enter(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    kind: EventKind,
    claim: &Claim,
) -> Result<Stamp, Halt> {
    let stamp = Stamp {
        id: moment.mint.id(moment.now),
        milestone: claim.milestone,
        when: claim.when.clone(),
        source: claim.source,
        by: moment.actor.to_string(),
        entered_at: moment.now,
        evidence: claim.evidence.clone(),
        note: claim.note.clone(),
        supersedes: claim.supersedes,
    };
    rows::insert(tx, incident, &stamp)?;
    let data = json!({
        "stamp": stamp.id,
        "milestone": stamp.milestone,
        "at": stamp.when.at,
        "precision": stamp.when.precision,
        "source": stamp.source,
        "note": stamp.note,
        "supersedes": stamp.supersedes,
    });
    announce::of_incident(tx, moment, kind, incident, Vec::new(), Told::of(data))?;
    Ok(stamp)
}
