//! The commands of Allclear, one line each.

mod clock;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Incident response that you host yourself.
#[derive(Parser, Debug)]
#[command(name = "allclear", version)]
struct Allclear {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Watch(watch::Watch),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Allclear::parse().command {
        Command::Watch(watch) => watch::run(watch),
    }
}
