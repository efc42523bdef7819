//! `allclear incident evidence`, `observable`, `affected`, `technique`: the record of an incident.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::respond::affected::{Amount, Subject};
use domain::respond::evidence::Digest;
use domain::respond::exports::Language;
use domain::respond::observables::{Kind, Verdict, extract};
use domain::respond::tlp::Tlp;
use domain::words::{AffectedId, EventId, EvidenceId, IncidentId, ObservableId};
use jiff::tz::TimeZone;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use web::api::Listing;
use web::api::respond::affected::{Affected, NewAffected, NewCount};
use web::api::respond::evidence::{Evidence, NewEvidence, NewHandOver, SentEvidence};
use web::api::respond::observables::{
    ExportQuery, NewObservables, NewValue, Observable, ObservableDeed, ObservablesAdded,
};
use web::api::respond::techniques::{Technique, TechniqueDeed};

use super::screen::{self, Look};
use super::{Failure, when};
use crate::client::Client;
use crate::clock;

/// What was collected, and through whose hands it went.
#[derive(Debug, Args)]
pub(crate) struct EvidenceCommand {
    #[command(subcommand)]
    command: EvidenceDo,
}

#[derive(Debug, Subcommand)]
enum EvidenceDo {
    /// Keep a file as evidence, or record what lies elsewhere
    #[command(
        after_long_help = "Examples:\n  allclear incident evidence add inc_06f1k2m9qv7x3t1a mem.raw --title 'Memory of pay-1' --place 'Frankfurt, row 4'\n  allclear incident evidence add inc_06f1k2m9qv7x3t1a --title 'Disk of a laptop' --no-hash 'not imaged yet' --place 'safe 2'"
    )]
    Add(Add),
    /// List the evidence of an incident
    #[command(after_long_help = "Example:\n  allclear incident evidence list inc_06f1k2m9qv7x3t1a")]
    List {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Show one piece of evidence with its log of custody
    #[command(
        after_long_help = "Example:\n  allclear incident evidence show inc_06f1k2m9qv7x3t1a evd_06f1k2m9qv7x3t1b"
    )]
    Show {
        /// The id of the incident
        incident: IncidentId,
        /// The id of the evidence
        evidence: EvidenceId,
    },
    /// Take a copy; it is noted in the log of custody
    #[command(
        after_long_help = "Example:\n  allclear incident evidence get inc_06f1k2m9qv7x3t1a evd_06f1k2m9qv7x3t1b mem.raw"
    )]
    Get {
        /// The id of the incident
        incident: IncidentId,
        /// The id of the evidence
        evidence: EvidenceId,
        /// Where to write it; a file that is there is left alone
        file: PathBuf,
    },
    /// Note that it was handed over
    #[command(
        after_long_help = "Example:\n  allclear incident evidence hand-over inc_06f1k2m9qv7x3t1a evd_06f1k2m9qv7x3t1b --to 'Forensics Ltd' --why 'to be imaged'"
    )]
    HandOver {
        /// The id of the incident
        incident: IncidentId,
        /// The id of the evidence
        evidence: EvidenceId,
        /// Who has it now: a person by name, or anybody in words
        #[arg(long)]
        to: String,
        /// Why
        #[arg(long)]
        why: String,
        /// Where
        #[arg(long)]
        place: Option<String>,
        /// When it was: now, if absent; 2026-12-24T18:00, 18:00 (UTC), -10m
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The id of the incident
    incident: IncidentId,

    /// The file that is kept
    #[arg(required_unless_present_any = ["sha256", "no_hash"])]
    file: Option<PathBuf>,

    /// What it is; the name of the file, if absent
    #[arg(long, required_unless_present = "file")]
    title: Option<String>,

    /// Where it was found
    #[arg(long)]
    place: Option<String>,

    /// Who collected it: you, if absent
    #[arg(long, value_name = "WHO")]
    collector: Option<String>,

    /// When it was collected: now, if absent; 2026-12-24T18:00, 18:00 (UTC), -10m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,

    /// More about it
    #[arg(long)]
    note: Option<String>,

    /// CLEAR, GREEN, AMBER, AMBER+STRICT or RED
    #[arg(long, default_value = "AMBER")]
    tlp: Tlp,

    /// What kind of file it is: application/pdf
    #[arg(long = "type", value_name = "TYPE")]
    media_type: Option<String>,

    /// It lies elsewhere and has this SHA-256
    #[arg(long, value_name = "HASH", conflicts_with_all = ["file", "no_hash"])]
    sha256: Option<Digest>,

    /// It lies elsewhere and has no hash, because
    #[arg(long, value_name = "WHY", conflicts_with = "file")]
    no_hash: Option<String>,
}

/// Addresses, names and hashes that were seen.
#[derive(Debug, Args)]
pub(crate) struct ObservableCommand {
    #[command(subcommand)]
    command: ObservableDo,
}

#[derive(Debug, Subcommand)]
enum ObservableDo {
    /// Add what was seen, plain or defanged
    #[command(
        after_long_help = "Examples:\n  allclear incident observable add inc_06f1k2m9qv7x3t1a 'hxxps://evil[.]example/a' 192.0.2.7 --verdict malicious\n  allclear incident observable add inc_06f1k2m9qv7x3t1a --paste < report.txt"
    )]
    Add {
        /// The id of the incident
        incident: IncidentId,
        /// Values
        #[arg(required_unless_present = "paste")]
        values: Vec<String>,
        /// Find them in a text on standard input
        #[arg(long, conflicts_with_all = ["values", "kind"])]
        paste: bool,
        /// What they are, if their looks do not tell: process, account, filename ...
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<Kind>,
        /// malicious, suspicious, benign or unknown
        #[arg(long, default_value = "unknown")]
        verdict: Verdict,
        /// CLEAR, GREEN, AMBER, AMBER+STRICT or RED
        #[arg(long, default_value = "AMBER")]
        tlp: Tlp,
        /// Who told us, or where they were found
        #[arg(long)]
        source: Option<String>,
        /// More about them
        #[arg(long)]
        note: Option<String>,
    },
    /// List the observables of an incident, defanged
    #[command(after_long_help = "Example:\n  allclear incident observable list inc_06f1k2m9qv7x3t1a")]
    List {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Write them as comma-separated values
    #[command(
        after_long_help = "Example:\n  allclear incident observable export inc_06f1k2m9qv7x3t1a --up-to GREEN > observables.csv"
    )]
    Export {
        /// The id of the incident
        incident: IncidentId,
        /// Nothing that is marked above this
        #[arg(long, default_value = "AMBER")]
        up_to: Tlp,
    },
    /// Say what is thought of one
    #[command(
        after_long_help = "Example:\n  allclear incident observable judge inc_06f1k2m9qv7x3t1a obs_06f1k2m9qv7x3t1b benign"
    )]
    Judge {
        /// The id of the incident
        incident: IncidentId,
        /// The id of the observable
        observable: ObservableId,
        /// malicious, suspicious, benign or unknown
        verdict: Verdict,
    },
    /// Strike one that does not belong here; it stays on record
    #[command(
        after_long_help = "Example:\n  allclear incident observable strike inc_06f1k2m9qv7x3t1a obs_06f1k2m9qv7x3t1b 'our own proxy'"
    )]
    Strike {
        /// The id of the incident
        incident: IncidentId,
        /// The id of the observable
        observable: ObservableId,
        /// Why
        why: String,
    },
}

/// What is affected, and how many.
#[derive(Debug, Args)]
pub(crate) struct AffectedCommand {
    #[command(subcommand)]
    command: AffectedDo,
}

#[derive(Debug, Subcommand)]
enum AffectedDo {
    /// Count something, or count it anew
    #[command(
        after_long_help = "Examples:\n  allclear incident affected count inc_06f1k2m9qv7x3t1a 'about 1200' --what customers --data 'payment data' --source 'query on the ledger'\n  allclear incident affected count inc_06f1k2m9qv7x3t1a 1204 --again aff_06f1k2m9qv7x3t1b"
    )]
    Count {
        /// The id of the incident
        incident: IncidentId,
        /// 1204, 'about 1200', 'at least 40', '30 to 45' or unknown
        count: Amount,
        /// data-subjects, records, hosts, accounts, customers, money or other
        #[arg(long, value_name = "SUBJECT", required_unless_present = "again")]
        what: Option<Subject>,
        /// Which of them
        #[arg(long)]
        label: Option<String>,
        /// What kind of data it is about
        #[arg(long)]
        data: Option<String>,
        /// Of money and other things: EUR
        #[arg(long)]
        unit: Option<String>,
        /// How it is known
        #[arg(long)]
        source: Option<String>,
        /// A new count of what was counted before
        #[arg(long, value_name = "AFFECTED", conflicts_with_all = ["what", "label", "data", "unit"])]
        again: Option<AffectedId>,
    },
    /// List what is affected; with --json also every count before
    #[command(after_long_help = "Example:\n  allclear incident affected list inc_06f1k2m9qv7x3t1a")]
    List {
        /// The id of the incident
        incident: IncidentId,
    },
}

/// Techniques of MITRE ATT&CK.
#[derive(Debug, Args)]
pub(crate) struct TechniqueCommand {
    #[command(subcommand)]
    command: TechniqueDo,
}

#[derive(Debug, Subcommand)]
enum TechniqueDo {
    /// Name a technique or a tactic by its id
    #[command(
        after_long_help = "Example:\n  allclear incident technique name inc_06f1k2m9qv7x3t1a T1566.001 --note 'the invoice'"
    )]
    Name {
        /// The id of the incident
        incident: IncidentId,
        /// T1566.001, TA0001
        technique: String,
        /// The entry of the timeline that shows it
        #[arg(long, value_name = "ENTRY")]
        entry: Option<EventId>,
        /// How we know
        #[arg(long)]
        note: Option<String>,
    },
    /// Withdraw one that does not hold; it stays on record
    #[command(
        after_long_help = "Example:\n  allclear incident technique withdraw inc_06f1k2m9qv7x3t1a T1566.001 'it was our own test'"
    )]
    Withdraw {
        /// The id of the incident
        incident: IncidentId,
        /// T1566.001, TA0001
        technique: String,
        /// Why
        why: String,
        /// If it was named for an entry of the timeline
        #[arg(long, value_name = "ENTRY")]
        entry: Option<EventId>,
    },
    /// List the techniques of an incident
    #[command(after_long_help = "Example:\n  allclear incident technique list inc_06f1k2m9qv7x3t1a")]
    List {
        /// The id of the incident
        incident: IncidentId,
    },
}

fn tell(answer: &impl serde::Serialize, said: &str, look: Look) {
    if look.json {
        screen::say_json(answer);
    } else {
        screen::say(said);
    }
}

fn time(text: Option<&String>) -> Result<Option<domain::words::Timestamp>, Failure> {
    let now = clock::clock()();
    Ok(text.map(|text| when::read(text, &TimeZone::UTC, now)).transpose()?)
}

pub(crate) fn evidence(client: &Client, command: &EvidenceCommand, look: Look) -> Result<(), Failure> {
    match &command.command {
        EvidenceDo::Add(add) => keep(client, add, look)?,
        EvidenceDo::List { incident } => {
            let found: Listing<Evidence> = client.get(&["incidents", &incident.to_string(), "evidence"], &json!({}))?;
            if look.json {
                screen::say_json(&found);
                return Ok(());
            }
            let rows: Vec<[String; 6]> = found
                .items
                .iter()
                .map(|one| {
                    let where_ = if one.kept { "here" } else { "elsewhere" };
                    let holder = one.holder.clone().unwrap_or_default();
                    let altered = if one.altered_at.is_some() { " [ALTERED]" } else { "" };
                    let title = format!("{}{altered}", one.title);
                    [one.id.clone(), one.tlp.clone(), look.time(one.collected_at), holder, where_.into(), title]
                })
                .collect();
            screen::say_table(["EVIDENCE", "TLP", "COLLECTED", "HELD BY", "KEPT", "TITLE"], &rows, "No evidence.");
        }
        EvidenceDo::Show { incident, evidence } => {
            let path = ["incidents", &incident.to_string(), "evidence", &evidence.to_string()];
            let one: Evidence = client.get(&path, &json!({}))?;
            if look.json {
                screen::say_json(&one);
            } else {
                show(&one, look);
            }
        }
        EvidenceDo::Get { incident, evidence, file } => get(client, *incident, *evidence, file, look)?,
        EvidenceDo::HandOver { incident, evidence, to, why, place, at } => {
            let path = ["incidents", &incident.to_string(), "evidence", &evidence.to_string(), "hand-over"];
            let at = time(at.as_ref())?;
            let hand = NewHandOver { to: to.clone(), why: why.clone(), at, place: place.clone() };
            let one: Evidence = client.post(&path, &hand)?;
            tell(&one, &format!("{} is with {to} now.", one.id), look);
        }
    }
    Ok(())
}

fn keep(client: &Client, add: &Add, look: Look) -> Result<(), Failure> {
    let (incident, at) = (add.incident.to_string(), time(add.at.as_ref())?);
    let Some(path) = &add.file else {
        let new = NewEvidence {
            title: add.title.clone().unwrap_or_default(),
            collector: add.collector.clone(),
            collected_at: at,
            place: add.place.clone(),
            note: add.note.clone(),
            tlp: Some(add.tlp),
            sha256: add.sha256.map(|hash| hash.to_string()),
            why_no_hash: add.no_hash.clone(),
        };
        let made: Evidence = client.post(&["incidents", &incident, "evidence", "elsewhere"], &new)?;
        tell(&made, &format!("{} is recorded; it lies elsewhere.", made.id), look);
        return Ok(());
    };
    let (sha256, size) = hash_of(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let said = SentEvidence {
        title: add.title.clone().or_else(|| name.clone()).unwrap_or_default(),
        file: name,
        media_type: add.media_type.clone(),
        collector: add.collector.clone(),
        collected_at: at,
        place: add.place.clone(),
        note: add.note.clone(),
        tlp: Some(add.tlp),
        sha256: Some(sha256.to_string()),
    };
    let made: Evidence = client.upload(&["incidents", &incident, "evidence"], &said, opened(path)?, size)?;
    tell(&made, &format!("{} is kept: SHA-256 {sha256}, {size} bytes.", made.id), look);
    Ok(())
}

fn opened(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if !file.metadata().with_context(|| format!("{} cannot be read", path.display()))?.is_file() {
        return Err(Failure::invalid(format!("{} is not a file: pack a directory first", path.display())));
    }
    Ok(file)
}

/// The hash of a file, and its size in bytes. Reads all of it.
fn hash_of(path: &Path) -> Result<(Digest, u64), Failure> {
    let (mut file, mut hash, mut size) = (opened(path)?, Sha256::new(), 0);
    let mut part = vec![0; 256 << 10];
    loop {
        let length = file.read(&mut part).with_context(|| format!("{} cannot be read", path.display()))?;
        if length == 0 {
            return Ok((Digest(hash.finalize().into()), size));
        }
        hash.update(&part[..length]);
        size += length as u64;
    }
}

fn get(client: &Client, incident: IncidentId, id: EvidenceId, to: &Path, look: Look) -> Result<(), Failure> {
    let (incident, evidence) = (incident.to_string(), id.to_string());
    let one: Evidence = client.get(&["incidents", &incident, "evidence", &evidence], &json!({}))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // What was collected may hold anything: it is for whoever took it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let outcome = client
        .download(&["incidents", &incident, "evidence", &evidence, "download"], &mut file)
        .and_then(|()| Ok(file.sync_all().with_context(|| format!("{} cannot be written", to.display()))?))
        .and_then(|()| {
            let (sha256, _) = hash_of(to)?;
            if one.sha256.as_deref() == Some(sha256.to_string().as_str()) {
                return Ok(sha256);
            }
            Err(Failure::invalid(format!("what arrived has the SHA-256 {sha256}: it was changed on the way")))
        });
    match outcome {
        Ok(sha256) => {
            let said = format!("{} is a copy of {evidence}: SHA-256 {sha256}, as it was collected.", to.display());
            tell(&json!({ "file": to, "evidence": evidence, "sha256": sha256.to_string() }), &said, look);
            Ok(())
        }
        Err(failure) => {
            _ = std::fs::remove_file(to);
            Err(failure)
        }
    }
}

fn show(one: &Evidence, look: Look) {
    let mut facts = vec![
        ("Evidence", one.id.clone()),
        ("Title", one.title.clone()),
        ("TLP", one.tlp.clone()),
        ("Collected", format!("{} by {}", look.time(one.collected_at), one.collector)),
    ];
    let mut more = |name: &'static str, said: Option<String>| facts.extend(said.map(|said| (name, said)));
    more("Place", one.place.clone());
    more("Held by", one.holder.clone());
    more("File", one.file.clone());
    more("Size", one.size.map(|size| format!("{size} bytes")));
    more("SHA-256", one.sha256.clone());
    more("No hash", one.why_no_hash.clone());
    more("Note", one.note.clone());
    more("ALTERED", one.altered_at.map(|at| format!("found altered or gone {}", look.time(at))));
    screen::say_facts(&facts);
    let rows: Vec<[String; 6]> = one
        .custody
        .iter()
        .map(|line| {
            let or = |text: &Option<String>| text.clone().unwrap_or_default();
            [
                look.time(line.at),
                line.step.clone(),
                or(&line.from),
                or(&line.to),
                or(&line.why),
                screen::actor(&line.by),
            ]
        })
        .collect();
    screen::say("");
    screen::say_table(["WHEN", "STEP", "FROM", "TO", "WHY", "WRITTEN BY"], &rows, "");
}

pub(crate) fn observable(client: &Client, command: &ObservableCommand, look: Look) -> Result<(), Failure> {
    match &command.command {
        ObservableDo::Add { incident, values, paste, kind, verdict, tlp, source, note } => {
            let values = if *paste {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
                let found = extract(&text);
                if found.is_empty() {
                    return Err(Failure::invalid(
                        "there is nothing in it that looks like an address, a name or a hash",
                    ));
                }
                found.into_iter().map(|(kind, value)| NewValue { value, kind: Some(kind) }).collect()
            } else {
                values.iter().map(|value| NewValue { value: value.clone(), kind: *kind }).collect()
            };
            let new = NewObservables {
                values,
                verdict: Some(*verdict),
                tlp: Some(*tlp),
                first_seen: None,
                last_seen: None,
                note: note.clone(),
                source: source.clone(),
            };
            let done: ObservablesAdded = client.post(&["incidents", &incident.to_string(), "observables"], &new)?;
            if look.json {
                screen::say_json(&done);
                return Ok(());
            }
            let rows: Vec<[String; 4]> = done
                .added
                .iter()
                .map(|one| (one, "added"))
                .chain(done.known.iter().map(|one| (one, "known")))
                .map(|(one, what)| [one.id.clone(), what.into(), one.kind.clone(), one.defanged.clone()])
                .collect();
            screen::say_table(["OBSERVABLE", "", "TYPE", "VALUE"], &rows, "Nothing was added.");
        }
        ObservableDo::List { incident } => {
            let path = ["incidents", &incident.to_string(), "observables"];
            let found: Listing<Observable> = client.get(&path, &json!({}))?;
            if look.json {
                screen::say_json(&found);
                return Ok(());
            }
            let rows: Vec<[String; 6]> = found
                .items
                .iter()
                .map(|one| {
                    let struck = one.struck.as_ref().map_or_else(String::new, |_| " [struck]".to_owned());
                    let also: Vec<&str> = one.also_in.iter().map(|other| other.id.as_str()).collect();
                    let value = format!("{}{struck}", one.defanged);
                    [one.id.clone(), one.kind.clone(), one.verdict.clone(), one.tlp.clone(), also.join(" "), value]
                })
                .collect();
            let headings = ["OBSERVABLE", "TYPE", "VERDICT", "TLP", "ALSO IN", "VALUE"];
            screen::say_table(headings, &rows, "No observables.");
        }
        ObservableDo::Export { incident, up_to } => {
            let path = ["incidents", &incident.to_string(), "observables.csv"];
            screen::pour(&client.text(&path, &ExportQuery { tlp: Some(*up_to) })?);
        }
        ObservableDo::Judge { incident, observable, verdict } => {
            let (verdict, absent) = (Some(*verdict), None::<String>);
            let deed = ObservableDeed::Judge {
                verdict,
                tlp: None,
                first_seen: None,
                last_seen: None,
                note: absent.clone(),
                source: absent,
            };
            judge(client, *incident, *observable, &deed, look)?;
        }
        ObservableDo::Strike { incident, observable, why } => {
            judge(client, *incident, *observable, &ObservableDeed::Strike { why: why.clone() }, look)?;
        }
    }
    Ok(())
}

fn judge(
    client: &Client,
    incident: IncidentId,
    id: ObservableId,
    deed: &ObservableDeed,
    look: Look,
) -> Result<(), Failure> {
    let one: Observable = client.post(&["incidents", &incident.to_string(), "observables", &id.to_string()], deed)?;
    let stands = if one.struck.is_some() { "struck".to_owned() } else { one.verdict.clone() };
    tell(&one, &format!("{} is {stands}.", one.defanged), look);
    Ok(())
}

pub(crate) fn affected(client: &Client, command: &AffectedCommand, look: Look) -> Result<(), Failure> {
    match &command.command {
        AffectedDo::Count { incident, count, what, label, data, unit, source, again } => {
            let (value, to) = count.numbers();
            let precision = Some(count.precision().to_owned());
            let new = NewCount { precision, value, to, at: None, source: source.clone(), note: None };
            let incident = incident.to_string();
            let one: Affected = match (again, what) {
                (Some(again), _) => client.post(&["incidents", &incident, "affected", &again.to_string()], &new)?,
                (None, what) => {
                    let subject = what.unwrap_or(Subject::Other);
                    let (label, data, unit) = (label.clone(), data.clone(), unit.clone());
                    client.post(
                        &["incidents", &incident, "affected"],
                        &NewAffected { subject, label, data, unit, count: new },
                    )?
                }
            };
            tell(&one, &format!("{}: {count} {}.", one.id, one.unit.as_deref().unwrap_or(&one.subject)), look);
        }
        AffectedDo::List { incident } => {
            let found: Listing<Affected> = client.get(&["incidents", &incident.to_string(), "affected"], &json!({}))?;
            if look.json {
                screen::say_json(&found);
                return Ok(());
            }
            let rows: Vec<[String; 5]> = found
                .items
                .iter()
                .map(|one| {
                    let now = one.counts.last();
                    let what = [Some(one.unit.as_ref().unwrap_or(&one.subject)), one.label.as_ref(), one.data.as_ref()];
                    let what: Vec<&str> = what.into_iter().flatten().map(String::as_str).collect();
                    [
                        one.id.clone(),
                        now.map(|count| count.count.clone()).unwrap_or_default(),
                        now.map(|count| look.time(count.at)).unwrap_or_default(),
                        now.and_then(|count| count.source.clone()).unwrap_or_default(),
                        what.join(", "),
                    ]
                })
                .collect();
            screen::say_table(["AFFECTED", "COUNT", "AS OF", "SOURCE", "WHAT"], &rows, "Nothing is counted.");
        }
    }
    Ok(())
}

pub(crate) fn technique(client: &Client, command: &TechniqueCommand, look: Look) -> Result<(), Failure> {
    let text = |entry: &Option<EventId>| entry.map(|entry| entry.to_string());
    let (incident, deed) = match &command.command {
        TechniqueDo::Name { incident, technique, entry, note } => {
            let (technique, entry, note) = (technique.clone(), text(entry), note.clone());
            (incident, TechniqueDeed::Name { technique, entry, note })
        }
        TechniqueDo::Withdraw { incident, technique, why, entry } => {
            let (technique, entry, why) = (technique.clone(), text(entry), why.clone());
            (incident, TechniqueDeed::Withdraw { technique, entry, why })
        }
        TechniqueDo::List { incident } => {
            let path = ["incidents", &incident.to_string(), "techniques"];
            let found: Listing<Technique> = client.get(&path, &json!({}))?;
            if look.json {
                screen::say_json(&found);
                return Ok(());
            }
            let rows: Vec<[String; 4]> = found
                .items
                .iter()
                .map(|one| {
                    let withdrawn = one.withdrawn.as_ref().map_or("", |_| " [withdrawn]");
                    let name = one.name.clone().unwrap_or_else(|| "not in the list".into());
                    let note = one.note.clone().unwrap_or_default();
                    [one.technique.clone(), format!("{name}{withdrawn}"), one.tactics.join(", "), note]
                })
                .collect();
            screen::say_table(["TECHNIQUE", "NAME", "TACTICS", "NOTE"], &rows, "None is named.");
            return Ok(());
        }
    };
    let one: Technique = client.post(&["incidents", &incident.to_string(), "techniques"], &deed)?;
    let name = one.name.clone().map_or_else(String::new, |name| format!(" ({name})"));
    let stands = if one.withdrawn.is_some() { "withdrawn" } else { "named" };
    let warning = one.warning.clone().map_or_else(String::new, |warning| format!(" Warning: {warning}."));
    tell(&one, &format!("{}{name} is {stands}.{warning}", one.technique), look);
    Ok(())
}

/// Writes an incident to a file: as a bundle that proves itself, or in a language for others.
pub(super) fn export(
    client: &Client,
    incident: IncidentId,
    output: Option<&Path>,
    format: Option<Language>,
    up_to: Option<Tlp>,
    look: Look,
) -> Result<(), Failure> {
    let id = incident.to_string();
    let text = match format {
        Some(format) => {
            client.text(&["incidents", &id, &format!("export.{format}.json")], &ExportQuery { tlp: up_to })?
        }
        None => client.text(&["incidents", &id, "bundle"], &())?,
    };
    let Some(file) = output else {
        screen::pour(&text);
        return Ok(());
    };
    std::fs::write(file, &text).with_context(|| format!("{} cannot be written", file.display()))?;
    if look.json {
        screen::say_json(&json!({ "incident": incident, "file": file, "bytes": text.len() }));
    } else {
        let checked = if format.is_none() { "; allclear verify checks it" } else { "" };
        screen::say(format!("{incident} is in {}{checked}.", file.display()));
    }
    Ok(())
}
