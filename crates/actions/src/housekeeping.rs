//! Housekeeping: what keeps the store small and fresh. Nothing here decides about alerts or pages.
//!
//! Done by one node at a time, in small transactions that give way to others.

use domain::seals::cuts::Cut;
use domain::words::{Actor, AlertId, EventKind, Mint, Span, Timestamp};
use serde_json::json;
use store::{Halt, Store};

use crate::board::{self, Pace};
use crate::learn::digests;
use crate::{Moment, Node, announce};

/// How often there is something to keep.
pub const EVERY: Span = Span::seconds(30);

const LEASE: &str = "housekeeping";
/// How many rows go in one transaction.
const AT_ONCE: u32 = 500;
/// A row is told that its alert was heard of when its time is over within this long.
const WRITTEN_AHEAD: Span = Span::seconds(120);
/// For so long it is known who fetched flags.
const READERS_KEPT: Span = Span::hours(30 * 24);
/// For so long it is known how often flags were evaluated: twice as long as makes one look forgotten.
const EXPOSURES_KEPT: Span = Span::hours(60 * 24);
/// For so long a board of another node may lie behind before it is loaded afresh.
const CHANGES_KEPT: Span = Span::minutes(10);

/// Forgets up to so many rows from before an instant; how many.
type Cutting = fn(&mut store::Tx<'_>, Timestamp, u32) -> Result<u64, store::Error>;

/// Keeps house. `keep` is how long what is over is kept.
pub fn keep_house(store: &Store, node: &Node, mint: &mut Mint, keep: Span, now: Timestamp) -> Result<(), Halt> {
    write_what_was_heard(store, node, mint, now)?;
    digests::keep_time(store, node, mint, now)?;
    let name = &node.identity.name;
    let until = Span::millis(EVERY.as_millis() * 3).after(now);
    if store.write(|tx| Ok(store::leases::acquire(tx, LEASE, name, now, until)?))?.is_none() {
        return Ok(());
    }
    store.write_bulk(|tx| Ok(crate::prepare::access::forget(tx, now)?))?;
    store.write_bulk(|tx| Ok(store::detect::boards::cut_changes(tx, CHANGES_KEPT.before(now))?))?;
    let asked = domain::inform::subscribers::CONFIRMED_WITHIN.before(now);
    store.write_bulk(|tx| Ok(store::inform::subscribers::cut(tx, asked, AT_ONCE)?))?;
    let heard = crate::respond::chats::HEARD_KEPT.before(now);
    store.write_bulk(|tx| Ok(store::respond::chats::cut(tx, heard, AT_ONCE)?))?;
    let fetched = READERS_KEPT.before(now);
    store.write_bulk(|tx| Ok(store::change::flag_readers::cut(tx, fetched, AT_ONCE)?))?;
    let counted = EXPOSURES_KEPT.before(now);
    store.write_bulk(|tx| Ok(store::change::exposures::cut(tx, counted, AT_ONCE)?))?;
    let before = keep.before(now);
    let cuts: [Cutting; 7] = [
        store::engage::pages::cut,
        store::detect::groups::cut,
        store::detect::alerts::cut,
        store::signals::cut,
        store::inform::outgoing_webhooks::cut,
        store::outbox::cut_mails,
        store::outbox::cut_chats,
    ];
    for cut in cuts {
        // A little each time: what is left is cut the next time.
        for _ in 0..4 {
            if store.write_bulk(|tx| Ok(cut(tx, before, AT_ONCE)?))? < u64::from(AT_ONCE) {
                break;
            }
        }
    }
    for _ in 0..4 {
        if cut_journal(store, mint, before, now)? < AT_ONCE as usize {
            break;
        }
    }
    Ok(())
}

/// Forgets some old entries of the journal, and writes down in it which: a hole that nothing explains is a finding of
/// `allclear verify`. What is not sealed yet stays.
fn cut_journal(store: &Store, mint: &mut Mint, before: Timestamp, now: Timestamp) -> Result<usize, Halt> {
    store.write_bulk(|tx| {
        let through = store::seals::through(tx)?;
        let numbers = store::journal::cut(tx, before, through, AT_ONCE)?;
        let count = numbers.len();
        if count > 0 {
            let told = Cut::of(before, numbers);
            store::seals::thin(tx, &told)?;
            let mut moment = Moment::new(now, Actor::Rule("retention"), mint);
            let data = json!({ "before": told.before, "entries": told.entries });
            announce::event(tx, &mut moment, EventKind::JournalCut, Vec::new(), None, data)?;
        }
        Ok(count)
    })
}

/// Writes that alerts were heard of whose rows do not know: other nodes, and this one after a restart, go by the rows.
fn write_what_was_heard(store: &Store, node: &Node, mint: &mut Mint, now: Timestamp) -> Result<(), Halt> {
    let by = WRITTEN_AHEAD.after(now);
    let stale: Vec<AlertId> = {
        let board = node.board();
        let all = board.newest_first(None).map(|slot| board.at(slot));
        all.filter(|alert| alert.must_be_written(by)).map(|alert| alert.id).collect()
    };
    for some in stale.chunks(AT_ONCE as usize) {
        let mut moment = Moment::new(now, Actor::System, mint);
        board::turn(store, node, Pace::Bulk, &mut moment, |turn| {
            turn.effects.updated.extend(some.iter().copied());
            Ok(())
        })?;
    }
    Ok(())
}

/// Gives numbers to what was committed to the journal without one: where several nodes write, whoever holds the lease.
pub fn number_journal(store: &Store, node: &Node, now: Timestamp) -> Result<(), Halt> {
    // Asked before anything is written: each commit rings the bell, and the bell brings us here again.
    if !store.is_postgres() || !store.read(|tx| Ok(store::journal::has_unnumbered(tx)?))? {
        return Ok(());
    }
    let name = &node.identity.name;
    store.write(|tx| {
        let until = Span::seconds(5).after(now);
        if store::leases::acquire(tx, store::journal::LEASE, name, now, until)?.is_some() {
            store::journal::number(tx, AT_ONCE)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::node::Identity;

    store::both_engines! {
        fn numbering_a_journal_rings_the_bell_once_and_then_is_quiet(store) {
            let link_key = domain::engage::links::LinkKey::new([7; 32]);
            let node = Node::new(Identity { name: "n".into(), public_url: "https://a.example".into(), link_key });
            let now = Timestamp::from_second(1_790_000_000).unwrap();
            let mut mint = Mint::seeded(1);
            let mut moment = Moment::new(now, Actor::System, &mut mint);
            store.write(|tx| {
                crate::announce::event(tx, &mut moment.again(), EventKind::AlertsFired, vec![], None, json!({}))
            }).unwrap();
            let rung = Arc::new(AtomicU32::new(0));
            let bell = rung.clone();
            store.on_commit(move || _ = bell.fetch_add(1, Ordering::SeqCst));
            for _ in 0..5 {
                number_journal(store, &node, now).unwrap();
            }
            assert_eq!(rung.load(Ordering::SeqCst), u32::from(store.is_postgres()));
        }
    }
}
