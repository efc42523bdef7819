//! PostgreSQL behind the door: a small pool, `SERIALIZABLE` writes run again when the server asks, and
//! a notification to the other nodes after a commit.
//!
//! The server says the type of each parameter and the value is encoded to fit, or refused. A `COMMIT`
//! whose answer was lost is in doubt, and said to be.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use ::postgres::{Client, Statement};

use super::pool::{Lent, Pool};
use super::postgres_bell::{Crier, Listener};
use super::postgres_link::Link;
use super::{Bell, Breach, Error, ErrorKind, Halt, Row, Session as AnySession, Tx, Value, brief, row};

pub(super) use super::postgres_link::without_secrets;

const CONNECTIONS: usize = 8;
const STATEMENTS: usize = 512;
/// How often an act is run again because another one was in its way.
const TURNS: u32 = 30;
/// How often it is run again because the connection was lost before the commit.
const RECONNECTS: u32 = 3;

/// A PostgreSQL database in use.
pub(super) struct Database {
    link: Arc<Link>,
    pool: Pool<Line>,
    /// Nobody is told, and nothing is heard, by one that only came to look.
    bells: Option<(Crier, Listener)>,
}

/// A connection, and its prepared statements.
pub(super) struct Line {
    client: Client,
    plans: HashMap<Box<str>, Arc<Plan>>,
}

struct Plan {
    statement: Statement,
    columns: Arc<[Box<str>]>,
    writes: bool,
}

/// How a turn ended.
enum Turn<T> {
    Done(T, bool),
    Halted(Halt),
    /// Rolled back for the sake of another: run it again.
    Again(Error),
    /// The connection is gone, and nothing was committed.
    Lost(Error),
}

impl Database {
    pub(super) fn open(url: &str, bell: Option<&Arc<Bell>>) -> Result<Self, Error> {
        let link = Arc::new(Link::parse(url)?);
        let pool = Pool::new(CONNECTIONS);
        drop(pool.lend(|| {
            let mut client = link.connect()?;
            link.check(&mut client)?;
            Ok(Line::new(client))
        })?);
        let bells = bell.map(|bell| {
            let crier = Crier::start(link.clone())?;
            let listener = Listener::start(link.clone(), bell, crier.backend())?;
            Ok::<_, Error>((crier, listener))
        });
        Ok(Self { bells: bells.transpose()?, link, pool })
    }

    pub(super) fn write<T>(&self, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<(T, bool), Halt> {
        let (mut turns, mut reconnects) = (0, 0);
        loop {
            let mut line = self.lend()?;
            match turn(&mut line, "BEGIN ISOLATION LEVEL SERIALIZABLE", None, act) {
                Turn::Done(answer, changed) => return Ok((answer, changed)),
                Turn::Halted(halt) => {
                    self.look_over(line);
                    return Err(halt);
                }
                Turn::Again(error) => {
                    drop(line);
                    turns += 1;
                    if turns == TURNS {
                        tracing::warn!(turns, "an act gave up: others were in its way each time");
                        return Err(error.into());
                    }
                    pause(turns);
                }
                Turn::Lost(error) => {
                    self.lose(line);
                    reconnects += 1;
                    if reconnects > RECONNECTS {
                        return Err(error.into());
                    }
                    pause(reconnects + 3);
                }
            }
        }
    }

    pub(super) fn read<T>(&self, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        let mut reconnects = 0;
        loop {
            let mut line = self.lend()?;
            match turn(&mut line, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", None, act) {
                Turn::Done(answer, _) => return Ok(answer),
                Turn::Halted(halt) => {
                    self.look_over(line);
                    return Err(halt);
                }
                Turn::Again(error) | Turn::Lost(error) => {
                    self.lose(line);
                    reconnects += 1;
                    if reconnects > RECONNECTS {
                        return Err(error.into());
                    }
                    pause(reconnects + 3);
                }
            }
        }
    }

    /// One transaction, alone among all nodes that use this schema.
    pub(super) fn alone<T>(&self, act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>) -> Result<T, Halt> {
        let mut line = self.lend()?;
        let lock = "SELECT pg_advisory_xact_lock(1634495587, hashtext(current_schema()))";
        match turn(&mut line, "BEGIN", Some(lock), act) {
            Turn::Done(answer, _) => {
                line.plans.clear(); // what they were prepared for may have changed
                Ok(answer)
            }
            Turn::Halted(halt) => {
                self.look_over(line);
                Err(halt)
            }
            Turn::Again(error) | Turn::Lost(error) => {
                self.lose(line);
                Err(error.into())
            }
        }
    }

    /// At most one notification is under way; it tells of every commit before it.
    pub(super) fn tell_the_others(&self) {
        if let Some((crier, _)) = &self.bells {
            crier.cry();
        }
    }

    fn lend(&self) -> Result<Lent<'_, Line>, Error> {
        self.pool.lend(|| self.link.connect().map(Line::new))
    }

    /// Gives the connection back, unless it is gone.
    fn look_over(&self, line: Lent<'_, Line>) {
        if line.client.is_closed() {
            self.lose(line);
        }
    }

    /// The others are as old as this one and have most likely gone with it.
    fn lose(&self, line: Lent<'_, Line>) {
        close(line.discard().into_iter().chain(self.pool.drain()).collect());
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        close(self.pool.drain());
    }
}

/// Closing waits for the server, which a thread of an asynchronous runtime is not allowed to do.
fn close(lines: Vec<Line>) {
    if !lines.is_empty() {
        let _ = std::thread::Builder::new().name("goodbye".to_owned()).spawn(move || drop(lines));
    }
}

/// Waits a little, longer each time, and not all for the same time.
fn pause(turn: u32) {
    static TICKET: AtomicU32 = AtomicU32::new(0);
    let longest = 1_u64 << turn.min(8); // 2 .. 256 ms
    let ticket = TICKET.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id());
    let spread = u64::from(ticket.wrapping_mul(2_654_435_769) >> 16) % (longest * 500);
    #[expect(clippy::disallowed_methods, reason = "the server asked to try again soon; no due column can wake us")]
    std::thread::sleep(Duration::from_micros(longest * 500 + spread));
}

/// One turn of an act on one connection.
fn turn<T>(
    line: &mut Line,
    how: &str,
    first: Option<&str>,
    act: &mut impl FnMut(&mut Tx<'_>) -> Result<T, Halt>,
) -> Turn<T> {
    let mut begun = match Begun::new(line, how, first) {
        Ok(begun) => begun,
        Err(error) => return fault(&error).turn(failure(&error, None)),
    };
    let mut tx = Tx::new(AnySession::Postgres(Session { line: begun.line, fault: Fault::None }));
    let outcome = act(&mut tx);
    let (changed, failed) = (tx.changed, tx.failed.take());
    let fault = match &tx.session {
        AnySession::Postgres(session) => session.fault,
        AnySession::Sqlite(_) => Fault::None,
    };
    drop(tx);
    if let Some(error) = failed {
        // Whatever the act made of it: the server has given the transaction up.
        return match fault {
            Fault::None => Turn::Halted(outcome.err().unwrap_or(Halt::Failed(error))),
            fault => fault.turn(error),
        };
    }
    match outcome {
        Ok(answer) => begun.commit(answer, changed),
        Err(halt) => {
            begun.roll_back();
            Turn::Halted(halt)
        }
    }
}

/// What an error means for the turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Again,
    Lost,
}

impl Fault {
    fn turn<T>(self, error: Error) -> Turn<T> {
        match self {
            Self::None => Turn::Halted(error.into()),
            Self::Again => Turn::Again(error),
            Self::Lost => Turn::Lost(error),
        }
    }
}

/// A transaction that was begun: committed, or rolled back when dropped.
struct Begun<'a> {
    line: &'a mut Line,
    open: bool,
}

impl<'a> Begun<'a> {
    fn new(line: &'a mut Line, how: &str, first: Option<&str>) -> Result<Self, ::postgres::Error> {
        line.client.batch_execute(how)?;
        let begun = Self { line, open: true };
        if let Some(first) = first {
            begun.line.client.batch_execute(first)?;
        }
        Ok(begun)
    }

    fn commit<T>(mut self, answer: T, changed: bool) -> Turn<T> {
        self.open = false;
        let Err(error) = self.line.client.batch_execute("COMMIT") else { return Turn::Done(answer, changed) };
        let failure = failure(&error, None).during("the commit failed");
        match (fault(&error), error.as_db_error()) {
            (Fault::Again, _) => Turn::Again(failure),
            // The server said no, so it is no: a constraint that is checked at the end, for one.
            (Fault::None, Some(_)) => Turn::Halted(failure.into()),
            // Nothing was changed: then nothing is in doubt.
            _ if !changed => Turn::Lost(failure),
            _ => Turn::Halted(
                Error::new(
                    ErrorKind::InDoubt,
                    "the connection to PostgreSQL was lost during the commit; it may or may not have happened",
                )
                .into(),
            ),
        }
    }

    fn roll_back(&mut self) {
        if std::mem::take(&mut self.open)
            && !self.line.client.is_closed()
            && let Err(error) = self.line.client.batch_execute("ROLLBACK")
        {
            tracing::debug!(%error, "a transaction ended with its connection");
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.roll_back();
    }
}

/// The statements of one transaction.
pub(super) struct Session<'a> {
    line: &'a mut Line,
    fault: Fault,
}

impl Session<'_> {
    pub(super) fn execute(&mut self, sql: &str, with: &[Value<'_>]) -> Result<(u64, bool), Error> {
        let plan = self.plan(sql, with)?;
        let values: Vec<_> = with.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let outcome = self.line.client.execute(&plan.statement, &values);
        outcome.map(|touched| (touched, plan.writes)).map_err(|error| self.failure(&error, sql))
    }

    pub(super) fn query(&mut self, sql: &str, with: &[Value<'_>]) -> Result<(Vec<Row>, bool), Error> {
        let plan = self.plan(sql, with)?;
        let values: Vec<_> = with.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let found = self.line.client.query(&plan.statement, &values).map_err(|error| self.failure(&error, sql))?;
        let rows = found.iter().map(|found| row_of(found, &plan)).collect::<Result<_, _>>();
        Ok((rows.map_err(|error| error.during(&brief(sql)))?, plan.writes))
    }

    pub(super) fn script(&mut self, sql: &str) -> Result<(), Error> {
        let outcome = self.line.client.batch_execute(sql);
        outcome.map_err(|error| self.failure(&error, sql))
    }

    fn plan(&mut self, sql: &str, with: &[Value<'_>]) -> Result<Arc<Plan>, Error> {
        let known = self.line.plans.get(sql).cloned();
        let plan = known.map_or_else(|| self.prepare(sql), Ok)?;
        let wanted = plan.statement.params().len();
        if wanted != with.len() {
            let given = with.len();
            return Err(Error::other(format!("{given} values were given for {wanted} placeholders: {}", brief(sql))));
        }
        Ok(plan)
    }

    fn prepare(&mut self, sql: &str) -> Result<Arc<Plan>, Error> {
        let statement = self.line.client.prepare(sql).map_err(|error| self.failure(&error, sql))?;
        let columns = row::columns(statement.columns().iter().map(::postgres::Column::name));
        let plan = Arc::new(Plan { statement, columns, writes: writes(sql) });
        if self.line.plans.len() >= STATEMENTS {
            self.line.plans.clear();
        }
        self.line.plans.insert(sql.into(), plan.clone());
        Ok(plan)
    }

    fn failure(&mut self, error: &::postgres::Error, sql: &str) -> Error {
        self.fault = fault(error);
        if stale_plan(error) {
            self.line.plans.clear();
        }
        failure(error, Some(sql))
    }
}

impl Line {
    fn new(client: Client) -> Self {
        Self { client, plans: HashMap::new() }
    }
}

/// Whether a statement that gives rows has changed some. A mere `SELECT` must not ring the bell.
fn writes(sql: &str) -> bool {
    let upper = sql.trim_start().to_ascii_uppercase();
    !(upper.starts_with("SELECT")
        || upper.starts_with("WITH") && !["INSERT", "UPDATE", "DELETE"].iter().any(|verb| upper.contains(verb)))
}

fn row_of(found: &::postgres::Row, plan: &Plan) -> Result<Row, Error> {
    let mut values = Vec::with_capacity(found.len());
    for (place, column) in found.columns().iter().enumerate() {
        values.push(match *column.type_() {
            Type::BOOL => read(found, place, Value::Bool),
            Type::INT8 => read(found, place, Value::Int),
            Type::INT4 => read(found, place, |int: i32| Value::Int(int.into())),
            Type::INT2 => read(found, place, |int: i16| Value::Int(int.into())),
            Type::FLOAT8 => read(found, place, Value::Real),
            Type::FLOAT4 => read(found, place, |real: f32| Value::Real(real.into())),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => read(found, place, row::text),
            Type::BYTEA => read(found, place, |bytes: Vec<u8>| Value::bytes(bytes)),
            Type::VOID => Ok(Value::Null),
            ref other => {
                Err(Error::other(format!("column {:?} is of type {other}: CAST it to one of ours", column.name())))
            }
        }?);
    }
    Ok(Row { columns: plan.columns.clone(), values })
}

fn read<'a, T: FromSql<'a>>(
    row: &'a ::postgres::Row,
    place: usize,
    wrap: impl FnOnce(T) -> Value<'static>,
) -> Result<Value<'static>, Error> {
    let value: Option<T> = row.try_get(place).map_err(|error| failure(&error, None))?;
    Ok(value.map_or(Value::Null, wrap))
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let unfit = || Box::new(Unfit { value: self.kind(), column: ty.to_string() });
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(int), &Type::INT8) => int.to_sql(ty, out),
            (Self::Int(int), &Type::INT4) => i32::try_from(*int).map_err(|_| unfit())?.to_sql(ty, out),
            (Self::Int(int), &Type::INT2) => i16::try_from(*int).map_err(|_| unfit())?.to_sql(ty, out),
            (Self::Int(int @ (0 | 1)), &Type::BOOL) => (*int == 1).to_sql(ty, out),
            (Self::Bool(bool), &Type::BOOL) => bool.to_sql(ty, out),
            (Self::Real(real), &Type::FLOAT8) => real.to_sql(ty, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME) => {
                text.as_ref().to_sql(ty, out)
            }
            (Self::Id(id), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME) => id.as_str().to_sql(ty, out),
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.as_ref().to_sql(ty, out),
            _ => Err(unfit()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // each value is looked at when it is encoded
    }

    to_sql_checked!();
}

#[derive(Debug, thiserror::Error)]
#[error("{value} does not fit a column of type {column}")]
struct Unfit {
    value: &'static str,
    column: String,
}

fn fault(error: &::postgres::Error) -> Fault {
    match error.code().map(::postgres::error::SqlState::code) {
        Some("40001" | "40P01") => Fault::Again,
        // The server goes down, or is no longer the one that writes.
        Some("57P01" | "57P02" | "57P03" | "25006") => Fault::Lost,
        Some(code) if code.starts_with("08") => Fault::Lost,
        Some(_) if stale_plan(error) => Fault::Again,
        None if gone(error) => Fault::Lost,
        _ => Fault::None,
    }
}

/// "cached plan must not change result type": another node has changed the schema.
fn stale_plan(error: &::postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| db.code().code() == "0A000" && db.message().starts_with("cached plan"))
}

fn gone(error: &::postgres::Error) -> bool {
    error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<std::io::Error>)
}

/// Our error for one of PostgreSQL's. Its details hold values of rows and are left out.
pub(super) fn failure(error: &::postgres::Error, sql: Option<&str>) -> Error {
    let Some(db) = error.as_db_error() else {
        if let Some(unfit) = error.source().and_then(|source| source.downcast_ref::<Unfit>()) {
            let sql = sql.map(brief).unwrap_or_default();
            return Error::other(format!("{unfit}: {sql}"));
        }
        let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        return Error::unavailable(format!("PostgreSQL: {error}{why}"));
    };
    let code = db.code().code();
    let place = [db.table(), db.column().or(db.constraint())].into_iter().flatten().collect::<Vec<_>>().join(".");
    let (kind, message) = match code {
        "23505" => (ErrorKind::Constraint(Breach::Unique), format!("UNIQUE constraint failed: {place}")),
        "23503" => (ErrorKind::Constraint(Breach::Reference), format!("FOREIGN KEY constraint failed: {place}")),
        "23502" => (ErrorKind::Constraint(Breach::NotNull), format!("NOT NULL constraint failed: {place}")),
        "23514" => (ErrorKind::Constraint(Breach::Check), format!("CHECK constraint failed: {place}")),
        "40001" | "40P01" => (ErrorKind::Busy, "other writers were in the way each time".to_owned()),
        // The database takes no connections now.
        "55000" if sql.is_none() => (ErrorKind::Unavailable, format!("PostgreSQL: {}", db.message())),
        "XX001" | "XX002" => (ErrorKind::Corrupt, format!("PostgreSQL says that its data is corrupt ({code})")),
        _ => match &code[..2] {
            "23" => (ErrorKind::Constraint(Breach::Other), format!("constraint failed: {place}")),
            // These speak of the server, never of a row.
            "08" | "28" | "3D" | "53" | "57" => (ErrorKind::Unavailable, format!("PostgreSQL: {}", db.message())),
            // And these of the statement.
            "25" | "2B" | "3F" | "42" | "0A" => (ErrorKind::Other, format!("PostgreSQL: {}", db.message())),
            _ => (ErrorKind::Other, format!("PostgreSQL error {code}")),
        },
    };
    match (kind, sql) {
        (ErrorKind::Other, Some(sql)) => Error::new(kind, format!("{message}: {}", brief(sql))),
        _ => Error::new(kind, message),
    }
}
