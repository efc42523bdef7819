//! Housekeeping: what keeps the store small and fresh. Nothing here decides about alerts or pages.
//!
//! Done by one node at a time, in small transactions that give way to others.

use domain::words::{Actor, AlertId, Mint, Span, Timestamp};
use store::{Halt, Store};

use crate::board::{self, Pace};
use crate::{Moment, Node};

/// How often there is something to keep.
pub const EVERY: Span = Span::seconds(30);

const LEASE: &str = "housekeeping";
/// How many rows go in one transaction.
const AT_ONCE: u32 = 500;
/// A row is told that its alert was heard of when its time is over within this long.
const WRITTEN_AHEAD: Span = Span::seconds(120);
/// For so long a board of another node may lie behind before it is loaded afresh.
const CHANGES_KEPT: Span = Span::minutes(10);

/// Forgets up to so many rows from before an instant; how many.
type Cut = fn(&mut store::Tx<'_>, Timestamp, u32) -> Result<u64, store::Error>;

/// Keeps house. `keep` is how long what is over is kept.
pub fn keep_house(store: &Store, node: &Node, mint: &mut Mint, keep: Span, now: Timestamp) -> Result<(), Halt> {
    write_what_was_heard(store, node, mint, now)?;
    let name = &node.identity.name;
    let until = Span::millis(EVERY.as_millis() * 3).after(now);
    if store.write(|tx| Ok(store::leases::acquire(tx, LEASE, name, now, until)?))?.is_none() {
        return Ok(());
    }
    store.write_bulk(|tx| Ok(crate::prepare::access::forget(tx, now)?))?;
    store.write_bulk(|tx| Ok(store::detect::boards::cut_changes(tx, CHANGES_KEPT.before(now))?))?;
    let before = keep.before(now);
    let cuts: [Cut; 5] = [
        store::engage::pages::cut,
        store::detect::groups::cut,
        store::detect::alerts::cut,
        store::signals::cut,
        store::journal::cut,
    ];
    for cut in cuts {
        // A little each time: what is left is cut the next time.
        for _ in 0..4 {
            if store.write_bulk(|tx| Ok(cut(tx, before, AT_ONCE)?))? < u64::from(AT_ONCE) {
                break;
            }
        }
    }
    Ok(())
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
    if !store.is_postgres() {
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
