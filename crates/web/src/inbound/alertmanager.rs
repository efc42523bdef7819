//! `POST /in/INTEGRATION/alertmanager`: Alertmanager's webhook, version 4; Grafana's is read the same way.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::detect::mapping;
use domain::detect::signals::Told;
use domain::words::{Labels, Name, Refusal};

use super::Call;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const FORMAT: &str = "alertmanager-webhook";

pub async fn post_webhook(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<Name>,
    request: Request,
) -> Result<Response, Problem> {
    let call = Call::of(app, visitor, &name).await?;
    Ok(call.take(FORMAT, request, mapping::alertmanager_webhook, |_| StatusCode::OK.into_response()).await)
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
