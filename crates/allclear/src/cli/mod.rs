//! The commands, one file per noun: each asks the server, or with `--local` the database, and shows the answer.
//!
//! Decides nothing by itself: rules are in `domain`, acts in `actions`, and the server holds who may.

pub(crate) mod action_items;
pub(crate) mod alerts;
pub(crate) mod archive;
pub(crate) mod change_insights;
pub(crate) mod change_run;
pub(crate) mod changes;
pub(crate) mod chats;
pub(crate) mod checklists;
pub(crate) mod counterfactuals;
pub(crate) mod customer_postmortems;
pub(crate) mod demo;
pub(crate) mod digests;
pub(crate) mod doctor;
pub(crate) mod documents;
mod drill_checks;
pub(crate) mod drills;
pub(crate) mod files;
pub(crate) mod flags;
pub(crate) mod import;
pub(crate) mod incidents;
pub(crate) mod insights;
pub(crate) mod integrations;
pub(crate) mod journal;
pub(crate) mod keeping;
pub(crate) mod local;
pub(crate) mod mcp;
pub(crate) mod notices;
pub(crate) mod obligations;
pub(crate) mod on_call;
pub(crate) mod outgoing_webhooks;
pub(crate) mod ownership;
pub(crate) mod pages;
pub(crate) mod pins;
pub(crate) mod postmortems;
pub(crate) mod print;
pub(crate) mod ramps;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod review_meetings;
pub(crate) mod screen;
pub(crate) mod search;
pub(crate) mod setup;
pub(crate) mod silences;
pub(crate) mod tokens;
mod updates;
pub(crate) mod verify;
pub(crate) mod when;

use std::process::ExitCode;

use domain::words::Refusal;
use store::Halt;

/// What a command answers to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Fine,
    /// Something is wrong, and was said already.
    Trouble,
    /// `plan` found changes.
    Changes,
    /// As a command that was run ended.
    Of(u8),
    /// The gate says no.
    Denied,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Trouble => Self::from(1),
            Exit::Changes => Self::from(2),
            Exit::Of(code) => Self::from(code),
            // As when nobody answers: a pipeline does not go on.
            Exit::Denied => Self::from(3),
        }
    }
}

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused, in words for whoever asked.
    Refused(Refusal),
    /// The server refused, and says why.
    Answered(Box<crate::client::Problem>),
    /// The server does not answer.
    Unreachable(String),
    Other(anyhow::Error),
}

pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Refused(Refusal::invalid(message))
    }

    /// In words for whoever asked.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Answered(problem) => problem.sentence(),
            Self::Unreachable(why) => why.clone(),
            Self::Other(error) => format!("{error:#}"),
        }
    }

    /// Says it, and answers the exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        screen::complain(&self.sentence());
        ExitCode::from(if matches!(self, Self::Unreachable(_)) { 3 } else { 1 })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Refused(refusal) => Self::Refused(refusal),
            Halt::Failed(error) => Self::Other(anyhow::anyhow!("{error}")),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::Other(anyhow::anyhow!("{error}"))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}
