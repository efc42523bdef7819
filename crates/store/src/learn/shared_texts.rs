//! Rows of the words of a postmortem that several write at once: each change as it came, and what was folded of them.

use std::collections::BTreeSet;

use domain::learn::postmortem_sections::Section;
use domain::words::{IncidentId, Name, Timestamp};

use crate::door::{Error, Row, Tx, Value};

/// How a text stands, without its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// All changes up to `folded`, as one.
    pub state: Vec<u8>,
    pub folded: i64,
    /// The number of the last change.
    pub last: i64,
    /// Changes up to this are in the revisions.
    pub settled: i64,
    /// When the first was made that is not.
    pub open_since: Option<Timestamp>,
    /// When they become revisions.
    pub settle_at: Option<Timestamp>,
}

/// A change that somebody made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub number: i64,
    pub author: Name,
    /// What reads otherwise since.
    pub sections: BTreeSet<Section>,
    pub at: Timestamp,
    pub data: Vec<u8>,
}

/// Writes how it stands.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, head: &Head) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO shared_texts (incident, state, folded, last, settled, open_since, settle_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (incident) DO UPDATE SET state = excluded.state, \
         folded = excluded.folded, last = excluded.last, settled = excluded.settled, open_since = excluded.open_since, \
         settle_at = excluded.settle_at",
        &[
            incident.into(),
            Value::bytes(head.state.as_slice()),
            head.folded.into(),
            head.last.into(),
            head.settled.into(),
            head.open_since.into(),
            head.settle_at.into(),
        ],
    )?;
    Ok(())
}

/// How it stands; nothing, if nobody has opened it yet.
pub fn get(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<Head>, Error> {
    let sql = "SELECT state, folded, last, settled, open_since, settle_at FROM shared_texts WHERE incident = $1";
    let read = |row: Row| {
        Ok(Head {
            state: row.bytes("state")?.to_vec(),
            folded: row.int("folded")?,
            last: row.int("last")?,
            settled: row.int("settled")?,
            open_since: row.opt_instant("open_since")?,
            settle_at: row.opt_instant("settle_at")?,
        })
    };
    tx.one(sql, &[incident.into()])?.map(read).transpose()
}

/// How far its changes are folded, and the number of the last: asked often.
pub fn reach(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Option<(i64, i64)>, Error> {
    let sql = "SELECT folded, last FROM shared_texts WHERE incident = $1";
    tx.one(sql, &[incident.into()])?.map(|row| Ok((row.int("folded")?, row.int("last")?))).transpose()
}

/// Keeps a change.
pub fn add(tx: &mut Tx<'_>, incident: IncidentId, change: &Change) -> Result<(), Error> {
    let sections: Vec<&str> = change.sections.iter().map(|section| section.word()).collect();
    tx.execute(
        "INSERT INTO shared_text_changes (incident, number, author, sections, made_at, data) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            incident.into(),
            change.number.into(),
            (&change.author).into(),
            sections.join("\n").into(),
            change.at.into(),
            Value::bytes(change.data.as_slice()),
        ],
    )?;
    Ok(())
}

/// The changes after a number, in order.
pub fn since(tx: &mut Tx<'_>, incident: IncidentId, number: i64) -> Result<Vec<Change>, Error> {
    let sql = "SELECT number, author, sections, made_at, data FROM shared_text_changes WHERE incident = $1 AND number > $2 \
               ORDER BY number";
    let read = |row: &Row| {
        let wrong = |_| Error::corrupt("a section does not read");
        Ok(Change {
            number: row.int("number")?,
            author: row.name("author")?,
            sections: row
                .text("sections")?
                .lines()
                .map(|word| word.parse().map_err(wrong))
                .collect::<Result<_, _>>()?,
            at: row.instant("made_at")?,
            data: row.bytes("data")?.to_vec(),
        })
    };
    tx.query(sql, &[incident.into(), number.into()])?.iter().map(read).collect()
}

/// They are in the state now.
pub fn drop_folded(tx: &mut Tx<'_>, incident: IncidentId, up_to: i64) -> Result<(), Error> {
    let sql = "DELETE FROM shared_text_changes WHERE incident = $1 AND number <= $2";
    tx.execute(sql, &[incident.into(), up_to.into()])?;
    Ok(())
}

/// Whose changes become revisions by now.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<IncidentId>, Error> {
    let sql = "SELECT incident FROM shared_texts WHERE settle_at <= $1 ORDER BY settle_at, incident LIMIT $2";
    tx.query(sql, &[now.into(), i64::from(limit).into()])?.iter().map(|row| row.id("incident")).collect()
}

/// When changes become revisions next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT min(settle_at) AS due FROM shared_texts WHERE settle_at IS NOT NULL";
    tx.one(sql, &[])?.map_or(Ok(None), |row| row.opt_instant("due"))
}

#[cfg(test)]
mod tests {
    use domain::respond::incidents::Class;
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;
    use crate::respond::incidents::tests::incident;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    both_engines! {
        fn changes_read_back_in_order_and_are_folded(store) {
            let of = incident(&mut Mint::seeded(1), 0, Class::System).id;
            let other = incident(&mut Mint::seeded(2), 0, Class::System).id;
            let mut head = Head { state: vec![0, 255], folded: 0, last: 3, settled: 1, open_since: Some(at(1)), settle_at: Some(at(4)) };
            let change = |number: i64| Change {
                number,
                author: "ana".parse().unwrap(),
                sections: BTreeSet::from([Section::Summary, Section::WentWell]),
                at: at(number),
                data: vec![0, 1, 2, u8::try_from(number).unwrap()],
            };
            store.write(|tx| {
                assert_eq!(get(tx, of)?, None);
                assert_eq!(reach(tx, of)?, None);
                save(tx, of, &head)?;
                for number in [2, 1, 3] {
                    add(tx, of, &change(number))?;
                }
                Ok(add(tx, other, &Change { sections: BTreeSet::new(), ..change(1) })?)
            }).unwrap();
            store.read(|tx| {
                assert_eq!(get(tx, of)?, Some(head.clone()));
                assert_eq!(reach(tx, of)?, Some((0, 3)));
                assert_eq!(since(tx, of, 1)?, [change(2), change(3)]);
                assert_eq!((due(tx, at(3), 9)?, due(tx, at(4), 9)?), (vec![], vec![of]));
                assert_eq!(next_due(tx)?, Some(at(4)));
                Ok(())
            }).unwrap();
            (head.folded, head.settle_at) = (2, None);
            store.write(|tx| {
                save(tx, of, &head)?;
                Ok(drop_folded(tx, of, 2)?)
            }).unwrap();
            store.read(|tx| {
                assert_eq!(since(tx, of, 0)?, [change(3)]);
                assert_eq!(since(tx, other, 0)?.len(), 1);
                assert_eq!(next_due(tx)?, None);
                Ok(())
            }).unwrap();
        }
    }
}
