//! The proof for `allclear watch`: signed, fresh, and about a synthetic alert that was paged. Not there unless a watch
//! secret is set.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::engage::watch::{PROOF_HEADER, Proof, sign};
use domain::words::Refusal;

use crate::app::App;
use crate::problem::Problem;

/// Proves that a synthetic alert gets through. The header `allclear-proof` signs the body with the watch secret.
#[utoipa::path(get, path = "/api/v1/proof", tag = "watch",
    responses((status = 200, description = "A proof: instance, at, synthetic", body = serde_json::Value)))]
pub async fn proof(State(app): State<App>) -> Result<Response, Problem> {
    let Some(secret) = app.settings().watch_secret.clone() else {
        return Err(Refusal::not_found("proof: no watch secret is set (--watch-secret)").into());
    };
    let now = app.now();
    let synthetic = app.read(actions::engage::watch::newest).await?;
    let proof = Proof { instance: app.settings().public_url.clone(), at: now, synthetic };
    let body =
        serde_json::to_vec(&proof).map_err(|why| store::Error::other(format!("a proof has no JSON form: {why}")))?;
    let signature = sign(secret.as_bytes(), &body);
    let kind = "application/json".to_owned();
    Ok((StatusCode::OK, [(CONTENT_TYPE.as_str(), kind), (PROOF_HEADER, signature)], body).into_response())
}
