//! Who was told of which week, and who wants no digest; and what of a stretch of time is told in one.

use domain::respond::sight::Sight;
use domain::words::{ActionItemId, IncidentId, Name, Timestamp};

use crate::door::{Error, Row, Tx};
use crate::respond::incidents::{self, IncidentRow};
use crate::respond::sight::{self, INCIDENT as SEEN};

/// How it stands with somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRow {
    pub person: Name,
    /// The last week of which they were told, or had nothing to be told: the date of its Monday.
    pub week: Option<String>,
    pub wanted: bool,
}

/// All of whom something is known.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<DigestRow>, Error> {
    tx.query("SELECT person, week, wanted FROM digests ORDER BY person", &[])?.iter().map(read).collect()
}

pub fn get(tx: &mut Tx<'_>, person: &Name) -> Result<Option<DigestRow>, Error> {
    let sql = "SELECT person, week, wanted FROM digests WHERE person = $1";
    tx.one(sql, &[person.into()])?.map(|row| read(&row)).transpose()
}

/// Takes the week of somebody upon oneself: true for one node only.
pub fn claim(tx: &mut Tx<'_>, person: &Name, week: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO digests (person, week, wanted) VALUES ($1, $2, TRUE) ON CONFLICT (person) DO UPDATE SET \
               week = excluded.week WHERE digests.week IS NULL OR digests.week < excluded.week";
    Ok(tx.execute(sql, &[person.into(), week.into()])? > 0)
}

/// Whether somebody wants one. False if it was so before.
pub fn want(tx: &mut Tx<'_>, person: &Name, wanted: bool) -> Result<bool, Error> {
    let sql = "INSERT INTO digests (person, week, wanted) VALUES ($1, NULL, $2) ON CONFLICT (person) DO UPDATE SET \
               wanted = excluded.wanted WHERE digests.wanted <> excluded.wanted";
    let before = get(tx, person)?.is_none_or(|row| row.wanted);
    tx.execute(sql, &[person.into(), wanted.into()])?;
    Ok(before != wanted)
}

fn read(row: &Row) -> Result<DigestRow, Error> {
    Ok(DigestRow {
        person: row.name("person")?,
        week: row.opt_text("week")?.map(str::to_owned),
        wanted: row.bool("wanted")?,
    })
}

const INCIDENT: &str = incidents::COLUMNS;
/// So much is read of each.
const MOST: u32 = 200;

/// Incidents that are seen and no drills, whose postmortem was published or corrected in a stretch of time; the latest first,
/// with when and by whom.
pub fn published(
    tx: &mut Tx<'_>,
    from: Timestamp,
    to: Timestamp,
    who: Sight<'_>,
) -> Result<Vec<(IncidentRow, Timestamp, bool)>, Error> {
    let sql = format!(
        "SELECT {INCIDENT}, postmortem_versions.published_at, postmortem_versions.version FROM postmortem_versions \
         JOIN incidents ON incidents.id = postmortem_versions.incident WHERE {SEEN} AND NOT incidents.drill \
         AND postmortem_versions.published_at >= $2 AND postmortem_versions.published_at < $3 \
         ORDER BY postmortem_versions.published_at DESC, incidents.id DESC LIMIT {MOST}"
    );
    let read = |row: &Row| Ok((incidents::read(row)?, row.instant("published_at")?, row.int("version")? > 1));
    tx.query(&sql, &[sight::bound(who), from.into(), to.into()])?.iter().map(read).collect()
}

/// Incidents that are seen and no drills, that were reported in a stretch of time and have a published postmortem.
pub fn reported(tx: &mut Tx<'_>, from: Timestamp, to: Timestamp, who: Sight<'_>) -> Result<Vec<IncidentRow>, Error> {
    let sql = format!(
        "SELECT {INCIDENT} FROM incidents JOIN postmortems ON postmortems.incident = incidents.id WHERE {SEEN} \
         AND NOT incidents.drill AND postmortems.state = 'published' AND incidents.reported_at >= $2 \
         AND incidents.reported_at < $3 ORDER BY incidents.id LIMIT {MOST}"
    );
    tx.query(&sql, &[sight::bound(who), from.into(), to.into()])?.iter().map(incidents::read).collect()
}

/// Something that came back: an item, the incident that it followed from, and that in which it came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    pub item: ActionItemId,
    pub title: String,
    pub owner: Name,
    pub of: IncidentRow,
    pub again: IncidentId,
    pub reopened: bool,
}

/// What came back in a stretch of time, of incidents that are seen; whether the later one is, too, is for whoever asks.
pub fn returned(tx: &mut Tx<'_>, from: Timestamp, to: Timestamp, who: Sight<'_>) -> Result<Vec<Returned>, Error> {
    let sql = format!(
        "SELECT {INCIDENT}, action_items.id AS item, action_items.title AS item_title, action_items.owner, \
         action_item_recurrences.incident AS again, action_item_recurrences.was FROM action_item_recurrences \
         JOIN action_items ON action_items.id = action_item_recurrences.item \
         JOIN incidents ON incidents.id = action_items.incident WHERE {SEEN} AND NOT incidents.drill \
         AND action_item_recurrences.undone_at IS NULL AND action_item_recurrences.at >= $2 \
         AND action_item_recurrences.at < $3 ORDER BY action_item_recurrences.at DESC, action_items.id LIMIT {MOST}"
    );
    let read = |row: &Row| {
        Ok(Returned {
            item: row.id("item")?,
            title: row.text("item_title")?.to_owned(),
            owner: row.name("owner")?,
            of: incidents::read(row)?,
            again: row.id("again")?,
            reopened: row.opt_text("was")?.is_some(),
        })
    };
    tx.query(&sql, &[sight::bound(who), from.into(), to.into()])?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use domain::learn::action_items::State;
    use domain::respond::incidents::{Class, Visibility};
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;
    use crate::learn::action_items::{Recurrence, add_recurrence};
    use crate::respond::incidents::tests::incident;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    both_engines! {
        fn a_week_is_taken_once_and_who_wants_none_is_known(store) {
            let (ana, ben) = (name("ana"), name("ben"));
            let claim = |who: &Name, week: &str| store.write(|tx| Ok(claim(tx, who, week)?)).unwrap();
            assert!(claim(&ana, "2026-11-23"));
            assert!(!claim(&ana, "2026-11-23"), "another node has it");
            assert!(claim(&ana, "2026-11-30"));
            assert!(!claim(&ana, "2026-11-23"), "weeks do not come back");
            let want = |who: &Name, wanted| store.write(|tx| Ok(want(tx, who, wanted)?)).unwrap();
            assert_eq!([want(&ben, true), want(&ben, false), want(&ben, false), want(&ben, true)], [false, true, false, true]);
            want(&ana, false);
            assert!(claim(&ana, "2026-12-07"), "also whoever wants none");
            let found = store.read(|tx| Ok(list(tx)?)).unwrap();
            let row = |person: &Name, week: Option<&str>, wanted| DigestRow { person: person.clone(), week: week.map(str::to_owned), wanted };
            assert_eq!(found, [row(&ana, Some("2026-12-07"), false), row(&ben, None, true)]);
        }

        fn what_came_back_is_read_by_those_who_see_it(store) {
            let mut mint = Mint::seeded(3);
            let mut of = incident(&mut mint, 0, Class::System);
            let again = incident(&mut mint, 1, Class::System);
            let item = crate::learn::action_items::tests::row(&mut mint, of.id, State::Done { at: at(5) });
            store.write(|tx| {
                for row in [&of, &again] {
                    incidents::save(tx, row)?;
                }
                crate::learn::action_items::save(tx, &item)?;
                add_recurrence(tx, &Recurrence {
                    item: item.item.id, incident: again.id, at: at(50), was: Some((State::Done { at: at(5) }, at(100))), undone_at: None,
                })?;
                Ok(())
            }).unwrap();
            let found = |from, to, who: Sight<'_>| store.read(|tx| Ok(returned(tx, at(from), at(to), who)?)).unwrap();
            let all = found(50, 51, Sight::Open);
            assert_eq!((all.len(), all[0].item, all[0].again, all[0].reopened), (1, item.item.id, again.id, true));
            assert_eq!((found(51, 60, Sight::Open).len(), found(0, 50, Sight::Open).len()), (0, 0));
            of.state.visibility = Visibility::Restricted;
            store.write(|tx| Ok(incidents::save(tx, &of)?)).unwrap();
            assert_eq!((found(50, 51, Sight::Open).len(), found(50, 51, Sight::Whole).len()), (0, 1));
            assert_eq!(store.read(|tx| Ok(published(tx, at(0), at(99), Sight::Whole)?)).unwrap(), []);
            assert_eq!(store.read(|tx| Ok(reported(tx, at(-9), at(99), Sight::Whole)?)).unwrap(), [], "nothing was published");
        }
    }
}
