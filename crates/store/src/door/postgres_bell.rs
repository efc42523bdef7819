//! The bell between nodes: a `NOTIFY` after a commit, and a connection that listens.
//!
//! The channel is named after the schema, `allclear_public`, so that two installations in one database
//! do not wake each other. It carries nothing. When it is lost, the others find out at their next look.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use ::postgres::Client;
use ::postgres::fallible_iterator::FallibleIterator;

use super::postgres::failure;
use super::postgres_link::Link;
use super::{Bell, Error};

/// How often the threads look whether the store is still there, and how long they wait after an error.
const BREATH: Duration = Duration::from_secs(1);

const HERE: &str = "SELECT pg_advisory_lock_shared(1634495588, hashtext(current_schema()))";
/// Whether nobody is there; holds everybody off until the end of the transaction.
pub(crate) const NOBODY_THERE: &str =
    "SELECT pg_try_advisory_xact_lock(1634495588, hashtext(current_schema())) AS nobody";

/// Sends the notifications, off the path of the writer.
pub(super) struct Crier(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    called: Condvar,
    /// Which backend the notifications come from, so that one's own are not heard.
    backend: Arc<AtomicI32>,
}

#[derive(Default)]
struct State {
    pending: bool,
    stop: bool,
}

impl Crier {
    pub(super) fn start(link: Arc<Link>) -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let work = shared.clone();
        thread("notify", move || work.run(&link))?;
        Ok(Self(shared))
    }

    pub(super) fn cry(&self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.pending, true) {
            self.0.called.notify_one();
        }
    }

    pub(super) fn backend(&self) -> Arc<AtomicI32> {
        self.0.backend.clone()
    }
}

impl Drop for Crier {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).stop = true;
        self.0.called.notify_all();
    }
}

impl Shared {
    fn run(&self, link: &Link) {
        let mut client: Option<(Client, String)> = None;
        loop {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = self
                .called
                .wait_while(state, |state| !state.pending && !state.stop)
                .unwrap_or_else(PoisonError::into_inner);
            if state.stop {
                return;
            }
            state.pending = false;
            drop(state);
            if let Err(error) = self.notify(link, &mut client) {
                tracing::debug!(%error, "the other nodes could not be told of a commit");
                client = None;
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.pending = true;
                let _ = self.called.wait_timeout_while(state, BREATH, |state| !state.stop);
            }
        }
    }

    fn notify(&self, link: &Link, client: &mut Option<(Client, String)>) -> Result<(), Error> {
        if client.is_none() {
            let mut fresh = link.connect()?;
            let row = fresh.query_one("SELECT pg_backend_pid()", &[]).map_err(|error| failure(&error, None))?;
            self.backend.store(row.try_get(0).map_err(|error| failure(&error, None))?, Ordering::Release);
            let notify = format!("NOTIFY {}", channel(&mut fresh)?);
            *client = Some((fresh, notify));
        }
        let Some((client, notify)) = client else { return Ok(()) };
        client.batch_execute(notify).map_err(|error| failure(&error, None))
    }
}

/// Hears the notifications of the other nodes. Its connection also says that somebody is there, by a
/// shared lock that a restore asks for.
pub(super) struct Listener(Arc<AtomicBool>);

impl Listener {
    pub(super) fn start(link: Arc<Link>, bell: &Arc<Bell>, own: Arc<AtomicI32>) -> Result<Self, Error> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, bell) = (stop.clone(), Arc::downgrade(bell));
        thread("listen", move || {
            while !stopped.load(Ordering::Acquire) {
                if let Err(error) = listen(&link, &bell, &own, &stopped) {
                    tracing::debug!(%error, "the notifications of the other nodes are not heard");
                    #[expect(clippy::disallowed_methods, reason = "the server is away; nothing else can wake us")]
                    std::thread::sleep(BREATH);
                }
            }
        })?;
        Ok(Self(stop))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn listen(link: &Link, bell: &Weak<Bell>, own: &AtomicI32, stop: &AtomicBool) -> Result<(), Error> {
    let mut client = link.connect()?;
    let listen = format!("{HERE}; LISTEN {}", channel(&mut client)?);
    client.batch_execute(&listen).map_err(|error| failure(&error, None))?;
    // Something may have happened before.
    ring(bell);
    while !stop.load(Ordering::Acquire) {
        let heard = client.notifications().timeout_iter(BREATH).next().map_err(|error| failure(&error, None))?;
        match heard {
            Some(heard) if heard.process_id() != own.load(Ordering::Acquire) => ring(bell),
            None if client.is_closed() => return Err(Error::unavailable("the connection was closed")),
            _ => {}
        }
    }
    Ok(())
}

/// The name of the channel, quoted.
fn channel(client: &mut Client) -> Result<String, Error> {
    let row = client.query_one("SELECT quote_ident('allclear_' || current_schema())", &[]);
    row.and_then(|row| row.try_get(0)).map_err(|error| failure(&error, None))
}

fn ring(bell: &Weak<Bell>) {
    if let Some(bell) = bell.upgrade() {
        bell.ring();
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| Error::unavailable(format!("cannot start a thread: {error}")))
}
