//! Attempts at signing in: so many for each name, and so many at once.
//!
//! Counted per name, not per address: behind a proxy everybody has the same one. What is counted is forgotten by
//! itself, and a name that nobody has counts like any other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use domain::words::{Span, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Five attempts a minute: so many in a row, and after so long there is one more.
const ATTEMPTS: u32 = 5;
const ONE_MORE: Span = Span::seconds(12);
/// After more than [`ATTEMPTS`] in a row that proved nothing it takes twice as long each time; never longer than this,
/// since whoever is locked out during an incident is locked out by the attacker.
const LONGEST: Span = Span::seconds(60);
/// After this long without an attempt all is forgotten.
const FORGOTTEN: Span = Span::minutes(15);
const NAMES_MOST: usize = 10_000;
/// Passwords that are verified at the same time.
const AT_ONCE: usize = 2;

/// One per process.
pub struct Attempts {
    /// Until when each name is "full", which an attempt moves by [`ONE_MORE`] or more; and how many attempts it made.
    until: Mutex<HashMap<String, (Timestamp, u32)>>,
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
            names.retain(|_, (until, _)| FORGOTTEN.after(*until) > now);
        }
        // Ten thousand names within a minute is no person: one count for all that are new.
        let key = if names.len() >= NAMES_MOST { String::new() } else { key(name) };
        let kept = names.get(&key).copied().filter(|(until, _)| FORGOTTEN.after(*until) > now);
        let (until, made) = kept.unwrap_or((now, 0));
        let doubled = 1 << made.saturating_sub(ATTEMPTS).min(10);
        let step = Span::millis(ONE_MORE.as_millis() * doubled).min(LONGEST);
        let next = step.after(until.max(now));
        let full = Span::millis(ONE_MORE.as_millis() * i64::from(ATTEMPTS)).after(now);
        if next > full {
            return Err((Span::between(full, next).as_millis() + 999) / 1000);
        }
        names.insert(key, (next, made + 1));
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
    fn five_attempts_in_a_row_and_then_ever_slower_but_never_none() {
        let attempts = Attempts::default();
        let begin = Timestamp::from_second(1_790_000_000).unwrap();
        let (mut now, mut waited) = (begin, Vec::new());
        for _ in 0..12 {
            let before = now;
            while let Err(wait) = attempts.note("Ana ", now) {
                now = Span::seconds(wait).after(now);
            }
            waited.push(Span::between(before, now).as_millis() / 1000);
        }
        assert_eq!(waited, [0, 0, 0, 0, 0, 12, 24, 48, 60, 60, 60, 60]);
        assert!(attempts.note(" ANA", now).is_err(), "whatever its letters, it is the same name");
        assert_eq!(attempts.note("ben", now), Ok(()), "others are not held up");
        attempts.forget("ANA");
        assert_eq!(attempts.note("ana", now), Ok(()));
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let attempts = Attempts::default();
        let begin = Timestamp::from_second(1_790_000_000).unwrap();
        for _ in 0..5 {
            attempts.note("ana", begin).unwrap();
        }
        assert!(attempts.note("ana", begin).is_err());
        let later = Span::minutes(20).after(begin);
        assert_eq!((0..9).filter(|_| attempts.note("ana", later).is_ok()).count(), 5);
    }
}
