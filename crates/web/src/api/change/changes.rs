//! Changes over the API: listed, proposed, edited, approved, begun, finished, exempted, asked whether they could be taken back.

use actions::change::changes::{self as acts, Deed, Sheet, Wanted};
use actions::change::{gates, preflights};
use axum::extract::{Path, State as Shared};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::change::changes::State;
use domain::change::gates::Rule;
use domain::change::proposals::{Kind, Proposal, Step, Target, Window};
use domain::change::rollback_plans::RollbackPlan;
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, IncidentId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::change::changes::{self as rows, ChangeRow, Filter};
use store::{Halt, Tx};
use utoipa::{IntoParams, ToSchema};

use super::gates::{GateReason, reasons};
use crate::api::body::{Body, Search, created};
use crate::api::learn::score_sheets::{Rehearsed, wire_rehearsal};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// Something that was changed, or is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeRecord {
    pub id: String,
    /// `proposed`, `approved`, `scheduled`, `running`, `finished`, `failed`, `rolling-back`, `rolled-back`, `stuck`, `cancelled`.
    pub state: String,
    /// `planned`, `emergency` or `observed`.
    pub path: String,
    #[schema(value_type = String)]
    pub kind: Kind,
    pub title: String,
    pub why: String,
    #[schema(value_type = Vec<ChangeTarget>)]
    pub targets: Vec<Target>,
    #[schema(value_type = Vec<ChangeStep>)]
    pub steps: Vec<Step>,
    /// How it is taken back, with its `way`, `owner`, `estimate`, `abort_when`, `data` and `verification`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub rollback: Option<RollbackPlan>,
    pub verification: Vec<String>,
    /// Approvals are of one revision: an edit voids them.
    pub revision: u32,
    /// Everybody who wrote a part of it, and so never approves it.
    pub authors: Vec<String>,
    /// Of this revision. Not in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ChangeApproval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// `person:ana`, `integration:github`.
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Of one that is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<ChangeWindow>,
    /// Why it failed, is stuck, or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Of one that was rolled back: `resolved`, `partial`, `no-effect`, `worse` or `blind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Of an emergency: who looked at it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<String>,
    /// Its points when it was approved or begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<i32>,
    /// The integration that reported it, and what that calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What is changed, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeTarget {
    pub service: String,
    pub environment: Option<String>,
    /// From which version to which, if it has any.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeStep {
    pub text: String,
    /// How long it takes: `5m`.
    pub estimate: String,
}

/// Somebody said that a revision may be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeApproval {
    pub by: String,
    pub revision: u32,
    pub at: Timestamp,
}

/// From when until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWindow {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A change with all that people want to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChangeSheet {
    pub change: ChangeRecord,
    pub risk: ChangeRisk,
    /// What it lacks to be approved, each with its place. Empty: nothing.
    pub missing: Vec<ChangeLack>,
    /// Whether it may be done, or go on, now.
    pub allowed: bool,
    pub reasons: Vec<GateReason>,
    pub exemptions: Vec<ChangeExemption>,
    pub readiness: ChangeReadiness,
    /// What was said of it, the earliest first.
    pub stages: Vec<ChangeStage>,
    pub rollbacks: Vec<ChangeRollback>,
    /// Later changes of the same services: taking it back may take those back, too.
    pub later: Vec<ChangeRecord>,
}

/// What speaks against it, as a sum of points; not a probability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeRisk {
    pub points: i32,
    /// `low`, `medium`, `high` or `critical`.
    pub band: String,
    /// How many people other than the authors approve it.
    pub approvals_needed: u8,
    pub terms: Vec<ChangeTerm>,
}

/// One summand of a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeTerm {
    pub points: i32,
    pub why: String,
}

/// Something that a change lacks to be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeLack {
    /// A JSON pointer into the change.
    pub at: String,
    pub message: String,
}

/// Somebody let a revision through in spite of one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeExemption {
    pub rule: String,
    pub about: String,
    pub revision: u32,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// Whether it could be taken back now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeReadiness {
    pub could: bool,
    /// `automatic`, `scripted`, ...; absent: there is no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    pub missing: Vec<ChangeMissing>,
    /// When the programs that it calls answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// When taking it back was last gone through in a drill: the change itself, or its program or runbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
}

/// What a plan of rollback lacks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeMissing {
    /// It keeps the plan from running; otherwise it only warns.
    pub blocks: bool,
    pub what: String,
}

/// Something of it was said, or went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeStage {
    pub at: Timestamp,
    /// `began`, `stage`, `finished`, `failed` or `rolled-back`.
    pub stage: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// One run of its plan of rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeRollback {
    pub id: String,
    /// `asked`, `running`, `unknown`, `succeeded`, `failed` or `called-off`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// Which changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeFilter {
    /// How it stands: `proposed`, `approved`, `scheduled`, `running`, `finished`, `failed`, `rolled-back`, `cancelled`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `planned`, `emergency` or `observed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The kind of change: `deploy`, `config`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// A part of the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those that are ahead, go on, or are stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// From an earlier part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many: 50, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A change as it is proposed. It may lack anything but a title; what it lacks keeps it from being approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    #[schema(value_type = String)]
    pub kind: Kind,
    pub title: String,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    #[schema(value_type = Vec<ChangeTarget>)]
    pub targets: Vec<Target>,
    #[serde(default)]
    #[schema(value_type = Vec<ChangeStep>)]
    pub steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub rollback: Option<RollbackPlan>,
    #[serde(default)]
    pub verification: Vec<String>,
    /// It does not wait for an approval. Then it is part of an open incident.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// A change as it is written anew, whole. What was approved is void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEdit {
    /// The one that was read.
    pub revision: u32,
    #[schema(value_type = String)]
    pub kind: Kind,
    pub title: String,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    #[schema(value_type = Vec<ChangeTarget>)]
    pub targets: Vec<Target>,
    #[serde(default)]
    #[schema(value_type = Vec<ChangeStep>)]
    pub steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub rollback: Option<RollbackPlan>,
    #[serde(default)]
    pub verification: Vec<String>,
}

/// Of the revision that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeApprove {
    pub revision: u32,
}

/// Why it failed, or is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBecause {
    pub why: String,
}

/// Lets this revision through in spite of one reason of the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeExempt {
    /// As the gate says it.
    pub rule: String,
    #[serde(default)]
    pub about: String,
    pub why: String,
}

pub(super) fn id(text: &str) -> Result<ChangeId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("change with this id"))
}

pub(crate) fn wire(row: &ChangeRow) -> ChangeRecord {
    let ChangeRow { change, .. } = row;
    let proposal = change.proposal.clone();
    let (because, outcome, window) = match &change.state {
        State::Failed { why, .. } | State::Stuck { why, .. } | State::Cancelled { why, .. } => {
            (Some(why.clone()), None, None)
        }
        State::RolledBack { outcome, .. } => (None, outcome.map(|outcome| outcome.word().to_owned()), None),
        State::Scheduled { window } => (None, None, Some(ChangeWindow { from: window.from, to: window.to })),
        _ => (None, None, None),
    };
    let approval = |one: &domain::change::changes::Approval| ChangeApproval {
        by: one.by.to_string(),
        revision: one.revision,
        at: one.at,
    };
    ChangeRecord {
        id: change.id.to_string(),
        state: change.state.word().to_owned(),
        path: change.path.word().to_owned(),
        kind: proposal.kind,
        title: proposal.title,
        why: proposal.why,
        targets: proposal.targets,
        steps: proposal.steps,
        rollback: proposal.rollback,
        verification: proposal.verification,
        revision: change.revision,
        authors: change.authors.iter().map(ToString::to_string).collect(),
        approvals: change.approvals.iter().map(approval).collect(),
        incident: change.incident.map(|id| id.to_string()),
        proposed_by: row.proposed_by.clone(),
        proposed_at: row.proposed_at,
        began_at: row.began_at,
        ended_at: row.ended_at,
        window,
        because,
        outcome,
        reviewed_by: change.reviewed.as_ref().map(|(person, _)| person.to_string()),
        risk: row.risk,
        source: row.source.as_ref().map(|(source, _)| source.to_string()),
        source_key: row.source.as_ref().map(|(_, key)| key.clone()),
        link: row.link.clone(),
    }
}

fn sheet(found: &Sheet) -> ChangeSheet {
    let lack = |refusal: Refusal| ChangeLack { at: refusal.at.unwrap_or_default(), message: refusal.message };
    let term = |term: &domain::change::risks::Term| ChangeTerm { points: term.points, why: term.why.clone() };
    ChangeSheet {
        change: wire(&found.row),
        risk: ChangeRisk {
            points: found.risk.total(),
            band: found.risk.band().word().to_owned(),
            approvals_needed: found.needed,
            terms: found.risk.terms.iter().map(term).collect(),
        },
        missing: found.row.change.proposal.problems().into_iter().map(lack).collect(),
        allowed: found.decision.allows(),
        reasons: reasons(&found.decision),
        exemptions: found
            .exemptions
            .iter()
            .map(|one| ChangeExemption {
                rule: one.rule.word().to_owned(),
                about: one.rule.about(),
                revision: one.revision,
                by: one.by.to_string(),
                why: one.why.clone(),
                at: one.at,
            })
            .collect(),
        readiness: ChangeReadiness {
            could: found.readiness.could(),
            way: found.readiness.plan.as_ref().map(|plan| plan.way.word().to_owned()),
            missing: found
                .readiness
                .missing
                .iter()
                .map(|one| ChangeMissing { blocks: one.blocks, what: one.what.clone() })
                .collect(),
            asked_at: found.readiness.asked_at,
            rehearsed: found.rehearsed.map(wire_rehearsal),
        },
        stages: found
            .stages
            .iter()
            .map(|(at, stage, said)| ChangeStage { at: *at, stage: stage.word().to_owned(), said: said.clone() })
            .collect(),
        rollbacks: found
            .rollbacks
            .iter()
            .map(|row| ChangeRollback {
                id: row.run.id.to_string(),
                state: row.run.state.word().to_owned(),
                outcome: row.verdict.as_ref().map(|verdict| verdict.outcome.word().to_owned()),
            })
            .collect(),
        later: found.later.iter().map(wire).collect(),
    }
}

impl ChangeFilter {
    fn read(&self) -> Result<Filter, Refusal> {
        fn word<T: std::str::FromStr<Err = Refusal>>(said: Option<&String>, place: &str) -> Result<Option<T>, Refusal> {
            let said = said.map(|word| word.trim()).filter(|word| !word.is_empty());
            said.map(str::parse).transpose().map_err(|refusal: Refusal| refusal.at(place))
        }
        let state = self.state.clone().filter(|word| !word.is_empty());
        if let Some(word) = state.as_ref().filter(|word| !State::WORDS.contains(&word.as_str())) {
            let near = domain::words::text::did_you_mean(word, State::WORDS);
            let message = format!("the state of a change is one of {}{near}", State::WORDS.join(", "));
            return Err(Refusal::invalid(message).at("?state"));
        }
        Ok(Filter {
            state,
            path: word(self.path.as_ref(), "?path")?,
            kind: word(self.kind.as_ref(), "?kind")?,
            service: word(self.service.as_ref(), "?service")?,
            environment: word(self.environment.as_ref(), "?environment")?,
            words: self.q.clone().filter(|words| !words.trim().is_empty()),
            open: self.open.unwrap_or(false),
        })
    }
}

/// Changes that you may see, the newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(ChangeFilter),
    responses((status = 200, body = Listing<ChangeRecord>)))]
pub async fn list(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<ChangeFilter>,
) -> Result<Response, Problem> {
    let (filter, limit) = (query.read()?, listing::limit(query.limit)?);
    let before = listing::after::<ChangeId>(query.cursor.as_deref())?;
    let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut found = app.read(move |tx| Ok(rows::list(tx, &filter, visitor.sight(), before, most)?)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.change.id.to_string());
    Ok(Listing::part(found.iter().map(wire).collect(), next).answer(&uri))
}

pub(super) fn shown(
    tx: &mut Tx<'_>,
    app: &App,
    change: ChangeId,
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<ChangeSheet, Halt> {
    Ok(sheet(&acts::sheet(tx, app.node(), change, sight, now)?))
}

/// A change: its risk with every term, what it lacks, what the gate says, and whether it could be taken back now.
#[utoipa::path(get, path = "/api/v1/changes/{id}", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn one(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    let (change, now, house) = (id(&text)?, app.now(), app.clone());
    Ok(Json(app.read(move |tx| shown(tx, &house, change, visitor.sight(), now)).await?))
}

/// Writes a change down.
#[utoipa::path(post, path = "/api/v1/changes", tag = "changes", request_body = NewChange,
    responses((status = 201, body = ChangeRecord)))]
pub async fn propose(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<NewChange>,
) -> Result<Response, Problem> {
    let NewChange { kind, title, why, targets, steps, rollback, verification, emergency, incident } = body.value;
    let incident = incident.map(|text| text.parse::<IncidentId>()).transpose();
    let wanted = Wanted {
        proposal: Proposal { kind, title, why, targets, steps, rollback, verification },
        emergency,
        incident: incident.map_err(|_| Refusal::invalid("this is not the id of an incident").at("/incident"))?,
    };
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| acts::propose(tx, node, &mut moment.again(), &wanted))
    });
    let made = wire(&done.await?);
    Ok(created(&format!("/api/v1/changes/{}", made.id), &made))
}

/// Does something with a change, and answers how it stands then.
async fn act(app: App, visitor: Visitor, text: &str, deed: Deed) -> Result<Json<ChangeSheet>, Problem> {
    let (change, access) = (id(text)?, visitor.access().unwrap_or(Access::Viewer));
    let house = app.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            acts::act(tx, node, &mut moment.again(), change, &deed, access)?;
            shown(tx, &house, change, Sight::of(&moment.actor), moment.now)
        })
    });
    Ok(Json(done.await?))
}

/// Writes a change anew. What was approved is void.
#[utoipa::path(post, path = "/api/v1/changes/{id}/edit", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeEdit, responses((status = 200, body = ChangeSheet)))]
pub async fn edit(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeEdit>,
) -> Result<Json<ChangeSheet>, Problem> {
    let ChangeEdit { revision, kind, title, why, targets, steps, rollback, verification } = body.value;
    let proposal = Box::new(Proposal { kind, title, why, targets, steps, rollback, verification });
    act(app, visitor, &text, Deed::Edit { revision, proposal }).await
}

/// Says that a revision may be done. Its authors never do.
#[utoipa::path(post, path = "/api/v1/changes/{id}/approve", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeApprove, responses((status = 200, body = ChangeSheet)))]
pub async fn approve(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeApprove>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Approve { revision: body.value.revision }).await
}

/// Says when it is done. Outside of that time the gate holds it.
#[utoipa::path(post, path = "/api/v1/changes/{id}/schedule", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeWindow, responses((status = 200, body = ChangeSheet)))]
pub async fn schedule(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeWindow>,
) -> Result<Json<ChangeSheet>, Problem> {
    let window = Window { from: body.value.from, to: body.value.to };
    act(app, visitor, &text, Deed::Schedule { window }).await
}

/// Begins it, if the gate lets it through.
#[utoipa::path(post, path = "/api/v1/changes/{id}/begin", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn begin(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Begin).await
}

/// It is done.
#[utoipa::path(post, path = "/api/v1/changes/{id}/finish", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn finish(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Finish).await
}

/// It failed.
#[utoipa::path(post, path = "/api/v1/changes/{id}/fail", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeBecause, responses((status = 200, body = ChangeSheet)))]
pub async fn fail(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeBecause>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Fail { why: body.value.why }).await
}

/// It is not done after all.
#[utoipa::path(post, path = "/api/v1/changes/{id}/cancel", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeBecause, responses((status = 200, body = ChangeSheet)))]
pub async fn cancel(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeBecause>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Cancel { why: body.value.why }).await
}

/// An emergency was looked at afterwards, by somebody who did not write it.
#[utoipa::path(post, path = "/api/v1/changes/{id}/review", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn review(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    act(app, visitor, &text, Deed::Review).await
}

/// Lets a revision through in spite of one reason. It is kept, and counted.
#[utoipa::path(post, path = "/api/v1/changes/{id}/exempt", tag = "changes", params(("id" = String, Path)),
    request_body = ChangeExempt, responses((status = 200, body = ChangeSheet)))]
pub async fn exempt(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ChangeExempt>,
) -> Result<Json<ChangeSheet>, Problem> {
    let (change, access) = (id(&text)?, visitor.access().unwrap_or(Access::Viewer));
    let said = body.value;
    let rule = Rule::read(&said.rule, &said.about)?;
    let house = app.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            gates::exempt(tx, node, &mut moment.again(), change, &rule, &said.why, access)?;
            shown(tx, &house, change, Sight::of(&moment.actor), moment.now)
        })
    });
    Ok(Json(done.await?))
}

/// Has the programs of its plan asked whether they could take it back now. They answer by and by: read `readiness` again.
#[utoipa::path(post, path = "/api/v1/changes/{id}/preflight", tag = "changes", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSheet)))]
pub async fn preflight(
    Shared(app): Shared<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<ChangeSheet>, Problem> {
    let (change, house) = (id(&text)?, app.clone());
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            preflights::ask(tx, node, &moment.again(), change)?;
            shown(tx, &house, change, Sight::of(&moment.actor), moment.now)
        })
    });
    Ok(Json(done.await?))
}
