//! Rows of checklists: what was said last of each item in an incident.

use domain::respond::checklists::{State, Tick};
use domain::words::{IncidentId, Name, Timestamp};

use crate::door::{Error, Row, Tx};

/// Writes what somebody says of an item now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, tick: &Tick) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO checklist_ticks (incident, checklist, item, state, said, ticked_by, ticked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (incident, checklist, item) DO UPDATE SET state = excluded.state, said = excluded.said, \
         ticked_by = excluded.ticked_by, ticked_at = excluded.ticked_at",
        &[
            incident.into(),
            (&tick.checklist).into(),
            (&tick.item).into(),
            tick.state.word().into(),
            tick.state.said().into(),
            tick.by.as_str().into(),
            tick.at.into(),
        ],
    )?;
    Ok(())
}

/// Everything that was said of items in an incident.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Tick>, Error> {
    let sql = "SELECT checklist, item, state, said, ticked_by, ticked_at FROM checklist_ticks WHERE incident = $1 \
               ORDER BY checklist, item";
    tx.query(sql, &[incident.into()])?.iter().map(read).collect()
}

/// When an item of a checklist was last ticked in a drill that everybody sees, and in which.
pub fn rehearsed_last(
    tx: &mut Tx<'_>,
    checklist: &Name,
    since: Timestamp,
) -> Result<Option<(IncidentId, Timestamp)>, Error> {
    let sql = "SELECT incidents.id AS drill, checklist_ticks.ticked_at FROM checklist_ticks \
               JOIN incidents ON incidents.id = checklist_ticks.incident \
               WHERE incidents.drill AND incidents.visibility = 'open' AND incidents.phase NOT IN ('cancelled', 'merged') \
               AND checklist_ticks.checklist = $1 AND checklist_ticks.state = 'done' AND checklist_ticks.ticked_at >= $2 \
               ORDER BY checklist_ticks.ticked_at DESC LIMIT 1";
    let row = tx.one(sql, &[checklist.into(), since.into()])?;
    row.map(|row| Ok((row.id("drill")?, row.instant("ticked_at")?))).transpose()
}

fn read(row: &Row) -> Result<Tick, Error> {
    let said = row.opt_text("said")?.map(str::to_owned);
    let state = match (row.text("state")?, said) {
        ("open", _) => State::Open,
        ("done", note) => State::Done { note },
        ("not-applicable", Some(why)) => State::NotApplicable { why },
        _ => return Err(Error::corrupt("what was said of an item of a checklist does not read")),
    };
    Ok(Tick {
        checklist: row.name("checklist")?,
        item: row.name("item")?,
        state,
        by: row.text("ticked_by")?.to_owned(),
        at: row.instant("ticked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::Mint;

    both_engines! {
        fn what_is_said_last_of_an_item_reads_back(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let (incident, other): (IncidentId, IncidentId) = (mint.id(at(0)), mint.id(at(0)));
            let states = [
                State::Done { note: None },
                State::Open,
                State::Done { note: Some("both\ndisks".into()) },
                State::NotApplicable { why: "no disk".into() },
            ];
            for (second, state) in states.into_iter().enumerate() {
                let at = at(i64::try_from(second).unwrap());
                let (checklist, item) = ("contain".parse().unwrap(), "image-first".parse().unwrap());
                let tick = Tick { checklist, item, state, by: "person:ana".into(), at };
                store.write(|tx| Ok(save(tx, incident, &tick)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), [tick]);
            }
            assert_eq!(store.read(|tx| Ok(of_incident(tx, other)?)).unwrap(), []);
        }
    }
}
