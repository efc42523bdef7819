//! Rows of subscribers.

use std::collections::BTreeSet;

use domain::inform::subscribers::{Subscriber, Way};
use domain::words::{Name, SubscriberId, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, way, address, components, asked_at, confirmed_at";

/// Writes a subscriber as they are now.
pub fn save(tx: &mut Tx<'_>, one: &Subscriber) -> Result<(), Error> {
    let components: Vec<&str> = one.components.iter().map(Name::as_str).collect();
    tx.execute(
        "INSERT INTO subscribers (id, way, address, components, asked_at, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET components = excluded.components, asked_at = excluded.asked_at, \
         confirmed_at = excluded.confirmed_at",
        &[
            one.id.into(),
            one.way.word().into(),
            one.address.as_str().into(),
            components.join("\n").into(),
            one.asked_at.into(),
            one.confirmed_at.into(),
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: SubscriberId) -> Result<Option<Subscriber>, Error> {
    tx.one(&format!("SELECT {COLUMNS} FROM subscribers WHERE id = $1"), &[id.into()])?.map(|row| read(&row)).transpose()
}

/// Those of one address, the oldest first.
pub fn at_address(tx: &mut Tx<'_>, way: Way, address: &str) -> Result<Vec<Subscriber>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM subscribers WHERE address = $1 AND way = $2 ORDER BY id");
    tx.query(&sql, &[address.into(), way.word().into()])?.iter().map(read).collect()
}

/// All, after an id, in the order in which they asked.
pub fn list(tx: &mut Tx<'_>, after: Option<SubscriberId>, most: u32) -> Result<Vec<Subscriber>, Error> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let sql = format!("SELECT {COLUMNS} FROM subscribers WHERE id > $1 ORDER BY id LIMIT $2");
    tx.query(&sql, &[after.into(), most.into()])?.iter().map(read).collect()
}

/// How many are told.
pub fn count(tx: &mut Tx<'_>) -> Result<u64, Error> {
    let row = tx.one("SELECT count(*) AS count FROM subscribers WHERE confirmed_at IS NOT NULL", &[])?;
    row.map_or(Ok(0), |row| row.number("count"))
}

/// Takes a subscriber away; whether there was one.
pub fn remove(tx: &mut Tx<'_>, id: SubscriberId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM subscribers WHERE id = $1", &[id.into()])? == 1)
}

/// Forgets up to so many who asked before an instant and never confirmed; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, most: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM subscribers WHERE id IN \
         (SELECT id FROM subscribers WHERE confirmed_at IS NULL AND asked_at < $1 ORDER BY asked_at LIMIT $2)",
        &[before.into(), most.into()],
    )
}

fn read(row: &Row) -> Result<Subscriber, Error> {
    let names = row.text("components")?.lines().map(str::parse::<Name>);
    let components: Result<BTreeSet<Name>, _> = names.collect();
    Ok(Subscriber {
        id: row.id("id")?,
        way: Way::from_word(row.text("way")?).ok_or_else(|| Error::corrupt("the way of a subscriber does not read"))?,
        address: row.text("address")?.to_owned(),
        components: components.map_err(|_| Error::corrupt("a component of a subscriber does not read"))?,
        asked_at: row.instant("asked_at")?,
        confirmed_at: row.opt_instant("confirmed_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use domain::words::Mint;

    both_engines! {
        fn a_subscriber_reads_back_and_leaves_nothing_when_they_go(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let mut mint = Mint::seeded(1);
            let mut new = |address: &str, way, confirmed: Option<i64>, second| Subscriber {
                id: mint.id(at(second)),
                way,
                address: address.into(),
                components: ["web".parse().unwrap(), "api".parse().unwrap()].into(),
                asked_at: at(second),
                confirmed_at: confirmed.map(at),
            };
            let all = [
                new("ana@example.org", Way::Email, Some(9), 0),
                new("ana@example.org", Way::Email, None, 5),
                Subscriber { components: BTreeSet::new(), ..new("https://example.org/h", Way::Webhook, None, 50) },
            ];
            store.write(|tx| all.iter().try_for_each(|one| Ok(save(tx, one)?))).unwrap();
            store.write(|tx| {
                assert_eq!(list(tx, None, 9)?, all);
                assert_eq!(list(tx, Some(all[0].id), 1)?, all[1..2]);
                assert_eq!(at_address(tx, Way::Email, "ana@example.org")?, all[..2]);
                assert_eq!(at_address(tx, Way::Webhook, "ana@example.org")?, []);
                assert_eq!(get(tx, all[2].id)?.as_ref(), Some(&all[2]));
                assert_eq!(count(tx)?, 1);
                assert_eq!(cut(tx, at(50), 9)?, 1, "who confirmed stays");
                assert_eq!((remove(tx, all[0].id)?, remove(tx, all[0].id)?), (true, false));
                assert_eq!(list(tx, None, 9)?, all[2..]);
                Ok(())
            }).unwrap();
        }
    }
}
