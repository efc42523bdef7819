//! A key by which a program asks for the flags of an environment, and how often it may ask.
//!
//! One in a browser can be read by anybody, so a key says which it is. No key changes anything.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::{EnvironmentKeyId, Name, Refusal, Result};

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentKey {
    pub id: EnvironmentKeyId,
    pub environment: Name,
    pub kind: KeyKind,
    /// What it is for: `checkout service`.
    pub title: String,
    /// The last letters of the secret.
    pub ending: String,
    /// Who made it.
    pub made_by: Name,
    pub made_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// Where a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// On a server of ours: it may have the definitions with their rules.
    Server,
    /// With whoever uses the program: it gets answers, never rules.
    Client,
}

impl KeyKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Server, Self::Client].into_iter().find(|kind| kind.word() == word)
    }
}

const TITLE_MOST: usize = 100;

impl EnvironmentKey {
    pub fn checked(self) -> Result<Self> {
        let title = self.title.trim();
        if title.is_empty() {
            return Err(Refusal::invalid("say what the key is for").at("/title"));
        }
        if title.chars().count() > TITLE_MOST || title.chars().any(char::is_control) {
            return Err(Refusal::invalid("one line of at most 100 characters").at("/title"));
        }
        if self.expires_at.is_some_and(|expires_at| expires_at <= self.made_at) {
            return Err(Refusal::invalid("it expires in the past").at("/expires_at"));
        }
        Ok(Self { title: title.to_owned(), ..self })
    }

    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| expires_at > now)
    }
}

/// How often something is asked, evenly: a burst of one second, then one by one.
#[derive(Debug, Default)]
pub struct Meter {
    /// When what was asked so far will have been paid for, in microseconds.
    paid_at: AtomicI64,
}

impl Meter {
    /// Takes one; or says in how many seconds there is one again.
    pub fn take(&self, per_second: u32, now: Timestamp) -> std::result::Result<(), u64> {
        const SECOND: i64 = 1_000_000;
        let price = SECOND / i64::from(per_second.max(1));
        let now = now.as_microsecond();
        let mut paid_at = self.paid_at.load(Ordering::Relaxed);
        loop {
            let next = paid_at.max(now) + price.max(1);
            let over = next - now - SECOND;
            if over > 0 {
                return Err(u64::try_from(over / SECOND).unwrap_or(0) + 1);
            }
            match self.paid_at.compare_exchange_weak(paid_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => paid_at = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Mint, Span};

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + millisecond).unwrap()
    }

    #[test]
    fn a_key_holds_until_it_expires_or_is_revoked() {
        let key = EnvironmentKey {
            id: Mint::seeded(1).id(at(0)),
            environment: "production".parse().unwrap(),
            kind: KeyKind::Server,
            title: " checkout ".into(),
            ending: "abcd".into(),
            made_by: "ana".parse().unwrap(),
            made_at: at(0),
            expires_at: Some(Span::hours(1).after(at(0))),
            revoked_at: None,
        };
        let key = key.checked().unwrap();
        assert_eq!(key.title, "checkout");
        assert!(key.is_valid(at(0)) && !key.is_valid(Span::hours(1).after(at(0))));
        assert!(!EnvironmentKey { revoked_at: Some(at(1)), ..key.clone() }.is_valid(at(1)));
        for (wrong, place) in [
            (EnvironmentKey { title: " ".into(), ..key.clone() }, "/title"),
            (EnvironmentKey { title: "x".repeat(101), ..key.clone() }, "/title"),
            (EnvironmentKey { expires_at: Some(at(0)), ..key }, "/expires_at"),
        ] {
            assert_eq!(wrong.checked().unwrap_err().at.as_deref(), Some(place));
        }
        assert_eq!(KeyKind::from_word("client"), Some(KeyKind::Client));
    }

    #[test]
    fn a_meter_gives_a_second_of_questions_at_once_and_then_one_by_one() {
        let meter = Meter::default();
        let taken = |at| (0..100).filter(|_| meter.take(10, at).is_ok()).count();
        assert_eq!(taken(at(0)), 10);
        assert_eq!(meter.take(10, at(0)), Err(1));
        assert_eq!(taken(at(99)), 0);
        assert_eq!(taken(at(200)), 2);
        assert_eq!(taken(at(60_000)), 10);
    }
}
