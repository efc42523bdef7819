//! Rows of rollbacks: how each run of a plan stands, what was called, and when to look at it again.

use domain::change::rollbacks::{Rollback, State};
use domain::change::verdicts::Outcome;
use domain::words::{AlertId, ChangeId, IncidentId, RollbackId, Timestamp};

use crate::door::{Error, Row, Tx};

/// A run as its row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackRow {
    pub run: Rollback,
    /// The room from which it was asked for.
    pub incident: Option<IncidentId>,
    /// What was shown to whoever asked, as JSON.
    pub preview: String,
    /// The step of a script that is done next, counted from 0.
    pub step: u16,
    /// When the call of this step was made, or may have been. Nothing: it was not.
    pub sent_at: Option<Timestamp>,
    /// What the other side calls the run, and where people can look.
    pub handle: Option<String>,
    pub link: Option<String>,
    /// When to call, to ask or to judge next. Nothing: it waits for people, or is over.
    pub due_at: Option<Timestamp>,
    /// What fired in its blast radius when it began.
    pub symptoms: Vec<AlertId>,
    pub verdict: Option<Verdict>,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    pub why: String,
    pub at: Timestamp,
}

const COLUMNS: &str = "id, change, revision, estimate, asked_by, asked_at, confirmed_by, alone, preview, state, since, \
    deadline, because, incident, step, sent_at, handle, link, due_at, symptoms, outcome, outcome_why, judged_at";

/// Writes a run as it is now. A second one under way of the same change is refused by the database.
pub fn save(tx: &mut Tx<'_>, row: &RollbackRow) -> Result<(), Error> {
    let run = &row.run;
    let symptoms: Vec<String> = row.symptoms.iter().map(ToString::to_string).collect();
    let (since, deadline, because) = match &run.state {
        State::Asked => (run.asked_at, None, None),
        State::Running { since, deadline } => (*since, Some(*deadline), None),
        State::Unknown { since } | State::Succeeded { at: since } | State::CalledOff { at: since } => {
            (*since, None, None)
        }
        State::Failed { at, why } => (*at, None, Some(why.as_str())),
    };
    tx.execute(
        "INSERT INTO rollbacks (id, change, revision, estimate, asked_by, asked_at, confirmed_by, alone, preview, state, \
         since, deadline, because, incident, step, sent_at, handle, link, due_at, symptoms, outcome, outcome_why, judged_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) \
         ON CONFLICT (id) DO UPDATE SET confirmed_by = excluded.confirmed_by, state = excluded.state, \
         since = excluded.since, deadline = excluded.deadline, because = excluded.because, step = excluded.step, \
         sent_at = excluded.sent_at, handle = excluded.handle, link = excluded.link, due_at = excluded.due_at, \
         symptoms = excluded.symptoms, outcome = excluded.outcome, outcome_why = excluded.outcome_why, \
         judged_at = excluded.judged_at",
        &[
            run.id.into(),
            run.change.into(),
            i64::from(run.revision).into(),
            run.estimate.as_millis().into(),
            run.asked_by.as_ref().into(),
            run.asked_at.into(),
            run.confirmed_by.as_ref().into(),
            run.alone.into(),
            row.preview.as_str().into(),
            run.state.word().into(),
            since.into(),
            deadline.into(),
            because.into(),
            row.incident.into(),
            i64::from(row.step).into(),
            row.sent_at.into(),
            row.handle.as_ref().into(),
            row.link.as_ref().into(),
            row.due_at.into(),
            symptoms.join("\n").into(),
            row.verdict.as_ref().map(|verdict| verdict.outcome.word()).into(),
            row.verdict.as_ref().map(|verdict| verdict.why.as_str()).into(),
            row.verdict.as_ref().map(|verdict| verdict.at).into(),
        ],
    )?;
    Ok(())
}

/// Takes the call of a step upon oneself: true for one node only, however many try.
pub fn claim_call(tx: &mut Tx<'_>, id: RollbackId, step: u16, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE rollbacks SET sent_at = $3, due_at = $4 WHERE id = $1 AND step = $2 AND sent_at IS NULL \
               AND state = 'running' AND due_at <= $3";
    let again = domain::words::Span::seconds(30).after(now);
    Ok(tx.execute(sql, &[id.into(), i64::from(step).into(), now.into(), again.into()])? > 0)
}

/// One of them.
pub fn get(tx: &mut Tx<'_>, id: RollbackId) -> Result<Option<RollbackRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM rollbacks WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// All of a change, the oldest first.
pub fn of_change(tx: &mut Tx<'_>, change: ChangeId) -> Result<Vec<RollbackRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM rollbacks WHERE change = $1 ORDER BY id");
    tx.query(&sql, &[change.into()])?.iter().map(read).collect()
}

/// All that were asked for in an incident, the oldest first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<RollbackRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM rollbacks WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// Those that may be doing something at this moment.
pub fn under_way(tx: &mut Tx<'_>) -> Result<Vec<RollbackRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM rollbacks WHERE state IN ('asked', 'running', 'unknown') ORDER BY id");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

/// Takes the question what became of a call upon oneself, until an instant.
pub fn claim_question(
    tx: &mut Tx<'_>,
    id: RollbackId,
    due_at: Option<Timestamp>,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE rollbacks SET due_at = $3 WHERE id = $1 AND due_at = $2 AND state IN ('running', 'unknown')";
    Ok(tx.execute(sql, &[id.into(), due_at.into(), until.into()])? > 0)
}

/// Those of which something is to be called or asked by now, the earliest first.
pub fn calls_due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<RollbackRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rollbacks WHERE due_at <= $1 AND state IN ('running', 'unknown') ORDER BY due_at, id LIMIT $2"
    );
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Those that wait for a verdict, and whose time has come.
pub fn verdicts_due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<RollbackRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rollbacks WHERE due_at <= $1 AND state = 'succeeded' ORDER BY due_at, id LIMIT $2"
    );
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When something is to be called or asked next.
pub fn next_call(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT due_at FROM rollbacks WHERE due_at IS NOT NULL AND state IN ('running', 'unknown') \
               ORDER BY due_at LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("due_at")).transpose()
}

/// When a verdict is due next.
pub fn next_verdict(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT due_at FROM rollbacks WHERE due_at IS NOT NULL AND state = 'succeeded' ORDER BY due_at LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("due_at")).transpose()
}

fn read(row: &Row) -> Result<RollbackRow, Error> {
    let since = row.instant("since")?;
    let state = match row.text("state")? {
        "asked" => State::Asked,
        "running" => State::Running { since, deadline: row.instant("deadline")? },
        "unknown" => State::Unknown { since },
        "succeeded" => State::Succeeded { at: since },
        "failed" => State::Failed { at: since, why: row.text("because")?.to_owned() },
        "called-off" => State::CalledOff { at: since },
        _ => return Err(Error::corrupt("the state of a rollback does not read")),
    };
    let symptoms = row.text("symptoms")?.lines().map(str::parse).collect::<Result<_, _>>();
    let outcome: Option<Outcome> = row.opt_parse("outcome")?;
    let verdict = match (outcome, row.opt_text("outcome_why")?, row.opt_instant("judged_at")?) {
        (Some(outcome), Some(why), Some(at)) => Some(Verdict { outcome, why: why.to_owned(), at }),
        _ => None,
    };
    Ok(RollbackRow {
        run: Rollback {
            id: row.id("id")?,
            change: row.id("change")?,
            revision: row.number("revision")?,
            estimate: domain::words::Span::millis(row.int("estimate")?),
            asked_by: row.opt_name("asked_by")?,
            asked_at: row.instant("asked_at")?,
            confirmed_by: row.opt_name("confirmed_by")?,
            alone: row.bool("alone")?,
            state,
        },
        incident: row.opt_id("incident")?,
        preview: row.text("preview")?.to_owned(),
        step: row.number("step")?,
        sent_at: row.opt_instant("sent_at")?,
        handle: row.opt_text("handle")?.map(str::to_owned),
        link: row.opt_text("link")?.map(str::to_owned),
        due_at: row.opt_instant("due_at")?,
        symptoms: symptoms.map_err(|_| Error::corrupt("the symptoms of a rollback do not read"))?,
        verdict,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::{Id as _, Mint, Span};

    use super::*;
    use crate::both_engines;
    use crate::change::changes::tests::at;

    fn row(mint: &mut Mint, change: ChangeId) -> RollbackRow {
        RollbackRow {
            run: Rollback {
                id: mint.id(at(0)),
                change,
                revision: 3,
                estimate: Span::minutes(5),
                asked_by: Some("ana".parse().unwrap()),
                asked_at: at(0),
                confirmed_by: None,
                alone: false,
                state: State::Asked,
            },
            incident: Some(mint.id(at(0))),
            preview: "{}".into(),
            step: 0,
            sent_at: None,
            handle: None,
            link: None,
            due_at: None,
            symptoms: vec![mint.id(at(0)), mint.id(at(0))],
            verdict: None,
        }
    }

    both_engines! {
        fn a_rollback_reads_back_in_each_of_its_states(store) {
            let mut mint = Mint::seeded(5);
            let mut row = row(&mut mint, ChangeId::from_bits(1));
            for state in [
                State::Asked,
                State::Running { since: at(1), deadline: at(601) },
                State::Unknown { since: at(602) },
                State::Succeeded { at: at(603) },
                State::Failed { at: at(603), why: "refused".into() },
                State::CalledOff { at: at(2) },
            ] {
                row.run.state = state;
                store.write(|tx| Ok(save(tx, &row)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, row.run.id)?)).unwrap().as_ref(), Some(&row));
            }
            row.run.confirmed_by = Some("ben".parse().unwrap());
            row.run.state = State::Succeeded { at: at(603) };
            (row.handle, row.link, row.sent_at, row.step) = (Some("17".into()), Some("https://x.example/17".into()), Some(at(2)), 1);
            row.verdict = Some(Verdict { outcome: Outcome::Resolved, why: "2 alerts cleared".into(), at: at(900) });
            store.write(|tx| Ok(save(tx, &row)?)).unwrap();
            assert_eq!(store.read(|tx| Ok(of_change(tx, ChangeId::from_bits(1))?)).unwrap(), [row.clone()]);
            assert_eq!(store.read(|tx| Ok(of_incident(tx, row.incident.unwrap())?)).unwrap(), [row]);
        }

        fn of_one_change_one_is_under_way_and_one_node_calls(store) {
            let mut mint = Mint::seeded(6);
            let change = ChangeId::from_bits(2);
            let mut first = row(&mut mint, change);
            first.run.state = State::Running { since: at(1), deadline: at(601) };
            first.due_at = Some(at(1));
            store.write(|tx| Ok(save(tx, &first)?)).unwrap();
            let second = row(&mut mint, change);
            assert!(store.write(|tx| Ok(save(tx, &second)?)).is_err(), "the database refuses a second one");
            assert_eq!(store.read(|tx| Ok(next_call(tx)?)).unwrap(), Some(at(1)));
            assert_eq!(store.read(|tx| Ok(calls_due(tx, at(1), 9)?)).unwrap().len(), 1);
            let claim = || store.write(|tx| Ok(claim_call(tx, first.run.id, 0, at(2))?)).unwrap();
            assert_eq!([claim(), claim()], [true, false]);
            let due = store.read(|tx| Ok(get(tx, first.run.id)?)).unwrap().unwrap().due_at;
            let ask = || store.write(|tx| Ok(claim_question(tx, first.run.id, due, at(99))?)).unwrap();
            assert_eq!([ask(), ask()], [true, false]);
            first.run.state = State::CalledOff { at: at(3) };
            store.write(|tx| { save(tx, &first)?; Ok(save(tx, &second)?) }).unwrap();
            assert_eq!(store.read(|tx| Ok(under_way(tx)?)).unwrap(), [second]);
        }
    }
}
