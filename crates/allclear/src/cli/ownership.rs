//! `allclear drift`: where documents in force and files differ, field by field, with who changed them; and how a plan tells
//! what it keeps.

use clap::Args;
use web::api::Listing;
use web::api::prepare::ownership::{DifferingField, Drift};

use super::documents::{What, told_or};
use super::screen::{self, Look, Paint};
use super::{Exit, Outcome};
use crate::client::Server;

/// Show where documents differ from files: which fields, who changed them, when and why; changes nothing
///
/// Documents that the files do not have are left alone, unless you say --prune. Exit codes: 0 no drift, 1 something is wrong with the
/// files, 2 drift.
#[derive(Debug, Args)]
#[command(
    name = "drift",
    after_long_help = "Examples:\n  allclear drift -f config/\n  allclear drift -f config/ --prune --json"
)]
pub(crate) struct DriftCommand {
    #[command(flatten)]
    what: What,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn drift(command: &DriftCommand) -> Outcome {
    let look = command.look;
    let Some(read) = command.what.read(look)? else { return Ok(Exit::Trouble) };
    let client = command.server.client()?;
    let found: Listing<Drift> = match client.post(&["drift"], &read.set()) {
        Ok(found) => found,
        Err(failure) => return told_or(failure, &read.texts, look).map(|()| Exit::Trouble),
    };
    let exit = if found.items.is_empty() { Exit::Fine } else { Exit::Changes };
    if look.json {
        screen::say_json(&found);
        return Ok(exit);
    }
    for one in &found.items {
        let (paint, sign, says) = match one.how.as_str() {
            "missing" => (Paint::Good, "+", "is in the files, and not in force"),
            "extra" => (Paint::Bad, "-", "is in force, and not in the files"),
            _ => (Paint::Warning, "~", "differs"),
        };
        screen::say_marked(paint, sign, &format!("{} {says}", one.document));
        for field in &one.fields {
            screen::say(format!("    {}", line(field, look)));
        }
        if let Some(last) = one.last.as_ref().filter(|_| one.fields.is_empty()) {
            let why = last.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let (by, when) = (screen::actor(&last.author), look.time(last.at));
            screen::say(format!("    last changed by {by} ({}), {when}{why}", last.via));
        }
    }
    match found.items.len() {
        0 => screen::say("No drift: every document in the files is in force as it stands there."),
        1 => screen::say("1 document differs."),
        count => screen::say(format!("{count} documents differ.")),
    }
    Ok(exit)
}

/// What an apply keeps though the files say otherwise.
pub(super) fn tell_kept(kept: &[DifferingField], look: Look) {
    for one in kept {
        screen::say_marked(Paint::Warning, "kept", &line(one, look));
    }
    if let Some(first) = kept.first() {
        let fields = match kept.len() {
            1 => "1 field was set by hand and stays as it is".to_owned(),
            count => format!("{count} fields were set by hand and stay as they are"),
        };
        screen::say(format!("{fields}. To overwrite: --take {} or --take-all.", first.field));
    }
}

/// `team/web:/title: Ours here, Web in files; set by ana (page), 3 Nov 12:00: it has another name`
fn line(one: &DifferingField, look: Look) -> String {
    let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".into());
    let set = one.set.as_ref().map(|set| {
        let why = set.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("; set by {} ({}), {}{why}", screen::actor(&set.author), set.via, look.time(set.at))
    });
    format!("{}: {} here, {} in files{}", one.field, show(&one.in_force), show(&one.in_files), set.unwrap_or_default())
}
