//! Rows of observables. One is struck, never deleted.

use domain::prepare::drills::marked;
use domain::respond::observables::{Kind, Observable, Seen, Struck, Verdict};
use domain::respond::sight::Sight;
use domain::respond::tlp::Tlp;
use domain::words::{IncidentId, ObservableId};

use super::sight;
use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "observables.id, observables.kind, observables.value, observables.verdict, observables.tlp, \
    observables.first_seen, observables.last_seen, observables.note, observables.source, observables.added_by, \
    observables.added_at, observables.struck_why, observables.struck_by, observables.struck_at";
const SEEN: &str = sight::OBSERVABLE;
const INCIDENT_SEEN: &str = sight::INCIDENT;

/// Writes an observable as it is now. What it is stays.
pub fn save(tx: &mut Tx<'_>, incident: IncidentId, one: &Observable) -> Result<(), Error> {
    let struck = one.struck.as_ref();
    tx.execute(
        "INSERT INTO observables (id, incident, kind, value, verdict, tlp, first_seen, last_seen, note, source, added_by, \
         added_at, struck_why, struck_by, struck_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (id) DO UPDATE SET verdict = excluded.verdict, tlp = excluded.tlp, first_seen = excluded.first_seen, \
         last_seen = excluded.last_seen, note = excluded.note, source = excluded.source, \
         struck_why = excluded.struck_why, struck_by = excluded.struck_by, struck_at = excluded.struck_at",
        &[
            one.id.into(),
            incident.into(),
            one.kind.word().into(),
            one.value.as_str().into(),
            one.seen.verdict.word().into(),
            one.seen.tlp.word().into(),
            one.seen.first.into(),
            one.seen.last.into(),
            one.seen.note.as_ref().into(),
            one.seen.source.as_ref().into(),
            one.added_by.as_str().into(),
            one.added_at.into(),
            struck.map(|struck| struck.why.as_str()).into(),
            struck.map(|struck| struck.by.as_str()).into(),
            struck.map(|struck| struck.at).into(),
        ],
    )?;
    Ok(())
}

/// All of an incident that whoever looks may see, in the order in which they were added.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId, seen_by: Sight<'_>) -> Result<Vec<Observable>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM observables WHERE {SEEN} AND observables.incident = $2 ORDER BY observables.id");
    tx.query(&sql, &[sight::bound(seen_by), incident.into()])?.iter().map(read).collect()
}

/// One of an incident, if whoever looks may see it.
pub fn get(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    id: ObservableId,
    seen_by: Sight<'_>,
) -> Result<Option<Observable>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM observables WHERE {SEEN} AND observables.incident = $2 AND observables.id = $3");
    tx.one(&sql, &[sight::bound(seen_by), incident.into(), id.into()])?.map(|row| read(&row)).transpose()
}

/// The one with this value that stands in an incident, if whoever looks may see it.
pub fn standing(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    kind: Kind,
    value: &str,
    seen_by: Sight<'_>,
) -> Result<Option<Observable>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM observables WHERE {SEEN} AND value = $2 AND kind = $3 AND incident = $4 \
         AND struck_at IS NULL ORDER BY observables.id LIMIT 1"
    );
    let bound = [sight::bound(seen_by), value.into(), kind.word().into(), incident.into()];
    tx.one(&sql, &bound)?.map(|row| read(&row)).transpose()
}

/// How many of an incident are seen and stand.
pub fn count(tx: &mut Tx<'_>, incident: IncidentId, seen_by: Sight<'_>) -> Result<u64, Error> {
    let sql = format!(
        "SELECT count(*) AS count FROM observables WHERE {SEEN} AND observables.incident = $2 AND struck_at IS NULL"
    );
    tx.one(&sql, &[sight::bound(seen_by), incident.into()])?.map_or(Ok(0), |row| row.number("count"))
}

/// Other incidents in which the same value stands and that may be seen, the newest first: id and title.
pub fn also_in(
    tx: &mut Tx<'_>,
    incident: IncidentId,
    one: &Observable,
    seen_by: Sight<'_>,
) -> Result<Vec<(IncidentId, String)>, Error> {
    let sql = format!(
        "SELECT incidents.id, incidents.title, incidents.drill FROM observables JOIN incidents ON incidents.id = observables.incident \
         WHERE {INCIDENT_SEEN} AND {SEEN} AND observables.value = $2 AND observables.kind = $3 \
         AND observables.struck_at IS NULL AND observables.incident <> $4 ORDER BY incidents.id DESC LIMIT 10"
    );
    let bound = [sight::bound(seen_by), one.value.as_str().into(), one.kind.word().into(), incident.into()];
    let rows = tx.query(&sql, &bound)?;
    rows.iter().map(|row| Ok((row.id("id")?, marked(row.bool("drill")?, row.text("title")?).into_owned()))).collect()
}

fn read(row: &Row) -> Result<Observable, Error> {
    let struck = match row.opt_instant("struck_at")? {
        Some(at) => Some(Struck { why: row.text("struck_why")?.to_owned(), by: row.text("struck_by")?.to_owned(), at }),
        None => None,
    };
    Ok(Observable {
        id: row.id("id")?,
        kind: row.parse::<Kind>("kind")?,
        value: row.text("value")?.to_owned(),
        seen: Seen {
            verdict: row.parse::<Verdict>("verdict")?,
            tlp: row.parse::<Tlp>("tlp")?,
            first: row.opt_instant("first_seen")?,
            last: row.opt_instant("last_seen")?,
            note: row.opt_text("note")?.map(str::to_owned),
            source: row.opt_text("source")?.map(str::to_owned),
        },
        added_by: row.text("added_by")?.to_owned(),
        added_at: row.instant("added_at")?,
        struck,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::respond::incidents::{name_person, save as save_incident, tests::incident};
    use domain::respond::incidents::{Class, Visibility};
    use domain::words::{Mint, Name, Timestamp};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn observable(mint: &mut Mint, value: &str, tlp: Tlp) -> Observable {
        Observable {
            id: mint.id(at(0)),
            kind: Kind::Domain,
            value: value.into(),
            seen: Seen { tlp, ..Seen::default() },
            added_by: "person:ana".into(),
            added_at: at(0),
            struck: None,
        }
    }

    both_engines! {
        fn an_observable_reads_back_and_stands_until_it_is_struck(store) {
            let mut mint = Mint::seeded(1);
            let incident: IncidentId = mint.id(at(0));
            let mut one = observable(&mut mint, "evil.example", Tlp::Green);
            let standing_now = || store.read(|tx| Ok(standing(tx, incident, Kind::Domain, "evil.example", Sight::Open)?)).unwrap();
            assert_eq!(standing_now(), None);
            store.write(|tx| Ok(save(tx, incident, &one)?)).unwrap();
            assert_eq!(standing_now().as_ref(), Some(&one));
            one.seen = Seen {
                verdict: Verdict::Malicious,
                tlp: Tlp::Amber,
                first: Some(at(-9)),
                last: Some(at(-1)),
                note: Some("a\nb".into()),
                source: Some("the proxy's log".into()),
            };
            one.struck = Some(Struck { why: "ours".into(), by: "person:ben".into(), at: at(5) });
            store.write(|tx| Ok(save(tx, incident, &one)?)).unwrap();
            assert_eq!(standing_now(), None);
            store.read(|tx| {
                assert_eq!(get(tx, incident, one.id, Sight::Open)?.as_ref(), Some(&one));
                assert_eq!(of_incident(tx, incident, Sight::Open)?, std::slice::from_ref(&one));
                assert_eq!(count(tx, incident, Sight::Open)?, 0);
                Ok(())
            }).unwrap();
        }

        fn the_same_value_elsewhere_is_told_only_to_those_who_may_see_it(store) {
            let mut mint = Mint::seeded(1);
            let mut rows: Vec<_> = (0..4).map(|second| incident(&mut mint, second, Class::System)).collect();
            rows[1].state.visibility = Visibility::Restricted;
            let (ana, ben): (Name, Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
            let own = observable(&mut mint, "evil.example", Tlp::Amber);
            store.write(|tx| {
                for row in &rows {
                    save_incident(tx, row)?;
                }
                name_person(tx, rows[1].id, &ana)?;
                name_person(tx, rows[2].id, &ana)?;
                save(tx, rows[0].id, &own)?;
                save(tx, rows[1].id, &observable(&mut mint, "evil.example", Tlp::Clear))?;
                save(tx, rows[2].id, &observable(&mut mint, "evil.example", Tlp::Red))?;
                Ok(save(tx, rows[3].id, &observable(&mut mint, "good.example", Tlp::Clear))?)
            }).unwrap();
            let also = |sight| {
                let found = store.read(|tx| Ok(also_in(tx, rows[0].id, &own, sight)?)).unwrap();
                found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
            };
            assert_eq!(also(Sight::Of(&ana)), [rows[2].id, rows[1].id]);
            assert_eq!(also(Sight::Of(&ben)), []);
            assert_eq!(also(Sight::Open), []);
            assert_eq!(also(Sight::Whole), [rows[2].id, rows[1].id]);
        }
    }
}
