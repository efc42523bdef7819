//! Evidence: collected, handed over, copied; and found altered.
//!
//! The bytes are on disk before the act begins: what is written down here is there. Looking for them is the caller's.

use domain::respond::evidence::{Content, Custody, Evidence, Found, HandOver, Step, next};
use domain::respond::sight::Sight;
use domain::respond::tlp::Tlp;
use domain::words::{EventKind, EvidenceId, IncidentId, Refusal};
use serde_json::{Value, json};
use store::respond::{evidence as rows, sight};
use store::{Halt, Tx};

use super::incidents::{find, seen};
use crate::announce::Told;
use crate::{Moment, announce};

/// Evidence with its log of custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub evidence: Evidence,
    pub custody: Vec<Custody>,
}

/// Refuses somebody outside what they could not see afterwards.
pub fn must_see(tx: &mut Tx<'_>, moment: &Moment<'_>, incident: IncidentId, tlp: Tlp) -> Result<(), Halt> {
    find(tx, moment, incident)?;
    if tlp == Tlp::Red && !sight::is_inside(tx, incident, Sight::of(&moment.actor))? {
        let why = "TLP:RED stays with those who are named for the incident or hold a role in it: be named first";
        return Err(Refusal::forbidden(why).at("/tlp").into());
    }
    Ok(())
}

/// Writes down what was collected, under an id that was minted before its bytes were kept.
pub fn collect(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: EvidenceId,
    found: &Found,
    content: &Content,
) -> Result<Held, Halt> {
    must_see(tx, moment, incident, found.tlp)?;
    let found = found.clone().checked(moment.now)?;
    let evidence = Evidence {
        id,
        content: content.clone(),
        added_by: moment.actor.to_string(),
        added_at: moment.now,
        altered_at: None,
        found,
    };
    rows::insert(tx, incident, &evidence)?;
    let first = Custody {
        number: 1,
        step: Step::Collected,
        at: evidence.found.collected_at,
        from: None,
        to: Some(evidence.found.collector.clone()),
        place: evidence.found.place.clone(),
        why: None,
        by: moment.actor.to_string(),
        recorded_at: moment.now,
    };
    log(tx, moment, incident, &evidence, &first, EventKind::EvidenceCollected)?;
    Ok(Held { evidence, custody: vec![first] })
}

/// Somebody gives it to somebody.
pub fn hand_over(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: EvidenceId,
    hand: &HandOver,
) -> Result<Held, Halt> {
    let mut held = get(tx, incident, id, &moment.actor.clone())?;
    let line = hand.line(&held.evidence, &held.custody, moment.actor.to_string(), moment.now)?;
    log(tx, moment, incident, &held.evidence, &line, EventKind::EvidenceHandedOver)?;
    held.custody.push(line);
    Ok(held)
}

/// Whoever acts takes a copy of what is kept here.
pub fn copy(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId, id: EvidenceId) -> Result<Evidence, Halt> {
    let held = get(tx, incident, id, &moment.actor.clone())?;
    must_be_kept(&held.evidence)?;
    let to = moment.person().map_or_else(|| moment.actor.to_string(), ToString::to_string);
    let line = Custody { to: Some(to), ..line(&held, moment, Step::Downloaded) };
    log(tx, moment, incident, &held.evidence, &line, EventKind::EvidenceDownloaded)?;
    Ok(held.evidence)
}

/// What is kept is not what was collected. Noted once.
pub fn altered(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId, id: EvidenceId) -> Result<(), Halt> {
    let held = get(tx, incident, id, &moment.actor.clone())?;
    if !rows::set_altered(tx, id, moment.now)? {
        return Ok(());
    }
    let moment = &mut moment.by_rule("evidence");
    let line = line(&held, moment, Step::Altered);
    log(tx, moment, incident, &held.evidence, &line, EventKind::EvidenceAltered)
}

/// One piece, for whoever may see it.
pub fn one(tx: &mut Tx<'_>, incident: IncidentId, id: EvidenceId, sight: Sight<'_>) -> Result<Held, Halt> {
    seen(tx, incident, sight)?;
    let found = rows::get(tx, incident, id, sight)?;
    let evidence = found.ok_or_else(|| Refusal::not_found(format!("evidence {id}")))?;
    Ok(Held { custody: rows::custody(tx, id)?, evidence })
}

/// All of an incident that may be seen, in the order in which it was written down.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<Held>, Halt> {
    seen(tx, incident, sight)?;
    let mut all = Vec::new();
    for evidence in rows::of_incident(tx, incident, sight)? {
        all.push(Held { custody: rows::custody(tx, evidence.id)?, evidence });
    }
    Ok(all)
}

/// Refuses what is not here to be copied.
pub fn must_be_kept(evidence: &Evidence) -> Result<(), Refusal> {
    if evidence.content.is_kept() {
        return Ok(());
    }
    Err(Refusal::conflict("it is kept elsewhere: the log of custody says who has it"))
}

fn get(tx: &mut Tx<'_>, incident: IncidentId, id: EvidenceId, actor: &domain::words::Actor) -> Result<Held, Halt> {
    one(tx, incident, id, Sight::of(actor))
}

fn line(held: &Held, moment: &Moment<'_>, step: Step) -> Custody {
    Custody {
        number: next(&held.custody),
        step,
        at: moment.now,
        from: None,
        to: None,
        place: None,
        why: None,
        by: moment.actor.to_string(),
        recorded_at: moment.now,
    }
}

fn log(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    evidence: &Evidence,
    line: &Custody,
    kind: EventKind,
) -> Result<(), Halt> {
    rows::log(tx, evidence.id, line)?;
    let tlp = evidence.found.tlp;
    let told = |said: Option<&String>| said.and_then(|said| tlp.told(said)).map(str::to_owned);
    let mut data: Value = json!({
        "evidence": evidence.id,
        "tlp": tlp,
        "title": tlp.told(&evidence.found.title),
        "custody": line.number,
        "sha256": evidence.content.sha256().map(|hash| hash.to_string()),
    });
    match kind {
        EventKind::EvidenceCollected => {
            if let Content::Kept { size, .. } = &evidence.content {
                data["size"] = json!(size);
            }
            data["collector"] = json!(told(line.to.as_ref()));
        }
        EventKind::EvidenceHandedOver => {
            data["from"] = json!(told(line.from.as_ref()));
            data["to"] = json!(told(line.to.as_ref()));
        }
        _ => {}
    }
    let why = line.why.as_deref().and_then(|why| tlp.told(why));
    let told = Told { why, data, at: Some(line.at) };
    announce::of_incident(tx, moment, kind, incident, vec![evidence.id.to_string()], told)?;
    Ok(())
}
