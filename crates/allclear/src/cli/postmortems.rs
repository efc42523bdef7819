//! `allclear postmortem`: what is to be learned, from which incident, by whom and until when; and the text of one.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::words::IncidentId;
use web::api::Listing;
use web::api::learn::postmortems::{Postmortem, PostmortemDeed, PostmortemQuery, PostmortemSummary};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// See which incidents must be learned from, and see one through
#[derive(Debug, Args)]
pub(crate) struct Postmortems {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is to be done, the first to be published first
    #[command(after_long_help = "Example:\n  allclear postmortem list --owner ana")]
    List {
        /// open, all, due, draft, in-review, published, waived or not-due
        #[arg(long, default_value = "open")]
        state: String,

        /// Only those of this person
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
    },
    /// Print one as Markdown: what was published, or what is written so far
    #[command(after_long_help = "Example:\n  allclear postmortem show inc_06f1k2m9qv7x3t1a > postmortem.md")]
    Show {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Keep one as a file: PDF or HTML, by the end of its name
    #[command(after_long_help = "Example:\n  allclear postmortem save inc_06f1k2m9qv7x3t1a postmortem.pdf")]
    Save {
        /// The id of the incident
        incident: IncidentId,

        /// The file, which ends in .pdf or .html
        file: PathBuf,

        /// What customers read, not what stands inside
        #[arg(long)]
        for_customers: bool,
    },
    /// Say why one is due, who owns it, and what is missing before it is reviewed
    #[command(after_long_help = "Example:\n  allclear postmortem why inc_06f1k2m9qv7x3t1a")]
    Why {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Ask for one, with a reason
    #[command(after_long_help = "Example:\n  allclear postmortem request inc_06f1k2m9qv7x3t1a --why 'customers ask'")]
    Request {
        /// The id of the incident
        incident: IncidentId,

        /// What is to be learned
        #[arg(long)]
        why: String,
    },
    /// Say that none is written: by name, and with a reason of 40 letters or more
    #[command(
        after_long_help = "Example:\n  allclear postmortem waive inc_06f1k2m9qv7x3t1a --why 'it is the fault of last week, and was written up then'"
    )]
    Waive {
        /// The id of the incident
        incident: IncidentId,

        /// Why nothing is to be learned here
        #[arg(long)]
        why: String,
    },
}

pub(crate) fn run(command: &Postmortems) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::List { state, owner } => {
            let query = PostmortemQuery { state: Some(state.clone()), owner: owner.clone() };
            let found: Listing<PostmortemSummary> = client.get(&["postmortems"], &query)?;
            if look.json {
                screen::say_json(&found);
            } else {
                list(&found.items, look);
            }
        }
        Command::Show { incident } => {
            let id = incident.to_string();
            if look.json {
                screen::say_json(&one(&client, &id)?);
            } else {
                screen::pour(&client.text(&["incidents", &id, "postmortem.md"], &())?);
            }
        }
        Command::Save { incident, file, for_customers } => save(&client, incident, file, *for_customers)?,
        Command::Why { incident } => tell(&one(&client, &incident.to_string())?, look),
        Command::Request { incident, why } => {
            tell(&act(&client, incident, &PostmortemDeed::Request { why: why.clone() })?, look);
        }
        Command::Waive { incident, why } => {
            tell(&act(&client, incident, &PostmortemDeed::Waive { why: why.clone() })?, look);
        }
    }
    Ok(Exit::Fine)
}

fn save(client: &Client, incident: &IncidentId, file: &Path, for_customers: bool) -> Result<(), Failure> {
    let end = file.extension().and_then(|end| end.to_str()).filter(|end| matches!(*end, "pdf" | "html"));
    let end = end.with_context(|| format!("{} ends in neither .pdf nor .html", file.display()))?;
    let what = if for_customers { "customer-postmortem" } else { "postmortem" };
    let mut out = File::create_new(file).with_context(|| format!("{} cannot be made anew", file.display()))?;
    client.download(&["incidents", &incident.to_string(), &format!("{what}.{end}")], &mut out)?;
    screen::say(format!("It is in {}.", file.display()));
    Ok(())
}

fn one(client: &Client, id: &str) -> Result<Postmortem, Failure> {
    client.get(&["incidents", id, "postmortem"], &())
}

fn act(client: &Client, incident: &IncidentId, deed: &PostmortemDeed) -> Result<Postmortem, Failure> {
    client.post(&["incidents", &incident.to_string(), "postmortem"], deed)
}

fn whose(one: &PostmortemSummary) -> String {
    match (&one.owner, &one.asked) {
        (Some(owner), _) => owner.clone(),
        (None, Some(asked)) => format!("{asked} is asked"),
        (None, None) => "nobody".into(),
    }
}

fn list(all: &[PostmortemSummary], look: Look) {
    let row = |one: &PostmortemSummary| {
        let due = one.publish_due.map_or_else(String::new, |at| look.time(at));
        let mark = if one.drill { "DRILL: " } else { "" };
        let title = one.title.strip_prefix("DRILL: ").unwrap_or(&one.title);
        [one.incident.clone(), one.state.clone(), whose(one), due, format!("{mark}{title}")]
    };
    let rows: Vec<[String; 5]> = all.iter().map(row).collect();
    screen::say_table(["INCIDENT", "STATE", "OWNER", "PUBLISH BY", "TITLE"], &rows, "Nothing is to be learned here.");
}

fn tell(one: &Postmortem, look: Look) {
    if look.json {
        screen::say_json(one);
        return;
    }
    let summary = &one.summary;
    let due = summary.publish_due.map_or_else(|| "no date".into(), |at| look.time(at));
    screen::say_facts(&[
        ("Incident", format!("{} {}", summary.incident, summary.title)),
        ("State", summary.state.clone()),
        ("Owner", whose(summary)),
        ("Publish by", due),
    ]);
    for reason in &one.reasons {
        let seen: Vec<&str> = reason.seen.iter().map(|seen| seen.says.as_str()).collect();
        screen::say(format!("{} ({}): {}", reason.rule, reason.effect, seen.join(", ")));
    }
    if let Some(waiver) = &summary.waiver {
        screen::say(format!("waived by {}: {}", waiver.by, waiver.why));
    }
    for missing in &one.missing {
        screen::say(format!("missing: {missing}"));
    }
}
