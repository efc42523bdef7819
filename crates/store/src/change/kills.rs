//! Rows of kills.

use std::collections::BTreeMap;

use domain::change::kills::{Kill, KillTo, Lifted};
use domain::respond::sight::Sight;
use domain::words::{IncidentId, KillId, Name, Timestamp};

use crate::door::{Error, Row, Tx};
use crate::respond::incidents;

/// A kill as its row tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct KillRow {
    pub id: KillId,
    pub environment: Name,
    pub kill: Kill,
}

const COLUMNS: &str = "id, environment, flag, variant, made_by, why, incident, at, expires_at, lifted_at, lifted_by";

/// Writes a kill as it is now; it comes up again at `due_at`, and is over without it.
pub fn save(tx: &mut Tx<'_>, row: &KillRow, due_at: Option<Timestamp>) -> Result<(), Error> {
    let kill = &row.kill;
    let variant = if let KillTo::Variant(name) = &kill.to { Some(name.as_str()) } else { None };
    let (lifted_at, lifted_by) =
        (kill.lifted.as_ref().map(|one| one.at), kill.lifted.as_ref().map(|one| one.by.as_str()));
    tx.execute(
        "INSERT INTO kills (id, environment, flag, variant, made_by, why, incident, at, expires_at, lifted_at, lifted_by, \
         due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, lifted_at = excluded.lifted_at, \
         lifted_by = excluded.lifted_by, due_at = excluded.due_at",
        &[
            row.id.into(),
            (&row.environment).into(),
            kill.flag.as_str().into(),
            variant.into(),
            kill.by.as_str().into(),
            kill.why.as_str().into(),
            kill.incident.into(),
            kill.at.into(),
            kill.expires_at.into(),
            lifted_at.into(),
            lifted_by.into(),
            due_at.into(),
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: KillId) -> Result<Option<KillRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// Those that are in force, and those whose end has not been looked at.
pub fn standing(tx: &mut Tx<'_>) -> Result<Vec<KillRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE due_at IS NOT NULL ORDER BY id");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

/// The kills of a flag, the newest first.
pub fn of_flag(tx: &mut Tx<'_>, key: &str, limit: u32) -> Result<Vec<KillRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE flag = $1 ORDER BY id DESC LIMIT $2");
    tx.query(&sql, &[key.into(), limit.into()])?.iter().map(read).collect()
}

/// All kills, the newest first.
pub fn list(tx: &mut Tx<'_>, before: Option<KillId>, limit: u32) -> Result<Vec<KillRow>, Error> {
    // Greater than every id.
    let before = before.map_or_else(|| "~".into(), |id| id.to_string());
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE id < $1 ORDER BY id DESC LIMIT $2");
    tx.query(&sql, &[before.into(), limit.into()])?.iter().map(read).collect()
}

/// The kills that contain an incident, the oldest first.
pub fn of_incident(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<KillRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE incident = $1 ORDER BY id");
    tx.query(&sql, &[incident.into()])?.iter().map(read).collect()
}

/// Those that nag or end by now.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<KillRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM kills WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2");
    tx.query(&sql, &[now.into(), limit.into()])?.iter().map(read).collect()
}

/// When one nags or ends next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(due_at) AS due FROM kills WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

/// When the newest kill began or was lifted: who knows of it knows of all before.
pub fn changed_at(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT max(at) AS made, max(lifted_at) AS lifted FROM kills", &[])?;
    let Some(row) = row else { return Ok(None) };
    Ok(row.opt_instant("made")?.max(row.opt_instant("lifted")?))
}

/// When each flag was last killed in each environment.
pub fn exercised(tx: &mut Tx<'_>) -> Result<BTreeMap<(Name, String), Timestamp>, Error> {
    let rows = tx.query("SELECT environment, flag, max(at) AS last FROM kills GROUP BY environment, flag", &[])?;
    rows.iter()
        .map(|row| Ok(((row.name("environment")?, row.text("flag")?.to_owned()), row.instant("last")?)))
        .collect()
}

/// The kill as whoever looks may see it: without its incident and its reason, if they do not see that incident.
pub fn seen(tx: &mut Tx<'_>, mut row: KillRow, sight: Sight<'_>) -> Result<KillRow, Error> {
    if let Some(incident) = row.kill.incident
        && incidents::get(tx, incident, sight)?.is_none()
    {
        row.kill.incident = None;
        row.kill.why = String::new();
    }
    Ok(row)
}

fn read(row: &Row) -> Result<KillRow, Error> {
    let lifted_by = row.opt_text("lifted_by")?.map(str::to_owned);
    let lifted = row.opt_instant("lifted_at")?.zip(lifted_by).map(|(at, by)| Lifted { by, at });
    let to = row.opt_text("variant")?.map_or(KillTo::Disabled, |name| KillTo::Variant(name.to_owned()));
    let kill = Kill {
        flag: row.text("flag")?.to_owned(),
        to,
        by: row.text("made_by")?.to_owned(),
        why: row.text("why")?.to_owned(),
        incident: row.opt_id("incident")?,
        at: row.instant("at")?,
        expires_at: row.instant("expires_at")?,
        lifted,
    };
    Ok(KillRow { id: row.id("id")?, environment: row.name("environment")?, kill })
}

#[cfg(test)]
mod tests {
    use domain::words::Mint;

    use super::*;
    use crate::both_engines;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn row(mint: &mut Mint, to: KillTo, from: i64) -> KillRow {
        let kill = Kill {
            flag: "New checkout!".into(),
            to,
            by: "ana".into(),
            why: "orders twice".into(),
            incident: Some(mint.id(at(0))),
            at: at(from),
            expires_at: at(from + 60),
            lifted: None,
        };
        KillRow { id: mint.id(at(from)), environment: "production".parse().unwrap(), kill }
    }

    both_engines! {
        fn a_kill_stands_until_it_is_over(store) {
            let mut mint = Mint::seeded(1);
            let first = row(&mut mint, KillTo::Variant("off".into()), 0);
            let second = row(&mut mint, KillTo::Disabled, 5);
            store.write(|tx| {
                assert_eq!((changed_at(tx)?, next_due(tx)?), (None, None));
                save(tx, &first, Some(at(30)))?;
                save(tx, &second, Some(at(65)))?;
                assert_eq!(standing(tx)?, [first.clone(), second.clone()]);
                assert_eq!(of_flag(tx, "New checkout!", 9)?, [second.clone(), first.clone()]);
                assert_eq!(list(tx, Some(second.id), 9)?, std::slice::from_ref(&first));
                assert_eq!(of_incident(tx, first.kill.incident.unwrap())?, std::slice::from_ref(&first));
                assert_eq!(next_due(tx)?, Some(at(30)));
                assert_eq!(due(tx, at(30), 9)?, std::slice::from_ref(&first));
                assert_eq!(changed_at(tx)?, Some(at(5)));
                let place = ("production".parse().unwrap(), "New checkout!".to_owned());
                assert_eq!(exercised(tx)?, [(place, at(5))].into());
                let lifted = KillRow { kill: first.kill.clone().lift("ben", at(10)).unwrap(), ..first.clone() };
                save(tx, &lifted, None)?;
                assert_eq!(get(tx, first.id)?, Some(lifted));
                assert_eq!(standing(tx)?, std::slice::from_ref(&second));
                assert_eq!(changed_at(tx)?, Some(at(10)));
                // The incident is not there for whoever looks.
                let shown = seen(tx, second.clone(), Sight::Open)?;
                assert_eq!((shown.kill.incident, shown.kill.why.as_str()), (None, ""));
                Ok(())
            }).unwrap();
        }
    }
}
