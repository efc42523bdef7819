//! `allclear digest`: one's own weekly digest as it would be now, and whether it is sent.

use clap::Args;
use web::api::learn::digests::{Digest, DigestChoice};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::Server;

/// Show your weekly digest as it would be now: what was learned, came back, is overdue, or happened in years before
///
/// It is sent on Mondays, of what you may see about the services of your teams and what you own.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  allclear digest\n  allclear digest --off")]
pub(crate) struct Show {
    /// Send it no more
    #[arg(long, conflicts_with = "on")]
    off: bool,

    /// Send it on Mondays
    #[arg(long)]
    on: bool,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn show(command: &Show) -> Outcome {
    let client = command.server.client()?;
    let path = ["me", "digest"];
    let found: Digest = if command.on || command.off {
        client.put(&path, &DigestChoice { wanted: command.on })?
    } else {
        client.get(&path, &())?
    };
    if command.look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    for section in &found.sections {
        screen::say(&section.title);
        for line in &section.lines {
            screen::say(format!("  {}: {}", line.title, line.note));
        }
        if section.more > 0 {
            screen::say(format!("  and {} more", section.more));
        }
        screen::say("");
    }
    if found.sections.is_empty() {
        screen::say("There is nothing to say of the last seven days.");
    }
    screen::remark(if found.wanted { "It is sent to you on Mondays." } else { "It is not sent to you." });
    Ok(Exit::Fine)
}
