//! Bytes of evidence, in a folder beside the database, each file under the SHA-256 of what is in it.
//!
//! A file is written under another name, hashed on the way, synced, and gets its name in one step; it is never changed
//! and never removed. Any tool can check it: `sha256sum` of a file says its name. Nodes that share a database share the
//! folder. Who may see what is no affair of this file.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::respond::evidence::Digest;
use domain::words::{EvidenceId, Refusal, RefusalKind, Span, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::door::{Error, Halt, Store, files};
use crate::respond::evidence;

/// Read and written in parts of so many bytes.
const PART: usize = 256 << 10;
/// What was not finished after so long never will be.
const ABANDONED_AFTER: Span = Span::hours(48);
const PARTIAL: &str = ".partial-";

/// The folder. It is made with the first file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    folder: Arc<Path>,
    most: u64,
}

impl Blobs {
    /// The folder at this path; a file in it has at most so many bytes.
    pub fn new(folder: PathBuf, most: u64) -> Self {
        Self { folder: folder.into(), most }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The most bytes of one file.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Begins a file, for evidence with this id.
    pub fn begin(&self, id: EvidenceId) -> Result<Writing, Error> {
        self.begin_as(&id.to_string())
    }

    /// Begins a file that has a hash already, to be looked at once it is there.
    pub(crate) fn begin_part(&self, hash: &str) -> Result<Writing, Error> {
        // The name is another program's word: only the letters of a hash make a file.
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::corrupt("evidence has a name that is no hash"));
        }
        self.begin_as(hash)
    }

    fn begin_as(&self, name: &str) -> Result<Writing, Error> {
        if !self.folder.is_dir() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&self.folder).map_err(|error| self.trouble("make", &error))?;
            files::sync(files::folder(&self.folder))?;
        }
        let path = self.partial(name);
        let file = files::private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .map_err(|error| self.trouble("write to", &error))?;
        Ok(Writing { blobs: self.clone(), file, path, hash: Sha256::new(), size: 0 })
    }

    /// Opens what has this hash. `None`: it is not there.
    pub fn open(&self, sha256: Digest, size: u64) -> Result<Option<Reading>, Error> {
        match File::open(self.path(sha256)) {
            Ok(file) => Ok(Some(Reading { file, hash: Sha256::new(), wanted: (sha256, size), read: 0 })),
            Err(error) if error.kind() == Io::NotFound => Ok(None),
            Err(error) => Err(self.trouble("read", &error)),
        }
    }

    /// Whether what has this hash is there, whole and unaltered. Reads all of it.
    pub fn is_sound(&self, sha256: Digest, size: u64) -> Result<bool, Error> {
        let Some(mut reading) = self.open(sha256, size)? else { return Ok(false) };
        let mut part = vec![0; PART];
        loop {
            match reading.part(&mut part)? {
                Part::More(_) => {}
                Part::End => return Ok(true),
                Part::Altered => return Ok(false),
            }
        }
    }

    /// What is wrong with the folder, a sentence each: files that a row of the store names and that are missing or altered.
    pub fn flaws(&self, store: &Store) -> Result<Vec<String>, Halt> {
        let kept = store.read(|tx| Ok(evidence::kept(tx)?))?;
        let mut flaws = Vec::new();
        for (sha256, size) in kept {
            if self.path(sha256).exists() {
                if !self.is_sound(sha256, size)? {
                    flaws.push(format!("evidence {sha256} was altered: the file does not have the hash of its name"));
                }
            } else {
                flaws.push(format!("evidence {sha256} is missing in {}", self.folder.display()));
            }
        }
        Ok(flaws)
    }

    /// Copies every file that a row of the store names into another folder, where it is not there yet; each is hashed on
    /// the way. Answers how many were copied and how many there are.
    pub fn copy_to(&self, store: &Store, other: &Self) -> Result<(u64, u64), Halt> {
        let kept = store.read(|tx| Ok(evidence::kept(tx)?))?;
        let mut copied = 0;
        for (sha256, size) in &kept {
            if other.path(*sha256).exists() {
                continue;
            }
            let gone =
                || Error::corrupt(format!("evidence {sha256} is missing or altered in {}", self.folder.display()));
            let mut from = self.open(*sha256, *size)?.ok_or_else(gone)?;
            // What was begun and broke off is begun again.
            files::remove(&other.partial(&sha256.to_string()))?;
            let mut to = other.begin_as(&sha256.to_string())?;
            let mut part = vec![0; PART];
            loop {
                match from.part(&mut part)? {
                    Part::More(length) => to.write(&part[..length])?,
                    Part::End => break,
                    Part::Altered => return Err(gone().into()),
                }
            }
            to.finish()?;
            copied += 1;
        }
        Ok((copied, kept.len() as u64))
    }

    /// Removes what was begun long ago and never finished. Answers how many.
    pub fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        let entries = match std::fs::read_dir(&*self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == Io::NotFound => return Ok(0),
            Err(error) => return Err(self.trouble("read", &error)),
        };
        let mut swept = 0;
        for entry in entries.flatten() {
            let is_partial = entry.file_name().to_string_lossy().starts_with(PARTIAL);
            let changed = entry.metadata().and_then(|file| file.modified()).ok();
            let changed = changed.and_then(|changed| Timestamp::try_from(changed).ok());
            if is_partial && changed.is_some_and(|changed| ABANDONED_AFTER.after(changed) < now) {
                files::remove(&entry.path())?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{PARTIAL}{name}"))
    }

    fn path(&self, sha256: Digest) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    fn trouble(&self, what: &str, error: &std::io::Error) -> Error {
        let folder = self.folder.display();
        if error.kind() == Io::StorageFull {
            return Error::unavailable(format!("the disk of {folder} is full; nothing was kept"));
        }
        Error::unavailable(format!("cannot {what} the folder of evidence {folder}: {error}"))
    }
}

/// A file that is being written. Dropped before it is finished it leaves nothing.
#[derive(Debug)]
pub struct Writing {
    blobs: Blobs,
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
}

impl Writing {
    /// Adds a part.
    pub fn write(&mut self, part: &[u8]) -> Result<(), Halt> {
        self.size += part.len() as u64;
        if self.size > self.blobs.most {
            let most = self.blobs.most >> 20;
            let message = format!(
                "evidence has at most {most} MiB here (--evidence-mib); record what is larger as kept elsewhere"
            );
            return Err(Refusal::new(RefusalKind::TooLarge, message).into());
        }
        self.hash.update(part);
        Ok(self.file.write_all(part).map_err(|error| self.blobs.trouble("write to", &error))?)
    }

    /// All of it is there: it is on disk when this returns. What was kept before under the same hash stays.
    pub fn finish(self) -> Result<(Digest, u64), Error> {
        let sha256 = Digest(self.hash.clone().finalize().into());
        let path = self.blobs.path(sha256);
        let trouble = |error: std::io::Error| self.blobs.trouble("write to", &error);
        // A file that is there and was altered gives way: what was sent has the right bytes.
        if path.exists() && self.blobs.is_sound(sha256, self.size)? {
            return Ok((sha256, self.size));
        }
        let mut rights = self.file.metadata().map_err(trouble)?.permissions();
        rights.set_readonly(true);
        self.file.set_permissions(rights).map_err(trouble)?;
        self.file.sync_all().map_err(trouble)?;
        files::put(&self.path, &path)?;
        Ok((sha256, self.size))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Once it has its name there is nothing under this one.
        _ = std::fs::remove_file(&self.path);
    }
}

/// A file that is being read, and hashed on the way.
#[derive(Debug)]
pub struct Reading {
    file: File,
    hash: Sha256,
    wanted: (Digest, u64),
    read: u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bytes.
    More(usize),
    /// All was read, and it is what was kept.
    End,
    /// It is not.
    Altered,
}

impl Reading {
    /// The next part. The last bytes are only given if all are what they were.
    pub fn part(&mut self, into: &mut [u8]) -> Result<Part, Error> {
        let (sha256, size) = self.wanted;
        if self.read == size {
            let more = self.fill(&mut [0])?;
            return Ok(if more == 0 && is_of(&self.hash, sha256) { Part::End } else { Part::Altered });
        }
        let left = usize::try_from(size - self.read).unwrap_or(usize::MAX).min(into.len());
        let length = self.fill(&mut into[..left])?;
        self.read += length as u64;
        self.hash.update(&into[..length]);
        let last = self.read == size;
        if length == 0 || last && !is_of(&self.hash, sha256) {
            return Ok(Part::Altered);
        }
        Ok(Part::More(length))
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.file.read(into) {
                Ok(length) => return Ok(length),
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(error) => {
                    return Err(Error::unavailable(format!("cannot read evidence {}: {error}", self.wanted.0)));
                }
            }
        }
    }
}

fn is_of(hash: &Sha256, wanted: Digest) -> bool {
    <[u8; 32]>::from(hash.clone().finalize()) == wanted.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fresh;
    use domain::respond::evidence::{Content, Evidence, Found};
    use domain::respond::tlp::Tlp;
    use domain::words::Mint;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn keep(blobs: &Blobs, mint: &mut Mint, bytes: &[u8]) -> Digest {
        let mut writing = blobs.begin(mint.id(at(0))).unwrap();
        for part in bytes.chunks(1000) {
            writing.write(part).unwrap();
        }
        let (sha256, size) = writing.finish().unwrap();
        assert_eq!(size, bytes.len() as u64);
        sha256
    }

    /// All of it, or nothing if it is not what was kept.
    fn read(blobs: &Blobs, sha256: Digest, size: u64) -> Option<Vec<u8>> {
        let mut reading = blobs.open(sha256, size).unwrap()?;
        let (mut all, mut part) = (Vec::new(), vec![0; 300]);
        loop {
            match reading.part(&mut part).unwrap() {
                Part::More(length) => all.extend_from_slice(&part[..length]),
                Part::End => return Some(all),
                Part::Altered => return None,
            }
        }
    }

    fn names(blobs: &Blobs) -> Vec<String> {
        let entries = std::fs::read_dir(blobs.folder()).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn bytes_are_kept_once_under_their_hash_and_read_back() {
        let fresh = Fresh::unopened();
        let (blobs, mut mint) = (Blobs::new(fresh.folder().join("a/evidence"), 1 << 20), Mint::seeded(1));
        assert!(!blobs.folder().exists(), "the folder is made with the first file");
        let empty = keep(&blobs, &mut mint, b"");
        assert_eq!(empty.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let bytes: Vec<u8> = (0..10_000u32).map(|n| n.to_le_bytes()[0]).collect();
        let sha256 = keep(&blobs, &mut mint, &bytes);
        assert_eq!(keep(&blobs, &mut mint, &bytes), sha256);
        assert_eq!(names(&blobs).len(), 2, "no part is left over");
        assert_eq!(read(&blobs, sha256, 10_000), Some(bytes));
        assert_eq!(read(&blobs, empty, 0), Some(vec![]));
        assert_eq!(read(&blobs, Digest([1; 32]), 0), None);
    }

    #[test]
    fn what_is_too_large_or_breaks_off_leaves_nothing() {
        let fresh = Fresh::unopened();
        let (blobs, mut mint) = (Blobs::new(fresh.folder().join("evidence"), 1000), Mint::seeded(1));
        let mut writing = blobs.begin(mint.id(at(0))).unwrap();
        writing.write(&[1; 1000]).unwrap();
        let Err(Halt::Refused(refusal)) = writing.write(&[1]) else { panic!("it was taken") };
        assert_eq!(refusal.kind, RefusalKind::TooLarge);
        drop(writing);
        assert_eq!(names(&blobs), Vec::<String>::new());
        let left = blobs.begin(mint.id(at(0))).unwrap();
        std::mem::forget(left);
        assert_eq!(names(&blobs).len(), 1);
        assert_eq!(blobs.sweep(Timestamp::UNIX_EPOCH).unwrap(), 0, "it may still be written");
        assert_eq!(blobs.sweep("2200-01-01T00:00:00Z".parse().unwrap()).unwrap(), 1);
        assert_eq!(names(&blobs), Vec::<String>::new());
    }

    #[test]
    fn what_was_altered_or_is_missing_is_found_and_never_given_out() {
        let fresh = Fresh::sqlite();
        let (blobs, mut mint) = (Blobs::new(fresh.folder().join("evidence"), 1 << 20), Mint::seeded(1));
        let bytes = vec![7; 5000];
        let (sound, altered, longer, shorter, gone) = (
            keep(&blobs, &mut mint, &bytes),
            keep(&blobs, &mut mint, &[1; 5000]),
            keep(&blobs, &mut mint, &[2; 5000]),
            keep(&blobs, &mut mint, &[3; 5000]),
            keep(&blobs, &mut mint, &[4; 5000]),
        );
        let incident = mint.id(at(0));
        fresh
            .write(|tx| {
                for sha256 in [sound, altered, longer, shorter, gone, sound] {
                    let found = Found {
                        title: "x".into(),
                        file: None,
                        media_type: None,
                        collector: "ana".into(),
                        collected_at: at(0),
                        place: None,
                        note: None,
                        tlp: Tlp::Red,
                    };
                    let content = Content::Kept { sha256, size: 5000 };
                    let id = mint.id(at(0));
                    let by = "person:ana".to_owned();
                    let one = Evidence { id, found, content, added_by: by, added_at: at(0), altered_at: None };
                    evidence::insert(tx, incident, &one)?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(blobs.flaws(&fresh).unwrap(), Vec::<String>::new());
        let other = Blobs::new(fresh.folder().join("copy"), 1 << 20);
        assert_eq!(blobs.copy_to(&fresh, &other).unwrap(), (5, 5));
        assert_eq!(blobs.copy_to(&fresh, &other).unwrap(), (0, 5), "only what is not there");
        assert_eq!(other.flaws(&fresh).unwrap(), Vec::<String>::new());
        let spoil = |sha256: Digest, bytes: &[u8]| {
            std::fs::remove_file(blobs.path(sha256)).unwrap();
            std::fs::write(blobs.path(sha256), bytes).unwrap();
        };
        let mut one_bit = vec![1; 5000];
        one_bit[4999] ^= 1;
        spoil(altered, &one_bit);
        spoil(longer, &[2; 5001]);
        spoil(shorter, &[3; 4999]);
        std::fs::remove_file(blobs.path(gone)).unwrap();
        let flaws = blobs.flaws(&fresh).unwrap();
        assert_eq!(flaws.iter().filter(|flaw| flaw.contains("was altered")).count(), 3, "{flaws:?}");
        assert!(flaws.len() == 4 && flaws.iter().any(|flaw| flaw.contains(&format!("{gone} is missing"))));
        assert_eq!(read(&blobs, sound, 5000), Some(bytes));
        for sha256 in [altered, longer, shorter, gone] {
            assert_eq!(read(&blobs, sha256, 5000), None);
        }
        assert!(blobs.copy_to(&fresh, &Blobs::new(fresh.folder().join("again"), 1 << 20)).is_err());
        // Whoever sends it again mends it.
        assert_eq!(keep(&blobs, &mut mint, &[1; 5000]), altered);
        assert_eq!(read(&blobs, altered, 5000), Some(vec![1; 5000]));
    }
}
