//! Exposures: how often a flag was evaluated, to which variant, in which environment.
//!
//! Counted where answers are given, so a count may cost a few nanoseconds and no more: each thread counts in one of several
//! places. What is lost with a process is lost; nobody is told apart, and no decision hangs on a single one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use jiff::Timestamp;

use super::flag_sets::{Compiled, Resolution};
use crate::words::{Name, Span};

/// Threads count in so many places, so that two seldom wait for one.
const SHARDS: usize = 8;

/// The counts of a compiled set since they were last taken.
#[derive(Debug)]
pub struct Counts {
    shards: [Box<[AtomicU64]>; SHARDS],
    /// Where the counts of each flag begin: first without a variant, then variant by variant.
    begins: Box<[usize]>,
}

/// Some evaluations of one flag that came to the same variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The place of the flag in the set, and of the variant in the flag.
    pub place: usize,
    pub variant_place: Option<usize>,
    pub count: u64,
}

impl Counts {
    pub fn new(compiled: &Compiled) -> Self {
        let mut begins = Vec::with_capacity(compiled.len());
        let mut next = 0;
        for (_, variants, _) in compiled.flags() {
            begins.push(next);
            next += 1 + variants.len();
        }
        let shard = |_| (0..next).map(|_| AtomicU64::new(0)).collect();
        Self { shards: std::array::from_fn(shard), begins: begins.into() }
    }

    /// Counts an answer of the set. Of a flag that is not in it nothing is kept: anybody may ask for anything.
    #[inline]
    pub fn note(&self, answer: &Resolution<'_>) {
        let Some(begin) = answer.place.and_then(|place| self.begins.get(place)) else { return };
        let at = begin + answer.variant_place.map_or(0, |place| place + 1);
        if let Some(count) = self.shards[shard()].get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted since this was called last.
    pub fn take(&self) -> Vec<Count> {
        let mut found = Vec::new();
        let total = self.shards[0].len();
        for (place, begin) in self.begins.iter().enumerate() {
            let end = self.begins.get(place + 1).copied().unwrap_or(total);
            for at in *begin..end {
                let count = self.shards.iter().map(|shard| shard[at].swap(0, Ordering::Relaxed)).sum();
                if count > 0 {
                    found.push(Count { place, variant_place: (at - begin).checked_sub(1), count });
                }
            }
        }
        found
    }
}

fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    MINE.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        mine.get()
    })
}

/// What was counted of one flag in one environment, up to an hour of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    pub environment: Name,
    /// What programs call it; nothing for the definitions of all.
    pub flag: String,
    /// Nothing: whoever asked took their own default.
    pub variant: String,
    pub count: u64,
    pub last_at: Timestamp,
}

/// A flag for which nobody has asked for so long is one that no program knows any more.
pub const UNASKED_AFTER: Span = Span::hours(30 * 24);

/// The beginning of the hour.
pub fn hour(at: Timestamp) -> Timestamp {
    const HOUR: i64 = 3_600_000;
    Timestamp::from_millisecond(at.as_millisecond().div_euclid(HOUR) * HOUR).unwrap_or(at)
}

/// Of all, one share in whole hundredths.
pub fn percent(count: u64, of: u64) -> u64 {
    let hundredths = (u128::from(count) * 200 + u128::from(of)) / (u128::from(of) * 2).max(1);
    u64::try_from(hundredths).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::flag_sets::{Context, FlagSet};
    use super::super::fractional::Bucketing;
    use super::super::kills::Overlay;
    use super::*;

    #[test]
    fn each_answer_is_counted_once_whoever_gave_it() {
        let set: FlagSet = serde_json::from_value(json!({ "flags": {
            "a": { "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "on" },
            "b": { "state": "DISABLED", "variants": { "on": true }, "defaultVariant": "on" },
            "c": { "state": "ENABLED", "variants": { "x": 1, "y": 2 }, "defaultVariant": "y" },
        } }))
        .unwrap();
        let compiled = Compiled::new(&set, Bucketing::Canonical);
        let counts = Counts::new(&compiled);
        let (now, context, kills) = (Timestamp::UNIX_EPOCH, Context::empty(), Overlay::none());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in ["a", "a", "b", "c", "nobody"].into_iter().cycle().take(5000) {
                        counts.note(&compiled.evaluate(key, &context, &kills, now));
                    }
                });
            }
        });
        let count = |place, variant_place, count| Count { place, variant_place, count };
        assert_eq!(counts.take(), [count(0, Some(0), 8000), count(1, None, 4000), count(2, Some(1), 4000)]);
        assert_eq!(counts.take(), []);
    }

    #[test]
    fn hours_begin_and_shares_are_rounded() {
        let at: Timestamp = "2026-11-29T12:59:59.999Z".parse().unwrap();
        assert_eq!(hour(at).to_string(), "2026-11-29T12:00:00Z");
        for (count, of, wanted) in
            [(0, 0, 0), (1, 3, 33), (2, 3, 67), (1, 200, 1), (5, 5, 100), (u64::MAX, u64::MAX, 100)]
        {
            assert_eq!(percent(count, of), wanted, "{count} of {of}");
        }
    }
}
