//! Rows of who fetched flags.

use domain::change::flag_readers::FlagReader;
use domain::words::{Name, Timestamp};

use crate::door::{Error, Row, Tx};

/// Writes that somebody fetched. Of two nodes that heard the same reader, the later counts.
pub fn note(tx: &mut Tx<'_>, reader: &FlagReader) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO flag_readers (key, address, agent, environment, fetched_at, version, knows_until) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (key, address, agent) DO UPDATE SET fetched_at = excluded.fetched_at, version = excluded.version, \
         knows_until = excluded.knows_until WHERE flag_readers.fetched_at < excluded.fetched_at",
        &[
            reader.key.into(),
            reader.address.as_str().into(),
            reader.agent.as_str().into(),
            (&reader.environment).into(),
            reader.fetched_at.into(),
            reader.version.as_str().into(),
            reader.knows_until.into(),
        ],
    )?;
    Ok(())
}

/// Who fetched the flags of an environment since, the last first.
pub fn since(tx: &mut Tx<'_>, environment: &Name, since: Timestamp, limit: u32) -> Result<Vec<FlagReader>, Error> {
    let rows = tx.query(
        "SELECT key, address, agent, environment, fetched_at, version, knows_until FROM flag_readers \
         WHERE environment = $1 AND fetched_at >= $2 ORDER BY fetched_at DESC, key, address, agent LIMIT $3",
        &[environment.into(), since.into(), limit.into()],
    )?;
    rows.iter().map(read).collect()
}

/// Forgets up to `limit` of those who have not fetched since; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let rows = tx.query(
        "SELECT key, address, agent FROM flag_readers WHERE fetched_at < $1 ORDER BY fetched_at LIMIT $2",
        &[before.into(), limit.into()],
    )?;
    for row in &rows {
        tx.execute(
            "DELETE FROM flag_readers WHERE key = $1 AND address = $2 AND agent = $3",
            &[row.text("key")?.into(), row.text("address")?.into(), row.text("agent")?.into()],
        )?;
    }
    Ok(rows.len() as u64)
}

fn read(row: &Row) -> Result<FlagReader, Error> {
    Ok(FlagReader {
        environment: row.name("environment")?,
        key: row.id("key")?,
        address: row.text("address")?.to_owned(),
        agent: row.text("agent")?.to_owned(),
        fetched_at: row.instant("fetched_at")?,
        version: row.text("version")?.to_owned(),
        knows_until: row.instant("knows_until")?,
    })
}

#[cfg(test)]
mod tests {
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;

    both_engines! {
        fn of_a_reader_the_last_fetch_is_kept(store) {
            let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
            let key = Mint::seeded(1).id(at(0));
            let reader = |address: &str, fetched| FlagReader {
                environment: "production".parse().unwrap(),
                key,
                address: address.into(),
                agent: "python".into(),
                fetched_at: at(fetched),
                version: format!("v{fetched}"),
                knows_until: at(fetched - 5),
            };
            store.write(|tx| {
                for (address, fetched) in [("a", 10), ("b", 20), ("a", 30), ("a", 25)] {
                    note(tx, &reader(address, fetched))?;
                }
                let environment = "production".parse().unwrap();
                assert_eq!(since(tx, &environment, at(0), 9)?, [reader("a", 30), reader("b", 20)]);
                assert_eq!(since(tx, &environment, at(21), 9)?, [reader("a", 30)]);
                assert_eq!((cut(tx, at(25), 9)?, cut(tx, at(25), 9)?), (1, 0));
                Ok(())
            }).unwrap();
        }
    }
}
