//! The git source over the API: what its files would change, and the hook that has it fetched.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use domain::words::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documents::{self, Finding, Plan};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;
use crate::source;

/// A branch with files of documents, and what it would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DocumentSource)]
pub struct Source {
    pub place: String,
    pub branch: String,
    /// Absent: it was never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The first line of what the commit says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_at: Option<Timestamp>,
    /// Why it could not be fetched the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What in its files does not read.
    pub unread: Vec<Finding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

fn followed(app: &App) -> Result<std::sync::Arc<source::Source>, Refusal> {
    app.source().ok_or_else(|| Refusal::not_found("git source: the server was started without --git-source"))
}

/// The git source, and what its files would change. A person applies it, on the page of documents.
#[utoipa::path(get, path = "/api/v1/documents/source", tag = "documents", responses((status = 200, body = Source)))]
pub async fn one(State(app): State<App>, Extension(visitor): Extension<Visitor>) -> Result<Json<Source>, Problem> {
    let followed = followed(&app)?;
    let state = followed.state();
    let (again, now, reader) = (app.clone(), app.now(), visitor.reader());
    let found = app.read(move |tx| source::changes(tx, &again, now, &reader)).await?;
    let (files, waiting) = found.unzip();
    Ok(Json(Source {
        place: followed.place.clone(),
        branch: followed.branch.clone(),
        commit: files.as_ref().map(|files| files.commit.clone()),
        subject: files.as_ref().map(|files| files.subject.clone()),
        fetched_at: state.fetched_at,
        error: state.error,
        unread: waiting.iter().flat_map(|waiting| &waiting.unread).map(documents::finding).collect(),
        plan: waiting.as_ref().map(|waiting| documents::plan_wire(&waiting.preview.plan)),
    }))
}

/// Has the source fetched soon: call it when somebody pushed. Whatever is sent is not read.
#[utoipa::path(post, path = "/api/v1/documents/source", tag = "documents",
    responses((status = 202, description = "It is fetched within seconds; nothing is applied.")))]
pub async fn pushed(State(app): State<App>) -> Result<StatusCode, Problem> {
    followed(&app)?.ring();
    Ok(StatusCode::ACCEPTED)
}
