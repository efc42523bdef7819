//! Checks of action items: asked by the clockwork where the store can answer, and by the edge where it cannot.
//!
//! What was seen is kept as evidence, whoever looked. A check is taken by one node at a time, and asked again if that node is gone.

use domain::learn::item_checks::{Answer, Check, Seen, ask_document, ask_drills};
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, Actor, GroupId, IncidentId, Mint, Refusal, Span, Timestamp};
use serde_json::json;
use store::learn::action_items::{self as rows, ItemRow};
use store::respond::incidents as incident_rows;
use store::{Halt, Store, Tx};

use super::action_items::{seen, tell, timed};
use crate::respond::links::groups_of;
use crate::{Moment, Node};

const RULE: &str = "action-item-check";
/// How many are asked in one transaction.
const AT_ONCE: u32 = 20;
/// Whoever took a check upon itself has so long.
const LEASE: Span = Span::minutes(10);
/// The signals of an incident are played for so long at most.
const PLAYED_MOST: Span = Span::hours(24);
/// A little before the first alert began: sources tell late.
const BEFORE: Span = Span::minutes(30);

/// Asks the check of an item now. What needs the world outside is asked soon, by whichever node is free.
pub fn ask(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: ActionItemId) -> Result<ItemRow, Halt> {
    let (row, _) = seen(tx, id, Sight::of(&moment.actor))?;
    if row.item.check.is_manual() {
        return Err(Refusal::conflict("no machine proves it: somebody who does not own it says what they saw").into());
    }
    if row.item.check.is_slow() {
        let soon = ItemRow { check_at: Some(moment.now), ..row };
        rows::save(tx, &soon)?;
        return Ok(soon);
    }
    look(tx, node, moment, row)
}

/// Asks what is due and needs nothing from outside. Answers how many.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::to_check(tx, false, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    store.write(|tx| {
        let mut moment = Moment::new(now, Actor::Rule(RULE), mint);
        let due = rows::to_check(tx, false, now, AT_ONCE)?;
        for row in &due {
            look(tx, node, &mut moment, row.clone())?;
        }
        Ok(due.len())
    })
}

/// Looks in the store.
pub(super) fn look(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, row: ItemRow) -> Result<ItemRow, Halt> {
    let item = &row.item;
    let seen = match &item.check {
        Check::Document { field, must, .. } => match item.check.document() {
            Some(document) => ask_document(&document, field, must, &node.rules(tx)?.catalog),
            None => Seen::new(Answer::Unknown, "the document that it names does not read"),
        },
        Check::Drill { service } => {
            let done_at = item.state.done_at();
            let drills = rows::drills_since(tx, done_at.unwrap_or(moment.now))?;
            ask_drills(&item.id.to_string(), service.as_ref(), done_at, &drills)
        }
        _ => Seen::new(Answer::Unknown, "this is not for the store to say"),
    };
    keep(tx, moment, row, &seen)
}

/// Keeps what was seen, and what follows.
fn keep(tx: &mut Tx<'_>, moment: &mut Moment<'_>, row: ItemRow, seen: &Seen) -> Result<ItemRow, Halt> {
    let now = moment.now;
    let Some(incident) = incident_rows::get(tx, row.incident, Sight::Whole)? else { return Ok(row) };
    rows::add_evidence(tx, row.item.id, seen, None, now)?;
    let changed = row.item.checked(seen.answer, now);
    let item = changed.as_ref().map_or_else(|| row.item.clone(), |(item, _)| item.clone());
    let next = timed(&incident, ItemRow { item, check_at: None, ..row }, now);
    let next = ItemRow { check_at: next.item.next_check(now), ..next };
    rows::save(tx, &next)?;
    if let Some((_, event)) = changed {
        let mut rule = moment.by_rule(RULE);
        tell(tx, &mut rule, event, &next, Some(&seen.said), json!({ "answer": seen.answer }))?;
    }
    Ok(next)
}

/// A check that needs the world outside, for whoever took it.
#[derive(Clone, Debug)]
pub struct Due {
    pub row: ItemRow,
    /// Until when it is ours.
    until: Timestamp,
    /// What is to be played, if it is a replay; why nothing is, if nothing is.
    pub play: Result<Play, String>,
}

/// The signals that belong to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    pub since: Timestamp,
    pub until: Timestamp,
    /// The labels that the alerts of each group share.
    pub groups: Vec<Vec<(String, String)>>,
}

/// Takes checks that are due upon this node, a few at a time.
pub fn take_due(store: &Store, now: Timestamp) -> Result<Vec<Due>, Halt> {
    const FEW: u32 = 4;
    if store.read(|tx| Ok(rows::to_check(tx, true, now, 1)?))?.is_empty() {
        return Ok(Vec::new());
    }
    let until = LEASE.after(now);
    store.write(|tx| {
        let mut taken = Vec::new();
        for row in rows::to_check(tx, true, now, FEW)? {
            let Some(due_at) = row.check_at else { continue };
            if rows::claim_check(tx, row.item.id, due_at, until)? {
                let play = match row.item.check {
                    Check::Replay { .. } => play_of(tx, row.incident, now)?,
                    _ => Err("nothing is to be played".into()),
                };
                taken.push(Due { row, until, play });
            }
        }
        Ok(taken)
    })
}

/// What is to be played of an incident; or why there is nothing.
pub(super) fn play_of(tx: &mut Tx<'_>, incident: IncidentId, now: Timestamp) -> Result<Result<Play, String>, Halt> {
    let (mut groups, mut first) = (Vec::new(), None::<Timestamp>);
    let ids: Vec<GroupId> = groups_of(tx, incident)?;
    for id in ids {
        if let Some((group, _)) = store::detect::groups::get(tx, id)? {
            first = Some(first.map_or(group.opened_at, |first| first.min(group.opened_at)));
            groups.push(group.labels);
        }
    }
    let Some(first) = first else {
        return Ok(Err("no alerts belong to the incident, so that there is nothing to play".into()));
    };
    // What came in at this very instant belongs to it.
    let until = PLAYED_MOST.after(first).min(Span::millis(1).after(now));
    Ok(Ok(Play { since: BEFORE.before(first), until, groups }))
}

/// What came of a check that this node took. Nothing, if it is another's by now, or the check is another.
pub fn checked(store: &Store, mint: &mut Mint, due: &Due, seen: &Seen, now: Timestamp) -> Result<bool, Halt> {
    store.write(|tx| {
        let mut moment = Moment::new(now, Actor::Rule(RULE), mint);
        let Some(row) = rows::get(tx, due.row.item.id, Sight::Whole)? else { return Ok(false) };
        if row.check_at != Some(due.until) || row.item.check != due.row.item.check {
            return Ok(false);
        }
        keep(tx, &mut moment, row, seen)?;
        Ok(true)
    })
}
