//! How often somebody may call the API: a generous bucket for each caller, and one of its own for acknowledging, so that
//! no flood stands in its way. Not for ingest, which sheds its load itself, nor for signing in: see `attempts`.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
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
/// More callers than this are looked through for those who no longer call.
const REMEMBERED_MOST: usize = 10_000;

/// What is limited.
pub struct Limits {
    clock: Edge,
    calls: Limiter<String>,
    acknowledgements: Limiter<String>,
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
        Self { calls: limiter(CALLS), acknowledgements: limiter(ACKNOWLEDGEMENTS), clock }
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

    /// Forgets those who have not called for a while.
    pub fn forget(&self) {
        for limiter in [&self.calls, &self.acknowledgements] {
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

    use domain::words::Timestamp;

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
}
