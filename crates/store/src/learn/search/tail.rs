//! What was taken up and is not written yet: some thousand documents in memory, with their terms.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::learn::search::{Document, Key};
use domain::learn::terms::stems;

use super::fields::{TITLE, hash_of, hash_of_incident};

/// The latest of one key.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub key_hash: u64,
    pub incident_hash: u64,
    /// Which came later. What is written is forgotten if nothing came since.
    turn: u64,
    /// Nothing: it is gone.
    pub document: Option<Arc<Document>>,
    /// How often each stem is in it.
    counts: Arc<HashMap<String, u32>>,
    /// How many terms it has, a title counted as often as it counts.
    pub length: u32,
}

impl Waiting {
    /// How often a stem is in it.
    pub(super) fn count(&self, stem: &str) -> u32 {
        self.counts.get(stem).copied().unwrap_or_default()
    }

    /// How often stems stand in it one after the other.
    pub(super) fn count_in_order(&self, wanted: &[String]) -> u32 {
        if let [one] = wanted {
            return self.count(one);
        }
        let Some(document) = self.document.as_ref().filter(|_| wanted.iter().all(|stem| self.count(stem) > 0)) else {
            return 0;
        };
        let times = |text: &str| {
            let all = stems(text);
            u32::try_from(all.windows(wanted.len()).filter(|window| *window == wanted).count()).unwrap_or(u32::MAX)
        };
        let title = u32::try_from(TITLE).unwrap_or(1);
        times(&document.title).saturating_mul(title).saturating_add(times(&document.text))
    }
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Tail {
    by_key: HashMap<u64, Waiting>,
    /// In how many documents each stem is.
    frequencies: BTreeMap<String, u32>,
    terms: u64,
    turns: u64,
}

impl Tail {
    /// Under a key there is now this, or nothing.
    pub(super) fn put(&mut self, key: &Key, document: Option<Document>) {
        let key_hash = hash_of(key);
        self.remove(key_hash);
        self.turns += 1;
        let (counts, length) = document.as_ref().map(counts_of).unwrap_or_default();
        for stem in counts.keys() {
            *self.frequencies.entry(stem.clone()).or_default() += 1;
        }
        self.terms += u64::from(length);
        let waiting = Waiting {
            key_hash,
            incident_hash: hash_of_incident(document.as_ref().and_then(|document| document.key.incident)),
            turn: self.turns,
            document: document.map(Arc::new),
            counts: Arc::new(counts),
            length,
        };
        self.by_key.insert(key_hash, waiting);
    }

    fn remove(&mut self, key_hash: u64) {
        let Some(old) = self.by_key.remove(&key_hash) else { return };
        self.terms -= u64::from(old.length);
        for stem in old.counts.keys() {
            if let Some(count) = self.frequencies.get_mut(stem) {
                *count -= 1;
                if *count == 0 {
                    self.frequencies.remove(stem);
                }
            }
        }
    }

    /// All that waits, the first first.
    pub(super) fn all(&self) -> Vec<Waiting> {
        let mut all: Vec<Waiting> = self.by_key.values().cloned().collect();
        all.sort_by_key(|one| one.turn);
        all
    }

    /// Forgets what was written, but for what came since.
    pub(super) fn forget(&mut self, written: &[Waiting]) {
        for one in written {
            if self.by_key.get(&one.key_hash).is_some_and(|held| held.turn == one.turn) {
                self.remove(one.key_hash);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn documents(&self) -> usize {
        self.by_key.values().filter(|one| one.document.is_some()).count()
    }

    /// Whether what is on disk under a key is old.
    pub(super) fn masks(&self, key_hash: u64) -> bool {
        !self.by_key.is_empty() && self.by_key.contains_key(&key_hash)
    }

    pub(super) fn get(&self, key_hash: u64) -> Option<Document> {
        self.by_key.get(&key_hash)?.document.as_deref().cloned()
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Waiting> {
        self.by_key.values()
    }

    pub(super) fn frequency(&self, stem: &str) -> u32 {
        self.frequencies.get(stem).copied().unwrap_or_default()
    }

    pub(super) fn terms(&self) -> u64 {
        self.terms
    }

    /// Stems that begin so, with in how many documents they are.
    pub(super) fn beginning_with(&self, start: &str) -> impl Iterator<Item = (&str, u32)> {
        let from = self.frequencies.range(start.to_owned()..);
        from.take_while(move |(stem, _)| stem.starts_with(start)).map(|(stem, count)| (stem.as_str(), *count))
    }

    pub(super) fn stems(&self) -> impl Iterator<Item = (&str, u32)> {
        self.frequencies.iter().map(|(stem, count)| (stem.as_str(), *count))
    }
}

/// How often each stem is in a document, a title counted as often as it counts; and how many terms that are.
pub(super) fn counts_of(document: &Document) -> (HashMap<String, u32>, u32) {
    let (mut counts, mut length) = (HashMap::new(), 0);
    let mut add = |text: &str, times: u32| {
        domain::learn::terms::each(text, |_, stem| {
            *counts.entry(stem.to_owned()).or_default() += times;
            length += times;
        });
    };
    add(&document.title, u32::try_from(TITLE).unwrap_or(1));
    add(&document.text, 1);
    (counts, length)
}
