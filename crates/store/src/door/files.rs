//! SQLite's files as files: copied while in use, looked over, put in place.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::sqlite::{connect, connect_reader, failure};
use super::{Error, ErrorKind};

pub(crate) use super::postgres_bell::NOBODY_THERE;
pub(crate) use super::sqlite::{lock, lock_path, private};

/// The path with more at its end: `allclear.db` and `-wal`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Copies a database as it is at one moment, whoever is writing to it, into a file of its own, synced.
///
/// In one step: a copy in several would begin again at each write of the server.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let source = connect_reader(from)?;
    remove(to)?;
    private(OpenOptions::new().write(true).create_new(true))
        .open(to)
        .map_err(|error| Error::unavailable(format!("cannot write to {}: {error}", to.display())))?;
    let say = |error: &rusqlite::Error| failure(error, None).during(&format!("cannot copy to {}", to.display()));
    let mut target = Connection::open(to).map_err(|error| say(&error))?;
    let backup = Backup::new(&source, &mut target).map_err(|error| say(&error))?;
    if backup.step(-1).map_err(|error| say(&error))? != StepResult::Done {
        return Err(Error::new(ErrorKind::Busy, format!("{} is locked by another program", from.display())));
    }
    drop(backup);
    target.close().map_err(|(_, error)| say(&error))?;
    make_single(to)
}

/// What is wrong with the file itself, and which references lead nowhere; nothing if all is well.
pub(crate) fn flaws(path: &Path) -> Result<Vec<String>, Error> {
    match connect_reader(path).and_then(|connection| look_over(&connection).map_err(|error| failure(&error, None))) {
        // Too torn to be looked over to the end.
        Err(Error { kind: ErrorKind::Corrupt, message }) => Ok(vec![message]),
        other => other,
    }
}

fn look_over(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut flaws = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            flaws.push(line);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        flaws.push(format!("a row of {table} refers to a row of {parent} that is not there"));
    }
    Ok(flaws)
}

/// Makes a database one file, without a log beside it, synced. For one that nobody else has open.
pub(crate) fn make_single(path: &Path) -> Result<(), Error> {
    let say = |error: &rusqlite::Error| failure(error, None).during(&format!("cannot write to {}", path.display()));
    let connection = Connection::open(path).map_err(|error| say(&error))?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).map_err(|error| say(&error))?;
    connection.close().map_err(|(_, error)| say(&error))?;
    if mode != "delete" {
        return Err(Error::new(ErrorKind::Busy, format!("{} is open elsewhere", path.display())));
    }
    sync(path)
}

/// Folds the log into the file, so that the file alone is the database. For whoever holds the lock.
pub(crate) fn fold(path: &Path) -> Result<(), Error> {
    let connection = connect(path)?;
    let say = |error: &rusqlite::Error| failure(error, None);
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(|error| say(&error))?;
    connection.close().map_err(|(_, error)| say(&error))
}

/// Puts a file in the place of another, in one step that survives a power cut.
pub(crate) fn put(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to)
        .map_err(|error| Error::unavailable(format!("cannot move {} to {}: {error}", from.display(), to.display())))?;
    sync(folder(to))
}

/// Removes the file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::unavailable(format!("cannot remove {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Whether the two paths are one file.
pub(crate) fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::unavailable(format!("cannot sync {}: {error}", path.display())))
}
