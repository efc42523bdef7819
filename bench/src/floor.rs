//! The floor: the least that a durable server must do. It reads and parses, appends to a log that was laid out before,
//! syncs once for whatever has gathered, and only then answers; a paging alert goes on to the webhook after that.
//!
//! It remembers nothing, groups nothing and never tries again. What a product reaches beside it in one run tells what its
//! own work costs on this machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::sync::mpsc;

use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

use crate::http::{Connection, find};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed as a server must, and then not used")]
struct Alert<'a> {
    #[serde(borrow)]
    labels: HashMap<&'a str, &'a str>,
    #[serde(borrow)]
    annotations: HashMap<&'a str, &'a str>,
    starts_at: &'a str,
    ends_at: &'a str,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
}

/// A body, and whom to tell when it is on the disk.
type Waiting = (Vec<u8>, oneshot::Sender<Vec<u8>>);

const LOG: usize = 128 << 20;
/// So much is written in one go at most.
const GATHERED: usize = 8 << 20;
const PAGE: usize = 4096;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const BAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// Serves until the program is ended.
pub fn run(listen: &str, log: &str, sink: Option<String>) -> Result<(), String> {
    let tell = |error: std::io::Error| error.to_string();
    let file = lay_out(log, LOG).map_err(|error| format!("{log}: {error}"))?;
    let (hand, handed) = mpsc::channel::<Waiting>();
    std::thread::spawn(move || keep(file, &handed));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(tell)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(tell)?;
        let relay = sink.map(|sink| {
            let (pass, passed) = tokio_mpsc::unbounded_channel();
            tokio::spawn(carry(sink, passed));
            pass
        });
        loop {
            let (stream, _) = listener.accept().await.map_err(tell)?;
            tokio::spawn(serve(Connection::new(stream), hand.clone(), relay.clone()));
        }
    })
}

/// A file whose blocks are all there: writing over it changes nothing in the file system but the data.
pub fn lay_out(path: &str, size: usize) -> std::io::Result<File> {
    let mut file = File::create(path)?;
    for _ in 0..size >> 20 {
        file.write_all(&[1; 1 << 20])?;
    }
    file.sync_all()?;
    file.rewind()?;
    Ok(file)
}

async fn serve(
    mut connection: Connection,
    log: mpsc::Sender<Waiting>,
    relay: Option<tokio_mpsc::UnboundedSender<Vec<u8>>>,
) {
    while let Ok(Some(message)) = connection.read().await {
        let answer = match message.body {
            body if body.is_empty() => OK,
            body if serde_json::from_slice::<Vec<Alert>>(&body).is_err() => BAD,
            body => {
                let (told, kept) = oneshot::channel();
                if log.send((body, told)).is_err() {
                    return;
                }
                let Ok(body) = kept.await else { return };
                if let Some(relay) =
                    relay.as_ref().filter(|_| body.len() < PAGE && find(&body, b"\"page_id\"").is_some())
                {
                    _ = relay.send(body);
                }
                OK
            }
        };
        if connection.write(answer).await.is_err() || message.last {
            return;
        }
    }
}

/// The log: what has gathered is written and synced at once, round and round.
fn keep(mut file: File, handed: &mpsc::Receiver<Waiting>) {
    let (mut at, mut gathered, mut waiting) = (0, Vec::new(), Vec::new());
    while let Ok(first) = handed.recv() {
        let mut next = Some(first);
        while let Some((body, told)) = next {
            gathered.extend_from_slice(&(body.len() as u64).to_le_bytes());
            gathered.extend_from_slice(&body);
            waiting.push((body, told));
            next = if gathered.len() < GATHERED { handed.try_recv().ok() } else { None };
        }
        gathered.resize(gathered.len().next_multiple_of(PAGE), 0);
        if at + gathered.len() > LOG {
            at = 0;
            file.rewind().expect("the log can be gone back in");
        }
        file.write_all(&gathered).expect("the log can be written");
        file.sync_data().expect("the log can be synced");
        at += gathered.len();
        gathered.clear();
        for (body, told) in waiting.drain(..) {
            _ = told.send(body);
        }
    }
}

/// Passes pages on, one after the other on a connection that stays open. One that is refused is lost.
async fn carry(sink: String, mut passed: tokio_mpsc::UnboundedReceiver<Vec<u8>>) {
    let target = crate::http::Target { address: sink, path: "/hook".into() };
    let (mut open, mut request) = (None, Vec::new());
    while let Some(body) = passed.recv().await {
        crate::http::request(&mut request, "POST", &target, "", &body);
        // A connection that the webhook closed meanwhile is opened again, once.
        for _ in 0..2 {
            if open.is_none() {
                open = Connection::open(&target.address).await.ok();
            }
            let Some(connection) = open.as_mut() else { break };
            if connection.ask(&request).await.is_ok() {
                break;
            }
            open = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Alerts;

    #[test]
    fn the_floor_reads_what_is_sent() {
        let mut alerts = Alerts::new("t");
        alerts.tick();
        let mut body = vec![b'['];
        alerts.write(&mut body, 5, r#","page_id":"x""#);
        body.push(b']');
        let read: Vec<Alert> = serde_json::from_slice(&body).unwrap();
        assert_eq!(read[0].labels["seq"], "5");
        assert!(serde_json::from_slice::<Vec<Alert>>(b"[{}]").is_err());
    }
}
