//! Rows of evidence, and of the log of custody. The bytes are in [`crate::blobs`].

use domain::respond::evidence::{Content, Custody, Digest, Evidence, Found, Step};
use domain::respond::sight::Sight;
use domain::respond::tlp::Tlp;
use domain::words::{EvidenceId, IncidentId, Timestamp};

use super::sight;
use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "evidence.id, evidence.title, evidence.sha256, evidence.size, evidence.kept, evidence.why_no_hash, \
    evidence.file, evidence.media_type, evidence.collector, evidence.collected_at, evidence.place, evidence.note, \
    evidence.tlp, evidence.added_by, evidence.added_at, evidence.altered_at";
const SEEN: &str = sight::EVIDENCE;

/// Writes down evidence. There is no way to change it.
pub fn insert(tx: &mut Tx<'_>, incident: IncidentId, evidence: &Evidence) -> Result<(), Error> {
    let (size, why) = match &evidence.content {
        Content::Kept { size, .. } => (Some(i64::try_from(*size).unwrap_or(i64::MAX)), None),
        Content::Elsewhere { .. } => (None, None),
        Content::Unhashed { why } => (None, Some(why.as_str())),
    };
    let found = &evidence.found;
    tx.execute(
        "INSERT INTO evidence (id, incident, title, sha256, size, kept, why_no_hash, file, media_type, collector, \
         collected_at, place, note, tlp, added_by, added_at, altered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        &[
            evidence.id.into(),
            incident.into(),
            found.title.as_str().into(),
            evidence.content.sha256().map(|hash| hash.to_string()).into(),
            size.into(),
            evidence.content.is_kept().into(),
            why.into(),
            found.file.as_ref().into(),
            found.media_type.as_ref().into(),
            found.collector.as_str().into(),
            found.collected_at.into(),
            found.place.as_ref().into(),
            found.note.as_ref().into(),
            found.tlp.word().into(),
            evidence.added_by.as_str().into(),
            evidence.added_at.into(),
            evidence.altered_at.into(),
        ],
    )?;
    Ok(())
}

/// Notes that what is kept is not what was collected. False if that was noted before.
pub fn set_altered(tx: &mut Tx<'_>, id: EvidenceId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE evidence SET altered_at = $2 WHERE id = $1 AND altered_at IS NULL";
    Ok(tx.execute(sql, &[id.into(), now.into()])? > 0)
}

/// All of an incident that whoever looks may see, in the order in which it was written down.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, seen_by: Sight<'_>) -> Result<Vec<Evidence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM evidence WHERE {SEEN} AND evidence.incident = $2 ORDER BY evidence.id");
    tx.query(&sql, &[sight::bound(seen_by), incident.into()])?.iter().map(read).collect()
}

/// One of an incident, if whoever looks may see it.
pub fn get(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    id: EvidenceId,
    seen_by: Sight<'_>,
) -> Result<Option<Evidence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM evidence WHERE {SEEN} AND evidence.incident = $2 AND evidence.id = $3");
    tx.one(&sql, &[sight::bound(seen_by), incident.into(), id.into()])?.map(|row| read(&row)).transpose()
}

/// Those of many that are seen, each with its incident, in no order.
pub fn of_ids(tx: &mut Tx<'_>, ids: &[EvidenceId], seen_by: Sight<'_>) -> Result<Vec<(IncidentId, Evidence)>, Error> {
    let sql = format!(
        "SELECT {COLUMNS}, evidence.incident FROM evidence JOIN incidents ON incidents.id = evidence.incident \
         WHERE {INCIDENT} AND {SEEN} AND evidence.id IN ({{ids}})",
        INCIDENT = sight::INCIDENT
    );
    let rows = tx.query_ids(&sql, &[sight::bound(seen_by)], ids)?;
    rows.iter().map(|row| Ok((row.id("incident")?, read(row)?))).collect()
}

/// How much of an incident is seen.
pub fn count(tx: &mut Tx<'_>, incident: IncidentId, seen_by: Sight<'_>) -> Result<u64, Error> {
    let sql = format!("SELECT count(*) AS count FROM evidence WHERE {SEEN} AND evidence.incident = $2");
    tx.one(&sql, &[sight::bound(seen_by), incident.into()])?.map_or(Ok(0), |row| row.number("count"))
}

/// The hashes of all bytes that are kept, with their sizes, each once.
pub fn kept(tx: &mut Tx<'_>) -> Result<Vec<(Digest, u64)>, Error> {
    let rows = tx.query("SELECT DISTINCT sha256, size FROM evidence WHERE kept ORDER BY sha256", &[])?;
    rows.iter().map(|row| Ok((row.parse("sha256")?, row.number("size")?))).collect()
}

/// Adds a line to a log of custody.
pub fn log(tx: &mut Tx<'_>, evidence: EvidenceId, line: &Custody) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO custody (evidence, number, step, at, from_holder, to_holder, place, why, entered_by, entered_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            evidence.into(),
            i64::from(line.number).into(),
            line.step.word().into(),
            line.at.into(),
            line.from.as_ref().into(),
            line.to.as_ref().into(),
            line.place.as_ref().into(),
            line.why.as_ref().into(),
            line.by.as_str().into(),
            line.recorded_at.into(),
        ],
    )?;
    Ok(())
}

/// The log of custody, from its beginning.
pub fn custody(tx: &mut Tx<'_>, evidence: EvidenceId) -> Result<Vec<Custody>, Error> {
    let sql = "SELECT number, step, at, from_holder, to_holder, place, why, entered_by, entered_at FROM custody \
               WHERE evidence = $1 ORDER BY number";
    tx.query(sql, &[evidence.into()])?.iter().map(read_line).collect()
}

fn read(row: &Row) -> Result<Evidence, Error> {
    let sha256 = row.opt_parse::<Digest>("sha256")?;
    let content = match (row.bool("kept")?, sha256) {
        (true, Some(sha256)) => Content::Kept { sha256, size: row.number("size")? },
        (false, Some(sha256)) => Content::Elsewhere { sha256 },
        (false, None) => Content::Unhashed { why: row.text("why_no_hash")?.to_owned() },
        (true, None) => return Err(Error::corrupt("evidence is kept without a hash")),
    };
    let some = |column: &str| Ok::<_, Error>(row.opt_text(column)?.map(str::to_owned));
    Ok(Evidence {
        id: row.id("id")?,
        found: Found {
            title: row.text("title")?.to_owned(),
            file: some("file")?,
            media_type: some("media_type")?,
            collector: row.text("collector")?.to_owned(),
            collected_at: row.instant("collected_at")?,
            place: some("place")?,
            note: some("note")?,
            tlp: row.parse::<Tlp>("tlp")?,
        },
        content,
        added_by: row.text("added_by")?.to_owned(),
        added_at: row.instant("added_at")?,
        altered_at: row.opt_instant("altered_at")?,
    })
}

fn read_line(row: &Row) -> Result<Custody, Error> {
    let some = |column: &str| Ok::<_, Error>(row.opt_text(column)?.map(str::to_owned));
    Ok(Custody {
        number: row.number("number")?,
        step: row.parse::<Step>("step")?,
        at: row.instant("at")?,
        from: some("from_holder")?,
        to: some("to_holder")?,
        place: some("place")?,
        why: some("why")?,
        by: row.text("entered_by")?.to_owned(),
        recorded_at: row.instant("entered_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::respond::assignments;
    use crate::respond::incidents::{name_person, save, tests::incident};
    use domain::respond::assignments::{Assignment, State};
    use domain::respond::incidents::Class;
    use domain::words::{Mint, Name};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn evidence(mint: &mut Mint, content: Content, tlp: Tlp) -> Evidence {
        let found = Found {
            title: "Memory of \"pay-1\"; DROP TABLE evidence".into(),
            file: content.is_kept().then(|| "mem.raw".into()),
            media_type: None,
            collector: "ana".into(),
            collected_at: at(-60),
            place: Some("Berlin".into()),
            note: Some("two\nlines".into()),
            tlp,
        };
        Evidence {
            id: mint.id(at(0)),
            found,
            content,
            added_by: "person:ana".into(),
            added_at: at(0),
            altered_at: None,
        }
    }

    both_engines! {
        fn evidence_reads_back_with_its_custody(store) {
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let sha256 = Digest([0xab; 32]);
            let all = [
                Content::Kept { sha256, size: 1 << 40 },
                Content::Kept { sha256, size: 1 << 40 },
                Content::Elsewhere { sha256: Digest([1; 32]) },
                Content::Unhashed { why: "a disk".into() },
            ].map(|content| evidence(&mut mint, content, Tlp::AmberStrict));
            let line = |number| Custody {
                number,
                step: Step::ALL[number as usize % Step::ALL.len()],
                at: at(0),
                from: (number > 1).then(|| "ana".into()),
                to: Some("Lab".into()),
                place: None,
                why: (number > 1).then(|| "image it".into()),
                by: "person:ana".into(),
                recorded_at: at(1),
            };
            store.write(|tx| {
                for one in &all {
                    insert(tx, incident, one)?;
                }
                for number in 1..=5 {
                    log(tx, all[0].id, &line(number))?;
                }
                Ok(())
            }).unwrap();
            store.read(|tx| {
                assert_eq!(of_incident(tx, incident, Sight::Open)?, all);
                assert_eq!(get(tx, incident, all[2].id, Sight::Open)?.as_ref(), Some(&all[2]));
                assert_eq!(get(tx, mint.id(at(9)), all[2].id, Sight::Open)?, None, "of another incident");
                assert_eq!(custody(tx, all[0].id)?, (1..=5).map(line).collect::<Vec<_>>());
                assert_eq!(kept(tx)?, [(sha256, 1 << 40)], "the same bytes are kept once");
                Ok(())
            }).unwrap();
            let twice = store.write(|tx| Ok(log(tx, all[0].id, &line(5))?));
            assert!(twice.is_err(), "a line has its number alone");
            let noted = |id| store.write(|tx| Ok(set_altered(tx, id, at(7))?)).unwrap();
            assert!(noted(all[1].id) && !noted(all[1].id));
            let read = store.read(|tx| Ok(get(tx, incident, all[1].id, Sight::Open)?)).unwrap().unwrap();
            assert_eq!(read.altered_at, Some(at(7)));
        }

        fn what_is_marked_red_is_there_for_those_inside(store) {
            let mut mint = Mint::seeded(1);
            let row = incident(&mut mint, 0, Class::System);
            let (amber, red) = (
                evidence(&mut mint, Content::Unhashed { why: "x".into() }, Tlp::Amber),
                evidence(&mut mint, Content::Unhashed { why: "x".into() }, Tlp::Red),
            );
            let people: [Name; 3] = ["ana", "ben", "cleo"].map(|name| name.parse().unwrap());
            let held = Assignment {
                role: "scribe".parse().unwrap(),
                person: people[1].clone(),
                offered_at: at(0),
                state: State::Held { since: at(0) },
            };
            store.write(|tx| {
                save(tx, &row)?;
                name_person(tx, row.id, &people[0])?;
                assignments::save(tx, row.id, &held)?;
                insert(tx, row.id, &amber)?;
                Ok(insert(tx, row.id, &red)?)
            }).unwrap();
            for (sight, seen) in [
                (Sight::Of(&people[0]), 2),
                (Sight::Of(&people[1]), 2),
                (Sight::Whole, 2),
                (Sight::Of(&people[2]), 1),
                (Sight::Open, 1),
            ] {
                store.read(|tx| {
                    assert_eq!(of_incident(tx, row.id, sight)?.len(), seen, "{sight:?}");
                    assert_eq!(count(tx, row.id, sight)?, seen as u64);
                    assert_eq!(get(tx, row.id, red.id, sight)?.is_some(), seen == 2);
                    assert_eq!(sight::is_inside(tx, row.id, sight)?, seen == 2);
                    Ok(())
                }).unwrap();
            }
        }
    }
}
