//! `allclear outgoing-webhook`: the programs that are told of events, their secrets and their log.

use clap::{Args, Subcommand};
use domain::words::{DeliveryId, Name, Span};
use serde_json::json;
use web::api::Listing;
use web::api::inform::outgoing_webhooks::{
    DeliveryQuery, EventDelivery, OutgoingWebhook, RotatedSecret, SecretRotation,
};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::{Client, Server};

/// Programs that are told of events: list, log, replay, test, secret
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear outgoing-webhook list\n  allclear outgoing-webhook log tickets --unsent"
)]
pub(crate) struct OutgoingWebhooks {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List outgoing webhooks, with how each stands
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook list")]
    List,
    /// List what was sent to an outgoing webhook, or waits for it, the newest first
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook log tickets --unsent")]
    Log {
        /// The name of the outgoing webhook
        name: Name,

        /// Only what did not arrive, or has not yet
        #[arg(long)]
        unsent: bool,

        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a delivery, with its attempts and its body
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook show tickets dlv_06f1k2m9qv7x3t1a")]
    Show {
        /// The name of the outgoing webhook
        name: Name,

        /// The id of the delivery
        delivery: DeliveryId,
    },
    /// Send the events of deliveries anew, with the same webhook-id
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook replay tickets dlv_06f1k2m9qv7x3t1a")]
    Replay {
        /// The name of the outgoing webhook
        name: Name,

        /// The ids of the deliveries
        #[arg(required = true)]
        deliveries: Vec<DeliveryId>,
    },
    /// Send a test event
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook test tickets")]
    Test {
        /// The name of the outgoing webhook
        name: Name,
    },
    /// Give an outgoing webhook a new signing secret, and print it
    ///
    /// The secret of before signs, too, for --overlap, so that the receiver can be told in time.
    #[command(
        after_long_help = "Examples:\n  allclear outgoing-webhook secret tickets\n  allclear outgoing-webhook secret tickets --overlap 0s"
    )]
    Secret {
        /// The name of the outgoing webhook
        name: Name,

        /// For how long the secret of before signs, too
        #[arg(long, default_value = "24h")]
        overlap: Span,
    },
    /// Switch an outgoing webhook on again whose receiver answered 410
    #[command(after_long_help = "Example:\n  allclear outgoing-webhook enable tickets")]
    Enable {
        /// The name of the outgoing webhook
        name: Name,
    },
}

pub(crate) fn run(command: &OutgoingWebhooks) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    let at = |name: &Name, rest: &[&str]| -> Vec<String> {
        let path = ["outgoing-webhooks", name.as_str()].into_iter().chain(rest.iter().copied());
        path.map(str::to_owned).collect()
    };
    match &command.command {
        Command::List => return list(&client, look),
        Command::Log { name, unsent, limit } => return log(&client, name, *unsent, *limit, look),
        Command::Show { name, delivery } => {
            let path = at(name, &["deliveries", &delivery.to_string()]);
            show(&client.get::<EventDelivery>(&words(&path), &())?, look);
        }
        Command::Replay { name, deliveries } => {
            let mut made = Vec::new();
            for delivery in deliveries {
                let path = at(name, &["deliveries", &delivery.to_string(), "replay"]);
                let one: EventDelivery = client.post(&words(&path), &())?;
                if !look.json {
                    screen::say(format!("{delivery} is sent again as {}.", one.id));
                }
                made.push(one);
            }
            if look.json {
                screen::say_json(&Listing::whole(made));
            }
        }
        Command::Test { name } => {
            let sent: EventDelivery = client.post(&words(&at(name, &["test"])), &())?;
            if look.json {
                screen::say_json(&sent);
            } else {
                let (id, show) = (&sent.id, "allclear outgoing-webhook show");
                screen::say(format!("A test event is on its way. What became of it: {show} {name} {id}"));
            }
        }
        Command::Secret { name, overlap } => {
            let body = SecretRotation { overlap: Some(*overlap) };
            let made: RotatedSecret = client.post(&words(&at(name, &["secrets"])), &body)?;
            if look.json {
                screen::say_json(&made);
            } else {
                screen::remark(format!("The signing secret of {name}. It is shown only now:"));
                screen::say(&made.secret);
            }
        }
        Command::Enable { name } => {
            client.post_quietly(&words(&at(name, &["enable"])), &())?;
            if look.json {
                screen::say_json(&json!({ "enabled": name }));
            } else {
                screen::say(format!("{name} is told of what happens from now on."));
            }
        }
    }
    Ok(Exit::Fine)
}

fn words(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn list(client: &Client, look: Look) -> Outcome {
    let (all, _) = client.list::<OutgoingWebhook>(&["outgoing-webhooks"], &(), usize::MAX)?;
    if look.json {
        screen::say_json(&Listing::whole(all));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = all
        .into_iter()
        .map(|one| {
            let events = if one.events.is_empty() { "all".to_owned() } else { one.events.join(", ") };
            let last = one.last.map_or_else(|| "nothing yet".to_owned(), |last| last.state);
            [one.name, one.url, events, one.state, one.waiting.to_string(), last]
        })
        .collect();
    let heads = ["WEBHOOK", "URL", "EVENTS", "STATE", "WAITING", "LAST"];
    screen::say_table(heads, &rows, "There are no outgoing webhooks.");
    Ok(Exit::Fine)
}

fn log(client: &Client, name: &Name, unsent: bool, limit: usize, look: Look) -> Outcome {
    let query = DeliveryQuery { unsent, ..DeliveryQuery::default() };
    let path = ["outgoing-webhooks", name.as_str(), "deliveries"];
    let (lines, _) = client.list::<EventDelivery>(&path, &query, limit)?;
    if look.json {
        screen::say_json(&Listing::whole(lines));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = lines
        .into_iter()
        .map(|one| {
            let when = look.time(one.settled_at.unwrap_or(one.created_at));
            [one.id, one.event, one.state, one.attempts.to_string(), when, one.detail.unwrap_or_default()]
        })
        .collect();
    screen::say_table(["DELIVERY", "EVENT", "STATE", "ATTEMPTS", "WHEN", "SAID"], &rows, "Nothing was sent yet.");
    Ok(Exit::Fine)
}

fn show(one: &EventDelivery, look: Look) {
    if look.json {
        screen::say_json(one);
        return;
    }
    screen::say(format!("{}: {}, {}", one.id, one.event, one.state));
    for attempt in one.tried.iter().flatten() {
        let said = attempt.detail.as_deref().unwrap_or("");
        screen::say(format!("  {} {} {}: {said}", attempt.number, look.time(attempt.ended_at), attempt.outcome));
    }
    if let Some(body) = &one.body {
        screen::say(format!("{body:#}"));
    }
}
