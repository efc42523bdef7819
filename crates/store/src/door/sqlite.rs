//! SQLite behind the door: one writer, a few readers, a write-ahead log that is synced before a commit counts.
//!
//! The file belongs to one process. What an fsync error leaves behind is unknown, so the first one
//! ends all writing: `broken` says why, and only a restart, which reads the log again, goes on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql, ffi};

use super::checkpoint::Checkpointer;
use super::gate::{Gate, Pace};
use super::mishap::{Arranged, Mishap};
use super::pool::Pool;
use super::room::Room;
use super::sync::Syncer;
use super::{Breach, Error, ErrorKind, Halt, Row, Tx, Value, brief, row};

/// Before this, a checkpoint and a write at once could tear the file (fixed in 3.51.3).
const OLDEST_VERSION: i32 = 3_051_003;
const READERS: usize = 4;
/// About as many statements as there are: one that is prepared again for each act costs more than it does.
const STATEMENTS: usize = 512;
/// Statements that one transaction keeps at hand.
const HELD: usize = 32;
const WRITER_CACHE_KIB: i32 = 4 * 1024;
const READER_CACHE_KIB: i32 = 2 * 1024;
/// The log is overwritten from its start, which syncs faster than growing it; past this it is cut.
const LOG_SIZE_LIMIT: i64 = 256 << 20;
/// A file that is memory, of this connection alone. Not `:memory:`: that keeps all pages in its cache, and looks through the whole of
/// it at every commit that split a page, so that a long replay takes three times as long.
const MEMORY: &str = "file:allclear?vfs=memdb";
const PATIENCE: Duration = Duration::from_secs(5);

/// A SQLite database in use.
pub(super) struct Database {
    gate: Arc<Gate>,
    // Dropped in this order: the checkpointer and the readers let go before the writer, so that the
    // writer is the last to close and folds the log into the file; the lock goes last.
    _checkpointer: Option<Checkpointer>,
    /// With the path of their file; none for a database in memory.
    readers: Option<(Pool<Line>, PathBuf)>,
    /// None for a database that was opened to be read.
    writer: Option<Mutex<Line>>,
    /// None where nothing is on a disk, or nothing is written.
    syncer: Option<Syncer>,
    /// Why nothing more is written.
    fault: Arc<OnceLock<String>>,
    /// The database itself. Closed after every connection: closing it lets go of SQLite's own locks on it.
    _file: Option<Arc<File>>,
    _lock: Option<File>,
    arranged: Arranged,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) changed: bool,
    /// The last commit when it ended: its own, if it changed something.
    pub(super) commit: u64,
}

/// A connection, and what is known of its statements.
pub(super) struct Line {
    connection: Connection,
    plans: RefCell<HashMap<Box<str>, Arc<Plan>, foldhash::fast::FixedState>>,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let lock = lock(path)?;
        let file = Arc::new(make(path)?);
        let mut connection = connect(path)?;
        // The first transaction makes the log.
        connection.execute_batch("BEGIN IMMEDIATE; COMMIT").map_err(|error| failure(&error, None))?;
        let (gate, fault) = (Arc::new(Gate::default()), Arc::default());
        let syncer = Syncer::open(path, Arc::clone(&fault))?;
        let checkpointer = Checkpointer::start(
            &mut connection,
            connect(path)?,
            Room::open(path)?,
            Arc::clone(&gate),
            Arc::clone(&file),
            Arc::clone(&fault),
        )?;
        Ok(Self {
            gate,
            _checkpointer: Some(checkpointer),
            readers: Some((Pool::new(READERS), path.to_owned())),
            writer: Some(Mutex::new(Line::new(connection))),
            syncer: Some(syncer),
            fault,
            _file: Some(file),
            _lock: Some(lock),
            arranged: Arranged::default(),
        })
    }

    /// Without the lock, so that a server may run on it.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, Error> {
        let readers = Pool::new(READERS);
        drop(readers.lend(|| Ok(Line::new(connect_reader(path)?)))?);
        Ok(Self {
            gate: Arc::default(),
            _checkpointer: None,
            readers: Some((readers, path.to_owned())),
            writer: None,
            syncer: None,
            fault: Arc::default(),
            _file: None,
            _lock: None,
            arranged: Arranged::default(),
        })
    }

    /// One connection, which also reads: what was written is seen at once, in one order.
    pub(super) fn in_memory() -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(MEMORY, flags).map_err(|error| failure(&error, None))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(|error| failure(&error, None))?;
        settle(&connection, WRITER_CACHE_KIB)?;
        Ok(Self {
            gate: Arc::new(Gate::default()),
            _checkpointer: None,
            readers: None,
            writer: Some(Mutex::new(Line::new(connection))),
            syncer: None,
            fault: Arc::default(),
            _file: None,
            _lock: None,
            arranged: Arranged::default(),
        })
    }

    /// Commits. What the act changed, or saw and left as it is, counts once [`Database::wait`] has returned.
    pub(super) fn write<T>(
        &self,
        pace: Pace,
        act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>,
    ) -> Result<(T, Written), Halt> {
        let _turn = self.gate.enter(pace)?;
        if let Some(why) = self.broken() {
            return Err(Error::unavailable(format!("the database takes no more writes until a restart: {why}")).into());
        }
        let line = self.writer()?;
        let begun = Begun::new(&line, "BEGIN IMMEDIATE").map_err(|torn| self.note(torn))?;
        let mut tx = Tx::new(super::Session::Sqlite(Session::new(&line)));
        let outcome = act(&mut tx);
        let (changed, torn, failed) = (tx.changed, tx.torn(), tx.failed.take());
        drop(tx);
        if let Some(error) = failed {
            let error = self.note(Torn { torn, error });
            outcome?; // what the act says of it, if it says something
            return Err(error.into());
        }
        let answer = outcome?;
        if changed {
            self.arranged.before_commit()?;
        }
        begun.commit().map_err(|torn| self.note(torn))?;
        if let Some(syncer) = self.syncer.as_ref().filter(|_| changed) {
            syncer.note_commit();
        }
        if changed {
            self.arranged.after_commit()?;
        }
        let commit = self.syncer.as_ref().map_or(0, Syncer::last);
        Ok((answer, Written { changed, commit }))
    }

    /// Waits until a commit, and all before it, is on the disk.
    pub(super) fn wait(&self, commit: u64) -> Result<(), Error> {
        self.syncer.as_ref().map_or(Ok(()), |syncer| syncer.wait(commit))
    }

    /// How many commits are not on the disk yet.
    #[cfg(test)]
    pub(super) fn unsynced(&self) -> u64 {
        self.syncer.as_ref().map_or(0, Syncer::unsynced)
    }

    pub(super) fn arrange(&self, mishap: Mishap) {
        if self.readers.is_none() {
            self.arranged.set(mishap);
        }
    }

    pub(super) fn read<T>(&self, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        let Some((readers, path)) = &self.readers else { return self.read_in_memory(act) };
        let line = readers.lend(|| Ok(Line::new(connect_reader(path)?)))?;
        let outcome = read_on(&line, act);
        if matches!(&outcome, Err(Halt::Failed(error)) if error.kind == ErrorKind::Corrupt) {
            line.discard(); // it may hold a torn page in its cache
        }
        outcome
    }

    fn read_in_memory<T>(&self, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        let _turn = self.gate.enter(Pace::Ordinary)?;
        let line = self.writer()?;
        read_on(&line, act)
    }

    pub(super) fn broken(&self) -> Option<String> {
        self.fault.get().cloned()
    }
    fn note(&self, Torn { torn, error }: Torn) -> Error {
        if torn && self.fault.set(error.message.clone()).is_ok() {
            tracing::error!(error = error.message, "the database failed to write; no more writes until a restart");
        }
        error
    }

    fn writer(&self) -> Result<MutexGuard<'_, Line>, Error> {
        let writer = self.writer.as_ref().ok_or_else(|| Error::other("the database was opened to be read"))?;
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read_on<T>(line: &Line, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
    let _begun = Begun::new(line, "BEGIN").map_err(|torn| torn.error)?;
    let mut tx = Tx::new(super::Session::Sqlite(Session { reads: true, ..Session::new(line) }));
    let answer = act(&mut tx)?;
    tx.failed.take().map_or(Ok(answer), |failed| Err(failed.into()))
}

/// An error, and whether it came from the disk: then nothing more is believed.
pub(super) struct Torn {
    torn: bool,
    error: Error,
}

/// A transaction that was begun: committed, or rolled back when dropped.
struct Begun<'a>(&'a Connection);

impl<'a> Begun<'a> {
    fn new(line: &'a Line, how: &str) -> Result<Self, Torn> {
        run(&line.connection, how).map_err(|error| Torn { torn: torn(&error), error: failure(&error, None) })?;
        Ok(Self(&line.connection))
    }

    fn commit(self) -> Result<(), Torn> {
        run(self.0, "COMMIT").map_err(|error| {
            let torn = torn(&error);
            let mut failure = failure(&error, None).during("the commit failed");
            if torn {
                failure.kind = ErrorKind::InDoubt;
            }
            Torn { torn, error: failure }
        })
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // After some errors SQLite has rolled back already, and after a commit there is nothing to do.
        if !self.0.is_autocommit()
            && let Err(error) = run(self.0, "ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.raw_execute().map(drop)
}

/// The statements of one transaction.
pub(super) struct Session<'a> {
    line: &'a Line,
    /// Statements at hand, so that the thousandth insert looks nothing up. Few, so a search is a glance.
    held: Vec<(Arc<Plan>, CachedStatement<'a>)>,
    /// It may only read. SQLite's own switch for that has every prepared statement prepared again, at each turn.
    reads: bool,
    pub(super) torn: bool,
}

/// What is known of a statement.
struct Plan {
    sql: Box<str>,
    /// For each place, which value goes there. `$2` before `$1` in the text: the places are numbered by
    /// first appearance, because `$2` is a name to SQLite.
    order: Vec<usize>,
    values: usize,
    writes: bool,
    columns: Arc<[Box<str>]>,
}

impl<'a> Session<'a> {
    fn new(line: &'a Line) -> Self {
        Self { line, held: Vec::with_capacity(8), reads: false, torn: false }
    }

    pub(super) fn execute(&mut self, sql: &str, with: &[Value<'_>]) -> Result<(u64, bool), Error> {
        let outcome =
            self.at_hand(sql, with).and_then(|(plan, statement)| Ok((statement.raw_execute()? as u64, plan.writes)));
        outcome.map_err(|error| self.failure(&error, sql))
    }

    pub(super) fn query(&mut self, sql: &str, with: &[Value<'_>]) -> Result<(Vec<Row>, bool), Error> {
        let outcome = self.at_hand(sql, with).and_then(|(plan, statement)| Ok((rows(plan, statement)?, plan.writes)));
        outcome.map_err(|error| self.failure(&error, sql))
    }

    pub(super) fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.held.clear();
        if self.reads {
            return Err(self.failure(&may_not_write(), sql));
        }
        self.line.connection.execute_batch(sql).map_err(|error| self.failure(&error, sql))
    }

    /// The statement, prepared and with its values bound.
    fn at_hand(&mut self, sql: &str, with: &[Value<'_>]) -> rusqlite::Result<&mut (Arc<Plan>, CachedStatement<'a>)> {
        let place = match self.held.iter().position(|(plan, _)| *plan.sql == *sql) {
            Some(place) => place,
            None => self.hold(sql)?,
        };
        let (plan, statement) = &mut self.held[place];
        if self.reads && plan.writes {
            return Err(may_not_write());
        }
        if plan.values != with.len() {
            return Err(rusqlite::Error::InvalidParameterCount(with.len(), plan.values));
        }
        for (at, value) in plan.order.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, &with[*value])?;
        }
        Ok(&mut self.held[place])
    }

    fn hold(&mut self, sql: &str) -> rusqlite::Result<usize> {
        let statement = self.line.connection.prepare_cached(sql)?;
        let known = self.line.plans.borrow().get(sql).cloned();
        let fits = known.filter(|plan| plan.columns.len() == statement.column_count());
        let plan = fits.map_or_else(|| self.line.plan(sql, &statement), Ok)?;
        if self.held.len() == HELD {
            self.held.swap_remove(0);
        }
        self.held.push((plan, statement));
        Ok(self.held.len() - 1)
    }

    fn failure(&mut self, error: &rusqlite::Error, sql: &str) -> Error {
        self.torn |= torn(error);
        failure(error, Some(sql))
    }
}

fn may_not_write() -> rusqlite::Error {
    let code = ffi::Error::new(ffi::SQLITE_READONLY);
    rusqlite::Error::SqliteFailure(code, Some("a read may not write".into()))
}

impl Plan {
    fn of(sql: &str, statement: &rusqlite::Statement<'_>) -> rusqlite::Result<Self> {
        let number = |place| {
            let name = statement.parameter_name(place).unwrap_or("?");
            let number: Option<usize> = name.strip_prefix('$').and_then(|number| number.parse().ok());
            number
                .filter(|number| *number > 0)
                .map(|number| number - 1)
                .ok_or_else(|| rusqlite::Error::InvalidParameterName(name.to_owned()))
        };
        let order = (1..=statement.parameter_count()).map(number).collect::<rusqlite::Result<Vec<_>>>()?;
        let values = order.iter().max().map_or(0, |most| most + 1);
        Ok(Self {
            sql: sql.into(),
            order,
            values,
            writes: !statement.readonly(),
            columns: row::columns(statement.column_names()),
        })
    }
}

fn rows(plan: &Plan, statement: &mut CachedStatement<'_>) -> rusqlite::Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(plan.columns.len());
        for place in 0..plan.columns.len() {
            values.push(match row.get_ref(place)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(int) => Value::Int(int),
                ValueRef::Real(real) => Value::Real(real),
                ValueRef::Text(bytes) => {
                    row::text(std::str::from_utf8(bytes).map_err(|error| rusqlite::Error::Utf8Error(place, error))?)
                }
                ValueRef::Blob(bytes) => Value::bytes(bytes.to_vec()),
            });
        }
        found.push(Row { columns: plan.columns.clone(), values });
    }
    Ok(found)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Real(real) => ValueRef::Real(*real),
            Self::Bool(bool) => ValueRef::Integer((*bool).into()),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Id(id) => ValueRef::Text(id.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Line {
    fn new(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Self { connection, plans: RefCell::default() }
    }

    fn plan(&self, sql: &str, statement: &rusqlite::Statement<'_>) -> rusqlite::Result<Arc<Plan>> {
        let plan = Arc::new(Plan::of(sql, statement)?);
        let mut plans = self.plans.borrow_mut();
        if plans.len() >= 2 * STATEMENTS {
            plans.clear();
        }
        plans.insert(sql.into(), plan.clone());
        Ok(plan)
    }
}

/// The file that keeps a second process out. It stays; what counts is the lock on it.
pub(crate) fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Keeps every other process off the database, or says that one has it.
pub(crate) fn lock(path: &Path) -> Result<File, Error> {
    let place = lock_path(path);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Error::unavailable(format!("cannot make the directory {}: {error}", folder.display())))?;
    }
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(&place)
        .map_err(|error| Error::unavailable(format!("cannot write to {}: {error}", place.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::unavailable(format!(
            "the database {} is in use by another process; stop that one first",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Error::unavailable(format!("cannot lock {}: {error}", place.display()))),
    }
}

/// Files that only their owner reads: the database holds secrets.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The file of the database, made if there is none.
pub(super) fn make(path: &Path) -> Result<File, Error> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(path)
        .map_err(|error| Error::unavailable(format!("cannot write to {}: {error}", path.display())))
}

/// A connection that may write, with every promise checked. The file is there.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    let say = |error: &rusqlite::Error| failure(error, None).during(&format!("cannot open {}", path.display()));
    if rusqlite::version_number() < OLDEST_VERSION {
        return Err(Error::other(format!(
            "SQLite {} can tear its log; build with the one that comes along (3.51.3 or later)",
            rusqlite::version()
        )));
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| say(&error))?;
    connection.busy_timeout(PATIENCE).map_err(|error| say(&error))?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| say(&error))?;
    if mode != "wal" {
        return Err(Error::unavailable(format!(
            "{} cannot have a write-ahead log (it has {mode:?}); is it on a network file system?",
            path.display()
        )));
    }
    settle(&connection, WRITER_CACHE_KIB).map_err(|error| error.during(&format!("cannot open {}", path.display())))?;
    let set = |name, value: i64| connection.pragma_update(None, name, value).map_err(|error| say(&error));
    set("wal_autocheckpoint", 0)?;
    set("journal_size_limit", LOG_SIZE_LIMIT)?;
    // NORMAL: the log is synced before it is folded. That a commit is synced before it counts is ours (sync.rs).
    set("synchronous", 1)?;
    let synchronous: i64 =
        connection.pragma_query_value(None, "synchronous", |row| row.get(0)).map_err(|error| say(&error))?;
    if synchronous != 1 {
        return Err(Error::other("SQLite refuses to sync its log before it folds it"));
    }
    Ok(connection)
}

/// A connection that only reads. It needs no lock, so that a backup may run beside the server.
pub(crate) fn connect_reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| failure(&error, None).during(&format!("cannot read {}", path.display())))?;
    connection.busy_timeout(PATIENCE).map_err(|error| failure(&error, None))?;
    settle(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

fn settle(connection: &Connection, cache_kib: i32) -> Result<(), Error> {
    let settle = || {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        connection.pragma_update(None, "temp_store", 2)?; // memory
        // "Ada" in double quotes is a column on both engines.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // A plan is made once, not anew for each value where an index is of some rows only: indices of ours name no value that is bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0))
    };
    match settle() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::other("SQLite refuses to check foreign keys")),
        Err(error) => Err(failure(&error, None)),
    }
}

/// Whether the disk failed under a write: what is in the file is then unknown.
fn torn(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

/// Our error for one of SQLite's. Its messages name tables and columns, never values.
pub(crate) fn failure(error: &rusqlite::Error, sql: Option<&str>) -> Error {
    use rusqlite::Error as Sqlite;
    let kind = match (error, error.sqlite_error()) {
        (Sqlite::Utf8Error(..), _) => ErrorKind::Corrupt,
        (_, Some(code)) => kind(*code),
        _ => ErrorKind::Other,
    };
    let message = match error {
        Sqlite::SqlInputError { msg, .. } => msg.clone(),
        Sqlite::SqliteFailure(code, Some(message)) if kind != ErrorKind::Other => {
            format!("{message} (SQLite {})", code.extended_code)
        }
        Sqlite::InvalidParameterCount(given, wanted) => format!("{given} values were given for {wanted} placeholders"),
        Sqlite::InvalidParameterName(name) => format!("the placeholder {name} is not $1, $2 .."),
        Sqlite::ExecuteReturnedResults => "the statement returns rows: query it".to_owned(),
        Sqlite::Utf8Error(place, _) => format!("column {} holds text that is not UTF-8", place + 1),
        other => other.to_string(),
    };
    match (kind, sql) {
        (ErrorKind::Other, Some(sql)) => Error::new(kind, format!("{message}: {}", brief(sql))),
        _ => Error::new(kind, message),
    }
}

fn kind(code: ffi::Error) -> ErrorKind {
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ErrorKind::Busy,
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::FileLockingProtocolFailed => ErrorKind::Unavailable,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => ErrorKind::Corrupt,
        ErrorCode::ConstraintViolation => ErrorKind::Constraint(match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
                Breach::Unique
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Breach::Reference,
            ffi::SQLITE_CONSTRAINT_NOTNULL => Breach::NotNull,
            ffi::SQLITE_CONSTRAINT_CHECK => Breach::Check,
            _ => Breach::Other,
        }),
        _ => ErrorKind::Other,
    }
}
