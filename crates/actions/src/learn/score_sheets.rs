//! Score sheets of drills, and incidents as files of drills: both read the record as drafts do. Nothing of a drill gets into any measure by it.

use domain::change::rollback_plans::{RollbackPlan, Way};
use domain::learn::drill_evidence::{self, Evidence};
use domain::learn::drill_writing;
use domain::learn::score_sheets::{Line, practises, score, sheet};
use domain::prepare::documents::{Kind, Reference};
use domain::respond::entries::Followed;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, IncidentId, Name, Refusal, Span, Timestamp};
use serde_json::Value;
use store::respond::incidents::{self as rows, IncidentRow};
use store::{Halt, Tx};

use super::drafts::gather;
use crate::Node;
use crate::respond::incidents::seen;

/// So many other drills of the same are set beside one.
const OTHERS_MOST: usize = 20;
const LOOKED_MOST: u32 = 500;

/// How a drill went, beside how it went before.
#[derive(Debug)]
pub struct Sheet {
    pub drill: IncidentRow,
    /// What it practises, if whoever looks may see that.
    pub original: Option<IncidentRow>,
    /// How many other drills of the same there were.
    pub others: usize,
    pub lines: Vec<Line>,
    /// What was there to be found, and whether anybody took it in.
    pub evidence: Vec<Evidence>,
}

/// The sheet of a drill, for whoever may see it.
pub fn of_drill(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Sheet, Halt> {
    let drill = seen(tx, id, sight)?;
    if !drill.drill {
        return Err(Refusal::conflict("it is no drill: what was real is counted in insights").into());
    }
    let record = |tx: &mut Tx<'_>, id: IncidentId| gather(tx, node, id, sight, now);
    let own = record(tx, id)?;
    let practised = practises(drill.because.as_deref());
    let original = match practised {
        Some(of) => rows::get(tx, of, sight)?,
        None => None,
    };
    let real = match &original {
        Some(row) => Some(record(tx, row.id)?),
        None => None,
    };
    let mut others = Vec::new();
    if practised.is_some() {
        let filter = rows::Filter { drill: Some(true), ..rows::Filter::default() };
        for row in rows::list(tx, &filter, sight, None, LOOKED_MOST)? {
            let same = row.id != id && !row.state.phase.is_open() && practises(row.because.as_deref()) == practised;
            if same && others.len() < OTHERS_MOST {
                others.push(score(&record(tx, row.id)?));
            }
        }
    }
    let lines = sheet(&score(&own), real.as_ref().map(score).as_ref(), &others);
    let evidence = drill_evidence::of_drill(&own, real.as_ref());
    Ok(Sheet { drill, original, others: others.len(), lines, evidence })
}

/// An incident as a file of a drill; of a drill that was played, the file that it was played from.
pub fn as_drill(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Value, Halt> {
    let row = seen(tx, id, sight)?;
    if row.state.phase.is_open() {
        return Err(Refusal::conflict("it goes on: practise it when it is over").into());
    }
    let file = drill_writing::from_record(&gather(tx, node, id, sight, now)?, row.drill);
    file.ok_or_else(|| Refusal::conflict("nothing in its record can be played").into())
}

/// For so long a drill is looked for.
const REHEARSED_WITHIN: Span = Span::hours(24 * 365);

/// The drill that touched a service last, and when that was over; of drills that everybody sees.
pub fn last_rehearsed(tx: &mut Tx<'_>, service: &Name, now: Timestamp) -> Result<Option<(String, Timestamp)>, Halt> {
    let drills = store::learn::action_items::drills_since(tx, REHEARSED_WITHIN.before(now))?;
    let touched = drills.into_iter().filter(|drill| drill.services.contains(service));
    Ok(touched.max_by_key(|drill| drill.closed_at).map(|drill| (drill.id, drill.closed_at)))
}

/// When something was rehearsed last: the drill, and when it was done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rehearsal {
    pub drill: IncidentId,
    pub at: Timestamp,
}

/// The last rehearsal of a document: a runbook that was followed, a rollback adapter whose plan was gone through, a checklist with a tick.
pub fn rehearsal_of(tx: &mut Tx<'_>, document: &Reference, now: Timestamp) -> Result<Option<Rehearsal>, Halt> {
    let since = REHEARSED_WITHIN.before(now);
    let found = match document.kind {
        Kind::Runbook | Kind::RollbackAdapter => {
            store::respond::entries::rehearsed_last(tx, &document.to_string(), since)?
        }
        Kind::Checklist => store::respond::checklists::rehearsed_last(tx, &document.name, since)?,
        _ => None,
    };
    Ok(found.map(|(drill, at)| Rehearsal { drill, at }))
}

/// The last rehearsal of how a change is taken back: of the change itself, or of the program or the runbook by which it is.
pub fn rehearsal_of_plan(
    tx: &mut Tx<'_>,
    change: ChangeId,
    plan: &RollbackPlan,
    now: Timestamp,
) -> Result<Option<Rehearsal>, Halt> {
    let since = REHEARSED_WITHIN.before(now);
    let mut last = None;
    for what in gone_through(Some(change), plan) {
        let found = store::respond::entries::rehearsed_last(tx, &what.to_string(), since)?;
        last = last.max(found.map(|(drill, at)| (at, drill)));
    }
    Ok(last.map(|(at, drill)| Rehearsal { drill, at }))
}

/// What is followed by whoever goes through a plan.
pub fn gone_through(change: Option<ChangeId>, plan: &RollbackPlan) -> Vec<Followed> {
    let mut all: Vec<Followed> = change.map(Followed::Plan).into_iter().collect();
    all.extend(plan.way.adapters().into_iter().cloned().map(Followed::Adapter));
    if let Way::Manual { runbook } = &plan.way {
        all.push(Followed::Runbook(runbook.clone()));
    }
    all
}
