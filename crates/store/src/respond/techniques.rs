//! Rows of techniques that were named. One is withdrawn, never deleted.

use domain::respond::techniques::{Named, TechniqueId, Withdrawn};
use domain::words::{EventId, IncidentId};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "technique, entry, note, named_by, named_at, withdrawn_why, withdrawn_by, withdrawn_at";

/// Writes how it stands now.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, named: &Named) -> Result<(), Error> {
    let withdrawn = named.withdrawn.as_ref();
    tx.execute(
        "INSERT INTO techniques (incident, technique, entry, note, named_by, named_at, withdrawn_why, withdrawn_by, \
         withdrawn_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (incident, technique, entry) DO UPDATE SET note = excluded.note, named_by = excluded.named_by, \
         named_at = excluded.named_at, withdrawn_why = excluded.withdrawn_why, withdrawn_by = excluded.withdrawn_by, \
         withdrawn_at = excluded.withdrawn_at",
        &[
            incident.into(),
            named.technique.as_str().into(),
            entry(named.entry).into(),
            named.note.as_ref().into(),
            named.by.as_str().into(),
            named.at.into(),
            withdrawn.map(|withdrawn| withdrawn.why.as_str()).into(),
            withdrawn.map(|withdrawn| withdrawn.by.as_str()).into(),
            withdrawn.map(|withdrawn| withdrawn.at).into(),
        ],
    )?;
    Ok(())
}

/// All of an incident, by their ids; also those that were withdrawn.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<Named>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM techniques WHERE incident = $1 ORDER BY technique, entry");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// One, if it was named.
pub fn get(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    technique: &TechniqueId,
    of_entry: Option<EventId>,
) -> Result<Option<Named>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM techniques WHERE incident = $1 AND technique = $2 AND entry = $3");
    let bound = [incident.into(), technique.as_str().into(), entry(of_entry).into()];
    tx.one(&sql, &bound)?.map(|row| read(&row)).transpose()
}

/// As the key has it: nothing for the incident as a whole.
fn entry(entry: Option<EventId>) -> String {
    entry.map_or_else(String::new, |entry| entry.to_string())
}

fn read(row: &Row) -> Result<Named, Error> {
    let withdrawn = match row.opt_instant("withdrawn_at")? {
        Some(at) => {
            Some(Withdrawn { why: row.text("withdrawn_why")?.to_owned(), by: row.text("withdrawn_by")?.to_owned(), at })
        }
        None => None,
    };
    let entry = Some(row.text("entry")?).filter(|entry| !entry.is_empty()).map(str::parse).transpose();
    Ok(Named {
        technique: row.parse("technique")?,
        entry: entry.map_err(|_| Error::corrupt("the entry of a technique does not read"))?,
        note: row.opt_text("note")?.map(str::to_owned),
        by: row.text("named_by")?.to_owned(),
        at: row.instant("named_at")?,
        withdrawn,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::{Mint, Timestamp};

    both_engines! {
        fn a_technique_is_named_once_for_each_entry_and_may_come_back(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let mut named = Named {
                technique: "T1566.001".parse().unwrap(),
                entry: None,
                note: Some("the invoice".into()),
                by: "person:ana".into(),
                at: at(0),
                withdrawn: None,
            };
            let of_entry = Named { entry: Some(mint.id(at(0))), note: None, ..named.clone() };
            let put = |named: &Named| store.write(|tx| Ok(save(tx, incident, named)?)).unwrap();
            put(&named);
            put(&of_entry);
            named.withdrawn = Some(Withdrawn { why: "it was a test".into(), by: "person:ben".into(), at: at(4) });
            put(&named);
            store.read(|tx| {
                assert_eq!(of_incident(tx, incident)?, [named.clone(), of_entry.clone()]);
                assert_eq!(get(tx, incident, &named.technique, of_entry.entry)?, Some(of_entry.clone()));
                assert_eq!(get(tx, incident, &"T1000".parse().unwrap(), None)?, None);
                Ok(())
            }).unwrap();
            named.withdrawn = None;
            put(&named);
            let read = store.read(|tx| Ok(get(tx, incident, &named.technique, None)?)).unwrap();
            assert_eq!(read, Some(named));
        }
    }
}
