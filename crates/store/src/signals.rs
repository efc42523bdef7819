//! The signals log: every body that an integration sent and we answered for, as it came, for replay
//! and for those who ask what a source really said.
//!
//! An entry holds all calls that were received in one transaction, and the alerts that began in it (`births`). Bodies
//! are compressed before the transaction, so that nobody waits for it at the gate.

use domain::words::{Id, Name, SignalId, Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detect::births::{self, Births};
use crate::door::{Error, Row, Tx, Value};

/// No body is larger; a row that says so is not believed.
const SIZE_MOST: usize = 64 << 20;
/// Compressing less saves less than it costs.
const SIZE_WORTH_PACKING: usize = 1024;

/// A body, compressed; or as it is, if that is no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    size: usize,
    packed: Vec<u8>,
}

impl Body {
    pub fn pack(body: &[u8]) -> Self {
        let packed = (body.len() >= SIZE_WORTH_PACKING).then(|| lz4_flex::block::compress(body));
        let packed = packed.filter(|packed| packed.len() < body.len()).unwrap_or_else(|| body.to_vec());
        Self { size: body.len(), packed }
    }

    /// How long it is, and what is kept of it.
    pub(crate) fn parts(&self) -> (usize, &[u8]) {
        (self.size, &self.packed)
    }

    pub(crate) fn unpack(size: usize, packed: &[u8]) -> Option<Vec<u8>> {
        if size > SIZE_MOST {
            return None;
        }
        if packed.len() == size {
            return Some(packed.to_vec());
        }
        lz4_flex::block::decompress(packed, size).ok().filter(|body| body.len() == size)
    }
}

/// A call that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub integration: Name,
    pub received_at: Timestamp,
    /// What the body is written in.
    pub format: String,
    /// How many alerts it holds.
    pub count: u32,
    pub body: Vec<u8>,
}

/// What was received in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: SignalId,
    pub received_at: Timestamp,
    pub node: String,
    pub calls: Vec<Call>,
}

/// A call on its way into the log.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    pub integration: &'a Name,
    pub received_at: Timestamp,
    pub format: &'a str,
    pub count: u32,
    pub body: &'a Body,
}

/// An entry on its way into the log.
#[derive(Debug)]
pub struct Draft {
    pub id: SignalId,
    count: u32,
    calls: Vec<u8>,
}

/// What stands before each body.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    integration: &'a str,
    format: &'a str,
    received_at: i64,
    count: u32,
    size: usize,
    packed: usize,
}

impl Draft {
    pub fn new(id: SignalId) -> Self {
        Self { id, count: 0, calls: Vec::new() }
    }

    /// How many alerts its calls hold so far: the place of the next call's first.
    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What was added so far.
    pub fn calls(&self) -> Result<Vec<Call>, Error> {
        unpack(&self.calls).ok_or_else(|| torn(self.id))
    }

    pub fn add(&mut self, call: &Received<'_>) -> Result<(), Error> {
        let head = Head {
            integration: call.integration.as_str(),
            format: call.format,
            received_at: call.received_at.as_microsecond(),
            count: call.count,
            size: call.body.size,
            packed: call.body.packed.len(),
        };
        let calls = postcard::to_extend(&head, std::mem::take(&mut self.calls));
        self.calls = calls.map_err(|error| Error::other(format!("a call cannot be packed: {error}")))?;
        self.calls.extend_from_slice(&call.body.packed);
        self.count += call.count;
        Ok(())
    }
}

/// Writes an entry, and what began in it.
pub fn append(tx: &mut Tx<'_>, entry: Draft, births: &Births, received_at: Timestamp, node: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO signals (id, received_at, node, count, births, calls) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            entry.id.into(),
            received_at.into(),
            node.into(),
            entry.count.into(),
            births.pack()?.into(),
            Value::bytes(entry.calls),
        ],
    )?;
    births::note(tx, entry.id, births.len())
}

pub fn get(tx: &mut Tx<'_>, id: SignalId) -> Result<Option<Entry>, Error> {
    tx.one(&format!("SELECT {COLUMNS} FROM signals WHERE id = $1"), &[id.into()])?.as_ref().map(read).transpose()
}

/// So long before its transaction a call may have come, at most.
const WAITED_MOST: Span = Span::minutes(5);

/// Entries with what came in from `since` until before `until`, in order, and perhaps a little more before and after
/// that; the first `limit` after the entry `after` if there is one.
pub fn between(
    tx: &mut Tx<'_>,
    since: Timestamp,
    until: Timestamp,
    after: Option<SignalId>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let from = after.unwrap_or_else(|| earliest_id(since));
    let to = earliest_id(WAITED_MOST.after(until));
    let sql = format!("SELECT {COLUMNS} FROM signals WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3");
    tx.query(&sql, &[from.into(), to.into(), limit.into()])?.iter().map(read).collect()
}

/// How many entries [`between`] has, without reading them.
pub fn count_between(tx: &mut Tx<'_>, since: Timestamp, until: Timestamp) -> Result<i64, Error> {
    let (from, to) = (earliest_id(since), earliest_id(WAITED_MOST.after(until)));
    let row = tx.one("SELECT count(*) AS n FROM signals WHERE id > $1 AND id < $2", &[from.into(), to.into()])?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Forgets up to `limit` entries from before `before`, but not those that an open alert is told by; how many. Some at a
/// time, so that nobody waits long.
pub fn cut(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM signals WHERE id IN \
         (SELECT id FROM signals WHERE id < $1 AND id NOT IN (SELECT signal FROM alerts WHERE resolved_at IS NULL) \
         AND id NOT IN (SELECT signal FROM births) ORDER BY id LIMIT $2)",
        &[earliest_id(before).into(), limit.into()],
    )
}

/// Ids sort by the time they were minted; this is before all of an instant.
fn earliest_id(at: Timestamp) -> SignalId {
    let ms = u128::try_from(at.as_millisecond()).unwrap_or(0);
    SignalId::from_bits(ms << 32)
}

const COLUMNS: &str = "id, received_at, node, calls";

fn read(row: &Row) -> Result<Entry, Error> {
    let id = row.id("id")?;
    let calls = unpack(row.bytes("calls")?).ok_or_else(|| torn(id))?;
    Ok(Entry { id, received_at: row.instant("received_at")?, node: row.text("node")?.to_owned(), calls })
}

fn torn(id: SignalId) -> Error {
    Error::corrupt(format!("a call of {id} does not decompress"))
}

fn unpack(mut bytes: &[u8]) -> Option<Vec<Call>> {
    let mut calls = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = postcard::take_from_bytes::<Head<'_>>(bytes).ok()?;
        let (packed, rest) = rest.split_at_checked(head.packed)?;
        calls.push(Call {
            integration: head.integration.parse().ok()?,
            received_at: Timestamp::from_microsecond(head.received_at).ok()?,
            format: head.format.to_owned(),
            count: head.count,
            body: Body::unpack(head.size, packed)?,
        });
        bytes = rest;
    }
    Some(calls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;
    use crate::door::{ErrorKind, Halt};
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// Writes an entry with a call for each body, all received at one instant.
    fn write(tx: &mut Tx<'_>, mint: &mut Mint, second: i64, bodies: &[&[u8]]) -> Result<SignalId, Halt> {
        let integration = "prometheus".parse().unwrap();
        let mut draft = Draft::new(mint.id(at(second)));
        for body in bodies {
            let body = Body::pack(body);
            let call =
                Received { integration: &integration, received_at: at(second), format: "x", count: 2, body: &body };
            draft.add(&call)?;
        }
        let id = draft.id;
        append(tx, draft, &Births::new(at(second), 0), at(second), "a")?;
        Ok(id)
    }

    both_engines! {
        fn bodies_come_back_byte_for_byte_and_smaller_in_between(store) {
            let mut mint = Mint::seeded(1);
            let noise: Vec<u8> = (0..9_000).map(|_| mint.chance().to_le_bytes()[0]).collect();
            let long = b"[{\"labels\":{}}]".repeat(10_000);
            let bodies: [&[u8]; 5] = [b"", b"{}", b"\0\xff", &noise, &long];
            let found = store.write(|tx| {
                let id = write(tx, &mut mint, 0, &bodies)?;
                Ok(get(tx, id)?)
            }).unwrap().unwrap();
            assert_eq!((&*found.node, found.received_at), ("a", at(0)));
            assert_eq!(found.calls.len(), 5);
            for (call, body) in found.calls.iter().zip(bodies) {
                assert_eq!((&call.body[..] == body, call.count, &*call.format), (true, 2, "x"));
            }
            assert!(Body::pack(&long).packed.len() < long.len() / 50);
            assert_eq!(Body::pack(&noise).packed.len(), noise.len());
            assert_eq!(store.read(|tx| Ok(get(tx, Mint::seeded(2).id(at(0)))?)).unwrap(), None);
        }

        fn an_entry_that_was_torn_is_named_not_served(store) {
            let mut mint = Mint::seeded(1);
            let id = store.write(|tx| write(tx, &mut mint, 0, &[&[7; 2000], b"[]"])).unwrap();
            let calls = store.read(|tx| {
                Ok(tx.one("SELECT calls FROM signals", &[])?.unwrap().bytes("calls")?.to_vec())
            }).unwrap();
            let mut bits: Vec<Vec<u8>> = (1..calls.len()).map(|end| calls[..end].to_vec()).collect();
            bits.push([&calls[..], b"\x7f"].concat());
            // The end of the first call is a whole entry by itself.
            let whole = calls.windows(2).rposition(|two| two == b"[]").unwrap();
            let first = bits.iter().position(|bytes| unpack(bytes).is_some_and(|calls| calls.len() == 1)).unwrap();
            assert!(first < whole);
            bits.remove(first);
            for bytes in bits {
                let outcome = store.write(|tx| {
                    tx.execute("UPDATE signals SET calls = $1", &[Value::bytes(&bytes[..])])?;
                    Ok(get(tx, id)?)
                });
                assert!(matches!(outcome, Err(Halt::Failed(error)) if error.kind == ErrorKind::Corrupt), "{bytes:?}");
            }
        }

        fn entries_are_read_by_time_and_cut_by_age(store) {
            let mut mint = Mint::seeded(1);
            for second in [1, 2, 3, 3, 5, 900] {
                store.write(|tx| write(tx, &mut mint, second, &[b"[]"])).unwrap();
            }
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = store.read(|tx| Ok(between(tx, at(2), at(5), after, 2)?)).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                seen.extend(page.iter().map(|entry| entry.received_at.as_second() - 1_790_000_000));
            }
            // What came before the end may have been received a little after it.
            assert_eq!(seen, [2, 3, 3, 5]);
            assert_eq!(store.write(|tx| Ok((cut(tx, at(3), 1)?, cut(tx, at(3), 9)?, cut(tx, at(3), 9)?))).unwrap(), (1, 1, 0));
            assert_eq!(store.read(|tx| Ok(between(tx, at(0), at(900), None, 9)?)).unwrap().len(), 4);
        }
    }
}
