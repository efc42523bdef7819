//! An HTTP/1.1 server that keeps what it was sent and answers as told. No more HTTP than these tests need.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `POST /hook HTTP/1.1`
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Which connection it came on, counted from 1.
    pub(crate) connection: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Vec<Request>>>,
}

impl Sink {
    /// Answers every request with these bytes, as they are.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        Self::serving(answer, usize::MAX).await
    }

    /// Answers so many requests on each connection; at the next one it hangs up without a word.
    pub(crate) async fn serving(answer: impl Into<Vec<u8>>, each: usize) -> Self {
        let answer = answer.into();
        Self::by(move |_| answer.clone(), each).await
    }

    /// Answers each request as is said, and so many on each connection. Where nothing is said it is silent.
    pub(crate) async fn by(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static, each: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        let answer: Arc<Answering> = Arc::new(answer);
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                let _ = stream.set_nodelay(true);
                tokio::spawn(talk(stream, connection, Arc::clone(&answer), each, Arc::clone(&record)));
            }
        });
        Self { port, seen }
    }

    /// Answers with a status, headers (each with its line end) and a body.
    pub(crate) async fn with(status: &str, headers: &str, body: &str) -> Self {
        Self::answering(response(status, headers, body)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// An answer with a status, headers (each with its line end) and a body.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

type Answering = dyn Fn(&Request) -> Vec<u8> + Send + Sync;

async fn talk(
    mut stream: TcpStream,
    connection: usize,
    answer: Arc<Answering>,
    each: usize,
    record: Arc<Mutex<Vec<Request>>>,
) {
    let mut answered = 0;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read(&mut chunk).await {
                Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
                _ => return,
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let mut lines = text.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
        while bytes.len() < head + length {
            match stream.read(&mut chunk).await {
                Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
                _ => return,
            }
        }
        let body = bytes[head..head + length].to_vec();
        bytes.drain(..head + length);
        let request = Request { line, headers, body, connection };
        let answer = answer(&request);
        record.lock().unwrap().push(request);
        if answered == each {
            return;
        }
        answered += 1;
        if answer.is_empty() {
            // Silent: keeps the connection open and never answers.
            std::future::pending::<()>().await;
        }
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}
