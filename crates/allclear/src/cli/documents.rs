//! `allclear plan`, `apply`, `export`, `history`, `diff`, `rollback`: documents, from files and back.

use actions::prepare::documents::{self as acts, Order, Outcome as Applied, Plan};
use clap::Args;
use domain::prepare::checks::Conditions;
use domain::prepare::diff::{Difference, Verb};
use domain::prepare::problems::Problem;
use domain::prepare::reading::Reading;
use domain::words::Actor;

use super::files;
use super::local::Local;
use super::screen::{self, Look, Paint};
use super::{Exit, Failure, Outcome};

/// Put documents in force: all of them, or none
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear apply -f config/ --reason 'Chen joins the rotation'\n  allclear apply --local --data /var/lib/allclear -f config/"
)]
pub(crate) struct Apply {
    #[command(flatten)]
    what: What,

    /// Why, for the history
    #[arg(long)]
    reason: Option<String>,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    local: Local,

    #[command(flatten)]
    look: Look,
}

/// Which documents.
#[derive(Debug, Args)]
struct What {
    /// Files of YAML, or directories of them; - is standard input (repeat it)
    #[arg(short, long = "file", required = true, value_name = "PATH", num_args = 1..)]
    file: Vec<std::path::PathBuf>,

    /// Delete documents of the same kinds that are not in the files
    #[arg(long)]
    prune: bool,
}

impl What {
    fn read(&self) -> Result<Reading, Failure> {
        let texts = files::read(&self.file)?;
        let reading = acts::read_files(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        if reading.proposals.is_empty() && reading.problems.is_empty() {
            return Err(Failure::invalid("there is no document in these files"));
        }
        Ok(reading)
    }
}

pub(crate) fn apply(command: &Apply) -> Outcome {
    let reading = command.what.read()?;
    if !reading.problems.is_empty() {
        tell_problems(&reading.problems, command.look);
        return Ok(Exit::Trouble);
    }
    if !command.local.local {
        return Err(Failure::invalid("only --local is understood so far"));
    }
    let order = Order {
        proposals: reading.proposals,
        prune: command.what.prune,
        reason: command.reason.clone(),
        ..Order::default()
    }
    .via("apply");
    let applied = command.local.database.open(true)?.act(&Actor::System, |tx, moment| {
        let conditions = Conditions::at(moment.now);
        acts::apply(tx, moment, &order, conditions)
    })?;
    match applied {
        Applied::Refused(plan) => {
            tell_problems(&plan.problems, command.look);
            return Ok(Exit::Trouble);
        }
        Applied::Unchanged(plan) => tell_plan(&plan, command.look),
        Applied::Applied { changeset, plan } => {
            tell_plan(&plan, command.look);
            screen::say(format!("Applied as changeset {}", changeset.number));
        }
    }
    Ok(Exit::Fine)
}

fn tell_problems(problems: &[Problem], _look: Look) {
    for problem in problems {
        screen::say_marked(Paint::Bad, "wrong", &problem.to_string());
    }
    screen::remark("Nothing was changed.");
}

fn tell_plan(plan: &Plan, _look: Look) {
    for difference in &plan.differences {
        tell_difference(difference);
    }
    for warning in &plan.warnings {
        screen::say_marked(Paint::Warning, "doubtful", &warning.to_string());
    }
    if plan.differences.is_empty() {
        screen::say("Everything says already what it should.");
    }
}

fn tell_difference(difference: &Difference) {
    let (paint, sign) = match difference.verb {
        Verb::Create => (Paint::Good, "+"),
        Verb::Change => (Paint::Warning, "~"),
        Verb::Delete => (Paint::Bad, "-"),
    };
    screen::say_marked(paint, sign, &difference.to_string());
}
