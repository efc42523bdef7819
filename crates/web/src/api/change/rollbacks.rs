//! Rollbacks over the API: what one would do, asked for, confirmed by a second person, followed to the verdict of the alerts.

use actions::change::rollbacks::{self as acts, Asking, Foreseen};
use actions::respond::incidents::seen;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::change::rollbacks::State as Stands;
use domain::change::suspects::Which;
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{IncidentId, Refusal, RollbackId, Timestamp, text};
use serde::{Deserialize, Serialize};
use store::change::rollbacks::{self as rows, RollbackRow};
use utoipa::{IntoParams, ToSchema};

use super::changes::{ChangeBecause, id as read_change};
use crate::api::body::{Body, Search, created};
use crate::api::listing::Listing;
use crate::api::respond::incidents::id;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// One run of taking a change back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollbackRun {
    /// `rbk_…`. It goes along as the key, so that what is called twice is done once.
    pub id: String,
    pub change: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// `asked` (a second person confirms it), `running`, `unknown`, `succeeded`, `failed`, `called-off`.
    pub state: String,
    pub since: Timestamp,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// By when it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// A person, or `a rule`.
    pub asked_by: String,
    pub asked_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// A second person was asked for, and the commander went ahead alone.
    pub alone: bool,
    /// The step that is done next, counted from 1.
    pub step: u16,
    /// Where people can look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// How many alerts fired where it may be felt when it began.
    pub symptoms: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RollbackVerdict>,
}

/// What the alerts say that it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollbackVerdict {
    /// `resolved`, `partial`, `no-effect`, `worse`, `blind`.
    pub outcome: String,
    pub why: String,
    pub at: Timestamp,
}

/// What taking something back would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RollbackPreview {
    pub suspect: String,
    pub title: String,
    /// `automatic`, `scripted`, `flag-off`, `documents`, `manual`, `roll-forward`, `irreversible`.
    pub way: String,
    /// How long it takes: `5m`.
    pub estimate: String,
    /// Services that are hit if it goes wrong.
    pub blast_radius: Vec<String>,
    /// Later changes of the same targets, which are undone, too.
    pub undoes_also: Vec<UndoneToo>,
    /// What keeps it from running now; empty: nothing does.
    pub blocked_by: Vec<String>,
    pub warnings: Vec<String>,
    /// Why a second person is asked, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_person: Option<String>,
}

/// A change that is undone, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoneToo {
    pub change: String,
    pub title: String,
}

/// A rollback, as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRollback {
    /// `cng_…` or `chg_…`.
    pub suspect: String,
    pub why: String,
}

/// What is done with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RollbackDeed {
    /// A second person says yes.
    Confirm,
    /// Nobody wants it after all; only while it waits for a second person.
    CallOff,
    /// What is done by hand is done: the next step, or all of it.
    Done { said: String },
    /// It could not be done.
    Failed { why: String },
}

/// Which suspect.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfSuspect {
    /// `cng_…` or `chg_…`.
    #[serde(default)]
    pub suspect: String,
}

pub(crate) fn wire(row: &RollbackRow) -> RollbackRun {
    let run = &row.run;
    let (since, why, deadline) = match &run.state {
        Stands::Asked => (run.asked_at, None, None),
        Stands::Running { since, deadline } => (*since, None, Some(*deadline)),
        Stands::Unknown { since } | Stands::Succeeded { at: since } | Stands::CalledOff { at: since } => {
            (*since, None, None)
        }
        Stands::Failed { at, why } => (*at, Some(why.clone()), None),
    };
    RollbackRun {
        id: run.id.to_string(),
        change: run.change.to_string(),
        incident: row.incident.map(|id| id.to_string()),
        state: run.state.word().to_owned(),
        since,
        why,
        deadline,
        asked_by: run.asked_by.as_ref().map_or_else(|| "a rule".to_owned(), ToString::to_string),
        asked_at: run.asked_at,
        confirmed_by: run.confirmed_by.as_ref().map(ToString::to_string),
        alone: run.alone,
        step: row.step + 1,
        link: row.link.clone(),
        symptoms: row.symptoms.len(),
        verdict: row.verdict.as_ref().map(|verdict| RollbackVerdict {
            outcome: verdict.outcome.to_string(),
            why: verdict.why.clone(),
            at: verdict.at,
        }),
    }
}

fn foreseen(suspect: &Which, one: &Foreseen) -> RollbackPreview {
    let missing = |blocks: bool| {
        one.preview.missing.iter().filter(|lack| lack.blocks == blocks).map(|lack| lack.what.clone()).collect()
    };
    RollbackPreview {
        suspect: suspect.to_string(),
        title: one.change.change.proposal.title.clone(),
        way: one.plan.way.word().to_owned(),
        estimate: one.preview.estimate.to_string(),
        blast_radius: one.preview.blast_radius.keys().map(ToString::to_string).collect(),
        undoes_also: one
            .undone
            .iter()
            .map(|row| UndoneToo { change: row.change.id.to_string(), title: row.change.proposal.title.clone() })
            .collect(),
        blocked_by: missing(true),
        warnings: missing(false),
        second_person: one.preview.second_person.map(str::to_owned),
    }
}

/// What taking a suspect of an incident back would do now. It changes nothing.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/rollbacks/preview", tag = "changes",
    params(("id" = String, Path), OfSuspect), responses((status = 200, body = RollbackPreview)))]
pub async fn preview(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    Search(of): Search<OfSuspect>,
) -> Result<Json<RollbackPreview>, Problem> {
    let id = id(&text)?;
    let (node, now) = (app.clone(), app.now());
    let found = app.read(move |tx| {
        seen(tx, id, visitor.sight())?;
        let suspect: Which = of.suspect.parse()?;
        Ok(foreseen(&suspect, &acts::preview(tx, node.node(), &suspect, visitor.sight(), now)?))
    });
    Ok(Json(found.await?))
}

/// What was taken back in an incident, the oldest first.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/rollbacks", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = Listing<RollbackRun>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Listing<RollbackRun>>, Problem> {
    let id = id(&text)?;
    let found = app.read(move |tx| {
        seen(tx, id, visitor.sight())?;
        Ok(rows::of_incident(tx, id)?)
    });
    Ok(Json(Listing::whole(found.await?.iter().map(wire).collect())))
}

/// Takes a suspect of an incident back, by its plan. Asked again while that goes on, it is the same run.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/rollbacks", tag = "changes", params(("id" = String, Path)),
    request_body = NewRollback, responses((status = 201, body = RollbackRun)))]
pub async fn ask(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<NewRollback>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let NewRollback { suspect, why } = body.value;
    let row = begin(&app, &visitor, access(&visitor)?, Some(id), suspect, why).await?;
    Ok(created(&format!("/api/v1/rollbacks/{}", row.run.id), &wire(&row)))
}

/// What taking a change back would do now, without an incident. It changes nothing.
#[utoipa::path(get, path = "/api/v1/changes/{id}/rollbacks/preview", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = RollbackPreview)))]
pub async fn preview_of_change(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<RollbackPreview>, Problem> {
    let suspect = Which::Change(read_change(&text)?);
    let (node, now) = (app.clone(), app.now());
    let found =
        app.read(move |tx| Ok(foreseen(&suspect, &acts::preview(tx, node.node(), &suspect, visitor.sight(), now)?)));
    Ok(Json(found.await?))
}

/// Takes a change back by its plan, without an incident. Asked again while that goes on, it is the same run.
#[utoipa::path(post, path = "/api/v1/changes/{id}/rollbacks", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeBecause, responses((status = 201, body = RollbackRun)))]
pub async fn ask_of_change(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeBecause>,
) -> Result<Response, Problem> {
    let suspect = Which::Change(read_change(&text)?).to_string();
    let row = begin(&app, &visitor, access(&visitor)?, None, suspect, body.value.why).await?;
    Ok(created(&format!("/api/v1/rollbacks/{}", row.run.id), &wire(&row)))
}

/// The same, for pages.
pub(crate) async fn begin(
    app: &App,
    visitor: &Visitor,
    access: Access,
    incident: Option<IncidentId>,
    suspect: String,
    why: String,
) -> Result<RollbackRow, store::Halt> {
    let own = app.clone();
    app.act(visitor.actor(), move |store, node, moment| {
        let (works, may_post) = (own.works(), own.may_post());
        store.write(|tx| {
            if let Some(id) = incident {
                seen(tx, id, Sight::of(&moment.actor))?;
            }
            let suspect: Which = suspect.parse()?;
            let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
            let asking = Asking { incident, access, conditions, why: &why };
            acts::ask(tx, node, &mut moment.again(), &suspect, asking)
        })
    })
    .await
}

/// One run.
#[utoipa::path(get, path = "/api/v1/rollbacks/{id}", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = RollbackRun)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<RollbackRun>, Problem> {
    let id = read_id(&text)?;
    let found = app.read(move |tx| acts::seen(tx, id, visitor.sight()));
    Ok(Json(wire(&found.await?)))
}

/// Confirms a run, calls it off, or says what became of what is done by hand.
#[utoipa::path(post, path = "/api/v1/rollbacks/{id}", tag = "changes", params(("id" = String, Path)),
    request_body = RollbackDeed, responses((status = 200, body = RollbackRun)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<RollbackDeed>,
) -> Result<Json<RollbackRun>, Problem> {
    let id = read_id(&text)?;
    let access = access(&visitor)?;
    Ok(Json(wire(&run(&app, &visitor, access, id, body.value).await?)))
}

/// The same, for pages.
pub(crate) async fn run(
    app: &App,
    visitor: &Visitor,
    access: Access,
    id: RollbackId,
    deed: RollbackDeed,
) -> Result<RollbackRow, store::Halt> {
    let own = app.clone();
    app.act(visitor.actor(), move |store, node, moment| {
        let (works, may_post) = (own.works(), own.may_post());
        store.write(|tx| {
            let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
            let asking = Asking { incident: None, access, conditions, why: "a second person confirmed it" };
            let moment = &mut moment.again();
            match &deed {
                RollbackDeed::Confirm => acts::confirm(tx, node, moment, id, asking),
                RollbackDeed::CallOff => acts::call_off(tx, moment, id),
                RollbackDeed::Done { said } => acts::done_by_hand(tx, node, moment, id, said),
                RollbackDeed::Failed { why } => acts::failed_by_hand(tx, node, moment, id, why),
            }
        })
    })
    .await
}

/// What cannot be an id is a run that is not there.
pub(crate) fn read_id(shown: &str) -> Result<RollbackId, Refusal> {
    shown.parse().map_err(|_| Refusal::not_found(format!("rollback {}", text::shorten(shown, 40))))
}

fn access(visitor: &Visitor) -> Result<Access, Refusal> {
    visitor.access().ok_or_else(|| Refusal::forbidden("only a person can do this"))
}
