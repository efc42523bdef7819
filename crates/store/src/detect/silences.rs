//! Rows of silences.

use std::collections::BTreeSet;

use domain::detect::silences::Silence;
use domain::words::{Matcher, SilenceId, Timestamp};

use crate::door::{Error, Row, Tx};

const COLUMNS: &str = "id, matchers, starts_at, ends_at, created_by, comment, updated_at";

/// Writes a silence as it is now; it comes up again when it next begins or ends.
pub fn save(tx: &mut Tx<'_>, silence: &Silence, due_at: Option<Timestamp>) -> Result<(), Error> {
    let matchers = serde_json::to_string(&silence.matchers).expect("matchers have a JSON form");
    tx.execute(
        "INSERT INTO silences (id, matchers, starts_at, ends_at, created_by, comment, updated_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, \
         comment = excluded.comment, created_by = excluded.created_by, updated_at = excluded.updated_at, due_at = excluded.due_at",
        &[
            silence.id.into(),
            matchers.into(),
            silence.starts_at.into(),
            silence.ends_at.into(),
            silence.created_by.as_str().into(),
            silence.comment.as_str().into(),
            silence.updated_at.into(),
            due_at.into(),
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: SilenceId) -> Result<Option<Silence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM silences WHERE id = $1");
    tx.one(&sql, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// Those that are pending or active, and those whose end has not been looked at.
pub fn current(tx: &mut Tx<'_>) -> Result<Vec<Silence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM silences WHERE due_at IS NOT NULL ORDER BY id");
    tx.query(&sql, &[])?.iter().map(read).collect()
}

/// Those that have begun and whose end has not been looked at: by the clock of whichever node looked.
pub fn begun(tx: &mut Tx<'_>) -> Result<BTreeSet<SilenceId>, Error> {
    let rows = tx.query("SELECT id FROM silences WHERE due_at IS NOT NULL AND due_at = ends_at", &[])?;
    rows.iter().map(|row| row.id("id")).collect()
}

/// All that ended after `since`, newest first.
pub fn list(tx: &mut Tx<'_>, since: Timestamp, limit: u32) -> Result<Vec<Silence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM silences WHERE ends_at >= $1 ORDER BY id DESC LIMIT $2");
    tx.query(&sql, &[since.into(), i64::from(limit).into()])?.iter().map(read).collect()
}

/// Those that begin or end by now.
pub fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Silence>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM silences WHERE due_at <= $1 ORDER BY due_at, id");
    tx.query(&sql, &[now.into()])?.iter().map(read).collect()
}

/// When one begins or ends next.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let row = tx.one("SELECT min(due_at) AS due FROM silences WHERE due_at IS NOT NULL", &[])?;
    row.map_or(Ok(None), |row| row.opt_instant("due"))
}

fn read(row: &Row) -> Result<Silence, Error> {
    let matchers: Vec<Matcher> = row.json("matchers")?;
    Ok(Silence {
        id: row.id("id")?,
        matchers,
        starts_at: row.instant("starts_at")?,
        ends_at: row.instant("ends_at")?,
        created_by: row.text("created_by")?.to_owned(),
        comment: row.text("comment")?.to_owned(),
        updated_at: row.instant("updated_at")?,
    })
}
