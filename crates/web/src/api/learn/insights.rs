//! Insights over the API: distributions of how long things took, and behind each number what it counts.

use actions::learn::insights::{Gathered, Question, gather};
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::learn::insights::{
    Case, Cohort, Comparison, Distribution, ENOUGH, Insights as Found, Point, Promised, Which, insights, meaning, title,
};
use domain::respond::stamps::{Measure, Stamp, When};
use domain::respond::updates::{Fate, Promise};
use domain::words::{Refusal, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::downloads::{Download, cell};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Which incidents are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InsightQuery {
    /// The first day, or a time as exact as it is meant: `2026-09-01`, `2026`. Absent: 90 days before the end. UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, which is part of it. Absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// A level of the severity matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The services that this team looks after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Measure also what was written down afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrospective: Option<bool>,
}

/// The same, and which of them are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InsightListQuery {
    /// Of a measure: `known` (if absent), `unknown` or `before`. Of incidents: `counted` (if absent), `near-miss`,
    /// `retrospective`, `cancelled` or `merged`. Of promises: `due` (if absent), `kept` or `missed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub which: Option<String>,
    /// Of a measure: those that took so many seconds or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// Of a measure: those that took less than so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrospective: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How long things took, and which promises were kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Insights {
    /// The first instant of the time that is looked at.
    pub from: Timestamp,
    /// The first that is not part of it.
    pub to: Timestamp,
    /// How many incidents of this time there are, each in one of these.
    pub incidents: Vec<InsightCohort>,
    pub measures: Vec<InsightMeasure>,
    pub promises: InsightPromises,
}

/// Incidents that belong together when they are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightCohort {
    /// `counted`, `near-miss`, `retrospective`, `cancelled` or `merged`.
    pub which: String,
    pub n: usize,
}

/// A measure in many incidents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InsightMeasure {
    /// `detect`, `acknowledge`, `mitigate` ...
    pub measure: String,
    pub title: String,
    /// What it measures, in words.
    pub means: String,
    /// Of how many incidents it is known ...
    pub n: usize,
    /// ... of how many it could be.
    pub of: usize,
    /// In how many the end certainly came first.
    pub before: usize,
    /// From twenty on.
    pub quantiles: Vec<InsightQuantile>,
    /// Below twenty, the quickest first; from there on see the list of the measure.
    pub points: Vec<InsightIncident>,
    pub compared: InsightComparison,
}

/// As many as this share of the incidents took no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightQuantile {
    pub percent: u8,
    pub seconds: i64,
    /// In which incident it took as long as that.
    pub incident: String,
    /// Between which two it is in the long run, in 95 of 100 cases. Absent: too few were seen to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
}

/// A measure beside what it was for as long a time before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InsightComparison {
    /// Of how many incidents it was known then.
    pub n_before: usize,
    /// How many seconds longer the median took. Absent, if there were too few, now or then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Between which two the difference is, in 95 of 100 cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
    /// How often, of one, the two would differ as much if only chance told them apart: by shuffling who belongs to which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// How many incidents it takes in each to see that it took half as long, if they spread as these do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<usize>,
    /// Whether a difference can be seen: chance makes one as large in at most 5 of 100 cases.
    pub detectable: bool,
}

/// How many updates came by the time that was promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InsightPromises {
    pub kept: usize,
    /// How many fell due.
    pub due: usize,
    /// From twenty on: the share that was kept, and between which two it is in the long run, in 95 of 100 cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
}

/// An incident that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightIncident {
    pub incident: String,
    pub title: String,
    /// Of a restricted one: what it is called where others might read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    pub class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When it was: when it was declared, or the best that is known.
    pub at: Timestamp,
    /// How long it took, if that is known and was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<InsightTook>,
}

/// How long it took, in seconds, and between which claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightTook {
    /// In the middle of what it can have been; negative when the end came first.
    pub seconds: i64,
    /// The least and the most that it can have been, by the precision of its ends.
    pub least: i64,
    pub most: i64,
    pub from: InsightEnd,
    pub to: InsightEnd,
}

/// A claim from which something is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightEnd {
    pub milestone: String,
    pub at: Timestamp,
    /// `second`, `minute`, `hour`, `day`, `month`, `year`.
    pub precision: String,
    /// `monitor`, `human`, `import` or `derived`.
    pub source: String,
}

/// A promise that fell due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InsightPromise {
    pub incident: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `internal` or `public`.
    pub audience: String,
    pub given_at: Timestamp,
    /// The time by which an update was promised.
    pub by: Timestamp,
    /// When it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    pub kept: bool,
}

impl InsightQuery {
    /// What is meant; days are those of `zone`.
    pub(crate) fn read(&self, zone: &TimeZone) -> Result<Question, Refusal> {
        let said =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let time = |text: &Option<String>, place: &str| -> Result<Option<When>, Refusal> {
            said(text).map(|text| When::read(&text, zone).map_err(|refusal| refusal.at(place))).transpose()
        };
        Ok(Question {
            from: time(&self.from, "?from")?,
            to: time(&self.to, "?to")?,
            class: read(said(&self.class).as_deref(), "?class")?,
            severity: said(&self.severity),
            service: read(said(&self.service).as_deref(), "?service")?,
            team: read(said(&self.team).as_deref(), "?team")?,
            retrospective: self.retrospective.unwrap_or(false),
        })
    }
}

impl InsightListQuery {
    /// Which incidents are looked at.
    pub(crate) fn filter(&self) -> InsightQuery {
        let this = self.clone();
        InsightQuery {
            from: this.from,
            to: this.to,
            class: this.class,
            severity: this.severity,
            service: this.service,
            team: this.team,
            retrospective: this.retrospective,
        }
    }
}

/// A word, read as what it should be.
fn read<T: std::str::FromStr<Err = Refusal>>(word: Option<&str>, place: &str) -> Result<Option<T>, Refusal> {
    word.map(str::parse).transpose().map_err(|refusal: Refusal| refusal.at(place))
}

/// Which points of a distribution are listed, the longest first.
pub(crate) fn points<'c>(
    found: &Distribution<'c>,
    which: Which,
    at_least: Option<i64>,
    below: Option<i64>,
) -> Vec<Point<'c>> {
    let wanted = |point: &&Point<'_>| {
        let seconds = point.seconds();
        (which != Which::Before || point.took.is_before())
            && at_least.is_none_or(|least| seconds >= least)
            && below.is_none_or(|most| seconds < most)
    };
    found.points.iter().rev().filter(wanted).copied().collect()
}

/// A part of a list, from behind the thing with this key; and the key of its last, if there is more.
pub(crate) fn part<T>(
    all: Vec<T>,
    key: impl Fn(&T) -> String,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let start = match after {
        None => 0,
        Some(after) => all.iter().position(|one| key(one) == after).ok_or_else(listing::wrong)? + 1,
    };
    let more = all.len() > start + limit;
    let part: Vec<T> = all.into_iter().skip(start).take(limit).collect();
    let next = part.last().filter(|_| more).map(key);
    Ok((part, next))
}

/// What a promise is known by in a list.
pub(crate) fn promise_key((case, promise): &(&Case, &Promise)) -> String {
    format!("{} {} {}", case.id, promise.audience.word(), promise.given_at.as_microsecond())
}

fn end(stamp: &Stamp) -> InsightEnd {
    InsightEnd {
        milestone: stamp.milestone.word().to_owned(),
        at: stamp.when.at,
        precision: stamp.when.precision.word().to_owned(),
        source: stamp.source.word().to_owned(),
    }
}

fn incident(case: &Case) -> InsightIncident {
    InsightIncident {
        incident: case.id.to_string(),
        title: case.title.clone(),
        codename: case.codename.clone(),
        class: case.class.word().to_owned(),
        severity: case.severity.clone(),
        at: case.at(),
        took: None,
    }
}

fn point(point: &Point<'_>) -> InsightIncident {
    let took = InsightTook {
        seconds: point.seconds(),
        least: point.took.least,
        most: point.took.most,
        from: end(point.from),
        to: end(point.to),
    };
    InsightIncident { took: Some(took), ..incident(point.case) }
}

fn compared(comparison: Comparison) -> InsightComparison {
    let detectable = comparison.is_detectable();
    match comparison {
        Comparison::TooFew { before } => InsightComparison {
            n_before: before,
            seconds: None,
            least: None,
            most: None,
            chance: None,
            needed: None,
            detectable,
        },
        Comparison::Difference { before, seconds, least, most, chance, needed } => InsightComparison {
            n_before: before,
            seconds: Some(seconds),
            least: Some(least),
            most: Some(most),
            chance: Some(f64::from(chance) / 1000.0),
            needed,
            detectable,
        },
    }
}

fn measured(found: &Distribution<'_>, before: &Distribution<'_>) -> InsightMeasure {
    let quantiles = found.quantiles().into_iter().map(|one| InsightQuantile {
        percent: one.percent,
        seconds: one.point.seconds(),
        incident: one.point.case.id.to_string(),
        least: one.least.map(|point| point.seconds()),
        most: one.most.map(|point| point.seconds()),
    });
    let few = found.n() < ENOUGH;
    InsightMeasure {
        measure: found.measure.word().to_owned(),
        title: title(found.measure).to_owned(),
        means: meaning(found.measure).to_owned(),
        n: found.n(),
        of: found.of_all(),
        before: found.before(),
        quantiles: quantiles.collect(),
        points: found.points.iter().filter(|_| few).map(point).collect(),
        compared: compared(found.against(before)),
    }
}

fn wire(gathered: &Gathered, now: Timestamp) -> Insights {
    let found = insights(&gathered.cases, &gathered.filter, now);
    let before = insights(&gathered.cases, &gathered.filter.before(), now);
    let share = found.promises.share();
    Insights {
        from: gathered.filter.from,
        to: gathered.filter.to,
        incidents: Cohort::ALL
            .iter()
            .map(|one| InsightCohort { which: one.word().to_owned(), n: found.of(*one).len() })
            .collect(),
        measures: found
            .distributions
            .iter()
            .zip(&before.distributions)
            .map(|(now, then)| measured(now, then))
            .collect(),
        promises: InsightPromises {
            kept: found.promises.kept(),
            due: found.promises.due.len(),
            share: share.map(|(share, _, _)| share),
            least: share.map(|(_, least, _)| least),
            most: share.map(|(_, _, most)| most),
        },
    }
}

/// How long it took to detect, acknowledge, declare, contain, mitigate, recover and resolve, and which promised updates
/// came in time; of the incidents that you may see.
#[utoipa::path(get, path = "/api/v1/insights", tag = "insights", params(InsightQuery),
    responses((status = 200, body = Insights)))]
pub async fn overview(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<InsightQuery>,
) -> Result<Json<Insights>, Problem> {
    let question = query.read(&TimeZone::UTC)?;
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx| Ok(wire(&gather(tx, node.node(), &question, visitor.sight(), now)?, now)));
    Ok(Json(found.await?))
}

fn promised(found: &Found<'_>, (case, promise): (&Case, &Promise)) -> InsightPromise {
    InsightPromise {
        incident: case.id.to_string(),
        title: case.title.clone(),
        codename: case.codename.clone(),
        audience: promise.audience.word().to_owned(),
        given_at: promise.given_at,
        by: promise.by,
        answered_at: match promise.fate {
            Fate::Answered { at, .. } => Some(at),
            Fate::Open | Fate::Over { .. } => None,
        },
        kept: found.promises.is_kept(promise),
    }
}

/// Answers a part of a list that is made of what was found.
async fn list<T: Serialize + Send + 'static>(
    app: App,
    visitor: Visitor,
    uri: &Uri,
    query: InsightListQuery,
    pick: impl Fn(&Found<'_>, &InsightListQuery, Option<&str>, usize) -> Result<(Vec<T>, Option<String>), Refusal>
    + Send
    + 'static,
) -> Result<Response, Problem> {
    let question = query.filter().read(&TimeZone::UTC)?;
    let limit = listing::limit(query.limit)?;
    let after = listing::place(query.cursor.as_deref())?;
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx: &mut Tx<'_>| {
        let gathered = gather(tx, node.node(), &question, visitor.sight(), now)?;
        let found = insights(&gathered.cases, &gathered.filter, now);
        pick(&found, &query, after.as_deref(), limit).map_err(Halt::from)
    });
    let (items, next) = found.await?;
    Ok(Listing::part(items, next).answer(uri))
}

/// The incidents that are counted, or that are left out, the newest first.
#[utoipa::path(get, path = "/api/v1/insights/incidents", tag = "insights", params(InsightListQuery),
    responses((status = 200, body = Listing<InsightIncident>)))]
pub async fn incidents(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<InsightListQuery>,
) -> Result<Response, Problem> {
    list(app, visitor, &uri, query, |found, query, after, limit| {
        let which = read(query.which.as_deref(), "?which")?.unwrap_or(Cohort::Counted);
        let all: Vec<InsightIncident> = found.of(which).iter().copied().map(incident).collect();
        part(all, |one| one.incident.clone(), after, limit)
    })
    .await
}

/// The promises of updates that fell due, the newest first.
#[utoipa::path(get, path = "/api/v1/insights/promises", tag = "insights", params(InsightListQuery),
    responses((status = 200, body = Listing<InsightPromise>)))]
pub async fn promises(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<InsightListQuery>,
) -> Result<Response, Problem> {
    list(app, visitor, &uri, query, |found, query, after, limit| {
        let which = read(query.which.as_deref(), "?which")?.unwrap_or(Promised::Due);
        let (all, next) = part(found.promises.list(which), promise_key, after, limit)?;
        Ok((all.into_iter().map(|one| promised(found, one)).collect(), next))
    })
    .await
}

/// The incidents of a measure, the longest first, with the claims between which it was measured.
#[utoipa::path(get, path = "/api/v1/insights/{measure}", tag = "insights",
    params(("measure" = String, Path), InsightListQuery), responses((status = 200, body = Listing<InsightIncident>)))]
pub async fn of_measure(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Path(measure): Path<String>,
    Search(query): Search<InsightListQuery>,
) -> Result<Response, Problem> {
    let measure: Measure = measure.parse()?;
    list(app, visitor, &uri, query, move |found, query, after, limit| {
        let which = read(query.which.as_deref(), "?which")?.unwrap_or(Which::Known);
        let found = found.distribution(measure);
        let all: Vec<InsightIncident> = match which {
            Which::Unknown => found.unknown.iter().copied().map(incident).collect(),
            Which::Known | Which::Before => {
                points(found, which, query.at_least, query.below).iter().map(point).collect()
            }
        };
        part(all, |one| one.incident.clone(), after, limit)
    })
    .await
}

/// Answers a table that is made of what was found.
async fn table(
    app: App,
    visitor: Visitor,
    query: &InsightQuery,
    make: fn(&Gathered, Timestamp) -> Download,
) -> Result<Download, Problem> {
    let question = query.read(&TimeZone::UTC)?;
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx| Ok(make(&gather(tx, node.node(), &question, visitor.sight(), now)?, now)));
    Ok(found.await?)
}

/// Each measure with its quantiles and how it compares, as comma-separated values. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights.csv", tag = "insights", params(InsightQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn overview_table(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<InsightQuery>,
) -> Result<Download, Problem> {
    table(app, visitor, &query, of_measures).await
}

/// The incidents that are counted, with how long each measure took in seconds, as comma-separated values. What is not known
/// is empty. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights/incidents.csv", tag = "insights", params(InsightQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn incidents_table(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<InsightQuery>,
) -> Result<Download, Problem> {
    table(app, visitor, &query, of_incidents).await
}

/// The promises of updates that fell due, as comma-separated values. No cell is a formula.
#[utoipa::path(get, path = "/api/v1/insights/promises.csv", tag = "insights", params(InsightQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn promises_table(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<InsightQuery>,
) -> Result<Download, Problem> {
    table(app, visitor, &query, of_promises).await
}

fn of_measures(gathered: &Gathered, now: Timestamp) -> Download {
    let mut headings: Vec<String> = ["measure", "known", "of", "before"].map(str::to_owned).into();
    for percent in [50, 75, 90] {
        headings.extend(["", "_least", "_most"].map(|end| format!("seconds_{percent}{end}")));
    }
    let compared = ["n_before", "difference", "difference_least", "difference_most", "chance", "needed", "detectable"];
    headings.extend(compared.map(str::to_owned));
    let mut table = Download::with(headings);
    for one in wire(gathered, now).measures {
        let mut cells = vec![one.measure, one.n.to_string(), one.of.to_string(), one.before.to_string()];
        for percent in [50, 75, 90] {
            let found = one.quantiles.iter().find(|one| one.percent == percent);
            cells.push(cell(found.map(|one| one.seconds)));
            cells.push(cell(found.and_then(|one| one.least)));
            cells.push(cell(found.and_then(|one| one.most)));
        }
        let than = one.compared;
        cells.extend([than.n_before.to_string(), cell(than.seconds), cell(than.least), cell(than.most)]);
        cells.extend([cell(than.chance), cell(than.needed), than.detectable.to_string()]);
        table.row(cells);
    }
    table
}

fn of_incidents(gathered: &Gathered, now: Timestamp) -> Download {
    let found = insights(&gathered.cases, &gathered.filter, now);
    let mut headings: Vec<String> = ["incident", "title", "class", "severity", "at"].map(str::to_owned).into();
    headings.extend(Measure::ALL.map(|measure| format!("{}_seconds", measure.word())));
    let mut table = Download::with(headings);
    for case in found.of(Cohort::Counted) {
        let said = incident(case);
        let mut cells = vec![said.incident, said.title, said.class, cell(said.severity), said.at.to_string()];
        cells.extend(Measure::ALL.map(|measure| {
            let points = &found.distribution(measure).points;
            cell(points.iter().find(|point| point.case.id == case.id).map(Point::seconds))
        }));
        table.row(cells);
    }
    table
}

fn of_promises(gathered: &Gathered, now: Timestamp) -> Download {
    let found = insights(&gathered.cases, &gathered.filter, now);
    let mut table = Download::with(["incident", "title", "audience", "given_at", "by", "answered_at", "kept"]);
    for one in found.promises.list(Promised::Due) {
        let one = promised(&found, one);
        let (given, by, kept) = (one.given_at.to_string(), one.by.to_string(), one.kept.to_string());
        table.row([one.incident, one.title, one.audience, given, by, cell(one.answered_at), kept]);
    }
    table
}
