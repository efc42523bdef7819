//! Tasks: given, taken, extended, done, dropped.

use domain::respond::entries;
use domain::respond::tasks::{Task, Wish};
use domain::words::{EventKind, IncidentId, Name, Refusal, Span, TaskId};
use serde_json::{Value, json};
use store::respond::tasks as rows;
use store::respond::{assignments, incidents as incident_rows};
use store::{Halt, Tx};

use super::incidents::{find, leads, must_be_person, title};
use crate::announce::Told;
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
    let (task, event) = task.act(&wish, by.as_ref(), leads, moment.now)?;
    let why = match &wish {
        Wish::Drop { why } => Some(why.as_str()),
        _ => None,
    };
    write(tx, moment, incident, &task, event, why)?;
    Ok(task)
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
