//! Runs. The binary: the commands, one line each.

mod cli;
mod client;
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
#[command(after_help = "Exit codes: 0 done, 1 refused or something is wrong, 2 changes pending (plan), 3 the server \
                        cannot be reached.")]
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
    #[command(name = "alert")]
    Alerts(cli::alerts::Alerts),
    #[command(name = "silence")]
    Silences(cli::silences::Silences),
    #[command(name = "oncall")]
    Who(cli::on_call::Who),
    #[command(name = "override")]
    Overrides(cli::on_call::Overrides),
    #[command(name = "page")]
    Pages(cli::pages::Pages),
    Plan(cli::documents::PlanCommand),
    Apply(cli::documents::Apply),
    Export(cli::documents::Export),
    History(cli::documents::History),
    Diff(cli::documents::Diff),
    Rollback(cli::documents::RollbackCommand),
    #[command(name = "integration")]
    Integrations(cli::integrations::Integrations),
    #[command(name = "token")]
    Tokens(cli::tokens::Tokens),
    Journal(cli::journal::Journal),
    Doctor(cli::doctor::Doctor),
    Schema(cli::print::Schema),
    Backup(cli::keeping::Backup),
    Restore(cli::keeping::Restore),
    Check(cli::keeping::Check),
    Config(cli::print::Config),
    Completions(cli::print::Completions),
}

fn main() -> ExitCode {
    let mut whole = Cli::command();
    let matches = match whole.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return misunderstood(&error),
    };
    let command = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.command,
        Err(error) => return misunderstood(&error.format(&mut whole)),
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
        Command::Alerts(command) => cli::alerts::run(&command),
        Command::Silences(command) => cli::silences::run(&command),
        Command::Who(command) => cli::on_call::who(&command),
        Command::Overrides(command) => cli::on_call::overrides(&command),
        Command::Pages(command) => cli::pages::run(&command),
        Command::Plan(command) => cli::documents::plan(&command),
        Command::Apply(command) => cli::documents::apply(&command),
        Command::Export(command) => cli::documents::export(&command),
        Command::History(command) => cli::documents::history(&command),
        Command::Diff(command) => cli::documents::diff(&command),
        Command::Rollback(command) => cli::documents::rollback(&command),
        Command::Integrations(command) => cli::integrations::run(&command),
        Command::Tokens(command) => cli::tokens::run(&command),
        Command::Journal(command) => cli::journal::run(&command),
        Command::Doctor(command) => cli::doctor::run(&command),
        Command::Schema(command) => cli::print::schema(&command),
        Command::Backup(command) => cli::keeping::backup(&command),
        Command::Restore(command) => cli::keeping::restore(&command),
        Command::Check(command) => cli::keeping::check(&command),
        Command::Config(command) => {
            let given = matches.subcommand_matches("config").unwrap_or(&matches);
            cli::print::config(&command, given, &whole)
        }
        Command::Completions(command) => {
            cli::print::completions(&command, &mut whole);
            Ok(cli::Exit::Fine)
        }
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(),
    }
}

/// Help, the version, or what is wrong with the arguments.
fn misunderstood(error: &clap::Error) -> ExitCode {
    _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    // 2 means that changes are pending; the watch has codes of its own.
    let is_watch = std::env::args_os().nth(1).is_some_and(|command| command == "watch");
    ExitCode::from(if is_watch { 2 } else { 1 })
}
