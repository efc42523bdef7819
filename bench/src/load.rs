//! Load: POSTs of alerts on a number of connections, as fast as they are answered, or at a rate.
//!
//! One thread makes all of it. At a rate, a request's wait counts from when it was due, so that a server that stalls is
//! not flattered by the requests that were held back meanwhile.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until, timeout};

use crate::alerts::Alerts;
use crate::http::{self, Connection, Target};

/// What to send, and how hard.
#[derive(Clone)]
pub struct Load {
    pub target: Target,
    /// Further header lines, each with its line end.
    pub headers: String,
    /// What is sent each time, instead of alerts.
    pub body: Option<String>,
    /// Alerts in a request.
    pub batch: u64,
    pub connections: usize,
    /// So many alerts, sent again and again; without it each alert is a new one.
    pub repeated: Option<u64>,
    /// They are known already: none is sent ahead.
    pub known: bool,
    pub seconds: f64,
    /// As many requests, and no more; 0: until the time is over.
    pub requests: u64,
    /// Requests a second; 0: flat out.
    pub rate: f64,
}

/// What came of it.
#[derive(Default)]
pub struct Loaded {
    /// Nanoseconds that each answered request waited.
    pub waits: Vec<u64>,
    pub accepted: u64,
    pub errors: BTreeMap<String, u64>,
    /// Seconds from the first request to the last answer.
    pub lasted: f64,
}

/// So long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests before the clock starts: connections are open, code and tokens are known.
const WARM_UP: u64 = 20;
/// Up to so many repeated alerts are kept as they were written.
const KEPT_MOST: u64 = 5_000;

/// Runs a load on this thread until it is done or `stop` is set.
pub fn run(load: &Load, alerts: Alerts, stop: &Arc<AtomicBool>) -> Result<Loaded, String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    tokio::task::LocalSet::new().block_on(&runtime, drive(load, alerts, stop))
}

async fn drive(load: &Load, alerts: Alerts, stop: &Arc<AtomicBool>) -> Result<Loaded, String> {
    let mut source = Source { alerts, next: 0, repeated: load.repeated, kept: Vec::new() };
    let mut connection = Connection::open(&load.target.address)
        .await
        .map_err(|error| format!("{} does not answer: {error}", load.target.address))?;
    warm_up(load, &mut source, &mut connection).await?;
    let shared = Rc::new(Shared {
        source: RefCell::new(source),
        loaded: RefCell::new(Loaded::default()),
        taken: RefCell::new(0),
        began: Instant::now(),
    });
    let mut first = Some(connection);
    let workers: Vec<_> = (0..load.connections)
        .map(|_| {
            let (load, shared, stop, connection) = (load.clone(), shared.clone(), stop.clone(), first.take());
            tokio::task::spawn_local(async move { work(&load, &shared, &stop, connection).await })
        })
        .collect();
    for worker in workers {
        worker.await.map_err(|error| error.to_string())?;
    }
    let mut loaded = shared.loaded.take();
    loaded.lasted = shared.began.elapsed().as_secs_f64();
    Ok(loaded)
}

/// Repeated alerts are made known; otherwise a few requests of one alert go ahead. A refusal ends it here.
async fn warm_up(load: &Load, source: &mut Source, connection: &mut Connection) -> Result<(), String> {
    let (requests, batch) = match load.repeated {
        Some(alerts) if !load.known => (alerts.div_ceil(1_000), alerts.min(1_000)),
        _ => (WARM_UP, 1),
    };
    let mut request = Vec::new();
    for _ in 0..requests {
        let body = load.body.as_ref().map_or_else(|| source.body(batch), |body| body.clone().into_bytes());
        http::request(&mut request, "POST", &load.target, &load.headers, &body);
        let answer = timeout(PATIENCE, connection.ask(&request)).await.map_err(|_| "no answer in time")?;
        let answer = answer.map_err(|error| error.to_string())?;
        if !(200..300).contains(&answer.status) {
            let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(400)]).into_owned();
            return Err(format!("answered {}: {said}", answer.status));
        }
    }
    Ok(())
}

/// What the connections share.
struct Shared {
    source: RefCell<Source>,
    loaded: RefCell<Loaded>,
    /// Requests begun.
    taken: RefCell<u64>,
    began: Instant,
}

async fn work(load: &Load, shared: &Shared, stop: &AtomicBool, mut open: Option<Connection>) {
    let end = shared.began + Duration::from_secs_f64(load.seconds);
    let mut request = Vec::new();
    let fail = |what: String| *shared.loaded.borrow_mut().errors.entry(what).or_default() += 1;
    loop {
        let turn = *shared.taken.borrow();
        let enough = load.requests > 0 && turn >= load.requests;
        if enough || stop.load(Ordering::Relaxed) || Instant::now() >= end {
            return;
        }
        *shared.taken.borrow_mut() = turn + 1;
        let mut due = None;
        if load.rate > 0.0 {
            let at = shared.began + Duration::from_secs_f64(turn as f64 / load.rate);
            if at >= end {
                return;
            }
            if Instant::now() < at {
                // Timers are a millisecond late at times; that is not the server's doing.
                sleep_until(at.into()).await;
            } else {
                due = Some(at);
            }
        }
        let body = match &load.body {
            Some(body) => body.clone().into_bytes(),
            None => shared.source.borrow_mut().body(load.batch),
        };
        http::request(&mut request, "POST", &load.target, &load.headers, &body);
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => match Connection::open(&load.target.address).await {
                Ok(connection) => connection,
                Err(error) => {
                    fail(format!("connecting: {}", error.kind()));
                    sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let began = due.unwrap_or_else(Instant::now);
        match timeout(PATIENCE, connection.ask(&request)).await {
            Ok(Ok(answer)) => {
                let mut loaded = shared.loaded.borrow_mut();
                loaded.waits.push(began.elapsed().as_nanos() as u64);
                if (200..300).contains(&answer.status) {
                    loaded.accepted += 1;
                } else {
                    *loaded.errors.entry(format!("status {}", answer.status)).or_default() += 1;
                }
                if !answer.last {
                    open = Some(connection);
                }
            }
            Ok(Err(error)) => fail(error.kind().to_string()),
            Err(_) => fail("no answer in time".into()),
        }
    }
}

/// Where alerts come from, in the order of their numbers.
struct Source {
    alerts: Alerts,
    next: u64,
    repeated: Option<u64>,
    kept: Vec<Vec<u8>>,
}

impl Source {
    /// A JSON array of the next alerts.
    fn body(&mut self, batch: u64) -> Vec<u8> {
        if self.alerts.tick()
            && let Some(repeated) = self.repeated.filter(|repeated| *repeated <= KEPT_MOST)
        {
            self.kept = (0..repeated).map(|number| self.one(number)).collect();
        }
        let mut body = Vec::with_capacity(batch as usize * 640 + 2);
        body.push(b'[');
        for at in 0..batch {
            if at > 0 {
                body.push(b',');
            }
            let number = self.repeated.map_or(self.next, |repeated| self.next % repeated);
            self.next += 1;
            match self.kept.get(number as usize) {
                Some(kept) => body.extend_from_slice(kept),
                None => self.alerts.write(&mut body, number, ""),
            }
        }
        body.push(b']');
        body
    }

    fn one(&self, number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        self.alerts.write(&mut out, number, "");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(body: &[u8]) -> Vec<String> {
        let read: Vec<serde_json::Value> = serde_json::from_slice(body).unwrap();
        read.iter().map(|alert| alert["labels"]["seq"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn new_alerts_go_on_and_repeated_ones_come_round() {
        let source = |repeated| Source { alerts: Alerts::new("t"), next: 0, repeated, kept: Vec::new() };
        let mut new = source(None);
        assert_eq!([numbers(&new.body(2)), numbers(&new.body(2))].concat(), ["0", "1", "2", "3"]);
        let mut repeated = source(Some(3));
        assert_eq!([numbers(&repeated.body(2)), numbers(&repeated.body(2))].concat(), ["0", "1", "2", "0"]);
        assert_eq!(repeated.body(3)[1..], new_again(&repeated)[1..]);
    }

    fn new_again(source: &Source) -> Vec<u8> {
        let texts: Vec<String> = [1, 2, 0].iter().map(|n| String::from_utf8(source.one(*n)).unwrap()).collect();
        format!("[{}]", texts.join(",")).into_bytes()
    }
}
