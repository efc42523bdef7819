//! What is told in the same words as one document: by its most telling terms, as a share of what its own text would score.

use std::collections::{BTreeSet, HashMap};

use domain::learn::queries::Query;
use domain::learn::search::{Document, Found};
use domain::learn::terms::{says_little, terms};

use super::ask::{Hidden, Order};
use super::collect::{Plan, Seek};
use super::tail::counts_of;
use super::{Index, failed};
use crate::door::Error;

/// A document that is told alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Alike {
    pub document: Document,
    /// From 0 to 1: of what the text itself would score.
    pub share: f64,
    /// Words that both have, the most telling first.
    pub both: Vec<String>,
}

/// So many terms stand for a text.
const TERMS: usize = 24;

impl Index {
    /// The documents of some kinds that are told most like this one, without those of the same incident.
    pub fn alike(&self, to: &Document, kinds: &[Found], hidden: &Hidden, limit: usize) -> Result<Vec<Alike>, Error> {
        let now = self.now();
        let query = Query { kinds: kinds.iter().copied().collect(), ..Query::default() };
        let seek = Seek::new(&now, &self.fields, &query, hidden);
        let (counts, length) = counts_of(to);
        let telling = counts.keys().filter(|stem| stem.len() > 1 && !says_little(stem));
        let telling: Vec<&str> = telling.map(String::as_str).collect();
        let statistics = seek.statistics_of(telling.iter().copied())?;
        let weight = |stem: &str| {
            let count = counts.get(stem).copied().unwrap_or_default();
            statistics.idf(stem) * statistics.share(count, length)
        };
        // What is in no other document likens it to none.
        let mut chosen: Vec<(&str, f64)> = telling
            .into_iter()
            .filter(|stem| statistics.frequency(stem) > 1)
            .map(|stem| (stem, weight(stem)))
            .collect();
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        // All that is told counts in the whole, so that two words in common are little of a long text.
        let whole: f64 = counts.keys().filter(|stem| !says_little(stem)).map(|stem| weight(stem)).sum();
        chosen.truncate(TERMS);
        if chosen.is_empty() || whole <= 0.0 {
            return Ok(Vec::new());
        }
        let plan = Plan { clauses: chosen.iter().map(|(stem, _)| vec![vec![(*stem).to_owned()]]).collect(), any: true };
        let said = as_said(to);
        let mut found = Vec::new();
        for candidate in seek.collect(&plan, Order::Ranked, limit + 8)? {
            let document = self.read(&now, &candidate).map_err(failed)?;
            if document.key.incident == to.key.incident {
                continue;
            }
            let (other, _) = counts_of(&document);
            let both: Vec<(&str, f64)> = chosen.iter().copied().filter(|(stem, _)| other.contains_key(*stem)).collect();
            let share = both.iter().map(|(_, weight)| weight).sum::<f64>() / whole;
            let words = both.iter().map(|(stem, _)| said.get(*stem).cloned().unwrap_or_else(|| (*stem).to_owned()));
            found.push(Alike { document, share: share.clamp(0.0, 1.0), both: words.collect() });
        }
        found.sort_by(|a, b| b.share.total_cmp(&a.share));
        found.truncate(limit);
        Ok(found)
    }
}

/// How each stem stands in the text where it comes first.
fn as_said(document: &Document) -> HashMap<String, String> {
    let mut said = HashMap::new();
    let mut seen = BTreeSet::new();
    for text in [&document.title, &document.text] {
        for term in terms(text) {
            if seen.insert(term.stem.clone()) {
                said.insert(term.stem, text[term.at].to_lowercase());
            }
        }
    }
    said
}
