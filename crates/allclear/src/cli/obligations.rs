//! `allclear obligations` and `allclear incident obligation`: what must be told to whom by when. Not legal advice.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::words::{AnchorId, IncidentId, Name, SubmissionId, Timestamp};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::respond::entries::Made;
use web::api::respond::obligations::{ObligationClock, ObligationDeed, Obligations, RunningObligations};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, files, when};
use crate::client::{Client, Server};
use crate::clock;

/// Obligations whose clocks run, in all incidents that you may see; not legal advice
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear obligations")]
pub(crate) struct Running {
    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn running(command: &Running) -> Outcome {
    let found: RunningObligations = command.server.client()?.get(&["obligations"], &json!({}))?;
    if command.look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = found
        .items
        .iter()
        .map(|one| {
            let clock = &one.clock;
            [
                due(clock, command.look),
                clock.standing.clone(),
                one.incident.clone(),
                format!("{} {}", one.pack, clock.clock),
                clock.title.clone(),
                one.incident_title.clone(),
            ]
        })
        .collect();
    screen::say_table(["DUE", "STANDS", "INCIDENT", "PACK CLOCK", "WHAT", "OF"], &rows, "No clock runs.");
    screen::say("");
    screen::say(&found.notice);
    Ok(Exit::Fine)
}

fn due(clock: &ObligationClock, look: Look) -> String {
    match (clock.due_at, clock.since) {
        (Some(due), _) => look.time(due),
        (None, Some(_)) => "without delay".into(),
        (None, None) => String::new(),
    }
}

/// Show what an incident may owe to whom by when, and say what was decided, recorded and told; not legal advice
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a\n  allclear incident obligation inc_06f1k2m9qv7x3t1a consider gdpr --why 'a table of customers was read'\n  allclear incident obligation inc_06f1k2m9qv7x3t1a anchor gdpr aware --at -2h --basis 'Ana read the log'\n  allclear incident obligation inc_06f1k2m9qv7x3t1a submit gdpr authority --file notice.txt --receipt 2026-117"
)]
pub(crate) struct OfIncident {
    /// The id of the incident
    incident: IncidentId,

    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Say that the incident may fall under a pack
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a consider gdpr --why 'a table of customers was read'"
    )]
    Consider(OfPack),
    /// Say that it does not: the reason is a record, too
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a rule-out dora --why 'we are no financial entity'"
    )]
    RuleOut(OfPack),
    /// Record a moment that starts clocks
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a anchor gdpr aware --at 2026-11-22T10:12 --basis 'Ana read the log'"
    )]
    Anchor {
        /// The pack: gdpr, nis2 ...
        pack: Name,
        /// The moment: aware, classified-major ...
        anchor: Name,
        /// When it was: 2026-12-24T18:00, 18:00 (UTC), -10m
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: String,
        /// Who decided it, on what facts
        #[arg(long, value_name = "WORDS")]
        basis: String,
        /// Where it is shown
        #[arg(long, value_name = "WORDS")]
        evidence: Option<String>,
        /// The record that stands now: anc_...
        #[arg(long, value_name = "RECORD")]
        supersedes: Option<AnchorId>,
    },
    /// Record what was told, in the words in which it was
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a submit gdpr authority --file notice.txt --receipt 2026-117"
    )]
    Submit {
        /// The pack
        pack: Name,
        /// The clock
        clock: Name,
        /// A file with exactly what was sent; - reads it from standard input
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// When it was sent: now, if absent
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: Option<String>,
        /// The number under which they took it
        #[arg(long, value_name = "NUMBER")]
        receipt: Option<String>,
        /// What it corrects or completes: sub_...
        #[arg(long, value_name = "SUBMISSION")]
        amends: Option<SubmissionId>,
        /// If it comes after the deadline: why
        #[arg(long, value_name = "WORDS")]
        why_late: Option<String>,
    },
    /// Decide that nothing must be told under a clock
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a not-due gdpr people --why 'the data were encrypted'"
    )]
    NotDue(OfClock),
    /// Revoke that
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a due gdpr people --why 'the key was taken, too'"
    )]
    Due(OfClock),
    /// Record that a law or an authority moves the end
    #[command(
        after_long_help = "Example:\n  allclear incident obligation inc_06f1k2m9qv7x3t1a postpone sec-8-k form-8-k --until 2026-12-24T18:00 --why 'letter of the Attorney General'"
    )]
    Postpone {
        #[command(flatten)]
        of: OfClock,
        /// Until when: 2026-12-24T18:00 (UTC)
        #[arg(long, value_name = "TIME")]
        until: String,
    },
}

#[derive(Debug, Args)]
struct OfPack {
    /// The pack: gdpr, nis2 ...
    pack: Name,

    /// The reason
    #[arg(long, value_name = "WORDS")]
    why: String,
}

#[derive(Debug, Args)]
struct OfClock {
    /// The pack
    pack: Name,

    /// The clock
    clock: Name,

    /// The reason
    #[arg(long, value_name = "WORDS")]
    why: String,
}

pub(super) fn of_incident(client: &Client, command: &OfIncident, look: Look) -> Result<(), Failure> {
    let id = command.incident.to_string();
    let path = ["incidents", &id, "obligations"];
    let Some(deed) = &command.deed else {
        let found: Obligations = client.get(&path, &json!({}))?;
        if look.json {
            screen::say_json(&found);
        } else {
            show(&found, look);
        }
        return Ok(());
    };
    let (deed, said) = wire(deed)?;
    let made: Made = client.post(&path, &deed)?;
    if look.json {
        screen::say_json(&made);
    } else {
        screen::say(format!("{}: {said}.", made.id));
    }
    Ok(())
}

fn wire(deed: &Deed) -> Result<(ObligationDeed, String), Failure> {
    let time =
        |text: &String| -> Result<Timestamp, Failure> { Ok(when::read(text, &TimeZone::UTC, clock::clock()())?) };
    Ok(match deed {
        Deed::Consider(OfPack { pack, why }) => {
            (ObligationDeed::Consider { pack: pack.clone(), why: why.clone() }, format!("{pack} is considered"))
        }
        Deed::RuleOut(OfPack { pack, why }) => {
            (ObligationDeed::RuleOut { pack: pack.clone(), why: why.clone() }, format!("{pack} is ruled out"))
        }
        Deed::Anchor { pack, anchor, at, basis, evidence, supersedes } => {
            let deed = ObligationDeed::Anchor {
                pack: pack.clone(),
                anchor: anchor.clone(),
                at: time(at)?,
                basis: basis.clone(),
                evidence: evidence.clone(),
                supersedes: supersedes.map(|id| id.to_string()),
            };
            (deed, format!("{anchor} of {pack} is on record"))
        }
        Deed::Submit { pack, clock, file, at, receipt, amends, why_late } => {
            let deed = ObligationDeed::Submit {
                pack: pack.clone(),
                clock: clock.clone(),
                at: at.as_ref().map(time).transpose()?,
                receipt: receipt.clone(),
                text: files::read(std::slice::from_ref(file))?.into_iter().map(|(_, text)| text).collect(),
                amends: amends.map(|id| id.to_string()),
                why_late: why_late.clone(),
            };
            (deed, format!("{clock} of {pack} is on record"))
        }
        Deed::NotDue(OfClock { pack, clock, why }) => {
            let deed = ObligationDeed::NotDue { pack: pack.clone(), clock: clock.clone(), why: why.clone() };
            (deed, format!("{clock} of {pack} is not due"))
        }
        Deed::Due(OfClock { pack, clock, why }) => {
            let deed = ObligationDeed::Due { pack: pack.clone(), clock: clock.clone(), why: why.clone() };
            (deed, format!("{clock} of {pack} is due"))
        }
        Deed::Postpone { of: OfClock { pack, clock, why }, until } => {
            let until = time(until)?;
            let deed = ObligationDeed::Postpone { pack: pack.clone(), clock: clock.clone(), until, why: why.clone() };
            (deed, format!("{clock} of {pack} is postponed"))
        }
    })
}

fn show(found: &Obligations, look: Look) {
    let mut clocks: Vec<[String; 5]> = Vec::new();
    let mut packs: Vec<[String; 4]> = Vec::new();
    for one in &found.regimes {
        let why = one.decision.as_ref().map(|decision| decision.why.clone()).or_else(|| one.asks.clone());
        let why = why.unwrap_or_default().replace('\n', " ");
        packs.push([one.pack.clone(), one.state.clone(), one.title.clone(), why]);
        if one.state != "considered" {
            continue;
        }
        for clock in &one.clocks {
            let stands = match &clock.waits_for {
                Some(anchor) => format!("waits for {anchor}"),
                None => clock.standing.clone(),
            };
            let due = due(clock, look);
            clocks.push([format!("{} {}", one.pack, clock.clock), stands, due, clock.to.clone(), clock.title.clone()]);
        }
    }
    screen::say_table(["PACK", "STATE", "REGIME", "QUESTION OR REASON"], &packs, "No pack is considered.");
    if !clocks.is_empty() {
        screen::say("");
        screen::say_table(["PACK CLOCK", "STANDS", "DUE", "TO", "WHAT"], &clocks, "");
    }
    let rows: Vec<[String; 5]> = found
        .regimes
        .iter()
        .flat_map(|one| one.anchors.iter().map(move |anchor| (one, anchor)))
        .filter_map(|(one, anchor)| {
            let (record, at) = (anchor.record.clone()?, anchor.at?);
            let basis = anchor.basis.clone().unwrap_or_default().replace('\n', " ");
            Some([
                record,
                format!("{} {}", one.pack, anchor.anchor),
                look.time(at),
                basis,
                screen::actor(anchor.by.as_deref()?),
            ])
        })
        .collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["RECORD", "PACK ANCHOR", "WHEN", "BASIS", "BY"], &rows, "");
    }
    let rows: Vec<[String; 5]> = found
        .regimes
        .iter()
        .flat_map(|one| one.clocks.iter().map(move |clock| (one, clock)))
        .flat_map(|(one, clock)| {
            clock.submissions.iter().map(move |told| {
                let receipt = told.receipt.clone().unwrap_or_default();
                let name = format!("{} {}", one.pack, clock.clock);
                [told.id.clone(), name, look.time(told.at), receipt, screen::actor(&told.by)]
            })
        })
        .collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["SUBMISSION", "PACK CLOCK", "WHEN", "RECEIPT", "BY"], &rows, "");
    }
    screen::say("");
    screen::say(&found.notice);
}
