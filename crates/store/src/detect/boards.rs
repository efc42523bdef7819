//! The version of the board, and what each version changed.
//!
//! Whoever changes alerts or groups first takes the next version. Two nodes that do so at the same time collide there,
//! and the later one begins again with what the earlier one wrote.

use domain::words::{AlertId, GroupId, SignalId, Timestamp};

use crate::door::{Error, Tx};

/// The version of the tables.
pub fn version(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.one("SELECT version FROM boards WHERE id = 1", &[])?
        .ok_or_else(|| Error::corrupt("the row of the board's version is missing"))?
        .int("version")
}

/// Whether other processes may have boards of the same tables.
pub fn is_shared(tx: &Tx<'_>) -> bool {
    tx.is_postgres()
}

/// Takes the next version, and answers with it.
pub fn advance(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.one("UPDATE boards SET version = version + 1 WHERE id = 1 RETURNING version", &[])?
        .ok_or_else(|| Error::corrupt("the row of the board's version is missing"))?
        .int("version")
}

/// Notes what a version changed, where other nodes may have boards of their own.
pub fn note_changes(tx: &mut Tx<'_>, version: i64, at: Timestamp, changes: &Changes) -> Result<(), Error> {
    if !tx.is_postgres() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO board_changes (version, at, signal, alerts, groups) VALUES ($1, $2, $3, $4, $5)",
        &[
            version.into(),
            at.into(),
            changes.signals.first().into(),
            join(&changes.alerts).into(),
            join(&changes.groups).into(),
        ],
    )?;
    Ok(())
}

/// What some versions changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries of the log in which alerts began: one for each version at most.
    pub signals: Vec<SignalId>,
    /// Alerts with rows that are new or other than before.
    pub alerts: Vec<AlertId>,
    pub groups: Vec<GroupId>,
}

/// What the versions after `after` up to `until` changed; `None` if some of that was cut already.
pub fn changes_between(tx: &mut Tx<'_>, after: i64, until: i64) -> Result<Option<Changes>, Error> {
    let rows = tx.query(
        "SELECT version, signal, alerts, groups FROM board_changes WHERE version > $1 AND version <= $2 ORDER BY version",
        &[after.into(), until.into()],
    )?;
    let mut next = after + 1;
    let mut changes = Changes::default();
    for row in rows {
        if row.int("version")? != next {
            return Ok(None);
        }
        next += 1;
        if row.opt_text("signal")?.is_some() {
            changes.signals.push(row.id("signal")?);
        }
        changes.alerts.extend(split::<AlertId>(row.text("alerts")?)?);
        changes.groups.extend(split::<GroupId>(row.text("groups")?)?);
    }
    if next <= until {
        return Ok(None);
    }
    Ok(Some(changes))
}

/// Forgets changes that every board has seen by now, or must load afresh.
pub fn cut_changes(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM board_changes WHERE at < $1", &[before.into()])
}

fn join<T: std::fmt::Display>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn split<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, Error> {
    text.split_ascii_whitespace().map(|id| id.parse().map_err(|_| Error::corrupt("an id in board_changes"))).collect()
}
