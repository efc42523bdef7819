//! Runs. The binary: the commands, one line each.

mod cli;
mod clock;
mod config;
mod rounds;
mod serve;
mod telemetry;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Incident response from the alarm to the all-clear to the lesson.
#[derive(Debug, Parser)]
#[command(name = "allclear", version, about, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 refused or something is wrong, 2 wrong arguments (or, for plan: \
                        changes pending), 3 the server cannot be reached.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: take signals, page people, show pages.
    Serve(config::Serve),
    Watch(watch::Watch),
    Setup(cli::setup::Setup),
    #[command(name = "token")]
    Tokens(cli::tokens::Tokens),
    #[command(name = "integration")]
    Integrations(cli::integrations::Integrations),
    Apply(cli::documents::Apply),
    Schema(cli::print::Schema),
    Backup(cli::keeping::Backup),
    Restore(cli::keeping::Restore),
    Check(cli::keeping::Check),
    Config(cli::print::Config),
    Completions(cli::print::Completions),
}

fn main() -> ExitCode {
    let mut whole = Cli::command();
    let matches = whole.clone().get_matches();
    let command = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.command,
        Err(error) => error.format(&mut whole).exit(),
    };
    let outcome = match command {
        Command::Serve(settings) => {
            return match serve::run(&settings) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!("{error:#}");
                    ExitCode::FAILURE
                }
            };
        }
        Command::Watch(watch) => return watch::run(watch),
        Command::Setup(command) => cli::setup::run(&command),
        Command::Tokens(command) => cli::tokens::run(&command),
        Command::Integrations(command) => cli::integrations::run(&command),
        Command::Apply(command) => cli::documents::apply(&command),
        Command::Schema(command) => cli::print::schema(&command),
        Command::Backup(command) => cli::keeping::backup(&command),
        Command::Restore(command) => cli::keeping::restore(&command),
        Command::Check(command) => cli::keeping::check(&command),
        Command::Config(command) => {
            let given = matches.subcommand_matches("config").unwrap_or(&matches);
            cli::print::config(&command, given, &whole)
        }
        Command::Completions(command) => cli::print::completions(&command, &mut whole),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(),
    }
}
