//! Insights about changes for whoever asks: what is read for them. Reads only; what whoever looks may not see is not counted.

use std::collections::BTreeMap;

use domain::learn::changes::Case;
use domain::learn::insights::Filter;
use domain::respond::sight::Sight;
use domain::respond::stamps::When;
use domain::words::{Name, Timestamp};
use store::change::changes::{self as rows, ChangeRow};
use store::change::suspects as findings;
use store::respond::incidents::{self, IncidentRow};
use store::{Halt, Tx};

use crate::Node;
use crate::change::preflights::{self, Readiness};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The first day, or a time as exact as it is meant.
    pub from: Option<When>,
    /// The last day, which is part of it.
    pub to: Option<When>,
    pub service: Option<Name>,
}

/// What was read.
#[derive(Debug)]
pub struct Gathered {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Changes that began in that time, the oldest first.
    pub cases: Vec<Case>,
    /// Incidents that whoever looks may see, the oldest first; no drills.
    pub incidents: Vec<IncidentRow>,
    /// By service: the last change there that is over, and whether it could be taken back now.
    pub ready: BTreeMap<Name, (ChangeRow, Readiness)>,
}

/// More than this is not counted.
const MOST: u32 = 5000;

/// Reads what a question is about.
pub fn gather(
    tx: &mut Tx<'_>,
    node: &Node,
    question: &Question,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Gathered, Halt> {
    let (from, to) = (question.from.as_ref().map(|when| when.at), question.to.as_ref().map(|when| when.until));
    let Filter { from, to, .. } = Filter::period(from, to, now)?;
    let of = question.service.as_ref();
    let (mut cases, mut last) = (Vec::new(), BTreeMap::<Name, ChangeRow>::new());
    for (row, case) in begun(tx, from, to, sight)? {
        if of.is_some_and(|service| !case.services.contains(service)) {
            continue;
        }
        for service in case.services.iter().filter(|service| of.is_none_or(|only| only == *service)) {
            let newer = last.get(service).is_none_or(|known| known.began_at < row.began_at);
            if newer {
                last.insert(service.clone(), row.clone());
            }
        }
        cases.push(case);
    }
    let mut ready = BTreeMap::new();
    for (service, row) in last {
        let readiness = preflights::readiness(tx, node, &row, now)?;
        ready.insert(service, (row, readiness));
    }
    let filter = incidents::Filter { drill: Some(false), ..incidents::Filter::default() };
    let mut incidents = incidents::list(tx, &filter, sight, None, MOST)?;
    let touches = |row: &IncidentRow| question.service.as_ref().is_none_or(|service| row.services.contains(service));
    incidents.retain(|row| touches(row));
    incidents.sort_by_key(|row| (row.reported_at, row.id));
    Ok(Gathered { from, to, cases, incidents, ready })
}

/// The changes that began in a stretch of time and that are seen, the oldest first. All that is counted of changes is counted here.
pub fn begun(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
    sight: Sight<'_>,
) -> Result<Vec<(ChangeRow, Case)>, Halt> {
    let (exempted, triggers) = (rows::exempted(tx)?, findings::triggers(tx)?);
    let all = rows::in_stretch(tx, from, to, sight, MOST)?.into_iter();
    let case = |row: ChangeRow| {
        let began_at = row.began_at.filter(|at| *at >= from && *at < to)?;
        let change = &row.change;
        let case = Case {
            id: change.id,
            title: change.proposal.title.clone(),
            kind: change.proposal.kind,
            path: change.path,
            services: change.proposal.services(),
            state: change.state.clone(),
            proposed_at: row.proposed_at,
            began_at,
            ended_at: row.ended_at,
            exempted: exempted.contains(&change.id),
            triggered: triggers.contains(&change.id),
        };
        Some((row, case))
    };
    Ok(all.filter_map(case).collect())
}

impl Gathered {
    /// When the incidents were reported.
    pub fn reported(&self) -> Vec<Timestamp> {
        self.incidents.iter().map(|row| row.reported_at).collect()
    }
}
