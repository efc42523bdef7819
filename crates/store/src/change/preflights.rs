//! Rows of preflights: what the programs that a plan calls answered when they were asked whether they could.

use domain::change::rollback_plans::Answer;
use domain::words::{ChangeId, Name, Timestamp};

use crate::door::{Error, Row, Tx};

/// A question to a program, and what it answered last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    pub change: ChangeId,
    pub adapter: Name,
    pub due_at: Option<Timestamp>,
    pub answered: Option<(Answer, Timestamp)>,
}

const COLUMNS: &str = "change, adapter, due_at, answer, because, answered_at";

/// Wants a program to be asked at an instant, or earlier if that was wanted before.
pub fn wish(tx: &mut Tx<'_>, change: ChangeId, adapter: &Name, at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO preflights (change, adapter, due_at) VALUES ($1, $2, $3) ON CONFLICT (change, adapter) DO UPDATE SET \
         due_at = CASE WHEN preflights.due_at < excluded.due_at THEN preflights.due_at ELSE excluded.due_at END",
        &[change.into(), adapter.into(), at.into()],
    )?;
    Ok(())
}

/// Takes a question upon oneself until an instant: true for one node only.
pub fn claim(tx: &mut Tx<'_>, one: &Preflight, until: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE preflights SET due_at = $4 WHERE change = $1 AND adapter = $2 AND due_at = $3";
    Ok(tx.execute(sql, &[one.change.into(), (&one.adapter).into(), one.due_at.into(), until.into()])? > 0)
}

/// Keeps an answer, and when to ask again.
pub fn answered(
    tx: &mut Tx<'_>,
    change: ChangeId,
    adapter: &Name,
    answer: &Answer,
    now: Timestamp,
    again: Option<Timestamp>,
) -> Result<(), Error> {
    let (word, because) = match answer {
        Answer::Ready => ("ready", None),
        Answer::Denied(why) => ("denied", Some(why.as_str())),
        Answer::Unreachable(why) => ("unreachable", Some(why.as_str())),
        Answer::NoTarget(what) => ("no-target", Some(what.as_str())),
    };
    tx.execute(
        "UPDATE preflights SET answer = $3, because = $4, answered_at = $5, due_at = $6 WHERE change = $1 AND adapter = $2",
        &[change.into(), adapter.into(), word.into(), because.into(), now.into(), again.into()],
    )?;
    Ok(())
}

/// All of a change.
pub fn of_change(tx: &mut Tx<'_>, change: ChangeId) -> Result<Vec<Preflight>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM preflights WHERE change = $1 ORDER BY adapter");
    tx.query(&sql, &[change.into()])?.iter().map(read).collect()
}

/// Those to ask by now, the earliest first.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<Preflight>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM preflights WHERE due_at <= $1 ORDER BY due_at, change, adapter LIMIT $2");
    tx.query(&sql, &[now.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// When one is to be asked next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT due_at FROM preflights WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
    tx.one(sql, &[])?.map(|row| row.instant("due_at")).transpose()
}

fn read(row: &Row) -> Result<Preflight, Error> {
    let because = || row.opt_text("because").map(|text| text.unwrap_or_default().to_owned());
    let answer = match row.opt_text("answer")? {
        None => None,
        Some("ready") => Some(Answer::Ready),
        Some("denied") => Some(Answer::Denied(because()?)),
        Some("unreachable") => Some(Answer::Unreachable(because()?)),
        Some("no-target") => Some(Answer::NoTarget(because()?)),
        Some(_) => return Err(Error::corrupt("the answer of a preflight does not read")),
    };
    Ok(Preflight {
        change: row.id("change")?,
        adapter: row.name("adapter")?,
        due_at: row.opt_instant("due_at")?,
        answered: answer.zip(row.opt_instant("answered_at")?),
    })
}

#[cfg(test)]
mod tests {
    use domain::words::Id as _;

    use super::*;
    use crate::both_engines;
    use crate::change::changes::tests::at;

    both_engines! {
        fn a_program_is_asked_by_one_node_and_its_answer_kept(store) {
            let (change, adapter) = (ChangeId::from_bits(1), "argo".parse().unwrap());
            for second in [9, 5, 7] {
                store.write(|tx| Ok(wish(tx, change, &adapter, at(second))?)).unwrap();
            }
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), Some(at(5)));
            let due = store.read(|tx| Ok(due(tx, at(5), 9)?)).unwrap();
            let claim = || store.write(|tx| Ok(claim(tx, &due[0], at(99))?)).unwrap();
            assert_eq!([claim(), claim()], [true, false]);
            for answer in [Answer::Ready, Answer::Denied("401".into()), Answer::Unreachable("no".into()), Answer::NoTarget("4.1".into())] {
                store.write(|tx| Ok(answered(tx, change, &adapter, &answer, at(6), None)?)).unwrap();
                let kept = store.read(|tx| Ok(of_change(tx, change)?)).unwrap();
                assert_eq!(kept, [Preflight { change, adapter: adapter.clone(), due_at: None, answered: Some((answer, at(6))) }]);
            }
            store.write(|tx| Ok(wish(tx, change, &adapter, at(70))?)).unwrap();
            assert_eq!(store.read(|tx| Ok(next_due(tx)?)).unwrap(), Some(at(70)));
        }
    }
}
