//! The sealed journal over the API: the newest checkpoint and the key as texts to keep elsewhere, and the proven record of
//! one incident as a file.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::words::Refusal;

use super::respond::incidents::{detail, id};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

const TEXT: &str = "text/plain; charset=utf-8";

fn nothing() -> Refusal {
    Refusal::not_found("seal yet: the journal is sealed some seconds after it is written")
}

/// The newest signed checkpoint of the journal: keep it elsewhere, and `allclear verify --against` shows that the past was
/// not written anew since.
#[utoipa::path(get, path = "/api/v1/journal/checkpoint", tag = "journal",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let note = app.read(|tx| Ok(actions::seals::checkpoint(tx)?)).await?.ok_or_else(nothing)?;
    Ok(([(CONTENT_TYPE, TEXT)], note).into_response())
}

/// The public key that checkpoints are checked with: keep it elsewhere, and give it to `allclear verify --key`.
#[utoipa::path(get, path = "/api/v1/journal/key", tag = "journal",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn key(State(app): State<App>) -> Result<Response, Problem> {
    let key = app.read(|tx| Ok(actions::seals::public_key(tx)?)).await?.ok_or_else(nothing)?;
    Ok(([(CONTENT_TYPE, TEXT)], format!("{key}\n")).into_response())
}

/// One incident with its timeline and the proof that nothing of it was changed, in one file: `allclear verify FILE` checks
/// it without a server.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/bundle", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = serde_json::Value)))]
pub async fn bundle(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let made = app.act(visitor.actor(), move |store, node, moment| {
        let now = moment.now;
        actions::seals::bundle(store, node, moment, id, visitor.sight(), |room| {
            serde_json::to_value(detail(room, now)).unwrap_or_default()
        })
    });
    let text = serde_json::to_string_pretty(&made.await?)
        .map_err(|error| store::Error::other(format!("the bundle has no form as JSON: {error}")))
        .map_err(store::Halt::from)?;
    let name = format!("attachment; filename=\"{id}.bundle.json\"");
    Ok(([(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}
