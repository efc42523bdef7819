//! Label pairs of open alerts, each kept once, and where each occurs.
//!
//! An alert holds the numbers of its pairs, four bytes each. The list of a pair may name alerts that are gone:
//! whoever reads it asks the alert. It is swept when half of it is stale.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

/// The number of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId(u32);

#[derive(Debug)]
struct Pair {
    /// `name`, `=`, `value` in one text.
    text: Box<str>,
    name_length: u32,
    /// How many open alerts have it.
    live: u32,
    slots: Slots,
}

/// Most pairs of a large estate occur once (`instance`, `pod`).
#[derive(Debug)]
enum Slots {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Default)]
pub struct PairIndex {
    pairs: Vec<Option<Pair>>,
    free: Vec<u32>,
    /// Numbers of pairs, found by the pair's hash.
    numbers: HashTable<Hashed>,
}

/// A place in a list, with half of the hash of what is there: so a table that grows need not read all of it again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed {
    pub place: u32,
    pub hash: u32,
}

/// The whole hash for the half that is kept: tables look at both ends of it.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The half of a hash that is kept.
pub(super) fn half(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or(u32::MAX)
}

fn hash(name: &str, value: &str) -> u32 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(name.as_bytes());
    hasher.write_u8(b'=');
    hasher.write(value.as_bytes());
    half(hasher.finish())
}

impl PairIndex {
    fn find(&self, hash: u32, name: &str, value: &str) -> Option<u32> {
        let is = |found: &Hashed| {
            let pair = || self.pairs[found.place as usize].as_ref();
            found.hash == hash && pair().is_some_and(|pair| pair.name() == name && pair.value() == value)
        };
        self.numbers.find(spread(hash), is).map(|found| found.place)
    }

    /// Notes that the alert in `slot` has the pair.
    pub fn add(&mut self, name: &str, value: &str, slot: u32) -> PairId {
        let hash = hash(name, value);
        if let Some(number) = self.find(hash, name, value) {
            let pair = self.pairs[number as usize].as_mut().expect("found");
            pair.live += 1;
            match &mut pair.slots {
                Slots::Many(slots) => slots.push(slot),
                Slots::One(first) => pair.slots = Slots::Many(vec![*first, slot]),
            }
            return PairId(number);
        }
        let mut text = String::with_capacity(name.len() + 1 + value.len());
        text.extend([name, "=", value]);
        let name_length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let pair = Pair { text: text.into(), name_length, live: 1, slots: Slots::One(slot) };
        let number = if let Some(number) = self.free.pop() {
            self.pairs[number as usize] = Some(pair);
            number
        } else {
            self.pairs.push(Some(pair));
            u32::try_from(self.pairs.len() - 1).expect("fewer than four thousand million pairs")
        };
        self.numbers.insert_unique(spread(hash), Hashed { place: number, hash }, |found| spread(found.hash));
        PairId(number)
    }

    /// Notes that an alert with the pair is gone. `still` tells whether the alert in a slot has the pair.
    pub fn remove(&mut self, id: PairId, still: impl Fn(u32) -> bool) {
        let Some(pair) = self.pairs[id.0 as usize].as_mut() else { return };
        pair.live -= 1;
        if pair.live == 0 {
            let hash = hash(pair.name(), pair.value());
            if let Ok(found) = self.numbers.find_entry(spread(hash), |found| found.place == id.0) {
                found.remove();
            }
            self.pairs[id.0 as usize] = None;
            self.free.push(id.0);
        } else if let Slots::Many(slots) = &mut pair.slots
            && slots.len() > 8
            && slots.len() > 2 * pair.live as usize
        {
            slots.sort_unstable();
            slots.dedup();
            slots.retain(|slot| still(*slot));
            slots.shrink_to_fit();
        }
    }

    pub fn text(&self, id: PairId) -> (&str, &str) {
        self.pairs[id.0 as usize].as_ref().map_or(("", ""), |pair| (pair.name(), pair.value()))
    }

    /// Name and value in one: `name=value`.
    pub fn whole(&self, id: PairId) -> &str {
        self.pairs[id.0 as usize].as_ref().map_or("", |pair| &pair.text)
    }

    /// The pair, and how many open alerts have it.
    pub fn look_up(&self, name: &str, value: &str) -> Option<(PairId, u32)> {
        let number = self.find(hash(name, value), name, value)?;
        self.pairs[number as usize].as_ref().map(|pair| (PairId(number), pair.live))
    }

    /// Slots of alerts that have, or had, the pair; possibly twice.
    pub fn slots(&self, id: PairId) -> &[u32] {
        match self.pairs[id.0 as usize].as_ref().map(|pair| &pair.slots) {
            None => &[],
            Some(Slots::One(slot)) => std::slice::from_ref(slot),
            Some(Slots::Many(slots)) => slots,
        }
    }

    /// The values of a label and how many open alerts have each.
    pub fn values(&self, name: &str) -> Vec<(&str, u32)> {
        let all = self.pairs.iter().flatten().filter(|pair| pair.name() == name);
        all.map(|pair| (pair.value(), pair.live)).collect()
    }
}

impl Pair {
    fn name(&self) -> &str {
        &self.text[..self.name_length as usize]
    }

    fn value(&self) -> &str {
        &self.text[self.name_length as usize + 1..]
    }
}
