//! Roles: offered, accepted, declined, handed over with what the next one must know.

use domain::learn::postmortems::OWNER;
use domain::prepare::catalog::Catalog;
use domain::prepare::roles::Role;
use domain::respond::assignments::{self as rules, Assignment, Move};
use domain::respond::handovers::Handover;
use domain::respond::stamps::{Milestone, Source, When};
use domain::respond::tasks::Task;
use domain::respond::updates::{Fate, Promise};
use domain::words::{IncidentId, Name, Refusal, text};
use serde_json::{Value, json};
use store::respond::assignments as rows;
use store::respond::incidents as incident_rows;
use store::{Halt, Tx};

use super::incidents::{COMMANDER, find, must_be_person};
use super::{command, stamps};
use crate::announce::Told;
use crate::engage::pages;
use crate::learn::postmortem_owners;
use crate::{Moment, Node, announce};

/// Offers a role to somebody; or takes it, if that is oneself.
pub fn offer(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    role: &Name,
    to: &Name,
    handover: Option<&Handover>,
) -> Result<(), Halt> {
    let row = find(tx, moment, incident)?;
    // Whoever owns the postmortem does so when the response is over.
    if !row.state.phase.is_open() && role.as_str() != OWNER {
        let message = format!("it is {}: there is no role to play any more", row.state.phase);
        return Err(Refusal::conflict(message).into());
    }
    let catalog = node.rules(tx)?.catalog.clone();
    let found = role_of(&catalog, role)?;
    must_be_person(&catalog, to)?;
    let all = rows::of_incident(tx, incident)?;
    let by = moment.person().cloned();
    let held = all.iter().find(|one| found.single && one.role == *role && one.is_held() && one.person != *to);
    let mut data = json!({});
    if let Some(held) = held {
        if by.as_ref() == Some(to) {
            let message = format!("{} is {role}: it is handed over, not taken; ask them to offer it", held.person);
            return Err(Refusal::conflict(message).into());
        }
        let said = handover.cloned().unwrap_or_default().read()?;
        let (tasks, updates) = left(tx, incident)?;
        data = json!({
            "from": held.person,
            "situation": said.situation,
            "objectives": said.objectives,
            "reason": said.reason,
            "open_tasks": tasks,
            "next_updates": updates,
        });
    }
    let done = rules::offer(&all, role, to, by.as_ref(), moment.now)?;
    // Whoever is asked must be able to see what for.
    incident_rows::name_person(tx, incident, to)?;
    write(tx, node, moment, incident, &done, None, data)
}

/// What is left to whoever takes over: the open tasks, and the updates that were promised.
fn left(tx: &mut Tx<'_>, incident: IncidentId) -> Result<(Vec<Value>, Vec<Value>), Halt> {
    let tasks = store::respond::tasks::of_incident(tx, incident)?.into_iter().filter(Task::is_open);
    let task = |task: Task| json!({ "title": task.title, "person": task.owner, "due_at": task.due_at });
    let promises = store::respond::updates::promises(tx, incident)?;
    let open = promises.iter().filter(|promise| promise.fate == Fate::Open);
    let promise = |promise: &Promise| json!({ "audience": promise.audience, "by": promise.by });
    Ok((tasks.map(task).collect(), open.map(promise).collect()))
}

/// Accepts a role that was offered.
pub fn accept(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    role: &Name,
) -> Result<(), Halt> {
    find(tx, moment, incident)?;
    let by = person(moment)?;
    let single = role_of(&node.rules(tx)?.catalog, role)?.single;
    let all = rows::of_incident(tx, incident)?;
    let moves = rules::accept(&all, role, &by, single, moment.now)?;
    // Who goes first: the record reads "handed over", then "accepted".
    for done in moves.iter().rev() {
        write(tx, node, moment, incident, done, None, json!({}))?;
    }
    Ok(())
}

/// Says no to a role that was offered.
pub fn decline(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    role: &Name,
    why: &str,
) -> Result<(), Halt> {
    find(tx, moment, incident)?;
    let all = rows::of_incident(tx, incident)?;
    let done = rules::decline(&all, role, &person(moment)?, why, moment.now)?;
    write(tx, node, moment, incident, &done, Some(why.trim()), json!({}))
}

/// Lays down a role. Command is handed over while the incident is open, not laid down.
pub fn lay_down(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    role: &Name,
) -> Result<(), Halt> {
    let row = find(tx, moment, incident)?;
    let all = rows::of_incident(tx, incident)?;
    let must_be_followed = role.as_str() == COMMANDER && row.state.phase.is_open();
    let done = rules::lay_down(&all, role, &person(moment)?, must_be_followed, moment.now)?;
    write(tx, node, moment, incident, &done, None, json!({}))
}

fn write(
    tx: &mut Tx<'_>,
    node: &Node,
    moment: &mut Moment<'_>,
    incident: IncidentId,
    done: &Move,
    why: Option<&str>,
    mut data: Value,
) -> Result<(), Halt> {
    let Assignment { role, person, .. } = &done.assignment;
    rows::save(tx, incident, &done.assignment)?;
    data["role"] = json!(role);
    data["person"] = json!(person);
    let told = Told { why, data, at: None };
    announce::of_incident(tx, moment, done.event, incident, vec![format!("person/{person}")], told)?;
    if role.as_str() == OWNER {
        postmortem_owners::moved(tx, node, moment, incident, &done.assignment)?;
    }
    if role.as_str() == COMMANDER {
        let mut row = find(tx, moment, incident)?;
        if done.assignment.is_held() {
            row.state.commander = Some(person.clone());
            let now = When::exactly(moment.now);
            stamps::derive(tx, moment, incident, Milestone::CommanderAccepted, now, Source::Derived)?;
            pages::commanded(tx, moment, incident, person)?;
        } else if row.state.commander.as_ref() == Some(person) {
            row.state.commander = None;
        }
        incident_rows::save(tx, &row)?;
        command::watch(tx, node, &row)?;
    }
    Ok(())
}

fn role_of<'c>(catalog: &'c Catalog, role: &Name) -> Result<&'c Role, Refusal> {
    catalog.roles.get(role).ok_or_else(|| {
        let near = text::did_you_mean(role.as_str(), catalog.roles.keys().map(Name::as_str));
        Refusal::invalid(format!("there is no role {role}{near}")).at("/role")
    })
}

fn person(moment: &Moment<'_>) -> Result<Name, Refusal> {
    moment.person().cloned().ok_or_else(|| Refusal::forbidden("only a person can do this"))
}
