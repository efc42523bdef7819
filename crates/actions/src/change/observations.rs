//! Changes that programs report: a deployment began, went on, ended. One call may bring many.
//!
//! What they call a change is its key: the same key of the same integration is the same change, in whatever order and however
//! often its reports come.

use domain::change::changes::{Change, State};
use domain::change::observations::{Observation, Stage, stands, stretch};
use domain::words::{EventKind, Name, Refusal};
use serde_json::json;
use store::change::changes::{self as rows, ChangeRow};
use store::{Halt, Tx};

use super::changes::tell;
use super::preflights;
use crate::{Moment, Node};

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is of a change that was not known.
    New,
    /// It says more of one.
    More,
    /// It was said before.
    Known,
}

/// Takes one report. `source` is the integration that it came by.
pub fn observe(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    source: &Name,
    seen: &Observation,
) -> Result<(ChangeRow, Taken), Halt> {
    seen.check(moment.now)?;
    let before = rows::of_source(tx, source, &seen.key)?;
    let is_new = before.is_none();
    let mut row = match before {
        Some(row) => row,
        None => ChangeRow {
            change: Change::observe(moment.mint.id(moment.now), seen.proposal.clone(), seen.at)?,
            proposed_by: moment.actor.to_string(),
            proposed_at: moment.now,
            began_at: None,
            ended_at: None,
            risk: None,
            source: Some((source.clone(), seen.key.clone())),
            link: None,
        },
    };
    let word_before = row.change.state.word();
    if is_new {
        rows::save(tx, &row)?;
    }
    if !rows::add_stage(tx, row.change.id, seen.at, seen.stage, &seen.said)? {
        return Ok((row, Taken::Known));
    }
    enrich(&mut row, seen);
    let said = rows::stages(tx, row.change.id)?;
    // What was taken back from here is told by the rollback, not by the pipeline that does it.
    let ours = matches!(row.change.state, State::RollingBack { .. } | State::RolledBack { .. } | State::Stuck { .. });
    if let Some(state) = stands(&said).filter(|_| !ours) {
        row.change.state = state;
    }
    (row.began_at, row.ended_at) = stretch(&said);
    rows::save(tx, &row)?;
    if is_new || row.change.state.word() != word_before || seen.stage == Stage::Stage {
        let data = json!({ "stage": seen.stage, "at": seen.at, "key": seen.key, "state": row.change.state.word() });
        let why = Some(seen.said.as_str());
        tell(tx, moment, EventKind::ChangeObserved, &row, why, data)?;
    }
    preflights::wish(tx, node, &row, moment.now)?;
    Ok((row, if is_new { Taken::New } else { Taken::More }))
}

/// Later reports may know more: a target, a link. What is known is not forgotten, whichever came first.
fn enrich(row: &mut ChangeRow, seen: &Observation) {
    let proposal = &mut row.change.proposal;
    for target in &seen.proposal.targets {
        let known = proposal
            .targets
            .iter_mut()
            .find(|one| one.service == target.service && one.environment == target.environment);
        match known {
            Some(known) => {
                known.from = known.from.take().or_else(|| target.from.clone());
                known.to = known.to.take().or_else(|| target.to.clone());
            }
            None => proposal.targets.push(target.clone()),
        }
    }
    proposal.targets.sort();
    if proposal.why.is_empty() {
        proposal.why.clone_from(&seen.proposal.why);
    }
    if row.link.is_none() {
        row.link.clone_from(&seen.link);
    }
}

/// Takes all that one call brought, or none.
pub fn observe_all(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    source: &Name,
    seen: &[Observation],
) -> Result<Vec<(ChangeRow, Taken)>, Halt> {
    seen.iter()
        .enumerate()
        .map(|(place, one)| {
            observe(tx, node, moment, source, one).map_err(|halt| match halt {
                Halt::Refused(refusal) if seen.len() > 1 => {
                    let at = format!("/{place}{}", refusal.at.as_deref().unwrap_or_default());
                    Halt::Refused(Refusal { at: Some(at), ..refusal })
                }
                other => other,
            })
        })
        .collect()
}
