//! `allclear search`: what was found, with where it is.

use clap::Args;
use web::api::learn::search::{SearchQuery, SearchResult, SearchResults};

use super::screen::{self, Look};
use super::{Exit, Outcome};
use crate::client::Server;

/// Find incidents, timeline entries, changes, runbooks and more by their words
///
/// Write `"words in this order"` in quotation marks of their own, -words that shall not be there after `--`, and filters as they
/// are: kind:change, service:shop, severity:sev1, class:security, since:2026-01-31, until:2026-01-31.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear search payment gateway\n  allclear search --newest kind:entry failover\n  allclear search '\"rolled back\"' service:payments\n  allclear search -- checkout -staging"
)]
pub(crate) struct Find {
    /// What to look for
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,

    /// What happened last comes first, not what fits best
    #[arg(long)]
    newest: bool,

    /// How many are shown
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn find(command: &Find) -> Outcome {
    let client = command.server.client()?;
    let query = SearchQuery {
        // What a shell took as words is whole words.
        q: format!("{} ", command.words.join(" ")),
        order: command.newest.then(|| "newest".to_owned()),
        limit: Some(usize::from(command.limit)),
        skip: None,
    };
    let found: SearchResults = client.get(&["search"], &query)?;
    if command.look.json {
        screen::say_json(&found);
        return Ok(Exit::Fine);
    }
    show(command, &found);
    Ok(Exit::Fine)
}

fn show(command: &Find, found: &SearchResults) {
    if let Some(progress) = found.indexing {
        screen::remark(format!(
            "The index is being made: {} of {} entries are read; this may not be all.",
            progress.done, progress.of
        ));
    }
    for odd in &found.oddities {
        screen::remark(screen::clean(odd));
    }
    for also in found.also.iter().filter(|_| found.results.iter().any(|one| one.matched == "nearly")) {
        screen::remark(format!("Few have {:?}: {} was searched for, too.", also.word, also.like.join(", ")));
    }
    if found.results.first().is_some_and(|one| one.matched == "some") {
        screen::remark("Nothing has all of the words: these have some of them.");
    }
    if let Some(record) = &found.record {
        screen::say(format!("The record with this id: {record}"));
    }
    let row = |one: &SearchResult| {
        let text: String = one.snippet.iter().map(|piece| piece.text.as_str()).collect();
        let title = screen::clean(&one.title);
        let said = if text.is_empty() || text.starts_with(one.title.trim_end_matches('…')) {
            title
        } else {
            format!("{title}\n{}", screen::clean(&text))
        };
        [command.look.time(one.at), one.kind.clone(), said, one.href.clone()]
    };
    let rows: Vec<[String; 4]> = found.results.iter().map(row).collect();
    screen::say_table(["AT", "KIND", "WHAT", "WHERE"], &rows, "Nothing was found.");
    if found.more {
        screen::remark("There is more: say more words, or raise --limit.");
    }
}
