//! `allclear change run`: runs a command and reports it as a change, when it begins and how it ends.
//!
//! Its input and output are the command's own, and so is the exit code. A server that does not answer keeps no command from running,
//! unless the gate is to be asked first.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command as Process, ExitStatus};

use anyhow::Context as _;
use clap::Args;
use domain::change::observations::Stage;
use domain::change::proposals::Kind;
use domain::words::Name;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use web::api::change::observations::{ReportedChange, ReportedTarget, ReportsTaken};

use super::{Exit, Failure, Outcome, screen};
use crate::client::{Client, Server};
use crate::clock;

/// Run a command, and report it as a change: when it begins, and whether it finished or failed
///
/// The exit code is that of the command. If the server does not answer, the command runs all the same, and a warning says that
/// nothing was reported; with --gate it does not run.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear change run --service shop --environment live --to 4.2 -- make deploy\n  allclear change run --gate --service shop --service cart --kind schema --title 'Wider order numbers' -- ./migrate.sh"
)]
pub(crate) struct Run {
    /// What it changes; any number
    #[arg(long = "service", value_name = "SERVICE", required = true)]
    services: Vec<Name>,

    /// Where
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<Name>,

    /// The version before
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,

    /// The version after
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// What it is, in a line; without it the services and the name of the command, without its arguments
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,

    /// deploy, config, flag, schema, infrastructure, data, network, certificate, access, vendor
    #[arg(long, value_name = "KIND", default_value = "deploy")]
    kind: Kind,

    /// Where people can look: an http(s) URL, such as that of the job
    #[arg(long, value_name = "URL")]
    link: Option<String>,

    /// What it is called: reports of one key are one change; without it each run is one
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Ask the gate first, and do not run what it does not let through
    #[arg(long)]
    gate: bool,

    /// The command, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    words: Vec<OsString>,
}

/// Runs it.
pub(crate) fn run(run: &Run, server: &Server) -> Outcome {
    let client = server.client();
    if run.gate {
        match &client {
            Ok(client) => may_pass(run, client)?,
            Err(failure) => return Err(Failure::invalid(failure.sentence())),
        }
    }
    let key = match &run.key {
        Some(key) => key.clone(),
        None => format!(
            "run/{}",
            clock::mint()?.secret().iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
        ),
    };
    report(run, client.as_ref(), &key, Stage::Began, None);
    let (stage, said, code) = match obey(&run.words)? {
        Ok(status) if status.success() => (Stage::Finished, None, 0),
        Ok(status) => (Stage::Failed, Some(ended(status)), code_of(status)),
        Err(error) => {
            screen::complain(&format!("{} could not be started: {error}", run.words[0].to_string_lossy()));
            let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
            (Stage::Failed, Some("it could not be started".to_owned()), code)
        }
    };
    report(run, client.as_ref(), &key, stage, said);
    Ok(Exit::Of(code))
}

/// What is needed of the answer of the gate.
#[derive(Debug, Deserialize)]
struct Decision {
    allowed: bool,
    #[serde(default)]
    reasons: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    message: String,
    #[serde(default)]
    may_exempt: String,
    #[serde(default)]
    exempted_by: Option<String>,
}

impl Decision {
    /// Why not, a line for each reason that stands in the way.
    fn refusal(&self) -> Option<String> {
        let standing = self.reasons.iter().filter(|reason| reason.exempted_by.is_none());
        let line = |reason: &Reason| {
            let who = if reason.may_exempt.is_empty() { "nobody" } else { &reason.may_exempt };
            format!("\n  {} ({who} may exempt from it)", reason.message)
        };
        (!self.allowed).then(|| format!("the gate does not let it through{}", standing.map(line).collect::<String>()))
    }
}

fn may_pass(run: &Run, client: &Client) -> Result<(), Failure> {
    let question = json!({ "kind": run.kind, "services": run.services, "environment": run.environment });
    let decision: Decision = client.post(&["gate"], &question)?;
    decision.refusal().map_or(Ok(()), |why| Err(Failure::invalid(why)))
}

/// Says how far it is. That this came to nothing is said, and no more.
fn report(run: &Run, client: Result<&Client, &Failure>, key: &str, stage: Stage, said: Option<String>) {
    let target = |service: &Name| ReportedTarget {
        service: service.to_string(),
        environment: run.environment.as_ref().map(ToString::to_string),
        from: run.from.clone(),
        to: run.to.clone(),
    };
    let change = ReportedChange {
        key: key.to_owned(),
        stage: stage.word().to_owned(),
        at: Some(clock::clock()()),
        kind: Some(run.kind.word().to_owned()),
        title: run.title.clone().unwrap_or_else(|| title(run)),
        why: None,
        targets: run.services.iter().map(target).collect(),
        said,
        link: run.link.clone(),
    };
    let sent = match client {
        Ok(client) => client.post::<ReportsTaken>(&["changes", "observed"], &change).map(drop),
        Err(failure) => Err(Failure::invalid(failure.sentence())),
    };
    if let Err(failure) = sent {
        screen::complain(&format!("that it {} is not reported: {}", word(stage), failure.sentence()));
    }
}

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Began | Stage::Stage => "began",
        Stage::Finished => "finished",
        Stage::Failed => "failed",
        Stage::RolledBack => "was taken back",
    }
}

/// Without the arguments, which may be nobody's business.
fn title(run: &Run) -> String {
    let program = Path::new(&run.words[0]).file_name().unwrap_or(&run.words[0]).to_string_lossy();
    let services: Vec<&str> = run.services.iter().map(Name::as_str).collect();
    let to = run.to.as_deref().map(|to| format!(" {to}")).unwrap_or_default();
    format!("{}{to}, by {program}", services.join(", "))
}

/// Runs it to its end. What would end us is for it to hear: we stay, to say how it ended.
fn obey(words: &[OsString]) -> anyhow::Result<std::io::Result<ExitStatus>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime cannot be made")?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut child = match Process::new(&words[0]).args(&words[1..]).spawn() {
            Ok(child) => child,
            Err(error) => return Ok(Err(error)),
        };
        let id = Pid::from_child(&child);
        let mut waiting = tokio::task::spawn_blocking(move || child.wait());
        loop {
            // One that has ended hears nothing, which is as well. What is typed at a terminal it hears by itself.
            tokio::select! {
                ended = &mut waiting => return ended.context("nobody waited for the command"),
                _ = interrupt.recv() => {}
                _ = terminate.recv() => { _ = kill_process(id, Signal::TERM); }
                _ = hang_up.recv() => { _ = kill_process(id, Signal::HUP); }
            }
        }
    })
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

/// As a shell answers it.
fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    u8::try_from(code).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_says_why_not_and_who_may_exempt() {
        let decision = |text: &str| serde_json::from_str::<Decision>(text).unwrap().refusal();
        assert_eq!(decision(r#"{ "allowed": true, "reasons": [], "at": "2026-11-29T12:00:00Z" }"#), None);
        let no = r#"{ "allowed": false, "reasons": [
            { "rule": "freeze", "about": "sale", "message": "the freeze sale holds", "may_exempt": "a manager" },
            { "rule": "window", "about": "", "message": "it is late", "may_exempt": "a manager", "exempted_by": "mo" }
        ] }"#;
        let why = "the gate does not let it through\n  the freeze sale holds (a manager may exempt from it)";
        assert_eq!(decision(no).as_deref(), Some(why));
    }

    #[test]
    fn how_it_ended_is_said_in_words_and_as_a_code() {
        for (raw, words, code) in [
            (3 << 8, "it ended with exit code 3", 3),
            (255 << 8, "it ended with exit code 255", 255),
            (9, "it was ended by signal 9", 137),
        ] {
            let status = ExitStatus::from_raw(raw);
            assert_eq!((ended(status).as_str(), code_of(status)), (words, code));
        }
    }
}
