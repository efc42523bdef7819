//! What retention removed: the ranges of numbers that the journal itself says were cut, and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::records::Record;
use crate::words::EventKind;

/// What an event `journal.cut` says: which entries went, and that they were recorded before an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub before: crate::words::Timestamp,
    /// The first and the last number of each range.
    pub entries: Vec<(i64, i64)>,
}

impl Cut {
    /// Of these numbers, in any order.
    pub fn of(before: crate::words::Timestamp, mut numbers: Vec<i64>) -> Self {
        numbers.sort_unstable();
        let mut entries: Vec<(i64, i64)> = Vec::new();
        for number in numbers {
            match entries.last_mut() {
                Some((_, last)) if number <= last.saturating_add(1) => *last = number,
                _ => entries.push((number, number)),
            }
        }
        Self { before, entries }
    }
}

/// All cuts that are on record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts {
    /// From the first number of a range to its last; ranges do not meet.
    ranges: BTreeMap<i64, i64>,
    /// The number of the event of each, and when it was recorded.
    pub told: Vec<(i64, i64)>,
    /// Events that say nonsense: by number and id.
    pub odd: Vec<(i64, String)>,
}

impl Cuts {
    /// Takes in an entry of the journal, if it tells of a cut.
    pub fn note(&mut self, record: &Record) {
        if record.kind != EventKind::JournalCut.word() {
            return;
        }
        let cut: Option<Cut> = serde_json::from_str(&record.data).ok();
        // Nothing is old enough that was not there yet.
        let cut = cut.filter(|cut| cut.before.as_microsecond() < record.recorded_at);
        let Some(cut) =
            cut.filter(|cut| cut.entries.iter().all(|(first, last)| first <= last && *last < record.number))
        else {
            self.odd.push((record.number, record.id.clone()));
            return;
        };
        self.told.push((record.number, record.recorded_at));
        for (first, last) in cut.entries {
            self.add(first, last);
        }
    }

    /// Whether a number was cut.
    pub fn has(&self, number: i64) -> bool {
        self.ranges.range(..=number).next_back().is_some_and(|(_, last)| number <= *last)
    }

    fn add(&mut self, mut first: i64, mut last: i64) {
        let meets: Vec<i64> = self
            .ranges
            .range(..=last.saturating_add(1))
            .rev()
            .take_while(|(_, end)| end.saturating_add(1) >= first)
            .map(|(start, _)| *start)
            .collect();
        for start in meets {
            first = first.min(start);
            last = last.max(self.ranges.remove(&start).unwrap_or(last));
        }
        self.ranges.insert(first, last);
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::tests::record;
    use super::*;

    fn cut(number: i64, data: &str) -> Record {
        Record { kind: "journal.cut".into(), data: data.into(), ..record(number) }
    }

    #[test]
    fn numbers_become_ranges_and_are_found_in_them() {
        let before = "2026-01-01T00:00:00Z".parse().unwrap();
        let told = Cut::of(before, vec![5, 1, 2, 9, 3, 8]);
        assert_eq!(told.entries, [(1, 3), (5, 5), (8, 9)]);
        let mut cuts = Cuts::default();
        for (number, ranges) in
            [(100, vec![(1, 3), (5, 5), (8, 9)]), (101, vec![(10, 12), (4, 4)]), (102, vec![(20, 30)])]
        {
            let data = serde_json::to_string(&Cut { before, entries: ranges }).unwrap();
            cuts.note(&cut(number, &data));
        }
        cuts.note(&record(103));
        assert_eq!(cuts.ranges, BTreeMap::from([(1, 5), (8, 12), (20, 30)]));
        let has: Vec<i64> = (0..32).filter(|number| cuts.has(*number)).collect();
        assert_eq!(has, [1, 2, 3, 4, 5, 8, 9, 10, 11, 12].into_iter().chain(20..=30).collect::<Vec<i64>>());
        assert_eq!((cuts.told.len(), cuts.odd.len()), (3, 0));
    }

    #[test]
    fn a_cut_that_says_nonsense_excuses_nothing() {
        for data in [
            "",
            "null",
            r#"{"before":"2026-01-01T00:00:00Z","entries":[[3,1]]}"#,
            r#"{"before":"2026-01-01T00:00:00Z","entries":[[1,100]]}"#,
            r#"{"before":"2999-01-01T00:00:00Z","entries":[[1,3]]}"#,
        ] {
            let mut cuts = Cuts::default();
            cuts.note(&cut(100, data));
            assert_eq!((cuts.has(2), cuts.odd.len()), (false, 1), "{data}");
        }
    }
}
