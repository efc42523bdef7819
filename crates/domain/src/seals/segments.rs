//! A seal: a run of consecutive entries with the root over their leaves, chained to the seal before, and signed.
//!
//! The head of a seal is a hash of the head before it and of all that it says: so one head stands for the whole past.
//! Heads are the leaves of a second tree, whose root stands in the checkpoint; that keeps proofs short.

use super::Hash;
use super::notes::{Checkpoint, PublicKey, SealKey};
use super::records::{Record, leaf};
use super::trees::{Edge, Tree};
use crate::words::{Span, Timestamp};

/// So many entries go into one seal at most.
pub const MOST: usize = 1024;
/// Entries wait for each other so long, so that a quiet day is not a seal for each.
pub const EVERY: Span = Span::seconds(10);

/// What a seal says of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// 1, 2, 3 ...
    pub number: i64,
    /// The numbers of its first and of its last entry; it has every one between.
    pub first: i64,
    pub last: i64,
    /// The root of the tree over the leaves of its entries.
    pub root: Hash,
    /// Microseconds since 1970, UTC.
    pub sealed_at: i64,
    /// The newest number when sealing began: what was missing below it had gone before.
    pub opening: i64,
}

/// A seal as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub segment: Segment,
    /// The leaves of its entries; none once all of those are cut.
    pub leaves: Vec<Hash>,
    /// Its head, and the larger complete subtrees of heads that end with it.
    pub nodes: Vec<Hash>,
    /// Who signed.
    pub key: PublicKey,
    /// Over the text of its checkpoint.
    pub signature: Vec<u8>,
}

/// What stands for the head before the first.
pub const BEFORE_ALL: Hash = [0; 32];
const TAG: &[u8] = b"allclear seal 1\n";

impl Segment {
    /// The head: a leaf (RFC 6962) of the tag, the head before, the six fields. Numbers are 8 bytes, big-endian.
    pub fn head(&self, previous: &Hash) -> Hash {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend(TAG);
        bytes.extend(previous);
        for number in [self.number, self.first, self.last, self.sealed_at, self.opening] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.root);
        leaf(&bytes)
    }

    /// How many entries it has; nothing if it says nonsense.
    pub fn count(&self) -> u64 {
        let count = self.last.checked_sub(self.first).and_then(|count| count.checked_add(1));
        count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    /// The checkpoint that ends with it.
    pub fn checkpoint(&self, root: Hash) -> Checkpoint {
        let size = u64::try_from(self.number).unwrap_or(0);
        Checkpoint { size, root, entries: self.last, sealed_at: self.sealed_at }
    }
}

/// Whether there is enough for a seal, or what there is has waited long enough. `newest` is the newest number there is.
pub fn is_due(last: Option<&Segment>, newest: i64, now: Timestamp) -> bool {
    let Some(last) = last else { return newest > 0 };
    let waiting = newest.saturating_sub(last.last);
    let waited = now.as_microsecond().saturating_sub(last.sealed_at);
    // A clock that was set back does not keep entries unsealed.
    waiting > 0
        && (waited < 0 || waited / 1000 >= EVERY.as_millis() || waiting >= i64::try_from(MOST).unwrap_or(i64::MAX))
}

/// The next segment, and the leaves of its entries.
///
/// `records` are those after `last`, in order, up to [`MOST`]; `newest` is the newest number there is. A run ends where a
/// number is missing: what is gone cannot be sealed, and what comes after it must be.
pub fn next(last: Option<&Segment>, records: &[Record], newest: i64, now: Timestamp) -> Option<(Segment, Vec<Hash>)> {
    let first = records.first()?.number;
    let run = records.iter().zip(first..).take_while(|(record, number)| record.number == *number).take(MOST);
    let leaves: Vec<Hash> = run.map(|(record, _)| record.leaf()).collect();
    let now = now.as_microsecond();
    let segment = Segment {
        number: last.map_or(1, |last| last.number + 1),
        first,
        last: first + i64::try_from(leaves.len()).ok()? - 1,
        root: Tree::of(leaves.iter().copied()).root(),
        // A seal is never older than the one before it.
        sealed_at: last.map_or(now, |last| now.max(last.sealed_at)),
        opening: last.map_or(newest, |last| last.opening),
    };
    Some((segment, leaves))
}

/// Chains the segment to the head before it, and signs. `edge` is that of the tree of heads so far, and is moved on.
pub fn seal(segment: Segment, leaves: Vec<Hash>, previous: &Hash, edge: &mut Edge, key: &SealKey) -> Seal {
    let nodes = edge.push(segment.head(previous));
    let public = key.public();
    let signature = key.sign(&segment.checkpoint(edge.root()).text(&public)).to_vec();
    Seal { segment, leaves, nodes, key: public, signature }
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::record;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn of(records: impl IntoIterator<Item = i64>) -> Vec<Record> {
        records.into_iter().map(record).collect()
    }

    #[test]
    fn a_seal_waits_for_more_unless_it_is_full_or_it_is_time() {
        let (first, leaves) = next(None, &of(3..6), 5, at(0)).unwrap();
        assert_eq!((first.number, first.first, first.last, first.opening, leaves.len()), (1, 3, 5, 5, 3));
        let most = i64::try_from(MOST).unwrap();
        for (newest, second, due) in [
            (7, 3, false),
            (7, 9, false),
            (7, 10, true),
            (7, -3, true),
            (5, 99, false),
            (4 + most, 3, false),
            (5 + most, 3, true),
        ] {
            assert_eq!(is_due(Some(&first), newest, at(second)), due, "{newest} {second}");
        }
        assert_eq!([is_due(None, 1, at(0)), is_due(None, 0, at(0))], [true, false]);
    }

    #[test]
    fn a_segment_is_a_run_without_a_hole() {
        let first = next(None, &of(3..6), 5, at(0)).unwrap().0;
        let most = i64::try_from(MOST).unwrap();
        for (records, last) in [
            (of(6..8), Some(7)),
            (of(6..9 + most), Some(5 + most)),
            (of([6, 7, 9]), Some(7)),
            (of([8, 9]), Some(9)),
            (of([]), None),
        ] {
            let made = next(Some(&first), &records, 99, at(-5));
            assert_eq!(made.as_ref().map(|(segment, _)| segment.last), last);
            if let Some((segment, leaves)) = made {
                assert_eq!((segment.number, segment.opening, segment.first), (2, 5, records[0].number));
                assert_eq!((segment.sealed_at, segment.count()), (first.sealed_at, leaves.len() as u64));
            }
        }
    }

    #[test]
    fn a_head_stands_for_all_that_it_says_and_for_the_past() {
        let one = next(None, &of(1..4), 3, at(0)).unwrap().0;
        let head = one.head(&BEFORE_ALL);
        for other in [
            Segment { number: 2, ..one.clone() },
            Segment { first: 2, ..one.clone() },
            Segment { last: 4, ..one.clone() },
            Segment { root: [1; 32], ..one.clone() },
            Segment { sealed_at: 1, ..one.clone() },
            Segment { opening: 1, ..one.clone() },
        ] {
            assert_ne!(other.head(&BEFORE_ALL), head);
        }
        assert_ne!(one.head(&[1; 32]), head);
        for (first, last, count) in [(1, 3, 3), (5, 5, 1), (6, 5, 0), (9, 1, 0), (i64::MIN, i64::MAX, 0)] {
            assert_eq!(Segment { first, last, ..one.clone() }.count(), count);
        }
    }
}
