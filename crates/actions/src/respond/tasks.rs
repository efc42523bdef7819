//! Tasks: given, taken, extended, done, dropped.

use domain::engage::deliveries::Urgency;
use domain::respond::entries;
use domain::respond::incidents::Visibility;
use domain::respond::sight::Sight;
use domain::respond::tasks::{Task, Wish};
use domain::words::{Actor, EventKind, IncidentId, Mint, Name, Refusal, Span, TaskId, Timestamp};
use serde_json::{Value, json};
use store::respond::tasks as rows;
use store::respond::{assignments, incidents as incident_rows};
use store::{Halt, Store, Tx};

use super::command;
use super::incidents::{find, leads, must_be_person, title};
use crate::announce::Told;
use crate::board::{self, Pace};
use crate::engage::pages::{self, Reminder};
use crate::{Moment, Node, announce};

/// Gives a task to one person, with the time after which they report.
pub fn give(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    what: &str,
    to: &Name,
    within: Option<Span>,
) -> Result<Task, Halt> {
    let row = find(tx, moment, incident)?;
    if !row.state.phase.is_open() {
        return Err(Refusal::conflict(format!("it is {}: tasks are given while it is open", row.state.phase)).into());
    }
    must_be_person(&node.rules(tx)?.catalog, to)?;
    let by = moment.person().cloned();
    let task = Task::give(moment.mint.id(moment.now), title(what)?, to.clone(), by.as_ref(), within, moment.now)?;
    // Whoever has something to do must be able to see what for.
    incident_rows::name_person(tx, incident, to)?;
    write(tx, moment, incident, &task, EventKind::TaskGiven, None)?;
    Ok(task)
}

/// Does with a task what was asked.
pub fn act(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    id: TaskId,
    wish: &Wish,
) -> Result<Task, Halt> {
    let row = find(tx, moment, incident)?;
    let task = rows::get(tx, incident, id)?.ok_or_else(|| Refusal::not_found(format!("task {id}")))?;
    let wish = match wish.clone() {
        Wish::Done { result } => Wish::Done { result: entries::text(&result, "/result")? },
        Wish::Drop { why } => Wish::Drop { why: entries::text(&why, "/why")? },
        Wish::Give { to } => {
            must_be_person(&node.rules(tx)?.catalog, &to)?;
            incident_rows::name_person(tx, incident, &to)?;
            Wish::Give { to }
        }
        other => other,
    };
    let given = assignments::of_incident(tx, incident)?;
    let by = moment.person().cloned();
    let leads = leads(&row, &given, by.as_ref());
    let before = task.owner.clone();
    let (task, event) = task.act(&wish, by.as_ref(), leads, moment.now)?;
    let why = match &wish {
        Wish::Drop { why } => Some(why.as_str()),
        _ => None,
    };
    write(tx, moment, incident, &task, event, why)?;
    // Whoever owns it has answered, or it is another's now.
    if by.as_ref() == Some(&before) || task.owner != before || !task.is_open() {
        pages::end_reminders(tx, moment, incident, &task.id.to_string())?;
    }
    Ok(task)
}

/// How many owners are reminded in one transaction.
const AT_ONCE: u32 = 50;

/// Reminds the owners of tasks whose time box is over. Answers how many.
pub fn remind_late(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    if store.read(|tx| Ok(rows::due(tx, now, 1)?))?.is_empty() {
        return Ok(0);
    }
    let mut moment = Moment::new(now, Actor::Rule("task"), mint);
    board::turn(store, node, Pace::Ordinary, &mut moment, |turn| {
        let due = rows::due(turn.tx, now, AT_ONCE)?;
        for (incident, task) in &due {
            rows::reminded(turn.tx, task.id)?;
            let Some(row) = incident_rows::get(turn.tx, *incident, Sight::Whole)? else { continue };
            if !row.state.phase.is_open() {
                continue;
            }
            let data = json!({ "task": task.id, "title": task.title, "person": task.owner, "due_at": task.due_at });
            let also = vec![task.id.to_string(), format!("person/{}", task.owner)];
            announce::of_incident(turn.tx, &mut turn.moment, EventKind::TaskLate, *incident, also, Told::of(data))?;
            let hidden = row.state.visibility == Visibility::Restricted;
            let what = if hidden { command::outside_name(&row) } else { &task.title };
            let title = format!("How does it stand? {what}");
            let because = "The time box of your task is over: say what came of it, or how much longer it takes";
            let owed = task.id.to_string();
            let reminder =
                Reminder { incident: *incident, owed: &owed, urgency: Urgency::High, title: &title, because };
            pages::end_reminders(turn.tx, &mut turn.moment, *incident, &owed)?;
            pages::remind(turn, &task.owner, &reminder)?;
        }
        Ok(due.len())
    })
}

fn write(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    task: &Task,
    event: EventKind,
    why: Option<&str>,
) -> Result<(), Halt> {
    rows::save(tx, incident, task)?;
    let mut data: Value = json!({
        "task": task.id,
        "title": task.title,
        "person": task.owner,
        "state": task.state.word(),
        "due_at": task.due_at,
    });
    if let domain::respond::tasks::State::Done { result, .. } = &task.state {
        data["result"] = json!(result);
    }
    let also = vec![task.id.to_string(), format!("person/{}", task.owner)];
    announce::of_incident(tx, moment, event, incident, also, Told { why, data, at: None })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::respond::incidents::Class;

    use super::super::desk::{Desk, name};
    use super::super::incidents::Declaration;
    use super::*;

    store::both_engines! {
        fn the_owner_of_a_late_task_is_reminded_once(store) {
            let desk = Desk::open(store);
            let wanted = Declaration { severity: Some("SEV3".into()), ..Declaration::new("Payments fail", Class::System) };
            let id = desk.declare("ana", &wanted).id;
            let give = |title: &str, minutes| desk.by("ana", |tx, node, moment| {
                give(tx, node, moment, id, title, &name("ben"), Some(Span::minutes(minutes)))
            }).unwrap();
            let (late, done) = (give("look at the cache", 10), give("ask the bank", 10));
            let act = |task: &Task, wish: Wish| desk.by("ben", |tx, node, moment| act(tx, node, moment, id, task.id, &wish));
            act(&done, Wish::Done { result: "they see nothing".into() }).unwrap();
            desk.wait(30);
            desk.wait(30);
            let reminder = ("reminder".to_owned(), "ben".to_owned(), "How does it stand? look at the cache".to_owned());
            assert_eq!(desk.paged(id), std::slice::from_ref(&reminder));
            act(&late, Wish::Take).unwrap();
            desk.wait(30);
            assert_eq!(desk.paged(id).len(), 1, "not again for the same time box");
            act(&late, Wish::Extend { by: Span::minutes(5) }).unwrap();
            desk.wait(10);
            assert_eq!(desk.paged(id), [reminder.clone(), reminder], "but for the next one");
            let kinds = desk.told("ana", id);
            assert_eq!(kinds.iter().filter(|kind| *kind == "task.late").count(), 2, "{kinds:?}");
        }
    }
}
