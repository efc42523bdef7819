//! What is affected, over the API: named, and counted as more is known.

use actions::respond::affected as acts;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::affected::{Affected as Rule, Amount, Claim, Count as Counted, Subject, What};
use domain::words::{AffectedId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::id;
use crate::api::body::{Body, created};
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something that is affected, with every count of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Affected {
    pub id: String,
    /// `data-subjects`, `records`, `hosts`, `accounts`, `customers`, `money` or `other`.
    pub subject: String,
    /// Which of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What kind of data: `payment data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Of money and other things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The last one stands.
    pub counts: Vec<Count>,
}

/// A claim of how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    pub number: u32,
    /// In words: `about 1,200`.
    pub count: String,
    /// `exact`, `at-least`, `about`, `between` or `unknown`.
    pub precision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// The larger one of `between`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Of when it is.
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `person:ana`
    pub by: String,
    pub entered_at: Timestamp,
    /// It is the one that counts.
    pub counts: bool,
}

/// What is affected, with a first count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAffected {
    #[schema(value_type = String)]
    pub subject: Subject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Needed for `money` and `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub count: NewCount,
}

/// A claim of how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCount {
    /// `exact`, if absent; or `at-least`, `about`, `between`, `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Of when it is; now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl NewCount {
    fn claim(self) -> Result<Claim, Refusal> {
        let amount = Amount::of(self.precision.as_deref().unwrap_or("exact"), self.value, self.to)?;
        Ok(Claim { amount, at: self.at, source: self.source, note: self.note })
    }
}

fn wire(one: &Rule) -> Affected {
    let last = one.now().map(|count| count.number);
    let count = |count: &Counted| {
        let (value, to) = count.amount.numbers();
        Count {
            number: count.number,
            count: count.amount.to_string(),
            precision: count.amount.precision().to_owned(),
            value,
            to,
            at: count.at,
            source: count.source.clone(),
            note: count.note.clone(),
            by: count.by.clone(),
            entered_at: count.entered_at,
            counts: last == Some(count.number),
        }
    };
    Affected {
        id: one.id.to_string(),
        subject: one.what.subject.word().to_owned(),
        label: one.what.label.clone(),
        data: one.what.data.clone(),
        unit: one.what.unit.clone(),
        counts: one.counts.iter().map(count).collect(),
    }
}

/// What an incident affects, with every count.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/affected", tag = "record", params(("id" = String, Path)),
    responses((status = 200, body = Listing<Affected>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<Affected>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| acts::of_incident(tx, id, visitor.sight()));
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Names what is affected, with a first count.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/affected", tag = "record", params(("id" = String, Path)),
    request_body = NewAffected, responses((status = 201, body = Affected)))]
pub async fn begin(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewAffected>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewAffected { subject, label, data, unit, count } = body.value;
    let (what, claim) = (What { subject, label, data, unit }, count.claim().map_err(in_count)?);
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| Ok(wire(&acts::begin(tx, &mut moment.again(), id, &what, &claim)?)))
    });
    Ok(created(&format!("/api/v1/incidents/{id}/affected"), &done.await?))
}

/// Enters a new count, which stands from now on. Those before stay on record.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/affected/{affected}", tag = "record",
    params(("id" = String, Path), ("affected" = String, Path)), request_body = NewCount,
    responses((status = 200, body = Affected)))]
pub async fn count(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((text, affected)): Path<(String, String)>,
    body: Body<NewCount>,
) -> Result<Json<Affected>, Problem> {
    let id = id(&text)?;
    let affected: AffectedId = affected.parse().map_err(|_| Refusal::not_found("count with this id"))?;
    let claim = body.value.claim()?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| Ok(wire(&acts::count(tx, &mut moment.again(), id, affected, &claim)?)))
    });
    Ok(Json(done.await?))
}

fn in_count(refusal: Refusal) -> Refusal {
    let at = format!("/count{}", refusal.at.as_deref().unwrap_or(""));
    refusal.at(at)
}
