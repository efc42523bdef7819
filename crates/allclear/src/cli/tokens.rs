//! `allclear token`: what programs show instead of a password.

use actions::prepare::access::{self, NewToken};
use clap::{Args, Subcommand};
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{Actor, Name, Span};
use serde_json::json;

use super::local::Local;
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::clock;

/// Tokens for programs: make, list, revoke
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear token create --name deploys --access manager --scope documents")]
pub(crate) struct Tokens {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
}

/// Make a token, and print it
///
/// It is shown this once. It can do no more than the person in whose name it is made.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  allclear token create --name deploys --access manager --scope documents --expires 90d\n  allclear token create --local --data /var/lib/allclear --person ana --access administrator"
)]
struct Create {
    /// What it is for
    #[arg(long, default_value = "command line")]
    name: String,

    /// What it may do: viewer, responder, manager, administrator
    #[arg(long)]
    access: Access,

    /// What it may be used for: read, alerts, schedules, documents, administration (repeat it); all, if absent
    #[arg(long, value_delimiter = ',')]
    scope: Vec<Scope>,

    /// It ends after this long: 90d
    #[arg(long, value_name = "SPAN")]
    expires: Option<Span>,

    /// With --local: in whose name
    #[arg(long)]
    person: Option<Name>,

    #[command(flatten)]
    local: Local,
}

pub(crate) fn run(command: &Tokens) -> Outcome {
    match &command.command {
        Command::Create(create) if create.local.local => create_local(create, command.look),
        Command::Create(_) => Err(Failure::invalid("only --local is understood so far")),
    }
}

fn create_local(create: &Create, look: Look) -> Outcome {
    let Some(person) = &create.person else {
        return Err(Failure::invalid("say in whose name the token is: --person ana"));
    };
    let expires_at = create.expires.map(|span| span.after(clock::clock()()));
    let (token, secret) = create.local.database.open(false)?.act(&Actor::Person(person.clone()), |tx, moment| {
        let catalog = store::prepare::documents::load_all(tx)?;
        if !catalog.people.contains_key(person) {
            return Err(domain::words::Refusal::not_found(format!("person {person}")).into());
        }
        let new =
            NewToken { name: create.name.clone(), access: create.access, scopes: create.scope.clone(), expires_at };
        access::create_api_token(tx, moment, &catalog, new)
    })?;
    if look.json {
        screen::say_json(&json!({
            "id": token.id, "name": token.name, "person": token.person, "access": token.access.word(),
            "scopes": token.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(),
            "expires_at": token.expires_at, "secret": secret.reveal(),
        }));
    } else {
        screen::remark(format!("Token {} of {person}. It is shown only now:", token.id));
        screen::say(secret.reveal());
    }
    Ok(Exit::Fine)
}
