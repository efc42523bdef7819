//! What the receivers of the webhooks in documents verify signatures with, over the API.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::prepare::addresses::webhooks;
use domain::prepare::documents::Kind;
use domain::words::Refusal;
use serde::{Deserialize, Serialize};
use store::prepare::documents as rows;
use utoipa::ToSchema;

use super::documents::reference;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A webhook of a document, and what its receiver verifies signatures with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookSecret {
    /// The name of the contact, or the step of the policy.
    pub place: String,
    pub url: String,
    /// `whsec_...`, as the libraries of Standard Webhooks want it. Each URL has its own.
    pub secret: String,
}

/// What the receivers of a document's webhooks verify signatures with: of a person's, for themselves and managers; of
/// an escalation policy's, for managers.
#[utoipa::path(get, path = "/api/v1/documents/{kind}/{name}/webhook-secrets", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Listing<WebhookSecret>)))]
pub async fn webhook_secrets(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Json<Listing<WebhookSecret>>, Problem> {
    let (reference, reader) = (reference(&kind, &name)?, visitor.reader());
    let own = reference.kind == Kind::Person && reader.sees(&reference.name);
    if !own && !reader.sees_all() {
        return Err(Refusal::forbidden("what webhooks are signed with is for managers").into());
    }
    let found = app.read(move |tx| {
        rows::head(tx, &reference)?.ok_or_else(|| Refusal::not_found(format!("document {reference}")).into())
    });
    let all = webhooks(&found.await?.document.spec).into_iter();
    let secrets = all.map(|(place, url)| WebhookSecret { secret: app.webhook_secret(&url), place, url });
    Ok(Json(Listing::whole(secrets.collect())))
}
