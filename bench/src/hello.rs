//! Hello: the least that a server on the same HTTP stack can do. What flags over OFREP reach beside it in one run tells
//! what evaluating them costs.

use axum::Router;
use axum::routing::any;

/// Serves until the program is ended.
pub fn run(listen: &str) -> Result<(), String> {
    let tell = |error: std::io::Error| error.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(tell)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(tell)?;
        let router = Router::new().route("/hello", any(async || "Hello, world!"));
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| _ = stream.set_nodelay(true)), router)
            .await
            .map_err(tell)
    })
}
