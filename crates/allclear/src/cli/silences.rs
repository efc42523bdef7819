//! `allclear silence`: rules of limited time that keep matching alerts from paging.

use clap::{Args, Subcommand};
use domain::words::{Matcher, SilenceId, Span};
use jiff::tz::TimeZone;
use serde_json::json;
use web::api::Listing;
use web::api::detect::silences::{NewSilence, Silence, SilenceQuery};

use super::screen::{self, Look};
use super::{Exit, Outcome, when};
use crate::client::Server;
use crate::clock;

/// Silences: list, add, expire
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear silence add 'service=\"db\"' --for 2h --comment 'new disks'")]
pub(crate) struct Silences {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List silences
    #[command(after_long_help = "Example:\n  allclear silence list --state all")]
    List {
        /// pending, active, expired, current (pending and active) or all
        #[arg(long, default_value = "current")]
        state: String,
    },
    /// Silence alerts whose labels match
    #[command(
        after_long_help = "Examples:\n  allclear silence add 'service=\"db\"' --for 2h --comment 'new disks'\n  allclear silence add 'job=~\"batch.*\"' --from 22:00 --for 4h --comment 'the yearly run'"
    )]
    Add {
        /// All must match: service="db", job=~"api.*"
        #[arg(required = true, value_name = "MATCHER")]
        matchers: Vec<Matcher>,

        /// When it begins: now, if absent; 2026-12-24T18:00, 18:00 (UTC), +3h
        #[arg(long, value_name = "TIME")]
        from: Option<String>,

        /// For how long, counted from its beginning
        #[arg(long = "for", value_name = "SPAN", default_value = "2h")]
        span: Span,

        /// Why, so that others know
        #[arg(long)]
        comment: String,
    },
    /// End silences now; what they muted speaks again
    #[command(visible_alias = "end", after_long_help = "Example:\n  allclear silence expire sil_06f1k2m9qv7x3t1a")]
    Expire {
        /// The ids of the silences
        #[arg(required = true, value_name = "SILENCE")]
        silences: Vec<SilenceId>,
    },
}

pub(crate) fn run(command: &Silences) -> Outcome {
    let client = command.server.client()?;
    let look = command.look;
    match &command.command {
        Command::List { state } => {
            let query = SilenceQuery { state: Some(state.clone()) };
            let (silences, _) = client.list::<Silence>(&["silences"], &query, usize::MAX)?;
            if look.json {
                screen::say_json(&Listing::whole(silences));
                return Ok(Exit::Fine);
            }
            let rows: Vec<[String; 6]> = silences
                .iter()
                .map(|one| {
                    let (by, comment) = (one.created_by.clone(), one.comment.clone());
                    [one.id.clone(), one.state.clone(), one.matchers.join(", "), look.time(one.ends_at), by, comment]
                })
                .collect();
            screen::say_table(["SILENCE", "STATE", "MATCHES", "ENDS", "BY", "COMMENT"], &rows, "No silences.");
        }
        Command::Add { matchers, from, span, comment } => {
            let now = clock::clock()();
            let starts_at = from.as_ref().map(|text| when::read(text, &TimeZone::UTC, now)).transpose()?;
            let body = NewSilence {
                matchers: matchers.clone(),
                starts_at,
                ends_at: None,
                span: Some(*span),
                comment: comment.clone(),
            };
            tell_made(&client.post(&["silences"], &body)?, look);
        }
        Command::Expire { silences } => {
            for silence in silences {
                client.delete(&["silences", &silence.to_string()])?;
                if !look.json {
                    screen::say(format!("{silence} has ended."));
                }
            }
            if look.json {
                screen::say_json(&json!({ "expired": silences }));
            }
        }
    }
    Ok(Exit::Fine)
}

/// What was made.
pub(crate) fn tell_made(silence: &Silence, look: Look) {
    if look.json {
        screen::say_json(silence);
    } else {
        let matchers = silence.matchers.join(", ");
        screen::say(format!("{} silences {matchers}; it ends {}.", silence.id, look.time(silence.ends_at)));
    }
}
