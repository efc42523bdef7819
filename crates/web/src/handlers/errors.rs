//! Errors as pages: whoever asked for HTML gets a page for what programs get as `application/problem+json`.

use askama::Template;
use axum::extract::Request;
use axum::http::header::ACCEPT;
use axum::response::Response;

use super::frame::{html_page, sentence};
use crate::pages::bare::ErrorPage;
use crate::pages::{Link, Theme};
use crate::problem::Problem;

/// Whether it is a page that is asked for.
pub fn wants_page(request: &Request) -> bool {
    let path = request.uri().path();
    let program = path.starts_with("/api/") || path.starts_with("/in/");
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    !program && accepts.contains("text/html")
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
