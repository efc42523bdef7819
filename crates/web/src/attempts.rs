//! Attempts at signing in: so many for each name, so many from each address, and so many at once.
//!
//! What is counted is forgotten by itself, and a name that nobody has counts like any other. How often the API may be
//! called is another matter: see `limits`.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use domain::words::{Span, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};

/// For each name: five attempts in a row, then ever slower.
const NAMES: Pace = Pace { in_a_row: 5, one_more: Span::seconds(12), slower: true };
/// From each address: an office, or a proxy that was not named, has many people.
const ADDRESSES: Pace = Pace { in_a_row: 50, one_more: Span::seconds(6), slower: false };
/// Never longer than this for one more, since whoever is locked out during an incident is locked out by the attacker.
const LONGEST: Span = Span::seconds(60);
/// After this long without an attempt all is forgotten.
const FORGOTTEN: Span = Span::minutes(15);
const KEPT_MOST: usize = 10_000;
/// Passwords that are verified at the same time.
const AT_ONCE: usize = 2;

/// How often one may try.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// So many in a row,
    in_a_row: u32,
    /// and after so long there is one more.
    one_more: Span,
    /// After more than that in a row that proved nothing it takes twice as long each time.
    slower: bool,
}

/// One per process.
pub struct Attempts {
    names: Counts<String>,
    addresses: Counts<IpAddr>,
    turns: Semaphore,
}

impl Default for Attempts {
    fn default() -> Self {
        let (names, addresses) = (Counts::new(NAMES), Counts::new(ADDRESSES));
        Self { names, addresses, turns: Semaphore::new(AT_ONCE) }
    }
}

impl Attempts {
    /// Notes an attempt for a name; refuses it with the seconds to wait.
    pub fn note(&self, name: &str, now: Timestamp) -> Result<(), i64> {
        self.names.note(key(name), now)
    }

    /// Notes an attempt from an address, if it is known; refuses it with the seconds to wait.
    pub fn note_from(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), i64> {
        address.map_or(Ok(()), |address| self.addresses.note(network(address), now))
    }

    /// They proved who they are: the name starts afresh, and this attempt does not count against the address.
    pub fn proven(&self, name: &str, address: Option<IpAddr>) {
        self.forget(name);
        if let Some(address) = address {
            self.addresses.give_back(network(address));
        }
    }

    /// They proved who they are.
    pub fn forget(&self, name: &str) {
        self.names.forget(key(name));
    }

    /// Waits for a turn at verifying.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}

/// What was attempted, by whatever is counted.
struct Counts<K> {
    pace: Pace,
    /// Until when each is "full", which an attempt moves by [`Pace::one_more`] or more; and how many attempts it made.
    until: Mutex<HashMap<Option<K>, (Timestamp, u32)>>,
}

impl<K: std::hash::Hash + Eq> Counts<K> {
    fn new(pace: Pace) -> Self {
        Self { pace, until: Mutex::default() }
    }

    fn note(&self, key: K, now: Timestamp) -> Result<(), i64> {
        let Pace { in_a_row, one_more, slower } = self.pace;
        let mut kept = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MOST {
            kept.retain(|_, (until, _)| FORGOTTEN.after(*until) > now);
        }
        // Ten thousand within a minute is no person: one count for all that are new.
        let key = Some(key).filter(|_| kept.len() < KEPT_MOST);
        let known = kept.get(&key).copied().filter(|(until, _)| FORGOTTEN.after(*until) > now);
        let (until, made) = known.unwrap_or((now, 0));
        let doubled = if slower { 1 << made.saturating_sub(in_a_row).min(10) } else { 1 };
        let step = Span::millis(one_more.as_millis() * doubled).min(LONGEST);
        let next = step.after(until.max(now));
        let full = Span::millis(one_more.as_millis() * i64::from(in_a_row)).after(now);
        if next > full {
            return Err((Span::between(full, next).as_millis() + 999) / 1000);
        }
        kept.insert(key, (next, made + 1));
        Ok(())
    }

    fn give_back(&self, key: K) {
        let mut kept = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, made)) = kept.get_mut(&Some(key)) {
            *until = self.pace.one_more.before(*until);
            *made = made.saturating_sub(1);
        }
    }

    fn forget(&self, key: K) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).remove(&Some(key));
    }
}

fn key(name: &str) -> String {
    name.trim().to_lowercase().chars().take(254).collect()
}

/// Of IPv6 the network: whoever has one address there has all of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    #[test]
    fn five_attempts_in_a_row_and_then_ever_slower_but_never_none() {
        let attempts = Attempts::default();
        let (mut now, mut waited) = (begin(), Vec::new());
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
        for _ in 0..5 {
            attempts.note("ana", begin()).unwrap();
        }
        assert!(attempts.note("ana", begin()).is_err());
        let later = Span::minutes(20).after(begin());
        assert_eq!((0..9).filter(|_| attempts.note("ana", later).is_ok()).count(), 5);
    }

    #[test]
    fn whoever_tries_many_names_is_held_up_by_their_address() {
        let attempts = Attempts::default();
        let now = begin();
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let tried = |from: &str| (0..200).filter(|_| attempts.note_from(address(from), now).is_ok()).count();
        assert_eq!(tried("203.0.113.9"), 50);
        assert_eq!(attempts.note_from(address("203.0.113.9"), now), Err(6));
        assert_eq!(tried("203.0.113.10"), 50, "others are not held up");
        assert_eq!(tried("2001:db8::1"), 50);
        assert_eq!(tried("2001:db8::2"), 0, "the same network");
        attempts.proven("ana", address("2001:db8::2"));
        assert_eq!(tried("2001:db8::3"), 1, "who proved themselves does not count");
        assert_eq!((0..200).filter(|_| attempts.note_from(None, now).is_ok()).count(), 200);
    }
}
