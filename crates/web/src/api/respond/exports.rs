//! The record of an incident for others: as a bundle of STIX 2.1, as an incident of VERIS.

use actions::respond::exports as acts;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::respond::exports::Language;

use super::incidents::id;
use super::observables::ExportQuery;
use crate::api::body::Search;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

async fn export(
    app: App,
    visitor: Visitor,
    text: &str,
    query: &ExportQuery,
    language: Language,
    kind: &'static str,
) -> Result<Response, Problem> {
    let (id, most, node) = (id(text)?, query.tlp.unwrap_or_default(), app.clone());
    let made = app.read(move |tx| acts::export(tx, node.node(), id, visitor.sight(), language, most)).await?;
    let text = serde_json::to_string_pretty(&made)
        .map_err(|error| store::Error::other(format!("the record has no form as JSON: {error}")))
        .map_err(store::Halt::from)?;
    let name = format!("attachment; filename=\"{id}.{language}.json\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

/// What is marked at most so, as a bundle of STIX 2.1; the incident itself is marked AMBER, and RED if it is restricted.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/export.stix.json", tag = "record",
    params(("id" = String, Path), ExportQuery),
    responses((status = 200, body = serde_json::Value, content_type = "application/stix+json")))]
pub async fn stix(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(query): Search<ExportQuery>,
) -> Result<Response, Problem> {
    export(app, visitor, &text, &query, Language::Stix, "application/stix+json").await
}

/// The same as an incident of VERIS 1.4. What nobody recorded is "Unknown". Goes no further than the incident is marked.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/export.veris.json", tag = "record",
    params(("id" = String, Path), ExportQuery), responses((status = 200, body = serde_json::Value)))]
pub async fn veris(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(query): Search<ExportQuery>,
) -> Result<Response, Problem> {
    export(app, visitor, &text, &query, Language::Veris, "application/json").await
}
