//! `allclear pin`: incidents that are not to be missed again, and how they stand with what is in force.

use clap::{Args, Subcommand};
use domain::words::{IncidentId, PinId, Span};
use serde_json::json;
use web::api::learn::pins::{NewPin, Pin, PinDeed, PinQuery};
use web::pin_runs::PlannedPins;

use super::screen::{self, Look, Paint};
use super::{Exit, Outcome};
use crate::client::{Client, Server};

/// Pins: incidents whose signals must go on to reach the right people, whatever is changed
///
/// The signals of a pinned incident are played through every change of what pages people. What would not reach whom it must in
/// time is held, as by a failing test, until somebody who may lets it through with a reason.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear pin list\n  allclear pin add inc_06f1k2m9qv7x3t1a\n  allclear pin add inc_06f1k2m9qv7x3t1a --whom schedule/payments-primary --within 5m"
)]
pub(crate) struct Pins {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List pins, and how they stand with what is in force; exits with 1 if one fails
    #[command(after_long_help = "Example:\n  allclear pin list --retired")]
    List {
        /// Also those that are retired
        #[arg(long)]
        retired: bool,
        /// Of one incident
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<IncidentId>,
    },
    /// Show one pin, with what would happen
    #[command(after_long_help = "Example:\n  allclear pin show pin_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the pin
        pin: PinId,
    },
    /// Pin an incident: as it happened, if nothing else is said
    #[command(
        after_long_help = "Example:\n  allclear pin add inc_06f1k2m9qv7x3t1a --whom team/payments --within 10m --why 'it cost a day'"
    )]
    Add {
        /// The id of the incident
        incident: IncidentId,
        /// Whom its signals must reach: anybody, person/NAME, schedule/NAME or team/NAME
        #[arg(long, value_name = "WHOM")]
        whom: Option<String>,
        /// Within what time after the first signal: 5m
        #[arg(long, value_name = "SPAN")]
        within: Option<Span>,
        /// Why it must not be missed again
        #[arg(long, value_name = "WORDS")]
        why: Option<String>,
    },
    /// Say anew whom a pin must reach, or in what time
    #[command(
        after_long_help = "Example:\n  allclear pin edit pin_06f1k2m9qv7x3t1a --whom team/payments --why 'Ana left'"
    )]
    Edit {
        /// The id of the pin
        pin: PinId,
        /// Whom its signals must reach
        #[arg(long, value_name = "WHOM", required_unless_present = "within")]
        whom: Option<String>,
        /// Within what time after the first signal
        #[arg(long, value_name = "SPAN")]
        within: Option<Span>,
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
    },
    /// Retire a pin: it holds nothing any more, and stays on record
    #[command(after_long_help = "Example:\n  allclear pin retire pin_06f1k2m9qv7x3t1a --why 'the shop is gone'")]
    Retire {
        /// The id of the pin
        pin: PinId,
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
    },
}

pub(crate) fn run(command: &Pins) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::List { retired, incident } => {
            let query = PinQuery { retired: retired.then_some(true), incident: incident.map(|id| id.to_string()) };
            list(&client, &query, look)
        }
        Command::Show { pin } => {
            let found: Pin = client.get(&["pins", &pin.to_string()], &json!({}))?;
            told(&found, look);
            Ok(Exit::Fine)
        }
        Command::Add { incident, whom, within, why } => {
            let body = NewPin { whom: whom.clone(), within: *within, why: why.clone() };
            let made: Pin = client.post(&["incidents", &incident.to_string(), "pins"], &body)?;
            told(&made, look);
            Ok(Exit::Fine)
        }
        Command::Edit { pin, whom, within, why } => {
            act(&client, *pin, &PinDeed::Edit { whom: whom.clone(), within: *within, why: why.clone() }, look)
        }
        Command::Retire { pin, why } => act(&client, *pin, &PinDeed::Retire { why: why.clone() }, look),
    }
}

fn act(client: &Client, pin: PinId, deed: &PinDeed, look: Look) -> Outcome {
    let made: Pin = client.post(&["pins", &pin.to_string()], deed)?;
    told(&made, look);
    Ok(Exit::Fine)
}

fn list(client: &Client, query: &PinQuery, look: Look) -> Outcome {
    let found: web::api::Listing<Pin> = client.get(&["pins"], query)?;
    let fails = found.items.iter().any(|pin| pin.standing == "fails");
    if look.json {
        screen::say_json(&found);
    } else {
        let row = |pin: &Pin| {
            let standing = if pin.retired.is_some() { "retired".to_owned() } else { pin.standing.clone() };
            [pin.id.clone(), standing, pin.whom.clone(), pin.within.to_string(), pin.title.clone(), pin.said.clone()]
        };
        let rows: Vec<[String; 6]> = found.items.iter().map(row).collect();
        screen::say_table(["ID", "STANDS", "WHOM", "WITHIN", "INCIDENT", "BECAUSE"], &rows, "Nothing is pinned.");
    }
    Ok(if fails { Exit::Trouble } else { Exit::Fine })
}

fn told(pin: &Pin, look: Look) {
    if look.json {
        screen::say_json(pin);
        return;
    }
    screen::say(format!("{} of {}: {}", pin.id, pin.incident, pin.title));
    screen::say(format!("  it {}", pin.expects));
    match &pin.retired {
        Some(retired) => screen::say(format!("  retired {} by {}: {}", look.time(retired.at), retired.by, retired.why)),
        None => screen::say(format!("  {}: {}", pin.standing, pin.said)),
    }
    for line in &pin.story {
        screen::say(format!("    {line}"));
    }
    if pin.overridden > 0 {
        screen::say(format!("  let fail {} times", pin.overridden));
    }
}

/// What pins say to what is planned.
pub(crate) fn tell_planned(found: &PlannedPins) {
    let paint = if found.others.is_empty() { Paint::Good } else { Paint::Warning };
    screen::say_marked(paint, "pins", &format!("{} of {} hold", found.hold, found.pins));
    for one in &found.others {
        screen::say(format!("    {} {}: it {}; {}", one.standing, one.title, one.expects, one.said));
        for line in one.story.iter().filter(|_| one.standing == "fails") {
            screen::say(format!("        {line}"));
        }
    }
}
