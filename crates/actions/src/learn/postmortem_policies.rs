//! Judges incidents by the postmortem policies: when their response is over, and again when something is corrected.

use domain::learn::postmortem_facts::Seen;
use domain::learn::postmortem_policies::{accept_by, due, judge};
use domain::learn::postmortems::{Postmortem, State, Verdict};
use domain::prepare::catalog::Catalog;
use domain::respond::incidents::{Command, Phase};
use domain::respond::sight::Sight;
use domain::respond::stamps::{Milestone, standing};
use domain::words::{EventKind, IncidentId, Name, Timestamp};
use serde_json::{Value, json};
use store::learn::postmortems as rows;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Tx};

use super::{drafts, postmortem_owners};
use crate::announce::Told;
use crate::respond::incidents;
use crate::{Moment, Node, announce};

/// What happened in an incident may change what the policies say of it: it is judged again soon, if it was judged at all.
pub(crate) fn note(tx: &mut Tx<'_>, incident: IncidentId, kind: EventKind, now: Timestamp) -> Result<(), Halt> {
    use EventKind as K;
    let matters = matches!(
        kind,
        K::IncidentGraded
            | K::IncidentReclassified
            | K::IncidentDescribed
            | K::IncidentLinked
            | K::IncidentUnlinked
            | K::StampClaimed
            | K::AffectedCounted
            | K::ObligationConsidered
            | K::ObligationRuledOut
            | K::ObligationAnchored
            | K::ObligationSubmitted
            | K::ObligationNotDue
            | K::ObligationDue
            | K::ObligationPostponed
            | K::RollbackStarted
            | K::RollbackFailed
            | K::RollbackJudged
            | K::FlagKilled
            | K::PostmortemRequested
            | K::EntryStruck
    );
    if matters {
        rows::judge_again(tx, incident, now)?;
    }
    Ok(())
}

/// Judges an incident as it stands. One that is open again is left alone until its response is over.
pub(crate) fn look(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId) -> Result<(), Halt> {
    rows::judged(tx, id)?;
    let Some(row) = incident_rows::get(tx, id, Sight::Whole)? else { return Ok(()) };
    if row.state.phase.is_open() {
        return Ok(());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let before = rows::get(tx, id)?;
    let (verdict, policies) = verdict(tx, node, &catalog, &row, before.as_ref(), moment.now)?;
    let (next, told) = Postmortem::judged(before.as_ref(), id, verdict, moment.now);
    if before.as_ref().is_some_and(|before| unchanged(before, &next)) {
        return Ok(());
    }
    save(tx, &next, moment.now)?;
    if let Some(event) = told {
        let mut data = particulars(&next);
        data["policies"] = policies;
        announce::of_incident(tx, moment, event, id, Vec::new(), Told::of(data))?;
    }
    // What is owed keeps an incident from being closed, also when it is owed afterwards.
    if row.state.phase == Phase::Closed && next.state.is_open() && next.due.is_some() {
        let why = "a postmortem is owed since it was closed";
        incidents::act(tx, node, &mut moment.by_rule("postmortem"), id, &Command::Review, Some(why))?;
    }
    postmortem_owners::follow(tx, node, moment, &row)
}

fn unchanged(before: &Postmortem, next: &Postmortem) -> bool {
    Postmortem { judged_at: before.judged_at, ..next.clone() } == *before
}

/// Writes it, and when somebody is reminded next.
pub(super) fn save(tx: &mut Tx<'_>, one: &Postmortem, now: Timestamp) -> Result<(), Halt> {
    Ok(rows::save(tx, one, one.remind_at(now))?)
}

/// The rules that fired, as the journal keeps them.
pub(super) fn particulars(one: &Postmortem) -> Value {
    let rules: Vec<Value> = one
        .judgement
        .reasons
        .iter()
        .map(|reason| {
            let seen: Vec<&str> = reason.seen.iter().map(|seen| seen.says.as_str()).collect();
            json!({ "rule": reason.rule, "policy": reason.policy, "because": reason.because, "effect": reason.effect, "seen": seen })
        })
        .collect();
    json!({ "state": one.state, "effect": one.judgement.effect, "reasons": rules, "publish_due": one.due.map(|due| due.publish) })
}

fn verdict(
    tx: &mut Tx<'_>,
    node: &Node,
    catalog: &Catalog,
    row: &IncidentRow,
    before: Option<&Postmortem>,
    now: Timestamp,
) -> Result<(Verdict, Value), Halt> {
    let record = drafts::gather(tx, node, row.id, Sight::Whole, now)?;
    let levels: Vec<String> =
        catalog.severity_matrices.values().flat_map(|matrix| &matrix.levels).map(|level| level.name.clone()).collect();
    let requests = before.map(|before| before.requests.clone()).unwrap_or_default();
    let seen =
        Seen { record: &record, services: &row.services, levels: &levels, drill: row.drill, requests: &requests };
    let judgement = judge(catalog.postmortem_policies.iter(), &seen);
    let over_at = over(row, &record.stamps, before, now);
    let worst = seen.worst().map(|(level, _)| level.to_owned());
    let dates = due(catalog.postmortem_policies.iter(), &judgement, worst.as_deref(), over_at);
    let mut revisions = json!({});
    let mut names: Vec<&Name> = judgement.reasons.iter().map(|reason| &reason.policy).collect();
    names.dedup();
    for name in names {
        let reference = format!("postmortem-policy/{name}").parse()?;
        revisions[name.as_str()] = json!(store::prepare::documents::last_number(tx, &reference)?);
    }
    Ok((Verdict { judgement, over_at, due: dates }, revisions))
}

/// When the response was over: as it is stamped where people responded here, else when that was written down.
fn over(
    row: &IncidentRow,
    stamps: &[domain::respond::stamps::Stamp],
    before: Option<&Postmortem>,
    now: Timestamp,
) -> Timestamp {
    if let (Some(before), Phase::InReview | Phase::Closed) = (before, row.state.phase) {
        return before.over_at;
    }
    let stamped = standing(stamps).get(&Milestone::Resolved).map(|stamp| stamp.when.at);
    let since = if matches!(row.state.phase, Phase::Resolved | Phase::Cancelled) { row.state.since } else { now };
    match stamped {
        // Claimed for long ago, or for a time to come: dates count from when it was said.
        Some(at) if row.reported_at <= at && at <= since => at,
        _ => since,
    }
}

/// Until when the next one who is asked accepts; nothing, where nobody is chased.
pub(super) fn accept_until(catalog: &Catalog, one: &Postmortem, now: Timestamp) -> Option<Timestamp> {
    one.due?;
    accept_by(catalog.postmortem_policies.iter(), &one.judgement, now)
}

/// Whether its end is still owed: an incident is not closed before.
pub(crate) fn is_owed(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<State>, Halt> {
    let one = rows::get(tx, incident)?;
    Ok(one.filter(|one| one.state.is_open() && one.due.is_some()).map(|one| one.state))
}
