//! The git source, as the edge sees it: what was fetched last, and the bell that has it fetched again.
//!
//! Who fetches is told to the program at its start; nothing here speaks to the outside.

use std::sync::{Arc, Mutex, PoisonError};

use actions::prepare::source::{Files, Waiting, waiting};
use domain::prepare::addresses::Reader;
use domain::prepare::checks::Conditions;
use domain::words::{Span, Timestamp};
use store::prepare::{documents, ownership};
use store::{Halt, Tx};
use tokio::sync::Notify;

use crate::app::App;

/// A repository whose branch is followed.
#[derive(Debug)]
pub struct Source {
    /// Where it is, without a password.
    pub place: String,
    pub branch: String,
    state: Mutex<State>,
    /// What was planned of it, the oldest first.
    plans: Mutex<Vec<Kept>>,
    bell: Notify,
}

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The files of the last commit that was fetched.
    pub files: Option<Arc<Files>>,
    /// When it was looked at last, if it could be.
    pub fetched_at: Option<Timestamp>,
    /// Why it could not be looked at the last time.
    pub error: Option<String>,
}

impl Source {
    pub fn new(place: String, branch: String) -> Self {
        Self { place, branch, state: Mutex::default(), plans: Mutex::default(), bell: Notify::new() }
    }

    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It was looked at: with what was found, or why nothing was.
    pub fn looked(&self, found: Result<Arc<Files>, String>, now: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(files) => *state = State { files: Some(files), fetched_at: Some(now), error: None },
            Err(error) => state.error = Some(error),
        }
    }

    /// Has it fetched soon.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits for the bell.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// What a plan was made of: another one of any of these is another plan.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    commit: String,
    /// The number of the last changeset.
    head: i64,
    /// What files said of documents, which may move without a changeset.
    said: (i64, Option<Timestamp>),
    reader: Reader,
}

/// A plan that was made for somebody.
#[derive(Clone, Debug)]
struct Kept {
    made: Made,
    at: Timestamp,
    waiting: Arc<Waiting>,
}

/// Plans for so many readers are kept.
const KEPT_MOST: usize = 16;
/// Checks go by the time, too (who is on call in the coming days): an older plan is made anew.
const KEPT_FOR: Span = Span::minutes(15);

/// The files of a commit, and what they would do.
type Shown = (Arc<Files>, Arc<Waiting>);

/// What the files of the source would change, as this reader may see it: nothing without a source, or before it was
/// fetched. It is planned once for each commit and each edit of documents; who looks again is shown the same plan.
pub fn changes(tx: &mut Tx<'_>, app: &App, now: Timestamp, reader: &Reader) -> Result<Option<Shown>, Halt> {
    let Some(source) = app.source() else { return Ok(None) };
    let Some(files) = source.state().files else { return Ok(None) };
    let (head, said) = (documents::head_number(tx)?, ownership::version(tx)?);
    let made = Made { commit: files.commit.clone(), head, said, reader: reader.clone() };
    if let Some(waiting) = source.kept(&made, now) {
        return Ok(Some((files, waiting)));
    }
    let (works, may_post) = (app.works(), app.may_post());
    let found = waiting(tx, &files, Conditions { now, works: &works, may_post: &may_post }, reader)?;
    Ok(Some((files, source.keep(made, now, found))))
}

impl Source {
    fn kept(&self, made: &Made, now: Timestamp) -> Option<Arc<Waiting>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        // What was made of something older is of no use to anybody.
        plans.retain(|one| {
            let Made { commit, head, said, .. } = &one.made;
            (commit, head, said) == (&made.commit, &made.head, &made.said) && now < KEPT_FOR.after(one.at)
        });
        plans.iter().find(|one| one.made == *made).map(|one| one.waiting.clone())
    }

    fn keep(&self, made: Made, at: Timestamp, waiting: Waiting) -> Arc<Waiting> {
        let waiting = Arc::new(waiting);
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= KEPT_MOST {
            plans.remove(0);
        }
        plans.push(Kept { made, at, waiting: waiting.clone() });
        waiting
    }
}
