//! `GET /health`: whether this process does its work. 200, or 503 and why.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::words::Span;
use serde_json::json;

use crate::app::App;

/// A message that is due for longer than this means that pages are stuck.
const STUCK: Span = Span::minutes(2);

pub async fn get_health(State(app): State<App>) -> Response {
    let now = app.now();
    let broken = app.store().broken();
    let load = app.read(move |tx| Ok(store::outbox::load(tx, now, now)?)).await;
    let trouble = match (&broken, &load) {
        (Some(why), _) => Some(format!("the database takes no more writes: {why}; restart")),
        (None, Err(_)) => Some("the database does not answer".to_owned()),
        (None, Ok(load)) => load
            .oldest_due
            .filter(|due| STUCK.after(*due) < now)
            .map(|due| format!("a message is due since {due} and not sent")),
    };
    let status = if trouble.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let word = if trouble.is_some() { "failing" } else { "ok" };
    let (version, mail) = (app.settings().version, app.settings().mail);
    (status, Json(json!({ "status": word, "why": trouble, "version": version, "mail": mail }))).into_response()
}
