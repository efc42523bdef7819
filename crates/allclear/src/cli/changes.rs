//! `allclear change`: what is changed, by whom, and whether it may be done now; the gate for pipelines.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::words::ChangeId;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::json;
use web::api::change::changes::{
    ChangeApprove, ChangeBecause, ChangeEdit, ChangeExempt, ChangeFilter, ChangeRecord, ChangeSheet, ChangeWindow,
    NewChange,
};
use web::api::change::document_proposals::ProposedDocuments;
use web::api::change::gates::{GateAnswer, GateQuestion};
use web::api::change::rollbacks::{RollbackPreview, RollbackRun};

use super::change_insights::{self, Insights};
use super::change_run::{self, Run};
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, files, when};
use crate::client::{Client, Server};
use crate::clock;

/// Changes: propose, approve, schedule, begin, finish; and the gate, for pipelines
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear change list --open\n  allclear change propose -f checkout.yaml\n  allclear change gate --service shop --environment live && ./deploy.sh"
)]
pub(crate) struct Changes {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Run),
    #[command(flatten)]
    Asks(Asks),
}

/// What is asked of the server. What runs a command besides does it though nobody answers.
#[derive(Debug, Subcommand)]
enum Asks {
    /// List changes, the newest first
    #[command(after_long_help = "Example:\n  allclear change list --open --service shop")]
    List(Filter),
    /// Show a change: what it lacks, its risk, what the gate says, whether it could be taken back
    #[command(after_long_help = "Example:\n  allclear change show cng_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the change
        change: ChangeId,
    },
    /// Write a change down
    #[command(
        after_long_help = "Examples:\n  allclear change propose -f checkout.yaml\n  allclear change propose -f pool.yaml --emergency --incident inc_06f1k2m9qv7x3t1a"
    )]
    Propose {
        /// YAML or JSON as the API takes it: kind, title, why, targets, steps, rollback, verification; - is standard input
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,

        /// Do not wait for an approval; it is counted, and reviewed afterwards
        #[arg(long, requires = "incident")]
        emergency: bool,

        /// The incident that it is part of
        #[arg(long)]
        incident: Option<String>,
    },
    /// Write a change anew; what was approved is void
    #[command(after_long_help = "Example:\n  allclear change edit cng_06f1k2m9qv7x3t1a -f checkout.yaml --revision 2")]
    Edit {
        /// The id of the change
        change: ChangeId,

        /// As for propose
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,

        /// The revision that you read
        #[arg(long)]
        revision: u32,
    },
    /// Say that a revision may be done
    #[command(after_long_help = "Example:\n  allclear change approve cng_06f1k2m9qv7x3t1a --revision 2")]
    Approve {
        /// The id of the change
        change: ChangeId,

        /// The revision that you read
        #[arg(long)]
        revision: u32,
    },
    /// Say when it is done
    #[command(
        after_long_help = "Example:\n  allclear change schedule cng_06f1k2m9qv7x3t1a --from 2026-12-06T02:00 --to 2026-12-06T04:00"
    )]
    Schedule {
        /// The id of the change
        change: ChangeId,

        /// When it may begin: 2026-12-06T02:00 (UTC), +3h
        #[arg(long, value_name = "TIME")]
        from: String,

        /// When it is over
        #[arg(long, value_name = "TIME")]
        to: String,
    },
    /// Begin it, if the gate lets it through
    #[command(after_long_help = "Example:\n  allclear change begin cng_06f1k2m9qv7x3t1a")]
    Begin {
        /// The id of the change
        change: ChangeId,
    },
    /// Put the documents of an approved change in force, if the gate lets it through
    #[command(after_long_help = "Example:\n  allclear change apply cng_06f1k2m9qv7x3t1a")]
    Apply {
        /// The id of the change
        change: ChangeId,
    },
    /// Take into the documents of a change what others changed since; what was approved is void
    #[command(after_long_help = "Example:\n  allclear change update cng_06f1k2m9qv7x3t1a")]
    Update {
        /// The id of the change
        change: ChangeId,
    },
    /// It is done
    #[command(after_long_help = "Example:\n  allclear change finish cng_06f1k2m9qv7x3t1a")]
    Finish {
        /// The id of the change
        change: ChangeId,
    },
    /// It failed
    #[command(
        after_long_help = "Example:\n  allclear change fail cng_06f1k2m9qv7x3t1a --why 'the new pods do not start'"
    )]
    Fail {
        /// The id of the change
        change: ChangeId,

        /// What failed
        #[arg(long)]
        why: String,
    },
    /// It is not done after all
    #[command(after_long_help = "Example:\n  allclear change cancel cng_06f1k2m9qv7x3t1a --why 'the vendor mended it'")]
    Cancel {
        /// The id of the change
        change: ChangeId,

        /// Why it is not done
        #[arg(long)]
        why: String,
    },
    /// An emergency was looked at, by somebody who did not write it
    #[command(after_long_help = "Example:\n  allclear change review cng_06f1k2m9qv7x3t1a")]
    Review {
        /// The id of the change
        change: ChangeId,
    },
    /// Let a revision through in spite of one reason of the gate
    #[command(
        after_long_help = "Example:\n  allclear change exempt cng_06f1k2m9qv7x3t1a --rule freeze --about black-friday --why 'the certificate ends tomorrow'"
    )]
    Exempt {
        /// The id of the change
        change: ChangeId,

        /// The rule, as the gate says it: freeze, incident, window, collision
        #[arg(long)]
        rule: String,

        /// Which freeze, incident or other change
        #[arg(long, default_value = "")]
        about: String,

        /// Why it cannot wait
        #[arg(long)]
        why: String,
    },
    /// Ask the programs of its plan whether it could be taken back now
    #[command(after_long_help = "Example:\n  allclear change preflight cng_06f1k2m9qv7x3t1a")]
    Preflight {
        /// The id of the change
        change: ChangeId,
    },
    /// Take it back by its plan; without --why it only says what that would do
    #[command(
        after_long_help = "Examples:\n  allclear change rollback cng_06f1k2m9qv7x3t1a\n  allclear change rollback cng_06f1k2m9qv7x3t1a --why 'half of the payments fail'"
    )]
    Rollback {
        /// The id of the change
        change: ChangeId,

        /// Why it is taken back
        #[arg(long)]
        why: Option<String>,
    },
    /// Show how many failed, how long it took to be well again, and what could be taken back now
    #[command(after_long_help = "Example:\n  allclear change insights --from 2026-07-01 --service payments")]
    Insights(Insights),
    /// May it be done now? Exits with 0 for yes and 3 for no, with every reason
    #[command(
        after_long_help = "Examples:\n  allclear change gate cng_06f1k2m9qv7x3t1a\n  allclear change gate --service shop --environment live --kind deploy && ./deploy.sh"
    )]
    Gate {
        /// The id of a change; without it, of something like what the options say
        #[arg(conflicts_with_all = ["services", "environment", "kind", "needs_record"])]
        change: Option<ChangeId>,

        /// What is changed; none: it may touch everything
        #[arg(long = "service", value_name = "SERVICE")]
        services: Vec<String>,

        /// Where
        #[arg(long)]
        environment: Option<String>,

        /// deploy (if absent), config, flag, schema, infrastructure, data, network, certificate, access, vendor, document
        #[arg(long)]
        kind: Option<String>,

        /// There must be a change on record
        #[arg(long)]
        needs_record: bool,
    },
}

/// Which changes.
#[derive(Debug, Args)]
struct Filter {
    /// Only those that are ahead, go on, or are stuck
    #[arg(long)]
    open: bool,

    /// Only in this state: proposed, approved, scheduled, running, finished, failed, rolled-back, cancelled
    #[arg(long)]
    state: Option<String>,

    /// Only on this path: planned, emergency, observed
    #[arg(long)]
    path: Option<String>,

    /// Only of this kind: deploy, config, schema, ...
    #[arg(long)]
    kind: Option<String>,

    /// Only what touches this service
    #[arg(long)]
    service: Option<String>,

    /// Only in this environment
    #[arg(long)]
    environment: Option<String>,
}

/// The most that is listed at once.
const MOST: usize = 500;

pub(crate) fn run(command: &Changes) -> Outcome {
    match &command.command {
        Command::Run(one) => change_run::run(one, &command.server),
        Command::Asks(asks) => ask(asks, &command.server.client()?, command.look),
    }
}

fn ask(asks: &Asks, client: &Client, look: Look) -> Outcome {
    let act = |change: &ChangeId, deed: &str, body: &serde_json::Value| -> Outcome {
        let sheet: ChangeSheet = client.post(&["changes", &change.to_string(), deed], body)?;
        show(&sheet, look);
        Ok(Exit::Fine)
    };
    let said = |body: serde_json::Result<serde_json::Value>| body.unwrap_or_default();
    match asks {
        Asks::List(filter) => list(client, filter, look),
        Asks::Show { change } => {
            show(&client.get(&["changes", &change.to_string()], &json!({}))?, look);
            Ok(Exit::Fine)
        }
        Asks::Propose { file, emergency, incident } => {
            let mut wanted: NewChange = read(file)?;
            wanted.emergency |= *emergency;
            if incident.is_some() {
                wanted.incident.clone_from(incident);
            }
            let made: ChangeRecord = client.post(&["changes"], &wanted)?;
            if look.json {
                screen::say_json(&made);
            } else {
                screen::say(format!("{} is {}: {}", made.id, made.state, made.title));
            }
            Ok(Exit::Fine)
        }
        Asks::Edit { change, file, revision } => {
            let NewChange { kind, title, why, targets, steps, rollback, verification, .. } = read(file)?;
            let revision = *revision;
            let edit = ChangeEdit { revision, kind, title, why, targets, steps, rollback, verification };
            act(change, "edit", &said(serde_json::to_value(edit)))
        }
        Asks::Approve { change, revision } => {
            act(change, "approve", &said(serde_json::to_value(ChangeApprove { revision: *revision })))
        }
        Asks::Schedule { change, from, to } => {
            let now = clock::clock()();
            let time = |text: &String| when::read(text, &TimeZone::UTC, now);
            act(change, "schedule", &said(serde_json::to_value(ChangeWindow { from: time(from)?, to: time(to)? })))
        }
        Asks::Begin { change } => act(change, "begin", &json!({})),
        Asks::Apply { change } => act(change, "apply", &json!({})),
        Asks::Update { change } => {
            let _: ProposedDocuments =
                client.post(&["changes", &change.to_string(), "documents", "update"], &json!({}))?;
            show(&client.get(&["changes", &change.to_string()], &json!({}))?, look);
            Ok(Exit::Fine)
        }
        Asks::Finish { change } => act(change, "finish", &json!({})),
        Asks::Fail { change, why } => {
            act(change, "fail", &said(serde_json::to_value(ChangeBecause { why: why.clone() })))
        }
        Asks::Cancel { change, why } => {
            act(change, "cancel", &said(serde_json::to_value(ChangeBecause { why: why.clone() })))
        }
        Asks::Review { change } => act(change, "review", &json!({})),
        Asks::Exempt { change, rule, about, why } => {
            let exempt = ChangeExempt { rule: rule.clone(), about: about.clone(), why: why.clone() };
            act(change, "exempt", &said(serde_json::to_value(exempt)))
        }
        Asks::Preflight { change } => act(change, "preflight", &json!({})),
        Asks::Rollback { change, why } => take_back(client, *change, why.as_ref(), look),
        Asks::Insights(wanted) => change_insights::show(wanted, client, look),
        Asks::Gate { change, services, environment, kind, needs_record } => {
            let question = GateQuestion {
                change: change.map(|id| id.to_string()),
                services: services.clone(),
                environment: environment.clone(),
                kind: kind.clone(),
                needs_record: *needs_record,
            };
            gate(client, &question, look)
        }
    }
}

/// A file as the API takes it.
fn read<T: DeserializeOwned>(file: &PathBuf) -> Result<T, Failure> {
    let (name, text) = files::read(std::slice::from_ref(file))?.swap_remove(0);
    serde_saphyr::from_str(&text).map_err(|error| Failure::invalid(format!("{name}: {error}")))
}

fn list(client: &Client, filter: &Filter, look: Look) -> Outcome {
    let query = ChangeFilter {
        state: filter.state.clone(),
        path: filter.path.clone(),
        kind: filter.kind.clone(),
        service: filter.service.clone(),
        environment: filter.environment.clone(),
        open: filter.open.then_some(true),
        limit: Some(100),
        ..ChangeFilter::default()
    };
    let (found, more): (Vec<ChangeRecord>, bool) = client.list(&["changes"], &query, MOST)?;
    if look.json {
        screen::say_json(&json!({ "items": found }));
        return Ok(Exit::Fine);
    }
    let row = |one: &ChangeRecord| {
        let services: Vec<String> = one.targets.iter().map(|target| target.service.to_string()).collect();
        let at = one.ended_at.or(one.began_at).unwrap_or(one.proposed_at);
        let state = if one.path == "emergency" { format!("{} (emergency)", one.state) } else { one.state.clone() };
        [one.id.clone(), state, one.kind.word().to_owned(), services.join(" "), look.time(at), one.title.clone()]
    };
    let rows: Vec<[String; 6]> = found.iter().map(row).collect();
    screen::say_table(["CHANGE", "STATE", "KIND", "SERVICES", "WHEN", "TITLE"], &rows, "No change is one of these.");
    if more {
        screen::remark(format!("There are more than these {MOST}: say more about which you mean."));
    }
    Ok(Exit::Fine)
}

fn show(sheet: &ChangeSheet, look: Look) {
    if look.json {
        screen::say_json(sheet);
        return;
    }
    let change = &sheet.change;
    let approvals: Vec<&str> = change.approvals.iter().map(|one| one.by.as_str()).collect();
    let mut facts = vec![
        ("Change", change.id.clone()),
        ("Title", change.title.clone()),
        ("State", format!("{}, revision {}", change.state, change.revision)),
        ("Path", change.path.clone()),
        ("By", change.authors.join(", ")),
        ("Approvals", format!("{} of {} {}", approvals.len(), sheet.risk.approvals_needed, approvals.join(", "))),
        ("Risk", format!("{} ({} points)", sheet.risk.band, sheet.risk.points)),
        ("Rollback", rollback(sheet)),
    ];
    if let Some(window) = &change.window {
        facts.push(("Window", format!("{} to {}", look.time(window.from), look.time(window.to))));
    }
    if let Some(because) = &change.because {
        facts.push(("Because", because.clone()));
    }
    screen::say_facts(&facts);
    let section = |heading: &str, lines: &[String]| {
        if !lines.is_empty() {
            screen::say("");
            screen::say(heading);
            for line in lines {
                screen::say(format!("  {line}"));
            }
        }
    };
    let missing: Vec<String> = sheet.missing.iter().map(|one| format!("{}: {}", one.at, one.message)).collect();
    section("Missing before it is approved:", &missing);
    let terms: Vec<String> = sheet.risk.terms.iter().map(|term| format!("{:+} {}", term.points, term.why)).collect();
    section("Risk:", &terms);
    section(
        if sheet.allowed { "Against it, and exempted:" } else { "Against doing it now:" },
        &reasons(&sheet.reasons),
    );
    let lacks: Vec<String> = sheet.readiness.missing.iter().map(|one| one.what.clone()).collect();
    section("To roll it back now:", &lacks);
}

fn rollback(sheet: &ChangeSheet) -> String {
    let Some(way) = &sheet.readiness.way else { return "no plan".to_owned() };
    let could = if sheet.readiness.could { "could run now" } else { "could not run now" };
    let last = sheet.readiness.rehearsed.as_ref();
    let last =
        last.map_or(String::new(), |one| format!("; gone through {} in {}", one.at.strftime("%Y-%m-%d"), one.drill));
    format!("{way}, {could}{last}")
}

fn reasons(all: &[web::api::change::gates::GateReason]) -> Vec<String> {
    all.iter()
        .map(|one| {
            let about = if one.about.is_empty() { String::new() } else { format!(" {}", one.about) };
            let who = match &one.exempted_by {
                Some(by) => format!("exempted by {by}"),
                None => format!("{} may exempt", one.may_exempt),
            };
            format!("{}{about}: {} ({who})", one.rule, one.message)
        })
        .collect()
}

/// Says what taking it back would do, or does it. Exits with 3 where something keeps it from running.
fn take_back(client: &Client, change: ChangeId, why: Option<&String>, look: Look) -> Outcome {
    let change = change.to_string();
    if let Some(why) = why {
        let run: RollbackRun = client.post(&["changes", &change, "rollbacks"], &ChangeBecause { why: why.clone() })?;
        if look.json {
            screen::say_json(&run);
        } else if run.state == "asked" {
            screen::say(format!("{} waits for a second person.", run.id));
        } else {
            screen::say(format!("{} is {}: whether it helps, the alerts will tell.", run.id, run.state));
        }
        return Ok(Exit::Fine);
    }
    let would: RollbackPreview = client.get(&["changes", &change, "rollbacks", "preview"], &json!({}))?;
    let exit = if would.blocked_by.is_empty() { Exit::Fine } else { Exit::Denied };
    if look.json {
        screen::say_json(&would);
        return Ok(exit);
    }
    let undone: Vec<String> = would.undoes_also.iter().map(|one| format!("{} ({})", one.title, one.change)).collect();
    let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    screen::say_facts(&[
        ("Takes back", would.title),
        ("How", format!("{}, about {}", would.way, would.estimate)),
        ("May be felt in", or(would.blast_radius.join(", "), "nobody knows")),
        ("Undoes, too", or(undone.join(", "), "nothing that came later")),
        ("Second person", would.second_person.unwrap_or_else(|| "not needed".into())),
        ("In the way", or(would.blocked_by.join("; "), "nothing")),
        ("To know", or(would.warnings.join("; "), "nothing")),
    ]);
    Ok(exit)
}

fn gate(client: &Client, question: &GateQuestion, look: Look) -> Outcome {
    let answer: GateAnswer = client.post(&["gate"], question)?;
    let exit = if answer.allowed { Exit::Fine } else { Exit::Denied };
    if look.json {
        screen::say_json(&answer);
        return Ok(exit);
    }
    screen::say(if answer.allowed { "Allowed." } else { "Not now." });
    for reason in reasons(&answer.reasons) {
        screen::say(format!("  {reason}"));
    }
    Ok(exit)
}
