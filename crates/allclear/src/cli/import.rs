//! `allclear import`: reports that were written elsewhere come in, each as an incident that was written down afterwards.
//!
//! It does what anybody could do over the API. A file is known by its SHA-256: what is there already is not made again, and what
//! broke off goes on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::learn::imported::{self, Imported};
use domain::respond::entries::Sort;
use domain::respond::evidence::Digest;
use domain::respond::incidents::Class;
use domain::words::text::shorten;
use domain::words::{Name, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use web::api::Listing;
use web::api::prepare::documents::Document;
use web::api::respond::entries::{Made, NewEntry, TimelineEntry, TimelineQuery};
use web::api::respond::evidence::{Evidence, SentEvidence};
use web::api::respond::incidents::{Incident, IncidentQuery, NewIncident};
use web::api::respond::stamps::NewStamp;

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, files, when};
use crate::client::{Client, Server};
use crate::clock;

/// A report has fewer bytes.
const FILE_MOST: u64 = 4 << 20;
/// More than this is not read of a list of the server.
const LISTED_MOST: usize = 10_000;
/// What an entry may say, less what is added to it.
const ENTRY_MOST: usize = 9_500;

/// Bring in what was written elsewhere
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear import postmortems reports --check\n  allclear import postmortems reports --zone Europe/London"
)]
pub(crate) struct Import {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read reports in Markdown, and make an incident of each, with its times, its sections and its file
    ///
    /// A file that is in already is left alone. Everything odd is listed with file and line.
    #[command(after_long_help = "Example:\n  allclear import postmortems reports --check")]
    Postmortems(Postmortems),
}

#[derive(Debug, Args)]
struct Postmortems {
    /// A directory of reports, or one report
    directory: PathBuf,

    /// Only read and list; nothing is sent, and no server is asked
    #[arg(long)]
    check: bool,

    /// Where times are from that name no zone: Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    zone: String,

    /// What kind of harm they tell of
    #[arg(long, value_enum, default_value = "system")]
    class: super::incidents::Kind,
}

pub(crate) fn run(command: &Import) -> Outcome {
    let Command::Postmortems(wanted) = &command.command;
    let zone = when::zone(&wanted.zone)?;
    let named = &wanted.directory;
    let files = if named.is_file() { vec![named.clone()] } else { files::under(named, Path::is_file)? };
    if files.is_empty() {
        return Err(Failure::invalid(format!("there is no file in {}", wanted.directory.display())));
    }
    let client = (!wanted.check).then(|| command.server.client()).transpose()?;
    let services = client.as_ref().map_or(Ok(Vec::new()), services)?;
    let (mut told, mut sums) = (Vec::new(), Sums::default());
    for file in &files {
        let shown = file.strip_prefix(&wanted.directory).unwrap_or(file).display().to_string();
        let shown = if shown.is_empty() { file.display().to_string() } else { shown };
        let Some(text) = read(file)? else {
            sums.unread += 1;
            told.push(json!({ "file": shown, "unread": true }));
            tell_line(
                command.look,
                &format!("{shown}: not text in UTF-8, or larger than {} MiB; left out", FILE_MOST >> 20),
            );
            continue;
        };
        let known = services.iter().map(|(name, title)| (name, title.as_str()));
        let report = imported::read(&text, &shown, &zone, known, clock::clock()());
        sums.add(&report);
        for odd in &report.oddities {
            tell_line(command.look, &format!("{shown}:{}: {}", odd.line, odd.says));
        }
        let mut one = shape(&shown, &report);
        if let Some(client) = &client {
            let (id, is_new) = send(client, wanted.class.into(), file, &shown, &text, &report)?;
            sums.made += usize::from(is_new);
            one["incident"] = json!(id);
            tell_line(command.look, &format!("{shown}: {id}{}", if is_new { "" } else { ", which was there already" }));
        }
        told.push(one);
    }
    if command.look.json {
        screen::say_json(&json!({ "reports": told }));
    } else {
        screen::say(sums.sentence(files.len(), wanted.check));
    }
    Ok(Exit::Fine)
}

fn tell_line(look: Look, line: &str) {
    if !look.json {
        screen::say(line);
    }
}

/// What was found in all of them.
#[derive(Default)]
struct Sums {
    times: usize,
    entries: usize,
    claims: usize,
    sections: usize,
    oddities: usize,
    unread: usize,
    made: usize,
}

impl Sums {
    fn add(&mut self, report: &Imported) {
        self.times += report.times;
        self.entries += report.entries.len();
        self.claims += report.claims.len();
        self.sections += report.sections.len();
        self.oddities += report.oddities.len();
    }

    fn sentence(&self, files: usize, check: bool) -> String {
        let read = format!(
            "Files: {files}, not read: {}. Times: {}, on lines: {}, key events: {}, sections: {}. Oddities: {}.",
            self.unread, self.times, self.entries, self.claims, self.sections, self.oddities
        );
        if check { read } else { format!("{read} New incidents: {}.", self.made) }
    }
}

fn shape(file: &str, report: &Imported) -> Value {
    let entry = |one: &imported::Stamped| json!({ "line": one.line, "at": one.at, "text": one.text });
    let claim =
        |one: &imported::Claimed| json!({ "line": one.line, "milestone": one.milestone.word(), "at": one.at.at });
    json!({
        "file": file,
        "title": report.title,
        "services": report.services,
        "key_events": report.claims.iter().map(claim).collect::<Vec<_>>(),
        "entries": report.entries.iter().map(entry).collect::<Vec<_>>(),
        "sections": report.sections.iter().map(|one| json!({ "line": one.line, "heading": one.heading })).collect::<Vec<_>>(),
        "oddities": report.oddities.iter().map(|one| json!({ "line": one.line, "says": one.says })).collect::<Vec<_>>(),
    })
}

/// The services that are there, with their titles.
fn services(client: &Client) -> Result<Vec<(Name, String)>, Failure> {
    let (found, _) = client.list::<Document>(&["documents"], &json!({ "kind": "service" }), LISTED_MOST)?;
    let service =
        |one: Document| Some((one.name.parse().ok()?, one.spec["title"].as_str().unwrap_or_default().to_owned()));
    Ok(found.into_iter().filter_map(service).collect())
}

/// Makes the incident of a report, or goes on with it. Whether it is new.
fn send(
    client: &Client,
    class: Class,
    path: &Path,
    shown: &str,
    text: &str,
    report: &Imported,
) -> Result<(String, bool), Failure> {
    let sha256 = Digest(Sha256::digest(text).into()).to_string();
    let query = IncidentQuery { state: Some("all".into()), q: Some(sha256.clone()), ..IncidentQuery::default() };
    let there: Listing<Incident> = client.get(&["incidents"], &query)?;
    let (id, is_new) = match there.items.first() {
        Some(incident) => (incident.id.clone(), false),
        None => (declare(client, class, shown, &sha256, report)?, true),
    };
    let kept: Listing<Evidence> = client.get(&["incidents", &id, "evidence"], &json!({}))?;
    if kept.items.iter().all(|one| one.sha256.as_deref() != Some(sha256.as_str())) {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let said = SentEvidence {
            title: "The report".into(),
            file: path.file_name().map(|name| plain(&name.to_string_lossy(), 200)),
            media_type: Some("text/markdown".into()),
            collector: None,
            collected_at: None,
            place: None,
            note: None,
            tlp: None,
            sha256: Some(sha256),
        };
        let _: Evidence = client.upload(&["incidents", &id, "evidence"], &said, file, text.len() as u64)?;
    }
    let (written, _) =
        client.list::<TimelineEntry>(&["incidents", &id, "timeline"], &TimelineQuery::default(), LISTED_MOST)?;
    let written: BTreeSet<String> =
        written.into_iter().filter_map(|one| Some(one.entry.data.get("text")?.as_str()?.to_owned())).collect();
    for entry in entries(shown, report).into_iter().filter(|entry| !written.contains(&entry.text)) {
        let _: Made = client.post(&["incidents", &id, "entries"], &entry)?;
    }
    Ok((id, is_new))
}

fn declare(client: &Client, class: Class, shown: &str, sha256: &str, report: &Imported) -> Result<String, Failure> {
    let now = clock::clock()();
    let impact = report.section("impact").or_else(|| report.section("summary")).map(|text| plain(text, 2_000));
    let stamp = |one: &imported::Claimed| NewStamp {
        milestone: one.milestone,
        at: one.at.at.to_string(),
        source: None,
        evidence: None,
        note: Some(format!("line {} of the report", one.line)),
        supersedes: None,
    };
    let body = NewIncident {
        title: plain(&report.title, 150),
        class,
        severity: None,
        because: Some(format!("Imported from {} (SHA-256 {sha256})", plain(shown, 300))),
        impact: impact.filter(|impact| !impact.trim().is_empty()),
        services: report.services.clone(),
        from: Vec::new(),
        visibility: None,
        codename: None,
        only_reported: false,
        near_miss: false,
        drill: false,
        retrospective: true,
        stamps: report.claims.iter().filter(|one| one.at.at <= now).map(stamp).collect(),
    };
    let made: Incident = client.post(&["incidents"], &body)?;
    Ok(made.id)
}

/// Each line with a time at its time, then each section.
fn entries(shown: &str, report: &Imported) -> Vec<NewEntry> {
    let now = clock::clock()();
    let file = plain(shown, 200);
    let note = |text: String, at: Option<Timestamp>| NewEntry { at, ..NewEntry::new(Sort::Note, text) };
    let stamped = report.entries.iter().map(|one| {
        note(format!("{} ({file}, line {})", plain(&one.text, ENTRY_MOST), one.line), one.at.filter(|at| *at <= now))
    });
    let sections = report.sections.iter().filter(|one| !one.text.is_empty()).map(|one| {
        let heading = if one.heading.is_empty() { "Beginning" } else { &one.heading };
        note(format!("{} ({file}, line {})\n\n{}", plain(heading, 200), one.line, plain(&one.text, ENTRY_MOST)), None)
    });
    stamped.chain(sections).collect()
}

/// Without letters that cannot be shown, and not too long.
fn plain(text: &str, most: usize) -> String {
    let shown: String =
        text.chars().map(|sign| if sign.is_control() && sign != '\n' && sign != '\t' { ' ' } else { sign }).collect();
    shorten(shown.trim(), most)
}

/// The text of a file; nothing if it is none.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut bytes = Vec::new();
    file.take(FILE_MOST + 1).read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= FILE_MOST && !text.contains('\0')))
}
