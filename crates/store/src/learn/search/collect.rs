//! Collects what matches: the best, with whole blocks of documents passed over that cannot be among them; or the newest, block by
//! block from the latest on. What somebody may not see is left out before it takes a place.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::learn::queries::Query;
use tantivy::columnar::ColumnValues;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EnableScoring, Occur, PhraseQuery, Query as DiskQuery, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, Score, SegmentReader, TERMINATED, Term};

use super::ask::{Hidden, Order};
use super::fields::{self, Fields, is_red, tags};
use super::tail::Waiting;
use super::{BLOCK, Now, failed};
use crate::door::Error;

/// What is looked for: of each clause one alternative, or of any clause. An alternative is stems one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub clauses: Vec<Vec<Vec<String>>>,
    pub any: bool,
}

impl Plan {
    fn stems(&self) -> BTreeSet<&str> {
        self.clauses.iter().flatten().flatten().map(String::as_str).collect()
    }
}

/// Something that matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub score: f64,
    pub key_hash: u64,
    pub at: i64,
    pub place: Place,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Disk(DocAddress),
    Tail,
}

/// A search of what there is now.
pub(super) struct Seek<'a> {
    pub now: &'a Now,
    pub fields: &'a Fields,
    pub query: &'a Query,
    pub hidden: &'a Hidden,
    /// Tags that are filtered by: one of each group.
    groups: Vec<Vec<String>>,
    /// Not before, and before, in microseconds.
    stretch: (Option<i64>, Option<i64>),
}

/// The blocks of disk that are looked at first, for the newest; then twice as many, and so on.
const FIRST_BLOCKS: usize = 4;
const K1: f64 = 1.2;
const B: f64 = 0.75;

impl<'a> Seek<'a> {
    pub(super) fn new(now: &'a Now, fields: &'a Fields, query: &'a Query, hidden: &'a Hidden) -> Self {
        let (from, to) = query.stretch();
        let groups = [
            query.kinds.iter().map(|kind| format!("kind:{kind}")).collect::<Vec<_>>(),
            query.services.iter().map(|name| format!("service:{name}")).collect(),
            query.severities.iter().map(|name| format!("severity:{name}")).collect(),
            query.classes.iter().map(|class| format!("class:{}", class.word())).collect(),
            query.incident.iter().map(|id| format!("incident:{id}")).collect(),
        ];
        let groups = groups.into_iter().filter(|group| !group.is_empty()).collect();
        let micros = |at: Option<domain::words::Timestamp>| at.map(domain::words::Timestamp::as_microsecond);
        Self { now, fields, query, hidden, groups, stretch: (micros(from), micros(to)) }
    }

    /// The best or the newest that match, in that order.
    pub(super) fn collect(&self, plan: &Plan, order: Order, most: usize) -> Result<Vec<Candidate>, Error> {
        let mut top = Top { most, found: Vec::new() };
        let statistics = self.statistics(plan)?;
        for waiting in self.now.tail.each() {
            if let Some(candidate) = self.waiting(waiting, plan, &statistics) {
                top.offer(if order == Order::Ranked { candidate.score } else { micros(candidate.at) }, candidate);
            }
        }
        let query = self.on_disk(plan);
        match order {
            Order::Ranked => self.ranked(query.as_ref(), &mut top)?,
            Order::Newest => self.newest(query.as_ref(), &mut top)?,
        }
        Ok(top.found.into_iter().map(|(_, candidate)| candidate).collect())
    }

    fn ranked(&self, query: &dyn DiskQuery, top: &mut Top) -> Result<(), Error> {
        let searcher = &self.now.searcher;
        let weight = query.weight(EnableScoring::enabled_from_searcher(searcher)).map_err(failed)?;
        for (segment, reader) in (0..).zip(searcher.segment_readers()) {
            let (sieve, bar) = (Sieve::new(self, reader)?, top.bar_of_scores());
            let mut offer = |doc: DocId, score: Score| {
                if let Some((key_hash, at)) = sieve.lets_through(doc) {
                    let place = Place::Disk(DocAddress::new(segment, doc));
                    top.offer(f64::from(score), Candidate { score: f64::from(score), key_hash, at, place });
                }
                top.bar_of_scores()
            };
            weight.for_each_pruning(bar, reader, &mut offer).map_err(failed)?;
        }
        Ok(())
    }

    fn newest(&self, query: &dyn DiskQuery, top: &mut Top) -> Result<(), Error> {
        let searcher = &self.now.searcher;
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher)).map_err(failed)?;
        let mut blocks: Vec<(i64, usize, u32)> = Vec::new();
        for (segment, known) in self.now.segments.iter().enumerate() {
            blocks.extend((0..).zip(&known.latest).map(|(block, latest)| (*latest, segment, block)));
        }
        blocks.retain(|(latest, ..)| self.stretch.0.is_none_or(|from| *latest >= from));
        blocks.sort_unstable_by(|a, b| b.cmp(a));
        let (mut done, mut take) = (0, FIRST_BLOCKS);
        while done < blocks.len() {
            let mut batch: Vec<(i64, usize, u32)> = blocks[done..].iter().copied().take(take).collect();
            done += batch.len();
            take *= 2;
            batch.retain(|(latest, ..)| top.bar() < micros(*latest));
            if batch.is_empty() {
                break;
            }
            batch.sort_unstable_by_key(|(_, segment, block)| (*segment, *block));
            for run in batch.chunk_by(|a, b| a.1 == b.1) {
                let segment = run[0].1;
                let reader = &searcher.segment_readers()[segment];
                let sieve = Sieve::new(self, reader)?;
                let mut found = weight.scorer(reader, 1.0).map_err(failed)?;
                for (_, _, block) in run {
                    let (from, to) = (block * BLOCK, (block + 1) * BLOCK);
                    let mut doc = found.doc();
                    if doc < from {
                        doc = found.seek(from);
                    }
                    while doc < to && doc != TERMINATED {
                        if let Some((key_hash, at)) = sieve.lets_through(doc) {
                            let segment = u32::try_from(segment).unwrap_or(u32::MAX);
                            let place = Place::Disk(DocAddress::new(segment, doc));
                            top.offer(micros(at), Candidate { score: 0.0, key_hash, at, place });
                        }
                        doc = found.advance();
                    }
                }
            }
        }
        Ok(())
    }

    /// The query as the library takes it.
    fn on_disk(&self, plan: &Plan) -> Box<dyn DiskQuery> {
        let term = |stem: &String| Term::from_field_text(self.fields.stems, stem);
        let in_order = |stems: &Vec<String>| -> Box<dyn DiskQuery> {
            match stems.as_slice() {
                [one] => Box::new(TermQuery::new(term(one), IndexRecordOption::WithFreqs)),
                several => Box::new(PhraseQuery::new(several.iter().map(term).collect())),
            }
        };
        let clause = |alternatives: &Vec<Vec<String>>| -> Box<dyn DiskQuery> {
            match alternatives.as_slice() {
                [one] => in_order(one),
                several => {
                    Box::new(BooleanQuery::new(several.iter().map(|one| (Occur::Should, in_order(one))).collect()))
                }
            }
        };
        let tag = |tag: &String| -> Box<dyn DiskQuery> {
            Box::new(TermQuery::new(Term::from_field_text(self.fields.tags, tag), IndexRecordOption::Basic))
        };
        let each = if plan.any { Occur::Should } else { Occur::Must };
        let mut words: Vec<(Occur, Box<dyn DiskQuery>)> =
            plan.clauses.iter().map(|alternatives| (each, clause(alternatives))).collect();
        let mut parts: Vec<(Occur, Box<dyn DiskQuery>)> = Vec::new();
        for group in &self.groups {
            let group: Box<dyn DiskQuery> = match group.as_slice() {
                [one] => tag(one),
                several => Box::new(BooleanQuery::new(several.iter().map(|one| (Occur::Should, tag(one))).collect())),
            };
            parts.push((Occur::Must, Box::new(ConstScoreQuery::new(group, 0.0))));
        }
        for unwanted in &self.query.unwanted {
            parts.push((Occur::MustNot, in_order(&unwanted.stems)));
        }
        if parts.is_empty() && words.len() == 1 {
            return words.remove(0).1;
        }
        if words.is_empty() {
            parts.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))));
        } else if plan.any && !parts.is_empty() {
            parts.push((Occur::Must, Box::new(BooleanQuery::new(words))));
        } else {
            parts.extend(words);
        }
        Box::new(BooleanQuery::new(parts))
    }

    /// What is known of how often stems are, on disk and in the tail together.
    pub(super) fn statistics(&self, plan: &Plan) -> Result<Statistics, Error> {
        if self.now.tail.len() == 0 {
            return Ok(Statistics::default());
        }
        self.statistics_of(plan.stems().into_iter())
    }

    /// The same of these stems.
    pub(super) fn statistics_of<'s>(&self, stems: impl Iterator<Item = &'s str>) -> Result<Statistics, Error> {
        let (searcher, tail) = (&self.now.searcher, &self.now.tail);
        let documents = searcher.num_docs() + tail.documents() as u64;
        let mut terms = tail.terms();
        for reader in searcher.segment_readers() {
            terms += reader.inverted_index(self.fields.stems).map_err(failed)?.total_num_tokens();
        }
        let mut idf = HashMap::new();
        for stem in stems {
            let on_disk = searcher.doc_freq(&Term::from_field_text(self.fields.stems, stem)).map_err(failed)?;
            let frequency = on_disk + u64::from(tail.frequency(stem));
            idf.insert(stem.to_owned(), (frequency, inverse(documents.max(frequency), frequency)));
        }
        Ok(Statistics { average: number(terms) / number(documents.max(1)), idf })
    }

    /// A document of the tail, if it matches and may be seen.
    fn waiting(&self, waiting: &Waiting, plan: &Plan, statistics: &Statistics) -> Option<Candidate> {
        let document = waiting.document.as_deref()?;
        let at = document.at.as_microsecond();
        if !self.hidden.lets_through(waiting.incident_hash, document.red) || !self.is_in_stretch(at) {
            return None;
        }
        if !self.groups.is_empty() {
            let tags = tags(document);
            if !self.groups.iter().all(|group| group.iter().any(|tag| tags.contains(tag))) {
                return None;
            }
        }
        if self.query.unwanted.iter().any(|clause| waiting.count_in_order(&clause.stems) > 0) {
            return None;
        }
        let (mut score, mut matched) = (0.0, 0);
        for alternatives in &plan.clauses {
            let mut hit = false;
            for stems in alternatives {
                let count = waiting.count_in_order(stems);
                if count > 0 {
                    hit = true;
                    let idf: f64 = stems.iter().map(|stem| statistics.idf(stem)).sum();
                    score += idf * statistics.share(count, waiting.length);
                }
            }
            matched += usize::from(hit);
        }
        let enough = if plan.any { matched > 0 || plan.clauses.is_empty() } else { matched == plan.clauses.len() };
        enough.then_some(Candidate { score, key_hash: waiting.key_hash, at, place: Place::Tail })
    }

    fn is_in_stretch(&self, at: i64) -> bool {
        self.stretch.0.is_none_or(|from| at >= from) && self.stretch.1.is_none_or(|to| at < to)
    }
}

/// How often stems are, and how long documents are.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    average: f64,
    /// In how many documents, and what that weighs.
    idf: HashMap<String, (u64, f64)>,
}

impl Statistics {
    pub(super) fn idf(&self, stem: &str) -> f64 {
        self.idf.get(stem).map_or(0.0, |(_, idf)| *idf)
    }

    pub(super) fn frequency(&self, stem: &str) -> u64 {
        self.idf.get(stem).map_or(0, |(frequency, _)| *frequency)
    }

    /// What so many of a stem in a document of that length count (BM25).
    pub(super) fn share(&self, count: u32, length: u32) -> f64 {
        let (count, length) = (f64::from(count), f64::from(length));
        let norm = K1 * (1.0 - B + B * length / self.average.max(1.0));
        (1.0 + K1) * count / (count + norm)
    }
}

fn inverse(documents: u64, frequency: u64) -> f64 {
    (1.0 + (number(documents - frequency) + 0.5) / (number(frequency) + 0.5)).ln()
}

#[expect(clippy::cast_precision_loss, reason = "counts of documents and terms weigh; none is counted by it")]
pub(super) fn number(of: u64) -> f64 {
    of as f64
}

#[expect(clippy::cast_precision_loss, reason = "microseconds are exact up to the year 2255")]
fn micros(at: i64) -> f64 {
    at as f64
}

/// What lets documents of a segment through.
struct Sieve<'a> {
    seek: &'a Seek<'a>,
    reader: &'a SegmentReader,
    key: Arc<dyn ColumnValues<u64>>,
    incident: Arc<dyn ColumnValues<u64>>,
    at: Arc<dyn ColumnValues<i64>>,
    flags: Arc<dyn ColumnValues<u64>>,
}

impl<'a> Sieve<'a> {
    fn new(seek: &'a Seek<'a>, reader: &'a SegmentReader) -> Result<Self, Error> {
        let columns = reader.fast_fields();
        let number = |name: &str| columns.column_first_or_default::<u64>(name).map_err(failed);
        Ok(Self {
            seek,
            reader,
            key: number(fields::KEY)?,
            incident: number(fields::INCIDENT)?,
            at: columns.column_first_or_default(fields::AT).map_err(failed)?,
            flags: number(fields::FLAGS)?,
        })
    }

    /// The hash of its key and its time, if it is the latest of its key and may be seen.
    fn lets_through(&self, doc: DocId) -> Option<(u64, i64)> {
        if self.reader.is_deleted(doc) {
            return None;
        }
        let at = self.at.get_val(doc);
        if !self.seek.is_in_stretch(at) {
            return None;
        }
        let red = is_red(self.flags.get_val(doc));
        if !self.seek.hidden.lets_through(self.incident.get_val(doc), red) {
            return None;
        }
        let key_hash = self.key.get_val(doc);
        (!self.seek.now.tail.masks(key_hash)).then_some((key_hash, at))
    }
}

/// The best so far.
struct Top {
    most: usize,
    /// The best first; of equals the one that was there before.
    found: Vec<(f64, Candidate)>,
}

impl Top {
    /// What has to be more than this to be among them.
    fn bar(&self) -> f64 {
        if self.found.len() < self.most {
            f64::NEG_INFINITY
        } else {
            self.found.last().map_or(f64::INFINITY, |last| last.0)
        }
    }

    /// The same for the library, which reckons in less exact numbers.
    #[expect(clippy::cast_possible_truncation, reason = "every score that is compared was such a number before")]
    fn bar_of_scores(&self) -> Score {
        if self.found.len() < self.most { Score::MIN } else { self.bar() as Score }
    }

    fn offer(&mut self, value: f64, candidate: Candidate) {
        if value > self.bar() {
            let place = self.found.partition_point(|(other, _)| *other >= value);
            self.found.insert(place, (value, candidate));
            self.found.truncate(self.most);
        }
    }
}
