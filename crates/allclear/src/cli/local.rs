//! The database itself, for commands that need no server: keeping, the first access, and break-glass.
//!
//! Not for every day: who can read the database can do anything in it, so nobody is asked who they are.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use domain::words::{Actor, Mint, Name, Refusal};
use store::{Halt, Place, Store, Tx};

use super::Failure;
use crate::clock;
use actions::Moment;

/// Where the database is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Database {
    /// The directory of the embedded database
    #[arg(long, env = "ALLCLEAR_DATA", default_value = "data", value_name = "DIR")]
    pub(crate) data: PathBuf,

    #[arg(
        long,
        env = "ALLCLEAR_DATABASE",
        hide_env_values = true,
        value_name = "URL",
        help = "PostgreSQL instead of the embedded database: postgres://user:password@host/database"
    )]
    pub(crate) database: Option<String>,
}

/// Where the bytes of evidence are.
#[derive(Clone, Debug, Args)]
pub(crate) struct EvidenceFolder {
    /// The directory of evidence: evidence in the data directory, if absent
    #[arg(long, env = "ALLCLEAR_EVIDENCE", value_name = "DIR")]
    evidence: Option<PathBuf>,
}

impl EvidenceFolder {
    pub(crate) fn blobs(&self, database: &Database) -> store::Blobs {
        let folder = self.evidence.clone().unwrap_or_else(|| database.data.join("evidence"));
        // What is there is there, however large.
        store::Blobs::new(folder, u64::MAX)
    }
}

/// With `--local`: the database instead of the server.
#[derive(Clone, Debug, Args)]
pub(crate) struct Local {
    /// Work on the database itself, without a server and without a token
    ///
    /// For the first access, for automation and for emergencies. An embedded database must not be in use by a server.
    #[arg(long)]
    pub(crate) local: bool,

    #[command(flatten)]
    pub(crate) database: Database,
}

/// Beside `--local`: what the server knows by itself.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "With --local")]
pub(crate) struct Household {
    /// In whose name: the account on this machine, if absent
    #[arg(long, value_name = "NAME", requires = "local")]
    author: Option<Name>,

    /// The mail server that serve is started with: who is on call must be reached by what there is
    #[arg(long, env = "ALLCLEAR_SMTP", hide_env_values = true, value_name = "URL")]
    smtp: Option<String>,

    /// The places inside your own network that serve may reach
    #[arg(long, env = "ALLCLEAR_ALLOW", default_value = "", hide_default_value = true, value_name = "PLACES")]
    allow: String,
}

impl Household {
    pub(crate) fn author(&self) -> Actor {
        self.author.clone().map_or_else(whoever_is_here, Actor::Local)
    }

    /// The channels that serve would have; for asking, not for sending: they sign with no real secret.
    pub(crate) fn channels(&self) -> Result<channels::Channels, Refusal> {
        let nobody = "Allclear <allclear@localhost>";
        let parse = |server| channels::email::Settings::parse(server, nobody);
        channels::Channels::new(channels::Settings {
            email: self.smtp.as_deref().filter(|server| !server.is_empty()).map(parse).transpose()?,
            webhook_secret: channels::webhook::Secret::from_bytes([0; 32]),
            allow: self.allow.parse()?,
            authorities: None,
            chats: std::collections::BTreeMap::new(),
            rollbacks: channels::rollback::Secrets::default(),
            trackers: channels::trackers::Secrets::default(),
        })
    }
}

/// The account on this machine that runs this; with sudo, the one that asked for it.
pub(crate) fn whoever_is_here() -> Actor {
    let said = |name: &str| std::env::var(name).ok().filter(|account| !account.is_empty());
    let id = rustix::process::geteuid().as_raw();
    let listed = || {
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let account = fields.next()?;
            (fields.nth(1)?.parse() == Ok(id)).then(|| account.to_owned())
        })
    };
    let account = said("SUDO_USER").or_else(listed).or_else(|| said("USER")).unwrap_or_else(|| format!("uid-{id}"));
    name_of(&account).map_or(Actor::System, Actor::Local)
}

/// An account as a name; accounts of other systems may have letters that names have not.
fn name_of(account: &str) -> Option<Name> {
    let fits = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' };
    account
        .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
        .chars()
        .take(63)
        .map(fits)
        .collect::<String>()
        .parse()
        .ok()
}

impl Database {
    /// Where it is; it need not be there.
    pub(crate) fn place(&self) -> Place {
        match &self.database {
            Some(url) => Place::Postgres(url.clone()),
            None => Place::Sqlite(self.data.join("allclear.db")),
        }
    }

    /// The refusal of a place without a database.
    pub(crate) fn missing(&self) -> Refusal {
        Refusal::invalid(format!("there is no database in {}: name its directory with --data", self.data.display()))
    }

    /// The directory of an embedded database.
    pub(crate) fn make_directory(&self) -> anyhow::Result<()> {
        if self.database.is_some() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("the data directory {} cannot be made", self.data.display()))
    }

    /// Opens the database for changes; a new one is made with the defaults.
    pub(crate) fn open(&self, make: bool) -> Result<House, Failure> {
        let place = self.place();
        if let Place::Sqlite(path) = &place {
            if !make && !path.exists() {
                return Err(self.missing().into());
            }
            self.make_directory()?;
        }
        let store = Store::open(&place)
            .map_err(|error| anyhow::anyhow!("the database at {place} cannot be opened: {error}"))?;
        let mut house = House { store, mint: clock::mint()? };
        house.act(&Actor::System, actions::prepare::defaults::load)?;
        Ok(house)
    }
}

/// An open database, and what acts need.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) mint: Mint,
}

impl House {
    /// One act in one transaction.
    pub(crate) fn act<T>(
        &mut self,
        actor: &Actor,
        mut act: impl FnMut(&mut Tx<'_>, &mut Moment<'_>) -> Result<T, Halt>,
    ) -> Result<T, Failure> {
        let now = clock::clock()();
        let mint = &mut self.mint;
        Ok(self.store.write(|tx| act(tx, &mut Moment::new(now, actor.clone(), mint)))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_an_author() {
        for (account, name) in
            [("ana", Some("ana")), ("CORP\\Ana", Some("corp-ana")), ("_apt", Some("apt")), ("-", None)]
        {
            assert_eq!(name_of(account).as_ref().map(Name::as_str), name, "{account}");
        }
        assert!(matches!(whoever_is_here(), Actor::Local(_)));
    }
}
