//! Rows of updates, and of the promises in them.

use domain::respond::updates::{Audience, Fate, Promise, State, Update};
use domain::words::{IncidentId, Name, Timestamp, UpdateId};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, audience, stage, body, title, components, next_by, author, written_at, late_because, state, state_at, state_by";
pub(crate) const PROMISE: &str = "promises.audience, promises.given_at, promises.due_at, promises.answered_at, promises.over_at, \
    promises.why";

/// Writes an update as it is now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, update: &Update) -> Result<(), Error> {
    let (at, by): (Timestamp, Option<&Name>) = match &update.state {
        State::Draft => (update.written_at, None),
        State::Posted { at, approved_by } => (*at, approved_by.as_ref()),
        State::Withdrawn { at, by } => (*at, by.as_ref()),
    };
    tx.execute(
        "INSERT INTO updates (id, incident, audience, stage, body, title, components, next_by, author, written_at, \
         late_because, state, state_at, state_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, state_at = excluded.state_at, \
         state_by = excluded.state_by",
        &[
            update.id.into(),
            incident.into(),
            update.audience.word().into(),
            update.stage.map(domain::respond::updates::Stage::word).into(),
            update.text.as_str().into(),
            update.title.as_ref().into(),
            serde_json::to_string(&update.components).expect("names and words have a JSON form").into(),
            update.next_by.into(),
            update.author.as_ref().into(),
            update.written_at.into(),
            update.late_because.as_ref().into(),
            update.state.word().into(),
            at.into(),
            by.into(),
        ],
    )?;
    Ok(())
}

/// All of an incident, in the order in which they were written.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Update>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM updates WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// One of an incident.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId, id: UpdateId) -> Result<Option<Update>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM updates WHERE incident = $1 AND id = $2");
    tx.one(&sql, &[incident.into(), id.into()])?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Update, Error> {
    let (at, by) = (row.instant("state_at")?, row.opt_name("state_by")?);
    let state = match row.text("state")? {
        "draft" => State::Draft,
        "posted" => State::Posted { at, approved_by: by },
        "withdrawn" => State::Withdrawn { at, by },
        _ => return Err(Error::corrupt("the state of an update does not read")),
    };
    let stage = row.opt_text("stage")?.map(str::parse).transpose();
    Ok(Update {
        id: row.id("id")?,
        audience: row.parse("audience")?,
        stage: stage.map_err(|_| Error::corrupt("the stage of an update does not read"))?,
        text: row.text("body")?.to_owned(),
        title: row.opt_text("title")?.map(str::to_owned),
        components: row.json("components")?,
        next_by: row.opt_instant("next_by")?,
        author: row.opt_name("author")?,
        written_at: row.instant("written_at")?,
        late_because: row.opt_text("late_because")?.map(str::to_owned),
        state,
    })
}

/// Writes a promise as it is now. `wake_at` is when somebody has to look at it again.
pub fn save_promise(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    promise: &Promise,
    wake_at: Option<Timestamp>,
) -> Result<(), Error> {
    let (answered, over, why) = match &promise.fate {
        Fate::Open => (None, None, None),
        Fate::Answered { at, why } => (Some(*at), None, why.as_deref()),
        Fate::Over { at } => (None, Some(*at), None),
    };
    tx.execute(
        "INSERT INTO promises (incident, audience, given_at, due_at, answered_at, over_at, why, wake_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (incident, audience, given_at) DO UPDATE SET \
         due_at = excluded.due_at, answered_at = excluded.answered_at, over_at = excluded.over_at, why = excluded.why, \
         wake_at = excluded.wake_at",
        &[
            incident.into(),
            promise.audience.word().into(),
            promise.given_at.into(),
            promise.by.into(),
            answered.into(),
            over.into(),
            why.into(),
            wake_at.into(),
        ],
    )?;
    Ok(())
}

/// All that was promised in an incident, in the order in which it was.
pub fn promises(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Promise>, Error> {
    let sql = format!("SELECT {PROMISE} FROM promises WHERE incident = $1 ORDER BY given_at, audience");
    tx.query(&sql, &[incident.into()])?.iter().map(read_promise).collect()
}

/// Promises of which somebody has to be reminded by now, or that are missed.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<(IncidentId, Promise)>, Error> {
    let sql = format!("SELECT incident, {PROMISE} FROM promises WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2");
    let rows = tx.query(&sql, &[now.into(), i64::from(limit).into()])?;
    rows.iter().map(|row| Ok((row.id("incident")?, read_promise(row)?))).collect()
}

pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(wake_at) AS due FROM promises WHERE wake_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

pub(crate) fn read_promise(row: &Row) -> Result<Promise, Error> {
    let fate = match (row.opt_instant("answered_at")?, row.opt_instant("over_at")?) {
        (Some(at), _) => Fate::Answered { at, why: row.opt_text("why")?.map(str::to_owned) },
        (None, Some(at)) => Fate::Over { at },
        (None, None) => Fate::Open,
    };
    Ok(Promise {
        audience: row.parse::<Audience>("audience")?,
        given_at: row.instant("given_at")?,
        by: row.instant("due_at")?,
        fate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::respond::updates::Stage;
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    both_engines! {
        fn an_update_reads_back_in_each_of_its_states(store) {
            let mut mint = Mint::seeded(1);
            let (incident, id): (IncidentId, UpdateId) = (mint.id(at(0)), mint.id(at(0)));
            let ben: Option<Name> = Some("ben".parse().unwrap());
            for state in [
                State::Draft,
                State::Withdrawn { at: at(1), by: ben.clone() },
                State::Posted { at: at(2), approved_by: ben.clone() },
                State::Posted { at: at(3), approved_by: None },
            ] {
                let update = Update {
                    id,
                    audience: Audience::Public,
                    stage: Some(Stage::Monitoring),
                    text: "a\nb".into(),
                    title: Some("It is slow".into()),
                    components: [("web".parse().unwrap(), domain::inform::notices::Status::Degraded)].into(),
                    next_by: Some(at(60)),
                    author: ben.clone(),
                    written_at: at(0),
                    late_because: Some("away".into()),
                    state,
                };
                store.write(|tx| Ok(save(tx, incident, &update)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, incident, id)?)).unwrap().as_ref(), Some(&update));
                assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), [update]);
                assert_eq!(store.read(|tx| Ok(get(tx, mint.id(at(9)), id)?)).unwrap(), None, "of another incident");
            }
        }

        fn a_promise_wakes_somebody_until_it_is_answered(store) {
            let incident: IncidentId = Mint::seeded(1).id(at(0));
            let open = Promise { audience: Audience::Internal, given_at: at(0), by: at(60), fate: Fate::Open };
            let state = || store.read(|tx| Ok((promises(tx, incident)?, due(tx, at(45), 9)?, next_due(tx)?))).unwrap();
            store.write(|tx| Ok(save_promise(tx, incident, &open, Some(at(45)))?)).unwrap();
            assert_eq!(state(), (vec![open.clone()], vec![(incident, open.clone())], Some(at(45))));
            store.write(|tx| Ok(save_promise(tx, incident, &open, Some(at(60)))?)).unwrap();
            assert_eq!(state(), (vec![open.clone()], vec![], Some(at(60))));
            for fate in [Fate::Answered { at: at(70), why: Some("late".into()) }, Fate::Over { at: at(50) }] {
                let over = Promise { fate, ..open.clone() };
                store.write(|tx| Ok(save_promise(tx, incident, &over, None)?)).unwrap();
                assert_eq!(state(), (vec![over], vec![], None));
            }
        }
    }
}
