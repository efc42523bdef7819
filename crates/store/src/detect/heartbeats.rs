//! Rows of heartbeats: one for each check that ever called in.

use domain::detect::heartbeats::Heartbeat;
use domain::words::{Name, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "integration, last_at, due_at, missed_at";

pub fn get(tx: &mut Tx<'_>, integration: &Name) -> Result<Option<Heartbeat>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM heartbeats WHERE integration = $1");
    tx.one(&sql, &[integration.as_str().into()])?.map(|row| read(&row)).transpose()
}

pub fn save(tx: &mut Tx<'_>, heartbeat: &Heartbeat) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO heartbeats (integration, last_at, due_at, missed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (integration) DO UPDATE SET last_at = excluded.last_at, due_at = excluded.due_at, \
         missed_at = excluded.missed_at",
        &[
            heartbeat.integration.as_str().into(),
            heartbeat.last_at.into(),
            heartbeat.due_at.into(),
            heartbeat.missed_at.into(),
        ],
    )?;
    Ok(())
}

/// Those that should have called in by now.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Heartbeat>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM heartbeats WHERE due_at <= $1 ORDER BY due_at, integration LIMIT 500");
    tx.query(&sql, &[now.into()])?.iter().map(read).collect()
}

pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(due_at) AS due FROM heartbeats WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

fn read(row: &Row) -> Result<Heartbeat, Error> {
    Ok(Heartbeat {
        integration: row.name("integration")?,
        last_at: row.opt_instant("last_at")?,
        due_at: row.opt_instant("due_at")?,
        missed_at: row.opt_instant("missed_at")?,
    })
}
