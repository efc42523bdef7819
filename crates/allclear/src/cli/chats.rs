//! `allclear chat`: how each chat stands, and a word to try one out.

use clap::{Args, Subcommand};
use domain::words::Name;
use web::api::Listing;
use web::api::respond::chats::Chat;

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::{Client, Server};

/// Slack and Matrix: how each stands, and a word to try one out
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  allclear chat list\n  allclear chat test ops")]
pub(crate) struct Chats {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List chats, with how each stands
    #[command(after_long_help = "Example:\n  allclear chat list")]
    List,
    /// Say something where incidents are announced
    #[command(after_long_help = "Example:\n  allclear chat test ops")]
    Test {
        /// The name of the chat
        name: Name,
    },
}

pub(crate) fn run(command: &Chats) -> Outcome {
    let (client, look) = (command.server.client()?, command.look);
    match &command.command {
        Command::List => list(&client, look),
        Command::Test { name } => {
            let chat: Chat = client.post(&["chats", name.as_str(), "test"], &())?;
            if look.json {
                screen::say_json(&chat);
            } else {
                screen::say(format!("{name} is about to say something. How it stands: allclear chat list"));
            }
            Ok(Exit::Fine)
        }
    }
}

fn list(client: &Client, look: Look) -> Outcome {
    let (all, _) = client.list::<Chat>(&["chats"], &(), usize::MAX)?;
    if look.json {
        screen::say_json(&Listing::whole(all));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 6]> = all
        .into_iter()
        .map(|one| {
            let last = one.spoke_at.max(one.heard_at).map_or_else(|| "never".to_owned(), |at| look.time(at));
            [one.name, one.provider, one.state, one.waiting.to_string(), last, one.error.unwrap_or_default()]
        })
        .collect();
    screen::say_table(["CHAT", "PROVIDER", "STATE", "WAITING", "LAST", "FAILED"], &rows, "There are no chats.");
    Ok(Exit::Fine)
}
