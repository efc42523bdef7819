//! `allclear action-item`: what is to be done after incidents, how it stands, and what proves it.

use clap::{Args, Subcommand};
use domain::learn::action_items::{Kind, Priority};
use domain::learn::item_checks::Check;
use domain::words::{ActionItemId, IncidentId, Name};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::learn::action_items::{
    ActionItem, ActionItemDeed, ActionItemDetail, ActionItemQuery, ItemSurvival, NewActionItem, SurvivalQuery,
};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, when};
use crate::client::{Client, Server};
use crate::clock;

/// Action items: what follows from incidents, who owns it, by when, and what proves it
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear action-item list\n  allclear action-item add inc_06f1k2m9qv7x3t1a 'Limit the queue to 1000' --bound 'a test with 1001 is refused' --owner ben"
)]
pub(crate) struct ActionItems {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List items of incidents that you may see: the open ones, by when they are due
    #[command(
        after_long_help = "Examples:\n  allclear action-item list --mine --overdue\n  allclear action-item list --all --csv > items.csv"
    )]
    List {
        /// Only yours
        #[arg(long, conflicts_with = "owner")]
        mine: bool,
        /// Only those of one person
        #[arg(long, value_name = "PERSON")]
        owner: Option<Name>,
        /// Also those that are done, proven, or will not be done
        #[arg(long)]
        all: bool,
        /// Only those that are past their due date
        #[arg(long)]
        overdue: bool,
        /// Of one incident
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<IncidentId>,
        /// Of incidents that touch this service
        #[arg(long, value_name = "SERVICE")]
        service: Option<Name>,
        /// Write them as comma-separated values
        #[arg(long)]
        csv: bool,
    },
    /// Show one item, with what its check saw
    #[command(after_long_help = "Example:\n  allclear action-item show act_06f1k2m9qv7x3t1a")]
    Show {
        /// The id of the item
        item: ActionItemId,
    },
    /// Propose an item of an incident
    #[command(
        after_long_help = "Example:\n  allclear action-item add inc_06f1k2m9qv7x3t1a 'Add a runbook for the shop' --bound 'the service names it' --owner ben \\\n    --kind mitigate --check '{\"by\":\"document\",\"document\":\"service/shop\",\"field\":\"/runbook\",\"must\":\"exist\"}'"
    )]
    Add(Box<Add>),
    /// Accept an item that is for you
    #[command(after_long_help = "Example:\n  allclear action-item accept act_06f1k2m9qv7x3t1a")]
    Accept {
        /// The id of the item
        item: ActionItemId,
    },
    /// Say that an item of yours is done; its check is asked at once
    #[command(
        after_long_help = "Example:\n  allclear action-item done act_06f1k2m9qv7x3t1a 'merged, and on all hosts'"
    )]
    Done {
        /// The id of the item
        item: ActionItemId,
        /// What was done
        #[arg(value_name = "WORDS")]
        said: Option<String>,
    },
    /// Ask the check of an item now
    #[command(after_long_help = "Example:\n  allclear action-item check act_06f1k2m9qv7x3t1a")]
    Check {
        /// The id of the item
        item: ActionItemId,
    },
    /// Say that you saw that it holds, where no machine can
    #[command(
        after_long_help = "Example:\n  allclear action-item confirm act_06f1k2m9qv7x3t1a 'the branch is protected'"
    )]
    Confirm {
        /// The id of the item
        item: ActionItemId,
        /// What you saw
        #[arg(value_name = "WORDS")]
        seen: String,
    },
    /// Ask that an item need not be done; or agree to that, if somebody else asked
    #[command(
        after_long_help = "Examples:\n  allclear action-item drop act_06f1k2m9qv7x3t1a --why 'the queue goes away'\n  allclear action-item drop act_06f1k2m9qv7x3t1a --agree"
    )]
    Drop {
        /// The id of the item
        item: ActionItemId,
        /// Why it need not be done
        #[arg(long, value_name = "WORDS", required_unless_present = "agree", conflicts_with = "agree")]
        why: Option<String>,
        /// You agree with whoever asked
        #[arg(long)]
        agree: bool,
    },
    /// Have an issue in a tracker follow an item: a new one, or one that is there
    #[command(
        after_long_help = "Examples:\n  allclear action-item track act_06f1k2m9qv7x3t1a --in shop\n  allclear action-item track act_06f1k2m9qv7x3t1a --in shop --issue https://github.com/example/shop/issues/12"
    )]
    Track {
        /// The id of the item
        item: ActionItemId,
        /// The name of the tracker
        #[arg(long = "in", value_name = "TRACKER")]
        tracker: Name,
        /// The address of an issue that is there; without it, a new one is made
        #[arg(long, value_name = "URL")]
        issue: Option<String>,
        /// Its incident is restricted, and its title and bound may be read there all the same
        #[arg(long)]
        consent: bool,
    },
    /// Let the issue that follows an item go; it stays as it is
    #[command(after_long_help = "Example:\n  allclear action-item untrack act_06f1k2m9qv7x3t1a")]
    Untrack {
        /// The id of the item
        item: ActionItemId,
    },
    /// Show how long items stay open; what is open counts as open so far
    #[command(after_long_help = "Example:\n  allclear action-item survival --by kind")]
    Survival {
        /// all, kind, priority or service
        #[arg(long, default_value = "all", value_name = "WHAT")]
        by: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The id of the incident
    incident: IncidentId,
    /// What is to be otherwise: it begins with a verb
    #[arg(value_name = "WORDS")]
    title: String,
    /// It is done when ...
    #[arg(long, value_name = "WORDS")]
    bound: String,
    /// Who owns it
    #[arg(long, value_name = "PERSON")]
    owner: Name,
    /// prevent, detect, mitigate or process
    #[arg(long, default_value = "prevent")]
    kind: String,
    /// high, normal or low
    #[arg(long, default_value = "normal")]
    priority: String,
    /// When it is due: 2026-12-24T18:00, 18:00 (UTC); as the severity of the incident has it, if absent
    #[arg(long, value_name = "TIME")]
    due: Option<String>,
    /// The factor that it answers
    #[arg(long, value_name = "FACTOR")]
    factor: Option<String>,
    /// What proves it, as JSON: see the guide. By hand, if absent
    #[arg(long, value_name = "JSON")]
    check: Option<String>,
}

pub(crate) fn run(command: &ActionItems) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::List { mine, owner, all, overdue, incident, service, csv } => {
            let query = ActionItemQuery {
                owner: if *mine { Some("me".into()) } else { owner.as_ref().map(Name::to_string) },
                state: (!all).then(|| "open".into()),
                overdue: overdue.then_some(true),
                incident: incident.map(|id| id.to_string()),
                service: service.as_ref().map(Name::to_string),
                ..ActionItemQuery::default()
            };
            if *csv {
                screen::pour(&client.text(&["action-items.csv"], &query)?);
                return Ok(Exit::Fine);
            }
            list(&client, &query, look)
        }
        Command::Show { item } => show(&client, *item, look),
        Command::Add(add) => propose(&client, add, look),
        Command::Accept { item } => act(&client, *item, &ActionItemDeed::Accept {}, look),
        Command::Done { item, said } => act(&client, *item, &ActionItemDeed::Done { said: said.clone() }, look),
        Command::Check { item } => {
            act(&client, *item, &ActionItemDeed::Check {}, look)?;
            if look.json { Ok(Exit::Fine) } else { show(&client, *item, look) }
        }
        Command::Confirm { item, seen } => act(&client, *item, &ActionItemDeed::Confirm { seen: seen.clone() }, look),
        Command::Drop { item, why, .. } => {
            let deed = match why {
                Some(why) => ActionItemDeed::AskDrop { why: why.clone() },
                None => ActionItemDeed::ApproveDrop {},
            };
            act(&client, *item, &deed, look)
        }
        Command::Track { item, tracker, issue, consent } => {
            let deed = ActionItemDeed::Track { tracker: tracker.clone(), issue: issue.clone(), consent: *consent };
            act(&client, *item, &deed, look)
        }
        Command::Untrack { item } => act(&client, *item, &ActionItemDeed::Untrack {}, look),
        Command::Survival { by } => survival(&client, by, look),
    }
}

fn list(client: &Client, query: &ActionItemQuery, look: Look) -> Outcome {
    let found: web::api::Listing<ActionItem> = client.get(&["action-items"], query)?;
    if look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    let row = |one: &ActionItem| {
        let due = look.time(one.due_at);
        [
            one.id.clone(),
            if one.overdue { format!("{due} !") } else { due },
            one.state.clone(),
            one.owner.clone(),
            one.priority.clone(),
            one.title.clone(),
        ]
    };
    let rows: Vec<[String; 6]> = found.items.iter().map(row).collect();
    screen::say_table(["ID", "DUE", "STANDS", "OWNER", "PRIORITY", "WHAT"], &rows, "There is none.");
    Ok(Exit::Fine)
}

fn show(client: &Client, item: ActionItemId, look: Look) -> Outcome {
    let found: ActionItemDetail = client.get(&["action-items", &item.to_string()], &json!({}))?;
    if look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    let one = &found.item;
    screen::say(format!("{} is {}: {}", one.id, one.state, one.title));
    screen::say(format!("  of        {}: {}", one.incident, found.incident_title));
    screen::say(format!("  owner     {}", one.owner));
    screen::say(format!("  done when {}", one.bound));
    screen::say(format!("  due       {}{}", look.time(one.due_at), if one.overdue { ", overdue" } else { "" }));
    screen::say(format!("  proof     {}", one.check_says));
    if let Some(drop) = &one.drop {
        let decided = drop.approved_by.as_ref().map_or_else(
            || format!("{} asks that it need not be done", drop.asked_by),
            |by| format!("not done, asked {} and agreed {by}", drop.asked_by),
        );
        screen::say(format!("  {decided}: {}", drop.why));
    }
    if let Some(tracked) = &found.tracked {
        let issue = tracked.url.as_deref().unwrap_or("an issue that is being made");
        let status = tracked.status.as_deref().unwrap_or("not heard of yet");
        screen::say(format!("  issue     {issue} in {}: {status}", tracked.tracker));
        if let Some(trouble) = &tracked.trouble {
            screen::remark(trouble);
        }
    }
    for seen in &found.evidence {
        screen::say(format!("  {} {}: {}", look.time(seen.at), seen.answer, seen.said));
    }
    for back in &found.recurrences {
        screen::say(format!("  it came back {} as {}", look.time(back.at), back.incident));
    }
    for note in &found.advice {
        screen::remark(note);
    }
    Ok(Exit::Fine)
}

fn propose(client: &Client, add: &Add, look: Look) -> Outcome {
    let check = match &add.check {
        Some(text) => Some(serde_json::from_str::<Check>(text).map_err(|error| {
            Failure::invalid(format!("--check is no check: {error}; the guide about action items has each"))
        })?),
        None => None,
    };
    let due_at = match &add.due {
        Some(text) => Some(when::read(text, &TimeZone::UTC, clock::clock()())?),
        None => None,
    };
    let body = NewActionItem {
        title: add.title.clone(),
        bound: add.bound.clone(),
        owner: add.owner.clone(),
        kind: add.kind.parse::<Kind>()?,
        priority: Some(add.priority.parse::<Priority>()?),
        due_at,
        factor: add.factor.clone(),
        check,
    };
    let made: ActionItem = client.post(&["incidents", &add.incident.to_string(), "action-items"], &body)?;
    told(&made, look);
    Ok(Exit::Fine)
}

fn act(client: &Client, item: ActionItemId, deed: &ActionItemDeed, look: Look) -> Outcome {
    let made: ActionItem = client.post(&["action-items", &item.to_string()], deed)?;
    told(&made, look);
    Ok(Exit::Fine)
}

fn told(made: &ActionItem, look: Look) {
    if look.json {
        screen::say_json(made);
    } else {
        screen::say(format!("{} is {}, due {}: {}", made.id, made.state, look.time(made.due_at), made.title));
    }
}

fn survival(client: &Client, by: &str, look: Look) -> Outcome {
    let query = SurvivalQuery { by: Some(by.to_owned()) };
    let found: web::api::Listing<ItemSurvival> = client.get(&["action-items", "survival"], &query)?;
    if look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    let row = |one: &ItemSurvival| {
        let half = match (one.open, one.half_days) {
            (None, _) => "cannot tell".to_owned(),
            (Some(_), Some(days)) => format!("{days:.0} days"),
            (Some(_), None) => "not yet".to_owned(),
        };
        let open = one.open.map_or_else(String::new, |open| open.to_string());
        [one.what.clone(), one.n.to_string(), open, half]
    };
    let rows: Vec<[String; 4]> = found.items.iter().map(row).collect();
    screen::say_table(["WHAT", "ITEMS", "NOT DONE", "HALF DONE WITHIN"], &rows, "There is none.");
    Ok(Exit::Fine)
}
