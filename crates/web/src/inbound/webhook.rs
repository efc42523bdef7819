//! `POST /in/INTEGRATION/webhook`: any JSON, read by the mapping in the integration's document.

use actions::detect::signals::Incoming;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::detect::integrations::Source;
use domain::detect::mapping;
use domain::words::Name;
use serde_json::json;

use super::alertmanager::{with_labels, wrong_kind};
use super::{body, integration_of, json, receive, received_at, reject, rules_with};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const FORMAT: &str = "webhook";

pub async fn post_webhook(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Response {
    let rules = match rules_with(&app, Some(&name)).await {
        Ok(rules) => rules,
        Err(halt) => return Problem::from(halt).into_response(),
    };
    let integration = match integration_of(&visitor, Some(&name), &rules) {
        Ok(integration) => integration,
        Err(refusal) => return Problem::from(refusal).into_response(),
    };
    let Some(Source::Webhook { mapping }) = rules.catalog.integrations.get(&integration).map(|found| &found.source)
    else {
        return Problem::from(wrong_kind(&integration, "not a generic webhook", "generic webhooks")).into_response();
    };
    let bytes = match body(&app, request).await {
        Ok(bytes) => bytes,
        Err(refusal) => {
            return reject(&app, &visitor, Some(integration), FORMAT, refusal, axum::body::Bytes::new()).await;
        }
    };
    let now = received_at(&app);
    let read = json(&bytes)
        .and_then(|value| mapping::map(mapping, &value, now))
        .map(|told| with_labels(told, rules.extra(&integration)))
        .and_then(|told| Incoming::told(integration.clone(), FORMAT, &told, false, now));
    match read {
        Ok(incoming) => {
            let alerts = incoming.signals.len();
            match receive(&app, incoming).await {
                Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "alerts": alerts }))).into_response(),
                Err(problem) => problem.into_response(),
            }
        }
        Err(refusal) => reject(&app, &visitor, Some(integration), FORMAT, refusal, bytes).await,
    }
}
