//! The one clock. Everything below the edge is told the time.

use domain::words::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
