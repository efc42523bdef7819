//! Rows of tasks.

use domain::respond::tasks::{State, Task};
use domain::words::{IncidentId, TaskId, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, title, owner, given_at, due_at, state, state_at, said";

/// Writes a task as it is now.
///
/// Its owner is reminded once at the end of its time box, and again of one that was set anew.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, task: &Task) -> Result<(), Error> {
    let (at, said): (Timestamp, Option<&str>) = match &task.state {
        State::Given => (task.given_at, None),
        State::Taken { at } => (*at, None),
        State::Done { at, result } => (*at, Some(result)),
        State::Dropped { at, why } => (*at, Some(why)),
    };
    tx.execute(
        "INSERT INTO tasks (id, incident, title, owner, given_at, due_at, state, state_at, said, wake_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, due_at = excluded.due_at, state = excluded.state, \
         state_at = excluded.state_at, said = excluded.said, wake_at = CASE WHEN tasks.due_at = excluded.due_at AND tasks.wake_at IS NULL \
         THEN NULL ELSE excluded.wake_at END",
        &[
            task.id.into(),
            incident.into(),
            task.title.as_str().into(),
            (&task.owner).into(),
            task.given_at.into(),
            task.due_at.into(),
            task.state.word().into(),
            at.into(),
            said.into(),
            task.due_at.filter(|_| task.is_open()).into(),
        ],
    )?;
    Ok(())
}

/// All of an incident, in the order in which they were given.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Task>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// One of an incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId, id: TaskId) -> Result<Option<Task>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tasks WHERE incident = $1 AND id = $2");
    tx.one(&sql, &[incident.into(), id.into()])?.map(|row| read(&row)).transpose()
}

/// Tasks whose owners are to be reminded by now, and the incidents they belong to.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<(IncidentId, Task)>, Error> {
    let sql = format!("SELECT incident, {COLUMNS} FROM tasks WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT $2");
    let rows = tx.query(&sql, &[now.into(), i64::from(limit).into()])?;
    rows.iter().map(|row| Ok((row.id("incident")?, read(row)?))).collect()
}

pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(wake_at) AS due FROM tasks WHERE wake_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// Its owner was reminded, or there is nobody to remind any more.
pub fn reminded(tx: &mut Tx<'_>, id: TaskId) -> Result<(), Error> {
    tx.execute("UPDATE tasks SET wake_at = NULL WHERE id = $1", &[id.into()])?;
    Ok(())
}

fn read(row: &Row) -> Result<Task, Error> {
    let at = row.instant("state_at")?;
    let said = row.opt_text("said")?.unwrap_or("").to_owned();
    let state = match row.text("state")? {
        "given" => State::Given,
        "taken" => State::Taken { at },
        "done" => State::Done { at, result: said },
        "dropped" => State::Dropped { at, why: said },
        _ => return Err(Error::corrupt("the state of a task does not read")),
    };
    Ok(Task {
        id: row.id("id")?,
        title: row.text("title")?.to_owned(),
        owner: row.name("owner")?,
        given_at: row.instant("given_at")?,
        due_at: row.opt_instant("due_at")?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::Mint;

    both_engines! {
        fn a_task_reads_back_in_each_of_its_states(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let id: TaskId = mint.id(at(0));
            let states = [
                State::Given,
                State::Taken { at: at(1) },
                State::Done { at: at(2), result: "it was\nthe cache".into() },
                State::Dropped { at: at(3), why: "not needed".into() },
            ];
            for (place, state) in states.into_iter().enumerate() {
                let task = Task {
                    id,
                    title: "look".into(),
                    owner: "ana".parse().unwrap(),
                    given_at: at(0),
                    due_at: (place % 2 == 0).then(|| at(60)),
                    state,
                };
                store.write(|tx| Ok(save(tx, incident, &task)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, incident, id)?)).unwrap().as_ref(), Some(&task));
                let waits = task.is_open() && task.due_at.is_some();
                assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), waits.then(|| at(60)));
                assert_eq!(store.read(|tx| Ok(due(tx, at(59), 9)?)).unwrap(), []);
                let due_then = store.read(|tx| Ok(due(tx, at(60), 9)?)).unwrap();
                assert_eq!(due_then, waits.then(|| (incident, task.clone())).into_iter().collect::<Vec<_>>());
                store.write(|tx| Ok(reminded(tx, id)?)).unwrap();
                store.write(|tx| Ok(save(tx, incident, &task)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), None);
                assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), [task]);
            }
            assert_eq!(store.read(|tx| Ok(get(tx, mint.id(at(9)), id)?)).unwrap(), None, "of another incident");
        }
    }
}
