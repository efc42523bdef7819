//! `POST /in/INTEGRATION/alertmanager`: Alertmanager's webhook, version 4; Grafana's is read the same way.

use actions::detect::signals::Incoming;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::detect::mapping;
use domain::detect::signals::Told;
use domain::words::{Labels, Name, Refusal};

use super::{body, integration_of, json, receive, received_at, reject, rules_with};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const FORMAT: &str = "alertmanager-webhook";

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
    let bytes = match body(&app, request).await {
        Ok(bytes) => bytes,
        Err(refusal) => {
            return reject(&app, &visitor, Some(integration), FORMAT, refusal, axum::body::Bytes::new()).await;
        }
    };
    let now = received_at(&app);
    let read = json(&bytes)
        .and_then(|value| mapping::alertmanager_webhook(&value, now))
        .map(|told| with_labels(told, rules.extra(&integration)))
        .and_then(|told| Incoming::told(integration.clone(), FORMAT, &told, false, now));
    match read {
        Ok(incoming) => match receive(&app, incoming).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(problem) => problem.into_response(),
        },
        Err(refusal) => reject(&app, &visitor, Some(integration), FORMAT, refusal, bytes).await,
    }
}

/// Alerts with the integration's own labels, where they do not have them themselves.
pub(crate) fn with_labels(told: Vec<Told>, extra: &[(String, String)]) -> Vec<Told> {
    if extra.is_empty() {
        return told;
    }
    let add = |mut told: Told| {
        let missing = extra.iter().filter(|(name, _)| told.labels.get(name).is_none());
        let missing: Vec<(&str, &str)> = missing.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        told.labels = Labels::from_pairs(told.labels.iter().chain(missing));
        told
    };
    told.into_iter().map(add).collect()
}

/// The refusal of a call whose integration speaks another language.
pub(crate) fn wrong_kind(name: &Name, is: &str, expected: &str) -> Refusal {
    Refusal::conflict(format!("the integration {name} is {is}; this URL is for {expected}"))
}
