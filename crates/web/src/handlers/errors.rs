//! Errors as pages: whoever asked for HTML gets a page for what programs get as `application/problem+json`.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::ACCEPT;
use axum::middleware::Next;
use axum::response::Response;

use super::frame::{html_page, sentence, theme_of};
use crate::app::App;
use crate::pages::bare::ErrorPage;
use crate::pages::{Link, Theme};
use crate::problem::Problem;

/// The frame around all handlers.
pub async fn as_pages(State(_app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let program = path.starts_with("/api/") || path.starts_with("/in/");
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if program || !accepts.contains("text/html") {
        return next.run(request).await;
    }
    let theme = theme_of(request.headers());
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) => page(theme, problem, changes),
        None => response,
    }
}

/// A problem as a page.
pub fn page(theme: Theme, problem: &Problem, changes: bool) -> Response {
    let text = match &problem.at {
        Some(at) => format!("{at}: {}", problem.detail),
        None => problem.detail.clone(),
    };
    let text = sentence(&text);
    let mut page = match problem.status {
        404 => ErrorPage::not_found(theme, &text),
        403 => ErrorPage::forbidden(theme, &text),
        500 | 503 => ErrorPage::failed(theme, problem.incident.as_deref().unwrap_or("")),
        status => ErrorPage {
            theme,
            status,
            title: match status {
                400 => "This cannot be done so",
                401 => "Sign in first",
                409 | 412 => "It is no longer as it was",
                413 => "This is too large",
                429 => "Too often",
                _ => problem.title,
            }
            .into(),
            text: if changes { format!("{text} Nothing was changed.") } else { text },
            id: None,
            links: vec![Link::new("Go to the alerts", "/alerts")],
        },
    };
    page.status = problem.status;
    page.id.clone_from(&problem.incident);
    let html = page.render().unwrap_or_else(|_| problem.detail.clone());
    html_page(problem.status(), html)
}
