//! The seals of the journal: runs of entries, chained and signed, with the leaves of their entries.
//!
//! Read leniently: what somebody tampered with shall be found by the verifier, not stop it. Nothing here knows a key.

use domain::seals::cuts::{Cut, Cuts};
use domain::seals::notes::PublicKey;
use domain::seals::records::Record;
use domain::seals::segments::{self, Seal, Segment};
use domain::seals::verify::Verifier;
use domain::seals::{Hash, trees};
use domain::words::{EventId, EventKind, Timestamp};

use crate::door::{Error, Row, Tx, Value};
use crate::{journal, schema};

/// Whether the database is new enough to have any.
pub fn are_kept(tx: &mut Tx<'_>) -> Result<bool, Error> {
    schema::has_table(tx, "seals")
}

/// The newest seal.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Seal>, Error> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM seals ORDER BY number DESC LIMIT 1"), &[])?;
    row.map(|row| read(&row)).transpose()
}

/// The number of the last entry that is sealed, or 0.
pub fn through(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let row = tx.one("SELECT max(last) AS last FROM seals", &[])?;
    Ok(row.map(|row| row.opt_int("last")).transpose()?.flatten().unwrap_or(0))
}

/// One seal.
pub fn get(tx: &mut Tx<'_>, number: i64) -> Result<Option<Seal>, Error> {
    let row = tx.one(&format!("SELECT {COLUMNS} FROM seals WHERE number = $1"), &[number.into()])?;
    row.map(|row| read(&row)).transpose()
}

/// The seal that holds an entry, by the number of that.
pub fn holding(tx: &mut Tx<'_>, entry: i64) -> Result<Option<Seal>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM seals WHERE last >= $1 ORDER BY last LIMIT 1");
    let seal = tx.one(&sql, &[entry.into()])?.map(|row| read(&row)).transpose()?;
    Ok(seal.filter(|seal| seal.segment.first <= entry))
}

/// A complete subtree over the heads of seals, by its level and its place in it (domain/seals/trees.rs): it stands in the
/// seal that completed it.
pub fn node(tx: &mut Tx<'_>, level: u32, place: u64) -> Result<Hash, Error> {
    let number = place.checked_add(1).and_then(|place| i64::try_from(place << level).ok());
    let row = match number {
        Some(number) => tx.one("SELECT nodes FROM seals WHERE number = $1", &[number.into()])?,
        None => None,
    };
    let nodes = row.map(|row| Ok::<_, Error>(hashes(row.bytes("nodes")?))).transpose()?.unwrap_or_default();
    let missing = || Error::corrupt(format!("the seals have no subtree {place} of level {level}; run allclear verify"));
    nodes.get(level as usize).copied().ok_or_else(missing)
}

/// Appends a seal that follows `previous`, the head of the one before; false if another node was quicker.
pub fn append(tx: &mut Tx<'_>, seal: &Seal, previous: Option<&Hash>) -> Result<bool, Error> {
    let newest = newest(tx)?;
    if newest.as_ref().map_or(0, |newest| newest.segment.number) + 1 != seal.segment.number
        || newest.as_ref().and_then(|newest| newest.nodes.first()) != previous
    {
        return Ok(false);
    }
    let segment = &seal.segment;
    let appended = tx.execute(
        "INSERT INTO seals (number, first, last, root, sealed_at, opening, leaves, nodes, key, signature) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (number) DO NOTHING",
        &[
            segment.number.into(),
            segment.first.into(),
            segment.last.into(),
            Value::bytes(segment.root.to_vec()),
            segment.sealed_at.into(),
            segment.opening.into(),
            Value::bytes(seal.leaves.concat()),
            Value::bytes(seal.nodes.concat()),
            Value::bytes(seal.key.0.to_vec()),
            Value::bytes(seal.signature.clone()),
        ],
    )?;
    Ok(appended == 1)
}

/// Forgets the leaves of seals none of whose entries is left, among those that a cut touched.
pub fn thin(tx: &mut Tx<'_>, cut: &Cut) -> Result<(), Error> {
    let most = i64::try_from(segments::MOST).unwrap_or(i64::MAX);
    for (first, last) in &cut.entries {
        // By their ends alone, so that the index leads to the few that it can be.
        tx.execute(
            "UPDATE seals SET leaves = $4 WHERE last >= $1 AND last < $3 AND first <= $2 AND NOT EXISTS \
             (SELECT 1 FROM journal WHERE journal.number >= seals.first AND journal.number <= seals.last)",
            &[(*first).into(), (*last).into(), last.saturating_add(most).into(), Value::bytes(Vec::new())],
        )?;
    }
    Ok(())
}

/// Entries after a number and up to another, as they stand, in order.
pub fn records(tx: &mut Tx<'_>, after: i64, through: i64, limit: u32) -> Result<Vec<Record>, Error> {
    let rows = tx.query(
        &format!("SELECT {RECORD} FROM journal WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3"),
        &[after.into(), through.into(), limit.into()],
    )?;
    rows.iter().map(record).collect()
}

/// One entry, as it stands; its number is 0 while it has none.
pub fn record_of(tx: &mut Tx<'_>, id: EventId) -> Result<Option<Record>, Error> {
    let row = tx.one(&format!("SELECT {RECORD} FROM journal WHERE id = $1"), &[id.into()])?;
    row.map(|row| record(&row)).transpose()
}

/// How much is not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The number of the last entry that is.
    pub through: i64,
    pub entries: u64,
    /// When the oldest entry that is not was recorded.
    pub since: Option<Timestamp>,
}

/// How far sealing lags behind.
pub fn lag(tx: &mut Tx<'_>) -> Result<Lag, Error> {
    let through = through(tx)?;
    let oldest =
        tx.one("SELECT recorded_at FROM journal WHERE number > $1 ORDER BY number LIMIT 1", &[through.into()])?;
    let oldest = oldest.map(|row| row.instant("recorded_at")).transpose()?;
    let waiting =
        tx.one("SELECT min(recorded_at) AS oldest, count(*) AS count FROM journal WHERE number IS NULL", &[])?;
    let (unnumbered, count) = match waiting {
        Some(row) => (row.opt_instant("oldest")?, row.number::<u64>("count")?),
        None => (None, 0),
    };
    let numbered = u64::try_from(journal::last(tx)? - through).unwrap_or(0);
    Ok(Lag { through, entries: numbered + count, since: [oldest, unnumbered].into_iter().flatten().min() })
}

/// What retention cut, by the records of it.
pub fn cuts(tx: &mut Tx<'_>) -> Result<Cuts, Error> {
    let sql = format!("SELECT {RECORD} FROM journal WHERE kind = $1 AND number IS NOT NULL ORDER BY number");
    let mut cuts = Cuts::default();
    for row in tx.query(&sql, &[EventKind::JournalCut.word().into()])? {
        cuts.note(&record(&row)?);
    }
    Ok(cuts)
}

/// Hands all seals and all entries to the verifier, a seal at a time.
pub fn follow(tx: &mut Tx<'_>, verifier: &mut Verifier) -> Result<(), Error> {
    let (mut after, mut number) = (i64::MIN, i64::MIN);
    let sql = format!("SELECT {COLUMNS} FROM seals WHERE number > $1 ORDER BY number LIMIT $2");
    loop {
        let rows = tx.query(&sql, &[number.into(), SEALS_AT_ONCE.into()])?;
        for row in &rows {
            let seal = read(row)?;
            let entries = records(tx, after, seal.segment.last, ENTRIES_MOST)?;
            verifier.seal(&seal, &entries);
            (number, after) = (seal.segment.number, after.max(seal.segment.last));
        }
        if rows.len() < SEALS_AT_ONCE as usize {
            break;
        }
    }
    loop {
        let entries = records(tx, after, i64::MAX, ENTRIES_AT_ONCE)?;
        verifier.tail(&entries);
        match entries.last() {
            Some(last) => after = last.number,
            None => break,
        }
    }
    for row in tx.query("SELECT id, recorded_at FROM journal WHERE number IS NULL ORDER BY id", &[])? {
        verifier.unnumbered(row.text("id")?, row.int("recorded_at")?);
    }
    Ok(())
}

const SEALS_AT_ONCE: u32 = 50;
const ENTRIES_AT_ONCE: u32 = 1000;
/// More than a seal has; one whose end was changed shall not fill the memory.
const ENTRIES_MOST: u32 = 20_000;
const COLUMNS: &str = "number, first, last, root, sealed_at, opening, leaves, nodes, key, signature";
const RECORD: &str = "number, id, kind, at, recorded_at, actor, subjects, incident, why, data";

fn read(row: &Row) -> Result<Seal, Error> {
    Ok(Seal {
        segment: Segment {
            number: row.int("number")?,
            first: row.int("first")?,
            last: row.int("last")?,
            root: row.bytes("root")?.try_into().unwrap_or_default(),
            sealed_at: row.int("sealed_at")?,
            opening: row.int("opening")?,
        },
        leaves: hashes(row.bytes("leaves")?),
        nodes: hashes(row.bytes("nodes")?),
        key: PublicKey(row.bytes("key")?.try_into().unwrap_or_default()),
        signature: row.bytes("signature")?.to_vec(),
    })
}

/// Hashes one after the other; what is left over at the end makes one that nothing has.
fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|hash| hash.try_into().unwrap_or_else(|_| trees::empty())).collect()
}

fn record(row: &Row) -> Result<Record, Error> {
    let text = |column: &str| row.text(column).map(str::to_owned);
    Ok(Record {
        number: row.opt_int("number")?.unwrap_or(0),
        id: text("id")?,
        kind: text("kind")?,
        at: row.int("at")?,
        recorded_at: row.int("recorded_at")?,
        actor: text("actor")?,
        subjects: text("subjects")?,
        incident: row.opt_text("incident")?.map(str::to_owned),
        why: row.opt_text("why")?.map(str::to_owned),
        data: text("data")?,
    })
}
