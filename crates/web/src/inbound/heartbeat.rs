//! `/in/INTEGRATION/heartbeat`: a check calls in. Any method will do, so that any tool can.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::words::Name;
use serde_json::json;

use super::{integration_of, rules_with};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

pub async fn beat(State(app): State<App>, Extension(visitor): Extension<Visitor>, Path(name): Path<Name>) -> Response {
    let integration = match rules_with(&app, Some(&name)).await {
        Ok(rules) => integration_of(&visitor, Some(&name), &rules),
        Err(halt) => return Problem::from(halt).into_response(),
    };
    let integration = match integration {
        Ok(integration) => integration,
        Err(refusal) => return Problem::from(refusal).into_response(),
    };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        actions::detect::heartbeats::beat(store, node, moment, &integration)
    });
    match done.await {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "heartbeat": "received" }))).into_response(),
        Err(halt) => Problem::from(halt).into_response(),
    }
}
