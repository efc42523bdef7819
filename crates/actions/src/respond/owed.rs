//! What an incident owes, as API and pages show it: under which packs, since when, until when, and what was told.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use domain::respond::obligation_packs::{Duty, Idle, Moment as Start, ObligationPack};
use domain::respond::obligations::{Deadline, Decision, Recorded, Records, Ruling, Standing, Submission};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Timestamp};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::respond::obligations as rows;
use store::{Halt, Tx};

use crate::Node;

/// How an incident stands under one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regime {
    pub pack: Name,
    /// Nothing if the document is gone.
    pub spec: Option<ObligationPack>,
    pub held: Held,
    pub anchors: Vec<(Start, Option<Recorded>)>,
    pub clocks: Vec<ClockStanding>,
}

/// Why a pack is thought of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It applies to us, and fits the incident: its question is open.
    Asked,
    /// Somebody said that it may be about this incident; or recorded something under it.
    Considered(Option<Decision>),
    RuledOut(Decision),
}

/// How one clock stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockStanding {
    pub duty: Duty,
    pub deadline: Deadline,
    pub standing: Standing,
    /// In the order in which they were told.
    pub submissions: Vec<Submission>,
    /// What was decided of it last.
    pub decision: Option<Decision>,
}

/// All that an incident may owe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    pub regimes: Vec<Regime>,
    /// Packs that can be considered by hand, or not: and why they are not thought of.
    pub others: Vec<(Name, ObligationPack, Option<Idle>)>,
}

/// A clock that runs, in whatever incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub incident: IncidentRow,
    pub pack: Name,
    pub pack_title: String,
    pub clock: ClockStanding,
}

/// What an incident may owe, and how each clock stands at `now`.
pub fn of_incident(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow, now: Timestamp) -> Result<Owed, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let records = rows::of_incident(tx, row.id)?;
    let mut owed = Owed::default();
    for (pack, spec) in &catalog.obligation_packs {
        match held(&records, pack, spec, row) {
            Ok(held) => owed.regimes.push(regime(&records, pack, Some(spec), held, now)),
            Err(idle) => owed.others.push((pack.clone(), spec.clone(), idle)),
        }
    }
    let packs = records.anchors.iter().map(|one| &one.pack).chain(records.submissions.iter().map(|one| &one.pack));
    let gone: BTreeSet<&Name> = packs.filter(|pack| !catalog.obligation_packs.contains_key(*pack)).collect();
    for pack in gone {
        owed.regimes.push(regime(&records, pack, None, Held::Considered(None), now));
    }
    Ok(owed)
}

/// Why a pack is thought of in an incident; or why it is not, nothing if it only does not fit.
fn held(records: &Records, pack: &Name, spec: &ObligationPack, row: &IncidentRow) -> Result<Held, Option<Idle>> {
    match records.decision(pack, None) {
        Some(decision) if decision.ruling == Ruling::RuledOut => Ok(Held::RuledOut(decision.clone())),
        Some(decision) => Ok(Held::Considered(Some(decision.clone()))),
        None if records.has_facts(pack) => Ok(Held::Considered(None)),
        None => {
            spec.is_ours(row.reported_at).map_err(Some)?;
            if spec.fits(row.state.class, &row.services) { Ok(Held::Asked) } else { Err(None) }
        }
    }
}

fn regime(records: &Records, pack: &Name, spec: Option<&ObligationPack>, held: Held, now: Timestamp) -> Regime {
    let anchors = spec.into_iter().flat_map(|spec| &spec.anchors);
    let clocks = spec.into_iter().flat_map(|spec| spec.clocks.iter().map(move |duty| (spec, duty)));
    Regime {
        pack: pack.clone(),
        spec: spec.cloned(),
        held,
        anchors: anchors.map(|one| (one.clone(), records.anchor(pack, &one.name).cloned())).collect(),
        clocks: clocks.map(|(spec, duty)| clock(records, pack, spec, duty, now)).collect(),
    }
}

fn clock(records: &Records, pack: &Name, spec: &ObligationPack, duty: &Duty, now: Timestamp) -> ClockStanding {
    let (deadline, standing) = records.stands(pack, &duty.name, &duty.rule(), &spec.days(), now);
    ClockStanding {
        duty: duty.clone(),
        deadline,
        standing,
        submissions: records.submissions(pack, &duty.name).into_iter().cloned().collect(),
        decision: records.decision(pack, Some(&duty.name)).cloned(),
    }
}

/// Clocks that run, in all incidents that are seen, the soonest end first.
pub fn running(
    tx: &mut Tx<'_>,
    node: &Node,
    sight: Sight<'_>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Running>, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let mut seen: BTreeMap<IncidentId, (IncidentRow, Records)> = BTreeMap::new();
    let mut found = Vec::new();
    for started in rows::running(tx, sight, limit)? {
        let Some(spec) = catalog.obligation_packs.get(&started.pack) else { continue };
        let Some(duty) = spec.clock(&started.clock) else { continue };
        let (row, records) = match seen.entry(started.incident) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let Some(row) = incident_rows::get(tx, started.incident, sight)? else { continue };
                place.insert((row, rows::of_incident(tx, started.incident)?))
            }
        };
        found.push(Running {
            incident: row.clone(),
            pack: started.pack.clone(),
            pack_title: spec.title.clone(),
            clock: clock(records, &started.pack, spec, duty, now),
        });
    }
    Ok(found)
}
