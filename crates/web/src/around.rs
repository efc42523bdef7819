//! Around every handler: a span for the traces, errors in the form that the caller reads, and what every answer carries.
//!
//! One layer that does all of it: each layer of a router costs every request a copy of all that stand inside of it.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::app::App;
use crate::handlers::errors;
use crate::handlers::frame::theme_of;
use crate::inbound::v2;
use crate::pages::Theme;
use crate::problem::Problem;

/// Who reads the answer, if it is an error.
enum Reader {
    /// Somebody before a browser; whether they wanted to change something.
    Person(Theme, bool),
    /// A client of Alertmanager's that insists on its shapes.
    Alertmanager,
    /// Anybody else: `application/problem+json`.
    Program,
}

impl Reader {
    fn of(request: &Request) -> Self {
        if v2::insists(request) {
            return Self::Alertmanager;
        }
        if errors::wants_page(request) {
            let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
            return Self::Person(theme_of(request.headers()), changes);
        }
        Self::Program
    }

    fn shape(&self, response: Response) -> Response {
        let Some(problem) = response.extensions().get::<Problem>() else { return response };
        match self {
            Self::Person(theme, changes) => errors::page(*theme, problem, *changes),
            Self::Alertmanager => v2::shaped(problem, &response),
            Self::Program => response,
        }
    }
}

/// Stands around all handlers.
pub async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let reader = Reader::of(&request);
    let span = tracing::debug_span!("request", method = %request.method(), uri = %request.uri(), status = Empty);
    let response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    with_headers(&app, reader.shape(response))
}

/// What every answer carries: nothing is run that is not ours, nothing is framed, nothing is guessed.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

fn with_headers(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if app.settings().secure_cookies {
        // A year: whoever came once by TLS never comes without.
        headers.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    response
}
