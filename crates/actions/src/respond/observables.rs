//! Observables: added, judged, struck.

use domain::respond::entries;
use domain::respond::observables::{FOUND_MOST, Kind, Observable, Seen, Struck, Verdict, classify, defang, normalise};
use domain::respond::sight::Sight;
use domain::respond::tlp::Tlp;
use domain::words::{EventKind, IncidentId, ObservableId, Refusal, Timestamp};
use serde_json::json;
use store::respond::observables as rows;
use store::{Halt, Tx};

use super::evidence::must_see;
use super::incidents::{find, seen};
use crate::announce::Told;
use crate::{Moment, announce};

/// A value that somebody saw; its type, if they know it better than its looks tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub kind: Option<Kind>,
    pub value: String,
}

/// What became of each value, in the order of what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub observable: Observable,
    /// It stood there already, and stays as it was.
    pub known: bool,
}

/// Adds values, all of which are known alike. One that stands there already stays as it is.
pub fn add(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    wanted: &[Wanted],
    about: &Seen,
) -> Result<Vec<Added>, Halt> {
    must_see(tx, moment, incident, about.tlp)?;
    if wanted.is_empty() {
        return Err(Refusal::invalid("name at least one").at("/values").into());
    }
    if wanted.len() > FOUND_MOST {
        return Err(Refusal::invalid(format!("at most {FOUND_MOST} at once")).at("/values").into());
    }
    let about = about.clone().checked()?;
    let actor = moment.actor.clone();
    let mut all: Vec<Added> = Vec::new();
    for (place, one) in wanted.iter().enumerate() {
        let (kind, value) = read(one).map_err(|refusal| {
            let inside = refusal.at.clone().unwrap_or_default();
            refusal.at(format!("/values/{place}{inside}"))
        })?;
        let known = match all.iter().find(|before| (before.observable.kind, &before.observable.value) == (kind, &value))
        {
            Some(twice) => Some(twice.observable.clone()),
            None => rows::standing(tx, incident, kind, &value, Sight::of(&actor))?,
        };
        if let Some(observable) = known {
            all.push(Added { observable, known: true });
            continue;
        }
        let observable = Observable {
            id: moment.mint.id(moment.now),
            kind,
            value,
            seen: about.clone(),
            added_by: actor.to_string(),
            added_at: moment.now,
            struck: None,
        };
        rows::save(tx, incident, &observable)?;
        all.push(Added { observable, known: false });
    }
    let fresh: Vec<&Observable> = all.iter().filter(|one| !one.known).map(|one| &one.observable).collect();
    if !fresh.is_empty() {
        let told = |one: &Observable| {
            let shown = defang(one.kind, &one.value);
            json!({ "observable": one.id, "type": one.kind, "value": about.tlp.told(&shown) })
        };
        let list: Vec<_> = fresh.iter().map(|one| told(one)).collect();
        let data = json!({ "tlp": about.tlp, "verdict": about.verdict, "observables": list });
        let also = fresh.iter().map(|one| one.id.to_string()).collect();
        announce::of_incident(tx, moment, EventKind::ObservableAdded, incident, also, Told::of(data))?;
    }
    Ok(all)
}

fn read(wanted: &Wanted) -> Result<(Kind, String), Refusal> {
    match wanted.kind {
        Some(kind) => Ok((kind, normalise(kind, &wanted.value)?)),
        None => classify(&wanted.value).ok_or_else(|| {
            let shown = domain::words::text::shorten(&wanted.value, 60);
            Refusal::invalid(format!("what {shown:?} is cannot be told by its looks: say its type")).at("/type")
        }),
    }
}

/// What is thought or known of one, anew. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Option<Verdict>,
    pub tlp: Option<Tlp>,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// An empty one goes.
    pub note: Option<String>,
    pub source: Option<String>,
}

/// Says anew what is thought or known of one.
pub fn judge(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: ObservableId,
    said: &Judgement,
) -> Result<Observable, Halt> {
    let mut one = standing(tx, moment, incident, id)?;
    let before = one.seen.clone();
    let tlp = said.tlp.unwrap_or(before.tlp);
    must_see(tx, moment, incident, tlp)?;
    let after = Seen {
        verdict: said.verdict.unwrap_or(before.verdict),
        tlp,
        first: said.first.or(before.first),
        last: said.last.or(before.last),
        note: said.note.clone().or_else(|| before.note.clone()),
        source: said.source.clone().or_else(|| before.source.clone()),
    };
    one.seen = after.checked()?;
    if one.seen == before {
        return Err(Refusal::conflict("it says that already").into());
    }
    rows::save(tx, incident, &one)?;
    let mut data = json!({ "verdict": one.seen.verdict, "before": before.verdict });
    if one.seen.tlp != before.tlp {
        data["tlp_before"] = json!(before.tlp);
    }
    tell(tx, moment, incident, EventKind::ObservableJudged, &one, before.tlp.max(one.seen.tlp), None, data)?;
    Ok(one)
}

/// Strikes one that does not belong here. It stays on record.
pub fn strike(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: ObservableId,
    why: &str,
) -> Result<Observable, Halt> {
    let mut one = standing(tx, moment, incident, id)?;
    let why = entries::line(why, 200, "/why")?;
    one.struck = Some(Struck { why: why.clone(), by: moment.actor.to_string(), at: moment.now });
    rows::save(tx, incident, &one)?;
    tell(tx, moment, incident, EventKind::ObservableRemoved, &one, one.seen.tlp, Some(&why), json!({}))?;
    Ok(one)
}

/// An observable, and the other incidents in which it stands: those that may be seen.
pub type Known = (Observable, Vec<(IncidentId, String)>);

/// All of an incident that may be seen.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<Known>, Halt> {
    seen(tx, incident, sight)?;
    let mut all = Vec::new();
    for one in rows::of_incident(tx, incident, sight)? {
        let also = if one.struck.is_none() { rows::also_in(tx, incident, &one, sight)? } else { Vec::new() };
        all.push((one, also));
    }
    Ok(all)
}

fn standing(tx: &mut Tx<'_>, moment: &Moment<'_>, incident: IncidentId, id: ObservableId) -> Result<Observable, Halt> {
    find(tx, moment, incident)?;
    let found = rows::get(tx, incident, id, Sight::of(&moment.actor))?;
    let one = found.ok_or_else(|| Refusal::not_found(format!("observable {id}")))?;
    if one.struck.is_some() {
        return Err(Refusal::conflict("it is struck already").into());
    }
    Ok(one)
}

#[expect(clippy::too_many_arguments, reason = "what is told of it, each for itself")]
fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    kind: EventKind,
    one: &Observable,
    tlp: Tlp,
    why: Option<&str>,
    mut data: serde_json::Value,
) -> Result<(), Halt> {
    data["observable"] = json!(one.id);
    data["type"] = json!(one.kind);
    data["tlp"] = json!(one.seen.tlp);
    data["value"] = json!(tlp.told(&defang(one.kind, &one.value)));
    let told = Told { why: why.and_then(|why| tlp.told(why)), data, at: None };
    announce::of_incident(tx, moment, kind, incident, vec![one.id.to_string()], told)?;
    Ok(())
}
