//! Whose fields of documents are, over the API: what an apply of files keeps, and where files and documents drift apart.

use actions::prepare::ownership as acts;
use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documents::{self, Changeset, DocumentSet, SetQuery};
use crate::api::body::{Raw, Search};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A field in which what is in force differs from what files say, and who set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DifferingField {
    /// What `take` calls it: `schedule/payments:/layers`.
    pub field: String,
    /// Absent: there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_files: Option<String>,
    /// What set it. Absent: longer ago than is looked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Changeset>,
}

/// A document that differs from files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    pub document: String,
    /// `differs`; `missing`: in the files, and not in force; `extra`, if they prune: in force, and not in the files, which
    /// have others of its kind.
    pub how: String,
    pub fields: Vec<DifferingField>,
    /// What changed the document last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Changeset>,
}

pub(super) fn field(one: &acts::Differing) -> DifferingField {
    DifferingField {
        field: one.field.to_string(),
        in_force: one.in_force.clone(),
        in_files: one.in_files.clone(),
        set: one.set.as_ref().map(documents::changeset),
    }
}

fn wire(one: &acts::Drift) -> Drift {
    Drift {
        document: one.reference.to_string(),
        how: one.how.word().into(),
        fields: one.fields.iter().map(field).collect(),
        last: one.last.as_ref().map(documents::changeset),
    }
}

/// Where documents in force differ from what files said last: what was set by hand since.
#[utoipa::path(get, path = "/api/v1/drift", tag = "documents", responses((status = 200, body = Listing<Drift>)))]
pub async fn set_by_hand(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Listing<Drift>>, Problem> {
    let reader = visitor.reader();
    let found = app.read(move |tx| acts::set_by_hand(tx, &reader)).await?;
    Ok(Json(Listing::whole(found.iter().map(wire).collect())))
}

/// Where documents in force differ from these, field by field, with who changed them. Changes nothing.
#[utoipa::path(post, path = "/api/v1/drift", tag = "documents", params(SetQuery),
    request_body(content((DocumentSet = "application/json"), (String = "application/yaml"))),
    responses((status = 200, body = Listing<Drift>)))]
pub async fn drift(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<SetQuery>,
    raw: Raw,
) -> Result<Json<Listing<Drift>>, Problem> {
    let order = documents::order_of(&documents::read_set(&raw, query)?)?;
    let reader = visitor.reader();
    let found = app.read(move |tx| acts::drift(tx, &order.proposals, order.prune, &reader)).await?;
    Ok(Json(Listing::whole(found.iter().map(wire).collect())))
}
