//! What people and machines see: tables, lines, JSON, complaints. Nothing else writes to the terminal.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

/// How an answer is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Look {
    /// Answer in JSON, for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// A line to standard output. Who closed it wants no more.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    _ = writeln!(out, "{}", text.as_ref());
}

/// A line beside the answer, so that a program which reads the answer does not see it.
pub(crate) fn remark(text: impl AsRef<str>) {
    let mut out = std::io::stderr().lock();
    _ = writeln!(out, "{}", text.as_ref());
}

/// Why it came to nothing.
pub(crate) fn complain(message: &str) {
    remark(format!("allclear: {message}"));
}

/// The answer for machines.
pub(crate) fn say_json(answer: &impl Serialize) {
    match serde_json::to_string_pretty(answer) {
        Ok(text) => say(text),
        Err(error) => complain(&format!("the answer cannot be written as JSON: {error}")),
    }
}
