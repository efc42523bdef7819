//! Search: keeps this node's index up with the journal, and asks it on behalf of somebody.
//!
//! Nobody who writes waits: whoever searches reads on in the journal first, so that what was answered is found. What changed is
//! read again as it stands. A search that finds the index far behind answers with what there is, and says how far it is; the
//! rounds bring it up.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::learn::factors::Factor;
use domain::learn::queries::Query;
use domain::learn::search::{self as rules, Document, Found, Key, Of, Touched};
use domain::prepare::catalog::Catalog;
use domain::prepare::documents::Kind;
use domain::respond::sight::Sight;
use domain::words::{EventKind, IncidentId, Name, Span, Timestamp};
use store::journal::{self, Entry};
use store::learn::search::{Answer, Ask, Changed, Cursor, Folder, Hidden, Index, Order};
use store::respond::entries::{self as marks, Mark};
use store::respond::incidents::{self as incident_rows, IncidentRow};
use store::respond::{evidence, observables, sight as seen_by, stamps, tasks, updates};
use store::{Halt, Store, Tx};

use crate::Node;

/// The search of a node.
pub struct Search {
    folder: Mutex<Folder>,
    index: Mutex<Option<Arc<Index>>>,
    /// One at a time takes up; and whether the index was compared with the database.
    taking: Mutex<Taking>,
}

#[derive(Default)]
struct Taking {
    compared: bool,
    written_at: Option<Timestamp>,
}

impl Default for Search {
    fn default() -> Self {
        Self { folder: Mutex::new(Folder::Memory), index: Mutex::default(), taking: Mutex::default() }
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Search")
    }
}

impl Search {
    /// Where the index is, from now on. It is opened when it is needed.
    pub fn keep_in(&self, folder: Folder) {
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = folder;
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The index.
    pub fn index(&self) -> Result<Arc<Index>, Halt> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*index {
            return Ok(index.clone());
        }
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(index.insert(Arc::new(Index::open(&folder)?)).clone())
    }

    fn taking(&self) -> std::sync::MutexGuard<'_, Taking> {
        self.taking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far an index is that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: i64,
    pub of: i64,
}

/// What was found for somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub answer: Answer,
    /// The index is not up with the journal: this may not be all.
    pub progress: Option<Progress>,
}

/// What is wanted of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub order: Order,
    pub skip: usize,
    pub limit: usize,
}

/// Nobody reads further into what was found.
pub const DEEP_MOST: usize = 1_000;
/// So many entries behind a search catches up by itself.
const BEHIND_MOST: i64 = 4_000;
/// Entries of the journal that are read at once: beside a search, and to make the index.
const AT_ONCE: u32 = 1_000;
const TO_MAKE: u32 = 20_000;
/// So many documents in memory are written, or fewer after so long.
const WRITTEN_AT: usize = 1_000;
const WRITTEN_AFTER: Span = Span::seconds(30);
/// More are not kept in memory, whatever is wrong with the disk.
const WAITING_MOST: usize = 20_000;

/// Searches on behalf of somebody, in what was committed before.
pub fn search(tx: &mut Tx<'_>, node: &Node, sight: Sight<'_>, query: &Query, wanted: Wanted) -> Result<Outcome, Halt> {
    let index = node.search().index()?;
    let progress = catch_up(tx, node, &index)?;
    let hidden = hidden(tx, sight)?;
    let skip = wanted.skip.min(DEEP_MOST);
    let ask = Ask { query, order: wanted.order, hidden: &hidden, skip, limit: wanted.limit.min(DEEP_MOST - skip) };
    Ok(Outcome { answer: index.ask(&ask)?, progress })
}

/// What is hidden from somebody.
pub(super) fn hidden(tx: &mut Tx<'_>, sight: Sight<'_>) -> Result<Hidden, Halt> {
    let incidents = seen_by::hidden(tx, sight)?;
    Ok(Hidden::new(incidents, seen_by::inside(tx, sight)?))
}

/// Takes up what was committed; how far it is, if that is too much at once.
pub(super) fn catch_up(tx: &mut Tx<'_>, node: &Node, index: &Index) -> Result<Option<Progress>, Halt> {
    let last = journal::last(tx)?;
    let cursor = index.cursor();
    // Who makes the index holds what comes below for seconds.
    if last - cursor.number > BEHIND_MOST || index.waiting() > WAITING_MOST {
        return Ok(Some(Progress { done: cursor.number, of: last }));
    }
    let mut taking = node.search().taking();
    compare(tx, index, &mut taking)?;
    let cursor = index.cursor();
    if !cursor.seeded || cursor.number < last {
        let mut next = Next { cursor, more: true, changed: Vec::new() };
        while next.more {
            next = read_on(tx, node, next.cursor, AT_ONCE)?;
            index.take(std::mem::take(&mut next.changed), next.cursor.clone());
        }
    }
    // Where entries are numbered after their commit, the latest have no number for a moment.
    let unnumbered = journal::searched_unnumbered(tx, AT_ONCE)?;
    if !unnumbered.is_empty() {
        let changed = Reader::new(tx, node)?.changed(tx, &unnumbered)?;
        index.take(changed, index.cursor());
    }
    Ok(None)
}

/// One turn of the rounds: takes up what was committed, and writes it when it is much, or old. Whether there is more.
pub fn turn(store: &Store, node: &Node, now: Timestamp) -> Result<bool, Halt> {
    let index = node.search().index()?;
    let mut taking = node.search().taking();
    let last = store.read(|tx| {
        compare(tx, &index, &mut taking)?;
        Ok(journal::last(tx)?)
    })?;
    let cursor = index.cursor();
    let mut more = false;
    if !cursor.seeded || cursor.number < last {
        let is_far = last - cursor.number > BEHIND_MOST;
        let at_once = if is_far { TO_MAKE } else { AT_ONCE };
        let next = store.read(|tx| read_on(tx, node, cursor.clone(), at_once))?;
        more = next.more;
        if is_far {
            index.write_through(&next.changed, next.cursor)?;
        } else if index.waiting() < WAITING_MOST {
            index.take(next.changed, next.cursor);
        }
    }
    let waiting = index.waiting();
    let is_old = taking.written_at.is_none_or(|at| WRITTEN_AFTER.after(at) <= now);
    if waiting >= WRITTEN_AT || waiting > 0 && is_old {
        taking.written_at = Some(now);
        // Searches take up meanwhile: what comes in between stays in memory.
        drop(taking);
        index.write()?;
    }
    Ok(more)
}

/// Throws the index away if it was made of another database: one that was restored, say. Asked once.
fn compare(tx: &mut Tx<'_>, index: &Index, taking: &mut Taking) -> Result<(), Halt> {
    if taking.compared {
        return Ok(());
    }
    let cursor = index.cursor();
    let there = journal::id_at(tx, cursor.number)?.map(|id| id.to_string());
    // An entry that was cut says nothing of whose it was.
    let is_other = there.is_some() && there != cursor.event;
    if cursor.number > 0 && (is_other || cursor.number > journal::last(tx)?) {
        tracing::info!("the search index was made of another database, and is made again");
        index.clear()?;
    }
    taking.compared = true;
    Ok(())
}

/// What comes next, and whether there is more after it.
struct Next {
    changed: Vec<Changed>,
    cursor: Cursor,
    more: bool,
}

/// Reads on from where the index stands: first what the journal need not tell of any more, then the journal.
fn read_on(tx: &mut Tx<'_>, node: &Node, cursor: Cursor, at_once: u32) -> Result<Next, Halt> {
    let mut reader = Reader::new(tx, node)?;
    if !cursor.seeded {
        return reader.seed(tx, cursor, at_once);
    }
    let last = journal::last(tx)?;
    let entries = journal::searched_since(tx, cursor.number, at_once)?;
    let full = entries.len() >= at_once as usize;
    let number = if full { entries.last().and_then(|entry| entry.number).unwrap_or(last) } else { last };
    let changed = reader.changed(tx, &entries)?;
    let event = journal::id_at(tx, number)?.map(|id| id.to_string());
    Ok(Next { changed, cursor: Cursor { number, event, ..cursor }, more: full })
}

/// Reads documents as they stand now.
struct Reader {
    catalog: Arc<Catalog>,
    documents_at: BTreeMap<Kind, BTreeMap<Name, Timestamp>>,
    incidents: BTreeMap<IncidentId, Option<(IncidentRow, Vec<Mark>)>>,
}

impl Reader {
    fn new(tx: &mut Tx<'_>, node: &Node) -> Result<Self, Halt> {
        let catalog = node.rules(tx)?.catalog.clone();
        Ok(Self { catalog, documents_at: BTreeMap::new(), incidents: BTreeMap::new() })
    }

    /// Changes and documents, from where it stood.
    fn seed(&mut self, tx: &mut Tx<'_>, cursor: Cursor, at_once: u32) -> Result<Next, Halt> {
        let before = cursor.seeded_to.as_deref().map(str::parse).transpose()?;
        let filter = store::change::changes::Filter::default();
        let rows = store::change::changes::list(tx, &filter, Sight::Whole, before, at_once)?;
        let more = rows.len() >= at_once as usize;
        let seeded_to = rows.last().map(|row| row.change.id.to_string());
        let keys = rows.iter().map(|row| key(Found::Change, &row.change.id, row.change.incident));
        let mut changed: Vec<Changed> = keys.zip(rows.iter().map(|row| Some(of_change(row)))).collect();
        if !more {
            let catalog = self.catalog.clone();
            let runbooks = catalog.runbooks.keys().map(|name| key(Found::Runbook, name, None));
            for key in runbooks.chain(catalog.checklists.keys().map(|name| key(Found::Checklist, name, None))) {
                let document = self.one(tx, &key)?;
                changed.push((key, document));
            }
        }
        Ok(Next {
            changed,
            cursor: Cursor { seeded: !more, seeded_to: seeded_to.filter(|_| more), ..cursor },
            more: true,
        })
    }

    /// What these entries made old, as it stands now.
    fn changed(&mut self, tx: &mut Tx<'_>, entries: &[Entry]) -> Result<Vec<Changed>, Halt> {
        let mut touched = BTreeSet::new();
        let mut written = BTreeMap::new();
        for entry in entries {
            let Some(kind) = entry.kind() else { continue };
            let id = entry.id.to_string();
            touched.extend(rules::touched(kind, &id, &entry.subjects, entry.incident, &entry.data));
            if kind == EventKind::EntryAdded {
                written.insert(id, entry);
            }
        }
        let whole: BTreeSet<IncidentId> =
            touched.iter().filter_map(|one| if let Touched::Whole(id) = one { Some(*id) } else { None }).collect();
        let mut changed = Vec::new();
        for one in touched {
            match one {
                Touched::Whole(id) => self.whole(tx, id, &mut changed)?,
                // What is part of a whole that is read anyway is read with it.
                Touched::One(key)
                    if key.kind != Found::Change && key.incident.is_some_and(|id| whole.contains(&id)) => {}
                Touched::Entry(incident, _) if whole.contains(&incident) => {}
                Touched::One(key) => {
                    let document = self.one(tx, &key)?;
                    changed.push((key, document));
                }
                Touched::Entry(incident, id) => {
                    let document = match written.get(&id) {
                        Some(entry) => self.entry(tx, incident, entry)?,
                        None => match id.parse() {
                            Ok(event) => match journal::get(tx, event, Sight::Whole)? {
                                Some(entry) => self.entry(tx, incident, &entry)?,
                                None => None,
                            },
                            Err(_) => None,
                        },
                    };
                    changed.push((key(Found::Entry, &id, Some(incident)), document));
                }
            }
        }
        Ok(changed)
    }

    /// An incident with the marks on its timeline; read once.
    fn incident(&mut self, tx: &mut Tx<'_>, id: IncidentId) -> Result<Option<&(IncidentRow, Vec<Mark>)>, Halt> {
        if let Slot::Vacant(slot) = self.incidents.entry(id) {
            let row = incident_rows::get(tx, id, Sight::Whole)?;
            let found = match row {
                Some(row) => Some((row, marks::of_incident(tx, id)?)),
                None => None,
            };
            slot.insert(found);
        }
        Ok(self.incidents.get(&id).and_then(Option::as_ref))
    }

    /// Everything of an incident.
    fn whole(&mut self, tx: &mut Tx<'_>, id: IncidentId, changed: &mut Vec<Changed>) -> Result<(), Halt> {
        let mut keys = vec![key(Found::Incident, &id, Some(id)), key(Found::Report, &id, Some(id))];
        keys.push(key(Found::Postmortem, &id, Some(id)));
        let some = Some(id);
        keys.extend(tasks::of_incident(tx, id)?.iter().map(|one| key(Found::Task, &one.id, some)));
        keys.extend(updates::of_incident(tx, id)?.iter().map(|one| key(Found::Update, &one.id, some)));
        keys.extend(evidence::of_incident(tx, id, Sight::Whole)?.iter().map(|one| key(Found::Evidence, &one.id, some)));
        let seen = observables::of_incident(tx, id, Sight::Whole)?;
        keys.extend(seen.iter().map(|one| key(Found::Observable, &one.id, some)));
        for key in keys {
            let document = self.one(tx, &key)?;
            changed.push((key, document));
        }
        let mut after = None;
        loop {
            let entries = journal::written_in(tx, id, after, AT_ONCE)?;
            for entry in &entries {
                let document = self.entry(tx, id, entry)?;
                changed.push((key(Found::Entry, &entry.id, some), document));
            }
            after = entries.last().map(|entry| (entry.at, entry.id));
            if entries.len() < AT_ONCE as usize {
                return Ok(());
            }
        }
    }

    /// What somebody wrote, as it reads now; nothing, if it was struck.
    fn entry(&mut self, tx: &mut Tx<'_>, incident: IncidentId, entry: &Entry) -> Result<Option<Document>, Halt> {
        let Some((row, marks)) = self.incident(tx, incident)? else { return Ok(None) };
        let Some(said) = said(entry, marks) else { return Ok(None) };
        let objections = entry.data["objections"].as_str();
        Ok(Some(of(row).entry(entry.id.to_string(), said, objections, entry.at)))
    }

    /// What stands under a key now.
    fn one(&mut self, tx: &mut Tx<'_>, key: &Key) -> Result<Option<Document>, Halt> {
        match key.kind {
            Found::Change => {
                let Ok(id) = key.id.parse() else { return Ok(None) };
                return Ok(store::change::changes::get(tx, id, Sight::Whole)?.map(|row| of_change(&row)));
            }
            Found::Runbook | Found::Checklist => return self.standing(tx, key),
            _ => {}
        }
        let Some(incident) = key.incident else { return Ok(None) };
        let Some((row, marks)) = self.incident(tx, incident)? else { return Ok(None) };
        let of = of(row);
        Ok(match key.kind {
            Found::Incident => {
                let at = began(tx, row)?;
                Some(of.incident(row.because.as_deref(), row.impact.as_deref(), at))
            }
            Found::Report if row.retrospective => {
                let texts = written(tx, row, marks)?;
                let at = began(tx, row)?;
                (!texts.is_empty()).then(|| of.report(&texts, at))
            }
            Found::Postmortem => {
                let texts = learned(tx, incident)?;
                match store::learn::postmortems::get(tx, incident)? {
                    Some(one) if !texts.is_empty() => Some(of.postmortem(&texts, one.since)),
                    _ => None,
                }
            }
            Found::Task => match key.id.parse() {
                Ok(id) => tasks::get(tx, incident, id)?.map(|task| of.task(&task)),
                Err(_) => None,
            },
            Found::Update => match key.id.parse() {
                Ok(id) => updates::get(tx, incident, id)?.and_then(|update| of.update(&update)),
                Err(_) => None,
            },
            Found::Evidence => match key.id.parse() {
                Ok(id) => evidence::get(tx, incident, id, Sight::Whole)?.map(|one| of.evidence(&one)),
                Err(_) => None,
            },
            Found::Observable => match key.id.parse() {
                Ok(id) => observables::get(tx, incident, id, Sight::Whole)?.and_then(|one| of.observable(&one)),
                Err(_) => None,
            },
            _ => None,
        })
    }

    /// A document that says what to do.
    fn standing(&mut self, tx: &mut Tx<'_>, key: &Key) -> Result<Option<Document>, Halt> {
        let Ok(name) = key.id.parse::<Name>() else { return Ok(None) };
        let kind = if key.kind == Found::Runbook { Kind::Runbook } else { Kind::Checklist };
        if let Slot::Vacant(slot) = self.documents_at.entry(kind) {
            slot.insert(store::prepare::documents::changed_at(tx, kind)?);
        }
        let at = self.documents_at[&kind].get(&name).copied().unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(match key.kind {
            Found::Runbook => self.catalog.runbooks.get(&name).map(|one| rules::runbook(&name, one, at)),
            _ => self.catalog.checklists.get(&name).map(|one| rules::checklist(&name, one, at)),
        })
    }
}

fn key(kind: Found, id: &impl fmt::Display, incident: Option<IncidentId>) -> Key {
    Key { kind, id: id.to_string(), incident }
}

/// What its parts need to know of an incident.
fn of(row: &IncidentRow) -> Of<'_> {
    Of {
        id: row.id,
        title: row.name(),
        class: row.state.class,
        severity: row.state.severity.as_deref(),
        services: &row.services,
    }
}

fn of_change(row: &store::change::changes::ChangeRow) -> Document {
    let at = row.began_at.unwrap_or(row.proposed_at);
    rules::change(&row.change, row.source.as_ref().map(|(_, key)| key.as_str()), at)
}

/// When an incident was reported; of one that was written down afterwards, the earliest that is known of it.
fn began(tx: &mut Tx<'_>, row: &IncidentRow) -> Result<Timestamp, Halt> {
    if !row.retrospective {
        return Ok(row.reported_at);
    }
    let stamps = stamps::of_incident(tx, row.id)?;
    let earliest = domain::respond::stamps::standing(&stamps).values().map(|stamp| stamp.when.at).min();
    Ok(earliest.map_or(row.reported_at, |at| at.min(row.reported_at)))
}

/// What an entry says now; nothing, if it was struck.
fn said<'e>(entry: &'e Entry, marks: &'e [Mark]) -> Option<&'e str> {
    let mark = marks.iter().find(|mark| mark.event == entry.id);
    if mark.is_some_and(|mark| mark.struck.is_some()) {
        return None;
    }
    let corrected = mark.and_then(|mark| mark.corrected.as_ref()).map(|(text, _)| text.as_str());
    corrected.or_else(|| entry.data["text"].as_str())
}

/// What people wrote in the postmortem of an incident, and the factors that hold.
fn learned(tx: &mut Tx<'_>, incident: IncidentId) -> Result<Vec<String>, Halt> {
    let written = store::learn::postmortems::written(tx, incident)?;
    let factors = store::learn::postmortems::factors(tx, incident)?.into_iter().filter(Factor::holds);
    Ok(written.into_iter().map(|one| one.text).chain(factors.map(|one| one.text)).collect())
}

/// All that was written of an incident, in its order.
fn written(tx: &mut Tx<'_>, row: &IncidentRow, marks: &[Mark]) -> Result<Vec<String>, Halt> {
    let mut texts: Vec<String> = row.because.iter().chain(&row.impact).cloned().collect();
    let mut length = 0;
    let mut after = None;
    loop {
        let entries = journal::written_in(tx, row.id, after, AT_ONCE)?;
        for text in entries.iter().filter_map(|entry| said(entry, marks)) {
            length += text.len();
            texts.push(text.to_owned());
        }
        after = entries.last().map(|entry| (entry.at, entry.id));
        if entries.len() < AT_ONCE as usize || length > rules::TEXT_MOST {
            return Ok(texts);
        }
    }
}
