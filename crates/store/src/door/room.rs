//! Makes room at the end of SQLite's log before it is needed: to write over blocks that are there syncs faster than to
//! make a file longer, and most of what a page waits for is that sync.
//!
//! What is appended are noughts. A reader of the log stops at the first frame that does not belong to it, so they mean
//! nothing.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::{Error, files};

/// A page, and what the log says of it.
const FRAME: u64 = 4096 + 24;
/// So much is appended at once.
const PIECE: usize = 1 << 20;
/// The log grows by itself so far.
const FIRST: i32 = 256;
/// More is wanted when so few frames are left.
const FEW: i32 = 128;
/// In frames: a little more than a log has when it is folded, and begins again.
const MOST: i32 = 1024 + 256;

pub(super) struct Room {
    log: File,
}

impl Room {
    /// For a database that is open, so that its log is there and stays the same file.
    pub(super) fn open(database: &Path) -> Result<Self, Error> {
        let path = files::beside(database, "-wal");
        let log = File::options().append(true).open(&path);
        log.map(|log| Self { log })
            .map_err(|error| Error::unavailable(format!("cannot write to {}: {error}", path.display())))
    }

    /// For how many frames there is room.
    pub(super) fn frames(&self) -> std::io::Result<i32> {
        Ok(i32::try_from(self.log.metadata()?.len() / FRAME).unwrap_or(i32::MAX))
    }

    /// Whether somebody should make more, for a log of so many frames. Not for the first few: a start is to be quick.
    pub(super) fn is_scarce(frames: i32, room: i32) -> bool {
        frames >= FIRST && room < MOST && room - frames < FEW
    }

    /// Appends a piece. Only while nobody writes.
    pub(super) fn make(&self) -> std::io::Result<()> {
        (&self.log).write_all(&vec![0; PIECE])
    }

    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.log.sync_data()
    }
}
