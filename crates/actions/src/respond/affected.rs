//! What is affected: named once, counted as often as more is known.

use domain::respond::affected::{Affected, Claim, What};
use domain::respond::sight::Sight;
use domain::words::{AffectedId, EventKind, IncidentId, Refusal};
use serde_json::json;
use store::respond::affected as rows;
use store::{Halt, Tx};

use super::incidents::{find, seen};
use crate::announce::Told;
use crate::{Moment, announce};

/// Names what is affected, with a first count.
pub fn begin(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    what: &What,
    claim: &Claim,
) -> Result<Affected, Halt> {
    find(tx, moment, incident)?;
    let what = what.clone().checked()?;
    if rows::of_incident(tx, incident)?.iter().any(|one| one.what == what) {
        return Err(Refusal::conflict("it is counted already: enter a new count of it").into());
    }
    let one = Affected { id: moment.mint.id(moment.now), what, counts: Vec::new() };
    rows::insert(tx, incident, one.id, &one.what)?;
    enter(tx, moment, incident, one, claim)
}

/// Enters a new count, which stands from now on.
pub fn count(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: AffectedId,
    claim: &Claim,
) -> Result<Affected, Halt> {
    find(tx, moment, incident)?;
    let one = rows::get(tx, incident, id)?.ok_or_else(|| Refusal::not_found(format!("count {id}")))?;
    enter(tx, moment, incident, one, claim)
}

/// All of an incident, for whoever may see it.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<Affected>, Halt> {
    seen(tx, incident, sight)?;
    Ok(rows::of_incident(tx, incident)?)
}

fn enter(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    mut one: Affected,
    claim: &Claim,
) -> Result<Affected, Halt> {
    let count = claim.count(&one.counts, moment.actor.to_string(), moment.now)?;
    rows::count(tx, one.id, &count)?;
    let (value, to) = count.amount.numbers();
    let data = json!({
        "affected": one.id,
        "subject": one.what.subject,
        "what": one.what.to_string(),
        "count": count.amount.to_string(),
        "precision": count.amount.precision(),
        "value": value,
        "to": to,
        "of": count.at,
        "source": count.source,
        "before": one.now().map(|before| before.amount.to_string()),
    });
    let also = vec![one.id.to_string()];
    announce::of_incident(tx, moment, EventKind::AffectedCounted, incident, also, Told::of(data))?;
    one.counts.push(count);
    Ok(one)
}
