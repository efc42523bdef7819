//! Live pages: server-sent events that say what happened since, from the journal.
//!
//! An event carries kinds and subjects, not contents: the page asks for its own fragment again, as whoever it is. A
//! lost connection resumes with `Last-Event-ID`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Deserialize;
use serde_json::json;
use store::Store;
use tokio::sync::watch;

use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Rung after every commit; carries nothing.
#[derive(Debug)]
pub struct Live {
    bell: watch::Receiver<u64>,
}

impl Live {
    pub fn new(store: &Store) -> Self {
        let (ring, bell) = watch::channel(0);
        store.on_commit(move || ring.send_modify(|count| *count += 1));
        Self { bell }
    }

    /// Wakes after the next commit.
    pub fn bell(&self) -> watch::Receiver<u64> {
        self.bell.clone()
    }
}

/// How many entries of the journal one event tells of.
const ENTRIES_MOST: u32 = 200;
/// Commits that come quickly one after another are told together.
const TOGETHER: Duration = Duration::from_millis(150);

/// So far back somebody may ask.
const CATCH_UP_MOST: i64 = 10_000;
/// Something is said at least this often; the page gives up on a stream that is silent for twice as long and more.
const BEAT: Duration = Duration::from_secs(15);

/// From where the reader wants to hear.
#[derive(Debug, Deserialize)]
pub struct From {
    after: Option<i64>,
}

/// `GET /live`: what happened after `Last-Event-ID`, after `after` (how far the journal went when the page was made),
/// or from now on; and on, as it happens.
pub async fn stream(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl futures_core::Stream<Item = Result<Event, Infallible>>>, Problem> {
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|id| id.parse().ok());
    let last = app.read(|tx| Ok(store::journal::last(tx)?)).await?;
    // Whoever was away for long asks for the page anyway: it need not hear of each thing.
    let from: i64 = resumed.or(wanted.after).unwrap_or(last).clamp(last.saturating_sub(CATCH_UP_MOST).max(0), last);
    let events = async_stream::stream! {
        let (mut bell, mut from) = (app.live().bell(), from);
        yield Ok(Event::default().event("hello").id(from.to_string()).data("{}"));
        loop {
            let who = visitor.clone();
            match app.read(move |tx| Ok(store::journal::since(tx, from, who.sight(), ENTRIES_MOST)?)).await {
                Ok(entries) if !entries.is_empty() => {
                    from = entries.iter().filter_map(|entry| entry.number).max().unwrap_or(from);
                    let kinds: std::collections::BTreeSet<&str> = entries.iter().map(|entry| entry.word.as_str()).collect();
                    let subjects: std::collections::BTreeSet<&str> =
                        entries.iter().flat_map(|entry| entry.subjects.iter().map(String::as_str)).collect();
                    let data = json!({ "kinds": kinds, "subjects": subjects });
                    yield Ok(Event::default().event("changed").id(from.to_string()).data(data.to_string()));
                }
                Ok(_) => {
                    if bell.changed().await.is_err() {
                        break;
                    }
                    tokio::time::sleep(TOGETHER).await;
                    bell.mark_unchanged();
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(2)).await,
            }
        }
    };
    // An event and not a comment: the page sees it, and knows that the line is not dead.
    let beat = Event::default().event("beat").data("{}");
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT).event(beat)))
}
