//! Overrides over the API: somebody stands in.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::engage::schedules::Override as Rule;
use domain::words::{Name, OverrideId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schedules::RangeQuery;
use crate::api::body::{Body, Search, created};
use crate::api::detect::alerts::name;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Somebody stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Override)]
pub struct Override {
    pub id: String,
    pub schedule: String,
    /// Nobody, deliberately, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub created_by: String,
}

/// An override that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOverride {
    /// Nobody, deliberately, if null or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub person: Option<Name>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

pub(crate) fn wire(rule: &Rule) -> Override {
    Override {
        id: rule.id.to_string(),
        schedule: rule.schedule.to_string(),
        person: rule.person.as_ref().map(ToString::to_string),
        starts_at: rule.starts_at,
        ends_at: rule.ends_at,
        reason: rule.reason.clone(),
        created_by: rule.created_by.to_string(),
    }
}

/// The overrides of a schedule that touch a range of time.
#[utoipa::path(get, path = "/api/v1/schedules/{name}/overrides", tag = "schedules",
    params(("name" = String, Path), RangeQuery), responses((status = 200, body = Listing<Override>)))]
pub async fn list(
    State(app): State<App>,
    Path(text): Path<String>,
    Search(query): Search<RangeQuery>,
) -> Result<Json<Listing<Override>>, Problem> {
    let name = name(&text, "schedule")?;
    let (from, to) = query.read(app.now())?;
    let again = app.clone();
    let found = app.read(move |tx| {
        if !again.node().rules(tx)?.catalog.schedules.contains_key(&name) {
            return Err(Refusal::not_found(format!("schedule {name}")).into());
        }
        Ok(store::engage::overrides::between(tx, &name, from, to)?)
    });
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Puts somebody in the place of whoever is on call. Refused if they could not be paged.
#[utoipa::path(post, path = "/api/v1/schedules/{name}/overrides", tag = "schedules",
    params(("name" = String, Path)), request_body = NewOverride, responses((status = 201, body = Override)))]
pub async fn create(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewOverride>,
) -> Result<Response, Problem> {
    let schedule = name(&text, "schedule")?;
    let NewOverride { person, starts_at, ends_at, reason } = body.value;
    let wanted = actions::engage::overrides::Wanted { schedule, person, starts_at, ends_at, reason };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(wire(&actions::engage::overrides::create(tx, node, &mut moment.again(), &wanted)?)))
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/overrides/{}", made.id), &made))
}

/// One override.
#[utoipa::path(get, path = "/api/v1/overrides/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = Override)))]
pub async fn one(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Override>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| Ok(store::engage::overrides::get(tx, id)?)).await?;
    Ok(Json(wire(&found.ok_or_else(|| Refusal::not_found(format!("override {id}")))?)))
}

/// Takes an override away: the schedule answers again as if it had never been.
#[utoipa::path(delete, path = "/api/v1/overrides/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn remove(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id(&text)?;
    let done = app.act(visitor.actor(), move |store, _, moment| {
        store.write(|tx| actions::engage::overrides::remove(tx, &mut moment.again(), id))
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn id(text: &str) -> Result<OverrideId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("override with this id"))
}
