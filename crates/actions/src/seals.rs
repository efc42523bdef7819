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
    let kept = if let Some(kept) = store.read(|tx| Ok(store::settings::get(tx, KEY)?))? {
        kept
    } else {
        let fresh = mint.secret().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        store.write(|tx| Ok(store::settings::get_or_set(tx, KEY, &fresh)?))?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce;
    use crate::node::Identity;
    use crate::respond::{entries, incidents};
    use domain::respond::entries::{Entry, Sort};
    use domain::respond::incidents::Class;
    use domain::seals::verify::Finding;
    use domain::words::{Actor, EventKind, Name, Span};
    use serde_json::json;
    use store::keeping;
    use store::testing::Fresh;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn node() -> Node {
        let link_key = domain::engage::links::LinkKey::new([7; 32]);
        Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key })
    }

    /// Writes so many entries, and gives them their numbers.
    fn write(store: &Store, mint: &mut Mint, second: i64, many: usize) {
        store
            .write(|tx| {
                let mut moment = Moment::new(at(second), Actor::Person("ana".parse().unwrap()), mint);
                for n in 0..many {
                    let subjects = vec![format!("grp_{n}"), "all".to_owned()];
                    announce::event(
                        tx,
                        &mut moment,
                        EventKind::PageStarted,
                        subjects,
                        Some("it fired"),
                        json!({ "n": n }),
                    )?;
                }
                Ok(())
            })
            .unwrap();
        number(store);
    }

    fn number(store: &Store) {
        if store.is_postgres() {
            while store.write(|tx| Ok(store::journal::number(tx, 500)?)).unwrap() > 0 {}
        }
    }

    /// Twenty entries in four seals.
    fn sealed(store: &Store) -> Mint {
        let mut mint = Mint::seeded(1);
        for (second, many) in [(0, 7), (20, 1), (40, 8), (60, 4)] {
            write(store, &mut mint, second, many);
            assert_eq!(turn(store, &mut mint, at(second + 1)).unwrap(), 1);
        }
        mint
    }

    fn report(store: &Store) -> Report {
        verify(store, None, &[]).unwrap().1
    }

    fn found(store: &Store) -> Vec<String> {
        report(store).findings.iter().map(ToString::to_string).collect()
    }

    fn tamper(store: &Store, sql: &str) {
        assert!(store.write(|tx| Ok(tx.execute(sql, &[])?)).unwrap() > 0, "{sql}");
    }

    fn id_of(store: &Store, number: i64) -> String {
        store.read(|tx| Ok(rows::records(tx, number - 1, number, 1)?)).unwrap()[0].id.clone()
    }

    store::both_engines! {
        fn the_journal_is_sealed_behind_those_who_write_it(store) {
            let mut mint = sealed(store);
            let (key, first) = verify(store, None, &[]).unwrap();
            assert_eq!((first.findings.as_slice(), first.sound, first.seals, first.unsealed), ([].as_slice(), 20, 4, 0));
            assert_eq!(store.read(|tx| Ok(public_key(tx)?)).unwrap(), Some(key));
            // A little more waits, and then does not.
            write(store, &mut mint, 62, 3);
            assert_eq!(turn(store, &mut mint, at(65)).unwrap(), 0);
            assert_eq!(store.read(|tx| Ok(rows::lag(tx)?)).unwrap(), rows::Lag { through: 20, entries: 3, since: Some(at(62)) });
            assert_eq!((report(store).unsealed, report(store).unsealed_since), (3, Some(at(62).as_microsecond())));
            assert_eq!(turn(store, &mut mint, at(75)).unwrap(), 1);
            assert_eq!(store.read(|tx| Ok(rows::lag(tx)?)).unwrap(), rows::Lag { through: 23, entries: 0, since: None });
            // Much is taken in portions.
            write(store, &mut mint, 76, 2500);
            assert_eq!(turn(store, &mut mint, at(77)).unwrap(), 2);
            assert_eq!(turn(store, &mut mint, at(99)).unwrap(), 1);
            assert_eq!((report(store).findings, report(store).sound), (vec![], 2523));
            // A checkpoint that was kept on the way is of this record.
            let note = store.read(|tx| Ok(checkpoint(tx)?)).unwrap().unwrap();
            write(store, &mut mint, 120, 1);
            turn(store, &mut mint, at(121)).unwrap();
            let kept = [Checkpoint::open(&note, &key).unwrap(), first.newest.unwrap()];
            assert_eq!(verify(store, Some(key), &kept).unwrap().1.held, 2);
        }

        fn every_column_of_an_entry_and_of_a_seal_counts(store) {
            sealed(store);
            let whole = store.read(|tx| Ok((rows::records(tx, 0, 99, 99)?, rows::get(tx, 3)?))).unwrap();
            let id = id_of(store, 11);
            for sql in [
                "UPDATE journal SET id = 'evt_other' WHERE number = 11",
                "UPDATE journal SET kind = 'page.ended' WHERE number = 11",
                "UPDATE journal SET at = at + 1 WHERE number = 11",
                "UPDATE journal SET recorded_at = recorded_at - 1 WHERE number = 11",
                "UPDATE journal SET actor = 'person:ben' WHERE number = 11",
                "UPDATE journal SET subjects = subjects || 'x' WHERE number = 11",
                "UPDATE journal SET incident = 'inc_1' WHERE number = 11",
                "UPDATE journal SET why = NULL WHERE number = 11",
                "UPDATE journal SET data = data || ' ' WHERE number = 11",
            ] {
                tamper(store, sql);
                let other = if sql.contains("SET id") { "evt_other" } else { &id };
                assert_eq!(report(store).findings, [Finding::Altered { number: 11, id: other.into() }], "{sql}");
                let record = whole.0.iter().find(|record| record.number == 11).unwrap();
                store.write(|tx| {
                    tx.execute("DELETE FROM journal WHERE number = 11", &[])?;
                    Ok(tx.execute(
                        "INSERT INTO journal (number, id, kind, at, recorded_at, actor, subjects, incident, why, data) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                        &[
                            record.number.into(), (&record.id).into(), (&record.kind).into(), record.at.into(),
                            record.recorded_at.into(), (&record.actor).into(), (&record.subjects).into(),
                            record.incident.as_ref().into(), record.why.as_ref().into(), (&record.data).into(),
                        ],
                    )?)
                }).unwrap();
                assert_eq!(found(store), Vec::<String>::new(), "after {sql}");
            }
            let seal = whole.1.unwrap();
            for sql in [
                "UPDATE seals SET first = 8 WHERE number = 3",
                "UPDATE seals SET last = 17 WHERE number = 3",
                "UPDATE seals SET root = leaves WHERE number = 3",
                "UPDATE seals SET sealed_at = sealed_at + 1 WHERE number = 3",
                "UPDATE seals SET opening = 99 WHERE number = 3",
                "UPDATE seals SET leaves = nodes WHERE number = 3",
                "UPDATE seals SET leaves = root WHERE number = 3",
                "UPDATE seals SET nodes = leaves WHERE number = 3",
                "UPDATE seals SET key = root WHERE number = 3",
                "UPDATE seals SET signature = root WHERE number = 3",
            ] {
                tamper(store, sql);
                assert!(!found(store).is_empty(), "{sql}");
                store.write(|tx| {
                    tx.execute("DELETE FROM seals WHERE number = 3", &[])?;
                    let insert = "INSERT INTO seals (number, first, last, root, sealed_at, opening, leaves, nodes, key, signature) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
                    let segment = &seal.segment;
                    let bytes = |bytes: Vec<u8>| store::Value::bytes(bytes);
                    Ok(tx.execute(insert, &[
                        segment.number.into(), segment.first.into(), segment.last.into(), bytes(segment.root.to_vec()),
                        segment.sealed_at.into(), segment.opening.into(), bytes(seal.leaves.concat()),
                        bytes(seal.nodes.concat()), bytes(seal.key.0.to_vec()), bytes(seal.signature.clone()),
                    ])?)
                }).unwrap();
                assert_eq!(found(store), Vec::<String>::new(), "after {sql}");
            }
        }

        fn what_was_removed_swapped_added_or_lost_is_named(store) {
            let mut mint = sealed(store);
            let ids = [3, 7, 9].map(|number| id_of(store, number));
            tamper(store, "DELETE FROM journal WHERE number IN (4, 5)");
            tamper(store, "UPDATE journal SET number = -3 WHERE number = 3");
            tamper(store, "UPDATE journal SET number = 3 WHERE number = 9");
            tamper(store, "UPDATE journal SET number = 9 WHERE number = -3");
            tamper(store, "UPDATE journal SET number = NULL WHERE number = 7");
            write(store, &mut mint, 61, 1);
            let mut expected = vec![
                format!("entry 3 ({}) stands at 9 now", ids[0]),
                "entries 4 to 5 are gone, and no record of a cut names them".to_owned(),
            ];
            if store.is_postgres() {
                // There it got a new number.
                expected.push(format!("entry 7 ({}) stands at 21 now", ids[1]));
            } else {
                expected.insert(0, format!("{} has no number, though later entries are sealed", ids[1]));
                expected.push("entry 7 is gone, and no record of a cut names it".to_owned());
            }
            expected.push(format!("entry 9 ({}) stands at 3 now", ids[2]));
            assert_eq!(found(store), expected);
        }

        fn a_journal_that_was_signed_anew_is_found_by_a_key_or_a_checkpoint_that_was_kept(store) {
            let mut mint = sealed(store);
            let (key, before) = verify(store, None, &[]).unwrap();
            tamper(store, "UPDATE journal SET actor = 'person:ben' WHERE number = 2");
            tamper(store, "DELETE FROM seals");
            through(store, &mut mint, 20, at(99)).unwrap();
            assert_eq!(found(store), Vec::<String>::new(), "with the same key nothing is seen from inside");
            let against = verify(store, Some(key), &[before.newest.unwrap()]).unwrap().1.findings;
            assert!(matches!(against[..], [Finding::CutShort { .. } | Finding::Rewritten { .. }]), "{against:?}");
            // And with another key.
            tamper(store, "DELETE FROM seals");
            tamper(store, "DELETE FROM settings WHERE name = 'seal-key'");
            through(store, &mut mint, 20, at(99)).unwrap();
            assert_eq!(found(store), Vec::<String>::new());
            assert!(matches!(verify(store, Some(key), &[]).unwrap().1.findings[..], [Finding::OtherKeys { .. }]));
        }

        fn two_nodes_that_seal_at_once_make_one_chain(store) {
            let mut mint = Mint::seeded(1);
            write(store, &mut mint, 0, 1);
            std::thread::scope(|threads| {
                for node in 0..3 {
                    threads.spawn(move || {
                        let mut mint = Mint::seeded(node + 10);
                        for second in 0..8 {
                            write(store, &mut mint, 20 * second, 40);
                            while let Err(halt) = turn(store, &mut mint, at(20 * second + 1)) {
                                // The engine asks for another try; the rounds do that by themselves.
                                assert!(matches!(halt, Halt::Failed(_)), "{halt}");
                            }
                        }
                    });
                }
            });
            number(store);
            through(store, &mut mint, 961, at(999)).unwrap();
            let report = report(store);
            assert_eq!((report.findings.as_slice(), report.sound), ([].as_slice(), 961));
        }

        fn retention_cuts_what_is_sealed_and_says_so(store) {
            let mut mint = sealed(store);
            write(store, &mut mint, 61, 3);
            let keep = Span::seconds(1000);
            housekeeping::keep_house(store, &node(), &mut mint, keep, at(1045)).unwrap();
            number(store);
            // Eight of 0 and 20, and eight of 40; four of 60 are too young.
            let left = |after: i64| store.read(|tx| Ok(rows::records(tx, after, 99, 99)?)).unwrap();
            assert_eq!(left(0).iter().map(|record| record.number).collect::<Vec<_>>(), (17..=24).collect::<Vec<_>>());
            let told = left(23);
            assert_eq!((told[0].kind.as_str(), told[0].actor.as_str()), ("journal.cut", "rule:retention"));
            let cut: domain::seals::cuts::Cut = serde_json::from_str(&told[0].data).unwrap();
            assert_eq!((cut.entries, cut.before), (vec![(1, 16)], at(45)));
            let kept = |number| store.read(|tx| Ok(rows::get(tx, number)?)).unwrap().unwrap().leaves.len();
            assert_eq!([1, 2, 3, 4].map(kept), [0, 0, 0, 4]);
            let first = report(store);
            assert_eq!((first.findings.as_slice(), first.cut, first.sound, first.unsealed_cuts), ([].as_slice(), 16, 4, 1));
            turn(store, &mut mint, at(1046)).unwrap();
            // What is not sealed is not cut, however old; and the record of a cut stays.
            write(store, &mut mint, 1047, 2);
            housekeeping::keep_house(store, &node(), &mut mint, keep, at(9000)).unwrap();
            number(store);
            assert_eq!(left(0).iter().map(|record| record.number).collect::<Vec<_>>(), [24, 25, 26, 27]);
            turn(store, &mut mint, at(9001)).unwrap();
            let second = report(store);
            assert_eq!((second.findings.as_slice(), second.cut, second.cuts, second.unsealed_cuts), ([].as_slice(), 23, 2, 0));
            assert_eq!(keeping::check(store.place()).unwrap().problems, Vec::<String>::new());
            // Somebody helps.
            tamper(store, "DELETE FROM journal WHERE number = 25");
            assert_eq!(found(store), ["entry 25 is gone, and no record of a cut names it"]);
        }

        fn a_backup_keeps_the_seals_and_restores_into_either_engine(store) {
            let mut mint = sealed(store);
            let (key, before) = verify(store, None, &[]).unwrap();
            let file = store.folder().join("backup.db");
            keeping::backup(store.place(), &file).unwrap();
            let copy = Store::open_to_read(&store::Place::Sqlite(file.clone())).unwrap();
            let kept = [before.newest.clone().unwrap()];
            assert_eq!(verify(&copy, None, &kept).unwrap(), (key, Report { held: 1, ..before.clone() }));
            // What was written after the backup is lost with a restore, and a later checkpoint says so.
            write(store, &mut mint, 80, 1);
            turn(store, &mut mint, at(81)).unwrap();
            let later = report(store).newest.unwrap();
            for mut target in [Some(Fresh::sqlite()), Fresh::postgres()].into_iter().flatten() {
                target.close();
                let restored = (0..500).find_map(|_| keeping::restore(&file, target.place(), true, at(99)).ok());
                assert!(restored.is_some(), "the database did not become free");
                let there = Store::open(target.place()).unwrap();
                assert_eq!(verify(&there, Some(key), &kept).unwrap().1, Report { held: 1, ..before.clone() });
                let lost = verify(&there, Some(key), std::slice::from_ref(&later)).unwrap().1.findings;
                assert_eq!(lost, [Finding::CutShort { size: 5, entries: 21 }]);
                // And it goes on from there.
                write(&there, &mut mint, 100, 1);
                turn(&there, &mut mint, at(101)).unwrap();
                assert_eq!((report(&there).findings, report(&there).seals), (vec![], 5));
            }
        }

        fn what_had_gone_before_the_first_seal_is_no_finding(store) {
            let mut mint = Mint::seeded(1);
            write(store, &mut mint, 0, 10);
            tamper(store, "DELETE FROM journal WHERE number IN (1, 4, 5, 8)");
            for _ in 0..4 {
                turn(store, &mut mint, at(20)).unwrap();
                through(store, &mut mint, 10, at(20)).unwrap();
            }
            let first = report(store);
            assert_eq!((first.findings.as_slice(), first.sound, first.before), ([].as_slice(), 6, 3));
            // From then on it is.
            write(store, &mut mint, 21, 3);
            tamper(store, "DELETE FROM journal WHERE number = 12");
            through(store, &mut mint, 13, at(22)).unwrap();
            assert_eq!(found(store), ["entry 12 is gone, and no record of a cut names it"]);
        }

        fn a_bundle_proves_an_incident_and_is_for_those_who_may_see_it(store) {
            let (mut mint, node) = (sealed(store), node());
            let (ana, ben): (Name, Name) = ("ana".parse().unwrap(), "ben".parse().unwrap());
            let (mut crowd, now) = (Mint::seeded(3), at(100));
            let mut moment = Moment::new(now, Actor::Person(ana.clone()), &mut mint);
            let wanted = incidents::Declaration::new("Payments fail", Class::Security);
            let id = store.write(|tx| Ok(incidents::declare(tx, &node, &mut moment.again(), &wanted)?.id)).unwrap();
            for (second, text) in [(101, "pay-1 is out"), (150, "pay-2 too"), (151, "back")] {
                let entry = Entry::new(Sort::Note, text);
                let mut moment = Moment::new(at(second), Actor::Person(ana.clone()), &mut crowd);
                store.write(|tx| entries::add(tx, &mut moment.again(), id, &entry)).unwrap();
                number(store);
                write(store, &mut Mint::seeded(u64::try_from(second).unwrap()), second, 5);
                turn(store, &mut Mint::seeded(4), at(second)).unwrap();
            }
            let shown = |room: &Room| json!({ "id": room.row.id.to_string(), "title": room.row.title });
            let mut moment = Moment::new(at(152), Actor::Person(ana.clone()), &mut mint);
            let refused = bundle(store, &node, &mut moment, id, Sight::Of(&ben), shown);
            assert!(matches!(refused, Err(Halt::Refused(refusal)) if refusal.message.contains("there is no incident")));
            let made = bundle(store, &node, &mut moment, id, Sight::Of(&ana), shown).unwrap();
            let key = store.read(|tx| Ok(public_key(tx)?)).unwrap().unwrap();
            let proven = bundles::verify(&made, Some(&key));
            let told = store.read(|tx| room::timeline(tx, id, Sight::Of(&ana), None, 999)).unwrap();
            assert_eq!((proven.flaws.as_slice(), proven.sealed, proven.unsealed), ([].as_slice(), told.len(), 0));
            assert!(told.len() >= 4 && made.entries.last().unwrap().data.contains("back"));
            assert!(made.seals.len() > 1 && proven.checkpoint == report(store).newest);
            assert_eq!(report(store).findings, []);
            // The file itself is only as good as the record: one that was altered before is not proven.
            store.write(|tx| Ok(tx.execute("UPDATE journal SET actor = 'person:eve' WHERE id = $1", &[(&made.entries[1].id).into()])?)).unwrap();
            let forged = bundle(store, &node, &mut moment, id, Sight::Of(&ana), shown).unwrap();
            let flaws = bundles::verify(&forged, Some(&key)).flaws;
            assert_eq!(flaws.iter().map(|flaw| flaw.at.as_str()).collect::<Vec<_>>(), ["/entries/1"]);
        }
    }

    #[test]
    fn a_seal_whose_commit_fails_is_made_again_and_one_whose_answer_is_lost_stands() {
        let store = Store::open(&store::Place::Memory).unwrap();
        let mut mint = sealed(&store);
        write(&store, &mut mint, 80, 4);
        store.arrange(store::door::Mishap::RolledBack);
        assert!(turn(&store, &mut mint, at(81)).is_err());
        assert_eq!((report(&store).findings, report(&store).seals, report(&store).unsealed), (vec![], 4, 4));
        store.arrange(store::door::Mishap::AnswerLost);
        assert!(turn(&store, &mut mint, at(81)).is_err());
        assert_eq!((report(&store).findings, report(&store).seals), (vec![], 5));
        assert_eq!(turn(&store, &mut mint, at(99)).unwrap(), 0, "nothing is left to do");
    }
}
