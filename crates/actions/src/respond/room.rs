//! What the incident room shows: how things stand, and the timeline, for whoever may see it.

use std::collections::BTreeSet;

use domain::respond::assignments::{Assignment, Hint, hints};
use domain::respond::criteria::{self, Criterion, Facts};
use domain::respond::sight::Sight;
use domain::respond::stamps::{Measure, Oddity, Stamp, Took, oddities, standing};
use domain::respond::tasks::Task;
use domain::respond::updates::{Promise, Update};
use domain::words::{EventId, GroupId, Id as _, IncidentId, Name, Timestamp};
use store::engage::pages::PageRow;
use store::journal::{self, Entry};
use store::respond::entries::{self as marks, Mark};
use store::respond::incidents::{self as rows, IncidentRow};
use store::respond::{assignments, stamps, tasks, updates as update_rows};
use store::{Halt, Tx};

use super::incidents::{COMMANDER, seen};
use super::links::{Thing, groups_of};
use super::runbooks::{self, Pointer};
use super::updates;
use crate::Node;

/// An incident, as it stands.
#[derive(Debug)]
pub struct Room {
    pub row: IncidentRow,
    pub stamps: Vec<Stamp>,
    pub oddities: Vec<Oddity>,
    pub measures: Vec<(Measure, Took)>,
    pub assignments: Vec<Assignment>,
    pub hints: Vec<Hint>,
    /// Who is named for it.
    pub people: Vec<Name>,
    pub groups: Vec<GroupStanding>,
    /// Other incidents that belong to it and may be seen.
    pub others: Vec<IncidentRow>,
    pub criteria: Vec<Criterion>,
    /// In the order in which they were given.
    pub tasks: Vec<Task>,
    /// In the order in which they were written.
    pub updates: Vec<Update>,
    pub promises: Vec<Promise>,
    /// Who owes the next update.
    pub owes_update: Option<Name>,
    /// What is said in public waits for a second person.
    pub second_person: bool,
    /// The pages about the incident itself, the newest first.
    pub pages: Vec<PageRow>,
    /// Where it is written what to do.
    pub runbooks: Vec<Pointer>,
}

/// A group of alerts that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStanding {
    pub id: GroupId,
    /// Nothing if it is no longer kept.
    pub title: Option<String>,
    /// Its open alerts, the worst of them, if there is one.
    pub open: usize,
    pub alert: Option<domain::words::AlertId>,
}

/// How an incident stands.
pub fn room(tx: &mut Tx<'_>, node: &Node, id: IncidentId, sight: Sight<'_>, now: Timestamp) -> Result<Room, Halt> {
    let row = seen(tx, id, sight)?;
    let stamps = stamps::of_incident(tx, id)?;
    let criteria = criteria(tx, node, &row)?;
    let assignments = assignments::of_incident(tx, id)?;
    let commander: Name = COMMANDER.parse()?;
    let (mut groups, mut others) = (Vec::new(), Vec::new());
    for linked in rows::links(tx, id)? {
        match Thing::of(&linked.subject) {
            Some(Thing::Group(group)) => groups.push(group_standing(tx, node, group)?),
            Some(Thing::Incident(other)) => others.extend(rows::get(tx, other, sight)?),
            None => {}
        }
    }
    let tasks = tasks::of_incident(tx, id)?;
    let owes_update = updates::owes(&assignments);
    let busy: Vec<Name> = tasks.iter().filter(|task| task.is_open()).map(|task| task.owner.clone()).collect();
    let held = standing(&stamps);
    let measures = Measure::ALL.into_iter().filter_map(|measure| Some((measure, measure.of(&held)?))).collect();
    Ok(Room {
        oddities: oddities(&stamps, now),
        measures,
        hints: if row.state.phase.is_open() { hints(&assignments, &commander, &busy, now) } else { Vec::new() },
        people: rows::people(tx, id)?,
        stamps,
        assignments,
        groups,
        others,
        criteria,
        tasks,
        updates: update_rows::of_incident(tx, id)?,
        promises: update_rows::promises(tx, id)?,
        owes_update,
        second_person: updates::second_person(&node.rules(tx)?.catalog, &row),
        pages: store::engage::pages::of_incident(tx, id)?,
        runbooks: runbooks::of_incident(tx, node, &row, now)?,
        row,
    })
}

fn group_standing(tx: &mut Tx<'_>, node: &Node, id: GroupId) -> Result<GroupStanding, Halt> {
    let title = store::detect::groups::get(tx, id)?.map(|(group, _)| group.title);
    let board = node.board();
    let open = board.group(id);
    let worst = open.and_then(|open| open.alerts.iter().copied().max_by_key(|slot| board.severity(*slot)));
    Ok(GroupStanding {
        id,
        title,
        open: open.map_or(0, |open| open.alerts.len()),
        alert: worst.map(|slot| board.at(slot).id),
    })
}

/// The end criteria of an incident, and which of them are met.
pub fn criteria(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<Vec<Criterion>, Halt> {
    let stamps = stamps::of_incident(tx, row.id)?;
    let groups = groups_of(tx, row.id)?;
    let board = node.board();
    let firing = groups.iter().filter_map(|group| board.group(*group)).map(|open| open.alerts.len()).sum();
    let open_tasks = tasks::of_incident(tx, row.id)?.iter().filter(|task| task.is_open()).count();
    Ok(criteria::criteria(&row.state, &standing(&stamps), Facts { groups: groups.len(), firing, open_tasks }))
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub entry: Entry,
    /// What was done to the entry since.
    pub mark: Option<Mark>,
    /// The incident that it comes from, if that was merged into this one.
    pub origin: Option<IncidentId>,
}

/// A place in a timeline: before it comes what happened earlier.
pub type Place = (Timestamp, EventId);

/// What happened, the latest first, from before a place: in the incident, in those that were merged into it, to its
/// alerts and to their pages.
pub fn timeline(
    tx: &mut Tx<'_>,
    id: IncidentId,
    sight: Sight<'_>,
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<Line>, Halt> {
    let row = seen(tx, id, sight)?;
    let (mut own, mut subjects) = (vec![id], Vec::new());
    for linked in rows::links(tx, row.id)? {
        match Thing::of(&linked.subject) {
            Some(Thing::Incident(other)) => {
                let merged = rows::get(tx, other, sight)?.filter(|other| other.state.merged_into == Some(id));
                own.extend(merged.map(|merged| merged.id));
            }
            Some(Thing::Group(group)) => subjects.extend(subjects_of_group(tx, group)?),
            None => {}
        }
    }
    let mut entries = Vec::new();
    for incident in &own {
        entries.extend(journal::of_incident(tx, *incident, before, limit)?);
    }
    // What is told of alerts and pages is told when it happens: their ids are in the order of their times.
    let until = before.map(|(at, _)| first_after(at));
    for subject in subjects {
        let told = journal::of_subject(tx, &subject, sight, until, limit)?;
        entries.extend(told.into_iter().filter(|entry| entry.incident.is_none_or(|of| own.contains(&of))));
    }
    entries.retain(|entry| before.is_none_or(|place| (entry.at, entry.id) < place));
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    entries.dedup_by_key(|entry| entry.id);
    entries.truncate(limit as usize);
    let mut all_marks = Vec::new();
    for incident in &own {
        all_marks.extend(marks::of_incident(tx, *incident)?);
    }
    let line = |entry: Entry| Line {
        mark: all_marks.iter().find(|mark| mark.event == entry.id).cloned(),
        origin: entry.incident.filter(|of| *of != id),
        entry,
    };
    Ok(entries.into_iter().map(line).collect())
}

/// The entries that were pinned, the earliest first.
pub fn pinned(tx: &mut Tx<'_>, id: IncidentId, sight: Sight<'_>) -> Result<Vec<Line>, Halt> {
    let mut lines = Vec::new();
    for mark in marks::of_incident(tx, id)?.into_iter().filter(|mark| mark.pinned.is_some()) {
        if let Some(entry) = journal::get(tx, mark.event, sight)? {
            lines.push(Line { entry, mark: Some(mark), origin: None });
        }
    }
    lines.sort_by_key(|line| (line.entry.at, line.entry.id));
    Ok(lines)
}

/// Whether the timeline of an incident shows an entry that is not of the incident itself: one of its alerts or pages.
pub(super) fn shows(tx: &mut Tx<'_>, id: IncidentId, entry: &Entry) -> Result<bool, Halt> {
    if entry.incident.is_some() {
        return Ok(false);
    }
    let subjects = subjects(tx, id)?;
    Ok(entry.subjects.iter().any(|subject| subjects.contains(subject)))
}

/// The groups of alerts of an incident, and their pages: what is told of these is on its timeline.
pub(crate) fn subjects(tx: &mut Tx<'_>, id: IncidentId) -> Result<BTreeSet<String>, Halt> {
    let mut subjects = BTreeSet::new();
    for group in groups_of(tx, id)? {
        subjects.extend(subjects_of_group(tx, group)?);
    }
    Ok(subjects)
}

/// A group, and its pages.
fn subjects_of_group(tx: &mut Tx<'_>, group: GroupId) -> Result<Vec<String>, Halt> {
    let pages = store::engage::pages::of_group(tx, group)?;
    Ok(std::iter::once(group.to_string()).chain(pages.iter().map(|page| page.id.to_string())).collect())
}

/// An id that is greater than all that were minted in this millisecond.
fn first_after(at: Timestamp) -> EventId {
    let millisecond = u128::try_from(at.as_millisecond()).unwrap_or(0);
    EventId::from_bits((millisecond + 1) << 32)
}
