//! `allclear verify`: whether the journal, or the file of one incident, is what it was when it was sealed. Asks no server.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use domain::seals::bundles::{self, Bundle};
use domain::seals::notes::{BadNote, Checkpoint, PublicKey};
use domain::seals::verify::Report;
use domain::words::{Refusal, Timestamp};
use serde_json::{Value, json};
use store::{Place, Store};

use super::local::Database;
use super::screen::{self, Look, Paint};
use super::{Exit, Failure, Outcome};

/// Find whatever was altered, removed, moved or added in the journal since it was sealed
///
/// Works on the database, on a backup of it, or on the file of one incident (allclear incident export), without a server
/// and also beside one that runs. Exit code 1 if something is not as it was sealed.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear verify --data /var/lib/allclear\n  allclear verify /var/backups/allclear.db --key journal.key --against checkpoints.txt\n  allclear verify inc_06f1k2m9qv7x3t1a.bundle.json"
)]
pub(crate) struct Verify {
    /// A backup, or the file of one incident; without it, the database
    file: Option<PathBuf>,

    /// A file of checkpoints that you kept elsewhere: shows that the past was not written anew since
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,

    /// The public key of the journal, or a file with it: without it the key beside the journal is believed
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Verify) -> Outcome {
    let pinned = command.key.as_deref().map(read_key).transpose()?;
    match &command.file {
        Some(file) if !is_database(file)? => {
            if !command.against.is_empty() {
                let says = "checkpoints are held against a database or a backup, not against the file of one incident";
                return Err(Failure::invalid(says));
            }
            incident(file, pinned, command.look)
        }
        Some(file) => journal(&Place::Sqlite(file.clone()), pinned, command),
        None => journal(&command.database.existing()?, pinned, command),
    }
}

/// `1 seal`, `2 seals`.
fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// The key itself, or a file that holds it.
fn read_key(text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let kept = std::fs::read_to_string(text).map_err(|error| {
        Failure::invalid(format!("--key {text:?} is neither the public key of a journal nor a file with one: {error}"))
    })?;
    kept.trim().parse().map_err(|refusal: Refusal| refusal.at(text).into())
}

fn is_database(file: &Path) -> Result<bool, Failure> {
    let mut head = Vec::new();
    let opened = std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    opened.take(16).read_to_end(&mut head).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(head.starts_with(b"SQLite format 3"))
}

/// All checkpoints of a file, one after the other, whatever stands between them.
fn checkpoints(text: &str, key: &PublicKey) -> Vec<Result<Checkpoint, BadNote>> {
    let mut found = Vec::new();
    // A note: lines, an empty one, and lines of signatures.
    let (mut body, mut signatures) = (String::new(), String::new());
    let mut close = |body: &mut String, signatures: &mut String| {
        if !signatures.is_empty() {
            found.push(Checkpoint::open(&format!("{body}\n{signatures}"), key));
            body.clear();
            signatures.clear();
        }
    };
    for line in text.lines() {
        let signs = line.starts_with('\u{2014}');
        if !signs {
            close(&mut body, &mut signatures);
        }
        if line.starts_with("allclear/journal/") {
            body.clear();
        }
        if signs {
            signatures.extend([line, "\n"]);
        } else if !line.trim().is_empty() {
            body.extend([line, "\n"]);
        }
    }
    close(&mut body, &mut signatures);
    found
}

fn journal(place: &Place, pinned: Option<PublicKey>, command: &Verify) -> Outcome {
    let store = Store::open_to_read(place).map_err(Failure::from)?;
    let key = match pinned {
        Some(key) => Some(key),
        None => store.read(|tx| Ok(actions::seals::public_key(tx)?))?,
    };
    let mut kept = Vec::new();
    for file in &command.against {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let Some(key) = key else { continue };
        let found = checkpoints(&text, &key);
        if found.is_empty() {
            return Err(Failure::invalid(format!("there is no checkpoint in {}", file.display())));
        }
        for (at, one) in found.into_iter().enumerate() {
            let wrong = |bad: BadNote| format!("{}: checkpoint {} {bad}", file.display(), at + 1);
            kept.push(one.map_err(|bad| Failure::invalid(wrong(bad)))?);
        }
    }
    let (key, report) = actions::seals::verify(&store, key, &kept)?;
    if command.look.json {
        screen::say_json(&in_json(&report, &key, pinned.is_some()));
    } else {
        tell(&report, &key, pinned.is_some(), command);
    }
    Ok(if report.findings.is_empty() { Exit::Fine } else { Exit::Trouble })
}

fn in_json(report: &Report, key: &PublicKey, pinned: bool) -> Value {
    let findings: Vec<Value> =
        report.findings.iter().map(|one| json!({ "kind": one.word(), "says": one.to_string() })).collect();
    json!({
        "sound": report.findings.is_empty(),
        "findings": findings,
        "key": key.to_string(),
        "key_pinned": pinned,
        "seals": report.seals,
        "sealed_through": report.newest.as_ref().map(|newest| newest.entries),
        "sealed_at": report.sealed_at(),
        "entries": report.sound,
        "cut_by_retention": report.cut,
        "gone_before_sealing_began": report.before,
        "unsealed": report.unsealed,
        "checkpoints_held": report.held,
    })
}

fn tell(report: &Report, key: &PublicKey, pinned: bool, command: &Verify) {
    for finding in &report.findings {
        screen::say_marked(Paint::Bad, "wrong ", &finding.to_string());
    }
    match &report.newest {
        Some(newest) => {
            let says = format!(
                "{} as sealed, up to entry {}, in {}",
                many(report.sound, "entry is", "entries are"),
                newest.entries,
                many(report.seals, "seal", "seals")
            );
            let paint = if report.findings.is_empty() { Paint::Good } else { Paint::Warning };
            screen::say_marked(paint, "sealed", &says);
            let at = Timestamp::from_microsecond(newest.sealed_at).map(|at| command.look.time(at)).unwrap_or_default();
            screen::say(format!("       the newest seal was made {at}"));
        }
        None => screen::say_marked(Paint::Warning, "sealed", "nothing yet: the server seals while it runs"),
    }
    if report.cut > 0 {
        let sealed = if report.unsealed_cuts > 0 {
            format!(", the newest {} not sealed yet", report.unsealed_cuts)
        } else {
            String::new()
        };
        let (cut, cuts) = (many(report.cut, "more was", "more were"), many(report.cuts, "record", "records"));
        screen::say(format!("       {cut} cut by retention, by {cuts} of it{sealed}"));
    }
    if report.before > 0 {
        screen::say(format!("       {} had gone before sealing began: nothing is known of them", report.before));
    }
    if report.unsealed > 0 {
        let since = report.unsealed_since.and_then(|since| Timestamp::from_microsecond(since).ok());
        let since = since.map_or_else(String::new, |since| format!(", the oldest {}", command.look.time(since)));
        let unsealed = many(report.unsealed, "entry at the end is", "entries at the end are");
        screen::say(format!("       {unsealed} not sealed yet{since}: nothing vouches for what they say"));
    }
    if report.held > 0 {
        let held = many(report.held, "checkpoint that you kept is", "checkpoints that you kept are");
        screen::say_marked(Paint::Good, "held  ", &format!("{held} of this record"));
    }
    screen::say(format!("       key {key}"));
    if !pinned {
        screen::remark("The key was read beside the journal. Keep it elsewhere, and name it with --key.");
    }
    if command.against.is_empty() {
        screen::remark("Whoever has the signing key can write the whole past anew: only --against finds that.");
    }
}

fn incident(file: &Path, pinned: Option<PublicKey>, look: Look) -> Outcome {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bundle: Bundle = serde_json::from_slice(&text).map_err(|error| {
        Failure::invalid(format!("{} is neither a database nor the file of an incident: {error}", file.display()))
    })?;
    let report = bundles::verify(&bundle, pinned.as_ref());
    if look.json {
        screen::say_json(&json!({
            "sound": report.flaws.is_empty(),
            "findings": report.flaws,
            "incident": report.incident,
            "key": report.key.map(|key| key.to_string()),
            "key_pinned": pinned.is_some(),
            "entries": report.sealed,
            "unsealed": report.unsealed,
            "statement": report.statement,
        }));
    } else {
        for flaw in &report.flaws {
            screen::say_marked(Paint::Bad, "wrong ", &format!("{}: {}", flaw.at, flaw.says));
        }
        let paint = if report.flaws.is_empty() { Paint::Good } else { Paint::Warning };
        let title = bundle.incident["title"].as_str().unwrap_or_default();
        let entries = many(report.sealed as u64, "entry", "entries");
        let says = format!("{entries} of {} ({title}) as they were sealed", report.incident);
        screen::say_marked(paint, "sealed", &says);
        if report.unsealed > 0 {
            let says = "were not sealed yet: the server that made the file vouches for them";
            screen::say(format!("       {} {says}", report.unsealed));
        }
        for line in report.statement.iter().filter_map(|line| line.strip_prefix("made ")) {
            screen::say(format!("       made {line}"));
        }
        if let Some(key) = report.key {
            screen::say(format!("       key {key}"));
        }
        if pinned.is_none() {
            screen::remark(
                "The key stands in the file itself. Compare it with the one that you know, or name that with --key.",
            );
        }
    }
    Ok(if report.flaws.is_empty() { Exit::Fine } else { Exit::Trouble })
}

#[cfg(test)]
mod tests {
    use domain::seals::notes::SealKey;

    use super::*;

    #[test]
    fn checkpoints_are_found_in_a_file_that_was_written_by_appending() {
        let key = SealKey::new([1; 32]);
        let note =
            |size: u64| Checkpoint { size, root: [3; 32], entries: 9, sealed_at: 1_790_000_000_000_000 }.sign(&key);
        let text =
            format!("Kept on Monday:\r\n\n{}{}\n\n# and this\n{}", note(1), note(2).replace('\n', "\r\n"), note(3));
        let found: Vec<u64> = checkpoints(&text, &key.public()).into_iter().map(|one| one.unwrap().size).collect();
        assert_eq!(found, [1, 2, 3]);
        let torn = format!("{}{}", note(1), note(2).replace("entries 9", "entries 8"));
        assert_eq!(checkpoints(&torn, &key.public())[1], Err(BadNote::WrongSignature));
        assert_eq!(checkpoints(&torn, &SealKey::new([2; 32]).public())[0], Err(BadNote::OtherKey));
        assert!(checkpoints("nothing", &key.public()).is_empty());
    }
}
