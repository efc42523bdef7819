//! Page latency: from the first byte of a POST with one alert to the moment its notification is here, whole.
//!
//! The webhook that is notified stands in this program, so that one clock measures both ends. Load, if asked for, is
//! made on a thread of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::alerts::Alerts;
use crate::figures::Figures;
use crate::http::{self, Connection, Target, find};
use crate::load::{self, Load};

pub struct Pages {
    pub target: Target,
    pub headers: String,
    /// Where the webhook listens.
    pub sink: String,
    pub trials: u32,
    /// Milliseconds between two pages.
    pub gap: u64,
    /// Load meanwhile.
    pub load: Option<Load>,
    pub run: String,
}

/// A page is known by a word of this length in one of its labels, whatever the notification looks like.
const MARK: &[u8] = b"pgid";
const WORD: usize = 18;
/// So long after the last trial a notification counts as late rather than lost.
const LATEST: Duration = Duration::from_secs(8);
/// And so long repeats are listened for.
const REPEATS: Duration = Duration::from_millis(500);
/// Load runs alone for so long, so that it is even when the first page comes.
const LOAD_FIRST: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Sink {
    arrived: HashMap<Vec<u8>, Instant>,
    repeats: u64,
}

/// Measures, and puts what it found into the figures.
pub fn run(pages: &Pages, figures: &mut Figures) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    let load = pages.load.clone().map(|load| {
        let alerts = Alerts::new(&format!("{}-load", pages.run));
        let stop = stop.clone();
        std::thread::spawn(move || load::run(&load, alerts, &stop))
    });
    if load.is_some() {
        std::thread::sleep(LOAD_FIRST);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let found = tokio::task::LocalSet::new().block_on(&runtime, trials(pages, figures));
    stop.store(true, Ordering::Relaxed);
    if let Some(load) = load {
        let batch = pages.load.as_ref().map_or(1, |load| load.batch);
        let mut loaded = load.join().map_err(|_| "the load broke off")??;
        figures.put("load_alerts_s", (loaded.accepted * batch) as f64 / loaded.lasted);
        figures.put_waits("load_", &mut loaded.waits);
        figures.put_errors("load_errors", &loaded.errors);
    }
    found
}

async fn trials(pages: &Pages, figures: &mut Figures) -> Result<(), String> {
    let sink = Rc::new(RefCell::new(Sink::default()));
    let listener =
        TcpListener::bind(&pages.sink).await.map_err(|error| format!("the webhook at {}: {error}", pages.sink))?;
    tokio::task::spawn_local(listen(listener, sink.clone()));
    let mut alerts = Alerts::new(&pages.run);
    let mut connection = Connection::open(&pages.target.address).await.map_err(|error| error.to_string())?;
    let (mut sent, mut waits, mut errors) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (mut body, mut request) = (Vec::new(), Vec::new());
    let salt = std::process::id();
    for trial in 0..pages.trials {
        let word = format!("pgid{salt:08}{trial:06}");
        body.clear();
        body.push(b'[');
        alerts.tick();
        alerts.write(&mut body, u64::from(trial), &format!(r#","page":"yes","page_id":"{word}""#));
        body.push(b']');
        http::request(&mut request, "POST", &pages.target, &pages.headers, &body);
        let began = Instant::now();
        match timeout(PATIENCE, connection.ask(&request)).await {
            Ok(Ok(answer)) if (200..300).contains(&answer.status) => {
                waits.push(began.elapsed().as_nanos() as u64);
                sent.push((word.into_bytes(), began));
            }
            Ok(Ok(answer)) => *errors.entry(format!("status {}", answer.status)).or_default() += 1,
            failed => {
                let what =
                    failed.map_or("no answer in time".into(), |f| f.err().map_or(String::new(), |e| e.to_string()));
                *errors.entry(what).or_default() += 1;
                connection = Connection::open(&pages.target.address).await.map_err(|error| error.to_string())?;
            }
        }
        sleep(Duration::from_millis(pages.gap)).await;
    }
    let until = Instant::now() + LATEST;
    while Instant::now() < until && !sent.iter().all(|(word, _)| sink.borrow().arrived.contains_key(word)) {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(REPEATS).await;
    let sink = sink.borrow();
    let took = |(word, began): &(Vec<u8>, Instant)| {
        sink.arrived.get(word).map(|arrived| arrived.duration_since(*began).as_nanos() as u64)
    };
    let mut took: Vec<u64> = sent.iter().filter_map(took).collect();
    figures.put("pages", sent.len() as f64);
    figures.put("lost", (sent.len() - took.len()) as f64);
    figures.put("repeated", sink.repeats as f64);
    figures.put_waits("", &mut took);
    figures.put_waits("answer_", &mut waits);
    figures.put_errors("errors", &errors);
    Ok(())
}

async fn listen(listener: TcpListener, sink: Rc<RefCell<Sink>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let sink = sink.clone();
        tokio::task::spawn_local(async move {
            let mut connection = Connection::new(stream);
            while let Ok(Some(message)) = connection.read().await {
                let now = Instant::now();
                for word in words(&message.body) {
                    let mut sink = sink.borrow_mut();
                    if sink.arrived.contains_key(word) {
                        sink.repeats += 1;
                    } else {
                        sink.arrived.insert(word.to_vec(), now);
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                if connection.write(answer).await.is_err() || message.last {
                    return;
                }
            }
        });
    }
}

/// The pages that a notification tells of, each once.
fn words(body: &[u8]) -> BTreeSet<&[u8]> {
    let (mut words, mut rest) = (BTreeSet::new(), body);
    while let Some(at) = find(rest, MARK) {
        if let Some(word) = rest.get(at..at + WORD) {
            words.insert(word);
        }
        rest = &rest[at + MARK.len()..];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_tells_of_each_page_once() {
        let body = br#"{"a":"pgid00000042000001","b":"pgid00000042000001 pgid00000042000002","cut":"pgid0"}"#;
        let found: Vec<&str> = words(body).into_iter().map(|word| std::str::from_utf8(word).unwrap()).collect();
        assert_eq!(found, ["pgid00000042000001", "pgid00000042000002"]);
    }
}
