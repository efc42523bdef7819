//! `allclear ramp`: how far services let rules take back changes of them, the record that this rests on, and stopping what
//! counts down.

use clap::{Args, Subcommand};
use domain::change::reflexes::Ramp;
use domain::words::{IncidentId, Name, ReflexId, RollbackId};
use serde_json::json;
use web::api::Listing;
use web::api::change::reflexes::{NewRamp, ReflexDeed, RuleReflex, SaidRamp, ServiceRamp};
use web::api::change::rollbacks::{RollbackDeed, RollbackRun};

use super::incidents::tell;
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// Automatic rollback: how far services let rules go, and stopping what counts down
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear ramp list\n  allclear ramp set shop suggest --why 'to know how good it is'\n  allclear ramp stop inc_06f1k2m9qv7x3t1a"
)]
pub(crate) struct Ramps {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List services that let rules do something, and what rules are about to take back
    #[command(after_long_help = "Example:\n  allclear ramp list")]
    List,
    /// Show how far a service lets rules go, and the record that this rests on
    #[command(after_long_help = "Example:\n  allclear ramp show shop")]
    Show {
        /// The name of the service
        service: Name,
    },
    /// Say how far a service lets rules go: up one step at a time, and by its record; down at any time, and what counts down lapses
    #[command(
        after_long_help = "Examples:\n  allclear ramp set shop suggest --why 'to know how good it is'\n  allclear ramp set shop off --why 'it was wrong twice this week'"
    )]
    Set {
        /// The name of the service
        service: Name,

        /// How far: off, suggest, countdown, automatic
        ramp: Ramp,

        /// Why, so that others know
        #[arg(long)]
        why: String,
    },
    /// Stop a rule that counts down, or call off a rollback that waits for a second person
    #[command(
        after_long_help = "Examples:\n  allclear ramp stop inc_06f1k2m9qv7x3t1a --why 'it is the network'\n  allclear ramp stop rfx_06f1k2m9qv7x3t1a\n  allclear ramp stop rbk_06f1k2m9qv7x3t1a"
    )]
    Stop {
        /// The id of the countdown, of its incident, or of the rollback
        what: String,

        /// Why; it can be said later
        #[arg(long)]
        why: Option<String>,
    },
}

pub(crate) fn run(command: &Ramps) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::List => list(&client, look)?,
        Command::Show { service } => show(&client.get(&["services", service.as_str(), "ramp"], &())?, look),
        Command::Set { service, ramp, why } => {
            let body = NewRamp { ramp: *ramp, why: why.clone() };
            let now: ServiceRamp = client.put(&["services", service.as_str(), "ramp"], &body)?;
            tell(&now, &format!("{service} is ramped to {ramp}. {}.", ramp.means()), look);
        }
        Command::Stop { what, why } => stop(&client, what, why.as_deref().unwrap_or_default(), look)?,
    }
    Ok(Exit::Fine)
}

fn list(client: &Client, look: Look) -> Result<(), Failure> {
    let (ramps, _) = client.list::<SaidRamp>(&["ramps"], &(), usize::MAX)?;
    let (counting, _) = client.list::<RuleReflex>(&["reflexes"], &(), usize::MAX)?;
    if look.json {
        screen::say_json(&json!({ "ramps": ramps, "counting": counting }));
        return Ok(());
    }
    let row = |one: SaidRamp| [one.service, one.ramp, one.set_by, look.time(one.set_at), one.why];
    let rows: Vec<[String; 5]> = ramps.into_iter().map(row).collect();
    screen::say_table(["SERVICE", "RAMP", "SET BY", "WHEN", "WHY"], &rows, "No service lets rules do anything.");
    let row = |one: RuleReflex| [one.id, one.incident, look.time_or(one.due_at, ""), one.title];
    let rows: Vec<[String; 4]> = counting.into_iter().map(row).collect();
    if !rows.is_empty() {
        screen::say("");
        screen::say_table(["COUNTDOWN", "INCIDENT", "DONE AT", "TAKES BACK"], &rows, "");
    }
    Ok(())
}

fn show(one: &ServiceRamp, look: Look) {
    if look.json {
        screen::say_json(one);
        return;
    }
    let agreed = format!(
        "people agreed with {} of {}; beyond suggesting it takes {}, and {} of 100",
        one.agreed, one.suggested, one.least_suggested, one.least_agreed_of_100
    );
    let set = one.set_by.as_ref().map_or_else(
        || "nobody ever said".to_owned(),
        |by| {
            let why = one.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            format!("by {by}, {}{why}", look.time_or(one.set_at, ""))
        },
    );
    screen::say_facts(&[
        ("Service", one.service.clone()),
        ("Ramp", one.ramp.clone()),
        ("Set", set),
        ("Record", agreed),
    ]);
    let rows: Vec<[String; 5]> = one
        .record
        .iter()
        .map(|made| {
            let agreed = match made.agreed {
                Some(true) => "agreed",
                Some(false) => "disagreed",
                None => "",
            };
            let because = format!("{agreed} {}", made.agreed_because).trim().to_owned();
            [made.id.clone(), look.time(made.at), made.state.clone(), made.title.clone(), because]
        })
        .collect();
    screen::say("");
    screen::say_table(
        ["ID", "WHEN", "STATE", "CHANGE", "PEOPLE"],
        &rows,
        "No rule made anything of a change of it yet.",
    );
}

/// What is meant is told by the form of its id.
fn stop(client: &Client, what: &str, why: &str, look: Look) -> Result<(), Failure> {
    if what.parse::<RollbackId>().is_ok() {
        if !why.is_empty() {
            return Err(Failure::invalid("a rollback that waits is called off without a reason: leave --why out"));
        }
        let run: RollbackRun = client.post(&["rollbacks", what], &RollbackDeed::CallOff)?;
        tell(&run, &format!("{what} is called off."), look);
        return Ok(());
    }
    let all = if what.parse::<IncidentId>().is_ok() {
        let (made, _) = client.list::<RuleReflex>(&["incidents", what, "reflexes"], &(), usize::MAX)?;
        made.into_iter().filter(|one| one.state == "counting").map(|one| one.id).collect()
    } else if what.parse::<ReflexId>().is_ok() {
        vec![what.to_owned()]
    } else {
        return Err(Failure::invalid(format!(
            "{what:?} is no id of a countdown (rfx_…), of an incident (inc_…) or of a rollback (rbk_…): see allclear ramp list"
        )));
    };
    if all.is_empty() {
        return Err(Failure::invalid(format!("no rule counts down in {what}: there is nothing to stop")));
    }
    let mut stopped = Vec::new();
    for id in &all {
        stopped.push(client.post::<RuleReflex>(&["reflexes", id], &ReflexDeed::Stop { why: why.to_owned() })?);
    }
    if look.json {
        screen::say_json(&Listing::whole(stopped));
        return Ok(());
    }
    for one in stopped {
        let by = one.stopped_by.unwrap_or_default();
        screen::say(format!("Stopped by {by}: no rule takes {:?} back in {}.", one.title, one.incident));
    }
    Ok(())
}
