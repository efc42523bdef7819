//! Runs. The binary: the commands, one line each.

mod cli;
mod clock;
mod config;
mod rounds;
mod serve;
mod telemetry;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Incident response from the alarm to the all-clear to the lesson.
#[derive(Debug, Parser)]
#[command(name = "allclear", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: take signals, page people, show pages.
    Serve(config::Serve),
    Watch(watch::Watch),
    #[command(name = "integration")]
    Integrations(cli::integrations::Integrations),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
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
        Command::Integrations(command) => cli::integrations::run(&command),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => failure.tell(),
    }
}
