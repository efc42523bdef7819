//! Search over the API: what was found in incidents, timelines, changes and documents, as far as whoever asks may see it.

use actions::learn::likeness::similar;
use actions::learn::search::{Outcome, Wanted, search};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::learn::queries::{Id, Reading, read};
use domain::learn::search::{Document, Found, heading, snippet};
use domain::words::{Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::learn::search::{Hit, Matched, Order};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What is searched for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, `"words in this order"`, `-words` that are not in it, and filters: `kind:change`, `service:shop`,
    /// `severity:sev1`, `class:security`, `incident:inc_…`, `since:2026-01-01`, `until:2026-01-31`. A last word without a space
    /// after it is also found as a beginning.
    #[serde(default)]
    pub q: String,
    /// `ranked` (what fits best first) or `newest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// At most so many; 20, if absent, and at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Without the first so many, of which there are at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchResults {
    pub results: Vec<SearchResult>,
    /// There is more: ask again with `skip`.
    pub more: bool,
    /// What in the query could not be meant, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<String>,
    /// What was searched for besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<SearchedAlso>,
    /// The index is still being made: this may not be all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexing: Option<SearchProgress>,
    /// Where the record is, if the query is its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// `incident`, `entry`, `update`, `task`, `evidence`, `observable`, `change`, `runbook`, `checklist`, `report` or `postmortem`.
    pub kind: String,
    /// Its id; of a document its name.
    pub id: String,
    /// Of what has none, the beginning of its text.
    pub title: String,
    /// Where people look at it.
    pub href: String,
    /// The incident that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `all`: it has all words; `nearly`: words like them; `some`: some of them.
    pub matched: String,
    /// A part of its text, in pieces.
    pub snippet: Vec<SearchPiece>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchPiece {
    pub text: String,
    /// It was searched for.
    pub hit: bool,
}

/// A word, and words like it that were searched for besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchedAlso {
    pub word: String,
    pub like: Vec<String>,
}

/// How far the index is: entries of the journal that were read, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchProgress {
    pub done: i64,
    pub of: i64,
}

/// Incidents that are like one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarIncidents {
    pub similar: Vec<SimilarIncident>,
}

/// An incident that is like another, and in what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarIncident {
    pub id: String,
    pub title: String,
    pub reported_at: Timestamp,
    /// From 0 to 1.
    pub score: f64,
    /// Those that add something, the most first.
    pub parts: Vec<SimilarPart>,
}

/// One way in which two incidents are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarPart {
    /// `words`, `alerts`, `services`, `factors` or `changes`.
    pub aspect: String,
    /// From 0 to 1.
    pub share: f64,
    /// How much of the score it can be.
    pub weight: f64,
    /// The reason, in words.
    pub says: String,
}

/// How many are shown, if nobody says.
const SHOWN: usize = 20;
const SHOWN_MOST: usize = 100;
/// So many incidents that are like one are told.
pub(crate) const SIMILAR: usize = 5;

/// Finds incidents, timeline entries, changes, runbooks and more by their words, as far as you may see them.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchResults)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(asked): Search<SearchQuery>,
) -> Result<Json<SearchResults>, Problem> {
    let order = match asked.order.as_deref() {
        None | Some("ranked") => Order::Ranked,
        Some("newest") => Order::Newest,
        Some(other) => {
            let near = domain::words::text::did_you_mean(other, ["ranked", "newest"]);
            return Err(Refusal::invalid(format!("the order is ranked or newest{near}")).at("?order").into());
        }
    };
    let limit = asked.limit.unwrap_or(SHOWN);
    if limit == 0 || limit > SHOWN_MOST {
        return Err(Refusal::invalid(format!("limit is from 1 to {SHOWN_MOST}")).at("?limit").into());
    }
    let wanted = Wanted { order, skip: asked.skip.unwrap_or(0), limit };
    let Reading { query, oddities } = read(&asked.q);
    let node = app.clone();
    let results = app.read(move |tx| {
        let outcome = if query.is_empty() {
            Outcome::default()
        } else {
            search(tx, node.node(), visitor.sight(), &query, wanted)?
        };
        let record = query.id().and_then(address_of_id);
        let answer = outcome.answer;
        Ok(SearchResults {
            results: answer.hits.iter().map(|hit| result(hit, &answer.stems)).collect(),
            more: answer.more,
            oddities: oddities.clone(),
            also: answer.also.into_iter().map(|(word, like)| SearchedAlso { word, like }).collect(),
            indexing: outcome.progress.map(|progress| SearchProgress { done: progress.done, of: progress.of }),
            record,
        })
    });
    Ok(Json(results.await?))
}

/// The incidents that are most like one, each with the reasons; none, if nothing is alike enough.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/similar", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = SimilarIncidents)))]
pub async fn like(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(wanted): Path<String>,
) -> Result<Json<SimilarIncidents>, Problem> {
    let incident = id(&wanted)?;
    let node = app.clone();
    let found = app.read(move |tx| similar(tx, node.node(), incident, visitor.sight(), SIMILAR)).await?;
    let part = |part: &domain::learn::likeness::Part| SimilarPart {
        aspect: part.aspect.word().into(),
        share: rounded(part.share),
        weight: part.aspect.weight(),
        says: part.says.clone(),
    };
    let similar = found.iter().map(|one| SimilarIncident {
        id: one.row.id.to_string(),
        title: one.row.name().into_owned(),
        reported_at: one.row.reported_at,
        score: rounded(one.likeness.score),
        parts: one.likeness.parts.iter().map(part).collect(),
    });
    Ok(Json(SimilarIncidents { similar: similar.collect() }))
}

/// To a thousandth.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn result(hit: &Hit, stems: &std::collections::BTreeSet<String>) -> SearchResult {
    let document = &hit.document;
    let pieces = snippet(&document.text, stems).pieces;
    SearchResult {
        kind: document.key.kind.to_string(),
        id: document.key.id.clone(),
        title: heading(&document.title, &document.text),
        href: address(document),
        incident: document.key.incident.map(|id| id.to_string()),
        at: document.at,
        services: document.services.iter().map(ToString::to_string).collect(),
        severity: document.severity.clone(),
        matched: word(hit.matched).into(),
        snippet: pieces.into_iter().map(|(text, hit)| SearchPiece { text, hit }).collect(),
    }
}

pub(crate) const fn word(matched: Matched) -> &'static str {
    match matched {
        Matched::All => "all",
        Matched::Nearly => "nearly",
        Matched::Some => "some",
    }
}

/// Where people look at what was found.
pub(crate) fn address(document: &Document) -> String {
    let key = &document.key;
    let room = key.incident.map(|id| format!("/incidents/{id}")).unwrap_or_default();
    match key.kind {
        Found::Incident | Found::Report => room,
        Found::Entry => format!("{room}/entries/{}", key.id),
        Found::Update => format!("{room}#updates"),
        Found::Task => format!("{room}#tasks"),
        Found::Evidence | Found::Observable => format!("{room}/record#{}", key.id),
        Found::Change => format!("/changes/{}", key.id),
        Found::Runbook => format!("/runbooks/{}", key.id),
        Found::Checklist => format!("/documents/checklist/{}", key.id),
        Found::Postmortem => format!("{room}/postmortem"),
    }
}

/// Where the record with an id is. Whether there is one, and who may see it, is found there.
pub(crate) fn address_of_id(id: Id) -> Option<String> {
    match id {
        Id::Incident(id) => Some(format!("/incidents/{id}")),
        Id::Change(id) => Some(format!("/changes/{id}")),
        Id::Alert(id) => Some(format!("/alerts/{id}")),
        // It is looked at where it happened, which only the journal tells.
        Id::Event(_) => None,
    }
}
