//! The gate over the API: may this be done now, with every reason. For people and pipelines; asking changes nothing.

use std::collections::BTreeSet;

use actions::change::gates::{self as acts, Question};
use axum::extract::State;
use axum::{Extension, Json};
use domain::change::gates::{Decision, Exempter, Reason};
use domain::change::proposals::Kind;
use domain::words::{ChangeId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// What somebody wants to know: of a change on record by its id, or of something like this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateQuestion {
    /// The id of a change. Then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What is changed. None: nobody knows what it touches, so it may touch everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// `deploy` (if absent), `config`, `flag`, `schema`, `infrastructure`, `data`, `network`, `certificate`, `access`,
    /// `vendor`, `document`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// There must be a change on record: without one the answer is no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_record: bool,
}

/// The same in the address.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GateQuery {
    /// The id of a change. Then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What is changed; several with commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The kind of change: `deploy`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// There must be a change on record: `true` or `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_record: Option<bool>,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateAnswer {
    /// Nothing speaks against it, or it was exempted from all that does.
    pub allowed: bool,
    pub reasons: Vec<GateReason>,
    /// The id of the change that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// When it was so.
    pub at: Timestamp,
}

/// One thing that speaks against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateReason {
    /// `record`, `state`, `approval`, `plan`, `window`, `freeze`, `incident`, `emergency`, `collision`, `review`, `pin`.
    pub rule: String,
    /// Which freeze, incident, other change, review or pin; empty for the other rules.
    pub about: String,
    pub message: String,
    /// Who may exempt from it: `nobody`, `a manager`, `an administrator`, `the commander of the incident`.
    pub may_exempt: String,
    /// Who did. Absent: it stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempted_by: Option<String>,
}

pub(crate) fn reasons(decision: &Decision) -> Vec<GateReason> {
    let one = |reason: &Reason| GateReason {
        rule: reason.rule.word().to_owned(),
        about: reason.rule.about(),
        message: reason.message.clone(),
        may_exempt: Exempter::to_string(&reason.exempter),
        exempted_by: reason.exemption.as_ref().map(|exemption| exemption.by.to_string()),
    };
    decision.reasons.iter().map(one).collect()
}

impl GateQuestion {
    fn read(&self, mark: &str) -> Result<Question, Refusal> {
        if let Some(id) = &self.change {
            let more = !self.services.is_empty() || self.environment.is_some() || self.kind.is_some();
            if more || self.needs_record {
                let message = "ask of a change by its id alone: what it touches is on record";
                return Err(Refusal::invalid(message).at(format!("{mark}change")));
            }
            let id: ChangeId = id.parse().map_err(|_| Refusal::not_found("change with this id"))?;
            return Ok(Question::Change(id));
        }
        let service = if mark == "?" { "service" } else { "services" };
        let services: BTreeSet<Name> = self
            .services
            .iter()
            .map(|name| name.parse().map_err(|refusal: Refusal| refusal.at(format!("{mark}{service}"))))
            .collect::<Result<_, _>>()?;
        let environment = self.environment.as_ref().map(|name| name.parse()).transpose();
        let kind = self.kind.as_deref().unwrap_or(Kind::Deploy.word()).parse();
        Ok(Question::Deed {
            kind: kind.map_err(|refusal: Refusal| refusal.at(format!("{mark}kind")))?,
            services,
            environment: environment.map_err(|refusal: Refusal| refusal.at(format!("{mark}environment")))?,
            needs_record: self.needs_record,
        })
    }
}

async fn answer(app: App, visitor: Visitor, question: Question) -> Result<Json<GateAnswer>, Problem> {
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx| acts::ask(tx, node.node(), &question, visitor.sight(), now)).await?;
    Ok(Json(GateAnswer {
        allowed: found.decision.allows(),
        reasons: reasons(&found.decision),
        change: found.change.map(|row| row.change.id.to_string()),
        at: found.at,
    }))
}

/// May this be done now? Answers 200 either way: `allowed` says it, and each reason says who may exempt from it.
#[utoipa::path(get, path = "/api/v1/gate", tag = "changes", params(GateQuery),
    responses((status = 200, body = GateAnswer)))]
pub async fn ask(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Search(query): Search<GateQuery>,
) -> Result<Json<GateAnswer>, Problem> {
    let services = query.service.iter().flat_map(|all| all.split(',')).map(|one| one.trim().to_owned());
    let question = GateQuestion {
        change: query.change,
        services: services.filter(|one| !one.is_empty()).collect(),
        environment: query.environment,
        kind: query.kind,
        needs_record: query.needs_record.unwrap_or(false),
    };
    answer(app, visitor, question.read("?")?).await
}

/// The same with a body. Nothing is changed by asking.
#[utoipa::path(post, path = "/api/v1/gate", tag = "changes", request_body = GateQuestion,
    responses((status = 200, body = GateAnswer)))]
pub async fn ask_with_body(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<GateQuestion>,
) -> Result<Json<GateAnswer>, Problem> {
    answer(app, visitor, body.value.read("/")?).await
}
