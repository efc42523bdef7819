//! Folds SQLite's log into the database file, on a thread of its own, so that no commit waits for it.
//!
//! Passive while the log is short: it stops nobody, and when it has caught up the log starts again at
//! its beginning. Only a log that outgrew its limit makes the writer wait, at the gate, as bulk does.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use super::gate::{Gate, Pace};
use super::sqlite::failure;
use super::{Error, ErrorKind};

/// Pages of 4 KiB: 4 MiB.
const WORTH_FOLDING: i32 = 1024;
/// 256 MiB.
const TOO_LONG: i32 = 64 * 1024;

pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Frames in the log that are already in the file.
    folded: AtomicI32,
    call: Mutex<Call>,
    called: Condvar,
}

#[derive(Default)]
struct Call {
    frames: i32,
    stop: bool,
}

impl Checkpointer {
    /// Watches what `writer` commits. `fault` is where a failing disk is told of.
    pub(super) fn start(
        writer: &mut Connection,
        own: Connection,
        gate: Arc<Gate>,
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
        let work = shared.clone();
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || work.run(&own, &gate, &fault))
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
        } else if frames - folded >= WORTH_FOLDING {
            self.call.lock().unwrap_or_else(PoisonError::into_inner).frames = frames;
            self.called.notify_one();
        }
    }

    fn run(&self, own: &Connection, gate: &Gate, fault: &OnceLock<String>) {
        loop {
            let call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
            let mut call = self
                .called
                .wait_while(call, |call| call.frames == 0 && !call.stop)
                .unwrap_or_else(PoisonError::into_inner);
            if call.stop {
                return;
            }
            let frames = std::mem::take(&mut call.frames);
            drop(call);
            if let Err(error) = self.fold(own, gate, frames) {
                // The file was not synced, and a second sync that succeeds would prove nothing.
                tracing::error!(error = error.message, "the log could not be folded into the database");
                let _ = fault.set(error.message);
                return;
            }
        }
    }

    fn fold(&self, own: &Connection, gate: &Gate, frames: i32) -> Result<(), Error> {
        let _ = self.checkpoint(own, "PRAGMA wal_checkpoint(PASSIVE)")?;
        if frames > TOO_LONG {
            let _turn = gate.enter(Pace::Bulk)?;
            if !self.checkpoint(own, "PRAGMA wal_checkpoint(RESTART)")? {
                tracing::warn!(frames, "the log of the database grows: a reader holds it");
            }
        }
        Ok(())
    }

    /// Whether it got to the end.
    fn checkpoint(&self, own: &Connection, how: &str) -> Result<bool, Error> {
        let outcome = own.query_row(how, [], |row| Ok((row.get::<_, bool>(0)?, row.get::<_, i32>(2)?)));
        match outcome {
            Ok((busy, folded)) => {
                self.folded.store(folded.max(0), Ordering::Release);
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
