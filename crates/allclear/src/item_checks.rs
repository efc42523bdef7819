//! Checks of action items that need the world outside, or time: asks for pages, and plays the signals of an incident.

use std::time::Duration;

use actions::learn::item_checks::{self, Due};
use domain::learn::item_checks::{Answer, Check, Seen};
use domain::words::Span;
use store::Halt;
use tokio::sync::watch;

use crate::edge::Edge;

/// So often it is looked whether there is something to ask.
const LOOK: Duration = Duration::from_secs(1);
/// A replay goes on for so long at most.
const PATIENCE: Span = Span::seconds(60);

/// Works until it is told to stop. One after the other: nobody waits at night for it.
pub(crate) async fn run(edge: Edge, stopped: watch::Receiver<bool>) {
    let take = |edge: &Edge| item_checks::take_due(&edge.store, edge.now());
    edge.rounds("checks of action items", LOOK, take, look, stopped).await;
}

async fn look(edge: Edge, due: Due) -> Result<(), Halt> {
    let seen = match &due.row.item.check {
        Check::Url { url, contains } => page(edge.channels.read(url).await, contains.as_deref()),
        Check::Commit { url } => page(edge.channels.read(url).await, None),
        Check::Replay { .. } => {
            let due = due.clone();
            let played = edge.keep(move |edge| Ok(play(edge, &due))).await;
            played.unwrap_or_else(|_| Seen::new(Answer::Unknown, "the replay broke; the log says why"))
        }
        _ => Seen::new(Answer::Unknown, "this is not for the world outside to say"),
    };
    edge.keep(move |edge| item_checks::checked(&edge.store, &mut edge.mint(), &due, &seen, edge.now()).map(drop)).await
}

fn play(edge: &Edge, due: &Due) -> Seen {
    let play = match &due.play {
        Ok(play) => play,
        Err(why) => return Seen::new(Answer::Unknown, why),
    };
    let catalog = match edge.store.read(|tx| Ok(edge.node.rules(tx)?.catalog.clone())) {
        Ok(catalog) => catalog,
        Err(halt) => return Seen::new(Answer::Unknown, halt.to_string()),
    };
    let begun = edge.now();
    let enough = || PATIENCE.after(begun) <= edge.now();
    // What goes on in there is not what goes on here: it is not logged.
    let quiet = tracing::subscriber::NoSubscriber::default();
    let seen = tracing::subscriber::with_default(quiet, || {
        rehearsal::item_replays::look(&edge.store, play, &due.row.item.check, &catalog, &enough)
    });
    seen.unwrap_or_else(|trouble| Seen::new(Answer::Unknown, format!("it could not be played: {trouble}")))
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
