//! The database itself, for commands that need no server: keeping, the first access, and break-glass.
//!
//! Not for every day: who can read the database can do anything in it, so nobody is asked who they are.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use domain::words::{Actor, Mint, Refusal};
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
