//! Schedules over the API: who is on call, and why; and over a range of time, as strips.

use axum::Json;
use axum::extract::{Path, State};
use domain::engage::oncall::{self, Why};
use domain::prepare::catalog::Catalog;
use domain::words::{Name, Refusal, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::engage::overrides;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::Search;
use crate::api::detect::alerts::name;
use crate::api::listing::Listing;
use crate::app::App;
use crate::problem::Problem;

/// Who is on call by a schedule at an instant, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnCall {
    pub schedule: String,
    pub title: String,
    /// The instant that was asked for.
    pub at: Timestamp,
    /// The clock on the wall of the schedule.
    #[serde(default)]
    pub time_zone: String,
    /// Nobody, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// `primary, turn 14`, `standing in by override ovr_…`, `nobody, as intended`.
    pub reason: String,
    /// The reason, and until when.
    pub sentence: String,
    /// Since when this is the answer; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// No end in sight, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A schedule, and who is on call by it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Schedule)]
pub struct Schedule {
    pub name: String,
    pub title: String,
    pub time_zone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    pub layers: Vec<String>,
    pub on_call: OnCall,
}

/// A stretch of time with one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    pub from: Timestamp,
    pub to: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `turn`, `override`, `gap` or `unreadable`.
    pub kind: String,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#override: Option<String>,
}

/// What a layer says on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LayerStrip {
    pub name: String,
    pub shifts: Vec<Shift>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stretch {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The clock changes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seam {
    pub at: Timestamp,
    /// Seconds east of UTC.
    pub before: i32,
    pub after: i32,
}

/// A schedule over a range of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shifts {
    pub schedule: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub time_zone: String,
    pub layers: Vec<LayerStrip>,
    pub overrides: Vec<Shift>,
    /// The answer: covers the range without hole or overlap.
    pub r#final: Vec<Shift>,
    /// When nobody is on call though that is not meant.
    pub gaps: Vec<Stretch>,
    pub seams: Vec<Seam>,
}

/// An instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtQuery {
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A range of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// Now, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Two weeks later, if absent; half a year later at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl RangeQuery {
    pub(crate) fn read(self, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
        let from = self.from.unwrap_or(now);
        let to = self.to.unwrap_or_else(|| Span::hours(14 * 24).after(from));
        if to <= from {
            return Err(Refusal::invalid("the range ends before it begins").at("?to"));
        }
        if Span::between(from, to) > Span::hours(184 * 24) {
            return Err(Refusal::invalid("the range is longer than half a year; ask for less at once").at("?to"));
        }
        Ok((from, to))
    }
}

pub(crate) fn wire(catalog: &Catalog, schedule: &Name, title: &str, answer: &oncall::OnCall) -> OnCall {
    let person = answer.person.as_ref();
    OnCall {
        schedule: schedule.to_string(),
        title: title.to_owned(),
        at: answer.at,
        time_zone: catalog.schedules.get(schedule).map(|spec| spec.time_zone.clone()).unwrap_or_default(),
        person: person.map(ToString::to_string),
        full_name: person.and_then(|name| catalog.people.get(name)).map(|person| person.full_name.clone()),
        reason: answer.reason(),
        sentence: answer.sentence(),
        since: answer.since,
        until: answer.until,
    }
}

fn shift(shift: &oncall::Shift) -> Shift {
    let (kind, reason, stand_in) = match &shift.why {
        Why::Override(id) => ("override", format!("override {id}"), Some(id.to_string())),
        Why::Turn { layer, turn } => ("turn", format!("{layer}, turn {turn}"), None),
        Why::Gap { intended: true } => ("gap", "nobody, as intended".to_owned(), None),
        Why::Gap { intended: false } => ("gap", "no layer covers this time".to_owned(), None),
        Why::Unreadable(why) => ("unreadable", why.clone(), None),
    };
    Shift {
        from: shift.from,
        to: shift.to,
        person: shift.person.as_ref().map(ToString::to_string),
        kind: kind.into(),
        reason,
        r#override: stand_in,
    }
}

/// Every schedule, and who is on call by it now.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", responses((status = 200, body = Listing<Schedule>)))]
pub async fn list(State(app): State<App>) -> Result<Json<Listing<Schedule>>, Problem> {
    let (again, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let mut schedules = Vec::new();
        for (name, schedule) in &rules.catalog.schedules {
            let answer = oncall::on_call(schedule, &overrides::at(tx, name, now)?, now);
            schedules.push(Schedule {
                name: name.to_string(),
                title: schedule.title.clone(),
                time_zone: schedule.time_zone.clone(),
                team: schedule.team.as_ref().map(ToString::to_string),
                layers: schedule.layers.iter().map(|layer| layer.name.clone()).collect(),
                on_call: wire(&rules.catalog, name, &schedule.title, &answer),
            });
        }
        Ok(schedules)
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// Who is on call by every schedule, now or at another time, and why.
#[utoipa::path(get, path = "/api/v1/on-call", tag = "schedules", params(AtQuery),
    responses((status = 200, body = Listing<OnCall>)))]
pub async fn everywhere(
    State(app): State<App>,
    Search(query): Search<AtQuery>,
) -> Result<Json<Listing<OnCall>>, Problem> {
    let (again, at) = (app.clone(), query.at.unwrap_or_else(|| app.now()));
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let mut answers = Vec::new();
        for (name, schedule) in &rules.catalog.schedules {
            let stand_ins = overrides::between(tx, name, Span::hours(24).before(at), Timestamp::MAX)?;
            let answer = oncall::on_call(schedule, &stand_ins, at);
            answers.push(wire(&rules.catalog, name, &schedule.title, &answer));
        }
        Ok(answers)
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// Who is on call by one schedule, now or at another time, and why.
#[utoipa::path(get, path = "/api/v1/schedules/{name}/on-call", tag = "schedules",
    params(("name" = String, Path), AtQuery), responses((status = 200, body = OnCall)))]
pub async fn on_call(
    State(app): State<App>,
    Path(text): Path<String>,
    Search(query): Search<AtQuery>,
) -> Result<Json<OnCall>, Problem> {
    let name = name(&text, "schedule")?;
    let (again, at) = (app.clone(), query.at.unwrap_or_else(|| app.now()));
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let schedule =
            rules.catalog.schedules.get(&name).ok_or_else(|| Refusal::not_found(format!("schedule {name}")))?;
        let stand_ins = overrides::between(tx, &name, Span::hours(24).before(at), Timestamp::MAX)?;
        let answer = oncall::on_call(schedule, &stand_ins, at);
        Ok(wire(&rules.catalog, &name, &schedule.title, &answer))
    });
    Ok(Json(found.await?))
}

/// A schedule over a range of time: what each layer says, the overrides, and what comes of it.
#[utoipa::path(get, path = "/api/v1/schedules/{name}/shifts", tag = "schedules",
    params(("name" = String, Path), RangeQuery), responses((status = 200, body = Shifts)))]
pub async fn shifts(
    State(app): State<App>,
    Path(text): Path<String>,
    Search(query): Search<RangeQuery>,
) -> Result<Json<Shifts>, Problem> {
    let name = name(&text, "schedule")?;
    let (from, to) = query.read(app.now())?;
    let again = app.clone();
    let found = app.read(move |tx| {
        let rules = again.node().rules(tx)?;
        let schedule =
            rules.catalog.schedules.get(&name).ok_or_else(|| Refusal::not_found(format!("schedule {name}")))?;
        let strips = oncall::strips(schedule, &overrides::between(tx, &name, from, to)?, from, to);
        let all = |shifts: &[oncall::Shift]| shifts.iter().map(shift).collect::<Vec<_>>();
        Ok(Shifts {
            schedule: name.to_string(),
            from,
            to,
            time_zone: schedule.time_zone.clone(),
            layers: strips
                .layers
                .iter()
                .map(|(name, shifts)| LayerStrip { name: name.clone(), shifts: all(shifts) })
                .collect(),
            overrides: all(&strips.overrides),
            r#final: all(&strips.rendered),
            gaps: strips.gaps.iter().map(|(from, to)| Stretch { from: *from, to: *to }).collect(),
            seams: strips
                .seams
                .iter()
                .map(|seam| Seam { at: seam.at, before: seam.before.seconds(), after: seam.after.seconds() })
                .collect(),
        })
    });
    Ok(Json(found.await?))
}
