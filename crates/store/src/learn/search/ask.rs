//! Asks the index: first for what has all words, then for words like them, then for what has some; those first that have more.

use std::collections::{BTreeSet, HashSet};

use domain::learn::queries::Query;
use domain::learn::search::Document;
use domain::words::IncidentId;
use tantivy::TantivyDocument;

use super::collect::{Candidate, Place, Plan, Seek};
use super::fields::hash_of_incident;
use super::{Index, Now, failed};
use crate::door::Error;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What fits the words best first.
    #[default]
    Ranked,
    /// What happened last first.
    Newest,
}

/// What is hidden from whoever asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    incidents: HashSet<u64>,
    /// Incidents whose parts that are marked RED are seen; all, if absent.
    inside: Option<HashSet<u64>>,
}

impl Hidden {
    /// These incidents are hidden, and what is marked RED in all but those.
    pub fn new(
        incidents: impl IntoIterator<Item = IncidentId>,
        inside: Option<impl IntoIterator<Item = IncidentId>>,
    ) -> Self {
        let hash = |id| hash_of_incident(Some(id));
        Self {
            incidents: incidents.into_iter().map(hash).collect(),
            inside: inside.map(|inside| inside.into_iter().map(hash).collect()),
        }
    }

    /// Nothing is hidden: for this program itself.
    pub fn nothing() -> Self {
        Self::default()
    }

    pub(super) fn lets_through(&self, incident: u64, red: bool) -> bool {
        if red && self.inside.as_ref().is_some_and(|inside| !inside.contains(&incident)) {
            return false;
        }
        self.incidents.is_empty() || !self.incidents.contains(&incident)
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'q> {
    pub query: &'q Query,
    pub order: Order,
    pub hidden: &'q Hidden,
    pub skip: usize,
    pub limit: usize,
}

/// How much of what was asked for something has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matched {
    /// All words.
    All,
    /// Words like them.
    Nearly,
    /// Some of them.
    Some,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub document: Document,
    /// How well it fits: only to be compared within one answer.
    pub score: f64,
    pub matched: Matched,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub hits: Vec<Hit>,
    /// There is more than this.
    pub more: bool,
    /// The stems by which it was found, to be marked.
    pub stems: BTreeSet<String>,
    /// What was asked for besides what was typed, by what was typed.
    pub also: Vec<(String, Vec<String>)>,
}

/// From so many words on, what has some of them is shown after what has all.
const MANY_WORDS: usize = 4;
/// What is asked for besides, and told: no more of each word.
const TOLD: usize = 3;

impl Index {
    /// Searches.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Error> {
        let now = self.now();
        let seek = Seek::new(&now, &self.fields, ask.query, ask.hidden);
        let most = ask.skip.saturating_add(ask.limit).saturating_add(1);
        let telling = ask.query.telling();
        let exact: Vec<Vec<Vec<String>>> = telling.iter().map(|clause| vec![clause.stems.clone()]).collect();
        let plan = Plan { clauses: exact.clone(), any: false };
        let order = if telling.is_empty() { Order::Newest } else { ask.order };
        let mut found = Found::default();
        found.add(seek.collect(&plan, order, most)?, Matched::All);
        let mut stems: BTreeSet<String> = exact.iter().flatten().flatten().cloned().collect();
        let mut also = Vec::new();
        if found.all.len() < most && !telling.is_empty() {
            let mut wider = exact.clone();
            for (at, clause) in telling.iter().enumerate() {
                let others = Self::others(&seek, ask.query, at, telling.len(), clause.stems.as_slice(), clause.quoted)?;
                if others.is_empty() {
                    continue;
                }
                let lasts = others.iter().filter_map(|stems| stems.last().cloned());
                also.push((clause.said.clone(), lasts.take(TOLD).collect()));
                wider[at].extend(others);
            }
            if !also.is_empty() {
                stems.extend(wider.iter().flatten().flatten().cloned());
                let nearly = Plan { clauses: wider.clone(), any: false };
                found.add(seek.collect(&nearly, order, most)?, Matched::Nearly);
            }
            let short = found.all.len() < most && telling.len() >= MANY_WORDS;
            if telling.len() > 1 && (found.all.is_empty() || short) {
                found.add(seek.collect(&Plan { clauses: wider, any: true }, order, most)?, Matched::Some);
            }
        }
        if order == Order::Newest {
            found.all.sort_by(|a, b| b.0.at.cmp(&a.0.at).then(a.1.cmp(&b.1)));
        }
        let more = found.all.len() >= most;
        let shown = found.all.into_iter().skip(ask.skip).take(ask.limit);
        let hits = shown.map(|(candidate, matched)| {
            let document = self.read(&now, &candidate)?;
            Ok(Hit { document, score: candidate.score, matched })
        });
        Ok(Answer { hits: hits.collect::<Result<_, Error>>()?, more, stems, also })
    }

    /// What is asked for besides the stems of a clause.
    fn others(
        seek: &Seek<'_>,
        query: &Query,
        at: usize,
        of: usize,
        stems: &[String],
        quoted: bool,
    ) -> Result<Vec<Vec<String>>, Error> {
        let Some((last, before)) = stems.split_last() else { return Ok(Vec::new()) };
        if quoted {
            return Ok(Vec::new());
        }
        let mut others = Vec::new();
        if query.is_open && at + 1 == of {
            others.extend(seek.beginning_with(last)?);
        }
        // A word that is somewhere is meant as it stands.
        if before.is_empty() && others.is_empty() && seek.frequency(last)? == 0 {
            others.extend(seek.slips(last)?);
        }
        Ok(others.into_iter().map(|other| before.iter().cloned().chain([other]).collect()).collect())
    }

    pub(super) fn read(&self, now: &Now, candidate: &Candidate) -> Result<Document, Error> {
        let found = match candidate.place {
            Place::Tail => now.tail.get(candidate.key_hash),
            Place::Disk(address) => {
                let kept: TantivyDocument = now.searcher.doc(address).map_err(failed)?;
                self.fields.read(&kept)
            }
        };
        found.ok_or_else(|| failed("what was found cannot be read"))
    }
}

/// What was found so far, each once.
#[derive(Default)]
struct Found {
    all: Vec<(Candidate, Matched)>,
    keys: HashSet<u64>,
}

impl Found {
    fn add(&mut self, candidates: Vec<Candidate>, matched: Matched) {
        for candidate in candidates {
            if self.keys.insert(candidate.key_hash) {
                self.all.push((candidate, matched));
            }
        }
    }
}
