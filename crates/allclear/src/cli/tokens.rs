//! `allclear token`: what programs show instead of a password.

use actions::prepare::access::{self, NewToken};
use clap::{Args, Subcommand};
use domain::prepare::access::Scope;
use domain::prepare::people::Access;
use domain::words::{Name, Span, TokenId};
use serde_json::json;
use web::api::Listing;
use web::api::prepare::access::{MadeToken, NewToken as Wanted, Token, TokenQuery};

use super::local::{Local, whoever_is_here};
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::client::{Client, Server};
use crate::clock;

/// Tokens for programs: make, list, revoke
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear token create --name deploys --access manager --scope documents")]
pub(crate) struct Tokens {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    server: Server,

    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    /// List your tokens
    #[command(after_long_help = "Example:\n  allclear token list --all")]
    List {
        /// Everybody's; for administrators
        #[arg(long)]
        all: bool,
    },
    /// End tokens for good
    #[command(after_long_help = "Example:\n  allclear token revoke tok_06f1k2m9qv7x3t1a")]
    Revoke {
        /// The ids of the tokens
        #[arg(required = true, value_name = "TOKEN_ID")]
        tokens: Vec<TokenId>,
    },
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
        Command::Create(create) => create_there(&command.server.client()?, create, command.look),
        Command::List { all } => list(&command.server.client()?, *all, command.look),
        Command::Revoke { tokens } => {
            let client = command.server.client()?;
            for token in tokens {
                client.delete(&["tokens", &token.to_string()])?;
                if !command.look.json {
                    screen::say(format!("{token} is revoked."));
                }
            }
            if command.look.json {
                screen::say_json(&json!({ "revoked": tokens }));
            }
            Ok(Exit::Fine)
        }
    }
}

fn list(client: &Client, all: bool, look: Look) -> Outcome {
    let (tokens, _) = client.list::<Token>(&["tokens"], &TokenQuery { all }, usize::MAX)?;
    if look.json {
        screen::say_json(&Listing::whole(tokens));
        return Ok(Exit::Fine);
    }
    let rows: Vec<[String; 7]> = tokens
        .iter()
        .map(|one| {
            let scopes = if one.scopes.is_empty() { "all".to_owned() } else { one.scopes.join(", ") };
            let ends = match one.revoked_at {
                Some(at) => format!("revoked {}", look.time(at)),
                None => look.time_or(one.expires_at, "never"),
            };
            let used = look.time_or(one.last_used_at, "never");
            [one.id.clone(), one.name.clone(), one.person.clone(), one.access.clone(), scopes, used, ends]
        })
        .collect();
    screen::say_table(["TOKEN", "FOR", "PERSON", "ACCESS", "SCOPES", "USED", "ENDS"], &rows, "There are no tokens.");
    Ok(Exit::Fine)
}

fn create_there(client: &Client, create: &Create, look: Look) -> Outcome {
    if create.person.is_some() {
        return Err(Failure::invalid("over the API a token is made in your own name; --person goes with --local"));
    }
    let body = Wanted {
        name: create.name.clone(),
        access: create.access.word().to_owned(),
        scopes: create.scope.iter().map(|scope| scope.word().to_owned()).collect(),
        expires_at: create.expires.map(|span| span.after(clock::clock()())),
    };
    let made: MadeToken = client.post(&["tokens"], &body)?;
    if look.json {
        screen::say_json(&made);
    } else {
        screen::remark(format!("Token {} of {}. It is shown only now:", made.token.id, made.token.person));
        screen::say(&made.secret);
    }
    Ok(Exit::Fine)
}

fn create_local(create: &Create, look: Look) -> Outcome {
    let Some(person) = &create.person else {
        return Err(Failure::invalid("say in whose name the token is: --person ana"));
    };
    let expires_at = create.expires.map(|span| span.after(clock::clock()()));
    let (token, secret) = create.local.database.open(false)?.act(&whoever_is_here(), |tx, moment| {
        let catalog = store::prepare::documents::load_all(tx)?;
        if !catalog.people.contains_key(person) {
            return Err(domain::words::Refusal::not_found(format!("person {person}")).into());
        }
        let new = NewToken {
            name: create.name.clone(),
            access: create.access,
            scopes: create.scope.clone(),
            expires_at,
            person: Some(person.clone()),
        };
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
