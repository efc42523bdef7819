//! Rows of assignments: roles that were offered, and what became of it.

use domain::respond::assignments::{Assignment, State};
use domain::words::IncidentId;

use crate::door::{Error, Row, Tx};

/// Writes an assignment as it is now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, one: &Assignment) -> Result<(), Error> {
    let (word, at) = match one.state {
        State::Offered => ("offered", one.offered_at),
        State::Held { since } => ("held", since),
        State::Declined { at } => ("declined", at),
        State::Ended { at } => ("ended", at),
    };
    tx.execute(
        "INSERT INTO assignments (incident, role, person, offered_at, state, state_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (incident, role, person, offered_at) DO UPDATE SET state = excluded.state, state_at = excluded.state_at",
        &[
            incident.into(),
            (&one.role).into(),
            (&one.person).into(),
            one.offered_at.into(),
            word.into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// All of an incident, the oldest offer first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Assignment>, Error> {
    let rows = tx.query(
        "SELECT role, person, offered_at, state, state_at FROM assignments WHERE incident = $1 \
         ORDER BY offered_at, role, person",
        &[incident.into()],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Assignment, Error> {
    let at = row.instant("state_at")?;
    let state = match row.text("state")? {
        "offered" => State::Offered,
        "held" => State::Held { since: at },
        "declined" => State::Declined { at },
        "ended" => State::Ended { at },
        _ => return Err(Error::corrupt("the state of an assignment does not read")),
    };
    Ok(Assignment {
        role: row.name("role")?,
        person: row.name("person")?,
        offered_at: row.instant("offered_at")?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::{Mint, Timestamp};

    both_engines! {
        fn an_assignment_reads_back_in_each_of_its_states(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let incident: IncidentId = Mint::seeded(1).id(at(0));
            let states = [
                State::Offered,
                State::Held { since: at(1) },
                State::Ended { at: at(2) },
                State::Declined { at: at(3) },
            ];
            for state in states {
                let one = Assignment {
                    role: "scribe".parse().unwrap(),
                    person: "ana".parse().unwrap(),
                    offered_at: at(0),
                    state,
                };
                store.write(|tx| Ok(save(tx, incident, &one)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), [one]);
            }
        }
    }
}
