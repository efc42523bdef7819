//! A refusal is an answer in plain words for the person who asked; a failure is not (that is the store's error).

use std::fmt;

pub type Result<T, E = Refusal> = std::result::Result<T, E>;

/// What kind of no it is. The edge turns each into one HTTP status and one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was sent is wrong: 400.
    Invalid,
    /// Nobody is signed in, or the token is unknown or expired: 401.
    Unauthenticated,
    /// Signed in, but not allowed: 403.
    Forbidden,
    /// There is no such thing (or not for you): 404.
    NotFound,
    /// The state of things does not allow it now: 409.
    Conflict,
    /// It was changed by somebody else since you read it: 412.
    Stale,
    /// Too large: 413.
    TooLarge,
    /// Too often: 429.
    TooMany,
}

/// A refusal: why, and where in what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// A sentence for people, without a final full stop.
    pub message: String,
    /// Where: a JSON pointer (`/0/labels`), or `file:line` for documents on disk.
    pub at: Option<String>,
}

impl Refusal {
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), at: None }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, message)
    }

    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(RefusalKind::NotFound, format!("there is no {what}"))
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Conflict, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Forbidden, message)
    }

    /// The same refusal, saying where.
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Refusal {}
