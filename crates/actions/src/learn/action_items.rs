//! Action items: proposed, accepted, done, proven, not done after all; and what is read of them.
//!
//! What a check says is in `item_checks.rs`, who is reminded in `item_reminders.rs`, what came back in `recurrences.rs`. An item is
//! seen by those who see its incident, in lists, counts and curves alike.

use std::collections::BTreeMap;

use domain::learn::action_items::{ActionItem, By, Edit, NewItem, State, Wish, within};
use domain::learn::item_checks::{Answer, Evidence, Seen};
use domain::learn::survival::{Curve, Life, curve};
use domain::learn::wording::{Advice, advise};
use domain::prepare::severity::SeverityMatrix;
use domain::respond::entries;
use domain::respond::incidents::Phase;
use domain::respond::sight::Sight;
use domain::words::{ActionItemId, EventKind, IncidentId, Name, Refusal, Span, Timestamp};
use serde_json::{Value, json};
use store::journal::{self, Entry};
use store::learn::action_items::{self as rows, Filter, ItemRow, LifeRow, Recurrence};
use store::learn::trackers::TrackedRow;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Tx};

use super::{item_checks, item_reminders};
use crate::announce::Told;
use crate::engage::pages;
use crate::respond::incidents::{find, levels, must_be_person, seen as incident_seen};
use crate::{Moment, Node, announce};

/// No list is longer.
pub const LISTED_MOST: u32 = 500;
/// So many of the last entries of an item are shown, and of what its check saw.
const HISTORY_MOST: u32 = 100;
const EVIDENCE_MOST: u32 = 20;

/// An item with all that is known of it.
#[derive(Debug)]
pub struct Detail {
    pub row: ItemRow,
    pub incident: IncidentRow,
    pub advice: Advice,
    /// What its checks saw, the latest first.
    pub evidence: Vec<Evidence>,
    /// In which incidents something of it came back, that are seen.
    pub recurrences: Vec<Recurrence>,
    /// The issue that follows it, if one does.
    pub tracked: Option<TrackedRow>,
    /// What happened to it, the latest first.
    pub history: Vec<Entry>,
}

/// Proposes an item of an incident, while it goes on or afterwards.
pub fn propose(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    new: &NewItem,
) -> Result<ItemRow, Halt> {
    let row = find(tx, moment, incident)?;
    if matches!(row.state.phase, Phase::Cancelled | Phase::Merged) {
        return Err(Refusal::conflict(format!("it is {}: nothing follows from it", row.state.phase)).into());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    must_be_owner(&catalog, &new.owner)?;
    new.check.refuse(&catalog)?;
    let by = moment.person().cloned();
    let span = time_of(tx, node, &row)?;
    let item = ActionItem::propose(moment.mint.id(moment.now), new, by.as_ref(), span, moment.now)?;
    // Whoever has something to do must be able to see what for.
    incident_rows::name_person(tx, incident, &item.owner)?;
    let made = timed(&row, ItemRow { incident, item, reminded_at: None, wake_at: None, check_at: None }, moment.now);
    rows::save(tx, &made)?;
    tell(tx, moment, EventKind::ActionItemProposed, &made, None, json!({}))?;
    Ok(made)
}

fn must_be_owner(catalog: &domain::prepare::catalog::Catalog, owner: &Name) -> Result<(), Refusal> {
    must_be_person(catalog, owner).map_err(|refusal| refusal.at("/owner"))?;
    if catalog.people.get(owner).is_some_and(|person| person.inactive) {
        return Err(Refusal::invalid(format!("{owner} left: name somebody who is here")).at("/owner"));
    }
    Ok(())
}

/// How long an item of the incident may take.
pub(super) fn time_of(tx: &mut Tx<'_>, node: &Node, row: &IncidentRow) -> Result<Span, Halt> {
    let matrix = SeverityMatrix { levels: levels(&node.rules(tx)?.catalog) };
    Ok(within(Some(&matrix), row.state.severity.as_deref()))
}

/// Does with an item what was asked.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: ActionItemId,
    wish: &Wish,
) -> Result<ItemRow, Halt> {
    let (row, incident) = seen(tx, id, Sight::of(&moment.actor))?;
    let Some(by) = moment.person().cloned() else {
        return Err(Refusal::forbidden("only a person says that of an action item").into());
    };
    let wish = checked_words(tx, node, wish)?;
    let before = row.item.clone();
    let (mut item, event) = before.act(&wish, &by, moment.now)?;
    let mut reminded_at = row.reminded_at;
    if event == EventKind::ActionItemReopened && item.due_at <= moment.now {
        item.due_at = time_of(tx, node, &incident)?.after(moment.now);
    }
    if item.owner != before.owner || item.due_at != before.due_at || event == EventKind::ActionItemReopened {
        // Whoever has it now, or until another day, is reminded anew.
        reminded_at = None;
    }
    if item.owner != before.owner {
        incident_rows::name_person(tx, row.incident, &item.owner)?;
    }
    let mut next = timed(&incident, ItemRow { item, reminded_at, ..row }, moment.now);
    if event == EventKind::ActionItemDone && next.check_at.is_some() {
        // What can be looked at is looked at now.
        next.check_at = Some(moment.now);
    }
    rows::save(tx, &next)?;
    if before.state.is_open() != next.item.state.is_open() {
        store::learn::trackers::wake(tx, id, moment.now)?;
    }
    let (why, data) = said_of(&wish, &before, &next.item);
    if let Wish::Confirm { seen } = &wish {
        rows::add_evidence(tx, id, &Seen::new(Answer::Yes, seen), Some(&by), moment.now)?;
    }
    tell(tx, moment, event, &next, why, data)?;
    if by == before.owner || next.item.owner != before.owner || !next.item.state.is_open() {
        pages::end_reminders(tx, moment, next.incident, &item_reminders::owed(&before.owner))?;
    }
    // Whoever says that it is done sees at once whether that holds, where the store can tell.
    let check = &next.item.check;
    if event == EventKind::ActionItemDone && !check.is_manual() && !check.is_slow() {
        return item_checks::look(tx, node, moment, next);
    }
    Ok(next)
}

/// The wish with words that may be kept, and with what it names.
fn checked_words(tx: &mut Tx<'_>, node: &Node, wish: &Wish) -> Result<Wish, Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let optional = |text: &Option<String>, place: &str| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => entries::text(text, place).map(Some),
    };
    Ok(match wish {
        Wish::Give { to } => {
            must_be_owner(&catalog, to)?;
            wish.clone()
        }
        Wish::Edit { edit, why } => {
            if let Some(check) = &edit.check {
                check.refuse(&catalog)?;
            }
            Wish::Edit { edit: edit.clone(), why: optional(why, "/why")? }
        }
        Wish::Done { said } => Wish::Done { said: optional(said, "/said")? },
        Wish::Confirm { seen } => Wish::Confirm { seen: entries::text(seen, "/seen")? },
        Wish::AskDrop { why } => Wish::AskDrop { why: entries::text(why, "/why")? },
        Wish::Keep { why } => Wish::Keep { why: entries::text(why, "/why")? },
        Wish::Reopen { why } => Wish::Reopen { why: entries::text(why, "/why")? },
        Wish::Accept | Wish::ApproveDrop => wish.clone(),
    })
}

/// What the journal keeps of a wish: the reason, and what is otherwise now.
fn said_of<'w>(wish: &'w Wish, before: &ActionItem, after: &ActionItem) -> (Option<&'w str>, Value) {
    match wish {
        Wish::Edit { why, edit } => (why.as_deref(), differences(edit, before, after)),
        Wish::Done { said } => (said.as_deref(), json!({})),
        Wish::Confirm { seen } => (Some(seen), json!({ "by_hand": true })),
        Wish::AskDrop { why } | Wish::Keep { why } | Wish::Reopen { why } => (Some(why), json!({})),
        Wish::Give { .. } => (None, json!({ "before": before.owner })),
        Wish::ApproveDrop => {
            let asked = before.drop_asked.as_ref();
            (None, json!({ "because": asked.map(|asked| &asked.why), "asked_by": asked.map(|asked| &asked.by) }))
        }
        Wish::Accept => (None, json!({})),
    }
}

fn differences(edit: &Edit, before: &ActionItem, after: &ActionItem) -> Value {
    let mut changed = json!({});
    let mut note = |name: &str, old: Value, new: Value| {
        if old != new {
            changed[name] = json!({ "before": old, "after": new });
        }
    };
    note("title", json!(before.title), json!(after.title));
    note("bound", json!(before.bound), json!(after.bound));
    note("kind", json!(before.kind), json!(after.kind));
    note("priority", json!(before.priority), json!(after.priority));
    note("due_at", json!(before.due_at), json!(after.due_at));
    note("factor", json!(before.factor), json!(after.factor));
    if edit.check.is_some() {
        note("check", json!(before.check.to_string()), json!(after.check.to_string()));
    }
    json!({ "changed": changed })
}

/// With its timers as they follow from how it stands. Nobody is reminded of what belongs to a drill.
pub(super) fn timed(incident: &IncidentRow, row: ItemRow, now: Timestamp) -> ItemRow {
    let wake_at = if incident.drill { None } else { row.item.next_reminder(row.reminded_at) };
    let check_at = match (row.check_at, row.item.next_check(now)) {
        (_, None) => None,
        (Some(soon), Some(_)) => Some(soon),
        (None, next) => next,
    };
    ItemRow { wake_at, check_at, ..row }
}

/// Notes something of an item on the timeline of its incident. Answers with nothing.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    event: EventKind,
    row: &ItemRow,
    why: Option<&str>,
    more: Value,
) -> Result<(), Halt> {
    let mut data = row.item.particulars();
    if let (Some(all), Value::Object(more)) = (data.as_object_mut(), more) {
        all.extend(more);
    }
    let also = vec![row.item.id.to_string(), format!("person/{}", row.item.owner)];
    announce::of_incident(tx, moment, event, row.incident, also, Told { why, data, at: None })?;
    Ok(())
}

/// An item with its incident; or a refusal that says as little of one that may not be seen as of one that never was.
pub fn seen(tx: &mut Tx<'_>, id: ActionItemId, sight: Sight<'_>) -> Result<(ItemRow, IncidentRow), Halt> {
    let gone = || Refusal::not_found(format!("action item {id}"));
    let row = rows::get(tx, id, sight)?.ok_or_else(gone)?;
    let incident = incident_rows::get(tx, row.incident, sight)?.ok_or_else(gone)?;
    Ok((row, incident))
}

/// An item with all that is known of it, for whoever looks.
pub fn detail(tx: &mut Tx<'_>, id: ActionItemId, sight: Sight<'_>) -> Result<Detail, Halt> {
    let (row, incident) = seen(tx, id, sight)?;
    let mut recurrences = rows::recurrences_of(tx, id, sight)?;
    recurrences.reverse();
    Ok(Detail {
        advice: advise(&row.item.title, &row.item.bound),
        evidence: rows::evidence(tx, id, EVIDENCE_MOST)?,
        recurrences,
        tracked: store::learn::trackers::get(tx, id)?,
        history: journal::of_subject(tx, &id.to_string(), sight, None, HISTORY_MOST)?,
        row,
        incident,
    })
}

/// The items of an incident, for whoever may see that; in the order in which they were proposed.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, sight: Sight<'_>) -> Result<Vec<ItemRow>, Halt> {
    incident_seen(tx, incident, sight)?;
    Ok(rows::of_incident(tx, incident)?)
}

/// What came back in an incident: items of earlier ones, with how they stand now, as far as they are seen.
pub fn came_back_in(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    sight: Sight<'_>,
) -> Result<Vec<(Recurrence, ItemRow)>, Halt> {
    incident_seen(tx, incident, sight)?;
    let mut all = Vec::new();
    for one in rows::recurrences_in(tx, incident)? {
        if let Some(row) = rows::get(tx, one.item, sight)? {
            all.push((one, row));
        }
    }
    Ok(all)
}

/// Items with the incidents that they follow from, of those that are seen; the open ones first, by when they are due.
pub fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    sight: Sight<'_>,
    limit: u32,
) -> Result<Vec<(ItemRow, IncidentRow)>, Halt> {
    if let Some(state) = filter.state.as_deref()
        && state != "open"
        && !State::WORDS.contains(&state)
    {
        let all = State::WORDS.join(", ");
        return Err(Refusal::invalid(format!("a state is open, or one of {all}")).at("/state").into());
    }
    let mut known: BTreeMap<IncidentId, IncidentRow> = BTreeMap::new();
    let mut all = Vec::new();
    for row in rows::list(tx, filter, sight, limit)? {
        let incident = match known.get(&row.incident) {
            Some(incident) => incident.clone(),
            None => match incident_rows::get(tx, row.incident, sight)? {
                Some(incident) => known.entry(row.incident).or_insert(incident).clone(),
                None => continue,
            },
        };
        all.push((row, incident));
    }
    Ok(all)
}

/// How long some items stayed open.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// `all`, `prevent`, `high`, `payments`.
    pub what: String,
    /// How many it speaks of.
    pub n: usize,
    /// Nothing, where there are too few to tell.
    pub curve: Option<Curve>,
}

/// How long items stay open until their owner says that they are done, of those that are seen. What will not be done counts as
/// open until that was decided.
pub fn survival(tx: &mut Tx<'_>, by: By, sight: Sight<'_>, now: Timestamp) -> Result<Vec<Survival>, Halt> {
    let mut lives: BTreeMap<String, Vec<Life>> = BTreeMap::new();
    if by == By::All {
        lives.insert(By::All.word().to_owned(), Vec::new());
    }
    for row in rows::lives(tx, sight)? {
        for what in parts(by, &row) {
            lives.entry(what).or_default().push(life(&row, now));
        }
    }
    let told = |(what, lives): (String, Vec<Life>)| Survival { what, n: lives.len(), curve: curve(&lives) };
    Ok(lives.into_iter().map(told).collect())
}

fn parts(by: By, row: &LifeRow) -> Vec<String> {
    match by {
        By::All => vec![By::All.word().to_owned()],
        By::Kind => vec![row.kind.word().to_owned()],
        By::Priority => vec![row.priority.word().to_owned()],
        By::Service => row.services.clone(),
    }
}

fn life(row: &LifeRow, now: Timestamp) -> Life {
    let until = row.done_at.or(row.dropped_at).unwrap_or(now);
    Life { from: row.proposed_at, until: until.max(row.proposed_at), closed: row.done_at.is_some() }
}

#[cfg(test)]
#[path = "action_items_tests.rs"]
mod tests;
