//! Attempts at signing in: so many for each name, and so many at once.
//!
//! Counted per name, not per address: behind a proxy everybody has the same one. What is counted is forgotten by
//! itself, and a name that nobody has counts like any other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use domain::words::{Span, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Attempts in a row, and how long until there is one more.
const ATTEMPTS: i64 = 10;
const ONE_MORE: Span = Span::seconds(6);
const NAMES_MOST: usize = 10_000;
/// Passwords that are verified at the same time.
const AT_ONCE: usize = 2;

/// One per process.
pub struct Attempts {
    /// Until when each name is "full": an attempt moves it by [`ONE_MORE`].
    until: Mutex<HashMap<String, Timestamp>>,
    turns: Semaphore,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { until: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Attempts {
    /// Notes an attempt; refuses it with the seconds to wait.
    pub fn note(&self, name: &str, now: Timestamp) -> Result<(), i64> {
        let mut names = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MOST {
            names.retain(|_, until| *until > now);
        }
        // Ten thousand names within a minute is no person: one count for all that are new.
        let key = if names.len() >= NAMES_MOST { String::new() } else { key(name) };
        let until = names.get(&key).copied().unwrap_or(now).max(now);
        let next = ONE_MORE.after(until);
        let full = Span::millis(ONE_MORE.as_millis() * ATTEMPTS).after(now);
        if next > full {
            return Err(Span::between(full, next).as_millis().div_euclid(1000) + 1);
        }
        names.insert(key, next);
        Ok(())
    }

    /// They proved who they are.
    pub fn forget(&self, name: &str) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(name));
    }

    /// Waits for a turn at verifying.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}

fn key(name: &str) -> String {
    name.trim().to_lowercase().chars().take(254).collect()
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_in_a_row_and_then_one_every_six_seconds() {
        let attempts = Attempts::default();
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        for _ in 0..10 {
            assert_eq!(attempts.note("Ana ", now), Ok(()));
        }
        assert_eq!(attempts.note("ana", now), Err(7), "and whatever its letters, it is the same name");
        assert_eq!(attempts.note("ben", now), Ok(()), "others are not held up");
        assert_eq!(attempts.note("ana", Span::seconds(6).after(now)), Ok(()));
        assert!(attempts.note("ana", Span::seconds(6).after(now)).is_err());
        attempts.forget("ANA");
        assert_eq!(attempts.note("ana", now), Ok(()));
    }
}
