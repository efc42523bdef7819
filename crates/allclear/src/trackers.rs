//! Trackers at the edge: makes issues for action items, reads how they stand, and has them follow.

use std::time::Duration;

use actions::learn::trackers::{self, Came, Deed, Due};
use channels::trackers::{Tracker, Trouble};
use domain::learn::trackers::Issue;
use store::Halt;
use tokio::sync::watch;

use crate::edge::Edge;

/// So often it is looked whether there is something to do.
const LOOK: Duration = Duration::from_secs(1);

/// Works until it is told to stop. One after the other: nobody waits at night for it, and trackers throttle.
pub(crate) async fn run(edge: Edge, stopped: watch::Receiver<bool>) {
    let take = |edge: &Edge| trackers::take_due(&edge.store, &edge.node, edge.now());
    edge.rounds("trackers", LOOK, take, work, stopped).await;
}

async fn work(edge: Edge, due: Due) -> Result<(), Halt> {
    let came: Came = match edge.channels.tracker(&due.row.tracker, &due.spec) {
        Ok(tracker) => done(tracker.as_ref(), &due.deed).await.map_err(|trouble| match trouble {
            Trouble::Refused(why) => (why, false),
            Trouble::Later(why) => (why, true),
        }),
        Err(why) => Err((why, true)),
    };
    edge.keep(move |edge| trackers::came(&edge.store, &mut edge.mint(), &due, &came, edge.now())).await
}

async fn done(tracker: &dyn Tracker, deed: &Deed) -> Result<Option<Issue>, Trouble> {
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
