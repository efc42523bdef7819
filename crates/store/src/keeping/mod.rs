//! Keeps the store safe: backup, restore, and a check of what is in it.
//!
//! A backup is one SQLite file, whichever engine the store is on; restored into the other engine, it
//! moves an installation there. Both run beside a server: a backup sees one moment, and a restore
//! refuses a database that is in use. An archive (`archive.rs`) is the same for others to read.

pub mod archive;
mod rows;
mod tar;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::words::{GroupId, Refusal, Timestamp};

use crate::detect::births;
use crate::door::{Error, ErrorKind, Halt, Place, Store, Tx, files};
use crate::respond::chats;
use crate::{outbox, readers, schema};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, a sentence each; nothing if all is well.
    pub problems: Vec<String>,
    /// How many rows each table has.
    pub tables: Vec<(String, u64)>,
}

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the database is that was there before.
    pub replaced: Option<PathBuf>,
    /// Messages that were on their way when the backup was made. They are not sent: they are old, and most
    /// likely were sent after the backup.
    pub cancelled: u64,
}

/// What must hold between tables, each with a query that counts what does not.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "subjects of the journal have no entry",
        "SELECT count(*) AS count FROM journal_subjects WHERE NOT EXISTS \
         (SELECT 1 FROM journal WHERE journal.id = journal_subjects.event)",
    ),
    (
        // Of those that are sealed `allclear verify` tells more: which are missing, and which retention cut.
        "entries of the journal are missing between the first and the last number",
        "SELECT coalesce(max(number) - coalesce((SELECT max(last) FROM seals), min(number) - 1), 0) - count(number) AS count \
         FROM journal WHERE number > coalesce((SELECT max(last) FROM seals), 0)",
    ),
    (
        "deliveries belong to a page that is not there",
        "SELECT count(*) AS count FROM deliveries WHERE page IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM pages WHERE pages.id = deliveries.page)",
    ),
    (
        "deliveries are claimed and have no lease",
        "SELECT count(*) AS count FROM deliveries WHERE state = 'claimed' AND (node IS NULL OR lease_until IS NULL)",
    ),
    (
        "deliveries wait for nobody, or are done and wait",
        "SELECT count(*) AS count FROM deliveries WHERE (wake_at IS NULL) <> (state IN ('sent', 'failed', 'cancelled'))",
    ),
    (
        "attempts have a number higher than the count of their delivery",
        "SELECT count(*) AS count FROM attempts JOIN deliveries ON deliveries.id = attempts.delivery \
         WHERE attempts.number > deliveries.attempts",
    ),
    (
        "lines of the log of an outgoing webhook have no delivery",
        "SELECT count(*) AS count FROM outgoing_webhook_deliveries WHERE NOT EXISTS \
         (SELECT 1 FROM deliveries WHERE deliveries.id = outgoing_webhook_deliveries.delivery)",
    ),
    (
        "pages are open and nothing will happen to them",
        // Those of low urgency wait for their person, however long.
        "SELECT count(*) AS count FROM pages WHERE state = 'calling' AND due_at IS NULL AND urgency = 'high'",
    ),
    (
        "open alerts belong to a group that is not there",
        "SELECT count(*) AS count FROM alerts WHERE resolved_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM groups WHERE groups.id = alerts.group_id)",
    ),
    (
        "documents in force are not among their revisions",
        "SELECT count(*) AS count FROM documents WHERE NOT EXISTS (SELECT 1 FROM revisions WHERE \
         revisions.kind = documents.kind AND revisions.name = documents.name AND revisions.number = documents.number)",
    ),
];

/// Writes the store, as it is at one moment, to a file. An older backup there is replaced once the new
/// one is complete and sound; any other file is left alone.
pub fn backup(place: &Place, file: &Path) -> Result<(), Halt> {
    if let Place::Sqlite(path) = place
        && files::same(path, file)
    {
        return Err(Refusal::conflict("the backup would overwrite the database itself; name another file").into());
    }
    if file.exists() && !is_ours(file) {
        let message = format!("{} exists and is not a backup; name another file", file.display());
        return Err(Refusal::conflict(message).into());
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Refusal::invalid(format!("there is no directory {} to write to", folder.display())).into());
    }
    let partial = files::beside(file, ".partial");
    let made = match place {
        Place::Sqlite(path) => files::copy(path, &partial).map_err(Halt::from),
        Place::Postgres(_) => dump(place, &partial),
        Place::Memory => Err(Error::other("a store in memory has no backup").into()),
    };
    let outcome = made.and_then(|()| {
        let flaws = files::flaws(&partial)?;
        if let Some(flaw) = flaws.first() {
            return Err(Error::corrupt(format!("the backup is not sound, so it was not kept: {flaw}")).into());
        }
        Ok(files::put(&partial, file)?)
    });
    if outcome.is_err() {
        tidy_up(&partial);
    }
    outcome
}

/// Puts a backup in the place of a database that is not in use. What is there is kept, and is only replaced
/// when `force` says so.
pub fn restore(file: &Path, place: &Place, force: bool, now: Timestamp) -> Result<Restored, Halt> {
    if !file.exists() {
        return Err(Refusal::invalid(format!("there is no file {}", file.display())).into());
    }
    if let Some(flaw) = files::flaws(file)?.first() {
        let message = format!("{} is not a sound backup, so nothing was changed: {flaw}", file.display());
        return Err(Refusal::invalid(message).into());
    }
    if !is_ours(file) {
        return Err(Refusal::invalid(format!("{} is not a backup of Allclear", file.display())).into());
    }
    match place {
        Place::Sqlite(path) => restore_file(file, path, force, now),
        Place::Postgres(_) => restore_rows(file, place, force, now),
        Place::Memory => Err(Error::other("a store in memory cannot be restored into").into()),
    }
}

/// Looks the store over, also while a server runs on it.
pub fn check(place: &Place) -> Result<Report, Halt> {
    let mut problems = Vec::new();
    if let Place::Sqlite(path) = place {
        if !path.exists() {
            return Err(Refusal::not_found(format!("database at {}", path.display())).into());
        }
        problems = files::flaws(path)?;
    }
    let store = match Store::open_to_read(place) {
        Ok(store) => store,
        // As below: the page that is torn may be one that opening reads.
        Err(_) if !problems.is_empty() => return Ok(Report { problems, tables: Vec::new() }),
        Err(error) => return Err(error.into()),
    };
    let looked = store.read(|tx| {
        let (done, all) = schema::applied(tx)?;
        let mut problems = Vec::new();
        if done < all {
            problems.push(format!(
                "{} of {all} migrations are missing; they are applied when the server starts",
                all - done
            ));
            return Ok(Report { problems, tables: Vec::new() });
        }
        for (sentence, sql) in INVARIANTS {
            let count = tx.one(sql, &[])?.map_or(Ok(0), |row| row.int("count"))?;
            if count != 0 {
                problems.push(format!("{count} {sentence}"));
            }
        }
        problems.extend(births(tx)?);
        let mut tables = Vec::new();
        for table in schema::tables(tx)? {
            let count = tx.one(&format!("SELECT count(*) AS count FROM \"{table}\""), &[])?;
            tables.push((table, count.map_or(Ok(0), |row| row.number("count"))?));
        }
        Ok(Report { problems, tables })
    });
    match looked {
        Ok(mut report) => {
            report.problems.splice(0..0, problems);
            Ok(report)
        }
        // The file has been found wanting already; that it cannot be read any further is no news.
        Err(_) if !problems.is_empty() => Ok(Report { problems, tables: Vec::new() }),
        Err(Halt::Failed(Error { kind: ErrorKind::Schema | ErrorKind::Corrupt, message })) => {
            Ok(Report { problems: vec![message], tables: Vec::new() })
        }
        Err(halt) => Err(halt),
    }
}

/// What is wrong with alerts that have no row yet.
fn births(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    let groups = tx.query("SELECT id FROM groups", &[])?;
    let groups = groups.iter().map(|row| row.id("id")).collect::<Result<BTreeSet<GroupId>, _>>()?;
    let mut problems = Vec::new();
    for (signal, count) in births::open(tx)? {
        let born = match births::without_row(tx, signal) {
            Ok(born) => born,
            Err(error) if error.kind == ErrorKind::Corrupt => {
                problems.push(error.message);
                continue;
            }
            Err(error) => return Err(error),
        };
        if i64::try_from(born.len()) != Ok(count) {
            problems.push(format!("{signal} tells of {} alerts without a row, not of {count}", born.len()));
        }
        let lost = born.iter().filter(|row| !groups.contains(&row.group)).count();
        if lost > 0 {
            problems.push(format!("{lost} alerts that began in {signal} belong to a group that is not there"));
        }
    }
    Ok(problems)
}

/// A database of ours, of any version.
fn is_ours(file: &Path) -> bool {
    let looked = Store::open_to_read(&Place::Sqlite(file.to_owned()))
        .map_err(Halt::from)
        .and_then(|store| store.read(|tx| Ok(schema::has_table(tx, "migrations")?)));
    matches!(looked, Ok(true))
}

fn restore_file(file: &Path, path: &Path, force: bool, now: Timestamp) -> Result<Restored, Halt> {
    let _lock = files::lock(path)?;
    if files::same(file, path) {
        return Err(Refusal::conflict("the backup is the database itself").into());
    }
    let there = path.exists();
    if there && !force {
        let message = format!("there is a database at {} already; it is only replaced with --force", path.display());
        return Err(Refusal::conflict(message).into());
    }
    let fresh = files::beside(path, ".restoring");
    let made = files::copy(file, &fresh).map_err(Halt::from).and_then(|()| {
        // Brought up to date and quietened before it takes the place, so that no server ever sees it otherwise.
        let store = Store::open(&Place::Sqlite(fresh.clone()))?;
        let cancelled = store.write(|tx| quieten(tx, now))?;
        drop(store);
        Ok(cancelled)
    });
    let cancelled = made.inspect_err(|_| tidy_up(&fresh))?;
    files::remove(&files::lock_path(&fresh))?;
    let replaced = if there { Some(set_aside(path)?) } else { None };
    files::put(&fresh, path)?;
    Ok(Restored { replaced, cancelled })
}

/// Keeps the old database under another name. Its log must not be found beside the new one.
fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let aside = files::beside(path, ".replaced");
    let folded = files::fold(path);
    for ending in ["-wal", "-shm"] {
        let (log, kept) = (files::beside(path, ending), files::beside(&aside, ending));
        files::remove(&kept)?;
        match &folded {
            // Too torn to be folded: keep what there is, for whoever wants to mend it.
            Err(_) if log.exists() => files::put(&log, &kept)?,
            _ => files::remove(&log)?,
        }
    }
    files::remove(&aside)?;
    // A second name first, so that there is a database in the place at every moment.
    std::fs::hard_link(path, &aside)
        .or_else(|_| std::fs::copy(path, &aside).map(drop))
        .map_err(|error| Error::unavailable(format!("cannot keep {}: {error}", aside.display())))?;
    Ok(aside)
}

fn dump(place: &Place, file: &Path) -> Result<(), Halt> {
    let from = Store::open_to_read(place)?;
    tidy_up(file);
    let to = Store::open(&Place::Sqlite(file.to_owned()))?;
    to.alone(|tx| {
        let tables = rows::plan(tx)?;
        rows::pour(&from, tx, &tables)
    })?;
    drop(to);
    files::remove(&files::lock_path(file))?;
    Ok(files::make_single(file)?)
}

fn restore_rows(file: &Path, place: &Place, force: bool, now: Timestamp) -> Result<Restored, Halt> {
    // The backup itself may be older than this program, and is not to be changed.
    let fresh = files::beside(file, ".restoring");
    files::copy(file, &fresh)?;
    let outcome = (|| {
        let from = Store::open(&Place::Sqlite(fresh.clone()))?;
        let tables = from.read(rows::plan)?;
        let to = Store::open_to_read(place)?;
        to.alone(nobody_there)?;
        schema::migrate(&to)?;
        let cancelled = to.alone(|tx| {
            nobody_there(tx)?;
            let used =
                tx.one("SELECT count(*) AS count FROM changesets", &[])?.map_or(Ok(0), |row| row.int("count"))?;
            if used > 0 && !force {
                let message = format!("there are rows in {place} already; they are only replaced with --force");
                return Err(Refusal::conflict(message).into());
            }
            rows::pour(&from, tx, &tables)?;
            quieten(tx, now)
        })?;
        Ok(Restored { replaced: None, cancelled })
    })();
    tidy_up(&fresh);
    outcome
}

fn nobody_there(tx: &mut Tx<'_>) -> Result<(), Halt> {
    if tx.one(files::NOBODY_THERE, &[])?.map_or(Ok(false), |row| row.bool("nobody"))? {
        return Ok(());
    }
    Err(Refusal::conflict("the database is in use by a server; stop that first").into())
}

/// What was on its way when the backup was made is not sent now, and no node of then holds anything.
fn quieten(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, Halt> {
    tx.execute("UPDATE leases SET until = 0", &[])?;
    readers::skip_all(tx)?;
    chats::skip_all(tx)?;
    Ok(outbox::cancel_all(tx, "not sent: restored from a backup", now)?)
}

fn tidy_up(file: &Path) {
    for ending in ["", "-wal", "-shm", "-journal", ".lock"] {
        let _ = files::remove(&files::beside(file, ending));
    }
}
