//! The index of search: what there is to find, by its words. A projection of this node on disk, thrown away and made again
//! whenever it does not fit; nothing is only here.
//!
//! What is new stands in memory, in the tail, until it is written with others: a search asks both, and of what is in the tail
//! nothing older is found on disk. Nobody who writes waits for it. Who may read what is not known here: whoever asks says what
//! is hidden from them, and it is left out before anything is counted or shown.
//!
//! Only this folder names the library.

mod ask;
mod collect;
mod expand;
mod fields;
mod like;
mod tail;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::learn::search::{Document, Key};
use serde::{Deserialize, Serialize};
use tantivy::index::SegmentId;
use tantivy::indexer::LogMergePolicy;
use tantivy::{Index as Disk, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyError, Term};

pub use ask::{Answer, Ask, Hidden, Hit, Matched, Order};
pub use like::Alike;

use crate::door::Error;
use fields::{Fields, hash_of};
use tail::Tail;

/// Another number: the index of an earlier program is thrown away.
const VERSION: u32 = 1;
/// What one writer may use, in bytes; it is written when that is full.
const MEMORY: usize = 24 << 20;
/// Documents of a segment that are looked at together, newest first.
const BLOCK: u32 = 4_096;

/// How far the journal was read, and what stood there: another database has something else there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub number: i64,
    /// The id of the entry with that number.
    pub event: Option<String>,
    /// Whether what the journal need not tell of was read: changes, documents.
    pub seeded: bool,
    /// If not, the last change that was.
    pub seeded_to: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stamp {
    version: u32,
    #[serde(flatten)]
    cursor: Cursor,
}

/// Where an index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// In memory only: for tests and rehearsals.
    Memory,
    /// A folder of our own. What is in it is ours to throw away.
    Disk(PathBuf),
}

/// The index of a node.
pub struct Index {
    disk: Disk,
    fields: Fields,
    reader: IndexReader,
    /// One at a time writes; made when there is something to write.
    writer: Mutex<Option<IndexWriter>>,
    now: RwLock<Now>,
}

/// What is searched.
struct Now {
    cursor: Cursor,
    searcher: Searcher,
    segments: Vec<Arc<Blocks>>,
    tail: Tail,
}

/// The latest time in each block of a segment, by which whoever wants the newest finds where to look.
struct Blocks {
    id: SegmentId,
    latest: Vec<i64>,
}

/// What changed: under a key there is now this, or nothing.
pub type Changed = (Key, Option<Document>);

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index")
    }
}

fn failed(error: impl fmt::Display) -> Error {
    Error::other(format!("the search index: {error}"))
}

impl Index {
    /// Opens the index; an empty one, if what is there is broken, or of another program.
    pub fn open(folder: &Folder) -> Result<Self, Error> {
        let (schema, fields) = fields::schema();
        let Folder::Disk(path) = folder else {
            let disk = Disk::create_in_ram(schema);
            return Self::over(disk, fields, Cursor::default());
        };
        match Self::reopen(path) {
            Ok(index) => return Ok(index),
            // Whatever is wrong with it, making it again mends it.
            Err(why) if path.exists() => tracing::info!(%why, "the search index is made again"),
            Err(_) => {}
        }
        if path.exists() {
            std::fs::remove_dir_all(path).map_err(failed)?;
        }
        std::fs::create_dir_all(path).map_err(failed)?;
        let disk = Disk::create_in_dir(path, schema).map_err(failed)?;
        Self::over(disk, fields, Cursor::default())
    }

    fn reopen(path: &Path) -> Result<Self, Error> {
        let disk = Disk::open_in_dir(path).map_err(failed)?;
        let (schema, fields) = fields::schema();
        if disk.schema() != schema {
            return Err(failed("it has other fields"));
        }
        let payload = disk.load_metas().map_err(failed)?.payload;
        let cursor = match payload {
            Some(text) => {
                let stamp: Stamp = serde_json::from_str(&text).map_err(failed)?;
                if stamp.version != VERSION {
                    return Err(failed(format_args!("it has the version {}", stamp.version)));
                }
                stamp.cursor
            }
            // Nothing was written to it yet.
            None => Cursor::default(),
        };
        Self::over(disk, fields, cursor)
    }

    fn over(disk: Disk, fields: Fields, cursor: Cursor) -> Result<Self, Error> {
        fields::register(&disk);
        let reader: IndexReader =
            disk.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let searcher = reader.searcher();
        let segments = blocks(&searcher, &[])?;
        let now = RwLock::new(Now { cursor, searcher, segments, tail: Tail::default() });
        Ok(Self { disk, fields, reader, writer: Mutex::new(None), now })
    }

    /// How far it is.
    pub fn cursor(&self) -> Cursor {
        self.now().cursor.clone()
    }

    /// How many documents wait in memory to be written.
    pub fn waiting(&self) -> usize {
        self.now().tail.len()
    }

    /// How many documents there are.
    pub fn len(&self) -> u64 {
        let now = self.now();
        now.searcher.num_docs() + now.tail.documents() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> std::sync::RwLockReadGuard<'_, Now> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what changed: found from now on, and written later.
    pub fn take(&self, changed: Vec<Changed>, cursor: Cursor) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        for (key, document) in changed {
            now.tail.put(&key, document);
        }
        now.cursor = cursor;
    }

    /// Writes what waits in memory, and how far it goes.
    pub fn write(&self) -> Result<(), Error> {
        let (waiting, cursor) = {
            let now = self.now();
            (now.tail.all(), now.cursor.clone())
        };
        let changed = waiting.iter().map(|one| (one.key_hash, one.document.as_deref()));
        self.commit(changed, &cursor)?;
        self.renew(None, |tail| tail.forget(&waiting))
    }

    /// Writes many at once, past the tail, which is written first: for making the index.
    pub fn write_through(&self, changed: &[Changed], cursor: Cursor) -> Result<(), Error> {
        if self.waiting() > 0 {
            self.write()?;
        }
        self.commit(changed.iter().map(|(key, document)| (hash_of(key), document.as_ref())), &cursor)?;
        self.renew(Some(cursor), |_| ())
    }

    fn commit<'d>(
        &self,
        changed: impl Iterator<Item = (u64, Option<&'d Document>)>,
        cursor: &Cursor,
    ) -> Result<(), Error> {
        let mut held = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match &mut *held {
            Some(writer) => writer,
            none => none.insert(self.new_writer()?),
        };
        let outcome = self.write_with(writer, changed, cursor);
        if outcome.is_err() {
            // A writer that failed once fails on; another is made for the next try.
            *held = None;
        }
        outcome.map_err(failed)
    }

    fn new_writer(&self) -> Result<IndexWriter, Error> {
        let writer: IndexWriter = self.disk.writer_with_num_threads(1, MEMORY).map_err(|error| match error {
            TantivyError::LockFailure(..) => failed("another process writes to it"),
            other => failed(other),
        })?;
        let mut merging = LogMergePolicy::default();
        merging.set_min_num_segments(6);
        merging.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(merging));
        Ok(writer)
    }

    fn write_with<'d>(
        &self,
        writer: &mut IndexWriter,
        changed: impl Iterator<Item = (u64, Option<&'d Document>)>,
        cursor: &Cursor,
    ) -> tantivy::Result<()> {
        for (key, document) in changed {
            writer.delete_term(Term::from_field_u64(self.fields.key, key));
            if let Some(document) = document {
                writer.add_document(self.fields.document(key, document)?)?;
            }
        }
        let stamp = Stamp { version: VERSION, cursor: cursor.clone() };
        let stamp = serde_json::to_string(&stamp).map_err(|error| TantivyError::InternalError(error.to_string()))?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&stamp);
        prepared.commit()?;
        Ok(())
    }

    /// Searches what was written from now on.
    fn renew(&self, cursor: Option<Cursor>, tidy: impl FnOnce(&mut Tail)) -> Result<(), Error> {
        self.reader.reload().map_err(failed)?;
        let searcher = self.reader.searcher();
        let known = self.now().segments.clone();
        let segments = blocks(&searcher, &known)?;
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.searcher = searcher;
        now.segments = segments;
        tidy(&mut now.tail);
        if let Some(cursor) = cursor {
            now.cursor = cursor;
        }
        Ok(())
    }

    /// Throws everything away.
    pub fn clear(&self) -> Result<(), Error> {
        {
            let mut held = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let writer = match &mut *held {
                Some(writer) => writer,
                none => none.insert(self.new_writer()?),
            };
            writer.delete_all_documents().map_err(failed)?;
            self.write_with(writer, std::iter::empty(), &Cursor::default()).map_err(failed)?;
        }
        self.renew(Some(Cursor::default()), |tail| *tail = Tail::default())
    }

    /// Waits until segments that are being put together are, and searches them: for measurements.
    pub fn settle(&self) -> Result<(), Error> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            writer.wait_merging_threads().map_err(failed)?;
        }
        self.renew(None, |_| ())
    }
}

/// The blocks of every segment; those that are known are not read again.
fn blocks(searcher: &Searcher, known: &[Arc<Blocks>]) -> Result<Vec<Arc<Blocks>>, Error> {
    let known: HashMap<SegmentId, &Arc<Blocks>> = known.iter().map(|one| (one.id, one)).collect();
    let each = searcher.segment_readers().iter().map(|segment| {
        let id = segment.segment_id();
        if let Some(known) = known.get(&id) {
            return Ok((*known).clone());
        }
        let at = segment.fast_fields().column_first_or_default::<i64>(fields::AT).map_err(failed)?;
        let count = segment.max_doc().div_ceil(BLOCK);
        let latest = (0..count).map(|block| {
            let docs = block * BLOCK..((block + 1) * BLOCK).min(segment.max_doc());
            docs.map(|doc| at.get_val(doc)).max().unwrap_or(i64::MIN)
        });
        Ok(Arc::new(Blocks { id, latest: latest.collect() }))
    });
    each.collect()
}
