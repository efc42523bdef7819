//! The promises about changes: a rollback is called at most once, nothing begins that a freeze or an incident forbids, and no
//! rule takes back what its service does not let it, or what somebody stopped.
//!
//! What was forbidden is told from the journal and the documents, by a walk of its own along the services, and not by the gate.

use std::collections::BTreeSet;

use domain::change::changes::{Path, State};
use domain::change::reflexes::State as Made;
use domain::change::rollbacks::State as Run;
use domain::prepare::catalog::Catalog;
use domain::respond::sight::Sight;
use domain::words::{EventKind, IncidentId, Name, Timestamp};
use store::change::changes::{self as rows, ChangeRow, Filter};
use store::change::{reflexes, rollbacks};
use store::journal;
use store::respond::incidents::{self, IncidentRow};
use store::{Error, Tx};

use crate::adapters::Adapters;

/// What is not as it was promised.
pub(crate) fn all(tx: &mut Tx<'_>, adapters: &Adapters) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    for (key, times) in adapters.called() {
        if times > 1 {
            broken.push(format!("{key} was called {times} times"));
        }
        let run = rollbacks::get(tx, key)?.map(|row| row.run.state);
        if run.is_none_or(|state| matches!(state, Run::Asked | Run::CalledOff { .. })) {
            broken.push(format!("{key} was called, and nobody had wanted that to be done"));
        }
    }
    broken.extend(by_rules(tx)?);
    let recent = rows::list(tx, &Filter::default(), Sight::Whole, None, 8)?;
    let begun: Vec<_> = recent.into_iter().filter(|row| row.change.path != Path::Observed).collect();
    if begun.is_empty() {
        return Ok(broken);
    }
    let catalog = store::prepare::documents::load_all(tx)?;
    let open = incidents::list(tx, &incidents::Filter::default(), Sight::Whole, None, 6)?;
    for row in &begun {
        if let (Some(began), State::Running { .. } | State::Finished { .. }) = (row.began_at, &row.change.state) {
            broken.extend(forbidden(tx, &catalog, &open, row, began)?);
        }
    }
    Ok(broken)
}

/// What rules took back: as the services let them, once, after the time to stop it, and never what somebody stopped.
fn by_rules(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    let mut broken = Vec::new();
    for incident in incidents::list(tx, &incidents::Filter::default(), Sight::Whole, None, 6)? {
        let all = reflexes::of_incident(tx, incident.id)?;
        let mut taken = BTreeSet::new();
        for row in rollbacks::of_incident(tx, incident.id)?.iter().filter(|row| row.run.asked_by.is_none()) {
            let (run, change) = (row.run.id, row.run.change);
            if incident.drill {
                broken.push(format!("a rule set off {run} in a drill"));
            }
            if !taken.insert(change) {
                broken.push(format!("a rule took {change} back twice in {}", incident.id));
            }
            let made = all.iter().find(|made| made.change == change);
            let told = made.is_some_and(|made| matches!(made.state, Made::Ran { rollback, .. } if rollback == run));
            if !told {
                broken.push(format!("a rule set off {run}, though it had come to {:?}", made.map(|made| &made.state)));
            }
            let services = rows::get(tx, change, Sight::Whole)?.map(|row| row.change.proposal.services());
            for service in services.into_iter().flatten() {
                let ramp = ramped_when(tx, &service, &run.to_string())?;
                if ramp != "countdown" && ramp != "automatic" {
                    broken.push(format!("a rule set off {run}, though {service} was ramped to {ramp:?}"));
                }
            }
        }
    }
    Ok(broken)
}

/// How far a service let rules go when a run was asked for, by the order in which the journal has it.
fn ramped_when(tx: &mut Tx<'_>, service: &Name, run: &str) -> Result<String, Error> {
    let mut entries = journal::of_subject(tx, &format!("service/{service}"), Sight::Whole, None, 2000)?;
    entries.sort_by_key(|entry| entry.number.unwrap_or(i64::MAX));
    let mut ramp = String::new();
    for entry in &entries {
        match entry.kind() {
            Some(EventKind::RampMoved) => entry.data["ramp"].as_str().unwrap_or_default().clone_into(&mut ramp),
            Some(EventKind::RollbackAsked) if entry.data["rollback"] == run => return Ok(ramp),
            _ => {}
        }
    }
    Ok("nothing that is told".to_owned())
}

fn forbidden(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    open: &[IncidentRow],
    row: &ChangeRow,
    began: Timestamp,
) -> Result<Option<String>, Error> {
    let id = row.change.id;
    let exempted: BTreeSet<String> = rows::exemptions(tx, id)?.iter().map(|one| one.rule.about()).collect();
    let services = row.change.proposal.services();
    let hit = felt_in(catalog, &services);
    for (name, freeze) in &catalog.freezes {
        let on_time = freeze.from <= began && began < freeze.to;
        let covers = freeze.services.is_empty() || !hit.is_disjoint(&freeze.services);
        if on_time && covers && row.change.path != Path::Emergency && !exempted.contains(name.as_str()) {
            return Ok(Some(format!("{id} began in the freeze {name}")));
        }
    }
    for incident in open {
        let theirs: BTreeSet<Name> = incident.services.iter().cloned().collect();
        let touches =
            theirs.is_empty() || !hit.is_disjoint(&theirs) || !felt_in(catalog, &theirs).is_disjoint(&services);
        let own = row.change.incident == Some(incident.id);
        if touches && !own && froze_at(tx, incident.id, began)? && !exempted.contains(&incident.id.to_string()) {
            return Ok(Some(format!("{id} began while {} was open on the same services", incident.id)));
        }
    }
    Ok(None)
}

/// Whether everybody could see, at an instant, that an incident was open and bad.
fn froze_at(tx: &mut Tx<'_>, id: IncidentId, at: Timestamp) -> Result<bool, Error> {
    let (mut open, mut bad, mut hidden) = (false, false, false);
    // The latest comes first.
    for entry in journal::of_incident(tx, id, None, 2000)?.iter().rev().filter(|entry| entry.recorded_at <= at) {
        let Some(kind) = entry.kind() else { continue };
        match kind {
            EventKind::IncidentReported | EventKind::IncidentDeclared | EventKind::IncidentReopened => open = true,
            EventKind::IncidentCancelled
            | EventKind::IncidentResolved
            | EventKind::IncidentMerged
            | EventKind::IncidentClosed => open = false,
            EventKind::IncidentGraded => bad = entry.data["severity"] == "SEV1" || entry.data["severity"] == "SEV2",
            EventKind::IncidentRestricted => hidden = true,
            EventKind::IncidentRevealed => hidden = false,
            _ => {}
        }
        hidden |= entry.data["visibility"] == "restricted";
        if entry.data["drill"] == true {
            return Ok(false);
        }
    }
    Ok(open && bad && !hidden)
}

/// These services, and all that need them.
fn felt_in(catalog: &Catalog, services: &BTreeSet<Name>) -> BTreeSet<Name> {
    let mut hit = services.clone();
    loop {
        let more: Vec<Name> = catalog
            .services
            .iter()
            .filter(|(name, spec)| !hit.contains(*name) && spec.depends_on.iter().any(|on| hit.contains(on)))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return hit;
        }
        hit.extend(more);
    }
}
