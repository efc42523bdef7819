//! `allclear backup`, `restore`, `check`: the database is kept safe. On the database itself.

use std::path::PathBuf;

use clap::Args;
use domain::words::Refusal;
use serde_json::{Map, json};
use store::keeping;

use super::local::{Database, EvidenceFolder};
use super::screen::{self, Look, Paint};
use super::{Exit, Outcome};
use crate::clock;

/// Write a backup of the database to a file
///
/// Safe while the server runs: the backup is the database as it was at one moment, checked before it takes its name.
/// It is one file whichever database is used, so it also moves an installation from one to the other. The files of evidence are not in
/// it: --evidence-to copies them too, each checked on the way.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear backup /var/backups/allclear.db --data /var/lib/allclear\n  allclear backup /var/backups/allclear.db --data /var/lib/allclear --evidence-to /var/backups/evidence"
)]
pub(crate) struct Backup {
    /// Where to write it; an older backup there is replaced
    file: PathBuf,

    /// Copy the files of evidence into this directory, those that are not there yet
    #[arg(long, value_name = "DIR")]
    evidence_to: Option<PathBuf>,

    #[command(flatten)]
    evidence: EvidenceFolder,

    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    look: Look,
}

/// Put a backup in the place of the database
///
/// The server must be stopped. Messages that were on their way when the backup was made are not sent again.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear restore /var/backups/allclear.db --data /var/lib/allclear")]
pub(crate) struct Restore {
    /// The backup
    file: PathBuf,

    /// Replace the database that is there; it is kept beside the new one
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    look: Look,
}

/// Look the database over: damage, rows that contradict each other, evidence that is missing or altered
///
/// Also while the server runs. Exit code 1 if something is wrong.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear check --data /var/lib/allclear")]
pub(crate) struct Check {
    #[command(flatten)]
    evidence: EvidenceFolder,

    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn backup(command: &Backup) -> Outcome {
    let place = command.database.existing()?;
    keeping::backup(&place, &command.file)?;
    let bytes = std::fs::metadata(&command.file).map_or(0, |file| file.len());
    // After the database: whatever that tells of is there.
    let blobs = command.evidence.blobs(&command.database);
    let store = store::Store::open_to_read(&place)?;
    let kept = store.read(|tx| Ok(store::respond::evidence::kept(tx)?))?.len();
    let copied = match &command.evidence_to {
        Some(folder) => Some(blobs.copy_to(&store, &store::Blobs::new(folder.clone(), u64::MAX))?.0),
        None => None,
    };
    if command.look.json {
        let mut said = json!({ "file": command.file, "bytes": bytes });
        if kept > 0 {
            said["evidence"] = json!({ "files": kept, "folder": blobs.folder(), "copied": copied });
        }
        screen::say_json(&said);
        return Ok(Exit::Fine);
    }
    screen::say(format!("{} is backed up to {} ({} KiB)", place, command.file.display(), bytes.div_ceil(1024)));
    match (copied, &command.evidence_to) {
        (Some(copied), Some(folder)) => {
            screen::say(format!("Evidence: {copied} of {kept} files were not in {} and were copied", folder.display()));
        }
        _ if kept > 0 => screen::say(format!(
            "Evidence is not in it: {kept} files in {}; copy them too (--evidence-to DIR)",
            blobs.folder().display()
        )),
        _ => {}
    }
    Ok(Exit::Fine)
}

pub(crate) fn restore(command: &Restore) -> Outcome {
    let place = command.database.place();
    command.database.make_directory()?;
    let restored = keeping::restore(&command.file, &place, command.force, clock::clock()())?;
    if command.look.json {
        screen::say_json(&json!({ "replaced": restored.replaced, "cancelled": restored.cancelled }));
        return Ok(Exit::Fine);
    }
    screen::say(format!("{} is restored to {place}", command.file.display()));
    if let Some(kept) = restored.replaced {
        screen::say(format!("The database that was there is kept as {}", kept.display()));
    }
    if restored.cancelled > 0 {
        let many = restored.cancelled;
        screen::say(format!("{many} messages that were on their way when the backup was made are not sent"));
    }
    Ok(Exit::Fine)
}

pub(crate) fn check(command: &Check) -> Outcome {
    let place = command.database.existing()?;
    let mut report = keeping::check(&place)?;
    // What could not be counted cannot be asked for its evidence.
    if !report.tables.is_empty() {
        let store = store::Store::open_to_read(&place)?;
        report.problems.extend(command.evidence.blobs(&command.database).flaws(&store)?);
    }
    if command.look.json {
        let rows: Map<_, _> = report.tables.iter().map(|(table, rows)| (table.clone(), json!(rows))).collect();
        screen::say_json(&json!({ "sound": report.problems.is_empty(), "problems": report.problems, "rows": rows }));
    } else {
        let rows: Vec<[String; 2]> =
            report.tables.iter().map(|(table, rows)| [table.clone(), rows.to_string()]).collect();
        screen::say_table(["TABLE", "ROWS"], &rows, "no table could be read");
        for problem in &report.problems {
            screen::say_marked(Paint::Bad, "wrong", problem);
        }
        if report.problems.is_empty() {
            screen::say_marked(Paint::Good, "sound", &place.to_string());
        }
    }
    Ok(if report.problems.is_empty() { Exit::Fine } else { Exit::Trouble })
}

impl Database {
    /// Where it is; refuses if an embedded one is not there.
    pub(crate) fn existing(&self) -> Result<store::Place, Refusal> {
        let place = self.place();
        match &place {
            store::Place::Sqlite(path) if !path.exists() => Err(self.missing()),
            _ => Ok(place),
        }
    }
}
