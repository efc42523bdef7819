//! Checklists over the API: which an incident shows, and how their items stand.

use actions::respond::checklists::{self as acts, Standing};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::respond::checklists::{State as Stage, Tick};
use domain::words::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::Body;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A checklist, as it stands in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IncidentChecklist {
    pub checklist: String,
    pub title: String,
    /// It is about the incident as it is now.
    pub fits: bool,
    pub items: Vec<ChecklistItem>,
}

/// One item, as it stands in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChecklistItem {
    pub item: String,
    pub says: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The role whose duty it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `open`, `done` or `not-applicable`.
    pub state: String,
    /// The note, or why it is not applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// `person:ana`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What is said of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ChecklistDeed {
    /// It is done.
    Tick {
        #[schema(value_type = String)]
        checklist: Name,
        #[schema(value_type = String)]
        item: Name,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It has no place in this incident.
    NotApplicable {
        #[schema(value_type = String)]
        checklist: Name,
        #[schema(value_type = String)]
        item: Name,
        why: String,
    },
    /// What was said of it does not hold.
    Untick {
        #[schema(value_type = String)]
        checklist: Name,
        #[schema(value_type = String)]
        item: Name,
    },
}

fn wire(one: &Standing) -> IncidentChecklist {
    let item = |(item, tick): (&domain::respond::checklists::Item, &Option<Tick>)| ChecklistItem {
        item: item.name.to_string(),
        says: item.says.clone(),
        why: item.why.clone(),
        role: item.role.as_ref().map(ToString::to_string),
        state: tick.as_ref().map_or("open", |tick| tick.state.word()).to_owned(),
        said: tick.as_ref().and_then(|tick| tick.state.said()).map(str::to_owned),
        by: tick.as_ref().map(|tick| tick.by.clone()),
        at: tick.as_ref().map(|tick| tick.at),
    };
    IncidentChecklist {
        checklist: one.name.to_string(),
        title: one.spec.title.clone(),
        fits: one.fits,
        items: one.spec.items.iter().zip(&one.ticks).map(item).collect(),
    }
}

/// The checklists that an incident shows: those that fit it now, and those of which something was said.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/checklists", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = Listing<IncidentChecklist>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<IncidentChecklist>>, Problem> {
    let id = id(&text)?;
    let node = app.clone();
    let found = app.read(move |tx| {
        let row = actions::respond::incidents::seen(tx, id, visitor.sight())?;
        acts::of_incident(tx, node.node(), &row)
    });
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Ticks an item, says that it is not applicable, or takes that back.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/checklists", tag = "incidents", params(("id" = String, Path)),
    request_body = ChecklistDeed, responses((status = 200, body = IncidentChecklist)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChecklistDeed>,
) -> Result<Json<IncidentChecklist>, Problem> {
    let id = id(&text)?;
    let (checklist, item, wanted) = match body.value {
        ChecklistDeed::Tick { checklist, item, note } => (checklist, item, Stage::Done { note }),
        ChecklistDeed::NotApplicable { checklist, item, why } => (checklist, item, Stage::NotApplicable { why }),
        ChecklistDeed::Untick { checklist, item } => (checklist, item, Stage::Open),
    };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            acts::act(tx, node, &mut moment.again(), id, (&checklist, &item), &wanted)?;
            let row = actions::respond::incidents::seen(tx, id, domain::respond::sight::Sight::of(&moment.actor))?;
            let all = acts::of_incident(tx, node, &row)?;
            Ok(all.iter().find(|one| one.name == checklist).map(wire))
        })
    });
    let made = done.await?.ok_or_else(|| store::Error::other("a checklist was ticked and is not there"));
    Ok(Json(made.map_err(actions::Halt::from)?))
}
