//! Folds SQLite's log into the database file, on a thread of its own, so that no commit waits for it.
//!
//! First beside the writer, which goes on meanwhile; then, for the little that it has written since, at the gate. So the
//! log starts again at its beginning, where its blocks are there already (`room.rs`, which works on this thread too). Pages
//! that are written again and again are folded once, so a longer log is less work; but whoever syncs meanwhile waits longer.

use std::fs::File;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use super::gate::{Gate, Pace};
use super::room::Room;
use super::sqlite::failure;
use super::{Error, ErrorKind};

/// Pages of 4 KiB: 4 MiB. What is folded is synced at one go, and whoever syncs the log meanwhile waits for it.
const WORTH_FOLDING: i32 = 1024;
/// 256 MiB.
const TOO_LONG: i32 = 64 * 1024;

/// So often the log is folded beside the writer, at most, before it is folded at the gate.
const PASSES_MOST: usize = 4;
/// So few pages are folded in a moment.
const SOON_FOLDED: i32 = 256;

pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Frames in the log that are already in the file.
    folded: AtomicI32,
    /// For how many frames the log has room.
    room: AtomicI32,
    call: Mutex<Call>,
    called: Condvar,
}

#[derive(Default)]
struct Call {
    /// A log of so many frames is to be folded.
    frames: i32,
    /// It wants more room.
    cramped: bool,
    stop: bool,
}

/// What the thread works with.
struct Work {
    shared: Arc<Shared>,
    own: Connection,
    room: Room,
    gate: Arc<Gate>,
    /// The database itself.
    file: Arc<File>,
}

impl Checkpointer {
    /// Watches what `writer` commits. `fault` is where a failing disk is told of.
    pub(super) fn start(
        writer: &mut Connection,
        own: Connection,
        room: Room,
        gate: Arc<Gate>,
        file: Arc<File>,
        fault: Arc<OnceLock<String>>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        let hook = move |_: &mut Wal, frames: std::ffi::c_int| {
            seen.log_has(frames);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(|error| failure(&error, None))?;
        own.busy_timeout(Duration::from_millis(50)).map_err(|error| failure(&error, None))?;
        let work = Work { shared: shared.clone(), own, room, gate, file };
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || work.run(&fault))
            .map_err(|error| Error::unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.call.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.shared.called.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// After each commit, on the writer's thread.
    fn log_has(&self, frames: i32) {
        let folded = self.folded.load(Ordering::Acquire);
        if frames < folded {
            self.folded.store(0, Ordering::Release); // the log began again
        }
        let cramped = Room::is_scarce(frames, self.room.load(Ordering::Acquire));
        let long = frames - folded >= WORTH_FOLDING;
        if cramped || long {
            let mut call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
            call.cramped |= cramped;
            call.frames = if long { frames } else { call.frames };
            self.called.notify_one();
        }
    }
}

impl Work {
    fn run(&self, fault: &OnceLock<String>) {
        loop {
            let call = self.shared.call.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = |call: &mut Call| call.frames == 0 && !call.cramped && !call.stop;
            let mut call = self.shared.called.wait_while(call, idle).unwrap_or_else(PoisonError::into_inner);
            if call.stop {
                return;
            }
            let Call { frames, cramped, .. } = std::mem::take(&mut *call);
            drop(call);
            if let Err(error) = self.keep(frames, cramped) {
                // The file was not synced, and a second sync that succeeds would prove nothing.
                tracing::error!(error = error.message, "the log could not be kept");
                let _ = fault.set(error.message);
                return;
            }
        }
    }

    fn keep(&self, frames: i32, cramped: bool) -> Result<(), Error> {
        if cramped {
            self.make_room()?;
        }
        if frames > 0 {
            self.fold(frames)?;
        }
        Ok(())
    }

    /// A disk that is full is not a fault: nothing is lost but the room.
    fn make_room(&self) -> Result<(), Error> {
        let turn = self.gate.enter(Pace::Bulk)?;
        let made = self.room.make().and_then(|()| self.room.frames());
        drop(turn);
        self.shared.room.store(made.unwrap_or(i32::MAX), Ordering::Release);
        self.room.sync().map_err(|error| not_synced(&error))
    }

    fn fold(&self, frames: i32) -> Result<(), Error> {
        // Each time there is less that was written meanwhile; and most of it reaches the disk here, where nobody waits.
        for _ in 0..PASSES_MOST {
            let before = self.shared.folded.load(Ordering::Acquire);
            let _ = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")?;
            self.file.sync_data().map_err(|error| not_synced(&error))?;
            if self.shared.folded.load(Ordering::Acquire) - before < SOON_FOLDED {
                break;
            }
        }
        let _turn = self.gate.enter(Pace::Bulk)?;
        if frames <= TOO_LONG {
            let _ = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")?;
        } else if !self.checkpoint("PRAGMA wal_checkpoint(RESTART)")? {
            tracing::warn!(frames, "the log of the database grows: a reader holds it");
        }
        Ok(())
    }

    /// Whether it got to the end.
    fn checkpoint(&self, how: &str) -> Result<bool, Error> {
        let outcome = self.own.query_row(how, [], |row| Ok((row.get::<_, bool>(0)?, row.get::<_, i32>(2)?)));
        match outcome {
            Ok((busy, folded)) => {
                self.shared.folded.store(folded.max(0), Ordering::Release);
                Ok(!busy)
            }
            Err(error) => {
                use ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
                if matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked | DiskFull)) {
                    return Ok(false); // later, then
                }
                let mut error = failure(&error, None).during("while folding the log");
                error.kind = ErrorKind::InDoubt;
                Err(error)
            }
        }
    }
}

fn not_synced(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::InDoubt, format!("the database or its log could not be synced: {error}"))
}
