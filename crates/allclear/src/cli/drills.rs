//! `allclear drill`: look at a file of a drill, and play it against a running server, as programs and people would.
//!
//! It does what anybody could do over the API, and nothing else: it declares, tells of alerts, writes and claims times.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::learn::drill_triggers::compare;
use domain::prepare::drills::{INCIDENT_LABEL, LABEL, YES, marked};
use domain::respond::drill_files::{DrillFile, Event, Kind, Told};
use domain::respond::drill_reading;
use domain::respond::stamps::{Milestone, Precision, Source};
use domain::words::{IncidentId, Name, Refusal, Span, Timestamp, text};
use serde_json::{Value, json};
use web::api::detect::alerts::{Alert, AlertQuery};
use web::api::learn::postmortems::{Postmortem, PostmortemReason};
use web::api::learn::score_sheets::{DrillEvidence, ScoreLine, ScoreSheet};
use web::api::respond::entries::{Made, NewEntry};
use web::api::respond::incidents::{Deed, Incident, IncidentDetail, NewIncident, NewLink, Reason};
use web::api::respond::obligations::ObligationDeed;
use web::api::respond::stamps::{NewStamp, Stamp};

use super::drill_checks::{Fired, Report, report};
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};
use crate::clock;

/// Practise: look at a file of a drill, or play it against a running server
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear drill check queue.json\n  allclear drill run queue.json --speed 60 --service payments"
)]
pub(crate) struct Drills {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a file holds and what must come out of it, or everything that is wrong with it
    #[command(after_long_help = "Example:\n  allclear drill check queue.json")]
    Check {
        /// The file
        file: PathBuf,
    },
    /// Play a file: declare a drill, let its alerts fire and page, write what happened, and check what came out
    ///
    /// Everything is marked DRILL, and nothing is said in public. Ctrl-C stops it.
    #[command(
        after_long_help = "Examples:\n  allclear drill run queue.json\n  allclear drill run queue.json --speed max --severity SEV2"
    )]
    Run(Run),
    /// Write an incident that is over as a file of a drill; it names no person
    #[command(after_long_help = "Example:\n  allclear drill from-incident inc_06f1k2m9qv7x3t1a > shop.json")]
    FromIncident {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Say how a drill went, beside how it went when it was real and in other drills of the same
    ///
    /// Nobody passes or fails, and no person is named. Nothing of a drill is in any measure.
    #[command(
        after_long_help = "Examples:\n  allclear drill score inc_06f1k2m9qv7x3t1b\n  allclear drill score inc_06f1k2m9qv7x3t1b --markdown > score.md"
    )]
    Score {
        /// The id of the drill
        drill: IncidentId,
        /// As Markdown
        #[arg(long)]
        markdown: bool,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// The file
    file: PathBuf,

    /// How many times faster than the clock: 60 plays an hour in a minute, max does not wait at all
    #[arg(long, default_value = "60", value_name = "N")]
    speed: Speed,

    /// The severity, if not the one that the file suggests
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,

    /// The service that the alerts are about, so that its policy is paged; without it they are about what the file names
    #[arg(long, value_name = "SERVICE")]
    service: Option<Name>,

    /// The integration that tells of the alerts; the first for Alertmanager, if absent
    #[arg(long, value_name = "NAME")]
    integration: Option<Name>,
}

/// How fast time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Speed {
    Times(f64),
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word == "max" {
            return Ok(Self::Max);
        }
        let times = word.parse::<f64>().ok().filter(|times| times.is_finite() && (0.01..=100_000.0).contains(times));
        times.map(Self::Times).ok_or_else(|| "write a number from 0.01 to 100000, or max".into())
    }
}

impl Speed {
    fn rest(self, between: Span) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            Self::Times(times) => {
                let millis = u64::try_from(between.as_millis()).unwrap_or(0);
                Duration::from_millis(millis).div_f64(times)
            }
        }
    }
}

/// What was claimed last is judged again within this time.
const JUDGED_SOON: Duration = Duration::from_secs(1);
/// So often it is looked whether what was claimed last is judged, and how long is waited between.
const JUDGED_WITHIN: u8 = 20;
const JUDGED_LOOK: Duration = Duration::from_millis(200);
/// For so long an alert of a drill fires, should nobody end it.
const ALERT_LIFE: Span = Span::hours(24);
const FILE_MOST: u64 = 8 << 20;

pub(crate) fn run(command: &Drills) -> Outcome {
    let look = command.look;
    match &command.command {
        Command::Check { file } => match read(file, look)? {
            Some(read) => {
                show(&read, look);
                Ok(Exit::Fine)
            }
            None => Ok(Exit::Trouble),
        },
        Command::FromIncident { incident } => {
            let path = ["incidents", &incident.to_string(), "drill-file"];
            let file: Value = command.server.client()?.get(&path, &json!({}))?;
            screen::say_json(&file);
            Ok(Exit::Fine)
        }
        Command::Score { drill, markdown } => score(&command.server.client()?, *drill, *markdown, look),
        Command::Run(run) => match read(&run.file, look)? {
            Some(read) => play(&command.server.client()?, run, &read, look),
            None => Ok(Exit::Trouble),
        },
    }
}

fn score(client: &Client, drill: IncidentId, as_markdown: bool, look: Look) -> Outcome {
    let drill = drill.to_string();
    if as_markdown {
        screen::say(client.text(&["incidents", &drill, "score-sheet.md"], &json!({}))?.trim_end());
        return Ok(Exit::Fine);
    }
    let found: ScoreSheet = client.get(&["incidents", &drill, "score-sheet"], &json!({}))?;
    if look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    screen::say(&found.title);
    if let Some(original) = &found.original {
        screen::say(format!("practises {original}; {} other drills did", found.others));
    }
    let row = |line: &ScoreLine| {
        let others = line.others.as_ref();
        let others = others.map_or_else(String::new, |one| format!("{} in the middle of {}", one.middle, one.n));
        [line.title.clone(), line.drill.clone(), line.original.clone().unwrap_or_default(), others]
    };
    let rows: Vec<[String; 4]> = found.lines.iter().map(row).collect();
    screen::say_table(["WHAT", "THIS DRILL", "WHEN IT WAS REAL", "OTHER DRILLS"], &rows, "");
    let line = |one: &DrillEvidence| {
        let nobody = if one.taken.is_none() { ", nobody took it in" } else { "" };
        format!("{} ({}{nobody})", one.says, one.at.strftime("%Y-%m-%d %H:%MZ"))
    };
    list("What was there", &found.evidence.iter().map(line).collect::<Vec<_>>());
    Ok(Exit::Fine)
}

/// The file; nothing, when it was told what is wrong with it.
fn read(path: &Path, look: Look) -> Result<Option<DrillFile>, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    file.take(FILE_MOST + 1).read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.len() as u64 > FILE_MOST {
        return Err(Failure::invalid(format!("{} is larger than {} MiB", path.display(), FILE_MOST >> 20)));
    }
    match drill_reading::read(&bytes) {
        Ok(file) => Ok(Some(file)),
        Err(problems) => {
            if look.json {
                let told = |one: &Refusal| json!({ "detail": one.message, "at": one.at });
                screen::say_json(&json!({ "errors": problems.iter().map(told).collect::<Vec<Value>>() }));
            } else {
                for problem in &problems {
                    let at = problem.at.as_deref().unwrap_or_default();
                    screen::remark(format!("{}{at}: {}", path.display(), problem.message));
                }
            }
            Ok(None)
        }
    }
}

/// What a file holds.
fn show(file: &DrillFile, look: Look) {
    let told = file.told();
    let derived = file.expected.derived.iter();
    if look.json {
        let stamps =
            told.iter().map(|one| json!({ "milestone": one.milestone, "at": one.when.at, "event": one.event }));
        let derived = derived.map(|one| json!({ "name": one.name, "minutes": one.minutes }));
        screen::say_json(&json!({
            "title": file.title,
            "class": file.class,
            "severity": file.severity,
            "services": file.services,
            "roles": file.roles,
            "events": file.events.len(),
            "stamps": stamps.collect::<Vec<Value>>(),
            "derived_minutes": derived.collect::<Vec<Value>>(),
        }));
        return;
    }
    let length = Span::between(file.events[0].at, file.events[file.events.len() - 1].at);
    screen::say_facts(&[
        ("Drill", file.title.clone()),
        ("Class", file.class.word().to_owned()),
        ("Severity", file.severity.clone().unwrap_or_else(|| "not said".into())),
        ("Takes", format!("{}; at 60 times the speed {}", screen::roughly(length), screen::roughly(sixtieth(length)))),
        ("Services", file.services.join(", ")),
        ("Roles", file.roles.join(", ")),
    ]);
    screen::say("");
    let rows: Vec<[String; 4]> = file
        .events
        .iter()
        .enumerate()
        .map(|(n, event)| {
            let reached = told.iter().filter(|one| one.event == Some(n)).map(|one| one.milestone.to_string());
            let reached = reached.collect::<Vec<_>>().join(", ");
            [clock_of(event.at), event.kind.word().to_owned(), reached, text::shorten(&event.text, 90)]
        })
        .collect();
    screen::say_table(["WHEN", "WHAT", "TELLS", "IN WORDS"], &rows, "");
    let rows: Vec<[String; 2]> = derived.map(|one| [one.name.clone(), one.minutes.to_string()]).collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["MUST COME OUT", "MINUTES"], &rows, "");
    }
    for one in &file.expected.clocks {
        screen::say(format!("Clock: {} {} is due at {}", one.pack, one.clock, screen::exactly(one.due_at)));
    }
    list("Traps", &file.expected.traps);
}

fn sixtieth(span: Span) -> Span {
    Span::seconds(span.as_millis() / 60_000)
}

pub(super) fn clock_of(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

pub(super) fn list(title: &str, said: &[String]) {
    if said.is_empty() {
        return;
    }
    screen::say("");
    screen::say(format!("{title}:"));
    for one in said {
        screen::say(format!("- {one}"));
    }
}

/// Plays a file to its end, and tells what came out.
fn play(client: &Client, run: &Run, file: &DrillFile, look: Look) -> Outcome {
    let mut interrupts = client.interrupts()?;
    let name = run.file.file_name().unwrap_or_default().to_string_lossy();
    let body = NewIncident {
        title: file.title.clone(),
        class: file.class,
        severity: run.severity.clone().or_else(|| file.severity.clone()),
        because: Some(match &file.practises {
            Some(incident) => format!("The drill of {name} is played; it practises {incident}"),
            None => format!("The drill of {name} is played"),
        }),
        impact: None,
        services: run.service.iter().cloned().collect(),
        from: Vec::new(),
        visibility: None,
        codename: None,
        only_reported: false,
        near_miss: false,
        drill: true,
        retrospective: false,
        stamps: Vec::new(),
    };
    let made: Incident = client.post(&["incidents"], &body)?;
    let mut drill = Drill { client, run, file, id: made.id.clone(), firing: Vec::new() };
    let say = |line: String| if look.json { screen::remark(line) } else { screen::say(line) };
    say(format!("{} is declared: {}", made.id, marked(true, &made.title)));
    say(format!("It is at {}/incidents/{}", client.shown(), made.id));
    let told = file.told();
    let mut before = file.events[0].at;
    for (n, event) in file.events.iter().enumerate() {
        if client.rest_or_stop(run.speed.rest(Span::between(before, event.at)), &mut interrupts) {
            return stopped(&mut drill, n, &say);
        }
        before = event.at;
        say(format!("{}  {:<15} {}", clock_of(event.at), event.kind.word(), text::shorten(&event.text, 100)));
        let reached: Vec<&Told> = told.iter().filter(|one| one.event == Some(n)).collect();
        drill.event(event, &reached)?;
    }
    let left = drill.finish(&told)?;
    let found: IncidentDetail = client.get(&["incidents", &drill.id], &json!({}))?;
    let clocks = client.get(&["incidents", &drill.id, "obligations"], &json!({}))?;
    let report = report(file, &found, &clocks, drill.judged(left.is_none())?.as_deref());
    tell(&report, left.as_deref(), look);
    Ok(if report.holds { Exit::Fine } else { Exit::Trouble })
}

fn tell(report: &Report, left: Option<&str>, look: Look) {
    if look.json {
        screen::say_json(report);
        return;
    }
    screen::say("");
    report.show();
    screen::say("");
    if let Some(left) = left {
        screen::say(left);
    }
    screen::say(if report.holds { "Every check holds." } else { "Not every check holds." });
}

/// A rule that fired, with the conditions that it met.
fn fired(reason: &PostmortemReason) -> Fired {
    let met = reason.seen.iter().map(|seen| seen.condition.clone()).filter(|condition| !condition.is_empty());
    (format!("{}/{}", reason.policy, reason.rule), met.collect())
}

/// Ctrl-C: nobody is called any more, and what stays is said.
fn stopped(drill: &mut Drill<'_>, played: usize, say: &impl Fn(String)) -> Outcome {
    drill.end_alerts()?;
    let (of, id) = (drill.file.events.len(), &drill.id);
    say(format!("Stopped after {played} of {of} events; its alerts are over."));
    say(format!("{id} goes on: allclear incident resolve {id} --why 'the drill was stopped'"));
    Ok(Exit::Trouble)
}

/// A drill on its way.
struct Drill<'a> {
    client: &'a Client,
    run: &'a Run,
    file: &'a DrillFile,
    id: String,
    /// The alerts that fire.
    firing: Vec<Value>,
}

impl Drill<'_> {
    fn event(&mut self, event: &Event, reached: &[&Told]) -> Result<(), Failure> {
        if event.kind == Kind::Alert {
            self.fire(event)?;
        }
        let entry = NewEntry {
            at: Some(event.at),
            facts: event.shows(),
            played: Some(event.to_json()),
            ..NewEntry::new(event.kind.sort(), event.entry())
        };
        let _: Made = self.client.post(&["incidents", &self.id, "entries"], &entry)?;
        if let Some((pack, anchor)) = &event.anchor {
            let basis = event.entry();
            let deed = ObligationDeed::Anchor {
                pack: pack.clone(),
                anchor: anchor.clone(),
                at: event.at,
                basis,
                evidence: None,
                supersedes: None,
            };
            self.client.post_quietly(&["incidents", &self.id, "obligations"], &deed)?;
        }
        if reached.iter().any(|told| told.milestone == Milestone::Mitigated) {
            self.end_alerts()?;
        }
        reached.iter().try_for_each(|told| self.claim(told))
    }

    /// An alert fires, is found again, and belongs to the incident.
    fn fire(&mut self, event: &Event) -> Result<(), Failure> {
        let name = text::shorten(event.text.split([';', ':']).next().unwrap_or(&event.text).trim(), 120);
        let services = event.services.first().or_else(|| self.file.services.first());
        let mut labels = json!({ "alertname": name, "severity": "critical", LABEL: YES, INCIDENT_LABEL: self.id });
        if let Some(service) = self.run.service.as_ref().map(Name::to_string).or_else(|| services.cloned()) {
            labels["service"] = json!(service);
        }
        let ends_at = ALERT_LIFE.after(clock::clock()());
        let alert = json!({ "labels": labels, "annotations": { "summary": event.text }, "endsAt": ends_at });
        self.tell_of(std::slice::from_ref(&alert))?;
        self.firing.push(alert);
        let matcher = format!("{INCIDENT_LABEL}=\"{}\"", self.id);
        let query = AlertQuery { state: Some("all".into()), matcher: Some(matcher), ..AlertQuery::default() };
        let (found, _) = self.client.list::<Alert>(&["alerts"], &query, usize::MAX)?;
        let standing: IncidentDetail = self.client.get(&["incidents", &self.id], &json!({}))?;
        for one in found {
            if !standing.links.iter().any(|link| link.subject == one.group) {
                self.client.post_quietly(&["incidents", &self.id, "links"], &NewLink { subject: one.id })?;
            }
        }
        Ok(())
    }

    fn tell_of(&self, alerts: &[Value]) -> Result<(), Failure> {
        self.client.post_alerts(self.run.integration.as_ref().map(Name::as_str), &alerts)
    }

    fn end_alerts(&mut self) -> Result<(), Failure> {
        let now = clock::clock()();
        for alert in &mut self.firing {
            alert["endsAt"] = json!(now);
        }
        if !self.firing.is_empty() {
            self.tell_of(&self.firing)?;
        }
        self.firing.clear();
        Ok(())
    }

    /// Claims a time of the file, in the place of what stands now.
    fn claim(&self, told: &Told) -> Result<(), Failure> {
        let path = ["incidents", self.id.as_str(), "stamps"];
        let (stamps, _) = self.client.list::<Stamp>(&path, &json!({}), usize::MAX)?;
        let held = stamps.into_iter().find(|stamp| stamp.counts && stamp.milestone == told.milestone.word());
        let shape = if told.when.precision == Precision::Second { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%MZ" };
        if held.as_ref().is_some_and(|held| held.at == told.when.at && held.precision == told.when.precision.word()) {
            return Ok(());
        }
        let note =
            if told.event.is_some() { "as the events of the drill tell" } else { "as the file of the drill states" };
        let body = NewStamp {
            milestone: told.milestone,
            at: told.when.at.strftime(shape).to_string(),
            source: Some(Source::Import),
            evidence: None,
            note: Some(note.into()),
            supersedes: held.map(|held| held.id),
        };
        let _: Stamp = self.client.post(&path, &body)?;
        Ok(())
    }

    /// The rules that fired, with the conditions that they met; nothing while it is not over. What was claimed last is judged again
    /// soon after, and waited for as long as something is missing.
    fn judged(&self, over: bool) -> Result<Option<Vec<Fired>>, Failure> {
        if !over {
            return Ok(None);
        }
        let mut left = JUDGED_WITHIN;
        self.client.rest(JUDGED_SOON);
        loop {
            let fired = match self.client.get::<Postmortem>(&["incidents", &self.id, "postmortem"], &json!({})) {
                Ok(found) => found.reasons.iter().map(fired).collect(),
                Err(Failure::Answered(problem)) if problem.status == 404 => Vec::new(),
                Err(failure) => return Err(failure),
            };
            let compared = compare(&self.file.expected.triggers, &fired);
            if left == 0 || compared.iter().all(|one| one.holds() != Some(false)) {
                return Ok(Some(fired));
            }
            left -= 1;
            self.client.rest(JUDGED_LOOK);
        }
    }

    /// Ends it, and claims again what was recorded of this day. Answers what is left to somebody else.
    fn finish(&mut self, told: &[Told]) -> Result<Option<String>, Failure> {
        self.end_alerts()?;
        let over = Deed::Resolve(Reason { why: Some("the drill is over".into()) });
        let left = match self.client.post::<Incident>(&["incidents", &self.id, "act"], &over) {
            Ok(_) => None,
            // Somebody leads it: it is theirs to say so.
            Err(Failure::Answered(problem)) => Some(format!("{} is not ended: {}", self.id, problem.sentence())),
            Err(failure) => return Err(failure),
        };
        told.iter().try_for_each(|one| self.claim(one))?;
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_as_fast_as_was_asked() {
        let hour = Span::hours(1);
        for (word, rests) in [("60", Some(60_000)), ("1", Some(3_600_000)), ("0.5", Some(7_200_000)), ("max", Some(0))]
        {
            let speed: Option<Speed> = word.parse().ok();
            assert_eq!(speed.map(|speed| speed.rest(hour).as_millis()), rests, "{word}");
        }
        for wrong in ["0", "-1", "nan", "inf", "fast", "", "1e9"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
        // Events are in order; should they not be, nobody waits.
        assert_eq!(Speed::Times(60.0).rest(Span::seconds(-5)), Duration::ZERO);
    }
}
