//! `allclear archive`: everything of an organisation in one file, and from one. On the database itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use store::keeping::archive::{self, Manifest};

use super::local::{Database, EvidenceFolder};
use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::clock;

/// Everything in one file that any program can read: write it, or begin an installation with it
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear archive export all.tar.gz --data /var/lib/allclear\n  allclear archive import all.tar.gz --database postgres://allclear@db/allclear"
)]
pub(crate) struct Archive {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    look: Look,
}

// The archive, and the installation. No doc comment: that would stand in the place of what the commands say of themselves.
#[derive(Debug, Args)]
struct Both {
    /// The archive
    file: PathBuf,

    #[command(flatten)]
    evidence: EvidenceFolder,

    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write everything to a file, evidence included
    ///
    /// Safe while the server runs. Nothing may be there yet under that name. It holds hashes of passwords and tokens, and keys: keep it as you keep the database. Nobody
    /// else may read the file.
    #[command(after_long_help = "Example:\n  allclear archive export all.tar.gz --data /var/lib/allclear")]
    Export(Both),
    /// Begin an installation with what is in a file
    ///
    /// There must be no database yet, or an empty one of PostgreSQL. If anything in the file is damaged, nothing is changed.
    #[command(after_long_help = "Example:\n  allclear archive import all.tar.gz --data /var/lib/allclear")]
    Import(Both),
}

pub(crate) fn run(command: &Archive) -> Outcome {
    let now = clock::clock()();
    let told = |manifest: &Manifest| json!({ "rows": manifest.rows(), "tables": manifest.tables.len(), "evidence": manifest.evidence.len() });
    let counted = |manifest: &Manifest| {
        format!(
            "{} rows of {} tables and {} files of evidence",
            manifest.rows(),
            manifest.tables.len(),
            manifest.evidence.len()
        )
    };
    match &command.command {
        Command::Export(Both { file, evidence, database }) => {
            let (place, blobs) = (database.existing()?, evidence.blobs(database));
            let manifest = archive::export(&place, &blobs, file, env!("CARGO_PKG_VERSION"), now)?;
            if command.look.json {
                screen::say_json(&told(&manifest));
            } else {
                screen::say(format!("{} of {place} are in {}", counted(&manifest), file.display()));
                screen::remark("It holds hashes of passwords and tokens, and keys: keep it as you keep the database.");
            }
        }
        Command::Import(Both { file, evidence, database }) => {
            let (place, blobs) = (database.place(), evidence.blobs(database));
            database.make_directory()?;
            let (manifest, restored) = archive::import(file, &place, &blobs, now)?;
            if command.look.json {
                let mut said = told(&manifest);
                said["cancelled"] = json!(restored.cancelled);
                screen::say_json(&said);
            } else {
                let (written, by) = (command.look.time(manifest.made_at), &manifest.program);
                screen::say(format!("{} are in {place}, as of {written} (Allclear {by})", counted(&manifest)));
                if manifest.behind() > 0 {
                    screen::say("It was of an older version, and was brought up to date");
                }
                if restored.cancelled > 0 {
                    screen::say(format!("{} messages that were on their way then are not sent", restored.cancelled));
                }
            }
        }
    }
    Ok(Exit::Fine)
}
