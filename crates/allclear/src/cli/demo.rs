//! `allclear demo`: an empty data directory becomes a company with a history, to look around in.
//!
//! Nothing is sent, and nothing of ours stands in it: whoever signs in does so with a secret that was drawn for them.

use std::path::{Path, PathBuf};

use actions::prepare::access;
use anyhow::Context as _;
use clap::Args;
use domain::words::{Actor, Mint, Name};
use rehearsal::demo;
use serde_json::json;
use store::{Place, Store};

use super::local::House;
use super::screen::{self, Look};
use super::{Exit, Failure, Outcome};
use crate::clock;

/// Fill an empty directory with a made-up company and ninety days of its incidents, to look around in
///
/// Nothing is sent to anybody. The addresses of the company lead nowhere.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  allclear demo --data demo")]
pub(crate) struct Demo {
    /// The directory; it is made if it is not there, and must be empty
    #[arg(long, value_name = "DIR", default_value = "demo")]
    data: PathBuf,

    /// Another number gives other small alerts in between
    #[arg(long, value_name = "NUMBER", default_value = "7")]
    seed: u64,

    #[command(flatten)]
    look: Look,
}

pub(crate) fn run(command: &Demo) -> Outcome {
    let folder = &command.data;
    must_be_empty(folder)?;
    let was_there = folder.exists();
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let filled = fill(folder, command.seed);
    if filled.is_err() {
        // Half a history is none.
        clear(folder, was_there);
    }
    let (filled, secret) = filled?;
    if command.look.json {
        screen::say_json(&json!({
            "data": folder,
            "people": filled.people,
            "teams": filled.teams,
            "services": filled.services,
            "incidents": filled.incidents,
            "pages": filled.pages,
            "since": filled.since,
            "sign_in": demo::SIGNS_IN_AS,
            "password": secret,
        }));
        return Ok(Exit::Fine);
    }
    let (people, teams, services) = (filled.people, filled.teams, filled.services);
    screen::say(format!("Harbourline, a made-up company, is in {}:", folder.display()));
    screen::say(format!(
        "{people} people in {teams} teams, {services} services, {} incidents, {} pages.",
        filled.incidents, filled.pages
    ));
    screen::say("");
    screen::say(format!("Serve it:  allclear serve --data '{}'", folder.display()));
    screen::say(format!(
        "Sign in at http://127.0.0.1:8080 as {} with this password, which is shown only now:",
        demo::SIGNS_IN_AS
    ));
    screen::say("");
    screen::say(format!("  {secret}"));
    screen::say("");
    screen::say("What the public reads is at /status. One page calls right now, and one incident is open.");
    Ok(Exit::Fine)
}

fn must_be_empty(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    match std::fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::invalid(format!("{shown} cannot be used: {error}"))),
        Ok(true) => Ok(()),
        Ok(false) if folder.join("allclear.db").exists() => {
            Err(Failure::invalid(format!("{shown} has a database already: a demo begins in an empty directory")))
        }
        Ok(false) => Err(Failure::invalid(format!("{shown} is not empty: a demo begins in an empty directory"))),
    }
}

/// The history, and the secret of whoever signs in.
fn fill(folder: &Path, seed: u64) -> Result<(demo::Filled, String), Failure> {
    let store = Store::open(&Place::Sqlite(folder.join("allclear.db"))).context("the database cannot be made")?;
    let filled = demo::fill(store.clone(), seed, clock::clock()())
        .map_err(|trouble| Failure::Other(anyhow::anyhow!("the history does not play: {trouble}")))?;
    let mut house = House { store, mint: clock::mint()? };
    let person: Name = demo::ADMINISTRATOR.parse()?;
    let secret = drawn(&mut house.mint);
    let catalog = house.store.read(|tx| Ok::<_, store::Halt>(store::prepare::documents::load_all(tx)?))?;
    let hash = access::prepare_password(&catalog, &mut house.mint, &person, &secret)?;
    house.act(&Actor::System, |tx, moment| access::set_password(tx, moment, &person, &hash, None))?;
    Ok((filled, secret))
}

/// Four groups of five letters and digits that are told apart: a hundred bits of chance.
fn drawn(mint: &mut Mint) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
    let letters: Vec<char> =
        mint.secret().iter().take(20).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Takes away what was begun, as far as that goes.
fn clear(folder: &Path, was_there: bool) {
    for name in ["allclear.db", "allclear.db-wal", "allclear.db-shm", "allclear.db.lock"] {
        _ = std::fs::remove_file(folder.join(name));
    }
    if !was_there {
        _ = std::fs::remove_dir(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_drawn_and_not_the_same_twice() {
        let mut mint = Mint::seeded(1);
        let (one, other) = (drawn(&mut mint), drawn(&mut mint));
        assert_ne!(one, other);
        assert_eq!(one.len(), 23);
        assert!(domain::prepare::access::check_password(&one, "mara", "mara@harbourline.example").is_ok());
    }
}
