//! Stamps over the API: when what happened, as somebody claims.

use actions::respond::stamps::Claim;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::stamps::{Measure, Milestone, Source, Stamp as Rule, Took, When, standing};
use domain::words::{Refusal, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::{Body, created};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A claim of when a milestone was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stamp {
    pub id: String,
    /// `impact-started`, `detected`, `declared` ...
    pub milestone: String,
    /// The beginning of what is meant.
    pub at: Timestamp,
    /// How much of it is known: `second`, `minute`, `hour`, `day`, `month`, `year`.
    pub precision: String,
    /// `monitor`, `human`, `import` or `derived`: recorded by Allclear itself.
    pub source: String,
    /// `person:ana`.
    pub by: String,
    pub entered_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// It is the one that counts.
    pub counts: bool,
}

/// How long something took, in seconds; negative when the end came first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// `detect`, `acknowledge`, `declare`, `mitigate` ...
    pub measure: String,
    pub seconds: i64,
    /// The least and the most that it can have been, by the precision of its ends.
    pub least: i64,
    pub most: i64,
}

/// A claim that is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStamp {
    #[schema(value_type = String)]
    pub milestone: Milestone,
    /// As much as is known: `2026`, `2026-08-14`, `2026-08-14 10:43`. UTC, unless it says otherwise: `+02:00`.
    pub at: String,
    /// `human`, if absent; or `monitor`, or `import`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<Source>,
    /// Where it is shown: a link, or words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The claim that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
}

impl NewStamp {
    pub(super) fn read(&self) -> Result<Claim, Refusal> {
        let when = When::read(&self.at, &TimeZone::UTC).map_err(|refusal| refusal.at("/at"))?;
        let supersedes = self.supersedes.as_deref().map(str::parse).transpose();
        let supersedes = supersedes.map_err(|refusal: Refusal| refusal.at("/supersedes"))?;
        let source = self.source.unwrap_or(Source::Human);
        if source == Source::Derived {
            return Err(Refusal::invalid("only Allclear itself says what it derived").at("/source"));
        }
        let (evidence, note) = (self.evidence.clone(), self.note.clone());
        Ok(Claim { milestone: self.milestone, when, source, evidence, note, supersedes })
    }
}

pub(super) fn wire_all(all: &[Rule]) -> Vec<Stamp> {
    let held = standing(all);
    let wire = |stamp: &Rule| Stamp {
        id: stamp.id.to_string(),
        milestone: stamp.milestone.word().to_owned(),
        at: stamp.when.at,
        precision: stamp.when.precision.word().to_owned(),
        source: stamp.source.word().to_owned(),
        by: stamp.by.clone(),
        entered_at: stamp.entered_at,
        evidence: stamp.evidence.clone(),
        note: stamp.note.clone(),
        supersedes: stamp.supersedes.map(|id| id.to_string()),
        counts: held.get(&stamp.milestone).is_some_and(|counts| counts.id == stamp.id),
    };
    all.iter().map(wire).collect()
}

pub(super) fn measured((measure, took): &(Measure, Took)) -> Measured {
    Measured { measure: measure.word().to_owned(), seconds: took.seconds, least: took.least, most: took.most }
}

/// Every claim of when something happened in an incident, in the order in which they were entered.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/stamps", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = Listing<Stamp>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<Stamp>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| {
        actions::respond::incidents::seen(tx, id, visitor.sight())?;
        Ok(store::respond::stamps::of_incident(tx, id)?)
    });
    Ok(Json(Listing::whole(wire_all(&found.await?))))
}

/// Claims when something happened. An odd time is kept, and shows among the oddities.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/stamps", tag = "incidents", params(("id" = String, Path)),
    request_body = NewStamp, responses((status = 201, body = Stamp)))]
pub async fn claim(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewStamp>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let claim = body.value.read()?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| {
            let made = actions::respond::stamps::claim(tx, &mut moment.again(), id, &claim)?;
            let all = store::respond::stamps::of_incident(tx, id)?;
            Ok(wire_all(&all).into_iter().find(|stamp| stamp.id == made.id.to_string()))
        })
    });
    let made = done.await?.ok_or_else(|| store::Error::other("a stamp was not entered"));
    Ok(created(&format!("/api/v1/incidents/{id}/stamps"), &made.map_err(actions::Halt::from)?))
}
