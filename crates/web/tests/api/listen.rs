//! Real connections: whoever sends half of something is shown out, and being told to stop lets an answer come to its end.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use web::listen::{Patience, serve};

use crate::support::House;

const PATIENCE: Patience = Patience {
    header: Duration::from_millis(300),
    part: Duration::from_millis(300),
    body: Duration::from_millis(900),
    upload: Duration::from_mins(1),
    stop: Duration::from_millis(500),
    header_most: 8 << 10,
};

struct Listening {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
    token: String,
}

impl Listening {
    async fn new() -> Self {
        let mut house = House::new();
        let token = house.token("rob", &[], None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = house.router();
        let done = tokio::spawn(async move {
            serve(listener, router, PATIENCE, async { drop(stopped.await) }).await;
            drop(house);
        });
        Self { address, stop, done, token }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// What comes until the other side closes; it must, within some seconds.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    // A reset is as good as an end.
    drop(read.expect("the connection is closed"));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_header_is_not_waited_for() {
    let listening = Listening::new().await;
    for begun in ["", "GET /health HTTP/1.1\r\nhost: allclear\r\nx-slow: "] {
        let mut stream = listening.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        let said = rest(&mut stream).await;
        assert!(!said.contains(" 200 "), "{begun:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_kept_open_for_nothing_is_closed() {
    let listening = Listening::new().await;
    let mut stream = listening.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET /-/ready HTTP/1.1\r\nhost: allclear\r\n\r\n").await.unwrap();
        let mut some = [0; 4096];
        let count = stream.read(&mut some).await.unwrap();
        assert!(String::from_utf8_lossy(&some[..count]).starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_of_a_header_is_refused() {
    let listening = Listening::new().await;
    let mut stream = listening.connect().await;
    let long = format!("GET /health HTTP/1.1\r\nhost: allclear\r\nx-long: {}\r\n\r\n", "x".repeat(9 << 10));
    stream.write_all(long.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_or_comes_drop_by_drop_is_not_waited_for() {
    let listening = Listening::new().await;
    let head = format!(
        "POST /api/v1/silences HTTP/1.1\r\nhost: allclear\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\n\r\n",
        listening.token
    );
    let mut stream = listening.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let said = rest(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.contains("the body did not come in time"), "{said}");
    // Each drop comes in time, the whole does not.
    let mut stream = listening.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let drops = tokio::spawn(async move {
        while to.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = vec![0; 4096];
    let count = timeout(Duration::from_secs(10), from.read(&mut said)).await.expect("an answer").unwrap();
    assert!(String::from_utf8_lossy(&said[..count]).starts_with("HTTP/1.1 408 "));
    drop(from);
    drops.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_told_to_stop_it_stops_though_somebody_follows_what_happens() {
    let listening = Listening::new().await;
    let mut stream = listening.connect().await;
    let head = format!("GET /live HTTP/1.1\r\nhost: allclear\r\nauthorization: Bearer {}\r\n\r\n", listening.token);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut some = [0; 4096];
    let count = stream.read(&mut some).await.unwrap();
    assert!(String::from_utf8_lossy(&some[..count]).starts_with("HTTP/1.1 200 "));
    listening.stop.send(()).unwrap();
    timeout(Duration::from_secs(5), listening.done).await.expect("it stops").unwrap();
    assert!(TcpStream::connect(listening.address).await.is_err(), "nobody listens any more");
}
