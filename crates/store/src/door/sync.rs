//! Syncs SQLite's log. A commit leaves its pages with the operating system; it counts once a sync that began after it
//! has ended.
//!
//! Whoever waits first syncs for all who wait. So the next transaction runs while the disk is busy with the last ones,
//! and many share one sync. To SQLite that is `synchronous=NORMAL`: it syncs when it folds the log, and leaves the rest
//! to us.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Error, ErrorKind, files};

pub(super) struct Syncer {
    log: File,
    state: Mutex<State>,
    ended: Condvar,
    /// Where a disk that fails is told of.
    fault: Arc<OnceLock<String>>,
}

/// Commits are numbered as they come.
#[derive(Default)]
struct State {
    committed: u64,
    /// Up to here they are on the disk.
    synced: u64,
    /// Somebody syncs.
    syncing: bool,
}

impl Syncer {
    /// For a database that is open, so that its log is there and stays the same file.
    pub(super) fn open(database: &Path, fault: Arc<OnceLock<String>>) -> Result<Self, Error> {
        let path = files::beside(database, "-wal");
        let unavailable =
            |error: std::io::Error| Error::unavailable(format!("cannot sync {}: {error}", path.display()));
        let log = File::options().write(true).open(&path).map_err(unavailable)?;
        log.sync_all().map_err(unavailable)?;
        Ok(Self { log, state: Mutex::default(), ended: Condvar::new(), fault })
    }

    /// Notes a commit. By its writer, before anybody else writes.
    pub(super) fn note_commit(&self) {
        self.lock().committed += 1;
    }

    /// The last commit so far: what a reader may have seen.
    pub(super) fn last(&self) -> u64 {
        self.lock().committed
    }

    /// Waits until the commit of this number is on the disk.
    pub(super) fn wait(&self, number: u64) -> Result<(), Error> {
        let waits = |state: &mut State| state.syncing && state.synced < number;
        let mut state = self.ended.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        if state.synced >= number {
            return Ok(());
        }
        // What an earlier sync that failed has left behind is unknown: another one that succeeds would prove nothing.
        if let Some(why) = self.fault.get() {
            return Err(in_doubt(why));
        }
        let committed = state.committed;
        state.syncing = true;
        drop(state);
        let outcome = self.log.sync_data();
        let mut state = self.lock();
        state.syncing = false;
        let outcome = outcome.map(|()| state.synced = committed).map_err(|error| {
            let why = format!("the log could not be synced: {error}");
            tracing::error!(why, "the database failed to write; no more writes until a restart");
            _ = self.fault.set(why.clone());
            in_doubt(&why)
        });
        drop(state);
        self.ended.notify_all();
        outcome
    }

    #[cfg(test)]
    pub(super) fn unsynced(&self) -> u64 {
        let state = self.lock();
        state.committed - state.synced
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_doubt(why: &str) -> Error {
    Error::new(ErrorKind::InDoubt, why).during("the commit failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syncer(fresh: &crate::testing::Fresh) -> Syncer {
        let crate::Place::Sqlite(path) = fresh.place() else { unreachable!() };
        Syncer::open(path, Arc::default()).unwrap()
    }

    #[test]
    fn one_sync_serves_all_that_was_committed_before_it() {
        let fresh = crate::testing::Fresh::sqlite();
        let syncer = syncer(&fresh);
        for _ in 0..3 {
            syncer.note_commit();
        }
        syncer.wait(1).unwrap();
        assert_eq!(syncer.unsynced(), 0);
        syncer.wait(3).unwrap();
        syncer.note_commit();
        assert_eq!(syncer.unsynced(), 1, "a commit after the sync is not covered by it");
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| syncer.wait(syncer.last()).unwrap());
            }
        });
        assert_eq!(syncer.unsynced(), 0);
    }

    #[test]
    fn after_a_fault_nothing_more_counts_as_synced() {
        let fresh = crate::testing::Fresh::sqlite();
        let syncer = syncer(&fresh);
        syncer.note_commit();
        syncer.wait(1).unwrap();
        syncer.note_commit();
        syncer.fault.set("the disk is gone".into()).unwrap();
        syncer.wait(1).unwrap();
        let error = syncer.wait(2).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InDoubt);
        assert!(error.message.contains("the disk is gone"), "{error}");
    }
}
