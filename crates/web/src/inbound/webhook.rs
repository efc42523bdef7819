//! `POST /in/INTEGRATION/webhook`: any JSON, read by the mapping in the integration's document.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::detect::integrations::Source;
use domain::detect::mapping;
use domain::words::Name;
use serde_json::{Value, json};

use super::Call;
use super::alertmanager::wrong_kind;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const FORMAT: &str = "webhook";

pub async fn post_webhook(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Result<Response, Problem> {
    let call = Call::of(app, visitor, &name).await?;
    let found = call.rules.catalog.integrations.get(&call.integration).map(|found| found.source.clone());
    let Some(Source::Webhook { mapping }) = found else {
        return Err(wrong_kind(&call.integration, "not a generic webhook", "generic webhooks").into());
    };
    let read = |value: &Value, now| mapping::map(&mapping, value, now);
    Ok(call.take(FORMAT, request, read, accepted).await)
}

fn accepted(alerts: usize) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "alerts": alerts }))).into_response()
}
