//! What works at the edge stands on: what is to be done comes from the store, each thing for one node, is done outside of any
//! transaction, and what came of it goes back there. Nothing is decided at the edge.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Node;
use channels::Channels;
use domain::words::{Mint, Timestamp};
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// What such a worker needs. A clone is the same place.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) channels: Channels,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Arc<Mutex<Mint>>,
}

impl Edge {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn mint(&self) -> Mint {
        Mint::new(self.mint.lock().unwrap_or_else(PoisonError::into_inner).secret())
    }

    /// Does something with the store, where it may wait.
    pub(crate) async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, Halt> {
        let again = self.clone();
        match spawn_blocking(move || work(&again)).await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("it broke: {panic}")).into()),
        }
    }

    /// Takes what is due and works on it, until it is told to stop. What is under way then is taken again by whoever comes next.
    /// `what` is due, for the log: `rollbacks`.
    pub(crate) async fn rounds<D, F>(
        self,
        what: &'static str,
        every: Duration,
        take: fn(&Self) -> Result<Vec<D>, Halt>,
        work: impl Fn(Self, D) -> F,
        mut stopped: watch::Receiver<bool>,
    ) where
        D: Send + 'static,
        F: Future<Output = Result<(), Halt>>,
    {
        while !*stopped.borrow() {
            match self.keep(take).await {
                Ok(taken) => {
                    for due in taken {
                        if let Err(halt) = work(self.clone(), due).await {
                            tracing::warn!(%halt, "what came of {what} could not be kept; it is done again");
                        }
                    }
                }
                Err(halt) => tracing::warn!(%halt, "it is not known what is due of {what}; it is tried again"),
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                _ = stopped.changed() => {}
            }
        }
    }
}
