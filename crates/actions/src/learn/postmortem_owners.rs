//! Who owns a postmortem: whoever holds the role `postmortem-owner`. Somebody is asked, silence moves on to the next, and whoever
//! owns it is reminded.

use domain::engage::deliveries::Urgency;
use domain::learn::postmortem_owners::{candidates, next_to_ask};
use domain::learn::postmortems::{OWNER, Postmortem, State};
use domain::respond::assignments::{self as roles, Assignment, State as Holding};
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, Refusal, Timestamp};
use serde_json::json;
use store::learn::postmortems as rows;
use store::respond::assignments as role_rows;
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::{Halt, Store, Tx};

use super::postmortem_policies::{self, accept_until, save};
use crate::announce::Told;
use crate::board::{self, Pace, Turn};
use crate::engage::pages::{self, Reminder};
use crate::respond::incidents::find;
use crate::respond::{assignments, command};
use crate::{Moment, Node, announce};

/// What a reminder of a postmortem is of, within its incident.
const OWED: &str = "postmortem";
/// How many are looked at in one transaction.
const AT_ONCE: u32 = 10;

/// Who owns one, and who was asked and has not answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    pub owner: Option<Name>,
    pub asked: Option<Name>,
}

/// That of an incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Ownership, Halt> {
    let all = role_rows::of_incident(tx, incident)?;
    let ours = || all.iter().filter(|one| one.role.as_str() == OWNER);
    let asked = ours().filter(|one| one.state == Holding::Offered).max_by_key(|one| one.offered_at);
    Ok(Ownership {
        owner: ours().find(|one| one.is_held()).map(|one| one.person.clone()),
        asked: asked.map(|one| one.person.clone()),
    })
}

/// Somebody sees to it: whoever was asked accepts, anybody else takes it if nobody has it.
pub fn take(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, id: IncidentId) -> Result<(), Halt> {
    let role: Name = OWNER.parse()?;
    let me = moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))?;
    find(tx, moment, id)?;
    let all = role_rows::of_incident(tx, id)?;
    let asked = all.iter().any(|one| one.role == role && one.person == me && one.state == Holding::Offered);
    if asked {
        assignments::accept(tx, node, moment, id, &role)
    } else {
        assignments::offer(tx, node, moment, id, &role, &me, None)
    }
}

/// The role of an owner was offered, accepted, declined or laid down.
pub(crate) fn moved(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    one: &Assignment,
) -> Result<(), Halt> {
    let Some(mut found) = rows::get(tx, id)?.filter(|found| found.state.is_open()) else { return Ok(()) };
    match one.state {
        Holding::Offered => {
            if !found.asked.contains(&one.person) {
                found.asked.push(one.person.clone());
            }
            found.accept_by = accept_until(&node.rules(tx)?.catalog, &found, moment.now);
            // They are told at the next turn of the clockwork.
            return Ok(rows::save(tx, &found, Some(moment.now))?);
        }
        Holding::Held { .. } => {
            (found.asked, found.accept_by) = (Vec::new(), None);
            pages::end_reminders(tx, moment, id, OWED)?;
        }
        // Somebody else is asked at the next turn of the clockwork.
        Holding::Declined { .. } | Holding::Ended { .. } => found.accept_by = found.due.map(|_| moment.now),
    }
    save(tx, &found, moment.now)
}

/// Asks somebody where one is due that nobody owns or was asked to own; ends what is owed of one that is not due any more.
pub(super) fn follow(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, row: &IncidentRow) -> Result<(), Halt> {
    let Some(one) = rows::get(tx, row.id)? else { return Ok(()) };
    if !one.state.is_open() {
        return pages::end_reminders(tx, moment, row.id, OWED);
    }
    let held = of_incident(tx, row.id)?;
    match (&held.owner, &held.asked) {
        _ if one.due.is_none() => Ok(()),
        (None, None) => ask(tx, node, &mut moment.by_rule("postmortem"), row, one),
        // They were named before it was known to be due: they have their time from now on.
        (None, Some(_)) if one.accept_by.is_none() => {
            let accept_by = accept_until(&node.rules(tx)?.catalog, &one, moment.now);
            Ok(rows::save(tx, &Postmortem { accept_by, ..one }, Some(moment.now))?)
        }
        _ => Ok(()),
    }
}

/// Offers the role to whoever comes next.
fn ask(tx: &mut Tx<'_>, node: &Node, moment: &mut Moment<'_>, row: &IncidentRow, one: Postmortem) -> Result<(), Halt> {
    let catalog = node.rules(tx)?.catalog.clone();
    let mut all = candidates(&catalog, None, &row.services, row.state.commander.as_ref());
    if row.state.visibility == Visibility::Restricted {
        // A rule lets nobody into what is restricted.
        let mut inside = Vec::new();
        for person in all {
            if incident_rows::get(tx, row.id, Sight::Of(&person))?.is_some() {
                inside.push(person);
            }
        }
        all = inside;
    }
    let (next, asked) = next_to_ask(&all, &one.asked);
    let accept_by = accept_until(&catalog, &one, moment.now);
    save(tx, &Postmortem { asked, accept_by, ..one }, moment.now)?;
    let role: Name = OWNER.parse()?;
    match next {
        Some(person) if catalog.roles.contains_key(&role) => {
            assignments::offer(tx, node, moment, row.id, &role, &person, None)
        }
        _ => Ok(()),
    }
}

/// Judges again what was corrected, asks others where nobody answered, and reminds. Answers how many.
pub fn keep_time(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let due = store.read(|tx| Ok(rows::due(tx, now, AT_ONCE)?))?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("postmortem"), mint);
    for id in &due {
        // Not in a turn: what is judged looks at the board itself.
        store.write(|tx| {
            let (judge_at, _) = rows::wakes(tx, *id)?;
            if judge_at.is_some_and(|at| at <= now) {
                postmortem_policies::look(tx, node, &mut moment.again(), *id)?;
            }
            Ok(())
        })?;
    }
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::due(turn.tx, now, AT_ONCE)?;
        for id in &due {
            keep(turn, *id)?;
        }
        Ok(due.len())
    })
}

fn keep(turn: &mut Turn<'_, '_>, id: IncidentId) -> Result<(), Halt> {
    let now = turn.moment.now;
    let (judge_at, remind_at) = rows::wakes(turn.tx, id)?;
    if judge_at.is_some() {
        // Something was corrected just now: it is judged first.
        return Ok(());
    }
    let (Some(one), Some(row)) = (rows::get(turn.tx, id)?, incident_rows::get(turn.tx, id, Sight::Whole)?) else {
        return Ok(());
    };
    if !one.state.is_open() || one.due.is_none() || row.state.phase.is_open() {
        // Open again, or over: nobody is chased meanwhile. When the response is over it is judged anew.
        return Ok(rows::save(turn.tx, &Postmortem { accept_by: None, ..one }, None)?);
    }
    let held = of_incident(turn.tx, id)?;
    if held.owner.is_none() && one.accept_by.is_some_and(|at| at <= now) {
        return escalate(turn, &row, one, held.asked.as_ref());
    }
    if held.owner.is_some() && one.accept_by.is_some() {
        return save(turn.tx, &Postmortem { accept_by: None, ..one }, now);
    }
    if remind_at.is_some_and(|at| at <= now) {
        remind(turn, &row, &one, &held)?;
        return save(turn.tx, &one, now);
    }
    Ok(())
}

/// Whoever was asked did not answer in time, or said no.
fn escalate(turn: &mut Turn<'_, '_>, row: &IncidentRow, one: Postmortem, silent: Option<&Name>) -> Result<(), Halt> {
    let node = turn.node;
    pages::end_reminders(turn.tx, &mut turn.moment, row.id, OWED)?;
    if let Some(silent) = silent {
        let all = role_rows::of_incident(turn.tx, row.id)?;
        let role: Name = OWNER.parse()?;
        for done in roles::lapse(&all, &role, silent, turn.moment.now) {
            role_rows::save(turn.tx, row.id, &done.assignment)?;
        }
    }
    let data = json!({ "silent": silent, "asked": one.asked });
    announce::of_incident(
        turn.tx,
        &mut turn.moment,
        EventKind::PostmortemEscalated,
        row.id,
        Vec::new(),
        Told::of(data),
    )?;
    ask(turn.tx, node, &mut turn.moment, row, one)
}

fn remind(turn: &mut Turn<'_, '_>, row: &IncidentRow, one: &Postmortem, held: &Ownership) -> Result<(), Halt> {
    let now = turn.moment.now;
    let Some(person) = held.owner.as_ref().or(held.asked.as_ref()) else { return Ok(()) };
    let Some(due) = one.due else { return Ok(()) };
    let rules = turn.rules.clone();
    let day = |at: Timestamp| one.last_day(&rules.catalog, at);
    let late = one.late(now).map(|(says, _)| says);
    let because = match (&held.owner, late, one.state) {
        (None, _, _) => {
            let until = one.accept_by.map_or_else(String::new, |at| format!(" by {}", day(at)));
            format!("You are asked to own it: accept or decline{until}. It is to be published by {}", day(due.publish))
        }
        (Some(_), Some(late), State::Due) if now < due.publish => {
            format!("You own it, and {late} by {}", day(due.draft))
        }
        (Some(_), Some(late), _) => format!("You own it, and {late} by {}", day(due.publish)),
        (Some(_), None, State::Due) => format!("You own it: somebody begins to write it by {}", day(due.draft)),
        (Some(_), None, _) => format!("You own it: it is to be published by {}", day(due.publish)),
    };
    pages::end_reminders(turn.tx, &mut turn.moment, row.id, OWED)?;
    let title = format!("Postmortem: {}", command::outside_name(row));
    let reminder = Reminder { incident: row.id, owed: OWED, urgency: Urgency::Low, title: &title, because: &because };
    let reached = pages::remind(turn, person, &reminder)?;
    if late.is_some() || held.owner.is_some() {
        let data = json!({ "person": person, "late": late, "reached": reached, "state": one.state });
        let also = vec![format!("person/{person}")];
        announce::of_incident(turn.tx, &mut turn.moment, EventKind::PostmortemReminded, row.id, also, Told::of(data))?;
    }
    Ok(())
}
