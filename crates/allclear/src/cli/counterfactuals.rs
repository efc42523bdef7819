//! `allclear counterfactual`: had a step of an escalation policy waited less, whom would its past pages have called earlier?

use clap::Args;
use domain::words::{Name, Span};
use web::api::learn::counterfactuals::{CounterfactualQuery, Counterfactuals};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::Server;

/// Say whom the past pages of an escalation policy would have called earlier, had a step waited less
///
/// Without --step, shorter waits of each step are tried, and those that would have won something are told, with what they would have
/// cost. Whether somebody answers cannot be played: "called" means that a message goes out.
#[derive(Debug, Args)]
#[command(
    name = "counterfactual",
    after_long_help = "Examples:\n  allclear counterfactual payments\n  allclear counterfactual payments --step 1 --wait 2m"
)]
pub(crate) struct Counterfactual {
    /// The name of the policy
    #[arg(value_name = "POLICY")]
    policy: Name,

    /// A step, counted from 1
    #[arg(long, value_name = "STEP", requires = "wait")]
    step: Option<usize>,

    /// How long that step would wait: 2m
    #[arg(long, value_name = "SPAN", requires = "step")]
    wait: Option<Span>,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Counterfactual) -> Outcome {
    let client = command.server.client()?;
    let query = CounterfactualQuery { step: command.step, wait: command.wait };
    let path = ["escalation-policies", command.policy.as_str(), "counterfactuals"];
    let found: Counterfactuals = client.get(&path, &query)?;
    if command.look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    let left_out = match found.left_out {
        0 => String::new(),
        count => format!(" ({count} more went otherwise than the policy of today would have them)"),
    };
    screen::say(format!("Of {} pages{left_out}:", found.n));
    for one in &found.told {
        screen::say(format!("  {}", one.sentence));
    }
    if found.told.is_empty() {
        screen::say("  nothing to tell: there are too few pages, or no shorter wait would have won anything");
    }
    Ok(Exit::Fine)
}
