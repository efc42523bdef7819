//! Rows of reflexes: how far services let rules go, which incidents a rule still looks at, and what it made of their suspects.

use domain::change::reflexes::{Made, Ramp, State};
use domain::respond::sight::Sight;
use domain::words::{ChangeId, IncidentId, Name, ReflexId, Timestamp};

use crate::door::{Error, Row, Tx};
use crate::respond::sight::{self, INCIDENT as SEEN};

/// How far a service lets rules go, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RampRow {
    pub service: Name,
    pub ramp: Ramp,
    pub by: Name,
    pub why: String,
    pub at: Timestamp,
}

/// Says how far a service lets rules go.
pub fn set_ramp(tx: &mut Tx<'_>, row: &RampRow) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO ramps (service, ramp, person, because, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (service) DO UPDATE SET \
         ramp = excluded.ramp, person = excluded.person, because = excluded.because, at = excluded.at",
        &[(&row.service).into(), row.ramp.word().into(), (&row.by).into(), row.why.as_str().into(), row.at.into()],
    )?;
    Ok(())
}

/// That of a service, if anybody ever said.
pub fn ramp(tx: &mut Tx<'_>, service: &Name) -> Result<Option<RampRow>, Error> {
    let sql = "SELECT service, ramp, person, because, at FROM ramps WHERE service = $1";
    tx.one(sql, &[service.into()])?.map(|row| read_ramp(&row)).transpose()
}

fn read_ramp(row: &Row) -> Result<RampRow, Error> {
    Ok(RampRow {
        service: row.name("service")?,
        ramp: row.parse("ramp")?,
        by: row.name("person")?,
        why: row.text("because")?.to_owned(),
        at: row.instant("at")?,
    })
}

/// Those of all services of which anybody ever said, by their names.
pub fn ramps(tx: &mut Tx<'_>) -> Result<Vec<RampRow>, Error> {
    let sql = "SELECT service, ramp, person, because, at FROM ramps ORDER BY service";
    tx.query(sql, &[])?.iter().map(read_ramp).collect()
}

/// Whether any service lets rules do anything.
pub fn any_ramped(tx: &mut Tx<'_>) -> Result<bool, Error> {
    Ok(tx.one("SELECT service FROM ramps WHERE ramp <> 'off' LIMIT 1", &[])?.is_some())
}

/// An incident whose first suspect a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub incident: IncidentId,
    pub due_at: Timestamp,
    pub until: Timestamp,
}

/// Wants an incident to be looked at: now if need be, though it was wanted later before.
pub fn look(tx: &mut Tx<'_>, one: &Look) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO reflex_looks (incident, due_at, until) VALUES ($1, $2, $3) ON CONFLICT (incident) DO UPDATE SET \
         due_at = excluded.due_at, until = excluded.until",
        &[one.incident.into(), one.due_at.into(), one.until.into()],
    )?;
    Ok(())
}

/// Takes a look upon oneself, and says when the next is due: true for one node only.
pub fn claim_look(tx: &mut Tx<'_>, one: &Look, again: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE reflex_looks SET due_at = $3 WHERE incident = $1 AND due_at = $2";
    Ok(tx.execute(sql, &[one.incident.into(), one.due_at.into(), again.into()])? > 0)
}

/// There is nothing more to see.
pub fn end_look(tx: &mut Tx<'_>, incident: IncidentId) -> Result<(), Error> {
    tx.execute("DELETE FROM reflex_looks WHERE incident = $1", &[incident.into()])?;
    Ok(())
}

/// Those that are due by now, the earliest first.
pub fn looks_due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<Look>, Error> {
    let sql = "SELECT incident, due_at, until FROM reflex_looks WHERE due_at <= $1 ORDER BY due_at, incident LIMIT $2";
    let rows = tx.query(sql, &[now.into(), i64::from(limit).into()])?;
    let read = |row: &Row| {
        Ok(Look { incident: row.id("incident")?, due_at: row.instant("due_at")?, until: row.instant("until")? })
    };
    rows.iter().map(read).collect()
}

/// When something is to be looked at or done next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT due_at FROM reflexes WHERE due_at IS NOT NULL UNION ALL SELECT due_at FROM reflex_looks \
               ORDER BY due_at LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("due_at")).transpose()
}

const COLUMNS: &str = "reflexes.id, reflexes.incident, reflexes.change, reflexes.ramp, reflexes.at, reflexes.state, \
    reflexes.since, reflexes.due_at, reflexes.person, reflexes.because, reflexes.rollback";

/// How a state is kept: since when, until when, by whom, why.
fn columns(made: &Made) -> (Timestamp, Option<Timestamp>, Option<&Name>, Option<&str>) {
    match &made.state {
        State::Suggested { why } => (made.at, None, None, why.as_deref()),
        State::Counting { until } => (made.at, Some(*until), None, None),
        State::Stopped { at, by, why } => (*at, None, Some(by), Some(why)),
        State::Ran { at, .. } => (*at, None, None, None),
        State::Lapsed { at, why } => (*at, None, None, Some(why)),
    }
}

/// Keeps what a rule made of a change in an incident; false if that is kept already.
pub fn add(tx: &mut Tx<'_>, made: &Made) -> Result<bool, Error> {
    let (since, due_at, person, because) = columns(made);
    let rollback = if let State::Ran { rollback, .. } = made.state { Some(rollback) } else { None };
    let added = tx.execute(
        "INSERT INTO reflexes (id, incident, change, ramp, at, state, since, due_at, person, because, rollback) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (incident, change) DO NOTHING",
        &[
            made.id.into(),
            made.incident.into(),
            made.change.into(),
            made.ramp.word().into(),
            made.at.into(),
            made.state.word().into(),
            since.into(),
            due_at.into(),
            person.into(),
            because.into(),
            rollback.into(),
        ],
    )?;
    Ok(added > 0)
}

/// Says what became of one that counts down: true for one only, however many nodes and people try.
pub fn settle(tx: &mut Tx<'_>, made: &Made) -> Result<bool, Error> {
    let (since, due_at, person, because) = columns(made);
    let rollback = if let State::Ran { rollback, .. } = made.state { Some(rollback) } else { None };
    let settled = tx.execute(
        "UPDATE reflexes SET state = $2, since = $3, due_at = $4, person = $5, because = $6, rollback = $7 \
         WHERE id = $1 AND state = 'counting'",
        &[
            made.id.into(),
            made.state.word().into(),
            since.into(),
            due_at.into(),
            person.into(),
            because.into(),
            rollback.into(),
        ],
    )?;
    Ok(settled > 0)
}

/// One of them.
pub fn get(tx: &mut Tx<'_>, id: ReflexId) -> Result<Option<Made>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM reflexes WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// What was made of the suspects of an incident, the oldest first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Made>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM reflexes WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// The record of a service, in the incidents that are seen, the newest first.
pub fn of_service(tx: &mut Tx<'_>, service: &Name, who: Sight<'_>, limit: u32) -> Result<Vec<Made>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reflexes JOIN incidents ON incidents.id = reflexes.incident WHERE {SEEN} AND EXISTS (SELECT 1 FROM \
         change_targets WHERE change_targets.change = reflexes.change AND change_targets.service = $2) \
         ORDER BY reflexes.id DESC LIMIT $3"
    );
    let bound = [sight::bound(who), service.into(), i64::from(limit).into()];
    tx.query(&sql, &bound)?.iter().map(read).collect()
}

/// Those that count down, in the incidents that are seen, the oldest first.
pub fn counting(tx: &mut Tx<'_>, who: Sight<'_>) -> Result<Vec<Made>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM reflexes JOIN incidents ON incidents.id = reflexes.incident WHERE {SEEN} AND \
         reflexes.due_at IS NOT NULL ORDER BY reflexes.id"
    );
    tx.query(&sql, &[sight::bound(who)])?.iter().map(read).collect()
}

/// Those whose countdown is over, the earliest first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<Made>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM reflexes WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2");
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When a rule last took something back where a change was made.
pub fn last_by_rule(tx: &mut Tx<'_>, change: ChangeId) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT rollbacks.asked_at FROM rollbacks WHERE rollbacks.asked_by IS NULL AND EXISTS (SELECT 1 FROM \
               change_targets own JOIN change_targets theirs ON theirs.service = own.service WHERE own.change = $1 \
               AND theirs.change = rollbacks.change) ORDER BY rollbacks.asked_at DESC LIMIT 1";
    tx.one(sql, &[change.into()])?.map(|row| row.instant("asked_at")).transpose()
}

/// Whether another change was being taken back where this one was made, in a stretch of time.
pub fn taken_back_there(tx: &mut Tx<'_>, change: ChangeId, from: Timestamp, to: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT rollbacks.id FROM rollbacks WHERE rollbacks.change <> $1 AND rollbacks.asked_at >= $2 AND \
               rollbacks.asked_at <= $3 AND rollbacks.state IN ('running', 'unknown', 'succeeded') AND EXISTS (SELECT 1 FROM \
               change_targets own JOIN change_targets theirs ON theirs.service = own.service WHERE own.change = $1 \
               AND theirs.change = rollbacks.change) LIMIT 1";
    Ok(tx.one(sql, &[change.into(), from.into(), to.into()])?.is_some())
}

fn read(row: &Row) -> Result<Made, Error> {
    let since = row.instant("since")?;
    let because = row.opt_text("because")?.map(str::to_owned);
    let missing = || Error::corrupt("a reflex lacks what its state needs");
    let state = match row.text("state")? {
        "suggested" => State::Suggested { why: because },
        "counting" => State::Counting { until: row.instant("due_at")? },
        "stopped" => State::Stopped { at: since, by: row.name("person")?, why: because.ok_or_else(missing)? },
        "ran" => State::Ran { at: since, rollback: row.id("rollback")? },
        "lapsed" => State::Lapsed { at: since, why: because.ok_or_else(missing)? },
        _ => return Err(Error::corrupt("the state of a reflex does not read")),
    };
    Ok(Made {
        id: row.id("id")?,
        incident: row.id("incident")?,
        change: row.id("change")?,
        ramp: row.parse("ramp")?,
        at: row.instant("at")?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::{Id as _, Mint, RollbackId};

    use super::*;
    use crate::both_engines;
    use crate::change::changes::tests::at;

    fn made(mint: &mut Mint, change: u128) -> Made {
        Made {
            id: mint.id(at(0)),
            incident: IncidentId::from_bits(7),
            change: ChangeId::from_bits(change),
            ramp: Ramp::Countdown,
            at: at(5),
            state: State::Counting { until: at(125) },
        }
    }

    both_engines! {
        fn a_ramp_is_what_was_said_last(store) {
            let (service, by): (Name, Name) = ("shop".parse().unwrap(), "ana".parse().unwrap());
            assert!(!store.read(|tx| Ok(any_ramped(tx)?)).unwrap());
            for (second, ramp) in [(1, Ramp::Suggest), (2, Ramp::Countdown), (3, Ramp::Off)] {
                let row = RampRow { service: service.clone(), ramp, by: by.clone(), why: "so".into(), at: at(second) };
                store.write(|tx| Ok(set_ramp(tx, &row)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(self::ramp(tx, &service)?)).unwrap(), Some(row));
                assert_eq!(store.read(|tx| Ok(any_ramped(tx)?)).unwrap(), ramp != Ramp::Off);
            }
            assert_eq!(store.read(|tx| Ok(self::ramp(tx, &by)?)).unwrap(), None);
        }

        fn of_one_change_in_one_incident_something_is_made_once_and_settled_once(store) {
            let mut mint = Mint::seeded(5);
            let (first, second) = (made(&mut mint, 1), made(&mut mint, 1));
            let add = |one: &Made| store.write(|tx| Ok(add(tx, one)?)).unwrap();
            assert_eq!([add(&first), add(&second)], [true, false]);
            assert_eq!(store.read(|tx| Ok(of_incident(tx, first.incident)?)).unwrap(), std::slice::from_ref(&first));
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), Some(at(125)));
            assert_eq!(store.read(|tx| Ok(due(tx, at(124), 9)?)).unwrap(), []);
            assert_eq!(store.read(|tx| Ok(due(tx, at(125), 9)?)).unwrap(), std::slice::from_ref(&first));
            let stopped = State::Stopped { at: at(99), by: "ana".parse().unwrap(), why: "no".into() };
            let stopped = Made { state: stopped, ..first.clone() };
            let ran = Made { state: State::Ran { at: at(125), rollback: RollbackId::from_bits(3) }, ..first.clone() };
            let settle = |one: &Made| store.write(|tx| Ok(settle(tx, one)?)).unwrap();
            assert_eq!([settle(&stopped), settle(&ran)], [true, false]);
            assert_eq!(store.read(|tx| Ok(get(tx, first.id)?)).unwrap(), Some(stopped));
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), None);
        }

        fn a_reflex_reads_back_in_each_of_its_states(store) {
            let mut mint = Mint::seeded(6);
            for (change, state) in [
                State::Suggested { why: None },
                State::Suggested { why: Some("a second person is asked".into()) },
                State::Counting { until: at(125) },
                State::Stopped { at: at(9), by: "ben".parse().unwrap(), why: "it is not this".into() },
                State::Ran { at: at(125), rollback: RollbackId::from_bits(3) },
                State::Lapsed { at: at(125), why: "it cleared".into() },
            ].into_iter().enumerate() {
                let one = Made { state, ..made(&mut mint, change as u128) };
                store.write(|tx| Ok(add(tx, &one)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, one.id)?)).unwrap(), Some(one));
            }
        }

        fn an_incident_is_looked_at_by_one_node_at_a_time(store) {
            let one = Look { incident: IncidentId::from_bits(7), due_at: at(9), until: at(600) };
            let sooner = Look { due_at: at(4), ..one };
            store.write(|tx| { look(tx, &one)?; Ok(look(tx, &sooner)?) }).unwrap();
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), Some(at(4)));
            assert_eq!(store.read(|tx| Ok(looks_due(tx, at(4), 9)?)).unwrap(), [sooner]);
            let claim = || store.write(|tx| Ok(claim_look(tx, &sooner, at(34))?)).unwrap();
            assert_eq!([claim(), claim()], [true, false]);
            assert_eq!(store.read(|tx| Ok(looks_due(tx, at(4), 9)?)).unwrap(), []);
            store.write(|tx| Ok(end_look(tx, one.incident)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), None);
        }
    }
}
