//! Insights about changes over the API, and the changes behind them as comma-separated values.

use actions::learn::changes::{Gathered, Question, gather};
use axum::extract::State;
use axum::{Extension, Json};
use domain::learn::changes::{Case, Insights, Lengths, Share, Which, insights};
use domain::learn::insights::ENOUGH;
use domain::respond::stamps::When;
use domain::words::{Refusal, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::downloads::{Download, cell, yes};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Which changes are looked at: those that began in that time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeInsightQuery {
    /// The first day, in UTC: `2026-09-01`, or a time; 90 days before the end, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, which is part of it; now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// How changes go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeInsights {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Of those that are over: failed, taken back, or found to be the trigger of an incident.
    pub failed: ChangeShare,
    /// Of those that people wrote down.
    pub emergencies: ChangeShare,
    /// Of those that people wrote down.
    pub exempted: ChangeShare,
    /// From the beginning of one that failed until it was well again: taken back, or mended by the next.
    pub recovery: ChangeLengths,
    /// From the proposal to the end, of those that people wrote down and that are finished.
    pub lead: ChangeLengths,
    pub weeks: Vec<ChangeWeek>,
    /// By service: the last change there, and whether it could be taken back now.
    pub readiness: Vec<ServiceReadiness>,
}

/// How many of how many; from twenty on with the share, and between which two it is in the long run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeShare {
    pub hits: usize,
    pub n: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

/// Lengths of time: below twenty each with its change, from twenty on as quantiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeLengths {
    pub n: usize,
    /// Of so many it is not known.
    pub unknown: usize,
    pub quantiles: Vec<ChangeQuantile>,
    pub points: Vec<ChangePoint>,
}

/// A quantile: a value that was seen, with the interval in which it is in the long run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeQuantile {
    pub percent: u8,
    pub seconds: i64,
    pub change: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
}

/// One length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangePoint {
    pub change: String,
    pub seconds: i64,
}

/// What happened in one week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeWeek {
    pub from: Timestamp,
    pub to: Timestamp,
    pub changes: usize,
    pub failed: usize,
    /// Those that you may see.
    pub incidents: usize,
}

/// Whether the last change of a service could be taken back now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceReadiness {
    pub service: String,
    pub change: String,
    pub could: bool,
    /// Absent: there is no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rehearsed: Option<Timestamp>,
}

impl ChangeInsightQuery {
    /// What is meant; days are those of `zone`.
    pub(crate) fn read(&self, zone: &TimeZone) -> Result<Question, Refusal> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let time = |text: &Option<String>, place: &str| -> Result<Option<When>, Refusal> {
            said(text).map(|text| When::read(text.trim(), zone).map_err(|refusal| refusal.at(place))).transpose()
        };
        Ok(Question {
            from: time(&self.from, "?from")?,
            to: time(&self.to, "?to")?,
            service: said(&self.service)
                .map(|text| text.parse().map_err(|refusal: Refusal| refusal.at("?service")))
                .transpose()?,
        })
    }
}

fn share(one: Share) -> ChangeShare {
    let found = one.share();
    ChangeShare {
        hits: one.hits,
        n: one.n,
        share: found.map(|(share, _, _)| share),
        least: found.map(|(_, least, _)| least),
        most: found.map(|(_, _, most)| most),
    }
}

fn lengths(found: &Lengths<'_>) -> ChangeLengths {
    let few = found.points.len() < ENOUGH;
    let point = |(seconds, case): &(i64, &Case)| ChangePoint { change: case.id.to_string(), seconds: *seconds };
    ChangeLengths {
        n: found.points.len(),
        unknown: found.unknown.len(),
        quantiles: found
            .quantiles()
            .into_iter()
            .map(|one| ChangeQuantile {
                percent: one.percent,
                seconds: one.seconds,
                change: one.case.id.to_string(),
                least: one.least,
                most: one.most,
            })
            .collect(),
        points: found.points.iter().filter(|_| few).map(point).collect(),
    }
}

fn wire(gathered: &Gathered, found: &Insights<'_>) -> ChangeInsights {
    ChangeInsights {
        from: gathered.from,
        to: gathered.to,
        failed: share(found.share(Which::Failed, Which::Done)),
        emergencies: share(found.share(Which::Emergency, Which::Written)),
        exempted: share(found.share(Which::Exempted, Which::Made)),
        recovery: lengths(&found.recovery),
        lead: lengths(&found.lead),
        weeks: found
            .weeks(&gathered.reported(), gathered.from, gathered.to)
            .into_iter()
            .map(|week| ChangeWeek {
                from: week.from,
                to: week.to,
                changes: week.changes,
                failed: week.failed,
                incidents: week.incidents,
            })
            .collect(),
        readiness: gathered
            .ready
            .iter()
            .map(|(service, (row, readiness))| ServiceReadiness {
                service: service.to_string(),
                change: row.change.id.to_string(),
                could: readiness.could(),
                way: readiness.plan.as_ref().map(|plan| plan.way.word().to_owned()),
                last_rehearsed: readiness.plan.as_ref().and_then(|plan| plan.last_rehearsed),
            })
            .collect(),
    }
}

async fn gathered<T: Send + 'static>(
    app: App,
    visitor: Visitor,
    query: &ChangeInsightQuery,
    read: impl Fn(&Gathered, &Insights<'_>) -> T + Send + 'static,
) -> Result<T, Problem> {
    let question = query.read(&TimeZone::UTC)?;
    let (now, house) = (app.now(), app.clone());
    let found = app.read(move |tx| {
        let gathered = gather(tx, house.node(), &question, visitor.sight(), now)?;
        Ok(read(&gathered, &insights(&gathered.cases)))
    });
    Ok(found.await?)
}

/// How many changes failed, how long it took until it was well again, how long they waited, and how many went past the rules.
#[utoipa::path(get, path = "/api/v1/insights/changes", tag = "insights", params(ChangeInsightQuery),
    responses((status = 200, body = ChangeInsights)))]
pub async fn overview(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<ChangeInsightQuery>,
) -> Result<Json<ChangeInsights>, Problem> {
    Ok(Json(gathered(app, visitor, &query, wire).await?))
}

const HEADINGS: [&str; 11] = [
    "change",
    "title",
    "kind",
    "path",
    "state",
    "services",
    "proposed_at",
    "began_at",
    "ended_at",
    "failed",
    "exempted",
];

/// The changes that are counted, as comma-separated values. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights/changes.csv", tag = "insights", params(ChangeInsightQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn export(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<ChangeInsightQuery>,
) -> Result<Download, Problem> {
    let table = gathered(app, visitor, &query, |gathered, _| {
        let mut table = Download::with(HEADINGS);
        for case in &gathered.cases {
            let services: Vec<&str> = case.services.iter().map(domain::words::Name::as_str).collect();
            table.row([
                case.id.to_string().as_str(),
                &case.title,
                case.kind.word(),
                case.path.word(),
                case.state.word(),
                &services.join(" "),
                &case.proposed_at.to_string(),
                &case.began_at.to_string(),
                &cell(case.ended_at),
                &yes(case.failed()),
                &yes(case.exempted),
            ]);
        }
        table
    });
    table.await
}
