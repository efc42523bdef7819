//! The door: the only place that knows which database is behind it.
//!
//! One act is one transaction, as if alone on both engines: SQLite has one writer, PostgreSQL runs at
//! `SERIALIZABLE` and the act runs again when the engine asks. Synchronous on purpose; callers that
//! wait elsewhere use a thread for blocking work. There is no query builder and no mapper here.

mod checkpoint;
mod error;
#[cfg(test)]
mod faults;
pub(crate) mod files;
mod gate;
mod mishap;
mod pool;
mod postgres;
mod postgres_bell;
mod postgres_link;
mod room;
mod row;
mod sqlite;
mod sync;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub use error::{Breach, Error, ErrorKind, Halt};
pub use mishap::Mishap;
pub use row::Row;
pub use value::Value;

use gate::Pace;

/// Where the store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file of our own: one process at a time.
    Sqlite(PathBuf),
    /// A SQLite database that ends with the process: for rehearsals and tests.
    Memory,
    /// `postgres://user:password@host,other/database?sslmode=verify-full`
    Postgres(String),
}

impl fmt::Display for Place {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Memory => f.write_str("memory"),
            Self::Postgres(url) => f.write_str(&postgres::without_secrets(url)),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The store. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store(Arc<Inner>, Option<First>);

/// Ids that one query asks for: see [`Tx::query_ids`].
const IDS_AT_ONCE: usize = 25;

/// What a writing transaction begins with: see [`Store::beginning_with`].
type First = Arc<dyn Fn(&mut Tx<'_>) -> Result<(), Halt> + Send + Sync>;

struct Inner {
    engine: Engine,
    bell: Arc<Bell>,
}

enum Engine {
    Sqlite(Box<sqlite::Database>),
    Postgres(Box<postgres::Database>),
}

impl Store {
    /// Opens the database, brings its schema up to date, and checks that it keeps its promises.
    pub fn open(place: &Place) -> Result<Self, Error> {
        let store = Self::open_as_it_is(place)?;
        crate::schema::migrate(&store)?;
        Ok(store)
    }

    /// Opens without touching the schema.
    pub(crate) fn open_as_it_is(place: &Place) -> Result<Self, Error> {
        let bell = Arc::new(Bell::default());
        let engine = match place {
            Place::Sqlite(path) => Engine::Sqlite(Box::new(sqlite::Database::open(path)?)),
            Place::Memory => Engine::Sqlite(Box::new(sqlite::Database::in_memory()?)),
            Place::Postgres(url) => Engine::Postgres(Box::new(postgres::Database::open(url, Some(&bell))?)),
        };
        Ok(Self(Arc::new(Inner { engine, bell }), None))
    }

    /// Opens to look, beside a server that runs. Nothing is migrated, and on SQLite every write is refused.
    pub fn open_to_read(place: &Place) -> Result<Self, Error> {
        let engine = match place {
            Place::Sqlite(path) => Engine::Sqlite(Box::new(sqlite::Database::open_to_read(path)?)),
            Place::Memory => return Err(Error::other("there is nothing to look at in memory")),
            Place::Postgres(url) => Engine::Postgres(Box::new(postgres::Database::open(url, None)?)),
        };
        Ok(Self(Arc::new(Inner { engine, bell: Arc::default() }), None))
    }

    /// Runs the act in a transaction of its own, and commits if it answers `Ok`.
    ///
    /// The act may run more than once, so it has no effect outside of `tx`.
    pub fn write<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        self.write_at(Pace::Ordinary, act)
    }

    /// As [`Store::write`], but gives way to every ordinary write that waits: for ingest.
    pub fn write_bulk<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        self.write_at(Pace::Bulk, act)
    }

    /// The same store, but each transaction that writes begins with this: it stands or falls with the act, and an act
    /// that it refuses is not begun.
    pub fn beginning_with(&self, first: impl Fn(&mut Tx<'_>) -> Result<(), Halt> + Send + Sync + 'static) -> Self {
        Self(self.0.clone(), Some(Arc::new(first)))
    }

    fn write_at<T>(&self, pace: Pace, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        let (answer, pending) = self.commit_at(pace, act)?;
        pending.wait()?;
        Ok(answer)
    }

    /// As [`Store::write`], but the answer comes before the sync: whoever asked may not be told of it before
    /// [`Pending::wait`] has returned. The next transaction need not wait for the disk.
    pub fn write_ahead<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<(T, Pending), Halt> {
        self.commit_at(Pace::Ordinary, act)
    }

    /// As [`Store::write_ahead`], but gives way to every ordinary write that waits.
    pub fn write_bulk_ahead<T>(&self, act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<(T, Pending), Halt> {
        self.commit_at(Pace::Bulk, act)
    }

    fn commit_at<T>(
        &self,
        pace: Pace,
        mut act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>,
    ) -> Result<(T, Pending), Halt> {
        let mut act = |tx: &mut Tx<'_>| {
            if let Some(first) = &self.1 {
                first(tx)?;
            }
            act(tx)
        };
        let (answer, changed, commit) = match &self.0.engine {
            Engine::Sqlite(database) => {
                let (answer, written) = database.write(pace, &mut act)?;
                (answer, written.changed, written.commit)
            }
            Engine::Postgres(database) => {
                let (answer, changed) = database.write(&mut act)?;
                (answer, changed, 0)
            }
        };
        Ok((answer, Pending { store: self.0.clone(), changed, commit }))
    }

    /// Runs the act on one consistent view of the store. Whatever writes is refused.
    pub fn read<T>(&self, mut act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        match &self.0.engine {
            Engine::Sqlite(database) => database.read(&mut act),
            Engine::Postgres(database) => database.read(&mut act),
        }
    }

    /// The bell: rung after each commit that changed something, here or (on PostgreSQL) elsewhere.
    ///
    /// It carries nothing, and may ring once for many commits or for none; look at the tables. It is
    /// rung on the thread of the writer, so it must be quick and must not write.
    pub fn on_commit(&self, ring: impl Fn() + Send + Sync + 'static) {
        self.0.bell.add(Box::new(ring));
    }

    /// Why the store has stopped taking writes, if it has. Only a restart helps.
    pub fn broken(&self) -> Option<String> {
        match &self.0.engine {
            Engine::Sqlite(database) => database.broken(),
            Engine::Postgres(_) => None,
        }
    }

    /// Arranges for the next commit of a store in memory to go wrong: for rehearsals. Any other store ignores it.
    pub fn arrange(&self, mishap: Mishap) {
        if let Engine::Sqlite(database) = &self.0.engine {
            database.arrange(mishap);
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// Runs statements of the schema in one transaction, alone among all processes.
    pub(crate) fn alone<T>(&self, mut act: impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        match &self.0.engine {
            Engine::Sqlite(database) => {
                let (answer, written) = database.write(Pace::Ordinary, &mut act)?;
                database.wait(written.commit)?;
                Ok(answer)
            }
            Engine::Postgres(database) => database.alone(&mut act),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_postgres() { "Store (PostgreSQL)" } else { "Store (SQLite)" })
    }
}

/// A commit on its way to the disk.
#[must_use = "nothing counts before it is on the disk"]
pub struct Pending {
    store: Arc<Inner>,
    changed: bool,
    commit: u64,
}

impl Pending {
    /// Whether it is on the disk already: PostgreSQL does not answer before.
    pub fn is_there(&self) -> bool {
        matches!(self.store.engine, Engine::Postgres(_))
    }

    /// Waits until it is there, and everything that it may have seen.
    pub fn wait(self) -> Result<(), Error> {
        match &self.store.engine {
            Engine::Sqlite(database) => database.wait(self.commit)?,
            Engine::Postgres(database) if self.changed => database.tell_the_others(),
            Engine::Postgres(_) => {}
        }
        // A turn that changed nothing stays silent, or whoever wakes to find nothing would wake itself.
        if self.changed {
            self.store.bell.ring();
        }
        Ok(())
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// A transaction. A statement that failed ends it: what follows fails too, and nothing is committed.
pub struct Tx<'a> {
    session: Session<'a>,
    changed: bool,
    failed: Option<Error>,
}

enum Session<'a> {
    Sqlite(sqlite::Session<'a>),
    Postgres(postgres::Session<'a>),
}

impl<'a> Tx<'a> {
    fn new(session: Session<'a>) -> Self {
        Self { session, changed: false, failed: None }
    }

    /// Runs a statement; how many rows it touched.
    pub fn execute(&mut self, sql: &str, with: &[Value<'_>]) -> Result<u64, Error> {
        self.turn(sql, with, |session, changed| {
            let (touched, writes) = match session {
                Session::Sqlite(session) => session.execute(sql, with)?,
                Session::Postgres(session) => session.execute(sql, with)?,
            };
            *changed |= writes && touched > 0;
            Ok(touched)
        })
    }

    /// All rows of a query, or of a statement with `RETURNING`.
    pub fn query(&mut self, sql: &str, with: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        self.turn(sql, with, |session, changed| {
            let (rows, writes) = match session {
                Session::Sqlite(session) => session.query(sql, with)?,
                Session::Postgres(session) => session.query(sql, with)?,
            };
            *changed |= writes && !rows.is_empty();
            Ok(rows)
        })
    }

    /// The first row, if there is one.
    pub fn one(&mut self, sql: &str, with: &[Value<'_>]) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, with)?.into_iter().next())
    }

    /// The rows of many ids by few queries: in the SQL `{ids}` stands for some of them at a time, after the values of `with`.
    pub(crate) fn query_ids<'v, I: Copy + Into<Value<'v>>>(
        &mut self,
        sql: &str,
        with: &[Value<'v>],
        ids: &[I],
    ) -> Result<Vec<Row>, Error> {
        let places: Vec<String> = (1..=IDS_AT_ONCE).map(|place| format!("${}", with.len() + place)).collect();
        let sql = sql.replace("{ids}", &places.join(", "));
        let mut rows = Vec::new();
        for some in ids.chunks(IDS_AT_ONCE) {
            let mut values = with.to_vec();
            // One statement, however many there are: the last stands in for those that are lacking.
            values.extend((0..IDS_AT_ONCE).map(|place| some[place.min(some.len() - 1)].into()));
            rows.extend(self.query(&sql, &values)?);
        }
        Ok(rows)
    }

    /// Several statements without values: the schema only.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.turn(sql, &[], |session, changed| {
            *changed = true;
            match session {
                Session::Sqlite(session) => session.script(sql),
                Session::Postgres(session) => session.script(sql),
            }
        })
    }

    /// Which dialect the schema is to be spelled in.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.session, Session::Postgres(_))
    }

    /// Whether transactions commit in the order in which they began: then a number can be given inside of one.
    pub(crate) fn has_one_writer(&self) -> bool {
        !self.is_postgres()
    }

    /// Whether a statement failed because of the disk.
    fn torn(&self) -> bool {
        matches!(&self.session, Session::Sqlite(session) if session.torn)
    }

    fn turn<T>(
        &mut self,
        sql: &str,
        with: &[Value<'_>],
        run: impl FnOnce(&mut Session<'a>, &mut bool) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let trouble = with.iter().enumerate().find_map(|(place, value)| value.trouble().map(|why| (place + 1, why)));
        let outcome = match trouble {
            Some((number, why)) => {
                Err(Error::other(format!("${number} is {why}, which cannot be stored: {}", brief(sql))))
            }
            None => run(&mut self.session, &mut self.changed),
        };
        if let Err(error) = &outcome {
            self.failed = Some(error.clone());
        }
        outcome
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

/// The statement in one line, for errors.
fn brief(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    domain::words::text::shorten(&line, 160)
}

/// Runs statements on a PostgreSQL server, outside of any store: the schemas of tests.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn run_on_postgres(url: &str, sql: &str) -> Result<(), Error> {
    let mut client = postgres_link::Link::parse(url)?.connect()?;
    client.batch_execute(sql).map_err(|error| postgres::failure(&error, Some(sql)))
}

/// What is rung after a commit.
#[derive(Default)]
struct Bell(RwLock<Vec<Ring>>);

type Ring = Box<dyn Fn() + Send + Sync>;

impl Bell {
    fn add(&self, ring: Ring) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(ring);
    }

    fn ring(&self) {
        for ring in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            ring();
        }
    }
}
