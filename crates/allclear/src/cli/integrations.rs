//! `allclear integration`: the sources of signals, and their tokens.

use actions::prepare::access;
use clap::{Args, Subcommand};
use domain::words::{Actor, Name, Span};
use serde_json::json;
use store::prepare::documents;

use super::local::Local;
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};

/// Sources of signals: what they are, their tokens, a test
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear integration token prometheus")]
pub(crate) struct Integrations {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give an integration a new token, and print it
    ///
    /// The tokens it had go on working for --grace, so that no signal is lost while the source is told the new one.
    #[command(after_long_help = "Example:\n  allclear integration token prometheus --local --data /var/lib/allclear")]
    Token {
        /// The name of the integration
        name: Name,

        /// For how long the tokens it had go on working
        #[arg(long, default_value = "24h")]
        grace: Span,

        #[command(flatten)]
        local: Local,
    },
}

pub(crate) fn run(command: &Integrations) -> Outcome {
    match &command.command {
        Command::Token { name, grace, local } if local.local => token_local(name, *grace, local, command.look),
        Command::Token { .. } => Err(Failure::invalid("only --local is understood so far")),
    }
}

fn token_local(name: &Name, grace: Span, local: &Local, look: Look) -> Outcome {
    let secret = local.database.open(false)?.act(&Actor::System, |tx, moment| {
        let catalog = documents::load_all(tx)?;
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
