//! Documents that are proposed as a change, over the API: proposed, read with what they would do, edited, brought up to date, applied.

use actions::change::changes::find;
use actions::change::document_proposals::{self as acts, WantedDocuments};
use actions::prepare::documents as prepared;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Halt, Tx};
use utoipa::ToSchema;

use super::changes::{ChangeSheet, id, shown, wire};
use crate::api::body::{Body, created};
use crate::api::prepare::documents::{DocumentSet, Plan, order_of, plan_wire};
use crate::app::App;
use crate::enter::Visitor;
use crate::pin_runs;
use crate::problem::Problem;

/// Documents that are proposed as one change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocumentProposal {
    pub title: String,
    pub why: String,
    /// The documents, as for `plan` and `apply`. What is said there of a reason, a base or an override is not read.
    pub set: DocumentSet,
    /// It does not wait for an approval. Then it is part of an open incident, and whoever applies it may write these documents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// The documents of a change, written anew, all of them. What was approved is void.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentProposalEdit {
    /// The one that was read.
    pub revision: u32,
    pub title: String,
    pub why: String,
    pub set: DocumentSet,
}

/// The documents of a change, as they would come to be now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProposedDocuments {
    pub change: String,
    pub revision: u32,
    /// The branch of the git source that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What applying it would do.
    pub plan: Plan,
    /// Documents that others changed since they were proposed.
    pub moved: Vec<String>,
    /// Fields that others changed to something else than is proposed. With any of these it is not applied.
    pub conflicts: Vec<DocumentConflict>,
}

/// A field that both sides changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentConflict {
    pub document: String,
    /// In the spec; empty: the whole document, which one side took away.
    pub pointer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
}

fn state(
    tx: &mut Tx<'_>,
    app: &App,
    visitor: &Visitor,
    change: ChangeId,
    now: Timestamp,
) -> Result<ProposedDocuments, Halt> {
    let row = find(tx, change, visitor.sight())?;
    let carried = acts::carried(tx, &row)?;
    if carried.proposed.is_empty() {
        return Err(Refusal::not_found("documents of this change").into());
    }
    let (works, may_post, reader) = (app.works(), app.may_post(), visitor.reader());
    let conditions = Conditions { now, works: &works, may_post: &may_post };
    let preview = prepared::preview_for(tx, &carried.order, conditions, &reader)?;
    let conflict = |one: acts::ShownConflict| DocumentConflict {
        document: one.reference.to_string(),
        pointer: one.pointer,
        in_force: one.in_force,
        proposed: one.proposed,
    };
    Ok(ProposedDocuments {
        change: change.to_string(),
        revision: row.change.revision,
        branch: carried.proposed.branch.clone(),
        plan: plan_wire(&preview.plan),
        moved: carried.moved.iter().map(ToString::to_string).collect(),
        conflicts: carried.shown(&reader).into_iter().map(conflict).collect(),
    })
}

/// Proposes documents as one change. Nothing is in force until somebody who may write them has approved it, and it is applied.
#[utoipa::path(post, path = "/api/v1/changes/documents", tag = "changes", request_body = NewDocumentProposal,
    responses((status = 201, body = super::changes::ChangeRecord)))]
pub async fn propose(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewDocumentProposal>,
) -> Result<Response, Problem> {
    let NewDocumentProposal { title, why, set, emergency, incident } = body.value;
    let incident = incident.as_deref().map(str::parse).transpose();
    let incident = incident.map_err(|_| Refusal::invalid("this is not the id of an incident").at("/incident"))?;
    let wanted = WantedDocuments { order: order_of(&set)?, title, why, branch: None, emergency, incident };
    let house = app.clone();
    let done = app.act(visitor.actor(), move |store, _, moment| {
        let (works, may_post) = (house.works(), house.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| acts::propose(tx, &mut moment.again(), &wanted, conditions))
    });
    let made = wire(&done.await?);
    Ok(created(&format!("/api/v1/changes/{}", made.id), &made))
}

/// The documents that a change would put in force, with what they would do now.
#[utoipa::path(get, path = "/api/v1/changes/{id}/documents", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ProposedDocuments)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ProposedDocuments>, Problem> {
    let (change, house, now) = (id(&text)?, app.clone(), app.now());
    Ok(Json(app.read(move |tx| state(tx, &house, &visitor, change, now)).await?))
}

/// Writes the documents of a change anew. What was approved is void.
#[utoipa::path(post, path = "/api/v1/changes/{id}/documents", tag = "changes", params(("id" = String, Path)),
    request_body = DocumentProposalEdit, responses((status = 200, body = ProposedDocuments)))]
pub async fn edit(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<DocumentProposalEdit>,
) -> Result<Json<ProposedDocuments>, Problem> {
    let DocumentProposalEdit { revision, title, why, set } = body.value;
    let (change, order) = (id(&text)?, order_of(&set)?.via(Via::Api));
    let wanted = WantedDocuments { order, title, why, branch: None, emergency: false, incident: None };
    let (house, by) = (app.clone(), visitor.clone());
    let done = app.act(visitor.actor(), move |store, _, moment| {
        let (works, may_post) = (house.works(), house.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| {
            acts::edit(tx, &mut moment.again(), change, revision, &wanted, conditions)?;
            state(tx, &house, &by, change, moment.now)
        })
    });
    Ok(Json(done.await?))
}

/// Takes in what others changed since, as a new revision. What was approved is void.
#[utoipa::path(post, path = "/api/v1/changes/{id}/documents/update", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ProposedDocuments)))]
pub async fn update(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ProposedDocuments>, Problem> {
    let (change, house, by) = (id(&text)?, app.clone(), visitor.clone());
    let done = app.act(visitor.actor(), move |store, _, moment| {
        let (works, may_post) = (house.works(), house.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| {
            acts::bring_up_to_date(tx, &mut moment.again(), change, conditions)?;
            state(tx, &house, &by, change, moment.now)
        })
    });
    Ok(Json(done.await?))
}

/// Puts the documents of an approved change in force, if the gate lets it through. It begins and is finished by that.
#[utoipa::path(post, path = "/api/v1/changes/{id}/apply", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn apply(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    let (change, access, house) = (id(&text)?, visitor.access().unwrap_or(Access::Viewer), app.clone());
    pin_runs::before_change(&app, change, visitor.person().cloned()).await?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        let (works, may_post) = (house.works(), house.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| {
            acts::apply(tx, node, &mut moment.again(), change, access, conditions)?;
            shown(tx, &house, change, Sight::of(&moment.actor), moment.now)
        })
    });
    let sheet = done.await?;
    // Access may have changed.
    app.doors().forget();
    Ok(Json(sheet))
}
