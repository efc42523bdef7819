//! Rows of overrides: who stands in for whom, from when to when.

use domain::engage::schedules::Override;
use domain::words::{Name, OverrideId, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, schedule, person, starts_at, ends_at, reason, created_by";

pub fn insert(tx: &mut Tx<'_>, stand_in: &Override, created_at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO overrides (id, schedule, person, starts_at, ends_at, reason, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            stand_in.id.into(),
            (&stand_in.schedule).into(),
            stand_in.person.as_ref().map(AsRef::as_ref).into(),
            stand_in.starts_at.into(),
            stand_in.ends_at.into(),
            stand_in.reason.as_deref().into(),
            (&stand_in.created_by).into(),
            created_at.into(),
        ],
    )?;
    Ok(())
}

/// Takes an override away; true if it was there. Its row stays for the record.
pub fn remove(tx: &mut Tx<'_>, id: OverrideId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE overrides SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
    Ok(tx.execute(sql, &[id.into(), now.into()])? > 0)
}

pub fn get(tx: &mut Tx<'_>, id: OverrideId) -> Result<Option<Override>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM overrides WHERE id = $1 AND removed_at IS NULL");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// The overrides of a schedule that touch a range of time, in the order in which they were made.
pub fn between(tx: &mut Tx<'_>, schedule: &Name, from: Timestamp, to: Timestamp) -> Result<Vec<Override>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM overrides WHERE schedule = $1 AND removed_at IS NULL AND ends_at > $2 AND starts_at < $3 ORDER BY id"
    );
    tx.query(&sql, &[schedule.into(), from.into(), to.into()])?.iter().map(read).collect()
}

/// The overrides of a schedule at an instant, in the order in which they were made.
pub fn at(tx: &mut Tx<'_>, schedule: &Name, now: Timestamp) -> Result<Vec<Override>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM overrides WHERE schedule = $1 AND removed_at IS NULL AND ends_at > $2 ORDER BY id"
    );
    tx.query(&sql, &[schedule.into(), now.into()])?.iter().map(read).collect()
}

/// Every override that has not ended, of all schedules, in the order in which they were made.
pub fn current(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Override>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM overrides WHERE removed_at IS NULL AND ends_at > $1 ORDER BY id");
    tx.query(&sql, &[now.into()])?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Override, Error> {
    Ok(Override {
        id: row.id("id")?,
        schedule: row.name("schedule")?,
        person: row.opt_name("person")?,
        starts_at: row.instant("starts_at")?,
        ends_at: row.instant("ends_at")?,
        reason: row.opt_text("reason")?.map(str::to_owned),
        created_by: row.name("created_by")?,
    })
}
