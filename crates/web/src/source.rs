//! The git source, as the edge sees it: what was fetched last, and the bell that has it fetched again.
//!
//! Who fetches is told to the program at its start; nothing here speaks to the outside.

use std::sync::{Arc, Mutex, PoisonError};

use actions::prepare::source::{Files, Waiting, waiting};
use domain::prepare::addresses::Reader;
use domain::prepare::checks::Conditions;
use domain::words::Timestamp;
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
        Self { place, branch, state: Mutex::default(), bell: Notify::new() }
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

/// What the files of the source would change, as this reader may see it: nothing without a source, or before it was
/// fetched.
pub fn changes(
    tx: &mut Tx<'_>,
    app: &App,
    now: Timestamp,
    reader: &Reader,
) -> Result<Option<(Arc<Files>, Waiting)>, Halt> {
    let Some(files) = app.source().and_then(|source| source.state().files) else { return Ok(None) };
    let (works, may_post) = (app.works(), app.may_post());
    let found = waiting(tx, &files, Conditions { now, works: &works, may_post: &may_post }, reader)?;
    Ok(Some((files, found)))
}
