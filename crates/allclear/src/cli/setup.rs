//! `allclear setup --local`: the first administrator, without a browser.

use std::io::Read as _;

use actions::Moment;
use actions::prepare::access;
use actions::prepare::documents::{self, Order};
use anyhow::Context as _;
use clap::Args;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::prepare::people::{Access, Person};
use domain::words::{Name, Refusal};
use serde_json::json;
use store::Halt;

use super::local::{Local, whoever_is_here};
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};

/// Create the first administrator, without a browser
///
/// For automation; people use the page that a fresh installation shows. Works on the database itself, before the
/// first start or while the server is stopped.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  allclear setup --local --data /var/lib/allclear --person ana \\\n    --full-name 'Ana Silva' --email ana@example.org --password-stdin < password.txt"
)]
pub(crate) struct Setup {
    /// The name of the person, as documents call it: ana
    #[arg(long)]
    person: Name,

    /// The name that people read: Ana Silva
    #[arg(long)]
    full_name: String,

    /// Where mail goes; also good for signing in
    #[arg(long)]
    email: String,

    /// The person's time zone, by its IANA name
    #[arg(long, default_value = "UTC")]
    time_zone: String,

    /// Read the password from standard input (its first line)
    #[arg(long, required = true)]
    password_stdin: bool,

    #[command(flatten)]
    local: Local,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Setup) -> Outcome {
    if !command.local.local {
        let message = "setup works on the database itself: add --local, or open the server's page in a browser";
        return Err(Failure::invalid(message));
    }
    let password = read_password()?;
    let mut house = command.local.database.open(true)?;
    let person = Document::new(
        command.person.clone(),
        Person {
            full_name: command.full_name.clone(),
            email: command.email.clone(),
            time_zone: command.time_zone.clone(),
            access: Access::Administrator,
            contacts: Vec::new(),
            ladder: domain::prepare::people::Ladder::default(),
            chat: domain::prepare::people::ChatIds::default(),
            inactive: false,
        },
    );
    let mut proposed = Catalog::default();
    proposed.insert(person.clone());
    let hash = access::prepare_password(&proposed, &mut house.mint, &command.person, &password)?;
    house.act(&whoever_is_here(), |tx, moment| first(tx, moment, &person, &hash))?;
    if command.look.json {
        screen::say_json(&json!({ "person": command.person, "access": Access::Administrator.word() }));
    } else {
        screen::say(format!("{} is an administrator and can sign in as {}", command.full_name, command.person));
    }
    Ok(Exit::Fine)
}

/// The person and the account, or neither.
fn first(tx: &mut store::Tx<'_>, moment: &mut Moment<'_>, person: &Document, hash: &str) -> Result<(), Halt> {
    if store::prepare::access::has_accounts(tx)? {
        return Err(Refusal::conflict("this installation is set up already: there is an account").into());
    }
    let order = Order::put([person.clone()]).via(Via::Setup).because("The first administrator");
    let conditions = Conditions::at(moment.now);
    documents::apply(tx, &mut moment.again(), &order, conditions)?.into_result()?;
    access::set_password(tx, moment, &person.name, hash, None)
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).context("the password cannot be read")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
