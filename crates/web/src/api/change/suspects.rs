//! Suspects over the API: the changes that may have caused an incident, with every number, and the verdicts of people.

use actions::change::suspects::{self as acts, Suspicion};
use actions::respond::incidents::seen;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::change::suspects::{Finding, Suspect as Ranked};
use domain::words::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::Body;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// The suspects of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IncidentSuspects {
    /// When the harm began, as far as anybody knows: changes are ranked by their distance from this.
    pub began_at: Timestamp,
    /// The services that are hit.
    pub services: Vec<String>,
    /// The nearest and newest first; whoever was judged stands where the verdict puts them.
    pub suspects: Vec<Suspect>,
    /// How many changes were too long ago to be looked at.
    pub older: usize,
}

/// A change that may have caused an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Suspect {
    /// `cng_…`, `chg_…` (documents) or `evt_…` (a flag was flipped).
    pub suspect: String,
    pub title: String,
    pub kind: String,
    pub services: Vec<String>,
    /// From 1; whoever is equal shares the better one.
    pub rank: u32,
    /// How many share the rank.
    pub tied: u32,
    /// The sum of the terms.
    pub score: f64,
    pub terms: Vec<SuspectTerm>,
    /// When something of it went out.
    pub stages: Vec<Timestamp>,
    /// What taking it back came to, if that was tried in this incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<SuspectVerdict>,
}

/// One summand of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SuspectTerm {
    /// `distance`, `recency`, `spread`, `risk`, `failures`, `later`, `no-effect`.
    pub term: String,
    pub points: f64,
    /// A sentence for people.
    pub why: String,
}

/// What somebody found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuspectVerdict {
    /// `trigger`, `contributed`, `ruled-out`, `unknown`.
    pub finding: String,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// A verdict, as somebody gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVerdict {
    /// `cng_…`, `chg_…` or `evt_…`.
    pub suspect: String,
    /// `trigger`, `contributed`, `ruled-out` or `unknown`.
    #[schema(value_type = String)]
    pub finding: Finding,
    pub why: String,
}

fn wire(suspicion: &Suspicion) -> IncidentSuspects {
    IncidentSuspects {
        began_at: suspicion.case.began_at,
        services: suspicion.case.services.iter().map(ToString::to_string).collect(),
        suspects: suspicion.ranking.suspects.iter().map(suspect).collect(),
        older: suspicion.ranking.older,
    }
}

fn suspect(one: &Ranked) -> Suspect {
    let points = |hundredths: i32| f64::from(hundredths) / 100.0;
    let found = one.candidate.found.as_ref();
    Suspect {
        suspect: one.candidate.which.to_string(),
        title: one.candidate.title.clone(),
        kind: one.candidate.kind.to_string(),
        services: one.candidate.services.iter().map(ToString::to_string).collect(),
        rank: one.rank,
        tied: one.tied,
        score: points(one.score.0),
        terms: one
            .terms
            .iter()
            .map(|term| SuspectTerm {
                term: term.kind.to_string(),
                points: points(term.points.0),
                why: term.why.clone(),
            })
            .collect(),
        stages: one.candidate.stages.clone(),
        rolled_back: one.candidate.rolled_back.map(|outcome| outcome.to_string()),
        verdict: found.map(|found| SuspectVerdict {
            finding: found.finding.to_string(),
            by: found.by.to_string(),
            why: found.why.clone(),
            at: found.at,
        }),
    }
}

/// The changes that may have caused an incident, in order, with every reason and number.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/suspects", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = IncidentSuspects)))]
pub async fn of_incident(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<IncidentSuspects>, Problem> {
    let id = id(&text)?;
    let node = app.clone();
    let found = app.read(move |tx| {
        let row = seen(tx, id, visitor.sight())?;
        acts::of_incident(tx, node.node(), &row, visitor.sight())
    });
    Ok(Json(wire(&found.await?)))
}

/// Says what was found of a suspect. It stands above every number, and is kept.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/suspects", tag = "changes", params(("id" = String, Path)),
    request_body = NewVerdict, responses((status = 200, body = IncidentSuspects)))]
pub async fn judge(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewVerdict>,
) -> Result<Json<IncidentSuspects>, Problem> {
    let id = id(&text)?;
    let NewVerdict { suspect, finding, why } = body.value;
    let actor = visitor.actor();
    let done = app.act(actor, move |store, node, moment| {
        store.write(|tx| {
            let row = seen(tx, id, visitor.sight())?;
            acts::judge(tx, &mut moment.again(), id, &suspect.parse()?, finding, &why)?;
            acts::of_incident(tx, node, &row, visitor.sight())
        })
    });
    Ok(Json(wire(&done.await?)))
}
