//! `allclear journal`: what happened, who did it, on what, why.

use std::time::Duration;

use clap::Args;
use domain::words::{Span, Timestamp};
use web::api::Listing;
use web::api::journal::{Entry, JournalQuery};

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};
use crate::clock;

const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A call asks for so many.
const PART: u32 = 200;

/// Read the journal: every change, with who made it and why
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear journal --since 1h\n  allclear journal --subject schedule/payments-primary\n  allclear journal --follow\n  allclear journal --checkpoint > checkpoint.txt"
)]
pub(crate) struct Journal {
    /// What it is about: an id (alr_..., pag_...) or a document (schedule/payments)
    #[arg(long)]
    subject: Option<String>,

    /// Only what happened in this time: 1h, 7d
    #[arg(long, value_name = "SPAN")]
    since: Option<Span>,

    /// How many at most, the newest
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 100)]
    limit: u32,

    /// Go on, and show what happens
    #[arg(long, short, conflicts_with = "subject")]
    follow: bool,

    /// Show the newest signed checkpoint instead: keep it elsewhere, for allclear verify --against
    #[arg(long, conflicts_with_all = ["subject", "since", "follow", "key"])]
    checkpoint: bool,

    /// Show the public key of the journal instead: keep it elsewhere, for allclear verify --key
    #[arg(long, conflicts_with_all = ["subject", "since", "follow"])]
    key: bool,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Journal) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    if command.checkpoint || command.key {
        let what = if command.key { "key" } else { "checkpoint" };
        let text = client.text(&["journal", what], &())?;
        if look.json {
            screen::say_json(&serde_json::json!({ what: text }));
        } else {
            screen::pour(&text);
        }
        return Ok(Exit::Fine);
    }
    let after = command.since.map(|span| span.before(clock::clock()()));
    // With a span it is the span that says how much.
    let most = if after.is_some() { 100_000 } else { command.limit as usize };
    let mut entries = newest(&client, command.subject.clone(), after, most)?;
    entries.reverse();
    let mut last = entries.iter().filter_map(|entry| entry.number).max();
    if !command.follow {
        if look.json {
            screen::say_json(&Listing::whole(entries));
        } else if entries.is_empty() {
            screen::remark("Nothing happened.");
        } else {
            for entry in &entries {
                tell(entry, look);
            }
        }
        return Ok(Exit::Fine);
    }
    loop {
        for entry in &entries {
            tell_line(entry, look);
        }
        client.rest(LOOK_AGAIN);
        let since = match last {
            Some(last) => last,
            None => {
                newest(&client, None, None, 1)?.first().and_then(|entry| entry.number).map_or(0, |number| number - 1)
            }
        };
        let query = JournalQuery { since: Some(since), limit: Some(PART), ..JournalQuery::default() };
        entries = match client.get::<Listing<Entry>>(&["journal"], &query) {
            Ok(part) => part.items,
            // A server that restarts is waited for.
            Err(Failure::Unreachable(why)) => {
                screen::complain(&why);
                Vec::new()
            }
            Err(other) => return Err(other),
        };
        last = entries.iter().filter_map(|entry| entry.number).max().or(last);
    }
}

/// The newest entries, the newest first, as far back as `after`.
pub(crate) fn newest(
    client: &Client,
    subject: Option<String>,
    after: Option<Timestamp>,
    most: usize,
) -> Result<Vec<Entry>, Failure> {
    let part = u32::try_from(most).unwrap_or(PART).clamp(1, PART);
    let mut query = JournalQuery { subject, since: None, limit: Some(part), cursor: None };
    let mut entries = Vec::new();
    loop {
        let part: Listing<Entry> = client.get(&["journal"], &query)?;
        let is_over = part.items.iter().any(|entry| after.is_some_and(|after| entry.recorded_at < after));
        entries.extend(part.items.into_iter().filter(|entry| after.is_none_or(|after| entry.recorded_at >= after)));
        if part.next_cursor.is_none() || entries.len() >= most || is_over {
            entries.truncate(most);
            return Ok(entries);
        }
        query.cursor = part.next_cursor;
    }
}

/// For who follows: with `--json` a line each.
fn tell_line(entry: &Entry, look: Look) {
    if look.json {
        match serde_json::to_string(entry) {
            Ok(line) => screen::pour(&format!("{line}\n")),
            Err(error) => screen::complain(&error.to_string()),
        }
    } else {
        tell(entry, look);
    }
}

/// An entry, in a line.
pub(crate) fn tell(entry: &Entry, look: Look) {
    let subjects: Vec<&str> = entry.subjects.iter().map(String::as_str).take(4).collect();
    let more = entry.subjects.len().saturating_sub(4);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = entry.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let time = look.time(entry.at);
    screen::say(format!(
        "{time:>9}  {}  {}{more}  by {}{why}",
        entry.kind,
        subjects.join(" "),
        screen::actor(&entry.actor)
    ));
}
