//! `allclear integration`: the sources of signals, and their tokens.

use actions::prepare::access;
use clap::{Args, Subcommand};
use domain::words::{Name, Span, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use store::prepare::documents as rows;
use web::api::Listing;
use web::api::detect::integrations::{IntegrationToken, RotatedToken, Rotation, TestAlert};
use web::api::prepare::documents::{Document, KindQuery};

use super::local::{Local, whoever_is_here};
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};

/// Sources of signals: list, a new token, a test
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  allclear integration list\n  allclear integration token prometheus")]
pub(crate) struct Integrations {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List integrations, and when each was heard of last
    #[command(after_long_help = "Example:\n  allclear integration list")]
    List,
    /// Give an integration a new token, and print it
    ///
    /// The tokens it had go on working for --grace, so that no signal is lost while the source is told the new one.
    #[command(
        after_long_help = "Examples:\n  allclear integration token prometheus\n  allclear integration token prometheus --local --data /var/lib/allclear"
    )]
    Token {
        /// The name of the integration
        name: Name,

        /// For how long the tokens it had go on working
        #[arg(long, default_value = "24h")]
        grace: Span,

        #[command(flatten)]
        local: Local,
    },
    /// Send an alert as if the integration had: it takes the way of all alerts, and pages
    #[command(after_long_help = "Example:\n  allclear integration test prometheus")]
    Test {
        /// The name of the integration
        name: Name,
    },
}

/// An integration as a line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) tokens: usize,
    pub(crate) heard_at: Option<Timestamp>,
}

pub(crate) fn run(command: &Integrations) -> Outcome {
    let look = command.look;
    match &command.command {
        Command::List => list(&command.server.client()?, look),
        Command::Token { name, grace, local } if local.local => token_local(name, *grace, local, look),
        Command::Token { name, grace, .. } => {
            let body = Rotation { grace: Some(*grace) };
            let made: RotatedToken =
                command.server.client()?.post(&["integrations", name.as_str(), "tokens"], &body)?;
            show_token(name, &made.secret, look);
            Ok(Exit::Fine)
        }
        Command::Test { name } => {
            let client = command.server.client()?;
            let sent: TestAlert = client.post(&["integrations", name.as_str(), "test"], &())?;
            if look.json {
                screen::say_json(&sent);
            } else if let Some(alert) = &sent.alert {
                screen::say(format!(
                    "{alert} fires, and is over in five minutes. Whom it pages: allclear alert show {alert}"
                ));
            } else {
                screen::say("The alert is sent. What became of it: allclear alert list");
            }
            Ok(Exit::Fine)
        }
    }
}

/// Every integration, with its tokens.
pub(crate) fn known(client: &Client) -> Result<Vec<Known>, Failure> {
    let query = KindQuery { kind: Some("integration".into()) };
    let (documents, _) = client.list::<Document>(&["documents"], &query, usize::MAX)?;
    let mut known = Vec::new();
    for document in documents {
        let tokens: Listing<IntegrationToken> = client.get(&["integrations", &document.name, "tokens"], &())?;
        let source = document.spec["source"].as_object().and_then(|source| source.keys().next().cloned());
        known.push(Known {
            title: document.spec["title"].as_str().unwrap_or_default().to_owned(),
            source: source.or_else(|| document.spec["source"].as_str().map(Into::into)).unwrap_or_default(),
            tokens: tokens.items.len(),
            heard_at: tokens.items.iter().filter_map(|token| token.used_at).max(),
            name: document.name,
        });
    }
    Ok(known)
}

fn list(client: &Client, look: Look) -> Outcome {
    let known = known(client)?;
    if look.json {
        screen::say_json(&Listing::whole(known.iter().map(|one| json!(one)).collect::<Vec<Value>>()));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 5]> = known
        .iter()
        .map(|one| {
            let (tokens, heard) = (one.tokens.to_string(), look.time_or(one.heard_at, "never"));
            [one.name.clone(), one.title.clone(), one.source.clone(), tokens, heard]
        })
        .collect();
    screen::say_table(["INTEGRATION", "TITLE", "SOURCE", "TOKENS", "HEARD OF"], &rows, "There are no integrations.");
    Ok(Exit::Fine)
}

fn token_local(name: &Name, grace: Span, local: &Local, look: Look) -> Outcome {
    let secret = local.database.open(false)?.act(&whoever_is_here(), |tx, moment| {
        let catalog = rows::load_all(tx)?;
        access::rotate_integration_token(tx, moment, &catalog, name, grace)
    })?;
    show_token(name, secret.reveal(), look);
    Ok(Exit::Fine)
}

fn show_token(name: &Name, token: &str, look: Look) {
    if look.json {
        screen::say_json(&json!({ "integration": name, "token": token }));
    } else {
        screen::remark(format!("The token of integration {name}. It is shown only now:"));
        screen::say(token);
    }
}
