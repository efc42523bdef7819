//! Score sheets of drills, and incidents as files of drills: both read the record as drafts do. Nothing of a drill gets into any measure by it.

use domain::learn::drill_writing;
use domain::learn::score_sheets::{Line, Score, practises, score, sheet};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Name, Refusal, Span, Timestamp};
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
}

/// The sheet of a drill, for whoever may see it.
pub fn of_drill(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Sheet, Halt> {
    let drill = seen(tx, id, sight)?;
    if !drill.drill {
        return Err(Refusal::conflict("it is no drill: what was real is counted in insights").into());
    }
    let read =
        |tx: &mut Tx<'_>, id: IncidentId| -> Result<Score, Halt> { Ok(score(&gather(tx, node, id, sight, now)?)) };
    let own = read(tx, id)?;
    let practised = practises(drill.because.as_deref());
    let original = match practised {
        Some(of) => rows::get(tx, of, sight)?,
        None => None,
    };
    let original_score = match &original {
        Some(row) => Some(read(tx, row.id)?),
        None => None,
    };
    let mut others = Vec::new();
    if practised.is_some() {
        let filter = rows::Filter { drill: Some(true), ..rows::Filter::default() };
        for row in rows::list(tx, &filter, sight, None, LOOKED_MOST)? {
            let same = row.id != id && !row.state.phase.is_open() && practises(row.because.as_deref()) == practised;
            if same && others.len() < OTHERS_MOST {
                others.push(read(tx, row.id)?);
            }
        }
    }
    let lines = sheet(&own, original_score.as_ref(), &others);
    Ok(Sheet { drill, original, others: others.len(), lines })
}

/// An incident that was real, as a file of a drill.
pub fn as_drill(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Value, Halt> {
    let row = seen(tx, id, sight)?;
    if row.state.phase.is_open() {
        return Err(Refusal::conflict("it goes on: practise it when it is over").into());
    }
    let file = drill_writing::from_record(&gather(tx, node, id, sight, now)?);
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
