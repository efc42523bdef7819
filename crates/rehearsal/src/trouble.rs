//! What keeps a rehearsal from going on: a line that does not read, or a store that fails without being told to.

use domain::words::Refusal;
use store::{Error, Halt};

/// Why a rehearsal stopped.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// A line of a story says what nobody here understands.
    #[error("line {line}: {message}")]
    Line { line: usize, message: String },
    /// Something due never gets done, however often it is tried.
    #[error("the clock stands still: {0}")]
    Stuck(String),
    /// A check found that a promise was broken.
    #[error("{0}")]
    Broken(String),
    #[error(transparent)]
    Halt(#[from] Halt),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Halt(error.into())
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Halt(refusal.into())
    }
}
