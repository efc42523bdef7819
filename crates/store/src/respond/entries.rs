//! Marks on entries of a timeline: what was corrected, struck or pinned. The entries themselves are in the journal.

use domain::words::{EventId, EventKind, IncidentId, Timestamp};

use crate::door::{Error, Row, Tx};

/// By whom, when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// `person:ana`.
    pub by: String,
    pub at: Timestamp,
}

/// How an entry stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub event: EventId,
    /// What it says now, if it was corrected.
    pub corrected: Option<(String, Done)>,
    /// Why it does not hold.
    pub struck: Option<(String, Done)>,
    pub pinned: Option<Done>,
}

impl Mark {
    /// Of an entry to which nothing has happened.
    pub const fn none(event: EventId) -> Self {
        Self { event, corrected: None, struck: None, pinned: None }
    }
}

/// When an entry of a drill last said that something was followed, and in which: of drills that everybody sees, and that were one.
pub fn rehearsed_last(
    tx: &mut Tx<'_>,
    subject: &str,
    since: Timestamp,
) -> Result<Option<(IncidentId, Timestamp)>, Error> {
    let sql = "SELECT incidents.id AS drill, journal.recorded_at FROM journal_subjects \
               JOIN journal ON journal.id = journal_subjects.event JOIN incidents ON incidents.id = journal.incident \
               LEFT JOIN entry_marks ON entry_marks.event = journal.id \
               WHERE journal_subjects.subject = $1 AND journal.kind = $2 AND journal.recorded_at >= $3 AND incidents.drill \
               AND incidents.visibility = 'open' AND incidents.phase NOT IN ('cancelled', 'merged') \
               AND entry_marks.struck_at IS NULL ORDER BY journal_subjects.event DESC LIMIT 1";
    let row = tx.one(sql, &[subject.into(), EventKind::EntryAdded.word().into(), since.into()])?;
    row.map(|row| Ok((row.id("drill")?, row.instant("recorded_at")?))).transpose()
}

/// Writes how an entry stands now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, mark: &Mark) -> Result<(), Error> {
    let by = |done: Option<&Done>| done.map(|done| done.by.clone()).into();
    let at = |done: Option<&Done>| done.map(|done| done.at).into();
    let (corrected, struck) =
        (mark.corrected.as_ref().map(|(_, done)| done), mark.struck.as_ref().map(|(_, done)| done));
    tx.execute(
        "INSERT INTO entry_marks (event, incident, text, corrected_by, corrected_at, struck_why, struck_by, struck_at, \
         pinned_by, pinned_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (event) DO UPDATE SET text = excluded.text, corrected_by = excluded.corrected_by, \
         corrected_at = excluded.corrected_at, struck_why = excluded.struck_why, struck_by = excluded.struck_by, \
         struck_at = excluded.struck_at, pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at",
        &[
            mark.event.into(),
            incident.into(),
            mark.corrected.as_ref().map(|(text, _)| text).into(),
            by(corrected),
            at(corrected),
            mark.struck.as_ref().map(|(why, _)| why).into(),
            by(struck),
            at(struck),
            by(mark.pinned.as_ref()),
            at(mark.pinned.as_ref()),
        ],
    )?;
    Ok(())
}

/// The marks of an incident, in the order of the entries.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Mark>, Error> {
    let rows = tx.query(
        "SELECT event, text, corrected_by, corrected_at, struck_why, struck_by, struck_at, pinned_by, pinned_at \
         FROM entry_marks WHERE incident = $1 ORDER BY event",
        &[incident.into()],
    )?;
    rows.iter().map(read).collect()
}

/// The mark of one entry.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId, event: EventId) -> Result<Option<Mark>, Error> {
    let row = tx.one(
        "SELECT event, text, corrected_by, corrected_at, struck_why, struck_by, struck_at, pinned_by, pinned_at \
         FROM entry_marks WHERE incident = $1 AND event = $2",
        &[incident.into(), event.into()],
    )?;
    row.map(|row| read(&row)).transpose()
}

/// The marks of many entries, in no order. Whether these may be seen was asked before.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[EventId]) -> Result<Vec<Mark>, Error> {
    let sql = "SELECT event, text, corrected_by, corrected_at, struck_why, struck_by, struck_at, pinned_by, pinned_at \
               FROM entry_marks WHERE event IN ({ids})";
    tx.query_ids(sql, &[], ids)?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Mark, Error> {
    let done = |by: &str, at: &str| match (row.opt_text(by)?, row.opt_instant(at)?) {
        (Some(by), Some(at)) => Ok::<_, Error>(Some(Done { by: by.to_owned(), at })),
        _ => Ok(None),
    };
    let said = |text: &str, done: Option<Done>| Ok::<_, Error>(row.opt_text(text)?.map(str::to_owned).zip(done));
    Ok(Mark {
        event: row.id("event")?,
        corrected: said("text", done("corrected_by", "corrected_at")?)?,
        struck: said("struck_why", done("struck_by", "struck_at")?)?,
        pinned: done("pinned_by", "pinned_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::Mint;

    both_engines! {
        fn a_mark_reads_back_as_it_was_written(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let done = |second| Done { by: "person:ana".into(), at: at(second) };
            let plain = Mark::none(mint.id(at(0)));
            let marks = [
                plain.clone(),
                Mark { corrected: Some(("it was db2".into(), done(1))), ..plain.clone() },
                Mark { struck: Some(("wrong incident".into(), done(2))), pinned: Some(done(3)), ..plain.clone() },
                plain,
            ];
            for mark in marks {
                store.write(|tx| Ok(save(tx, incident, &mark)?)).unwrap();
                assert_eq!(store.read(|tx| Ok(get(tx, incident, mark.event)?)).unwrap(), Some(mark.clone()));
                assert_eq!(store.read(|tx| Ok(of_incident(tx, incident)?)).unwrap(), [mark]);
            }
            assert_eq!(store.read(|tx| Ok(get(tx, incident, mint.id(at(9)))?)).unwrap(), None);
        }
    }
}
