//! What came back: an incident whose alerts fired before, in one whose action items were done, reopens them; open ones are named
//! on its timeline.
//!
//! Only what everybody may see is compared, so that nothing of what is restricted shows elsewhere; drills reopen nothing. When the
//! new incident turns out to be none, what it reopened stands as it did.

use domain::learn::action_items::{RECURS_WITHIN, State};
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{EventKind, GroupId, IncidentId};
use serde_json::{Value, json};
use store::learn::action_items::{self as rows, ItemRow, Recurrence};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Tx};

use super::action_items::{tell, time_of, timed};
use crate::announce::Told;
use crate::{Moment, Node, announce};

const RULE: &str = "recurrence";

/// A group of alerts belongs to an incident now: what followed from the same alerts before is looked at.
pub(crate) fn recall(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    group: GroupId,
) -> Result<(), Halt> {
    let Some(row) = compared(tx, incident)? else { return Ok(()) };
    let on_board = node.board().group(group).map(|open| (open.group.route.clone(), open.group.labels.clone()));
    let identity = match on_board {
        Some(identity) => Some(identity),
        None => store::detect::groups::get(tx, group)?.map(|(group, _)| (group.route, group.labels)),
    };
    let Some((route, labels)) = identity else { return Ok(()) };
    let found = rows::of_same_alerts(tx, incident, &route, &labels, RECURS_WITHIN.before(moment.now))?;
    came_back(tx, node, moment, &row, found)
}

/// Somebody confirmed that a factor was at work in an incident: items that were to answer it were not enough.
pub fn factor_confirmed(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    factor: &str,
) -> Result<(), Halt> {
    let Some(row) = compared(tx, incident)? else { return Ok(()) };
    let found = rows::of_same_factor(tx, incident, factor, RECURS_WITHIN.before(row.reported_at))?;
    came_back(tx, node, moment, &row, found)
}

/// The incident, if what happens in it says anything of others.
fn compared(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<IncidentRow>, Halt> {
    let row = incident_rows::get(tx, incident, Sight::Whole)?;
    Ok(row.filter(|row| !row.drill && !row.retrospective && row.state.visibility == Visibility::Open))
}

fn came_back(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    row: &IncidentRow,
    found: Vec<ItemRow>,
) -> Result<(), Halt> {
    let now = moment.now;
    let mut named: Vec<Value> = Vec::new();
    for one in found {
        let was_done = matches!(one.item.state, State::Done { .. } | State::Verified { .. });
        let was = was_done.then(|| (one.item.state.clone(), one.item.due_at));
        let kept = Recurrence { item: one.item.id, incident: row.id, at: now, was, undone_at: None };
        if !rows::add_recurrence(tx, &kept)? {
            continue;
        }
        let days_overdue = one.item.days_overdue(now);
        let said = json!({
            "action_item": one.item.id,
            "title": one.item.title,
            "incident": one.incident,
            "state": one.item.state.word(),
            "days_overdue": if one.item.state.is_open() { days_overdue } else { 0 },
            "reopened": was_done,
        });
        named.push(said);
        if was_done {
            reopen(tx, node, moment, row, &one)?;
        }
    }
    if named.is_empty() {
        return Ok(());
    }
    let told = Told::of(json!({ "items": named }));
    let mut rule = moment.by_rule(RULE);
    announce::of_incident(tx, &mut rule, EventKind::ActionItemRecalled, row.id, Vec::new(), told)?;
    Ok(())
}

fn reopen(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, row: &IncidentRow, one: &ItemRow) -> Result<(), Halt> {
    let Some(of) = incident_rows::get(tx, one.incident, Sight::Whole)? else { return Ok(()) };
    let mut item = one.item.clone();
    item.reopen(moment.now);
    item.due_at = time_of(tx, node, row)?.after(moment.now);
    let next = timed(&of, ItemRow { item, reminded_at: None, check_at: None, ..one.clone() }, moment.now);
    rows::save(tx, &next)?;
    store::learn::trackers::wake(tx, one.item.id, moment.now)?;
    let why = format!("it came back as {}: {}", row.id, row.name());
    let mut rule = moment.by_rule(RULE);
    let data = json!({ "came_back_as": row.id });
    tell(tx, &mut rule, EventKind::ActionItemReopened, &next, Some(&why), data)
}

/// The incident was none: what it reopened stands as it did, unless somebody said something of it since.
pub(crate) fn undo(tx: &mut Tx<'_>, moment: &mut Moment<'_>, incident: IncidentId) -> Result<(), Halt> {
    for one in rows::recurrences_in(tx, incident)? {
        if one.undone_at.is_some() {
            continue;
        }
        rows::undo_recurrence(tx, one.item, incident, moment.now)?;
        let Some((was, due_at)) = one.was else { continue };
        let Some(row) = rows::get(tx, one.item, Sight::Whole)? else { continue };
        if row.item.state != (State::Accepted { at: one.at }) {
            continue;
        }
        let Some(of) = incident_rows::get(tx, row.incident, Sight::Whole)? else { continue };
        let mut item = row.item.clone();
        (item.state, item.due_at) = (was, due_at);
        item.reopened = item.reopened.saturating_sub(1);
        let next = timed(&of, ItemRow { item, check_at: None, ..row }, moment.now);
        rows::save(tx, &next)?;
        let why = format!("{incident} was no incident");
        let mut rule = moment.by_rule(RULE);
        tell(tx, &mut rule, EventKind::ActionItemRestored, &next, Some(&why), json!({}))?;
    }
    Ok(())
}
