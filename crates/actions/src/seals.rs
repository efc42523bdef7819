//! Seals the journal behind those who write it, and puts the proven record of an incident into one file.
//!
//! A reader of the journal like any other: it follows the numbers, which are given in the order of commits, so nobody who
//! writes waits for it. Any node may; what it appends is refused if another was quicker. After a crash it goes on after
//! the last seal.

use domain::respond::sight::Sight;
use domain::seals::bundles::{self, Bundle, Proof, Proven, ProvenSeal};
use domain::seals::notes::{Checkpoint, PublicKey, SealKey};
use domain::seals::segments::{self, BEFORE_ALL, Seal};
use domain::seals::trees::{self, Edge, Tree};
use domain::seals::verify::{Report, Verifier};
use domain::words::{IncidentId, Mint, Refusal, Timestamp};
use serde_json::Value as Json;
use store::{Error, Halt, Store, Tx, seals as rows};

use crate::respond::incidents::seen;
use crate::respond::room::{self, Room};
use crate::{Moment, Node, housekeeping};

/// The setting that holds the key.
const KEY: &str = "seal-key";
/// So many seals are made in one turn.
const AT_ONCE: usize = 32;
/// A bundle has so many entries at most.
const ENTRIES_MOST: u32 = 100_000;

/// The key of this installation. Made once, kept in the store, shared by its nodes.
pub fn key(store: &Store, mint: &mut Mint) -> Result<SealKey, Halt> {
    let kept = match store.read(|tx| Ok(store::settings::get(tx, KEY)?))? {
        Some(kept) => kept,
        None => {
            let fresh = mint.secret().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            store.write(|tx| Ok(store::settings::get_or_set(tx, KEY, &fresh)?))?
        }
    };
    read_key(&kept).ok_or_else(|| Error::corrupt("the key of the seals does not read").into())
}

fn read_key(hex: &str) -> Option<SealKey> {
    let bytes = (0..32).map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok());
    Some(SealKey::new(bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()?))
}

/// The public key, if one was made: for whoever only looks.
pub fn public_key(tx: &mut Tx<'_>) -> Result<Option<PublicKey>, Error> {
    let kept = store::settings::get(tx, KEY)?;
    Ok(kept.as_deref().and_then(read_key).map(|key| key.public()))
}

/// Seals what is due; how many seals that made.
pub fn turn(store: &Store, mint: &mut Mint, now: Timestamp) -> Result<usize, Halt> {
    let mut made = 0;
    while made < AT_ONCE && one(store, mint, now, false)? {
        made += 1;
    }
    Ok(made)
}

/// Seals everything that is numbered up to an entry, however little there is. Others may do the same meanwhile.
fn through(store: &Store, mint: &mut Mint, last: i64, now: Timestamp) -> Result<(), Halt> {
    while store.read(|tx| Ok(rows::through(tx)?))? < last {
        one(store, mint, now, true)?;
    }
    Ok(())
}

/// Makes one seal, if it is due. The hashing is done outside of the transaction that appends it.
fn one(store: &Store, mint: &mut Mint, now: Timestamp, at_once: bool) -> Result<bool, Halt> {
    let Some(before) = store.read(|tx| {
        let (last, newest) = (rows::newest(tx)?, store::journal::last(tx)?);
        let segment = last.as_ref().map(|seal| &seal.segment);
        if !(at_once || segments::is_due(segment, newest, now)) {
            return Ok(None);
        }
        let after = segment.map_or(i64::MIN, |segment| segment.last);
        let most = u32::try_from(segments::MOST).unwrap_or(u32::MAX);
        let records = rows::records(tx, after, i64::MAX, most)?;
        let size = segment.and_then(|segment| u64::try_from(segment.number).ok()).unwrap_or(0);
        let edge = Edge::load(size, &mut |level, place| rows::node(tx, level, place))?;
        Ok(Some((last, newest, records, edge)))
    })?
    else {
        return Ok(false);
    };
    let (last, newest, records, mut edge) = before;
    let Some((segment, leaves)) = segments::next(last.as_ref().map(|seal| &seal.segment), &records, newest, now) else {
        return Ok(false);
    };
    let key = key(store, mint)?;
    let previous = last.as_ref().and_then(|seal| seal.nodes.first());
    let seal = segments::seal(segment, leaves, previous.unwrap_or(&BEFORE_ALL), &mut edge, &key);
    store.write_bulk(|tx| Ok(rows::append(tx, &seal, previous)?))
}

/// The newest checkpoint as a note, if there is a seal.
pub fn checkpoint(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    Ok(newest(tx)?.map(|(_, note)| note))
}

fn newest(tx: &mut Tx<'_>) -> Result<Option<(Checkpoint, String)>, Error> {
    let Some(seal) = rows::newest(tx)? else { return Ok(None) };
    let size = u64::try_from(seal.segment.number).unwrap_or(0);
    let root = trees::root(size, &mut |level, place| rows::node(tx, level, place))?;
    let checkpoint = seal.segment.checkpoint(root);
    let note = seal.key.note(&checkpoint.text(&seal.key), &seal.signature);
    Ok(Some((checkpoint, note)))
}

/// Looks all seals and all entries over. `key` is whose signatures count, or that of the installation if there is none;
/// `against` are checkpoints that were kept elsewhere.
pub fn verify(store: &Store, key: Option<PublicKey>, against: &[Checkpoint]) -> Result<(PublicKey, Report), Halt> {
    store.read(|tx| {
        if !rows::are_kept(tx)? {
            return Err(Refusal::conflict("the database is older than seals are: start the server once").into());
        }
        let own = public_key(tx)?;
        let key = key.or(own).or(rows::newest(tx)?.map(|seal| seal.key));
        let key = key.ok_or_else(|| Refusal::conflict("nothing is sealed yet: the server seals while it runs"))?;
        let mut verifier = Verifier::new(key, rows::cuts(tx)?, against.to_vec());
        rows::follow(tx, &mut verifier)?;
        Ok((key, verifier.finish()))
    })
}

/// The record of an incident with its proofs, for who may see it. `shown` says how the incident stands.
///
/// What is not sealed yet is sealed first.
pub fn bundle(
    store: &Store,
    node: &Node,
    moment: &mut Moment<'_>,
    id: IncidentId,
    sight: Sight<'_>,
    shown: impl Fn(&Room) -> Json,
) -> Result<Bundle, Halt> {
    let now = moment.now;
    store.read(|tx| seen(tx, id, sight).map(drop))?;
    // Where entries are numbered after their commit, this is the moment for it; whoever holds the lease does it otherwise.
    housekeeping::number_journal(store, node, now)?;
    let last = store.read(|tx| Ok(store::journal::last(tx)?))?;
    through(store, moment.mint, last, now)?;
    let key = key(store, moment.mint)?;
    crate::board::refresh(store, node, now)?;
    let who = moment.actor.to_string();
    store.read(|tx| {
        let incident = shown(&room::room(tx, node, id, sight, now)?);
        let lines = room::timeline(tx, id, sight, None, ENTRIES_MOST + 1)?;
        if lines.len() > ENTRIES_MOST as usize {
            return Err(Refusal::conflict(format!("the timeline has more than {ENTRIES_MOST} entries")).into());
        }
        let Some((checkpoint, note)) = newest(tx)? else {
            return Err(Error::other("nothing is sealed").into());
        };
        let (mut entries, mut seals): (Vec<Proven>, Vec<(Seal, Tree)>) = (Vec::new(), Vec::new());
        for line in lines.iter().rev() {
            let Some(record) = rows::record_of(tx, line.entry.id)? else { continue };
            let at = match seals.iter().position(|(seal, _)| holds(seal, record.number)) {
                Some(at) => Some(at),
                None => rows::holding(tx, record.number)?.map(|seal| {
                    let tree = Tree::of(seal.leaves.iter().copied());
                    seals.push((seal, tree));
                    seals.len() - 1
                }),
            };
            let proof = at.and_then(|at| {
                let (seal, tree) = &seals[at];
                let place = u64::try_from(record.number - seal.segment.first).ok()?;
                Some(Proof { seal: seal.segment.number, path: tree.path(place) })
            });
            entries.push(Proven::of(&record, proof)?);
        }
        seals.sort_by_key(|(seal, _)| seal.segment.number);
        let mut proven = Vec::with_capacity(seals.len());
        for (seal, _) in &seals {
            proven.push(prove(tx, seal, checkpoint.size)?);
        }
        Ok(bundles::make(incident, entries, proven, note, &key, now, &who))
    })
}

fn holds(seal: &Seal, number: i64) -> bool {
    (seal.segment.first..=seal.segment.last).contains(&number)
}

/// The place of a seal in the checkpoint of so many.
fn prove(tx: &mut Tx<'_>, seal: &Seal, size: u64) -> Result<ProvenSeal, Halt> {
    let segment = &seal.segment;
    let place = u64::try_from(segment.number - 1).unwrap_or(0);
    let previous = if place == 0 { BEFORE_ALL } else { rows::node(tx, 0, place - 1)? };
    let sealed_at = Timestamp::from_microsecond(segment.sealed_at)
        .map_err(|_| Error::corrupt(format!("seal {} has a time that is none", segment.number)))?;
    Ok(ProvenSeal {
        number: segment.number,
        first: segment.first,
        last: segment.last,
        root: segment.root,
        sealed_at,
        opening: segment.opening,
        previous,
        path: trees::path(place, size, &mut |level, place| rows::node(tx, level, place))?,
    })
}
