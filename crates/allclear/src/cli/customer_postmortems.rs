//! `allclear customer-postmortem`: what customers read of a postmortem: prepared from a file, looked through, published.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::words::IncidentId;
use web::api::learn::customer_postmortems::{CustomerPlan, CustomerPostmortem, CustomerPostmortemDeed};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// See and publish what customers read of a postmortem
#[derive(Debug, Args)]
pub(crate) struct CustomerPostmortems {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what customers read, or would read, in Markdown
    #[command(after_long_help = "Example:\n  allclear customer-postmortem show inc_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the incident
        incident: IncidentId,
    },
    /// List what the leak check found, and what else stands in the way
    #[command(after_long_help = "Example:\n  allclear customer-postmortem check inc_06f1k2m9qv7x3t1a")]
    Check {
        /// The id of the incident
        incident: IncidentId,
    },
    /// Say what goes out and what is taken out, from a file in JSON; `show --json` prints one under `plan`
    #[command(after_long_help = "Example:\n  allclear customer-postmortem prepare inc_06f1k2m9qv7x3t1a plan.json")]
    Prepare {
        /// The id of the incident
        incident: IncidentId,

        /// The file
        file: PathBuf,
    },
    /// Say why something that was found may stay
    #[command(
        after_long_help = "Example:\n  allclear customer-postmortem answer inc_06f1k2m9qv7x3t1a 9f86d081884c7d65 --why 'customers have this number'"
    )]
    Answer {
        /// The id of the incident
        incident: IncidentId,

        /// As `check` lists it
        finding: String,

        /// Why it may stay
        #[arg(long)]
        why: String,
    },
    /// Publish it on the status page, as `check` showed it; again: as a correction
    #[command(after_long_help = "Example:\n  allclear customer-postmortem publish inc_06f1k2m9qv7x3t1a --revision 3")]
    Publish {
        /// The id of the incident
        incident: IncidentId,

        /// The revision that you looked at
        #[arg(long)]
        revision: u32,
    },
}

pub(crate) fn run(command: &CustomerPostmortems) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::Show { incident } => {
            let found = one(&client, incident)?;
            if look.json {
                screen::say_json(&found);
            } else {
                show(&found);
            }
        }
        Command::Check { incident } => tell(&one(&client, incident)?, look),
        Command::Prepare { incident, file } => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} does not read", file.display()))?;
            let plan: CustomerPlan =
                serde_json::from_str(&text).with_context(|| format!("{} is no plan", file.display()))?;
            let revision = one(&client, incident)?.revision;
            tell(&act(&client, incident, &CustomerPostmortemDeed::Prepare { plan, revision })?, look);
        }
        Command::Answer { incident, finding, why } => {
            let deed = CustomerPostmortemDeed::Answer { finding: finding.clone(), why: why.clone() };
            tell(&act(&client, incident, &deed)?, look);
        }
        Command::Publish { incident, revision } => {
            tell(&act(&client, incident, &CustomerPostmortemDeed::Publish { revision: *revision })?, look);
        }
    }
    Ok(Exit::Fine)
}

fn one(client: &Client, incident: &IncidentId) -> Result<CustomerPostmortem, Failure> {
    client.get(&["incidents", &incident.to_string(), "customer-postmortem"], &())
}

fn act(client: &Client, incident: &IncidentId, deed: &CustomerPostmortemDeed) -> Result<CustomerPostmortem, Failure> {
    client.post(&["incidents", &incident.to_string(), "customer-postmortem"], deed)
}

fn show(one: &CustomerPostmortem) {
    screen::say(format!("# {}\n", one.plan.title));
    if !one.plan.opening.is_empty() {
        screen::say(format!("{}\n", one.plan.opening));
    }
    for block in &one.blocks {
        match &block.outside {
            Some(text) => screen::say(format!("## {}\n\n{text}\n", block.title)),
            None => screen::say(format!("({} stays inside)\n", block.title)),
        }
    }
}

fn tell(one: &CustomerPostmortem, look: Look) {
    if look.json {
        screen::say_json(one);
        return;
    }
    screen::say_facts(&[
        ("Title", one.plan.title.clone()),
        ("Revision", one.revision.to_string()),
        ("Published", one.versions.last().map_or_else(|| "not yet".into(), |last| format!("version {}", last.version))),
        ("Address", one.public_url.clone().unwrap_or_else(|| "none yet".into())),
    ]);
    for finding in &one.findings {
        let answer =
            finding.answer.as_ref().map_or_else(|| "open".into(), |answer| format!("may stay: {}", answer.why));
        let places = finding.places.join(", ");
        screen::say(format!("{} “{}” {} ({places}): {answer}", finding.finding, finding.quote, finding.says));
    }
    for one in &one.hindrances {
        screen::say(format!("in the way: {one}"));
    }
}
