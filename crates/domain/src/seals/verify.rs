//! Finds what was changed since it was sealed: follows the seals and the entries from the first to the last, once.
//!
//! Whoever reads them hands them in, seal by seal; nothing here knows a database. What retention removed is told by the
//! journal itself, and is no finding.

use std::collections::BTreeSet;
use std::fmt;

use super::Hash;
use super::cuts::Cuts;
use super::notes::{Checkpoint, PublicKey, instant};
use super::records::Record;
use super::segments::{BEFORE_ALL, Seal};
use super::trees::{Edge, Tree};

/// Something that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entry says something else than it did.
    Altered {
        number: i64,
        id: String,
    },
    /// It stands at another place than it did.
    Moved {
        id: String,
        from: i64,
        to: i64,
    },
    /// It was not there when its neighbours were sealed.
    Inserted {
        number: i64,
        id: String,
    },
    /// Entries are gone, and no record says that retention cut them.
    Removed {
        first: i64,
        last: i64,
    },
    /// Entries of a seal do not fit it, and its own list of leaves does not either: which of them cannot be said.
    Unclear {
        seal: i64,
        first: i64,
        last: i64,
    },
    /// The entry has no number, and was recorded long before the newest seal.
    Unnumbered {
        id: String,
    },
    /// A record of a cut that cannot be true.
    OddCut {
        number: i64,
        id: String,
    },
    /// What a seal says of itself or of its place was changed.
    SealAltered {
        seal: i64,
    },
    SealsMissing {
        first: i64,
        last: i64,
    },
    /// Signatures that do not fit.
    WrongSignatures {
        first: i64,
        last: i64,
    },
    /// Seals that somebody else signed.
    OtherKeys {
        first: i64,
        last: i64,
    },
    /// A checkpoint that was kept says something else than the record: history was written anew.
    Rewritten {
        size: u64,
        entries: i64,
    },
    /// A checkpoint that was kept says that there was more.
    CutShort {
        size: u64,
        entries: i64,
    },
}

impl Finding {
    /// In one word, for machines.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Altered { .. } => "altered",
            Self::Moved { .. } => "moved",
            Self::Inserted { .. } => "inserted",
            Self::Removed { .. } => "removed",
            Self::Unclear { .. } => "unclear",
            Self::Unnumbered { .. } => "unnumbered",
            Self::OddCut { .. } => "odd-cut",
            Self::SealAltered { .. } => "seal-altered",
            Self::SealsMissing { .. } => "seals-missing",
            Self::WrongSignatures { .. } => "wrong-signature",
            Self::OtherKeys { .. } => "other-key",
            Self::Rewritten { .. } => "rewritten",
            Self::CutShort { .. } => "cut-short",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { number, id } => write!(f, "entry {number} ({id}) is not what was sealed"),
            Self::Moved { id, from, to } => write!(f, "entry {from} ({id}) stands at {to} now"),
            Self::Inserted { number, id } => {
                write!(f, "entry {number} ({id}) was not there when its neighbours were sealed")
            }
            Self::Removed { first, last } => {
                write!(
                    f,
                    "{} gone, and no record of a cut names {}",
                    are("entry", "entries", *first, *last),
                    it(*first, *last)
                )
            }
            Self::Unclear { seal, first, last } => write!(
                f,
                "entries {first} to {last} do not fit seal {seal}, and its list of leaves was changed too: which cannot be said"
            ),
            Self::Unnumbered { id } => write!(f, "{id} has no number, though later entries are sealed"),
            Self::OddCut { number, id } => write!(f, "entry {number} ({id}) tells of a cut that cannot have been"),
            Self::SealAltered { seal } => write!(f, "seal {seal} is not what was signed"),
            Self::SealsMissing { first, last } => {
                write!(
                    f,
                    "{} missing: later ones cannot be chained to what was before",
                    are("seal", "seals", *first, *last)
                )
            }
            Self::WrongSignatures { first, last } => {
                write!(f, "the signature of {} does not fit", plain("seal", "seals", *first, *last))
            }
            Self::OtherKeys { first, last } => {
                write!(f, "{} signed with another key", are("seal", "seals", *first, *last))
            }
            Self::Rewritten { size, entries } => write!(
                f,
                "the checkpoint that you kept (seal {size}, entries up to {entries}) is not of this record: its past was written anew"
            ),
            Self::CutShort { size, entries } => {
                write!(f, "the record ends before the checkpoint that you kept (seal {size}, entries up to {entries})")
            }
        }
    }
}

fn plain(one: &str, many: &str, first: i64, last: i64) -> String {
    if first == last { format!("{one} {first}") } else { format!("{many} {first} to {last}") }
}

fn are(one: &str, many: &str, first: i64, last: i64) -> String {
    format!("{} {}", plain(one, many, first, last), if first == last { "is" } else { "are" })
}

fn it(first: i64, last: i64) -> &'static str {
    if first == last { "it" } else { "them" }
}

/// What was found, and how far it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// Entries that are what was sealed.
    pub sound: u64,
    /// Entries that retention cut, by the records of it.
    pub cut: u64,
    /// How many records of cuts there are; how many of them are not sealed yet.
    pub cuts: u64,
    pub unsealed_cuts: u64,
    /// Entries that had gone before sealing began: nothing is known of them.
    pub before: u64,
    pub seals: u64,
    /// The newest checkpoint, as it follows from the record.
    pub newest: Option<Checkpoint>,
    /// Entries after it, and when the oldest of them was recorded, in microseconds.
    pub unsealed: u64,
    pub unsealed_since: Option<i64>,
    /// Checkpoints that were kept and hold.
    pub held: u64,
}

impl Report {
    /// When the newest seal was made, in words.
    pub fn sealed_at(&self) -> Option<String> {
        self.newest.as_ref().map(|newest| instant(newest.sealed_at))
    }
}

/// More pairs than this are not tried to find out where an entry went, and so many entries are kept for it.
const PAIRS_MOST: usize = 1_000_000;
const STRAYS_MOST: usize = 10_000;
/// An entry without a number that is older than the newest seal by this much did not get lost on its way.
const LOST_FOR: i64 = 60_000_000;

/// Follows the seals and the entries.
#[derive(Debug)]
pub struct Verifier {
    key: PublicKey,
    cuts: Cuts,
    against: Vec<Checkpoint>,
    edge: Edge,
    /// The head of the seal before; nothing if that is missing.
    head: Option<Hash>,
    next: i64,
    last: Option<i64>,
    /// Entries that do not fit their leaf.
    strays: Vec<Record>,
    /// Leaves whose entry is not there, with the id of what stands in its place.
    wanted: Vec<(i64, Hash, Option<String>)>,
    report: Report,
}

impl Verifier {
    /// `key` is whose signatures count; `cuts` are all that are on record; `against` are checkpoints that were kept
    /// elsewhere, whose signatures have been looked at.
    pub fn new(key: PublicKey, cuts: Cuts, against: Vec<Checkpoint>) -> Self {
        let odd = cuts.odd.iter().map(|(number, id)| Finding::OddCut { number: *number, id: id.clone() }).collect();
        let report = Report { findings: odd, cuts: cuts.told.len() as u64, ..Report::default() };
        Self {
            key,
            cuts,
            against,
            edge: Edge::default(),
            head: Some(BEFORE_ALL),
            next: 1,
            last: None,
            strays: Vec::new(),
            wanted: Vec::new(),
            report,
        }
    }

    /// The next seal, and the entries after the seal before up to its last, in order.
    pub fn seal(&mut self, seal: &Seal, records: &[Record]) {
        let segment = &seal.segment;
        self.chain(seal);
        let (inside, outside): (Vec<&Record>, Vec<&Record>) =
            records.iter().partition(|record| (segment.first..=segment.last).contains(&record.number));
        for record in outside {
            self.report.findings.push(Finding::Inserted { number: record.number, id: record.id.clone() });
        }
        if let Some(last) = self.last
            && segment.first > last.saturating_add(1)
        {
            self.gap(last + 1, segment.first - 1, segment.opening);
        }
        self.entries(seal, &inside);
        self.last = Some(segment.last);
        self.report.seals += 1;
    }

    /// The entries after the last seal, in order; any number of times.
    pub fn tail(&mut self, records: &[Record]) {
        for record in records {
            let expected = self.last.map_or(record.number, |last| last.saturating_add(1));
            if record.number > expected {
                self.gap(expected, record.number - 1, i64::MIN);
            }
            self.last = Some(record.number);
            self.report.unsealed += 1;
            self.report.unsealed_since.get_or_insert(record.recorded_at);
            if !self.wanted.is_empty() && self.strays.len() < STRAYS_MOST {
                self.strays.push(record.clone());
            }
        }
    }

    /// An entry without a number.
    pub fn unnumbered(&mut self, id: &str, recorded_at: i64) {
        if self.report.newest.as_ref().is_some_and(|newest| recorded_at < newest.sealed_at.saturating_sub(LOST_FOR)) {
            self.report.findings.push(Finding::Unnumbered { id: id.to_owned() });
        } else {
            self.report.unsealed += 1;
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Report {
        let sealed = self.report.newest.as_ref().map_or(0, |newest| newest.entries);
        self.report.unsealed_cuts = self.cuts.told.iter().filter(|(number, _)| *number > sealed).count() as u64;
        let size = self.report.newest.as_ref().map_or(0, |newest| newest.size);
        for kept in &self.against {
            if kept.size > size {
                self.report.findings.push(Finding::CutShort { size: kept.size, entries: kept.entries });
            }
        }
        self.resolve();
        self.report.findings = ranges(std::mem::take(&mut self.report.findings));
        self.report
    }

    /// Whether the seal follows the one before, says what was signed, and is signed.
    fn chain(&mut self, seal: &Seal) {
        let segment = &seal.segment;
        let number = segment.number;
        let mut altered = self.last.is_some_and(|last| segment.first <= last) || segment.count() == 0;
        if number != self.next {
            self.report.findings.push(Finding::SealsMissing { first: self.next, last: number.saturating_sub(1) });
            self.head = None;
        }
        self.next = number.saturating_add(1);
        if seal.key != self.key {
            self.report.findings.push(Finding::OtherKeys { first: number, last: number });
        }
        // Without the head before there is nothing to compare; what is said then was said already.
        if let Some(previous) = self.head {
            let head = segment.head(&previous);
            let mut edge = self.edge.clone();
            let nodes = edge.push(head);
            // Of another key it was said already; whether it fits that one is another question.
            let signed = |edge: &Edge| {
                let text = segment.checkpoint(edge.root()).text(&seal.key);
                seal.key.verifies(&text, &seal.signature)
            };
            altered |= nodes != seal.nodes;
            let mut adopted = head;
            if !signed(&edge) {
                // Is it the head that was signed, and only what leads to it that was changed?
                let mut kept = self.edge.clone();
                let stored = seal.nodes.first().copied().unwrap_or(head);
                kept.push(stored);
                if stored == head || !signed(&kept) {
                    self.report.findings.push(Finding::WrongSignatures { first: number, last: number });
                }
                (edge, adopted) = (kept, stored);
            }
            self.edge = edge;
            self.head = Some(adopted);
            let checkpoint = segment.checkpoint(self.edge.root());
            for kept in self.against.iter().filter(|kept| kept.size == checkpoint.size) {
                if *kept == checkpoint {
                    self.report.held += 1;
                } else {
                    self.report.findings.push(Finding::Rewritten { size: kept.size, entries: kept.entries });
                }
            }
            self.report.newest = Some(checkpoint);
        }
        if altered {
            self.report.findings.push(Finding::SealAltered { seal: number });
        }
    }

    /// Numbers that no seal covers, and whose entries are not there.
    fn gap(&mut self, first: i64, last: i64, opening: i64) {
        if last <= opening {
            self.report.before += u64::try_from(last - first + 1).unwrap_or(0);
        } else {
            self.report.findings.push(Finding::Removed { first, last });
        }
    }

    fn entries(&mut self, seal: &Seal, records: &[&Record]) {
        let segment = &seal.segment;
        if seal.leaves.is_empty() {
            // All of them were cut, if that is on record.
            for record in records {
                self.report.findings.push(Finding::Inserted { number: record.number, id: record.id.clone() });
            }
            let mut number = segment.first;
            // A seal that says nonsense shall not keep us for ever.
            while number <= segment.last && segment.count() <= super::segments::MOST as u64 {
                self.gone(number, None);
                number += 1;
            }
            return;
        }
        let fits =
            seal.leaves.len() as u64 == segment.count() && Tree::of(seal.leaves.iter().copied()).root() == segment.root;
        if !fits {
            let whole = records.len() as u64 == segment.count()
                && Tree::of(records.iter().map(|record| record.leaf())).root() == segment.root;
            if whole {
                self.report.sound += records.len() as u64;
                self.report.findings.push(Finding::SealAltered { seal: segment.number });
            } else {
                let (first, last) = (segment.first, segment.last);
                self.report.findings.push(Finding::Unclear { seal: segment.number, first, last });
            }
            return;
        }
        let mut records = records.iter().peekable();
        for (number, leaf) in (segment.first..).zip(&seal.leaves) {
            match records.next_if(|record| record.number == number) {
                Some(record) if record.leaf() == *leaf => self.report.sound += 1,
                Some(record) => {
                    if self.strays.len() < STRAYS_MOST {
                        self.strays.push((*record).clone());
                    }
                    self.wanted.push((number, *leaf, Some(record.id.clone())));
                }
                None => self.gone(number, Some(*leaf)),
            }
        }
    }

    /// An entry that is not there.
    fn gone(&mut self, number: i64, leaf: Option<Hash>) {
        match leaf {
            _ if self.cuts.has(number) => self.report.cut += 1,
            Some(leaf) => self.wanted.push((number, leaf, None)),
            None => self.report.findings.push(Finding::Removed { first: number, last: number }),
        }
    }

    /// Finds out what became of each entry that is not where it was.
    fn resolve(&mut self) {
        let tried = self.wanted.len().saturating_mul(self.strays.len()) <= PAIRS_MOST;
        let mut explained = vec![false; self.strays.len()];
        let mut moved_away = BTreeSet::new();
        for (number, leaf, there) in &self.wanted {
            let found = self.strays.iter().position(|stray| tried && stray.leaf_at(*number) == *leaf);
            match (found, there) {
                (Some(at), _) => {
                    explained[at] = true;
                    let stray = &self.strays[at];
                    moved_away.insert(*number);
                    let moved = Finding::Moved { id: stray.id.clone(), from: *number, to: stray.number };
                    self.report.findings.push(moved);
                }
                (None, Some(id)) => {
                    self.report.findings.push(Finding::Altered { number: *number, id: id.clone() });
                }
                (None, None) => self.report.findings.push(Finding::Removed { first: *number, last: *number }),
            }
        }
        // What stands where another stood, and came from nowhere.
        for (stray, explained) in self.strays.iter().zip(explained) {
            if !explained && moved_away.contains(&stray.number) {
                self.report.findings.push(Finding::Inserted { number: stray.number, id: stray.id.clone() });
            }
        }
    }
}

/// Findings of neighbours in one.
fn ranges(findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for finding in findings {
        let joined = match (all.last_mut(), &finding) {
            (Some(Finding::Removed { last, .. }), Finding::Removed { first, last: more })
            | (Some(Finding::WrongSignatures { last, .. }), Finding::WrongSignatures { first, last: more })
            | (Some(Finding::OtherKeys { last, .. }), Finding::OtherKeys { first, last: more })
                if last.checked_add(1) == Some(*first) =>
            {
                *last = *more;
                true
            }
            _ => false,
        };
        if !joined {
            all.push(finding);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::cuts::Cut;
    use super::super::notes::SealKey;
    use super::super::records::tests::{alterations, record};
    use super::super::segments;
    use super::*;
    use crate::words::Timestamp;

    fn key() -> SealKey {
        SealKey::new([1; 32])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// Twenty entries in five seals, and three entries after them.
    #[derive(Clone)]
    struct World {
        records: Vec<Record>,
        seals: Vec<Seal>,
    }

    impl World {
        fn new() -> Self {
            Self::signed_by(&key(), record)
        }

        fn signed_by(key: &SealKey, record: impl Fn(i64) -> Record) -> Self {
            let (mut edge, mut previous) = (Edge::default(), BEFORE_ALL);
            let mut world = Self { records: (1..24).map(record).collect(), seals: Vec::new() };
            for (second, run) in [0..4, 4..5, 5..12, 12..13, 13..20].into_iter().enumerate() {
                let last = world.seals.last().map(|seal: &Seal| seal.segment.clone());
                let now = at(i64::try_from(second).unwrap());
                let (segment, leaves) = segments::next(last.as_ref(), &world.records[run], 0, now).unwrap();
                let seal = segments::seal(segment, leaves, &previous, &mut edge, key);
                previous = seal.nodes[0];
                world.seals.push(seal);
            }
            world
        }

        fn report_against(&self, against: Vec<Checkpoint>) -> Report {
            let mut cuts = Cuts::default();
            self.records.iter().for_each(|record| cuts.note(record));
            let mut verifier = Verifier::new(key().public(), cuts, against);
            let mut records = self.records.clone();
            records.sort_by_key(|record| record.number);
            let mut records = records.as_slice();
            for seal in &self.seals {
                let upto = records.iter().take_while(|record| record.number <= seal.segment.last).count();
                verifier.seal(seal, &records[..upto]);
                records = &records[upto..];
            }
            verifier.tail(records);
            verifier.finish()
        }

        fn report(&self) -> Report {
            self.report_against(Vec::new())
        }

        fn found(&self) -> Vec<Finding> {
            self.report().findings
        }

        fn remove(&mut self, number: i64) -> Record {
            let at = self.records.iter().position(|record| record.number == number).unwrap();
            self.records.remove(at)
        }
    }

    fn id(number: i64) -> String {
        record(number).id
    }

    #[test]
    fn what_is_as_it_was_is_sound_and_says_how_far() {
        let report = World::new().report();
        assert_eq!(
            (report.findings.as_slice(), report.sound, report.seals, report.unsealed),
            ([].as_slice(), 20, 5, 3)
        );
        let newest = report.newest.as_ref().unwrap();
        assert_eq!((newest.size, newest.entries, report.sealed_at().unwrap()), (5, 20, at(4).to_string()));
        assert_eq!(report.unsealed_since, Some(record(21).recorded_at));
    }

    #[test]
    fn every_field_of_every_entry_counts() {
        for number in 1..=20 {
            for (what, altered) in alterations(&record(number)) {
                let mut world = World::new();
                world.remove(number);
                // Another entry may have its number already; no database holds both.
                if what == "number" {
                    continue;
                }
                let id = altered.id.clone();
                world.records.push(altered);
                assert_eq!(world.found(), [Finding::Altered { number, id }], "{what} of {number}");
            }
        }
    }

    #[test]
    fn every_removal_is_found_and_named() {
        for first in 1..=20 {
            for last in first..=20 {
                let mut world = World::new();
                (first..=last).for_each(|number| drop(world.remove(number)));
                assert_eq!(world.found(), [Finding::Removed { first, last }]);
            }
        }
        let mut world = World::new();
        world.remove(22);
        assert_eq!(world.found(), [Finding::Removed { first: 22, last: 22 }], "not sealed, and between its neighbours");
    }

    #[test]
    fn every_swap_is_found_and_named() {
        for one in 1..=20 {
            for other in one + 1..=20 {
                let mut world = World::new();
                let (a, b) = (world.remove(one), world.remove(other));
                world.records.push(Record { number: other, ..a });
                world.records.push(Record { number: one, ..b });
                assert_eq!(
                    world.found(),
                    [
                        Finding::Moved { id: id(one), from: one, to: other },
                        Finding::Moved { id: id(other), from: other, to: one },
                    ]
                );
            }
        }
    }

    #[test]
    fn an_entry_that_was_moved_to_the_end_or_put_in_a_place_is_found() {
        let mut world = World::new();
        let moved = world.remove(7);
        world.records.push(Record { number: 24, ..moved });
        assert_eq!(world.found(), [Finding::Moved { id: id(7), from: 7, to: 24 }]);
        // A stranger takes the place.
        world.records.push(Record { number: 7, id: "evt_stranger".into(), ..record(7) });
        assert_eq!(
            world.found(),
            [Finding::Moved { id: id(7), from: 7, to: 24 }, Finding::Inserted { number: 7, id: "evt_stranger".into() },]
        );
        for number in [0, -5, i64::MIN] {
            let mut world = World::new();
            world.records.push(Record { number, id: "evt_stranger".into(), ..record(7) });
            assert_eq!(world.found(), [Finding::Inserted { number, id: "evt_stranger".into() }]);
        }
    }

    #[test]
    fn every_change_of_a_seal_is_found_at_its_place() {
        type Change = fn(&mut Seal);
        let changes: [(&str, Change); 12] = [
            ("first", |seal| seal.segment.first -= 1),
            ("last", |seal| seal.segment.last += 1),
            ("root", |seal| seal.segment.root[0] ^= 1),
            ("sealed_at", |seal| seal.segment.sealed_at += 1),
            ("opening", |seal| seal.segment.opening += 100),
            ("a leaf", |seal| seal.leaves[0][31] ^= 1),
            ("one leaf more", |seal| seal.leaves.push([0; 32])),
            ("no leaves", |seal| seal.leaves.clear()),
            ("a head", |seal| seal.nodes[0][0] ^= 1),
            ("no nodes", |seal| seal.nodes.clear()),
            ("a signature", |seal| seal.signature[5] ^= 1),
            ("no signature", |seal| seal.signature.clear()),
        ];
        for at in 0..5 {
            for (what, change) in changes {
                let mut world = World::new();
                change(&mut world.seals[at]);
                let found = world.found();
                assert!(!found.is_empty(), "{what} of seal {at}");
                let number = world.seals[at].segment.number;
                let signatures = found.contains(&Finding::WrongSignatures { first: number, last: number });
                let altered = found.contains(&Finding::SealAltered { seal: number });
                let entries = found.iter().any(|one| {
                    matches!(one, Finding::Removed { .. } | Finding::Inserted { .. } | Finding::Unclear { .. })
                });
                assert!(signatures || altered || entries, "{what} of seal {at}: {found:?}");
                // The others are not blamed for it.
                let others = found.iter().filter(|one| {
                    matches!(one,
                    Finding::WrongSignatures { first, .. } | Finding::SealAltered { seal: first } if *first != number)
                });
                let neighbour = ["first", "last"].contains(&what);
                assert!(neighbour || others.count() == 0, "{what} of seal {at}: {found:?}");
            }
        }
    }

    #[test]
    fn seals_that_are_missing_or_of_somebody_else_are_found() {
        for at in 0..5 {
            let mut world = World::new();
            world.seals.remove(at);
            let number = i64::try_from(at).unwrap() + 1;
            let found = world.found();
            if at == 4 {
                assert_eq!(found, [], "the end: only a checkpoint that was kept shows it");
                let kept = World::new().report().newest.unwrap();
                assert_eq!(world.report_against(vec![kept]).findings, [Finding::CutShort { size: 5, entries: 20 }]);
            } else {
                assert!(found.contains(&Finding::SealsMissing { first: number, last: number }), "{found:?}");
            }
        }
        let other = World::signed_by(&SealKey::new([2; 32]), record);
        assert_eq!(other.found(), [Finding::OtherKeys { first: 1, last: 5 }]);
        let mut world = World::new();
        world.seals[2].key = SealKey::new([2; 32]).public();
        assert_eq!(
            world.found(),
            [Finding::OtherKeys { first: 3, last: 3 }, Finding::WrongSignatures { first: 3, last: 3 },]
        );
    }

    #[test]
    fn a_past_that_was_written_anew_with_the_key_is_found_by_a_checkpoint_that_was_kept() {
        let honest = World::new();
        let forged = World::signed_by(&key(), |number| {
            let actor = if number == 3 { "person:ben" } else { "person:ana" };
            Record { actor: actor.into(), ..record(number) }
        });
        assert_eq!(forged.found(), [], "whoever has the key can");
        for size in 1..=5 {
            let mut first = honest.clone();
            first.seals.truncate(size);
            let kept = first.report().newest.unwrap();
            assert_eq!(
                (honest.report_against(vec![kept.clone()]).findings, honest.report_against(vec![kept.clone()]).held),
                (vec![], 1)
            );
            let found = forged.report_against(vec![kept.clone()]).findings;
            assert_eq!(found, [Finding::Rewritten { size: kept.size, entries: kept.entries }]);
        }
    }

    #[test]
    fn what_retention_cut_is_no_finding_if_it_is_on_record() {
        let cut = |numbers: Vec<i64>| Record {
            kind: "journal.cut".into(),
            data: serde_json::to_string(&Cut::of(at(-9), numbers)).unwrap(),
            ..record(24)
        };
        let mut world = World::new();
        for number in [1, 2, 3, 4, 7] {
            world.remove(number);
        }
        world.records.push(cut(vec![1, 2, 3, 4, 7]));
        let report = world.report();
        assert_eq!((report.findings.as_slice(), report.cut, report.sound), ([].as_slice(), 5, 15));
        assert_eq!((report.cuts, report.unsealed_cuts), (1, 1));
        // The leaves of a seal whose entries are all gone need not be kept.
        world.seals[0].leaves.clear();
        assert_eq!((world.found(), world.report().cut), (vec![], 5));
        // But what no record names is missed all the same.
        *world.records.last_mut().unwrap() = cut(vec![1, 2, 4, 7]);
        assert_eq!(world.found(), [Finding::Removed { first: 3, last: 3 }]);
        world.records.push(Record { id: "evt_stranger".into(), ..record(2) });
        assert!(world.found().contains(&Finding::Inserted { number: 2, id: "evt_stranger".into() }));
    }

    #[test]
    fn what_had_gone_before_sealing_began_is_told_and_is_no_finding() {
        let key = key();
        let (mut edge, mut verifier) = (Edge::default(), Verifier::new(key.public(), Cuts::default(), vec![]));
        let (mut previous, mut last) = (BEFORE_ALL, None);
        for (run, gap) in [(5..8, false), (10..13, true), (15..17, false)] {
            let records: Vec<Record> = run.map(record).collect();
            let (segment, leaves) = segments::next(last.as_ref(), &records, 12, at(0)).unwrap();
            let seal = segments::seal(segment.clone(), leaves, &previous, &mut edge, &key);
            verifier.seal(&seal, &records);
            (previous, last) = (seal.nodes[0], Some(segment));
            assert_eq!(verifier.report.before, if gap || verifier.report.seals > 2 { 2 } else { 0 });
        }
        verifier.unnumbered("evt_new", at(0).as_microsecond());
        verifier.unnumbered("evt_old", at(-120).as_microsecond());
        let report = verifier.finish();
        assert_eq!(
            report.findings,
            [Finding::Removed { first: 13, last: 14 }, Finding::Unnumbered { id: "evt_old".into() }]
        );
        assert_eq!(report.unsealed, 1);
    }
}
