//! The file with the flags as they were last served, and the start while PostgreSQL is away: programs are answered from that
//! file until the database can be reached.
//!
//! The embedded database needs none: where it is, its flags are. Without the file a start that finds no database fails, as
//! one with a mistyped address should.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actions::change::flags::{Flags, Snapshot};
use anyhow::{Context as _, Result};
use domain::words::{Span, Timestamp};
use store::{Error, ErrorKind, Place, Store};

use crate::config::Serve;
use crate::serve::signal;

/// Between two tries to reach the database.
const BETWEEN: Duration = Duration::from_secs(1);
/// After a file could not be written, so long nothing is tried.
const PAUSE: Span = Span::minutes(1);
const NAME: &str = "flags.json";

/// Keeps the file as the flags are.
pub(crate) struct Keeper {
    folder: PathBuf,
    written: Option<Arc<Snapshot>>,
    not_before: Option<Timestamp>,
}

impl Keeper {
    /// In the data directory, if the database is elsewhere.
    pub(crate) fn of(settings: &Serve) -> Option<Self> {
        settings.database.is_some().then(|| Self { folder: settings.data.clone(), written: None, not_before: None })
    }

    /// Writes what is served, if that is another than what was written.
    pub(crate) fn turn(&mut self, flags: &Flags, now: Timestamp) {
        let snapshot = flags.snapshot();
        let same = self.written.as_ref().is_some_and(|written| Arc::ptr_eq(written, &snapshot));
        if same || !snapshot.is_there || self.not_before.is_some_and(|at| now < at) {
            return;
        }
        match write(&self.folder, &snapshot.to_bytes(now)) {
            Ok(()) => (self.written, self.not_before) = (Some(snapshot), None),
            Err(error) => {
                tracing::warn!(%error, folder = %self.folder.display(), "flags could not be kept for a start without the database");
                self.not_before = Some(PAUSE.after(now));
            }
        }
    }
}

/// Whole or not at all, on disk, and for nobody else: whoever starts meanwhile reads the old file.
fn write(folder: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::create_dir_all(folder)?;
    let fresh = folder.join(format!(".{NAME}.{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, folder.join(NAME))?;
    std::fs::File::open(folder)?.sync_all()
}

/// The store, when it is there, and the socket that was listened on meanwhile. Nothing, if it was told to stop before.
pub(crate) fn open(
    settings: &Serve,
    place: &Place,
    clock: &Arc<dyn Fn() -> Timestamp + Send + Sync>,
) -> Result<Option<(Store, Option<TcpListener>)>> {
    let error = match Store::open(place) {
        Ok(store) => return Ok(Some((store, None))),
        Err(error) => error,
    };
    let failed = |error: Error| Err(error).with_context(|| format!("the database at {place} cannot be opened"));
    if error.kind != ErrorKind::Unavailable || settings.database.is_none() {
        return failed(error);
    }
    let file = settings.data.join(NAME);
    let Ok(bytes) = std::fs::read(&file) else { return failed(error) };
    let kept = Snapshot::from_bytes(&bytes).with_context(|| format!("{} cannot be used", file.display()));
    let kept = kept.with_context(|| format!("the database at {place} cannot be opened: {error}"))?;
    let since = kept.kept_at.unwrap_or_default();
    tracing::error!(%error, %since, "the database cannot be reached: programs get the flags that were kept; it is tried again");
    let flags = Arc::new(Flags::default());
    flags.restore(kept);
    let listener =
        TcpListener::bind(settings.listen).with_context(|| format!("cannot listen on {}", settings.listen))?;
    listener.set_nonblocking(true)?;
    let store = wait(settings, place, clock, flags, &listener)?;
    Ok(store.map(|store| (store, Some(listener))))
}

fn wait(
    settings: &Serve,
    place: &Place,
    clock: &Arc<dyn Fn() -> Timestamp + Send + Sync>,
    flags: Arc<Flags>,
    listener: &TcpListener,
) -> Result<Option<Store>> {
    let programs = web::ofrep::Programs::new(flags, clock.clone(), settings.trusted_proxies.parse()?, None);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (listener, place) = (listener.try_clone()?, place.clone());
    let store = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let router = web::waiting::router(&programs);
        let patience = web::listen::Patience { stop: Duration::from_secs(1), ..Default::default() };
        let until = async move { _ = ended.await };
        let serving = tokio::spawn(web::listen::serve(listener, router, patience, until));
        let store = tokio::select! {
            store = reach(place) => store.map(Some),
            () = signal() => Ok(None),
        };
        _ = end.send(());
        _ = serving.await;
        store
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    store
}

/// The store, as soon as it can be opened.
async fn reach(place: Place) -> Result<Store> {
    loop {
        tokio::time::sleep(BETWEEN).await;
        let again = place.clone();
        match tokio::task::spawn_blocking(move || Store::open(&again)).await? {
            Ok(store) => {
                tracing::info!("the database is there");
                return Ok(store);
            }
            Err(error) if error.kind == ErrorKind::Unavailable => tracing::debug!(%error, "the database is still away"),
            Err(error) => return Err(error).with_context(|| format!("the database at {place} cannot be opened")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_only_ours() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("allclear-kept-flags-{}", std::process::id()));
        for text in ["the first, longer", "the second"] {
            write(&folder, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(folder.join(NAME)).unwrap(), text);
        }
        assert_eq!(std::fs::metadata(folder.join(NAME)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
