//! Techniques of ATT&CK over the API: named for an incident or an entry of its timeline, and withdrawn.

use actions::respond::techniques as acts;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::respond::techniques::{Named, TechniqueId, known, name, warning};
use domain::words::{EventId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use super::observables::Struck;
use crate::api::body::Body;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What the other side did. Names are those of MITRE ATT&CK: © 2025 The MITRE Corporation. This work is reproduced and
/// distributed with the permission of The MITRE Corporation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Technique {
    /// `T1566.001`, `TA0001`
    pub technique: String,
    /// If it is in the list of this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub tactics: Vec<String>,
    /// What is to be said about an id that is not in the list, or was retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The entry of the timeline that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `person:ana`
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Struck>,
}

/// What to say of a technique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TechniqueDeed {
    /// It was used.
    Name {
        technique: String,
        /// The entry of the timeline that shows it: `evt_…`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It does not hold. It stays on record.
    Withdraw {
        technique: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<String>,
        why: String,
    },
}

fn wire(named: &Named) -> Technique {
    let id = &named.technique;
    Technique {
        technique: id.to_string(),
        name: name(id),
        tactics: known(id).into_iter().flat_map(|one| one.tactics().map(str::to_owned)).collect(),
        warning: warning(id).map(str::to_owned),
        entry: named.entry.map(|entry| entry.to_string()),
        note: named.note.clone(),
        by: named.by.clone(),
        at: named.at,
        withdrawn: named.withdrawn.as_ref().map(|one| Struck { why: one.why.clone(), by: one.by.clone(), at: one.at }),
    }
}

/// The techniques of an incident, by their ids; also those that were withdrawn.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/techniques", tag = "record", params(("id" = String, Path)),
    responses((status = 200, body = Listing<Technique>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<Technique>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight()));
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Names a technique, or withdraws one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/techniques", tag = "record", params(("id" = String, Path)),
    request_body = TechniqueDeed, responses((status = 200, body = Technique)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<TechniqueDeed>,
) -> Result<Json<Technique>, Problem> {
    let id = id(&text)?;
    let deed = body.value;
    let (TechniqueDeed::Name { technique, entry, .. } | TechniqueDeed::Withdraw { technique, entry, .. }) = &deed;
    let technique: TechniqueId = technique.parse()?;
    let entry: Option<EventId> =
        entry.as_deref().map(str::parse).transpose().map_err(|refusal: Refusal| refusal.at("/entry"))?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            let moment = &mut moment.again();
            let named = match &deed {
                TechniqueDeed::Name { note, .. } => acts::name(tx, moment, id, &technique, entry, note.as_deref())?,
                TechniqueDeed::Withdraw { why, .. } => acts::withdraw(tx, moment, id, &technique, entry, why)?,
            };
            Ok(wire(&named))
        })
    });
    Ok(Json(done.await?))
}
