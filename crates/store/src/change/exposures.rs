//! Rows of how often flags were evaluated, by the hour.

use std::collections::BTreeMap;

use domain::change::exposures::{Exposure, hour};
use domain::words::{Name, Timestamp};

use crate::door::{Error, Row, Tx};

/// Adds to what was counted in that hour.
pub fn add(tx: &mut Tx<'_>, one: &Exposure) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO exposures (environment, flag, variant, hour, count, last_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (flag, environment, variant, hour) DO UPDATE SET count = exposures.count + excluded.count, \
         last_at = excluded.last_at",
        &[
            (&one.environment).into(),
            one.flag.as_str().into(),
            one.variant.as_str().into(),
            hour(one.last_at).into(),
            i64::try_from(one.count).unwrap_or(i64::MAX).into(),
            one.last_at.into(),
        ],
    )?;
    Ok(())
}

/// What was counted of a flag in the hours since, by environment and variant.
pub fn of_flag(tx: &mut Tx<'_>, key: &str, since: Timestamp) -> Result<Vec<Exposure>, Error> {
    let rows = tx.query(
        "SELECT environment, flag, variant, CAST(sum(count) AS BIGINT) AS count, max(last_at) AS last_at FROM exposures \
         WHERE flag = $1 AND hour >= $2 GROUP BY environment, flag, variant ORDER BY environment, variant",
        &[key.into(), hour(since).into()],
    )?;
    rows.iter().map(read).collect()
}

/// When each flag was last evaluated in each environment, as far as it is kept; without a flag, when definitions were fetched.
pub fn last(tx: &mut Tx<'_>) -> Result<BTreeMap<(Name, String), Timestamp>, Error> {
    let sql = "SELECT environment, flag, max(last_at) AS last FROM exposures GROUP BY environment, flag";
    let rows = tx.query(sql, &[])?;
    rows.iter()
        .map(|row| Ok(((row.name("environment")?, row.text("flag")?.to_owned()), row.instant("last")?)))
        .collect()
}

/// Since when it is counted, as far as it is kept.
pub fn since(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(hour) AS first FROM exposures", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("first"))
}

/// Forgets up to `limit` hours of flags from before; how many.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let rows = tx.query(
        "SELECT environment, flag, variant, hour FROM exposures WHERE hour < $1 ORDER BY hour LIMIT $2",
        &[before.into(), limit.into()],
    )?;
    for row in &rows {
        tx.execute(
            "DELETE FROM exposures WHERE environment = $1 AND flag = $2 AND variant = $3 AND hour = $4",
            &[
                row.text("environment")?.into(),
                row.text("flag")?.into(),
                row.text("variant")?.into(),
                row.int("hour")?.into(),
            ],
        )?;
    }
    Ok(rows.len() as u64)
}

fn read(row: &Row) -> Result<Exposure, Error> {
    Ok(Exposure {
        environment: row.name("environment")?,
        flag: row.text("flag")?.to_owned(),
        variant: row.text("variant")?.to_owned(),
        count: row.int("count")?.unsigned_abs(),
        last_at: row.instant("last_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_400 + minute * 60).unwrap()
    }

    fn one(flag: &str, variant: &str, count: u64, minute: i64) -> Exposure {
        let environment = "production".parse().unwrap();
        Exposure { environment, flag: flag.into(), variant: variant.into(), count, last_at: at(minute) }
    }

    crate::both_engines! {
        fn counts_of_an_hour_add_up_and_old_ones_go(store) {
            let all = [one("a", "on", 5, 0), one("a", "on", 7, 1), one("a", "", 1, 1), one("a", "on", 2, 120), one("", "", 1, 3)];
            store.write(|tx| {
                for one in &all {
                    add(tx, one)?;
                }
                Ok(())
            }).unwrap();
            let told = |since| store.read(|tx| Ok(of_flag(tx, "a", since)?)).unwrap();
            assert_eq!(told(at(0)), [one("a", "", 1, 1), one("a", "on", 14, 120)]);
            assert_eq!(told(at(100)), [one("a", "on", 2, 120)]);
            let (last, since) = store.read(|tx| Ok((last(tx)?, since(tx)?))).unwrap();
            let name: Name = "production".parse().unwrap();
            assert_eq!(last, [((name.clone(), String::new()), at(3)), ((name, "a".into()), at(120))].into());
            assert_eq!(since, Some(hour(at(0))));
            assert_eq!(store.write(|tx| Ok(cut(tx, at(60), 2)?)).unwrap(), 2);
            assert_eq!(store.write(|tx| Ok(cut(tx, at(60), 2)?)).unwrap(), 1);
            assert_eq!(told(at(0)), [one("a", "on", 2, 120)]);
        }
    }
}
