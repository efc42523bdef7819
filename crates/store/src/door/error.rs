//! What can go wrong below, and how an act stops. An error names tables, columns and statements,
//! never a value of a row.

use domain::words::Refusal;

/// A failure of the store. A refusal is not one: that is [`Halt::Refused`].
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
}

/// What the caller may make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Too many at once; trying again later may well work.
    Busy,
    /// No connection, a full disk, a store that has stopped: nothing was written.
    Unavailable,
    /// The commit was sent and its answer lost: it may or may not have happened.
    InDoubt,
    /// A rule of the schema was broken.
    Constraint(Breach),
    /// The database does not hold what it should: a torn file, a column that does not read.
    Corrupt,
    /// The database is newer than the program, or its history differs.
    Schema,
    /// A mistake of ours: wrong SQL, a value that does not fit its column.
    Other,
}

/// Which rule of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    Unique,
    Reference,
    NotNull,
    Check,
    Other,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    pub fn other(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Other, message)
    }

    /// The same error, saying during what: `while ...: ...`.
    #[must_use]
    pub fn during(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

/// Why an act stopped: it was refused, in words for people, or the store failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Halt {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] Error),
}
