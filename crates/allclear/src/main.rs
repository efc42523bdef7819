//! Runs. The binary: the commands, one line each.

mod chats;
mod cli;
mod client;
mod clock;
mod config;
mod edge;
mod git;
mod item_checks;
mod kept_flags;
mod mirror;
mod outward;
mod publish;
mod rollbacks;
mod rounds;
mod secrets;
mod serve;
mod source;
mod telemetry;
mod trackers;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Incident response from the alarm to the all-clear to the lesson
#[derive(Debug, Parser)]
#[command(name = "allclear", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 refused or something is wrong, 2 changes pending (plan, drift), 3 the server \
                        cannot be reached, or the gate says no."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: take signals, page people, show pages
    ///
    /// Every setting is also read from the environment; allclear config shows what is in force.
    #[command(
        after_help = "Example:\n  allclear serve --data /var/lib/allclear --public-url https://allclear.example.org"
    )]
    Serve(config::Serve),
    Watch(watch::Watch),
    Setup(cli::setup::Setup),
    Demo(cli::demo::Demo),
    #[command(name = "alert")]
    Alerts(cli::alerts::Alerts),
    #[command(name = "silence")]
    Silences(cli::silences::Silences),
    Declare(cli::incidents::Declare),
    #[command(name = "incident")]
    Incidents(cli::incidents::Incidents),
    #[command(name = "action-item")]
    ActionItems(cli::action_items::ActionItems),
    Obligations(cli::obligations::Running),
    Counterfactual(cli::counterfactuals::Counterfactual),
    #[command(name = "pin")]
    Pins(cli::pins::Pins),
    #[command(name = "postmortem")]
    Postmortems(cli::postmortems::Postmortems),
    #[command(name = "customer-postmortem")]
    CustomerPostmortems(cli::customer_postmortems::CustomerPostmortems),
    #[command(name = "review")]
    ReviewMeetings(cli::review_meetings::ReviewMeetings),
    #[command(name = "change")]
    Changes(cli::changes::Changes),
    #[command(name = "ramp")]
    Ramps(cli::ramps::Ramps),
    #[command(name = "notice")]
    Notices(cli::notices::Notices),
    Insights(cli::insights::Show),
    #[command(name = "digest")]
    Digests(cli::digests::Show),
    Search(cli::search::Find),
    #[command(name = "oncall")]
    Who(cli::on_call::Who),
    #[command(name = "override")]
    Overrides(cli::on_call::Overrides),
    #[command(name = "page")]
    Pages(cli::pages::Pages),
    Plan(cli::documents::PlanCommand),
    Apply(cli::documents::Apply),
    Drift(cli::ownership::DriftCommand),
    Export(cli::documents::Export),
    History(cli::documents::History),
    Diff(cli::documents::Diff),
    Rollback(cli::documents::RollbackCommand),
    Replay(cli::replay::Replay),
    #[command(name = "drill")]
    Drills(cli::drills::Drills),
    #[command(name = "flag")]
    Flags(cli::flags::Flags),
    Import(cli::import::Import),
    #[command(name = "chat")]
    Chats(cli::chats::Chats),
    #[command(name = "outgoing-webhook")]
    OutgoingWebhooks(cli::outgoing_webhooks::OutgoingWebhooks),
    #[command(name = "integration")]
    Integrations(cli::integrations::Integrations),
    #[command(name = "token")]
    Tokens(cli::tokens::Tokens),
    Mcp(cli::mcp::Mcp),
    Journal(cli::journal::Journal),
    Doctor(cli::doctor::Doctor),
    Schema(cli::print::Schema),
    Backup(cli::keeping::Backup),
    Restore(cli::keeping::Restore),
    Archive(cli::archive::Archive),
    Check(cli::keeping::Check),
    Verify(cli::verify::Verify),
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
        Command::Demo(command) => cli::demo::run(&command),
        Command::Alerts(command) => cli::alerts::run(&command),
        Command::Silences(command) => cli::silences::run(&command),
        Command::Declare(command) => cli::incidents::declare(&command),
        Command::Incidents(command) => cli::incidents::run(&command),
        Command::ActionItems(command) => cli::action_items::run(&command),
        Command::Obligations(command) => cli::obligations::running(&command),
        Command::Counterfactual(command) => cli::counterfactuals::run(&command),
        Command::Pins(command) => cli::pins::run(&command),
        Command::Postmortems(command) => cli::postmortems::run(&command),
        Command::CustomerPostmortems(command) => cli::customer_postmortems::run(&command),
        Command::ReviewMeetings(command) => cli::review_meetings::run(&command),
        Command::Changes(command) => cli::changes::run(&command),
        Command::Ramps(command) => cli::ramps::run(&command),
        Command::Notices(command) => cli::notices::run(&command),
        Command::Insights(command) => cli::insights::show(&command),
        Command::Digests(command) => cli::digests::show(&command),
        Command::Search(command) => cli::search::find(&command),
        Command::Who(command) => cli::on_call::who(&command),
        Command::Overrides(command) => cli::on_call::overrides(&command),
        Command::Pages(command) => cli::pages::run(&command),
        Command::Plan(command) => cli::documents::plan(&command),
        Command::Apply(command) => cli::documents::apply(&command),
        Command::Drift(command) => cli::ownership::drift(&command),
        Command::Export(command) => cli::documents::export(&command),
        Command::History(command) => cli::documents::history(&command),
        Command::Diff(command) => cli::documents::diff(&command),
        Command::Rollback(command) => cli::documents::rollback(&command),
        Command::Replay(command) => cli::replay::run(&command),
        Command::Drills(command) => cli::drills::run(&command),
        Command::Flags(command) => cli::flags::run(&command),
        Command::Import(command) => cli::import::run(&command),
        Command::Chats(command) => cli::chats::run(&command),
        Command::OutgoingWebhooks(command) => cli::outgoing_webhooks::run(&command),
        Command::Integrations(command) => cli::integrations::run(&command),
        Command::Tokens(command) => cli::tokens::run(&command),
        Command::Mcp(command) => cli::mcp::run(&command),
        Command::Journal(command) => cli::journal::run(&command),
        Command::Doctor(command) => cli::doctor::run(&command),
        Command::Schema(command) => cli::print::schema(&command),
        Command::Backup(command) => cli::keeping::backup(&command),
        Command::Restore(command) => cli::keeping::restore(&command),
        Command::Archive(command) => cli::archive::run(&command),
        Command::Check(command) => cli::keeping::check(&command),
        Command::Verify(command) => cli::verify::run(&command),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that can be run, each with the words that call it.
    fn leaves(command: &clap::Command, called: &str, found: &mut Vec<(String, clap::Command)>) {
        for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
            let called = format!("{called} {}", one.get_name());
            if !one.is_subcommand_required_set() {
                found.push((called.clone(), one.clone()));
            }
            leaves(one, &called, found);
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_gives_an_example_that_is_understood() {
        let whole = Cli::command();
        whole.clone().debug_assert();
        let mut found = Vec::new();
        leaves(&whole, "allclear", &mut found);
        assert!(found.len() > 40, "only {} commands", found.len());
        for (called, command) in found {
            assert!(command.get_about().is_some(), "{called} says nothing about itself");
            let after = command.get_after_long_help().or_else(|| command.get_after_help());
            let after = after.map(ToString::to_string).unwrap_or_default();
            let examples: Vec<String> = after
                .replace("\\\n", " ")
                .lines()
                .filter(|line| line.starts_with("  ") && line.contains("allclear "))
                .map(|line| line.trim().to_owned())
                .collect();
            assert!(!examples.is_empty(), "{called} has no example");
            for example in examples {
                let alone =
                    [" > ", " < ", " && "].iter().fold(example.as_str(), |line, end| line.split(end).next().unwrap());
                let words = words(alone);
                let from = words.iter().position(|word| word == "allclear").unwrap();
                let outcome = whole.clone().try_get_matches_from(&words[from..]);
                let missing = |error: &clap::Error| called.ends_with("watch") && error.to_string().contains("--secret");
                assert!(outcome.as_ref().err().is_none_or(missing), "{example}: {}", outcome.unwrap_err());
            }
        }
    }

    /// As a shell takes a line apart.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for letter in line.chars() {
            match letter {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(std::mem::take(&mut word)),
                other => word.push(other),
            }
        }
        words.push(word);
        words.retain(|word| !word.is_empty());
        words
    }
}
