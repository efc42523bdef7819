//! Checks of action items that need the world outside, or time: asks for pages, and plays the signals of an incident.
//!
//! What is to be asked comes from the store, each for one node; what was seen goes back there. Nothing is decided here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::Node;
use actions::learn::item_checks::{self, Due};
use channels::Channels;
use domain::learn::item_checks::{Answer, Check, Seen};
use domain::words::{Mint, Span, Timestamp};
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// What the rounds of checks need.
#[derive(Clone)]
pub(crate) struct Eyes {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) channels: Channels,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) mint: Arc<Mutex<Mint>>,
}

/// So often it is looked whether there is something to ask.
const LOOK: Duration = Duration::from_secs(1);
/// A replay goes on for so long at most.
const PATIENCE: Span = Span::seconds(60);

/// Works until it is told to stop. What is under way then is asked again by whoever takes it next. One after the other: nobody
/// waits at night for it.
pub(crate) async fn run(eyes: Eyes, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = eyes.clone();
        match spawn_blocking(move || item_checks::take_due(&again.store, (again.clock)())).await {
            Ok(Ok(taken)) => {
                for due in taken {
                    if let Err(halt) = eyes.clone().look(due).await {
                        tracing::warn!(%halt, "what a check of an action item saw could not be kept; it is asked again");
                    }
                }
            }
            Ok(Err(halt)) => tracing::warn!(%halt, "it is not known what is to be checked; it is tried again"),
            Err(panic) => tracing::error!(%panic, "looking for checks broke; it is tried again"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Eyes {
    async fn look(self, due: Due) -> Result<(), Halt> {
        let seen = match &due.row.item.check {
            Check::Url { url, contains } => page(self.channels.read(url).await, contains.as_deref()),
            Check::Commit { url } => page(self.channels.read(url).await, None),
            Check::Replay { .. } => {
                let (again, due) = (self.clone(), due.clone());
                let played = spawn_blocking(move || again.play(&due)).await;
                played.unwrap_or_else(|_| Seen::new(Answer::Unknown, "the replay broke; the log says why"))
            }
            _ => Seen::new(Answer::Unknown, "this is not for the world outside to say"),
        };
        let again = self.clone();
        let kept = spawn_blocking(move || {
            let mut mint = Mint::new(again.mint.lock().unwrap_or_else(PoisonError::into_inner).secret());
            item_checks::checked(&again.store, &mut mint, &due, &seen, (again.clock)())
        });
        match kept.await {
            Ok(done) => done.map(drop),
            Err(panic) => Err(store::Error::other(format!("it broke: {panic}")).into()),
        }
    }

    fn play(&self, due: &Due) -> Seen {
        let play = match &due.play {
            Ok(play) => play,
            Err(why) => return Seen::new(Answer::Unknown, why),
        };
        let catalog = match self.store.read(|tx| Ok(self.node.rules(tx)?.catalog.clone())) {
            Ok(catalog) => catalog,
            Err(halt) => return Seen::new(Answer::Unknown, halt.to_string()),
        };
        let begun = (self.clock)();
        let enough = || PATIENCE.after(begun) <= (self.clock)();
        // What goes on in there is not what goes on here: it is not logged.
        let quiet = tracing::subscriber::NoSubscriber::default();
        let seen = tracing::subscriber::with_default(quiet, || {
            rehearsal::item_replays::look(&self.store, play, &due.row.item.check, &catalog, &enough)
        });
        seen.unwrap_or_else(|trouble| Seen::new(Answer::Unknown, format!("it could not be played: {trouble}")))
    }
}

/// What the answer of a page says. Of its text nothing is kept: it may be anybody's.
fn page(answer: Result<(u16, String), String>, contains: Option<&str>) -> Seen {
    match (answer, contains) {
        (Err(why), _) => Seen::new(Answer::Unknown, format!("there is no answer: {why}")),
        (Ok((status @ 200..=299, text)), Some(wanted)) if !text.contains(wanted) => {
            Seen::new(Answer::No, format!("it answers {status}, and {wanted:?} is not in the text"))
        }
        (Ok((status @ 200..=299, _)), Some(wanted)) => {
            Seen::new(Answer::Yes, format!("it answers {status} with {wanted:?} in the text"))
        }
        (Ok((status @ 200..=299, _)), None) => Seen::new(Answer::Yes, format!("it answers {status}")),
        // Broken or busy: it may be there.
        (Ok((status @ (429 | 500..), _)), _) => Seen::new(Answer::Unknown, format!("it answers {status}")),
        (Ok((status, _)), _) => Seen::new(Answer::No, format!("it answers {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_proves_what_it_says_and_silence_proves_nothing() {
        let ok = |status, text: &str| Ok((status, text.to_owned()));
        for (answer, contains, seen) in [
            (ok(200, "all is well"), None, Answer::Yes),
            (ok(200, "all is well"), Some("well"), Answer::Yes),
            (ok(200, "all is well"), Some("Well"), Answer::No),
            (ok(404, ""), None, Answer::No),
            (ok(302, ""), None, Answer::No),
            (ok(503, ""), None, Answer::Unknown),
            (ok(429, ""), None, Answer::Unknown),
            (Err("nobody is there".into()), None, Answer::Unknown),
        ] {
            assert_eq!(page(answer.clone(), contains).answer, seen, "{answer:?}");
        }
    }
}
