//! How often somebody may ask: a generous bucket for each caller of the API, one of its own for acknowledging, and a
//! narrow one for signing in. Nobody is locked out: whoever tries again waits, and the wait grows.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use domain::words::{Span, Timestamp};
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::app::Clock;
use crate::problem::Problem;

/// The clock of the edge, as the limiter wants it.
#[derive(Clone)]
struct Edge(Clock);

impl governor::clock::Clock for Edge {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let micros = u64::try_from((self.0)().as_microsecond()).unwrap_or(0);
        Nanos::from(micros.saturating_mul(1000))
    }
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Edge, StateInformationMiddleware>;

/// Calls of the API in a minute, by caller. A program that does its work is far below.
const CALLS: NonZeroU32 = NonZeroU32::new(6000).expect("not zero");
/// Acknowledgements in a minute, besides: no flood of other calls stands in the way of one.
const ACKNOWLEDGEMENTS: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
/// Tries to sign in, in a minute: for one account, and from one address.
const TRIES_OF_ACCOUNT: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
const TRIES_FROM_ADDRESS: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// After so many wrong passwords in a row each further try waits, twice as long each time.
const WRONG_FREE: u32 = 5;
const WAIT_MOST: u64 = 60;
/// A wrong password counts for so long.
const WRONG_COUNTS: Span = Span::minutes(15);
const REMEMBERED_MOST: usize = 10_000;

/// What is limited.
pub struct Limits {
    clock: Edge,
    calls: Limiter<String>,
    acknowledgements: Limiter<String>,
    accounts: Limiter<String>,
    addresses: Limiter<String>,
    wrong: Mutex<HashMap<String, (u32, Timestamp)>>,
}

/// Which bucket a call takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Default,
    Acknowledge,
}

/// What a caller has left, for the headers of the answer.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    bucket: Bucket,
    remaining: u32,
    most: u32,
}

impl Limits {
    pub fn new(clock: &Clock) -> Self {
        let clock = Edge(clock.clone());
        let limiter = |most| {
            let store = DashMapStateStore::default();
            RateLimiter::<String, _, _, StateInformationMiddleware>::new(Quota::per_minute(most), store, clock.clone())
        };
        Self {
            calls: limiter(CALLS),
            acknowledgements: limiter(ACKNOWLEDGEMENTS),
            accounts: limiter(TRIES_OF_ACCOUNT),
            addresses: limiter(TRIES_FROM_ADDRESS),
            wrong: Mutex::default(),
            clock,
        }
    }

    /// One call of the API by a caller; refused with 429 and Retry-After if they called too often.
    pub fn call(&self, caller: &str, bucket: Bucket) -> Result<Left, Box<Problem>> {
        let (limiter, most) = match bucket {
            Bucket::Default => (&self.calls, CALLS),
            Bucket::Acknowledge => (&self.acknowledgements, ACKNOWLEDGEMENTS),
        };
        match limiter.check_key(&caller.to_owned()) {
            Ok(state) => Ok(Left { bucket, remaining: state.remaining_burst_capacity(), most: most.get() }),
            Err(until) => Err(Box::new(too_often("too many calls", until.wait_time_from(self.clock.now())))),
        }
    }

    /// One try to sign in. `address` is where it comes from, if that is known.
    pub fn try_sign_in(&self, account: &str, address: Option<&str>, now: Timestamp) -> Result<(), Box<Problem>> {
        let account = account.trim().to_lowercase();
        let what = "too many tries to sign in";
        let wait = |until: governor::NotUntil<Nanos>| too_often(what, until.wait_time_from(self.clock.now()));
        if let Some(address) = address {
            self.addresses.check_key(&address.to_owned()).map_err(|until| Box::new(wait(until)))?;
        }
        if let Some(seconds) = self.still_waits(&account, now) {
            return Err(Box::new(too_often(what, Duration::from_secs(seconds))));
        }
        self.accounts.check_key(&account).map(drop).map_err(|until| Box::new(wait(until)))
    }

    fn still_waits(&self, account: &str, now: Timestamp) -> Option<u64> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = wrong.get(account)?;
        if *count <= WRONG_FREE || WRONG_COUNTS.after(*last) <= now {
            return None;
        }
        let wait = 2u64.saturating_pow((count - WRONG_FREE).min(10)).min(WAIT_MOST);
        let passed = u64::try_from(Span::between(*last, now).as_millis() / 1000).unwrap_or(0);
        wait.checked_sub(passed).filter(|left| *left > 0)
    }

    /// What came of a try: a wrong password makes the next wait longer, a right one forgets them all.
    pub fn tried(&self, account: &str, right: bool, now: Timestamp) {
        let account = account.trim().to_lowercase();
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if right {
            wrong.remove(&account);
            return;
        }
        if wrong.len() >= REMEMBERED_MOST {
            wrong.retain(|_, (_, last)| WRONG_COUNTS.after(*last) > now);
        }
        if wrong.len() < REMEMBERED_MOST || wrong.contains_key(&account) {
            let (count, last) = wrong.entry(account).or_insert((0, now));
            *count = if WRONG_COUNTS.after(*last) <= now { 1 } else { count.saturating_add(1) };
            *last = now;
        }
    }

    /// Forgets those who have not called for a while.
    pub fn forget(&self) {
        for limiter in [&self.calls, &self.acknowledgements, &self.accounts, &self.addresses] {
            if limiter.len() > REMEMBERED_MOST {
                limiter.retain_recent();
            }
        }
    }
}

fn too_often(what: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, format!("{what}; try again in {seconds} s"));
    problem.retry_after = Some(seconds.max(1));
    problem
}

impl Left {
    /// `RateLimit-Policy` and `RateLimit`, as the draft of the IETF has them.
    pub fn tell(self, headers: &mut HeaderMap) {
        let (name, most, remaining) = (self.bucket.word(), self.most, self.remaining);
        // After so long the bucket is full again.
        let full_in = u64::from(most - remaining.min(most)) * 60 / u64::from(most);
        for (header, text) in [
            ("ratelimit-policy", format!("\"{name}\";q={most};w=60")),
            ("ratelimit", format!("\"{name}\";r={remaining};t={full_in}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(header), value);
            }
        }
    }
}

impl Bucket {
    /// Taking an alert or a page has a bucket of its own.
    pub fn of(path: &str) -> Self {
        if path.ends_with("/acknowledge") { Self::Acknowledge } else { Self::Default }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Acknowledge => "acknowledge",
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn limits() -> (Limits, Arc<AtomicI64>) {
        let second = Arc::new(AtomicI64::new(0));
        let hand = second.clone();
        let clock: Clock = Arc::new(move || at(hand.load(Ordering::Relaxed)));
        (Limits::new(&clock), second)
    }

    fn refused<T>(answer: Result<T, Box<Problem>>) -> Option<u64> {
        answer.err().map(|problem| problem.retry_after.unwrap())
    }

    #[test]
    fn a_flood_of_calls_leaves_room_for_an_acknowledgement() {
        let (limits, second) = limits();
        for _ in 0..6000 {
            limits.call("ana", Bucket::Default).unwrap();
        }
        assert_eq!(refused(limits.call("ana", Bucket::Default)), Some(1));
        assert!(limits.call("ana", Bucket::of("/api/v1/pages/x/acknowledge")).is_ok());
        assert!(limits.call("ben", Bucket::Default).is_ok());
        second.store(1, Ordering::Relaxed);
        let left = limits.call("ana", Bucket::Default).unwrap();
        let mut headers = HeaderMap::new();
        left.tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"default\";q=6000;w=60");
        assert_eq!(headers["ratelimit"], "\"default\";r=99;t=59");
    }

    #[test]
    fn guessing_a_password_grows_slower_and_locks_nobody_out() {
        let (limits, second) = limits();
        let mut waited = Vec::new();
        for _ in 0..12 {
            let mut now = second.load(Ordering::Relaxed);
            let begin = now;
            while let Some(wait) = refused(limits.try_sign_in("Ana ", None, at(now))) {
                now += i64::try_from(wait).unwrap();
                second.store(now, Ordering::Relaxed);
            }
            waited.push(now - begin);
            limits.tried("ana", false, at(now));
        }
        assert_eq!(waited, [0, 0, 0, 0, 0, 12, 12, 12, 12, 16, 32, 60]);
        // It is still hers.
        second.store(second.load(Ordering::Relaxed) + 60, Ordering::Relaxed);
        let now = at(second.load(Ordering::Relaxed));
        assert!(limits.try_sign_in("ana", Some("192.0.2.1"), now).is_ok());
        limits.tried("ana", true, now);
        assert_eq!(limits.still_waits("ana", now), None);
    }

    #[test]
    fn one_address_tries_twenty_times_a_minute() {
        let (limits, _) = limits();
        let refused = (0..30).filter(|n| limits.try_sign_in(&format!("p{n}"), Some("192.0.2.1"), at(0)).is_err());
        assert_eq!(refused.count(), 10);
    }
}
