//! Words that are like what was typed: that begin so, or are a slip of the finger away. What is asked for when what was typed
//! is found too seldom.

use std::collections::HashMap;

use domain::words::text::distance;
use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::collect::Seek;
use super::failed;
use crate::door::Error;

/// So many others are asked for at once, those that are in the most documents.
const BEGINNINGS: usize = 24;
const SLIPS: usize = 12;
/// More are not looked at in one segment.
const LOOKED_AT: usize = 4_000;
/// Letters from which on a beginning says something.
const BEGINNING_LEAST: usize = 2;

impl Seek<'_> {
    /// In how many documents a stem is.
    pub(super) fn frequency(&self, stem: &str) -> Result<u64, Error> {
        let term = Term::from_field_text(self.fields.stems, stem);
        let on_disk = self.now.searcher.doc_freq(&term).map_err(failed)?;
        Ok(on_disk + u64::from(self.now.tail.frequency(stem)))
    }

    /// Stems that begin so, and are longer.
    pub(super) fn beginning_with(&self, start: &str) -> Result<Vec<String>, Error> {
        if start.chars().count() < BEGINNING_LEAST {
            return Ok(Vec::new());
        }
        let mut found: HashMap<String, u64> = HashMap::new();
        for reader in self.now.searcher.segment_readers() {
            let terms = reader.inverted_index(self.fields.stems).map_err(failed)?;
            let mut stream = terms.terms().range().ge(start.as_bytes()).into_stream().map_err(failed)?;
            let mut looked_at = 0;
            while let Some((term, told)) = stream.next() {
                if !term.starts_with(start.as_bytes()) || looked_at == LOOKED_AT {
                    break;
                }
                looked_at += 1;
                if let Ok(term) = std::str::from_utf8(term) {
                    *found.entry(term.to_owned()).or_default() += u64::from(told.doc_freq);
                }
            }
        }
        for (stem, count) in self.now.tail.beginning_with(start) {
            *found.entry(stem.to_owned()).or_default() += u64::from(count);
        }
        found.remove(start);
        Ok(commonest(found, BEGINNINGS))
    }

    /// Stems that are a slip or two away: a letter more, less, another, or two that changed places. Short words and what has a
    /// figure in it are meant as they stand.
    pub(super) fn slips(&self, stem: &str) -> Result<Vec<String>, Error> {
        let letters = stem.chars().count();
        if letters < 4 || !stem.chars().all(char::is_alphabetic) {
            return Ok(Vec::new());
        }
        let far: u8 = if letters < 8 { 1 } else { 2 };
        let mut found: HashMap<String, u64> = HashMap::new();
        let query = FuzzyTermQuery::new(Term::from_field_text(self.fields.stems, stem), far, true);
        for reader in self.now.searcher.segment_readers() {
            let terms = reader.inverted_index(self.fields.stems).map_err(failed)?;
            let automaton = query.automaton().map_err(failed)?;
            let mut stream = terms.terms().search(automaton).into_stream().map_err(failed)?;
            while let Some((term, told)) = stream.next() {
                if let Ok(term) = std::str::from_utf8(term) {
                    *found.entry(term.to_owned()).or_default() += u64::from(told.doc_freq);
                }
            }
        }
        for (other, count) in self.now.tail.stems() {
            if distance(stem, other, usize::from(far)).is_some() {
                *found.entry(other.to_owned()).or_default() += u64::from(count);
            }
        }
        found.remove(stem);
        Ok(commonest(found, SLIPS))
    }
}

fn commonest(found: HashMap<String, u64>, most: usize) -> Vec<String> {
    let mut found: Vec<(String, u64)> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.into_iter().take(most).map(|(stem, _)| stem).collect()
}
