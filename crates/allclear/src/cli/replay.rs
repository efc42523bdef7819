//! `allclear replay`: what was, once more, under a changed configuration. On the database itself; nothing is written.

use std::path::PathBuf;

use clap::Args;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::{self, Conditions};
use domain::words::{Span, Timestamp};
use store::{Halt, Store};

use super::documents::{self, What};
use super::local::Database;
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, when};
use crate::clock;

/// Play the signals of the last days through a changed configuration, and show who would have been paged
///
/// Reads the database itself, also while the server runs, and changes nothing: everything is played in memory, and
/// nothing is sent. The documents of --with come on top of those in force.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear replay --since 7d --with config/ --data /var/lib/allclear\n  allclear replay --since 1d --data /var/lib/allclear"
)]
pub(crate) struct Replay {
    /// How far back: 7d
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    since: Span,

    /// Files of changed documents, or directories of them (repeat it); without: only as it was
    #[arg(long, value_name = "PATH", num_args = 1..)]
    with: Vec<PathBuf>,

    /// The clock that times are told by, as the IANA name of its zone
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,

    #[command(flatten)]
    database: Database,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Replay) -> Outcome {
    let (look, until) = (command.look, clock::clock()());
    let zone = when::zone(&command.time_zone)?;
    let store = Store::open_to_read(&command.database.existing()?)?;
    let mut other = None;
    if !command.with.is_empty() {
        other = changed(&store, &command.with, until, look)?;
        if other.is_none() {
            return Ok(Exit::Trouble);
        }
    }
    let replay = rehearsal::replay::replay(&store, command.since.before(until), until, other)
        .map_err(|trouble| Failure::invalid(trouble.to_string()))?;
    if look.json {
        screen::say_json(&replay);
    } else {
        screen::say(replay.text(&zone).trim_end());
    }
    Ok(Exit::Fine)
}

/// What is in force, with the changes; nothing, when it was told what is wrong with them.
fn changed(store: &Store, with: &[PathBuf], now: Timestamp, look: Look) -> Result<Option<Catalog>, Failure> {
    let what = What::of(with);
    let Some(read) = what.read(look)? else { return Ok(None) };
    let before = store.read(|tx| Ok::<_, Halt>(store::prepare::documents::load_all(tx)?))?;
    let proposals = &read.order.proposals;
    let findings = checks::check(&before, proposals, &[], Conditions::at(now));
    if !findings.problems.is_empty() {
        documents::tell_found(&findings.problems, &read.texts, look);
        return Ok(None);
    }
    Ok(Some(checks::proposed(&before, proposals, &[])))
}
