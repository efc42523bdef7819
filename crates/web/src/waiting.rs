//! While the database is away at the start: programs get the flags that were kept, and everybody else is told to come again.
//!
//! Nothing can be checked without the database, so nothing else is answered; what is measured says that flags are old.

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::metrics::FLAGS_KEPT;
use crate::ofrep::{self, Programs};
use crate::problem::Problem;

/// Says since when what is served has not been read from the database.
const KEPT_AT: HeaderName = HeaderName::from_static("allclear-flags-kept-at");
/// In so many seconds it is worth another try.
const COME_AGAIN: u64 = 5;

/// The router until the store is open.
pub fn router(programs: &Programs) -> Router {
    let mut router = Router::new();
    for (_, path, handler) in ofrep::lines() {
        router = router.route(path, handler);
    }
    router
        .route("/metrics", get(metrics))
        .fallback(away)
        .layer(middleware::map_response_with_state(programs.clone(), mark))
        .with_state(programs.clone())
}

async fn mark(State(programs): State<Programs>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    if let Some(at) = programs.kept_at().and_then(|at| HeaderValue::from_str(&at.to_string()).ok()) {
        headers.insert(KEPT_AT, at);
    }
    if headers.contains_key(ACCESS_CONTROL_EXPOSE_HEADERS) {
        headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("allclear-flags-kept-at"));
    }
    response
}

async fn metrics(State(programs): State<Programs>) -> Response {
    let at = programs.kept_at().map_or(0, jiff::Timestamp::as_second);
    let (name, help) = FLAGS_KEPT;
    let text = format!("# HELP allclear_{name} {help}.\n# TYPE allclear_{name} gauge\nallclear_{name} {at}\n");
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn away() -> Response {
    let detail = "the database cannot be reached; programs get the flags that were kept, and nothing else is answered";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    Problem { retry_after: Some(COME_AGAIN), ..problem }.into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actions::change::flags::{Flags, Snapshot};
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, header};
    use domain::words::Timestamp;
    use tower::ServiceExt as _;

    use super::*;

    const KEPT: &str = r#"{"form":1,"at":"2026-09-21T14:00:00Z","environments":{"production":{"spec":{"title":"Production"},
        "flags":{"flags":{"checkout":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}}},
        "kills":[{"flag":"checkout","to":{"variant":"off"},"at":"2026-09-21T13:00:00Z","expires_at":"2026-09-22T13:00:00Z"}],
        "version":"v","knows_until":"2026-09-21T13:00:00Z"}},
        "keys":[{"hash":"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b","id":"ekey","environment":"production",
        "kind":"server","expires_at":null}]}"#;

    #[tokio::test]
    async fn programs_are_answered_and_marked_and_everybody_else_comes_again() {
        let flags = Arc::new(Flags::default());
        let id = domain::words::Mint::seeded(1).id::<domain::words::EnvironmentKeyId>(Timestamp::UNIX_EPOCH);
        flags.restore(Snapshot::from_bytes(KEPT.replace("ekey", &id.to_string()).as_bytes()).unwrap());
        let now: Timestamp = "2026-09-21T15:00:00Z".parse().unwrap();
        let router = router(&Programs::new(flags, Arc::new(move || now), "".parse().unwrap(), None));
        let ask = |method: &str, path: &str, key: &str| {
            let request =
                Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
            let (router, request) = (router.clone(), request.body(Body::empty()).unwrap());
            async move {
                let response = router.oneshot(request).await.unwrap();
                let marked = response.headers().get(KEPT_AT).map(|at| at.to_str().unwrap().to_owned());
                assert_eq!(marked.as_deref(), Some("2026-09-21T14:00:00Z"));
                let status = response.status().as_u16();
                let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
                (status, String::from_utf8(body.to_vec()).unwrap())
            }
        };
        let one = "/ofrep/v1/evaluate/flags/checkout";
        let (status, body) = ask("POST", one, "secret").await;
        assert_eq!((status, body.contains(r#""variant":"off""#)), (200, true), "{body}");
        assert_eq!(ask("POST", "/ofrep/v1/evaluate/flags", "secret").await.0, 200);
        assert_eq!(ask("POST", one, "another").await.0, 401);
        for (method, path) in [("GET", "/"), ("GET", "/health"), ("GET", "/api/v1/flags"), ("POST", "/api/v2/alerts")] {
            assert_eq!(ask(method, path, "secret").await.0, 503, "{path}");
        }
        let (status, body) = ask("GET", "/metrics", "").await;
        assert_eq!((status, body.lines().last()), (200, Some("allclear_flags_kept_at_seconds 1789999200")));
    }
}
