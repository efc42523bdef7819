//! How paging falls upon people, and what it was good for, over the API: own nights, or those of all whom one manages.

use actions::learn::paging::{Gathered, gather};
use axum::extract::State;
use axum::{Extension, Json};
use domain::learn::paging::{Use, burdens, worths};
use domain::respond::stamps::When;
use domain::words::{Name, Refusal, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::downloads::Download;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Which stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PagingQuery {
    /// The first day, in UTC: `2026-09-01`, or a time; 90 days before the end, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, which is part of it; now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Pages by night for each person, and what the pages of each alert were good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PagingInsights {
    pub from: Timestamp,
    pub to: Timestamp,
    /// By name: you, or everybody if you manage.
    pub people: Vec<PagedPerson>,
    /// Those first of which most pages were good for nothing.
    pub alerts: Vec<PagedAlert>,
}

/// What fell upon one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PagedPerson {
    pub person: String,
    /// Of how many pages they were told, how many of these came between 22:00 and 07:00 where they are, and in how many nights.
    pub pages: usize,
    pub by_night: usize,
    pub nights: usize,
    /// The pages, the latest first.
    pub told: Vec<PersonsPage>,
}

/// A page of which somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonsPage {
    pub page: String,
    pub title: String,
    pub at: Timestamp,
    pub by_night: bool,
}

/// What the pages of an alert were good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PagedAlert {
    pub alert: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub pages: usize,
    /// Called noise by somebody, or over before anybody took them, and part of no incident: pages times the share of these.
    pub nothing: usize,
    /// Part of an incident.
    pub incident: usize,
    /// Somebody took them, and no more is known.
    pub answered: usize,
    /// Not over, or nobody answered.
    pub open: usize,
}

impl PagingQuery {
    /// What is meant; days are those of `zone`.
    pub(crate) fn read(&self, zone: &TimeZone) -> Result<(Option<When>, Option<When>), Refusal> {
        let time = |text: &Option<String>, place: &str| -> Result<Option<When>, Refusal> {
            let said = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            said.map(|text| When::read(text, zone).map_err(|refusal| refusal.at(place))).transpose()
        };
        Ok((time(&self.from, "?from")?, time(&self.to, "?to")?))
    }
}

fn wire(found: &Gathered) -> PagingInsights {
    let people = burdens(&found.told, |name| found.zone(name)).into_iter().map(|one| PagedPerson {
        person: one.person.to_string(),
        pages: one.told.len(),
        by_night: one.by_night().count(),
        nights: one.nights().len(),
        told: one
            .told
            .iter()
            .map(|(told, night)| PersonsPage {
                page: told.page.to_string(),
                title: told.title.clone(),
                at: told.at,
                by_night: night.is_some(),
            })
            .collect(),
    });
    let alerts = worths(&found.paged).into_iter().map(|one| PagedAlert {
        alert: one.alert.to_owned(),
        service: one.service.map(Name::to_string),
        pages: one.count(None),
        nothing: one.count(Some(Use::Nothing)),
        incident: one.count(Some(Use::Incident)),
        answered: one.count(Some(Use::Answered)),
        open: one.count(Some(Use::Open)),
    });
    PagingInsights { from: found.from, to: found.to, people: people.collect(), alerts: alerts.collect() }
}

async fn found(app: App, visitor: Visitor, query: &PagingQuery) -> Result<PagingInsights, Problem> {
    let period = query.read(&TimeZone::UTC)?;
    let (now, house) = (app.now(), app.clone());
    let found = app.read(move |tx| {
        let who = (visitor.person(), visitor.access());
        Ok(wire(&gather(tx, house.node(), period.clone(), who, visitor.sight(), now)?))
    });
    Ok(found.await?)
}

/// How paging falls upon people, and what the pages of each alert were good for.
#[utoipa::path(get, path = "/api/v1/insights/paging", tag = "insights", params(PagingQuery),
    responses((status = 200, body = PagingInsights)))]
pub async fn overview(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<PagingQuery>,
) -> Result<Json<PagingInsights>, Problem> {
    Ok(Json(found(app, visitor, &query).await?))
}

/// The people, as comma-separated values. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights/paging/people.csv", tag = "insights", params(PagingQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn people(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<PagingQuery>,
) -> Result<Download, Problem> {
    let mut table = Download::with(["person", "pages", "by_night", "nights"]);
    for one in found(app, visitor, &query).await?.people {
        let [pages, by_night, nights] = [one.pages, one.by_night, one.nights].map(|count| count.to_string());
        table.row([one.person, pages, by_night, nights]);
    }
    Ok(table)
}

/// The alerts, as comma-separated values. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights/paging/alerts.csv", tag = "insights", params(PagingQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn alerts(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<PagingQuery>,
) -> Result<Download, Problem> {
    let mut table = Download::with(["alert", "service", "pages", "nothing", "incident", "answered", "open"]);
    for one in found(app, visitor, &query).await?.alerts {
        let counts = [one.pages, one.nothing, one.incident, one.answered, one.open].map(|count| count.to_string());
        table.row([one.alert, one.service.unwrap_or_default()].into_iter().chain(counts));
    }
    Ok(table)
}
