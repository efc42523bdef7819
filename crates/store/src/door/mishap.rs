//! What may be made to go wrong at a commit, in a store that lives in memory: for rehearsals. A store on a disk
//! has its own ways.

use std::sync::atomic::{AtomicU8, Ordering};

use super::{Error, ErrorKind};

/// What goes wrong at the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is committed, but the answer is lost: in doubt for the caller.
    AnswerLost,
    /// It is not committed.
    RolledBack,
}

/// The mishap that waits for the next commit.
#[derive(Debug, Default)]
pub(super) struct Arranged(AtomicU8);

impl Arranged {
    pub(super) fn set(&self, mishap: Mishap) {
        self.0.store(if mishap == Mishap::AnswerLost { 1 } else { 2 }, Ordering::Relaxed);
    }

    pub(super) fn before_commit(&self) -> Result<(), Error> {
        match self.0.compare_exchange(2, 0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Err(Error::unavailable("the disk would not take it (a rehearsal)")),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn after_commit(&self) -> Result<(), Error> {
        match self.0.compare_exchange(1, 0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Err(Error::new(ErrorKind::InDoubt, "the answer to the commit was lost (a rehearsal)")),
            Err(_) => Ok(()),
        }
    }
}
