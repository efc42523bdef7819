//! Takes connections and answers on them, with patience that ends: whoever sends half a header, or a body drop by drop,
//! is shown out. Knows nothing of what is answered.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use tower::ServiceExt as _;

use crate::address::Peer;
use crate::upload::is_upload;

/// How long we wait for a client, and how much we take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a whole header; and, on a connection that is kept open, for the next request to begin.
    pub header: Duration,
    /// Between two parts of a body.
    pub part: Duration,
    /// For a whole body.
    pub body: Duration,
    /// For a body that brings evidence: it may be large, and the line slow. A part must come in time all the same.
    pub upload: Duration,
    /// For what is being answered when we are told to stop.
    pub stop: Duration,
    /// The largest header, in bytes.
    pub header_most: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(30),
            part: Duration::from_secs(15),
            body: Duration::from_mins(2),
            upload: Duration::from_hours(6),
            stop: Duration::from_secs(10),
            header_most: 32 << 10,
        }
    }
}

/// Answers with the router until `stop` comes to be; then lets what is being answered come to its end.
pub async fn serve(listener: TcpListener, router: Router, patience: Patience, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.header).max_header_size(patience.header_most);
    let (tell, told) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            taken = take(&listener) => taken,
            () = &mut stop => break,
        };
        // Small answers go out at once.
        _ = stream.set_nodelay(true);
        let router = router.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let body = if is_upload(request.uri().path()) { patience.upload } else { patience.body };
            let mut request = request.map(|inner| Body::new(Slow::new(inner, Patience { body, ..patience })));
            request.extensions_mut().insert(Peer(peer.ip()));
            router.clone().oneshot(request)
        });
        // A line that is to become a WebSocket is handed over, and is no connection of ours any more.
        let connection = http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        let mut told = told.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = told.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "a connection broke off");
            }
            drop(told);
        });
    }
    drop(listener);
    drop(told);
    _ = tell.send(());
    // A page that follows what happens never ends by itself.
    _ = tokio::time::timeout(patience.stop, tell.closed()).await;
}

/// The next connection. When there are too many open already, it comes when some are gone.
async fn take(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(taken) => return taken,
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be taken");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether the error is of the one connection, and not of the listener.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A body that must come in time.
struct Slow {
    inner: Incoming,
    patience: Patience,
    /// Until the next part must be there, and the whole. Most bodies are there at once, and nothing is waited for.
    part: Option<Pin<Box<Sleep>>>,
    whole: Option<Pin<Box<Sleep>>>,
}

impl Slow {
    fn new(inner: Incoming, patience: Patience) -> Self {
        Self { inner, patience, part: None, whole: None }
    }
}

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.part = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
        }
        let Patience { part, body, .. } = this.patience;
        let mut over = |timer: &mut Option<Pin<Box<Sleep>>>, time: Duration| {
            timer.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(cx).is_ready()
        };
        if over(&mut this.part, part) || over(&mut this.whole, body) {
            return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Whether reading a body failed because it did not come in time.
pub fn is_too_slow(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub struct TooSlow;
