//! Trackers at the edge: makes issues for action items, reads how they stand, and has them follow.
//!
//! What is to be done comes from the store, each for one node; what came of it goes back there. Nothing is decided here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Node;
use actions::learn::trackers::{self, Came, Deed, Due};
use channels::Channels;
use channels::trackers::{Tracker, Trouble};
use domain::words::{Mint, Timestamp};
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// What the rounds of trackers need.
#[derive(Clone)]
pub(crate) struct Clerks {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) channels: Channels,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Arc<Mutex<Mint>>,
}

/// So often it is looked whether there is something to do.
const LOOK: Duration = Duration::from_secs(1);

/// Works until it is told to stop. What is under way then is done again by whoever takes it next. One after the other: nobody
/// waits at night for it, and trackers throttle.
pub(crate) async fn run(clerks: Clerks, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = clerks.clone();
        match spawn_blocking(move || trackers::take_due(&again.store, &again.node, (again.clock)())).await {
            Ok(Ok(taken)) => {
                for due in taken {
                    if let Err(halt) = clerks.clone().work(due).await {
                        tracing::warn!(%halt, "what a tracker said could not be kept; it is asked again");
                    }
                }
            }
            Ok(Err(halt)) => tracing::warn!(%halt, "it is not known what is to be tracked; it is tried again"),
            Err(panic) => tracing::error!(%panic, "looking for trackers broke; it is tried again"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Clerks {
    async fn work(self, due: Due) -> Result<(), Halt> {
        let came: Came = match self.channels.tracker(&due.row.tracker, &due.spec) {
            Ok(tracker) => done(tracker.as_ref(), &due.deed).await.map_err(|trouble| match trouble {
                Trouble::Refused(why) => (why, false),
                Trouble::Later(why) => (why, true),
            }),
            Err(why) => Err((why, true)),
        };
        let again = self.clone();
        let kept = spawn_blocking(move || {
            let mut mint = Mint::new(again.mint.lock().unwrap_or_else(PoisonError::into_inner).secret());
            trackers::came(&again.store, &mut mint, &due, &came, (again.clock)())
        });
        match kept.await {
            Ok(done) => done,
            Err(panic) => Err(store::Error::other(format!("it broke: {panic}")).into()),
        }
    }
}

async fn done(tracker: &dyn Tracker, deed: &Deed) -> Result<Option<domain::learn::trackers::Issue>, Trouble> {
    match deed {
        Deed::Make { new, look_first } => {
            if *look_first && let Some(found) = tracker.find(new).await? {
                return Ok(Some(found));
            }
            tracker.create(new).await.map(Some)
        }
        Deed::Read { key, etag } => tracker.read(key, etag.as_deref()).await,
        Deed::Set { key, open } => tracker.set_open(key, *open).await.map(Some),
    }
}
