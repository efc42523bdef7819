//! `allclear flag`: flags as they stand, killed and lifted, and flagd's files in and out.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::change::flag_sets::FlagSet;
use domain::words::{Name, Refusal, Span};
use serde_json::Value;
use web::api::Listing;
use web::api::change::environments::{EnvironmentKey, ImportQuery, MadeEnvironmentKey, NewEnvironmentKey};
use web::api::change::flags::{Flag, FlagState};
use web::api::change::kills::{Kill, Lifting, NewKill};
use web::api::prepare::documents::Applied;

use super::screen::{self, Look};
use super::{Exit, Failure, Outcome, documents};
use crate::client::{Client, Server};

/// Flags: list, show, kill, lift, check, import, export, and the keys of programs
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear flag list\n  allclear flag kill new-checkout --in production --for 4h --why 'orders twice'"
)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List flags, with what each is in each environment
    #[command(after_long_help = "Example:\n  allclear flag list --stale")]
    List {
        /// Only those that look forgotten
        #[arg(long)]
        stale: bool,
    },
    /// Show a flag, its environments and its kills
    #[command(after_long_help = "Example:\n  allclear flag show new-checkout")]
    Show {
        /// The name of its document
        flag: Name,
    },
    /// Switch a flag off above its definition; no apply undoes it
    #[command(
        after_long_help = "Examples:\n  allclear flag kill new-checkout --in production --for 4h --why 'orders twice'\n  allclear flag kill colour --in production --variant red --why 'blue cannot be read' --incident inc_06f1k2m9qv7x3t1a"
    )]
    Kill {
        /// The name of its document
        flag: Name,

        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,

        /// What everybody gets: the one variant that is false, if absent
        #[arg(long)]
        variant: Option<String>,

        /// Everybody takes their own default
        #[arg(long, conflicts_with = "variant")]
        disable: bool,

        /// For how long
        #[arg(long = "for", value_name = "SPAN", default_value = "24h")]
        span: Span,

        /// Why, so that others know
        #[arg(long)]
        why: String,

        /// The incident that it contains
        #[arg(long)]
        incident: Option<String>,
    },
    /// Lift what kills a flag in an environment: it is again what its definition says
    #[command(after_long_help = "Example:\n  allclear flag lift new-checkout --in production --why 'mended in 1.4.2'")]
    Lift {
        /// The name of its document
        flag: Name,

        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,

        /// Why
        #[arg(long)]
        why: Option<String>,
    },
    /// Check a file of flagd's; needs no server
    #[command(after_long_help = "Example:\n  allclear flag check flags.json")]
    Check {
        /// Flagd's file
        file: PathBuf,
    },
    /// Take a file of flagd's into an environment, each flag as a document
    #[command(
        after_long_help = "Examples:\n  allclear flag import flags.json --in production --dry-run\n  allclear flag import flags.json --in production --reason 'from git'"
    )]
    Import {
        /// Flagd's file
        file: PathBuf,

        /// The environment; it is made, if there is none
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,

        /// Only say what would change
        #[arg(long)]
        dry_run: bool,

        /// Why, for the history
        #[arg(long)]
        reason: Option<String>,

        /// Why it cannot wait, if it is held and you may let it through; it is kept, and counted
        #[arg(long = "override", value_name = "WHY", conflicts_with = "dry_run")]
        override_why: Option<String>,
    },
    /// Print the flags of an environment as a file of flagd's, without kills
    #[command(after_long_help = "Example:\n  allclear flag export --in production > flags.json")]
    Export {
        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,
    },
    /// List the keys of an environment
    #[command(after_long_help = "Example:\n  allclear flag keys --in production")]
    Keys {
        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,
    },
    /// Make a key by which a program asks for flags, and print it
    #[command(
        after_long_help = "Examples:\n  allclear flag key 'checkout service' --in production\n  allclear flag key 'web shop' --in production --client"
    )]
    Key {
        /// What it is for
        title: String,

        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,

        /// It is with users, in a browser or an app: it gets answers, never rules
        #[arg(long)]
        client: bool,
    },
    /// Revoke a key
    #[command(after_long_help = "Example:\n  allclear flag revoke evk_06f1k2m9qv7x3t1a --in production")]
    Revoke {
        /// The id of the key
        key: String,

        /// The environment
        #[arg(long = "in", value_name = "ENVIRONMENT")]
        environment: Name,
    },
}

pub(crate) fn run(command: &Flags) -> Outcome {
    let look = command.look;
    if let Command::Check { file } = &command.command {
        return check(file, look);
    }
    let client = command.server.client()?;
    match &command.command {
        Command::List { stale } => list(&client, *stale, look)?,
        Command::Show { flag } => show(&client.get(&["flags", flag.as_str()], &())?, look),
        Command::Kill { flag, environment, variant, disable, span, why, incident } => {
            let body = NewKill {
                environment: environment.to_string(),
                variant: variant.clone(),
                disable: *disable,
                why: why.clone(),
                expires_at: None,
                span: Some(*span),
                incident: incident.clone(),
            };
            let made: Kill = client.post(&["flags", flag.as_str(), "kills"], &body)?;
            if look.json {
                screen::say_json(&made);
            } else {
                screen::say(format!(
                    "{flag} is killed in {environment}: {}; it ends {}",
                    gets(&made),
                    look.time(made.expires_at)
                ));
            }
        }
        Command::Lift { flag, environment, why } => lift(&client, flag, environment, why.as_ref(), look)?,
        Command::Check { .. } => {}
        Command::Import { file, environment, dry_run, reason, override_why } => {
            let (reason, override_why) = (reason.clone(), override_why.clone());
            let query = ImportQuery { dry_run: *dry_run, reason, override_why };
            return import(&client, file, environment, &query, look);
        }
        Command::Export { environment } => {
            let set: Value = client.get(&["environments", environment.as_str(), "flags"], &())?;
            screen::pour(&format!("{set:#}\n"));
        }
        Command::Keys { environment } => keys(&client, environment, look)?,
        Command::Key { title, environment, client: is_client } => {
            let kind = if *is_client { "client" } else { "server" }.to_owned();
            let body = NewEnvironmentKey { kind, title: title.clone(), expires_at: None };
            let made: MadeEnvironmentKey = client.post(&["environments", environment.as_str(), "keys"], &body)?;
            if look.json {
                screen::say_json(&made);
            } else {
                screen::remark("The key, shown this once:");
                screen::say(&made.secret);
            }
        }
        Command::Revoke { key, environment } => {
            client.delete(&["environments", environment.as_str(), "keys", key])?;
            if !look.json {
                screen::say(format!("{key} opens nothing any more."));
            }
        }
    }
    Ok(Exit::Fine)
}

/// Takes a file in; or says what that would do, and what holds it.
fn import(client: &Client, file: &PathBuf, environment: &Name, query: &ImportQuery, look: Look) -> Outcome {
    let body = read(file)?;
    let path = ["environments", environment.as_str(), "flags"];
    let applied: Applied = client.post_as_it_is(&path, query, body)?;
    let changes = !applied.plan.changes.is_empty();
    if query.dry_run && !look.json {
        for change in &applied.plan.changes {
            screen::say(format!("{} {}", change.verb, change.document));
        }
        documents::tell_held(&applied.plan.held);
    } else {
        documents::tell_applied(&applied, look);
    }
    Ok(if query.dry_run && changes { Exit::Changes } else { Exit::Fine })
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::invalid(format!("{} cannot be read: {error}", file.display())))
}

/// What is wrong in a file, each with its place.
fn check(file: &PathBuf, look: Look) -> Outcome {
    let name = file.display();
    let set: FlagSet = serde_json::from_slice(&read(file)?)
        .map_err(|error| Failure::invalid(format!("{name} is no file of flags: {error}")))?;
    let problems: Vec<String> = set.problems().iter().map(Refusal::to_string).collect();
    if look.json {
        screen::say_json(&problems);
    } else {
        for problem in &problems {
            screen::say(format!("{name}: {problem}"));
        }
        if problems.is_empty() {
            screen::say(format!("{} flags, and nothing wrong with them.", set.flags.len()));
        }
    }
    Ok(if problems.is_empty() { Exit::Fine } else { Exit::Trouble })
}

/// What everybody gets from a kill.
fn gets(kill: &Kill) -> String {
    kill.variant
        .as_ref()
        .map_or_else(|| "everybody takes their own default".into(), |name| format!("everybody gets {name}"))
}

fn state(one: &FlagState) -> String {
    let said = match (&one.kill, one.state.as_str(), &one.default_variant) {
        (Some(kill), ..) => format!("killed ({})", kill.variant.as_deref().unwrap_or("off")),
        (None, "DISABLED", _) => "disabled".into(),
        (None, _, default) => {
            let default = default.as_deref().unwrap_or("default of the program");
            if one.targeting { format!("rule, else {default}") } else { default.to_owned() }
        }
    };
    format!("{}: {said}", one.environment)
}

fn list(client: &Client, stale: bool, look: Look) -> Result<(), Failure> {
    let (mut flags, _) = client.list::<Flag>(&["flags"], &(), usize::MAX)?;
    flags.retain(|flag| !stale || flag.stale.is_some());
    if look.json {
        screen::say_json(&Listing::whole(flags));
        return Ok(());
    }
    let rows: Vec<[String; 4]> = flags
        .into_iter()
        .map(|flag| {
            let states: Vec<String> = flag.environments.iter().map(state).collect();
            [flag.name, flag.purpose, states.join("; "), flag.stale.unwrap_or_default()]
        })
        .collect();
    screen::say_table(["FLAG", "PURPOSE", "ENVIRONMENTS", "STALE"], &rows, "There are no flags.");
    Ok(())
}

fn show(flag: &Flag, look: Look) {
    if look.json {
        screen::say_json(flag);
        return;
    }
    screen::say_facts(&[
        ("Flag", format!("{} ({})", flag.title, flag.key)),
        ("Purpose", flag.purpose.clone()),
        ("Owner", flag.owner.clone().unwrap_or_else(|| "nobody".into())),
        ("Services", flag.services.join(", ")),
        ("Expires", flag.expires.clone().unwrap_or_else(|| "never".into())),
    ]);
    for one in &flag.environments {
        let proven = look.time_or(one.exercised_at, "never: unproven");
        screen::say(format!("{}; last thrown {proven}", state(one)));
    }
    if let Some(stale) = &flag.stale {
        screen::say(format!("Stale: {stale}"));
    }
    let rows: Vec<[String; 6]> = flag
        .kills
        .iter()
        .flatten()
        .map(|kill| {
            let why = kill.why.clone().unwrap_or_default();
            [kill.id.clone(), kill.environment.clone(), kill.state.clone(), look.time(kill.at), kill.by.clone(), why]
        })
        .collect();
    if !rows.is_empty() {
        screen::say_table(["KILL", "IN", "STATE", "MADE", "BY", "WHY"], &rows, "");
    }
}

fn lift(client: &Client, flag: &Name, environment: &Name, why: Option<&String>, look: Look) -> Result<(), Failure> {
    let found: Flag = client.get(&["flags", flag.as_str()], &())?;
    let mut lifted = Vec::new();
    for kill in found.kills.into_iter().flatten() {
        if kill.environment == *environment.as_str() && kill.state == "in-force" {
            lifted.push(client.post::<Kill>(&["kills", &kill.id, "lift"], &Lifting { why: why.cloned() })?);
        }
    }
    if look.json {
        screen::say_json(&lifted);
    } else if lifted.is_empty() {
        return Err(Failure::invalid(format!("nothing kills {flag} in {environment}")));
    } else {
        screen::say(format!("{flag} is again in {environment} what its definition says."));
    }
    Ok(())
}

fn keys(client: &Client, environment: &Name, look: Look) -> Result<(), Failure> {
    let (keys, _) = client.list::<EnvironmentKey>(&["environments", environment.as_str(), "keys"], &(), usize::MAX)?;
    if look.json {
        screen::say_json(&Listing::whole(keys));
        return Ok(());
    }
    let rows: Vec<[String; 6]> = keys
        .into_iter()
        .map(|key| {
            let state = if key.revoked_at.is_some() { "revoked" } else { "holds" };
            [key.id, key.kind, key.title, format!("…{}", key.ending), look.time(key.made_at), state.to_owned()]
        })
        .collect();
    screen::say_table(["KEY", "KIND", "FOR", "ENDS IN", "MADE", "STATE"], &rows, "There are no keys.");
    Ok(())
}
